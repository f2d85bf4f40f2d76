"""Facts in a passage: numbers, dates, names, negations, modality and attribution.

Each fact has a key under which the same fact in another form is equal: 1,500 and 1500, six and 6,
6 p.m. and 18:00, Sept. 5 and September 5. The keys are compared, never the spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from tracker.text.lexicon import Lexicon, known
from tracker.text.surface import Token

FactKind = Literal["number", "date", "name", "negation", "modality", "attribution"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact in a passage."""

    kind: FactKind
    key: tuple[object, ...]  # equal for the same fact in another form
    first: int  # indexes into the passage's seen tokens, half-open
    last: int
    weak: bool = False  # an article in many languages ("ein", "une"), or "one": a number only
    #                     where a number stands against it


@dataclass(frozen=True, slots=True)
class Reading:
    """What a recognizer sees: the tokens, the word lists, and what is known of the article."""

    tokens: Sequence[Token]
    lexicon: Lexicon
    lowercase: Collection[str]  # words that the article has in lower case, in either version
    midnames: Collection[str]  # capitalized words that stand inside sentences, casefolded

    def fold(self, place: int) -> str:
        """Return the word at a place, without the dots of an abbreviation; "" past the ends."""
        if 0 <= place < len(self.tokens):
            return self.tokens[place].fold.rstrip(".") or self.tokens[place].fold
        return ""

    def glued(self, place: int) -> bool:
        """Tell whether the token at a place follows the one before it without a space."""
        return (
            0 < place < len(self.tokens) and self.tokens[place].start == self.tokens[place - 1].end
        )

    def phrase(self, words: Collection[tuple[str, ...]], place: int) -> int:
        """Return how many tokens from ``place`` on are one of the phrases (the longest), or 0."""
        for length in (4, 3, 2, 1):
            if tuple(self.fold(place + step) for step in range(length)) in words:
                return length
        return 0


_CURRENCIES = {
    "$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₴": "hryvnia", "₽": "ruble",
    "₹": "rupee", "₩": "won", "₺": "lira", "₪": "shekel",
}  # fmt: skip
_HAN = dict(zip("〇零一二三四五六七八九十百千万億亿兆两", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
            100, 1000, 10**4, 10**8, 10**8, 10**12, 2), strict=True))  # fmt: skip
_LETTER_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9, "bn": 10**9, "tn": 10**12, "mm": 10**6}


def _value(shown: str, lexicon: Lexicon) -> Decimal | None:
    """Return the value of digits with separators, or None for what is no plain number."""
    for space in "\u00a0\u202f\u2009'’":
        shown = shown.replace(space, "")
    decimal, thousands = lexicon.decimal, lexicon.thousands
    groups = shown
    for sign in thousands:
        parts = groups.split(sign)
        if (
            len(parts) > 1
            and len(parts[0]) <= 3
            and all(len(part.split(decimal)[0]) == 3 for part in parts[1:])
        ):
            groups = "".join(parts)
    if decimal != ".":
        groups = groups.replace(".", "\x00").replace(decimal, ".")
    try:
        # Digits of every script count; Decimal reads them all.
        return Decimal(groups).normalize()
    except InvalidOperation:
        return None


def _digits(reading: Reading, place: int) -> tuple[Decimal | None, str, int]:
    """Read digits at a place: value (None for versions and the like), raw text, next place."""
    token = reading.tokens[place]
    shown, after = token.fold, place + 1
    spaced = reading.lexicon.language in ("fr", "es", "uk", "ru", "de", "")
    if spaced and len(shown) <= 3:
        # 1 500: thousands parted by plain spaces.
        while (
            after < len(reading.tokens)
            and reading.tokens[after].kind == "number"
            and len(reading.tokens[after].fold.split(",")[0]) == 3
            and reading.tokens[after].start == reading.tokens[after - 1].end + 1
        ):
            shown += reading.tokens[after].fold
            after += 1
    return _value(shown, reading.lexicon), shown, after


