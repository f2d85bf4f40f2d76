"""What every start would make again is made once: compiled expressions, and tables read from TOML.

A recording needs some two hundred regular expressions and nine TOML files. Python takes 60 ms to
compile the ones and 20 ms to read the others; to take over what an earlier start made of them takes
3 ms. A command gets it by ``take`` before it loads any other room, and asks for what is new at its
end by ``give`` (see ``cli/keeping.py``). Without that, as in the library, all is made when it is
asked for, and nothing else differs.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeVar, overload

try:
    import _sre  # type: ignore[import-not-found]
except ImportError:  # another Python than CPython
    _sre = None

T = TypeVar("T")

_MOST = 800_000  # bytes of all that is kept, past which only what a start used is kept on
_LONGEST = 50_000  # code points of a TOML text that is kept: every start reads what is

_known: dict[str, bytes] = {}  # taken over: what it was made from -> what was made, in marshal form
_used: set[str] = set()  # of those, what was asked for
_expressions: dict[str, tuple[Any, int]] = {}  # compiled here, because nothing was known
_tables: dict[str, bytes] = {}  # read or made here, because nothing was known


@overload
def expression(pattern: str, flags: int = 0) -> re.Pattern[str]: ...
@overload
def expression(pattern: bytes, flags: int = 0) -> re.Pattern[bytes]: ...
def expression(pattern: Any, flags: int = 0) -> re.Pattern[Any]:
    """Return what ``re.compile`` does. For patterns of this project, not for those of a text."""
    name = f"expression {int(flags)} {pattern!r}"
    if name in _known:
        found: re.Pattern[Any] = _sre.compile(pattern, *_taken(name))
        return found
    compiled = re.compile(pattern, flags)
    _expressions[name] = pattern, int(flags)
    return compiled


def toml_table(toml: str) -> dict[str, Any]:
    """Return what ``tomllib.loads`` does. For files of this project and of newsrooms' settings."""
    name = f"table {toml}"  # a newsroom's settings may hold anything: never another kind's name
    if name in _known:
        table: dict[str, Any] = _with_dates(_taken(name))
        return table
    import tomllib

    table = tomllib.loads(toml)
    if len(toml) <= _LONGEST:
        with suppress(ValueError, RecursionError):  # nested too deeply to be kept
            _tables[name] = marshal.dumps(_without_dates(table))
    return table


def made_from(toml: str, make: Callable[[dict[str, Any]], T], code: str) -> T:
    """Return what ``make``, a function of the file ``code``, makes of a TOML text.

    It must be plain: numbers, strings, tuples, lists, dicts and sets of them, no records.
    """
    name = f"made {make.__name__} {code} {Path(code).stat().st_mtime_ns}\n{toml}"
    if name in _known:
        kept: T = _taken(name)
        return kept
    import tomllib

    made = make(tomllib.loads(toml))
    _tables[name] = marshal.dumps(made)  # type: ignore[arg-type]
    return made


def _taken(name: str) -> Any:
    _used.add(name)
    return marshal.loads(_known[name])  # noqa: S302


_DATES = (datetime, date, time)


def _without_dates(value: Any) -> Any:
    """A table as marshal knows it: a date becomes a tuple, which TOML has none of."""
    if isinstance(value, dict):
        return {key: _without_dates(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_dates(each) for each in value]
    if isinstance(value, _DATES):
        kind = next(kind for kind in _DATES if isinstance(value, kind))  # a datetime is a date too
        return kind.__name__, value.isoformat()
    return value


def _with_dates(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_dates(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_dates(each) for each in value]
    if isinstance(value, tuple):
        kind = next(kind for kind in _DATES if kind.__name__ == value[0])
        return kind.fromisoformat(value[1])
    return value


def take(kept: bytes) -> None:
    """Take over what ``give`` gave to an earlier process of the same Python, from no one else."""
    _known.update(marshal.loads(kept))  # noqa: S302


def give() -> bytes | None:
    """Return all that is worth keeping, for ``take``; None where nothing is new."""
    new = dict(_tables)
    if _sre is not None:
        for name, (pattern, flags) in list(_expressions.items()):  # a thread may add more
            parts = _parts(pattern, flags)
            if parts is not None:
                new[name] = marshal.dumps(parts)
    _tables.clear()
    _expressions.clear()
    if not new:
        return None
    kept = marshal.dumps({**_known, **new})
    if len(kept) > _MOST:  # settings of other newsrooms, and what earlier versions made
        kept = marshal.dumps({**{name: _known[name] for name in _used}, **new})
    return kept


def _parts(pattern: Any, flags: int) -> tuple[Any, ...] | None:
    """What the machine of regular expressions takes; None where this Python does it otherwise."""
    try:
        from re import _compiler, _parser  # type: ignore[attr-defined]

        parsed = _parser.parse(pattern, flags)
        state = parsed.state
        names: list[str | None] = [None] * state.groups
        for name, number in state.groupdict.items():
            names[number] = name
        code = [int(each) for each in _compiler._code(parsed, flags)]
        parts = (
            int(flags | state.flags), code, state.groups - 1, dict(state.groupdict), tuple(names),
        )  # fmt: skip
        # Nothing is kept but what is proven to be the same as Python's own.
        same = _sre.compile(pattern, *parts)
        return parts if same == re.compile(pattern, flags) and _same_names(same, names) else None
    except Exception:  # private names of re: whatever differs, compile as usual
        return None


def _same_names(compiled: re.Pattern[Any], names: list[str | None]) -> bool:
    groups = {name: number for number, name in enumerate(names) if name is not None}
    return dict(compiled.groupindex) == groups
