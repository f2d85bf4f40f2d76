"""The words of every language that the tool speaks, reads or judges, as data.

``<language>/<subject>.toml``: ``hints`` (asked of every language at once), ``dates`` and ``notes``
(how dates and notes are written, for reading them), ``text`` (what a change touches), ``policy``,
``draft``, ``changelog`` and ``pages`` (what the tool itself says). docs/languages.md tells them
apart, and what happens in a language that has only some of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

FOLDER = Path(__file__).parent
FIRST = "en"
"""The language whose words stand in for those that another lacks."""


def base(tag: str) -> str:
    """The language of a BCP 47 tag, without region and script: "en" for "en-GB" and "en_US"."""
    return tag.replace("_", "-").partition("-")[0].lower()


@cache
def languages(subject: str) -> tuple[str, ...]:
    """The languages that have a file about this subject, English first, the others sorted."""
    found = sorted(path.parent.name for path in FOLDER.glob(f"*/{subject}.toml"))
    return (FIRST, *(code for code in found if code != FIRST))


def has(tag: str, subject: str) -> bool:
    """Whether the language of a tag has a file about this subject."""
    return base(tag) in languages(subject)


@cache
def table(code: str, subject: str) -> Mapping[str, Any]:
    """The file of a language about a subject, read; empty where there is none."""
    if code not in languages(subject):
        return MappingProxyType({})
    return MappingProxyType(tomllib.loads(text(code, f"{subject}.toml")))


def spoken(tag: str, subject: str) -> Mapping[str, Any]:
    """The words of the language of a tag about a subject; English where it has none."""
    return table(base(tag), subject) or table(FIRST, subject)


def text(code: str, name: str) -> str:
    """A file of a language as it stands."""
    return (FOLDER / code / name).read_text(encoding="utf-8")
