"""Where the articles of an import go: folders, slugs, and the paths that slugs mean."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from tracker.errors import TrackerError
from tracker.house import layout
from tracker.newsroom import select
from tracker.newsroom.import_plan import ImportPlan
from tracker.newsroom.incoming import Key, Source
from tracker.newsroom.selection import is_text
from tracker.newsroom.workspace import Workspace
from tracker.store.paths import checked, shown_path
from tracker.text.document import decode, parse

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")
"""What a terminal or an editor would obey, or show otherwise than it is."""

_HINT = "Give a folder in the newsroom, as articles/archive, or . for the newsroom's own."


def folder(given: str) -> str:
    """The newsroom's folder that somebody named for articles, without slashes around it.

    "" for the newsroom's own. Raises ``TrackerError`` for what is no folder in the newsroom.
    """
    shown = shown_path(given[:200])
    if not given.strip():
        raise TrackerError("The folder for the articles has no name.", _HINT)
    path = given.removeprefix("./").rstrip("/") if given.strip("/") else given
    if path in (".", ""):
        return ""
    if UNSAFE.search(path):
        raise TrackerError(f"The folder {shown} has characters that no path should have.", _HINT)
    if path.startswith("/"):
        raise TrackerError(f"The folder {shown} is not in the newsroom.", _HINT)
    try:
        checked(path)
    except TrackerError as error:
        raise TrackerError(error.sentence, _HINT) from None
    return path


def is_slug(name: str) -> bool:
    """Whether a name can be an article's slug: one plain part of a path."""
    if "/" in name or UNSAFE.search(name) or name.strip() != name:
        return False
    return _is_possible(name)


def slug_of(path: str, prefix: str) -> str:
    """The slug of an article's path; "" for what can be no article below the folder ``prefix``."""
    if not path.startswith(prefix) or not is_text(path) or not _is_possible(path):
        return ""
    return select.slug(path)


def settle(plan: ImportPlan, source: Source, workspace: Workspace, under: str) -> None:
    """Find the path of each article of which the source knows the slug alone.

    It is that of the article of this slug that the newsroom has, or that comes with its path in the
    same import, on whatever line; else the layout says. Raises ``TrackerError`` where there is more
    than one such article.
    """
    rule = workspace.settings.layout or joined(under, layout.DEFAULT)
    own, zone = workspace.under, workspace.settings.zone
    prefix = f"{own}/" if own else ""
    slugs = deque[tuple[str, int, int]]()
    settled: list[tuple[str, str]] = []

    def asked() -> Iterator[Key]:
        for slug, key, seconds, minutes, origin, there in plan.first_of_slugs(
            lambda path: slug_of(path, prefix)
        ):
            if len(there) > 1:
                named = ", ".join(there[:3])
                raise TrackerError(
                    f"{origin}: there is more than one article “{slug}”: {named}.",
                    "Give the path in the place of the slug.",
                )
            if there:
                settled.append((slug, there[0]))
                continue
            slugs.append((slug, seconds, minutes))
            yield key

    dated = "{year}" in rule or "{month}" in rule or "{day}" in rule
    for data in source.texts(asked()):
        slug, seconds, minutes = slugs.popleft()
        day = instant(seconds, minutes).astimezone(zone).date()
        if dated and not isinstance(data, TrackerError):
            given = parse(decode(data)[0]).published_date
            if isinstance(given, datetime):
                aware = given if given.tzinfo else given.replace(tzinfo=zone)
                day = aware.astimezone(zone).date()
            elif given is not None:
                day = given
        settled.append((slug, joined(own, layout.path(rule, slug, day))))
    plan.settle(settled)


def instant(seconds: int, minutes: int) -> datetime:
    """Seconds since 1970 and an offset from UTC in minutes, as an aware instant."""
    return datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))


def joined(above: str, name: str) -> str:
    """A name in a folder, "" for the topmost."""
    return f"{above}/{name}" if above else name


def _is_possible(path: str) -> bool:
    try:
        checked(path)
    except TrackerError:
        return False
    return True
