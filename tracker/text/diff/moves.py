"""Sentences that left their place and stand elsewhere now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tracker.text import tokens
from tracker.text.diff.align import Bag, bag, shared
from tracker.text.diff.wording import Passage
from tracker.text.markup import Block, BlockKind, Markup

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
        self._passage: Passage | None = None
        self._bag: Bag | None = None

    @property
    def key(self) -> str:
        """What it shares with a sentence that differs in white space and glyphs only."""
        if self._key is None:
            self._key = block_key(self.markup.text[self.start : self.end], self.kind)
        return self._key

    @property
    def passage(self) -> Passage:
        """The sentence in words."""
        if self._passage is None:
            self._passage = Passage(self.markup, self.start, self.end, self.kind)
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
    return _joined(gone, come, partner)


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


def _joined(
    gone: Sequence[Sentence], come: Sequence[Sentence], partner: dict[int, int]
) -> list[Move]:
    """Neighbours that stay neighbours are one move."""
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
