"""Pure functions over text: documents, tokens, diffs, what a change means, blame."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache


def expression(pattern: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    """Return a function that gives the compiled expression, made at its first call."""
    return cache(lambda: re.compile(pattern, flags))
