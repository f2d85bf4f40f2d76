"""Old versions by date (RFC 7089): TimeGates, mementos and TimeMaps, also as a real client asks."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from memento_client.memento_client import MementoClient
from werkzeug.test import TestResponse

from tests.desk import Desk
from tests.repositories import Builder, run
from tracker.web import create_app
from tracker.web.memento import read_date

NOW = datetime(2022, 6, 1, 16, tzinfo=UTC)
BASE = "https://example.com/changes"
FIRST, SECOND, LAST = (
    "Tue, 10 May 2022 20:30:00 GMT",
    "Thu, 12 May 2022 11:45:00 GMT",
    "Fri, 20 May 2022 12:00:00 GMT",
)
LINK = re.compile(r'<([^>]*)>((?:; [a-z]+="[^"]*")*)')


def record(desk: Desk, name: str, text: str, at: str) -> None:
    desk.write(name, text)
    desk.ok("record", name, "--at", at)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions that readers saw, after a draft that they did not."""
    builder = Builder(tmp_path_factory.mktemp("memento"))
    draft = "---\ntitle: The ferry\ndraft: true\n---\n\nOne.\n"
    out = draft.replace("draft: true\n", "")
    for at, text in (
        ("2022-05-09T08:00:00-04:00", draft),
        ("2022-05-10T16:30:00-04:00", out),
        ("2022-05-12T07:45:00-04:00", out + "Two.\n"),
        ("2022-05-20T08:00:00-04:00", out + "Two.\nThree.\n"),
    ):
        builder.commit(at, at=at, write={"posts/ferry.md": text})
    builder.build(checkout=True)
    return builder.folder


@pytest.fixture
def ferry(built: Path, desk: Desk) -> Desk:
    """The same, to be changed."""
    shutil.copytree(built, desk.folder, dirs_exist_ok=True)
    return desk


def client(folder: Path, base: str | None = BASE) -> FlaskClient:
    return create_app(folder, base_url=base, now=lambda: NOW).test_client()


@cache
def reader(folder: Path) -> FlaskClient:
    """One client of a newsroom in which nothing is written."""
    return client(folder)


def ask(at: FlaskClient, path: str, when: str | None = None) -> TestResponse:
    host = {"Host": "example.com"} | ({"Accept-Datetime": when} if when else {})
    return at.get(path, headers=host)


def links(text: str) -> list[tuple[str, dict[str, str]]]:
    """The links of a header or of a TimeMap."""
    found = LINK.findall(text)
    rest = LINK.sub("", text).strip()
    assert re.fullmatch(r"(,\s*)*", rest), rest
    return [(url, dict(re.findall(r'([a-z]+)="([^"]*)"', more))) for url, more in found]


def relations(text: str) -> dict[str, str]:
    return {more["rel"]: url for url, more in links(text)}


def stamps(folder: Path) -> list[str]:
    """The stamps of the versions that readers saw, oldest first."""
    words = ["log", "--format=%h %ad", "--abbrev=10", "--date=format-local:%Y%m%d%H%M%S"]
    lines = run(folder, *words).decode()
    pairs = [line.split() for line in lines.splitlines()]
    return [f"{at}-{commit}" for commit, at in reversed(pairs) if "20220510" <= at < "20220601"]


@pytest.mark.parametrize(
    ("when", "which"),
    [
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("Mon, 09 May 2022 12:30:00 GMT", 0),
        (FIRST, 0),
        ("Thu, 12 May 2022 11:44:59 GMT", 0),
        (SECOND, 1),
        ("Thu, 12 May 2022 12:00:00 GMT", 1),
        (LAST, 2),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 2),
    ],
)
def test_the_articles_address_leads_to_the_version_of_a_date(
    built: Path, when: str, which: int
) -> None:
    at = reader(built)
    answer = ask(at, "/article/posts/ferry/", when)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{BASE}/version/{stamps(built)[which]}/posts/ferry/"
    assert "accept-datetime" in answer.vary
    found = dict(links(answer.headers["Link"]))
    assert found[f"{BASE}/article/posts/ferry/"] == {"rel": "original timegate"}
    assert found[f"{BASE}/timemap/posts/ferry/"] == {
        "rel": "timemap",
        "type": "application/link-format",
        "from": FIRST,
        "until": LAST,
    }
    memento = ask(at, answer.headers["Location"].removeprefix(BASE))
    assert memento.status_code == 200
    assert memento.headers["Memento-Datetime"] == (FIRST, SECOND, LAST)[which]
    assert "accept-datetime" not in memento.vary


def test_without_a_date_the_article_stands_there_and_names_its_timegate(built: Path) -> None:
    at = reader(built)
    for _ in range(2):  # made, and as it was kept
        answer = ask(at, "/article/posts/ferry/")
        assert answer.status_code == 200
        assert "accept-datetime" in answer.vary
        assert "Memento-Datetime" not in answer.headers
        assert relations(answer.headers["Link"]) == {
            "original timegate": f"{BASE}/article/posts/ferry/",
            "timemap": f"{BASE}/timemap/posts/ferry/",
        }


