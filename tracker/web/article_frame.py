"""What the pages of an article and of its versions have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from tracker.model import Revision
from tracker.web import addresses
from tracker.web.history_views import steps_around
from tracker.web.reading import Found, Moved, version

Where = Callable[[str, str], str]
"""Gives the page of a version, from its stamp and the article's address."""


def frame(found: Found, view: str) -> dict[str, object]:
    """What every page of an article is made with."""
    life = found.life
    return {
        "address": found.address,
        "life": life,
        "view": view,
        "newest": found.newest,
        "spoken": found.language,
        "newest_change": addresses.change(addresses.stamp_of(found.newest), found.address)
        if len(life.revisions) > 1
        else None,
        "gone": next((e for e in reversed(life.events) if e.kind == "deleted"), None)
        if life.deleted
        else None,
    }


def stamped(found: Found, stamp: str, address: Where) -> Revision:
    """The revision of a stamp; a stamp written in another way is sent to the right one."""
    revision = version(found, stamp)
    if addresses.stamp_of(revision) != stamp:
        raise Moved(address(addresses.stamp_of(revision), found.address))
    return revision


class Step(NamedTuple):
    """A version that one may step to."""

    at: datetime
    address: str
    here: bool


def steps(found: Found, number: int, address: Where, since: int = 1) -> list[Step]:
    """The versions around one, each with the page of it that ``address`` gives."""
    return [
        Step(each.at, address(addresses.stamp_of(each), found.address), each.number == number)
        for each in steps_around(number, found.life.revisions)
        if each.number >= since
    ]


def neighbor(found: Found, index: int, address: Where) -> str | None:
    """The page of the revision at a place, counted from 0; None where there is none."""
    revisions = found.life.revisions
    if not 0 <= index < len(revisions):
        return None
    return address(addresses.stamp_of(revisions[index]), found.address)
