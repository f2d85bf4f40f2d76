"""One revision in, safely: one article, one ordinary commit, nothing else touched.

In a work tree the order is: all checks; the objects; the file; the index entry with exactly that
blob; the branch by compare-and-swap. A kill at any moment leaves the article as it was, or staged
as it will be, never a staged reversal of what is in the branch. The git of each step is started
before the one before it has ended, and is told what to write when that has succeeded: so git has
the index locked while the objects are written.

The index entry of the article becomes what is recorded, whatever was staged of it before, as
``git commit --only`` does it; all other entries stay as they are.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store import configuration, locks, worktree
from tracker.store.advance import (
    EditedMeanwhile,
    NewObjects,
    NewRevision,
    advance,
    author_variables,
    begin,
    encoded_text,
    expected_place,
    git_date,
)
from tracker.store.git import Git, GitError, Repository, discover, identity, instant
from tracker.store.objects import Entry, Place, must_be_whole, object_hash
from tracker.store.paths import checked
from tracker.store.running import Running
from tracker.store.session import Session, Written, current
from tracker.store.staging import Staging, as_staged, blob_as_added, staged_entry
from tracker.store.worktree import Staged

__all__ = ["EditedMeanwhile", "blob_of", "initialise", "replace_file", "write"]


def write(
    repository: Repository,
    path: str,
    data: bytes,
    *,
    expected: str | None,
    message: str,
    person: Person,
    at: datetime,
    disk: bytes | None = None,
    branch: str | None = None,
    settled: bool = False,
    session: Session | None = None,
) -> str | None:
    """Record one revision of one article; the full hash of its commit.

    None where nothing changed: the branch holds this text already, and no commit was made.

    ``path`` is the article's in the repository, with forward slashes; ``data`` its new content
    as it stands in a file. ``expected`` is the blob that the caller read at the tip of the
    branch, None where the article was not there. ``disk`` is what the caller read in the work
    tree, None where there was no file; the file holds ``data`` afterwards. ``person`` and ``at``
    (aware) become the author; the committer is who git says is at work, now. ``branch`` is the
    published one, default: the one that is checked out. ``settled``: the caller knows that the
    work tree still shows an earlier revision, and what came after it is in ``data`` or gives way.
    ``session``: what was begun with git for this recording.

    Raises ``EditedMeanwhile`` when the article in the branch is not ``expected``, and
    ``TrackerError`` for all that stands in the way; then nothing is recorded, and file and
    index are as they were.
    """
    components = checked(path)
    words, author = _message(message), _author(person)
    git_date(at)
    with locks.turn(repository.common_dir) as turn:
        name = worktree.branch_to_write(repository, branch)
        revision = NewRevision(path, components, data, expected, words, author, at, name)
        try:
            with current(repository.git, session) as asked:
                if repository.top is None:
                    commit = _in_bare(repository, revision, asked)
                else:
                    commit = _in_work_tree(
                        repository, repository.top, revision, disk, turn, asked, settled=settled
                    )
                asked.written = _written(commit, revision)
                return commit
        except GitError as error:
            raise _explained(error, repository) from None


def _written(commit: str | None, revision: NewRevision) -> Written | None:
    """What is on the branch now, where that is known without asking git."""
    first = revision.message.decode("utf-8", "replace").split("\n\n")[0].rstrip("\n")
    if commit is None or revision.blob is None or "\n" in first:
        return None
    seconds, offset = git_date(revision.at).split(" ")
    at = instant(int(seconds), offset)
    return Written(commit, revision.parent, revision.blob, at, revision.person, first)


def _message(message: str) -> bytes:
    text = message.replace("\0", "").strip("\n")
    if not text.strip():
        raise TrackerError(
            "The commit message is empty.", "Say in a few words what was done, with -m."
        )
    return encoded_text(text) + b"\n"


def _author(person: Person) -> Person:
    """The person without what would break the line that git keeps of an author."""
    name, email = (
        "".join(character for character in text if character >= " " and character not in "<>\x7f")
        for text in (person.name, person.email)
    )
    if not name.strip():
        raise TrackerError(
            "The author has no name.", "Give a name and an address, like: Ada Jones <ada@x.org>"
        )
    return Person(
        *(encoded_text(text.strip()).decode("utf-8", "surrogateescape") for text in (name, email))
    )


def _in_bare(repository: Repository, revision: NewRevision, session: Session) -> str | None:
    begin(session)
    place = expected_place(repository, session.objects, revision)
    settings = configuration.settings(repository, session.variables())
    digits = len(place.commit or "") or _digits(repository.git)
    blob = object_hash("blob", revision.data, digits)
    if blob == revision.expected:
        return None
    entry = Entry(place.entry.mode if place.entry else b"100644", blob)
    new: NewObjects = [("blob", revision.data)]
    return advance(repository, session, revision, settings, place, entry, new)


def _in_work_tree(
    repository: Repository,
    top: Path,
    revision: NewRevision,
    disk: bytes | None,
    turn: locks.Turn,
    session: Session,
    *,
    settled: bool,
) -> str | None:
    git, path, objects = repository.git, revision.path, session.objects
    worktree.check_place(top, path)
    locks.wait_for_git(repository.git_dir / "index.lock")
    settings = configuration.settings(repository, session.variables())
    git_commits = settings.hooks or settings.signs
    if not git_commits:
        begin(session)
    place = expected_place(repository, objects, revision)
    now = worktree.read(top, path)
    if now not in (disk, revision.data):
        raise worktree.changed_meanwhile(path)
    base = as_staged(place.entry)
    old = staged_entry(repository, objects, path, base, settings)
    if old is None:
        worktree.check_new(git, path, known=base is not None, settings=settings)
    elif base is not None and old.hash != base.hash and not settled:
        from tracker.store.behind import refuse_behind

        refuse_behind(repository, path, old.hash, place)
    # Where git stores a file as it stands, its blob is written with the other objects.
    plain = not git_commits and configuration.is_plain(repository, top, path, settings, place.trees)
    if plain:
        digits = len(place.commit or "") or _digits(git)
        blob = object_hash("blob", revision.data, digits)
    else:
        blob = _text(
            Running(
                git, "hash-object", "-w", f"--path={path}", "--stdin",
                data=revision.data,
            ).result()
        )  # fmt: skip
        blob = blob_as_added(repository, top, path, revision.data, base, blob)
    new = Staged((base or old or worktree.mode_on_disk(top / path, settings)).mode, blob)
    staging = Staging(
        repository, top, path, revision.branch, now, revision.data, old, new, base, turn
    )
    try:
        if new == base:
            staging.make()
            return None
        if git_commits:
            staging.make()
            return _commit(repository, revision, place, staging)
        entry = Entry(new.mode.encode(), blob)
        objects_new: NewObjects = [("blob", revision.data)] if plain else []
        return advance(repository, session, revision, settings, place, entry, objects_new, staging)
    except BaseException:
        staging.undo(objects, revision.components)
        raise


def _text(said: bytes) -> str:
    return said.decode("utf-8", "surrogateescape").rstrip("\n")


def _digits(git: Git) -> int:
    return 64 if git.text("rev-parse", "--show-object-format") == "sha256" else 40


def _commit(repository: Repository, revision: NewRevision, place: Place, staging: Staging) -> str:
    """Let git make the commit, so that hooks run and it is signed; the commit."""
    from tracker.store.committing import commit_only

    commit = commit_only(
        repository,
        revision.path,
        message=revision.message,
        variables=author_variables(revision.person, revision.at),
        base=place.commit,
        runs=staging.turn.runs,
    )
    must_be_whole(repository.git, commit, place.commit)
    staging.settle(repository.git.text("rev-parse", "--verify", f"{commit}:{revision.path}"))
    return commit


_REASONS = (
    ("No space left", "the disk is full"),
    ("Out of diskspace", "the disk is full"),
    ("Read-only file system", "the file system is read-only"),
    ("Permission denied", "there is no permission"),
    ("insufficient permission", "there is no permission"),
    ("Operation not permitted", "there is no permission"),
    ("Disk quota exceeded", "the disk quota is used up"),
)


def _explained(error: GitError, repository: Repository) -> TrackerError:
    """What git said, with what to do about it."""
    for words, reason in _REASONS:
        if words in error.stderr:
            return TrackerError(
                f"git cannot write in {repository.common_dir}: {reason}.",
                "Nothing was recorded; see to it, and record again.",
            )
    if not error.hint:
        error.hint = "Nothing was recorded; settle what git complains of, and record again."
    return error


def blob_of(repository: Repository, path: str, data: bytes) -> str:
    """The hash of the blob that git makes of a file's content at a path; nothing is written."""
    if repository.top is None:
        return object_hash("blob", data, _digits(repository.git))
    return repository.git.text("hash-object", f"--path={path}", "--stdin", data=data)


def replace_file(file: Path, old: bytes | None, new: bytes) -> bool:
    """Put ``new`` in the place of ``old``, which a file must hold; None: it must not be there.

    The file is whole at every moment, and keeps its mode. Returns False when it was right
    already. Raises ``TrackerError`` when it holds something else, or cannot be written.
    """
    return worktree.replace(file.parent, file.name, old, new, lambda _: None)


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
