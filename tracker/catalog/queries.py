"""What the catalog is asked: the histories of articles, and what is known of all of them.

The functions take an open connection to a catalog that is up to date, and may raise
``sqlite3.Error``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from tracker.catalog.schema import (
    day_or_instant,
    notes_from_json,
    path_of,
    reasons_from_json,
    stored_path,
    text_of,
)
from tracker.model import Event, Note, Person, Revision, Selection, Track, Version

_VERSIONS = (
    "SELECT version.article, hex(step.hash), path.path, hex(version.blob), step.at, step.zone,"
    " person.name, person.email, step.subject, version.side, version.written_on"
    " FROM version JOIN step ON step.number = version.step"
    " JOIN path ON path.id = version.path JOIN person ON person.id = step.person"
    " WHERE version.number IS NOT NULL"
)
_EVENTS = (
    "SELECT event.article, event.kind, hex(step.hash), step.at, step.zone, person.name,"
    " person.email, step.subject, path.path, old.path"
    " FROM event JOIN step ON step.number = event.step"
    " JOIN path ON path.id = event.path JOIN person ON person.id = step.person"
    " LEFT JOIN path AS old ON old.id = event.old_path WHERE 1"
)


def number_at(connection: sqlite3.Connection, path: str) -> int | None:
    """The number of the article that is at a path, or was the last to be there."""
    row = connection.execute(
        "SELECT article FROM path WHERE path = ?", (stored_path(path),)
    ).fetchone()
    while row is not None:
        number = int(row[0])
        row = connection.execute("SELECT joined FROM article WHERE id = ?", (number,)).fetchone()
        if row is None or row[0] is None:
            return number
    return None


def track_of(connection: sqlite3.Connection, number: int) -> Track:
    path, alive = connection.execute(
        "SELECT path.path, alive FROM article JOIN path ON path.id = article.path"
        " WHERE article.id = ?",
        (number,),
    ).fetchone()
    versions = connection.execute(
        f"{_VERSIONS} AND version.article = ? ORDER BY version.place", (number,)
    )
    return Track(
        path_of(path), tuple(map(_version, versions)), events_of(connection, number), not alive
    )


def events_of(connection: sqlite3.Connection, number: int) -> tuple[Event, ...]:
    """What happened to an article beside its revisions, oldest first."""
    rows = connection.execute(f"{_EVENTS} AND event.article = ? ORDER BY event.place", (number,))
    return tuple(map(_event, rows))


class ListedText(NamedTuple):
    """A text that is or was published. Sorted, those that were deleted come last."""

    deleted: bool
    path: str
    number: int
    revisions: int


def texts(connection: sqlite3.Connection, prefix: str = "") -> list[ListedText]:
    """Every text whose newest path begins so."""
    rows = connection.execute(
        "SELECT NOT alive, path.path, article.id, revisions FROM article"
        " JOIN path ON path.id = article.path WHERE joined IS NULL AND text"
    )
    found = (ListedText(bool(gone), path_of(path), *rest) for gone, path, *rest in rows)
    return [each for each in found if each.path.startswith(prefix)]


def all_tracks(connection: sqlite3.Connection, under: str = "") -> tuple[Track, ...]:
    """Every text that is or was published, by path; deleted ones come last.

    ``under`` is a folder, of the newest path: what an article was before it came there is part of
    its history.
    """
    folder = under.strip("/")
    found = sorted(texts(connection, f"{folder}/" if folder else ""))
    versions = _grouped(connection.execute(f"{_VERSIONS} ORDER BY version.article, version.place"))
    events = _grouped(connection.execute(f"{_EVENTS} ORDER BY event.article, event.place"))
    wanted = {each.number for each in found}
    states = {each: tuple(map(_version, rows)) for each, rows in versions if each in wanted}
    others = {each: tuple(map(_event, rows)) for each, rows in events if each in wanted}
    return tuple(
        Track(path, states.get(number, ()), others.get(number, ()), deleted)
        for deleted, path, number, _ in found
    )


def _grouped(rows: Iterable[Any]) -> Iterator[tuple[int, Iterator[Any]]]:
    return groupby(rows, key=itemgetter(0))


@lru_cache(maxsize=4096)
def _person(name: str, email: str) -> Person:
    return Person(name, email)


@lru_cache(maxsize=256)
def _offset(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes))


def instant_of(at: int, zone: int) -> datetime:
    """The aware instant of seconds since 1970 and an offset in minutes."""
    return datetime.fromtimestamp(at, _offset(zone))


def hashes_of(stored: bytes | None, model: str) -> tuple[str, ...]:
    """Full hashes that a column holds one after another, each as long as the ``model`` in hex."""
    if stored is None:
        return ()
    width = len(model) // 2
    return tuple(stored[at : at + width].hex() for at in range(0, len(stored), width))


def _version(row: tuple[Any, ...]) -> Version:
    _, commit, path, blob, at, zone, name, email, subject, side, on = row
    return Version(
        commit.lower(),
        path_of(path),
        blob.lower(),
        instant_of(at, zone),
        _person(name, email),
        subject,
        hashes_of(side, commit),
        hashes_of(on, commit),
    )


def _event(row: tuple[Any, ...]) -> Event:
    _, kind, commit, at, zone, name, email, subject, path, old = row
    return Event(
        kind,
        commit.lower(),
        instant_of(at, zone),
        _person(name, email),
        subject,
        path_of(path),
        None if old is None else path_of(old),
    )


# --- all articles of a newsroom -------------------------------------------------------------------


class NoteRow(NamedTuple):
    """A note with the article it stands in and the revision that brought it."""

    path: str
    headline: str
    note: Note
    number: int  # of the revision
    commit: str
    replaced: bool
    person: str  # who made the revision
    out: datetime  # aware: when the note went out, as exactly as is known
    place: int  # among the notes of that revision


class ArticleHead(NamedTuple):
    path: str
    headline: str  # "" where it is not read yet
    notes: tuple[Note, ...]  # that stand in its newest text


def _where(selection: Selection) -> tuple[str, list[Any]]:
    """The condition, with WHERE before it where there is one: SQLite counts all rows at once."""
    terms, values = list[str](), list[Any]()
    if selection.kind is not None:
        terms.append("instr(fact.kinds, ?)")
        values.append(f" {selection.kind} ")
    for column in ("person", "month"):
        wanted = getattr(selection, column)
        if wanted is not None:
            terms.append(f"fact.{column} = ?")
            values.append(wanted)
    for column in ("substantive", "told"):
        wanted = getattr(selection, column)
        if wanted is not None:
            terms.append(f"fact.{column} = ?")
            values.append(int(wanted))
    if selection.people:
        terms.append(f"fact.person IN ({', '.join('?' * len(selection.people))})")
        values += selection.people
    for bound, wanted in ((">=", selection.since), ("<", selection.until)):
        if wanted is not None:
            terms.append(f"fact.at {bound} ?")
            values.append(int(wanted.timestamp()))
    return f"WHERE {' AND '.join(terms)}" if terms else "", values


def newest(
    connection: sqlite3.Connection, selection: Selection, limit: int, offset: int
) -> list[tuple[int, int]]:
    """The numbers of articles and of their revisions, newest first."""
    where, values = _where(selection)
    question = f"{_NEWEST} {where} {_ORDER} LIMIT ? OFFSET ?"
    return connection.execute(question, (*values, limit, offset)).fetchall()


_NEWEST = "SELECT fact.article, fact.number FROM fact JOIN piece ON piece.article = fact.article"
_ORDER = "ORDER BY fact.at DESC, piece.path DESC, fact.number DESC"


def count(connection: sqlite3.Connection, selection: Selection) -> int:
    where, values = _where(selection)
    question = f"SELECT count(*) FROM fact {where}"  # noqa: S608 - columns' names alone
    return int(connection.execute(question, values).fetchone()[0])


def months(connection: sqlite3.Connection, selection: Selection) -> list[tuple[str, int]]:
    """Revisions by month, the newest month first."""
    where, values = _where(selection)
    question = (
        f"SELECT month, count(*) FROM fact {where}"  # noqa: S608
        " GROUP BY month ORDER BY month DESC"
    )
    return connection.execute(question, values).fetchall()


def people(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Revisions by author's name, the most first."""
    return connection.execute(
        "SELECT person, count(*) AS made FROM fact GROUP BY person ORDER BY made DESC, person"
    ).fetchall()


