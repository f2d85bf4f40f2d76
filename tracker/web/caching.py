"""Pages that did not change are not made, or not even sent, again (RFC 9110, RFC 9111).

A page depends on its address, the newest commit, the settings and this program's code, so its
ETag is made of those, and known before the page is. Pages are kept in memory as they were sent,
the least used let go first. A page is asked for anew each time (``no-cache``), because the next
revision may come at any moment; what a stamp names for good may be kept longer.
"""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from flask import Flask, Response, current_app, g, request
from werkzeug.http import http_date

from tracker.web.addresses import site
from tracker.web.desk import desk

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
    """A page as it was sent."""

    body: bytes
    packed: bytes | None  # gzip; None where that is not worth it
    headers: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.body) + len(self.packed or b"")


class SentPages:
    """The pages that were made last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, SentPage] = OrderedDict()
        self._size = 0

    def find(self, tag: str) -> SentPage | None:
        """The page with this tag, if it is still kept."""
        with self._lock:
            found = self._kept.get(tag)
            if found is not None:
                self._kept.move_to_end(tag)
            return found

    def keep(self, tag: str, page: SentPage) -> None:
        """Keep a page, and let go what was used least."""
        with self._lock:
            if tag in self._kept or page.size > LARGEST_KEPT:
                return
            self._kept[tag] = page
            self._size += page.size
            while self._size > MOST_KEPT:
                self._size -= self._kept.popitem(last=False)[1].size


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


def install(app: Flask) -> None:
    """Answer what is known from memory or by 304; tag and compress what is made."""
    pages = SentPages()
    app.before_request(lambda: _known(pages))
    app.after_request(lambda response: _keep(pages, response))
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


def _known(pages: SentPages) -> Response | None:
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
    kept = pages.find(tag)
    if kept is None:
        return None
    response = Response(kept.body, headers=list(kept.headers))
    g.kept = kept
    return response


def _keep(pages: SentPages, response: Response) -> Response:
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
        pages.keep(tag, kept)
    if kept.packed is not None and request.accept_encodings.quality("gzip") > 0:
        response.set_data(kept.packed)
        response.headers["Content-Encoding"] = "gzip"
        tag += _PACKED  # another representation has another strong tag
    response.set_etag(tag)
    response.make_conditional(request)
    return response
