"""The passages of a Markdown body in which a note may stand, and their words without markup.

One pass over the lines, in linear time. Not a Markdown parser: it knows as much of Markdown, HTML
and the shortcodes of site generators as it takes to tell where a paragraph begins and ends, what
is code, and what only wraps a passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tracker.text import expression
from tracker.text.front_matter import locate

OPENING = "<!-- updates -->"
CLOSING = "<!-- /updates -->"
"""The markers around the lines that are made from the notes of the front matter."""

MARK = "\x01"  # stands where emphasis begins or ends, in the words of a passage

Shape = Literal["paragraph", "heading", "item", "quote", "wrapper", "rule", "other"]


@dataclass(slots=True, eq=False, repr=False)
class BodyPassage:
    """A paragraph, heading, list item or line of markup of the body."""

    start: int  # offsets in the whole text; its own markers ("> ", "- ", "## ") included
    end: int  # before the line break
    # "wrapper": a line of nothing but markup around passages; "other": no prose.
    shape: Shape
    level: int = 0  # of a heading
    group: int = 0  # passages of one list, one quotation block or one admonition share a number
    marked: bool = False  # between <!-- updates --> and <!-- /updates -->
    boxed: str = ""  # the words of the admonition or alert around it: "note", "Update: May 3"
    raw: str = ""  # as written, the markers at its lines' beginnings left out

    def part(self, begin: int, written: str) -> BodyPassage:
        """A part of the passage that begins so far from its start, as it is written."""
        start = self.start + begin
        return BodyPassage(
            start, start + len(written.rstrip()), self.shape, self.level, self.group, self.marked,
            self.boxed, unmarked(written, self.shape),
        )  # fmt: skip

    @property
    def prose(self) -> bool:
        """Whether readers see words here that are no heading."""
        return self.shape in ("paragraph", "item", "quote")


_QUOTE = expression(r"(?: {0,3}>[ \t]?)+")
_LIST = expression(r"([ \t]*)(?:[-+*•]|\d{1,9}[.)])(?:[ \t]+|$)")
_HEADING = expression(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_FENCE = expression(r"[ \t]*(`{3,}|~{3,})")
_RULE = expression(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|=+[ \t]*)$")
_DEFINITION = expression(r" {0,3}\[[^\]\n]{1,300}\]:[ \t]*\S|\*\[[^\]\n]{1,60}\]:")
_ADMONITION = expression(
    r"[ \t]*(?:!!!|\?\?\?\+?)[ \t]+([\w-]+)(?:[ \t]+\"([^\"\n]*)\")?[ \t]*$"
    r"|[ \t]*:::+[ \t]*\{?\.?([\w-]*)[^\n]*$"
)
_ALERT = expression(r"\[!(\w{1,30})\][+-]?[ \t]*([^\n]*)$")
_SHORTCODE = expression(
    r"[ \t]*(?:\{%[^\n]{0,500}%\}|\{\{[<%][^\n]{0,500}[>%]\}\}"
    r"|\{:?[ \t]*[.#][^}\n]{0,200}\})[ \t]*$"
)
_TAGS = expression(r"[ \t]*(?:</?[a-zA-Z][^<>\n]{0,500}>[ \t]*)+$")
_CODE_OPEN = expression(
    r"[ \t]*(?:<(pre|script|style|textarea|svg)\b|\{%-?[ \t]*(highlight|raw|code|mermaid)\b"
    r"|\{\{[<%][ \t]*(highlight|code|mermaid)\b)",
    re.IGNORECASE,
)
_BREAK_TAG = expression(
    r"(?:<br[ \t]*/?>|</?(?:p|div|li|ul|ol|aside|section|blockquote|h[1-6]|header|footer|article"
    r"|details|summary)(?:[ \t][^<>]{0,500})?>)[ \t]*\n?",
    re.IGNORECASE,
)
_UPDATES_OPEN = expression(r"[ \t]*<!--[ \t]*updates\b[^>\n]*-->", re.IGNORECASE)
_UPDATES_CLOSE = expression(r"[ \t]*<!--[ \t]*/updates\b[^>\n]*-->", re.IGNORECASE)


def body_start(text: str) -> int:
    """Where the body begins: after front matter, if there is any."""
    found = locate(text)
    if found is not None:
        return found.end
    return 1 if text.startswith("\ufeff") else 0


class _PassageReader:
    """The state of the pass over the lines of one body."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.passages: list[BodyPassage] = []
        self.open: BodyPassage | None = None  # the paragraph that goes on with the next line
        self.lines: list[str] = []  # its lines without markers
        self.skip: str | None = None  # what ends the code or comment that is being passed over
        self.fence = ""
        self.marked = False
        self.group = 0
        self.in_list = False
        self.in_quote = False
        self.box = ""  # words of the admonition that is open
        self.box_indented = False
        self.blank = True

    def close(self) -> None:
        if self.open is not None:
            self.open.raw = "\n".join(self.lines)
            self.open = None
            self.lines = []

    def add(self, start: int, end: int, shape: Shape, raw: str, level: int = 0) -> BodyPassage:
        self.close()
        passage = BodyPassage(start, end, shape, level, self.group, self.marked, self.box, raw)
        self.passages.append(passage)
        return passage

    def begin(self, start: int, end: int, shape: Shape, line: str) -> None:
        self.open = self.add(start, end, shape, "")
        self.lines = [line]

    def line(self, start: int, end: int) -> None:
        line = self.text[start:end].rstrip("\r")
        end = start + len(line)
        if self.skip is not None:
            if self.skip in line.lower():
                self.skip = None
            return
        bare = line.strip()
        if self.fence:
            if bare.startswith(self.fence) and not bare.strip(self.fence[0]):
                self.fence = ""
            return
        if not bare:
            self.empty()
            return
        quote = _QUOTE().match(line)
        rest = line[quote.end() :] if quote else line
        if quote and not rest.strip():
            self.close()
            self.blank = True
            return
        self.content(start, end, line, rest, quoted=quote is not None)
        self.blank = False

    def empty(self) -> None:
        self.close()
        self.blank = True
        self.in_quote = False

    def content(self, start: int, end: int, line: str, rest: str, *, quoted: bool) -> None:
        if quoted != self.in_quote:
            if quoted:
                self.close()
                self.group += 1
                self.box = ""
            self.in_quote = quoted
        if self.box_indented and not quoted and not line.startswith(("    ", "\t")):
            self.box, self.box_indented = "", False
            self.close()
        if self.machinery(start, end, rest):
            return
        if quoted and (alert := _ALERT().match(rest.strip())):
            self.box = f"{alert[1]}: {alert[2]}" if alert[2] else alert[1]
            self.add(start, end, "wrapper", rest)
            return
        if (
            rest.startswith(("    ", "\t"))
            and self.blank
            and not (self.in_list or self.box_indented)
        ):
            return  # indented code
        self.words(start, end, rest.strip() if self.box_indented else rest, quoted=quoted)

    def machinery(self, start: int, end: int, rest: str) -> bool:
        """Whether a line is code, a comment, or markup around passages; it is dealt with then."""
        head = rest.lstrip()[:1]
        if head in "`~" and (fence := _FENCE().match(rest)) and "`" not in rest[fence.end() :]:
            self.close()
            self.fence = fence[1]
        elif head in "<{" and (code := _CODE_OPEN().match(rest)):
            self.close()
            closing = (
                f"</{code[1].lower()}" if code[1] else f"end{code[2]}" if code[2] else f"/{code[3]}"
            )
            if closing not in rest.lower():
                self.skip = closing
        elif head == "<" and rest.lstrip().startswith("<!--"):
            self.close()
            if _UPDATES_OPEN().match(rest):
                self.marked = True
            elif _UPDATES_CLOSE().match(rest):
                self.marked = False
            elif "-->" not in rest:
                self.skip = "-->"
        elif head in "!?:" and (box := _ADMONITION().match(rest)):
            self.close()
            self.group += 1
            self.box = box[2] or box[1] or box[3] or ""
            self.box_indented = rest.lstrip().startswith(("!!!", "???"))
            self.add(start, end, "wrapper", rest)
        elif (head == "{" and _SHORTCODE().match(rest)) or (head == "<" and _TAGS().match(rest)):
            self.add(start, end, "wrapper", rest)
        elif head == "|" or (head in "[*" and _DEFINITION().match(rest)):
            self.add(start, end, "other", rest)
        else:
            return False
        return True

    def words(self, start: int, end: int, rest: str, *, quoted: bool) -> None:
        if _RULE().match(rest):
            if self.open is not None and rest.strip()[0] in "=-" and not quoted:
                self.open.shape, self.open.level = "heading", 1 if rest.strip()[0] == "=" else 2
                self.open.end = end
                self.close()
            else:
                self.add(start, end, "rule", rest)
                self.in_list = False
            return
        if heading := _HEADING().match(rest):
            words = rest[heading.end() :].rstrip()
            self.add(start, end, "heading", words.rstrip("#").rstrip() or words, len(heading[1]))
            self.in_list = False
            return
        if item := _LIST().match(rest):
            if not self.in_list and not quoted:
                self.group += 1
            self.in_list = True
            self.begin(start, end, "item", rest[item.end() :])
            return
        if self.open is not None:
            self.open.end = end
            self.lines.append(rest)
            return
        if self.in_list and not rest.startswith((" ", "\t")):
            self.in_list = False
            self.group += 1
        self.begin(start, end, "quote" if quoted else "paragraph", rest)


