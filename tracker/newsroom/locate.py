"""Which article a name on the command line, or in a call, means."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tracker.errors import TrackerError
from tracker.newsroom import select
from tracker.newsroom.catalog import tracks_of, was_known
from tracker.newsroom.selection import is_text
from tracker.newsroom.workspace import Workspace
from tracker.store.paths import checked

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
    on_disk = bool(path) and _is_file(workspace, path)
    if (new and on_disk) or (path and _is_known(workspace, path)):
        return path
    recorded = [] if workspace.repository.head is None else workspace.paths()
    try:
        return select.find(name, recorded, workspace.under)
    except TrackerError as error:
        refused = error
    if path and workspace.repository.head is not None and was_known(workspace, path):
        return path
    if on_disk:
        raise _not_recorded(workspace, path)
    waiting, inner = _unrecorded(workspace, set(recorded))
    called = [each for each in waiting if name in (select.slug(each), PurePosixPath(each).stem)]
    if len(called) == 1 and new:
        return called[0]
    if called:
        raise TrackerError(
            f"No revision of {' or '.join(called[:3])} is recorded yet.",
            f"Record {'it' if len(called) == 1 else 'one'} first: tracker record {called[0]}",
        )
    if recorded and "/" not in name and (gone := _deleted(workspace, name)):
        return gone
    if new and path and is_text(path):
        return path
    if refused.sentence.startswith("No "):
        if near := select.near(name, [*recorded, *waiting]):
            raise TrackerError(refused.sentence, f"Did you mean {' or '.join(near)}?")
        if inner:
            raise TrackerError(
                refused.sentence,
                f"{inner[0]} is a repository of its own; ask there: tracker -C {inner[0]} history",
            )
    if not recorded:
        raise TrackerError(
            f"There is no article {name} yet.", "Write it, then: tracker record ARTICLE"
        )
    raise refused


def _not_recorded(workspace: Workspace, path: str) -> TrackerError:
    """What is said of a file that is there, and that no revision has."""
    top = workspace.repository.top
    parts = PurePosixPath(path).parents
    inner = next((each for each in parts if top and (top / each / ".git").exists()), None)
    if inner is not None and str(inner) != ".":
        return TrackerError(
            f"{inner} is a repository of its own, so {path} is not recorded in this one.",
            f"Ask there: tracker -C {inner} history",
        )
    return TrackerError(f"{path} is not recorded yet.", f"Record it: tracker record {path}")


def _unrecorded(workspace: Workspace, recorded: Collection[str]) -> tuple[list[str], list[str]]:
    """The articles on disk that no revision has yet, and folders with repositories of their own.

    Nothing where there are too many to look at. What belongs to another repository, such as a
    submodule, is none of this one's articles.
    """
    if workspace.root is None:
        return [], []
    here = f"{workspace.under}/" if workspace.under else ""
    files: list[str] = []
    inner: list[str] = []
    for folder, folders, names in os.walk(workspace.root):
        inside = Path(folder).relative_to(workspace.root).as_posix()
        before = here if inside == "." else f"{here}{inside}/"
        own = [each for each in folders if Path(folder, each, ".git").exists()]
        inner += [before + each for each in own]
        folders[:] = sorted(set(folders) - set(own) - {x for x in folders if x.startswith(".")})
        files += [before + name for name in names if is_text(name)]
        if len(files) > _MOST_ON_DISK:
            return [], []
    chosen = workspace.choose(files)
    return [path for path in chosen if path not in recorded], inner


def _deleted(workspace: Workspace, slug: str) -> str | None:
    """The one deleted article of that slug or name; None where there is none, or several."""
    gone = [each.path for each in tracks_of(workspace) if each.deleted]
    with suppress(TrackerError):
        return select.find(slug, gone, workspace.under)
    return None


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
    if inside.parts:
        checked(inside.as_posix())
    return _without_links(top, inside) if inside.parts else ""


def _without_links(top: Path, inside: Path) -> str:
    """The path of the file that symbolic links in the repository lead to.

    Raises ``TrackerError`` where they lead out of it.
    """
    try:
        full = (top / inside).resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        full = Path(top.anchor)
    if full.is_relative_to(top.resolve()):
        real = full.relative_to(top.resolve()).as_posix()
        checked(real)
        return real
    raise TrackerError(
        f"{inside.as_posix()} is a symbolic link that leads out of the repository.",
        "Give the path of a file in the repository.",
    )
