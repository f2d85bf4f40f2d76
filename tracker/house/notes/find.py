"""One search through one body: which of its passages are notes, and which only look so."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from tracker.house.notes.glance import FARTHEST_INSIDE, Hits, candidates
from tracker.house.notes.passages import (
    CLOSING,
    MARK,
    OPENING,
    BodyPassage,
    brackets,
    passages,
    pieces,
    plain,
    unmarked,
    words_with_marks,
)
from tracker.house.notes.read import Context, NoteReading, known_languages, may_be_note, read
from tracker.house.notes.wording import recognise
from tracker.house.notes.words import sequence
from tracker.house.style import Style
from tracker.locale import base
from tracker.model import FoundNote, Position
from tracker.text import expression

_DEFINED = expression(r"[ \t]*\[([^\]\n]{1,300})\]:")
_REFERENCE = expression(r"\[([^\[\]]{1,300})\]")
LONGEST_UNDATED = 700  # characters under a label without a date that need not speak of a change
LONGEST_NOTE = 20_000  # no note is longer; a longer passage is not searched


def body_notes(
    text: str,
    as_of: date | None,
    style: Style | None,
    language: str | None = None,
    *,
    start: int,
    local: str = "",
    marked: bool = True,
    hits: Hits | None = None,
) -> list[tuple[FoundNote, bool]]:
    """The notes of a body that begins at ``start``, each with whether the markers are around it.

    ``local`` is the article's own language: its country says how a day is written in figures where
    the house does not. Without ``marked``, those between the markers of the footer are left out.
    ``hits`` are the ``candidates`` of the text, where somebody has looked for them already.
    """
    tag = language or (style.locale if style else "")
    day_first = style.day_first if style else None
    if day_first is None:
        day_first = _day_first(local or tag)
    if hits is None:
        hits = candidates(text, start, base(tag), style, day_first)
    places = hits.places
    if not marked:
        blocks = list(_blocks(text, start))
        places = [at for at in places if all(not one <= at < end for one, end in blocks)]
    if not places and not (marked and OPENING in text):
        return []
    context = Context(known_languages(hits.codes), as_of, day_first, tag)
    found = _Search(text, start, hits._replace(places=places), context, style).notes()
    return found if marked else [each for each in found if not each[1]]


def _blocks(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where lines stand that are made from the notes of the front matter."""
    at = text.find(OPENING, start)
    while at >= 0 and (end := text.find(CLOSING, at)) >= 0:
        if not text[text.rfind("\n", 0, at) + 1 : at].strip():
            yield at, end + len(CLOSING)
        at = text.find(OPENING, end)


def _day_first(tag: str) -> bool | None:
    """The order of day and month by custom; None leaves it to the language without a country."""
    code, _, region = tag.replace("_", "-").partition("-")
    if code.lower() == "en" and region:
        return region.upper() not in ("US", "PH")
    return None


class _Found(NamedTuple):
    """A note with the passages that it takes up."""

    note: FoundNote
    first: int  # index of its first passage
    last: int


