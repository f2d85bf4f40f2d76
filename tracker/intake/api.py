"""The addresses of the intake: recordings with a token, and webhooks with a signature.

Every refusal is an RFC 9457 problem. A text is answered for when its commit is on the disk.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from tracker.errors import TrackerError
from tracker.house.site import DEFAULT_LAYOUT, new_path
from tracker.intake import hooks as webhooks
from tracker.intake.hooks import CmsEvent, Hook, NotWantedError
from tracker.intake.inbox import MOST_WAITING, AccessToken, Inbox, Submission
from tracker.intake.signatures import BadSignatureError, Sent, verify
from tracker.intake.writer import Writer, problem
from tracker.model import KINDS
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.selection import FOLDERS, ArticleSelection
from tracker.newsroom.selection import slug as slug_of
from tracker.sources.versions import html_body
from tracker.store.files import RefusedPathError, components
from tracker.text.document import with_front_matter

LARGEST = 16 * 1024 * 1024  # bytes of a request
LONGEST_PATH = 240  # bytes
_LONGEST_KEY = 255
_PATIENCE = 25.0  # seconds for which a client waits for its commit
_ENDINGS = (".md", ".markdown")
_KEYS = frozenset(
    ("path", "slug", "text", "html", "title", "at", "author", "message", "note", "kind", "notes",
     "keep_notes", "url", "id")
)  # fmt: skip
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_COMMIT = re.compile(r'"([0-9a-f]{7,64})"')
_PERSON = re.compile(r"[^<>\x00-\x1f\x7f]{1,200}(?:<[^<>\s]{0,200}>)?\s*")
_REFUSALS_LOGGED = 60  # a minute
DESCRIPTION = Path(__file__).parent / "openapi.json"


class RefusedError(Exception):
    def __init__(self, status: int, detail: str, hint: str = "", **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = f"{detail} {hint}".strip()
        self.headers = {
            name.replace("_", "-"): each for name, each in more.pop("headers", {}).items()
        }
        self.more = more


class Intake:
    """What the addresses share: inbox, writer, hooks, and the newsroom's rules for paths."""

    def __init__(
        self, newsroom: Path, hooks: Mapping[str, Hook], now: Callable[[], datetime]
    ) -> None:
        self.now = now
        self.hooks = hooks
        room = Newsroom(newsroom)
        self.inbox = Inbox(room.repository.common_dir)
        self.writer = Writer(newsroom, self.inbox, now)
        self.patience = _PATIENCE
        self._refused: list[float] = []
        self._listed: tuple[str, list[str]] = ("", [])  # the articles of a commit
        self._lock = Lock()

    @property
    def room(self) -> Newsroom:
        """The newsroom, as the writer sees it now."""
        return self.writer.room

    def log_refusal(self, status: int, detail: str) -> None:
        """Journal who was refused; of very many in a minute, only the first."""
        if status not in (401, 403, 429):
            return
        with self._lock:
            now = time.monotonic()
            self._refused = [each for each in self._refused if now - each < 60]
            if len(self._refused) >= _REFUSALS_LOGGED:
                return
            self._refused.append(now)
        self.inbox.log(self.now(), refused=status, address=request.path[:100], why=detail[:200])

    # --- paths ------------------------------------------------------------------------------------

    def place(self, path: str, slug: str, at: datetime) -> str:
        """Where an article goes: its path, or by its slug, where it is or the layout says."""
        if path:
            return path
        if "/" in slug or not slug.isprintable() or not slug.strip() or len(slug) > 200:
            raise RefusedError(422, "The slug is no plain name.", "Give one part of a path.")
        room = self.room
        there = [each for each in self._there() if slug_of(each) == slug]
        if len(there) > 1:
            raise RefusedError(
                422, "There is more than one article of this slug.", "Give the path."
            )
        if there:
            under = room.workspace.under
            return there[0].removeprefix(f"{under}/") if under else there[0]
        rule = room.settings.layout or f"articles/{DEFAULT_LAYOUT}"
        return new_path(rule, slug, at.astimezone(room.settings.zone).date())

    def check_path(self, path: str, allowed: tuple[str, ...]) -> None:
        """Refuse a path that is no article of the newsroom, or that the sender may not write."""
        if len(path.encode("utf-8", "replace")) > LONGEST_PATH:
            raise RefusedError(422, f"The path is longer than {LONGEST_PATH} bytes.")
        if not path.isprintable():
            raise RefusedError(422, "The path has characters that no path should have.")
        try:
            components(path)
        except RefusedPathError as error:
            raise RefusedError(403, error.sentence, error.hint) from None
        if any(part.startswith(".") for part in path.split("/")):
            raise RefusedError(403, "The path has a hidden part.", "Name an article.")
        if not path.lower().endswith(_ENDINGS):
            raise RefusedError(403, "The path does not end in .md or .markdown.")
        if not self._is_article(path):
            raise RefusedError(403, "The path is no article by the newsroom's settings.")
        if allowed and not ArticleSelection("", allowed).holds(path):
            raise RefusedError(
                403, "The path is none of those that this sender may write.",
                error="insufficient_scope",
            )  # fmt: skip

    def _there(self) -> list[str]:
        """The paths of the newsroom's articles; none where nothing was recorded yet."""
        tip = self.writer.tip
        if tip and self._listed[0] != tip:
            self._listed = tip, self.room.workspace.paths()
        return self._listed[1]

    def _is_article(self, path: str) -> bool:
        workspace = self.room.workspace
        under = f"{workspace.under}/" if workspace.under else ""
        chosen = workspace.selection
        if chosen.patterns or chosen.folders:
            return chosen.holds(under + path)
        return path.startswith(tuple(f"{folder}/" for folder in FOLDERS))

    # --- jobs -------------------------------------------------------------------------------------

    def put(self, job: Submission) -> tuple[Submission, bool]:
        """Keep a job. Refused where too many wait."""
        if self.inbox.count_waiting() >= MOST_WAITING:
            raise RefusedError(
                429, "Too much is waiting to be recorded.", "Try again later.",
                headers={"Retry_After": "10"},
            )  # fmt: skip
        return self.inbox.put(job)


