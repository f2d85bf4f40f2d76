"""Edits -> Change: what was touched, whether a reader's belief could differ, and why.

The meaning of *substantive*: a reader of the earlier version alone would now hold a different
belief about a fact (who, what, when, where, how many, who said it, in which words, how certain),
or sees real information added or removed, or the headline or dek changed in meaning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from tracker.model import Change, Diff, Edit, FieldChange, FoundNote, Note, Reason
from tracker.text.diff import diff
from tracker.text.judge.article import Article, flattened, fold_words, hidden, words_changed
from tracker.text.judge.boilerplate import Boilerplate
from tracker.text.judge.hunks import (
    Passage,
    Scope,
    Side,
    Verdict,
    clipped,
    contrasted,
    passages,
)
from tracker.text.judge.rules import judge_passage
from tracker.text.judge.score import fitted, score_of
from tracker.text.judge.seen import SEEN
from tracker.text.lexicon import lexicon

STRENGTH = (
    "headline", "number", "date", "name", "negation", "quote", "modality", "attribution",
    "information-removed", "information-added", "dek", "byline", "note", "moved", "typo", "style",
    "link", "image", "markup", "boilerplate", "metadata",
)  # fmt: skip
"""All labels, the strongest first: in this order reasons are given."""

MOST_REASONS = 60


class Judged(NamedTuple):
    """What the edits between two texts mean, before it is told."""

    verdicts: list[Verdict]
    labels: list[set[str]]  # of each edit


def judge(
    old: str,
    new: str,
    diff: Diff,
    old_notes: Sequence[FoundNote] = (),
    new_notes: Sequence[FoundNote] = (),
    language: str = "en",
    body_starts: tuple[int, int] = (0, 0),
    boilerplate: Boilerplate | None = None,
) -> Change:
    """Return what the edits between two texts mean to a reader.

    ``old_notes`` and ``new_notes`` are the notes found in each text: what stands in them is told
    as "note", and left out when the body is compared. ``language`` is an ISO 639-1 code; one
    without word lists is read by digits, quotation marks and capitals alone. ``body_starts``: the
    offsets at which the bodies begin, after the front matter.
    """
    found = judged(old, new, diff, old_notes, new_notes, language, body_starts, boilerplate)
    return tell(old, new, diff, old_notes, new_notes, body_starts, found)


def tell(
    old: str,
    new: str,
    diff: Diff,
    old_notes: Sequence[FoundNote],
    new_notes: Sequence[FoundNote],
    body_starts: tuple[int, int],
    found: Judged,
) -> Change:
    verdicts, labels = found
    score = round(score_of(verdicts), 4)
    verdicts = _distinct(verdicts)
    added, removed = words_changed(old, new, diff, old_notes, new_notes, body_starts)
    why = tuple(_reason(verdict) for verdict in verdicts[:MOST_REASONS])
    return Change(
        edits=tuple(
            edit._replace(labels=frozenset(found)) if found else edit
            for edit, found in zip(diff.edits, labels, strict=True)
        ),
        fields=diff.fields,
        words_added=added,
        words_removed=removed,
        coarse=diff.coarse,
        substantive=score >= fitted().threshold,
        labels=frozenset(verdict.label for verdict in verdicts),
        reasons=tuple(reason.sentence for reason in why),
        why=why,
        score=score,
    )


def judged(
    old: str,
    new: str,
    diff: Diff,
    old_notes: Sequence[FoundNote],
    new_notes: Sequence[FoundNote],
    language: str,
    body_starts: tuple[int, int],
    boilerplate: Boilerplate | None,
) -> Judged:
    """Return what the rules find, each with the signs by which it is weighed."""
    words = lexicon(language)
    kept = paired(old_notes, new_notes)
    left_out = (
        hidden(old, old_notes, {pair[0] for pair in kept}, body_starts[0]),
        hidden(new, new_notes, {pair[1] for pair in kept}, body_starts[1], old),
    )
    before = Article(old, left_out[0], body_starts[0])
    after = Article(new, left_out[1], body_starts[1])
    noted = [(old_notes[one], new_notes[other]) for one, other in kept]
    labels: list[set[str]] = [set() for _ in diff.edits]
    verdicts: list[Verdict] = []

    edits, owners = flattened(diff.edits)
    in_body: list[int] = []
    for number, edit in enumerate(edits):
        if edit.operation == "move":
            label = "note" if _is_of_note(edit, old_notes) else "moved"
            labels[owners[number]].add(label)
            if label == "moved":
                verdicts.append(Verdict("moved", clipped(edit.old), "", "", False, (number,)))
        elif edit.field is not None or _in_front_matter(edit, body_starts):
            labels[owners[number]].add(_field_label(edit, diff.fields))
        else:
            in_body.append(number)
    gathered = passages(before, after, edits, in_body, words)
    relaid = len(gathered) > 1 and _same_words(gathered, before, after)
    for passage in gathered:
        if relaid:  # only where paragraphs end differs: the words are the same, in their order
            passage.hunks = []
            for number in passage.edits:
                labels[owners[number]].add("style")
        found = judge_passage(passage, edits, Scope(words, before, after, boilerplate))
        if relaid:
            found = [verdict for verdict in found if verdict.label != "style"]
        for verdict in told(found, edits, noted) if noted else found:
            verdicts.append(verdict)
            for number in verdict.edits:
                labels[owners[number]].add(verdict.label)
    whole = Scope(words, before, after, boilerplate)
    of_fields = [
        verdict
        for change in diff.fields
        for verdict in judge_field(change, before, after, whole, diff.fields)
    ]
    return Judged([one for one in verdicts if not _told_twice(one, of_fields)] + of_fields, labels)


def _same_words(found: Sequence[Passage], before: Article, after: Article) -> bool:
    """Tell whether readers see the same words in the same order, wherever paragraphs end."""
    hunks = [hunk for passage in found for hunk in passage.hunks]
    gone, come = (
        Counter(token.text for tokens in side for token in tokens if token.kind in SEEN)
        for side in ([hunk.gone for hunk in hunks], [hunk.come for hunk in hunks])
    )
    return bool(hunks) and gone == come and before.shown_body == after.shown_body


def _told_twice(verdict: Verdict, others: Iterable[Verdict]) -> bool:
    """Tell whether the front matter has told of a note that stands in the body as well."""
    return verdict.label == "note" and any(
        (one[:_SAME_NOTE] in verdict.old and other[:_SAME_NOTE] in verdict.new)
        or (verdict.old in one and verdict.new in other)
        for one, other in map(_noted, others)
        if one or other
    )


def _noted(verdict: Verdict) -> tuple[str, str]:
    """The words of a note before and after; "" for both where a verdict is about none."""
    if verdict.label != "note":
        return "", ""
    if not verdict.context:
        return verdict.old, verdict.new
    return f"{verdict.context} ({verdict.old})", f"{verdict.context} ({verdict.new})"


_SAME_NOTE = 60


def _in_front_matter(edit: Edit, body_starts: tuple[int, int]) -> bool:
    return edit.old_end <= body_starts[0] and edit.new_end <= body_starts[1] and any(body_starts)


def _is_of_note(edit: Edit, notes: Iterable[FoundNote]) -> bool:
    start = edit.old_end - len(edit.old.lstrip())
    end = edit.old_start + len(edit.old.rstrip())
    return any(note.start <= start and end <= note.end for note in notes)


_ROLE_LABELS = {
    "headline": "headline", "dek": "dek", "byline": "byline", "image": "image", "notes": "note",
}  # fmt: skip


def _field_label(edit: Edit, fields: Iterable[FieldChange]) -> str:
    for change in fields:
        if change.key == edit.field or change.key.split(".")[0] == edit.field:
            return _ROLE_LABELS.get(change.role, "metadata")
    return "metadata"


def _distinct(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return verdicts without repetitions, the strongest first."""
    seen: dict[tuple[str, str, str, str], Verdict] = {}
    for verdict in verdicts:
        which = verdict.context if verdict.label == "note" else ""
        key = (verdict.label, verdict.old, verdict.new, which)
        if key not in seen or (verdict.substantive and not seen[key].substantive):
            seen[key] = verdict
    return sorted(
        seen.values(),
        key=lambda verdict: (not verdict.substantive, STRENGTH.index(verdict.label)),
    )


