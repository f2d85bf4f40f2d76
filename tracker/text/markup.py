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
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any

from tracker.text import expression
from tracker.text.lines import common_head, common_tail
from tracker.text.site_markup import (
    VALUE,
    Finder,
    Mask,
    describes_picture,
    masked,
    masks_of,
    shown_values,
)
from tracker.text.spans import BlockKind, Checkpoint, Kind, Leaf, Markup, Role, Span


def scan(text: str, start: int = 0, kind: Kind | None = None) -> Markup:
    """Return what readers see of ``text[start:]``; ``kind``: how to read it, else as it looks."""
    return _article(text, start) if kind is None else _scanned(text, start, kind)


@lru_cache(maxsize=6)  # diff, judgement and word counts ask for the same texts, pair by pair
def _article(text: str, start: int) -> Markup:
    known = _latest[0]  # threads may scan at once: each keeps to what it has
    found = (known and _carried_over(known, text, start)) or _scanned(text, start, None)
    _latest[0] = found
    return found


_latest: list[Markup | None] = [None]
"""The article that was scanned last: the next one is, as a rule, another version of it."""


def _scanned(text: str, start: int, kind: Kind | None) -> Markup:
    found = Markup(text, start)
    kind = kind or looks(text, start)
    if kind in ("html", "line"):
        tags = _Html(found)
        if kind == "line":
            found.leaves.append(Leaf("prose", start))
            tags.leaf = 0
        tags.read(start, len(text))
    else:
        reader = _Markdown(found, kind == "mdx")
        reader.read()
        found.spans, edges = _filled(found, start, len(text), -1)
        if kind == "markdown" and not _PAGE().match(text, start):
            hidden = [mask for mask in reader.masks if "\n\n" in text[mask.start : mask.end]]
            found.checkpoints = [
                each
                for each in _usable(reader.checkpoints, found, edges)
                if not any(mask.start < each.place < mask.end for mask in hidden)
            ]
        return found
    found.spans = _filled(found, start, len(text), -1)[0]
    return found


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


def _filled(markup: Markup, start: int, end: int, leaf: int) -> tuple[list[Span], list[int]]:
    """Return the spans with what stands hidden between them, each with a role of its own.

    Beside them, where each of those that were there before has come to stand. ``leaf``: the block
    before ``start``.
    """
    place = start
    found: list[Span] = []
    edges: list[int] = []
    for span in sorted(markup.spans):
        if span.end <= place or span.end <= span.start:
            edges.append(-1)
            continue
        if span.start > place:
            found += _gaps(markup, place, span.start, leaf)
        elif span.start < place:
            span = span._replace(start=place)
        edges.append(len(found))
        found.append(span)
        place = span.end
        leaf = span.leaf if span.leaf >= 0 else leaf
    if place < end:
        found += _gaps(markup, place, end, leaf)
    return found, edges


_DEFINED = expression(r"\s*+\[(?!\^)[^\]\n]{1,300}+\]:")


def _gaps(markup: Markup, start: int, end: int, leaf: int) -> list[Span]:
    """Return the hidden spans of a stretch: those that belong to a picture apart."""
    found: list[Span] = []
    pictures = markup.pictures
    number = max(bisect_right(pictures, (start, len(markup.text))) - 1, 0)
    while number < len(pictures) and pictures[number][0] < end:
        low, high = max(pictures[number][0], start), min(pictures[number][1], end)
        number += 1
        if low >= high:
            continue
        if start < low:
            found.append(Span(start, low, _gap(markup.text, start, low), leaf))
        found.append(Span(low, high, "image", leaf))
        start = high
    if start < end:
        found.append(Span(start, end, _gap(markup.text, start, end), leaf))
    return found


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

    def __init__(self, text: str, start: int) -> None:
        self.start = start
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
        """Return the offset in the whole text."""
        if self.ascii:
            return byte + self.start
        return byte + self.start - self.extra[bisect_left(self.bytes, byte)]


