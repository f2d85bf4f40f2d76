"""The tracks of a newsroom's articles one after another: memory stays flat, however many there are.

For a repository that is another's: nothing is written into it. A catalog of it is made elsewhere,
and thrown away.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tracker.model import Track
from tracker.newsroom import select
from tracker.newsroom.lines import ignored, line
from tracker.newsroom.workspace import Workspace
from tracker.store.catalog import Catalog
from tracker.store.catalog.ask import track_of
from tracker.store.catalog.columns import path_of
from tracker.store.catalog.line import up_to_date
from tracker.store.history import tracks

_LISTED = (
    "CREATE TEMP TABLE listed (deleted INTEGER, name BLOB, article INTEGER, revisions INTEGER,"
    " PRIMARY KEY (deleted, name, article)) WITHOUT ROWID"
)
_ARTICLES = (
    "SELECT article.id, path.path, NOT alive AS deleted, revisions FROM article"
    " JOIN path ON path.id = article.path WHERE text AND joined IS NULL"
)


class Streamed(NamedTuple):
    """The tracks of many articles, of which one is in memory at a time."""

    revisions: int  # of all of them
    tracks: Iterator[Track]  # by path, those of deleted articles last; to be read once


@contextmanager
def streamed(workspace: Workspace, folder: Path, inside: str = "") -> Iterator[Streamed]:
    """The tracks of the articles that the newsroom has, and of those that were deleted there.

    With ``inside``, of all texts in this folder of the repository, whatever the settings say.
    ``folder`` takes temporary files meanwhile. Where they cannot be written, all tracks are held in
    memory. Raises ``TrackerError`` where there is no commit, and ``sqlite3.Error`` where the files
    cannot be read while the tracks are.
    """
    with ExitStack() as stack:
        found = _from_catalog(workspace, folder, inside, stack)
        if found is None:
            stack.close()  # it may have filled the disk
            held = _from_git(workspace, inside)
            found = Streamed(sum(len(each.versions) for each in held), iter(held))
        yield found


# --- from a catalog -------------------------------------------------------------------------------


def _from_catalog(
    workspace: Workspace, folder: Path, inside: str, stack: ExitStack
) -> Streamed | None:
    """The tracks out of a catalog that is closed with the stack; None where none can be made."""
    wanted = line(workspace)
    try:
        place = stack.enter_context(
            TemporaryDirectory(prefix="articles-", dir=folder, ignore_cleanup_errors=True)
        )
        # A catalog has its file where the files are that a repository's work trees share.
        elsewhere = workspace.repository._replace(common_dir=Path(place))
        catalog = stack.enter_context(Catalog(elsewhere))
        if catalog.connection is not None:
            catalog.connection.execute("PRAGMA synchronous = OFF")  # it is of no use after a crash
        if up_to_date(catalog, workspace.repository, wanted) and catalog.connection is not None:
            return _listed(workspace, catalog.connection, inside)
    except (OSError, sqlite3.Error):
        pass
    return None


def _listed(workspace: Workspace, connection: sqlite3.Connection, inside: str) -> Streamed:
    """The tracks out of a catalog, after the articles were put in order in a table beside it."""
    accept = _accepted(workspace, connection, inside)
    connection.execute(_LISTED)
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO temp.listed VALUES (?, ?, ?, ?)",
        (
            # The order is that of letters, also where a name is no UTF-8.
            (deleted, path_of(path).encode("utf-8", "surrogatepass"), number, revisions)
            for number, path, deleted, revisions in connection.execute(_ARTICLES)
            if accept(path_of(path), deleted)
        ),
    )
    connection.execute("COMMIT")
    count = connection.execute("SELECT coalesce(sum(revisions), 0) FROM temp.listed").fetchone()[0]
    return Streamed(count, _tracks(connection))


def _tracks(connection: sqlite3.Connection) -> Iterator[Track]:
    rows = connection.execute("SELECT article FROM temp.listed ORDER BY deleted, name, article")
    for (number,) in rows:
        yield track_of(connection, number)


def _accepted(
    workspace: Workspace, connection: sqlite3.Connection, inside: str
) -> Callable[[str, bool], bool]:
    """Tells whether the article at a path, deleted there or not, is one that is wanted."""
    under, patterns = workspace.under, workspace.settings.articles
    if inside:
        prefix = f"{under}/" if under else ""
        return lambda path, _: path.startswith(prefix) and _is_inside(path, inside)

    def paths(condition: str) -> Iterator[str]:
        for _, path, *_ in connection.execute(f"{_ARTICLES} AND {condition}"):
            yield path_of(path)

    here = _choice(paths("alive"), patterns, under)
    gone = _choice(paths("NOT alive"), patterns, under)
    return lambda path, deleted: gone(path) if deleted else here(path)


def _choice(paths: Iterable[str], patterns: tuple[str, ...], under: str) -> Callable[[str], bool]:
    """Tells of one path what ``select.articles`` says of it among all of them."""
    chosen = None if patterns else _folder(paths, f"{under}/" if under else "")
    if chosen is not None:
        return lambda path: path.startswith(chosen) and select.is_text(path)
    return lambda path: bool(select.articles([path], patterns, under))


def _folder(paths: Iterable[str], prefix: str) -> str | None:
    """The first of the usual folders that has any of these texts."""
    folders = [f"{prefix}{each}/" for each in select.FOLDERS]
    places = (
        place
        for path in paths
        for place, folder in enumerate(folders)
        if path.startswith(folder) and select.is_text(path)
    )
    best = min(places, default=None)
    return None if best is None else folders[best]


def _is_inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/") and select.is_text(path)


# --- from git alone -------------------------------------------------------------------------------


def _from_git(workspace: Workspace, inside: str) -> list[Track]:
    """The same, all in memory."""
    under, patterns = workspace.under, workspace.settings.articles
    found = tracks(
        workspace.repository,
        under=under,
        branch=workspace.settings.branch,
        ignored=ignored(workspace),
    )
    if inside:
        return [each for each in found if _is_inside(each.path, inside)]
    here = set(workspace.paths())
    gone = set(select.articles((each.path for each in found if each.deleted), patterns, under))
    return [each for each in found if each.path in (gone if each.deleted else here)]
