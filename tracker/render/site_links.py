"""Links from a site that one has to the pages that ``tracker serve`` and ``tracker site`` make.

The addresses are those of ``web/addresses.py``; a test holds the two together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple, Self
from urllib.parse import quote

_ENDINGS = (".md", ".markdown", ".txt")  # the first wins where two articles share an address
_NO_NAME = frozenset(
    (".", "..", "index.html", "index.txt", "index.link", "atom.xml", "feed.json")
)  # of an address: they mean another folder, or a file of another article's pages
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


class Links(NamedTuple):
    """Where the pages of a newsroom's articles are."""

    base: str  # of the pages, without a slash at the end; "": they are nowhere
    addresses: Mapping[str, str]  # path in the repository -> address, not percent-encoded

    @classmethod
    def of(cls, base: str, paths: Iterable[str], under: str = "") -> Self:
        """The links to these articles. ``under`` is the newsroom's folder in its repository."""
        return cls(base.rstrip("/"), addresses(paths, under))

    def history(self, path: str) -> str | None:
        """The page with all versions of an article; None where there are no pages."""
        return self._link("history", path)

    def version(self, path: str, at: datetime, commit: str) -> str | None:
        """The page of one version."""
        return self._link(f"version/{stamp(at, commit)}", path)

    def change(self, path: str, at: datetime, commit: str) -> str | None:
        """The page that shows what a version changed; a site of files has it too."""
        return self._link(f"change/{stamp(at, commit)}", path)

    def note(self, path: str, note: str) -> str | None:
        """The lasting link to a note."""
        return self._link(f"note/{note_key(note)}", path)

    def _link(self, page: str, path: str) -> str | None:
        address = self.addresses.get(path)
        if not self.base or address is None:
            return None
        return f"{self.base}/{page}/{quote(os.fsencode(address), safe='/')}/"


def addresses(paths: Iterable[str], under: str = "") -> dict[str, str]:
    """The address of each article: its path without its ending and without a final ``/index``.

    Where several would share one, ``.md`` wins, and the others keep their ending; so does one that
    would else be called ``.``, ``..`` or as a page's file is.
    """
    wanted: dict[str, list[str]] = {}
    for path in paths:
        wanted.setdefault(_short(inside(path, under)), []).append(path)
    found: dict[str, str] = {}
    whole: list[str] = []  # that keep their ending
    for address, claimants in wanted.items():
        claimants.sort(key=_claim)
        found[claimants[0]] = address
        whole += claimants[1:]
    while whole:
        # A whole path may be what another article is called without its ending.
        path = whole.pop()
        found[path] = inside(path, under)
        holder = wanted.get(found[path], [path])[0]
        if holder != path and found[holder] == found[path]:
            whole.append(holder)
    return found


def inside(path: str, under: str) -> str:
    """A path as it is in the newsroom's folder."""
    return path.removeprefix(f"{under}/") if under else path


def _short(path: str) -> str:
    stem, ending = _split(path)
    bare = stem if ending.lower() in _ENDINGS else path
    folder, _, name = bare.rpartition("/")
    if name in _NO_NAME:
        return path
    return folder if folder and name == "index" else bare


def _split(path: str) -> tuple[str, str]:
    """A path without its ending, and the ending with its dot; "" where it has none."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    return (f"{folder}{slash}{stem}", f".{ending}") if dot and stem else (path, "")


def _claim(path: str) -> tuple[int, bool, str]:
    stem, ending = _split(path)
    lowered = ending.lower()
    rank = _ENDINGS.index(lowered) if lowered in _ENDINGS else len(_ENDINGS)
    return rank, stem.rpartition("/")[2] == "index", path


def stamp(at: datetime, commit: str) -> str:
    """A version's stamp: its instant in UTC and the beginning of its commit."""
    try:
        moment = at.astimezone(UTC)
    except OverflowError:  # the first and last day that a datetime can hold
        moment = at
    clock = f"{moment.year:04}{moment.month:02}{moment.day:02}"
    return f"{clock}{moment.hour:02}{moment.minute:02}{moment.second:02}-{commit[:10]}"


def note_key(note: str) -> str:
    """A note's id as it may stand in an address or in HTML; a digest of one that may not."""
    if _KEY.fullmatch(note):
        return note
    return "x" + sha256(note.encode("utf-8", "surrogatepass")).hexdigest()[:16]
