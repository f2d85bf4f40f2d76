"""Work on all cores, in processes that an interrupt ends with the one that started them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from time import sleep
from typing import Any, TypeVar

from tracker.errors import TrackerError

_Job = TypeVar("_Job")
_Done = TypeVar("_Done")


def cores() -> int:
    with suppress(AttributeError):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Within, an interrupt waits, and in processes that are started too: see ``on_interrupt``."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def servers_start() -> Iterator[None]:
    """As ``interrupts_wait``, where the processes that start will start others themselves."""
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # where it starts, it lets interrupts in
    with interrupts_wait():
        yield


def on_interrupt(handler: signal.Handlers) -> None:
    """In a process that was started: from here on an interrupt does this."""
    signal.signal(signal.SIGINT, handler)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def on_several(
    workers: int,
    work: Callable[[_Job], _Done],
    jobs: Iterable[_Job],
    start: Callable[..., None],
    given: tuple[Any, ...],
    at_once: int,
) -> Iterator[_Done]:
    """What a function of a module makes of each job, in their order, by so many processes.

    ``start`` is called in each of them first, with what is ``given``, and has to let interrupts in.
    A process gets ``at_once`` jobs at a time. Raises ``TrackerError`` where one is ended.
    """
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor

    pool = ProcessPoolExecutor(workers, initializer=start, initargs=given)
    rest = iter(jobs)
    try:
        while batch := list(islice(rest, workers * at_once * 8)):
            with interrupts_wait():
                done = pool.map(work, batch, chunksize=at_once)
            yield from done
    except BrokenExecutor:
        sleep(0.1)  # an interrupt ends all processes: this one's may come a moment later
        raise TrackerError(
            "A process that works on articles was ended from outside.",
            "Where memory is short, let the command run on one core: taskset -c 0 tracker …",
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
