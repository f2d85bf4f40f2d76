"""A diff as an editor reads it in a test: ``[-gone-]{+come+}``, ``{>moved<}``."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.model import Edit


def marked(edits: Iterable[Edit], new: str, start: int = 0, end: int | None = None) -> str:
    """The new text with its verbal edits marked; those that touch no word are left out."""
    parts = []
    at = start
    for edit in edits:
        parts += [new[at : edit.new_start], _mark(edit, new)]
        at = edit.new_end
    return "".join([*parts, new[at:end]])


def _mark(edit: Edit, new: str) -> str:
    if edit.operation == "move":
        return "{>" + marked(edit.within, new, edit.new_start, edit.new_end) + "<}"
    if not edit.verbal:
        return edit.new
    gone = f"[-{edit.old}-]" if edit.old else ""
    return gone + ("{+" + edit.new + "+}" if edit.new else "")
