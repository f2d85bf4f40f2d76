"""Notes in a house's words: written by its style in the article's language, and read back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from functools import cache

from tracker import locale
from tracker.errors import TrackerError
from tracker.house import style as house_style
from tracker.house.dates.find import find_stamps
from tracker.house.dates.format import DateForm
from tracker.house.dates.names import language, name_of
from tracker.house.notes.passages import plain_words
from tracker.house.style import (
    Form,
    Markup,
    Style,
    form,
    forms,
    from_neutral,
    known_places,
    neutral,
    one_line,
    openings,
    plain_start,
    without_full_stop,
    woven_rest,
)
from tracker.locale import base
from tracker.model import KINDS, FoundNote, Kind, Note, Precision
from tracker.text.document import Document

_TAG = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?")


def language_of(document: Document, path: str) -> str:
    """The language that an article's file says it is in (BCP 47); "" where it says none.

    The front matter says it. Else the name of the file tells (``index.fr.md``), or of a folder
    (``fr/quai.md``) if the article's first words do not speak against it.
    """
    said = (document.language or "").strip()
    if said:
        return said
    *folders, name = path.split("/")
    stem = name.rpartition(".")[0].rpartition(".")
    if stem[0] and _TAG.fullmatch(stem[2]) and locale.has(stem[2], "notes"):
        return stem[2]
    for folder in reversed(folders):
        if _TAG.fullmatch(folder) and locale.has(folder, "notes"):
            opening = document.text[document.body_start : document.body_start + 2_000]
            if _may_be_in(opening, base(folder)):
                return folder
    return ""


def _may_be_in(opening: str, code: str) -> bool:
    """Whether no more common words of English stand at a text's beginning than of a language."""
    sample = [word.strip(".,;:!?()\"'") for word in opening.casefold().split()]
    own = set(locale.table(code, "hints")["common"].split())
    english = set(locale.table(locale.FIRST, "hints")["common"].split())
    return sum(word in own for word in sample) >= sum(word in english for word in sample)


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
        values["story_date"] = _form(style, template.date).write(story_date)
    if note.precision != "none":
        at = note.at.astimezone(zone) if zone and note.precision == "minute" else note.at
        values["date"] = _form(style, template.date).write(at)
        values["time"] = _form(style, template.time).write(at)
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


def _form(style: Style, pattern: str) -> DateForm:
    """How the house writes a date or a time by one of its patterns."""
    return DateForm(pattern, style.locale, style.months, style.day_periods)


def when(style: Style, at: datetime, zone: tzinfo | None, precision: Precision = "minute") -> str:
    """A date and time in the house's own form, for lists: ``05/12/22, 7:45 a.m. ET``.

    Without ``zone`` in the offset of ``at``. With precision "day" the date alone, of ``at`` in its
    own zone; "" with precision "none".
    """
    template = style.templates["update"]
    if precision == "none":
        return ""
    if precision == "day":
        return _form(style, template.date).write(at)
    local = at.astimezone(zone) if zone else at
    clock = f"{_form(style, template.time).write(local)} {name_of(local, style.zone_names)}"
    return f"{_form(style, template.date).write(local)}, {clock}"


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


# --- reading back the lines that house styles write -----------------------------------------------

_SPACES = re.compile(r"(?:\\?[\s\u00a0\u202f])+")

_APOSTROPHE = re.compile(r"['’]")

_ZONE = r"(?:UTC[+-][0-9]{1,2}(?::[0-9]{2})?|[^\W\d_][^\d:;,()\n]{0,40}?)"
_WRAPPERS = (("***", "***"), ("**", "**"), ("*", "*"), ("___", "___"), ("__", "__"), ("_", "_"))
_LONGEST = 20_000  # no note is longer; a longer paragraph is not searched


