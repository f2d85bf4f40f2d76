"""A repository made, opened with GitPython, and its remotes: fetch and push."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from tracker.errors import TrackerError
from tracker.store import locks
from tracker.store.git import Git, GitError, Repository, discover, first_line, identity, shown_path

if TYPE_CHECKING:
    from git import Repo as Repo


def initialise(folder: Path) -> Repository:
    """A git repository in a folder, which is made if need be; one that is there is kept.

    A folder that is missing or empty gets a repository of its own, even inside another one; a
    folder with files in it joins the repository around it, if there is one. The first branch is
    the person's ``init.defaultBranch``, else main. Raises ``TrackerError`` where git does not
    know who is writing, and where a file is in the way.
    """
    there = next((one for one in (folder, *folder.absolute().parents) if one.exists()), folder)
    if not there.is_dir():
        raise TrackerError(
            f"{there} is a file, so there can be no newsroom in it.", "Name another folder."
        )
    git = Git(there)
    identity(Repository(git, None, there, there, None, None, shallow=False))
    if folder.is_dir() and any(folder.iterdir()):
        try:
            return discover(folder)
        except TrackerError as error:
            if isinstance(error, GitError) or "not in a git repository" not in error.sentence:
                raise
    for left in folder.glob(f"{_BEGUN}*"):  # in no repository, so that none brought it
        shutil.rmtree(left, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise locks.not_writable(folder, error) from None
    git = Git(folder)
    named = git.text("config", "init.defaultBranch", accept=(0, 1))
    words = ("init", "--quiet", *(() if named else ("--initial-branch=main",)))
    # Elsewhere first, and moved when whole: a git that is killed leaves locks that stop the next.
    with suppress(OSError), TemporaryDirectory(prefix=_BEGUN, dir=folder) as begun:
        Git(Path(begun)).run(*words)
        Path(begun, ".git").rename(folder / ".git")
        return discover(folder)
    git.run(*words)
    return discover(folder)


_BEGUN = ".tracker-init-"


def has_commits(folder: Path) -> bool:
    """Whether the repository in a folder has a commit on its branch."""
    if not (folder / ".git").exists():
        return False
    found = Git(folder).text("rev-parse", "--quiet", "--verify", "HEAD", accept=(0, 1, 128))
    return bool(found)


def unmake(folder: Path, settings: str, missing: Iterable[Path]) -> None:
    """Take away a repository that was just made, its file of settings, and the empty folders.

    ``missing`` are the folders that were not there before, the innermost first.
    """
    shutil.rmtree(folder / ".git", ignore_errors=True)
    with suppress(OSError):
        (folder / settings).unlink(missing_ok=True)
        for one in missing:
            one.rmdir()


def opened(repository: Repository) -> Repo:
    """The repository as GitPython has it, for all that this project does not do."""
    from git import Repo  # late: it takes as long to load as a whole recording

    repo = Repo(repository.top or repository.git_dir)
    # Variables that a surrounding hook sets would send it into another repository.
    common = repository.common_dir
    places = {
        "GIT_DIR": repository.git_dir,
        "GIT_COMMON_DIR": common,
        "GIT_OBJECT_DIRECTORY": common / "objects",
        "GIT_INDEX_FILE": repository.git_dir / "index",
        **({} if repository.top is None else {"GIT_WORK_TREE": repository.top}),
    }
    repo.git.update_environment(**{name: str(place) for name, place in places.items()})
    return repo


def is_ancestor(repository: Repository, one: str, other: str) -> bool:
    """True where a commit is, or leads to, another one; False where one is not there."""
    from git.exc import BadName, GitCommandError

    with opened(repository) as repo:
        try:
            return repo.is_ancestor(repo.commit(one), repo.commit(other))
        except (BadName, GitCommandError, ValueError):
            return False


# --- another repository of the same newsroom ------------------------------------------------------


class Remote(NamedTuple):
    """The branch of another repository that a branch here goes with."""

    name: str  # as git's configuration has it: "origin"
    url: str  # without user names and passwords
    branch: str  # full name there, "refs/heads/main"
    tracking: str  # full name of what is known of it here, "refs/remotes/origin/main"
    here: str = ""  # what people call the branch here

    @property
    def short(self) -> str:
        """The branch's name as people use it."""
        return self.branch.removeprefix("refs/heads/")


class Rejected(Exception):  # noqa: N818 - what happened
    """The branch there moved meanwhile: receive again, then send again.

    ``lock`` is a lock file that stood in the way there; None where none did.
    """

    def __init__(self, why: str = "", lock: str | None = None) -> None:
        super().__init__(why)
        self.lock = lock


