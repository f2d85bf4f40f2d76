"""The published line into the catalog: all of it once, then only what is new.

The line is read in pieces of some thousand commits, so that memory stays flat however long it is;
all the pieces' commits are played by ``StoredLives``. What another clone recorded and a merge
brought may stand between what is held: then the line is cut behind the newest commit that both
sides go back to, and read again from there.

What is held is told by ``meta``: ``line`` (what the line depends on beside its tip), ``tip``,
``steps``; and ``united``, the newest step at which two articles turned out to be one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from typing import NamedTuple

from tracker.store.catalog.carry import carry
from tracker.store.catalog.cut import cut, waist
from tracker.store.catalog.file import PATIENCE, Catalog, make
from tracker.store.catalog.pieces import Piece, Wanted, piece_of, read_pieces, survey
from tracker.store.catalog.stored import StoredLives
from tracker.store.contents import Contents
from tracker.store.frugal import FRUGAL
from tracker.store.git import Repository
from tracker.store.line import LOG, names_of, parse_log, tip

Progress = Callable[[int, int], None]
"""Called with the number of commits done and the number of all."""

_AT_ONCE = 2000  # new commits up to which the line is not counted first
_CACHE = 64 * 1024  # KiB of the file that are held in memory while it is made
_MOST_SAID = 200  # letters that the key of a line has in full
_ROUNDS = 4  # times that another process may be quicker

_LATER = {
    "step_at": "step (at)", "version_by_step": "version (step)", "event_by_step": "event (step)",
}  # fmt: skip
"""Indexes that cost less when everything is there."""


class Held(NamedTuple):
    """The line that the catalog holds."""

    key: str
    newest: str
    steps: int  # commits of it


def wanted(repository: Repository, branch: str | None, ignored: frozenset[str]) -> Wanted:
    """The line of a branch, or of HEAD. Raises ``TrackerError`` where it has no commit."""
    branches = names_of(repository, branch)
    said = [*sorted(branches), "", *sorted(ignored), "", _grafts(repository)]
    return Wanted(tip(repository, branch), branches, ignored, _short("\n".join(said)))


def _short(said: str) -> str:
    """The words themselves, or a digest where they are many."""
    if len(said) <= _MOST_SAID:
        return said
    from hashlib import sha256  # takes as long to load as all else here

    return sha256(said.encode("utf-8", "surrogateescape")).hexdigest()


def _grafts(repository: Repository) -> str:
    """What makes git see other parents than a commit's own; "" where nothing does."""
    common = repository.common_dir
    said = ""
    for name in ("shallow", "info/grafts"):
        with suppress(OSError):
            said += f"{name}: {(common / name).read_bytes().decode('ascii', 'replace')}\n"
    replaced = any((common / "refs" / "replace").glob("*")) or (common / "reftable").is_dir()
    with suppress(OSError):
        replaced = replaced or b" refs/replace/" in (common / "packed-refs").read_bytes()
    if replaced:
        said += repository.git.text("for-each-ref", "refs/replace")
    return said


def held(connection: sqlite3.Connection) -> Held | None:
    """What the catalog holds; None where it holds no line yet. Raises ``sqlite3.Error``."""
    known = dict(
        connection.execute("SELECT key, value FROM meta WHERE key IN ('line', 'tip', 'steps')")
    )
    if len(known) < 3:
        return None
    return Held(known["line"], known["tip"], known["steps"])


def _hold(connection: sqlite3.Connection, now: Held) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [("line", now.key), ("tip", now.newest), ("steps", now.steps)],
    )


def up_to_date(
    catalog: Catalog,
    repository: Repository,
    line: Wanted,
    *,
    build: bool = True,
    progress: Progress | None = None,
) -> bool:
    """Bring the catalog up to a line; False where it could not be.

    What is new is added; where the line went another way, what it left is taken out first. Without
    ``build``, nothing is done that takes as long as reading the whole line.
    """
    try:
        for _ in range(_ROUNDS):
            if catalog.connection is None:
                return False
            now = held(catalog.connection)
            if now is not None and now.key == line.key:
                if now.newest == line.newest:
                    return True
                if _follow(catalog, repository, line, now, progress, far=build):
                    continue
            if not build:
                return False
            rebuild(catalog, repository, line, progress)
    except sqlite3.Error as error:
        if "locked" not in str(error):
            catalog.failed(error)
    except (OSError, _OtherError):
        pass
    return False


class _OtherError(Exception):
    """Another process was quicker, or git says something else than before."""


# --- what is new ----------------------------------------------------------------------------------


def _follow(
    catalog: Catalog,
    repository: Repository,
    line: Wanted,
    now: Held,
    progress: Progress | None,
    *,
    far: bool,
) -> bool:
    """Add what is new, or only so much as takes no time; False where everything must be read."""
    done = repository.git.completed(
        *FRUGAL, *LOG, "--diff-merges=first-parent", f"--max-count={_AT_ONCE}", line.newest,
        f"^{now.newest}", "--",
    )  # fmt: skip
    if done.returncode:
        return False  # the tip that was seen is gone
    commits = {step.commit: step for step in parse_log(done.stdout)}
    if len(commits) == _AT_ONCE:
        return far and _follow_far(catalog, repository, line, now, progress)
    piece, bases = piece_of(repository, line, commits, line.newest, now.newest)
    if bases != {now.newest}:
        return _turn_back(catalog, now, bases)
    _append(catalog, repository, line, now, piece)
    return True


