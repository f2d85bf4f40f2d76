"""What the pages of one article begin with: the article that an address means, and its history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from math import sqrt
from typing import NamedTuple

from flask import redirect, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, NotFound

from tracker.house.changelog import replaced
from tracker.model import History, Note, Progress, Reason, Revision
from tracker.newsroom.catalog import all_tracks
from tracker.newsroom.newsroom import Newsroom
from tracker.render.history import only_joins
from tracker.render.told import note_html
from tracker.text.document import parse
from tracker.web import addresses
from tracker.web.addresses import link, site
from tracker.web.background import Waiting, how_far, in_background
from tracker.web.desk import Looks, current, desk
from tracker.web.http import NoArticle
from tracker.web.page import fit, known_addresses


class Moved(HTTPException):
    """The page has another address."""

    def __init__(self, path: str) -> None:
        where = link(path)
        if request.query_string:
            where += "?" + request.query_string.decode("latin-1")
        super().__init__(response=redirect(where, 301))
        self.code = 301


class FoundArticle(NamedTuple):
    """An article that a request asks for."""

    address: str  # not percent-encoded
    life: History  # what readers could not see is left out where it is not to be shown

    @property
    def large(self) -> bool:
        """True where its texts are too large to be read for a page."""
        return desk().large(self.life.article.path)

    def shown(self, revision: Revision) -> RevisionView:
        """One of its revisions as it is shown."""
        view = revision_view(revision, self.address, self.language, self.life.notes)
        return view._replace(counted=not self.large)

    @property
    def newest(self) -> Revision:
        return self.life.revisions[-1]

    @property
    def language(self) -> str:
        """BCP 47: what its newest text says, else what all articles are written in; else ""."""
        path = self.life.article.path

        def make() -> str:
            named = None if self.large else parse(text(self.newest, path)).language
            return named or current().settings.articles_language or ""

        return desk().kept("language", path, make)


def find(address: str, where: Callable[[str], str] | None = None) -> FoundArticle:
    """The article that an address means.

    Raises ``NoArticle`` where there is none, and ``Moved`` for the whole file path of an article
    and for a path that it once had. ``where`` gives the page that is asked for, from an article's
    address; without it, its path ends with the address.
    """
    known = known_addresses()
    path = known.path(address)
    if path is None:
        path = _once(address)
    life = desk().life(path)
    now = known.address(life.article.path)
    if addresses.known(now) != address:
        raise Moved(where(now) if where is not None else _same_page(address, now))
    return FoundArticle(now, as_seen(life, address))


def as_seen(life: History, address: str) -> History:
    """A history as its pages show it: without what readers could never see, unless that is asked.

    Raises ``NoArticle`` where nothing is left.
    """
    if site().unpublished:
        return life
    revisions = tuple(each for each in life.revisions if each.published)
    if not revisions:
        raise NoArticle(address)
    hidden = len(life.revisions) - len(revisions)
    if not hidden:
        return life
    seen = [each._replace(number=each.number - hidden) for each in revisions]
    seen[0] = seen[0]._replace(substantive=False, reasons=(), labels=frozenset(), why=())
    return life._replace(revisions=tuple(seen))


def _once(address: str) -> str:
    """The newest path of an article that is not there now, or had this address before."""
    if room_is_empty():
        raise NoArticle(address)
    # Until all articles are read, nothing is known to have been here.
    if not site().files and not _all_are_read():
        raise NoArticle(address)
    known = known_addresses()
    found = in_background("former", partial(_former, known))
    path = None if isinstance(found, Waiting) else found.value.get(address)
    if path is None:
        raise NoArticle(address)
    return path


def _all_are_read() -> bool:
    told = request.environ.get("tracker.read")  # by the server, where another process reads them
    return how_far() is None if told is None else bool(told)


def _former(known: addresses.Addresses, room: Newsroom, progress: Progress) -> dict[str, str]:
    """Addresses of articles that were deleted or moved, and the newest paths of those articles.

    The whole file path leads there too. Of several articles that had an address, one that is still
    there comes first, and then the one revised last.
    """
    under = room.workspace.under
    found: dict[str, str] = {}
    every = all_tracks(room.workspace, progress)
    holds = room.workspace.selection.holds
    tracks = [
        each for each in every if (holds(each.path) if each.deleted else each.path in known.by_path)
    ]
    tracks.sort(key=lambda each: (not each.deleted, each.versions[-1].at), reverse=True)
    for track in tracks:
        paths = [track.path, *(version.path for version in track.versions)]
        paths += [event.old_path for event in track.events if event.old_path]
        for path in dict.fromkeys(paths):
            for address in (addresses.short(path, under), addresses.inside(path, under)):
                found.setdefault(addresses.known(address), track.path)
    return found


def room_is_empty() -> bool:
    """True where nothing is recorded yet."""
    return not desk().edition().tip


def _same_page(old: str, new: str) -> str:
    """The address of the page that is asked for, with the article's own address in it."""
    path = request.path
    tail = old + ("/" if path.endswith("/") else "")
    assert path.endswith(tail)
    from urllib.parse import quote

    return quote(path[: len(path) - len(tail)], safe="/") + addresses.encoded(new) + "/"


