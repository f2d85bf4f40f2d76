"""Published commits played into the catalog's tables: what became of which file.

Every ordinary file has a history there, since a text may have been without its ending for a while;
only texts are looked at for where they went on. What the commits touch is held in memory alone: a
file's history is read from the tables when it is first asked for, and goes back with ``flush``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Any, Literal

from tracker.catalog.divergence import DivergentEdits, FileState, LastRevision
from tracker.catalog.schema import path_of, storable, stored_path
from tracker.store import identity
from tracker.store.git import instant
from tracker.store.history import CommitRange
from tracker.store.log import Commit, FileChange

MOST_FILES = 40_000
"""Files that are held in memory; with more, they go back into the tables."""

TEXTS = (
    ".md", ".markdown", ".txt", ".mdown", ".mkd", ".mdx", ".rst", ".adoc", ".asciidoc", ".org",
    ".html", ".htm", ".qmd", ".rmd", ".textile", ".tex", ".wiki",
)  # fmt: skip
"""How files end that are, or were, or may become articles."""

_Kind = Literal["moved", "deleted", "returned", "ignored"]

_FILE = (
    "SELECT article.id, path.path, article.path, article.blob, article.alive, article.places,"
    " article.revisions, article.happenings, article.shown, article.ended, article.ended_blob,"
    " article.joined FROM article JOIN path ON path.id = article.path"
)


_RECENT = (
    "SELECT article.id, step.at, version.blob FROM article"
    " JOIN version ON version.article = article.id AND version.place = 1"
    " JOIN step ON step.number = version.step WHERE article.joined IS NULL"
    " ORDER BY article.id DESC"
)


def textual(path: str) -> bool:
    """May this file be an article's, of today or of some other time?"""
    return path.lower().endswith(TEXTS) or "." not in path.rpartition("/")[2]


@dataclass(slots=True, eq=False, repr=False)
class _File:
    """One file while commits are played, under whatever paths; the tables hold its versions."""

    key: int
    path: str  # the newest, or the last
    blob: str  # the newest content, ignored commits included
    alive: bool = True
    ended: identity.Ended | None = None  # what identity knows of it while it is gone
    joined: _File | None = None  # the file that it turned out to be the same article as
    diverging: DivergentEdits | None = None  # what cannot be written into the tables yet
    path_number: int = 0  # of its newest path, in the table of paths
    places: int = 0  # contents so far
    revisions: int = 0  # of them, those with another text than the one before
    events: int = 0
    shown: str = ""  # the content of its newest revision
    newest: LastRevision | None = None  # its newest revision, where the tables lack it


