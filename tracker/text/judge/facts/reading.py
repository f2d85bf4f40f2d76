"""What a fact is, and what a recognizer of facts sees."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Literal, NamedTuple, Protocol

from tracker.text.judge.seen import Token
from tracker.text.lexicon import Lexicon

FactKind = Literal["number", "date", "name", "negation", "modality", "attribution"]


class Fact(NamedTuple):
    """One fact in a passage."""

    kind: FactKind
    key: tuple[object, ...]  # equal for the same fact in another form
    first: int  # indexes into the passage's seen tokens, half-open
    last: int
    weak: bool = False  # an article in many languages ("ein", "une"), or "one": a number only
    #                     where a number stands against it


class Usage(Protocol):
    """How words are used in the whole article, in either version."""

    def lower(self, word: str) -> bool:
        """Tell whether the word stands somewhere in lower case."""

    def inside(self, word: str) -> bool:
        """Tell whether the word stands with a capital inside a sentence somewhere."""


class Reading:
    """The seen tokens of a passage, the word lists, and how the article uses its words."""

    __slots__ = ("folds", "lexicon", "tokens", "usage")

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon, usage: Usage) -> None:
        self.tokens = tokens
        self.lexicon = lexicon
        self.usage = usage
        self.folds = [token.fold.rstrip(".") or token.fold for token in self.tokens]

    def fold(self, place: int) -> str:
        """Return the word at a place, casefolded; "" past the ends."""
        return self.folds[place] if 0 <= place < len(self.folds) else ""

    def glued(self, place: int) -> bool:
        """Tell whether the token at a place follows the one before it without a space."""
        return (
            0 < place < len(self.tokens) and self.tokens[place].start == self.tokens[place - 1].end
        )

    def phrase(self, words: Collection[tuple[str, ...]], place: int) -> int:
        """Return how many tokens from ``place`` on are one of the phrases (the longest), or 0."""
        for length in (4, 3, 2, 1):
            if tuple(self.folds[place : place + length]) in words:
                return min(length, len(self.folds) - place)
        return 0


def opens_sentence(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether the token at a place opens a sentence, a line, or a quotation."""
    if place == 0 or tokens[place].line:
        return True
    before = tokens[place - 1]
    if before.kind in ("quote", "symbol"):
        return True
    return before.kind == "mark" and before.text in ".!?:…。！？•—*("


@cache
def triggers(lexicon: Lexicon) -> frozenset[str]:
    """Return the words at which some recognizer has to look; all others are plain words."""
    return frozenset(
        [phrase[0] for phrase in lexicon.qualifiers]
        + [*lexicon.numbers, *lexicon.scales, *lexicon.ordinals, *lexicon.vague]
        + [*lexicon.quantifiers]
        + [*lexicon.months, *lexicon.weekdays, *lexicon.relative, *lexicon.clock]
        + [*lexicon.shifters, *lexicon.negations, *lexicon.attribution, *lexicon.modality]
        + ["a", "an", "us", "ca"]
    )
