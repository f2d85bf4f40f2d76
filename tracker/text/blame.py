"""Which revision first brought each passage of a text, and which one took passages away.

Each word keeps the revision that brought it along the edits of ``tracker.text.diff``: through
edits around it, through moves, and through deletion and return. A word that was deleted and comes
back has its first origin again when enough comes back with it to know it by: a whole version, a
whole sentence, or a run of words (the idea of WikiWho, Flöck and Acosta, 2014, which also skips
revisions that it takes for vandalism; nothing is skipped here).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tracker.model import Edit, Removal, Span
from tracker.text.diff import diff
from tracker.text.tokens import keys, sentences, words


class Runs:
    """Which revision each code point of a text is from, as runs."""

    __slots__ = ("end", "revisions", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.revisions: list[int] = []
        self.end = 0

    def add(self, length: int, revision: int) -> None:
        """So many code points more are from a revision."""
        if length <= 0:
            return
        if not self.revisions or self.revisions[-1] != revision:
            self.starts.append(self.end)
            self.revisions.append(revision)
        self.end += length

    def copy(self, source: Runs, start: int, end: int) -> None:
        """Add what another text's runs say of a range."""
        first = bisect_right(source.starts, start) - 1
        last = bisect_right(source.starts, end - 1, first) - 1
        if first == last:
            self.add(end - start, source.revisions[first])
            return
        self.add(source.starts[first + 1] - start, source.revisions[first])
        shift = self.end - source.starts[first + 1]
        self.starts += [place + shift for place in source.starts[first + 1 : last + 1]]
        self.revisions += source.revisions[first + 1 : last + 1]
        self.end = end + shift

    def of(self, place: int) -> int:
        """The revision of the code point at a place."""
        return self.revisions[bisect_right(self.starts, place) - 1]

    def oldest(self, other: Runs, rest: int) -> Runs:
        """Of these runs and others of the same text the older revisions; ``rest`` for none (0)."""
        found = Runs()
        starts = sorted({*self.starts, *other.starts, self.end})
        for start, end in pairwise(starts):
            known = [each for each in (self.of(start), other.of(start)) if each]
            found.add(end - start, min(known, default=rest))
        return found


class Shifts:
    """Where places of an old text are in the new one."""

    def __init__(self, edits: Sequence[Edit], length: int) -> None:
        self._starts: list[int] = []  # of kept pieces, in the old text
        self._news: list[int] = []  # their starts in the new text
        self._ends: list[int] = []
        news = sorted((edit.new_start, edit.new_end) for edit in edits)
        at = index = 0
        for start, end in kept_pieces(0, length, edits):
            while start < end:
                while index < len(news) and news[index][0] == at:
                    at, index = news[index][1], index + 1
                step = end - start
                if index < len(news):
                    step = min(step, news[index][0] - at)
                self._starts.append(start)
                self._news.append(at)
                self._ends.append(start + step)
                start, at = start + step, at + step

    def place(self, old: int) -> int:
        """The place in the new text; inside a deleted passage, where that passage stood."""
        index = bisect_right(self._starts, old) - 1
        if index < 0:
            return 0
        return self._news[index] + min(old, self._ends[index]) - self._starts[index]


def leaves(edits: Iterable[Edit]) -> Iterator[Edit]:
    """The edits, and for a move those within it."""
    for edit in edits:
        if edit.operation == "move":
            yield from edit.within
        else:
            yield edit


def kept_pieces(start: int, end: int, edits: Sequence[Edit]) -> Iterator[tuple[int, int]]:
    """The pieces of a range of the old text that no edit takes."""
    for gone_start, gone_end in sorted((edit.old_start, edit.old_end) for edit in edits):
        if start < gone_start:
            yield start, gone_start
        start = max(start, gone_end)
    if start < end:
        yield start, end


_RUN = 5
"""How many words in a row must come back to be known as the deleted ones."""

_SENTENCE = 4
"""How many words a sentence must have to be known again."""

_MOST_REMEMBERED = 400_000
"""Runs of deleted words that are remembered; beyond it the oldest are forgotten."""


