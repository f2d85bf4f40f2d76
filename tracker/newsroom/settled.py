"""The committed file of findings that somebody looked at and closed for good."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from tracker.errors import TrackerError
from tracker.house.toml_file import Keys, nearest, read_table, wrong_value
from tracker.model import Finding
from tracker.newsroom.workspace import Workspace
from tracker.policy.rules import refuse_unknown
from tracker.policy.settled import Settled
from tracker.store.files import Folder

SETTLED_FILE = ".tracker-reviewed.toml"

_HEAD = """\
# Findings of `tracker check` that an editor looked at and closed. Commit this file.
# commit and path say which revision; without rule, all findings about it are closed.
"""
_KEYS: Keys = {"commit": str, "path": str, "rule": str, "who": str, "why": str}
_HASH = re.compile(r"[0-9a-f]{7,64}")


def read_settled(workspace: Workspace) -> tuple[Settled, ...]:
    """What the file says; nothing where there is none.

    Raises ``TrackerError`` for a file that does not parse, or whose tables hold something else.
    """
    text = workspace.file(SETTLED_FILE)
    if not text or not text.strip():
        return ()
    table = read_table(text, SETTLED_FILE)
    rows = table.get("reviewed", [])
    other = min(set(table) - {"reviewed"}, default=None)
    if other is not None or not isinstance(rows, list):
        raise TrackerError(
            f"{SETTLED_FILE} holds [[reviewed]] tables and nothing else.",
            "Write [[reviewed]] with two brackets."
            if other is None
            else f"Take “{other}” out, or put it into such a table.",
        )
    return tuple(_settled(row, number) for number, row in enumerate(rows, start=1))


def _settled(row: object, number: int) -> Settled:
    where = f"{SETTLED_FILE}, entry {number}"
    if not isinstance(row, dict):
        raise TrackerError(f"{where} is no table.", "Write [[reviewed]], and its keys below.")
    for key, value in row.items():
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            hint = f"Did you mean “{near}”?" if near else f"The keys are {', '.join(_KEYS)}."
            raise TrackerError(f"{where}: “{key}” is not a key that is known.", hint)
        if wrong_value(value, _KEYS[key]):
            raise TrackerError(f"{where}: “{key}” must be text.", "Put it in quotes.")
    for key in ("commit", "path"):
        if key not in row:
            raise TrackerError(f"{where} has no “{key}”.", "It says which revision is meant.")
    commit = row["commit"].strip().lower()
    if not _HASH.fullmatch(commit):
        raise TrackerError(
            f"{where}: “{row['commit'][:70]}” is no hash of a commit.",
            "Give seven digits of it or more, as tracker check prints them.",
        )
    rule = row.get("rule", "")
    if rule:
        refuse_unknown([rule], where)
    return Settled(commit, row["path"], rule, row.get("who", ""), row.get("why", ""))


def settle(workspace: Workspace, found: Iterable[Finding], who: str, why: str) -> int:
    """Add findings to the file on disk; how many were added. Commit it afterwards.

    Findings about what is not recorded yet are left out: there is no commit to name.
    """
    root = workspace.root
    if root is None:
        raise TrackerError(
            "This repository is bare: it has no files on disk.", "Settle findings in a clone."
        )
    rows = [each for each in found if each.commit]
    if not rows:
        return 0
    tables = "".join(_table(each, who, why) for each in rows)

    def more(before: bytes | None) -> bytes:
        text = (before or b"").decode("utf-8-sig") or _HEAD
        return f"{text.rstrip()}\n{tables}".encode()

    with Folder.open(root, follow=True) as folder:
        folder.update(SETTLED_FILE, more)
    return len(rows)


def _table(finding: Finding, who: str, why: str) -> str:
    pairs = {
        "commit": finding.commit or "",
        "path": finding.path,
        "rule": finding.rule,
        "who": who,
        "why": why,
    }
    lines = [f"{key} = {_quoted(value)}" for key, value in pairs.items() if value]
    return "\n[[reviewed]]\n" + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's, but for DEL and lone surrogates."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")
