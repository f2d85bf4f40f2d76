"""The one writer of files outside git's own store: pages, exports, settings, what people ask for.

Whoever made the repository may have put symbolic links and strange names into it, and may change
them while we work. So a folder is held by a descriptor, everything in it is reached from there one
component after the other, and no link is followed on the way. A file is written under a fresh name
that did not exist, flushed, and renamed over the old one: on a full disk, or when the program is
killed, the old file is as it was.

Where the system has no such descriptors (Windows), the same is done by paths, each component looked
at just before it is used.
"""

from __future__ import annotations

import errno
import math
import os
import re
import stat
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal, Self

from tracker.errors import TrackerError

try:
    import fcntl
except ImportError:  # Windows: two writers of one file may then lose what one of them wrote
    fcntl = None  # type: ignore[assignment]

LONGEST_NAME = 255  # bytes of one component, on every file system that people use
_LONGEST_PATH = 4000  # bytes; PATH_MAX of Linux, less what stands before
_MOST_LINKS = 8  # links of the system itself that lead to a folder, such as macOS's /tmp
WAIT = 60.0  # seconds for another writer of the same folder

_BY_DESCRIPTOR = os.open in os.supports_dir_fd
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_FOLLOW
_STEP = _FOLDER | getattr(os, "O_PATH", 0)  # a folder on the way need not be readable
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)  # for the other end of a pipe
_READ = os.O_RDONLY | _NO_WAITING | _NO_FOLLOW | _BINARY

# Code points that HFS+ leaves out when it compares names: ".g\u200cit" is ".git" there.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]")
_KEPT_BY_GIT = frozenset({".git", ".gitmodules", ".gitattributes", ".gitignore"})
# The short names that Windows gives to ".git" and ".gitmodules".
_SHORT_NAMES = re.compile(r"(?:git|gitmod|gi[0-9a-f]{4})~[0-9]+")
_UNFINISHED = re.compile(r"\.tracker-[0-9a-f]{16}\.new")
_NOBODYS = 600.0  # seconds after which an unfinished file's writer was killed

Kind = Literal["file", "folder", "other"]


class RefusedPathError(TrackerError):
    """A name that no file of ours may have, or something on the way that is not ours to follow."""


class FileThereError(TrackerError):
    """A file that was to be new is there already."""


# --- names ----------------------------------------------------------------------------------------


def is_git_name(component: str) -> bool:
    """True for a name that git, or a file system that people use, takes for git's own files."""
    visible = _INVISIBLE.sub("", component)
    # On Windows a backslash separates, ":" starts a stream, and dots and spaces at the end go.
    for part in visible.split("\\"):
        folded = part.partition(":")[0].rstrip(" .").lower()
        if folded in _KEPT_BY_GIT or _SHORT_NAMES.fullmatch(folded):
            return True
        if part in {"..", "."}:
            return True
    return False


def components(name: str) -> tuple[str, ...]:
    """The components of a file's name below a folder, separated by slashes.

    Raises ``RefusedPathError`` for a name that is empty, absolute or too long, that leads out of
    the folder or into git's own, or that no person could read.
    """
    parts = tuple(name.split("/"))
    if not name or name.startswith("/") or not all(parts):
        raise _refused(name, "is not the name of a file in a folder")
    for part in parts:
        if part in (".", ".."):
            raise _refused(name, "leads out of its folder")
        if is_git_name(part):
            raise _refused(name, f"has the part {_shown(part)}, which git keeps for itself")
        if any(unicodedata.category(each) in ("Cc", "Zl", "Zp") for each in part):
            raise _refused(name, "has control characters in its name")
        if not _BY_DESCRIPTOR and re.search(r'[\\:*?"<>|]', part):
            raise _refused(name, "has characters that this system takes for something else")
        if len(_encoded(part, name)) > LONGEST_NAME:
            raise _refused(name, "has a name that is too long")
    if len(_encoded(name, name)) > _LONGEST_PATH:
        raise _refused(name, "is too long a path")
    return parts


