"""A repository made for a newsroom, and taken away again where nothing came of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.errors import TrackerError
from tracker.store import locks
from tracker.store.git import Git, GitError, Repository, discover, identity

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
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise locks.not_writable(folder, error) from None
    git = Git(folder)
    named = git.text("config", "init.defaultBranch", accept=(0, 1))
    git.run("init", "--quiet", *(() if named else ("--initial-branch=main",)))
    return discover(folder)


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
