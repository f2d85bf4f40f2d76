"""One recording at a time, and what a killed one leaves behind.

This tool's own writers take turns by a lock on a file in the common git directory; the system
frees it when a process dies. The file also says what its holder is doing: which lock files git
may be holding for it, which temporary file it wrote, the number of the git process. Who gets the
turn next reads that, and removes what a killed writer left, and nothing else: a lock file that is
older than the last turn, that still changes, or whose process still runs, is somebody else's.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracker.errors import TrackerError

try:
    import fcntl
except ImportError:  # Windows: git's own locks still keep two writers apart
    fcntl = None  # type: ignore[assignment]

FILE = "tracker-writer"
BESIDE = "tracker-beside"  # the same for what may take long and moves no branch here

WAIT_FOR_TURN = 60.0  # seconds; commit hooks can take long
WAIT_FOR_GIT = 3.0  # seconds; a git command that a person runs is mostly done before
_WAIT_FOR_ORPHAN = 5.0  # seconds for a git whose tracker was killed
_STALE = 1.0  # seconds that a lock file of a killed writer must stay unchanged
_NEVER_AS_LONG = 600.0  # seconds; git holds a branch for moments, and runs hooks meanwhile at most
_GRAIN = 20_000_000  # nanoseconds by which a file system's clock may be behind
_WINDOW = 2_000_000_000  # nanoseconds after a writer's word in which its git locks the index


class Turn:
    """The right to write. ``descriptor`` is that of the lock's file; None where there is none."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._said: list[str] = []
        self._gits: list[subprocess.Popen[bytes]] = []
        self._fell = False

    def may_leave(self, *paths: Path) -> None:
        """Files, absolute paths, that must be removed if this process is killed from now on."""
        if not self._said:
            self._said.append("0")
            self._said[0] = self._now()
        self._said += map(os.fspath, paths)
        self._write()

    def goes_on(self) -> None:
        """A git that has the index locked is about to write it."""
        self._said.append(f"until {self._now()}")
        self._write()

    def runs(self, git: subprocess.Popen[bytes]) -> None:
        """A git process that may live on when this one is killed."""
        self._gits.append(git)
        self._said.append(f"process {git.pid} {_began(str(git.pid))}")
        self._write()

    def fell(self) -> None:
        """What a git had started for itself may have been killed."""
        self._fell = True

    def clear_locks(self) -> None:
        """Remove the locks of a git that was killed: what it changed can be put back then."""
        if self._descriptor is not None and any((git.returncode or 0) < 0 for git in self._gits):
            _clear(self._descriptor, files=False)
            self._write()

    def end(self) -> None:
        """What was said is done; what a git left that was killed goes."""
        killed = self._fell or any((git.returncode or 0) < 0 for git in self._gits)
        if self._descriptor is not None and killed:
            _clear(self._descriptor)
        self._said = []
        self._write()

    def _now(self) -> str:
        """The present time by the file system's clock, which dates git's lock files too."""
        self._write()
        return "0" if self._descriptor is None else str(os.fstat(self._descriptor).st_mtime_ns)

    def _write(self) -> None:
        if self._descriptor is None:
            return
        content = "\0".join(self._said).encode("utf-8", "surrogateescape")
        # A disk that is full must not stop a recording here; git will say it.
        with suppress(OSError):
            os.pwrite(self._descriptor, content, 0)
            os.ftruncate(self._descriptor, len(content))


@contextmanager
def turn(common_dir: Path, wait: float = WAIT_FOR_TURN, file: str = FILE) -> Iterator[Turn]:
    """Wait for the turn to write in a repository; it ends with the block, or with the process.

    Raises ``TrackerError`` when another recording takes longer than ``wait`` seconds, and where
    the git directory cannot be written.
    """
    path = common_dir / file
    if fcntl is None:
        yield Turn(None)
        return
    descriptor, writable = _open(path)
    try:
        if not _lock(descriptor, wait) or not writable:
            yield Turn(None)
            return
        _clear(descriptor)
        mine = Turn(descriptor)
        try:
            yield mine
        finally:
            mine.end()
    finally:
        os.close(descriptor)


def clear_left(common_dir: Path) -> None:
    """Remove what a killed writer left, where it left anything and nobody is writing now.

    ``turn`` does it too; this is for those who may find that there is nothing to write. Never
    raises: what cannot be removed now is left to the next turn.
    """
    path = common_dir / FILE
    with suppress(OSError, TrackerError):
        if fcntl is None or not path.stat().st_size:
            return
        with turn(common_dir, wait=0.0):
            pass


