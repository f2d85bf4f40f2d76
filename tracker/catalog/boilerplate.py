"""What the archive repeats, counted from its articles; and which answers were judged by it.

Every article counts once, with all that its versions ever said. What is new is added when it is
asked for, in steps: once one in a hundred articles has a new version, so that a large archive is
not counted after every recording. Answers say which sequences of words they asked for. Where the
set of those that count as repeated becomes another one, only answers that asked for the difference
are forgotten, with what the tables have of their articles.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from tracker.catalog.schema import Catalog, path_of
from tracker.errors import TrackerError
from tracker.model import BoilerplateSettings, Progress
from tracker.store.git import Repository
from tracker.store.reader import Reader
from tracker.text.document import decode
from tracker.text.judge.boilerplate import Boilerplate, Counts

_STEP = 100  # one in so many articles has something new before it is counted again
_READ_AT_ONCE = 50  # articles
ANYTHING = b"*"
"""What a pair asked for that was judged while nothing was known."""


class Learnt(NamedTuple):
    """What the archive repeats, and a digest of it; "" where it stands in no catalog."""

    boilerplate: Boilerplate
    digest: str

    def watched(self) -> Watched:
        """The same with a note of what is looked up in it."""
        return Watched(self.boilerplate)


NOTHING = Learnt(Boilerplate(), "")


class AskedSequences(frozenset[int]):
    """The repeated sequences; ``asked`` collects those that were looked up."""

    asked: set[int]

    def __contains__(self, sequence: object) -> bool:
        self.asked.add(sequence)  # type: ignore[arg-type]
        return super().__contains__(sequence)


class Watched:
    """Repeated text with a note of what each judgement looked up."""

    def __init__(self, boilerplate: Boilerplate) -> None:
        self._sequences = AskedSequences(boilerplate.sequences)
        self._sequences.asked = set()
        self.boilerplate = boilerplate._replace(sequences=self._sequences)

    def taken(self) -> bytes | None:
        """What was asked for since the last call; None for nothing."""
        asked, self._sequences.asked = self._sequences.asked, set()
        if not self._sequences:
            return ANYTHING
        return array("I", sorted(asked)).tobytes() if asked else None


class _State(NamedTuple):
    versions: int = 0  # of all texts, when it was counted
    articles: int = 0  # counted
    members: str = ""  # which files were articles
    settings: str = ""  # when something counts as repeated


def learnt(
    catalog: Catalog,
    repository: Repository,
    settings: BoilerplateSettings | None,
    members: tuple[str, Callable[[str], bool]],
    *,
    most: int | None = None,
    read: int = 0,
    progress: Progress | None = None,
) -> Learnt:
    """What the articles of a catalog repeat, counted as far as the catalog goes.

    ``members`` names the newsroom's articles, and says whether a path is one of theirs.
    Without ``settings``, nothing counts as repeated.
    More than ``most`` versions are not counted now, and in a partial clone no text is fetched for
    it, unless most articles are read anyway, so many as ``read`` says: then the answer is what is
    known. Raises ``sqlite3.Error``, and ``TrackerError`` where texts cannot be fetched.
    """
    connection = catalog.connection
    state, said = _state(connection), repr(settings)
    if settings is None:
        if state.settings != said:
            _keep(catalog, state, state._replace(settings=said), None, {}, NOTHING.boilerplate)
        return _stored(connection)
    now = int(connection.execute(_REVISIONS).fetchone()[0] or 0)
    waiting = abs(now - state.versions)
    stale = state.members != members[0] or waiting > state.articles // _STEP
    with Reader(repository) as reader:
        apart = reader.partial and read * 2 < connection.execute(_ALIVE).fetchone()[0]
        if stale and (apart or (most is not None and waiting > most)):
            stale = False
        if not stale and state.settings in (said, ""):
            return _stored(connection)
        counts = _counts(connection) if state.members == members[0] else None
        done: dict[int, int] = {}
        if counts is None:
            counts, stale = Counts(), True
        if stale:
            anew = not counts.articles
            done = _count(connection, reader, counts, members[1], anew=anew, progress=progress)
    found = counts.frozen(settings)
    with suppress(sqlite3.OperationalError):  # locked or read-only: known for this question
        return _keep(
            catalog, state, _State(now, counts.articles, members[0], said), counts, done, found
        )
    return Learnt(found, "")


_ALIVE = "SELECT count(*) FROM article WHERE text AND joined IS NULL AND alive"
_REVISIONS = "SELECT sum(revisions) FROM article WHERE text AND joined IS NULL"


def _value(connection: sqlite3.Connection, key: str) -> bytes | str | None:
    row = connection.execute("SELECT value FROM boilerplate WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def _state(connection: sqlite3.Connection) -> _State:
    kept = _value(connection, "state")
    return _State(*json.loads(kept)) if kept is not None else _State()


def _counts(connection: sqlite3.Connection) -> Counts | None:
    kept = _value(connection, "counts")
    try:
        return Counts.from_bytes(kept) if isinstance(kept, bytes) else None
    except ValueError:
        return None


def digest(connection: sqlite3.Connection) -> str:
    """The digest of what counts as repeated now; "" where nothing was counted yet."""
    return str(_value(connection, "digest") or "")


def _stored(connection: sqlite3.Connection) -> Learnt:
    kept = _value(connection, "standing")
    if not isinstance(kept, bytes):
        return NOTHING
    return Learnt(_unpacked(kept), digest(connection))


@lru_cache(maxsize=4)
def _unpacked(kept: bytes) -> Boilerplate:
    return Boilerplate(frozenset(_numbers(kept)))


def _numbers(kept: bytes) -> array[int]:
    found = array("I")
    found.frombytes(kept)
    return found


def repeated_sentences(connection: sqlite3.Connection) -> tuple[tuple[str, int], ...]:
    """The sentences that several articles have, with their number, the most first."""
    question = "SELECT sentence, articles FROM repeated ORDER BY articles DESC, sentence"
    return tuple(connection.execute(question))


# --- counting -------------------------------------------------------------------------------------


def _count(
    connection: sqlite3.Connection,
    reader: Reader,
    counts: Counts,
    holds: Callable[[str], bool],
    *,
    anew: bool,
    progress: Progress | None,
) -> dict[int, int]:
    """Count what is new; how many versions of each of those articles are counted now."""
    rows = connection.execute(
        "SELECT article.id, path.path, coalesce(counted.versions, 0) FROM article"
        " JOIN path ON path.id = article.path LEFT JOIN counted ON counted.article = article.id"
        " WHERE article.text AND joined IS NULL"
        " AND (? OR article.revisions != coalesce(counted.versions, 0)) ORDER BY article.id",
        (anew,),
    ).fetchall()
    waiting = [
        (number, 0 if anew else before) for number, path, before in rows if holds(path_of(path))
    ]
    if reader.partial:  # all at once
        reader.fetch(blob for number, _ in waiting for blob in _blobs(connection, number))
    done = {}
    rest = iter(waiting)
    while some := list(islice(rest, _READ_AT_ONCE)):
        blobs = {number: _blobs(connection, number) for number, _ in some}
        for (number, before), texts in zip(some, _texts(reader, blobs.values()), strict=True):
            if texts is not None:
                counts.add(*texts, counted=min(before, len(texts)))
            done[number] = len(blobs[number])
        if progress is not None:
            progress(len(done), len(waiting))
    return done


def _blobs(connection: sqlite3.Connection, article: int) -> list[str]:
    rows = connection.execute(
        "SELECT lower(hex(blob)) FROM version WHERE article = ? AND number IS NOT NULL"
        " ORDER BY place",
        (article,),
    )
    return [row[0] for row in rows]


def _texts(reader: Reader, articles: Iterable[list[str]]) -> Iterator[list[str] | None]:
    """The texts of some articles' versions; None for an article of which one cannot be read."""
    wanted = list(articles)
    try:
        found = [data for _, data in reader.read_many(blob for each in wanted for blob in each)]
    except TrackerError:
        for each in wanted:
            try:
                yield [decode(reader.read(blob))[0] for blob in each]
            except TrackerError:
                yield None
        return
    texts = iter(found)
    for each in wanted:
        try:
            yield [decode(data)[0] for data in islice(texts, len(each))]
        except TrackerError:
            yield None


