"""Processes beside the server's: what articles of strangers can make long or costly is done there.

Python runs one thread at a time, and an expression that runs for a minute lets nobody in. So the
pages of one article are made by a few processes, each with an application of its own and one
request at a time; the system ends one that takes too long. What is told of all articles is worked
out in one further process, which uses all cores. In the server itself pages are kept, tagged,
compressed and sent, and no article is read.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from flask import Flask, Response, g, request
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.test import run_wsgi_app

from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.scope import Progress
from tracker.web.desk import desk
from tracker.web.first_reading import how_far
from tracker.web.page import known_addresses

LIMIT = 20.0
"""Seconds of a processor that a page of one article may take; then its process is ended."""

PATIENCE = 10.0
"""Seconds that a request waits for a process to be free."""

MOST_WAITING = 8
"""Requests that wait; further ones are told to come back. Half of the server's threads."""

_AVOIDED = 60.0  # seconds for which an article is not tried again after its page took too long
_HANDED_ON = ("HTTP_HOST", "HTTP_ACCEPT_DATETIME", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR",
              "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT",
              "SERVER_PROTOCOL", "wsgi.url_scheme")  # fmt: skip

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Place:
    """What a process needs to make pages: the newsroom, and how its pages are published."""

    newsroom: Path
    now: Callable[[], datetime] | None
    options: Mapping[str, Any]  # further ones of ``create_app``


class Answer(NamedTuple):
    """A page as a process made it."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    edition: tuple[str, ...]  # what it was made from


class Workers:
    """The processes of a server. Close them when it ends."""

    def __init__(self, place: Place, number: int | None = None, limit: float = LIMIT) -> None:
        self._place = place
        self._limit = limit
        # On two cores a third and a fourth, so that two slow articles hold nobody up.
        number = number or max(_cores() + 2, 3)
        self._of_one = max(number // 2, 1)  # processes that one article can have
        self._turn = threading.Condition()
        self._free = [self._started() for _ in range(number)]
        self._waiting = 0
        self._busy: Counter[str] = Counter()  # processes by article
        self._avoided: dict[str, float] = {}
        self._one_after_another = threading.Lock()
        self._background: ProcessPoolExecutor | None = None
        self._closed = False

    def close(self) -> None:
        """End the processes."""
        with self._turn:
            self._closed = True
            for each in (*self._free, *([self._background] if self._background else [])):
                each.shutdown(wait=False, cancel_futures=True)

    # --- pages of one article

    def page(self, article: str, environ: dict[str, str]) -> Answer:
        """The answer to a request about an article, from a process.

        Raises ``Crowded`` where none is free for long, and ``TooLong`` for a page that is.
        """
        with self._one(article) as slot:
            try:
                return slot.executor.submit(_page, environ, self._limit).result()
            except BrokenExecutor:
                slot.executor = self._started()
                self._avoided[article] = time.monotonic() + _AVOIDED
                raise TooLong from None

    @contextmanager
    def _one(self, article: str) -> Iterator[_Slot]:
        with self._turn:
            until = time.monotonic() + PATIENCE
            if self._avoided.get(article, 0.0) > time.monotonic():
                raise TooLong
            if self._waiting >= MOST_WAITING:
                raise Crowded
            self._waiting += 1
            try:
                while not self._free or self._busy[article] >= self._of_one:
                    if self._closed or not self._turn.wait(max(until - time.monotonic(), 0.0)):
                        raise Crowded
            finally:
                self._waiting -= 1
            slot = _Slot(self._free.pop())
            self._busy[article] += 1
        try:
            yield slot
        finally:
            with self._turn:
                self._free.append(slot.executor)
                self._busy[article] -= 1
                if not self._busy[article]:
                    del self._busy[article]
                self._turn.notify_all()

    def _started(self) -> ProcessPoolExecutor:
        executor = ProcessPoolExecutor(
            1, _context(), initializer=_start_pages, initargs=(self._place,)
        )
        executor.submit(int)  # so that it is there when somebody asks
        return executor

    # --- what is told of all articles

    def work(self, work: Callable[[Newsroom, Progress], _Made], progress: Progress) -> _Made:
        """What ``work``, a function of a module, gives for the newsroom; on all cores."""
        context = _context()
        counts = context.Array("q", 2)
        with (
            self._one_after_another,
            ProcessPoolExecutor(
                1, context, initializer=_start_work, initargs=(self._place, counts)
            ) as self._background,
        ):
            future = self._background.submit(_work, work)
            while not future.done():
                with suppress(TimeoutError):
                    future.exception(timeout=0.2)
                done, whole = counts[:]
                if whole:
                    progress(done, whole)
            return future.result()


@dataclass
class _Slot:
    executor: ProcessPoolExecutor


class Crowded(ServiceUnavailable):
    """Too many ask for pages that are being made."""

    def __init__(self) -> None:
        super().__init__(retry_after=5)


class TooLong(ServiceUnavailable):
    """The page took too long to make."""

    def __init__(self) -> None:
        super().__init__(retry_after=int(_AVOIDED))


def install(app: Flask) -> None:
    """Have requests about one article answered by the processes, where the application has any."""

    def apart() -> Response | None:
        workers: Workers | None = app.extensions.get("tracker-workers")
        article = _article() if workers is not None else None
        if workers is None or article is None:
            return None
        environ = {name: str(request.environ.get(name, "")) for name in _HANDED_ON}
        if not environ["HTTP_ACCEPT_DATETIME"]:
            del environ["HTTP_ACCEPT_DATETIME"]
        if known_addresses().path(article) is None:  # it may have been there once
            environ["tracker.read"] = "" if how_far() is not None else "1"
        g.made_apart = True
        made = workers.page(article, environ)
        if made.edition != tuple(desk().edition()):
            g.tag = None  # the branch moved meanwhile: not to be kept for this edition
        return Response(made.body, made.status, list(made.headers))

    app.before_request(apart)


def _article() -> str | None:
    """What a request is about, if it is one article."""
    given = request.view_args or {}
    if "address" in given:
        return str(given["address"])
    if request.endpoint == "compare.choice":
        return request.args.get("article", "")
    return str(given["original"]) if request.endpoint == "memento.timegate" else None


# --- in the processes ----------------------------------------------------------------------------

_here: list[Any] = []
"""In a process: its application, or its newsroom's place and the counts that it reports."""


