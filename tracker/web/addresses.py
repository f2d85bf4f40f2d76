"""The addresses of the pages, all in one place.

An article's address is its path in the newsroom's folder without ``.md``, ``.markdown`` or ``.txt``
and without a final ``/index``; where two articles would share one, ``.md`` wins, and the others
keep their ending. One keeps it, too, whose name would else be ``.``, ``..`` or that of a page's
file, such as ``index.html``. A version's stamp is its instant in UTC and the beginning of its
commit, ``20220512114500-9f1c2e7b3d``: the commit decides, the instant is for people. Nothing here
is a number that a later revision could change.

The functions give paths from the root of the site, percent-encoded: what the pages make of them
(links under a prefix, relative links, absolute ones) is told in ``links``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.routing import BaseConverter, PathConverter

from tracker.render.urls import addresses, encoded, inside, note_key, short, stamp

__all__ = [
    "encoded",
    "inside",
    "note_key",
    "short",
    "stamp",
]  # asked for from here

STAMP = r"\d{14}-[0-9a-f]{4,64}"
_WORD = re.compile(r"[^\W_]+")
_LONGEST_SOUGHT = 200  # code points of an address that nearest ones are sought for
_MOST_ALIKE = 2000  # articles that share a word with it and are looked at


class Stamped(Protocol):
    """A version, a revision or an event: something with a commit and an instant."""

    @property
    def commit(self) -> str:
        """The full hash."""

    @property
    def at(self) -> datetime:
        """The author date, aware."""


_Some = TypeVar("_Some", bound=Stamped)


# --- articles ------------------------------------------------------------------------------------


class Addresses(NamedTuple):
    """The articles of a newsroom by their addresses."""

    by_path: Mapping[str, str]  # path in the repository -> address, not percent-encoded
    by_address: Mapping[str, str]  # address -> path
    by_word: Mapping[str, tuple[str, ...]]  # a word, lower case -> addresses that have it
    under: str  # the newsroom's folder in its repository; "" for all of it

    @classmethod
    def of(cls, paths: Iterable[str], under: str = "") -> Addresses:
        by_path = addresses(paths, under)
        by_address = {known(address): path for path, address in by_path.items()}
        by_word: dict[str, list[str]] = {}
        for address in by_path.values():
            for word in set(_words(address)):
                by_word.setdefault(word, []).append(address)
        return cls(
            by_path, by_address, {word: tuple(found) for word, found in by_word.items()}, under
        )

    def address(self, path: str) -> str:
        """The address of a path; of one that is no article now, what it would be."""
        found = self.by_path.get(path)
        if found is not None:
            return found
        wanted = short(path, self.under)
        return inside(path, self.under) if known(wanted) in self.by_address else wanted

    def path(self, address: str) -> str | None:
        """The article at an address, or whose whole file path it is; None where there is none."""
        found = self.by_address.get(address) or self.by_address.get(address.removesuffix("/index"))
        if found is not None:
            return found
        full = f"{self.under}/{address}" if self.under else address
        return next((path for path in (full, address) if path in self.by_path), None)

    def nearest(self, address: str, most: int = 3) -> tuple[str, ...]:
        """Addresses that look like this one, the most alike first."""
        from difflib import SequenceMatcher

        sought = address[:_LONGEST_SOUGHT].lower()
        words = set(_words(sought))
        shared: dict[str, int] = {}
        for word in words:
            for other in self.by_word.get(word, ())[:_MOST_ALIKE]:
                shared[other] = shared.get(other, 0) + len(word)
        best = sorted(shared, key=lambda other: (-shared[other], len(other), other))[:20]
        matcher = SequenceMatcher(b=sought, autojunk=False)

        def alike(other: str) -> float:
            matcher.set_seq1(other[:_LONGEST_SOUGHT].lower())
            return matcher.ratio()

        ranked = sorted(((alike(other), other) for other in best), reverse=True)
        return tuple(other for ratio, other in ranked[:most] if ratio > 0.4)


def known(address: str) -> str:
    """An address as a request has it: bytes that are not UTF-8 cannot be told apart there."""
    return os.fsencode(address).decode("utf-8", "replace")


def _words(address: str) -> list[str]:
    return [word for word in _WORD.findall(address.lower()) if len(word) > 1]


# --- versions and notes --------------------------------------------------------------------------


def stamp_of(dated: Stamped) -> str:
    """The stamp of a version or a revision."""
    return stamp(dated.at, dated.commit)


def stamped(wanted: str, versions: Sequence[_Some]) -> _Some | None:
    """The version that a stamp means; None where none or more than one fits its commit."""
    clock, _, commit = wanted.partition("-")
    found = [each for each in versions if each.commit.startswith(commit)]
    if len(found) > 1:
        found = [each for each in found if stamp(each.at, "").startswith(clock)]
    return found[0] if len(found) == 1 else None


# --- pages ---------------------------------------------------------------------------------------


def newsroom(page: int = 1, month: str | None = None) -> str:
    """The newsroom's newest revisions, all or of one month (``2022-05``)."""
    if month is not None:
        return f"/month/{month}/" + (f"{page}/" if page > 1 else "")
    return f"/latest/{page}/" if page > 1 else "/"


