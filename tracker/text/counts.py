"""Words added and removed: those of the story, without the notes to its readers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import compress

from tracker.model import Diff, Edit, FoundNote
from tracker.text import tokens
from tracker.text.judge.seen import read
from tracker.text.markup import Markup, scan

Interval = tuple[int, int]
"""Half-open offsets in a text."""

_MARKERS = ("<!-- updates -->", "<!-- /updates -->")
_ENDING = 80  # characters by which the end of the earlier version is known again
_LONGEST_NOTE = 2_000


def words_changed(
    old: str,
    new: str,
    diff: Diff,
    old_notes: Sequence[FoundNote],
    new_notes: Sequence[FoundNote],
    body_starts: tuple[int, int],
) -> tuple[int, int]:
    """Return how many words were added and removed.

    ``diff`` is that of both texts, ``old_notes`` and ``new_notes`` are the notes found in each;
    those between the footer's markers may be missing.
    """
    if not diff.words_added and not diff.words_removed:
        return 0, 0
    left_out = (
        hidden(old, _outside(old, old_notes), (), body_starts[0]),
        hidden(new, _outside(new, new_notes), (), body_starts[1], old),
    )
    if not any(left_out):
        return diff.words_added, diff.words_removed
    texts = scan(old, body_starts[0]), scan(new, body_starts[1])
    in_notes = _words_in_notes(flattened(diff.edits)[0], texts, left_out)
    return max(diff.words_added - in_notes[0], 0), max(diff.words_removed - in_notes[1], 0)


def _outside(text: str, notes: Sequence[FoundNote]) -> list[FoundNote]:
    """The notes that do not stand between the markers."""
    blocks = list(_blocks(text)) if notes else []
    return [note for note in notes if all(not a <= note.start < b for a, b in blocks)]


def _blocks(text: str) -> Iterator[Interval]:
    place = text.find(_MARKERS[0])
    while place >= 0 and (end := text.find(_MARKERS[1], place)) >= 0:
        yield place, end + len(_MARKERS[1])
        place = text.find(_MARKERS[0], end)


def flattened(edits: Sequence[Edit]) -> tuple[list[Edit], list[int]]:
    """Return the edits with those inside moves after them, and which outer edit each belongs to."""
    found: list[Edit] = []
    owners: list[int] = []
    for number, edit in enumerate(edits):
        found += [edit, *edit.within]
        owners += [number] * (1 + len(edit.within))
    return found, owners


def hidden(
    text: str, notes: Sequence[FoundNote], kept: Collection[int], body: int, earlier: str = ""
) -> list[Interval]:
    """Return the passages left out: notes, and the blocks of notes between the footer's markers.

    Of the notes at the places ``kept``, only label and date are left out. Where all that ``text``
    has more than the ``earlier`` version begins with a note, the paragraphs and links below belong
    to the note.
    """
    found = [
        (note.start, _words_start(text, body, note) if place in kept else note.end)
        for place, note in enumerate(notes)
    ]
    fresh = [note for place, note in enumerate(notes) if place not in kept]
    ending = earlier.rstrip()[-_ENDING:]
    if fresh and ending and len(text) - fresh[0].start <= _LONGEST_NOTE:
        last = fresh[0]
        if text.rstrip()[: last.start].rstrip(" \t\r\n*_>-").endswith(ending.rstrip("*_>-")):
            found.append((last.start, len(text)))
    found += _blocks(text)
    merged: list[Interval] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _words_start(text: str, body: int, note: FoundNote) -> int:
    """Return where a note's own words begin, after its label and date."""
    wanted = [word.strip(".,:;*_()\"'“”").casefold() for word in note.text.split()[:3]]
    tokens = [
        token
        for token in read(scan(text, body), note.start, min(note.end, note.start + 2000))
        if token.kind in ("word", "number")
    ]
    for place, token in enumerate(tokens):
        if wanted and token.fold.rstrip(".") == wanted[0].rstrip("."):
            following = {other.fold for other in tokens[place : place + 6]}
            if all(word in following or not word.isalnum() for word in wanted):
                return token.start
    return note.end


def _words_in_notes(
    edits: Iterable[Edit],
    texts: tuple[Markup, Markup],
    passages: tuple[Sequence[Interval], Sequence[Interval]],
) -> tuple[int, int]:
    """Return how many words edits of the body added and removed inside some passages."""
    added = removed = 0
    for edit in edits:
        if edit.field is None and edit.verbal and edit.operation != "move":
            removed += _words_inside(texts[0], edit.old_start, edit.old_end, passages[0])
            added += _words_inside(texts[1], edit.new_start, edit.new_end, passages[1])
    return added, removed


def _words_inside(text: Markup, start: int, end: int, passages: Sequence[Interval]) -> int:
    total = 0
    for low, high in passages:
        if low < end and high > start:
            parts, seen = tokens.cut(text, max(low, start), min(high, end))
            total += tokens.count_words(list(compress(parts[1::2], seen)))
    return total
