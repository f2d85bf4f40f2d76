"""Two versions compared, for a page."""

from __future__ import annotations

from markupsafe import Markup

from tracker.model import Change, Reason, Revision
from tracker.records import NamedTuple
from tracker.render import diff_html
from tracker.web.apart import apart
from tracker.web.desk import current, desk
from tracker.web.page import words
from tracker.web.safe_html import fit

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
    together: bool = False,
) -> Comparison:
    """What changed from the text ``before`` to the text ``after``, an article's in ``language``.

    ``together``: the text before is not that of ``old`` alone, but what a merge brought together.
    """
    if max(len(before), len(after)) > LONGEST:
        return Comparison(
            Markup(), True, new.words_added, new.words_removed, new.substantive, new.why
        )
    pair = f"{old.commit} {old.path} {new.commit} {new.path}{' both' * together}"
    change: Change = desk().kept("change", pair, lambda: current().compare(before, after))
    said = words()
    fragment = apart(
        diff_html.fragment,
        change,
        before,
        after,
        layout="side-by-side" if sides else "inline",
        old_name=said.instant(old.at),
        new_name=said.instant(new.at),
        language=said.tag,
        written_in=said.lang(language),
    )
    return Comparison(
        fit(fragment),
        False,
        change.words_added,
        change.words_removed,
        change.substantive,
        change.why,
    )