def _encoded(part: str, name: str) -> bytes:
    try:
        return os.fsencode(part)
    except UnicodeEncodeError:
        raise _refused(name, "has characters that no file name can have") from None


def _refused(name: str, why: str) -> RefusedPathError:
    shown = _shown(name) if len(name) <= LONGEST_NAME else f"{_shown(name[:60])}…"
    return RefusedPathError(f"{shown or 'The empty name'} {why}.", "Choose another name.")


def _shown(name: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in name)


# --- folders --------------------------------------------------------------------------------------


class Folder:
    """A folder that is held open; the names of files in it are relative, with forward slashes.

    Use it as a context manager. Every method raises ``TrackerError`` where the system refuses, and
    ``RefusedPathError`` for names that ``components`` refuses and for links on the way.
    """

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path  # for sentences; nothing is reached by it where there are descriptors
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path, *, make: bool = False, follow: bool = False) -> Self:
        """A folder that somebody named; ``make``: it is made where it is not there.

        No link is followed but those that stand in the root folder, which are the system's own.
        ``follow``: links are followed all the same, for git's own directory, which git found.
        """
        if follow:
            path = _real(path)
        if not _BY_DESCRIPTOR:
            return cls(_walked_by_path(path, make=make), None)
        return cls(path, _walked(path, make=make))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the folder go; a lock on it ends."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    # --- looking

    def names(self) -> list[str]:
        """What is in the folder, by name; what this program left unfinished apart."""
        try:
            found = self._listed()
        except OSError as error:
            raise self._unusable("", error, "read") from None
        return sorted(name for name in found if not _UNFINISHED.fullmatch(name))

    def kind(self, name: str) -> Kind | None:
        """What stands under a name; "other": a link, a device. None where there is nothing."""
        try:
            with self._parent(name) as (folder, last):
                mode = folder._status(last).st_mode
        except (FileNotFoundError, RefusedPathError):
            return None
        except OSError as error:
            raise self._unusable(name, error, "read") from None
        if stat.S_ISREG(mode):
            return "file"
        return "folder" if stat.S_ISDIR(mode) else "other"

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        try:
            with self._parent(name) as (folder, last):
                return folder._read(last)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(name, error, "read") from None

    # --- writing

    def write(self, name: str, data: bytes, *, new: bool = False, flush: bool = True) -> None:
        """Put a file in its place, all at once; folders on the way are made.

        ``new``: raises ``FileThereError`` where anything has that name. Without ``flush`` a power
        cut may leave an empty file, until ``Folder.flush`` was called.
        """
        with self.writing(name, new=new, flush=flush) as file:
            file.write(data)

    @contextmanager
    def writing(self, name: str, *, new: bool = False, flush: bool = True) -> Iterator[BinaryIO]:
        """A file to write into, which takes its place when the block ends well, and else never."""
        with self.writing_all((name,), new=new, flush=flush) as files:
            yield files[0]

    @contextmanager
    def writing_all(
        self, names: Sequence[str], *, new: bool = False, flush: bool = True
    ) -> Iterator[tuple[BinaryIO, ...]]:
        """Files to write into, which take their places when all are whole, and else none does."""
        told = names[0] if len(names) == 1 else ""
        try:
            with ExitStack() as stack:
                fresh = []
                for name in names:
                    folder, last = stack.enter_context(self._parent(name, make=True))
                    folder._may_replace(last, name, new=new)
                    fresh.append(stack.enter_context(_Fresh(folder, last)))
                yield tuple(each.file for each in fresh)
                for each in fresh:
                    each.finish(flush=flush)
                for each in fresh:
                    each.put(new=new, flush=flush)
            if len(names) > 1:
                self.clear_unfinished(_NOBODYS)
        except FileExistsError:
            raise _there(self.path / told) from None
        except OSError as error:
            raise self._unusable(told, error, "written") from None

    def append(self, name: str, data: bytes) -> None:
        """Add to the end of a file that is this program's alone: a journal."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_FOLLOW | _BINARY | _NO_WAITING
        try:
            with self._parent(name, make=True) as (folder, last):
                descriptor = folder._open(last, flags, 0o666)
                with os.fdopen(descriptor, "wb") as file:
                    _must_be_plain(descriptor, name)
                    file.write(data)
        except OSError as error:
            raise self._unusable(name, error, "written") from None

    def update(self, name: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """Read a file, change what it holds, write it; nobody else's change comes between.

        ``change`` gets None where there is no file; what it gives back is written, None is not.
        """
        with self.locked():
            before = self.read(name)
            after = change(before)
            if after is not None and after != before:
                self.write(name, after)
                self.clear_unfinished(_NOBODYS)

    def remove(self, name: str) -> bool:
        """Take a plain file away, and folders that are empty then; whether it was there."""
        parts = components(name)
        try:
            with self._parent(name) as (folder, last):
                if not stat.S_ISREG(folder._status(last).st_mode):
                    raise _refused(name, "is not a plain file")
                os.unlink(folder._at(last), dir_fd=folder._descriptor)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unusable(name, error, "removed") from None
        for length in range(len(parts) - 1, 0, -1):
            with suppress(OSError, TrackerError), self._parent("/".join(parts[:length])) as place:
                folder, last = place
                os.rmdir(folder._at(last), dir_fd=folder._descriptor)
        return True

    def clear_unfinished(self, unchanged: float = 0.0) -> None:
        """Take away what killed writers left here; whoever holds the lock may call it.

        Who does not, leaves what was written to within so many seconds before the last change here.
        """
        with suppress(OSError):
            last = self._status(".").st_mtime - unchanged if unchanged else math.inf
            for name in self._listed():
                if _UNFINISHED.fullmatch(name) and self._status(name).st_mtime <= last:
                    os.unlink(self._at(name), dir_fd=self._descriptor)

    def flush(self) -> None:
        """Everything that was written is on the disk when this returns."""
        if hasattr(os, "sync"):
            os.sync()

    @contextmanager
    def locked(self, wait: float = WAIT) -> Iterator[None]:
        """Nobody else who asks for the lock of this folder has it until the block ends.

        It lies on the folder itself, so no file stays behind, and ends with the process. Raises
        ``TrackerError`` when another program holds it for longer than ``wait`` seconds.
        """
        descriptor = self._descriptor
        if fcntl is None or descriptor is None:
            yield
            return
        # Of a description of its own, so that two threads with one folder take turns too.
        mine = os.open(".", _FOLDER, dir_fd=descriptor)
        try:
            _lock(mine, wait, self.path)
            yield
        finally:
            os.close(mine)

    # --- below

    def _listed(self) -> list[str]:
        if self._descriptor is None:
            return [each.name for each in self.path.iterdir()]
        return os.listdir(self._descriptor)  # noqa: PTH208 - a path knows no descriptors

    def _at(self, name: str) -> str:
        return name if self._descriptor is not None else os.fspath(self.path / name)

    def _open(self, name: str, flags: int, mode: int = 0o777) -> int:
        if self._descriptor is None and (self.path / name).is_symlink():
            raise _refused(name, "is a symbolic link, which is not followed")
        return os.open(self._at(name), flags, mode, dir_fd=self._descriptor)

    def _status(self, name: str) -> os.stat_result:
        return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)

    def _folder(self, parts: tuple[str, ...], *, make: bool) -> Folder:
        if self._descriptor is None:
            return Folder(_walked_by_path(self.path.joinpath(*parts), make=make), None)
        here = os.dup(self._descriptor)
        for number, part in enumerate(parts, start=1):
            here = _step(here, part, self.path.joinpath(*parts[:number]), _FOLDER, make=make)
        return Folder(self.path.joinpath(*parts), here)

    @contextmanager
    def _parent(self, name: str, *, make: bool = False) -> Iterator[tuple[Folder, str]]:
        *before, last = components(name)
        if not before:
            yield self, last
            return
        with self._folder(tuple(before), make=make) as folder:
            yield folder, last

    def _read(self, name: str) -> bytes:
        try:
            descriptor = self._open(name, _READ)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO):
                raise _no_plain_file(self.path / name) from None
            raise
        with os.fdopen(descriptor, "rb") as file:
            _must_be_plain(descriptor, os.fspath(self.path / name))
            return file.read()

    def _may_replace(self, last: str, name: str, *, new: bool) -> None:
        try:
            mode = self._status(last).st_mode
        except FileNotFoundError:
            return
        if new:
            raise _there(self.path / name)
        if not stat.S_ISREG(mode):
            raise _no_plain_file(self.path / name)

    def _unusable(self, name: str, error: OSError, what: str) -> TrackerError:
        place = self.path / name if name else self.path
        return _cannot(place, error, what)


class _Fresh:
    """A file under a name that nobody can know, beside the one whose place it will take."""

    def __init__(self, folder: Folder, last: str) -> None:
        import secrets

        self._folder = folder
        self._last = last
        self._name = f".tracker-{secrets.token_hex(8)}.new"
        self.file: BinaryIO = os.fdopen(folder._open(self._name, _FRESH, 0o666), "wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            os.unlink(self._folder._at(self._name), dir_fd=self._folder._descriptor)

    def finish(self, *, flush: bool) -> None:
        """The file is whole, and like the old one in its mode and, where allowed, its owner."""
        self.file.flush()
        descriptor = self.file.fileno()
        with suppress(OSError, AttributeError):
            old = self._folder._status(self._last)
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, old.st_uid, old.st_gid)
            os.fchmod(descriptor, old.st_mode & 0o777)
        if flush:
            os.fsync(descriptor)
        self.file.close()

    def put(self, *, new: bool, flush: bool) -> None:
        folder = self._folder._descriptor
        fresh, last = self._folder._at(self._name), self._folder._at(self._last)
        if new and not self._linked(fresh, last):
            self._folder._may_replace(self._last, self._last, new=True)
            os.replace(fresh, last, src_dir_fd=folder, dst_dir_fd=folder)
        elif not new:
            os.replace(fresh, last, src_dir_fd=folder, dst_dir_fd=folder)
        if flush and folder is not None:
            with suppress(OSError):  # not every file system knows it for folders
                os.fsync(folder)

    def _linked(self, fresh: str, last: str) -> bool:
        """Put in place by a link, which unlike a rename never takes the place of a file."""
        folder = self._folder._descriptor
        try:
            os.link(fresh, last, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):  # a file system without hard links
            return False
        return True


def _walked(path: Path, *, make: bool) -> int:
    """The descriptor of a folder, reached from the current or the root folder."""
    try:
        here = os.open(path.anchor or ".", _FOLDER)
    except OSError as error:
        raise _cannot(Path(path.anchor or "."), error, "opened") from None
    in_root = bool(path.anchor)
    links = 0
    done = Path(path.anchor)
    todo = list(path.parts[1:] if path.anchor else path.parts)
    while todo:
        part = todo.pop(0)
        if in_root and (target := _link_of_the_system(here, part)) is not None:
            links += 1
            if links > _MOST_LINKS:
                os.close(here)
                raise _no_folder(done / part)
            todo = [*Path(target).parts[target.startswith("/") :], *todo]
            continue
        done = done / part
        try:
            flags = _STEP if todo else _FOLDER
            here = _step(here, part, done, flags, make=make)
        except OSError as error:
            raise _cannot(done, error, "opened") from None
        in_root = False
    return here


def _link_of_the_system(root: int, part: str) -> str | None:
    """Where a link in the root folder leads; nobody but the machine's owner can put one there."""
    try:
        return os.readlink(part, dir_fd=root)
    except OSError:
        return None


