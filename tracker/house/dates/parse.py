"""A strict reader of the dates and times that editors type.

What is not understood is refused and quoted; what can be read in two ways is refused with both
readings. Nothing is guessed but this: a date without a year is the nearest one that is past, a
time without a date is today's, and of two equal hours when clocks go back the earlier is meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tracker.errors import TrackerError
from tracker.house.dates.find import Numbers, Shapes, fold, shapes
from tracker.house.dates.format import DateForm, century, on_day
from tracker.house.dates.names import (
    WrittenZone,
    at_home,
    home_or_written,
    understand,
    wall_times,
    with_english,
)
from tracker.house.dates.names import language as language_of
from tracker.house.dates.names import zone as zone_named
from tracker.model import Precision

_LONGEST = 120
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?(?=Z|[+-]\d|\s|,|$)",
    re.ASCII | re.IGNORECASE,
)
_NO_YEAR = re.compile(
    r"(?P<first>\d{1,2})(?:/(?P<second>\d{1,2})|\.(?P<dotted>\d{1,2})\.?)(?![\w/.:])"
)


class Moment(NamedTuple):
    """An instant that somebody typed, or a whole day."""

    at: datetime  # aware, in the newsroom's zone; for a day its first instant there
    precision: Precision  # "minute" or "day"


@dataclass
class _Typed:
    """What has been understood so far."""

    text: str
    day_first: bool | None
    home: ZoneInfo
    now: datetime  # in `home`'s zone
    more: Mapping[str, str]
    numbers: Numbers | None = None  # of the date
    written: str = ""  # the date as it was typed
    relative: str | None = None  # "now", "today", "yesterday"
    clock: time | None = None
    zone: str | None = None
    weekday: int | None = None
    taken: set[str] = field(default_factory=set)

    def take(self, what: str) -> None:
        if what in self.taken:
            raise TrackerError(f"“{self.text}” has more than one {what}.", HINT)
        self.taken.add(what)


def read_moment(
    text: str,
    *,
    day_first: bool | None,
    zone: ZoneInfo,
    now: datetime,
    language: str = "en",
    zones: Mapping[str, str] = {},
) -> Moment:
    """The instant, or the day, that an editor typed.

    Understood are ISO 8601, ``05/12/22 7:45 a.m. ET``, ``12 May 2022 07:45``, ``12. Mai 2022,
    7.45 Uhr``, ``noon``, ``yesterday 9pm``, ``now`` and the like, in ``language`` and in English.
    A numeric date is read in the order of the house: ``day_first``, where None means that the
    house has none. ``zone`` is the newsroom's, in which a time without a zone is meant; ``zones``
    are the house's own names of zones, as written -> IANA name. ``now`` is aware.

    Midnight is the first instant of the day it stands beside. A date in the future is read, and
    refused, if at all, by who asked. A ``TrackerError`` refuses, with the readings there are:

    - what is not understood, quoting it; a weekday alone, since it could be any;
    - a numeric date that can be read in two ways, when the house has no order; one that only the
      other order than the house's allows;
    - a day or a time that there is not (30 February, 13 p.m., 24:00); a weekday that the date is
      not; an hour that a clock change skips;
    - an abbreviation that the season contradicts (EST in July).
    """
    if now.tzinfo is None:
        raise ValueError("a datetime without a time zone is no instant")
    typed = _understood(text, day_first, zone, now, language, zones)
    if typed.relative == "now":
        if typed.taken != {"date"}:
            raise TrackerError(f"“{typed.text}” says more than now.", HINT)
        return Moment(typed.now, "minute")
    if typed.weekday is not None and "date" not in typed.taken:
        raise TrackerError(f"“{typed.text}” names a weekday, which could be of any week.", HINT)
    if not typed.taken & {"date", "time"}:
        raise TrackerError(f"“{typed.text}” is not a date or time.", HINT)
    day = _day(typed)
    if typed.weekday is not None and day.weekday() != typed.weekday:
        raise TrackerError(
            f"{long_date(day)} is a {_weekday(day)}, not a {_weekday_name(typed.weekday)}.",
            "Correct the date or leave the weekday out.",
        )
    try:
        if typed.clock is None:
            return Moment(_first_instant(day, zone), "day")
        return Moment(_instant(typed, day, typed.clock), "minute")
    except OverflowError:
        raise TrackerError(f"“{typed.text}” is too far away.", HINT) from None


def _understood(
    text: str,
    day_first: bool | None,
    home: ZoneInfo,
    now: datetime,
    language: str,
    more: Mapping[str, str],
) -> _Typed:
    words = " ".join(text.split())
    shown = words if len(words) <= _LONGEST else words[:_LONGEST] + "…"
    if not words:
        raise TrackerError("No date was given.", HINT)
    if len(words) > _LONGEST:
        raise TrackerError(f"“{shown}” is too long for a date.", HINT)
    typed = _Typed(words, day_first, home, now.astimezone(home), more)
    known = shapes(language, prose=False)
    small = _SmallWords(language)
    at = 0
    while at < len(words):
        if words[at] in " ,;":
            at += 1
            continue
        end = (
            _take_date(typed, known, at)
            or _take_relative(typed, small, at)
            or _take_clock(typed, known, at)
            or _take_zone(typed, known, at)
            or _take_weekday(typed, known, at)
            or small.joining(words, at)
        )
        if not end:
            raise _not_understood(typed, at)
        at = end
    return typed


def _not_understood(typed: _Typed, at: int) -> TrackerError:
    rest = typed.text[at:]
    if at == 0:  # the words after it may be understood
        rest = rest.partition(" ")[0]
    if rest == typed.text:
        return TrackerError(f"“{rest}” is not a date or time.", HINT)
    return TrackerError(f"“{rest}” in “{typed.text}” is not understood.", HINT)


class _SmallWords:
    """The words around dates and times, of a language and of English."""

    def __init__(self, language: str) -> None:
        languages = with_english(language)
        self.relative = {
            fold(word): role
            for role in ("now", "today", "yesterday")
            for each in languages
            for word in each.words.get(role, ())
        }
        roles = ("before_time", "before_date", "after_time")
        self.joiners = {
            fold(word) for role in roles for each in languages for word in each.words.get(role, ())
        } | {"@", "-", "–", "—", "·", "|"}

    def joining(self, text: str, at: int) -> int:
        """Where a joining word that begins here ends, if something follows it; otherwise 0."""
        rest = text[at:]
        for word in sorted(self.joiners, key=len, reverse=True):
            if rest[: len(word)].casefold() == word and rest[len(word) :].startswith(" "):
                return at + len(word) + 1
        return 0


def _take_relative(typed: _Typed, small: _SmallWords, at: int) -> int:
    for word, role in small.relative.items():
        end = at + len(word)
        if fold(typed.text[at:end]) == word and not typed.text[end : end + 1].isalnum():
            typed.take("date")
            typed.relative = role
            return end
    return 0


def _take_date(typed: _Typed, known: Shapes, at: int) -> int:
    compact = _COMPACT.match(typed.text, at)
    if compact:
        typed.take("date")
        parts = [int(compact[name]) for name in ("year", "month", "day")]
        end = compact.end()
        typed.numbers = Numbers(parts[0], False, parts[1], parts[2], None, at, end)
        typed.written = compact[0][:8]
        if compact["hour"]:
            typed.take("time")
            clock = f"{compact['hour']}:{compact['minute']}:{compact['second'] or '00'}"
            typed.clock = _clock(known.time.match(clock), known, compact[0])
        return end
    match = known.date.match(typed.text, at)
    if match:
        numbers = known.numbers(match)
        if numbers is not None:
            typed.take("date")
            typed.numbers, typed.written = numbers, match[0]
            end = match.end()
            if typed.text[end : end + 1] in ("T", "t") and typed.text[end + 1 : end + 2].isdigit():
                return end + 1
            return end
    short = _NO_YEAR.match(typed.text, at)
    if short and not known.time.match(typed.text, at):
        typed.take("date")
        pair = int(short["first"]), int(short["second"] or short["dotted"])
        typed.numbers = Numbers(None, False, None, None, pair, at, short.end())
        typed.written = short[0]
        return short.end()
    return 0


def _take_clock(typed: _Typed, known: Shapes, at: int) -> int:
    match = known.time.match(typed.text, at)
    if not match:
        return 0
    typed.take("time")
    typed.clock = _clock(match, known, match[0])
    return match.end()


def _clock(match: re.Match[str] | None, known: Shapes, shown: str) -> time:
    value = known.clock(match).value if match else None
    if value is None:
        hint = "Midnight is 00:00 of the day it begins." if shown.startswith("24") else ""
        raise TrackerError(f"“{shown}” is not a time of day.", hint or "Write 07:45 or 7:45 a.m.")
    return value


def _take_zone(typed: _Typed, known: Shapes, at: int) -> int:
    if "time" not in typed.taken:
        return 0
    written, end = known.zone(typed.text, at, typed.more)
    if written is None:
        return 0
    typed.take("time zone")
    typed.zone = written
    return end


def _take_weekday(typed: _Typed, known: Shapes, at: int) -> int:
    told = known.weekday(typed.text, at)
    if told is None:
        return 0
    typed.take("weekday")
    typed.weekday, end = told
    return end


def _day(typed: _Typed) -> date:
    # Today is that of the zone that was typed, else the newsroom's.
    here = typed.now.replace(tzinfo=None)
    today = typed.now.astimezone(home_or_written(here, typed.zone, typed.home, typed.more)).date()
    if typed.relative == "yesterday":
        return today - timedelta(days=1)
    if typed.numbers is None:
        return today
    return calendar_day(typed.numbers, typed.written, typed.day_first, today)


def _first_instant(day: date, home: ZoneInfo) -> datetime:
    """The first instant of a day; where clocks skip midnight, the first that there is."""
    wall = datetime.combine(day, time())
    found = next(wall_times(wall, home), None)
    return found or wall.replace(tzinfo=home).astimezone(UTC).astimezone(home)


def _instant(typed: _Typed, day: date, clock: time) -> datetime:
    wall = datetime.combine(day, clock)
    where = _zone(typed, wall)
    found = next(wall_times(wall, where), None)
    if found is None:
        readings = [
            wall.replace(tzinfo=where, fold=fold_).astimezone(UTC).astimezone(where)
            for fold_ in (1, 0)
        ]
        before, after = (_clock_words(reading) for reading in readings)
        skipped = f"{long_date(day)}, {_clock_words(wall)}"
        raise TrackerError(
            f"{skipped} does not exist in {where}: the clocks go forward.",
            f"Write {before} or {after}".rstrip(".") + ".",
        )
    return found.astimezone(UTC).astimezone(typed.home)


def _zone(typed: _Typed, wall: datetime) -> tzinfo:
    """The zone in which the time was typed; refused where the season contradicts its name."""
    if typed.zone is None:
        return typed.home
    same = at_home(wall, typed.zone, typed.home)
    if same is not None:
        return same
    found = understand(typed.zone, typed.more)
    if found is None:
        raise TrackerError(f"“{typed.zone}” is not a time zone.", "Write ET, UTC or +02:00.")
    if found.countries:
        raise TrackerError(
            f"“{typed.zone}” is the time of several countries: {', '.join(found.countries)}.",
            "Write the offset from UTC, such as +05:30, or a name such as Asia/Kolkata.",
        )
    if found.place is not None:
        return zone_named(found.place)
    assert found.offset is not None
    _in_season(typed.zone, found, wall)
    return timezone(found.offset)


def _in_season(written: str, found: WrittenZone, wall: datetime) -> None:
    """Refuse an abbreviation that no place's clock has at this time."""
    if not found.places:
        return
    local = wall.replace(tzinfo=timezone(found.offset or timedelta(0)))
    for place in found.places:
        if local.astimezone(zone_named(place)).utcoffset() == found.offset:
            return
    there = local.astimezone(zone_named(found.places[0]))
    raise TrackerError(
        f"“{written}” is not in use on {long_date(wall.date())}: {found.places[0]} is on "
        f"{there.tzname()} then.",
        f"Write {there.tzname()}, or the offset if {written} is meant.",
    )


