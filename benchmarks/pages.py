"""How well pages are read: ``python -m benchmarks.pages FOLDER``.

FOLDER holds real pages with their checked bodies, as the tests of flairNLP/fundus keep them
(``tests/resources/parser/test_data``): ``NAME_DATE.html.gz`` beside ``NAME.json``. Nothing of it is
copied. For each page: words against the checked body; whether the text stays the same when what is
around the article changes; whether a correction is found wherever it stands; processor time.
The peer is trafilatura alone.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import trafilatura
from lxml import etree, html

from tracker.follow.page import parse_page
from tracker.follow.read import PageReading, read
from tracker.follow.volatile import key
from tracker.house.notes import find_notes

Element = Any
CORRECTION = "An earlier version of this article misstated the length of the new pier in Havnby."
_WORD = re.compile(r"\w+")
_DATED = re.compile(r"\d[:./]\d|\b20\d\d\b|ago\b")


def pages(folder: Path) -> Iterator[tuple[str, bytes, list[str]]]:
    """Name, page, and the checked paragraphs."""
    for file in sorted(folder.glob("*/*.html.gz")):
        name = file.name.removesuffix(".html.gz")
        stem = re.sub(r"_\d{4}_\d\d_\d\d.*", "", name)
        versions = json.loads((file.parent / f"{stem}.json").read_text(encoding="utf-8"))
        data = gzip.decompress(file.read_bytes())
        texts = [body for version in versions.values() if (body := _body(version))]
        if not texts:
            continue
        # A publisher has several versions of its layout: the body of this page is the one in it.
        page = key(decoded(data))
        best = max(texts, key=lambda body: sum(key(part) in page for part in body))
        if sum(key(part) in page for part in best) * 2 >= len(best):
            yield name, data, best


def decoded(data: bytes) -> str:
    tree = parse_page(data)
    return "" if tree is None else str(tree.text_content())


def _body(version: dict[str, Any]) -> list[str]:
    body = version.get("body")
    if not isinstance(body, dict):
        return []
    parts = list(body.get("summary", ()))
    for section in body.get("sections", ()):
        parts += [*section.get("headline", ()), *section.get("paragraphs", ())]
    return [part for part in parts if part.strip()]


def f1(found: str, gold: list[str]) -> tuple[float, float, float]:
    """Precision, recall and F of the words."""
    one, two = Counter(_WORD.findall(found.lower())), Counter(_WORD.findall(" ".join(gold).lower()))
    common = (one & two).total()
    precision = common / max(one.total(), 1)
    recall = common / max(two.total(), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def _is_sentence(element: Element) -> bool:
    """True for what holds, or stands in, a sentence with more to it than links: no furniture."""
    while element.tag in ("a", "b", "em", "i", "span", "strong", "time"):
        element = element.getparent()
    for block in element.iter("p", "li", element.tag):
        linked = sum(len(link.text_content()) for link in block.iter("a"))
        if len(block.text_content()) - linked >= 60 and re.search(r"[.!?…]", block.text_content()):
            return True
    return False


class Page:
    """A page's tree, in which what is around the article is changed."""

    def __init__(self, data: bytes, gold: list[str]) -> None:
        tree = parse_page(data)
        assert tree is not None
        self.tree = tree
        self.gold = key(" ".join(gold))
        self.paragraphs = [
            element
            for element in self.tree.iter("p", "div")
            if len(key(element.text_content())) > 40 and key(element.text_content()) in self.gold
        ]
        inside = set(self.paragraphs)
        self.paragraphs = [e for e in self.paragraphs if not inside & set(e.iterancestors())]
        self.holding = {a for e in self.paragraphs for a in e.iterancestors()}

    def outside(self, element: Element) -> bool:
        """True for an element that has and is no part of the article."""
        if element in self.holding or element.getparent() is None:
            return False
        if element.tag in ("h1", "title", "figcaption") or any(
            a.tag in ("head", "figure", "figcaption", "h1", "blockquote")
            for a in element.iterancestors()
        ):
            return False
        text = key(element.text_content())
        if not text or text in self.gold:
            return False
        if any(a in self.paragraphs for a in (element, *element.iterancestors())):
            return False
        return not _is_sentence(element)

    def data(self) -> bytes:
        found: bytes = html.tostring(self.tree, encoding="utf-8")
        return found


def hashes(page: Page, chance: random.Random) -> None:
    for element in page.tree.iter(etree.Element):
        if element.get("class"):
            element.set("class", f"{element.get('class')} css-{chance.getrandbits(32):08x}")
        element.set("data-r", str(chance.getrandbits(32)))


def fewer_teasers(page: Page, chance: random.Random) -> None:
    for element in list(page.tree.iter("li")):
        if page.outside(element) and element.find(".//a") is not None and chance.random() < 0.5:
            element.drop_tree()
    for element in list(page.tree.iter("article")):
        if page.outside(element) and chance.random() < 0.5:
            element.drop_tree()


BOXES = (
    """<div class="newsletter-box"><h3>Our morning letter</h3><p>The best of the coast, every day at
    six. No spam.</p><form><input name="mail"><button>Sign up</button></form></div>""",
    """<aside class="c-promo"><h4>Read all we write</h4><p>Support the work of our reporters from
    two euros a week.</p><a href="/join">Join now</a></aside>""",
    """<p class="related"><a href="/x/other">ALSO READ: The harbour that nobody wanted</a></p>""",
    """<div><strong>Related:</strong> <a href="/x/1">Ferry fares go up, the third time</a></div>""",
)


