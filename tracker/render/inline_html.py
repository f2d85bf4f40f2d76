"""One line of untrusted Markdown, such as a note, as safe inline HTML.

Links, emphasis and code are kept. Whatever would be a tag is shown as it was typed: nothing that
readers are told is hidden from them. A line is never taken for a heading, a list or a definition.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from tracker.render.article_html import article
from tracker.render.visible import visible

_START, _LESS = "\ue000", "\ue001"  # private characters, which Markdown passes through
TIME_START, TIME_END = "\ue002", "\ue003"
"""Stand around the words of a date; they become <time> and </time>."""

_OWN = re.compile(
    "[\ue000-\ue003\ufdd0-\ufdef"  # those four, and what is no character at all
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_MARKS = re.compile(r"[*_`\[\]<&\\]")  # without these, Markdown leaves a line as it is
_TAGS = {"a", "abbr", "code", "del", "em", "s", "strong", "sub", "sup"}
_AROUND = {"plain": ("", ""), "italic": ("<em>", "</em>"), "bold": ("<strong>", "</strong>")}


def harmless(words: str) -> str:
    """Words without the private characters that ``inline_html`` uses for itself.

    Characters that would turn or hide what stands around them are written out.
    """
    return visible(_OWN.sub("\ufffd", words))


@lru_cache(maxsize=4096)
def inline_html(line: str, markup: str, machine: str) -> str:
    """The line as HTML that may stand in a paragraph, a list item or a heading.

    ``line`` is one line of Markdown, made of ``harmless`` words, with ``TIME_START`` and
    ``TIME_END`` around its date; ``markup`` is what the house puts around it: "plain", "italic" or
    "bold". ``machine`` is the instant for <time>.
    """
    made = _rendered(line) if _MARKS.search(line) else escape(line, quote=False)
    stamp = escape(machine)
    made = made.replace(TIME_START, f'<time datetime="{stamp}">').replace(TIME_END, "</time>")
    opening, closing = _AROUND[markup]
    return f"{opening}{made}{closing}"


def _rendered(line: str) -> str:
    import nh3

    # The first character keeps Markdown from reading a heading, a list or a definition.
    page = article(_START + line.replace("<", _LESS))
    inline = nh3.clean(
        page,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "abbr": {"title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return inline.replace(_START, "").replace(_LESS, "&lt;").strip()
