"""The shapes in which people write dates, times and zones, as expressions built from word lists.

One set of expressions serves running text (``prose``), where look-alikes abound, and another what
an editor types, where every character has to be understood. All repetitions are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from functools import cache

from tracker.house.language import Language, base, language
from tracker.house.zones import written_names

_SPACE = r"[ \t\u00a0\u2009\u202f]"
_GAP = rf"(?:(?:{_SPACE}|&nbsp;){{1,3}}|[ \t]{{0,2}}\r?\n[ \t]{{0,2}})"
_NO_LETTER_BEFORE = r"(?<![^\W_])"
_NO_LETTER_AFTER = r"(?![^\W_])"


@dataclass(frozen=True, slots=True)
class Numbers:
    """A date as its parts, before anyone says which number is the month."""

    year: int | None  # as written: 22 stays 22
    short_year: bool  # two digits
    month: int | None  # None: `pair` holds day and month in an order that the house knows
    day: int | None
    pair: tuple[int, int] | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day as it is written; ``value`` is None when there is no such time."""

    value: time | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Shapes:
    """The expressions for some languages together."""

    date: re.Pattern[str]
    time: re.Pattern[str]
    zone: re.Pattern[str]
    weekday: re.Pattern[str]
    between: re.Pattern[str]  # what may stand between a date and the time after it
    before_date: re.Pattern[str]  # … between a time and the date after it
    months: dict[str, int]  # folded name -> 1 … 12
    weekdays: dict[str, int]  # folded name -> 0 (Monday) … 6
    common_words: frozenset[str]
    noon: frozenset[str]  # folded

    def numbers(self, match: re.Match[str]) -> Numbers | None:
        """The parts of a date that ``date`` matched; None for an ordinary word like "may"."""
        group = match.group
        start, end = match.span()
        if group("iso_year"):
            parts = (int(group("iso_year")), int(group("iso_month")), int(group("iso_day")))
            return Numbers(parts[0], False, parts[1], parts[2], None, start, end)
        if group("first"):
            year = group("numeric_year")
            pair = int(group("first")), int(group("second"))
            return Numbers(int(year), len(year) == 2, None, None, pair, start, end)
        which = "dmy" if group("dmy_day") else "mdy"
        year = group(f"{which}_year")
        name = group(f"{which}_month")
        if year is None and name in self.common_words:
            return None
        month = self.months[fold(name)]
        value = int(year.lstrip("'’")) if year else None
        short = year is not None and len(year.lstrip("'’")) == 2
        return Numbers(value, short, month, int(group(f"{which}_day")), None, start, end)

    def clock(self, match: re.Match[str]) -> ClockTime:
        """The time of day that ``time`` matched."""
        found = {key: value for key, value in match.groupdict().items() if value is not None}
        start, end = match.span()
        if "word" in found:
            return ClockTime(time(12 if fold(found["word"]) in self.noon else 0), start, end)
        hour = int(next(value for key, value in found.items() if key.startswith("hour")))
        minute = int(next((v for key, v in found.items() if key.startswith("minute")), 0))
        second = int(next((v for key, v in found.items() if key.startswith("second")), 0))
        if "am" in found or "pm" in found:
            if not 1 <= hour <= 12:
                return ClockTime(None, start, end)
            hour = hour % 12 + (12 if "pm" in found else 0)
        if hour > 23 or minute > 59 or second > 59:
            return ClockTime(None, start, end)
        return ClockTime(time(hour, minute, second), start, end)


def fold(name: str) -> str:
    """A name for comparing: lower case, without dots, one kind of space and apostrophe."""
    plain = name.casefold().replace(".", "").replace("’", "'")
    return " ".join(plain.split())


def _choice(names: Iterable[str]) -> str:
    """The names as alternatives, the longest first; dots and apostrophes as people write them."""
    written = []
    for name in sorted(set(names), key=len, reverse=True):
        escaped = re.escape(name)
        escaped = escaped.replace(r"\.", r"\.?").replace("’", "['’]").replace("'", "['’]")
        written.append(escaped.replace(r"\ ", f"{_SPACE}?" if "." in name else _GAP))
    return "|".join(written) or "(?!)"


