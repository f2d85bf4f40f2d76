"""Where in a body a note may stand at all: a quick look that most articles never get past."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from tracker.house.notes.read import Context, may_be_note
from tracker.house.notes.words import SHORT, fold, sequence, stems
from tracker.house.style import Style
from tracker.locale import FIRST

FARTHEST = 150  # characters from a passage's beginning to the word that gives a note away
SAMPLE = 2_000  # characters of a text by which its language is guessed
FARTHEST_INSIDE = 45  # the same from the beginning of a mere line, or of a pair of brackets


class Hits(NamedTuple):
    """Where pieces of words stand that every note has."""

    places: list[int]  # sorted offsets in the text
    codes: tuple[str, ...]  # languages whose pieces were found, the likeliest first


def find_hits(text: str, start: int, code: str, style: Style | None) -> Hits:
    """The places from ``start`` on; ``code`` is the language that was asked for, or ""."""
    folded = fold(text)
    letters = set(folded)
    sample = folded[start : start + SAMPLE]
    words = [word.strip(".,;:!?()\"'“”«»") for word in sample.split()]
    english = stems()[FIRST].count(words)
    places: list[int] = []
    counts: dict[str, int] = {}
    for known, one in stems().items():
        if known not in (code, FIRST) and not one.possible(letters, len(folded)):
            continue
        if (
            known not in (code, FIRST)
            and len(folded) >= SHORT
            and not one.fits(sample, words, english)
        ):
            continue
        before = len(places)
        for piece in one.pieces:
            _collect(folded, piece, start, places)
        if len(places) > before:
            counts[known] = len(places) - before
    if style is not None:
        for piece in _own_words(style):
            _collect(folded, piece, start, places)
    if not places:
        return Hits([], ())
    # A house's own language comes first; dates in English stand in notes of every language.
    first = [code] if code in stems() else []
    likely = sorted(counts, key=lambda known: -counts[known])
    order = dict.fromkeys([*first, *likely, "en"])
    return Hits(sorted(set(places)), tuple(order))


def _collect(folded: str, piece: str, start: int, places: list[int]) -> None:
    """Add where a piece stands in the first words of a passage, a line or a pair of brackets."""
    at = folded.find(piece, start)
    while at >= 0:
        if _may_begin(folded, at, start):
            places.append(at)
        at = folded.find(piece, at + len(piece))


def _may_begin(folded: str, at: int, start: int) -> bool:
    earliest = max(start, at - FARTHEST)
    head = folded[earliest:at]
    line = head.rfind("\n") + 1
    if line == 0 and earliest > start:  # far inside a line
        near = head[-FARTHEST_INSIDE:]
        return "(" in near or "[" in near or ">" in head or _sentence_begins(near)
    if at - earliest - line <= FARTHEST_INSIDE:
        return True
    begin = earliest + line
    if begin <= start or head[line : line + 1] in "#>*_-+•<([!&" or head[line : line + 1].isdigit():
        return True
    if (
        folded[max(0, begin - 2) : begin] in ("\n\n", "\r\n")
        or folded[begin - 2 : begin - 1].isspace()
    ):
        return True
    near = head[-FARTHEST_INSIDE:]
    return "(" in near or "[" in near or ">" in head or _sentence_begins(near)


def _sentence_begins(near: str) -> bool:
    """Whether a sentence like "This story …" or a label in bold begins in these characters."""
    if "**" in near or "__" in near:
        return True
    return any(one in near for one in (". this ", ". an ", ". a ", ". earlier ", ". the "))


@cache
def _own_words(style: Style) -> tuple[str, ...]:
    """What stands in every line that the house's templates write, in lower case."""
    words = {one.lower() for each in style.templates.values() for one in (each.label, each.lead)}
    return tuple(sorted(words - {""}))


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