def create_app(
    newsroom: Path,
    hooks: Mapping[str, Hook] | None = None,
    *,
    now: Callable[[], datetime],
    https_only: bool = False,
) -> Flask:
    """The application for the newsroom at a path; ``extensions["tracker-intake"]`` is its inside.

    ``now`` gives the present time, aware. ``https_only``: what a proxy says came over plain HTTP is
    refused. Start the writer before requests come.
    """
    app = Flask("tracker.intake", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST, PROVIDE_AUTOMATIC_OPTIONS=False)
    intake = Intake(newsroom, hooks or {}, now)
    app.extensions["tracker-intake"] = intake

    @app.before_request
    def _only_https() -> None:
        if https_only and request.headers.get("X-Forwarded-Proto", "https") != "https":
            raise RefusedError(403, "This came over plain HTTP.", "Send it over HTTPS.")

    @app.after_request
    def _bare(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        return response

    @app.errorhandler(RefusedError)
    def _refuse(error: RefusedError) -> Response:
        intake.log_refusal(error.status, error.detail)
        return _problem(error.status, error.detail, error.headers, **error.more)

    @app.errorhandler(TrackerError)
    def _unusable(error: TrackerError) -> Response:
        app.logger.error("%s %s", error.sentence, error.hint)
        return _problem(503, "The newsroom cannot be used now.", {"Retry-After": "10"})

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        methods = getattr(error, "valid_methods", None)
        headers = {"Allow": ", ".join(sorted(methods))} if methods else {}
        return _problem(status, _HTTP.get(status, "It cannot be done."), headers)

    @app.errorhandler(Exception)
    def _failed(_: Exception) -> Response:
        app.logger.exception("a fault of the intake")
        return _problem(500, "This is a fault of the program; please report it.")

    @app.get("/api/")
    def index() -> Response:
        return _json(200, {"schema": 1, "name": "tracker intake", "version": "1"})

    @app.get("/api/openapi.json")
    def description() -> Response:
        return Response(DESCRIPTION.read_bytes(), content_type="application/json")

    @app.post("/api/record")
    def record() -> Response:
        token = _token(intake, "record")
        return _recorded(intake, token)

    @app.get("/api/jobs/<int:number>")
    def job(number: int) -> Response:
        token = _token(intake, "record")
        found = intake.inbox.job(number) if number < 1 << 62 else None
        if found is None or found.source != f"token {token.name}":
            raise RefusedError(404, "There is no such job of this token.")
        return _of_job(found)

    @app.post("/hooks/<name>")
    def hook(name: str) -> Response:
        found = intake.hooks.get(name)
        if found is None:
            raise RefusedError(404, "There is no such hook.", "See intake.toml.")
        return _taken(intake, found)

    return app


_HTTP = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: f"The request is larger than {LARGEST >> 20} MB.",
    415: "The body must be application/json.",
}


