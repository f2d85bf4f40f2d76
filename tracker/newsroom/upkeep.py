"""The state of the catalog, and making it anew."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.newsroom.lines import line
from tracker.newsroom.scope import Progress
from tracker.newsroom.workspace import Workspace
from tracker.store.catalog import FORMAT, Catalog, catalog_file
from tracker.store.catalog.line import Held, held, rebuild, up_to_date
from tracker.store.catalog.line import behind as commits_behind


class CatalogState(NamedTuple):
    """What a newsroom's catalog holds."""

    path: str  # of the file, absolute
    there: bool  # False: there is no file, or it cannot be used
    bytes: int  # size of the file; 0 where there is none
    format: int  # the number of the format that this program reads and writes
    newest: str | None  # full hash of the newest commit that it has seen; None: none yet
    commits: int  # of the published line
    revisions: int  # of all texts, those that are gone included
    articles: int  # texts that are there now
    gone: int  # texts that were deleted
    behind: int | None  # commits that it has not seen yet; None: it must be made anew
    read: int  # articles of the newsroom whose texts it has read
    compared: int  # of them, those whose changes it has compared
    indexed: int  # of them, those whose words can be searched
    answers: int  # texts and pairs of texts about which something is remembered


def state(workspace: Workspace) -> CatalogState:
    """What the catalog holds. It is not brought up to date."""
    path = catalog_file(workspace.repository)
    size = path.stat().st_size if path.is_file() else 0
    nothing = CatalogState(str(path), False, size, FORMAT, None, 0, 0, 0, 0, None, 0, 0, 0, 0)
    with Catalog(workspace.repository, create=False) as catalog:
        if catalog.connection is None:
            return nothing
        try:
            return _state(workspace, catalog.connection, nothing)
        except sqlite3.Error as error:
            catalog.failed(error)
            return nothing


def _state(
    workspace: Workspace, connection: sqlite3.Connection, nothing: CatalogState
) -> CatalogState:
    def number(question: str) -> int:
        return int(connection.execute(question).fetchone()[0] or 0)

    there: Held | None = held(connection)
    itself = "FROM article WHERE text AND joined IS NULL"
    return nothing._replace(
        there=True,
        newest=there.newest if there is not None else None,
        commits=there.steps if there is not None else 0,
        revisions=number(f"SELECT sum(revisions) {itself}"),
        articles=number(f"SELECT count(*) {itself} AND alive"),
        gone=number(f"SELECT count(*) {itself} AND NOT alive"),
        behind=_behind(workspace, there),
        read=number("SELECT count(*) FROM piece WHERE level > 0"),
        compared=number("SELECT count(*) FROM piece WHERE level > 1"),
        indexed=number("SELECT count(*) FROM piece WHERE indexed"),
        answers=number("SELECT count(*) FROM answer"),
    )


def _behind(workspace: Workspace, there: Held | None) -> int | None:
    if there is None or workspace.repository.head is None:
        return None
    wanted = line(workspace)
    return commits_behind(workspace.repository, wanted, there) if wanted.key == there.key else None


def make_anew(workspace: Workspace, progress: Progress | None = None) -> CatalogState:
    """Read the whole line again, and forget what was known of texts; answers stay.

    ``progress`` is called with the number of commits done and of all. Raises ``TrackerError`` where
    the file cannot be written.
    """
    wanted = line(workspace)
    with Catalog(workspace.repository) as catalog:
        try:
            if catalog.connection is None:
                raise sqlite3.OperationalError("unable to open database file")
            rebuild(catalog, workspace.repository, wanted, progress, forget=True)
            up_to_date(catalog, workspace.repository, wanted)
        except (sqlite3.Error, OSError) as error:
            raise TrackerError(
                f"The catalog {catalog.path} cannot be written: {error}.",
                "Check the folder's rights and the space on the disk; everything works without it, "
                "and is slower.",
            ) from None
    return state(workspace)
