"""Standing text: what an archive repeats from article to article, learnt by counting.

Funder lines, newsletter and donation promos, event boxes, pointers to other stories and credits
stand in many articles. Counted are sequences of four words, each once an article, so that a promo
is known in other words too, and whole sentences, for people to look at. Counts of parts of an
archive can be merged. Memory is bounded by lossy counting (Manku and Motwani, 2002): where there
are too many, what was seen once is forgotten, and what the archive repeats comes again.
"""

from __future__ import annotations

import json
import re
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from tracker.text.document import parse
from tracker.text.markup import scan
from tracker.text.tokens import sentences

SEQUENCE = 4
"""Words in a sequence."""

MOST_SEQUENCES = 1_200_000
MOST_SENTENCES = 100_000
"""Counts kept at once; some 200 MB at most."""

_LONGEST_SENTENCE = 400
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class Settings(NamedTuple):
    """When a sequence counts as standing text."""

    articles: int = 4  # it stands in at least so many,
    share: float = 0.0008  # and in at least this share of all
    added: tuple[str, ...] = ()  # sentences that are standing text, whatever was counted
    removed: tuple[str, ...] = ()  # sentences that are none


class Counts:
    """How many articles have each sequence of words and each sentence."""

    __slots__ = ("articles", "sentences", "sequences")

    def __init__(self) -> None:
        self.articles = 0
        self.sequences: dict[int, int] = {}
        self.sentences: dict[str, int] = {}

    def add(self, *versions: str) -> None:
        """Count one article, given as versions of it, front matter included.

        Each sequence counts once: a promo that was taken out of all articles later is known by
        the versions that had it.
        """
        self.add_words(*(scan(text, parse(text).body_start).words() for text in versions))

    def add_words(self, *versions: str) -> None:
        """Count one article, given as what readers see of its versions, a line for each block."""
        self.articles += 1
        seen: set[int] = set()
        said: set[str] = set()
        for line in {line for words in versions for line in words.splitlines()}:
            for start, end in sentences(line):
                sentence = line[start:end]
                found = folded(sentence)
                seen.update(sequences(found))
                if len(found) >= SEQUENCE and len(sentence) <= _LONGEST_SENTENCE:
                    said.add(" ".join(sentence.split()))
        _count(self.sequences, seen, MOST_SEQUENCES)
        _count(self.sentences, said, MOST_SENTENCES)

    def merge(self, other: Counts) -> None:
        """Add the counts of other articles."""
        self.articles += other.articles
        for key, number in other.sequences.items():
            self.sequences[key] = self.sequences.get(key, 0) + number
        for words, number in other.sentences.items():
            self.sentences[words] = self.sentences.get(words, 0) + number

    def frozen(self, settings: Settings | None = None) -> Boilerplate:
        """Return what counts as standing text."""
        chosen = settings or Settings()
        least = max(chosen.articles, round(chosen.share * self.articles), 2)
        known = {key for key, number in self.sequences.items() if number >= least}
        for words in chosen.added:
            known.update(sequences(folded(words)))
        for words in chosen.removed:
            known.difference_update(sequences(folded(words)))
        told = sorted(
            ((number, words) for words, number in self.sentences.items() if number >= least),
            key=lambda one: (-one[0], one[1]),
        )
        return Boilerplate(frozenset(known), tuple((words, number) for number, words in told))

    def to_bytes(self) -> bytes:
        """Return the counts for keeping; those of one article are left out of a large archive."""
        least = 2 if self.articles > 200 else 1
        kept = [(key, number) for key, number in self.sequences.items() if number >= least]
        head = {
            "articles": self.articles,
            "sequences": len(kept),
            "sentences": {words: n for words, n in self.sentences.items() if n >= least},
        }
        packed = array("I", [part for pair in kept for part in pair]).tobytes()
        return zlib.compress(json.dumps(head).encode() + b"\n" + packed, 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> Counts:
        """Return the counts that ``to_bytes`` wrote. Raises ValueError for anything else."""
        try:
            head, _, packed = zlib.decompress(data).partition(b"\n")
            said: Mapping[str, object] = json.loads(head)
            numbers = array("I")
            numbers.frombytes(packed)
        except (zlib.error, ValueError) as error:
            raise ValueError("These are no counts of standing text.") from error
        found = cls()
        kept, articles = said.get("sentences"), said.get("articles")
        if not isinstance(kept, dict) or not isinstance(articles, int):
            raise ValueError("These are no counts of standing text.")  # noqa: TRY004
        found.articles = articles
        found.sentences = kept
        found.sequences = dict(zip(numbers[0::2], numbers[1::2], strict=True))
        return found


_Key = TypeVar("_Key", int, str)


def _count(counts: dict[_Key, int], seen: Iterable[_Key], most: int) -> None:
    for key in seen:
        counts[key] = counts.get(key, 0) + 1
    if len(counts) > most:
        for key in [key for key, number in counts.items() if number < 2]:
            del counts[key]


class Boilerplate(NamedTuple):
    """What an archive repeats. Falsy where it knows nothing."""

    sequences: frozenset[int] = frozenset()
    sentences: tuple[tuple[str, int], ...] = ()  # with the number of articles, the most first

    def __bool__(self) -> bool:
        return bool(self.sequences)

    def share(self, words: Sequence[str]) -> float:
        """Return how much of some folded words is standing text, from 0 to 1."""
        found = self.standing(words)
        return sum(found) / len(found) if found else 0.0

    def standing(self, words: Sequence[str]) -> list[bool]:
        """Tell of each folded word whether it stands in a repeated sequence."""
        found = [False] * len(words)
        for place, sequence in enumerate(sequences(words)):
            if sequence in self.sequences:
                found[place : place + SEQUENCE] = [True] * SEQUENCE
        return found


def folded(words: str) -> list[str]:
    """Return the words of a sentence as they are counted."""
    return [word.replace("’", "'") for word in _WORD.findall(words.casefold())]


def sequences(words: Sequence[str]) -> Iterator[int]:
    """Yield a number for each sequence of words."""
    if len(words) < SEQUENCE:
        return
    coded = [zlib.crc32(word.encode("utf-8", "replace")) for word in words]
    pairs = [(one * 31 + other * 17) & 0xFFFFFFFF for one, other in pairwise(coded)]
    for place in range(len(pairs) - 2):
        yield (pairs[place] * 0x9E3779B1 ^ pairs[place + 2]) & 0xFFFFFFFF
