"""Reading back the lines that house styles write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import product
from typing import NamedTuple

from tracker.house.dates.format import pattern_expression, read_pattern_date, read_pattern_time
from tracker.house.language import language
from tracker.house.plain import plain
from tracker.house.style import Style, Template, form, from_neutral, known_places, one_line
from tracker.model import KINDS, FoundNote, Precision

_SPACES = re.compile(r"(?:\\?[\s\u00a0\u202f])+")

_APOSTROPHE = re.compile(r"['’]")

_ZONE = r"(?:UTC[+-][0-9]{1,2}(?::[0-9]{2})?|[^\W\d_][^\d:;,()\n]{0,40}?)"
_WRAPPERS = (("***", "***"), ("**", "**"), ("*", "*"), ("___", "___"), ("__", "__"), ("_", "_"))
_LONGEST = 20_000  # no note is longer; a longer paragraph is not searched
_LEVELS: tuple[Precision, ...] = ("minute", "day", "none")
_VARIANTS = ((True, False), _LEVELS, (True, False))  # woven, precision, story date known


def recognise(style: Style, text: str, as_of: date | None = None) -> FoundNote | None:
    """The note that this line tells, if it is one that the house's templates write.

    ``as_of`` is the day on which the text stood: it gives the year to a date without one.
    Offsets are in ``text``. None for anything that no template of this style writes.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > _LONGEST:
        return None
    opening = _plain_start(stripped)
    openings = _openings(style)
    if not opening.startswith(openings) and not opening.lstrip("*_").startswith(openings):
        return None  # almost every paragraph ends here
    start = text.index(stripped)
    for words in _unwrapped(one_line(stripped)):
        opening = _plain_start(words)
        for known in _forms(style):
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


class _Form(NamedTuple):
    """One way in which a template can write a line."""

    template: Template
    woven: bool  # the text begins with the lead, and the date may stand inside it
    words: tuple[str, ...]
    places: tuple[str, ...]
    opening: str  # the fixed words at the start, to compare before anything is compiled


@cache
def _forms(style: Style) -> tuple[_Form, ...]:
    """Every form of every template, those with the most places and fixed words first."""
    found: dict[tuple[object, ...], tuple[int, _Form]] = {}
    for kind, woven, precision, story_date in product(KINDS, *_VARIANTS):
        template = style.templates[kind]
        layouts = template.lead_layouts if woven else template.layouts
        if not layouts or (woven and not template.lead):
            continue
        words, wanted = form(layouts, known_places(precision, story_date, woven))
        fixed = "".join(words) + (template.label if "label" in wanted else "")
        if not any(character.isalnum() for character in fixed):
            continue  # any text at all would be of this form
        start = words[0] + (template.label + words[1] if wanted[0] == "label" else "")
        key = (start, *words[1:], *wanted, template.date, template.time)
        made = _Form(template, woven, tuple(words), tuple(wanted), _plain_start(start).rstrip())
        found.setdefault(key, (len(wanted) * 1000 + len(fixed), made))
    return tuple(made for _, made in sorted(found.values(), key=lambda pair: -pair[0]))


@cache
def _openings(style: Style) -> tuple[str, ...]:
    return tuple({known.opening for known in _forms(style)})


def _plain_start(words: str) -> str:
    return " ".join(words[:100].replace("’", "'").split())


@cache
def _expression(style: Style, known: _Form) -> re.Pattern[str]:
    template = known.template
    dates = pattern_expression(template.date, language_code=style.locale, months=style.months)
    clock = pattern_expression(
        template.time, language_code=style.locale, day_periods=style.day_periods
    )
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
    style: Style, known: _Form, groups: dict[str, str | None], as_of: date | None
) -> FoundNote | None:
    template, woven = known.template, known.woven
    day = clock = None
    written_date, written_time = groups.get("date"), groups.get("time")
    if written_date:
        day = read_pattern_date(
            written_date,
            template.date,
            language_code=style.locale,
            months=style.months,
            as_of=as_of,
        )
        if day is None and (as_of is not None or "y" in template.date):
            return None  # 02/30/22 is no date, so this is no line of ours
    if written_time:
        clock = read_pattern_time(
            written_time,
            template.time,
            language_code=style.locale,
            day_periods=style.day_periods,
        )
        if clock is None:
            return None
    if woven and day is None and not _goes_on(style, groups["rest"] or ""):
        return None  # "This article was amended by the council": a sentence of the article
    words = f"{template.lead}{groups['rest']}" if woven else groups["text"] or ""
    if not template.full_stop and not re.search(r"[.!?…。！？؟।][\"'”’»›)\]]*$", words):
        words += "."
    return FoundNote(
        kind=template.kind,
        text=plain(from_neutral(words)),
        label=template.label if _is_labeled(known) else "",
        date=day,
        time=clock,
        zone=groups.get("zone"),
        start=0,
        end=0,
        position=template.position,
    )


def _is_labeled(known: _Form) -> bool:
    """Whether the line shows the template's label, in its place or written into the layout."""
    return "label" in known.places or known.template.label.casefold() in known.words[0].casefold()


def _goes_on(style: Style, rest: str) -> bool:
    """Whether what follows the lead goes on as notes do: "to add …", "with …", or not at all."""
    if rest in ("", "."):
        return True
    words = language(style.locale).lead_words
    return any(rest.startswith(f"{joined_by}{word} ") for word, joined_by in words.items())
