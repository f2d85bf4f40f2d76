"""The words of one language that tell what a change touches, from its ``text.toml``.

An editor can extend the lists without Python; the English file says how they are written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from tracker import locale

LANGUAGES = locale.languages("text")
"""Languages with a word list; any other is read with what needs none."""


class Lexicon(NamedTuple):
    """Word lists of one language, every word casefolded; phrases are tuples of words."""

    language: str  # ISO 639-1; "" for a language without lists
    decimal: str  # the decimal sign
    thousands: str  # the signs that may stand between thousands
    numbers: Mapping[str, int]
    scales: Mapping[str, int]
    ordinals: Mapping[str, int]
    ordinal_suffixes: frozenset[str]
    vague: Mapping[str, str]  # "dozens" and the like -> their meaning
    qualifiers: Mapping[tuple[str, ...], str]  # "at least" -> "least"
    quantifiers: Mapping[str, str]
    units: Mapping[tuple[str, ...], str]
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    relative: Mapping[str, str]
    clock: Mapping[str, str]
    zones: frozenset[str]
    shifters: frozenset[str]
    negations: frozenset[str]
    negative_prefixes: tuple[str, ...]
    opposites: frozenset[frozenset[str]]
    antonyms: frozenset[frozenset[str]]  # the same of words that carry a sense of their own
    modality: Mapping[str, str]  # word -> the form it is read as
    attribution: frozenset[str]
    neutral: frozenset[str]
    titles: frozenset[str]
    institutions: frozenset[str]
    function: frozenset[str]
    soft: frozenset[str]
    synonyms: Mapping[str, frozenset[int]]  # word -> numbers of the groups it is in
    confused: frozenset[frozenset[str]]
    contractions: Mapping[str, tuple[str, ...]]
    endings: Mapping[str, str]  # "n't" -> "not"
    abbreviations: Mapping[tuple[str, ...], tuple[str, ...]]
    abbreviated: frozenset[str]  # their first words
    places: Mapping[str, tuple[str, ...]]  # "colo" -> ("colorado",); only in names
    boilerplate: tuple[str, ...]
    openings: tuple[str, ...]  # boilerplate where a line begins with it
    phrases: Mapping[tuple[str, ...], frozenset[int]]  # phrase -> numbers of the groups it is in
    phrase_heads: frozenset[str]  # their first words
    anaphors: frozenset[str]  # nouns that point back: "the measure", "the agency"
    actors: frozenset[str]  # people by what they do: one or several of them is a fact
    weighty: frozenset[tuple[str, ...]]  # phrases of small words that carry a fact
    exchanged: frozenset[frozenset[str]]  # words of which one for the other is another fact
    awaited: tuple[str, ...]  # words that say that something is to come: when they go, it is there
    credits: tuple[str, ...]  # how lines begin that say whose a picture is
    placeholders: tuple[str, ...]  # words that stand in for text to come
    promos: frozenset[str]  # words before a link to another story: "related", "read more"
    pointers: frozenset[str]  # labels of lines that send readers on, whatever stands after them
    inviting: frozenset[str]  # words of promos, credits and pointers
    imperatives: frozenset[str]  # verbs that begin a sentence which sends readers on
    requests: frozenset[str]  # those that do where it says "us" or "our" as well
    questions: frozenset[str]  # words that begin a question which does

    def __eq__(self, other: object) -> bool:
        return self is other  # as large as it is, it is known by itself

    def __hash__(self) -> int:
        return id(self)


def _phrase(words: str) -> tuple[str, ...]:
    return tuple(words.casefold().split("_"))


def _by_word(table: Mapping[str, str]) -> dict[str, str]:
    return {word: name for name, words in table.items() for word in words.casefold().split()}


def _numbered(table: Mapping[str, str]) -> dict[str, int]:
    return {word: int(name) for word, name in _by_word(table).items()}


def _phrases(table: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    return {
        _phrase(phrase): name
        for name, phrases in table.items()
        for phrase in phrases.casefold().split()
    }


def _set(words: str) -> frozenset[str]:
    return frozenset(words.casefold().split())


def _lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.casefold().splitlines() if line.strip()]


def _whole_lines(text: str) -> tuple[str, ...]:
    return tuple(" ".join(words) for words in _lines(text))


def _groups(text: str) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, words in enumerate(_lines(text)):
        for word in words:
            found.setdefault(word, set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


def _pairs(text: str) -> frozenset[frozenset[str]]:
    return frozenset(
        frozenset((left, right))
        for words in _lines(text)
        for place, left in enumerate(words)
        for right in words[place + 1 :]
    )


def _modality(table: Mapping[str, str]) -> dict[str, str]:
    read_as = {word: word for word in table.get("words", "").casefold().split()}
    for words in _lines(table.get("same", "")):
        for word in words:
            read_as[word] = words[0]
    return read_as


def _phrase_groups(text: str) -> dict[tuple[str, ...], frozenset[int]]:
    return {_phrase(phrase): numbers for phrase, numbers in _groups(text).items()}


@cache
def lexicon(language: str) -> Lexicon:
    """Return the word lists of a language (an ISO 639-1 code or a longer tag, as "en-US").

    A language without lists gives an empty lexicon, with which digits, quotation marks and
    capital letters still speak.
    """
    code = locale.base(language)
    if code not in LANGUAGES:
        return Lexicon(language="", **_word_lists({}))
    return Lexicon(language=code, **_word_lists(locale.table(code, "text")))


def _word_lists(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a lexicon but the language, of what its file says."""
    number: Mapping[str, Any] = data.get("number", {})
    date: Mapping[str, Any] = data.get("date", {})
    style: Mapping[str, Any] = data.get("style", {})
    negation: Mapping[str, Any] = data.get("negation", {})
    attribution: Mapping[str, Any] = data.get("attribution", {})
    return dict(  # noqa: C408 - written as the call that it is for
        decimal=data.get("decimal", "."),
        thousands=data.get("thousands", ","),
        numbers=_numbered(number.get("words", {})),
        scales=_numbered(number.get("scales", {})),
        ordinals=_numbered(number.get("ordinals", {})),
        ordinal_suffixes=_set(number.get("ordinal_suffixes", "")),
        vague=_by_word(number.get("vague", {})),
        qualifiers=_phrases(number.get("qualifiers", {})),
        quantifiers=_by_word(number.get("quantifiers", {})),
        units=_phrases(number.get("units", {})),
        months=_numbered(date.get("months", {})),
        weekdays=_numbered(date.get("weekdays", {})),
        relative=_by_word(date.get("relative", {})),
        clock=_by_word(date.get("clock", {})),
        zones=_set(date.get("zones", "utc gmt")),
        shifters=_set(date.get("shifters", "")),
        negations=_set(negation.get("words", "")),
        negative_prefixes=tuple(negation.get("prefixes", "").split()),
        opposites=_pairs(negation.get("opposites", "")),
        antonyms=_pairs(negation.get("antonyms", "")),
        modality=_modality(data.get("modality", {})),
        attribution=_set(attribution.get("verbs", "")),
        neutral=_set(attribution.get("neutral", "")),
        titles=_set(data.get("title", {}).get("words", "")),
        institutions=_set(data.get("institution", {}).get("words", "")),
        function=_set(style.get("function", "")),
        soft=_set(style.get("soft", "")),
        synonyms=_groups(style.get("synonyms", "")),
        confused=_pairs(style.get("confused", "")),
        contractions={
            short.casefold(): tuple(long.casefold().split())
            for short, long in style.get("contractions", {}).items()
        },
        endings=style.get("contraction_endings", {}),
        abbreviations=(
            short_forms := {
                _phrase(short): _phrase(long)
                for short, long in style.get("abbreviations", {}).items()
            }
        ),
        abbreviated=frozenset(phrase[0] for phrase in short_forms),
        places={short.casefold(): _phrase(long) for short, long in data.get("places", {}).items()},
        boilerplate=_whole_lines(data.get("boilerplate", {}).get("phrases", "")),
        openings=_whole_lines(data.get("boilerplate", {}).get("openings", "")),
        phrases=(phrases := _phrase_groups(style.get("phrases", ""))),
        phrase_heads=frozenset(phrase[0] for phrase in phrases),
        anaphors=_set(style.get("anaphors", "")),
        actors=_set(style.get("actors", "")),
        weighty=frozenset(
            _phrase(phrase) for phrase in data.get("weighty", {}).get("phrases", "").split()
        ),
        exchanged=_pairs(data.get("weighty", {}).get("exchanged", "")),
        awaited=_whole_lines(data.get("boilerplate", {}).get("awaited", "")),
        credits=_whole_lines(data.get("boilerplate", {}).get("credits", "")),
        placeholders=_whole_lines(data.get("boilerplate", {}).get("placeholders", "")),
        promos=frozenset(_whole_lines(data.get("boilerplate", {}).get("promos", ""))),
        pointers=frozenset(_whole_lines(data.get("boilerplate", {}).get("pointers", ""))),
        inviting=_set(data.get("boilerplate", {}).get("inviting", "")),
        imperatives=_set(data.get("boilerplate", {}).get("imperatives", "")),
        requests=_set(data.get("boilerplate", {}).get("requests", "")),
        questions=_set(data.get("boilerplate", {}).get("questions", "")),
    )


