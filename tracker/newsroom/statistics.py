"""Numbers for the year's report, over all that was published: ``tracker stats`` and its page."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain
from pathlib import PurePosixPath
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.house.changelog import notes_told, tellings, went_out
from tracker.model import History, Kind, Progress, Revision
from tracker.newsroom import history, queries
from tracker.newsroom.catalog import compare, track_at
from tracker.newsroom.workspace import Workspace
from tracker.store.reader import Reader
from tracker.text.blame import blame
from tracker.text.document import decode


class NoteCount(NamedTuple):
    """Notes of one kind that readers got in a month."""

    month: str  # "2022-05", in the newsroom's zone
    kind: Kind
    number: int


class Correction(NamedTuple):
    """A correction, and how long the error had stood."""

    path: str
    headline: str
    note: str  # its id
    at: datetime  # when readers got it, aware
    stood: timedelta | None  # since the words that it corrects came out; None where not known


class ChangeCount(NamedTuple):
    """Changes of substance that readers could see, in a month and a folder."""

    month: str
    folder: str  # of the article, from where all articles are; "" for none
    changes: int
    untold: int  # of them, those that no note tells of


class Statistics(NamedTuple):
    """What a newsroom published and told, between two instants."""

    since: datetime | None  # aware; None: from the first revision on
    until: datetime | None
    articles: int  # that were revised in that time
    revisions: int
    notes: tuple[NoteCount, ...]  # oldest month first
    corrections: tuple[Correction, ...]  # oldest first
    changes: tuple[ChangeCount, ...]  # oldest month first, then by folder


def statistics(
    workspace: Workspace,
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Progress | None = None,
) -> Statistics:
    """The numbers of the newsroom from ``since`` on, before ``until``; both aware.

    Articles that were deleted since count as those that stand: readers could read them. A withdrawn
    note counts as told. The error behind a correction stood from the revision that
    brought the oldest of the facts that its change replaced.
    """
    tally = _Tally(workspace, since, until)
    with Reader(workspace.repository) as reader:
        for life in chain(queries.lives(workspace, progress), history.gone(workspace)):
            tally.add(life, reader)
    return tally.result()


class _Tally:
    def __init__(
        self, workspace: Workspace, since: datetime | None, until: datetime | None
    ) -> None:
        self._workspace = workspace
        self._since, self._until = since, until
        self._articles = self._revisions = 0
        self._notes: Counter[tuple[str, Kind]] = Counter()
        self._changes: Counter[tuple[str, str]] = Counter()
        self._untold: Counter[tuple[str, str]] = Counter()
        self._corrections: list[Correction] = []
        self._paths: set[str] = set()

    def add(self, life: History, reader: Reader) -> None:
        within = [each for each in life.revisions if self._within(each.at)]
        self._articles += bool(within)
        self._revisions += len(within)
        grace = self._workspace.settings.check.grace
        told = tellings(life, grace)
        path = life.article.path
        self._paths.add(path)
        first = next((each.number for each in life.revisions if each.published), 0)
        for revision in within:
            if revision.number > first and revision.published and revision.substantive:
                key = (self._month(revision.at), path)
                self._changes[key] += 1
                self._untold[key] += revision.number not in told
        for each in notes_told(life):
            at = went_out(each)
            if not self._within(at):
                continue
            self._notes[self._month(at), each.note.kind] += 1
            if each.note.kind == "correction":
                of = [n for n, notes in told.items() if any(one.note == each.note for one in notes)]
                stood = self._stood(life, reader, of, at)
                self._corrections.append(
                    Correction(life.article.path, life.article.headline, each.note.id, at, stood)
                )

    def _stood(
        self, life: History, reader: Reader, numbers: list[int], at: datetime
    ) -> timedelta | None:
        """How long the words had stood that the revisions of these numbers corrected."""
        by_number = {each.number: each for each in life.revisions}
        oldest: datetime | None = None
        for number in numbers:
            fixed = by_number.get(number)
            if fixed is None or number < 2 or not fixed.substantive:
                continue
            brought = self._brought(life, reader, fixed)
            if brought is not None:
                oldest = brought if oldest is None else min(oldest, brought)
        return at - oldest if oldest is not None and at >= oldest else None

    def _brought(self, life: History, reader: Reader, fixed: Revision) -> datetime | None:
        """When the oldest of the facts came out that one revision replaced; None for no fact."""
        try:
            versions = track_at(self._workspace, life.article.path).versions[: fixed.number]
            *texts, new = (decode(reader.read(version.blob))[0] for version in versions)
        except TrackerError:  # a text that cannot be read any more
            return None
        change = compare(self._workspace, texts[-1], new)
        places = [each.old_start for each in change.edits if each.old and each.labels & _FACTS]
        if not places:
            return None
        spans = blame(texts)
        origins = [
            span.revision
            for span in spans
            if any(span.start <= place < span.end for place in places)
        ]
        return life.revisions[min(origins) - 1].out_at if origins else None

    def _within(self, at: datetime) -> bool:
        after = self._since is None or at >= self._since
        return after and (self._until is None or at < self._until)

    def _month(self, at: datetime) -> str:
        return at.astimezone(self._workspace.settings.zone).strftime("%Y-%m")

    def _by_folder(self, counted: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
        start = _common(self._paths)
        found = Counter[tuple[str, str]]()
        for (month, path), count in counted.items():
            found[month, self._folder(path.removeprefix(start))] += count
        return found

    @staticmethod
    def _folder(inside: str) -> str:
        folder = PurePosixPath(inside).parent.as_posix().partition("/")[0]
        return "" if folder == "." else folder

    def result(self) -> Statistics:
        changes, untold = self._by_folder(self._changes), self._by_folder(self._untold)
        return Statistics(
            self._since,
            self._until,
            self._articles,
            self._revisions,
            tuple(NoteCount(*key, count) for key, count in sorted(self._notes.items())),
            tuple(sorted(self._corrections, key=lambda each: each.at)),
            tuple(ChangeCount(*key, count, untold[key]) for key, count in sorted(changes.items())),
        )


_FACTS = frozenset({"number", "date", "name", "quote", "negation", "headline"})


def _common(paths: Iterable[str]) -> str:
    """The folder that all paths share, with a slash behind it; "" for none."""
    parents = [posixpath.dirname(path) for path in paths]
    shared = posixpath.commonpath(parents) if parents else ""
    return f"{shared}/" if shared else ""
