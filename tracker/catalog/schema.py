"""The catalog's database: opened on disk or held in memory, and the answers that it remembers.

It is a SQLite file inside the git directory, derived from git and disposable. Where the file is
locked, broken, read-only or on a full disk, a database in memory takes its place for as long as the
process lives: to those who ask it is the same.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple, Self

from tracker.model import Note, Reason
from tracker.store.git import Repository

FORMAT = 15
"""The number of the file's format; a file of another one is made anew."""

PATIENCE = 1.0
"""Seconds to wait for another process that writes."""

_RULES_KEPT = 3
"""Sets of rules whose answers are kept: those of the newest, and of checkouts beside this one."""

Pair = tuple[str, str]
"""Two blobs that were compared; or a blob, and the instant of the revision that has it."""


def catalog_file(repository: Repository) -> Path:
    """Where the catalog of a repository is, or would be; all its work trees share it."""
    return repository.common_dir / "tracker" / "catalog.sqlite3"


class _Memory(NamedTuple):
    """A database in memory, for one thread at a time."""

    connection: sqlite3.Connection
    lock: RLock


@lru_cache(maxsize=4)
def _memory(path: Path) -> _Memory:
    """The database in memory that stands in for the file at a path."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    readable = _open_readable(path)
    if readable is None:
        make(connection)
    else:  # what the file holds already need not be read from git again
        readable.backup(connection)
        readable.close()
    return _Memory(connection, RLock())


class Catalog:
    """The catalog of a repository, open for reading and writing. Use it as a context manager.

    It is used by one thread. Several processes may have the file open at once.
    """

    def __init__(self, repository: Repository, *, in_memory: bool = False) -> None:
        """With ``in_memory``, no file is looked at or made."""
        self.path = catalog_file(repository)
        self._lock: RLock | None = None
        found = None if in_memory else self._open()
        if found is None:
            self._use_memory()
        else:
            self.connection = found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def in_memory(self) -> bool:
        """True where no file can be used."""
        return self._lock is not None

    def close(self) -> None:
        """Let go of the file; what is in memory stays there."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        else:
            with suppress(sqlite3.Error):
                self.connection.close()

    def fall_back(self, error: Exception) -> None:
        """Go on in memory after an error of the file; one that is broken is thrown away.

        In memory, the error is raised: there is nothing left to try.
        """
        if self.in_memory:
            raise error
        self.close()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.OperationalError | sqlite3.ProgrammingError
        ):
            self._remove()
        self._use_memory()

    def _use_memory(self) -> None:
        self.connection, self._lock = _memory(self.path.absolute())
        self._lock.acquire()

    def _open(self) -> sqlite3.Connection | None:
        for _ in range(2):
            try:
                return self._connect()
            except sqlite3.OperationalError:
                return _open_readable(self.path)  # locked, read-only or full
            except sqlite3.DatabaseError:
                self._remove()  # no database, or one of another format: make it anew
            except OSError:
                return _open_readable(self.path)
        return None

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = TRUNCATE")  # a fifth of the cost of deleting
            connection.execute("PRAGMA synchronous = NORMAL")
            if _format(connection) != FORMAT:
                make(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _remove(self) -> None:
        for ending in ("", "-journal"):
            with suppress(OSError):
                self.path.with_name(self.path.name + ending).unlink()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes; it is taken back where the block raises.

        Raises ``sqlite3.Error`` where it cannot be.
        """
        connection = self.connection
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
        found: dict[Pair, str] = {}
        query = "SELECT answer FROM answer WHERE rules = ? AND first = ? AND second = ?"
        try:
            number = _number_of(self.connection, rules)
            if number is None:
                return {}
            for pair in pairs:
                row = self.connection.execute(query, (number, *pair)).fetchone()
                if row is not None:
                    found[pair] = str(row[0])
        except sqlite3.Error as error:
            self.fall_back(error)
        return found

    def remember(
        self,
        rules: str,
        answers: Mapping[Pair, str],
        asked: Mapping[Pair, bytes] | None = None,
        judged_by: str = "",
    ) -> None:
        """Remember answers under one digest of the rules, where that can be.

        ``asked`` says which sequences of words some of them looked up in what the archive repeats,
        ``judged_by`` the digest of that; they are left out where it is another one by now.
        """
        if not answers:
            return
        try:
            with self.writing() as connection:
                row = connection.execute("SELECT value FROM boilerplate WHERE key = 'digest'")
                good = judged_by == (row.fetchone() or ("",))[0]
                connection.executemany(
                    "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)",
                    _rows(_number_for(connection, rules), answers, asked or {}, good=good),
                )
        except sqlite3.Error as error:
            if "locked" not in str(error) and "readonly" not in str(error):
                self.fall_back(error)  # else the file is whole, and only cannot be written now


def _open_readable(path: Path) -> sqlite3.Connection | None:
    """The file where it cannot be written, if it is whole and of this format."""
    if not path.is_file():
        return None
    with suppress(sqlite3.Error, OSError):
        place = path.absolute().as_uri() + "?mode=ro"
        connection = sqlite3.connect(place, uri=True, timeout=PATIENCE, isolation_level=None)
        with suppress(sqlite3.Error):
            if _format(connection) == FORMAT:
                return connection
        connection.close()
    return None


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def make(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty database, unless another process was first."""
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


def _number_of(connection: sqlite3.Connection, rules: str) -> int | None:
    row = connection.execute("SELECT id FROM rules WHERE digest = ?", (rules,)).fetchone()
    return None if row is None else int(row[0])


def _number_for(connection: sqlite3.Connection, rules: str) -> int:
    """The number of the rules, in a transaction; for new ones, room is made."""
    number = _number_of(connection, rules)
    if number is None:
        number = connection.execute("INSERT INTO rules (digest) VALUES (?)", (rules,)).lastrowid
        assert number is not None
        connection.execute("DELETE FROM rules WHERE id <= ?", (number - _RULES_KEPT,))
        connection.execute("DELETE FROM answer WHERE rules <= ?", (number - _RULES_KEPT,))
    return number


def _rows(
    number: int, answers: Mapping[Pair, str], asked: Mapping[Pair, bytes], *, good: bool
) -> Iterator[tuple[int, str, str, str, bytes | None]]:
    for pair, answer in answers.items():
        if is_utf8(answer) and (good or pair not in asked):  # else it is worked out again
            yield number, *pair, answer, asked.get(pair)


# --- records as JSON ------------------------------------------------------------------------------


def to_json(value: object) -> str:
    """Records as JSON: the values of their fields, in order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: date | frozenset[str]) -> object:
    return value.isoformat() if isinstance(value, date) else sorted(value)


def notes_from_json(text: str) -> tuple[Note, ...]:
    """The notes that ``to_json`` wrote; none for ""."""
    return tuple(note_of(*each) for each in json.loads(text or "[]"))


def reasons_from_json(text: str) -> tuple[Reason, ...]:
    """The reasons that ``to_json`` wrote; none for ""."""
    return tuple(Reason(*each) for each in json.loads(text or "[]"))


def day_or_instant(text: str | None) -> date | None:
    """A day, or an instant, as ISO 8601 has it; None for nothing."""
    if not text:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def note_of(*values: Any) -> Note:
    """The note of these values of its fields, as JSON has them."""
    note = Note(*values)
    at, withdrawn = values[Note._fields.index("at")], values[Note._fields.index("withdrawn")]
    return note._replace(
        at=datetime.fromisoformat(at),
        withdrawn=datetime.fromisoformat(withdrawn) if withdrawn else None,
    )


# --- names and words that are no UTF-8 ------------------------------------------------------------


def is_utf8(text: str) -> bool:
    """Whether a text can be written in UTF-8: it holds no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def stored_path(path: str) -> str | bytes:
    """A path as the tables have it: bytes where it is no valid UTF-8."""
    return path if is_utf8(path) else path.encode("utf-8", "surrogateescape")


def path_of(stored: str | bytes) -> str:
    """The path that ``stored_path`` put into the tables."""
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogateescape")


def storable(value: Any) -> Any:
    """A value for a column: a text that has no UTF-8, which a file may hold, becomes bytes."""
    if isinstance(value, str) and not is_utf8(value):
        return value.encode("utf-8", "surrogatepass")
    return value


def text_of(stored: Any) -> str:
    """The text that ``storable`` was given; "" for NULL."""
    if isinstance(stored, bytes):
        return stored.decode("utf-8", "surrogatepass")
    return stored or ""
