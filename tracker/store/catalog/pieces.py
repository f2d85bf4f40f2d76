"""The published line read in pieces, so that memory stays flat however long it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store.git import Repository
from tracker.store.line import LOG, Step, parse_log, published_line, same_branch

PIECE = 5000  # commits that are read at once

# Else git maps the whole pack, and every program that counts memory counts that.
_SMALL = (
    "-c", "core.packedGitWindowSize=1m", "-c", "core.packedGitLimit=64m",
    "-c", "core.deltaBaseCacheLimit=48m",
)  # fmt: skip


class Wanted(NamedTuple):
    """The line that the catalog should hold."""

    newest: str  # full hash of its newest commit
    branches: frozenset[str]  # short names that the published branch is known by
    ignored: frozenset[str]  # full hashes of commits that count as no change
    key: str  # a digest of all that the line depends on beside its newest commit


class Pieces(NamedTuple):
    """A part of the line, and where it can be cut."""

    ends: list[str]  # the newest commit of each piece, oldest first
    commits: int
    pulled: bool  # a merge is seen through: it cannot be read in pieces


def survey(repository: Repository, line: Wanted, since: str | None = None) -> Pieces | None:
    """The line along first parents, or what it has since a commit; None if that is not on it."""
    words = ["rev-list", "--first-parent", "--parents", line.newest]
    if since is not None:
        words.append(f"^{since}")
    process = repository.git.start(*_SMALL, *words, "--")
    assert process.stdout is not None
    ends: list[str] = []
    count, merges, last = 0, False, b""
    with process.stdout:
        for last in process.stdout:
            if count % PIECE == 0:
                ends.append(last.split(None, 1)[0].decode())
            count += 1
            merges = merges or last.count(b" ") > 1
    if process.wait():
        raise TrackerError(
            "git could not list the history.", "Look for damage with: git fsck"
        ) from None
    if since is not None and last.split()[1:2] != [since.encode()]:
        return None
    ends.reverse()
    return Pieces(ends, count, merges and _is_pulled(repository, line, since))


def _is_pulled(repository: Repository, line: Wanted, since: str | None) -> bool:
    words = [
        "log", "-z", "--first-parent", "--min-parents=2", "--no-color", "--encoding=UTF-8",
        "--format=%P%x00%s", line.newest, *([f"^{since}"] if since else []), "--",
    ]  # fmt: skip
    fields = repository.git.run(*_SMALL, *words).decode("utf-8", "surrogateescape").split("\0")
    return any(
        same_branch(subject, len(parents.split()) - 1, line.branches)
        for parents, subject in zip(fields[::2], fields[1::2], strict=False)
    )


def read_pieces(
    repository: Repository, line: Wanted, pieces: Pieces, since: str | None
) -> Iterator[list[Step]]:
    """The steps of the line, piece by piece, oldest first; git reads one ahead."""

    def read(end: str, before: str | None) -> bytes:
        limit = [] if before is None else [f"^{before}"]
        return repository.git.run(*_SMALL, *LOG, "--diff-merges=first-parent", end, *limit, "--")

    befores: Iterable[str | None] = [since, *pieces.ends[:-1]]
    ranges = list(zip(pieces.ends, befores, strict=True))
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(read, *ranges[0])
        for place, (end, _) in enumerate(ranges):
            printed = coming.result()
            if place + 1 < len(ranges):
                coming = ahead.submit(read, *ranges[place + 1])
            commits = {step.commit: step for step in parse_log(printed)}
            del printed
            yield published_line(commits, end, line.branches)
