"""Which sentences of one text became which of another: by the words they share.

Inside a passage that changed, sentences keep their order, one becomes one, two or none, and two
may become one; :func:`align` finds the best such chain. Sentences that left their place are found
by :func:`tracker.text.diff.align.find`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from tracker.text import tokens
from tracker.text.diff.wording import CutPassage
from tracker.text.spans import Block, BlockKind, Markup

ENOUGH = 0.4
"""Share of their words' weight that two sentences must have in common to be one sentence edited."""

ENOUGH_IN_PLACE = 0.22
"""The same for two sentences of which each stands alone in the place of the other."""

_CANDIDATES = 6  # partners looked at for one sentence, best first
_COMMON = 24  # a word in more sentences than this says nothing about which belongs to which


class Bag(NamedTuple):
    """The words of one sentence, counted, with what they weigh."""

    counts: Mapping[str, int]
    weights: Mapping[str, float]  # of each word, once
    weight: float  # of all


class Pair(NamedTuple):
    """Sentences ``old_start:old_end`` of the one text are ``new_start:new_end`` of the other."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


@lru_cache(maxsize=4096)
def _weigh_short(word: str) -> float:
    if word[0].isdigit() or word[0] > "\u2e80":
        return 1.5
    return 0.5 if word[0].isalpha() else 0.1


def bag(words: Sequence[str]) -> Bag:
    """Count and weigh the words of one sentence, given by their keys.

    Small and capital letters are the same here. Long words say more than short ones about which
    sentence they stand in.
    """
    counts = Counter(map(str.lower, words))
    weights = {
        word: (0.3 if word[0] in "<{/" or "://" in word else 3.0)  # a tag, an address: little
        if len(word) > 6
        else 2.0
        if len(word) > 3
        else _weigh_short(word)
        for word in counts
    }
    return Bag(counts, weights, sum([count * weights[word] for word, count in counts.items()]))


def shared(one: Bag, other: Bag) -> float:
    """The weight of the words that two sentences have in common."""
    if len(one.counts) > len(other.counts):
        one, other = other, one
    total = 0.0
    second, weights = other.counts, one.weights
    for word, count in one.counts.items():
        if word in second:
            total += min(count, second[word]) * weights[word]
    return total


def gain(one: Bag, other: Bag) -> float:
    """How much better it is to show two sentences as one edited than as one gone and one new.

    Positive when they share at least :data:`ENOUGH` of their words' weight, or the shorter one is
    nearly all there in the longer.
    """
    return _gained(shared(one, other), one, other)


def alike(one: Bag, other: Bag) -> bool:
    """Whether a sentence that stands alone in the place of another can be read as it, edited."""
    return shared(one, other) >= ENOUGH_IN_PLACE * (one.weight + other.weight) / 2


def _gained(common: float, one: Bag, other: Bag) -> float:
    gained = common - ENOUGH * (one.weight + other.weight) / 2
    if gained <= 0 and len(one.counts) > 3 and len(other.counts) > 3:
        smaller = min(one.weight, other.weight)
        if common >= 0.75 * smaller:
            return 0.1 * common
    return gained


def _joined(one: Bag, other: Bag) -> Bag:
    counts = dict(one.counts)
    for word, count in other.counts.items():
        counts[word] = counts.get(word, 0) + count
    return Bag(counts, {**one.weights, **other.weights}, one.weight + other.weight)


def _commons(old: Sequence[Bag], new: Sequence[Bag]) -> dict[tuple[int, int], float]:
    """What each sentence shares with those few that share the most of its words."""
    postings: dict[str, list[int]] = {}
    for number, sentence in enumerate(new):
        for word in sentence.counts:
            postings.setdefault(word, []).append(number)
    commons: dict[tuple[int, int], float] = {}
    for number, sentence in enumerate(old):
        votes: dict[int, float] = {}
        for word, count in sentence.counts.items():
            there = postings.get(word, ())
            if len(there) <= _COMMON:
                weight = count * sentence.weights[word]
                for other in there:
                    votes[other] = votes.get(other, 0.0) + weight
        best = sorted(votes, key=lambda other: (-votes[other], abs(other - number)))
        for other in best[:_CANDIDATES]:
            commons[number, other] = shared(sentence, new[other])
    return commons


def align(old: Sequence[Bag], new: Sequence[Bag]) -> list[Pair]:
    """The best chain of pairs, in order: one to one, one to two, two to one.

    The work is bounded: each sentence is held against a handful of others, found by their words,
    and the best chain among those pairs costs n log n.
    """
    if len(old) == len(new) == 1:
        return [Pair(0, 1, 0, 1)] if gain(old[0], new[0]) > 0 else []
    commons = _commons(old, new)
    if not commons:
        return []
    candidates: list[tuple[Pair, float]] = []
    for (one, other), common in commons.items():
        mine, its = old[one], new[other]
        value = _gained(common, mine, its)
        if value > 0:
            candidates.append((Pair(one, one + 1, other, other + 1), value))
        # Two of one side for one of the other: only if both have their share in it.
        beside = commons.get((one, other + 1), 0.0)
        if 2 * common >= its.weight and beside and 2 * beside >= new[other + 1].weight:
            both = gain(mine, _joined(its, new[other + 1]))
            if both > max(value, _gained(beside, mine, new[other + 1]), 0):
                candidates.append((Pair(one, one + 1, other, other + 2), both))
        beside = commons.get((one + 1, other), 0.0)
        if 2 * common >= mine.weight and beside and 2 * beside >= old[one + 1].weight:
            both = gain(_joined(mine, old[one + 1]), its)
            if both > max(value, _gained(beside, old[one + 1], its), 0):
                candidates.append((Pair(one, one + 2, other, other + 1), both))
    return _best_chain(candidates)


def _best_chain(candidates: list[tuple[Pair, float]]) -> list[Pair]:
    """The heaviest chain of pairs that cross neither in the old text nor in the new one."""
    candidates.sort()
    # Ends of chains by where they end in the new text: both lists rise together.
    ends: list[int] = []
    totals: list[tuple[float, int]] = []
    links: list[tuple[Pair, int]] = []  # a pair, and the number of the one before it or -1
    waiting: list[tuple[int, int, float, int]] = []
    for pair, value in candidates:
        still = []
        for waiter in waiting:
            if waiter[0] <= pair.old_start:
                _enter(ends, totals, waiter[1], waiter[2], waiter[3])
            else:
                still.append(waiter)
        waiting = still
        place = bisect_right(ends, pair.new_start)
        total, link = totals[place - 1] if place else (0.0, -1)
        links.append((pair, link))
        waiting.append((pair.old_end, pair.new_end, total + value, len(links) - 1))
    for waiter in waiting:
        _enter(ends, totals, waiter[1], waiter[2], waiter[3])
    chain: list[Pair] = []
    link = totals[-1][1] if totals else -1
    while link >= 0:
        pair, link = links[link]
        chain.append(pair)
    chain.reverse()
    return chain


def _enter(
    ends: list[int], totals: list[tuple[float, int]], end: int, total: float, link: int
) -> None:
    """Keep the best total of the chains that end at or before each place."""
    place = bisect_right(ends, end)
    if place and totals[place - 1][0] >= total:
        return
    if place and ends[place - 1] == end:
        place -= 1
        totals[place] = (total, link)
    else:
        ends.insert(place, end)
        totals.insert(place, (total, link))
    while place + 1 < len(ends) and totals[place + 1][0] <= total:
        del ends[place + 1], totals[place + 1]


# --- sentences that left their place and stand elsewhere now --------------------------------------

LEAST_WORDS = 4
"""A sentence of fewer words is not told as moved: it may be there twice by chance."""

_ALIKE = 0.6  # of the weight of both sentences' words, for one that was edited on its way
_TELLING = 12  # a word in more sentences than this tells nothing about where one came from


_BULLET = re.compile(r"[-*+]|\d{1,9}[.)]", re.ASCII)


class Sentence:
    """A sentence that stands in one text only, or seems to. Its words are read when asked for."""

    __slots__ = ("_bag", "_key", "_passage", "block", "end", "kind", "markup", "start")

    def __init__(self, markup: Markup, start: int, end: int, block: int, kind: BlockKind) -> None:
        self.markup = markup
        self.start = start
        self.end = end
        self.block = block  # number of its block; sentences of one block are contiguous
        self.kind = kind
        self._key: str | None = None
        self._passage: CutPassage | None = None
        self._bag: Bag | None = None

    @property
    def key(self) -> str:
        """What it shares with a sentence that differs in white space and glyphs only."""
        if self._key is None:
            self._key = block_key(self.markup.text[self.start : self.end], self.kind)
        return self._key

    @property
    def passage(self) -> CutPassage:
        if self._passage is None:
            self._passage = CutPassage(self.markup, self.start, self.end, self.kind)
        return self._passage

    @property
    def bag(self) -> Bag:
        """The sentence's words, counted and weighed."""
        if self._bag is None:
            self._bag = bag(self.passage.keys)
        return self._bag


