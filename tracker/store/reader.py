"""Texts and objects out of git: many texts in a stream, or single objects from one running git."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import threading
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import IO, Literal, NamedTuple, Self
from weakref import finalize

from tracker.errors import TrackerError
from tracker.store.git import (
    FRUGAL,
    NOT_FETCHED,
    Git,
    GitError,
    Repository,
    encoded,
    environment,
    first_line,
    missing,
    shown_path,
)

MAX_BYTES = 64 * 1024 * 1024
"""The largest text that is read unless a caller allows more: articles are small."""


def not_too_large(path: str, size: int) -> None:
    """Raise ``TrackerError`` for a text that would be recorded and could not be read again."""
    if size > MAX_BYTES:
        raise TrackerError(
            f"{shown_path(path)} has {size:,} bytes, more than the {MAX_BYTES:,} of an article.",
            "Leave such a file out of the articles.",
        )


_AHEAD = 1024
"""Requests under way in ``read_many``. It bounds memory; and since an answer has at least 50 bytes,
this many never fit into git's output buffer, so that git and we cannot wait for each other."""

_TOGETHER = 64
"""Requests that are written, and answers that are counted, at once: a lock for each one costs as
much as the reading."""

_SIZES = 512  # sizes that are asked for at once: so many answers fit into a pipe

_BUFFER = 1 << 18  # bytes read from git at once: some dozens of texts

_FETCHED = 5000  # texts that are fetched at once into a partial clone


class MissingTextError(TrackerError):
    """A text that is not in this repository, or cannot be had now."""


