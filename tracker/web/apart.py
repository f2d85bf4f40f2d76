"""Work that takes long and needs nothing but its arguments, done in processes of their own.

Python runs one thread at a time: while one of them renders a comparison, no other reader would be
answered, whatever the machine has left.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from typing import Any, ParamSpec, TypeVar

from flask import current_app

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Helpers:
    """Processes that work for a server. Start them before any thread: they may be forks of it."""

    def __init__(self, number: int) -> None:
        self._pool: ProcessPoolExecutor | None = ProcessPoolExecutor(number, initializer=_begin)
        self.do(int)  # now, and not when the first reader waits

    def do(self, work: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> _T:
        """What ``work`` gives, which has to be a function of a module with plain arguments."""
        if self._pool is not None:
            try:
                return self._pool.submit(work, *given, **named).result()
            except (BrokenExecutor, RuntimeError):
                self.close()  # one was killed, or all is ending: what is left is done here
        return work(*given, **named)

    def close(self) -> None:
        """End the processes; what is asked for from now on is done in this one."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """In a helper: interrupts are for the server, and without the server there is no helper."""
    import multiprocessing
    import os
    import threading
    from multiprocessing.connection import wait

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = multiprocessing.parent_process()
    if server is None:
        return

    def watch(sentinel: Any) -> None:
        wait([sentinel])
        os._exit(0)

    threading.Thread(target=watch, args=[server.sentinel], daemon=True).start()


def apart(work: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> _T:
    """What ``work`` gives, from a helper where the application has any."""
    helpers: Helpers | None = current_app.extensions.get("tracker-helpers")
    return work(*given, **named) if helpers is None else helpers.do(work, *given, **named)