def _clock_words(wall: datetime) -> str:
    return DateForm("h:mm a", day_periods=("a.m.", "p.m.")).write(wall.replace(tzinfo=UTC))


def _weekday(day: date) -> str:
    return _weekday_name(day.weekday())


def _weekday_name(number: int) -> str:
    return language_of("en").weekdays["wide"][number]


HINT = "Write it as 2022-05-12T07:45, or as 2022-05-12."


def calendar_day(numbers: Numbers, written: str, day_first: bool | None, today: date) -> date:
    """The day that these numbers mean.

    ``written`` quotes them in errors; ``day_first`` is the house's order, None when it has none;
    a date without a year is the nearest that is not after ``today``. A ``TrackerError`` refuses
    what is no day, what can be two days, and what only the other order than the house's allows.
    """
    year = numbers.year
    if year is not None and numbers.short_year:
        year = century(year, today)
    if numbers.pair is not None:
        return _ordered(written, numbers.pair, year, day_first, today)
    assert numbers.month is not None
    assert numbers.day is not None
    found = on_day(year, numbers.month, numbers.day, today, ahead=0)
    if found is None:
        raise _no_such_day(written, year, numbers.month, numbers.day)
    return found


def long_date(day: date) -> str:
    """The day in full, as errors name it: May 12, 2022."""
    return DateForm("MMMM d, y").write(day)


