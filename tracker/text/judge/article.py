"""One version of an article as the rules ask of it: its paragraphs, and how it uses a word."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from functools import cache

from tracker.text.counts import Interval
from tracker.text.judge.seen import Token, read
from tracker.text.markup import Kind, Markup, scan

LONGEST_CONTEXT = 1_500
"""Characters of a paragraph read before its first and after its last edit."""


@cache
def _blank() -> re.Pattern[str]:
    return re.compile(r"\n[ \t\r]*+\n\s*+")


@cache
def _title() -> re.Pattern[str]:
    return re.compile(r"^[\"']?(?:title|headline)[\"']?[ \t]*[:=]", re.MULTILINE | re.IGNORECASE)


class Article:
    """One version of a text, with what the rules ask of it, worked out once and when asked."""

    def __init__(
        self, text: str, hidden: Sequence[Interval], body: int, kind: Kind | None = None
    ) -> None:
        self.text = text
        self.kind = kind
        self.hidden = sorted(hidden)  # passages left out of the comparison: notes
        self.body = body
        self._titled: bool | None = None
        self._breaks: list[int] | None = None
        self._used: dict[str, bool] = {}
        self._folded: str | None = None
        self._spoken: str | None = None
        self._spoken_body: str | None = None
        self._shown_words: list[str] | None = None
        self._raw_words: str | None = None
        self._raw_list: list[str] | None = None
        self._raw_set: frozenset[str] | None = None
        self._vocabulary: frozenset[str] | None = None
        self._lines: set[tuple[str, ...]] | None = None

    @property
    def titled(self) -> bool:
        """Whether the front matter has the headline."""
        if self._titled is None:
            head = self.text[: min(self.body, 20_000)]
            self._titled = bool(head) and _title().search(head) is not None
        return self._titled

    @property
    def breaks(self) -> list[int]:
        """Offsets after which paragraphs begin."""
        if self._breaks is None:
            self._breaks = [match.end() for match in _blank().finditer(self.text)]
        return self._breaks

    @property
    def markup(self) -> Markup:
        """What readers see of the body."""
        return scan(self.text, self.body, self.kind)

    def paragraph(self, start: int, end: int) -> Interval:
        """Return the paragraphs around a range, at most LONGEST_CONTEXT characters to each side."""
        breaks = self.breaks
        before = bisect_right(breaks, start)
        first = breaks[before - 1] if before else 0
        if start == end and start == first:
            return start, end
        # An edit may end with the white space that closes its paragraph.
        after = bisect_left(breaks, end)
        last = breaks[after] if after < len(breaks) else len(self.text)
        return (
            max(first, start - LONGEST_CONTEXT, min(self.body, start)),
            min(last, end + LONGEST_CONTEXT),
        )

    def lower(self, word: str) -> bool:
        """Tell whether the text has a word in lower case."""
        return word.islower() and self._has(word, "")

    def inside(self, word: str) -> bool:
        """Tell whether the text has a capitalized word after a word in lower case or a comma."""
        return self._has(word, " ")

    def _has(self, word: str, before: str) -> bool:
        key = before + word
        if key not in self._used:
            self._used[key] = self._search(word, bool(before))
        return self._used[key]

    def _search(self, word: str, after_word: bool) -> bool:
        text, place = self.text, -1
        for _ in range(200):
            place = text.find(word, place + 1)
            if place < 0:
                return False
            end = place + len(word)
            if (place and text[place - 1].isalnum()) or (end < len(text) and text[end].isalnum()):
                continue
            if not after_word:
                return True
            if (
                place > 1
                and text[place - 1] == " "
                and (text[place - 2].islower() or text[place - 2] == ",")
            ):
                return True
        return False

    def may_say(self, words: str) -> bool:
        """Tell whether all of some folded words are in the text: a cheap test before a search."""
        if self._folded is None:
            self._folded = self.text.casefold()
        return all(word in self._folded for word in words.split() if "'" not in word)

    def shows(self, words: str) -> bool:
        """Tell whether readers see some words in this order; those of the front matter count."""
        if self._spoken is None:
            self._spoken = f" {' '.join(self._shown())} "
        return f" {' '.join(raw_words(words.casefold()))} " in self._spoken

    @property
    def spoken_body(self) -> str:
        """The words and numbers of the body in order, folded, one space between."""
        if self._spoken_body is None:
            tokens = read(self.markup, self.body, min(len(self.text), self.body + 300_000))
            self._spoken_body = f" {fold_words(tokens)} "
        return self._spoken_body

    def _shown(self) -> list[str]:
        if self._shown_words is None:
            shown = self.text[: self.body] + "\n" + self.markup.words(self.body)
            self._shown_words = raw_words(shown.casefold())
        return self._shown_words

    @property
    def raw_list(self) -> list[str]:
        """All words of the text in order, those of hidden descriptions and targets too."""
        if self._raw_list is None:
            self._raw_list = raw_words(self.text.casefold())
        return self._raw_list

    def knows(self, word: str) -> bool:
        """Tell whether a folded word or number is among those that readers see of the text."""
        if self._vocabulary is None:
            self._vocabulary = frozenset(self._shown())
        if word in self._vocabulary:
            return True
        if word.isalnum():
            return False
        return all(part in self._vocabulary for part in raw_words(word))

    def places_of(self, words: Collection[str]) -> dict[str, list[int]]:
        """Return where in ``raw_list`` each of some words stands; nothing where one is missing."""
        if self._raw_set is None:
            self._raw_set = frozenset(self.raw_list)
        if not self._raw_set.issuperset(words):
            return {}
        found: dict[str, list[int]] = {word: [] for word in words}
        for place, word in enumerate(self.raw_list):
            if word in found:
                found[word].append(place)
        return found

    def has_line(self, words: Sequence[str]) -> bool:
        """Tell whether folded words are a line of the text, without its markup."""
        if self._lines is None:
            self._lines = {tuple(raw_words(line)) for line in self.text.casefold().splitlines()}
        return tuple(raw_words(" ".join(words))) in self._lines

    def says(self, words: str, shown: str = "") -> bool:
        """Tell whether folded words stand in the text in this order, seen or in a description.

        ``shown``: the same words as readers see them, when some have digits and letters in one.
        """
        if not self.may_say(words):
            return False
        if self._raw_words is None:
            self._raw_words = f" {' '.join(self.raw_list)} "
        if f" {' '.join(raw_words((shown or words).casefold()))} " in self._raw_words:
            return True
        # Links stand between their words only in the raw text.
        return ("](" in self.text or "<" in self.text) and self.shows(words)

    def is_hidden(self, token: Token) -> bool:
        """Tell whether a token stands in a passage left out of the comparison."""
        at = bisect_right(self.hidden, (token.start, len(self.text)))
        return at > 0 and self.hidden[at - 1][1] >= token.end > self.hidden[at - 1][0]


def fold_words(tokens: Sequence[Token]) -> str:
    """Return the words and numbers among tokens, folded, one space between."""
    return " ".join(token.fold.rstrip(".") for token in tokens if token.kind in ("word", "number"))


@cache
def _raw() -> re.Pattern[str]:
    return re.compile(r"[^\W_]++")


def raw_words(text: str) -> list[str]:
    """Return runs of letters and digits."""
    return _raw().findall(text)


class Both:
    """How words are used in either of two versions."""

    def __init__(self, old: Article, new: Article) -> None:
        self.old = old
        self.new = new

    def lower(self, word: str) -> bool:
        """Tell whether the word stands somewhere in lower case."""
        return self.old.lower(word) or self.new.lower(word)

    def inside(self, word: str) -> bool:
        """Tell whether the word stands with a capital inside a sentence somewhere."""
        return self.old.inside(word) or self.new.inside(word)
