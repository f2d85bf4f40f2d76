"""Bodies of articles from other systems, as Markdown: HTML of a CMS, and wikitext."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from tracker.sources.versions import missing

if TYPE_CHECKING:
    from mwparserfromhell.nodes import Node, Template
    from mwparserfromhell.wikicode import Wikicode

Markup = Literal["markdown", "keep", "strip"]
"""What becomes of a body's own markup: Markdown, as it stood, or words alone."""

# --- HTML -----------------------------------------------------------------------------------------

_EDITOR = re.compile(r"<!--\s*/?wp:.*?-->[ \t]*\n?", re.DOTALL)
_MORE = re.compile(r"<!--\s*(?:more|nextpage|noteaser).*?-->")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_BLOCK = (
    r"(?:address|article|aside|blockquote|details|div|dl|dd|dt|fieldset|figcaption|figure|footer|"
    r"form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|"
    r"ul)"
)
_IS_BLOCK = re.compile(rf"\s*</?{_BLOCK}\b", re.IGNORECASE)
_AROUND_BLOCKS = re.compile(rf"(?=<{_BLOCK}\b)|(?<=</)({_BLOCK})\s*>", re.IGNORECASE)
_UNSPLIT = re.compile(r"(?is)<(pre|script|style|textarea)\b.*?(?:</\1\s*>|\Z)")
_MANY_LINES = re.compile(r"\n{3,}")
# Markdown takes these back when they are escaped; of "~ = + >" it keeps the backslash, or they
# mean nothing inside a line.
_SPECIAL = re.compile(r"([\\`*_\[\]])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_START = re.compile(r"(^|\n)(\s*)(#{1,6}(?=\s)|[-+>](?=\s|$)|=+(?=\s*$)|-{2,}(?=\s*$)|:(?=\s)|\|)")
_NUMBERED = re.compile(r"(^|\n)(\s*\d{1,9})([.)])(?=\s)")


def html_body(html: str, markup: Markup = "markdown", *, paragraphs: bool = False) -> str:
    """A body in HTML with its markup as asked for.

    ``paragraphs``: empty lines part paragraphs and line ends are line breaks, as WordPress keeps
    texts that were written without ``<p>``. Scripts, styles and comments have no words that a
    reader sees, and do not come into Markdown.
    """
    if markup == "keep":
        return html
    html = _COMMENT.sub("", _MORE.sub("", _EDITOR.sub("", html.replace("\r\n", "\n"))))
    if html.count("<") > 2 * html.count(">") + _MOST_OPEN:
        raise ValueError("its tags do not end")  # the parser looks for the end of each of them
    if paragraphs:
        html = _with_paragraphs(html)
    body = _converter()(html)
    body = _MANY_LINES.sub("\n\n", body).strip("\n")
    return _words_alone(body) if markup == "strip" else body


_MOST_OPEN = 1_000  # signs "<" that may stand without their ">"


def _with_paragraphs(html: str) -> str:
    """The paragraphs that empty lines make, outside of blocks of their own."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\n\n\0{len(kept) - 1}\0\n\n"

    html = _UNSPLIT.sub(keep, html.replace("\0", ""))
    html = _AROUND_BLOCKS.sub(lambda found: f"{found[0]}\n\n" if found[0] else "\n\n", html)
    parts = []
    for part in re.split(r"\n\s*\n", html):
        part = part.strip()
        if not part:
            continue
        if part.startswith(("\0", "</")) or _IS_BLOCK.match(part):
            parts.append(part)
        else:
            parts.append(f"<p>{part.replace(chr(10), '<br>')}</p>")
    return re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], "\n".join(parts))


def _words_alone(markdown: str) -> str:
    import markdown as library
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(library.markdown(markdown), "html.parser")
    for each in soup.find_all(("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre")):
        each.append("\n\n")
    return _MANY_LINES.sub("\n\n", soup.get_text()).strip()


@cache
def _converter() -> Callable[[str], str]:
    """A function from HTML to Markdown. Raises ``TrackerError`` where the library is missing."""
    try:
        from markdownify import MarkdownConverter
    except ImportError:
        raise missing("markdownify", "A body in HTML") from None

    class Converter(MarkdownConverter):
        """Markdown that Python-Markdown turns into the same words again."""

        def escape(self, text: str, parent_tags: Any) -> str:
            text = _ENTITY.sub("&amp;", _SPECIAL.sub(r"\\\1", text)).replace("<", "&lt;")
            text = _START.sub(_escaped_start, text)
            return _NUMBERED.sub(r"\1\2\\\3", text)

        def _block(self, el: Any, text: str, parent_tags: Any) -> str:
            return text if "_inline" in parent_tags else f"\n\n{text.strip()}\n\n"

        convert_aside = convert_footer = convert_header = convert_section = _block
        convert_address = convert_nav = convert_details = convert_summary = _block
        convert_figure = convert_figcaption = convert_main = convert_form = _block

        def _nothing(self, el: Any, text: str, parent_tags: Any) -> str:
            return ""

        convert_script = convert_style = convert_template = convert_noscript = _nothing

    converter = Converter(heading_style="atx", bullets="-", newline_style="spaces")

    def convert(html: str) -> str:
        try:
            return str(converter.convert(html))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    return convert


def _escaped_start(found: re.Match[str]) -> str:
    before, spaces, mark = found.groups()
    if mark == "|":
        return f"{before}{spaces}\\|"
    return f"{before}{spaces}\\{mark}"


# --- wikitext -------------------------------------------------------------------------------------

PUBLISHED = frozenset({"publish", "published", "archived", "archive"})
"""Templates of Wikinews by which an article is out."""

_NOTES = {
    "correction": "Correction",
    "corrections": "Correction",
    "clarification": "Clarification",
    "retraction": "Retraction",
    "retracted": "Retraction",
    "update": "Update",
    "updated": "Update",
    "editor note": "Editor's note",
    "editors note": "Editor's note",
    "editor's note": "Editor's note",
}
_SHOWS_SECOND = frozenset({"w", "wp", "wikipedia", "lang", "abbr", "tooltip"})
_LEFT_OUT = frozenset({"ref", "references", "gallery", "imagemap", "timeline", "score", "math"})
_LIST_MARKS = re.compile(r"(?:\0[*#:;])+[ \t]*")


class Wikitext:
    """One text of a wiki: its body, and what its templates say."""

    def __init__(self, text: str) -> None:
        try:
            import mwparserfromhell
        except ImportError:
            raise missing("mwparserfromhell", "Wikitext") from None
        self._code: Wikicode = mwparserfromhell.parse(text)
        self.date: str | None = None  # the words of {{date|…}}, or of a byline
        self.published = False
        self.left_out = Counter[str]()  # templates that have no words here
        for each in self._code.filter_templates(recursive=False):
            name = _template(each)
            self.published |= name in PUBLISHED
            if name in ("date", "byline") and self.date is None:
                self.date = _value(each, "date") or _value(each, 1) or None

    def body(self, markup: Markup) -> str:
        """The body as Markdown, or in words alone."""
        words = markup == "strip"
        found = "".join(self._node(node, words=words) for node in self._code.nodes)
        found = _LIST_MARKS.sub(lambda marks: "" if words else _item(marks[0]), found)
        return _MANY_LINES.sub("\n\n", found).strip()

    def _inner(self, code: object, *, words: bool) -> str:
        nodes = getattr(code, "nodes", ())
        return "".join(self._node(node, words=words) for node in nodes)

    def _node(self, node: Node, *, words: bool) -> str:
        from mwparserfromhell import nodes

        if isinstance(node, nodes.Text):
            return _lines(str(node), words=words)
        if isinstance(node, nodes.Heading):
            title = self._inner(node.title, words=words).strip()
            return title if words else f"{'#' * max(node.level, 2)} {title}"
        if isinstance(node, nodes.Wikilink):
            return self._wikilink(node, words=words)
        if isinstance(node, nodes.ExternalLink):
            title = self._inner(node.title, words=words).strip() if node.title else ""
            target = str(node.url)
            return title or target if words else f"[{title}]({target})" if title else f"<{target}>"
        if isinstance(node, nodes.Tag):
            return self._tag(node, words=words)
        if isinstance(node, nodes.HTMLEntity):
            return str(node.normalize())
        if isinstance(node, nodes.Template):
            return self._template(node, words=words)
        return ""  # comments and arguments

    def _wikilink(self, node: Any, *, words: bool) -> str:
        target = str(node.title).strip()
        space = target.lstrip(":").partition(":")[0].lower()
        if not target.startswith(":") and space in ("file", "image", "category"):
            return ""
        return self._inner(node.text, words=words) if node.text else target.lstrip(":")

    def _tag(self, node: Any, *, words: bool) -> str:
        name = str(node.tag).strip().lower()
        if name in _LEFT_OUT or name in ("table", "tr", "td", "th"):
            if name != "ref":
                self.left_out[f"<{name}>"] += 1
            return ""
        if node.wiki_markup and name in ("li", "dt", "dd"):
            return "\0" + str(node.wiki_markup)[-1]  # made a list when the lines are known
        if name == "br":
            return "\n" if words else "  \n"
        if name == "hr":
            return "" if words else "---"
        inner = self._inner(node.contents, words=words) if node.contents else ""
        mark = "" if words else {"b": "**", "strong": "**", "i": "*", "em": "*"}.get(name, "")
        if name == "blockquote" and not words:
            return "\n\n" + "\n".join(f"> {line}" for line in inner.strip().split("\n")) + "\n\n"
        return f"{mark}{inner}{mark}" if inner.strip() else inner

    def _template(self, node: Template, *, words: bool) -> str:
        name = _template(node)
        label = _NOTES.get(name)
        if label is not None:
            day, said = _value(node, "date"), self._text_of(node, words=words)
            return f"\n\n{label}{f', {day}' if day else ''}: {said}\n\n" if said else ""
        if name in _SHOWS_SECOND:
            position = 2 if node.has(2) and _value(node, 2) else 1
            return _value(node, position)
        if name in ("date", "byline") or name in PUBLISHED:
            return ""
        if name in ("quote", "cquote", "pullquote", "blockquote") and node.has(1):
            return self._inner(node.get(1).value, words=words)
        self.left_out[name[:40]] += 1
        return ""

    def _text_of(self, node: Template, *, words: bool) -> str:
        """What a note's template tells readers: its text, or its first unnamed value."""
        for key in ("text", "1", "reason"):
            if node.has(key) and str(node.get(key).value).strip():
                said = self._inner(node.get(key).value, words=words)
                return " ".join(said.replace("\0", "").split())
        return ""


def _item(marks: str) -> str:
    """The beginning of a list item; a definition or an indented line is a plain one."""
    kinds = [mark for mark in marks if mark in "*#:;"]
    if kinds[-1] in ":;":
        return ""
    return "    " * (len(kinds) - 1) + ("- " if kinds[-1] == "*" else "1. ")


def _lines(text: str, *, words: bool) -> str:
    if words:
        return text
    return _SPECIAL.sub(r"\\\1", text).replace("<", "&lt;")


def _template(node: Template) -> str:
    return " ".join(str(node.name).replace("_", " ").split()).lower()


def _value(node: Template, name: str | int) -> str:
    if not node.has(name):
        return ""
    return " ".join(str(node.get(name).value.strip_code()).split())