def test_a_memento_links_to_those_around_it(built: Path) -> None:
    one, two, three = stamps(built)
    at = reader(built)
    for _ in range(2):
        answer = ask(at, f"/version/{two}/posts/ferry/")
        found = links(answer.headers["Link"])
        assert [(more["rel"], more.get("datetime")) for _, more in found] == [
            ("original timegate", None),
            ("timemap", None),
            ("first prev memento", FIRST),
            ("memento", SECOND),
            ("next last memento", LAST),
        ]
        assert [url.split("/")[5] for url, _ in found[2:]] == [one, two, three]
        assert answer.headers["Memento-Datetime"] == SECOND
    assert "\n" not in answer.headers["Link"]


def test_a_draft_is_no_memento(ferry: Desk) -> None:
    draft = ferry.git("log", "--format=%h", "--abbrev=10", "--", "posts").split()[-1]
    answer = ask(client(ferry.folder), f"/version/20220509120000-{draft}/posts/ferry/")
    assert answer.status_code == 200
    assert "Memento-Datetime" not in answer.headers
    record(ferry, "posts/only.md", "---\ndraft: true\n---\n\nOne.\n", "2022-05-11T08:00-04:00")
    at = client(ferry.folder)
    refused = ask(at, "/article/posts/only/", SECOND)
    assert refused.status_code == 404
    assert "accept-datetime" in refused.vary
    assert ask(at, "/timemap/posts/only/").status_code == 404


@pytest.mark.parametrize(
    "when",
    [
        "yesterday",
        "2022-05-12T11:45:00Z",
        "Thu, 12 May 2022 11:45:00 +0000",
        "Thursday, 12-May-22 11:45:00 GMT",
        "Thu, 31 Jun 2022 11:45:00 GMT",
        "Thu, 12 May 2022 25:45:00 GMT",
        "Thu, 12 Mai 2022 11:45:00 GMT",
        "Thu, 12 May ٢٠٢٢ 11:45:00 GMT".encode().decode("latin-1"),
        " ",
    ],
)
def test_a_date_that_is_none_is_refused(built: Path, when: str) -> None:
    at = reader(built)
    for path in ("/article/posts/ferry/", f"/timegate/{BASE}/article/posts/ferry/"):
        answer = at.get(path, headers={"Host": "example.com", "Accept-Datetime": when})
        assert answer.status_code == 400
        assert "accept-datetime" in answer.vary


def test_dates_are_read_strictly() -> None:
    assert read_date(SECOND) == datetime(2022, 5, 12, 11, 45, tzinfo=UTC)
    assert read_date("Thu, 29 Feb 2024 00:00:00 GMT") == datetime(2024, 2, 29, tzinfo=UTC)
    assert read_date("Wed, 29 Feb 2023 00:00:00 GMT") is None
    assert read_date("Thu, 01 Jan 0000 00:00:00 GMT") is None


def test_a_timemap_lists_every_version_that_readers_saw(built: Path) -> None:
    answer = ask(reader(built), "/timemap/posts/ferry/")
    assert answer.headers["Content-Type"] == "application/link-format"
    found = links(answer.text)
    assert [more for _, more in found] == [
        {"rel": "original timegate"},
        {"rel": "self", "type": "application/link-format", "from": FIRST, "until": LAST},
        {"rel": "first memento", "datetime": FIRST},
        {"rel": "memento", "datetime": SECOND},
        {"rel": "last memento", "datetime": LAST},
    ]
    assert [url for url, _ in found[2:]] == [
        f"{BASE}/version/{stamp}/posts/ferry/" for stamp in stamps(built)
    ]


def test_one_version_is_first_and_last(newsroom: Desk) -> None:
    record(newsroom, "a.md", "# A\n\nOne.\n", "2022-05-10T16:30-04:00")
    answer = ask(client(newsroom.folder), "/timemap/a/")
    assert list(relations(answer.text)) == ["original timegate", "self", "first last memento"]


def test_two_versions_in_one_second_are_told_apart(newsroom: Desk) -> None:
    for words in ("One", "Two", "Three"):
        newsroom.write("a.md", f"# A\n\n{words}.\n")
        newsroom.git("add", "a.md")
        newsroom.git("commit", "-q", "-m", words, "--date=2022-05-10T16:30:00-0400")
    at = client(newsroom.folder)
    found = [url for url, more in links(ask(at, "/timemap/a/").text) if "datetime" in more]
    assert len(set(found)) == 3
    shown = [ask(at, url.removeprefix(BASE)).text for url in found]
    assert ["One." in shown[0], "Two." in shown[1], "Three." in shown[2]] == [True] * 3
    assert ask(at, "/article/a/", FIRST).headers["Location"] == found[2]
    before = ask(at, "/article/a/", "Tue, 10 May 2022 20:29:59 GMT")
    assert before.headers["Location"] == found[0]


