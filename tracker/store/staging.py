"""The article's file and its index entry: changed for a recording, put back when it fails."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tracker.errors import TrackerError
from tracker.store import locks, worktree
from tracker.store.configuration import Settings
from tracker.store.git import Git, GitError, Repository
from tracker.store.objects import Entry, Objects, object_hash
from tracker.store.running import Running
from tracker.store.worktree import Staged


class Staging:
    """What one recording does to the work tree and the index, in that order."""

    __slots__ = (
        "_file",
        "_index",
        "_waiting",
        "base",
        "branch",
        "data",
        "new",
        "now",
        "old",
        "path",
        "repository",
        "top",
        "turn",
    )

    def __init__(
        self,
        repository: Repository,
        top: Path,
        path: str,
        branch: str,
        now: bytes | None,
        data: bytes,
        old: Staged | None,
        new: Staged,
        base: Staged | None,
        turn: locks.Turn,
    ) -> None:
        self.repository = repository
        self.top = top  # the work tree's top folder
        self.path = path
        self.branch = branch  # full name
        self.now = now  # what the file holds before; None: there is none
        self.data = data  # what it holds afterwards
        self.old = old  # the index entry before
        self.new = new  # and afterwards
        self.base = base  # the entry in the newest commit before
        self.turn = turn
        self._file = False  # the file was replaced
        self._index = False  # the entry may have been replaced
        self._waiting: Running | None = None  # has the index locked, and waits for the entry

    @property
    def index_lock(self) -> Path:
        """The file by which git locks this work tree's index."""
        return self.repository.git_dir / "index.lock"

    def begin(self) -> None:
        """Let git lock the index and read it, while what the entry will name is written.

        git takes an entry from its input in the place of whatever is in its way; so it is done
        where the index has one at the path, and thus nothing in its way.
        """
        if self.old is None or self.old == self.new:
            return
        self._may_leave()
        words = ("update-index", "-z", "--index-info")
        self._waiting = Running(self.repository.git, *words, data=None)
        self.turn.runs(self._waiting.number)

    def _may_leave(self) -> None:
        repository = self.repository
        self.turn.may_leave(
            self.index_lock,
            repository.git_dir / "HEAD.lock",
            repository.common_dir / f"{self.branch}.lock",
        )

    def make(self) -> None:
        """Replace the file, then the index entry, where they are not right already."""
        may_leave = self.turn.may_leave if self._waiting is None else self.turn.may_leave_too
        self._file = worktree.replace(self.top, self.path, self.now, self.data, may_leave)
        if self._waiting is None:
            self._may_leave()
        if self.old != self.new:
            self._index = True
            self._set(self.new)

    def _set(self, entry: Staged | None) -> None:
        deadline = time.monotonic() + locks.WAIT_FOR_GIT
        process = self._told(entry) or self._started(entry)
        while True:
            try:
                process.result()
            except GitError as error:
                if "index.lock': File exists" not in error.stderr:
                    raise
                if time.monotonic() > deadline:
                    raise locks.held(self.index_lock) from None
                time.sleep(0.02)
                process = self._started(entry)
            else:
                return

    def _told(self, entry: Staged | None) -> Running | None:
        """The git that waits for the entry, if there is one; it has it now."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and entry is not None:
            self.turn.goes_on()
            told = f"{entry.mode} {entry.hash}\t{self.path}\0"
            waiting.give(told.encode("utf-8", "surrogateescape"))
        return waiting

    def _started(self, entry: Staged | None) -> Running:
        """A git that makes this the entry."""
        change = ("--force-remove", "--", self.path)
        if entry is not None:
            change = ("--add", "--cacheinfo", f"{entry.mode},{entry.hash},{self.path}")
        process = Running(self.repository.git, "update-index", *change)
        self.turn.runs(process.number)
        return process

    def settle(self, blob: str) -> None:
        """Make the index agree with a blob that a commit hook put in the place of ours."""
        now = entry_in_index(self.repository.git, self.path)
        if now is not None and now.hash != blob:
            self._set(Staged(now.mode, blob))

    def undo(self, objects: Objects, components: tuple[bytes, ...]) -> None:
        """Put file and index back after a failure, where they still are as ``make`` left them.

        Nothing is put back where the branch has the new text all the same. Where another revision
        of the article came between, the index gets its entry: what was there before would stage
        its reversal. Never raises.
        """
        if self._waiting is not None:
            self._waiting.end()  # told nothing, it changes nothing
            self._waiting = None
        with suppress(TrackerError, OSError):
            tip = as_staged(objects.place(self.branch, components).entry)
            if tip == self.new:
                return
            if self._file:
                worktree.put_back(self.top, self.path, self.now, self.data)
            if self._index and entry_in_index(self.repository.git, self.path) == self.new:
                if worktree.checked_out(self.repository) != self.branch:
                    tip = as_staged(objects.place("HEAD", components).entry)
                self._put_back(self.old if tip == self.base else tip, known=tip is not None)

    def _put_back(self, entry: Staged | None, *, known: bool) -> None:
        self._set(entry)
        if entry is not None and not known and entry.hash == _empty(len(entry.hash)):
            # Most likely an intended addition, which git keeps as an empty blob.
            self._set(None)
            self.repository.git.run("add", "--intent-to-add", "--", self.path)


def as_staged(entry: Entry | None) -> Staged | None:
    """An entry of a tree as the index has it."""
    return None if entry is None else Staged(entry.mode.decode(), entry.hash)


def _empty(digits: int) -> str:
    return object_hash("blob", b"", digits)


def entry_in_index(git: Git, path: str) -> Staged | None:
    """The index's entry of a path now."""
    said = git.run("ls-files", "-v", "-s", "-z", "--sparse", "--", path)
    return worktree.staged(said, path)


