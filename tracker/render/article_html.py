"""An article's Markdown as safe HTML, in which each visible character knows its source.

The article is untrusted: ``nh3`` keeps the elements of running text and drops the rest, and
``ins`` and ``del`` are kept for the diff alone. To know where a visible character stands in the
source, each word is given a mark before the Markdown is rendered: one private character of its own,
which Markdown passes through. What is between two marks is matched character by character. A
second rendering without marks is the proof that they changed nothing; where they did, fewer words
are marked. All of it is done for each piece of the article (see ``pieces``), and remembered.
"""

from __future__ import annotations

import html
import re
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import NamedTuple

from cachetools import LRUCache, cached

from tracker.render.markdown_html import inner, is_prose, parted, piece_html, rendered, whole_html

_FIRST = 0xF0000  # supplementary private use area A, then B, without their last two code points
_PLANE = 0xFFFE
_MOST = 2 * _PLANE


def _nowhere() -> array[int]:
    return array("i")


CLOSED = "closed"
"""The name of a node that holds a whole piece of an article, which is not looked into."""


@dataclass(slots=True)
class Node:
    """A tag, or a run of text between two tags."""

    tag: str = ""  # "<p>", "</p>", "<br>" as cleaned; "" for text
    name: str = ""  # "p"; "" for text
    text: str = ""  # unescaped
    parents: tuple[int, ...] = ()  # places of the open tags around it, outermost first
    # Of each character of text, from ``base`` on; -1: not known. Pages share it: do not change it.
    places: array[int] = field(default_factory=_nowhere)
    base: int = 0  # offset in the source

    @property
    def closing(self) -> bool:
        return self.tag.startswith("</")

    @property
    def sources(self) -> list[int]:
        """Where each character of the text stands in the source; -1: not known."""
        base = self.base
        return [place + base if place >= 0 else -1 for place in self.places]


@dataclass(slots=True)
class RenderedPage:
    """A rendered article."""

    nodes: list[Node]
    ends: dict[int, int]  # place of a start tag -> place of its end tag
    known: bool  # False: where the words stand in the source is not known
    closed: dict[int, int] = field(default_factory=dict)  # number of a closed part -> its node


class ArticlePart(NamedTuple):
    """A piece of an article, rendered for itself."""

    start: int  # offset in the source
    text: str  # Markdown, as long as its source; without blank lines around it

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def article(text: str, start: int = 0) -> str:
    """The body of an article, from ``start`` on, as safe HTML. Never raises."""
    return whole_html(_harmless(text[start:]))


def page(text: str, start: int = 0) -> RenderedPage:
    """The body of an article, from ``start`` on, with the source of each visible character."""
    return joined(parts(text, start))


def parts(text: str, start: int = 0) -> list[ArticlePart]:
    """The pieces of the body of an article, from ``start`` on, in order."""
    body = _harmless(text[start:])
    if "\t" in body:
        # Python-Markdown widens tabs by the column in which they stand, and marks would move them.
        body = _inner_space().sub(lambda found: found.group().replace("\t", " "), body)
    found: list[ArticlePart] = []
    for piece in parted(body):
        before, content = inner(piece)
        found.append(ArticlePart(start + before, content))
        start += len(piece)
    return found


def joined(pieces: Sequence[ArticlePart], closed: Collection[int] = ()) -> RenderedPage:
    """The pieces as one page. Those whose numbers are in ``closed`` are one node each: safe HTML
    in the place of a tag, in which nothing is marked.
    """
    made = RenderedPage([], {}, known=True)
    nodes = made.nodes
    for number, piece in enumerate(pieces):
        if number in closed:
            content = piece_html(piece.text)
            found = [Node(content, CLOSED)] if content else []
        else:
            page = _page_of(piece.text)
            found = page.nodes
            made.known = made.known and page.known
        if not found:
            continue
        if nodes:
            nodes.append(Node(text="\n", places=_UNKNOWN))
        shift = len(nodes)
        if number in closed:
            made.closed[number] = shift
            nodes += found
            continue
        nodes += [
            Node(
                node.tag,
                node.name,
                node.text,
                tuple([parent + shift for parent in node.parents]),
                node.places,
                piece.start,
            )
            for node in found
        ]
        made.ends.update((opened + shift, end + shift) for opened, end in page.ends.items())
    return made


