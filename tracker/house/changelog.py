"""What readers were told of an article: its changelog, its three clocks, the notes that stand.

First published, last updated for readers, last touched: each face asks here, so that a feed, a page
and its structured data say the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from tracker import locale
from tracker.house.notes import wording
from tracker.house.style import Style
from tracker.model import Article, Entry, History, Note, Precision, Revision

GRACE = timedelta(hours=24)
"""How long before a note an edit may lie that the note still tells of, unless a newsroom says."""

_SHORTEST_HASH = 7  # of git's abbreviations; a shorter one names no commit
_RANKS = {"published": 0, "edited": 1, "note": 2}


class BroughtNote(NamedTuple):
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
    return newest_first(_keyed(history, style, zone, grace))


def told_of(history: History, grace: timedelta = GRACE) -> frozenset[int]:
    """Return the numbers of the revisions that some note tells of: see ``entries``."""
    return frozenset(tellings(history, grace))


Keyed = tuple[tuple[datetime, int, int, int], Entry]
"""An entry after what it is sorted by: instant, revision, rank, place."""


def newest_first(keyed: Iterable[Keyed]) -> tuple[Entry, ...]:
    """Return the entries, newest first; at one instant by path, and then what came later first."""
    ordered = sorted(keyed, key=lambda pair: pair[0][1:], reverse=True)
    ordered.sort(key=lambda pair: pair[1].article.path)
    return tuple(entry for _, entry in sorted(ordered, key=lambda pair: pair[0][0], reverse=True))


def note_entries(history: History, style: Style, zone: tzinfo | None) -> list[Keyed]:
    """Return the entries of an article's notes."""
    told = notes_told(history)
    gone = replaced([each.note for each in told])
    found: list[Keyed] = []
    for place, each in enumerate(told):
        revision = each.revision
        brought = revision.number, revision.commit, revision.person.name
        replaced_since = each.note.id in gone
        entry = note_entry(history.article, each.note, *brought, style, zone, replaced_since)
        found.append(with_key(entry, went_out(each), place))
    return found


def _keyed(history: History, style: Style, zone: tzinfo | None, grace: timedelta) -> list[Keyed]:
    """Return the entries of an article, each with what it is sorted by."""
    found = note_entries(history, style, zone)
    covered = tellings(history, grace)
    first = True
    for revision in history.revisions:
        if not revision.published or (_only_merged(revision) and not first):
            continue
        if first or revision.number not in covered:
            entry = Entry(
                article=history.article,
                at=revision.out_at,
                precision=_precision(revision),
                what="published" if first else "edited",
                note=None,
                line=sentence(revision, style.language, first=first),
                revision=revision.number,
                commit=revision.commit,
                person=revision.person.name,
            )
            found.append(with_key(entry, revision.out_at, 0))
        first = False
    return found


def note_entry(
    article: Article,
    note: Note,
    number: int,
    commit: str,
    person: str,
    style: Style,
    zone: tzinfo | None,
    amended: bool,
) -> Entry:
    """Return the entry of a note that a revision brought: its number, commit and who made it."""
    line, withdrawn = wording.line(style, note, zone), note.withdrawn is not None
    return Entry(
        article, note.at, note.precision, "note", note, line, number, commit, withdrawn, amended,
        person,
    )  # fmt: skip


def _precision(revision: Revision) -> Precision:
    """How exactly is known when readers could see it."""
    by_day = revision.out is not None and not isinstance(revision.out, datetime)
    return "day" if by_day else "minute"


def _only_merged(revision: Revision) -> bool:
    """True for a merge that brought together what two sides wrote, and did nothing else."""
    changed = revision.words_added or revision.words_removed or revision.labels or revision.notes
    return len(revision.written_on) > 1 and not changed


def with_key(entry: Entry, at: datetime, place: int) -> Keyed:
    """Return an entry that became known at an instant, with what it is sorted by."""
    return (at, entry.revision or 0, _RANKS[entry.what], place), entry


def notes_told(history: History) -> list[BroughtNote]:
    """Return every note once, in its latest form, in the order in which readers got them.

    Those that were withdrawn or replaced since are among them.
    """
    found: dict[str, BroughtNote] = {}
    for revision in history.revisions:
        for note in revision.notes:
            first = found.get(note.id)
            found[note.id] = BroughtNote(note, first.revision if first else revision)
    for note in history.notes:  # withdrawn or reworded since it was brought
        if note.id in found:
            found[note.id] = BroughtNote(note, found[note.id].revision)
    return list(found.values())


def went_out(told: BroughtNote) -> datetime:
    """Return when a note went out, as exactly as is known, to sort by.

    A note that gives only its day went out with the revision that brought it, if that is of the
    same day.
    """
    note, revision = told.note, told.revision
    if note.precision == "minute":
        return note.at
    same_day = revision.at.astimezone(note.at.tzinfo).date() == note.at.date()
    return max(revision.at, note.at) if same_day or note.precision == "none" else note.at


