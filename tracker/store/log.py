"""Commits as ``git log`` prints them; what a branch, a commit, a tree or a range of them holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store.git import GitError, Repository, instant

Clock = Literal["author", "commit"]
"""Which of a commit's dates says when a revision went out."""

_FORMAT = "--format=%H%x00%P%x00%cd%x00%ad%x00%aN%x00%aE%x00%s"
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
    """What one commit did to one file. (A named tuple, since there are very many of them.)"""

    path: str  # undecodable bytes as surrogate escapes
    old: str | None  # blob before; None where no ordinary file was
    new: str | None  # blob after; None where no ordinary file is


class Commit:
    """One commit as the log gives it. Dates and names are decoded only when asked for."""

    __slots__ = ("changes", "committed", "hash", "header", "parents", "seen_through", "side")

    def __init__(
        self,
        name: str,
        parents: tuple[str, ...],
        committed: int,
        header: tuple[str, str, str, str],
        changes: list[FileChange],
        seen_through: tuple[str, ...] = (),
        side: tuple[Commit, ...] = (),
    ) -> None:
        self.hash = name
        self.parents = parents
        self.committed = committed  # seconds since 1970
        self.header = header  # date (raw), name and e-mail address of the author, subject
        self.changes = changes  # against the first parent
        self.seen_through = seen_through  # parents whose own chains are published too
        self.side = side  # commits of merged branches, newest first

    @property
    def at(self) -> datetime:
        """When it was made, by the clock that was asked for: aware, in the offset written there."""
        seconds, _, offset = self.header[0].partition(" ")
        try:
            return instant(int(seconds), offset)
        except (ValueError, IndexError):
            return datetime.fromtimestamp(0, UTC)

    @property
    def person(self) -> Person:
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


def parse_log(printed: bytes, clock: Clock = "author") -> Iterator[Commit]:
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
        header = (date if clock == "author" else committed, name, address, subject)
        seconds = int(committed.partition(" ")[0] or 0)
        yield Commit(commit, tuple(parents.split()), seconds, header, changes)


def parse_commit(
    name: str, content: bytes, changes: list[FileChange], clock: Clock = "author"
) -> Commit:
    """A commit from its own content, as git keeps it; ``name`` is its full hash."""
    head, _, message = content.decode("utf-8", "surrogateescape").partition("\n\n")
    lines = [line.partition(" ") for line in head.split("\n")]
    parents = tuple(value for key, _, value in lines if key == "parent")
    author, committer = (
        next(value for key, _, value in lines if key == wanted)
        for wanted in ("author", "committer")
    )
    who, _, date = author.rpartition("> ")
    person, _, address = who.partition(" <")
    committed = committer.rpartition("> ")[2]
    subject = " ".join(message.strip("\n").partition("\n\n")[0].split("\n"))
    header = (date if clock == "author" else committed, person, address, subject)
    return Commit(name, parents, int(committed.partition(" ")[0]), header, changes)


_ENTRY = frozenset({":", "\n"})


def parse_entry(entry: str, path: str) -> FileChange | None:
    """One raw entry (``:old-mode new-mode old-blob new-blob status``); None for a mode's change."""
    old_mode, new_mode, old, new, _ = entry.lstrip("\n:").split(" ")
    before = old if old_mode in FILES else None
    after = new if new_mode in FILES else None
    return None if before == after else FileChange(path, before, after)


def differences_from_pulled(
    repository: Repository, commits: Sequence[Commit]
) -> dict[str, list[list[FileChange]]]:
    """How each merge that is seen through differs from the parents that were pulled, by hash."""
    pulls = [each for each in commits if each.seen_through]
    if not pulls:
        return {}
    asked = "".join(f"{each.hash} {parent}\n" for each in pulls for parent in each.seen_through)
    printed = repository.git.run(
        "diff-tree", "--stdin", "-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative",
        data=asked.encode(),
    )  # fmt: skip
    found: dict[str, list[list[FileChange]]] = {}
    here: list[FileChange] = []
    tokens = iter(printed.decode("utf-8", "surrogateescape").split("\0"))
    for token in tokens:
        if token.startswith(":"):
            change = parse_entry(token, next(tokens))
            if change is not None:
                here.append(change)
        elif token:
            here = []
            found.setdefault(token.split()[0], []).append(here)
    return found


