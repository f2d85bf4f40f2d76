"""git processes that run side by side: starting one takes longer than what most of them do.

So those that write are started before it is their turn, and are told what to write when it is.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress

from tracker.store.git import Git, GitError, environment, first_line, missing


class Running:
    """One git process that is given its input, and whose answer is asked for later."""

    def __init__(
        self, git: Git, *arguments: str, data: bytes | None = b"", apart: bool = False
    ) -> None:
        """``data``: its whole input; None where ``give`` has it later.

        ``apart``: an interruption from the keyboard does not reach the process.
        """
        self._name = arguments[0]
        try:
            self._process = subprocess.Popen(
                git.command(*arguments),
                cwd=git.directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
                start_new_session=apart,
            )
        except FileNotFoundError:
            raise missing(git.directory) from None
        self.number = self._process.pid
        if data is not None:
            self.give(data)

    def give(self, data: bytes) -> None:
        """Give the process its whole input, once. If this process is killed, it gets none."""
        assert self._process.stdin is not None
        # All commands that are run this way read the whole input before they answer.
        with suppress(BrokenPipeError):
            self._process.stdin.write(data)
            self._process.stdin.flush()
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdin = None

    def result(self, accept: tuple[int, ...] = (0,)) -> bytes:
        """What it printed, when it is done. Raises ``GitError`` for another exit status."""
        printed, complaint = self._process.communicate()
        if self._process.returncode not in accept:
            said = complaint.decode("utf-8", "replace").strip()
            status = self._process.returncode
            raise GitError(
                f"git {self._name} failed: {first_line(said) or f'status {status}'}.",
                stderr=said,
                status=status,
            )
        return printed

    @property
    def status(self) -> int | None:
        """The exit status; None before the answer was asked for."""
        return self._process.returncode

    def end(self) -> None:
        """Wait for it, when nobody wants the answer any more."""
        if self._process.returncode is None:
            self._process.communicate()


class Together:
    """Starts processes, and leaves none behind when it ends."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._running: list[Running] = []

    def end(self) -> None:
        """Wait for all; those that still wait for their input get none."""
        for process in self._running:
            process.end()

    def start(self, *arguments: str, data: bytes | None = b"") -> Running:
        """One more process beside the others: see ``Running``."""
        process = Running(self._git, *arguments, data=data)
        self._running.append(process)
        return process
