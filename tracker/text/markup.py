"""What a reader sees of an article, and what stands hidden between, with offsets: the one scanner.

The Markdown is read by pulldown-cmark (``pyromark``): CommonMark with tables, footnotes, definition
lists, task lists and struck words. On the 509 newest posts of a real blog (3.5 million characters)
it gives its events with their places at 66 million characters a second; markdown-it-py reads 3.9
million and gives lines, no places inside them; Python-Markdown 2.1 million and no places. What
CommonMark does not know and sites add is found first, by adapters, and stands for something plain
when the parser reads: attribute lists, admonitions, ``[TOC]``, shortcodes of Hugo, tags of Liquid,
JSX and ``import`` of MDX, comments. HTML, within Markdown or alone, is read by its tags.

What pulldown-cmark reads otherwise than Python-Markdown, which renders the pages: a list needs no
blank line before it, an underscore inside a word is no emphasis, and an indented paragraph in an
item goes on at the item's own column. No word is gained or lost by that.

Every pattern takes time linear in the text, whatever the text is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache, partial
from itertools import accumulate
from typing import Any

from tracker.text import expression
from tracker.text.site_markup import (
    VALUE,
    Finder,
    Mask,
    describes_picture,
    masked,
    masks_of,
    shown_values,
)
from tracker.text.spans import BlockKind, Kind, Leaf, Markup, Open, Role, Section


def scan(text: str, start: int = 0, kind: Kind | None = None) -> Markup:
    """Return what readers see of ``text[start:]``; ``kind``: how to read it, else as it looks."""
    return _sectioned(text, start, kind) if kind else _article(text, start)


@lru_cache(maxsize=6)  # diff, judgement and word counts ask for the same texts, pair by pair
def _article(text: str, start: int) -> Markup:
    return _sectioned(text, start, looks(text, start))


_PAGE = expression(r"\s*+<(?:!doctype|html|head|body|article|main|section)\b", re.IGNORECASE)


def looks(text: str, start: int) -> Kind:
    """Tell whether a body is a page of HTML, MDX, or Markdown, as most are."""
    if _PAGE().match(text, start):
        parts = [part for part in text[start:].split("\n\n")[:200] if part.strip()]
        if sum(part.lstrip().startswith("<") for part in parts) * 2 > len(parts):
            return "html"
    if any(text.find(sign, start) >= 0 for sign in ("import ", "export ", "{/*")):
        return "mdx"
    return "markdown"


# --- sections ------------------------------------------------------------------------------------

# What begins after a blank line, at the margin, with one of these, stands in no list, box or
# quotation, and what stands before it is complete.
_SECTION = expression(r"\n\n(?=[^\W\d_]|[#\"\u201c\u2018(<]|!?\[|[*_]{2}\S)")
# These may tell how words are read that stand elsewhere.
_REACHES_ON = ("]:", "\r", "highlight", "\n:", "\n :", "\n  :", "\n   :")
_UNBROKEN = expression(
    r"<(!--|!\[CDATA\[|![a-z]|\?|(?:script|pre|style|textarea)\b)", re.IGNORECASE
)
_ENDS = {"!--": "-->", "![CDATA[": "]]>", "?": "?>"}


def _sectioned(text: str, start: int, kind: Kind) -> Markup:
    """Cut a body into sections that are each read by itself, once, and when it is asked for.

    Two versions of an article share most of them.
    """
    if kind != "markdown":
        return Markup(text, [start], partial(_section, kind, False))
    masks = masks_of(text, start, mdx=False)
    read = partial(_section, kind, bool(masks))
    if any(text.find(sign, start) >= 0 for sign in _REACHES_ON):
        return Markup(text, [start], read)
    fences = [at for sign in ("```", "~~~") if (at := text.find(sign, start)) >= 0]
    cuts = [
        found.end() for found in _SECTION().finditer(text, start, min(fences, default=len(text)))
    ]
    for low, high in [*((mask.start, mask.end) for mask in masks), *_unbroken(text, start)]:
        del cuts[bisect_right(cuts, low) : bisect_left(cuts, high)]
    if cuts and text[start : cuts[0]].isspace():
        del cuts[0]
    return Markup(text, [start, *cuts], read)


def _unbroken(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where HTML stands that goes on after a blank line."""
    while found := _UNBROKEN().search(text, start):
        name = found[1]
        mark = _ENDS.get(name) or (">" if name[0] == "!" else f"</{name}")
        end = text.find(mark, found.end())
        start = end + len(mark) if end >= 0 else len(text)
        yield found.start(), start


