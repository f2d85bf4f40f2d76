"""What a scan of a text finds: spans with roles, the blocks they stand in, with offsets."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Literal, NamedTuple

Kind = Literal["markdown", "mdx", "html", "line"]
"""How a text is to be read; "line": a value of front matter, where no sign makes a block."""

Role = Literal[
    "prose", "heading", "item", "cell", "quotation", "caption", "code",  # seen by readers
    "marks",  # signs that set words: #, **, the bullet of an item, the bars of a table
    "target", "image", "comment", "template", "attributes", "tag", "footnote",
]  # fmt: skip

SEEN: frozenset[str] = frozenset(
    ("prose", "heading", "item", "cell", "quotation", "caption", "code")
)

BlockKind = Literal[
    "paragraph", "heading", "item", "row", "code", "rule", "comment", "definition", "shortcode"
]


class Leaf(NamedTuple):
    """The smallest block around some words: a paragraph, a heading, an item, a cell."""

    role: Role
    start: int
    level: int = 0  # of a heading
    row: int = -1  # of a cell; the head of a table is row 0
    column: int = -1
    table: int = -1  # which table of the text a cell stands in
    picture: bool = False  # words that describe one: many readers never see them


NOWHERE = Leaf("prose", -1)


class Span(NamedTuple):
    """A stretch of the text that is seen or hidden as one. Offsets are code points in the text."""

    start: int
    end: int
    role: Role
    leaf: Leaf  # of what is hidden: that of the words before it, or ``NOWHERE``
    shown: str = ""  # what readers see, where that is not what stands there: an entity
    struck: bool = False
    linked: bool = False  # the words of a link
    pictured: bool = False  # the description of a picture


class Block(NamedTuple):
    """A paragraph, a heading, a list item, a table row, a line of code, …"""

    start: int  # of its first line
    end: int  # with the blank lines that follow
    kind: BlockKind


class Open(NamedTuple):
    """What tags leave open for what follows."""

    inline_struck: int = 0  # words within lines
    struck: int = 0
    role: Role = "prose"  # of the block, and its level
    level: int = 0
    linked: int = 0
    quoting: int = 0
    table: int = -1  # tables count down from -2: no number of one of Markdown is negative
    row: int = -1
    column: int = -1


NOTHING_OPEN = Open()


class Section:
    """A part of a text that was read by itself; offsets count from its beginning."""

    __slots__ = ("_words", "leaves", "marks", "pictures", "spans", "state", "templated", "text")

    def __init__(self, text: str, templated: bool) -> None:
        self.text = text
        self.templated = templated
        self.state = NOTHING_OPEN  # at its end
        # As ``Span``, but for the leaf: its place among the leaves, or -1.
        self.spans: list[tuple[int, int, Role, int, str, bool, bool, bool]] = []
        self.leaves: list[Leaf] = []
        self.pictures: list[tuple[int, int]] = []  # whole, with their descriptions
        self.marks: dict[int, BlockKind] = {}  # where blocks begin
        self._words: str | None = None

    def hide(self, start: int, end: int, role: Role, leaf: int) -> None:
        """Add what is hidden."""
        self.spans.append((start, end, role, leaf, "", False, False, False))

    @property
    def words(self) -> str:
        """What readers see of it."""
        if self._words is None:
            self._words = _words(self.text, self.spans)
        return self._words


class Markup:
    """One text, scanned: its spans, in order and without a gap from ``start`` to the end.

    A section is read when something in it is asked for.
    """

    __slots__ = ("_folded", "_placed", "_read", "_sections", "_starts", "_tagged", "start", "text")

    def __init__(
        self, text: str, starts: Sequence[int], read: Callable[[str, Open], Section]
    ) -> None:
        """``starts``: where the sections of the body begin; ``read`` reads one of them."""
        self.text = text
        self.start = starts[0]
        self._starts = starts
        self._read = read
        self._sections: dict[int, Section] = {}
        self._folded: list[str] = []
        self._placed: dict[int, list[Span]] = {}
        # Only these leave anything open for what follows.
        self._tagged = [
            number for number in range(len(starts)) if text.find("<", *self._bounds(number)) >= 0
        ]

    @property
    def sections(self) -> Sequence[int]:
        """Where the parts begin that are read by themselves."""
        return self._starts

    def _bounds(self, number: int) -> tuple[int, int]:
        starts = self._starts
        return starts[number], starts[number + 1] if number + 1 < len(starts) else len(self.text)

    def _section(self, number: int) -> Section:
        if number not in self._sections:
            last = first = bisect_left(self._tagged, number)
            while first and self._tagged[first - 1] not in self._sections:
                first -= 1
            state = self._sections[self._tagged[first - 1]].state if first else NOTHING_OPEN
            for each in [*self._tagged[first:last], number]:
                start, end = self._bounds(each)
                self._sections[each] = self._read(self.text[start:end], state)
                state = self._sections[each].state
        return self._sections[number]

    def _numbers(self, start: int, end: int) -> range:
        """The sections that overlap a range."""
        return range(max(bisect_right(self._starts, start) - 1, 0), bisect_left(self._starts, end))

    def _spans(self, number: int) -> list[Span]:
        """The spans of a section, with their offsets in the text."""
        if number not in self._placed:
            section, by = self._section(number), self._starts[number]
            leaves = [
                leaf._replace(start=leaf.start + by, table=leaf.table + by * (leaf.table >= 0))
                for leaf in section.leaves
            ]
            leaves.append(NOWHERE)  # of what is hidden before all words: number -1
            self._placed[number] = [
                Span(a + by, b + by, role, leaves[leaf], shown, struck, linked, pictured)
                for a, b, role, leaf, shown, struck, linked, pictured in section.spans
            ]
        return self._placed[number]

    @property
    def spans(self) -> list[Span]:
        """All spans."""
        return [span for number in range(len(self._starts)) for span in self._spans(number)]

    @property
    def blocks(self) -> list[Block]:
        """The blocks of the body, in order and without a gap."""
        return self.blocks_within(self.start, len(self.text))

    def blocks_within(self, start: int, end: int) -> list[Block]:
        """Return the blocks of a range, cut at its ends."""
        return [
            block._replace(start=max(block.start, start), end=min(block.end, end))
            for number in self._numbers(start, end)
            for block in self._blocks(number)
            if block.start < end and block.end > start
        ]

    def blocks_back(self, place: int) -> Iterator[Block]:
        """Yield the blocks that begin at a place or before it, the last first."""
        for number in reversed(self._numbers(self.start, place + 1)):
            yield from (each for each in reversed(self._blocks(number)) if each.start <= place)

    def blocks_from(self, place: int) -> Iterator[Block]:
        """Yield the blocks that begin at a place or after it."""
        for number in self._numbers(place, len(self.text)):
            yield from (each for each in self._blocks(number) if each.start >= place)

    def _blocks(self, number: int) -> list[Block]:
        low, high = self._bounds(number)
        marks = sorted(self._section(number).marks.items()) or [(0, "paragraph")]
        begins = [low, *(low + at for at, _ in marks[1:]), high]
        return [
            Block(begin, end, kind)
            for (_, kind), begin, end in zip(marks, begins, begins[1:], strict=False)
            if begin < end
        ]

    def within(self, start: int, end: int) -> Iterator[Span]:
        """Yield the spans of a range, cut at its ends."""
        for number in self._numbers(start, end):
            spans = self._spans(number)
            for place in range(max(bisect_right(spans, start, key=_START) - 1, 0), len(spans)):
                span = spans[place]
                if span.start >= end:
                    return
                if span.end <= start:
                    continue
                if span.start < start or span.end > end:
                    span = span._replace(start=max(span.start, start), end=min(span.end, end))
                yield span

    def words(self, start: int = 0, end: int | None = None) -> str:
        """Return what readers see of a range: a space where markup parts blocks, and none else."""
        start, end = max(start, self.start), len(self.text) if end is None else end
        parts = []
        for number in self._numbers(start, end):
            low, high = self._bounds(number)
            if start <= low and high <= end:
                parts.append(self._section(number).words)
            else:
                parts.append(_words(self.text, self.within(max(start, low), min(high, end))))
        return "\n".join(parts)

    def words_with(self, letters: str) -> Iterator[str]:
        """Yield what readers see of each section that may have these letters, folded."""
        if not self._folded:
            self._folded = [
                self.text[slice(*self._bounds(number))].casefold()
                for number in range(len(self._starts))
            ]
        for number, folded in enumerate(self._folded):
            if letters in folded or "&" in folded:  # an entity may stand for letters
                yield self._section(number).words


_START = itemgetter(0)


def _words(text: str, spans: Iterable[Any]) -> str:
    """What readers see of some spans, of a section or of a text."""
    parts: list[str] = []
    leaf = None
    for span in spans:
        low, high, role, its, shown = span[:5]
        if role in SEEN:
            if parts and its != leaf:
                parts.append("\n")
            leaf = its
            parts.append(shown or text[low:high])
        elif role == "marks" and "\n" in text[low:high]:
            parts.append("\n")
    return "".join(parts)