def version(found: FoundArticle, stamp: str) -> Revision:
    """The revision that a stamp means; raises ``NotFound`` where there is none."""
    revision = addresses.stamped(stamp, found.life.revisions)
    if revision is None:
        raise NotFound
    return revision


def text(revision: Revision, path: str) -> str:
    """The text of one revision of the article at a path."""
    track = desk().track(path)
    blob = next(each.blob for each in track.versions if each.commit == revision.commit)
    return desk().texts([blob])[0]


# --- what the pages of an article and of its versions have in common ------------------------------

Where = Callable[[str, str], str]
"""Gives the page of a version, from its stamp and the article's address."""


def frame(found: FoundArticle, view: str) -> dict[str, object]:
    """What every page of an article is made with."""
    life = found.life
    return {
        "address": found.address,
        "life": life,
        "view": view,
        "newest": found.newest,
        "spoken": found.language,
        "ticks_of": ticks_of,
        "newest_change": addresses.change(addresses.stamp_of(found.newest), found.address)
        if len(life.revisions) > 1
        else None,
        "gone": next((e for e in reversed(life.events) if e.kind == "deleted"), None)
        if life.deleted
        else None,
    }


def stamped(found: FoundArticle, stamp: str, address: Where) -> Revision:
    """The revision of a stamp; a stamp written in another way is sent to the right one."""
    revision = version(found, stamp)
    if addresses.stamp_of(revision) != stamp:
        raise Moved(address(addresses.stamp_of(revision), found.address))
    return revision


MOST_STEPS = 400
"""Versions that can be stepped to on one page; those nearest where there are more."""


class VersionStep(NamedTuple):
    """A version that one may step to."""

    at: date
    address: str
    here: bool
    place: float  # between the first and the last of them, from 0 to 1, true to time


