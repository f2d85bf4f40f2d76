"""Notes carried from version to version of one article after another, as fast as texts come.

A new text that brings no notes keeps the ones that the article had. To look for notes in a text
takes a thousand times longer than to store it, and few texts have any. A note stands in lines, and
some line of it has one of the words that give notes away: where a version takes no such line out,
it loses no note, and where it puts none in, it brings none. So most versions are compared line by
line and never searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tracker.house.language import base
from tracker.house.note_hits import find_hits
from tracker.model import Note
from tracker.newsroom.desk import Desk, Told
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.newsroom.incoming import Telling


class Carried(NamedTuple):
    """A version as it is to be recorded."""

    data: bytes
    brought: tuple[Note, ...]  # the notes that it has and the version before it has not


class Carrier:
    """Follows one article at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._language = base(desk.style.locale)
        self._before: bytes | None = None
        self._lines: frozenset[bytes] = frozenset()
        self._noted = False  # the text before has notes

    def begin(self, before: bytes | None, at: datetime) -> None:
        """What follows is of this article; ``before`` is its text so far, None for a new one."""
        self._before = before
        self._noted = False
        self._lines = frozenset()
        if before is not None:
            self._lines = frozenset(before.split(b"\n"))
            self._noted = self._may_hold(before) and bool(self._notes(before, at))

    def next(self, data: bytes, told: Sequence[Telling], at: datetime) -> Carried:
        """The next version of the article, with the notes that it keeps and those told of it.

        Raises ``TrackerError`` where a note has to be written into front matter that cannot be
        read.
        """
        lines = frozenset(data.split(b"\n"))
        structured = b"updates" in data
        if self._noted and self._before is not None:
            gone = self._lines - lines
            if gone and (b"updates" in self._before or self._may_hold(b"\n\n".join(gone))):
                data, lines = self._with_notes(data, lines, at)
        if told:
            data = self._told(data, told, at)
            lines = frozenset(data.split(b"\n"))
        new = lines - self._lines
        brought: tuple[Note, ...] = ()
        if (new or self._noted) and (
            structured or told or self._may_hold(b"\n\n".join(new)) or self._lost(lines)
        ):
            text = decode(data)[0]
            before = decode(self._before)[0] if self._before is not None and self._noted else None
            standing = self._desk.notes(text, at)
            brought = self._desk.brought(before, text, at) if before is not None else standing
            self._noted = bool(standing)
        self._before, self._lines = data, lines
        return Carried(data, brought)

    def _lost(self, lines: frozenset[bytes]) -> bool:
        """Whether a line that may be a note's went, so that there may be none any more."""
        return self._noted and self._may_hold(b"\n\n".join(self._lines - lines))

    def _with_notes(
        self, data: bytes, lines: frozenset[bytes], at: datetime
    ) -> tuple[bytes, frozenset[bytes]]:
        assert self._before is not None
        text, encoding = decode(data)
        kept = self._desk.carry(decode(self._before)[0], text, at)
        if kept == text:
            return data, lines
        data = self._desk.encoded(kept, encoding)
        return data, frozenset(data.split(b"\n"))

    def _told(self, data: bytes, told: Sequence[Telling], at: datetime) -> bytes:
        text, encoding = decode(data)
        notes = [Told(each.kind, each.text, each.at or at) for each in told]
        before = None if self._before is None else decode(self._before)[0]
        return self._desk.encoded(self._desk.add(text, notes, before=before), encoding)

    def _may_hold(self, data: bytes) -> bool:
        """Whether words of a note stand in a text, where they may begin one."""
        if not data:
            return False
        if b"updates" in data:
            return True
        text = data.decode("utf-8", "replace")
        return bool(find_hits(text, 0, self._language, self._desk.style).places)

    def _notes(self, data: bytes, at: datetime) -> tuple[Note, ...]:
        return self._desk.notes(decode(data)[0], at)
