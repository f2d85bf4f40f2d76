"""Many articles judged, in this process or on all cores."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import NamedTuple, Self

from tracker.catalog.schema import Catalog
from tracker.errors import TrackerError
from tracker.house.settings import Settings
from tracker.model import Finding, History, Progress, Track
from tracker.newsroom.analysis import Pair, RememberingAnalyst, questions, rules_key
from tracker.newsroom.revisions import comes_out, history, joined
from tracker.newsroom.workspace import Workspace, open_workspace
from tracker.policy.rules import findings
from tracker.policy.step import Circumstances, Step
from tracker.store.reader import MissingTextError, Reader

_POOL_FROM = 800
"""Answers to work out from which on several processes pay for their start."""

_KEPT_AT_ONCE = 100
"""Articles whose answers are written into the catalog together."""

_AT_ONCE = 4  # articles that a process is given at once


@dataclass(frozen=True, slots=True)
class Job:
    """One article to judge."""

    track: Track
    outside: bool = False  # its file is now where the newsroom has no articles
    commits: frozenset[str] | None = None  # only findings about these; None: about all
    since: datetime | None = None  # aware; findings about what is older are left out
    as_history: bool = False  # the history is wanted, and not the findings
    compared: bool = True  # for a history: what its changes mean is wanted too
    known: dict[Pair, str] = field(default_factory=dict)  # answers from the catalog


class Done(NamedTuple):
    """What came of one article."""

    findings: tuple[Finding, ...]
    learned: dict[Pair, str]  # answers for the catalog
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
    with nullcontext(catalog) if catalog is not None else Catalog(workspace.repository) as catalog:
        known = [replace(job, known=catalog.answers(key, _asked(job))) for job in jobs]
        try:
            for number, done in enumerate(judged(workspace, known, workers), start=1):
                yield done
                learned.update(done.learned)
                if number % _KEPT_AT_ONCE == 0:
                    catalog.remember(key, learned)
                    learned.clear()
                if progress is not None:
                    progress(number, len(jobs))
        finally:
            catalog.remember(key, learned)


def judged(workspace: Workspace, jobs: Sequence[Job], workers: int | None) -> Iterator[Done]:
    """What comes of each article, in their order. ``workers``: None for as many as there are cores.

    With more than one, and enough to do, processes are started. An interrupt ends them.
    """
    unknown = sum(sum(1 for _ in _asked(job)) - len(job.known) for job in jobs)
    workers = workers or (_cores() if unknown > _POOL_FROM and _alone() else 1)
    if workers < 2 or len(jobs) < 2:
        with Work(workspace) as work:
            for job in jobs:
                yield work.judge(job)
        return
    from concurrent.futures import ProcessPoolExecutor

    place = str(workspace.root or workspace.repository.git_dir)
    pool = ProcessPoolExecutor(workers, initializer=_start, initargs=(place, workspace.now))
    try:
        rest = iter(jobs)
        while batch := list(islice(rest, workers * _AT_ONCE * 8)):
            yield from pool.map(_judge_there, batch, chunksize=_AT_ONCE)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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


def _cores() -> int:
    with suppress(AttributeError):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Work:
    """Judges articles of one newsroom, with one git process for all their texts."""

    def __init__(self, workspace: Workspace) -> None:
        self._settings: Settings = workspace.settings
        self._now = workspace.now
        self._shallow = workspace.repository.shallow
        self._reader = Reader(workspace.repository)
        self._git = workspace.repository.git

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def judge(self, job: Job) -> Done:
        """The findings about one article."""
        analyst = RememberingAnalyst(
            self._settings, self._reader.read, job.known, git=self._git,
            count_first=job.as_history,
        )  # fmt: skip
        try:
            if job.as_history:
                return self._told(job, analyst)
            return Done(self._findings(job, analyst), analyst.learned)
        except MissingTextError:
            raise  # what was not looked at must not pass
        except TrackerError as error:
            left_out = f"{job.track.path} was left out: {error.sentence}"
            return Done((), analyst.learned, skipped=(left_out,))

    def _steps(self, job: Job, analyst: RememberingAnalyst) -> list[Step]:
        states = analyst.states(job.track)
        return joined(
            job.track, states, self._settings, means=analyst.meaning, unite=analyst.unite,
            now=self._now,
        )  # fmt: skip

    def _told(self, job: Job, analyst: RememberingAnalyst) -> Done:
        """The history of an article."""
        states = analyst.states(job.track)
        means = analyst.meaning if job.compared else None
        steps = joined(
            job.track, states, self._settings, means=means, unite=analyst.unite, now=self._now
        )
        found = history(job.track, steps, shallow=self._shallow)
        due = comes_out(job.track, states, found.revisions, self._settings)
        return Done((), analyst.learned, found, due=due)

    def _findings(self, job: Job, analyst: RememberingAnalyst) -> tuple[Finding, ...]:
        circumstances = Circumstances(
            self._settings,
            job.track.events,
            deleted=job.track.deleted,
            outside=job.outside,
            now=self._now,
            commits=job.commits,
            since=job.since,
        )
        return findings(self._steps(job, analyst), circumstances)


_there: list[Work] = []
"""In a worker process: the newsroom, opened once."""


def _start(place: str, now: datetime | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt ends the process, and says nothing
    _there[:] = [Work(open_workspace(place, now))]


def _judge_there(job: Job) -> Done:
    return _there[0].judge(job)
