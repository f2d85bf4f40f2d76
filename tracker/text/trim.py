"""What two bodies share at head and tail, which nobody needs to read: most edits are small."""

from __future__ import annotations

from tracker.text.markup import Markup
from tracker.text.wording import Range


def common_head(old: str, new: str) -> int:
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


def common_tail(old: str, new: str, most: int) -> int:
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


def trim(old: Markup, new: Markup) -> Range:
    """What is left of both bodies without the blocks that they share at head and tail."""
    before, after = old.text[old.start :], new.text[new.start :]
    there = {(block.start - new.start, block.kind) for block in new.blocks}
    same = common_head(before, after)
    head = 0
    for block in reversed(old.blocks):
        place = block.start - old.start
        if place <= same and (place, block.kind) in there:
            head = place
            break
    tail = common_tail(before, after, min(len(before), len(after)) - head)
    there = {(len(new.text) - block.start, block.kind) for block in new.blocks}
    for block in old.blocks:
        place = len(old.text) - block.start
        if place <= tail and (place, block.kind) in there:
            tail = place
            break
    else:
        tail = 0
    return Range(old.start + head, len(old.text) - tail, new.start + head, len(new.text) - tail)


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


def _edge_before(text: str, place: int) -> int:
    """The end of a sentence near ``place`` and before it, else of a word; 0 if there is none."""
    stop = text.rfind(". ", max(0, place - 2000), place)
    return stop + 2 if stop >= 0 else text.rfind(" ", 0, place) + 1
