"""A rendered page with marks and additions, written out again without crossing a tag."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Literal, NamedTuple

from tracker.locale import FIRST, phrase, unnested
from tracker.render.plain import visible

if TYPE_CHECKING:
    from tracker.render.article_html import Node, RenderedPage

MarkKind = Literal["ins", "del", "moved"]

_BLOCKS = frozenset(
    {
        "blockquote", "caption", "dd", "details", "div", "dt", "figcaption", "figure", "h1", "h2",
        "h3", "h4", "h5", "h6", "li", "p", "pre", "summary", "td", "th",
    }
)  # fmt: skip
_NO_TEXT = frozenset(
    {"colgroup", "dl", "figure", "ol", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)


class Mark(NamedTuple):
    """What happened to a character of one version."""

    kind: MarkKind
    edit: int  # the change's edit
    number: int  # counts replacements: the two halves of one have the same
    move: int = 0  # the move that it is in; 0 for none


@dataclass(slots=True)
class MarkedSide:
    """One version: its page, and what is marked in it."""

    page: RenderedPage
    marks: dict[int, Mark] = field(default_factory=dict)  # by offset in the source

    def marked(self, node: Node) -> list[Mark | None]:
        """The mark of each character of a text node; unknown ones go with the one before them."""
        sources = node.sources
        found = list(map(self.marks.get, sources))
        if -1 in sources:
            known = [source >= 0 for source in sources]
            first = known.index(True) if True in known else 0
            for index in range(first):  # those at the very start go with the first known one
                found[index] = found[first]
            for index in range(first, len(found)):
                if not known[index] and index:
                    found[index] = found[index - 1]
        return found

    def seen(self) -> Iterator[tuple[int, int, Mark]]:
        """The marked characters that are no space: node, place in its text, mark."""
        for place, node in enumerate(self.page.nodes):
            for index, one in enumerate(map(self.marks.get, node.sources)):
                if one is not None and not node.text[index].isspace():
                    yield place, index, one

    def unit(self, node: Node) -> int:
        """The place of the block element around a text; a table's row counts as one; -1: none."""
        nodes = self.page.nodes
        for place in reversed(node.parents):
            if nodes[place].name in ("td", "th"):
                rows = [row for row in node.parents if nodes[row].name == "tr"]
                return rows[-1] if rows else place
            if nodes[place].name in _BLOCKS:
                above = node.parents[: node.parents.index(place)]
                if above and nodes[above[-1]].name == "li" and _first_in(nodes, above[-1], place):
                    return above[-1]
                return place
        return -1


def _first_in(nodes: Sequence[Node], outer: int, inner: int) -> bool:
    return all(not node.tag and not node.text.strip() for node in nodes[outer + 1 : inner])


@dataclass(slots=True)
class Additions:
    """HTML to put into a page."""

    texts: dict[int, dict[int, list[str]]] = field(default_factory=dict)  # node -> character
    blocks: dict[int, list[tuple[str, str]]] = field(default_factory=dict)  # node: wrapper, HTML

    def add_text(self, there: tuple[int, int], addition: str) -> None:
        """Put HTML before a character, given as (node, place in its text)."""
        place, index = there
        self.texts.setdefault(place, {}).setdefault(index, []).append(addition)

    def add_block(self, before: int, wrapper: str, addition: str) -> None:
        """Put HTML before a node; ``wrapper`` is "ul", "table" or ""."""
        self.blocks.setdefault(before, []).append((wrapper, addition))

    def before(self, place: int) -> str:
        """What stands before a node; neighbors that need the same wrapper share it."""
        out: list[str] = []
        open_wrapper = ""
        for wrapper, addition in [*self.blocks.get(place, ()), ("", "")]:
            if wrapper != open_wrapper:
                if open_wrapper:
                    out.append("</tbody></table>\n" if open_wrapper == "table" else "</ul>\n")
                if wrapper:
                    out.append("<table><tbody>\n" if wrapper == "table" else "<ul>\n")
                open_wrapper = wrapper
            out.append(addition)
        return "".join(out)


def written(
    side: MarkedSide, additions: Additions, places: range, announced: set[int]
) -> Iterator[str]:
    """The HTML of the nodes at ``places``; ``announced`` are the edits that were begun before."""
    nodes = side.page.nodes
    for place in places:
        yield additions.before(place)
        node = nodes[place]
        if node.tag:
            yield node.tag
            continue
        parent = nodes[node.parents[-1]].name if node.parents else ""
        if not node.text.strip() and (not parent or parent in _NO_TEXT):
            yield node.text
            continue
        marks, within = side.marked(node), additions.texts.get(place, {})
        if within or any(marks):
            yield from _written_text(node, marks, within, announced)
        else:
            yield escape(node.text, quote=False)
    if places.stop == len(nodes):
        yield additions.before(len(nodes))