def _words(languages: tuple[Language, ...], *roles: str) -> list[str]:
    return [word for each in languages for role in roles for word in each.words.get(role, ())]


def _month_names(languages: tuple[Language, ...]) -> dict[str, int]:
    months: dict[str, int] = {}
    for each in languages:
        for names in each.months.values():
            for number, name in enumerate(names, start=1):
                months.setdefault(fold(name), number)
        for name, number in each.months_read.items():
            months.setdefault(fold(name), number)
    return months


_WEEKDAYS_READ = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3, "sonnabend": 5, "miercoles": 2}
_WEEKDAYS_READ |= {"sabado": 5, "середу": 2, "суботу": 5, "неділю": 6, "среду": 2, "пятницу": 4}
_WEEKDAYS_READ |= dict.fromkeys(("п'ятниця", "пʼятницю", "п'ятницю"), 4) | {"субботу": 5}


def _weekday_names(languages: tuple[Language, ...]) -> dict[str, int]:
    days: dict[str, int] = {}
    for each in languages:
        for width in ("wide", "short"):
            for number, name in enumerate(each.weekdays[width]):
                days.setdefault(fold(name), number)
        for name in each.weekdays.get("read", ()):
            if fold(name) in _WEEKDAYS_READ:
                days.setdefault(fold(name), _WEEKDAYS_READ[fold(name)])
    return days


@cache
def shapes(code: str, *, prose: bool, more_zones: tuple[str, ...] = ()) -> Shapes:
    """The expressions for a language, with English beside it.

    ``prose``: for running text; otherwise for what an editor types. ``more_zones``: the house's
    own names of zones.
    """
    languages = tuple(language(each) for each in dict.fromkeys((base(code), "en")))
    months = _month_names(languages)
    weekdays = _weekday_names(languages)
    return Shapes(
        date=re.compile(_date(languages, months, prose), re.IGNORECASE),
        time=re.compile(_time(languages, prose), re.IGNORECASE),
        zone=re.compile(_zone(prose, more_zones), re.IGNORECASE),
        weekday=re.compile(
            rf"{_NO_LETTER_BEFORE}({_choice(weekdays)})\.?{_NO_LETTER_AFTER}", re.IGNORECASE
        ),
        between=re.compile(_between(languages), re.IGNORECASE),
        before_date=re.compile(
            rf"{_GAP}?[,–—-]?(?:{_GAP}(?:{_choice(_words(languages, 'before_date'))})(?={_GAP}))?"
            rf"{_GAP}?",
            re.IGNORECASE,
        ),
        months=months,
        weekdays=weekdays,
        common_words=frozenset(word for each in languages for word in each.common_words),
        noon=frozenset(fold(word) for word in _words(languages, "noon")),
    )


def _date(languages: tuple[Language, ...], months: dict[str, int], prose: bool) -> str:
    gap = _GAP
    year = r"[1-9][0-9]{3}(?![0-9])"
    typed_short = "" if prose else r"|['’][0-9]{2}(?![0-9])|[0-9]{2}(?![0-9.:ahp]|[ ]?[ap][.m])"
    ordinals = _choice(_words(languages, "ordinals"))
    between = _choice(_words(languages, "between"))
    first_letters = "".join(sorted({re.escape(name[0]) for name in months}))
    month = rf"(?=[{first_letters}])(?:{_choice(months)})"  # the lookahead is for speed
    iso_end = r"(?![0-9/]|[-.][^\W_])" if prose else r"(?![0-9])"
    iso = (
        rf"(?<![\w./:-])(?P<iso_year>[0-9]{{4}})(?P<iso_mark>[-/.])(?P<iso_month>[0-9]{{1,2}})"
        rf"(?P=iso_mark)(?P<iso_day>[0-9]{{1,2}}){iso_end}"
    )
    dotted = any(each.dotted_dates for each in languages)
    full = r"[0-9]{4}|[0-9]{2}"
    numeric_year = f"(?:{full})"
    if prose:  # 1.2.22 and 1-2-22 are rather versions and ranges, unless the language dots dates
        marks = r"[/.]" if dotted else r"/"
        numeric_year = rf"(?:(?<={marks})(?:{full})|[0-9]{{4}})"
    numeric = (
        rf"(?<![\w./:-])(?P<first>[0-9]{{1,2}})(?P<mark>[-/.])(?P<second>[0-9]{{1,2}})"
        rf"(?P=mark)(?P<numeric_year>{numeric_year}){iso_end}"
    )
    after_year = _choice(_words(languages, "after_year"))
    dmy = (
        rf"(?<![\w.,:/-])(?P<dmy_day>[0-9]{{1,2}})(?:{ordinals})?"
        rf"(?:{gap}(?:(?:{between}){gap})?|-)(?P<dmy_month>{month})\.?{_NO_LETTER_AFTER}"
        rf"(?:(?:,?{gap}(?:(?:{between}){gap})?|-)(?P<dmy_year>{year}{typed_short})"
        rf"(?:{gap}(?:{after_year}){_NO_LETTER_AFTER})?)?"
    )
    mdy = (
        rf"{_NO_LETTER_BEFORE}(?P<mdy_month>{month})\.?{gap}(?P<mdy_day>[0-9]{{1,2}})"
        rf"(?:(?:{ordinals})(?![^\W_]))?(?![\w/%]|[.:][0-9]|,[0-9]{{3}}(?![0-9]))"
        rf"(?:(?:,?{gap}|,)(?P<mdy_year>{year}{typed_short})(?![:/]))?"
    )
    return f"{iso}|{numeric}|{dmy}|{mdy}"


