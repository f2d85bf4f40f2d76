"""Edits -> Change: what was touched, whether a reader's belief could differ, and why.

The meaning of *substantive*: a reader of the earlier version alone would now hold a different
belief about a fact (who, what, when, where, how many, who said it, in which words, how certain),
or sees real information added or removed, or the headline or dek changed in meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tracker.model import Change, Diff, Edit, FieldChange, FoundNote, Reason
from tracker.text.counts import flattened, hidden, words_changed
from tracker.text.judge import fields as notes
from tracker.text.judge.article import Article
from tracker.text.judge.boilerplate import Boilerplate
from tracker.text.judge.fields import judge_field
from tracker.text.judge.hunks import passages
from tracker.text.judge.passage import judge_passage
from tracker.text.judge.rules import Scope, Verdict, clipped, contrasted
from tracker.text.judge.score import fitted, score_of
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
    """Return the change with what was judged of it."""
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
    kept = notes.paired(old_notes, new_notes)
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
    for passage in passages(before, after, edits, in_body, words):
        found = judge_passage(passage, edits, Scope(words, before, after, boilerplate))
        for verdict in notes.told(found, edits, noted) if noted else found:
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
