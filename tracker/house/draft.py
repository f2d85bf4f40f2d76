"""A change turned into a note for an editor to finish: the house's words for what was edited.

A draft is never published by itself. What most readers would have believed otherwise becomes the
sentence; the rest of the change stands below it as comments. Where other software should write the
sentence (a language model, a newsroom's CMS), ``draft`` takes a ``Drafter`` instead of its own
rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from tracker import locale
from tracker.house import sentences
from tracker.house.sentences import DraftWords, draft_words
from tracker.house.style import Style
from tracker.model import Change, Edit, FieldChange, Kind

Drafter = Callable[[Change], str]
"""Other software's way to word a change: from the change to the words of the note.

It gets what ``tracker.compare`` gives, and returns the sentence without label and date; "" when it
has nothing to say. It runs in this process, once per draft, before the editor opens. What it
raises is not caught.
"""

MOST_REST = 40  # comment lines; what is beyond them is counted
LONGEST_QUOTED = 160  # characters of a sentence in a comment line
LONGEST_NOTE = 320  # characters of a draft that says more than one thing
TOLD_ALREADY = 0.75  # share of a part's words that the parts before it have
MOST_PARTS = 3  # things that a draft says
MOST_WORDS = 20  # of a part of a sentence that is told as removed
MOST_ROWS = 6  # of a table that are named one by one
MOST_NAMED = 4  # items of a list that are named; more are counted
SAME_SENTENCE = 0.5  # share of words by which a sentence is the same with another fact in it
SLIP = 0.7  # how alike two names are when one is a misspelling of the other

_STRENGTH = (
    "number", "date", "name", "quote", "negation", "attribution", "modality", "headline", "byline",
    "dek", "information-removed", "information-added",
)  # fmt: skip
_REPLACED = ("number", "date", "name")
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
    written: str = ""  # the passage that came or went, as written, where it is one of its own


class _Part(NamedTuple):
    """What a draft says of some points."""

    words: str  # "to …"
    points: tuple[_Point, ...]


def draft(change: Change, kind: Kind, style: Style, drafter: Drafter | None = None) -> NoteDraft:
    """A note of this kind about a change, in the words of the house.

    ``drafter`` writes the sentence instead of the rules here. The text is "" when nothing in the
    change can be told in a sentence of this kind. Where an update tells of facts that gave way to
    others, the rest offers the correction that it may be.
    """
    points = list(_points(change))
    if drafter is not None:
        return NoteDraft(" ".join(drafter(change).split()), _rest(points))
    writer = _DraftWriter(style, draft_words(style.language))
    if kind in ("retraction", "refile"):
        return NoteDraft(
            style.draft.get("retracted" if kind == "retraction" else "refiled", ""), _rest(points)
        )
    if kind == "update":
        said = _chosen(list(writer.parts(points, _headings(change))))
        offered = writer.corrections(points)
        offer = (f"as a correction: {offered.words}",) if offered is not None else ()
        told = [point for part in said for point in part.points]
        return NoteDraft(writer.joined([part.words for part in said]), offer + _rest(points, told))
    if kind == "correction" and (found := writer.corrections(points)) is not None:
        return NoteDraft(found.words, _rest(points, found.points))
    order = {"clarification": _FOR_CLARIFICATION, "editors-note": _FOR_EDITORS_NOTE}
    for point in sorted(points, key=lambda one: _rank(one, order.get(kind, _STRENGTH))):
        text = writer.write(kind, point)
        if text:
            general = text == writer.phrase("added_short")  # it does not say what: the rest does
            return NoteDraft(text, _rest(points, () if general else (point,)))
    wrong = kind == "correction" and change.substantive
    return NoteDraft(writer.phrase("corrected") if wrong else "", _rest(points))


def _chosen(parts: Sequence[_Part]) -> list[_Part]:
    """The first parts that together are not too long; a general one only where it is alone."""
    found: list[_Part] = []
    for part in parts:
        told = [point for one in found for point in one.points]
        if part.points and all(point in told for point in part.points):
            continue
        known = " ".join(one.words for one in found)
        if known and sentences.alike(known, part.words) >= TOLD_ALREADY:
            continue
        length = sum(len(one.words) for one in found) + len(part.words)
        if found and (not part.points or length > LONGEST_NOTE or len(found) == MOST_PARTS):
            continue
        if any(one.words == part.words for one in found):
            continue
        found.append(part)
    return found


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
    """Puts points into the words of one house."""

    def __init__(self, style: Style, own: DraftWords) -> None:
        self.style = style
        self.own = own
        self.phrases: Mapping[str, str] = {**own.sentences, **style.draft}

    def write(self, kind: Kind, point: _Point) -> str:
        """The sentence that a note of this kind says about a point; "" when there is none."""
        if kind == "correction":
            return self.correction(point)
        if kind == "clarification":
            return self.told("clarify", "clarify_short", point)
        if point.label == "information-removed":
            return self.removed(point)
        return self.told("added", "added_short", point)

    def phrase(self, key: str, **facts: str) -> str:
        """A phrase with its places filled in; "" when the language has none of that name."""
        known = self.phrases.get(key, "")
        facts.setdefault("earlier_version", self.phrases.get("earlier_version", ""))
        filled = re.sub(r"\{(\w+)\}", lambda place: facts.get(place[1], ""), known)
        return " ".join(filled.split())

    def joined(self, parts: Sequence[str]) -> str:
        """Several parts as one; the first alone in a language that does not say how."""
        more = self.phrases.get("and", "")
        if len(parts) < 2 or not more:
            return parts[0] if parts else ""
        return f"{', '.join(parts[:-1])} {more} {parts[-1]}"

    def quoted(self, words: str) -> str:
        pattern = locale.phrase(self.style.language, "form.quoted")
        pattern = locale.unnested(pattern, {"words": words}, self.style.language)
        return pattern.format(words=words)

    # Facts

    def facts(self, point: _Point) -> tuple[str, str]:
        """The two forms of a fact that gave way to another, whole; "" where it is none."""
        label = self.fact_label(point)
        if label == "number":
            old = sentences.figure(point.old_sentence, point.old, self.own)
            new = sentences.figure(point.new_sentence, point.new, self.own)
            if not old and new:  # words before it came or went: "less than"
                old = sentences.same_figure(point.old_sentence, new, self.own)
            elif old and not new:
                new = sentences.same_figure(point.new_sentence, old, self.own)
        elif label == "date":
            old, new = sentences.dates_apart(
                point.old_sentence, point.new_sentence, point.old, point.new, self.style
            )
        elif label == "name":
            old = sentences.names_around(point.old_sentence, point.old, self.own)
            new = sentences.names_around(point.new_sentence, point.new, self.own)
            if old and not point.new:
                new = sentences.shorter_name(old, point.old, point.new_sentence)
            elif new and not point.old:
                old = sentences.shorter_name(new, point.new, point.old_sentence)
        else:
            return "", ""
        if not old or not new or _plain(old) == _plain(new):
            return "", ""
        if len(point.old_sentence.split()) > len(old.split()) + 3:
            rest = point.old_sentence.replace(old, " "), point.new_sentence.replace(new, " ")
            if sentences.alike(*rest) < SAME_SENTENCE:
                return "", ""  # another sentence stands there, with facts of its own
        return old, new

    def fact_label(self, point: _Point) -> str:
        """Which fact a point is of; a part of a name that came or went is of the name."""
        words = point.old or point.new
        part = point.label.startswith("information") and not (point.old and point.new)
        if part and not point.written and sentences.title_like(words):
            sentence = point.old_sentence if point.old else point.new_sentence
            name = sentences.names_around(sentence, words, self.own)
            return "name" if name and name != words else point.label
        return point.label

    def replaced(self, points: Sequence[_Point]) -> Iterator[tuple[_Point, str, str]]:
        """The facts that gave way to others, each once, with both their forms."""
        seen = set()
        for label in _REPLACED:
            for point in points:
                old, new = self.facts(point) if self.fact_label(point) == label else ("", "")
                values = sentences.value(old, self.own), sentences.value(new, self.own)
                if old and values not in seen:
                    seen.add(values)
                    yield point, old, new

    # Corrections

    def corrections(self, points: Sequence[_Point]) -> _Part | None:
        """What was wrong and what it was, of the facts that gave way to others; None without."""
        found: list[str] = []
        told: list[_Point] = []
        for point, _, _ in self.replaced(points):
            if len(found) == MOST_PARTS:
                break
            sentence = self.correction(point, again=bool(found))
            if found and (not sentence or len(" ".join(found)) + len(sentence) > LONGEST_NOTE):
                break
            found.append(sentence)
            told.append(point)
        return _Part(" ".join(found), tuple(told)) if found else None

    def correction(self, point: _Point, *, again: bool = False) -> str:
        """What was wrong and, by the house's policy, what it was.

        ``again``: after another correction; "" where the language does not say how.
        """
        writers: Mapping[str, Callable[[_Point], str]] = {
            **dict.fromkeys(_REPLACED, self.fact),
            "quote": self.quote,
            "headline": lambda _: self.phrase("headline"),
            "byline": lambda _: self.phrase("byline"),
            "attribution": self.attribution,
        }
        said = writers.get(self.fact_label(point), self.statement)(point) or self.phrase(
            "corrected"
        )
        if again:
            first, also = self.phrase("earlier_version"), self.phrase("earlier_version_again")
            return said.replace(first, also, 1) if also and said.startswith(first) else ""
        return said

    def it_was(self, old: str, new: str) -> str:
        if not new or not old or old == new:
            return ""
        key = "it_was" if self.style.repeat_error else "it_was_only"
        return self.phrase(key, old=old, new=new)

    def fact(self, point: _Point) -> str:
        """A number, date or name that was wrong."""
        label, (old, new) = self.fact_label(point), self.facts(point)
        if not old:
            return self.statement(point)
        if label == "name":
            if SequenceMatcher(None, old.casefold(), new.casefold()).ratio() >= SLIP:
                key = "misspelled_not" if self.style.repeat_error else "misspelled"
                return self.phrase(key, new=new, old=old)
            said = self.phrase("wrong_name")
            return f"{said} {self.it_was(old, new)}".strip() if said else ""
        tell = sentences.counted if label == "number" else sentences.dated
        what = tell(point.new_sentence, new, self.own)
        said = self.phrase("misstated", fact=what) if what else self.phrase(f"misstated_{label}")
        return f"{said} {self.it_was(old, new)}".strip()

    def quote(self, point: _Point) -> str:
        speaker = sentences.speaker_of(point.new_sentence, self.style.language)
        return (
            self.phrase("misquoted_speaker", speaker=speaker)
            if speaker
            else self.phrase("misquoted")
        )

    def attribution(self, point: _Point) -> str:
        old, new = (
            sentences.names_around(point.old_sentence, point.old, self.own),
            sentences.names_around(point.new_sentence, point.new, self.own),
        )
        return self.phrase("misattributed") if old and new and old != new else self.statement(point)

    def statement(self, point: _Point) -> str:
        """For what has no phrase of its own: the statement that was wrong, and the right one."""
        if point.label == "information-added":
            return self.told("added", "added_short", point)
        if point.label == "information-removed":
            return self.removed(point)
        old, new = point.old_sentence, point.new_sentence
        if not (sentences.tellable(new) and sentences.tellable(old)) or not self.own.clause:
            return self.phrase("corrected")
        key = "wrong_statement" if self.style.repeat_error else "wrong_statement_only"
        return self.phrase(key, old=sentences.clause(old, self.own), new=sentences.full(new))

    def removed(self, point: _Point) -> str:
        whole = sentences.whole_sentence(point.old) and sentences.tellable(point.old_sentence)
        if self.style.repeat_error and self.own.clause and whole:
            return self.phrase("removed_fact", fact=sentences.clause(point.old_sentence, self.own))
        return self.phrase("removed")

    def told(self, long: str, short: str, point: _Point) -> str:
        """The new sentence as a clause, where the language allows that."""
        if not self.own.clause or not sentences.tellable(point.new_sentence):
            return self.phrase(short)
        return self.phrase(long, fact=sentences.clause(point.new_sentence, self.own))

    # Updates

    def parts(self, points: Sequence[_Point], headings: Sequence[str]) -> Iterator[_Part]:
        """What an update says, the weightiest first; a last one that says nothing in particular."""
        yield from self.changed_facts(points)
        came = [one for one in points if one.new and not one.old]
        speakers = [one for one in headings if sentences.announced(one, self.style.language)]
        came, quotes = self.apart(came)
        yield from self.spoken(quotes, speakers, "added_quote", "added_quotes")
        yield from self.listed(came, [one for one in headings if one not in speakers])
        yield from self.added(came)
        yield from self.changed_statements(points)
        gone, quotes = self.apart([one for one in points if one.old and not one.new])
        yield from self.spoken(quotes, (), "removed_quote", "removed_quote")
        yield from self.taken_out(gone)
        if any(point.label == "headline" for point in points):
            headline = tuple(point for point in points if point.label == "headline")
            yield _Part(self.phrase("headline_changed"), headline)
        if came or any(one.new and one.label not in ("byline", "dek") for one in points):
            yield _Part(self.phrase("added_short"), ())
        elif gone:
            yield _Part(self.phrase("removed"), ())

    def changed_facts(self, points: Sequence[_Point]) -> Iterator[_Part]:
        """That one fact stands for another now: not that it was added, which would be untrue."""
        for point, old, new in self.replaced(points):
            fact = ""
            if point.label == "number":
                fact = sentences.counted(point.new_sentence, new, self.own)
                fact = "" if fact in self.own.general else fact
            elif point.label == "date":
                fact = sentences.dated(point.new_sentence, new, self.own)
            said = self.phrase("changed_fact", fact=fact, old=old, new=new) if fact else ""
            yield _Part(said or self.phrase("changed", old=old, new=new), (point,))

    def apart(self, points: Sequence[_Point]) -> tuple[list[_Point], list[_Point]]:
        """What is no quotation, and what is: a speaker announced, and what follows."""
        others: list[_Point] = []
        quotes: list[_Point] = []
        speaking = False
        for point in points:
            passage = point.written or point.new_sentence or point.old_sentence
            begins = bool(sentences.announced(passage, self.style.language))
            if begins or sentences.mostly_quoted(passage) or (speaking and point.written):
                quotes.append(point)
            else:
                others.append(point)
            speaking = begins or (speaking and bool(point.written))
        return others, quotes

    def spoken(
        self, points: Sequence[_Point], headings: Sequence[str], one: str, several: str
    ) -> Iterator[_Part]:
        """Whose statements came or went."""
        found: dict[str, tuple[_Point, ...]] = {}
        for passage, point in [
            *((heading, ()) for heading in headings),
            *((each.written or each.new_sentence or each.old_sentence, (each,)) for each in points),
        ]:
            speaker = sentences.announced(passage, self.style.language)
            if not speaker and sentences.mostly_quoted(passage):
                speaker = sentences.speaker_of(passage, self.style.language)
            if speaker:
                found.setdefault(speaker, point)
        names = list(found)[:MOST_PARTS]
        if names:
            key = several if len(names) > 1 and several in self.phrases else one
            if said := self.phrase(key, speaker=self.joined(names)):
                told = tuple(point for name in names for point in found[name])
                yield _Part(said, told or tuple(points[:1]))

    def listed(self, points: Sequence[_Point], headings: Sequence[str]) -> Iterator[_Part]:
        """Items of lists, rows, documents, events and names that came, as a desk names them."""
        items: dict[str, _Point] = {}
        links: dict[str, _Point] = {}
        rows = [one for one in points if "|" in one.written]
        count = sum(line.count("|") > 0 for one in rows for line in one.written.splitlines())
        if count > MOST_ROWS and (said := self.phrase("added_table", number=str(count))):
            yield _Part(said, tuple(rows))
            points = [one for one in points if one not in rows]
        for point in points:
            if point.label in ("negation", "modality", "attribution", "quote"):
                continue
            for item in sentences.items(point.written or point.new, bool(point.written), self.own):
                items.setdefault(self.item(item), point)
            if point.written and (link := sentences.pointed_to(point.written, self.own)):
                links.setdefault(self.quoted(link) if len(link.split()) > 3 else link, point)
        headings = [one for one in headings if one.casefold() not in self.own.invitations]
        if headings and (said := self.phrase("added_section", item=self.quoted(headings[0]))):
            under = tuple(point for point in points if point.written)[:1]
            yield _Part(said, under)
        yield from self.named("added_item", items)
        yield from self.named("added_link", links)

    def item(self, words: str) -> str:
        """An item as it is named: a title in quotation marks, an event with its day after it."""
        day, title = sentences.event(words, self.style)
        if day and title:
            made = self.phrase("event", item=title, day=day)
            return made or words
        long = ":" in words or len(words.split()) > 8 or words[:1].islower()
        return self.quoted(words) if long and len(words.split()) > 3 else words

    def named(self, key: str, items: Mapping[str, _Point]) -> Iterator[_Part]:
        if not items or key not in self.phrases:
            return
        names = list(items)
        kept = names[:MOST_NAMED]
        while len(kept) > 1 and sum(map(len, kept)) > sentences.LONGEST_TOLD - 60:
            kept.pop()
        if len(kept) < len(names):
            kept.append(self.phrase("more", number=str(len(names) - len(kept))))
        yield _Part(self.phrase(key, item=self.joined(kept)), tuple(items.values()))

    def added(self, points: Sequence[_Point]) -> Iterator[_Part]:
        """The sentence that says most of what came."""
        whole = [
            point
            for point in points
            if point.written
            and sentences.tellable(point.new_sentence)
            and sentences.whole_sentence(point.new_sentence)
            and not sentences.pointed_to(point.written, self.own)
        ]
        if whole:
            best = max(whole, key=lambda one: sentences.weight(one.new_sentence))
            yield _Part(self.told("added", "added_short", best), (best,))

    def changed_statements(self, points: Sequence[_Point]) -> Iterator[_Part]:
        """What a sentence says now that stood there before in other words."""
        for point in points:
            if point.written or not point.new_sentence or not point.old_sentence:
                continue
            if point.label in ("headline", "byline", "dek") or self.facts(point)[0]:
                continue
            whole = sentences.whole_sentence(point.new_sentence)
            old, new = (sentences.cleaned(each, self.own) for each in (point.old, point.new))
            if not whole and old and new and len(old) + len(new) < sentences.LONGEST_TOLD:
                if not (sentences.title_like(old) and sentences.title_like(new)):
                    old, new = self.quoted(old), self.quoted(new)
                yield _Part(self.phrase("changed", old=old, new=new), (point,))
            elif point.new and whole and self.own.clause and sentences.tellable(point.new_sentence):
                said = sentences.clause(point.new_sentence, self.own)
                yield _Part(self.phrase("says", fact=said), (point,))

    def taken_out(self, points: Sequence[_Point]) -> Iterator[_Part]:
        """Sentences, items and words that went."""
        items: dict[str, _Point] = {}
        for point in points:
            if self.facts(point)[0]:
                continue
            if sentences.pointed_to(point.old, self.own):
                continue
            if point.written and sentences.whole_sentence(point.written):
                said = self.removed(point)
                yield _Part(said, (point,) if said != self.phrase("removed") else ())
                continue
            listed = sentences.items(point.written or point.old, bool(point.written), self.own)
            for item in listed:
                items.setdefault(self.item(item), point)
            words = sentences.cleaned(point.old, self.own).strip(" .")
            if not listed and not point.written and 2 < len(words.split()) <= MOST_WORDS:
                items.setdefault(self.quoted(words), point)
        yield from self.named("removed_item", items)


def _headings(change: Change) -> list[str]:
    """The words of headings that came with text of their own below them."""
    found = []
    before = ""
    for edit in _flat(change.edits):
        if edit.operation == "insert" and edit.new.lstrip().startswith("#"):
            before = sentences.one_sentence(edit.new)
            before = before if len(re.findall(r"[^\W\d_]", before)) > 3 else ""
            continue
        if before and edit.operation == "insert" and "information-added" in edit.labels:
            found.append(before)
        before = ""
    return found


def _points(change: Change) -> Iterator[_Point]:
    """What a note could tell, edit by edit, in the order of the text; each only once."""
    seen: set[tuple[str, str, str, str, str]] = set()
    for edit in _flat(change.edits):
        labels = [label for label in _STRENGTH if label in edit.labels]
        if not labels or not edit.verbal or edit.field is not None or "note" in edit.labels:
            continue
        own = not edit.old_sentence or not edit.new_sentence  # a passage of its own came or went
        whole = labels[0].startswith("information")
        added = (
            edit.new if own or (whole and sentences.whole_sentence(edit.new)) else edit.new_sentence
        )
        removed = (
            edit.old if own or (whole and sentences.whole_sentence(edit.old)) else edit.old_sentence
        )
        if own and not whole and labels[0] in _REPLACED:
            labels = [f"information-{'added' if edit.new.strip() else 'removed'}"]
        point = _Point(
            labels[0],
            " ".join(edit.old.split()),
            " ".join(edit.new.split()),
            sentences.one_sentence(removed),
            sentences.one_sentence(added),
            (edit.new or edit.old) if own and not (edit.new.strip() and edit.old.strip()) else "",
        )
        key = point.label, point.old, point.new, point.old_sentence, point.new_sentence
        if key not in seen:
            seen.add(key)
            yield point
    for field in change.fields:
        if field.role in ("headline", "dek", "byline"):
            yield _field(field)


def _field(field: FieldChange) -> _Point:
    old, new = field.old or "", field.new or ""
    return _Point(field.role, old, new, old, new)


def _plain(words: str) -> str:
    """Letters and digits alone: two forms that agree in them are one fact."""
    return re.sub(r"[\W_]+", "", words).casefold()


def _flat(edits: Sequence[Edit]) -> Iterator[Edit]:
    for edit in edits:
        if edit.operation == "move":
            yield from edit.within
        else:
            yield edit


def _rank(point: _Point, order: Sequence[str]) -> tuple[int, int]:
    place = order.index(point.label) if point.label in order else len(order)
    return place, -len(point.new_sentence) if point.label.startswith("information") else 0


def _rest(points: Sequence[_Point], told: Sequence[_Point] = ()) -> tuple[str, ...]:
    lines = [_line(point) for point in points if all(point is not one for one in told)]
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
