"""What git's configuration says that matters to a recording: who commits, hooks, line ends."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store.git import GitError, Repository, environment, identity, parsed_identity

_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")


class Settings(NamedTuple):
    """What git's configuration says that matters to a recording."""

    committer: str  # "Name <email> seconds offset", now
    hooks: bool  # a commit hook would run
    signs: bool  # commits are to be signed
    sparse: bool  # the work tree holds a part of the files only
    cones: bool  # that part is told by folders, as newer versions of git do it
    modes: bool  # the file system knows which files are executable
    line_ends: bool  # git turns line ends without being told so by attributes
    attributes: tuple[Path, ...]  # where a person's or a machine's attributes would stand


def settings(repository: Repository, said: str) -> Settings:
    """What matters of ``git var -l``. Raises ``TrackerError`` where git knows no identity."""
    values = _values(said)
    hooks_in_settings = any(
        key.startswith("hook.") and key.endswith(".event") and value in _HOOKS
        for key, value in (line.split("=", 1) for line in said.split("\n") if "=" in line)
    )
    committer = values.get("GIT_COMMITTER_IDENT", "")
    if _doubtful(committer, values, "committer"):
        try:
            committer = repository.git.text("var", "GIT_COMMITTER_IDENT")
        except GitError:
            raise TrackerError(
                "git does not know who you are.",
                'Say so: git config user.name "Your Name"; git config user.email you@example.org',
            ) from None
    sparse = _true(values.get("core.sparsecheckout", ""))
    return Settings(
        committer,
        hooks_in_settings or _has_hooks(repository, values.get("core.hookspath")),
        _true(values.get("commit.gpgsign", "")),
        sparse,
        sparse and _true(values.get("core.sparsecheckoutcone", "")),
        _true(values.get("core.filemode", "true")),
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


def author(repository: Repository, said: str) -> tuple[Person, datetime]:
    """Who git says is writing, and its present time, of ``git var -l``: see ``git.identity``."""
    values = _values(said)
    given = values.get("GIT_AUTHOR_IDENT", "")
    if _doubtful(given, values, "author"):
        return identity(repository)
    return parsed_identity(given)


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


def _doubtful(identity: str, values: dict[str, str], role: str) -> bool:
    """True where git lists an identity that it may refuse to commit with."""
    name, _, rest = identity.partition(" <")
    given = (
        environment().get(f"GIT_{role.upper()}_NAME"),
        values.get("user.name"),
        values.get(f"{role}.name"),
    )
    return (
        not name or "(none)>" in rest or "" in given or _true(values.get("user.useconfigonly", ""))
    )


def _true(value: str) -> bool:
    return value.lower() in {"true", "yes", "on"} or (value.isdigit() and int(value) != 0)


def _has_hooks(repository: Repository, named: str | None) -> bool:
    folder = repository.common_dir / "hooks"
    if named:
        if named.startswith(("~", "%")):
            named = repository.git.text("config", "--type=path", "core.hooksPath")
        folder = (repository.top or repository.git_dir) / named
    return any(os.access(folder / hook, os.X_OK) and (folder / hook).is_file() for hook in _HOOKS)