class Replay:
    """Plays commits, oldest first, on top of what the tables hold, and writes what they add.

    Everything happens in the transaction of the caller.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        read: identity.ReadTexts,
        ignored: Collection[str],
        *,
        grace: int,
        last: int,
        stale: bool = False,
    ) -> None:
        """``last`` is the number of the newest commit in the tables, ``grace`` that of a history.

        With ``stale``, articles that are touched are put down as such.
        """
        self._connection = connection
        self._read = read
        self._ignored = ignored
        self._grace = grace
        self._number = last
        self._stale = stale
        self._now = 0  # when the commit that is played was made, seconds since 1970
        self._pool = _EndedFiles(self)
        # Whether clones wrote side by side here, so that what a text was written on need not be
        # what comes before it; then, for each path of a commit, which contents it was written on,
        # and the files that have something to tell at the end of that part of the history.
        self._apart = False
        self._before: dict[str, tuple[str, ...]] = {}
        self._untold: list[_File] = []
        self._sides_of: Commit | None = None
        self._sides: dict[str, set[int]] = {}  # path or name -> places in the side
        self._at: dict[str, _File | None] = {}  # who came to a path last
        self._by_key: dict[int, _File] = {}
        self._path_numbers: dict[str, int] = {}
        self._arrived: dict[int, tuple[str, int]] = {}  # path's number -> path, article
        self._touched: dict[int, _File] = {}
        self._people: dict[tuple[str, str], int] = {}
        self._offsets: dict[str, int] = {}
        self._commits: list[tuple[Any, ...]] = []
        self._versions: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []
        self._ids: list[tuple[Any, ...]] = []
        self._next_article = self._first("SELECT max(id) FROM article") + 1
        self._next_path = self._first("SELECT max(id) FROM path") + 1

    def _first(self, question: str) -> int:
        return int(self._connection.execute(question).fetchone()[0] or 0)

    # --- the commits --------------------------------------------------------------------------

    def play(self, part: CommitRange) -> None:
        together = True  # up to here, all commits lead to the last one
        for commit, cut in zip(part.commits, part.cut, strict=True):
            self._apart = not (together and cut) or bool(commit.seen_through)
            self._play(commit, [commit.changes, *part.pulled.get(commit.hash, ())])
            if cut and self._apart:
                self._tell_all()
            together = cut
            self._commits.append(self._commit_row(commit))
            if not self._untold and max(len(self._by_key), len(self._versions)) > MOST_FILES:
                self.flush()
        self._apart = False

    def _tell_all(self) -> None:
        """The end of a part where clones wrote side by side: what it brought can be told."""
        for file in self._untold:
            edits, file.diverging = file.diverging, None
            if edits is not None and file.joined is None:
                for state in edits.states():
                    self._tell(file, state)
        self._untold.clear()

    def _play(self, commit: Commit, differences: Sequence[Sequence[FileChange]]) -> None:
        """One commit; ``differences`` from its first parent, and from pulled ones."""
        self._number += 1
        self._now = int(commit.at.timestamp())
        changes: Iterable[FileChange] = differences[0]
        if self._apart:
            self._before = {each.path: (each.old,) for each in differences[0] if each.old}
        if commit.seen_through:
            for difference in differences:
                self._join(difference)
            changes = self._unsettled(commit, differences)
        gone: list[_File] = []
        appeared: list[identity.Appeared] = []
        changes = list(changes)
        exchanged = identity.exchanged(
            [(change.path, change.old, change.new) for change in changes if textual(change.path)],
            self._read,
        )
        for change in changes:
            if change.new is None:
                self._end(change.path, change.old, gone)
            elif change.path in exchanged:
                self._end(change.path, change.old, gone)
                appeared.append(identity.Appeared(change.path, change.new))
            elif (file := self.at(change.path)) is not None:
                self._change(file, commit, change.path, change.new)
            elif change.old is not None and self.came_to(change.path) is not None:
                self._change_elsewhere(commit, change.path, change.new)
            else:
                appeared.append(identity.Appeared(change.path, change.new))
        matched = self._match(appeared, gone)
        continued = {old.key for old in matched.values()}
        left = [file for file in gone if file.key not in continued]
        copied = self._copied(left)
        for file in left:
            if file.key in copied:
                self._go_on_as(copied[file.key], file)
            else:
                self._happen(file, "deleted", file.path)
        self._keep_ids_of(file for file in left if file.key not in copied)
        for new in appeared:
            old = matched.get(new.path)
            if old is None:
                self._begin(commit, new)
            else:
                self._go_on(self.file_of(old.key), commit, new)

    def _match(
        self, appeared: list[identity.Appeared], gone: list[_File]
    ) -> dict[str, identity.Ended]:
        """Which ended file each new one continues, by the new path."""
        if not gone and not self._pool.any():
            return {}  # as a rule: nothing ever ended
        texts = [new for new in appeared if textual(new.path)]
        if not texts:
            return {}
        ending = [file.ended for file in gone if file.ended is not None and textual(file.path)]
        return identity.match(texts, self._pool, ending, self._read)

    def _keep_ids_of(self, gone: Iterable[_File]) -> None:
        """Keep what the front matter of files that ended called them."""
        ended = [file.ended for file in gone if file.ended is not None and textual(file.path)]
        if ended:
            contents = self._read({each.blob for each in ended})
            for each in ended:
                self._pool.add_ids(each, identity.keys_of(contents.get(each.blob, b"")).ids)

    def _copied(self, gone: Sequence[_File]) -> dict[int, _File]:
        """By number of a file that ended, the one that goes on with it.

        People copy a file, and delete the old one within the hour or the day.
        """
        gone = [file for file in gone if file.ended is not None and textual(file.path)]
        if not gone:
            return {}
        self._write()
        recent = {}
        for number, began, blob in self._connection.execute(_RECENT):
            if began < self._now - self._grace:
                break
            file = self.file_of(number)
            if file.alive and textual(file.path) and file.diverging is None:
                recent[file.path] = (file, identity.Appeared(file.path, blob.hex()))
        pool = identity.Pool()
        for file in gone:
            assert file.ended is not None
            pool.add(file.ended)
        matched = identity.match([new for _, new in recent.values()], pool, (), self._read)
        return {ended.key: recent[path][0] for path, ended in matched.items()}

    def _go_on_as(self, second: _File, first: _File) -> None:
        """A file that was copied and has ended goes on as its copy."""
        old_path = first.path
        if first.ended is not None:
            self._pool.remove(first.ended)
        first.ended, first.joined = None, second
        if self._apart:
            self._divergence(second).join(self._divergence(first))
        self._take_over(first, second)
        self._happen(second, "moved", second.path, old_path)

    # --- merges that are seen through -----------------------------------------------------------

    def _join(self, difference: Sequence[FileChange]) -> None:
        """One article that two chains of commits had under two paths is one, from this merge on.

        Seen from one of its parents, the merge moves the article; the other chain had it there
        already.
        """
        old: dict[int, identity.Ended] = {}
        new: list[identity.Appeared] = []
        for change in difference:
            file = self.at(change.path)
            if file is None or not textual(change.path):
                continue
            if change.new is None and change.old is not None:
                old[file.key] = identity.Ended(file.key, change.path, change.old, self._number)
            elif change.old is None and change.new is not None:
                new.append(identity.Appeared(change.path, change.new))
        if not old or not new:
            return
        pool = identity.Pool()
        for ended in old.values():
            pool.add(ended)
        matched = identity.match(new, pool, list(old.values()), self._read)
        for path, ended in matched.items():
            first, second = self.file_of(ended.key), self.at(path)
            if second is None or first is second:
                continue
            other = self._divergence(first)
            first.joined, first.alive = second, False
            self._divergence(second).join(other)
            self._take_over(first, second)
            self._happen(second, "moved", path, ended.path)

    def _unsettled(
        self, commit: Commit, differences: Sequence[Sequence[FileChange]]
    ) -> list[FileChange]:
        """What a merge that is seen through holds otherwise than was published before it.

        All sides have been played. A file differs from none of them, or from one because another
        changed it, and is as it should be; or the merge settled it anew. What both sides wrote, it
        settled in any case.
        """
        held = {change.path: change for difference in differences for change in difference}
        sides = [self._side_of_merge(difference) for difference in differences]
        if len(sides) <= len(commit.seen_through):
            sides.append(({}, {}))  # a side from which the merge does not differ at all
        found = []
        for path, change in held.items():
            file = self.at(path)
            before = None if file is None else file.blob
            both = False
            if file is not None and change.new is not None and textual(path):
                blobs = (there.get(path, change.new) or gone.get(file.key) for there, gone in sides)
                heads = self._divergence(file).heads(blob for blob in blobs if blob is not None)
                self._before[path] = heads
                both = len(heads) > 1
            if both or change.new != before:
                found.append(FileChange(path, before, change.new))
        return found

    def _side_of_merge(
        self, difference: Sequence[FileChange]
    ) -> tuple[dict[str, str | None], dict[int, str]]:
        """What one side has otherwise than a merge: by path, and articles under another path."""
        gone = {}
        for change in difference:
            if change.new is None and change.old is not None and textual(change.path):
                file = self.last_at(change.path)
                if file is not None:
                    gone[file.key] = change.old
        return {each.path: each.old for each in difference}, gone

    # --- the files ------------------------------------------------------------------------------

    def at(self, path: str) -> _File | None:
        file = self.came_to(path)
        return file if file is not None and file.alive and file.path == path else None

    def came_to(self, path: str) -> _File | None:
        """The file that came to a path last, whatever became of it."""
        if path in self._at:
            return self._at[path]
        row = self._connection.execute(
            "SELECT id, article FROM path WHERE path = ?", (stored_path(path),)
        ).fetchone()
        found = None
        if row is not None:
            self._path_numbers[path] = row[0]
            found = self.file_of(row[1])
        self._at[path] = found
        return found

    def last_at(self, path: str) -> _File | None:
        file = self.came_to(path)
        while file is not None and file.joined is not None:
            file = file.joined
        return file

    def file_of(self, key: int) -> _File:
        found = self._by_key.get(key)
        if found is None:
            row = self._connection.execute(f"{_FILE} WHERE article.id = ?", (key,)).fetchone()
            found = self.hold(row)
        return found

    def hold(self, row: tuple[Any, ...]) -> _File:
        key, path, number, blob, alive, places, revisions, events, shown, ended, last, joined = row
        found = self._by_key.get(key)
        if found is not None:
            return found
        content, name = blob.hex(), path_of(path)
        file = _File(key, name, content, alive=bool(alive))
        file.path_number, file.places = number, places
        file.revisions, file.events = revisions, events
        file.shown = content if shown is None else shown.hex()
        if ended is not None:
            held = content if last is None else last.hex()
            file.ended = identity.Ended(key, name, held, ended)
        self._by_key[key] = file
        if joined is not None:
            file.joined = self.file_of(joined)
        return file

    def ended_where(self, question: str, value: object) -> list[_File]:
        """Files of the tables that have ended and of which something is true."""
        query = f"{_FILE} WHERE article.ended IS NOT NULL AND {question}"
        return [self.hold(row) for row in self._connection.execute(query, (value,)).fetchall()]

    def keep_ids(self, key: int, ids: Iterable[str]) -> None:
        """Keep what the front matter of an ended file called it."""
        self._ids += [(storable(each), key) for each in ids]

    def any_ended(self) -> bool:
        """Whether the tables hold any file that has ended."""
        question = "SELECT 1 FROM article WHERE ended IS NOT NULL AND name IS NOT NULL LIMIT 1"
        return self._connection.execute(question).fetchone() is not None

    def _last_revision(self, file: _File) -> LastRevision | None:
        if file.newest is not None or not file.revisions:
            return file.newest
        number, commit = self._connection.execute(
            "SELECT step.number, step.hash FROM version JOIN step ON step.number = version.step"
            " WHERE version.article = ? AND version.number = ?",
            (file.key, file.revisions),
        ).fetchone()
        return LastRevision(number, commit.hex(), file.shown)

    def _come(self, file: _File, path: str) -> None:
        self._at[path] = file
        number = self._path_number(path)
        file.path_number = number
        self._arrived[number] = (path, file.key)
        self._touched[file.key] = file

    def _path_number(self, path: str) -> int:
        number = self._path_numbers.get(path)
        if number is None:
            self.came_to(path)
            number = self._path_numbers.get(path)
        if number is None:
            number = self._path_numbers[path] = self._next_path
            self._next_path += 1
        return number

    # --- what happens to them ---------------------------------------------------------------------

    def _begin(self, commit: Commit, new: identity.Appeared) -> None:
        file = _File(self._next_article, new.path, new.blob)
        self._next_article += 1
        self._by_key[file.key] = file
        self._come(file, new.path)
        self._hold(file, commit, new.path, new.blob, {new.path})

    def _end(self, path: str, blob: str | None, gone: list[_File]) -> None:
        file = self.at(path)
        if file is not None:
            file.alive = False
            file.ended = identity.Ended(file.key, path, blob or file.blob, self._number)
            self._pool.add(file.ended)
            self._touched[file.key] = file
            gone.append(file)

    def _go_on(self, file: _File, commit: Commit, new: identity.Appeared) -> None:
        old_path, old_blob = file.path, file.blob
        if self._apart and file.ended is not None:
            old_blob = file.ended.blob  # what this side had: the other one may have written since
            self._before[new.path] = (old_blob,)
        file.path, file.alive, file.ended = new.path, True, None
        self._come(file, new.path)
        if new.path == old_path:
            self._happen(file, "returned", new.path)
        else:
            self._happen(file, "moved", new.path, old_path)
        if new.blob != old_blob:
            self._change(file, commit, new.path, new.blob, old_path)

    def _change(
        self, file: _File, commit: Commit, path: str, blob: str, old_path: str | None = None
    ) -> None:
        edits = self._divergence(file) if self._apart else None
        file.blob = blob
        if commit.hash in self._ignored:
            if edits is not None:
                edits.ignore(blob, self._before.get(path, ()))
            self._happen(file, "ignored", path)
        else:
            self._hold(file, commit, path, blob, {path, old_path or path})

    def _change_elsewhere(self, commit: Commit, path: str, blob: str) -> None:
        """An edit on one chain; another one has moved or deleted the file meanwhile."""
        file = self.last_at(path)
        if file is None:  # pragma: no cover - the caller has looked
            return
        self._change(file, commit, path, blob)
        if file.ended is not None:
            self._pool.remove(file.ended)
            file.ended = file.ended._replace(blob=blob)
            self._pool.add(file.ended)

    def _hold(self, file: _File, commit: Commit, path: str, blob: str, paths: set[str]) -> None:
        side = self._side(commit, paths) if commit.side else ()
        state = FileState(self._number, commit, path, blob, side)
        if self._apart:
            self._divergence(file).add(state, self._before.get(path, ()))
        else:
            self._tell(file, state)

    def _divergence(self, file: _File) -> DivergentEdits:
        """Where what a file has in this part of the history is kept until it can be told."""
        if file.diverging is None:
            file.diverging = DivergentEdits(self._last_revision(file), file.blob)
            self._untold.append(file)
        return file.diverging

    def _tell(self, file: _File, state: FileState) -> None:
        """One more row; a revision where its text is another than the last one's.

        So is a merge that settled what was written on two versions.
        """
        based_on = state.based_on or ()
        file.places += 1
        number = None
        if file.shown != state.blob or not file.revisions or len(based_on) > 1:
            file.shown = state.blob
            file.revisions += 1
            file.newest = LastRevision(state.number, state.commit.hash, state.blob)
            number = file.revisions
        place = file.path_number if state.path == file.path else self._path_number(state.path)
        merged = bytes.fromhex("".join(state.side)) if state.side else None
        before = bytes.fromhex("".join(based_on)) if based_on else None
        blob = bytes.fromhex(state.blob)
        self._versions.append(
            (file.key, file.places, number, state.number, blob, place, merged, before)
        )
        self._touched[file.key] = file

    def _happen(self, file: _File, kind: _Kind, path: str, old_path: str | None = None) -> None:
        file.events += 1
        self._events.append(
            (
                file.key, file.events, self._number, kind, self._path_number(path),
                None if old_path is None else self._path_number(old_path),
            )
        )  # fmt: skip
        self._touched[file.key] = file

    def _side(self, commit: Commit, paths: set[str]) -> tuple[str, ...]:
        """Commits of the merged branch that touched the article, under its path or its name."""
        if self._sides_of is not commit:
            self._sides_of = commit
            self._sides = {}
            for number, side in enumerate(commit.side):
                for change in side.changes:
                    self._sides.setdefault(change.path, set()).add(number)
                    if self.at(change.path) is None and textual(change.path):
                        name = "\0" + identity.name_of(change.path)  # no path holds a NUL
                        self._sides.setdefault(name, set()).add(number)
        found: set[int] = set()
        for path in paths:
            found |= self._sides.get(path, set())
            found |= self._sides.get("\0" + identity.name_of(path), set())
        return tuple(commit.side[number].hash for number in sorted(found))

    def _take_over(self, first: _File, second: _File) -> None:
        """What one file had before, another has: two turned out to be one article."""
        self._write()
        both = filter(None, (self._last_revision(second), self._last_revision(first)))
        second.newest = max(both, key=lambda one: one.number, default=None)
        second.revisions = _unite(self._connection, first.key, second.key)
        second.places += first.places
        second.events += first.events
        first.places = first.revisions = first.events = 0
        if second.newest is not None:
            second.shown = second.newest.blob
        self._touched.update({first.key: first, second.key: second})

    # --- into the tables --------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what was played, and forget it here."""
        self._write()
        self._at.clear()
        self._by_key.clear()
        self._path_numbers.clear()
        self._pool.forget()

    def _write(self) -> None:
        run = self._connection.executemany
        run("INSERT INTO step VALUES (?, ?, ?, ?, ?, ?)", self._commits)
        run(
            "INSERT INTO path VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " article = excluded.article",
            ((number, stored_path(p), key) for number, (p, key) in self._arrived.items()),
        )
        self._versions.sort(key=itemgetter(0, 1))
        run("INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._versions)
        run("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", self._events)
        run(
            "INSERT OR REPLACE INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            map(_row, self._touched.values()),
        )
        run("INSERT OR IGNORE INTO ended_id VALUES (?, ?)", self._ids)
        if self._stale:
            run("INSERT OR IGNORE INTO stale VALUES (?)", ((key,) for key in self._touched))
        for kept in (self._commits, self._versions, self._events, self._ids):
            kept.clear()
        self._arrived.clear()
        self._touched.clear()

    def _commit_row(self, commit: Commit) -> tuple[Any, ...]:
        header = commit.header
        seconds, _, offset = header[0].partition(" ")
        zone = self._offsets.get(offset)
        if zone is not None and seconds.isascii() and seconds.isdigit() and len(seconds) < 11:
            at = int(seconds)
        else:
            moment = commit.at
            at, zone = int(moment.timestamp()), _minutes(moment.utcoffset())
            with suppress(ValueError, IndexError):
                self._offsets[offset] = _minutes(instant(0, offset).utcoffset())
        author = self._people.get((header[1], header[2]))
        if author is None:
            author = self._people[header[1], header[2]] = self._person(commit)
        return (self._number, bytes.fromhex(commit.hash), at, zone, author, commit.subject)

    def _person(self, commit: Commit) -> int:
        person = commit.person
        found = self._connection.execute(
            "SELECT id FROM person WHERE name = ? AND email = ?", person
        ).fetchone()
        if found is not None:
            return int(found[0])
        made = self._connection.execute("INSERT INTO person (name, email) VALUES (?, ?)", person)
        assert made.lastrowid is not None
        return made.lastrowid


class _EndedFiles(identity.Pool):
    """The files that have ended and may come back: in the tables, and since."""

    def __init__(self, replay: Replay) -> None:
        super().__init__()
        self._replay = replay
        self._asked: set[object] = set()
        self._some: bool | None = None

    def any(self) -> bool:
        if self._some is None:
            self._some = self._replay.any_ended()
        return self._some or bool(self._by_name)

    def forget(self) -> None:
        """Everything is in the tables now."""
        self._by_blob.clear()
        self._by_name.clear()
        self._by_id.clear()
        self._asked.clear()
        self._some = None

    def add_ids(self, ended: identity.Ended, ids: Iterable[str]) -> None:
        """What the front matter of an ended article called it."""
        ids = list(ids)
        super().add_ids(ended, ids)
        self._replay.keep_ids(ended.key, ids)

    def by_blob(self, blob: str) -> list[identity.Ended]:
        """Those that held the very same text."""
        if blob not in identity.EMPTY:
            self._ask("coalesce(article.ended_blob, article.blob) = ?", bytes.fromhex(blob))
        return super().by_blob(blob)

    def by_name(self, name: str) -> list[identity.Ended]:
        """Those of a name, the last ones to end."""
        self._ask("article.name = ?", stored_path(name))
        return super().by_name(name)

    def by_id(self, name: str) -> list[identity.Ended]:
        """Those whose front matter called them so."""
        question = "article.id IN (SELECT article FROM ended_id WHERE id = ?)"
        found = self._ask(question, storable(name))
        for each in found:
            super().add_ids(each, [name])
        return super().by_id(name)

    def _ask(self, question: str, value: object) -> list[identity.Ended]:
        """Add the files of the tables that have ended and of which something is true."""
        if not self.any() or (question, value) in self._asked:
            return []
        self._asked.add((question, value))
        found = [file.ended for file in self._replay.ended_where(question, value) if not file.alive]
        ended = [each for each in found if each is not None]
        for each in ended:
            self.add(each)
        return ended


def _unite(connection: sqlite3.Connection, first: int, second: int) -> int:
    """Give the versions and events of one file to another, in the order of their commits.

    Returns how many revisions that are.
    """
    run = connection.execute
    versions = run(
        "SELECT number, step, blob, path, side, written_on FROM version WHERE article IN (?, ?)"
        " ORDER BY step, article = ?",
        (first, second, second),
    ).fetchall()
    events = run(
        "SELECT step, kind, path, old_path FROM event WHERE article IN (?, ?)"
        " ORDER BY step, article = ?, place",
        (first, second, second),
    ).fetchall()
    run("DELETE FROM version WHERE article IN (?, ?)", (first, second))
    run("DELETE FROM event WHERE article IN (?, ?)", (first, second))
    numbers, shown = 0, None
    for place, (number, step, blob, path, side, written_on) in enumerate(versions, start=1):
        told = None
        if number is not None and (blob != shown or written_on is not None):
            numbers, shown = numbers + 1, blob
            told = numbers
        row = (second, place, told, step, blob, path, side, written_on)
        run("INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    for place, row in enumerate(events, start=1):
        run("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", (second, place, *row))
    return numbers


def _row(file: _File) -> tuple[Any, ...]:
    ended = file.ended
    return (
        file.key,
        file.path_number,
        bytes.fromhex(file.blob),
        file.alive,
        file.path.lower().endswith(TEXTS),
        file.places,
        file.revisions,
        file.events,
        None if file.shown == file.blob else bytes.fromhex(file.shown),
        None if ended is None else ended.step,
        None if ended is None or ended.blob == file.blob else bytes.fromhex(ended.blob),
        None if ended is None else stored_path(identity.name_of(file.path)),
        None if file.joined is None else file.joined.key,
    )


def _minutes(offset: timedelta | None) -> int:
    return int(offset.total_seconds()) // 60 if offset is not None else 0
