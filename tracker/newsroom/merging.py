"""Two editors' texts merged: words by sentences, notes by id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.house import footer
from tracker.house.footer import add_line
from tracker.house.footer import blocks as note_blocks
from tracker.house.notes.merge import differences
from tracker.model import Note
from tracker.newsroom.note_editor import NoteEditor, holds_updates
from tracker.store.git import Git
from tracker.store.merge import Collision, three_way
from tracker.text.document import FrontMatterError, notes_of, parse, with_updates
from tracker.text.markup import scan
from tracker.text.tokens import sentences

OURS, BASE, THEIRS = "<<<<<<< your text", "||||||| before both", ">>>>>>> recorded meanwhile"
_MIDDLE = "======="


class Merged(NamedTuple):
    text: str  # with marks around each collision, where there are any
    collisions: tuple[Collision, ...]  # passages that both changed; empty: the text is whole


Settle = Callable[[Collision], str]
"""What stands where both changed one passage."""


class Merger(NamedTuple):
    """What a merge goes by."""

    notes: NoteEditor
    git: Git
    at: datetime  # aware: of notes that give themselves no date
    grain: Grain
    settle: Settle | None = None  # with it there are no collisions

    def merge(self, base: str, ours: str, theirs: str) -> Merged:
        """What two editors did to ``base``, in one text.

        Notes for readers are told apart by their ids, and the lines made from them are made anew:
        two editors who each told readers something do not collide.
        """
        ours, base = _line_ends_of(theirs, ours), _line_ends_of(theirs, base)
        if ours in (base, theirs):
            return Merged(theirs, ())
        if theirs == base:
            return Merged(ours, ())
        try:
            if all(holds_updates(parse(text)) for text in (ours, theirs)):
                return self._with_structured_notes(base, ours, theirs)
        except FrontMatterError:
            pass  # it cannot be read: its lines are merged like others
        return self._with_lines(base, ours, theirs)

    def _with_structured_notes(self, base: str, ours: str, theirs: str) -> Merged:
        """The texts get the same notes and lines first; what is left to merge are the words."""
        lists = [notes_of(parse(text), zone=self.notes.zone) for text in (base, ours, theirs)]
        notes, collisions = merge_notes(*lists)
        in_body = _has_lines(theirs)

        def alike(text: str) -> str:
            document = parse(text)
            if not holds_updates(document):
                return text
            text = with_updates(document, lists[2])
            return self.notes.footer(text) if in_body else _without_lines(self.notes, text)

        merged = self._texts(alike(base), alike(ours), theirs)
        collisions += merged.collisions
        if merged.collisions:  # the notes come in when the text is whole
            return Merged(merged.text, collisions)
        text = with_updates(parse(merged.text), notes)
        if in_body or _has_lines(ours):
            text = self.notes.footer(text)
        return Merged(text, collisions)

    def _with_lines(self, base: str, ours: str, theirs: str) -> Merged:
        """Where the lines in the body are the notes: ours are put in after the merge."""
        told = [note for note in self.notes.brought(base, ours, self.at) if note.origin == "body"]
        if told and self.notes.brought(base, theirs, self.at):
            try:
                for note in told:
                    ours = self.notes.withdraw(ours, note.id, self.at)
            except TrackerError:
                told = []
        else:
            told = []
        merged = self._texts(base, ours, theirs)
        if merged.collisions:
            return merged
        text = merged.text
        standing = self.notes.notes(text, self.at)
        for note in told:
            if differences(standing, [note]).brought:
                document = parse(text)
                style, clock = self.notes.style_of(document), self.notes.settings.clock
                text = add_line(document, note, style, clock)
        return Merged(text, ())

    def _texts(self, base: str, ours: str, theirs: str) -> Merged:
        parts = three_way(self.git, *(pieces(text, self.grain) for text in (base, ours, theirs)))
        if self.settle is not None:
            parts = tuple(part if isinstance(part, str) else self.settle(part) for part in parts)
        written = "".join(part if isinstance(part, str) else _marked(part) for part in parts)
        return Merged(written, tuple(part for part in parts if isinstance(part, Collision)))


def united(
    desk: NoteEditor, git: Git, base: str, ours: str, theirs: str, result: str, at: datetime
) -> str:
    """What two sides made of ``base`` brought together, to compare a merge's text with: ``result``.

    Where both changed one passage, it is as ``theirs`` has it, which readers saw last; and as both
    where the merge kept both. Of two notes with one id, that one gets another which has another in
    the merge. Never raises.
    """

    def settled(older: str, newer: str) -> str:
        one, other = older.strip(), newer.strip()
        places = result.find(one), result.find(other)
        if not one or not other or min(places) < 0 or one in other:
            return newer
        if other in one:
            return older
        first, second = (older, newer) if places[0] < places[1] else (newer, older)
        apart = first[-1:].isspace() or second[:1].isspace()
        return f"{first}{'' if apart else ' '}{second}"

    merger = Merger(desk, git, at, "sentence", lambda each: settled(each.ours, each.theirs))
    try:
        text = merger.merge(base, ours, theirs).text
        wanted = _ids(desk, result)
        if wanted and _ids(desk, text) != wanted:
            swapped = merger._replace(settle=lambda each: settled(each.theirs, each.ours))
            other = swapped.merge(base, theirs, ours).text
            if len(wanted & _ids(desk, other)) > len(wanted & _ids(desk, text)):
                text = other
    except TrackerError:
        return theirs
    return text


def _ids(desk: NoteEditor, text: str) -> set[tuple[str, str]]:
    """The notes of the front matter by id and words."""
    return {(note.id, note.text.strip()) for note in notes_of(parse(text), zone=desk.zone)}


def _line_ends_of(model: str, text: str) -> str:
    if "\r\n" in model and "\r\n" not in text:
        return text.replace("\n", "\r\n")
    if "\r\n" in text and "\r\n" not in model:
        return text.replace("\r\n", "\n")
    return text


def _marked(collision: Collision) -> str:
    """A collision as git marks one, for an editor to settle by hand."""
    parts = (
        (OURS, collision.ours),
        (BASE, collision.base),
        (_MIDDLE, collision.theirs),
        (THEIRS, ""),
    )
    lines = [f"{mark}\n{text.strip(chr(10))}".rstrip("\n") for mark, text in parts]
    return "\n" + "\n".join(lines) + "\n"


def is_marked(text: str) -> bool:
    """True for a text that still has the marks of a collision in it."""
    return OURS in text and THEIRS in text


def _has_lines(text: str) -> bool:
    return bool(note_blocks(text, parse(text).body_start))


def _without_lines(desk: NoteEditor, text: str) -> str:
    if not _has_lines(text):
        return text
    return footer.embed(parse(text), (), desk.style, desk.settings.clock)


def merge_notes(
    base: Sequence[Note], ours: Sequence[Note], theirs: Sequence[Note]
) -> tuple[tuple[Note, ...], tuple[Collision, ...]]:
    """The notes of both sides by id, theirs first; and those that both reworded.

    A new note of ours whose id they gave away meanwhile gets the next free one. What readers were
    told is never dropped: a note that only one side took out stays.
    """
    before = {note.id: note for note in base}
    result = {note.id: note for note in theirs}
    new_ids: dict[str, str] = {}
    collisions = []
    for note in ours:
        old, there = before.get(note.id), result.get(note.id)
        if there is None or there == note:
            if old is None or note != old:
                result[note.id] = note
        elif old is None:
            if not _told_alike(note, there):
                new_ids[note.id] = _free_id({*result, *(each.id for each in ours)})
                result[new_ids[note.id]] = note._replace(id=new_ids[note.id])
        elif note == old:
            continue
        elif there == old:
            result[note.id] = note
        elif _told_alike(note, there):
            result[note.id] = there._replace(withdrawn=there.withdrawn or note.withdrawn)
        else:
            collisions.append(Collision(old.text, note.text, there.text))
    ours_new = {note.id for note in ours if note.id not in before}
    for name, note in result.items():
        own = name in new_ids.values() or name in ours_new
        if own and note.amends in new_ids:
            result[name] = note._replace(amends=new_ids[note.amends])
    return tuple(result.values()), tuple(collisions)


def _told_alike(one: Note, other: Note) -> bool:
    return (one.kind, one.text.strip()) == (other.kind, other.text.strip())


def _free_id(taken: set[str]) -> str:
    numbers = [int(name[1:]) for name in taken if name[:1] == "u" and name[1:].isdecimal()]
    return f"u{max(numbers, default=0) + 1}"


# --- a text cut into the pieces that two editors may change apart ---------------------------------

Grain = Literal["paragraph", "sentence"]
"""How close to each other two editors may write: in one paragraph, or never in one."""


def pieces(text: str, grain: Grain) -> list[str]:
    """The text cut up, nothing lost: joined, the pieces are the text.

    The front matter is cut at its lines, the body at its paragraphs (headings, list items, rows,
    lines of code) or at its sentences. The white space after a piece is a piece of its own, and
    an empty piece ends a paragraph, so that one who writes a new paragraph after another does not
    come near to one who changes that.
    """
    start = parse(text).body_start
    found: list[str] = []
    for line in text[:start].splitlines(keepends=True):
        _cut(line, found)
    for block in scan(text, start).blocks:
        if grain == "paragraph" or block.kind == "code":
            _cut(text[block.start : block.end], found)
        else:
            for low, high in sentences(text, block.start, block.end):
                _cut(text[low:high], found)
        found.insert(len(found) - (not found[-1].strip()), "")
    return found


def _cut(part: str, found: list[str]) -> None:
    words = part.strip()
    start = part.index(words)
    found.extend(piece for piece in (part[:start], words, part[start + len(words) :]) if piece)
