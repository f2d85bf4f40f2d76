"""Notes that readers had and lost, notes that do not fit what they tell of, and their words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from tracker import locale
from tracker.house.changelog import standing
from tracker.house.dates.find import find_stamps
from tracker.house.notes import find_notes
from tracker.house.notes.merge import key, says_the_same
from tracker.model import Finding, FoundNote, Kind, Meaning, Note, Reason, Saying, Value
from tracker.policy.step import Circumstances, Step, before, is_small, named, touches_words
from tracker.text.lexicon import Lexicon, lexicon

_CLOCKS = timedelta(minutes=10)
"""How far a note's minute may be ahead of its commit: people type the time of publication."""


def note_dropped(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A note that stood for readers and is gone, while no other note came.

    One that stands again in the newest version is no finding. The same words under another date,
    or those of a note that stood beside it, are another note.
    """
    last = steps[-1].notes if steps else ()
    openly = f"tracker note {named(steps, circumstances)} --editors-note TEXT" if steps else ""
    for earlier, step in pairwise(steps):
        if not earlier.revision.published or step.draft or step.revision.notes:
            continue
        beside = {note.id for note in step.stood}
        stood = {note.id for note in standing(step.stood)}
        for note in step.differences.dropped:
            again = any(
                now.id == note.id or (now.id not in beside and says_the_same(note, now))
                for now in last
            )
            if note.id in stood and not again:
                yield circumstances.finding(
                    step,
                    Saying.of("finding.note-dropped", note=note.text),
                    Saying.of("advice.put-note-back", command=openly),
                )


def note_reworded(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A note that tells readers something else than before, under its old date.

    Dated anew, it is a new note in the place of the old one. A typo that was mended is none.
    """
    for earlier, step in pairwise(steps):
        if not earlier.revision.published or step.draft or step.revision.notes:
            continue
        for was, now in step.differences.reworded:
            if now.withdrawn or _is_dated_anew(was, now) or is_small(was.text, now.text):
                continue
            if not _stands(steps, now):
                continue
            yield circumstances.finding(
                step,
                Saying.of("finding.note-reworded", was=was.text, now=now.text),
                Saying.of("advice.say-openly", command=_amending(steps, circumstances, now)),
                line=_line(step, now, circumstances),
            )
        for was, now in _relabeled(step):
            if not _stands(steps, now):
                continue
            yield circumstances.finding(
                step,
                Saying.of(
                    "finding.note-relabeled", note=now.text, was=_called(was), now=_called(now)
                ),
                Saying.of(
                    "advice.call-as-before", command=_amending(steps, circumstances, now, was.kind)
                ),
                line=_line(step, now, circumstances),
            )


def _is_dated_anew(was: Note, now: Note) -> bool:
    return now.precision != "none" and now.at > was.at and was.precision != "none"


def _relabeled(step: Step) -> Iterator[tuple[Note, Note]]:
    """Notes with the same words and another kind, where the words stand once in each version."""
    old, new = _once(step.stood), _once(step.notes)
    for said, now in new.items():
        was = old.get(said)
        if was is not None and was.kind != now.kind and now.withdrawn is None:
            yield was, now


def _once(notes: Sequence[Note]) -> dict[str, Note]:
    found: dict[str, Note] = {}
    for note in notes:
        said = key(note.text)
        if said in found:
            return {}  # rare, and not to be told apart
        found[said] = note
    return found


def _called(note: Note) -> Saying:
    return Saying(f"called.{note.kind}")


def _stands(steps: Sequence[Step], note: Note) -> bool:
    """Whether readers are told so still: a note that was amended or taken back since is mended."""
    return any(
        now.id == note.id and now.kind == note.kind and key(now.text) == key(note.text)
        for now in standing(steps[-1].notes)
    )


def _amending(
    steps: Sequence[Step], circumstances: Circumstances, note: Note, kind: Kind | None = None
) -> str:
    option = f" --{kind}" if kind else ""
    return f"tracker note {named(steps, circumstances)} --amend {note.id}{option} TEXT"


# --- notes and what they tell of -----------------------------------------------------------------


def note_incomplete(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A note that tells of a change, and not of a number, date or name that changed with it.

    What a later note tells within the grace time is told. It warns, unless the settings say more:
    a newsroom may choose to tell the weightiest alone.
    """
    for index, step in enumerate(steps):
        notes = [
            note for note in step.revision.notes if tells_of_facts(note) and _stands(steps, note)
        ]
        if index == 0 or not notes or not steps[index - 1].revision.published or step.draft:
            continue
        told = [note for each in _telling(steps, index, circumstances) for note in each.notes]
        stood = " ".join(note.text for note in (*step.stood, *step.notes))
        why = [
            reason
            for change in _changes(steps, index, notes)
            for reason in change.why
            if not reason.context or reason.context.strip(" …") not in stood
        ]
        missing = untold(why, " ".join(map(undated, told)), circumstances.settings.language)
        if not missing:
            continue
        said = Saying.of("finding.note-incomplete", reason=missing[0], note=notes[-1].text)
        command = _amending(steps, circumstances, notes[-1])
        yield circumstances.finding(
            step,
            said,
            Saying.of("advice.tell-also", command=command),
            line=_line(step, notes[-1], circumstances),
        )


def tells_of_facts(note: Note) -> bool:
    """True for a note from which readers learn what changed in the text."""
    kinds = ("update", "correction", "clarification", "refile")
    return note.kind in kinds and note.withdrawn is None


def _changes(steps: Sequence[Step], index: int, notes: Sequence[Note]) -> Iterator[Meaning]:
    """The changes that notes tell of: that of their revision, or of the one that they name."""
    named = {note.covers for note in notes if note.covers is not None}
    for place in range(1, index + 1):
        change = steps[place].change
        here = place == index and len(named) < len(notes)
        if change is not None and (here or steps[place].revision.commit in named):
            yield change


def _telling(steps: Sequence[Step], index: int, circumstances: Circumstances) -> Iterator[Step]:
    """The step itself, with all notes that stand in it, and those soon after it."""
    for step in steps[index:]:
        if step.revision.at - steps[index].revision.at <= circumstances.check.grace:
            yield step


def note_without_change(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A note that says that the text was changed, and it was not.

    An update that brings its news itself ("Update: The bridge is open again.") changes nothing
    else and is none.
    """
    known = words(circumstances.settings.language)
    for index, step in enumerate(steps):
        if index == 0 or not steps[index - 1].revision.published:
            continue
        stood = {note.id for note in step.stood}  # one that is amended tells of no new change
        notes = [
            note
            for note in step.revision.notes
            if note.id not in stood and _tells_of_change(note, known) and _stands(steps, note)
        ]
        if not notes or any(touches_words(steps[each].change) for each in _seen(steps, index)):
            continue
        if circumstances.unrecorded and _may_tell_of_older(step, circumstances):
            continue
        yield circumstances.finding(
            step,
            Saying.of("finding.note-without-change", note=notes[0].text),
            Saying.of(
                "advice.check-change",
                command=f"{_amending(steps, circumstances, notes[0])} --covers REV",
            ),
            line=_line(step, notes[0], circumstances),
        )


def _tells_of_change(note: Note, known: Words | None) -> bool:
    if note.covers is not None or note.amends is not None or note.withdrawn is not None:
        return False
    if note.kind in ("correction", "refile"):
        return True
    changes = note.kind in ("update", "clarification")
    return changes and known is not None and known.says_changed(note.text)


def _seen(steps: Sequence[Step], index: int) -> Iterator[int]:
    """The steps that the notes of one may tell of: within the grace time, or since their date."""
    step = steps[index]
    yield index
    dated = [note.at for note in step.revision.notes if note.precision != "none"]
    first = min([step.revision.at, *dated]) - _GRACE_OF_DATES
    yield from before(steps, index, step.revision.at - first)


_GRACE_OF_DATES = timedelta(hours=48)
"""How long before the day that a note gives itself its change may have been made."""


def _may_tell_of_older(step: Step, circumstances: Circumstances) -> bool:
    touched = circumstances.touched
    return touched is not None and step.revision.at - touched <= circumstances.check.grace


# --- dates ---------------------------------------------------------------------------------------


def note_date(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A note dated before one that came earlier, or after the revision that brought it."""
    newest: Note | None = None
    for step in steps:
        dated = [note for note in step.revision.notes if note.precision != "none"]
        for note in dated:
            given: dict[str, Value] = {"note": note.text, "at": _written(note)}
            if newest is not None and _is_before(note, newest, circumstances):
                given["earlier"] = _written(newest)
                said = Saying.of("finding.note-before-another", **given)
            elif not step.draft and _is_ahead(note, step.revision.at, circumstances):
                at = step.revision.at.astimezone(circumstances.settings.zone)
                said = Saying.of("finding.note-ahead", **given, published=at)
            else:
                continue
            yield circumstances.finding(
                step,
                said,
                Saying("advice.date-note"),
                line=_line(step, note, circumstances),
            )
        # Compared with what came earlier alone: one revision may bring several, newest first.
        for note in dated:
            if newest is None or note.at > newest.at:
                newest = note


def _written(note: Note) -> date | datetime:
    return note.at.date() if note.precision == "day" else note.at


def _days(note: Note, circumstances: Circumstances) -> set[date]:
    """The day that a note gives; for a minute, by its own zone and by the newsroom's."""
    own = note.at.date()
    if note.precision == "day":
        return {own}
    return {own, note.at.astimezone(circumstances.settings.zone).date()}


def _is_before(note: Note, newest: Note, circumstances: Circumstances) -> bool:
    if "day" in (note.precision, newest.precision):
        return max(_days(note, circumstances)) < min(_days(newest, circumstances))
    return note.at < newest.at


def _is_ahead(note: Note, published: datetime, circumstances: Circumstances) -> bool:
    if note.precision == "day":
        # The day where the newsroom is, and where the author's clock was: either may be meant.
        there = published.astimezone(circumstances.settings.zone).date()
        return note.at.date() > max(there, published.date())
    return note.at > published + _CLOCKS


# --- words ---------------------------------------------------------------------------------------


def euphemism(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """AP: a correction "must always be labeled a correction"; no recasts, fixes, clarifies."""
    known = words(circumstances.settings.language)
    if known is None:
        return
    for index, step in enumerate(steps):
        for note in step.revision.notes:
            said = _soft_words(note, step if index else None, known, circumstances)
            if said and _stands(steps, note):
                yield circumstances.finding(
                    step,
                    said,
                    Saying.of(
                        "advice.call-correction",
                        command=_amending(steps, circumstances, note, "correction"),
                    ),
                    line=_line(step, note, circumstances),
                )


def _soft_words(
    note: Note, step: Step | None, known: Words, circumstances: Circumstances
) -> Saying | None:
    """What is soft about a note; None where it is in order."""
    said = note.text
    if note.kind == "correction":
        label = _label(step, note, circumstances) if step is not None else ""
        if known.soft.search(label) and not known.wrong.search(label):
            return Saying.of("finding.soft-label", note=said, label=label)
        soft = known.soft.search(note.text)
        if soft and not known.explains_error(note.text):
            return Saying.of("finding.soft-words", note=said, words=soft.group())
        return None
    if note.kind not in ("update", "clarification"):
        return None
    replaced = step is not None and _only_facts_replaced(step.change)
    if known.says_wrong(note.text, surely=replaced):
        return Saying.of("finding.soft-kind", note=said, called=_called(note))
    soft = known.soft.search(note.text)
    if replaced and note.kind == "clarification" and soft:
        return Saying.of("finding.soft-fact", note=said, words=soft.group())
    return None


def _label(step: Step, note: Note, circumstances: Circumstances) -> str:
    """The label of a note of the body, as it is written; "" where there is none."""
    found = _found(step, note, circumstances)
    return found.label if found is not None else ""


def _found(step: Step, note: Note, circumstances: Circumstances) -> FoundNote | None:
    """A note of the body as it stands there."""
    if note.origin != "body":
        return None
    for found in find_notes(step.text, style=circumstances.settings.style):
        if found.text == note.text:
            return found
    return None


def _line(step: Step, note: Note, circumstances: Circumstances) -> int | None:
    """The line, counted from 1, on which a note begins; None where that cannot be told."""
    text = step.text
    found = _found(step, note, circumstances)
    if found is not None:
        return text.count("\n", 0, found.start) + 1
    for pattern in (rf"\bid\s*[:=]\s*[\"']?{re.escape(note.id)}\b", re.escape(note.text[:40])):
        place = re.search(pattern, text)
        if place is not None:
            return text.count("\n", 0, place.start()) + 1
    return None


def _only_facts_replaced(change: Meaning | None) -> bool:
    """True where a fact gave way to another and nothing was added."""
    if change is None or change.labels & {"information-added", "information-removed"}:
        return False
    return change.fact_replaced


# --- how notes are worded -----------------------------------------------------------------------


class Words(NamedTuple):
    """One language's words for texts that were wrong or changed, as patterns to search with."""

    itself: re.Pattern[str]
    wrong: re.Pattern[str]
    explains: re.Pattern[str]
    soft: re.Pattern[str]
    changed: re.Pattern[str]
    contrast: re.Pattern[str]
    coming: re.Pattern[str]

    def says_wrong(self, text: str, *, surely: bool = False) -> bool:
        """True where a note says of the text itself that it was wrong.

        With ``surely``, it need not speak of itself: what it tells of is a fact that was replaced.
        """
        for sentence in _sentences(text):
            about = surely or self.itself.search(sentence) is not None
            if about and (self.wrong.search(sentence) or self.explains.search(sentence)):
                return True
            if surely and self.contrast.search(f" {sentence} "):
                return True
        return False

    def explains_error(self, text: str) -> bool:
        """True where a correction says that something was wrong, or what."""
        return bool(
            self.wrong.search(text) or self.explains.search(text) or self.contrast.search(text)
        )

    def says_changed(self, text: str) -> bool:
        """True where a note says that the text itself was changed."""
        return any(
            self.changed.search(sentence) and self.itself.search(sentence)
            for sentence in _sentences(text)
        )


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?;])\s+", text[:5_000])


@cache
def words(language: str) -> Words | None:
    """The words of a language, by its tag; None where there is no file for it."""
    listed = locale.table(locale.base(language), "policy")
    if not listed:
        return None
    names = ("itself", "wrong", "explains", "soft", "changed")
    itself, wrong, explains, soft, changed = (_pattern(listed[name]) for name in names)
    contrast = re.compile("|".join(map(re.escape, listed["contrast"])), re.IGNORECASE)
    return Words(itself, wrong, explains, soft, changed, contrast, _pattern(listed["coming"]))


_UNWRITTEN = re.compile(r"\b(?:FIXME|TODO|TBD|TKTK)\b")
_FEW_WORDS = 5


def was_unwritten(reason: Reason, language: str) -> bool:
    """True where what gave way only held a place for what was to come: "Coming soon"."""
    if reason.label == "boilerplate" or not reason.old or _UNWRITTEN.search(reason.new):
        return False
    if _UNWRITTEN.search(reason.old):
        return True
    known = words(language)
    few = len(reason.old.split()) <= _FEW_WORDS
    return known is not None and few and known.coming.search(reason.old) is not None


def _pattern(known: list[str]) -> re.Pattern[str]:
    parts = [
        re.escape(each.rstrip("*")).replace(r"\ ", r"\s+") + (r"\w*" if each[-1] == "*" else "")
        for each in known
    ]
    return re.compile(rf"\b(?:{'|'.join(parts)})\b", re.IGNORECASE)


# --- what a note tells of a change ----------------------------------------------------------------

_WORD = re.compile(r"\d[\d.,:]*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FACTS = frozenset({"number", "date", "time", "name"})


def untold(reasons: Iterable[Reason], told: str, language: str) -> tuple[Reason, ...]:
    """Return the facts that gave way to others, and that a note names in neither form.

    ``reasons`` are those of the change, ``told`` the words of all notes that tell of it, without
    their own dates. A number, date or name counts as named where the note has its value in any
    notation or more precisely, or one of its words. A note that names none of the facts speaks of
    the change as a whole: then nothing is returned.
    """
    words = lexicon(language)
    named = _words(told, words)
    facts = [each for each in reasons if each.label in _FACTS and _gave_way(each, words)]
    missing = [each for each in facts if not _is_named(_differing(each, words), named)]
    return tuple(filter(_is_same_sort, missing)) if len(missing) < len(facts) else ()


def _is_same_sort(fact: Reason) -> bool:
    """False for a name of another length: a body for a country, in words written anew."""
    return fact.label != "name" or len(fact.old.split()) == len(fact.new.split()) > 1


def undated(note: Note) -> str:
    """What a note says beside its own date."""
    said = note.text
    for stamp in reversed(find_stamps(said, as_of=note.at.date())):
        if stamp.date == note.at.date():
            said = said[: stamp.start] + said[stamp.end :]
    return said


def _is_named(fact: set[str], named: set[str]) -> bool:
    return not fact.isdisjoint(named) or any(
        "." in value and word.startswith(value) for value in fact for word in named
    )


_FILE = re.compile(r"\([^()]{0,80}?[\d.,]+[ \u00a0]?[kKMG]i?B\b[^()]{0,40}\)")
_CURRENCY = re.compile(r"[$€£¥₴₽]|\b[A-Z]{3}(?=\d)")


def _gave_way(reason: Reason, known: Lexicon) -> bool:
    """Tell whether one fact of the story stands for another now.

    None are what a file is and its size, the same value in another notation, a date that says more
    of the same day, and words that are no figure, or a figure of another kind, in its place.
    """
    if not reason.old or not reason.new:
        return False
    for file in _FILE.findall(reason.context):
        if any(said.strip("()") in file for said in (reason.old, reason.new)):
            return False
    old, new = _words(reason.old, known), _words(reason.new, known)
    if reason.label != "number":
        return reason.label == "name" or not (old <= new or new <= old)
    values = [{word for word in each if word[0].isdigit()} for each in (old, new)]
    money = [_CURRENCY.search(said) is not None for said in (reason.old, reason.new)]
    return all(values) and values[0] != values[1] and money[0] == money[1]


def _differing(reason: Reason, known: Lexicon) -> set[str]:
    """The words by which one form of a fact differs from the other, of both; else all of them."""
    old, new = _words(reason.old, known), _words(reason.new, known)
    return (old ^ new) or (old | new)


def _words(text: str, known: Lexicon) -> set[str]:
    """Words as they are compared: folded, numbers by their value, no function words."""
    found = set()
    for word in _WORD.findall(text):
        if word[0].isdigit():
            found.add(_value(word, known))
            continue
        folded = word.casefold().replace("’", "'").removesuffix("'s")
        if folded in known.numbers:
            found.add(str(known.numbers[folded]))
        elif folded in known.months:
            found.add(f"month {known.months[folded]}")
        elif folded not in known.function:
            found.add(folded)
    return found


def _value(digits: str, known: Lexicon) -> str:
    whole = digits.rstrip(".,:")
    for sign in known.thousands:
        whole = re.sub(rf"(?<=\d){re.escape(sign)}(?=\d\d\d(?:\D|$))", "", whole)
    return whole.replace(known.decimal, ".").lstrip("0") or "0"
