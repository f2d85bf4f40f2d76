"""A change turned into a note for an editor to finish: the house's words for what was edited.

A draft is never published by itself. The strongest edit becomes the sentence; the rest of the
change stands below it as comments. Where other software should write the sentence (a language
model, a newsroom's CMS), ``draft`` takes a ``Drafter`` instead of its own rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import NamedTuple

from tracker import locale
from tracker.house.dates.find import find_stamps
from tracker.house.notes.passages import plain_words
from tracker.house.style import Style
from tracker.model import Change, Edit, FieldChange, Kind
from tracker.text.lexicon import lexicon

Drafter = Callable[[Change], str]
"""Other software's way to word a change: from the change to the words of the note.

It gets what ``tracker.compare`` gives, and returns the sentence without label and date; "" when it
has nothing to say. It runs in this process, once per draft, before the editor opens. What it
raises is not caught.
"""

MOST_REST = 40  # comment lines; what is beyond them is counted
LONGEST_TOLD = 300  # characters of a sentence that becomes part of a note
LONGEST_QUOTED = 160  # characters of a sentence in a comment line
SLIP = 0.7  # how alike two names are when one is a misspelling of the other

_STRENGTH = (
    "number", "date", "name", "quote", "negation", "attribution", "modality", "headline", "byline",
    "dek", "information-removed", "information-added",
)  # fmt: skip
_REPLACED = ("number", "date", "name")
_FOR_UPDATE = ("information-added", "quote", *_STRENGTH)
_FOR_CLARIFICATION = ("modality", "attribution", "negation", *_STRENGTH)
_FOR_EDITORS_NOTE = ("information-removed", *_STRENGTH)


class NoteDraft(NamedTuple):
    """A note that somebody has yet to confirm."""

    text: str  # one line; may begin with "to …", which the house's lead completes; may be ""
    rest: tuple[str, ...]  # what else changed, a line each, without comment marks


class _Point(NamedTuple):
    """One thing that a note could tell."""

    label: str
    old: str  # the words that were replaced
    new: str
    old_sentence: str  # without markup
    new_sentence: str


def draft(change: Change, kind: Kind, style: Style, drafter: Drafter | None = None) -> NoteDraft:
    """A note of this kind about a change, in the words of the house.

    ``drafter`` writes the sentence instead of the rules here. The text is "" when nothing in the
    change can be told in a sentence of this kind.
    """
    points = list(_points(change))
    if drafter is not None:
        return NoteDraft(" ".join(drafter(change).split()), _rest(points, None))
    order = {
        "update": _FOR_UPDATE,
        "clarification": _FOR_CLARIFICATION,
        "editors-note": _FOR_EDITORS_NOTE,
    }.get(kind, _STRENGTH)
    writer = _DraftWriter(style, phrases(style.language))
    if kind in ("retraction", "refile"):
        return NoteDraft(
            style.draft.get("retracted" if kind == "retraction" else "refiled", ""),
            _rest(points, None),
        )
    for point in sorted(points, key=lambda one: _rank(one, order)):
        text = writer.write(kind, point)
        if text:
            general = text == writer.phrase("added_short")  # it does not say what: the rest does
            return NoteDraft(text, _rest(points, None if general else point))
    wrong = kind == "correction" and change.substantive
    return NoteDraft(writer.phrase("corrected") if wrong else "", _rest(points, None))


def editor_text(written: NoteDraft | None, kind: Kind, style: Style) -> str:
    """What the editor opens on: the draft, then comment lines that say what to do and what else
    changed. ``written`` may be None where there is no change to draft from."""
    label = style.templates[kind].label or kind
    lines = [
        written.text if written else "",
        "",
        f"# {label}: the words that readers will be told, without label and date.",
        "# Lines that begin with # are left out. Without any words nothing is recorded.",
    ]
    lead = style.templates[kind].lead
    if lead and written and written.text and written.text[:1].islower():
        lines.append(f"# Words that begin like these are put after “{lead}”.")
    if written and written.rest:
        lines += ["#", "# The rest of the change:", *(f"#   {line}" for line in written.rest)]
    return "\n".join(lines) + "\n"


def from_editor(text: str) -> str:
    """The note's words from what was saved in the editor, as one line; comment lines left out."""
    kept = [line for line in text.removeprefix("\ufeff").splitlines() if not line.startswith("#")]
    return " ".join(" ".join(kept).split())