def _follow_far(
    catalog: Catalog, repository: Repository, line: Wanted, now: Held, progress: Progress | None
) -> bool:
    pieces = survey(repository, line, since=now.newest)
    if pieces.bases != {now.newest}:
        return _turn_back(catalog, now, pieces.bases)
    before = now.steps
    for piece in read_pieces(repository, line, pieces, now.newest):
        now = _append(catalog, repository, line, now, piece)
        if progress is not None:
            progress(now.steps - before, pieces.commits)
    return True


def _append(
    catalog: Catalog, repository: Repository, line: Wanted, now: Held, piece: Piece
) -> Held:
    """Add steps that follow what is held, in one transaction."""
    later = now._replace(newest=piece.steps[-1].commit, steps=now.steps + len(piece.steps))
    with catalog.writing() as connection, Contents(repository) as contents:
        if held(connection) != now:
            raise _OtherError
        lives = StoredLives(connection, contents.read, line.ignored, last=now.steps, stale=True)
        lives.play_line(*piece)
        lives.flush()
        _hold(connection, later)
    return later


def _turn_back(catalog: Catalog, now: Held, bases: Collection[str]) -> bool:
    """Go back to what is held and leads to all that is new; False where nothing does.

    ``bases`` are the commits that the new ones stand on; "" for one that stands on nothing.
    """
    if catalog.connection is None:
        return False
    with catalog.writing() as connection:
        if held(connection) != now:
            return True  # another process was quicker: look again
        places = [_place(connection, each) for each in bases]
        place = waist(connection, min(places, default=0))
        if not 0 < place < now.steps:
            return False
        cut(connection, place)
        newest = connection.execute("SELECT hash FROM step WHERE number = ?", (place,)).fetchone()
        _hold(connection, now._replace(newest=newest[0].hex(), steps=place))
    return True


def _place(connection: sqlite3.Connection, commit: str) -> int:
    """The number of a commit's step, 0 where it is not on the line; it is looked for from the end.

    There is no index: as a rule, it is one of the newest.
    """
    row = connection.execute(
        "SELECT number FROM step WHERE hash = ? ORDER BY number DESC LIMIT 1",
        (bytes.fromhex(commit),),
    ).fetchone()
    return 0 if row is None else int(row[0])


# --- everything ---------------------------------------------------------------------------------


def rebuild(
    catalog: Catalog,
    repository: Repository,
    line: Wanted,
    progress: Progress | None = None,
    *,
    forget: bool = False,
) -> None:
    """Read the whole line into a new file, and put it into the place of the old one.

    What is known of texts stays where it holds, unless it is to be forgotten. Readers see the old
    file until then. Raises ``sqlite3.Error`` or ``OSError`` where that cannot be, and
    ``TrackerError`` where git cannot read the line.
    """
    with catalog.writing() as connection:  # can it be written at all?
        connection.execute("DELETE FROM meta WHERE key = 'building'")
    with closing(sqlite3.connect("", isolation_level=None)) as new:  # a file that has no name
        new.execute(f"PRAGMA cache_size = -{_CACHE}")
        new.execute("PRAGMA synchronous = OFF")
        make(new)
        new.execute("BEGIN")
        _fill(new, repository, line, progress)
        new.execute("COMMIT")
        carry(new, catalog.path, facts=not forget)
        _put(new, catalog)


def _fill(
    new: sqlite3.Connection, repository: Repository, line: Wanted, progress: Progress | None
) -> None:
    """Read the whole line into an empty file."""
    for name in _LATER:
        new.execute(f"DROP INDEX {name}")
    pieces = survey(repository, line)
    done = 0
    with Contents(repository) as contents:
        lives = StoredLives(new, contents.read, line.ignored, last=0)
        for piece in read_pieces(repository, line, pieces, None):
            lives.play_line(*piece)
            contents.forget()
            done += len(piece.steps)
            if progress is not None:
                progress(done, pieces.commits)
        lives.flush()
    _hold(new, Held(line.key, line.newest, done))
    for name, columns in _LATER.items():
        new.execute(f"CREATE INDEX {name} ON {columns}")


def _put(new: sqlite3.Connection, catalog: Catalog) -> None:
    """Put a whole database into the file, in one transaction of that file."""
    if catalog.connection is None:
        raise sqlite3.OperationalError("the catalog is not open")
    deadline = time.monotonic() + 5 * PATIENCE

    def waiting(_status: int, remaining: int, _total: int) -> None:
        if remaining and time.monotonic() > deadline:
            raise sqlite3.OperationalError("database is locked")

    new.backup(catalog.connection, progress=waiting, sleep=0.02)


def behind(repository: Repository, line: Wanted, now: Held) -> int | None:
    """How many commits of the line the catalog has not seen; None where it must be made anew."""
    if line.newest == now.newest:
        return 0
    done = repository.git.completed(
        "rev-list", "--count", "--first-parent", line.newest, f"^{now.newest}", "--"
    )
    return None if done.returncode else int(done.stdout)
