"""Two versions compared, for a page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from tracker.comparison import compare
from tracker.house import style as house_style
from tracker.model import Precision, Reason, Revision
from tracker.render import diff_html
from tracker.web.desk import current
from tracker.web.page import words
from tracker.web.safe_html import fit

if TYPE_CHECKING:
    from tracker.house.style import Style

LONGEST = 400_000
"""Code points of either text above which it is not compared for a page."""


class Comparison(NamedTuple):
    """What changed between two versions, as it is shown."""

    html: Markup  # a fragment; "" where the texts are too long
    too_long: bool
    words_added: int
    words_removed: int
    substantive: bool
    reasons: tuple[Reason, ...]


def compared(
    old: Revision,
    new: Revision,
    before: str,
    after: str,
    *,
    sides: bool,
    language: str = "",
) -> Comparison:
    """What changed from the text ``before`` to the text ``after``, an article's in ``language``."""
    if max(len(before), len(after)) > LONGEST:
        return Comparison(
            Markup(), True, new.words_added, new.words_removed, new.substantive, new.why
        )
    said, settings = words(), current().settings
    return _made(
        before,
        after,
        settings.style,
        settings.articles_language,
        settings.clock,
        layout="side-by-side" if sides else "inline",
        old_name=said.instant(old.at),
        new_name=said.instant(new.at),
        language=said.tag,
        written_in=said.lang(language),
    )


def _made(
    before: str, after: str, style: Style, written: str | None, zone: ZoneInfo | None, **shown: Any
) -> Comparison:
    """The comparison, made where it holds nobody up; its notes are dated as the house dates."""
    change = compare(before, after, style=style, language=written)

    def when(at: datetime, precision: Precision) -> str:
        return house_style.when(style, at, zone, precision)

    return Comparison(
        fit(diff_html.fragment(change, before, after, when=when, **shown)),
        False,
        change.words_added,
        change.words_removed,
        change.substantive,
        change.why,
    )
