"""The histories of all texts of a repository, read anew; and in the plainest way, as an oracle."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tracker.catalog.build import rebuild
from tracker.catalog.queries import all_tracks, number_at, track_of
from tracker.catalog.schema import Catalog
from tracker.model import Track
from tracker.store.git import Repository
from tracker.store.history import PublishedHistory, published_history

NONE: frozenset[str] = frozenset()


def published(
    repository: Repository, branch: str | None = None, ignored: frozenset[str] = NONE
) -> PublishedHistory:
    """A published history, with commits that are ignored whatever the settings say."""
    found = published_history(repository, branch)
    if not ignored:
        return found
    return found._replace(ignored=ignored, key=",".join([found.key, *sorted(ignored)]))


def tracks(
    repository: Repository,
    *,
    under: str = "",
    branch: str | None = None,
    ignored: frozenset[str] = NONE,
) -> tuple[Track, ...]:
    """Every text that is or was published."""
    with Catalog(repository, in_memory=True) as catalog:
        rebuild(catalog, repository, published(repository, branch, ignored))
        return all_tracks(catalog.connection, under)


def track(
    repository: Repository,
    path: str,
    *,
    branch: str | None = None,
    ignored: frozenset[str] = NONE,
) -> Track:
    """The article at a path, or the last that was there."""
    with Catalog(repository, in_memory=True) as catalog:
        rebuild(catalog, repository, published(repository, branch, ignored))
        number = number_at(catalog.connection, path)
        assert number is not None, path
        return track_of(catalog.connection, number)


def plainly(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """By path, the commit and blob of each revision of the file that is there now.

    For a history without merges, in which a file moves by a commit that changes no text. It knows
    nothing of how the program reads a history: ``git log`` tells what each commit did.
    """
    words = ["git", "log", "--reverse", "--raw", "--no-abbrev", "--no-renames", "--format=%x01%H"]
    said = subprocess.run(words, cwd=folder, capture_output=True, check=True).stdout.decode()
    living: dict[str, list[tuple[str, str]]] = {}
    for commit in said.split("\x01")[1:]:
        name, *entries = commit.split("\n")
        changes = [entry.split("\t") for entry in entries if entry]
        ended = {}
        for facts, path in changes:
            if facts.endswith("D"):
                ended[facts.split()[2]] = living.pop(path)
        for facts, path in changes:
            blob = facts.split()[3]
            if facts.endswith("A"):
                living[path] = ended.pop(blob, [])
            if not facts.endswith("D") and [blob] != [each for _, each in living[path][-1:]]:
                living[path].append((name, blob))
    return living
