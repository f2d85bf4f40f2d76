"""One version of an article as the rules ask of it: its paragraphs, and how it uses a word."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import cache, cached_property, lru_cache
from itertools import compress

from tracker.model import Diff, Edit, FoundNote
from tracker.text import expression, tokens
from tracker.text.judge.boilerplate import words_of
from tracker.text.judge.seen import SEEN, Token, read
from tracker.text.markup import scan
from tracker.text.spans import Kind, Leaf, Markup

LONGEST_CONTEXT = 1_500
"""Characters of a paragraph read before its first and after its last edit."""


@cache
def _blank() -> re.Pattern[str]:
    return re.compile(r"\n[ \t\r]*+\n\s*+")


@cache
def _title() -> re.Pattern[str]:
    return re.compile(r"^[\"']?(?:title|headline)[\"']?[ \t]*[:=]", re.MULTILINE | re.IGNORECASE)


@cache
def _day() -> re.Pattern[str]:
    return re.compile(
        r"^[\"']?(?:date|published|publish_?date|pub_?date)[\"']?[ \t]*[:=]"
        r"[ \t\"']*(\d{4}-\d\d-\d\d)",
        re.MULTILINE | re.IGNORECASE,
    )


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
        self._spoken: str | None = None
        self._spoken_body: str | None = None
        self._raw_words: str | None = None
        self._raw_list: list[str] | None = None
        self._raw_set: frozenset[str] | None = None
        self._known: dict[str, bool] = {}  # the words that were asked for, one by one
        self._cells: dict[tuple[int, int, int], str] | None = None  # heads of rows and columns

    @property
    def titled(self) -> bool:
        """Whether the front matter has the headline."""
        if self._titled is None:
            head = self.text[: min(self.body, 20_000)]
            self._titled = bool(head) and _title().search(head) is not None
        return self._titled

    @cached_property
    def day(self) -> date | None:
        """The day that the front matter gives as that of publication."""
        found = _day().search(self.text[: min(self.body, 20_000)])
        try:
            return date.fromisoformat(found[1]) if found else None
        except ValueError:
            return None

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
        return word.islower() and self._has(raw_words(word), _written)

    def inside(self, word: str) -> bool:
        """Tell whether the text has a capitalized word after a word in lower case or a comma."""
        return self._has(raw_words(word)[:1], _inside)

    def _has(self, words: Iterable[str], of: Callable[[str], frozenset[str]]) -> bool:
        """Tell whether each word is among those of some part of the text."""
        return all(
            word in self.text and any(word in part and word in of(part) for part in self._parts)
            for word in words
        )

    @cached_property
    def _parts(self) -> list[str]:
        return self.text.split("\n\n")

    @cached_property
    def _folded(self) -> str:
        return self.text.casefold()

    def may_say(self, words: str) -> bool:
        """Tell whether all of some folded words are in the text: a cheap test before a search."""
        return all(word in self._folded for word in words.split() if "'" not in word)

    def shows(self, words: str) -> bool:
        """Tell whether readers see some words in this order; those of the front matter count."""
        if self._spoken is None:
            self._spoken = f" {' '.join(raw_words(self._shown))} "
        return f" {' '.join(raw_words(words.casefold()))} " in self._spoken

    @property
    def shown_body(self) -> list[str]:
        """The words and marks of the body in order, as readers see them."""
        tokens = read(self.markup, self.body, len(self.text))
        return [token.text for token in tokens if token.kind in SEEN]

    @property
    def spoken_body(self) -> str:
        """The words and numbers of the body in order, folded, one space between."""
        if self._spoken_body is None:
            tokens = read(self.markup, self.body, min(len(self.text), self.body + 300_000))
            self._spoken_body = f" {fold_words(tokens)} "
        return self._spoken_body

    @cached_property
    def _shown(self) -> str:
        """What readers see, folded; that of the front matter counts."""
        return f"{self.text[: self.body]}\n{self.markup.words(self.body)}".casefold()

    @property
    def raw_list(self) -> list[str]:
        """All words of the text in order, those of hidden descriptions and targets too."""
        if self._raw_list is None:
            self._raw_list = raw_words(self._folded)
        return self._raw_list

    def knows(self, word: str) -> bool:
        """Tell whether a folded word or number is among those that readers see of the text."""
        if not word.isalnum():
            return all(map(self._stands, raw_words(word)))
        if "&" not in self.text and not self.may_say(word):
            return False  # most often, and what readers see is not put together for it
        return self._stands(word)

    def _stands(self, word: str) -> bool:
        """Tell whether a run of letters and digits is one of the words that readers see."""
        if word not in self._known:
            self._known[word] = word in _folded_words(self.text[: self.body]) or any(
                word in _folded_words(shown) for shown in self.markup.words_with(word)
            )
        return self._known[word]

    def places_of(self, words: Collection[str]) -> dict[str, list[int]]:
        """Return where in ``raw_list`` each of some words stands; nothing where one is missing."""
        if not all(map(self._folded.__contains__, words)):
            return {}
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
        wanted = raw_words(" ".join(words))
        if not all(map(self._folded.__contains__, wanted)):
            return False
        lines = self._folded.splitlines()
        if not wanted:
            return any(not raw_words(line) for line in lines)
        return any(
            raw_words(" ".join(words_of(line))) == wanted for line in lines if wanted[0] in line
        )

    def times(self, words: str) -> int:
        """Return how often words stand in the text in this order, seen or in a description."""
        if self._raw_words is None:
            self._raw_words = f" {' '.join(self.raw_list)} "
        return self._raw_words.count(f" {' '.join(raw_words(words.casefold()))} ")

    def says(self, words: str, shown: str = "") -> bool:
        """Tell whether folded words stand in the text in this order, seen or in a description.

        ``shown``: the same words as readers see them, when some have digits and letters in one.
        """
        if not self.may_say(words):
            return False
        if self.times(shown or words):
            return True
        # Links stand between their words only in the raw text.
        return ("](" in self.text or "<" in self.text) and self.shows(words)

    def heads(self, leaf: Leaf) -> list[str]:
        """Return the words at the head of a cell's row and of its column, where there are any."""
        if self._cells is None:
            self._cells = {}
            for span in self.markup.spans:
                cell = span.leaf
                if span.role == "cell" and (cell.row < 1 or cell.column < 1):
                    words = span.shown or self.text[span.start : span.end]
                    place = cell.table, cell.row, cell.column
                    self._cells[place] = self._cells.get(place, "") + words
        places = (leaf.table, leaf.row, 0), (leaf.table, 0, leaf.column)
        own = leaf.table, leaf.row, leaf.column
        found = (" ".join(self._cells.get(place, "").split()) for place in places if place != own)
        return [words for words in found if words]

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


