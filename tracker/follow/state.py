"""What is known of the pages that are followed: ``.git/tracker/follow.sqlite3``.

The texts are in git. Here is when each page was looked at and is due, what the server said for the
next conditional request, what was left out and why, and what still has to be done: versions that
were seen and are not recorded yet, messages that are not delivered yet. What a killed round had
seen is written down before anything else happens to it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from tracker.errors import TrackerError
from tracker.follow.fetch import Host, HostBudget
from tracker.follow.volatile import LeftOut
from tracker.store.files import make_folder

_FORMAT = 1
_SCHEMA = """
CREATE TABLE source (
  url TEXT PRIMARY KEY, kind TEXT, title TEXT, etag TEXT, modified TEXT, looked REAL, due REAL,
  state TEXT, reason TEXT, failures INTEGER DEFAULT 0
);
CREATE TABLE host (
  name TEXT PRIMARY KEY, robots TEXT, robots_status INTEGER, robots_at REAL, until REAL, why TEXT,
  failures INTEGER, budget REAL, budget_at REAL, waiting INTEGER DEFAULT 0
);
CREATE TABLE article (
  id INTEGER PRIMARY KEY, url TEXT NOT NULL, host TEXT NOT NULL, path TEXT NOT NULL, site TEXT,
  found REAL, looked REAL, due REAL, changed REAL, state TEXT, reason TEXT, etag TEXT,
  modified TEXT, words INTEGER, title TEXT, blocks TEXT, seen TEXT, last TEXT,
  live INTEGER DEFAULT 0, failures INTEGER DEFAULT 0, missing INTEGER DEFAULT 0,
  missing_since REAL, gone INTEGER DEFAULT 0,
  held TEXT, held_since REAL, held_looks INTEGER DEFAULT 0, wayback TEXT, body TEXT
);
CREATE UNIQUE INDEX article_path ON article (path);
CREATE INDEX article_due ON article (due);
CREATE TABLE alias (key TEXT PRIMARY KEY, article INTEGER NOT NULL);
CREATE TABLE look (
  article INTEGER, at REAL, status INTEGER, state TEXT, "commit" TEXT, capture TEXT
);
CREATE INDEX look_article ON look (article, at);
CREATE TABLE block (host TEXT, key TEXT, article INTEGER, PRIMARY KEY (host, key, article))
  WITHOUT ROWID;
CREATE TABLE toggle (article INTEGER, key TEXT, times INTEGER, PRIMARY KEY (article, key))
  WITHOUT ROWID;
