"""The changelog as text, Markdown, HTML and JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from tracker.house.notes.passages import plain_words
from tracker.house.settings import Settings
from tracker.model import Article, Entry
from tracker.render.plain import filled, json_text, printed, visible
from tracker.render.told import harmless, inline_html


def write(entries: Sequence[Entry], form: str, settings: Settings, article: Article | None) -> str:
    """The changelog in a form: ``text``, ``markdown``, ``html`` or ``json``.

    Without ``article`` it is the newsroom's, and each entry names its article.
    """
    forms = {"text": text, "markdown": markdown, "html": html}
    if form == "json":
        return json_text(as_object(entries, article), 2) + "\n"
    return forms[form](entries, settings, article)


def as_object(entries: Sequence[Entry], article: Article | None) -> object:
    """What ``changelog --json`` prints; the schema is in ``docs/changelog.schema.json``."""
    return printed(article=article, entries=entries)


def text(entries: Sequence[Entry], settings: Settings, article: Article | None) -> str:
    """Days with their entries, for a terminal or a mail."""
    out = [visible(article.headline), ""] if article is not None and entries else []
    whole = article is None
    for day, group in _days(entries, settings):
        out.append(day)
        out += [f"  {_what(entry)}{_of(entry, whole)}{visible(_words(entry))}" for entry in group]
        out.append("")
    return "\n".join(out).rstrip("\n") + "\n" if out else ""


def markdown(entries: Sequence[Entry], settings: Settings, article: Article | None) -> str:
    """Days as headings, entries as list items."""
    title = "Changelog" if article is None else article.headline
    out = [f"# {_plain_markdown(title)}", ""]
    for day, group in _days(entries, settings):
        out += [f"## {day}", ""]
        for entry in group:
            of = f"**{_plain_markdown(entry.article.headline)}** · " if article is None else ""
            line = _noted(entry.line) if entry.what == "note" else _plain_markdown(entry.line)
            out.append(f"- {_what(entry)}{of}{line}")
        out.append("")
    return "\n".join(out)


def html(entries: Sequence[Entry], settings: Settings, article: Article | None) -> str:
    """A fragment that a page can hold: a section a day, a list item an entry, `<time>` in each."""
    return filled(
        "changelog.html",
        days=_days(entries, settings),
        whole=article is None,
        what=_what,
        time=lambda entry: _time(entry, settings),
        html=lambda entry: inline_html(harmless(entry.line), "plain", entry.at.isoformat()),
    )


def _words(entry: Entry) -> str:
    """An entry's line without marks of Markdown: a terminal shows none."""
    return plain_words(entry.line) if entry.what == "note" else entry.line


def _what(entry: Entry) -> str:
    if entry.withdrawn:
        return "Withdrawn: "
    return "Amended since: " if entry.amended else ""


def _of(entry: Entry, whole: bool) -> str:
    return f"{visible(entry.article.headline)}: " if whole else ""


def _time(entry: Entry, settings: Settings) -> str:
    if entry.precision != "minute":
        return ""
    return settings.local(entry.at).strftime("%H:%M")


def _days(entries: Iterable[Entry], settings: Settings) -> Iterator[tuple[str, list[Entry]]]:
    def day(entry: Entry) -> str:
        local: datetime = entry.at
        if entry.precision != "day":
            local = settings.local(entry.at)
        return local.date().isoformat()

    for name, group in groupby(entries, key=day):
        yield name, list(group)


_STRANGE_TARGET = re.compile(
    r"\](?=\(\s*<?\s*(?!https?:|mailto:)[a-z][a-z0-9+.-]*:)", re.IGNORECASE
)
_NUMBERED = re.compile(r"\A(\d{1,9})([.)])(?=\s|$)")
_BLOCK = re.compile(r"(?=[#>+*-](?:\s|$)|[#=`~-]{3}|\d{1,9}[.)]\s)")


def _noted(line: str) -> str:
    """A note's line, whose emphasis and links stay: what would be HTML shows as it was typed.

    Links lead to the web or to a mailbox, as on the pages; nothing begins a block of its own.
    """
    line = " ".join(visible(line).split()).replace("<", "&lt;")
    line = _STRANGE_TARGET.sub(r"\]", line)
    line = _NUMBERED.sub(r"\1\\\2", line)
    return f"\\{line}" if _BLOCK.match(line) else line


def _plain_markdown(words: str) -> str:
    words = " ".join(visible(words).split())
    for mark in "\\`*_[]<>#|":
        words = words.replace(mark, f"\\{mark}")
    return words