@lru_cache(maxsize=512)
def _section(kind: Kind, templated: bool, text: str, state: Open) -> Section:
    """Read a section; ``templated``: the article has something that sites add to Markdown."""
    found = Section(text, templated)
    if kind in ("markdown", "mdx"):
        reader = _Markdown(found, kind == "mdx", state)
        reader.read()
        found.state = reader.state
    else:
        tags = _Html(found, state)
        if kind == "line":
            found.leaves.append(Leaf("prose", 0))
            tags.leaf = 0
        tags.read(0, len(text))
    _fill(found)
    return found


def _fill(section: Section) -> None:
    """Put the spans in order, and add what stands hidden between, each with a role of its own."""
    place, leaf = 0, -1
    spans = sorted(section.spans)
    section.spans = found = []
    for span in spans:
        if span[1] <= place or span[1] <= span[0]:
            continue
        if span[0] > place:
            _gaps(section, place, span[0], leaf)
        elif span[0] < place:
            span = (place, *span[1:])
        found.append(span)
        place = span[1]
        leaf = span[3] if span[3] >= 0 else leaf
    if place < len(section.text):
        _gaps(section, place, len(section.text), leaf)


_DEFINED = expression(r"\s*+\[(?!\^)[^\]\n]{1,300}+\]:")


def _gaps(section: Section, start: int, end: int, leaf: int) -> None:
    """Add the hidden spans of a stretch: those that belong to a picture apart."""
    pictures = section.pictures
    number = max(bisect_right(pictures, (start, len(section.text))) - 1, 0)
    while number < len(pictures) and pictures[number][0] < end:
        low, high = max(pictures[number][0], start), min(pictures[number][1], end)
        number += 1
        if low >= high:
            continue
        if start < low:
            section.hide(start, low, _gap(section.text, start, low), leaf)
        section.hide(low, high, "image", leaf)
        start = high
    if start < end:
        section.hide(start, end, _gap(section.text, start, end), leaf)


def _gap(text: str, start: int, end: int) -> Role:
    """Tell what hidden stretch of text the parser left between words."""
    if text.startswith("](", start) or text.startswith("][", start):
        return "target"
    if end - start > 4 and _DEFINED().match(text, start, end):
        return "target"
    return "marks"


# --- Markdown ------------------------------------------------------------------------------------

_ROLES: dict[str, Role] = {
    "Paragraph": "prose", "Item": "item", "TableCell": "cell", "DefinitionListTitle": "item",
    "DefinitionListDefinition": "item", "FootnoteDefinition": "prose",
}  # fmt: skip
_WITHIN = frozenset(
    ("Emphasis", "Strong", "Strikethrough", "Link", "Image", "TableCell", "TableHead", "TableRow")
)
_BLOCKS: dict[str, BlockKind] = {
    "Paragraph": "paragraph", "Heading": "heading", "Item": "item", "TableHead": "row",
    "TableRow": "row", "DefinitionListTitle": "item", "DefinitionListDefinition": "item",
    "FootnoteDefinition": "paragraph", "HtmlBlock": "paragraph",
}  # fmt: skip


@cache
def _options() -> Any:
    import pyromark

    known = pyromark.Options
    return (
        known.ENABLE_TABLES
        | known.ENABLE_FOOTNOTES
        | known.ENABLE_STRIKETHROUGH
        | known.ENABLE_TASKLISTS
        | known.ENABLE_DEFINITION_LIST
    )


_WIDE = re.compile(r"[^\x00-\x7f]")


class _Places:
    """Offsets of bytes -> offsets of code points."""

    def __init__(self, text: str) -> None:
        self.ascii = text.isascii()
        self.bytes: list[int] = []  # after each character of several bytes
        self.extra: list[int] = []  # how many bytes more than characters stand before
        if not self.ascii:
            wide = [(found.start(), found[0]) for found in _WIDE.finditer(text)]
            more = (1 + (sign > "\u07ff") + (sign > "\uffff") for _, sign in wide)
            self.extra = list(accumulate(more, initial=0))
            self.bytes = [
                place + total for (place, _), total in zip(wide, self.extra[1:], strict=True)
            ]

    def of(self, byte: int) -> int:
        """Return the offset of a byte in code points."""
        return byte - self.extra[bisect_left(self.bytes, byte)]


