"""An import arrives: the work tree, the index and the branch get what was written in bulk.

git itself does it, as for a fast-forward: ``git read-tree -m -u`` looks at everything before it
touches anything, leaves alone what is staged or edited elsewhere, and obeys a sparse checkout. The
branch moves last, by compare-and-swap: a kill before that leaves the import staged, as it will be,
and never a staged reversal of what is in the branch.
"""

from __future__ import annotations

import signal
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

from tracker.errors import TrackerError
from tracker.store import locks, worktree
from tracker.store.commit import moved
from tracker.store.git import Git, GitError, Repository, environment, first_line, shown_path
from tracker.store.merge import files_arriving, put_back
from tracker.store.reader import must_be_whole, object_hash
from tracker.store.worktree import in_conflict

_AT_ONCE = 20_000  # paths that git is asked about by one process


class Plan(Protocol):
    """What an import brings to the paths that it touches."""

    def final(self, path: str) -> str | None:
        """The blob that a path will have, "" where it goes; None for one that is not touched."""
        ...

    def new_paths(self) -> Iterator[str]:
        """The paths that the newest commit does not have."""
        ...


class MovedError(Exception):
    """The branch is not where the import began: somebody recorded meanwhile."""


class Found(NamedTuple):
    """What stands in the work tree already of what will be imported."""

    whole: tuple[str, ...] = ()  # files that hold just that


def look(repository: Repository, plan: Plan) -> Found:
    """Refuse an import that would overwrite, in the work tree or index, what git does not have.

    Nothing is written.
    """
    if repository.top is None:
        return Found()
    locks.wait_for_git(repository.git_dir / "index.lock")
    _no_repositories_within(repository, plan)
    _not_ignored(repository, plan)
    on_disk: list[str] = []
    in_the_way: list[str] = []
    for path, changed in _changes(repository.git):
        blob = plan.final(path)
        if blob is None:
            continue
        if changed == "conflict":
            raise in_conflict(path)
        if changed == "deleted":
            if blob:
                in_the_way.append(path)
        elif changed != blob:  # else staged already, by an import that was cut short
            on_disk.append(path)
    whole = list[str]()
    blobs = _blobs_on_disk(repository.top, repository.git, on_disk)
    for path, blob in zip(on_disk, blobs, strict=True):
        (whole if blob == plan.final(path) else in_the_way).append(path)
    if in_the_way:
        many = len(in_the_way) - 1
        others = f" and {many:,} more" if many else ""
        raise TrackerError(
            f"{shown_path(in_the_way[0])}{others} would be overwritten: on disk or in the index "
            "it is not as the newest commit has it.",
            "Record it, or put it out of the way; then import again.",
        )
    return Found(tuple(whole))


def _changes(git: Git) -> Iterator[tuple[str, str]]:
    """Each path that differs from the newest commit, with the blob that is staged for it.

    Instead of a blob: "" where the file on disk has to be looked at, "deleted", "conflict".
    """
    with git.fields("status", "--porcelain=v2", "-z", "--untracked-files=all",
                  "--no-renames", "--ignore-submodules=all") as lines:  # fmt: skip
        for line in lines:
            kind = line[:1]
            if kind == b"?":
                yield _text(line[2:]), ""
            elif kind == b"1":
                _, state, _, _, _, _, _, staged, path = line.split(b" ", 8)
                if b"D" in state:
                    yield _text(path), "deleted"
                else:
                    yield _text(path), staged.decode() if state[1:] == b"." else ""
            elif kind == b"u":
                yield _text(line.split(b" ", 10)[10]), "conflict"


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _blobs_on_disk(top: Path, git: Git, paths: list[str]) -> Iterator[str]:
    """The blob that git would make of each file; "" for what is no plain file."""
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        plain = [path for path in some if path.isprintable() and _is_file(top / path)]
        names = "".join(f"{path}\n" for path in plain).encode("utf-8", "surrogateescape")
        said = git.text("hash-object", "--stdin-paths", data=names).split("\n") if plain else []
        known = dict(zip(plain, said, strict=True))
        yield from (known.get(path, "") for path in some)


def _is_file(file: Path) -> bool:
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except OSError:
        return False