# Versions of an article share most of their parts.


@lru_cache(maxsize=512)
def _written(part: str) -> frozenset[str]:
    """The words of a part of a text."""
    return frozenset(raw_words(part))


@lru_cache(maxsize=512)
def _folded_words(part: str) -> frozenset[str]:
    """The same, folded."""
    return frozenset(raw_words(part.casefold()))


_INSIDE = expression(r"([^\W\d_]|,) (?=([^\W_a-z][^\W_]*+))")


@lru_cache(maxsize=512)
def _inside(part: str) -> frozenset[str]:
    """Those with a capital after a word in lower case or a comma."""
    found = _INSIDE().findall(part)
    return frozenset(word for before, word in found if before == "," or before.islower())


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


# --- words added and removed ----------------------------------------------------------------------

Interval = tuple[int, int]
"""Half-open offsets in a text."""

_MARKERS = ("<!-- updates -->", "<!-- /updates -->")
_ENDING = 80  # characters by which the end of the earlier version is known again
_LONGEST_NOTE = 2_000


def words_changed(
    old: str,
    new: str,
    diff: Diff,
    old_notes: Sequence[FoundNote],
    new_notes: Sequence[FoundNote],
    body_starts: tuple[int, int],
) -> tuple[int, int]:
    """Return how many words were added and removed.

    ``diff`` is that of both texts, ``old_notes`` and ``new_notes`` are the notes found in each;
    those between the footer's markers may be missing.
    """
    if not diff.words_added and not diff.words_removed:
        return 0, 0
    left_out = (
        hidden(old, _outside(old, old_notes), (), body_starts[0]),
        hidden(new, _outside(new, new_notes), (), body_starts[1], old),
    )
    if not any(left_out):
        return diff.words_added, diff.words_removed
    texts = scan(old, body_starts[0]), scan(new, body_starts[1])
    in_notes = _words_in_notes(flattened(diff.edits)[0], texts, left_out)
    return max(diff.words_added - in_notes[0], 0), max(diff.words_removed - in_notes[1], 0)


