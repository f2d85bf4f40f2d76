"""The words of every language that the tool speaks, reads or judges, as data.

``<language>/<subject>.toml``: ``hints`` (asked of every language at once), ``dates`` and ``notes``
(how dates and notes are written, for reading them), ``text`` (what a change touches), ``policy``,
``draft``, ``changelog`` and ``pages`` (what the tool itself says). docs/languages.md tells them
apart, and what happens in a language that has only some of them.

What pages, feeds and findings say are phrases. A key names one: ``history.title``; ``{name}`` in it
gives way to a value. A phrase that depends on a number is a table with one wording for each plural
form that CLDR has for the language. What is said about an article is a value first, a ``Saying`` or
a ``Reason``; each face makes the sentence, in its language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tracker.model import Reason, Saying, Value

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


# --- phrases -------------------------------------------------------------------------------------

Phrase = str | Mapping[str, str]  # one wording, or one for each plural form


def page_language(tag: str) -> str:
    """The language that stands in for one (BCP 47) on pages: its own, or English without a file."""
    code = base(tag)
    return code if code in languages("pages") else FIRST


@cache
def phrases(code: str) -> Mapping[str, Phrase]:
    """Every phrase of a language that has a file, by its key, tables joined with dots."""
    return dict(_flat(table(code, "pages"), ""))


def _flat(table: Mapping[str, Any], before: str) -> list[tuple[str, Phrase]]:
    found: list[tuple[str, Phrase]] = []
    for key, value in table.items():
        if isinstance(value, str) or "other" in value:
            found.append((before + key, value))
        else:
            found += _flat(value, f"{before}{key}.")
    return found


def phrase(tag: str, key: str, number: int | None = None) -> str:
    """The wording of a phrase in a language, its braces untouched; raises ``KeyError``.

    ``number`` chooses the plural form.
    """
    code = page_language(tag)
    found = phrases(code)[key]
    if isinstance(found, str):
        return found
    return found.get(plural_form(code, number or 0), found["other"])


@cache
def plural_form(code: str, number: int) -> str:
    """The plural form of a whole number in a language, as CLDR names it: "one", "few", …"""
    if code == FIRST:
        return "one" if number == 1 else "other"
    from babel import Locale  # late: it takes as long as a short command

    return str(Locale.parse(code).plural_form(number))


def unnested(pattern: str, values: Mapping[str, object], tag: str) -> str:
    """A wording whose quotation marks are others where the words to stand in them have the same."""
    found = phrases(page_language(tag))
    first, second = str(found["form.quoted"]), str(found["form.quoted_again"])
    marks = {mark for mark in first.replace("{words}", "") if not mark.isspace()}
    for name, value in values.items():
        place = f"{{{name}}}"
        quoted = first.replace("{words}", place)
        if quoted in pattern and any(mark in str(value) for mark in marks):
            pattern = pattern.replace(quoted, second.replace("{words}", place))
    return pattern


def of_reason(reason: Reason) -> Saying:
    values: dict[str, Value] = {"old": reason.old, "new": reason.new, "words": reason.words}
    form: str = reason.form
    if form == "touched":
        form = "words" if reason.words.strip('"') else "bare"
    if reason.label == "note" and reason.context and form == "changed":
        note = reason.context
        values["old"] = Saying.of("reason.note-as", note=note, told=_as_told(reason.old))
        values["new"] = Saying.of("reason.note-as", note=note, told=_as_told(reason.new))
    told = Saying.of(f"reason.{reason.label}.{form}", **values)
    if not reason.has_context or form == "bare":
        return told
    return Saying.of("reason.in", told=told, context=reason.context)


def _as_told(parts: str) -> Saying:
    """What a note is, when it was told, and whether it was withdrawn: "update, 2022-05-12"."""
    kind, *rest = parts.split(", ")
    withdrawn = "withdrawn" in rest
    at = ", ".join(part for part in rest if part != "withdrawn")
    told = Saying.of(f"reason.note-kind.{kind}")
    if at:
        told = Saying.of("reason.note-at", kind=told, time=at)
    return Saying.of("reason.note-withdrawn", told=told) if withdrawn else told


def sentence(said: Saying | Reason, tag: str = FIRST) -> str:
    """A saying as plain text, with instants and days as ISO 8601 has them."""
    if isinstance(said, Reason):
        said = of_reason(said)
    values = dict(said.values)
    number = values.get("number")
    pattern = phrase(tag, said.code, number if isinstance(number, int) else None)
    words = {name: _plain(value, tag) for name, value in values.items()}
    if (
        page_language(tag) != FIRST
    ):  # English sentences are read by programs too, and stay as they are
        pattern = unnested(pattern, words, tag)
    return pattern.format(**words)


def _plain(value: Value, tag: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Saying | Reason):
        return sentence(value, tag)
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
