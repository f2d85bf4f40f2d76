"""Two texts -> the edits between them, as an editor reads: words, sentences, moved passages.

``diff-match-patch`` is the engine that finds what two sequences have in common; blocks, then
sentences, then words are its elements, never characters. Its clock is switched off: the work is
bounded by the size of what it is given, so that the same texts give the same edits everywhere.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from tracker.model import Diff, Edit, Operation
from tracker.text import align, fields, moves, tokens, wording
from tracker.text.cleanup import Run
from tracker.text.moves import Sentence
from tracker.text.tokens import Block
from tracker.text.wording import Draft, Passage, Range

MOST_CELLS = 160_000
"""Size of one comparison, old times new elements, up to which the best answer is looked for."""

MOST_WORK = 2_000_000
"""Cells of all comparisons of one diff together; beyond it, passages are told as replaced."""

LONGEST_SENTENCE = 400
"""Characters of the sentence around an edit that are kept."""


@cache
def _engine() -> Any:
    from diff_match_patch import diff_match_patch

    engine = diff_match_patch()
    # Not zero, which would switch off its search for a half in common; see the module's docstring.
    engine.Diff_Timeout = 1e9
    return engine


class Matching:
    """Finds what sequences have in common, and keeps count of the work."""

    def __init__(self) -> None:
        self.work = 0
        self.coarse = False

    def runs(self, old: Sequence[str], new: Sequence[str]) -> list[Run]:
        """Runs of equal elements, in order, none crossing another."""
        size = min(len(old), len(new))
        head = 0
        while head < size and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < size - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        found: list[Run] = [(0, 0, head)] if head else []
        found += self._middle(old, new, head, len(old) - tail, head, len(new) - tail)
        if tail:
            found.append((len(old) - tail, len(new) - tail, tail))
        return _joined(found)

    def _middle(
        self, old: Sequence[str], new: Sequence[str], a: int, b: int, c: int, d: int
    ) -> list[Run]:
        """Runs within ``old[a:b]`` and ``new[c:d]``, which share neither head nor tail."""
        if a == b or c == d:
            return []
        # What stands in one of them only cannot match: leave it out.
        here, there = set(old[a:b]), set(new[c:d])
        common = here & there
        if not common:
            return []
        old_places = [place for place in range(a, b) if old[place] in common]
        new_places = [place for place in range(c, d) if new[place] in common]
        cells = len(old_places) * len(new_places)
        if cells > MOST_CELLS or self.work + cells > MOST_WORK:
            return self._anchored(old, new, old_places, new_places)
        self.work += cells
        letters: dict[str, str] = {}
        for place in old_places:
            if old[place] not in letters:
                letters[old[place]] = _letter(len(letters))
        left = "".join([letters[old[place]] for place in old_places])
        right = "".join([letters[new[place]] for place in new_places])
        found: list[Run] = []
        i = j = 0
        for operation, part in _engine().diff_main(left, right, False, 1e18):
            if operation == 0:
                found += [
                    (old_places[i + step], new_places[j + step], 1) for step in range(len(part))
                ]
                i += len(part)
                j += len(part)
            elif operation < 0:
                i += len(part)
            else:
                j += len(part)
        return found

    def _anchored(
        self,
        old: Sequence[str],
        new: Sequence[str],
        old_places: Sequence[int],
        new_places: Sequence[int],
    ) -> list[Run]:
        """Too much for one comparison: cut it at elements that stand once in both texts."""
        anchors = _anchors(old, new, old_places, new_places)
        if not anchors:
            self.coarse = True
            return []
        found: list[Run] = []
        a, c = old_places[0], new_places[0]
        for i, j in [*anchors, (old_places[-1] + 1, new_places[-1] + 1)]:
            if i < a or j < c:
                continue  # reached by the tail of the one before
            part = self.runs(old[a:i], new[c:j])
            found += [(a + one, c + other, size) for one, other, size in part]
            a, c = i, j
            while a < len(old) and c < len(new) and old[a] == new[c]:
                a += 1
                c += 1
            if a > i:
                found.append((i, j, a - i))
        return found


def _letter(number: int) -> str:
    """The code point that stands for element ``number``: none below 0x100, no surrogate."""
    code = number + 0x100
    return chr(code if code < 0xD800 else code + 0x800)


def _joined(runs: Iterable[Run]) -> list[Run]:
    found: list[Run] = []
    for a, c, size in runs:
        if found and found[-1][0] + found[-1][2] == a and found[-1][1] + found[-1][2] == c:
            found[-1] = (found[-1][0], found[-1][1], found[-1][2] + size)
        else:
            found.append((a, c, size))
    return found


def _anchors(
    old: Sequence[str], new: Sequence[str], old_places: Sequence[int], new_places: Sequence[int]
) -> list[tuple[int, int]]:
    """Elements that stand once in both, the longest chain of them that does not cross itself."""
    once: dict[str, int] = {}
    for place in new_places:
        once[new[place]] = -1 if new[place] in once else place
    seen: dict[str, int] = {}
    for place in old_places:
        seen[old[place]] = -1 if old[place] in seen else place
    ends: list[int] = []
    chains: list[tuple[int, int, Any]] = []
    for word, place in seen.items():
        other = once.get(word, -1)
        if place < 0 or other < 0:
            continue
        at = bisect_left(ends, other)
        link = (place, other, chains[at - 1] if at else None)
        if at == len(ends):
            ends.append(other)
            chains.append(link)
        else:
            ends[at] = other
            chains[at] = link
    found: list[tuple[int, int]] = []
    link_or_none: Any = chains[-1] if chains else None
    while link_or_none:
        found.append((link_or_none[0], link_or_none[1]))
        link_or_none = link_or_none[2]
    found.reverse()
    return found


# --- the common head and tail --------------------------------------------------------------------

_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_FENCE_LINE = re.compile(r"^[ \t>]*(?:`{3,}|~{3,})", re.MULTILINE)


def _common_head(old: str, new: str) -> int:
    """Characters at the start that are equal."""
    size = min(len(old), len(new))
    low, step = 0, 256
    while low < size and new.startswith(old[low : min(low + step, size)], low):
        low += step
        step *= 2
    if low >= size:
        return size
    high = min(size, low + step)
    while high - low > 1:
        middle = (low + high) // 2
        if new.startswith(old[low:middle], low):
            low = middle
        else:
            high = middle
    return low


def _common_tail(old: str, new: str, most: int) -> int:
    """Characters at the end that are equal, at most ``most``."""
    a, b = len(old), len(new)
    low, step = 0, 256
    while low < most and new.endswith(old[a - min(low + step, most) : a - low], 0, b - low):
        low += step
        step *= 2
    if low >= most:
        return most
    high = min(most, low + step)
    while high - low > 1:
        middle = (low + high) // 2
        if new.endswith(old[a - middle : a - low], 0, b - low):
            low = middle
        else:
            high = middle
    return low


def _fences(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` has an odd number of fence lines, so that its end is in code."""
    if text.find("```", start, end) < 0 and text.find("~~~", start, end) < 0:
        return False
    return sum(1 for _ in _FENCE_LINE.finditer(text, start, end)) % 2 == 1


