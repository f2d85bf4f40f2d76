"""House styles: how a publisher words, dates and places what readers are told.

A style is a TOML file (``styles/*.toml``, or a newsroom's own). A layout is a sentence with places
in braces: ``{label} {date}, {time} {zone}: {text}``. What a note does not say drops out together
with the punctuation before it, or a layout names several forms, of which the first that can be
filled is taken. ``notes/wording`` writes a note's line by a style and reads it back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.house.dates.format import AP_CLOCK, pieces
from tracker.house.dates.names import language, zone
from tracker.house.toml_file import Keys, check, nearest, read_table
from tracker.locale import base
from tracker.model import KINDS, Kind, Precision

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


_LEVELS: tuple[Precision, ...] = ("minute", "day", "none")
_VARIANTS = ((True, False), _LEVELS, (True, False))  # woven, precision, story date known


class Form(NamedTuple):
    """One way in which a template can write a line."""

    template: Template
    woven: bool  # the text begins with the lead, and the date may stand inside it
    words: tuple[str, ...]
    places: tuple[str, ...]
    opening: str  # the fixed words at the start, to compare before anything is compiled


@cache
def forms(style: Style) -> tuple[Form, ...]:
    """Every form of every template, those with the most places and fixed words first."""
    found: dict[tuple[object, ...], tuple[int, Form]] = {}
    for kind, woven, precision, story_date in product(KINDS, *_VARIANTS):
        template = style.templates[kind]
        layouts = template.lead_layouts if woven else template.layouts
        if not layouts or (woven and not template.lead):
            continue
        words, wanted = form(layouts, known_places(precision, story_date, woven))
        fixed = "".join(words) + (template.label if "label" in wanted else "")
        if not any(character.isalnum() for character in fixed):
            continue  # any text at all would be of this form
        start = words[0] + (template.label + words[1] if wanted[0] == "label" else "")
        key = (start, *words[1:], *wanted, template.date, template.time)
        made = Form(template, woven, tuple(words), tuple(wanted), plain_start(start).rstrip())
        found.setdefault(key, (len(wanted) * 1000 + len(fixed), made))
    return tuple(made for _, made in sorted(found.values(), key=lambda pair: -pair[0]))


@cache
def openings(style: Style) -> tuple[str, ...]:
    return tuple({known.opening for known in forms(style)})


def plain_start(words: str) -> str:
    """How a line begins, as the openings of forms are compared: apostrophes and spaces alike."""
    return " ".join(words[:100].replace("’", "'").split())


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


_NAME = re.compile(r"[a-z0-9-]{1,40}")

_FOLDER = Path(__file__).parent / "styles"
TEMPLATE_KEYS: Keys = {
    "label": str,
    "lead": str,
    "layout": (str, list),
    "lead_layout": (str, list),
    "date": str,
    "time": str,
    "markup": ("plain", "italic", "bold"),
    "position": ("top", "bottom"),
    "order": ("newest", "oldest"),
    "full_stop": bool,
}
STYLE_KEYS: Keys = {
    **TEMPLATE_KEYS,
    "name": str,
    "like": str,
    "locale": str,
    "day_first": bool,
    "months": ("short", "ap"),
    "day_periods": list,
    "separator": str,
    "earlier_updates": str,
    "repeat_error": bool,
    "zones": dict,
    "draft": dict,
    **dict.fromkeys(KINDS, dict),
}
_PRESET = {"markup": "plain", "full_stop": True, "lead_layout": [], "lead": ""}


def names() -> tuple[str, ...]:
    """The names of the house styles that come with the program, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def source(name: str) -> str:
    """The text of the shipped house style of this name, to start an own style from.

    A ``TrackerError`` names the styles that there are.
    """
    return _path(name).read_text(encoding="utf-8")


def load(name: str, overrides: Mapping[str, object] = {}) -> Style:
    """The shipped house style of this name, with single keys changed.

    A ``TrackerError`` names the styles that there are, or the key that is wrong.
    """
    if not overrides:
        return _shipped(name)
    return _style(_merged(_shipped_table(name), _checked(overrides, "[style]", "")), name)


def parse(toml: str, where: str, overrides: Mapping[str, object] = {}) -> Style:
    """A house style from the text of a newsroom's own file; ``where`` names it in errors.

    What the file leaves out comes from the style named by its key ``like``, else from "default".
    """
    table = _checked(read_table(toml, where), where, toml)
    base = _shipped_table(str(table.get("like", "default")), where)
    merged = _merged(base, table)
    if overrides:
        merged = _merged(merged, _checked(overrides, "[style]", ""))
    return _style(merged, where)


@cache
def _shipped(name: str) -> Style:
    return _style(_shipped_table(name), name)


def _path(name: str, where: str = "") -> Path:
    path = _FOLDER / f"{name}.toml"
    if _NAME.fullmatch(name) and path.is_file():
        return path
    known = names()
    near = nearest(name.lower(), known)
    guess = f"Did you mean {near}? " if near else ""
    raise TrackerError(
        f"{f'{where}: ' if where else ''}There is no house style “{name}”.",
        f"{guess}The styles are: {', '.join(known)}.",
    )