def _spelled(reading: Reading, place: int) -> tuple[Decimal | None, int]:
    """Read a number in words: twenty-one, two hundred and five, a million."""
    lexicon = reading.lexicon
    total = group = 0
    found = False
    while place < len(reading.tokens):
        word = reading.fold(place)
        if word in lexicon.numbers:
            value = lexicon.numbers[word]
            if found and not _continues(group, value):
                break
            group += value
        elif word in lexicon.scales and (found or word in ("hundert", "tausend", "mille", "mil",
                "сто", "тисяча", "тысяча", "cien", "ciento", "cent")):  # fmt: skip
            scale = lexicon.scales[word]
            if scale == 100:
                group = max(group, 1) * 100
            else:
                total += max(group, 1) * scale
                group = 0
        elif found and word in ("-", "and") and reading.fold(place + 1) in lexicon.numbers:
            if word == "and" and group % 100 != 0 or (word == "-" and not 20 <= group % 100):
                break
            place += 1
            continue
        else:
            break
        found = True
        place += 1
    return (Decimal(total + group) if found else None), place


def _continues(group: int, value: int) -> bool:
    """Tell whether a number word adds to what is read: twenty five, but not six seven."""
    tail = group % 100
    if group == 0:
        return False
    if tail == 0:
        return value < 100 and group >= 100
    return tail >= 20 and tail % 10 == 0 and value < 10


def _han(reading: Reading, place: int) -> tuple[Decimal | None, int]:
    total = group = digit = 0
    start = place
    while place < len(reading.tokens) and reading.tokens[place].text in _HAN:
        value = _HAN[reading.tokens[place].text]
        if value < 10:
            digit = digit * 10 + value
        elif value < 10**4:
            group += max(digit, 1) * value
            digit = 0
        else:
            total += max(group + digit, 1) * value
            group = digit = 0
        place += 1
    return (Decimal(total + group + digit) if place > start else None), place


def _identifier(reading: Reading, place: int) -> int:
    """Return where a name made of letters and digits ends (18F, COVID-19, v20.1.0), or 0."""
    tokens = reading.tokens
    token = tokens[place]
    after = place
    if token.kind == "word" and token.fold not in _CURRENCIES:
        step = place + 1
        if step < len(tokens) and tokens[step].fold in "-–" and reading.glued(step):
            step += 1
        if not (
            step < len(tokens)
            and tokens[step].kind == "number"
            and reading.glued(step)
            and (step == place + 1 or token.text.isupper() or tokens[place].text[0].isupper())
        ):
            return 0
        if token.fold in ("us", "usd", "eur", "a", "rs") and step == place + 1:
            return 0
        if token.fold in reading.lexicon.numbers or token.fold in reading.lexicon.months:
            return 0
        after = step + 1
    elif not (token.kind == "number" and place + 1 < len(tokens) and reading.glued(place + 1)):
        return 0
    elif tokens[place + 1].kind == "word":
        word = reading.fold(place + 1)
        lexicon = reading.lexicon
        if (
            (word,) in lexicon.units
            or word in lexicon.clock
            or word in lexicon.scales
            or word in _LETTER_SCALES
            or word in lexicon.ordinal_suffixes
            or word in lexicon.months
            or word in ("s", "h", "x")
            or len(reading.tokens[place + 1].text) > 3
            or _HAN.get(word) is not None
            or ord(word[0]) >= 0x2E80
        ):
            return 0
        after = place + 2
    else:
        return 0
    while after < len(tokens) and reading.glued(after) and after - place < 12:
        token = tokens[after]
        if token.kind == "number" or (token.kind == "word" and len(token.text) <= 3):
            after += 1
        elif (
            token.fold in "-–./_"
            and after + 1 < len(tokens)
            and reading.glued(after + 1)
            and tokens[after + 1].kind == "number"
        ):
            after += 2
        else:
            break
    return after


