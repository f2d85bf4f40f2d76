"""The words by which notes are known, per language, and a small matcher for them.

The words are data: ``notes/*.toml``, which an editor can read and extend. They are matched word
by word instead of by regular expressions, because several hundred patterns over groups of many
words would take longer to compile than a whole article takes to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tracker.model import Kind

FOLDER = Path(__file__).with_name("notes")
LONGEST_GAP = 12  # words that "…" in a pattern may stand for

_WORD = re.compile(r"[^\W_]+(?:['’ʼ`´‘.\-][^\W_]+)*")
_APOSTROPHES = str.maketrans("’ʼ`´‘", "'''''")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text, folded for comparing."""

    folded: str  # lower case, apostrophes straight
    start: int  # offsets in the text it was read from
    end: int


@dataclass(frozen=True, slots=True)
class Element:
    """One step of a pattern."""

    choices: tuple[tuple[str, ...], ...]  # word sequences, any of which fits; longest first;
    #   one word that ends in "*" fits every word that begins so
    optional: bool = False
    gap: bool = False  # up to LONGEST_GAP words of anything


Pattern = tuple[Element, ...]


@dataclass(slots=True)
class Patterns:
    """Patterns found by the word that they begin with."""

    by_first: dict[str, list[tuple[int, Pattern]]] = field(default_factory=dict)
    by_stem: list[tuple[str, int, Pattern]] = field(default_factory=list)
    count: int = 0

    def add(self, pattern: Pattern) -> None:
        """Take in one pattern; earlier ones win over later ones."""
        for element in pattern:
            for choice in element.choices:
                if choice[0].endswith("*"):
                    self.by_stem.append((choice[0][:-1], self.count, pattern))
                else:
                    known = self.by_first.setdefault(choice[0], [])
                    if not known or known[-1][0] != self.count:
                        known.append((self.count, pattern))
            if not element.optional:
                break
        self.count += 1

    def at(self, words: Sequence[Word], index: int) -> tuple[int, int] | None:
        """The number of the first pattern that fits at a word, and the word after it."""
        first = words[index].folded
        candidates = self.by_first.get(first, ())
        if self.by_stem:
            stems = [(n, p) for stem, n, p in self.by_stem if first.startswith(stem)]
            candidates = sorted([*candidates, *stems], key=lambda one: one[0])
        for number, pattern in candidates:
            end = _fits(pattern, 0, words, index)
            if end is not None:
                return number, end
        return None

    def anywhere(self, words: Sequence[Word]) -> bool:
        """Whether any pattern fits at any word."""
        return any(self.at(words, index) is not None for index in range(len(words)))


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a pattern for a sentence without label says."""

    kind: Kind
    where: str  # "anywhere", "set-apart" or "brackets"


@dataclass(frozen=True, slots=True)
class Language:
    """All words of one language, ready for matching."""

    code: str
    labels: Mapping[tuple[str, ...], Kind | None]  # None: a weak label
    longest_label: int  # words of the longest label
    before: frozenset[str]  # single words that may stand before a label
    between: frozenset[str]  # single words that may stand between a label and its separator
    on: frozenset[str]  # words that join a sentence's verb to its date: "on", "at"
    stamps: frozenset[tuple[str, ...]]  # labels whose date is all that they say: "last updated"
    over_always: frozenset[tuple[str, ...]]  # labels over a list of notes
    over_dated: frozenset[tuple[str, ...]]
    instruction_headings: frozenset[tuple[str, ...]]
    instruction_openings: frozenset[tuple[str, ...]]
    sentences: Patterns
    sentence_facts: tuple[Sentence, ...]  # by the number of the pattern
    never: Patterns
    meanings: tuple[tuple[Kind, Patterns], ...]  # in the order in which they are asked
    remark: Patterns


def words_of(text: str) -> list[Word]:
    """The words of a text in order, folded: ``Editor’s`` is ``editor's``."""
    folded = text.lower().translate(_APOSTROPHES)
    if len(folded) != len(text):  # İ and its like change their length in lower case
        folded = "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
        folded = folded.translate(_APOSTROPHES)
    return [Word(one.group(), one.start(), one.end()) for one in _WORD.finditer(folded)]


def sequence(text: str) -> tuple[str, ...]:
    """The folded words of a label or a phrase."""
    return tuple(word.folded for word in words_of(text))


