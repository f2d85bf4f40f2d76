"""Dates and times of day, in the usual orders and forms of six languages."""

from __future__ import annotations

from tracker.text.judge.facts.reading import Fact, Reading


def _clock(reading: Reading, place: int) -> tuple[int | None, int]:
    """Read a time of day: minutes after midnight, and the next place."""
    tokens, lexicon = reading.tokens, reading.lexicon
    token = tokens[place]
    half = lexicon.clock.get(reading.fold(place))
    if half in ("noon", "midnight"):
        return (720 if half == "noon" else 0), place + 1
    if token.kind != "number":
        return None, place
    parts = token.fold.replace(".", ":").split(":")
    if len(parts) > 2 or not all(part.isdigit() for part in parts) or len(parts[0]) > 2:
        return None, place
    hour = int(parts[0])
    minute = int(parts[1]) if len(parts) == 2 and len(parts[1]) == 2 else 0
    if len(parts) == 2 and len(parts[1]) != 2:
        return None, place
    after = place + 1
    if reading.fold(after) == "h" and lexicon.language == "fr":
        after += 1
        if after < len(tokens) and tokens[after].kind == "number" and reading.glued(after):
            minute = int(tokens[after].fold) if tokens[after].fold.isdigit() else 0
            after += 1
        return (hour * 60 + minute if hour < 25 and minute < 60 else None), after
    marker = lexicon.clock.get(reading.fold(after), "")
    if marker in ("am", "pm") and 1 <= hour <= 12 and minute < 60:
        hour = hour % 12 + (12 if marker == "pm" else 0)
        return hour * 60 + minute, after + 1
    if marker == "oclock" and hour < 25:
        return hour * 60 + minute, after + 1
    if ":" in token.fold and hour < 25 and minute < 60:
        return hour * 60 + minute, after
    return None, place


def time(reading: Reading, place: int) -> Fact | None:
    """A time of day with its zone: 6 p.m. ET, 18:00, 18 Uhr, 18h30, noon."""
    minutes, after = _clock(reading, place)
    if minutes is None:
        return None
    zone = ""
    if reading.fold(after) in reading.lexicon.zones:
        zone = reading.fold(after)
        after += 1
    return Fact("date", ("time", minutes % 1440, zone), place, after)


def _month(reading: Reading, place: int) -> int:
    token = reading.tokens[place] if place < len(reading.tokens) else None
    if token is None or token.kind != "word":
        return 0
    if reading.lexicon.language == "en" and not token.text[0].isupper():
        return 0
    month = reading.lexicon.months.get(reading.fold(place), 0)
    # "May" opens many questions, "mars" is a planet: only next to a day or year is it certain,
    # but a capital inside a sentence will do.
    if month and reading.fold(place) in ("may", "march", "mar", "sept", "dec", "mai", "mars"):
        near = [
            reading.tokens[step].kind == "number"
            for step in (place - 1, place + 1, place + 2)
            if 0 <= step < len(reading.tokens)
        ]
        if not any(near) and (token.line or place == 0 or reading.fold(place - 1) in ".!?"):
            return 0
    return month


def _day(reading: Reading, place: int) -> tuple[int, int]:
    if place < 0 or place >= len(reading.tokens) or reading.tokens[place].kind != "number":
        return 0, place
    shown = reading.tokens[place].fold
    if not shown.isdecimal() or len(shown) > 2 or not 1 <= int(shown) <= 31:
        return 0, place
    after = place + 1
    if reading.glued(after) and reading.fold(after) in ("st", "nd", "rd", "th", "er", "."):
        after += 1
    return int(shown), after


def _year(reading: Reading, place: int) -> tuple[int, int]:
    step = place
    if reading.fold(step) in (",", "de", "del"):
        step += 1
    if step < len(reading.tokens) and reading.tokens[step].kind == "number":
        shown = reading.tokens[step].fold
        if shown.isdecimal() and len(shown) == 4 and 1000 <= int(shown) <= 2199:
            return int(shown), step + 1
    return 0, place


Parts = list[tuple[str, object]]


def date(reading: Reading, place: int) -> Fact | None:
    """A date: weekday, day, month and year in any of their usual orders, or a word like today."""
    start = place
    parts: Parts = []
    if (
        reading.fold(place) in reading.lexicon.shifters
        and place + 1 < len(reading.tokens)
        and _is_time_word(reading, place + 1)
    ):
        parts.append(("shift", reading.fold(place)))
        place += 1
    place = _read_weekday(reading, place, parts)
    numeric = _numeric_date(reading, place)
    if numeric:
        parts += numeric
        place += _numeric_length(reading, place)
    else:
        place = _read_day(reading, place, parts)
    if place == start or (parts and parts[-1][0] == "shift"):
        word = reading.fold(place)
        if word in reading.lexicon.relative:
            parts.append(("relative", reading.lexicon.relative[word]))
            place += 1
        elif parts:
            parts.append(("word", _singular(word)))
            place += 1
    if place == start:
        return None
    return Fact("date", ("date", *sorted(parts, key=str)), start, place)


