"""Facts in a passage: numbers, dates, names, negations, modality and attribution.

Each fact has a key under which the same fact in another form is equal: 1,500 and 1500, six and 6,
6 p.m. and 18:00, Sept. 5 and September 5. The keys are compared, never the spelling.
"""

from __future__ import annotations

from collections.abc import Callable

from tracker.text.judge.facts.dates import date, time
from tracker.text.judge.facts.names import name
from tracker.text.judge.facts.numbers import number
from tracker.text.judge.facts.reading import Fact, Reading, Usage, opens_sentence, triggers


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


__all__ = ["Fact", "Reading", "Usage", "find_facts", "opens_sentence", "triggers"]

Recognizer = Callable[[Reading, int], Fact | None]

RECOGNIZERS: tuple[Recognizer, ...] = (
    date, time, number, negation, attribution, modality, name,
)  # fmt: skip
"""In this order: what an earlier one takes, a later one does not see."""

_OF_CAPITALS: tuple[Recognizer, ...] = (name,)


def find_facts(reading: Reading) -> list[Fact]:
    """Return the facts of a passage in order, none overlapping another."""
    found: list[Fact] = []
    wanted = triggers(reading.lexicon)
    tokens, folds = reading.tokens, reading.folds
    size = len(tokens)
    place = 0
    while place < size:
        token = tokens[place]
        if (
            (
                token.kind == "word"
                and folds[place] not in wanted
                and token.text[0].islower()
                and "'" not in token.text
                and not (place + 1 < size and tokens[place + 1].kind == "number")
            )
            or token.kind == "quote"
            or (token.kind == "mark" and token.text in ".,;:!?()")
        ):
            place += 1
            continue
        fact = None
        capital = (
            token.kind == "word"
            and folds[place] not in wanted
            and "'" not in token.text
            and not (
                place + 1 < size
                and (tokens[place + 1].kind == "number" or reading.glued(place + 1))
            )
        )  # nothing but a name can begin there
        for recognize in _OF_CAPITALS if capital else RECOGNIZERS:
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
