"""Dates, with their times and zones, that stand in running text, and the shapes that people write.

Expressions find the shape, word lists decide whether its words are months, weekdays or zones:
expressions that hold all the names would take longer to compile than an article takes to read. One
set serves running text (``prose``), where look-alikes abound, another what an editor types, where
every character has to be understood. All repetitions are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from functools import cache
from typing import NamedTuple

from tracker.house.dates.format import century, on_day
from tracker.house.dates.names import Language, understand, with_english
from tracker.text import expression

_AFTER_WEEKDAY = re.compile(r"[,.]?[ \t\u00a0]{0,2}(?:(?:the|den|dem|der|le|el)[ ])?")
_MONTH_FIRST = ("US", "PH", "PR", "GU")  # regions, by CLDR's short date
_DIGITS = re.compile(r"[0-9]+")
_NAME_BEFORE = re.compile(r"([^\W\d_]{2,13})\.?(?:\s|&nbsp;){1,4}\Z")
_LONGEST_MONTH = 40  # a name and the space after it, which may be written "&nbsp;"
_WORD = re.compile(r"[^\W\d_]{1,13}")
_BEFORE = 60  # how far before a date its time or weekday may begin


class WrittenDate(NamedTuple):
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
) -> list[WrittenDate]:
    """The dates in a text, in order, with the time and zone beside each.

    ``as_of`` is the day on which the text stood: a date without a year is the newest such day
    not later than three days after it. A numeric date that could be read both ways is read by
    ``day_first``; where that is None, by the reading that ``as_of`` allows, and at last by custom:
    with dots the day first, else as the language has it. What is no date (30 February) is left out.
    """
    if not _may_have_date(text, language):
        return []
    known = shapes(language, prose=True)
    found: list[WrittenDate] = []
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
        day_first = numbers.dotted or not _month_first(language)
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


def _with_time(text: str, known: Shapes, numbers: Numbers, parts: Parts, floor: int) -> WrittenDate:
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
    return WrittenDate(day, clock, written, start, end, numbers.year is not None, month, number)


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


_SPACE = r"[ \t\u00a0\u2009\u202f]"
_GAP = rf"(?:(?:{_SPACE}|&nbsp;){{1,3}}|[ \t]{{0,2}}\r?\n[ \t]{{0,2}})"
_NAME = r"[^\W\d_][^\W\d_'’ʼ]{1,11}"
_ALONE = r"(?![^\W_])"


class Numbers(NamedTuple):
    """A date as its parts, before anyone says which number is the month."""

    year: int | None  # as written: 22 stays 22
    short_year: bool  # two digits
    month: int | None  # None: `pair` holds day and month in an order that the house knows
    day: int | None
    pair: tuple[int, int] | None
    start: int
    end: int
    dotted: bool = False  # 3.6.2022, as nobody writes who puts the month first


class ClockTime(NamedTuple):
    """A time of day as it is written; ``value`` is None when there is no such time."""

    value: time | None
    start: int
    end: int


class Shapes(NamedTuple):
    """How dates, times and zones are written in some languages together."""

    prose: bool
    date: re.Pattern[str]  # candidates: `numbers` says which are dates
    time: re.Pattern[str]
    between: re.Pattern[str]  # what may stand between a date and the time after it
    before_date: re.Pattern[str]  # … between a time and the date after it
    months: Mapping[str, int]  # folded name -> 1 … 12
    weekdays: Mapping[str, int]  # folded name -> 0 (Monday) … 6
    common_words: frozenset[str]
    noon: frozenset[str]  # folded

    def numbers(self, match: re.Match[str]) -> Numbers | None:
        """The parts of a date that ``date`` matched; None when its word is no month."""
        group = match.group
        start, end = match.span()
        if group("iso_year"):
            parts = (int(group("iso_year")), int(group("iso_month")), int(group("iso_day")))
            return Numbers(parts[0], False, parts[1], parts[2], None, start, end)
        if group("han_month"):
            written = group("han_year")
            year_of = int(written) if written else None
            month_of, day_of = int(group("han_month")), int(group("han_day"))
            return Numbers(year_of, False, month_of, day_of, None, start, end)
        if group("first"):
            year = group("numeric_year")
            pair = int(group("first")), int(group("second"))
            dotted = group("mark") == "."
            return Numbers(int(year), len(year) == 2, None, None, pair, start, end, dotted)
        which = "dmy" if group("dmy_day") else "mdy"
        written = group(f"{which}_year")
        name = group(f"{which}_month")
        month = self.months.get(fold(name))
        if month is None or (written is None and self.prose and name in self.common_words):
            return None
        digits = written.lstrip("'’") if written else ""
        value = int(digits) if digits else None
        day = int(group(f"{which}_day"))
        return Numbers(value, len(digits) == 2, month, day, None, start, end)

    def clock(self, match: re.Match[str]) -> ClockTime:
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

    def zone(self, text: str, at: int, more: Mapping[str, str] = {}) -> tuple[str | None, int]:
        """The zone's name that begins here, as written, and where it ends; None and ``at``.

        ``more`` are the house's own names: as written -> IANA name.
        """
        lead = _ZONE_LEAD().match(text, at)
        begin = lead.end() if lead else at
        bracket = text[begin : begin + 1] == "("
        begin += bracket
        found = _ZONE_SIGN().match(text, begin)
        words = None if found else _ZONE_WORDS().match(text, begin)
        ends = [found.end()] if found else []
        if words is not None:
            ends = [begin + word.end() for word in _ZONE_WORD().finditer(words[0])]
        for end in reversed(ends):
            name = text[begin:end]
            if not found and not self._known(name, more):
                continue
            if bracket and text[end : end + 1] != ")":
                continue
            return name, end + bracket
        return None, at

    def _known(self, name: str, more: Mapping[str, str]) -> bool:
        found = understand(name, more)
        if found is None:
            return False
        # In running text "et" and "pt" are words; abbreviations are capitals there.
        short = found.name.isascii() and found.name.isupper()
        return not (short and self.prose) or name == found.name

    def weekday(self, text: str, at: int) -> tuple[int, int] | None:
        """The weekday whose name begins here (0: Monday), and where the name ends."""
        match = _DAY_NAME().match(text, at)
        if match is None or fold(match[1]) not in self.weekdays:
            return None
        return self.weekdays[fold(match[1])], match.end()


def _may_have_date(text: str, code: str) -> bool:
    """Whether a text may have a date at all: most have none, and shapes take long to compile."""
    if _NUMERIC().search(text):
        return True
    folded = fold(text)
    return any(name in folded for name in _months_of(code))


_NUMERIC = expression(r"[0-9](?:\s?[-/.][0-9]|\s?[月월年년日일])")


@cache
def _months_of(code: str) -> frozenset[str]:
    return frozenset(_month_names(with_english(code)))


_ZONE_LEAD = expression(rf",?{_GAP}")
_ZONE_SIGN = expression(
    r"(?:(?:UTC|GMT)[+\-−][0-9]{1,2}(?::?[0-5][0-9])?|[+\-−][0-9]{2}:?[0-5][0-9]"
    rf"|[A-Z][A-Za-z_]{{1,30}}(?:/[A-Z][A-Za-z_+-]{{1,30}}){{1,2}}){_ALONE}"
)
_ZONE_PART = r"[^\W\d_][^\W\d_.]{0,20}(?:\.[^\W\d_]\.)?"
_ZONE_WORDS = expression(rf"{_ZONE_PART}(?:{_GAP}{_ZONE_PART}){{0,4}}{_ALONE}")
_ZONE_WORD = expression(r"[^\s&;]{1,25}")
_DAY_NAME = expression(rf"(?<![^\W_])([^\W\d_](?:[^\W\d_]|['’ʼ](?=[^\W\d_])){{1,12}})\.?{_ALONE}")


def fold(name: str) -> str:
    """A name for comparing: lower case, without dots, one kind of space and apostrophe."""
    plain = name.casefold().replace(".", "").replace("’", "'").replace("ʼ", "'")
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
    return _numbers(((each.months, each.months_read) for each in languages), 1)


def _numbers(
    named: Iterable[tuple[Mapping[str, tuple[str, ...]], Mapping[str, int]]], first: int
) -> dict[str, int]:
    """Folded names with their numbers, from lists that begin with the first, and from spellings."""
    found: dict[str, int] = {}
    for widths, spellings in named:
        for names in widths.values():
            for number, name in enumerate(names, start=first):
                found.setdefault(fold(name), number)
        for name, number in spellings.items():
            found.setdefault(fold(name), number)
    return found


@cache
def shapes(code: str, *, prose: bool) -> Shapes:
    """The shapes of a language, with English beside it.

    ``prose``: for running text; otherwise for what an editor types.
    """
    languages = with_english(code)
    return Shapes(
        prose=prose,
        date=re.compile(_date(languages, prose), re.IGNORECASE),
        time=re.compile(_time(languages, prose), re.IGNORECASE),
        between=re.compile(_between(languages), re.IGNORECASE),
        before_date=re.compile(
            rf"{_GAP}?[,–—-]?(?:{_GAP}(?:{_choice(_words(languages, 'before_date'))})(?={_GAP}))?"
            rf"{_GAP}?",
            re.IGNORECASE,
        ),
        months=_month_names(languages),
        weekdays=_numbers(((each.weekdays, each.weekdays_read) for each in languages), 0),
        common_words=frozenset(word for each in languages for word in each.common_words),
        noon=frozenset(fold(word) for word in _words(languages, "noon")),
    )


def _date(languages: tuple[Language, ...], prose: bool) -> str:
    gap = _GAP
    year = r"[1-9][0-9]{3}(?![0-9])"
    if not prose:
        year += r"|['’][0-9]{2}(?![0-9])|[0-9]{2}(?![0-9.:ahp]|[ ]?[ap][.m])"
    ordinals = _choice(_words(languages, "ordinals"))
    between = _choice(_words(languages, "between"))
    iso_end = r"(?![0-9/]|[-.][^\W_])" if prose else r"(?![0-9])"
    iso = (
        rf"(?<![\w./:-])(?P<iso_year>[0-9]{{4}})(?P<iso_mark>[-/.])(?P<iso_month>[0-9]{{1,2}})"
        rf"(?P=iso_mark)(?P<iso_day>[0-9]{{1,2}}){iso_end}"
    )
    han = (  # 2022年1月2日, 2022년 1월 2일
        r"(?<![0-9])(?:(?P<han_year>[0-9]{4})[年년][ ]?)?(?P<han_month>[0-9]{1,2})[月월][ ]?"
        r"(?P<han_day>[0-9]{1,2})[日일]"
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
        rf"(?:{gap}(?:(?:{between}){gap})?|-)(?P<dmy_month>{_NAME})\.?{_ALONE}"
        rf"(?:(?:,?{gap}(?:(?:{between}){gap})?|-)(?P<dmy_year>{year})"
        rf"(?:{gap}(?:{after_year}){_ALONE})?)?"
    )
    mdy = (
        rf"(?<![^\W_])(?P<mdy_month>{_NAME})\.?{gap}(?P<mdy_day>[0-9]{{1,2}})"
        rf"(?:(?:{ordinals}){_ALONE})?(?![\w/%]|[.:][0-9]|,[0-9]{{3}}(?![0-9]))"
        rf"(?:(?:,?{gap}|,)(?P<mdy_year>{year})(?![:/]))?"
    )
    return f"{han}|{iso}|{numeric}|{dmy}|{mdy}"


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
        rf"{space}(?:(?P<am>{am})|(?P<pm>{pm})){_ALONE}"
        rf"|(?P<hour_dotted>[0-9]{{1,2}})[.:](?P<minute_dotted>{minute}){space}(?:{after})"
        rf"{_ALONE}"
        rf"|(?P<hour_word>[0-9]{{1,2}}){space}(?:{hour_words})"
        rf"(?:{space}(?P<minute_word>{minute})(?![0-9:.])|{_ALONE})"
        rf"|(?P<hour_24>[0-9]{{1,2}}):(?P<minute_24>{minute})"
        rf"(?::(?P<second_24>{minute})(?:[.,][0-9]{{1,9}})?)?(?![0-9:]|[.][0-9])"
        rf"|(?P<word>{noon_words}){_ALONE})"
    )


def _between(languages: tuple[Language, ...]) -> str:
    before_time = _choice(["@", *_words(languages, "before_time")])
    return rf"T(?=[0-9])|{_GAP}?[,;·|–—-]?{_GAP}?(?:(?:{before_time}){_GAP})?(?:\()?"
