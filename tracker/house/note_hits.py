"""Where in a body a note may stand at all: a quick look that most articles never get past.

What reads notes is loaded for the others alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tracker.house.blocks import CLOSING, OPENING
from tracker.house.note_stems import fold, stems
from tracker.locale import base
from tracker.model import FoundNote

if TYPE_CHECKING:
    from tracker.house.style import Style

FARTHEST = 150  # characters from a passage's beginning to the word that gives a note away
FARTHEST_INSIDE = 45  # the same from the beginning of a mere line, or of a pair of brackets


class Hits(NamedTuple):
    """Where pieces of words stand that every note has."""

    places: list[int]  # sorted offsets in the text
    codes: tuple[str, ...]  # languages whose pieces were found, the likeliest first


def body_notes(
    text: str,
    as_of: date | None,
    style: Style | None,
    language: str | None = None,
    *,
    start: int,
    marked: bool = True,
) -> list[tuple[FoundNote, bool]]:
    """The notes of a body that begins at ``start``, each with whether the markers are around it.

    Without ``marked``, those between the markers of the footer are left out.
    """
    tag = language or (style.locale if style else "")
    hits = find_hits(text, start, base(tag) if tag else "", style)
    if not marked:
        blocks = list(_blocks(text, start))
        hits = hits._replace(
            places=[at for at in hits.places if all(not one <= at < end for one, end in blocks)]
        )
    if not hits.places:
        return []
    from tracker.house.note_finding import search

    found = search(text, start, hits, as_of, style, tag)
    return found if marked else [each for each in found if not each[1]]


def _blocks(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where lines stand that are made from the notes of the front matter."""
    at = text.find(OPENING, start)
    while at >= 0 and (end := text.find(CLOSING, at)) >= 0:
        if not text[text.rfind("\n", 0, at) + 1 : at].strip():
            yield at, end + len(CLOSING)
        at = text.find(OPENING, end)


def find_hits(text: str, start: int, code: str, style: Style | None) -> Hits:
    """The places from ``start`` on; ``code`` is the language that was asked for, or ""."""
    folded = fold(text)
    letters = set(folded)
    places: list[int] = []
    counts: dict[str, int] = {}
    for known, one in stems().items():
        if known != code and not one.possible(letters, len(folded)):
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
