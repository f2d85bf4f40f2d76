"""One ``git fast-import`` process: what it is given, and what it says of it."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from tracker.store.frugal import FRUGAL
from tracker.store.git import Git, GitError, environment, first_line

_CHUNK = 256 * 1024  # bytes that are given to git at once
_AHEAD = 4  # chunks that wait for git
_PIPE = 1 << 20  # bytes: git goes on writing while Python is busy with the next texts

# For each object git takes some memory, and gives it back: without these, the C library hands it
# to the system and fetches it again each time, which can take as long as the writing.
_KEPT = {"MALLOC_MMAP_THRESHOLD_": "4194304", "MALLOC_TRIM_THRESHOLD_": "8388608"}  # bytes

_SETTINGS = ("-c", "core.packedGitLimit=32m", "-c", "fastimport.unpackLimit=0")

_WHY = (
    ("No space left", "the disk is full"),
    ("Out of diskspace", "the disk is full"),
    ("Disk quota exceeded", "the disk quota is used up"),
    ("Read-only file system", "the file system is read-only"),
    ("ermission denied", "there is no permission"),
)


class FastImport:
    """``git fast-import`` in a bare repository, fed by a thread of its own."""

    def __init__(self, repository: Path, shared: str) -> None:
        """``shared`` is git's ``core.sharedRepository``, "" for none."""
        settings = ("-c", f"core.sharedRepository={shared}") if shared else ()
        git = Git(repository)
        self._process = subprocess.Popen(
            git.command(
                "--git-dir=.", *FRUGAL, *_SETTINGS, *settings,
                "fast-import", "--quiet", "--done", "--date-format=raw-permissive",
            ),
            cwd=git.directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,  # the few commits that are asked for
            stderr=subprocess.PIPE,  # it says little, and nothing before it stops
            env=environment(**_KEPT),
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        _widen(self._process.stdin)
        os.set_blocking(self._process.stdout.fileno(), False)
        self._said = b""  # the beginning of a line
        self._waiting: list[bytes] = []
        self._size = 0
        self._feeder = _Feeder(self._process.stdin)
        self._feeder.start()

    def give(self, *parts: bytes) -> bool:
        """Give it more of the stream; whether some was passed on. Raises where git has stopped."""
        self._waiting += parts
        self._size += sum(map(len, parts))
        if self._size < _CHUNK:
            return False
        self._pass_on()
        return True

    def _pass_on(self) -> None:
        if not self._feeder.take(b"".join(self._waiting)):
            raise self._stopped()
        self._waiting.clear()
        self._size = 0

    def has_room(self) -> bool:
        """Whether it takes more without being waited for."""
        return self._feeder.has_room()

    def checkpoint(self, ask: bytes) -> None:
        """Have what it got written out, so that other processes see it; then ask for a line."""
        if not self.give(b"checkpoint\n\n%s\n" % ask):
            self._pass_on()

    def answers(self) -> list[str]:
        """The lines that it has printed since this was last asked."""
        assert self._process.stdout is not None
        printed = self._process.stdout.read() or b""  # None: nothing yet
        *whole, self._said = (self._said + printed).split(b"\n")
        return [line.decode() for line in whole]

    def end(self) -> Iterator[str]:
        """Let it finish; the rest of the answers as they come. Raises where git has stopped."""
        self._waiting.append(b"done\n")
        self._pass_on()
        self._feeder.finish()
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), True)
        for line in self._process.stdout:
            yield (self._said + line).strip().decode()
            self._said = b""
        self._feeder.join()
        if self._process.wait() != 0 or self._feeder.broken:
            raise self._stopped()
        self._close()

    def kill(self) -> None:
        """End it, whatever it is doing; nothing where it has ended."""
        self._feeder.drop()
        self._process.kill()
        self._process.wait()
        self._feeder.finish()
        self._feeder.join()
        self._close()

    def _close(self) -> None:
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _stopped(self) -> GitError:
        """Why git stopped, in its own words."""
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
                    self._pipe.flush()
                except OSError:
                    self.broken = True
        with suppress(OSError):
            self._pipe.close()

    def take(self, chunk: bytes) -> bool:
        """Take a chunk when there is room; False when git has gone."""
        self._queue.put(chunk)
        return not self.broken

    def has_room(self) -> bool:
        """Whether a chunk is taken at once."""
        return not self._queue.full()

    def drop(self) -> None:
        """Write nothing more."""
        self._dropped = True

    def finish(self) -> None:
        """Close the pipe when everything is written."""
        self._queue.put(None)


def _widen(pipe: IO[bytes]) -> None:
    """Make a pipe hold more than the usual 64 KB, where the system can do that."""
    with suppress(AttributeError, ImportError, OSError):  # Linux alone knows this
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
