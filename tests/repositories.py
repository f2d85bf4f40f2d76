"""Tiny repositories for tests: described commit by commit, played with one ``git fast-import``."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tracker.store.git import Repository, discover

FILE = "100644"


def run(folder: Path, *words: str, data: bytes = b"") -> bytes:
    """What git prints, in a folder; fails the test when git does."""
    done = subprocess.run(["git", *words], cwd=folder, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@dataclass
class Commit:
    """One commit, with its whole tree."""

    mark: int
    parents: list[Commit]
    tree: dict[str, tuple[str, bytes]]  # path -> mode, content
    hash: str = ""


@dataclass
class Builder:
    """Collects commits on branches; ``build`` makes them real."""

    folder: Path
    hash_format: str = "sha1"
    heads: dict[str, Commit] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    by_message: dict[str, Commit] = field(default_factory=dict)
    _stream: list[bytes] = field(default_factory=list)
    _clock: int = 1_640_995_200  # 1 January 2022

    def commit(
        self,
        message: str,
        *,
        on: str = "main",
        start: str | None = None,
        merge: list[str] | None = None,
        at: str | None = None,
        committed: str | None = None,
        write: dict[str, str | bytes] | None = None,
        edit: dict[str, list[str]] | None = None,
        delete: list[str] | None = None,
        move: dict[str, str] | None = None,
        link: dict[str, str] | None = None,
        executable: list[str] | None = None,
        author: bytes = b"Ada Editor <ada@example.org>",
        encoding: str = "",
        raw_message: bytes | None = None,
    ) -> Commit:
        """Add a commit to the branch ``on``, which begins at ``start`` when it is new.

        ``at`` is the author's date (the clock's next hour when it is None), ``committed`` the
        committer's. ``merge`` names branches or messages; a file that only they changed comes in.
        """
        self._clock += 3600
        first = self.heads.get(on) or (self._find(start) if start else None)
        others = [self._find(name) for name in merge or []]
        tree = dict(first.tree) if first else {}
        for other in others:
            _merge(tree, _base(first, other), other)
        for old, new in (move or {}).items():
            tree[new] = tree.pop(old)
        for path in delete or []:
            del tree[path]
        for path, (old_words, new_words) in (edit or {}).items():
            mode, content = tree[path]
            assert old_words.encode() in content, f"{old_words!r} is not in {path}"
            tree[path] = mode, content.replace(old_words.encode(), new_words.encode())
        for path, text in (write or {}).items():
            tree[path] = FILE, text if isinstance(text, bytes) else text.encode()
        for path, target in (link or {}).items():
            tree[path] = (
                ("160000", target.encode()) if len(target) == 40 else ("120000", target.encode())
            )
        for path in executable or []:
            tree[path] = "100755", tree[path][1]
        made = Commit(len(self.commits) + 1, [*([first] if first else []), *others], tree)
        self.commits.append(made)
        self.by_message.setdefault(message, made)
        self.heads[on] = made
        stamp = _stamp(at, self._clock)
        text = message.encode() if raw_message is None else raw_message
        out = self._stream
        out.append(f"commit refs/heads/{on}\nmark :{made.mark}\n".encode())
        out.append(b"author %s %s\n" % (author, stamp))
        out.append(b"committer %s %s\n" % (author, _stamp(committed or at, self._clock)))
        if encoding:
            out.append(f"encoding {encoding}\n".encode())
        out.append(b"data %d\n%s\n" % (len(text), text))
        for number, parent in enumerate(made.parents):
            out.append(b"%s :%d\n" % (b"merge" if number else b"from", parent.mark))
        out.append(b"deleteall\n")
        for path, (mode, content) in tree.items():
            if mode == "160000":
                out.append(b"M 160000 %s %s\n" % (content, _quoted(path)))
            else:
                out.append(b"M %s inline %s\n" % (mode.encode(), _quoted(path)))
                out.append(b"data %d\n%s\n" % (len(content), content))
        return made

    def build(self, *, checkout: bool = False) -> Repository:
        """Make the commits real in ``folder``, and fill in their hashes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        words = ["init", "-q", "-b", "main", f"--object-format={self.hash_format}"]
        run(self.folder, *words)
        marks = self.folder / ".git" / "marks"
        stream = b"".join(self._stream)
        words = ["fast-import", "--quiet", "--force", "--date-format=raw-permissive"]
        run(self.folder, *words, f"--export-marks={marks}", data=stream)
        for line in marks.read_text().splitlines():
            mark, name = line.split()
            self.commits[int(mark[1:]) - 1].hash = name
        if checkout:
            run(self.folder, "reset", "-q", "--hard")
        return discover(self.folder)

    def _find(self, name: str) -> Commit:
        return self.heads.get(name) or self.by_message[name]


def _stamp(text: str | None, clock: int) -> bytes:
    if text is None:
        return b"%d +0000" % clock
    if "T" not in text:
        return text.encode()  # git's own form, for absurd ones
    moment = datetime.fromisoformat(text)
    return f"{int(moment.timestamp())} {moment.strftime('%z')}".encode()


def _quoted(path: str) -> bytes:
    raw = os.fsencode(path)
    escaped = b"".join(
        bytes([byte]) if 32 <= byte < 127 and byte not in b'"\\' else b"\\%03o" % byte
        for byte in raw
    )
    return b'"%s"' % escaped


def _ancestors(commit: Commit | None) -> dict[int, Commit]:
    found: dict[int, Commit] = {}
    waiting = [commit] if commit else []
    while waiting:
        here = waiting.pop()
        if here.mark not in found:
            found[here.mark] = here
            waiting.extend(here.parents)
    return found


def _base(one: Commit | None, other: Commit) -> dict[str, tuple[str, bytes]]:
    shared = _ancestors(one).keys() & _ancestors(other).keys()
    return _ancestors(other)[max(shared)].tree if shared else {}


def _merge(
    tree: dict[str, tuple[str, bytes]], base: dict[str, tuple[str, bytes]], other: Commit
) -> None:
    for path in {*base, *other.tree}:
        if other.tree.get(path) != base.get(path) and tree.get(path) == base.get(path):
            if path in other.tree:
                tree[path] = other.tree[path]
            else:
                tree.pop(path, None)
