"""A web server on loopback that a test fills, and a newsroom that follows it by its own clock."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from tests.desk import Desk
from tracker.follow import sites
from tracker.follow.run import Means, Round, run_round
from tracker.follow.state import FollowState
from tracker.newsroom.newsroom import Newsroom

START = datetime(2026, 5, 3, 12, tzinfo=UTC)


class Answer(NamedTuple):
    """What the server sends for a path."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = {}
    etag: bool = True  # a 304 where the client has it already


class Asked(NamedTuple):
    """A request that arrived."""

    path: str
    at: float  # monotonic seconds
    headers: Mapping[str, str]
    body: bytes
    status: int


class Server(ThreadingHTTPServer):
    """Says nothing of clients that were killed."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


class WebSite:
    """Paths and their answers; what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Callable[[], Answer]] = {}
        self.asked: list[Asked] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                found = site.answers.get(self.path, Answer(b"lost", 404))
                answer = found() if callable(found) else found
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                tag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
                same = answer.etag and self.headers.get("If-None-Match") == tag
                status = 304 if same else answer.status
                asked = Asked(self.path, time.monotonic(), dict(self.headers), body, status)
                site.asked.append(asked)
                self.send_response(status)
                if answer.etag:
                    self.send_header("ETag", tag)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if not same:
                    if answer.kind:
                        self.send_header("Content-Type", answer.kind)
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if not same:
                    self.wfile.write(answer.body)

            do_POST = do_GET  # noqa: N815 - http.server asks for the name

            def log_message(self, *_: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def paths(self, *, robots: bool = False) -> list[str]:
        """What was asked, in order."""
        return [each.path for each in self.asked if robots or each.path != "/robots.txt"]

    def page(self, path: str, html: str, **more: Any) -> None:
        self.answers[path] = Answer(html.encode(), **more)

    def feed(self, *paths: str, guid: str = "{}", query: str = "") -> None:
        """A feed at /feed with these articles."""
        items = "".join(
            f"<item><title>T</title><link>{self.url}{path}{query}</link>"
            f"<guid>{guid.format(path)}</guid></item>"
            for path in paths
        )
        text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Paper</title>{items}'
        self.answers["/feed"] = Answer(f"{text}</channel></rss>".encode(), kind="text/xml")

    @property
    def date(self) -> str:
        return format_datetime(START)


@contextmanager
def serving() -> Iterator[WebSite]:
    site = WebSite()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()
        thread.join(60)


class Watch:
    """A newsroom that follows sites, and the time there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = START
        self.environment: dict[str, str] = {}

    def follow(self, toml: str, *, private: bool = True) -> None:
        allowed = 'allow-private = ["127.0.0.0/8"]\n' if private else ""
        (self.folder / "follow.toml").write_text(f"[follow]\n{allowed}{toml}")
        (self.folder / ".git" / "info").mkdir(exist_ok=True)
        (self.folder / ".git" / "info" / "exclude").write_text("follow.toml\nwarc/\n")

    @contextmanager
    def means(self) -> Iterator[Means]:
        followed = sites.read((self.folder / "follow.toml").read_text())
        with FollowState(self.folder / ".git" / "tracker" / "follow.sqlite3") as state:
            yield Means(self.folder, followed, state, lambda: self.now, self.environment)

    def round(self, **later: float) -> Round:
        """One round, after some time has gone by: ``hours=1``."""
        self.now += timedelta(**(later or {"hours": 4}))
        with self.means() as means:
            return run_round(means)

    @property
    def room(self) -> Newsroom:
        return Newsroom(self.folder, now=self.now)


def watching(desk: Desk) -> Watch:
    desk.ok("init", ".", "--followed", "--timezone", "UTC", "--name", "Watch")
    return Watch(desk.folder)
