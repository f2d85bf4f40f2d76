"""Whether the history is whole, signed, and goes on from how it stood: see docs/trust.md.

A witness is a few lines that say how the published history stood, to hold it against later. Whoever
keeps one can tell an added revision from a rewritten history, without trusting whoever keeps the
repository. Its file is JSON; docs/trust.md describes it key by key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.store.git import Repository
from tracker.store.history import names_of, published_order
from tracker.store.log import LOG, Commit, parse_log
from tracker.store.remote import is_ancestor

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


class PublishedHashes(NamedTuple):
    """The published line, oldest first, as hashes."""

    commits: tuple[str, ...]
    committed: dict[str, int]  # seconds since 1970, by hash

    def digest(self, count: int | None = None) -> str:
        """The digest of its first commits."""
        made = hashlib.sha256()
        for commit in self.commits[:count]:
            made.update(commit.encode() + b"\n")
        return made.hexdigest()


def line_of(repository: Repository, tip: str, branch: str | None) -> PublishedHashes:
    """The published line up to a commit."""
    git = repository.git
    words = [word for word in LOG if word not in ("--raw", "-z", "--no-renames")]
    if not git.text("rev-list", "--merges", "--max-count=1", tip):
        said = git.text("log", "--format=%H %ct", "--no-color", tip, "--")
        pairs = [line.split(" ") for line in reversed(said.splitlines())]
        return PublishedHashes(
            tuple(name for name, _ in pairs), {name: int(at or 0) for name, at in pairs}
        )
    printed = git.run(*words, "-z", tip, "--")
    commits: dict[str, Commit] = {step.hash: step for step in parse_log(printed)}
    steps = published_order(commits, tip, names_of(repository, branch))
    return PublishedHashes(
        tuple(step.hash for step in steps), {step.hash: step.committed for step in steps}
    )


def witness_of(line: PublishedHashes, branch: str, at: datetime) -> Witness:
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


class WitnessComparison(NamedTuple):
    """The published line held against a witness."""

    state: str  # "same", "grown", "rewritten", "behind", "aside", "read-otherwise"
    since: int  # commits that came after it, where it is on the line
    common: tuple[int, str] | None  # the newest mark that is still there: its place and commit
    late: tuple[str, ...] = ()  # on the line before the witness's tip now, and were not then


def compared(
    repository: Repository, line: PublishedHashes, witness: Witness, branch: str | None
) -> WitnessComparison:
    """Whether the line still is what the witness saw, and goes on from there."""
    there = {commit: number for number, commit in enumerate(line.commits, start=1)}
    place = there.get(witness.tip)
    if place is None:
        marks = [mark for mark in witness.marks if mark[1] in there]
        common = marks[-1] if marks else None
        if _known(repository, witness.tip):
            if is_ancestor(repository, witness.tip, line.commits[-1]):
                return WitnessComparison("aside", 0, common)
            if is_ancestor(repository, line.commits[-1], witness.tip):
                return WitnessComparison("behind", 0, common)
        return WitnessComparison("rewritten", 0, common)
    then = line
    if place != witness.commits or line.digest(place) != witness.digest:
        then = line_of(repository, witness.tip, branch)
    if len(then.commits[: witness.commits]) != witness.commits or (
        then.digest(witness.commits) != witness.digest
    ):
        return WitnessComparison("read-otherwise", 0, None)
    old = set(then.commits[: witness.commits])
    late = tuple(commit for commit in line.commits[:place] if commit not in old)
    since = len(line.commits) - witness.commits
    return WitnessComparison("grown" if since else "same", since, None, late)


def _known(repository: Repository, commit: str) -> bool:
    said = repository.git.run("cat-file", "-t", commit, accept=(0, 1, 128))
    return said.strip() == b"commit"


class Flaw(NamedTuple):
    """Something that git finds wrong with what is stored."""

    kind: Literal["damaged", "malformed", "replaced"]
    words: str  # what git says, on one line
    object: str | None = None  # full hash of the object in question; None where git names none


_HASH = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b")
_LOOSE = re.compile(r"objects/([0-9a-f]{2})/([0-9a-f]{38}(?:[0-9a-f]{24})?)\b")
_MOST = 100  # flaws told of; a disk that is broken has no end of them


def flaws(repository: Repository, tip: str, *, contents: bool = True) -> tuple[Flaw, ...]:
    """What is wrong with the objects that a commit leads to, and with the ways git reads them.

    Without ``contents``, files are only looked for, and not read.
    """
    found = list(_stand_ins(repository))
    words = ["fsck", "--no-dangling", "--no-progress", "--full"]
    if not contents:
        words.append("--connectivity-only")
    done = repository.git.completed(
        *words, "--end-of-options", tip, extra={"GIT_NO_REPLACE_OBJECTS": "1"}
    )
    said = (done.stderr + b"\n" + done.stdout).decode("utf-8", "replace")
    said = re.sub(r"\n +(?=to )", " ", said)  # "broken link from …" goes over two lines
    for line in dict.fromkeys(said.splitlines()):
        flaw = _flaw(line.strip())
        if flaw is not None and len(found) < _MOST:
            found.append(flaw)
    if done.returncode and not any(each.kind != "replaced" for each in found):
        found.append(Flaw("damaged", f"git fsck ended with status {done.returncode}"))
    return tuple(found)


_LINT = re.compile(r"(?:error|warning) in (?:blob|commit|tag|tree) ([0-9a-f]+): (.*)")


def _flaw(line: str) -> Flaw | None:
    if not line or line.startswith(("notice:", "warning:", "Checking", "Verifying", "dangling")):
        return None
    lint = _LINT.match(line)
    if lint is not None:
        return None if line.startswith("warning") else Flaw("malformed", line, lint[1])
    loose, plain = _LOOSE.search(line), _HASH.findall(line)
    named = loose[1] + loose[2] if loose else plain[-1] if plain else None
    return Flaw("damaged", line.removeprefix("error: ").removeprefix("fatal: "), named)


def _stand_ins(repository: Repository) -> Iterator[Flaw]:
    """Objects that git shows in the place of others: the hashes stay, and the history does not."""
    listed = repository.git.text("for-each-ref", "--format=%(refname)", "refs/replace/")
    for name in listed.splitlines():
        which = name.removeprefix("refs/replace/")
        yield Flaw("replaced", f"git shows another object in place of {which[:10]}", which)
    grafts = repository.common_dir / "info" / "grafts"
    if grafts.is_file() and grafts.read_bytes().strip():
        yield Flaw("replaced", "info/grafts gives commits other parents than their own")


Status = Literal[
    "good", "unsigned", "bad", "unknown-key", "not-allowed", "expired-signature", "expired-key",
    "revoked-key",
]  # fmt: skip

_STATUS: dict[str, Status] = {
    "G": "good",
    "U": "good",  # OpenPGP: of a key that nobody vouched for; git takes it too
    "B": "bad",
    "X": "expired-signature",
    "Y": "expired-key",
    "R": "revoked-key",
    "E": "unknown-key",
    "N": "unsigned",
}


class Signature(NamedTuple):
    """What git says of one commit's signature."""

    commit: str  # full hash
    status: Status
    signer: str  # as the key's owner is known: an address, a name; "" where it is not known
    key: str  # its id or fingerprint; "" for none


