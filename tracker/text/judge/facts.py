"""Facts in a passage: numbers, dates, names, negations, modality and attribution.

Each fact has a key under which the same fact in another form is equal: 1,500 and 1500, six and 6,
6 p.m. and 18:00, Sept. 5 and September 5. The keys are compared, never the spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache

from tracker.text.judge.numbers import number
from tracker.text.judge.seen import Fact, Reading, opens_sentence
from tracker.text.lexicon import Lexicon, known


def negation(reading: Reading, place: int) -> Fact | None:
    """A word that turns a statement round: not, n't, never, without."""
    word = reading.fold(place)
    lexicon = reading.lexicon
    if word == "no" and reading.fold(place + 1) == "." and lexicon.language == "en":
        step = place + 2
        if step < len(reading.tokens) and reading.tokens[step].kind == "number":
            return None
    if word in lexicon.negations:
        key = "not" if word == "cannot" else word
        return Fact("negation", ("negation", key), place, place + 1)
    if word.endswith("n't") and lexicon.language == "en":
        return Fact("negation", ("negation", "not"), place, place + 1)
    return None


def modality(reading: Reading, place: int) -> Fact | None:
    """A word that says how certain, how allowed, how often: could, will, allegedly, convicted."""
    token = reading.tokens[place]
    word = reading.fold(place)
    lexicon = reading.lexicon
    read_as = lexicon.modality.get(word)
    if word == "can" and reading.fold(place - 1) == "you":
        return None  # "You can read more": an invitation
    if word.endswith("'ll") and lexicon.language == "en":
        read_as = "will"
    elif word.endswith("'d") and lexicon.language == "en":
        read_as = "would"
    elif word.endswith("n't") and lexicon.language == "en":
        read_as = lexicon.modality.get({"won't": "will", "can't": "can"}.get(word, word[:-3]))
    elif word == "cannot":
        read_as = lexicon.modality.get("can")
    if read_as is None or (word == "may" and token.text[0].isupper() and not token.line and place):
        return None
    return Fact("modality", ("modality", read_as), place, place + 1)


_SPEAKERS = frozenset(
    ["he", "she", "they", "it", "we", "i", "who", "you", "which", "sources", "source", "report"]
)


def attribution(reading: Reading, place: int) -> Fact | None:
    """A verb that says who said it, beside a speaker or a quotation."""
    word = reading.fold(place)
    lexicon = reading.lexicon
    if word not in lexicon.attribution or reading.tokens[place].kind != "word":
        return None
    before = reading.tokens[place - 1] if place else None
    after = reading.tokens[place + 1] if place + 1 < len(reading.tokens) else None
    beside = (
        (before is not None and (before.kind == "quote" or before.fold in _SPEAKERS
            or before.fold == "," or before.text[0].isupper()))
        or (after is not None and (after.kind in ("quote", "mark") or after.fold in ("that", "to")))
    )  # fmt: skip
    if not beside:
        return None
    key = "say" if word in lexicon.neutral else stem(word)
    return Fact("attribution", ("attribution", key), place, place + 1)


