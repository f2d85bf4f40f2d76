"""The lines of a text, by the line breaks that editors use, and which of them are code.

Only LF, CRLF and CR end a line here: ``str.splitlines`` also splits at form feeds and at Unicode
separators, which stand inside paragraphs of real articles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

BREAK = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^\r\n]*)")
_HEADING = re.compile(r" {0,3}#(?!#)(?:[ \t]+(.*))?")
_UNDERLINE = re.compile(r" {0,3}=+[ \t]*")


class Line(NamedTuple):
    """One line of a text; offsets are code points in the whole text.

    A tuple, because there are many: it is made three times as fast as a frozen dataclass.
    """

    start: int
    end: int  # before the line break
    next: int  # after the line break; equals `end` on a last line without one
    code: bool = False  # True: in a fenced code block, its fences included


class Heading(NamedTuple):
    """A level-1 heading of a body."""

    text: str  # the words, with their inline markup, without the marks of the heading
    start: int  # offsets in the whole text
    end: int  # after the heading's last line, its line break included


def lines(text: str, start: int = 0, end: int | None = None) -> Iterator[Line]:
    """Yield the lines of ``text[start:end]``; nothing for an empty passage."""
    end = len(text) if end is None else end
    for found in BREAK.finditer(text, start, end):
        yield Line(start, found.start(), found.end())
        start = found.end()
    if start < end:
        yield Line(start, end, end)


def marked_lines(text: str, start: int = 0) -> Iterator[Line]:
    """Yield the lines from ``start`` on, each told whether it is fenced code (CommonMark 4.5)."""
    fence = ""
    if "```" not in text and "~~~" not in text:
        yield from lines(text, start)
        return
    for line in lines(text, start):
        found = _FENCE.match(text, line.start, line.end)
        if fence:
            yield Line(line.start, line.end, line.next, code=True)
            closes = found is not None and found[1].startswith(fence) and not found[2].strip()
            fence = "" if closes else fence
        elif found is not None and not (found[1][0] == "`" and "`" in found[2]):
            fence = found[1]
            yield Line(line.start, line.end, line.next, code=True)
        else:
            yield line


def newline_of(text: str) -> str:
    """Return the line break that the text uses first; LF when it has none."""
    found = BREAK.search(text)
    return found[0] if found else "\n"


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column of an offset, both counted from 1, in code points."""
    offset = min(max(offset, 0), len(text))
    number, start = 1, 0
    for found in BREAK.finditer(text, 0, offset):
        # A CR just before the offset may be the first half of a CRLF: then the line goes on.
        if found.end() == offset and found[0] == "\r" and text[offset : offset + 1] == "\n":
            break
        number += 1
        start = found.end()
    return number, offset - start + 1


def leading_heading(text: str, start: int) -> Heading | None:
    """Return the level-1 heading that a body opens with, None when it opens with anything else."""
    for heading in _headings(text, start, only_leading=True):
        return heading
    return None


def first_heading(text: str, start: int) -> Heading | None:
    """Return the first level-1 heading outside code, wherever it stands in the body."""
    for heading in _headings(text, start, only_leading=False):
        return heading
    return None


def _headings(text: str, start: int, *, only_leading: bool) -> Iterator[Heading]:
    before: Line | None = None  # a line that an underline may turn into a heading
    for line in marked_lines(text, start):
        if line.code:
            if only_leading:
                return
            before = None
            continue
        words = text[line.start : line.end]
        if found := _HEADING.fullmatch(words):
            if title := _without_closing_marks(found[1] or ""):
                yield Heading(title, line.start, line.next)
            elif only_leading:
                return
            before = None
        elif before is not None and _UNDERLINE.fullmatch(words):
            yield Heading(text[before.start : before.end].strip(), before.start, line.next)
            before = None
        elif not words.strip():
            if only_leading and before is not None:
                return
            before = None
        else:
            if only_leading and before is not None:
                return
            # Four spaces make code, and the lines of a quotation or a list are no heading.
            before = None if words.startswith(("    ", "\t", ">", "- ", "* ", "<")) else line
            if only_leading and before is None:
                return


def _without_closing_marks(words: str) -> str:
    words = words.strip()
    bare = words.rstrip("#")
    return bare.strip() if not bare or bare.endswith((" ", "\t")) else words


# --- what two texts share -------------------------------------------------------------------------


def common_head(old: str, new: str) -> int:
    """Characters at the start that are equal."""
    most = min(len(old), len(new))
    return _reach(most, lambda low, high: new.startswith(old[low:high], low))


def common_tail(old: str, new: str, most: int) -> int:
    """Characters at the end that are equal, at most ``most``."""
    a, b = len(old), len(new)
    return _reach(most, lambda low, high: new.endswith(old[a - high : a - low], 0, b - low))


def _reach(most: int, equal: Callable[[int, int], bool]) -> int:
    """How far two texts are equal: in steps that double, then by halves.

    ``equal`` tells whether they are between two distances, where they are up to the first.
    """
    low, step = 0, 256
    while low < most and equal(low, min(low + step, most)):
        low += step
        step *= 2
    if low >= most:
        return most
    high = min(most, low + step)
    while high - low > 1:
        middle = (low + high) // 2
        if equal(low, middle):
            low = middle
        else:
            high = middle
    return low
