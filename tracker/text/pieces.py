"""A text cut into the pieces that two editors may change apart: lines, paragraphs, sentences."""

from __future__ import annotations

from typing import Literal

from tracker.text.document import parse
from tracker.text.markup import scan
from tracker.text.tokens import sentences

Grain = Literal["paragraph", "sentence"]
"""How close to each other two editors may write: in one paragraph, or never in one."""


def pieces(text: str, grain: Grain) -> list[str]:
    """The text cut up, nothing lost: joined, the pieces are the text.

    The front matter is cut at its lines, the body at its paragraphs (headings, list items, rows,
    lines of code) or at its sentences. The white space after a piece is a piece of its own, and
    an empty piece ends a paragraph, so that one who writes a new paragraph after another does not
    come near to one who changes that.
    """
    start = parse(text).body_start
    found: list[str] = []
    for line in text[:start].splitlines(keepends=True):
        _cut(line, found)
    for block in scan(text, start).blocks:
        if grain == "paragraph" or block.kind == "code":
            _cut(text[block.start : block.end], found)
        else:
            for low, high in sentences(text, block.start, block.end):
                _cut(text[low:high], found)
        found.insert(len(found) - (not found[-1].strip()), "")
    return found


def _cut(part: str, found: list[str]) -> None:
    words = part.strip()
    start = part.index(words)
    found.extend(piece for piece in (part[:start], words, part[start + len(words) :]) if piece)