def remote_of(repository: Repository, branch: str, wanted: str | None = None) -> Remote:
    """The remote that a branch (full name) goes with: the one named, its own, or the only one.

    Raises ``TrackerError`` where there is none by that name, none at all, or a choice of several.
    """
    git = repository.git
    with opened(repository) as repo:
        remotes = {each.name: each for each in repo.remotes}
    names = list(remotes)
    short = branch.removeprefix("refs/heads/")
    own = git.text("config", "--get", f"branch.{short}.remote", accept=(0, 1))
    name = wanted or (own if own in names else "") or _only(names)
    if name not in names:
        add = f"Add it with: git remote add {shown_path(name)} ADDRESS"
        known = f"There are: {', '.join(names)}." if names else add
        raise TrackerError(f"git knows no remote “{shown_path(name)}” here.", known)
    there = f"refs/heads/{short}"
    if name == own:
        said = git.text("config", "--get", f"branch.{short}.merge", accept=(0, 1))
        there = said if said.startswith("refs/heads/") else there
    tracking = f"refs/remotes/{name}/{there.removeprefix('refs/heads/')}"
    return Remote(name, _without_secrets(next(remotes[name].urls)), there, tracking, short)


def _only(names: list[str]) -> str:
    if "origin" in names:
        return "origin"
    if len(names) == 1:
        return names[0]
    if not names:
        raise TrackerError(
            "This repository has no remote to sync with.",
            "Name one: git remote add origin ADDRESS",
        )
    raise TrackerError(
        f"There is more than one remote: {', '.join(names)}.", "Say which: tracker sync REMOTE"
    )


_SECRETS = re.compile(r"(?<=://)[^/@\s]*@")


def _without_secrets(url: str) -> str:
    plain = "".join(character for character in url if character.isprintable())
    return _SECRETS.sub("", plain)


# A server that says nothing for a minute is not waited for.
_PATIENT = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60")


def _locks(repository: Repository, remote: Remote) -> tuple[Path, ...]:
    """What a git that is killed while it fetches or pushes leaves here."""
    names = (f"{remote.tracking}.lock", "shallow.lock", "objects/maintenance.lock")
    return tuple(repository.common_dir / name for name in names)


def fetch(repository: Repository, remote: Remote) -> str | None:
    """Bring in what the branch there holds; its newest commit, None where it has no such branch.

    Raises ``TrackerError`` where the remote cannot be read, and where the branch there was
    rewritten since it was last looked at.
    """
    with locks.turn(repository.common_dir, file=locks.BESIDE) as turn:
        deadline = time.monotonic() + locks.WAIT_FOR_GIT
        while True:
            turn.may_leave(*_locks(repository, remote))
            done = repository.git.completed(
                *_PATIENT, "fetch", "--no-progress", "--no-tags", "--no-recurse-submodules",
                "--no-write-fetch-head", "--refmap=", "--end-of-options", remote.name,
                f"{remote.branch}:{remote.tracking}", started=turn.runs,
            )  # fmt: skip
            said = done.stderr.decode("utf-8", "replace")
            lock = locks.in_the_way(said)
            if done.returncode == 0 or lock not in _locks(repository, remote):
                break
            locks.wait_longer(lock, deadline)
    if done.returncode == 0:
        return repository.git.text("rev-parse", "--verify", f"{remote.tracking}^{{commit}}")
    if "couldn't find remote ref" in said or "Couldn't find remote ref" in said:
        return None
    if "non-fast-forward" in said:
        raise TrackerError(
            f"The branch {remote.short} at {remote.name} was rewritten: revisions that it had "
            "before are gone from it.",
            "Ask who did that before you take it over; what is here was left as it is.",
        )
    raise _unreachable(remote, said)


def push(repository: Repository, remote: Remote, commit: str) -> None:
    """Make a commit the newest one there, if it continues what is there; nothing is forced.

    Raises ``Rejected`` where the branch moved meanwhile, ``TrackerError`` for any other refusal.
    """
    with (
        locks.turn(repository.common_dir, file=locks.BESIDE) as here,
        _turn_there(repository, remote) as turn,
    ):
        here.may_leave(*_locks(repository, remote))
        process = repository.git.start(
            *_PATIENT, "-c", "push.followTags=false", "push", "--porcelain", "--no-progress",
            "--end-of-options", remote.name, f"{commit}:{remote.branch}", feed=True,
        )  # fmt: skip
        for each in (here, turn):
            if each is not None:
                each.runs(process)
        out, err = process.communicate()
        if process.returncode != 0 and turn is not None:
            turn.fell()
    if process.returncode == 0:
        return
    said, printed = err.decode("utf-8", "replace"), out.decode("utf-8", "replace")
    refused = re.search(r"^!\t\S+\t(.*)$", printed, re.MULTILINE)
    if refused is None:
        if "[rejected]" in said or "pre-push" in said or not _is_of_the_way(said):
            raise TrackerError(
                f"git did not send the revisions to {remote.name}: {_reason(said)}.",
                "Settle what it complains of, and sync again; nothing was lost.",
            )
        raise _unreachable(remote, said)
    why = refused[1]
    if why.startswith("[rejected]") or any(words in why for words in _RACES):
        held = re.search(r"Unable to create '([^'\n]+\.lock)': File exists", said)
        raise Rejected(why, os.path.normpath(held[1]) if held else None)
    reason = why.partition("(")[2].rpartition(")")[0] or why
    quoted = [line[8:].strip() for line in said.splitlines() if line.startswith("remote: ")]
    more = f" ({'; '.join(line for line in quoted[:3] if line)})" if any(quoted) else ""
    hint = "Ask who looks after it what it needs; nothing was lost, and nothing changed here."
    if "checked out" in reason:
        hint = "Make it a bare repository, or add one that both of you sync with."
    raise TrackerError(f"{remote.name} refused the revisions: {reason}{more}.", hint)


