"""How articles, versions and notes are named in addresses, here and on other people's pages.

The pages of ``web`` and links from other sites to them go by this one rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

_COMMIT_IN_STAMP = 10
_ENDINGS = (".md", ".markdown", ".txt")  # the first wins where two articles share an address
_NO_NAME = frozenset(
    (".", "..", "index.html", "index.txt", "index.link", "atom.xml", "feed.json")
)  # in an address they would lead to another folder, or be a file of another article's pages
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


def short(path: str, under: str = "") -> str:
    """A path's address where no other article claims it. ``under`` is the newsroom's folder."""
    whole = inside(path, under)
    stem, ending = _split(whole)
    bare = stem if ending.lower() in _ENDINGS else whole
    folder, _, name = bare.rpartition("/")
    if name in _NO_NAME:
        return whole
    return folder if folder and name == "index" else bare


def addresses(paths: Iterable[str], under: str = "") -> dict[str, str]:
    """The address of each article: its path without its ending and without a final ``/index``.

    Where several would share one, ``.md`` wins, and the others keep their ending; so does one that
    would else be called ``.``, ``..`` or as a page's file is.
    """
    wanted: dict[str, list[str]] = {}
    for path in paths:
        wanted.setdefault(short(path, under), []).append(path)
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


def inside(path: str, under: str) -> str:
    """A path from the newsroom's folder on."""
    return path.removeprefix(f"{under}/") if under else path


def stamp(at: datetime, commit: str) -> str:
    """The stamp of a version: ``20220512114500-9f1c2e7b3d``."""
    try:
        moment = at.astimezone(UTC)
    except OverflowError:  # the first and last day that a datetime can hold
        moment = at
    clock = f"{moment.year:04}{moment.month:02}{moment.day:02}"
    clock += f"{moment.hour:02}{moment.minute:02}{moment.second:02}"
    return f"{clock}-{commit[:_COMMIT_IN_STAMP]}"


def note_key(note: str) -> str:
    """A note's id as it stands in an address; a digest of one that could not stand there."""
    if _KEY.fullmatch(note):
        return note
    return "x" + sha256(note.encode("utf-8", "surrogatepass")).hexdigest()[:16]
