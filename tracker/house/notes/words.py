"""The words by which notes are known, per language, and a small matcher for them.

The words are data: ``notes.toml`` of each language, which an editor can read and extend. They are
matched word by word instead of by regular expressions, because several hundred patterns over groups
of many words would take longer to compile than a whole article takes to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from tracker import locale
from tracker.model import Kind

LONGEST_GAP = 12  # words that "…" in a pattern may stand for, in one sentence
LONGEST_ABBREVIATION = 3  # letters of "Sen.", after which a capital letter begins no sentence

_WORD = re.compile(r"[^\W_]+(?:['’ʼ`´‘.\-][^\W_]+)*")


class Word(NamedTuple):
    """One word of a text, folded for comparing."""

    folded: str  # lower case, apostrophes straight
    start: int  # offsets in the text it was read from
    end: int
    opens: bool = False  # begins a sentence, as far as a full stop and a capital letter tell


class Element(NamedTuple):
    """One step of a pattern."""

    choices: tuple[tuple[str, ...], ...]  # word sequences, any of which fits; longest first;
    #   one word that ends in "*" fits every word that begins so
    optional: bool = False
    gap: bool = False  # up to LONGEST_GAP words of anything


Pattern = tuple[Element, ...]


class _Candidate:
    """A pattern, as it is found by its first word."""

    __slots__ = ("following", "number", "pattern")

    def __init__(self, number: int, pattern: Pattern, following: frozenset[str] | None) -> None:
        self.number = number
        self.pattern = pattern
        self.following = following  # words that may stand second; None: it cannot be told


class Patterns:
    """Patterns found by the word that they begin with; of two that fit, the earlier wins."""

    __slots__ = ("by_first", "by_stem", "count")

    def __init__(self) -> None:
        self.by_first: dict[str, list[_Candidate]] = {}
        self.by_stem: list[tuple[str, _Candidate]] = []
        self.count = 0

    def add(self, pattern: Pattern) -> None:
        for step, element in enumerate(pattern):
            after = _firsts(pattern[step + 1 :])
            for choice in element.choices:
                if choice[0].endswith("*"):
                    self.by_stem.append((choice[0][:-1], _Candidate(self.count, pattern, None)))
                    continue
                following = frozenset((choice[1],)) if len(choice) > 1 else after
                known = self.by_first.setdefault(choice[0], [])
                if not known or known[-1].number != self.count:
                    known.append(_Candidate(self.count, pattern, following))
                elif known[-1].following is not None:
                    so_far = known[-1].following
                    known[-1].following = None if following is None else so_far | following
            if not element.optional:
                break
        self.count += 1

    def at(self, words: Sequence[Word], index: int) -> tuple[int, int] | None:
        """The number of the first pattern that fits at a word, and the word after it."""
        first = words[index].folded
        candidates = self.by_first.get(first, [])
        if self.by_stem:
            stems = [one for stem, one in self.by_stem if first.startswith(stem)]
            if stems:
                candidates = sorted([*candidates, *stems], key=lambda one: one.number)
        second = words[index + 1].folded if index + 1 < len(words) else ""
        for one in candidates:
            if one.following is None or second in one.following:
                end = _fits(one.pattern, 0, words, index)
                if end is not None:
                    return one.number, end
        return None

    def anywhere(self, words: Sequence[Word]) -> bool:
        return any(self.at(words, index) is not None for index in range(len(words)))


class SentenceRule(NamedTuple):
    """What a pattern for a sentence without label says."""

    kind: Kind
    where: str  # "anywhere", "set-apart" or "brackets"


class NoteWords(NamedTuple):
    """All words of one language, ready for matching."""

    code: str
    labels: Mapping[tuple[str, ...], Kind | None]  # None: a weak label
    longest_label: int  # words of the longest label
    before: frozenset[str]  # single words that may stand before a label
    between: frozenset[str]  # single words that may stand between a label and its separator
    openings: frozenset[str]  # first words of labels, and what stands before them
    on: frozenset[str]  # words that join a sentence's verb to its date: "on", "at"
    change_words: frozenset[str]  # verbs that say that a text was changed: "updated"
    after_date: frozenset[str]  # words after a date that stands before its verb: "tarihinde"
    stamps: frozenset[tuple[str, ...]]  # labels whose date is all that they say: "last updated"
    over_always: frozenset[tuple[str, ...]]  # labels over a list of notes
    over_dated: frozenset[tuple[str, ...]]
    instruction_headings: frozenset[tuple[str, ...]]
    instruction_openings: frozenset[tuple[str, ...]]
    sentences: Patterns
    sentence_facts: tuple[SentenceRule, ...]  # by the number of the pattern


class Judgement(NamedTuple):
    """The words that decide what a passage says that looks like a note; see notes/en.toml."""

    never: Patterns
    meanings: tuple[tuple[Kind, Patterns], ...]  # in the order in which they are asked
    remark: Patterns  # one of them stands in a remark that tells of a change
    remark_parts: tuple[str, ...]  # or one of these, where words have no spaces between them
    published: Patterns  # "this guide was originally published", of itself no note
    since: Patterns  # and what makes it one: "it was updated on"


def words_of(text: str) -> list[Word]:
    """The words of a text in order, folded: ``Editor’s`` is ``editor's``."""
    found: list[Word] = []
    last = 0
    for one in _WORD.finditer(fold(text)):
        start, end = one.span()
        opens = (
            start - last > 1
            and text[last] in ".!?"
            and text[start].isupper()
            and bool(found)
            and len(found[-1].folded) > LONGEST_ABBREVIATION
        )
        found.append(Word(one[0], start, end, opens))
        last = end
    return found


