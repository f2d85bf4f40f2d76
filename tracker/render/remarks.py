"""What is said of a change that touches no word."""

from __future__ import annotations

from tracker.model import Change, Edit, Revision


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


def only_joins(revision: Revision) -> bool:
    """True of a merge that changed nothing beside the versions that it brings together.

    It is a revision all the same: readers saw a text that neither of them was.
    """
    counted = revision.words_added or revision.words_removed or revision.labels
    return len(revision.written_on) > 1 and not counted


def _touched(edit: Edit) -> str:
    if "link" in edit.labels:
        return "comparison.only_link"
    if "image" in edit.labels:
        return "comparison.only_image"
    # What has no label is white space, and quotation marks are a matter of style.
    return "comparison.only_markup" if edit.labels - {"style"} else "comparison.only_formatting"
