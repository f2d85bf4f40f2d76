"""An article that another editor changed meanwhile: who, what, and merged or recorded anyway."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.model import Article, Change, Revision, Track
from tracker.newsroom import history
from tracker.newsroom.catalog import compare
from tracker.newsroom.workspace import Workspace
from tracker.store import locks
from tracker.store.commit import EditedMeanwhile, blob_of
from tracker.store.files import Folder
from tracker.store.log import files, resolve
from tracker.store.worktree import entries

if TYPE_CHECKING:
    from tracker.store.merge import Collision

BEHIND = "tracker/behind.json"
"""In the git directory: which files on disk were written against an earlier revision."""

Choice = Literal["refuse", "merge", "anyway"]
"""What is done where another editor was there: nothing, a merge, or the text takes its place."""


class Against(NamedTuple):
    """What a text was written against, and what to do where that is no longer what is out."""

    base: str | int | None = None  # a revision or a commit; None: what is checked out here
    choice: Choice = "refuse"
    blob: str | None = None  # the article's blob then, where it is known already: full hash


class Between(NamedTuple):
    """What other editors did to an article since a text was begun."""

    article: Article
    base: int  # number of the revision that the text was written against
    revisions: tuple[Revision, ...]  # those that came after it, oldest first, compared
    change: Change  # from that revision to the newest
    old: str  # its text
    new: str  # the newest text


class ChangedMeanwhile(EditedMeanwhile):
    """Another editor changed the article, and this says what: see ``between``."""

    def __init__(
        self,
        sentence: str,
        hint: str,
        between: Between,
        collisions: tuple[Collision, ...] = (),
        merged: bytes | None = None,
    ) -> None:
        newest = between.revisions[-1] if between.revisions else None
        super().__init__(
            sentence,
            hint,
            commit=newest.commit if newest else None,
            person=newest.person if newest else None,
            at=newest.at if newest else None,
        )
        self.between = between
        self.collisions = collisions  # passages that both changed, after a try to merge
        self.merged = merged  # the text with marks around them, in the article's encoding


class Settled(NamedTuple):
    """A text that may be recorded on top of what is out."""

    text: str
    merged: tuple[Revision, ...] = ()  # revisions whose words are in it now
    over: tuple[Revision, ...] = ()  # revisions that it takes the place of

    @property
    def remark(self) -> str:
        """What the commit message says of the revisions that gave way; "" for none."""
        if not self.over:
            return ""
        said = [
            f"revision {each.number} by {each.person.name} ({each.commit[:10]})"
            for each in self.over
        ]
        return f"\n\nRecorded in place of {', '.join(said)}, whose text was not taken over."


def settle(
    workspace: Workspace, path: str, text: str, encoding: str, at: datetime, against: Against
) -> Settled:
    """A text that was written against ``against.base``, made fit for what is out now.

    Raises ``ChangedMeanwhile`` where other revisions came between and nobody chose what to do,
    or where both changed the same passages; ``TrackerError`` for a base that is no revision.
    """
    if against.base is not None:
        _refuse_marked(path, text)
    if against.base is None and against.blob is None and workspace.repository.top is not None:
        entry = entries(workspace.repository, [path]).get(path)
        against = against._replace(blob=entry.hash if entry else None)
    if workspace.repository.head is None or (against.base is None and against.blob is None):
        return Settled(text)
    found = history.track_of(workspace, path)
    number = _base(workspace, found, against)
    if number == len(found.versions) and not found.deleted and found.path == path:
        return Settled(text)
    between = _between(workspace, found, number)
    if found.path != path or found.deleted:
        where = "deleted" if found.deleted else f"moved to {found.path}"
        raise ChangedMeanwhile(
            f"{path} was {where} after revision {number}, which the text was written against.",
            "Record it under its new name, or leave out --base to publish it anew.",
            between,
        )
    if text == between.new:
        return Settled(text)
    if against.choice == "anyway":
        return Settled(
            workspace.notes.of(path).restore_notes(between.new, text, at), over=between.revisions
        )
    if against.choice == "merge":
        from tracker.newsroom.merging import Merger  # few recordings merge

        merger = Merger(workspace.notes.of(path), workspace.repository.git, at, "sentence")
        merged = merger.merge(between.old, text, between.new)
        if not merged.collisions:
            return Settled(merged.text, merged=between.revisions)
        count = len(merged.collisions)
        passages = "one passage was" if count == 1 else f"{count} passages were"
        raise ChangedMeanwhile(
            f"In {path}, {passages} changed by both of you: nothing was recorded.",
            "Settle them in a file (--conflicts FILE), and record that with --base latest.",
            between,
            merged.collisions,
            workspace.notes.encoded(merged.text, encoding),
        )
    raise told(workspace, between)


def _refuse_marked(path: str, text: str) -> None:
    from tracker.newsroom.merging import is_marked

    if is_marked(text):
        raise TrackerError(
            f"The text for {path} still has the marks of passages that two editors changed.",
            "Settle each of them, take the marks out, and record again.",
        )


def told(workspace: Workspace, between: Between) -> ChangedMeanwhile:
    """The error that names the newest of the revisions that came between."""
    newest = between.revisions[-1]
    at = workspace.settings.stamp(newest.at)
    words = f"+{newest.words_added} −{newest.words_removed} words"
    return ChangedMeanwhile(
        f"{newest.person.name} changed {newest.path} meanwhile: revision {newest.number}, {at}, "
        f"{words}, commit {newest.commit[:10]}.",
        "Bring both texts together with --merge, or put yours in its place with --anyway.",
        between,
    )


def _base(workspace: Workspace, found: Track, against: Against) -> int:
    """The number of the revision that a text was written against."""
    blobs = [version.blob for version in found.versions]
    if against.base is None:
        assert against.blob is not None
        return _last(blobs, against.blob) or len(blobs)
    wanted = str(against.base)
    try:
        return history.number_of(workspace, found, wanted)
    except TrackerError as error:
        try:
            commit = resolve(workspace.repository, wanted)
        except TrackerError:
            raise error from None
    paths = {version.path for version in found.versions}
    there = dict(files(workspace.repository, commit))
    number = max((_last(blobs, there[path]) or 0 for path in paths if path in there), default=0)
    if not number:
        raise TrackerError(
            f"{found.path} is not in the commit {wanted} as any revision of it.",
            "Give the revision that the text was written against: tracker history",
        )
    return number


def _last(blobs: list[str], blob: str) -> int | None:
    return len(blobs) - blobs[::-1].index(blob) if blob in blobs else None


def _between(workspace: Workspace, found: Track, number: int) -> Between:
    newer = len(found.versions) - number
    life = history.life(workspace, found, newest=max(newer, 1))
    old, new = history.pair(workspace, found.path, number, len(found.versions))
    change = compare(workspace, old.text, new.text)
    return Between(life.article, number, life.revisions[number:], change, old.text, new.text)


def explained(
    workspace: Workspace,
    path: str,
    expected: str | None,
    disk: bytes | None,
    error: EditedMeanwhile,
) -> EditedMeanwhile:
    """The store's error with what came between, where a lost race can be told from the history.

    ``expected`` is the blob that the article had when the recording was prepared; ``disk`` what
    its file holds, where it has one.
    """
    fresh = workspace.anew()
    blob = error.base or expected
    try:
        found = history.track_of(fresh, path)
        number = _base(fresh, found, Against(blob=blob)) if blob else 0
        if not 0 < number < len(found.versions) or found.path != path:
            return error
        changed = told(fresh, _between(fresh, found, number))
    except TrackerError:
        return error
    changed.base = blob
    if disk is not None and blob is not None:
        _remember(workspace, path, [_digest(disk), blob])
    return changed


_MOST_REMEMBERED = 100  # files


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _remember(workspace: Workspace, path: str, entry: list[str] | None) -> None:
    """Keep which revision a file on disk was written against, for the next try to record it.

    git's index cannot say it any more: it has the other editor's text, so that a plain commit does
    not take that back. ``entry``: a digest of the file, and the blob; None: nothing is kept of it.
    """

    def change(before: bytes | None) -> bytes:
        known = _decoded(before)
        known.pop(path, None)
        if entry is not None:
            known[path] = entry
        return json.dumps(dict(list(known.items())[-_MOST_REMEMBERED:])).encode()

    with suppress(TrackerError), Folder.open(workspace.repository.git_dir, follow=True) as folder:
        folder.update(BEHIND, change)


def _decoded(data: bytes | None) -> dict[str, list[str]]:
    try:
        found = json.loads(data or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def remembered(
    workspace: Workspace, path: str, data: bytes, against: Against | None
) -> Against | None:
    """What a file on disk was written against, where a try to record it came too late."""
    known: dict[str, list[str]] = {}
    with suppress(OSError):
        known = _decoded((workspace.repository.git_dir / BEHIND).read_bytes())
    if path not in known or (against is not None and against.base is not None):
        return against
    digest, blob = known[path]
    if digest == _digest(data):
        return (against or Against())._replace(blob=blob)
    _remember(workspace, path, None)  # somebody changed it since
    return against


def refuse_unrecorded(
    workspace: Workspace, path: str, published: bytes | None, data: bytes
) -> None:
    """Refuse a text that would take the place of a file with changes that nobody recorded.

    Another recording may just be between its file and its commit: it gets its turn first.
    """
    for waited in (False, True):
        disk = workspace.read_if_there(path)
        if disk is None or disk in (published, data):
            return
        expected = workspace.blob(path)
        if blob_of(workspace.repository, path, disk) == expected:
            return
        if not waited:
            with locks.turn(workspace.repository.common_dir):
                workspace = workspace.anew()
                blob = workspace.blob(path) if workspace.repository.head else None
                published = workspace.content(blob) if blob else None
    raise TrackerError(
        f"{path} has changes on disk that are not recorded.",
        f"Record them first, or give them up with: git restore -- {path}",
    )