_MEANT = """
    FROM piece WHERE (:since IS NULL OR revised >= :since) AND (NOT :noted OR EXISTS (
        SELECT 1 FROM note WHERE note.article = piece.article
        AND note.withdrawn IS NULL AND NOT note.replaced))
"""


def last_revised(
    connection: sqlite3.Connection,
    limit: int | None,
    offset: int,
    since: datetime | None = None,
    noted: bool = False,
) -> list[int]:
    """The numbers of articles, the last revised first: those changed since, those with a note."""
    rows = connection.execute(
        f"SELECT article {_MEANT} ORDER BY revised DESC, path DESC LIMIT :limit OFFSET :offset",
        {**_meant(since, noted), "limit": -1 if limit is None else limit, "offset": offset},
    )
    return [row[0] for row in rows]


def count_articles(connection: sqlite3.Connection, since: datetime | None, noted: bool) -> int:
    """How many articles ``last_revised`` would name."""
    question = f"SELECT count(*) {_MEANT}"
    return int(connection.execute(question, _meant(since, noted)).fetchone()[0])


def _meant(since: datetime | None, noted: bool) -> dict[str, int | None]:
    return {"since": None if since is None else int(since.timestamp()), "noted": int(noted)}


_LISTED = """
    WITH seen AS (SELECT number FROM fact WHERE article = :article AND (published OR :all))
    SELECT step.at, step.zone,
        (SELECT out FROM fact WHERE article = :article AND number = version.number),
        (SELECT count(*) FROM seen),
        (SELECT count(*) FROM note WHERE article = :article
            AND withdrawn IS NULL AND NOT replaced AND number IN seen)
    FROM version JOIN step ON step.number = version.step
    WHERE version.article = :article AND version.number = (SELECT max(number) FROM seen)
"""


