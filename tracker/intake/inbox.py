"""What came in and what became of it, and who may send: a database in the git directory.

Every writing waits here before it is recorded: an answer that says "taken" is true after a crash.
Tokens are kept as hashes, and secrets of webhooks not at all.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Any, Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.store.files import Folder

FOLDER = "tracker"  # in the common git directory
FILE = "intake.sqlite3"
LOG = "intake.log"
SCOPES = ("record", "note", "author")
KEPT = timedelta(days=7)  # for which what is done is remembered
MOST_WAITING = 1000  # jobs, from which on no more are taken

State = Literal["waiting", "done", "refused", "failed"]

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS tokens (
    name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
    articles TEXT NOT NULL, by TEXT, created TEXT NOT NULL, expires TEXT, used TEXT, revoked TEXT)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,       -- "token NAME" or "hook NAME"
    key TEXT NOT NULL UNIQUE,   -- SHA-256 of the source and what makes the request one of a kind
    body TEXT NOT NULL,         -- SHA-256 of what was asked
    came TEXT NOT NULL, due TEXT NOT NULL, at TEXT NOT NULL,
    path TEXT NOT NULL, asked TEXT NOT NULL, text BLOB,
    tip TEXT NOT NULL,          -- the branch's newest commit when it came
    state TEXT NOT NULL DEFAULT 'waiting', status INTEGER, answer TEXT, tries INTEGER DEFAULT 0);
CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (at, id) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS entries (
    source TEXT NOT NULL, id TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (source, id))
    WITHOUT ROWID;
"""


class AccessToken(NamedTuple):
    """Who may write, and what."""

    name: str
    scopes: tuple[str, ...]
    articles: tuple[str, ...]  # patterns of paths below the newsroom's folder
    by: str | None  # the author of what it records
    created: datetime
    expires: datetime | None
    used: datetime | None
    revoked: datetime | None

    def works(self, now: datetime) -> bool:
        return self.revoked is None and (self.expires is None or now < self.expires)


class Submission(NamedTuple):
    """Something that is to be recorded, and what became of it."""

    id: int
    source: str
    key: str
    body: str
    came: datetime
    due: datetime  # not recorded before that instant
    at: datetime  # when readers first saw it: the order of recording
    path: str
    asked: dict[str, Any]  # the fields of a Recording beside article, text and at
    text: bytes | None
    tip: str
    state: State = "waiting"
    status: int | None = None  # HTTP
    answer: dict[str, Any] | None = None
    tries: int = 0


