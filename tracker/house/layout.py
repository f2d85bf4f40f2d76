"""Where a new article's file goes: ``layout = "articles/{year}/{month}/{day}/{slug}.md"``.

The cost of a commit grows with the entries of the folders that it rewrites, so that an archive of
many articles wants folders by date.
"""

from __future__ import annotations

import re
from datetime import date

from tracker.model import ARTICLE_ENDINGS

FIELDS = ("year", "month", "day", "slug")
"""What may stand in braces."""

DEFAULT = "{slug}.md"
"""The layout below the folder of articles, where the settings have none."""

_FIELD = re.compile(r"\{([^{}]*)\}")


def wrong(layout: str) -> tuple[str, str] | None:
    """What a layout must be and is not, with a hint; None for one that is right."""
    example = "Write it like articles/{year}/{month}/{day}/{slug}.md."
    fields = _FIELD.findall(layout)
    for field in fields:
        if field not in FIELDS:
            known = ", ".join(f"{{{each}}}" for each in FIELDS)
            return f"a path without “{{{field}}}”", f"Known are {known}."
    plain = _FIELD.sub("x", layout)
    if "{" in plain or "}" in plain:
        return "a path whose braces are closed", example
    if "slug" not in fields:
        return "a path with {slug}", example
    parts = plain.split("/")
    if not plain.isprintable() or "\\" in plain or {"", ".", ".."} & set(parts):
        return "a path in the newsroom, without “..” and empty parts", example
    if any(part.lower().startswith(".git") for part in parts):
        return "a path without names that git keeps for itself", example
    if not plain.endswith(ARTICLE_ENDINGS):
        return (
            f"a path that ends in {', '.join(ARTICLE_ENDINGS[:-1])} or {ARTICLE_ENDINGS[-1]}",
            example,
        )
    return None


def path(layout: str, slug: str, day: date) -> str:
    """The path of an article of this slug whose first version is of this day."""
    values = {
        "year": f"{day.year:04}",
        "month": f"{day.month:02}",
        "day": f"{day.day:02}",
        "slug": slug,
    }
    return _FIELD.sub(lambda found: values[found[1]], layout)
