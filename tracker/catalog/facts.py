"""The tables of what the texts of the newsroom's articles say: read and written.

What goes in is worked out by ``newsroom/facts``. The functions take an open connection, those that
write one in a transaction, and may raise ``sqlite3.Error``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tracker.catalog.queries import instant_of
from tracker.catalog.schema import path_of, storable, text_of, to_json
from tracker.house.changelog import notes_told, replaced, told_of, went_out
from tracker.model import History, Kind, Revision

TABLES = ("piece", "fact", "note", "passage", "stale")


def value(connection: sqlite3.Connection, name: str) -> Any:
    """Something that is known of the tables; None where it is not.

    "facts" is a digest of what they depend on beside the texts.
    """
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
    return None if row is None else row[0]


def set_value(connection: sqlite3.Connection, name: str, new: Any) -> None:
    """Keep something that is known of the tables."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, new))


def start_anew(connection: sqlite3.Connection, new: str) -> None:
    """Forget everything; every article that there is, is to be looked at."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - one of five names
    connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
    connection.execute("INSERT INTO stale SELECT id FROM article WHERE text AND joined IS NULL")
    connection.execute("DELETE FROM meta WHERE key IN ('selection', 'indexed')")
    set_value(connection, "facts", new)


class Stale(NamedTuple):
    """An article that changed since it was looked at."""

    article: int
    path: str | None  # its newest; None where it is gone altogether
    alive: bool  # and a text, and itself
    known: str | None  # the path under which it is known as one of the newsroom's


def stale(connection: sqlite3.Connection) -> list[Stale]:
    """The articles that changed since they were looked at."""
    rows = connection.execute(
        "SELECT stale.article, path.path, article.alive AND article.text AND joined IS NULL,"
        " piece.path FROM stale LEFT JOIN article ON article.id = stale.article"
        " LEFT JOIN path ON path.id = article.path"
        " LEFT JOIN piece ON piece.article = stale.article"
    )
    return [
        Stale(
            number,
            None if path is None else path_of(path),
            bool(alive),
            None if known is None else path_of(known),
        )
        for number, path, alive, known in rows
    ]


def look_at(
    connection: sqlite3.Connection, articles: Iterable[int], month: Callable[[int], str]
) -> None:
    """Put down the revisions of these articles, their texts unread."""
    _select(connection, articles)
    run = connection.execute
    connection.create_function("month", 1, month, deterministic=True)
    run("DELETE FROM fact WHERE article IN (SELECT article FROM temp.chosen)")
    run("DELETE FROM note WHERE article IN (SELECT article FROM temp.chosen)")
    run(
        "INSERT INTO fact (article, number, at, month, person)"
        " SELECT version.article, version.number, step.at, month(step.at), person.name"
        " FROM temp.chosen JOIN version ON version.article = temp.chosen.article"
        " JOIN step ON step.number = version.step JOIN person ON person.id = step.person"
        " WHERE version.number IS NOT NULL"
    )
    run(
        "INSERT OR REPLACE INTO piece (article, path, revised, level)"
        " SELECT article.id, path.path, (SELECT at FROM fact WHERE fact.article = article.id"
        " ORDER BY number DESC LIMIT 1), 0"
        " FROM temp.chosen JOIN article ON article.id = temp.chosen.article"
        " JOIN path ON path.id = article.path"
    )
    _unselect(connection)


def leave_out(connection: sqlite3.Connection, articles: Iterable[int]) -> None:
    """Forget articles that are none of the newsroom's, now."""
    _select(connection, articles)
    for table in ("piece", "fact", "note"):
        connection.execute(
            f"DELETE FROM {table} WHERE article IN (SELECT article FROM temp.chosen)"  # noqa: S608
        )
    _unselect(connection)


