"""Databases of earlier trackers: diffengine and NewsEdits (SQLite), NewsDiffs (SQLite and git)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from tracker.errors import TrackerError
from tracker.newsroom.incoming import Incoming, Skipped
from tracker.sources.versions import (
    LARGEST,
    HowRead,
    Made,
    Spooled,
    html_body,
    local_instant,
    path_of_url,
    shown,
    trailers,
)
from tracker.store.git import discover
from tracker.store.reader import Objects
from tracker.text.document import with_front_matter

_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_HTTPS = "https:/"  # NewsDiffs keeps https addresses in a folder of this name, with one slash


def opened(file: Path) -> sqlite3.Connection:
    """A foreign database, only to be read; it runs nothing of its own.

    Raises ``TrackerError`` where it is no database.
    """
    try:
        found = sqlite3.connect(
            f"file:{quote(str(file.absolute()))}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        found.execute("PRAGMA trusted_schema = OFF")
        found.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise _damaged(file, error) from None
    found.text_factory = lambda data: data.decode("utf-8", "replace")
    return found


def _damaged(file: Path, error: sqlite3.Error) -> TrackerError:
    return TrackerError(
        f"{shown(file)} cannot be read as a database: {error}.",
        "Copy it again while nothing writes to it.",
    )


def columns(database: sqlite3.Connection, table: str) -> set[str]:
    """The columns of a table, in small letters; none where there is no such table (a view is none:
    it is a program).
    """
    found = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND lower(name) = ?"
        " AND sql NOT LIKE 'CREATE VIRTUAL%'",
        (table.lower(),),
    ).fetchone()
    if found is None:
        return set()
    return {
        name.lower() for (name,) in database.execute("SELECT name FROM pragma_table_info(?)", found)
    }


def naive_instant(written: object) -> datetime | None:
    """A time as a database keeps it, without zone; None for what is none."""
    try:
        found = datetime.fromisoformat(str(written).strip().removesuffix("Z"))
    except ValueError:
        return None
    return found.replace(tzinfo=None) if found.year >= 1970 else None


# --- diffengine and NewsEdits ---------------------------------------------------------------------


class Diffengine(Spooled):
    """The versions of a database of diffengine, or of NewsEdits, which goes on from its table.

    Their texts are what diffengine kept of a page: paragraphs in HTML, with quotation marks and
    spaces made alike. Of a database that has sentences alone (``split_sentences``), the sentences
    of a version are joined; it knows the order of versions and not their dates.
    """

    def __init__(self, file: Path, reading: HowRead) -> None:
        super().__init__()
        self._file = file
        self._markup = reading.markup

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
        """Every version, entry by entry."""
        try:
            with closing(opened(self._file)) as database:
                if columns(database, "entryversion"):
                    yield from self._versions(database)
                else:
                    yield from self._sentences(database)
        except sqlite3.Error as error:
            raise _damaged(self._file, error) from None

    def _versions(self, database: sqlite3.Connection) -> Iterator[Made | Skipped]:
        there = columns(database, "entryversion")
        if missing := {"entry_id", "created"} - there:
            raise TrackerError(
                f"The table entryversion of {shown(self._file)} has no {min(missing)}.",
                "It is no database of diffengine or NewsEdits.",
            )
        wanted = ("id", "entry_id", "created", "title", "url", "summary", "archive_url", "version")
        chosen = ", ".join(name if name in there else f"NULL AS {name}" for name in wanted)
        order = "entry_id, created, version, id" if "version" in there else "entry_id, created, id"
        joined = bool({"entry_id", "version", "sentence"} <= columns(database, "split_sentences"))
        entries = columns(database, "entry") >= {"id", "url"}
        path, entry = "", None
        for row in database.execute(f"SELECT {chosen} FROM entryversion ORDER BY {order}"):  # noqa: S608
            key, number, created, title, url, summary, archived, version = row
            origin = f"{shown(self._file)}, entryversion {key if key is not None else version}"
            if number != entry:
                entry = number
                path = self._path(database, number, url, entries=entries)
            at = naive_instant(created)
            if at is None:
                yield self.bad(origin, "Its date cannot be read.")
                continue
            if summary is None and joined:
                summary = _joined(database, number, version)
            if not summary and not title:
                yield self.trap("versions without a text", origin, "It has no text.")
                continue
            said = trailers(Url=url, Archive_Url=archived, Id=f"{number}/{key}")
            yield self._version(path, at.replace(tzinfo=UTC), title, url, summary, said, origin)

    def _path(self, database: sqlite3.Connection, entry: int, url: str, *, entries: bool) -> str:
        """Where an entry goes: by its own address, which may differ from that of a version."""
        if entries:
            row = database.execute("SELECT url FROM entry WHERE id = ?", (entry,)).fetchone()
            url = row[0] if row is not None else url
        try:
            return path_of_url(str(url or ""))
        except ValueError:
            return f"entry-{entry}.md"

    def _version(
        self,
        path: str,
        at: datetime,
        title: object,
        url: object,
        summary: object,
        said: str,
        origin: str,
    ) -> Made | Skipped:
        try:
            body = html_body(str(summary or ""), self._markup)
        except ValueError as error:
            return self.bad(origin, f"Its body cannot be read: {error}.")
        fields = {"title": title and str(title), "url": url and str(url)}
        text = with_front_matter(fields, body).encode("utf-8", "replace")
        return Incoming(self.placed(path), "", at, None, None, (), 0, origin, said), text

    def _sentences(self, database: sqlite3.Connection) -> Iterator[Made | Skipped]:
        """Versions of which the sentences alone are there, joined in their order."""
        there = columns(database, "split_sentences")
        if not {"entry_id", "version", "sent_idx", "sentence"} <= there:
            raise TrackerError(
                f"{shown(self._file)} has no table entryversion, and no split_sentences.",
                "Name the format with --format, if it is another tracker's database.",
            )
        dated = "created" in there
        created = "min(created)" if dated else "NULL"
        with closing(opened(self._file)) as inner:
            for entry, version, written in database.execute(
                f"SELECT entry_id, version, {created} FROM split_sentences"  # noqa: S608
                " GROUP BY entry_id, version ORDER BY entry_id, version"
            ):
                origin = f"{shown(self._file)}, entry {entry}, version {version}"
                at = naive_instant(written)
                said = {"Id": f"{entry}/{version}"}
                if at is None:
                    try:
                        at = _UNDATED + timedelta(minutes=int(version))
                    except (TypeError, ValueError, OverflowError):
                        yield self.bad(origin, "Its number is none.")
                        continue
                    self.traps["versions whose order alone is known (dated 1970)"] += 1
                    said["Undated"] = "the order of versions alone is known"
                body = _joined(inner, entry, version)
                at, path = at.replace(tzinfo=UTC), f"entry-{entry}.md"
                yield self._version(path, at, None, None, body, trailers(**said), origin)


def _joined(database: sqlite3.Connection, entry: object, version: object) -> str:
    """The sentences of a version, one after the other; a mark of a paragraph begins a new one."""
    parts: list[str] = []
    size = 0
    for (sentence,) in database.execute(
        "SELECT sentence FROM split_sentences WHERE entry_id = ? AND version = ? ORDER BY sent_idx",
        (entry, version),
    ):
        said = str(sentence or "").strip()
        size += len(said)
        if size > LARGEST:
            break
        if re.fullmatch(r"(?:\s*</?p>\s*)+", said):
            parts.append("\n\n")
        elif said:
            parts.append(re.sub(r"\s*</?p>\s*", "\n\n", said))
    return "".join(
        f"<p>{' '.join(part.split())}</p>" for part in " ".join(parts).split("\n\n") if part.strip()
    )


# --- NewsDiffs ------------------------------------------------------------------------------------


class NewsDiffs(Spooled):
    """The versions of NewsDiffs: a table of them, and their texts in a repository a month.

    A text comes byte for byte as it stands in git: date line, headline, byline and body. What
    NewsDiffs called boring is imported like the rest. Its times are the wall clock of its server.
    """

    def __init__(self, path: Path, reading: HowRead) -> None:
        super().__init__()
        self._database = path if path.is_file() else _database_in(path)
        base = self._database.absolute().parent
        places = (base / "articles", base.parent / "articles", base)
        folder = next((place for place in places if _has_repositories(place)), None)
        if reading.zone is None:
            raise TrackerError(
                "NewsDiffs keeps the wall-clock time of its server, without a zone.",
                "Name that zone: --zone America/New_York",
            )
        if folder is None:
            raise TrackerError(
                f"The texts of {shown(self._database)} are not beside it.",
                "Put its folder articles, with one git repository a month, next to the database.",
            )
        self._folder = folder
        self._zone = reading.zone

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
        """Every version of the table whose repository is there."""
        name = shown(self._database)
        months: dict[str, Objects | None] = {}
        try:
            with ExitStack() as stack, closing(opened(self._database)) as database:
                for key, commit, title, byline, written, boring, url, month in database.execute(
                    "SELECT version.id, v, title, byline, date, boring, url, git_dir"
                    " FROM version JOIN Articles ON Articles.id = article_id"
                    " ORDER BY article_id, date, version.id"
                ):
                    origin = f"{name}, version {key}"
                    at, path, month = naive_instant(written), _file(str(url)), str(month)
                    if at is None or path is None or not _HASH.fullmatch(str(commit)):
                        what = "date" if at is None else "address" if path is None else "commit"
                        yield self.bad(origin, f"Its {what} cannot be read.")
                        continue
                    if month not in months:
                        months[month] = self._month(month, stack)
                    objects = months[month]
                    if objects is None:
                        yield self.bad(origin, f"The repository articles/{month[:40]} is missing.")
                        continue
                    text = _text(objects, f"{commit}:{path}")
                    if text is None:
                        reason = f"Its text, of commit {commit[:12]}, is not in the repository."
                        yield self.bad(origin, reason)
                        continue
                    if boring:
                        self.traps["versions that NewsDiffs called boring (imported)"] += 1
                    said = trailers(
                        Url=url, Byline=byline or None, Id=key, Commit=commit,
                        Boring="yes" if boring else None,
                    )  # fmt: skip
                    placed = self.placed(path_of_url(str(url), ".txt"))
                    title = " ".join(str(title).split()) or None
                    when = local_instant(at, self._zone, self.traps)
                    yield Incoming(placed, "", when, None, title, (), 0, origin, said), text
        except sqlite3.Error as error:
            raise _damaged(self._database, error) from None

    def _month(self, name: str, stack: ExitStack) -> Objects | None:
        """The texts of a month; None where its repository is not there."""
        plain = re.fullmatch(r"[\w-]{1,40}", name, re.ASCII) is not None
        there = plain and (self._folder / name / ".git").exists()
        if not there:
            return None
        return stack.enter_context(Objects(discover(self._folder / name)))


def _text(objects: Objects, name: str) -> bytes | None:
    """The text of an article that ``commit:path`` names; None where there is none."""
    about = objects.info(name)
    if about is None or about.kind != "blob" or about.size > LARGEST:
        return None
    return objects.content(about.hash, "blob")


def _file(url: str) -> str | None:
    """The file of an address, as NewsDiffs names it; None for another kind of address."""
    found = url.rstrip("/")
    if not found.isprintable():
        return None
    if found.startswith("http://"):
        return found.removeprefix("http://")
    if found.startswith("https://"):
        return f"{_HTTPS}{found.removeprefix('https://')}"
    return None


def is_newsdiffs(database: sqlite3.Connection) -> bool:
    """Whether a database has the tables of NewsDiffs."""
    return {"v", "article_id", "date"} <= columns(database, "version") and {"url", "git_dir"} <= (
        columns(database, "Articles")
    )


def is_diffengine(database: sqlite3.Connection) -> bool:
    """Whether a database has the table of diffengine, or one of NewsEdits."""
    return bool(columns(database, "entryversion") or columns(database, "split_sentences"))


def _has_repositories(folder: Path) -> bool:
    return folder.is_dir() and any((each / ".git").exists() for each in folder.iterdir())


def _database_in(folder: Path) -> Path:
    """The database of NewsDiffs in its folder. Raises ``TrackerError`` where there is none."""
    found = databases_in(folder)
    if not found:
        raise TrackerError(
            f"No database of NewsDiffs is in {shown(folder)}.",
            "Name its SQLite file; a MySQL database has to be made one first (docs/import.md).",
        )
    return found[0]


def databases_in(folder: Path) -> list[Path]:
    """The SQLite files in a folder and its subfolder website that have the tables of NewsDiffs."""
    found = []
    for place in (folder, folder / "website"):
        if not place.is_dir():
            continue
        for file in sorted(place.iterdir()):
            if file.suffix in (".db", ".sqlite", ".sqlite3") and file.is_file():
                with closing(opened(file)) as database:
                    if is_newsdiffs(database):
                        found.append(file)
    return found
