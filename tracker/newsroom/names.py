"""Which article, revision or period a name on the command line or in a call means."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from unicodedata import normalize
from zoneinfo import ZoneInfo

from tracker.errors import TrackerError
from tracker.model import Revision, Version
from tracker.newsroom.selection import is_text, slug
from tracker.newsroom.workspace import Workspace
from tracker.store.git import checked

if TYPE_CHECKING:
    from tracker.house.dates.parse import Moment
    from tracker.house.settings import Settings


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
    lowered = _plain(wanted)
    names = [(path, {slug(path), PurePosixPath(path).stem}) for path in paths]
    yield [path for path, known in names if wanted in known]
    yield [path for path, known in names if lowered in {_plain(name) for name in known}]
    yield [path for path in paths if lowered in _plain(path)]


def _plain(name: str) -> str:
    """A name without case; letters may be typed composed or decomposed ("é")."""
    return normalize("NFC", name).lower()


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


def revision(
    wanted: str,
    versions: Sequence[Version | Revision],
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
    from tracker.house.dates.names import codes
    from tracker.house.dates.parse import read_moment

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
    when: Moment,
    versions: Sequence[Version | Revision],
    wanted: str,
    came_out: tuple[int, datetime] | None,
) -> int:
    """The number of the version that readers saw at an instant, or at the end of a day.

    Author dates can be out of order on the published line, so the running maximum counts.
    """
    if came_out is None:
        raise TrackerError(
            f"Readers have seen no version of it, at {wanted} or since: it is not published.",
            "Give a number, latest or a commit.",
        )
    until = when.at if when.precision == "minute" else _after(when.at)
    chosen = 0
    first, latest = came_out
    for number, each in enumerate(versions[first - 1 :], start=first):
        latest = latest if number == first else max(latest, each.at)
        if latest < until or (when.precision == "minute" and latest == until):
            chosen = number
    if not chosen:
        raise TrackerError(
            f"There was no version yet at {wanted}.",
            f"The first is of {came_out[1].isoformat(' ', 'minutes')}.",
        )
    return chosen


_MOST_ON_DISK = 50_000  # texts among which one that was never recorded is looked for by its slug


def locate(workspace: Workspace, article: str | Path, *, new: bool = False) -> str:
    """The path in the repository that a path, a slug or a unique part of one means.

    A relative path is taken from the newsroom's folder. With ``new``, a path that no revision
    has yet is taken too. Raises ``TrackerError`` where nothing, or more than one article,
    fits, and for a path that leads out of the repository.
    """
    name = str(article)
    if "\0" in name or not name.strip():
        raise TrackerError("An article needs a name.", "Give a path or a slug.")
    path = _inside(workspace, name)
    on_disk = bool(path) and _is_file(workspace, path)
    if (new and on_disk) or (path and _is_known(workspace, path)):
        return path
    recorded = [] if workspace.repository.head is None else workspace.paths()
    try:
        return find(name, recorded, workspace.under)
    except TrackerError as error:
        refused = error
    from tracker.newsroom.catalog import was_known  # late: a name that is there asks no catalog

    if path and workspace.repository.head is not None and was_known(workspace, path):
        return path
    if on_disk:
        raise _not_recorded(workspace, path)
    waiting, inner = _unrecorded(workspace, set(recorded))
    plain = _plain(name)
    called = [each for each in waiting if plain in (_plain(slug(each)), _plain(Path(each).stem))]
    if len(called) == 1 and new:
        return called[0]
    if called:
        raise TrackerError(
            f"No revision of {' or '.join(called[:3])} is recorded yet.",
            f"Record {'it' if len(called) == 1 else 'one'} first: tracker record {called[0]}",
        )
    written = workspace.repository.head is not None
    if written and "/" not in name and (gone := _deleted(workspace, name)):
        return gone
    if new and path and is_text(path):
        return path
    if refused.sentence.startswith("No "):
        if close := near(name, [*recorded, *waiting]):
            raise TrackerError(refused.sentence, f"Did you mean {' or '.join(close)}?")
        if inner:
            raise TrackerError(
                refused.sentence,
                f"{inner[0]} is a repository of its own; ask there: tracker -C {inner[0]} history",
            )
    if not recorded:
        raise TrackerError(
            f"There is no article {name} yet.", "Write it, then: tracker record ARTICLE"
        )
    raise refused


def _not_recorded(workspace: Workspace, path: str) -> TrackerError:
    """What is said of a file that is there, and that no revision has."""
    top = workspace.repository.top
    parts = PurePosixPath(path).parents
    inner = next((each for each in parts if top and (top / each / ".git").exists()), None)
    if inner is not None and str(inner) != ".":
        return TrackerError(
            f"{inner} is a repository of its own, so {path} is not recorded in this one.",
            f"Ask there: tracker -C {inner} history",
        )
    return TrackerError(f"{path} is not recorded yet.", f"Record it: tracker record {path}")


def _unrecorded(workspace: Workspace, recorded: Collection[str]) -> tuple[list[str], list[str]]:
    """The articles on disk that no revision has yet, and folders with repositories of their own.

    Nothing where there are too many to look at. What belongs to another repository, such as a
    submodule, is none of this one's articles.
    """
    if workspace.root is None:
        return [], []
    here = f"{workspace.under}/" if workspace.under else ""
    files: list[str] = []
    inner: list[str] = []
    for folder, folders, names in os.walk(workspace.root):
        inside = Path(folder).relative_to(workspace.root).as_posix()
        before = here if inside == "." else f"{here}{inside}/"
        own = [each for each in folders if Path(folder, each, ".git").exists()]
        inner += [before + each for each in own]
        folders[:] = sorted(set(folders) - set(own) - {x for x in folders if x.startswith(".")})
        files += [before + name for name in names if is_text(name)]
        if len(files) > _MOST_ON_DISK:
            return [], []
    chosen = workspace.choose(files)
    return [path for path in chosen if path not in recorded], inner


def _deleted(workspace: Workspace, slug: str) -> str | None:
    """The one deleted article of that slug or name; None where there is none, or several."""
    from tracker.newsroom.catalog import all_tracks

    gone = [each.path for each in all_tracks(workspace) if each.deleted]
    with suppress(TrackerError):
        return find(slug, gone, workspace.under)
    return None


def _is_file(workspace: Workspace, path: str) -> bool:
    disk = workspace.disk(path)
    return disk is not None and disk.is_file()


def _is_known(workspace: Workspace, path: str) -> bool:
    return workspace.repository.head is not None and workspace.blob(path) is not None


def _inside(workspace: Workspace, name: str) -> str:
    """What was given as a path in the repository, free of links; "" where it cannot be one."""
    top = workspace.repository.top
    if top is None or workspace.root is None:
        plain = PurePosixPath(name)
        return "" if plain.is_absolute() or ".." in plain.parts else plain.as_posix()
    full = Path(os.path.normpath(workspace.root / name))
    if not full.is_relative_to(top):
        full = full.parent.resolve() / full.name  # the same folder by another name
    if not full.is_relative_to(top):
        raise TrackerError(
            f"{name} leads out of the repository at {top}.",
            "Give the path of a file in the repository.",
        )
    inside = full.relative_to(top)
    if inside.parts:
        checked(inside.as_posix())
    return _without_links(top, inside) if inside.parts else ""


def _without_links(top: Path, inside: Path) -> str:
    """The path of the file that symbolic links in the repository lead to.

    Raises ``TrackerError`` where they lead out of it.
    """
    try:
        full = (top / inside).resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        full = Path(top.anchor)
    if full.is_relative_to(top.resolve()):
        real = full.relative_to(top.resolve()).as_posix()
        checked(real)
        return real
    raise TrackerError(
        f"{inside.as_posix()} is a symbolic link that leads out of the repository.",
        "Give the path of a file in the repository.",
    )


# --- where a period begins and ends, as a person types it -----------------------------------------

_MONTH = re.compile(r"(\d{4})(?:-(\d{1,2}))?", re.ASCII)
_AGO = re.compile(r"(\d{1,4}|an?)\s+(hour|day|week|month|year)s?\s+ago", re.ASCII | re.IGNORECASE)


def period_start(workspace: Workspace, typed: str) -> datetime:
    """The first instant, aware, of a day, month, year or "3 weeks ago"; an instant is itself.

    Raises ``TrackerError`` for what is none of these.
    """
    return _bounds(workspace, typed)[0]


def period_end(workspace: Workspace, typed: str) -> datetime:
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
    return when.at, _after(when.at)


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
