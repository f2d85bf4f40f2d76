"""A desk in a temporary newsroom: commands as an editor types them, in this process."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tracker.cli import main


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Desk:
    """A folder, and the commands run in it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        monkeypatch.chdir(folder)
        monkeypatch.setenv("TRACKER_NOW", "2022-06-01T12:00:00-04:00")

    def run(self, *words: str, stdin: bytes = b"") -> Said:
        """A command that may fail."""
        out, err = io.BytesIO(), io.BytesIO()
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, "utf-8", write_through=True))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, "utf-8", write_through=True))
            with pytest.raises(SystemExit) as ended:
                main(list(words))
            sys.stdout.flush()
            sys.stderr.flush()
            said = out.getvalue(), err.getvalue()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, *(each.decode("utf-8", "surrogateescape") for each in said))

    def ok(self, *words: str, stdin: bytes = b"") -> Said:
        """A command that must succeed."""
        said = self.run(*words, stdin=stdin)
        assert said.status == 0, said
        return said

    def refused(self, *words: str, stdin: bytes = b"") -> str:
        """The one sentence and the hint of a command that must be refused, with nothing written."""
        before = self.state()
        said = self.run(*words, stdin=stdin)
        assert said.status == 2, said
        assert said.out == ""
        assert "Traceback" not in said.err
        assert said.err.startswith("tracker: ")
        assert self.state() == before
        return said.err

    def state(self) -> tuple[str, str]:
        """Everything that a refused command must leave as it was."""
        if not (self.folder / ".git").exists():
            return "", ""
        return self.git("for-each-ref"), self.git("status", "--porcelain", "--untracked-files=all")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def read(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode()

    def clean(self) -> None:
        """git agrees with the disk, and its objects are whole."""
        assert self.git("status", "--porcelain") == ""
        self.git("fsck", "--full", "--strict")
