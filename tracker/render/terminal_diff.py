"""A Change for people at a terminal: ``[-old-]{+new+}``, which reads with and without color."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from tracker.locale import FIRST, phrase
from tracker.model import Change, Edit, FieldChange, Note, Precision
from tracker.render.history import no_word
from tracker.render.plain import visible
from tracker.render.weave import Piece, weave
from tracker.text import tokens
from tracker.text.diff import diff
from tracker.text.document import notes_of, parse
from tracker.text.markup import scan

COARSE = (
    "Some edits are shown larger than they are: the texts were too large or too different to"
    " compare word by word."
)

_NAMES = {"headline": "Headline", "dek": "Dek", "byline": "Byline", "notes": "Notes"}
_ORDER = ("headline", "dek", "byline", "date", "notes", "caption", "image", "metadata")
_SHORTEST_FOLD = 60  # characters; less than a line is not worth an ellipsis
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n\s*")
_LINE_BREAKS = re.compile(r"(\s*\n\s*)")


When = Callable[[datetime, Precision], str]
"""Writes an instant as exactly as it is known."""


class _Ink(NamedTuple):
    """Marks for what was deleted, inserted and moved, in color or not."""

    color: bool

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[m" if self.color else text

    def _lines(self, text: str, before: str, after: str, code: str) -> str:
        """Marks each line by itself, so that none reaches into the next paragraph or row."""
        parts = _LINE_BREAKS.split(visible(text))
        return "".join(
            part if place % 2 or not part else self._paint(code, f"{before}{part}{after}")
            for place, part in enumerate(parts)
        )

    def deleted(self, text: str) -> str:
        if not text:
            return ""
        if not text.strip():
            return self._paint("31", f"[-{_signs(text)}-]")
        return self._lines(text, "[-", "-]", "31")

    def inserted(self, text: str) -> str:
        if not text:
            return ""
        if not text.strip():
            return self._paint("32", f"{{+{_signs(text)}+}}") + "\n" * text.count("\n")
        return self._lines(text, "{+", "+}", "32")

    def moved(self, text: str) -> str:
        return self._paint("36", text)

    def name(self, text: str) -> str:
        return self._paint("1", text)

    def faint(self, text: str) -> str:
        return self._paint("2", text)


def _signs(space: str) -> str:
    """White space made visible."""
    return (
        visible(space.replace("\r\n", "\n")).replace("\n", "⏎").replace("\t", "→").replace(" ", "·")
    )


def text(
    change: Change,
    old: str,
    new: str,
    *,
    color: bool = False,
    context: int | None = 1,
    formatting: bool = False,
    when: When | None = None,
) -> str:
    """What changed, as lines for a terminal; ends with a newline.

    ``context`` is the number of unchanged sentences shown on either side of a change; None shows
    the whole text. With ``formatting``, edits that touch no word are shown too. ``when`` writes
    the instants of notes, else in their own offset. ``old`` and
    ``new`` are the whole texts that ``change`` was made from.
    """
    ink = _Ink(color)
    parts: list[str] = []
    fields = _field_lines(change, old, new, ink, when or own_offset)
    if fields:
        parts.append("\n".join(fields))
    body = _body(change, old, new, ink, context, formatting)
    if body:
        parts.append(body)
    if not parts:
        parts.append(phrase(FIRST, no_word(change) or "comparison.only_unread"))
    if change.coarse:
        parts.append(COARSE)
    return "\n\n".join(parts) + "\n"


def _field_lines(change: Change, old: str, new: str, ink: _Ink, when: When) -> list[str]:
    """The front matter's changes by name, headline first; notes one by one."""
    lines: list[str] = []
    pairs = note_pairs(old, new) if change.fields else []
    for field in sorted(change.fields, key=lambda field: _ORDER.index(field.role)):
        name = ink.name(visible(_NAMES.get(field.role, field.key)) + ":")
        if field.role == "notes" and pairs:
            for one, other in pairs:
                before, after = _note_line(one, when), _note_line(other, when)
                lines.append(f"{name} {ink.deleted(before)}{ink.inserted(after)}")
        else:
            lines.append(f"{name} {_value(field, ink)}")
    return lines


def note_pairs(old: str, new: str) -> list[tuple[Note | None, Note | None]]:
    """Notes of the front matter that readers see differ, as (before, after) pairs."""
    before = {note.id: note for note in notes_of(parse(old))}
    after = {note.id: note for note in notes_of(parse(new))}
    pairs: list[tuple[Note | None, Note | None]]
    pairs = [(note, after.get(key)) for key, note in before.items()]
    pairs += [(None, note) for key, note in after.items() if key not in before]
    return [
        (one, other)
        for one, other in pairs
        if _note_line(one, own_offset) != _note_line(other, own_offset)
    ]


