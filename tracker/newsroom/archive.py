"""What is asked of all articles at once: the newest revisions, counts, the newsroom's changelog.

The catalog's tables answer; where there can be no catalog, git does (``unaided``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from tracker.house import style as house_style
from tracker.model import Article, Entry, History, Hit, Kind, Revision, Selection
from tracker.newsroom import reading, unaided
from tracker.newsroom.chronicle import article_of
from tracker.newsroom.facts import COMPARED, LINE, READ, Known, UnusableError, known
from tracker.newsroom.memory import notes_from_json, reasons_from_json
from tracker.newsroom.scope import Progress
from tracker.newsroom.workspace import Workspace
from tracker.store.catalog import questions
from tracker.store.catalog.ask import events_of

ALL = Selection()
_Answer = TypeVar("_Answer")
_ROUNDS = 3  # times that another process may add to the line meanwhile


def _asked(
    workspace: Workspace, ask: Callable[[Known], _Answer], progress: Progress | None = None
) -> _Answer | None:
    """What the catalog says; None where it cannot be asked."""
    for _ in range(_ROUNDS):
        with known(workspace, progress) as it:
            if it is None:
                return None
            try:
                return ask(it)
            except UnusableError:
                continue
            except sqlite3.Error as error:
                if "locked" not in str(error):
                    it.catalog.failed(error)
                return None
    return None


def _is_empty(workspace: Workspace) -> bool:
    """True where nothing was ever committed: the first build of a new site asks then too."""
    return workspace.repository.head is None and workspace.settings.branch is None


def _level(selection: Selection) -> int:
    """How much must be known of every article to tell which revisions are meant."""
    if selection.substantive is not None:
        return COMPARED
    return READ if (selection.kind, selection.told) != (None, None) else LINE


def latest(
    workspace: Workspace,
    limit: int,
    progress: Progress | None = None,
    *,
    offset: int = 0,
    selection: Selection = ALL,
) -> tuple[tuple[Article, Revision], ...]:
    """The newsroom's newest revisions, newest first, each with its article."""

    def ask(it: Known) -> tuple[tuple[Article, Revision], ...]:
        it.up_to(_level(selection), progress=progress)
        chosen = questions.newest(it.connection, selection, limit, offset)
        numbers = [article for article, _ in chosen]
        it.up_to(COMPARED, numbers, progress)
        heads = questions.heads(it.connection, numbers)
        return tuple(
            (
                article_of(heads[article].path, heads[article].headline),
                _revision(questions.fact(it.connection, article, number)),
            )
            for article, number in chosen
            if not heads[article].unreadable
        )

    found = _asked(workspace, ask, progress)
    if found is None:
        return unaided.latest(workspace, limit, progress, offset=offset, selection=selection)
    return found


def _revision(fact: questions.Fact) -> Revision:
    why = reasons_from_json(fact.reasons) if fact.reasons else ()
    return Revision(
        number=fact.number,
        commit=fact.commit,
        path=fact.path,
        at=fact.at,
        person=fact.person,
        subject=fact.subject,
        headline=fact.headline,
        published=fact.published,
        notes=notes_from_json(fact.notes) if fact.notes else (),
        words_added=fact.words_added,
        words_removed=fact.words_removed,
        substantive=fact.substantive,
        reasons=tuple(each.sentence for each in why),
        labels=fact.labels,
        side=fact.side,
        why=why,
        written_on=fact.written_on,
    )


def count(workspace: Workspace, selection: Selection = ALL) -> int:
    """How many revisions there are."""

    def ask(it: Known) -> int:
        it.up_to(_level(selection))
        return questions.count(it.connection, selection)

    found = _asked(workspace, ask)
    return unaided.count(workspace, selection) if found is None else found


def months(workspace: Workspace, selection: Selection = ALL) -> tuple[tuple[str, int], ...]:
    """Revisions by month, the newest month first."""

    def ask(it: Known) -> tuple[tuple[str, int], ...]:
        it.up_to(_level(selection))
        return tuple(questions.months(it.connection, selection))

    found = _asked(workspace, ask)
    return unaided.months(workspace, selection) if found is None else found


