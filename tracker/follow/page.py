"""A page's bytes as a tree, what the page says of itself, and its text in runs."""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from tracker.follow.volatile import LeftOutReason, key

Element = Any
"""An element of lxml's tree, which has no types of its own."""

MOST_BYTES = 8 * 1024 * 1024
_SPACE = re.compile(r"\s+")
_META = re.compile(
    rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([a-zA-Z0-9_:.-]{2,40})""", re.IGNORECASE
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([a-zA-Z0-9_:.-]{2,40})", re.IGNORECASE)


class About(NamedTuple):
    """What the page says of itself; "" where it says nothing."""

    og_title: str = ""  # where it differs from the headline; an A/B test changes one of them
    description: str = ""
    author: str = ""  # names, with commas between them
    published: str = ""  # as written, ISO 8601 as a rule
    modified: str = ""
    section: str = ""
    language: str = ""  # BCP 47
    canonical: str = ""  # an absolute address
    free: bool | None = None  # isAccessibleForFree
    live: bool = False  # a LiveBlogPosting
    article: bool = False  # it says that it is an article
    robots: frozenset[str] = frozenset()  # "noarchive", "noindex"


def parse_page(page: bytes, content_type: str = "") -> Element | None:
    """The page's tree, its characters read by byte order mark, UTF-8, ``meta``, header, guess."""
    text = decode_page(page[:MOST_BYTES], content_type)
    text = text.replace("\0", "")
    if not text.strip():
        return None
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, ValueError):
        return None


def decode_page(page: bytes, content_type: str = "") -> str:
    """The characters of a page: what is valid UTF-8 is, whatever the header says."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if page.startswith(mark):
            return page[len(mark) :].decode(name, "replace")
    try:
        return page.decode("utf-8")
    except UnicodeDecodeError:
        pass
    said = _META.search(page[:4096])
    header = _CHARSET.search(content_type)
    for name in (said[1].decode("ascii") if said else "", header[1] if header else ""):
        found = _codec(name)
        if found and found != "utf-8":
            return page.decode(found, "replace")
    if said or header:  # it claims UTF-8, and a few bytes are wrong
        return page.decode("utf-8", "replace")
    from charset_normalizer import from_bytes  # few pages are in an encoding that nobody names

    guesses = list(from_bytes(page[:200_000], cp_isolation=list(_UNNAMED)))
    for guess in guesses:  # the least disorder first; browsers take Western European for granted
        if guess.encoding == "cp1252" and guess.chaos <= guesses[0].chaos + 0.01:
            return page.decode("cp1252", "replace")
    return page.decode(guesses[0].encoding if guesses else "cp1252", "replace")


_UNNAMED = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r",
    "cp932", "euc_jp", "gb18030", "big5", "euc_kr",
)  # fmt: skip
"""The encodings of pages that name none."""


def _codec(name: str) -> str | None:
    """Python's name of an encoding, by the habits of browsers."""
    if name.lower() in ("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii"):
        return "cp1252"
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return found.name if found._is_text_encoding else None


def about_page(tree: Element, address: str) -> About:
    """What a page says of itself, in ``meta``, links and JSON-LD."""
    meta: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = (element.get("property") or element.get("name") or "").strip().lower()
        content = (element.get("content") or "").strip()
        if name and content:
            meta.setdefault(name, content)
    said = _linked_data(tree)
    canonical = ""
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split() and link.get("href"):
            canonical = absolute(link.get("href"), address)
            break
    return About(
        og_title=_clean(meta.get("og:title", "")),
        description=_clean(meta.get("og:description") or meta.get("description") or ""),
        author=_clean(_people(said.get("author")) or meta.get("author") or ""),
        published=_clean(
            _text(said.get("datePublished")) or meta.get("article:published_time", "")
        ),
        modified=_clean(_text(said.get("dateModified")) or meta.get("article:modified_time", "")),
        section=_clean(meta.get("article:section") or _text(said.get("articleSection"))),
        language=_clean(tree.get("lang") or _text(said.get("inLanguage")))[:35],
        canonical=canonical,
        free=_truth(said.get("isAccessibleForFree")),
        live="LiveBlogPosting" in _types(said),
        article=bool(said) or meta.get("og:type", "").lower() == "article",
        robots=frozenset(
            word
            for word in ("noarchive", "noindex")
            if word in f"{meta.get('robots', '')} {meta.get('googlebot', '')}".lower()
        ),
    )


def _linked_data(tree: Element) -> Mapping[str, Any]:
    """The first object of the page's JSON-LD that is an article."""
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        try:
            value = json.loads((script.text or "").strip(), strict=False)
        except (ValueError, RecursionError):
            continue
        waiting = [value]
        for _ in range(500):
            if not waiting:
                break
            each = waiting.pop(0)
            if isinstance(each, list):
                waiting[:0] = each
            elif isinstance(each, dict):
                if any(
                    name.endswith(("Article", "BlogPosting", "Report")) for name in _types(each)
                ):
                    return each
                waiting.extend(inner for inner in each.values() if isinstance(inner, dict | list))
    return {}


def _types(said: Mapping[str, Any]) -> list[str]:
    types = said.get("@type", ())
    return [str(each) for each in (types if isinstance(types, list) else [types]) if each]


def _people(value: object) -> str:
    people = value if isinstance(value, list) else [value]
    names = [
        each if isinstance(each, str) else _text(each.get("name"))
        for each in people
        if isinstance(each, str | dict)
    ]
    return ", ".join(name for name in names if name and not name.startswith("http"))


