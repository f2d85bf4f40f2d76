"""How a page's links are written: under the prefix of a proxy, relative in files, or absolute."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from flask import current_app, request

_PAGE = "index.html"


class Site(NamedTuple):
    """How the pages are published; the same for the whole life of an application."""

    base_url: str | None  # without a slash at the end; None: where the request came to
    files: bool  # True: the pages are written to files, so nothing asks or searches
    relative: bool  # True: links lead from file to file, and no server is needed
    unpublished: bool  # True: what readers could not see yet is shown too, and marked

    @property
    def prefix(self) -> str:
        """The path of the base URL: what stands before each address; "" for none."""
        return urlsplit(self.base_url).path.rstrip("/") if self.base_url else ""


def site() -> Site:
    """How the pages of the application that answers this request are published."""
    found: Site = current_app.extensions["tracker-site"]
    return found


def link(path: str) -> str:
    """A path from the root of the site, as this page links to it."""
    how = site()
    if not how.files:
        return how.prefix + path
    where, sign, rest = _parted(path)
    if not how.relative:
        # A host finds index.html by itself, and a file of another kind only by its name.
        plain = where.startswith(tuple(_PLAIN))
        return how.prefix + (file_of(where) if plain else where) + sign + rest
    where = file_of(where)
    depth = request.path.count("/") - 1
    return "../" * depth + where[1:] + sign + rest


_PLAIN = {"/source/": "index.txt", "/timemap/": "index.link"}
"""Pages that are no HTML, by the beginning of their address, and the name of their file."""


def file_of(path: str) -> str:
    """The file that holds a page where pages are files: ``/articles/`` is in an index.html."""
    if not path.endswith("/"):
        return path
    return path + next((file for start, file in _PLAIN.items() if path.startswith(start)), _PAGE)


def absolute(path: str) -> str:
    """A path from the root of the site as a whole URL, for feeds and machines."""
    base = site().base_url
    return (base if base is not None else request.host_url.rstrip("/")) + path


def _parted(path: str) -> tuple[str, str, str]:
    for sign in "#?":
        if sign in path:
            where, _, rest = path.partition(sign)
            return where, sign, rest
    return path, "", ""
