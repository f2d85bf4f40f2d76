"""Where the blocks of a Markdown text begin and end: see :mod:`tracker.text.tokens`."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

BlockKind = Literal[
    "paragraph", "heading", "item", "row", "code", "rule", "comment", "definition", "shortcode"
]


class Block(NamedTuple):
    """A paragraph, a heading, a list item, a table row, a line of code, …"""

    start: int
    end: int  # with the blank lines that follow
    kind: BlockKind


_FENCE = re.compile(r"[ \t]{0,40}(?:>[ \t]{0,4}){0,20}(`{3,}|~{3,})")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:\s|$)")
_HEADING = re.compile(r"#{1,6}(?:\s|$)")
_RULE = re.compile(r"(?:-[ \t]*){3,}$|(?:\*[ \t]*){3,}$|(?:_[ \t]*){3,}$|=+$")
_DEFINITION = re.compile(r"\[[^\]\s][^\]]{0,200}\]:")
_SHORTCODE = re.compile(r"\{\{.*\}\}$|\{%.*%\}$")
_STARTS = frozenset("#-*+0123456789|`~<{[_=")


def _kind(line: str) -> BlockKind | None:
    """The kind of block that begins with this line, white space cut; None if it may go on."""
    first = line[0]
    if first == "#":
        return "heading" if _HEADING.match(line) else None
    if first == "|":
        return "row"
    if first == "[":
        return "definition" if _DEFINITION.match(line) else None
    if first == "{":
        return "shortcode" if line[-1] == "}" and _SHORTCODE.match(line) else None
    if first == "<":
        return "comment" if line.startswith("<!--") else None
    if first in "-*_=" and len(line) < 200 and _RULE.match(line):
        return "rule"
    return "item" if _ITEM.match(line) else None


_ONE_LINE = frozenset({"heading", "row", "rule", "shortcode"})


def blocks(text: str, start: int = 0, end: int | None = None) -> list[Block]:
    """The blocks of ``text[start:end]``, in order and without a gap.

    Blank lines belong to the block before them; those at the very start to the first one. Each
    line of a code fence is a block of its own. ``start`` is taken to stand outside a fence.
    """
    stop = len(text) if end is None else end
    found: list[Block] = []
    begin = position = start
    kind: BlockKind | None = None  # of the block that is open
    blank = False  # a blank line was the last
    fence = ""
    for line in text[start:stop].split("\n"):
        here = position
        position += len(line) + 1
        bare = line.strip()
        if fence:
            if bare.startswith(fence) and not bare.strip(fence[0]):
                fence = ""
            following: BlockKind | None = "code"
        elif not bare:
            blank = True
            continue
        else:
            following = _kind(bare) if bare[0] in _STARTS else None
            if bare[0] in "`~>" and (opening := _FENCE.match(line)):
                fence, following = opening[1], "code"
            elif kind == "comment" and "-->" not in text[begin:here]:
                blank = False
                continue
            elif following is None:
                if kind is not None and not blank and kind not in _ONE_LINE and kind != "code":
                    continue
                following = "paragraph"
        if kind is not None:
            found.append(Block(begin, here, kind))
            begin = here
        kind, blank = following, False
    if begin < stop:
        found.append(Block(begin, stop, kind or "paragraph"))
    return found