def recognise(style: Style, text: str, as_of: date | None = None) -> FoundNote | None:
    """The note that this line tells, if it is one that the house's templates write.

    ``as_of`` is the day on which the text stood: it gives the year to a date without one.
    Offsets are in ``text``. None for anything that no template of this style writes.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > _LONGEST:
        return None
    opening = plain_start(stripped)
    begun = openings(style)
    if not opening.startswith(begun) and not opening.lstrip("*_").startswith(begun):
        return None  # almost every paragraph ends here
    start = text.index(stripped)
    for words in _unwrapped(one_line(stripped)):
        opening = plain_start(words)
        for known in forms(style):
            if not opening.startswith(known.opening):
                continue
            match = _expression(style, known).fullmatch(words)
            found = match and _found(style, known, match.groupdict(), as_of)
            if found:
                return found._replace(start=start, end=start + len(stripped))
    return None


def _unwrapped(words: str) -> Iterator[str]:
    yield words
    for opening, closing in _WRAPPERS:
        if (
            words.startswith(opening)
            and words.endswith(closing)
            and len(words) > 2 * len(opening)
            and words[len(opening)] != opening[0]
        ):
            yield words[len(opening) : -len(closing)]


@cache
def _expression(style: Style, known: Form) -> re.Pattern[str]:
    template = known.template
    dates, clock = (_form(style, each).expression() for each in (template.date, template.time))
    patterns = {
        "label": _literal(template.label),
        "date": f"(?P<date>{dates})",
        "time": f"(?P<time>{clock})",
        "zone": f"(?P<zone>{_ZONE})",
        "story_date": dates,
        "text": r"(?P<text>\S.*)",
        "rest": r"(?P<rest>[ ,].*\S|\.)" if template.full_stop else r"(?P<rest>[ ,].*\S|)",
    }
    pattern = _literal(known.words[0]) + "".join(
        patterns[place] + _literal(after)
        for place, after in zip(known.places, known.words[1:], strict=True)
    )
    return re.compile(pattern, re.DOTALL)


def _literal(words: str) -> str:
    """The words as an expression: apostrophes straight or curly, spaces of any width."""
    escaped = re.escape(words)
    escaped = _APOSTROPHE.sub("['’]", escaped)
    return _SPACES.sub(lambda _: r"[ \u00a0\u202f]+", escaped)


def _found(
    style: Style, known: Form, groups: dict[str, str | None], as_of: date | None
) -> FoundNote | None:
    template, woven = known.template, known.woven
    day = clock = None
    written_date, written_time = groups.get("date"), groups.get("time")
    if written_date:
        day = _form(style, template.date).read_date(written_date, as_of)
        if day is None and (as_of is not None or "y" in template.date):
            return None  # 02/30/22 is no date, so this is no line of ours
    if written_time:
        clock = _form(style, template.time).read_time(written_time)
        if clock is None:
            return None
    if woven and day is None and not _goes_on(style, groups["rest"] or ""):
        return None  # "This article was amended by the council": a sentence of the article
    words = f"{template.lead}{groups['rest']}" if woven else groups["text"] or ""
    if not template.full_stop and not re.search(r"[.!?…。！？؟।][\"'”’»›)\]]*$", words):
        words += "."
    return FoundNote(
        kind=template.kind,
        text=plain_words(from_neutral(words)),
        label=template.label if _is_labeled(known) else "",
        date=day,
        time=clock,
        zone=groups.get("zone"),
        start=0,
        end=0,
        position=template.position,
    )


def _is_labeled(known: Form) -> bool:
    """Whether the line shows the template's label, in its place or written into the layout."""
    return "label" in known.places or known.template.label.casefold() in known.words[0].casefold()


def _goes_on(style: Style, rest: str) -> bool:
    """Whether what follows the lead goes on as notes do: "to add …", "with …", or not at all."""
    if rest in ("", "."):
        return True
    words = language(style.locale).lead_words
    return any(rest.startswith(f"{joined_by}{word} ") for word, joined_by in words.items())
