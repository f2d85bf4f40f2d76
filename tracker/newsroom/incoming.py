"""What an importer gives: versions of articles on their way into a newsroom, in any order.

A source reads and checks; it writes nothing into the newsroom, asks no clock, and knows nothing of
git's objects. It is read twice: once for what each version is, and once for the texts, in the
order in which they are wanted. So neither has to hold an archive in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from tracker.errors import TrackerError
from tracker.model import Kind, Person

Key = int | str
"""How a source finds a text again."""


class Telling(NamedTuple):
    """A note that comes with a version, beside its text."""

    kind: Kind
    text: str  # the words for readers, as somebody typed them
    at: datetime | None = None  # aware; None: the version's


class Incoming(NamedTuple):
    """One version of one article, without its text."""

    path: str  # below the newsroom's folder, with forward slashes; "" where the slug alone is known
    slug: str  # for the newsroom's layout; "" where the path is given by the source
    at: datetime  # aware, in the offset that the source gives: when readers first saw this version
    person: Person | None  # who made the version; None: whoever runs the import
    message: str | None  # the commit's message; None: one is made
    told: tuple[Telling, ...]  # notes to be put into the text
    key: Key  # how the source finds the text
    origin: str  # where it was read, for people: "archive.jsonl, line 12"
    trailers: str = ""  # lines "Url: https://…" for the end of the message; "" for none
    place: datetime | None = None  # where it stands among the others; None: at its own instant
    identity: str = ""  # what the source calls the article, whatever its path; "": it does not


class Skipped(NamedTuple):
    """Something that a source holds and does not give."""

    origin: str  # where it is
    reason: str  # a sentence with its full stop
    bad: bool = False  # True: it should have been a version; False: it is left out on purpose
    hint: str = ""  # what to do about it, a sentence; may be empty


class Source(Protocol):
    """An importer. Making one raises ``TrackerError`` where there is nothing to read."""

    def versions(self, folder: Path) -> Iterator[Incoming | Skipped]:
        """Every version once, in any order, and what is left out.

        ``folder`` may take temporary files until the texts have been read. What cannot be used is
        given as ``Skipped`` with ``bad``; an input that breaks off raises ``TrackerError``.
        """
        ...

    def texts(self, keys: Iterable[Key]) -> Iterator[bytes | TrackerError]:
        """The bytes of the files of these keys, in their order; an error for one that is no text.

        Asked after ``versions`` has ended. The iterable may be read ahead, by another thread.
        """
        ...

    @property
    def share(self) -> float:
        """How much of the input ``versions`` has read, 0 to 1; 0 where that cannot be told."""
        ...