def tip(repository: Repository, branch: str | None = None) -> str:
    """The newest published commit: of ``branch``, or of HEAD when it is None.

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


def submodules(repository: Repository, commit: str) -> list[str]:
    words = ("ls-tree", "-r", "-d", "-z", "--full-tree", "--end-of-options", commit)
    listed = repository.git.run(*words).decode("utf-8", "surrogateescape").split("\0")[:-1]
    return [line.partition("\t")[2] for line in listed if line.startswith("160000 ")]


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


def first_commit(repository: Repository, tip: str) -> str:
    """The first published commit before ``tip``, full hash; it names the newsroom.

    In a shallow clone, the oldest one there.
    """
    found = repository.git.run("rev-list", "--first-parent", "--max-parents=0", tip, "--")
    hashes: list[str] = found.decode("ascii").split()
    return hashes[-1] if hashes else tip


class Changed(NamedTuple):
    """One file that differs between two trees."""

    old_path: str | None  # None: the file is new
    old_blob: str | None
    path: str | None  # None: the file is gone
    blob: str | None


def commits_since(repository: Repository, since: str, tip: str) -> frozenset[str]:
    """The commits that a tip has and a git revision has not, full hashes.

    Raises ``TrackerError`` for a revision that is not there, with the fetch depth that is missing.
    """
    base = _resolved(repository, since)
    return frozenset(repository.git.text("rev-list", tip, f"^{base}").split())


def merge_base(repository: Repository, since: str, tip: str) -> str:
    """The commit where a tip left a git revision's line.

    Raises ``TrackerError`` where there is none, with the fetch depth that is missing.
    """
    base = _resolved(repository, since)
    found = repository.git.text("merge-base", base, tip, accept=(0, 1))
    if not found:
        raise TrackerError(
            f"{since} and the checkout have no commit in common.", _depth(repository)
        )
    return found.split("\n")[0]


def _resolved(repository: Repository, since: str) -> str:
    try:
        return resolve(repository, since)
    except TrackerError as error:
        if repository.shallow:
            raise TrackerError(error.sentence, _depth(repository)) from None
        raise


def _depth(repository: Repository) -> str:
    if repository.shallow:
        return (
            "This clone is shallow: fetch more of the history (in GitHub Actions, fetch-depth: 2 "
            "for HEAD^1, else 0; in GitLab, GIT_DEPTH: 0; by hand, git fetch --unshallow)."
        )
    return "Name a branch, a tag or a commit that is in this clone."


def between(repository: Repository, base: str, tip: str, under: str = "") -> tuple[Changed, ...]:
    """The regular files that differ between two commits; moved and edited ones are paired."""
    return _changed(repository, "diff-tree", "-r", base, tip, "--", *([under] if under else []))


def staged(
    repository: Repository, under: str = "", index: Path | None = None
) -> tuple[Changed, ...]:
    """The regular files whose staged content differs from the newest commit.

    ``index`` is the index that git made for a commit under way (``git commit -a`` does), as its
    hooks are told; one that is not in this repository's git directory is not looked at.
    """
    base = repository.head or repository.git.text("hash-object", "-t", "tree", "--stdin")
    inside = [under] if under else []
    extra = {}
    if index is not None and index.parent.resolve() == repository.git_dir.resolve():
        extra = {"GIT_INDEX_FILE": str(index)}
    return _changed(repository, "diff-index", "--cached", base, "--", *inside, extra=extra)


def _changed(
    repository: Repository, command: str, *arguments: str, extra: dict[str, str] | None = None
) -> tuple[Changed, ...]:
    # -l0: by default git stops looking for moved files where there are many.
    listed = repository.git.run(
        command, "--raw", "--no-abbrev", "-M50%", "-l0", "-z", *arguments, extra=extra
    ).decode("utf-8", "surrogateescape")
    fields = iter(listed.split("\0"))
    found = []
    for head in fields:
        if not head.startswith(":"):
            continue
        old_mode, new_mode, old_blob, new_blob, status = head[1:].split(" ")
        old_path = path = next(fields)
        if status[0] in "RC":
            path = next(fields)
        was = old_mode.startswith("100") and status[0] != "C"
        now = new_mode.startswith("100")
        if was or now:
            found.append(
                Changed(
                    old_path if was else None,
                    old_blob if was else None,
                    path if now else None,
                    new_blob if now else None,
                )
            )
    return tuple(found)


def last_change(repository: Repository, commit: str, path: str) -> datetime | None:
    """When a path was last changed on the first-parent line of a commit; None where never."""
    said = repository.git.text(
        "log", "-1", "--first-parent", "--format=%at %ad", "--date=format:%z", commit, "--", path
    )
    return _time(said) if said else None


def author_time(repository: Repository, commit: str) -> datetime:
    """The author date of a commit, aware, in the author's offset."""
    try:
        return _time(
            repository.git.text("show", "-s", "--format=%at %ad", "--date=format:%z", commit)
        )
    except (GitError, ValueError):
        raise TrackerError(f"There is no commit {commit}.", "Check the hash.") from None


def _time(said: str) -> datetime:
    seconds, offset = said.split(" ")
    return instant(int(seconds), offset)


# --- whole messages of many commits -------------------------------------------------------------

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


# --- trees of commits, read as a stream: a large one does not fit into memory -------------------

_PATHS_AT_ONCE = 500  # paths that are given to one process
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
    name: str | None  # what the source of an import calls the article (``Id:``); None: not said


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
    for start in range(0, len(paths), _PATHS_AT_ONCE):
        words = (
            "ls-tree",
            "-z",
            "--full-tree",
            commit,
            "--",
            *paths[start : start + _PATHS_AT_ONCE],
        )
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
        "--format=%x01%at %(trailers:key=Id,valueonly,separator=%x02)", "--end-of-options", commit,
    )  # fmt: skip
    seconds, name = 0, None
    with repository.git.fields(*words) as tokens:
        for token in tokens:
            if token[:1] == b"\x01":
                at, _, said = token[1:].strip().partition(b" ")
                seconds, name = int(at or 0), said.decode("utf-8", "replace") or None
                continue
            if token[:1] not in (b":", b"\n"):
                continue
            path = next(tokens)
            new = token.split(b" ", 4)[3]
            if new.strip(b"0") and path.lower().endswith(_ENDINGS):
                path_of = path.decode("utf-8", "surrogateescape")
                yield KnownText(path_of, seconds, new.decode(), name)


def touched(repository: Repository, old: str | None, new: str) -> Iterator[str]:
    """The paths in which two commits differ; all those of ``new`` without an ``old``."""
    if old is None:
        yield from (entry.path for entry in entries(repository, new) if entry.kind == "blob")
        return
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", old, new)
    with repository.git.fields(*words) as tokens:
        for token in tokens:
            yield token.decode("utf-8", "surrogateescape")
