"""git's index, as far as a recording changes it: the entries of a few paths, and the way back."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store import locks
from tracker.store.git import GitError, Repository, shown_path


class IndexEntry(NamedTuple):
    """The index's entry of one path."""

    mode: str  # "100644" or "100755"
    hash: str  # full hash of the blob


def entries(repository: Repository, paths: Sequence[str]) -> dict[str, IndexEntry]:
    """What the index has at some paths now.

    Raises ``TrackerError`` for one in conflict, and for one that a sparse checkout leaves out.
    """
    found = {}
    said = repository.git.run("ls-files", "-v", "-s", "-z", "--sparse", "--", *paths)
    for line in filter(None, said.split(b"\0")):
        facts, _, name = line.partition(b"\t")
        path = name.decode("utf-8", "surrogateescape")
        tag, mode, blob, stage = facts.decode().split()
        if path not in paths:
            raise no_file(next(one for one in paths if path.startswith(f"{one}/")), "040000")
        if stage != "0":
            raise in_conflict(path)
        if tag.upper() == "S":
            raise outside_sparse(path)
        if not mode.startswith("100"):
            raise no_file(path, mode)
        found[path] = IndexEntry(mode, blob)
    return found


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


_KINDS = {"040000": "a folder", "120000": "a symbolic link"}


def no_file(path: str, mode: str) -> TrackerError:
    """The error for a path at which the repository has something else than a file."""
    return TrackerError(
        f"{shown_path(path)} is {_KINDS.get(mode, 'a submodule')} in the repository.",
        "Name a file.",
    )


class Index:
    """The index during one recording."""

    def __init__(self, repository: Repository, paths: Sequence[str], turn: locks.Turn) -> None:
        self._repository = repository
        self._paths = paths
        self._turn = turn
        self._file = repository.git_dir / "index"
        self.lock = repository.git_dir / "index.lock"
        self._kept: Path | None = None  # the index as it was before, under another name
        self._ours: tuple[int, int] | None = None  # the file that ``add`` made
        locks.wait_for_git(self.lock)
        self.before = self.read()

    def read(self) -> dict[str, IndexEntry]:
        """The entries of the paths now."""
        return entries(self._repository, self._paths)

    def may_add(self, path: str, *, known: bool) -> None:
        """Refuse a path that the index does not have, where something else is in its way.

        ``known``: the newest commit has it; then a sparse index may hide it in its folder's entry.
        """
        git = self._repository.git
        if (self._repository.git_dir / "info" / "sparse-checkout").is_file():
            if known and git.run("ls-files", "-t", "--", path).startswith(b"S "):
                raise outside_sparse(path)
            if not known and not self._in_cones(path):
                raise outside_sparse(path)
        parts = path.split("/")
        above = ["/".join(parts[:length]) for length in range(1, len(parts))]
        asked = "".join(f":0:{folder}\0" for folder in above).encode("utf-8", "surrogateescape")
        said = (
            git.run("cat-file", "--batch-check=%(objectname)", "-z", data=asked) if above else b""
        )
        for folder, line in zip(above, said.split(b"\n"), strict=False):
            if not line.endswith(b" missing"):
                raise TrackerError(
                    f"{shown_path(folder)} is a file in the index, so {shown_path(path)} cannot be "
                    "in it.",
                    "Choose another path.",
                )

    def _in_cones(self, path: str) -> bool:
        """True where a sparse checkout by folders has the path's folder, or one further down."""
        git = self._repository.git
        words = ("config", "--type=bool", "--get")
        for name in ("core.sparseCheckout", "core.sparseCheckoutCone"):
            if git.text(*words, name, accept=(0, 1)) != "true":
                return True
        folder = path.rpartition("/")[0] + "/"
        listed = [line + "/" for line in git.text("sparse-checkout", "list").splitlines()]
        return folder == "/" or any(
            folder.startswith(cone) or cone.startswith(folder) for cone in listed
        )

    def keep(self) -> None:
        """Keep the index as it is under another name, which takes no room on the disk."""
        kept = locks.temporary(self._repository.git_dir)
        self._turn.may_leave_too(kept)
        with suppress(OSError):  # a file system without hard links, or no index yet
            os.link(self._file, kept)
            self._kept = kept

    def forget(self) -> None:
        """The index of before is not needed any more."""
        if self._kept is not None:
            with suppress(OSError):
                self._kept.unlink()

    def add(self, paths: Sequence[str]) -> None:
        """Put the files of these paths into the index, as they are on disk; those gone go."""
        try:
            # git refuses what is ignored, also where the index has it.
            known = all(path in self.before for path in paths)
            self._git("add", "--all", *(["--force"] if known else []), "--", *paths)
        except GitError as error:
            if "are ignored by one of your .gitignore files" in error.stderr:
                path = shown_path(paths[-1])
                raise TrackerError(
                    f"{path} is ignored by a .gitignore file.",
                    f"Take it out of there, or add it by hand once: git add --force -- {path}",
                ) from None
            if "sparse" in error.stderr:
                raise outside_sparse(paths[-1]) from None
            raise
        self._ours = _identity(self._file)

    def agree(self, path: str, blob: str) -> None:
        """Make the entry of a path the blob that was committed: a hook may have chosen it."""
        now = self.read().get(path)
        if now is not None and now.hash != blob:
            self._set({path: IndexEntry(now.mode, blob)})

    def undo(self, moved: Mapping[str, str | None]) -> None:
        """Give the paths their entries of before; those of ``moved`` the blob that it names.

        Where nobody else changed the index since, the whole file of before takes its place: that
        needs no room on the disk.
        """
        if not moved and self._take_kept():
            return
        now = self.read()
        wanted = dict[str, IndexEntry | None]()
        for path in self._paths:
            before = self.before.get(path)
            if path in moved:
                blob = moved[path]
                mode = before.mode if before else "100644"
                before = None if blob is None else IndexEntry(mode, blob)
            if now.get(path) != before:
                wanted[path] = before
        if wanted:
            self._set(wanted)

    def _take_kept(self) -> bool:
        if self._ours is None:
            return True  # nothing was changed
        if self._kept is None:
            return False
        try:
            descriptor = os.open(self.lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except OSError:
            return False
        os.close(descriptor)
        try:
            if _identity(self._file) != self._ours:
                return False
            self._kept.replace(self._file)
        except OSError:
            return False
        finally:
            self.lock.unlink(missing_ok=True)
        return True

    def _set(self, wanted: Mapping[str, IndexEntry | None]) -> None:
        digits = next((len(each.hash) for each in self.before.values()), 40)
        lines = (
            f"0 {'0' * digits}\t{path}\0" if each is None else f"{each.mode} {each.hash}\t{path}\0"
            for path, each in wanted.items()
        )
        data = "".join(lines).encode("utf-8", "surrogateescape")
        self._git("update-index", "-z", "--index-info", data=data)

    def _git(self, *words: str, data: bytes = b"") -> None:
        """Run git, again as long as another one holds the index."""
        deadline = time.monotonic() + locks.WAIT_FOR_GIT
        while True:
            self._turn.goes_on()
            try:
                self._repository.git.run(*words, data=data, started=self._turn.runs)
            except GitError as error:
                if "index.lock': File exists" not in error.stderr:
                    raise
                if time.monotonic() > deadline:
                    raise locks.held(self.lock) from None
                time.sleep(0.02)
            else:
                return


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
