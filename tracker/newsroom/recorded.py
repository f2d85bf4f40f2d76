"""The revision that a recording became, without reading the article's whole life after it.

What came before does not change by the recording, nor does what it changes: so a thread reads the
one and counts the other while git writes, and nobody waits for it.
"""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from tracker.errors import TrackerError
from tracker.model import Revision, Track, Version

if TYPE_CHECKING:
    from tracker.newsroom.room import Newsroom
    from tracker.newsroom.writing import Recording
    from tracker.store.session import Written


class SoFar:
    """An article's life before a recording is written, read beside the writing."""

    def __init__(self, room: Newsroom, recording: Recording, *, judged: bool) -> None:
        """Without ``judged``, the revision's labels and reasons stay empty."""
        # The room as it is now: its place moves on when the recording is written.
        self._room = room.as_it_is()
        self._recording = recording
        self._judged = judged
        self._found: tuple[Track, bool] | None = None
        self._thread = Thread(target=self._read, daemon=True)
        if recording.expected is not None:
            self._thread.start()

    def _read(self) -> None:
        try:
            self._found = _life(self._room, self._recording)
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
            and written.parent == self._room.place.tip
        )
        if not sure:
            return None
        from tracker.newsroom import reading

        version = Version(
            written.commit, recording.path, written.blob, written.at, written.person,
            written.subject,
        )  # fmt: skip
        return reading.revision_of(
            self._room, recording, version, len(track.versions) + 1, published=True,
            judged=self._judged,
        )  # fmt: skip


def _life(room: Newsroom, recording: Recording) -> tuple[Track, bool] | None:
    """The article's life, and whether readers saw any of it before the new revision."""
    from tracker.newsroom import chronicle
    from tracker.newsroom.lines import track_soon
    from tracker.text.document import parse

    track = track_soon(room.place, recording.path)
    if track is None or not track.versions:
        return None
    versions = track.versions

    def newest(_: int) -> chronicle.Reading:
        return chronicle.reading_of(parse(recording.before or ""), versions[-1].at, room.settings)

    if versions[-1].blob == recording.expected and recording.before is not None:
        # As a rule the text that stands is out, and it is here: no older one has to be read.
        (out,) = chronicle.publications(versions[-1:], newest, room.settings, now=recording.at)
        if out:
            return track, True
    from tracker.store.reader import Reader

    with Reader(room.repository) as reader:

        def says(index: int) -> chronicle.Reading:
            data = reader.read(versions[index].blob)
            return chronicle.state_of(versions[index], data, room.settings).reading

        *_, out = chronicle.publications(
            versions, says, room.settings, track.events, now=recording.at
        )
    return track, out
