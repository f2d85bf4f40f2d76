"""A folder of dated versions: one folder for an article, one file for a version.

The layout is described for people in ``articles/README.md``: ``<slug>/2022-05-10T1630-0400.md``.
Everything is looked at before the first version is yielded, so that an import either starts with
input that is whole or does not start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.prepared import expression
from tracker.sources.incoming import Incoming, Skipped
from tracker.text.document import decode

ENDINGS = (".md", ".markdown", ".txt")
LARGEST = 16 * 1024 * 1024  # bytes of one version; no article is larger, and a video may be
DEEPEST = 20  # folders within folders
SETTINGS = "tracker.toml"

_INSTANT = expression(
    r"(?P<date>\d{4}-\d{2}-\d{2})T(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))",
    re.ASCII,
)
_HINT = "Name each version by its instant with the offset from UTC, like 2022-05-10T1630-0400.md."


class _Dated(NamedTuple):
    at: datetime
    article: str
    file: Path


class Folder:
    """The versions of a folder, checked when it is made. A ``tracker.sources.incoming.Source``.

    Raises ``TrackerError`` for a folder without versions, a name that is no instant, two versions
    of one article at one instant, two endings in one article, and a file that is not text.
    """

    def __init__(self, folder: Path, *, under: str = "articles") -> None:
        """Looks at ``folder``; the articles are to stand in the newsroom's folder ``under``."""
        if not folder.is_dir():
            raise TrackerError(
                f"There is no folder {_shown(folder)}.",
                "Give the folder that holds one folder of versions per article.",
            )
        self._folder = folder
        self._under = under.strip("/")
        self._skipped: list[Skipped] = []
        found: list[_Dated] = []
        self._look(folder, (), found)
        self._versions = sorted(found, key=lambda dated: (dated.at, dated.article))
        self._skipped.sort(key=lambda skipped: skipped.origin)
        if not self._versions:
            raise TrackerError(f"No dated versions of articles are in {_shown(folder)}.", _HINT)
        for dated in self._versions:
            _read(dated.file)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Symbolic links, hidden entries, folders within an article's, and files not Markdown."""
        return tuple(self._skipped)

    @property
    def settings(self) -> Path | None:
        """The ``tracker.toml`` at the top of the folder, meant for the new newsroom, if any."""
        path = self._folder / SETTINGS
        return path if path.is_file() and not path.is_symlink() else None

    def __len__(self) -> int:
        """How many versions there are."""
        return len(self._versions)

    def __iter__(self) -> Iterator[Incoming]:
        """The versions, oldest first; each file is read when its turn comes."""
        for dated in self._versions:
            data = _read(dated.file)
            article = f"{self._under}/{dated.article}" if self._under else dated.article
            yield Incoming(article, dated.at, data, None, None, str(dated.file))

    def _look(self, folder: Path, sections: tuple[str, ...], found: list[_Dated]) -> None:
        """Adds the versions of a folder and of those within it."""
        files, folders = self._entries(folder, top=not sections)
        if files and not sections:
            raise TrackerError(
                f"{_shown(files[0])} is in no article's folder.",
                "Put the versions of each article into a folder of their own, named by its slug.",
            )
        if files:
            found.extend(_article(files, sections))
            for inner in folders:
                self._skip(inner, "A folder inside an article's folder is left out.")
            return
        if len(sections) == DEEPEST:
            for inner in folders:
                self._skip(inner, f"Folders more than {DEEPEST} deep are left out.")
            return
        for inner in folders:
            _check_name(inner)
            self._look(inner, (*sections, inner.name), found)

    def _entries(self, folder: Path, *, top: bool) -> tuple[list[Path], list[Path]]:
        """The version files and the folders right in a folder, by name; the rest is skipped."""
        files: list[Path] = []
        folders: list[Path] = []
        try:
            entries = sorted(folder.iterdir(), key=lambda path: path.name)
        except OSError as error:
            raise TrackerError(
                f"The folder {_shown(folder)} cannot be read: {error.strerror}.",
                "Check who may read it.",
            ) from None
        for path in entries:
            if path.name.startswith("."):
                if path.name not in (".git", ".DS_Store"):
                    self._skip(path, "A hidden file or folder is left out.")
            elif path.is_symlink():
                self._skip(path, "A symbolic link is left out and not followed.")
            elif path.is_dir():
                folders.append(path)
            elif not path.is_file():
                self._skip(path, "It is neither a file nor a folder.")
            elif path.stem.upper() == "README" or (top and path.name == SETTINGS):
                continue
            elif path.suffix.lower() in ENDINGS:
                files.append(path)
            else:
                self._skip(path, f"Its name does not end in {', '.join(ENDINGS)}.")
        return files, folders

    def _skip(self, path: Path, reason: str) -> None:
        self._skipped.append(Skipped(_shown(path), reason))


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


def _article(files: list[Path], sections: tuple[str, ...]) -> list[_Dated]:
    """The dated versions of one article's folder."""
    ending = files[0].suffix
    article = "/".join(sections) + ending
    seen: dict[datetime, Path] = {}
    dated: list[_Dated] = []
    for file in files:
        at = instant(file.stem)
        if at is None:
            raise TrackerError(f"The name of {_shown(file)} is no instant with an offset.", _HINT)
        if file.suffix != ending:
            raise TrackerError(
                f"{_shown(file)} ends otherwise than {_shown(files[0])}, in the same article.",
                "Give all versions of one article the same ending.",
            )
        if at in seen:
            raise TrackerError(
                f"{_shown(seen[at])} and {_shown(file)} are versions of one article at one"
                " instant.",
                "Add the seconds to their names, or keep only one of them.",
            )
        seen[at] = file
        dated.append(_Dated(at, article, file))
    return dated


def _check_name(folder: Path) -> None:
    """Refuses the names of folders that git or a terminal would take for something else."""
    name = folder.name
    if not name.isprintable() or "\\" in name or name.lower() == "git~1":
        raise TrackerError(
            f"The folder name {name!a} cannot be part of an article's path.",
            "Rename the folder: letters, digits and hyphens are safe.",
        )


def _read(file: Path) -> bytes:
    """The bytes of one version. Raises ``TrackerError`` for what is too large or not text."""
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise TrackerError(
                f"{_shown(file)} is larger than {LARGEST // 1024 // 1024} MB.",
                "An article is text; move other files out of the folder.",
            )
        data = file.read_bytes()
    except OSError as error:
        raise TrackerError(
            f"{_shown(file)} cannot be read: {error.strerror}.", "Check who may read it."
        ) from None
    try:
        decode(data)
    except TrackerError:
        raise TrackerError(
            f"{_shown(file)} is not text.", "Move files that are no articles out of the folder."
        ) from None
    return data


def _shown(path: Path) -> str:
    """A path for a sentence, with nothing in it that a terminal would obey."""
    name = str(path)
    return name if name.isprintable() else ascii(name)
