"""One revision in, safely: one article, one ordinary commit, nothing else touched.

In a work tree the order is: all checks; the file; the blob; the index entry with exactly that
blob; the branch by compare-and-swap. A kill at any moment leaves the article as it was, or staged
as it will be, never a staged reversal of what is in the branch.

The index entry of the article becomes what is recorded, whatever was staged of it before, as
``git commit --only`` does it; all other entries stay as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store import locks, worktree
from tracker.store.git import Git, GitError, Repository, discover, identity
from tracker.store.objects import Entry, Objects, Place, Type, object_hash, pack, trees_with
from tracker.store.paths import checked, shown_path
from tracker.store.running import DURABLE, Running, Together
from tracker.store.staging import Staging, as_staged, blob_as_added, staged_entry
from tracker.store.worktree import Settings, Staged

_ATTEMPTS = 50  # at a branch that others move all the time
_MANY = 27  # objects in one of 256 folders: git packs at 6,700 loose ones in all


class EditedMeanwhile(TrackerError):  # noqa: N818 - what happened, in an editor's words
    """The article is no longer what the caller read: another editor was there."""

    def __init__(
        self,
        sentence: str,
        hint: str,
        *,
        commit: str | None,
        person: Person | None,
        at: datetime | None,
    ) -> None:
        super().__init__(sentence, hint)
        self.commit = commit  # full hash of what came between; None when git cannot name it
        self.person = person  # its author
        self.at = at  # its author date, aware


@dataclass(slots=True)
class _Revision:
    """What is to be recorded, checked."""

    path: str
    components: tuple[bytes, ...]
    data: bytes
    expected: str | None
    message: bytes
    person: Person
    at: datetime
    branch: str  # full name

    @property
    def subject(self) -> str:
        """The message's first line, short enough for the reflog."""
        return self.message.decode("utf-8", "replace").partition("\n")[0][:200]


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
) -> str | None:
    """Record one revision of one article; the full hash of its commit.

    None where nothing changed: the branch holds this text already, and no commit was made.

    ``path`` is the article's in the repository, with forward slashes; ``data`` its new content
    as it stands in a file. ``expected`` is the blob that the caller read at the tip of the
    branch, None where the article was not there. ``disk`` is what the caller read in the work
    tree, None where there was no file; the file holds ``data`` afterwards. ``person`` and ``at``
    (aware) become the author; the committer is who git says is at work, now. ``branch`` is the
    published one, default: the one that is checked out.

    Raises ``EditedMeanwhile`` when the article in the branch is not ``expected``, and
    ``TrackerError`` for all that stands in the way; then nothing is recorded, and file and
    index are as they were.
    """
    components = checked(path)
    words, author = _message(message), _author(person)
    _date(at)
    with locks.turn(repository.common_dir) as turn:
        name = worktree.branch_to_write(repository, branch)
        revision = _Revision(path, components, data, expected, words, author, at, name)
        try:
            if repository.top is None:
                return _in_bare(repository, revision)
            return _in_work_tree(repository, repository.top, revision, disk, turn)
        except GitError as error:
            raise _explained(error, repository) from None


def _message(message: str) -> bytes:
    text = message.replace("\0", "").strip("\n")
    if not text.strip():
        raise TrackerError(
            "The commit message is empty.", "Say in a few words what was done, with -m."
        )
    return _bytes(text) + b"\n"


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
        *(_bytes(text.strip()).decode("utf-8", "surrogateescape") for text in (name, email))
    )


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _date(at: datetime) -> str:
    """An instant as git writes it: seconds since 1970 in UTC, and the offset."""
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("the instant of a revision must be aware of its zone")
    seconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    if seconds < 0:
        raise TrackerError(
            f"git cannot keep a date before 1970, and {at:%Y-%m-%d} is one.",
            "Record it with a later date, and tell the real one in the article.",
        )
    minutes = offset // timedelta(minutes=1)
    if abs(minutes) > 14 * 60:  # no place on earth, and git takes it for an error
        minutes = 0
    return f"{seconds} {'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _in_bare(repository: Repository, revision: _Revision) -> str | None:
    with Objects(repository.git) as objects, Together(repository.git) as together:
        answer = together.start("var", "-l")
        place = _expected_place(repository, objects, revision)
        settings = worktree.settings(repository, _text(answer.result()))
        digits = len(place.commit or "") or _digits(repository.git)
        blob = object_hash("blob", revision.data, digits)
        if blob == revision.expected:
            return None
        entry = Entry(place.entry.mode if place.entry else b"100644", blob)
        new: _Objects = [("blob", revision.data)]
        return _advance(repository, objects, revision, settings, place, entry, new)


