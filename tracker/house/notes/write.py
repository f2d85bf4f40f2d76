"""Writing notes, dates and sentences as a house style says, in the language of the article."""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from functools import cache

from tracker import locale
from tracker.errors import TrackerError
from tracker.house import style as house_style
from tracker.house.dates.find import find_stamps
from tracker.house.dates.format import write_clock, write_pattern
from tracker.house.dates.zones import name_of
from tracker.house.language import language
from tracker.house.style import (
    Markup,
    Style,
    Template,
    form,
    known_places,
    neutral,
    one_line,
    without_full_stop,
    woven_rest,
)
from tracker.locale import base
from tracker.model import KINDS, Kind, Note, Precision


def in_language(style: Style, tag: str) -> Style:
    """The house's style for an article in another language (BCP 47; "": its own).

    The words are those of the shipped style of that language, or, where there is none, the labels
    of its notes; where a note stands, and in which order, stays as the house has it. Where nothing
    is known of the language, the style itself.
    """
    code = base(tag)
    if not code or code == style.language:
        return style
    return _translated(style, code)


@cache
def _translated(style: Style, code: str) -> Style:
    shipped = _generic().get(code)
    words = house_style.load(shipped) if shipped else _from_labels(code)
    if words is None:
        return style
    templates = {
        kind: words.templates[kind]._replace(
            markup=own.markup, position=own.position, order=own.order, full_stop=own.full_stop
        )
        for kind, own in style.templates.items()
    }
    return words._replace(
        templates=templates, separator=style.separator, repeat_error=style.repeat_error
    )


@cache
def _generic() -> dict[str, str]:
    """The shipped styles that are no outlet's but a language's: language -> name."""
    loaded = [house_style.load(name) for name in house_style.names()]
    return {style.language: style.name for style in loaded if style.language != locale.FIRST}


def _from_labels(code: str) -> Style | None:
    """A plain style whose labels are those of a language's notes; None where none are known."""
    labels = locale.table(code, "notes").get("labels")
    if labels is None:
        return None
    plain = house_style.load("default")
    return house_style.load(
        "default",
        {
            "name": code,
            "locale": code,
            "date": locale.table(code, "dates")["long"],
            "time": "HH:mm",
            "earlier_updates": f"{_capital(labels['update'][0])} …",
            **{
                kind: {
                    "label": _capital(labels[kind][0]) if labels[kind] else plain_label,
                    "lead": "",
                }
                for kind in KINDS
                if (plain_label := plain.templates[kind].label)
            },
        },
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _wrapped(words: str, markup: Markup) -> str:
    if markup == "plain":
        return words
    mark = "_" if "*" in words and "_" not in words else "*"
    mark *= 2 if markup == "bold" else 1
    return f"{mark}{words}{mark}"


def line(style: Style, note: Note, zone: tzinfo | None, story_date: date | None = None) -> str:
    """The note's line for the body, in Markdown: as it stands there, or else in the house's words.

    A note that somebody wrote into the body is told as it was written, in its own words, date and
    markup. Any other is told in the words of its article's language; its instant is written in
    ``zone``, or in its own offset where the newsroom has none; with precision "day" the date is
    that of ``note.at`` in its own zone. ``story_date`` is the day of the article, for houses that
    name it. The text may hold Markdown, and stays on one line.
    """
    written = "".join(words for _, words in pieces(style, note, zone, story_date))
    return _wrapped(written, markup(style, note))


def markup(style: Style, note: Note) -> Markup:
    """What stands around the whole line of a note, beside what is in its words."""
    return "plain" if note.written else style.templates[note.kind].markup


def pieces(
    style: Style, note: Note, zone: tzinfo | None, story_date: date | None = None
) -> list[tuple[str, str]]:
    """The note's line without the markup around it, in pieces: the place each fills, its words.

    The place of the layout's own words is "". See ``line``.
    """
    if note.written:
        return _as_written(style, note)
    style = in_language(style, note.language)
    template = style.templates[note.kind]
    text = neutral(one_line(note.text))
    if not template.full_stop:
        text = without_full_stop(text)
    rest = woven_rest(template, text)
    known = known_places(note.precision, story_date is not None, rest is not None)
    layouts = template.layouts if rest is None else template.lead_layouts
    words, wanted = form(layouts, known)
    values = {"label": template.label, "text": text, "rest": rest or ""}
    if story_date is not None:
        values["story_date"] = _date(style, template, story_date)
    if note.precision != "none":
        at = note.at.astimezone(zone) if zone and note.precision == "minute" else note.at
        values["date"] = _date(style, template, at)
        values["time"] = _time(style, template, at)
        values["zone"] = name_of(at, style.zone_names)
    found = [("", words[0])]
    for place, after in zip(wanted, words[1:], strict=True):
        found += [(place, values[place]), ("", after)]
    return found


def _as_written(style: Style, note: Note) -> list[tuple[str, str]]:
    """A line as somebody wrote it, cut at its date."""
    words = neutral(one_line(note.written))
    day = note.at.date()
    if note.precision != "none":
        tag = note.language or style.locale
        for stamp in find_stamps(words, language=tag, day_first=style.day_first, as_of=day):
            if (stamp.month, stamp.day) == (day.month, day.day):
                start, end = stamp.start, stamp.end
                return [("text", words[:start]), ("date", words[start:end]), ("", words[end:])]
    return [("text", words)]


def _date(style: Style, template: Template, day: date) -> str:
    return write_pattern(
        day,
        template.date,
        language_code=style.locale,
        months=style.months,
        day_periods=style.day_periods,
    )


def _time(style: Style, template: Template, at: datetime) -> str:
    return write_clock(at, template.time, language_code=style.locale, day_periods=style.day_periods)


def when(style: Style, at: datetime, zone: tzinfo | None, precision: Precision = "minute") -> str:
    """A date and time in the house's own form, for lists: ``05/12/22, 7:45 a.m. ET``.

    Without ``zone`` in the offset of ``at``. With precision "day" the date alone, of ``at`` in its
    own zone; "" with precision "none".
    """
    template = style.templates["update"]
    if precision == "none":
        return ""
    if precision == "day":
        return _date(style, template, at)
    local = at.astimezone(zone) if zone else at
    clock = f"{_time(style, template, local)} {name_of(local, style.zone_names)}"
    return f"{_date(style, template, local)}, {clock}"


_SENTENCE_END = re.compile(r"[.!?…。！？؟।][\"'”’»›)\]*_`]*$")


def sentence(style: Style, kind: Kind, words: str) -> str:
    """The whole public sentence of a note from what an editor typed.

    "to add that …" gets the house's lead before it; a whole sentence stays as it is. White space
    is collapsed, the house's own label before the words is left out, a missing full stop is
    added. A ``TrackerError`` says when there are no words.
    """
    template = style.templates[kind]
    text = one_line(words)
    label, colon, after = text.partition(":")
    if colon and label.strip().casefold() == template.label.casefold():
        text = after.strip()
    if not any(character.isalnum() for character in text):
        raise TrackerError(
            "The note has no words.", f"Say what changed, such as: {_example(style)}."
        )
    known = language(style.locale)
    for word, joined_by in known.lead_words.items():
        if template.lead and text.startswith(f"{word} "):
            text = f"{template.lead}{joined_by}{text}"
            break
    if not _SENTENCE_END.search(text[-40:]):
        text = text.rstrip(" ,;:") + known.full_stop
    return text


def _example(style: Style) -> str:
    return f"“{style.draft.get('added_short') or 'to add information'}”"
