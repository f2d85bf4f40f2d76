"""What is asked of all articles at once: newest revisions, counts, changelog, statistics."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, time, timedelta
from pathlib import PurePosixPath
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from tracker.catalog import queries
from tracker.catalog.schema import Catalog
from tracker.errors import TrackerError
from tracker.house.changelog import note_entry, notes_told, tellings, went_out
from tracker.model import (
    Article,
    Entry,
    History,
    Kind,
    Listed,
    Progress,
    Revision,
    Selection,
    Track,
)
from tracker.newsroom.catalog import compare, track_at
from tracker.newsroom.facts import COMPARED, LINE, READ, Known, UnusableError, known
from tracker.newsroom.revisions import article_of
from tracker.newsroom.workspace import Workspace
from tracker.store.reader import Reader
from tracker.text.blame import blame
from tracker.text.document import decode

ALL = Selection()
_Answer = TypeVar("_Answer")
_Given = ParamSpec("_Given")
_ROUNDS = 4  # times that another process may add to the history meanwhile, or the file fail


def ask(
    workspace: Workspace,
    progress: Progress | None,
    question: Callable[Concatenate[Known, _Given], _Answer],
    *given: _Given.args,
    **named: _Given.kwargs,
) -> _Answer:
    """What one of the questions below, or of ``search``, answers.

    ``progress`` is called with the number of articles done and the number of all.
    """
    with Catalog(workspace.repository) as catalog:
        return _ask(catalog, workspace, progress, lambda it: question(it, *given, **named))


def _ask(
    catalog: Catalog,
    workspace: Workspace,
    progress: Progress | None,
    question: Callable[[Known], _Answer],
) -> _Answer:
    for _ in range(_ROUNDS):
        try:
            return question(known(workspace, catalog, progress))
        except UnusableError:
            continue
        except sqlite3.Error as error:
            catalog.fall_back(error)
    raise TrackerError(
        "The history changes faster than it can be read.", "Try again when others are done."
    )


def _up_to(it: Known, selection: Selection) -> None:
    """Make known of every article what tells which revisions are meant."""
    read = (selection.kind, selection.told) != (None, None)
    it.up_to(COMPARED if selection.substantive is not None else READ if read else LINE)


def _article(it: Known, number: int) -> Article | None:
    """The article of a number; None where its texts cannot be read."""
    head = queries.head(it.connection, number)
    return None if head is None else article_of(head.path, head.headline)


def latest(
    it: Known, limit: int, offset: int = 0, selection: Selection = ALL
) -> tuple[tuple[Article, Revision], ...]:
    """The newsroom's newest revisions, newest first, each with its article."""
    _up_to(it, selection)
    chosen = queries.newest(it.connection, selection, limit, offset)
    it.up_to(COMPARED, [article for article, _ in chosen])
    found = tuple(
        (head, queries.revision(it.connection, article, number))
        for article, number in chosen
        if (head := _article(it, article)) is not None
    )
    if chosen and not found:
        raise TrackerError(
            "None of the newest texts can be read.", "What is wrong with each: tracker check"
        )
    return found


def count(it: Known, selection: Selection = ALL) -> int:
    _up_to(it, selection)
    return queries.count(it.connection, selection)


def months(it: Known, selection: Selection = ALL) -> tuple[tuple[str, int], ...]:
    _up_to(it, selection)
    return tuple(queries.months(it.connection, selection))


def people(it: Known) -> tuple[tuple[str, int], ...]:
    return tuple(queries.people(it.connection))


def articles(it: Known, limit: int | None = None, offset: int = 0) -> tuple[Article, ...]:
    numbers = queries.last_revised(it.connection, limit, offset)
    it.up_to(READ, numbers)
    return tuple(filter(None, (_article(it, number) for number in numbers)))


def listed(
    it: Known,
    limit: int | None = None,
    offset: int = 0,
    *,
    since: datetime | None = None,
    noted: bool = False,
    published: bool = False,
) -> tuple[Listed, ...]:
    """The articles with what a list tells of them: see ``Newsroom.listed``."""
    if noted:
        it.up_to(READ)
    numbers = queries.last_revised(it.connection, limit, offset, since, noted)
    it.up_to(READ, numbers)
    found = []
    for number in numbers:
        told = queries.listed(it.connection, number, published)
        article = _article(it, number)
        if told is None or article is None:
            continue
        at, due, *counts = told
        if due is not None and not isinstance(due, datetime):
            due = datetime.combine(due, time(), it.workspace.settings.zone)
        found.append(Listed(article, max(at, due or at), *counts))
    return tuple(found)


