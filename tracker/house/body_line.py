"""The line of a note in the body itself, for articles without front matter to hold it."""

from __future__ import annotations

import re
from datetime import tzinfo

from tracker.errors import TrackerError
from tracker.house import style as house_style
from tracker.house.blocks import Place, is_empty_line, top
from tracker.house.hand_written import Passages
from tracker.house.style import Order, Style
from tracker.model import KINDS, Kind, Note
from tracker.text.document import Document
from tracker.text.lines import marked_lines, newline_of

_DEFINITION = re.compile(r" {0,3}\*?\[(\^?)[^\]\r\n]{1,1000}\]:[ \t]*\S")


def order_at(style: Style, position: Place) -> Order:
    """Return the order at a position: that of updates, else of the first kind standing there."""
    for kind in KINDS:
        if style.templates[kind].position == position:
            return style.templates[kind].order
    return "oldest"


def add_line(document: Document, note: Note, style: Style, zone: tzinfo | None) -> str:
    """Return the whole text with the note's line in the body, in house words, without markers.

    At the bottom it stands after the last paragraph, and before the definitions of links and
    footnotes that end the file; at the top below a heading that opens the body. Lines of notes that
    stand there already keep the order of the house. A note whose words stand in the body is not
    added again: then the text comes back as it was. Raises TrackerError when the article ends
    inside a block of code.
    """
    text, floor = document.text, document.body_start
    line = house_style.line(style, note, zone)
    if note.withdrawn is not None or Passages(text, floor).tell(note.text, line):
        return text
    newline = newline_of(text)
    result = _with_line(text, floor, line.replace("\n", newline), newline, note.kind, style)
    if not Passages(result, floor).tell(note.text, line):
        raise TrackerError(
            "The note cannot stand under the article: its last block of code is not closed.",
            "Close the code block with its fence, then try again.",
        )
    return result


def _with_line(text: str, floor: int, line: str, newline: str, kind: Kind, style: Style) -> str:
    paragraphs = _paragraphs(text, top(text, floor))
    position: Place = style.templates[kind].position
    order = order_at(style, position)
    if position == "top" or not paragraphs:
        after = _end_of_first_notes(paragraphs, text, style, order)
        return _line_at_top(text, floor, line, newline, after)
    run = len(paragraphs)
    while run and house_style.recognise(style, text[slice(*paragraphs[run - 1])]) is not None:
        run -= 1
    if run < len(paragraphs) and order == "newest":
        at = paragraphs[run][0]
        return f"{text[:at]}{line}{newline}{newline}{text[at:]}"
    at = paragraphs[-1][1]
    parts = [text[:at], line]
    if run == len(paragraphs) and text[slice(*paragraphs[-1])] != style.separator:
        parts[1:1] = [style.separator] if style.separator else []
    return f"{newline}{newline}".join(parts) + text[at:]


def _end_of_first_notes(
    paragraphs: list[tuple[int, int]], text: str, style: Style, order: str
) -> int | None:
    """Return the end of the notes that open the body, if a new one comes after them."""
    end = None
    for start, stop in paragraphs:
        if order == "newest" or house_style.recognise(style, text[start:stop]) is None:
            break
        end = stop
    return end


def _line_at_top(text: str, floor: int, line: str, newline: str, after: int | None) -> str:
    if after is not None:
        return f"{text[:after]}{newline}{newline}{line}{text[after:]}"
    at = top(text, floor)
    before, rest = text[:at], text[at:]
    first = not before.strip("\ufeff")
    if rest and not is_empty_line(text, at):
        return f"{before}{'' if first else newline}{line}{newline}{newline}{rest}"
    if first or before.endswith(("\n", "\r")):
        return f"{before}{'' if first else newline}{line}{newline}{rest}"
    return f"{before}{newline}{newline}{line}"


def _paragraphs(text: str, start: int) -> list[tuple[int, int]]:
    """Return start and end of the passages between empty lines, without definitions at the end."""
    found: list[tuple[int, int]] = []
    last = 0  # passages up to the last that is more than definitions
    begun: int | None = None
    end = start
    defining = footnote = blank = False
    for line in marked_lines(text, start):
        words = text[line.start : line.end]
        if not line.code and not words.strip():
            if begun is not None:
                found.append((begun, end))
            begun, blank = None, True
            continue
        definition = None if line.code else _DEFINITION.match(text, line.start, line.end)
        goes_on = defining and (words.startswith(("    ", "\t")) or (footnote and not blank))
        if definition is not None and (begun is None or defining):
            defining, footnote = True, bool(definition[1])
        elif not goes_on or line.code:
            defining = False
        if begun is None:
            begun = line.start
        end, blank = line.end, False
        if not defining:
            last = len(found) + 1
    if begun is not None:
        found.append((begun, end))
    return found[:last]
