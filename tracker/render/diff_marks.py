"""The HTML elements that mark a change."""

from __future__ import annotations

import html
from typing import Literal

from tracker.house.phrases import FIRST, phrase, unnested
from tracker.render.visible import visible

MarkKind = Literal["ins", "del", "moved"]

_FIRST_WORDS = 8


def mark(kind: MarkKind, text: str, *, more: bool = False) -> str:
    """``text`` marked; "" for no text. ``more``: it goes on an edit that was announced before."""
    if not text:
        return ""
    shown = html.escape(visible(text), quote=False)
    name = "span" if kind == "moved" else kind
    classes = [*(["tracker-moved"] if kind == "moved" else []), *(["tracker-more"] if more else [])]
    attribute = f' class="{" ".join(classes)}"' if classes else ""
    return f"<{name}{attribute}>{shown}</{name}>"


def change_marks(old: str, new: str) -> str:
    """What went and what came."""
    return mark("del", old) + mark("ins", new)


def move_link(
    move: int,
    end: Literal["from", "to"] = "to",
    *,
    linked: bool = True,
    language: str = FIRST,
) -> str:
    """The sign at one end of a move, which leads to its other end where that is on the page."""
    key = "comparison.moved_here" if end == "to" else "comparison.moved_from_here"
    return _sign(move, end, phrase(language, key).format(number=move), linked=linked) + " "


def move_stub(move: int, old: str, *, linked: bool = True, language: str = FIRST) -> str:
    """What stands where a passage was: a link to where it is, and its first words."""
    words = visible(old).split(maxsplit=_FIRST_WORDS)
    more = "…" if len(words) > _FIRST_WORDS else ""
    beginning = html.escape(" ".join(words[:_FIRST_WORDS])[:100], quote=False)
    shown = beginning + more
    pattern = unnested(phrase(language, "comparison.moved_words"), {"words": shown}, language)
    return _sign(move, "from", pattern.format(number=move, words=shown), linked=linked)


def _sign(move: int, end: Literal["from", "to"], words: str, *, linked: bool) -> str:
    if not linked:
        return f'<span class="tracker-move">{words}</span>'
    other = "from" if end == "to" else "to"
    return f'<a class="tracker-move" id="move-{move}-{end}" href="#move-{move}-{other}">{words}</a>'
