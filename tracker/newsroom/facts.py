"""What the texts of the newsroom's articles say, in the catalog's tables, worked out as needed.

Three levels: an article's revisions as the line has them; its texts read (headline, notes, what was
published); its changes compared too. A question says which level it needs, and of which articles;
what was worked out is kept, and only articles with something new are looked at again. Other rules,
another style or other settings make everything new.
"""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import NamedTuple, Self

from tracker.catalog import facts
from tracker.catalog.boilerplate import Watched
from tracker.catalog.build import Held, bring_up_to_date, held
from tracker.catalog.queries import track_of
from tracker.catalog.schema import Catalog, Pair
from tracker.errors import TrackerError
from tracker.house.settings import Settings
from tracker.model import Finding, History, Progress, Track
from tracker.newsroom.catalog import history_of, learnt
from tracker.newsroom.revisions import (
    Analyst,
    comes_out,
    history,
    joined,
    questions,
    rules_key,
)
from tracker.newsroom.workspace import Workspace, open_workspace
from tracker.policy.rules import findings
from tracker.policy.step import Circumstances
from tracker.processes import cores, on_interrupt, on_several
from tracker.store.reader import MissingTextError, Reader
from tracker.text.judge.boilerplate import Boilerplate

LINE, READ, COMPARED = 0, 1, 2
"""How much is known of an article."""

_AT_ONCE = 1000  # articles whose tracks are in memory together
_WRITTEN_AT_ONCE = 100  # articles that are written in one transaction


class UnusableError(Exception):
    """The history went on while the catalog was read."""


class Known(NamedTuple):
    """The catalog with the newsroom's articles, and how to make more known of them."""

    workspace: Workspace
    catalog: Catalog
    progress: Progress | None = None  # called with the articles that are done, and all

    @property
    def connection(self) -> sqlite3.Connection:
        return self.catalog.connection

    def up_to(self, level: int, only: Sequence[int] | None = None) -> None:
        """Bring articles up to a level: all, or those that are named by their numbers."""
        there = held(self.connection)
        waiting = facts.below(self.connection, level, only)
        if not waiting or there is None:
            return
        done = 0
        rest = iter(waiting)
        while batch := list(islice(rest, _AT_ONCE)):
            jobs = [
                Job(track_of(self.connection, each), as_history=True, compared=level == COMPARED)
                for each in batch
            ]

            def report(now: int, _all: int, before: int = done) -> None:
                if self.progress is not None:
                    self.progress(before + now, len(waiting))

            results = remembered(self.workspace, jobs, progress=report, catalog=self.catalog)
            pairs = zip(batch, results, strict=True)
            while some := list(islice(pairs, _WRITTEN_AT_ONCE)):
                self._write(there, level, some)
            done += len(batch)

    def _write(self, there: Held, level: int, some: Sequence[tuple[int, Done]]) -> None:
        grace = self.workspace.settings.check.grace
        with self.catalog.writing() as connection:
            if held(connection) != there:
                raise UnusableError
            for number, done in some:
                if done.history is None:
                    facts.set_unreadable(connection, number, level)
                else:
                    facts.keep(connection, number, level, done.history, done.due, grace)


def known(workspace: Workspace, catalog: Catalog, progress: Progress | None = None) -> Known:
    """The newsroom's articles in the catalog, as far as the published history goes.

    ``progress`` is called with the number of commits, or of articles, that are done and of all.
    Raises ``sqlite3.Error``, and ``UnusableError`` where another process was quicker.
    """
    watch = workspace.watch or progress
    bring_up_to_date(catalog, workspace.repository, history_of(workspace), watch)
    found = Known(workspace, catalog, progress)
    _look(found)
    return found


# --- which articles -------------------------------------------------------------------------------


def facts_key(workspace: Workspace) -> str:
    """A digest of what the tables depend on beside texts and line."""
    settings = workspace.settings
    said = (rules_key(settings), settings.check.grace, settings.articles, workspace.under)
    return sha256(repr(said).encode()).hexdigest()[:24]


def _look(it: Known) -> None:
    """Take notice of the articles that changed."""
    workspace, connection = it.workspace, it.connection
    wanted, key = history_of(workspace), facts_key(workspace)
    now = int(workspace.now.timestamp()) if workspace.now is not None else 0
    fresh = facts.value(connection, "facts") != key
    if not fresh and not facts.stale(connection) and not facts.wait_again(connection, now):
        return
    with it.catalog.writing():
        there = held(connection)
        if there is None or there.newest != wanted.newest:
            raise UnusableError
        if fresh or facts.value(connection, "facts") != key:
            facts.start_anew(connection, key)
        changed = facts.stale(connection)
        if any(not each.alive or each.path != each.known for each in changed):
            said = repr(workspace.selection)
            if facts.value(connection, "selection") != said:
                facts.start_anew(connection, key)
                facts.set_value(connection, "selection", said)
                changed = facts.stale(connection)
        here = [
            each.article
            for each in changed
            if each.alive and (each.path == each.known or workspace.holds(each.path or ""))
        ]
        facts.leave_out(connection, {each.article for each in changed}.difference(here))
        here += facts.wait_again(connection, now)
        facts.look_at(connection, here, _month(workspace))
        connection.execute("DELETE FROM stale")


