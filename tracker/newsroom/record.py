"""A prepared recording written, and the revision that it became."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

from tracker.model import Revision, Version
from tracker.newsroom import history, revisions, writing
from tracker.newsroom.catalog import track_of_recorded
from tracker.newsroom.workspace import Workspace
from tracker.newsroom.writing import Prepared
from tracker.store.commit import EditedMeanwhile
from tracker.text.document import parse

if TYPE_CHECKING:
    from tracker.newsroom.concurrent_edits import Against


def recorded(
    workspace: Workspace, recording: Prepared, commit: str, *, judged: bool = True
) -> Revision:
    """The revision that a recording became; no older text is read that need not be."""
    found = track_of_recorded(workspace, commit, recording.path)
    versions = found.versions
    version = versions[-1]

    def says(index: int) -> revisions.TextReading:
        data = workspace.objects.content(versions[index].blob, "blob")
        return revisions.appearance_of(data or workspace.content(versions[index].blob))

    *before, published = revisions.publications(
        versions, says, workspace.settings, found.events, now=workspace.now
    )
    revision = revision_of(
        workspace, recording, version, len(versions), published=published, judged=judged
    )
    if not published or any(before):
        return revision
    state = revisions.State(version, says(len(versions) - 1), (), lambda: recording.text)
    out = revisions.first_out(state, workspace.settings, only=len(versions) == 1)
    return revision._replace(out=out)


def revision_of(
    workspace: Workspace,
    recording: Prepared,
    version: Version,
    number: int,
    *,
    published: bool,
    judged: bool = True,
) -> Revision:
    """A recording as the revision of that number, which git has as this version."""
    compared = recording.compared
    change = compared.change if compared and judged else None
    if change is not None:
        added, removed = change.words_added, change.words_removed
    elif compared is not None:
        added, removed = compared.words
    else:
        added, removed = workspace.words_of_first(recording.text), 0
    return Revision(
        number=number,
        commit=version.commit,
        path=version.path,
        at=version.at,
        person=version.person,
        subject=version.subject,
        headline=parse(recording.text).headline or "",
        published=published,
        notes=recording.notes,
        words_added=added,
        words_removed=removed,
        substantive=change.substantive if change else False,
        reasons=change.reasons if change else (),
        labels=change.labels if change else frozenset(),
        side=version.side,
        why=change.why if change else (),
    )


def committed(
    workspace: Workspace, recording: Prepared, *, judged: bool = True
) -> tuple[Revision, Workspace]:
    """Write what was prepared, as one commit: the revision it became, and the newsroom with it.

    Without ``judged``, nobody asks what its change means: labels and reasons stay empty.
    """
    if not recording.unchanged:
        commit = writing.commit(workspace, recording, judged=judged)
        if commit is not None:
            workspace = workspace.after(commit)
            if recording.data is not None:
                revision = recorded(workspace, recording, commit, judged=judged)
                if recording.deleted:
                    gone = writing.commit_deletion(workspace, recording)
                    workspace = workspace if gone is None else workspace.after(gone)
                if revision.commit == commit:
                    return revision, workspace
    found = history.track_of(workspace, recording.path)
    return history.life(workspace, found, compared=False).revisions[-1], workspace


def recorded_together(
    workspace: Workspace,
    prepare: Callable[[Workspace, Against | None], Prepared],
    against: Against | None,
) -> tuple[Prepared, Revision, Workspace]:
    """Prepare and write; where a choice was made, again for each revision that comes between.

    Returns what was written in the end, the revision that it became, and the newsroom with it.
    """
    for tries in count(1):
        recording = prepare(workspace, against)
        try:
            revision, after = committed(workspace, recording)
        except EditedMeanwhile as error:
            if against is None or against.choice == "refuse" or tries > _TRIES:
                raise
            blob = against.blob or error.base or recording.expected
            if blob is None:
                raise
            against = against._replace(blob=blob)
            workspace = workspace.anew()
        else:
            return recording, revision, after
    raise AssertionError


_TRIES = 20
