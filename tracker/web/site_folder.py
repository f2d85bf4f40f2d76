"""The folder that a site is written to: it knows its own files, and leaves every other one alone.

A list in the folder (``.tracker-site.json``) names each file with a digest of what was written, by
groups: the pages of one article are a group, with a key of all they depend on. A group whose key is
the same is not made again; a file whose content is the same is not written again, so its time
stays. A file is written beside its place and then moved there, so that nobody reads half of one.
What is about to be written stands in a journal first: after a kill, the next run knows its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError

LIST = ".tracker-site.json"
JOURNAL = ".tracker-site.journal"
_FORMAT = 1
_UNFINISHED = ".tracker-new"


class Group(NamedTuple):
    """Files that depend on the same things."""

    key: str  # a digest of what they depend on; "": made anew each time
    files: Mapping[str, str]  # path in the folder, with forward slashes -> digest of the content


class Tally(NamedTuple):
    """What a run did."""

    pages: int = 0  # files of the site
    written: int = 0  # new or changed
    deleted: int = 0
    left: tuple[str, ...] = ()  # sentences: what was left out, and why


class SiteFolder:
    """A folder that holds a site, or will.

    Raises ``TrackerError`` for one that holds anything else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.groups: dict[str, Group] = {}
        self._adopted: set[str] = set()

    def open(self) -> None:
        """Read what the folder holds; make it where it is not there."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            names = [each.name for each in self.folder.iterdir()]
        except FileExistsError:
            raise TrackerError(
                f"{self.folder} is a file, and the pages need a folder.", "Name a folder."
            ) from None
        except OSError as error:
            raise self._unwritable(error) from None
        if LIST not in names and JOURNAL not in names:
            if names:
                raise TrackerError(
                    f"{self.folder} holds other things, such as {min(names)}.",
                    "Name an empty folder, or one that tracker site made.",
                )
            self.save()
            return
        self._read()

    def _read(self) -> None:
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            table = json.loads((self.folder / LIST).read_text(encoding="utf-8"))
            if table["format"] == _FORMAT:
                self.groups = {
                    name: Group(str(key), dict(files))
                    for name, (key, files) in table["groups"].items()
                }
        with suppress(OSError):
            journal = (self.folder / JOURNAL).read_bytes().decode("utf-8", "surrogateescape")
            self._adopted = set(journal.split("\0"))

    def ours(self) -> frozenset[str]:
        """The files that this program wrote, or may have written before it was stopped."""
        named = self._adopted.union(*(group.files for group in self.groups.values()))
        return frozenset(file for file in named if is_inside(file))

    def whole(self, name: str, key: str) -> bool:
        """True where a group's files are there and depend on nothing new."""
        known = self.groups.get(name)
        if known is None or not key or known.key != key:
            return False
        return all((self.folder / file).is_file() for file in known.files)

    def save(self) -> None:
        """Write the list of files; the journal has done its duty then."""
        table = {
            "about": "The files of this site that tracker wrote: do not edit.",
            "format": _FORMAT,
            "groups": {name: [group.key, group.files] for name, group in self.groups.items()},
        }
        data = json.dumps(table, ensure_ascii=True, separators=(",", ":")).encode()
        try:
            replace(self.folder / LIST, data)
            (self.folder / JOURNAL).unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from None
        self._adopted = set()

    def finish(self, groups: Mapping[str, Group]) -> int:
        """Delete our files that no group has any more; returns how many were deleted.

        A file that somebody else has changed since stays where it is.
        """
        kept = {file for group in groups.values() for file in group.files}
        digests = {
            file: known for group in self.groups.values() for file, known in group.files.items()
        }
        deleted = 0
        for file in sorted(self.ours() - kept):
            path = self.folder / file
            with suppress(OSError):
                if file in digests and digest(path.read_bytes()) != digests[file]:
                    continue
                path.unlink()
                deleted += 1
                self._remove_empty(path.parent)
        self.groups = dict(groups)
        self.save()
        return deleted

    def _remove_empty(self, folder: Path) -> None:
        while folder != self.folder:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent

    def _unwritable(self, error: OSError) -> TrackerError:
        return TrackerError(
            f"{error.filename or self.folder} could not be written: {error.strerror}.",
            "Check the folder, and the space on the disk.",
        )


class Writer:
    """Writes the files of groups into a site's folder; each process has its own."""

    def __init__(self, folder: Path, ours: frozenset[str]) -> None:
        self._folder = folder
        self._ours = ours

    def announce(self, files: Iterable[str]) -> None:
        """Say in the journal which files may be written next."""
        line = "\0".join(files) + "\0"
        with (self._folder / JOURNAL).open("ab", buffering=0) as journal:
            journal.write(line.encode("utf-8", "surrogateescape"))

    def write(self, file: str, data: bytes) -> bool:
        """Write a file unless its content is there already; returns whether it was written.

        Raises ``ForeignFileError`` where a file stands that this program did not write, and
        ``OutsideError`` for a path that could lead out of the folder.
        """
        if not is_inside(file):
            raise OutsideError(file)
        path = self._folder / file
        try:
            old = path.read_bytes()
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            if old == data:
                return False
            if file not in self._ours:
                raise ForeignFileError(file)
        replace(path, data)
        return True


class ForeignFileError(Exception):
    """A file of somebody else stands where a page would."""


class OutsideError(Exception):
    """The path of a file could lead out of its folder."""


def is_inside(file: str) -> bool:
    """True for a path in the folder each of whose parts is a name."""
    return "\0" not in file and all(part not in ("", ".", "..") for part in file.split("/"))


def digest(data: bytes) -> str:
    """What a content is known by."""
    return sha256(data).hexdigest()[:16]


def replace(path: Path, data: bytes) -> None:
    """Put a file in its place in one step: whoever reads it gets the old one or the new one."""
    beside = path.with_name(f".{os.getpid()}{_UNFINISHED}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
