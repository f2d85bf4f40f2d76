"""The published line read in pieces, so that memory stays flat however long it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile

from tracker.errors import TrackerError
from tracker.records import NamedTuple
from tracker.store.frugal import FRUGAL
from tracker.store.git import GitError, Repository
from tracker.store.line import LOG, FileChange, Step, parse_log, published_line, same_branch

PIECE = 5000  # commits that are read at once
_SURVEYED = 25_000  # commits that one git looks at when the line is listed


class Wanted(NamedTuple):
    """The line that the catalog should hold."""

    newest: str  # full hash of its newest commit
    branches: frozenset[str]  # short names that the published branch is known by
    ignored: frozenset[str]  # full hashes of commits that count as no change
    key: str  # all that the line depends on beside its newest commit, or a digest of it


class Pieces(NamedTuple):
    """A part of the line, and where it can be cut."""

    ends: list[str]  # the newest commit of each piece, oldest first
    commits: int
    pulled: bool  # a merge is seen through: it cannot be read in pieces


def survey(repository: Repository, line: Wanted, since: str | None = None) -> Pieces | None:
    """The line along first parents, or what it has since a commit; None if that is not on it."""
    ends: list[str] = []
    count = 0
    pulled = False
    rest: str | None = line.newest
    while rest is not None and rest != since:
        listed = _listed(repository, rest)
        whole = len(listed)
        if since is not None:
            listed = list(takewhile(lambda each: not each.startswith(since), listed))
        ends += [each.split(" ", 1)[0] for each in listed[-count % PIECE :: PIECE]]
        count += len(listed)
        merges = [each.split(" ", 1)[0] for each in listed if each.count(" ") > 1]
        pulled = pulled or (bool(merges) and _is_pulled(repository, line, merges))
        if len(listed) < whole:
            rest = since
        else:
            rest = listed[-1].split(" ")[1] if whole == _SURVEYED and " " in listed[-1] else None
    if rest != since:
        return None
    ends.reverse()
    return Pieces(ends, count, pulled)


def _listed(repository: Repository, start: str) -> list[str]:
    """Commits along first parents with their parents, newest first; no more than one git lists."""
    try:
        printed = repository.git.run(
            *FRUGAL, "rev-list", "--first-parent", "--parents", f"--max-count={_SURVEYED}", start,
            "--",
        )  # fmt: skip
    except GitError:
        raise TrackerError(
            "git could not list the history.", "Look for damage with: git fsck"
        ) from None
    return printed.decode("ascii").splitlines()


def _is_pulled(repository: Repository, line: Wanted, merges: list[str]) -> bool:
    """Whether one of these merges brought the line what was on it elsewhere."""
    printed = repository.git.run(
        *FRUGAL, "log", "-z", "--no-walk=unsorted", "--stdin", "--no-color", "--encoding=UTF-8",
        "--format=%P%x00%s", data="".join(f"{each}\n" for each in merges).encode(),
    )  # fmt: skip
    fields = printed.decode("utf-8", "surrogateescape").split("\0")
    return any(
        same_branch(subject, len(parents.split()) - 1, line.branches)
        for parents, subject in zip(fields[::2], fields[1::2], strict=False)
    )


def read_pieces(
    repository: Repository, line: Wanted, pieces: Pieces, since: str | None
) -> Iterator[list[Step]]:
    """The steps of the line, piece by piece, oldest first; git reads one ahead."""
    for end, printed in _printed(repository, pieces, since):
        commits = {step.commit: step for step in parse_log(printed)}
        yield published_line(commits, end, line.branches)


def read_commits(
    repository: Repository, pieces: Pieces, progress: Callable[[int, int], None] | None = None
) -> dict[str, Step]:
    """All commits that lead to the line, for one that has to be in memory as a whole."""
    commits: dict[str, Step] = {}
    known: dict[str, str] = {}  # one object for each path and name, however often git says it
    for done, (_, printed) in enumerate(_printed(repository, pieces, None), start=1):
        for step in parse_log(printed):
            date, name, address, subject = step.header
            step.header = (
                date, known.setdefault(name, name), known.setdefault(address, address), subject
            )  # fmt: skip
            step.changes = [
                FileChange(known.setdefault(path, path), old, new)
                for path, old, new in step.changes
            ]
            commits[step.commit] = step
        if progress is not None:
            progress(min(done * PIECE, pieces.commits), pieces.commits)
    for step in commits.values():
        step.parents = tuple(
            commits[each].commit if each in commits else each for each in step.parents
        )
    return commits


def _printed(
    repository: Repository, pieces: Pieces, since: str | None
) -> Iterator[tuple[str, bytes]]:
    """The end of each piece with what git logs of it, oldest first; git reads one ahead."""
    from concurrent.futures import ThreadPoolExecutor

    def read(end: str, before: str | None) -> bytes:
        limit = [] if before is None else [f"^{before}"]
        return repository.git.run(*FRUGAL, *LOG, "--diff-merges=first-parent", end, *limit, "--")

    befores: Iterable[str | None] = [since, *pieces.ends[:-1]]
    ranges = list(zip(pieces.ends, befores, strict=True))
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(read, *ranges[0])
        for place, (end, _) in enumerate(ranges):
            printed = coming.result()
            if place + 1 < len(ranges):
                coming = ahead.submit(read, *ranges[place + 1])
            yield end, printed
