"""What is asked of all articles at once: the newest revisions, the newsroom's changelog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tracker.house.changelog import newsroom_entries
from tracker.model import Article, Entry, History, Revision, Track
from tracker.newsroom.pool import Job, remembered
from tracker.newsroom.reading import current_tracks
from tracker.newsroom.scope import Progress

if TYPE_CHECKING:
    from tracker.newsroom.room import Newsroom


def latest(
    room: Newsroom, limit: int, progress: Progress | None = None
) -> tuple[tuple[Article, Revision], ...]:
    """The newsroom's newest revisions, newest first, each with its article."""
    found = current_tracks(room)
    newest = sorted(
        (
            (version.at, each.path, number)
            for each in found
            for number, version in enumerate(each.versions, start=1)
        ),
        reverse=True,
    )[:limit]
    wanted = {path for _, path, _ in newest}
    lives = {
        each.article.path: each
        for each in _histories(room, [one for one in found if one.path in wanted], progress)
    }
    return tuple(
        (lives[path].article, lives[path].revisions[number - 1])
        for _, path, number in newest
        if path in lives
    )


def changelog(room: Newsroom, progress: Progress | None = None) -> tuple[Entry, ...]:
    """The notes of the whole newsroom, newest first."""
    settings = room.settings
    lives = _histories(room, current_tracks(room), progress)
    found = newsroom_entries(lives, settings.style, settings.zone, settings.check.grace)
    return tuple(entry for entry in found if entry.what == "note")


def _histories(
    room: Newsroom, found: Sequence[Track], progress: Progress | None
) -> Iterator[History]:
    jobs = [Job(track, as_history=True) for track in found]
    for done in remembered(room, jobs, progress=progress):
        if done.history is not None:
            yield done.history
