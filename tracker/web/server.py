"""The server that ``tracker serve`` runs: waitress, bounded in what one client can take of it."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import forkserver, get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import waitress
from flask import Flask, Response, g, request
from waitress.channel import HTTPChannel
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.test import run_wsgi_app

from tracker.comparison import compare
from tracker.model import Progress
from tracker.newsroom.newsroom import Newsroom
from tracker.processes import cores, servers_start
from tracker.render import diff_html
from tracker.render.article_html import article, page
from tracker.text.blame import followed
from tracker.web.background import LISTED_BY, Report, how_far
from tracker.web.desk import desk
from tracker.web.page import fit, known_addresses

LIMITS = {
    "threads": 16,
    "connection_limit": 200,  # at once; more wait in the system's queue
    "backlog": 256,
    "channel_timeout": 20,  # seconds for which a client may be silent
    "cleanup_interval": 5,  # seconds between looks for such clients
    "max_request_header_size": 16_384,  # bytes
    "max_request_body_size": 1_024,  # bytes; nothing that is sent is read
    # An answer that a slow reader does not take waits on the disk, and no thread waits with it.
    "outbuf_overflow": 262_144,  # bytes in memory
    "outbuf_high_watermark": 1_073_741_824,  # bytes on the disk
}
"""What one client can take from the others, at most (waitress, "Arguments to serve")."""

RECEIVING = 10.0  # seconds for a whole request, however steadily it drips
SENDING = 300.0  # seconds for a whole answer
CROWDED = 120  # connections from which the slowest makes room for a new one
_SLOW = 1.0  # seconds after which a connection is a slow one


class Connection(HTTPChannel):  # type: ignore[misc]
    """A client's connection, which may be slow for a while, and not for ever."""

    slow_since: float | None = None  # its request is not whole, or its answer not taken

    def __init__(self, server: Any, *given: Any, **named: Any) -> None:
        super().__init__(server, *given, **named)
        self.slow_since = time.time()
        if len(server.active_channels) > CROWDED:
            _make_room(server.active_channels.values(), self.slow_since)

    def received(self, data: bytes) -> bool:
        """Bytes of a request, which must be whole some time after the first of them came."""
        try:
            taken: bool = super().received(data)
        except ValueError:  # a length of thousands of digits
            self.will_close = True
            return False
        body = getattr(self.request, "body_rcv", None)
        lines = getattr(body, "control_line", b"") + getattr(body, "trailer", b"")
        if len(lines) > self.adj.max_request_header_size:
            # Between chunks and after them waitress takes lines of any length, and looks at the
            # whole of one whenever a piece of it comes.
            self.will_close = True
        if self.request is None:
            self.slow_since = None
        else:
            self.slow_since = self.slow_since or time.time()
            # For waitress, it has been silent since then, whatever drips in.
            patience = min(RECEIVING, self.adj.channel_timeout)
            self.last_activity = self.slow_since - (self.adj.channel_timeout - patience)
        return taken

    def writable(self) -> Any:
        """True when there is something to send; asked all the time."""
        if self.total_outbufs_len:
            self.slow_since = self.slow_since or time.time()
            if time.time() - self.slow_since > SENDING:
                self.will_close = True
        elif self.request is None and self.requests:
            self.slow_since = None
        return super().writable()


def _make_room(connections: Any, now: float) -> None:
    """Let go the connection that has been slow for the longest time."""
    slow = [each for each in connections if each.slow_since and now - each.slow_since > _SLOW]
    if slow:
        min(slow, key=lambda each: each.slow_since).will_close = True


def create(app: Flask, sockets: Sequence[socket.socket], **limits: int) -> Any:
    """A server for the application, listening on these sockets; its ``run`` serves.

    ``limits`` take the place of those in ``LIMITS``.
    """
    parts: dict[int, Any] = {}
    server = waitress.create_server(
        app, map=parts, sockets=list(sockets), ident=None, **{**LIMITS, **limits}
    )
    for each in parts.values():
        if hasattr(each, "channel_class"):
            each.channel_class = Connection
    return server


# --- processes beside the server's ----------------------------------------------------------------

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
class ServedPlace:
    """What a process needs to make pages: the newsroom, and how its pages are published."""

    newsroom: Path
    now: Callable[[], datetime] | None
    options: Mapping[str, Any]  # further ones of ``create_app``
    create: Callable[..., Flask]  # ``create_app``, which a process calls anew


