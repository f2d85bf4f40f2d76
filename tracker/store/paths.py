"""Paths inside a repository: which ones may be written.

git's own plumbing accepts ``../x``, ``.GIT/config`` and the like from a program that asks for
them, so every component is looked at here, before anything is written.
"""

from __future__ import annotations

import re

from tracker.errors import TrackerError

# Code points that HFS+ leaves out when it compares names: ".g\u200cit" is ".git" there.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]")

_KEPT_BY_GIT = frozenset({".git", ".gitmodules", ".gitattributes", ".gitignore"})

# The short names that Windows gives to ".git" and ".gitmodules".
_SHORT_NAMES = re.compile(r"(?:git|gitmod|gi[0-9a-f]{4})~[0-9]+")


_LONGEST = 4000  # characters; PATH_MAX of Linux, less what stands before


def encoded(path: str) -> bytes:
    """A path as the bytes that git has; names that are no UTF-8 come back as they were.

    Raises ``TrackerError`` for a path that no file can have.
    """
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise TrackerError(
            f"The path {path!r} holds characters that no file name can have.",
            "Give the path as your file manager shows it.",
        ) from None


def checked(path: str) -> tuple[bytes, ...]:
    """The components of a path below the repository's top folder, as bytes.

    Raises ``TrackerError`` for an empty or absolute path, one that leads out of the repository,
    one with empty components, and one with a name that git, or a file system that people use,
    takes for git's own files.
    """
    if not path:
        raise TrackerError("The path of the article is empty.", "Name a file in the repository.")
    shown = shown_path(path)
    if "\0" in path:
        raise TrackerError(
            f"The path {shown} holds a NUL character, which no file name can have.",
            "Give the path as your file manager shows it.",
        )
    if len(path) > _LONGEST:
        raise TrackerError(
            f"A path of {len(path)} characters is too long.", "Name a file in the repository."
        )
    components = path.split("/")
    if ".." in components or path.startswith("/"):
        raise TrackerError(
            f"{shown} leads out of the repository.",
            "Give the path of a file in the repository, without leading slash and without ..",
        )
    if "" in components or "." in components:
        raise TrackerError(
            f"{shown} is not the path of a file.",
            "Write it like articles/2022/slug.md, with no empty parts.",
        )
    for component in components:
        if _is_git_name(component):
            raise TrackerError(
                f"{shown} has the part {shown_path(component)}, a name that git keeps for itself.",
                "Choose another name.",
            )
    return tuple(encoded(component) for component in components)


def _is_git_name(component: str) -> bool:
    visible = _INVISIBLE.sub("", component)
    # On Windows a backslash separates, ":" starts a stream, and dots and spaces at the end go.
    for part in visible.split("\\"):
        folded = part.partition(":")[0].rstrip(" .").lower()
        if folded in _KEPT_BY_GIT or _SHORT_NAMES.fullmatch(folded):
            return True
        if part in {"..", "."}:
            return True
    return False


def shown_path(path: str) -> str:
    """A path as it can be put into a sentence: control characters escaped."""
    if path.isprintable():
        return path
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in path
    )
