"""Edits gathered into passages and hunks: what differs, as readers see it.

The rules do not depend on how finely a diff cuts its edits: edits with no word between them are
one hunk, and a hunk grows until it holds whole words and whole facts on both sides.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from tracker.model import Edit
from tracker.text.judge.article import Article, Both, Interval, fold_words
from tracker.text.judge.boilerplate import Boilerplate
from tracker.text.judge.facts import find_facts
from tracker.text.judge.seen import (
    SEEN,
    Fact,
    Reading,
    Token,
    Usage,
    mark_quotes,
    opens_sentence,
    read,
)
from tracker.text.lexicon import Lexicon

LONGEST_PASSAGE = 30_000
"""Characters of a passage beyond which it is not read word by word."""

MOST_READ = 60_000_000
"""Characters of passages times edits in them that one comparison reads: a few seconds of work."""

_LETTERED = frozenset(["word", "number", "symbol"])
_SIGNS = frozenset("$€£¥₴₽₹%+-−–<>=°±~")


class Side:
    """One version of a passage: its tokens, those that are seen, the facts in it."""

    def __init__(self, article: Article, start: int, end: int) -> None:
        self.article = article
        self.start = start
        self.end = end
        self.tokens = read(article.markup, start, end)
        mark_quotes(self.tokens, article.text)
        if article.titled:
            for token in self.tokens:
                if token.line == "title":
                    token.line = "heading"  # the headline stands in the front matter
        if article.hidden:
            for token in self.tokens:
                if article.is_hidden(token):
                    token.kind = "note"
        self.seen = [token for token in self.tokens if token.kind in SEEN and not token.struck]
        self.starts = [token.start for token in self.seen]
        self.ends = [token.end for token in self.seen]
        self.unseen = [token for token in self.tokens if token.kind not in SEEN or token.struck]
        self._unseen_starts = [token.start for token in self.unseen]
        self._longest_unseen = max((token.end - token.start for token in self.unseen), default=0)
        self.facts: list[Fact] = []
        self._firsts: list[int] = []
        self._longest_fact = 0
        self.answers: dict[str, Any] = {}  # what rules ask of every hunk in it

    def find_facts(self, lexicon: Lexicon, usage: Usage) -> None:
        self.facts = sorted(
            find_facts(Reading(self.seen, lexicon, usage)), key=lambda fact: fact.first
        )
        self._firsts = [fact.first for fact in self.facts]
        self._longest_fact = max((fact.last - fact.first for fact in self.facts), default=0)

    def facts_in(self, first: int, last: int) -> list[Fact]:
        """Return the facts that overlap the seen tokens from one place to another."""
        start = bisect_right(self._firsts, first - self._longest_fact)
        near = self.facts[start : bisect_left(self._firsts, last)]
        return [fact for fact in near if fact.last > first]

    @property
    def gist(self) -> list[str]:
        """What the passage says, folded: words, numbers, symbols, and the signs of numbers."""
        return [
            token.fold
            for token in self.seen
            if token.kind in ("word", "number", "symbol") or token.text in _SIGNS
        ]

    @property
    def letters(self) -> list[str]:
        """The same as written, capitals and all, without signs."""
        return [token.text for token in self.seen if token.kind in _LETTERED]

    @cached_property
    def lines(self) -> list[int]:
        """The indexes of the seen tokens that open a line or paragraph; the first is one."""
        text, ends = self.article.text, self.ends
        return [
            place
            for place, token in enumerate(self.seen)
            if not place or token.line or text.count("\n", ends[place - 1], token.start) > 1
        ]

    def places(self, start: int, end: int) -> Interval:
        """Return the indexes of the seen tokens that overlap a range of the text."""
        if start == end:
            first = bisect_right(self.ends, start)
            inside = first < len(self.seen) and self.starts[first] < start
            return first, first + int(inside)
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def hidden(self, start: int, end: int) -> list[Token]:
        """Return the tokens readers do not see that overlap a range of the text."""
        first = bisect_right(self._unseen_starts, start - self._longest_unseen)
        near = self.unseen[first : bisect_left(self._unseen_starts, end)]
        return [token for token in near if token.end > start]

    def shown(self, first: int, last: int) -> str:
        """Return the text from one seen token to another as readers see it, on one line."""
        return shown_text(self.article.text, self.seen[first:last])


def shown_text(text: str, tokens: Sequence[Token]) -> str:
    """Return tokens as readers see them: one space where there was white space or markup."""
    parts: list[str] = []
    for place, token in enumerate(tokens):
        if place:
            gap = text[tokens[place - 1].end : token.start]
            if gap == " " or token.line or any(map(str.isspace, gap)):
                parts.append(" ")
        raw = text[token.start : token.end]
        parts.append(token.text if "&" in raw and ";" in raw else raw)
    return "".join(parts)


class Hunk:
    """One place where the seen words differ: ``old.seen[a:b]`` against ``new.seen[c:d]``."""

    __slots__ = ("a", "answers", "b", "c", "d", "edits", "new", "old")

    def __init__(
        self, old: Side, new: Side, a: int, b: int, c: int, d: int, edits: list[int]
    ) -> None:
        self.old = old
        self.new = new
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.edits = edits  # indexes into the edits judged
        self.answers: dict[str, Any] = {}  # what several rules ask, once the hunk is settled

    @property
    def gone(self) -> list[Token]:
        """The seen tokens of the old text that changed."""
        return self.old.seen[self.a : self.b]

    @property
    def come(self) -> list[Token]:
        """The seen tokens of the new text that changed."""
        return self.new.seen[self.c : self.d]

    @property
    def differs_in_letters(self) -> bool:
        """Whether the words differ as written, be it in their capitals."""
        return [token.text for token in self.gone if token.kind in _LETTERED] != [
            token.text for token in self.come if token.kind in _LETTERED
        ]

    @property
    def words_gone(self) -> str:
        """The words that are gone, folded, one space between."""
        return self._folded("words gone", self.gone)

    @property
    def words_come(self) -> str:
        """The words that came, folded, one space between."""
        return self._folded("words come", self.come)

    def _folded(self, asked: str, tokens: Sequence[Token]) -> str:
        if asked not in self.answers:
            self.answers[asked] = fold_words(tokens)
        found: str = self.answers[asked]
        return found

    def facts(self) -> tuple[list[Fact], list[Fact]]:
        """Return the facts that overlap the changed tokens on each side."""
        return self.old.facts_in(self.a, self.b), self.new.facts_in(self.c, self.d)


class Passage:
    """Paragraphs of both versions that hold edits, and the hunks in them."""

    __slots__ = ("edits", "hunks", "new", "old", "unread")

    def __init__(self, old: Side, new: Side, edits: list[int], unread: bool = False) -> None:
        self.old = old
        self.new = new
        self.edits = edits
        self.hunks: list[Hunk] = []
        self.unread = unread  # too long to be read word by word: its sides are empty


def passages(
    old: Article, new: Article, edits: Sequence[Edit], numbers: Sequence[int], lexicon: Lexicon
) -> list[Passage]:
    """Gather edits into passages, each with its hunks; ``numbers`` says which edits to take."""
    ordered = sorted(numbers, key=lambda number: (edits[number].old_start, edits[number].new_start))
    groups: list[tuple[list[int], int, int, int, int]] = []
    for number in ordered:
        edit = edits[number]
        a, b = old.paragraph(edit.old_start, edit.old_end)
        c, d = new.paragraph(edit.new_start, edit.new_end)
        if groups:
            members, e, f, g, h = groups[-1]
            if (a < f and e < b) or (c < h and g < d) or (a == f == e and c == h and a == b):
                members.append(number)
                groups[-1] = (members, min(a, e), max(b, f), min(c, g), max(d, h))
                continue
        groups.append(([number], a, b, c, d))
    found = []
    left = MOST_READ
    for members, a, b, c, d in groups:
        left -= (b - a + d - c) * len(members)
        if max(b - a, d - c) > LONGEST_PASSAGE or left < 0:
            found.append(Passage(Side(old, a, a), Side(new, c, c), members, unread=True))
            continue
        passage = Passage(Side(old, a, b), Side(new, c, d), members)
        raw = [_hunk(passage, edits[number], number) for number in members]
        rough = [hunk for hunk in raw if hunk.a < hunk.b or hunk.c < hunk.d]
        if rough:
            usage = Both(old, new)
            passage.old.find_facts(lexicon, usage)
            passage.new.find_facts(lexicon, usage)
            passage.hunks = _settled(rough)
        found.append(passage)
    return found


def _hunk(passage: Passage, edit: Edit, number: int) -> Hunk:
    """Find the seen tokens that an edit touches, whole words on both sides."""
    old, new = passage.old, passage.new
    a, b, c, d = edit.old_start, edit.old_end, edit.new_start, edit.new_end
    for _ in range(4):
        one, other = old.places(a, b), new.places(c, d)
        left = max(
            a - old.starts[one[0]] if one[0] < one[1] else 0,
            c - new.starts[other[0]] if other[0] < other[1] else 0,
        )
        right = max(
            old.ends[one[1] - 1] - b if one[0] < one[1] else 0,
            new.ends[other[1] - 1] - d if other[0] < other[1] else 0,
        )
        if left <= 0 and right <= 0:
            break
        a, c = max(a - max(left, 0), old.start), max(c - max(left, 0), new.start)
        b, d = min(b + max(right, 0), old.end), min(d + max(right, 0), new.end)
    hunk = Hunk(old, new, *old.places(a, b), *new.places(c, d), [number])
    _trim(hunk)
    return hunk


def _alike(one: Token, other: Token) -> bool:
    return one.text == other.text and one.kind == other.kind


def _trim(hunk: Hunk) -> None:
    old, new = hunk.old.seen, hunk.new.seen
    while hunk.a < hunk.b and hunk.c < hunk.d and _alike(old[hunk.a], new[hunk.c]):
        hunk.a += 1
        hunk.c += 1
    while hunk.a < hunk.b and hunk.c < hunk.d and _alike(old[hunk.b - 1], new[hunk.d - 1]):
        hunk.b -= 1
        hunk.d -= 1


def _settled(hunks: list[Hunk]) -> list[Hunk]:
    """Join hunks with no word between them, and let each grow over the facts it cuts."""
    while True:
        joined: list[Hunk] = []
        for hunk in hunks:
            if joined and _touch(joined[-1], hunk):
                last = joined[-1]
                # What follows both is the same on both sides: no more of one than of the other.
                more = max(min(last.b - hunk.b, last.d - hunk.d), 0)
                last.b, last.d = hunk.b + more, hunk.d + more
                last.a, last.c = min(last.a, hunk.a), min(last.c, hunk.c)
                last.edits += [number for number in hunk.edits if number not in last.edits]
            else:
                joined.append(hunk)
        grown = [_grow(hunk) for hunk in joined]
        hunks = joined
        if not any(grown):
            return hunks


def _touch(one: Hunk, other: Hunk) -> bool:
    if other.a < one.b or other.c < one.d:
        return True
    between = one.old.seen[one.b : other.a]
    beside = one.new.seen[one.d : other.c]
    if opens_between(one.old, one.b, other.a) or opens_between(one.new, one.d, other.c):
        return False
    return not any(token.kind in ("word", "number") for token in between) or not any(
        token.kind in ("word", "number") for token in beside
    )


def opens_between(side: Side, first: int, last: int) -> bool:
    """Tell whether a sentence or line begins among some seen tokens, or right after them."""
    return any(
        opens_sentence(side.seen, place)
        for place in range(max(first, 1), min(last + 1, len(side.seen)))
    )


def _grow(hunk: Hunk) -> bool:
    gone, come = hunk.facts()
    left = max(
        [hunk.a - fact.first for fact in gone] + [hunk.c - fact.first for fact in come] + [0]
    )
    right = max([fact.last - hunk.b for fact in gone] + [fact.last - hunk.d for fact in come] + [0])
    if left <= 0 and right <= 0:
        return False
    # The tokens around a hunk are the same on both sides, as far as the passage goes.
    left = min(max(left, 0), hunk.a, hunk.c)
    right = min(max(right, 0), len(hunk.old.seen) - hunk.b, len(hunk.new.seen) - hunk.d)
    hunk.a -= left
    hunk.c -= left
    hunk.b += right
    hunk.d += right
    return left > 0 or right > 0


# --- what rules find, and what they know beside a hunk --------------------------------------------

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
    leaf = side.seen[first].leaf if first < len(side.seen) else None
    if leaf is not None and leaf.role == "cell" and (heads := side.article.heads(leaf)):
        return clipped(f"{', '.join(heads)}: {shown}")
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
