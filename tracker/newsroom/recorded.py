"""The revision that a recording became, without reading the article's whole life after it.

What came before does not change by the recording, nor does what it changes: so a thread reads the
one and counts the other while git writes, and nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from threading import Thread
from typing import TYPE_CHECKING

from tracker.errors import TrackerError
from tracker.model import Revision, Track, Version
from tracker.newsroom import chronicle, reading, writing
from tracker.newsroom.catalog import track_at
from tracker.newsroom.together import Against
from tracker.newsroom.workspace import Workspace
from tracker.newsroom.writing import Prepared
from tracker.store.advance import EditedMeanwhile
from tracker.store.reader import Reader
from tracker.text.document import parse

if TYPE_CHECKING:
    from tracker.store.session import Written


class SoFar:
    """An article's life before a recording is written, read beside the writing."""

    def __init__(self, workspace: Workspace, recording: Prepared, *, judged: bool) -> None:
        """Without ``judged``, the revision's labels and reasons stay empty."""
        self._workspace = workspace
        self._recording = recording
        self._judged = judged
        self._found: tuple[Track, bool] | None = None
        self._thread = Thread(target=self._read, daemon=True)
        if recording.expected is not None:
            self._thread.start()

    def _read(self) -> None:
        try:
            self._found = _life(self._workspace, self._recording)
        except (TrackerError, OSError):
            self._found = None  # whoever asks again is told what is wrong
        compared = self._recording.compared
        if compared is not None:
            _ = compared.words, self._judged and compared.change  # it remembers them

    def revision(self, written: Written | None) -> Revision | None:
        """The revision that was written; None where the life has to be read once more."""
        if self._recording.expected is None or written is None:
            return None
        self._thread.join()
        if self._found is None:
            return None
        track, out = self._found
        last, recording = track.versions[-1], self._recording
        sure = (
            out
            and not track.deleted
            and track.path == recording.path
            and last.blob == recording.expected
            and written.parent == self._workspace.tip
        )
        if not sure:
            return None

        version = Version(
            written.commit, recording.path, written.blob, written.at, written.person,
            written.subject,
        )  # fmt: skip
        return revision_of(
            self._workspace, recording, version, len(track.versions) + 1, published=True,
            judged=self._judged,
        )  # fmt: skip


def _life(workspace: Workspace, recording: Prepared) -> tuple[Track, bool] | None:
    """The article's life, and whether readers saw any of it before the new revision."""
    track = track_at(workspace, recording.path)
    if not track.versions:
        return None
    versions = track.versions

    def newest(_: int) -> chronicle.Reading:
        return chronicle.reading_of(
            parse(recording.before or ""), versions[-1].at, workspace.settings, recording.path
        )

    if versions[-1].blob == recording.expected and recording.before is not None:
        # As a rule the text that stands is out, and it is here: no older one has to be read.
        (out,) = chronicle.publications(versions[-1:], newest, workspace.settings, now=recording.at)
        if out:
            return track, True
    with Reader(workspace.repository) as reader:

        def says(index: int) -> chronicle.Reading:
            data = reader.read(versions[index].blob)
            return chronicle.state_of(versions[index], data, workspace.settings).reading

        *_, out = chronicle.publications(
            versions, says, workspace.settings, track.events, now=recording.at
        )
    return track, out


def recorded(workspace: Workspace, recording: Prepared, *, judged: bool = True) -> Revision:
    """The revision that a recording became; no older text is read that need not be."""
    found = track_at(workspace, recording.path)
    versions = found.versions
    version = versions[-1]
    with Reader(workspace.repository) as reader:

        def says(index: int) -> chronicle.Reading:
            data = reader.read(versions[index].blob)
            return chronicle.state_of(versions[index], data, workspace.settings).reading

        *_, published = chronicle.publications(
            versions, says, workspace.settings, found.events, now=workspace.now
        )
    return revision_of(
        workspace, recording, version, len(versions), published=published, judged=judged
    )


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
    added, removed = compared.words if compared else (workspace.words_of_first(recording.text), 0)
    change = compared.change if compared and judged else None
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
    session = workspace.begin()
    if not recording.unchanged:
        so_far = SoFar(workspace, recording, judged=judged)
        commit = writing.commit(workspace, recording)
        if commit is not None:
            after = workspace.after(commit)
            revision = so_far.revision(session.written)
            return revision or recorded(after, recording, judged=judged), after
    found = reading.track_of(workspace, recording.path)
    return reading.life(workspace, found, compared=False).revisions[-1], workspace


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
