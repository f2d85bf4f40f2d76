"""The branch moved on by one commit: trees, commit, compare-and-swap, as often as it takes."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store import locks, worktree
from tracker.store.configuration import Settings
from tracker.store.git import Git, GitError, Repository
from tracker.store.objects import Entry, Objects, Place, Type, object_hash, pack, trees_with
from tracker.store.paths import shown_path

if TYPE_CHECKING:
    from tracker.store.session import Session
    from tracker.store.staging import Staging

_ATTEMPTS = 50  # at a branch that others move all the time
_MANY = 27  # objects in one of 256 folders: git packs at 6,700 loose ones in all

NewObjects = list[tuple[Type, bytes]]


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
        base: str | None = None,
    ) -> None:
        super().__init__(sentence, hint)
        self.base = base  # the blob that the work tree still shows; None: the one expected
        self.commit = commit  # full hash of what came between; None when git cannot name it
        self.person = person  # its author
        self.at = at  # its author date, aware


class NewRevision:
    """What is to be recorded, checked."""

    __slots__ = (
        "at",
        "blob",
        "branch",
        "components",
        "data",
        "expected",
        "message",
        "parent",
        "path",
        "person",
    )

    def __init__(
        self,
        path: str,
        components: tuple[bytes, ...],
        data: bytes,
        expected: str | None,
        message: bytes,
        person: Person,
        at: datetime,
        branch: str,
    ) -> None:
        self.path = path
        self.components = components
        self.data = data
        self.expected = expected
        self.message = message
        self.person = person
        self.at = at
        self.branch = branch  # full name
        self.parent: str | None = None  # once it is recorded, the commit before it
        self.blob: str | None = None  # once it is recorded, what git made of the data

    @property
    def subject(self) -> str:
        """The message's first line, short enough for the reflog."""
        return self.message.decode("utf-8", "replace").partition("\n")[0][:200]


def encoded_text(text: str) -> bytes:
    """A text for a commit: UTF-8; bytes that were none when read come back as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def git_date(at: datetime) -> str:
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


def expected_place(repository: Repository, objects: Objects, revision: NewRevision) -> Place:
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
        raise edited(repository, place, path)
    return place


def edited(repository: Repository, place: Place, path: str) -> EditedMeanwhile:
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


def begin(session: Session) -> None:
    """Start the git command that ``advance`` needs first, and do not wait for it."""
    session.expect(*_unpacking())


def _unpacking() -> tuple[str, ...]:
    return ("unpack-objects", "-q")


def _moving(revision: NewRevision) -> tuple[str, ...]:
    return ("update-ref", "-m", f"tracker: {revision.subject}", "--stdin", "-z")


def advance(
    repository: Repository,
    session: Session,
    revision: NewRevision,
    settings: Settings,
    place: Place,
    entry: Entry,
    new: NewObjects,
    staging: Staging | None = None,
) -> str:
    """Write trees and commit, then move the branch, as often as others move it; the commit.

    ``new``: objects to write with them. ``staging``: what puts the blob into the index, once.
    """
    git, objects = repository.git, session.objects
    for attempt in range(_ATTEMPTS):
        trees = trees_with(place, revision.components, entry)
        top = object_hash("tree", trees[-1], len(entry.hash))
        commit = _commit_object(revision, settings, place, top)
        commit_hash = object_hash("commit", commit, len(entry.hash))
        written: NewObjects = [*new, *(("tree", tree) for tree in trees), ("commit", commit)]
        unpacking = session.command(*_unpacking())
        unpacking.give(pack(written, len(entry.hash)))
        # While the objects are written, the next commands start; none is told anything before.
        if staging is not None and new:
            staging.begin()
        session.expect(*_moving(revision))
        if staging is not None and not new:
            staging.make()  # the blob is there
            staging = None
        unpacking.result()
        names = [object_hash(*each, len(entry.hash)) for each in written]
        objects.must_have([entry.hash, *names])
        if staging is not None:
            staging.make()
            staging = None
        if settings.signs:
            commit_hash = _signed(git, revision, place, top)
        if repository.top is not None and worktree.checked_out(repository) != revision.branch:
            raise TrackerError(
                "Another branch was checked out meanwhile.", "Go back to it, and record again."
            )
        if _moved(repository, session, revision, place, commit_hash):
            _upkeep(repository)
            revision.parent, revision.blob = place.commit, entry.hash
            return commit_hash
        time.sleep(0.001 * attempt)
        place = expected_place(repository, objects, revision)
    raise TrackerError(
        f"The branch {revision.branch.removeprefix('refs/heads/')} is moved by others all the "
        "time.",
        "Record again when there is less going on.",
    )


def _commit_object(revision: NewRevision, settings: Settings, place: Place, tree: str) -> bytes:
    author = f"{revision.person.name} <{revision.person.email}> {git_date(revision.at)}"
    lines = [f"tree {tree}", f"author {author}", f"committer {settings.committer}"]
    if place.commit is not None:
        lines.insert(1, f"parent {place.commit}")
    return encoded_text("\n".join(lines)) + b"\n\n" + revision.message


def _signed(git: Git, revision: NewRevision, place: Place, tree: str) -> str:
    """The same commit made by git itself, which signs it: in a bare repository."""
    parents = () if place.commit is None else ("-p", place.commit)
    said = git.run(
        "commit-tree", "-S", *parents, "-F", "-", tree,
        data=revision.message, extra=author_variables(revision.person, revision.at),
    )  # fmt: skip
    return said.decode().strip()


def author_variables(person: Person, at: datetime) -> dict[str, str]:
    """The variables by which git takes an author."""
    return {
        "GIT_AUTHOR_NAME": person.name,
        "GIT_AUTHOR_EMAIL": person.email,
        "GIT_AUTHOR_DATE": f"@{git_date(at)}",
    }


def _moved(
    repository: Repository, session: Session, revision: NewRevision, place: Place, commit: str
) -> bool:
    """Move the branch from the commit that was read to the new one. False: it was elsewhere."""
    branch = revision.branch
    change = f"update {branch}\0{commit}\0{place.commit or '0' * len(commit)}\0"
    deadline = time.monotonic() + locks.WAIT_FOR_GIT
    while True:
        try:
            moving = session.command(*_moving(revision))
            moving.give(change.encode("utf-8", "surrogateescape"))
            moving.result()
        except GitError as error:
            now = session.objects.place(branch, ()).commit
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
