"""Misspelled words that would be facts if they were spelled right: Tuseday, overngiht."""

from __future__ import annotations

from tracker.text.facts import Fact, triggers
from tracker.text.hunks import Hunk
from tracker.text.lexicon import Lexicon, known
from tracker.text.spelling import distance, slip

LONGEST = 400
"""Tokens of a hunk beyond which misspellings are not looked for: each costs a look at all."""


def misspelled(hunk: Hunk, fact: Fact, is_old: bool, lexicon: Lexicon) -> str:
    """Return the word that is a misspelling of a fact's one word: "overngiht", "Tuseday"."""
    side = hunk.old if is_old else hunk.new
    ends = fact.last - (side.seen[fact.last - 1].text == ".")
    if ends != fact.first + 1 or hunk.b - hunk.a + hunk.d - hunk.c > LONGEST:
        return ""
    others = hunk.come if is_old else hunk.gone
    word = side.seen[fact.first].fold
    if len(word) < 5 or not word.isalpha():
        return ""
    for token in others:
        other = token.fold
        if token.kind != "word" or other == word or other[0] != word[0]:
            continue
        if lexicon.language == "en":
            unknown = not known(other) and not known(other.capitalize())
            if unknown and slip(other, word, "en"):
                return other
        elif len(word) >= 6 and distance(other, word, 1) == 1 and other not in triggers(lexicon):
            return other
    return ""


def misspells_fact(hunk: Hunk, fact: Fact, is_old: bool, lexicon: Lexicon) -> bool:
    """Tell whether what looks like a name is a date or number word misspelled: Tuseday."""
    old, new = hunk.facts()
    side = hunk.old if is_old else hunk.new
    word = side.seen[fact.first].fold
    return any(
        misspelled(hunk, other, not is_old, lexicon) == word
        for other in (new if is_old else old)
        if other.kind in ("date", "number")
    )
