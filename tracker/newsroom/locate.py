"""Which article a name on the command line, or in a call, means."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from tracker.errors import TrackerError
from tracker.newsroom import select
from tracker.newsroom.catalog import was_known
from tracker.newsroom.workspace import Workspace

_MOST_ON_DISK = 50_000  # texts among which one that was never recorded is looked for by its slug


def locate(workspace: Workspace, article: str | Path, *, new: bool = False) -> str:
    """The path in the repository that a path, a slug or a unique part of one means.

    A relative path is taken from the newsroom's folder. With ``new``, a path that no revision
    has yet is taken too. Raises ``TrackerError`` where nothing, or more than one article,
    fits, and for a path that leads out of the repository.
    """
    name = str(article)
    if "\0" in name or not name.strip():
        raise TrackerError("An article needs a name.", "Give a path or a slug.")
    path = _inside(workspace, name)
    if path and ((new and _is_file(workspace, path)) or _is_known(workspace, path)):
        return path
    if workspace.repository.head is not None:
        try:
            return select.find(name, workspace.paths(), workspace.under)
        except TrackerError:
            if path and was_known(workspace, path):
                return path
            if lone := _unrecorded(workspace, name, new=new):
                return lone
            if not (new and path and select.is_text(path)):
                raise
    elif lone := _unrecorded(workspace, name, new=new):
        return lone
    if new and path and select.is_text(path):
        return path
    raise TrackerError(f"There is no article {name} yet.", "Record it first: tracker record")


def _unrecorded(workspace: Workspace, slug: str, *, new: bool) -> str | None:
    """The one file on disk of that slug, which no revision has yet; None where there is none.

    Raises ``TrackerError`` for several, and, unless it is for a ``new`` one, for one.
    """
    if workspace.root is None or "/" in slug:
        return None
    here = f"{workspace.under}/" if workspace.under else ""
    files = []
    for folder, folders, names in os.walk(workspace.root):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        inside = Path(folder).relative_to(workspace.root).as_posix()
        before = here if inside == "." else f"{here}{inside}/"
        files += [before + name for name in names if select.is_text(name)]
        if len(files) > _MOST_ON_DISK:
            return None
    chosen = select.articles(files, workspace.settings.articles, workspace.under)
    recorded = set(workspace.paths()) if workspace.repository.head is not None else set()
    found = [
        path
        for path in chosen
        if path not in recorded and slug in (select.slug(path), PurePosixPath(path).stem)
    ]
    if len(found) == 1 and new:
        return found[0]
    if not found:
        return None
    raise TrackerError(
        f"No revision of {' or '.join(found[:3])} is recorded yet.",
        f"Record {'it' if len(found) == 1 else 'one'} first: tracker record {found[0]}",
    )


def _is_file(workspace: Workspace, path: str) -> bool:
    disk = workspace.disk(path)
    return disk is not None and disk.is_file()


def _is_known(workspace: Workspace, path: str) -> bool:
    return workspace.repository.head is not None and workspace.blob(path) is not None


def _inside(workspace: Workspace, name: str) -> str:
    """What was given as a path in the repository, free of links; "" where it cannot be one."""
    top = workspace.repository.top
    if top is None or workspace.root is None:
        plain = PurePosixPath(name)
        return "" if plain.is_absolute() or ".." in plain.parts else plain.as_posix()
    full = Path(os.path.normpath(workspace.root / name))
    if not full.is_relative_to(top):
        full = full.parent.resolve() / full.name  # the same folder by another name
    if not full.is_relative_to(top):
        raise TrackerError(
            f"{name} leads out of the repository at {top}.",
            "Give the path of a file in the repository.",
        )
    inside = full.relative_to(top)
    folder = top
    for part in inside.parts:
        folder = folder / part
        if folder.is_symlink():
            raise TrackerError(
                f"{folder.relative_to(top)} is a symbolic link.",
                "Give the path of the file itworkspace.",
            )
    return inside.as_posix() if inside.parts else ""
