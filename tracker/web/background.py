"""Long work for a page: begun once for an edition, in a thread of its own, and kept.

Checking a newsroom of thousands of articles for the first time takes longer than anybody waits for
a page. The first request begins it; each request waits a moment, and is then told how far it is.
While the newest edition is worked on, pages show what was found for the one before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from flask import Flask, Response, current_app, g, request

from tracker.model import Progress, Selection
from tracker.newsroom.newsroom import Newsroom
from tracker.web.addresses import site
from tracker.web.desk import Edition, desk

PATIENCE = 2.0
"""Seconds that a request waits for the work of others."""

_Made = TypeVar("_Made")


class Waiting(NamedTuple):
    """The work is not done yet, and nothing older is known."""

    done: int  # articles
    whole: int  # articles; 0 while they are being counted


class Outcome(NamedTuple, Generic[_Made]):
    """What came of the work."""

    value: _Made
    current: bool  # False: of an older edition; the newest is being worked on


class _Task:
    """One piece of work for one edition."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.value: object = None
        self.error: BaseException | None = None
        self.done = self.whole = 0

    def progress(self, done: int, whole: int) -> None:
        """Called by the work itself."""
        self.done, self.whole = done, whole


class Background:
    """Where long work is done, one piece of a kind at a time."""

    def __init__(self, *, waits: bool = True) -> None:
        # Where pages are written to files, nobody is waiting: each is made when its work is done.
        self._patience = PATIENCE if waits else None
        self._lock = threading.Lock()
        self._tasks: dict[tuple[str, Edition], _Task] = {}
        self._last: dict[str, _Task] = {}  # the newest that ended well, by kind

    def ask(
        self, kind: str, edition: Edition, work: Callable[[Progress], _Made]
    ) -> Outcome[_Made] | Waiting:
        """What ``work`` gives for an edition; it is done in another thread, once.

        Raises what the work raised; the next request tries again.
        """
        key = kind, edition
        with self._lock:
            task = self._tasks.get(key)
            if task is None:
                for old in [each for each in self._tasks if each[0] == kind]:
                    if self._tasks[old].ended.is_set():
                        del self._tasks[old]
                busy = next((t for each, t in self._tasks.items() if each[0] == kind), None)
                if busy is None:
                    task = self._tasks[key] = _Task()
                    threading.Thread(
                        target=self._run, args=(kind, task, work), name=kind, daemon=True
                    ).start()
            else:
                busy = task
        mine = task or busy
        assert mine is not None
        mine.ended.wait(self._patience)
        if task is not None and task.ended.is_set():
            if task.error is not None:
                with self._lock:
                    self._tasks.pop(key, None)
                raise task.error
            return Outcome(task.value, current=True)  # type: ignore[arg-type]
        last = self._last.get(kind)
        if last is not None:
            return Outcome(last.value, current=False)  # type: ignore[arg-type]
        return Waiting(mine.done, mine.whole)

    def _run(self, kind: str, task: _Task, work: Callable[[Progress], object]) -> None:
        try:
            task.value = work(task.progress)
            self._last[kind] = task
        except BaseException as error:
            task.error = error
        finally:
            task.ended.set()


def in_background(
    kind: str, work: Callable[[Newsroom, Progress], _Made]
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

    def worked_out(progress: Progress) -> _Made:
        if workers is not None:
            found: _Made = workers.work(work, progress)
            return found
        return work(Newsroom(folder, now=now, watch=progress), progress)

    return workshop.ask(kind, edition, worked_out)


def uncached() -> None:
    """The page that is being made shows an older edition, and must not be kept for this one."""
    g.tag = None


# --- reading all articles before pages are asked that need it -------------------------------------

NEEDED_BY = {
    "newsroom.latest": "latest",
    "newsroom.latest_page": "latest",
    "newsroom.of_month": "latest",
    "newsroom.articles": "articles",
    "newsroom.search": "search",
    "publisher.atom": "latest",
    "publisher.json": "latest",
    "api.articles": "articles",
    "api.revisions": "latest",
    "api.search": "search",
}
"""What is told of all articles: the endpoint, and the page whose title a waiting reader sees."""

RETRY_AFTER = "5"  # seconds


def read_all(room: Newsroom, progress: Progress) -> None:
    """Bring what is remembered of the newsroom up to date, its index of words too."""
    if room.repository.head is None and room.settings.branch is None:
        return
    room.latest(1, progress, selection=Selection(substantive=True))
    room.search("a", 1)  # makes the index of words where there is none
    room.search("a", 1)  # the words of all articles are brought up to date, too


def how_far() -> Waiting | None:
    """How far the reading of all articles is; None when it is done. The first to ask begins it."""
    found = in_background("reading", read_all)
    if isinstance(found, Outcome):
        return None if found.current else Waiting(0, 0)
    return found


def install(app: Flask) -> None:
    """Answer what needs all articles by 503 until they are read."""

    def wait() -> Response | None:
        kind = NEEDED_BY.get(request.endpoint or "")
        if kind is None or site().files:
            return None
        waits = how_far()
        if waits is None:
            return None
        if request.path.startswith("/api/"):
            from tracker.web.api import Problem

            detail = f"The articles are being read: {waits.done} of {waits.whole}. Ask again."
            raise Problem(503, detail, **{"Retry-After": RETRY_AFTER})
        from tracker.web.publisher_pages import waiting

        return waiting(kind, waits)

    app.before_request(wait)
