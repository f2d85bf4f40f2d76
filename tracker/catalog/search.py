"""The index of words: FTS5 over headlines, notes and current texts, without the texts themselves.

To take a passage out again, the index must be told what it held. Headlines and notes are kept
beside it; a text is read from git again, by the blob that it was taken from. The functions take an
open connection, and may raise ``sqlite3.Error``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tracker.catalog.queries import instant_of
from tracker.catalog.schema import path_of, storable, text_of
from tracker.model import Kind

HEADLINE, TEXT = -1, 0
"""The places of passages that are no notes."""

Words = Callable[[str], str]
"""A passage to the words that are indexed of it."""


class Unindexed(NamedTuple):
    """An article whose words are not in the index yet."""

    article: int
    headline: str
    blob: str  # of its newest revision


class Passage(NamedTuple):
    """A passage in which the words stand."""

    article: int
    path: str
    headline: str
    place: int
    blob: str  # the content that holds it
    said: str | None  # its words; None for a text
    at: Any  # aware datetime: of the note, or of the article's newest revision
    commit: str  # full hash, of the same
    note: str | None  # the note's id


def left_over(connection: sqlite3.Connection) -> list[int]:
    """Articles of which the index has passages that are no longer so."""
    rows = connection.execute(
        "SELECT DISTINCT passage.article FROM passage"
        " LEFT JOIN piece ON piece.article = passage.article WHERE piece.indexed IS NOT 1"
    )
    return [row[0] for row in rows]


def unindexed(connection: sqlite3.Connection) -> list[Unindexed]:
    """The articles whose words are not in the index yet."""
    rows = connection.execute(
        "SELECT piece.article, piece.headline, hex(version.blob) FROM piece"
        " JOIN article ON article.id = piece.article"
        " JOIN version ON version.article = piece.article AND version.number = article.revisions"
        " WHERE piece.indexed IS NOT 1 AND piece.unreadable IS NOT 1 AND piece.level > 0"
    )
    return [Unindexed(number, text_of(headline), blob.lower()) for number, headline, blob in rows]


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
    """Empty the index."""
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
        made = connection.execute(
            "INSERT INTO passage (article, place, blob, said) VALUES (?, ?, ?, ?)",
            (one.article, place, blob, None if place == TEXT else storable(said)),
        )
        connection.execute(
            "INSERT INTO words (rowid, said) VALUES (?, ?)", (made.lastrowid, words(said))
        )
    connection.execute("UPDATE piece SET indexed = 1 WHERE article = ?", (one.article,))


_FOUND = (
    "SELECT passage.article, piece.path, piece.headline, passage.place, hex(passage.blob),"
    " passage.said, step.at, step.zone, hex(step.hash), note.id, note.at, note.zone"
    " FROM words JOIN passage ON passage.id = words.rowid"
    " JOIN piece ON piece.article = passage.article"
    " JOIN article ON article.id = passage.article"
    " LEFT JOIN note ON note.article = passage.article AND note.place = passage.place"
    " JOIN version ON version.article = passage.article"
    " AND version.number = coalesce(note.number, article.revisions)"
    " JOIN step ON step.number = version.step WHERE words MATCH ?"
)


def find(
    connection: sqlite3.Connection, match: str, limit: int, offset: int, kind: Kind | None = None
) -> list[Passage]:
    """The passages that an FTS5 expression matches, best first."""
    values: list[Any] = [match]
    question = _FOUND
    if kind is not None:
        question += " AND note.kind = ?"
        values.append(kind)
    question += " ORDER BY words.rank, piece.revised DESC, passage.id LIMIT ? OFFSET ?"
    found = []
    for row in connection.execute(question, (*values, limit, offset)):
        (
            article, path, headline, place, blob, said, at, zone, commit, note, note_at, note_zone,
        ) = row  # fmt: skip
        moment = instant_of(at, zone) if note is None else instant_of(note_at, note_zone)
        found.append(
            Passage(
                article, path_of(path), text_of(headline), place, blob.lower(),
                None if said is None else text_of(said), moment, commit.lower(),
                text_of(note) or None,
            )
        )  # fmt: skip
    return found