class _DraftWriter:
    """Puts one point into the words of one house."""

    def __init__(self, style: Style, own: Phrases) -> None:
        self.style = style
        self.own = own
        self.phrases: Mapping[str, str] = {**own.sentences, **style.draft}

    def write(self, kind: Kind, point: _Point) -> str:
        """The sentence that a note of this kind says about a point; "" when there is none."""
        if kind == "correction":
            return self.correction(point)
        if kind == "clarification":
            return self.told("clarify", "clarify_short", point)
        return self.update(point)

    def phrase(self, key: str, **facts: str) -> str:
        """A phrase with its places filled in; "" when the language has none of that name."""
        known = self.phrases.get(key, "")
        facts.setdefault("earlier_version", self.phrases.get("earlier_version", ""))
        filled = re.sub(r"\{(\w+)\}", lambda place: facts.get(place[1], ""), known)
        return " ".join(filled.split())

    def correction(self, point: _Point) -> str:
        """What was wrong and, by the house's policy, what it was."""
        writers: Mapping[str, Callable[[_Point], str]] = {
            "number": self.number,
            "date": self.date,
            "name": self.name,
            "quote": self.quote,
            "headline": lambda _: self.phrase("headline"),
            "byline": lambda _: self.phrase("byline"),
            "attribution": self.attribution,
        }
        return writers.get(point.label, self.statement)(point) or self.phrase("corrected")

    def it_was(self, old: str, new: str) -> str:
        if not new or not old or old == new:
            return ""
        key = "it_was" if self.style.repeat_error else "it_was_only"
        return self.phrase(key, old=old, new=new)

    def number(self, point: _Point) -> str:
        new, old = figure(point.new_sentence, point.new), figure(point.old_sentence, point.old)
        fact = counted(point.new_sentence, new, self.own)
        said = self.phrase("misstated", fact=fact) if fact else self.phrase("misstated_number")
        return f"{said} {self.it_was(old, new)}".strip()

    def date(self, point: _Point) -> str:
        new = self._whole_date(point.new_sentence, point.new)
        old = self._whole_date(point.old_sentence, point.old)
        return f"{self.phrase('misstated_date')} {self.it_was(old, new)}".strip()

    def _whole_date(self, sentence: str, words: str) -> str:
        at = sentence.find(words)
        for stamp in find_stamps(
            sentence, language=self.style.locale, day_first=self.style.day_first
        ):
            if words and stamp.start <= at < stamp.end:
                return sentence[stamp.start : stamp.end]
        known = lexicon(self.style.language)
        for word in words.casefold().strip(" .,").split():
            if word not in known.weekdays and word not in known.months and not word[:1].isdigit():
                return ""
        return words.strip(" .,")

    def name(self, point: _Point) -> str:
        new, old = (
            names_around(point.new_sentence, point.new, self.own),
            names_around(point.old_sentence, point.old, self.own),
        )
        if not new or not old:
            return self.statement(point)
        if SequenceMatcher(None, old.casefold(), new.casefold()).ratio() >= SLIP:
            key = "misspelled_not" if self.style.repeat_error else "misspelled"
            return self.phrase(key, new=new, old=old)
        said = self.phrase("wrong_name")
        return f"{said} {self.it_was(old, new)}".strip() if said else ""

    def quote(self, point: _Point) -> str:
        speaker = speaker_of(point.new_sentence, self.style.language)
        return (
            self.phrase("misquoted_speaker", speaker=speaker)
            if speaker
            else self.phrase("misquoted")
        )

    def attribution(self, point: _Point) -> str:
        old, new = (
            names_around(point.old_sentence, point.old, self.own),
            names_around(point.new_sentence, point.new, self.own),
        )
        return self.phrase("misattributed") if old and new and old != new else self.statement(point)

    def statement(self, point: _Point) -> str:
        """For what has no phrase of its own: the statement that was wrong, and the right one."""
        if point.label == "information-added":
            return self.told("added", "added_short", point)
        if point.label == "information-removed":
            return self.removed(point)
        both = tellable(point.new_sentence) and tellable(point.old_sentence)
        if not both or not self.own.clause:
            return self.phrase("corrected")
        key = "wrong_statement" if self.style.repeat_error else "wrong_statement_only"
        return self.phrase(
            key, old=clause(point.old_sentence, self.own), new=_full(point.new_sentence)
        )

    def removed(self, point: _Point) -> str:
        whole = _whole_sentence(point.old) and tellable(point.old_sentence)
        if self.style.repeat_error and self.own.clause and whole:
            return self.phrase("removed_fact", fact=clause(point.old_sentence, self.own))
        return self.phrase("removed")

    def update(self, point: _Point) -> str:
        if point.label == "information-removed":
            return self.removed(point)
        if point.label == "headline":
            return self.phrase("headline_changed")
        if point.label in ("byline", "dek"):
            return ""
        if point.label in _REPLACED and point.old and point.new:
            return self.replaced(point)
        if _mostly_quoted(point.new_sentence):
            speaker = speaker_of(point.new_sentence, self.style.language)
            return (
                self.phrase("added_quote", speaker=speaker)
                if speaker
                else self.phrase("added_short")
            )
        return self.told("added", "added_short", point)

    def replaced(self, point: _Point) -> str:
        """That one fact stands for another now: not that it was added, which would be untrue."""
        old, new = point.old, point.new
        if point.label == "number":
            old, new = figure(point.old_sentence, old), figure(point.new_sentence, new)
        elif point.label == "name":
            old = names_around(point.old_sentence, old, self.own) or old
            new = names_around(point.new_sentence, new, self.own) or new
        elif point.label == "date":
            old = self._whole_date(point.old_sentence, old) or old
            new = self._whole_date(point.new_sentence, new) or new
        return self.phrase("changed", old=old, new=new)

    def told(self, long: str, short: str, point: _Point) -> str:
        """The new sentence as a clause, where the language allows that."""
        if not self.own.clause or not tellable(point.new_sentence):
            return self.phrase(short)
        return self.phrase(long, fact=clause(point.new_sentence, self.own))


