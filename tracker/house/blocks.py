"""Marker blocks in a text: finding them, setting them in, taking them out again.

They are set so that taking them out gives back the bytes that were there before. An empty line
before a block came with it, or, when there is none, the empty line after it; a block that ends a
file without a line break brought the two line breaks before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.model import Saying
from tracker.text.lines import BREAK, Line, leading_heading, line_and_column, marked_lines
from tracker.text.lines import lines as text_lines

Place = Literal["top", "bottom"]

OPENING = "<!-- updates -->"
CLOSING = "<!-- /updates -->"
_MARKER = re.compile(r" {0,3}<!--[ \t]*(/?)updates[ \t]*-->[ \t]*")
_ANYWHERE = re.compile(r"<!--[ \t]*/?updates[ \t]*-->")
_MOST = 20  # two are made; a merge may leave a few more, and each costs a copy of the text


class Block(NamedTuple):
    """A marker block as it stands in a text. Offsets are in the whole text."""

    start: int  # of the opening marker's line
    inner_start: int
    inner_end: int
    end: int  # after the closing marker's line and its line break
    position: Place  # "top": nothing but a heading is above it


def blocks(text: str, floor: int) -> list[Block]:
    """Return the marker blocks below ``floor``, where the body starts, in order.

    Markers in fenced code are none. Raises TrackerError when a marker has lost its other half.
    """
    if _ANYWHERE.search(text, floor) is None:
        return []
    found: list[Block] = []
    opened: Line | None = None
    for line in marked_lines(text, floor):
        marker = None if line.code else _MARKER.fullmatch(text, line.start, line.end)
        if marker is None:
            continue
        if bool(marker[1]) == (opened is None):
            raise _alone(text, line if opened is None else opened)
        if opened is None:
            opened = line
            continue
        if len(found) == _MOST:
            raise PlacingError(
                f"The file has more than {_MOST} blocks of notes between markers.",
                "Take out all but one for the top and one for the bottom.",
                Saying.of("finding.too-many-blocks", most=_MOST),
                "advice.one-block",
            )
        first = not found and not text[top(text, floor) : opened.start].strip()
        position: Place = "top" if first else "bottom"
        found.append(Block(opened.start, opened.next, line.start, line.next, position))
        opened = None
    if opened is not None:
        raise _alone(text, opened)
    return found


def _alone(text: str, line: Line) -> TrackerError:
    number, _ = line_and_column(text, line.start)
    return PlacingError(
        f"Line {number} of the file has a marker of the notes without its other half.",
        f"Put {OPENING} above the notes and {CLOSING} below them, or take both out.",
        Saying.of("finding.marker-alone", line=number),
        "advice.complete-marker",
        number,
    )


class PlacingError(TrackerError):
    """The lines of the notes have no place in the text."""

    def __init__(
        self, sentence: str, hint: str, said: Saying, advice: str, line: int | None = None
    ) -> None:
        super().__init__(sentence, hint)
        self.said = said  # the sentence as a value, without its full stop
        self.line = line  # of the text, counted from 1; None where it is about no line
        self._advice = advice

    def advised(self, command: str) -> Saying:
        """The hint as a value, with the command that is to be given then."""
        return Saying.of(self._advice, command=command, command_2=OPENING, command_3=CLOSING)


def top(text: str, floor: int) -> int:
    """Return where the block of the top begins: after a heading that opens the body."""
    heading = leading_heading(text, floor)
    return heading.end if heading else floor


def inserted(text: str, at: int, block: Sequence[str], newline: str) -> str:
    """Return the text with the lines of a block set in at the start of a line, or at the end."""
    before, after = text[:at], text[at:]
    if (newline == "\n" and before.endswith("\r")) or (newline == "\r" and after[:1] == "\n"):
        newline = "\r\n"  # or two breaks of different kinds would melt into one
    made = newline.join(block)
    if not after and not (at > 0 and before.endswith(("\n", "\r"))):
        return f"{before}{newline}{newline}{made}"
    if not after or is_empty_line(text, at):
        return f"{before}{newline}{made}{newline}{after}"
    return f"{before}{made}{newline}{newline}{after}"


def is_empty_line(text: str, at: int) -> bool:
    """Tell whether the line that begins at an offset has no words."""
    line = next(text_lines(text, at), None)
    return line is None or not text[line.start : line.end].strip(" \t")


def without_blocks(text: str, blocks: Sequence[Block], floor: int) -> str:
    """Return the text as it was before the blocks were set in."""
    for block in reversed(blocks):
        before, after = text[: block.start], text[block.end :]
        bare = _without_break(before, floor)
        if not after and not text[: block.end].endswith(("\n", "\r")):
            before = _without_break(bare, floor)
        elif bare != before and (len(bare) == floor or bare.endswith(("\n", "\r"))):
            before = bare
        elif found := BREAK.match(after):
            after = after[found.end() :]
        text = before + after
    return text


def _without_break(text: str, floor: int) -> str:
    """Return the text without the line break that it ends with."""
    for ending in ("\r\n", "\n", "\r"):
        if text.endswith(ending) and len(text) - len(ending) >= floor:
            return text[: -len(ending)]
    return text