def tellings(history: History, grace: timedelta = GRACE) -> dict[int, list[BroughtNote]]:
    """Return the notes that tell of each revision, by its number; see ``entries``.

    A revision that no note tells of is left out.
    """
    told = notes_told(history)
    brought: dict[int, list[BroughtNote]] = {
        revision.number: [] for revision in history.revisions if revision.notes
    }
    for each in told:
        brought.setdefault(each.revision.number, []).append(each)
    named: dict[str, list[BroughtNote]] = {}
    for each in told:
        if each.note.covers and len(each.note.covers) >= _SHORTEST_HASH:
            named.setdefault(each.note.covers, []).append(each)
    lengths = {len(name) for name in named}
    found: dict[int, list[BroughtNote]] = {number: list(notes) for number, notes in brought.items()}
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
        said += [_as_sentence(locale.sentence(each, language)) for each in facts[:_MOST_FACTS]]
        if len(facts) > _MOST_FACTS:
            number = len(facts) - _MOST_FACTS
            more = locale.phrase(language, "count.more_reasons", number)
            said.append(f"… {more.format(number=number)}.")
    elif added or removed:
        key = "words" if added and removed else "added" if added else "removed"
        said.append(words[key].format(added=added, removed=removed))
    elif not said:
        labels = revision.labels - {"moved"} if "note" in revision.labels else revision.labels
        said = [words[label] for label in ("moved", "image", "link") if label in labels]
    return " ".join(said or [words["nothing"]])


# --- clocks ---------------------------------------------------------------------------------------


class Clocks(NamedTuple):
    published: datetime | None  # the first revision that readers could see; None without one
    updated: datetime | None  # the newest note that stands and is no refile; None without one
    touched: datetime | None  # the newest revision; None without one
    published_precision: Precision = "minute"  # "day": no more is known than the day
    updated_precision: Precision = "minute"


class SeenVersion(NamedTuple):
    """A version that readers could see, and from when on."""

    revision: Revision
    since: datetime  # aware, whole seconds; never before the one that it followed


def clocks(history: History) -> Clocks:
    """Return an article's three clocks.

    ``updated`` is schema.org's ``dateModified``: withdrawn and replaced notes do not count, and a
    note dated before the article came out counts as of then.
    """
    told = notes_told(history)
    seen = {note.id for note in standing([each.note for each in told])}
    notable = [each for each in told if each.note.id in seen and each.note.kind != "refile"]
    touched = history.revisions[-1].at if history.revisions else None
    first = next((each for each in history.revisions if each.published), None)
    published = first.out_at if first else None
    by = _precision(first) if first else "minute"
    if not notable:
        return Clocks(published, None, touched, by)
    newest = max(notable, key=went_out)
    updated, updated_by = went_out(newest), newest.note.precision
    if published is not None and updated < published:
        updated, updated_by = published, by
    return Clocks(published, updated, touched, by, "day" if updated_by == "day" else "minute")


def first_out(history: History) -> date | None:
    """Return when readers could first see an article: an aware instant, or a day.

    A ``date`` is returned where only the day is known, None where the article is not published.
    """
    first = next((each for each in history.revisions if each.published), None)
    return None if first is None else first.out or first.at


def seen(history: History) -> tuple[SeenVersion, ...]:
    """Return the versions that readers could see, oldest first.

    Author dates can be out of order; readers saw the versions in that of the published line. So
    each counts from the latest date so far.
    """
    found: list[SeenVersion] = []
    since: datetime | None = None
    for revision in history.revisions:
        if revision.published:
            at = revision.out_at.replace(microsecond=0)
            since = at if since is None else max(since, at)
            found.append(SeenVersion(revision, since))
    return tuple(found)


def seen_at(versions: Sequence[SeenVersion], instant: datetime) -> SeenVersion | None:
    """Return what readers saw at an aware instant: the first before the first, None of none."""
    if not versions:
        return None
    place = bisect_right([each.since for each in versions], instant)
    return versions[max(place - 1, 0)]


# --- notes that stand -----------------------------------------------------------------------------


def replaced(notes: Iterable[Note]) -> frozenset[str]:
    """Return the ids of the notes that a later one replaces for readers.

    A chain of amendments is followed to its end; an amendment that was itself taken back replaces
    nothing. Of notes that amend each other in a circle the newest stays.
    """
    known: dict[str, Note] = {}
    for note in notes:
        known[note.id] = note
    amended = {
        note.id: note.amends
        for note in known.values()
        if note.amends is not None and note.amends != note.id and note.amends in known
    }
    _cut_circles(amended, known)
    found: set[str] = set()
    for note in known.values():
        if note.withdrawn is not None:
            continue
        target = amended.get(note.id)
        while target is not None and target not in found:
            found.add(target)
            target = amended.get(target)
    return frozenset(found)


def _cut_circles(amended: dict[str, str], known: dict[str, Note]) -> None:
    """Take one amendment out of each circle: the one that would replace its newest note."""
    done: set[str] = set()
    for first in list(amended):
        path: list[str] = []
        on_path: set[str] = set()
        here: str | None = first
        while here is not None and here not in done and here not in on_path:
            path.append(here)
            on_path.add(here)
            here = amended.get(here)
        done |= on_path
        if here is None or here not in on_path:
            continue
        circle = path[path.index(here) :]
        newest = max(circle, key=lambda name: (known[name].withdrawn is None, known[name].at, name))
        for name in circle:
            if amended.get(name) == newest:
                del amended[name]


def standing(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Return the notes that readers are to see, in the order given."""
    gone = replaced(notes)
    return tuple(note for note in notes if note.withdrawn is None and note.id not in gone)


def by_time(notes: Sequence[Note]) -> list[Note]:
    """Return the notes oldest first.

    Equal instants keep their order, and a note that gives only its day comes after those of that
    day that stand before it.
    """
    latest: dict[date, datetime] = {}
    keys: list[tuple[datetime, int]] = []
    for place, note in enumerate(notes):
        day = note.at.date()
        at = note.at if note.precision == "minute" else max(note.at, latest.get(day, note.at))
        latest[day] = max(at, latest.get(day, at))
        keys.append((at, place))
    return [notes[place] for _, place in sorted(keys)]
