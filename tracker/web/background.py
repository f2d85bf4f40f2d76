"""Long work for a page: begun once for an edition, in a thread of its own, and kept.

Checking a newsroom of thousands of articles for the first time takes longer than anybody waits for
a page. The first request begins it; each request waits a moment, and is then told how far it is.
While the newest edition is worked on, pages show what was found for the one before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from threading import Thread
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from flask import Flask, Response, current_app, g, make_response, request
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from tracker.model import Progress, Selection
from tracker.newsroom.newsroom import Newsroom
from tracker.web.addresses import site
from tracker.web.desk import Edition, desk
from tracker.web.page import page

PATIENCE = 2.0
"""Seconds that a request waits for the work of others."""

GLANCE = 0.0
"""Seconds that a list waits until all articles are read; it can be shown before."""

_Made = TypeVar("_Made")


class Waiting(NamedTuple):
    """The work is not done yet, and nothing older is known."""

    done: int  # articles, or commits
    whole: int  # of them; 0 while they are being counted
    commits: bool = False  # the published history is read, and not yet the articles

    @property
    def sentence(self) -> str:
        """How far it is, for programs."""
        what = "The published history is" if self.commits else "The articles are"
        return f"{what} being read: {self.done} of {self.whole}. Ask again."


class Outcome(NamedTuple, Generic[_Made]):
    """What came of the work."""

    value: _Made
    current: bool  # False: of an older edition; the newest is being worked on


class Report(Protocol):
    """Takes how far a piece of work is: articles, or commits."""

    def __call__(self, done: int, whole: int, commits: bool = False) -> None: ...


class _Task(Future[Any]):
    """One piece of work for one edition."""

    def __init__(self, edition: Edition) -> None:
        super().__init__()
        self.edition = edition
        self.how_far = Waiting(0, 0)

    def progress(self, done: int, whole: int, commits: bool = False) -> None:
        self.how_far = Waiting(done, whole, commits)


class Background:
    """Where long work is done, one piece of a kind at a time."""

    def __init__(self, *, waits: bool = True) -> None:
        # Where pages are written to files, nobody is waiting: each is made when its work is done.
        self._patience = PATIENCE if waits else None
        self._lock = threading.Lock()
        self._tasks: dict[str, _Task] = {}  # the newest of each kind
        self._last: dict[str, Any] = {}  # what came of the newest that ended well, by kind

    def ask(
        self,
        kind: str,
        edition: Edition,
        work: Callable[[Report], _Made],
        patience: float | None = None,
    ) -> Outcome[_Made] | Waiting:
        """What ``work`` gives for an edition; it is done in another thread, once.

        ``patience``: seconds that are waited for it; None for the usual ones.

        Raises what the work raised; the next request tries again.
        """
        with self._lock:
            task = self._tasks.get(kind)
            if task is None or (task.done() and task.edition != edition):
                task = self._tasks[kind] = _Task(edition)
                Thread(target=self._run, args=(kind, task, work), name=kind, daemon=True).start()
        wait([task], self._patience if patience is None else patience)
        if task.done() and task.edition == edition:
            if task.exception() is not None:
                with self._lock:
                    self._tasks.pop(kind, None)
            return Outcome(task.result(), current=True)
        if kind in self._last:
            return Outcome(self._last[kind], current=False)
        return task.how_far

    def _run(self, kind: str, task: _Task, work: Callable[[Report], object]) -> None:
        try:
            made = work(task.progress)
        except BaseException as error:
            task.set_exception(error)
        else:
            self._last[kind] = made
            task.set_result(made)


def in_background(
    kind: str, work: Callable[[Newsroom, Progress], _Made], patience: float | None = None
) -> Outcome[_Made] | Waiting:
    """What ``work`` gives for the newsroom of this request, or how far it is.

    It is a function of a module, or a partial one: a server has it done by another process.
    """
    workshop: Background = current_app.extensions["tracker-workshop"]
    here = desk()
    edition, room = here.edition(), here.current()
    # A newsroom belongs to one thread, so the work opens its own.
    folder, now = room.workspace.root or room.repository.git_dir, room.workspace.now
    workers = current_app.extensions.get("tracker-workers")

    def worked_out(report: Report) -> _Made:
        if workers is not None:
            found: _Made = workers.work(work, report, alone=kind != "line")
            return found
        return work(Newsroom(folder, now=now, watch=partial(report, commits=True)), report)

    return workshop.ask(kind, edition, worked_out, patience)


def worked_out(kind: str, work: Callable[[Newsroom, Progress], _Made], title: str = "") -> _Made:
    """What ``work`` gives; of the edition before where the newest is still being worked on.

    Where nothing is known yet, the request is answered by how far it is, below the title of a kind
    of page.
    """
    found = in_background(kind, work)
    if isinstance(found, Waiting):
        raise _told_to_wait(title or kind, found)
    if not found.current:
        uncached()
    return found.value


def uncached() -> None:
    """The page that is being made shows an older edition, and must not be kept for this one."""
    g.tag = None


# --- reading all articles before pages are asked that need it ------------------------------------

NEEDED_BY = {
    "newsroom.search": "search",
    "publisher.newsroom_feed": "latest",
    "api.revisions": "latest",
    "api.search": "search",
}
"""What is told of the texts of all articles: the endpoint, and the title a waiting reader sees."""

LISTED_BY = {
    "newsroom.latest": "latest",
    "newsroom.latest_page": "latest",
    "newsroom.of_month": "latest",
    "newsroom.articles": "articles",
    "api.articles": "articles",
}
"""What needs the published history alone, and the texts of the few articles that it shows."""

_FILTERS = frozenset({"kind", "substantive", "untold", "noted"})  # of lists: these need all texts

RETRY_AFTER = "5"  # seconds


def list_all(room: Newsroom, _: Progress) -> None:
    """Bring what is remembered of the published history up to date."""
    if not room.workspace.empty:
        room.count()


def read_all(room: Newsroom, progress: Progress) -> None:
    """Bring what is remembered of the newsroom up to date, its index of words too."""
    if room.workspace.empty:
        return
    room.latest(1, progress, selection=Selection(substantive=True))
    room.search("a", 1)  # makes the index of words where there is none
    room.search("a", 1)  # the words of all articles are brought up to date, too


def read_older(room: Newsroom, progress: Progress) -> None:
    """Make the index of what older versions had, where it is first asked for."""
    room.search_articles("a", 1, older=True, progress=progress)


def read_so_far() -> Waiting | None:
    """How far the first reading is, for a list that is shown before it is done."""
    told = request.environ.get("tracker.reading")  # by the server, to the process that lists
    if told:
        done, whole, commits = map(int, str(told).split())
        return Waiting(done, whole, bool(commits))
    found: Waiting | None = g.get("reading")
    return found


def begin() -> Waiting | None:
    """Begin to read: first the published history, then the articles, the newest first."""
    in_background("line", list_all)
    return how_far()


def how_far() -> Waiting | None:
    """How far the reading of all articles is; None when it is done. The first to ask begins it."""
    found = in_background("reading", read_all)
    if isinstance(found, Outcome):
        return None if found.current else Waiting(0, 0)
    return found


def waiting(kind: str, waits: Waiting) -> Response:
    """The page that says how far the first reading of all articles is; it asks again by itself."""
    response = make_response(page("waiting.html", kind=kind, how_far=waits), 503)
    response.headers["Retry-After"] = response.headers["Refresh"] = RETRY_AFTER
    response.headers["Cache-Control"] = "no-store"
    return response


def install(app: Flask) -> None:
    """Answer by 503 what cannot be answered yet; say on lists how far the reading is."""

    def read_first() -> None:
        if site().files or app.extensions.get("tracker-apart"):
            return
        endpoint = request.endpoint or ""
        if endpoint in LISTED_BY:
            listed = in_background("line", list_all)
            if not isinstance(listed, Outcome):
                raise _told_to_wait(LISTED_BY[endpoint], listed)
            read = in_background("reading", read_all, patience=GLANCE)
            if isinstance(read, Outcome) and read.current:
                return
            if not _FILTERS & {name for name, value in request.args.items() if value}:
                g.reading = read if isinstance(read, Waiting) else None
                uncached()
                return
        if endpoint in LISTED_BY or endpoint in NEEDED_BY:
            waits = how_far()
            if waits is not None:
                raise _told_to_wait(NEEDED_BY.get(endpoint) or LISTED_BY[endpoint], waits)

    app.before_request(read_first)


def _told_to_wait(kind: str, waits: Waiting) -> HTTPException:
    if request.path.startswith("/api/"):
        g.detail = waits.sentence
        return ServiceUnavailable(retry_after=int(RETRY_AFTER))
    return ServiceUnavailable(response=waiting(kind, waits))