class _Markdown:
    """Reads the events of the parser into spans."""

    def __init__(self, section: Section, mdx: bool, state: Open) -> None:
        self.section = section
        self.mdx = mdx
        self.text = section.text
        self.roles: list[Role] = []  # of the blocks that are open
        self.leaf = -1
        self.around: list[int] = []  # the block around each picture that is open
        self.struck = state.inline_struck
        self.linked = self.pictured = 0
        self.quoting = 0
        self.table = self.row = self.column = -1
        self.masks = masks_of(self.text, 0, mdx) if section.templated or mdx else []
        self.mask_starts = [mask.start for mask in self.masks]
        # Those on lines of their own that are to come, the next last.
        self.alone = [mask for mask in reversed(self.masks) if mask.alone]
        self.opaque: list[tuple[int, int]] = []
        self.opened = state

    @cached_property
    def html(self) -> _Html:
        """What reads its tags."""
        return _Html(self.section, self.opened)

    @property
    def state(self) -> Open:
        """What is open at the end of the section."""
        if "<" not in self.text:
            return self.opened
        return self.html.state._replace(inline_struck=self.struck)

    def read(self) -> None:
        """Read the whole section."""
        self.events(masked(self.text, 0, self.masks))
        self.standing_alone(len(self.text))
        if "]:" in self.text:
            for found in _DEFINITION().finditer(self.text):
                self.section.marks.setdefault(found.start(), "definition")

    def events(self, body: str) -> None:
        """Read what the parser says of a text."""
        import pyromark

        if not body.isascii():
            # Neither can stand in what the parser is given.
            body = re.sub("[\ud800-\udfff]", "?", body)
        if "\r" in body:
            body = re.sub(r"\r(?!\n)", "\n", body)
        places = _Places(body)
        of, quick = places.of, places.ascii
        events: Any = pyromark.events_with_range(body, options=_options())
        for event, area in events:
            low, high = area["start"], area["end"]
            if not quick:
                low, high = of(low), of(high)
            if type(event) is str:
                if event == "Rule":
                    self.mark(low, "rule")
                continue
            for name, value in event.items():
                if name == "Text":
                    self.words(low, high, value)
                elif name == "Start":
                    self.open(value, low, high)
                elif name == "End":
                    self.close(value)
                elif name == "Code":
                    self.inline_code(low, high)
                elif name == "InlineHtml":
                    self.inline_html(low, high)
                elif name == "FootnoteReference":
                    self.section.hide(low, high, "footnote", self.leaf)

    def mark(self, place: int, kind: BlockKind) -> None:
        """A block begins with the line of a place."""
        line = self.text.rfind("\n", 0, place) + 1
        if self.text.rfind("\r", line, place) >= 0:
            line = self.text.rfind("\r", line, place) + 1
        self.section.marks.setdefault(line, kind)

    def open(self, tag: Any, low: int, high: int) -> None:
        """A block or a stretch of a line begins."""
        name: str = tag if type(tag) is str else next(iter(tag))
        value: Any = None if type(tag) is str else tag[name]
        if name == "HtmlBlock":
            self.standing_alone(low)
            self.html_block(low, high)
            return
        if self.alone and self.alone[-1].end <= low and name not in _WITHIN:
            self.standing_alone(low)
        if name in _BLOCKS:
            self.mark(low, _BLOCKS[name])
        if name in _ROLES or name == "Heading":
            self.words_block(name, value, low)
        elif name == "CodeBlock":
            self.code_block(low, high)
            self.roles.append("code")
        elif name == "BlockQuote":
            self.quoting += self.text[low] == ">"
            self.roles.append("quotation" if self.text[low] == ">" else "prose")
        elif name == "Table":
            self.table, self.row = low, -1
            end = self.text.find("\n", low)
            if end >= 0:
                self.mark(end + 1, "rule")
        elif name in ("TableHead", "TableRow"):
            self.row, self.column = self.row + 1, -1
        else:
            self.inside(name, value, low, high)

    def words_block(self, name: str, value: Any, low: int) -> None:
        """A block that holds words begins."""
        role: Role = "heading" if name == "Heading" else _ROLES[name]
        if role == "prose" and self.roles and self.roles[-1] == "item":
            role = "item"
        elif role == "prose" and self.quoting:
            role = "quotation"
        if name == "TableCell":
            self.column += 1
            leaf = Leaf("cell", low, 0, self.row, self.column, self.table)
        else:
            level = int(value["level"][1]) if name == "Heading" else 0
            leaf = Leaf(role, low, level)
        self.roles.append(role)
        self.linked = 0
        self.leaf = len(self.section.leaves)
        self.section.leaves.append(leaf)

    def inside(self, name: str, value: Any, low: int, high: int) -> None:
        """Struck words, a link or a picture begins."""
        if name == "Strikethrough":
            self.struck += 1
        elif name == "Link":
            self.linked += 1
        elif name == "Image":
            self.pictured += 1
            self.section.pictures.append((low, high))
            self.around.append(self.leaf)
            self.leaf = self._own_leaf(low, picture=True)
            title = value["title"]
            if title:
                at = self.text.rfind(title, low, high)
                if at >= 0:
                    described, self.leaf = self.leaf, self._own_leaf(at, picture=True)
                    self.span(at, at + len(title), "caption")
                    self.leaf = described

    def close(self, tag: Any) -> None:
        """A block or a stretch of a line ends."""
        name = tag if type(tag) is str else next(iter(tag))
        if name in _ROLES or name in ("Heading", "CodeBlock", "BlockQuote"):
            if self.roles:
                closed = self.roles.pop()
                if name == "BlockQuote":
                    self.quoting -= closed == "quotation"
        elif name == "Strikethrough":
            self.struck -= 1
        elif name == "Link":
            self.linked -= 1
        elif name == "Image":
            self.pictured -= 1
            self.leaf = self.around.pop()

    def span(self, low: int, high: int, role: Role, shown: str = "") -> None:
        """Add words that are seen, in the block that is open."""
        if self.leaf < 0:
            self.leaf = len(self.section.leaves)
            self.section.leaves.append(Leaf(role, low))
        self.section.spans.append(
            (low, high, role, self.leaf, shown, self.struck > 0, self.linked > 0,
             self.pictured > 0)
        )  # fmt: skip

    def words(self, low: int, high: int, value: str) -> None:
        """Text that readers see, but for what is masked in it."""
        role = self.roles[-1] if self.roles else "prose"
        if role == "code":
            self.span(low, high, role)
            return
        if self.pictured:
            role = "caption"
        if self.text[low] == "&" and high - low > 2 and len(value) < high - low:
            self.span(low, high, role, value)
            return
        place = low
        if self.masks:
            number = max(bisect_right(self.mask_starts, low) - 1, 0)
            while number < len(self.masks) and self.masks[number].start < high:
                mask = self.masks[number]
                number += 1
                if mask.end <= low:
                    continue
                if mask.start > place:
                    self.span(place, mask.start, role)
                self.template(mask)
                place = max(place, min(mask.end, high))
        if place < high:
            self.span(place, high, role)

    def template(self, mask: Mask) -> None:
        """Something that sites add, with what readers see in it."""
        seen = shown_values(self.text, mask) if mask.role in ("template", "marks") else []
        around = self.leaf
        for low, high in seen:
            if "<" in self.text[low:high]:
                self.html.leaf = self.leaf = self._own_leaf(low)
                tags = self.html
                role, masks, tags.masks = tags.role, tags.masks, None  # the value is in its own
                tags.read(low, high, "caption")
                tags.role, tags.masks = role, masks
            else:
                self.leaf = self._own_leaf(low, picture=describes_picture(self.text, mask, low))
                self.span(low, high, "caption")
        self.leaf = self.html.leaf = around
        place = mask.start
        for low, high in [*seen, (mask.end, mask.end)]:
            if place < low:
                self.section.hide(place, low, mask.role, around)
            place = max(place, high)

    def _own_leaf(self, place: int, *, picture: bool = False) -> int:
        self.section.leaves.append(Leaf("caption", place, picture=picture))
        return len(self.section.leaves) - 1

    def standing_alone(self, end: int) -> None:
        """What sites add on lines of its own, up to a place: the parser saw nothing there."""
        while self.alone and self.alone[-1].end <= end:
            mask = self.alone.pop()
            if not (self.opaque and self.opaque[-1][0] <= mask.start < self.opaque[-1][1]):
                self.mark(mask.start, "comment" if mask.role == "comment" else "shortcode")
                self.leaf = -1
                self.template(mask)

    def inline_code(self, low: int, high: int) -> None:
        """Words between backticks."""
        ticks = len(self.text[low:high]) - len(self.text[low:high].lstrip("`"))
        self.span(low + ticks, max(high - ticks, low + ticks), "code")

    def code_block(self, low: int, high: int) -> None:
        """The lines of a block of code, each a block of its own to a diff."""
        self.leaf = len(self.section.leaves)
        self.section.leaves.append(Leaf("code", low))
        place = low
        while 0 <= place < high:
            self.mark(place, "code")
            place = self.text.find("\n", place, high) + 1
            if not place:
                break
        self.opaque.append((low, high))

    def inline_html(self, low: int, high: int) -> None:
        """A tag or a comment within a line."""
        self.html.leaf = self.leaf
        self.html.inline = True
        self.html.linked = self.linked
        self.html.read(low, high)
        self.html.inline = False
        self.linked = self.html.linked
        self.struck += self.html.struck
        self.html.linked = self.html.struck = 0

    def html_block(self, low: int, high: int) -> None:
        """Lines of HTML."""
        if self.text.startswith("<!--", low):
            self.mark(low, "comment")
            self.opaque.append((low, high))
        else:
            place = low
            while 0 <= place < high:
                first = self.text[place : place + 200].lstrip()[:1]
                if place == low or first == "<":
                    self.mark(place, "paragraph")
                place = self.text.find("\n", place, high) + 1
                if not place:
                    break
        self.html.leaf = -1
        self.html.masks = self
        self.html.read(low, high)
        self.html.masks = None
        self.leaf = -1


