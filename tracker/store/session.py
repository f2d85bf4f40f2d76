"""What one recording asks of git, by processes that start long before their answers are needed.

A git process takes two to four milliseconds before it says a word. Here they pass while Python
loads and compares, so a recording does not wait for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple, Self

from tracker.model import Person
from tracker.store import configuration
from tracker.store.git import Git, GitError, Repository, identity
from tracker.store.objects import Objects
from tracker.store.running import Running, Together

_FRESH = 5.0  # seconds for which git's settings, and its clock, may count as those of now


class Written(NamedTuple):
    """What a recording put on the branch."""

    commit: str  # full hash
    parent: str | None  # full hash; None for the first commit
    blob: str  # full hash
    at: datetime  # the author date as git keeps it
    person: Person  # the author as git keeps it
    subject: str  # of the message


class Session:
    """Running gits: one reads objects, one lists the variables, others wait for their input.

    A context manager.
    """

    def __init__(self, git: Git) -> None:
        self.objects = Objects(git)
        self._together = Together(git)
        self._listing = self._together.start("var", "-l")
        self._waiting: dict[tuple[str, ...], Running] = {}
        self._started = time.monotonic()
        self._variables: str | None = None
        self.written: Written | None = None  # None: nothing yet, or git itself made the commit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def fresh(self) -> bool:
        """Whether it was begun just now, and goes on."""
        return not self.objects.closed and time.monotonic() - self._started < _FRESH

    def variables(self) -> str:
        """What ``git var -l`` said when the session began: settings, and who is at work when."""
        if self._variables is None:
            said = self._listing.result()
            self._variables = said.decode("utf-8", "surrogateescape").rstrip("\n")
        return self._variables

    @property
    def said(self) -> str | None:
        """What ``variables`` said just now; None where it was not asked, or too long ago."""
        fresh = time.monotonic() - self._started < _FRESH
        return self._variables if fresh else None

    def author(self, repository: Repository) -> tuple[Person, datetime]:
        """Who git says is writing, and its present time: see ``git.identity``."""
        try:
            return configuration.author(repository, self.variables())
        except GitError:
            return identity(repository)  # which says what is wrong

    def expect(self, *arguments: str) -> None:
        """Start a git command now that ``command`` is to be asked for soon."""
        self._waiting[arguments] = self._together.start(*arguments, data=None)

    def command(self, *arguments: str) -> Running:
        """A git command that waits for its input; the one that was started, if there is one."""
        waiting = self._waiting.pop(arguments, None)
        return waiting or self._together.start(*arguments, data=None)

    def close(self) -> None:
        """End the processes; those that wait for their input get none."""
        self._together.end()
        self.objects.close()


@contextmanager
def current(git: Git, begun: Session | None) -> Iterator[Session]:
    """The session that was begun, where it is fresh, else a new one; it ends with the block.

    One session serves one recording: its git reads the index once.
    """
    with begun if begun is not None and begun.fresh else Session(git) as session:
        yield session
