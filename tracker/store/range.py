"""Ranges of commits, what lies between two of them, and what is staged."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store.git import GitError, Repository, instant
from tracker.store.log import resolve


class Changed(NamedTuple):
    """One file that differs between two trees."""

    old_path: str | None  # None: the file is new
    old_blob: str | None
    path: str | None  # None: the file is gone
    blob: str | None


def commits_since(repository: Repository, since: str, tip: str) -> frozenset[str]:
    """The commits that a tip has and a git revision has not, full hashes.

    Raises ``TrackerError`` for a revision that is not there, with the fetch depth that is missing.
    """
    base = _resolved(repository, since)
    return frozenset(repository.git.text("rev-list", tip, f"^{base}").split())


def merge_base(repository: Repository, since: str, tip: str) -> str:
    """The commit where a tip left a git revision's line.

    Raises ``TrackerError`` where there is none, with the fetch depth that is missing.
    """
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
            "This clone is shallow: fetch more of the history (in GitHub Actions, fetch-depth: 2 "
            "for HEAD^1, else 0; in GitLab, GIT_DEPTH: 0; by hand, git fetch --unshallow)."
        )
    return "Name a branch, a tag or a commit that is in this clone."


def between(repository: Repository, base: str, tip: str, under: str = "") -> tuple[Changed, ...]:
    """The regular files that differ between two commits; moved and edited ones are paired."""
    return _changed(repository, "diff-tree", "-r", base, tip, "--", *([under] if under else []))


def staged(
    repository: Repository, under: str = "", index: Path | None = None
) -> tuple[Changed, ...]:
    """The regular files whose staged content differs from the newest commit.

    ``index`` is the index that git made for a commit under way (``git commit -a`` does), as its
    hooks are told; one that is not in this repository's git directory is not looked at.
    """
    base = repository.head or repository.git.text("hash-object", "-t", "tree", "--stdin")
    inside = [under] if under else []
    extra = {}
    if index is not None and index.parent.resolve() == repository.git_dir.resolve():
        extra = {"GIT_INDEX_FILE": str(index)}
    return _changed(repository, "diff-index", "--cached", base, "--", *inside, extra=extra)


def _changed(
    repository: Repository, command: str, *arguments: str, extra: dict[str, str] | None = None
) -> tuple[Changed, ...]:
    # -l0: by default git stops looking for moved files where there are many.
    listed = repository.git.run(
        command, "--raw", "--no-abbrev", "-M50%", "-l0", "-z", *arguments, extra=extra
    ).decode("utf-8", "surrogateescape")
    fields = iter(listed.split("\0"))
    found = []
    for head in fields:
        if not head.startswith(":"):
            continue
        old_mode, new_mode, old_blob, new_blob, status = head[1:].split(" ")
        old_path = path = next(fields)
        if status[0] in "RC":
            path = next(fields)
        was = old_mode.startswith("100") and status[0] != "C"
        now = new_mode.startswith("100")
        if was or now:
            found.append(
                Changed(
                    old_path if was else None,
                    old_blob if was else None,
                    path if now else None,
                    new_blob if now else None,
                )
            )
    return tuple(found)


def last_change(repository: Repository, commit: str, path: str) -> datetime | None:
    """When a path was last changed on the first-parent line of a commit; None where never."""
    said = repository.git.text(
        "log", "-1", "--first-parent", "--format=%at %ad", "--date=format:%z", commit, "--", path
    )
    return _time(said) if said else None


def author_time(repository: Repository, commit: str) -> datetime:
    """The author date of a commit, aware, in the author's offset."""
    try:
        return _time(
            repository.git.text("show", "-s", "--format=%at %ad", "--date=format:%z", commit)
        )
    except (GitError, ValueError):
        raise TrackerError(f"There is no commit {commit}.", "Check the hash.") from None


def _time(said: str) -> datetime:
    seconds, offset = said.split(" ")
    return instant(int(seconds), offset)
