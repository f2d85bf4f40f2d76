"""The histories of a newsroom's articles: from the catalog where it is quicker, else from git.

In a small repository git answers about one article as soon as the catalog would be open. In a
larger one the catalog is made by the first command that reads for a person, and is quick from then
on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tracker.errors import TrackerError
from tracker.model import Track
from tracker.newsroom.workspace import Workspace
from tracker.store.history import (
    FEW_OBJECTS,
    ignored_commits,
    no_article,
    objects,
    track,
    track_alone,
    tracks,
)
from tracker.store.lives import textual

if TYPE_CHECKING:
    from tracker.newsroom.scope import Progress
    from tracker.store.catalog import Catalog
    from tracker.store.catalog.pieces import Wanted


def ignored(workspace: Workspace) -> frozenset[str]:
    """The commits that count as no change, asked for once at each tip."""
    known = workspace.__dict__
    if "ignored_commits" not in known:
        said = None if workspace.session is None else workspace.session.said
        named = said is None or "blame.ignorerevsfile" in said
        known["ignored_commits"] = ignored_commits(workspace.repository, named=named)
    found: frozenset[str] = known["ignored_commits"]
    return found


def line(workspace: Workspace) -> Wanted:
    """The line of the newsroom's branch. Raises ``TrackerError`` where it has no commit."""
    from tracker.store.catalog.line import wanted

    known = workspace.__dict__
    if "wanted_line" not in known:
        known["wanted_line"] = wanted(
            workspace.repository, workspace.settings.branch, ignored(workspace)
        )
    found: Wanted = known["wanted_line"]
    return found


@contextmanager
def catalog_of(
    workspace: Workspace, *, build: bool = True, progress: Progress | None = None
) -> Iterator[Catalog | None]:
    """The catalog, up to the newsroom's newest revision; None where it cannot be.

    Without ``build``, one that is not there, or that must be made anew, is passed over.
    """
    from tracker.store.catalog import Catalog
    from tracker.store.catalog.line import up_to_date

    wanted = line(workspace)
    with Catalog(workspace.repository, create=build) as catalog:
        watch = progress or workspace.watch
        there = up_to_date(catalog, workspace.repository, wanted, build=build, progress=watch)
        yield catalog if there else None


def track_at(workspace: Workspace, path: str, *, build: bool = True) -> Track:
    """The life of the article at a path. Raises ``TrackerError`` where there never was one.

    With ``build``, the catalog of a large repository is made where there is none.
    """
    found = None
    if textual(path) and objects(workspace.repository) > FEW_OBJECTS:
        found = _in_catalog(workspace, path, build=build)
    if found is not None:
        return found
    return track(
        workspace.repository, path, branch=workspace.settings.branch, ignored=ignored(workspace)
    )


def track_soon(workspace: Workspace, path: str) -> Track | None:
    """The same where nobody waits for it; None where the whole line has to be read."""
    if not textual(path) or objects(workspace.repository) <= FEW_OBJECTS:
        return track_at(workspace, path)
    found = _in_catalog(workspace, path, build=False)
    if found is not None:
        return found
    return track_alone(
        workspace.repository, path, branch=workspace.settings.branch, ignored=ignored(workspace)
    )


def _in_catalog(workspace: Workspace, path: str, *, build: bool) -> Track | None:
    """The life as the catalog has it; None where it cannot be used."""
    import sqlite3

    from tracker.store.catalog.ask import number_at, track_of

    with catalog_of(workspace, build=build) as catalog:
        if catalog is not None and catalog.connection is not None:
            try:
                number = number_at(catalog.connection, path)
                if number is not None:
                    return track_of(catalog.connection, number)
                raise no_article(path)
            except sqlite3.Error as error:
                catalog.failed(error)
    return None


def was_known(workspace: Workspace, path: str) -> bool:
    """Whether a file of that path was ever on the published line."""
    try:
        return bool(track_at(workspace, path).versions)
    except TrackerError:
        return False


def tracks_of(workspace: Workspace, progress: Progress | None = None) -> tuple[Track, ...]:
    """The tracks of all files in the newsroom that are, or were, texts."""
    if objects(workspace.repository) > FEW_OBJECTS:
        import sqlite3

        from tracker.store.catalog.ask import all_tracks

        with catalog_of(workspace, progress=progress) as catalog:
            if catalog is not None and catalog.connection is not None:
                try:
                    return all_tracks(catalog.connection, workspace.under)
                except sqlite3.Error as error:
                    catalog.failed(error)
    return tracks(
        workspace.repository,
        under=workspace.under,
        branch=workspace.settings.branch,
        ignored=ignored(workspace),
    )
