"""A newsroom whose language is not English: no page of it has an English word of ours."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import html5lib
import pytest
from flask.testing import FlaskClient

from tests.many_languages import PAGES, STYLES, build, english_only
from tests.web_newsroom import client
from tracker.model import Progress
from tracker.web import background


class Newsroom:
    """A browser of a newsroom, and what its pages show and say aloud."""

    def __init__(self, folder: Path, code: str) -> None:
        self.code = code
        build(folder, code, articles="la")
        self.browser: FlaskClient = client(folder)
        self._pages: dict[str, str] = {}

    def page(self, path: str) -> str:
        if path not in self._pages:
            answer = self.browser.get(path)
            assert answer.status_code in (200, 400, 404, 410), (path, answer.status_code)
            self._pages[path] = answer.text
        return self._pages[path]

    def every(self) -> Iterator[tuple[str, str]]:
        """Each page of the list, and each that a history or a note's line leads to."""
        waiting = list(PAGES)
        seen: set[str] = set()
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            page = self.page(path)
            yield path, page
            links = re.findall(
                r'href="(/(?:change|change-sides|compare|version|note)/[^"#]*)"', page
            )
            waiting += links


@pytest.fixture(scope="module", params=sorted(STYLES))
def newsroom(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """One in each language."""
    return Newsroom(tmp_path_factory.mktemp(f"acta-{request.param}"), request.param)


def said(page: str) -> list[str]:
    """What a page shows and what is read aloud of it, piece by piece, but commands to type."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    found: list[str] = []
    for element in tree.iter():
        if element.tag in ("code", "script", "style"):
            found.append(element.tail or "")
            continue
        found += [element.text or "", element.tail or ""]
        for name, value in element.attrib.items():
            if name in ("aria-label", "title", "alt", "placeholder") or name.startswith("data-"):
                found.append(value)
    return [" ".join(each.split()) for each in found if each.strip()]


def test_no_page_has_english_words_of_ours(newsroom: Newsroom) -> None:
    wanted = re.compile(
        r"(?<!\w)(?:" + "|".join(map(re.escape, english_only(newsroom.code))) + r")(?!\w)",
        re.IGNORECASE,
    )
    kinds = set()
    for path, page in newsroom.every():
        kinds.add(path.split("/")[1])
        for piece in said(page):
            assert not wanted.search(piece), (path, piece)
    assert {"change", "change-sides", "compare", "version", "note", "blame"} <= kinds


def test_the_pages_have_what_is_looked_at(newsroom: Newsroom) -> None:
    """Findings of most rules, moves, what cannot be seen, notes: or the other test shows little."""
    board = newsroom.page("/check/")
    rules = set(re.findall(r'class="finding finding-([a-z-]+)"', board))
    assert rules >= {
        "silent-change", "unpublished", "note-dropped", "note-reworded", "note-without-change",
        "note-date", "date-moved", "footer-out-of-step",
    }  # fmt: skip
    pages = dict(newsroom.every())
    assert any("tracker-move" in page for page in pages.values())
    assert any("tracker-unseen" in page for page in pages.values())
    assert any("tracker-remark" in page for page in pages.values())
    assert any("<dt>" in page for page in pages.values())


def test_a_page_and_the_words_of_its_article_say_their_languages(newsroom: Newsroom) -> None:
    for path, page in newsroom.every():
        assert f'<html lang="{newsroom.code}' in page, path
    history = newsroom.page("/history/acta/bellum/")
    assert '<bdi lang="la">59</bdi>' in history
    assert '<h1 dir="auto" lang="la">Abutere</h1>' in history
    assert 'lang="' not in newsroom.page("/history/acta/novus/").partition("<main")[2]


def test_a_feed_is_in_the_language_too(newsroom: Newsroom) -> None:
    wanted = re.compile(
        r"(?<!\w)(?:" + "|".join(map(re.escape, english_only(newsroom.code))) + r")(?!\w)"
    )
    feed = newsroom.browser.get("/feeds/feed.json").get_json()
    assert feed["language"] == newsroom.code
    for item in feed["items"]:
        for name in ("title", "summary", "content_text"):
            assert not wanted.search(item[name]), item[name]


def test_a_page_that_is_waited_for_says_so_in_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path, "de")
    ended = threading.Event()

    def read_all(_: object, progress: Progress) -> None:
        progress(3, 8)
        ended.wait(60)

    monkeypatch.setattr(background, "read_all", read_all)
    browser = client(tmp_path)
    browser.application.extensions["tracker-workshop"]._patience = 0.05
    shown = " ".join(said(browser.get("/search/?q=a").text))
    ended.set()
    assert "Die Artikel werden zum ersten Mal gelesen: 3 von 8." in shown
    assert "The articles" not in shown
