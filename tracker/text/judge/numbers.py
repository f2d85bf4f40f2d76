"""Numbers with their currency, scale and unit, in digits and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.text.judge.seen import Fact, Reading
from tracker.text.lexicon import Lexicon

if TYPE_CHECKING:
    from decimal import Decimal

_CURRENCIES = {
    "$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₴": "hryvnia", "₽": "ruble",
    "₹": "rupee", "₩": "won", "₺": "lira", "₪": "shekel",
}  # fmt: skip
_HAN = dict(zip("〇零一二三四五六七八九十百千万億亿兆两", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
            100, 1000, 10**4, 10**8, 10**8, 10**12, 2), strict=True))  # fmt: skip
_LETTER_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9, "bn": 10**9, "tn": 10**12, "mm": 10**6}


_MOST_DIGITS = 25  # beyond it decimal arithmetic rounds: such numbers are compared as written
_EXACT = 10**28  # decimal arithmetic rounds from there on


def _value(shown: str, lexicon: Lexicon) -> int | Decimal | None:
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
    if len(groups) > _MOST_DIGITS:
        return None
    # Digits of every script count; int and Decimal read them all.
    if groups.isdecimal():
        return int(groups)
    from decimal import Decimal, InvalidOperation  # 5 ms, for the few numbers with a point

    try:
        return Decimal(groups)
    except InvalidOperation:
        return None


def _digits(reading: Reading, place: int) -> tuple[int | Decimal | None, str, int]:
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


def _spelled(reading: Reading, place: int) -> tuple[int | None, int]:
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
    return (total + group if found else None), place


def _continues(group: int, value: int) -> bool:
    """Tell whether a number word adds to what is read: twenty five, but not six seven."""
    tail = group % 100
    if group == 0:
        return False
    if tail == 0:
        return value < 100 and group >= 100
    return tail >= 20 and tail % 10 == 0 and value < 10


def _han(reading: Reading, place: int) -> tuple[int | None, int]:
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
    return (total + group + digit if place > start else None), place


def _identifier(reading: Reading, place: int) -> int:
    """Return where a name made of letters and digits ends (18F, COVID-19, v20.1.0), or 0."""
    tokens = reading.tokens
    token = tokens[place]
    after = place
    if token.kind == "word" and ord(token.text[0]) >= 0x2E80:
        return 0
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


class _Numeral:
    """A number while it is read: what was found so far, and where to read on."""

    __slots__ = ("place", "qualifier", "raw", "reading", "sign", "unit", "value", "words")

    def __init__(self, reading: Reading, place: int) -> None:
        self.reading = reading
        self.place = place
        self.value: int | Decimal | None = None
        self.raw = ""  # its digits as written; "" for a number in words
        self.unit = ""
        self.qualifier = ""
        self.sign = ""
        self.words = 0  # tokens of the number itself

    @property
    def word(self) -> str:
        """The word at the place reached."""
        return self.reading.fold(self.place)

    def bent(self) -> None:
        """What stands before it and bends it: more than, at least."""
        reading = self.reading
        length = reading.phrase(reading.lexicon.qualifiers, self.place)
        if length:
            words = tuple(reading.folds[self.place : self.place + length])
            self.qualifier = reading.lexicon.qualifiers[words]
            self.place += length

    def signs(self) -> None:
        """A currency before it, and a minus sign."""
        reading, tokens = self.reading, self.reading.tokens
        if self.word in ("us", "ca", "a") and reading.fold(self.place + 1) == "$":
            self.place += 1
        if self.word in _CURRENCIES:
            self.unit = _CURRENCIES[self.word]
            self.place += 1
        if (
            self.place + 1 < len(tokens)
            and self.word in ("-", "−", "–")
            and reading.glued(self.place + 1)
            and not reading.glued(self.place)
            and tokens[self.place + 1].kind == "number"
        ):
            self.sign = "-"
            self.place += 1

    def amount(self) -> bool:
        """The number itself; tell whether there is one."""
        reading = self.reading
        if self.place >= len(reading.tokens):
            return False
        token, start = reading.tokens[self.place], self.place
        if token.kind == "number":
            self.value, self.raw, self.place = _digits(reading, self.place)
        elif token.text in _HAN and reading.lexicon.language == "":
            self.value, self.place = _han(reading, self.place)
        else:
            self.value, self.place = _spelled(reading, self.place)
            following = reading.fold(self.place + 1)
            if (
                self.value is None
                and self.word in ("a", "an")
                and (following in reading.lexicon.scales)
            ):
                self.value, self.place = 1, self.place + 1
        self.words = self.place - start
        return self.value is not None or bool(self.raw)

    def scale(self) -> None:
        """Thousand, million and the like after it: 1.5 million, $50M, 5 тис., 1万."""
        if self.value is None or self.place >= len(self.reading.tokens):
            return
        shown, factor = self.reading.tokens[self.place].text, 0
        if self.word in self.reading.lexicon.scales:
            factor = self.reading.lexicon.scales[self.word]
        elif self.raw and self.reading.glued(self.place) and self.word in _LETTER_SCALES:
            if self.unit or self.word == "k" or shown in ("M", "B", "bn", "tn"):
                factor = _LETTER_SCALES[self.word]
        elif self.raw and not self.reading.lexicon.language and _HAN.get(shown, 0) >= 100:
            factor = _HAN[shown]
        if factor:
            self.value *= factor
            self.place += 1
            self.words += 1

    def ordinal(self) -> bool:
        """An ending that makes it a rank: 3rd, 5-й; tell whether there is one."""
        suffixes = self.reading.lexicon.ordinal_suffixes
        step = self.place
        if self.reading.fold(step) == "-" and self.reading.glued(step):
            step += 1
        if self.raw and self.reading.fold(step) in suffixes and self.reading.glued(step):
            self.place = step + 1
            return True
        return False

    def measure(self) -> None:
        """What is counted: a plus sign, percent, a currency, a unit."""
        reading, lexicon = self.reading, self.reading.lexicon
        if self.word == "+" and reading.glued(self.place):
            self.qualifier = self.qualifier or "more"
            self.place += 1
        if self.word == "-" and reading.phrase(lexicon.units, self.place + 1):
            self.place += 1
        if self.word in ("%", "٪", "％"):
            self.unit = "percent"
            self.place += 1
        elif self.word in _CURRENCIES and not self.unit:
            self.unit = _CURRENCIES[self.word]
            self.place += 1
        else:
            length = reading.phrase(lexicon.units, self.place)
            if length and (not self.unit or self.word == "dollars"):
                words = tuple(reading.folds[self.place : self.place + length])
                self.unit = lexicon.units[words]
                self.place += length

    def is_year(self) -> bool:
        """Tell whether it may be a year: four digits together, with nothing to count."""
        return (
            self.words == 1
            and len(self.raw) == 4
            and self.raw.isdecimal()
            and 1500 <= int(self.raw) <= 2100
            and not (self.unit or self.qualifier or self.sign)
        )


def number(reading: Reading, place: int) -> Fact | None:
    """A number with its currency, scale, unit and what bends it ("more than", "+")."""
    found = _Numeral(reading, place)
    found.bent()
    if found.place < len(reading.tokens):
        ends = _identifier(reading, found.place)
        if ends:
            shown = "".join(token.fold for token in reading.tokens[found.place : ends])
            return Fact("number", ("id", shown.lstrip("v").replace("–", "-")), found.place, ends)
    at = found.place
    found.signs()
    if not found.amount():
        return _other_number(reading, place, at, found.qualifier)
    found.scale()
    if found.ordinal():
        shown = found.raw if found.value is None else _plain(found.value)
        return Fact("number", ("ordinal", shown), place, found.place)
    counted = found.place
    found.measure()
    shown = found.raw if found.value is None else _plain(found.value)
    if found.is_year():
        if found.word == "s" and reading.glued(found.place):
            return Fact("date", ("decade", shown), place, found.place + 1)
        # The same key as the plain number: 1500 may be a year, 1,500 is none.
        return Fact("date", ("number", shown, "", ""), place, found.place)
    weak = not found.raw and shown == "1" and found.words == 1 and found.place == counted
    key = ("number", found.sign + shown, found.unit, found.qualifier)
    return Fact("number", key, place, found.place, weak=weak)


def _plain(value: int | Decimal) -> str:
    if isinstance(value, int):
        if value < _EXACT:
            return str(value)
        from decimal import Decimal

        value = Decimal(value)
    value = value.normalize()
    return format(value, "f") if -50 < int(value.adjusted()) < 50 else str(value)


def _other_number(reading: Reading, start: int, place: int, qualifier: str) -> Fact | None:
    lexicon = reading.lexicon
    word = reading.fold(place)
    if word in lexicon.ordinals and start == place:
        if word == "second" and reading.fold(place - 1) in lexicon.numbers:
            return None
        return Fact("number", ("ordinal", str(lexicon.ordinals[word])), place, place + 1)
    if reading.fold(start) in lexicon.quantifiers:
        quantity = ("quantity", lexicon.quantifiers[reading.fold(start)])
        return Fact("number", quantity, start, start + 1, weak=True)
    if word in lexicon.vague:
        key: tuple[object, ...] = ("vague", lexicon.vague[word], qualifier)
        return Fact("number", key, start, place + 1)
    return None
