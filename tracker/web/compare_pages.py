"""The pages that show what changed between two versions of an article."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from flask import Blueprint, Response, make_response, request
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, NotFound

from tracker.comparison import compare
from tracker.house.notes import wording
from tracker.model import History, Precision, Reason, Revision
from tracker.newsroom.bases import bases, text_before
from tracker.render import diff_html
from tracker.render.diff_folds import Why, folded
from tracker.web import addresses, http
from tracker.web.addresses import link, site
from tracker.web.desk import current, desk
from tracker.web.page import fit, page, words
from tracker.web.reading import (
    FoundArticle,
    Moved,
    NoteView,
    find,
    frame,
    neighbor,
    note_views,
    stamped,
    steps,
    text,
    untold,
    version,
)

pages = Blueprint("compare", __name__)


@pages.get("/change/<stamp:stamp>/<address:address>/", defaults={"sides": False})
@pages.get("/change-sides/<stamp:stamp>/<address:address>/", defaults={"sides": True})
def change(stamp: str, address: str, sides: bool) -> str:
    found = find(address)

    def where(stamp: str, address: str) -> str:
        return addresses.change(stamp, address, sides=sides)

    new = stamped(found, stamp, where)
    if new.number == 1:
        raise NotFound
    revisions = found.life.revisions
    on = bases(revisions)
    written_on = [revisions[each] for each in on[new.number - 1]]
    before = None
    if len(written_on) > 1 and not found.large:
        path = found.life.article.path
        before = text_before(
            current().workspace,
            revisions,
            on,
            new.number - 1,
            lambda each: text(revisions[each], path),
        )
    return _compared(
        found,
        written_on[-1],
        new,
        sides,
        before_merge=before,
        written_on=[(each.out_on, _version_of(found, each)) for each in written_on],
        brought=(new,),
        other=addresses.change(stamp, found.address, sides=not sides),
        steps=steps(found, new.number, where, since=2),
        before=neighbor(found, new.number - 2, where) if new.number > 2 else None,
        after=neighbor(found, new.number, where),
    )


@pages.get("/compare/<stamp:old>/<stamp:new>/<address:address>/", defaults={"sides": False})
@pages.get("/compare-sides/<stamp:old>/<stamp:new>/<address:address>/", defaults={"sides": True})
def pair(old: str, new: str, address: str, sides: bool) -> str:
    found = find(address)
    first, second = version(found, old), version(found, new)
    stamps = addresses.stamp_of(first), addresses.stamp_of(second)
    if stamps != (old, new):
        raise Moved(addresses.compare(*stamps, found.address, sides=sides))
    other = addresses.compare(*stamps, found.address, sides=not sides)
    return _compared(found, first, second, sides, other=other, steps=[], before=None, after=None)


def _version_of(found: FoundArticle, revision: Revision) -> str:
    return addresses.version(addresses.stamp_of(revision), found.address)


def _compared(
    found: FoundArticle,
    old: Revision,
    new: Revision,
    sides: bool,
    *,
    before_merge: str | None = None,
    written_on: Sequence[tuple[date, str]] = (),
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
    http.touched(max(old.out_at, new.out_at))
    between = brought or found.life.revisions[old.number : new.number]
    notes = _brought(found.life, between, found.address)
    comparison = compared(
        old,
        new,
        texts[0] if before_merge is None else before_merge,
        texts[1],
        sides=sides,
        notes=not notes,
        language=found.language,
    )
    return page(
        "compare.html",
        **frame(found, "changes" if new.number == found.newest.number else "compare"),
        old=old,
        new=new,
        old_version=_version_of(found, old),
        new_version=_version_of(found, new),
        old_source=addresses.source(addresses.stamp_of(old), found.address),
        new_source=addresses.source(addresses.stamp_of(new), found.address),
        sides=sides,
        written_on=written_on,
        notes=notes,
        comparison=comparison,
        looks=desk().looks([new]).get(new.commit),
        **values,
    )


def _brought(life: History, between: tuple[Revision, ...], address: str) -> tuple[NoteView, ...]:
    notes = {note.id: note for revision in between for note in revision.notes}
    return note_views(list(notes.values()), address, life.notes)


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


# --- two versions compared, for a page ------------------------------------------------------------

LONGEST = 400_000
"""Code points of either text above which it is not compared for a page."""


class ComparisonView(NamedTuple):
    """What changed between two versions, as it is shown."""

    html: Markup  # a fragment; "" where the texts are too long
    too_long: bool
    words_added: int
    words_removed: int
    substantive: bool
    reasons: tuple[tuple[Reason, int | None], ...]  # each with the number of its change
    changes: int = 0  # places with the ids ``change-1``, …; 0 where none are numbered

    @property
    def loose(self) -> int:
        """How many of the reasons have no place in the text."""
        return sum(place is None for _, place in self.reasons)


def compared(
    old: Revision,
    new: Revision,
    before: str,
    after: str,
    *,
    sides: bool,
    notes: bool = True,
    language: str = "",
) -> ComparisonView:
    """What changed from the text ``before`` to the text ``after``, an article's in ``language``.

    Without ``notes``, those that readers got are told elsewhere on the page.
    """
    if max(len(before), len(after)) > LONGEST:
        why = tuple((each, None) for each in (new.why if notes else untold(new.why)))
        return ComparisonView(
            Markup(), True, new.words_added, new.words_removed, new.substantive, why
        )
    said, settings = words(), current().settings
    style, zone = settings.style, settings.clock

    def when(at: datetime, precision: Precision) -> str:
        return wording.when(style, at, zone, precision)  # notes are dated as the house dates

    change = compare(before, after, style=style, language=settings.articles_language)
    fragment = diff_html.fragment(
        change,
        before,
        after,
        layout="side-by-side" if sides else "inline",
        old_name=said.instant(old.out_on),
        new_name=said.instant(new.out_on),
        language=said.tag,
        written_in=said.lang(language),
        when=when,
        notes=notes,
    )
    # What a reader hardly sees comes last.
    reasons = sorted(
        change.why if notes else untold(change.why), key=lambda each: each.label in _MINOR
    )
    made = folded(
        fragment,
        [Why(each.old, each.new, said.say(each, language)) for each in reasons],
        lambda number: said("count.unchanged_passages", number=number),
        whole=site().has("unchanged"),
    )
    return ComparisonView(
        fit(made.html),
        False,
        change.words_added,
        change.words_removed,
        change.substantive,
        tuple(zip(reasons, made.placed, strict=True)),
        made.changes,
    )


_MINOR = frozenset({"link", "image", "markup", "metadata", "style"})
