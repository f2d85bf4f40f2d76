"""The names that dates are made of: months and weekdays of a language, and time zones.

Words of a language come from its ``dates.toml``; Babel (CLDR) serves the month and weekday names of
any language that has no file here, and is imported only then, because importing it costs as much as
the rest of a short command. Zones are those of the IANA database, through ``zoneinfo``; the names
by which people write them come from ``zones.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tracker import locale
from tracker.errors import TrackerError
from tracker.house.toml_file import either
from tracker.locale import base


class Language(NamedTuple):
    """Names of months, weekdays and halves of the day, and small words, of one language."""

    code: str  # "en", "de"; for a language known to Babel alone, as it was asked for
    months: Mapping[str, tuple[str, ...]]  # "wide", "short", "alone" or "ap" -> January first
    months_read: Mapping[str, int]  # more spellings people type, lower case -> 1 … 12
    common_words: frozenset[str]  # names of months that are ordinary words too, lower case
    weekdays: Mapping[str, tuple[str, ...]]  # "wide", "short" -> Monday first
    weekdays_read: Mapping[str, int]  # more spellings people type, lower case -> 0 (Monday) … 6
    am: tuple[str, ...]  # the first is the one written
    pm: tuple[str, ...]
    dotted_dates: bool  # 12.5.22 in running text is a date
    full_stop: str
    words: Mapping[str, tuple[str, ...]]  # "noon", "before_time", …
    lead_words: Mapping[str, str]  # "to" -> what joins it to a lead
    draft: Mapping[str, str]  # phrases of a drafted note


def codes() -> tuple[str, ...]:
    """The languages that have a file of words here, English first."""
    return locale.languages("dates")


@cache
def language(code: str) -> Language:
    """The words of the language with this tag (BCP 47: "en", "de-AT").

    A ``TrackerError`` says that neither the files here nor Babel know it.
    """
    short = base(code)
    if has_words(short):
        return _from_table(short, locale.table(short, "dates"))
    return _from_babel(code)


def with_english(code: str) -> tuple[Language, ...]:
    """The words of a language and of English; of English alone where the language is not known.

    For reading: an article may name any language, and people type English dates everywhere.
    """
    english = language("en")
    if base(code) == "en":
        return (english,)
    try:
        return language(base(code)), english
    except TrackerError:
        return (english,)


def has_words(code: str) -> bool:
    """Whether there is a file of words for this language, so that Babel is not needed."""
    return locale.has(code, "dates")


def _from_table(code: str, table: Mapping[str, Any]) -> Language:
    months = {
        width: tuple(table["months"][width])
        for width in ("wide", "short", "alone", "ap")
        if width in table["months"]
    }
    return Language(
        code=code,
        months=months,
        months_read=table["months"]["read"],
        common_words=frozenset(table["months"]["common_words"]),
        weekdays={width: tuple(table["weekdays"][width]) for width in ("wide", "short")},
        weekdays_read=table["weekdays"]["read"],
        am=tuple(table["day_periods"]["am"]),
        pm=tuple(table["day_periods"]["pm"]),
        dotted_dates=table["dotted_dates"],
        full_stop=table["full_stop"],
        words={role: tuple(words) for role, words in table["words"].items()},
        lead_words=table["lead_words"],
        draft=locale.spoken(code, "draft")["phrases"],
    )


def _from_babel(code: str) -> Language:
    from babel import Locale, UnknownLocaleError

    try:
        known = Locale.parse(code.replace("-", "_"))
    except (ValueError, TypeError, UnknownLocaleError):
        raise TrackerError(
            f"“{code}” is not a language.",
            "Write a tag such as en, en-GB, de, fr, es or uk.",
        ) from None
    months = known.months
    days = known.days
    periods = known.day_periods["format"]["abbreviated"]
    return Language(
        code=code,
        months={
            "wide": tuple(months["format"]["wide"][number] for number in range(1, 13)),
            "short": tuple(months["format"]["abbreviated"][number] for number in range(1, 13)),
            "alone": tuple(months["stand-alone"]["wide"][number] for number in range(1, 13)),
        },
        months_read={},
        common_words=frozenset(),
        weekdays={
            "wide": tuple(days["format"]["wide"][number] for number in range(7)),
            "short": tuple(days["format"]["abbreviated"][number] for number in range(7)),
        },
        weekdays_read={},
        am=(periods.get("am", "AM"),),
        pm=(periods.get("pm", "PM"),),
        dotted_dates=base(code) not in ("en", "ja", "zh", "ko"),
        full_stop="。" if base(code) in ("ja", "zh") else "।" if base(code) == "hi" else ".",
        words={},
        lead_words={},
        draft=locale.spoken(code, "draft")["phrases"],
    )


# --- zones ---------------------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,3}", re.ASCII)
# The first three follow the machine, the last two count leap seconds or copy the rest.
_REFUSED = ("localtime", "posixrules", "factory", "posix/", "right/")
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+\-−])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)


class WrittenZone(NamedTuple):
    """What a zone's name in a text stands for."""

    name: str  # as written
    place: str | None  # IANA name of the place whose clock it is; None for a bare offset
    offset: timedelta | None  # from UTC; None when the season decides
    places: tuple[str, ...] = ()  # places whose clock has this offset in some season
    countries: tuple[str, ...] = ()  # not empty: several countries use it for different clocks


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of this name, such as America/New_York.

    A ``TrackerError`` with the nearest names says that there is none. The name is never taken as
    a path: nothing outside the zone database is opened.
    """
    wanted = name.strip() if isinstance(name, str) else ""
    if _NAME.fullmatch(wanted) and not wanted.lower().startswith(_REFUSED):
        try:
            return ZoneInfo(wanted)
        except (OSError, ValueError, KeyError):
            pass  # not there, a folder of the database, or no zone file: the same to people
    near = _nearest(wanted)
    hint = f"Did you mean {either(near)}?" if near else "Write a name such as America/New_York."
    raise TrackerError(f"There is no time zone “{name}”.", hint)


def _nearest(wanted: str) -> list[str]:
    import difflib
    from zoneinfo import available_timezones

    if not wanted or len(wanted) > 60:
        return []
    written = _table().get(wanted.casefold())
    if written is not None:
        places = [written.place] if written.place else list(written.places)
        if places or written.offset == timedelta(0):
            return places or ["UTC"]
    names = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
    plain = re.sub(r"[\s_/-]+", "_", wanted).strip("_").lower()
    by_city: dict[str, list[str]] = {}
    for known in names:
        by_city.setdefault(known.lower().replace("/", "_"), []).append(known)
        if "/" in known and not known.startswith(("Etc/", "SystemV/")):
            by_city.setdefault(known.rpartition("/")[2].lower(), []).append(known)
    if plain in by_city:
        return by_city[plain][:3]
    close = difflib.get_close_matches(plain, by_city, n=3, cutoff=0.8)
    return list(dict.fromkeys(known for key in close for known in by_city[key]))[:3]


def _offset(text: str) -> timedelta:
    sign = -1 if text[0] == "-" else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))


@cache
def _table() -> Mapping[str, WrittenZone]:
    path = Path(__file__).parent / "zones.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    table: dict[str, WrittenZone] = {}
    for place, names in data["places"].items():
        for name in names:
            table[name.casefold()] = WrittenZone(name, place, None)
    for name, (offset, *places) in data["offsets"].items():
        table[name.casefold()] = WrittenZone(name, None, _offset(offset), tuple(places))
    for name, countries in data["several"].items():
        table[name.casefold()] = WrittenZone(name, None, None, (), tuple(countries))
    return table


def written_names() -> tuple[str, ...]:
    """Every name of a zone that is understood in a text, longest first."""
    return tuple(sorted((zone.name for zone in _table().values()), key=len, reverse=True))


def understand(written: str, more: Mapping[str, str] = {}) -> WrittenZone | None:
    """What a zone's name in a text stands for, or None when it is not known.

    ``more`` are the house's own names: as written -> IANA name. An IANA name and an offset
    (``+02:00``, ``UTC-5``) are understood too.
    """
    name = " ".join(written.split())
    for own, place in more.items():
        if own.casefold() == name.casefold() and name.casefold() not in _table():
            return WrittenZone(name, place, None)
    known = _table().get(name.casefold())
    if known is not None:
        return known
    match = _OFFSET.fullmatch(name)
    if match:
        hours, minutes = int(match[2]), int(match[3] or 0)
        if hours > 14:
            return None
        offset = timedelta(hours=hours, minutes=minutes)
        return WrittenZone(name, None, offset if match[1] == "+" else -offset)
    if "/" in name:
        try:
            return WrittenZone(name, zone(name).key, None)
        except TrackerError:
            return None
    return None


def aware(given: date, zone: tzinfo | None) -> datetime:
    """A day as its first moment, and an instant without a zone, as the clocks of a zone have it."""
    at = given if isinstance(given, datetime) else datetime.combine(given, time())
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def wall_times(wall: datetime, where: tzinfo) -> Iterator[datetime]:
    """The instants at which a clock in that zone shows this time: none, one or two, in order."""
    seen = []
    for fold in (0, 1):
        candidate = wall.replace(tzinfo=where, fold=fold)
        back = candidate.astimezone(UTC).astimezone(where)
        if back.replace(tzinfo=None) == wall and candidate.utcoffset() not in seen:
            seen.append(candidate.utcoffset())
            yield candidate


def instant(
    day: date,
    clock: time,
    written: str | None,
    home: tzinfo,
    more: Mapping[str, str] = {},
) -> datetime:
    """The instant, in ``home``'s zone, of a day and a wall-clock time that stand in a text.

    ``written`` is the zone beside the time; without one, or with one that is not known, the time
    is the newsroom's. Nothing is refused here, because the text is what it is: an abbreviation
    is read by its own offset whatever the season, an hour that a clock change skips is read by
    the offset before the change, and of two equal hours the earlier is meant.
    """
    wall = datetime.combine(day, clock.replace(tzinfo=None))
    try:
        where = home_or_written(wall, written, home, more)
        return wall.replace(tzinfo=where).astimezone(UTC).astimezone(home)
    except OverflowError:  # the first and last day that a datetime can hold
        return wall.replace(tzinfo=home)


def home_or_written(
    wall: datetime, written: str | None, home: tzinfo, more: Mapping[str, str] = {}
) -> tzinfo:
    """The zone by which a wall-clock time with this written zone is to be read, leniently."""
    if not written:
        return home
    by_home = at_home(wall, written, home)
    if by_home is not None:
        return by_home
    found = understand(written, more)
    if found is None or found.countries:
        return home
    if found.place is not None:
        return zone(found.place)
    return timezone(found.offset) if found.offset is not None else home


def at_home(wall: datetime, written: str, home: tzinfo) -> timezone | None:
    """The offset that ``home``'s clock has under this abbreviation at this time, if it does."""
    for candidate in wall_times(wall, home):
        if (candidate.tzname() or "").casefold() == written.strip().casefold():
            offset = candidate.utcoffset()
            return timezone(offset) if offset is not None else None
    return None


def name_of(at: datetime, names: Mapping[str, tuple[str, ...]] = {}) -> str:
    """How the zone of an aware instant is written: by the house's table, else its abbreviation.

    ``names``: IANA name -> one name for the whole year, or two: standard time, summer time.
    A zone that has neither is written as its offset, ``UTC+5:30``.
    """
    key = getattr(at.tzinfo, "key", "")
    own = names.get(key)
    if own:
        return own[1] if len(own) > 1 and at.dst() else own[0]
    short = at.tzname() or ""
    if short.isalpha() and short.isascii():
        return short
    offset = at.utcoffset() or timedelta(0)
    minutes = round(abs(offset).total_seconds() / 60)
    sign = "-" if offset < timedelta(0) else "+"
    if not minutes:
        return "UTC"
    hours, rest = divmod(minutes, 60)
    return f"UTC{sign}{hours}:{rest:02}" if rest else f"UTC{sign}{hours}"
