"""What a recording must know of a work tree, and how it puts a text into one.

Everything here looks before anything is written, but for ``Replacement`` and ``Index``: git's index
entries of a recording, and the way back.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store import locks
from tracker.store.git import Git, GitError, Repository, encoded, shown_path

_DEEPEST = 500  # folders; the way back through more is too long for Python

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

    Raises ``TrackerError`` where something is under way, where HEAD is detached, where the folder
    is outside the repository's work tree, and where the branch is not the one that this work tree
    shows, or another one shows it.
    """
    if repository.top is not None:
        _nothing_under_way(repository.git_dir)
    elif repository.git.text("rev-parse", "--is-bare-repository") == "false":
        raise TrackerError(
            "This folder is outside the work tree of its repository.",
            "Go to where the articles are; git config core.worktree may say where.",
        )
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
    with os.scandir(git_dir) as entries:
        there = {each.name for each in entries}
    for name, what, way_out in _UNDER_WAY:
        if name.partition("/")[0] in there and (git_dir / name).exists():
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
    here = str(top)
    components = path.split("/")
    if len(components) > _DEEPEST:
        raise TrackerError(
            f"{shown} lies {len(components) - 1:,} folders deep.", "Choose another path."
        )
    for number, component in enumerate(components):
        here = f"{here}/{component}"
        try:
            mode = os.lstat(here).st_mode
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
        elif os.path.lexists(f"{here}/.git"):
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


class Replacement:
    """The file of one path, replaced by a recording and put back where that fails.

    The file is whole at every moment, and keeps its mode. The old one is kept under another name,
    which takes no room on the disk.
    """

    def __init__(
        self, top: Path, path: str, old: bytes | None, new: bytes | None, keep: Path
    ) -> None:
        """``old`` is what the file must hold; None: it must not be there. ``new`` None: it goes.

        ``keep`` is the folder that keeps the old one.
        """
        self._top = top
        self._path = path
        self._old = old
        self._new = new
        self._keep = keep
        self._file = top / path
        self._kept: Path | None = None
        self.made = False

    def make(self, may_leave: Callable[[Path], None]) -> None:
        """Put the new file in its place, where it is not right already.

        Raises ``TrackerError`` when it holds something else, or cannot be written.
        """
        now = read(self._top, self._path)
        if now == self._new:
            return
        if now != self._old:
            raise changed_meanwhile(self._path)
        temporary, kept = locks.temporary(self._file.parent), locks.temporary(self._keep)
        may_leave(temporary)
        may_leave(kept)
        try:
            if self._old is not None:
                with suppress(OSError):  # a file system without hard links
                    os.link(self._file, kept)
                    self._kept = kept
            self._put(temporary)
        except OSError as error:
            self.forget()
            raise locks.not_writable(self._file, error) from None
        except TrackerError:
            self.forget()
            raise
        finally:
            with suppress(OSError):
                temporary.unlink()

    def _put(self, temporary: Path) -> None:
        if self._new is None:
            self._file.unlink()
            self.made = True
            _remove_empty(self._top, self._file)
            return
        if self._old is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        _write_beside(self._file, temporary, self._new, exists=self._old is not None)
        if read(self._top, self._path) != self._old:
            raise changed_meanwhile(self._path)
        if self._old is None:
            _put_new(temporary, self._file, self._path)
        else:
            temporary.replace(self._file)
        self.made = True

    def forget(self) -> None:
        """The old file is not needed any more."""
        if self._kept is not None:
            with suppress(OSError):
                self._kept.unlink()
            self._kept = None

    def undo(self) -> None:
        """Put the old file back, where it still is as ``make`` left it; never raises."""
        with suppress(OSError, TrackerError):
            if self.made and read(self._top, self._path) == self._new:
                self._put_back()
        self.forget()

    def _put_back(self) -> None:
        if self._old is None:
            self._file.unlink()
            _remove_empty(self._top, self._file)
        elif self._kept is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._kept.replace(self._file)
            self._kept = None
        else:
            again = Replacement(self._top, self._path, self._new, self._old, self._keep)
            again.make(lambda _: None)
            again.forget()


def _remove_empty(top: Path, file: Path) -> None:
    """Remove the folders that a file was alone in."""
    with suppress(OSError):
        for folder in file.parents:
            if folder == top:
                break
            folder.rmdir()


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