LONGEST_REASON = 160
"""Characters of a reason: one line for an editor to read."""


def _reason(verdict: Verdict) -> Reason:
    """The reason that a verdict gives, cut so that its sentence is one line."""
    told = Reason(verdict.label, verdict.old, verdict.new, verdict.context)
    times = 2 if told.label == "note" else 1  # it is told
    if times == 1 and not told.has_context:
        told = told._replace(context="")
    length = len(told.sentence)
    if length > LONGEST_REASON and told.context:
        room = len(told.context) - (length - LONGEST_REASON + times - 1) // times
        context = clipped(told.context, room) if room > _SHORTEST_CONTEXT else ""
        told = told._replace(context=context)
        length = len(told.sentence)
    if length > LONGEST_REASON:
        both = bool(told.old and told.new)
        frame = length - len(told.old) - len(told.new)
        room = (LONGEST_REASON - frame) // (1 + both)
        old, new = contrasted(told.old, told.new, room)
        told = told._replace(old=old, new=new)
    return told


_SHORTEST_CONTEXT = 20


# --- what a change in the front matter means ------------------------------------------------------

_MOST_NOTES = 200


def paired(old: Sequence[FoundNote], new: Sequence[FoundNote]) -> list[tuple[int, int]]:
    """Return the notes that stand in both versions, as pairs of their places: the most alike."""
    bags = [
        [frozenset(note.text.casefold().split()) for note in notes[:_MOST_NOTES]]
        for notes in (old, new)
    ]
    likeness = []
    for place, left in enumerate(bags[0]):
        for other, right in enumerate(bags[1]):
            smaller = min(len(left), len(right))
            if smaller and len(left & right) * 2 >= smaller:
                likeness.append((-len(left & right) / smaller, abs(place - other), place, other))
    found: list[tuple[int, int]] = []
    for _, _, place, other in sorted(likeness):
        if all(place != one and other != two for one, two in found):
            found.append((place, other))
    return found