def _trim(old: str, new: str, old_start: int, new_start: int) -> Range:
    """What is left of both bodies without the blocks that they share at head and tail."""
    if old_start == new_start == 0:
        old_body, new_body = old, new
    else:
        old_body, new_body = old[old_start:], new[new_start:]
    same = _common_head(old_body, new_body)
    head = _block_boundary_before(old_body, same)
    while head and _fences(old_body, 0, head):
        head = _block_boundary_before(old_body, head - 2)
    most = min(len(old_body), len(new_body)) - head
    tail = _common_tail(old_body, new_body, most)
    cut = len(old_body) - tail
    if tail:
        match = _BLANK_LINE.search(old_body, cut)
        tail = len(old_body) - match.end() if match else 0
        if tail and _fences(old_body, len(old_body) - tail, len(old_body)):
            tail = 0
    return Range(old_start + head, len(old) - tail, new_start + head, len(new) - tail)


def _block_boundary_before(text: str, place: int) -> int:
    """The end of the last blank line that ends at or before ``place``; 0 when there is none."""
    at = text.rfind("\n\n", 0, max(place, 0))
    if at >= 0:
        return at + 2
    last = 0
    if "\r" in text or " \n" in text or "\t\n" in text:
        for match in _BLANK_LINE.finditer(text, 0, max(place, 0)):
            last = match.end()
    return last


# --- one comparison ------------------------------------------------------------------------------


