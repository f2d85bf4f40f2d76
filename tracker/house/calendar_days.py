"""The calendar day that typed numbers mean, in the order of the house."""

from __future__ import annotations

from datetime import date

from tracker.errors import TrackerError
from tracker.house.date_shapes import Numbers
from tracker.house.language import language
from tracker.house.patterns import century, write_pattern

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
    found = _dated(year, numbers.month, numbers.day, today)
    if found is None:
        raise _no_such_day(written, year, numbers.month, numbers.day)
    return found


def long_date(day: date) -> str:
    """The day in full, as errors name it: May 12, 2022."""
    return write_pattern(day, "MMMM d, y")


def _ordered(
    written: str, pair: tuple[int, int], year: int | None, day_first: bool | None, today: date
) -> date:
    """The day of two numbers, read in the house's order."""
    by_day = _dated(year, pair[1], pair[0], today)
    by_month = _dated(year, pair[0], pair[1], today)
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


def _dated(year: int | None, month: int, day: int, today: date) -> date | None:
    """The date of these parts; without a year the nearest that is not in the future."""
    for candidate in [year] if year is not None else range(today.year, today.year - 9, -1):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year is not None or found <= today:
            return found
    return None


def _no_such_day(written: str, year: int | None, month: int, day: int) -> TrackerError:
    if not 1 <= month <= 12:
        return TrackerError(f"“{written}” is not a date: there is no month {month}.", HINT)
    name = language("en").months["wide"][month - 1]
    in_year = f" {year}" if year is not None else ""
    return TrackerError(f"“{written}” is not a date: {name}{in_year} has no day {day}.", HINT)
