"""Work that takes long and needs nothing but its arguments, done in processes of their own.

Python runs one thread at a time: while one of them renders a comparison, no other reader would be
answered, whatever the machine has left. The processes remember what they rendered, each for itself;
so work on one article goes to the same of them, as long as it is free.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from zlib import crc32

from flask import current_app

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Helpers:
    """Processes that work for a server. Start them before any thread: they may be forks of it.

    Whoever comes first is served first. Each process calls ``first`` before all else.
    """

    def __init__(self, number: int, first: Callable[[], object] = int) -> None:
        self._lock = threading.Lock()
        self._free: list[_Helper] = []  # those that wait for work
        self._living = number
        self._queue: deque[_Place] = deque()  # those who wait for a helper
        for each in range(number):
            self._free.append(_Helper(each, number, first))

    def do(self, near: str, work: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> _T:
        """What ``work`` gives, which has to be a function of a module with plain arguments.

        Work with the same name in ``near`` has something in common, and is done by the same helper
        where that one is free.
        """
        helper = self._taken(near)
        if helper is not None:
            try:
                answer = helper.ask(work, given, named)
            except (OSError, EOFError):
                self._lost(helper)  # it was killed, or all is ending: its work is done here
            else:
                self._give_back(helper)
                return answer.value()  # type: ignore[no-any-return]
        return work(*given, **named)

    def close(self) -> None:
        """End the processes; what is asked for from now on is done in this one."""
        with self._lock:
            self._living = 0
            free, self._free = self._free, []
        for helper in free:
            helper.end()
        self._let_go_of_all()

    def _taken(self, near: str) -> _Helper | None:
        """A helper, waited for; None where there is none any more."""
        with self._lock:
            if not self._living:
                return None
            if self._free:
                for helper in self._free:
                    if helper.is_for(near):
                        self._free.remove(helper)
                        return helper
                return self._free.pop()
            place = _Place()
            self._queue.append(place)
        place.reached.acquire()
        return place.helper

    def _give_back(self, helper: _Helper) -> None:
        with self._lock:
            if not self._living:
                helper.end()
            elif self._queue:
                self._queue.popleft().give(helper)
            else:
                self._free.append(helper)

    def _lost(self, helper: _Helper) -> None:
        helper.end()
        with self._lock:
            self._living = max(self._living - 1, 0)
            if self._living:
                return
        self._let_go_of_all()

    def _let_go_of_all(self) -> None:
        with self._lock:
            while self._queue:
                self._queue.popleft().give(None)


class _Place:
    """A place in the queue for a helper."""

    def __init__(self) -> None:
        self.helper: _Helper | None = None
        self.reached = threading.Lock()
        self.reached.acquire()

    def give(self, helper: _Helper | None) -> None:
        self.helper = helper
        self.reached.release()


class _Answer:
    """What came of work: a value, or the error that it ended with."""

    def __init__(self, made: Any, error: Exception | None) -> None:
        self._made = made
        self._error = error

    def value(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._made


class _Helper:
    """One of the processes, and the way to it."""

    def __init__(self, place: int, number: int, first: Callable[[], object]) -> None:
        context = get_context()
        self._place, self._number = place, number
        self._way, its_own = context.Pipe()
        self._process = context.Process(target=_help, args=[its_own, first], daemon=True)
        self._process.start()
        its_own.close()

    def is_for(self, near: str) -> bool:
        """Whether work of this name comes here first."""
        return crc32(near.encode("utf-8", "surrogatepass")) % self._number == self._place

    def ask(self, work: Callable[..., Any], given: Any, named: Any) -> _Answer:
        """Have work done. Raises ``OSError`` or ``EOFError`` where the process is gone."""
        self._way.send((work, given, named))
        answer: _Answer = self._way.recv()
        return answer

    def end(self) -> None:
        """End the process, unless it has ended."""
        self._way.close()
        self._process.terminate()
        self._process.join(1)


def _help(way: Connection, first: Callable[[], object]) -> None:
    """What a helper does, until its server ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupts are for the server
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_the_server()
    first()
    while True:
        try:
            work, given, named = way.recv()
        except (EOFError, OSError):
            return
        try:
            answer = _Answer(work(*given, **named), None)
        except Exception as error:
            answer = _Answer(None, error)
        try:
            way.send(answer)
        except OSError:
            return


def _end_with_the_server() -> None:
    import multiprocessing
    import os
    from multiprocessing.connection import wait

    server = multiprocessing.parent_process()
    if server is None:
        return

    def watch(sentinel: Any) -> None:
        wait([sentinel])
        os._exit(0)

    threading.Thread(target=watch, args=[server.sentinel], daemon=True).start()


def apart(near: str, work: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> _T:
    """What ``work`` gives, from a helper where the application has any; see ``Helpers.do``."""
    helpers: Helpers | None = current_app.extensions.get("tracker-helpers")
    return work(*given, **named) if helpers is None else helpers.do(near, work, *given, **named)
