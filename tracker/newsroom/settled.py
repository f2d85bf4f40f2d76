"""The committed file of findings that somebody looked at and closed for good."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tracker.errors import TrackerError
from tracker.model import Finding
from tracker.newsroom.place import Place
from tracker.policy import RULES, Settled

SETTLED_FILE = ".tracker-reviewed.toml"

_HEAD = """\
# Findings of `tracker check` that an editor looked at and closed. Commit this file.
# commit and path say which revision; rule may be left out for all of them.
"""


def read_settled(place: Place) -> tuple[Settled, ...]:
    """What the file says; nothing where there is none.

    Raises ``TrackerError`` for a file that does not parse or has other keys.
    """
    text = place.file(SETTLED_FILE)
    if not text:
        return ()
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrackerError(f"{SETTLED_FILE}: {error}.", "Mend the line, or delete it.") from None
    rows = table.get("reviewed", [])
    if not isinstance(rows, list) or set(table) - {"reviewed"}:
        raise TrackerError(
            f"{SETTLED_FILE} holds [[reviewed]] tables and nothing else.", "Mend the file."
        )
    return tuple(_settled(row, number) for number, row in enumerate(rows, start=1))


def _settled(row: object, number: int) -> Settled:
    where = f"{SETTLED_FILE}, entry {number}"
    if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
        raise TrackerError(f"{where}: every value must be text.", "Put it in quotes.")
    unknown = set(row) - {"commit", "path", "rule", "who", "why"}
    if unknown or "commit" not in row or "path" not in row:
        raise TrackerError(
            f"{where}: the keys are commit, path, rule, who and why.",
            f"Remove {min(unknown)}." if unknown else "Add commit and path.",
        )
    rule = row.get("rule", "")
    if rule and rule not in RULES:
        raise TrackerError(f"{where}: there is no rule “{rule}”.", f"Rules: {', '.join(RULES)}.")
    if len(row["commit"]) < 7:
        raise TrackerError(f"{where}: the commit is too short.", "Give seven digits or more.")
    return Settled(row["commit"], row["path"], rule, row.get("who", ""), row.get("why", ""))


def settle(place: Place, found: Iterable[Finding], who: str, why: str) -> int:
    """Add findings to the file on disk; how many were added. Commit it afterwards."""
    root = place.root
    if root is None:
        raise TrackerError(
            "This repository is bare: it has no files on disk.", "Settle findings in a clone."
        )
    rows = [each for each in found if each.commit]
    if not rows:
        return 0
    before = place.file(SETTLED_FILE) or _HEAD
    tables = "".join(_table(each, who, why) for each in rows)
    (root / SETTLED_FILE).write_text(before.rstrip("\n") + "\n" + tables, encoding="utf-8")
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
