"""Answers as compact JSON, for the catalog: what pairs of texts mean, and what texts say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime

from tracker.model import FieldChange, Meaning, Note, Reason
from tracker.newsroom.chronicle import Reading


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def meaning_to_json(found: Meaning) -> str:
    """A meaning as JSON."""
    fields = [[each.key, each.role, each.old, each.new] for each in found.fields]
    return _dump(
        [
            found.words_added,
            found.words_removed,
            found.substantive,
            sorted(found.labels),
            _plain_reasons(found.why),
            fields,
            found.line,
            found.fact_replaced,
        ]
    )


def meaning_from_json(text: str) -> Meaning | None:
    """The meaning that ``meaning_to_json`` wrote; None for anything else."""
    try:
        added, removed, substantive, labels, reasons, fields, line, replaced = json.loads(text)
        why = tuple(Reason(*each) for each in reasons)
        return Meaning(
            added,
            removed,
            substantive,
            frozenset(labels),
            tuple(each.sentence for each in why),
            tuple(FieldChange(*each) for each in fields),
            line,
            replaced,
            why,
        )
    except (TypeError, ValueError, RecursionError):
        return None


def notes_to_json(notes: Sequence[Note]) -> str:
    """Notes as JSON."""
    return _dump(_plain_notes(notes))


def notes_from_json(text: str) -> tuple[Note, ...]:
    """The notes that ``notes_to_json`` wrote."""
    return tuple(_note(*each) for each in json.loads(text))


def reasons_to_json(reasons: Sequence[Reason]) -> str:
    """Reasons as JSON: the values alone, since every sentence is made from them."""
    return _dump(_plain_reasons(reasons))


def reasons_from_json(text: str) -> tuple[Reason, ...]:
    """The reasons that ``reasons_to_json`` wrote."""
    return tuple(Reason(*each) for each in json.loads(text))


def _plain_reasons(reasons: Sequence[Reason]) -> list[list[str]]:
    return [_without_empty_end(each) for each in reasons]


def _without_empty_end(values: Sequence[str]) -> list[str]:
    found = list(values)
    while not found[-1]:
        found.pop()
    return found


def _plain_notes(notes: Sequence[Note]) -> list[object]:
    return [
        [
            note.id,
            note.kind,
            note.text,
            note.at.isoformat(),
            note.precision,
            note.amends,
            note.withdrawn.isoformat() if note.withdrawn else None,
            note.covers,
            note.origin,
            note.written,
            note.language,
        ]
        for note in notes
    ]


def reading_to_json(found: Reading) -> str:
    """A reading as JSON."""
    due = found.due.isoformat() if found.due else None
    return _dump([found.headline, found.draft, due, _plain_notes(found.notes), found.marked])


def reading_from_json(text: str) -> Reading | None:
    """The reading that ``reading_to_json`` wrote; None for anything else."""
    try:
        headline, draft, due, notes, marked = json.loads(text)
        return Reading(
            headline, draft, day_or_instant(due), tuple(_note(*each) for each in notes), marked
        )
    except (TypeError, ValueError, RecursionError, AttributeError):
        return None


def day_or_instant(text: str | None) -> date | None:
    """A day, or an instant, as ISO 8601 has it; None for nothing."""
    if not text:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _note(
    name: str,
    kind: str,
    text: str,
    at: str,
    precision: str,
    amends: str | None,
    withdrawn: str | None,
    covers: str | None,
    origin: str,
    written: str,
    language: str,
) -> Note:
    return Note(
        name,
        kind,  # type: ignore[arg-type]
        text,
        datetime.fromisoformat(at),
        precision,  # type: ignore[arg-type]
        amends,
        datetime.fromisoformat(withdrawn) if withdrawn else None,
        covers,
        origin,  # type: ignore[arg-type]
        written,
        language,
    )
