"""The changelog as text, Markdown, HTML and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from itertools import groupby

from tracker.house.settings import Settings
from tracker.model import Entry
from tracker.render.plain import plain
from tracker.render.visible import visible


def write(entries: Sequence[Entry], form: str, settings: Settings, *, whole: bool) -> str:
    """The changelog in a form: ``text``, ``markdown``, ``html`` or ``json``.

    ``whole`` says that it is the newsroom's, so that each entry names its article.
    """
    forms = {"text": text, "markdown": markdown, "html": html}
    if form == "json":
        return json.dumps(as_object(entries, whole=whole), ensure_ascii=False, indent=2)
    return forms[form](entries, settings, whole=whole)


def as_object(entries: Sequence[Entry], *, whole: bool) -> object:
    """What ``changelog --json`` prints; the schema is in ``docs/changelog.schema.json``."""
    article = None if whole or not entries else plain(entries[0].article)
    return {"article": article, "entries": [plain(entry) for entry in entries]}


def text(entries: Sequence[Entry], settings: Settings, *, whole: bool) -> str:
    """Days with their entries, for a terminal or a mail."""
    out = [] if whole or not entries else [visible(entries[0].article.headline), ""]
    for day, group in _days(entries, settings):
        out.append(day)
        out += [f"  {_what(entry)}{_of(entry, whole)}{visible(entry.line)}" for entry in group]
        out.append("")
    return "\n".join(out).rstrip("\n") + "\n" if out else ""


def markdown(entries: Sequence[Entry], settings: Settings, *, whole: bool) -> str:
    """Days as headings, entries as list items."""
    title = "Changelog" if whole or not entries else entries[0].article.headline
    out = [f"# {_plain_markdown(title)}", ""]
    for day, group in _days(entries, settings):
        out += [f"## {day}", ""]
        for entry in group:
            of = f"**{_plain_markdown(entry.article.headline)}** · " if whole else ""
            line = entry.line if entry.what == "note" else _plain_markdown(entry.line)
            out.append(f"- {_what(entry)}{of}{line}")
        out.append("")
    return "\n".join(out)


def html(entries: Sequence[Entry], settings: Settings, *, whole: bool) -> str:
    """A fragment that a page can hold: a section a day, a list item an entry, `<time>` in each."""
    out = ['<section class="changelog">']
    for day, group in _days(entries, settings):
        out += [f"<h2>{escape(day)}</h2>", "<ul>"]
        for entry in group:
            of = f"<strong>{escape(entry.article.headline)}</strong> · " if whole else ""
            stamp = entry.at.isoformat()
            kind = entry.note.kind if entry.note else entry.what
            line = escape(entry.line)
            line = f"<del>{line}</del>" if entry.withdrawn else line
            out.append(
                f'<li class="{kind}"><time datetime="{stamp}">{_time(entry, settings)}</time> '
                f"{_what(entry)}{of}{line}</li>"
            )
        out.append("</ul>")
    out.append("</section>")
    return "\n".join(out) + "\n"


def _what(entry: Entry) -> str:
    if entry.withdrawn:
        return "Withdrawn: "
    return "Amended since: " if entry.amended else ""


def _of(entry: Entry, whole: bool) -> str:
    return f"{visible(entry.article.headline)}: " if whole else ""


def _time(entry: Entry, settings: Settings) -> str:
    if entry.precision != "minute":
        return ""
    return entry.at.astimezone(settings.zone).strftime("%H:%M")


def _days(entries: Iterable[Entry], settings: Settings) -> Iterator[tuple[str, list[Entry]]]:
    def day(entry: Entry) -> str:
        local: datetime = entry.at
        if entry.precision != "day":
            local = entry.at.astimezone(settings.zone)
        return local.date().isoformat()

    for name, group in groupby(entries, key=day):
        yield name, list(group)


def _plain_markdown(words: str) -> str:
    """Words that Markdown leaves as they are."""
    for mark in "\\`*_[]<>#|":
        words = words.replace(mark, f"\\{mark}")
    return words
