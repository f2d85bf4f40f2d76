"""The server with hostile and slow clients: what one takes from the others is bounded."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.browsing import served, serving
from tests.web_newsroom import build


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server") / "newsroom"
    build(folder)
    with served(folder, channel_timeout=1, cleanup_interval=1) as base:
        ask(base, "/")  # the first page reads the archive
        yield base


@pytest.fixture(scope="module")
def large() -> Iterator[str]:
    """A server of an application whose every answer has eight megabytes."""
    app = Flask("large")
    app.add_url_rule("/source/latest", "large", lambda: b"x" * 8_000_000)
    app.add_url_rule("/static/pages.css", "small", lambda: "x")
    with serving(app) as base:
        yield base


def ask(base: str, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def connected(base: str) -> socket.socket:
    parts = urlsplit(base)
    assert parts.port is not None
    return socket.create_connection(("127.0.0.1", parts.port), timeout=20)


def said(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    found = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return found
        if not part:
            return found
        found += part


def test_clients_that_never_finish_their_request_keep_nobody_waiting(base: str) -> None:
    """A hundred open requests, a byte now and then (Slowloris); others are answered meanwhile."""
    slow = [connected(base) for _ in range(100)]
    for each in slow:
        each.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
    for _ in range(5):
        for each in slow[:50]:
            each.sendall(b"a")
        assert ask(base, "/article/articles/war/").status == 200
    # Those that say nothing more are hung up on.
    for each in slow[50:]:
        said(each)  # ends: the server closed the connection
        each.close()
    for each in slow[:50]:
        each.close()


def test_a_request_that_drips_in_for_ever_is_hung_up_on(base: str) -> None:
    """As long as bytes come, a server that looks at silence alone waits for ever."""
    slow = connected(base)
    slow.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
    slow.settimeout(0.2)
    for _ in range(300):  # a minute at the most
        try:
            slow.sendall(b"a")
            if slow.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    else:
        pytest.fail("the server still listens")
    slow.close()


def test_more_slow_clients_than_there_are_places_keep_nobody_out(base: str) -> None:
    """The slowest makes room for who comes: 300 open requests, 200 places."""
    slow = []
    try:
        for number in range(300):
            if number == 130:
                time.sleep(1.5)  # the first are slow ones from now on
            each = connected(base)
            each.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
            slow.append(each)
        assert ask(base, "/static/pages.css").status == 200
    finally:
        for each in slow:
            each.close()


def test_large_answers_that_nobody_reads_hold_no_thread(large: str) -> None:
    deaf = [connected(large) for _ in range(20)]
    for each in deaf:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        each.sendall(b"GET /source/latest HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert ask(large, "/static/pages.css").status == 200
    for each in deaf:
        each.close()


def test_a_client_that_reads_nothing_keeps_nobody_waiting(base: str) -> None:
    deaf = [connected(base) for _ in range(20)]
    for each in deaf:
        each.sendall(b"GET /static/pages.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 50)
    assert ask(base, "/").status == 200
    for each in deaf:
        each.close()


def test_a_silent_connection_is_closed(base: str) -> None:
    silent = connected(base)
    assert said(silent) == b""
    silent.close()


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (404, 414)),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", (431,)),
        (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000000\r\n\r\n", (413,)),
        (
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (b"2000\r\n" + b"a" * 8192 + b"\r\n") * 20,
            (413,),
        ),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", (421,)),
        (b"GET / HTTP/1.1\r\n\r\n", (400, 421)),
        (b"DELETE /article/articles/war/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (405,)),
        (b"\x00\xff\x00\xff\r\n\r\n", (400,)),
        (b"GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (400, 404)),
        (b"GET /static/..%2f..%2fdesk.py HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (404,)),
        (b"GET /static/%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (404,)),
    ],
    ids=[
        "address", "headers", "body", "chunks", "host", "no host", "method", "no request",
        "way out", "encoded way out", "zero byte",
    ],
)  # fmt: skip
def test_a_request_that_is_too_large_or_none_is_refused(
    base: str, request_: bytes, statuses: tuple[int, ...]
) -> None:
    connection = connected(base)
    try:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it was refused before all was sent
    answer = said(connection)
    connection.close()
    assert answer.split(b" ")[1:2] in [[str(status).encode()] for status in statuses], answer[:200]
    assert b"Traceback" not in answer
    assert str(Path(__file__).parents[1]).encode() not in answer
    assert ask(base, "/").status == 200
