"""The pages of an article: as it stands, its history, its versions, its passages, its notes."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from tracker.house.changelog import clocks, standing, told_of
from tracker.house.footer import without_any_blocks
from tracker.model import Blame, Event, History, Note, Removal, Revision, Span
from tracker.render.article_html import CLOSED, ArticlePart, Node, joined, parts
from tracker.render.history import passages, place_of
from tracker.render.plain import visible
from tracker.text.document import Document, parse
from tracker.web import addresses, http
from tracker.web.desk import MOST_FOLLOWED, current, desk
from tracker.web.http import NotHere
from tracker.web.page import LONGEST, body, fit, links, page
from tracker.web.reading import (
    PAGE,
    FoundArticle,
    NoteView,
    RevisionView,
    cut,
    find,
    frame,
    neighbor,
    note_views,
    page_of,
    stamped,
    steps,
    text,
)

pages = Blueprint("article", __name__)


class TextView(NamedTuple):
    headline: str
    dek: str
    bylines: tuple[str, ...]
    language: str  # BCP 47; "" where it is not known
    html: Markup
    cut: bool  # True: only its beginning is shown


def text_view(document: Document, headline: str, *, whole: bool = False) -> TextView:
    """A text of an article as it is shown.

    The block of notes in it is left out unless it is wanted ``whole``.
    """
    settings = current().settings
    start = document.body_start
    shown = document.text if whole else without_any_blocks(document.text, start)
    cut = len(shown) - start > LONGEST
    if cut:
        shown = shown[: start + LONGEST]
    return TextView(
        headline=headline,
        dek=document.dek or "",
        bylines=document.bylines,
        language=document.language or settings.articles_language or "",
        html=_without_headline(body(shown, start), headline),
        cut=cut,
    )


def _without_headline(html: Markup, headline: str) -> Markup:
    """The body without the heading that is the page's headline already."""
    start = html.lstrip()
    wanted = Markup("<h2>{}</h2>").format(headline)
    return Markup(start[len(wanted) :]) if start.startswith(wanted) else html  # noqa: S704


@pages.get("/article/<address:address>/")
def article(address: str) -> str:
    found = find(address)
    if found.life.deleted:
        raise NotHere(found.address)
    settings = current().settings
    document = parse(text(found.newest, found.life.article.path)[: 2 * LONGEST])
    # A note that stands in the body alone is read there, and not told twice.
    told = [note for note in standing(found.life.notes) if note.origin == "front-matter"]
    above, below = _placed(told, found.address)
    http.touched(found.newest.out_at)
    return page(
        "article.html",
        **frame(found, "article"),
        text=text_view(document, found.life.article.headline),
        above=above,
        below=below,
        times=clocks(found.life),
        source=addresses.source(addresses.stamp_of(found.newest), found.address),
        revisions=len(found.life.revisions),
        settings=settings,
        structured=_structured(found.life, document),
    )


def _structured(life: History, document: Document) -> Markup:
    """The article as machines read it, once readers can."""
    if clocks(life).published is None:
        return Markup("")
    from tracker.render import metadata

    # Nothing in it can end the element: see ``metadata.dumped``.
    script = metadata.script(life, document, current().settings, links())
    return Markup(script)  # noqa: S704


def _placed(notes: list[Note], address: str) -> tuple[tuple[NoteView, ...], tuple[NoteView, ...]]:
    """The notes for the top and for the bottom of an article, in the order of the house."""
    settings = current().settings
    placed: list[tuple[NoteView, ...]] = []
    for position in ("top", "bottom"):
        chosen = [n for n in notes if settings.style.templates[n.kind].position == position]
        chosen.sort(key=lambda note: note.at)
        if chosen and settings.style.templates[chosen[0].kind].order == "newest":
            chosen.reverse()
        placed.append(note_views(chosen, address))
    return placed[0], placed[1]


@pages.get("/history/<address:address>/")
def history(address: str) -> str:
    return _history(find(address), None)


@pages.get("/older/<stamp:stamp>/<address:address>/")
def older(stamp: str, address: str) -> str:
    found = find(address)
    return _history(found, stamped(found, stamp, addresses.older).number)


def _history(found: FoundArticle, until: int | None) -> str:
    http.touched(found.newest.out_at)
    revisions = found.life.revisions
    ends = addresses.stamp_of(revisions[0]), addresses.stamp_of(found.newest)
    return page(
        "history.html",
        **frame(found, "history"),
        timeline=timeline(found, until),
        first_last=addresses.compare(*ends, found.address) if len(revisions) > 2 else None,
    )