def _outside(text: str, notes: Sequence[FoundNote]) -> list[FoundNote]:
    """The notes that do not stand between the markers."""
    blocks = list(_blocks(text)) if notes else []
    return [note for note in notes if all(not a <= note.start < b for a, b in blocks)]


def _blocks(text: str) -> Iterator[Interval]:
    place = text.find(_MARKERS[0])
    while place >= 0 and (end := text.find(_MARKERS[1], place)) >= 0:
        yield place, end + len(_MARKERS[1])
        place = text.find(_MARKERS[0], end)


def flattened(edits: Sequence[Edit]) -> tuple[list[Edit], list[int]]:
    """Return the edits with those inside moves after them, and which outer edit each belongs to."""
    found: list[Edit] = []
    owners: list[int] = []
    for number, edit in enumerate(edits):
        found += [edit, *edit.within]
        owners += [number] * (1 + len(edit.within))
    return found, owners


def hidden(
    text: str, notes: Sequence[FoundNote], kept: Collection[int], body: int, earlier: str = ""
) -> list[Interval]:
    """Return the passages left out: notes, and the blocks of notes between the footer's markers.

    Of the notes at the places ``kept``, only label and date are left out. Where all that ``text``
    has more than the ``earlier`` version begins with a note, the paragraphs and links below belong
    to the note.
    """
    found = [
        (note.start, _words_start(text, body, note) if place in kept else note.end)
        for place, note in enumerate(notes)
    ]
    fresh = [note for place, note in enumerate(notes) if place not in kept]
    ending = earlier.rstrip()[-_ENDING:]
    if fresh and ending and len(text) - fresh[0].start <= _LONGEST_NOTE:
        last = fresh[0]
        if text.rstrip()[: last.start].rstrip(" \t\r\n*_>-").endswith(ending.rstrip("*_>-")):
            found.append((last.start, len(text)))
    found += _blocks(text)
    merged: list[Interval] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _words_start(text: str, body: int, note: FoundNote) -> int:
    """Return where a note's own words begin, after its label and date."""
    wanted = [word.strip(".,:;*_()\"'“”").casefold() for word in note.text.split()[:3]]
    tokens = [
        token
        for token in read(scan(text, body), note.start, min(note.end, note.start + 2000))
        if token.kind in ("word", "number")
    ]
    for place, token in enumerate(tokens):
        if wanted and token.fold.rstrip(".") == wanted[0].rstrip("."):
            following = {other.fold for other in tokens[place : place + 6]}
            if all(word in following or not word.isalnum() for word in wanted):
                return token.start
    return note.end


def _words_in_notes(
    edits: Iterable[Edit],
    texts: tuple[Markup, Markup],
    passages: tuple[Sequence[Interval], Sequence[Interval]],
) -> tuple[int, int]:
    """Return how many words edits of the body added and removed inside some passages."""
    added = removed = 0
    for edit in edits:
        if edit.field is None and edit.verbal and edit.operation != "move":
            removed += _words_inside(texts[0], edit.old_start, edit.old_end, passages[0])
            added += _words_inside(texts[1], edit.new_start, edit.new_end, passages[1])
    return added, removed


def _words_inside(text: Markup, start: int, end: int, passages: Sequence[Interval]) -> int:
    total = 0
    for low, high in passages:
        if low < end and high > start:
            parts, seen = tokens.cut(text, max(low, start), min(high, end))
            total += tokens.count_words(list(compress(parts[1::2], seen)))
    return total
