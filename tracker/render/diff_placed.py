"""Two versions of an article, rendered, with the pieces of their diff placed in both.

Pieces of the article that no edit touches are the same on both pages. They are closed: one node
each, in which nothing has to be found, so that only the others are looked into word by word.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from tracker.render.article_html import Part, joined, parts
from tracker.render.diff_page import Mark, Side
from tracker.render.weave import Piece


class _Stretch(NamedTuple):
    """Characters that both versions have, one after the other. No two stretches overlap."""

    start: int  # in the old source
    end: int
    step: int  # from there to the new source
    move: int  # that they are in; 0 for none


class Placed:
    """The pages of an old and a new text, from ``starts`` on, and what stands where on both."""

    def __init__(
        self, pieces: Sequence[Piece], old: str, new: str, starts: tuple[int, int]
    ) -> None:
        self._old_marks: dict[int, Mark] = {}  # by offset in the source
        self._new_marks: dict[int, Mark] = {}
        self._kept: list[_Stretch] = []
        self.changed: list[int] = []  # edits that should be seen
        self.moved_texts: dict[int, str] = {}  # as they were, by the number of the move
        self._number = 0
        self._place(pieces, 0)
        self._kept.sort()
        old_parts, new_parts = parts(old, starts[0]), parts(new, starts[1])
        untouched = self._untouched(old_parts, new_parts)
        self.old = Side(joined(old_parts, untouched.keys()), self._old_marks)
        self.new = Side(joined(new_parts, set(untouched.values())), self._new_marks)
        closed = self.old.page.closed
        # What no edit touches: node of the old page -> node of the new one.
        self.same = {
            closed[one]: self.new.page.closed[other]
            for one, other in untouched.items()
            if one in closed
        }
        self._stays: dict[int, int] = {}  # offset in the old source -> in the new
        for number, part in enumerate(old_parts):
            if number not in untouched:
                self._keep(part)

    def _untouched(self, old: Sequence[Part], new: Sequence[Part]) -> dict[int, int]:
        """The pieces that stand in both versions and have no edit, by number: old -> new."""
        by_start = {part.start: number for number, part in enumerate(new)}
        found: dict[int, int] = {}
        for number, part in enumerate(old):
            kept = next(self._stretches(part), None)
            if kept is None or kept.move or part.start < kept.start or part.end > kept.end:
                continue
            other = by_start.get(part.start + kept.step)
            if other is not None and new[other].text == part.text:
                found[number] = other
        return found

    def _stretches(self, part: Part) -> Iterator[_Stretch]:
        """What was kept of a piece of the old version."""
        first = bisect_right(self._kept, part.start, key=lambda each: each.start) - 1
        for each in islice(self._kept, max(first, 0), None):
            if each.start >= part.end:
                return
            if each.end > part.start:
                yield each

    def _keep(self, part: Part) -> None:
        """Note where the characters of a piece stand in the new version."""
        for each in self._stretches(part):
            low, high = max(each.start, part.start), min(each.end, part.end)
            there = range(low + each.step, high + each.step)
            self._stays.update(zip(range(low, high), there, strict=True))

    def _place(self, pieces: Iterable[Piece], move: int) -> None:
        last: Piece | None = None
        for piece in pieces:
            if piece.kind == "same":
                if piece.old == piece.new:
                    self._stay(piece, move)
            elif piece.kind == "moved-from":
                self.moved_texts[piece.move] = piece.old
            elif piece.kind == "moved-to":
                self._place(piece.within, piece.move)
            else:
                pairs = last is not None and last.kind == "delete" and last.edit == piece.edit
                if piece.kind == "delete" or not pairs:
                    self._number += 1
                deleted = piece.kind == "delete"
                start = piece.old_start if deleted else piece.new_start
                places = range(start, start + len(piece.old or piece.new))
                one = Mark("del" if deleted else "ins", piece.edit, self._number, move)
                marks = self._old_marks if deleted else self._new_marks
                marks.update(dict.fromkeys(places, one))
                if not move and (piece.old + piece.new).strip():
                    self.changed.append(piece.edit)
            last = piece

    def _stay(self, piece: Piece, move: int) -> None:
        start, end = piece.old_start, piece.old_start + len(piece.old)
        step = piece.new_start - start
        self._kept.append(_Stretch(start, end, step, move))
        if move:
            one = Mark("moved", piece.edit, -move, move)
            self._old_marks.update(dict.fromkeys(range(start, end), one))
            self._new_marks.update(dict.fromkeys(range(start + step, end + step), one))

    def new_place(self, source: int) -> tuple[int, int] | None:
        """The node and the character of the new page that an offset of the old text became."""
        there = self._stays.get(source)
        return None if there is None else self._new_places.get(there)

    @cached_property
    def _new_places(self) -> dict[int, tuple[int, int]]:
        """Offset in the new source -> text node and character on the new page."""
        return {
            source: (place, index)
            for place, node in enumerate(self.new.page.nodes)
            for index, source in enumerate(node.sources)
            if source >= 0
        }
