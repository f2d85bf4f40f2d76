"""Revisions over HTTP: tokens, keys, webhooks, and what may not be written."""

from __future__ import annotations

import base64
import hmac
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.desk import Desk
from tests.killing import limited
from tests.repositories import run
from tracker.intake.api import create_app
from tracker.intake.hooks import read_hooks
from tracker.intake.inbox import Inbox
from tracker.intake.signatures import (
    FROM,
    SCHEMES,
    BadSignatureError,
    Sent,
    signed_test,
    verify,
)
from tracker.newsroom.newsroom import Newsroom
from tracker.store import locks

NOW = datetime(2022, 6, 1, 12, tzinfo=UTC)
SECRET = "a-made-up-secret"


class Clock:
    """The present time of a test."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


class Office:
    """A newsroom with an intake, and a CMS that sends to it."""

    def __init__(self, folder: Path, toml: str = "") -> None:
        self.folder = folder
        self.clock = Clock()
        hooks = read_hooks(toml, {"SECRET": SECRET, "OLD": "the-old-one"})
        self.app = create_app(folder, hooks, now=self.clock)
        self.intake = self.app.extensions["tracker-intake"]
        self.client: FlaskClient = self.app.test_client()
        self.intake.writer.start()
        self._keys = 0

    def token(
        self, name: str = "cms", *articles: str, scopes: tuple[str, ...] = ("record",)
    ) -> str:
        found = self.intake.inbox.add_token(name, scopes, articles, NOW, "Desk <desk@example.org>")
        assert isinstance(found, str)
        return found

    def post(self, token: str, body: Any, key: str = "", **headers: str) -> TestResponse:
        self._keys += 1
        given = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key or f"key-{self._keys}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        data = body if isinstance(body, bytes) else json.dumps(body)
        return self.client.post("/api/record", data=data, headers=given)

    def hook(self, name: str, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self.client.post(f"/hooks/{name}", data=body, headers=headers)

    def settle(self) -> None:
        """Wait until nothing waits."""
        self.clock.at += timedelta(seconds=10)
        self.intake.writer.wake()
        for _ in range(400):
            if not self.intake.inbox.count_waiting():
                return
            time.sleep(0.02)
        raise AssertionError("jobs wait for ever")

    def git(self, *words: str) -> str:
        return run(self.folder, *words).decode()

    def close(self) -> None:
        self.intake.writer.stop()
        self.intake.inbox.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    yield from opened(tmp_path / "newsroom")


def opened(folder: Path, toml: str = "") -> Iterator[Office]:
    folder.mkdir()
    run(folder, "init", "-q", "--bare", "-b", "main")
    found = Office(folder, toml)
    yield found
    found.close()


def text(
    words: str = "It costs $12.", path: str = "articles/ferry.md", **more: Any
) -> dict[str, Any]:
    return {"path": path, "text": f"# Ferry\n\n{words}\n", **more}


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    said = answer.get_json(force=True)
    assert {"type", "title", "status", "detail"} <= said.keys()
    assert said["status"] == status
    return dict(said)


# --- recordings with a token ----------------------------------------------------------------------


def test_a_recording_is_answered_with_its_revision_when_its_commit_is_there(office: Office) -> None:
    token = office.token()
    answer = office.post(token, text(at="2022-05-12T07:45:00-04:00", url="https://l.example/f"))
    assert answer.status_code == 201
    said = answer.get_json()
    commit = office.git("rev-parse", "main").strip()
    assert said["revision"]["commit"] == commit
    assert (said["unchanged"], said["article"]["headline"]) == (False, "Ferry")
    assert answer.headers["ETag"] == f'"{commit}"'
    assert office.git("show", "main:articles/ferry.md") == "# Ferry\n\nIt costs $12.\n"
    log = office.git("log", "-1", "--format=%an <%ae>|%aI|%(trailers:key=Url)").strip()
    assert log == "Desk <desk@example.org>|2022-05-12T07:45:00-04:00|Url: https://l.example/f"
    again = office.post(token, text())
    assert again.status_code == 200
    assert again.get_json()["unchanged"] is True


def test_a_key_records_once_whatever_is_sent_again(office: Office) -> None:
    token = office.token()
    first = office.post(token, text(), "k")
    again = office.post(token, text(), "k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.get_json() == first.get_json()
    said = problem(office.post(token, text("Other."), "k"), 422)
    assert said["error"] == "idempotency_key_reused"
    other = office.token("other")
    assert office.post(other, text("Other."), "k").status_code == 201  # a key is of its token
    assert office.git("rev-list", "--count", "main") == "2\n"


def test_what_another_editor_wrote_meanwhile_is_not_lost(office: Office) -> None:
    token = office.token()
    first = office.post(token, text(), If_None_Match="*").headers["ETag"]
    problem(office.post(token, text("Again."), If_None_Match="*"), 412)
    room = Newsroom(office.folder)
    room.record("articles/ferry.md", "# Ferry\n\nIt costs $21.\n", at=NOW, by="Bo <bo@x.org>")
    said = problem(office.post(token, text("It costs $13."), If_Match=first), 412)
    assert said["current"] == office.git("rev-parse", "main").strip()
    assert said["changed"] == ['number: $12 → $21 in "It costs $12."']
    fresh = office.post(token, text("It costs $13."), If_Match=f'"{said["current"]}"')
    assert fresh.status_code == 201
    assert [line for line in office.git("log", "--format=%an").split("\n") if line] == [
        "Desk", "Bo", "Desk",
    ]  # fmt: skip


def test_two_systems_and_a_person_write_one_article_and_none_is_lost(office: Office) -> None:
    tokens = [office.token("one"), office.token("two")]
    base = office.post(tokens[0], text()).headers["ETag"]
    status: list[int] = []

    def write(number: int) -> None:
        client = office.app.test_client()
        answer = client.post(
            "/api/record", data=json.dumps(text(f"Version {number}.")),
            headers={"Authorization": f"Bearer {tokens[number % 2]}", "If-Match": base,
                     "Content-Type": "application/json", "Idempotency-Key": f"w-{number}"},
        )  # fmt: skip
        status.append(answer.status_code)

    threads = [threading.Thread(target=write, args=(number,), daemon=True) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    assert sorted(status) == [201, 412, 412, 412]
    assert office.git("rev-list", "--count", "main") == "2\n"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tracker.toml", 403),
        ("../x.md", 403),
        ("articles/../tracker.toml", 403),
        ("docs/x.md", 403),
        (".git/hooks/x.md", 403),
        ("articles/.hidden.md", 403),
        ("/etc/x.md", 403),
        ("articles/x.txt", 403),
        ("articles/x.html", 403),
        ("articles/" + "x" * 300 + ".md", 422),
        ("articles/x\x1b[2J.md", 422),
        ("articles/a\u202eb.md", 422),
        ("articles/ferry.md/x.md", 422),
        ("", 422),
    ],
)
def test_only_articles_can_be_written(office: Office, path: str, status: int) -> None:
    token = office.token()
    assert office.post(token, text()).status_code == 201
    problem(office.post(token, text(path=path)), status)
    assert office.git("rev-list", "--count", "main") == "1\n"


@pytest.mark.parametrize("path", ["b/x.md", "A/x.md", "a/.git/x.md", "a/link.md", "a/l/x.md"])
def test_a_token_writes_only_where_it_may(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "room"
    folder.mkdir()
    run(folder, "init", "-q", "-b", "main")
    (folder / "tracker.toml").write_text('articles = ["a/**", "b/**", "A/**"]\n')
    (folder / "a").mkdir()
    (folder / "a" / "one.md").write_text("# One\n")
    (folder / "a" / "link.md").symlink_to("../tracker.toml")
    (folder / "a" / "l").symlink_to("../")
    run(folder, "add", "-A")
    run(folder, "commit", "-qm", "Start")
    office = Office(folder)
    try:
        token = office.token("cms", "a/**")
        assert office.post(token, text(path="a/two.md")).status_code == 201
        assert office.post(token, text(path=path)).status_code in (403, 422)
        assert (folder / "tracker.toml").read_text().startswith("articles")
        assert run(folder, "status", "--porcelain") == b""
    finally:
        office.close()


def test_who_is_not_known_or_may_not_is_refused(office: Office) -> None:
    token = office.token()
    answer = office.post("trk_nobody", text())
    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    problem(office.client.post("/api/record", data="{}"), 401)
    said = problem(office.post(token, text(author="Eve <e@x.example>")), 403)
    assert said["error"] == "insufficient_scope"
    problem(office.post(token, text(note="to add a quote")), 403)
    office.intake.inbox.revoke("cms", NOW)
    problem(office.post(token, text()), 401)
    short = office.intake.inbox.add_token(
        "short", ("record",), (), NOW, expires=NOW + timedelta(hours=1)
    )
    office.clock.at += timedelta(hours=2)
    problem(office.post(short, text()), 401)
    assert office.git("for-each-ref") == ""


def test_tokens_are_kept_as_hashes_and_stand_in_no_file_of_the_newsroom(
    desk: Desk, tmp_path: Path
) -> None:
    desk.ok("init", ".")
    token = desk.ok("token", "add", "cms", "--articles", "posts/**", "--expires", "90d").out.strip()
    assert token.startswith("trk_")
    stored = b"".join(
        file.read_bytes() for file in (desk.folder / ".git" / "tracker").iterdir() if file.is_file()
    )
    assert token.encode() not in stored
    assert sha256(token.encode()).hexdigest().encode() in stored
    listed = desk.ok("token", "list").out
    assert listed == "cms: works, record, posts/**, never used, until 2022-08-30\n"
    desk.ok("token", "revoke", "cms")
    assert "revoked" in desk.ok("token", "list").out
    assert "There is a token cms already." in desk.refused("token", "add", "cms")
    assert "no scope" in desk.refused("token", "add", "x", "--scope", "all")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"[" * 10_000, 400),
        (b'{"path": "articles/x.md", "text": "a\\u0000b"}', 422),
        (b'{"path": "articles/x.md", "text": "\\ud83d"}', 422),
        (b'{"path": "articles/x.md"}', 422),
        (b'{"path": "articles/x.md", "text": 3}', 422),
        (b'{"path": "articles/x.md", "text": "", "html": ""}', 422),
        (b'{"path": "articles/x.md", "slug": "x", "text": ""}', 422),
        (b'{"path": "articles/x.md", "text": "", "at": "2022-05-12"}', 422),
        (b'{"path": "articles/x.md", "text": "", "at": "2032-05-12T00:00:00Z"}', 422),
        (b'{"path": "articles/x.md", "txet": ""}', 422),
        (b'{"slug": "a/b", "text": ""}', 422),
        (b'{"path": "articles/x.md", "text": "' + b"x" * (17 << 20) + b'"}', 413),
    ],
)
def test_a_body_that_is_none_is_refused(office: Office, body: bytes, status: int) -> None:
    problem(office.post(office.token(), body), status)
    assert office.git("for-each-ref") == ""


def test_headers_that_are_wrong_are_refused(office: Office) -> None:
    token = office.token()
    problem(office.post(token, text(), Content_Type="text/plain"), 415)
    problem(office.post(token, text(), "x" * 300), 400)
    problem(office.post(token, text(), If_Match="abc"), 400)
    problem(office.post(token, text(), If_Match='"abcdef0"', If_None_Match="*"), 400)
    problem(office.client.get("/api/record"), 405)
    problem(office.client.get("/api/jobs/1"), 401)
    problem(office.client.get("/nothing"), 404)


def test_html_becomes_markdown_and_its_note_is_read(office: Office) -> None:
    token = office.token("cms", scopes=("record", "note"))
    html = (
        "<!-- wp:paragraph --><p>It costs $21.</p><!-- /wp:paragraph --><script>x()</script>"
        '<aside class="correction"><p>Correction: An earlier version misstated the price.</p>'
        "</aside>"
    )
    first = office.post(token, text())
    body = {"path": "articles/ferry.md", "html": html, "title": "Ferry: sails"}
    answer = office.post(token, body)
    assert (first.status_code, answer.status_code) == (201, 201)
    assert office.git("show", "main:articles/ferry.md") == (
        "---\ntitle: 'Ferry: sails'\n---\n\nIt costs $21.\n\n"
        "Correction: An earlier version misstated the price.\n"
    )
    (note,) = answer.get_json()["revision"]["notes"]
    assert (note["kind"], note["text"]) == (
        "correction", "An earlier version misstated the price.",
    )  # fmt: skip
    told = office.post(token, text("It costs $22.", note="The price rose.", kind="update"))
    assert [each["text"] for each in told.get_json()["revision"]["notes"]] == ["The price rose."]


def test_a_slug_goes_where_its_article_is_or_the_layout_says(office: Office) -> None:
    token = office.token()
    answer = office.post(token, {"slug": "ferry", "text": "# Ferry\n"})
    assert answer.get_json()["article"]["path"] == "articles/ferry.md"
    office.post(token, text(path="articles/2022/tram.md"))
    answer = office.post(token, {"slug": "tram", "text": "# Tram\n"})
    assert answer.get_json()["article"]["path"] == "articles/2022/tram.md"


def test_who_cannot_wait_asks_for_the_job_later(office: Office) -> None:
    token = office.token()
    answer = office.post(token, text(), Prefer="respond-async")
    assert answer.status_code == 202
    office.settle()
    auth = {"Authorization": f"Bearer {token}"}
    done = office.client.get(answer.headers["Location"], headers=auth)
    assert done.status_code == 201
    assert done.get_json()["article"]["path"] == "articles/ferry.md"
    other = {"Authorization": f"Bearer {office.token('other')}"}
    problem(office.client.get(answer.headers["Location"], headers=other), 404)


def test_the_journal_tells_who_did_what_and_no_text(office: Office) -> None:
    token = office.token()
    office.post(token, text())
    office.post("trk_bad", text("A secret."))
    log = (office.folder / "tracker" / "intake.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert (lines[0]["source"], lines[0]["path"], lines[0]["status"]) == (
        "token cms", "articles/ferry.md", 201,
    )  # fmt: skip
    assert lines[1]["refused"] == 401
    assert "secret" not in log
    assert "$12" not in log
    assert token not in log


def test_too_many_that_wait_are_told_to_come_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = office.token()
    monkeypatch.setattr("tracker.intake.api.MOST_WAITING", 0)
    answer = office.post(token, text())
    problem(answer, 429)
    assert answer.headers["Retry-After"] == "10"


# --- signatures -----------------------------------------------------------------------------------

AT = datetime.fromtimestamp(1652341500, UTC)
VENDOR_BODY = '{"slug":"ferry","title":"The ferry — now","text":"It costs $21.\\n"}'.encode()
# Made by each vendor's own published code, over a body that was made up.
VECTORS: dict[str, tuple[str, str, dict[str, str]]] = {
    "sanity": (
        "made-up-secret",
        "/hooks/x",
        {
            "sanity-webhook-signature": "t=1652341500000,"
            "v1=MDzWDCz2OY33ZL1o-SOoqfVFns_4kfKlHl-JDAbOpA4"
        },
    ),
    "contentful": (
        "a1b2c3d4" * 8,
        "/hooks/contentful",
        {
            "content-type": "application/vnd.contentful.management.v1+json",
            "x-contentful-topic": "ContentManagement.Entry.publish",
            "x-contentful-signature": (
                "7811d8345cf423cd6791a45563b52898058e689912212f368d988174ee9d4255"
            ),
            "x-contentful-signed-headers": (
                "content-type,x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic"
            ),
            "x-contentful-timestamp": "1652341500000",
        },
    ),
    "standard": (
        "whsec_dHdlbnR5LWZvdXIgbWFkZS11cCBieXRlcw==",
        "/hooks/x",
        {
            "webhook-id": "msg_1",
            "webhook-timestamp": "1652341500",
            "webhook-signature": "v1,qIYUjHGGAkZG1YtP9NGZsGuabWz3yXk3f69D3W4QjY4=",
        },
    ),
    "ghost": (
        "made-up-secret",
        "/hooks/x",
        {
            "x-ghost-signature": "sha256="
            "5ae80ae0ed9571ba367ac7471057d1be6dfe6dd690c45a4303c77af141b982ef, t=1652341500000"
        },
    ),
}


def vector(source: str) -> tuple[str, Sent]:
    secret, path, headers = VECTORS[source]
    return secret, Sent("POST", path, headers, VENDOR_BODY)


@pytest.mark.parametrize("source", sorted(VECTORS))
def test_what_a_vendors_own_code_signed_is_accepted(source: str) -> None:
    secret, sent = vector(source)
    verify(source, SCHEMES.get(source), [secret], sent, AT)
    verify(
        source, SCHEMES.get(source), ["whsec_b2xk", secret], sent, AT
    )  # two while one is replaced


@pytest.mark.parametrize("source", sorted(VECTORS))
@pytest.mark.parametrize("what", ["body", "time", "signature", "secret", "old", "ahead", "none"])
def test_one_bit_changed_is_refused(source: str, what: str) -> None:
    secret, sent = vector(source)
    now, headers = AT, dict(sent.headers)
    if what == "body":
        sent = sent._replace(body=sent.body.replace(b"$21", b"$22"))
    elif what == "time":
        headers = {
            name: value.replace("1652341500", "1652341501") for name, value in headers.items()
        }
    elif what == "signature":
        name = next(each for each in headers if each.endswith("signature"))
        value = headers[name]
        place = value.rindex("4") if "4" in value else len(value) - 3
        headers[name] = value[:place] + "5" + value[place + 1 :]
    elif what == "secret":
        secret = "whsec_b3RoZXI="
    elif what == "none":
        headers = {}
    else:
        now = AT + timedelta(seconds=301 if what == "old" else -301)
    with pytest.raises(BadSignatureError):
        verify(source, SCHEMES.get(source), [secret], sent._replace(headers=headers), now)


@pytest.mark.parametrize("source", [each for each in FROM if each != "custom"])
def test_the_intakes_own_test_is_signed_as_the_cms_signs(source: str) -> None:
    secret = "whsec_" + base64.b64encode(b"made up for the test").decode()
    scheme = SCHEMES.get(source)
    headers, body = signed_test(source, scheme, secret, "/hooks/x", AT)
    low = {name.lower(): value for name, value in headers.items()}
    verify(source, scheme, [secret], Sent("POST", "/hooks/x", low, body), AT)
    with pytest.raises(BadSignatureError):
        verify(source, scheme, [f"whsec_b3RoZXI{secret}"], Sent("POST", "/hooks/x", low, body), AT)


# --- webhooks -------------------------------------------------------------------------------------

GHOST = """[[hook]]
name = "ghost"
from = "ghost"
secret-env = ["SECRET", "OLD"]
by = "Web <w@x.example>"
"""


def ghost(
    words: str, at: str, now: datetime, secret: str = SECRET, **fields: Any
) -> tuple[bytes, dict[str, str]]:
    current = {
        "id": "6", "slug": "ferry", "title": "Ferry", "html": f"<p>{words}</p>", "updated_at": at,
        "status": "published", "url": "https://g.example/ferry/",
        "primary_author": {"name": "Ada Writer"}, **fields,
    }  # fmt: skip
    before = fields.pop("previous", {"status": "published"})
    body = json.dumps(
        {"event": "post.published.edited", "post": {"current": current, "previous": before}}
    ).encode()
    stamp = str(int(now.timestamp() * 1000))
    mark = hmac.new(secret.encode(), body + stamp.encode(), sha256).hexdigest()
    return body, {"X-Ghost-Signature": f"sha256={mark}, t={stamp}"}


@pytest.fixture
def with_ghost(tmp_path: Path) -> Iterator[Office]:
    yield from opened(tmp_path / "newsroom", GHOST)


def test_events_out_of_order_and_twice_are_revisions_in_the_cms_order_once(
    with_ghost: Office,
) -> None:
    office = with_ghost
    for words, at in (
        ("Third.", "2022-05-30T10:02:00.000Z"),
        ("First.", "2022-05-30T10:00:00.000Z"),
        ("Third.", "2022-05-30T10:02:00.000Z"),
        ("Second.", "2022-05-30T10:01:00.000Z"),
    ):
        assert office.hook("ghost", *ghost(words, at, NOW)).status_code == 202
    office.settle()
    log = office.git("log", "--reverse", "--format=%aI %an")
    assert log.splitlines() == [
        f"2022-05-30T10:0{minute}:00+00:00 Ada Writer" for minute in range(3)
    ]
    assert office.git("show", "main:articles/ferry.md").endswith("\n\nThird.\n")
    late = office.hook(
        "ghost", *ghost("Late.", "2022-05-30T10:01:30Z", NOW + timedelta(seconds=10))
    )
    assert late.status_code == 202
    office.settle()
    (job,) = office.intake.inbox.listed("refused", "failed")
    assert "has a newer revision already" in (job.answer or {})["detail"]


def test_an_event_with_a_bad_signature_or_an_old_one_is_refused(with_ghost: Office) -> None:
    office = with_ghost
    problem(office.hook("ghost", *ghost("A.", "2022-05-30T10:00:00Z", NOW, "wrong")), 401)
    old = ghost("A.", "2022-05-30T10:00:00Z", NOW - timedelta(minutes=6))
    problem(office.hook("ghost", *old), 401)
    body, headers = ghost("A.", "2022-05-30T10:00:00Z", NOW)
    alone = hmac.new(SECRET.encode(), body, sha256).hexdigest()
    stamp = headers["X-Ghost-Signature"].partition(", ")[2]
    forged = {"X-Ghost-Signature": f"sha256={alone}, {stamp}"}
    problem(office.hook("ghost", body, forged), 401)
    problem(office.hook("nobody", body, headers), 404)
    rotated = ghost("A.", "2022-05-30T10:00:00Z", NOW, "the-old-one")
    assert office.hook("ghost", *rotated).status_code == 202


def test_drafts_are_ignored_and_what_is_unpublished_is_a_deletion(with_ghost: Office) -> None:
    office = with_ghost
    office.hook("ghost", *ghost("Out.", "2022-05-30T10:00:00Z", NOW))
    draft = ghost("D.", "2022-05-30T10:01:00Z", NOW, status="draft", previous={"status": "draft"})
    assert "ignored" in office.hook("ghost", *draft).get_json()
    office.settle()
    gone = ghost("Out.", "2022-05-30T10:02:00Z", office.clock.at, status="draft")
    assert office.hook("ghost", *gone).status_code == 202
    office.settle()
    assert office.git("ls-tree", "-r", "--name-only", "main") == ""
    assert office.git("rev-list", "--count", "main") == "2\n"


def test_an_entry_under_a_new_slug_is_the_same_article_moved(with_ghost: Office) -> None:
    office = with_ghost
    office.hook("ghost", *ghost("One.", "2022-05-30T10:00:00Z", NOW))
    office.settle()
    office.hook(
        "ghost", *ghost("Two.", "2022-05-30T10:01:00Z", office.clock.at, slug="ferry-sails")
    )
    office.settle()
    assert office.git("ls-tree", "-r", "--name-only", "main") == "articles/ferry-sails.md\n"
    assert len(Newsroom(office.folder).history("articles/ferry-sails.md")) == 2


def test_a_hook_is_answered_at_once_while_an_import_has_the_writers_turn(
    with_ghost: Office,
) -> None:
    office = with_ghost
    with locks.turn(Newsroom(office.folder).repository.common_dir):
        assert office.hook("ghost", *ghost("A.", "2022-05-30T10:00:00Z", NOW)).status_code == 202
    office.settle()
    assert office.git("rev-list", "--count", "main") == "1\n"


def standard(body: dict[str, Any], now: datetime) -> tuple[bytes, dict[str, str]]:
    from standardwebhooks.webhooks import Webhook

    data = json.dumps(body)
    at = now.replace(microsecond=0)
    secret = base64.b64encode(SECRET.encode()).decode()
    return data.encode(), {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("m1", at, data),
    }


OTHERS = """
[[hook]]
name = "contentful"
from = "contentful"
secret-env = "SECRET"
fields = { rich = "fields.body" }
[[hook]]
name = "sanity"
from = "sanity"
secret-env = "SECRET"
path = "articles/{slug}.md"
[[hook]]
name = "git"
from = "github"
secret-env = "SECRET"
branch = "main"
[[hook]]
name = "own"
from = "custom"
secret-env = "SECRET"
signature = { header = "X-Sign", form = "base64", signed = "{time}.{body}", time-header = "X-Time" }
fields = { slug = "doc.name", html = "doc.body", title = "doc.head", at = "doc.when" }
[[hook]]
name = "strapi"
from = "strapi"
secret-env = "SECRET"
"""


@pytest.fixture
def with_others(tmp_path: Path) -> Iterator[Office]:
    yield from opened(tmp_path / "newsroom", OTHERS)


def test_contentfuls_rich_text_becomes_markdown(with_others: Office) -> None:
    office = with_others
    said = [
        {"nodeType": "heading-2", "content": [{"nodeType": "text", "value": "Now", "marks": []}]},
        {"nodeType": "paragraph", "content": [
            {"nodeType": "text", "value": "It *costs* ", "marks": []},
            {"nodeType": "text", "value": "$21", "marks": [{"type": "bold"}]},
            {"nodeType": "hyperlink", "data": {"uri": "https://x.example"},
             "content": [{"nodeType": "text", "value": " here", "marks": []}]}]},
        {"nodeType": "unordered-list", "content": [{"nodeType": "list-item", "content": [
            {"nodeType": "paragraph", "content": [{"nodeType": "text", "value": "One"}]}]}]},
        {"nodeType": "embedded-asset-block", "data": {}, "content": []},
    ]  # fmt: skip
    entry = {
        "sys": {"id": "e1", "type": "Entry", "updatedAt": "2022-05-30T10:00:00.000Z"},
        "fields": {"slug": {"en-US": "ferry"}, "title": {"en-US": "Ferry"},
                   "body": {"en-US": {"nodeType": "document", "content": said}}},
    }  # fmt: skip

    def send(topic: str, body: dict[str, Any]) -> TestResponse:
        data = json.dumps(body).encode()
        stamp = str(int(office.clock.at.timestamp() * 1000))
        names = "x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic"
        signed = (
            f"x-contentful-signed-headers:{names};x-contentful-timestamp:{stamp};"
            f"x-contentful-topic:{topic}"
        )
        message = f"POST\n/hooks/contentful\n{signed}\n".encode() + data
        return office.hook("contentful", data, {
            "X-Contentful-Topic": topic, "X-Contentful-Timestamp": stamp,
            "X-Contentful-Signed-Headers": names,
            "X-Contentful-Signature": hmac.new(SECRET.encode(), message, sha256).hexdigest(),
        })  # fmt: skip

    assert "ignored" in send("ContentManagement.Entry.auto_save", entry).get_json()
    assert send("ContentManagement.Entry.publish", entry).status_code == 202
    office.settle()
    assert office.git("show", "main:articles/ferry.md") == (
        "---\ntitle: Ferry\nid: contentful:e1\n---\n\n## Now\n\nIt \\*costs\\* **$21**[ here](https://x.example)"
        "\n\n- One\n"
    )
    sys_alone = {"sys": {"id": "e1", "type": "DeletedEntry", "updatedAt": "2022-05-30T11:00:00Z"}}
    assert send("ContentManagement.Entry.unpublish", sys_alone).status_code == 202
    office.settle()
    assert office.git("ls-tree", "-r", "--name-only", "main") == ""


def test_sanity_strapi_and_a_cms_of_ones_own_are_read_by_their_tables(with_others: Office) -> None:
    office = with_others
    stamp = str(int(NOW.timestamp() * 1000))
    body = json.dumps(
        {"_id": "s1", "slug": {"current": "tram"}, "title": "Tram", "text": "It runs.",
         "_updatedAt": "2022-05-30T10:00:00Z"}
    ).encode()  # fmt: skip
    mark = base64.urlsafe_b64encode(
        hmac.digest(SECRET.encode(), f"{stamp}.".encode() + body, "sha256")
    ).decode().rstrip("=")  # fmt: skip
    sent = {"sanity-webhook-signature": f"t={stamp},v1={mark}", "idempotency-key": "i1"}
    assert office.hook("sanity", body, sent).status_code == 202
    seconds = str(int(NOW.timestamp()))
    body = json.dumps(
        {"doc": {"name": "bus", "body": "<p>It <b>stops</b>.</p>", "head": "Bus",
                 "when": "2022-05-30T10:00:00+02:00"}}
    ).encode()  # fmt: skip
    mark = base64.b64encode(
        hmac.digest(SECRET.encode(), f"{seconds}.".encode() + body, "sha256")
    ).decode()
    assert office.hook("own", body, {"X-Sign": mark, "X-Time": seconds}).status_code == 202
    entry = {"documentId": "d", "slug": "cab", "title": "Cab", "body": "It waits.",
             "updatedAt": "2022-05-30T10:00:00Z"}  # fmt: skip
    for event, expected in (("entry.update", 200), ("entry.publish", 202)):
        body = json.dumps({"event": event, "model": "article", "entry": entry}).encode()
        answer = office.hook("strapi", body, {"Authorization": f"Bearer {SECRET}"})
        assert answer.status_code == expected
    problem(office.hook("strapi", body, {"Authorization": "Bearer no"}), 401)
    office.settle()
    assert office.git("ls-tree", "-r", "--name-only", "main").split() == [
        "articles/bus.md", "articles/cab.md", "articles/tram.md",
    ]  # fmt: skip
    assert office.git("show", "main:articles/bus.md").endswith("\n\nIt **stops**.\n")


def test_a_push_of_the_branch_syncs_the_newsroom_and_others_do_not(
    tmp_path: Path, with_others: Office
) -> None:
    office = with_others
    other = tmp_path / "other"
    other.mkdir()
    run(other, "init", "-q", "-b", "main")
    (other / "articles").mkdir()
    (other / "articles" / "a.md").write_text("# A\n")
    run(other, "add", "-A")
    run(other, "commit", "-qm", "Start")
    run(office.folder, "remote", "add", "origin", str(other))

    def push(ref: str) -> TestResponse:
        body = json.dumps({"ref": ref, "after": ref}).encode()
        mark = hmac.new(SECRET.encode(), body, sha256).hexdigest()
        return office.hook("git", body, {
            "X-Hub-Signature-256": f"sha256={mark}", "X-GitHub-Event": "push",
            "X-GitHub-Delivery": ref,
        })  # fmt: skip

    assert "ignored" in push("refs/heads/draft").get_json()
    assert push("refs/heads/main").status_code == 202
    office.settle()
    assert office.git("ls-tree", "-r", "--name-only", "main") == "articles/a.md\n"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[[hook]]\nname = "a"\nfrom = "ghost"\nsecret-env = "NONE"\n', "has no secret"),
        ('[[hook]]\nname = "a"\nfrom = "mail"\nsecret-env = "SECRET"\n', "must be one of"),
        ('[[hook]]\nname = "A b"\nfrom = "ghost"\nsecret-env = "SECRET"\n', "small letters"),
        ('[[hook]]\nname = "a"\nfrom = "ghost"\nsecret = "x"\n', "is not a key that is known"),
        ('[[hook]]\nname = "a"\nfrom = "custom"\nsecret-env = "SECRET"\n', "how it is signed"),
        ('[[hook]]\nname = "a"\nfrom = "ghost"\nsecret-env = "SECRET"\npath = "x.md"\n', "{slug}"),
        (GHOST + GHOST, "two hooks"),
        ("[[hook]", "intake.toml, line 1"),
    ],
)
def test_settings_that_are_wrong_are_refused_with_their_place(toml: str, said: str) -> None:
    from tracker.errors import TrackerError

    with pytest.raises(TrackerError) as caught:
        read_hooks(toml, {"SECRET": SECRET})
    assert said in f"{caught.value.sentence} {caught.value.hint}"


# --- crashes --------------------------------------------------------------------------------------


def test_a_crash_between_commit_and_inbox_records_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (office,) = [next(each) for each in [opened(tmp_path / "newsroom")]]
    token = office.token()
    office.post(token, text())
    finish, lost = Inbox.finish, threading.Event()

    def killed(*_: Any) -> None:
        lost.set()
        raise SystemExit

    office.intake.patience = 0.5
    monkeypatch.setattr(Inbox, "finish", killed)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    problem(office.post(token, text("It costs $21."), "k"), 503)
    assert lost.wait(5)
    monkeypatch.setattr(Inbox, "finish", finish)
    office.close()
    again = Office(office.folder)
    try:
        for _ in range(200):
            answer = again.post(token, text("It costs $21."), "k")
            if answer.status_code != 409:
                break
            time.sleep(0.02)
        assert answer.status_code == 201
        assert again.git("rev-list", "--count", "main") == "2\n"
    finally:
        again.close()


def test_a_public_address_is_refused_without_a_proxy(newsroom: Desk) -> None:
    said = newsroom.refused("intake", "--host", "0.0.0.0", "--port", "0")
    assert "--behind-proxy" in said


def test_what_came_over_plain_http_before_the_proxy_is_refused(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "--bare", "-b", "main")
    app = create_app(tmp_path, now=lambda: NOW, https_only=True)
    answer = app.test_client().get("/api/", headers={"X-Forwarded-Proto": "http"})
    problem(answer, 403)
    app.extensions["tracker-intake"].inbox.close()


def test_the_pages_for_readers_have_no_route_that_writes(newsroom: Desk) -> None:
    from tracker.web import create_app as pages

    app = pages(newsroom.folder)
    assert {method for rule in app.url_map.iter_rules() for method in rule.methods or ()} <= {
        "GET", "HEAD", "OPTIONS",
    }  # fmt: skip


def test_the_server_runs_checks_itself_and_ends(newsroom: Desk, tmp_path: Path) -> None:
    newsroom.write("intake.toml", GHOST)
    environment = {**os.environ, "SECRET": SECRET}
    environment.pop("TRACKER_NOW", None)
    server = limited(subprocess.Popen(
        [sys.executable, "-m", "tracker", "intake", "--port", "0"], cwd=newsroom.folder,
        env=environment, stderr=subprocess.PIPE, text=True,
    ))  # fmt: skip
    try:
        assert server.stderr is not None
        line = server.stderr.readline()
        assert "hooks ghost" in line
        url = line.split(" at ")[1].split("/,")[0]

        def tracker(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "tracker", *words], cwd=newsroom.folder, env=environment,
                capture_output=True, text=True, check=False,
            )  # fmt: skip

        heard = tracker("intake", "check", "ghost", "--url", url)
        assert "its signature is right" in heard.stdout, heard.stderr
        second = tracker("intake", "--port", "0")
        assert second.returncode == 2
        assert "An intake runs for this newsroom already." in second.stderr
        assert tracker("intake", "inbox").stdout == "Nothing is left in the inbox.\n"
        assert "There is no job 7" in tracker("intake", "retry", "7").stderr
    finally:
        server.terminate()
        server.wait(60)
        if server.stderr is not None:
            server.stderr.close()


STUBS = """<?php
define('TRACKER_URL', 'http://intake/hooks/wordpress');
define('TRACKER_SECRET', 'whsec_' . base64_encode('%s'));
$sent = []; $later = []; $hooked = [];
function add_action($name, $what, $at = 10, $count = 1) { global $hooked; $hooked[$name] = $what; }
function apply_filters($name, $value) { return $value; }
function do_blocks($text) { return preg_replace('/<!--.*?-->\\s*/s', '', $text); }
function wpautop($text) { return $text; }
function do_shortcode($text) { return $text; }
function get_userdata($id) { return (object) ['display_name' => 'Ada Writer']; }
function get_permalink($post) { return 'https://w.example/' . $post->post_name . '/'; }
function wp_json_encode($value) { return json_encode($value); }
function is_wp_error($answer) { return false; }
function wp_remote_retrieve_response_code($answer) { return $answer; }
function wp_remote_post($url, $what) {
  global $sent; $sent[] = $what; return count($sent) == 1 ? 503 : 202; }