@cache
def _synonyms() -> str:
    """Return the thesaurus, a group to a line, with a space on both sides of every word."""
    lines = locale.text("en", "synonyms.txt").splitlines()
    return "\n".join(f" {line} " for line in lines if not line.startswith("#"))


@lru_cache(maxsize=8192)
def _alike(word: str) -> frozenset[str]:
    """Return the words in whose group this one is the first, or which are the first in its."""
    # Searching the text: a table of all words would cost every start three milliseconds.
    text = _synonyms()
    found: set[str] = set()
    at = text.find(f" {word} ")
    while at >= 0:
        first, *others = text[text.rfind("\n", 0, at) + 1 :].partition("\n")[0].split()
        found.update(others if first == word else (first,))
        at = text.find(f" {word} ", at + 1)
    return frozenset(found)


_INFLECTIONS = ("", "s", "es", "ed", "d", "ing")
_SAME_INFLECTION = {"": "", "s": "s", "es": "s", "ed": "ed", "d": "ed", "ing": "ing"}


@lru_cache(maxsize=4096)
def _bases(word: str) -> tuple[tuple[str, str], ...]:
    """Return what a regular English word may be a form of, with its ending."""
    found = [(word, "")]
    for ending in _INFLECTIONS[1:]:
        base = word.removesuffix(ending)
        if base != word and len(base) >= 3:
            name = _SAME_INFLECTION[ending]
            found.append((base, name))
            if ending in ("ing", "ed"):
                found.append((base + "e", name))
                if base[-1] == base[-2]:
                    found.append((base[:-1], name))
            if ending in ("es", "ed") and base.endswith("i"):
                found.append((base[:-1] + "y", name))
    return tuple(found)


