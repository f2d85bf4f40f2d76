"""Cuts Markdown where each piece, rendered alone, gives what it gives within the whole.

An article is edited a sentence at a time, and its versions share nearly all of their paragraphs:
rendered piece by piece, only what is new has to be rendered. A cut stands before a line that
follows a blank one and begins, without indentation, as a paragraph or a heading does. There
Python-Markdown begins a new element whatever came before, unless something reaches over blank
lines:

- definitions of links and footnotes reach everywhere, and a definition list back to the paragraph
  before it: a text that may have one is not cut at all;
- a fenced block, and HTML other than the well-formed and well-nested tags below, reach forward:
  from the piece on in which the first stands, the rest is one piece;
- an element reaches to its end tag: there is no cut in one.

What is not known to be harmless counts as harmful.
"""

from __future__ import annotations

import re
from functools import cache

from tracker.prepared import expression

_NAMES = (
    "a abbr article aside b blockquote caption cite code dd del div dl dt em figcaption figure"
    " footer h1 h2 h3 h4 h5 h6 header i ins li ol p q s section small span strong sub sup table"
    " tbody td tfoot th thead tr u ul"
)
_ELEMENTS = frozenset(_NAMES.split())


@cache
def _everywhere() -> re.Pattern[str]:
    """What has meaning far from where it stands, or might have."""
    return expression(
        r"\]:|\[\^"  # definitions of links and footnotes
        r"|^[ \t]*:"  # definition lists
        r"|\r|[\x80-\x9f\u2028\u2029]"  # ends of lines to some, and not to others
        r"|&(?![ \n]|[A-Za-z][A-Za-z0-9]*[^A-Za-z0-9]|\#[0-9]{1,7};|\#[xX][0-9A-Fa-f]{1,6};)",
        re.MULTILINE,
    )


@cache
def _cut() -> re.Pattern[str]:
    """Blank lines before a line that begins a paragraph or a heading."""
    return expression(
        r"(?<=[^\n \t])\n(?:[ \t]*+\n)++"
        r"(?=[^\W\d_]|\d+[^\d.\n]|[\"'“”‘’«»„(¿¡—–…$€£{\[]|!\[|\*{1,3}[^\s*]|_{1,3}[^\s_]"
        r"|\#{1,6}[ ]*[^\s\#])"
    )


@cache
def _forward() -> re.Pattern[str]:
    """A fence; what is whole in itself; a tag of an element; any other sign that may begin HTML."""
    name = r"[A-Za-z][A-Za-z0-9]*"
    attributes = r"(?:\s+[A-Za-z_:][A-Za-z0-9_:.-]*+(?:=\"[^\"<>`]*+\")?)*+\s*+"
    return expression(
        r"^[ \t]*(?:```|~~~)"
        # A void element has no end tag, so that only its ">" has to be sure.
        r"|(?P<whole><(?:br|hr|img)(?:(?=[\s/>])(?:=\s*\"[^\"<>`]*+\"|[^<>=`]|=(?!\s*[\"']))*+)>"
        r"|<!--(?:[^<>-]|-(?![->]))*+-->"
        rf"|<(?P<empty>script|iframe){attributes}></(?P=empty)>)"
        r"|(?P<link><(?:https?://[^<>\s\"'`]++|[\w.+-]++@[\w.-]++)>)"
        rf"|<(?P<end>/?)(?P<name>{name})(?P<attributes>{attributes})>"
        r"|<(?![ \d=\n])",
        re.MULTILINE,
    )


def pieces(body: str) -> list[str]:
    """The pieces, in order; joined, they are the body. At least one."""
    if _everywhere().search(body):
        return [body]
    places = [found.end() for found in _cut().finditer(body)]
    if "<" in body or "```" in body or "~~~" in body:
        places = _outside(body, places)
    starts = [0, *places]
    return [body[start:end] for start, end in zip(starts, [*places, len(body)], strict=True)]


def _outside(body: str, places: list[int]) -> list[int]:
    """Those of the places that stand in no element, and before all that reaches forward."""
    kept: list[int] = []
    stack: list[str] = []
    at = 0
    for found in _forward().finditer(body):
        while at < len(places) and places[at] < found.end():
            if places[at] <= found.start() and not stack:
                kept.append(places[at])
            at += 1
        if found["whole"] or (found["link"] and not stack):
            continue
        name = (found["name"] or "").lower()
        if name not in _ELEMENTS:
            return kept
        if not found["end"]:
            stack.append(name)
        elif found["attributes"] or not stack or stack.pop() != name:
            return kept
    if not stack:
        kept += places[at:]
    return kept
