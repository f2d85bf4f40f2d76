"""What is refused before a page is made, and the headers that keep a page harmless.

Nothing here writes: only GET and HEAD are answered. A request must name a host that is ours, or a
page of another site could read the newsroom by having its own name point at this machine (DNS
rebinding). Addresses and questions are bounded in length.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestURITooLarge

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