def may_open(start: str, languages: Sequence[NoteWords]) -> bool:
    """Whether a note may begin with the first two words of this; a quick no for most text."""
    found = _WORD.match(start)
    if found is None or found[0][0].isdigit():
        return True
    first = fold(found[0])
    further = _WORD.search(start, found.end(), found.end() + 40)
    second = fold(further[0]) if further else ""
    for one in languages:
        if first in one.openings:
            return True
        for candidate in one.sentences.by_first.get(first, ()):
            if candidate.following is None or second in candidate.following:
                return True
        if any(first.startswith(stem) for stem, _ in one.sentences.by_stem):
            return True
    return False


def sequence(text: str) -> tuple[str, ...]:
    """The folded words of a label or a phrase."""
    return tuple(_WORD.findall(fold(text)))


@cache
def language(code: str) -> NoteWords:
    """The words of one language, read from its file once."""
    data = locale.table(code, "notes")
    groups = _groups(code)
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
            facts.append(SentenceRule(table["kind"], table.get("where", "anywhere")))
    around = data.get("around", {})
    before = frozenset(around.get("before", ()))
    over = data.get("over", {})
    instructions = data.get("instructions", {})
    return NoteWords(
        code=code,
        labels=labels,
        longest_label=max(map(len, labels)),
        before=before,
        openings=(before | {label[0] for label in labels}) - {"a", "an", "the"},
        between=frozenset(word for one in around.get("between", ()) for word in sequence(one)),
        on=frozenset(around.get("on", ())),
        change_words=frozenset(
            entry[-1] for name in ("updated", "corrected") for entry in groups.get(name, ())
        ),
        after_date=frozenset(around.get("after_date", ())),
        stamps=frozenset(map(sequence, around.get("stamps", ()))),
        over_always=frozenset(sequence(one) for one in over.get("always", ())),
        over_dated=frozenset(sequence(one) for one in over.get("dated", ())),
        instruction_headings=frozenset(map(sequence, instructions.get("headings", ()))),
        instruction_openings=frozenset(map(sequence, instructions.get("openings", ()))),
        sentences=sentences,
        sentence_facts=tuple(facts),
    )


@cache
def judgement(code: str) -> Judgement:
    """The rest of a language's words, which few texts need."""
    data = locale.table(code, "notes")
    groups = _groups(code)
    published, remark = data.get("published", {}), data["remark"]
    return Judgement(
        never=_patterns(data["never"]["patterns"], groups),
        meanings=tuple(
            (table["kind"], _patterns(table["patterns"], groups)) for table in data["meaning"]
        ),
        remark=_patterns(remark["patterns"], groups),
        remark_parts=tuple(remark.get("contains", ())),
        published=_patterns(published.get("first", ()), groups),
        since=_patterns(published.get("then", ()), groups),
    )


@cache
def _groups(code: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """A language's groups of words, longest first."""
    return {
        name: tuple(sorted(map(_choice, entries), key=len, reverse=True))
        for name, entries in locale.table(code, "notes").get("groups", {}).items()
    }


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


def label_at(words: Sequence[Word], index: int, known: NoteWords) -> int:
    """The number of words of the longest label that stands at a word; 0 when there is none."""
    for length in range(min(known.longest_label, len(words) - index), 0, -1):
        if tuple(word.folded for word in words[index : index + length]) in known.labels:
            return length
    return 0


def _firsts(rest: Pattern) -> frozenset[str] | None:
    """The words with which the rest of a pattern may begin; None when that cannot be told."""
    found: frozenset[str] = frozenset()
    for element in rest:
        firsts = _first_words(element)
        if firsts is None:
            return None
        found = found | firsts if found else firsts
        if not element.optional:
            return found
    return None  # the pattern may end here


@cache
def _first_words(element: Element) -> frozenset[str] | None:
    if element.gap or any(choice[0].endswith("*") for choice in element.choices):
        return None
    return frozenset(choice[0] for choice in element.choices)


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
        for after in range(index, min(index + LONGEST_GAP, len(words)) + 1):
            end = _fits(pattern, step + 1, words, after)
            if end is not None:
                return end
            if after < len(words) and words[after].opens:
                break
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


def fold(text: str) -> str:
    """The text in lower case with straight apostrophes, every character in its place."""
    if text.isascii():
        return text.lower().replace("`", "'")
    folded = text.lower()
    if len(folded) != len(text):  # İ and its like change their length in lower case
        folded = "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
    for apostrophe in "’ʼ`´‘":
        folded = folded.replace(apostrophe, "'")
    return folded
