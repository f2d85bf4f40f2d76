"""The pages refuse what is not theirs, say what browsers may do, and are not made twice."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.repositories import Builder
from tests.web_newsroom import WAR_3, build, client, parsed
from tracker.newsroom.newsroom import Newsroom
from tracker.web import create_app, desk
from tracker.web.http import Hosts


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return build(tmp_path_factory.mktemp("web") / "newsroom")


@pytest.fixture
def browser(repository: Builder) -> FlaskClient:
    return client(repository.folder)


# --- hosts, methods, sizes -----------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:80"])
def test_this_machine_is_answered(browser: FlaskClient, host: str) -> None:
    assert browser.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.7", "", "a b",
     "localhost:80:80", "localhost@evil.example", "[::1", "x" * 5000],
)  # fmt: skip
def test_a_request_for_another_host_is_refused(browser: FlaskClient, host: str) -> None:
    answer = browser.get("/", environ_overrides={"HTTP_HOST": host})
    assert answer.status_code == 421
    assert b"Evacuees" not in answer.data
    parsed(answer.data)


def test_the_host_of_the_base_url_and_the_one_listened_on_are_answered() -> None:
    hosts = Hosts("news.local", "https://history.example/record", ["also.example"])
    for name in ("news.local", "history.example:443", "also.example", "localhost"):
        assert hosts.allows(name), name
    assert not hosts.allows("example")
    assert not hosts.allows("192.0.2.7")


def test_who_listens_everywhere_is_asked_by_number_and_not_by_strange_names() -> None:
    hosts = Hosts("0.0.0.0", None)
    assert hosts.allows("192.0.2.7:8000")
    assert hosts.allows("[2001:db8::1]:8000")
    assert not hosts.allows("rebound.example:8000")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_no_request_writes(browser: FlaskClient, method: str) -> None:
    answer = browser.open("/", method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


def test_a_head_request_has_the_headers_and_no_page(browser: FlaskClient) -> None:
    whole, head = browser.get("/article/articles/war/"), browser.head("/article/articles/war/")
    assert head.data == b""
    assert head.headers["ETag"] == whole.headers["ETag"]


@pytest.mark.parametrize("path", ["/?person=" + "x" * 3000, "/article/" + "x" * 5000])
def test_long_addresses_are_refused(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).status_code == 414


def test_a_body_that_is_sent_is_not_read(browser: FlaskClient) -> None:
    assert browser.get("/articles/", data=b"x" * 100_000).status_code in (200, 413)


@pytest.mark.parametrize("path", ["/", "/nothing/", "/static/pages.css", "/?kind=gossip"])
def test_every_answer_says_what_a_browser_may_do(browser: FlaskClient, path: str) -> None:
    headers = browser.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "Server" not in headers
    assert "Set-Cookie" not in headers


# --- errors --------------------------------------------------------------------------------------


def test_a_fault_is_a_page_with_no_trace_of_the_machine(
    repository: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    browser = client(repository.folder)

    def fail(_: object) -> None:
        raise RuntimeError(f"secret \x1b[31m in {repository.folder}")

    monkeypatch.setattr("tracker.web.newsroom_pages.address_of", fail)
    answer = browser.get("/")
    assert answer.status_code == 500
    parsed(answer.data)
    page = answer.data.decode()
    assert "This page could not be made" in page
    for trace in ("secret", str(repository.folder), "Traceback", "RuntimeError", ".py"):
        assert trace not in page
    assert "secret <U+001B>[31m" in caplog.text


def test_settings_that_turn_wrong_are_told_of_in_the_log_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = build(tmp_path / "newsroom")
    browser = client(made.folder)
    assert browser.get("/").status_code == 200
    (made.folder / "tracker.toml").write_text('style = "no such style"\n')
    monkeypatch.setattr(desk, "REFRESH", 0.0)
    answer = browser.get("/")
    assert answer.status_code == 503
    assert b"no such style" not in answer.data
    assert str(made.folder).encode() not in answer.data
    assert "no such style" in caplog.text
    (made.folder / "tracker.toml").write_text("")
    assert browser.get("/").status_code == 200


def test_a_repository_that_goes_away_is_a_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build(tmp_path / "newsroom")
    browser = client(made.folder)
    assert browser.get("/").status_code == 200
    monkeypatch.setattr(desk, "REFRESH", 0.0)
    (made.folder / ".git").rename(tmp_path / "away")
    answer = browser.get("/")
    assert answer.status_code == 503
    assert str(tmp_path).encode() not in answer.data


# --- caching -------------------------------------------------------------------------------------


def test_a_page_that_did_not_change_is_not_sent_again(repository: Builder) -> None:
    browser = client(repository.folder)
    first = browser.get("/history/articles/war/")
    tag = first.headers["ETag"]
    assert not tag.startswith("W/")
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Last-Modified"] == "Sat, 01 Jan 2022 03:00:00 GMT"
    again = browser.get("/history/articles/war/", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == tag
    other = client(repository.folder)  # a new process knows it too, and makes no page for that
    assert other.get("/history/articles/war/", headers={"If-None-Match": tag}).status_code == 304
    assert browser.get("/articles/", headers={"If-None-Match": tag}).status_code == 200
    late = {"If-Modified-Since": "Sat, 01 Jan 2022 03:00:00 GMT"}
    assert browser.get("/history/articles/war/", headers=late).status_code == 304


def test_a_page_that_there_is_not_is_never_unchanged(browser: FlaskClient) -> None:
    answer = browser.get("/article/nothing/", headers={"If-None-Match": "*"})
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_pages_are_compressed_for_those_who_take_it(browser: FlaskClient) -> None:
    plain = browser.get("/article/articles/war/")
    for _ in range(2):  # made, then from memory
        packed = browser.get("/article/articles/war/", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Content-Length"] == str(len(packed.data))
        assert gzip.decompress(packed.data) == plain.data
        assert packed.headers["ETag"] != plain.headers["ETag"]
        assert "Accept-Encoding" in packed.headers["Vary"]
    refused = browser.get("/article/articles/war/", headers={"Accept-Encoding": "gzip;q=0"})
    assert refused.data == plain.data
    tag = packed.headers["ETag"]
    asked = {"Accept-Encoding": "gzip", "If-None-Match": tag}
    assert browser.get("/article/articles/war/", headers=asked).status_code == 304


def test_a_revision_that_is_recorded_meanwhile_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build(tmp_path / "newsroom")
    monkeypatch.setattr(desk, "REFRESH", 0.0)
    browser = client(made.folder)
    before = browser.get("/article/articles/war/")
    (made.folder / "articles/war.md").write_text(WAR_3 + "\nThe second convoy has left.\n")
    subprocess.run(["git", "commit", "-qam", "Left"], cwd=made.folder, check=True)
    after = browser.get("/article/articles/war/", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "The second convoy has left." in after.data.decode()


def test_within_a_second_git_is_not_asked_again(
    repository: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def counted(*values: object, **named: object) -> object:
        opened.append(values)
        return Newsroom(*values, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("tracker.web.desk.Newsroom", counted)
    monkeypatch.setattr(desk, "REFRESH", 3600.0)
    monkeypatch.setattr(desk, "OLDEST", 3600.0)
    browser = create_app(repository.folder).test_client()
    for _ in range(5):
        assert browser.get("/articles/").status_code == 200
    assert len(opened) == 1


def test_pages_of_other_settings_are_other_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build(tmp_path / "newsroom")
    monkeypatch.setattr(desk, "REFRESH", 0.0)
    browser = client(made.folder)
    tag = browser.get("/article/articles/war/").headers["ETag"]
    settings = made.folder / "tracker.toml"
    settings.write_text(settings.read_text().replace("The Harbor Ledger", "The Pier Post"))
    answer = browser.get("/article/articles/war/", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "The Pier Post" in answer.data.decode()


# --- addresses that are none ---------------------------------------------------------------------

BROKEN = (
    "http://[", "http://a]b/", "http://example.com%EF%BC%8F/", "http://[::1", "//", "http:///x",
    "%5B", "http://%E2%84%80.example/", "http://a:b:c/", "http://x/%FF", "%00", "a%0d%0ab",
    "http://example.org:99999/x", "?", "%3F", "..%2f..", "%2e%2e/", "\\\\a", "javascript:x",
)  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_address_is_no_fault(repository: Builder, broken: str) -> None:
    """Wherever an address may stand in another one, and in what a form sends."""
    browser = client(repository.folder, base_url="https://example.org/record")
    for start in (
        "/timegate/", "/article/", "/history/", "/version/20220512114500-9f1c2e7b3d/", "/blame/",
        "/compare/20220512114500-9f1c2e7b3d/20220512114500-9f1c2e7b3d/", "/note/u1/", "/feeds/",
        "/timemap/", "/api/article/", "/static/", "/search/?q=", "/?page=", "/?month=", "/?person=",
        "/compare/?article=", "/api/search?q=", "/api/revisions?month=", "/",
    ):  # fmt: skip
        answer = browser.get(start + broken, headers={"Accept-Datetime": "x", "Host": "localhost"})
        assert answer.status_code < 500, (start, answer.status_code)
        where = answer.headers.get("Location", "")
        assert not where.startswith("//"), (start, where)
        assert "\n" not in where


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/article/articles/war", "/record/article/articles/war/"),
        ("/article/articles/war?x=1", "/record/article/articles/war/?x=1"),
        ("/article/articles/war.md/", "/record/article/articles/war/"),
        ("/history/articles/old-ferry/", "/record/history/articles/ferry/"),
        ("/corrections", "/record/corrections/"),
        ("/article//articles/war/", "/record/article/articles/war/"),
        ("/search", "/record/search/"),
        ("/api/article/articles/war.md", "/record/api/article/articles/war"),
    ],
)
def test_behind_a_proxy_every_redirect_stays_below_the_base_address(
    repository: Builder, asked: str, leads: str
) -> None:
    browser = client(repository.folder, base_url="https://example.org/record")
    answer = browser.get(asked, headers={"Host": "example.org"})
    assert answer.status_code in (301, 302, 307, 308)
    assert answer.headers["Location"].removeprefix("https://example.org") == leads


def test_the_comparison_that_is_chosen_stays_below_the_base_address(repository: Builder) -> None:
    browser = client(repository.folder, base_url="https://example.org/record")
    life = Newsroom(repository.folder).life("articles/war.md")
    old, new = (f"{each.at:%Y%m%d%H%M%S}-{each.commit[:10]}" for each in life.revisions[:2])
    asked = f"/compare/?article=articles/war&old={new}&new={old}"
    answer = browser.get(asked, headers={"Host": "example.org"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/record/compare/{old}/{new}/articles/war/"


@pytest.mark.parametrize(
    "asked",
    ["/search/?q=", "/?person=", "/nothing-", "/article/", "/history/articles/", "/?kind=",
     "/api/search?q="],
)  # fmt: skip
@pytest.mark.parametrize("turning", ["\u202e", "\u2066", "\u2028", "\x1b", "\x85"])
def test_what_a_request_says_turns_no_line_of_the_page(
    browser: FlaskClient, asked: str, turning: str
) -> None:
    answer = browser.get(f"{asked}{quote(turning)}abc")
    assert turning not in answer.text.replace("\\u", "")