def articles(page: int = 1) -> str:
    return "/articles/" + (f"{page}/" if page > 1 else "")


def article(address: str) -> str:
    return f"/article/{encoded(address)}/"


def history(address: str) -> str:
    return f"/history/{encoded(address)}/"


def older(until: str, address: str) -> str:
    """The page of an article's history whose newest revision has the stamp ``until``."""
    return f"/older/{until}/{encoded(address)}/"


def version(when: str, address: str) -> str:
    return f"/version/{when}/{encoded(address)}/"


def source(when: str, address: str) -> str:
    """The text of one version, as it was recorded."""
    return f"/source/{when}/{encoded(address)}/"


def change(when: str, address: str, *, sides: bool = False) -> str:
    """What one version changed in the one before it, inline or side by side."""
    return f"/change{'-sides' if sides else ''}/{when}/{encoded(address)}/"


def compare(old: str, new: str, address: str, *, sides: bool = False) -> str:
    return f"/compare{'-sides' if sides else ''}/{old}/{new}/{encoded(address)}/"


def blame(address: str) -> str:
    return f"/blame/{encoded(address)}/"


def note(key: str, address: str) -> str:
    """A note's lasting address; ``key`` is that of ``note_key``."""
    return f"/note/{key}/{encoded(address)}/"


def timemap(address: str) -> str:
    return f"/timemap/{encoded(address)}/"


def feed(name: str, address: str | None = None) -> str:
    """A feed, ``atom.xml`` or ``feed.json``, of the newsroom or of one article."""
    return f"/feeds/{name}" if address is None else f"/feeds/{encoded(address)}/{name}"


def static(name: str) -> str:
    return f"/static/{name}"


# --- how the parts of an address are told from one another ----------------------------------------


class AddressConverter(PathConverter):
    """An article's address: anything that a file may be called, with folders."""

    regex = "(?s:[^/].*?)"
    weight = 300


class StampConverter(BaseConverter):
    regex = STAMP
    weight = 50


class MonthConverter(BaseConverter):
    regex = r"\d{4}-(?:0[1-9]|1[0-2])"
    weight = 50


class YearConverter(BaseConverter):
    regex = r"\d{4}"
    weight = 60


# --- how a page's links are written ---------------------------------------------------------------

_PAGE = "index.html"


class Publishing(NamedTuple):
    """How the pages are published; the same for the whole life of an application."""

    base_url: str | None  # without a slash at the end; None: where the request came to
    files: bool  # True: the pages are written to files, so nothing asks or searches
    relative: bool  # True: links lead from file to file, and no server is needed
    unpublished: bool  # True: what readers could not see yet is shown too, and marked
    pages: frozenset[str] = frozenset()  # of files: which of the large ones there are
    since: datetime | None = None  # of files: only articles that changed from then on; aware

    def has(self, pages: str) -> bool:
        """Whether there are pages of a kind: "versions", "sides", "sources", "unchanged"."""
        return not self.files or pages in self.pages

    @property
    def prefix(self) -> str:
        """The path of the base URL: what stands before each address; "" for none."""
        return urlsplit(self.base_url).path.rstrip("/") if self.base_url else ""


def site() -> Publishing:
    """How the pages of the application that answers this request are published."""
    found: Publishing = current_app.extensions["tracker-site"]
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
