"""The pages of an article: as it stands, its history, its versions, its passages, its notes."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, Response, make_response
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from tracker.errors import TrackerError
from tracker.house.blocks import blocks, without_blocks
from tracker.house.changelog import clocks, standing
from tracker.model import History, Note
from tracker.text.document import Document, parse
from tracker.web import addresses, caching, passages
from tracker.web.article_frame import frame, neighbor, stamped, steps
from tracker.web.desk import current, desk
from tracker.web.errors import NotHere
from tracker.web.history_views import page_of, steps_around, timeline
from tracker.web.page import page
from tracker.web.publishing import links
from tracker.web.reading import Found, find, text
from tracker.web.safe_html import LONGEST, body
from tracker.web.views import NoteView, note_views, revision_view

pages = Blueprint("article", __name__)


class Text(NamedTuple):
    """A version's text as it is shown."""

    headline: str
    dek: str
    bylines: tuple[str, ...]
    language: str  # BCP 47; "" where it is not known
    html: Markup
    cut: bool  # True: only its beginning is shown


def text_view(document: Document, headline: str, *, whole: bool = False) -> Text:
    """A text of an article as it is shown.

    The block of notes in it is left out unless it is wanted ``whole``.
    """
    settings = current().settings
    start = document.body_start
    shown = document.text if whole else _without_notes(document)
    cut = len(shown) - start > LONGEST
    if cut:
        shown = shown[: start + LONGEST]
    return Text(
        headline=headline,
        dek=document.dek or "",
        bylines=document.bylines,
        language=document.language or settings.articles_language or "",
        html=_without_headline(body(shown, start), headline),
        cut=cut,
    )


def _without_notes(document: Document) -> str:
    """The text without the lines that are made from the notes of its front matter."""
    try:
        found = blocks(document.text, document.body_start)
    except TrackerError:  # a marker has lost its other half
        return document.text
    return without_blocks(document.text, found, document.body_start)


def _without_headline(html: Markup, headline: str) -> Markup:
    """The body without the heading that is the page's headline already."""
    start = html.lstrip()
    wanted = Markup("<h2>{}</h2>").format(headline)
    return Markup(start[len(wanted) :]) if start.startswith(wanted) else html  # noqa: S704


@pages.get("/article/<address:address>/")
def article(address: str) -> str:
    """An article as it stands."""
    found = find(address)
    if found.life.deleted:
        raise NotHere(found.address)
    settings = current().settings
    document = parse(text(found.newest, found.life.article.path)[: 2 * LONGEST])
    # A note that stands in the body alone is read there, and not told twice.
    told = [note for note in standing(found.life.notes) if note.origin == "front-matter"]
    above, below = _placed(told, found.address)
    caching.touched(found.newest.at)
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
    from tracker.render import jsonld

    # Nothing in it can end the element: see ``jsonld.dumped``.
    script = jsonld.script(life, document, current().settings, links())
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
        placed.append(note_views(chosen, address, settings))
    return placed[0], placed[1]


@pages.get("/history/<address:address>/")
def history(address: str) -> str:
    """The newest revisions of an article."""
    return _history(find(address), None)


@pages.get("/older/<stamp:stamp>/<address:address>/")
def older(stamp: str, address: str) -> str:
    """Older revisions of an article."""
    found = find(address)
    return _history(found, stamped(found, stamp, addresses.older).number)


def _history(found: Found, until: int | None) -> str:
    room = current()
    shown = timeline(
        found.life, found.address, room.settings, until, room.workspace.under,
        counted=not found.large, language=found.language,
    )  # fmt: skip
    caching.touched(found.newest.at)
    return page(
        "history.html",
        **frame(found, "history"),
        timeline=shown,
        choices=[
            (addresses.stamp_of(each), each.at)
            for each in reversed(steps_around(shown.highest, found.life.revisions))
        ],
        first_last=addresses.compare(
            addresses.stamp_of(found.life.revisions[0]),
            addresses.stamp_of(found.newest),
            found.address,
        )
        if len(found.life.revisions) > 2
        else None,
    )


@pages.get("/version/<stamp:stamp>/<address:address>/")
def one_version(stamp: str, address: str) -> str:
    """One version of an article, as readers saw it."""
    found = find(address)
    revision = stamped(found, stamp, addresses.version)
    document = parse(text(revision, found.life.article.path)[: 2 * LONGEST])
    settings = current().settings
    at = revision.number - 1
    caching.touched(revision.at)
    return page(
        "version.html",
        **frame(found, "version"),
        revision=revision_view(
            revision,
            found.address,
            settings,
            notes=found.life.notes,
            counted=not found.large,
            language=found.language,
        ),
        text=text_view(
            document,
            document.headline or revision.headline or "",
            whole=True,
        ),
        source=addresses.source(stamp, found.address),
        steps=steps(found, at + 1, addresses.version),
        before=neighbor(found, at - 1, addresses.version),
        after=neighbor(found, at + 1, addresses.version),
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
    caching.touched(revision.at)
    caching.cached(caching.LASTING)
    return response


@pages.get("/blame/<address:address>/")
def blame(address: str) -> str:
    """The passages of an article with the revisions that brought them."""
    found = find(address)
    caching.touched(found.newest.at)
    return page(
        "blame.html",
        **frame(found, "passages"),
        shown=None
        if found.large
        else passages.passages(desk().blame(found.life.article.path), found),
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
    settings = current().settings
    caching.touched(revision.at)
    return page(
        "note.html",
        **frame(found, "note"),
        note=note_views([brought], found.address, settings, found.life.notes)[0],
        revision=revision_view(revision, found.address, settings, language=found.language),
        place=page_of(revision.number, found.life.revisions, found.address) + f"#note-{key}",
    )
