"""One running git that says what objects there are, by any name that git knows."""

from __future__ import annotations

import hashlib
import re
import subprocess
from contextlib import suppress
from threading import Lock
from typing import Literal, NamedTuple, Self
from weakref import finalize

from tracker.errors import TrackerError
from tracker.store.git import FRUGAL, Git, GitError, environment, first_line, missing

_HEAD = re.compile(rb"[0-9a-f]{40,64} [a-z]+ [0-9]+\n")


class ObjectInfo(NamedTuple):
    """What git knows of an object before it is read."""

    hash: str  # full hash
    kind: str  # "blob", "tree", "commit", "tag"
    size: int  # bytes


class Objects:
    """Asks one ``git cat-file``, which starts when first asked; a context manager.

    What others write meanwhile is seen. Threads take turns.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; asked again, another one starts."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def info(self, name: str) -> ObjectInfo | None:
        """What a name means: a hash, a branch, ``main:path``. None where there is no such object.

        A name in the index (``:path``) must not be asked for: the index is read once.
        """
        return self._ask("info", name)[0]

    def read(self, name: str) -> tuple[str, bytes] | None:
        """Hash and content of an object; None where there is none by that name."""
        found, content = self._ask("contents", name)
        return None if found is None else (found.hash, content)

    def _ask(self, command: str, name: str) -> tuple[ObjectInfo | None, bytes]:
        with self._lock:
            try:
                return self._answer(command, name)
            except BrokenPipeError:
                self.close()
                raise _unreadable(name) from None
            except BaseException:
                self.close()  # half an answer may be waiting
                raise

    def _answer(self, command: str, name: str) -> tuple[ObjectInfo | None, bytes]:
        process = self._process
        if process is None:
            process = self._process = self._started()
            finalize(self, _end, process)
        assert process.stdin is not None
        assert process.stdout is not None
        question = f"{command} {name}".encode("utf-8", "surrogateescape")
        process.stdin.write(question + b"\0")
        process.stdin.flush()
        head = process.stdout.readline()
        while head and not _HEAD.fullmatch(head):
            if head.endswith((b" missing\n", b" ambiguous\n")):
                return None, b""
            more = process.stdout.readline()  # the name that is missing has a newline
            if not more:
                raise _unreadable(name)
            head += more
        if not head:
            raise _unreadable(name)
        hash_, kind, size = head.decode().split()
        found = ObjectInfo(hash_, kind, int(size))
        if command == "info":
            return found, b""
        content = process.stdout.read(found.size + 1)
        if len(content) != found.size + 1:
            raise _unreadable(name)
        return found, content[:-1]

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._git.command("--no-replace-objects", "cat-file", "--batch-command", "-z"),
                cwd=self._git.directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                start_new_session=True,  # an interruption from the keyboard is not for it
            )
        except OSError as error:
            raise missing(self._git.directory, error) from None


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()


def must_be_whole(git: Git, new: str, *old: str | None) -> None:
    """Raise ``TrackerError`` unless all objects that a commit has beyond older ones are there."""
    limits = [f"^{commit}" for commit in old if commit is not None]
    try:
        git.run(*FRUGAL, "rev-list", "--objects", "--quiet", new, *limits, "--")
    except GitError as error:
        raise gone(f"all of the commit {new} ({first_line(error.stderr)})") from None


def gone(what: str) -> TrackerError:
    """The error for an object that git wrote, as it says, and that is not there."""
    return TrackerError(
        f"git says that it wrote {what}, and it is not there.",
        "Nothing was recorded. See whether the disk is full, and look for damage with: git fsck",
    )


def _unreadable(name: str) -> TrackerError:
    return TrackerError(
        f"git cannot read {name} in this repository.", "Look at what is wrong with: git fsck"
    )


def object_hash(kind: Literal["blob", "tree"], content: bytes, digits: int) -> str:
    """The hash by which git knows an object: 40 digits (SHA-1) or 64 (SHA-256)."""
    digest = hashlib.sha256 if digits == 64 else hashlib.sha1
    return digest(
        b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False
    ).hexdigest()
