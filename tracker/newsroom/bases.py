"""The texts that a revision was written on, and is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from tracker.model import Revision, Track, Version
from tracker.newsroom.workspace import Workspace
from tracker.store.reader import Reader
from tracker.text.document import decode

Bases = Sequence[tuple[int, ...]]
"""For each version the indexes of those it was written on, oldest first; none for the first."""

_Ground = TypeVar("_Ground")


def bases(versions: Sequence[Version | Revision]) -> Bases:
    if not any(version.written_on for version in versions):
        return [(number - 1,) if number else () for number in range(len(versions))]
    places: dict[str, int] = {}
    found: list[tuple[int, ...]] = []
    for number, version in enumerate(versions):
        on = {places[commit] for commit in version.written_on if commit in places}
        found.append(tuple(sorted(on)) or ((number - 1,) if number else ()))
        places[version.commit] = number
    return found


def fork(on: Bases, one: int, other: int) -> int | None:
    """The newest version that two were both written on, at first or second hand."""
    sides = {one: 1}
    sides[other] = sides.get(other, 0) | 2
    while sides:  # the newest first: what leads to it has been seen then
        here = max(sides)
        side = sides.pop(here)
        if side == 3:
            return here
        for each in on[here]:
            sides[each] = sides.get(each, 0) | side
    return None


def behind(on: Bases, number: int) -> set[int]:
    """A version, and all that led to it."""
    found, waiting = set[int](), [number]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += on[here]
    return found


def ground(
    on: Bases,
    number: int,
    of: Callable[[int], _Ground],
    unite: Callable[[_Ground | None, _Ground, _Ground], _Ground],
) -> _Ground | None:
    """What a version is to be compared with; None for the first.

    ``of`` gives a version by its index. ``unite`` makes one of two sides, from what both began
    with, the side whose newest version is older, and the other one.
    """
    if not on[number]:
        return None
    last, *others = on[number]
    whole = of(last)
    for each in others:
        common = fork(on, last, each)
        whole = unite(None if common is None else of(common), whole, of(each))
        last = each
    return whole


class End(NamedTuple):
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
        from tracker.newsroom.merging import united  # few histories have such a merge

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
