"""The published history: which commits readers saw, in which order, and what stood beside them.

It is the first-parent history of the branch. A merge of another branch is one commit of it, with
what was written on the side listed under it. A merge of the same branch (``git pull``) is seen
through: the commits of both sides keep their places.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store.files import read_plain
from tracker.store.git import FRUGAL, GitError, Repository
from tracker.store.log import (
    LOG,
    Clock,
    Commit,
    FileChange,
    differences_from_pulled,
    parse_log,
    tip,
)

_PART = 1000
"""Commits that are read at once: memory stays flat, and progress shows, however many there are."""


class PublishedHistory(NamedTuple):
    """A published history, not read yet."""

    newest: str  # full hash of its newest commit
    branches: frozenset[str]  # short names that the published branch is known by
    ignored: frozenset[str]  # full hashes of commits that count as no change
    clock: Clock
    grace: int  # seconds after it was copied in which a file may be deleted, to go on as its copy
    key: str  # a digest of all that the history depends on beside its newest commit
    mapped: bool = False  # people are called otherwise than their commits say


def published_history(
    repository: Repository,
    branch: str | None = None,
    clock: Clock = "author",
    grace: timedelta = timedelta(hours=24),
) -> PublishedHistory:
    """The published history of a branch, or of HEAD.

    Raises ``TrackerError`` where it has no commit.
    """
    newest = tip(repository, branch)
    branches = names_of(repository, branch)
    configured = _configured(repository)
    ignored = ignored_commits(repository, configured.get("blame.ignorerevsfile", ()))
    mailmap = _mailmap(repository, configured)
    said = (
        sorted(branches), sorted(ignored), _grafts(repository), mailmap,
        clock, grace,
    )  # fmt: skip
    key = sha256(repr(said).encode("utf-8", "surrogateescape")).hexdigest()
    seconds = int(grace.total_seconds())
    return PublishedHistory(newest, branches, ignored, clock, seconds, key, any(mailmap))


def _configured(repository: Repository) -> dict[str, list[str]]:
    """Where git's configuration says that ignored commits and people's names are listed."""
    said = repository.git.run(
        "config", "-z", "--type=path", "--get-regexp",
        r"^(blame\.ignorerevsfile|mailmap\.(file|blob))$", accept=(0, 1, 128),
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for entry in said.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        name, _, value = entry.partition("\n")
        found.setdefault(name, []).append(value)
    return found


def _mailmap(repository: Repository, configured: Mapping[str, Sequence[str]]) -> list[bytes]:
    """What git reads people's names and addresses from."""
    base = repository.top or repository.git_dir
    texts = [_file_of(repository, ".mailmap")]
    texts += [_content(base / name) for name in configured.get("mailmap.file", ())[-1:]]
    texts += [name.encode() for name in configured.get("mailmap.blob", ())]
    return texts


def _file_of(repository: Repository, name: str) -> bytes:
    """A file at the top of the work tree, or in a bare repository of the newest commit."""
    if repository.top is not None:
        place = repository.top / name
        return b"" if place.is_symlink() else _content(place)  # no link, as git does
    if repository.head is None:
        return b""
    return repository.git.run("cat-file", "blob", f"{repository.head}:{name}", accept=(0, 128))


def ignored_commits(repository: Repository, files: Iterable[str] | None = None) -> frozenset[str]:
    """Commits that count as no change: ``blame.ignoreRevsFile`` and ``.git-blame-ignore-revs``.

    ``files`` are those that git's configuration names, asked for where they are not given. Lines
    that are no full hash are left out, as is a file that is not there. In a bare repository the
    second one is read from the newest commit.
    """
    if files is None:
        files = _configured(repository).get("blame.ignorerevsfile", ())
    base = repository.top or repository.git_dir
    texts = [_content(base / name) for name in files if name]
    texts.append(_file_of(repository, ".git-blame-ignore-revs"))
    words = (
        line.partition(b"#")[0].strip().lower().decode("ascii", "replace")
        for line in b"\n".join(texts).splitlines()
    )
    return frozenset(each for each in words if _HASH.fullmatch(each))


