"""Whether the words at a place could begin a note: few of the places that a quick look finds do."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from tracker.house.note_dates import Context
from tracker.house.note_hits import FARTHEST
from tracker.house.note_reading import may_be_note
from tracker.house.note_words import sequence

if TYPE_CHECKING:
    from tracker.house.style import Style

LONGEST_OPENING = 60  # characters in which the first two words of a note stand

_BEGINNING = re.compile(
    r"\A|[\n>(\[][ \t]*|\s(?:\*\*|__)"
    r"|[.!?][”\"’')*_]{0,3}\s+(?=[*_]{0,3}(?:This|An?|Earlier|The)\b)"
)


def plausible(text: str, at: int, start: int, context: Context, own: frozenset[str]) -> bool:
    """Whether a note may begin at one of the lines, brackets or sentences shortly before a place.

    Most articles hold words like "edit" or "version" somewhere; few of them stand where the words
    before could begin a note, and only those few articles are taken apart.
    """
    earliest = max(start, at - FARTHEST)
    head = text[earliest : at + LONGEST_OPENING]
    reach = at - earliest
    for found in _BEGINNING.finditer(head):
        if found.end() > reach:
            break
        begin = head[found.end() : found.end() + LONGEST_OPENING]
        if may_be_note(begin, context):
            return True
        if own and not own.isdisjoint(sequence(begin)[:1]):
            return True
    return False


@cache
def own_openings(style: Style) -> frozenset[str]:
    """The words with which the lines of the house's templates begin, folded."""
    layouts = [
        layout.replace("{label}", template.label)
        for template in style.templates.values()
        for layout in (*template.layouts, *template.lead_layouts, template.lead)
    ]
    return frozenset(words[0] for layout in layouts if (words := sequence(layout)))
