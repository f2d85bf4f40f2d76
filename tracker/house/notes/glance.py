"""Where in a body a note may begin at all: a quick look that most articles never get past."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import groupby
from typing import NamedTuple

from tracker import locale
from tracker.house.notes.passages import words_with_marks
from tracker.house.notes.read import Context, known_languages, may_be_note, read
from tracker.house.notes.words import fold, sequence
from tracker.house.style import Style

FARTHEST = 150  # characters from a passage's beginning to the word that gives a note away
SAMPLE = 2_000  # characters of a text by which its language is guessed
FARTHEST_INSIDE = 45  # the same from the beginning of a mere line, or of a pair of brackets
SHORT = 1_500  # characters of a text that may lack the letters of its language


class Hits(NamedTuple):
    """Where pieces of words stand that every note has."""

    places: list[int]  # sorted offsets in the text
    codes: tuple[str, ...]  # languages whose pieces were found, the likeliest first


class Stems(NamedTuple):
    """The pieces of words by which a language's notes give themselves away."""

    pieces: tuple[str, ...]  # lower case; one of them stands in every note
    beginnings: Mapping[str, list[str]]  # what some of them begin with: without it none is there
    letters: frozenset[str]  # every longer text has some of these; empty when nothing is known
    common: frozenset[str]  # the commonest words


@cache
def stems() -> Mapping[str, Stems]:
    """Per language the pieces of words without which it has no note."""
    return {
        code: Stems(
            tuple(said["notes"]["stems"]),
            _by_beginning(said["notes"]["stems"]),
            frozenset(said["notes"]["letters"]),
            frozenset(said["common"].split()),
        )
        for code in locale.languages("notes")
        if (said := locale.table(code, "hints"))
    }


def _by_beginning(pieces: Iterable[str]) -> dict[str, list[str]]:
    found = {}
    for _, same in groupby(sorted(pieces), key=lambda piece: piece[:3]):
        group = list(same)
        beginning = group[0]
        while not group[-1].startswith(beginning):  # what first and last share, all of them share
            beginning = beginning[:-1]
        found[beginning] = group
    return found


@lru_cache(maxsize=8)  # a recording reads both of its texts for their notes, and to compare them
def candidates(
    text: str, start: int, code: str, style: Style | None, day_first: bool | None
) -> Hits:
    """The places of ``find_hits`` shortly before which a passage may be read as a note.

    Whether it is one may depend on the day of the text; where to look does not.
    """
    hits = _candidates(text[start:], code, style, day_first)
    return hits._replace(places=[at + start for at in hits.places]) if hits.places else hits


@lru_cache(maxsize=8)  # the body is another one in two of three versions
def _candidates(body: str, code: str, style: Style | None, day_first: bool | None) -> Hits:
    hits = find_hits(body, 0, code, style)
    if not hits.places:
        return hits
    own = own_openings(style) if style else frozenset()
    known = _Beginnings(body, 0, _Asked(hits.codes, day_first, code, own))
    return hits._replace(places=[at for at in hits.places if known.plausible(at)])


def find_hits(text: str, start: int, code: str, style: Style | None) -> Hits:
    """The places from ``start`` on; ``code`` is the language that was asked for, or ""."""
    folded = fold(text)
    likely = _likely(folded, start, code)
    counts: dict[str, int] = {}
    places: set[int] = set()
    there: set[str] = set()
    for known in likely:
        found = [
            piece
            for beginning, pieces in stems()[known].beginnings.items()
            if beginning in folded
            for piece in pieces
            if piece in folded
        ]
        there.update(found)
        told = [at for piece in found for at in _standing(folded, piece, start)]
        if told:
            counts[known] = len(told)
            places.update(told)
    for words, needed in _own_words(style, tuple(likely)) if style is not None else ():
        if there.issuperset(needed):
            places.update(_standing(folded, words, start))
    if not places:
        return Hits([], ())
    # A house's own language comes first; dates in English stand in notes of every language.
    first = [code] if code in stems() else []
    order = dict.fromkeys([*first, *sorted(counts, key=lambda known: -counts[known]), "en"])
    return Hits(sorted(places), tuple(order))


@cache
def _any_letter() -> re.Pattern[str]:
    """A letter that tells languages apart."""
    letters = "".join(sorted({letter for stem in stems().values() for letter in stem.letters}))
    return re.compile(f"[{re.escape(letters)}]")


def _likely(folded: str, start: int, code: str) -> list[str]:
    """The languages in which a text may have notes: by its letters, and its first words."""
    known = stems()
    if len(folded) < SHORT:
        return list(known)
    letters = frozenset() if folded.isascii() else frozenset(_any_letter().findall(folded))
    possible = [
        one
        for one, stem in known.items()
        if one in (code, locale.FIRST) or not stem.letters or not stem.letters.isdisjoint(letters)
    ]
    sample = folded[start : start + SAMPLE]
    words = sample.split()
    often = {one: sum(map(known[one].common.__contains__, words)) for one in possible}
    return [
        one
        for one in possible
        if one in (code, locale.FIRST)
        or 3 * often[one] >= often[locale.FIRST]
        or _written_in(known[one].letters, sample)
    ]