def _ordered(
    written: str, pair: tuple[int, int], year: int | None, day_first: bool | None, today: date
) -> date:
    """The day of two numbers, read in the house's order."""
    by_day = on_day(year, pair[1], pair[0], today, ahead=0)
    by_month = on_day(year, pair[0], pair[1], today, ahead=0)
    if by_day is None and by_month is None:
        raise TrackerError(f"“{written}” is not a date in any order.", HINT)
    if day_first is None:
        if by_day and by_month and by_day != by_month:
            raise TrackerError(
                f"“{written}” may be {long_date(by_month)} or {long_date(by_day)}.",
                f"Write {by_month.isoformat()} or {by_day.isoformat()}.",
            )
        chosen = by_day or by_month
    else:
        chosen = by_day if day_first else by_month
    if chosen is not None:
        return chosen
    other = by_day or by_month
    assert other is not None
    order, only = ("day/month", "month/day") if day_first else ("month/day", "day/month")
    raise TrackerError(
        f"“{written}” is not a date as {order}, which is the house's order; "
        f"as {only} it would be {long_date(other)}.",
        f"Write {other.isoformat()} if that is meant.",
    )


def _no_such_day(written: str, year: int | None, month: int, day: int) -> TrackerError:
    if not 1 <= month <= 12:
        return TrackerError(f"“{written}” is not a date: there is no month {month}.", HINT)
    name = language_of("en").months["wide"][month - 1]
    in_year = f" {year}" if year is not None else ""
    return TrackerError(f"“{written}” is not a date: {name}{in_year} has no day {day}.", HINT)
