"""Pictures of change over time, as SVG made here: no script, and words for who cannot see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import sqrt
from typing import NamedTuple

from markupsafe import Markup

from tracker.model import Revision
from tracker.web.page import words

_WIDTH, _HEIGHT = 1000, 56
_FOOT = 44  # of the ticks; the line of time runs here
_LEAST, _MOST = 6, 36  # heights of a tick
_MOST_TICKS = 1_000


def places(moments: Sequence[datetime]) -> list[float]:
    """Where instants stand between the first and the last of them, from 0 to 1, true to time."""
    if not moments:
        return []
    first, last = min(moments), max(moments)
    whole = (last - first).total_seconds()
    if whole <= 0:
        return [at / max(len(moments) - 1, 1) for at in range(len(moments))]
    return [(each - first).total_seconds() / whole for each in moments]


def strip(revisions: Sequence[Revision], here: int = 0) -> Markup:
    """A strip of time with a tick for each version; nothing where there are fewer than three.

    A tick is as high as many words changed, dark where a reader's belief could change, and flagged
    where readers were told. ``here`` is the number of the version that is looked at.
    """
    if len(revisions) < 3:
        return Markup()
    shown = revisions[-_MOST_TICKS:]
    said = words()
    out = []
    largest = max(each.words_added + each.words_removed for each in shown[1:]) or 1
    for each, place in zip(shown, places([each.out_at for each in shown]), strict=True):
        x = round(6 + place * (_WIDTH - 12), 1)
        changed = min(each.words_added + each.words_removed, largest)
        height = round(_LEAST + (_MOST - _LEAST) * sqrt(changed / largest))
        kind = "tick"
        if each.substantive:
            kind += " substantive"
        if each.number == here:
            kind += " here"
        mark = Markup('<rect class="{}" x="{}" y="{}" width="4" height="{}"/>').format(
            kind, x - 2, _FOOT - height, height
        )
        if each.notes:
            away = -11 if place > 0.95 else 11  # a flag at the end of the strip points inwards
            mark += Markup('<path class="flag-{}" d="M{} 0 l{} 5 l{} 5 z"/>').format(
                each.notes[-1].kind, x - away / 11, away, -away
            )
        out.append(Markup("<g><title>{}</title>{}</g>").format(said.instant(each.out_on), mark))
    alternative = said(
        "picture.strip",
        versions=said("count.revisions", number=len(revisions)),
        first=said.day(revisions[0].out_on),
        last=said.day(revisions[-1].at),
        substantive=said.number(sum(each.substantive for each in revisions)),
        told=said.number(sum(bool(each.notes) for each in revisions)),
    )
    return Markup(
        '<figure class="strip"><svg viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img" '
        'aria-label="{words}"><line class="axis" x1="0" y1="{foot}" x2="{w}" y2="{foot}"/>{ticks}'
        '</svg><figcaption><span>{first}</span><span class="key">{key}</span><span>{last}</span>'
        "</figcaption></figure>"
    ).format(
        w=_WIDTH, h=_HEIGHT, foot=_FOOT, words=alternative, ticks=Markup("").join(out),
        first=said.day(shown[0].out_on), last=said.day(shown[-1].at), key=said("picture.strip_key"),
    )  # fmt: skip


# --- numbers as bars ------------------------------------------------------------------------------


class BarParts(NamedTuple):
    """One bar of a picture, standing for a month."""

    name: str  # of the month
    parts: tuple[tuple[str, int], ...]  # what is counted, from the foot up, and how many
    begins: bool = False  # True: a year begins here

    @property
    def whole(self) -> int:
        return sum(number for _, number in self.parts)


_BAR_HEIGHT = 160


def bars(what: str, columns: Sequence[BarParts], names: Mapping[str, str]) -> Markup:
    """A bar for each month, of the parts that ``names`` calls; nothing where nothing is counted.

    ``what`` is the caption. The numbers of each bar are its title.
    """
    largest = max((each.whole for each in columns), default=0)
    if not largest:
        return Markup()
    said = words()
    step = _WIDTH / len(columns)
    drawn = []
    for place, column in enumerate(columns):
        foot: float = _BAR_HEIGHT
        rects = []
        if column.begins and place:
            x = round(place * step, 1)
            rects.append(Markup('<path class="year" d="M{} 0V{}"/>').format(x, _BAR_HEIGHT))
        for kind, number in column.parts:
            height = round(number / largest * (_BAR_HEIGHT - 4), 1)
            foot -= height
            if number:
                rects.append(
                    Markup('<rect class="bar-{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                        kind, round(place * step + step * 0.12, 1), round(foot, 1),
                        round(step * 0.76, 1), height,
                    )
                )  # fmt: skip
        numbers = ", ".join(
            f"{names[kind]} {said.number(number)}" for kind, number in column.parts if number
        )
        title = said("form.labeled", label=column.name, words=numbers or "0")
        drawn.append(Markup("<g><title>{}</title>{}</g>").format(title, Markup("").join(rects)))
    most = max(columns, key=lambda each: each.whole)
    alternative = said(
        "picture.bars", what=what, first=columns[0].name, last=columns[-1].name,
        all=said.number(sum(each.whole for each in columns)),
        most=said.number(largest), month=most.name,
    )  # fmt: skip
    used = [kind for kind in names if any(dict(each.parts).get(kind) for each in columns)]
    swatches = Markup("").join(
        Markup('<li><span class="swatch bar-{}"></span>{}</li>').format(kind, names[kind])
        for kind in used
    )
    return Markup(
        '<figure class="bars"><span class="most" aria-hidden="true">{most}</span>'
        '<svg viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img" aria-label="{words}">'
        '<line class="axis" x1="0" y1="{h}" x2="{w}" y2="{h}"/>{drawn}</svg>'
        "<figcaption><span>{first}</span><ul>{swatches}</ul><span>{last}</span></figcaption>"
        "</figure>"
    ).format(
        most=said.number(largest), w=_WIDTH, h=_BAR_HEIGHT, words=alternative,
        drawn=Markup("").join(drawn), swatches=swatches,
        first=columns[0].name, last=columns[-1].name,
    )  # fmt: skip


def share(part: float, kind: str) -> Markup:
    """A bar as long as a share from 0 to 1; the number beside it says it in words."""
    return Markup(
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="whole" width="100" height="8"/>'
        '<rect class="bar-{}" width="{}" height="8"/></svg>'
    ).format(kind, round(100 * part, 1))
