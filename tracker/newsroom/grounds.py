"""The texts that versions were written on: what a revision's change is told against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tracker.model import Revision, Track, Version
from tracker.newsroom.lineage import Bases, bases, ground
from tracker.newsroom.workspace import Workspace
from tracker.store.reader import Reader
from tracker.text.document import decode


class End(NamedTuple):
    """One end of a comparison."""

    text: str
    number: int | None = None  # of the revision; None for the file on disk
    version: Version | None = None
    both: tuple[int, ...] = ()  # numbers of the revisions whose words it has together


def made(workspace: Workspace, found: Track, number: int) -> tuple[End, End]:
    """What a revision was written on, and the revision; before the first, an empty text.

    A merge that settled what two sides wrote is held against both brought together.
    """
    versions, place = found.versions, number - 1
    bases_of = bases(versions)
    on = bases_of[place]
    with Reader(workspace.repository) as reader:

        def text(index: int) -> str:
            return decode(reader.read(versions[index].blob))[0]

        before = End(text_before(workspace, versions, bases_of, place, text) or "")
        if len(on) == 1:
            before = before._replace(number=on[0] + 1, version=versions[on[0]])
        elif on:
            before = before._replace(both=tuple(each + 1 for each in on))
        return before, End(text(place), number, versions[place])


def text_before(
    workspace: Workspace,
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
        return united(
            workspace.notes, workspace.repository.git, fork or "", one, other, text(place), at
        )

    return ground(on, place, text, both)


def origins(
    workspace: Workspace, versions: Sequence[Version], texts: Sequence[str]
) -> tuple[Bases, dict[int, str]]:
    """What ``blame.followed`` needs beside the texts."""
    on = bases(versions)
    together = {}
    for place, sides in enumerate(on):
        if len(sides) > 1:
            together[place] = text_before(workspace, versions, on, place, texts.__getitem__) or ""
    return on, together