class Reader:
    """Reads blobs of one repository. Use it as a context manager; it starts git when first asked.

    Raises ``TrackerError`` for an object that is missing, is no blob, or is larger than
    ``max_bytes`` (bytes). After such an error it goes on reading others.
    """

    def __init__(self, repository: Repository, *, max_bytes: int = MAX_BYTES) -> None:
        self._repository = repository
        self._max_bytes = max_bytes
        self._promised: bool | None = None
        self._here: set[str] | None = None  # in a partial clone, all objects that it has
        self._single: subprocess.Popen[bytes] | None = None
        self._sizer: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the git processes; a closed reader may be used again."""
        if self._single is not None:
            _end(self._single)
            self._single = None
        if self._sizer is not None:
            _end(self._sizer)
            self._sizer = None

    def read(self, blob: str) -> bytes:
        """The content of one blob, named by its full hash."""
        _check(blob)
        if self._single is None:
            self._single = self._repository.git.start(
                *FRUGAL, "cat-file", "--batch", feed=True, quiet=True
            )
        requests, answers = _pipes(self._single)
        try:
            requests.write(blob.encode() + b"\n")
            requests.flush()
            data = _answer(answers, blob, self._max_bytes)
        except (BrokenPipeError, _EndError):
            self.close()
            raise self._ended() from None
        if isinstance(data, TrackerError):
            raise data
        return data

    def read_many(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Each blob with its content, in the order asked; memory is bounded, not the number.

        The iterable is read by a thread, a little ahead of what has been taken.
        """
        if self.partial:
            blobs = self._fetched(blobs)
        process = self._repository.git.start(
            *FRUGAL, "cat-file", "--batch", "--buffer", feed=True, quiet=True
        )
        _widen(process)
        asked: deque[str] = deque()
        slots = threading.Semaphore(_AHEAD // _TOGETHER)
        feeder = _Feeder(process, iter(blobs), asked, slots)
        feeder.start()
        _, answers = _pipes(process)
        taken = 0
        try:
            while True:
                try:
                    header = answers.readline()
                    if not header:
                        break
                    blob = asked.popleft()
                    data = _answer(answers, blob, self._max_bytes, header)
                except _EndError:
                    raise self._ended() from None
                taken += 1
                if taken % _TOGETHER == 0:
                    slots.release()
                if isinstance(data, TrackerError):
                    raise data
                yield blob, data
            feeder.join()
            if feeder.error is not None:
                raise feeder.error
            if asked:
                raise self._ended()
        finally:
            feeder.stop = True
            slots.release()
            process.kill()
            feeder.join()
            _end(process)

    def sizes(self, blobs: Iterable[str]) -> dict[str, int]:
        """How many bytes each blob has; those that are missing are left out."""
        wanted = list(blobs)
        for blob in wanted:
            _check(blob)
        if self._sizer is None:
            self._sizer = self._repository.git.start(
                "cat-file", "--batch-check=%(objectname) %(objectsize)", feed=True, quiet=True
            )
        requests, answers = _pipes(self._sizer)
        found: dict[str, int] = {}
        try:
            for start in range(0, len(wanted), _SIZES):
                several = wanted[start : start + _SIZES]
                requests.write("".join(f"{blob}\n" for blob in several).encode())
                requests.flush()
                for _ in several:
                    name, size = _size(answers)
                    if size is not None:
                        found[name] = size
        except (BrokenPipeError, _EndError):
            self.close()
            raise _stopped() from None
        return found

    def fetch(self, blobs: Iterable[str]) -> None:
        """In a partial clone, bring the texts that are not here, all at once.

        git itself would bring each of them on its own when it is read. Elsewhere this does nothing.
        Raises ``TrackerError`` when the other side does not give them.
        """
        if not self.partial:
            return
        wanted = set(blobs)
        for blob in wanted:
            _check(blob)
        git = self._repository.git
        if self._here is None:
            listed = git.run("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
            self._here = set(listed.decode("ascii").split("\n"))
        missing = wanted - self._here
        if not missing:
            return
        named = git.text(
            "config",
            "--type=bool",
            "--name-only",
            "--get-regexp",
            r"^remote\..*\.promisor$",
            "^true$",
            accept=(0, 1),
        )
        remote = named.partition("\n")[0].removeprefix("remote.").removesuffix(".promisor")
        try:
            git.run(
                "-c",
                "fetch.negotiationAlgorithm=noop",
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-auto-maintenance",
                "--recurse-submodules=no",
                "--filter=blob:none",
                "--stdin",
                "--end-of-options",
                remote or "origin",
                data="".join(f"{blob}\n" for blob in sorted(missing)).encode(),
            )
        except GitError:
            raise _not_fetched() from None
        self._here |= missing

    def _fetched(self, blobs: Iterable[str]) -> Iterator[str]:
        rest = iter(blobs)
        while several := list(islice(rest, _FETCHED)):
            self.fetch(several)
            yield from several

    def _ended(self) -> MissingTextError:
        """Why git stopped: in a partial clone, it could not bring a text."""
        return _not_fetched() if self.partial else _stopped()

    @property
    def partial(self) -> bool:
        """True in a clone that left texts out, which are fetched when they are asked for."""
        if self._promised is None:
            self._promised = self._repository.partial
        return self._promised


class _EndError(Exception):
    """git stopped in the middle of an answer."""


class _Feeder(threading.Thread):
    """Writes requests to git, never more than the reader has room for."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        blobs: Iterator[str],
        asked: deque[str],
        slots: threading.Semaphore,
    ) -> None:
        super().__init__(daemon=True, name="tracker-reader")
        self._requests = _pipes(process)[0]
        self._blobs = blobs
        self._asked = asked
        self._slots = slots
        self.stop = False
        self.error: BaseException | None = None

    def run(self) -> None:
        """Feed until the iterable ends, the reader stops, or git goes away."""
        several: list[str] = []
        try:
            for blob in self._blobs:
                _check(blob)
                several.append(blob)
                if len(several) == _TOGETHER and not self._send(several):
                    return
        except (BrokenPipeError, ValueError):
            several = []
        except BaseException as error:
            self.error = error
        finally:
            with suppress(BrokenPipeError, ValueError):
                self._send(several)
            _close(self._requests)

    def _send(self, several: list[str]) -> bool:
        """Write requests, as soon as there is room for them; False where nobody waits for them."""
        if not several:
            return True
        if not self._slots.acquire(blocking=False):
            # What is still in our own buffer must reach git before we wait for answers.
            self._requests.flush()
            self._slots.acquire()
        if self.stop:
            several.clear()
            return False
        self._asked.extend(several)
        self._requests.write("\n".join(several).encode() + b"\n")
        several.clear()
        return True


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Read from a process in larger pieces; before anything was read."""
    assert isinstance(process.stdout, io.BufferedReader)
    with suppress(AttributeError, ImportError, OSError):  # Linux alone knows this
        import fcntl

        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
    process.stdout = io.BufferedReader(process.stdout.detach(), _BUFFER)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:  # pragma: no cover - started with both
        raise _stopped()
    return process.stdin, process.stdout


def _answer(
    answers: IO[bytes], blob: str, max_bytes: int, header: bytes | None = None
) -> bytes | TrackerError:
    """The content, or the error to raise when the stream is past this answer."""
    words = (answers.readline() if header is None else header).split()
    if len(words) < 2:
        raise _EndError
    if words[-1] in {b"missing", b"ambiguous"}:
        return MissingTextError(
            f"The repository lacks the text {blob}.",
            "Fetch it from where the repository was cloned, or look for damage with: git fsck",
        )
    size = int(words[2])
    if size > max_bytes or words[1] != b"blob":
        _skip(answers, size + 1)
        if words[1] != b"blob":
            return TrackerError(
                f"{blob} is a {words[1].decode()}, not a text.", "Name the text of a file."
            )
        return TrackerError(
            f"The text {blob} has {size} bytes, more than the {max_bytes} that are read.",
            "Leave such a file out of the articles.",
        )
    data = answers.read(size + 1)
    if len(data) != size + 1:
        raise _EndError
    if data.startswith(_POINTER):
        return TrackerError(
            "The file is a Git LFS pointer: its text is not in git.",
            "Only texts that are in git have a history: git lfs migrate export",
        )
    return data[:-1]


_POINTER = b"version https://git-lfs.github.com/spec/"


def _size(answers: IO[bytes]) -> tuple[str, int | None]:
    """The name of a blob, and its bytes; None where it is missing."""
    name, _, size = answers.readline().decode("ascii").strip().partition(" ")
    if not size:
        raise _EndError
    return name, int(size) if size.isdigit() else None


def _skip(answers: IO[bytes], size: int) -> None:
    while size:
        read = len(answers.read(min(size, 1 << 20)))
        if not read:
            raise _EndError
        size -= read


def _check(blob: str) -> None:
    if len(blob) not in {40, 64} or blob.strip("0123456789abcdef"):
        raise TrackerError(f"{blob!r} is not the full name of a git object.")


def _not_fetched() -> MissingTextError:
    return MissingTextError(*NOT_FETCHED)


def _stopped() -> MissingTextError:
    return MissingTextError(
        "git stopped while it was reading texts.", "Look for damage with: git fsck"
    )


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close every pipe and wait, so that neither a zombie nor an open file is left."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            _close(pipe)
    process.wait()


# --- single objects, by any name that git knows --------------------------------------------------

_HEAD = re.compile(rb"[0-9a-f]{40,64} [a-z]+ [0-9]+\n")
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SMALL = 1 << 16  # bytes of an object that is read without git, or remembered
_REMEMBERED = 128  # commits and trees: a recording asks for those of the one before again


class ObjectInfo(NamedTuple):
    """What git knows of an object before it is read."""

    hash: str  # full hash
    kind: str  # "blob", "tree", "commit", "tag"
    size: int  # bytes


class Objects:
    """Single objects of one repository; a context manager.

    Small ones that are not packed yet, as those that were just written, are read here; for others
    one ``git cat-file`` is asked, which starts when it is first needed. What others write meanwhile
    is seen. Threads take turns.
    """

    def __init__(self, repository: Repository) -> None:
        self._git = repository.git
        self._git_dir = repository.common_dir
        self._folder = str(repository.common_dir / "objects")
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._known: dict[str, tuple[str, bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; asked again, another one starts."""
        process, self._process = self._process, None
        if process is not None:
            _end_process(process)

    def info(self, name: str) -> ObjectInfo | None:
        """What a name means: a hash, a branch, ``main:path``. None where there is no such object.

        A name in the index (``:path``) must not be asked for: the index is read once.
        """
        return self._ask("info", name)[0]

    def content(self, name: str, kind: str, *, fresh: bool = False) -> bytes | None:
        """The content of an object named by its full hash; None where it is none of that kind.

        Small commits and trees are remembered; with ``fresh``, none is taken from there.
        """
        known = None if fresh else self._known.get(name)
        if known is None:
            known = self._loose(name)
            if known is None:
                found, content = self._ask("contents", name)
                if found is None:
                    return None
                known = found.kind, content
            if known[0] != "blob" and len(known[1]) <= _SMALL:
                with self._lock:
                    while len(self._known) >= _REMEMBERED:
                        del self._known[next(iter(self._known))]
                    self._known[name] = known
        return known[1] if known[0] == kind else None

    def trees(self, commit: str, path: str, *, fresh: bool = False) -> list[tuple[str, bytes]]:
        """The trees of a commit on the way to a path, from its top, and the blob with no content.

        Shorter where one of them is not there, or has no such entry. For ``fresh`` see ``content``.
        """
        content = self.content(commit, "commit", fresh=fresh)
        hash_ = "" if content is None else content[5 : content.index(b"\n")].decode()
        found: list[tuple[str, bytes]] = []
        for name in encoded(path).split(b"/"):
            tree = self.content(hash_, "tree", fresh=fresh) if hash_ else None
            if tree is None:
                return found
            found.append((hash_, tree))
            hash_ = _entry(tree, name, len(commit) // 2)
        return [*found, (hash_, b"")] if hash_ else found

    def tip(self, branch: str) -> str | None:
        """The newest commit of a branch now, full name given; None on an unborn one."""
        with suppress(OSError, UnicodeDecodeError):
            name = (self._git_dir / branch).read_text("ascii").rstrip("\n")
            if _HASH.fullmatch(name):
                return name
        found = self.info(branch)
        return None if found is None else found.hash

    def _loose(self, name: str) -> tuple[str, bytes] | None:
        """Kind and content of a small object that has a file of its own, checked by its hash."""
        if not _HASH.fullmatch(name):
            return None
        try:
            packed = Path(f"{self._folder}/{name[:2]}/{name[2:]}").read_bytes()
            inflate = zlib.decompressobj()
            data = inflate.decompress(packed, _SMALL)
        except (OSError, zlib.error):
            return None
        head, _, content = data.partition(b"\0")
        if not inflate.eof or hash_of(data, len(name)) != name:
            return None
        return head.partition(b" ")[0].decode(), content

    def _ask(self, command: str, name: str) -> tuple[ObjectInfo | None, bytes]:
        with self._lock:
            try:
                return self._answer(command, name)
            except BrokenPipeError:
                self.close()
                raise _unreadable(name) from None
            except BaseException:
                self.close()  # half an answer may be waiting
                raise

    def _answer(self, command: str, name: str) -> tuple[ObjectInfo | None, bytes]:
        process = self._process
        if process is None:
            process = self._process = self._started()
            finalize(self, _end_process, process)
        assert process.stdin is not None
        assert process.stdout is not None
        question = f"{command} {name}".encode("utf-8", "surrogateescape")
        process.stdin.write(question + b"\0")
        process.stdin.flush()
        head = process.stdout.readline()
        while head and not _HEAD.fullmatch(head):
            if head.endswith((b" missing\n", b" ambiguous\n")):
                return None, b""
            more = process.stdout.readline()  # the name that is missing has a newline
            if not more:
                raise _unreadable(name)
            head += more
        if not head:
            raise _unreadable(name)
        hash_, kind, size = head.decode().split()
        found = ObjectInfo(hash_, kind, int(size))
        if command == "info":
            return found, b""
        content = process.stdout.read(found.size + 1)
        if len(content) != found.size + 1:
            raise _unreadable(name)
        return found, content[:-1]

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._git.command("--no-replace-objects", "cat-file", "--batch-command", "-z"),
                cwd=self._git.directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                start_new_session=True,  # an interruption from the keyboard is not for it
            )
        except OSError as error:
            raise missing(self._git.directory, error) from None


def _entry(tree: bytes, name: bytes, width: int) -> str:
    """The hash that a tree has for a name; "" for none. ``width``: bytes of a hash.

    Where bytes of a hash look like a name that is not there, it is a hash of no object.
    """
    wanted = b" %s\0" % name
    at = tree.find(wanted)
    if at < 0:
        return ""
    if tree.find(wanted, at + 1) < 0:
        at += len(wanted)
        return tree[at : at + width].hex()
    at = 0
    while at < len(tree):
        end = tree.index(b"\0", at) + 1
        if tree.endswith(wanted, at, end):
            return tree[end : end + width].hex()
        at = end + width
    return ""


def _end_process(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()


def must_be_whole(git: Git, new: str, *old: str | None) -> None:
    """Raise ``TrackerError`` unless all objects that a commit has beyond older ones are there."""
    limits = [f"^{commit}" for commit in old if commit is not None]
    try:
        git.run(*FRUGAL, "rev-list", "--objects", "--quiet", new, *limits, "--")
    except GitError as error:
        raise gone(f"all of the commit {new} ({first_line(error.stderr)})") from None


def gone(what: str) -> TrackerError:
    """The error for an object that git wrote, as it says, and that is not there."""
    return TrackerError(
        f"git says that it wrote {what}, and it is not there.",
        "Nothing was recorded. See whether the disk is full, and look for damage with: git fsck",
    )


def _unreadable(name: str) -> TrackerError:
    return TrackerError(
        f"git cannot read {name} in this repository.", "Look at what is wrong with: git fsck"
    )


def object_hash(kind: Literal["blob", "tree"], content: bytes, digits: int) -> str:
    """The hash by which git knows an object: 40 digits (SHA-1) or 64 (SHA-256)."""
    return hash_of(b"%s %d\0" % (kind.encode(), len(content)) + content, digits)


def hash_of(data: bytes, digits: int) -> str:
    """The hash of an object as git writes it, with its kind and size before the content."""
    digest = hashlib.sha256 if digits == 64 else hashlib.sha1
    return digest(data, usedforsecurity=False).hexdigest()
