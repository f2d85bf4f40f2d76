"""What the columns of the catalog hold that is no plain text: names and words without UTF-8."""

from __future__ import annotations

from typing import Any

ARTICLES = (".md", ".markdown", ".txt")
"""How the file of an article ends, where nobody says otherwise."""


def is_article(path: str) -> bool:
    """Does the name end as that of an article?"""
    return path.lower().endswith(ARTICLES)


def stored_path(path: str) -> str | bytes:
    """A path as the tables have it: bytes where it is no valid UTF-8."""
    return path if path.isascii() or _is_valid(path) else path.encode("utf-8", "surrogateescape")


def _is_valid(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def path_of(stored: str | bytes) -> str:
    """The path that ``stored_path`` put into the tables."""
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogateescape")


def storable(value: Any) -> Any:
    """A value for a column: a text that has no UTF-8, which a file may hold, becomes bytes."""
    if isinstance(value, str) and not (value.isascii() or _is_valid(value)):
        return value.encode("utf-8", "surrogatepass")
    return value


def text_of(stored: Any) -> str:
    """The text that ``storable`` was given; "" for NULL."""
    if isinstance(stored, bytes):
        return stored.decode("utf-8", "surrogatepass")
    return stored or ""