def number(reading: Reading, place: int) -> Fact | None:
    """A number with its currency, scale, unit and what bends it ("more than", "+")."""
    tokens, lexicon = reading.tokens, reading.lexicon
    start = place
    length = reading.phrase(lexicon.qualifiers, place)
    qualifier = ""
    if length:
        words = tuple(reading.fold(place + step) for step in range(length))
        qualifier = lexicon.qualifiers[words]
        place += length
    ends = _identifier(reading, place) if place < len(tokens) else 0
    if ends and not length:
        shown = "".join(token.fold for token in tokens[place:ends]).lstrip("v")
        return Fact("number", ("id", shown.replace("–", "-")), place, ends)
    unit = ""
    sign = ""
    if reading.fold(place) in ("us", "ca", "a") and reading.fold(place + 1) == "$":
        place += 1
    if reading.fold(place) in _CURRENCIES:
        unit = _CURRENCIES[reading.fold(place)]
        place += 1
    if place >= len(tokens):
        return None
    if (
        tokens[place].fold in "-−"
        and reading.glued(place + 1)
        and not reading.glued(place)
        and tokens[place + 1].kind == "number"
    ):
        sign = "-"
        place += 1
    at = place
    raw = ""
    value: Decimal | None
    spaced = False
    if tokens[place].kind == "number":
        value, raw, place = _digits(reading, place)
        spaced = place > at + 1
    elif tokens[place].text in _HAN and lexicon.language == "":
        value, place = _han(reading, place)
    else:
        value, place = _spelled(reading, place)
        if (
            value is None
            and reading.fold(place) in ("a", "an")
            and (reading.fold(place + 1) in lexicon.scales)
        ):
            value, place = Decimal(1), place + 1
    if value is None and not raw:
        return _other_number(reading, start, at, qualifier)
    spelled_one = not raw and value == 1 and place == at + 1
    # Scale: 1.5 million, $50M, 5 тис.
    word = reading.fold(place)
    if value is not None:
        shown_word = tokens[place].text if place < len(tokens) else ""
        if word in lexicon.scales:
            value *= lexicon.scales[word]
            place += 1
            spelled_one = False
        elif (
            raw
            and reading.glued(place)
            and word in _LETTER_SCALES
            and (unit or word == "k" or shown_word in ("M", "B", "bn", "tn"))
        ):
            value *= _LETTER_SCALES[word]
            place += 1
        elif value.is_finite() and len(lexicon.language) == 0 and shown_word in _HAN and raw:
            scale = _HAN[shown_word]
            if scale >= 100:
                value *= scale
                place += 1
    if (
        raw
        and reading.fold(place) in lexicon.ordinal_suffixes
        and (reading.glued(place) or (reading.fold(place) == "-" or reading.glued(place)))
    ):
        return Fact("number", ("ordinal", str(value)), start, place + 1)
    if reading.fold(place) == "+" and reading.glued(place):
        qualifier = qualifier or "more"
        place += 1
    if reading.fold(place) == "-" and reading.phrase(lexicon.units, place + 1):
        place += 1
    if reading.fold(place) in ("%", "٪", "％"):
        unit, place = "percent", place + 1
    elif reading.fold(place) in _CURRENCIES and not unit:
        unit, place = _CURRENCIES[reading.fold(place)], place + 1
    else:
        length = reading.phrase(lexicon.units, place)
        if length and not (unit and length == 1 and reading.fold(place) not in ("dollars",)):
            words = tuple(reading.fold(place + step) for step in range(length))
            unit, place = lexicon.units[words], place + length
            spelled_one = False
    shown = _plain(value) if value is not None else raw
    year = (
        bool(raw)
        and not spaced
        and not (unit or qualifier or sign)
        and raw.isdigit()
        and len(raw) == 4
        and 1500 <= int(raw) <= 2100
    )
    if year:
        if reading.fold(place) == "s" and reading.glued(place):
            return Fact("date", ("decade", shown), start, place + 1)
        return Fact("date", ("date", ("year", int(raw))), start, place)
    return Fact("number", ("number", sign + shown, unit, qualifier), start, place, weak=spelled_one)


def _plain(value: Decimal) -> str:
    # The exponent is bounded: a text may hold a number of a million digits.
    value = value.normalize()
    return format(value, "f") if -50 < int(value.adjusted()) < 50 else str(value)


def _other_number(reading: Reading, start: int, place: int, qualifier: str) -> Fact | None:
    lexicon = reading.lexicon
    word = reading.fold(place)
    if word in lexicon.ordinals and start == place:
        if word == "second" and reading.fold(place - 1) in lexicon.numbers:
            return None
        return Fact("number", ("ordinal", str(lexicon.ordinals[word])), place, place + 1)
    if word in lexicon.vague:
        key: tuple[object, ...] = ("vague", lexicon.vague[word], qualifier)
        return Fact("number", key, start, place + 1)
    return None


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


