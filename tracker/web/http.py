"""HTTP around the pages: what is refused, headers that keep a page harmless, errors, caching.

Nothing here writes: only GET and HEAD are answered. A request must name a host that is ours, or a
page of another site could read the newsroom by having its own name point at this machine (DNS
rebinding). Addresses and questions are bounded in length.

A page depends on its address, the newest commit, the settings and this program's code, so its
ETag is made of those, and known before the page is. Pages are kept in memory as they were sent,
the least used let go first. A page is asked for anew each time (``no-cache``), because the next
revision may come at any moment; what a stamp names for good may be kept longer.
"""

from __future__ import annotations

import gzip
import ipaddress
import logging
import re
import threading
import traceback
from collections.abc import Collection
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cachetools import LRUCache
from flask import Flask, Response, current_app, g, make_response, request
from werkzeug.exceptions import Gone, HTTPException, MethodNotAllowed, NotFound, RequestURITooLarge
from werkzeug.http import http_date
from werkzeug.routing import RequestRedirect

from tracker.errors import TrackerError
from tracker.render.plain import visible
from tracker.web import addresses
from tracker.web.addresses import link, site
from tracker.web.desk import desk
from tracker.web.page import known_addresses, page

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
METHODS = ("GET", "HEAD")
LONGEST_PATH = 4096  # bytes, percent-encoding undone: as long as a file's path may be
LONGEST_BODY = 1024  # bytes; nothing that is sent is read
LONGEST_QUERY = 2048  # bytes
_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - told apart, not listened on

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::\d{1,5})?", re.ASCII)

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""What a page may load (Content Security Policy Level 3): files of its own, and no inline code."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class WrongHost(HTTPException):
    """The request names a host that is not ours (RFC 9110, section 15.5.20)."""

    code = 421
    description = "Misdirected Request"


class Hosts:
    """Which hosts a request may name."""

    def __init__(self, listening: str, base_url: str | None, more: Collection[str] = ()) -> None:
        self._names = {*LOOPBACK, *(name.lower() for name in more)}
        if base_url and (host := urlsplit(base_url).hostname):
            self._names.add(host.lower())
        # Who listens everywhere is asked by any of the machine's numbers; a name that somebody
        # else has pointed at one of them is still not ours.
        self._any_number = listening in _EVERYWHERE
        if not self._any_number:
            self._names.add(listening.strip("[]").lower())

    def allows(self, host: str) -> bool:
        """True for a Host header that names us."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = (found[1] or found[2]).lower().rstrip(".")
        return name in self._names or (self._any_number and _is_number(name))


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def install(app: Flask, hosts: Hosts) -> None:
    """Refuse what is to be refused, and put the headers on every answer of the application."""

    def refuse() -> None:
        # The raw header: Werkzeug's own reading drops what it does not like.
        if not hosts.allows(request.environ.get("HTTP_HOST", "")):
            raise WrongHost
        if request.method not in METHODS:
            raise MethodNotAllowed(valid_methods=METHODS)
        if (
            len(request.environ.get("PATH_INFO", "")) > LONGEST_PATH
            or len(request.environ.get("QUERY_STRING", "")) > LONGEST_QUERY
        ):
            raise RequestURITooLarge

    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.remove("Server")
        return response

    app.before_request(refuse)
    app.after_request(protect)


# --- errors are pages -----------------------------------------------------------------------------

LOG = logging.getLogger("tracker.web")
"""What went wrong, for whoever runs the pages; a reader never sees it."""

_KINDS = {
    400: "bad",
    404: "not_found",
    405: "method",
    410: "gone",
    413: "too_large",
    414: "too_large",
    421: "host",
    503: "busy",
}
"""Errors that have sentences of their own among the words of the pages."""


class NoArticle(NotFound):
    """There is no article at this address; others look like it."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address


