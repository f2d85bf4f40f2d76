"""The questions that a request of the API may bring, each read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from tracker.model import KINDS
from tracker.policy.rules import RULES

MOST = 200  # parts of a list that are sent at once
LARGEST = 1_000_000  # of an offset
LONGEST = 200  # code points of words

_DIGITS = re.compile(r"[0-9]{1,7}", re.ASCII)
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)


class Wrong(Exception):  # noqa: N818 - it is a sentence for who asked, and no fault
    """A question that cannot be answered: a sentence that says why."""


class Parameter(NamedTuple):
    """One thing that may be asked for."""

    read: Callable[[str], Any]  # raises ``ValueError`` for what cannot be
    must: str  # what it must be, as the error says it
    otherwise: Any = None  # where it is left out
    required: bool = False


Parameters = Mapping[str, Parameter]


def read(given: bytes, parameters: Parameters) -> dict[str, Any]:
    """What a query string asks for, every parameter with its value.

    Raises ``Wrong`` for a name that is not known or comes twice, and for a value that cannot be.
    """
    try:
        pairs = parse_qsl(
            given.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        raise Wrong("The query is not percent-encoded UTF-8, or asks for too much.") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        parameter = parameters.get(name)
        if parameter is None:
            known = ", ".join(parameters)
            hint = f"There are {known}." if known else "There are none here."
            raise Wrong(f"There is no parameter “{name[:60]}”. {hint}")
        if name in found:
            raise Wrong(f"“{name}” is given twice.")
        try:
            found[name] = parameter.read(value)
        except ValueError:
            raise Wrong(f"“{name}” must be {parameter.must}.") from None
    for name, parameter in parameters.items():
        if parameter.required and name not in found:
            raise Wrong(f"“{name}” is missing: it must be {parameter.must}.")
        found.setdefault(name, parameter.otherwise)
    return found


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(value: str) -> int:
        if not _DIGITS.fullmatch(value) or not least <= int(value) <= most:
            raise ValueError
        return int(value)

    return number


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def word(value: str) -> str:
        if value not in words:
            raise ValueError
        return value

    return word


def _flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError
    return value == "true"


def _month(value: str) -> str:
    if not _MONTH.fullmatch(value):
        raise ValueError
    return value


def _words(value: str) -> str:
    if not 1 <= len(value) <= LONGEST:
        raise ValueError
    return value.replace("\0", " ")  # no word holds it, and SQLite would end there


PART: Parameters = {
    "limit": Parameter(_number(1, MOST), f"a number from 1 to {MOST}", 50),
    "offset": Parameter(_number(0, LARGEST), f"a number from 0 to {LARGEST}", 0),
}
LIMIT_OR_ALL = Parameter(_number(1, LARGEST), f"a number from 1 to {LARGEST}")
FLAG = Parameter(_flag, "true or false")
KIND = Parameter(_one_of(KINDS), f"one of {', '.join(KINDS)}")
RULE = Parameter(_one_of(tuple(RULES)), f"one of {', '.join(RULES)}")
WORDS = Parameter(_words, f"text of 1 to {LONGEST} characters", required=True)
SELECTION: Parameters = {
    "kind": KIND,
    "person": Parameter(_words, f"text of 1 to {LONGEST} characters"),
    "month": Parameter(_month, "a month such as 2022-05"),
    "substantive": FLAG,
    "told": FLAG,
}
