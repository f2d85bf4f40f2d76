"""Places of a text: which revision each is from, and where it went in the next version."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from tracker.model import Edit


class Runs:
    """Which revision each code point of a text is from, as runs."""

    __slots__ = ("end", "revisions", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.revisions: list[int] = []
        self.end = 0

    def add(self, length: int, revision: int) -> None:
        """So many code points more are from a revision."""
        if length <= 0:
            return
        if not self.revisions or self.revisions[-1] != revision:
            self.starts.append(self.end)
            self.revisions.append(revision)
        self.end += length

    def copy(self, source: Runs, start: int, end: int) -> None:
        """Add what another text's runs say of a range."""
        first = bisect_right(source.starts, start) - 1
        last = bisect_right(source.starts, end - 1, first) - 1
        if first == last:
            self.add(end - start, source.revisions[first])
            return
        self.add(source.starts[first + 1] - start, source.revisions[first])
        shift = self.end - source.starts[first + 1]
        self.starts += [place + shift for place in source.starts[first + 1 : last + 1]]
        self.revisions += source.revisions[first + 1 : last + 1]
        self.end = end + shift

    def of(self, place: int) -> int:
        """The revision of the code point at a place."""
        return self.revisions[bisect_right(self.starts, place) - 1]

    def oldest(self, other: Runs, rest: int) -> Runs:
        """Of these runs and others of the same text the older revisions; ``rest`` for none (0)."""
        found = Runs()
        starts = sorted({*self.starts, *other.starts, self.end})
        for start, end in pairwise(starts):
            known = [each for each in (self.of(start), other.of(start)) if each]
            found.add(end - start, min(known, default=rest))
        return found


class Shifts:
    """Where places of an old text are in the new one."""

    def __init__(self, edits: Sequence[Edit], length: int) -> None:
        self._starts: list[int] = []  # of kept pieces, in the old text
        self._news: list[int] = []  # their starts in the new text
        self._ends: list[int] = []
        news = sorted((edit.new_start, edit.new_end) for edit in edits)
        at = index = 0
        for start, end in kept_pieces(0, length, edits):
            while start < end:
                while index < len(news) and news[index][0] == at:
                    at, index = news[index][1], index + 1
                step = end - start
                if index < len(news):
                    step = min(step, news[index][0] - at)
                self._starts.append(start)
                self._news.append(at)
                self._ends.append(start + step)
                start, at = start + step, at + step

    def place(self, old: int) -> int:
        """The place in the new text; inside a deleted passage, where that passage stood."""
        index = bisect_right(self._starts, old) - 1
        if index < 0:
            return 0
        return self._news[index] + min(old, self._ends[index]) - self._starts[index]


def leaves(edits: Iterable[Edit]) -> Iterator[Edit]:
    """The edits, and for a move those within it."""
    for edit in edits:
        if edit.operation == "move":
            yield from edit.within
        else:
            yield edit


def kept_pieces(start: int, end: int, edits: Sequence[Edit]) -> Iterator[tuple[int, int]]:
    """The pieces of a range of the old text that no edit takes."""
    for gone_start, gone_end in sorted((edit.old_start, edit.old_end) for edit in edits):
        if start < gone_start:
            yield start, gone_start
        start = max(start, gone_end)
    if start < end:
        yield start, end
