"""The folder that a site is written to: it knows its own files, and leaves every other one alone.

What this program wrote is listed in the git directory, where no repository can put anything: each
file with a digest of its content, by groups. The pages of one article are a group, with a key of
all they depend on; a group whose key is the same is not made again, and a file whose content is the
same is not written again, so its time stays. The folder itself holds the list's name alone. What is
about to be written stands in a journal first: after a kill, the next run knows its own.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Self

from tracker.errors import TrackerError
from tracker.store.files import Folder, RefusedPathError, components

MARK = ".tracker-site.json"
STATE = "tracker/sites"  # below git's directory
_FORMAT = 2
_NAME = re.compile(r"[0-9a-f]{32}")


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
    """A folder that holds a site, or will, and the list of its files in ``git_dir``.

    Use it as a context manager: nobody else writes the site meanwhile. Raises ``TrackerError`` for
    a folder that holds anything else.
    """

    def __init__(self, folder: Path, git_dir: Path) -> None:
        self.path = folder
        self.name = ""  # of the list and the journal
        self.groups: dict[str, Group] = {}
        self._git_dir = git_dir
        self._remembers = True  # False where git's directory cannot be written
        self._adopted: frozenset[str] = frozenset()

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """The folder, made where it is not there, with what is known of it."""
        with (
            Folder.open(self.path, make=True) as self._folder,
            self._folder.locked(wait=1.0),
            Folder.open(self._git_dir, follow=True) as self._state,
        ):
            self._read()
            yield self

    def _read(self) -> None:
        names = self._folder.names()
        if not names:
            self.name = secrets.token_hex(16)
            mark = {"about": "This folder is a site that tracker writes.", "site": self.name}
            self._folder.write(MARK, json.dumps(mark).encode() + b"\n")
            try:
                self.save()
            except TrackerError:  # the site is made all the same, and not made again
                self._remembers = False
            return
        self.name = self._marked()
        written = self._state.read(f"{STATE}/{self.name}.json") if self.name else None
        if written is None:
            others = min((each for each in names if each != MARK), default=MARK)
            raise TrackerError(
                f"{self.path} holds other things, such as {others}."
                if MARK not in names
                else f"{self.path} holds a site that was not made from this repository here.",
                "Name an empty folder, or one that tracker site made from this repository.",
            )
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            table = json.loads(written)
            if table["format"] == _FORMAT:
                self.groups = {
                    name: Group(str(key), dict(files))
                    for name, (key, files) in table["groups"].items()
                }
        journal = self._state.read(f"{STATE}/{self.name}.journal") or b""
        self._adopted = frozenset(journal.decode("utf-8", "surrogateescape").split("\0"))

    def _marked(self) -> str:
        with suppress(ValueError, KeyError, TypeError, RefusedPathError):
            name = str(json.loads(self._folder.read(MARK) or b"")["site"])
            return name if _NAME.fullmatch(name) else ""
        return ""

    def ours(self) -> frozenset[str]:
        """The files that this program wrote, or may have written before it was stopped."""
        return self._adopted.union(*(group.files for group in self.groups.values())) - {""}

    def whole(self, name: str, key: str) -> bool:
        """True where a group's files are there and depend on nothing new."""
        known = self.groups.get(name)
        if known is None or not key or known.key != key:
            return False
        return all(self._folder.kind(file) == "file" for file in known.files)

    def save(self) -> None:
        """Write the list of files; the journal has done its duty then."""
        table = {
            "about": "The files of a site that tracker wrote: do not edit.",
            "folder": str(self.path),
            "format": _FORMAT,
            "groups": {name: [group.key, group.files] for name, group in self.groups.items()},
        }
        data = json.dumps(table, ensure_ascii=True, separators=(",", ":")).encode()
        self._folder.flush()
        if not self._remembers:
            return
        self._state.write(f"{STATE}/{self.name}.json", data)
        self._state.remove(f"{STATE}/{self.name}.journal")
        self._adopted = frozenset()

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
            with suppress(TrackerError):
                content = self._folder.read(file)
                if content is None or digest(content) != digests.get(file, digest(content)):
                    continue
                deleted += self._folder.remove(file)
        self.groups = dict(groups)
        self.save()
        return deleted

    def writer(self) -> Writer:
        """What a process needs to write pages into the folder."""
        return Writer(self.path, self._git_dir, self.name if self._remembers else "", self.ours())


class Writer:
    """Writes the files of groups into a site's folder; each process has its own."""

    def __init__(self, folder: Path, git_dir: Path, name: str, ours: frozenset[str]) -> None:
        self._made_of = (folder, git_dir, name, ours)
        self._folder = Folder.open(folder)
        self._state = Folder.open(git_dir, follow=True)
        self._journal = f"{STATE}/{name}.journal" if name else ""
        self._ours = ours

    def __reduce__(self) -> tuple[type[Writer], tuple[Path, Path, str, frozenset[str]]]:
        """Another process opens the folders anew."""
        return Writer, self._made_of

    def announce(self, files: Iterable[str]) -> None:
        """Say in the journal which files may be written next; what others wrote is left out."""
        mine = []
        for file in files:
            with suppress(RefusedPathError):
                components(file)
                if file in self._ours or self._folder.kind(file) is None:
                    mine.append(file)
        line = "\0".join(mine) + "\0"
        if self._journal:
            self._state.append(self._journal, line.encode("utf-8", "surrogateescape"))

    def write(self, file: str, data: bytes) -> bool:
        """Write a file unless its content is there already; returns whether it was written.

        Raises ``ForeignFileError`` where a file stands that this program did not write, and
        ``RefusedPathError`` for a path that could lead out of the folder.
        """
        old = self._folder.read(file)
        if old == data:
            return False
        if old is not None and file not in self._ours:
            raise ForeignFileError(file)
        self._folder.write(file, data, flush=False)
        return True


class ForeignFileError(Exception):
    """A file of somebody else stands where a page would."""


def digest(data: bytes) -> str:
    """What a content is known by."""
    return sha256(data).hexdigest()[:16]