_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def _content(place: Path) -> bytes:
    try:
        return read_plain(place, str(place), _LARGEST_LIST)
    except (OSError, ValueError):
        return b""


_LARGEST_LIST = 16 * 1024 * 1024  # bytes of a list of people or of commits


def _grafts(repository: Repository) -> str:
    """What makes git see other parents than a commit's own; "" where nothing does."""
    common = repository.common_dir
    said = ""
    for name in ("shallow", "info/grafts"):
        with suppress(OSError):
            said += f"{name}: {(common / name).read_bytes().decode('ascii', 'replace')}\n"
    replaced = any((common / "refs" / "replace").glob("*")) or (common / "reftable").is_dir()
    with suppress(OSError):
        replaced = replaced or b" refs/replace/" in (common / "packed-refs").read_bytes()
    if replaced:
        said += repository.git.text("for-each-ref", "refs/replace")
    return said


# --- which commits, in which order ----------------------------------------------------------------


# "Merge branch 'main' of example.org:news", "Merge remote-tracking branch 'origin/main' into x",
# "Merge branches 'a' and 'b'", and what git wrote before 2010.
_MERGE = re.compile(r"Merge (?:remote-tracking |remote )?branch(?:es)? ('.{1,4000})")


_NAMES = re.compile(r"'([^']{1,250})'(?:, | and |)")


_INTO = re.compile(r" into '?([^' ]{1,250})'?$")


def same_branch(subject: str, sides: int, branches: Collection[str]) -> tuple[int, ...]:
    """The numbers of the merged parents that are the published branch itself (1 to ``sides``).

    A branch merged into its own namesake is a pull, whatever it is called today: both sides were
    published then. A merge of the published branch into another one brings what was out, too.
    ``branches`` are the short names that the published branch is known by.
    """
    found = _MERGE.match(subject)
    if found is None:
        return ()
    names = []
    at = found.start(1)
    while (name := _NAMES.match(subject, at)) is not None:
        names.append(name[1])
        at = name.end()
    remote = "remote" in subject[: found.start(1)]
    into = _INTO.search(subject, at)
    own = {*branches, into[1] if into else "master"}  # git leaves out "into master"
    if len(names) != sides:
        return ()
    return tuple(number for number, name in enumerate(names, 1) if _short(name, remote) in own)


def _short(name: str, remote: bool) -> str:
    full = name.removeprefix("refs/heads/")
    if full.startswith(("refs/remotes/", "remotes/")):
        full, remote = full.removeprefix("refs/").removeprefix("remotes/"), True
    return full.partition("/")[2] if remote and "/" in full else full


def names_of(repository: Repository, branch: str | None) -> frozenset[str]:
    """The short names that the published branch goes by; the usual ones on a detached HEAD.

    Where it goes by another name at the remote that git pulls it from, that one is among them.
    """
    name = branch or repository.branch
    if name is None:
        return frozenset({"main", "master"})
    short = name.removeprefix("refs/heads/")
    if name.startswith("refs/remotes/"):
        short = _short(name, remote=True)
    return frozenset({short, short.removeprefix("origin/"), *_upstream(repository, short)})