def _open(path: Path) -> tuple[int, bool]:
    """The lock's file, and whether it can be written: another user of the folder may own it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except PermissionError as error:
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC), False
        except OSError:
            raise not_writable(path, error) from None
    except OSError as error:
        raise not_writable(path, error) from None
    # Where a group shares the git directory, it shares this file.
    shared = stat.S_IMODE(path.parent.stat().st_mode) & 0o060
    with suppress(OSError):
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if shared == 0o060 and not mode & 0o020:
            os.fchmod(descriptor, mode | shared)
    return descriptor, True


def taken(descriptor: int, wait: float) -> bool:
    """Lock a file; False where somebody else holds it for longer than ``wait`` seconds."""
    deadline = time.monotonic() + wait
    while fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            break
    return True


def _lock(descriptor: int, wait: float) -> bool:
    """True when locked; False on file systems that know no locks."""
    deadline = time.monotonic() + wait
    pause = 0.001
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TrackerError(
                    "Another tracker is recording in this repository, and does not finish.",
                    "Wait for it, or end it, and record again.",
                ) from None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)
        except OSError:
            return False
        else:
            return True


def _clear(descriptor: int, *, files: bool = True) -> None:
    """Remove what the last writer said that it may leave, if it was killed; or its locks alone."""
    size = os.fstat(descriptor).st_size
    words = os.pread(descriptor, size, 0).decode("utf-8", "surrogateescape").split("\0")
    if words[0].isdigit():
        paths = [Path(word) for word in words[1:] if word.startswith("/")]
        first = int(words[0])
        last = max([first, *_numbers(words, "until ")])
        orphaned = _wait_for_orphans(
            [word.removeprefix("process ") for word in words if word.startswith("process ")]
        )
        for path in paths:
            if not path.name.endswith(".lock"):
                with suppress(OSError):
                    if files:
                        path.unlink()
            elif not orphaned:
                _remove_stale(path, first, last)
                _remove_next_indexes(path)
    with suppress(OSError):
        os.ftruncate(descriptor, 0)


def _numbers(words: list[str], kind: str) -> list[int]:
    told = [word.removeprefix(kind) for word in words if word.startswith(kind)]
    return [int(number) for number in told if number.isdigit()]


def _wait_for_orphans(processes: list[str]) -> bool:
    """True when a git process of a killed writer still runs after a while.

    ``processes``: the number of each, and when it began.
    """
    deadline = time.monotonic() + _WAIT_FOR_ORPHAN
    while any(map(_alive, processes)):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.01)
    return False


_ENDED = "ended"


def _alive(process: str) -> bool:
    """Whether it still runs; in a container that was started again, numbers soon come again too."""
    number, _, began = process.partition(" ")
    return _running(number) and _began(number) == began


def _running(number: str) -> bool:
    """Whether a process of this user has this number."""
    try:
        os.kill(int(number), 0)
    except (OSError, OverflowError, ValueError):  # none has, or another user's
        return False
    return _began(number) != _ENDED


def _began(number: str) -> str:
    """When a process began, in the system's own count; "" where that is not told."""
    try:
        words = Path(f"/proc/{number}/stat").read_bytes().rpartition(b") ")[2].split()
        # A "Z" ended, and nobody asked about it: common where containers have no init.
        return _ENDED if words[0] == b"Z" else words[19].decode()
    except (OSError, IndexError):
        return ""


def _remove_stale(path: Path, first: int, last: int) -> None:
    """Remove a lock file made after the writer's first word, once it has not changed for a while.

    One of the index must be of the time of its words.
    """
    before = _identity(path)
    if before is None or before[1] < first - _GRAIN:
        return
    # A person's own git may hold the index for minutes (an editor is open), a branch never.
    if path.name == "index.lock" and before[1] > last + _WINDOW:
        return
    deadline = time.monotonic() + _STALE
    while time.monotonic() < deadline:
        time.sleep(0.02)
        if _identity(path) != before:
            return
    with suppress(OSError):
        path.unlink()


def _remove_next_indexes(lock: Path) -> None:
    """Remove what a ``git commit --only`` that was killed made beside the index's lock.

    Its name tells its process, and no writer knows it before git has begun.
    """
    for path in lock.parent.glob("next-index-*.lock") if lock.name == "index.lock" else ():
        process = path.name.removeprefix("next-index-").removesuffix(".lock")
        with suppress(OSError):
            if process.isdigit() and not _running(process):
                path.unlink()


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def wait_for_git(lock: Path) -> None:
    """Wait until no git command holds a lock file. Raises ``TrackerError`` when one goes on."""
    deadline = time.monotonic() + WAIT_FOR_GIT
    while lock.exists():
        wait_longer(lock, deadline)


_IN_THE_WAY = re.compile(r"'([^'\n]*/(?:HEAD|index|refs/[^'\n]+)\.lock)': File exists")


def in_the_way(said: str) -> Path | None:
    """The lock file that git says it could not make; None where that is not what it says."""
    found = _IN_THE_WAY.search(said)
    return None if found is None else Path(found[1])


def wait_longer(lock: Path, deadline: float) -> None:
    """Wait a moment for a lock file of git.

    After the deadline, one that nobody can be holding any more is removed: that of a branch after
    ten minutes, that of an index where the machine was started since (a power cut leaves both).
    Raises ``TrackerError`` for another one.
    """
    if time.monotonic() <= deadline:
        time.sleep(0.02)
        return
    from tempfile import TemporaryFile

    least = _running_since() if lock.name == "index.lock" else 0.0
    try:
        with TemporaryFile(dir=lock.parent) as new:  # by the clock that dates the lock too
            age = os.fstat(new.fileno()).st_mtime - lock.lstat().st_mtime
        if age < max(least, _NEVER_AS_LONG):
            raise _held(lock)
        lock.unlink()
    except OSError:
        raise _held(lock) from None


def _running_since() -> float:
    """Seconds since this machine was started; more than any file's age where it does not tell."""
    if not hasattr(time, "clock_gettime"):
        return float("inf")
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _held(lock: Path) -> TrackerError:
    return TrackerError(
        "Another git command is running in this repository.",
        f"Wait for it; if there is none, one was killed: remove its lock with: rm '{lock}'",
    )


def not_writable(path: Path, error: OSError) -> TrackerError:
    """The error for a file that cannot be written: no permission, disk full, read-only."""
    reason = (error.strerror or str(error)).lower()
    return TrackerError(
        f"{path} cannot be written: {reason}.",
        "Nothing was recorded; see to the disk or the permissions, and record again.",
    )


def temporary(folder: Path) -> Path:
    """A name for a temporary file in a folder, unlike any that is there."""
    return folder / f".tracker-{os.getpid()}-{time.monotonic_ns():x}.tmp"
