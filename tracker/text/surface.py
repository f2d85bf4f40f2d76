"""A passage as readers see it: visible words and marks, and what stands hidden between them.

Markdown and HTML are not rendered but scanned once, left to right: an edit needs to know only
whether the characters it touches are read, or are a link's target, a picture, or markup.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

TokenKind = Literal[
    "word", "number", "mark", "quote", "symbol",  # seen by readers
    "url", "link", "image", "markup", "boilerplate", "note", "newline",
]  # fmt: skip

SEEN = frozenset({"word", "number", "mark", "quote", "symbol"})


class Token:
    """One piece of a passage."""

    __slots__ = ("code", "end", "fold", "kind", "line", "quoted", "start", "struck", "text")

    def __init__(
        self,
        kind: TokenKind,
        start: int,
        end: int,
        text: str,
        fold: str,
        struck: bool = False,
        code: bool = False,
        line: str = "",
        quoted: bool = False,
    ) -> None:
        self.kind = kind
        self.start = start  # offsets in the whole text
        self.end = end
        self.text = text  # as readers see it: entities resolved, NFC, straight apostrophes
        self.fold = fold  # the same for comparison: casefolded
        self.struck = struck  # between ~~ and ~~: shown, and taken back
        self.code = code  # between backticks, or in a fenced block
        # For the first seen token of a line: "heading", "title", "item", "cell", …
        self.line = line
        self.quoted = quoted  # inside quotation marks


# Targets may hold one pair of parentheses and template braces with spaces; possessive quantifiers
# keep every failing match linear.
_TARGET = (
    r"(?:[^()\s{]|\{\{[^{}\n]{0,300}+\}\}|\{|\([^()\s]*+\))*+"
    r"(?:\s*(?:\"[^\"\n]*+\"|'[^'\n]*+'))?+\s*+\)"
)
_WORD = (
    r"[^\W\d_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\U00020000-\U0003ffff]"
)
# Vowel signs and accents that Python's \w leaves out.
_SIGN = (
    r"[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    r"\u0900-\u0903\u093a-\u094f\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d\u0a81-\u0acd"
    r"\u0b01-\u0b4d\u0b82-\u0bcd\u0c00-\u0c4d\u0c81-\u0ccd\u0d00-\u0d4d\u1000-\u1021\u102b-\u103e"
    r"\u17b4-\u17d3\u200c\u200d\u00ad]"
)

_SYMBOL = (
    r"[\U0001F1E6-\U0001F1FF]{2}|(?:[\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f"
    r"\u2b00-\u2bff\U0001F000-\U0001FAFF][\ufe0e\ufe0f\U0001F3FB-\U0001F3FF]*+(?:\u200d\S)?+)++"
)


@cache
def _scanner() -> re.Pattern[str]:
    return re.compile(
        rf"""
          (?P<plain>[a-z]{{1,24}}+(?=[ ]|[,;.]?\n|[,;.][ ]))
        | (?P<newline>\n)
        | (?P<comment><!--)
        | (?P<template>\{{%|\{{\{{|\{{<)
        | (?P<definition>^[ ]{{0,3}}\[(?!\^)[^\]\n]{{1,300}}+\]:[ \t]*+\S++[^\n]*+)
        | (?P<rule>^[ \t]{{0,3}}(?:(?:[-*_=][ \t]*+){{3,}}+|\|?[ \t]*+:?-{{2,}}+[-:| \t]*+)\r?$)
        | (?P<heading>^[ ]{{0,3}}\#{{1,6}}+(?=[ \t]|$)|^[ ]{{0,3}}\#{{1,6}}(?=\w)
            |[ \t]\#{{1,6}}[ \t]*+\r?$)
        | (?P<item>^[ \t>]*+(?:[-*+•]|\d{{1,3}}[.)])(?=[ \t]))
        | (?P<block>^[ \t]*+(?:>[ \t]?)++)
        | (?P<image>!\[)
        | (?P<target>\]\({_TARGET})
        | (?P<footnote>\[\d{{1,3}}:?\]\(\#[^)\s]{{0,100}}+\))
        | (?P<reference>\][ ]?\[[^\[\]\n]{{0,300}}+\]|\[\^[^\]\s]{{1,100}}+\]:?)
        | (?P<auto><https?://[^\s<>]++>|<[\w.+-]++@[\w.-]++>)
        | (?P<tag></?[a-zA-Z!?][^<>]{{0,3000}}+>)
        | (?P<broken><(?:img|iframe|video|figure|a|div|span|p)\s[^<>\n]{{0,3000}}+(?=<|\n|$|\Z))
        | (?P<pgp>^-----(?:BEGIN|END)[ ][A-Z ]{{1,40}}-----(?:\r?\nHash:[^\n]{{0,40}}+)?+)
        | (?P<path>(?<![^\s("'=])(?:[\w~-]|[./](?=[\w~-])){{1,200}}?
            \.(?:png|jpe?g|gif|svg|webp|PNG|JPE?G|GIF)\b)
        | (?P<url>(?:https?://|www\.)[^\s<>()\[\]"'*`|]++(?:\([^\s<>()\[\]"'*`|]*+\))?+)
        | (?P<entity>&(?:\#\d{{1,7}}|\#x[0-9a-fA-F]{{1,6}}|[a-zA-Z]{{2,32}});)
        | (?P<escape>\\[!-/:-@\[-`{{-~])
        | (?P<code>`+)
        | (?P<strike>~~)
        | (?P<emphasis>\*+|(?<![^\W_])_+|_+(?![^\W_])|\^(?=\w))
        | (?P<hash>\b(?=[0-9a-f]*+[0-9])[0-9a-f]{{32,}}+\b|(?<!\S)[A-Za-z0-9+/=]{{48,}}+(?!\S)
            |^(?=[a-zA-Z0-9+/]*+={{0,2}}+\r?$)(?=\D*+\d)(?=[^A-Z\n]*+[A-Z])[A-Za-z0-9+/]{{24,}}+={{0,2}}
            |^=[A-Za-z0-9+/]{{4}}(?=\r?$))
        | (?P<number>\d+(?:[.,:/]\d++|['’\u00a0\u202f\u2009]\d{{3}}(?!\d))*+)
        | (?P<word>(?:{_WORD}\.){{2,}}+(?!{_WORD}{{2}})|{_WORD}(?:\.{_WORD})++(?![\w.])
            |(?:{_WORD}|{_SIGN})++(?:['’ʼ](?:{_WORD}|{_SIGN})++)*+)
        | (?P<thai>[\u0e00-\u0e7f]++)
        | (?P<symbol>{_SYMBOL})
        | (?P<quote>["“”„‟«»‹›「」『』])
        | (?P<bracket>[\[\]|])
        | (?P<mark>\S)
        """,
        re.VERBOSE | re.MULTILINE,
    )


_IMAGE_TAGS = frozenset(
    [
        "img",
        "iframe",
        "video",
        "audio",
        "embed",
        "object",
        "figure",
        "source",
        "picture",
        "svg",
        "canvas",
        "script",
        "style",
    ]
)
_EMBEDS = re.compile(
    r"\b(?:image|img|figure|photo|picture|video|youtube|vimeo|tweet|oembed|embed|gallery|svg|gist"
    r"|instagram|audio|asset)",
    re.IGNORECASE,
)
_POSTS = re.compile(r"twitter-tweet|instagram-media|tiktok-embed|bluesky-embed|mastodon-embed")
_STRIKES = frozenset({"s", "del", "strike"})
_CLOSES = {"{%": "%}", "{{": "}}", "{<": ">}", "<!--": "-->"}
_LONGEST = 3000  # characters a template or a picture's description may have


class _Finder:
    """Finds closing marks; what is known to be missing is not searched for again."""

    def __init__(self, text: str, end: int) -> None:
        self.text = text
        self.end = end
        self.known: dict[str, int] = {}

    def find(self, mark: str, start: int) -> int:
        """Return the offset of the next ``mark`` from ``start`` on; the end if there is none."""
        place = self.known.get(mark, -1)
        if place < start:
            place = self.text.find(mark, start, self.end)
            place = self.end if place < 0 else place
            self.known[mark] = place
        return place


def _normal(text: str) -> str:
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text.replace("\u00ad", ""))
    return text.replace("’", "'").replace("ʼ", "'").replace("‘", "'")


class _Scan:
    """The state of one scan: what is struck, what is code, which line this is."""

    def __init__(self, text: str, start: int, end: int, fenced: bool) -> None:
        self.text = text
        self.end = end
        self.finder = _Finder(text, end)
        self.tokens: list[Token] = []
        self.struck = False
        self.code = fenced
        self.fenced = fenced
        self.pre = False  # in <pre>, where tags are tags and Markdown is text
        self.line = ""
        self.start = start

    def add(self, kind: TokenKind, start: int, end: int, text: str = "") -> None:
        text = _normal(text) if kind in SEEN else ""
        if text:
            token = Token(
                kind, start, end, text, text.casefold(), self.struck, self.code, self.line
            )
            self.line = ""
            self.tokens.append(token)
        else:
            raw = self.text[start:end]
            self.tokens.append(Token(kind, start, end, raw, raw, self.struck, self.code))

    def newline(self, start: int, end: int) -> int:
        self.add("newline", start, end)
        return end

    def comment(self, start: int, end: int) -> int:
        close = self.finder.find("-->", end)
        end = close + 3 if close < self.end else end
        self.add("markup", start, end)
        return end

    def template(self, start: int, end: int) -> int:
        mark = _CLOSES[self.text[start:end]]
        close = self.finder.find(mark, end)
        if close >= self.end or close - start > _LONGEST:
            self.add("mark", start, end, self.text[start:end])
            return end
        end = close + len(mark)
        kind: TokenKind = "image" if _EMBEDS.search(self.text, start, end) else "markup"
        self.add(kind, start, end)
        return end

    def image(self, start: int, end: int) -> int:
        close = self.finder.find("](", end)
        if close >= self.end or close - start > _LONGEST or "\n\n" in self.text[start:close]:
            self.add("markup", start, end)
            return end
        target = _target().match(self.text, close, self.end)
        end = target.end() if target else close + 2
        self.add("image", start, end)
        return end

    def tag(self, start: int, end: int) -> int:
        name = _tag_name().match(self.text, start + 1)
        found = name.group().strip("/").casefold() if name else ""
        if found == "pre":
            self.fenced = self.code = self.pre = self.text[start + 1] != "/"
        if found in _STRIKES:
            self.struck = self.text[start + 1] != "/"
        if found in ("script", "style") and self.text[start + 1] != "/":
            close = self.finder.find(f"</{found}>", end)
            end = close + len(found) + 3 if close < self.end else end
        if found == "blockquote" and _POSTS.search(self.text, start, end):
            close = self.finder.find("</blockquote>", end)
            end = close + len("</blockquote>") if close < self.end else end
            self.add("image", start, end)
        elif found in _IMAGE_TAGS:
            self.add("image", start, end)
        else:
            self.add("link" if found == "a" else "markup", start, end)
            if found in ("li", "p", "div", "td", "th", "h1", "h2", "h3", "h4", "figcaption", "br"):
                self.line = "title" if found == "h1" else "html"
        return end

    def entity(self, start: int, end: int) -> int:
        import html  # its table of entities takes 2 ms, and few texts have any

        shown = html.unescape(self.text[start:end])
        if len(shown) != 1 or shown.isspace() or shown == "\u00ad":
            self.add("markup", start, end)
        elif shown in '"“”„«»‹›':
            self.add("quote", start, end, shown)
        elif shown.isalpha():
            self.add("word", start, end, shown)
        else:
            self.add("mark", start, end, shown)
        return end

    def heading(self, start: int, end: int) -> int:
        marks = self.text[start:end].strip()
        self.add("markup", start, end)
        self.line = "title" if marks == "#" else "heading"
        return end

    def item(self, start: int, end: int) -> int:
        self.add("markup", start, end)
        self.line = "item"
        return end

    def bracket(self, start: int, end: int) -> int:
        self.add("markup", start, end)
        if self.text[start] == "|":
            self.line = "cell"
        return end

    def backticks(self, start: int, end: int) -> int:
        line = self.text.rfind("\n", self.start, start) + 1
        if end - start >= 3 and not self.text[line or self.start : start].strip(" \t>"):
            # A fence, and the name of a programming language after it.
            stop = self.text.find("\n", end, self.end)
            end = stop if stop >= 0 else self.end
            self.fenced = not self.fenced
            self.code = self.fenced
        else:
            self.code = self.fenced or not self.code
        self.add("markup", start, end)
        return end

    def strike(self, start: int, end: int) -> int:
        self.add("markup", start, end)
        self.struck = not self.struck
        return end

    def han(self, start: int, end: int) -> int:
        self.add("word", start, end, self.text[start:end])
        return end


@cache
def _target() -> re.Pattern[str]:
    return re.compile(r"\]\(" + _TARGET)


@cache
def _tag_name() -> re.Pattern[str]:
    return re.compile(r"/?[a-zA-Z][a-zA-Z0-9]*+")


_IN_CODE = frozenset(
    ["newline", "code", "entity", "hash", "number", "word", "thai", "symbol", "quote", "mark",
     "url", "bracket", "pgp"]
)  # fmt: skip
_IN_PRE = _IN_CODE | {"tag", "comment", "broken"}
_METHODS = {
    "newline": _Scan.newline,
    "comment": _Scan.comment,
    "template": _Scan.template,
    "image": _Scan.image,
    "tag": _Scan.tag,
    "broken": _Scan.tag,  # a tag that somebody forgot to close
    "entity": _Scan.entity,
    "heading": _Scan.heading,
    "item": _Scan.item,
    "bracket": _Scan.bracket,
    "code": _Scan.backticks,
    "strike": _Scan.strike,
}
_KINDS: dict[str, TokenKind] = {
    "definition": "link",
    "rule": "markup",
    "block": "markup",
    "target": "link",
    "reference": "link",
    "footnote": "link",
    "auto": "url",
    "url": "url",
    "escape": "markup",
    "emphasis": "markup",
    "hash": "boilerplate",
    "pgp": "boilerplate",
    "path": "image",
    "number": "number",
    "word": "word",
    "thai": "word",
    "symbol": "symbol",
    "quote": "quote",
    "mark": "mark",
}


def scan(text: str, start: int, end: int, fenced: bool = False) -> list[Token]:
    """Return the tokens of ``text[start:end]`` in order, white space left out.

    ``fenced``: the passage stands in a code block, where markup is text.
    """
    state = _Scan(text, start, end, fenced)
    pattern = _scanner()
    place = start
    while place < end:
        if place > start and text[place] == " " and text[place - 1] != "\n":
            place += 1  # most tokens stand one space apart: spare the scanner a look
            if place < end and text[place] in "# ":
                place -= 1
        match = pattern.search(text, place, end)
        if match is None:
            break
        name = match.lastgroup or "mark"
        found, place = match.span()
        if name == "plain":
            shown = match.group()
            state.tokens.append(
                Token("word", found, place, shown, shown, state.struck, state.code, state.line)
            )
            state.line = ""
            continue
        if state.fenced and name not in (_IN_PRE if state.pre else _IN_CODE):
            # In code, markup is text.
            state.add("mark", found, found + 1, text[found])
            place = found + 1
            continue
        if name == "escape":
            state.add("markup", found, found + 1)
            place = found + 1
            state.add("mark", place, place + 1, text[place])
            place += 1
        elif name == "word" or name == "mark":
            shown = match.group()
            # \S also takes the letters of scripts written without spaces, one by one.
            kind: TokenKind = "word" if name == "word" or shown.isalpha() else "mark"
            if kind == "mark" and shown == "_":
                kind = "markup"
            state.add(kind, found, place, shown)
        elif name in _METHODS:
            place = max(_METHODS[name](state, found, place), found + 1)
        else:
            state.add(_KINDS[name], found, place, match.group())
    return _joined(state.tokens)


def _joined(tokens: list[Token]) -> list[Token]:
    """Join the halves of a word that only markup parts: ``P[rivacy``, ``**S**ome``."""
    joined: list[Token] = []
    for token in tokens:
        if token.kind == "word" and len(joined) > 1 and joined[-1].kind == "markup":
            before, hidden = joined[-2], joined[-1]
            if (
                before.kind == "word"
                and before.end == hidden.start
                and hidden.end == token.start
                and hidden.text[0] in "*_[]"
                and not _is_ideograph(before.text)
            ):
                before.text += token.text
                before.fold += token.fold
                before.end = token.end
                continue
        joined.append(token)
    return joined


def _is_ideograph(text: str) -> bool:
    return len(text) == 1 and ord(text) >= 0x2E80