# --- what was judged by it ------------------------------------------------------------------------


def _keep(
    catalog: Catalog, before: _State, now: _State, counts: Counts | None, done: dict[int, int],
    found: Boilerplate,
) -> Learnt:  # fmt: skip
    standing = array("I", sorted(found.sequences)).tobytes()
    name = sha256(standing).hexdigest()[:16]
    with catalog.writing() as connection:
        if _state(connection) != before:
            return Learnt(found, "")  # another process was quicker
        if now.members != before.members:
            connection.execute("DELETE FROM counted")
        old = _value(connection, "standing")
        _forget(connection, _numbers(old) if isinstance(old, bytes) else (), found.sequences)
        connection.executemany("INSERT OR REPLACE INTO counted VALUES (?, ?)", done.items())
        connection.execute("DELETE FROM repeated")
        connection.executemany("INSERT INTO repeated VALUES (?, ?)", _storable(found.sentences))
        values = [("state", json.dumps(now)), ("standing", standing), ("digest", name)]
        if counts is not None and (done or now.members != before.members):
            values.append(("counts", counts.to_bytes()))
        connection.executemany("INSERT OR REPLACE INTO boilerplate VALUES (?, ?)", values)
    return Learnt(found, name)


def _storable(sentences: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    for sentence, articles in sentences:
        with suppress(UnicodeEncodeError):
            sentence.encode()
            yield sentence, articles


def _forget(connection: sqlite3.Connection, old: Iterable[int], now: frozenset[int]) -> None:
    """Forget the answers that may be other ones now, and that their articles were compared."""
    before = frozenset(old)
    changed = before ^ now
    if not changed:
        return
    every = not before or not now
    rows = connection.execute(
        "SELECT rules, first, second, asked FROM answer WHERE asked IS NOT NULL"
    )
    wrong = [
        (rules, first, second)
        for rules, first, second, asked in rows
        if every or asked == ANYTHING or not changed.isdisjoint(_numbers(asked))
    ]
    connection.executemany("DELETE FROM answer WHERE rules = ? AND first = ? AND second = ?", wrong)
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS judged (blob BLOB PRIMARY KEY)")
    connection.execute("DELETE FROM temp.judged")
    connection.executemany(
        "INSERT OR IGNORE INTO temp.judged VALUES (?)",
        ((bytes.fromhex(second),) for _, _, second in wrong),
    )
    connection.execute(
        "UPDATE piece SET level = 1 WHERE level > 1 AND article IN"
        " (SELECT article FROM version WHERE blob IN (SELECT blob FROM temp.judged))"
    )