def test_versions_count_in_the_order_in_which_readers_saw_them(newsroom: Desk) -> None:
    record(newsroom, "a.md", "# A\n\nOne.\n", "2022-05-12T07:45-04:00")
    newsroom.write("a.md", "# A\n\nTwo.\n")
    newsroom.git("commit", "-q", "-am", "Late", "--date=2022-05-10T16:30:00-0400")
    at = client(newsroom.folder)
    times = [
        more["datetime"] for _, more in links(ask(at, "/timemap/a/").text) if "datetime" in more
    ]
    assert times == [SECOND, SECOND]
    assert "20220510203000-" in ask(at, "/article/a/", LAST).headers["Location"]


def test_a_deleted_article_is_still_found_by_date(ferry: Desk) -> None:
    ferry.git("rm", "-q", "posts/ferry.md")
    ferry.git("commit", "-q", "-m", "Delete")
    at = client(ferry.folder)
    assert ask(at, "/article/posts/ferry/").status_code == 410
    answer = ask(at, "/article/posts/ferry/", SECOND)
    assert answer.headers["Location"] == f"{BASE}/version/{stamps(ferry.folder)[1]}/posts/ferry/"
    assert ask(at, "/timemap/posts/ferry/").status_code == 200


def test_an_article_that_moved_is_found_by_its_old_address(ferry: Desk) -> None:
    (ferry.folder / "posts/old").mkdir()
    ferry.git("mv", "posts/ferry.md", "posts/old/ferry.md")
    ferry.git("commit", "-q", "-m", "Move")
    at = client(ferry.folder)
    answer = ask(at, "/article/posts/ferry/", SECOND)
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/article/posts/old/ferry/")
    assert ask(at, "/article/posts/old/ferry/", SECOND).status_code == 302
    assert ask(at, "/timemap/posts/ferry/").status_code == 301


def test_the_publishers_own_address_has_a_timegate(ferry: Desk) -> None:
    ferry.write(
        "tracker.toml",
        'timezone = "America/New_York"\n[site]\narticle = "https://news.example.com/{year}/{month}/{slug}.html?v=1"\n',
    )
    at = client(ferry.folder)
    original = "https://news.example.com/2022/05/ferry.html?v=1"
    answer = ask(at, f"/timegate/{original}", SECOND)
    assert answer.status_code == 302
    version = f"{BASE}/version/{stamps(ferry.folder)[1]}/posts/ferry/"
    assert answer.headers["Location"] == version
    assert relations(answer.headers["Link"])["original"] == original
    assert relations(answer.headers["Link"])["timegate"] == f"{BASE}/timegate/{original}"
    assert (
        ask(at, f"/timegate/{original}")
        .headers["Location"]
        .endswith(f"{stamps(ferry.folder)[2]}/posts/ferry/")
    )
    for wrong in (
        "https://news.example.com/2022/06/ferry.html?v=1",
        "https://news.example.com/2022/05/tram.html?v=1",
        "https://other.example.com/2022/05/ferry.html?v=1",
        "nonsense",
    ):
        assert ask(at, f"/timegate/{wrong}", SECOND).status_code == 404


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The pages on a port of this machine."""
    from waitress.server import create_server

    app = create_app(folder, now=lambda: NOW)
    server = create_server(app, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(server.close)  # in the thread that waits on it
        thread.join(timeout=5)
        server.task_dispatcher.shutdown()


def instant(*when: int) -> datetime:
    """UTC without saying so, as the client wants it."""
    return datetime(*when, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc,arg-type]


def test_a_client_finds_the_version_of_a_date(built: Path) -> None:
    """memento-client asks a TimeGate that takes the original's address after a slash."""
    with served(built) as base:
        original = f"{base}/article/posts/ferry/"
        with MementoClient(timegate_uri=f"{base}/timegate/") as asking:
            found = asking.get_memento_info(original, instant(2022, 5, 15, 12))
            assert found["original_uri"] == original
            closest = found["mementos"]["closest"]
            one, two, three = stamps(built)
            assert closest["uri"] == [f"{base}/version/{two}/posts/ferry/"]
            assert closest["datetime"] == instant(2022, 5, 12, 11, 45)
            assert closest["http_status_code"] == 200
            around = {name: each["uri"] for name, each in found["mementos"].items()}
            assert around["first"] == around["prev"] == [f"{base}/version/{one}/posts/ferry/"]
            assert around["last"] == around["next"] == [f"{base}/version/{three}/posts/ferry/"]
            early = asking.get_memento_info(original, instant(2001, 1, 1))
            assert early["mementos"]["closest"]["uri"] == around["first"]
            # Asked for a memento, it finds the original and its TimeGate by the headers.
            again = asking.get_memento_info(around["last"][0], instant(2022, 5, 15))
            assert again["mementos"]["closest"]["uri"] == closest["uri"]
            assert again["original_uri"] == original
            assert MementoClient.is_memento(closest["uri"][0])
            assert MementoClient.is_timegate(original)
