"""Versions and their texts become revisions: numbered, dated, with their notes and their change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import PurePosixPath
from typing import NamedTuple

from tracker.comparison import Text
from tracker.house.notes.merge import amending, carried, differences, key, read_notes
from tracker.house.notes.wording import in_language, language_of
from tracker.house.settings import Settings
from tracker.model import (
    Article,
    Event,
    History,
    Meaning,
    Note,
    Revision,
    Track,
    Version,
)
from tracker.newsroom.merging import Bases, bases, behind, ground
from tracker.newsroom.selection import slug
from tracker.policy.step import Step
from tracker.text.document import decode, parse


class TextReading(NamedTuple):
    """What a version's text says of itself."""

    headline: str  # "" where it has none
    draft: bool
    due: date | datetime | None  # when its front matter says that it is published; naive or aware
    notes: tuple[Note, ...]  # all that stand in it
    marked: bool = True  # False: there are no markers of a block of notes
    bare: bool = False  # there is nothing under the front matter


class State(NamedTuple):
    """One version with what its text says."""

    version: Version
    reading: TextReading
    notes: tuple[Note, ...]  # those of the reading, dated by the versions before it
    read: Callable[[], str]  # gives the text


Means = Callable[[State | None, State], Meaning]
"""From what a version was written on, None for the first, and it to what the change means."""

Unite = Callable[[State | None, State, State, State], State]
"""From what two sides began with, both sides, and the merge of them to both brought together."""


def article_of(path: str, headline: str | None) -> Article:
    """The article at a path, its newest one, under a headline; without one, by its name."""
    name = slug(path)
    return Article(path, name, headline or name.replace("-", " "))


def reading_of(text: Text, at: datetime, settings: Settings, path: str) -> TextReading:
    """What a text says of itself. ``at`` is the aware instant of the revision that has it."""
    document = text.document
    brought = settings.local(at)
    language = language_of(document, path)
    style = in_language(settings.style, language)
    zone = settings.clock or brought.tzinfo or settings.zone
    return TextReading(
        headline=document.headline or "",
        draft=document.draft,
        due=document.published_date,
        notes=read_notes(
            document,
            style=style,
            zone=zone,
            brought=brought,
            language=language,
            hits=text.hits(style, style.language),
        ),
        marked="updates" in document.text and "<!--" in document.text,
        bare=not document.body.strip(),
    )


def joined(
    track: Track,
    states: Callable[[int], State],
    settings: Settings,
    *,
    means: Means | None,
    unite: Unite,
    now: datetime | None = None,
    newest: int | None = None,
) -> list[Step]:
    """The versions of a track as steps, oldest first: what each revision brought and changed.

    ``states`` gives a version by its place, and is asked for one after the other, each before it is
    compared. Without ``means`` no text is compared with what it was written on; with ``newest``,
    only that many revisions at the end are.
    """
    unread = 0 if newest is None else len(track.versions) - newest
    found: list[Step] = []
    dated: list[State] = []
    ever: dict[str, Note] = {}  # every note that the article ever had, by its id
    on = bases(track.versions)
    published = publications(
        track.versions, lambda place: states(place).reading, settings, track.events, now=now
    )
    seen = False
    for place, out in enumerate(published):
        state = states(place)
        first = first_out(state, settings, only=not place) if out and not seen else None
        seen = seen or out
        before = _ground(on, place, dated, state, unite)
        sides = [dated[each] for each in on[place]] if len(on[place]) > 1 else []
        state = _dated(state, *(each for each in (before, *sides) if each), ever=ever)
        ever |= {note.id: note for note in state.notes}
        compared = means if place >= unread else None
        found.append(_step(place + 1, before, state, published=out, out=first, means=compared))
        dated.append(state)
    return _named_as_merged(found, on)


def _named_as_merged(found: list[Step], on: Bases) -> list[Step]:
    """The notes of a side under the ids that they have since a merge.

    Two clones may both give an id away; a merge then gives one of the notes another.
    """
    for number, sides in enumerate(on):
        if len(sides) < 2:
            continue
        there = {(note.kind, key(note.text)): note.id for note in found[number].notes}
        for side in sides:
            new_ids = {
                note.id: there[note.kind, key(note.text)]
                for note in found[side].notes
                if note.id != there.get((note.kind, key(note.text)), note.id)
            }
            if not new_ids:
                continue
            others = set[int]().union(*(behind(on, each) for each in sides if each != side))
            for each in behind(on, side) - others:
                revision = found[each].revision
                notes = tuple(
                    note._replace(
                        id=new_ids.get(note.id, note.id),
                        amends=new_ids.get(note.amends or "", note.amends),
                    )
                    for note in revision.notes
                )
                found[each] = found[each]._replace(revision=revision._replace(notes=notes))
    return found


def _ground(
    on: Bases, number: int, earlier: Sequence[State], state: State, unite: Unite
) -> State | None:
    """What a version was written on; of a merge that settled two sides, both brought together."""

    def together(fork: State | None, one: State, other: State) -> State:
        return _dated(unite(fork, one, other, state), one, other)

    return ground(on, number, earlier.__getitem__, together)


def _dated(state: State, *before: State, ever: Mapping[str, Note] = {}) -> State:
    """A state whose notes have the ids and instants that they have along the history."""
    known = {note.id: note for each in before for note in each.notes}
    amended = amending(state.version.subject)
    notes = carried(state.notes, tuple(known.values()), ever.values(), amended)
    return state._replace(notes=notes)