def people(workspace: Workspace) -> tuple[tuple[str, int], ...]:
    """Revisions by author's name, the most first."""
    found = _asked(workspace, lambda it: tuple(questions.people(it.connection)))
    return unaided.people(workspace) if found is None else found


def articles(
    workspace: Workspace, limit: int | None = None, offset: int = 0
) -> tuple[Article, ...]:
    """The articles that are there now, the last revised first."""

    def ask(it: Known) -> tuple[Article, ...]:
        numbers = questions.last_revised(it.connection, limit, offset)
        it.up_to(READ, numbers)
        heads = questions.heads(it.connection, numbers)
        return tuple(
            article_of(heads[number].path, heads[number].headline)
            for number in numbers
            if not heads[number].unreadable
        )

    found = _asked(workspace, ask)
    return unaided.articles(workspace, limit, offset) if found is None else found


def search(
    workspace: Workspace,
    words: str,
    limit: int,
    offset: int = 0,
    *,
    kind: Kind | None = None,
    progress: Progress | None = None,
) -> tuple[Hit, ...]:
    """Where all of the words stand, best first; with ``kind``, in notes of that kind alone."""
    from tracker.newsroom import searching

    if _is_empty(workspace):
        return ()

    def ask(it: Known) -> tuple[Hit, ...]:
        return searching.search(it, words, limit, offset, kind=kind, progress=progress)

    found = _asked(workspace, ask, progress)
    return unaided.search(workspace, words, limit, offset, kind=kind) if found is None else found


def changelog(workspace: Workspace, progress: Progress | None = None) -> tuple[Entry, ...]:
    """The notes of the whole newsroom, newest first."""
    style, zone = workspace.settings.style, workspace.settings.zone
    if _is_empty(workspace):
        return ()

    def ask(it: Known) -> tuple[Entry, ...]:
        it.up_to(READ, progress=progress)
        return tuple(
            Entry(
                article=article_of(told.path, told.headline),
                at=told.note.at,
                precision=told.note.precision,
                what="note",
                note=told.note,
                line=house_style.line(style, told.note, zone),
                revision=told.number,
                commit=told.commit,
                withdrawn=told.note.withdrawn is not None,
                amended=told.replaced,
            )
            for told in questions.notes(it.connection)
        )

    found = _asked(workspace, ask, progress)
    return unaided.changelog(workspace, progress) if found is None else found


def lives(
    workspace: Workspace, progress: Progress | None = None, only: Collection[str] | None = None
) -> Iterator[History]:
    """The histories of the articles that are there now, compared; by path.

    ``only``: of those at these paths.
    """
    if _is_empty(workspace):
        return

    def ask(it: Known) -> list[tuple[str, int]]:
        if only is None:
            it.up_to(COMPARED, progress=progress)
            return sorted(questions.paths(it.connection))
        numbers = [(path, questions.number_of(it.connection, path)) for path in sorted(only)]
        chosen = [(path, number) for path, number in numbers if number is not None]
        it.up_to(COMPARED, [number for _, number in chosen], progress)
        return chosen

    found = _asked(workspace, ask, progress)
    if found is None:
        yield from unaided.lives(workspace, progress, only)
        return
    with known(workspace) as it:
        usable = it
        for path, number in found:
            life = None
            if usable is not None:
                try:
                    life = history(usable, number)
                except sqlite3.Error as error:
                    usable.catalog.failed(error)
                    usable = None
            if life is None and usable is None:
                life = reading.life(workspace, reading.track_of(workspace, path))
            if life is not None:  # else its texts cannot be read
                yield life


def history(it: Known, number: int) -> History | None:
    """The history of an article that is compared; None where its texts cannot be read."""
    head = questions.heads(it.connection, [number]).get(number)
    if head is None or head.unreadable:
        return None
    return History(
        article_of(head.path, head.headline),
        tuple(_revision(each) for each in questions.facts_of(it.connection, number)),
        events_of(it.connection, number),
        deleted=False,
        shallow=it.workspace.repository.shallow,
        notes=notes_from_json(head.notes) if head.notes else (),
    )