_AT_ONCE = 200  # commits for one git: each costs a process of gpg or ssh-keygen


def signatures(
    repository: Repository,
    commits: Sequence[str],
    progress: Callable[[int, int], None] = lambda _done, _whole: None,
) -> Iterator[Signature]:
    """What git says of each commit's signature, in the order given.

    Raises ``TrackerError`` where there are SSH signatures, and git has no list of allowed signers.
    """
    ssh = _signed_by_ssh(repository, commits)
    if ssh:
        _need_allowed_signers(repository)
    for start in range(0, len(commits), _AT_ONCE):
        part = commits[start : start + _AT_ONCE]
        said = repository.git.run(
            "log", "--no-walk=unsorted", "--stdin", "-z", "--format=%H%x00%G?%x00%GS%x00%GK",
            data="".join(f"{commit}\n" for commit in part).encode(),
        )  # fmt: skip
        words = said.decode("utf-8", "replace").split("\0")
        for commit, letter, signer, key in zip(
            words[::4], words[1::4], words[2::4], words[3::4], strict=False
        ):
            status = _STATUS.get(letter, "unknown-key")
            if letter == "U" and commit in ssh:
                status = "not-allowed"
            yield Signature(commit, status, signer, key)
        progress(min(start + _AT_ONCE, len(commits)), len(commits))


def _signed_by_ssh(repository: Repository, commits: Iterable[str]) -> frozenset[str]:
    from tracker.store.reader import Objects

    found = set()
    with Objects(repository) as objects:
        for commit in commits:
            head = (objects.content(commit, "commit") or b"").partition(b"\n\n")[0]
            if b"-----BEGIN SSH SIGNATURE-----" in head:
                found.add(commit)
    return frozenset(found)


def _need_allowed_signers(repository: Repository) -> None:
    said = repository.git.text(
        "config", "--type=path", "--get", "gpg.ssh.allowedSignersFile", accept=(0, 1)
    )
    if not said:
        raise TrackerError(
            "SSH signatures cannot be checked: git has no list of the keys that may sign.",
            "Write one, and name it: git config gpg.ssh.allowedSignersFile FILE",
        )
    if not Path(repository.git.directory, said).is_file():
        raise TrackerError(
            f"SSH signatures cannot be checked: the list of allowed signers, {said}, is not there.",
            "Bring it back, or name another: git config gpg.ssh.allowedSignersFile FILE",
        )
