"""The checks over an article, a newsroom, a range of commits or what is staged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from tracker.model import Event, Finding, Person, Track, Version
from tracker.newsroom import select
from tracker.newsroom.analysis import Analyst, rules_key
from tracker.newsroom.scope import Progress, Scope
from tracker.newsroom.settled import read_settled
from tracker.policy import Circumstances, Verdict, findings, unsettled
from tracker.store.catalog import Catalog
from tracker.store.history import files, ignored_commits, tracks
from tracker.store.range import author_time, commits_since, merge_base, staged_blobs

if TYPE_CHECKING:
    from tracker.newsroom.room import Newsroom

_POOL_FROM = 400
"""Revisions from which on several processes pay for their start."""


def check(room: Newsroom, scope: Scope, progress: Progress | None = None) -> Verdict:
    """The findings of a newsroom that nobody has settled yet."""
    if scope.staged:
        found, articles, revisions = _one_change(room, scope, *_staged(room))
    elif scope.since is not None and scope.as_one:
        found, articles, revisions = _one_change(room, scope, *_range(room, scope.since))
    else:
        found, articles, revisions = _history(room, scope, progress)
    settled = read_settled(room.place)
    left = unsettled(found, settled)
    return Verdict(tuple(left), len(found) - len(left), articles, revisions)


# --- revision by revision -----------------------------------------------------------------------


def _history(
    room: Newsroom, scope: Scope, progress: Progress | None
) -> tuple[list[Finding], int, int]:
    commits = None
    if scope.since is not None:
        commits = commits_since(room.repository, scope.since, room.place.tip)
    chosen = _chosen(room, scope)
    if commits is not None:
        chosen = [track for track in chosen if _commits(track) & commits]
    since = room.settings.check.since
    if since is not None:
        chosen = [track for track in chosen if _newest(track) >= since]
    revisions = sum(len(track.versions) for track in chosen)
    found: list[Finding] = []
    for done, batch in enumerate(_judged(room, chosen, commits, scope.workers), start=1):
        found += batch
        if progress is not None:
            progress(done, len(chosen))
    found.sort(key=lambda each: (each.path, each.revision or 0))
    return found, len(chosen), revisions


def _chosen(room: Newsroom, scope: Scope) -> list[Track]:
    if scope.articles:
        return [room.track(article) for article in dict.fromkeys(scope.articles)]
    found = tracks(
        room.repository,
        under=room.place.under,
        branch=room.settings.branch,
        ignored=ignored_commits(room.repository),
    )
    ends = [track.path for track in found]
    known = set(select.articles(ends, room.settings.articles, room.place.under))
    return [track for track in found if track.path in known]


def _commits(track: Track) -> set[str]:
    versions = {version.commit for version in track.versions}
    return versions | {event.commit for event in track.events}


def _newest(track: Track) -> datetime:
    instants = [version.at for version in track.versions]
    return max([*instants, *(event.at for event in track.events)])


def _judged(
    room: Newsroom, chosen: Sequence[Track], commits: frozenset[str] | None, workers: int | None
) -> Iterator[list[Finding]]:
    """The findings of each track, from memory where it can be, on all cores where it pays."""
    key = rules_key(room.settings)
    with Catalog(room.repository) as catalog:
        known = {track.path: catalog.meanings(key, _pairs(track)) for track in chosen}
        unknown = sum(len(track.versions) - len(known[track.path]) for track in chosen)
        workers = workers or (os.cpu_count() or 1 if unknown > _POOL_FROM else 1)
        jobs = (_Job(track, known[track.path], commits) for track in chosen)
        for found, learned in _done(room, jobs, workers):
            catalog.remember(key, ((old, new, text) for (old, new), text in learned.items()))
            yield found


@dataclass(frozen=True, slots=True)
class _Job:
    track: Track
    known: dict[tuple[str, str], str]
    commits: frozenset[str] | None


_Done = tuple[list[Finding], dict[tuple[str, str], str]]


def _pairs(track: Track) -> Iterator[tuple[str, str]]:
    before = ""
    for version in track.versions:
        yield before, version.blob
        before = version.blob


def _done(room: Newsroom, jobs: Iterable[_Job], workers: int) -> Iterator[_Done]:
    if workers < 2:
        for job in jobs:
            yield _judge(room, job)
        return
    from concurrent.futures import ProcessPoolExecutor

    place = str(room.place.root or room.repository.git_dir)
    with ProcessPoolExecutor(workers, initializer=_start, initargs=(place, room.present)) as pool:
        jobs = iter(jobs)
        while batch := list(islice(jobs, workers * 32)):
            yield from pool.map(_judge_there, batch, chunksize=4)


_there: list[Newsroom] = []
"""In a worker process: the newsroom, opened once."""


def _start(place: str, now: datetime | None) -> None:
    from tracker.newsroom.room import Newsroom

    _there[:] = [Newsroom(place, now=now)]


def _judge_there(job: _Job) -> _Done:
    return _judge(_there[0], job)


def _judge(room: Newsroom, job: _Job) -> _Done:
    analyst = Analyst(room.compare, job.known)
    steps = room.steps(job.track, analyst.meaning)
    circumstances = Circumstances(
        room.settings,
        job.track.events,
        deleted=job.track.deleted,
        now=room.present,
        commits=job.commits,
    )
    return list(findings(steps, circumstances)), analyst.learned


# --- one change ---------------------------------------------------------------------------------


def _staged(room: Newsroom) -> tuple[str | None, dict[str, str], dict[str, str | None]]:
    """The newest commit, its articles' blobs, and those of the articles that are staged."""
    head = room.repository.head
    before = dict(files(room.repository, head, room.place.under)) if head else {}
    return head, before, staged_blobs(room.repository, room.place.under)


