"""What is asked of all articles at once, answered from git alone: where no catalog can be had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from tracker.house.changelog import newsroom_entries, told_of
from tracker.house.standing import standing
from tracker.model import Article, Entry, History, Hit, Kind, Note, Revision, Selection, Track
from tracker.newsroom.pool import Job, remembered
from tracker.newsroom.reading import current_tracks
from tracker.newsroom.scope import Progress
from tracker.newsroom.workspace import Workspace
from tracker.store.reader import Reader

if TYPE_CHECKING:
    from tracker.newsroom.searching import Term


ALL = Selection()


def latest(
    workspace: Workspace,
    limit: int,
    progress: Progress | None = None,
    *,
    offset: int = 0,
    selection: Selection = ALL,
) -> tuple[tuple[Article, Revision], ...]:
    """The newsroom's newest revisions, newest first, each with its article."""
    if selection != ALL:
        return tuple(_selected(workspace, selection, progress)[offset : offset + limit])
    found = current_tracks(workspace)
    newest = sorted(
        (
            (version.at, each.path, number)
            for each in found
            for number, version in enumerate(each.versions, start=1)
        ),
        reverse=True,
    )[offset : offset + limit]
    wanted = {path for _, path, _ in newest}
    lives = {
        each.article.path: each
        for each in _histories(workspace, [one for one in found if one.path in wanted], progress)
    }
    return tuple(
        (lives[path].article, lives[path].revisions[number - 1])
        for _, path, number in newest
        if path in lives
    )


def count(workspace: Workspace, selection: Selection = ALL) -> int:
    """How many revisions there are."""
    if selection == ALL:
        return sum(len(each.versions) for each in current_tracks(workspace))
    return len(_selected(workspace, selection))


def months(workspace: Workspace, selection: Selection = ALL) -> tuple[tuple[str, int], ...]:
    """Revisions by month, the newest month first."""
    if selection == ALL:
        instants = (version.at for each in current_tracks(workspace) for version in each.versions)
    else:
        instants = (revision.at for _, revision in _selected(workspace, selection))
    found = Counter(_month(workspace, at) for at in instants)
    return tuple(sorted(found.items(), reverse=True))


def people(workspace: Workspace) -> tuple[tuple[str, int], ...]:
    """Revisions by author's name, the most first."""
    found = Counter(
        version.person.name for each in current_tracks(workspace) for version in each.versions
    )
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def articles(
    workspace: Workspace, limit: int | None = None, offset: int = 0
) -> tuple[Article, ...]:
    """The articles that are there now, the last revised first."""
    found = sorted(
        current_tracks(workspace), key=lambda each: (each.versions[-1].at, each.path), reverse=True
    )
    chosen = found[offset:] if limit is None else found[offset : offset + limit]
    lives = {each.article.path: each.article for each in _histories(workspace, chosen, None)}
    return tuple(lives[each.path] for each in chosen if each.path in lives)


def search(
    workspace: Workspace, words: str, limit: int, offset: int = 0, *, kind: Kind | None = None
) -> tuple[Hit, ...]:
    """Where all of the words stand, by reading every current text."""
    from tracker.newsroom.searching import terms

    wanted = terms(words)
    if not wanted:
        return ()
    found = current_tracks(workspace)
    blobs = {each.path: each.versions[-1].blob for each in found}
    with Reader(workspace.repository) as reader:
        lives = _histories(workspace, found, None)
        hits = [hit for life in lives for hit in _hits(life, wanted, kind, reader, blobs)]
    return tuple(hits[offset : offset + limit])


def _hits(
    life: History, wanted: Sequence[Term], kind: Kind | None, reader: Reader, blobs: dict[str, str]
) -> Iterator[Hit]:
    from tracker.newsroom.searching import excerpt, holds, visible

    last = life.revisions[-1]
    commits = {note.id: each.commit for each in life.revisions for note in each.notes}
    passages: list[tuple[Literal["headline", "note", "text"], str, Note | None]] = []
    if kind is None:
        passages.append(("headline", life.article.headline, None))
        passages.append(("text", visible(reader.read(blobs[life.article.path])), None))
    passages += [
        ("note", each.text, each) for each in standing(life.notes) if kind in (None, each.kind)
    ]
    for where, text, note in passages:
        if holds(text, wanted):
            commit = commits.get(note.id, last.commit) if note else last.commit
            at = note.at if note else last.at
            shown = tuple(excerpt(text, wanted))
            yield Hit(life.article, where, shown, at, commit, note and note.id)


def _selected(
    workspace: Workspace, selection: Selection, progress: Progress | None = None
) -> list[tuple[Article, Revision]]:
    """The revisions that are asked for, newest first."""
    grace = workspace.settings.check.grace
    found = []
    for life in _histories(workspace, current_tracks(workspace), progress):
        told = told_of(life, grace)
        first = next((each.number for each in life.revisions if each.published), None)
        for revision in life.revisions:
            silent = revision.published and revision.number != first and revision.number not in told
            if (
                (selection.kind is None or any(n.kind == selection.kind for n in revision.notes))
                and selection.person in (None, revision.person.name)
                and selection.month in (None, _month(workspace, revision.at))
                and selection.substantive in (None, revision.substantive)
                and (selection.told is not True or revision.number in told)
                and (selection.told is not False or silent)
            ):
                found.append((life.article, revision))
    found.sort(key=lambda pair: (pair[1].at, pair[0].path, pair[1].number), reverse=True)
    return found


def _month(workspace: Workspace, at: datetime) -> str:
    return at.astimezone(workspace.settings.zone).strftime("%Y-%m")


def changelog(workspace: Workspace, progress: Progress | None = None) -> tuple[Entry, ...]:
    """The notes of the whole newsroom, newest first."""
    settings = workspace.settings
    lives = _histories(workspace, current_tracks(workspace), progress)
    found = newsroom_entries(lives, settings.style, settings.zone, settings.check.grace)
    return tuple(entry for entry in found if entry.what == "note")


def lives(
    workspace: Workspace, progress: Progress | None = None, only: Collection[str] | None = None
) -> Iterator[History]:
    """The histories of the articles there now, compared; ``only``: of those at these paths."""
    found = [each for each in current_tracks(workspace) if only is None or each.path in only]
    return _histories(workspace, found, progress)


def _histories(
    workspace: Workspace, found: Sequence[Track], progress: Progress | None
) -> Iterator[History]:
    jobs = [Job(track, as_history=True) for track in found]
    for done in remembered(workspace, jobs, progress=progress):
        if done.history is not None:
            yield done.history