def _full(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "”", '"', "…", "»")) else f"{sentence}."


def _mostly_quoted(sentence: str) -> bool:
    quoted = sum(len(one) for one in re.findall(r"[“\"„«][^“”\"„«»]*[”\"“»]", sentence))
    return quoted * 2 > len(sentence)


def _points(change: Change) -> Iterator[_Point]:
    """What a note could tell, edit by edit, in the order of the text; each only once."""
    seen: set[tuple[str, str, str]] = set()
    for edit in _flat(change.edits):
        labels = [label for label in _STRENGTH if label in edit.labels]
        if not labels or not edit.verbal or edit.field is not None:
            continue
        whole = labels[0].startswith("information")
        added = edit.new if whole and _whole_sentence(edit.new) else edit.new_sentence
        removed = edit.old if whole and _whole_sentence(edit.old) else edit.old_sentence
        point = _Point(
            labels[0],
            " ".join(edit.old.split()),
            " ".join(edit.new.split()),
            _one_sentence(removed),
            _one_sentence(added),
        )
        key = (point.label, point.old_sentence or point.old, point.new_sentence or point.new)
        if key not in seen:
            seen.add(key)
            yield point
    for field in change.fields:
        if field.role in ("headline", "dek", "byline"):
            yield _field(field)


def _field(field: FieldChange) -> _Point:
    old, new = field.old or "", field.new or ""
    return _Point(field.role, old, new, old, new)


def _flat(edits: Sequence[Edit]) -> Iterator[Edit]:
    for edit in edits:
        if edit.operation == "move":
            yield from edit.within
        else:
            yield edit


def _whole_sentence(passage: str) -> bool:
    """Whether an edit is a sentence, or several, and no part of one."""
    words = passage.strip().strip("*_“”\"'’()[]>#- ")
    return (
        len(words.split()) >= 3
        and not words[:1].islower()
        and passage.strip().rstrip('*_”"’)»')[-1:] in ".!?…:"
    )


def tellable(sentence: str) -> bool:
    """Whether a sentence can stand in a note: prose, not too long, and whole."""
    letters = sum(one.isalpha() or one.isspace() for one in sentence)
    return (
        len(sentence.split()) >= 3
        and len(sentence) <= LONGEST_TOLD
        and letters > 0.8 * len(sentence)
        and not re.search(r"https?:|[<>|\\{}]|\]\(", sentence)
        and not sentence.endswith(":")
        and all(sentence.count(a) == sentence.count(b) for a, b in ("()", "[]", "“”"))
    )


def _one_sentence(passage: str) -> str:
    """The first sentence of a passage without its markup; list marks and headings left out."""
    words = plain_words(re.sub(r"(?m)^[ \t]*(?:[-+*>#]+|\d+[.)])[ \t]+", "", passage))
    end = re.search(r"(?<=[^\W\d_][^\W\d_])[.!?…][”\"»’')\]]*(?=\s+[A-ZÀ-ÖØ-ÞА-ЯІЇЄҐ“\"„«])", words)
    return words[: end.end()] if end and not _ABBREVIATED.search(words[: end.end()]) else words


_ABBREVIATED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Jr|Sr|St|Rev|Hon|Jan|Feb|Aug|Sept"
    r"|Oct|Nov|Dec|Bd|Nr)\.$"
)


def _rank(point: _Point, order: Sequence[str]) -> tuple[int, int]:
    place = order.index(point.label) if point.label in order else len(order)
    return place, -len(point.new_sentence) if point.label.startswith("information") else 0


def _rest(points: Sequence[_Point], told: _Point | None) -> tuple[str, ...]:
    lines = [_line(point) for point in points if point is not told]
    if len(lines) > MOST_REST:
        more = len(lines) - MOST_REST
        lines = [*lines[:MOST_REST], f"and {more} more"]
    return tuple(lines)


def _line(point: _Point) -> str:
    if point.label == "information-added":
        return f"added: {_short(point.new_sentence or point.new)}"
    if point.label == "information-removed":
        return f"removed: {_short(point.old_sentence or point.old)}"
    line = f"{point.label}: {_short(point.old) or 'nothing'} → {_short(point.new) or 'nothing'}"
    around = point.new_sentence or point.old_sentence
    return line if point.label in ("headline", "dek", "byline") else f"{line} in “{_short(around)}”"


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= LONGEST_QUOTED else words[: LONGEST_QUOTED - 2].rstrip() + " …"


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