def steps(found: FoundArticle, number: int, address: Where, since: int = 1) -> list[VersionStep]:
    """The versions around one, each with the page of it that ``address`` gives."""
    chosen = found.life.revisions
    if len(chosen) > MOST_STEPS:
        start = min(max(number - MOST_STEPS // 2, 0), len(chosen) - MOST_STEPS)
        chosen = chosen[start : start + MOST_STEPS]
    chosen = tuple(each for each in chosen if each.number >= since)
    return [
        VersionStep(
            each.out_on,
            address(addresses.stamp_of(each), found.address),
            each.number == number,
            round(place, 4),
        )
        for each, place in zip(chosen, places([each.out_at for each in chosen]), strict=True)
    ]


def places(moments: Sequence[datetime]) -> list[float]:
    """Where instants stand between the first and the last of them, from 0 to 1, true to time."""
    if not moments:
        return []
    first, last = min(moments), max(moments)
    whole = (last - first).total_seconds()
    if whole <= 0:
        return [at / max(len(moments) - 1, 1) for at in range(len(moments))]
    return [(each - first).total_seconds() / whole for each in moments]


class Tick(NamedTuple):
    """A version on the strip of time, which is 1,000 wide."""

    x: float
    height: int
    at: date
    substantive: bool
    here: bool  # it is the one that is looked at
    flag: str  # the kind of the note that readers got; "" for none
    late: bool  # at the very end of the strip


_LOWEST, _HIGHEST = 6, 36  # ticks
_MOST_TICKS = 1_000


def ticks_of(revisions: Sequence[Revision], here: int = 0) -> list[Tick]:
    """The strip of an article's versions; nothing where there are fewer than three.

    ``here`` is the number of the version that is looked at.
    """
    if len(revisions) < 3:
        return []
    shown = revisions[-_MOST_TICKS:]
    changed = [each.words_added + each.words_removed for each in shown]
    largest = max(changed[1:]) or 1
    return [
        Tick(
            round(6 + place * 988, 1),
            round(_LOWEST + (_HIGHEST - _LOWEST) * sqrt(min(words, largest) / largest)),
            each.out_on,
            each.substantive,
            each.number == here,
            each.notes[-1].kind if each.notes else "",
            place > 0.95,
        )
        for each, words, place in zip(
            shown, changed, places([each.out_at for each in shown]), strict=True
        )
    ]


def neighbor(found: FoundArticle, index: int, address: Where) -> str | None:
    """The page of the revision at a place, counted from 0; None where there is none."""
    revisions = found.life.revisions
    if not 0 <= index < len(revisions):
        return None
    return address(addresses.stamp_of(revisions[index]), found.address)


# --- what the templates show of notes and revisions -----------------------------------------------

MOST_REASONS = 4
"""Reasons shown of one revision; its comparison shows all."""


class NoteView(NamedTuple):
    note: Note
    key: str  # as it stands in its address and its element's id
    label: str  # of the house: "Correction"
    line: Markup  # the house's line, without its paragraph
    amended: bool  # a later note replaces it
    address: str  # lasting


class RevisionView(NamedTuple):
    """A revision as it is shown."""

    made: Revision
    stamp: str
    version: str  # address
    change: str | None  # address of what it changed; None for the first
    notes: tuple[NoteView, ...]
    reasons: tuple[Reason, ...]
    more_reasons: int  # how many are not shown
    language: str  # BCP 47, of the words in the reasons; "" where it is not known
    counted: bool = True  # the words are known: the texts were not too large to be compared
    silent: bool = False  # readers could see the change, and no note tells of it
    told_by: NoteView | None = None  # the later note that tells of it, where it brought none
    looks: Looks | None = None  # of a followed site: when it came out is known by these alone

    @property
    def anchor(self) -> str:
        """The id of its element: lasting, so no number."""
        return anchor_of(self.made)

    @property
    def joins(self) -> bool:
        """It brings versions together, and changed nothing beside them."""
        return only_joins(self.made)


def note_views(
    notes: Sequence[Note], address: str, whole: Sequence[Note] = ()
) -> tuple[NoteView, ...]:
    """Some notes of an article, of which ``whole`` are all, as they are shown."""
    settings = current().settings
    gone = replaced(whole or notes)
    newest = {note.id: note for note in whole}

    def view(note: Note) -> NoteView:
        key = addresses.note_key(note.id)
        label = settings.style.templates[note.kind].label
        line = fit(note_html(note, settings))  # in which its words stand apart from label and date
        return NoteView(note, key, label, line, note.id in gone, addresses.note(key, address))

    return tuple(view(newest.get(each.id, each)) for each in notes)


def revision_view(
    revision: Revision, address: str, language: str, notes: Sequence[Note] = ()
) -> RevisionView:
    """A revision as it is shown.

    ``notes`` are all of the article as the newest text has them, ``language`` is the article's.
    """
    stamp = addresses.stamp_of(revision)
    reasons = untold(revision.why) if revision.notes else revision.why
    return RevisionView(
        revision,
        stamp,
        addresses.version(stamp, address),
        addresses.change(stamp, address) if revision.number > 1 else None,
        note_views(revision.notes, address, notes),
        tuple(reasons[:MOST_REASONS]),
        max(len(reasons) - MOST_REASONS, 0),
        language,
    )


def anchor_of(revision: Revision) -> str:
    """The id of a version's line in the history."""
    return f"revision-{revision.commit[:10]}"


def untold(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons but for those that say that a note was added: what it says stands beside them."""
    return tuple(each for each in reasons if not (each.label == "note" and each.form == "added"))


# --- an article's history in pages ----------------------------------------------------------------

PAGE = 50


def cut(count: int) -> int:
    """The number of the newest revision that is not on the newest page; 0 where all are."""
    return max(count // PAGE - 1, 0) * PAGE


def page_of(number: int, revisions: Sequence[Revision], address: str) -> str:
    """The address of the page of an article's history that shows a revision."""
    if number > cut(len(revisions)):
        return addresses.history(address)
    last = -(-number // PAGE) * PAGE
    return addresses.older(addresses.stamp_of(revisions[last - 1]), address)
