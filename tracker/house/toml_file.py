"""TOML that people write: where it is wrong, which key was meant."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from tracker.errors import TrackerError
from tracker.text.front_matter import LONG_KEY

_KEY = re.compile(r"([^=#\[{]{1,200}?)\s*=")

_TABLE = re.compile(r"\[\[?\s*([^\]]+?)\s*\]")

Keys = Mapping[str, object]
"""What a key may hold: a type, a tuple of types, or a tuple of the words allowed."""

_CALLED = {
    str: "text",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    int: "a number",
    float: "a number",
}
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|(end of document))\)$")


def read_table(toml: str, where: str) -> dict[str, Any]:
    """The table that this TOML text holds; errors of form name file, line and column."""
    if key := LONG_KEY().search(toml):
        line = toml.count("\n", 0, key.start()) + 1
        raise TrackerError(f"{where}, line {line}: a key has too many parts.")
    try:
        return tomllib.loads(toml.removeprefix("\ufeff").replace("\r\n", "\n"))
    except ValueError as error:
        said = str(error)
        place = _PLACE.search(said)
        reason = _PLACE.sub("", said).rstrip(".")
        if place is None or place[3]:
            at = f"line {toml.count(chr(10)) + 1}"
        else:
            at = f"line {place[1]}, column {place[2]}"
        raise TrackerError(
            f"{where}, {at}: {reason}.", "The file must be TOML: see https://toml.io."
        ) from None
    except RecursionError:
        raise TrackerError(f"{where} is nested too deeply.") from None


def quoted(text: str) -> str:
    """The text as a TOML string; JSON's escapes are TOML's, but for DEL and lone surrogates."""
    import json  # only to write settings, not to read them

    clean = text.encode("utf-8", "replace").decode()
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that this one is most likely a slip for."""
    import difflib

    found = difflib.get_close_matches(word[:60], list(words), n=1, cutoff=0.6)
    return found[0] if found else None


def line_of(toml: str, under: str, key: str) -> int | None:
    """The line, counted from 1, on which a table's key is set; None when it cannot be told.

    ``tomllib`` does not keep places; headers and keys at the start of lines are enough for the
    files that people write.
    """
    table = ""
    header = None
    wanted = f"{under}.{key}" if under else key
    for number, line in enumerate(toml.splitlines(), start=1):
        plain = line.strip()
        opened = _TABLE.match(plain)
        if opened:
            table = _unquoted(opened[1])
            if table == wanted or table.startswith(f"{wanted}."):
                return number
            continue
        named = _KEY.match(plain)
        if named:
            full = f"{table}.{_unquoted(named[1])}" if table else _unquoted(named[1])
            if full == wanted or full.startswith(f"{wanted}."):
                return number
            if full == under:
                header = number  # an inline table
    return header


def _unquoted(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def place(where: str, toml: str, under: str, key: str) -> str:
    """The file and line of a key, as errors name it."""
    line = line_of(toml, under, key) if toml else None
    return f"{where}, line {line}" if line else where


def check(
    table: Mapping[str, object], keys: Keys, *, where: str, toml: str, under: str = ""
) -> None:
    """Refuse a key that is not known, or that holds what it cannot hold.

    The ``TrackerError`` names file and line, and the key that was most likely meant.
    """
    for key, value in table.items():
        full = f"{under}.{key}" if under else key
        at = place(where, toml, under, key)
        if key not in keys:
            near = nearest(key, keys)
            hint = f"Did you mean “{near}”?" if near else f"The keys are {', '.join(keys)}."
            raise TrackerError(f"{at}: “{full}” is not a key that is known.", hint)
        wrong = wrong_value(value, keys[key])
        if wrong:
            raise TrackerError(f"{at}: “{full}” must be {wrong}.", _given(value))


def _given(value: object) -> str:
    if isinstance(value, bool):
        return f"It is {str(value).lower()}."
    if isinstance(value, str):
        return f"It is “{value[:60]}”."
    return f"It is {value}." if isinstance(value, (int, float)) else ""


def wrong_value(value: object, wanted: object) -> str:
    if isinstance(wanted, type):
        good = type(value) is wanted or (wanted is dict and isinstance(value, Mapping))
        return "" if good else _CALLED.get(wanted, wanted.__name__)
    assert isinstance(wanted, tuple)
    if all(isinstance(word, str) for word in wanted):
        return "" if value in wanted else either([f"“{word}”" for word in wanted])
    if type(value) in wanted or (dict in wanted and isinstance(value, Mapping)):
        return ""
    return either(list(dict.fromkeys(_CALLED.get(kind, kind.__name__) for kind in wanted)))


def either(words: list[str]) -> str:
    """The words as a choice: "a, b or c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
