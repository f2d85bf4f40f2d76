"""An article's passages with the revisions that brought them, on the rendered article."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from tracker.model import Blame, Removal, Revision, Span
from tracker.render.article_html import CLOSED, ArticlePart, Node, joined, parts
from tracker.render.history import passages
from tracker.render.plain import visible
from tracker.text.document import parse
from tracker.web.desk import MOST_FOLLOWED, current
from tracker.web.page import LONGEST, fit
from tracker.web.reading import FoundArticle, RevisionView, text

TINTS = 5
"""Steps of the scale of age, from the oldest passages to the newest."""

_LONGEST_REMOVAL = 600  # code points of what was taken out that are shown


class AgeStep(NamedTuple):
    """A step of the scale of age, as the legend tells of it."""

    tint: int  # from 1 to ``TINTS``
    first: datetime  # aware: of its oldest version
    last: datetime


class PassagesView(NamedTuple):
    """The passage view."""

    html: Markup
    legend: tuple[AgeStep, ...]  # oldest first
    revisions: tuple[RevisionView, ...]  # that brought or took out something, newest first
    rendered: bool  # False: the text is shown as it is written
    cut: bool  # True: only the beginning of the text is shown
    since: datetime | None  # of the first version that was followed, where it is not the first


def marked_passages(found: Blame, where: FoundArticle) -> PassagesView:
    """The newest text of an article, marked."""
    found = _as_seen(found, where.life.revisions)
    start = parse(found.text).body_start
    text = found.text[: start + LONGEST]
    cut = len(found.text) > len(text)
    removals = [
        each
        for each in found.removals
        if start <= each.place <= len(text)
        and not (each.place == start and _of_front_matter(each, where))
    ]
    count = len(found.revisions)
    first = max(count - MOST_FOLLOWED, 0) + 1
    at = [each.at for each in found.revisions]
    tints = _tints(found.spans, text, start, first, at, current().settings.clock)
    marker = _Marker(found.spans, removals, first, tints)
    marked, used, known = _marked(marker, text, start, rendered=not cut)
    # Where it is not rendered, it is written by us, every character of the article escaped.
    html = fit(marked) if known else Markup(f'<div class="tracker-text">{marked}</div>')  # noqa: S704
    shown = tuple(
        where.shown(each) for each in reversed(where.life.revisions) if each.number in used
    )
    since = found.revisions[first - 1].at if first > 1 else None
    return PassagesView(html, _legend(tints, found), shown, known, cut, since)


def _of_front_matter(removal: Removal, where: FoundArticle) -> bool:
    """Whether what was taken out stood in the front matter, which readers do not see."""
    if removal.revision < 2:
        return False
    before = where.life.revisions[removal.revision - 2]
    document = parse(text(before, where.life.article.path))
    return removal.text not in document.text[document.body_start :]


def _tints(
    spans: Sequence[Span],
    text: str,
    start: int,
    first: int,
    at: Sequence[datetime],
    zone: ZoneInfo | None,
) -> dict[int, int]:
    """The step of each version that brought words which still stand: the newest has the deepest.

    A step has as many days as the next one, or versions where all came on one day: versions often
    come in bursts. ``at`` has their instants.
    """
    brought = {
        span.revision
        for span in spans
        if span.revision != first
        and span.end > start
        and text[max(span.start, start) : span.end].strip()
    }
    days = {number: at[number - 1].astimezone(zone).date() for number in brought}
    steps: dict[int, object] = dict(days) if len({*days.values()}) > 1 else {n: n for n in brought}
    order = list(dict.fromkeys(steps[number] for number in sorted(brought, reverse=True)))
    return {number: TINTS - order.index(steps[number]) * TINTS // len(order) for number in brought}


def _legend(tints: Mapping[int, int], found: Blame) -> tuple[AgeStep, ...]:
    steps = []
    for tint in sorted(set(tints.values())):
        at = [found.revisions[number - 1].at for number in sorted(tints) if tints[number] == tint]
        steps.append(AgeStep(tint, min(at), max(at)))
    return tuple(steps)


def _as_seen(found: Blame, shown: tuple[Revision, ...]) -> Blame:
    """The passages by the revisions that are shown: what came before them came with their first."""
    hidden = len(found.revisions) - len(shown)
    if not hidden:
        return found
    return found._replace(
        revisions=shown,
        spans=tuple(e._replace(revision=max(e.revision - hidden, 1)) for e in found.spans),
        removals=tuple(
            each._replace(brought=max(each.brought - hidden, 1), revision=each.revision - hidden)
            for each in found.removals
            if each.revision > hidden + 1
        ),
    )


def _marked(
    marker: _Marker, text: str, start: int, *, rendered: bool
) -> tuple[str, set[int], bool]:
    """A text marked, the numbers of the revisions that are named, and whether it is rendered."""
    page = None
    if rendered:
        pieces = parts(text, start)
        page = joined(pieces, marker.unmarked(pieces))
    if page is not None and page.known:
        return marker.rendered(page.nodes), marker.used, True
    return marker.written(text, start), marker.used, False


def seen_words(markdown: str) -> str:
    """The words that a reader saw of some Markdown: without tags, and links without their targets.

    "" where there was none, such as of a comma or a bracket.
    """
    text = _unseen().sub(lambda found: f" {found[1]} " if found[1] else " ", markdown)
    words = " ".join(text.split())
    return words if any(character.isalnum() for character in words) else ""


@cache
def _unseen() -> re.Pattern[str]:
    return re.compile(
        r"\[([^\[\]]{0,300})\]\([^()\s]{0,2000}\)"  # a link, whose words stay
        r"|\]\([^()\s]{0,2000}\)?"  # its end, where the link was cut
        r"|</?[A-Za-z][^<>]{0,2000}>|\{%[^{}]{0,2000}%\}|[\[\]]"
    )


class _Marker:
    """Marks runs of text, and sets in what was taken out."""

    def __init__(
        self,
        spans: Sequence[Span],
        removals: Sequence[Removal],
        first: int,
        tints: Mapping[int, int],
    ) -> None:
        self._spans = spans
        self._starts = [span.start for span in spans]
        self._removals = sorted(removals, key=lambda each: (each.place, each.revision))
        self._waiting = deque(self._removals)
        self._first = first  # the version whose passages are not marked
        self._tints = tints
        self.used: set[int] = {first}

    def unmarked(self, pieces: Sequence[ArticlePart]) -> set[int]:
        """The pieces, by number, that are the first version's, and nothing was taken out of."""
        found: set[int] = set()
        places = [each.place for each in self._removals]
        before = 0
        for number, piece in enumerate(pieces):
            taken = bisect_left(places, before) < bisect_left(places, piece.end)
            low = max(bisect_right(self._starts, piece.start) - 1, 0)
            spans = self._spans[low : bisect_left(self._starts, piece.end)]
            if not taken and all(span.revision == self._first for span in spans):
                found.add(number)
            before = piece.end
        return found

    def rendered(self, nodes: Sequence[Node]) -> str:
        """A rendered article with its passages marked."""
        out: list[str] = []
        number, linked = self._first, False
        for node in nodes:
            if node.tag:
                out.append(node.tag)
                if node.name == "a":
                    linked = not node.closing
                elif node.name == CLOSED:
                    number = self._first
                continue
            if not node.text.strip():
                out.append(escape(node.text, quote=False))
                continue
            run: list[str] = []
            for start, stop, source in self._stretches(node):
                here = self._number(source) if source >= 0 else number
                if source >= 0 and self._waits(source):
                    out.append(self._passage("".join(run), number, linked=linked))
                    run = []
                    out += self._taken_out(source, linked=linked)
                if here != number and run:
                    out.append(self._passage("".join(run), number, linked=linked))
                    run = []
                number = here
                run.append(node.text[start:stop])
            out.append(self._passage("".join(run), number, linked=linked))
        rest = self._taken_out(None, linked=False)
        return "".join(out) + (f"<p>{''.join(rest)}</p>" if rest else "")

    def written(self, text: str, start: int) -> str:
        """A text as it is written, with its passages marked."""
        return "".join(
            self._struck(each.number, each.words, linked=False)
            if each.gone
            else self._passage(each.words, each.number, linked=False)
            for each in passages(self._spans, self._removals, text, start)
        )

    def _stretches(self, node: Node) -> Iterator[tuple[int, int, int]]:
        """Start and end in a text of what one revision brought and nothing was taken out of.

        With its place in the source; -1 where that is not known.
        """
        sources = node.sources
        end = len(sources)
        if sources[0] < 0 or sources != list(range(sources[0], sources[0] + end)):
            yield from ((at, at + 1, source) for at, source in enumerate(sources))
            return
        start, first = 0, sources[0]
        while start < end:
            source = first + start
            following = bisect_right(self._starts, source)
            stop = self._starts[following] - first if following < len(self._starts) else end
            removal = bisect_right(self._removals, source, key=lambda each: each.place)
            if removal < len(self._removals):
                stop = min(stop, self._removals[removal].place - first)
            stop = min(stop, end)
            yield start, stop, source
            start = stop

    def _number(self, source: int) -> int:
        found = bisect_right(self._starts, source) - 1
        return self._spans[found].revision if found >= 0 else self._first

    def _waits(self, source: int | None) -> bool:
        return bool(self._waiting) and (source is None or self._waiting[0].place <= source)

    def _taken_out(self, source: int | None, *, linked: bool) -> list[str]:
        """What was taken out up to this place; all that is left where it is None."""
        out: list[str] = []
        while self._waits(source):
            each = self._waiting.popleft()
            out.append(self._struck(each.revision, each.text, linked=linked))
        return list(filter(None, out))

    def _struck(self, number: int, text: str, *, linked: bool) -> str:
        """What a revision took out; "" for what no reader saw."""
        words = seen_words(text)
        if not words:
            return ""
        self.used.add(number)
        more = "…" if len(words) > _LONGEST_REMOVAL else ""
        shown = escape(visible(words[:_LONGEST_REMOVAL]), quote=False) + more
        return self._linked("del", "taken", shown, number, linked=linked) + " "

    def _passage(self, words: str, number: int, *, linked: bool) -> str:
        """One passage: plain from the first version, else marked with its step of age."""
        shown = escape(words, quote=False)
        if number == self._first or not words.strip():
            return shown
        self.used.add(number)
        kind = f"passage tint-{self._tints.get(number, TINTS)}"
        return self._linked("span", kind, shown, number, linked=linked)

    @staticmethod
    def _linked(name: str, kind: str, shown: str, number: int, *, linked: bool) -> str:
        """A passage that leads to its revision below; in a link of the article, it is no link."""
        if linked:
            return f'<{name} class="{kind}" data-revision="{number}">{shown}</{name}>'
        target = f'<a class="{kind}" data-revision="{number}" href="#revision-{number}">{shown}</a>'
        return f"<del>{target}</del>" if name == "del" else target
