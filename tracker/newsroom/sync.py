"""A newsroom and its remote made one: what came, what went, and what collided, by articles."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.newsroom.merging import Grain, Merger
from tracker.newsroom.selection import is_text
from tracker.newsroom.workspace import Workspace
from tracker.store import locks, remote, worktree
from tracker.store import merge as store_merge
from tracker.store.git import GitError, first_line
from tracker.store.import_branch import tip_of
from tracker.store.log import LOG, parse_log
from tracker.store.merge import Collision
from tracker.store.remote import is_ancestor
from tracker.text.document import decode

_TRIES = 8  # a busy remote moves between our look at it and our push


class Passed(NamedTuple):
    """A commit that one side had and the other had not."""

    commit: str  # full hash
    at: datetime  # author date, aware, in the author's own offset
    person: Person  # the author
    subject: str  # first line of the commit message
    articles: tuple[str, ...]  # the articles that it changed, by path


class Clash(NamedTuple):
    """A file that both sides changed and that cannot be merged by itself."""

    path: str
    kind: Literal["passages", "paragraphs", "deleted-here", "deleted-there", "file"]
    # "passages": in one sentence; "paragraphs": --merge would bring it together
    here: tuple[Passed, ...]  # who changed it here, newest first
    there: tuple[Passed, ...]
    collisions: tuple[Collision, ...]  # ours: as it is here; theirs: as it is there


class Synced(NamedTuple):
    """What a sync did, or would do."""

    remote: str  # its name
    url: str  # without user names and passwords
    branch: str  # its short name there
    received: tuple[Passed, ...]  # newest first
    sent: tuple[Passed, ...]  # newest first; those that went, or with no push those that wait
    merged: tuple[str, ...]  # articles that both sides changed, brought together, by path
    clashes: tuple[Clash, ...]  # where there are any, nothing was changed on either side
    tip: str | None  # full hash of the newest commit afterwards; None where there is none
    pushed: bool  # the remote has it too
    dry_run: bool = False  # nothing was changed but what git knows of the remote


class _Joined(NamedTuple):
    commit: str | None  # None where there are clashes
    merged: tuple[str, ...]
    clashes: tuple[Clash, ...]


def sync(
    workspace: Workspace,
    wanted: str | None = None,
    *,
    merge_sentences: bool = False,
    push: bool = True,
    dry_run: bool = False,
) -> Synced:
    """Receive, merge where both sides have revisions, send, and only then change what is here.

    Raises ``TrackerError`` where the remote cannot be reached or refuses, and where work that is
    in no commit stands in the way; then nothing is changed.
    """
    try:
        return _sync(workspace, wanted, merge_sentences=merge_sentences, push=push, dry_run=dry_run)
    except GitError as error:
        said = first_line(error.stderr) or f"status {error.status}"
        raise TrackerError(
            f"git could not do its part of the sync: {said}.",
            "Settle what it complains of, and sync again; nothing was lost.",
        ) from None


def _sync(
    workspace: Workspace, wanted: str | None, *, merge_sentences: bool, push: bool, dry_run: bool
) -> Synced:
    repository = workspace.repository
    grain: Grain = "sentence" if merge_sentences else "paragraph"
    store_merge.take_back(repository)
    before: Synced | None = None
    held: str | None = None
    for attempt in range(_TRIES):
        time.sleep(0.05 * attempt)
        branch = worktree.branch_to_write(repository, workspace.settings.branch)
        there = remote.remote_of(repository, branch, wanted)
        remote.clean(repository, there)
        theirs = remote.fetch(repository, there)
        ours = tip_of(repository.git, branch)
        done = Synced(
            there.name, there.url, there.short, _passed(workspace, theirs, ours),
            _passed(workspace, ours, theirs), (), (), ours, pushed=False, dry_run=dry_run,
        )  # fmt: skip
        if ours == theirs:
            return _with_earlier(before, done._replace(pushed=True))
        joined = _joined(workspace, there, ours, theirs, done, grain)
        new = joined.commit
        done = done._replace(merged=joined.merged, clashes=joined.clashes)
        if new is None or dry_run:
            return done
        found = store_merge.obstacles(repository, ours, new)
        if found.in_the_way:
            raise store_merge.in_the_way(found.in_the_way)
        if push and new != theirs:
            try:
                remote.push(repository, there, new)
            except remote.Rejected as error:
                held = error.lock
                continue
        before = done = _with_earlier(before, done._replace(pushed=push or new == theirs))
        if new == ours:
            return done
        with locks.turn(repository.common_dir) as turn:
            why = f"sync with {there.name}"
            # Where somebody recorded meanwhile, that goes out with the next round.
            if tip_of(repository.git, branch) == ours and store_merge.move_to(
                repository, branch, ours, new, why, turn
            ):
                return done._replace(tip=new)
    if held is not None:
        raise TrackerError(
            f"Another git command is running in {there.name}, and holds {held} there.",
            "Wait for it; if there is none, one was killed: remove that file there, and sync "
            "again. Nothing was lost.",
        )
    raise TrackerError(
        f"{there.name} is moved by others all the time.",
        "Sync again when there is less going on; nothing was lost.",
    )


def _with_earlier(before: Synced | None, done: Synced) -> Synced:
    """What all rounds of one sync did together."""
    if before is None:
        return done
    return done._replace(
        received=tuple(dict.fromkeys((*done.received, *before.received))),
        sent=tuple(dict.fromkeys((*done.sent, *before.sent))),
        merged=tuple(dict.fromkeys((*before.merged, *done.merged))),
    )


def _joined(
    workspace: Workspace,
    there: remote.Remote,
    ours: str | None,
    theirs: str | None,
    done: Synced,
    grain: Grain,
) -> _Joined:
    """The commit that both sides will have: the further one, or a merge of both."""
    repository = workspace.repository
    if theirs is None or ours is None:
        new = ours or theirs
        if new is None:
            raise TrackerError(
                f"There is nothing to sync: neither side has a commit on {there.short}.",
                "Record a first article with: tracker record",
            )
        return _Joined(new, (), ())
    if is_ancestor(repository, ours, theirs):
        return _Joined(theirs, (), ())
    if is_ancestor(repository, theirs, ours):
        return _Joined(ours, (), ())
    return _merge(workspace, there, ours, theirs, done, grain)


def _merge(
    workspace: Workspace,
    there: remote.Remote,
    ours: str,
    theirs: str,
    done: Synced,
    grain: Grain,
) -> _Joined:
    repository = workspace.repository
    tried = store_merge.merge_trees(repository, theirs, ours)
    entries: dict[str, tuple[str, str]] = {}
    clashes, merged = [], []
    for path, sides in sorted((tried.conflicts | tried.both).items()):
        text = is_text(path)
        if path in tried.both and not text:
            continue  # git merged it, and it is no article
        if not (text and sides.plain and sides.first and sides.second):
            clashes.append(_clash(done, path, sides, (), "file"))
            continue
        blob, collisions, kind = _merged_text(workspace, sides, grain)
        if blob is None:
            clashes.append(_clash(done, path, sides, collisions, kind))
        else:
            merged.append(path)
            entries[path] = sides.mode, blob
    if clashes:
        return _Joined(None, tuple(merged), tuple(clashes))
    tree = store_merge.tree_with(repository, tried.tree, entries)
    # As git words it, so that readers' revisions of both sides keep their places: store/history.py.
    message = f"Merge branch '{there.short}' of {there.url}"
    if there.short != there.here:
        message += f" into {there.short}"  # nobody has to know what the branch is called here
    commit = store_merge.merge_commit(repository, tree, theirs, ours, f"{message}\n")
    return _Joined(commit, tuple(merged), ())


def _merged_text(
    workspace: Workspace, sides: store_merge.Sides, grain: Grain
) -> tuple[str | None, tuple[Collision, ...], Literal["passages", "paragraphs", "file"]]:
    """The blob of an article that both sides changed; None with the passages that collide."""
    assert sides.first is not None
    assert sides.second is not None
    theirs, encoding = decode(workspace.content(sides.first))
    ours = decode(workspace.content(sides.second))[0]
    base = decode(workspace.content(sides.base))[0] if sides.base else ""
    merger = Merger(workspace.notes, workspace.repository.git, workspace.clock(), grain)
    found = merger.merge(base, ours, theirs)
    if not found.collisions:
        return (
            store_merge.store(workspace.repository, workspace.notes.encoded(found.text, encoding)),
            (),
            "file",
        )
    if grain == "paragraph":
        closer = merger._replace(grain="sentence").merge(base, ours, theirs)
        if not closer.collisions:
            return None, found.collisions, "paragraphs"
        found = closer
    return None, found.collisions, "passages"


def _clash(
    done: Synced,
    path: str,
    sides: store_merge.Sides,
    collisions: tuple[Collision, ...],
    kind: Literal["passages", "paragraphs", "file"],
) -> Clash:
    here = tuple(each for each in done.sent if path in each.articles)
    there = tuple(each for each in done.received if path in each.articles)
    if sides.first is None and sides.second is not None:
        return Clash(path, "deleted-there", here, there, ())
    if sides.second is None and sides.first is not None:
        return Clash(path, "deleted-here", here, there, ())
    return Clash(path, kind, here, there, collisions)


def _passed(workspace: Workspace, newer: str | None, older: str | None) -> tuple[Passed, ...]:
    """The commits that one tip has and the other has not, newest first; merges left out."""
    if newer is None:
        return ()
    words = [*LOG, "--no-merges", newer, *([f"^{older}"] if older else []), "--"]
    printed = workspace.repository.git.run(*words)
    return tuple(
        Passed(
            step.hash,
            step.at,
            step.person,
            step.subject,
            tuple(change.path for change in step.changes if is_text(change.path)),
        )
        for step in parse_log(printed)
    )