def _step(
    number: int,
    before: State | None,
    state: State,
    *,
    published: bool,
    out: date | None,
    means: Means | None,
) -> Step:
    version = state.version
    told = differences(before.notes if before else (), state.notes)
    change = None if means is None else means(before, state)
    amended = amending(version.subject)
    again = tuple(now for _, now in told.reworded if now.id == amended and now.origin == "body")
    if again:  # what readers are told is no longer what it was, and they are told so
        told = told._replace(reworded=tuple(each for each in told.reworded if each[1] not in again))
        if change is not None and not change.words_added and not change.words_removed:
            noted = frozenset({"note"})
            change = change._replace(substantive=False, labels=noted, reasons=(), why=())
    revision = Revision(
        number=number,
        commit=version.commit,
        path=version.path,
        at=version.at,
        person=version.person,
        subject=version.subject,
        headline=state.reading.headline,
        published=published,
        notes=told.brought + again,
        words_added=change.words_added if change else 0,
        words_removed=change.words_removed if change else 0,
        substantive=bool(change and before and change.substantive),
        reasons=change.reasons if change and before else (),
        labels=change.labels if change and before else frozenset(),
        side=version.side,
        why=change.why if change and before else (),
        written_on=version.written_on,
        out=out,
    )
    return Step(
        revision,
        state.read,
        state.notes,
        told,
        change if before else None,
        is_draft(state),
        state.reading.marked,
        before.notes if before else (),
        state.reading.bare,
    )


def history(track: Track, found: Sequence[Step], *, shallow: bool = False) -> History:
    article = article_of(track.path, found[-1].revision.headline)
    revisions = tuple(step.revision for step in found)
    return History(
        article,
        revisions,
        track.events,
        deleted=track.deleted,
        shallow=shallow,
        notes=found[-1].notes,
    )


def appearance_of(data: bytes) -> TextReading:
    """What a text says of its own publication; its notes are not looked for."""
    document = parse(decode(data)[0])
    return TextReading(document.headline or "", document.draft, document.published_date, ())


def publications(
    versions: Sequence[Version],
    reading: Callable[[int], TextReading],
    settings: Settings,
    events: Sequence[Event] = (),
    *,
    now: datetime | None = None,
) -> Iterator[bool]:
    """For each version, oldest first: could readers see it, or one before it?

    The first is one that is no draft and is not before its front matter's date; one written
    earlier counts when it still stood on that date. A draft that was moved out of the drafts'
    folder as it was, is out from then on. ``now`` decides for the last version; without it, that
    one counts by the time of its commit. ``reading`` gives what a version says of itself, by its
    index; it is not asked again once the article is out.
    """
    out = False
    moves = _plain_moves(versions, events)
    for index, version in enumerate(versions):
        if not out:
            until = versions[index + 1].at if index + 1 < len(versions) else now
            stood = max(version.at, until) if until else version.at
            says = reading(index)
            due = says.due or _date_in_name(version.path)
            out = not _hidden(says, version, moves) and not _is_before(due, stood, settings)
        yield out


def comes_out(
    track: Track, newest: TextReading, revisions: Sequence[Revision], settings: Settings
) -> datetime | None:
    """When the newest version comes or came out by its own date, where no one before it did.

    Until then, whether readers can see it depends on the present time. Aware; None where it does
    not.
    """
    if len(revisions) > 1 and revisions[-2].published:
        return None
    last = track.versions[-1]
    due = newest.due or _date_in_name(last.path)
    if due is None or _hidden(newest, last, _plain_moves(track.versions, track.events)):
        return None
    if not isinstance(due, datetime):
        due = datetime.combine(due, time(), settings.zone)
    return due if due.tzinfo else due.replace(tzinfo=settings.zone)


def first_out(state: State, settings: Settings, *, only: bool) -> date | None:
    """When readers could first see a version, where its front matter says another time than git.

    A later one counts: it was scheduled. An earlier one counts where it is the first version of
    all (``only``): the article is older than its file in git, or than the file under this name.
    """
    due = state.reading.due or _date_in_name(state.version.path)
    at = state.version.at
    if due is None:
        return None
    if isinstance(due, datetime):
        due = due if due.tzinfo else due.replace(tzinfo=settings.clock or at.tzinfo)
        return due if due > at or (only and due < at) else None
    day = settings.local(at).date()
    return due if due > day or (only and due < day) else None


def _plain_moves(versions: Sequence[Version], events: Sequence[Event]) -> list[Event]:
    edited = {version.commit for version in versions}
    return [each for each in events if each.kind == "moved" and each.commit not in edited]


def _hidden(says: TextReading, version: Version, moves: Sequence[Event]) -> bool:
    in_drafts = _in_drafts(version.path) and not _was_moved_out(version.path, moves)
    return says.draft or in_drafts


def _was_moved_out(path: str, moves: Sequence[Event]) -> bool:
    """True where the file left the drafts' folder with no change to its text."""
    for event in moves:
        if event.old_path == path:
            path = event.path
    return not _in_drafts(path)


def is_draft(state: State) -> bool:
    """True for a text that its site does not show."""
    return state.reading.draft or _in_drafts(state.version.path)


def _in_drafts(path: str) -> bool:
    return "_drafts" in PurePosixPath(path).parts[:-1]


def _is_before(due: date | datetime | None, stood: datetime, settings: Settings) -> bool:
    if due is None:
        return False
    if isinstance(due, datetime):
        due = due if due.tzinfo else due.replace(tzinfo=settings.zone)
        return stood < due
    return stood.astimezone(settings.zone).date() < due


def _date_in_name(path: str) -> date | None:
    """The date in a file's or its folder's name: ``2015-09-15-title.md``, ``…-title/index.md``."""
    file = PurePosixPath(path)
    name = file.parent.name if file.stem.partition(".")[0] == "index" else file.name
    parts = name.split("-", 3)
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2])) if len(parts) == 4 else None
    except ValueError:
        return None
