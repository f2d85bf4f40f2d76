"""The committed file of findings that somebody looked at and closed for good."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, datetime, time, tzinfo

from tracker.errors import TrackerError
from tracker.house.toml_file import Keys, nearest, read_table, wrong_value
from tracker.model import Finding
from tracker.newsroom.workspace import Workspace
from tracker.policy.rules import Resolved, refuse_unknown
from tracker.store.files import Folder

RESOLVED_FILE = ".tracker-reviewed.toml"

_HEAD = """\
# Findings of `tracker check` that an editor looked at and closed. Commit this file.
# commit and path say which revision; without rule, all findings about it are closed.
# before, in their place, closes what came before that instant: by rule, where one is named.
"""
_KEYS: Keys = {
    "commit": str,
    "path": str,
    "rule": str,
    "before": (datetime, date),
    "who": str,
    "why": str,
}
_HASH = re.compile(r"[0-9a-f]{7,64}")


def read_resolved(workspace: Workspace) -> tuple[Resolved, ...]:
    """What the file says; nothing where there is none.

    Raises ``TrackerError`` for a file that does not parse, or whose tables hold something else.
    """
    text = workspace.file(RESOLVED_FILE)
    if not text or not text.strip():
        return ()
    table = read_table(text, RESOLVED_FILE)
    rows = table.get("reviewed", [])
    other = min(set(table) - {"reviewed"}, default=None)
    if other is not None or not isinstance(rows, list):
        raise TrackerError(
            f"{RESOLVED_FILE} holds [[reviewed]] tables and nothing else.",
            "Write [[reviewed]] with two brackets."
            if other is None
            else f"Take “{other}” out, or put it into such a table.",
        )
    zone = workspace.settings.zone
    return tuple(_resolved(row, number, zone) for number, row in enumerate(rows, start=1))


def _resolved(row: object, number: int, zone: tzinfo) -> Resolved:
    where = f"{RESOLVED_FILE}, entry {number}"
    if not isinstance(row, dict):
        raise TrackerError(f"{where} is no table.", "Write [[reviewed]], and its keys below.")
    for key, value in row.items():
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            hint = f"Did you mean “{near}”?" if near else f"The keys are {', '.join(_KEYS)}."
            raise TrackerError(f"{where}: “{key}” is not a key that is known.", hint)
        if wrong := wrong_value(value, _KEYS[key]):
            hint = "Put it in quotes." if key != "before" else "Write it as 2022-05-12."
            raise TrackerError(f"{where}: “{key}” must be {wrong}.", hint)
    rule = row.get("rule", "")
    if rule:
        refuse_unknown([rule], where)
    who, why = row.get("who", ""), row.get("why", "")
    if "before" in row:
        return Resolved("", row.get("path", ""), rule, who, why, _instant(row["before"], zone))
    for key in ("commit", "path"):
        if key not in row:
            raise TrackerError(f"{where} has no “{key}”.", "It says which revision is meant.")
    commit = row["commit"].strip().lower()
    if not _HASH.fullmatch(commit):
        raise TrackerError(
            f"{where}: “{row['commit'][:70]}” is no hash of a commit.",
            "Give seven digits of it or more, as tracker check prints them.",
        )
    return Resolved(commit, row["path"], rule, who, why)


def _instant(given: datetime | date, zone: tzinfo) -> datetime:
    at = given if isinstance(given, datetime) else datetime.combine(given, time())
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def resolve(workspace: Workspace, found: Iterable[Finding], who: str, why: str) -> int:
    """Add findings to the file on disk; how many were added. Commit it afterwards.

    Findings about what is not recorded yet are left out: there is no commit to name.
    """
    rows = [each for each in found if each.commit]
    _append(
        workspace,
        [
            {"commit": commit, "path": each.path, "rule": each.rule, "who": who, "why": why}
            for each in rows
            for commit in (each.commit or "", *each.also)
        ],
    )
    return len(rows)


def resolve_before(
    workspace: Workspace, before: datetime, rules: Iterable[str], who: str, why: str
) -> None:
    """Close all findings of these rules, or of every rule, about what came before an instant."""
    _append(
        workspace,
        [{"rule": rule, "before": before, "who": who, "why": why} for rule in list(rules) or [""]],
    )


def _append(workspace: Workspace, rows: list[dict[str, str | datetime]]) -> None:
    """Put tables at the end of the file; two who do it at once both keep theirs."""
    root = workspace.root
    if root is None:
        raise TrackerError(
            "This repository is bare: it has no files on disk.", "Settle findings in a clone."
        )
    if not rows:
        return
    tables = "".join(_table(row) for row in rows)

    def added(before: bytes | None) -> bytes:
        text = before.decode("utf-8-sig") if before else _HEAD
        return f"{text.rstrip()}\n{tables}".encode()

    with Folder.open(root) as folder:
        folder.update(RESOLVED_FILE, added)


def _table(row: dict[str, str | datetime]) -> str:
    lines = [
        f"{key} = {value.isoformat() if isinstance(value, datetime) else _quoted(value)}"
        for key, value in row.items()
        if value
    ]
    return "\n[[reviewed]]\n" + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's, but for DEL and lone surrogates."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")
