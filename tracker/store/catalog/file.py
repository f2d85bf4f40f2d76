"""The catalog's file: opened, made, thrown away; and the answers that it remembers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker.store.git import Repository

FORMAT = 8
"""The number of the file's format; a file of another one is made anew."""

PATIENCE = 1.0
"""Seconds to wait for another process that writes."""

_KEPT = 3
"""Sets of rules whose answers are kept: those of the newest, and of checkouts beside this one."""

Pair = tuple[str, str]


def catalog_file(repository: Repository) -> Path:
    """Where the catalog of a repository is, or would be; all its work trees share it."""
    return repository.common_dir / "tracker" / "catalog.sqlite3"


class Catalog:
    """The catalog of a repository, open for reading and writing. Use it as a context manager.

    It is used by one thread. Several processes may have it open at once. With ``create`` False, a
    file that is not there is not made.
    """

    def __init__(self, repository: Repository, *, create: bool = True) -> None:
        self.path = catalog_file(repository)
        self._create = create
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

    @property
    def connection(self) -> sqlite3.Connection | None:
        """The open file; None where the catalog cannot be used."""
        return self._connection

    def close(self) -> None:
        """Let go of the file; from now on nothing is remembered."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def reopen(self) -> None:
        """Open the file again, after another one was put in its place."""
        self.close()
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection | None:
        if not self._create and not self.path.is_file():
            return None
        for _ in range(2):
            try:
                return self._connect()
            except sqlite3.OperationalError:
                return self._readable()  # locked, read-only or full
            except sqlite3.DatabaseError:
                self._remove()  # no database, or one of another format: make it anew
            except OSError:
                return self._readable()
        return None

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(exist_ok=True)
        connection = connect(self.path)
        try:
            if _format(connection) != FORMAT:
                make(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _readable(self) -> sqlite3.Connection | None:
        """The file where it cannot be written, if it is whole and of this format."""
        if not self.path.is_file():
            return None
        with suppress(sqlite3.Error, OSError):
            place = self.path.absolute().as_uri() + "?mode=ro"
            connection = sqlite3.connect(place, uri=True, timeout=PATIENCE, isolation_level=None)
            with suppress(sqlite3.Error):
                if _format(connection) == FORMAT:
                    return connection
            connection.close()
        return None

    def _remove(self) -> None:
        for ending in ("", "-journal"):
            with suppress(OSError):
                self.path.with_name(self.path.name + ending).unlink()

    def failed(self, error: sqlite3.Error) -> None:
        """Work without the catalog from now on; one that is broken is thrown away."""
        self.close()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.OperationalError | sqlite3.ProgrammingError
        ):
            self._remove()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes; it is taken back where the block raises.

        Raises ``sqlite3.Error`` where it cannot be.
        """
        connection = self._connection
        if connection is None:
            raise sqlite3.OperationalError("the catalog is not open")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise

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
            self.failed(error)
        return found

    def remember(self, rules: str, answers: Mapping[Pair, str]) -> bool:
        """Remember answers under one digest of the rules. False where that could not be."""
        if self._connection is None or not answers:
            return False
        try:
            with self.writing() as connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?)",
                    _rows(_numbered(connection, rules), answers),
                )
        except (sqlite3.Error, UnicodeEncodeError) as error:
            if isinstance(error, sqlite3.Error) and not _may_pass(error):
                self.failed(error)
            return False
        return True


def _may_pass(error: sqlite3.Error) -> bool:
    """True where the file is whole and only cannot be written, now or for this user."""
    return "locked" in str(error) or "readonly" in str(error)


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a database file, transactions begun by hand."""
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    connection.execute("PRAGMA journal_mode = TRUNCATE")  # a fifth of the cost of deleting it
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def make(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file, unless another process was first."""
    connection.execute("BEGIN IMMEDIATE")
    found = _format(connection)
    if found == FORMAT:
        connection.execute("ROLLBACK")
    elif found != 0:
        raise sqlite3.DatabaseError("another format")
    else:
        for statement in _statements():  # executescript would end the transaction
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")


def _statements() -> Iterator[str]:
    """The statements of the schema; their comments go into the file too."""
    schema = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
    statement = ""
    for line in schema.splitlines(keepends=True):
        statement += line
        if ";" in line and sqlite3.complete_statement(statement):
            yield statement
            statement = ""


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


def _rows(number: int, answers: Mapping[Pair, str]) -> Iterator[tuple[int, str, str, str]]:
    for (first, second), answer in answers.items():
        try:
            answer.encode("utf-8")
        except UnicodeEncodeError:
            continue  # a lone surrogate: worked out again each time
        yield number, first, second, answer
