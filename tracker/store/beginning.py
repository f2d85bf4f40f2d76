"""Where the published line begins."""

from __future__ import annotations

from tracker.store.git import Repository


def first_commit(repository: Repository, tip: str) -> str:
    """The first commit of the line that ends with ``tip``, full hash; it names the newsroom.

    In a shallow clone, the oldest one there.
    """
    found = repository.git.run("rev-list", "--first-parent", "--max-parents=0", tip, "--")
    hashes: list[str] = found.decode("ascii").split()
    return hashes[-1] if hashes else tip