def listed(
    connection: sqlite3.Connection, article: int, published: bool
) -> tuple[datetime, date | None, int, int] | None:
    """When an article's newest version was made, and was out where that is another time (a day or
    an instant); how many versions it has, and how many notes stand.

    ``published``: of the versions that readers could see alone; None where there is none.
    """
    asked = {"article": article, "all": int(not published)}
    row = connection.execute(_LISTED, asked).fetchone()
    return (
        None
        if row is None
        else (instant_of(row[0], row[1]), day_or_instant(text_of(row[2])), *row[3:])
    )


def number_of(connection: sqlite3.Connection, path: str) -> int | None:
    """The number of the newsroom's article at a path; None where there is none."""
    row = connection.execute(
        "SELECT path.article FROM path JOIN piece ON piece.article = path.article"
        " WHERE path.path = ?",
        (stored_path(path),),
    ).fetchone()
    return None if row is None else int(row[0])


def paths(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """The paths of the newsroom's articles with their numbers; those that can be read."""
    rows = connection.execute("SELECT path, article FROM piece WHERE unreadable IS NOT 1")
    return [(path_of(path), number) for path, number in rows]


def head(connection: sqlite3.Connection, article: int) -> ArticleHead | None:
    """One of the newsroom's articles; None for one that cannot be read."""
    row = connection.execute(
        "SELECT path, headline, notes FROM piece WHERE article = ? AND unreadable IS NOT 1",
        (article,),
    ).fetchone()
    if row is None:
        return None
    return ArticleHead(path_of(row[0]), text_of(row[1]), notes_from_json(text_of(row[2])))


_FACT = (
    "SELECT fact.number, hex(step.hash), path.path, step.at, step.zone, person.name, person.email,"
    " step.subject, fact.headline, fact.published, fact.notes, fact.out, fact.words_added,"
    " fact.words_removed, fact.substantive, fact.reasons, fact.labels, version.side,"
    " version.written_on"
    " FROM version JOIN fact ON fact.article = version.article AND fact.number = version.number"
    " JOIN step ON step.number = version.step JOIN path ON path.id = version.path"
    " JOIN person ON person.id = step.person WHERE version.article = ?"
)


def revisions_of(connection: sqlite3.Connection, article: int) -> tuple[Revision, ...]:
    rows = connection.execute(f"{_FACT} ORDER BY version.place", (article,))
    return tuple(map(_revision, rows))


def revision(connection: sqlite3.Connection, article: int, number: int) -> Revision:
    return _revision(
        connection.execute(f"{_FACT} AND version.number = ?", (article, number)).fetchone()
    )


def _revision(row: tuple[Any, ...]) -> Revision:
    (
        number, commit, path, at, zone, name, email, subject, headline, published, notes, out,
        added, removed, substantive, reasons, labels, side, on,
    ) = row  # fmt: skip
    why = reasons_from_json(text_of(reasons))
    return Revision(
        number,
        commit.lower(),
        path_of(path),
        instant_of(at, zone),
        Person(name, email),
        subject,
        text_of(headline),
        bool(published),
        notes_from_json(text_of(notes)),
        added or 0,
        removed or 0,
        bool(substantive),
        tuple(each.sentence for each in why),
        frozenset((labels or "").split()),
        hashes_of(side, commit),
        why,
        hashes_of(on, commit),
        day_or_instant(text_of(out)),
    )


def notes(connection: sqlite3.Connection) -> list[NoteRow]:
    """Every note of the articles that are there now."""
    rows = connection.execute(
        "SELECT piece.path, piece.headline, note.id, note.kind, note.text, note.at, note.zone,"
        " note.precision, note.amends, note.withdrawn, note.covers, note.origin,"
        " note.written, note.language, note.number,"
        " hex(step.hash), note.replaced, person.name, note.went_out, note.place"
        " FROM note JOIN piece ON piece.article = note.article"
        " JOIN version ON version.article = note.article AND version.number = note.number"
        " JOIN step ON step.number = version.step JOIN person ON person.id = step.person"
    )
    return [
        NoteRow(
            path_of(path),
            text_of(headline),
            Note(
                text_of(name),
                kind,
                text_of(text),
                instant_of(at, zone),
                precision,
                text_of(amends) or None,
                datetime.fromisoformat(withdrawn) if withdrawn else None,
                text_of(covers) or None,
                origin,
                text_of(written),
                language,
            ),
            number,
            commit.lower(),
            bool(gone),
            text_of(person),
            instant_of(out, 0),
            place,
        )
        for (
            path, headline, name, kind, text, at, zone, precision, amends, withdrawn, covers,
            origin, written, language, number, commit, gone, person, out, place,
        ) in rows
    ]  # fmt: skip
