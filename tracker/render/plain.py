"""Any record as JSON knows it: objects, lists, strings, numbers."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from functools import cache


def plain(value: object) -> object:
    """A record as nested dicts and lists.

    Instants become ISO 8601 with offset, sets sorted lists; keys are the fields' names.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(each) for each in value)  # type: ignore[type-var]
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    raise TypeError(f"no JSON for {type(value).__name__}")


@cache
def _names(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))
