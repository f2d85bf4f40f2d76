"""Ranges of commits, and what is staged."""

from __future__ import annotations

from datetime import datetime

from tracker.errors import TrackerError
from tracker.store.git import GitError, Repository, instant
from tracker.store.line import resolve


def commits_since(repository: Repository, since: str, tip: str) -> frozenset[str]:
    """The commits that a tip has and a git revision has not, full hashes.

    Raises ``TrackerError`` for a revision that is not there, with the fetch depth that is missing.
    """
    base = _resolved(repository, since)
    return frozenset(repository.git.text("rev-list", tip, f"^{base}").split())


def merge_base(repository: Repository, since: str, tip: str) -> str:
    """The commit where a tip left a git revision's line."""
    base = _resolved(repository, since)
    found = repository.git.text("merge-base", base, tip, accept=(0, 1))
    if not found:
        raise TrackerError(
            f"{since} and the checkout have no commit in common.", _depth(repository)
        )
    return found.split("\n")[0]


def _resolved(repository: Repository, since: str) -> str:
    try:
        return resolve(repository, since)
    except TrackerError as error:
        if repository.shallow:
            raise TrackerError(error.sentence, _depth(repository)) from None
        raise


def _depth(repository: Repository) -> str:
    if repository.shallow:
        return (
            "This clone is shallow: fetch the whole history (git fetch --unshallow; in GitHub "
            "Actions, fetch-depth: 0; in GitLab, GIT_DEPTH: 0)."
        )
    return "Name a branch, a tag or a commit that is in this clone."


def staged_blobs(repository: Repository, under: str = "") -> dict[str, str | None]:
    """Paths whose staged content differs from the newest commit, with the blob; None: deleted."""
    base = repository.head or _empty_tree(repository)
    listed = repository.git.run(
        "diff-index",
        "--cached",
        "--raw",
        "--no-abbrev",
        "--no-renames",
        "-z",
        base,
        "--",
        *([under] if under else []),
    )
    fields = listed.split(b"\0")
    found: dict[str, str | None] = {}
    for head, name in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, status = head.decode("ascii").split(" ")
        path = name.decode("utf-8", "surrogateescape")
        if status == "D":
            found[path] = None
        elif mode.startswith("100"):
            found[path] = blob
    return found


def _empty_tree(repository: Repository) -> str:
    return repository.git.text("hash-object", "-t", "tree", "--stdin")


def author_time(repository: Repository, commit: str) -> datetime:
    """The author date of a commit, aware, in the author's offset."""
    try:
        said = repository.git.text("show", "-s", "--format=%at %ad", "--date=format:%z", commit)
        seconds, offset = said.split(" ")
    except (GitError, ValueError):
        raise TrackerError(f"There is no commit {commit}.", "Check the hash.") from None
    return instant(int(seconds), offset)