def _read_weekday(reading: Reading, place: int, parts: Parts) -> int:
    weekday = _weekday(reading, place)
    if not weekday:
        return place
    parts.append(("weekday", weekday))
    place += 1
    if reading.fold(place) == "." and len(reading.tokens[place - 1].text) < 5:
        place += 1
    # "Tuesday, Sept. 5" is one date; "Tuesday, the council" is not.
    step = place + 1 if reading.fold(place) in (",", "the", "den", "le") else place
    day, after = _day(reading, step)
    if _month(reading, step) or (day and _month(reading, _skip_of(reading, after))):
        return step
    return place


def _read_day(reading: Reading, place: int, parts: Parts) -> int:
    """Read "Sept. 5, 2024" or "5 September 2024"; return the next place."""
    month = _month(reading, place)
    if month:
        parts.append(("month", month))
        place = _skip_point(reading, place + 1)
        day, after = _day(reading, place)
        if day and reading.fold(after) not in reading.lexicon.clock:
            parts.append(("day", day))
            place = after
    else:
        day, after = _day(reading, place)
        after = _skip_of(reading, after)
        month = _month(reading, after) if day else 0
        if not month:
            return place
        parts += [("day", day), ("month", month)]
        place = _skip_point(reading, after + 1)
    year, place = _year(reading, place)
    if year:
        parts.append(("year", year))
    return place


def _skip_point(reading: Reading, place: int) -> int:
    return place + 1 if reading.fold(place) == "." and reading.glued(place) else place


def _skip_of(reading: Reading, place: int) -> int:
    return place + 1 if reading.fold(place) in ("of", "de", "del") else place


_TIME_UNITS = frozenset({"day", "week", "month", "year", "decade", "century", "hour"})


def _singular(word: str) -> str:
    return word.removesuffix("s")


def _is_time_word(reading: Reading, place: int) -> bool:
    word = reading.fold(place)
    return (
        _weekday(reading, place) > 0
        or _month(reading, place) > 0
        or word in reading.lexicon.relative
        or reading.lexicon.units.get((word,)) in _TIME_UNITS
    )


def _weekday(reading: Reading, place: int) -> int:
    if place >= len(reading.tokens):
        return 0
    found = reading.lexicon.weekdays.get(reading.fold(place).removesuffix("'s"), 0)
    shown = reading.tokens[place].text
    return found if found and (reading.lexicon.language != "en" or shown[0].isupper()) else 0


def _numeric_length(reading: Reading, place: int) -> int:
    token = reading.tokens[place]
    return 1 if "/" in token.fold or token.fold.count(".") == 2 else 5


def _numeric_date(reading: Reading, place: int) -> tuple[tuple[str, object], ...]:
    """Read 2024-05-01, 1/5/2024 or 1.5.2024; the order of day and month is left as written."""
    if place >= len(reading.tokens) or reading.tokens[place].kind != "number":
        return ()
    shown = reading.tokens[place].fold
    for sign in "/.":
        parts = shown.split(sign)
        if len(parts) == 3 and all(part.isdecimal() and len(part) <= 4 for part in parts):
            one, two, three = (int(part) for part in parts)
            if len(parts[0]) == 4 and two <= 12 and three <= 31:
                return ("day", three), ("month", two), ("year", one)
            if (
                len(parts[2]) in (2, 4)
                and 1 <= one <= 31
                and 1 <= two <= 31
                and (one <= 12 or two <= 12)
            ):
                if sign == "." and len(parts[2]) == 4 and two <= 12:
                    return ("day", one), ("month", two), ("year", three)
                if sign == "/":
                    return (("written", (one, two, three)),)
    tokens = reading.tokens[place : place + 5]
    if (
        len(tokens) == 5
        and len(shown) == 4
        and shown.isdecimal()
        and tokens[1].fold in "-‐–"
        and tokens[3].fold in "-‐–"
        and all(reading.glued(place + step) for step in range(1, 5))
        and tokens[2].fold.isdecimal()
        and tokens[4].fold.isdecimal()
        and 1 <= int(tokens[2].fold) <= 12
        and 1 <= int(tokens[4].fold) <= 31
    ):
        return ("day", int(tokens[4].fold)), ("month", int(tokens[2].fold)), ("year", int(shown))
    return ()
