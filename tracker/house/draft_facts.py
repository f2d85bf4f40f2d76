"""Facts out of a sentence, for the words of a draft: who spoke, what was counted, whose name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from tracker import locale
from tracker.text.lexicon import lexicon

_CAPITAL = r"[^\W\d_a-zа-яіїєґёß][\w'’-]*\.?"
_PARTICLE = r"(?:(?:de|da|di|del|der|den|van|von|zu|bin|al|el|la|le|du|dos)[ ])"
_NAME = re.compile(rf"{_CAPITAL}(?:[ ]{_PARTICLE}*{_CAPITAL})*")
_FIGURE = re.compile(
    r"[$€£¥₴₽]?[ ]?\d[\d,.]*(?:[ \u00a0\u202f]\d{3}(?!\d))*(?:st|nd|rd|th)?"
    r"(?:[ ]?%|[ ](?:percent|per cent|million|billion|trillion|thousand|Millionen|Milliarden"
    r"|Prozent|millions?|milliards?|millones|тис|млн|млрд)\b)?"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SINGULAR = ("ss", "us", "is")
_PRONOUN_OR_NOUN = r"(?:the|a|an|his|her|their|its)[ ](?:[\w'’-]+[ ]){0,4}?[\w'’-]+"


class Phrases(NamedTuple):
    """What drafting needs to know of a language."""

    clause: bool  # whether a sentence can follow "that" as it stands
    lower: frozenset[str]  # words that are no names
    titles: frozenset[str]  # words before a name that are no part of it
    noun_endings: tuple[str, ...]  # endings of what a number counts; empty: it cannot be told
    nouns: frozenset[str]
    no_nouns: frozenset[str]
    sentences: Mapping[str, str]  # more phrases of the note itself


@cache
def phrases(language: str) -> Phrases:
    """The ``draft.toml`` of a language; for one without, what says nothing wrong."""
    entry = locale.table(language, "draft")
    words = {
        key: frozenset(entry.get(key, "").split())
        for key in ("lower", "nouns", "no_nouns", "titles")
    }
    return Phrases(
        clause=entry.get("clause", False),
        lower=words["lower"],
        titles=words["titles"] | words["lower"],
        noun_endings=tuple(entry.get("noun_endings", ())),
        nouns=words["nouns"],
        no_nouns=words["no_nouns"],
        sentences=entry.get("phrases", {}),
    )


def clause(sentence: str, own: Phrases) -> str:
    """A sentence as it stands after "that": no capital letter unless a name, no full stop.

    A capital letter stays where the first word may be a name: a draft that lowers a name is worse
    than one that keeps a capital.
    """
    words = re.sub(r"[.…]+([”\"»’']*)$", r"\1", sentence.strip())
    first = _WORD.match(words)
    if first is None or not first[0][0].isupper():
        return words
    if first[0].casefold().replace("’", "'") in own.lower and not re.match(r"[A-Z]{2}", first[0]):
        return words[0].lower() + words[1:]
    return words


def names_around(sentence: str, words: str, own: Phrases) -> str:
    """The whole name of which these words are a part; "" when they are no name."""
    wanted = words.strip(" .,;:!?“”\"'’()")
    if not wanted:
        return ""
    for found in _NAME.finditer(sentence):
        if re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", found[0]):
            name = found[0].rstrip(".’'") if not re.search(r"\b[JS]r\.$", found[0]) else found[0]
            name = re.sub(r"(?:'|’)s$", "", name)
            first, _, rest = name.partition(" ")
            return rest if rest and first.casefold().rstrip(".") in own.titles else name
    return ""


def figure(sentence: str, words: str) -> str:
    """The whole figure that has these words, with sign and scale: ``$1.2 million``."""
    wanted = words.strip(" .,;:()")
    for found in _FIGURE.finditer(sentence):
        if wanted and (wanted in found[0] or found[0].strip() in wanted):
            return found[0].strip(" .,\u00a0\u202f")
    return wanted


def counted(sentence: str, number: str, own: Phrases) -> str:
    """What the figure says: "the number of people", "a percentage"; "" when that cannot be told."""
    at = sentence.find(number)
    if not number or at < 0 or not own.noun_endings:
        return ""
    before, after = sentence[:at], sentence[at + len(number) :]
    if number.endswith(("%", "percent", "per cent")) or re.match(
        r"[ ](?:percent|per cent)\b", after
    ):
        return own.sentences.get("percentage", "")
    if number[:1] in "$€£¥₴₽":
        return own.sentences.get("amount", "")
    if re.match(r"[- ]years?[- ]old\b", after) or (
        re.search(r"[A-Z][\w’'-]+,\s$", before) and re.match(r"[,.]", after)
    ):
        return own.sentences.get("age", "")
    for step, found in enumerate(_WORD.finditer(after[:60])):
        word = found[0]
        between = after[: found.start()]
        if step > 2 or re.search(r"[.,;:()–—]", between) or word in own.no_nouns:
            return ""
        plural = word.islower() and word.endswith(own.noun_endings) and word[-2:] not in _SINGULAR
        if word in own.nouns or plural:
            noun = " ".join(after[: found.end()].split())
            return own.sentences.get("number_of", "").replace("{noun}", noun)
        if word in own.lower:
            return ""
    return ""


def speaker_of(sentence: str, language: str) -> str:
    """Who says what a sentence quotes: the name, or the words with an article, at its verb; ""."""
    verbs = lexicon(language).attribution
    outside = re.sub(r"[“\"„«][^“”\"„«»]*[”\"“»]?", " … ", sentence)
    found = [one for one in _WORD.finditer(outside) if one[0].casefold() in verbs]
    for verb in found:
        before, after = outside[: verb.start()].rstrip(), outside[verb.end() :].lstrip()
        names = [one[0] for one in _NAME.finditer(before)]
        if names and before.endswith(names[-1]):
            return _no_opening(names[-1])
        described = re.search(rf"(?:^|[,…][ ]*)({_PRONOUN_OR_NOUN})$", before, re.IGNORECASE)
        if described and len(described[1]) < 60:
            return described[1][0].lower() + described[1][1:]
        name = _NAME.match(after)
        if name:
            return _no_opening(name[0].rstrip("."))
    return ""


def _no_opening(name: str) -> str:
    first, _, rest = name.partition(" ")
    return rest if rest and first.casefold() in ("but", "and", "in", "on", "when") else name