def _upstream(repository: Repository, short: str) -> tuple[str, ...]:
    """What git's configuration calls a branch at its remote; nothing where it says nothing.

    The file is read here, as git writes it: a process would cost more than all the rest.
    """
    try:
        said = (repository.common_dir / "config").read_text("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return ()
    _, header, after = said.partition(f'[branch "{short}"]')
    section = after.partition("\n[")[0]
    found = _MERGED.search(section) if header else None
    return (found[1].removeprefix("refs/heads/"),) if found else ()


_MERGED = re.compile(r'(?m)^[ \t]*merge[ \t]*=[ \t]*"?([^\s"]{1,250})"?[ \t]*$')


def published_order(
    commits: Mapping[str, Commit], newest: str, branches: Collection[str]
) -> list[Commit]:
    """The published commits, oldest first, each with its ``seen_through`` and ``side``.

    ``commits`` holds every commit that can be reached, in the log's order (newest first).
    """
    chains: dict[str, Commit] = {}
    starts = [newest]
    while starts:
        name: str | None = starts.pop()
        while name is not None and name in commits and name not in chains:
            commit = chains[name] = commits[name]
            if len(commit.parents) > 1:
                numbers = same_branch(commit.subject, len(commit.parents) - 1, branches)
                commit.seen_through = tuple(commit.parents[number] for number in numbers)
                starts.extend(commit.seen_through)
            name = commit.parents[0] if commit.parents else None
    published = list(chains.values())
    if any(commit.seen_through for commit in published):
        published = _ordered(chains)
    else:
        published.reverse()
    _find_sides(published, chains, commits)
    return published


def cut_vertices(published: Sequence[Commit], base: str | None = None) -> list[bool]:
    """For each published commit, whether all that come after follow it, and none before it.

    Then all before lead to it, too. Where the history was never pulled into itself, it is so
    everywhere. ``published`` may be what follows ``base``, which is one.
    """
    if not any(commit.seen_through for commit in published):
        return [True] * len(published)
    places = {commit.hash: place for place, commit in enumerate(published)}
    if base is not None:
        places[base] = -1
    beginning = 0  # the newest commit that goes back to nothing
    passed = [0] * (len(published) + 1)  # ties that go past a place: how many more than one before
    for place, commit in enumerate(published):
        parents = [places[each] for each in parents_within(commit) if each in places]
        if parents:
            passed[min(parents) + 1] += 1
            passed[place] -= 1
        else:
            beginning = place
    return [not ties and place >= beginning for place, ties in enumerate(accumulate(passed[:-1]))]


def parents_within(commit: Commit) -> tuple[str, ...]:
    """The parents of a commit that are published themselves, or may be."""
    return (*commit.parents[:1], *commit.seen_through)


def _ordered(chains: Mapping[str, Commit]) -> list[Commit]:
    """Parents before children; where that leaves a choice, the older committer date first."""
    waiting = dict.fromkeys(chains, 0)
    children: dict[str, list[str]] = {}
    for commit in chains.values():
        for parent in set(commit.parents):
            if parent in chains:
                waiting[commit.hash] += 1
                children.setdefault(parent, []).append(commit.hash)
    ready = [(chains[name].committed, name) for name in chains if not waiting[name]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        _, name = heapq.heappop(ready)
        ordered.append(chains[name])
        for child in children.get(name, ()):
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(ready, (chains[child].committed, child))
    return ordered


def newest_first(commits: Iterable[Commit]) -> tuple[Commit, ...]:
    """The commits of a side, children before parents."""
    return tuple(reversed(_ordered({commit.hash: commit for commit in commits})))


def _find_sides(
    published: Iterable[Commit], chains: Mapping[str, Commit], commits: Mapping[str, Commit]
) -> None:
    taken: set[str] = set()
    for commit in published:
        found = []
        waiting = [parent for parent in commit.parents[1:] if parent not in commit.seen_through]
        while waiting:
            name = waiting.pop()
            if name in taken or name in chains or name not in commits:
                continue
            taken.add(name)
            found.append(commits[name])
            waiting.extend(commits[name].parents)
        if found:
            commit.side = newest_first(found)


# --- read part by part, oldest first --------------------------------------------------------------


class CommitRange(NamedTuple):
    """Published commits, oldest first, that all follow one commit."""

    commits: Sequence[Commit]
    cut: Sequence[bool]  # see ``cut_vertices``
    pulled: Mapping[str, Sequence[Sequence[FileChange]]]  # see ``differences_from_pulled``


class Survey(NamedTuple):
    """How a published history, or the end of it, can be read in parts."""

    ends: list[str]  # the newest commit of each part, oldest first
    size: int  # in commits
    bases: frozenset[str]  # the commits that it follows; "" for none, where others follow one


def survey(repository: Repository, history: PublishedHistory, since: str | None = None) -> Survey:
    """The history, or what it has that a commit does not lead to."""
    ends: list[str] = []
    merges: list[str] = []
    count, parent = 0, ""
    limit = [] if since is None else [f"^{since}"]
    with _listing(), repository.git.fields(
        *FRUGAL, "log", "-z", "--first-parent", "--no-color", "--encoding=UTF-8",
        "--format=%H %P", history.newest, *limit, "--",
    ) as fields:  # fmt: skip
        for field in fields:
            name, *parents = field.decode("ascii").split()
            if count % _PART == 0:
                ends.append(name)
            if len(parents) > 1:
                merges.append(name)
            parent = parents[0] if parents else ""
            count += 1
    if merges and _is_pulled(repository, history, merges):
        return _survey_pulled(repository, history, since)
    ends.reverse()
    return Survey(ends, count, frozenset({parent} if since is not None and count else ()))


def _survey_pulled(repository: Repository, history: PublishedHistory, since: str | None) -> Survey:
    """The same for a history that was pulled into itself: every part ends with a cut vertex.

    Looked at from the newest commit on, all children first, a commit is one if all that came
    before lead back to it, and to nothing else that is still to come.
    """
    ends: list[str] = []
    count = size = 0
    coming = {history.newest}
    begun = False  # a commit that follows nothing: no older one is a cut vertex
    limit = [] if since is None else [f"^{since}"]
    words = (
        *FRUGAL, "log", "-z", "--topo-order", "--no-color", "--encoding=UTF-8",
        "--format=%H%x00%P%x00%s", history.newest, *limit, "--",
    )  # fmt: skip
    with _listing(), repository.git.fields(*words) as fields:
        texts = (field.decode("utf-8", "surrogateescape") for field in fields)
        for name, said, subject in zip(texts, texts, texts, strict=False):
            if name not in coming:
                continue
            if not ends or (size >= _PART and len(coming) == 1 and not begun):
                ends.append(name)
                size = 0
            coming.remove(name)
            count, size = count + 1, size + 1
            parents = said.split()
            begun = begun or not parents
            coming.update(parents[:1])
            if len(parents) > 1:
                numbers = same_branch(subject, len(parents) - 1, history.branches)
                coming.update(parents[number] for number in numbers)
    if begun and since is not None:
        coming.add("")
    ends.reverse()
    return Survey(ends, count, frozenset(coming))


@contextmanager
def _listing() -> Iterator[None]:
    try:
        yield
    except GitError:
        raise TrackerError(
            "git could not list the history.", "Look for damage with: git fsck"
        ) from None


def _is_pulled(repository: Repository, history: PublishedHistory, merges: list[str]) -> bool:
    """Whether one of these merges brought what was published elsewhere."""
    said = repository.git.run(
        *FRUGAL, "log", "-z", "--no-walk=unsorted", "--stdin", "--no-color", "--encoding=UTF-8",
        "--format=%P%x00%s", data="".join(f"{each}\n" for each in merges).encode(),
    )  # fmt: skip
    fields = said.decode("utf-8", "surrogateescape").split("\0")
    return any(
        same_branch(subject, len(parents.split()) - 1, history.branches)
        for parents, subject in zip(fields[::2], fields[1::2], strict=False)
    )


def read_ranges(
    repository: Repository, history: PublishedHistory, found: Survey, since: str | None = None
) -> Iterator[CommitRange]:
    """The published commits, part by part, oldest first; git reads one part ahead."""
    from concurrent.futures import ThreadPoolExecutor

    def read(end: str, before: str | None) -> bytes:
        limit = [] if before is None else [f"^{before}"]
        return repository.git.run(*FRUGAL, *LOG, "--diff-merges=first-parent", end, *limit, "--")

    parts = list(zip(found.ends, [since, *found.ends[:-1]], strict=False))
    with ThreadPoolExecutor(1) as ahead:
        coming = [ahead.submit(read, *part) for part in parts[:1]]
        for place, (end, base) in enumerate(parts):
            said = coming.pop().result()
            coming += [ahead.submit(read, *part) for part in parts[place + 1 : place + 2]]
            commits = {each.hash: each for each in parse_log(said, history.clock)}
            published = published_order(commits, end, history.branches)
            pulled = differences_from_pulled(repository, published)
            yield CommitRange(published, cut_vertices(published, base), pulled)
