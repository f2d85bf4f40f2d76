"""What articles make costly is done beside the server, and bounded: the others are answered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.killing import limited
from tests.web_newsroom import NOW, WAR_3, build
from tracker.web import create_app
from tracker.web.server import MOST_WAITING, ServedPlace, Workers


def clock(stuck: Path) -> datetime:
    """The present time; where a file is there, a process that asks for it never comes back."""
    while stuck.exists():
        pass
    return NOW


@pytest.fixture
def stuck(tmp_path: Path) -> Path:
    return tmp_path / "stuck"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build(tmp_path / "newsroom").folder


@pytest.fixture
def served(folder: Path, stuck: Path) -> Iterator[Callable[..., Flask]]:
    """Makes an application whose pages of articles are made by processes."""
    made: list[Workers] = []

    def make(**options: float) -> Flask:
        app = create_app(folder, now=lambda: NOW)
        place = ServedPlace(folder, partial(clock, stuck), {}, create_app)
        workers = Workers(place, **options)  # type: ignore[arg-type]
        made.append(workers)
        app.extensions["tracker-workers"] = workers
        return app

    yield make
    stuck.unlink(missing_ok=True)
    for each in made:
        each.close()


def answered(asked: FlaskClient, path: str) -> TestResponse:
    """The page, once a busy machine has made what it tells of."""
    until = time.monotonic() + 60
    while (found := asked.get(path)).status_code == 503 and time.monotonic() < until:
        time.sleep(0.2)
    return found


def test_a_page_is_the_same_from_a_process(served: Callable[..., Flask], folder: Path) -> None:
    apart = served(number=1).test_client()
    alone = create_app(folder, now=lambda: NOW).test_client()
    for path in (
        "/check/",  # until this is there, nobody knows what was deleted
        "/article/articles/war/", "/history/articles/war/", "/blame/articles/war/",
        "/article/articles/gone/", "/history/articles/gone/", "/article/articles/old-ferry/",
        "/timemap/articles/war/", "/feeds/articles/war/atom.xml", "/api/history/articles/war",
        "/api/article/articles/none", "/article/articles/war.md/", "/article/articles/none/",
        "/corrections/", "/api/findings", "/api/changelog", "/",
    ):  # fmt: skip
        first, second = (answered(each, path) for each in (alone, apart))
        assert (first.status_code, first.data) == (second.status_code, second.data), path
        for name in ("Content-Type", "ETag", "Link", "Vary", "Location", "Cache-Control",
                     "Last-Modified"):  # fmt: skip
            assert first.headers.get(name) == second.headers.get(name), (path, name)
    tag = apart.get("/article/articles/war/").headers["ETag"]
    assert apart.get("/article/articles/war/", headers={"If-None-Match": tag}).status_code == 304
    dated = {"Accept-Datetime": "Sat, 01 Jan 2022 12:00:00 GMT"}
    assert (
        alone.get("/article/articles/war/", headers=dated).status_code
        == apart.get("/article/articles/war/", headers=dated).status_code
    )


def test_a_page_that_takes_too_long_is_given_up_and_others_are_made(
    served: Callable[..., Flask], stuck: Path
) -> None:
    browser = served(number=2, limit=0.5).test_client()
    assert browser.get("/article/articles/ferry/").status_code == 200
    time.sleep(1.1)  # then the processes ask for the time again
    stuck.touch()
    answer = browser.get("/article/articles/war/")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Refresh"]
    assert "Traceback" not in answer.text
    stuck.unlink()
    assert browser.get("/history/articles/war/").status_code == 503  # not tried again at once
    assert browser.get("/article/articles/ferry/").status_code == 200
    assert browser.get("/history/articles/ferry/").status_code == 200


def test_one_article_has_never_all_processes_nor_all_threads(
    served: Callable[..., Flask], stuck: Path
) -> None:
    app = served(number=2, limit=20.0)
    client: FlaskClient = app.test_client()
    assert client.get("/article/articles/war/").status_code == 200
    time.sleep(1.1)
    stuck.touch()
    with ThreadPoolExecutor(16) as threads:
        hostile = [
            threads.submit(lambda: app.test_client().get("/history/articles/war/").status_code)
            for _ in range(MOST_WAITING + 4)
        ]
        until = time.monotonic() + 60
        # The first holds a process, eight wait, and the others are told to come back.
        while sum(each.done() for each in hostile) < 3:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert client.get("/static/pages.css").status_code == 200
        stuck.unlink()
        assert client.get("/article/articles/ferry/").status_code in (200, 503)
        assert {each.result(30) for each in hostile} <= {200, 503}
    assert client.get("/article/articles/ferry/").status_code == 200


def test_a_revision_that_is_recorded_shows_from_every_process(
    served: Callable[..., Flask], folder: Path
) -> None:
    app = served(number=2)
    client = app.test_client()
    assert "second convoy has left" not in client.get("/article/articles/war/").text
    (folder / "articles/war.md").write_text(WAR_3 + "\nThe second convoy has left.\n")
    subprocess.run(["git", "commit", "-qam", "Left"], cwd=folder, check=True)
    until = time.monotonic() + 60
    seen = 0
    while seen < 6:
        assert time.monotonic() < until
        seen += "second convoy has left" in client.get("/article/articles/war/").text
        time.sleep(0.3)


def descendants(process: int) -> set[int]:
    said = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    parents = {int(pid): int(parent) for pid, parent in map(str.split, said.stdout.splitlines())}
    found = {process}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def is_there(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_bytes().rpartition(b") ")[2][:1]
    except OSError:
        return False
    return status != b"Z"


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_processes_end_with_their_server(folder: Path, end: signal.Signals) -> None:
    words = [sys.executable, "-m", "tracker", "-C", str(folder), "serve", "--port", "0"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    server = limited(subprocess.Popen(words, stderr=subprocess.PIPE, env=env))
    try:
        assert server.stderr is not None
        assert any(b"The newsroom is at" in line for line in server.stderr)
        until = time.monotonic() + 60
        while len(helpers := descendants(server.pid)) < 4:
            assert time.monotonic() < until
            time.sleep(0.1)
        server.send_signal(end)
        server.wait(60)
        until = time.monotonic() + 60
        while any(map(is_there, helpers)):
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        server.kill()
        server.communicate(timeout=60)