def _written_text(
    node: Node,
    marks: Sequence[Mark | None],
    additions: Mapping[int, Sequence[str]],
    announced: set[int],
) -> Iterator[str]:
    start = 0
    for index in range(len(node.text) + 1):
        additional = additions.get(index)
        ends = index == len(node.text)
        if index > start and (ends or additional or marks[index] != marks[start]):
            part, one = node.text[start:index], marks[start]
            if one is None:
                yield escape(part, quote=False)
            else:
                yield mark(one.kind, part, more=one.number in announced)
                announced.add(one.number)
            start = index
        if additional:
            yield "".join(additional)


def top_level(page: RenderedPage) -> list[tuple[int, int]]:
    """Ranges of nodes: the outermost elements, each with the white space after it."""
    found: list[tuple[int, int]] = []
    place = 0
    while place < len(page.nodes):
        node = page.nodes[place]
        end = page.ends.get(place, place) + 1
        if found and not node.tag and not node.text.strip():
            found[-1] = (found[-1][0], end)
        else:
            found.append((place, end))
        place = end
    return found


def aligned(
    left: int, right: int, pairs: Iterable[tuple[int, int]]
) -> list[tuple[list[int], list[int]]]:
    """Rows for two columns of blocks, in order: those that share words stand beside each other.

    ``left`` and ``right`` count the blocks; ``pairs`` are those that have words in common, of which
    none crosses another. What was deleted stands beside what was inserted at the same place.
    """
    rows: list[tuple[list[int], list[int]]] = []
    i = j = 0

    def single(until_left: int, until_right: int) -> None:
        nonlocal i, j
        while i < until_left or j < until_right:
            row: tuple[list[int], list[int]] = ([], [])
            if i < until_left:
                row[0].append(i)
                i += 1
            if j < until_right:
                row[1].append(j)
                j += 1
            rows.append(row)

    linked = False
    for one, other in sorted(pairs):
        if linked and (one < i or other < j):
            # It shares a block with the row before: they are one row.
            rows[-1][0].extend(range(i, one + 1))
            rows[-1][1].extend(range(j, other + 1))
            i, j = max(i, one + 1), max(j, other + 1)
            continue
        single(one, other)
        rows.append(([one], [other]))
        i, j = one + 1, other + 1
        linked = True
    single(left, right)
    return rows


# --- the HTML elements that mark a change ---------------------------------------------------------


_FIRST_WORDS = 8


def mark(kind: MarkKind, text: str, *, more: bool = False) -> str:
    """``text`` marked; "" for no text. ``more``: it goes on an edit that was announced before."""
    if not text:
        return ""
    shown = html.escape(visible(text), quote=False)
    name = "span" if kind == "moved" else kind
    classes = [*(["tracker-moved"] if kind == "moved" else []), *(["tracker-more"] if more else [])]
    attribute = f' class="{" ".join(classes)}"' if classes else ""
    return f"<{name}{attribute}>{shown}</{name}>"


def change_marks(old: str, new: str) -> str:
    """What went and what came."""
    return mark("del", old) + mark("ins", new)


def move_link(
    move: int,
    end: Literal["from", "to"] = "to",
    *,
    linked: bool = True,
    language: str = FIRST,
) -> str:
    """The sign at one end of a move, which leads to its other end where that is on the page."""
    key = "comparison.moved_here" if end == "to" else "comparison.moved_from_here"
    return _sign(move, end, phrase(language, key).format(number=move), linked=linked) + " "


def move_stub(move: int, old: str, *, linked: bool = True, language: str = FIRST) -> str:
    """What stands where a passage was: a link to where it is, and its first words."""
    words = visible(old).split(maxsplit=_FIRST_WORDS)
    more = "…" if len(words) > _FIRST_WORDS else ""
    beginning = html.escape(" ".join(words[:_FIRST_WORDS])[:100], quote=False)
    shown = beginning + more
    pattern = unnested(phrase(language, "comparison.moved_words"), {"words": shown}, language)
    return _sign(move, "from", pattern.format(number=move, words=shown), linked=linked)


def _sign(move: int, end: Literal["from", "to"], words: str, *, linked: bool) -> str:
    if not linked:
        return f'<span class="tracker-move">{words}</span>'
    other = "from" if end == "to" else "to"
    return f'<a class="tracker-move" id="move-{move}-{end}" href="#move-{move}-{other}">{words}</a>'
