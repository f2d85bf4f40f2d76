"""One article of an import: which of its versions are new, and what becomes of their texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from tracker.errors import TrackerError
from tracker.model import Note, Person
from tracker.newsroom.incoming import ImportPlan, Ready, Row, Skipped, Telling
from tracker.newsroom.note_editor import NoteEditor, Told
from tracker.newsroom.selection import is_text
from tracker.newsroom.writing import message_of
from tracker.store.git import GitError, checked
from tracker.store.reader import Reader, not_too_large
from tracker.store.stream import Conversion
from tracker.text.document import decode

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


class ImportWork:
    """What all articles of an import share."""

    def __init__(
        self,
        tally: Tally,
        notes: NoteEditor,
        keeps: bool,
        convert: Conversion,
        reader: Reader,
        hashed: Callable[[bytes], str],
        store: Callable[[bytes], None],
    ) -> None:
        self.tally = tally
        self.notes = notes
        self.keeps = keeps  # a version without notes keeps those of the one before
        self.convert = convert
        self.reader = reader
        self.hashed = hashed  # a text's blob
        self.store = store  # gives a text to git


class ArticleImport:
    """The versions of one article, one after another, oldest first."""

    def __init__(self, work: ImportWork, path: str) -> None:
        self._work = work
        self._path = path
        plan = work.tally.plan
        self._found = plan.standing(path)
        self._known = plan.known(path)
        self._newest = max(self._known, default=-1)
        self._tip = self._found[2] if self._found is not None else None  # the blob there is now
        self._why_not = self._refusal()
        self._before: str | None = None  # the blob of the version before, as it was recorded
        self._text = b""  # the same
        self._wrote: str | None = None  # the last blob that is to be written
        if self._why_not is None:
            work.convert.of(path, lambda: self._tip is not None and b"\r\n" in self._current())

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
        if not is_text(path):
            return f"{path} does not end in .md, .markdown, .txt or .mdx, or is a listing."
        parts = path.split("/")
        for end in range(1, len(parts)):
            above = "/".join(parts[:end])
            there = plan.standing(above)
            if there is not None and there[0] != "tree":
                return f"{above} is a file in the newsroom, so {path} cannot be in it."
            if there is None and is_text(above) and plan.comes(above):
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
                not_too_large(self._path, len(data))
                self._take(row, data)
            except GitError:
                raise  # it is not the version that is bad
            except TrackerError as error:
                self._bad(row, error.sentence, error.hint)

    def _bad(self, row: Row, reason: str, hint: str = "") -> None:
        self._work.tally.skip(Skipped(row.origin, reason, bad=True, hint=hint))

    def _take(self, row: Row, data: bytes) -> None:
        work, tally = self._work, self._work.tally
        known = self._known.get(row.seconds, ())
        at = datetime.fromtimestamp(row.seconds, _zone(row.minutes))
        new = self._with_notes(row, data, at)
        blob = work.hashed(new)
        if blob in known:
            tally.known += 1
            self._before, self._text = blob, new
            return
        if blob != self._before and self._tip is not None and self._before != self._tip:
            if row.place < self._newest:
                newest = datetime.fromtimestamp(self._newest, at.tzinfo)
                raise TrackerError(
                    f"{self._path} has a newer revision already, of "
                    f"{newest.isoformat(' ', 'minutes')}.",
                    "A revision is never put in before another: import into a new newsroom.",
                )
            # It comes after what somebody recorded, and may keep the notes of that.
            self._text, self._before = self._current(), self._tip
            new = self._with_notes(row, data, at)
            blob = work.hashed(new)
        if blob == self._before:
            tally.unchanged += 1
            return
        notes = () if row.message else self._brought(new, at)
        tally.add(self._ready(row, blob, notes))
        work.store(new)
        self._before = self._wrote = self._tip = blob
        self._text = new

    def _with_notes(self, row: Row, data: bytes, at: datetime) -> bytes:
        """What git is to store: the text, with the notes that it keeps and those told of it."""
        work = self._work
        told = _tellings(row.told) if row.told else ()
        if told or (work.keeps and self._before is not None):
            text, encoding = decode(data)
            before = None if self._before is None else decode(self._text)[0]
            if work.keeps and before is not None:
                text = work.notes.carry(before, text, at)
            if told:
                notes = [Told(each.kind, each.text, each.at or at) for each in told]
                text = work.notes.add(text, notes, before=before)
            data = work.notes.encoded(text, encoding)
        return work.convert(data)

    def _brought(self, data: bytes, at: datetime) -> tuple[Note, ...]:
        """The notes that a version has and the one before has not, for the commit's message.

        To read all notes of a text takes as long as to give it to git: they are looked for where
        the new lines have any.
        """
        if self._before is None:
            return ()
        old = set(self._text.split(b"\n"))
        new = b"\n".join(line for line in data.split(b"\n") if line not in old)
        notes = self._work.notes
        if b"text:" not in new and not notes.notes(decode(new)[0], at):
            return ()
        return notes.brought(decode(self._text)[0], decode(data)[0], at)

    def _ready(self, row: Row, blob: str, notes: Sequence[Note]) -> Ready:
        message = row.message and row.message.replace("\0", "").strip("\n")
        if not message or message.isspace():
            first = self._found is None and self._wrote is None
            message = message_of(self._path, notes, first=first)
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


def _tellings(told: str) -> tuple[Telling, ...]:
    return tuple(
        Telling(kind, text, None if at is None else datetime.fromisoformat(at))
        for kind, text, at in json.loads(told)
    )
