"""One article of an import: which of its versions are new, and what becomes of their texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from tracker.errors import TrackerError
from tracker.model import Note, Person
from tracker.newsroom import select
from tracker.newsroom.carrying import Carrier
from tracker.newsroom.import_plan import ImportPlan, Ready, Row
from tracker.newsroom.incoming import Skipped, Telling
from tracker.store.conversion import Conversion
from tracker.store.git import GitError
from tracker.store.paths import checked
from tracker.store.reader import Reader

_NAMED = 1000  # bad and left-out things that are named; the rest is counted
_MOST_ROWS = 500  # revisions given to the plan at once


class Tally:
    """What is counted, and what is planned, over all articles."""

    def __init__(self, plan: ImportPlan, writer: Person, *, skip_bad: bool) -> None:
        self.plan = plan
        self.writer = writer
        self.added = self.known = self.unchanged = 0  # versions
        self.articles = self.new_articles = 0  # that get revisions
        self.bad = self.left_out = 0
        self.skipped: list[Skipped] = []
        self.new_files: dict[str, int] = {}  # by folder
        self._skip_bad = skip_bad
        self._ready: list[Ready] = []
        self._final: list[tuple[str, str, bool]] = []

    def skip(self, each: Skipped) -> None:
        """Count what is left out; raise for what is bad, unless that is to be skipped."""
        if each.bad and not self._skip_bad:
            hint = (each.hint or "Correct it.").rstrip(".")
            raise TrackerError(
                f"{each.origin}: {each.reason}",
                f"{hint}; or leave such versions out with --skip-bad.",
            )
        if each.bad:
            self.bad += 1
        else:
            self.left_out += 1
        if len(self.skipped) < _NAMED:
            self.skipped.append(each)

    def add(self, ready: Ready) -> None:
        """Plan one revision."""
        self.added += 1
        self._ready.append(ready)
        if len(self._ready) >= _MOST_ROWS:
            self.flush()

    def finish(self, path: str, blob: str, *, is_new: bool) -> None:
        """An article gets revisions, and ends with this blob."""
        self.articles += 1
        self._final.append((path, blob, is_new))
        if is_new:
            self.new_articles += 1
            folder = path.rpartition("/")[0]
            self.new_files[folder] = self.new_files.get(folder, 0) + 1

    def flush(self) -> None:
        """Give the plan what is not there yet."""
        self.plan.ready(self._ready)
        self.plan.finish(self._final)
        self._ready.clear()
        self._final.clear()


class Work:
    """What all articles of an import share."""

    def __init__(
        self,
        tally: Tally,
        carrier: Carrier,
        convert: Conversion,
        reader: Reader,
        hashed: Callable[[bytes], str],
        store: Callable[[bytes], None],
    ) -> None:
        self.tally = tally
        self.carrier = carrier
        self.convert = convert
        self.reader = reader
        self.hashed = hashed  # a text's blob
        self.store = store  # gives a text to git


class ArticleImport:
    """The versions of one article, one after another, oldest first."""

    def __init__(self, work: Work, path: str) -> None:
        self._work = work
        self._path = path
        plan = work.tally.plan
        self._found = plan.standing(path)
        self._known = plan.known(path)
        self._newest = max(self._known, default=-1)
        self._tip = self._found[2] if self._found is not None else None  # the blob there is now
        self._why_not = self._refusal()
        self._before: str | None = None  # the blob of the version before, as it was recorded
        self._text = b""  # the same; where the carrier was not told of it yet
        self._followed = False  # the carrier knows the version before
        self._wrote: str | None = None  # the last blob that is to be written
        if self._why_not is None:
            work.convert.of(path, has_crlf=self._tip is not None and b"\r\n" in self._current())

    def _current(self) -> bytes:
        """The text that the branch has now."""
        assert self._tip is not None
        return self._work.reader.read(self._tip)

    def _refusal(self) -> str | None:
        """Why nothing can be recorded at this path; None where it can."""
        path, plan = self._path, self._work.tally.plan
        try:
            checked(path)
        except TrackerError as error:
            return error.sentence
        if not select.is_text(path):
            return f"{path} does not end in .md, .markdown or .txt, or is a listing."
        parts = path.split("/")
        for end in range(1, len(parts)):
            above = "/".join(parts[:end])
            there = plan.standing(above)
            if there is not None and there[0] != "tree":
                return f"{above} is a file in the newsroom, so {path} cannot be in it."
            if there is None and select.is_text(above) and plan.comes(above):
                return f"{above} comes as a file too, so {path} cannot be in it."
        if self._found is not None and not self._found[1].startswith("100"):
            names = {"tree": "a folder", "blob": "a symbolic link"}
            return f"{path} is {names.get(self._found[0], 'a submodule')} in the newsroom."
        return None

    def take(self, row: Row, data: bytes | TrackerError) -> None:
        """One more version: known, unchanged, new, or bad."""
        if self._why_not is not None:
            self._bad(row, self._why_not)
        elif isinstance(data, TrackerError):
            self._bad(row, data.sentence, data.hint)
        else:
            try:
                self._take(row, data)
            except GitError:
                raise  # it is not the version that is bad
            except TrackerError as error:
                self._bad(row, error.sentence, error.hint)

    def _bad(self, row: Row, reason: str, hint: str = "") -> None:
        self._work.tally.skip(Skipped(row.origin, reason, bad=True, hint=hint))

    def _take(self, row: Row, data: bytes) -> None:
        work, tally = self._work, self._work.tally
        known = self._known.get(row.seconds)
        if self._known and row.told is None:
            # The usual case of an import that goes on: nothing has to be looked for in the text.
            blob = work.hashed(work.convert(data))
            if blob == self._before:
                tally.unchanged += 1
                return
            if known is not None and blob in known:
                tally.known += 1
                self._before, self._text, self._followed = blob, data, False
                return
        at = datetime.fromtimestamp(row.seconds, _zone(row.minutes))
        self._follow()
        new, blob, notes = self._prepared(row, data, at)
        if known is not None and blob in known:
            tally.known += 1
            self._before = blob
            return
        if blob != self._before and self._tip is not None and self._before != self._tip:
            if row.place < self._newest:
                newest = datetime.fromtimestamp(self._newest, at.tzinfo)
                raise TrackerError(
                    f"{self._path} has a newer revision already, of "
                    f"{newest.isoformat(' ', 'minutes')}.",
                    "A revision is never put in before another: import into a new newsroom.",
                )
            # It comes after what somebody recorded, and keeps the notes of that.
            self._text, self._before, self._followed = self._current(), self._tip, False
            self._follow()
            new, blob, notes = self._prepared(row, data, at)
        if blob == self._before:
            tally.unchanged += 1
            return
        tally.add(self._ready(row, blob, notes))
        work.store(new)
        self._before = self._wrote = self._tip = blob

    def _follow(self) -> None:
        """Tell the carrier of the version before, where it has not seen it."""
        if not self._followed:
            self._work.carrier.begin(self._text if self._before is not None else None)
            self._followed = True

    def _prepared(self, row: Row, data: bytes, at: datetime) -> tuple[bytes, str, tuple[Note, ...]]:
        """What git is to store, its blob, and the notes that it brings."""
        work = self._work
        told = _tellings(row.told) if row.told else ()
        carried = work.carrier.next(data, told, at)
        new = work.convert(carried.data)
        return new, work.hashed(new), carried.brought

    def _ready(self, row: Row, blob: str, notes: Sequence[Note]) -> Ready:
        message = row.message and row.message.replace("\0", "").strip("\n")
        if not message or message.isspace():
            first = self._found is None and self._wrote is None
            message = _message(self._path, notes, first=first)
        if row.trailers:
            message += f"\n\n{row.trailers}"
        writer = self._work.tally.writer
        return Ready(
            place=row.place,
            seconds=row.seconds,
            path=self._path,
            sequence=row.sequence,
            minutes=row.minutes,
            blob=blob,
            mode="100755" if self._found is not None and self._found[1] == "100755" else "100644",
            name=writer.name if row.name is None else row.name,
            email=(writer.email if row.name is None else row.email) or "",
            message=f"{message}\n",
        )

    def end(self) -> None:
        """There are no more versions of this article."""
        if self._wrote is not None:
            self._work.tally.finish(self._path, self._wrote, is_new=self._found is None)


@lru_cache
def _zone(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes))


def _message(path: str, notes: Sequence[Note], *, first: bool) -> str:
    """A commit message for people who read plain git log, as a recording has it."""
    if not notes:
        return f"{'Publish' if first else 'Edit'} {path}"
    kinds = " and ".join(note.kind.capitalize() for note in notes)
    return f"{kinds}: {path}\n\n" + "\n".join(note.text for note in notes)


def _tellings(told: str) -> tuple[Telling, ...]:
    return tuple(
        Telling(kind, text, None if at is None else datetime.fromisoformat(at))
        for kind, text, at in json.loads(told)
    )
