"""Markdown as clean HTML. The Markdown is untrusted, and costs bounded time."""

from __future__ import annotations

import html
import re
import threading
from functools import cache
from typing import TYPE_CHECKING

from cachetools import LRUCache, cached

if TYPE_CHECKING:
    from markdown import Markdown
    from nh3 import Cleaner

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
_MOST_OPEN_BRACKETS = 200  # in one paragraph, or that many in all when squares are added
_MOST_MARKED = 2000  # lines of one paragraph that begin a heading or an item
_MOST_SPECIAL = 6000  # characters with a meaning in Markdown, counted the same way


def rendered(body: str) -> str:
    """The whole of some Markdown as clean HTML, made at once. Never raises."""
    return cleaned(_without_template_code(markdown(body)))


def whole_html(body: str) -> str:
    """The same, but for blank lines between elements: each piece is made alone, and remembered."""
    parts = [piece_html(inner(piece)[1]) for piece in parted(body)]
    return "\n".join(part for part in parts if part)


@cached(LRUCache(8_000_000, getsizeof=lambda made: 4 * len(made) + 250), lock=threading.Lock())
def piece_html(piece: str) -> str:
    """A piece, as ``inner`` gives it, as clean HTML."""
    return f"<p>{piece}</p>" if is_prose(piece) else rendered(piece)


def parted(body: str) -> list[str]:
    """The pieces of some Markdown; one where it would take Markdown long."""
    return [body] if hostile(body) else pieces(body)


@cache
def _blank_before() -> re.Pattern[str]:
    return re.compile(r"(?:\n(?:[ \t]*\n)*+)?")


def inner(piece: str) -> tuple[int, str]:
    """A piece without the blank lines around it, and how many characters of them come before.

    Those at its end mean something where HTML is not closed: there they stay.
    """
    found = _blank_before().match(piece)
    start = found.end() if found else 0
    return start, piece[start:] if "<" in piece else piece[start:].rstrip("\n")


@cache
def _prose() -> re.Pattern[str]:
    line = r"(?:[^\W\d_]|[\"'“‘(])(?:[^\W_]|[ .,;:!?'\"’‘“”()—–%$€£/…-])*+(?<! )"
    return re.compile(rf"{line}(?:\n{line})*+")


def is_prose(piece: str) -> bool:
    """Whether it is one paragraph in which no character means anything to Markdown or HTML."""
    return _prose().fullmatch(piece) is not None


# --- Markdown ------------------------------------------------------------------------------------


def markdown(body: str) -> str:
    """Some Markdown as HTML, not cleaned; plain paragraphs where it would take too long."""
    if hostile(body):
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
        (re.compile(r"<[A-Za-z/!?][^<>]*+(?!>)"), 300),  # tags that do not end
        (re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE), 400),  # fences
        (re.compile(r"^[ \t]{60,}", re.MULTILINE), 100),  # lists in lists in lists
    )


@cache
def _marked_lines() -> re.Pattern[str]:
    # Headings, underlines and items: after each, Markdown takes the rest of the paragraph anew.
    return re.compile(r"^[ \t>]*+(?:[=#*+-]|\d{1,9}[.)])", re.MULTILINE)


def hostile(body: str) -> bool:
    """Whether Markdown would take more than a moment: its time grows with squares of these."""
    if len(body) > LARGEST or body.count("\n\n") > 8000:
        return True
    for pattern, most in _signs():
        if sum(1 for _ in pattern.finditer(body)) > most:
            return True
    tags = body.count("<")
    if tags > 300 and tags - 2 * body.count("</") - body.count("/>") > 300:
        return True  # elements in elements in elements
    open_brackets = special = marked = 0
    for paragraph in body.split("\n\n"):
        if paragraph.count("\n") > 60:
            marked += sum(1 for _ in _marked_lines().finditer(paragraph)) ** 2
        opened = paragraph.count("[")
        if opened > 30:
            closed = len(re.findall(r"\[[^\[\]]*+\](?:\([^\s()]*+\))?(?!\()", paragraph))
            open_brackets += (opened - closed) ** 2
        special += sum(paragraph.count(sign) for sign in "*_[`\\<&!") ** 2
    return (
        open_brackets > _MOST_OPEN_BRACKETS**2
        or special > _MOST_SPECIAL**2
        or marked > _MOST_MARKED**2
    )


def _paragraphs(body: str) -> str:
    parts = re.split(r"\n[ \t\r]*\n\s*", body)
    return "\n".join(f"<p>{html.escape(part, quote=False)}</p>" for part in parts if part.strip())


def _without_template_code(made: str) -> str:
    """HTML without the tags of Jekyll, Liquid and Hugo: a site's generator takes them out.

    Expressions stay, ``{{ price }}``: words of the article would stand there. So does what is shown
    as code.
    """
    if "{%" not in made and "{{" not in made:
        return made
    out: list[str] = []
    at = depth = 0
    for tag in _code().finditer(made):
        piece = made[at : tag.end()]
        out.append(piece if depth else _template_tag().sub(_TAKEN, piece))
        depth = max(depth + (-1 if tag[1] else 1), 0)
        at = tag.end()
    out.append(made[at:] if depth else _template_tag().sub(_TAKEN, made[at:]))
    return re.sub(rf"<p>\s*+(?:{_TAKEN}\s*+)++</p>", "", "".join(out)).replace(_TAKEN, "")


_TAKEN = "\ufdd0"  # stands for what was taken out; no character of any text


@cache
def _code() -> re.Pattern[str]:
    return re.compile(r"<(/?)(?:pre|code)\b[^<>]*+>")


@cache
def _template_tag() -> re.Pattern[str]:
    inside = r"(?:[^{}<>%]|%(?!\})|</?(?:em|strong)>)*+"
    return re.compile(
        rf"\{{%{inside}%\}}|\{{\{{%{inside}%\}}\}}|\{{\{{&lt;(?:[^{{}}<>&]|&(?!gt;\}}))*+&gt;\}}\}}"
    )


def cleaned(made: str) -> str:
    """HTML with the elements of running text alone, well-formed and closed in itself."""
    return _cleaner().clean(made)


@cache
def _cleaner() -> Cleaner:
    import nh3

    return nh3.Cleaner(
        tags=set(_TAGS.split()),
        attributes={name: set(kept) for name, kept in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


# --- cuts Markdown where each piece, rendered alone, gives what it gives within the whole ---------

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
