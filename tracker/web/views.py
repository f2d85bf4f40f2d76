"""What the templates show of a revision, a note, an event: everything worked out beforehand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from tracker.house import style as house_style
from tracker.house.changelog import replaced
from tracker.house.settings import Settings
from tracker.model import Event, Kind, Note, Precision, Reason, Revision
from tracker.render.remarks import only_joins
from tracker.web import addresses
from tracker.web.safe_html import line

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
    at: datetime
    person: str
    words_added: int
    words_removed: int
    first: bool
    published: bool
    substantive: bool
    counted: bool  # the words are known: the texts were not too large to be compared
    joins: bool  # it brings versions together, and changed nothing beside them
    silent: bool  # readers could see the change, and no note tells of it
    notes: tuple[NoteView, ...]
    reasons: tuple[Reason, ...]
    language: str  # BCP 47, of the words in the reasons; "" where it is not known
    more_reasons: int  # how many are not shown
    side: int  # commits of a merged branch that readers never saw
    stamp: str
    version: str  # address
    change: str | None  # address of what it changed; None for the first


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
    style, zone = settings.style, settings.clock
    words = dict(house_style.pieces(style, note, zone)).get("text", "")
    return line(house_style.line(style, note, zone), words)


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
    counted: bool = True,
    language: str = "",
) -> RevisionView:
    """A revision as it is shown.

    ``notes`` are all of the article as the newest text has them, ``language`` is the article's.
    """
    stamp = addresses.stamp_of(revision)
    reasons = untold(revision.why) if revision.notes else revision.why
    shown = reasons[:MOST_REASONS]
    return RevisionView(
        anchor=f"revision-{revision.commit[:10]}",
        number=revision.number,
        at=revision.at,
        person=revision.person.name,
        words_added=revision.words_added,
        words_removed=revision.words_removed,
        first=revision.number == 1,
        published=revision.published,
        substantive=revision.substantive,
        counted=counted,
        joins=only_joins(revision),
        silent=silent,
        notes=note_views(revision.notes, address, settings, notes),
        reasons=tuple(shown),
        language=language,
        more_reasons=len(reasons) - len(shown),
        side=len(revision.side),
        stamp=stamp,
        version=addresses.version(stamp, address),
        change=addresses.change(stamp, address) if revision.number > 1 else None,
    )


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
