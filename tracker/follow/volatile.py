"""What on a page changes though the article does not: judged block by block, by rule and by what
the host and the page have shown before. Whatever is left out is told with its reason.

A sentence of the article's body is never left out for a number in it: a line is left out for its
words alone only when it has no other words than those of a time or of a counter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Literal, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_timedelta, get_day_names, get_month_names

from tracker.locale import FIRST, base, table

Reason = Literal[
    "related", "newsletter", "share", "comments", "advertisement", "navigation", "consent",
    "paywall", "link", "form", "time", "counter", "extractor", "strip", "ignore", "shared",
    "toggling",
]  # fmt: skip
"""Why a block is not part of the text; ``REASONS`` has the sentence of each."""

REASONS: Mapping[Reason, str] = {
    "related": "its element is named as a box of other articles",
    "newsletter": "its element is named as a newsletter box",
    "share": "its element is named as a box to share the page",
    "comments": "its element is named as readers' comments",
    "advertisement": "its element is named as an advertisement",
    "navigation": "it is navigation",
    "consent": "its element is named as a question for consent",
    "paywall": "its element is named as an offer to subscribe",
    "link": "it is nothing but a link to another page",
    "form": "it is a form",
    "time": "it says only when the page was published or changed",
    "counter": "it says only how many readers did something, or how long reading takes",
    "extractor": "the extractor takes it for what stands around the article",
    "strip": "follow.toml strips it",
    "ignore": "follow.toml ignores it",
    "shared": "it stands in three or more articles of this host",
    "toggling": "it came and went twice while nothing else changed",
}

_WORD = re.compile(r"[^\W\d_]+(?:[.'’][^\W\d_]+)*", re.UNICODE)
_LONGEST_LINE = 120  # characters of a line that may be a time or a counter


class LeftOut(NamedTuple):
    """A block of a page that is not part of the article's text."""

    reason: Reason
    text: str


def key(text: str) -> str:
    """What is compared of a block: its letters and digits, without case."""
    return "".join(filter(str.isalnum, text)).casefold()


def line_reason(text: str, language: str = "", *, inside: bool = False) -> Reason | None:
    """Why a line is left out for its words alone, or None.

    ``language`` is the page's BCP 47 tag. ``inside``: it stands between paragraphs of prose, where
    a bare hour may be the head of an entry, and is kept.
    """
    if len(text) > _LONGEST_LINE or not text.strip():
        return None
    words = [word.casefold().strip(".") for word in _WORD.findall(text)]
    numbers = any(map(str.isdigit, text))
    for code in _codes(language):
        vocabulary = _vocabulary(code)
        counts = numbers and words and vocabulary.counters.issuperset(words)
        if counts and not vocabulary.times.issuperset(words):
            return "counter"
        if (numbers or words) and vocabulary.times.issuperset(words):
            labelled = not vocabulary.labels.isdisjoint(words)
            if labelled or (numbers and not inside):
                return "time"
    return None


class _Vocabulary(NamedTuple):
    times: frozenset[str]
    labels: frozenset[str]
    counters: frozenset[str]


@cache
def _vocabulary(language: str) -> _Vocabulary:
    said = table(language, "follow")
    own = {name: _words(said.get(name, "")) for name in _Vocabulary._fields}
    return _Vocabulary(
        times=frozenset(own["times"] | _calendar_words(language)),
        labels=frozenset(own["labels"]),
        counters=frozenset(own["counters"]),
    )


def _words(text: str) -> set[str]:
    return {word.casefold().strip(".") for word in _WORD.findall(text)}


def _calendar_words(language: str) -> set[str]:
    """Months, days, and the words around "3 hours ago", by CLDR."""
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError, TypeError):
        return set()
    found: set[str] = set()
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            for names in (
                get_month_names(width, context, locale),
                get_day_names(width, context, locale),
            ):
                found.update(word for name in names.values() for word in _words(name))
    for unit in (1, 60, 3600, 86_400, 7 * 86_400, 31 * 86_400, 366 * 86_400):
        for number in (1, 2, 5):
            past = timedelta(seconds=-unit * number)
            for shape in ("long", "short", "narrow"):
                said = format_timedelta(past, threshold=1, add_direction=True, format=shape,
                                        locale=locale)  # fmt: skip
                found |= _words(said)
    return found


def says(what: Literal["errors", "walls"], language: str, text: str) -> str | None:
    """The phrase of such pages that stands in a text, by ``locale``; None where there is none."""
    lower = text.casefold()
    for code in _codes(language):
        for phrase in table(code, "follow").get(what, ()):
            if re.search(rf"\b{re.escape(phrase)}\b", lower):
                return str(phrase)
    return None


def _codes(language: str) -> Iterator[str]:
    """The page's language, and English, of which every site has some."""
    code = base(language)
    if code != FIRST:
        yield code
    yield FIRST
