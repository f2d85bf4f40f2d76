"""Two bodies compared: blocks first, then the sentences of those that differ, then their words."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.text import tokens
from tracker.text.diff import align, wording
from tracker.text.diff.align import Sentence
from tracker.text.diff.sequences import Budget, Engine, Matching, Run
from tracker.text.diff.wording import CutPassage, Draft, Range, trim_words
from tracker.text.spans import Block, Markup

# What a piece of work costs, in units of the budget.
SENTENCE = 70.0
TOKEN = 1.5
EDIT = 40.0
LINE = 2.0
LETTER = 0.02

CHUNK = 100  # blocks compared together where there are too many for one comparison


class Comparison:
    """Two bodies, block by block, sentence by sentence, word by word."""

    def __init__(self, old: Markup, new: Markup, engine: Engine) -> None:
        self.old_markup = old
        self.new_markup = new
        self.old = old.text
        self.new = new.text
        self.budget = Budget()
        self.matching = Matching(engine, self.budget)
        self.drafts: list[Draft] = []
        self.gone: list[Sentence] = []
        self.come: list[Sentence] = []
        # Where sentences stand that have no partner: the places in `gone` and `come`.
        self.slots: list[tuple[int, int, int, int]] = []
        # Where a slot stands in the other text, for what is only deleted or only inserted.
        self.slot_places: list[tuple[int, int]] = []
        self.moved: list[tuple[Range, list[Draft]]] = []

    def pair(self, old: CutPassage, new: CutPassage) -> list[Draft]:
        """The edits inside a pair of passages that belong together."""
        if self.budget.left <= 0:
            self.budget.coarse = True
            area = Range(old.start, old.end, new.start, new.end)
            gone, come = old.seen(0, len(old.words)), new.seen(0, len(new.words))
            counts = tokens.count_words(come), tokens.count_words(gone)
            return [Draft(*area, gone != come, *counts, area)]
        drafts, coarse = wording.compare(self.old, self.new, old, new, self.matching.runs)
        self.budget.coarse = self.budget.coarse or coarse
        self.budget.left -= EDIT * len(drafts)
        return drafts

    def whole(self, area: Range) -> None:
        """A passage told as replaced, unread: there is too much of it."""
        a, b, c, d = area
        removed, added = len(self.old[a:b].split()), len(self.new[c:d].split())
        self.drafts.append(Draft(a, b, c, d, True, added, removed, area))
        self.budget.coarse = True

    def passages(self, area: Range) -> None:
        """Compare the blocks of a passage of both texts."""
        size = area.old_end - area.old_start + area.new_end - area.new_start
        if size > 20_000:
            lines = self.old.count("\n", area.old_start, area.old_end)
            lines += self.new.count("\n", area.new_start, area.new_end)
            if not self.budget.take(LINE * lines + LETTER * size):
                self.whole(area)
                return
        old_blocks = self.old_markup.blocks_within(area.old_start, area.old_end)
        new_blocks = self.new_markup.blocks_within(area.new_start, area.new_end)
        runs = self._runs(old_blocks, new_blocks)
        i = j = 0
        old_at, new_at = area.old_start, area.new_start
        for a, c, size in [*runs, (len(old_blocks), len(new_blocks), 0)]:
            if self.budget.left <= 0:
                self.whole(Range(old_at, area.old_end, new_at, area.new_end))
                break
            if i < a or j < c:
                self.gap(old_blocks[i:a], new_blocks[j:c], i, j, old_at, new_at)
            for step in range(size):
                one, other = old_blocks[a + step], new_blocks[c + step]
                if self.old[one.start : one.end] != self.new[other.start : other.end]:
                    self.respelled(one, other)
            i, j = a + size, c + size
            if i:
                old_at = old_blocks[i - 1].end
            if j:
                new_at = new_blocks[j - 1].end
        self.unmatched()

    def respelled(self, old: Block, new: Block) -> None:
        """Blocks that differ in white space and glyphs only."""
        area = Range(old.start, old.end, new.start, new.end)
        one, other = self.old[old.start : old.end], self.new[new.start : new.end]
        words = one.rstrip()
        if other.startswith(words) and not other[len(words) :].strip():
            # As is most often: only the blank lines after it differ.
            size = len(words)
            self.drafts.append(
                Draft(old.start + size, old.end, new.start + size, new.end, False, around=area)
            )
            self.budget.left -= EDIT
            return
        if self.budget.take(self.cost(area)):
            self.drafts += self.pair(
                CutPassage(self.old_markup, old.start, old.end, old.kind),
                CutPassage(self.new_markup, new.start, new.end, new.kind),
            )
        else:
            self.drafts.append(Draft(*area, False, around=area))

    def cost(self, area: Range) -> float:
        """The units of work that reading both passages word by word takes."""
        a, b, c, d = area
        size = b - a + d - c
        if size < 20_000:
            return SENTENCE + TOKEN * size / 4
        count = tokens.count(self.old[a:b]) + tokens.count(self.new[c:d])
        return SENTENCE + TOKEN * count

    def _sentences(self, markup: Markup, blocks: Sequence[Block], first: int) -> list[Sentence]:
        found: list[Sentence] = []
        text = markup.text
        for number, block in enumerate(blocks, first):
            if block.kind in {"paragraph", "item"}:
                parts = tokens.sentences(text, block.start, block.end)
            else:
                parts = [(block.start, block.end)]
            found += [Sentence(markup, start, end, number, block.kind) for start, end in parts]
        return found

    def gap(
        self,
        old_blocks: Sequence[Block],
        new_blocks: Sequence[Block],
        first_old: int,
        first_new: int,
        old_at: int,
        new_at: int,
    ) -> None:
        """Blocks of which none is in both texts: compare their sentences."""
        old_end = old_blocks[-1].end if old_blocks else old_at
        new_end = new_blocks[-1].end if new_blocks else new_at
        area = Range(old_at, old_end, new_at, new_end)
        cost = self.cost(area)
        if cost > self.budget.left / 2 and len(old_blocks) == len(new_blocks) == 1:
            area = trim_words(self.old, self.new, area)
            old_blocks = [Block(area.old_start, area.old_end, old_blocks[0].kind)]
            new_blocks = [Block(area.new_start, area.new_end, new_blocks[0].kind)]
            cost = self.cost(area)
        if cost > self.budget.left and len(old_blocks) == len(new_blocks) > 2 * CHUNK:
            self.chunks(old_blocks, new_blocks, first_old, first_new)
            return
        if not self.budget.take(cost):
            self.whole(area)
            return
        old = self._sentences(self.old_markup, old_blocks, first_old)
        new = self._sentences(self.new_markup, new_blocks, first_new)
        if not self.budget.take(SENTENCE * (len(old) + len(new))):
            if len(old_blocks) == len(new_blocks) > 2 * CHUNK:
                self.chunks(old_blocks, new_blocks, first_old, first_new)
            else:
                self.whole(area)
            return
        runs = self._runs(old, new)
        i = j = 0
        for a, c, size in [*runs, (len(old), len(new), 0)]:
            old_at, new_at = self.stretch(old[i:a], new[j:c], old_at, new_at)
            for step in range(size):
                one, other = old[a + step], new[c + step]
                if self.old[one.start : one.end] != self.new[other.start : other.end]:
                    self.drafts += self.pair(one.passage, other.passage)
                old_at, new_at = one.end, other.end
            i, j = a + size, c + size

    def _runs(self, old: Sequence[Sentence | Block], new: Sequence[Sentence | Block]) -> list[Run]:
        """Runs of blocks or sentences that are the same but for white space and glyphs."""
        size = min(len(old), len(new))
        head = tail = 0
        # Most are the same to the letter.
        while head < size and self._equal(old[head], new[head]):
            head += 1
        while tail < size - head and self._equal(old[-1 - tail], new[-1 - tail]):
            tail += 1
        runs = [(0, 0, head)] if head else []
        old_size, new_size = len(old) - tail, len(new) - tail
        if (old_size - head) * (new_size - head) > 1:
            keys = align.matching_keys(old[head:old_size], new[head:new_size], self.old, self.new)
            runs += [(a + head, c + head, length) for a, c, length in self.matching.runs(*keys)]
        if tail:
            runs.append((old_size, new_size, tail))
        return runs

    def _equal(self, old: Sentence | Block, new: Sentence | Block) -> bool:
        return (
            old.end - old.start == new.end - new.start
            and self.old[old.start : old.end] == self.new[new.start : new.end]
        )

    def chunks(
        self,
        old_blocks: Sequence[Block],
        new_blocks: Sequence[Block],
        first_old: int,
        first_new: int,
    ) -> None:
        """Very many blocks, as many as before: compare them in order as far as the budget goes."""
        for start in range(0, len(old_blocks), CHUNK):
            old, new = old_blocks[start : start + CHUNK], new_blocks[start : start + CHUNK]
            self.gap(old, new, first_old + start, first_new + start, old[0].start, new[0].start)

    def stretch(
        self, old: Sequence[Sentence], new: Sequence[Sentence], old_at: int, new_at: int
    ) -> tuple[int, int]:
        """Sentences of which none is in both texts: find which was edited into which."""
        pairs = []
        if len(old) == len(new) == 1 and _mostly_equal(old[0].passage.keys, new[0].passage.keys):
            pairs = [align.Pair(0, 1, 0, 1)]
        elif old and new:
            pairs = align.align([one.bag for one in old], [one.bag for one in new])
        i = j = 0
        for pair in [*pairs, align.Pair(len(old), len(old), len(new), len(new))]:
            self.slot(old[i : pair.old_start], new[j : pair.new_start], old_at, new_at)
            i, j = pair.old_end, pair.new_end
            if pair.old_start < i or pair.new_start < j:
                one = _whole(self.old_markup, old[pair.old_start : i])
                other = _whole(self.new_markup, new[pair.new_start : j])
                self.drafts += self.pair(one, other)
            if i:
                old_at = old[i - 1].end
            if j:
                new_at = new[j - 1].end
        return (
            old[-1].end if old else old_at,
            new[-1].end if new else new_at,
        )

    def slot(
        self, old: Sequence[Sentence], new: Sequence[Sentence], old_at: int, new_at: int
    ) -> None:
        """Sentences without a partner in this place."""
        if old or new:
            one, other = len(self.gone), len(self.come)
            self.gone += old
            self.come += new
            self.slots.append((one, len(self.gone), other, len(self.come)))
            self.slot_places.append((old_at, new_at))

    def unmatched(self) -> None:
        """What has no partner in its place: moved, replaced, deleted or inserted."""
        found = align.find(self.gone, self.come) if self.gone and self.come else []
        left: set[int] = set()
        right: set[int] = set()
        for move in found:
            old = self.gone[move.old_start : move.old_end]
            new = self.come[move.new_start : move.new_end]
            inner = [
                draft
                for one, other in zip(old, new, strict=True)
                if self.old[one.start : one.end] != self.new[other.start : other.end]
                for draft in self.pair(one.passage, other.passage)
            ]
            area = Range(old[0].start, old[-1].end, new[0].start, new[-1].end)
            self.moved.append((area, inner))
            left.update(range(move.old_start, move.old_end))
            right.update(range(move.new_start, move.new_end))
        for (a, b, c, d), (old_at, new_at) in zip(self.slots, self.slot_places, strict=True):
            self.replaced(
                _groups(self.gone, a, b, left), _groups(self.come, c, d, right), old_at, new_at
            )

    def replaced(
        self,
        old: Sequence[Sequence[Sentence]],
        new: Sequence[Sequence[Sentence]],
        old_at: int,
        new_at: int,
    ) -> None:
        """Sentences gone and sentences come in one place, by blocks."""
        if len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                mine, its = _whole(self.old_markup, one), _whole(self.new_markup, other)
                if len(one) == len(other) == 1 and align.alike(one[0].bag, other[0].bag):
                    self.drafts += self.pair(mine, its)
                else:
                    self.drafts += _exchanged(self.old, self.new, mine, its)
            return
        for one in old:
            self.drafts.append(_alone(_whole(self.old_markup, one), new_at, gone=True))
        if old:
            old_at = max(old_at, old[-1][-1].end)
        for other in new:
            self.drafts.append(_alone(_whole(self.new_markup, other), old_at, gone=False))


def _mostly_equal(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether more than half of the words stand at a common head and tail: a quick answer."""
    size = min(len(old), len(new))
    most = max(len(old), len(new))
    if size * 2 <= most or most < 6:
        return False
    same = 0
    while same < size and old[same] == new[same]:
        same += 1
    tail = 0
    while tail < size - same and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return (same + tail) * 2 > most