def block_key(words: str, kind: BlockKind) -> str:
    """What two passages share that differ in white space, glyphs of quotation marks and the
    bullets or numbers of a list only.
    """
    if kind == "code":
        return "\0" + words.rstrip("\n")
    parts = tokens.plain(words).split()
    if kind == "item" and parts and _BULLET.fullmatch(parts[0]):
        parts[0] = "1." if parts[0][0].isdigit() else "-"
    return " ".join(parts)


def matching_keys(
    old: Sequence[Sentence | Block],
    new: Sequence[Sentence | Block],
    old_text: str,
    new_text: str,
) -> tuple[list[str], list[str]]:
    """Keys by which blocks or sentences of two texts are matched.

    Where the very letters stand in both texts they will do, which saves making the key.
    """
    one = [old_text[part.start : part.end] for part in old]
    other = [new_text[part.start : part.end] for part in new]
    both = set(one) & set(other)
    return (
        [
            letters if letters in both else block_key(letters, part.kind)
            for letters, part in zip(one, old, strict=True)
        ],
        [
            letters if letters in both else block_key(letters, part.kind)
            for letters, part in zip(other, new, strict=True)
        ],
    )


class Move(NamedTuple):
    """Sentences ``old_start:old_end`` of those gone are ``new_start:new_end`` of those come."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def _long_enough(sentence: Sentence) -> bool:
    return (
        sentence.end - sentence.start > LEAST_WORDS
        and tokens.count_words(sentence.passage.keys) >= LEAST_WORDS
    )


def find(gone: Sequence[Sentence], come: Sequence[Sentence]) -> list[Move]:
    """The moves, in the order of the new text: exact ones first, then the best overlaps."""
    partner: dict[int, int] = {}  # of one gone, the one come
    taken: set[int] = set()
    by_words: dict[str, list[int]] = {}
    for number, sentence in enumerate(come):
        if _long_enough(sentence):
            by_words.setdefault(sentence.key, []).append(number)
    candidates = [number for number, sentence in enumerate(gone) if _long_enough(sentence)]
    for number in candidates:
        there = by_words.get(gone[number].key)
        if there:
            partner[number] = there.pop(0)
            taken.add(partner[number])
    left = [number for number in candidates if number not in partner]
    free = [number for numbers in by_words.values() for number in numbers]
    partner.update(_alike(gone, come, left, free))
    return _neighbours_joined(gone, come, partner)


def _alike(
    gone: Sequence[Sentence], come: Sequence[Sentence], left: Sequence[int], free: Sequence[int]
) -> dict[int, int]:
    """Pairs of sentences that were edited on their way: the best for both of them."""
    postings: dict[str, list[int]] = {}
    for other in free:
        for word in come[other].bag.counts:
            postings.setdefault(word, []).append(other)
    scored: list[tuple[float, int, int]] = []
    for number in left:
        votes: dict[int, int] = {}
        for word in gone[number].bag.counts:
            there = postings.get(word, ())
            if len(there) <= _TELLING:
                for other in there:
                    votes[other] = votes.get(other, 0) + 1
        for other in sorted(votes, key=lambda one: (-votes[one], one))[:4]:
            one, two = gone[number].bag, come[other].bag
            if "code" in (gone[number].kind, come[other].kind):
                continue  # compared exactly
            alike = 2 * shared(one, two) / (one.weight + two.weight)
            if alike >= _ALIKE:
                scored.append((-alike, number, other))
    scored.sort()
    found: dict[int, int] = {}
    used: set[int] = set()
    for _, number, other in scored:
        if number not in found and other not in used:
            found[number] = other
            used.add(other)
    return found


def _neighbours_joined(
    gone: Sequence[Sentence], come: Sequence[Sentence], partner: dict[int, int]
) -> list[Move]:
    found: list[Move] = []
    for number, other in sorted(partner.items(), key=lambda pair: pair[1]):
        if found:
            last = found[-1]
            if (
                last.old_end == number
                and last.new_end == other
                and gone[number - 1].end == gone[number].start
                and come[other - 1].end == come[other].start
            ):
                found[-1] = Move(last.old_start, number + 1, last.new_start, other + 1)
                continue
        found.append(Move(number, number + 1, other, other + 1))
    return found
