"""Two articles of the tables that turned out to be one."""

from __future__ import annotations

import sqlite3

_VERSION = "number, step, blob, path, side, written_on"
_EVENT = "step, kind, path, old_path, blob"


def unite(connection: sqlite3.Connection, first: int, second: int, step: int) -> None:
    """Give the versions and events of one article to another, in the order of the line.

    ``step`` is the one at which it shows: what is before it can no longer be told from the tables
    alone (see ``cut``). In the caller's transaction.
    """
    run = connection.execute
    versions = run(
        f"SELECT {_VERSION} FROM version WHERE article IN (?, ?) ORDER BY step, article = ?",  # noqa: S608
        (first, second, second),
    ).fetchall()
    events = run(
        f"SELECT {_EVENT} FROM event WHERE article IN (?, ?) ORDER BY step, article = ?, place",  # noqa: S608
        (first, second, second),
    ).fetchall()
    for table in ("version", "event"):
        run(f"DELETE FROM {table} WHERE article IN (?, ?)", (first, second))  # noqa: S608
    numbers = 0
    for place, (number, *rest) in enumerate(versions, start=1):
        numbers += number is not None
        told = None if number is None else numbers
        run("INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (second, place, told, *rest))
    for place, row in enumerate(events, start=1):
        run("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", (second, place, *row))
    run("INSERT OR REPLACE INTO meta VALUES ('united', ?)", (step,))
