"""Going back on the line: the catalog as it was after an earlier step, a waist of the line."""

from __future__ import annotations

import sqlite3

from tracker.store.catalog.columns import is_article, path_of, stored_path
from tracker.store.identity import name_of


def waist(connection: sqlite3.Connection, last: int) -> int:
    """The newest step up to one that the line can be cut behind; 0 where there is none."""
    found = connection.execute(
        "SELECT first - 1 FROM stretch WHERE first <= ? AND last >= ?", (last, last)
    ).fetchone()
    place = last if found is None else int(found[0])
    united = connection.execute("SELECT value FROM meta WHERE key = 'united'").fetchone()
    return 0 if united is not None and united[0] > place else place


def cut(connection: sqlite3.Connection, last: int) -> None:
    """Take out everything after a step that is a ``waist``, in the caller's transaction."""
    run = connection.execute
    touched = run(
        "SELECT article FROM version WHERE step > ? UNION SELECT article FROM event WHERE step > ?",
        (last, last),
    ).fetchall()
    paths = run(
        "SELECT path FROM version WHERE step > ? AND place = 1 UNION"
        " SELECT path FROM event WHERE step > ? AND kind IN ('moved', 'returned')",
        (last, last),
    ).fetchall()
    for table in ("version", "event"):
        run(f"DELETE FROM {table} WHERE step > ?", (last,))  # noqa: S608 - one of two names
    run("DELETE FROM step WHERE number > ?", (last,))
    run("DELETE FROM stretch WHERE last > ?", (last,))
    for (article,) in touched:
        _restore(connection, article)
    _restore_paths(connection, paths, last)
    connection.executemany("INSERT OR IGNORE INTO stale VALUES (?)", touched)


def _restore(connection: sqlite3.Connection, article: int) -> None:
    """The row of a life from what is left of it."""
    run = connection.execute
    rows = run(
        "SELECT place, number, step, blob, path FROM version WHERE article = ? ORDER BY place",
        (article,),
    ).fetchall()
    if not rows:
        run("DELETE FROM article WHERE id = ?", (article,))
        return
    number, shown = next((row[1], row[3]) for row in reversed(rows) if row[1] is not None)
    places, _, newest, blob, _ = rows[-1]
    path = rows[0][4]
    events = run(
        "SELECT step, kind, path, blob FROM event WHERE article = ? ORDER BY place", (article,)
    ).fetchall()
    ended: int | None = None
    held: bytes | None = None  # what it held when it ended, where that is not its newest content
    for step, kind, there, content in events:
        if kind == "ignored":
            if step > newest:
                newest, blob = step, content
        elif kind == "deleted":
            ended, held = step, content
        else:
            path, ended = there, None
    if ended is None or newest > ended:
        held = None
    named = path_of(run("SELECT path FROM path WHERE id = ?", (path,)).fetchone()[0])
    run(
        "UPDATE article SET path = ?, blob = ?, alive = ?, text = ?, places = ?, revisions = ?,"
        " happenings = ?, shown = ?, ended = ?, ended_blob = ?, name = ? WHERE id = ?",
        (
            path, blob, ended is None, is_article(named), places, number, len(events),
            None if shown == blob else shown, ended, held,
            None if ended is None else stored_path(name_of(named)), article,
        ),
    )  # fmt: skip


def _restore_paths(connection: sqlite3.Connection, paths: list[tuple[int]], last: int) -> None:
    """Who came to each path last, of those that are left."""
    run = connection.execute
    connection.executemany(
        "DELETE FROM path WHERE id = ? AND since > ?", ((*p, last) for p in paths)
    )
    left = [p for p in paths if run("SELECT 1 FROM path WHERE id = ?", p).fetchone() is not None]
    if not left:
        return  # as a rule: there are no indexes for what follows
    run("CREATE TEMP TABLE cut_path (path INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO temp.cut_path VALUES (?)", left)
    came = run(
        "SELECT path, article FROM ("
        " SELECT path, article, step FROM version UNION ALL"
        " SELECT path, article, step FROM event WHERE kind IN ('moved', 'returned'))"
        " WHERE path IN (SELECT path FROM temp.cut_path) ORDER BY step"
    ).fetchall()
    connection.executemany("UPDATE path SET article = ? WHERE id = ?", ((a, p) for p, a in came))
    run("DROP TABLE temp.cut_path")
