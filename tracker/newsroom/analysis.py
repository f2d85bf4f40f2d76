"""What pairs of texts mean: worked out once, then remembered in the catalog."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

from tracker.house.settings import Settings
from tracker.model import Change, FieldChange, Meaning

FACTS = frozenset({"number", "date", "name", "quote", "negation"})

Compare = Callable[[str, str], Change]


def meaning(change: Change) -> Meaning:
    """A change without its edits."""
    touched = [edit for edit in change.edits if edit.verbal and edit.labels and edit.field is None]
    return Meaning(
        change.words_added,
        change.words_removed,
        change.substantive,
        change.labels,
        change.reasons,
        change.fields,
        first=min((edit.new_start for edit in touched), default=None),
        fact_replaced=any(
            edit.operation == "replace" and edit.labels & FACTS for edit in change.edits
        ),
    )


def to_json(found: Meaning) -> str:
    """A meaning as compact JSON."""
    fields = [[each.key, each.role, each.old, each.new] for each in found.fields]
    return json.dumps(
        [
            found.words_added,
            found.words_removed,
            found.substantive,
            sorted(found.labels),
            found.reasons,
            fields,
            found.first,
            found.fact_replaced,
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def from_json(text: str) -> Meaning | None:
    """The meaning that ``to_json`` wrote; None for anything else."""
    try:
        added, removed, substantive, labels, reasons, fields, first, replaced = json.loads(text)
        return Meaning(
            added,
            removed,
            substantive,
            frozenset(labels),
            tuple(reasons),
            tuple(FieldChange(*each) for each in fields),
            first,
            replaced,
        )
    except (TypeError, ValueError):
        return None


class Analyst:
    """Says what pairs of texts mean, from memory where it can.

    ``known`` holds JSON of earlier answers by pair of blobs; ``learned`` what was worked out.
    """

    def __init__(self, compare: Compare, known: dict[tuple[str, str], str] | None = None) -> None:
        self._compare = compare
        self._known = known or {}
        self.learned: dict[tuple[str, str], str] = {}

    def meaning(self, old_blob: str, old: str, new_blob: str, new: str) -> Meaning:
        """What the change from one text to the next means. The first text's old one is empty."""
        remembered = self._known.get((old_blob, new_blob))
        found = from_json(remembered) if remembered is not None else None
        if found is None:
            found = meaning(self._compare(old, new))
            self.learned[old_blob, new_blob] = to_json(found)
        return found


def rules_key(settings: Settings) -> str:
    """A digest of all that an answer depends on beside the two texts."""
    style = settings.style
    house = (style.name, style.locale, style.day_first, sorted(style.templates.items()))
    return sha256(repr((_rules_version(), settings.language, house)).encode()).hexdigest()[:24]


@cache
def _rules_version() -> str:
    """A digest of the files of the rules: no one has to think of raising a number."""
    package = Path(__file__).parents[1]
    digest = sha256()
    for file in _files(package / room for room in ("text", "house")):
        digest.update(file.relative_to(package).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def _files(folders: Iterable[Path]) -> list[Path]:
    return sorted(
        file for folder in folders for file in folder.rglob("*") if file.suffix in (".py", ".toml")
    )