_DEFINITION = expression(r"^[ ]{0,3}\[(?!\^)[^\]\n]{1,300}+\]:", re.MULTILINE)


# --- HTML ----------------------------------------------------------------------------------------

_HTML = expression(
    r"(?P<comment><!--)|<(?P<name>/?[A-Za-z][\w:.-]{0,80}+)"
    r"(?P<rest>(?:\"[^\"<]{0,20000}+\"|'[^'<]{0,20000}+'|[^'\"<>])*+)>"
    r"|(?P<other><[!?][^<>]*+>)|(?P<entity>&(?:\#\d{1,7}|\#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});)"
    r"|(?P<broken><[A-Za-z][\w-]{0,20}+\s[^<>\n]{0,3000}+(?=<|\n|\Z))"
)
_PICTURES = frozenset(
    ["img", "iframe", "video", "audio", "embed", "object", "source", "picture", "svg", "canvas"]
)
_UNSEEN = frozenset(("nav", "noscript", "script", "style", "template"))
_STRIKES = frozenset(("s", "del", "strike"))
_SECTIONS: dict[str, Role] = {
    "p": "prose", "div": "prose", "section": "prose", "article": "prose", "main": "prose",
    "aside": "prose", "header": "prose", "footer": "prose", "figure": "prose", "table": "prose",
    "ul": "prose", "ol": "prose", "dl": "prose", "tr": "prose", "thead": "prose", "tbody": "prose",
    "summary": "prose", "details": "prose", "address": "prose", "form": "prose", "center": "prose",
    "li": "item", "dt": "item", "dd": "item", "td": "cell", "th": "cell",
    "figcaption": "caption", "caption": "caption", "blockquote": "quotation", "pre": "code",
    "h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading", "h5": "heading",
    "h6": "heading", "br": "prose", "hr": "prose", "title": "heading",
}  # fmt: skip
_POSTS = expression(
    r"twitter-tweet|instagram-media|tiktok-embed|bluesky-embed|mastodon-embed", re.IGNORECASE
)
_SEEN_ATTRIBUTES = frozenset(("alt", "caption", "data-caption", "title", "label", "credit"))


