"""Two versions of an article -> one Change: the library's ``tracker.compare``."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from tracker.house.notes import find_notes
from tracker.model import Change, FoundNote
from tracker.text import diff as differ
from tracker.text.changes import judge
from tracker.text.changes import words_of_first as count_first
from tracker.text.document import Document, parse
from tracker.text.lexicon import guess

if TYPE_CHECKING:
    from tracker.house.style import Style


LARGEST = 3_000_000
"""Code points of a text up to which it is compared word by word; no article is as long."""


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
    return between(Text(old), Text(new), style, language)


def words_of_first(
    text: str, *, style: Style | str | None = None, language: str | None = None
) -> int:
    """Return the words that ``compare("", text)`` says are added, four times as fast."""
    first = Text(text)
    found = differ.diff("", text)
    spoken = language or first.document.language or guess(first.document.body)
    body = any(edit.field is None for edit in found.edits)
    return count_first(text, found, first.notes(style, spoken) if body else ())


class Text:
    """One version of an article, parsed and searched for notes when that is first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._notes: dict[tuple[str, str], tuple[FoundNote, ...]] = {}

    @cached_property
    def document(self) -> Document:
        """Its front matter and body."""
        return parse(self.text)

    def notes(self, style: Style | str | None, language: str) -> tuple[FoundNote, ...]:
        """The notes that stand in its body."""
        key = style if isinstance(style, str) else style.name if style else "", language
        if key not in self._notes:
            due = self.document.published_date
            day = due.date() if isinstance(due, datetime) else due
            self._notes[key] = find_notes(self.text, day, style, language)
        return self._notes[key]


def between(old: Text, new: Text, style: Style | str | None, language: str | None) -> Change:
    """Return what ``compare`` does, of texts whose reading may serve for more than one pair."""
    before, after = old.document, new.document
    spoken = language or after.language or before.language or guess(after.body or before.body)
    large = max(len(old.text), len(new.text)) > LARGEST
    found = differ.diff(old.text, new.text, coarse=large)
    # Notes matter only where the body changed; most changes to the front matter leave it alone.
    body = not large and any(edit.field is None for edit in found.edits)
    return judge(
        old.text,
        new.text,
        found,
        old.notes(style, spoken) if body else (),
        new.notes(style, spoken) if body else (),
        spoken,
        (before.body_start, after.body_start),
    )
