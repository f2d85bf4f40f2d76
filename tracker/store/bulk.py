"""Many revisions in, by ``git fast-import``: all the texts first, then commits in time order.

fast-import stores a text as its difference from the one before it in the stream, so that texts
come article by article: half the time and half the size of any other order.

It works in a repository of its own inside the git directory, which borrows the objects that are
there. Its packs move over when everything is written, and the branch moves last.
"""

from __future__ import annotations

import hashlib
import os
import queue
import re
import shutil
import subprocess
import threading
from collections import deque
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Self

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.records import NamedTuple
from tracker.store import commit_graph, locks
from tracker.store.git import Git, GitError, Repository, environment, first_line
from tracker.store.running import DURABLE

_BRANCH = "refs/heads/import"
_CHAIN = "commit-graphs"
_CHUNK = 256 * 1024  # bytes that are given to git at once
_AHEAD = 4  # chunks that wait for git
PROCESSES = 5
"""fast-import notes every object that it writes: a new process now and then bounds its memory. And
while one writes, the commit graph of what the last one wrote can be made."""

_WHY = (
    ("No space left", "the disk is full"),
    ("Out of diskspace", "the disk is full"),
    ("Disk quota exceeded", "the disk quota is used up"),
    ("Read-only file system", "the file system is read-only"),
    ("ermission denied", "there is no permission"),
)

_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+|[<>]")

FEWEST = 20_000  # commits for which a process is worth its start


class NewCommit(NamedTuple):
    """One revision, ready to be written; its text was given to ``Stream.text`` before."""

    path: bytes  # checked
    blob: str  # full hash
    mode: str  # "100644" or "100755"
    author: bytes  # "Name <address>", as ``author_line`` gives it
    date: bytes  # "1652355900 -0400"
    seconds: int  # the committer's, since 1970, unless the commit before has a later one
    message: bytes


@lru_cache(4096)
def author_line(person: Person) -> bytes:
    """``Name <address>`` without what would break the line; b"" for a person without a name.

    Line breaks and other control characters become a space, so that names do not run together.
    """
    name, email = (
        _BREAKING.sub(lambda found: "" if found[0] in "<>" else " ", text).strip()
        for text in (person.name, person.email)
    )
    if not name.strip(".,:;\"'\\ "):
        return b""
    return f"{name} <{email}>".encode("utf-8", "replace")


def quoted(path: bytes) -> bytes:
    """A path as fast-import reads it."""
    if path[:1] != b'"' and b"\n" not in path and path[:1] != b" " and path[-1:] != b" ":
        return path
    escaped = b"".join(
        bytes([byte]) if 32 <= byte < 127 and byte not in b'"\\' else b"\\%03o" % byte
        for byte in path
    )
    return b'"%s"' % escaped


