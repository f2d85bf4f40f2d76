"""Pages are fetched as a good guest does, within bounds, and never from a private network."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from tests.followed_site import Answer, WebSite, serving
from tracker.follow.fetch import Fetched, Fetcher, FetchError, Host, Manners, is_public, resolve

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC).timestamp()
HERE = ("127.0.0.0/8",)


@pytest.fixture
def site() -> Iterator[WebSite]:
    with serving() as found:
        yield found


class Guest:
    """A fetcher that keeps what it learns of hosts, and the names that it is told."""

    def __init__(self, **manners: object) -> None:
        self.hosts: dict[str, Host] = {}
        self.names: dict[str, Sequence[str]] = {}
        self.now = NOW
        values = {"agent": "article-tracker/0.1 (+test)", "pause": 0.0, "allow_private": HERE}
        self.manners = Manners(**{**values, **manners})  # type: ignore[arg-type]

    async def _find(self, name: str, port: int) -> Sequence[str]:
        return self.names[name] if name in self.names else await resolve(name, port)

    def get(self, *urls: str, most: int = 2**20, **conditions: str) -> list[Fetched | FetchError]:
        async def one(fetcher: Fetcher, url: str) -> Fetched | FetchError:
            try:
                return await fetcher.get(url, self.manners, conditions, most=most)
            except FetchError as error:
                return error

        async def all_of_them() -> list[Fetched | FetchError]:
            def host(name: str) -> Host:
                return self.hosts.setdefault(name, Host(name))

            async with Fetcher(lambda: self.now, host, find=self._find) as fetcher:
                return await asyncio.gather(*(one(fetcher, url) for url in urls))

        for host in self.hosts.values():
            host.lock = asyncio.Lock()
        return asyncio.run(all_of_them())

    def page(self, url: str, **more: int) -> Fetched:
        (found,) = self.get(url, **more)  # type: ignore[arg-type]
        assert isinstance(found, Fetched), found
        return found

    def trouble(self, url: str, **more: int) -> FetchError:
        (found,) = self.get(url, **more)  # type: ignore[arg-type]
        assert isinstance(found, FetchError), found
        return found


# --- robots.txt -----------------------------------------------------------------------------------


def test_robots_bars_what_it_names_and_nothing_else(site: WebSite) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /private\n")
    site.page("/a", "<p>a</p>")
    site.page("/private/b", "<p>b</p>")
    guest = Guest()
    assert guest.page(f"{site.url}/a").status == 200
    assert guest.trouble(f"{site.url}/private/b").trouble == "barred"
    assert site.paths(robots=True) == ["/robots.txt", "/a"]
    assert Guest(robots=False).page(f"{site.url}/private/b").status == 200


@pytest.mark.parametrize(("status", "barred"), [(404, False), (403, False), (500, True)])
def test_robots_that_cannot_be_had(site: WebSite, status: int, *, barred: bool) -> None:
    site.answers["/robots.txt"] = Answer(b"Disallow: /", status)
    site.page("/a", "<p>a</p>")
    (found,) = Guest().get(f"{site.url}/a")
    assert isinstance(found, FetchError) == barred
    if isinstance(found, FetchError):
        assert found.trouble in ("barred", "error")


def test_a_redirect_into_what_robots_bars_is_not_followed(site: WebSite) -> None:
    site.page("/robots.txt", "User-agent: article-tracker\nDisallow: /private\n")
    site.answers["/a"] = Answer(status=302, headers={"Location": "/private/b"})
    assert Guest().trouble(f"{site.url}/a").trouble == "barred"
    assert "/private/b" not in site.paths()


def test_crawl_delay_is_kept_and_other_hosts_are_not_slowed(site: WebSite) -> None:
    site.page("/robots.txt", "User-agent: *\nCrawl-delay: 1\n")
    with serving() as other:
        for each in (site, other):
            for path in "ab":
                each.page(f"/{path}", "<p>x</p>")
        urls = [f"{each.url}/{path}" for path in "ab" for each in (site, other)]
        assert all(isinstance(each, Fetched) for each in Guest().get(*urls))
        times = [asked.at for asked in site.asked]
        assert all(later - earlier >= 0.5 for earlier, later in pairwise(times))
        assert len(times) == 3
        assert other.asked[-1].at < site.asked[-1].at


def test_one_request_at_a_time_to_a_host(site: WebSite) -> None:
    busy: list[int] = []
    most: list[int] = []

    def slow() -> Answer:
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.05)
        busy.pop()
        return Answer(b"<p>x</p>", etag=False)

    for path in "abcdef":
        site.answers[f"/{path}"] = slow
    Guest().get(*(f"{site.url}/{path}" for path in "abcdef"))
    assert max(most) == 1


def test_it_says_who_it_is(site: WebSite) -> None:
    site.page("/a", "<p>a</p>")
    Guest(headers={"Cookie": "subscriber=1"}).page(f"{site.url}/a")
    assert site.asked[-1].headers["User-Agent"] == "article-tracker/0.1 (+test)"
    assert site.asked[-1].headers["Cookie"] == "subscriber=1"


def test_what_opens_one_host_is_not_shown_to_another(site: WebSite) -> None:
    with serving() as other:
        other.page("/b", "<p>b</p>")
        site.answers["/a"] = Answer(status=302, headers={"Location": f"{other.url}/b"})
        Guest(headers={"Cookie": "subscriber=1"}).page(f"{site.url}/a")
        assert "Cookie" not in other.asked[-1].headers


# --- a host that does not want to, or cannot ------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_holds_for_the_whole_host(site: WebSite, status: int, *, as_date: bool) -> None:
    later = datetime.fromtimestamp(NOW, UTC) + timedelta(hours=2)
    said = format_datetime(later, usegmt=True) if as_date else "7200"
    site.answers["/a"] = Answer(b"", status, headers={"Retry-After": said})
    site.page("/b", "<p>b</p>")
    guest = Guest()
    found = guest.trouble(f"{site.url}/a")
    assert (found.trouble, found.until) == ("rate-limited", NOW + 7200)
    asked = len(site.asked)
    assert guest.trouble(f"{site.url}/b").trouble == "rate-limited"
    assert len(site.asked) == asked
    guest.now += 7201
    assert guest.page(f"{site.url}/b").status == 200


def test_a_blocker_is_told_by_name(site: WebSite) -> None:
    site.answers["/a"] = Answer(b"", 403, headers={"cf-mitigated": "challenge"})
    found = Guest().trouble(f"{site.url}/a")
    assert (found.trouble, found.sentence) == ("blocked", "The server answered 403, by Cloudflare.")


def test_nobody_there_is_an_error_and_the_second_makes_it_wait(site: WebSite) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    guest = Guest(robots=False)
    assert guest.trouble(f"{url}/a").trouble == "error"
    assert guest.trouble(f"{url}/a").trouble == "error"
    assert guest.trouble(f"{url}/a").trouble == "rate-limited"
    assert guest.hosts[url].until > NOW


def test_a_server_that_dribbles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.follow.fetch.MOST_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def dribble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(100):
                    try:
                        connection.sendall(b"X-Slow: 1\r\n")
                    except OSError:
                        return
                    time.sleep(0.05)

        thread = threading.Thread(target=dribble, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a"
        found = Guest(robots=False).trouble(url)
        assert found.trouble == "error"
        assert "in time" in found.sentence
        thread.join(60)


# --- bounds ---------------------------------------------------------------------------------------


def test_a_page_that_is_too_large_is_refused(site: WebSite) -> None:
    site.answers["/a"] = Answer(b"x" * (2**20 + 1))
    assert Guest().trouble(f"{site.url}/a").trouble == "too-large"
    assert len(Guest().page(f"{site.url}/a", most=2**21).body) == 2**20 + 1


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_refused_before_it_unfolds(site: WebSite, coding: str) -> None:
    bomb = b"\0" * (50 * 2**20)
    body = gzip.compress(bomb) if coding == "gzip" else zlib.compress(bomb)
    del bomb
    site.answers["/a"] = Answer(body, headers={"Content-Encoding": coding})
    assert len(body) < 2**20
    found = Guest().trouble(f"{site.url}/a")
    assert found.trouble == "too-large"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate", "identity"])
def test_what_is_compressed_is_unpacked(site: WebSite, coding: str) -> None:
    text = b"<p>Words, and more words.</p>" * 1000
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(text), "deflate": zlib.compress(text), "identity": text,
        "raw deflate": raw.compress(text) + raw.flush(),
    }[coding]  # fmt: skip
    site.answers["/a"] = Answer(packed, headers={"Content-Encoding": coding.split()[-1]})
    found = Guest().page(f"{site.url}/a")
    assert (found.body, found.raw) == (text, packed)


def test_broken_compression_and_unknown_ones_are_errors(site: WebSite) -> None:
    site.answers["/a"] = Answer(b"\x1f\x8bnot gzip", headers={"Content-Encoding": "gzip"})
    site.answers["/b"] = Answer(b"x", headers={"Content-Encoding": "br"})
    assert Guest().trouble(f"{site.url}/a").trouble == "error"
    assert Guest().trouble(f"{site.url}/b").trouble == "error"


def test_a_loop_of_redirects_ends(site: WebSite) -> None:
    site.answers["/a"] = Answer(status=301, headers={"Location": "/b"})
    site.answers["/b"] = Answer(status=301, headers={"Location": "/a"})
    assert Guest().trouble(f"{site.url}/a").trouble == "redirect-loop"
    for number in range(20):
        location = {"Location": f"/{number + 1}"}
        site.answers[f"/{number}"] = Answer(status=302, headers=location)
    assert Guest().trouble(f"{site.url}/0").trouble == "redirect-loop"


# --- no way into private networks -----------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1%eth0",
    "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "ff02::1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_an_address_on_the_internet_is(address: str) -> None:
    assert is_public(address)
    assert is_public("10.1.2.3", ["10.1.0.0/16"])
    assert not is_public("10.2.2.3", ["10.1.0.0/16"])


NO_ADDRESS = ("http://2852039166/", "http://0x7f.1/", "http://[::1")


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/",
        "http://2852039166/", "http://0x7f.1/", "http://10.0.0.1:8080/", "file:///etc/passwd",
        "gopher://127.0.0.1/", "ftp://paper.example/", "http://[::1",
        "http://inside.example/", "http://mixed.example/", "https://user:pass@10.0.0.1/",
    ],
)  # fmt: skip
def test_no_redirect_leads_into_a_private_network(site: WebSite, target: str) -> None:
    site.answers["/a"] = Answer(status=302, headers={"Location": target})
    guest = Guest()
    guest.names = {
        "inside.example": ["192.168.0.7"],
        "mixed.example": ["93.184.215.14", "10.0.0.7"],
    }
    found = guest.trouble(f"{site.url}/a")
    assert found.trouble in ("refused", "error"), found.sentence
    assert found.trouble == "refused" or target in NO_ADDRESS
    assert site.paths() == ["/a"]


def test_loopback_is_private_unless_it_is_allowed(site: WebSite) -> None:
    site.page("/a", "<p>a</p>")
    assert Guest(allow_private=()).trouble(f"{site.url}/a").trouble == "refused"
    assert site.asked == []


def test_a_name_is_asked_once_and_the_connection_goes_to_that_answer(site: WebSite) -> None:
    """A second answer of the name server, made to lead elsewhere, is never asked for."""
    site.page("/a", "<p>a</p>")
    guest = Guest(robots=False)
    port = site.server.server_address[1]
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked: list[str] = []

    async def find(name: str, _: int) -> Sequence[str]:
        asked.append(name)
        return next(answers)

    guest._find = find  # type: ignore[method-assign,assignment]
    assert guest.page(f"http://paper.example:{port}/a").status == 200
    assert asked == ["paper.example"]
    assert site.asked[-1].headers["Host"] == f"paper.example:{port}"
    assert guest.trouble(f"http://paper.example:{port}/b").trouble == "refused"
