"""The pages of an article: as it stands, its history, its versions, what changed, its passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, Response, make_response, request
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, NotFound

from tracker.errors import TrackerError
from tracker.house.blocks import blocks, without_blocks
from tracker.house.changelog import first_published, last_updated
from tracker.house.standing import standing
from tracker.model import History, Note, Revision
from tracker.newsroom.grounds import text_before
from tracker.newsroom.lineage import bases
from tracker.records import NamedTuple
from tracker.text.document import Document, parse
from tracker.web import addresses, caching, comparing, passages
from tracker.web.desk import current, desk
from tracker.web.errors import NotHere
from tracker.web.history_views import page_of, steps_around, timeline
from tracker.web.links import link
from tracker.web.page import page
from tracker.web.publishing import links
from tracker.web.reading import Found, Moved, find, text, version
from tracker.web.safe_html import LONGEST, body
from tracker.web.views import NoteView, note_views, revision_view, untold

pages = Blueprint("article", __name__)

Where = Callable[[str, str], str]
"""Gives the page of a version, from its stamp and the article's address."""


class Text(NamedTuple):
    """A version's text as it is shown."""

    headline: str
    dek: str
    bylines: tuple[str, ...]
    language: str  # BCP 47; "" where it is not known
    html: Markup
    cut: bool  # True: only its beginning is shown


