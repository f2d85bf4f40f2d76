"""The pages of an article: as it stands, its history, its versions, its passages, its notes."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from flask import Blueprint, Response, make_response
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from tracker.house.changelog import clocks, standing, told_of
from tracker.house.footer import without_any_blocks
from tracker.model import Event, History, Note, Revision
from tracker.render.history import place_of
from tracker.text.document import Document, parse
from tracker.web import addresses, http
from tracker.web.desk import current, desk
from tracker.web.http import NotHere
from tracker.web.page import LONGEST, body, links, page
from tracker.web.passages import marked_passages
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
