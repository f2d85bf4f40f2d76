"""What is asked of all articles at once: newest revisions, counts, changelog, statistics."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, time
from typing import Concatenate, ParamSpec, TypeVar

from tracker.catalog import queries
from tracker.catalog.schema import Catalog
from tracker.errors import TrackerError
from tracker.house.changelog import note_entry
from tracker.model import (
    Article,
    Entry,
    History,
    Listed,
    Progress,
    Revision,
    Selection,
    Track,
)
from tracker.newsroom.facts import COMPARED, LINE, READ, Known, UnusableError, known
from tracker.newsroom.revisions import article_of
from tracker.newsroom.workspace import Workspace

ALL = Selection()
_Answer = TypeVar("_Answer")
_Given = ParamSpec("_Given")
_ROUNDS = 4  # times that another process may add to the history meanwhile, or the file fail


def ask(
    workspace: Workspace,
    progress: Progress | None,
    question: Callable[Concatenate[Known, _Given], _Answer],
    *given: _Given.args,
    **named: _Given.kwargs,
) -> _Answer:
    """What one of the questions below, or of ``search``, answers.

    ``progress`` is called with the number of articles done and the number of all.
    """
    with Catalog(workspace.repository) as catalog:
        return _ask(catalog, workspace, progress, lambda it: question(it, *given, **named))


def _ask(
    catalog: Catalog,
    workspace: Workspace,
    progress: Progress | None,
    question: Callable[[Known], _Answer],
) -> _Answer:
    for _ in range(_ROUNDS):
        try:
            return question(known(workspace, catalog, progress))
        except UnusableError:
            continue
        except sqlite3.Error as error:
            catalog.fall_back(error)
    raise TrackerError(
        "The history changes faster than it can be read.", "Try again when others are done."
    )


def _up_to(it: Known, selection: Selection) -> None:
    """Make known of every article what tells which revisions are meant."""
    read = (selection.kind, selection.told) != (None, None)
    it.up_to(COMPARED if selection.substantive is not None else READ if read else LINE)


def _article(it: Known, number: int) -> Article | None:
    """The article of a number; None where its texts cannot be read."""
    head = queries.head(it.connection, number)
    return None if head is None else article_of(head.path, head.headline)


def latest(
    it: Known, limit: int, offset: int = 0, selection: Selection = ALL
) -> tuple[tuple[Article, Revision], ...]:
    """The newsroom's newest revisions, newest first, each with its article."""
    _up_to(it, selection)
    chosen = queries.newest(it.connection, selection, limit, offset)
    it.up_to(COMPARED, [article for article, _ in chosen])
    found = tuple(
        (head, queries.revision(it.connection, article, number))
        for article, number in chosen
        if (head := _article(it, article)) is not None
    )
    if chosen and not found:
        raise TrackerError(
            "None of the newest texts can be read.", "What is wrong with each: tracker check"
        )
    return found


def count(it: Known, selection: Selection = ALL) -> int:
    _up_to(it, selection)
    return queries.count(it.connection, selection)


def months(it: Known, selection: Selection = ALL) -> tuple[tuple[str, int], ...]:
    _up_to(it, selection)
    return tuple(queries.months(it.connection, selection))


def people(it: Known) -> tuple[tuple[str, int], ...]:
    return tuple(queries.people(it.connection))


def articles(it: Known, limit: int | None = None, offset: int = 0) -> tuple[Article, ...]:
    numbers = queries.last_revised(it.connection, limit, offset)
    it.up_to(READ, numbers)
    return tuple(filter(None, (_article(it, number) for number in numbers)))


def listed(
    it: Known,
    limit: int | None = None,
    offset: int = 0,
    *,
    since: datetime | None = None,
    noted: bool = False,
    published: bool = False,
) -> tuple[Listed, ...]:
    """The articles with what a list tells of them: see ``Newsroom.listed``."""
    if noted:
        it.up_to(READ)
    numbers = queries.last_revised(it.connection, limit, offset, since, noted)
    it.up_to(READ, numbers)
    found = []
    for number in numbers:
        told = queries.listed(it.connection, number, published)
        article = _article(it, number)
        if told is None or article is None:
            continue
        at, due, *counts = told
        if due is not None and not isinstance(due, datetime):
            due = datetime.combine(due, time(), it.workspace.settings.zone)
        found.append(Listed(article, max(at, due or at), *counts))
    return tuple(found)


def count_articles(it: Known, since: datetime | None = None, *, noted: bool = False) -> int:
    """How many articles there are, or of them those that are asked for."""
    if noted:
        it.up_to(READ)
    return queries.count_articles(it.connection, since, noted)


def paths_of(track: Track) -> set[str]:
    return {track.path, *(version.path for version in track.versions)}


def changelog(it: Known) -> tuple[Entry, ...]:
    """The notes of the whole newsroom, newest first."""
    style, clock = it.workspace.settings.style, it.workspace.settings.clock
    it.up_to(READ)
    return tuple(
        note_entry(
            article_of(told.path, told.headline), told.note, told.number, told.commit,
            told.person, style, clock, told.replaced,
        )
        for told in queries.notes(it.connection)
    )  # fmt: skip


def lives(
    workspace: Workspace, progress: Progress | None = None, only: Collection[str] | None = None
) -> Iterator[History]:
    """The histories of the articles that are there now, compared; by path.

    ``only``: of those at these paths.
    """
    if workspace.empty:
        return

    def paths(it: Known) -> list[str]:
        if only is None:
            it.up_to(COMPARED)
            return sorted(path for path, _ in queries.paths(it.connection))
        numbers = {path: queries.number_of(it.connection, path) for path in sorted(only)}
        it.up_to(COMPARED, [each for each in numbers.values() if each is not None])
        return [path for path, number in numbers.items() if number is not None]

    with Catalog(workspace.repository) as catalog:
        for path in _ask(catalog, workspace, progress, paths):
            try:
                life = _history_at(workspace, catalog, path)
            except sqlite3.Error as error:
                catalog.fall_back(error)
                _ask(catalog, workspace, None, paths)
                life = _history_at(workspace, catalog, path)
            if life is not None:  # else its texts cannot be read
                yield life


def _history_at(workspace: Workspace, catalog: Catalog, path: str) -> History | None:
    """The history of an article that is compared; None where its texts cannot be read."""
    number = queries.number_of(catalog.connection, path)
    head = None if number is None else queries.head(catalog.connection, number)
    if number is None or head is None:
        return None
    return History(
        article_of(head.path, head.headline),
        queries.revisions_of(catalog.connection, number),
        queries.events_of(catalog.connection, number),
        deleted=False,
        shallow=workspace.repository.shallow,
        notes=head.notes,
    )
