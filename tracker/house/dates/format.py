"""Dates and times of day by CLDR date patterns, written and read back.

The patterns: https://unicode.org/reports/tr35/tr35-dates.html. The clock of The Associated Press
is a small form of its own.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from functools import cache, lru_cache
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.house.dates.names import language

_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([^A-Za-z']+)|(')")
_LETTERS = {
    "y": ("y", "yy", "yyyy"),
    "M": ("M", "MM", "MMM", "MMMM"),
    "L": ("LLLL",),
    "d": ("d", "dd"),
    "E": ("E", "EEE", "EEEE"),
    "h": ("h", "hh"),
    "H": ("H", "HH"),
    "m": ("m", "mm"),
    "a": ("a",),
}
AP_CLOCK = "ap"
"""The time form that is no pattern: ``9 a.m.``, ``9:30 p.m.``, ``noon``, ``midnight``."""


@cache
def pieces(pattern: str) -> tuple[tuple[str, str], ...]:
    """A CLDR pattern as (field, "") and ("", literal) pairs.

    A ``TrackerError`` names a letter that is not supported or a quotation that is not closed.
    """
    found: list[tuple[str, str]] = []
    for match in _PIECE.finditer(pattern):
        whole = match[0]
        if match[2]:
            if whole not in _LETTERS.get(match[2], ()):
                known = ", ".join(form for forms in _LETTERS.values() for form in forms)
                raise TrackerError(
                    f"The date pattern “{pattern}” has “{whole}”, which is not understood.",
                    f"Use {known}, and put plain words between ' and '.",
                )
            found.append((whole, ""))
        elif match[4]:
            raise TrackerError(
                f"The date pattern “{pattern}” has a quotation mark that is not closed.",
                "Put plain words between ' and '; two of them stand for one apostrophe.",
            )
        else:
            literal = match[3] or (match[1].replace("''", "'") or "'")
            found.append(("", literal))
    return tuple(found)


class DateForm(NamedTuple):
    """How a house writes dates or times: a CLDR pattern, or the clock of the AP, in its words.

    Understood are y, M, d, E, h, H, m, a and quoted words.
    """

    pattern: str
    language: str = "en"
    months: str = "short"  # which short names ``MMM`` takes: "short" (CLDR) or "ap"
    day_periods: tuple[str, str] | None = None  # the words for ``a``; None: those of the language

    def write(self, at: datetime | date) -> str:
        """A date or an aware instant, in the zone that it carries.

        A naive datetime is a ``ValueError``. AP: ``9 a.m.`` without minutes on the hour, ``noon``
        and ``midnight`` without 12. Midnight is written with the day that it begins, so that what
        is written can be read back.
        """
        if isinstance(at, datetime) and at.utcoffset() is None:
            raise ValueError("a datetime without a time zone is no instant")
        if self.pattern == AP_CLOCK and isinstance(at, datetime):
            if at.minute == 0 and at.hour in (0, 12):
                return "noon" if at.hour else "midnight"
            return self._ap(minutes=bool(at.minute)).write(at)
        words, first = self._words(), self._first_of_month()
        written = []
        for form, literal in pieces(self.pattern):
            if literal:
                written.append(literal)
            elif form == "d" and first and at.day == 1:
                written.append(first)
            else:
                value = _value(at, form[0])
                if form in words:
                    written.append(words[form][value - 1 if form[0] in "ML" else value])
                else:
                    written.append(f"{value % 100 if form == 'yy' else value:0{len(form)}}")
        return "".join(written)

    def expression(self) -> str:
        """A regular expression without groups for what ``write`` writes, and little else."""
        if self.pattern == AP_CLOCK:
            period = _any_of(self.day_periods or _AP_PERIODS)
            return rf"(?:noon|midnight|[0-9]{{1,2}}(?::[0-5][0-9])? (?:{period}))"
        words, first = self._words(), self._first_of_month()
        parts = []
        for field, literal in pieces(self.pattern):
            if literal:
                parts.append(re.escape(literal))
            elif field == "d" and first:
                parts.append(f"(?:{re.escape(first)}|[0-9]{{1,2}})")
            elif field in words:
                parts.append(f"(?:{_any_of(words[field])})")
            else:
                usual = "{2}" if len(field) > 1 else "{1,2}"
                parts.append("[0-9]" + {"y": "{1,4}", "yyyy": "{4}"}.get(field, usual))
        return f"(?:{''.join(parts)})"

    def read_date(self, text: str, as_of: date | None = None) -> date | None:
        """The date that ``write`` wrote, or None.

        Two digits of a year are the year nearest to ``as_of`` (that lies at most 20 years after
        it); a pattern without a year takes the newest such day not later than three days after
        ``as_of``, and without ``as_of`` there is no date.
        """
        names, first = self._words(), self._first_of_month()
        if first:
            names["d"] = (first, *(str(day) for day in range(1, 32)))
        found = _fields(text, self.pattern, names)
        if found is None:
            return None
        year = month = day = None
        for field, written in found.items():
            if field[0] == "y":
                year = century(int(written), as_of) if field == "yy" else int(written)
            elif field[0] in "ML":
                month = names[field].index(written) + 1 if field in names else int(written)
            elif field[0] == "d":
                day = 1 if written == first else int(written)
        if month is None or day is None:
            return None
        return on_day(year, month, day, as_of)

    def read_time(self, text: str) -> time | None:
        """The time of day that ``write`` wrote, or None."""
        if self.pattern == AP_CLOCK:
            if text in ("noon", "midnight"):
                return time(12 if text == "noon" else 0)
            return self._ap(minutes=":" in text).read_time(text)
        words = self._words()
        found = _fields(text, self.pattern, words)
        if found is None:
            return None
        hour = minute = 0
        for field, written in found.items():
            if field[0] in "hH":
                hour = int(written)
                if field[0] == "h":
                    if not 1 <= hour <= 12:
                        return None
                    hour %= 12
            elif field[0] == "m":
                minute = int(written)
        if "a" in found and found["a"] == words["a"][1]:
            hour += 12
        try:
            return time(hour, minute)
        except ValueError:
            return None

    def _ap(self, *, minutes: bool) -> DateForm:
        pattern = "h:mm a" if minutes else "h a"
        return self._replace(pattern=pattern, day_periods=self.day_periods or _AP_PERIODS)

    def _words(self) -> dict[str, tuple[str, ...]]:
        """The words in which fields are written, in their order; others have figures.

        The Associated Press shortens months only beside a day.
        """
        own = language(self.language)
        fields = [field for field, _ in pieces(self.pattern)]
        beside_a_day = any(field[:1] == "d" for field in fields)
        months = self.months if beside_a_day or self.months != "ap" else "wide"
        known = {
            "MMM": own.months.get(months, own.months["short"]),
            "MMMM": own.months["wide"],
            "LLLL": own.months.get("alone", own.months["wide"]),
            "E": own.weekdays["short"],
            "EEE": own.weekdays["short"],
            "EEEE": own.weekdays["wide"],
            "a": self.day_periods or (own.am[0], own.pm[0]),
        }
        return {field: known[field] for field in fields if field in known}

    def _first_of_month(self) -> str:
        """How the first day is written beside a month's name: "1er" in French; "" as any other."""
        if not any(form in ("MMM", "MMMM") for form, _ in pieces(self.pattern)):
            return ""
        words = language(self.language).words.get("first_of_month", ())
        return words[0] if words else ""


