"""The published line: which commits readers saw, in which order, and what stood beside them.

DESIGN section 2: the first-parent history of the branch. A merge of another branch is one step,
with what was written on the side listed under it. A merge of the same branch (``git pull``) is
seen through: the commits of both sides keep their places.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store.git import GitError, Repository, instant

_FORMAT = "--format=%H%x00%P%x00%ct%x00%ad%x00%an%x00%ae%x00%s"
_FIELDS = 7
LOG = (
    "-c",
    "log.follow=false",
    "-c",
    "log.showRoot=true",
    "log",
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-color",
    "--no-relative",
    "--encoding=UTF-8",
    "--date=raw",
    _FORMAT,
)
"""``git log`` such that nobody's configuration changes what it prints."""

FILES = frozenset({"100644", "100755", "100664"})
"""Modes of ordinary files (very old git wrote 664). A link or a submodule is no article."""


class FileChange(NamedTuple):
    """What one step did to one file. (A named tuple, since there are very many of them.)"""

    path: str  # undecodable bytes as surrogate escapes
    old: str | None  # blob before; None where no ordinary file was
    new: str | None  # blob after; None where no ordinary file is


class Step:
    """One commit as the log gives it. Dates and names are decoded only when asked for."""

    __slots__ = ("changes", "commit", "committed", "header", "parents", "seen_through", "side")

    def __init__(
        self,
        commit: str,
        parents: tuple[str, ...],
        committed: int,
        header: tuple[str, str, str, str],
        changes: list[FileChange],
        seen_through: tuple[str, ...] = (),
        side: tuple[Step, ...] = (),
    ) -> None:
        self.commit = commit
        self.parents = parents
        self.committed = committed  # seconds since 1970
        self.header = header  # author date (raw), name, e-mail address, subject
        self.changes = changes  # against the first parent
        self.seen_through = seen_through  # parents whose own chains are on the line too
        self.side = side  # commits of merged branches, newest first

    @property
    def at(self) -> datetime:
        """The author date, aware, in the author's own offset."""
        seconds, _, offset = self.header[0].partition(" ")
        try:
            return instant(int(seconds), offset)
        except (ValueError, IndexError):
            return datetime.fromtimestamp(0, UTC)

    @property
    def person(self) -> Person:
        """The author."""
        return Person(_text(self.header[1]), _text(self.header[2]))

    @property
    def subject(self) -> str:
        """The first line of the commit message."""
        return _text(self.header[3])


def _text(field: str) -> str:
    """Bytes that are not UTF-8 stand as surrogates; then they are read as what is likeliest."""
    if field.isascii() or not _SURROGATE.search(field):
        return field
    return field.encode("utf-8", "surrogateescape").decode("cp1252", "replace")


_SURROGATE = re.compile("[\udc80-\udcff]")


def parse_log(printed: bytes) -> Iterator[Step]:
    """The commits that ``git log`` with the arguments ``LOG`` printed, newest first."""
    tokens = printed.decode("utf-8", "surrogateescape").split("\0")
    end = len(tokens)
    at = 0
    while at + _FIELDS <= end:
        commit, parents, committed, date, name, address, subject = tokens[at : at + _FIELDS]
        at += _FIELDS
        changes: list[FileChange] = []
        # The first entry follows the message after a newline; a hash starts with neither.
        while at < end and tokens[at][:1] in _ENTRY:
            change = parse_entry(tokens[at], tokens[at + 1])
            if change is not None:
                changes.append(change)
            at += 2
        header = (date, name, address, subject)
        yield Step(commit, tuple(parents.split()), int(committed or 0), header, changes)


_ENTRY = frozenset({":", "\n"})


def parse_entry(entry: str, path: str) -> FileChange | None:
    """One raw entry (``:old-mode new-mode old-blob new-blob status``); None for a mode's change."""
    old_mode, new_mode, old, new, _ = entry.lstrip("\n:").split(" ")
    before = old if old_mode in FILES else None
    after = new if new_mode in FILES else None
    return None if before == after else FileChange(path, before, after)


def tip(repository: Repository, branch: str | None = None) -> str:
    """The newest commit of the published line: of ``branch``, or of HEAD when it is None.

    ``branch`` is a short ("main") or full name ("refs/heads/main"). Raises ``TrackerError`` for a
    branch that does not exist or has no commit yet.
    """
    if branch is None:
        if repository.head is not None:
            return repository.head
        raise TrackerError(
            "The repository has no commit yet.", "Record a first article with: tracker record"
        )
    if _NO_REF.search(branch):
        raise _no_branch(branch)
    names = [branch] if branch.startswith("refs/") else []
    names += [f"refs/heads/{branch}", f"refs/remotes/{branch}", f"refs/remotes/origin/{branch}"]
    for name in names:
        found = repository.git.text(
            "rev-parse",
            "--quiet",
            "--verify",
            "--end-of-options",
            f"{name}^{{commit}}",
            accept=(0, 1, 128),
        )
        if found:
            return found
    if repository.head is None and repository.branch in names:
        return tip(repository)
    raise _no_branch(branch)


_NO_REF = re.compile(r"[\x00-\x20~^:?*\[\\]|\.\.|@\{")  # what git allows in no branch's name


def _no_branch(branch: str) -> TrackerError:
    return TrackerError(
        f"There is no branch {branch!r}.", "See the branches that there are with: git branch --all"
    )


