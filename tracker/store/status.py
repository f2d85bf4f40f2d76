"""What git says of the files on disk."""

from __future__ import annotations

from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store.git import Repository


class FileStates(NamedTuple):
    """Paths whose file on disk is not as the newest commit has it."""

    changed: tuple[str, ...]  # new ones and edited ones
    new: tuple[str, ...]  # of them, those that no commit has
    gone: tuple[str, ...]  # that the newest commit has, and the disk has not


def file_states(repository: Repository, under: str = "") -> FileStates:
    """What is new, edited and gone on disk. Raises ``TrackerError`` in a bare repository."""
    if repository.bare:
        raise TrackerError(
            "This repository is bare: it has no files on disk.", "Work in a clone of it."
        )
    listed = repository.git.run(
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--no-renames",
        "--ignore-submodules=all",
        "--",
        *([under] if under else []),
    )
    changed, new, gone = list[str](), list[str](), list[str]()
    for item in filter(None, listed.split(b"\0")):
        state, path = item[:2], item[3:].decode("utf-8", "surrogateescape")
        if state == b"!!":
            continue
        if state[1:] == b"D" or state == b"D ":
            if state[:1] != b"A":  # added and taken away again
                gone.append(path)
            continue
        changed.append(path)
        if state == b"??" or state[:1] == b"A":
            new.append(path)
    # Taken out of the index, and still on disk: it is listed twice.
    there = set(changed)
    return FileStates(
        tuple(dict.fromkeys(changed)),
        tuple(path for path in new if path not in gone),
        tuple(path for path in gone if path not in there),
    )


def changed_files(repository: Repository, under: str = "") -> list[str]:
    """Paths whose file on disk is new or differs from the newest commit; deleted ones left out.

    Raises ``TrackerError`` in a bare repository.
    """
    return list(file_states(repository, under).changed)