def _shipped_table(name: str, where: str = "") -> dict[str, Any]:
    path = _path(name, where)
    return read_table(path.read_text(encoding="utf-8"), path.name)


def _checked(table: Mapping[str, object], where: str, toml: str) -> dict[str, Any]:
    check(table, STYLE_KEYS, where=where, toml=toml)
    for kind in KINDS:
        if kind in table:
            inner = table[kind]
            assert isinstance(inner, Mapping)
            check(inner, TEMPLATE_KEYS, where=where, toml=toml, under=kind)
    for name in ("zones", "draft"):
        for key, value in _inner(table, name).items():
            good = isinstance(value, str) or (name == "zones" and _is_names(value))
            if not good:
                wanted = "a name, or two: standard and summer time" if name == "zones" else "text"
                raise TrackerError(f"{where}: “{name}.{key}” must be {wanted}.")
    return dict(table)


def _inner(table: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = table.get(name, {})
    return found if isinstance(found, Mapping) else {}


def _is_names(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (1, 2)
        and all(isinstance(name, str) and name for name in value)
    )


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` on top of ``under``; a general key of ``over`` beats a kind's own of ``under``."""
    merged = {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in under.items()
    }
    for key, value in over.items():
        if isinstance(value, Mapping):
            continue
        merged[key] = value
        if key in TEMPLATE_KEYS:
            for kind in KINDS:
                merged.get(kind, {}).pop(key, None)
    for key, value in over.items():
        if isinstance(value, Mapping):
            merged[key] = {**merged.get(key, {}), **value}
    return merged


def _style(table: Mapping[str, Any], where: str) -> Style:
    locale = table["locale"]
    phrases = {**language(locale).draft, **table.get("draft", {})}
    day_periods = table.get("day_periods")
    if day_periods is not None and not (_is_names(day_periods) and len(day_periods) == 2):
        raise TrackerError(f"{where}: “day_periods” must be two words, such as a.m. and p.m.")
    zone_names = {}
    for place, written in table.get("zones", {}).items():
        zone(place)
        zone_names[place] = (written,) if isinstance(written, str) else tuple(written)
    return Style(
        name=table.get("name", where),
        locale=locale,
        day_first=table.get("day_first"),
        templates={kind: _template(kind, table, where) for kind in KINDS},
        months=table.get("months", "short"),
        day_periods=(day_periods[0], day_periods[1]) if day_periods else None,
        zone_names=zone_names,
        separator=table.get("separator", ""),
        earlier_updates=table["earlier_updates"],
        repeat_error=table.get("repeat_error", True),
        draft=_filled(phrases),
    )


def _filled(phrases: Mapping[str, str]) -> Mapping[str, str]:
    """The phrases with {noun} and {earlier_version} in them replaced by what they stand for."""
    noun = phrases["noun"]
    earlier = phrases["earlier_version"].replace("{noun}", noun)
    return {
        key: phrase.replace("{earlier_version}", earlier).replace("{noun}", noun)
        for key, phrase in phrases.items()
    }


def _template(kind: Kind, table: Mapping[str, Any], where: str) -> Template:
    own = {**_PRESET, **{key: table[key] for key in TEMPLATE_KEYS if key in table}}
    own.update(table.get(kind, {}))
    missing = [key for key in TEMPLATE_KEYS if key not in own]
    if missing:
        raise TrackerError(f"{where}: “{kind}” has no “{missing[0]}”.", "Add the key to the style.")
    if not own["label"].strip():
        raise TrackerError(f"{where}: “{kind}.label” must have words.")
    for key in ("date", "time"):
        if own[key] != AP_CLOCK:
            pieces(own[key])
    return Template(
        kind=kind,
        label=own["label"],
        lead=own["lead"],
        layouts=_layouts(own["layout"], "text", f"{where}: “{kind}.layout”"),
        lead_layouts=_layouts(own["lead_layout"], "rest", f"{where}: “{kind}.lead_layout”"),
        date=own["date"],
        time=own["time"],
        markup=own["markup"],
        position=own["position"],
        order=own["order"],
        full_stop=own["full_stop"],
    )


def _layouts(given: str | list[Any], needed: str, what: str) -> tuple[str, ...]:
    layouts = [given] if isinstance(given, str) else given
    if not layouts and needed == "text":
        raise TrackerError(f"{what} must name at least one layout.")
    for layout in layouts:
        if not isinstance(layout, str):
            raise TrackerError(f"{what} must be text, or a list of texts.")
        words, wanted = places(layout)
        unknown = [place for place in wanted if place not in PLACES]
        if unknown or any("{" in word or "}" in word for word in words):
            raise TrackerError(
                f"{what} has a place that is not known: {layout}",
                f"The places are {', '.join(f'{{{place}}}' for place in PLACES)}.",
            )
        if wanted.count(needed) != 1 or len(set(wanted)) != len(wanted):
            raise TrackerError(f"{what} must have {{{needed}}} once, and no place twice: {layout}")
        if "\n" in layout:
            raise TrackerError(f"{what} must be one line.")
    return tuple(layouts)
