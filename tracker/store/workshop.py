"""The place where an import is made: one at a time, and nothing is left of one that was killed."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

from tracker.errors import TrackerError
from tracker.store import locks
from tracker.store.git import Repository

try:
    import fcntl
except ImportError:  # Windows: two imports at once are not kept apart there
    fcntl = None  # type: ignore[assignment]

FOLDER = "tracker"  # in the common git directory
_PREFIX = "import-"


class Workshop:
    """A folder in the git directory for one import at a time; a context manager.

    Entering removes what a killed import left. Raises ``TrackerError`` where another import is at
    work, and where the git directory cannot be written.
    """

    def __init__(self, repository: Repository, wait: float = 0.0) -> None:
        """``wait``: seconds for another import that is at work."""
        self._wait = wait
        self._home = repository.common_dir / FOLDER
        self._lock: int | None = None
        self.folder = self._home  # until it is entered

    def __enter__(self) -> Self:
        try:
            self._home.mkdir(exist_ok=True)
            self._lock = os.open(
                self._home / "import.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666
            )
            self._take()
            for left in self._home.glob(f"{_PREFIX}*"):
                if left.is_dir():
                    _take_back(left, self._home.parent / "objects" / "pack")
                    shutil.rmtree(left, ignore_errors=True)
            self.folder = Path(mkdtemp(prefix=_PREFIX, dir=self._home))
        except OSError as error:
            self._release()
            raise locks.not_writable(self._home, error) from None
        return self

    def _take(self) -> None:
        if fcntl is None or self._lock is None:
            return
        deadline = time.monotonic() + self._wait
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
                self._release()
                raise TrackerError(
                    "Another import into this repository is at work.", "Wait until it is done."
                ) from None
            return

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __exit__(self, *_: object) -> None:
        if self.folder != self._home:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._release()


def _take_back(left: Path, target: Path) -> None:
    """Remove a pack that was being moved when an import was killed: its index stayed behind."""
    for index in left.glob("objects.git/objects/pack/*.idx"):
        if not index.with_suffix(".pack").exists() and not (target / index.name).exists():
            for ending in (".pack", ".rev"):
                with suppress(OSError):
                    (target / index.name).with_suffix(ending).unlink()
