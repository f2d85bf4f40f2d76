"""Numbers with their currency, scale and unit, in digits and in words."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from tracker.text.facts.reading import Fact, Reading
from tracker.text.lexicon import Lexicon

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
            if (word == "and" and group % 100 != 0) or (word == "-" and not group % 100 >= 20):
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


