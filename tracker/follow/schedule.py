"""When a page is looked at again, and which pages go first where a host's budget is short.

Pure: instants are seconds since 1970, as numbers. The table of intervals is that of NewsDiffs,
counted from the last change and without its end: a page is never dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

MINUTE, HOUR, DAY = 60, 3600, 86_400

_TABLE = (
    (3 * HOUR, 15 * MINUTE),
    (DAY, HOUR),
    (7 * DAY, 3 * HOUR),
    (30 * DAY, 3 * DAY),
    (360 * DAY, 30 * DAY),
)
"""Changed less than so long ago: looked at so often."""

_LAST = 180 * DAY
_CONFIRM = (HOUR, DAY)  # after the first and the second "not found"
_GONE_AGAIN = 30 * DAY  # a deleted page is looked at for its return
_LONGEST_BACK_OFF = 6 * HOUR


def interval(now: float, changed: float, *, live: bool = False) -> float:
    """Seconds between two looks at a page that last changed, or was first seen, at ``changed``.

    ``live``: it is written while things happen, and is looked at hourly until a day has passed.
    """
    if live and now - changed < DAY:
        return HOUR
    for age, between in _TABLE:
        if now - changed < age:
            return between
    return _LAST


def next_look(now: float, changed: float, page: str, *, live: bool = False) -> float:
    """When a page that was just seen is looked at again.

    ``page`` names it: pages that were seen together are spread by a tenth of their interval, the
    same page in the same way. A page that changed within the hour is never put off past 15 minutes.
    """
    wait = interval(now, changed, live=live)
    spread = 0.9 + 0.2 * _share(f"{page} {now:.0f}")
    if not live and now - changed < HOUR:
        spread = min(spread, 1.0)
    return now + wait * spread


def _share(name: str) -> float:
    """A number from 0 to 1 that this name always has."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row, from 1."""
    return float(min(MINUTE * 2 ** min(failures - 1, 20), _LONGEST_BACK_OFF))


def after_missing(count: int) -> float:
    """Seconds until a page is looked at again that was not found for the ``count``-th time."""
    return float(_CONFIRM[count - 1]) if count <= len(_CONFIRM) else float(_GONE_AGAIN)


def is_gone(count: int, since: float, now: float) -> bool:
    """True where a page was not found three times, with a day between the first and the last."""
    return count > len(_CONFIRM) and now - since >= DAY


class Due(NamedTuple):
    """A page that waits for its look."""

    page: int
    looked: float | None  # the last look; None: never
    between: float  # its interval


def urgency(due: Due, now: float) -> float:
    """How late a page is, in its own intervals; pages never seen are as late as can be."""
    return float("inf") if due.looked is None else (now - due.looked) / max(due.between, 1)


def chosen(waiting: Iterable[Due], now: float, allowed: int) -> tuple[list[Due], list[Due]]:
    """The pages that a host's budget allows now, most urgent first, and those left waiting."""
    ordered = sorted(waiting, key=lambda due: (-urgency(due, now), due.page))
    return ordered[:allowed], ordered[allowed:]


class HostBudget(NamedTuple):
    """How many requests a host may get: so many an hour, saved up for an hour at most."""

    left: float
    at: float  # when that was so

    def filled(self, now: float, an_hour: int) -> HostBudget:
        """The same at a later instant."""
        gained = max(now - self.at, 0) * an_hour / HOUR
        return HostBudget(min(self.left + gained, float(an_hour)), now)

    def spent(self) -> HostBudget:
        """The same after one request."""
        return self._replace(left=self.left - 1)
