"""Is the history whole, and who signed it: what git itself can tell, asked and sorted.

``git fsck`` reads every object and holds its content against its hash; ``%G?`` is git's own word
on a signature, by the keys that git's settings name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.store.git import Repository


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
    from tracker.store.objects import Objects

    found = set()
    with Objects(repository.git) as objects:
        for commit in commits:
            read = objects.read(commit)
            if (
                read is not None
                and b"-----BEGIN SSH SIGNATURE-----" in read[1].partition(b"\n\n")[0]
            ):
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
