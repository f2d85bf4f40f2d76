"""One search through one body: which of its passages are notes, and which only look so."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from tracker.house.language import base
from tracker.house.note_hits import FARTHEST, FARTHEST_INSIDE, Hits, find_hits
from tracker.house.note_reading import Context, Reading, known_languages, may_be_note, read
from tracker.house.note_shapes import (
    Passage,
    brackets,
    passages,
    pieces,
    plain,
    unmarked,
    words_with_marks,
)
from tracker.house.note_words import sequence
from tracker.model import FoundNote, Position

if TYPE_CHECKING:
    from tracker.house.style import Style

LONGEST_NOTE = 20_000  # no note is longer; a longer passage is not searched
LONGEST_OPENING = 60  # characters in which the first two words of a note stand
_BEGINNING = re.compile(
    r"\A|[\n>(\[][ \t]*|\s(?:\*\*|__)|[.!?][”\"’')*_]{0,3}\s+(?=[*_]{0,3}(?:This|An?|Earlier|The)\b)"
)
_LABELLED = re.compile(r"[^\w\n]{0,8}[\w/ -]{1,40}[\s\x01]*(?::|\x01[\s:]| [–—-] )")


def body_notes(
    text: str,
    as_of: date | None,
    style: Style | None,
    language: str | None = None,
    *,
    start: int,
) -> list[tuple[FoundNote, bool]]:
    """The notes of a body that begins at ``start``, each with whether the markers are around it."""
    tag = language or (style.locale if style else "")
    hits = find_hits(text, start, base(tag) if tag else "", style)
    if not hits.places:
        return []
    day_first = style.day_first if style else _day_first(tag)
    context = Context(known_languages(hits.codes), as_of, day_first, tag)
    own = _own_openings(style) if style else frozenset()
    places = [at for at in hits.places if _plausible(text, at, start, context, own)]
    if not places and "<!-- updates" not in text:
        return []
    return _Finder(text, start, replace(hits, places=places), context, style).notes()


def _plausible(text: str, at: int, start: int, context: Context, own: frozenset[str]) -> bool:
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
        if own and sequence(begin.lstrip("*_(["))[:1] and sequence(begin)[0] in own:
            return True
    return False


@cache
def _own_openings(style: Style) -> frozenset[str]:
    """The words with which the lines of the house's templates begin, folded."""
    layouts = [
        layout.replace("{label}", template.label)
        for template in style.templates.values()
        for layout in (*template.layouts, *template.lead_layouts, template.lead)
    ]
    return frozenset(words[0] for layout in layouts if (words := sequence(layout)))


def _day_first(tag: str) -> bool | None:
    """The order of day and month by custom; None leaves it to the language without a country."""
    code, _, region = tag.replace("_", "-").partition("-")
    if code.lower() == "en" and region:
        return region.upper() not in ("US", "PH")
    return None


_BOLD_LABEL = re.compile(
    r"(?<=[\s>])((?:\*\*|__|<strong>|<b>)[\[(]?[^\W\d_][^*\n<]{1,60}(?:\*\*|__|</))"
)
_SENTENCE_START = re.compile(r"[.!?][”\"’')*_]{0,3}\s+[*_]{0,3}((?:This|An?|Earlier|The)\b)")


@dataclass(slots=True)
class _Found:
    """A note with the passages that it takes up."""

    note: FoundNote
    first: int  # index of its first passage
    last: int