CREATE TABLE left_out (article INTEGER, reason TEXT, text TEXT);
CREATE INDEX left_out_article ON left_out (article);
CREATE TABLE pending (
  id INTEGER PRIMARY KEY, article INTEGER, at REAL, path TEXT, text TEXT, moved_from TEXT,
  by TEXT, trailers TEXT, look INTEGER, event TEXT
);
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY, kind TEXT, made REAL, content TEXT, tries INTEGER DEFAULT 0, due REAL,
  why TEXT
);
CREATE TABLE capture (
  url TEXT, stamp TEXT, original TEXT, digest TEXT, done INTEGER DEFAULT 0,
  PRIMARY KEY (url, stamp)
) WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT);
"""


_OF_HOST = ("robots", "robots_status", "robots_at", "until", "why", "failures")


class SourceState(NamedTuple):
    """A feed, sitemap, page or site, as it was last looked at."""

    url: str
    kind: str = ""
    title: str = ""
    etag: str = ""
    modified: str = ""
    looked: float | None = None
    due: float = 0.0
    state: str = ""
    reason: str = ""
    failures: int = 0


class FollowedPage(NamedTuple):
    """An article that is followed, as it was last looked at."""

    id: int
    url: str
    host: str
    path: str
    site: str  # the address of the source that led to it
    found: float
    looked: float | None = None
    due: float = 0.0
    changed: float = 0.0  # the last change, or when it was found
    state: str = ""  # "ok", "paywall", "error", …; "" before the first look
    reason: str = ""
    etag: str = ""
    modified: str = ""
    words: int | None = None  # of the last recorded text
    title: str = ""
    blocks: str = ""  # keys of the last recorded text's blocks, with spaces
    seen: str = "{}"  # JSON: fingerprint -> how often a version with it was recorded
    last: str = ""  # fingerprint of the last recorded version
    live: int = 0
    failures: int = 0
    missing: int = 0  # times in a row that it was not found
    missing_since: float | None = None
    gone: int = 0  # its deletion is recorded
    held: str = ""  # fingerprint of a version that is shown in turn with others
    held_since: float | None = None
    held_looks: int = 0
    wayback: str = ""  # where Save Page Now put it
    body: str = ""  # a hash of the bytes that were last read


class Pending(NamedTuple):
    """A version that was seen and is not recorded yet."""

    id: int
    article: int
    at: float
    path: str
    text: str | None  # None: a deletion; "": as it stands in the newsroom
    moved_from: str | None
    by: str
    trailers: tuple[tuple[str, str], ...]
    look: int
    event: str  # "revision", "moved", "deleted", "returned"


class Message(NamedTuple):
    id: int
    kind: str  # "command", "webhook", "wayback"
    made: float
    content: str
    tries: int
    due: float
    why: str


class FollowState:
    """The file, open for one round. Use it as a context manager."""

    def __init__(self, file: Path, *, write: bool = True) -> None:
        """Raises ``TrackerError`` where another round holds the file, or it cannot be used."""
        self.file = file
        try:
            if write:
                make_folder(file.parent)
            elif not file.exists():
                file = Path(":memory:")
            self._base = sqlite3.connect(file, timeout=2, isolation_level=None)
            self._base.row_factory = sqlite3.Row
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            (found,) = self._base.execute("PRAGMA user_version").fetchone()
            if found == 0:
                self._base.executescript(
                    f"BEGIN; {_SCHEMA} PRAGMA user_version = {_FORMAT}; COMMIT"
                )
            elif found != _FORMAT:
                raise TrackerError(
                    f"{file} was written by another version of tracker.",
                    "Use that version, or move the file away to begin anew.",
                )
        except (sqlite3.Error, OSError) as error:
            raise TrackerError(
                f"{file} cannot be used: {error}.", "See to the disk and its permissions."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written in the block is there as a whole or not at all. Blocks may be nested."""
        if self._base.in_transaction:
            yield
            return
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def _rows(self, asked: str, *values: object) -> list[sqlite3.Row]:
        return self._base.execute(asked, values).fetchall()

    # --- sources and hosts

    def source(self, url: str) -> SourceState:
        """What is known of a feed, sitemap, page or site."""
        rows = self._rows("SELECT * FROM source WHERE url = ?", url)
        return SourceState(**rows[0]) if rows else SourceState(url)

    def sources(self) -> list[SourceState]:
        return [SourceState(**row) for row in self._rows("SELECT * FROM source ORDER BY url")]

    def keep_source(self, source: SourceState) -> None:
        self._put("source", source._asdict())

    def host(self, name: str) -> tuple[Host, HostBudget]:
        host = Host(name)
        rows = self._rows("SELECT * FROM host WHERE name = ?", name)
        if not rows:
            return host, HostBudget(float("inf"), 0.0)
        for each in _OF_HOST:
            setattr(host, each, rows[0][each])
        return host, HostBudget(rows[0]["budget"], rows[0]["budget_at"])

    def keep_host(self, host: Host, budget: HostBudget, waiting: int) -> None:
        """``waiting``: pages that are due and that the budget left out."""
        values = {each: getattr(host, each) for each in _OF_HOST}
        values |= {"budget": budget.left, "budget_at": budget.at, "waiting": waiting}
        self._put("host", {"name": host.name, **values})

    def hosts(self) -> list[Mapping[str, Any]]:
        """All hosts that were asked, with how many pages are due and wait."""
        return [dict(row) for row in self._rows("SELECT * FROM host ORDER BY name")]

    def _put(self, table: str, values: Mapping[str, object]) -> int:
        """Put a row in the place of what was there; its number."""
        names = ", ".join(values)
        places = ", ".join("?" * len(values))
        done = self._base.execute(
            f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})",  # noqa: S608 - ours
            tuple(values.values()),
        )
        assert done.lastrowid is not None
        return done.lastrowid

    # --- pages

    def page(self, number: int) -> FollowedPage:
        (row,) = self._rows("SELECT * FROM article WHERE id = ?", number)
        return FollowedPage(**row)

    def pages(self, site: str | None = None) -> list[FollowedPage]:
        """All pages, or those of a source, by address."""
        asked = "SELECT * FROM article WHERE ? IN ('', site) ORDER BY url"
        return [FollowedPage(**row) for row in self._rows(asked, site or "")]

    def due(self, now: float) -> list[FollowedPage]:
        """The pages that wait for their look."""
        return [
            FollowedPage(**row) for row in self._rows("SELECT * FROM article WHERE due <= ?", now)
        ]

    def known(self, key: str) -> int | None:
        """The page that a key of an address, or a feed's name of an article, means."""
        rows = self._rows("SELECT article FROM alias WHERE key = ?", key)
        return int(rows[0]["article"]) if rows else None

    def name(self, key: str, article: int) -> None:
        """From now on this key means that page."""
        self._base.execute("INSERT OR REPLACE INTO alias VALUES (?, ?)", (key, article))

    def free_path(self, path: str, article: int | None = None) -> bool:
        """True where no other page is kept under this path."""
        rows = self._rows("SELECT id FROM article WHERE path = ?", path)
        return not rows or rows[0]["id"] == article

    def add(self, url: str, host: str, path: str, site: str, now: float) -> int:
        """A page that was found now, due at once."""
        page = FollowedPage(0, url, host, path, site, now, due=now, changed=now)
        return self._put("article", page._asdict() | {"id": None})

    def keep(self, page: FollowedPage) -> None:
        values = page._asdict()
        names = ", ".join(f"{name} = ?" for name in values)
        self._base.execute(
            f"UPDATE article SET {names} WHERE id = ?",  # noqa: S608 - the names are ours
            (*values.values(), page.id),
        )

    def forget(self, page: int, instead: int) -> None:
        """A page turned out to be another: its names mean that one."""
        self._base.execute("UPDATE alias SET article = ? WHERE article = ?", (instead, page))
        self._base.execute("DELETE FROM article WHERE id = ?", (page,))
        self._base.execute("DELETE FROM look WHERE article = ?", (page,))

    def looked(self, page: int, at: float, status: int, state: str, capture: str = "") -> int:
        """Write down a look; its number."""
        look = {"article": page, "at": at, "status": status, "state": state, "capture": capture}
        return self._put("look", look)

    def count_looks(self, page: int, state: str, since: float) -> int:
        """How many looks at a page since then ended so."""
        asked = "SELECT count(*) AS n FROM look WHERE article = ? AND state = ? AND at >= ?"
        return int(self._rows(asked, page, state, since)[0]["n"])

    def last_look(self, page: int, before: float) -> float | None:
        asked = (
            "SELECT max(at) AS at FROM look WHERE article = ? AND at < ? AND status IN (200, 304)"
        )
        found = self._rows(asked, page, before)[0]["at"]
        return None if found is None else float(found)

    def looks(self) -> Iterator[Mapping[str, Any]]:
        """Every look that was written down, oldest first, with address and path."""
        asked = (
            "SELECT article.url, article.path, look.at, look.status, look.state, look.capture,"
            ' look."commit" FROM look JOIN article ON article.id = look.article'
            " ORDER BY look.rowid"
        )
        for row in self._base.execute(asked):
            yield dict(row)

    # --- blocks

    def leave_out(self, page: int, left: Iterable[LeftOut]) -> None:
        """What this look left out of a page's text."""
        self._base.execute("DELETE FROM left_out WHERE article = ?", (page,))
        self._base.executemany(
            "INSERT INTO left_out VALUES (?, ?, ?)",
            [(page, out.reason, out.text[:2000]) for out in left],
        )

    def left_out(self, page: int) -> list[LeftOut]:
        asked = "SELECT reason, text FROM left_out WHERE article = ? ORDER BY rowid"
        return [LeftOut(row["reason"], row["text"]) for row in self._rows(asked, page)]

    def stand(self, host: str, page: int, keys: Iterable[str]) -> None:
        """These blocks, outside the text's own flow, stand in a page of a host."""
        self._base.executemany(
            "INSERT OR IGNORE INTO block VALUES (?, ?, ?)", [(host, key, page) for key in keys]
        )

    def shared(self, host: str, keys: Iterable[str], least: int) -> frozenset[str]:
        """Those of the blocks that stand in so many pages of the host or more."""
        asked = "SELECT count(*) AS n FROM block WHERE host = ? AND key = ?"
        return frozenset(key for key in keys if self._rows(asked, host, key)[0]["n"] >= least)

    def toggled(self, page: int, key: str) -> None:
        """A block came or went while nothing else changed."""
        self._base.execute(
            "INSERT INTO toggle VALUES (?, ?, 1)"
            " ON CONFLICT (article, key) DO UPDATE SET times = times + 1",
            (page, key),
        )

    def toggling(self, page: int, least: int) -> frozenset[str]:
        """The blocks of a page that came or went so often or more."""
        asked = "SELECT key FROM toggle WHERE article = ? AND times >= ?"
        return frozenset(row["key"] for row in self._rows(asked, page, least))

    # --- what is to be done

    def wait(self, pending: Pending) -> None:
        """Write down a version that was seen; its ``id`` is given here."""
        trailers = json.dumps(pending.trailers)
        self._put("pending", pending._asdict() | {"id": None, "trailers": trailers})

    def pending(self) -> list[Pending]:
        """What was seen and is not recorded yet, oldest first."""
        found = []
        for row in self._rows("SELECT * FROM pending ORDER BY id"):
            trailers = tuple((name, value) for name, value in json.loads(row["trailers"]))
            found.append(Pending(**{**row, "trailers": trailers}))
        return found

    def recorded(self, pending: Pending, commit: str) -> None:
        """A version is in git now; the look gets its commit. "" where it was refused."""
        self._base.execute("DELETE FROM pending WHERE id = ?", (pending.id,))
        if commit:
            self._base.execute(
                'UPDATE look SET "commit" = ? WHERE rowid = ?', (commit, pending.look)
            )

    def send(self, kind: str, now: float, content: str) -> None:
        """Put a message where it waits for its delivery."""
        message = {"kind": kind, "made": now, "content": content, "due": now, "why": ""}
        self._put("outbox", message)

    def messages(self, now: float | None = None) -> list[Message]:
        """What waits for its delivery, oldest first; with ``now``, what is due."""
        when = float("inf") if now is None else now
        asked = "SELECT * FROM outbox WHERE due <= ? ORDER BY id"
        return [Message(**row) for row in self._rows(asked, when)]

    def delivered(self, message: Message) -> None:
        self._base.execute("DELETE FROM outbox WHERE id = ?", (message.id,))

    def put_off(self, message: Message, due: float, why: str) -> None:
        """It could not be delivered, and is tried again."""
        self._base.execute(
            "UPDATE outbox SET tries = tries + 1, due = ?, why = ? WHERE id = ?",
            (due, why[:500], message.id),
        )

    # --- captures of the Wayback Machine

    def captures(self, url: str) -> list[tuple[str, str]]:
        """The captures of an address that are not read yet, oldest first: stamp, address then."""
        asked = "SELECT stamp, original FROM capture WHERE url = ? AND NOT done ORDER BY stamp"
        return [(row["stamp"], row["original"]) for row in self._rows(asked, url)]

    def list_captures(self, url: str, found: Iterable[tuple[str, str, str]]) -> None:
        """Captures of an address: stamp, address then, digest."""
        self._base.executemany(
            "INSERT OR IGNORE INTO capture (url, stamp, original, digest) VALUES (?, ?, ?, ?)",
            [(url, *each) for each in found],
        )

    def read_capture(self, url: str, stamp: str) -> None:
        self._base.execute("UPDATE capture SET done = 1 WHERE url = ? AND stamp = ?", (url, stamp))

    def said(self, name: str) -> str:
        """A value kept under a name; "" where there is none."""
        rows = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else ""

    def say(self, name: str, value: str) -> None:
        self._base.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