def judge_notes(old: str, new: str) -> list[Verdict]:
    """Return what came, went or changed among the notes in two versions' front matter."""
    # Only where the front matter has notes is it read again: most changes never come here.
    from tracker.text.document import notes_of, parse

    before, after = ({note.id: note for note in notes_of(parse(text))} for text in (old, new))
    found = []
    for name in [*after, *(name for name in before if name not in after)]:
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        if one is not None and other is not None and one.text == other.text:
            said = clipped(one.text)
            found.append(Verdict("note", _told_when(one), _told_when(other), said, False, ()))
            continue
        words = contrasted(one.text if one else "", other.text if other else "")
        found.append(Verdict("note", *words, "", False, ()))
    return found or [Verdict("note", "", "", "", False, ())]


def _told_when(note: Note) -> str:
    """What a note is and when it was told, its parts as a ``Reason`` has them."""
    day = "" if note.precision == "none" else f", {note.at:%Y-%m-%d %H:%M}"
    return f"{note.kind}{day}{', withdrawn' if note.withdrawn else ''}"


def told(
    verdicts: Iterable[Verdict], edits: Sequence[Edit], kept: Sequence[tuple[FoundNote, FoundNote]]
) -> list[Verdict]:
    """Say of verdicts on notes that stand in both versions that they are on a note.

    Its date is no fact of the story: when it moves on, that alone is not substantive.
    """
    found: list[Verdict] = []
    for verdict in verdicts:
        inside = [
            edits[number]
            for number in verdict.edits
            if any(
                old.start <= edits[number].old_start and edits[number].old_end <= old.end
                and new.start <= edits[number].new_start and edits[number].new_end <= new.end
                for old, new in kept
            )
        ]  # fmt: skip
        if inside and len(inside) == len(verdict.edits):
            found.append(
                Verdict("note", clipped(inside[0].old), clipped(inside[0].new), "", False,
                        verdict.edits)
            )  # fmt: skip
            if verdict.label == "date":
                verdict = verdict._replace(substantive=False, signs=(), score=0.0)
        found.append(verdict)
    return found


