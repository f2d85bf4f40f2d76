"""What an importer gives: versions of articles on their way into a newsroom, in any order.

A source reads and checks; it writes nothing into the newsroom, asks no clock, and knows nothing of
git's objects. It is read twice: once for what each version is, and once for the texts, in the
order in which they are wanted. So neither has to hold an archive in memory.
"""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import groupby, islice, pairwise
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, Protocol

from tracker.errors import TrackerError
from tracker.house.dates.names import aware
from tracker.house.site import DEFAULT_LAYOUT, new_path
from tracker.model import Kind, Person
from tracker.newsroom.selection import is_text, slug
from tracker.newsroom.workspace import Workspace
from tracker.store.git import checked, shown_path
from tracker.store.log import KnownText, TreeEntry
from tracker.store.reader import Reader
from tracker.store.stream import PathChange, StreamedCommit
from tracker.text.document import decode, parse

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")
"""What a terminal or an editor would obey, or show otherwise than it is."""

Key = int | str
"""How a source finds a text again."""


class Telling(NamedTuple):
    """A note that comes with a version, beside its text."""

    kind: Kind
    text: str  # the words for readers, as somebody typed them
    at: datetime | None = None  # aware; None: the version's


class Incoming(NamedTuple):
    """One version of one article, without its text."""

    path: str  # below the newsroom's folder, with forward slashes; "" where the slug alone is known
    slug: str  # for the newsroom's layout; "" where the path is given by the source
    at: datetime  # aware, in the offset that the source gives: when readers first saw this version
    person: Person | None  # who made the version; None: whoever runs the import
    message: str | None  # the commit's message; None: one is made
    told: tuple[Telling, ...]  # notes to be put into the text
    key: Key  # how the source finds the text
    origin: str  # where it was read, for people: "archive.jsonl, line 12"
    trailers: str = ""  # lines "Url: https://…" for the end of the message; "" for none
    place: datetime | None = None  # where it stands among the others; None: at its own instant
    identity: str = ""  # what the source calls the article, whatever its path; "": it does not


class Skipped(NamedTuple):
    """Something that a source holds and does not give."""

    origin: str  # where it is
    reason: str  # a sentence with its full stop
    bad: bool = False  # True: it should have been a version; False: it is left out on purpose
    hint: str = ""  # what to do about it, a sentence; may be empty


class Source(Protocol):
    """An importer. Making one raises ``TrackerError`` where there is nothing to read."""

    def versions(self, folder: Path) -> Iterator[Incoming | Skipped]:
        """Every version once, in any order, and what is left out.

        ``folder`` may take temporary files until the texts have been read. What cannot be used is
        given as ``Skipped`` with ``bad``; an input that breaks off raises ``TrackerError``.
        """
        ...

    def texts(self, keys: Iterable[Key]) -> Iterator[bytes | TrackerError]:
        """The bytes of the files of these keys, in their order; an error for one that is no text.

        Asked after ``versions`` has ended. The iterable may be read ahead, by another thread.
        """
        ...

    @property
    def share(self) -> float:
        """How much of the input ``versions`` has read, 0 to 1; 0 where that cannot be told."""
        ...

    def close(self) -> None:
        """Let the input go, whether it was read or not."""
        ...


# --- the versions of an import put in order on disk -----------------------------------------------

_AT_ONCE = 2000  # rows
_TUNED = (
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;"
    "PRAGMA temp_store = FILE;"
)


def temporary(file: Path, schema: str = "") -> sqlite3.Connection:
    """A database that goes with its folder: nothing in it has to outlast a crash."""
    # A source may ask for its keys in a thread of its own; each connection has one user.
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(_TUNED + schema)
    except sqlite3.Error as error:
        connection.close()
        raise TrackerError(
            f"{file.parent.parent} cannot be written: {error}.",
            "Nothing was imported; see to the disk, and run the import again.",
        ) from None
    return connection