class _Search:
    """One search through one body."""

    def __init__(
        self,
        text: str,
        start: int,
        hits: Hits,
        context: Context,
        style: Style | None,
    ) -> None:
        self.text = text
        self.start = start
        self.hits = hits
        self.context = context
        self.style = style
        self.passages: list[BodyPassage] = []
        self.found: dict[int, _Found] = {}  # by the index of the first passage
        self.taken: set[int] = set()  # indexes of passages that are notes
        self.inline: list[FoundNote] = []
        self.waiting: dict[int, NoteReading] = {}  # notes only at the text's edges
        self.defined: frozenset[str] | None = None  # labels of link definitions, once looked at
        self.around = Surroundings(self.passages, self.context)

    def notes(self) -> list[tuple[FoundNote, bool]]:
        for passage in passages(self.text, self.start):
            self.passages.extend(self._cut(passage) if self._worth(passage) else (passage,))
        for index, passage in enumerate(self.passages):
            if index in self.taken or passage.shape in ("wrapper", "rule", "other"):
                continue
            if passage.end - passage.start > LONGEST_NOTE:
                continue
            if self._worth(passage) or passage.boxed or passage.marked:
                self._look(index, passage)
        self._edges()
        prose = [i for i, one in enumerate(self.passages) if one.prose and i not in self.taken]
        first, last = (prose[0], prose[-1]) if prose else (len(self.passages), -1)
        notes = [
            (self._placed(one, first, last), self.passages[one.first].marked)
            for one in self.found.values()
        ]
        notes += [(note, False) for note in self.inline]
        return sorted(notes, key=lambda found: found[0].start)

    # Passages

    def _worth(self, passage: BodyPassage) -> bool:
        """Whether a piece of a note's word stands in the passage at all."""
        places = self.hits.places
        at = bisect_left(places, passage.start)
        return at < len(places) and places[at] < passage.end

    def _cut(self, passage: BodyPassage) -> list[BodyPassage]:
        """The passage cut at hard breaks, and before lines that begin with a label."""
        if passage.shape == "heading" or passage.end - passage.start > 50 * LONGEST_NOTE:
            return [passage]
        cut = []
        for piece in pieces(passage, self.text):
            cut.extend(self._cut_lines(piece))
        return cut

    def _cut_lines(self, piece: BodyPassage) -> list[BodyPassage]:
        written = self.text[piece.start : piece.end]
        if "\n" not in written or len(written) > LONGEST_NOTE:
            return [piece]
        cuts = [0]
        at = written.find("\n") + 1
        while at:
            end = written.find("\n", at)
            line = written[at : end if end >= 0 else len(written)]
            if line.strip() and self._begins_note(piece, at, line):
                cuts.append(at)
            at = end + 1
        if len(cuts) == 1:
            return [piece]
        return [
            piece.part(begin, written[begin:end].rstrip())
            for begin, end in zip(cuts, [*cuts[1:], len(written)], strict=True)
        ]

    def _begins_note(self, piece: BodyPassage, at: int, line: str) -> bool:
        begin = piece.start + at
        place = bisect_left(self.hits.places, begin)
        if place >= len(self.hits.places) or self.hits.places[place] >= begin + min(len(line), 60):
            return False
        raw = unmarked(line, "paragraph")
        if not may_be_note(raw, self.context) or not _may_stand_alone(self.text[:begin], raw):
            return False
        reading = read(words_with_marks(raw), self.context)
        return reading is not None and bool(reading.label) and not reading.weak and reading.certain

    def _look(self, index: int, passage: BodyPassage) -> None:
        if passage.marked and self.style is not None and self._by_style(index, passage):
            return
        boxed = self._boxed(index, passage)
        if boxed is not None or may_be_note(passage.raw, self.context):
            marked = words_with_marks(passage.raw)
            reading = boxed or read(marked, self.context)
            if reading is not None and self._accept(index, passage, marked, reading):
                return
        if self.style is not None and self._by_style(index, passage):
            return
        if self._ends_in_note(index, passage):
            return
        if index not in self.waiting:
            places = self.hits.places
            self.inline.extend(in_brackets(self.text, passage, places, self.context))

    def _accept(self, index: int, passage: BodyPassage, marked: str, reading: NoteReading) -> bool:
        if reading.label and not reading.words:
            return self._bare(index, passage, reading)
        if reading.weak and not reading.said:
            return False
        if self.around.quotes(index, passage) or self.around.step(index, passage, reading):
            return False
        if not reading.certain and not set_apart(passage, marked):
            if not reading.wrapped:
                self.waiting[index] = reading
            return False
        last = index + 1 if reading.stamp and self._said_below(index, passage) else index
        if last > index:
            words = plain(words_with_marks(self.passages[last].raw))
            full = read(words, self.context)
            reading = reading._replace(words=words, kind=full.kind if full else reading.kind)
        self._add(index, last, reading)
        return True

    def _said_below(self, index: int, passage: BodyPassage) -> bool:
        """Whether a heading "Updated May 3" stands above a sentence that tells of the change."""
        if passage.shape != "heading" or index + 1 >= len(self.passages):
            return False
        below = self.passages[index + 1]
        if below.shape != "paragraph" or below.marked != passage.marked:
            return False
        inner = read(words_with_marks(below.raw), self.context)
        return inner is not None and not inner.label and inner.said and inner.when.day is None

    # Kinds of notes

    def _add(self, first: int, last: int, reading: NoteReading) -> None:
        passage = self.passages[first]
        end = self.passages[last].end
        reading = reading._replace(words=self._without_references(reading.words))
        found = reading.found(passage.start, end, "inline")
        if self.style is not None:
            found = self._in_style(found)
        self.found[first] = _Found(found, first, last)
        self.taken.update(range(first, last + 1))

    def _without_references(self, words: str) -> str:
        """The words with the brackets of ``[text]`` gone where the text defines that link."""
        if "[" not in words:
            return words
        if self.defined is None:
            others = (one.raw for one in self.passages if one.shape == "other")
            found = (_DEFINED().match(raw) for raw in others)
            self.defined = frozenset(one[1].lower() for one in found if one)
        defined = self.defined
        return _REFERENCE().sub(lambda one: one[1] if one[1].lower() in defined else one[0], words)

    def _in_style(self, found: FoundNote) -> FoundNote:
        """The note as the house's own template reads it, if it is one of the house's lines."""
        assert self.style is not None
        own = recognise(self.style, self.text[found.start : found.end], self.context.as_of)
        if own is None or (found.date is not None and own.date is None):
            return found  # "Correction: Dec. 6, 2021", and the sentence in a paragraph of its own
        kind = found.kind if own.kind in ("update", "editors-note") else own.kind
        return own._replace(kind=kind, start=found.start, end=found.end, position=found.position)

    def _by_style(self, index: int, passage: BodyPassage) -> bool:
        """Whether a passage is a line that the house's templates write; it is taken then."""
        assert self.style is not None
        own = recognise(self.style, self.text[passage.start : passage.end], self.context.as_of)
        if own is None:
            return False
        note = own._replace(start=passage.start, end=passage.end)
        self.found[index] = _Found(note, index, index)
        self.taken.add(index)
        return True

    def _boxed(self, index: int, passage: BodyPassage) -> NoteReading | None:
        """The note that an admonition is by its title, such as ``!!! note "Update: May 3"``."""
        if not passage.boxed or (
            index
            and self.passages[index - 1].boxed == passage.boxed
            and self.passages[index - 1].shape != "wrapper"
        ):
            return None
        title = read(passage.boxed, self.context)
        if title is None or title.weak or not title.label:
            return None
        rest = words_with_marks(passage.raw)
        words = f"{title.words} {plain(rest)}".strip()
        inner = read(rest, self.context)
        kind = inner.kind if inner and title.kind in ("update", "editors-note") else title.kind
        return title._replace(words=words, kind=kind)

    def _ends_in_note(self, index: int, passage: BodyPassage) -> bool:
        """A note that begins inside a paragraph and goes on to its end.

        Either with a label in bold, or, in a closing or emphasized paragraph, with a sentence that
        is a note by itself: "Jane Doe contributed to this report. This story has been updated."
        """
        asked = self.text, passage, self.hits.places, self.context
        found = later(*asked, labelled=True)
        if found is None:
            closing = passage.shape != "heading" and not self._prose_follows(index)
            if closing or _emphasized(passage):
                found = later(*asked, labelled=False)
        if found is None:
            return False
        reading, start, end = found
        self._add(index, index, reading)
        note = self.found[index].note._replace(start=start, end=end)
        self.found[index] = self.found[index]._replace(note=note)
        return True

    def _prose_follows(self, index: int) -> bool:
        """Whether prose that is no note stands below a passage, looked for a few passages on."""
        below = range(index + 1, min(len(self.passages), index + 4))
        return any(
            self.passages[i].prose
            and i not in self.taken
            and i not in self.waiting
            and not self._worth(self.passages[i])
            for i in below
        )

    def _bare(self, index: int, passage: BodyPassage, reading: NoteReading) -> bool:
        """A label alone in its line, its paragraph or its heading: the words are below it."""
        over = self._over(index, reading)
        if over is not None:
            return over
        marked = words_with_marks(passage.raw)
        if reading.stamp and not reading.weak and _wholly_emphasized(passage, marked):
            self._add(index, index, reading._replace(words=reading.label))
            return True
        if reading.stamp and passage.shape != "heading":
            if reading.when.day or reading.when.clock:
                self._add(
                    index, index, reading._replace(words=plain(words_with_marks(passage.raw)))
                )
                return True
            return False
        last = index + 1
        if last >= len(self.passages) or not self.passages[last].prose:
            return False
        below = self.passages[last]
        if self.text[passage.end : below.start].strip(" \t\r\n>"):
            return False  # code or a comment stands between
        if below.marked != passage.marked:
            return False
        marked = words_with_marks(below.raw)
        inner = read(marked, self.context)
        if inner is not None and inner.label and not inner.weak:
            return False
        words = plain(marked)
        if below.shape == "item":
            while (
                last + 1 < len(self.passages)
                and self.passages[last + 1].group == below.group
                and self.passages[last + 1].shape == "item"
            ):
                last += 1
                words += " " + plain(words_with_marks(self.passages[last].raw))
        full = read(f"{reading.label}: {words}", self.context)
        if not words or full is None:
            return False
        if reading.weak and not full.said:
            return False
        long = len(words) > LONGEST_UNDATED and not reading.when.day
        if long and not (full.said or full.when.day):
            return False  # a chapter of what was said, not what readers are told
        if passage.shape == "heading" and self.around.instructions(passage, words, reading):
            return False
        kind = full.kind if reading.kind in ("update", "editors-note") else reading.kind
        when = reading.when if reading.when.day or reading.when.clock else full.when
        self._add(index, last, reading._replace(kind=kind, words=words, when=when))
        return True

    def _over(self, index: int, reading: NoteReading) -> bool | None:
        """A label in the plural over a list of notes; None when it is not one."""
        label = reading.plural
        always = any(label in one.over_always for one in self.context.languages)
        dated = any(label in one.over_dated for one in self.context.languages)
        if not (always or dated) or index + 1 >= len(self.passages):
            return None if not dated else False
        group = self.passages[index + 1].group
        if self.passages[index + 1].shape != "item":
            return False if dated else None
        for number in range(index + 1, len(self.passages)):
            item = self.passages[number]
            if item.group != group or item.shape != "item":
                break
            marked = words_with_marks(item.raw)
            own = read(marked, self.context)
            read_as = (
                own
                or read(f"Update {marked}", self.context)
                or (read(f"Update: {marked}", self.context) if always else None)
            )
            if read_as is not None and read_as.words and (always or read_as.when.day):
                kind = (
                    reading.kind
                    if reading.kind != "update" and read_as.kind == "update"
                    else read_as.kind
                )
                label_of = own.label if own else reading.label
                self._add(number, number, read_as._replace(label=label_of, kind=kind))
        return False

    # Places

    def _edges(self) -> None:
        """Take the sentences that are notes only because they stand first or last."""
        order = [i for i, one in enumerate(self.passages) if one.prose]
        for indexes in (list(reversed(order)), order):
            for index in indexes:
                if index in self.waiting:
                    self._add(index, index, self.waiting.pop(index))
                elif index not in self.taken:
                    break

    def _placed(self, one: _Found, first: int, last: int) -> FoundNote:
        """The note with its position, by the first and the last passage of prose but notes."""
        above, below = first < one.first, last > one.last
        position: Position = "bottom" if not below else "top" if not above else "inline"
        note = one.note
        start, end = self._wrapped(one)
        return note._replace(start=start, end=end, position=position)

    def _wrapped(self, one: _Found) -> tuple[int, int]:
        """The note's offsets with the lines of markup that wrap nothing else."""
        start, end = one.note.start, one.note.end
        before = self.passages[one.first - 1] if one.first else None
        after = self.passages[one.last + 1] if one.last + 1 < len(self.passages) else None
        if (
            before is not None
            and before.shape == "wrapper"
            and before.marked == self.passages[one.first].marked
        ):
            closed = (
                after is not None and after.shape == "wrapper" and closes(before.raw, after.raw)
            )
            if before.boxed and before.boxed == self.passages[one.first].boxed:
                start = before.start
            if closed and after is not None:
                return before.start, after.end
        if after is not None and after.raw.lstrip().startswith("{:") and after.shape == "wrapper":
            end = after.end
        return start, end


