"""What readers were told, of all articles together: the corrections page and the changelog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, groupby
from typing import NamedTuple

from flask import Blueprint, Response, make_response

from tracker.house.changelog import notes_told, replaced, went_out
from tracker.model import KINDS, History, Kind, Note, Progress
from tracker.newsroom.newsroom import Newsroom
from tracker.render import feed
from tracker.render.feed import Feed
from tracker.web import addresses, http
from tracker.web.addresses import link, site
from tracker.web.background import worked_out
from tracker.web.desk import current, desk
from tracker.web.newsroom_pages import has_pages, numbers, turning
from tracker.web.page import links, page
from tracker.web.reading import find, room_is_empty

pages = Blueprint("publisher", __name__)

CORRECTING: frozenset[Kind] = frozenset(
    {"correction", "clarification", "editors-note", "retraction"}
)
"""The kinds of notes that a corrections page shows; updates and refiles correct nothing."""

NEWEST = 50
"""Notes on the first page of a list; all of them are in the months."""

ON_A_PAGE = 200
"""Notes on a page of a month."""


class NoteLine(NamedTuple):
    """One note in a list of many articles' notes."""

    path: str  # of the article, now
    headline: str
    note: Note
    out: datetime  # aware: when it went out, as exactly as is known; the list's order
    amended: bool  # a later note replaces this one
    gone: bool  # the article was taken down since
    old: str | None  # stamp of the version before the one that brought it; None: it was the first
    new: str  # stamp of the version that brought it


class Listing(NamedTuple):
    """Notes, newest first, and by month."""

    lines: tuple[NoteLine, ...]
    months: Mapping[str, tuple[NoteLine, ...]]  # newest month first

    def of(self, period: str, of_kind: str) -> tuple[NoteLine, ...]:
        """The notes of a month or a year ("" for all), and of a kind ("" for all); newest first."""
        found = (
            line
            for month, lines in self.months.items()
            if month.startswith(period)
            for line in lines
        )
        return tuple(line for line in found if not of_kind or line.note.kind == of_kind)

    @property
    def table(self) -> Mapping[str, Mapping[str, int]]:
        """How many notes each year has of each kind, the newest year first."""
        years: dict[str, Counter[str]] = {}
        for month, lines in self.months.items():
            years.setdefault(month[:4], Counter()).update(line.note.kind for line in lines)
        return years


class Record(NamedTuple):
    """All that readers were told."""

    corrections: Listing
    changes: Listing


# --- collecting ----------------------------------------------------------------------------------


def record(room: Newsroom, progress: Progress | None = None) -> Record:
    """What readers were told of every article; also of those that were taken down since."""
    empty = room.workspace.empty
    # One question finds whose notes there are; only those articles' histories are read.
    told = set() if empty else {each.article.path for each in room.changelog(progress=progress)}
    lives = chain(room.lives(progress, told), room.gone())
    lines = [line for life in lives for line in _lines(life)]
    lines.sort(key=lambda line: (line.out, line.path, line.note.id), reverse=True)
    correcting = [line for line in lines if line.note.kind in CORRECTING]
    return Record(_listing(correcting, room), _listing(lines, room))


def _listing(lines: Sequence[NoteLine], room: Newsroom) -> Listing:
    zone = room.settings.zone
    months: dict[str, list[NoteLine]] = {}
    for line in lines:
        months.setdefault(line.out.astimezone(zone).strftime("%Y-%m"), []).append(line)
    ordered = sorted(months.items(), reverse=True)
    return Listing(tuple(lines), {name: tuple(found) for name, found in ordered})


def _lines(life: History) -> Iterable[NoteLine]:
    told = notes_told(life)
    gone = replaced([each.note for each in told])
    for each in told:
        revision = each.revision
        if not revision.published:
            continue  # what stands in a draft was told to nobody
        before = life.revisions[revision.number - 2] if revision.number > 1 else None
        yield NoteLine(
            life.article.path,
            life.article.headline,
            each.note,
            went_out(each),
            each.note.id in gone,
            life.deleted,
            addresses.stamp_of(before) if before is not None and before.published else None,
            addresses.stamp_of(revision),
        )


# --- pages ---------------------------------------------------------------------------------------


_KINDS = ", ".join(f'"{kind}"' for kind in KINDS)
_LISTED = "<any(corrections, changelog):listed>"


@pages.get(f"/{_LISTED}/")
@pages.get(f"/{_LISTED}/<month:period>/")
@pages.get(f"/{_LISTED}/<month:period>/<int:number>/")
@pages.get(f"/{_LISTED}/<year:period>/")
@pages.get(f"/{_LISTED}/<year:period>/<int:number>/")
def of_period(listed: str, period: str = "", number: int = 1) -> str:
    """The newest corrections, or notes of all kinds; or those of a month or a year."""
    return _list(listed, period, "", number)