_INCOMING = """
CREATE TABLE incoming (
    sequence INTEGER PRIMARY KEY, path TEXT, slug TEXT, place INTEGER, seconds INTEGER,
    minutes INTEGER, name TEXT, email TEXT, message TEXT, told TEXT, source_key, origin TEXT,
    trailers TEXT, identity TEXT);
CREATE TABLE articles (path TEXT PRIMARY KEY, first INTEGER) WITHOUT ROWID;
CREATE TABLE slugs (slug TEXT PRIMARY KEY, path TEXT) WITHOUT ROWID;
CREATE TABLE standing (path TEXT PRIMARY KEY, kind TEXT, mode TEXT, blob TEXT, slug TEXT)
    WITHOUT ROWID;
CREATE TABLE known (
    path TEXT, seconds INTEGER, blob TEXT, name TEXT, PRIMARY KEY (path, seconds, blob))
    WITHOUT ROWID;
"""
_READY = """
CREATE TABLE ready (
    place INTEGER, path BLOB, sequence INTEGER, author BLOB, date BLOB, message BLOB, blob TEXT,
    mode TEXT);
CREATE INDEX in_time_order ON ready (place, path, sequence);
CREATE TABLE final (path TEXT PRIMARY KEY, blob TEXT, is_new INTEGER) WITHOUT ROWID;
"""


class Row(NamedTuple):
    """One version that a source gave, its article's path settled."""

    path: str  # in the repository
    first: int  # where the article's first version stands
    place: int  # seconds since 1970: where it stands among the versions
    seconds: int  # since 1970: its own instant
    minutes: int  # offset from UTC
    sequence: int  # in the order of the source
    name: str | None  # of the author; None: whoever imports
    email: str | None
    message: str | None
    told: str | None  # JSON: kind, words and instant of each note
    key: Key
    origin: str
    trailers: str | None


class StandingText(NamedTuple):
    """The text that the newsroom has of an article."""

    blob: str


def _name_in(trailers: str | None) -> str | None:
    """What the source calls an article, as the lines at the end of a message have it."""
    lines = (trailers or "").splitlines()
    return next((line[4:] for line in lines if line.startswith("Id: ")), None)