def _time(languages: tuple[Language, ...], prose: bool) -> str:
    space = rf"{_SPACE}{{0,2}}"
    am = _choice(word for each in languages for word in each.am)
    pm = _choice(word for each in languages for word in each.pm)
    hour_words = _choice(_words(languages, "hour") or ([] if prose else ["h"]))
    after = _choice(_words(languages, "after_time", "hour"))
    noon_words = _choice(_words(languages, "noon", "midnight"))
    minute = "[0-5][0-9]" if prose else "[0-9]{2}"
    return (
        r"(?:(?<![\w.,:/])|(?<=[0-9][Tt]))(?:"
        rf"(?P<hour_12>[0-9]{{1,2}})(?:[:.](?P<minute_12>{minute}))?(?::(?P<second_12>{minute}))?"
        rf"{space}(?:(?P<am>{am})|(?P<pm>{pm})){_NO_LETTER_AFTER}"
        rf"|(?P<hour_dotted>[0-9]{{1,2}})[.:](?P<minute_dotted>{minute}){space}(?:{after})"
        rf"{_NO_LETTER_AFTER}"
        rf"|(?P<hour_word>[0-9]{{1,2}}){space}(?:{hour_words})"
        rf"(?:{space}(?P<minute_word>{minute})(?![0-9:.])|{_NO_LETTER_AFTER})"
        rf"|(?P<hour_24>[0-9]{{1,2}}):(?P<minute_24>{minute})"
        rf"(?::(?P<second_24>{minute})(?:[.,][0-9]{{1,9}})?)?(?![0-9:]|[.][0-9])"
        rf"|{_NO_LETTER_BEFORE}(?P<word>{noon_words}){_NO_LETTER_AFTER})"
    )


def _zone(prose: bool, more: tuple[str, ...]) -> str:
    names = (*written_names(), *more)
    short = _choice(name for name in names if name.isascii() and name.isalpha() and name.isupper())
    long = _choice(name for name in names if not (name.isascii() and name.isupper()))
    short = f"(?-i:{short})" if prose else short
    iana = r"(?-i:[A-Z][A-Za-z_]{1,30}(?:/[A-Z][A-Za-z_+-]{1,30}){1,2})"
    offset = r"(?:UTC|GMT)[+\-−][0-9]{1,2}(?::?[0-5][0-9])?|[+\-−][0-9]{2}:?[0-5][0-9]"
    name = f"{offset}|{iana}|{long}|{short}"
    return rf"(?:,?{_GAP})?(?:\((?P<bracketed>{name})\)|(?P<bare>{name}){_NO_LETTER_AFTER})"


def _between(languages: tuple[Language, ...]) -> str:
    before_time = _choice(["@", *_words(languages, "before_time")])
    return rf"T(?=[0-9])|{_GAP}?[,;·|–—-]?{_GAP}?(?:(?:{before_time}){_GAP})?(?:\()?"
