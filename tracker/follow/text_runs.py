"""A page's text as runs between block elements, and what each element holds of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from lxml import etree

from tracker.follow.about import Element
from tracker.follow.volatile import LeftOutReason, key

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
_SPACE = re.compile(r"\s+")


class TextRun(NamedTuple):
    """A run of text of the page with nothing but inline elements in it."""

    text: str
    linked: int  # characters of it inside links to other pages
    element: Element  # the nearest element that is not inline
    beside: str  # what of it is in no link


class ElementWeight:
    """What an element holds, counted."""

    __slots__ = ("letters", "linked", "pointer", "prose")

    def __init__(self) -> None:
        self.letters = self.linked = self.prose = 0
        self.pointer = True  # nothing in it but links and their labels: "READ MORE: The harbour …"


def text_runs(body: Element, address: str) -> list[TextRun]:
    """The page's text, run by run, in order."""
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