def resolve(repository: Repository, text: str) -> str:
    """The full hash of the commit that a person named: a hash, a branch, a tag, ``HEAD~3``.

    Raises ``TrackerError`` when there is none, or when a short hash fits several.
    """
    try:
        return repository.git.text(
            "rev-parse", "--verify", "--end-of-options", f"{text}^{{commit}}"
        )
    except GitError as error:
        if "ambiguous" in error.stderr:
            raise TrackerError(
                f"More than one commit starts with {text!r}.", "Give more digits of its hash."
            ) from None
    raise TrackerError(
        f"There is no commit {text!r}.", "See the commits that there are with: git log --oneline"
    )


def files(repository: Repository, commit: str, under: str = "") -> tuple[tuple[str, str], ...]:
    """Every ordinary file of a commit below the folder ``under``, as (path, blob), by path.

    ``under`` may also be the path of one file; "" means all. Paths are from the repository's top.
    """
    words = ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit]
    folder = under.strip("/")
    if folder:
        words += ["--", folder]
    found = []
    listed = repository.git.run(*words).decode("utf-8", "surrogateescape")
    for line in listed.split("\0")[:-1]:
        meta, _, path = line.partition("\t")
        mode, _, blob = meta.split(" ")
        if mode in FILES:
            found.append((path, blob))
    return tuple(found)


# "Merge branch 'main' of example.org:news", "Merge remote-tracking branch 'origin/main' into x",
# "Merge branches 'a' and 'b'", and what git wrote before 2010.
_MERGE = re.compile(r"Merge (?:remote-tracking |remote )?branch(?:es)? ('.{1,4000})")
_NAMES = re.compile(r"'([^']{1,250})'(?:, | and |)")
_INTO = re.compile(r" into '?([^' ]{1,250})'?$")


def same_branch(subject: str, sides: int, branches: Collection[str]) -> tuple[int, ...]:
    """The numbers of the merged parents that are the published branch itself (1 to ``sides``).

    A branch merged into its own namesake is a pull, whatever it is called today: both sides were
    the line then. A merge of the published branch into another one brings what was out, too.
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


def published_line(
    commits: Mapping[str, Step], newest: str, branches: Collection[str]
) -> list[Step]:
    """The steps of the published line, oldest first, each with its ``seen_through`` and ``side``.

    ``commits`` holds every commit that can be reached, in the log's order (newest first).
    """
    line: dict[str, Step] = {}
    starts = [newest]
    while starts:
        name: str | None = starts.pop()
        while name is not None and name in commits and name not in line:
            step = line[name] = commits[name]
            if len(step.parents) > 1:
                numbers = same_branch(step.subject, len(step.parents) - 1, branches)
                step.seen_through = tuple(step.parents[number] for number in numbers)
                starts.extend(step.seen_through)
            name = step.parents[0] if step.parents else None
    steps = list(line.values())
    if any(step.seen_through for step in steps):
        steps = _ordered(line)
    else:
        steps.reverse()
    _find_sides(steps, line, commits)
    return steps


def waists(steps: Sequence[Step], base: str | None = None) -> list[bool]:
    """For each step of a line, whether what comes after it stands on it, and on nothing before it.

    Then all before it lead to it, too: there the line can be cut. Where the line was never pulled
    into itself, it is so everywhere. ``steps`` may be what a line has after ``base``, which is one.
    """
    if not any(step.seen_through for step in steps):
        return [True] * len(steps)
    places = {step.commit: place for place, step in enumerate(steps)}
    if base is not None:
        places[base] = -1
    beginning = 0  # the newest commit that goes back to nothing
    passed = [0] * (len(steps) + 1)  # ties that go past a place: how many more than one before
    for place, step in enumerate(steps):
        parents = [places[each] for each in line_parents(step) if each in places]
        if parents:
            passed[min(parents) + 1] += 1
            passed[place] -= 1
        else:
            beginning = place
    return [not ties and place >= beginning for place, ties in enumerate(accumulate(passed[:-1]))]


def line_parents(step: Step) -> tuple[str, ...]:
    """The parents of a step that are on the line themselves."""
    return (*step.parents[:1], *step.seen_through)


def _ordered(line: Mapping[str, Step]) -> list[Step]:
    """Parents before children; where that leaves a choice, the older committer date first."""
    waiting = dict.fromkeys(line, 0)
    children: dict[str, list[str]] = {}
    for step in line.values():
        for parent in set(step.parents):
            if parent in line:
                waiting[step.commit] += 1
                children.setdefault(parent, []).append(step.commit)
    ready = [(line[name].committed, name) for name in line if not waiting[name]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        _, name = heapq.heappop(ready)
        ordered.append(line[name])
        for child in children.get(name, ()):
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(ready, (line[child].committed, child))
    return ordered


def newest_first(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The commits of a side, children before parents."""
    return tuple(reversed(_ordered({step.commit: step for step in steps})))


def _find_sides(
    steps: Iterable[Step], line: Mapping[str, Step], commits: Mapping[str, Step]
) -> None:
    taken: set[str] = set()
    for step in steps:
        found = []
        waiting = [parent for parent in step.parents[1:] if parent not in step.seen_through]
        while waiting:
            name = waiting.pop()
            if name in taken or name in line or name not in commits:
                continue
            taken.add(name)
            found.append(commits[name])
            waiting.extend(commits[name].parents)
        if found:
            step.side = newest_first(found)
