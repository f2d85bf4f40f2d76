"""The lines that tell readers of updates and corrections, under or above an article.

With structured notes the lines stand between markers, made from the notes and made again
identically: ``<!-- updates -->`` … ``<!-- /updates -->``, one block at the top (below a heading
that is the headline) and one at the end. Without front matter the line itself is the record, and
``add_line`` puts it into the body, with no markers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import tzinfo

from tracker.house.body_line import (
    MarkerBlock,
    Place,
    PlacingError,
    WrittenPassages,
    blocks,
    inserted,
    order_at,
    top,
    without_blocks,
)
from tracker.house.changelog import by_time
from tracker.house.changelog import standing as notes_standing
from tracker.house.notes import write as wording
from tracker.house.notes.passages import CLOSING, OPENING
from tracker.house.style import Style
from tracker.model import Note, Saying
from tracker.text.document import Document, line_and_column
from tracker.text.lines import lines as text_lines
from tracker.text.lines import newline_of


def lines(
    notes: Sequence[Note],
    style: Style,
    zone: tzinfo | None,
    position: Place,
    maximum: int | None = None,
) -> tuple[str, ...]:
    """Return the lines of the notes that stand at a position, in the order of the house.

    Each is Markdown, to be set as a paragraph of its own. Notes that were withdrawn or replaced
    by an amending one are left out. Past ``maximum`` the older ones stand between a line that
    opens ``<details>`` and one that closes it.
    """
    shown = [
        note
        for note in by_time(notes_standing(notes))
        if style.templates[note.kind].position == position
    ]
    texts = [wording.line(style, note, zone) for note in shown]
    kept = len(texts) if maximum is None else max(maximum, 0)
    cut = max(len(texts) - kept, 0)
    older, newer = texts[:cut], texts[cut:]
    newest_first = order_at(style, position) == "newest"
    if newest_first:
        older, newer = older[::-1], newer[::-1]
    if older:
        from html import escape

        summary = escape(style.earlier_updates, quote=False)
        # Of the readers of Markdown that need telling, kramdown and Python-Markdown know this.
        opening = f'<details markdown="1">\n<summary>{summary}</summary>'
        older = [opening, *older, "</details>"]
    return tuple(newer + older if newest_first else older + newer)


def embed(
    document: Document,
    notes: Sequence[Note],
    style: Style,
    zone: tzinfo | None,
    maximum: int | None = None,
    standing: Collection[str] = (),
) -> str:
    """Return the whole text with the marker blocks made from the notes; without notes, no blocks.

    Notes whose words already stand in the body, put there by hand, get no second line; so do those
    whose id or text is in ``standing``. Every byte outside the blocks stays; run twice, the text is
    identical. What stood inside the markers is made anew: ask ``block_differs`` first.

    Raises TrackerError when a marker has lost its other half, or when the article ends inside a
    block of code, so that no line under it would be read as one.
    """
    floor = document.body_start
    text = without_blocks(document.text, blocks(document.text, floor), floor)
    newline = newline_of(text)
    wanted = _wanted(text, floor, notes, style, zone, maximum, standing)
    if content := wanted["bottom"]:
        text = inserted(text, len(text), _block(content), newline)
    if content := wanted["top"]:
        text = inserted(text, top(text, floor), _block(content), newline)
    if len(blocks(text, floor)) != sum(1 for content in wanted.values() if content):
        raise PlacingError(
            "The notes cannot stand under the article: its last block of code is not closed.",
            "Close the code block with its fence, then try again.",
            Saying("finding.open-code"),
            "advice.close-code",
        )
    return text


def _wanted(
    text: str,
    floor: int,
    notes: Sequence[Note],
    style: Style,
    zone: tzinfo | None,
    maximum: int | None,
    by_hand: Collection[str],
) -> dict[Place, tuple[str, ...]]:
    """Return the lines that the two blocks of a text without blocks shall hold."""
    if not notes:
        return {"top": (), "bottom": ()}
    passages = WrittenPassages(text, floor)
    left = [
        note
        for note in notes_standing(notes)
        if note.id not in by_hand
        and note.text not in by_hand
        and not passages.tell(note.text, wording.line(style, note, zone))
    ]
    above = lines(left, style, zone, "top", maximum)
    below = lines(left, style, zone, "bottom", maximum)
    if below and style.separator:
        below = (style.separator, *below)
    return {"top": above, "bottom": below}


def block_differs(
    document: Document,
    notes: Sequence[Note],
    style: Style,
    zone: tzinfo | None,
    maximum: int | None = None,
    standing: Collection[str] = (),
) -> tuple[int, ...]:
    """Return the lines of the file, counted from 1, that were changed by hand inside the markers.

    The arguments are those with which ``embed`` made the blocks. Empty when the blocks are as made,
    or not there at all. Where words were only taken out, the line after them is named. Raises
    TrackerError when a marker has lost its other half.
    """
    floor = document.body_start
    there = blocks(document.text, floor)
    if not there:
        return ()
    bare = without_blocks(document.text, there, floor)
    wanted = _wanted(bare, floor, notes, style, zone, maximum, standing)
    found: list[int] = []
    for block in there:
        position = block.position
        if not wanted[position] and not document.text[block.end :].strip():
            position = "bottom"  # below a headline with no article yet, top is bottom
        made = [line for content in wanted[position] for line in content.split("\n")]
        wanted[position] = ()
        found += _differing(document.text, block, made)
    return tuple(found)


def _differing(text: str, block: MarkerBlock, made: list[str]) -> list[int]:
    there = [
        line
        for line in text_lines(text, block.inner_start, block.inner_end)
        if text[line.start : line.end].strip()
    ]
    words = [text[line.start : line.end].rstrip() for line in there]
    made = [line.rstrip() for line in made]
    if words == made:
        return []
    head = 0
    while head < min(len(words), len(made)) and words[head] == made[head]:
        head += 1
    tail = 0
    while tail < min(len(words), len(made)) - head and words[-1 - tail] == made[-1 - tail]:
        tail += 1
    changed = there[head : len(there) - tail]
    if not changed:
        after = there[head].start if head < len(there) else block.inner_end
        return [line_and_column(text, after)[0]]
    first = line_and_column(text, changed[0].start)[0]
    span = text_lines(text, changed[0].start, changed[-1].end)
    return [
        first + number for number, line in enumerate(span) if text[line.start : line.end].strip()
    ]


def _block(content: Sequence[str]) -> list[str]:
    spaced = (part for line in content for part in (*line.split("\n"), ""))
    return [OPENING, "", *spaced, CLOSING]
