"""Reading all articles before pages are asked that need it: in the background, and bounded.

A newsroom whose catalog is not there, or is to be made anew, is read for half a minute where it is
large. Whoever asks meanwhile for what is told of all articles is told how far it is (503); the
pages of one article do not wait for it.
"""

from __future__ import annotations

from flask import Flask, Response, request

from tracker.model import Selection
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.scope import Progress
from tracker.web.background import Found, Waiting, in_background
from tracker.web.links import site

NEEDED_BY = {
    "newsroom.latest": "latest",
    "newsroom.latest_page": "latest",
    "newsroom.of_month": "latest",
    "newsroom.articles": "articles",
    "newsroom.search": "search",
    "feeds.atom": "latest",
    "feeds.json": "latest",
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
    if isinstance(found, Found):
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