def blame(texts: Sequence[str]) -> tuple[Span, ...]:
    """The spans of the last text, each with the revision (1-based) that first brought its words.

    ``texts`` are the versions, oldest first. The spans cover the last text without a gap;
    neighbours differ in their revision. Without texts, or where the last is empty, there is none.
    """
    if isinstance(texts, str):
        raise TypeError("blame takes the versions of a text, oldest first, not one text")
    follower = Follower()
    for text in texts:
        follower.add(text)
    return follower.spans()


def removed(texts: Sequence[str]) -> tuple[Removal, ...]:
    """The passages that were taken out and did not come back, in the order of the last text."""
    follower = Follower(places=True)
    for text in texts:
        follower.add(text)
    return follower.removals()


def followed(
    texts: Sequence[str], on: Sequence[tuple[int, ...]], together: Mapping[int, str]
) -> tuple[tuple[Span, ...], tuple[Removal, ...]]:
    """``blame`` and ``removed`` where two sides wrote at the same time.

    ``on`` has for each text the places of those it was written on; ``together``, by the place of a
    text that was written on several, what they say brought together.
    """
    needed = {each for place, bases in enumerate(on) for each in bases if bases != (place - 1,)}
    follower = Follower(places=True, keep={each + 1 for each in needed})
    for place, text in enumerate(texts):
        bases = on[place]
        if place in together:
            follower.unite([each + 1 for each in bases], together[place])
        elif bases and bases != (place - 1,):
            follower.go_back(bases[-1] + 1)
        follower.add(text)
    return follower.spans(), follower.removals()


class _Word(NamedTuple):
    """A word of a passage that comes or goes."""

    key: str
    start: int  # in its text
    end: int


class _Gone(NamedTuple):
    """A run of deleted words."""

    keys: tuple[str, ...]
    origins: tuple[int, ...]
    removal: int  # index of the removal, to strike it out when all comes back


@dataclass(slots=True)
class _FollowedRemoval:
    """A removal while its place is followed."""

    removal: Removal  # with the place of its own revision
    place: int  # in the newest text
    words: int
    back: int = 0  # words of it that came back


class _Branch(NamedTuple):
    """How it stood after a revision that a later one goes on from."""

    text: str
    runs: Runs
    removed: tuple[tuple[_FollowedRemoval, int], ...]  # with their places in the text


