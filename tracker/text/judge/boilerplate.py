"""Standing text: what an archive repeats from article to article, learnt by counting.

Funder lines, newsletter and donation promos, event boxes, pointers to other stories and credits
stand in many articles. Counted are sequences of four words, each once an article, so that a promo
is known in other words too, and sentences that are met again, for people to look at. Counts of
parts of an archive can be merged. Memory is bounded by lossy counting (Manku and Motwani, 2002):
where there are too many, what was seen once and long ago is forgotten.

An archive is counted whole before a first check, so markup is taken out by one expression: the
scanner, which tells roles and places that do not matter here, would take most of the time.
"""

from __future__ import annotations

import json
import re
import zlib
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from tracker.model import BoilerplateSettings
from tracker.text import expression
from tracker.text.front_matter import locate
from tracker.text.markup import scan
from tracker.text.tokens import sentences

SEQUENCE = 4
"""Words in a sequence."""

MOST_SEQUENCES = 2_000_000
MOST_SENTENCES = 100_000
"""Counts kept at once; some 200 MB at most."""

_MOST_SINGLE = 250_000  # sequences seen once that are kept in bytes
_FEW = 3  # known sequences from which a paragraph is looked at for repeated sentences
_LONGEST_SENTENCE = 400


class Counts:
    """How many articles have each sequence of words, and each sentence that was met again."""

    __slots__ = ("articles", "sentences", "sequences")

    def __init__(self) -> None:
        self.articles = 0
        self.sequences: Counter[int] = Counter()
        self.sentences: Counter[str] = Counter()

    def add(self, *versions: str, counted: int = 0) -> None:
        """Count an article by its versions, oldest first, front matter left out.

        Each sequence counts once, whichever version has it: a promo that was taken out of all
        articles later is known by those that had it. The first ``counted`` versions were counted
        before: only what is new in the later ones counts.
        """
        met: set[str] = set()  # paragraphs
        seen: set[int] = set()
        earlier: frozenset[int] = frozenset()
        said: set[str] = set()
        for number, text in enumerate(versions):
            if number == counted:
                earlier = frozenset(seen)
            for paragraph in _paragraphs(text):
                if paragraph in met:
                    continue
                met.add(paragraph)
                found = sequences(words_of(paragraph))
                seen |= found
                seen.update(_short_lines(paragraph))
                if number >= counted:
                    known = self.sequences.keys() & found
                    if len(known) > max(_FEW, len(found) // 8):
                        said |= _repeated_in(paragraph, known, earlier)
        if not counted:
            self.articles += 1
        self.sequences.update(seen - earlier)
        for sentence in said:
            self.sentences[sentence] = (self.sentences[sentence] or 1) + 1
        self._forget()

    def _forget(self) -> None:
        if len(self.sequences) > MOST_SEQUENCES:
            self.sequences = _without_old(self.sequences, MOST_SEQUENCES // 2)
        if len(self.sentences) > MOST_SENTENCES:
            kept = self.sentences.most_common(MOST_SENTENCES // 2)
            self.sentences = Counter(dict(kept))

    def merge(self, other: Counts) -> None:
        """Add the counts of other articles."""
        self.articles += other.articles
        self.sequences.update(other.sequences)
        self.sentences.update(other.sentences)
        self._forget()

    def frozen(self, settings: BoilerplateSettings | None = None) -> Boilerplate:
        """Return what counts as standing text."""
        chosen = settings or BoilerplateSettings()
        least = max(chosen.articles, round(chosen.share * self.articles), 2)
        known = {key for key, number in self.sequences.items() if number >= least}
        for words in chosen.add:
            known.update(sequences(words.split()))
        for words in chosen.remove:
            known.difference_update(sequences(words.split()))
        told = sorted(
            ((number, words) for words, number in self.sentences.items() if number >= least),
            key=lambda one: (-one[0], one[1]),
        )
        return Boilerplate(frozenset(known), tuple((words, number) for number, words in told))

    def to_bytes(self) -> bytes:
        """Return the counts for keeping; of what was seen once, the newest."""
        kept = _without_old(self.sequences, _MOST_SINGLE)
        head = {"articles": self.articles, "sentences": self.sentences}
        packed = array("I", [part for pair in kept.items() for part in pair]).tobytes()
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
        found.sentences = Counter(kept)
        found.sequences = Counter(dict(zip(numbers[0::2], numbers[1::2], strict=True)))
        return found


def _without_old(counts: Counter[int], newest: int) -> Counter[int]:
    """Return counts without what was seen once, but for the newest of it."""
    older = len(counts) - newest
    pairs = enumerate(counts.items())
    return Counter({key: number for at, (key, number) in pairs if number > 1 or at >= older})


class Boilerplate(NamedTuple):
    """What an archive repeats. Falsy where it knows nothing."""

    sequences: frozenset[int] = frozenset()
    sentences: tuple[tuple[str, int], ...] = ()  # with the number of articles, the most first

    def __bool__(self) -> bool:
        return bool(self.sequences)

    def share(self, sentence: str) -> float:
        """Return how much of a sentence is standing text, from 0 to 1."""
        found = self.standing(sentence.split())
        return sum(found) / len(found) if found else 0.0

    def repeats_line(self, words: Sequence[str]) -> bool:
        """Tell whether some words, fewer than a sequence, are a line that the archive repeats."""
        return short_line(words) in self.sequences

    def standing(self, words: Sequence[str]) -> list[bool]:
        """Tell of each word whether it stands in a repeated sequence; marks alone never do."""
        codes = [(code, place) for place, word in enumerate(words) if (code := _codes[word])]
        found = [False] * len(words)
        for at, sequence in enumerate(_sequences([code for code, _ in codes])):
            if sequence in self.sequences:
                for _, place in codes[at : at + SEQUENCE]:
                    found[place] = True
        return found


_PARAGRAPH = expression(r"\n[^\S\n]*+\n")


def _paragraphs(text: str) -> dict[str, None]:
    """Return the paragraphs of an article's body, each once, in order."""
    place = locate(text)
    return dict.fromkeys(_PARAGRAPH().split(text[place.end if place else 0 :]))


def _repeated_in(paragraph: str, known: set[int], earlier: frozenset[int]) -> set[str]:
    """Return the sentences of a paragraph that have mostly known sequences, and new ones."""
    return {
        sentence
        for sentence, found in _sentences(paragraph)
        if len(found & known) * 2 > len(found) and not found <= earlier
    }


@lru_cache(maxsize=2048)  # most of those asked for are repeated
def _sentences(paragraph: str) -> list[tuple[str, set[int]]]:
    """Return the sentences of a paragraph, as readers see them, with their sequences."""
    shown = " ".join(scan(paragraph, kind="markdown").words().split())
    return [
        (sentence, sequences(sentence.split()))
        for sentence in (shown[start:end].rstrip() for start, end in sentences(shown))
        if len(sentence) <= _LONGEST_SENTENCE
    ]


_HIDDEN = expression(
    r"\]\((?:[^()\s]|\([^()\s]*+\))*+(?:\s++\"[^\"\n]*+\")?+\)"  # the target of a link
    r"|<[^<>]*+>|\{[{%][^{}\n]*+[%}]\}|\{:[^{}\n]*+\}"
)


def _short_lines(paragraph: str) -> list[int]:
    """Return a number for each line with fewer words than a sequence: labels, heads of boxes."""
    lines = (line for line in paragraph.split("\n") if len(line) < _LONGEST_LINE)
    found = (short_line(words_of(line)) for line in lines)
    return [number for number in found if number]


_LONGEST_LINE = 300


def short_line(words: Sequence[str]) -> int:
    """Return a number for a whole line of fewer words than a sequence; 0 for any other."""
    codes = list(filter(None, map(_codes.__getitem__, words[: SEQUENCE + 1])))
    missing = SEQUENCE - len(codes)
    return _sequences([0] * missing + codes)[0] if codes and missing > 0 else 0


def words_of(text: str) -> list[str]:
    """Return the words of Markdown as they are counted: with the marks that stand at them."""
    return _HIDDEN().sub("", text).split()


_LETTERS = re.compile(r"[^\W_]+")


class _Codes(dict[str, int]):
    """A number for the letters and digits of each word, the same in every process; or 0."""

    def __missing__(self, word: str) -> int:
        if len(self) > _MOST_CODES:
            self.clear()
        letters = "".join(_LETTERS.findall(word.casefold()))
        self[word] = code = zlib.crc32(letters.encode("utf-8", "replace")) & 0x3FFFFFFF
        return code


_MOST_CODES = 400_000
_codes = _Codes()


def sequences(words: Sequence[str]) -> set[int]:
    return set(_sequences(list(filter(None, map(_codes.__getitem__, words)))))


def _sequences(codes: Sequence[int]) -> list[int]:
    pairs = [one * 31 + other for one, other in pairwise(codes)]
    return [(one * 1009 + other) & 0xFFFFFFFF for one, other in zip(pairs, pairs[2:], strict=False)]
