"""Where a page says that its notes or its changelog stand, and which lines give way to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.house.body_line import blocks, without_blocks
from tracker.house.notes import find_notes
from tracker.house.notes.merge import key
from tracker.house.notes.passages import plain, words_with_marks
from tracker.house.settings import Settings
from tracker.model import FoundNote
from tracker.text.document import parse
from tracker.text.lines import marked_lines

NAMES = ("updates", "changelog", "history")
"""What may stand in double square brackets."""

_PLACE = re.compile(r" {0,3}\[\[(updates|changelog|history)\]\][ \t]*")
_RAW = re.compile(r"<!--|<(pre|script|style|textarea)\b", re.IGNORECASE)
_CLOSING = {
    name: re.compile(f"</{name}" if name else "-->", re.IGNORECASE)
    for name in ("", "pre", "script", "style", "textarea")
}


class Place(NamedTuple):
    """A line that holds nothing but ``[[updates]]``, ``[[changelog]]`` or ``[[history]]``."""

    name: str
    start: int  # offsets in the text, line break left out
    end: int


def places(text: str) -> list[Place]:
    """The lines that say what stands there, in order; those in code and in comments are none."""
    if "[[" not in text:
        return []
    raw = list(_raw(text))
    found = []
    for line in marked_lines(text):
        match = None if line.code else _PLACE.fullmatch(text, line.start, line.end)
        if match is not None and not any(start < line.start < end for start, end in raw):
            found.append(Place(match[1], line.start, line.end))
    return found


def _raw(text: str) -> Iterator[tuple[int, int]]:
    """Where comments stand, and elements whose content is no Markdown."""
    unclosed: set[str] = set()
    at = 0
    while found := _RAW.search(text, at):
        name = (found[1] or "").lower()
        end = None if name in unclosed else _CLOSING[name].search(text, found.end())
        if end is None:
            unclosed.add(name)
            at = found.end()
        else:
            yield found.start(), end.start()
            at = end.end()


class Standing(NamedTuple):
    """A note that stands in the body of a page."""

    start: int
    end: int
    words: str  # as they are compared: see ``compared``
    movable: bool  # it stands above or below the article, and not between its paragraphs


def standing(text: str, settings: Settings, day: date | None) -> list[Standing]:
    """The notes that stand in a page's text, put there by hand or by tracker, in order.

    ``day`` is that on which the text stood, for notes that leave out the year.
    """
    blank: list[str] = []  # the places are no prose of the article
    at = 0
    for place in places(text):
        blank += [text[at : place.start], " " * (place.end - place.start)]
        at = place.end
    found = find_notes("".join([*blank, text[at:]]), as_of=day, style=settings.style)
    return [_standing(note) for note in found]


def _standing(note: FoundNote) -> Standing:
    return Standing(note.start, note.end, compared(note.text), note.position != "inline")


def compared(text: str) -> str:
    """The words of a note as readers see them, without case and punctuation, to compare."""
    return key(plain(words_with_marks(text)))


def without_marked(text: str) -> str:
    """The text without the lines that tracker keeps between its two comments.

    Where one of the comments is missing, the text as it is.
    """
    floor = parse(text).body_start
    try:
        return without_blocks(text, blocks(text, floor), floor)
    except TrackerError:
        return text


def cut(text: str, pieces: Iterable[Standing]) -> tuple[str, list[str]]:
    """The text with these passages taken out, and the passages."""
    taken: list[str] = []
    kept: list[str] = []
    at = 0
    for piece in pieces:
        if piece.start < at:
            continue
        kept.append(text[at : piece.start])
        taken.append(text[piece.start : piece.end])
        at = piece.end
    return "".join([*kept, text[at:]]), taken


def filled(text: str, found: Sequence[Place], made: Sequence[str]) -> str:
    """The text with each place as a paragraph of its own that holds what was made for it."""
    out: list[str] = []
    at = 0
    for place, words in zip(found, made, strict=True):
        out += [text[at : place.start], f"\n{words}\n" if words else ""]
        at = place.end
    return "".join([*out, text[at:]])
