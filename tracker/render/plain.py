"""Any record as JSON knows it: objects, lists, strings, numbers; and the objects printed."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from functools import cache

SCHEMA_VERSION = 1
"""Goes up when a key changes its meaning or goes away; new keys may come without that."""


def printed(**parts: object) -> object:
    """The one object that a command prints: the version of its schema, then its parts."""
    return {"schema": SCHEMA_VERSION, **{name: plain(part) for name, part in parts.items()}}


def plain(value: object) -> object:
    """A record as nested dicts and lists.

    Instants become ISO 8601 with offset, sets sorted lists; keys are the fields' names. All
    strings can be written as UTF-8: see ``encodable``.
    """
    if isinstance(value, str):
        return value if value.isascii() else encodable(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {encodable(str(key)): plain(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(each) for each in value)  # type: ignore[type-var]
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        named = value._asdict().items()
        return {
            name: plain(each) for name, each in named if name not in _INNER or isinstance(each, str)
        }
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if hasattr(type(value), "__dataclass_fields__"):
        record: type = type(value)
        return {name: plain(getattr(value, name)) for name in _names(record)}
    raise TypeError(f"no JSON for {type(value).__name__}")


_INNER = frozenset({"why", "said", "advised"})
"""Fields that hold as values what another field says in a sentence."""


def encodable(text: str) -> str:
    r"""The text without lone surrogates, which many readers of JSON refuse.

    A byte of a file name that is not UTF-8 is written as ``\\xE9``; a surrogate that an escape in
    somebody's front matter made, as U+FFFD.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return _lone_surrogates().sub(_written_out, text)
    return text


@cache
def _lone_surrogates() -> re.Pattern[str]:
    return re.compile("[\ud800-\udfff]")


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else "\ufffd"


@cache
def _names(record: type) -> tuple[str, ...]:
    from dataclasses import fields  # late: most records are tuples

    return tuple(field.name for field in fields(record))