# --- recordings with a token ----------------------------------------------------------------------


def _token(intake: Intake, scope: str) -> AccessToken:
    kind, _, written = request.headers.get("Authorization", "").partition(" ")
    asked = {"WWW_Authenticate": 'Bearer realm="tracker intake"'}
    if kind.lower() != "bearer" or not written.strip():
        raise RefusedError(401, "There is no token.", "Send Authorization: Bearer.", headers=asked)
    token = intake.inbox.token(written.strip(), intake.now())
    if token is None:
        asked["WWW_Authenticate"] += ', error="invalid_token"'
        raise RefusedError(401, "The token is unknown, expired or revoked.", headers=asked)
    if scope not in token.scopes:
        raise RefusedError(403, f"The token may not {scope}.", error="insufficient_scope")
    return token


def _recorded(intake: Intake, token: AccessToken) -> Response:
    key = request.headers.get("Idempotency-Key", "").strip().strip('"')
    if not _KEY.fullmatch(key):
        raise RefusedError(
            400, "There is no Idempotency-Key.",
            f"Send one of 1 to {_LONGEST_KEY} characters, new for each recording.",
        )  # fmt: skip
    expected = _expected()
    raw = _body()
    now = intake.now()
    source = f"token {token.name}"
    job = _job(intake, token, raw, now, source)
    if expected is not None:
        job.asked["expected"] = expected
    said = json.dumps([expected, raw.decode("utf-8", "replace")]).encode()
    job = job._replace(key=_digest(f"{source}\0{key}".encode()), body=_digest(said))
    standing, is_new = intake.put(job)
    if standing.body != job.body:
        raise RefusedError(
            422, "The Idempotency-Key was used for another body.", "Use a new key.",
            error="idempotency_key_reused",
        )  # fmt: skip
    if not is_new and standing.state == "failed":
        intake.inbox.again(standing.id, now)
        is_new = True
    if not is_new and standing.state == "waiting":
        raise RefusedError(
            409, "A request with this Idempotency-Key is being done.", "Ask again soon.",
            headers={"Retry_After": "1"},
        )  # fmt: skip
    if not is_new:
        response = _of_job(standing)
        response.headers["Idempotent-Replayed"] = "true"
        return response
    intake.writer.wake()
    if "respond-async" in request.headers.get("Prefer", ""):
        return _accepted(standing)
    answer = intake.writer.answer(standing.id, intake.patience)
    if answer is None:
        found = intake.inbox.job(standing.id)
        if found is None or found.answer is None or found.state == "waiting":
            raise RefusedError(
                503, "It is kept, and will be recorded.", "Ask again with the same key.",
                headers={"Retry_After": "5"},
            )  # fmt: skip
        return _of_job(found)
    return _answered(*answer)


def _expected() -> str | None:
    """The commit that If-Match names; "" for If-None-Match: *; None where neither is sent."""
    match, none = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if match is not None and none is not None:
        raise RefusedError(400, "If-Match and If-None-Match exclude each other.")
    if none is not None:
        if none.strip() != "*":
            raise RefusedError(400, "If-None-Match can only be *.")
        return ""
    if match is None:
        return None
    found = _COMMIT.fullmatch(match.strip())
    if found is None:
        raise RefusedError(400, "If-Match is no commit in quotation marks.")
    return found[1]


