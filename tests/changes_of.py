"""A Change for tests of the faces: the edits of the diff, with no judgment upon them."""

from __future__ import annotations

from tracker.model import Change
from tracker.text.diff import diff


def change_of(old: str, new: str, labels: frozenset[str] = frozenset()) -> Change:
    found = diff(old, new)
    return Change(
        edits=found.edits,
        fields=found.fields,
        words_added=found.words_added,
        words_removed=found.words_removed,
        coarse=found.coarse,
        substantive=bool(labels),
        labels=labels,
        reasons=(),
    )