def _may_stand_alone(before: str, line: str) -> bool:
    """Whether a line of a paragraph may begin a note: after a whole sentence, with a capital."""
    head = line.lstrip("*_([ \t")
    if head[:1].islower() and head == line.lstrip(" \t"):
        return False
    ended = before[-200:].rstrip().rstrip("*_)]”\"’'")
    return not ended or not (ended[-1].isalnum() or ended[-1] in ",;-–")


def _wholly_emphasized(passage: BodyPassage, marked: str) -> bool:
    """Whether a label stands alone in its paragraph, between marks of emphasis or in brackets."""
    return passage.shape == "paragraph" and set_apart(passage, marked)


def _emphasized(passage: BodyPassage) -> bool:
    bare = passage.raw.strip()
    return bare[:1] in ("*", "_") and bare[-1:] in ("*", "_")


_LABELLED = expression(r"[^\w\n]{0,8}[\w/ -]{1,40}[\s\x01]*(?::|\x01[\s:]| [–—-] )")


class Surroundings:
    """The passages of a body, asked about the neighbors of one of them."""

    def __init__(self, passages: Sequence[BodyPassage], context: Context) -> None:
        self.passages = passages
        self.context = context
        self._items: dict[int, int] = {}  # see _label_of_item
        # Headings; None: not looked at yet.
        self._seen: dict[int, set[tuple[str, ...]]] | None = None

    def instructions(self, heading: BodyPassage, words: str, reading: NoteReading) -> bool:
        """Whether a heading "Update" is one step of instructions, or a section of a reference."""
        if reading.when.day is not None or reading.kind != "update":
            return False
        known = self.context.languages
        opening = sequence(words[:80])
        if words.rstrip().endswith(":") or any(
            opening[: len(one)] == one
            for language in known
            for one in language.instruction_openings
        ):
            return True
        beside = self._headings().get(heading.level, set())
        return any(not beside.isdisjoint(language.instruction_headings) for language in known)

    def _headings(self) -> dict[int, set[tuple[str, ...]]]:
        """The short headings of the text by their level; computed once."""
        if self._seen is None:
            self._seen = {}
            for passage in self.passages:
                if passage.shape == "heading" and len(passage.raw) < 40:
                    self._seen.setdefault(passage.level, set()).add(sequence(passage.raw))
        return self._seen

    def step(self, index: int, passage: BodyPassage, reading: NoteReading) -> bool:
        """Whether an item "Update: …" stands in a list of other labelled items."""
        if passage.shape != "item" or reading.when.day is not None or reading.said:
            return False
        if any(one in reading.words for one in "/._") and len(reading.words.split()) == 1:
            return True
        labelled = [
            self._label_of_item(near)
            for near in range(max(0, index - 20), min(len(self.passages), index + 20))
            if near != index
            and self.passages[near].group == passage.group
            and self.passages[near].shape == "item"
        ]
        return sum(labelled) > 0 or -1 in labelled

    def _label_of_item(self, index: int) -> int:
        """1 for an item with a label of its own, -1 for an undated "Update:", else 0."""
        if index not in self._items:
            head = words_with_marks(self.passages[index].raw[:200])
            self._items[index] = 0
            if _LABELLED().match(head):
                as_note = read(head, self.context)
                undated = as_note is not None and not as_note.when.day and not as_note.said
                other = as_note is None or as_note.weak
                self._items[index] = 1 if other else -1 if undated else 0
        return self._items[index]

    def quotes(self, index: int, passage: BodyPassage) -> bool:
        """Whether a quotation block quotes somebody else's note."""
        if passage.shape != "quote" or index == 0:
            return False
        before = self.passages[index - 1]
        return (
            before.prose
            and before.shape != "quote"
            and before.raw.rstrip("*_ ").endswith((":", "...", "…"))
        )


def set_apart(passage: BodyPassage, marked: str) -> bool:
    """Whether emphasis, brackets, a quotation block or a box sets the whole passage apart."""
    bare = marked.strip()
    return (
        passage.shape == "quote"
        or bool(passage.boxed)
        or passage.marked
        or (bare.startswith(MARK) and bare.rstrip(".").endswith(MARK))
        or (bare.strip(MARK)[:1] in ("(", "[") and bare.strip("\x01. ")[-1:] in (")", "]"))
    )


def closes(opening: str, closing: str) -> bool:
    """Whether one line of markup, a tag or a shortcode, is closed by another."""
    first = re.search(r"[<{]+[%<]?\s*(\w[\w-]*)", opening)
    last = re.search(r"(?:/|end)\s*(\w[\w-]*)", closing)
    return first is not None and last is not None and first[1].lower() == last[1].lower()


# --- notes inside a paragraph ---------------------------------------------------------------------

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
