"""Reading back the lines that house styles write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache

from tracker.house.patterns import pattern_expression, read_pattern_date, read_pattern_time
from tracker.house.plain import plain
from tracker.house.template import (
    Style,
    Template,
    form,
    from_neutral,
    known_places,
    one_line,
)
from tracker.model import KINDS, FoundNote, Precision

_ZONE = r"(?:UTC[+-][0-9]{1,2}(?::[0-9]{2})?|[^\W\d_][^\d:;,()\n]{0,40}?)"
_WRAPPERS = (("***", "***"), ("**", "**"), ("*", "*"), ("___", "___"), ("__", "__"), ("_", "_"))
_LONGEST = 20_000  # no note is longer; a longer paragraph is not searched
_LEVELS: tuple[Precision, ...] = ("minute", "day", "none")


def recognise(style: Style, text: str, as_of: date | None = None) -> FoundNote | None:
    """The note that this line tells, if it is one that the house's templates write.

    ``as_of`` is the day on which the text stood: it gives the year to a date without one.
    Offsets are in ``text``. None for anything that no template of this style writes.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > _LONGEST:
        return None
    start = text.index(stripped)
    for words in _unwrapped(one_line(stripped)):
        for template, woven, expression in _expressions(style):
            match = expression.fullmatch(words)
            found = match and _found(style, template, woven, match.groupdict(), as_of)
            if found:
                return replace(found, start=start, end=start + len(stripped))
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
def _expressions(style: Style) -> tuple[tuple[Template, bool, re.Pattern[str]], ...]:
    """Every form of every template as an expression, those with the most fixed words first."""
    found: dict[str, tuple[int, Template, bool]] = {}
    for kind in KINDS:
        template = style.templates[kind]
        for woven in (True, False):
            layouts = template.lead_layouts if woven else template.layouts
            if not layouts or (woven and not template.lead):
                continue
            for precision in _LEVELS:
                for story_date in (True, False):
                    known = known_places(precision, story_date, woven)
                    words, wanted = form(layouts, known)
                    expression = _expression(style, template, words, wanted)
                    fixed = "".join(words) + (template.label if "label" in wanted else "")
                    if any(character.isalnum() for character in fixed):
                        weight = len(wanted) * 1000 + len(fixed)
                        found.setdefault(expression, (weight, template, woven))
    ordered = sorted(found.items(), key=lambda item: -item[1][0])
    return tuple(
        (template, woven, re.compile(expression, re.DOTALL))
        for expression, (_, template, woven) in ordered
    )


def _expression(style: Style, template: Template, words: list[str], wanted: list[str]) -> str:
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
    return _literal(words[0]) + "".join(
        patterns[place] + _literal(after) for place, after in zip(wanted, words[1:], strict=True)
    )


def _literal(words: str) -> str:
    """The words as an expression: apostrophes straight or curly, spaces of any width."""
    escaped = re.escape(words)
    escaped = re.sub(r"['’]", "['’]", escaped)
    return re.sub(r"(?:\\?[\s\u00a0\u202f])+", lambda _: r"[ \u00a0\u202f]+", escaped)


def _found(
    style: Style,
    template: Template,
    woven: bool,
    groups: dict[str, str | None],
    as_of: date | None,
) -> FoundNote | None:
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
    words = f"{template.lead}{groups['rest']}" if woven else groups["text"] or ""
    if not template.full_stop and not re.search(r"[.!?…。！？؟।][\"'”’»›)\]]*$", words):
        words += "."
    unlabeled = woven and "{label}" not in template.lead_layouts[0]
    return FoundNote(
        kind=template.kind,
        text=plain(from_neutral(words)),
        label="" if unlabeled else template.label,
        date=day,
        time=clock,
        zone=groups.get("zone"),
        start=0,
        end=0,
        position=template.position,
    )
