"""The whole messages of many commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from tracker.store.git import Repository

_AT_ONCE = 2000  # commits asked for by one process


def messages(repository: Repository, commits: Iterable[str]) -> Iterator[str]:
    """The message of each commit, named by its full hash, in their order."""
    waiting = iter(commits)
    while asked := list(islice(waiting, _AT_ONCE)):
        printed = repository.git.run(
            "log",
            "--no-walk=unsorted",
            "--stdin",
            "-z",
            "--no-color",
            "--no-show-signature",
            "--encoding=UTF-8",
            "--format=%B",
            data="".join(f"{commit}\n" for commit in asked).encode(),
        )
        # git leaves a commit out that it was asked for before.
        distinct = list(dict.fromkeys(asked))
        found = printed.decode("utf-8", "replace").split("\0")
        known = dict(zip(distinct, found, strict=False))
        yield from (known.get(commit, "").rstrip("\n") for commit in asked)