def _step(here: int, part: str, done: Path, flags: int, *, make: bool) -> int:
    """The descriptor of a folder in another, whose descriptor is closed."""
    try:
        try:
            return os.open(part, flags, dir_fd=here)
        except FileNotFoundError:
            if not make:
                raise
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=here)
        return os.open(part, flags, dir_fd=here)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP, errno.EMLINK):
            raise _no_folder(done) from None
        raise
    finally:
        os.close(here)


def _walked_by_path(path: Path, *, make: bool) -> Path:
    for part in (*reversed(path.parents), path):
        try:
            mode = part.lstat().st_mode
        except FileNotFoundError as error:
            if not make:
                raise _cannot(part, error, "opened") from None
            part.mkdir(exist_ok=True)
            continue
        if not stat.S_ISDIR(mode):
            raise _no_folder(part)
    return path


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path


def _lock(descriptor: int, wait: float, path: Path) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise TrackerError(
                    f"Another tracker is writing into {path}, and does not finish.",
                    "Wait for it, or end it, and try again.",
                ) from None
            time.sleep(0.02)
        except OSError:  # a file system that knows no locks
            return
        else:
            return


# --- sentences ------------------------------------------------------------------------------------


def _must_be_plain(descriptor: int, name: str) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise _no_plain_file(Path(name))


