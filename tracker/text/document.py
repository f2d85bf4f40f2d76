"""An article's text taken apart: front matter and body, and what the front matter says.

``parse`` never raises: front matter that cannot be read is carried as an error with its place, and
the body is read all the same. Writing is a splice (``splice.py``), so that every byte but the
notes stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from tracker.text import splice
from tracker.text.dates import read_date
from tracker.text.encoding import decode, encode
from tracker.text.front_matter import FrontMatter, FrontMatterError, find
from tracker.text.lines import first_heading, line_and_column
from tracker.text.updates import note_id, notes_of, with_updates

_JOINT = re.compile(r"[\s_-]")

Role = Literal["headline", "dek", "byline", "date", "caption", "image", "notes", "metadata"]


def _keys(words: str) -> tuple[str, ...]:
    return tuple(words.split())


KEYS: dict[Role, tuple[str, ...]] = {
    # In each row the first key that an article has is the one that counts.
    "headline": ("title", "headline"),
    "dek": _keys(
        "dek subtitle subheadline subhead subheading standfirst deck description "
        "excerpt summary abstract lede teaser"
    ),
    "byline": ("byline", "author", "authors", "by", "writer", "writers", "contributors"),
    "date": _keys(
        "publishdate pubdate publisheddate datepublished published date modified updated lastmod "
        "datemodified lastmodified lastmodifiedat lastupdated created createdat publishedat "
        "updatedat expirydate"
    ),
    "caption": _keys(
        "caption imagecaption herocaption photocaption featuredimagecaption covercaption alt "
        "imagealt alttext imagealttext heroalt photoalt coveralt featuredimagealt"
    ),
    "image": _keys(
        "image images hero heroimage herourl thumbnail thumb cover coverimage photo picture banner "
        "featuredimage featuredimg ogimage socialimage teaserimage imageurl gallery"
    ),
    "notes": ("updates",),
}
_ROLE_OF = {key: name for name, keys in KEYS.items() for key in keys}


def role(key: str) -> Role:
    """Return what a key of the front matter is to readers.

    ``key`` may be a path into nested values ("image.caption", "author.name"): its last part that
    is known counts.
    """
    for part in reversed(key.split(".")):
        if found := _ROLE_OF.get(bare(part)):
            return found
    return "metadata"


def bare(key: str) -> str:
    """Return a key without what spellings differ in: letter case, spaces, ``_`` and ``-``."""
    return _JOINT.sub("", key).lower()


__all__ = [
    "Document",
    "FrontMatter",
    "FrontMatterError",
    "Role",
    "decode",
    "encode",
    "line_and_column",
    "note_id",
    "notes_of",
    "parse",
    "role",
    "with_updates",
]

_LANGUAGE = ("lang", "language", "locale")
# What Hugo calls publishDate rules over the date that is shown.
_PUBLISHED = (
    "publishdate", "datepublished", "publisheddate", "pubdate", "publishedat", "publishedon",
    "published", "date",
)  # fmt: skip
_CREATED = ("created", "published", "date")  # in a table of dates, such as Material for MkDocs has


class Document(NamedTuple):
    """One state of an article. Offsets are code points in the whole text."""

    text: str  # the whole file, byte order mark included
    front_matter: FrontMatter | None  # None when there is none
    body_start: int

    @property
    def body(self) -> str:
        """Return what stands below the front matter, to the end of the file."""
        return self.text[self.body_start :]

    @property
    def headline(self) -> str | None:
        """Return the title of the front matter, else the first level-1 heading, else None."""
        for value in self._values(KEYS["headline"]):
            if words := _words(value):
                return words
        heading = first_heading(self.text, self.body_start)
        return heading.text if heading else None

    @property
    def dek(self) -> str | None:
        """Return the line under the headline, by the first of its many keys; None without one."""
        for value in self._values(KEYS["dek"]):
            if words := _words(value):
                return words
        return None

    @property
    def bylines(self) -> tuple[str, ...]:
        """Return the authors' names or ids as the front matter has them; empty when it has none."""
        for key in KEYS["byline"]:
            for value in self._values((key,)):
                if names := _names(value, several=key.endswith("s")):
                    return names
        return ()

    @property
    def published_date(self) -> date | datetime | None:
        """Return the date of publication that the front matter gives.

        A date without time where it gives none; a datetime with the zone that stands there, naive
        where none does; None when there is no date, or none that can be read.
        """
        for value in self._values(_PUBLISHED):
            if isinstance(value, dict):
                value = next((value[key] for key in _CREATED if key in value), None)
            if (when := read_date(value)) is not None:
                return when
        return None

    @property
    def draft(self) -> bool:
        """Return whether the front matter holds the article back from readers."""
        states = {key: list(self._values((key,))) for key in ("draft", "published", "status")}
        return (
            any(_truth(value) is True for value in states["draft"])
            or any(_truth(value) is False for value in states["published"])
            or any(_words(value).lower() == "draft" for value in states["status"])
        )

    @property
    def language(self) -> str | None:
        """Return the language tag that the front matter gives ("en", "de-AT"), None without."""
        for value in self._values(_LANGUAGE):
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None

    @property
    def updates(self) -> tuple[Mapping[str, object], ...]:
        """Return the mappings in the list ``updates`` as they stand there, ours or not."""
        raw = self.front_matter.data.get(splice.KEY) if self.front_matter else None
        entries = raw if isinstance(raw, list) else ()
        return tuple(entry for entry in entries if isinstance(entry, dict))

    def _values(self, keys: Iterable[str]) -> Iterable[object]:
        """Yield the values of the keys, in that order; letter case and ``_``, ``-`` do not count.

        Where the file has a key in two spellings, both are yielded, first the one standing first.
        """
        if self.front_matter is None:
            return
        found: dict[str, list[object]] = {}
        for key, value in self.front_matter.data.items():
            found.setdefault(bare(key), []).append(value)
        for key in keys:
            yield from found.get(key, ())


@lru_cache(maxsize=4)  # a recording asks fourteen times for the same two or three texts
def parse(text: str) -> Document:
    """Return the parts of an article's text. Never raises: see ``FrontMatter.error``."""
    front_matter = find(text)
    start = 1 if text.startswith("\ufeff") else 0
    return Document(text, front_matter, front_matter.end if front_matter else start)


def _words(value: object) -> str:
    """Return a value as one line of words; "" for what has none (lists, mappings, no value)."""
    if value is None or isinstance(value, (bool, list, dict, set, bytes)):
        return ""
    return " ".join(str(value).split())


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    words = value.strip().lower() if isinstance(value, str) else ""
    return {"true": True, "yes": True, "false": False, "no": False}.get(words)


def _names(value: object, *, several: bool = False) -> tuple[str, ...]:
    """Return the names in an author value: a string, a list, a mapping with a name."""
    if isinstance(value, dict):
        named = [_names(value.get(key)) for key in ("name", "display_name", "author", "id")]
        whole = next((names for names in named if names), ())
        parts = (_words(value.get(key)) for key in ("first", "first_name", "last", "last_name"))
        joined = " ".join(part for part in parts if part)
        return whole or ((joined,) if joined else ())
    if isinstance(value, list):
        return tuple(name for part in value for name in _names(part))
    words = _words(value)
    if several and isinstance(value, str):
        split = re.split(r"\s*;\s*" if ";" in words else r"\s*,\s*", words)
        return tuple(name for name in split if name)
    return (words,) if words else ()
