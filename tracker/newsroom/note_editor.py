"""Notes go into texts and come out of them, as one newsroom's settings say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.house import footer
from tracker.house.changelog import notes_told
from tracker.house.footer import add_line
from tracker.house.notes import wording
from tracker.house.notes.glance import find_hits
from tracker.house.notes.merge import carried, differences, notes_found
from tracker.house.notes.wording import language_of
from tracker.house.settings import Settings
from tracker.house.style import Style
from tracker.locale import base
from tracker.model import FoundNote, History, Kind, Note, Precision
from tracker.text.document import Document, encode, note_id, notes_of, parse, with_updates


class Told(NamedTuple):
    kind: Kind
    words: str  # as typed: a whole sentence, or "to add …", which gets the house's lead
    at: datetime  # aware
    precision: Precision = "minute"
    covers: str | None = None  # full hash of the commit that it tells of; None: this revision
    amends: str | None = None  # id of the note that it replaces


Found = list[tuple[Note, FoundNote | None]]
"""Notes, each with its place in the body; None for one of the front matter."""

_REMEMBERED = 4
"""Texts whose notes are remembered: one recording asks for those of the same few again."""


class NoteEditor:
    """Puts notes into texts as one newsroom's settings say."""

    def __init__(
        self,
        settings: Settings,
        path: str = "",
        earlier: Callable[[], History | None] | None = None,
    ) -> None:
        """``path`` is that of the article, whose name may say its language.

        ``earlier`` gives its history, None where it has none: ids, and what a note leaves out of
        its date, come from there.
        """
        self.settings = settings
        self.style = settings.style
        self.zone = settings.zone
        self._path = path
        self._earlier = earlier
        self._amended: dict[str, str] = {}  # texts in which a line was amended here, with its note
        self._read: dict[str, tuple[datetime, Found]] = {}

    def of(self, path: str, earlier: Callable[[], History | None] | None = None) -> NoteEditor:
        return NoteEditor(self.settings, path, earlier)

    def style_of(self, document: Document) -> Style:
        """The house style in the language of an article."""
        return wording.in_language(self.settings.style, self.language(document))

    def language(self, document: Document) -> str:
        """The language that an article says it is in; "" where it says none."""
        return language_of(document, self._path)

    def notes(self, text: str, brought: datetime) -> tuple[Note, ...]:
        """All notes that stand in a text, front matter and body joined."""
        return tuple(note for note, _ in self._notes(text, brought))

    def _notes(self, text: str, brought: datetime, *, ids: bool = True) -> Found:
        """The notes of a text, each with its place in the body.

        Without ``ids`` the history is not asked where all notes tell their days themselves.
        """
        known = self._read.get(text)
        if known is not None and known[0] == brought:
            return known[1]
        document = parse(text)
        at = self.settings.local(brought)
        zone = self.settings.clock or at.tzinfo or self.zone
        found = notes_found(document, self.style_of(document), zone, at, self.language(document))
        if not ids and all(_tells_day(note, place) for note, place in found):
            return found
        by_body = any(note.origin == "body" for note, _ in found)
        history = self._earlier() if self._earlier is not None and by_body else None
        if history is not None:
            ever = [each.note for each in notes_told(history)]
            written = [note for note, _ in found]
            notes = carried(written, history.notes, ever, self.amended(text))
            found = [(note, place) for note, (_, place) in zip(notes, found, strict=True)]
        if len(self._read) >= _REMEMBERED:
            del self._read[next(iter(self._read))]
        self._read[text] = brought, found
        return found

    def brought(self, before: str | None, text: str, at: datetime) -> tuple[Note, ...]:
        if before is not None and not self._may_bring(before, text):
            return ()
        notes = self.notes(text, at)
        if before is None:
            return notes
        told = differences(self.notes(before, at), notes)
        amended = self.amended(text)
        return told.brought + tuple(now for _, now in told.reworded if now.id == amended)

    def amended(self, text: str) -> str:
        """The id of the note whose line was amended here to make this text; "" for none."""
        return self._amended.get(text, "")

    def _may_bring(self, before: str, text: str) -> bool:
        """Whether the lines that are new in a text may bring a note: most edits bring none."""
        if "updates" in text:
            return True
        old = set(before.split("\n"))
        new = "\n\n".join(line for line in text.split("\n") if line not in old)
        document = parse(text)
        language = self.language(document) or self.style_of(document).locale
        return bool(find_hits(new, 0, base(language) if language else "", self.style).places)

    def add(
        self,
        text: str,
        told: Sequence[Told],
        *,
        before: str | None = None,
        footer: bool | None = None,
    ) -> str:
        """The text with notes added: into the front matter, or as lines of the body.

        ``before`` is the text that is out. A note that stands in ``text`` already, and not there,
        is not added again: an earlier try to record it was cut short. ``footer`` says whether the
        lines of notes in the front matter are put into the body too; without it, the settings
        decide.
        """
        if told:
            self._refuse_hand_edits(text)
        for each in told:
            words = wording.sentence(self.style_of(parse(text)), each.kind, each.words)
            waiting = self.brought(before or "", text, each.at)
            if all((note.kind, note.text) != (each.kind, words) for note in waiting):
                text = self._add_one(text, each, words)
        embed = self.settings.footer_embed if footer is None else footer
        return self.footer(text) if embed and (told or footer) else text

    def _add_one(self, text: str, told: Told, words: str) -> str:
        document = parse(text)
        at = self.settings.local(told.at)
        structured = holds_updates(document)
        if told.amends is not None:
            standing = self.notes(text, told.at)
            if all(note.id != told.amends for note in standing):
                raise no_such_note(told.amends, standing)
        if structured:
            notes = notes_of(document, zone=self.zone)
            note = Note(
                _next_id(notes),
                told.kind,
                words,
                at,
                told.precision,
                amends=told.amends,
                covers=told.covers,
            )
            return with_updates(document, [*notes, note])
        note = Note(
            note_id(told.kind, words), told.kind, words, at, told.precision, origin="body",
            language=self.language(document),
        )  # fmt: skip
        style, clock = self.style_of(document), self.settings.clock
        if told.amends is not None:
            found = self._found(text, told.amends, told.at)
            line = wording.line(style, note, clock)
            amended = text[: found.start] + line + text[found.end :]
            self._amended[amended] = told.amends
            return amended
        return add_line(document, note, style, clock)

    def withdraw(self, text: str, wanted: str, at: datetime) -> str:
        """The text with a note taken back: marked in the front matter, or its line taken out."""
        document = parse(text)
        self._refuse_hand_edits(text)
        structured = notes_of(document, zone=self.zone)
        for note in structured:
            if note.id == wanted:
                if note.withdrawn:
                    raise TrackerError(
                        f"The note {wanted} is withdrawn already.", "There is nothing to do."
                    )
                taken = note._replace(withdrawn=self.settings.local(at))
                kept = [taken if each.id == wanted else each for each in structured]
                return self._footer_as_set(with_updates(document, kept))
        found = self._found(text, wanted, at)
        before, after = text[: found.start], text[found.end :]
        return (
            before.rstrip("\r\n")
            + _break(text)
            + (after.lstrip("\r\n") and _break(text) + after.lstrip("\r\n"))
        )

    def _found(self, text: str, wanted: str, at: datetime) -> FoundNote:
        for note, found in self._notes(text, at):
            if found is not None and note.id == wanted:
                return found
        raise no_such_note(wanted, self.notes(text, at))

    def footer(self, text: str) -> str:
        """The text with its lines made again from the notes of its front matter."""
        document = parse(text)
        notes = notes_of(document, zone=self.zone)
        style, clock = self.style_of(document), self.settings.clock
        return footer.embed(document, notes, style, clock, self.settings.footer_max)

    def edited_by_hand(self, text: str) -> tuple[int, ...]:
        """The lines, counted from 1, between the markers of the notes that are not from them."""
        document = parse(text)
        notes = notes_of(document, zone=self.zone)
        style, clock, most = self.style_of(document), self.settings.clock, self.settings.footer_max
        return footer.block_differs(document, notes, style, clock, most)

    def _refuse_hand_edits(self, text: str) -> None:
        """What somebody wrote between the markers is not to be lost."""
        lines = self.edited_by_hand(text)
        if lines:
            raise TrackerError(
                f"Line {lines[0]}, between the markers of the update lines, differs from the notes "
                "in the front matter.",
                "Change the notes there; tracker footer --write then makes the lines anew.",
            )

    def _footer_as_set(self, text: str) -> str:
        return self.footer(text) if self.settings.footer_embed else text

    def carry(self, old: str, new: str, at: datetime) -> str:
        """A new text with the notes of the old one, where it brings none of its own."""
        if self.notes(new, at):
            return new
        return self.restore_notes(old, new, at)

    def restore_notes(self, old: str, new: str, at: datetime) -> str:
        """A text with every note that another text has and it has not."""
        document, before = parse(new), parse(old)
        structured = notes_of(before, zone=self.zone)
        if structured and holds_updates(document):
            known = {note.id for note in notes_of(document, zone=self.zone)}
            missing = [note for note in structured if note.id not in known]
            if missing:
                kept = [*notes_of(document, zone=self.zone), *missing]
                new = self._footer_as_set(
                    with_updates(document, sorted(kept, key=lambda note: note.at))
                )
        dropped = differences(self.notes(old, at), self.notes(new, at)).dropped
        for note in dropped:
            document = parse(new)
            new = add_line(document, note, self.style_of(document), self.settings.clock)
        return new

    def lines(self, text: str, at: datetime) -> tuple[str, ...]:
        """The update lines of a text in house style: those for the top, then for the bottom."""
        notes = tuple(note for note, _ in self._notes(text, at, ids=False))
        style = self.style_of(parse(text))
        clock, most = self.settings.clock, self.settings.footer_max
        return tuple(
            line
            for position in ("top", "bottom")
            for line in footer.lines(notes, style, clock, position, most)
        )

    @staticmethod
    def encoded(text: str, encoding: str) -> bytes:
        """The bytes of a text, in the encoding it came in, or UTF-8 where that cannot hold it."""
        try:
            return encode(text, encoding)
        except UnicodeEncodeError:
            return encode(text, "utf-8")


def _tells_day(note: Note, place: FoundNote | None) -> bool:
    """Whether a note's own words, or its front matter, say of which day it is."""
    if place is None:
        return note.precision != "none"
    return place.date is not None and str(place.date.year) in note.written


def _break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _next_id(notes: Sequence[Note]) -> str:
    numbers = [int(note.id[1:]) for note in notes if note.id[:1] == "u" and note.id[1:].isdecimal()]
    return f"u{max(numbers, default=0) + 1}"


def holds_updates(document: Document) -> bool:
    """True where notes stand in the front matter: YAML and TOML hold lists, Pelican's does not."""
    return document.front_matter is not None and document.front_matter.format in ("yaml", "toml")


def no_such_note(wanted: str, standing: Sequence[Note]) -> TrackerError:
    """The error for an id that no note of the article has."""
    known = ", ".join(f"{note.id} ({note.kind})" for note in standing)
    return TrackerError(
        f"The article has no note “{wanted}”.",
        f"Its notes are: {known}." if known else "It has no notes yet.",
    )
