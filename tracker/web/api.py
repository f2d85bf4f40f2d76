"""The JSON API under ``/api/``: what the pages show, for programs. It only reads.

The objects are those that the commands print with ``--json``; ``openapi.json`` describes them, and
is served at ``/api/openapi.json``. Addresses are those of the pages: an article's stands at the
end of the path, a version is named by its stamp or is ``latest``. Lists are cut by ``limit`` and
``offset``, and a ``Link`` header leads to the next part (RFC 8288). What is refused is told as a
problem (RFC 9457).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException, NotFound

from tracker.house.changelog import clocks, entries
from tracker.model import KINDS, Article, Entry, Progress, Revision, Selection
from tracker.newsroom.checking import CheckScope
from tracker.newsroom.newsroom import Newsroom
from tracker.policy.rules import RULES, CheckResult
from tracker.render import findings as findings_face
from tracker.render import history as history_face
from tracker.render.plain import ComparedSide, change_object, json_text, plain, printed, record
from tracker.render.told import changelog_object
from tracker.web import addresses, http
from tracker.web.addresses import link, site
from tracker.web.background import worked_out
from tracker.web.desk import current, desk
from tracker.web.page import known_addresses, links
from tracker.web.reading import FoundArticle, find, room_is_empty, text

pages = Blueprint("api", __name__, url_prefix="/api")
findings_pages = Blueprint("api findings", __name__, url_prefix="/api")
"""What only editors are to see."""

JSON, PROBLEM = "application/json", "application/problem+json"

_STAMP = re.compile(addresses.STAMP, re.ASCII)
_Some = TypeVar("_Some")


# --- answers ------------------------------------------------------------------------------------


class Problem(HTTPException):
    """Something that is refused, told as RFC 9457 has it."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.code = status
        self.response = _problem(status, detail)
        self.response.headers.update(headers)


def _problem(status: int, detail: str) -> Response:
    value = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    response = _dumped({**value, "detail": detail}, status)
    response.mimetype = PROBLEM
    response.headers["Cache-Control"] = "no-store"
    return response


def _dumped(value: object, status: int = 200) -> Response:
    return Response(json_text(value) + "\n", status, mimetype=JSON)


_DETAILS = {
    404: "There is nothing at this address.",
    405: "The API only reads: ask with GET.",
    410: "The article was deleted; its history is still there.",
    414: "The address is too long.",
    421: "This server does not answer for the host that was asked.",
    503: "The newsroom cannot be read at the moment.",
}


@pages.after_app_request
def _as_problem(response: Response) -> Response:
    """Errors that were raised elsewhere are told in the same way below ``/api``."""
    if response.status_code < 400 or response.mimetype == PROBLEM:
        return response
    if not (request.path == "/api" or request.path.startswith("/api/")):
        return response
    status = response.status_code
    detail = g.get("detail") or _DETAILS.get(status, "The request cannot be answered.")
    if status >= 500 and status != 503:
        detail = "This is a fault of the program."
    problem = _problem(status, detail)
    for name in ("Allow", "Retry-After"):
        if name in response.headers:
            problem.headers[name] = response.headers[name]
    return problem


def _read(parameters: Parameters) -> dict[str, Any]:
    """What a request asks for; raises ``Problem`` for what cannot be."""
    try:
        return read(request.query_string, parameters)
    except Wrong as wrong:
        raise Problem(400, str(wrong)) from None


def _found(address: str, page: Callable[[str], str]) -> FoundArticle:
    """The article at an address; ``page`` gives what is asked for, below ``/api``."""
    _read({})
    return _article(address, page)


def _article(address: str, page: Callable[[str], str]) -> FoundArticle:
    try:
        return find(address, lambda now: "/api" + page(now).removesuffix("/"))
    except NotFound:
        raise Problem(404, "There is no article at this address.") from None


def _version(found: FoundArticle, stamp: str) -> Revision:
    if stamp == "latest":
        return found.newest
    revision = None
    if _STAMP.fullmatch(stamp):
        revision = addresses.stamped(stamp, found.life.revisions)
    if revision is None:
        raise Problem(404, "The article has no such version.")
    return revision


def _part(asked: dict[str, Any], parts: Sequence[_Some]) -> tuple[Sequence[_Some], bool]:
    """A list cut as it was asked for, and whether there is more."""
    start, end = asked["offset"], asked["offset"] + asked["limit"]
    return parts[start:end], end < len(parts)


def _listed(value: object, asked: dict[str, Any], *, more: bool) -> Response:
    """A list, with the way to its next part."""
    response = _dumped(value)
    if more:
        given = {name: _written(each) for name, each in asked.items() if each is not None}
        given["offset"] = str(asked["offset"] + asked["limit"])
        where = f"{link(request.path)}?{urlencode(given)}"
        response.headers["Link"] = f'<{where}>; rel="next"'
    return response


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- the newsroom -------------------------------------------------------------------------------