@pages.get(f"/corrections/<any({_KINDS}):of_kind>/")
@pages.get(f"/corrections/<any({_KINDS}):of_kind>/<int:number>/")
@pages.get(f"/corrections/<year:period>/<any({_KINDS}):of_kind>/")
@pages.get(f"/corrections/<year:period>/<any({_KINDS}):of_kind>/<int:number>/")
def of_kind(of_kind: str, period: str = "", number: int = 1) -> str:
    """The corrections of one kind, of all years or of one."""
    return _list("corrections", period, of_kind, number)


def all_addresses() -> list[str]:
    """Every page of this room that there is, for a site of files."""
    found = []
    for kind in ("corrections", "changelog"):
        listing = _found(kind)
        found.append(f"/{kind}/")
        table = listing.table
        asked = [(period, "") for period in (*listing.months, *table)]
        if kind == "corrections":
            asked += [("", each) for each in {name for row in table.values() for name in row}]
            asked += [(year, name) for year, row in table.items() for name in row]
        for period, name in asked:
            pages = numbers(len(listing.of(period, name)), ON_A_PAGE)
            found += [_address(kind, period, name, number) for number in pages]
    return found


def _found(kind: str) -> Listing:
    found = worked_out("record", record, kind)
    listing = found.corrections if kind == "corrections" else found.changes
    if site().since is None:
        return listing

    def there() -> Listing:
        return _listing([line for line in listing.lines if has_pages(line.path)], current())

    return desk().kept("listing", kind, there)


def _list(kind: str, period: str, of_kind: str, number: int) -> str:
    listing = _found(kind)
    whole = bool(period or of_kind)
    lines = listing.of(period, of_kind) if whole else listing.lines[:NEWEST]

    def turned(number: int) -> str:
        return link(_address(kind, period, of_kind, number))

    turn = turning(number, len(lines), turned, ON_A_PAGE)
    table = listing.table
    names = [] if of_kind or not period else list(listing.months if "-" in period else table)
    start = (number - 1) * ON_A_PAGE
    return page(
        "notes.html",
        kind=kind,
        period=period,
        of_kind=of_kind,
        days=_days(lines[start : start + ON_A_PAGE]),
        months=listing.months,
        table=table,
        kinds=[each for each in KINDS if any(each in row for row in table.values())],
        policy=current().settings.site.corrections_policy,
        newer=min((name for name in names if name > period), default=None),
        older=max((name for name in names if name < period), default=None),
        turn=turn,
        address=_address,
    )


def _days(lines: Sequence[NoteLine]) -> list[tuple[date, list[NoteLine]]]:
    """Lines by day, in the newsroom's zone; one that gives only its day stands on that."""
    zone = current().settings.zone

    def day(line: NoteLine) -> date:
        exact = line.note.precision != "day"
        return line.out.astimezone(zone).date() if exact else line.note.at.date()

    return [(name, list(found)) for name, found in groupby(lines, key=day)]


def _address(kind: str, period: str, of_kind: str = "", number: int = 1) -> str:
    parts = (kind, period, of_kind, str(number) if number > 1 else "")
    return "/" + "".join(f"{part}/" for part in parts if part)


# --- feeds of changes -----------------------------------------------------------------------------


ATOM, JSON = "atom.xml", "feed.json"


@pages.get("/feeds/atom.xml", defaults={"name": ATOM})
@pages.get("/feeds/feed.json", defaults={"name": JSON})
def newsroom_feed(name: str) -> Response:
    where = links()

    def items() -> tuple[feed.FeedItem, ...]:
        if room_is_empty():
            return ()
        return tuple(i for i in feed.newsroom_items(current(), where) if has_pages(i.article.path))

    # Both forms have the same entries, and a reader of one is seldom the last.
    found = desk().kept("feed items", where.base, items)
    return _written(feed.newsroom_feed(current(), found, where, name), name)


@pages.get("/feeds/<address:address>/atom.xml", defaults={"name": ATOM})
@pages.get("/feeds/<address:address>/feed.json", defaults={"name": JSON})
def article_feed(address: str, name: str) -> Response:
    found = find(address, lambda now: addresses.feed(name, now))
    settings = current().settings
    http.touched(found.newest.out_at)
    made = feed.article_feed(found.life, settings, links(), name, limit=feed.NEWEST)
    return _written(made, name)


def _written(found: Feed, name: str) -> Response:
    is_atom = name == ATOM
    response = make_response(feed.atom(found) if is_atom else feed.json_feed(found))
    kind = feed.ATOM if is_atom else feed.JSON_FEED
    response.headers["Content-Type"] = f"{kind}; charset=utf-8"
    return response
