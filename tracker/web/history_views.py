"""An article's history as its pages show it: cut into pages that do not change once they are full.

A page ends at a multiple of ``PAGE``, so that a new revision moves nothing from one page to
another: the newest page grows from ``PAGE`` to nearly twice as many, and then gives a full one off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tracker.house.changelog import told_of
from tracker.house.settings import Settings
from tracker.model import Event, History, Revision
from tracker.web import addresses
from tracker.web.views import EventView, RevisionView, event_view, revision_view

PAGE = 50
MOST_STEPS = 400
"""Versions that can be stepped to, or chosen, on one page; those nearest where there are more."""


class Timeline(NamedTuple):
    """One page of an article's history, newest first."""

    items: tuple[RevisionView | EventView, ...]
    newer: str | None  # address of the page before; None on the newest
    older: str | None  # address of the page after; None on the oldest
    page: int  # counted from the newest, 1
    pages: int
    highest: int  # number of the newest revision on the page


def cut(count: int) -> int:
    """The number of the newest revision that is not on the newest page; 0 where all are."""
    return max(count // PAGE - 1, 0) * PAGE


def page_of(number: int, revisions: Sequence[Revision], address: str) -> str:
    """The address of the page of an article's history that shows a revision."""
    if number > cut(len(revisions)):
        return addresses.history(address)
    last = -(-number // PAGE) * PAGE
    return addresses.older(addresses.stamp_of(revisions[last - 1]), address)


def timeline(
    life: History,
    address: str,
    settings: Settings,
    until: int | None = None,
    under: str = "",
    *,
    counted: bool = True,
    language: str = "",
) -> Timeline:
    """The page whose newest revision has the number ``until``; without it, the newest page.

    ``counted``: the words that each revision added and took out are known. ``language`` is the
    article's, where it is known.
    """
    revisions = life.revisions
    count = len(revisions)
    high = count if until is None else until
    low = cut(count) + 1 if until is None else max(high - PAGE, 0) + 1
    if until is not None and high % PAGE:
        low = high - high % PAGE + 1  # never across the pages' own borders
    told = told_of(life, settings.check.grace)
    first = next((each.number for each in revisions if each.published), count + 1)
    items: list[tuple[tuple[int, int, int], RevisionView | EventView]] = []
    for revision in revisions[low - 1 : high]:
        silent = (
            revision.published
            and revision.number > first
            and revision.substantive
            and revision.number not in told
        )
        view = revision_view(
            revision, address, settings, notes=life.notes, silent=silent, counted=counted,
            language=language,
        )  # fmt: skip
        items.append(((revision.number, 1, 0), view))
    for order, event in enumerate(life.events):
        place = _place(event, revisions)
        if low <= place <= high or (place == 0 and low == 1):
            items.append(((place, 2, order), event_view(event, under)))
    items.sort(key=lambda item: item[0], reverse=True)
    newer = None if until is None else _newer(high, revisions, address)
    older = page_of(low - 1, revisions, address) if low > 1 else None
    pages = 1 + -(-cut(count) // PAGE)
    page = 1 if until is None else pages - -(-high // PAGE) + 1
    return Timeline(tuple(view for _, view in items), newer, older, page, pages, high)


def _newer(high: int, revisions: Sequence[Revision], address: str) -> str:
    return page_of(min(high + 1, len(revisions)), revisions, address)


def _place(event: Event, revisions: Sequence[Revision]) -> int:
    """The number of the revision that an event comes with, or after; 0 before the first."""
    for revision in revisions:
        if revision.commit == event.commit:
            return revision.number
    before = [each.number for each in revisions if each.at <= event.at]
    return before[-1] if before else 0


def steps_around(number: int, revisions: Sequence[Revision]) -> Sequence[Revision]:
    """The revisions nearest to one, oldest first: all of them where they are few."""
    if len(revisions) <= MOST_STEPS:
        return revisions
    start = min(max(number - MOST_STEPS // 2, 0), len(revisions) - MOST_STEPS)
    return revisions[start : start + MOST_STEPS]