@pages.get("/")
def index() -> Response:
    _read({})
    name = current().settings.site.publisher or current().settings.name
    return _dumped(printed(name=name, description=link("/api/openapi.json")))


@pages.get("/openapi.json")
def openapi() -> Response:
    value = json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))
    value["servers"] = [{"url": links().base}]
    response = _dumped(value)
    http.cached(http.REVALIDATED)
    return response


@pages.get("/articles")
def articles() -> Response:
    asked = _read(PART)
    found: tuple[Article, ...] = ()
    if not room_is_empty():
        found = current().articles(asked["limit"] + 1, asked["offset"])
    shown = found[: asked["limit"]]
    known = known_addresses()
    listed = [
        {**record(each), "address": plain(known.address(each.path))}
        for each in shown
        if _is_shown(each.path)
    ]
    return _listed(printed(articles=listed), asked, more=len(found) > len(shown))


def _is_shown(path: str) -> bool:
    """False for an article that readers cannot see, where drafts are not to be shown."""
    return site().unpublished or any(each.published for each in desk().life(path).revisions)


@pages.get("/revisions")
def revisions() -> Response:
    asked = _read({**PART, **SELECTION})
    selection = Selection(**{name: asked[name] for name in SELECTION})
    found: Sequence[Any] = ()
    if not room_is_empty():
        limit = asked["limit"] + 1
        found = current().latest(limit, offset=asked["offset"], selection=selection)
    shown = found[: asked["limit"]]
    seen = [pair for pair in shown if pair[1].published or site().unpublished]
    value = history_face.latest_object(seen, shallow=current().repository.shallow)
    return _listed(value, asked, more=len(found) > len(shown))


def _all_told(room: Newsroom, progress: Progress) -> Sequence[Entry]:
    return room.changelog(None, progress)


@pages.get("/changelog")
def changelog() -> Response:
    asked = _read({**PART, "kind": KIND})
    entries: Sequence[Entry] = ()
    if not room_is_empty():
        entries = worked_out("api changelog", _all_told)
    if asked["kind"] is not None:
        entries = [each for each in entries if each.note and each.note.kind == asked["kind"]]
    shown, more = _part(asked, entries)
    shown = [each for each in shown if _is_shown(each.article.path)]
    return _listed(changelog_object(shown, None), asked, more=more)


@pages.get("/search")
def search() -> Response:
    """Where words stand together, in headlines, notes and current texts."""
    asked = _read({**PART, "q": WORDS})
    found: Sequence[Any] = ()
    if not room_is_empty():
        found = current().search(asked["q"], asked["limit"] + 1, asked["offset"])
    shown = found[: asked["limit"]]
    hits = [
        {
            **record(each),
            "excerpt": [{"text": plain(words), "found": yes} for words, yes in each.excerpt],
        }
        for each in shown
        if _is_shown(each.article.path)
    ]
    value = printed(query=asked["q"], hits=hits)
    return _listed(value, asked, more=len(found) > len(shown))


# --- one article --------------------------------------------------------------------------------


@pages.get("/article/<address:address>")
def article(address: str) -> Response:
    """What is known of an article, and where its pages are."""
    found = _found(address, addresses.article)
    life, where = found.life, links()
    path = life.article.path
    first = next((each for each in life.revisions if each.published), None)
    times = clocks(life)
    value = printed(
        article=life.article,
        address=found.address,
        deleted=life.deleted,
        shallow=life.shallow,
        published=times.published,
        updated=times.updated,
        touched=times.touched,
        revisions=len(life.revisions),
        latest=addresses.stamp_of(found.newest),
        notes=life.notes,
        original=where.original(path, first),
        history=where.history(path),
        timemap=where.timemap(path),
        feed=where.feed("feed.json", path),
    )
    http.touched(found.newest.out_at)
    return _dumped(value)


@pages.get("/history/<address:address>")
def history(address: str) -> Response:
    """The revisions of an article, oldest first, and what else happened to it."""
    asked = _read({"limit": LIMIT_OR_ALL, "substantive": FLAG})
    found = _article(address, addresses.history)
    substantive = bool(asked["substantive"])
    http.touched(found.newest.out_at)
    return _dumped(
        history_face.history_object(found.life, limit=asked["limit"], substantive=substantive)
    )


@pages.get("/version/<stamp>/<address:address>")
def one_version(stamp: str, address: str) -> Response:
    found = _found(address, lambda now: addresses.version(stamp, now))
    revision = _version(found, stamp)
    words = text(revision, found.life.article.path)
    return _dumped(printed(article=found.life.article, revision=revision, text=words))


@pages.get("/compare/<old>/<new>/<address:address>")
def compare(old: str, new: str, address: str) -> Response:
    found = _found(address, lambda now: addresses.compare(old, new, now))
    first, second = _version(found, old), _version(found, new)
    path = found.life.article.path
    change = current().compare(text(first, path), text(second, path))
    value = change_object(change, article=found.life.article, old=_side(first), new=_side(second))
    return _dumped(value)