class NotHere(Gone):
    """The article was deleted; its history is still there."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address


def install_errors(app: Flask) -> None:
    """Have every error of the application answered by a page."""
    app.after_request(_below_base)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(TrackerError, _unreadable)
    app.register_error_handler(Exception, _failed)


def _below_base(response: Response) -> Response:
    """Where an address lacks its last slash, the router leads to itself: past the proxy."""
    wanted = request.routing_exception
    if isinstance(wanted, RequestRedirect):
        parts = urlsplit(wanted.new_url)
        query = f"?{parts.query}" if parts.query else ""
        response.headers["Location"] = link("/" + parts.path.lstrip("/")) + query
    return response


def _refused(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        found = error.get_response()
        assert isinstance(found, Response)
        return found
    code = error.code or 500
    suggestions: list[tuple[str, str]] = []
    if isinstance(error, NoArticle):
        suggestions = [
            (link(addresses.article(each)), each)
            for each in known_addresses().nearest(error.address)
        ]
    if isinstance(error, NotHere):
        suggestions = [(link(addresses.history(error.address)), error.address)]
    response = _answer(code, suggestions)
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
        if name == "Retry-After":
            response.headers["Refresh"] = value  # a browser comes back by itself
    return response


def _unreadable(error: TrackerError) -> Response:
    LOG.error("%r: %s", request.path, visible(f"{error.sentence} {error.hint}"))
    return _answer(503, [], "fault")


def _failed(error: Exception) -> Response:
    _note(error)
    return _answer(500, [])


def _note(error: Exception) -> None:
    trace = "".join(traceback.format_exception(error))
    LOG.error("%r failed\n%s", request.path, visible(trace))


def _answer(code: int, suggestions: list[tuple[str, str]], kind: str = "") -> Response:
    """The page of an error; plain words where not even a page can be made."""
    kind = kind or _KINDS.get(code, "fault")
    try:
        desk().current()
        body = page("error.html", kind=kind, suggestions=suggestions)
        response = make_response(body, code)
    except Exception as error:  # the settings themselves may be what is wrong
        if code < 500 and not isinstance(error, TrackerError):
            _note(error)
        response = make_response(f"{code} {HTTPStatus(code).phrase}\n", code)
        response.mimetype = "text/plain"
    response.headers["Cache-Control"] = "no-store"
    return response


# --- pages that did not change are not made, or not even sent, again (RFC 9110, RFC 9111) ---------

LARGEST_KEPT = 2_000_000  # bytes of a page above which it is not kept
MOST_KEPT = 48_000_000  # bytes of all pages that are kept
_PACKED = "-gzip"  # at the end of a compressed page's tag
_COMPRESSED_FROM = 1000  # bytes
_COMPRESSED = ("text/", "application/json", "application/feed+json", "application/atom+xml")

REVALIDATED = "no-cache"
"""The next revision may come at any moment: asked again each time, and answered by 304."""

LASTING = "public, max-age=31536000, immutable"
"""What never changes: the recorded text of a version."""


class SentPage(NamedTuple):
    body: bytes
    packed: bytes | None  # gzip; None where that is not worth it
    headers: tuple[tuple[str, str], ...]


def _size(page: SentPage) -> int:
    return len(page.body) + len(page.packed or b"")


@cache
def code_version() -> str:
    """A digest of the files that pages are made of: a new program makes new pages."""
    package = Path(__file__).parents[1]
    digest = sha256()
    for room in ("web", "render", "house", "text", "newsroom", "policy", "locale"):
        for file in sorted((package / room).rglob("*")):
            if file.suffix in (".py", ".html", ".toml", ".css", ".js", ".svg"):
                digest.update(file.relative_to(package).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def cached(lasting: str = REVALIDATED) -> None:
    """Say of the page that is being made how long it may be kept by those who get it."""
    g.cache_control = lasting


def touched(at: datetime) -> None:
    """Say of the page that is being made when its content last changed (an aware instant)."""
    g.last_modified = at


def install_caching(app: Flask) -> None:
    """Answer what is known from memory or by 304; tag and compress what is made."""
    pages: LRUCache[str, SentPage] = LRUCache(MOST_KEPT, getsizeof=_size)
    lock = threading.Lock()
    app.before_request(lambda: _known(pages, lock))
    app.after_request(lambda response: _keep(pages, lock, response))
    app.teardown_request(lambda _: desk().let_go())


def _tag() -> str:
    edition = desk().edition()
    parts = (
        *edition,
        code_version(),
        request.environ.get("PATH_INFO", ""),
        request.environ.get("QUERY_STRING", ""),
        request.host_url,
    )
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _known(pages: LRUCache[str, SentPage], lock: threading.Lock) -> Response | None:
    desk().let_go()
    if request.endpoint in (None, "static") or "Accept-Datetime" in request.headers:
        return None
    desk().hold()
    if site().files or current_app.extensions.get("tracker-apart"):
        return None  # each page is asked for once, or kept by the server
    tag = _tag()
    for asked in (tag, tag + _PACKED):
        # A tag of this edition is known to whoever got this very page, and to nobody else.
        if request.if_none_match.is_strong(asked):
            response = Response(status=304)
            response.set_etag(asked)
            response.headers["Cache-Control"] = REVALIDATED
            response.headers["Vary"] = "Accept-Encoding"
            return response
    g.tag = tag
    with lock:
        kept = pages.get(tag)
    if kept is None:
        return None
    response = Response(kept.body, headers=list(kept.headers))
    g.kept = kept
    return response


def _keep(pages: LRUCache[str, SentPage], lock: threading.Lock, response: Response) -> Response:
    tag: str | None = g.get("tag")
    kept: SentPage | None = g.get("kept")
    if response.status_code != 200 or response.direct_passthrough:
        return response
    headers = response.headers
    if kept is None:
        headers.setdefault("Cache-Control", g.get("cache_control", REVALIDATED))
        if at := g.get("last_modified"):
            headers.setdefault("Last-Modified", http_date(at.astimezone(UTC)))
    if tag is None:
        return response
    if kept is None:
        headers["Vary"] = ", ".join(dict.fromkeys([*response.vary, "Accept-Encoding"]))
        body = response.get_data()
        worth = len(body) >= _COMPRESSED_FROM and (response.mimetype or "").startswith(_COMPRESSED)
        packed = gzip.compress(body, 5, mtime=0) if worth else None
        listed = [each for each in headers if each[0] not in ("Content-Length", "Set-Cookie")]
        kept = SentPage(body, packed, tuple(listed))
        if _size(kept) <= LARGEST_KEPT:
            with lock:
                pages[tag] = kept
    if kept.packed is not None and request.accept_encodings.quality("gzip") > 0:
        response.set_data(kept.packed)
        response.headers["Content-Encoding"] = "gzip"
        tag += _PACKED  # another representation has another strong tag
    response.set_etag(tag)
    response.make_conditional(request)
    return response
