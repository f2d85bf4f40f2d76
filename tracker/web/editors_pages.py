"""The pages for editors: what ``check`` finds, by month and by desk; the newsroom's numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from shlex import quote
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest

from tracker.model import KINDS, Finding, Progress, Track
from tracker.newsroom.catalog import all_tracks
from tracker.newsroom.checking import CheckScope
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.selection import matches
from tracker.newsroom.statistics import Statistics, statistics
from tracker.policy.rules import RULES, CheckResult
from tracker.render.findings import gathered, inbox, summary
from tracker.store.reader import Reader
from tracker.text.document import Document, decode, parse
from tracker.web import addresses
from tracker.web.addresses import link, site
from tracker.web.background import worked_out
from tracker.web.desk import current
from tracker.web.newsroom_pages import day_asked, number_asked, numbers, turning
from tracker.web.page import page, words

pages = Blueprint("check", __name__)

UNDATED = "undated"
"""Stands for the month of findings about what was never recorded."""

AT_ONCE = 30
"""Findings on a page of the inbox; all of them are in the months."""

ON_A_PAGE = 100
"""Findings on a page of a month."""

MOST_DESKS = 8
"""Columns of the table; desks with fewer findings stand in one column together."""

_REASONS = 3  # of a finding that are shown
_MOST_PEOPLE = 300  # that a form offers, those with the most findings


class ShownFinding(NamedTuple):
    """A finding as the inbox has it."""

    finding: Finding
    headline: str
    desk: str  # "" for articles that are of none
    language: str  # BCP 47, of the article; "" where it is not known
    month: str  # "2022-05", in the newsroom's zone, or ``UNDATED``
    old: str | None  # stamp of the version before the one in question, or before its sitting
    new: str | None  # stamp of the version in question; None where it is about none
    path: str  # where the article is now, or was last
    command: str  # what to type

    @property
    def reasons(self) -> tuple[object, ...]:
        """What it is about, as sayings: the strongest reasons first."""
        return (self.finding.why or (self.finding.said,))[:_REASONS]

    @property
    def more(self) -> int:
        """How many further reasons there are."""
        return max(len(self.finding.why) - _REASONS, 0)


class Board(NamedTuple):
    """Everything that was found."""

    shown: tuple[ShownFinding, ...]  # the newest and weightiest first
    months: Mapping[str, tuple[ShownFinding, ...]]  # newest month first; in each by desk
    desks: tuple[str, ...]  # those with a column, most findings first
    counts: Mapping[tuple[str, str], int]  # (month, desk) -> findings
    verdict: CheckResult  # how much was looked at; without the findings

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table, ``*`` last where there are more desks than columns."""
        more = any(column == "*" for _, column in self.counts)
        return (*self.desks, "*") if more else self.desks

    def column(self, desk: str) -> str:
        """The desk's column: itself, or ``*`` for the one of all small desks."""
        return desk if desk in self.desks else "*"

    def number(self, month: str, column: str) -> int:
        return self.counts.get((month, column), 0)


# --- collecting ----------------------------------------------------------------------------------


def board(room: Newsroom, progress: Progress | None = None) -> Board:
    """The findings of the whole newsroom. One process: readers are being answered meanwhile."""
    empty = room.workspace.empty
    verdict = CheckResult(()) if empty else room.check(CheckScope(workers=1), progress)
    paths = {each.path for each in verdict.findings}
    known = all_tracks(room.workspace) if paths else ()
    # A finding has the path that the article had then; its desk is where the article is now.
    tracks = {track.path: track for track in known if track.path in paths}
    at = {(v.path, v.commit): track for track in known for v in track.versions if v.path in paths}
    found = [
        (each, at.get((each.path, each.commit or ""), tracks.get(each.path)))
        for each in inbox(verdict.findings)
    ]
    with Reader(room.repository) as reader:
        articles = {
            path: _article(room, track, reader)
            for path, track in {track.path: track for _, track in found if track}.items()
        }
    shown = [
        _shown(room, each, track, *(articles[track.path] if track else (each.path, "", "")))
        for each, track in found
    ]
    most = Counter(each.desk for each in shown).most_common()
    columns = tuple(desk for desk, _ in most[:MOST_DESKS])
    by_month: dict[str, list[ShownFinding]] = {}
    for each in shown:
        by_month.setdefault(each.month, []).append(each)
    order = {desk: place for place, (desk, _) in enumerate(most)}
    months = {
        month: tuple(sorted(listed, key=lambda each: order[each.desk]))
        for month, listed in sorted(by_month.items(), reverse=True, key=lambda pair: _key(pair[0]))
    }
    counts = Counter((each.month, each.desk if each.desk in columns else "*") for each in shown)
    rest = verdict._replace(findings=(), rules={})  # what another process can send
    return Board(tuple(shown), months, columns, counts, rest)


