"""What the tests of recording share: a repository that is made, written and asked by git itself."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tracker.model import Person
from tracker.store import commit
from tracker.store.git import Repository, discover

ADA = Person("Ada Editor", "ada@example.org")
MORNING = datetime(2022, 5, 12, 7, 45, tzinfo=timezone(timedelta(hours=-4)))
ARTICLE = "articles/2022/05/war.md"


def write(
    repository: Repository,
    path: str,
    data: bytes | None,
    *,
    expected: str | None,
    message: str,
    person: Person,
    at: datetime,
    disk: bytes | None = None,
    branch: str | None = None,
) -> str | None:
    """One file recorded: see ``tracker.store.commit.write``."""
    file = commit.FileWrite(path, data, expected, disk)
    return commit.write(repository, [file], message=message, person=person, at=at, branch=branch)


@dataclass(frozen=True)
class Room:
    """A repository in a temporary folder."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, *options: str, articles: dict[str, bytes] | None = None) -> Room:
        folder.mkdir(parents=True, exist_ok=True)
        room = cls(folder)
        room.git("init", "--quiet", "--initial-branch=main", *options)
        for path, text in (articles or {}).items():
            room.put(path, text)
        if articles:
            room.git("add", "--all")
            room.git("commit", "--quiet", "-m", "Start")
        return room

    def git(self, *arguments: str, data: bytes = b"", fails: bool = False) -> str:
        done = subprocess.run(
            ["git", "--literal-pathspecs", *arguments],
            cwd=self.folder,
            input=data,
            capture_output=True,
            check=False,
        )
        assert fails or done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def put(self, path: str, text: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)

    def file(self, path: str = ARTICLE) -> bytes | None:
        file = self.folder / path
        return file.read_bytes() if file.is_file() else None

    def hook(self, name: str, script: str, folder: str = ".git/hooks") -> None:
        """Have git run this at a moment of its own."""
        self.put(f"{folder}/{name}", f"#!/bin/sh\n{script}\n".encode())
        (self.folder / folder / name).chmod(0o755)

    @property
    def repository(self) -> Repository:
        return discover(self.folder)

    def blob(self, path: str = ARTICLE, revision: str = "main") -> str | None:
        said = self.git("ls-tree", "-z", revision, "--", path, fails=True)
        return said.split()[2].split("\t")[0] if said else None

    def text(self, path: str = ARTICLE, revision: str = "main") -> bytes:
        blob = self.blob(path, revision)
        assert blob is not None
        return subprocess.run(
            ["git", "cat-file", "blob", blob], cwd=self.folder, capture_output=True, check=True
        ).stdout

    def record(
        self,
        text: bytes,
        path: str = ARTICLE,
        *,
        message: str = "Record a revision",
        person: Person = ADA,
        at: datetime = MORNING,
        branch: str | None = None,
    ) -> str | None:
        """Record as the newsroom does: what is in the branch and on disk is read first."""
        return write(
            self.repository,
            path,
            text,
            expected=self.blob(path),
            message=message,
            person=person,
            at=at,
            disk=None if self.repository.bare else self.file(path),
            branch=branch,
        )

    @property
    def status(self) -> list[str]:
        return sorted(self.git("status", "--porcelain").splitlines())

    def sound(self) -> None:
        """git finds nothing to complain of."""
        done = subprocess.run(
            ["git", "fsck", "--full", "--strict", "--no-dangling"],
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        complaints = [
            line for line in (done.stdout + done.stderr).splitlines() if b"notice:" not in line
        ]
        assert (done.returncode, complaints) == (0, [])