class _Markdown:
    """Reads the events of the parser into spans."""

    def __init__(self, markup: Markup, mdx: bool) -> None:
        self.markup = markup
        self.mdx = mdx
        self.text = markup.text
        self.roles: list[Role] = []  # of the blocks that are open
        self.leaf = -1
        self.around: list[int] = []  # the block around each picture that is open
        self.struck = self.linked = self.pictured = 0
        self.quoting = 0
        self.table = self.row = self.column = -1
        self.masks: list[Mask] = []
        self.mask_starts: list[int] = []
        self.alone: list[Mask] = []  # those on lines of their own that are to come, the next last
        self.opaque: list[tuple[int, int]] = []
        self.html = _Html(markup)
        self.checkpoints: list[Checkpoint] = []
        self.read_to = 0  # where the last block ends that takes blank lines into itself

    def read(self) -> None:
        """Read the whole body."""
        text, start = self.text, self.markup.start
        self.masks = masks_of(text, start, self.mdx)
        self.mask_starts = [mask.start for mask in self.masks]
        self.markup.templated = bool(self.masks)
        self.alone = [mask for mask in reversed(self.masks) if mask.alone]
        self.events(masked(text, start, self.masks), start)
        self.standing_alone(len(text))
        if "]:" in text:
            for found in _DEFINITION().finditer(text, start):
                self.markup.marks.setdefault(found.start(), "definition")

    def events(self, body: str, start: int) -> None:
        """Read what the parser says of a body that begins at a place of the text."""
        import pyromark

        if not body.isascii():
            # Neither can stand in what the parser is given.
            body = re.sub("[\ud800-\udfff]", "?", body)
        if "\r" in body:
            body = re.sub(r"\r(?!\n)", "\n", body)
        places = _Places(body, start)
        of, quick = places.of, places.ascii
        events: Any = pyromark.events_with_range(body, options=_options())
        for event, area in events:
            if quick:
                low, high = area["start"] + start, area["end"] + start
            else:
                low, high = of(area["start"]), of(area["end"])
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
                    self.markup.spans.append(Span(low, high, "footnote", self.leaf))

    def mark(self, place: int, kind: BlockKind) -> None:
        """A block begins with the line of a place."""
        line = max(self.text.rfind("\n", 0, place) + 1, self.markup.start)
        if self.text.rfind("\r", line, place) >= 0:
            line = self.text.rfind("\r", line, place) + 1
        self.markup.marks.setdefault(line, kind)

    def open(self, tag: Any, low: int, high: int) -> None:
        """A block or a stretch of a line begins."""
        name: str = tag if type(tag) is str else next(iter(tag))
        value: Any = None if type(tag) is str else tag[name]
        if name == "HtmlBlock":
            self.standing_alone(low)
            self.read_to = high
            self.html_block(low, high)
            return
        if self.alone and self.alone[-1].end <= low and name not in _WITHIN:
            self.standing_alone(low)
        if name in _BLOCKS:
            self.mark(low, _BLOCKS[name])
        if name in _ROLES or name == "Heading":
            if (
                not self.roles
                and name in ("Paragraph", "Heading")
                and self.text.endswith("\n\n", 0, low)
            ):
                self.checkpoints.append(self.checkpoint(low))
            self.words_block(name, value, low)
        elif name == "CodeBlock":
            self.read_to = high
            self.code_block(low, high, value)
            self.roles.append("code")
        elif name == "BlockQuote":
            self.quoting += self.text[low] == ">"
            self.roles.append("quotation" if self.text[low] == ">" else "prose")
        elif name == "Table":
            self.table, self.row = self.table + 1, -1
            end = self.text.find("\n", low)
            if end >= 0:
                self.mark(end + 1, "rule")
        elif name in ("TableHead", "TableRow"):
            self.row, self.column = self.row + 1, -1
        else:
            self.inside(name, value, low, high)

    def checkpoint(self, place: int) -> Checkpoint:
        """What was read before a block that begins at a place, and what is still open there."""
        html, markup = self.html, self.markup
        state = (
            self.struck, self.linked, self.pictured, self.quoting, self.table, self.row,
            self.column, html.role, html.level, html.struck, html.linked, html.quoting,
            html.table, html.row, html.column,
        )  # fmt: skip
        number = len(markup.spans)
        return Checkpoint(place, number, number, len(markup.leaves), len(markup.pictures),
                          len(markup.fences), state)  # fmt: skip

    def go_on(self, state: tuple[Any, ...]) -> None:
        """Take what is open from a checkpoint."""
        html = self.html
        (
            self.struck, self.linked, self.pictured, self.quoting, self.table, self.row,
            self.column, html.role, html.level, html.struck, html.linked, html.quoting,
            html.table, html.row, html.column,
        ) = state  # fmt: skip

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
        self.leaf = len(self.markup.leaves)
        self.markup.leaves.append(leaf)

    def inside(self, name: str, value: Any, low: int, high: int) -> None:
        """Struck words, a link or a picture begins."""
        if name == "Strikethrough":
            self.struck += 1
        elif name == "Link":
            self.linked += 1
        elif name == "Image":
            self.pictured += 1
            self.markup.pictures.append((low, high))
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
            self.leaf = len(self.markup.leaves)
            self.markup.leaves.append(Leaf(role, low))
        self.markup.spans.append(
            Span(low, high, role, self.leaf, shown, self.struck > 0, self.linked > 0,
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
                self.html.read(low, high, "caption")
            else:
                self.leaf = self._own_leaf(low, picture=describes_picture(self.text, mask, low))
                self.span(low, high, "caption")
        self.leaf = self.html.leaf = around
        place = mask.start
        for low, high in [*seen, (mask.end, mask.end)]:
            if place < low:
                self.markup.spans.append(Span(place, low, mask.role, around))
            place = max(place, high)

    def _own_leaf(self, place: int, *, picture: bool = False) -> int:
        self.markup.leaves.append(Leaf("caption", place, picture=picture))
        return len(self.markup.leaves) - 1

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

    def code_block(self, low: int, high: int, value: Any) -> None:
        """The lines of a block of code, each a block of its own to a diff."""
        fenced = type(value) is dict
        self.leaf = len(self.markup.leaves)
        self.markup.leaves.append(Leaf("code", low))
        place = low
        while 0 <= place < high:
            self.mark(place, "code")
            place = self.text.find("\n", place, high) + 1
            if not place:
                break
        if fenced:
            start = max(self.text.rfind("\n", 0, low) + 1, self.markup.start)
            end = self.text.find("\n", max(high - 1, low))
            self.markup.fences.append((start, len(self.text) if end < 0 else end + 1))
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


# --- another version of what was scanned before --------------------------------------------------

# What may tell of words that stand elsewhere in a text; what is only left open is seen at its end.
_REACHES_ON = (
    "{", "}", "]:", "[^", "\r", ":::", "!!!", "???", "===", "[TOC", "[[_TOC", "import ", "export ",
)  # fmt: skip


def _usable(found: list[Checkpoint], markup: Markup, edges: list[int]) -> list[Checkpoint]:
    """Return the checkpoints at which what stands before tells nothing of what follows."""
    text = markup.text
    if text.find("]:", markup.start) >= 0 or text.find("[^", markup.start) >= 0:
        return []  # what a link means may stand anywhere
    return [
        each._replace(before=edges[each.before - 1] + 1, after=edges[each.after])
        for each in found
        if 0 < each.before < len(edges)
        and edges[each.before] > edges[each.before - 1] >= 0
        and not (text[each.place].isdigit() or text[each.place] == ":")
    ]


def _carried_over(earlier: Markup, text: str, start: int) -> Markup | None:
    """Return a text scanned by what is known of an earlier version; None where that may mislead.

    Read are only the blocks that differ, from one checkpoint to another; those before and after
    are taken from the earlier version.
    """
    points = earlier.checkpoints
    if not points or _PAGE().match(text, start):
        return None
    old, begin = earlier.text, earlier.start
    one, other = old[begin:], text[start:]
    same = common_head(one, other)
    tail = common_tail(one, other, min(len(one), len(other)) - same)
    places = [each.place for each in points]
    low = bisect_right(places, begin + same - 2) - 1
    high = bisect_left(places, len(old) - tail + 2)
    first = points[low] if low >= 0 else Checkpoint(begin, 0, 0, 0, 0, 0, ())
    last = points[high] if high < len(points) else Checkpoint(
        len(old), len(earlier.spans), len(earlier.spans), len(earlier.leaves),
        len(earlier.pictures), len(earlier.fences), (),
    )  # fmt: skip
    stop = last.place + len(text) - len(old)
    if first.place >= last.place:
        return None
    pieces = old[first.place : last.place], text[first.place + start - begin : stop]
    if any(sign in piece for piece in pieces for sign in _REACHES_ON):
        return None
    found = Markup(text, start)
    if not _read_between(found, earlier, first, last):
        return None
    return found


def _read_between(found: Markup, earlier: Markup, first: Checkpoint, last: Checkpoint) -> bool:
    """Fill a scan from an earlier one, and read what stands between two places of that.

    False where something is open at the end of it that was not before.
    """
    text = found.text
    back, on = found.start - earlier.start, len(text) - len(earlier.text)
    begin, stop = first.place + back, last.place + on
    found.leaves = _moved_leaves(earlier.leaves[: first.leaves], back)
    found.pictures = [(a + back, b + back) for a, b in earlier.pictures[: first.pictures]]
    found.fences = [(a + back, b + back) for a, b in earlier.fences[: first.fences]]
    found.marks = {at + back: kind for at, kind in earlier.marks.items() if at < first.place}
    found.templated = earlier.templated
    reader = _Markdown(found, mdx=False)
    if first.state:
        reader.go_on(first.state)
    reader.events(masked(text[:stop], begin, []), begin)
    end = reader.checkpoint(stop)
    if not found.spans or (last.state and (end.state != last.state or reader.read_to >= stop - 1)):
        return False
    leaves, pictures, fences = (
        end.leaves - last.leaves, end.pictures - last.pictures, end.fences - last.fences,
    )  # fmt: skip
    found.leaves += _moved_leaves(earlier.leaves[last.leaves :], on)
    found.pictures += [(a + on, b + on) for a, b in earlier.pictures[last.pictures :]]
    found.fences += [(a + on, b + on) for a, b in earlier.fences[last.fences :]]
    found.marks |= {at + on: kind for at, kind in earlier.marks.items() if at >= last.place}
    head = _moved_spans(earlier.spans[: first.before], back, 0)
    following = _moved_spans(earlier.spans[last.after :], on, leaves)
    known = next((span.leaf for span in reversed(head) if span.leaf >= 0), -1)
    between, edges = _filled(
        found, head[-1].end if head else found.start,
        following[0].start if following else len(text), known,
    )  # fmt: skip
    if edges[0] < 0 or edges[-1] < 0:
        return False
    size = len(head)
    more = size + len(between) - last.after
    points = earlier.checkpoints
    found.checkpoints = [
        *(each._replace(place=each.place + back) for each in points if each.place < first.place),
        *((first._replace(place=begin, after=size + edges[0]),) if first.state else ()),
        *(
            each._replace(before=each.before + size, after=each.after + size)
            for each in _usable(reader.checkpoints, found, edges)
        ),
        *((end._replace(before=size + edges[-1] + 1, after=size + len(between)),)
          if last.state else ()),
        *(
            Checkpoint(
                each.place + on, each.before + more, each.after + more, each.leaves + leaves,
                each.pictures + pictures, each.fences + fences, each.state,
            )
            for each in points if each.place > last.place
        ),
    ]  # fmt: skip
    found.spans = [*head, *between, *following]
    return True


def _moved_spans(spans: list[Span], by: int, leaves: int) -> list[Span]:
    if not by and not leaves:
        return spans
    return [
        Span(a + by, b + by, role, leaf + leaves if leaf >= 0 else leaf, shown, struck, link, image)
        for a, b, role, leaf, shown, struck, link, image in spans
    ]


def _moved_leaves(leaves: list[Leaf], by: int) -> list[Leaf]:
    return [leaf._replace(start=leaf.start + by) for leaf in leaves] if by else leaves


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


_TABLES_OF_HTML = 1_000_000  # their numbers begin here: none is that of a table of Markdown


class _Html:
    """Reads HTML, tag by tag."""

    def __init__(self, markup: Markup) -> None:
        self.markup = markup
        self.text = markup.text
        self.finder = Finder(markup.text)
        self.leaf = -1
        self.role: Role = "prose"
        self.level = 0
        self.inline = False  # one tag inside a line of Markdown
        self.struck = 0
        self.linked = 0
        self.quoting = 0
        self.table = _TABLES_OF_HTML
        self.row = self.column = -1
        self.masks: _Markdown | None = None

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
        if self.masks and self.markup.templated:
            self.masks.leaf = self.leaf
            before = len(self.markup.spans)
            self.masks.roles.append(self.role)
            self.masks.words(start, end, "")
            self.masks.roles.pop()
            self.leaf = self.masks.leaf if len(self.markup.spans) > before else self.leaf
            return
        self._open_leaf(start)
        self.markup.spans.append(
            Span(start, end, self.role, self.leaf, shown, self.struck > 0, self.linked > 0)
        )

    def _open_leaf(self, start: int) -> None:
        if self.leaf < 0:
            self.leaf = len(self.markup.leaves)
            cell = (self.row, self.column, self.table) if self.role == "cell" else (-1, -1, -1)
            self.markup.leaves.append(Leaf(self.role, start, self.level, *cell))

    def hide(self, start: int, end: int, role: Role) -> int:
        """Add what is hidden; return where it ends."""
        self.markup.spans.append(Span(start, end, role, self.leaf))
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
                self.markup.spans.append(
                    Span(start, after, self.role, self.leaf, shown, self.struck > 0,
                         self.linked > 0)
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
                self.markup.leaves.append(Leaf("caption", a, picture=role == "image"))
                self.markup.spans.append(
                    Span(a, b, "caption", len(self.markup.leaves) - 1, pictured=role == "image")
                )
                start = b
        self.hide(start, after, role)

    def _section(self, name: str, opens: bool) -> None:
        """A block of HTML begins or ends: what follows stands in another one."""
        if name == "table" and opens:
            self.table, self.row = self.table + 1, -1
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
