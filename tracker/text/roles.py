"""What the keys of an article's front matter are to readers: headline, dek, byline and so on."""

from __future__ import annotations

import re
from typing import Literal

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