def _text(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return value if isinstance(value, str) else ""


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = _text(value).strip().lower()
    return {"true": True, "false": False}.get(word)


def _clean(text: str) -> str:
    return _SPACE.sub(" ", text).strip()[:2000]


def absolute(target: str, address: str) -> str:
    """The address that a link on a page leads to; "" for none that can be fetched."""
    try:
        found = urljoin(address, target.strip())
        found.encode()  # half a character is a ValueError
        return found if target and urlsplit(found).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def title_of(tree: Element) -> str:
    title = tree.find(".//title")
    return "" if title is None else _clean(title.text or "")


def headline_of(tree: Element, about: About) -> str:
    """The ``h1`` that has most in common with the title of the page, else that title."""
    title = about.og_title or title_of(tree)
    candidates = [text for element in tree.iter("h1") if (text := _clean(element.text_content()))]
    wanted = set(title.casefold().split())

    def common(text: str) -> float:
        words = set(text.casefold().split())
        return len(words & wanted) / len(words)

    return max(candidates, key=common) if candidates else title


# --- a page's text as runs between block elements, and what each element holds of it --------------

_INLINE = frozenset(
    (
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn",
        "em", "font", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike",
        "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    )
)  # fmt: skip
_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "head", "object", "math")
PROSE = 60  # characters outside links from which a block is prose
ENDS = re.compile(r"[.!?…。！？؟।:;][\"'”’»)\]]*\s*$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class TextRun(NamedTuple):
    """A run of text of the page with nothing but inline elements in it."""

    text: str
    linked: int  # characters of it inside links to other pages
    element: Element  # the nearest element that is not inline
    beside: str  # what of it is in no link


class ElementWeight:
    __slots__ = ("letters", "linked", "pointer", "prose")

    def __init__(self) -> None:
        self.letters = self.linked = self.prose = 0
        self.pointer = True  # nothing in it but links and their labels: "READ MORE: The harbour …"


def text_runs(body: Element, address: str) -> list[TextRun]:
    found: list[TextRun] = []
    words: list[str] = []
    unlinked: list[str] = []
    linked = 0
    links = 0
    holders = [body]

    def flush() -> None:
        nonlocal linked
        text = _SPACE.sub(" ", "".join(words)).strip()
        if text:
            plain = _SPACE.sub(" ", "".join(unlinked)).strip()
            found.append(TextRun(text, min(linked, len(text)), holders[-1], plain))
        words.clear()
        unlinked.clear()
        linked = 0

    def take(text: str | None) -> None:
        nonlocal linked
        if text:
            words.append(text)
            if links:
                linked += len(text.strip())
            else:
                unlinked.append(text)

    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        inline = tag in _INLINE
        leads = tag == "a" and _leads_away(element, address)
        if event == "start":
            if tag in _UNSEEN:
                walk.skip_subtree()
                continue
            if not inline and tag != "br":
                flush()
                holders.append(element)
            elif tag == "br":
                words.append("\n")
            links += leads
            take(element.text)
        else:
            links -= leads
            if tag not in _UNSEEN and not inline and tag != "br":
                flush()
                holders.pop()
            if element is not body:
                take(element.tail)
    flush()
    return found


def _leads_away(link: Element, address: str) -> bool:
    target = (link.get("href") or "").strip()
    if not target or target.startswith(("#", "mailto:", "tel:", "javascript:")):
        return False
    return not (address and target.partition("#")[0] == address)


_SHORT_LABEL = 30  # characters beside a link that are its label


def _is_pointer(block: TextRun) -> bool:
    """True for a link of three words or more with hardly anything beside it, and for its label."""
    beside = len(block.beside)
    if block.linked and key(block.text) == 2 * key(block.beside) != "":
        return True  # a picture's words and the link's, the same twice
    if beside > _SHORT_LABEL:
        return False
    if block.linked:
        return block.linked > beside and block.text.count(" ") >= 3
    return not ENDS.search(block.text) and not any(map(str.isdigit, block.text))


def weights_of(blocks: Iterable[TextRun]) -> dict[Element, ElementWeight]:
    weights: dict[Element, ElementWeight] = {}
    for block in blocks:
        length = len(block.text)
        prose = length if length - block.linked >= PROSE and ENDS.search(block.text) else 0
        pointer = _is_pointer(block)
        element = block.element
        while element is not None:
            weight = weights.get(element)
            if weight is None:
                weight = weights[element] = ElementWeight()
            weight.letters += length
            weight.linked += block.linked
            weight.prose += prose
            weight.pointer = weight.pointer and pointer
            element = element.getparent()
    return weights


@cache
def _names() -> Mapping[str, LeftOutReason]:
    file = resources.files("tracker.follow") / "furniture.toml"
    names = tomllib.loads(file.read_text(encoding="utf-8"))["names"]
    return {name: reason for reason, some in names.items() for name in some}


def name_of(element: Element) -> LeftOutReason | None:
    """What the words of an element's class and id call it."""
    said = f"{element.get('class') or ''} {element.get('id') or ''}"
    return _name_in(said) if said.strip() else None


@cache
def _name_in(said: str) -> LeftOutReason | None:
    names = _names()
    for name in said.split():
        parts = [part.lower() for part in re.split(r"[-_:]+", _CAMEL.sub("-", name)) if part]
        for number, part in enumerate(parts):
            for each in (f"{part}-{parts[number + 1]}" if number + 1 < len(parts) else "", part):
                if each in names:
                    return names[each]
    return None
