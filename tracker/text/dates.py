"""Dates as front matter has them: ISO 8601 and its looser relatives, and nothing that is a guess.

What editors type in prose and on the command line is read elsewhere, by the house style.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

_DATE = re.compile(
    r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?"
    r"[ \t]*(Z|z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?(?![\w:]))?"
)


def read_date(value: object, *, whole: bool = False) -> date | datetime | None:
    """Return the date or datetime that a value of front matter is or begins with, else None.

    A datetime has the offset that stands there, and is naive where none does; ``whole``: nothing
    may follow the date.
    """
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or len(value) > 200:
        return None
    words = value.strip()
    found = _DATE.fullmatch(words) if whole else _DATE.match(words)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[3]), int(found[4])
    try:
        if found[5] is None:
            return date(year, month, day)
        micro = int((found[8] or "0").ljust(6, "0"))
        clock = (int(found[5]), int(found[6]), int(found[7] or 0), micro)
        return datetime(year, month, day, *clock, tzinfo=_offset(found[9]))
    except ValueError:
        return None


def _offset(words: str | None) -> tzinfo | None:
    if not words:
        return None
    if words[0] not in "+-":
        return UTC
    digits = words[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if words[0] == "-" else offset)
