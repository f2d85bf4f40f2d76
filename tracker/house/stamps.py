"""Dates, with their times and zones, that stand in running text."""

from __future__ import annotations

import re
from datetime import date, time
from typing import NamedTuple

from tracker.house.date_shapes import Numbers, Shapes, fold, shapes
from tracker.house.patterns import century, on_day

_AFTER_WEEKDAY = re.compile(r"[,.]?[ \t\u00a0]{0,2}(?:(?:the|den|dem|der|le|el)[ ])?")
_MONTH_FIRST = ("US", "PH", "PR", "GU")  # regions, by CLDR's short date
_DIGITS = re.compile(r"[0-9]+")
_NAME_BEFORE = re.compile(r"([^\W\d_]{2,13})\.?(?:\s|&nbsp;){1,4}\Z")
_LONGEST_MONTH = 40  # a name and the space after it, which may be written "&nbsp;"
_WORD = re.compile(r"[^\W\d_]{1,13}")
_BEFORE = 60  # how far before a date its time or weekday may begin


class Stamp(NamedTuple):
    """A date as it stands in a text."""

    date: date | None  # None when the text leaves the year out and nothing says which is meant
    time: time | None  # wall-clock time beside it, naive; None when there is none
    zone: str | None  # as written; None when there is none
    start: int  # offsets in the text; weekday, time and zone are inside
    end: int
    has_year: bool
    month: int  # 1 … 12
    day: int  # 1 … 31


def find_stamps(
    text: str,
    *,
    language: str = "en",
    day_first: bool | None = None,
    as_of: date | None = None,
) -> list[Stamp]:
    """The dates in a text, in order, with the time and zone beside each.

    ``as_of`` is the day on which the text stood: a date without a year is the newest such day
    not later than three days after it. A numeric date that could be read both ways is read by
    ``day_first``; where that is None, by the reading that ``as_of`` allows, and at last by the
    custom of the language. What is no date (30 February) is left out.
    """
    known = shapes(language, prose=True)
    found: list[Stamp] = []
    floor = at = 0
    # From number to number, since most of a text has none: a date begins with a number or with
    # the name of a month before it.
    while digits := _DIGITS.search(text, at):
        at = digits.end()
        for start in (_month_before(text, known, floor, digits.start()), digits.start()):
            match = known.date.match(text, start) if start is not None else None
            numbers = known.numbers(match) if match else None
            if numbers is None or (numbers.year is None and _in_month(text, numbers.start)):
                continue
            parts = _resolved(numbers, language, day_first, as_of)
            if parts is not None:
                found.append(_with_time(text, known, numbers, parts, floor))
                floor = at = found[-1].end
                break
    return found


def _month_before(text: str, known: Shapes, floor: int, start: int) -> int | None:
    """Where the name of a month begins that stands right before a number; None without one."""
    begin = max(floor, start - _LONGEST_MONTH)
    before_gap = text[begin:start].rstrip()
    if not (before_gap[-1:].isalpha() or before_gap.endswith((".", "&nbsp;"))):
        return None  # quickly: most numbers do not stand after a word
    before = _NAME_BEFORE.search(text, begin, start)
    if before is None or (before.start() == begin > 0 and text[begin - 1].isalpha()):
        return None
    return before.start() if fold(before[1]) in known.months else None


def _in_month(text: str, start: int) -> bool:
    """Whether what follows is "in May 30 people died", where 30 is no day."""
    return text[max(0, start - 3) : start].casefold() == "in "


Parts = tuple[date | None, int, int]


def _resolved(
    numbers: Numbers, language: str, day_first: bool | None, as_of: date | None
) -> Parts | None:
    year = numbers.year
    if year is not None and numbers.short_year:
        year = century(year, as_of)
    if numbers.pair is None:
        assert numbers.month is not None
        assert numbers.day is not None
        return _parts(year, numbers.month, numbers.day, as_of)
    first, second = numbers.pair
    by_day = _parts(year, second, first, as_of)
    by_month = _parts(year, first, second, as_of)
    if day_first is None:
        if by_day and by_month and as_of and by_day[0] and by_month[0]:
            latest = as_of.toordinal() + 3
            possible = [each for each in (by_day, by_month) if _ordinal(each) <= latest]
            if len(possible) == 1:
                return possible[0]
        day_first = not _month_first(language)
    return (by_day or by_month) if day_first else (by_month or by_day)


def _month_first(language: str) -> bool:
    """Whether 5/12 is 12 May where this language is spoken: in English, but not in Britain."""
    tag = language.replace("_", "-").upper().split("-")
    return tag[0] == "EN" and (len(tag) == 1 or tag[-1] in _MONTH_FIRST)


def _ordinal(parts: Parts) -> int:
    return parts[0].toordinal() if parts[0] else 0


def _parts(year: int | None, month: int, day: int, as_of: date | None) -> Parts | None:
    found = on_day(year, month, day, as_of)
    if found is None and (year is not None or on_day(2000, month, day, None) is None):
        return None
    return found, month, day


def _with_time(text: str, known: Shapes, numbers: Numbers, parts: Parts, floor: int) -> Stamp:
    start, end = numbers.start, numbers.end
    clock, written = None, None
    joined = known.between.match(text, end)
    after = known.time.match(text, joined.end()) if joined else None
    if after is not None:
        told = known.clock(after)
        if told.value is not None:
            clock, end = told.value, told.end
            written, end = known.zone(text, end)
    start = _weekday_before(text, known, start, floor)
    if clock is None:
        start, clock, written = _time_before(text, known, start, floor)
    day, month, number = parts
    return Stamp(day, clock, written, start, end, numbers.year is not None, month, number)


def _weekday_before(text: str, known: Shapes, start: int, floor: int) -> int:
    """Where the weekday before a date begins, or the date itself: "Friday, May 3"."""
    begin = max(floor, start - 30)
    for word in _WORD.finditer(text, begin, start):
        if word.start() == begin > 0 and text[begin - 1].isalnum():
            continue
        told = known.weekday(text, word.start())
        if told is not None and _AFTER_WEEKDAY.fullmatch(text, told[1], start):
            return word.start()
    return start


def _time_before(
    text: str, known: Shapes, start: int, floor: int
) -> tuple[int, time | None, str | None]:
    for match in known.time.finditer(text, max(floor, start - _BEFORE), start):
        told = known.clock(match)
        if told.value is None:
            continue
        written, end = known.zone(text, told.end)
        if end <= start and known.before_date.fullmatch(text, end, start):
            return match.start(), told.value, written
    return start, None, None