function wp_schedule_single_event($at, $name, $args) { global $later; $later[] = $args; }
include '%s';
function post($status, $words, $name = 'ferry') { return (object) ['post_status' => $status,
  'post_type' => 'post', 'post_password' => '', 'post_author' => 1, 'post_content' => $words,
  'post_name' => $name, 'post_title' => 'Ferry', 'post_excerpt' => '', 'ID' => 6,
  'post_modified_gmt' => '2022-05-30 10:00:00', 'post_date_gmt' => '2022-05-30 10:00:00']; }
$out = post('publish', '<!-- wp:paragraph --><p>It costs $12.</p><!-- /wp:paragraph -->');
$hooked['wp_after_insert_post'](6, post('draft', 'No.'), true, null);
$hooked['wp_after_insert_post'](6, $out, true, post('draft', 'No.'));
$hooked['tracker_send'](...$later[0]);
$hooked['wp_after_insert_post'](6, post('trash', '', 'ferry__trashed'), true, $out);
echo json_encode($sent);
"""


def test_the_plugin_for_wordpress_is_understood(tmp_path: Path) -> None:
    import shutil

    php = shutil.which("php")
    if php is None:
        pytest.skip("PHP is not here")
    plugin = Path(__file__).parents[1] / "docs" / "cms" / "tracker-record.php"
    assert len(plugin.read_text().splitlines()) < 50
    script = tmp_path / "wordpress.php"
    script.write_text(STUBS.replace("%s", SECRET, 1).replace("%s", str(plugin)))
    done = subprocess.run([php, str(script)], capture_output=True, text=True, check=True)
    sent = json.loads(done.stdout)
    toml = '[[hook]]\nname = "wordpress"\nfrom = "wordpress"\nsecret-env = "WP"\n'
    folder = tmp_path / "newsroom"
    folder.mkdir()
    run(folder, "init", "-q", "--bare", "-b", "main")
    hooks = read_hooks(toml, {"WP": "whsec_" + base64.b64encode(SECRET.encode()).decode()})
    app = create_app(folder, hooks, now=lambda: datetime.now(UTC))
    intake = app.extensions["tracker-intake"]
    try:
        assert len(sent) == 3  # the second is the first once more, which was answered with 503
        for each in sent:
            answer = app.test_client().post(
                "/hooks/wordpress", data=each["body"], headers=each["headers"]
            )
            assert answer.status_code == 202, answer.text
        intake.writer.start()
        for _ in range(300):
            if not intake.inbox.count_waiting():
                break
            time.sleep(0.02)
        log = run(folder, "log", "--reverse", "--format=%an %s").decode()
        assert log == "Ada Writer Publish articles/ferry.md\nAda Writer Delete articles/ferry.md\n"
        assert run(folder, "show", "main~:articles/ferry.md").decode().endswith("It costs $12.\n")
    finally:
        intake.writer.stop()
        intake.inbox.close()
