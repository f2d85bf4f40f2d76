"""Where a period begins and ends, as a person types it: a day, a month, a year, a time ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tracker.errors import TrackerError
from tracker.newsroom.names import moment
from tracker.newsroom.workspace import Workspace

_MONTH = re.compile(r"(\d{4})(?:-(\d{1,2}))?", re.ASCII)
_AGO = re.compile(r"(\d{1,4}|an?)\s+(hour|day|week|month|year)s?\s+ago", re.ASCII | re.IGNORECASE)


def start(workspace: Workspace, typed: str) -> datetime:
    """The first instant, aware, of a day, month, year or "3 weeks ago"; an instant is itself.

    Raises ``TrackerError`` for what is none of these.
    """
    return _bounds(workspace, typed)[0]


def end(workspace: Workspace, typed: str) -> datetime:
    """The first instant, aware, after a day, month or year; an instant is itself."""
    return _bounds(workspace, typed)[1]


def _bounds(workspace: Workspace, typed: str) -> tuple[datetime, datetime]:
    zone, words = workspace.settings.zone, typed.strip()
    if found := _MONTH.fullmatch(words):
        return _month(int(found[1]), int(found[2] or 0), zone, typed)
    if found := _AGO.fullmatch(words):
        number = int(found[1]) if found[1].isdigit() else 1
        at = _ago(workspace.clock().astimezone(zone), number, found[2].lower(), typed)
        return at, at
    when = moment(words, workspace.settings, workspace.clock())
    if when.precision == "minute":
        return when.at, when.at
    try:
        return when.at, when.at + timedelta(days=1)
    except OverflowError:
        return when.at, datetime.max.replace(tzinfo=UTC)


def _month(year: int, month: int, zone: ZoneInfo, typed: str) -> tuple[datetime, datetime]:
    first, last = month or 1, month or 12
    if not (1 < year < 9999 and 1 <= last <= 12):
        raise TrackerError(f"“{typed}” is no month or year.", "Write it as 2022-05, or as 2022.")
    after = (year, last + 1) if last < 12 else (year + 1, 1)
    return datetime(year, first, 1, tzinfo=zone), datetime(*after, 1, tzinfo=zone)


def _ago(now: datetime, number: int, unit: str, typed: str) -> datetime:
    try:
        if unit == "hour":
            return now - timedelta(hours=number)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if unit in ("day", "week"):
            return midnight - timedelta(days=number * (7 if unit == "week" else 1))
        months = midnight.year * 12 + midnight.month - 1 - number * (12 if unit == "year" else 1)
        day = min(midnight.day, 28)  # every month has it
        return midnight.replace(year=months // 12, month=months % 12 + 1, day=day)
    except (ValueError, OverflowError):
        raise TrackerError(f"“{typed}” is too far away.", "Write a day, as 2022-05-12.") from None