def _key(month: str) -> str:
    return "" if month == UNDATED else month


def _shown(
    room: Newsroom, finding: Finding, track: Track | None, headline: str, desk: str, language: str
) -> ShownFinding:
    versions = track.versions if track else ()
    places = {version.commit: place for place, version in enumerate(versions)}
    place = places.get(finding.commit or "")
    new = versions[place] if place is not None else None
    first = min((places[each] for each in finding.also if each in places), default=place)
    old = versions[first - 1] if first else None
    at = finding.at
    return ShownFinding(
        finding,
        finding.headline or headline,
        desk,
        language or room.settings.articles_language or "",
        at.astimezone(room.settings.zone).strftime("%Y-%m") if at else UNDATED,
        addresses.stamp_of(old) if old else None,
        addresses.stamp_of(new) if new else None,
        track.path if track else finding.path,
        _command(finding),
    )


def _command(finding: Finding) -> str:
    """What an editor types about a finding: what its advice names, or how to walk through."""
    for name, value in finding.advised.values if finding.advised else ():
        if name.startswith("command") and str(value).startswith("tracker "):
            return str(value)
    return f"tracker review {quote(finding.path)}"


def _article(room: Newsroom, track: Track, reader: Reader) -> tuple[str, str, str]:
    """Headline, desk and language of an article's newest text; "" where it does not say it."""
    text = decode(reader.read(track.versions[-1].blob))[0]
    document = parse(text)
    headline = room.article(track.path, text).headline
    return headline, _desk(room, track, document), document.language or ""


def _desk(room: Newsroom, track: Track, document: Document) -> str:
    """An article's desk: the front matter's ``desk`` or ``section``, else its first folder."""
    data = document.front_matter.data if document.front_matter else {}
    named = next(
        (
            str(value).strip()
            for key in ("desk", "section")
            for name, value in data.items()
            if str(name).lower() == key and isinstance(value, str) and value.strip()
        ),
        None,
    )
    return named[:60] if named else _folder(room, track.path)


def _folder(room: Newsroom, path: str) -> str:
    """The first folder under the one that holds the articles; "" for none."""
    under = room.workspace.under
    inside = path.removeprefix(f"{under}/") if under else path
    chosen = room.workspace.selection
    starts = [each.partition("*")[0].rpartition("/")[0] for each in chosen.patterns]
    starts += chosen.folders
    start = next((each for each in starts if each and inside.startswith(f"{each}/")), "")
    rest = inside.removeprefix(f"{start}/") if start else inside
    folder, slash, _ = rest.partition("/")
    # A folder of its own for each article (``x/index.md``) is no desk.
    return folder if slash and not rest[len(folder) + 1 :].startswith("index.") else ""


# --- pages ---------------------------------------------------------------------------------------


class Asked(NamedTuple):
    rule: str = ""  # a rule's name
    since: datetime | None = None  # aware
    person: str = ""  # the name of who made the revision
    path: str = ""  # a pattern of paths, or a folder
    month: str = ""  # "2022-05", or ``UNDATED``

    def means(self, shown: ShownFinding, under: str) -> bool:
        """Whether a finding is asked for; ``under`` is the newsroom's folder."""
        finding = shown.finding
        inside = finding.path.removeprefix(f"{under}/") if under else finding.path
        return (
            (not self.rule or finding.rule == self.rule)
            and (self.since is None or (finding.at is not None and finding.at >= self.since))
            and (not self.person or finding.person == self.person)
            and (not self.path or matches(self.path, inside))
            and (not self.month or shown.month == self.month)
        )


def _asked() -> Asked:
    """What the question asks for; raises ``BadRequest`` for what no form sends."""
    given = {key: value for key, value in request.args.items() if value}
    rule = given.get("rule", "")
    if rule and rule not in RULES:
        raise BadRequest
    return Asked(
        rule,
        day_asked("since"),
        given.get("person", ""),
        given.get("path", "")[:200].strip().strip("/"),
        given.get("month", ""),
    )


@pages.get("/check/")
def check() -> str:
    """The inbox: how much there is, and the findings, the newest and weightiest first."""
    asked, number = _asked(), number_asked()
    found = worked_out("check", board)
    under = current().workspace.under
    chosen = [each for each in found.shown if each.finding and asked.means(each, under)]
    given = {key: value for key, value in request.args.items() if value and key != "page"}

    def turned(page: int) -> str:
        return link("/check/?") + urlencode({**given, "page": page})

    entries = _entries(chosen)
    months = sorted({each.month for each in chosen}, key=_key, reverse=True)
    turn = turning(number, len(entries), turned, AT_ONCE)
    start = (number - 1) * AT_ONCE
    return page(
        "check.html",
        board=found,
        columns=found.columns,
        chosen=len(chosen),
        shown=entries[start : start + AT_ONCE],
        turn=None if site().files else turn,
        asked=asked,
        given=given,
        summary=summary([(each.finding.rule, each.month) for each in chosen], months),
        people=Counter(
            each.finding.person for each in found.shown if each.finding.person
        ).most_common(_MOST_PEOPLE),
        rules=[rule for rule in RULES if any(e.finding.rule == rule for e in found.shown)],
        narrowed=lambda **more: link("/check/?" + urlencode({**given, **more})),
        place_of=_place_of,
        address=_address,
    )


