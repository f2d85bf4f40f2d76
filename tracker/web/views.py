"""What the templates show of a revision, a note, an event: everything worked out beforehand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from markupsafe import Markup

from tracker.house.changelog import replaced, told_of
from tracker.house.settings import Settings
from tracker.model import Event, History, Kind, Note, Precision, Reason, Revision
from tracker.render.history import only_joins
from tracker.render.told import note_html
from tracker.web import addresses
from tracker.web.desk import Looks
from tracker.web.page import fit

MOST_REASONS = 4
"""Reasons shown of one revision; its comparison shows all."""


class NoteView(NamedTuple):
    """A note as it is shown."""

    key: str  # as it stands in its address and its element's id
    kind: Kind
    label: str  # of the house: "Correction"
    line: Markup  # the house's line, without its paragraph
    text: str  # the words alone
    at: datetime
    precision: Precision
    withdrawn: bool
    amended: bool  # a later note replaces it
    address: str  # lasting


class RevisionView(NamedTuple):
    """A revision as it is shown."""

    anchor: str  # the id of its element: lasting, so no number
    number: int
    at: date  # when readers could see it: aware, or a day
    person: str
    words_added: int
    words_removed: int
    first: bool
    published: bool
    substantive: bool
    counted: bool  # the words are known: the texts were not too large to be compared
    joins: bool  # it brings versions together, and changed nothing beside them
    silent: bool  # readers could see the change, and no note tells of it
    told_by: NoteView | None  # the later note that tells of it, where it brought none
    notes: tuple[NoteView, ...]
    reasons: tuple[Reason, ...]
    language: str  # BCP 47, of the words in the reasons; "" where it is not known
    more_reasons: int  # how many are not shown
    side: int  # commits of a merged branch that readers never saw
    stamp: str
    version: str  # address
    change: str | None  # address of what it changed; None for the first
    looks: Looks | None  # of a followed site: when it came out is known by these alone


class EventView(NamedTuple):
    """Something that happened to an article's file, as it is shown."""

    kind: str
    at: datetime
    person: str
    old: str  # path before a move; "" otherwise
    new: str
    subject: str


def note_view(note: Note, address: str, settings: Settings, gone: Collection[str] = ()) -> NoteView:
    """A note as it is shown. ``gone`` are the ids of those that a later one replaces."""
    key = addresses.note_key(note.id)
    return NoteView(
        key=key,
        kind=note.kind,
        label=settings.style.templates[note.kind].label,
        line=_line(note, settings),
        text=note.text,
        at=note.at,
        precision=note.precision,
        withdrawn=note.withdrawn is not None,
        amended=note.id in gone,
        address=addresses.note(key, address),
    )


def _line(note: Note, settings: Settings) -> Markup:
    """The house's line, in which the note's words stand apart from its label and date."""
    return fit(note_html(note, settings))


def note_views(
    notes: Sequence[Note], address: str, settings: Settings, whole: Sequence[Note] = ()
) -> tuple[NoteView, ...]:
    """Some notes of an article, of which ``whole`` are all, as they are shown."""
    gone = replaced(whole or notes)
    newest = {note.id: note for note in whole}
    return tuple(note_view(newest.get(each.id, each), address, settings, gone) for each in notes)


def revision_view(
    revision: Revision,
    address: str,
    settings: Settings,
    *,
    notes: Sequence[Note] = (),
    silent: bool = False,
    told_by: NoteView | None = None,
    counted: bool = True,
    language: str = "",
    looks: Looks | None = None,
) -> RevisionView:
    """A revision as it is shown.

    ``notes`` are all of the article as the newest text has them, ``language`` is the article's.
    """
    stamp = addresses.stamp_of(revision)
    reasons = untold(revision.why) if revision.notes else revision.why
    shown = reasons[:MOST_REASONS]
    return RevisionView(
        anchor=anchor_of(revision),
        number=revision.number,
        at=revision.out_on,
        person=revision.person.name,
        words_added=revision.words_added,
        words_removed=revision.words_removed,
        first=revision.number == 1,
        published=revision.published,
        substantive=revision.substantive,
        counted=counted,
        joins=only_joins(revision),
        silent=silent,
        told_by=told_by,
        notes=note_views(revision.notes, address, settings, notes),
        reasons=tuple(shown),
        language=language,
        more_reasons=len(reasons) - len(shown),
        side=len(revision.side),
        stamp=stamp,
        version=addresses.version(stamp, address),
        change=addresses.change(stamp, address) if revision.number > 1 else None,
        looks=looks,
    )


def anchor_of(revision: Revision) -> str:
    """The id of a version's line in the history."""
    return f"revision-{revision.commit[:10]}"