class Timeline(NamedTuple):
    """One page of an article's history, newest first."""

    items: tuple[RevisionView | Event, ...]
    newer: str | None  # address of the page before; None on the newest
    older: str | None  # address of the page after; None on the oldest
    page: int  # counted from the newest, 1
    pages: int
    highest: int  # number of the newest revision on the page


def timeline(found: FoundArticle, until: int | None) -> Timeline:
    """The page whose newest revision has the number ``until``; without it, the newest page."""
    life, revisions = found.life, found.life.revisions
    looks = desk().looks(revisions)
    count = len(revisions)
    high = count if until is None else until
    low = cut(count) + 1 if until is None else max(high - PAGE, 0) + 1
    if until is not None and high % PAGE:
        low = high - high % PAGE + 1  # never across the pages' own borders
    told = told_of(life, current().settings.check.grace)
    first = next((each.number for each in revisions if each.published), count + 1)
    items: list[tuple[tuple[int, int, int], RevisionView | Event]] = []
    for revision in revisions[low - 1 : high]:
        unsaid = revision.substantive and revision.number not in told
        view = found.shown(revision)._replace(
            silent=revision.published and revision.number > first and unsaid,
            looks=looks.get(revision.commit),
            told_by=_told_by(found, revision, told),
        )
        items.append(((revision.number, 1, 0), view))
    for order, event in enumerate(life.events):
        place = place_of(event, revisions)
        if low <= place <= high or (place == 0 and low == 1):
            items.append(((place, 2, order), event))
    items.sort(key=lambda item: item[0], reverse=True)
    newer = page_of(min(high + 1, count), revisions, found.address) if until is not None else None
    older = page_of(low - 1, revisions, found.address) if low > 1 else None
    pages = 1 + -(-cut(count) // PAGE)
    page = 1 if until is None else pages - -(-high // PAGE) + 1
    return Timeline(tuple(view for _, view in items), newer, older, page, pages, high)


def _told_by(found: FoundArticle, revision: Revision, told: Collection[int]) -> NoteView | None:
    """The note of a later revision that tells readers of one that brought none."""
    if revision.notes or not revision.substantive or revision.number not in told:
        return None
    later = (each for each in found.life.revisions[revision.number :] if each.notes)
    telling = next(later, None)
    return note_views(telling.notes[:1], found.address)[0] if telling is not None else None


@pages.get("/version/<stamp:stamp>/<address:address>/")
def one_version(stamp: str, address: str) -> str:
    found = find(address)
    revision = stamped(found, stamp, addresses.version)
    document = parse(text(revision, found.life.article.path)[: 2 * LONGEST])
    at = revision.number - 1
    http.touched(revision.out_at)
    return page(
        "version.html",
        **frame(found, "version"),
        revision=found.shown(revision)._replace(
            looks=desk().looks([revision]).get(revision.commit)
        ),
        text=text_view(document, document.headline or revision.headline, whole=True),
        source=addresses.source(stamp, found.address),
        steps=steps(found, at + 1, addresses.version),
        before=neighbor(found, at - 1, addresses.version),
        after=neighbor(found, at + 1, addresses.version),
        headline=document.headline or revision.headline,
        is_newest=revision.number == found.newest.number,
    )


@pages.get("/source/<stamp:stamp>/<address:address>/")
def source(stamp: str, address: str) -> Response:
    """The text of one version as it was recorded, byte for byte where it is UTF-8."""
    found = find(address)
    revision = stamped(found, stamp, addresses.source)
    response = make_response(text(revision, found.life.article.path).encode("utf-8", "replace"))
    response.mimetype = "text/plain"
    response.headers["Content-Disposition"] = "inline"
    http.touched(revision.out_at)
    http.cached(http.LASTING)
    return response


@pages.get("/blame/<address:address>/")
def blame(address: str) -> str:
    found = find(address)
    http.touched(found.newest.out_at)
    return page(
        "blame.html",
        **frame(found, "passages"),
        shown=None
        if found.large
        else marked_passages(desk().blame(found.life.article.path), found),
        source=addresses.source(addresses.stamp_of(found.newest), found.address),
    )


@pages.get("/note/<key>/<address:address>/")
def note(key: str, address: str) -> str:
    """One note, for good: what it says, and the revision that brought it."""
    found = find(address)
    told = [
        (revision, each)
        for revision in found.life.revisions
        for each in revision.notes
        if addresses.note_key(each.id) == key
    ]
    if not told:
        raise NotFound
    revision, brought = told[0]
    http.touched(revision.out_at)
    return page(
        "note.html",
        **frame(found, "note"),
        note=note_views([brought], found.address, found.life.notes)[0],
        revision=found.shown(revision),
        place=page_of(revision.number, found.life.revisions, found.address) + f"#note-{key}",
    )


# --- passages with the revisions that brought them, on the rendered article ----------------------

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