_UNKNOWN = array("i", [-1])


def _weight(made: RenderedPage) -> int:
    """About how many bytes a page takes in memory."""
    return 1_000 + sum(
        250 + 4 * len(node.text) + 4 * len(node.places) + len(node.tag) for node in made.nodes
    )


@cached(LRUCache(24_000_000, getsizeof=_weight), lock=Lock())
def _page_of(piece: str) -> RenderedPage:
    """One piece, its offsets counted from its start."""
    if is_prose(piece):
        words = Node(text=piece, parents=(0,), places=array("i", range(len(piece))))
        return RenderedPage([Node("<p>", "p"), words, Node("</p>", "p")], {0: 2}, known=True)
    plain = piece_html(piece)
    for strict in (False, True):
        marked, places = _marked(piece, strict=strict)
        made = rendered(marked)
        if _marks().sub("", made) == plain:
            return _page(made, piece, places, known=True)
    return _page(plain, piece, [], known=False)


@cache
def _marks() -> re.Pattern[str]:
    return re.compile("[\U000f0000-\U0010ffff]")


@cache
def _inner_space() -> re.Pattern[str]:
    return re.compile(r"(?<=\S)[ \t]+")


@cache
def _harmful() -> re.Pattern[str]:
    # Private characters of the two upper planes, which are the marks here; controls, two of which
    # Python-Markdown uses for itself; lone surrogates. Each becomes one character: offsets stay.
    return re.compile("[\U000f0000-\U0010ffff\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _harmless(body: str) -> str:
    return _harmful().sub("\ufffd", body)


# --- marks ---------------------------------------------------------------------------------------


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"\w+")


@cache
def _unsafe() -> re.Pattern[str]:
    """Where a mark would change what Markdown sees: targets, labels, tags, code fences' names."""
    return re.compile(
        r"^[ \t]*(?:```|~~~).*$"  # the line of a fence
        r"|^[ ]{0,3}\[[^\]\n]{0,300}\]:.*$"  # a link's or footnote's definition
        r"|\]\((?:[^()\n]++|\([^()\n]*+\))*+\)"  # a link's target
        r"|\]\[[^\[\]\n]{0,300}\]|\[\^[^\[\]\n]{0,300}\]"  # a link's label, a footnote's
        r"|<[^<>]{0,2000}>|&\#?\w{1,32};|\b\w{1,20}://\S+|\b[\w.+-]{1,64}@\S+|\{[^{}\n]*\}",
        re.MULTILINE,
    )


@cache
def _plain_line() -> re.Pattern[str]:
    return re.compile(r"(?![ \t])[\w \t.,;:!?'\"’‘“”()—–%$€£/-]*+\r?")


def _unsafe_ranges(body: str) -> list[tuple[int, int]]:
    found = [match.span() for match in _unsafe().finditer(body)]
    labels = {
        " ".join(match[1].lower().split())
        for match in re.finditer(r"^[ ]{0,3}\[([^\]\n]+)\]:", body, re.MULTILINE)
    }
    if labels:
        found += [
            match.span()
            for match in re.finditer(r"\[([^\[\]]{1,300})\]", body)
            if " ".join(match[1].lower().split()) in labels
        ]
    at = body.find("<!--")
    while at >= 0:
        end = body.find("-->", at)
        end = len(body) if end < 0 else end
        found.append((at, end))
        at = body.find("<!--", end)
    return sorted(found)


def _ends(body: str, *, strict: bool) -> Iterator[int]:
    """The ends of those words that may carry a mark."""
    if strict:
        at = 0
        for line in body.split("\n"):
            if _plain_line().fullmatch(line):
                for match in _word().finditer(body, at, at + len(line)):
                    if body[match.end() - 1].isalpha():
                        yield match.end()
            at += len(line) + 1
        return
    ranges = _unsafe_ranges(body)
    place = 0
    for match in _word().finditer(body):
        end = match.end()
        while place < len(ranges) and ranges[place][1] < end:
            place += 1
        if place < len(ranges) and ranges[place][0] < end <= ranges[place][1]:
            continue
        last, following = body[end - 1], body[end : end + 1]
        # "1." at the start of a line makes a list; "_" may open or close emphasis.
        if last == "_" or (last.isdigit() and following in (".", ")")):
            continue
        yield end