def own_offset(at: datetime, precision: Precision) -> str:
    """An instant in figures, in its own offset; a day alone, or "", where no more is known."""
    return {"minute": f"{at:%Y-%m-%d %H:%M %z}", "day": f"{at:%Y-%m-%d}", "none": ""}[precision]


def _note_line(note: Note | None, when: When) -> str:
    if note is None:
        return ""
    at = when(note.at, note.precision)
    taken_back = f" (withdrawn {when(note.withdrawn, 'minute')})" if note.withdrawn else ""
    return f"{note.kind}{at and ', '}{at}: {note.text}{taken_back}"


def _value(field: FieldChange, ink: _Ink) -> str:
    if field.old is None or field.new is None:
        return ink.deleted(field.old or "") + ink.inserted(field.new or "")
    # An empty line before it: a value is never taken for front matter of its own.
    one, other = "\n" + field.old, "\n" + field.new
    pieces = weave(diff(one, other).edits, one, other, formatting=True)
    return _pieces(pieces, ink, "", "").strip("\n")


def _body(
    change: Change, old: str, new: str, ink: _Ink, context: int | None, formatting: bool
) -> str:
    old_start, new_start = parse(old).body_start, parse(new).body_start
    pieces = weave(
        change.edits, old, new, old_start=old_start, new_start=new_start, formatting=formatting
    )
    if all(piece.kind == "same" for piece in pieces):
        return ""
    units = _units(pieces, _boundaries(new, new_start))
    paragraphs = _Paragraphs(old, old_start), _Paragraphs(new, new_start)
    shown = [_unit(unit, ink, change.edits, paragraphs) for unit in units]
    changed = [any(piece.kind != "same" for piece in unit) for unit in units]
    if context is None:
        return "".join(shown).strip("\n")
    return _folded(shown, changed, context, ink).strip("\n")


def _boundaries(new: str, start: int) -> list[int]:
    """Where sentences and blocks of the new body begin."""
    found: list[int] = []
    for block in scan(new, start).blocks:
        if block.kind in ("paragraph", "item"):
            found.extend(first for first, _ in tokens.sentences(new, block.start, block.end))
        else:
            found.append(block.start)
    return found


def _units(pieces: Sequence[Piece], boundaries: Sequence[int]) -> list[list[Piece]]:
    """The stream cut where a sentence begins; what was deleted before one belongs to it."""
    units: list[list[Piece]] = [[]]
    starts = set(boundaries)
    before: Piece | None = None
    for piece in pieces:
        if piece.kind != "same":
            if before is not None and before.kind == "same" and piece.new_start in starts:
                units.append([])
            units[-1].append(piece)
        else:
            fresh = before is None or before.kind == "same" or _ends_line(before)
            low = piece.new_start
            high = low + len(piece.new)
            inner = boundaries[bisect_left(boundaries, low) : bisect_left(boundaries, high)]
            cuts = [cut for cut in inner if cut > low or fresh]
            if piece.old != piece.new or not cuts:
                if cuts[:1] == [low]:
                    units.append([])
                units[-1].append(piece)
            else:
                last = low
                for cut in [*cuts, high]:
                    if cut > last:
                        part = new_part(piece, last - low, cut - low)
                        units[-1].append(part)
                    if cut < high:
                        units.append([])
                    last = cut
        before = piece
    return [unit for unit in units if unit]


def new_part(piece: Piece, start: int, end: int) -> Piece:
    """A stretch of a "same" piece whose two sides are equal."""
    words = piece.new[start:end]
    return Piece("same", words, words, piece.old_start + start, piece.new_start + start, piece.edit)


def _ends_line(piece: Piece) -> bool:
    return (piece.old or piece.new).endswith(("\n", "\r"))


class _Paragraphs:
    """Counts the paragraphs of a body, as a reader would."""

    def __init__(self, text: str, start: int) -> None:
        self._starts = [match.end() for match in _BLANK_LINE.finditer(text, start)]

    def number(self, offset: int) -> int:
        return bisect_right(self._starts, offset) + 1