class Stream:
    """Texts and commits on their way into a repository; a context manager.

    ``base`` is the commit that the first one follows, None for none. ``committer`` is who git says
    is at work, without date. Raises ``TrackerError`` when git stops.
    """

    def __init__(
        self, repository: Repository, folder: Path, base: str | None, committer: bytes
    ) -> None:
        self.graphed = False  # the commit graph came with the commits
        self._most = FEWEST  # commits of one process
        self._grapher: subprocess.Popen[bytes] | None = None
        self._ungraphed = deque[str]()  # the newest commit of each process that has ended
        info = repository.common_dir / "objects" / "info"
        self._graphs = not any((info / name).exists() for name in ("commit-graph", _CHAIN))
        self._repository = repository
        self._committer = committer
        self._bare = folder / "objects.git"
        self._base = base
        self._written = 0  # commits of the process that runs
        self._newest = 0  # seconds: no commit gets an older committer's date
        self._branch = _BRANCH
        self._tries = 0
        self._waiting: list[bytes] = []
        self._size = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._feeder: _Feeder | None = None
        git = repository.git
        self._format = git.text("rev-parse", "--show-object-format")
        self._sha = hashlib.sha256 if self._format == "sha256" else hashlib.sha1
        self._shared = git.text("config", "core.sharedRepository", accept=(0, 1))
        if base is not None:
            self._newest = int(git.text("log", "-1", "--no-show-signature", "--format=%ct", base))

    def __enter__(self) -> Self:
        git = self._repository.git
        git.run(
            "init", "--quiet", "--bare", "--template=", f"--object-format={self._format}",
            os.fspath(self._bare),
        )  # fmt: skip
        info = self._bare / "objects" / "info"
        info.mkdir(exist_ok=True)
        objects = os.fsencode(self._repository.common_dir / "objects")
        (info / "alternates").write_bytes(objects + b"\n")
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._feeder is not None:
            self._feeder.drop()
        for process in (self._process, self._grapher):
            if process is not None:
                process.kill()
                process.wait()
                if process.stderr is not None:
                    process.stderr.close()
        if self._feeder is not None:
            self._feeder.end()
            self._feeder = None

    def _start(self) -> None:
        shared = ("-c", f"core.sharedRepository={self._shared}") if self._shared else ()
        git = Git(self._bare)
        self._process = subprocess.Popen(
            git.command(
                "--git-dir=.", *DURABLE, *shared, "-c", "fastimport.unpackLimit=0",
                "fast-import", "--quiet", "--done", "--date-format=raw-permissive",
            ),
            cwd=git.directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,  # it says little, and nothing before it stops
            env=environment(),
        )  # fmt: skip
        assert self._process.stdin is not None
        self._feeder = _Feeder(self._process.stdin)
        self._feeder.start()

    def blob(self, data: bytes) -> str:
        """The full hash of a text's blob; nothing is given."""
        digest = self._sha(b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    def text(self, data: bytes) -> None:
        """Give a text, before the first commit."""
        self._give(b"blob\ndata %d\n" % len(data), data, b"\n")

    def expect(self, commits: int) -> None:
        """How many commits will be given, so that they can be shared out among processes."""
        self._most = max(FEWEST, -(-commits // PROCESSES))
        self._graphs = self._graphs and commits > FEWEST

    def _graph(self) -> bool:
        """Wait for the commit graph that is being written, and begin with the next part of it.

        A part is what one process wrote: memory grows with the commits of a part. False where a
        part could not be written.
        """
        if self._grapher is not None:
            if self._grapher.wait() != 0:
                self._graphs = False
            self._grapher = None
        if not self._graphs or not self._ungraphed:
            return self._graphs
        git = Git(self._bare)
        self._grapher = subprocess.Popen(
            git.command("--git-dir=.", *commit_graph.command("--split=no-merge")),
            cwd=git.directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        assert self._grapher.stdin is not None
        with suppress(OSError), self._grapher.stdin as pipe:
            pipe.write(self._ungraphed.popleft().encode() + b"\n")
        return True

    def commit(self, new: NewCommit) -> None:
        """Give a commit, which follows the one given before."""
        if self._written == self._most:
            self._base = self._end()
            self._start()
            self._written = 0
            if self._grapher is None or self._grapher.poll() is not None:
                self._graph()
        self._newest = max(self._newest, new.seconds)
        follows = b""
        if self._written == 0 and self._base is not None:
            follows = b"from %s\n" % self._base.encode()
        self._written += 1
        self._give(
            b"commit %s\nauthor %s %s\ncommitter %s %d +0000\ndata %d\n%s\n%sM %s %s %s\n\n"
            % (
                self._branch.encode(),
                new.author,
                new.date,
                self._committer,
                self._newest,
                len(new.message),
                new.message,
                follows,
                new.mode.encode(),
                new.blob.encode(),
                quoted(new.path),
            )
        )

    def _give(self, *parts: bytes) -> None:
        self._waiting += parts
        self._size += sum(map(len, parts))
        if self._size >= _CHUNK:
            self._pass_on()

    def _pass_on(self) -> None:
        assert self._feeder is not None
        if not self._feeder.take(b"".join(self._waiting)):
            raise self._stopped()
        self._waiting.clear()
        self._size = 0

    def _end(self) -> str | None:
        """Let the process finish; the newest commit, None where none was given."""
        assert self._process is not None
        assert self._feeder is not None
        self._waiting.append(b"done\n")
        self._pass_on()
        self._feeder.end()
        status = self._process.wait()
        if status != 0 or self._feeder.broken:
            raise self._stopped()
        self._feeder = None
        if self._process.stderr is not None:
            self._process.stderr.close()
        if not self._written:
            return self._base
        git = Git(self._bare)
        tip = git.text("--git-dir=.", "rev-parse", "--verify", f"{self._branch}^{{commit}}")
        self._ungraphed.append(tip)
        return tip

    def finish(self) -> str | None:
        """End the stream; the newest commit, None where none was given.

        The repository has nothing of it yet.
        """
        tip = self._end()
        return tip if self._written else None

    def content(self, blob: str) -> bytes:
        """A text that was given, after ``finish`` and before ``deliver``."""
        return Git(self._bare).run("--git-dir=.", "cat-file", "blob", blob)

    def deliver(self) -> None:
        """Put the objects into the repository. Nothing there points to them yet."""
        objects = self._repository.common_dir / "objects"
        while self._graph() and self._grapher is not None:
            pass
        # The packs before the graph: git trusts a graph that names what it has.
        _move_packs(self._bare / "objects" / "pack", objects)
        if self._graphs:
            self.graphed = _move_graphs(self._bare / "objects" / "info", objects / "info")

    def again(self, base: str) -> None:
        """Begin the commits anew, on a commit that somebody else made meanwhile."""
        self._tries += 1
        self._graphs = False  # it would hold commits that nobody has
        self._branch = f"{_BRANCH}-{self._tries}"
        self._base = base
        self._written = 0
        git = self._repository.git
        said = git.text("log", "-1", "--no-show-signature", "--format=%ct", base)
        self._newest = int(said)
        self._start()

    def _stopped(self) -> TrackerError:
        """Why git stopped, in its own words."""
        assert self._process is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        assert self._process.stderr is not None
        said = self._process.stderr.read().decode("utf-8", "replace").strip()
        lines = [line for line in said.splitlines() if not line.startswith("fast-import:")]
        why = next((words for sign, words in _WHY if sign in said), None)
        why = why or first_line("\n".join(lines)) or "it does not say why"
        return GitError(
            f"git stopped while it was importing: {why}.",
            "Nothing was imported; see to it, and run the import again.",
            stderr=said,
        )


class _Feeder(threading.Thread):
    """Writes to git while the next texts are made ready."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True, name="tracker-import")
        self._pipe = pipe
        self._queue: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._dropped = False
        self.broken = False

    def run(self) -> None:
        """Write until there is no more; after git has gone, take and drop."""
        while (chunk := self._queue.get()) is not None:
            if not self.broken and not self._dropped:
                try:
                    self._pipe.write(chunk)
                except OSError:
                    self.broken = True
        with suppress(OSError):
            self._pipe.close()

    def take(self, chunk: bytes) -> bool:
        """Take a chunk when there is room; False when git has gone."""
        self._queue.put(chunk)
        return not self.broken

    def drop(self) -> None:
        """Write nothing more."""
        self._dropped = True

    def end(self) -> None:
        """Write what is there, and close the pipe."""
        if self.is_alive():
            self._queue.put(None)
            self.join()


def _move_packs(source: Path, objects: Path) -> None:
    """Move packs into a repository; a pack's index comes last, since git looks for indexes."""
    target = objects / "pack"
    try:
        target.mkdir(exist_ok=True)
        packs = sorted(source.glob("*.pack"))
        for pack in packs:
            for ending in (".pack", ".rev", ".idx"):
                file = pack.with_suffix(ending)
                if file.exists():
                    shutil.move(file, target / file.name)
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise locks.not_writable(target, error) from None


def _move_graphs(source: Path, target: Path) -> bool:
    """Move a commit graph into a repository that has none; False where that fails."""
    try:
        (target / _CHAIN).mkdir()
        for graph in (source / _CHAIN).glob("graph-*.graph"):
            shutil.move(graph, target / _CHAIN / graph.name)
        name = "commit-graph-chain"  # git begins to read here
        shutil.move(source / _CHAIN / name, target / _CHAIN / name)
    except OSError:
        return False
    return True