def judge_field(
    change: FieldChange,
    old: Article,
    new: Article,
    scope: Scope,
    others: Sequence[FieldChange] = (),
) -> list[Verdict]:
    """Return what one key of the front matter that differs tells a reader.

    ``others``: all keys that differ; what only went from one key to another is no news.
    """
    before = raw_value(old, change.key, change.new) if change.old is None else change.old
    after = raw_value(new, change.key, change.old) if change.new is None else change.new
    if before == after or _renamed(change, others):
        return [_verdict("metadata", change.key, "", False)]
    if change.role == "headline":
        return [_of_headline(before, after, old, new, scope)]
    if change.role == "dek":
        return [_of_dek(before, after, old, new, scope)]
    if change.role == "byline":
        bylines = [one for one in others if one.role == "byline"]
        other = not _same_people(before, after) and not _same_people(
            *("; ".join(filter(None, values)) for values in
              ([one.old for one in bylines], [one.new for one in bylines]))
        )  # fmt: skip
        return [_with(_verdict("byline", before, after, other), "byline", before, after)]
    if change.role == "caption" and before and after and "alt" not in change.key.casefold():
        found = _compare(before, after, "caption", scope)
        if any(each.role == "image" and each.old and each.new for each in others):
            found = [_verdict("image", before, after, False)]  # the caption of another picture
        return found or [_verdict("metadata", before, after, False)]
    if change.role == "notes" and "." not in change.key:
        return judge_notes(old.text, new.text)
    values = _named(change, before, after)
    told = [_verdict("metadata", *values, False)]
    if change.role in ("caption", "image"):
        told.insert(0, _verdict("image", *values, False))
    elif change.role == "notes":
        told = [_verdict("note", before, after, False)]
    return told


def _named(change: FieldChange, before: str, after: str) -> tuple[str, str]:
    """Both values; where there is but one, its key tells what came or went."""
    if before and after:
        return before, after
    if not before and not after:
        return change.key, ""
    return (f"{change.key}: {before}", "") if before else ("", f"{change.key}: {after}")


def _renamed(change: FieldChange, others: Iterable[FieldChange]) -> bool:
    """Tell whether the value stands under another key now, or stood there before."""
    if change.old is not None and change.new is not None:
        return False
    return any(
        other.role == change.role and (other.old, other.new) == (change.new, change.old)
        for other in others
    )


def raw_value(article: Article, key: str, other: str | None) -> str:
    """Return the value of a key in front matter that does not parse, read as a plain line.

    A stray quotation mark in a title must not make the title look new. Where the value is neither
    on the line nor a list below it, it is taken for the ``other`` version's value.
    """
    head = article.text[: min(article.body, 20_000)]
    line = re.search(rf"^{re.escape(key)}[ \t]*[:=][ \t]*(.*)$", head, re.MULTILINE)
    if line is None:
        return ""
    items = _items().match(head, line.end())
    below = ", ".join(part.strip("- \t\r") for part in items[0].split("\n")) if items else ""
    return line[1].strip("\"' \t\r") or below.strip(", ") or other or ""


@cache
def _items() -> re.Pattern[str]:
    return re.compile(r"(?:\r?\n[ \t]*+-[ \t]++[^\n]*+)++")


def _verdict(label: str, old: str, new: str, substantive: bool) -> Verdict:
    return Verdict(label, *contrasted(old, new), "", substantive, ())


def _compare(before: str, after: str, place: str, scope: Scope) -> list[Verdict]:
    """Compare two values as prose."""
    one, other = Article(before, (), 0, "line"), Article(after, (), 0, "line")
    edits = diff(f" {before}", f" {after}").edits  # the space: no value is front matter itself
    edits = tuple(
        edit._replace(
            old_start=max(edit.old_start - 1, 0),
            old_end=max(edit.old_end - 1, 0),
            new_start=max(edit.new_start - 1, 0),
            new_end=max(edit.new_end - 1, 0),
        )
        for edit in edits
        if edit.operation != "move"
    )
    found: list[Verdict] = []
    inner = Scope(scope.lexicon, one, other, scope.boilerplate, place)
    inner.around = scope.old, scope.new
    for passage in passages(one, other, edits, range(len(edits)), scope.lexicon):
        found += judge_passage(passage, edits, inner)
    return [verdict._replace(edits=()) for verdict in found]


def _spoken(text: str) -> str:
    side = Side(Article(text, (), 0, "line"), 0, len(text))
    return f" {fold_words(side.seen)} "


def _with(verdict: Verdict, place: str, before: str, after: str) -> Verdict:
    """Return a verdict on a whole value with its signs."""
    told = {
        "always": 1.0,
        f"in {place}": 1.0,
        f"{'large' if verdict.substantive else 'small'} {verdict.label}": 1.0,
    }
    if not before or not after:
        told[f"{place} came or went"] = 1.0
    elif set(_people(before)) <= set(_people(after)) or set(_people(after)) <= set(_people(before)):
        told[f"{place} of the same people"] = 1.0
    return verdict._replace(signs=(told,), score=fitted().probability(told))


