"""The published line read in pieces, so that memory stays flat however long it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store.frugal import FRUGAL
from tracker.store.git import GitError, Repository
from tracker.store.history import differences_from_pulled
from tracker.store.line import (
    LOG,
    FileChange,
    Step,
    line_parents,
    parse_log,
    published_line,
    same_branch,
    waists,
)

PIECE = 5000  # commits that are read at once
_SURVEYED = 25_000  # commits that one git looks at when the line is listed


class Wanted(NamedTuple):
    """The line that the catalog should hold."""

    newest: str  # full hash of its newest commit
    branches: frozenset[str]  # short names that the published branch is known by
    ignored: frozenset[str]  # full hashes of commits that count as no change
    key: str  # all that the line depends on beside its newest commit, or a digest of it


class Piece(NamedTuple):
    """Steps of the line, oldest first, that all stand on one commit."""

    steps: Sequence[Step]
    waist: Sequence[bool]  # see ``line.waists``
    pulled: Mapping[str, Sequence[Sequence[FileChange]]]  # see ``differences_from_pulled``


class Pieces(NamedTuple):
    """A part of the line, and where it can be cut."""

    ends: list[str]  # the newest commit of each piece, oldest first
    commits: int
    # The commits that it stands on, "" for nothing; none at all where it is all of a line.
    bases: frozenset[str]


def survey(repository: Repository, line: Wanted, since: str | None = None) -> Pieces:
    """The line, or what it has that a commit does not go back to."""
    ends: list[str] = []
    count = 0
    rest: str | None = line.newest
    while rest is not None:
        listed = _listed(repository, rest, since)
        if not listed:
            break
        ends += [each.split(" ", 1)[0] for each in listed[-count % PIECE :: PIECE]]
        count += len(listed)
        merges = [each.split(" ", 1)[0] for each in listed if each.count(" ") > 1]
        if merges and _is_pulled(repository, line, merges):
            return _survey_pulled(repository, line, since)
        _, parent, *_ = *listed[-1].split(" "), None
        rest = parent
        if len(listed) < _SURVEYED:
            break
    ends.reverse()
    return Pieces(ends, count, frozenset() if rest is None else frozenset({rest}))


def _survey_pulled(repository: Repository, line: Wanted, since: str | None) -> Pieces:
    """The same for a line that was pulled into itself: every piece ends with a waist of it.

    Looked at from the newest commit on, all children first, a commit is a waist if all that came
    before go back to it, and to nothing else that is still to come.
    """
    from tracker.store.standing import printed  # most questions meet no pull

    ends: list[str] = []
    count = size = 0
    coming = {line.newest}
    begun = False  # a commit that goes back to nothing: no older one is a waist
    limit = [] if since is None else [f"^{since}"]
    words = (
        *FRUGAL, "log", "-z", "--topo-order", "--no-color", "--encoding=UTF-8",
        "--format=%H%x00%P%x00%s", line.newest, *limit, "--",
    )  # fmt: skip
    with _listing(), printed(repository.git, *words) as fields:
        texts = (field.decode("utf-8", "surrogateescape") for field in fields)
        for commit, said, subject in zip(texts, texts, texts, strict=False):
            if commit not in coming:
                continue
            if not ends or (size >= PIECE and len(coming) == 1 and not begun):
                ends.append(commit)
                size = 0
            coming.remove(commit)
            count, size = count + 1, size + 1
            parents = said.split()
            begun = begun or not parents
            coming.update(parents[:1])
            if len(parents) > 1:
                numbers = same_branch(subject, len(parents) - 1, line.branches)
                coming.update(parents[number] for number in numbers)
    if begun and since is not None:
        coming.add("")
    ends.reverse()
    return Pieces(ends, count, frozenset(coming))


def _listed(repository: Repository, start: str, since: str | None) -> list[str]:
    """Commits along first parents with their parents, newest first; no more than one git lists."""
    limit = [] if since is None else [f"^{since}"]
    with _listing():
        said = repository.git.run(
            *FRUGAL, "rev-list", "--first-parent", "--parents", f"--max-count={_SURVEYED}", start,
            *limit, "--",
        )  # fmt: skip
    return said.decode("ascii").splitlines()


@contextmanager
def _listing() -> Iterator[None]:
    try:
        yield
    except GitError:
        raise TrackerError(
            "git could not list the history.", "Look for damage with: git fsck"
        ) from None


def _is_pulled(repository: Repository, line: Wanted, merges: list[str]) -> bool:
    """Whether one of these merges brought the line what was on it elsewhere."""
    said = repository.git.run(
        *FRUGAL, "log", "-z", "--no-walk=unsorted", "--stdin", "--no-color", "--encoding=UTF-8",
        "--format=%P%x00%s", data="".join(f"{each}\n" for each in merges).encode(),
    )  # fmt: skip
    fields = said.decode("utf-8", "surrogateescape").split("\0")
    return any(
        same_branch(subject, len(parents.split()) - 1, line.branches)
        for parents, subject in zip(fields[::2], fields[1::2], strict=False)
    )


def piece_of(
    repository: Repository,
    line: Wanted,
    commits: Mapping[str, Step],
    newest: str,
    base: str | None,
) -> tuple[Piece, frozenset[str]]:
    """The line up to a commit, of what git logged, and all that it stands on ("" for nothing).

    It can be played only where that is ``base`` alone, or nothing at all where that is None.
    """
    steps = published_line(commits, newest, line.branches)
    # What was never pulled into itself is one chain.
    ends = steps if any(step.seen_through for step in steps) else steps[:1]
    bases = {parent for step in ends for parent in line_parents(step) if parent not in commits}
    if not steps:
        bases = {newest}
    elif base is not None and any(not step.parents for step in ends):
        bases.add("")
    if bases - {base}:
        return Piece(steps, (), {}), frozenset(bases)
    differences = differences_from_pulled(repository, steps)
    return Piece(steps, waists(steps, base), differences), frozenset(bases)


def read_pieces(
    repository: Repository, line: Wanted, pieces: Pieces, since: str | None
) -> Iterator[Piece]:
    """The steps of the line, piece by piece, oldest first; git reads one ahead."""
    base = since
    for end, said in _read(repository, pieces, since):
        commits = {step.commit: step for step in parse_log(said)}
        yield piece_of(repository, line, commits, end, base)[0]
        base = end


def _read(repository: Repository, pieces: Pieces, since: str | None) -> Iterator[tuple[str, bytes]]:
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
            said = coming.result()
            if place + 1 < len(ranges):
                coming = ahead.submit(read, *ranges[place + 1])
            yield end, said
