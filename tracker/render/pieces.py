"""Cuts Markdown where each piece, rendered alone, gives what it gives within the whole.

An article is edited a sentence at a time, and its versions share nearly all of their paragraphs:
rendered piece by piece, only what is new has to be rendered. A cut stands before a line that
follows a blank one and begins, without indentation, as a paragraph or a heading does. There
Python-Markdown begins a new element whatever came before, unless something reaches over blank
lines:

- definitions of links and footnotes reach everywhere, and a definition list back to the paragraph
  before it: a text that may have one is not cut at all;
- a fenced block, and HTML other than that below, reach forward: from the piece on in which the
  first stands, the rest is one piece;
- an element reaches to its end tag: there is no cut in one.

HTML that is understood is well-formed and well-nested. Elements of blocks begin a line, and end
one: there Markdown takes them as they are, up to the end tag. Elsewhere only elements of words may
stand, with nothing in them that Markdown might part the end tag from its start tag for. What is not
known to be harmless counts as harmful.
"""

from __future__ import annotations

import re
from functools import cache

_OF_WORDS = frozenset(
    ["a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "q", "s", "small", "span",
     "strong", "sub", "sup", "u"]
)  # fmt: skip
_OF_BLOCKS = frozenset(
    ["article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "footer",
     "h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "ol", "p", "section", "table", "tbody",
     "td", "tfoot", "th", "thead", "tr", "ul"]
)  # fmt: skip


@cache
def _everywhere() -> re.Pattern[str]:
    """What has meaning far from where it stands, or might have."""
    return re.compile(
        r"\]:|\[\^"  # definitions of links and footnotes
        r"|^[ \t]*:"  # definition lists
        r"|\r|[\x80-\x9f\u2028\u2029]"  # ends of lines to some, and not to others
        r"|&(?![ \n]|[A-Za-z][A-Za-z0-9]*[^A-Za-z0-9]|\#[0-9]{1,7};|\#[xX][0-9A-Fa-f]{1,6};)",
        re.MULTILINE,
    )


@cache
def _cut() -> re.Pattern[str]:
    """Blank lines before a line that begins a paragraph or a heading."""
    return re.compile(
        r"(?<=[^\n \t])\n(?:[ \t]*+\n)++"
        r"(?=[^\W\d_]|\d+[^\d.\n]|[\"'“”‘’«»„(¿¡—–…$€£{\[]|!\[|\*{1,3}[^\s*]|_{1,3}[^\s_]"
        r"|\#{1,6}[ ]*[^\s\#])"
    )


@cache
def _forward() -> re.Pattern[str]:
    """A fence; what is whole in itself; a tag of an element; any other sign that may begin HTML."""
    name = r"[A-Za-z][A-Za-z0-9]*"
    attributes = r"(?:\s+[A-Za-z_:][A-Za-z0-9_:.-]*+(?:=\"[^\"<>`]*+\")?)*+\s*+"
    return re.compile(
        r"^[ \t]*(?:```|~~~)"
        # A void element has no end tag, so that only its ">" has to be sure.
        r"|(?P<void><(?:br|img)(?:(?=[\s/>])(?:=\s*\"[^\"<>`]*+\"|[^<>=`]|=(?!\s*[\"']))*+)>)"
        r"|(?P<whole><hr[ ]?/?>|<!--(?:[^<>-]|-(?![->]))*+-->"
        rf"|<(?P<raw>script|style|iframe){attributes}>(?P<content>[^<]*+)</(?P=raw)>)"
        r"|(?P<link><(?:https?://[^<>\s\"'`]++|[\w.+-]++@[\w.-]++)>)"
        rf"|<(?P<end>/?)(?P<name>{name})(?P<attributes>{attributes})>"
        r"|<(?![ \d=\n])",
        re.MULTILINE,
    )


def pieces(body: str) -> list[str]:
    """The pieces, in order; joined, they are the body. At least one."""
    if _everywhere().search(body):
        return [body]
    places = [found.end() for found in _cut().finditer(body)]
    if "<" in body or "```" in body or "~~~" in body:
        places = _outside(body, places)
    starts = [0, *places]
    return [body[start:end] for start, end in zip(starts, [*places, len(body)], strict=True)]


@cache
def _words() -> re.Pattern[str]:
    """What may stand in an element within a line: no code, link, picture or table begins in it."""
    return re.compile(r"(?:[^<>|`\[\]\\\n]|\n(?=[^\W\d_]))*+")


def _outside(body: str, places: list[int]) -> list[int]:
    """Those of the places that stand in no element, and before all that reaches forward."""
    kept: list[int] = []
    elements = _Elements(body)
    at = 0
    for found in _forward().finditer(body):
        while at < len(places) and places[at] < found.end():
            if places[at] <= found.start() and not elements.open:
                kept.append(places[at])
            at += 1
        if not elements.take(found):
            return kept
    return kept if elements.open else kept + places[at:]


class _Elements:
    """The elements that are open, as a text is read on from tag to tag."""

    def __init__(self, body: str) -> None:
        self._body = body
        self._last = 0  # the end of the tag before
        self._as_it_is = False  # within a block of HTML, up to its end tag
        self.open: list[str] = []

    def take(self, found: re.Match[str]) -> bool:
        """Read a sign; False where it may reach forward, or is not understood."""
        of_words = bool(self.open) and not self._as_it_is
        before, self._last = self._last, found.end()
        if of_words and not _words().fullmatch(self._body, before, found.start()):
            return False
        if found["void"]:
            return True
        if found["link"]:
            return not self.open
        if found["whole"]:
            return not of_words and self._stands_alone(found)
        name = (found["name"] or "").lower()
        if name not in _OF_WORDS and name not in _OF_BLOCKS:
            return False
        return self._ends(name, found) if found["end"] else self._begins(name, found)

    def _stands_alone(self, found: re.Match[str]) -> bool:
        if self._as_it_is:
            return True
        if _begins_line(self._body, found.start()):
            return _ends_line(self._body, found.end())
        return not found["content"]

    def _begins(self, name: str, found: re.Match[str]) -> bool:
        if not self._as_it_is and name in _OF_BLOCKS:
            if self.open or not _begins_line(self._body, found.start()):
                return False
            self._as_it_is = True
        self.open.append(name)
        return True

    def _ends(self, name: str, found: re.Match[str]) -> bool:
        if found["attributes"] or not self.open or self.open.pop() != name:
            return False
        if self._as_it_is and not self.open:
            self._as_it_is = False
            return _ends_line(self._body, found.end())
        return True


def _begins_line(body: str, place: int) -> bool:
    """Whether only the indentation that Markdown allows stands before a place."""
    start = body.rfind("\n", 0, place) + 1
    before = body[start:place] if place - start <= 3 else "-"
    return not before.strip() and "\t" not in before


@cache
def _rest() -> re.Pattern[str]:
    return re.compile(r"[ \t]*+(?:\n|\Z)")


def _ends_line(body: str, place: int) -> bool:
    return _rest().match(body, place) is not None
