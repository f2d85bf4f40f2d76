"""What readers were told, of all articles together: the corrections page and the changelog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from flask import Blueprint, Response, make_response
from werkzeug.exceptions import NotFound

from tracker.house.changelog import BroughtNote, notes_told, replaced, went_out
from tracker.model import History, Kind, Precision, Progress, Revision
from tracker.newsroom.newsroom import Newsroom
from tracker.render import feed
from tracker.render.feed import Feed
from tracker.web import addresses, http
from tracker.web.background import Waiting, in_background, uncached, waiting
from tracker.web.desk import current, desk
from tracker.web.page import address_of, links, page, words
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
    kind: Kind
    text: str
    at: datetime  # aware, as the note says it
    precision: Precision
    out: datetime  # aware: when it went out, as exactly as is known; the list's order
    key: str  # of the note, in addresses
    withdrawn: bool
    amended: bool  # a later note replaces this one
    old: str | None  # stamp of the version before the one that brought it; None: it was the first
    new: str  # stamp of the version that brought it


class CountedMonth(NamedTuple):
    """A month that has something to show."""

    name: str  # "2022-05", in the newsroom's zone
    number: int  # of notes


class Listing(NamedTuple):
    """Notes, newest first, and by month."""

    lines: tuple[NoteLine, ...]
    months: Mapping[str, tuple[NoteLine, ...]]  # newest month first

    @property
    def counted(self) -> tuple[CountedMonth, ...]:
        """The months with their numbers, newest first."""
        return tuple(CountedMonth(name, len(lines)) for name, lines in self.months.items())


class Record(NamedTuple):
    """All that readers were told."""

    corrections: Listing
    changes: Listing


# --- collecting ----------------------------------------------------------------------------------


def record(room: Newsroom, progress: Progress | None = None) -> Record:
    """What readers were told of every article that is there now."""
    empty = room.repository.head is None and room.settings.branch is None
    # One question finds whose notes there are; only those articles' histories are read.
    told = set() if empty else {each.article.path for each in room.changelog(progress=progress)}
    lines = [line for life in room.lives(progress, told) for line in _lines(life)]
    lines.sort(key=lambda line: (line.out, line.path, line.key), reverse=True)
    correcting = [line for line in lines if line.kind in CORRECTING]
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
        if each.revision.published:  # what stands in a draft was told to nobody
            yield _line(life, each, amended=each.note.id in gone)


def _line(life: History, told: BroughtNote, *, amended: bool) -> NoteLine:
    note, revision = told.note, told.revision
    before = life.revisions[revision.number - 2] if revision.number > 1 else None
    return NoteLine(
        path=life.article.path,
        headline=life.article.headline,
        kind=note.kind,
        text=note.text,
        at=note.at,
        precision=note.precision,
        out=went_out(told),
        key=addresses.note_key(note.id),
        withdrawn=note.withdrawn is not None,
        amended=amended,
        old=_seen(before),
        new=addresses.stamp_of(revision),
    )


def _seen(revision: Revision | None) -> str | None:
    """The stamp of a version that readers could see."""
    return addresses.stamp_of(revision) if revision is not None and revision.published else None


# --- pages ---------------------------------------------------------------------------------------


@pages.get("/corrections/")
def corrections() -> Response:
    """The newest corrections, and the months that have any."""
    return _newest("corrections")


@pages.get("/corrections/<month:month>/")
@pages.get("/corrections/<month:month>/<int:number>/")
def corrections_of(month: str, number: int = 1) -> Response:
    return _month("corrections", month, number)


@pages.get("/changelog/")
def changelog() -> Response:
    """The newest notes of all kinds, and the months that have any."""
    return _newest("changelog")


@pages.get("/changelog/<month:month>/")
@pages.get("/changelog/<month:month>/<int:number>/")
def changelog_of(month: str, number: int = 1) -> Response:
    return _month("changelog", month, number)


def all_addresses() -> list[str]:
    """Every page of this room that there is, for a site of files."""
    found = []
    for kind in ("corrections", "changelog"):
        listing = _found(kind)
        assert isinstance(listing, Listing)
        found.append(f"/{kind}/")
        for month, lines in listing.months.items():
            found += [_address(kind, month, number + 1) for number in range(_pages(len(lines)))]
    return found


def _found(kind: str) -> Listing | Waiting:
    found = in_background("record", record)
    if isinstance(found, Waiting):
        return found
    if not found.current:
        uncached()
    return found.value.corrections if kind == "corrections" else found.value.changes


def _newest(kind: str) -> Response:
    listing = _found(kind)
    if isinstance(listing, Waiting):
        return waiting(kind, listing)
    lines = listing.lines[:NEWEST]
    return make_response(
        page(
            "notes.html",
            kind=kind,
            period=None,
            days=_days(lines),
            months=listing.counted,
            policy=current().settings.site.corrections_policy,
            newer=None,
            older=None,
            number=1,
            pages=1,
            address=_address,
            address_of=address_of,
            spoken_day=words().day,
            clock_time=words().time,
        )
    )


def _month(kind: str, month: str, number: int) -> Response:
    listing = _found(kind)
    if isinstance(listing, Waiting):
        return waiting(kind, listing)
    lines = listing.months.get(month, ())
    last = max(_pages(len(lines)), 1)
    if not 1 <= number <= last:
        raise NotFound
    names = list(listing.months)
    start = (number - 1) * ON_A_PAGE
    return make_response(
        page(
            "notes.html",
            kind=kind,
            period=month,
            days=_days(lines[start : start + ON_A_PAGE]),
            months=listing.counted,
            policy=current().settings.site.corrections_policy,
            newer=min((name for name in names if name > month), default=None),
            older=max((name for name in names if name < month), default=None),
            number=number,
            pages=last,
            address=_address,
            address_of=address_of,
            spoken_day=words().day,
            clock_time=words().time,
        )
    )


def _days(lines: Sequence[NoteLine]) -> list[tuple[date, list[NoteLine]]]:
    """Lines by day, in the newsroom's zone; one that gives only its day stands on that."""
    zone = current().settings.zone

    def day(line: NoteLine) -> date:
        return line.at.date() if line.precision == "day" else line.out.astimezone(zone).date()

    return [(name, list(found)) for name, found in groupby(lines, key=day)]