class ImportPlan:
    """What an import is to do; its files go with the folder that they are in."""

    def __init__(self, folder: Path) -> None:
        self._first = folder / "incoming.sqlite3"
        self._incoming = temporary(self._first, _INCOMING)
        self._ready = temporary(folder / "ready.sqlite3", _READY)
        self._ready.execute("BEGIN")  # read by this connection alone, and never kept
        self._anything = False  # the branch has something

    def close(self) -> None:
        """Close the files, which can then be removed."""
        self._incoming.close()
        self._ready.close()

    # --- what comes, and what is there ------------------------------------------------------------

    def take(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Take versions: path, slug, and the columns of the table from ``seconds`` on."""
        self._insert("INSERT INTO incoming VALUES (NULL, ?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
        self._incoming.execute("CREATE INDEX by_slug ON incoming (slug) WHERE slug <> ''")

    def take_standing(self, entries: Iterable[tuple[TreeEntry, str]]) -> None:
        """Take the files and folders of the newest commit, each with its slug, "" for none."""
        self._anything = True
        self._insert(
            "INSERT OR IGNORE INTO standing VALUES (?,?,?,?,?)",
            ((each.path, each.kind, each.mode, each.blob, slug) for each, slug in entries),
        )
        self._incoming.execute("CREATE INDEX named ON standing (slug) WHERE slug <> ''")

    def take_known(self, known: Iterable[KnownText]) -> None:
        """Take what the branch's commits brought."""
        self._insert("INSERT OR IGNORE INTO known VALUES (?,?,?,?)", known)

    def _insert(self, insert: str, rows: Iterable[object]) -> None:
        waiting = iter(rows)
        self._incoming.execute("BEGIN")
        while some := list(islice(waiting, _AT_ONCE)):
            self._incoming.executemany(insert, some)  # type: ignore[arg-type]
        self._incoming.execute("COMMIT")

    def first_of_slugs(
        self, slug_of: Callable[[str], str]
    ) -> Iterator[tuple[str, Key, int, int, str, list[str]]]:
        """Each slug by which versions came: key, seconds and minutes of its first version, where
        that was read, and the paths that articles of this slug have, by ``slug_of``: in the
        newsroom, and among those that come by their paths. Where the source tells its articles
        apart by a path of their own, the latter are other articles.
        """
        reader = self._incoming
        by_slug = "SELECT 1 FROM incoming WHERE slug <> '' LIMIT 1"
        if reader.execute(by_slug).fetchone() is None:
            return
        reader.create_function("slug_of", 1, slug_of, deterministic=True)
        reader.execute("CREATE TABLE given (path TEXT PRIMARY KEY, slug TEXT) WITHOUT ROWID")
        reader.execute(
            "INSERT INTO given SELECT path, slug_of(path) FROM"
            " (SELECT DISTINCT path FROM incoming WHERE slug = '' AND path IS NOT NULL)"
        )
        reader.execute("CREATE INDEX meant ON given (slug) WHERE slug <> ''")
        found = reader.execute(
            "SELECT slug, path IS NOT NULL, source_key, min(place), minutes, origin FROM incoming"
            " WHERE slug <> '' GROUP BY slug"
        )
        here = "SELECT path FROM standing WHERE slug = :slug AND slug <> ''"
        comes = "SELECT path FROM given WHERE slug = :slug AND slug <> ''"
        for name, apart, *first in found:
            both = f"{here} EXCEPT {comes}" if apart else f"{here} UNION {comes}"
            there = [path for (path,) in reader.execute(f"{both} ORDER BY path", {"slug": name})]
            yield name, *first, there

    def settle(
        self, paths: Iterable[tuple[str, str]], is_moved: Callable[[Key | StandingText, Key], bool]
    ) -> None:
        """Take the path of each slug, and bring articles that moved in the source under one path.

        ``is_moved`` tells of two versions, the earlier of which may be the newsroom's, whether the
        later one goes on the earlier.
        """
        self._insert("INSERT INTO slugs VALUES (?,?)", list(paths))
        for several in list(self._moves()):
            self._unite(several, is_moved)
        self._incoming.execute(
            "INSERT INTO articles SELECT coalesce(slugs.path, incoming.path), min(place)"
            " FROM incoming LEFT JOIN slugs ON slugs.slug = incoming.slug GROUP BY 1"
        )

    def _moves(self) -> Iterator[list[str]]:
        """Paths, the oldest first, that the source gives to one article after another.

        The first may be one under which an earlier import brought the article.
        """
        self._incoming.create_function("name_in", 1, _name_in, deterministic=True)
        named = (
            "SELECT coalesce(slugs.path, incoming.path) AS path, max(identity) AS identity,"
            " min(place) AS first, max(place) AS last, name_in(max(trailers)) AS name"
            " FROM incoming LEFT JOIN slugs ON slugs.slug = incoming.slug GROUP BY 1"
            " HAVING min(identity) = max(identity) AND max(identity) <> ''"
        )
        here = (
            "SELECT path, min(seconds) AS first, max(seconds) AS last, max(name) AS name FROM known"
            " WHERE path IN (SELECT path FROM standing) GROUP BY path HAVING min(name) = max(name)"
        )
        found = self._incoming.execute(
            f"WITH named AS ({named}), here AS ({here})"  # noqa: S608
            " SELECT identity, path, first, last, 0 AS is_here FROM named"
            " WHERE identity IN (SELECT identity FROM named GROUP BY 1 HAVING count(*) > 1)"
            " OR name IN (SELECT name FROM here)"
            " UNION SELECT identity, here.path, here.first, here.last, 1 FROM here"
            " JOIN named USING (name) WHERE here.path NOT IN (SELECT path FROM named)"
            " ORDER BY identity, first, last"
        )
        for _, rows in groupby(found, key=itemgetter(0)):
            several = list(rows)
            # Where both paths have versions at one time, they are two articles.
            if all(
                one[3] <= two[2] or (one[4] and self._is_known(one[1], two[1], one[3]))
                for one, two in pairwise(several)
            ) and not any(each[4] for each in several[1:]):
                yield [path for _, path, *_ in several]

    def _is_known(self, path: str, new: str, last: int) -> bool:
        """Whether all versions that come for a path, up to an instant, were imported to another."""
        found = self._incoming.execute(
            "SELECT 1 FROM incoming LEFT JOIN slugs ON slugs.slug = incoming.slug"
            " WHERE coalesce(slugs.path, incoming.path) = ? AND place < ?"
            " AND incoming.seconds NOT IN (SELECT seconds FROM known WHERE path = ?)",
            (new, last, path),
        )
        return found.fetchone() is None

    def _unite(self, paths: list[str], is_moved: Callable[[Key | StandingText, Key], bool]) -> None:
        """Bring the versions of one article under its newest path, or the one that is there."""
        keys = "SELECT source_key FROM incoming LEFT JOIN slugs ON slugs.slug = incoming.slug"
        where = "WHERE coalesce(slugs.path, incoming.path) = ? ORDER BY place"
        for old, new in pairwise(paths):
            last = self._incoming.execute(f"{keys} {where} DESC LIMIT 1", (old,)).fetchone()
            (first,) = self._incoming.execute(f"{keys} {where} LIMIT 1", (new,)).fetchone()
            stands = self.standing(old)
            if not is_moved(last[0] if last or not stands else StandingText(stands[2]), first):
                return
        there = [path for path in paths if self.standing(path) is not None]
        if len(there) > 1:
            return  # the newsroom tells them apart
        target = (there or paths[-1:])[0]
        for path in paths:
            for table in ("slugs", "incoming"):
                self._incoming.execute(
                    f"UPDATE {table} SET path = ? WHERE path = ?",  # noqa: S608
                    (target, path),
                )

    def by_article(self) -> Iterator[Row]:
        """All versions, article by article, the oldest first; so the articles, by their first."""
        reader = temporary(self._first)
        try:
            found = reader.execute(
                "SELECT coalesce(slugs.path, incoming.path) AS settled, first, place, seconds,"
                " minutes, sequence, name, email, message, told, source_key, origin, trailers"
                " FROM incoming LEFT JOIN slugs ON slugs.slug = incoming.slug"
                " JOIN articles ON articles.path = settled"
                " ORDER BY first, settled, place, sequence"
            )
            yield from map(Row._make, found)
        finally:
            reader.close()

    def comes(self, path: str) -> bool:
        """Whether versions of an article at this path come."""
        found = self._incoming.execute("SELECT 1 FROM articles WHERE path = ?", (path,))
        return found.fetchone() is not None

    def standing(self, path: str) -> tuple[str, str, str] | None:
        """Kind, mode and blob of what is at a path now; None for nothing."""
        if not self._anything:
            return None
        found = self._incoming.execute(
            "SELECT kind, mode, blob FROM standing WHERE path = ?", (path,)
        ).fetchone()
        return None if found is None else (found[0], found[1], found[2])

    def known(self, path: str) -> dict[int, set[str]]:
        """The blobs that the branch's commits brought to a path, by their instants."""
        found: dict[int, set[str]] = {}
        if not self._anything:
            return found
        for seconds, blob in self._incoming.execute(
            "SELECT seconds, blob FROM known WHERE path = ?", (path,)
        ):
            found.setdefault(seconds, set()).add(blob)
        return found

    # --- what is to be written --------------------------------------------------------------------

    def ready(self, sequence: int, commit: StreamedCommit) -> None:
        """Take a commit of one text that is to be written; its place in the source's order."""
        author, date, place, message, (change,) = commit
        row = (place, change.path, sequence, author, date, message, change.blob, change.mode)
        self._ready.execute("INSERT INTO ready VALUES (?,?,?,?,?,?,?,?)", row)

    def finish(self, path: str, blob: str, *, is_new: bool) -> None:
        """Take the last blob of a path, and whether the path is new."""
        self._ready.execute("INSERT INTO final VALUES (?,?,?)", (path, blob, is_new))

    def ready_in_order(self) -> Iterator[StreamedCommit]:
        """The commits to write, the oldest first; those of one instant come by path."""
        for author, date, place, message, path, blob, mode in self._ready.execute(
            "SELECT author, date, place, message, path, blob, mode FROM ready"
            " ORDER BY place, path, sequence"
        ):
            yield StreamedCommit(author, date, place, message, (PathChange(path, blob, mode),))

    def final(self, path: str) -> str | None:
        """The blob that a path will have; None for a path that is not touched."""
        found = self._ready.execute("SELECT blob FROM final WHERE path = ?", (path,)).fetchone()
        return None if found is None else str(found[0])

    def new_paths(self) -> Iterator[str]:
        """The paths that the newest commit does not have, sorted."""
        for (path,) in self._ready.execute("SELECT path FROM final WHERE is_new ORDER BY path"):
            yield path

    def meets(self, path: str) -> bool:
        """Whether somebody else's change of a path concerns one that the import touches."""
        parts = path.split("/")
        above = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        marks = ",".join("?" * len(above))
        found = self._ready.execute(
            f"SELECT 1 FROM final WHERE path IN ({marks}) OR (path > ? AND path < ?) LIMIT 1",  # noqa: S608
            (*above, f"{path}/", f"{path}0"),
        ).fetchone()
        return found is not None


# --- where the articles go ------------------------------------------------------------------------

_HINT = "Give a folder in the newsroom, as articles/archive, or . for the newsroom's own."


def folder_named(given: str) -> str:
    """The newsroom's folder that somebody named for articles, without slashes around it.

    "" for the newsroom's own. Raises ``TrackerError`` for what is no folder in the newsroom.
    """
    shown = shown_path(given[:200])
    if not given.strip():
        raise TrackerError("The folder for the articles has no name.", _HINT)
    path = given.removeprefix("./").rstrip("/") if given.strip("/") else given
    if path in (".", ""):
        return ""
    if UNSAFE.search(path):
        raise TrackerError(f"The folder {shown} has characters that no path should have.", _HINT)
    if path.startswith("/"):
        raise TrackerError(f"The folder {shown} is not in the newsroom.", _HINT)
    try:
        checked(path)
    except TrackerError as error:
        raise TrackerError(error.sentence, _HINT) from None
    return path


def is_slug(name: str) -> bool:
    """Whether a name can be an article's slug: one plain part of a path."""
    if "/" in name or UNSAFE.search(name) or name.strip() != name:
        return False
    return _is_possible(name)


def slug_of(path: str, prefix: str) -> str:
    """The slug of an article's path; "" for what can be no article below the folder ``prefix``."""
    if not path.startswith(prefix) or not is_text(path) or not _is_possible(path):
        return ""
    return slug(path)


def settle_paths(plan: ImportPlan, source: Source, workspace: Workspace, under: str) -> None:
    """Find the path of each article of which the source knows the slug alone.

    It is that of the article of this slug that the newsroom has, or that comes with its path in the
    same import, on whatever line; else the layout says. Raises ``TrackerError`` where there is more
    than one such article.
    """
    rule = workspace.settings.layout or joined(under, DEFAULT_LAYOUT)
    own, zone = workspace.under, workspace.settings.zone
    prefix = f"{own}/" if own else ""
    slugs = deque[tuple[str, int, int]]()
    settled: list[tuple[str, str]] = []

    def asked() -> Iterator[Key]:
        for slug, key, seconds, minutes, origin, there in plan.first_of_slugs(
            lambda path: slug_of(path, prefix)
        ):
            if len(there) > 1:
                named = ", ".join(there[:3])
                raise TrackerError(
                    f"{origin}: there is more than one article “{slug}”: {named}.",
                    "Give the path in the place of the slug.",
                )
            if there:
                settled.append((slug, there[0]))
                continue
            slugs.append((slug, seconds, minutes))
            yield key

    dated = "{year}" in rule or "{month}" in rule or "{day}" in rule
    for data in source.texts(asked()):
        slug, seconds, minutes = slugs.popleft()
        day = instant(seconds, minutes).astimezone(zone).date()
        if dated and not isinstance(data, TrackerError):
            given = parse(decode(data)[0]).published_date
            if given is not None:
                day = aware(given, zone).astimezone(zone).date()
        settled.append((slug, joined(own, new_path(rule, slug, day))))

    def words(version: Key | StandingText) -> set[bytes]:
        if isinstance(version, StandingText):
            return set(reader.read(version.blob).split())
        (data,) = source.texts([version])
        return set() if isinstance(data, TrackerError) else set(data.split())

    def is_moved(earlier: Key | StandingText, later: Key) -> bool:
        old, new = words(earlier), words(later)
        return 2 * len(old & new) >= max(len(old), len(new), 1)

    with Reader(workspace.repository) as reader:
        plan.settle(settled, is_moved)


@lru_cache
def _zone(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes))


def instant(seconds: int, minutes: int) -> datetime:
    """Seconds since 1970 and an offset from UTC in minutes, as an aware instant."""
    return datetime.fromtimestamp(seconds, _zone(minutes))


def joined(above: str, name: str) -> str:
    """A name in a folder, "" for the topmost."""
    return f"{above}/{name}" if above else name


def _is_possible(path: str) -> bool:
    try:
        checked(path)
    except TrackerError:
        return False
    return True
