"""What rules find, and what they know beside a hunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tracker.text.judge.article import Article
from tracker.text.judge.boilerplate import Boilerplate
from tracker.text.judge.hunks import Hunk
from tracker.text.lexicon import Lexicon

MANY_WORDS = 8
"""Content words that make a passage rewritten: its facts are then told as information."""


MOST_PAIRS = 40_000
"""Comparisons of words or facts that one hunk may cost."""


class Verdict(NamedTuple):
    """One thing that a rule found."""

    label: str
    old: str  # the words as readers see them; "" when there are none
    new: str
    context: str  # words around, for the reason; "" when old and new are the context
    substantive: bool
    edits: tuple[int, ...]
    signs: tuple[Mapping[str, float], ...] = ()  # of the places where the words differ
    score: float = 0.0  # how surely that place matters, from 0 to 1


class Scope:
    """What the rules know beside the hunk."""

    __slots__ = (
        "around", "boilerplate", "come", "gone", "lexicon", "new", "old", "place", "quoted",
        "reordered",
    )  # fmt: skip

    def __init__(
        self,
        lexicon: Lexicon,
        old: Article,
        new: Article,
        boilerplate: Boilerplate | None = None,
        place: str = "",
    ) -> None:
        self.lexicon = lexicon
        self.boilerplate = boilerplate
        self.around = old, new  # whole articles, where ``old`` and ``new`` are values alone
        self.place = place  # "headline", "dek", "caption" in the front matter; "" in the body
        self.old = old
        self.new = new
        # Content words that left one hunk of the passage and came into another: only moved.
        self.reordered: Counter[str] = Counter()
        # Keys of facts that left a hunk of the passage, and of those that came into one.
        self.gone: frozenset[tuple[object, ...]] = frozenset()
        self.come: frozenset[tuple[object, ...]] = frozenset()
        # The hunk judged last replaced words of a quotation by others, no more.
        self.quoted = False


Rule = Callable[[Hunk, Scope], list[Verdict] | None]


def verdict(
    hunk: Hunk, label: str, substantive: bool, old: str | None = None, new: str | None = None
) -> Verdict:
    """Return a finding on a hunk, with the words around it."""
    if old is None and new is None:
        if "shown" not in hunk.answers:
            hunk.answers["shown"] = contrasted(
                hunk.old.shown(hunk.a, hunk.b), hunk.new.shown(hunk.c, hunk.d)
            )
        old, new = hunk.answers["shown"]
    if "context" not in hunk.answers:
        hunk.answers["context"] = _context(hunk)
    context: str = hunk.answers["context"]
    return Verdict(label, old or "", new or "", context, substantive, tuple(hunk.edits))


LONGEST_WORDS = 160


_AROUND = 4


def clipped(text: str, most: int = LONGEST_WORDS) -> str:
    """Return a text cut at a word's end, with an ellipsis where words were left out."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 2]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + " …"


_AROUND_DIFFERENCE = 3


def contrasted(old: str, new: str, most: int = LONGEST_WORDS) -> tuple[str, str]:
    """Return two texts cut around what differs, where one of them is longer than ``most``."""
    left, right = old.split(), new.split()
    if max(len(old), len(new)) > most and left and right:
        head = tail = 0
        shorter = min(len(left), len(right))
        while head < shorter and left[head] == right[head]:
            head += 1
        while tail < shorter - head and left[-1 - tail] == right[-1 - tail]:
            tail += 1
        head, tail = max(0, head - _AROUND_DIFFERENCE), max(0, tail - _AROUND_DIFFERENCE)
        before, after = ["…"] * bool(head), ["…"] * bool(tail)
        left = before + left[head : len(left) - tail] + after
        right = before + right[head : len(right) - tail] + after
    return clipped(" ".join(left), most), clipped(" ".join(right), most)


def _context(hunk: Hunk) -> str:
    """Return the words that lead to a change and follow it, from the text that has it."""
    side, first, last = (
        (hunk.old, hunk.a, hunk.b) if hunk.a < hunk.b else (hunk.new, hunk.c, hunk.d)
    )
    start = first
    while start > 0 and first - start < _AROUND and not side.seen[start].line:
        start -= 1
        if side.seen[start].text in ".!?" and start < first - 1:
            start += 1
            break
    end = min(last, first + 12)
    stop = end
    while stop < len(side.seen) and stop - end < _AROUND and not side.seen[stop].line:
        stop += 1
    if stop < len(side.seen) and side.seen[stop].text in (".", "?", "!"):
        stop += 1
    shown = side.shown(start, stop)
    cut = (
        stop < len(side.seen) and not side.seen[stop].line and side.seen[stop - 1].text not in ".!?"
    )
    return clipped(shown) + (" …" if cut and not shown.endswith("…") else "")


def information(hunk: Hunk, added: object, removed: object) -> list[Verdict]:
    """Return the findings that information came, or went, or both."""
    found = []
    if added:
        found.append(verdict(hunk, "information-added", True))
    if removed:
        found.append(verdict(hunk, "information-removed", True))
    return found