@cache
def stems() -> Mapping[str, tuple[str, ...]]:
    """Per language the pieces of words without which it has no note."""
    return {code: tuple(pieces) for code, pieces in _read("stems").items()}


@cache
def language(code: str) -> Language:
    """The words of one language, read from its file once."""
    data = _read(code)
    groups: dict[str, tuple[tuple[str, ...], ...]] = {}
    for name, entries in data.get("groups", {}).items():
        groups[name] = tuple(sorted(map(_choice, entries), key=len, reverse=True))
    labels: dict[tuple[str, ...], Kind | None] = {}
    for one in data.get("weak", {}).get("labels", ()):
        labels[sequence(one)] = None
    for kind, entries in data["labels"].items():
        for one in entries:
            labels[sequence(one)] = kind
    sentences, facts = Patterns(), []
    for table in data.get("sentence", ()):
        for text in table["patterns"]:
            sentences.add(compile_pattern(text, groups))
            facts.append(Sentence(table["kind"], table.get("where", "anywhere")))
    around = data.get("around", {})
    over = data.get("over", {})
    instructions = data.get("instructions", {})
    return Language(
        code=code,
        labels=labels,
        longest_label=max(map(len, labels)),
        before=frozenset(around.get("before", ())),
        between=frozenset(word for one in around.get("between", ()) for word in sequence(one)),
        on=frozenset(around.get("on", ())),
        stamps=frozenset(map(sequence, around.get("stamps", ()))),
        over_always=frozenset(sequence(one) for one in over.get("always", ())),
        over_dated=frozenset(sequence(one) for one in over.get("dated", ())),
        instruction_headings=frozenset(map(sequence, instructions.get("headings", ()))),
        instruction_openings=frozenset(map(sequence, instructions.get("openings", ()))),
        sentences=sentences,
        sentence_facts=tuple(facts),
        never=_patterns(data.get("never", {}).get("patterns", ()), groups),
        meanings=tuple(
            (table["kind"], _patterns(table["patterns"], groups))
            for table in data.get("meaning", ())
        ),
        remark=_patterns(data.get("remark", {}).get("patterns", ()), groups),
    )


def compile_pattern(text: str, groups: Mapping[str, tuple[tuple[str, ...], ...]]) -> Pattern:
    """A pattern of the data files as steps; KeyError names a group that is not there."""
    elements = []
    for part in text.split():
        optional = part.startswith("[")
        part = part.strip("[]")
        if part == "…":
            elements.append(Element((), gap=True))
        elif part.startswith("{"):
            elements.append(Element(groups[part.strip("{}")], optional))
        else:
            elements.append(Element((_choice(part),), optional))
    return tuple(elements)


def _choice(text: str) -> tuple[str, ...]:
    return (text.lower(),) if text.endswith("*") else sequence(text)


def label_at(words: Sequence[Word], index: int, known: Language) -> int:
    """The number of words of the longest label that stands at a word; 0 when there is none."""
    for length in range(min(known.longest_label, len(words) - index), 0, -1):
        if tuple(word.folded for word in words[index : index + length]) in known.labels:
            return length
    return 0


def _patterns(texts: Sequence[str], groups: Mapping[str, tuple[tuple[str, ...], ...]]) -> Patterns:
    patterns = Patterns()
    for text in texts:
        patterns.add(compile_pattern(text, groups))
    return patterns


def _fits(pattern: Pattern, step: int, words: Sequence[Word], index: int) -> int | None:
    """The word after the pattern if it fits here, tried with backtracking over its few choices."""
    if step == len(pattern):
        return index
    element = pattern[step]
    if element.gap:
        for skipped in range(min(LONGEST_GAP, len(words) - index) + 1):
            end = _fits(pattern, step + 1, words, index + skipped)
            if end is not None:
                return end
        return None
    for after in _steps(element, words, index):
        end = _fits(pattern, step + 1, words, after)
        if end is not None:
            return end
    if element.optional:
        return _fits(pattern, step + 1, words, index)
    return None


def _steps(element: Element, words: Sequence[Word], index: int) -> Iterator[int]:
    if index >= len(words):
        return
    first = words[index].folded
    for choice in element.choices:
        if choice[0].endswith("*"):
            if first.startswith(choice[0][:-1]):
                yield index + 1
        elif choice[0] == first and (
            len(choice) == 1
            or choice == tuple(word.folded for word in words[index : index + len(choice)])
        ):
            yield index + len(choice)


def _read(name: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
