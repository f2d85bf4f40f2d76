"""What git says of the files on disk."""

from __future__ import annotations

from tracker.errors import TrackerError
from tracker.store.git import Repository


def changed_files(repository: Repository, under: str = "") -> list[str]:
    """Paths whose file on disk is new or differs from the newest commit; deleted ones left out.

    Raises ``TrackerError`` in a bare repository.
    """
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
    found = []
    for item in listed.split(b"\0"):
        status, path = item[:2], item[3:].decode("utf-8", "surrogateescape")
        if path and status[1:] != b"D" and status not in (b"D ", b"!!"):
            found.append(path)
    return found
