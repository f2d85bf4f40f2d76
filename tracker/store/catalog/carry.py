"""From an old catalog into one that was made anew: what holds in both.

Answers know no line. What the texts of an article say holds where the article's life is the same in
both: the same commits, contents, paths and events. Articles whose life is another one are put down
as changed.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path


def carry(new: sqlite3.Connection, old: Path, *, facts: bool) -> None:
    """Take over what can be; nothing where the old file cannot be read."""
    with suppress(sqlite3.Error):
        new.execute("ATTACH ? AS old", (os.fspath(old),))
        try:
            for part in (_answers, _facts) if facts else (_answers,):
                new.execute("BEGIN")
                part(new)
                new.execute("COMMIT")
        finally:
            if new.in_transaction:
                new.execute("ROLLBACK")
            new.execute("DETACH old")


def _answers(new: sqlite3.Connection) -> None:
    new.execute("INSERT INTO main.rules SELECT * FROM old.rules")
    new.execute("INSERT INTO main.answer SELECT * FROM old.answer")


_SAME = """
INSERT INTO temp.same SELECT was.id, article.id
FROM old.piece JOIN old.article AS was ON was.id = piece.article
JOIN old.path AS there ON there.id = was.path
JOIN main.path ON path.path = there.path
JOIN main.article ON article.id = path.article AND article.path = path.id
WHERE article.alive AND article.joined IS NULL AND article.places = was.places
    AND article.happenings = was.happenings
    AND piece.article NOT IN (SELECT article FROM old.stale)
    AND NOT EXISTS (
        SELECT 1 FROM old.version AS one JOIN old.step AS before ON before.number = one.step
        JOIN old.path AS place ON place.id = one.path
        LEFT JOIN main.version ON version.article = article.id AND version.place = one.place
        LEFT JOIN main.step ON step.number = version.step
        LEFT JOIN main.path AS now ON now.id = version.path
        WHERE one.article = was.id AND (
            version.number IS NOT one.number OR version.blob IS NOT one.blob
            OR version.side IS NOT one.side OR version.written_on IS NOT one.written_on
            OR step.hash IS NOT before.hash
            OR now.path IS NOT place.path
        )
    ) AND NOT EXISTS (
        SELECT 1 FROM old.event AS one JOIN old.step AS before ON before.number = one.step
        JOIN old.path AS place ON place.id = one.path
        LEFT JOIN main.event ON event.article = article.id AND event.place = one.place
        LEFT JOIN main.step ON step.number = event.step
        LEFT JOIN main.path AS now ON now.id = event.path
        WHERE one.article = was.id AND (
            event.kind IS NOT one.kind OR step.hash IS NOT before.hash
            OR now.path IS NOT place.path
        )
    )
"""


def _facts(new: sqlite3.Connection) -> None:
    run = new.execute
    if run("SELECT 1 FROM old.meta WHERE key = 'facts'").fetchone() is None:
        return
    run("CREATE TEMP TABLE same (was INTEGER PRIMARY KEY, article INTEGER NOT NULL UNIQUE)")
    run(_SAME)
    for table in ("piece", "fact", "note"):
        columns = [row[1] for row in run(f"PRAGMA main.table_info({table})")][1:]
        listed = ", ".join(f"{table}.{name}" for name in columns)
        run(
            f"INSERT INTO main.{table} SELECT same.article, {listed}"  # noqa: S608
            f" FROM old.{table} JOIN temp.same ON same.was = {table}.article"
        )
    # The index as it is; passages of other articles are taken out of it when it is next asked.
    run(
        "INSERT INTO main.passage SELECT passage.id, coalesce(same.article, -passage.article),"
        " passage.place, passage.blob, passage.said FROM old.passage"
        " LEFT JOIN temp.same ON same.was = passage.article"
    )
    for shadow in ("data", "idx", "docsize"):
        run(f"DELETE FROM main.words_{shadow}")  # noqa: S608 - one of three names
        run(f"INSERT INTO main.words_{shadow} SELECT * FROM old.words_{shadow}")  # noqa: S608
    run(
        "INSERT INTO main.stale SELECT id FROM main.article WHERE text AND joined IS NULL"
        " AND id NOT IN (SELECT article FROM temp.same)"
    )
    run("INSERT INTO main.meta SELECT * FROM old.meta WHERE key IN ('facts', 'folder')")
    run("DROP TABLE temp.same")
