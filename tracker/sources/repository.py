"""Another git repository: the revisions of its articles on its published line.

An article that was moved there comes as one article, under its newest path. What is deleted there
does not come: a text without its deletion would stand as if it were out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from tracker.errors import TrackerError
from tracker.model import Track, Version
from tracker.newsroom.catalog import published_tracks
from tracker.newsroom.incoming import Incoming, Key, Skipped
from tracker.newsroom.newsroom import Newsroom
from tracker.sources.versions import shown
from tracker.store.log import messages
from tracker.store.reader import Reader
from tracker.text.document import decode


class OtherRepository:
    """The articles of a repository, or of a folder in it. A ``newsroom.incoming.Source``.

    Raises ``TrackerError`` where there is no repository, and for a folder without articles.
    """

    def __init__(self, path: Path, *, folder: str = "", under: str | None = None) -> None:
        """``folder`` of the repository alone is read; ``under`` is where its articles go.

        Without ``under`` they keep their paths.
        """
        if not path.exists():
            raise TrackerError(f"There is no folder {shown(path)}.", "Check the path.")
        if not path.is_dir():
            raise TrackerError(
                f"{shown(path)} is a file, and no git repository.",
                "Give the folder of the repository.",
            )
        self._room = _opened(path)
        self._name = shown(path)
        self._folder = folder.strip("/")
        self._under = None if under is None else under.strip("/")
        self._done = 0
        self._count = 0

    @property
    def share(self) -> float:
        """How many of the revisions have been given."""
        return self._done / self._count if self._count else 0.0

    def versions(self, folder: Path) -> Iterator[Incoming | Skipped]:
        """Every revision of every article, oldest first; few of them are in memory at a time."""
        room = self._room
        if room.repository.shallow:
            raise TrackerError(
                f"{self._name} is a shallow clone: its older revisions are missing.",
                "Bring them with: git fetch --unshallow",
            )
        any_there = False
        del folder
        with published_tracks(room.workspace, self._folder) as found:
            self._count = found.revisions
            for deleted, tracks in groupby(found.tracks, key=attrgetter("deleted")):
                if deleted:
                    yield from self._skipped(tracks)
                else:
                    any_there = True
                    yield from self._revisions(tracks)
        if not any_there:
            where = f"{self._name}, folder {self._folder}" if self._folder else self._name
            raise TrackerError(
                f"There are no articles in {where}.",
                "Name the folder that has them, with --folder.",
            )

    def _skipped(self, tracks: Iterable[Track]) -> Iterator[Skipped]:
        for track in tracks:
            yield Skipped(f"{self._name}: {track.path}", "The article is deleted there.")
            self._done += len(track.versions)

    def _revisions(self, tracks: Iterable[Track]) -> Iterator[Incoming]:
        waiting = deque[tuple[str, Version, datetime]]()

        def asked() -> Iterator[str]:
            for track in tracks:
                target = self._target(track.path)
                place = track.versions[0].at
                for version in track.versions:
                    # Author dates may be out of order; the line is what readers saw.
                    place = max(place, version.at)
                    waiting.append((target, version, place))
                    yield version.commit

        # Asked for some thousands at a time, whatever articles they are of: each time starts git.
        for message in messages(self._room.repository, asked()):
            target, version, place = waiting.popleft()
            self._done += 1
            yield self._incoming(target, version, message, place)

    def _target(self, path: str) -> str:
        within = self._folder or self._room.workspace.under
        inner = path.removeprefix(f"{within}/") if within else path
        if self._under is None:
            return path if self._folder else inner
        return f"{self._under}/{inner}" if self._under else inner

    def _incoming(self, target: str, version: Version, message: str, place: datetime) -> Incoming:
        return Incoming(
            path=target,
            slug="",
            at=version.at,
            person=version.person,
            message=message or None,
            told=(),
            key=version.blob,
            origin=f"{self._name}: {version.path} in {version.commit[:10]}",
            place=place,
        )

    def texts(self, keys: Iterable[Key]) -> Iterator[bytes | TrackerError]:
        """The contents of these blobs; an error for one that is not text."""
        with Reader(self._room.repository) as reader:
            for _, data in reader.read_many(map(str, keys)):
                try:
                    if b"\0" in data:  # without one it is text, in some encoding
                        decode(data)
                except TrackerError as error:
                    yield error
                else:
                    yield data


def refuse_itself(path: Path, room: Newsroom) -> None:
    """Raise ``TrackerError`` where the repository at a path is the newsroom's own."""
    if _opened(path).repository.common_dir.samefile(room.repository.common_dir):
        raise TrackerError(
            f"{shown(path)} is the repository of this newsroom: its revisions are here already.",
            "Name another repository, or with --into the newsroom that is to get them.",
        )


def _opened(path: Path) -> Newsroom:
    try:
        return Newsroom(path)
    except TrackerError as error:
        if "is not in a git repository" not in error.sentence:
            raise
        raise TrackerError(
            f"{shown(path)} is not in a git repository.",
            "Give the folder of the repository whose articles are to be imported.",
        ) from None