def _marked(body: str, *, strict: bool) -> tuple[str, list[int]]:
    """The body with a mark after each word that may carry one, and where each mark stands."""
    ends = list(_ends(body, strict=strict))
    step = len(ends) // _MOST + 1
    ends = ends[::step]
    parts: list[str] = []
    last = 0
    for number, end in enumerate(ends):
        parts.append(body[last:end])
        parts.append(chr(_FIRST + number + (2 if number >= _PLANE else 0)))
        last = end
    parts.append(body[last:])
    return "".join(parts), ends


# --- nodes ---------------------------------------------------------------------------------------

_VOID = frozenset({"br", "col", "hr", "img", "wbr"})


@cache
def _token() -> re.Pattern[str]:
    return re.compile(r'<(?:[^">]++|"[^"]*+")*+>|[^<]++')


def _page(made: str, body: str, places: list[int], *, known: bool) -> RenderedPage:
    nodes: list[Node] = []
    ends: dict[int, int] = {}
    stack: list[int] = []
    anchors: list[tuple[int, int, int]] = []  # node, characters before the mark, source
    seen: set[int] = set()
    for match in _token().finditer(made):
        token = match.group()
        if token.startswith("<"):
            _open_or_close(token, nodes, ends, stack)
            continue
        content, marks = _unmarked(html.unescape(token))
        for before, number in marks:
            if number < len(places) and number not in seen:
                seen.add(number)
                anchors.append((len(nodes), before, places[number]))
        nodes.append(
            Node(text=content, parents=tuple(stack), places=array("i", [-1]) * len(content))
        )
    _spread(nodes, anchors, body)
    return RenderedPage(nodes, ends, known)


def _open_or_close(token: str, nodes: list[Node], ends: dict[int, int], stack: list[int]) -> None:
    found = re.match(r"</?([a-z0-9]+)", token)
    name = found[1] if found else ""
    token = _marks().sub("", token)  # from a title or an alternative text
    if token.startswith("</"):
        if stack:
            ends[stack.pop()] = len(nodes)
        nodes.append(Node(token, name, parents=tuple(stack)))
        return
    nodes.append(Node(token, name, parents=tuple(stack)))
    if name not in _VOID:
        stack.append(len(nodes) - 1)


def _unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without its marks, and each mark as (characters before it, number)."""
    parts: list[str] = []
    marks: list[tuple[int, int]] = []
    last = length = 0
    for match in _marks().finditer(text):
        parts.append(text[last : match.start()])
        length += match.start() - last
        number = ord(match.group()) - _FIRST
        marks.append((length, number - 2 if number >= _PLANE else number))
        last = match.end()
    parts.append(text[last:])
    return "".join(parts), marks


def _spread(nodes: list[Node], anchors: list[tuple[int, int, int]], body: str) -> None:
    """Match the characters before and after each mark, as far as page and source agree."""
    last = -1, 0, 0
    for place, before, source in anchors:
        node = nodes[place]
        i, j = before, source
        # Most often nothing stands between two marks but what the page shows.
        if last[0] == place and node.text[last[1] : i] == body[last[2] : j]:
            node.places[last[1] : i] = array("i", range(last[2], j))
            _, i, j = last
        _spread_back(node, i - 1, j - 1, body)
        last = place, before, source
    for place, before, source in anchors:
        node = nodes[place]
        text, places = node.text, node.places
        i, j = before, source
        while i < len(text) and j < len(body) and places[i] < 0:
            if text[i] != body[j]:
                if body[j] not in "\\\r":
                    break
                j += 1
                continue
            places[i] = j
            i, j = i + 1, j + 1


def _spread_back(node: Node, i: int, j: int, body: str) -> None:
    text, places = node.text, node.places
    while i >= 0 and j >= 0 and places[i] < 0:
        if text[i] == body[j]:
            places[i] = j
        elif body[j] in "\\\r":
            j -= 1
            continue
        elif text[i].isspace() and body[j].isspace():
            places[i] = j
            while j > 0 and body[j - 1].isspace() and i > 0 and not text[i - 1].isspace():
                j -= 1
        else:
            return
        i, j = i - 1, j - 1
