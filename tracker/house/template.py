"""A house style's records, and writing a note by them.

A layout is a sentence with places in braces: ``{label} {date}, {time} {zone}: {text}``. What a
note does not say drops out together with the punctuation before it, or a layout names several
forms, of which the first that can be filled is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from tracker.locale import base
from tracker.model import Kind, Precision

_PLACE = re.compile(r"\{([a-z_]+)\}")

Markup = Literal["plain", "italic", "bold"]
Order = Literal["newest", "oldest"]

PLACES = ("label", "date", "time", "zone", "story_date", "text", "rest")
"""What may stand in braces in a layout. ``rest``: the words after the lead, with their space."""


class Template(NamedTuple):
    """How a house words one kind of note."""

    kind: Kind
    label: str  # "Update"; what other faces call the note, even when its line has no label
    lead: str  # "This article has been updated"; put before a text typed as "to add that …"
    layouts: tuple[str, ...]  # the line; the first form whose places the note can fill
    lead_layouts: tuple[str, ...]  # the line of a text that begins with the lead; may be empty
    date: str  # CLDR pattern
    time: str  # CLDR pattern, or "ap"
    markup: Markup  # around the whole line
    position: Literal["top", "bottom"]
    order: Order  # among the notes of one position
    full_stop: bool  # False: the house leaves out the last full stop


class Style(NamedTuple):
    """A house style: how a publisher words, dates and places its notes."""

    name: str
    locale: str  # BCP 47: "en-US"
    day_first: bool | None  # 5/12/22 is 5 December; None: a doubtful date is refused
    templates: Mapping[Kind, Template]  # all six kinds
    months: str  # which short names of months: "short" (CLDR) or "ap"
    day_periods: tuple[str, str] | None  # "a.m." and "p.m."; None: those of the language
    zone_names: Mapping[str, tuple[str, ...]]  # IANA name -> "ET", or standard and summer name
    separator: str  # a line between the article and its notes, such as "___"; "" for none
    earlier_updates: str  # what the older notes stand behind when there are too many
    repeat_error: bool  # a correction says what was wrong, not only what is right
    draft: Mapping[str, str]  # phrases of a drafted note; places: {new} {old} {fact} {speaker}

    def __eq__(self, other: object) -> bool:
        return self is other  # as large as it is, it is known by itself

    def __hash__(self) -> int:
        return id(self)

    @property
    def language(self) -> str:
        """The language of the house's words, without region: "en"."""
        return base(self.locale)

    @property
    def zones(self) -> Mapping[str, str]:
        """The house's names of zones as written -> IANA name; the first place of each name."""
        found: dict[str, str] = {}
        for place, names in self.zone_names.items():
            for name in names:
                found.setdefault(name, place)
        return found


def places(layout: str) -> tuple[list[str], list[str]]:
    """A layout's words, and the places between them: one more of the words than of the places."""
    split = _PLACE.split(layout)
    return split[::2], split[1::2]


def form(layouts: tuple[str, ...], known: frozenset[str]) -> tuple[list[str], list[str]]:
    """The words and places of the layout for a note that knows these places.

    The first layout that can be filled; when there is none, the first one without the places
    that are not known and without what stands before them.
    """
    for layout in layouts:
        words, wanted = places(layout)
        if known.issuperset(wanted):
            return words, wanted
    words, wanted = places(layouts[0])
    kept_words, kept, brackets = [words[0]], list[str](), 0
    for place, following in zip(wanted, words[1:], strict=True):
        if place in known:
            kept.append(place)
            kept_words.append(following)
            continue
        before, after = kept_words[-1], following
        brackets += before.count("(") + before.count("[") if kept else 0
        if brackets and after[:1] in (")", "]"):
            after, brackets = after[1:], brackets - 1  # it closes what opened before the place
        if not kept:
            after = f"{before.rstrip()}{after}" if before.strip() else after.lstrip(" ,;:–—-")
        kept_words[-1] = after
    return kept_words, kept


def known_places(precision: Precision, story_date: bool, woven: bool) -> frozenset[str]:
    """The places of a layout that a note with this precision can fill."""
    found = {"label", "rest" if woven else "text"}
    if precision != "none":
        found.add("date")
    if precision == "minute":
        found |= {"time", "zone"}
    if story_date:
        found.add("story_date")
    return frozenset(found)


_SPACES = re.compile(r"[\s\x00-\x1f\x7f]+")
_KEPT_SPACES = re.compile(r"[\u00a0\u2007\u202f]+")


def one_line(words: str) -> str:
    """The words with line breaks, tabs and control characters as single spaces, trimmed.

    Spaces that do not break (French « 7 h 45 ») stay where they stand inside the words.
    """

    def replaced(match: re.Match[str]) -> str:
        return match[0] if _KEPT_SPACES.fullmatch(match[0]) else " "

    return _SPACES.sub(replaced, words).strip()


def neutral(words: str) -> str:
    """The words with nothing in them that would open or close an HTML comment."""
    words = words.replace("<!--", "&lt;!--")
    return words.replace("-->", "--&gt;").replace("--!>", "--!&gt;")


def from_neutral(words: str) -> str:
    """The words as they were before ``neutral``."""
    words = words.replace("--!&gt;", "--!>").replace("--&gt;", "-->")
    return words.replace("&lt;!--", "<!--")


def woven_rest(template: Template, text: str) -> str | None:
    """What follows the lead in a text that begins with it; None when the lead is not woven in."""
    if not template.lead or not template.lead_layouts or not text.startswith(template.lead):
        return None
    rest = text[len(template.lead) :]
    return rest if rest[:1] in (" ", ",") or rest == "." else None


def without_full_stop(text: str) -> str:
    """The text without its last full stop, unless that ends an abbreviation or an ellipsis."""
    last = text.rpartition(" ")[2]
    if last.endswith(".") and last.count(".") == 1 and len(last) > 1 and len(text) > len(last):
        return text[:-1]
    return text