def near(old: str, new: str) -> bool:
    """Tell whether a thesaurus has two English words (casefolded) for one, in the same form."""
    return any(
        ending == other_ending and other in _alike(base)
        for base, ending in _bases(old)
        for other, other_ending in _bases(new)
    )


@cache
def _english() -> tuple[str, int, int]:
    """Return the dictionary's text, where its words begin, and where its names begin."""
    text = locale.text("en", "spelling.txt")
    words = text.rindex("\n#") + 1
    words = text.index("\n", words)
    low, names = words, len(text) - 1  # names, with a capital letter, stand behind all words
    while names - low > 1:
        middle = text.rindex("\n", words, (low + names) // 2 + 1)
        if middle <= low:
            break
        if text[middle + 1].isupper():
            names = middle
        else:
            low = middle
    while not text[(following := text.index("\n", low + 1)) + 1].isupper():
        low = following
    return text, words, following


@lru_cache(maxsize=65536)
def known(word: str) -> bool:
    """Tell whether an English dictionary has this word; names are there with their capital."""
    # Halving the sorted file's text: a set of all words would cost every start ten milliseconds.
    text, low, high = _english()
    if word[:1].isupper():
        low, high = high, len(text) - 1
    while high - low > 256:
        middle = text.rindex("\n", low, (low + high) // 2)
        if text[middle + 1 : text.index("\n", middle + 1)] <= word:
            low = middle
        else:
            high = middle
    return text.find(f"\n{word}\n", low, high + len(word) + 2) >= 0


# Scripts that settle the language, or shut out those with word lists.
_SCRIPTS = (
    ("zh", 0x4E00, 0x9FFF),
    ("ja", 0x3040, 0x30FF),
    ("ko", 0xAC00, 0xD7AF),
    ("ar", 0x0600, 0x06FF),
    ("he", 0x0590, 0x05FF),
    ("hi", 0x0900, 0x097F),
    ("th", 0x0E00, 0x0E7F),
    ("el", 0x0370, 0x03FF),
)


_FOREIGN = re.compile(r"[^\x00-\u02ff]")


@cache
def _hints() -> dict[str, frozenset[str]]:
    return {code: _set(locale.table(code, "hints")["common"]) for code in LANGUAGES}


def guess(text: str) -> str:
    """Guess the language of a text from its script and its commonest words; "en" when in doubt.

    Only the first 2,000 characters are read.
    """
    sample = text[:2000]
    foreign = [ord(letter) for letter in _FOREIGN.findall(sample) if letter.isalpha()]
    if foreign:
        count = sum(map(str.isalpha, sample))
        for language, low, high in _SCRIPTS:
            if sum(low <= letter <= high for letter in foreign) * 4 > count:
                return language
    words = [word.strip(".,;:!?()\"'«»„“”") for word in sample.casefold().split()]
    counts = {language: sum(map(hints.__contains__, words)) for language, hints in _hints().items()}
    cyrillic = [letter for letter in foreign if 0x0400 <= letter <= 0x052F]
    if len(cyrillic) * 2 > len(sample) / 2:
        if any(letter in "їєґі" for letter in sample.casefold()):
            return "uk"
        if any(letter in "ыэъё" for letter in sample.casefold()):
            return "ru"
        return "uk" if counts["uk"] > counts["ru"] else "ru"
    best = max(("en", "de", "fr", "es"), key=lambda language: counts[language])
    # A Latin script with hardly a known word is some other language: read it without lists.
    if counts[best] == 0 and len(words) >= 20:
        return ""
    return best
