"""Two versions of an article -> one Change: the library's ``tracker.compare``."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from tracker.house.notes.find import body_notes
from tracker.house.notes.glance import Hits, candidates
from tracker.locale import base
from tracker.model import Change, Diff, FoundNote
from tracker.text.document import Document, parse

if TYPE_CHECKING:
    from tracker.house.style import Style
    from tracker.text.judge.boilerplate import Boilerplate
    from tracker.text.judge.changes import Judged


Looked = dict[tuple[str, str], Hits]
"""Where a text may have notes, by the name of the style and the language that were asked for."""

LARGEST = 3_000_000
"""Code points of a text up to which it is compared word by word; no article is as long."""


def compare(
    old: str,
    new: str,
    *,
    style: Style | str | None = None,
    language: str | None = None,
    boilerplate: Boilerplate | None = None,
) -> Change:
    """Return what changed from one version of an article to the next, and what that means.

    ``old`` and ``new`` are whole texts, front matter included; offsets in the edits count code
    points in them. ``style`` is a house style or its name: with it, notes are read as the house
    writes them. ``language`` is an ISO 639-1 code or a longer tag; without it the front matter's
    language counts, and without that, a guess by script and commonest words. ``boilerplate`` is
    what the archive repeats from article to article: a change to that alone is small. Any text
    gives an answer; work is bounded, and ``coarse`` says where a limit was reached.
    """
    for text in (old, new):
        if not isinstance(text, str):
            raise TypeError(f"compare takes two texts, not {type(text).__name__}")
    return Compared(Text(old), Text(new), style, language, boilerplate).change


def words_of_first(
    text: str, *, style: Style | str | None = None, language: str | None = None
) -> int:
    """Return the words that ``compare("", text)`` says are added, four times as fast."""
    return Compared(Text(""), Text(text), style, language).words[0]


class Text:
    """One version of an article, parsed and searched for notes when that is first asked for."""

    def __init__(self, text: str, looked: Looked | None = None) -> None:
        """``looked`` is what ``hits`` found in this text before, and is added to."""
        self.text = text
        self._looked: Looked = {} if looked is None else looked
        self._notes: dict[tuple[str, str, bool], tuple[FoundNote, ...]] = {}

    @cached_property
    def document(self) -> Document:
        """Its front matter and body."""
        return parse(self.text)

    def notes(
        self, style: Style | str | None, language: str, *, marked: bool = True
    ) -> tuple[FoundNote, ...]:
        """The notes that stand in its body; without ``marked``, none between the markers."""
        marked = marked or "<!--" not in self.text  # where there are no markers it is all the same
        key = style if isinstance(style, str) else style.name if style else "", language, marked
        if key not in self._notes:
            if isinstance(style, str):
                from tracker.house.style import load

                style = load(style)
            due = self.document.published_date
            day = due.date() if isinstance(due, datetime) else due
            start = self.document.body_start
            hits = self.hits(style, base(language)) if style else None
            found = body_notes(
                self.text, day, style, language, start=start, marked=marked, hits=hits
            )
            self._notes[key] = tuple(note for note, _ in found)
        return self._notes[key]

    def hits(self, style: Style, code: str) -> Hits:
        """Where its body may have notes, in the words of a style and of a language."""
        key = style.name, code
        if key not in self._looked:
            start = self.document.body_start
            self._looked[key] = candidates(self.text, start, code, style, style.day_first)
        return self._looked[key]


class Compared:
    """Two versions of an article, compared as far as is asked for.

    Counting words takes a third of what judging does. The texts may serve for more pairs.
    """

    def __init__(
        self,
        old: Text,
        new: Text,
        style: Style | str | None,
        language: str | None,
        boilerplate: Boilerplate | None = None,
        *,
        brief: bool = False,
    ) -> None:
        """``brief``: of the front matter, nobody will ask for more than its ``fields``."""
        self.old = old
        self.new = new
        self._style = style
        self._language = language
        self._boilerplate = boilerplate
        self._brief = brief

    @cached_property
    def words(self) -> tuple[int, int]:
        """Words added and removed, as ``change`` has them."""
        if not self._diff.words_added and not self._diff.words_removed:
            return 0, 0
        from tracker.text.judge.article import words_changed

        notes = self._notes(marked=False)
        return words_changed(self.old.text, self.new.text, self._diff, *notes, self._starts)

    @cached_property
    def change(self) -> Change:
        """What changed, and what that means: see ``compare``."""
        from tracker.text.judge.changes import tell  # a recording that is told of needs none of it

        notes = self._notes()
        texts = self.old.text, self.new.text
        return tell(*texts, self._diff, *notes, self._starts, self.judged)

    @property
    def notes(self) -> tuple[tuple[FoundNote, ...], tuple[FoundNote, ...]]:
        """The notes in both bodies, where a body changed."""
        return self._notes()

    @cached_property
    def judged(self) -> Judged:
        """What the rules find, each with the signs by which it is weighed."""
        from tracker.text.judge.changes import judged

        texts = self.old.text, self.new.text
        notes = self._notes()
        return judged(*texts, self._diff, *notes, self._spoken, self._starts, self._boilerplate)

    @cached_property
    def _diff(self) -> Diff:
        from tracker.text.diff import diff

        return diff(self.old.text, self.new.text, coarse=self._large, brief=self._brief)

    @property
    def _starts(self) -> tuple[int, int]:
        return self.old.document.body_start, self.new.document.body_start

    @property
    def _large(self) -> bool:
        return max(len(self.old.text), len(self.new.text)) > LARGEST

    @cached_property
    def _spoken(self) -> str:
        before, after = self.old.document, self.new.document
        known = self._language or after.language or before.language
        if known:
            return known
        from tracker.text.lexicon import guess

        return guess(after.body or before.body)

    def _notes(self, *, marked: bool = True) -> tuple[tuple[FoundNote, ...], tuple[FoundNote, ...]]:
        """Those in the bodies; they matter only where a body changed, which most notes leave."""
        if self._large or all(edit.field is not None for edit in self._diff.edits):
            return (), ()
        style, spoken = self._style, self._spoken
        return (
            self.old.notes(style, spoken, marked=marked),
            self.new.notes(style, spoken, marked=marked),
        )
