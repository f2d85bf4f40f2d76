"""Two passages that belong together -> the edits between them, word by word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, compress
from typing import NamedTuple

from tracker.text import expression, tokens
from tracker.text.diff import sequences as cleanup
from tracker.text.lines import common_head, common_tail
from tracker.text.spans import Block, BlockKind, Markup

Matcher = Callable[[Sequence[str], Sequence[str]], list[cleanup.Run]]
"""Finds the runs that two sequences have in common."""

MOST_EDITS = 2_000
"""Edits told one by one in a passage; one with more is told as replaced."""


class Range(NamedTuple):
    """A passage of the old text and what stands for it in the new one. Half-open."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


class Draft(NamedTuple):
    """An edit before its texts are cut out."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int
    verbal: bool
    added: int = 0  # words
    removed: int = 0
    around: Range | None = None  # the sentences it stands in


class CutPassage:
    """A passage cut into words, with the place of each, and whether readers see it.

    Code is compared letter by letter: no two quotation marks are the same there.
    """

    __slots__ = ("end", "ends", "keys", "kind", "shown", "spaces", "start", "starts", "words")

    def __init__(self, markup: Markup, start: int, end: int, kind: BlockKind = "paragraph") -> None:
        parts, self.shown = tokens.cut(markup, start, end)
        offsets = list(accumulate(map(len, parts), initial=start))
        self.start = start
        self.end = end
        self.words = parts[1::2]
        self.spaces = parts[0::2]  # before each word, and after the last
        self.starts = offsets[1::2]  # one more than words: the last is the end
        self.ends = offsets[2::2]
        self.keys = self.words if kind == "code" else tokens.keys(self.words)
        self.kind = kind
        lead = tokens.lead(self.words) if kind == "item" else 0
        if lead:
            # Bullets are one as good as the other, and so are the numbers of a list.
            self.keys = self.keys[:]
            self.keys[lead - 1] = "-"
            if lead > 1 and self.keys[lead - 2].isdigit():
                self.keys[lead - 2] = "1"

    def seen(self, start: int, end: int) -> list[str]:
        """Those of the words ``start:end`` that a reader sees, by their keys."""
        return list(compress(self.keys[start:end], self.shown[start:end]))

    def gap(self, number: int) -> tuple[int, int]:
        """Start and end of the white space before word ``number``."""
        low = self.ends[number - 1] if number else self.start
        return low, self.starts[number] if number < len(self.words) else self.end


def compare(
    old_text: str, new_text: str, old: CutPassage, new: CutPassage, match: Matcher
) -> tuple[list[Draft], bool]:
    """The edits that turn one passage into the other, in order; and whether they are coarse."""
    around = Range(old.start, old.end, new.start, new.end)
    one, other = old.keys, new.keys
    if "code" in (old.kind, new.kind):
        one, other = old.words, new.words  # where prose became code, too
    found: list[cleanup.Region] = []
    if one != other:
        found = cleanup.regions(match(one, other), one, other)
    writer = _WordingWriter(old_text, new_text, old, new, around)
    i = j = 0
    for region in found:
        if len(writer.drafts) > MOST_EDITS:
            break
        writer.same(i, region[0], j, region[2])
        writer.region(region)
        i, j = region[1], region[3]
    writer.same(i, len(old.words), j, len(new.words))
    writer.last_gap()
    if len(writer.drafts) > MOST_EDITS:
        added, removed = tokens.count_words(new.keys), tokens.count_words(old.keys)
        verbal = any(draft.verbal for draft in writer.drafts)
        counts = (added, removed) if verbal else (0, 0)
        return [Draft(*around, verbal, *counts, around)], True
    return writer.drafts, False


class _WordingWriter:
    """Walks through both passages together and notes what differs, white space included."""

    def __init__(
        self, old_text: str, new_text: str, old: CutPassage, new: CutPassage, around: Range
    ) -> None:
        self.old_text = old_text
        self.new_text = new_text
        self.old = old
        self.new = new
        self.around = around
        self.drafts: list[Draft] = []
        # The last draft is a substitution that ends where we are.
        self.open = False
        # How far both passages are told, in the texts.
        self.old_at = old.start
        self.new_at = new.start

    def _note(self, a: int, b: int, c: int, d: int, verbal: bool, words: tuple[int, int]) -> None:
        # The same letters may be cut into other words: a tag that lost its head is no tag.
        if self.old_text[a:b] != self.new_text[c:d]:
            self.drafts.append(Draft(a, b, c, d, verbal, *words, self.around))
        self.old_at, self.new_at = b, d
        self.open = False

    def _space(self, old_to: int, new_to: int) -> None:
        """White space from where we are up to the given places."""
        if self.open and (self.old_at < old_to) != (self.new_at < new_to):
            draft = self.drafts.pop()._replace(old_end=old_to, new_end=new_to)
            self._note(*draft[:5], (draft.added, draft.removed))
        elif self.old_text[self.old_at : old_to] != self.new_text[self.new_at : new_to]:
            self._note(self.old_at, old_to, self.new_at, new_to, False, (0, 0))
        self.old_at, self.new_at = old_to, new_to
        self.open = False

    def same(self, i: int, i_end: int, j: int, j_end: int) -> None:
        """Words that are equal by their keys; their spelling and the space between may differ."""
        if i == i_end:
            return
        old, new = self.old, self.new
        self._space(old.starts[i], new.starts[j])
        old_end, new_end = old.ends[i_end - 1], new.ends[j_end - 1]
        if self.old_text[self.old_at : old_end] != self.new_text[self.new_at : new_end]:
            for a, c in zip(range(i, i_end), range(j, j_end), strict=True):
                if a > i and old.spaces[a] != new.spaces[c]:
                    self._note(
                        old.ends[a - 1],
                        old.starts[a],
                        new.ends[c - 1],
                        new.starts[c],
                        False,
                        (0, 0),
                    )
                if old.words[a] != new.words[c]:
                    self._note(
                        old.starts[a], old.ends[a], new.starts[c], new.ends[c], False, (0, 0)
                    )
                if len(self.drafts) > MOST_EDITS:
                    break
        self.old_at, self.new_at = old_end, new_end

    def region(self, region: cleanup.Region) -> None:
        """Words that differ."""
        a, b, c, d = region
        old, new = self.old, self.new
        gone, come = old.seen(a, b), new.seen(c, d)
        verbal = gone != come
        words = (tokens.count_words(come), tokens.count_words(gone)) if verbal else (0, 0)
        if a < b and c < d:
            if (self.old_at < old.starts[a]) == (self.new_at < new.starts[c]):
                self._space(old.starts[a], new.starts[c])
            # White space on one side only belongs to the words: "9. He" becomes "9 but he".
            told = len(self.drafts)
            self._note(self.old_at, old.ends[b - 1], self.new_at, new.ends[d - 1], verbal, words)
            self.open = len(self.drafts) > told
            return
        # Words on one side only: of the white space around them, one piece belongs to them.
        inserted = c < d
        single, other = (old, new) if inserted else (new, old)
        single_text, other_text = (
            (self.old_text, self.new_text) if inserted else (self.new_text, self.old_text)
        )
        place = a if inserted else c
        low, high = (c, d) if inserted else (a, b)
        gap = single.gap(place)
        before = other.gap(low)
        after = other.gap(high)
        space = single_text[gap[0] : gap[1]]
        if other_text[before[0] : before[1]] == space:
            start, end, at = before[1], after[1], gap[1]
        elif other_text[after[0] : after[1]] == space:
            start, end, at = before[0], after[0], gap[0]
        elif before[0] < before[1]:
            start, end, at = before[1], after[1], gap[1]
        else:
            start, end, at = before[0], after[0], gap[0]
        if at == gap[1]:
            self._space(*((at, start) if inserted else (start, at)))
        if inserted:
            self._note(at, at, start, end, verbal, words)
        else:
            self._note(start, end, at, at, verbal, words)

    def last_gap(self) -> None:
        """The white space after the last word: a matter of the page, not of the words."""
        self.open = False
        self._space(self.old.end, self.new.end)


def trim(old: Markup, new: Markup) -> Range:
    """What is left of both bodies without the blocks that they share at head and tail."""
    before, after = old.text[old.start :], new.text[new.start :]
    same = common_head(before, after)
    on = new.start - old.start
    head = next(_shared(old.blocks_back(old.start + same), new, on), old.start)
    same = common_tail(before, after, min(len(before), len(after)) - (head - old.start))
    back = len(new.text) - len(old.text)
    tail = next(_shared(old.blocks_from(len(old.text) - same), new, back), len(old.text))
    return Range(head, tail, head + on, tail + back)


def _shared(blocks: Iterable[Block], other: Markup, by: int) -> Iterator[int]:
    """Yield where those blocks begin that begin in the other text as well, so much further on."""
    for block in blocks:
        there = next(other.blocks_back(block.start + by), None)
        if there and (there.start, there.kind) == (block.start + by, block.kind):
            yield block.start


def trim_words(old: str, new: str, area: Range) -> Range:
    """What is left of a long passage without the sentences or words shared at head and tail."""
    a, b, c, d = area
    one, other = old[a:b], new[c:d]
    head = common_head(one, other)
    head = _edge_before(one, head) if head < min(len(one), len(other)) else 0
    tail = common_tail(one, other, min(len(one), len(other)) - head)
    cut = one.find(" ", len(one) - tail) + 1
    tail = len(one) - cut if tail and cut else 0
    return Range(a + head, b - tail, c + head, d - tail)


_LONG_VALUE = 2_000  # characters of a value from which it is worth while to read less of it
_BESIDE = 400  # equal characters that are read all the same beside what differs
_REACHES_ON = expression(r"<(?:!|script|style|template|noscript|blockquote)", re.IGNORECASE)


def trim_html(old: str, new: str, area: Range) -> Range:
    """What is left of a long value in HTML without the tags and words shared at head and tail."""
    a, b, c, d = area
    one, other = old[a:b], new[c:d]
    size = min(len(one), len(other))
    if size < _LONG_VALUE or _REACHES_ON().search(one) or _REACHES_ON().search(other):
        return area
    head = common_head(one, other)
    tail = common_tail(one, other, size - head)
    # Wherever a tag follows another one, both texts are read in the same way before and after.
    head = max(one.rfind("><", 0, max(head - _BESIDE, 0)) + 1, 0)
    cut = one.find("><", len(one) - max(tail - _BESIDE, 0)) + 1
    tail = len(one) - cut if cut else 0
    return Range(a + head, b - tail, c + head, d - tail)


def _edge_before(text: str, place: int) -> int:
    """The end of a sentence near ``place`` and before it, else of a word; 0 if there is none."""
    stop = text.rfind(". ", max(0, place - 2000), place)
    return stop + 2 if stop >= 0 else text.rfind(" ", 0, place) + 1
