"""Contents of texts for telling which file goes on as which article, read once each."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Self

from tracker.errors import TrackerError
from tracker.store.git import Repository
from tracker.store.reader import Reader

_MANY = 100  # texts from which on it pays to start a process of their own
_MOST_BYTES = 8 * 1024 * 1024  # a larger file is compared by its blob alone


class Contents:
    """Contents for ``identity``; one that cannot be read counts as empty."""

    def __init__(self, repository: Repository) -> None:
        self._reader = Reader(repository, max_bytes=_MOST_BYTES)
        self._known: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def forget(self) -> None:
        """Make room in memory."""
        self._known.clear()

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Each blob with its content."""
        names = list(blobs)
        missing = [name for name in names if name not in self._known]
        with suppress(TrackerError):
            self._reader.fetch(missing)
            if len(missing) > _MANY:
                self._known.update(self._reader.read_many(missing))
        for name in missing:
            if name not in self._known:
                self._known[name] = self._one(name)
        return {name: self._known[name] for name in names}

    def _one(self, blob: str) -> bytes:
        try:
            return self._reader.read(blob)
        except TrackerError:
            return b""
