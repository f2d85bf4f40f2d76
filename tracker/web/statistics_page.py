"""The newsroom's numbers, for editors: notes, undisclosed changes, the time to a correction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from flask import Blueprint

from tracker.model import KINDS, Progress
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.queries import Statistics, statistics
from tracker.web.background import worked_out
from tracker.web.page import page, words

pages = Blueprint("statistics", __name__)


_LEAST_MONTHS = 12  # that a picture has, so that one bar is not a wall
_CHART_MONTHS = 120  # the newest, in a picture
_DESKS = 20  # with the most changes; the others are folded
_NEWEST_CORRECTIONS = 30

_SPANS = (
    ("hour", timedelta(hours=1)),
    ("day", timedelta(days=1)),
    ("week", timedelta(weeks=1)),
    ("month", timedelta(days=30)),
    ("year", timedelta(days=365)),
)
"""How long an error stood, in the steps of the picture; what is longer stands in a last one."""


class MonthBar(NamedTuple):
    """One bar of a picture, standing for a month."""

    month: str  # "2022-05"
    parts: tuple[tuple[str, int], ...]  # what is counted, from the foot up, and how many
    whole: int


class DeskNumbers(NamedTuple):
    """The changes of substance of one folder."""

    name: str  # "" for articles that are in none
    changes: int
    untold: int  # of them, those that no note tells of

    @property
    def percent(self) -> int:
        """The share that no note tells of."""
        return round(100 * self.untold / self.changes)


class PeriodNumbers(NamedTuple):
    """The numbers of one month, or of one year."""

    name: str  # "2022-05"; "2022"
    notes: tuple[int, ...]  # by kind
    changes: int
    untold: int


class StoodFor(NamedTuple):
    """Corrections of errors that stood for about as long."""

    name: str  # of ``_SPANS``; "longer"; "unknown"
    number: int
    share: float  # of the largest number, from 0 to 1


@pages.get("/check/statistics/")
def numbers() -> str:
    """Notes and undisclosed changes by month, desks compared, and the time to a correction."""
    counted = worked_out("stats", _statistics)
    kinds = [kind for kind in KINDS if any(each.kind == kind for each in counted.notes)]
    months = _periods(counted, kinds, 7)
    chart = _periods(counted, kinds, 7, least=_LEAST_MONTHS)[-_CHART_MONTHS:]
    said = words()
    known = sorted(each.stood for each in counted.corrections if each.stood is not None)
    return page(
        "statistics.html",
        counted=counted,
        kinds=kinds,
        months=months[::-1],
        years=_periods(counted, kinds, 4)[::-1],
        names={kind: said(f"kind.{kind}") for kind in kinds},
        notes=_columns((each.name, zip(kinds, each.notes, strict=True)) for each in chart),
        changes=_columns(
            (each.name, (("untold", each.untold), ("told", each.changes - each.untold)))
            for each in chart
        ),
        desks=_desks(counted),
        few=_DESKS,
        spans=_spans(counted),
        known=len(known),
        half=said.span(known[(len(known) - 1) // 2]) if known else "",
        most=said.span(known[(9 * len(known) - 1) // 10]) if known else "",
        corrections=counted.corrections[: -_NEWEST_CORRECTIONS - 1 : -1],
    )


def _statistics(room: Newsroom, progress: Progress | None = None) -> Statistics:
    if room.workspace.empty:
        return Statistics(None, None, 0, 0, (), (), ())
    return statistics(room.workspace, progress=progress)


def _periods(
    counted: Statistics, kinds: Sequence[str], letters: int, *, least: int = 0
) -> list[PeriodNumbers]:
    """The months (7 letters of their name) or years (4), from the first to the last."""
    notes: Counter[tuple[str, str]] = Counter()
    changes: Counter[str] = Counter()
    untold: Counter[str] = Counter()
    for note in counted.notes:
        notes[note.month[:letters], note.kind] += note.number
    for change in counted.changes:
        changes[change.month[:letters]] += change.changes
        untold[change.month[:letters]] += change.untold
    names = sorted({*changes, *(name for name, _ in notes)})
    if names and letters == 7:
        names = _months_between(names[0], names[-1], least)
    return [
        PeriodNumbers(name, tuple(notes[name, kind] for kind in kinds), changes[name], untold[name])
        for name in names
    ]


def _months_between(first: str, last: str, least: int) -> list[str]:
    """The months from the first to the last, and so many before them that there are ``least``."""
    start, end = (12 * int(each[:4]) + int(each[5:]) - 1 for each in (first, last))
    start = min(start, end + 1 - least)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(start, end + 1)]


def _desks(counted: Statistics) -> list[DeskNumbers]:
    """The folders, those with the most changes first."""
    changes: Counter[str] = Counter()
    untold: Counter[str] = Counter()
    for each in counted.changes:
        changes[each.folder] += each.changes
        untold[each.folder] += each.untold
    return [DeskNumbers(name, number, untold[name]) for name, number in changes.most_common()]


def _spans(counted: Statistics) -> list[StoodFor]:
    """The corrections by how long the error had stood."""
    numbers = dict.fromkeys([*(name for name, _ in _SPANS), "longer", "unknown"], 0)
    for each in counted.corrections:
        stood = each.stood
        name = "unknown"
        if stood is not None:
            name = next((name for name, most in _SPANS if stood <= most), "longer")
        numbers[name] += 1
    largest = max(numbers.values()) or 1
    return [StoodFor(name, number, number / largest) for name, number in numbers.items()]


def _columns(found: Iterable[tuple[str, Iterable[tuple[str, int]]]]) -> list[MonthBar]:
    """The bars of a picture; none where nothing is counted."""
    columns = []
    for month, given in found:
        parts = tuple(given)
        columns.append(MonthBar(month, parts, sum(number for _, number in parts)))
    return columns if any(each.whole for each in columns) else []
