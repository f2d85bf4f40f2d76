"""Notes that stand in an article's body: found, joined with the front matter's, and compared.

``find_notes`` knows the shapes that people use (``passages``), the words of the language
(``notes.toml``) and, where it is told one, the house's own style.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker.house.style import Style
    from tracker.model import FoundNote


def find_notes(
    text: str,
    as_of: date | None = None,
    style: Style | str | None = None,
    language: str | None = None,
) -> tuple[FoundNote, ...]:
    """The reader-facing notes that stand in the body of a text, in their order.

    ``as_of`` is the day on which this text stood: it gives the year that a note leaves out, and
    without it such a note has no date. ``style`` is a house style or the name of a shipped one: a
    numeric date is read in its order. ``language`` is a BCP 47 tag; without it, and without a
    style, the words decide. Without a style, a numeric date that can be read in two ways is taken
    month first in American English and English of no country ("en"), else day first.

    Offsets are code points of the whole text and cover the whole note with its markup. A note is
    at the top when no prose but notes stands above it, at the bottom when none stands below it.
    Never raises for any text; a ``TrackerError`` names a style that is not known. The time is
    linear in the length of the text.
    """
    # Imported here: who writes notes has no need of what finds them.
    from tracker.house.notes.find import body_notes
    from tracker.house.notes.passages import body_start
    from tracker.house.style import load

    if isinstance(style, str):
        style = load(style)
    found = body_notes(text, as_of, style, language, start=body_start(text))
    return tuple(note for note, _ in found)
