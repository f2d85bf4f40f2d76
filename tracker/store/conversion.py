"""What git makes of a file's bytes when it takes it from a work tree: attributes and line ends.

fast-import stores bytes as they are. Where git would store others for the same file, they must be
made here, or ``git status`` shows an imported article as changed. The rules are those of
gitattributes(5), and of git's own convert.c for what it takes for binary.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NamedTuple, Self

from tracker.errors import TrackerError
from tracker.store.git import (
    GitError,
    Repository,
    environment,
    first_line,
)

_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")


class GitSettings(NamedTuple):
    """What git's configuration says that matters to many revisions at once."""

    hooks: bool  # a commit hook would run
    signs: bool  # commits are to be signed
    line_ends: bool  # git turns line ends without being told so by attributes
    attributes: tuple[Path, ...]  # where a person's or a machine's attributes would stand


def git_settings(repository: Repository) -> GitSettings:
    """What matters of ``git var -l``."""
    said = repository.git.text("var", "-l")
    values = _values(said)
    hooks_in_settings = any(
        key.startswith("hook.") and key.endswith(".event") and value in _HOOKS
        for key, value in (line.split("=", 1) for line in said.split("\n") if "=" in line)
    )
    return GitSettings(
        hooks_in_settings or _has_hooks(repository, values.get("core.hookspath")),
        _true(values.get("commit.gpgsign", "")),
        values.get("core.autocrlf", "false").lower() not in {"false", "no", "off", "0", ""},
        _attributes(values),
    )


def _values(said: str) -> dict[str, str]:
    """The variables by name; of one that is set several times, the last counts."""
    values: dict[str, str] = {}
    for line in said.split("\n"):
        key, _, value = line.partition("=")
        values[key] = value if "=" in line else "true"
    return values


def _attributes(values: dict[str, str]) -> tuple[Path, ...]:
    """The files of attributes outside of a repository; newer versions of git list them."""
    names = [values[key] for key in ("GIT_ATTR_SYSTEM", "GIT_ATTR_GLOBAL") if key in values]
    if "GIT_ATTR_SYSTEM" not in values:
        names += [f"{prefix}/etc/gitattributes" for prefix in ("", "/usr/local", "/opt/homebrew")]
    if "GIT_ATTR_GLOBAL" not in values:
        kept = environment()
        home = kept.get("XDG_CONFIG_HOME") or f"{kept.get('HOME', '')}/.config"
        names.append(values.get("core.attributesfile", f"{home}/git/attributes"))
    return tuple(Path(name).expanduser() for name in names)


def _true(value: str) -> bool:
    return value.lower() in {"true", "yes", "on"} or (value.isdigit() and int(value) != 0)


def _has_hooks(repository: Repository, named: str | None) -> bool:
    folder = repository.common_dir / "hooks"
    if named:
        if named.startswith(("~", "%")):
            named = repository.git.text("config", "--type=path", "core.hooksPath")
        folder = (repository.top or repository.git_dir) / named
    return any(os.access(folder / hook, os.X_OK) and (folder / hook).is_file() for hook in _HOOKS)


_ASKED = ("text", "eol", "crlf", "filter", "ident", "working-tree-encoding")
_UNSET = {"unspecified", "unset"}
_PRINTABLE = bytes([8, 9, 12, 27, *range(32, 127), *range(128, 256)])


class Conversion:
    """What becomes of the texts of one path after another; a context manager.

    In a bare repository, and where no attributes and settings ask for it, nothing is changed.
    """

    def __init__(self, repository: Repository, settings: GitSettings) -> None:
        self._repository = repository
        self._line_ends = settings.line_ends
        places = [repository.common_dir / "info" / "attributes", *settings.attributes]
        self._everywhere = any(os.path.lexists(place) for place in places)
        self._bare = repository.top is None
        self._folders: dict[str, bool] = {"": self._has("")}
        self._process: subprocess.Popen[bytes] | None = None
        self._mode = "plain"  # of the path at hand: "plain", "text", "auto", "git"
        self._path = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait()

    def _has(self, folder: str) -> bool:
        top = self._repository.top
        return top is not None and os.path.lexists(Path(top, folder, ".gitattributes"))

    def _attributes_apply(self, folder: str) -> bool:
        found = self._folders.get(folder)
        if found is None:
            found = self._has(folder) or self._attributes_apply(folder.rpartition("/")[0])
            self._folders[folder] = found
        return found

    def of(self, path: str, *, has_crlf: bool) -> None:
        """The texts that follow are of this path; ``has_crlf``: the branch has it with CRLF."""
        self._path = path
        self._mode = "plain"
        if self._bare:
            return
        folder = path.rpartition("/")[0]
        values = dict.fromkeys(_ASKED, "unspecified")
        if self._everywhere or self._attributes_apply(folder):
            values = self._ask(path)
        if any(values[key] not in _UNSET for key in ("filter", "ident", "working-tree-encoding")):
            self._mode = "git"
            return
        text = values["text"] if values["text"] != "unspecified" else _old(values["crlf"])
        if text == "unset":
            return
        if text == "set" or (text == "unspecified" and values["eol"] in ("lf", "crlf")):
            self._mode = "text"
        elif (text == "auto" or self._line_ends) and not has_crlf:
            self._mode = "auto"

    def _ask(self, path: str) -> dict[str, str]:
        """The attributes of a path, from one process that goes on running."""
        if self._process is None:
            self._process = subprocess.Popen(
                ["git", "check-attr", "-z", "--stdin", *_ASKED],
                cwd=self._repository.git.directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(path.encode("utf-8", "surrogateescape") + b"\0")
        self._process.stdin.flush()
        said = b""
        while said.count(b"\0") < 3 * len(_ASKED):
            block = self._process.stdout.read1(65536)  # type: ignore[attr-defined]
            if not block:
                raise TrackerError(
                    "git stopped while it was asked for attributes.", "Try: git check-attr -a ."
                )
            said += block
        words = said.decode("utf-8", "surrogateescape").split("\0")
        return dict(zip(words[1::3], words[2::3], strict=False))

    def __call__(self, data: bytes) -> bytes:
        """The bytes that git stores for a file with these."""
        if self._mode == "plain" or (b"\r" not in data and self._mode != "git"):
            return data
        if self._mode == "text" or (self._mode == "auto" and not _binary(data)):
            return data.replace(b"\r\n", b"\n")
        if self._mode == "auto":
            return data
        git = self._repository.git
        try:
            blob = git.text("hash-object", "-w", f"--path={self._path}", "--stdin", data=data)
        except GitError as error:
            raise TrackerError(
                f"git cannot take the text as it would take a file: {first_line(error.stderr)}.",
                "See what its filters and attributes say: git check-attr --all",
            ) from None
        return git.run("cat-file", "blob", blob)


def _old(crlf: str) -> str:
    """The attribute ``text`` that the older ``crlf`` stands for."""
    return {"set": "set", "unset": "unset", "input": "set"}.get(crlf, "unspecified")


def _binary(data: bytes) -> bool:
    """What git takes for binary when it has to guess."""
    if b"\0" in data or b"\r" in data.replace(b"\r\n", b""):
        return True
    printable = len(data) - len(data.translate(None, _PRINTABLE))
    odd = len(data.translate(None, _PRINTABLE + b"\r\n"))
    return (printable >> 7) < odd