def _of_parts(verdict: Verdict, parts: Sequence[Verdict]) -> Verdict:
    """Return a verdict on a whole value with the signs of what differs in it."""
    signs = tuple(each for part in parts for each in part.signs)
    return verdict._replace(signs=signs, score=fitted().score(signs))


def _of_headline(before: str, after: str, old: Article, new: Article, scope: Scope) -> Verdict:
    if not before or not after:
        # A headline that stood in the body as a heading, or goes there, is no new headline.
        words = _spoken(before or after)
        other = bool(words.strip()) and words not in (new if before else old).spoken_body
        return _with(_verdict("headline", before, after, other), "headline", before, after)
    short, long = sorted((before, after), key=len)
    ending = short.casefold().split()[-1:]
    if scope.lexicon.function.issuperset(ending) and _cut_off(long + "…", short):
        return _verdict("headline", before, after, False)  # some program had cut it off
    parts = _compare(before, after, "headline", scope)
    differs = any(part.substantive for part in parts)
    return _of_parts(_verdict("headline", before, after, differs), parts)


def _of_dek(before: str, after: str, old: Article, new: Article, scope: Scope) -> Verdict:
    gone = [part for part in _sentences(before) if part not in _spoken(after)]
    come = [part for part in _sentences(after) if part not in _spoken(before)]
    # What the body said before, or still says, is no news in the dek.
    come = [part for part in come if part not in old.spoken_body]
    gone = [part for part in gone if part not in new.spoken_body and part not in old.spoken_body]
    if not come and not gone:
        return _verdict("dek", before, after, False)
    if not before or not after:
        return _with(_verdict("dek", before, after, True), "dek", before, after)
    if _cut_off(before, after) or _cut_off(after, before):
        return _verdict("dek", before, after, False)
    parts = _compare(before, after, "dek", scope)
    differs = any(part.substantive for part in parts)
    return _of_parts(_verdict("dek", before, after, differs), parts)


def _cut_off(long: str, short: str) -> bool:
    """Tell whether one value only lacks the end of the other, which some program cut off."""
    if not long.startswith(short.rstrip(" .…")) or len(long) <= len(short):
        return False
    return long.rstrip()[-1:].isalnum() or long.rstrip().endswith((",", "…", "..."))


@cache
def _ends() -> re.Pattern[str]:
    return re.compile(r"(?<=[.!?…。])\s+")


def _sentences(text: str) -> list[str]:
    found = (_spoken(part) for part in _ends().split(text))
    return [part for part in found if part.strip()]


def _same_people(before: str, after: str) -> bool:
    """Tell whether two bylines name the same people, be it by other handles of their accounts."""
    old, new = _people(before), _people(after)
    if old == new:
        return True
    mail = [sorted(re.findall(r"[\w.+-]{1,64}@[\w.-]{1,200}", text)) for text in (before, after)]
    if mail[0] and mail[0] == mail[1]:
        return True
    handles = not any(letter.isupper() for letter in before + after)
    gone = [one for one in old if one not in new]
    come = [one for one in new if one not in old]
    return handles and len(gone) == len(come) and all(map(_same_handle, gone, come))


def _same_handle(one: str, other: str) -> bool:
    """Tell whether two handles may be one person's: carolyndew, carolyn; markheadd, mheadd."""
    short, long = sorted((one, other), key=len)
    return len(short) > 3 and (
        long.startswith(short) or (long[0] == short[0] and long.endswith(short[1:]))
    )


def _people(text: str) -> list[str]:
    """Return the people of a byline by their letters: "Amelia Wong" is "amelia-wong".

    What stands in brackets or behind "of" or "for" is whom they work for, and what stands twice.
    """
    bare = re.sub(r"\([^()]{0,200}\)", "", text.casefold())
    parts = re.split(r"[,;&|\n]|\s(?:and|und|et|y|і|и|/)\s", bare)
    named = [re.split(r"\s(?:of|for)\s", part.removeprefix("by "), maxsplit=1) for part in parts]
    people = Counter(_letters(one[0]) for one in named)
    houses = {_letters(one[-1]) for one in named if len(one) > 1}
    if ";" not in text:  # between several keys names stand twice
        houses.update(name for name, times in people.items() if times > 1)
    return sorted(people.keys() - houses - {""})


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())