def _unit(
    unit: Sequence[Piece],
    ink: _Ink,
    edits: Sequence[Edit],
    paragraphs: tuple[_Paragraphs, _Paragraphs],
) -> str:
    out: list[str] = []
    for piece in unit:
        if piece.move:
            edit = edits[piece.edit]
            goes = f"paragraph {paragraphs[1].number(edit.new_start)}"
            comes = f"paragraph {paragraphs[0].number(edit.old_start)}"
            out.append(_pieces([piece], ink, comes, goes))
        else:
            out.append(_pieces([piece], ink, "", ""))
    return "".join(out)


def _pieces(pieces: Iterable[Piece], ink: _Ink, comes: str, goes: str) -> str:
    """The marked text of pieces; ``comes`` and ``goes`` name the two ends of a move."""
    out: list[str] = []
    for piece in pieces:
        if piece.kind == "same":
            out.append(visible(piece.new))
        elif piece.kind == "delete":
            out.append(ink.deleted(piece.old))
        elif piece.kind == "insert":
            out.append(ink.inserted(piece.new))
        elif piece.kind == "moved-from":
            stub = f"[<{piece.move}> moved to {goes}: {first_words(visible(piece.old))}]"
            out.append(ink.moved(stub) + _space_after(piece.old))
        else:
            inner = _pieces(piece.within, ink, "", "")
            bare = inner.rstrip()
            out.append(ink.moved(f"{{<{piece.move}> moved from {comes}:") + " ")
            out.append(bare + ink.moved("}") + inner[len(bare) :])
    return "".join(out)


def first_words(text: str) -> str:
    """The beginning of a passage, in quotation marks, on one line."""
    words = text.split(maxsplit=8)
    more = "…" if len(words) > 8 else ""
    beginning = " ".join(words[:8])
    if len(beginning) > 100:
        beginning, more = beginning[:100], "…"
    return f"“{beginning}{more}”"


def _space_after(text: str) -> str:
    space = text[len(text.rstrip()) :].replace("\r\n", "\n")
    return space if "\n" in space else " " if space else ""


def _folded(shown: Sequence[str], changed: Sequence[bool], context: int, ink: _Ink) -> str:
    """The units near a change; an ellipsis for each run that is left out."""
    kept = [False] * len(shown)
    for place, is_changed in enumerate(changed):
        if is_changed:
            for near in range(max(0, place - context), min(len(shown), place + context + 1)):
                kept[near] = True
    out: list[str] = []
    line_start = True
    place = 0
    while place < len(shown):
        end = place
        while end < len(shown) and not kept[end]:
            end += 1
        if end > place:
            run = "".join(shown[place:end])
            if len(run) < _SHORTEST_FOLD:
                out.append(run)
            else:
                out.append(_ellipsis(run, ink, line_start=line_start))
            line_start = run.endswith("\n")
            place = end
        else:
            out.append(shown[place])
            line_start = shown[place].endswith("\n")
            place += 1
    return "".join(out)


def _ellipsis(run: str, ink: _Ink, *, line_start: bool) -> str:
    """What stands for a run of unchanged text, with the line breaks that it needs around it."""
    mark = ink.faint("…")
    closes = run[len(run.rstrip()) :]
    if run.endswith("\n") or not run.strip():
        return mark + closes
    if not line_start and "\n" in run.strip():
        return f"{mark}\n\n{mark} "
    return mark + " "


def stat(change: Change) -> str:
    """One line: words added and removed, edits by sort, and what was touched; no newline."""
    if not change.edits and not change.fields:
        return phrase(FIRST, "comparison.no_change")
    counts: dict[str, int] = {}
    for edit in change.edits:
        if edit.verbal or edit.operation == "move":
            if edit.field is None:
                counts[edit.operation] = counts.get(edit.operation, 0) + 1
        else:
            counts["formatting"] = counts.get("formatting", 0) + 1
    names = {
        "insert": ("insertion", "insertions"),
        "delete": ("deletion", "deletions"),
        "replace": ("replacement", "replacements"),
        "move": ("move", "moves"),
        "formatting": ("edit of formatting alone", "edits of formatting alone"),
    }
    parts = [f"+{change.words_added} -{change.words_removed} words"]
    edits = [
        f"{counts[sort]} {one if counts[sort] == 1 else many}"
        for sort, (one, many) in names.items()
        if sort in counts
    ]
    if edits:
        parts.append(", ".join(edits))
    if change.fields:
        parts.append("front matter: " + ", ".join(visible(field.key) for field in change.fields))
    if change.labels:
        parts.append("touches " + ", ".join(sorted(change.labels)))
    parts.append("substantive" if change.substantive else "not substantive")
    if change.coarse:
        parts.append("coarse")
    return "; ".join(parts)