_AP_PERIODS = ("a.m.", "p.m.")


def _value(at: datetime | date, letter: str) -> int:
    """The figure of a field, or for one in words its place among them."""
    if letter in "yMdLE":
        return {"y": at.year, "M": at.month, "L": at.month, "d": at.day, "E": at.weekday()}[letter]
    if not isinstance(at, datetime):
        raise TypeError(f"a date has no field {letter}")
    return {"h": at.hour % 12 or 12, "H": at.hour, "m": at.minute, "a": int(at.hour >= 12)}[letter]


def _any_of(names: tuple[str, ...]) -> str:
    # In one order at every start: else the expression would be another each time.
    ordered = sorted(set(names), key=lambda name: (-len(name), name))
    return "|".join(re.escape(name) for name in ordered)


@lru_cache(maxsize=64)
def _reader(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _fields(text: str, form: str, names: dict[str, tuple[str, ...]]) -> dict[str, str] | None:
    """What stands at each field of a pattern; None when the text is not of this pattern."""
    parts, fields = [], []
    for field, literal in pieces(form):
        if literal:
            parts.append(re.escape(literal))
            continue
        fields.append(field)
        parts.append(f"({_any_of(names[field])})" if field in names else r"([0-9]{1,4})")
    match = _reader("".join(parts)).fullmatch(text)
    return dict(zip(fields, match.groups(), strict=True)) if match else None


def century(short: int, as_of: date | None) -> int:
    """The year that two digits mean: at most 20 years after ``as_of``, at most 79 before it."""
    latest = (as_of.year if as_of else 2050) + 20
    return latest - (latest - short) % 100


def on_day(
    year: int | None, month: int, day: int, as_of: date | None, ahead: int = 3
) -> date | None:
    """The date of these parts; None when there is no such day, or no way to know its year.

    Without a year it is the newest such day not later than ``ahead`` days after ``as_of``.
    """
    if year is not None:
        return _date(year, month, day)
    if as_of is None:
        return None
    latest = as_of.toordinal() + ahead
    for back in range(-1, 9):  # a 29 February may be eight years ago
        found = _date(as_of.year - back, month, day)
        if found is not None and found.toordinal() <= latest:
            return found
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