def date(reading: Reading, place: int) -> Fact | None:
    """A date: weekday, day, month and year in any of their usual orders, or a word like today."""
    tokens, lexicon = reading.tokens, reading.lexicon
    start = place
    parts: list[tuple[str, object]] = []
    if (
        reading.fold(place) in lexicon.shifters
        and place + 1 < len(tokens)
        and _is_time_word(reading, place + 1)
    ):
        parts.append(("shift", reading.fold(place)))
        place += 1
    weekday = _weekday(reading, place)
    if weekday:
        parts.append(("weekday", weekday))
        place += 1
        if reading.fold(place) == "." and place < len(tokens) and len(tokens[place - 1].text) < 5:
            place += 1
        step = place + 1 if reading.fold(place) in (",", "the", "den", "le") else place
        if _month(reading, step) or (
            _day(reading, step)[0] and _month(reading, _skip_of(reading, _day(reading, step)[1]))
        ):
            place = step
    numeric = _numeric_date(reading, place)
    if numeric:
        return Fact(
            "date", ("date", *parts, *numeric), start, place + _numeric_length(reading, place)
        )
    month = _month(reading, place)
    if month:
        place += 1
        if reading.fold(place) == "." and reading.glued(place):
            place += 1
        parts.append(("month", month))
        day, after = _day(reading, place)
        if day and not (after < len(tokens) and reading.fold(after) in lexicon.clock):
            parts.append(("day", day))
            place = after
        year, place = _year(reading, place)
        if year:
            parts.append(("year", year))
    else:
        day, after = _day(reading, place)
        after = _skip_of(reading, after)
        month = _month(reading, after) if day else 0
        if month:
            parts += [("day", day), ("month", month)]
            place = after + 1
            if reading.fold(place) == "." and reading.glued(place):
                place += 1
            year, place = _year(reading, place)
            if year:
                parts.append(("year", year))
    if place == start or (parts and parts[-1][0] == "shift"):
        word = reading.fold(place)
        if word in lexicon.relative and place < len(tokens):
            parts.append(("relative", lexicon.relative[word]))
            place += 1
        elif parts:
            parts.append(("word", _singular(word)))
            place += 1
    if place == start:
        return None
    return Fact("date", ("date", *sorted(parts, key=str)), start, place)


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


Recognizer = Callable[[Reading, int], Fact | None]


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


_SPEAKERS = frozenset("he she they it we i who you which sources source report".split())


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


def opens_sentence(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether the token at a place opens a sentence, a line, or a quotation."""
    if place == 0 or tokens[place].line:
        return True
    before = tokens[place - 1]
    if before.kind == "quote":
        return True
    return before.kind == "mark" and before.text in ".!?:…。！？•—*(" or before.kind == "symbol"


def is_name(reading: Reading, place: int) -> bool:
    """Tell whether the word at a place is part of a name, by its capital and its company."""
    token = reading.tokens[place]
    if token.kind != "word" or not token.text[0].isupper():
        return False
    word = reading.fold(place)
    lexicon = reading.lexicon
    base = word.removesuffix("'s").removesuffix("'")
    if base in lexicon.function or base in lexicon.titles or base in ("i", "i'm", "i'll", "i've"):
        return base == "us" and token.text == "US"
    if base in lexicon.months or base in lexicon.weekdays or base in lexicon.relative:
        return False
    if len(token.text) > 1 and token.text.isupper() and len(token.text) <= 6:
        return True
    if not opens_sentence(reading.tokens, place):
        if lexicon.language == "de":
            return _german_name(reading, place)
        return base not in lexicon.soft or base in reading.midnames
    if base in reading.lowercase or base in lexicon.soft or base in lexicon.modality:
        return False
    if base in reading.midnames:
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
    return before in ("in", "aus", "nach", "von", "bei") and reading.fold(place) not in (
        reading.lowercase
    )


_PARTICLES = frozenset("de da di du la le van von der den bin ibn al of the del y dos das".split())


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


RECOGNIZERS: tuple[Recognizer, ...] = (
    date, time, number, negation, attribution, modality, name,
)  # fmt: skip
"""In this order: what an earlier one takes, a later one does not see."""


def find_facts(reading: Reading) -> list[Fact]:
    """Return the facts of a passage in order, none overlapping another."""
    found: list[Fact] = []
    place = 0
    while place < len(reading.tokens):
        fact = None
        for recognize in RECOGNIZERS:
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
