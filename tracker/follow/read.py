"""One fetched page read: the article's text, its headline, the publisher's notes, what is left out.

``read`` is a pure function of the page's bytes. The text is trafilatura's, from the page without
the furniture around the article; paragraphs that stand between those of the text and that the
extractor dropped are put back. The publisher's notes are looked for in the whole page, because
extractors drop them with the asides and footers in which they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from tracker.errors import TrackerError
from tracker.follow.page import (
    ENDS,
    PROSE,
    About,
    Element,
    ElementWeight,
    TextRun,
    about_page,
    headline_of,
    name_of,
    parse_page,
    text_runs,
    weights_of,
)
from tracker.follow.volatile import LeftOut, LeftOutReason, key, line_reason, says
from tracker.house.notes import find_notes
from tracker.model import Kind
from tracker.text.document import with_front_matter

RefusedAs = Literal["paywall", "consent", "soft-404", "short", "no-text", "too-large"]

MOST_ELEMENTS = 25_000  # past which the extractor's time grows with their square
_SHORTEST = 60  # words of a text, with which a page without marks of an article is taken for one
_CONTROLS = frozenset(("button", "select", "input", "textarea", "option", "label"))
_PARAGRAPHS = frozenset(("p", "h2", "h3", "h4", "h5", "h6", "blockquote", "li"))
_MOST_PROSE = 300  # characters of sentences in a box that is one by its name alone
_SPACE = re.compile(r"\s+")
_HASHED = re.compile(
    r"(?<!\S)(?:css|sc|jsx|svelte|emotion)-\S+|[-_]{1,2}(?=\w*\d)[0-9a-zA-Z]{5,}(?!\S)"
)
"""Parts of class names that a build makes anew; the extractor reads words into them."""
_ITEM = re.compile(r"^- (?:.|\n(?!- ))*", re.MULTILINE)  # of a list that is a block
_TAG = re.compile(r"</?[a-z]{1,6}>")
_UNDERLINED = re.compile(r"</?u>")  # all that the extractor leaves of HTML in its Markdown


class Harvested(NamedTuple):
    """A note of the publisher that the extractor had left out of the text."""

    kind: Kind
    text: str  # as a paragraph of Markdown, label included
    where: str  # the element that it stood in: "aside", "footer", "div.correction"
    top: bool  # it stood above the text


class PageReading(NamedTuple):
    headline: str  # of the `h1`, else of og:title, else of the title
    blocks: tuple[str, ...]  # of the article, Markdown, in order, without headline and notes below
    notes: tuple[Harvested, ...]
    left_out: tuple[LeftOut, ...]
    about: About
    loose: frozenset[str] = frozenset()  # blocks outside the flow of the text's own paragraphs

    @property
    def body(self) -> str:
        """The text with the harvested notes, as Markdown."""
        parts = [*(_note(note) for note in self.notes if note.top), *self.blocks]
        parts += [_note(note) for note in self.notes if not note.top]
        return "\n\n".join(parts)

    @property
    def words(self) -> int:
        return sum(len(block.split()) for block in self.blocks)


def _note(note: Harvested) -> str:
    return f"<!-- stood in: {note.where} -->\n\n{note.text}"


def article_text(reading: PageReading, address: str) -> str:
    """The text of an article's file: front matter in YAML, and the body.

    The headline stands in the front matter, and ``og_title`` beside it where it differs.
    """
    about = reading.about
    fields = {
        "title": reading.headline,
        "og_title": about.og_title,
        "description": about.description,
        "author": about.author,
        "date": about.published,
        "modified": about.modified,
        "url": about.canonical or address,
        "section": about.section,
        "language": about.language,
    }
    return with_front_matter(fields, reading.body)


def refusal(reading: PageReading, address: str, last_words: int | None = None) -> RefusedAs | None:
    """Why this page is not to be recorded as a version of an article; None where it is one.

    ``last_words``: how many words the last recorded text had; None for a new article.
    """
    about = reading.about
    title = f"{reading.headline}\n{about.og_title}"
    if any(out.reason == "too-large" for out in reading.left_out):
        return "too-large"
    few = reading.words < (_SHORTEST if about.article else 150)
    if few and says("walls", about.language, title):
        return "consent"
    if few and says("errors", about.language, title):
        return "soft-404"
    if _leads_elsewhere(about.canonical, address):
        return "soft-404"
    if about.free is False and (few if last_words is None else reading.words * 2 < last_words):
        return "paywall"
    if last_words is not None and last_words > 100 and reading.words * 5 < last_words:
        walls = any(out.reason == "paywall" for out in reading.left_out)
        return "paywall" if walls else "short"
    if not reading.words:
        return "no-text"
    if reading.words < _SHORTEST and not about.article:
        return "short"
    return None


def _leads_elsewhere(canonical: str, address: str) -> bool:
    """True for a page below the home page that calls the home page its proper address."""
    if not canonical or not address:
        return False
    return not urlsplit(canonical).path.strip("/") and bool(urlsplit(address).path.strip("/"))


def read(
    page: bytes,
    address: str = "",
    *,
    content_type: str = "",
    as_of: date | None = None,
    strip: Sequence[str] = (),
    keep: Sequence[str] = (),
    ignore: Sequence[re.Pattern[str]] = (),
) -> PageReading:
    """Read one page.

    ``address`` is where it was fetched; relative addresses are resolved against it.
    ``content_type`` is the header's value. ``as_of`` is the day of the fetch: it gives the year
    that a note leaves out. ``strip`` and ``keep`` are CSS selectors of elements to leave out and
    to take whole, ``ignore`` are patterns of blocks to leave out. A page without text gives a
    PageReading without blocks. Raises ``TrackerError`` only for a selector that is none.
    """
    tree = parse_page(page, content_type)
    if tree is None:
        return PageReading("", (), (), (), About())
    count = sum(1 for _ in tree.iter(etree.Element))
    if count > MOST_ELEMENTS:
        return PageReading("", (), (), (LeftOut("too-large", f"{count} elements"),), About())
    return _PageReader(tree, address, as_of, strip, keep, ignore).read()


class _PageReader:
    def __init__(
        self,
        tree: Element,
        address: str,
        as_of: date | None,
        strip: Sequence[str],
        keep: Sequence[str],
        ignore: Sequence[re.Pattern[str]],
    ) -> None:
        self.tree = tree
        self.address = address
        self.as_of = as_of
        self.ignore = ignore
        self.about = about_page(tree, address)
        self.headline = headline_of(tree, self.about)
        self.left_out: list[LeftOut] = []
        self.flow: list[str] = []  # keys of the paragraphs that have the parent of most of them
        stripped = [element for each in strip for element in _select(each)(tree)]
        self.kept = {element for each in keep for element in _select(each)(tree)}
        for element in self.kept:
            self.kept = self.kept | set(element.iterdescendants())
        body = tree.find("body")
        self.body = tree if body is None else body
        for element in stripped:
            self._leave_out(element, "strip")
        self.blocks = text_runs(self.body, address)
        self.weights = weights_of(self.blocks)

    def read(self) -> PageReading:
        self._prune()
        extracted = self._extract()
        extracted = self._restored(extracted)
        blocks = self._filtered(extracted)
        notes = self._notes(blocks)
        about = self.about
        if key(about.og_title) == key(self.headline):
            about = about._replace(og_title="")
        loose = frozenset(block for block in blocks if not self._flows(block))
        return PageReading(self.headline, tuple(blocks), notes, tuple(self.left_out), about, loose)

    def _leave_out(self, element: Element, reason: LeftOutReason) -> None:
        text = _SPACE.sub(" ", " ".join(element.itertext())).strip()
        if text:
            self.left_out.append(LeftOut(reason, text))
        if element.getparent() is not None:
            element.drop_tree()

    def _prune(self) -> None:
        """Take the furniture out of the tree."""
        self._prune_consent()
        whole = self.weights.get(self.body)
        prose = whole.prose if whole else 0
        for element in list(self.body.iter(etree.Element)):
            if element.getparent() is None or element in self.kept or element is self.body:
                continue
            if not _attached(element, self.body):
                continue
            reason = self._reason(element, prose)
            if reason is not None and not self.kept.intersection(element.iterdescendants()):
                self._leave_out(element, reason)

    def _prune_consent(self) -> None:
        """Questions for consent go first: some have more sentences than the article."""
        whole = self.weights.get(self.body)
        for element in list(self.body.iter("div", "section", "aside", "dialog")):
            weight = self.weights.get(element)
            if weight is None or whole is None or name_of(element) != "consent":
                continue
            if whole.prose - weight.prose > _MOST_PROSE and _attached(element, self.body):
                self._leave_out(element, "consent")
                whole.prose -= weight.prose

    def _reason(self, element: Element, prose: int) -> LeftOutReason | None:
        weight = self.weights.get(element)
        if weight is None or not weight.letters:
            return None
        tag = element.tag
        if weight.prose * 4 > prose and weight.prose:
            return None  # it holds too much of the article's text to be furniture
        if tag == "nav" or element.get("role") == "navigation":
            return "navigation"
        if tag == "form":
            return "form"
        share = weight.linked / weight.letters
        named = name_of(element)
        if named is not None:
            asks = any(child.tag in _CONTROLS for child in element.iterdescendants())
            asks = asks and weight.prose <= _MOST_PROSE
            if share >= 0.5 or asks or self._by_name_alone(element, named, weight):
                return named
        if tag in ("td", "th", "table", "figure", "figcaption", "main", "article"):
            return None
        return "link" if share > 0.9 or (weight.pointer and share > 0.5) else None

    def _by_name_alone(self, element: Element, named: LeftOutReason, weight: ElementWeight) -> bool:
        """True for a box that has neither links nor controls, and is none of the article's text.

        Sites put the name of their paywall on the paragraphs behind it.
        """
        if named == "paywall" or element.tag in _PARAGRAPHS or weight.prose > _MOST_PROSE:
            return False
        return not any(map(str.isdigit, element.text_content()))

    def _extract(self) -> list[str]:
        import trafilatura  # half a second, and large

        for element in self.tree.iter(etree.Element):
            if name := element.get("class"):
                element.set("class", " ".join(_HASHED.sub("", name).split()))
        found = trafilatura.extract(
            self.tree, output_format="markdown", include_comments=False, include_tables=True
        )
        text = _UNDERLINED.sub("", found or "")
        return [block for block in re.split(r"\n{2,}", text) if block.strip()]

    def _restored(self, extracted: list[str]) -> list[str]:
        """The extracted blocks, with the paragraphs between them that the extractor dropped.

        They are siblings of the paragraphs of the text: most of the text's prose has their parent.
        """
        whole = _key("\n".join(extracted))
        inside = [
            block for block in self.blocks
            if _attached(block.element, self.body) and len(block.text) >= PROSE
            and key(block.text) in whole
        ]  # fmt: skip
        parents: dict[Element, int] = {}
        for block in inside:
            parent = block.element.getparent()
            parents[parent] = parents.get(parent, 0) + len(block.text)
        if not parents:
            return extracted
        home = max(parents, key=lambda parent: parents[parent])
        self.flow = [
            found
            for block in self.blocks
            if len(found := key(block.text)) > 7
            and home in (block.element.getparent(), _grandparent(block.element))
        ]
        siblings = [
            block for block in self.blocks
            if block.element.getparent() is home and block.element.tag == "p"
        ]  # fmt: skip
        places = {_key(block): number for number, block in enumerate(extracted)}
        put_after: dict[int, list[str]] = {}
        last = None
        pending: list[str] = []
        for block in siblings:
            found = key(block.text)
            if found and found in whole:
                last = places.get(found, last)
                if pending and last is not None:
                    put_after.setdefault(last - 1, []).extend(pending)
                    pending = []
            elif last is not None and found and self._is_prose(block):
                pending.append(_escaped(block.text))
        if not put_after:
            return extracted
        merged: list[str] = list(put_after.get(-1, ()))
        for number, text in enumerate(extracted):
            merged.append(text)
            merged.extend(put_after.get(number, ()))
        return merged

    def _flows(self, block: str) -> bool:
        whole = _key(block)
        return any(found in whole for found in self.flow)

    def _is_prose(self, block: TextRun) -> bool:
        """True for a sentence that is no pointer to elsewhere and no note."""
        if block.linked * 2 >= len(block.text) or not ENDS.search(block.text):
            return False
        return not find_notes(block.text, self.as_of)

    def _filtered(self, extracted: list[str]) -> list[str]:
        """The blocks that are the article's, the headline at the top apart."""
        prose = [number for number, block in enumerate(extracted) if len(block) >= PROSE]
        first, last = (prose[0], prose[-1]) if prose else (0, 0)
        blocks: list[str] = []
        for number, block in enumerate(extracted):
            heading = not blocks or block.startswith("#")
            if heading and _key(block) == key(self.headline):
                continue
            inside = first < number < last
            if block.startswith("- ") and (items := _ITEM.findall(block)):
                rest = [item for item in items if not self._left_out(item, inside=inside)]
                block = "\n".join(rest)
            if block and not self._left_out(block, inside=inside):
                blocks.append(block)
        return blocks

    def _left_out(self, block: str, *, inside: bool) -> bool:
        """Leave a block, or an item of a list, out for its words alone."""
        reason = line_reason(block.lstrip("-#*_ \t"), self.about.language, inside=inside)
        if reason is None and any(pattern.search(block) for pattern in self.ignore):
            reason = "ignore"
        if reason is not None:
            self.left_out.append(LeftOut(reason, block.strip()))
        return reason is not None

    def _notes(self, blocks: list[str]) -> tuple[Harvested, ...]:
        """The notes in what the text has not, each once; what else was dropped is left out."""
        whole = _key("\n".join(blocks)) + key(self.headline)
        told = {out.text for out in self.left_out}
        found: dict[str, Harvested] = {}
        begun = False
        for run, in_text in _runs(self.blocks, whole):
            if in_text:
                begun = begun or any(len(block.text) >= PROSE for block in run)
                continue
            run = [block for block in run if block.linked * 2 < len(block.text)]
            if not run:
                continue
            text = "\n\n".join(_as_markdown(block) for block in run)
            notes = find_notes(text, self.as_of) if len(text) < 50_000 else ()
            for note in notes:
                if self._empty(note.text) or key(note.text) in whole:
                    continue
                element = _element_at(run, note.start)
                written = text[note.start : note.end].strip()
                found.setdefault(
                    key(note.text), Harvested(note.kind, written, _where(element), not begun)
                )
            for block in run:
                reason = line_reason(block.text, self.about.language)
                if reason is None and (notes or len(block.text) < PROSE):
                    continue
                if not any(block.text in each for each in told):
                    self.left_out.append(LeftOut(reason or "extractor", block.text))
        return tuple(found.values())

    def _empty(self, note: str) -> bool:
        """True for a stamp, which says when and not what."""
        words = sum(any(map(str.isalpha, word)) for word in note.split())
        return words < 3 or line_reason(note, self.about.language) is not None