def text_view(document: Document, headline: str, path: str, *, whole: bool = False) -> Text:
    """A text of the article at a path as it is shown.

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
        html=_without_headline(body(shown, start, path=path), headline),
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


def _frame(found: Found, view: str) -> dict[str, object]:
    """What every page of an article is made with."""
    life = found.life
    return {
        "address": found.address,
        "life": life,
        "view": view,
        "newest": found.newest,
        "spoken": found.language,
        "newest_change": addresses.change(addresses.stamp_of(found.newest), found.address)
        if len(life.revisions) > 1
        else None,
        "gone": next((e for e in reversed(life.events) if e.kind == "deleted"), None)
        if life.deleted
        else None,
    }


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
        **_frame(found, "article"),
        text=text_view(document, found.life.article.headline, found.life.article.path),
        above=above,
        below=below,
        published=first_published(found.life),
        updated=last_updated(found.life),
        source=addresses.source(addresses.stamp_of(found.newest), found.address),
        revisions=len(found.life.revisions),
        settings=settings,
        structured=_structured(found.life, document),
    )


def _structured(life: History, document: Document) -> Markup:
    """The article as machines read it, once readers can."""
    if first_published(life) is None:
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
    return _history(found, _stamped(found, stamp, addresses.older).number)


def _history(found: Found, until: int | None) -> str:
    room = current()
    shown = timeline(
        found.life, found.address, room.settings, until, room.place.under,
        counted=not found.large, language=found.language,
    )  # fmt: skip
    caching.touched(found.newest.at)
    return page(
        "history.html",
        **_frame(found, "history"),
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


def _stamped(found: Found, stamp: str, address: Where) -> Revision:
    """The revision of a stamp; a stamp written in another way is sent to the right one."""
    revision = version(found, stamp)
    if addresses.stamp_of(revision) != stamp:
        raise Moved(address(addresses.stamp_of(revision), found.address))
    return revision


@pages.get("/version/<stamp:stamp>/<address:address>/")
def one_version(stamp: str, address: str) -> str:
    """One version of an article, as readers saw it."""
    found = find(address)
    revision = _stamped(found, stamp, addresses.version)
    document = parse(text(revision, found.life.article.path)[: 2 * LONGEST])
    settings = current().settings
    at = revision.number - 1
    caching.touched(revision.at)
    return page(
        "version.html",
        **_frame(found, "version"),
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
            found.life.article.path,
            whole=True,
        ),
        source=addresses.source(stamp, found.address),
        steps=_steps(found, at + 1, addresses.version),
        before=_neighbor(found, at - 1, addresses.version),
        after=_neighbor(found, at + 1, addresses.version),
        is_newest=revision.number == found.newest.number,
    )


class Step(NamedTuple):
    """A version that one may step to."""

    at: datetime
    address: str
    here: bool


def _steps(found: Found, number: int, address: Where, since: int = 1) -> list[Step]:
    """The versions around one, each with the page of it that ``address`` gives."""
    return [
        Step(each.at, address(addresses.stamp_of(each), found.address), each.number == number)
        for each in steps_around(number, found.life.revisions)
        if each.number >= since
    ]


def _neighbor(found: Found, index: int, address: Where) -> str | None:
    revisions = found.life.revisions
    if not 0 <= index < len(revisions):
        return None
    return address(addresses.stamp_of(revisions[index]), found.address)


@pages.get("/source/<stamp:stamp>/<address:address>/")
def source(stamp: str, address: str) -> Response:
    """The text of one version as it was recorded, byte for byte where it is UTF-8."""
    found = find(address)
    revision = _stamped(found, stamp, addresses.source)
    response = make_response(text(revision, found.life.article.path).encode("utf-8", "replace"))
    response.mimetype = "text/plain"
    response.headers["Content-Disposition"] = "inline"
    caching.touched(revision.at)
    caching.cached(caching.LASTING)
    return response


@pages.get("/change/<stamp:stamp>/<address:address>/")
def change(stamp: str, address: str) -> str:
    """What one version changed."""
    return _change(stamp, address, sides=False)


@pages.get("/change-sides/<stamp:stamp>/<address:address>/")
def change_sides(stamp: str, address: str) -> str:
    """What one version changed, side by side."""
    return _change(stamp, address, sides=True)


def _change(stamp: str, address: str, *, sides: bool) -> str:
    found = find(address)

    def where(stamp: str, address: str) -> str:
        return addresses.change(stamp, address, sides=sides)

    new = _stamped(found, stamp, where)
    if new.number == 1:
        raise NotFound
    revisions = found.life.revisions
    on = bases(revisions)
    written_on = [revisions[each] for each in on[new.number - 1]]
    before = None
    if len(written_on) > 1 and not found.large:
        path = found.life.article.path
        before = text_before(
            current(), revisions, on, new.number - 1, lambda each: text(revisions[each], path)
        )
    return _compared(
        found,
        written_on[-1],
        new,
        sides,
        before_merge=before,
        written_on=[(each.at, _version_of(found, each)) for each in written_on],
        brought=(new,),
        other=addresses.change(stamp, found.address, sides=not sides),
        steps=_steps(found, new.number, where, since=2),
        before=_neighbor(found, new.number - 2, where) if new.number > 2 else None,
        after=_neighbor(found, new.number, where),
    )


@pages.get("/compare/<stamp:old>/<stamp:new>/<address:address>/")
def compare(old: str, new: str, address: str) -> str:
    """Any two versions compared."""
    return _pair(old, new, address, sides=False)


@pages.get("/compare-sides/<stamp:old>/<stamp:new>/<address:address>/")
def compare_sides(old: str, new: str, address: str) -> str:
    """Any two versions side by side."""
    return _pair(old, new, address, sides=True)


def _pair(old: str, new: str, address: str, *, sides: bool) -> str:
    found = find(address)
    first, second = version(found, old), version(found, new)
    stamps = addresses.stamp_of(first), addresses.stamp_of(second)
    if stamps != (old, new):
        raise Moved(addresses.compare(*stamps, found.address, sides=sides))
    other = addresses.compare(*stamps, found.address, sides=not sides)
    return _compared(found, first, second, sides, other=other, steps=[], before=None, after=None)


def _version_of(found: Found, revision: Revision) -> str:
    return addresses.version(addresses.stamp_of(revision), found.address)


def _compared(
    found: Found,
    old: Revision,
    new: Revision,
    sides: bool,
    *,
    before_merge: str | None = None,
    written_on: Sequence[tuple[datetime, str]] = (),
    brought: tuple[Revision, ...] | None = None,
    **values: object,
) -> str:
    """``before_merge`` is the text before, where it is not that of ``old`` alone.

    ``written_on``: when the versions were made that it is of, and where they are.
    """
    path = found.life.article.path
    track = desk().track(path)
    blobs = {each.commit: each.blob for each in track.versions}
    texts = desk().texts([blobs[old.commit], blobs[new.commit]])
    caching.touched(max(old.at, new.at))
    between = brought or found.life.revisions[old.number : new.number]
    notes = _brought(found.life, between, found.address)
    comparison = comparing.compared(
        old,
        new,
        texts[0] if before_merge is None else before_merge,
        texts[1],
        sides=sides,
        language=found.language,
    )
    return page(
        "compare.html",
        **_frame(found, "changes" if new.number == found.newest.number else "compare"),
        old=old,
        new=new,
        old_version=_version_of(found, old),
        new_version=_version_of(found, new),
        old_source=addresses.source(addresses.stamp_of(old), found.address),
        new_source=addresses.source(addresses.stamp_of(new), found.address),
        sides=sides,
        written_on=written_on,
        notes=notes,
        comparison=comparison._replace(
            reasons=untold(comparison.reasons) if notes else comparison.reasons
        ),
        **values,
    )


def _brought(life: History, between: tuple[Revision, ...], address: str) -> tuple[NoteView, ...]:
    """What readers were told by these revisions."""
    notes = {note.id: note for revision in between for note in revision.notes}
    return note_views(list(notes.values()), address, current().settings, life.notes)


@pages.get("/compare/")
def choice() -> Response:
    """The comparison that a form asks for: the older version first, whatever the order."""
    asked = request.args
    found = find(asked.get("article", "").strip("/"))
    old, new = (version(found, _stamp(asked.get(name, ""))) for name in ("old", "new"))
    if old.number > new.number:
        old, new = new, old
    sides = bool(asked.get("sides"))
    where = addresses.compare(
        addresses.stamp_of(old), addresses.stamp_of(new), found.address, sides=sides
    )
    response = make_response("", 303)
    response.headers["Location"] = link(where)
    return response


def _stamp(text: str) -> str:
    import re

    if not re.fullmatch(addresses.STAMP, text, re.ASCII):
        raise BadRequest
    return text


@pages.get("/blame/<address:address>/")
def blame(address: str) -> str:
    """The passages of an article with the revisions that brought them."""
    found = find(address)
    caching.touched(found.newest.at)
    return page(
        "blame.html",
        **_frame(found, "passages"),
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
        **_frame(found, "note"),
        note=note_views([brought], found.address, settings, found.life.notes)[0],
        revision=revision_view(revision, found.address, settings, language=found.language),
        place=page_of(revision.number, found.life.revisions, found.address) + f"#note-{key}",
    )
