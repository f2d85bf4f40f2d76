"""What the pages of one article begin with: the article that an address means, and its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import redirect, request
from werkzeug.exceptions import HTTPException, NotFound

from tracker.errors import TrackerError
from tracker.model import History, Revision
from tracker.web import addresses
from tracker.web.desk import current, desk
from tracker.web.errors import NoArticle
from tracker.web.links import link, site
from tracker.web.page import known_addresses


class Moved(HTTPException):
    """The page has another address."""

    def __init__(self, path: str, code: int = 301) -> None:
        where = link(path)
        if request.query_string:
            where += "?" + request.query_string.decode("latin-1")
        super().__init__(response=redirect(where, code))
        self.code = code


class Found(NamedTuple):
    """An article that a request asks for."""

    address: str  # not percent-encoded
    life: History  # what readers could not see is left out where it is not to be shown

    @property
    def newest(self) -> Revision:
        """Its newest revision."""
        return self.life.revisions[-1]


def find(address: str, where: Callable[[str], str] | None = None) -> Found:
    """The article that an address means.

    Raises ``NoArticle`` where there is none, and ``Moved`` for the whole file path of an article
    and for a path that it once had. ``where`` gives the page that is asked for, from an article's
    address; without it, its path ends with the address.
    """
    known = known_addresses()
    path = known.path(address)
    if path is None:
        path = _once(address)
    life = desk().life(path)
    now = known.address(life.article.path)
    if addresses.known(now) != address:
        raise Moved(where(now) if where is not None else _same_page(address, now))
    return Found(now, _visible(life, address))


def _visible(life: History, address: str) -> History:
    if site().unpublished:
        return life
    revisions = tuple(each for each in life.revisions if each.published)
    if not revisions:
        raise NoArticle(address)
    hidden = len(life.revisions) - len(revisions)
    if not hidden:
        return life
    seen = [each._replace(number=each.number - hidden) for each in revisions]
    seen[0] = seen[0]._replace(substantive=False, reasons=(), labels=frozenset())
    return life._replace(revisions=tuple(seen))


def _once(address: str) -> str:
    """The path of an article that is not there now, or had this address before."""

    def seek() -> str | None:
        room = current()
        for candidate in known_addresses().candidates(address):
            try:
                found = room.track(candidate)
            except TrackerError:
                continue
            return found.path
        return None

    if room_is_empty():
        raise NoArticle(address)
    path = desk().kept("once", address, seek)
    if path is None:
        raise NoArticle(address)
    return path


def room_is_empty() -> bool:
    """True where nothing is recorded yet."""
    return not desk().edition().tip


def _same_page(old: str, new: str) -> str:
    """The address of the page that is asked for, with the article's own address in it."""
    path = request.path
    tail = old + ("/" if path.endswith("/") else "")
    assert path.endswith(tail)
    from urllib.parse import quote

    return quote(path[: len(path) - len(tail)], safe="/") + addresses.encoded(new) + "/"


def version(found: Found, stamp: str) -> Revision:
    """The revision that a stamp means; raises ``NotFound`` where there is none."""
    revision = addresses.stamped(stamp, found.life.revisions)
    if revision is None:
        raise NotFound
    return revision


def text(revision: Revision, path: str) -> str:
    """The text of one revision of the article at a path."""
    track = desk().track(path)
    blob = next(each.blob for each in track.versions if each.commit == revision.commit)
    return desk().texts([blob])[0]


__all__ = ["Found", "Moved", "find", "text", "version"]