def _whole(markup: Markup, sentences: Sequence[Sentence]) -> CutPassage:
    if len(sentences) == 1:
        return sentences[0].passage
    first, last = sentences[0], sentences[-1]
    return CutPassage(markup, first.start, last.end, first.kind)


def _groups(
    sentences: Sequence[Sentence], start: int, end: int, taken: set[int]
) -> list[list[Sentence]]:
    """Sentences that were not taken, those of one block that touch together."""
    found: list[list[Sentence]] = []
    last = -2
    for number in range(start, end):
        if number in taken:
            continue
        if found and last == number - 1 and sentences[last].block == sentences[number].block:
            found[-1].append(sentences[number])
        else:
            found.append([sentences[number]])
        last = number
    return found


def _alone(passage: CutPassage, at: int, *, gone: bool) -> Draft:
    visible = passage.seen(0, len(passage.words))
    count = tokens.count_words(visible)
    if gone:
        around = Range(passage.start, passage.end, at, at)
        return Draft(passage.start, passage.end, at, at, bool(visible), 0, count, around)
    around = Range(at, at, passage.start, passage.end)
    return Draft(at, at, passage.start, passage.end, bool(visible), count, 0, around)


def _exchanged(old_text: str, new_text: str, old: CutPassage, new: CutPassage) -> list[Draft]:
    """One passage in the place of another: all of it, but for marks at its head and its end."""

    def ends(one: Sequence[str], other: Sequence[str]) -> list[Run]:
        size = min(len(one), len(other))
        head = 0
        while head < size and one[head] == other[head] and not one[head][0].isalnum():
            head += 1
        tail = 0
        while tail < size - head and one[-1 - tail] == other[-1 - tail] and tail < 3:
            tail += 1
            if one[-tail][0].isalnum():
                tail -= 1
                break
        runs = [(0, 0, head)] if head else []
        if tail:
            runs.append((len(one) - tail, len(other) - tail, tail))
        return runs

    return wording.compare(old_text, new_text, old, new, ends)[0]