def stem(word: str) -> str:
    """Return a word without the commonest English endings; enough to join says and said."""
    for ending in ("ies", "ied", "es", "ed", "ing", "s", "d", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            base = word[: -len(ending)]
            if ending in ("ed", "ing") and len(base) > 3 and base[-1] == base[-2]:
                base = base[:-1]
            return base.removesuffix("e") if ending not in ("ies", "ied") else base + "y"
    return word


# --- dates and times of day, in the usual orders and forms of six languages -----------------------


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


# --- names of persons, places and bodies, by their capitals and their company ---------------------


def is_name(reading: Reading, place: int) -> bool:
    """Tell whether the word at a place is part of a name, by its capital and its company."""
    token = reading.tokens[place]
    if token.kind != "word" or not token.text[0].isupper():
        return False
    if (
        len(token.text) == 1
        and reading.fold(place + 1) == "-"
        and reading.fold(place + 2)[:1].isdecimal()
    ):
        return False  # a code: M-13-10
    word = reading.fold(place)
    lexicon = reading.lexicon
    base = word.split("'")[0] if word.split("'")[0] in lexicon.function else word
    base = base.removesuffix("'s").removesuffix("'")
    if base in lexicon.function or base in lexicon.titles or base in ("i", "i'm", "i'll", "i've"):
        following = reading.fold(place + 1)
        if base in lexicon.titles and following in lexicon.institutions:
            return reading.tokens[place + 1].text[0].isupper()  # General Services Administration
        return base == "us" and token.text == "US"
    if base in lexicon.months or base in lexicon.weekdays or base in lexicon.relative:
        return False
    if len(token.text) > 1 and token.text.isupper() and len(token.text) <= 6:
        return True
    if not opens_sentence(reading.tokens, place):
        if lexicon.language == "de":
            return _german_name(reading, place)
        if lexicon.language == "en" and known(base) and _title_case(reading, place):
            return known(base.capitalize()) and not reading.usage.lower(base)
        return base not in lexicon.soft or reading.usage.inside(token.text)
    if reading.usage.lower(base) or base in lexicon.soft or base in lexicon.modality:
        return False
    if reading.usage.inside(token.text):
        return True
    if lexicon.language == "en":
        return not known(base) or known(base.capitalize())
    return len(base) > 2 and lexicon.language != "de"


def _german_name(reading: Reading, place: int) -> bool:
    """German writes every noun with a capital: a name needs a second one, or a title, beside it."""
    for step in (place - 1, place + 1):
        if 0 <= step < len(reading.tokens):
            token = reading.tokens[step]
            if token.kind == "word" and (
                reading.fold(step) in reading.lexicon.titles
                or (token.text[0].isupper() and not opens_sentence(reading.tokens, step))
            ):
                return True
    before = reading.fold(place - 1)
    return before in ("in", "aus", "nach", "von", "bei") and not reading.usage.lower(
        reading.fold(place)
    )


_LONGEST_TITLE = 14


def _title_case(reading: Reading, place: int) -> bool:
    """Tell whether a word stands in a heading or title whose words all have capitals."""
    tokens = reading.tokens
    first = place
    while first > 0 and not tokens[first].line and place - first < _LONGEST_TITLE:
        first -= 1
    if first and not tokens[first].line:
        return False
    if first not in reading.titles:
        reading.titles[first] = _all_capitals(reading, first)
    return reading.titles[first]


def _all_capitals(reading: Reading, first: int) -> bool:
    tokens = reading.tokens
    words = []
    for step in range(first, min(first + 2 * _LONGEST_TITLE, len(tokens))):
        if step > first and (tokens[step].line or tokens[step].text in (".", "?", "!")):
            break
        if tokens[step].kind == "word" and reading.fold(step) not in reading.lexicon.function:
            words.append(tokens[step].text[0].isupper() or len(tokens[step].text) <= 3)
    return len(words) >= 3 and all(words)


_PARTICLES = frozenset(
    [
        "de",
        "da",
        "di",
        "du",
        "la",
        "le",
        "van",
        "von",
        "der",
        "den",
        "bin",
        "ibn",
        "al",
        "of",
        "the",
        "del",
        "y",
        "dos",
        "das",
    ]
)


def name(reading: Reading, place: int) -> Fact | None:
    """A person, place or body: capitalized words in a row, joined by particles."""
    tokens = reading.tokens
    if not is_name(reading, place):
        return None
    words: list[str] = []
    after = place
    while after < len(tokens) and after - place < 12:
        if is_name(reading, after):
            words.append(reading.fold(after).removesuffix("'s").removesuffix("'"))
            after += 1
        elif (
            tokens[after].fold in "-."
            and reading.glued(after)
            and after + 1 < len(tokens)
            and (reading.glued(after + 1) or len(tokens[after - 1].text) == 1)
            and is_name(reading, after + 1)
        ):
            after += 1
        elif (
            reading.fold(after) in _PARTICLES
            and after + 1 < len(tokens)
            and not tokens[after + 1].line
        ):
            step = after + 1
            if reading.fold(step) in _PARTICLES and step + 1 < len(tokens):
                step += 1
            if not is_name(reading, step) or reading.fold(after) == "the":
                break
            after = step
        else:
            break
        if after < len(tokens) and tokens[after].line:
            break
    return Fact("name", ("name", *words), place, after)


# --- all of them ---------------------------------------------------------------------------------

Recognizer = Callable[[Reading, int], Fact | None]

RECOGNIZERS: tuple[Recognizer, ...] = (
    date, time, number, negation, attribution, modality, name,
)  # fmt: skip
"""In this order: what an earlier one takes, a later one does not see."""


@cache
def triggers(lexicon: Lexicon) -> dict[str, tuple[Recognizer, ...]]:
    """Return which recognizers have to look at a word; at all others a name alone may begin."""
    dated = {*lexicon.months, *lexicon.weekdays, *lexicon.relative, *lexicon.clock}
    dated.update(lexicon.shifters)
    counted = {phrase[0] for phrase in lexicon.qualifiers} | {"a", "an", "us", "ca"}
    counted.update(lexicon.numbers, lexicon.scales, lexicon.ordinals, lexicon.vague)
    counted.update(lexicon.quantifiers)
    starts: dict[Recognizer, Collection[str]] = {
        date: dated,
        time: lexicon.clock,
        number: counted,
        negation: lexicon.negations,
        attribution: lexicon.attribution,
        modality: lexicon.modality,
    }
    return {
        word: (*(one for one in RECOGNIZERS if word in starts.get(one, ())), name)
        for word in set().union(*starts.values())
    }


def find_facts(reading: Reading) -> list[Fact]:
    """Return the facts of a passage in order, none overlapping another."""
    found: list[Fact] = []
    wanted = triggers(reading.lexicon)
    of_names = (name,)
    tokens, folds = reading.tokens, reading.folds
    size = len(tokens)
    place = 0
    while place < size:
        token = tokens[place]
        if token.kind == "quote" or (token.kind == "mark" and token.text in ".,;:!?()"):
            place += 1
            continue
        recognizers = RECOGNIZERS
        if token.kind == "word" and "'" not in token.text:
            following = tokens[place + 1] if place + 1 < size else None
            if following is None or following.kind != "number":
                # Only with digits, or with a sign beside it, may a word be part of an identifier.
                recognizers = wanted.get(folds[place], of_names)
                if recognizers is of_names and token.text[0].islower():
                    place += 1
                    continue
                if following is not None and following.start == token.end:
                    recognizers = RECOGNIZERS
        fact = None
        for recognize in recognizers:
            fact = recognize(reading, place)
            if fact is not None:
                break
        if fact is None:
            place += 1
        else:
            found.append(fact)
            # "couldn't" is two facts in one word.
            word = reading.fold(place)
            if fact.kind == "negation" and (word.endswith("n't") or word == "cannot"):
                second = modality(reading, place)
                if second is not None:
                    found.append(second)
            place = max(fact.last, place + 1)
    return found
