"""Two versions of an article -> one Change: the library's ``tracker.compare``."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from tracker.house.notes import find_notes
from tracker.model import Change
from tracker.text import diff as differ
from tracker.text.changes import judge
from tracker.text.document import Document, parse
from tracker.text.lexicon import guess

if TYPE_CHECKING:
    from tracker.house.style import Style


def compare(
    old: str, new: str, *, style: Style | str | None = None, language: str | None = None
) -> Change:
    """Return what changed from one version of an article to the next, and what that means.

    ``old`` and ``new`` are whole texts, front matter included; offsets in the edits count code
    points in them. ``style`` is a house style or its name: with it, notes are read as the house
    writes them. ``language`` is an ISO 639-1 code or a longer tag; without it the front matter's
    language counts, and without that, a guess by script and commonest words. Any text gives an
    answer; work is bounded, and ``coarse`` says where a limit was reached.
    """
    before, after = parse(old), parse(new)
    spoken = language or after.language or before.language or guess(after.body or before.body)
    found = differ.diff(old, new)
    # Notes matter only where the body changed; most changes to the front matter leave it alone.
    body = any(edit.field is None for edit in found.edits)
    return judge(
        old,
        new,
        found,
        find_notes(old, _day(before), style, spoken) if body else (),
        find_notes(new, _day(after), style, spoken) if body else (),
        spoken,
        (before.body_start, after.body_start),
    )


def _day(document: Document) -> date | None:
    found = document.published_date
    return found.date() if isinstance(found, datetime) else found
