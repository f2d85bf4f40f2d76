"""Versions and their texts become revisions: numbered, dated, with their notes and their change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePosixPath

from tracker.house.notes import differences, read_notes
from tracker.house.settings import Settings
from tracker.model import Article, Change, History, Meaning, Note, Revision, Track, Version
from tracker.newsroom.select import slug
from tracker.policy import Step
from tracker.text.document import Document, decode, parse

Means = Callable[[str, str, str, str], Meaning]
"""From old blob, old text, new blob, new text to what the change means."""


@dataclass(frozen=True, slots=True)
class State:
    """One version with its text read."""

    version: Version
    document: Document
    notes: tuple[Note, ...]  # all that stand in this version


def article_of(path: str, document: Document) -> Article:
    """The article that a text is, by its newest path."""
    name = slug(path)
    return Article(path, name, document.headline or name.replace("-", " "))


def state_of(version: Version, data: bytes, settings: Settings) -> State:
    """A version's text parsed, with the notes that stand in it."""
    document = parse(decode(data)[0])
    notes = read_notes(
        document,
        style=settings.style,
        zone=settings.zone,
        brought=version.at.astimezone(settings.zone),
    )
    return State(version, document, notes)


def steps(
    track: Track,
    texts: Mapping[str, bytes],
    settings: Settings,
    *,
    means: Means | None,
    now: datetime | None = None,
    newest: int | None = None,
) -> list[Step]:
    """The track with its texts read, oldest first: what each revision brought and changed.

    ``texts`` holds the content of every blob of the track. Without ``means`` no text is compared
    with the one before it; with ``newest``, only that many revisions at the end are.
    """
    states = [state_of(version, texts[version.blob], settings) for version in track.versions]
    unread = 0 if newest is None else len(states) - newest
    found: list[Step] = []
    before: State | None = None
    for number, (state, out) in enumerate(
        zip(states, publications(states, settings, now=now), strict=True), start=1
    ):
        compared = means if number > unread else None
        state = _dated(before, state)
        found.append(_step(number, before, state, published=out, means=compared))
        before = state
    return found


def _dated(before: State | None, state: State) -> State:
    """A state whose notes without a date have that of the revision that first brought them."""
    if before is None or all(note.precision != "none" for note in state.notes):
        return state
    first = {note.id: note.at for note in before.notes if note.precision == "none"}
    for was, now in differences(before.notes, state.notes).reworded:
        if was.precision == "none":
            first.setdefault(now.id, was.at)
    notes = tuple(
        replace(note, at=first[note.id]) if note.precision == "none" and note.id in first else note
        for note in state.notes
    )
    return replace(state, notes=notes)


def _step(
    number: int, before: State | None, state: State, *, published: bool, means: Means | None
) -> Step:
    version, text = state.version, state.document.text
    told = differences(before.notes if before else (), state.notes)
    change = None
    if means is not None:
        old_blob = before.version.blob if before else ""
        change = means(old_blob, before.document.text if before else "", version.blob, text)
    revision = Revision(
        number=number,
        commit=version.commit,
        path=version.path,
        at=version.at,
        person=version.person,
        subject=version.subject,
        headline=state.document.headline or "",
        published=published,
        notes=told.brought,
        words_added=change.words_added if change else 0,
        words_removed=change.words_removed if change else 0,
        substantive=bool(change and before and change.substantive),
        reasons=change.reasons if change and before else (),
        labels=change.labels if change and before else frozenset(),
        side=version.side,
    )
    return Step(revision, text, state.notes, told, change if before else None, is_draft(state))


def history(track: Track, found: Sequence[Step], *, shallow: bool = False) -> History:
    """The steps of an article as its history."""
    article = article_of(track.path, parse(found[-1].text))
    revisions = tuple(step.revision for step in found)
    return History(
        article,
        revisions,
        track.events,
        deleted=track.deleted,
        shallow=shallow,
        notes=found[-1].notes,
    )


def with_change(revision: Revision, change: Change | None) -> Revision:
    """A revision with what is known of its change."""
    if change is None:
        return revision
    return replace(
        revision,
        words_added=change.words_added,
        words_removed=change.words_removed,
        substantive=change.substantive,
        reasons=change.reasons,
        labels=change.labels,
    )


def publications(
    states: Sequence[State], settings: Settings, *, now: datetime | None = None
) -> Iterator[bool]:
    """For each state, oldest first: could readers see it, or one before it?

    The first is one that is no draft and is not before its front matter's date; one written
    earlier counts when it still stood on that date. ``now`` decides that for the last state;
    without it, the last state counts by the time of its commit.
    """
    out = False
    for index, state in enumerate(states):
        until = states[index + 1].version.at if index + 1 < len(states) else now
        stood = max(state.version.at, until) if until else state.version.at
        out = out or (not is_draft(state) and not _is_before_its_date(state, stood, settings))
        yield out


def is_draft(state: State) -> bool:
    """True for a text that its site does not show."""
    folders = PurePosixPath(state.version.path).parts[:-1]
    return state.document.draft or "_drafts" in folders


def _is_before_its_date(state: State, stood: datetime, settings: Settings) -> bool:
    due = state.document.published_date or _date_in_name(state.version.path)
    if due is None:
        return False
    if isinstance(due, datetime):
        due = due if due.tzinfo else due.replace(tzinfo=settings.zone)
        return stood < due
    return stood.astimezone(settings.zone).date() < due


def _date_in_name(path: str) -> date | None:
    """Jekyll's date in a file name: ``2015-09-15-title.md``."""
    parts = PurePosixPath(path).name.split("-", 3)
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2])) if len(parts) == 4 else None
    except ValueError:
        return None
