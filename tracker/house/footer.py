"""The lines that tell readers of updates and corrections, under or above an article.

With structured notes the lines stand between markers, made from the notes and made again
identically: ``<!-- updates -->`` … ``<!-- /updates -->``, one block at the top (below a heading
that is the headline) and one at the end. Without front matter the line itself is the record, and
``add_line`` puts it into the body, with no markers.

Blocks are set so that taking them out gives back the bytes that were there before. An empty line
before a block came with it, or, when there is none, the empty line after it; a block that ends a
file without a line break brought the two line breaks before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from typing import Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.house.changelog import by_time
from tracker.house.changelog import standing as notes_standing
from tracker.house.notes import wording
from tracker.house.notes.passages import CLOSING, OPENING
from tracker.house.notes.wording import recognise
from tracker.house.style import Order, Style
from tracker.model import KINDS, Kind, Note, Saying
from tracker.text.document import Document, line_and_column
from tracker.text.lines import (
    BREAK,
    Line,
    leading_heading,
    marked_lines,
    newline_of,
)
from tracker.text.lines import lines as text_lines


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
) -> str:
    """Return the whole text with the marker blocks made from the notes; without notes, no blocks.

    Notes whose words already stand in the body, put there by hand, get no second line. Every byte
    outside the blocks stays; run twice, the text is identical. What stood inside the markers is
    made anew: ask ``block_differs`` first.

    Raises TrackerError when a marker has lost its other half, or when the article ends inside a
    block of code, so that no line under it would be read as one.
    """
    floor = document.body_start
    text = without_blocks(document.text, blocks(document.text, floor), floor)
    newline = newline_of(text)
    wanted = _wanted(text, floor, notes, style, zone, maximum)
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
) -> dict[Place, tuple[str, ...]]:
    """Return the lines that the two blocks of a text without blocks shall hold."""
    if not notes:
        return {"top": (), "bottom": ()}
    passages = WrittenPassages(text, floor)
    left = [
        note
        for note in notes_standing(notes)
        if not passages.tell(note.text, wording.line(style, note, zone))
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
    wanted = _wanted(bare, floor, notes, style, zone, maximum)
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


# --- lines of notes in the body -------------------------------------------------------------------

Place = Literal["top", "bottom"]

_MARKER = re.compile(r" {0,3}<!--[ \t]*(/?)updates[ \t]*-->[ \t]*")
_ANYWHERE = re.compile(r"<!--[ \t]*/?updates[ \t]*-->")
_MOST = 20  # two are made; a merge may leave a few more, and each costs a copy of the text


class MarkerBlock(NamedTuple):
    """A marker block as it stands in a text. Offsets are in the whole text."""

    start: int  # of the opening marker's line
    inner_start: int
    inner_end: int
    end: int  # after the closing marker's line and its line break
    position: Place  # "top": nothing but a heading is above it


def blocks(text: str, floor: int) -> list[MarkerBlock]:
    """Return the marker blocks below ``floor``, where the body starts, in order.

    Markers in fenced code are none. Raises TrackerError when a marker has lost its other half.
    """
    if _ANYWHERE.search(text, floor) is None:
        return []
    found: list[MarkerBlock] = []
    opened: Line | None = None
    for line in marked_lines(text, floor):
        marker = None if line.code else _MARKER.fullmatch(text, line.start, line.end)
        if marker is None:
            continue
        if bool(marker[1]) == (opened is None):
            raise _alone(text, line if opened is None else opened)
        if opened is None:
            opened = line
            continue
        if len(found) == _MOST:
            raise PlacingError(
                f"The file has more than {_MOST} blocks of notes between markers.",
                "Take out all but one for the top and one for the bottom.",
                Saying.of("finding.too-many-blocks", most=_MOST),
                "advice.one-block",
            )
        first = not found and not text[top(text, floor) : opened.start].strip()
        position: Place = "top" if first else "bottom"
        found.append(MarkerBlock(opened.start, opened.next, line.start, line.next, position))
        opened = None
    if opened is not None:
        raise _alone(text, opened)
    return found


def _alone(text: str, line: Line) -> TrackerError:
    number, _ = line_and_column(text, line.start)
    return PlacingError(
        f"Line {number} of the file has a marker of the notes without its other half.",
        f"Put {OPENING} above the notes and {CLOSING} below them, or take both out.",
        Saying.of("finding.marker-alone", line=number),
        "advice.complete-marker",
        number,
    )


class PlacingError(TrackerError):
    """The lines of the notes have no place in the text."""

    def __init__(
        self, sentence: str, hint: str, said: Saying, advice: str, line: int | None = None
    ) -> None:
        super().__init__(sentence, hint)
        self.said = said  # the sentence as a value, without its full stop
        self.line = line  # of the text, counted from 1; None where it is about no line
        self._advice = advice

    def advised(self, command: str) -> Saying:
        """The hint as a value, with the command that is to be given then."""
        return Saying.of(self._advice, command=command, command_2=OPENING, command_3=CLOSING)


def top(text: str, floor: int) -> int:
    """Return where the block of the top begins: after a heading that opens the body."""
    heading = leading_heading(text, floor)
    return heading.end if heading else floor


def inserted(text: str, at: int, block: Sequence[str], newline: str) -> str:
    """Return the text with the lines of a block set in at the start of a line, or at the end."""
    before, after = text[:at], text[at:]
    if (newline == "\n" and before.endswith("\r")) or (newline == "\r" and after[:1] == "\n"):
        newline = "\r\n"  # or two breaks of different kinds would melt into one
    made = newline.join(block)
    if not after and not (at > 0 and before.endswith(("\n", "\r"))):
        return f"{before}{newline}{newline}{made}"
    if not after or is_empty_line(text, at):
        return f"{before}{newline}{made}{newline}{after}"
    return f"{before}{made}{newline}{newline}{after}"


def is_empty_line(text: str, at: int) -> bool:
    """Tell whether the line that begins at an offset has no words."""
    line = next(text_lines(text, at), None)
    return line is None or not text[line.start : line.end].strip(" \t")


def without_blocks(text: str, blocks: Sequence[MarkerBlock], floor: int) -> str:
    """Return the text as it was before the blocks were set in."""
    for block in reversed(blocks):
        before, after = text[: block.start], text[block.end :]
        bare = _without_break(before, floor)
        if not after and not text[: block.end].endswith(("\n", "\r")):
            before = _without_break(bare, floor)
        elif bare != before and (len(bare) == floor or bare.endswith(("\n", "\r"))):
            before = bare
        elif found := BREAK.match(after):
            after = after[found.end() :]
        text = before + after
    return text


def without_any_blocks(text: str, floor: int) -> str:
    """The text without the lines made from its notes; as it is where a marker lost its other."""
    try:
        return without_blocks(text, blocks(text, floor), floor)
    except TrackerError:
        return text


def _without_break(text: str, floor: int) -> str:
    for ending in ("\r\n", "\n", "\r"):
        if text.endswith(ending) and len(text) - len(ending) >= floor:
            return text[: -len(ending)]
    return text


_DEFINITION = re.compile(r" {0,3}\*?\[(\^?)[^\]\r\n]{1,1000}\]:[ \t]*\S")


def order_at(style: Style, position: Place) -> Order:
    """Return the order at a position: that of updates, else of the first kind standing there."""
    for kind in KINDS:
        if style.templates[kind].position == position:
            return style.templates[kind].order
    return "oldest"


def add_line(document: Document, note: Note, style: Style, zone: tzinfo | None) -> str:
    """Return the whole text with the note's line in the body, in house words, without markers.

    At the bottom it stands after the last paragraph, and before the definitions of links and
    footnotes that end the file; at the top below a heading that opens the body. Lines of notes that
    stand there already keep the order of the house. A note whose words stand in the body is not
    added again: then the text comes back as it was. Raises TrackerError when the article ends
    inside a block of code.
    """
    text, floor = document.text, document.body_start
    line = wording.line(style, note, zone)
    if note.withdrawn is not None or WrittenPassages(text, floor).tell(note.text, line):
        return text
    newline = newline_of(text)
    result = _with_line(text, floor, line.replace("\n", newline), newline, note.kind, style)
    if not WrittenPassages(result, floor).tell(note.text, line):
        raise TrackerError(
            "The note cannot stand under the article: its last block of code is not closed.",
            "Close the code block with its fence, then try again.",
        )
    return result


def _with_line(text: str, floor: int, line: str, newline: str, kind: Kind, style: Style) -> str:
    paragraphs = _paragraphs(text, top(text, floor))
    position: Place = style.templates[kind].position
    order = order_at(style, position)
    if position == "top" or not paragraphs:
        after = _end_of_first_notes(paragraphs, text, style, order)
        return _line_at_top(text, floor, line, newline, after)
    run = len(paragraphs)
    while run and recognise(style, text[slice(*paragraphs[run - 1])]) is not None:
        run -= 1
    if run < len(paragraphs) and order == "newest":
        at = paragraphs[run][0]
        return f"{text[:at]}{line}{newline}{newline}{text[at:]}"
    at = paragraphs[-1][1]
    parts = [text[:at], line]
    if run == len(paragraphs) and text[slice(*paragraphs[-1])] != style.separator:
        parts[1:1] = [style.separator] if style.separator else []
    return f"{newline}{newline}".join(parts) + text[at:]


def _end_of_first_notes(
    paragraphs: list[tuple[int, int]], text: str, style: Style, order: str
) -> int | None:
    """Return the end of the notes that open the body, if a new one comes after them."""
    end = None
    for start, stop in paragraphs:
        if order == "newest" or recognise(style, text[start:stop]) is None:
            break
        end = stop
    return end


def _line_at_top(text: str, floor: int, line: str, newline: str, after: int | None) -> str:
    if after is not None:
        return f"{text[:after]}{newline}{newline}{line}{text[after:]}"
    at = top(text, floor)
    before, rest = text[:at], text[at:]
    first = not before.strip("\ufeff")
    if rest and not is_empty_line(text, at):
        return f"{before}{'' if first else newline}{line}{newline}{newline}{rest}"
    if first or before.endswith(("\n", "\r")):
        return f"{before}{'' if first else newline}{line}{newline}{rest}"
    return f"{before}{newline}{newline}{line}"


def _paragraphs(text: str, start: int) -> list[tuple[int, int]]:
    """Return start and end of the passages between empty lines, without definitions at the end."""
    found: list[tuple[int, int]] = []
    last = 0  # passages up to the last that is more than definitions
    begun: int | None = None
    end = start
    defining = footnote = blank = False
    for line in marked_lines(text, start):
        words = text[line.start : line.end]
        if not line.code and not words.strip():
            if begun is not None:
                found.append((begun, end))
            begun, blank = None, True
            continue
        definition = None if line.code else _DEFINITION.match(text, line.start, line.end)
        goes_on = defining and (words.startswith(("    ", "\t")) or (footnote and not blank))
        if definition is not None and (begun is None or defining):
            defining, footnote = True, bool(definition[1])
        elif not goes_on or line.code:
            defining = False
        if begun is None:
            begun = line.start
        end, blank = line.end, False
        if not defining:
            last = len(found) + 1
    if begun is not None:
        found.append((begun, end))
    return found[:last]


_LONGEST_START = 150  # characters that label, date and markup may take before a note's words
_KEY = 8  # characters at the end of a passage by which it is found again
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "*": None, "_": None})
_NUMBER = re.compile(r"\d+")
_TOKEN = re.compile(r"\d+|[^\W\d]+")
_WHOLE_DATE = 3  # numbers: day, month and year


def bare(words: str) -> str:
    """Return words without emphasis, with straight quotation marks and single spaces."""
    words = words.replace("&lt;!--", "<!--").replace("--&gt;", "-->")
    return " ".join(words.translate(_STRAIGHT).split()).rstrip(" .)]")


class WrittenPassages:
    """The paragraphs and the lines of a body, code left out, to look notes up in."""

    def __init__(self, text: str, start: int) -> None:
        self._by_end: dict[str, list[str]] = {}
        self._all: set[str] = set()
        paragraph: list[str] = []
        for line in marked_lines(text, start):
            words = "" if line.code else text[line.start : line.end].lstrip(" \t>")
            if words.strip():
                paragraph.append(words)
                self._add(words)
            else:
                self._end(paragraph)
        self._end(paragraph)

    def _end(self, paragraph: list[str]) -> None:
        if len(paragraph) > 1:
            self._add(" ".join(paragraph))
        paragraph.clear()

    def _add(self, words: str) -> None:
        passage = bare(words)
        if passage not in self._all:
            self._all.add(passage)
            self._by_end.setdefault(passage[-_KEY:], []).append(passage)

    def tell(self, text: str, line: str) -> bool:
        """Return whether a passage is the note's line, or label and date with the note's words.

        The same words under another date are another note.
        """
        whole, words = bare(line), bare(text)
        if whole in self._all:
            return True
        if not words:
            return False
        said = whole[: -len(words)] if whole.endswith(words) else ""
        short = len(words) < _KEY
        for passage in self._all if short else self._by_end.get(words[-_KEY:], ()):
            start = len(passage) - len(words)
            if not passage.endswith(words) or start > _LONGEST_START:
                continue
            if start and passage[start - 1].isalnum():
                continue
            if _same_day(passage[:start], said):
                return True
        return False


def _same_day(written: str, made: str) -> bool:
    """Tell whether two labels with their dates, or one without, may be of the same note."""
    dates, others = _NUMBER.findall(written), _NUMBER.findall(made)
    if not dates or not others or (dates == others and len(dates) >= _WHOLE_DATE):
        return True
    tokens, more = (_TOKEN.findall(words.casefold()) for words in (written, made))
    shared = min(len(tokens), len(more))
    return tokens[:shared] == more[:shared]
