"""Which version each version of an article was written on: the one before it, as a rule.

Where two clones wrote at the same time, the published line has both, in order of time; there a
version was written on the one before it *on its own side*, and a merge on both sides. What such a
merge did itself is what its text has otherwise than both sides brought together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tracker.model import Revision, Version

Bases = Sequence[tuple[int, ...]]
"""For each version the indexes of those it was written on, oldest first; none for the first."""

_Ground = TypeVar("_Ground")


def bases(versions: Sequence[Version | Revision]) -> Bases:
    """Which of the versions each was written on."""
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
