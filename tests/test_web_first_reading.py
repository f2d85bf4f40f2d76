"""While all articles are read for the first time, readers are told so and articles are shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web_newsroom import build, client
from tracker.model import Progress
from tracker.newsroom.newsroom import Newsroom
from tracker.web import background


@pytest.fixture(autouse=True)
def lists_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "GLANCE", 0.0)


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A browser of a newsroom whose first reading does not end before the test does."""
    build(tmp_path)
    ended = threading.Event()

    def read_all(_: Newsroom, progress: Progress) -> None:
        progress(3, 8)
        ended.wait(60)

    monkeypatch.setattr(background, "read_all", read_all)
    browser = client(tmp_path)
    browser.application.extensions["tracker-workshop"]._patience = 0.05
    yield browser
    ended.set()


def asked(browser: FlaskClient, path: str, words: str) -> TestResponse:
    """The answer to a request, as soon as it has these words."""
    until = time.monotonic() + 60
    while words not in (answer := browser.get(path)).text:
        assert time.monotonic() < until, answer.text
    return answer


@pytest.mark.parametrize("path", ["/", "/articles/", "/?person=Ada+Editor"])
def test_a_list_is_there_before_all_articles_are_read_and_says_so(
    slow: FlaskClient, path: str
) -> None:
    answer = asked(slow, path, "3 of 8 articles are read so far")
    assert answer.status_code == 200
    assert "ETag" not in answer.headers
    if path != "/?person=Ada+Editor":
        assert "steelworks" in answer.text


@pytest.mark.parametrize("path", ["/", "/articles/", "/api/articles"])
def test_a_list_waits_for_the_history_and_asks_again_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    build(tmp_path)
    ended = threading.Event()
    monkeypatch.setattr(background, "list_all", lambda *_: ended.wait(60))
    browser = client(tmp_path)
    browser.application.extensions["tracker-workshop"]._patience = 0.05
    try:
        answer = browser.get(path)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert path.startswith("/api") or answer.headers["Refresh"] == "5"
    finally:
        ended.set()
    assert asked(browser, path, "steelworks").status_code == 200


@pytest.mark.parametrize(
    "path", ["/?substantive=1", "/?kind=correction", "/search/?q=a", "/feeds/atom.xml"]
)
def test_a_page_of_all_articles_says_how_far_it_is(slow: FlaskClient, path: str) -> None:
    answer = asked(slow, path, "3 of 8")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == answer.headers["Refresh"] == "5"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "The articles are being read for the first time: 3 of 8." in answer.text


@pytest.mark.parametrize("path", ["/api/revisions", "/api/search?q=a"])
def test_the_api_says_how_far_it_is(slow: FlaskClient, path: str) -> None:
    answer = slow.get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.get_json()["detail"] == "The articles are being read: 3 of 8. Ask again."


def test_one_article_and_what_is_not_there_do_not_wait(slow: FlaskClient) -> None:
    for page in ("article", "history", "blame", "api/history"):
        end = "" if page.startswith("api") else "/"
        assert slow.get(f"/{page}/articles/ferry{end}").status_code == 200, page
    assert slow.get("/article/%ff%fe/").status_code == 404
    assert slow.get("/nowhere").status_code == 404


def test_after_the_reading_all_is_there(tmp_path: Path) -> None:
    build(tmp_path)
    browser = client(tmp_path)
    browser.application.extensions["tracker-workshop"]._patience = 60
    assert browser.get("/").status_code == 200
    assert browser.get("/article/articles/old-ferry/").status_code == 301


@pytest.mark.parametrize("name", ["substantive", "untold"])
def test_a_filter_that_no_form_sends_is_refused(tmp_path: Path, name: str) -> None:
    build(tmp_path)
    browser = client(tmp_path)
    browser.application.extensions["tracker-workshop"]._patience = 60
    assert browser.get(f"/?{name}=maybe").status_code == 400
    assert browser.get(f"/?{name}=1").status_code == 200
    assert browser.get(f"/?{name}=").status_code == 200
