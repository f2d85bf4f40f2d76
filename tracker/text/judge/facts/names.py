"""Names of persons, places and bodies, by their capitals and their company."""

from __future__ import annotations

from tracker.text.judge.facts.reading import Fact, Reading, opens_sentence
from tracker.text.lexicon import known


def is_name(reading: Reading, place: int) -> bool:
    """Tell whether the word at a place is part of a name, by its capital and its company."""
    token = reading.tokens[place]
    if token.kind != "word" or not token.text[0].isupper():
        return False
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
