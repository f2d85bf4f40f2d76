"""What the trees of commits hold, given piece by piece: a large one does not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tracker.store.git import Repository

_AT_ONCE = 500  # paths that are given to one process
_ENDINGS = (b".md", b".markdown", b".txt")


class TreeEntry(NamedTuple):
    """A file or a folder of a commit."""

    path: str
    kind: str  # "blob", "tree", "commit"
    mode: str  # "100644", "120000", "040000", …
    blob: str  # full hash


class KnownText(NamedTuple):
    """A text that some commit brought."""

    path: str
    seconds: int  # the author date, since 1970
    blob: str  # full hash


def entries(repository: Repository, commit: str) -> Iterator[TreeEntry]:
    """Every file and folder of a commit, by path."""
    words = ("ls-tree", "-r", "-t", "-z", "--full-tree", "--end-of-options", commit)
    with repository.git.fields(*words) as tokens:
        for token in tokens:
            facts, _, path = token.partition(b"\t")
            mode, kind, blob = facts.decode().split(" ")
            yield TreeEntry(path.decode("utf-8", "surrogateescape"), kind, mode, blob)


def tree_entries(
    repository: Repository, commit: str | None, paths: Sequence[str]
) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Those of these paths, files or folders, that a commit has: mode, kind and full hash."""
    if commit is None:
        return
    for start in range(0, len(paths), _AT_ONCE):
        words = ("ls-tree", "-z", "--full-tree", commit, "--", *paths[start : start + _AT_ONCE])
        with repository.git.fields(*words) as tokens:
            for token in tokens:
                facts, _, path = token.partition(b"\t")
                mode, kind, blob = facts.decode().split(" ")
                yield path.decode("utf-8", "surrogateescape"), (mode, kind, blob)


def known(repository: Repository, commit: str) -> Iterator[KnownText]:
    """What each commit up to this one brought to the texts, newest first; merges left out."""
    words = (
        "-c", "log.showRoot=true", "log", "--raw", "-z", "--no-abbrev", "--no-renames",
        "--no-merges", "--no-color", "--no-relative", "--no-show-signature", "--root",
        "--format=%x01%at", "--end-of-options", commit,
    )  # fmt: skip
    seconds = 0
    with repository.git.fields(*words) as tokens:
        for token in tokens:
            if token[:1] == b"\x01":
                seconds = int(token[1:].strip() or 0)
                continue
            if token[:1] not in (b":", b"\n"):
                continue
            path = next(tokens)
            new = token.split(b" ", 4)[3]
            if new.strip(b"0") and path.lower().endswith(_ENDINGS):
                yield KnownText(path.decode("utf-8", "surrogateescape"), seconds, new.decode())


def touched(repository: Repository, old: str | None, new: str) -> Iterator[str]:
    """The paths in which two commits differ; all those of ``new`` without an ``old``."""
    if old is None:
        yield from (entry.path for entry in entries(repository, new) if entry.kind == "blob")
        return
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", old, new)
    with repository.git.fields(*words) as tokens:
        for token in tokens:
            yield token.decode("utf-8", "surrogateescape")
