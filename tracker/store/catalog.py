"""The catalog: a SQLite file inside the git directory, derived and disposable.

It remembers what a pair of texts was found to mean. Missing, locked, broken or on a disk that is
full or read-only, it is never an error: what it cannot tell is worked out again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker.store.git import Repository

FORMAT = 1
"""The number of the file's format; a file of another one is made anew."""

_PATIENCE = 2.0
"""Seconds to wait for another process that writes."""


class Catalog:
    """The catalog of a repository, open for reading and writing."""

    def __init__(self, repository: Repository) -> None:
        self.path = repository.common_dir / "tracker" / "catalog.sqlite3"
        self._connection = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            self._connection.close()

    def _open(self) -> sqlite3.Connection | None:
        for _ in range(2):
            try:
                return self._connect()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    return None  # locked, read-only or full: work without it
                with suppress(OSError):  # not a database, or of another format: make it anew
                    self.path.unlink()
            except OSError:
                return None
        return None

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found not in (0, FORMAT):
                raise sqlite3.DatabaseError("another format")
            if found == 0:
                schema = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
                connection.executescript(
                    f"BEGIN IMMEDIATE; {schema} PRAGMA user_version = {FORMAT}; COMMIT;"
                )
        except BaseException:
            connection.close()
            raise
        return connection

    def meanings(self, rules: str, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """What is remembered of pairs of blobs under one version of the rules, as JSON."""
        if self._connection is None:
            return {}
        found = {}
        query = "SELECT change FROM meaning WHERE rules = ? AND old_blob = ? AND new_blob = ?"
        try:
            for pair in pairs:
                row = self._connection.execute(query, (rules, *pair)).fetchone()
                if row is not None:
                    found[pair] = str(row[0])
        except sqlite3.Error:
            return found
        return found

    def remember(self, rules: str, rows: Iterable[tuple[str, str, str]]) -> bool:
        """Remember what pairs of blobs mean: old blob, new blob, JSON. False where it could not."""
        if self._connection is None:
            return False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT OR REPLACE INTO meaning VALUES (?, ?, ?, ?)",
                ((rules, old, new, change) for old, new, change in rows),
            )
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            return False
        return True
