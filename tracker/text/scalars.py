"""Texts as values of YAML and TOML: safe for any words, and readable where that can be."""

from __future__ import annotations

import re

from tracker.errors import TrackerError

# Words that begin with a letter and hold a space are text to every YAML reader, 1.1 or 1.2.
_PLAIN = re.compile(r"[^\W\d_][^\s:#]*(?: (?:[^\s:#]|(?<=\S)#|:(?=[^\s]))+)+")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_RESERVED = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    r"\ufff0-\uffff\U000e0000-\U000e0fff]"
)
# Joiners and direction marks are part of real words and emoji: they stay, inside quotation marks.
_SHOWN = frozenset("\xa0\xad\u200b\u200c\u200d\u200e\u200f\u061c\u2060")
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", '"': '\\"'}


def yaml_scalar(text: str) -> str:
    """Return YAML for a text: plain where nothing can be misread, else in double quotes.

    Raises TrackerError for control characters, which YAML cannot hold as such.
    """
    if _PLAIN.fullmatch(text) and not _UNSAFE.search(text):
        return text
    if _WORD.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    return f'"{_escaped(text)}"'


def toml_string(text: str) -> str:
    """Return a TOML basic string for a text. Raises TrackerError as ``yaml_scalar`` does."""
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    check(text)
    return re.sub(r'[\\"]|' + _UNSAFE.pattern, _escape, text)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _NAMED:
        return _NAMED[character]
    if character in _SHOWN:
        return character
    code = ord(character)
    return f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}"


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def check(text: str) -> None:
    """Raise TrackerError when a text holds a character that no note can have."""
    if found := _CONTROL.search(text):
        raise TrackerError(
            f"A note cannot hold the control character U+{ord(found[0]):04X}.",
            "Leave the character out.",
        )
