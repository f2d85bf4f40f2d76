"""Feeds of changes: of the newsroom, and of each article, as Atom and as JSON Feed."""

from __future__ import annotations

from flask import Blueprint, Response, make_response

from tracker.render import feed
from tracker.render.feed import Feed
from tracker.web import addresses, caching
from tracker.web.desk import current, desk
from tracker.web.publishing import links
from tracker.web.reading import find, room_is_empty

pages = Blueprint("feeds", __name__)

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
    """An article's changes as Atom."""
    return _article(address, ATOM)


@pages.get("/feeds/<address:address>/feed.json")
def article_json(address: str) -> Response:
    """An article's changes as JSON Feed."""
    return _article(address, JSON)


def _newsroom(name: str) -> Response:
    where = links()

    def items() -> tuple[feed.Item, ...]:
        if room_is_empty():
            return ()
        return feed.newsroom_items(current(), where)

    # Both forms have the same entries, and a reader of one is seldom the last.
    found = desk().kept("feed items", where.base, items)
    return _written(feed.newsroom_feed(current(), found, where, name), name)


def _article(address: str, name: str) -> Response:
    found = find(address, lambda now: addresses.feed(name, now))
    settings = current().settings
    caching.touched(found.newest.at)
    made = feed.article_feed(found.life, settings, links(), name, limit=feed.NEWEST)
    return _written(made, name)


def _written(found: Feed, name: str) -> Response:
    if name == ATOM:
        from tracker.render import atom as face
    else:
        from tracker.render import jsonfeed as face  # type: ignore[no-redef]
    response = make_response(face.write(found))
    response.headers["Content-Type"] = f"{face.MEDIA_TYPE}; charset=utf-8"
    return response