def _month(workspace: Workspace) -> Callable[[int], str]:
    zone = workspace.settings.zone

    @lru_cache(maxsize=100_000)
    def of_hour(hour: int) -> str:
        return datetime.fromtimestamp(hour * 900, zone).strftime("%Y-%m")

    return lambda at: of_hour(at // 900)  # no zone changes within a quarter of an hour


# --- many articles judged, in this process or on all cores ----------------------------------------

_POOL_FROM = 800
"""Answers to work out from which on several processes pay for their start."""

_KEPT_AT_ONCE = 100
"""Articles whose answers are written into the catalog together."""

_GIVEN_AT_ONCE = 4  # articles that a process is given at once


@dataclass(frozen=True, slots=True)
class Job:
    track: Track
    outside: bool = False  # its file is now where the newsroom has no articles
    commits: frozenset[str] | None = None  # only findings about these; None: about all
    since: datetime | None = None  # aware; findings about what is older are left out
    as_history: bool = False  # the history is wanted, and not the findings
    compared: bool = True  # for a history: what its changes mean is wanted too
    known: dict[Pair, str] = field(default_factory=dict)  # answers from the catalog


class Done(NamedTuple):
    findings: tuple[Finding, ...]
    learned: dict[Pair, str]  # answers for the catalog
    asked: dict[Pair, bytes]  # what each of them looked up in what the archive repeats
    history: History | None = None  # where it was asked for and the texts can be read
    skipped: tuple[str, ...] = ()  # a sentence, where its texts cannot be read
    due: datetime | None = None  # for a history: see ``chronicle.comes_out``


def remembered(
    workspace: Workspace,
    jobs: Sequence[Job],
    workers: int | None = None,
    progress: Progress | None = None,
    catalog: Catalog | None = None,
) -> Iterator[Done]:
    """What comes of each article, in their order, from the catalog where it can be.

    What is worked out is put into the catalog, also when somebody interrupts. ``catalog`` is one
    that is open already.
    """
    key = rules_key(workspace.settings)
    learned: dict[Pair, str] = {}
    asked: dict[Pair, bytes] = {}
    with nullcontext(catalog) if catalog is not None else Catalog(workspace.repository) as catalog:
        repeated = learnt(workspace, catalog, read=len(jobs))
        known = [replace(job, known=catalog.answers(key, _asked(job))) for job in jobs]
        try:
            for number, done in enumerate(
                judged(workspace, known, repeated.boilerplate, workers), start=1
            ):
                yield done
                learned.update(done.learned)
                asked.update(done.asked)
                if number % _KEPT_AT_ONCE == 0:
                    catalog.remember(key, learned, asked, repeated.digest)
                    learned.clear()
                    asked.clear()
                if progress is not None:
                    progress(number, len(jobs))
        finally:
            catalog.remember(key, learned, asked, repeated.digest)


def judged(
    workspace: Workspace, jobs: Sequence[Job], repeated: Boilerplate, workers: int | None
) -> Iterator[Done]:
    """What comes of each article, in their order. ``workers``: None for as many as there are cores.

    With more than one, and enough to do, processes are started. An interrupt ends them.
    """
    unknown = sum(sum(1 for _ in _asked(job)) - len(job.known) for job in jobs)
    workers = workers or (cores() if unknown > _POOL_FROM and _alone() else 1)
    if workers < 2 or len(jobs) < 2:
        with Work(workspace, repeated) as work:
            for job in jobs:
                yield work.judge(job)
        return
    place = str(workspace.root or workspace.repository.git_dir)
    given = (place, workspace.now, repeated)
    yield from on_several(workers, _judge_there, jobs, _start, given, _GIVEN_AT_ONCE)


def _asked(job: Job) -> Iterator[Pair]:
    """What the catalog is asked for one article."""
    if job.compared:
        yield from questions(job.track, first=job.as_history)
    else:
        for version in job.track.versions:
            yield version.blob, version.at.isoformat()


def _alone() -> bool:
    """True in a process's first thread: a process forked beside others may inherit their locks."""
    import threading

    return threading.current_thread() is threading.main_thread()


class Work:
    """Judges articles of one newsroom, with one git process for all their texts."""

    def __init__(self, workspace: Workspace, repeated: Boilerplate) -> None:
        self._settings: Settings = workspace.settings
        self._now = workspace.now
        self._shallow = workspace.repository.shallow
        self._reader = Reader(workspace.repository)
        self._git = workspace.repository.git
        self._repeated = Watched(repeated)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def judge(self, job: Job) -> Done:
        analyst = Analyst(
            job.track, self._settings, self._git, self._reader.read, job.known, self._repeated,
            count_first=job.as_history,
        )  # fmt: skip
        try:
            if job.as_history:
                return self._told(job, analyst)
            return Done(self._findings(job, analyst), analyst.learned, analyst.asked)
        except MissingTextError:
            raise  # what was not looked at must not pass
        except TrackerError as error:
            left_out = f"{job.track.path} was left out: {error.sentence}"
            return Done((), analyst.learned, analyst.asked, skipped=(left_out,))

    def _told(self, job: Job, analyst: Analyst) -> Done:
        steps = joined(analyst, compared=job.compared, now=self._now)
        found = history(job.track, steps, shallow=self._shallow)
        newest = analyst.state(len(steps) - 1).reading
        due = comes_out(job.track, newest, found.revisions, self._settings)
        return Done((), analyst.learned, analyst.asked, found, due=due)

    def _findings(self, job: Job, analyst: Analyst) -> tuple[Finding, ...]:
        circumstances = Circumstances(
            self._settings,
            job.track.events,
            deleted=job.track.deleted,
            outside=job.outside,
            now=self._now,
            commits=job.commits,
            since=job.since,
        )
        return findings(joined(analyst, compared=True, now=self._now), circumstances)


_there: list[Work] = []
"""In a worker process: the newsroom, opened once."""


def _start(place: str, now: datetime | None, repeated: Boilerplate) -> None:
    on_interrupt(signal.SIG_DFL)  # it ends the process, and says nothing
    _there[:] = [Work(open_workspace(place, now), repeated)]


def _judge_there(job: Job) -> Done:
    return _there[0].judge(job)
