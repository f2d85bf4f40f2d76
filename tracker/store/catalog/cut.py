"""Going back on the line: the catalog as it was after an earlier step.

Only for a line that was never pulled into itself: there, every state of a life can be told from
its versions and events.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from tracker.store.catalog.columns import is_article, path_of, stored_path
from tracker.store.identity import name_of


def cut(connection: sqlite3.Connection, last: int) -> None:
    """Take out everything after a step, in the caller's transaction."""
    run = connection.execute
    touched = [
        row[0]
        for row in run(
            "SELECT article FROM version WHERE step > ? UNION"
            " SELECT article FROM event WHERE step > ?",
            (last, last),
        )
    ]
    for table in ("version", "event"):
        run(f"DELETE FROM {table} WHERE step > ?", (last,))  # noqa: S608 - one of two names
    run("DELETE FROM step WHERE number > ?", (last,))
    run("CREATE TEMP TABLE IF NOT EXISTS cut (article INTEGER PRIMARY KEY)")
    run("DELETE FROM temp.cut")
    connection.executemany("INSERT INTO temp.cut VALUES (?)", ((each,) for each in touched))
    paths = run("SELECT id FROM path WHERE article IN (SELECT article FROM temp.cut)").fetchall()
    for article in touched:
        _restore(connection, article)
    _restore_paths(connection, paths)
    run("INSERT OR IGNORE INTO stale SELECT article FROM temp.cut")
    run("DROP TABLE temp.cut")


def _restore(connection: sqlite3.Connection, article: int) -> None:
    """The row of a life from what is left of it."""
    run = connection.execute
    state = run(
        "SELECT place, step, path, blob FROM version WHERE article = ? ORDER BY place DESC LIMIT 1",
        (article,),
    ).fetchone()
    if state is None:
        run("DELETE FROM article WHERE id = ?", (article,))
        return
    places, step, path, blob = state
    number, shown = run(
        "SELECT number, blob FROM version WHERE article = ? AND number IS NOT NULL"
        " ORDER BY place DESC LIMIT 1",
        (article,),
    ).fetchone()
    events = run(
        "SELECT step, kind, path, blob FROM event WHERE article = ? ORDER BY place", (article,)
    ).fetchall()
    ended: int | None = None
    for when, kind, there, content in events:
        if when >= step:
            path = there
            blob = content if content is not None else blob
        if kind == "deleted":
            ended = when
        elif kind in ("moved", "returned"):
            ended = None
    named: Any = run("SELECT path FROM path WHERE id = ?", (path,)).fetchone()[0]
    run(
        "UPDATE article SET path = ?, blob = ?, alive = ?, text = ?, places = ?, revisions = ?,"
        " happenings = ?, shown = ?, ended = ?, ended_blob = NULL, name = ? WHERE id = ?",
        (
            path, blob, ended is None, is_article(path_of(named)), places, number, len(events),
            None if shown == blob else shown, ended,
            None if ended is None else stored_path(name_of(path_of(named))), article,
        ),
    )  # fmt: skip


def _restore_paths(connection: sqlite3.Connection, paths: list[tuple[int]]) -> None:
    """Who came to each path last, of those that are left."""
    run = connection.execute
    run("CREATE TEMP TABLE IF NOT EXISTS cut_path (path INTEGER PRIMARY KEY)")
    run("DELETE FROM temp.cut_path")
    connection.executemany("INSERT INTO temp.cut_path VALUES (?)", paths)
    came = dict(
        run(
            "SELECT path, article FROM ("
            " SELECT path, article, step FROM version WHERE place = 1 UNION ALL"
            " SELECT path, article, step FROM event WHERE kind IN ('moved', 'returned'))"
            " WHERE path IN (SELECT path FROM temp.cut_path) ORDER BY step"
        )
    )
    for (path,) in paths:
        if path in came:
            run("UPDATE path SET article = ? WHERE id = ?", (came[path], path))
        else:
            run("DELETE FROM path WHERE id = ?", (path,))
    run("DROP TABLE temp.cut_path")
