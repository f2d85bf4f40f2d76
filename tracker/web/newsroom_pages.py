"""The pages of the newsroom: its latest revisions, its articles, a search, and the loaded files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, get_args
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.security import safe_join

from tracker.model import KINDS, Article, Hit, Kind, Listed, SearchResult, Selection
from tracker.render import diff_html
from tracker.web import addresses, http
from tracker.web.addresses import link, site
from tracker.web.background import read_older, read_so_far, worked_out
from tracker.web.desk import current, desk
from tracker.web.page import address_of, page
from tracker.web.reading import RevisionView, as_seen, revision_view, room_is_empty

PAGE = 50
EVERY = Selection()
_FARTHEST = 100_000  # pages
_MOST_PEOPLE = 300  # that a form offers, those with the most revisions

pages = Blueprint("newsroom", __name__)


class Latest(NamedTuple):
    article: Article
    headline: str  # of its day
    address: str
    revision: RevisionView


class Turning(NamedTuple):
    """Where a list goes on."""

    newer: str | None  # link
    older: str | None
    page: int
    pages: int


def numbers(whole: int, size: int = PAGE) -> range:
    """The numbers of the pages of a list of ``whole`` entries."""
    return range(1, max(-(-whole // size), 1) + 1)


def turning(page: int, whole: int, link_of: Callable[[int], str], size: int = PAGE) -> Turning:
    """The pages of a list of ``whole`` entries; raises ``NotFound`` beyond its end."""
    last = len(numbers(whole, size))
    if not 1 <= page <= last:
        raise NotFound
    newer = link_of(page - 1) if page > 1 else None
    return Turning(newer, link_of(page + 1) if page < last else None, page, last)


@pages.get("/")
def latest() -> str:
    """The newest revisions, of those kinds that the question asks for."""
    selection = _selection()
    number = number_asked()
    asked = {key: value for key, value in request.args.items() if value and key != "page"}

    def turned(page: int) -> str:
        if not asked:
            return link(addresses.newsroom(page))
        return link("/?" + urlencode({**asked, **({"page": page} if page > 1 else {})}))

    return _latest(selection, number, turned)


@pages.get("/latest/<int:number>/")
def latest_page(number: int) -> str:
    return _latest(Selection(), number, lambda page: link(addresses.newsroom(page)))


@pages.get("/month/<month:month>/")
@pages.get("/month/<month:month>/<int:number>/")
def of_month(month: str, number: int = 1) -> str:
    return _latest(
        Selection(month=month), number, lambda page: link(addresses.newsroom(page, month))
    )


def _latest(selection: Selection, number: int, turned: Callable[[int], str]) -> str:
    room = current()
    if room_is_empty():
        return page("newsroom.html", nothing=True, selection=selection, found=(), turn=None)
    keep = desk().kept
    selection = _since(selection)
    whole = count(selection)
    turn = turning(number, whole, turned)
    offset = (number - 1) * PAGE
    found = room.latest(PAGE, offset=offset, selection=selection)
    shown = []
    looks = desk().looks([revision for _, revision in found])
    for article, revision in found:
        if not (revision.published or site().unpublished) or not has_pages(article.path):
            continue
        address = address_of(article.path)
        if revision.number > 1 and not site().unpublished:
            life = as_seen(desk().life(article.path), address)
            revision = next(e for e in life.revisions if e.commit == revision.commit)
        language = room.settings.articles_language or ""
        view = revision_view(revision, address, language)._replace(looks=looks.get(revision.commit))
        shown.append(Latest(article, revision.headline or article.headline, address, view))
    if found:
        http.touched(found[0][1].out_at)
    return page(
        "newsroom.html",
        nothing=False,
        selection=selection,
        found=shown,
        turn=turn,
        kinds=get_args(Kind),
        reading=read_so_far(),
        months=months(),
        people=keep("people", "", lambda: room.people()[:_MOST_PEOPLE]),
    )


def _selection() -> Selection:
    """The revisions that a question asks for; raises ``BadRequest`` for what no form sends."""
    asked = request.args
    kind, month = asked.get("kind") or None, asked.get("month") or None
    if kind is not None and kind not in get_args(Kind):
        raise BadRequest
    if month is not None and not re.fullmatch(addresses.MonthConverter.regex, month, re.ASCII):
        raise BadRequest
    if any(asked.get(name, "") not in ("", "1", "true") for name in ("substantive", "untold")):
        raise BadRequest
    return Selection(
        kind=kind,  # type: ignore[arg-type]  # it is one of them
        person=asked.get("person") or None,
        month=month,
        substantive=True if asked.get("substantive") else None,
        told=False if asked.get("untold") else None,
    )


def number_asked() -> int:
    """The number of the page that a question asks for; raises ``NotFound`` for what is none."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= _FARTHEST):
        raise NotFound
    return int(text)


