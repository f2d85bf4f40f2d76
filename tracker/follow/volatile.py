"""What on a page changes though the article does not: judged block by block, by rule and by what
the host and the page have shown before. Whatever is left out is told with its reason.

A sentence of the article's body is never left out for a number in it: a line is left out for its
words alone only when it has no other words than those of a time or of a counter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from hashlib import blake2b
from typing import Literal, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_timedelta, get_day_names, get_month_names

from tracker.locale import FIRST, base, table

LeftOutReason = Literal[
    "related", "newsletter", "share", "comments", "advertisement", "navigation", "consent",
    "paywall", "link", "form", "time", "counter", "copyright", "extractor", "strip", "ignore",
    "shared", "toggling", "too-large",
]  # fmt: skip
"""Why a block is not part of the text; ``REASONS`` has the sentence of each."""

REASONS: Mapping[LeftOutReason, str] = {
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
    "copyright": "it says whose the copyright is",
    "extractor": "the extractor takes it for what stands around the article",
    "strip": "follow.toml strips it",
    "ignore": "follow.toml ignores it",
    "shared": "it stands in three or more articles of this host",
    "too-large": "it has more elements than are read",
    "toggling": "it came and went twice while nothing else changed",
}

_WORD = re.compile(r"[^\W\d_]+(?:[.'’][^\W\d_]+)*", re.UNICODE)
_RUN_TOGETHER = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")  # "18:50 UhrLesedauer"
_LONGEST_LINE = 120  # characters of a line that may be a time or a counter


class LeftOut(NamedTuple):
    """A block of a page that is not part of the article's text."""

    reason: LeftOutReason
    text: str


def key(text: str) -> str:
    """What is compared of a block: its letters and digits, without case."""
    return "".join(filter(str.isalnum, text)).casefold()


def line_reason(text: str, language: str = "", *, inside: bool = False) -> LeftOutReason | None:
    """Why a line is left out for its words alone, or None.

    ``language`` is the page's BCP 47 tag. ``inside``: it stands between paragraphs of prose, where
    a bare hour may be the head of an entry, and is kept.
    """
    if len(text) > _LONGEST_LINE or not text.strip():
        return None
    if _COPYRIGHT.match(text):
        return "copyright"
    words = [word.casefold().strip(".") for word in _WORD.findall(_RUN_TOGETHER.sub(" ", text))]
    numbers = any(map(str.isdigit, text))
    phrase = " ".join(words)
    for code in _codes(language):
        vocabulary = _vocabulary(code)
        if phrase in vocabulary.pointers and not numbers:
            return "related"
        if not (vocabulary.times | vocabulary.counters).issuperset(words):
            continue
        times = vocabulary.times.issuperset(words)
        if times and (numbers or words) and not vocabulary.labels.isdisjoint(words):
            return "time"
        if times and numbers and (not inside or _DATE_AND_HOUR.search(text)):
            return "time"
        if numbers and not times:
            return "counter" if vocabulary.labels.isdisjoint(words) else "time"
    return None


_COPYRIGHT = re.compile(r"\s*(?:©|\(c\)|copyright\b)", re.IGNORECASE)
_DATE_AND_HOUR = re.compile(
    r"\b(?:19|20)\d\d\b.*\b\d?\d[:.h]\d\d\b|\d[:.h]\d\d\b.*\b20\d\d\b", re.DOTALL
)


class _Vocabulary(NamedTuple):
    times: frozenset[str]
    labels: frozenset[str]
    counters: frozenset[str]
    pointers: frozenset[str]  # whole lines


@cache
def _vocabulary(language: str) -> _Vocabulary:
    said = table(language, "follow")
    own = {name: _words(said.get(name, "")) for name in ("times", "labels", "counters")}
    return _Vocabulary(
        times=frozenset(own["times"] | _calendar_words(language)),
        labels=frozenset(own["labels"]),
        counters=frozenset(own["counters"]),
        pointers=frozenset(said.get("pointers", ())),
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


# --- what the page and its host have shown before -------------------------------------------------

SHARED = 3  # pages of a host in which a block stands that is the host's and not the article's
TOGGLES = 4  # times that a block came or went: twice each
TURNS = 2  # times that one version is recorded; from then on it is shown in turn with others
SETTLED_LOOKS = 12  # looks in a row at such a version, and
SETTLED_TIME = 3 * 86_400  # seconds, after which it is taken for the one that stays


def mark(text: str) -> str:
    """A short name of a text, by its words as they stand."""
    return blake2b(" ".join(text.split()).encode(), digest_size=6).hexdigest()


class SettledBlocks(NamedTuple):
    """A reading's blocks, judged by what the page and the host have shown before."""

    blocks: tuple[str, ...]  # the article's
    left_out: tuple[LeftOut, ...]
    same: bool  # no block differs from the last recorded version but for volatile ones
    toggled: str | None  # the mark of the one block that came or went
    added_only: bool  # all that stood there stands there, with more


def settle(
    blocks: Sequence[str],
    last: Sequence[str],
    shared: Collection[str],
    toggling: Collection[str],
) -> SettledBlocks:
    """Judge the blocks of a reading. All but ``blocks`` are marks.

    ``last`` are the blocks of the last recorded version. A volatile block decides nothing; one that
    was recorded stays in the text while it is on the page, so that its leaving is no change.
    """
    volatile = set(shared) | set(toggling)
    before = set(last)
    kept: list[str] = []
    left: list[LeftOut] = []
    for block in blocks:
        name = mark(block)
        if name in volatile and name not in before:
            left.append(LeftOut("toggling" if name in toggling else "shared", block))
        else:
            kept.append(block)
    old = [name for name in last if name not in volatile]
    marks = [mark(block) for block in kept]
    new = [name for name in marks if name not in volatile]
    return SettledBlocks(
        tuple(kept), tuple(left), old == new, _one_more(old, new), _within(old, new)
    )


def _one_more(old: Sequence[str], new: Sequence[str]) -> str | None:
    """The one name that one list has and the other lacks, where they are the same otherwise."""
    short, long = sorted((list(old), list(new)), key=len)
    if len(long) != len(short) + 1:
        return None
    at = next((n for n, name in enumerate(short) if name != long[n]), len(short))
    return long[at] if short[at:] == long[at + 1 :] else None


def _within(old: Sequence[str], new: Sequence[str]) -> bool:
    """True where ``new`` has all of ``old`` in its order, and more."""
    rest = iter(new)
    return len(new) > len(old) and all(name in rest for name in old)
