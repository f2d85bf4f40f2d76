"""What every importer yields: versions of articles to record, oldest first.

A source is anything with the shape of ``Source``. It reads and checks; it writes nothing, asks no
clock, and knows nothing of git's objects. Whoever records its versions takes them in the order in
which they come.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from tracker.model import Person


class Incoming(NamedTuple):
    """One version of one article, on its way into a newsroom."""

    article: str  # path that it gets in the newsroom, forward slashes: "articles/ferry.md"
    at: datetime  # aware, in the offset that the source gives: when readers first saw this version
    data: bytes  # the whole file, front matter included, to the byte; decodes as text
    person: Person | None  # who made the version; None: whoever runs the import
    message: str | None  # the commit's message; None: the recorder makes one
    origin: str  # where it was read, for people: "articles/ferry/2022-06-02T0905-0400.md"


class Skipped(NamedTuple):
    """Something that a source holds and does not yield, on purpose."""

    origin: str  # where it is
    reason: str  # a sentence with its full stop


class Source(Protocol):
    """An importer that has looked at its input and found it usable.

    Making one raises ``TrackerError`` for input that cannot be read. Iterating yields the versions
    in the order of their instants, those of one instant by article; it may be done more than once.
    """

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What is left out, in the order of its origin."""
        ...

    def __len__(self) -> int:
        """How many versions there are, so that progress can be shown."""
        ...

    def __iter__(self) -> Iterator[Incoming]:
        """The versions, oldest first."""
        ...
