"""The three clocks of an article, and what readers saw when.

First published, last updated for readers, last touched: each face asks here, so that a feed, a
page and its structured data say the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tracker.house.changelog import (
    first_published,
    last_touched,
    notes_told,
    went_out,
)
from tracker.house.standing import standing
from tracker.model import History, Revision


class Clocks(NamedTuple):
    """The three clocks of one article; all aware."""

    published: datetime | None  # the first revision that readers could see; None without one
    updated: datetime | None  # the newest note that stands and is no refile; None without one
    touched: datetime | None  # the newest revision; None without one


class Seen(NamedTuple):
    """A version that readers could see, and from when on."""

    revision: Revision
    since: datetime  # aware, whole seconds; never before the one that it followed


def clocks(history: History) -> Clocks:
    """Return an article's three clocks.

    ``updated`` is schema.org's ``dateModified``: withdrawn and replaced notes do not count, and a
    note dated before the article came out counts as of then.
    """
    told = notes_told(history)
    seen = {note.id for note in standing([each.note for each in told])}
    notable = [each for each in told if each.note.id in seen and each.note.kind != "refile"]
    published = first_published(history)
    updated = max((went_out(each) for each in notable), default=None)
    if updated is not None and published is not None:
        updated = max(updated, published)
    return Clocks(published, updated, last_touched(history))


def first_out(history: History, due: date | datetime | None, zone: ZoneInfo) -> date | None:
    """Return when an article came out, as its front matter and its revisions have it.

    ``due`` is what the front matter says, with or without a time, aware or naive. It is taken where
    it lies before the first revision that readers could see: an archive that was moved into git is
    older than its commits. A ``datetime`` is aware; a ``date`` is returned where only the day is
    known, None where the article is not published.
    """
    published = first_published(history)
    if published is None or due is None:
        return published
    if isinstance(due, datetime):
        at = due if due.tzinfo is not None else due.replace(tzinfo=zone)
        return min(at, published)
    return due if due < published.astimezone(zone).date() else published


def seen(history: History) -> tuple[Seen, ...]:
    """Return the versions that readers could see, oldest first.

    Author dates can be out of order; readers saw the versions in that of the published line. So
    each counts from the latest date so far.
    """
    found: list[Seen] = []
    since: datetime | None = None
    for revision in history.revisions:
        if revision.published:
            at = revision.at.replace(microsecond=0)
            since = at if since is None else max(since, at)
            found.append(Seen(revision, since))
    return tuple(found)


def seen_at(versions: Sequence[Seen], instant: datetime) -> Seen | None:
    """Return what readers saw at an aware instant: the first before the first, None of none."""
    if not versions:
        return None
    place = bisect_right([each.since for each in versions], instant)
    return versions[max(place - 1, 0)]
