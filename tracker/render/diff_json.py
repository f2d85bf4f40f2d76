"""A Change as JSON; the schema is ``docs/diff.schema.json``."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tracker.model import Article, Change, Edit, FieldChange
from tracker.render.plain import plain

SCHEMA_VERSION = 1
"""Goes up when a key changes its meaning or goes away; new keys may come without that."""


class Side(NamedTuple):
    """Which text one side of the diff is. Every field may be None: two plain files have none."""

    revision: int | None = None  # number in the article's history
    commit: str | None = None  # full hash
    at: datetime | None = None  # aware; when readers first saw it
    path: str | None = None  # of the article in the repository, or of the file


def value(
    change: Change,
    *,
    article: Article | None = None,
    old: Side | None = None,
    new: Side | None = None,
) -> dict[str, object]:
    """What ``json.dumps`` takes. Offsets are code points; instants ISO 8601 with offset."""
    return {
        "schema": SCHEMA_VERSION,
        "article": plain(article),
        "old": _side(old or Side()),
        "new": _side(new or Side()),
        "substantive": change.substantive,
        "labels": sorted(change.labels),
        "reasons": list(change.reasons),
        "words_added": change.words_added,
        "words_removed": change.words_removed,
        "coarse": change.coarse,
        "fields": [_field(field) for field in change.fields],
        "edits": [edit_object(edit) for edit in change.edits],
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "revision": side.revision,
        "commit": side.commit,
        "at": side.at.isoformat() if side.at else None,
        "path": side.path,
    }


def _field(field: FieldChange) -> dict[str, object]:
    return {"key": field.key, "role": field.role, "old": field.old, "new": field.new}


def edit_object(edit: Edit) -> dict[str, object]:
    """One edit, with the edits inside a move."""
    return {
        "operation": edit.operation,
        "old": edit.old,
        "new": edit.new,
        "old_start": edit.old_start,
        "old_end": edit.old_end,
        "new_start": edit.new_start,
        "new_end": edit.new_end,
        "old_sentence": edit.old_sentence,
        "new_sentence": edit.new_sentence,
        "verbal": edit.verbal,
        "field": edit.field,
        "labels": sorted(edit.labels),
        "within": [edit_object(inner) for inner in edit.within],
    }
