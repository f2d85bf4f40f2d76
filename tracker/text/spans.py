"""What a scan of a text finds: spans with roles, the blocks they stand in, with offsets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal, NamedTuple

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


class Span(NamedTuple):
    """A stretch of the text that is seen or hidden as one. Offsets are code points in the text."""

    start: int
    end: int
    role: Role
    leaf: int  # in ``Markup.leaves``; of what is hidden: that of the words before it, or -1
    shown: str = ""  # what readers see, where that is not what stands there: an entity
    struck: bool = False
    linked: bool = False  # the words of a link
    pictured: bool = False  # the description of a picture


class Block(NamedTuple):
    """A paragraph, a heading, a list item, a table row, a line of code, …"""

    start: int  # of its first line
    end: int  # with the blank lines that follow
    kind: BlockKind


class Checkpoint(NamedTuple):
    """A place between blocks at which a scan of another version of the text may begin or end."""

    place: int
    before: int  # spans before it
    after: int  # and those up to the first words after it
    leaves: int
    pictures: int
    fences: int
    state: tuple[object, ...]  # what is open there


class Markup:
    """One text, scanned: its spans, in order and without a gap from ``start`` to the end."""

    __slots__ = (
        "_blocks", "_starts", "checkpoints", "fences", "leaves", "marks", "pictures", "spans",
        "start", "templated", "text",
    )  # fmt: skip

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        self.spans: list[Span] = []
        self.leaves: list[Leaf] = []
        self.fences: list[tuple[int, int]] = []  # fenced code, its fences included
        self.pictures: list[tuple[int, int]] = []  # whole, with their descriptions
        self.templated = False  # something that sites add to Markdown stands in it
        self.checkpoints: list[Checkpoint] = []
        self.marks: dict[int, BlockKind] = {}  # where blocks begin
        self._blocks: list[Block] | None = None
        self._starts: list[int] = []

    @property
    def blocks(self) -> list[Block]:
        """The blocks of the body, in order and without a gap."""
        if self._blocks is None:
            marks = sorted(self.marks.items())
            if not marks or marks[0][0] > self.start:
                first = marks[0][1] if marks else "paragraph"
                marks[:1] = [(self.start, first)]
            ends = [start for start, _ in marks[1:]] + [len(self.text)]
            self._blocks = [
                Block(begin, end, kind)
                for (begin, kind), end in zip(marks, ends, strict=True)
                if begin < end
            ]
        return self._blocks

    def blocks_within(self, start: int, end: int) -> list[Block]:
        """Return the blocks of a range, cut at its ends."""
        return [
            block._replace(start=max(block.start, start), end=min(block.end, end))
            for block in self.blocks
            if block.start < end and block.end > start
        ]

    def within(self, start: int, end: int) -> Iterator[Span]:
        """Yield the spans of a range, cut at its ends."""
        if not self._starts:
            self._starts = [span.start for span in self.spans]
        place = max(bisect_right(self._starts, start) - 1, 0)
        for number in range(place, len(self.spans)):
            span = self.spans[number]
            if span.start >= end:
                return
            if span.end <= start:
                continue
            if span.start < start or span.end > end:
                span = span._replace(start=max(span.start, start), end=min(span.end, end))
            yield span

    def words(self, start: int = 0, end: int | None = None) -> str:
        """Return what readers see of a range: a space where markup parts blocks, and none else."""
        parts: list[str] = []
        leaf = -1
        for span in self.within(max(start, self.start), len(self.text) if end is None else end):
            if span.role in SEEN:
                if parts and span.leaf != leaf:
                    parts.append("\n")
                leaf = span.leaf
                parts.append(span.shown or self.text[span.start : span.end])
            elif span.role == "marks" and "\n" in self.text[span.start : span.end]:
                parts.append("\n")
        return "".join(parts)

    def headings(self, level: int) -> list[tuple[int, int]]:
        """Return first and last offset of the words of each heading of a level."""
        found: dict[int, tuple[int, int]] = {}
        for span in self.spans:
            if span.role == "heading" and self.leaves[span.leaf].level == level:
                first = found.get(span.leaf, (span.start, 0))[0]
                found[span.leaf] = first, span.end
        return list(found.values())
