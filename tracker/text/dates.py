"""Dates as front matter has them, in the forms that site generators read; nothing that is a guess.

What editors type in prose and on the command line is read elsewhere, by the house style.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from tracker.text.expression import expression

_CLOCK = (
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?(?:[ \t]*([AaPp])\.?[Mm]\.?(?![\w]))?"
    r"[ \t]*(Z|z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?(?![\w:])"
)
_DATE = expression(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}})(?!\d)(?:(?:[Tt]|[ \t]+){_CLOCK})?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_NAMED = expression(  # "Feb 02 2022", "February 2, 2022", "Wed, 2 Feb 2022 13:00:00 GMT"
    rf"(?:[a-z]{{3,9}}\.?,?[ \t]+)?(?:{_MONTH}\.?[ \t]+(\d{{1,2}})(?:st|nd|rd|th)?,?"
    rf"|(\d{{1,2}})(?:st|nd|rd|th)?[ \t]+{_MONTH}\.?,?)[ \t]+(\d{{4}})(?!\d)"
    rf"(?:,?[ \t]+(?:at[ \t]+)?{_CLOCK})?",
    re.IGNORECASE,
)


def read_date(value: object, *, whole: bool = False) -> date | datetime | None:
    """Return the date or datetime that a value of front matter is or begins with, else None.

    Read are ISO 8601 and its looser relatives, and months by their English names, as site
    generators write them. A datetime has the offset that stands there, and is naive where none
    does; ``whole``: nothing may follow the date.
    """
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or len(value) > 200:
        return None
    words = value.strip()
    found = _DATE().fullmatch(words) if whole else _DATE().match(words)
    if found is not None:
        year, month, day = int(found[1]), int(found[3]), int(found[4])
        clock = found.groups()[4:]
    else:
        found = _NAMED().fullmatch(words) if whole else _NAMED().match(words)
        if found is None:
            return None
        name = (found[1] or found[4])[:3].lower()
        year, month = int(found[5]), _MONTHS.index(name) + 1
        day = int(found[2] or found[3])
        clock = found.groups()[5:]
    try:
        return _at(date(year, month, day), *clock)
    except ValueError:
        return None


def _at(
    day: date,
    hour: str | None,
    minute: str,
    second: str | None,
    fraction: str | None,
    half: str | None,
    offset: str | None,
) -> date | datetime:
    """A day, or a day with its time; ``ValueError`` where there is no such time."""
    if hour is None:
        return day
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(hour)
        hours = hours % 12 + (12 if half in "pP" else 0)
    micro = int((fraction or "0").ljust(6, "0"))
    clock = time(hours, int(minute), int(second or 0), micro)
    return datetime.combine(day, clock, _offset(offset))


def _offset(words: str | None) -> tzinfo | None:
    if not words:
        return None
    if words[0] not in "+-":
        return UTC
    digits = words[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if words[0] == "-" else offset)
