"""Which words of a passage stand inside quotation marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from tracker.text.surface import SEEN, Token

_OPENING = {"“": "”", "„": "“”‟", "«": "»", "»": "«", "‹": "›", "「": "」", "『": "』", '"': '"'}


def mark_quotes(tokens: Sequence[Token], text: str) -> None:
    """Set ``quoted`` on the seen tokens that stand inside quotation marks.

    A quotation left open by a curly mark runs to the end of its paragraph, as printers do when it
    goes on in the next one; a straight mark without a partner opens nothing.
    """
    opened = -1
    closing = ""
    single = False
    for place, token in enumerate(tokens):
        if token.code or token.kind not in SEEN:
            continue
        shown = text[token.start : token.end]
        shown = token.text if shown.startswith("&") else shown
        if opened >= 0:
            closes = shown in closing and (not single or _ends_single(text, token))
            if token.kind in ("quote", "mark") and closes:
                _quote(tokens, opened + 1, place)
                opened = -1
            elif token.line in ("item", "title", "heading", "cell") and closing == '"':
                opened = -1
        if opened < 0 and token.kind == "quote" and shown in _OPENING:
            if shown == '"' and tokens[place - 1].kind == "number" and place:
                continue  # inches: 5'10"
            if shown == "»" and token.end < len(text) and text[token.end].isspace():
                continue
            if token.start > 0 and shown == '"' and _closes_word(text, token):
                continue
            opened, closing, single = place, _OPENING[shown], False
        elif (opened < 0 and shown in ("‘", "‚")) or (
            opened < 0 and _opens_single(text, token, shown)
        ):
            opened, closing, single = place, "’‘'" if shown != "'" else "'", True
    if opened >= 0 and closing != '"' and not single:
        _quote(tokens, opened + 1, len(tokens))


def _closes_word(text: str, token: Token) -> bool:
    before = text[token.start - 1]
    after = text[token.end] if token.end < len(text) else " "
    return (before.isalnum() or before in ".,!?") and (after.isspace() or after in ".,;:")


def _opens_single(text: str, token: Token, shown: str) -> bool:
    if shown != "'" or token.end >= len(text) or not text[token.end].isalpha():
        return False
    before = text[token.start - 1] if token.start else " "
    if not (before.isspace() or before in "(["):
        return False
    # Only with a partner near by: otherwise it is an apostrophe, as in 'em.
    return _single_close().search(text, token.end, token.end + 400) is not None


@cache
def _single_close() -> re.Pattern[str]:
    return re.compile(r"(?<=[\w.,!?])'(?!\w)")


def _ends_single(text: str, token: Token) -> bool:
    return token.end >= len(text) or not text[token.end].isalnum()


def _quote(tokens: Sequence[Token], first: int, last: int) -> None:
    for token in tokens[first:last]:
        if token.kind in SEEN:
            token.quoted = True