def passages(text: str, start: int) -> list[BodyPassage]:
    """The passages of a body from ``start`` on, in order; code and comments are passed over."""
    reader = _PassageReader(text)
    at = start
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        reader.line(at, end)
        at = end + 1
    reader.close()
    return reader.passages


def pieces(passage: BodyPassage, text: str) -> list[BodyPassage]:
    """The passage cut at tags and hard line breaks that end a line for readers."""
    written = text[passage.start : passage.end]
    cuts = {0, len(written)}
    if "<" in written:
        for tag in _BREAK_TAG().finditer(written):
            opens = tag[0][1] != "/" and not tag[0].lower().startswith("<br")
            cuts.add(tag.start() if opens else tag.end())
    if "\n" in written:
        for hard in re.finditer(r"(?: {2,}|\\)\r?\n", written):
            cuts.add(hard.end())
    order = sorted(cuts)
    if len(order) == 2:
        return [passage]
    return [
        passage.part(begin, written[begin:stop])
        for begin, stop in pairwise(order)
        if written[begin:stop].strip()
    ]


def unmarked(written: str, shape: Shape) -> str:
    """A passage's lines without the markers of quotations, and of its list item or heading."""
    lines = []
    for number, line in enumerate(written.split("\n")):
        quote = _QUOTE().match(line)
        rest = line[quote.end() :] if quote else line
        if number == 0 and shape == "item" and (item := _LIST().match(rest)):
            rest = rest[item.end() :]
        if number == 0 and shape == "heading" and (heading := _HEADING().match(rest)):
            rest = rest[heading.end() :]
        lines.append(rest.rstrip("\r"))
    return "\n".join(lines)


