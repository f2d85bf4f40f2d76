"""Dates and times in and beside notes, and what is known of the text that they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time
from functools import cache
from typing import NamedTuple

from tracker.house import language as names
from tracker.house.dates.find import Stamp, find_stamps
from tracker.house.dates.zones import written_names
from tracker.house.note_shapes import MARK
from tracker.house.note_words import Language, Word, words_of

_BETWEEN_DIGITS = re.compile(r"[-.]")

_NUMBER = re.compile(
    r"\d{1,4}(?:st|nd|rd|th|er|º|ª|-го|-е|am|pm|a\.m|p\.m|h|h\d\d|uhr)?"
    r"|\d{1,4}[-.]\d{1,2}[-.]\d{1,4}|\d{1,2}\.\d{1,2}(?:am|pm|h)?"
)

_DIGITS = re.compile(r"\d{1,4}(?:st|nd|rd|th)?")

_CLOCK = re.compile(
    r"\b(\d{1,2})(?:[:.](\d{2}))?[ \u00a0\u202f]?([ap])\.?[ ]?m\b\.?|\b(\d{1,2})[:.](\d{2})\b",
    re.IGNORECASE,
)

_ZONE = re.compile(r"[ ,(]*([A-Z]{2,5}|[A-Z][a-z]+ (?:Standard |Daylight |Summer )?Time)\b")


class When(NamedTuple):
    """The day and the time that a note gives itself."""

    day: date | None = None
    clock: time | None = None
    zone: str | None = None  # as written


class Context(NamedTuple):
    """What is known of the text around the passage."""

    languages: tuple[Language, ...]  # the likeliest first
    as_of: date | None  # the day on which the text stood
    day_first: bool | None  # 5/12 is 5 December; None: the house is not known
    tag: str  # the language that was asked for, "" when none was


def of_date(word: Word, known: Language) -> bool:
    """Whether a word may be part of a date, a time or a zone."""
    folded = word.folded
    if folded in _date_words(known.code) or _NUMBER.fullmatch(folded):
        return True
    parts = _BETWEEN_DIGITS.split(folded)
    return len(parts) > 1 and all(
        _DIGITS.fullmatch(part) or part in _date_words(known.code) for part in parts
    )


@cache
def _date_words(code: str) -> frozenset[str]:
    """Names of months, weekdays and zones, folded, in this language and in English."""
    found: set[str] = set()
    for one in {code, "en"}:
        words = names.language(one)
        for group in (*words.months.values(), *words.weekdays.values(), words.am, words.pm):
            found.update(word.folded for name in group for word in words_of(name))
        found.update(words.months_read)
    found.update(word.folded for name in written_names() for word in words_of(name))
    return frozenset(found)


def when_said(head: str, context: Context) -> When:
    """The date, time and zone of a label's head."""
    head = head.replace(MARK, " ")
    if not any(one.isdigit() for one in head) and not re.search(
        r"noon|midnight", head, re.IGNORECASE
    ):
        return When()
    for stamp in stamps_in(head, context):
        return from_stamp(stamp, head)
    clock = _CLOCK.search(head)
    if clock is None:
        return When()
    read = _clock(clock)
    zone = _ZONE.match(head, clock.end())
    return When(None, read, zone[1] if zone and read else None)


def from_stamp(stamp: Stamp, text: str) -> When:
    """The day of a date found in a text, with the time that stands beside or before it."""
    if stamp.time is None and (clock := _CLOCK.search(text, 0, stamp.start)):
        read = _clock(clock)
        zone = _ZONE.match(text, clock.end())
        return When(stamp.date, read, zone[1] if zone and read else None)
    return When(stamp.date, stamp.time, stamp.zone)


def _clock(found: re.Match[str]) -> time | None:
    hour, minute = int(found[1] or found[4]), int(found[2] or found[5] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[3].lower() == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def stamps_in(text: str, context: Context) -> Iterator[Stamp]:
    """The dates of a passage, in the first language that finds any.

    A numeric date is read by the house; where there is none, by the custom of the language.
    """
    codes = [context.tag] if context.tag else []
    codes += [one.code for one in context.languages if one.code not in codes]
    for code in codes:
        found = find_stamps(text, language=code, day_first=context.day_first, as_of=context.as_of)
        if found:
            yield from found
            return
