"""Facts in a passage: numbers, dates, names, negations, modality and attribution.

Each fact has a key under which the same fact in another form is equal: 1,500 and 1500, six and 6,
6 p.m. and 18:00, Sept. 5 and September 5. The keys are compared, never the spelling.
"""

from __future__ import annotations

from collections.abc import Callable

from tracker.text.facts.certainty import attribution, modality, negation
from tracker.text.facts.dates import date, time
from tracker.text.facts.names import name
from tracker.text.facts.numbers import number
from tracker.text.facts.reading import Fact, Reading, Usage, opens_sentence, triggers

__all__ = ["Fact", "Reading", "Usage", "find_facts", "opens_sentence", "triggers"]

Recognizer = Callable[[Reading, int], Fact | None]

RECOGNIZERS: tuple[Recognizer, ...] = (
    date, time, number, negation, attribution, modality, name,
)  # fmt: skip
"""In this order: what an earlier one takes, a later one does not see."""


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
            token.kind == "word"
            and folds[place] not in wanted
            and token.text[0].islower()
            and "'" not in token.text
            and not (place + 1 < size and tokens[place + 1].kind == "number")
        ) or (token.kind == "mark" and token.text in ".,;:!?()"):
            place += 1
            continue
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
