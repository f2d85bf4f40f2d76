"""Reading house styles: the shipped ones, a newsroom's own file, single keys changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tracker.errors import TrackerError
from tracker.house.dates.format import AP_CLOCK, pieces
from tracker.house.dates.zones import zone
from tracker.house.language import language
from tracker.house.template import PLACES, Style, Template, places
from tracker.house.toml_file import Keys, check, nearest, read_table
from tracker.model import KINDS, Kind

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
