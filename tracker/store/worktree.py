"""What a recording must know of a work tree, and how it puts a text into one.

Everything here looks before anything is written, but for ``replace`` and ``put_back``.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store import locks
from tracker.store.configuration import Settings
from tracker.store.git import Git, Repository, environment
from tracker.store.paths import shown_path

# What git keeps in its directory while something is under way, and how people call it.
_UNDER_WAY = (
    ("rebase-apply/applying", "git am", "git am --continue or git am --abort"),
    ("rebase-merge", "A rebase", "git rebase --continue or git rebase --abort"),
    ("rebase-apply", "A rebase", "git rebase --continue or git rebase --abort"),
    ("MERGE_HEAD", "A merge", "git commit or git merge --abort"),
    ("CHERRY_PICK_HEAD", "A cherry-pick", "git cherry-pick --continue or git cherry-pick --abort"),
    ("REVERT_HEAD", "A revert", "git revert --continue or git revert --abort"),
    ("sequencer", "A cherry-pick or revert", "git cherry-pick --abort or git revert --abort"),
    ("BISECT_START", "A bisect", "git bisect reset"),
)


class Staged(NamedTuple):
    """The index's entry of one path."""

    mode: str  # "100644" or "100755"
    hash: str  # full hash of the blob


def checked_out(repository: Repository) -> str | None:
    """The full name of the branch that HEAD points to now; None for a detached HEAD."""
    try:
        said = (repository.git_dir / "HEAD").read_bytes()
    except OSError:
        said = b""
    if said.startswith(b"ref: refs/heads/") and said.strip() != b"ref: refs/heads/.invalid":
        return said[5:].strip().decode("utf-8", "surrogateescape")
    return repository.git.text("symbolic-ref", "--quiet", "HEAD", accept=(0, 1)) or None


def branch_to_write(repository: Repository, branch: str | None) -> str:
    """The full name of the branch that takes the revision, when it may.

    Raises ``TrackerError`` where something is under way, where HEAD is detached, and where the
    branch is not the one that this work tree shows, or another one shows it.
    """
    if repository.top is not None:
        _nothing_under_way(repository.git_dir)
    head = checked_out(repository)
    if branch is not None and not branch.startswith("refs/"):
        branch = f"refs/heads/{branch}"
    wanted = branch or head
    if wanted is None or (head is None and repository.top is not None):
        raise TrackerError(
            "HEAD is detached: no branch is checked out that could take the revision.",
            "Go to the published branch, for example with: git switch main",
        )
    name = wanted.removeprefix("refs/heads/")
    if not wanted.startswith("refs/heads/") or not name:
        raise TrackerError(f"{shown_path(wanted)} is not a branch.", "Name a branch, like main.")
    if repository.top is not None and wanted != head:
        here = (head or "").removeprefix("refs/heads/")
        raise TrackerError(
            f"The published branch is {name}, but {here} is checked out here.",
            f"Go to it with: git switch {name}",
        )
    _nowhere_else(repository, wanted)
    return wanted


def _nothing_under_way(git_dir: Path) -> None:
    for name, what, way_out in _UNDER_WAY:
        if (git_dir / name).exists():
            raise TrackerError(
                f"{what} is in progress in this repository.", f"Finish it first: {way_out}"
            )


def _nowhere_else(repository: Repository, branch: str) -> None:
    """Refuse a branch that another work tree has: its files would not follow."""
    try:
        if not any((repository.common_dir / "worktrees").iterdir()):
            return
    except OSError:
        return
    said = repository.git.text("worktree", "list", "--porcelain", "-z")
    for block in said.split("\0\0"):
        lines = block.strip("\0").split("\0")
        folder = lines[0].removeprefix("worktree ")
        if f"branch {branch}" not in lines or any(line.startswith("prunable") for line in lines):
            continue
        if repository.top is not None and _same(Path(folder), repository.top):
            continue
        raise TrackerError(
            f"The branch {branch.removeprefix('refs/heads/')} is checked out in another work "
            f"tree, {folder}.",
            "Record there, or remove that work tree with: git worktree remove",
        )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def check_place(top: Path, path: str) -> None:
    """Refuse a path in the work tree that is no plain file in plain folders of this repository."""
    shown = shown_path(path)
    here = top
    components = path.split("/")
    for number, component in enumerate(components):
        here = here / component
        try:
            mode = here.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise TrackerError(
                f"{shown} cannot be looked at: {(error.strerror or str(error)).lower()}.",
                "Check the path and its permissions.",
            ) from None
        part = shown_path("/".join(components[: number + 1]))
        if stat.S_ISLNK(mode):
            raise TrackerError(
                f"{part} is a symbolic link, which tracker does not follow.",
                "Name the file that it leads to.",
            )
        if number == len(components) - 1:
            _must_be_file(mode, shown)
        elif not stat.S_ISDIR(mode):
            raise TrackerError(
                f"{part} is a file, so {shown} cannot be in it.", "Choose another path."
            )
        elif (here / ".git").exists():
            raise TrackerError(
                f"{part} is a repository of its own, so {shown} is not recorded in this one.",
                "Run tracker in that folder.",
            )


def _must_be_file(mode: int, shown: str) -> None:
    if stat.S_ISDIR(mode):
        raise TrackerError(f"{shown} is a folder.", "Name the article's file in it.")
    if not stat.S_ISREG(mode):
        raise TrackerError(f"{shown} is not a plain file.", "Name a text file.")