def _folder(repository: Repository, remote: Remote) -> Path | None:
    """The git directory of a remote that is a folder of this machine; None for others."""
    url = remote.url
    if url.startswith("file://"):
        url = unquote(url.removeprefix("file://"))
    elif "://" in url or re.match(r"[^/]+:", url):
        return None
    here = repository.top or repository.git_dir
    for folder in (here / url, here / url / ".git"):
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            return folder
    return None


@contextmanager
def _turn_there(repository: Repository, remote: Remote) -> Iterator[locks.Turn | None]:
    """The turn to write in a remote of this machine: what a killed one left there is removed.

    Elsewhere, git's own server ends its work whatever happens here.
    """
    folder = _folder(repository, remote)
    if folder is None or not os.access(folder, os.W_OK):
        yield None
        return
    with locks.turn(folder) as turn:
        turn.may_leave(folder / "HEAD.lock", folder / f"{remote.branch}.lock")
        yield turn


def clean(repository: Repository, remote: Remote) -> None:
    """Remove what a killed ``push`` of this tool left in a remote of this machine."""
    folder = _folder(repository, remote)
    try:
        left = folder is not None and (folder / locks.FILE).stat().st_size > 0
    except OSError:
        return
    if left:
        with _turn_there(repository, remote):
            pass  # who gets the turn cleans


_RACES = ("failed to update ref", "cannot lock ref", "incorrect old value", "failed to lock")


def _reason(said: str) -> str:
    return first_line(said) or "it does not say why"


_WAY = (
    ("could not resolve host", "its address was not found", "Check the network and the address"),
    ("could not resolve", "its address was not found", "Check the network and the address"),
    ("name or service not known", "its address was not found", "Check the network"),
    ("couldn't connect", "it takes no connections", "Check the address, and whether it runs"),
    ("connection refused", "it takes no connections", "Check the address, and whether it runs"),
    ("timed out", "it does not answer", "Check the network"),
    ("network is unreachable", "there is no network", "Check the network"),
    ("no route to host", "there is no way to it", "Check the network"),
    ("authentication failed", "it does not know you", "Check your password or token"),
    ("could not read username", "it asks who you are", "Give git your credentials once"),
    ("could not read password", "it asks who you are", "Give git your credentials once"),
    ("terminal prompts disabled", "it asks who you are", "Give git your credentials once"),
    ("permission denied", "it does not let you in", "Check your key and your rights there"),
    ("host key verification failed", "its key is not known", "Connect once with ssh by hand"),
    ("returned error: 40", "it does not let you in", "Check your password, token and rights"),
    ("returned error: 5", "it has a fault", "Try again later"),
    ("certificate", "its certificate is not trusted", "Check the address and the certificate"),
    ("not appear to be a git repository", "there is no repository", "Check the address"),
    ("does not exist", "there is no repository", "Check the address"),
    ("repository not found", "there is no repository", "Check the address and your rights"),
    ("not found", "there is no repository", "Check the address"),
    ("dubious ownership", "another user owns it", "Allow it with git's safe.directory"),
    ("shallow", "one of the two is a shallow clone", "Run git fetch --unshallow"),
)


def _is_of_the_way(said: str) -> bool:
    lowered = said.lower()
    return any(words in lowered for words, _, _ in _WAY) or "remote repository" in lowered


def _unreachable(remote: Remote, said: str) -> TrackerError:
    lowered = said.lower()
    for words, reason, hint in _WAY:
        if words in lowered:
            return TrackerError(
                f"{remote.name} ({remote.url}) cannot be reached: {reason}.",
                f"{hint}; nothing was changed. See it with: git remote --verbose",
            )
    return TrackerError(
        f"{remote.name} ({remote.url}) cannot be reached: {_reason(said)}.",
        "Nothing was changed. Try it by hand: git fetch",
    )
