"""Edits -> Change: what was touched, whether a reader's belief could differ, and why.

The meaning of *substantive*: a reader of the earlier version alone would now hold a different
belief about a fact (who, what, when, where, how many, who said it, in which words, how certain),
or sees real information added or removed, or the headline or dek changed in meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tracker.model import Change, Diff, Edit, FieldChange, FoundNote
from tracker.text.lexicon import lexicon
from tracker.text import note_edits as notes
from tracker.text.hunks import Article, Hunk, Passage, passages
from tracker.text.rules import Scope, Verdict, clipped, judge_hunk, raw_content
from tracker.text.title import judge_field

STRENGTH = (
    "headline", "number", "date", "name", "negation", "quote", "modality", "attribution",
    "information-removed", "information-added", "dek", "byline", "note", "moved", "typo", "style",
    "link", "image", "markup", "boilerplate", "metadata",
)  # fmt: skip
"""All labels, the strongest first: in this order reasons are given."""

LONGEST_PASSAGE = 200_000
"""Characters of a passage beyond which it is not read word by word."""

MOST_REASONS = 60

_TOLD = {
    "information-added": "information added",
    "information-removed": "information removed",
}


def judge(
    old: str,
    new: str,
    diff: Diff,
    old_notes: Sequence[FoundNote] = (),
    new_notes: Sequence[FoundNote] = (),
    language: str = "en",
    body_starts: tuple[int, int] = (0, 0),
) -> Change:
    """Return what the edits between two texts mean to a reader.

    ``old_notes`` and ``new_notes`` are the notes found in each text: what stands in them is told
    as "note", and left out when the body is compared. ``language`` is an ISO 639-1 code; one
    without word lists is read by digits, quotation marks and capitals alone. ``body_starts``: the
    offsets at which the bodies begin, after the front matter.
    """
    words = lexicon(language)
    kept = notes.paired(old_notes, new_notes)
    before = Article(old, notes.hidden(old, old_notes, {pair[0] for pair in kept}), body_starts[0])
    after = Article(new, notes.hidden(new, new_notes, {pair[1] for pair in kept}, old), body_starts[1])
    noted = [(old_notes[one], new_notes[other]) for one, other in kept]
    labels: list[set[str]] = [set() for _ in diff.edits]
    verdicts: list[Verdict] = []

    edits, owners = _flattened(diff.edits)
    in_body: list[int] = []
    for number, edit in enumerate(edits):
        if edit.operation == "move":
            labels[owners[number]].add("moved")
            verdicts.append(Verdict("moved", clipped(edit.old), "", "", False, (number,)))
        elif edit.field is not None or _in_front_matter(edit, body_starts):
            labels[owners[number]].add(_field_label(edit, diff.fields))
        else:
            in_body.append(number)
    for passage in passages(before, after, edits, in_body, words):
        found = _judge_passage(passage, edits, Scope(words, before, after))
        for verdict in notes.told(found, edits, noted) if noted else found:
            verdicts.append(verdict)
            for number in verdict.edits:
                labels[owners[number]].add(verdict.label)
    for change in diff.fields:
        verdicts += judge_field(change, before, after, words)

    verdicts = _distinct(verdicts)
    return Change(
        edits=tuple(
            replace(edit, labels=frozenset(found)) if found else edit
            for edit, found in zip(diff.edits, labels, strict=True)
        ),
        fields=diff.fields,
        words_added=diff.words_added,
        words_removed=diff.words_removed,
        coarse=diff.coarse,
        substantive=any(verdict.substantive for verdict in verdicts),
        labels=frozenset(verdict.label for verdict in verdicts),
        reasons=tuple(_reason(verdict) for verdict in verdicts[:MOST_REASONS]),
    )


def _flattened(edits: Sequence[Edit]) -> tuple[list[Edit], list[int]]:
    """Return the edits with those inside moves after them, and which outer edit each belongs to."""
    found: list[Edit] = []
    owners: list[int] = []
    for number, edit in enumerate(edits):
        found += [edit, *edit.within]
        owners += [number] * (1 + len(edit.within))
    return found, owners


def _in_front_matter(edit: Edit, body_starts: tuple[int, int]) -> bool:
    return edit.old_end <= body_starts[0] and edit.new_end <= body_starts[1] and any(body_starts)


_ROLE_LABELS = {
    "headline": "headline", "dek": "dek", "byline": "byline", "image": "image", "notes": "note",
}  # fmt: skip


def _field_label(edit: Edit, fields: Iterable[FieldChange]) -> str:
    for change in fields:
        if change.key == edit.field or change.key.split(".")[0] == edit.field:
            return _ROLE_LABELS.get(change.role, "metadata")
    return "metadata"


def _judge_passage(passage: Passage, edits: Sequence[Edit], scope: Scope) -> list[Verdict]:
    found: list[Verdict] = []
    size = max(passage.old.end - passage.old.start, passage.new.end - passage.new.start)
    if size > LONGEST_PASSAGE and any(edits[number].verbal for number in passage.edits):
        # Too much to read: call it large, which is the error that hides nothing.
        number = passage.edits[0]
        found.append(
            Verdict("information-added", clipped(edits[number].old), clipped(edits[number].new),
                    "", True, tuple(passage.edits))
        )  # fmt: skip
        return found
    if passage.hunks and passage.old.gist == passage.new.gist:
        # However the diff cut it, readers see the same words in the same order.
        passage.hunks = [hunk for hunk in passage.hunks if not (hunk.words_gone or hunk.words_come)]
    scope.reordered = _reordered(passage.hunks, scope)
    touched: set[int] = set()
    for hunk in passage.hunks:
        verdicts = judge_hunk(hunk, scope)
        found += verdicts
        touched.update(number for verdict in verdicts for number in verdict.edits)
        if any(token.line == "title" for token in [*hunk.gone, *hunk.come]) and any(
            verdict.substantive for verdict in verdicts
        ):
            found.append(replace(verdicts[0], label="headline", substantive=True))
    for number in passage.edits:
        found += _unseen(passage, edits[number], number, number in touched)
    return found


def _reordered(hunks: Sequence[Hunk], scope: Scope) -> Counter[str]:
    """Return the content words that left one place of a passage and came into another."""
    if len(hunks) < 2:
        return Counter()
    gone: Counter[str] = Counter()
    come: Counter[str] = Counter()
    for hunk in hunks:
        left, right = raw_content(hunk, scope)
        gone.update(left)
        come.update(right)
    return gone & come


def _unseen(passage: Passage, edit: Edit, number: int, words_too: bool) -> list[Verdict]:
    """Tell what an edit does to what readers do not see as words: links, pictures, markup."""
    old = passage.old.hidden(edit.old_start, edit.old_end)
    new = passage.new.hidden(edit.new_start, edit.new_end)
    if not old and not new:
        return []
    gone = Counter((token.kind, token.text) for token in old)
    come = Counter((token.kind, token.text) for token in new)
    changed = list((gone - come).elements()) + list((come - gone).elements())
    found: list[Verdict] = []
    if struck := _struck(passage, changed):
        found.append(Verdict("negation", struck, "", "", True, (number,)))
    kinds = {"link" if kind == "url" else kind for kind, _ in changed}
    if "link" in kinds and all(kind != "markup" or text in "[]<>" for kind, text in changed):
        kinds.discard("markup")  # the brackets that come with a link
    if words_too and kinds == {"markup"} and all(text in "[]|" for _, text in changed):
        kinds.clear()
    for kind in sorted(kinds & {"link", "image", "markup", "boilerplate", "note"}):
        found.append(
            Verdict(kind, clipped(edit.old, 80), clipped(edit.new, 80), "", False, (number,))
        )
    return found


_STRIKES = ("~~", "<s>", "</s>", "<del>", "</del>", "<strike>", "</strike>")


def _struck(passage: Passage, changed: Sequence[tuple[str, str]]) -> str:
    """Return words that are struck out on one side only, where the marks for it changed."""
    if not any(text.casefold() in _STRIKES for kind, text in changed if kind == "markup"):
        return ""
    old, new = (
        [token.text for token in side.tokens if token.struck and token.kind in ("word", "number")]
        for side in (passage.old, passage.new)
    )
    return clipped(" ".join(new or old)) if old != new else ""


def _distinct(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return verdicts without repetitions, the strongest first."""
    seen: dict[tuple[str, str, str], Verdict] = {}
    for verdict in verdicts:
        key = (verdict.label, verdict.old, verdict.new)
        if key not in seen or (verdict.substantive and not seen[key].substantive):
            seen[key] = verdict
    return sorted(
        seen.values(),
        key=lambda verdict: (not verdict.substantive, STRENGTH.index(verdict.label)),
    )


def _reason(verdict: Verdict) -> str:
    label = _TOLD.get(verdict.label, verdict.label)
    if verdict.label == "information-added" and verdict.new:
        return f'{label}: "{verdict.new}"'
    if verdict.label == "information-removed" and verdict.old:
        return f'{label}: "{verdict.old}"'
    quoted = verdict.label in ("headline", "dek", "quote", "style", "moved", "note")
    mark = '"' if quoted else ""
    where = f' in "{verdict.context}"' if verdict.context and not quoted else ""
    if verdict.old and verdict.new:
        return f"{label}: {mark}{verdict.old}{mark} → {mark}{verdict.new}{mark}{where}"
    if verdict.label == "moved":
        return f'{label}: "{verdict.old or verdict.new}"'
    shown = f"{mark}{verdict.old or verdict.new}{mark}"
    what = "removed" if verdict.old else "added"
    return f"{label} {what}: {shown}{where}" if shown.strip('"') else label