def _no_repositories_within(repository: Repository, plan: Plan) -> None:
    """Refuse folders that are repositories of their own, or symbolic links."""
    assert repository.top is not None
    last = ""
    for path in plan.new_paths():
        folder = path.rpartition("/")[0]
        if folder != last:
            worktree.check_place(repository.top, path)
            last = folder


def _not_ignored(repository: Repository, plan: Plan) -> None:
    paths = plan.new_paths()
    while some := list(islice(paths, _AT_ONCE)):
        # Not by Git.command: this command takes paths to the letter, and refuses to be told so.
        done = subprocess.run(
            ["git", "check-ignore", "-z", "--stdin"],
            cwd=repository.git.directory,
            input="".join(f"./{path}\0" for path in some).encode("utf-8", "surrogateescape"),
            capture_output=True,
            env=environment(),
            check=False,
        )
        if done.returncode == 0:
            path = shown_path(_text(done.stdout.split(b"\0")[0]).removeprefix("./"))
            raise TrackerError(
                f"{path} is ignored by a .gitignore file.",
                "Take it out of there, and import again.",
            )


def land(
    repository: Repository,
    turn: locks.Turn,
    branch: str,
    old: str | None,
    new: str,
    plan: Plan,
    deliver: Callable[[], None],
) -> None:
    """Put an import into the work tree, the index and the branch, in that order.

    ``old`` is the commit that it was made on. ``deliver`` puts the objects into the repository; it
    is called when nothing is in the way. Raises ``MovedError`` where the branch is elsewhere by
    now, and ``TrackerError`` where something is in the way; then nothing has changed. An
    interruption from the keyboard waits until it is done.
    """
    git = repository.git
    with _undisturbed():
        if tip_of(git, branch) != old:
            raise MovedError
        if repository.top is None:
            deliver()
            must_be_whole(git, new, old)
            _move(repository, turn, branch, old, new)
            return
        if worktree.checked_out(repository) != branch:
            raise TrackerError(
                "Another branch was checked out meanwhile.", "Go back to it, and import again."
            )
        found = look(repository, plan)
        deliver()
        must_be_whole(git, new, old)
        with files_arriving(repository, new):
            try:
                _check_out(repository, turn, branch, old, new, found.whole)
            except TrackerError:
                put_back(repository, old, new, found.whole)
                raise
            try:
                _move(repository, turn, branch, old, new)
            except BaseException:
                if tip_of(git, branch) == old:
                    _check_out(repository, turn, branch, new, old, ())
                raise


def tip_of(git: Git, branch: str) -> str | None:
    """The newest commit of a branch now, full name given; None on an unborn one."""
    return git.text("rev-parse", "--quiet", "--verify", branch, accept=(0, 1, 128)) or None


def _check_out(
    repository: Repository,
    turn: locks.Turn,
    branch: str,
    old: str | None,
    new: str | None,
    adopted: tuple[str, ...],
) -> None:
    git = repository.git
    locked = (
        repository.git_dir / "index.lock",
        repository.git_dir / "HEAD.lock",
        repository.common_dir / f"{branch}.lock",
    )
    empty = object_hash("tree", b"", len(old or new or ""))
    turn.may_leave(*locked)
    if adopted:
        names = "".join(f"{path}\0" for path in adopted).encode("utf-8", "surrogateescape")
        _run(git, turn, "update-index", "--add", "-z", "--stdin", data=names)
    # A file that was touched, or put back after a kill, is no other one.
    git.run("update-index", "-q", "--refresh", accept=(0, 1), started=turn.runs, apart=True)
    try:
        _run(git, turn, "read-tree", "-m", "-u", old or empty, new or empty)
    except GitError as error:
        raise TrackerError(
            f"git would not put the imported files into the work tree: {first_line(error.stderr)}.",
            "Nothing was imported; see to it, and import again.",
        ) from None


def _move(repository: Repository, turn: locks.Turn, branch: str, old: str | None, new: str) -> None:
    if not moved(repository, turn, branch, old, new, "tracker: import"):
        raise MovedError


def _run(git: Git, turn: locks.Turn, *arguments: str, data: bytes = b"") -> None:
    """Run git out of the keyboard's reach, and let the next writer know of it."""
    git.run(*arguments, data=data, started=turn.runs, apart=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let an interruption from the keyboard wait: what follows is short, and half of it is bad."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