class _Html:
    """Reads HTML, tag by tag."""

    def __init__(self, section: Section, state: Open) -> None:
        self.section = section
        self.text = section.text
        self.finder = Finder(section.text)
        self.leaf = -1
        self.inline = False  # one tag inside a line of Markdown
        (
            _, self.struck, self.role, self.level, self.linked, self.quoting, self.table, self.row,
            self.column,
        ) = state  # fmt: skip
        self.masks: _Markdown | None = None

    @property
    def state(self) -> Open:
        """What is open."""
        return Open(
            0, self.struck, self.role, self.level, self.linked, self.quoting, self.table, self.row,
            self.column,
        )  # fmt: skip

    def read(self, start: int, end: int, role: Role = "prose") -> None:
        """Read a stretch of text."""
        if self.leaf < 0:
            self.role, self.level = role, 0
        elif role == "caption":
            self.role = role
        place = start
        while True:
            found = _HTML().search(self.text, place, end)
            if found is None:
                break
            self.words(place, found.start())
            place = self.mark(found, end)
        self.words(place, end)

    def words(self, start: int, end: int, shown: str = "") -> None:
        """Text between tags."""
        if start >= end or (not shown and not self.text[start:end].strip()):
            return
        if self.masks and self.section.templated:
            self.masks.leaf = self.leaf
            before = len(self.section.spans)
            self.masks.roles.append(self.role)
            self.masks.words(start, end, "")
            self.masks.roles.pop()
            self.leaf = self.masks.leaf if len(self.section.spans) > before else self.leaf
            return
        self._open_leaf(start)
        self.section.spans.append(
            (start, end, self.role, self.leaf, shown, self.struck > 0, self.linked > 0, False)
        )

    def _open_leaf(self, start: int) -> None:
        if self.leaf < 0:
            self.leaf = len(self.section.leaves)
            cell = (self.row, self.column, self.table) if self.role == "cell" else (-1, -1, -1)
            self.section.leaves.append(Leaf(self.role, start, self.level, *cell))

    def hide(self, start: int, end: int, role: Role) -> int:
        """Add what is hidden; return where it ends."""
        self.section.hide(start, end, role, self.leaf)
        return end

    def mark(self, found: re.Match[str], end: int) -> int:
        """Take in a tag, a comment or an entity; return where to read on."""
        start, after = found.span()
        if found["comment"]:
            close = self.finder.find("-->", after)
            return self.hide(start, end if close < 0 or close > end else close + 3, "comment")
        if found["entity"]:
            import html  # its table of names is large, and few articles have one of them

            shown = html.unescape(found["entity"])
            if shown == found["entity"] or shown == "\u00ad":
                return self.hide(start, after, "marks")
            if self.inline or not shown.isspace():
                self._open_leaf(start)
            if self.leaf >= 0:
                self.section.spans.append(
                    (start, after, self.role, self.leaf, shown, self.struck > 0, self.linked > 0,
                     False)
                )  # fmt: skip
            return after
        name = (found["name"] or "").casefold()
        bare, opens = name.lstrip("/"), not name.startswith("/")
        if bare in _UNSEEN and opens:
            close = self.finder.find(f"</{bare}", after)
            if 0 <= close < end:
                stop = self.text.find(">", close, end)
                return self.hide(start, end if stop < 0 else stop + 1, "tag")
        if bare in _STRIKES:
            self.struck += 1 if opens else -1
            if not self.inline:
                self.struck = max(self.struck, 0)
        if bare == "a":
            self.linked = int(opens)
            return self.hide(start, after, "target")
        if bare == "blockquote" and opens and _POSTS().search(self.text, start, after):
            close = self.finder.find("</blockquote>", after)
            if 0 <= close < end:
                return self.hide(start, close + len("</blockquote>"), "image")
        self._attributes(found, "image" if bare in _PICTURES else "tag")
        if bare in _SECTIONS and (not self.inline or bare == "br"):
            self._section(bare, opens)
        return after

    def _attributes(self, found: re.Match[str], role: Role) -> None:
        """The tag itself, with the values in it that readers see."""
        start, after = found.span()
        if found["rest"] and "=" in found["rest"]:
            low = found.start("rest")
            for value in VALUE().finditer(self.text, low, found.end("rest")):
                if (value["name"] or "").casefold() not in _SEEN_ATTRIBUTES:
                    continue
                group = "two" if value["two"] is not None else "one"
                if value[group] is None or not value[group].strip():
                    continue
                a, b = value.span(group)
                self.hide(start, a, role)
                self.section.leaves.append(Leaf("caption", a, picture=role == "image"))
                self.section.spans.append(
                    (a, b, "caption", len(self.section.leaves) - 1, "", False, False,
                     role == "image")
                )  # fmt: skip
                start = b
        self.hide(start, after, role)

    def _section(self, name: str, opens: bool) -> None:
        """A block of HTML begins or ends: what follows stands in another one."""
        if name == "table" and opens:
            self.table, self.row = self.table - 1, -1
        elif name == "tr" and opens:
            self.row, self.column = self.row + 1, -1
        elif name in ("td", "th") and opens:
            self.column += 1
        elif name == "blockquote":
            self.quoting = max(self.quoting + (1 if opens else -1), 0)
        if name == "br" or name == "hr":
            opens = False
        self.leaf = -1
        if opens:
            self.role = _SECTIONS[name]
            if self.role == "prose" and self.quoting:
                self.role = "quotation"
        else:
            self.role = "quotation" if self.quoting else "prose"
        self.level = int(name[1]) if opens and name[0] == "h" and name[1:].isdigit() else 0