class _Comparison:
    """Two bodies, block by block, sentence by sentence, word by word."""

    def __init__(self, old: str, new: str) -> None:
        self.old = old
        self.new = new
        self.matching = Matching()
        self.drafts: list[Draft] = []
        self.gone: list[Sentence] = []
        self.come: list[Sentence] = []
        # Where sentences stand that have no partner: the places in `gone` and `come`.
        self.slots: list[tuple[int, int, int, int]] = []
        # Where a slot stands in the other text, for what is only deleted or only inserted.
        self.slot_places: list[tuple[int, int]] = []
        self.moved: list[tuple[Range, list[Draft]]] = []
        self.coarse = False

    def pair(self, old: Passage, new: Passage) -> list[Draft]:
        """The edits inside a pair of passages that belong together."""
        drafts, coarse = wording.compare(self.old, self.new, old, new, self.matching.runs)
        self.coarse = self.coarse or coarse
        return drafts

    def passages(self, area: Range) -> None:
        """Compare the blocks of a passage of both texts."""
        old_blocks = tokens.blocks(self.old, area.old_start, area.old_end)
        new_blocks = tokens.blocks(self.new, area.new_start, area.new_end)
        old_keys = [
            moves.block_key(self.old[block.start : block.end], block.kind) for block in old_blocks
        ]
        new_keys = [
            moves.block_key(self.new[block.start : block.end], block.kind) for block in new_blocks
        ]
        i = j = 0
        old_at, new_at = area.old_start, area.new_start
        runs = self.matching.runs(old_keys, new_keys)
        for a, c, size in [*runs, (len(old_blocks), len(new_blocks), 0)]:
            if i < a or j < c:
                self.gap(old_blocks[i:a], new_blocks[j:c], i, j, old_at, new_at)
            for step in range(size):
                one, other = old_blocks[a + step], new_blocks[c + step]
                if self.old[one.start : one.end] != self.new[other.start : other.end]:
                    self.drafts += self.pair(
                        Passage(self.old, one.start, one.end, one.kind),
                        Passage(self.new, other.start, other.end, other.kind),
                    )
            i, j = a + size, c + size
            if i:
                old_at = old_blocks[i - 1].end
            if j:
                new_at = new_blocks[j - 1].end
        self.unmatched()

    def _sentences(self, text: str, blocks: Sequence[Block], first: int) -> list[Sentence]:
        found = []
        for number, block in enumerate(blocks, first):
            if block.kind in {"paragraph", "item"}:
                parts = tokens.sentences(text, block.start, block.end)
            else:
                parts = [(block.start, block.end)]
            found += [Sentence(text, start, end, number, block.kind) for start, end in parts]
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
        old = self._sentences(self.old, old_blocks, first_old)
        new = self._sentences(self.new, new_blocks, first_new)
        runs = (
            self.matching.runs(
                [one.key for one in old],
                [one.key for one in new],
            )
            if old and new
            else []
        )
        i = j = 0
        for a, c, size in [*runs, (len(old), len(new), 0)]:
            old_at, new_at = self.stretch(old[i:a], new[j:c], old_at, new_at)
            for step in range(size):
                one, other = old[a + step], new[c + step]
                if self.old[one.start : one.end] != self.new[other.start : other.end]:
                    self.drafts += self.pair(one.passage, other.passage)
                old_at, new_at = one.end, other.end
            i, j = a + size, c + size

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
                one = _whole(self.old, old[pair.old_start : i])
                other = _whole(self.new, new[pair.new_start : j])
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
        found = moves.find(self.gone, self.come) if self.gone and self.come else []
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
                self.drafts += _exchanged(
                    self.old, self.new, _whole(self.old, one), _whole(self.new, other)
                )
            return
        for one in old:
            self.drafts.append(_alone(_whole(self.old, one), new_at, gone=True))
        if old:
            old_at = max(old_at, old[-1][-1].end)
        for other in new:
            self.drafts.append(_alone(_whole(self.new, other), old_at, gone=False))


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


def _whole(text: str, sentences: Sequence[Sentence]) -> Passage:
    if len(sentences) == 1:
        return sentences[0].passage
    first, last = sentences[0], sentences[-1]
    return Passage(text, first.start, last.end, first.kind)


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


def _alone(passage: Passage, at: int, *, gone: bool) -> Draft:
    visible = passage.seen(0, len(passage.words))
    if len(passage.words) == 1 and set(passage.words[0]) <= {"-", "="}:
        visible = []  # a line across the page
    count = tokens.count_words(visible)
    if gone:
        around = Range(passage.start, passage.end, at, at)
        return Draft(passage.start, passage.end, at, at, bool(visible), 0, count, around)
    around = Range(at, at, passage.start, passage.end)
    return Draft(at, at, passage.start, passage.end, bool(visible), count, 0, around)


def _exchanged(old_text: str, new_text: str, old: Passage, new: Passage) -> list[Draft]:
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


# --- the face ------------------------------------------------------------------------------------


