"""The objects of one commit: read the trees on the way to a path, write the new ones.

A recording needs the trees from the top to the article, a few hundred bytes each, and writes as
many and a commit. One ``git cat-file`` reads them and one ``git unpack-objects`` writes them
all; the formats are those of git's own documentation (gitformat-pack, git-mktree).
"""

from __future__ import annotations

import re
import struct
import subprocess
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple, Self

from tracker.errors import TrackerError
from tracker.store.git import Git, GitError, environment, first_line

Type = Literal["commit", "tree", "blob"]

_PACK_TYPES: dict[Type, int] = {"commit": 1, "tree": 2, "blob": 3}

_FOLDER = b"40000"

_HEAD = re.compile(rb"[0-9a-f]{40,64} [a-z]+ [0-9]+\n")


class Entry(NamedTuple):
    """One entry of a tree."""

    mode: bytes  # as git writes it in a tree: b"100644", b"100755", b"120000", b"160000", b"40000"
    hash: str  # full hash


class Place(NamedTuple):
    """Where a path stands in one commit."""

    commit: str | None  # full hash of the commit; None on an unborn branch
    trees: tuple[bytes, ...]  # raw trees from the top downwards, as far as they exist
    entry: Entry | None  # what is at the path; None when nothing is
    blocked: int | None  # number of the component that is something else than a folder; else None


