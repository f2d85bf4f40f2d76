"""A passage as readers see it: the words and marks between what the scanner found hidden."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache
from typing import Literal, NamedTuple, Protocol

from tracker.text.lexicon import Lexicon
from tracker.text.spans import NOWHERE, Leaf, Markup, Role, Span
from tracker.text.spans import SEEN as SEEN_ROLES

TokenKind = Literal[
    "word", "number", "mark", "quote", "symbol",  # seen by readers
    "url", "link", "image", "markup", "boilerplate", "note",
]  # fmt: skip

SEEN = frozenset({"word", "number", "mark", "quote", "symbol"})


class Token:
    """One piece of a passage."""

    __slots__ = (
        "code", "end", "fold", "kind", "leaf", "line", "linked", "quoted", "start", "struck",
        "text",
    )  # fmt: skip

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
        leaf: Leaf | None = None,
        linked: bool = False,
    ) -> None:
        self.kind = kind
        self.start = start  # offsets in the whole text
        self.end = end
        self.text = text  # as readers see it: entities resolved, NFC, straight apostrophes
        self.fold = fold  # the same for comparison: casefolded
        self.struck = struck  # between ~~ and ~~: shown, and taken back
        self.code = code  # between backticks, or in a fenced block
        # For the first seen token of a block: "heading", "title", "item", "cell", "prose", …
        self.line = line
        self.quoted = False  # inside quotation marks
        self.leaf = leaf  # the block it stands in; None of what is hidden
        self.linked = linked  # one of the words of a link


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


_EMBEDS = re.compile(
    r"\b(?:image|img|figure|photo|picture|video|youtube|vimeo|tweet|oembed|embed|gallery|svg|gist"
    r"|instagram|audio|asset)",
    re.IGNORECASE,
)


_ANY_LETTERS = _WORD, rf"(?:{_WORD}|{_SIGN})++"
_ASCII_LETTERS = "[A-Za-z]", "[A-Za-z]++"  # of a text without others: compiled much sooner


@cache
def _scanner(word: str, run: str) -> re.Pattern[str]:
    """Return the scanner for texts with these letters, and with these runs of letters."""
    return re.compile(
        rf"""
          (?P<plain>[a-z]{{1,24}}+(?=[ ]|[,;.]?\n|[,;.][ ]))
        | (?P<pgp>-----(?:BEGIN|END)[ ][A-Z ]{{1,40}}-----(?:\r?\nHash:[^\n]{{0,40}}+)?+)
        | (?P<path>(?<![^\s("'=])(?:[\w~-]|[./](?=[\w~-])){{1,200}}?
            \.(?:png|jpe?g|gif|svg|webp|PNG|JPE?G|GIF)\b)
        | (?P<embed>(?<=\[)[a-z]{{2,20}}=https?://[^\s\[\]]{{1,2000}}+)
        | (?P<target>\]\((?:https?:|mailto:|[/.\#])[^()\n]{{0,2000}}+\)|mailto:(?=[^\s@]{{1,64}}+@))
        | (?P<url>(?:https?://|www\d?\.)[^\s<>()\[\]"'*`|]++(?:\([^\s<>()\[\]"'*`|]*+\))?+)
        | (?P<emphasis>\*+|(?<![^\W_])_+|_+(?![^\W_])|\^(?=\w))
        | (?P<hash>\b(?=[0-9a-f]{{0,200}}+[0-9])[0-9a-f]{{32,200}}+\b
            |(?<!\S)(?=[a-z+/=]{{0,200}}+[A-Z0-9+/=])[A-Za-z0-9+/=]{{48,4000}}+(?!\S)
            |=[A-Za-z0-9+/]{{4}}(?=\r?$))
        | (?P<number>\d+(?:[.,:/]\d++|['’\u00a0\u202f\u2009]\d{{3}}(?!\d))*+)
        | (?P<word>(?:{word}\.){{2,}}+(?!{word}{{2}})|{word}(?:\.{word})++(?![\w.])
            |{run}(?:['’ʼ]{run})*+)
        | (?P<thai>[\u0e00-\u0e7f]++)
        | (?P<symbol>{_SYMBOL})
        | (?P<quote>["“”„‟«»‹›「」『』])
        | (?P<mark>\S)
        """,
        re.VERBOSE | re.MULTILINE,
    )


def _normal(text: str) -> str:
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text.replace("\u00ad", ""))
    return text.replace("’", "'").replace("ʼ", "'").replace("‘", "'")


_KINDS: dict[str, TokenKind] = {
    "embed": "image", "target": "link", "url": "url", "emphasis": "markup", "hash": "boilerplate",
    "pgp": "boilerplate", "path": "image", "number": "number", "word": "word", "thai": "word",
    "symbol": "symbol", "quote": "quote", "mark": "mark",
}  # fmt: skip
_HIDDEN: dict[Role, TokenKind] = {"target": "link", "footnote": "link", "image": "image"}


_MARKS = re.compile(r"~~|\[(?=\Z)|[^\s~\[]++|[~\[]")


def read(markup: Markup, start: int, end: int) -> list[Token]:
    """Return the tokens of ``markup.text[start:end]`` in order, white space left out."""
    reader = _Reader(markup)
    for span in markup.within(start, end):
        if span.role in SEEN_ROLES:
            reader.seen(span)
        else:
            reader.hidden(span)
    tokens = _joined(reader.tokens)
    _hide_labels_of_files(tokens)
    _hide_references(tokens)
    return _without_numbers_of_paragraphs(tokens, markup.text)


_FORMATS = frozenset(
    ["kb", "mb", "gb", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv", "zip", "rtf",
     "excel", "word", "powerpoint", "spreadsheet", "document", "file"]
)  # fmt: skip
_OF_FILES = _FORMATS | frozenset(["page", "pages", "tab", "tabs", "slides", "sheets", ",", ";"])
_LONGEST_LABEL = 10


def _hide_labels_of_files(tokens: list[Token]) -> None:
    """Take what a bracket says of a file behind a link for markup: "(PDF, 4.52 MB, 19 pages)"."""
    for place, token in enumerate(tokens):
        if token.fold not in _FORMATS:
            continue
        first = last = place
        while first > 0 and place - first < _LONGEST_LABEL and _of_file(tokens[first - 1]):
            first -= 1
        while (
            last + 1 < len(tokens) and last - place < _LONGEST_LABEL and _of_file(tokens[last + 1])
        ):
            last += 1
        if (
            first > 0
            and last + 1 < len(tokens)
            and tokens[first - 1].text in ("(", "[")
            and tokens[last + 1].text in (")", "]")
        ):
            for one in tokens[first - 1 : last + 2]:
                one.kind = "markup"


def _hide_references(tokens: list[Token]) -> None:
    """Take for markup what refers to a source: "[7]", and what chat programs leave of theirs."""
    for place, token in enumerate(tokens):
        if token.text != "]" or token.code or place < _REFERENCE:
            continue
        first = place - 2
        if tokens[place - 3].fold == "oaicite":  # :contentReference[oaicite:0]
            first = place - _REFERENCE
        elif tokens[first].text != "[" or not _is_short(tokens[place - 1]):
            continue
        if not tokens[first].line:
            for one in tokens[first : place + 1]:
                one.kind = "markup"


_REFERENCE = 6


def _of_file(token: Token) -> bool:
    return token.kind in ("number", "markup") or token.fold in _OF_FILES


def _without_numbers_of_paragraphs(tokens: list[Token], text: str) -> list[Token]:
    """Take the number that a paragraph or heading begins with for what it is: "8.", "(D)"."""
    for place, token in enumerate(tokens):
        broken = place > 0 and (
            tokens[place - 1].text.startswith("<br")
            or (token.text == "(" and "\n" in text[tokens[place - 1].end : token.start])
        )
        if not (token.line or broken) or token.line == "cell":
            continue
        first = place
        if token.text == "(" and place + 1 < len(tokens):
            first += 1
        after = first + 1
        if after < len(tokens) and tokens[after].text in (".", ")") and _counts(tokens[first]):
            following = next((one for one in tokens[after + 1 :] if one.kind in SEEN), None)
            if following is None or following.leaf is not token.leaf or following.kind == "mark":
                continue
            for one in tokens[place : after + 1]:
                one.kind = "markup"
            following.line = following.line or token.line
    return tokens


def _is_short(token: Token) -> bool:
    return token.kind == "number" and token.text.isdecimal() and len(token.text) <= 3


def _counts(token: Token) -> bool:
    return _is_short(token) or (
        token.kind == "word"
        and (len(token.text) == 1 or token.fold in ("ii", "iii", "iv", "vi", "vii", "viii", "ix"))
    )


class _Reader:
    """Cuts spans into tokens."""

    def __init__(self, markup: Markup) -> None:
        self.markup = markup
        self.text = markup.text
        self.tokens: list[Token] = []
        self.leaf = NOWHERE

    def hidden(self, span: Span) -> None:
        raw = self.text[span.start : span.end]
        bare = raw.strip()
        if not bare:
            return
        kind: TokenKind = _HIDDEN.get(span.role, "markup")
        if span.role == "template" and _EMBEDS.search(raw):
            kind = "image"
        if span.role != "marks":
            start = span.start + raw.index(bare)
            self.tokens.append(Token(kind, start, start + len(bare), bare, bare, span.struck))
            return
        for match in _MARKS.finditer(raw):
            kind = "link" if match[0] == "[" else "markup"
            low, high = span.start + match.start(), span.start + match.end()
            self.tokens.append(Token(kind, low, high, match[0], match[0], span.struck))

    def seen(self, span: Span) -> None:
        leaf = span.leaf
        line = ""
        if leaf is not self.leaf:
            self.leaf = leaf
            line = "title" if leaf.level == 1 else leaf.role
        code = span.role == "code"
        if span.shown:
            self.shown(span, leaf, line, code)
            return
        text, add = self.text, self.tokens.append
        scanner = _scanner(*(_ASCII_LETTERS if text.isascii() else _ANY_LETTERS))
        for match in scanner.finditer(text, span.start, span.end):
            name = match.lastgroup
            found, place = match.span()
            shown = match.group()
            if name == "plain":
                token = Token(
                    "word", found, place, shown, shown, span.struck, code, line, leaf, span.linked
                )
            else:
                kind = _KINDS[name or "mark"]
                if code and kind in ("markup", "link"):
                    kind = "mark"
                elif kind == "mark" and shown.isalpha():
                    kind = "word"  # the letters of scripts written without spaces, one by one
                if kind in SEEN:
                    shown = _normal(shown)
                    if not shown:
                        continue
                    token = Token(
                        kind, found, place, shown, shown.casefold(), span.struck, code, line, leaf,
                        span.linked,
                    )  # fmt: skip
                else:
                    add(Token(kind, found, place, shown, shown, span.struck, code))
                    continue
            line = ""
            add(token)
        if line:
            self.leaf = NOWHERE  # nothing in it yet

    def shown(self, span: Span, leaf: Leaf, line: str, code: bool) -> None:
        """An entity of HTML."""
        shown = span.shown
        if not shown.strip():
            return
        kind: TokenKind = "word" if shown.isalpha() else "mark"
        if shown in '"“”„«»‹›':
            kind = "quote"
        shown = _normal(shown)
        self.tokens.append(
            Token(
                kind, span.start, span.end, shown, shown.casefold(), span.struck, code, line, leaf
            )
        )


def _joined(tokens: list[Token]) -> list[Token]:
    """Join the parts of a word that markup divides: ``P[rivacy``, ``**S**ome``, ``it&#39;s``."""
    joined: list[Token] = []
    for token in tokens:
        if token.text == "'" and len(joined) > 1 and joined[-1].text == "\\":
            joined.pop()  # an apostrophe that was escaped
            token.start -= 1
        if token.kind == "word" and len(joined) > 1 and joined[-1].text[0] in "*_[]'":
            before, between = joined[-2], joined[-1]
            apostrophe = between.text == "'"
            if (
                before.kind == "word"
                and before.end == between.start
                and between.end == token.start
                and (apostrophe or between.kind in ("markup", "link"))
                and "\n" not in between.text
                and not token.line
                and not _is_ideograph(before.text)
            ):
                before.text += "'" * apostrophe + token.text
                before.fold += "'" * apostrophe + token.fold
                before.end = token.end
                if apostrophe:
                    joined.pop()
                continue
        joined.append(token)
    return joined


def _is_ideograph(text: str) -> bool:
    return len(text) == 1 and ord(text) >= 0x2E80


_OPENING = {"“": "”", "„": "“”‟", "«": "»", "»": "«", "‹": "›", "「": "」", "『": "』", '"': '"'}


@cache
def _may_open() -> re.Pattern[str]:
    """What opens a quotation, or may be shown as what does."""
    return re.compile(r"[\"“„«»‹「‘‚&]|(?<![^\s(\[])'")


def mark_quotes(tokens: Sequence[Token], text: str) -> None:
    """Set ``quoted`` on the seen tokens that stand inside quotation marks.

    A quotation left open by a curly mark runs to the end of its paragraph, as printers do when it
    goes on in the next one; a straight mark without a partner opens nothing.
    """
    if not tokens or not _may_open().search(text, tokens[0].start, tokens[-1].end):
        return
    opened = -1
    closing = ""
    single = False
    for place, token in enumerate(tokens):
        if token.code or token.kind not in SEEN:
            continue
        shown = text[token.start : token.end]
        shown = token.text if shown.startswith("&") else shown
        if opened >= 0:
            closes = shown in closing and (not single or _ends_single(text, token))
            if token.kind in ("quote", "mark") and closes:
                _quote(tokens, opened + 1, place)
                opened = -1
            elif token.line in ("item", "title", "heading", "cell") and closing == '"':
                opened = -1
        if opened < 0 and token.kind == "quote" and shown in _OPENING:
            if shown == '"' and tokens[place - 1].kind == "number" and place:
                continue  # inches: 5'10"
            if shown == "»" and token.end < len(text) and text[token.end].isspace():
                continue
            if token.start > 0 and shown == '"' and _closes_word(text, token):
                continue
            opened, closing, single = place, _OPENING[shown], False
        elif (opened < 0 and shown in ("‘", "‚")) or (
            opened < 0 and _opens_single(text, token, shown)
        ):
            opened, closing, single = place, "’‘'" if shown != "'" else "'", True
    if opened >= 0 and closing != '"' and not single:
        _quote(tokens, opened + 1, len(tokens))


def _closes_word(text: str, token: Token) -> bool:
    before = text[token.start - 1]
    after = text[token.end] if token.end < len(text) else " "
    return (before.isalnum() or before in ".,!?") and (after.isspace() or after in ".,;:")


def _opens_single(text: str, token: Token, shown: str) -> bool:
    if shown != "'" or token.end >= len(text) or not text[token.end].isalpha():
        return False
    before = text[token.start - 1] if token.start else " "
    if not (before.isspace() or before in "(["):
        return False
    # Only with a partner near by: otherwise it is an apostrophe, as in 'em.
    return _single_close().search(text, token.end, token.end + 400) is not None


@cache
def _single_close() -> re.Pattern[str]:
    return re.compile(r"(?<=[\w.,!?])'(?!\w)")


def _ends_single(text: str, token: Token) -> bool:
    return token.end >= len(text) or not text[token.end].isalnum()


def _quote(tokens: Sequence[Token], first: int, last: int) -> None:
    for token in tokens[first:last]:
        if token.kind in SEEN:
            token.quoted = True


# --- what a fact is, and what a recognizer of facts sees ------------------------------------------

FactKind = Literal["number", "date", "name", "negation", "modality", "attribution"]


class Fact(NamedTuple):
    """One fact in a passage."""

    kind: FactKind
    key: tuple[object, ...]  # equal for the same fact in another form
    first: int  # indexes into the passage's seen tokens, half-open
    last: int
    weak: bool = False  # an article in many languages ("ein", "une"), or "one": a number only
    #                     where a number stands against it


class Usage(Protocol):
    """How words are used in the whole article, in either version."""

    def lower(self, word: str) -> bool:
        """Tell whether the word stands somewhere in lower case."""

    def inside(self, word: str) -> bool:
        """Tell whether the word stands with a capital inside a sentence somewhere."""


class Reading:
    """The seen tokens of a passage, the word lists, and how the article uses its words."""

    __slots__ = ("folds", "lexicon", "titles", "tokens", "usage")

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon, usage: Usage) -> None:
        self.tokens = tokens
        self.lexicon = lexicon
        self.usage = usage
        self.titles: dict[int, bool] = {}  # whether all words of the line from there have capitals
        self.folds = [token.fold.rstrip(".") or token.fold for token in self.tokens]

    def fold(self, place: int) -> str:
        """Return the word at a place, casefolded; "" past the ends."""
        return self.folds[place] if 0 <= place < len(self.folds) else ""

    def glued(self, place: int) -> bool:
        """Tell whether the token at a place follows the one before it without a space."""
        return (
            0 < place < len(self.tokens) and self.tokens[place].start == self.tokens[place - 1].end
        )

    def phrase(self, words: Collection[tuple[str, ...]], place: int) -> int:
        """Return how many tokens from ``place`` on are one of the phrases (the longest), or 0."""
        for length in (4, 3, 2, 1):
            if tuple(self.folds[place : place + length]) in words:
                return min(length, len(self.folds) - place)
        return 0


def opens_sentence(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether the token at a place opens a sentence, a line, or a quotation."""
    if place == 0 or tokens[place].line:
        return True
    before = tokens[place - 1]
    if before.kind in ("quote", "symbol"):
        return True
    return before.kind == "mark" and before.text in ".!?:…。！？•—*("
