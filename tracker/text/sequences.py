"""What two sequences have in common, found within a budget of work.

The engine compares strings of code points; here elements become code points, elements that cannot
match are left out, and what is too large is cut at elements that stand once in both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tracker.text.cleanup import Run

Engine = Callable[[str, str], list[tuple[int, str]]]
"""Compares two strings: pieces with -1 (only in the first), 0 (in both) or 1 (in the second)."""

MOST_WORK = 450_000
"""The units of work of one diff: see :class:`Budget`."""

MOST_CELLS = 160_000
"""Size of one comparison, old times new elements, up to which the best answer is looked for."""

CELL = 0.25  # units that one cell costs at worst


class Budget:
    """How much work one diff may do, counted, so that no clock decides what it finds.

    A unit is about a microsecond on a machine of 2024.
    """

    def __init__(self, units: float = MOST_WORK) -> None:
        self.left = units
        self.coarse = False

    def take(self, units: float) -> bool:
        """Take what a piece of work costs; False, and nothing is taken, if too little is left."""
        if units > self.left:
            self.coarse = True
            return False
        self.left -= units
        return True


class Matching:
    """Finds what sequences have in common, within a budget."""

    def __init__(self, engine: Engine, budget: Budget) -> None:
        self.engine = engine
        self.budget = budget

    def runs(self, old: Sequence[str], new: Sequence[str]) -> list[Run]:
        """Runs of equal elements, in order, none crossing another."""
        size = min(len(old), len(new))
        head = 0
        while head < size and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < size - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        found: list[Run] = [(0, 0, head)] if head else []
        found += self._middle(old, new, head, len(old) - tail, head, len(new) - tail)
        if tail:
            found.append((len(old) - tail, len(new) - tail, tail))
        return _joined(found)

    def _middle(
        self, old: Sequence[str], new: Sequence[str], a: int, b: int, c: int, d: int
    ) -> list[Run]:
        """Runs within ``old[a:b]`` and ``new[c:d]``, which share neither head nor tail."""
        if a == b or c == d:
            return []
        # What stands in one of them only cannot match: leave it out.
        here, there = set(old[a:b]), set(new[c:d])
        common = here & there
        if not common:
            return []
        old_places = [place for place in range(a, b) if old[place] in common]
        new_places = [place for place in range(c, d) if new[place] in common]
        cells = len(old_places) * len(new_places)
        if cells > MOST_CELLS or not self.budget.take(cells * CELL):
            return self._anchored(old[:b], new[:d], old_places, new_places)
        letters: dict[str, str] = {}
        for place in old_places:
            if old[place] not in letters:
                letters[old[place]] = _letter(len(letters))
        left = "".join([letters[old[place]] for place in old_places])
        right = "".join([letters[new[place]] for place in new_places])
        found: list[Run] = []
        i = j = 0
        for operation, part in self.engine(left, right):
            if operation == 0:
                found += [
                    (old_places[i + step], new_places[j + step], 1) for step in range(len(part))
                ]
                i += len(part)
                j += len(part)
            elif operation < 0:
                i += len(part)
            else:
                j += len(part)
        return found

    def _anchored(
        self,
        old: Sequence[str],
        new: Sequence[str],
        old_places: Sequence[int],
        new_places: Sequence[int],
    ) -> list[Run]:
        """Too much for one comparison: cut it at elements that stand once in both texts."""
        anchors = _anchors(old, new, old_places, new_places)
        if not anchors:
            self.budget.coarse = True
            return []
        found: list[Run] = []
        a, c = old_places[0], new_places[0]
        for i, j in [*anchors, (old_places[-1] + 1, new_places[-1] + 1)]:
            if i < a or j < c:
                continue  # reached by the tail of the one before
            part = self.runs(old[a:i], new[c:j])
            found += [(a + one, c + other, size) for one, other, size in part]
            a, c = i, j
            while a < len(old) and c < len(new) and old[a] == new[c]:
                a += 1
                c += 1
            if a > i:
                found.append((i, j, a - i))
        return found


def _letter(number: int) -> str:
    """The code point that stands for element ``number``: none below 0x100, no surrogate."""
    code = number + 0x100
    return chr(code if code < 0xD800 else code + 0x800)


def _joined(runs: Iterable[Run]) -> list[Run]:
    found: list[Run] = []
    for a, c, size in runs:
        if found and found[-1][0] + found[-1][2] == a and found[-1][1] + found[-1][2] == c:
            found[-1] = (found[-1][0], found[-1][1], found[-1][2] + size)
        else:
            found.append((a, c, size))
    return found


def _anchors(
    old: Sequence[str], new: Sequence[str], old_places: Sequence[int], new_places: Sequence[int]
) -> list[tuple[int, int]]:
    """Elements that stand once in both, the longest chain of them that does not cross itself."""
    once: dict[str, int] = {}
    for place in new_places:
        once[new[place]] = -1 if new[place] in once else place
    seen: dict[str, int] = {}
    for place in old_places:
        seen[old[place]] = -1 if old[place] in seen else place
    ends: list[int] = []
    chains: list[tuple[int, int, Any]] = []
    for word, place in seen.items():
        other = once.get(word, -1)
        if place < 0 or other < 0:
            continue
        at = bisect_left(ends, other)
        link = (place, other, chains[at - 1] if at else None)
        if at == len(ends):
            ends.append(other)
            chains.append(link)
        else:
            ends[at] = other
            chains[at] = link
    found: list[tuple[int, int]] = []
    link_or_none: Any = chains[-1] if chains else None
    while link_or_none:
        found.append((link_or_none[0], link_or_none[1]))
        link_or_none = link_or_none[2]
    found.reverse()
    return found