def _context() -> Any:
    """How processes are started: never as a copy of one that has threads."""
    try:
        context = get_context("forkserver")
    except ValueError:  # Windows
        return get_context("spawn")
    context.set_forkserver_preload(["tracker.web.preloaded"])
    return context


def _start_pages(place: Place) -> None:
    from tracker.web import create_app

    _end_with_the_server()
    app = create_app(place.newsroom, now=place.now, **place.options)
    app.extensions["tracker-apart"] = True
    app.extensions["tracker-desk"].keeps_readers = True
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    _here[:] = [app]


def _page(environ: dict[str, str], limit: float) -> Answer:
    (app,) = _here
    asked: dict[str, Any] = {**environ, "wsgi.input": None, "wsgi.errors": None}
    with _within(limit):
        body, status, headers = run_wsgi_app(app, asked, buffered=True)
        edition = tuple(app.extensions["tracker-desk"].edition())
        return Answer(status, tuple(headers), b"".join(body), edition)


@contextmanager
def _within(limit: float) -> Iterator[None]:
    """The system ends this process when the block takes longer, whatever it is doing then."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _start_work(place: Place, counts: Any) -> None:
    _end_with_the_server()
    _here[:] = [place, counts]


def _work(work: Callable[[Newsroom, Progress], _Made]) -> _Made:
    place, counts = _here

    def progress(done: int, whole: int) -> None:
        counts[:] = [done, whole]

    now = place.now() if place.now is not None else None
    return work(Newsroom(place.newsroom, now=now, watch=progress), progress)


def _end_with_the_server() -> None:
    """Interrupts are for the server; when it is gone, however it ended, this process goes too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = parent_process()
    if server is None:
        return

    def watch() -> None:
        wait([server.sentinel])
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def _cores() -> int:
    with suppress(AttributeError):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