@pages.get("/articles/")
@pages.get("/articles/<int:number>/")
def articles(number: int = 1) -> str:
    """The articles, the last revised first: those that the question asks for."""
    room = current()
    since, noted, gone = _articles_meant()
    asked = {key: value for key, value in request.args.items() if value}
    values = {"since": asked.get("since", ""), "noted": noted, "deleted": gone}
    if room_is_empty():
        return page("articles.html", found=(), turn=None, reading=None, **values)

    def turned(page: int) -> str:
        return link(addresses.articles(page)) + ("?" + urlencode(asked) if asked else "")

    start, size = (number - 1) * 2 * PAGE, 2 * PAGE
    seen = None
    if gone:
        seen = tuple(
            Listed(article, event.at, 0, 0)
            for article, event in desk().kept("deleted", "", room.deleted)
            if since is None or event.at >= since
        )
    elif not site().unpublished:
        seen = published_articles()
    whole = room.count_articles(since, noted=noted) if seen is None else len(seen)
    turn = turning(number, whole, turned, size)
    if seen is None:
        shown = tuple(room.listed(size, start, since=since, noted=noted))
    else:
        shown = seen[start : start + size]
    return page("articles.html", found=shown, turn=turn, reading=read_so_far(), **values)


def _articles_meant() -> tuple[datetime | None, bool, bool]:
    """Since when articles changed, whether they have notes, and whether the deleted are meant.

    Raises ``BadRequest`` for what no form sends.
    """
    if any(request.args.get(name, "") not in ("", "1") for name in ("noted", "deleted")):
        raise BadRequest
    return day_asked("since"), bool(request.args.get("noted")), bool(request.args.get("deleted"))


def day_asked(name: str) -> datetime | None:
    """The beginning of the day that a question gives, in the newsroom's zone; None for none.

    Raises ``BadRequest`` for what is no day.
    """
    day = request.args.get(name, "")
    if not day:
        return None
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=current().settings.zone)
    except ValueError:
        raise BadRequest from None


def published_articles() -> tuple[Listed, ...]:
    """The articles that readers could see and that have pages, the last revised first."""

    def make() -> tuple[Listed, ...]:
        since = site().since
        found = current().listed(published=True)
        return tuple(each for each in found if since is None or each.at >= since)

    return desk().kept("published", "", make)


def has_pages(path: str) -> bool:
    """Whether an article has pages: of files, one that did not change for long may have none."""
    if site().since is None:
        return True
    there = desk().kept("chosen", "", lambda: {each.article.path for each in published_articles()})
    return path in there


def _since(selection: Selection) -> Selection:
    """The revisions of these that there are pages of."""
    return selection._replace(since=site().since) if site().since else selection


def count(selection: Selection = EVERY) -> int:
    """How many revisions of those asked for there are pages of."""
    wanted = _since(selection)
    return desk().kept("count", repr(wanted), lambda: current().count(wanted))


def months() -> tuple[tuple[str, int], ...]:
    """The months with their revisions, newest first."""
    since, room = site().since, current()

    def make() -> tuple[tuple[str, int], ...]:
        found = tuple(room.months())
        if since is None:
            return found
        first = since.astimezone(room.settings.zone).strftime("%Y-%m")
        chosen = ((name, count(Selection(month=name))) for name, _ in found if name >= first)
        return tuple((name, number) for name, number in chosen if number)

    return desk().kept("months", "", make)


@pages.get("/search/")
def search() -> str:
    """Where words stand in headlines, notes and texts, and where they stood in older versions."""
    if site().files:
        raise NotFound
    given = {key: value for key, value in request.args.items() if value and key != "page"}
    words = given.get("q", "")[:200].strip()
    number = number_asked()
    since, until = day_asked("since"), day_asked("until")
    older, kind = bool(given.get("older")), given.get("kind")
    if kind is not None and kind not in KINDS:
        raise BadRequest
    found: Sequence[SearchResult] = ()
    turn: Turning | None = None
    if words and not room_is_empty():
        if older:
            worked_out("older", read_older, "search")
        found = current().search_articles(
            words,
            PAGE + 1,
            (number - 1) * PAGE,
            kind=kind,
            since=since,
            until=until and until + timedelta(days=1),
            older=older,
        )

        def turned(page: int) -> str:
            return link("/search/?" + urlencode({**given, "page": page}))

        turn = Turning(
            turned(number - 1) if number > 1 else None,
            turned(number + 1) if len(found) > PAGE else None,
            number,
            0,
        )
    values = {"words": words, "found": found[:PAGE], "turn": turn, "given": given, "older": older}
    return page("search.html", kinds=KINDS, place_of=_place, **values)


def _place(hit: Hit, address: str) -> str:
    if hit.note is not None:
        return addresses.note(addresses.note_key(hit.note), address)
    if hit.last is not None:
        return addresses.change(addresses.stamp_of(hit), address)
    return addresses.article(address)


# --- files ---------------------------------------------------------------------------------------

_STATIC = Path(__file__).with_name("static")
_LOADED = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@pages.get("/static/<path:name>")
def static(name: str) -> Response:
    kind = _LOADED.get(Path(name).suffix)
    where = safe_join(str(_STATIC), name)
    if name == "diff.css":
        response = make_response(diff_html.stylesheet())
    elif kind and where and Path(where).is_file():
        response = make_response(Path(where).read_bytes())
    else:
        raise NotFound
    response.mimetype = kind or "text/css"
    http.cached("max-age=3600")
    return response


@pages.get("/favicon.ico")
def icon() -> Response:
    """No picture of the newsroom is known here."""
    return Response(status=204)
