"""Notes among the edits: which are left out of the comparison, and edits inside those that stay.

A note that comes or goes is told as "note" and nothing more. One that stands in both versions is
read like the rest of the text: what readers were told may have changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from tracker.model import Edit, FoundNote, Note
from tracker.text import tokens
from tracker.text.hunks import Interval
from tracker.text.rules import Verdict, clipped, contrasted
from tracker.text.surface import scan

_MARKERS = ("<!-- updates -->", "<!-- /updates -->")
_MOST_NOTES = 200
_ENDING = 80  # characters by which the end of the earlier version is known again
_LONGEST_NOTE = 2_000


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


def hidden(
    text: str, notes: Sequence[FoundNote], kept: Collection[int], earlier: str = ""
) -> list[Interval]:
    """Return the passages left out: notes, and the blocks of notes between the footer's markers.

    Of the notes at the places ``kept``, only label and date are left out. Where all that ``text``
    has more than the ``earlier`` version begins with a note, the paragraphs and links below belong
    to the note.
    """
    found = [
        (note.start, _words_start(text, note) if place in kept else note.end)
        for place, note in enumerate(notes)
    ]
    fresh = [note for place, note in enumerate(notes) if place not in kept]
    ending = earlier.rstrip()[-_ENDING:]
    if fresh and ending and len(text) - fresh[0].start <= _LONGEST_NOTE:
        last = fresh[0]
        if text.rstrip()[: last.start].rstrip(" \t\r\n*_>-").endswith(ending.rstrip("*_>-")):
            found.append((last.start, len(text)))
    place = text.find(_MARKERS[0])
    while place >= 0:
        end = text.find(_MARKERS[1], place)
        if end < 0:
            break
        found.append((place, end + len(_MARKERS[1])))
        place = text.find(_MARKERS[0], end)
    merged: list[Interval] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _words_start(text: str, note: FoundNote) -> int:
    """Return where a note's own words begin, after its label and date."""
    wanted = [word.strip(".,:;*_()\"'“”").casefold() for word in note.text.split()[:3]]
    tokens = [
        token
        for token in scan(text, note.start, min(note.end, note.start + 2000))
        if token.kind in ("word", "number")
    ]
    for place, token in enumerate(tokens):
        if wanted and token.fold.rstrip(".") == wanted[0].rstrip("."):
            following = {other.fold for other in tokens[place : place + 6]}
            if all(word in following or not word.isalnum() for word in wanted):
                return token.start
    return note.end


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
        words = (
            (one.text if one else "", other.text if other else "")
            if one is None or other is None or one.text != other.text
            else (f"{one.text} ({_told_when(one)})", f"{other.text} ({_told_when(other)})")
        )
        found.append(Verdict("note", *contrasted(*words), "", False, ()))
    return found or [Verdict("note", "", "", "", False, ())]


def _told_when(note: Note) -> str:
    day = "" if note.precision == "none" else f", {note.at:%Y-%m-%d %H:%M}"
    return f"{note.kind}{day}{', withdrawn' if note.withdrawn else ''}"


def words_in_notes(
    edits: Iterable[Edit], old: Sequence[Interval], new: Sequence[Interval]
) -> tuple[int, int]:
    """Return how many words edits of the body added and removed inside some passages."""
    added = removed = 0
    for edit in edits:
        if edit.field is None and edit.verbal and edit.operation != "move":
            removed += _words_inside(edit.old, edit.old_start, old)
            added += _words_inside(edit.new, edit.new_start, new)
    return added, removed


def _words_inside(words: str, start: int, passages: Sequence[Interval]) -> int:
    return sum(
        tokens.count_words(
            tokens.seen(tokens.split(words[max(low - start, 0) : max(high - start, 0)])[1::2])
        )
        for low, high in passages
        if words and low < start + len(words) and high > start
    )


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
