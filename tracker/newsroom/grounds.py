"""The texts that versions were written on: what a revision's change is told against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tracker.model import Revision, Track, Version
from tracker.newsroom.lineage import Bases, bases, ground
from tracker.newsroom.reading import End
from tracker.store.reader import Reader
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.newsroom.room import Newsroom


def made(room: Newsroom, found: Track, number: int) -> tuple[End, End]:
    """What a revision was written on, and the revision; before the first, an empty text.

    A merge that settled what two sides wrote is held against both brought together.
    """
    versions, place = found.versions, number - 1
    bases_of = bases(versions)
    on = bases_of[place]
    with Reader(room.repository) as reader:

        def text(index: int) -> str:
            return decode(reader.read(versions[index].blob))[0]

        before = End(text_before(room, versions, bases_of, place, text) or "")
        if len(on) == 1:
            before = before._replace(number=on[0] + 1, version=versions[on[0]])
        elif on:
            before = before._replace(both=tuple(each + 1 for each in on))
        return before, End(text(place), number, versions[place])


def text_before(
    room: Newsroom,
    versions: Sequence[Version | Revision],
    on: Bases,
    place: int,
    text: Callable[[int], str],
) -> str | None:
    """The text that a version was written on; None for the first. Places count from 0.

    ``on`` are the ``bases`` of the versions; ``text`` gives that of a version, by its place.
    """

    def both(fork: str | None, one: str, other: str) -> str:
        from tracker.newsroom.merging import united

        at = versions[place].at
        return united(room.desk, room.repository.git, fork or "", one, other, text(place), at)

    return ground(on, place, text, both)


def origins(
    room: Newsroom, versions: Sequence[Version], texts: Sequence[str]
) -> tuple[Bases, dict[int, str]]:
    """What ``blame.followed`` needs beside the texts."""
    on = bases(versions)
    together = {}
    for place, sides in enumerate(on):
        if len(sides) > 1:
            together[place] = text_before(room, versions, on, place, texts.__getitem__) or ""
    return on, together
