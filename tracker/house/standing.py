"""Which notes still stand: a note that another one replaces, or that was taken back, does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from tracker.model import Note


def replaced(notes: Iterable[Note]) -> frozenset[str]:
    """Return the ids of the notes that a later one replaces for readers.

    A chain of amendments is followed to its end; an amendment that was itself taken back replaces
    nothing. Of notes that amend each other in a circle the newest stays.
    """
    known: dict[str, Note] = {}
    for note in notes:
        known[note.id] = note
    amended = {
        note.id: note.amends
        for note in known.values()
        if note.amends is not None and note.amends != note.id and note.amends in known
    }
    _cut_circles(amended, known)
    found: set[str] = set()
    for note in known.values():
        if note.withdrawn is not None:
            continue
        target = amended.get(note.id)
        while target is not None and target not in found:
            found.add(target)
            target = amended.get(target)
    return frozenset(found)


def _cut_circles(amended: dict[str, str], known: dict[str, Note]) -> None:
    """Take one amendment out of each circle: the one that would replace its newest note."""
    done: set[str] = set()
    for first in list(amended):
        path: list[str] = []
        on_path: set[str] = set()
        here: str | None = first
        while here is not None and here not in done and here not in on_path:
            path.append(here)
            on_path.add(here)
            here = amended.get(here)
        done |= on_path
        if here is None or here not in on_path:
            continue
        circle = path[path.index(here) :]
        newest = max(circle, key=lambda name: (known[name].withdrawn is None, known[name].at, name))
        for name in circle:
            if amended.get(name) == newest:
                del amended[name]


def standing(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Return the notes that readers are to see, in the order given."""
    gone = replaced(notes)
    return tuple(note for note in notes if note.withdrawn is None and note.id not in gone)


def by_time(notes: Sequence[Note]) -> list[Note]:
    """Return the notes oldest first.

    Equal instants keep their order, and a note that gives only its day comes after those of that
    day that stand before it.
    """
    latest: dict[date, datetime] = {}
    keys: list[tuple[datetime, int]] = []
    for place, note in enumerate(notes):
        day = note.at.date()
        at = note.at if note.precision == "minute" else max(note.at, latest.get(day, note.at))
        latest[day] = max(at, latest.get(day, at))
        keys.append((at, place))
    return [notes[place] for _, place in sorted(keys)]