@dataclass(slots=True)
class _Finder:
    """One search through one body."""

    text: str
    start: int
    hits: Hits
    context: Context
    style: Style | None
    passages: list[Passage] = field(default_factory=list)
    found: dict[int, _Found] = field(default_factory=dict)  # by the index of the first passage
    taken: set[int] = field(default_factory=set)  # indexes of passages that are notes
    inline: list[FoundNote] = field(default_factory=list)
    waiting: dict[int, Reading] = field(default_factory=dict)  # notes only at the text's edges
    items: dict[int, int] = field(default_factory=dict)  # see _label_of_item
    headings: dict[int, set[tuple[str, ...]]] | None = None  # None: not looked at yet

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

    def _worth(self, passage: Passage) -> bool:
        """Whether a piece of a note's word stands in the passage at all."""
        places = self.hits.places
        at = bisect_left(places, passage.start)
        return at < len(places) and places[at] < passage.end

    def _cut(self, passage: Passage) -> list[Passage]:
        """The passage cut at hard breaks, and before lines that begin with a label."""
        if passage.shape == "heading" or passage.end - passage.start > 50 * LONGEST_NOTE:
            return [passage]
        cut = []
        for piece in pieces(passage, self.text):
            cut.extend(self._cut_lines(piece))
        return cut

    def _cut_lines(self, piece: Passage) -> list[Passage]:
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
        parts = []
        for begin, end in zip(cuts, [*cuts[1:], len(written)], strict=True):
            raw = written[begin:end].rstrip()
            parts.append(
                replace(
                    piece,
                    start=piece.start + begin,
                    end=piece.start + begin + len(raw),
                    raw=unmarked(raw, piece.shape),
                    hard=piece.hard or begin > 0,
                )
            )
        return parts

    def _begins_note(self, piece: Passage, at: int, line: str) -> bool:
        begin = piece.start + at
        place = bisect_left(self.hits.places, begin)
        if place >= len(self.hits.places) or self.hits.places[place] >= begin + min(len(line), 60):
            return False
        raw = unmarked(line, "paragraph")
        if not may_be_note(raw, self.context):
            return False
        reading = read(words_with_marks(raw), self.context)
        return reading is not None and bool(reading.label) and not reading.weak and reading.certain

    def _look(self, index: int, passage: Passage) -> None:
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
            self._brackets(passage)

    def _accept(self, index: int, passage: Passage, marked: str, reading: Reading) -> bool:
        if reading.label and not reading.words:
            return self._bare(index, passage, reading)
        if reading.weak and not reading.said:
            return False
        if self._quoted(index, passage, reading) or self._step(index, passage, reading):
            return False
        if not reading.certain and not _set_apart(passage, marked):
            if not reading.wrapped:
                self.waiting[index] = reading
            return False
        self._add(index, index, reading)
        return True

    # Kinds of notes

    def _add(self, first: int, last: int, reading: Reading) -> None:
        passage = self.passages[first]
        end = self.passages[last].end
        found = FoundNote(
            reading.kind,
            reading.words,
            reading.label,
            reading.when.day,
            reading.when.clock,
            reading.when.zone,
            passage.start,
            end,
            "inline",
        )
        if self.style is not None:
            found = self._in_style(found)
        self.found[first] = _Found(found, first, last)
        self.taken.update(range(first, last + 1))

    def _in_style(self, found: FoundNote) -> FoundNote:
        """The note as the house's own template reads it, if it is one of the house's lines."""
        from tracker.house.style import recognise

        assert self.style is not None
        own = recognise(self.style, self.text[found.start : found.end], self.context.as_of)
        if own is None:
            return found
        kind = found.kind if own.kind in ("update", "editors-note") else own.kind
        return replace(own, kind=kind, start=found.start, end=found.end, position=found.position)

    def _by_style(self, index: int, passage: Passage) -> bool:
        """Whether a passage is a line that the house's templates write; it is taken then."""
        from tracker.house.style import recognise

        assert self.style is not None
        own = recognise(self.style, self.text[passage.start : passage.end], self.context.as_of)
        if own is None:
            return False
        note = replace(own, start=passage.start, end=passage.end)
        self.found[index] = _Found(note, index, index)
        self.taken.add(index)
        return True

    def _boxed(self, index: int, passage: Passage) -> Reading | None:
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
        return replace(title, words=words, kind=kind)

    def _ends_in_note(self, index: int, passage: Passage) -> bool:
        """A note that begins inside a paragraph and goes on to its end.

        Either with a label in bold, or, in a closing or emphasized paragraph, with a sentence that
        is a note by itself: "Jane Doe contributed to this report. This story has been updated."
        """
        if self._middle(index, passage, _BOLD_LABEL, labelled=True):
            return True
        if passage.shape == "heading" or self._prose_follows(index):
            marked = passage.raw.strip()
            if not (marked[:1] in "*_" and marked[-1:] in "*_"):
                return False
        return self._middle(index, passage, _SENTENCE_START, labelled=False)

    def _middle(
        self, index: int, passage: Passage, begins: re.Pattern[str], *, labelled: bool
    ) -> bool:
        written = self.text[passage.start : passage.end]
        for found in begins.finditer(written):
            at = passage.start + found.start(1)
            place = bisect_left(self.hits.places, at)
            if place >= len(self.hits.places) or self.hits.places[place] > at + 60:
                continue
            rest = words_with_marks(written[found.start(1) :])
            reading = read(rest, self.context)
            if reading is None or not reading.certain or reading.weak or not reading.words:
                continue
            if bool(reading.label) != labelled or _in_quotation(written, found.start(1)):
                continue
            if labelled and not any(one.isalpha() for one in written[: found.start(1)]):
                continue  # the paragraph begins with it, and was read as a whole
            if labelled and ":" not in rest[: rest.find(reading.words[:10])]:
                continue
            end = passage.start + len(written if labelled else written.rstrip("*_ "))
            self._add(index, index, reading)
            note = replace(self.found[index].note, start=at, end=end)
            self.found[index] = replace(self.found[index], note=note)
            return True
        return False

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

    def _bare(self, index: int, passage: Passage, reading: Reading) -> bool:
        """A label alone in its line, its paragraph or its heading: the words are below it."""
        over = self._over(index, reading)
        if over is not None:
            return over
        if reading.stamp and passage.shape != "heading":
            if reading.when.day or reading.when.clock:
                self._add(
                    index, index, replace(reading, words=plain(words_with_marks(passage.raw)))
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
        if passage.shape == "heading" and self._instructions(passage, words, reading):
            return False
        kind = full.kind if reading.kind in ("update", "editors-note") else reading.kind
        when = reading.when if reading.when.day or reading.when.clock else full.when
        self._add(index, last, replace(reading, kind=kind, words=words, when=when))
        return True

    def _over(self, index: int, reading: Reading) -> bool | None:
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
                self._add(number, number, replace(read_as, label=label_of, kind=kind))
        return False

    def _instructions(self, heading: Passage, words: str, reading: Reading) -> bool:
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
        if self.headings is None:
            self.headings = {}
            for passage in self.passages:
                if passage.shape == "heading" and len(passage.raw) < 40:
                    self.headings.setdefault(passage.level, set()).add(sequence(passage.raw))
        return self.headings

    def _step(self, index: int, passage: Passage, reading: Reading) -> bool:
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
        if index not in self.items:
            head = words_with_marks(self.passages[index].raw[:200])
            self.items[index] = 0
            if _LABELLED.match(head):
                as_note = read(head, self.context)
                undated = as_note is not None and not as_note.when.day and not as_note.said
                other = as_note is None or as_note.weak
                self.items[index] = 1 if other else -1 if undated else 0
        return self.items[index]

    def _quoted(self, index: int, passage: Passage, reading: Reading) -> bool:
        """Whether a quotation block quotes somebody else's note."""
        if passage.shape != "quote" or index == 0:
            return False
        before = self.passages[index - 1]
        return (
            before.prose
            and before.shape != "quote"
            and before.raw.rstrip("*_ ").endswith((":", "...", "…"))
        )

    def _brackets(self, passage: Passage) -> None:
        """Notes in brackets inside a paragraph: ``(_Correction: this did not happen_)``."""
        written = self.text[passage.start : passage.end]
        if not self._near_bracket(passage):
            return
        taken_to = -1
        for begin, end in brackets(written):
            if begin < taken_to or end - begin > 3000:
                continue
            place = bisect_left(self.hits.places, passage.start + begin)
            limit = passage.start + min(end, begin + FARTHEST_INSIDE)
            if place >= len(self.hits.places) or self.hits.places[place] > limit:
                continue
            inner = words_with_marks(re.sub(r"\n[ \t]*>[ \t]?", "\n", written[begin + 1 : end]))
            reading = read(inner, self.context)
            if reading is None or reading.weak or not reading.words:
                continue
            if not (reading.label or reading.certain) or (
                reading.stamp and not reading.when.day and not reading.label
            ):
                continue
            if reading.kind != "editors-note" and _in_quotation(written, begin):
                continue
            if passage.shape == "paragraph" and reading.label and reading.words == plain(inner):
                continue  # a date alone: "prices (updated May 3)"
            taken_to = end
            first, last = _with_emphasis(written, begin, end + 1)
            self.inline.append(
                FoundNote(
                    reading.kind,
                    reading.words,
                    reading.label,
                    reading.when.day,
                    reading.when.clock,
                    reading.when.zone,
                    passage.start + first,
                    passage.start + last,
                    "inline",
                )
            )

    def _near_bracket(self, passage: Passage) -> bool:
        """Whether a bracket opens shortly before a word that gives a note away."""
        places = self.hits.places
        for number in range(bisect_left(places, passage.start), len(places)):
            at = places[number]
            if at >= passage.end:
                break
            near = self.text[max(passage.start, at - FARTHEST_INSIDE) : at + 1]
            if "(" in near or "[" in near:
                return True
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
        return replace(note, start=start, end=end, position=position)

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
            closes = (
                after is not None and after.shape == "wrapper" and _closes(before.raw, after.raw)
            )
            if before.boxed and before.boxed == self.passages[one.first].boxed:
                start = before.start
            if closes and after is not None:
                return before.start, after.end
        if after is not None and after.raw.lstrip().startswith("{:") and after.shape == "wrapper":
            end = after.end
        return start, end


def _set_apart(passage: Passage, marked: str) -> bool:
    """Whether emphasis, brackets, a quotation block or a box sets the whole passage apart."""
    bare = marked.strip()
    return (
        passage.shape == "quote"
        or bool(passage.boxed)
        or passage.marked
        or (bare.startswith("\x01") and bare.rstrip(".").endswith("\x01"))
        or (bare.strip("\x01")[:1] in ("(", "[") and bare.strip("\x01. ")[-1:] in (")", "]"))
    )


def _in_quotation(written: str, at: int) -> bool:
    before = written[:at]
    return before.count("“") > before.count("”") or before.count('"') % 2 == 1


def _with_emphasis(written: str, begin: int, end: int) -> tuple[int, int]:
    """The offsets of a bracket together with the emphasis around it."""
    while (
        begin
        and end < len(written)
        and written[begin - 1] in "*_"
        and written[end] == written[begin - 1]
    ):
        begin, end = begin - 1, end + 1
    return begin, end


def _closes(opening: str, closing: str) -> bool:
    first = re.search(r"[<{]+[%<]?\s*(\w[\w-]*)", opening)
    last = re.search(r"(?:/|end)\s*(\w[\w-]*)", closing)
    return first is not None and last is not None and first[1].lower() == last[1].lower()
