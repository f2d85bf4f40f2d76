"""OWASP's API list, point by point, where another test does not hold it: see docs/security.md."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.repositories import run
from tests.test_intake import GHOST, NOW, Office, ghost, opened, problem, text
from tracker.errors import TrackerError
from tracker.intake.api import create_app
from tracker.sources.versions import HowRead
from tracker.sources.wordpress import WordPressSite, rest_client
from tracker.web import server

ROOT = Path(__file__).parents[1]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    yield from opened(tmp_path / "newsroom", GHOST)


def test_api1_a_job_is_shown_to_the_token_that_sent_it(office: Office) -> None:
    mine, other = office.token("mine"), office.token("other")
    place = office.post(mine, text(), Prefer="respond-async").headers["Location"]
    office.settle()
    for number in range(1, 20):
        where = f"/api/jobs/{number}"
        answer = office.client.get(where, headers={"Authorization": f"Bearer {other}"})
        assert answer.status_code == 404
    own = office.client.get(place, headers={"Authorization": f"Bearer {mine}"})
    assert own.status_code == 201


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dHJrOng=",
        "bearer trk_x y",
        "Bearer trk_\u00e9",
        "Token trk_x",
    ],
)
def test_api2_nothing_but_a_whole_token_lets_anybody_in(office: Office, sent: str) -> None:
    office.token()
    headers = {"Authorization": sent.encode().decode("latin-1"), "Idempotency-Key": "k"}
    answer = office.client.post(
        "/api/record", data=json.dumps(text()), headers=headers, content_type="application/json"
    )
    problem(answer, 401)


def test_api2_a_token_is_not_taken_from_the_address_or_the_body(office: Office) -> None:
    token = office.token()
    body = {**text(), "token": token}
    answer = office.client.post(
        f"/api/record?access_token={token}", data=json.dumps(body),
        headers={"Idempotency-Key": "k"}, content_type="application/json",
    )  # fmt: skip
    problem(answer, 401)


def test_api3_no_more_can_be_set_than_is_described(office: Office) -> None:
    token = office.token()
    given: tuple[tuple[str, Any], ...] = (
        ("committer", "Eve <e@x>"), ("trailers", [["Intake", "x"]]), ("covers", 1), ("gone", True),
        ("expected", ""), ("moved_from", "articles/a.md"), ("sync", True), ("entry", "1"),
    )  # fmt: skip
    for key, value in given:
        problem(office.post(token, text(**{key: value})), 422)
    answer = office.post(token, text(message="Out\n\nIntake: forged\nUrl: x", id="1\nIntake: x"))
    problem(answer, 422)
    said = office.post(token, text()).get_json()
    assert set(said) == {"schema", "unchanged", "article", "revision"}


@pytest.mark.parametrize(
    ("sent", "limits"),
    [
        (b"Content-Length: 1000\r\n\r\n{", {"channel_timeout": 1, "cleanup_interval": 1}),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{", {}),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 100_000, {}),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 20_000, {}),
    ],
    ids=["body", "length", "chunk", "trailers"],
)
def test_api4_a_request_that_never_ends_is_hung_up_on(
    tmp_path: Path, sent: bytes, limits: dict[str, int]
) -> None:
    run(tmp_path, "init", "-q", "--bare", "-b", "main")
    app = create_app(tmp_path, now=lambda: NOW)
    listening = socket.create_server(("127.0.0.1", 0))
    running = server.create(app, [listening], threads=2, max_request_body_size=1 << 25, **limits)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        with socket.create_connection(listening.getsockname()) as client:
            client.settimeout(8)  # less than a whole request may take
            with suppress(ConnectionError):
                client.sendall(b"POST /api/record HTTP/1.1\r\nHost: x\r\n" + sent)
                assert client.recv(100) == b""
    finally:
        running.close()
        app.extensions["tracker-intake"].inbox.close()


def test_api5_methods_and_addresses_beside_the_described_do_nothing(office: Office) -> None:
    token = office.token()
    auth = {"Authorization": f"Bearer {token}"}
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        assert office.client.open("/api/record", method=method, headers=auth).status_code == 405
    for where in ("/api/tokens", "/api/inbox", "/admin", "/static/x", "/api/jobs", "/hooks/"):
        assert office.client.post(where, headers=auth).status_code in (404, 405)
    override = {**auth, "X-HTTP-Method-Override": "DELETE"}
    assert office.client.get("/api/", headers=override).status_code == 200


def test_api6_a_hook_or_token_cannot_flood_the_inbox(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.intake.api.MOST_WAITING", 2)
    office.intake.writer.stop()
    for minute in range(3):
        answer = office.hook("ghost", *ghost(f"{minute}", f"2022-05-30T10:0{minute}:00Z", NOW))
        assert answer.status_code == (202 if minute < 2 else 429)
    problem(office.post(office.token(), text()), 429)


def test_api7_addresses_that_are_sent_are_not_asked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("somebody connects")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    token = office.token()
    html = (
        '<img src="http://169.254.169.254/x"><a href="file:///etc/passwd">a</a><p>It costs $1.</p>'
    )
    body = {"path": "articles/a.md", "html": html, "url": "http://169.254.169.254/latest"}
    assert office.post(token, body).status_code == 201


def test_api8_answers_tell_nothing_of_the_machine_and_are_not_kept(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = office.token()
    monkeypatch.setattr("tracker.intake.api._text", lambda _: 1 / 0)
    answer = office.post(token, text())
    said = problem(answer, 500)
    assert "Zero" not in answer.text
    assert str(office.folder) not in answer.text
    assert said["detail"] == "This is a fault of the program; please report it."
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_api9_every_address_is_described_and_has_its_page(office: Office) -> None:
    described = json.loads((ROOT / "tracker" / "intake" / "openapi.json").read_text("utf-8"))
    told = [each.rule for each in office.app.url_map.iter_rules()]
    assert {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", each) for each in told} == set(described["paths"])
    page = (ROOT / "docs" / "intake.md").read_text("utf-8")
    assert "POST /api/record" in page
    assert "POST /hooks/ghost" in page


def test_api10_a_site_that_is_imported_is_not_followed_elsewhere(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"Location": "http://169.254.169.254/"})

    with rest_client("ada", "word") as real:
        assert real.follow_redirects is False
    client = httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=False)
    source = WordPressSite(client, "https://ledger.example", HowRead())
    with pytest.raises(TrackerError, match="gave no list"):
        list(source.versions(tmp_path))
    assert asked == ["ledger.example"]
