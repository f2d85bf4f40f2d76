"""The lives of articles in the catalog's tables: played on from where they were left.

``StoredLives`` plays steps by the very rules of ``Lives``, and holds in memory what the steps touch
alone: a file's life is read from the tables when it is first asked for, and goes back with
``flush``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from tracker.store import identity
from tracker.store.catalog.columns import is_article, path_of, stored_path
from tracker.store.catalog.ended import StoredPool
from tracker.store.git import instant
from tracker.store.life import Kind, Life, State, Stood
from tracker.store.line import FileChange, Step
from tracker.store.lives import Lives, textual

MOST_LIVES = 40_000
"""Lives that are held in memory; with more, they go back into the tables."""

_MOST_ROWS = 10_000  # that wait to be written, where all lives are in memory anyhow

_LIFE = (
    "SELECT article.id, path.path, article.path, article.blob, article.alive, article.places,"
    " article.revisions, article.happenings, article.shown, article.ended, article.ended_blob,"
    " article.joined FROM article JOIN path ON path.id = article.path"
)


class StoredLife(Life):
    """A life of which the tables hold the states and the events."""

    __slots__ = (
        "events", "joined_number", "newest", "path_number", "places", "revisions", "shown",
        "tables",
    )  # fmt: skip

    def __init__(
        self, tables: sqlite3.Connection, key: int, path: str, blob: str, alive: bool = True
    ) -> None:
        super().__init__(key, path, blob, alive)
        self.tables = tables
        self.path_number = 0  # of its newest path, in the table of paths
        self.places = 0  # states so far
        self.revisions = 0  # of them, those with another text than the one before
        self.events = 0
        self.shown = ""  # the content of its newest revision
        self.newest: Stood | None = None  # its newest revision, where it is not in the tables yet
        self.joined_number: int | None = None

    def stood(self) -> Stood | None:
        """Its newest revision."""
        if self.newest is not None or not self.revisions:
            return self.newest
        number, commit = self.tables.execute(
            "SELECT step.number, step.hash FROM version JOIN step ON step.number = version.step"
            " WHERE version.article = ? AND version.number = ?",
            (self.key, self.revisions),
        ).fetchone()
        return Stood(number, commit.hex(), self.shown)


class StoredLives(Lives):
    """Plays steps, oldest first, on top of what the tables hold, and writes what they add.

    Everything happens in the transaction of the caller.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        read: identity.ReadTexts,
        ignored: Collection[str],
        *,
        last: int,
        stale: bool = False,
    ) -> None:
        super().__init__(read, ignored, textual)
        self._connection = connection
        self._number = last  # the newest step that the tables have
        self._stale = stale  # articles that are touched are put down as such
        self._pool: StoredPool = StoredPool(self)
        self._at: dict[str, StoredLife | None] = {}  # who came to a path last
        self._by_key: dict[int, StoredLife] = {}
        self._path_numbers: dict[str, int] = {}
        self._arrived: dict[int, tuple[str, int, int]] = {}  # path's number -> path, article, step
        self._touched: dict[int, StoredLife] = {}
        self._people: dict[tuple[str, str], int] = {}
        self._offsets: dict[str, int] = {}
        self._steps: list[tuple[Any, ...]] = []
        self._versions: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []
        self._next_article = self._first("SELECT max(id) FROM article") + 1
        self._next_path = self._first("SELECT max(id) FROM path") + 1

    @property
    def number(self) -> int:
        """The place on the line of the newest step that was played."""
        return self._number

    def _first(self, question: str) -> int:
        return int(self._connection.execute(question).fetchone()[0] or 0)

    # --- where lives are kept ---------------------------------------------------------------------

    def at(self, path: str) -> StoredLife | None:
        """The article that is at a path now."""
        life = self.came_to(path)
        return life if life is not None and life.alive and life.path == path else None

    def came_to(self, path: str) -> StoredLife | None:
        """The life that came to a path last, whatever became of it."""
        if path in self._at:
            return self._at[path]
        row = self._connection.execute(
            "SELECT id, article FROM path WHERE path = ?", (stored_path(path),)
        ).fetchone()
        found = None
        if row is not None:
            self._path_numbers[path] = row[0]
            found = self.life_of(row[1])
        self._at[path] = found
        return found

    def life_of(self, key: int) -> StoredLife:
        """The life of that number."""
        found = self._by_key.get(key)
        if found is None:
            row = self._connection.execute(f"{_LIFE} WHERE article.id = ?", (key,)).fetchone()
            found = self.hold(row)
        return found

    def hold(self, row: tuple[Any, ...]) -> StoredLife:
        """The life that a row tells of."""
        key, path, number, blob, alive, places, revisions, events, shown, ended, last, joined = row
        found = self._by_key.get(key)
        if found is not None:
            return found
        content, name = blob.hex(), path_of(path)
        life = StoredLife(self._connection, key, name, content, bool(alive))
        life.path_number, life.places = number, places
        life.revisions, life.events = revisions, events
        life.shown = content if shown is None else shown.hex()
        if ended is not None:
            held = content if last is None else last.hex()
            life.ended = identity.Ended(key, name, held, ended)
        self._by_key[key] = life
        if joined is not None:
            life.joined_number, life.joined = joined, self.life_of(joined)
        return life

    def ended_under(self, column: str, value: object) -> list[StoredLife]:
        """Lives of the tables that have ended, by name or by blob."""
        question = f"{_LIFE} WHERE article.ended IS NOT NULL AND {column} = ?"
        rows = self._connection.execute(question, (value,)).fetchall()
        return [self.hold(row) for row in rows]

    def any_ended(self) -> bool:
        """Whether the tables hold any life that has ended."""
        question = "SELECT 1 FROM article WHERE ended IS NOT NULL AND name IS NOT NULL LIMIT 1"
        return self._connection.execute(question).fetchone() is not None

    def _come(self, life: Life, path: str) -> None:
        assert isinstance(life, StoredLife)
        self._at[path] = life
        number = self._path_number(path)
        life.path_number = number
        *_, since = self._arrived.get(number, (self._number,))
        self._arrived[number] = (path, life.key, since)
        self._touched[life.key] = life

    def _leave(self, path: str) -> None:
        """The life itself knows that it is not alive."""

    def _path_number(self, path: str) -> int:
        number = self._path_numbers.get(path)
        if number is None:
            self.came_to(path)
            number = self._path_numbers.get(path)
        if number is None:
            number = self._path_numbers[path] = self._next_path
            self._next_path += 1
        return number

    def _match(
        self, step: Step, appeared: list[identity.Appeared], gone: list[Life]
    ) -> dict[str, identity.Ended]:
        if not gone and not self._pool.any():
            return {}  # as a rule: nothing ever ended
        return super()._match(step, appeared, gone)

    # --- what happens to them ---------------------------------------------------------------------

    def play_line(
        self,
        line: Sequence[Step],
        waist: Sequence[bool],
        pulled: Mapping[str, Sequence[Sequence[FileChange]]],
    ) -> None:
        """Play what the line has after a waist of it, and keep each step (see ``play_all``)."""
        self._keep_stretches(waist)
        for step in self.play_all(line, waist, pulled):
            self._steps.append(self._step_row(step))
            if not self._untold and max(len(self._by_key), len(self._versions)) > MOST_LIVES:
                self.flush()

    def _keep_stretches(self, waist: Sequence[bool]) -> None:
        """Keep where clones wrote side by side: no step there is a waist."""
        number = self._number
        for narrow, steps in groupby(waist):
            first, number = number + 1, number + sum(1 for _ in steps)
            if not narrow:
                self._connection.execute("INSERT INTO stretch VALUES (?, ?)", (first, number))

    def _step_row(self, step: Step) -> tuple[Any, ...]:
        header = step.header
        seconds, _, offset = header[0].partition(" ")
        zone = self._offsets.get(offset)
        if zone is not None and seconds.isascii() and seconds.isdigit() and len(seconds) < 11:
            at = int(seconds)
        else:
            moment = step.at
            at, zone = int(moment.timestamp()), _minutes(moment.utcoffset())
            with suppress(ValueError, IndexError):
                self._offsets[offset] = _minutes(instant(0, offset).utcoffset())
        author = self._people.get((header[1], header[2]))
        if author is None:
            author = self._people[header[1], header[2]] = self._person(step)
        return (self._number, bytes.fromhex(step.commit), at, zone, author, step.subject)

    def _person(self, step: Step) -> int:
        person = step.person
        found = self._connection.execute(
            "SELECT id FROM person WHERE name = ? AND email = ?", person
        ).fetchone()
        if found is not None:
            return int(found[0])
        made = self._connection.execute("INSERT INTO person (name, email) VALUES (?, ?)", person)
        assert made.lastrowid is not None
        return made.lastrowid

    def _begin(self, step: Step, new: identity.Appeared) -> None:
        life = StoredLife(self._connection, self._next_article, new.path, new.blob)
        self._next_article += 1
        self._by_key[life.key] = life
        self._come(life, new.path)
        self._hold(life, step, new.path, new.blob, {new.path})

    def _end(self, path: str, blob: str | None, gone: list[Life]) -> None:
        super()._end(path, blob, gone)
        if gone:
            life = gone[-1]
            assert isinstance(life, StoredLife)
            self._touched[life.key] = life

    def _tell(self, life: Life, state: State) -> None:
        """One more row; a revision where its text is another than the last one's.

        So is a merge that settled what was written on two versions.
        """
        assert isinstance(life, StoredLife)
        on = state.on or ()
        life.places += 1
        number = None
        if life.shown != state.blob or not life.revisions or len(on) > 1:
            life.shown = state.blob
            life.revisions += 1
            life.newest = Stood(state.number, state.step.commit, state.blob)
            number = life.revisions
        place = life.path_number if state.path == life.path else self._path_number(state.path)
        merged = bytes.fromhex("".join(state.side)) if state.side else None
        before = bytes.fromhex("".join(on)) if on else None
        blob = bytes.fromhex(state.blob)
        self._versions.append(
            (life.key, life.places, number, state.number, blob, place, merged, before)
        )
        self._touched[life.key] = life

    def _happen(
        self, life: Life, step: Step, kind: Kind, path: str, old_path: str | None = None
    ) -> None:
        assert isinstance(life, StoredLife)
        life.events += 1
        self._events.append(
            (
                life.key, life.events, self._number, kind, self._path_number(path),
                None if old_path is None else self._path_number(old_path),
                None if (content := _content(life, kind)) is None else bytes.fromhex(content),
            )
        )  # fmt: skip
        self._touched[life.key] = life

    def _take_over(self, first: Life, second: Life) -> None:
        """What one article had on the line before, another has."""
        from tracker.store.catalog.unite import unite  # rare

        assert isinstance(first, StoredLife)
        assert isinstance(second, StoredLife)
        self._write()
        both = filter(None, (second.stood(), first.stood()))
        second.newest = max(both, key=lambda one: one.number, default=None)
        unite(self._connection, first.key, second.key, self._number)
        for count in ("places", "revisions", "events"):
            setattr(second, count, getattr(first, count) + getattr(second, count))
            setattr(first, count, 0)
        if second.newest is not None:
            second.shown = second.newest.blob
        first.joined_number = second.key
        self._touched.update({first.key: first, second.key: second})

    # --- back into the tables ---------------------------------------------------------------------

    def flush(self) -> None:
        """Write what was played, and forget it here."""
        self._write()
        self._at.clear()
        self._by_key.clear()
        self._path_numbers.clear()
        self._pool.forget()

    def _write(self) -> None:
        run = self._connection.executemany
        run("INSERT INTO step VALUES (?, ?, ?, ?, ?, ?)", self._steps)
        run(
            "INSERT INTO path VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " article = excluded.article",
            ((number, stored_path(p), *came) for number, (p, *came) in self._arrived.items()),
        )
        self._versions.sort(key=itemgetter(0, 1))
        run("INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._versions)
        run("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", self._events)
        run(
            "INSERT OR REPLACE INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            map(article_row, self._touched.values()),
        )
        if self._stale:
            run("INSERT OR IGNORE INTO stale VALUES (?)", ((key,) for key in self._touched))
        for kept in (self._steps, self._versions, self._events):
            kept.clear()
        self._arrived.clear()
        self._touched.clear()


def article_row(life: StoredLife) -> tuple[Any, ...]:
    """A life as a row of the table of articles."""
    ended = life.ended
    return (
        life.key,
        life.path_number,
        bytes.fromhex(life.blob),
        life.alive,
        is_article(life.path),
        life.places,
        life.revisions,
        life.events,
        None if life.shown == life.blob else bytes.fromhex(life.shown),
        None if ended is None else ended.step,
        None if ended is None or ended.blob == life.blob else bytes.fromhex(ended.blob),
        None if ended is None else stored_path(identity.name_of(life.path)),
        life.joined_number,
    )


def _minutes(offset: timedelta | None) -> int:
    return int(offset.total_seconds()) // 60 if offset is not None else 0


def _content(life: Life, kind: Kind) -> str | None:
    """What an event has to tell of the content; None where the versions tell it."""
    if kind == "deleted" and life.ended is not None and life.ended.blob != life.blob:
        return life.ended.blob
    return life.blob if kind == "ignored" else None
