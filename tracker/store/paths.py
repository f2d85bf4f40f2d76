"""Paths inside a repository: which ones may be written.

git's own plumbing accepts ``../x``, ``.GIT/config`` and the like from a program that asks for
them, so every component is looked at here, before anything is written.
"""

from __future__ import annotations

from tracker.errors import TrackerError
from tracker.store.files import LONGEST_NAME, is_git_name

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
        if is_git_name(component):
            raise TrackerError(
                f"{shown} has the part {shown_path(component)}, a name that git keeps for itself.",
                "Choose another name.",
            )
        if len(component.encode("utf-8", "replace")) > LONGEST_NAME:
            raise TrackerError(
                f"{shown_path(component[:60])}… is too long for the name of a file.",
                "Choose a shorter name.",
            )
    return tuple(encoded(component) for component in components)


def shown_path(path: str) -> str:
    """A path as it can be put into a sentence: control characters escaped."""
    if path.isprintable():
        return path
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in path
    )
