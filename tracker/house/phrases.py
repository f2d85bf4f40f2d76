"""What pages, feeds and findings say: the ``pages.toml`` of each language in ``tracker/locale``.

A key names a phrase: ``history.title``. ``{name}`` in a phrase gives way to a value. A phrase that
depends on a number is a table with one wording for each plural form that CLDR has for the language.

What is said about an article is a value first, a ``Saying`` or a ``Reason``; each face makes the
sentence, in its language.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from tracker import locale
from tracker.locale import FIRST as FIRST
from tracker.locale import base
from tracker.model import Reason, Saying, Value

Phrase = str | Mapping[str, str]  # one wording, or one for each plural form


def languages() -> tuple[str, ...]:
    """The languages that pages speak, English first."""
    return locale.languages("pages")


def spoken(tag: str) -> str:
    """The language that stands in for one (BCP 47): its own, or English where it has no file."""
    code = base(tag)
    return code if code in languages() else FIRST


@cache
def phrases(code: str) -> Mapping[str, Phrase]:
    """Every phrase of a language that has a file, by its key, tables joined with dots."""
    return dict(_flat(locale.table(code, "pages"), ""))


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
    code = spoken(tag)
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
    found = phrases(spoken(tag))
    first, second = str(found["form.quoted"]), str(found["form.quoted_again"])
    marks = {mark for mark in first.replace("{words}", "") if not mark.isspace()}
    for name, value in values.items():
        place = f"{{{name}}}"
        quoted = first.replace("{words}", place)
        if quoted in pattern and any(mark in str(value) for mark in marks):
            pattern = pattern.replace(quoted, second.replace("{words}", place))
    return pattern


def of_reason(reason: Reason) -> Saying:
    """What a reason says."""
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
    if spoken(tag) != FIRST:  # English sentences are read by programs too, and stay as they are
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