# --- what git says of the files


class FileStates(NamedTuple):
    """Paths whose file on disk is not as the newest commit has it."""

    changed: tuple[str, ...]  # new ones and edited ones
    new: tuple[str, ...]  # of them, those that no commit has
    gone: tuple[str, ...]  # that the newest commit has, and the disk has not


def file_states(repository: Repository, under: str = "") -> FileStates:
    """What is new, edited and gone on disk. Raises ``TrackerError`` in a bare repository."""
    if repository.bare:
        raise TrackerError(
            "This repository is bare: it has no files on disk.", "Work in a clone of it."
        )
    listed = repository.git.run(
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--no-renames",
        "--ignore-submodules=all",
        "--",
        *([under] if under else []),
    )
    changed, new, gone = list[str](), list[str](), list[str]()
    for item in filter(None, listed.split(b"\0")):
        state, path = item[:2], item[3:].decode("utf-8", "surrogateescape")
        if state == b"!!":
            continue
        if state[1:] == b"D" or state == b"D ":
            if state[:1] != b"A":  # added and taken away again
                gone.append(path)
            continue
        changed.append(path)
        if state == b"??" or state[:1] == b"A":
            new.append(path)
    # Taken out of the index, and still on disk: it is listed twice.
    there = set(changed)
    return FileStates(
        tuple(dict.fromkeys(changed)),
        tuple(path for path in new if path not in gone),
        tuple(path for path in gone if path not in there),
    )


def changed_files(repository: Repository) -> list[str]:
    """Paths whose file on disk is new or differs from the newest commit; deleted ones left out.

    Raises ``TrackerError`` in a bare repository.
    """
    return list(file_states(repository).changed)


# --- git's index, as far as a recording changes it ------------------------------------------------


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


def index_blobs(git: Git) -> dict[str, str]:
    """The full hash of the blob that the index has at each path."""
    lines = filter(None, git.run("ls-files", "-s", "-z", "--sparse").split(b"\0"))
    return {
        line.partition(b"\t")[2].decode("utf-8", "surrogateescape"): line.split()[1].decode()
        for line in lines
    }


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


_PLAIN = (b"\0\0\0\2", b"\0\0\0\3")  # formats that do not shorten names
_LONG_NAME = 0xFFF  # bytes; of a longer one the length is not told
_MODES = {bytes.fromhex(f"0000{mode:04x}"): f"{mode:o}" for mode in (0o100644, 0o100755)}


class Index:
    """The index during one recording."""

    def __init__(
        self, repository: Repository, expected: Mapping[str, str | None], turn: locks.Turn
    ) -> None:
        """``expected``: the paths, each with the blob that the newest commit has; None: none."""
        self._repository = repository
        self._paths = tuple(expected)
        self._turn = turn
        self._file = repository.git_dir / "index"
        self.lock = repository.git_dir / "index.lock"
        self._kept: Path | None = None  # the index as it was before, under another name
        self._ours: tuple[int, int] | None = None  # the file that ``add`` made
        locks.wait_for_git(self.lock)
        self.before = self._as_committed(expected) or self.read()

    def _as_committed(self, expected: Mapping[str, str | None]) -> dict[str, IndexEntry] | None:
        """The entries, where the index plainly has all as the newest commit: git need not be asked.

        Looked for is an entry as formats 2 and 3 have it: hash, flags that say nothing but the
        length of the name, name, and a zero byte. Whatever else the index may have of a path (a
        conflict, a skipped file, a folder of a sparse or split index) is no such entry.
        """
        try:
            data = self._file.read_bytes()
        except OSError:
            return None
        found = {}
        for path, blob in expected.items():
            name = encoded(path)
            if blob is None or data[4:8] not in _PLAIN or len(name) >= _LONG_NAME:
                return None
            at = data.find(bytes.fromhex(blob) + len(name).to_bytes(2, "big") + name + b"\0")
            mode = _MODES.get(data[at - 16 : at - 12]) if at > 0 else None
            if mode is None:
                return None
            found[path] = IndexEntry(mode, blob)
        return found

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
        self._turn.may_leave(kept)
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
                locks.wait_longer(self.lock, deadline)
            else:
                return


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
