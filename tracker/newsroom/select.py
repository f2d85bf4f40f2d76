"""Which article a name means, and which revision a person means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from tracker.errors import TrackerError

if TYPE_CHECKING:
    from tracker.house.dates.parse import Moment
    from tracker.house.settings import Settings

_DATED = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-(?=.)")


def slug(path: str) -> str:
    """What people call an article: its file's stem, or its folder's for an index file.

    A date that Jekyll wants before the name is no part of it, nor is the language that Hugo has
    after it (``x/index.fr.md``).
    """
    name = PurePosixPath(path)
    first, _, language = name.stem.partition(".")
    if first == "index" and name.parent.name:
        return name.parent.name
    stem = first if language and _LANGUAGE.fullmatch(language) else name.stem
    return _DATED.sub("", stem, count=1) if _DATED.match(stem) else stem


_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Za-z]{2,4})?")


def find(name: str, paths: Sequence[str], under: str = "") -> str:
    """The one article that a name means: a path, a slug, or a unique part of a path.

    Raises ``TrackerError`` where there is none or more than one.
    """
    wanted = name.strip("/")
    inside = f"{under}/{wanted}" if under else wanted
    for exact in (inside, wanted):
        if exact in paths:
            return exact
    for matches in _matches(wanted, paths):
        if len(matches) == 1:
            return matches[0]
        if matches:
            shown = ", ".join(matches[:5]) + (" …" if len(matches) > 5 else "")
            number = "Two" if len(matches) == 2 else str(len(matches))
            raise TrackerError(
                f"{number} articles match “{name}”: {shown}.", "Give more of the path."
            )
    raise TrackerError(f"No article matches “{name}”.", _nearest(wanted, paths))


def _matches(wanted: str, paths: Sequence[str]) -> Iterator[list[str]]:
    """The paths that a name may mean, the closest sense first."""
    if not wanted:
        return
    lowered = wanted.lower()
    names = [(path, {slug(path), PurePosixPath(path).stem}) for path in paths]
    yield [path for path, known in names if wanted in known]
    yield [path for path, known in names if lowered in {name.lower() for name in known}]
    yield [path for path in paths if lowered in path.lower()]


def _nearest(wanted: str, paths: Sequence[str]) -> str:
    found = near(wanted, paths)
    if found:
        return f"Did you mean {' or '.join(found)}?"
    return "Run tracker history to see the newsroom's articles, or give the path of a file."


def near(wanted: str, paths: Iterable[str]) -> list[str]:
    """The paths, three at most, whose slug is nearly what was typed, the nearest first."""
    from difflib import get_close_matches

    by_slug = {slug(path): path for path in paths}
    found = get_close_matches(PurePosixPath(wanted).stem, by_slug, n=3, cutoff=0.6)
    return [by_slug[each] for each in found]


_COMMIT = re.compile(r"[0-9a-fA-F]{4,64}")
_LATEST = re.compile(r"latest(?:~(\d{1,9}))?\Z")


class Dated(Protocol):
    """A version or a revision: something with a commit and an instant."""

    @property
    def commit(self) -> str:
        """The full hash."""

    @property
    def at(self) -> datetime:
        """The author date, aware."""


def revision(
    wanted: str,
    versions: Sequence[Dated],
    settings: Settings,
    now: Callable[[], datetime],
    came_out: Callable[[], tuple[int, datetime] | None],
) -> int:
    """The number of the revision that a person means, counted from 1.

    It is named by a number, ``latest~1``, a date (what readers saw at the end of that day in the
    newsroom's zone), an instant (what they saw then) or a commit. ``now`` is asked for the present
    time where words such as “yesterday” need it; ``came_out`` for the number of the first version
    that readers could see, and since when, None for a draft. Raises ``TrackerError`` where nothing
    fits.
    """
    text = wanted.strip()
    last = len(versions)
    latest = _LATEST.match(text)
    if latest:
        back = int(latest.group(1) or 0)
        if back >= last:
            raise TrackerError(
                f"There is no revision {back} before the latest: the article has {last}.",
                "Count from 1, or use latest.",
            )
        return last - back
    if text.isascii() and text.isdigit() and len(text) < 7:
        if not 1 <= int(text) <= last:
            raise TrackerError(
                f"There is no revision {text}: the article has {last}.",
                "Run tracker history to see them.",
            )
        return int(text)
    if _COMMIT.fullmatch(text):
        matches = [
            number
            for number, each in enumerate(versions, start=1)
            if each.commit.startswith(text.lower())
        ]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise TrackerError(
                f"“{text}” begins {len(matches)} commits of this article.", "Give more of it."
            )
    try:
        found = moment(text, settings, now())
    except TrackerError as error:
        if re.search(r"\d\D+\d", text):
            raise
        raise TrackerError(
            f"“{wanted}” is no revision of this article.",
            "Give a number, latest, latest~1, a date, an instant or a commit.",
        ) from error
    return seen_at(found, versions, wanted, came_out())


def moment(typed: str, settings: Settings, now: datetime) -> Moment:
    """The instant that an editor typed: a numeric date is read as the house style writes it."""
    from tracker.house.dates.parse import read_moment
    from tracker.house.language import codes

    refused: TrackerError | None = None
    # A desk types dates as it likes, whatever it writes in: its own language comes first.
    for language in dict.fromkeys([settings.language, "en", *codes()]):
        try:
            return read_moment(
                typed,
                day_first=settings.style.day_first,
                zone=settings.zone,
                now=now,
                language=language,
                zones=settings.style.zones,
            )
        except TrackerError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _after(day: datetime) -> datetime:
    """The first instant of the next day; the last one that there is where that is past it."""
    try:
        return day + timedelta(days=1)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def seen_at(
    when: Moment, versions: Sequence[Dated], wanted: str, came_out: tuple[int, datetime] | None
) -> int:
    """The number of the version that readers saw at an instant, or at the end of a day.

    Author dates can be out of order on the published line, so the running maximum counts.
    """
    until = when.at if when.precision == "minute" else _after(when.at)
    chosen = 0
    first, latest = came_out or (1, versions[0].at)
    for number, each in enumerate(versions[first - 1 :], start=first):
        latest = latest if number == first else max(latest, each.at)
        if latest < until or (when.precision == "minute" and latest == until):
            chosen = number
    if not chosen:
        raise TrackerError(
            f"There was no version yet at {wanted}.",
            f"The first is of {(came_out or (1, versions[0].at))[1].isoformat(' ', 'minutes')}.",
        )
    return chosen