def _key(block: str) -> str:
    """The key of a block of the extractor's Markdown, which has some HTML in it."""
    return key(_TAG.sub("", block))


@cache
def _select(selector: str) -> Any:
    from lxml.cssselect import CSSSelector

    try:
        return CSSSelector(selector)
    except Exception as error:  # cssselect has several
        raise TrackerError(
            f"“{selector}” is no CSS selector: {error}.", "Write it as in a style sheet."
        ) from None


def _grandparent(element: Element) -> Element | None:
    """What a list, a quotation or a table stands in, for its items."""
    parent = element.getparent()
    if parent is None or parent.tag not in ("ul", "ol", "blockquote", "table", "figure"):
        return None
    return parent.getparent()


def _attached(element: Element, body: Element) -> bool:
    """True where the element is still in the tree."""
    while element is not None:
        if element is body:
            return True
        element = element.getparent()
    return False


def _runs(blocks: Sequence[TextRun], whole: str) -> Iterator[tuple[list[TextRun], bool]]:
    """Neighbours that are all in the text, or all not and in one element."""
    run: list[TextRun] = []
    state: tuple[bool, Element] | None = None
    for block in blocks:
        in_text = key(block.text) in whole
        now = (in_text, None if in_text else _box(block.element))
        if run and (state is None or now[0] != state[0] or now[1] is not state[1]):
            yield run, bool(state and state[0])
            run = []
        run.append(block)
        state = now
    if run and state is not None:
        yield run, state[0]