def untold(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons but for those that say that a note was added: what it says stands beside them."""
    return tuple(each for each in reasons if not (each.label == "note" and each.form == "added"))


def event_view(event: Event, under: str = "") -> EventView:
    """An event as it is shown, its paths from the newsroom's folder on."""
    before = f"{under}/" if under else ""
    return EventView(
        event.kind,
        event.at,
        event.person.name,
        (event.old_path or "").removeprefix(before),
        event.path.removeprefix(before),
        event.subject,
    )


# --- an article's history as its pages show it ----------------------------------------------------

PAGE = 50
MOST_STEPS = 400
"""Versions that can be stepped to, or chosen, on one page; those nearest where there are more."""


class Timeline(NamedTuple):
    """One page of an article's history, newest first."""

    items: tuple[RevisionView | EventView, ...]
    newer: str | None  # address of the page before; None on the newest
    older: str | None  # address of the page after; None on the oldest
    page: int  # counted from the newest, 1
    pages: int
    highest: int  # number of the newest revision on the page


def cut(count: int) -> int:
    """The number of the newest revision that is not on the newest page; 0 where all are."""
    return max(count // PAGE - 1, 0) * PAGE


def page_of(number: int, revisions: Sequence[Revision], address: str) -> str:
    """The address of the page of an article's history that shows a revision."""
    if number > cut(len(revisions)):
        return addresses.history(address)
    last = -(-number // PAGE) * PAGE
    return addresses.older(addresses.stamp_of(revisions[last - 1]), address)


def timeline(
    life: History,
    address: str,
    settings: Settings,
    until: int | None = None,
    under: str = "",
    *,
    counted: bool = True,
    language: str = "",
    looks: Mapping[str, Looks] = MappingProxyType({}),
) -> Timeline:
    """The page whose newest revision has the number ``until``; without it, the newest page.

    ``counted``: the words that each revision added and took out are known. ``language`` is the
    article's, where it is known, and ``looks`` are those of a followed site, by commit.
    """
    revisions = life.revisions
    count = len(revisions)
    high = count if until is None else until
    low = cut(count) + 1 if until is None else max(high - PAGE, 0) + 1
    if until is not None and high % PAGE:
        low = high - high % PAGE + 1  # never across the pages' own borders
    told = told_of(life, settings.check.grace)
    first = next((each.number for each in revisions if each.published), count + 1)
    items: list[tuple[tuple[int, int, int], RevisionView | EventView]] = []
    for revision in revisions[low - 1 : high]:
        silent = (
            revision.published
            and revision.number > first
            and revision.substantive
            and revision.number not in told
        )
        view = revision_view(
            revision, address, settings, notes=life.notes, silent=silent, counted=counted,
            language=language, looks=looks.get(revision.commit),
            told_by=_told_by(life, revision, told, address, settings),
        )  # fmt: skip
        items.append(((revision.number, 1, 0), view))
    for order, event in enumerate(life.events):
        place = _place(event, revisions)
        if low <= place <= high or (place == 0 and low == 1):
            items.append(((place, 2, order), event_view(event, under)))
    items.sort(key=lambda item: item[0], reverse=True)
    newer = None if until is None else _newer(high, revisions, address)
    older = page_of(low - 1, revisions, address) if low > 1 else None
    pages = 1 + -(-cut(count) // PAGE)
    page = 1 if until is None else pages - -(-high // PAGE) + 1
    return Timeline(tuple(view for _, view in items), newer, older, page, pages, high)


def _told_by(
    life: History, revision: Revision, told: Collection[int], address: str, settings: Settings
) -> NoteView | None:
    """The note of a later revision that tells readers of one that brought none."""
    if revision.notes or not revision.substantive or revision.number not in told:
        return None
    later = (each for each in life.revisions[revision.number :] if each.notes)
    found = next(later, None)
    return note_view(found.notes[0], address, settings) if found is not None else None


def _newer(high: int, revisions: Sequence[Revision], address: str) -> str:
    return page_of(min(high + 1, len(revisions)), revisions, address)


def _place(event: Event, revisions: Sequence[Revision]) -> int:
    """The number of the revision that an event comes with, or after; 0 before the first."""
    for revision in revisions:
        if revision.commit == event.commit:
            return revision.number
    before = [each.number for each in revisions if each.at <= event.at]
    return before[-1] if before else 0


def steps_around(number: int, revisions: Sequence[Revision]) -> Sequence[Revision]:
    """The revisions nearest to one, oldest first: all of them where they are few."""
    if len(revisions) <= MOST_STEPS:
        return revisions
    start = min(max(number - MOST_STEPS // 2, 0), len(revisions) - MOST_STEPS)
    return revisions[start : start + MOST_STEPS]