_LITERAL = {character: chr(0xE000 + number) for number, character in enumerate("*_~[]()<>`\\:{}")}
_BACK = {ord(private): character for character, private in _LITERAL.items()}
_ESCAPED = expression(r"\\([*_~\[\]()<>`\\:{}#.!+-])")
_CODE = expression(r"(`{1,3})(?!`)([^`\n]{1,500}?)\1(?!`)")
_LINK = expression(
    r"(!?)\[((?:[^\[\]]|\[[^\[\]]{0,200}\]){0,1000})\]"
    r"(?:\(((?:[^()]|\([^()]{0,300}\)){0,2000})\)|\[([^\[\]\n]{0,200})\])"
)
_FOOTNOTE = expression(r"\[\^[^\]\s]{1,60}\]")
_AUTOLINK = expression(r"<((?:https?://|mailto:)[^<>\s]{1,2000})>")
_EMPHASIS_TAG = expression(r"</?(?:em|i|strong|b|ins|u|mark)(?:[ \t][^<>]{0,500})?>", re.IGNORECASE)
_TAG = expression(r"</?[a-zA-Z][^<>]{0,2000}>|<!--(?:[^-]|-(?!->)){0,2000}-->")
_ATTRIBUTES = expression(r"\{:?[ \t]*[.#][^{}\n]{0,200}\}")
_STARS = expression(r"(?<!\s)\*{1,3}|\*{1,3}(?!\s)")
_LINES = expression(r"(?<![^\W_])_{1,3}|_{1,3}(?![^\W_])")


def words_with_marks(raw: str) -> str:
    """What readers see of a passage; MARK stands where emphasis begins or ends.

    Texts of links and code stay, targets, tags and attributes go. Line breaks stay.
    """
    text = raw
    if "\\" in text:
        text = _ESCAPED().sub(lambda one: _LITERAL.get(one[1], one[1]), text)
    if "`" in text:
        text = _CODE().sub(lambda one: "".join(_LITERAL.get(c, c) for c in one[2]), text)
    if "[" in text:
        text = _FOOTNOTE().sub("", text)
        text = _LINK().sub(lambda one: "" if one[1] else one[2], text)
    if "<" in text:
        text = _AUTOLINK().sub(lambda one: one[1].replace("_", _LITERAL["_"]), text)
        text = _EMPHASIS_TAG().sub(MARK, text)
        text = _TAG().sub("", text)
    if "{" in text:
        text = _ATTRIBUTES().sub("", text)
    if "&" in text:
        import html  # its table of entities takes 2 ms

        text = html.unescape(text)
    if "~~" in text:
        text = text.replace("~~", "")
    if "*" in text:
        text = _STARS().sub(MARK, text)
    if "_" in text:
        text = _LINES().sub(MARK, text)
    return text.translate(_BACK)