def read(top: Path, path: str) -> bytes | None:
    """What the file holds now; None where there is none."""
    try:
        return (top / path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise TrackerError(
            f"{shown_path(path)} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check its permissions.",
        ) from None


def changed_meanwhile(path: str) -> TrackerError:
    """The error for a file that is no longer what the caller read."""
    return TrackerError(
        f"Another program changed {shown_path(path)} meanwhile.",
        "Look at the file, and record again.",
    )


def replace(
    top: Path, path: str, old: bytes | None, new: bytes, may_leave: Callable[[Path], None]
) -> bool:
    """Put ``new`` in the place of ``old``, which the file must hold; None: it must not be there.

    The file is whole at every moment, and keeps its mode. Returns False when it was right
    already. Raises ``TrackerError`` when it holds something else, or cannot be written.
    """
    now = read(top, path)
    if now == new:
        return False
    if now != old:
        raise changed_meanwhile(path)
    target = top / path
    temporary = locks.temporary(target.parent)
    may_leave(temporary)
    try:
        if old is None:
            target.parent.mkdir(parents=True, exist_ok=True)
        _write_beside(target, temporary, new, exists=old is not None)
        if read(top, path) != old:
            raise changed_meanwhile(path)
        if old is None:
            _put_new(temporary, target, path)
        else:
            temporary.replace(target)
    except OSError as error:
        raise locks.not_writable(target, error) from None
    finally:
        with suppress(OSError):
            temporary.unlink()
    return True


def _write_beside(target: Path, temporary: Path, data: bytes, *, exists: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        if exists:
            status = target.stat()
            with suppress(OSError, AttributeError):
                if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(descriptor, status.st_uid, status.st_gid)
            temporary.chmod(stat.S_IMODE(status.st_mode))
        file.flush()
        os.fsync(descriptor)


def _put_new(temporary: Path, target: Path, path: str) -> None:
    try:
        os.link(temporary, target)  # unlike a rename, it never takes the place of a file
    except FileExistsError:
        raise changed_meanwhile(path) from None
    except OSError:  # a file system without hard links
        if target.exists():
            raise changed_meanwhile(path) from None
        temporary.replace(target)


def put_back(top: Path, path: str, old: bytes | None, new: bytes) -> None:
    """Undo ``replace``, where the file still holds what it wrote; never raises."""
    target = top / path
    with suppress(OSError, TrackerError):
        if old is not None:
            replace(top, path, new, old, lambda _: None)
        elif target.read_bytes() == new:
            target.unlink()
            for folder in target.parents:
                if folder == top:
                    break
                folder.rmdir()


def staged(said: bytes, path: str) -> Staged | None:
    """The index's entry, from ``git ls-files -v -s -z --sparse``. Refuses entries in conflict."""
    for line in said.split(b"\0"):
        if not line:
            continue
        tag, mode, blob, stage = line.partition(b"\t")[0].decode().split()
        if stage != "0":
            raise in_conflict(path)
        if tag.upper() == "S":
            raise outside_sparse(path)
        return Staged(mode, blob)
    return None


def in_conflict(path: str) -> TrackerError:
    """The error for a path that a merge left in conflict."""
    return TrackerError(
        f"{shown_path(path)} is in conflict in the index.",
        f"Settle it first, then: git add -- {shown_path(path)}",
    )


def outside_sparse(path: str) -> TrackerError:
    """The error for a path that the sparse checkout leaves out."""
    folder = shown_path(path.rpartition("/")[0] or path)
    return TrackerError(
        f"{shown_path(path)} is outside of this sparse checkout.",
        f"Bring its folder in with: git sparse-checkout add {folder}",
    )


def check_new(git: Git, path: str, *, known: bool, settings: Settings) -> None:
    """Refuse what ``git add`` refuses of a path that the index does not have.

    ``known``: the newest commit has it; then a sparse index may hide it in its folder's entry.
    """
    if known:
        if settings.sparse:
            staged(git.run("ls-files", "-v", "-s", "-z", "--", path), path)
        return
    if settings.cones and not _in_cones(git, path):
        raise outside_sparse(path)
    # Not by Git.command: this command takes paths to the letter, and refuses to be told so.
    ignored = subprocess.run(
        ["git", "check-ignore", "--quiet", "--", f"./{path}"],
        cwd=git.directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(),
        check=False,
    )
    if ignored.returncode != 0:
        return
    raise TrackerError(
        f"{shown_path(path)} is ignored by a .gitignore file.",
        f"Take it out of there, or add it by hand once: git add --force -- {shown_path(path)}",
    )


def _in_cones(git: Git, path: str) -> bool:
    """True where a sparse checkout by folders has the path's folder, or one further down."""
    folder = path.rpartition("/")[0] + "/"
    listed = [line + "/" for line in git.text("sparse-checkout", "list").splitlines()]
    return folder == "/" or any(
        folder.startswith(cone) or cone.startswith(folder) for cone in listed
    )


def mode_on_disk(target: Path, settings: Settings) -> Staged:
    """The mode that a new file gets in the repository, with no blob yet."""
    executable = settings.modes and os.access(target, os.X_OK)
    return Staged("100755" if executable else "100644", "")
