"""Notes carried from version to version of one article after another, as fast as texts come.

A new text that brings no notes keeps the ones that the article had. To look for notes in a text
takes a hundred times longer than to give it to git, and few texts have any. Some sentence of a note
has one of the words that give notes away: where a version takes no such sentence out, it loses no
note, and where it puts none in, it brings none. So the sentences of versions are compared, and few
versions are searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from tracker.house.language import base
from tracker.house.note_hits import find_hits
from tracker.house.note_words import fold, stems
from tracker.model import Note
from tracker.newsroom.desk import Desk, Told
from tracker.records import NamedTuple
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.newsroom.incoming import Telling

# Where notes stand in the front matter, or lines made from them in the body.
_STRUCTURED = (b"\nupdates", b"[updates]", b'"updates"', b"'updates'", b"<!-- updates")


class Carried(NamedTuple):
    """A version as it is to be recorded."""

    data: bytes
    brought: tuple[Note, ...]  # notes that it has and the one before has not; () for the first


class Carrier:
    """Follows one article at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._language = base(desk.style.locale)
        words = {piece for one in stems().values() for piece in one.pieces}
        for each in desk.style.templates.values():
            words |= {each.label.lower(), each.lead.lower()}
        words -= {""}
        least = [word for word in words if not any(one in word for one in words - {word})]
        self._words = sorted(word for word in least if word.isascii())
        self._other_words = sorted(word for word in least if not word.isascii())
        self._before: bytes | None = None
        self._lines: frozenset[bytes] = frozenset()

    def begin(self, before: bytes | None) -> None:
        """What follows is of this article; ``before`` is its text so far, None for a new one."""
        self._before = before
        self._lines = frozenset() if before is None else _units(before)

    def next(self, data: bytes, told: Sequence[Telling], at: datetime) -> Carried:
        """The next version of the article, with the notes that it keeps and those told of it.

        Raises ``TrackerError`` where a note has to be written into front matter that cannot be
        read.
        """
        lines = _units(data)
        before = self._before
        brought: tuple[Note, ...] = ()
        if before is not None or told:
            same_head = before is not None and _head(before) == _head(data)
            if before is not None and self._loses(before, lines, same_head=same_head):
                data, lines = self._with_notes(before, data, lines, at)
                same_head = _head(before) == _head(data)
            if told:
                data = self._told(data, told, at)
                lines = _units(data)
            if told or (before is not None and self._brings(data, lines, same_head=same_head)):
                text = decode(data)[0]
                earlier = None if before is None else decode(before)[0]
                brought = self._desk.brought(earlier, text, at)
        self._before, self._lines = data, lines
        return Carried(data, brought)

    def _loses(self, before: bytes, lines: frozenset[bytes], *, same_head: bool) -> bool:
        """Whether the text before may have had a note that is not in these lines."""
        gone = self._lines - lines
        if not gone:
            return False
        return (not same_head and _structured(before)) or self._may_hold(gone)

    def _brings(self, data: bytes, lines: frozenset[bytes], *, same_head: bool) -> bool:
        """Whether these lines may have a note that the text before had not."""
        new = lines - self._lines
        if not new:
            return False
        return (not same_head and _structured(data)) or self._may_hold(new)

    def _with_notes(
        self, before: bytes, data: bytes, lines: frozenset[bytes], at: datetime
    ) -> tuple[bytes, frozenset[bytes]]:
        text, encoding = decode(data)
        kept = self._desk.carry(decode(before)[0], text, at)
        if kept == text:
            return data, lines
        data = self._desk.encoded(kept, encoding)
        return data, _units(data)

    def _told(self, data: bytes, told: Sequence[Telling], at: datetime) -> bytes:
        text, encoding = decode(data)
        notes = [Told(each.kind, each.text, each.at or at) for each in told]
        before = None if self._before is None else decode(self._before)[0]
        return self._desk.encoded(self._desk.add(text, notes, before=before), encoding)

    def _may_hold(self, lines: frozenset[bytes]) -> bool:
        """Whether words of a note stand in lines, where they may begin one."""
        text = b"\n\n".join(lines).decode("utf-8", "replace")
        folded = fold(text)
        for word in self._words:  # a plain loop: it is what takes most of the time here
            if word in folded:
                break
        else:
            if folded.isascii() or not any(word in folded for word in self._other_words):
                return False
        return bool(find_hits(text, 0, self._language, self._desk.style).places)


def _units(data: bytes) -> frozenset[bytes]:
    """The lines of a text, and the sentences in them: small, so that little is searched."""
    return frozenset(data.replace(b". ", b".\n").split(b"\n"))


def _structured(data: bytes) -> bool:
    return any(mark in data for mark in _STRUCTURED)


def _head(data: bytes) -> bytes:
    """The front matter, roughly: up to the next line that begins with a fence."""
    fence = data[:3]
    return data[: data.find(b"\n" + fence, 3)] if fence in (b"---", b"+++") else b""
