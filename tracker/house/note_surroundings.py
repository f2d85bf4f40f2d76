"""What stands around a passage that looks like a note, and shows that it is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracker.house.note_dates import Context
from tracker.house.note_reading import Reading, read
from tracker.house.note_shapes import MARK, Passage, words_with_marks
from tracker.house.note_words import sequence

_LABELLED = re.compile(r"[^\w\n]{0,8}[\w/ -]{1,40}[\s\x01]*(?::|\x01[\s:]| [–—-] )")


class Surroundings:
    """The passages of a body, asked about the neighbors of one of them."""

    __slots__ = ("_items", "_seen", "context", "passages")

    def __init__(self, passages: Sequence[Passage], context: Context) -> None:
        self.passages = passages
        self.context = context
        self._items: dict[int, int] = {}  # see _label_of_item
        # Headings; None: not looked at yet.
        self._seen: dict[int, set[tuple[str, ...]]] | None = None

    def instructions(self, heading: Passage, words: str, reading: Reading) -> bool:
        """Whether a heading "Update" is one step of instructions, or a section of a reference."""
        if reading.when.day is not None or reading.kind != "update":
            return False
        known = self.context.languages
        opening = sequence(words[:80])
        if words.rstrip().endswith(":") or any(
            opening[: len(one)] == one
            for language in known
            for one in language.instruction_openings
        ):
            return True
        beside = self._headings().get(heading.level, set())
        return any(not beside.isdisjoint(language.instruction_headings) for language in known)

    def _headings(self) -> dict[int, set[tuple[str, ...]]]:
        """The short headings of the text by their level; computed once."""
        if self._seen is None:
            self._seen = {}
            for passage in self.passages:
                if passage.shape == "heading" and len(passage.raw) < 40:
                    self._seen.setdefault(passage.level, set()).add(sequence(passage.raw))
        return self._seen

    def step(self, index: int, passage: Passage, reading: Reading) -> bool:
        """Whether an item "Update: …" stands in a list of other labelled items."""
        if passage.shape != "item" or reading.when.day is not None or reading.said:
            return False
        if any(one in reading.words for one in "/._") and len(reading.words.split()) == 1:
            return True
        labelled = [
            self._label_of_item(near)
            for near in range(max(0, index - 20), min(len(self.passages), index + 20))
            if near != index
            and self.passages[near].group == passage.group
            and self.passages[near].shape == "item"
        ]
        return sum(labelled) > 0 or -1 in labelled

    def _label_of_item(self, index: int) -> int:
        """1 for an item with a label of its own, -1 for an undated "Update:", else 0."""
        if index not in self._items:
            head = words_with_marks(self.passages[index].raw[:200])
            self._items[index] = 0
            if _LABELLED.match(head):
                as_note = read(head, self.context)
                undated = as_note is not None and not as_note.when.day and not as_note.said
                other = as_note is None or as_note.weak
                self._items[index] = 1 if other else -1 if undated else 0
        return self._items[index]

    def quotes(self, index: int, passage: Passage) -> bool:
        """Whether a quotation block quotes somebody else's note."""
        if passage.shape != "quote" or index == 0:
            return False
        before = self.passages[index - 1]
        return (
            before.prose
            and before.shape != "quote"
            and before.raw.rstrip("*_ ").endswith((":", "...", "…"))
        )


def set_apart(passage: Passage, marked: str) -> bool:
    """Whether emphasis, brackets, a quotation block or a box sets the whole passage apart."""
    bare = marked.strip()
    return (
        passage.shape == "quote"
        or bool(passage.boxed)
        or passage.marked
        or (bare.startswith(MARK) and bare.rstrip(".").endswith(MARK))
        or (bare.strip(MARK)[:1] in ("(", "[") and bare.strip("\x01. ")[-1:] in (")", "]"))
    )


def closes(opening: str, closing: str) -> bool:
    """Whether one line of markup, a tag or a shortcode, is closed by another."""
    first = re.search(r"[<{]+[%<]?\s*(\w[\w-]*)", opening)
    last = re.search(r"(?:/|end)\s*(\w[\w-]*)", closing)
    return first is not None and last is not None and first[1].lower() == last[1].lower()
