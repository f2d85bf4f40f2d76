"""Untrusted text made safe to show: nothing in it moves a cursor, sets a color or turns a line."""

from __future__ import annotations

import re
from functools import cache

# C0 but tab and newline, DEL, C1, the controls of the Unicode bidirectional algorithm that embed,
# override or isolate (UAX #9), the line and paragraph separators, and lone surrogates. The marks
# U+200E and U+200F stay: Hebrew and Arabic texts use them, and they cannot reach past a word.
_CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(_CONTROLS)


def visible(text: str) -> str:
    """``text`` with each control character written out, ``<U+001B>``; CRLF becomes LF."""
    return _pattern().sub(lambda found: f"<U+{ord(found.group()):04X}>", text.replace("\r\n", "\n"))
