"""The notes of front matter and body joined, and the notes of two revisions compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, time
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from tracker.house.note_hits import body_notes
from tracker.house.zones import instant
from tracker.model import FoundNote, Note, Precision
from tracker.text.document import Document, note_id, notes_of

if TYPE_CHECKING:
    from tracker.house.style import Style

SAME_NOTE = 0.5  # share of equal words from which a note counts as reworded, not as another one
_WORD = re.compile(r"[^\W_]+")
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"})


class Differences(NamedTuple):
    """What became of an article's notes from one revision to the next."""

    brought: tuple[Note, ...]  # notes of the newer revision that the older one has not
    reworded: tuple[tuple[Note, Note], ...]  # older and newer form of notes that say it otherwise
    dropped: tuple[Note, ...]  # notes of the older revision that are gone


def read_notes(
    document: Document, *, style: Style, zone: ZoneInfo, brought: datetime
) -> tuple[Note, ...]:
    """All notes of an article: those of its front matter, then those found in its body, in order.

    A line of the body that has the words of a note of the front matter is that note. Between the
    markers ``<!-- updates -->`` the front matter rules: when it has notes, lines there are no
    notes of their own, whatever they say. ``zone`` is the newsroom's; a line that names another
    zone is read in that. ``brought`` is the aware instant of the revision, for notes that give
    no day.
    """
    structured = notes_of(document, zone, brought)
    known = {key(note.text) for note in structured}
    day = brought.astimezone(zone).date()
    notes = list(structured)
    used = {note.id for note in structured}
    # Between the markers the front matter rules; without notes in it, the lines are all there is.
    for found, _ in body_notes(
        document.text, day, style, start=document.body_start, marked=not structured
    ):
        if structured and _told(found, known):
            continue
        notes.append(_note(found, style, zone, brought, used))
        used.add(notes[-1].id)
    return tuple(notes)


def _told(found: FoundNote, known: set[str]) -> bool:
    """Whether the front matter has the words of a line, with or without its label."""
    words = key(found.text)
    return words in known or key(f"{found.label} {found.text}") in known


def key(words: str) -> str:
    """Words as they are compared: no case, no punctuation, spaces and quotation marks alike."""
    return " ".join(_WORD.findall(words.translate(_STRAIGHT).casefold()))


def _note(
    found: FoundNote, style: Style, zone: ZoneInfo, brought: datetime, used: set[str]
) -> Note:
    precision: Precision = "none"
    at = brought
    if found.date is not None:
        precision = "day" if found.time is None else "minute"
        clock = found.time or time()
        at = instant(found.date, clock, found.zone if found.time else None, zone, style.zones)
    elif found.time is not None:
        precision = "minute"
        day = brought.astimezone(zone).date()
        at = instant(day, found.time, found.zone, zone, style.zones)
    name = note_id(found.kind, found.text)
    number = 2
    while name in used:  # the same words twice in one article, under two dates
        name = f"{note_id(found.kind, found.text)}-{number}"
        number += 1
    return Note(name, found.kind, found.text, at, precision, origin="body")


def differences(older: Iterable[Note], newer: Iterable[Note]) -> Differences:
    """What the newer notes bring, say in other words, and have lost.

    Notes are the same when they have the same id in the front matter, or the same words; the rest
    are paired, most alike first, when at least half of their words are equal.
    """
    old, new = list(older), list(newer)
    _pair_off(old, new, lambda note: (note.kind, key(note.text), note.at.date()))
    _pair_off(old, new, lambda note: key(note.text))
    reworded = []
    for was in list(old):
        if was.origin != "front-matter":
            continue
        now = next((n for n in new if n.id == was.id and n.origin == "front-matter"), None)
        if now is not None:
            reworded.append((was, now))
            old.remove(was)
            new.remove(now)
    scored = (
        sorted(
            (
                (alike(was.text, now.text), -i, -j)
                for i, was in enumerate(old)
                for j, now in enumerate(new)
            ),
            reverse=True,
        )
        if len(old) * len(new) <= 2_500
        else []
    )
    gone_old: set[int] = set()
    gone_new: set[int] = set()
    for score, i, j in scored:
        if score < SAME_NOTE or -i in gone_old or -j in gone_new:
            continue
        gone_old.add(-i)
        gone_new.add(-j)
        reworded.append((old[-i], new[-j]))
    return Differences(
        tuple(note for j, note in enumerate(new) if j not in gone_new),
        tuple(reworded),
        tuple(note for i, note in enumerate(old) if i not in gone_old),
    )


def _pair_off(old: list[Note], new: list[Note], same: Callable[[Note], object]) -> None:
    """Take out of both lists the notes that are the same by this reading."""
    waiting: dict[object, list[Note]] = {}
    for note in new:
        waiting.setdefault(same(note), []).append(note)
    kept = []
    for note in old:
        twins = waiting.get(same(note))
        if twins:
            twin = twins.pop(0)
            new[:] = [one for one in new if one is not twin]
        else:
            kept.append(note)
    old[:] = kept


def alike(one: str, other: str) -> float:
    """How alike two notes are: equal words over all words, from 0 to 1 (Dice's coefficient)."""
    first, second = _WORD.findall(one.casefold()), _WORD.findall(other.casefold())
    if not first or not second:
        return 0.0
    left = list(second)
    counts: dict[str, int] = {}
    for word in left:
        counts[word] = counts.get(word, 0) + 1
    shared = 0
    for word in first:
        if counts.get(word):
            counts[word] -= 1
            shared += 1
    return 2 * shared / (len(first) + len(second))
