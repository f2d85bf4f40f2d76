"""The catalog: a SQLite file inside the git directory, derived and disposable.

It remembers answers about texts and pairs of texts. Missing, locked, broken or on a disk that is
full or read-only, it is never an error: what it cannot tell is worked out again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker.store.git import Repository

FORMAT = 2
"""The number of the file's format; a file of another one is made anew."""

_PATIENCE = 2.0
"""Seconds to wait for another process that writes."""

_KEPT = 3
"""Sets of rules whose answers are kept: those of the newest, and of checkouts beside this one."""

Pair = tuple[str, str]


class Catalog:
    """The catalog of a repository, open for reading and writing. Use it as a context manager.

    It is used by one thread. Several processes may have it open at once.
    """

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
        self.close()

    def close(self) -> None:
        """Let go of the file; from now on nothing is remembered."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection | None:
        for _ in range(2):
            try:
                return self._connect()
            except sqlite3.OperationalError:
                return None  # locked, read-only or full: work without it
            except sqlite3.DatabaseError:
                self._remove()  # no database, or one of another format: make it anew
            except OSError:
                return None
        return None

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = OFF")  # after a power cut it is made anew
            if _format(connection) != FORMAT:
                _make(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _remove(self) -> None:
        for ending in ("", "-journal"):
            with suppress(OSError):
                self.path.with_name(self.path.name + ending).unlink()

    def _failed(self, error: sqlite3.Error) -> None:
        """Work without the catalog from now on; one that is broken is thrown away."""
        self.close()
        if not isinstance(error, sqlite3.OperationalError):
            self._remove()

    def answers(self, rules: str, pairs: Iterable[Pair]) -> dict[Pair, str]:
        """What is remembered under one digest of the rules, as JSON."""
        if self._connection is None:
            return {}
        found: dict[Pair, str] = {}
        query = "SELECT answer FROM answer WHERE rules = ? AND first = ? AND second = ?"
        try:
            number = _number(self._connection, rules)
            if number is None:
                return {}
            for pair in pairs:
                row = self._connection.execute(query, (number, *pair)).fetchone()
                if row is not None:
                    found[pair] = str(row[0])
        except sqlite3.Error as error:
            self._failed(error)
        return found

    def remember(self, rules: str, answers: Mapping[Pair, str]) -> bool:
        """Remember answers under one digest of the rules. False where that could not be."""
        if self._connection is None or not answers:
            return False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?)",
                _rows(_numbered(self._connection, rules), answers),
            )
            self._connection.execute("COMMIT")
        except (sqlite3.Error, UnicodeEncodeError) as error:
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error) and "locked" not in str(error):
                self._failed(error)
            return False
        return True


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file, unless another process was first."""
    schema = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
    connection.execute("BEGIN IMMEDIATE")
    found = _format(connection)
    if found == FORMAT:
        connection.execute("ROLLBACK")
    elif found != 0:
        raise sqlite3.DatabaseError("another format")
    else:
        for statement in schema.split(";"):  # executescript would end the transaction
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")


def _number(connection: sqlite3.Connection, rules: str) -> int | None:
    row = connection.execute("SELECT id FROM rules WHERE digest = ?", (rules,)).fetchone()
    return None if row is None else int(row[0])


def _numbered(connection: sqlite3.Connection, rules: str) -> int:
    """The number of the rules, in a transaction; for new ones, room is made."""
    number = _number(connection, rules)
    if number is None:
        number = connection.execute("INSERT INTO rules (digest) VALUES (?)", (rules,)).lastrowid
        assert number is not None
        connection.execute("DELETE FROM rules WHERE id <= ?", (number - _KEPT,))
        connection.execute("DELETE FROM answer WHERE rules <= ?", (number - _KEPT,))
    return number


def _rows(number: int, answers: Mapping[Pair, str]) -> Iterable[tuple[int, str, str, str]]:
    for (first, second), answer in answers.items():
        try:
            answer.encode("utf-8")
        except UnicodeEncodeError:
            continue  # a lone surrogate: worked out again each time
        yield number, first, second, answer
