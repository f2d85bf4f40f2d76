"""A witness: a few lines that say how the published line stood, to hold it against later.

Whoever keeps one can tell an added revision from a rewritten history, without trusting whoever
keeps the repository. The file is JSON; docs/trust.md describes it key by key.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Any, NamedTuple

from tracker.errors import TrackerError
from tracker.store.git import Repository
from tracker.store.history import names_of, published_order
from tracker.store.log import LOG, Commit, parse_log

FORMAT = "tracker-witness"
VERSION = 1


class Witness(NamedTuple):
    """The published line at one moment."""

    branch: str  # short name of the published branch; "" for a detached HEAD
    tip: str  # full hash of its newest commit
    at: datetime  # aware: when it was looked at
    commits: int  # how many commits the line had
    digest: str  # SHA-256, in hex, of their hashes, oldest first, each with a newline after it
    marks: tuple[tuple[int, str], ...]  # places on the line (from 1) and the commits there


class Line(NamedTuple):
    """The published line, oldest first, as hashes."""

    commits: tuple[str, ...]
    committed: dict[str, int]  # seconds since 1970, by hash

    def digest(self, count: int | None = None) -> str:
        """The digest of its first commits."""
        made = hashlib.sha256()
        for commit in self.commits[:count]:
            made.update(commit.encode() + b"\n")
        return made.hexdigest()


def line_of(repository: Repository, tip: str, branch: str | None) -> Line:
    """The published line up to a commit."""
    git = repository.git
    words = [word for word in LOG if word not in ("--raw", "-z", "--no-renames")]
    if not git.text("rev-list", "--merges", "--max-count=1", tip):
        said = git.text("log", "--format=%H %ct", "--no-color", tip, "--")
        pairs = [line.split(" ") for line in reversed(said.splitlines())]
        return Line(tuple(name for name, _ in pairs), {name: int(at or 0) for name, at in pairs})
    printed = git.run(*words, "-z", tip, "--")
    commits: dict[str, Commit] = {step.hash: step for step in parse_log(printed)}
    steps = published_order(commits, tip, names_of(repository, branch))
    return Line(tuple(step.hash for step in steps), {step.hash: step.committed for step in steps})


def witness_of(line: Line, branch: str, at: datetime) -> Witness:
    """A witness of a line as it stands at an instant (aware)."""
    count = len(line.commits)
    places = sorted({count - back for back in _backs(count)})
    marks = tuple((place, line.commits[place - 1]) for place in places)
    return Witness(branch, line.commits[-1], at, count, line.digest(), marks)


def _backs(count: int) -> list[int]:
    """How far back the marks stand: 1, 2, 4, 8 … and the first of all."""
    backs = [count - 1]
    step = 1
    while step < count:
        backs.append(step)
        step *= 2
    return backs


def written(witness: Witness) -> str:
    """A witness as the JSON of its file."""
    return (
        json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "branch": witness.branch,
                "tip": witness.tip,
                "at": witness.at.isoformat(timespec="seconds"),
                "commits": witness.commits,
                "digest": f"sha256:{witness.digest}",
                "marks": [[place, commit] for place, commit in witness.marks],
            },
            indent=1,
            ensure_ascii=False,
        )
        + "\n"
    )


_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_MOST_MARKS = 100


def read(text: str, where: str) -> Witness:
    """The witness that a file holds; ``where`` names it in errors.

    Raises ``TrackerError`` for what is no witness of this format.
    """
    try:
        return _read(json.loads(text), where)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise TrackerError(
            f"{where} is no witness of tracker.", "Make one with: tracker verify --write FILE"
        ) from None


def _read(value: Any, where: str) -> Witness:
    if value["format"] == FORMAT and value["version"] != VERSION:
        raise TrackerError(
            f"{where} is a witness of version {value['version']!r}, which is not known here.",
            "Verify it with a newer tracker.",
        )
    digest = _DIGEST.fullmatch(value["digest"])
    marks = tuple((int(place), _commit(name)) for place, name in value["marks"][:_MOST_MARKS])
    count = int(value["commits"])
    at = datetime.fromisoformat(value["at"])
    branch = value["branch"]
    sound = at.tzinfo is not None and count > 0 and isinstance(branch, str)
    if value["format"] != FORMAT or digest is None or not sound:
        raise ValueError(where)
    return Witness(branch, _commit(value["tip"]), at, count, digest[1], marks)


def _commit(name: object) -> str:
    if not isinstance(name, str) or not _COMMIT.fullmatch(name):
        raise ValueError("no hash")
    return name


class Compared(NamedTuple):
    """The published line held against a witness."""

    state: str  # "same", "grown", "rewritten", "behind", "aside", "read-otherwise"
    since: int  # commits that came after it, where it is on the line
    common: tuple[int, str] | None  # the newest mark that is still there: its place and commit
    late: tuple[str, ...] = ()  # on the line before the witness's tip now, and were not then


def compared(repository: Repository, line: Line, witness: Witness, branch: str | None) -> Compared:
    """Whether the line still is what the witness saw, and goes on from there."""
    there = {commit: number for number, commit in enumerate(line.commits, start=1)}
    place = there.get(witness.tip)
    if place is None:
        marks = [mark for mark in witness.marks if mark[1] in there]
        common = marks[-1] if marks else None
        if _known(repository, witness.tip):
            if _is_ancestor(repository, witness.tip, line.commits[-1]):
                return Compared("aside", 0, common)
            if _is_ancestor(repository, line.commits[-1], witness.tip):
                return Compared("behind", 0, common)
        return Compared("rewritten", 0, common)
    then = line
    if place != witness.commits or line.digest(place) != witness.digest:
        then = line_of(repository, witness.tip, branch)
    if len(then.commits[: witness.commits]) != witness.commits or (
        then.digest(witness.commits) != witness.digest
    ):
        return Compared("read-otherwise", 0, None)
    old = set(then.commits[: witness.commits])
    late = tuple(commit for commit in line.commits[:place] if commit not in old)
    since = len(line.commits) - witness.commits
    return Compared("grown" if since else "same", since, None, late)


def _known(repository: Repository, commit: str) -> bool:
    said = repository.git.run("cat-file", "-t", commit, accept=(0, 1, 128))
    return said.strip() == b"commit"


def _is_ancestor(repository: Repository, one: str, other: str) -> bool:
    done = repository.git.completed("merge-base", "--is-ancestor", one, other)
    return done.returncode == 0
