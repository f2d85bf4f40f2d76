"""What two sequences have in common, found within a budget of work.

The engine compares strings of code points; here elements become code points, elements that cannot
match are left out, and what is too large is cut at elements that stand once in both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any

Run = tuple[int, int, int]
"""Tokens that match: first in the old, first in the new, how many."""

Region = tuple[int, int, int, int]


def regions(runs: Sequence[Run], old: Sequence[str], new: Sequence[str]) -> list[Region]:
    """What the runs leave out, cleaned up, in order."""
    found = _between(_without_crumbs(list(runs), old, new), len(old), len(new))
    for place in range(len(found)):
        # In order: each may slide up to where the one before has come to stand.
        found[place] = _slide(found[place], old, new, found, place)
    return [part for region in found for part in _facts(region, old, new)]


def _between(runs: Sequence[Run], old_size: int, new_size: int) -> list[Region]:
    found = []
    i = j = 0
    for a, b, size in runs:
        if i < a or j < b:
            found.append((i, a, j, b))
        i, j = a + size, b + size
    if i < old_size or j < new_size:
        found.append((i, old_size, j, new_size))
    return found


def _worth(words: Sequence[str]) -> float:
    """How much a reader is helped by seeing these words as unchanged."""
    total = 0.0
    for word in words:
        first = word[0]
        if first.isdigit():
            total += 2
        elif first.isalpha():
            total += 0.6 if len(word) < 4 and first < "\u2e80" else 1.0
        else:
            total += 0.3
    return total


def _substitution(region: Region) -> bool:
    """Whether one short phrase stands for another, as when a fact is replaced."""
    a, b, c, d = region
    return 0 < b - a <= 3 and 0 < d - c <= 3


def _without_crumbs(runs: list[Run], old: Sequence[str], new: Sequence[str]) -> list[Run]:
    """Leave out matches too small to help between two edits that are larger than they are."""
    while True:
        kept: list[Run] = []
        gaps = _between(runs, len(old), len(new))
        # The region that ends where a run begins, and the one that begins where it ends.
        before = {(b, d): (a, b, c, d) for a, b, c, d in gaps}
        after = {(a, c): (a, b, c, d) for a, b, c, d in gaps}
        for run in runs:
            i, j, size = run
            left, right = before.get((i, j)), after.get((i + size, j + size))
            # The target of a link is an edit of its own: what leads to it stays.
            if left and right and size <= 8 and "](" not in old[i : i + size]:
                worth = _worth(old[i : i + size])
                limit = min(_extent(left, old, new), _extent(right, old, new))
                if _substitution(left) and _substitution(right):
                    limit = 0.0
                if (worth <= 0.35 and limit >= 1.0) or (worth <= 2.5 and worth * 1.8 <= limit):
                    continue
            kept.append(run)
        if len(kept) == len(runs):
            return kept
        runs = kept


def _extent(region: Region, old: Sequence[str], new: Sequence[str]) -> float:
    a, b, c, d = region
    return max(_worth(old[a:b]), _worth(new[c:d]))


def _slide(
    region: Region, old: Sequence[str], new: Sequence[str], found: list[Region], place: int
) -> Region:
    """Move a pure insertion or deletion to the edge of a sentence or clause, if it fits there."""
    a, b, c, d = region
    if a < b and c < d:
        return region
    words, low, high = (old, a, b) if a < b else (new, c, d)
    # It may not reach the edits beside it.
    least = most = 0
    before = found[place - 1] if place else None
    after = found[place + 1] if place + 1 < len(found) else None
    floor = (before[1] if a < b else before[3]) if before else 0
    ceiling = (after[0] if a < b else after[2]) if after else len(words)
    while low + least - 1 > floor and words[low + least - 1] == words[high + least - 1]:
        least -= 1
    while high + most + 1 < ceiling and words[low + most] == words[high + most]:
        most += 1
    if least == most:
        return region
    depths = _depths(words, low + least, high + most)

    def worth(shift: int) -> tuple[int, int]:
        balanced = depths[high - low + shift - least] == depths[shift - least]
        return _edge(words, low + shift, high + shift, balanced), -shift

    best = max(range(least, most + 1), key=worth)
    return (a + best, b + best, c + best, d + best)


_STOPS = frozenset(".!?\u3002\uff01\uff1f\u061f\u0964")
_CLAUSES = frozenset(",;:\u2014\u2013\u060c\u3001\uff0c")


def _depths(words: Sequence[str], low: int, high: int) -> list[int]:
    """How many parentheses are open before each word of ``words[low:high]``, and after the last."""
    steps = ((word == "(") - (word == ")") for word in words[low:high])
    return list(accumulate(steps, initial=0))


def _edge(words: Sequence[str], low: int, high: int, balanced: bool) -> int:
    """How well a passage that is ``words[low:high]`` can be read as one.

    ``balanced``: it closes as many parentheses as it opens.
    """
    before = words[low - 1] if low else "."
    last = words[high - 1]
    score = 0
    if before in _STOPS:
        score += 4 if last in _STOPS else 1
    elif before in _CLAUSES:
        score += 3 if last in _CLAUSES else 1
    elif words[low] in _CLAUSES and last not in _CLAUSES:
        score += 3 if high < len(words) and words[high] in _CLAUSES | _STOPS else 2
    if words[low] in _STOPS:
        score -= 2
    if not balanced or words[low] == ")":
        score -= 2
    return score


def _class(word: str) -> int:
    """0 for a mark, 1 for a number, 2 for a word."""
    if any(sign.isdigit() for sign in word[:3]):
        return 1
    return 2 if word[0].isalpha() else 0


def _facts(region: Region, old: Sequence[str], new: Sequence[str]) -> list[Region]:
    """Keep substitutions of different kinds apart that stand side by side: a name, a number."""
    a, b, c, d = region
    size = b - a
    if size != d - c or not 2 <= size <= 8:
        return [region]
    kinds = [_class(word) for word in old[a:b]]
    if kinds != [_class(word) for word in new[c:d]] or 1 not in kinds or 0 in kinds:
        return [region]
    parts = []
    start = 0
    for place in range(1, size + 1):
        if place == size or kinds[place] != kinds[place - 1] or kinds[place] == 1:
            parts.append((a + start, a + place, c + start, c + place))
            start = place
    return parts


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

    def __init__(self) -> None:
        self.left: float = MOST_WORK
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