def _select(connection: sqlite3.Connection, articles: Iterable[int]) -> None:
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (article INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM temp.chosen")
    connection.executemany("INSERT OR IGNORE INTO temp.chosen VALUES (?)", ((n,) for n in articles))


def _unselect(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM temp.chosen")


def wait_again(connection: sqlite3.Connection, now: int) -> list[int]:
    """Articles whose newest revision came out, or is not out yet, other than was thought."""
    rows = connection.execute(
        "SELECT article FROM piece WHERE due IS NOT NULL AND level > 0"
        " AND out != (max(revised, ?) >= due)",
        (now,),
    )
    return [row[0] for row in rows]


def below(connection: sqlite3.Connection, level: int, only: Sequence[int] | None) -> list[int]:
    """The articles whose texts are not known to a level; of some, or of all, newest first."""
    if only is None:
        rows = connection.execute(
            "SELECT article FROM piece WHERE level < ? ORDER BY revised DESC", (level,)
        )
        return [row[0] for row in rows]
    question = "SELECT level FROM piece WHERE article = ?"
    found = []
    for article in dict.fromkeys(only):
        row = connection.execute(question, (article,)).fetchone()
        if row is not None and row[0] < level:
            found.append(article)
    return found


def set_unreadable(connection: sqlite3.Connection, article: int, level: int) -> None:
    """Put down that a text of an article could not be read."""
    connection.execute(
        "UPDATE piece SET level = ?, unreadable = 1 WHERE article = ?", (level, article)
    )


def keep(
    connection: sqlite3.Connection,
    article: int,
    level: int,
    history: History,
    due: datetime | None,
    grace: timedelta,
) -> None:
    """Put down what the texts of an article say: see the columns of the tables.

    ``level`` is 1 where they were read, 2 where they were compared too.
    """
    newest = history.revisions[-1].published
    seconds = None if due is None else int(due.timestamp())
    connection.execute(
        "UPDATE piece SET level = ?, headline = ?, notes = ?, unreadable = 0, due = ?, out = ?"
        " WHERE article = ?",
        (
            level, storable(history.article.headline), storable(to_json(history.notes)), seconds,
            newest, article,
        ),
    )  # fmt: skip
    told = told_of(history, grace)
    first = next((each.number for each in history.revisions if each.published), None)
    connection.executemany(
        "UPDATE fact SET headline = ?, published = ?, told = ?, kinds = ?, notes = ?, out = ?,"
        " substantive = ?, words_added = ?, words_removed = ?, labels = ?, reasons = ?"
        " WHERE article = ? AND number = ?",
        (
            tuple(map(storable, (*_said(each, told, first), *_meant(each, level), article,
            each.number))) for each in history.revisions
        ),
    )  # fmt: skip
    connection.execute("DELETE FROM note WHERE article = ?", (article,))
    connection.executemany(
        "INSERT INTO note VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (tuple(map(storable, (article, *row))) for row in _notes(history)),
    )


def _said(revision: Revision, told: Collection[int], first: int | None) -> tuple[object, ...]:
    """The columns of ``fact`` from headline to out; ``told`` are the revisions that notes tell of,
    ``first`` is the first that readers could see."""
    silent = revision.published and revision.number != first
    kinds = sorted({note.kind for note in revision.notes})
    return (
        revision.headline,
        revision.published,
        True if revision.number in told else False if silent else None,
        f" {' '.join(kinds)} " if kinds else "",
        to_json(revision.notes) if revision.notes else None,
        revision.out.isoformat() if revision.out else None,
    )


def _meant(revision: Revision, level: int) -> tuple[object, ...]:
    """The columns of ``fact`` about its change."""
    if level < 2:
        return (None,) * 5
    return (
        revision.substantive,
        revision.words_added,
        revision.words_removed,
        " ".join(sorted(revision.labels)),
        to_json(revision.why) if revision.why else None,
    )


def _notes(history: History) -> Iterator[tuple[object, ...]]:
    """The columns of ``note`` from place on."""
    told = notes_told(history)
    gone = replaced([each.note for each in told])
    for place, each in enumerate(told, start=1):
        note = each.note
        offset = note.at.utcoffset()
        yield (
            place, note.id, note.kind, int(note.at.timestamp()),
            int(offset.total_seconds()) // 60 if offset is not None else 0,
            note.precision, note.text, each.revision.number, int(went_out(each).timestamp()),
            note.amends, note.id in gone,
            note.withdrawn.isoformat() if note.withdrawn else None, note.covers, note.origin,
            note.written, note.language,
        )  # fmt: skip


# --- the index of words ---------------------------------------------------------------------------

HEADLINE, TEXT, OLDER_TEXT, OLDER_HEADLINE = -1, 0, -2, -3
"""The places of passages that are no notes."""

Words = Callable[[str], str]
"""A passage to the words that are indexed of it."""


class Unindexed(NamedTuple):
    """An article whose words are not in the index yet."""

    article: int
    headline: str
    blob: str  # of its newest revision
    versions: int  # 0: nothing of it is in the index; 1: what stands now


class Earlier(NamedTuple):
    """Words that an article had, and has no more."""

    place: int  # OLDER_TEXT or OLDER_HEADLINE
    said: str
    first: int  # number of the first revision that had them
    last: int


class PassageHit(NamedTuple):
    article: int
    path: str
    headline: str
    place: int
    blob: str  # the content that holds it
    said: str | None  # its words; None for a text
    at: Any  # aware datetime: of the note, else of the newest revision, or that took it out
    commit: str  # full hash, of the same
    note: str | None  # the note's id
    first: int | None  # number of the first revision that had it; None: it stands now
    last: int | None
    person: str  # the name of who made the revision of ``at``


def left_over(connection: sqlite3.Connection) -> list[int]:
    """Articles of which the index has passages that are no longer so."""
    rows = connection.execute(
        "SELECT DISTINCT passage.article FROM passage"
        " LEFT JOIN piece ON piece.article = passage.article"
        " WHERE coalesce(piece.indexed, 0) = 0"
    )
    return [row[0] for row in rows]


def unindexed(connection: sqlite3.Connection, *, older: bool = False) -> list[Unindexed]:
    """The articles whose words, or with ``older`` those of older versions, are not in the index."""
    rows = connection.execute(
        "SELECT piece.article, piece.headline, hex(version.blob), coalesce(piece.indexed, 0)"
        " FROM piece JOIN article ON article.id = piece.article"
        " JOIN version ON version.article = piece.article AND version.number = article.revisions"
        " WHERE coalesce(piece.indexed, 0) < ? AND piece.unreadable IS NOT 1 AND piece.level > 0",
        (2 if older else 1,),
    )
    return [
        Unindexed(number, text_of(headline), blob.lower(), known)
        for number, headline, blob, known in rows
    ]


def earlier(connection: sqlite3.Connection, article: int) -> list[tuple[int, str, str]]:
    """Number, blob and headline of each revision of an article, oldest first."""
    rows = connection.execute(
        "SELECT version.number, lower(hex(version.blob)), fact.headline FROM version"
        " JOIN fact ON fact.article = version.article AND fact.number = version.number"
        " WHERE version.article = ? ORDER BY version.number",
        (article,),
    )
    return [(number, blob, text_of(headline)) for number, blob, headline in rows]


def blobs_of(connection: sqlite3.Connection, articles: Iterable[int]) -> set[str]:
    """The blobs from which the index took the texts of articles."""
    question = "SELECT hex(blob) FROM passage WHERE article = ? AND place = 0"
    return {
        row[0].lower() for number in articles for row in connection.execute(question, (number,))
    }


def take_out(
    connection: sqlite3.Connection, article: int, texts: dict[str, str], words: Words
) -> None:
    """Take an article out of the index. ``texts`` are visible texts, by blob."""
    rows = connection.execute(
        "SELECT id, hex(blob), said FROM passage WHERE article = ?", (article,)
    ).fetchall()
    for number, blob, said in rows:
        held = texts[blob.lower()] if said is None else text_of(said)
        connection.execute(
            "INSERT INTO words (words, rowid, said) VALUES ('delete', ?, ?)", (number, words(held))
        )
    connection.execute("DELETE FROM passage WHERE article = ?", (article,))


def take_all_out(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
    connection.execute("DELETE FROM passage")
    connection.execute("UPDATE piece SET indexed = NULL")


def put_in(connection: sqlite3.Connection, one: Unindexed, text: str, words: Words) -> None:
    """Put an article's headline, standing notes and text into the index."""
    notes = connection.execute(
        "SELECT place, text FROM note WHERE article = ? AND withdrawn IS NULL AND NOT replaced",
        (one.article,),
    ).fetchall()
    passages = [(HEADLINE, one.headline), (TEXT, text)]
    passages += [(place, text_of(said)) for place, said in notes]
    blob = bytes.fromhex(one.blob)
    for place, said in passages:
        kept = None if place == TEXT else storable(said)
        _put(connection, (one.article, place, blob, kept, None, None), words(said))
    connection.execute("UPDATE piece SET indexed = 1 WHERE article = ?", (one.article,))


def put_in_earlier(
    connection: sqlite3.Connection, one: Unindexed, passages: Iterable[Earlier], words: Words
) -> None:
    """Put what an article had, and has no more, into the index."""
    blob = bytes.fromhex(one.blob)
    for each in passages:
        row = (one.article, each.place, blob, storable(each.said), each.first, each.last)
        _put(connection, row, words(each.said))
    connection.execute("UPDATE piece SET indexed = 2 WHERE article = ?", (one.article,))


def _put(connection: sqlite3.Connection, row: tuple[Any, ...], words: str) -> None:
    made = connection.execute(
        "INSERT INTO passage (article, place, blob, said, first, last) VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )
    connection.execute("INSERT INTO words (rowid, said) VALUES (?, ?)", (made.lastrowid, words))


class PassageQuery(NamedTuple):
    match: str  # an FTS5 expression
    kind: Kind | None = None  # notes of that kind alone
    since: int | None = None  # seconds since 1970: of the note or revision
    until: int | None = None
    older: bool = False  # those that do not stand any more too


# A sub-query with a limit is worked out by itself: only so may its rank be used in a group.
_MET = (
    " FROM (SELECT rowid AS id, rank AS score FROM words WHERE words MATCH :match LIMIT -1) AS met"
    " JOIN passage ON passage.id = met.id JOIN piece ON piece.article = passage.article"
    " JOIN article ON article.id = passage.article"
    " LEFT JOIN note ON note.article = passage.article AND note.place = passage.place"
    " JOIN version ON version.article = passage.article"
    " AND version.number = coalesce(note.number, passage.last + 1, article.revisions)"
    " JOIN step ON step.number = version.step JOIN person ON person.id = step.person"
    " WHERE (:older OR passage.last IS NULL) AND (:kind IS NULL OR note.kind = :kind)"
    " AND (:since IS NULL OR coalesce(note.at, step.at) >= :since)"
    " AND (:until IS NULL OR coalesce(note.at, step.at) < :until)"
)
_FOUND = (
    "SELECT passage.article, piece.path, piece.headline, passage.place, hex(passage.blob),"
    " passage.said, step.at, step.zone, hex(step.hash), note.id, note.at, note.zone,"
    f" passage.first, passage.last, person.name{_MET}"
)
_HEADLINES_FIRST = (
    f"CASE passage.place WHEN {HEADLINE} THEN 0 WHEN {OLDER_HEADLINE} THEN 1 ELSE 2 END"
)


def find(
    connection: sqlite3.Connection, wanted: PassageQuery, limit: int, offset: int
) -> list[PassageHit]:
    """The passages that are looked for, best first."""
    order = " ORDER BY met.score, piece.revised DESC, passage.id LIMIT :limit OFFSET :offset"
    values = {**wanted._asdict(), "limit": limit, "offset": offset}
    return list(map(_passage, connection.execute(_FOUND + order, values)))


def find_articles(
    connection: sqlite3.Connection, wanted: PassageQuery, limit: int, offset: int
) -> list[list[PassageHit]]:
    """The passages that are looked for, article by article: headlines first, then best first."""
    values = {**wanted._asdict(), "limit": limit, "offset": offset}
    rows = connection.execute(
        f"SELECT passage.article{_MET} GROUP BY passage.article"
        f" ORDER BY min({_HEADLINES_FIRST}), min(met.score), piece.revised DESC, passage.article"
        " LIMIT :limit OFFSET :offset",
        values,
    )
    found: dict[int, list[PassageHit]] = {row[0]: [] for row in rows}
    chosen = ", ".join(map(str, found))
    order = f" AND passage.article IN ({chosen}) ORDER BY {_HEADLINES_FIRST}, met.score, passage.id"
    for row in connection.execute(_FOUND + order, values):
        found[row[0]].append(_passage(row))
    return list(found.values())


def _passage(row: tuple[Any, ...]) -> PassageHit:
    (
        article, path, headline, place, blob, said, at, zone, commit, note, note_at, note_zone,
        first, last, person,
    ) = row  # fmt: skip
    moment = instant_of(at, zone) if note is None else instant_of(note_at, note_zone)
    return PassageHit(
        article, path_of(path), text_of(headline), place, blob.lower(),
        None if said is None else text_of(said), moment, commit.lower(), text_of(note) or None,
        first, last, text_of(person),
    )  # fmt: skip