def _written_in(letters: frozenset[str], sample: str) -> bool:
    """Whether a text is in a script other than the Latin one, by its letters."""
    if not letters or min(letters) < "\u0400":
        return False
    return 50 * sum(letter in letters for letter in sample) > len(sample)


def _standing(folded: str, piece: str, start: int) -> list[int]:
    """Where a piece stands in the first words of a passage, a line or a pair of brackets."""
    found = []
    at = folded.find(piece, start)
    while at >= 0:
        if _may_begin(folded, at, start):
            found.append(at)
        at = folded.find(piece, at + len(piece))
    return found


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
    return any(
        one in near for one in (". this ", ". an ", ". a ", ". earlier ", ". the ", ". last ")
    )


@cache
def _own_words(style: Style, likely: tuple[str, ...]) -> list[tuple[str, frozenset[str]]]:
    """What stands in every line that the house's templates write, in lower case.

    With each the pieces of likely languages that stand in it: without these it is not there.
    """
    own = {one.lower() for each in style.templates.values() for one in (each.label, each.lead)}
    pieces = [piece for code in likely for piece in stems()[code].pieces]
    return [(one, frozenset(each for each in pieces if each in one)) for one in sorted(own - {""})]


LONGEST_OPENING = 60  # characters in which the first two words of a note stand
LONGEST_START = 250  # characters in which a label with its date, or a sentence's verb, stands

_BEGINNING = re.compile(
    r"\A|[\n>(\[][ \t]*|\s(?:\*\*|__)"
    r"|[.!?][”\"’')*_]{0,3}\s+(?=[*_]{0,3}(?:This|An?|Earlier|The|Last)\b)"
)
_BOX = ("!!!", "???", ":::", "!")  # an admonition, or an alert, whose title may be a label
# What follows a line break or a tag is a beginning of its own; a quotation or code is no note.
_NO_NOTE = frozenset("\r\n<{=$@%/|;\"“”„«»‹›‘'`")
_SIGNS = re.compile(r"\A(?:[ \t]*(?:#{1,6}|[-+*•]|\d{1,9}[.)])[ \t]+|[ \t]*>)*")  # of a block
_PARAGRAPH_ENDS = re.compile(r"\n[ \t>]*\r?\n")


class _Asked(NamedTuple):
    """What the words at a beginning are read by."""

    codes: tuple[str, ...]
    day_first: bool | None
    tag: str
    own: frozenset[str]  # the words with which the lines of the house's templates begin


class _Beginnings:
    """The beginnings of a text at which a note may stand, each looked at once.

    Most articles hold words like "edit" or "version" somewhere; few of them stand where the words
    before can be read as a note, and only those few articles are taken apart.
    """

    def __init__(self, text: str, start: int, asked: _Asked) -> None:
        self._text = text
        self._start = start
        self._asked = asked
        self._known: dict[int, bool] = {}

    def plausible(self, at: int) -> bool:
        """Whether a note may begin shortly before a place: at a line, a bracket, a sentence."""
        earliest = max(self._start, at - FARTHEST)
        head = self._text[earliest : at + LONGEST_OPENING]
        for found in _BEGINNING.finditer(head):
            if found.end() > at - earliest:
                break
            begin = earliest + found.end()
            if begin not in self._known:
                words = self._text[begin : begin + LONGEST_START]
                self._known[begin] = _may_be(words, self._asked, found[0][:1] in ("(", "["))
            if self._known[begin]:
                return True
        return False


@lru_cache(maxsize=512)  # both versions of an article begin their paragraphs with the same words
def _may_be(words: str, asked: _Asked, bracketed: bool) -> bool:
    """Whether a note may begin with these words."""
    opening = words[:LONGEST_OPENING]
    if opening.startswith("![") or opening.lstrip("*_([ \t")[:1] in _NO_NOTE:
        return False
    if asked.own and not asked.own.isdisjoint(sequence(opening)[:1]):
        return True
    context = Context(known_languages(asked.codes), None, asked.day_first, asked.tag)
    if not may_be_note(opening, context):
        return False
    if opening.startswith(_BOX):
        return True
    paragraph = _PARAGRAPH_ENDS.split(_SIGNS.sub("", words, 1), 1)[0]
    line = paragraph.partition("\n")[0]
    tried = dict.fromkeys((line, line.partition("<")[0], paragraph))
    return any(
        read(words_with_marks(words), context, bracketed=bracketed) is not None for words in tried
    )


@cache
def own_openings(style: Style) -> frozenset[str]:
    """The words with which the lines of the house's templates begin, folded."""
    layouts = [
        layout.replace("{label}", template.label)
        for template in style.templates.values()
        for layout in (*template.layouts, *template.lead_layouts, template.lead)
    ]
    return frozenset(words[0] for layout in layouts if (words := sequence(layout)))