def _no_plain_file(path: Path) -> RefusedPathError:
    what = "is a symbolic link, which is not followed" if path.is_symlink() else "is no plain file"
    return RefusedPathError(f"{_shown(os.fspath(path))} {what}.", "Name another file.")


def _no_folder(path: Path) -> RefusedPathError:
    shown = _shown(os.fspath(path))
    if path.is_symlink():
        return RefusedPathError(
            f"{shown} is a symbolic link, which is not followed.",
            f"Name the folder that it leads to: {_shown(os.fspath(_real(path)))}",
        )
    return RefusedPathError(f"{shown} is a file, not a folder.", "Name a folder.")


def _there(path: Path) -> FileThereError:
    return FileThereError(f"{_shown(os.fspath(path))} is there already.", "Name a new file.")


def _cannot(path: Path, error: OSError, what: str) -> TrackerError:
    why = (error.strerror or str(error)).lower()
    shown = _shown(os.fspath(path))
    if what == "read":
        return TrackerError(f"{shown} cannot be read: {why}.", "Check its permissions.")
    if isinstance(error, FileNotFoundError):
        return TrackerError(f"{shown} is not there.", "Make that folder first, or name another.")
    return TrackerError(
        f"{shown} cannot be {what}: {why}.",
        "Nothing there was changed; see to the disk or the permissions, and try again.",
    )


# --- one file that somebody named -----------------------------------------------------------------


def read_plain(path: Path, shown: str, largest: int) -> bytes:
    """What a plain file holds, links followed; a pipe is not waited for, nor a device read.

    Raises ``TrackerError`` for what is no plain file or larger, and ``OSError``.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise TrackerError(f"{shown} is not a plain file.", "Put a text file in its place.")
        if status.st_size > largest:
            raise TrackerError(
                f"{shown} is larger than {largest // 1024 // 1024} MB.", "No text is as long."
            )
        return file.read(largest)


def write_file(path: Path, data: bytes, *, new: bool = False) -> None:
    """Write one file that somebody named, into a folder that is there.

    ``new``: raises ``FileThereError`` where the file is there already.
    """
    with Folder.open(path.parent) as folder:
        folder.write(path.name, data, new=new)
        folder.clear_unfinished(_NOBODYS)


def make_folder(path: Path) -> None:
    """Make a folder, and those that it is in, where they are not there; no link is followed."""
    Folder.open(path, make=True).close()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder of this program's own, gone when the block ends."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="tracker-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
