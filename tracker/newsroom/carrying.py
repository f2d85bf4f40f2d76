"""Notes carried from version to version of one article after another, as fast as texts come.

A version is recorded as it stood; where that is asked for, one that brings no notes keeps the ones
that the article had. To look for notes in a text
takes a hundred times longer than to give it to git, and few texts have any. Some sentence of a note
has one of the words that give notes away: where a version takes no such sentence out, it loses no
note, and where it puts none in, it brings none. So the sentences of versions are compared, and few
versions are searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tracker.house.note_hits import find_hits
from tracker.house.note_stems import fold, stems
from tracker.locale import base
from tracker.model import Note
from tracker.newsroom.desk import Desk, Told
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.newsroom.incoming import Telling

# Where notes stand in the front matter, or lines made from them in the body.
_STRUCTURED = (b"\nupdates", b"[updates]", b'"updates"', b"'updates'", b"<!-- updates")
_MOST_KNOWN = 50_000  # words that are remembered: some megabytes
_LONGEST_KNOWN = 60  # letters of such a word
_NONE: frozenset[bytes] = frozenset()


class Carried(NamedTuple):
    """A version as it is to be recorded."""

    data: bytes
    brought: tuple[Note, ...]  # notes that it has and the one before has not; () for the first


class Carrier:
    """Follows one article at a time."""

    def __init__(self, desk: Desk, *, keeps: bool) -> None:
        """``keeps``: a version that brings no notes keeps those of the one before."""
        self._desk = desk
        self._keeps = keeps
        self._language = base(desk.style.locale)
        words = {piece for one in stems().values() for piece in one.pieces}
        for each in desk.style.templates.values():
            words |= {each.label.lower(), each.lead.lower()}
        words -= {""}
        least = [word for word in words if not any(one in word for one in words - {word})]
        self._words = sorted(word for word in least if word.isascii())
        self._other_words = sorted(word for word in least if not word.isascii())
        pieces = {max(word.split(), key=len) for word in least}  # what stands between spaces
        self._pieces = [one for one in pieces if not any(each in one for each in pieces - {one})]
        self._harmless = set[str]()  # words of the archive that no such piece is in
        self._before: bytes | None = None
        self._lines: list[bytes] = []  # of that text

    def begin(self, before: bytes | None) -> None:
        """What follows is of this article; ``before`` is its text so far, None for a new one."""
        self._before = before
        self._lines = [] if before is None else before.split(b"\n")

    def next(self, data: bytes, told: Sequence[Telling], at: datetime) -> Carried:
        """The next version of the article, with the notes told of it and those that it keeps.

        Raises ``TrackerError`` where a note has to be written into front matter that cannot be
        read.
        """
        before, lines = self._before, data.split(b"\n")
        brought: tuple[Note, ...] = ()
        new = _NONE
        if before is not None:
            gone, new = self._changed(lines)
            if self._keeps and self._may_hold(gone, before, data):
                data = self._with_notes(before, data, at)
                lines = data.split(b"\n")
                _, new = self._changed(lines)
        if told:
            data = self._told(data, told, at)
            lines = data.split(b"\n")
        if told or (before is not None and self._may_hold(new, data, before)):
            earlier = None if before is None else decode(before)[0]
            brought = self._desk.brought(earlier, decode(data)[0], at)
        self._before, self._lines = data, lines
        return Carried(data, brought)

    def _changed(self, lines: list[bytes]) -> tuple[frozenset[bytes], frozenset[bytes]]:
        """The sentences that went since the text before, and those that came.

        None of either where no word of a note is in any of them: so it mostly is.
        """
        earlier = self._lines
        if len(lines) == len(earlier):  # most edits are within lines
            changed = [pair for pair in zip(earlier, lines, strict=True) if pair[0] != pair[1]]
            if not changed:
                return _NONE, _NONE
            gone, new = map(_sentences, zip(*changed, strict=True))
        else:
            both = frozenset(earlier), frozenset(lines)
            gone, new = _sentences(both[0] - both[1]), _sentences(both[1] - both[0])
        gone, new = gone - new, new - gone
        if self._has_word(_joined(gone | new)):
            return gone, new
        return _NONE, _NONE

    def _may_hold(self, sentences: frozenset[bytes], text: bytes, other: bytes) -> bool:
        """Whether a text may have a note that the other has not, in sentences of its own."""
        if sentences:
            joined = _joined(sentences)
            if (
                self._has_word(joined)
                and find_hits(joined, 0, self._language, self._desk.style).places
            ):
                return True
        return _head(text) != _head(other) and _structured(text)

    def _with_notes(self, before: bytes, data: bytes, at: datetime) -> bytes:
        text, encoding = decode(data)
        kept = self._desk.carry(decode(before)[0], text, at)
        return data if kept == text else self._desk.encoded(kept, encoding)

    def _told(self, data: bytes, told: Sequence[Telling], at: datetime) -> bytes:
        text, encoding = decode(data)
        notes = [Told(each.kind, each.text, each.at or at) for each in told]
        before = None if self._before is None else decode(self._before)[0]
        return self._desk.encoded(self._desk.add(text, notes, before=before), encoding)

    def _has_word(self, text: str) -> bool:
        """Whether words of a note stand in a text, where they may begin one."""
        folded = fold(text)
        words = folded.split()
        if self._harmless.issuperset(words) or not self._has_piece(set(words) - self._harmless):
            return False
        for word in self._words:  # a plain loop: it is quicker than an expression of them all
            if word in folded:
                return True
        return not folded.isascii() and any(word in folded for word in self._other_words)

    def _has_piece(self, strange: set[str]) -> bool:
        """Whether a piece of a note's words is in words not met before; the others are harmless."""
        joined = "\n".join(strange)
        found = [piece for piece in self._pieces if piece in joined]
        if len(self._harmless) > _MOST_KNOWN:
            self._harmless.clear()
        self._harmless.update(
            word
            for word in strange
            if len(word) <= _LONGEST_KNOWN and not any(piece in word for piece in found)
        )
        return bool(found)


def _sentences(lines: Iterable[bytes]) -> frozenset[bytes]:
    """What lines hold in small pieces, so that little is searched."""
    return frozenset(b"\n".join(lines).replace(b". ", b".\n").split(b"\n"))


def _joined(sentences: frozenset[bytes]) -> str:
    return b"\n\n".join(sentences).decode("utf-8", "replace")


def _structured(data: bytes) -> bool:
    return any(mark in data for mark in _STRUCTURED)


def _head(data: bytes) -> bytes:
    """The front matter, roughly: up to the next line that begins with a fence."""
    fence = data[:3]
    return data[: data.find(b"\n" + fence, 3)] if fence in (b"---", b"+++") else b""
