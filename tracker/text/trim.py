"""What two bodies share at head and tail, which nobody needs to read: most edits are small."""

from __future__ import annotations

import re

from tracker.text.wording import Range

_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_FENCE_LINE = re.compile(r"^[ \t>]*(?:`{3,}|~{3,})", re.MULTILINE)


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


def _fences(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` has an odd number of fence lines, so that its end is in code."""
    if text.find("```", start, end) < 0 and text.find("~~~", start, end) < 0:
        return False
    return sum(1 for _ in _FENCE_LINE.finditer(text, start, end)) % 2 == 1


def trim(old: str, new: str, old_start: int, new_start: int) -> Range:
    """What is left of both bodies without the blocks that they share at head and tail."""
    if old_start == new_start == 0:
        old_body, new_body = old, new
    else:
        old_body, new_body = old[old_start:], new[new_start:]
    same = common_head(old_body, new_body)
    head = _block_boundary_before(old_body, same)
    while head and _fences(old_body, 0, head):
        head = _block_boundary_before(old_body, head - 2)
    most = min(len(old_body), len(new_body)) - head
    tail = common_tail(old_body, new_body, most)
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