class Follower:
    """Follows a text from revision to revision; with ``places``, what was taken out of it too.

    ``keep`` are the revisions (1-based) that others than the next one were written on.
    """

    def __init__(self, *, places: bool = False, keep: Collection[int] = ()) -> None:
        self._places = places
        self._needed = frozenset(keep)
        self._kept: dict[int, _Branch] = {}
        self._here: list[_FollowedRemoval] = []  # what was taken out on the way to the newest text
        self._text: str | None = None
        self._runs = Runs()
        self._revision = 0
        self._versions: dict[int, tuple[str, Runs]] = {}
        self._sentences: dict[tuple[str, ...], tuple[int, ...]] = {}
        self._gone: dict[tuple[str, ...], tuple[_Gone, int]] = {}
        self._removed: list[_FollowedRemoval] = []

    def add(self, text: str) -> None:
        """The next version."""
        self._revision += 1
        if self._text is None:
            self._runs.add(len(text), 1)
        elif text != self._text:
            self._advance(self._text, text)
        self._versions[hash(text)] = (text, self._runs)
        self._text = text
        if self._revision in self._needed:
            removed = tuple((each, each.place) for each in self._here)
            self._kept[self._revision] = _Branch(text, self._runs, removed)

    def go_back(self, revision: int) -> None:
        """The next version was written on an earlier revision, one of those that are kept."""
        self._text, self._runs, removed = self._kept[revision]
        self._here = [each for each, _ in removed]
        for each, place in removed:
            each.place = place

    def unite(self, revisions: Sequence[int], text: str) -> None:
        """The next version was written on several that are kept, which together make ``text``.

        Each word is of the side that has it; of two, of the one that brought it first.
        """
        number, self._revision = self._revision, 0
        whole = Runs()
        whole.add(len(text), 0)
        removed: dict[int, tuple[_FollowedRemoval, int]] = {}
        for revision in reversed(revisions):
            self.go_back(revision)
            old = self._text or ""
            edits = diff(old, text).edits
            runs = Runs()
            self._carry(old, text, edits, (0, len(old), 0, len(text)), runs)
            whole = whole.oldest(runs, 0)
            shifts = Shifts(edits, len(old))
            for each in self._here:
                removed.setdefault(id(each), (each, shifts.place(each.place)))
        self._revision = number
        self._text, self._runs = text, whole.oldest(whole, number + 1)
        self._here = [each for each, _ in removed.values()]
        for each, place in removed.values():
            each.place = place

    def _advance(self, old: str, new: str) -> None:
        edits = diff(old, new).edits
        self._bury(old, edits)
        known = self._versions.get(hash(new))
        runs = Runs()
        self._carry(old, new, edits, (0, len(old), 0, len(new)), runs)
        if known is not None and known[0] == new:
            runs = known[1]  # an earlier version is back, word for word
        if self._places:
            self._follow_places(edits, len(old))
        self._runs = runs

    # --- what goes ------------------------------------------------------------------------------

    def _bury(self, old: str, edits: Iterable[Edit]) -> None:
        """Remember the words that go, so that they are known when they come back."""
        for edit in leaves(edits):
            if not edit.verbal or not edit.old or edit.operation == "move":
                continue
            passage = _words_of(old, edit.old_start, edit.old_end)
            if not passage:
                continue
            self._remember_sentences(old, edit)
            origins = tuple(self._runs.of(word.start) for word in passage)
            removal = Removal(
                edit.old.strip(), min(origins), self._revision, edit.new_start, edit.old_sentence
            )
            self._removed.append(_FollowedRemoval(removal, edit.new_start, len(passage)))
            self._here.append(self._removed[-1])
            gone = _Gone(tuple(w.key for w in passage), origins, len(self._removed) - 1)
            for at in range(len(gone.keys) - _RUN + 1):
                self._gone[gone.keys[at : at + _RUN]] = (gone, at)
        while len(self._gone) > _MOST_REMEMBERED:
            del self._gone[next(iter(self._gone))]

    def _remember_sentences(self, old: str, edit: Edit) -> None:
        for start, end in _sentences_around(old, edit.old_start, edit.old_end, edit.old_sentence):
            sentence = _words_of(old, start, end)
            if len(sentence) < _SENTENCE:
                continue
            key = tuple(word.key for word in sentence)
            self._sentences[key] = tuple(self._runs.of(word.start) for word in sentence)

    # --- what comes -----------------------------------------------------------------------------

    def _carry(
        self,
        old: str,
        new: str,
        edits: Sequence[Edit],
        area: tuple[int, int, int, int],
        runs: Runs,
    ) -> None:
        """Add the runs of a range of the new text."""
        old_start, old_end, new_start, new_end = area
        kept = kept_pieces(old_start, old_end, edits)
        at = new_start
        stays = next(kept, None)
        for edit in edits:
            stays = self._keep(runs, kept, stays, edit.new_start - at)
            self._come(old, new, edit, runs)
            at = edit.new_end
        self._keep(runs, kept, stays, new_end - at)

    def _keep(
        self,
        runs: Runs,
        kept: Iterator[tuple[int, int]],
        stays: tuple[int, int] | None,
        length: int,
    ) -> tuple[int, int] | None:
        """Copy that many code points of what stays; what of the current piece is left."""
        while length > 0 and stays is not None:
            start, end = stays
            step = min(length, end - start)
            runs.copy(self._runs, start, start + step)
            length -= step
            stays = (start + step, end) if start + step < end else next(kept, None)
        return stays

    def _come(self, old: str, new: str, edit: Edit, runs: Runs) -> None:
        if edit.operation == "move":
            area = (edit.old_start, edit.old_end, edit.new_start, edit.new_end)
            self._carry(old, new, edit.within, area, runs)
        elif not edit.verbal and edit.old and edit.new:
            self._reworked(old, new, edit, runs)
        else:
            self._inserted(new, edit, runs)

    def _reworked(self, old: str, new: str, edit: Edit, runs: Runs) -> None:
        """The same words in other glyphs, or set otherwise: they keep their origins."""
        before = _words_of(old, edit.old_start, edit.old_end)
        after = _words_of(new, edit.new_start, edit.new_end)
        at = edit.new_start
        if len(before) == len(after):
            for was, word in zip(before, after, strict=True):
                runs.add(word.end - at, self._runs.of(was.start))
                at = word.end
        runs.add(edit.new_end - at, self._runs.of(edit.old_start))

    def _inserted(self, new: str, edit: Edit, runs: Runs) -> None:
        passage = _words_of(new, edit.new_start, edit.new_end)
        origins = self._origins(new, edit, passage)
        at = edit.new_start
        for word, origin in zip(passage, origins, strict=True):
            runs.add(word.end - at, origin)
            at = word.end
        runs.add(edit.new_end - at, origins[-1] if origins else self._revision)

    def _origins(self, new: str, edit: Edit, passage: Sequence[_Word]) -> list[int]:
        """For each word that comes: the revision that first brought it."""
        origins = [0] * len(passage)
        if not passage or not edit.verbal:
            return [self._revision] * len(passage)
        if self._sentences:
            self._sentences_back(new, edit, passage, origins)
        if self._gone:
            self._runs_back(passage, origins)
        return [origin or self._revision for origin in origins]

    def _sentences_back(
        self, new: str, edit: Edit, passage: Sequence[_Word], origins: list[int]
    ) -> None:
        places = {word.start: index for index, word in enumerate(passage)}
        for start, end in _sentences_around(new, edit.new_start, edit.new_end, edit.new_sentence):
            sentence = _words_of(new, start, end)
            known = self._sentences.get(tuple(word.key for word in sentence))
            for word, origin in zip(sentence, known or (), strict=False):
                index = places.get(word.start)
                if index is not None:
                    origins[index] = origin

    def _runs_back(self, passage: Sequence[_Word], origins: list[int]) -> None:
        found = tuple(word.key for word in passage)
        at = 0
        while at + _RUN <= len(found):
            known = self._gone.get(found[at : at + _RUN])
            if known is None:
                at += 1
                continue
            gone, place = known
            length = _RUN
            while (
                at + length < len(found)
                and place + length < len(gone.keys)
                and found[at + length] == gone.keys[place + length]
            ):
                length += 1
            for step in range(length):
                origins[at + step] = origins[at + step] or gone.origins[place + step]
            self._removed[gone.removal].back += length
            at += length

    # --- where things went ----------------------------------------------------------------------

    def _follow_places(self, edits: Sequence[Edit], length: int) -> None:
        """Move the places of earlier removals along with the text around them."""
        shifts = Shifts(edits, length)
        for each in self._here:
            if each.removal.revision < self._revision:
                each.place = shifts.place(each.place)

    # --- the answers ----------------------------------------------------------------------------

    def spans(self) -> tuple[Span, ...]:
        """The spans of the last text: see ``blame``."""
        text = self._text
        if not text:
            return ()
        merged = Runs()
        for word in _words_of(text, 0, len(text)):
            # White space belongs to the word before it; at the head, to the first word.
            revision = self._runs.of(word.start)
            if merged.end < word.start:
                merged.add(
                    word.start - merged.end, merged.revisions[-1] if merged.end else revision
                )
            merged.add(word.end - word.start, revision)
        last = merged.revisions[-1] if merged.revisions else self._revision
        merged.add(len(text) - merged.end, last)
        ends = [*merged.starts[1:], merged.end]
        return tuple(
            Span(start, end, revision)
            for start, end, revision in zip(merged.starts, ends, merged.revisions, strict=True)
        )

    def removals(self) -> tuple[Removal, ...]:
        """What was taken out and did not come back: see ``removed``."""
        left = [
            each.removal._replace(place=each.place)
            for each in self._here
            if each.back * 2 < each.words
        ]
        return tuple(sorted(left, key=lambda each: (each.place, each.revision)))


def _words_of(text: str, start: int, end: int) -> list[_Word]:
    places = words(text, start, end)
    found = keys([text[low:high] for low, high in places])
    return [_Word(key, low, high) for key, (low, high) in zip(found, places, strict=True)]


def _sentences_around(text: str, start: int, end: int, sentence: str) -> Iterator[tuple[int, int]]:
    """Where the sentences are that an edit touches; those it only touches with one end too."""
    if sentence:
        at = text.find(sentence, max(0, start - len(sentence)), end + len(sentence) + 1)
        if at >= 0:
            yield at, at + len(sentence)
    yield from sentences(text, start, end)
