"""Sentences that left their place and stand elsewhere now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tracker.text import tokens
from tracker.text.align import Bag, shared
from tracker.text.wording import Passage

LEAST_WORDS = 4
"""A sentence of fewer words is not told as moved: it may be there twice by chance."""

_ALIKE = 0.6  # of the weight of both sentences' words, for one that was edited on its way
_TELLING = 12  # a word in more sentences than this tells nothing about where one came from


class Sentence(NamedTuple):
    """A sentence that stands in one text only, or seems to."""

    passage: Passage
    bag: Bag
    block: int  # number of its block; sentences of one block are contiguous
    code: bool  # a line of code is compared exactly


class Move(NamedTuple):
    """Sentences ``old_start:old_end`` of those gone are ``new_start:new_end`` of those come."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def _long_enough(sentence: Sentence) -> bool:
    return tokens.count_words(sentence.passage.keys) >= LEAST_WORDS


def find(gone: Sequence[Sentence], come: Sequence[Sentence]) -> list[Move]:
    """The moves, in the order of the new text: exact ones first, then the best overlaps."""
    partner: dict[int, int] = {}  # of one gone, the one come
    taken: set[int] = set()
    by_words: dict[tuple[str, ...], list[int]] = {}
    for number, sentence in enumerate(come):
        if _long_enough(sentence):
            by_words.setdefault(tuple(sentence.passage.keys), []).append(number)
    candidates = [number for number, sentence in enumerate(gone) if _long_enough(sentence)]
    for number in candidates:
        there = by_words.get(tuple(gone[number].passage.keys))
        if there:
            partner[number] = there.pop(0)
            taken.add(partner[number])
    left = [number for number in candidates if number not in partner]
    free = [number for numbers in by_words.values() for number in numbers]
    for number, other in _alike(gone, come, left, free):
        partner[number] = other
    return _joined(gone, come, partner)


def _alike(
    gone: Sequence[Sentence], come: Sequence[Sentence], left: Sequence[int], free: Sequence[int]
) -> list[tuple[int, int]]:
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
            if gone[number].code or come[other].code:
                continue
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
    return list(found.items())


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
                and gone[number - 1].passage.end == gone[number].passage.start
                and come[other - 1].passage.end == come[other].passage.start
            ):
                found[-1] = Move(last.old_start, number + 1, last.new_start, other + 1)
                continue
        found.append(Move(number, number + 1, other, other + 1))
    return found
