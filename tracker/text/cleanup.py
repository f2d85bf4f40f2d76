"""From matched words to edits as a person would mark them: whole phrases, no crumbs.

All of it works on tokens, never on characters, and on regions: ``(old_start, old_end, new_start,
new_end)``, token numbers of what differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

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