class Inbox:
    """The database; it may be used by any thread. ``close`` it when it is not needed any more."""

    def __init__(self, git_dir: Path) -> None:
        self._folder = git_dir / FOLDER
        with Folder.open(self._folder, make=True) as folder:
            folder.append(FILE, b"")  # made as the one writer makes files
        self._lock = RLock()
        try:
            self._database = sqlite3.connect(
                self._folder / FILE, isolation_level=None, check_same_thread=False, timeout=30
            )
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise _unusable(self._folder / FILE, error) from None

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; what it wrote is on the disk when it ends."""
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    yield self._database
                except BaseException:
                    self._database.execute("ROLLBACK")
                    raise
                self._database.execute("COMMIT")
            except sqlite3.IntegrityError:
                raise
            except sqlite3.Error as error:
                raise _unusable(self._folder / FILE, error) from None

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._database.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise _unusable(self._folder / FILE, error) from None

    # --- tokens -----------------------------------------------------------------------------------

    def add_token(
        self,
        name: str,
        scopes: Sequence[str],
        articles: Sequence[str],
        now: datetime,
        by: str | None = None,
        expires: datetime | None = None,
    ) -> str:
        """Make a token and return it; it is never shown again. Raises where the name is taken."""
        written = f"trk_{secrets.token_urlsafe(32)}"
        try:
            with self._writing() as database:
                database.execute(
                    "INSERT INTO tokens VALUES (?,?,?,?,?,?,?,NULL,NULL)",
                    (
                        name, _digest(written), " ".join(scopes), json.dumps(list(articles)), by,
                        _at(now), None if expires is None else _at(expires),
                    ),
                )  # fmt: skip
        except sqlite3.IntegrityError:
            raise TrackerError(
                f"There is a token {name} already.", "Choose another name, or revoke that one."
            ) from None
        return written

    def tokens(self) -> tuple[AccessToken, ...]:
        return tuple(map(_token, self._rows(f"SELECT {_TOKEN} FROM tokens ORDER BY name")))  # noqa: S608

    def token(self, written: str, now: datetime) -> AccessToken | None:
        """The token that somebody sent; None where it is none, or works no more."""
        rows = self._rows(f"SELECT {_TOKEN} FROM tokens WHERE digest = ?", _digest(written))  # noqa: S608
        found = _token(rows[0]) if rows else None
        if found is None or not found.works(now):
            return None
        if found.used is None or now - found.used > timedelta(minutes=1):
            with self._writing() as database:
                database.execute(
                    "UPDATE tokens SET used = ? WHERE name = ?", (_at(now), found.name)
                )
        return found

    def revoke(self, name: str, now: datetime) -> None:
        """A token works no more. Raises ``TrackerError`` where there is none of that name."""
        with self._writing() as database:
            done = database.execute(
                "UPDATE tokens SET revoked = ? WHERE name = ? AND revoked IS NULL", (_at(now), name)
            )
            if not done.rowcount:
                raise TrackerError(
                    f"There is no token {name} that works.", "See: tracker token list"
                )

    # --- jobs -------------------------------------------------------------------------------------

    def put(self, job: Submission) -> tuple[Submission, bool]:
        """Keep a job; the one that stands under its key, and whether it is new."""
        try:
            with self._writing() as database:
                done = database.execute(
                    "INSERT INTO jobs (source, key, body, came, due, at, path, asked, text, tip)"
                    " VALUES (?,?,?,?,?,?,?,?,?,?)",
                    (
                        job.source, job.key, job.body, _at(job.came), _at(job.due), _at(job.at),
                        job.path, json.dumps({**job.asked, "at": job.at.isoformat()}), job.text,
                        job.tip,
                    ),
                )  # fmt: skip
                assert done.lastrowid is not None
                return job._replace(id=done.lastrowid), True
        except sqlite3.IntegrityError:
            found = self.by_key(job.key)
            assert found is not None
            return found, False

    def by_key(self, key: str) -> Submission | None:
        rows = self._rows(f"SELECT {_JOB} FROM jobs WHERE key = ?", key)  # noqa: S608
        return _job(rows[0]) if rows else None

    def job(self, number: int) -> Submission | None:
        rows = self._rows(f"SELECT {_JOB} FROM jobs WHERE id = ?", number)  # noqa: S608
        return _job(rows[0]) if rows else None

    def waiting(self, now: datetime, limit: int) -> list[Submission]:
        """Jobs that are due, in the order of their instants."""
        rows = self._rows(
            f"SELECT {_JOB} FROM jobs WHERE state = 'waiting' AND due <= ?"  # noqa: S608
            " ORDER BY at, id LIMIT ?",
            _at(now),
            limit,
        )
        return [_job(row) for row in rows]

    def count_waiting(self) -> int:
        return int(self._rows("SELECT count(*) FROM jobs WHERE state = 'waiting'")[0][0])

    def listed(self, *states: State, limit: int = 100) -> list[Submission]:
        """The newest jobs in some states, oldest first."""
        marks = ",".join("?" * len(states))
        rows = self._rows(
            f"SELECT {_JOB} FROM jobs WHERE state IN ({marks}) ORDER BY id DESC LIMIT ?",  # noqa: S608
            *states,
            limit,
        )
        return [_job(row) for row in rows[::-1]]

    def finish(self, ends: Sequence[tuple[Submission, State, int, dict[str, Any]]]) -> None:
        """Keep what became of jobs; the texts of those that are done are let go."""
        with self._writing() as database:
            database.executemany(
                "UPDATE jobs SET state = ?, status = ?, answer = ?, tries = tries + 1,"
                " text = CASE WHEN ? = 'done' THEN NULL ELSE text END WHERE id = ?",
                [
                    (state, status, json.dumps(answer), state, job.id)
                    for job, state, status, answer in ends
                ],
            )

    def again(self, number: int, now: datetime) -> None:
        """Let a failed or refused job wait again. Raises where there is no such job."""
        with self._writing() as database:
            done = database.execute(
                "UPDATE jobs SET state = 'waiting', due = ? WHERE id = ? AND state IN"
                " ('failed', 'refused') AND (text IS NOT NULL OR asked LIKE '%\"gone\"%')",
                (_at(now), number),
            )
            if not done.rowcount:
                raise TrackerError(
                    f"There is no job {number} that failed.", "See: tracker intake inbox"
                )

    def forget_old(self, now: datetime) -> None:
        with self._writing() as database:
            database.execute(
                "DELETE FROM jobs WHERE state IN ('done', 'refused') AND came < ?",
                (_at(now - KEPT),),
            )

    # --- where entries went -----------------------------------------------------------------------

    def path_of(self, source: str, entry: str) -> str | None:
        rows = self._rows("SELECT path FROM entries WHERE source = ? AND id = ?", source, entry)
        return str(rows[0][0]) if rows else None

    def remember(self, entries: Sequence[tuple[str, str, str]]) -> None:
        """Keep where entries went: source, id, path."""
        if entries:
            with self._writing() as database:
                database.executemany("INSERT OR REPLACE INTO entries VALUES (?,?,?)", entries)

    # --- the log ----------------------------------------------------------------------------------

    def log(self, now: datetime, **told: object) -> None:
        """Add a line to the journal: who, what, and what became of it; never a text."""
        line = json.dumps({"at": _at(now), **told}, ensure_ascii=False)
        with self._lock, Folder.open(self._folder) as folder:
            folder.append(LOG, line.encode("utf-8", "backslashreplace") + b"\n")


_TOKEN = "name, scopes, articles, by, created, expires, used, revoked"  # noqa: S105
_JOB = "id, source, key, body, came, due, at, path, asked, text, tip, state, status, answer, tries"


def _token(row: tuple[Any, ...]) -> AccessToken:
    name, scopes, articles, by, *instants = row
    made, expires, used, revoked = (
        None if each is None else datetime.fromisoformat(each) for each in instants
    )
    assert made is not None
    return AccessToken(
        name, tuple(scopes.split()), tuple(json.loads(articles)), by, made, expires, used, revoked
    )


def _job(row: tuple[Any, ...]) -> Submission:
    found, asked = Submission(*row), json.loads(row[8])
    return found._replace(
        came=datetime.fromisoformat(row[4]),
        due=datetime.fromisoformat(row[5]),
        at=datetime.fromisoformat(asked.pop("at")),  # with its own offset
        asked=asked,
        answer=None if row[13] is None else json.loads(row[13]),
    )


def _at(instant: datetime) -> str:
    """An instant as the database keeps it: in UTC, so that they sort."""
    from datetime import UTC

    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(written: str) -> str:
    return sha256(written.encode("utf-8", "replace")).hexdigest()


def _unusable(file: Path, error: sqlite3.Error) -> TrackerError:
    return TrackerError(
        f"{file} cannot be used: {error}.", "See to the disk; nothing was taken that is not there."
    )
