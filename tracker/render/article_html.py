"""An article's Markdown as safe HTML, in which each visible character knows its source.

The article is untrusted: ``nh3`` keeps the elements of running text and drops the rest, and
``ins`` and ``del`` are kept for the diff alone. To know where a visible character stands in the
source, each word is given a mark before the Markdown is rendered: one private character of its own,
which Markdown passes through. What is between two marks is matched character by character. A
second rendering without marks is the proof that they changed nothing; where they did, fewer words
are marked.
"""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from tracker.prepared import expression

if TYPE_CHECKING:
    from markdown import Markdown

LARGEST = 300_000
"""Code points of a body above which it is shown as plain paragraphs, to bound the time."""

_TAGS = (
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd details dfn div dl dt em"
    " figcaption figure h1 h2 h3 h4 h5 h6 hr i img kbd li mark ol p pre q rp rt ruby s samp small"
    " span strong sub summary sup table tbody td tfoot th thead tr u ul var wbr"
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "bdo": {"dir"},
    "col": {"span"},
    "colgroup": {"span"},
    "img": {"src", "alt", "title", "width", "height"},
    "li": {"value"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
_FIRST = 0xF0000  # supplementary private use area A, then B, without their last two code points
_PLANE = 0xFFFE
_MOST = 2 * _PLANE
_MOST_OPEN_BRACKETS = 200  # in one paragraph, or that many in all when squares are added
_MOST_SPECIAL = 6000  # characters with a meaning in Markdown, counted the same way


@dataclass(slots=True)
class Node:
    """A tag, or a run of text between two tags."""

    tag: str = ""  # "<p>", "</p>", "<br>" as cleaned; "" for text
    name: str = ""  # "p"; "" for text
    text: str = ""  # unescaped
    sources: list[int] = field(default_factory=list)  # of each character of text; -1: not known
    parents: tuple[int, ...] = ()  # places of the open tags around it, outermost first

    @property
    def closing(self) -> bool:
        """True for an end tag."""
        return self.tag.startswith("</")


@dataclass(slots=True)
class Page:
    """A rendered article."""

    nodes: list[Node]
    ends: dict[int, int]  # place of a start tag -> place of its end tag
    known: bool  # False: where the words stand in the source is not known


def article(text: str, start: int = 0) -> str:
    """The body of an article, from ``start`` on, as safe HTML. Never raises."""
    return _clean(_markdown(_harmless(text[start:])))


@lru_cache(maxsize=32)
def page(text: str, start: int = 0) -> Page:
    """The body of an article, from ``start`` on, with the source of each visible character.

    The last few are remembered, for whoever shows one version beside several others; do not
    change what is returned.
    """
    # Python-Markdown widens tabs by the column in which they stand, and marks would move them.
    body = _inner_space().sub(
        lambda found: found.group().replace("\t", " "), _harmless(text[start:])
    )
    plain = _clean(_markdown(body))
    for strict in (False, True):
        marked, places = _marked(body, strict=strict)
        rendered = _clean(_markdown(marked))
        if _marks().sub("", rendered) == plain:
            return _page(rendered, body, start, places, known=True)
    return _page(plain, body, start, [], known=False)


# --- Markdown to clean HTML ----------------------------------------------------------------------


@cache
def _marks() -> re.Pattern[str]:
    return expression("[\U000f0000-\U0010ffff]")


@cache
def _inner_space() -> re.Pattern[str]:
    return expression(r"(?<=\S)[ \t]+")


@cache
def _harmful() -> re.Pattern[str]:
    # Private characters of the two upper planes, which are the marks here; controls, two of which
    # Python-Markdown uses for itself; lone surrogates. Each becomes one character: offsets stay.
    return expression("[\U000f0000-\U0010ffff\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _harmless(body: str) -> str:
    return _harmful().sub("\ufffd", body)


def _markdown(body: str) -> str:
    if _hostile(body):
        return _paragraphs(body)
    try:
        return _parser().reset().convert(body)
    except (RecursionError, ValueError, AssertionError, IndexError, AttributeError):
        # A parser that gives up is no reason to show nothing; what it was in is not used again.
        del _here.parser
        return _paragraphs(body)


_here = threading.local()


def _parser() -> Markdown:
    """The thread's own parser: to make one takes as long as many a paragraph."""
    if not hasattr(_here, "parser"):
        import markdown

        _here.parser = markdown.Markdown(
            extensions=["tables", "fenced_code", "footnotes", "def_list", "sane_lists"],
            output_format="html",
        )
    parser: Markdown = _here.parser
    return parser


@cache
def _signs() -> tuple[tuple[re.Pattern[str], int], ...]:
    """What makes Markdown or a parser of HTML slow, and how many of each an article may have."""
    return (
        (expression(r"<[A-Za-z/!?][^<>]*+(?!>)"), 300),  # tags that do not end
        (expression(r"^[ \t]*(?:```|~~~)", re.MULTILINE), 400),  # fences
        (expression(r"^[ \t]{60,}", re.MULTILINE), 100),  # lists in lists in lists
    )


def _hostile(body: str) -> bool:
    """Whether Markdown would take more than a moment: its time grows with squares of these."""
    if len(body) > LARGEST or body.count("\n\n") > 8000:
        return True
    for pattern, most in _signs():
        if sum(1 for _ in pattern.finditer(body)) > most:
            return True
    tags = body.count("<")
    if tags > 300 and tags - 2 * body.count("</") - body.count("/>") > 300:
        return True  # elements in elements in elements
    open_brackets = special = 0
    for paragraph in body.split("\n\n"):
        opened = paragraph.count("[")
        if opened > 30:
            closed = len(re.findall(r"\[[^\[\]]*+\](?:\([^\s()]*+\))?(?!\()", paragraph))
            open_brackets += (opened - closed) ** 2
        special += sum(paragraph.count(sign) for sign in "*_[`\\<&!") ** 2
    return open_brackets > _MOST_OPEN_BRACKETS**2 or special > _MOST_SPECIAL**2


def _paragraphs(body: str) -> str:
    parts = re.split(r"\n[ \t\r]*\n\s*", body)
    return "\n".join(f"<p>{html.escape(part, quote=False)}</p>" for part in parts if part.strip())


def _clean(rendered: str) -> str:
    import nh3

    return nh3.clean(
        rendered,
        tags=set(_TAGS.split()),
        attributes={name: set(kept) for name, kept in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


# --- marks ---------------------------------------------------------------------------------------


@cache
def _word() -> re.Pattern[str]:
    return expression(r"\w+")


@cache
def _unsafe() -> re.Pattern[str]:
    """Where a mark would change what Markdown sees: targets, labels, tags, code fences' names."""
    return expression(
        r"^[ \t]*(?:```|~~~).*$"  # the line of a fence
        r"|^[ ]{0,3}\[[^\]\n]{0,300}\]:.*$"  # a link's or footnote's definition
        r"|\]\((?:[^()\n]++|\([^()\n]*+\))*+\)"  # a link's target
        r"|\]\[[^\[\]\n]{0,300}\]|\[\^[^\[\]\n]{0,300}\]"  # a link's label, a footnote's
        r"|<[^<>]{0,2000}>|&\#?\w{1,32};|\b\w{1,20}://\S+|\b[\w.+-]{1,64}@\S+|\{[^{}\n]*\}",
        re.MULTILINE,
    )


@cache
def _plain_line() -> re.Pattern[str]:
    return expression(r"(?![ \t])[\w \t.,;:!?'\"’‘“”()—–%$€£/-]*+\r?")


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
    return expression(r'<(?:[^">]++|"[^"]*+")*+>|[^<]++')


def _page(rendered: str, body: str, start: int, places: list[int], *, known: bool) -> Page:
    nodes: list[Node] = []
    ends: dict[int, int] = {}
    stack: list[int] = []
    anchors: list[tuple[int, int, int]] = []  # node, characters before the mark, source
    seen: set[int] = set()
    for match in _token().finditer(rendered):
        token = match.group()
        if token.startswith("<"):
            _open_or_close(token, nodes, ends, stack)
            continue
        content, marks = _unmarked(html.unescape(token))
        node = Node(text=content, sources=[-1] * len(content), parents=tuple(stack))
        for before, number in marks:
            if number < len(places) and number not in seen:
                seen.add(number)
                anchors.append((len(nodes), before, places[number]))
        nodes.append(node)
    _spread(nodes, anchors, body)
    for node in nodes:
        node.sources = [source + start if source >= 0 else -1 for source in node.sources]
    return Page(nodes, ends, known)


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
    for place, before, source in anchors:
        _spread_back(nodes[place], before - 1, source - 1, body)
    for place, before, source in anchors:
        node = nodes[place]
        i, j = before, source
        while i < len(node.text) and j < len(body) and node.sources[i] < 0:
            if node.text[i] != body[j]:
                if body[j] not in "\\\r":
                    break
                j += 1
                continue
            node.sources[i] = j
            i, j = i + 1, j + 1


def _spread_back(node: Node, i: int, j: int, body: str) -> None:
    while i >= 0 and j >= 0 and node.sources[i] < 0:
        if node.text[i] == body[j]:
            node.sources[i] = j
        elif body[j] in "\\\r":
            j -= 1
            continue
        elif node.text[i].isspace() and body[j].isspace():
            node.sources[i] = j
            while j > 0 and body[j - 1].isspace() and i > 0 and not node.text[i - 1].isspace():
                j -= 1
        else:
            return
        i, j = i - 1, j - 1