def _in_work_tree(
    repository: Repository, top: Path, revision: _Revision, disk: bytes | None, turn: locks.Turn
) -> str | None:
    git, path = repository.git, revision.path
    worktree.check_place(top, path)
    locks.wait_for_git(repository.git_dir / "index.lock")
    with Objects(git) as objects, Together(git) as together:
        settings_call = together.start("var", "-l")
        place = _expected_place(repository, objects, revision)
        now = worktree.read(top, path)
        if now not in (disk, revision.data):
            raise worktree.changed_meanwhile(path)
        base = as_staged(place.entry)
        settings = worktree.settings(repository, _text(settings_call.result()))
        old = staged_entry(repository, objects, path, base, settings)
        if old is None:
            worktree.check_new(git, path, known=base is not None, settings=settings)
        # Where git stores a file as it stands, its blob is written with the other objects.
        git_commits = settings.hooks or settings.signs
        plain = not git_commits and worktree.is_plain(repository, top, path, settings, place.trees)
        if plain:
            digits = len(place.commit or "") or _digits(git)
            blob = object_hash("blob", revision.data, digits)
        else:
            blob = _text(
                Running(
                    git, *DURABLE, "hash-object", "-w", f"--path={path}", "--stdin",
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
            objects_new: _Objects = [("blob", revision.data)] if plain else []
            return _advance(
                repository, objects, revision, settings, place, entry, objects_new, staging.make
            )
        except BaseException:
            staging.undo(objects, revision.components)
            raise


def _text(said: bytes) -> str:
    return said.decode("utf-8", "surrogateescape").rstrip("\n")


def _digits(git: Git) -> int:
    return 64 if git.text("rev-parse", "--show-object-format") == "sha256" else 40


def _expected_place(repository: Repository, objects: Objects, revision: _Revision) -> Place:
    """Where the article is in the branch now. Raises unless it is what the caller read."""
    place = objects.place(revision.branch, revision.components)
    path, components = revision.path, revision.path.split("/")
    if place.blocked is not None:
        part = shown_path("/".join(components[: place.blocked + 1]))
        raise TrackerError(
            f"{part} is a file or a submodule in the repository, so {shown_path(path)} cannot be "
            "in it.",
            "Choose another path.",
        )
    if place.entry is not None and not place.entry.mode.startswith(b"100"):
        what = {b"40000": "a folder", b"120000": "a symbolic link"}
        raise TrackerError(
            f"{shown_path(path)} is {what.get(place.entry.mode, 'a submodule')} in the repository.",
            "Name a file.",
        )
    if (place.entry.hash if place.entry else None) != revision.expected:
        raise _edited(repository, place, path)
    return place


def _edited(repository: Repository, place: Place, path: str) -> EditedMeanwhile:
    """The error that names who changed the article last."""
    said = ""
    if place.commit is not None:
        said = repository.git.text(
            "log", "-1", "--no-show-signature", "--format=%H%x00%an%x00%ae%x00%aI", place.commit,
            "--", path,
        )  # fmt: skip
    if not said:
        return EditedMeanwhile(
            f"{shown_path(path)} is not in the branch as it was read.",
            "Read it again, and record again.",
            commit=None,
            person=None,
            at=None,
        )
    commit, name, email, date = said.split("\0")
    at = datetime.fromisoformat(date)
    return EditedMeanwhile(
        f"{name} changed {shown_path(path)} meanwhile: commit {commit[:10]} of "
        f"{at.isoformat(' ', 'minutes')}.",
        "Look at it with tracker diff, bring the two texts together, and record again.",
        commit=commit,
        person=Person(name, email),
        at=at,
    )


_Objects = list[tuple[Type, bytes]]


def _advance(
    repository: Repository,
    objects: Objects,
    revision: _Revision,
    settings: Settings,
    place: Place,
    entry: Entry,
    new: _Objects,
    stage: Callable[[], None] | None = None,
) -> str:
    """Write trees and commit, then move the branch, as often as others move it; the commit.

    ``new``: objects to write with them. ``stage``: what puts the blob into the index, once.
    """
    git = repository.git
    for attempt in range(_ATTEMPTS):
        trees = trees_with(place, revision.components, entry)
        top = object_hash("tree", trees[-1], len(entry.hash))
        commit = _commit_object(revision, settings, place, top)
        commit_hash = object_hash("commit", commit, len(entry.hash))
        written: _Objects = [*new, *(("tree", tree) for tree in trees), ("commit", commit)]
        with Together(git) as together:
            data = pack(written, len(entry.hash))
            unpacked = together.start(*DURABLE, "unpack-objects", "-q", data=data)
            if stage is not None and not new:
                stage()  # while the objects are written; the blob is there
                stage = None
            unpacked.result()
        if stage is not None:
            stage()
            stage = None
        if settings.signs:
            commit_hash = _signed(git, revision, place, top)
        if repository.top is not None and worktree.checked_out(repository) != revision.branch:
            raise TrackerError(
                "Another branch was checked out meanwhile.", "Go back to it, and record again."
            )
        if _moved(repository, objects, revision, place, commit_hash):
            _upkeep(repository)
            return commit_hash
        time.sleep(0.001 * attempt)
        place = _expected_place(repository, objects, revision)
    raise TrackerError(
        f"The branch {revision.branch.removeprefix('refs/heads/')} is moved by others all the "
        "time.",
        "Record again when there is less going on.",
    )


def _commit_object(revision: _Revision, settings: Settings, place: Place, tree: str) -> bytes:
    author = f"{revision.person.name} <{revision.person.email}> {_date(revision.at)}"
    lines = [f"tree {tree}", f"author {author}", f"committer {settings.committer}"]
    if place.commit is not None:
        lines.insert(1, f"parent {place.commit}")
    return _bytes("\n".join(lines)) + b"\n\n" + revision.message


def _signed(git: Git, revision: _Revision, place: Place, tree: str) -> str:
    """The same commit made by git itself, which signs it: in a bare repository."""
    parents = () if place.commit is None else ("-p", place.commit)
    said = git.run(
        "commit-tree", "-S", *parents, "-F", "-", tree,
        data=revision.message, extra=author_variables(revision.person, revision.at),
    )  # fmt: skip
    return _text(said)


def author_variables(person: Person, at: datetime) -> dict[str, str]:
    """The variables by which git takes an author."""
    return {
        "GIT_AUTHOR_NAME": person.name,
        "GIT_AUTHOR_EMAIL": person.email,
        "GIT_AUTHOR_DATE": f"@{_date(at)}",
    }


def _moved(
    repository: Repository, objects: Objects, revision: _Revision, place: Place, commit: str
) -> bool:
    """Move the branch from the commit that was read to the new one. False: it was elsewhere."""
    git, branch = repository.git, revision.branch
    old = place.commit or "0" * len(commit)
    deadline = time.monotonic() + locks.WAIT_FOR_GIT
    while True:
        try:
            said = f"tracker: {revision.subject}"
            Running(git, *DURABLE, "update-ref", "-m", said, branch, commit, old).result()
        except GitError as error:
            now = objects.place(branch, ()).commit
            if now == commit:
                return True
            if now != place.commit:
                return False
            if "File exists" not in error.stderr:
                raise
            if time.monotonic() > deadline:
                raise locks.held(repository.common_dir / f"{branch}.lock") from None
            time.sleep(0.02)
        else:
            return True


def _upkeep(repository: Repository) -> None:
    """Let git pack its objects when there are many, as it does itself after a commit."""
    loose = repository.common_dir / "objects" / "17"
    with suppress(OSError):
        if len(list(loose.iterdir())) > _MANY:
            repository.git.run("gc", "--auto", "--quiet", accept=(0, 1, 128))


def _commit(repository: Repository, revision: _Revision, place: Place, staging: Staging) -> str:
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
    staging.settle(repository.git.text("rev-parse", "--verify", f"{commit}:{revision.path}"))
    return commit


_REASONS = (
    ("No space left", "the disk is full"),
    ("Read-only file system", "the file system is read-only"),
    ("Permission denied", "there is no permission"),
    ("insufficient permission", "there is no permission"),
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
