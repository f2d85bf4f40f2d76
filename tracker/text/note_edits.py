"""Notes among the edits: which are left out of the comparison, and edits inside those that stay.

A note that comes or goes is told as "note" and nothing more. One that stands in both versions is
read like the rest of the text: what readers were told may have changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracker.model import Edit, FoundNote, Note
from tracker.text.rules import Verdict, clipped, contrasted

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
    from tracker.text.document import parse
    from tracker.text.updates import notes_of

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
                verdict = verdict._replace(substantive=False)
        found.append(verdict)
    return found