def _body() -> bytes:
    if request.mimetype != "application/json":
        raise RefusedError(415, "The body must be application/json.")
    return request.get_data(cache=False)


def _job(intake: Intake, token: AccessToken, raw: bytes, now: datetime, source: str) -> Submission:
    """What a body asks for. Raises ``RefusedError``."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise RefusedError(400, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "The body is not a JSON object.")
    unknown = [key for key in body if key not in _KEYS]
    if unknown:
        raise RefusedError(422, f"There is no key “{unknown[0][:60]}”.")
    _no_half_characters(raw, body)
    at = _instant(body.get("at"), now)
    path, slug = _word(body, "path", 1000), _word(body, "slug", 1000)
    if bool(path) == bool(slug):
        raise RefusedError(422, "Either “path” or “slug” is needed.")
    path = intake.place(path, slug, at)
    intake.check_path(path, token.articles)
    asked: dict[str, Any] = {}
    author = body.get("author")
    if isinstance(author, dict):
        author = f"{author.get('name', '')} <{author.get('email') or ''}>"
    if author is not None:
        if "author" not in token.scopes:
            raise RefusedError(403, "The token may not name an author.", error="insufficient_scope")
        if not isinstance(author, str) or not _PERSON.fullmatch(author):
            raise RefusedError(422, "The author is no name with an address.")
    asked["by"] = author or token.by
    asked |= _told(body, token)
    asked["message"] = _word(body, "message", 10_000) or None
    asked["keep_notes"] = body.get("keep_notes") is True
    given = [("Url", _word(body, "url", 2000)), ("Id", _word(body, "id", 200))]
    asked["trailers"] = [(name, value) for name, value in given if value]
    return Submission(
        0, source, "", "", now, now, at, path, asked, _text(body), intake.writer.tip,
    )  # fmt: skip


def _told(body: Mapping[str, Any], token: AccessToken) -> dict[str, Any]:
    note, kind, notes = body.get("note"), body.get("kind", "update"), body.get("notes")
    if notes is not None:
        if not isinstance(notes, list) or len(notes) > 1 or note is not None:
            raise RefusedError(422, "One note comes with a text.", "Send the others one by one.")
        if notes and not isinstance(notes[0], dict):
            raise RefusedError(422, "A note is an object.")
        note, kind = (notes[0].get("text"), notes[0].get("kind", "update")) if notes else (None, "")
    if note is None:
        return {}
    if "note" not in token.scopes:
        raise RefusedError(403, "The token may not tell notes.", error="insufficient_scope")
    if not isinstance(note, str) or not note.strip() or len(note) > 5000:
        raise RefusedError(422, "The note is no text of 1 to 5,000 letters.")
    if kind not in KINDS:
        raise RefusedError(422, f"A note's kind is one of {', '.join(KINDS)}.")
    return {"note": note, "kind": kind}


def _text(body: Mapping[str, Any]) -> bytes:
    text, html = body.get("text"), body.get("html")
    if (text is None) == (html is None):
        raise RefusedError(422, "Either “text” or “html” is needed.")
    if text is not None:
        if not isinstance(text, str):
            raise RefusedError(422, "“text” is not text.")
        return text.encode()
    if not isinstance(html, str):
        raise RefusedError(422, "“html” is not text.")
    try:
        made = html_body(html)
    except ValueError as error:
        raise RefusedError(422, f"“html” cannot be read: {error}.") from None
    return with_front_matter({"title": _word(body, "title", 2000)}, made).encode()


def _no_half_characters(raw: bytes, body: Mapping[str, Any]) -> None:
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise RefusedError(422, "A value holds half a character.") from None
    if b"\\u0000" in raw and any("\0" in str(value) for value in body.values()):
        raise RefusedError(422, "A value holds zero bytes.")


def _word(body: Mapping[str, Any], key: str, longest: int) -> str:
    value = body.get(key)
    if value is None:
        return ""
    if key == "id" and isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        raise RefusedError(422, f"“{key}” is not text.")
    if len(value) > longest:
        raise RefusedError(422, f"“{key}” is too long.")
    if key in ("url", "id") and not value.isprintable():
        raise RefusedError(422, f"“{key}” is not one line.")
    return value


def _instant(value: Any, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        at = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise RefusedError(422, "“at” is no instant like 2022-05-12T07:45:00-04:00.") from None
    if at.tzinfo is None or not 1970 <= at.year < 9990:
        raise RefusedError(422, "“at” has no offset from UTC, or cannot be.")
    if at > now + timedelta(minutes=2):
        raise RefusedError(422, "“at” is in the future.")
    return at


# --- webhooks -------------------------------------------------------------------------------------


def _taken(intake: Intake, hook: Hook) -> Response:
    raw = request.get_data(cache=False)
    headers = {name.lower(): value for name, value in request.headers.items()}
    path = request.full_path if request.query_string else request.path
    sent = Sent(request.method, path, headers, raw)
    now = intake.now()
    try:
        verify(hook.source, hook.scheme, hook.secrets, sent, now)
    except BadSignatureError as error:
        raise RefusedError(401, f"The signature is refused: {error}.") from None
    try:
        event = webhooks.read_event(hook, sent)
    except NotWantedError as why:
        return _json(200, {"schema": 1, "ignored": f"{why}."})
    except TrackerError as error:
        raise RefusedError(422, error.sentence, error.hint) from None
    job = _of_event(intake, hook, event, now)
    standing, _ = intake.put(job)
    intake.writer.wake()
    return _json(202, {"schema": 1, "job": standing.id, "state": standing.state})


def _of_event(intake: Intake, hook: Hook, event: CmsEvent, now: datetime) -> Submission:
    source = f"hook {hook.name}"
    path = event.path
    if not path and event.id:
        path = intake.inbox.path_of(source, event.id) or ""
        if not path:
            raise RefusedError(422, "The event tells an entry that was never recorded.")
    if event.sync:
        kind = _digest(f"{source}\0{event.name or now.isoformat()}".encode())
        return Submission(
            0, source, kind, kind, now, now, now, "", {"sync": True}, None, "",
        )  # fmt: skip
    intake.check_path(path, ())
    at = event.at or now
    if at > now + timedelta(minutes=2):
        raise RefusedError(422, "The event's time is in the future.")
    asked: dict[str, Any] = {"by": event.by, "entry": event.id}
    asked["trailers"] = [("Url", event.url)] if event.url and event.url.isprintable() else []
    if event.id and event.id.isprintable():
        asked["trailers"].append(("Id", event.id[:200]))
    if event.text is None:
        asked["gone"] = True
    if event.note is not None and event.kind in KINDS:
        asked |= {"note": event.note, "kind": event.kind}
    body = _digest(event.text or b"gone")
    when = event.at.isoformat() if event.at else event.name or now.isoformat()
    key = _digest(f"{source}\0{path}\0{when}\0{body}".encode())
    due = now + timedelta(seconds=hook.settle)
    return Submission(
        0, source, key, body, now, due, at, path, asked, event.text, intake.writer.tip,
    )  # fmt: skip


# --- answers --------------------------------------------------------------------------------------


def _of_job(job: Submission) -> Response:
    if job.answer is None or job.status is None or job.state == "waiting":
        return _accepted(job)
    return _answered(job.status, job.answer)


def _answered(status: int, answer: Mapping[str, Any]) -> Response:
    if status >= 400:
        response = _json(status, answer, "application/problem+json")
        if status == 503:
            response.headers["Retry-After"] = "5"
        return response
    response = _json(status, answer)
    revision = answer.get("revision")
    if isinstance(revision, dict):
        response.headers["ETag"] = f'"{revision["commit"]}"'
    return response


def _accepted(job: Submission) -> Response:
    response = _json(202, {"schema": 1, "job": job.id, "state": job.state})
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return response


def _json(status: int, value: object, kind: str = "application/json") -> Response:
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(data, status, content_type=kind)


def _problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    response = _json(status, problem(status, detail, **more), "application/problem+json")
    response.headers.update(headers or {})
    return response


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