class Objects:
    """Asks one running ``git cat-file`` for objects; a context manager."""

    def __init__(self, git: Git) -> None:
        self._process = subprocess.Popen(
            git.command("--no-replace-objects", "cat-file", "--batch-command", "-z"),
            cwd=git.directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        self._ahead = False  # the answer to look_ahead is still to be read

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Whether the process has been ended."""
        return self._process.returncode is not None

    def close(self) -> None:
        """End the process; once is enough."""
        process = self._process
        if process.returncode is not None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.close()
        except OSError:
            process.kill()
        process.stdout.close()
        process.wait()

    def read(self, name: str) -> tuple[str, bytes] | None:
        """Hash and content of an object; None where there is none by that name."""
        head = self._ask("contents", name)
        if head is None:
            return None
        assert self._process.stdout is not None
        size = int(head[2])
        content = self._process.stdout.read(size + 1)
        if len(content) != size + 1:
            raise _unreadable(name)
        return head[0].decode(), content[:-1]

    def look_ahead(self) -> None:
        """Let git read the index, and do not wait: of 100,000 files it takes 20 ms."""
        if self._ahead:
            return
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # whoever asks for something next is told
            self._process.stdin.write(b"info :0:.\0")
            self._process.stdin.flush()
        self._ahead = True

    def staged(self, path: str, stage: int = 0) -> str | None:
        """The hash of the blob that the index has at a path; None where it has none."""
        head = self._ask("info", f":{stage}:{path}")
        return head[0].decode() if head is not None else None

    def must_have(self, names: Iterable[str]) -> None:
        """Raise ``TrackerError`` unless every one of these objects is there."""
        for name in names:
            if self._ask("info", name) is None:
                raise _gone(f"the object {name}")

    def _ask(self, command: str, name: str) -> list[bytes] | None:
        """Hash, type and size of an object; None where there is none by that name."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = f"{command} {name}".encode("utf-8", "surrogateescape")
        try:
            self._process.stdin.write(question + b"\0")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise _unreadable(name) from None
        if self._ahead:
            self._process.stdout.readline()
            self._ahead = False
        head = self._process.stdout.readline()
        while head and not _HEAD.fullmatch(head):
            if head.endswith(b" missing\n"):
                return None
            more = self._process.stdout.readline()  # the name that is missing has a newline
            if not more:
                raise _unreadable(name)
            head += more
        if not head:
            raise _unreadable(name)
        return head.split()

    def place(self, reference: str, path: Sequence[bytes]) -> Place:
        """Where a path stands in the newest commit of a branch, full name of the branch given."""
        found = self.read(reference)
        if found is None:
            return Place(None, (), None, None)
        commit, content = found
        tree = content[5 : content.index(b"\n")].decode()
        width = len(commit) // 2
        trees: list[bytes] = []
        for number, component in enumerate(path):
            read = self.read(tree)
            if read is None:
                raise _unreadable(tree)
            trees.append(read[1])
            entry = _find(read[1], component, width)
            if number == len(path) - 1:
                return Place(commit, tuple(trees), entry, None)
            if entry is None:
                break
            if entry.mode != _FOLDER:
                return Place(commit, tuple(trees), None, number)
            tree = entry.hash
        return Place(commit, tuple(trees), None, None)


def must_be_whole(git: Git, new: str, *old: str | None) -> None:
    """Raise ``TrackerError`` unless all objects that a commit has beyond older ones are there."""
    limits = [f"^{commit}" for commit in old if commit is not None]
    try:
        git.run("rev-list", "--objects", "--quiet", new, *limits, "--")
    except GitError as error:
        raise _gone(f"all of the commit {new} ({first_line(error.stderr)})") from None


def _gone(what: str) -> TrackerError:
    return TrackerError(
        f"git says that it wrote {what}, and it is not there.",
        "Nothing was recorded. See whether the disk is full, and look for damage with: git fsck",
    )


def _unreadable(name: str) -> TrackerError:
    return TrackerError(
        f"git cannot read {name} in this repository.", "Look at what is wrong with: git fsck"
    )


def _entries(tree: bytes, width: int) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Mode, name and raw hash of each entry of a raw tree, in its order."""
    at = 0
    while at < len(tree):
        space = tree.index(b" ", at)
        end = tree.index(b"\0", space)
        yield tree[at:space], tree[space + 1 : end], tree[end + 1 : end + 1 + width]
        at = end + 1 + width


def _find(tree: bytes, name: bytes, width: int) -> Entry | None:
    if b" " + name + b"\0" not in tree:
        return None
    for mode, entry_name, raw in _entries(tree, width):
        if entry_name == name:
            return Entry(mode, raw.hex())
    return None


def with_entry(tree: bytes, name: bytes, entry: Entry) -> bytes:
    """A raw tree with one entry put in, or put in the place of the one of that name.

    Entries are in the order of their names, a folder's name counting as if "/" followed it.
    """
    raw = bytes.fromhex(entry.hash)
    new = entry.mode + b" " + name + b"\0" + raw
    key = name + b"/" if entry.mode == _FOLDER else name
    at = 0
    for mode, entry_name, entry_raw in _entries(tree, len(raw)):
        size = len(mode) + len(entry_name) + len(entry_raw) + 2
        if entry_name == name:
            return tree[:at] + new + tree[at + size :]
        if (entry_name + b"/" if mode == _FOLDER else entry_name) > key:
            break
        at += size
    return tree[:at] + new + tree[at:]


def trees_with(place: Place, path: Sequence[bytes], entry: Entry) -> list[bytes]:
    """The raw trees of a commit that has ``entry`` at ``path``: the deepest first, the top last."""
    made: list[bytes] = []
    for number in range(len(path) - 1, -1, -1):
        old = place.trees[number] if number < len(place.trees) else b""
        made.append(with_entry(old, path[number], entry))
        entry = Entry(_FOLDER, object_hash("tree", made[-1], len(entry.hash)))
    return made


def object_hash(kind: Type, content: bytes, digits: int) -> str:
    """The hash by which git knows an object: 40 digits (SHA-1) or 64 (SHA-256)."""
    return _digest(b"%s %d\0" % (kind.encode(), len(content)) + content, digits).hex()


def _digest(data: bytes, digits: int) -> bytes:
    if digits == 64:
        import hashlib

        return hashlib.sha256(data).digest()
    try:
        # A third of a millisecond to import, where hashlib with its OpenSSL takes three.
        from _sha1 import sha1  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha1
    return bytes(sha1(data, usedforsecurity=False).digest())


def pack(objects: Sequence[tuple[Type, bytes]], digits: int) -> bytes:
    """A pack of whole objects, as ``git unpack-objects`` reads it."""
    written = bytearray(b"PACK" + struct.pack(">II", 2, len(objects)))
    for kind, content in objects:
        size = len(content)
        byte = _PACK_TYPES[kind] << 4 | size & 15
        size >>= 4
        while size:
            written.append(byte | 128)
            byte = size & 127
            size >>= 7
        written.append(byte)
        written += zlib.compress(content, 1)
    return bytes(written) + _digest(bytes(written), digits)