def staged_entry(
    repository: Repository, objects: Objects, path: str, base: Staged | None, settings: Settings
) -> Staged | None:
    """The index's entry of a path, asked of a process that runs anyway.

    ``base`` is the entry in the newest commit. Refuses an entry in conflict, and one that the
    sparse checkout leaves out.
    """
    if any(objects.staged(path, stage) for stage in (1, 2, 3)):
        raise worktree.in_conflict(path)
    blob = objects.staged(path)
    if blob is not None and not settings.sparse and base is not None and blob == base.hash:
        return base
    return None if blob is None else entry_in_index(repository.git, path)


def blob_as_added(
    repository: Repository, top: Path, path: str, data: bytes, base: Staged | None, blob: str
) -> str:
    """The blob that ``git add`` would make of a text, where ``hash-object`` makes another.

    Where git turns line ends by itself, it leaves a file alone that has CRLF in the repository;
    and it reads attributes from the index where the work tree has none. ``hash-object``, which
    made ``blob``, does not look into the index. So the file is added to an index of its own, in a
    folder of its own, with the attributes and the entry of before.
    """
    folders = [folder.as_posix() for folder in PurePosixPath(path).parents]
    names = ["/".join((folder, ".gitattributes")).removeprefix("./") for folder in folders]
    hidden = [name for name in names if not (top / name).is_file()]
    if not (b"\r\n" in data and base is not None and blob != base.hash):
        listed = repository.git.run("ls-files", "-z", "--", *hidden)
        if not hidden or not listed:
            return blob
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="tracker-") as place:
        folder = Path(place) / "tree"
        target = folder / path
        target.parent.mkdir(parents=True)
        for name in names:
            with suppress(GitError):
                attributes = worktree.read(top, name) if name not in hidden else None
                if attributes is None:
                    attributes = repository.git.run("cat-file", "blob", f":{name}")
                (folder / name).write_bytes(attributes)
        target.write_bytes(data)
        git = Git(folder)
        there = {
            "GIT_DIR": str(repository.git_dir),
            "GIT_WORK_TREE": str(folder),
            "GIT_INDEX_FILE": str(Path(place) / "index"),
        }
        if base is not None:
            entry = f"{base.mode},{base.hash},{path}"
            git.run("update-index", "--add", "--cacheinfo", entry, extra=there)
        git.run("update-index", "--add", "--", path, extra=there)
        said = git.run("ls-files", "-s", "-z", "--", path, extra=there)
    return said.split()[1].decode()