def _pages(number: int) -> int:
    return -(-number // ON_A_PAGE)


def _address(kind: str, month: str, number: int = 1) -> str:
    return f"/{kind}/{month}/" + (f"{number}/" if number > 1 else "")


# --- feeds of changes -----------------------------------------------------------------------------


ATOM, JSON = "atom.xml", "feed.json"


@pages.get("/feeds/atom.xml")
def atom() -> Response:
    """The newsroom's changes as Atom."""
    return _newsroom(ATOM)


@pages.get("/feeds/feed.json")
def json() -> Response:
    """The newsroom's changes as JSON Feed."""
    return _newsroom(JSON)


@pages.get("/feeds/<address:address>/atom.xml")
def article_atom(address: str) -> Response:
    return _article(address, ATOM)


@pages.get("/feeds/<address:address>/feed.json")
def article_json(address: str) -> Response:
    """An article's changes as JSON Feed."""
    return _article(address, JSON)


def _newsroom(name: str) -> Response:
    where = links()

    def items() -> tuple[feed.FeedItem, ...]:
        if room_is_empty():
            return ()
        return feed.newsroom_items(current(), where)

    # Both forms have the same entries, and a reader of one is seldom the last.
    found = desk().kept("feed items", where.base, items)
    return _written(feed.newsroom_feed(current(), found, where, name), name)


def _article(address: str, name: str) -> Response:
    found = find(address, lambda now: addresses.feed(name, now))
    settings = current().settings
    http.touched(found.newest.at)
    made = feed.article_feed(found.life, settings, links(), name, limit=feed.NEWEST)
    return _written(made, name)


def _written(found: Feed, name: str) -> Response:
    is_atom = name == ATOM
    response = make_response(feed.atom(found) if is_atom else feed.json_feed(found))
    kind = feed.ATOM if is_atom else feed.JSON_FEED
    response.headers["Content-Type"] = f"{kind}; charset=utf-8"
    return response
