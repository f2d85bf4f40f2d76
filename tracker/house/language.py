"""The words of a language that dates are made of, from its ``dates.toml``.

Babel (CLDR) serves the month and weekday names of any language that has no file here; it is
imported only then, because importing it costs as much as the rest of a short command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from tracker import locale
from tracker.errors import TrackerError
from tracker.locale import base
from tracker.text.document import Document


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


_TAG = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?")


def article_language(said: str | None, path: str, words: str = "") -> str:
    """The language that an article's file says it is in (BCP 47); "" where it says none.

    ``said`` is what the front matter gives. Else the name of the file tells (``index.fr.md``), or
    of a folder (``fr/quai.md``) if the first of its ``words`` do not speak against it.
    """
    if said and said.strip():
        return said.strip()
    *folders, name = path.split("/")
    stem = name.rpartition(".")[0].rpartition(".")
    if stem[0] and _TAG.fullmatch(stem[2]) and has_notes(stem[2]):
        return stem[2]
    for folder in reversed(folders):
        if _TAG.fullmatch(folder) and has_notes(folder) and _may_be_in(words, base(folder)):
            return folder
    return ""


def language_of(document: Document, path: str) -> str:
    """The language of a text at a path: see ``article_language``."""
    return article_language(document.language, path, document.text[document.body_start :][:4000])


def has_notes(tag: str) -> bool:
    """Whether notes of the language are known: see docs/languages.md."""
    return locale.has(tag, "notes")


def _may_be_in(words: str, code: str) -> bool:
    """Whether no more common words of English stand at a text's beginning than of a language."""
    sample = [word.strip(".,;:!?()\"'") for word in words[:2000].casefold().split()]
    own = set(locale.table(code, "hints")["common"].split())
    english = set(locale.table(locale.FIRST, "hints")["common"].split())
    return sum(word in own for word in sample) >= sum(word in english for word in sample)


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
