"""Errors are pages: what is wrong in the newsroom's language, and nothing about the machine."""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, make_response, request
from werkzeug.exceptions import Gone, HTTPException, NotFound
from werkzeug.routing import RequestRedirect

from tracker.errors import TrackerError
from tracker.render.visible import visible
from tracker.web import addresses
from tracker.web.desk import desk
from tracker.web.links import link
from tracker.web.page import known_addresses, page

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


def install(app: Flask) -> None:
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