def diff(old: str, new: str) -> Diff:
    """The edits between two whole texts, front matter included.

    Every difference is in some edit: ``apply(old, edits) == new`` and ``revert(new, edits) ==
    old``, always. An edit that touches no word that a reader sees is marked ``verbal=False``:
    white space, reflow, glyphs of quotation marks, markup, the target of a link, an HTML comment.
    Punctuation that a reader sees counts as verbal.

    Time and memory are bounded; where a bound was reached, some edits are larger than they need
    to be, and ``coarse`` is true.
    """
    if old == new:
        return Diff((), (), 0, 0)
    old_start, new_start, front, changed = fields.compare(old, new)
    comparison = _Comparison(old, new)
    area = _trim(old, new, old_start, new_start)
    if area.old_start < area.old_end or area.new_start < area.new_end:
        comparison.passages(area)
    edits: list[Edit] = []
    added = removed = 0
    for field, pair, verbal, headline in front:
        for draft in _field_drafts(comparison, pair):
            edits.append(_edit(old, new, draft._replace(verbal=draft.verbal and verbal), field))
            if headline and edits[-1].verbal:
                added += draft.added
                removed += draft.removed
    for draft in comparison.drafts:
        edits.append(_edit(old, new, draft, None))
        added += draft.added
        removed += draft.removed
    for place, inner in comparison.moved:
        within = tuple(_edit(old, new, draft, None) for draft in inner)
        added += sum(draft.added for draft in inner)
        removed += sum(draft.removed for draft in inner)
        edits.append(_moved(old, new, place, within))
    edits.sort(key=lambda edit: (edit.new_start, edit.new_end, edit.old_start))
    coarse = comparison.coarse or comparison.matching.coarse
    return Diff(tuple(edits), tuple(changed), added, removed, coarse)


def _field_drafts(comparison: _Comparison, pair: Range) -> list[Draft]:
    return comparison.pair(
        Passage(comparison.old, pair.old_start, pair.old_end),
        Passage(comparison.new, pair.new_start, pair.new_end),
    )


def _edit(old: str, new: str, draft: Draft, field: str | None) -> Edit:
    a, b, c, d = draft[:4]
    operation: Operation = "insert" if a == b else "delete" if c == d else "replace"
    around = draft.around
    return Edit(
        operation,
        old[a:b],
        new[c:d],
        a,
        b,
        c,
        d,
        _sentence(old, around.old_start, around.old_end, a) if around else "",
        _sentence(new, around.new_start, around.new_end, c) if around else "",
        draft.verbal,
        field,
    )


def _moved(old: str, new: str, place: Range, within: tuple[Edit, ...]) -> Edit:
    a, b, c, d = place
    return Edit(
        "move",
        old[a:b],
        new[c:d],
        a,
        b,
        c,
        d,
        _sentence(old, a, b, a),
        _sentence(new, c, d, c),
        any(edit.verbal for edit in within) or bool(tokens.seen(tokens.split(new[c:d])[1::2])),
        None,
        within=within,
    )


def _sentence(text: str, start: int, end: int, at: int) -> str:
    """``text[start:end]`` without white space around; of a long one, what stands around ``at``."""
    if end - start > LONGEST_SENTENCE:
        start = max(start, min(at - LONGEST_SENTENCE // 2, end - LONGEST_SENTENCE))
        end = min(end, start + LONGEST_SENTENCE)
    return text[start:end].strip()


def apply(old: str, edits: Sequence[Edit]) -> str:
    """The new text, from the old one and the edits of :func:`diff`."""
    gone = [(edit.old_start, edit.old_end) for edit in edits]
    come = [(edit.new_start, edit.new_end, edit.new) for edit in edits]
    return _rebuilt(old, gone, come)


def revert(new: str, edits: Sequence[Edit]) -> str:
    """The old text, from the new one and the edits of :func:`diff`."""
    gone = [(edit.new_start, edit.new_end) for edit in edits]
    come = [(edit.old_start, edit.old_end, edit.old) for edit in edits]
    return _rebuilt(new, gone, come)


def _rebuilt(
    text: str, gone: Iterable[tuple[int, int]], come: Iterable[tuple[int, int, str]]
) -> str:
    """What stays of ``text``, in order, with the pieces that come at their places."""
    kept: list[str] = []
    at = 0
    for start, end in sorted(gone):
        kept.append(text[at:start])
        at = max(at, end)
    kept.append(text[at:])
    stays = "".join(kept)
    parts: list[str] = []
    used = place = 0
    for start, end, words in sorted(come):
        parts.append(stays[used : used + start - place])
        used += start - place
        parts.append(words)
        place = end
    parts.append(stays[used:])
    return "".join(parts)
