"""A diff on rendered articles: every mark wraps one run of text, so that no tag is ever crossed.

Both versions are rendered as they are. The new one is shown whole; what was deleted is put into it:
words at the place where they stood, whole paragraphs, list items and table rows as elements of
their own. So whatever an edit crosses in the source, the page stays well-formed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tracker.house.phrases import FIRST
from tracker.render.article_html import page
from tracker.render.diff_marks import MarkKind, mark, move_link, move_stub
from tracker.render.diff_page import Additions, Mark, Side, aligned, top_level, written
from tracker.render.weave import Piece

_WHOLE = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "pre"})  # keep their element when deleted


@dataclass(slots=True)
class _Gone:
    """A run of deleted or moved text within one block of the old page."""

    unit: int
    mark: Mark
    parts: dict[int, str]  # text by table cell or other element around it
    before: tuple[int, int] | None  # (unit, offset in the new source) of what stayed before it
    after: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        return "".join(self.parts.values())


class Pair:
    """Two versions of an article, rendered, with the pieces of their diff placed in both."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        old: str,
        new: str,
        starts: tuple[int, int],
        language: str = FIRST,
    ) -> None:
        self._language = language  # of the signs of moves
        self._old = Side(page(old, starts[0]))
        self._new = Side(page(new, starts[1]))
        self.known = self._old.page.known and self._new.page.known
        self._stays: dict[int, int] = {}  # offset in the old source -> in the new
        self._changed: list[int] = []  # edits that should be seen
        self._old_texts: dict[int, str] = {}  # of moves, by number
        self._number = 0
        self._place(pieces, 0)

    def _place(self, pieces: Iterable[Piece], move: int) -> None:
        last: Piece | None = None
        for piece in pieces:
            if piece.kind == "same":
                if piece.old == piece.new:
                    self._stay(piece, move)
            elif piece.kind == "moved-from":
                self._old_texts[piece.move] = piece.old
            elif piece.kind == "moved-to":
                self._place(piece.within, piece.move)
            else:
                pairs = last is not None and last.kind == "delete" and last.edit == piece.edit
                if piece.kind == "delete" or not pairs:
                    self._number += 1
                kind: MarkKind = "del" if piece.kind == "delete" else "ins"
                side = self._old if piece.kind == "delete" else self._new
                start = piece.old_start if piece.kind == "delete" else piece.new_start
                one = Mark(kind, piece.edit, self._number, move)
                for offset in range(start, start + len(piece.old or piece.new)):
                    side.marks[offset] = one
                if not move and (piece.old + piece.new).strip():
                    self._changed.append(piece.edit)
            last = piece

    def _stay(self, piece: Piece, move: int) -> None:
        one = Mark("moved", piece.edit, -move, move)
        for step in range(len(piece.old)):
            self._stays[piece.old_start + step] = piece.new_start + step
            if move:
                self._old.marks[piece.old_start + step] = one
                self._new.marks[piece.new_start + step] = one

    def unseen(self) -> list[int]:
        """The edits, by index, of which no word can be seen on either page."""
        seen = {
            side.marks[source].edit
            for side in (self._old, self._new)
            for node in side.page.nodes
            for character, source in zip(node.text, node.sources, strict=True)
            if source in side.marks and not character.isspace()
        }
        return [edit for edit in dict.fromkeys(self._changed) if edit not in seen]

    # --- side by side --------------------------------------------------------------------------

    def side_by_side(self) -> list[tuple[str, str]]:
        """Rows of two cells of HTML: the blocks of the old page and those of the new one."""
        old_units, new_units = top_level(self._old.page), top_level(self._new.page)
        old_starts = [start for start, _ in old_units]
        new_starts = [start for start, _ in new_units]
        pairs: dict[tuple[int, int], None] = {}
        for place, node in enumerate(self._old.page.nodes):
            for character, source in zip(node.text, node.sources, strict=True):
                there = self._new_place(source)
                moved = source in self._old.marks
                if there is not None and not moved and character.isalnum():
                    pairs[
                        bisect_right(old_starts, place) - 1, bisect_right(new_starts, there[0]) - 1
                    ] = None
        old_html = self._cells(self._old, Additions(), old_units)
        new_html = self._cells(self._new, Additions(), new_units)
        return [
            ("\n".join(old_html[one] for one in left), "\n".join(new_html[one] for one in right))
            for left, right in aligned(len(old_units), len(new_units), pairs)
        ]

    def _cells(
        self, side: Side, additions: Additions, units: Sequence[tuple[int, int]]
    ) -> list[str]:
        self._links(side, additions, "from" if side is self._old else "to")
        announced: set[int] = set()
        return [
            "".join(written(side, additions, range(start, end), announced)) for start, end in units
        ]

    # --- inline --------------------------------------------------------------------------------

    def inline(self) -> str:
        """The new page, with what was deleted put back where it stood."""
        additions = Additions()
        gone = list(self._gone())
        counts: dict[int, int] = {}
        for one in gone:
            counts[one.mark.number] = counts.get(one.mark.number, 0) + 1
        stubs: set[int] = set()
        for one in gone:
            if one.mark.kind == "moved":
                if one.mark.move not in stubs:
                    stubs.add(one.mark.move)
                    self._put_stub(one, additions)
            elif not self._put_before_its_replacement(one, counts, additions):
                self._put(one, additions)
        self._links(self._new, additions, "to")
        everything = range(len(self._new.page.nodes))
        return "".join(written(self._new, additions, everything, set()))

    def _gone(self) -> Iterator[_Gone]:
        """Runs of deleted and moved text of the old page, with what stayed around them."""
        stayed: dict[int, tuple[int, int]] = {}  # by move: the last that stayed
        waiting: dict[int, list[_Gone]] = {}
        found: list[_Gone] = []
        current: _Gone | None = None
        for node in self._old.page.nodes:
            if node.tag:
                continue
            unit = self._old.unit(node)
            around = node.parents[-1] if node.parents else -1
            marks = self._old.marked(node)
            for character, source, one in zip(node.text, node.sources, marks, strict=True):
                kept = one is None or one.kind == "moved"
                move = one.move if one else 0
                if kept and not character.isspace() and source in self._stays:
                    there = self._stays[source]
                    if there in self._new_places:
                        stayed[move] = (unit, there)
                        for run in waiting.pop(move, ()):
                            run.after = stayed[move]
                if one is None:
                    if not character.isspace():
                        current = None
                    continue
                if current is None or current.unit != unit or current.mark.number != one.number:
                    level = 0 if one.kind == "moved" else one.move
                    current = _Gone(unit, one, {}, stayed.get(level))
                    found.append(current)
                    waiting.setdefault(level, []).append(current)
                current.parts[around] = current.parts.get(around, "") + character
        return (run for run in found if run.text.strip())

    @cached_property
    def _new_places(self) -> dict[int, tuple[int, int]]:
        """Offset in the new source -> text node and character on the new page."""
        return {
            source: (place, index)
            for place, node in enumerate(self._new.page.nodes)
            for index, source in enumerate(node.sources)
            if source >= 0
        }

    @cached_property
    def _first_of(self) -> dict[int, tuple[int, int]]:
        """Number of a mark -> text node and character where it begins on the new page."""
        found: dict[int, tuple[int, int]] = {}
        for place, node in enumerate(self._new.page.nodes):
            for index, source in enumerate(node.sources):
                one = self._new.marks.get(source)
                if one is not None and not node.text[index].isspace():
                    found.setdefault(one.number, (place, index))
        return found

    def _new_place(self, source: int) -> tuple[int, int] | None:
        there = self._stays.get(source)
        return None if there is None else self._new_places.get(there)

    def _put_before_its_replacement(
        self, one: _Gone, counts: dict[int, int], additions: Additions
    ) -> bool:
        there = self._first_of.get(one.mark.number)
        if there is None or counts[one.mark.number] > 1 or len(one.parts) > 1:
            return False
        additions.add_text(there, mark("del", one.text))
        return True

    def _inside(self, one: _Gone) -> tuple[int, int] | None:
        """Where words belong that stood in a block of which something stays."""
        if one.before and one.before[0] == one.unit:
            place, index = self._new_places[one.before[1]]
            return place, index + 1
        if one.after and one.after[0] == one.unit:
            place, index = self._new_places[one.after[1]]
            node = self._new.page.nodes[place]
            while index and _inserted(self._new.marks.get(node.sources[index - 1])):
                index -= 1
            return place, index
        return None

    def _put(self, one: _Gone, additions: Additions) -> None:
        there = self._inside(one)
        if there is not None:
            additions.add_text(there, mark("del", one.text))
            return
        name = self._old.page.nodes[one.unit].name if one.unit >= 0 else "p"
        if name == "tr":
            cells = "".join(f"<td>{mark('del', part.strip())}</td>" for part in one.parts.values())
            additions.add_block(*self._beside(one, "tr", "table"), f"<tr>{cells}</tr>\n")
        elif name == "li":
            content = mark("del", one.text.strip())
            additions.add_block(*self._beside(one, "li", "ul"), f"<li>{content}</li>\n")
        else:
            name = name if name in _WHOLE else "p"
            text = one.text.rstrip("\n") if name == "pre" else one.text.strip()
            additions.add_block(
                *self._beside(one, "", ""), f"<{name}>{mark('del', text)}</{name}>\n"
            )

    def _put_stub(self, one: _Gone, additions: Additions) -> None:
        stub = move_stub(
            one.mark.move,
            self._old_texts.get(one.mark.move, one.text),
            linked=one.mark.move in self._linked,
            language=self._language,
        )
        there = self._inside(one)
        if there is None:
            additions.add_block(*self._beside(one, "", ""), f"<p>{stub}</p>\n")
        else:
            self._add_link(self._new, additions, there, f" {stub} ")

    def _beside(self, one: _Gone, name: str, wrapper: str) -> tuple[int, str]:
        """Before which node of the new page a whole block belongs, and what must wrap it there."""
        nodes, ends = self._new.page.nodes, self._new.page.ends
        for neighbor, is_before in ((one.before, True), (one.after, False)):
            if neighbor is None:
                continue
            place, _ = self._new_places[neighbor[1]]
            parents = nodes[place].parents
            fitting = [parent for parent in parents if nodes[parent].name == name]
            if fitting:
                return (ends[fitting[-1]] + 1 if is_before else fitting[-1]), ""
            if name and is_before and one.after is not None:
                after = self._new_places[one.after[1]][0]
                if any(nodes[parent].name == name for parent in nodes[after].parents):
                    continue  # it stood first in a list or table that goes on
            top = parents[0] if parents else place
            return (ends.get(top, top) + 1 if is_before else top), wrapper
        return len(nodes), wrapper

    # --- moves ---------------------------------------------------------------------------------

    @cached_property
    def _linked(self) -> set[int]:
        """The moves of which both ends can be seen."""
        old_moves, new_moves = (
            {
                side.marks[source].move
                for node in side.page.nodes
                for character, source in zip(node.text, node.sources, strict=True)
                if source in side.marks and not character.isspace()
            }
            for side in (self._old, self._new)
        )
        return old_moves & new_moves

    def _links(self, side: Side, additions: Additions, end: Literal["from", "to"]) -> None:
        """The sign of a move before the first of its characters that is seen."""
        linked: set[int] = set()
        for place, node in enumerate(side.page.nodes):
            for index, source in enumerate(node.sources):
                one = side.marks.get(source)
                if one and one.move and one.move not in linked and not node.text[index].isspace():
                    linked.add(one.move)
                    seen = one.move in self._linked
                    link = move_link(one.move, end, linked=seen, language=self._language)
                    self._add_link(side, additions, (place, index), link)

    def _add_link(
        self, side: Side, additions: Additions, there: tuple[int, int], link: str
    ) -> None:
        """A link may not stand in a link: there, it goes before it."""
        nodes = side.page.nodes
        outer = [parent for parent in nodes[there[0]].parents if nodes[parent].name == "a"]
        if outer:
            additions.add_block(outer[0], "", link)
        else:
            additions.add_text(there, link)


def _inserted(one: Mark | None) -> bool:
    return one is not None and one.kind == "ins"