def box(page: Page, chance: random.Random) -> None:
    if page.paragraphs:
        place = page.paragraphs[len(page.paragraphs) // 2]
        place.addnext(html.fragment_fromstring(chance.choice(BOXES)))


def other_links(page: Page, chance: random.Random) -> None:
    words = ("harbour", "council", "bridge", "vote", "storm", "season", "coach", "budget", "ferry")
    for element in list(page.tree.iter("a")):
        if page.outside(element) and len(element.text_content().split()) > 2:
            for child in list(element.iterdescendants()):
                child.text = child.tail = None
            element.text = " ".join(chance.choices(words, k=6)).capitalize()
    for element in list(page.tree.iter("time", "span", "div", "p")):
        short = not len(element) and element.text and len(element.text) < 40
        if short and page.outside(element) and _DATED.search(element.text):
            element.text = re.sub(r"\d+", lambda found: _other(found[0], chance), element.text)


def _other(number: str, chance: random.Random) -> str:
    """Another number that can stand in a date."""
    if len(number) == 4:
        return f"20{chance.randrange(20, 27)}"
    return str(chance.randrange(10, 13)) if len(number) == 2 else str(chance.randrange(1, 10))


CHANGES: dict[str, Callable[[Page, random.Random], None]] = {
    "class hashes, data-*": hashes,
    "half of lists and teasers gone": fewer_teasers,
    "a box inside the article": box,
    "other headlines and dates around": other_links,
}

PLACES: dict[str, str] = {
    "p em, after": "<p><em>Correction: {}</em></p>",
    "div.correction": '<div class="correction">Correction: {}</div>',
    "aside": '<aside class="editors-note"><h4>Correction</h4><p>{}</p></aside>',
    "footer": "<footer><p>Correction: {}</p></footer>",
    "top": '<div class="note"><strong>Correction:</strong> {}</div>',
}


def with_note(page: Page, place: str) -> None:
    element = html.fragment_fromstring(PLACES[place].format(CORRECTION))
    if place == "top":
        page.paragraphs[0].addprevious(element)
    else:
        page.paragraphs[-1].addnext(element)


def text_of(reading: PageReading) -> str:
    return "\n\n".join(reading.blocks)


def alone(data: bytes) -> str:
    return trafilatura.extract(data, output_format="markdown", include_comments=False) or ""


def main(folder: str, limit: int = 1000, verbose: str = "") -> None:
    chance = random.Random(17)
    scores: dict[str, list[tuple[float, float, float]]] = {"tracker": [], "trafilatura": []}
    stable: dict[str, list[tuple[bool, bool]]] = {name: [] for name in CHANGES}
    notes: dict[str, list[bool]] = {name: [] for name in PLACES}
    false = 0
    spent = {"tracker": 0.0, "trafilatura": 0.0}
    count = 0
    for name, data, gold in list(pages(Path(folder)))[:limit]:
        count += 1
        start = time.process_time()
        mine = read(data, "https://paper.example/a/story")
        middle = time.process_time()
        peer = alone(data)
        spent["tracker"] += middle - start
        spent["trafilatura"] += time.process_time() - middle
        scores["tracker"].append(f1(text_of(mine), gold))
        scores["trafilatura"].append(f1(peer, gold))
        false += bool(mine.notes)
        if "f" in verbose and scores["tracker"][-1][2] < scores["trafilatura"][-1][2] - 0.02:
            print("F", name, scores["tracker"][-1], scores["trafilatura"][-1])
        if "n" in verbose and mine.notes:
            print("NOTE", name, mine.notes)
        base = Page(data, gold).data()
        first, first_peer = read(base, "https://paper.example/a/story"), alone(base)
        for change, apply in CHANGES.items():
            page = Page(data, gold)
            apply(page, chance)
            changed = page.data()
            again = read(changed, "https://paper.example/a/story")
            same = first.body == again.body
            stable[change].append((same, first_peer == alone(changed)))
            if not same and "s" in verbose:
                one, two = set(first.body.split("\n\n")), set(again.body.split("\n\n"))
                print("UNSTABLE", change, name)
                for sign, blocks in (("-", one - two), ("+", two - one)):
                    for block in list(blocks)[:4]:
                        print("   ", sign, block[:160].replace("\n", "|"))
        for place in PLACES:
            page = Page(data, gold)
            if not page.paragraphs:
                continue
            with_note(page, place)
            body = read(page.data(), "https://paper.example/a/story").body
            hit = any(CORRECTION in note.text for note in find_notes(body))
            notes[place].append(hit)
            if not hit and "n" in verbose:
                print("MISSED", place, name, CORRECTION in body)
    print(f"{count} pages")
    for who, found in scores.items():
        precision, recall, f = (sum(part) / len(found) for part in zip(*found, strict=True))
        low = sum(one[2] < 0.5 for one in found)
        print(f"{who:12} P {precision:.3f} R {recall:.3f} F {f:.3f}, F < 0.5: {low}; "
              f"{1000 * spent[who] / count:.0f} ms a page")  # fmt: skip
    for change, pairs in stable.items():
        mine_same, peer_same = (sum(part) / len(pairs) for part in zip(*pairs, strict=True))
        print(f"{change:34} same text: {mine_same:.3f}, trafilatura alone {peer_same:.3f}")
    for place, hits in notes.items():
        print(f"note in {place:16} found: {sum(hits)} of {len(hits)}")
    print(f"pages untouched with a note taken from what was left out: {false}")


if __name__ == "__main__":
    main(sys.argv[1], int((sys.argv[2:3] or ["1000"])[0]), "".join(sys.argv[3:4]))