def _side(revision: Revision) -> ComparedSide:
    return ComparedSide(revision.number, revision.commit, revision.at, revision.path)


@pages.get("/blame/<address:address>")
def blame(address: str) -> Response:
    found = _found(address, addresses.blame)
    if not site().unpublished:
        raise Problem(404, "Passages are shown to editors alone.")
    return _dumped(history_face.blame_object(desk().blame(found.life.article.path)))


@pages.get("/changelog/<address:address>")
def article_changelog(address: str) -> Response:
    found = _found(address, lambda now: f"/changelog/{addresses.encoded(now)}")
    settings = current().settings
    listed = entries(found.life, settings.style, settings.clock, settings.check.grace)
    return _dumped(changelog_object(listed, found.life.article))


# --- for editors --------------------------------------------------------------------------------


def _all_found(room: Newsroom, progress: Progress) -> CheckResult:
    verdict = room.check(CheckScope(), progress)
    return verdict._replace(rules=dict(verdict.rules))  # fit to be sent by another process


@findings_pages.get("/findings")
def findings() -> Response:
    """What an editor should look at, in the whole newsroom."""
    asked = _read({**PART, "rule": RULE})
    verdict = CheckResult(())
    if not room_is_empty():
        verdict = worked_out("api findings", _all_found)
    rule = asked["rule"]
    found = [each for each in verdict.findings if rule is None or each.rule == rule]
    shown, more = _part(asked, found)
    return _listed(
        findings_face.as_object(verdict._replace(findings=tuple(shown))), asked, more=more
    )


@findings_pages.get("/findings/<address:address>")
def article_findings(address: str) -> Response:
    """What an editor should look at in one article."""
    found = _found(address, lambda now: f"/findings/{addresses.encoded(now)}")
    verdict = current().check(CheckScope(articles=(found.life.article.path,), workers=1))
    return _dumped(findings_face.as_object(verdict))


# --- the questions that a request of the API may bring, each read strictly ------------------------

MOST = 200  # parts of a list that are sent at once
LARGEST = 1_000_000  # of an offset
LONGEST = 200  # code points of words


class Wrong(Exception):  # noqa: N818 - it is a sentence for who asked, and no fault
    """A question that cannot be answered: a sentence that says why."""


class Parameter(NamedTuple):
    """One thing that may be asked for."""

    shape: str  # a pattern that all of it has
    must: str  # what it must be, as the error says it
    otherwise: Any = None  # where it is left out
    required: bool = False
    read: Callable[[str], Any] = str  # gives None for what cannot be


Parameters = Mapping[str, Parameter]


def read(given: bytes, parameters: Parameters) -> dict[str, Any]:
    """What a query string asks for, every parameter with its value.

    Raises ``Wrong`` for a name that is not known or comes twice, and for a value that cannot be.
    """
    try:
        pairs = parse_qsl(
            given.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        raise Wrong("The query is not percent-encoded UTF-8, or asks for too much.") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        parameter = parameters.get(name)
        if parameter is None:
            known = ", ".join(parameters)
            hint = f"There are {known}." if known else "There are none here."
            raise Wrong(f"There is no parameter “{name[:60]}”. {hint}")
        if name in found:
            raise Wrong(f"“{name}” is given twice.")
        shaped = re.fullmatch(parameter.shape, value, re.ASCII | re.DOTALL)
        found[name] = parameter.read(value) if shaped else None
        if found[name] is None:
            raise Wrong(f"“{name}” must be {parameter.must}.")
    for name, parameter in parameters.items():
        if parameter.required and name not in found:
            raise Wrong(f"“{name}” is missing: it must be {parameter.must}.")
        found.setdefault(name, parameter.otherwise)
    return found


def _number(least: int, most: int, otherwise: int | None = None) -> Parameter:
    def number(value: str) -> int | None:
        return int(value) if least <= int(value) <= most else None

    must = f"a number from {least} to {most}"
    return Parameter("[0-9]{1,7}", must, otherwise, read=number)


def _one_of(words: Iterable[str]) -> Parameter:
    return Parameter("|".join(map(re.escape, words)), f"one of {', '.join(words)}")


def _words(value: str) -> str:
    return value.replace("\0", " ")  # no word holds it, and SQLite would end there


PART: Parameters = {"limit": _number(1, MOST, 50), "offset": _number(0, LARGEST, 0)}
LIMIT_OR_ALL = _number(1, LARGEST)
FLAG = Parameter("true|false", "true or false", read="true".__eq__)
KIND, RULE = _one_of(KINDS), _one_of(RULES)
PERSON = Parameter(f".{{1,{LONGEST}}}", f"text of 1 to {LONGEST} characters", read=_words)
WORDS = PERSON._replace(required=True)
SELECTION: Parameters = {
    "kind": KIND,
    "person": PERSON,
    "month": Parameter(addresses.MonthConverter.regex, "a month such as 2022-05"),
    "substantive": FLAG,
    "told": FLAG,
}