class Answer(NamedTuple):
    """A page as a process made it."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    edition: tuple[str, ...]  # what it was made from


class Workers:
    """The processes of a server. Close them when it ends."""

    def __init__(self, place: ServedPlace, number: int | None = None, limit: float = LIMIT) -> None:
        self._place = place
        self._limit = limit
        # On two cores a third and a fourth, so that two slow articles hold nobody up.
        number = number or max(cores() + 2, 3)
        self._of_one = max(number // 2, 1)  # processes that one article can have
        self._turn = threading.Condition()
        self._free = [self._started() for _ in range(number)]
        self._waiting = 0
        self._busy: Counter[str] = Counter()  # processes by article
        self._avoided: dict[str, float] = {}
        self._one_after_another = threading.Lock()
        self._background: ProcessPoolExecutor | None = None
        self._begun: Future[int] | None = None  # done when the process of that is there
        self._closed = False

    def close(self) -> None:
        with self._turn:
            self._closed = True
            if self._background is not None:
                if self._begun is not None:  # a process that starts beside Python's end fails
                    wait_for([self._begun], timeout=PATIENCE)
                self._background.shutdown(wait=False, cancel_futures=True)
            for each in self._free:
                # Waited for: an executor that ends beside Python's own end can fail there.
                each.shutdown(wait=True, cancel_futures=True)

    # --- pages of one article

    def page(self, article: str, environ: dict[str, str]) -> Answer:
        """The answer to a request about an article, from a process.

        Raises ``Crowded`` where none is free for long, and ``TooLong`` for a page that is.
        """
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
            executor = self._free.pop()
            self._busy[article] += 1
        try:
            return executor.submit(_page, environ, self._limit).result()
        except BrokenExecutor:
            executor = self._started()
            self._avoided[article] = time.monotonic() + _AVOIDED
            raise TooLong from None
        finally:
            with self._turn:
                self._free.append(executor)
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

    def work(
        self, work: Callable[[Newsroom, Progress], _Made], report: Report, *, alone: bool = True
    ) -> _Made:
        """What ``work``, a function of a module, gives for the newsroom; on all cores.

        ``alone``: after other such work, and not beside it.
        """
        context = _context()
        counts = context.Array("q", 3)
        with (
            self._one_after_another if alone else nullcontext(),
            ProcessPoolExecutor(
                1, context, initializer=_start_work, initargs=(self._place, counts)
            ) as self._background,
        ):
            self._begun = self._background.submit(int)
            future = self._background.submit(_work, work)
            while not future.done():
                with suppress(TimeoutError):
                    future.exception(timeout=0.2)
                done, whole, commits = counts[:]
                if whole:
                    report(done, whole, bool(commits))
            return future.result()


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
        if (reading := g.get("reading")) is not None:
            environ["tracker.reading"] = f"{reading.done} {reading.whole} {reading.commits:d}"
        if article and known_addresses().path(article) is None:  # it may have been there once
            environ["tracker.read"] = "" if how_far() is not None else "1"
        g.made_apart = True
        made = workers.page(article, environ)
        if made.edition != tuple(desk().edition()):
            g.tag = None  # the branch moved meanwhile: not to be kept for this edition
        return Response(made.body, made.status, list(made.headers))

    app.before_request(apart)


def _article() -> str | None:
    """What a request is about, if it is one article, or "" for a few; None for all others."""
    given = request.view_args or {}
    if "address" in given:
        return str(given["address"])
    if request.endpoint == "compare.choice":
        return request.args.get("article", "")
    if request.endpoint == "memento.timegate":
        return str(given["original"])
    return "" if request.endpoint in LISTED_BY else None


# --- in the processes ----------------------------------------------------------------------------

_here: list[Any] = []
"""In a process: its application, or its newsroom's place and the counts that it reports."""


def _context() -> Any:
    """How processes are started: never as a copy of one that has threads."""
    try:
        context = get_context("forkserver")
    except ValueError:  # Windows
        return get_context("spawn")
    context.set_forkserver_preload(["tracker.web", "tracker.render.metadata"])
    with servers_start():
        forkserver.ensure_running()
    return context


def _start_pages(place: ServedPlace) -> None:
    _end_with_the_server()
    app = place.create(place.newsroom, now=place.now, **place.options)
    app.extensions["tracker-apart"] = True
    app.extensions["tracker-desk"].keeps_readers = True
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    _here[:] = [app]
    _warm_up()


_BEFORE = """---
title: The ferry
---

The *ferry* carried [40 people](https://example.org/) on May 5, “more than ever”.

* A list

The council will vote on it.
"""
_AFTER = """---
title: The ferry
---

The *ferry* carried [41 people](https://example.org/) on May 6, “more than ever,” she said.

* A list

The council will not vote on it.

Correction: May 6, 2022. An earlier version of this article misstated the day.
"""


def _warm_up() -> None:
    """Make a comparison, an article and its passages, so that no reader waits for the tables."""
    fit(diff_html.fragment(compare(_BEFORE, _AFTER), _BEFORE, _AFTER, layout="side-by-side"))
    article(_AFTER)
    page(_AFTER)
    followed([_BEFORE, _AFTER], [(), (0,)], {})


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


def _start_work(place: ServedPlace, counts: Any) -> None:
    _end_with_the_server()
    _here[:] = [place, counts]


def _work(work: Callable[[Newsroom, Progress], _Made]) -> _Made:
    place, counts = _here

    def progress(done: int, whole: int) -> None:
        counts[:] = [done, whole, 0]

    def watch(done: int, whole: int) -> None:
        counts[:] = [done, whole, 1]

    now = place.now() if place.now is not None else None
    return work(Newsroom(place.newsroom, now=now, watch=watch), progress)


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
