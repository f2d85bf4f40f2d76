"""The words of a piece of Markdown, without its markup."""

from __future__ import annotations

import re

_TARGET = r"\([^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?(?: \"[^\"]{0,200}\")?\)"
# Every repetition is bounded or cannot start again inside itself, so that time stays linear.
_RULES = (
    (re.compile(r"!?\[([^\[\]]{0,500})\]" + _TARGET), r"\1"),
    (re.compile(r"\[([^\[\]]{1,500})\]\[[^\[\]]{0,100}\]"), r"\1"),
    (re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]{1,500})\1(?!`)"), r"\2"),
    (re.compile(r"</?[a-zA-Z][^<>]{0,500}>"), ""),
    (re.compile(r"(?<![\w*\\])(\*{1,3})(?=[^\s*])([^*\n]{0,2000}?[^\s*\\])\1(?![\w*])"), r"\2"),
    (re.compile(r"(?<![\w_\\])(_{1,3})(?=[^\s_])([^_\n]{0,2000}?[^\s_\\])\1(?![\w_])"), r"\2"),
)  # fmt: skip
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def plain(markdown: str) -> str:
    """The words as readers see them: link texts without their targets, no emphasis, no tags."""
    words = markdown
    for rule, kept in _RULES:
        words = rule.sub(kept, words)
    return _ESCAPE.sub(r"\1", words).strip()
