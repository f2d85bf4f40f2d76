"""The histories of articles out of the catalog: what ``history`` reads from git, from the tables.

The functions take an open connection to a catalog that is up to date, and may raise
``sqlite3.Error``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from tracker.model import Event, Person, Track, Version
from tracker.store.catalog.columns import ARTICLES, path_of, stored_path

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
    """The life of an article by its number."""
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


def all_tracks(
    connection: sqlite3.Connection, under: str = "", accept: Callable[[str], bool] | None = None
) -> tuple[Track, ...]:
    """Every article that is or was on the published line: see ``history.tracks``."""
    folder = under.strip("/")
    prefix = f"{folder}/" if folder else ""
    chosen = accept or (lambda path: path.lower().endswith(ARTICLES))
    rows = connection.execute(
        "SELECT article.id, path.path, alive FROM article JOIN path ON path.id = article.path"
        " WHERE joined IS NULL"
    )
    found = [
        (not alive, path_of(path), number)
        for number, path, alive in rows
        if path_of(path).startswith(prefix) and chosen(path_of(path))
    ]
    found.sort()
    versions = _grouped(connection.execute(f"{_VERSIONS} ORDER BY version.article, version.place"))
    events = _grouped(connection.execute(f"{_EVENTS} ORDER BY event.article, event.place"))
    wanted = {number for _, _, number in found}
    states = {each: tuple(map(_version, rows)) for each, rows in versions if each in wanted}
    others = {each: tuple(map(_event, rows)) for each, rows in events if each in wanted}
    return tuple(
        Track(path, states.get(number, ()), others.get(number, ()), deleted)
        for deleted, path, number in found
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
