"""The published history into the catalog: all of it once, then only what is new.

What the catalog holds is told by ``meta``: ``history`` (what it depends on beside its newest
commit), ``newest`` and ``commits``. Where the newest commit that was seen leads to all that is new,
that is added; otherwise everything is read again. Whatever was worked out about texts stays.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from threading import Lock
from typing import NamedTuple

from tracker.catalog.queries import all_tracks
from tracker.catalog.schema import PATIENCE, Catalog, catalog_file, make
from tracker.catalog.update import Replay
from tracker.model import Progress
from tracker.store.git import Repository
from tracker.store.history import (
    CommitRange,
    PublishedHistory,
    read_ranges,
    survey,
)
from tracker.store.identity import Texts
from tracker.store.log import Commit

_CACHE = 64 * 1024  # KiB of the database that are held in memory while it is made
_ROUNDS = 4  # times that another process may be quicker
_KEPT = (
    ("rules", "?, ?"),
    ("answer", "?, ?, ?, ?, ?"),
    ("boilerplate WHERE key IN ('standing', 'digest')", "?, ?"),  # by which they were judged
)
_building = Lock()
"""Held while all is read: threads that ask at the same time wait for one of them."""


class Held(NamedTuple):
    key: str
    newest: str
    commits: int


class _OtherError(Exception):
    """Another process was quicker."""


def held(connection: sqlite3.Connection) -> Held | None:
    """What the catalog holds; None where it holds no history yet."""
    known = dict(
        connection.execute(
            "SELECT key, value FROM meta WHERE key IN ('history', 'newest', 'commits')"
        )
    )
    return Held(known["history"], known["newest"], known["commits"]) if len(known) == 3 else None


def _hold(connection: sqlite3.Connection, now: Held) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [("history", now.key), ("newest", now.newest), ("commits", now.commits)],
    )


def bring_up_to_date(
    catalog: Catalog,
    repository: Repository,
    history: PublishedHistory,
    progress: Progress | None = None,
) -> None:
    """Bring the catalog up to a history, in memory where the file cannot be written.

    Raises ``TrackerError`` where git cannot read the history.
    """
    try:
        _bring(catalog, repository, history, progress)
    except (sqlite3.Error, OSError, _OtherError) as error:
        catalog.fall_back(error)
        _bring(catalog, repository, history, progress)


def _bring(
    catalog: Catalog, repository: Repository, history: PublishedHistory, progress: Progress | None
) -> None:
    for _ in range(_ROUNDS):
        now = held(catalog.connection)
        if now is not None and now.key == history.key:
            if now.newest == history.newest:
                return
            try:
                if _add(catalog, repository, history, now, progress):
                    return
            except _OtherError:
                continue  # look again
        if _building.acquire(blocking=False):
            try:
                rebuild(catalog, repository, history, progress)
            finally:
                _building.release()
            return
        with _building:
            pass  # another thread has read it, as a rule: look again
    raise _OtherError


def _add(
    catalog: Catalog,
    repository: Repository,
    history: PublishedHistory,
    now: Held,
    progress: Progress | None,
) -> bool:
    """Add what is new; False where the newest commit that was seen does not lead to all of it."""
    known = repository.git.completed("cat-file", "-e", f"{now.newest}^{{commit}}")
    if known.returncode:
        return False  # the commit that was seen last is gone
    found = survey(repository, history, since=now.newest)
    if found.bases != {now.newest}:
        return False
    done = 0
    for part in read_ranges(repository, history, found, now.newest):
        now = _append(catalog, repository, history, now, part)
        done += len(part.commits)
        if progress is not None:
            progress(done, found.size)
    return True


def _append(
    catalog: Catalog,
    repository: Repository,
    history: PublishedHistory,
    now: Held,
    part: CommitRange,
) -> Held:
    """Add commits that follow what is held, in one transaction."""
    later = now._replace(newest=part.commits[-1].hash, commits=now.commits + len(part.commits))
    with catalog.writing() as connection, Texts(repository) as texts:
        if held(connection) != now:
            raise _OtherError
        replay = Replay(
            connection, texts.read, history.ignored, grace=history.grace, last=now.commits,
            stale=True,
        )  # fmt: skip
        replay.play(part)
        replay.flush()
        _hold(connection, later)
    return later


def add_commits(
    catalog: Catalog, repository: Repository, history: PublishedHistory, commits: Sequence[Commit]
) -> None:
    """Add commits that were just made, each on the one before: git need not be asked for them.

    Nothing is added where they do not follow what is held: that is left to ``bring_up_to_date``.
    """
    with suppress(sqlite3.Error, OSError, _OtherError):
        now = held(catalog.connection)
        if now is not None and now.key == history.key and commits[0].parents == (now.newest,):
            made = CommitRange(list(commits), [True] * len(commits), {})
            _append(catalog, repository, history, now, made)


def rebuild(
    catalog: Catalog,
    repository: Repository,
    history: PublishedHistory,
    progress: Progress | None = None,
) -> None:
    """Read the whole history into a new database, and put it into the place of the old one.

    Readers see the old one until then. Raises ``sqlite3.Error`` or ``OSError`` where that cannot
    be, and ``TrackerError`` where git cannot read the history.
    """
    with catalog.writing() as connection:  # can it be written at all?
        connection.execute("DELETE FROM meta WHERE key = 'building'")
    with _filled(repository, history, progress) as new:
        for table, row in _KEPT:  # they hold as before
            rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - one of three
            new.executemany(f"INSERT INTO {table.split()[0]} VALUES ({row})", rows)  # noqa: S608
        new.commit()
        _put(new, catalog)


@contextmanager
def _filled(
    repository: Repository, history: PublishedHistory, progress: Progress | None
) -> Iterator[sqlite3.Connection]:
    """A new database that holds the whole history; nobody else sees it."""
    with closing(sqlite3.connect("", isolation_level=None)) as new:  # a file that has no name
        new.execute(f"PRAGMA cache_size = -{_CACHE}")
        new.execute("PRAGMA synchronous = OFF")
        make(new)
        new.execute("BEGIN")
        found = survey(repository, history)
        done = 0
        with Texts(repository) as texts:
            replay = Replay(new, texts.read, history.ignored, grace=history.grace, last=0)
            for part in read_ranges(repository, history, found):
                if progress is not None:
                    progress(done, found.size)
                replay.play(part)
                texts.forget()
                done += len(part.commits)
            replay.flush()
        if progress is not None:
            progress(done, done)
        _hold(new, Held(history.key, history.newest, done))
        yield new


def _put(new: sqlite3.Connection, catalog: Catalog) -> None:
    """Put a whole database into the catalog, in one transaction of its own."""
    deadline = time.monotonic() + 5 * PATIENCE

    def waiting(_status: int, remaining: int, _total: int) -> None:
        if remaining and time.monotonic() > deadline:
            raise sqlite3.OperationalError("database is locked")

    new.backup(catalog.connection, progress=waiting, sleep=0.02)


def behind(repository: Repository, history: PublishedHistory, now: Held) -> int | None:
    """How many commits the catalog has not seen; None where it must be made anew."""
    if history.newest == now.newest:
        return 0
    done = repository.git.completed(
        "rev-list", "--count", "--first-parent", history.newest, f"^{now.newest}", "--"
    )
    return None if done.returncode else int(done.stdout)


def agrees(
    repository: Repository, history: PublishedHistory, progress: Progress | None = None
) -> bool | None:
    """Whether the catalog's file tells of every text what git tells when it is read anew.

    None where there is no file, or it holds another history.
    """
    if not catalog_file(repository).is_file():
        return None
    with Catalog(repository) as catalog:
        try:
            now = held(catalog.connection)
            if catalog.in_memory or now is None or now.key != history.key:
                return None
            bring_up_to_date(catalog, repository, history)
            known = set(all_tracks(catalog.connection))
        except sqlite3.Error:
            return None  # it is made anew by whoever asks it next
    with _filled(repository, history, progress) as new:
        return known == set(all_tracks(new))
