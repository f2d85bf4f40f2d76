"""Revisions and notes of an article -> the entries of its changelog, and its three clocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from tracker import locale
from tracker.house import phrases
from tracker.house import style as house_style
from tracker.house.standing import replaced, standing
from tracker.house.style import Style
from tracker.model import Entry, History, Note, Revision

GRACE = timedelta(hours=24)
"""How long before a note an edit may lie that the note still tells of, unless a newsroom says."""

_SHORTEST_HASH = 7  # of git's abbreviations; a shorter one names no commit
_RANKS = {"published": 0, "edited": 1, "note": 2}


class Told(NamedTuple):
    """A note of an article in its latest form, with the revision that first brought it."""

    note: Note
    revision: Revision


def entries(
    history: History, style: Style, zone: tzinfo | None, grace: timedelta = GRACE
) -> tuple[Entry, ...]:
    """Return the changelog of one article, newest first, the same for the same history.

    An entry for the first published revision; one for each note, withdrawn and replaced ones
    marked; and one for each published revision that no note tells of. A note tells of the revision
    that brings it, of the un-noted ones up to ``grace`` before it, and of the one that it covers
    by name. Edits that were never published are left out.
    """
    return tuple(entry for _, entry in _sorted(_keyed(history, style, zone, grace)))


def newsroom_entries(
    histories: Iterable[History], style: Style, zone: tzinfo | None, grace: timedelta = GRACE
) -> tuple[Entry, ...]:
    """Return the entries of many articles together, newest first; equal instants by path."""
    keyed = [pair for history in histories for pair in _keyed(history, style, zone, grace)]
    return tuple(entry for _, entry in _sorted(keyed))


def first_published(history: History) -> datetime | None:
    """Return the instant of the first revision that readers could see; None when none was."""
    return next((revision.at for revision in history.revisions if revision.published), None)


def last_updated(history: History) -> datetime | None:
    """Return the instant of the newest standing note that is no refile; None when there is none.

    This is schema.org's ``dateModified`` and Atom's ``updated`` for an article with notes.
    """
    told = notes_told(history)
    seen = {note.id for note in standing([each.note for each in told])}
    notes = [each for each in told if each.note.id in seen and each.note.kind != "refile"]
    return max(notes, key=went_out).note.at if notes else None


def told_of(history: History, grace: timedelta = GRACE) -> frozenset[int]:
    """Return the numbers of the revisions that some note tells of: see ``entries``."""
    return frozenset(_tellings(history, grace))


def last_touched(history: History) -> datetime | None:
    """Return the instant of the newest revision; None for a history without revisions."""
    return history.revisions[-1].at if history.revisions else None


_Keyed = tuple[tuple[datetime, int, int, int], Entry]  # instant, revision, rank, place


def _sorted(keyed: Iterable[_Keyed]) -> list[_Keyed]:
    """Return them newest first; at one instant by path, and then what came later first."""
    ordered = sorted(keyed, key=lambda pair: pair[0][1:], reverse=True)
    ordered.sort(key=lambda pair: pair[1].article.path)
    return sorted(ordered, key=lambda pair: pair[0][0], reverse=True)


def _keyed(history: History, style: Style, zone: tzinfo | None, grace: timedelta) -> list[_Keyed]:
    """Return the entries of an article, each with what it is sorted by."""
    told = notes_told(history)
    gone = replaced([each.note for each in told])
    found: list[_Keyed] = []
    for place, each in enumerate(told):
        note, revision = each.note, each.revision
        entry = Entry(
            article=history.article,
            at=note.at,
            precision=note.precision,
            what="note",
            note=note,
            line=house_style.line(style, note, zone),
            revision=revision.number,
            commit=revision.commit,
            withdrawn=note.withdrawn is not None,
            amended=note.id in gone,
        )
        found.append(_with_key(entry, went_out(each), place))
    covered = _tellings(history, grace)
    first = True
    for revision in history.revisions:
        if not revision.published or (_only_merged(revision) and not first):
            continue
        if first or revision.number not in covered:
            entry = Entry(
                article=history.article,
                at=revision.at,
                precision="minute",
                what="published" if first else "edited",
                note=None,
                line=sentence(revision, style.language, first=first),
                revision=revision.number,
                commit=revision.commit,
            )
            found.append(_with_key(entry, revision.at, 0))
        first = False
    return found


def _only_merged(revision: Revision) -> bool:
    """True for a merge that brought together what two sides wrote, and did nothing else."""
    changed = revision.words_added or revision.words_removed or revision.labels or revision.notes
    return len(revision.written_on) > 1 and not changed


def _with_key(entry: Entry, at: datetime, place: int) -> _Keyed:
    return (at, entry.revision or 0, _RANKS[entry.what], place), entry


def notes_told(history: History) -> list[Told]:
    """Return every note once, in its latest form, in the order in which readers got them.

    Those that were withdrawn or replaced since are among them.
    """
    found: dict[str, Told] = {}
    for revision in history.revisions:
        for note in revision.notes:
            first = found.get(note.id)
            found[note.id] = Told(note, first.revision if first else revision)
    for note in history.notes:  # withdrawn or reworded since it was brought
        if note.id in found:
            found[note.id] = Told(note, found[note.id].revision)
    return list(found.values())


def went_out(told: Told) -> datetime:
    """Return when a note went out, as exactly as is known, to sort by.

    A note that gives only its day went out with the revision that brought it, if that is of the
    same day.
    """
    note, revision = told.note, told.revision
    if note.precision == "minute":
        return note.at
    same_day = revision.at.astimezone(note.at.tzinfo).date() == note.at.date()
    return max(revision.at, note.at) if same_day or note.precision == "none" else note.at


def tellings(history: History, grace: timedelta = GRACE) -> dict[int, tuple[Told, ...]]:
    """Return the notes that tell of each revision, by its number; see ``entries``.

    A revision that no note tells of is left out.
    """
    return {number: tuple(notes) for number, notes in _tellings(history, grace).items()}


def _tellings(history: History, grace: timedelta) -> dict[int, list[Told]]:
    told = notes_told(history)
    brought: dict[int, list[Told]] = {
        revision.number: [] for revision in history.revisions if revision.notes
    }
    for each in told:
        brought.setdefault(each.revision.number, []).append(each)
    named: dict[str, list[Told]] = {}
    for each in told:
        if each.note.covers and len(each.note.covers) >= _SHORTEST_HASH:
            named.setdefault(each.note.covers, []).append(each)
    lengths = {len(name) for name in named}
    found: dict[int, list[Told]] = {number: list(notes) for number, notes in brought.items()}
    waiting: list[Revision] = []  # un-noted, since the last one with a note
    for revision in history.revisions:
        for length in lengths:
            for each in named.get(revision.commit[:length], ()):
                if each not in found.setdefault(revision.number, []):
                    found[revision.number].append(each)
        if not revision.notes:
            waiting.append(revision)
            continue
        if any(not note.covers for note in revision.notes):
            near = [each for each in waiting if revision.at - each.at <= grace]
            uncovering = [each for each in brought[revision.number] if not each.note.covers]
            for earlier in near:
                found.setdefault(earlier.number, []).extend(uncovering)
        waiting = []
    return found


_TOLD_AS_FACTS = (
    "number", "date", "name", "negation", "quote", "modality", "attribution", "information-added",
    "information-removed",
)  # fmt: skip
_MOST_FACTS = 2


def _as_sentence(reason: str) -> str:
    """A reason with a capital letter and a full stop."""
    reason = reason[:1].upper() + reason[1:]
    return reason if reason.endswith((".", "”", "“", "»", '"')) else f"{reason}."


def sentence(revision: Revision, language: str, *, first: bool) -> str:
    """Return in plain sentences what a revision did, as far as can be counted."""
    words = locale.spoken(language, "changelog")
    if first:
        return str(words["published"])
    said = [words[label] for label in ("headline", "dek", "byline") if label in revision.labels]
    added, removed = revision.words_added, revision.words_removed
    facts = [each for each in revision.why if each.label in _TOLD_AS_FACTS]
    short = [each for each in facts if not each.label.startswith("information")]
    if revision.substantive and (facts := short or facts):
        said += [_as_sentence(phrases.sentence(each, language)) for each in facts[:_MOST_FACTS]]
        if len(facts) > _MOST_FACTS:
            number = len(facts) - _MOST_FACTS
            more = phrases.phrase(language, "count.more_reasons", number)
            said.append(f"… {more.format(number=number)}.")
    elif added or removed:
        key = "words" if added and removed else "added" if added else "removed"
        said.append(words[key].format(added=added, removed=removed))
    elif not said:
        said = [words[label] for label in ("moved", "image", "link") if label in revision.labels]
    return " ".join(said or [words["nothing"]])
