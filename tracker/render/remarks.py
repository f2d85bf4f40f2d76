"""What a comparison says of a change that touches no word."""

from __future__ import annotations

from tracker.model import Change, Edit


def no_word(change: Change) -> str | None:
    """The key of the phrase for a change in which no word differs and none moved.

    It says what did change: links, images, markup, or white space and quotation marks alone. None
    where a word or the front matter differs.
    """
    if not change.edits:
        return "comparison.no_change"
    if change.fields or any(edit.verbal or edit.operation == "move" for edit in change.edits):
        return None
    touched = {_touched(edit) for edit in change.edits}
    return touched.pop() if len(touched) == 1 else "comparison.only_unread"


def _touched(edit: Edit) -> str:
    if "link" in edit.labels:
        return "comparison.only_link"
    if "image" in edit.labels:
        return "comparison.only_image"
    # What has no label is white space, and quotation marks are a matter of style.
    return "comparison.only_markup" if edit.labels - {"style"} else "comparison.only_formatting"