def plain(marked: str) -> str:
    """The words of ``words_with_marks`` as one line, for readers."""
    return " ".join(marked.replace(MARK, "").split())


def plain_words(markdown: str) -> str:
    """What readers see of a piece of Markdown, on one line."""
    return plain(words_with_marks(markdown))


_HTML_LINK = expression(
    r"<a\b[^<>]{0,300}?href=[\"']([^\"'<>\s()]{1,1000})[\"'][^<>]{0,300}>([^<>]{0,1000})</a>",
    re.IGNORECASE,
)
_HTML_EMPHASIS = expression(
    r"<(strong|b|em|i)(?:[ \t][^<>]{0,300})?>(\s*)([^<>]{0,5000}?)(\s*)</\1>", re.IGNORECASE
)
_SET_APART = expression(
    r"</?(?:a|p|div|span|small|big|br|hr|em|i|strong|b|u|ins|mark|font|time|li|ul|ol|aside|section"
    r"|blockquote|h[1-6]|header|footer|article|details|summary|center)(?:[ \t/][^<>]{0,1000})?>"
    r"|<!--(?:[^-]|-(?!->)){0,2000}-->",
    re.IGNORECASE,
)
_FULL_REFERENCE = expression(r"\[((?:[^\[\]]){1,1000})\]\[[^\[\]\n]{0,200}\]")
_IMAGE = expression(r"!\[[^\[\]]{0,300}\]\([^()]{0,1000}\)")


def on_one_line(written: str) -> str:
    """A note as it stands in a body, on one line: emphasis and links stay, in Markdown.

    Markers of quotations, lists and headings, lines of nothing but markup, tags that only set a
    passage apart, and the targets of references are left out.
    """
    kept = []
    for number, line in enumerate(written.split("\n")):
        quote = _QUOTE().match(line)
        rest = (line[quote.end() :] if quote else line).strip()
        title = ""
        if alert := _ALERT().match(rest):
            rest, title = "", alert[2].strip()
        elif box := _ADMONITION().match(rest):
            rest, title = "", box[2] or ""
        elif heading := _HEADING().match(rest):
            rest, title = "", rest[heading.end() :].rstrip("# \t")
        elif _SHORTCODE().match(rest) or _RULE().match(rest) or rest.startswith("<!--"):
            continue
        elif item := _LIST().match(rest):
            rest = rest[item.end() :] if number == 0 else f"{item[0].strip()} {rest[item.end() :]}"
        if title:
            rest = title if "*" in title or "_" in title else f"**{title}**"
        kept.append(rest)
    text = " ".join(" ".join(kept).split())
    if "[" in text:
        text = _IMAGE().sub("", _FOOTNOTE().sub("", text))
        text = _FULL_REFERENCE().sub(r"\1", text)
    if "<" in text:
        text = _HTML_LINK().sub(r"[\2](\1)", text)
        for _ in range(3):
            text = _HTML_EMPHASIS().sub(_in_stars, text)
        text = _SET_APART().sub("", text)
    if "{" in text:
        text = _ATTRIBUTES().sub("", text)
    return " ".join(text.split())


def _in_stars(found: re.Match[str]) -> str:
    mark = "**" if found[1].lower() in ("strong", "b") else "*"
    words = f"{mark}{found[3]}{mark}" if found[3].strip() else ""
    return f"{found[2]}{words}{found[4]}"


def brackets(text: str) -> Iterator[tuple[int, int]]:
    """The outermost round and square brackets of a passage: offsets of both brackets.

    A bracket of a Markdown link or image is none. At most 60 pairs, each found in one pass.
    """
    closing = {"(": ")", "[": "]"}
    stack: list[tuple[str, int]] = []
    count = 0
    for match in re.finditer(r"[()\[\]]", text):
        character, at = match.group(), match.start()
        if at and text[at - 1] == "\\":
            continue
        if character in closing:
            if len(stack) < 50:
                stack.append((closing[character], at))
            continue
        while stack and stack[-1][0] != character:
            stack.pop()  # an opening bracket that nothing closes
        if not stack:
            continue
        _, begin = stack.pop()
        if character == "]" and text[at + 1 : at + 2] in ("(", "["):
            continue
        if character == ")" and begin and text[begin - 1] == "]":
            continue
        yield begin, at
        count += 1
        if count >= 60:
            return
