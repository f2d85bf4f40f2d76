"""Notes inside a paragraph: in brackets, after a label in bold, or as its last sentences."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from tracker.house.notes.glance import FARTHEST_INSIDE
from tracker.house.notes.passages import BodyPassage, brackets, plain, words_with_marks
from tracker.house.notes.read import Context, NoteReading, read
from tracker.model import FoundNote

LONGEST_BRACKET = 3_000  # characters; a longer bracket is none
NEAR = 60  # characters from where a note begins to the word that gives it away

BOLD_LABEL = re.compile(
    r"(?<=[\s>])((?:\*\*|__|<strong>|<b>)[\[(]?[^\W\d_][^*\n<]{1,60}(?:\*\*|__|</))"
)
SENTENCE = re.compile(r"[.!?][”\"’')*_]{0,3}\s+[*_]{0,3}((?:This|An?|Earlier|The|Last)\b)")


def in_brackets(
    text: str, passage: BodyPassage, places: Sequence[int], context: Context
) -> list[FoundNote]:
    """Notes in brackets inside a paragraph: ``(_Correction: this did not happen_)``.

    ``places`` are the sorted offsets at which words stand that give a note away.
    """
    if not _near_bracket(text, passage, places):
        return []
    written = text[passage.start : passage.end]
    found: list[FoundNote] = []
    taken_to = -1
    for begin, end in brackets(written):
        if begin < taken_to or end - begin > LONGEST_BRACKET:
            continue
        if not _told(places, passage.start + begin, min(end - begin, FARTHEST_INSIDE)):
            continue
        inner = words_with_marks(re.sub(r"\n[ \t]*>[ \t]?", "\n", written[begin + 1 : end]))
        reading = read(inner, context)
        if reading is None or reading.weak or not reading.words:
            continue
        if not (reading.label or reading.certain):
            continue
        if reading.kind != "editors-note" and _in_quotation(written, begin):
            continue
        if passage.shape == "paragraph" and reading.label and reading.words == plain(inner):
            continue  # a date alone: "prices (updated May 3)"
        taken_to = end
        first, last = _with_emphasis(written, begin, end + 1)
        start = passage.start + first
        found.append(reading.found(start, passage.start + last, "inline"))
    return found


def later(
    text: str, passage: BodyPassage, places: Sequence[int], context: Context, *, labelled: bool
) -> tuple[NoteReading, int, int] | None:
    """The first note that begins inside a paragraph and goes on to its end, with its offsets.

    ``labelled``: with a label in bold and a colon; else with a sentence that is certainly a note.
    """
    written = text[passage.start : passage.end]
    for match in (BOLD_LABEL if labelled else SENTENCE).finditer(written):
        begin = match.start(1)
        if not _told(places, passage.start + begin, NEAR) or _in_quotation(written, begin):
            continue
        if labelled and not any(one.isalpha() for one in written[:begin]):
            continue  # the paragraph begins with it, and was read as a whole
        opening = words_with_marks(written[begin : begin + 500])
        reading = read(opening, context)
        if reading is None or not reading.certain or reading.weak or not reading.words:
            continue
        dated = reading.stamp and (reading.when.day or reading.when.clock)  # "Last updated noon."
        if bool(reading.label) != labelled and not (dated and not labelled):
            continue
        if labelled and ":" not in opening[: opening.find(reading.words[:10])]:
            continue
        whole = read(words_with_marks(written[begin:]), context) or reading
        end = len(written if labelled else written.rstrip("*_ "))
        return whole, passage.start + begin, passage.start + end
    return None


def _near_bracket(text: str, passage: BodyPassage, places: Sequence[int]) -> bool:
    """Whether a bracket opens shortly before a word that gives a note away."""
    for number in range(bisect_left(places, passage.start), len(places)):
        at = places[number]
        if at >= passage.end:
            break
        near = text[max(passage.start, at - FARTHEST_INSIDE) : at + 1]
        if "(" in near or "[" in near:
            return True
    return False


def _told(places: Sequence[int], start: int, within: int) -> bool:
    """Whether a word that gives a note away stands within so many characters."""
    place = bisect_left(places, start)
    return place < len(places) and places[place] <= start + within


def _in_quotation(written: str, at: int) -> bool:
    before = written[:at]
    return before.count("“") > before.count("”") or before.count('"') % 2 == 1


def _with_emphasis(written: str, begin: int, end: int) -> tuple[int, int]:
    """The offsets of a bracket together with the emphasis around it."""
    while begin and end < len(written) and written[begin - 1] == written[end] in ("*", "_"):
        begin, end = begin - 1, end + 1
    return begin, end