_BOXES = frozenset(
    ("aside", "footer", "header", "section", "article", "nav", "main", "div", "td", "form")
)


def _box(element: Element) -> Element:
    """The element that holds a label and its sentence together."""
    if element.tag in _BOXES:
        return element
    parent = element.getparent()
    return element if parent is None else parent


def _as_markdown(block: TextRun) -> str:
    tag = block.element.tag
    text = _escaped(block.text)
    return f"## {text}" if tag in ("h1", "h2", "h3", "h4", "h5", "h6") else text


_LEADING = re.compile(r"^(\s*)([#>+*=-]|\d+[.)](?=\s))")


def _escaped(text: str) -> str:
    """A plain sentence as a paragraph of Markdown."""
    text = re.sub(r"([\\`*_\[\]<])", r"\\\1", text)
    return _LEADING.sub(lambda found: f"{found[1]}{_escape(found[2])}", text)


def _escape(mark: str) -> str:
    return f"{mark[:-1]}\\{mark[-1]}"


def _element_at(run: Sequence[TextRun], place: int) -> Element:
    at = 0
    for block in run:
        at += len(_as_markdown(block)) + 2
        if place < at:
            return block.element
    return run[-1].element


def _where(element: Element) -> str:
    """The name of the box that a note stood in; stable when the page around it is not."""
    while element is not None:
        if element.tag in ("aside", "footer", "header"):
            return str(element.tag)
        if element.tag in ("article", "main", "body"):
            break
        element = element.getparent()
    return "page"