def _range(room: Newsroom, since: str) -> tuple[str | None, dict[str, str], dict[str, str | None]]:
    """The commit where a branch began, its articles' blobs, and what the branch made of them."""
    base = merge_base(room.repository, since, room.place.tip)
    before = dict(files(room.repository, base, room.place.under))
    after = dict(files(room.repository, room.place.tip, room.place.under))
    changed: dict[str, str | None] = {
        path: blob for path, blob in after.items() if before.get(path) != blob
    }
    changed.update((path, None) for path in before if path not in after)
    return base, before, changed


def _one_change(
    room: Newsroom,
    scope: Scope,
    base: str | None,
    before: dict[str, str],
    changed: dict[str, str | None],
) -> tuple[list[Finding], int, int]:
    """The findings of a change that is not out yet, article by article."""
    chosen = set(select.articles(changed, room.settings.articles, room.place.under))
    if scope.articles:
        chosen &= {room.place.locate(article, new=True) for article in scope.articles}
    found: list[Finding] = []
    moved = {blob for path, blob in changed.items() if blob is not None}
    for path in sorted(chosen):
        old, new = before.get(path), changed[path]
        if old is None or (new is None and old in moved):
            continue  # a new article, or one that only moved
        versions = (_version(base or "", path, old, room), _version("", path, new or old, room))
        track = Track(path, versions[: 1 if new is None else 2], ())
        if new is None:
            found += _deletion(room, track)
            continue
        steps = room.steps(track, Analyst(room.compare).meaning)
        circumstances = Circumstances(room.settings, now=room.present, unrecorded=True)
        found += [each for each in findings(steps, circumstances) if each.revision == 2]
    return found, len(chosen), len(chosen)


def _version(commit: str, path: str, blob: str, room: Newsroom) -> Version:
    at = room.now if not commit else author_time(room.repository, commit)
    return Version(commit, path, blob, at, Person("", ""), "")


def _deletion(room: Newsroom, track: Track) -> list[Finding]:
    event = Event("deleted", "", room.now, Person("", ""), "", track.path)
    steps = room.steps(track, None)
    circumstances = Circumstances(room.settings, (event,), deleted=True, unrecorded=True)
    return [each for each in findings(steps, circumstances) if each.rule == "unpublished"]
