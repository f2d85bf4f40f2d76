"""Many revisions in, by ``git fast-import``: texts by article, and commits in time order.

fast-import stores a text as its difference from the one before it in the stream, so that texts
come article by article: half the time and half the size of any other order. Where there are many,
one process takes the texts and another one the commits, once their texts are there.

It works in a repository of its own inside the git directory, which borrows the objects that are
there. Its packs move over when everything is written, and the branch moves last.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Self

from tracker.model import Person
from tracker.store import commit_graph, locks
from tracker.store.fast_import import FastImport
from tracker.store.git import Git, Repository, environment

_BRANCH = "refs/heads/import"
_CHAIN = "commit-graphs"
_MARK = b":1"  # of the newest commit
PARTS = 6
"""Texts and commits come in parts, each a pack of its own. While one is written, the commits of
those texts are, and the commit graph of those commits; so the last parts are smaller and smaller.
The memory for a commit graph grows with the commits of a part."""
_SMALLEST = 8  # of the last parts, to one part
FEWEST = 10_000  # commits that are worth a part
MOST = 800_000
"""Objects of one process: fast-import notes each one that it writes, in about 100 bytes."""
_OBJECTS = 6  # that come with a revision: the commit, and the folders on the way to the article

_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+|[<>]")


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
        self._grapher: subprocess.Popen[bytes] | None = None
        self._ungraphed = deque[str]()  # the newest commit of each part that is written
        info = repository.common_dir / "objects" / "info"
        self._graphs = not any((info / name).exists() for name in ("commit-graph", _CHAIN))
        self._repository = repository
        self._committer = committer
        self._bare = folder / "objects.git"
        self._base = base
        self._expected = 0  # texts and commits, at most
        self._part = FEWEST  # texts or commits of one part
        self._given = 0  # commits
        self._part_ends = 0  # with this number of commits
        self._objects = 0  # of the process that takes the commits, about
        self._texts_given = 0  # to the process that takes them
        self._texts_before = 0  # to others before it
        self._settles = 0  # the number of texts which are to be seen by other processes then
        self._settled = 0  # as ``settled`` gives it
        self._early = False  # commits are given while texts are: each have a process
        self._follows = True  # the next commit names the one before: the process does not know it
        self._newest = 0  # seconds: no commit gets an older committer's date
        self._branch = _BRANCH
        self._tries = 0
        self._texts: FastImport | None = None  # the process that takes the texts
        self._commits: FastImport | None = None
        git = repository.git
        self._format = git.text("rev-parse", "--show-object-format")
        self._sha = hashlib.sha256 if self._format == "sha256" else hashlib.sha1
        self._shared = git.text("config", "core.sharedRepository", accept=(0, 1))
        if base is not None:
            self._newest = self._date(base)

    def _date(self, commit: str) -> int:
        """The committer's date of a commit, in seconds since 1970."""
        git = self._repository.git
        return int(git.text("log", "-1", "--no-show-signature", "--format=%ct", commit))

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
        self._texts = self._process()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._texts, self._commits):
            if process is not None:
                process.kill()
        if self._grapher is not None:
            self._grapher.kill()
            self._grapher.wait()

    def _process(self) -> FastImport:
        return FastImport(self._bare, self._shared)

    def blob(self, data: bytes) -> str:
        """The full hash of a text's blob; nothing is given."""
        digest = self._sha(b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    def expect(self, commits: int) -> None:
        """How many commits will be given at most, so that they can be shared out; asked first."""
        self._part = min(max(FEWEST, -(-commits // PARTS)), MOST // _OBJECTS)
        self._expected = commits
        self._settles = self._next_end(0)
        self._early = commits > FEWEST
        self._graphs = self._graphs and self._early

    def text(self, data: bytes) -> None:
        """Give a text, before the commits that need it."""
        assert self._texts is not None
        if self._texts_given == MOST:
            self.end_texts()
            self._texts = self._process()
            self._texts_before += self._texts_given
            self._texts_given = 0
        self._texts_given += 1
        self._texts.give(b"blob\ndata %d\n" % len(data), data, b"\n")

    def texts_before(self, instant: int) -> None:
        """No more texts come for commits from before an instant, in seconds since 1970."""
        given = self._texts_before + self._texts_given
        if self._early and given >= self._settles:
            assert self._texts is not None
            self._texts.checkpoint(b"progress %d" % instant)
            self._settles = self._next_end(given)

    def _next_end(self, done: int) -> int:
        """Where the part ends that begins after so many texts or commits."""
        half_the_rest = (self._expected - done) // 2
        return done + max(1, self._part // _SMALLEST, min(self._part, half_the_rest))

    def settled(self) -> int:
        """The instant up to which commits can be given, in seconds since 1970; 0 for none yet."""
        if self._early and self._texts is not None:
            self._settle(self._texts.answers())
        return self._settled

    def _settle(self, answers: Iterable[str]) -> None:
        for answer in answers:
            self._settled = int(answer.removeprefix("progress "))

    def end_texts(self) -> None:
        """No more texts come."""
        if self._early and self._texts is not None:
            self._settle(self._texts.end())
            self._texts = None

    def has_room(self) -> bool:
        """Whether commits are taken without waiting for git."""
        return self._commits is None or self._commits.has_room()

    def _graph(self, *, wait: bool) -> bool:
        """Begin with the commit graph of the next part that is written, when the last one is made.

        False where there is none to be made now.
        """
        if self._grapher is not None:
            if not wait and self._grapher.poll() is None:
                return False
            if self._grapher.wait() != 0:
                self._graphs = False
            self._grapher = None
        if not self._graphs or not self._ungraphed:
            return False
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

    def _begin_part(self) -> FastImport:
        """The process that takes the next part of the commits."""
        self._part_ends = self._next_end(self._given)
        objects = _OBJECTS * (self._part_ends - self._given)
        if self._commits is not None and self._objects + objects > MOST:
            self._base = self._end()
        if self._commits is not None:
            if self._graphs:
                self._commits.checkpoint(b"get-mark %s" % _MARK)
        elif self._texts is not None and not self._early:
            self._commits, self._texts = self._texts, None  # one process does for few
            self._objects = self._texts_given
        else:
            self._commits = self._process()
            self._objects = 0
            self._follows = True
        self._objects += objects
        return self._commits

    def commit(self, new: NewCommit) -> None:
        """Give a commit, which follows the one given before."""
        git = self._commits
        if git is None or self._given == self._part_ends:
            git = self._begin_part()
        self._given += 1
        self._newest = max(self._newest, new.seconds)
        follows = b""
        if self._follows and self._base is not None:
            follows = b"from %s\n" % self._base.encode()
        self._follows = False
        passed_on = git.give(
            b"commit %s\nmark %s\nauthor %s %s\ncommitter %s %d +0000\n"
            b"data %d\n%s\n%sM %s %s %s\n\n"
            % (
                self._branch.encode(),
                _MARK,
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
        if passed_on and self._graphs:
            self._ungraphed += git.answers()
            self._graph(wait=False)

    def _end(self) -> str | None:
        """Let the process of the commits finish; the newest one, None where none was given."""
        if self._commits is None:
            return None
        for tip in self._commits.end():
            self._ungraphed.append(tip)
            self._graph(wait=False)
        self._commits = None
        git = Git(self._bare)
        newest = git.text("--git-dir=.", "rev-parse", "--verify", f"{self._branch}^{{commit}}")
        self._ungraphed.append(newest)
        return newest

    def finish(self) -> str | None:
        """End the stream; the newest commit, None where none was given.

        The repository has nothing of it yet.
        """
        return self._end()

    def content(self, blob: str) -> bytes:
        """A text that was given, after ``finish`` and before ``deliver``."""
        return Git(self._bare).run("--git-dir=.", "cat-file", "blob", blob)

    def deliver(self) -> None:
        """Put the objects into the repository. Nothing there points to them yet."""
        objects = self._repository.common_dir / "objects"
        while self._graph(wait=True):
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
        self._given = 0
        self._newest = self._date(base)


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
