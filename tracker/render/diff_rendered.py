"""A diff on rendered articles: every mark wraps one run of text, so that no tag is ever crossed.

Both versions are rendered as they are. The new one is shown whole; what was deleted is put into it:
words at the place where they stood, whole paragraphs, list items and table rows as elements of
their own. So whatever an edit crosses in the source, the page stays well-formed. Pieces of the
article that no edit touches are the same on both pages: they are taken whole, and not looked into.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from tracker.locale import FIRST
from tracker.render.article_html import ArticlePart, Node, joined, parts
from tracker.render.diff_page import (
    Additions,
    Mark,
    MarkedSide,
    aligned,
    mark,
    move_link,
    move_stub,
    top_level,
    written,
)
from tracker.render.weave import Piece

_WHOLE = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "pre"})  # keep their element when deleted


class _Stayed(NamedTuple):
    """A character that both versions have, or a piece that no edit touches."""

    unit: int  # of the old page
    place: int  # the node of the new page
    character: int  # of that node


@dataclass(slots=True)
class _Removed:
    """A run of deleted or moved text within one block of the old page."""

    unit: int
    mark: Mark
    parts: dict[int, str]  # text by table cell or other element around it
    before: _Stayed | None  # what stayed before it
    after: _Stayed | None = None

    @property
    def text(self) -> str:
        return "".join(self.parts.values())


class _Stretch(NamedTuple):
    """Characters that both versions have, one after the other. No two stretches overlap."""

    start: int  # in the old source
    end: int
    step: int  # from there to the new source
    move: int  # that they are in; 0 for none


class NodePair:
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
        self._old_marks: dict[int, Mark] = {}  # by offset in the source
        self._new_marks: dict[int, Mark] = {}
        self._kept: list[_Stretch] = []
        self._changed: list[int] = []  # edits that should be seen
        self._old_texts: dict[int, str] = {}  # of what was moved, by the number of the move
        self._number = 0
        self._place(pieces, 0)
        self._kept.sort()
        self._starts = [each.start for each in self._kept]
        old_parts, new_parts = parts(old, starts[0]), parts(new, starts[1])
        untouched = self._untouched(old_parts, new_parts)
        self._old = MarkedSide(joined(old_parts, untouched.keys()), self._old_marks)
        self._new = MarkedSide(joined(new_parts, set(untouched.values())), self._new_marks)
        closed, others = self._old.page.closed, self._new.page.closed
        # What no edit touches: node of the old page -> node of the new one.
        self._same = {
            closed[one]: others[other] for one, other in untouched.items() if one in closed
        }
        self.known = self._old.page.known and self._new.page.known

    def unseen(self) -> list[int]:
        """The edits, by index, of which no word can be seen on either page."""
        seen = {one.edit for side in (self._old, self._new) for _, _, one in side.seen()}
        return [edit for edit in dict.fromkeys(self._changed) if edit not in seen]

    # --- side by side --------------------------------------------------------------------------

    def side_by_side(self) -> list[tuple[str, str]]:
        """Rows of two cells of HTML: the blocks of the old page and those of the new one."""
        old_units, new_units = top_level(self._old.page), top_level(self._new.page)
        old_starts = [start for start, _ in old_units]
        new_starts = [start for start, _ in new_units]
        pairs: dict[tuple[int, int], None] = {}
        for place, there in self._shared_places():
            pairs[bisect_right(old_starts, place) - 1, bisect_right(new_starts, there) - 1] = None
        old_html = self._cells(self._old, Additions(), old_units)
        new_html = self._cells(self._new, Additions(), new_units)
        return [
            ("\n".join(old_html[one] for one in left), "\n".join(new_html[one] for one in right))
            for left, right in aligned(len(old_units), len(new_units), pairs)
        ]

    def _shared_places(self) -> Iterator[tuple[int, int]]:
        """Nodes of the old page and those of the new one that have something of theirs, in order.

        What was moved does not count.
        """
        for place, node in enumerate(self._old.page.nodes):
            if place in self._same:
                yield place, self._same[place]
            last = -1
            for character, source in zip(node.text, node.sources, strict=True):
                there = self._new_place(source)
                if there is None or there[0] == last:
                    continue
                if character.isalnum() and source not in self._old.marks:
                    last = there[0]
                    yield place, last

    def _cells(
        self, side: MarkedSide, additions: Additions, units: Sequence[tuple[int, int]]
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

    def _gone(self) -> Iterator[_Removed]:
        """Runs of deleted and moved text of the old page, with what stayed around them."""
        stayed: dict[int, _Stayed] = {}  # by move: the last that stayed
        waiting: dict[int, list[_Removed]] = {}
        found: list[_Removed] = []
        current: _Removed | None = None

        def stays(move: int, here: _Stayed) -> None:
            stayed[move] = here
            for run in waiting.pop(move, ()):
                run.after = here

        for place, node in enumerate(self._old.page.nodes):
            if place in self._same:
                stays(0, _Stayed(place, self._same[place], 0))
                current = None
            if node.tag:
                continue
            unit = self._old.unit(node)
            marks = self._old.marked(node)
            if not any(marks):
                for there in self._ends_of(node):
                    stays(0, _Stayed(unit, *there))
                if node.text.strip():
                    current = None
                continue
            around = node.parents[-1] if node.parents else -1
            for character, source, one in zip(node.text, node.sources, marks, strict=True):
                kept = one is None or one.kind == "moved"
                move = one.move if one else 0
                if kept and not character.isspace() and (new := self._new_place(source)):
                    stays(move, _Stayed(unit, *new))
                if one is None:
                    if not character.isspace():
                        current = None
                    continue
                if current is None or current.unit != unit or current.mark.number != one.number:
                    level = 0 if one.kind == "moved" else one.move
                    current = _Removed(unit, one, {}, stayed.get(level))
                    found.append(current)
                    waiting.setdefault(level, []).append(current)
                current.parts[around] = current.parts.get(around, "") + character
        return (run for run in found if run.text.strip())

    def _ends_of(self, node: Node) -> Iterator[tuple[int, int]]:
        """Where the first and the last character of a text stand in the new version."""
        seen = list(zip(node.text, node.sources, strict=True))
        for several in (seen, reversed(seen)):
            for character, source in several:
                if not character.isspace() and (new := self._new_place(source)):
                    yield new
                    break

    @cached_property
    def _first_of(self) -> dict[int, tuple[int, int]]:
        """Number of a mark -> text node and character where it begins on the new page."""
        found: dict[int, tuple[int, int]] = {}
        for place, index, one in self._new.seen():
            found.setdefault(one.number, (place, index))
        return found

    def _put_before_its_replacement(
        self, one: _Removed, counts: dict[int, int], additions: Additions
    ) -> bool:
        there = self._first_of.get(one.mark.number)
        if there is None or counts[one.mark.number] > 1 or len(one.parts) > 1:
            return False
        additions.add_text(there, mark("del", one.text))
        return True

    def _inside(self, one: _Removed) -> tuple[int, int] | None:
        """Where words belong that stood in a block of which something stays."""
        if one.before and one.before.unit == one.unit:
            return one.before.place, one.before.character + 1
        if one.after and one.after.unit == one.unit:
            place, index = one.after.place, one.after.character
            sources = self._new.page.nodes[place].sources
            marks = self._new.marks
            while index and (last := marks.get(sources[index - 1])) and last.kind == "ins":
                index -= 1
            return place, index
        return None

    def _put(self, one: _Removed, additions: Additions) -> None:
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

    def _put_stub(self, one: _Removed, additions: Additions) -> None:
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

    def _beside(self, one: _Removed, name: str, wrapper: str) -> tuple[int, str]:
        """Before which node of the new page a whole block belongs, and what must wrap it there."""
        nodes, ends = self._new.page.nodes, self._new.page.ends
        for neighbor, is_before in ((one.before, True), (one.after, False)):
            if neighbor is None:
                continue
            place = neighbor.place
            parents = nodes[place].parents
            fitting = [parent for parent in parents if nodes[parent].name == name]
            if fitting:
                return (ends[fitting[-1]] + 1 if is_before else fitting[-1]), ""
            if name and is_before and one.after is not None:
                after = nodes[one.after.place].parents
                if any(nodes[parent].name == name for parent in after):
                    continue  # it stood first in a list or table that goes on
            top = parents[0] if parents else place
            return (ends.get(top, top) + 1 if is_before else top), wrapper
        return len(nodes), wrapper

    # --- moves ---------------------------------------------------------------------------------

    @cached_property
    def _linked(self) -> set[int]:
        """The moves of which both ends can be seen."""
        old, new = ({one.move for *_, one in side.seen()} for side in (self._old, self._new))
        return old & new

    def _links(self, side: MarkedSide, additions: Additions, end: Literal["from", "to"]) -> None:
        """The sign of a move before the first of its characters that is seen."""
        if not self._old_texts:
            return  # nothing was moved
        linked: set[int] = set()
        for place, index, one in side.seen():
            if one.move and one.move not in linked:
                linked.add(one.move)
                seen = one.move in self._linked
                link = move_link(one.move, end, linked=seen, language=self._language)
                self._add_link(side, additions, (place, index), link)

    def _add_link(
        self, side: MarkedSide, additions: Additions, there: tuple[int, int], link: str
    ) -> None:
        """A link may not stand in a link: there, it goes before it."""
        nodes = side.page.nodes
        outer = [parent for parent in nodes[there[0]].parents if nodes[parent].name == "a"]
        if outer:
            additions.add_block(outer[0], "", link)
        else:
            additions.add_text(there, link)

    # --- what stands where in both ---------------------------------------------------------------

    def _untouched(self, old: Sequence[ArticlePart], new: Sequence[ArticlePart]) -> dict[int, int]:
        """The pieces that stand in both versions and have no edit, by number: old -> new."""
        by_start = {part.start: number for number, part in enumerate(new)}
        found: dict[int, int] = {}
        for number, part in enumerate(old):
            kept = self._stretch(part.start)
            if kept is None or kept.move or part.end > kept.end:
                continue
            other = by_start.get(part.start + kept.step)
            if other is not None and new[other].text == part.text:
                found[number] = other
        return found

    def _stretch(self, place: int) -> _Stretch | None:
        """What an offset of the old version was kept in; None where it was taken out."""
        at = bisect_right(self._starts, place) - 1
        return self._kept[at] if at >= 0 and place < self._kept[at].end else None

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
                deleted = piece.kind == "delete"
                start = piece.old_start if deleted else piece.new_start
                places = range(start, start + len(piece.old or piece.new))
                one = Mark("del" if deleted else "ins", piece.edit, self._number, move)
                marks = self._old_marks if deleted else self._new_marks
                marks.update(dict.fromkeys(places, one))
                if not move and (piece.old + piece.new).strip():
                    self._changed.append(piece.edit)
            last = piece

    def _stay(self, piece: Piece, move: int) -> None:
        start, end = piece.old_start, piece.old_start + len(piece.old)
        step = piece.new_start - start
        self._kept.append(_Stretch(start, end, step, move))
        if move:
            one = Mark("moved", piece.edit, -move, move)
            self._old_marks.update(dict.fromkeys(range(start, end), one))
            self._new_marks.update(dict.fromkeys(range(start + step, end + step), one))

    def _new_place(self, source: int) -> tuple[int, int] | None:
        """The node and the character of the new page that an offset of the old text became."""
        kept = self._stretch(source)
        return None if kept is None else self._new_places.get(source + kept.step)

    @cached_property
    def _new_places(self) -> dict[int, tuple[int, int]]:
        """Offset in the new source -> text node and character on the new page."""
        return {
            source: (place, index)
            for place, node in enumerate(self._new.page.nodes)
            for index, source in enumerate(node.sources)
            if source >= 0
        }