def count_articles(it: Known, since: datetime | None = None, *, noted: bool = False) -> int:
    """How many articles there are, or of them those that are asked for."""
    if noted:
        it.up_to(READ)
    return queries.count_articles(it.connection, since, noted)


def paths_of(track: Track) -> set[str]:
    return {track.path, *(version.path for version in track.versions)}


def changelog(it: Known) -> tuple[Entry, ...]:
    """The notes of the whole newsroom, newest first."""
    style, clock = it.workspace.settings.style, it.workspace.settings.clock
    it.up_to(READ)
    return tuple(
        note_entry(
            article_of(told.path, told.headline), told.note, told.number, told.commit,
            told.person, style, clock, told.replaced,
        )
        for told in queries.notes(it.connection)
    )  # fmt: skip


def lives(
    workspace: Workspace, progress: Progress | None = None, only: Collection[str] | None = None
) -> Iterator[History]:
    """The histories of the articles that are there now, compared; by path.

    ``only``: of those at these paths.
    """
    if workspace.empty:
        return

    def paths(it: Known) -> list[str]:
        if only is None:
            it.up_to(COMPARED)
            return sorted(path for path, _ in queries.paths(it.connection))
        numbers = {path: queries.number_of(it.connection, path) for path in sorted(only)}
        it.up_to(COMPARED, [each for each in numbers.values() if each is not None])
        return [path for path, number in numbers.items() if number is not None]

    with Catalog(workspace.repository) as catalog:
        for path in _ask(catalog, workspace, progress, paths):
            try:
                life = _history_at(workspace, catalog, path)
            except sqlite3.Error as error:
                catalog.fall_back(error)
                _ask(catalog, workspace, None, paths)
                life = _history_at(workspace, catalog, path)
            if life is not None:  # else its texts cannot be read
                yield life


def _history_at(workspace: Workspace, catalog: Catalog, path: str) -> History | None:
    """The history of an article that is compared; None where its texts cannot be read."""
    number = queries.number_of(catalog.connection, path)
    head = None if number is None else queries.head(catalog.connection, number)
    if number is None or head is None:
        return None
    return History(
        article_of(head.path, head.headline),
        queries.revisions_of(catalog.connection, number),
        queries.events_of(catalog.connection, number),
        deleted=False,
        shallow=workspace.repository.shallow,
        notes=head.notes,
    )


# --- numbers for the year's report ----------------------------------------------------------------


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

    A withdrawn note counts as told. The error behind a correction stood from the revision that
    brought the oldest of the facts that its change replaced.
    """
    tally = _Tally(workspace, since, until)
    with Reader(workspace.repository) as reader:
        for life in lives(workspace, progress):
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
        self._start = _common(workspace.paths()) if workspace.repository.head else ""

    def add(self, life: History, reader: Reader) -> None:
        within = [each for each in life.revisions if self._within(each.at)]
        self._articles += bool(within)
        self._revisions += len(within)
        grace = self._workspace.settings.check.grace
        told = tellings(life, grace)
        folder = self._folder(life.article.path)
        first = next((each.number for each in life.revisions if each.published), 0)
        for revision in within:
            if revision.number > first and revision.published and revision.substantive:
                key = (self._month(revision.at), folder)
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

    def _folder(self, path: str) -> str:
        inside = path.removeprefix(self._start).strip("/")
        folder = PurePosixPath(inside).parent.as_posix().partition("/")[0]
        return "" if folder == "." else folder

    def result(self) -> Statistics:
        return Statistics(
            self._since,
            self._until,
            self._articles,
            self._revisions,
            tuple(NoteCount(*key, count) for key, count in sorted(self._notes.items())),
            tuple(sorted(self._corrections, key=lambda each: each.at)),
            tuple(
                ChangeCount(*key, count, self._untold[key])
                for key, count in sorted(self._changes.items())
            ),
        )


_FACTS = frozenset({"number", "date", "name", "quote", "negation", "headline"})


def _common(paths: list[str]) -> str:
    """The folder that all paths share, with a slash behind it; "" for none."""
    parents = [PurePosixPath(path).parent.parts for path in paths]
    shared = []
    for parts in zip(*parents, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "".join(f"{part}/" for part in shared)