def _entries(shown: Sequence[ShownFinding]) -> list[ShownFinding]:
    """Ranked findings, those of one piece of work in many articles as one."""
    heads = {each._replace(beside=()): each for each in gathered(one.finding for one in shown)}
    return [one._replace(finding=heads[one.finding]) for one in shown if one.finding in heads]


@pages.get("/check/undated/", defaults={"month": UNDATED})
@pages.get("/check/undated/<int:number>/", defaults={"month": UNDATED})
@pages.get("/check/<month:month>/")
@pages.get("/check/<month:month>/<int:number>/")
def check_of(month: str, number: int = 1) -> str:
    """The findings of a month, desk by desk."""
    found = worked_out("check", board)
    shown = found.months.get(month, ())
    turn = turning(number, len(shown), lambda page: link(_address(month, page)), ON_A_PAGE)
    names = list(found.months)
    place = names.index(month) if month in names else None
    start = (number - 1) * ON_A_PAGE
    return page(
        "check_month.html",
        period=month,
        desks=[
            (desk, list(found))
            for desk, found in groupby(shown[start : start + ON_A_PAGE], key=lambda one: one.desk)
        ],
        total=len(shown),
        turn=turn,
        newer=names[place - 1] if place else None,
        older=names[place + 1] if place is not None and place + 1 < len(names) else None,
        address=_address,
        anchor=anchor,
    )


def all_addresses() -> list[str]:
    """Every page for editors that there is, for a site of files."""
    found = worked_out("check", board)
    addresses_of = ["/check/", "/check/statistics/"]
    for month, shown in found.months.items():
        addresses_of += [_address(month, number) for number in numbers(len(shown), ON_A_PAGE)]
    return addresses_of


def _place_of(board: Board, month: str, column: str) -> str:
    """Where the findings of a month and column begin."""
    shown = board.months[month]
    first = next(n for n, each in enumerate(shown) if board.column(each.desk) == column)
    number = first // ON_A_PAGE + 1
    return f"{_address(month, number)}#{anchor(shown[first].desk)}"


def anchor(desk: str) -> str:
    """The id of a desk's findings on the page of a month."""
    return f"desk-{addresses.note_key(desk)}"


def _address(month: str, number: int = 1) -> str:
    return f"/check/{month}/" + (f"{number}/" if number > 1 else "")


# --- the numbers of the newsroom ------------------------------------------------------------------

_LEAST_MONTHS = 12  # that a picture has, so that one bar is not a wall
_CHART_MONTHS = 120  # the newest, in a picture
_FOLDERS = 20  # with the most changes; the others are folded
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


class PeriodNumbers(NamedTuple):
    """The numbers of one month, or of one year."""

    name: str  # "2022-05"; "2022"
    notes: tuple[int, ...]  # by kind
    changes: int
    untold: int


@pages.get("/check/statistics/")
def newsroom_numbers() -> str:
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
        desks=_folders(counted),
        few=_FOLDERS,
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


def _folders(counted: Statistics) -> list[tuple[str, int, int]]:
    """The folders, "" for none, with their changes and those untold; the most changes first."""
    changes: Counter[str] = Counter()
    untold: Counter[str] = Counter()
    for each in counted.changes:
        changes[each.folder] += each.changes
        untold[each.folder] += each.untold
    return [(name, number, untold[name]) for name, number in changes.most_common()]


def _spans(counted: Statistics) -> dict[str, int]:
    """The number of corrections by how long the error had stood."""
    numbers = dict.fromkeys([*(name for name, _ in _SPANS), "longer", "unknown"], 0)
    for each in counted.corrections:
        name = "unknown"
        if (stood := each.stood) is not None:
            name = next((name for name, most in _SPANS if stood <= most), "longer")
        numbers[name] += 1
    return numbers


def _columns(found: Iterable[tuple[str, Iterable[tuple[str, int]]]]) -> list[MonthBar]:
    """The bars of a picture; none where nothing is counted."""
    columns = []
    for month, given in found:
        parts = tuple(given)
        columns.append(MonthBar(month, parts, sum(number for _, number in parts)))
    return columns if any(each.whole for each in columns) else []
