"""Versions in files: a folder of dated ones, and another git repository.

A folder has one folder for an article, one file for a version. The layout is described for people
in ``articles/README.md``: ``<slug>/2022-05-10T1630-0400.md``. Folders within folders are sections:
``world/<slug>/2022-05-10T1630-0400.md``.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from tracker.errors import TrackerError
from tracker.model import ARTICLE_ENDINGS, Track, Version
from tracker.newsroom.catalog import published_tracks
from tracker.newsroom.incoming import Incoming, Key, Skipped
from tracker.newsroom.newsroom import Newsroom
from tracker.sources.versions import LARGEST, shown
from tracker.store.files import read_plain
from tracker.store.log import messages
from tracker.store.reader import Reader
from tracker.text.document import decode

DEEPEST = 20  # folders within folders
SETTINGS = "tracker.toml"

_INSTANT = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})T(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))",
    re.ASCII,
)
_HINT = "Name each version by its instant with the offset from UTC, like 2022-05-10T1630-0400.md."


class VersionFolder:
    """The versions of a folder. A ``tracker.newsroom.incoming.Source``.

    Raises ``TrackerError`` where there is no such folder, and when it is read, for a folder
    without versions and one that may not be read.
    """

    share = 0.0  # how many files there are is known at the end

    def __init__(self, folder: Path, *, under: str = "articles") -> None:
        """The articles are to stand in the newsroom's folder ``under``."""
        if not folder.is_dir():
            raise TrackerError(
                f"There is no folder {shown(folder)}.",
                "Give the folder that holds one folder of versions per article.",
            )
        self._folder = folder
        self._under = under.strip("/")

    @property
    def settings(self) -> Path | None:
        """The ``tracker.toml`` at the top of the folder, meant for the new newsroom, if any."""
        path = self._folder / SETTINGS
        return path if path.is_file() and not path.is_symlink() else None

    def close(self) -> None:
        """Nothing stays open."""

    def versions(self, folder: Path) -> Iterator[Incoming | Skipped]:
        """Every version, article by article, oldest first; ``folder`` is not used.

        Left out on purpose are symbolic links, hidden entries, folders within an article's, and
        files that are not Markdown.
        """
        any_version = False
        for each in self._look(self._folder, ()):
            any_version = any_version or isinstance(each, Incoming) or each.bad
            yield each
        if not any_version:
            raise TrackerError(
                f"No dated versions of articles are in {shown(self._folder)}.", _HINT
            )

    def texts(self, keys: Iterable[Key]) -> Iterator[bytes | TrackerError]:
        """The bytes of the files at these paths; an error for what is too large or not text."""
        for key in keys:
            try:
                yield _read(Path(str(key)))
            except TrackerError as error:
                yield error

    def _look(self, folder: Path, sections: tuple[str, ...]) -> Iterator[Incoming | Skipped]:
        top = not sections
        files: list[Path] = []
        folders: list[str] = []
        for each in self._entries(folder, folders, top=top):
            if isinstance(each, Skipped):
                yield each
            else:
                files.append(each)
        if files and top:
            for file in files:
                yield Skipped(
                    shown(file),
                    "It is in no article's folder.",
                    bad=True,
                    hint="Put the versions of each article into a folder named by its slug.",
                )
        elif files:
            yield from self._article(files, sections)
            for name in folders:
                reason = "A folder inside an article's folder is left out."
                yield Skipped(shown(folder / name), reason)
            return
        for name in folders:
            inner = folder / name
            if len(sections) == DEEPEST:
                yield Skipped(shown(inner), f"Folders more than {DEEPEST} deep are left out.")
            elif not name.isprintable() or "\\" in name:
                yield Skipped(
                    shown(inner),
                    "The folder's name cannot be part of an article's path.",
                    bad=True,
                    hint="Rename the folder: letters, digits and hyphens are safe.",
                )
            else:
                yield from self._look(inner, (*sections, name))

    def _entries(self, folder: Path, folders: list[str], *, top: bool) -> Iterator[Path | Skipped]:
        """The version files right in a folder, by name, and what is skipped; fills ``folders``."""
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise TrackerError(
                f"The folder {shown(folder)} cannot be read: {(error.strerror or '').lower()}.",
                "Check who may read it.",
            ) from None
        for entry in entries:
            path, name = folder / entry.name, entry.name
            if name.startswith("."):
                if name not in (".git", ".DS_Store"):
                    yield Skipped(shown(path), "A hidden file or folder is left out.")
            elif entry.is_symlink():
                yield Skipped(shown(path), "A symbolic link is left out and not followed.")
            elif entry.is_dir():
                folders.append(name)
            elif not entry.is_file():
                yield Skipped(shown(path), "It is neither a file nor a folder.")
            elif path.stem.upper() == "README" or (top and name == SETTINGS):
                continue
            elif path.suffix.lower() in ARTICLE_ENDINGS:
                yield path
            else:
                yield Skipped(
                    shown(path), f"Its name does not end in {', '.join(ARTICLE_ENDINGS)}."
                )

    def _article(
        self, files: list[Path], sections: tuple[str, ...]
    ) -> Iterator[Incoming | Skipped]:
        ending = files[0].suffix
        article = "/".join(sections) + ending
        path = f"{self._under}/{article}" if self._under else article
        # A section says where an article goes; only without one is that left to the layout.
        slug = sections[0] if len(sections) == 1 and ending == ".md" else ""
        seen: dict[datetime, Path] = {}
        for file in files:
            at = instant(file.stem)
            name = shown(file)
            if at is None:
                hint = _HINT
                if (self._folder / ".git").exists():
                    hint = f"For the history of a git repository: --from-git {shown(self._folder)}."
                yield Skipped(name, "Its name is no instant with an offset.", bad=True, hint=hint)
            elif file.suffix != ending:
                yield Skipped(
                    name,
                    f"It ends otherwise than {shown(files[0])}, in the same article.",
                    bad=True,
                    hint="Give all versions of one article the same ending.",
                )
            elif at in seen:
                yield Skipped(
                    name,
                    f"It is of the same instant and article as {shown(seen[at])}.",
                    bad=True,
                    hint="Add the seconds to their names, or keep only one of them.",
                )
            else:
                seen[at] = file
                yield Incoming(path, slug, at, None, None, (), str(file), name)


def instant(name: str) -> datetime | None:
    """The instant that a file's name (without ending) gives, aware; None for any other name."""
    match = _INSTANT.fullmatch(name)
    if match is None:
        return None
    hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
    if hours > 15 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    zone = timezone(-offset if match["sign"] == "-" else offset) if offset else UTC
    clock = f"{match['hour']}:{match['minute']}:{match['second'] or '00'}"
    try:
        return datetime.fromisoformat(f"{match['date']}T{clock}").replace(tzinfo=zone)
    except ValueError:
        return None


def _read(file: Path) -> bytes:
    """The bytes of one version. Raises ``TrackerError`` for what is too large or not text."""
    try:
        data = read_plain(file, shown(file), LARGEST)
    except OSError as error:
        raise TrackerError(
            f"{shown(file)} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check who may read it.",
        ) from None
    try:
        if b"\0" in data:  # without one it is text, in some encoding
            decode(data)
    except TrackerError:
        raise TrackerError(
            f"{shown(file)} is not text.", "Move files that are no articles out of the folder."
        ) from None
    return data


# --- another git repository -----------------------------------------------------------------------


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

    def close(self) -> None:
        """Nothing stays open."""

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
