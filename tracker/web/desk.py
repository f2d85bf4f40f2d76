"""The newsroom that a request is answered from: one for each thread, never older than a second.

A ``Newsroom`` remembers the tip it was opened at, and is not made to be used by two threads at
once. So each thread opens its own, and opens it anew when the published line or the settings have
moved on, which is asked of git at most once a second by whichever thread comes first. What is
worked out for one tip (histories, the addresses of articles) is kept for all threads until then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from cachetools import LRUCache
from flask import current_app

from tracker.errors import TrackerError
from tracker.model import Blame, History, Revision, Track
from tracker.newsroom.bases import origins
from tracker.newsroom.catalog import track_at
from tracker.newsroom.history import life
from tracker.newsroom.newsroom import Newsroom
from tracker.store.log import messages
from tracker.store.reader import Reader
from tracker.text.blame import followed
from tracker.text.document import decode

REFRESH = 1.0
"""Seconds for which a tip is taken to be the newest one."""

OLDEST = 60.0
"""Seconds after which a newsroom is opened anew in any case: what is published depends on now."""

LARGEST = 2_000_000
"""Bytes of a version up to which an article is judged for a page; a larger one is only listed."""

MOST_FOLLOWED = 300
"""Versions of an article, its newest, through which a page follows its passages."""

_MOST_KEPT = 32_000_000  # bytes of each kind, about: histories, tracks, addresses that lead nowhere

_UNCOMPARED: dict[str, Any] = {
    "words_added": 0, "words_removed": 0, "substantive": False, "reasons": (), "why": (),
    "labels": frozenset(),
}  # fmt: skip

_Made = TypeVar("_Made")


class Edition(NamedTuple):
    """What a page depends on beside its address: the same edition, the same page."""

    tip: str  # full hash of the newest commit; "" where nothing is committed yet
    settings: str  # a digest of the settings as they were read


class Looks(NamedTuple):
    """The two looks at a followed page between which a version came out. Both aware."""

    before: datetime  # saw the version before
    seen: datetime


class OpenNewsrooms:
    """Opens the newsroom for the threads that answer requests."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now
        self._own = threading.local()
        self.keeps_readers = False  # True: each thread keeps its git process, until it ends
        self._asking = threading.Lock()
        self._keeping = threading.Lock()
        self._known: tuple[Edition, float] | None = None
        self._kept: dict[Edition, dict[str, LRUCache[str, Any]]] = {}
        self._sizing = threading.Lock()
        self._sizer: Reader | None = None

    def current(self) -> Newsroom:
        """This thread's newsroom, at most a second behind the published line.

        Raises ``TrackerError`` where the repository or its settings cannot be read.
        """
        self._opened()
        room: Newsroom = self._own.room
        return room

    def edition(self) -> Edition:
        self._opened()
        edition: Edition = self._own.edition
        return edition

    def _opened(self) -> None:
        if getattr(self._own, "held", False):
            return  # one request sees one edition
        present = time.monotonic()
        known = self._known
        own: Edition | None = getattr(self._own, "edition", None)
        if known is not None and present - known[1] < REFRESH:
            if own == known[0] and present - self._own.at < OLDEST:
                return
        elif known is not None and own is not None and self._asking.locked():
            return  # another thread is asking; what this one has is hardly older than a second
        with self._asking:
            room = Newsroom(self._folder, now=self._now())
            edition = Edition(_tip(room), _digest(room))
            self._own.room, self._own.edition, self._own.at = room, edition, present
            self._known = edition, present

    def hold(self) -> None:
        """From here on this thread keeps to the edition that it has, until ``let_go``."""
        self._opened()
        self._own.held = True

    def let_go(self) -> None:
        """The next question is answered from the newest edition again."""
        self._own.held = False

    # --- what is kept for an edition ------------------------------------------------------------

    def kept(self, kind: str, name: str, make: Callable[[], _Made]) -> _Made:
        """What ``make`` gives, made once for an edition; the least used of a kind are let go."""
        edition = self.edition()
        with self._keeping:
            if edition not in self._kept:
                # Two editions at most: threads may still be answering from the one before.
                for old in list(self._kept)[:-1]:
                    del self._kept[old]
                self._kept[edition] = {}
            held = self._kept[edition].setdefault(kind, LRUCache(_MOST_KEPT, getsizeof=_weight))
            if name in held:
                return held[name]  # type: ignore[no-any-return]
        made = make()  # two threads that ask at once may both make it
        with self._keeping, suppress(ValueError):  # larger than all that may be kept
            held[name] = made
        return made

    def give(self, kind: str, name: str, value: object) -> None:
        """Keep what somebody else has worked out for this edition."""
        self.kept(kind, name, lambda: value)

    def life(self, path: str) -> History:
        def make() -> History:
            if self.large(path):
                return unread(self.track(path))
            return life(self.current().workspace, self.track(path))

        return self.kept("life", path, make)

    def large(self, path: str) -> bool:
        """True where some version of an article has too many bytes to be judged for a page."""

        def make() -> bool:
            sizes = self._sizes({version.blob for version in self.track(path).versions})
            return max(sizes.values(), default=0) > LARGEST

        return self.kept("large", path, make)

    def _sizes(self, blobs: set[str]) -> dict[str, int]:
        if not self.keeps_readers:
            with self._reader() as reader:
                return reader.sizes(blobs)
        with self._sizing:  # one git process for all threads: it answers at once
            if self._sizer is None:
                self._sizer = Reader(self.current().repository)
            return self._sizer.sizes(blobs)

    def track(self, path: str) -> Track:
        return self.kept("track", path, lambda: track_at(self.current().workspace, path))

    def blame(self, path: str) -> Blame:
        """The newest text of an article with the origin of each passage, as ``Newsroom.blame``."""
        return self.kept("blame", path, lambda: self._blame(path))

    def _blame(self, path: str) -> Blame:
        versions = self.track(path).versions
        before = max(len(versions) - MOST_FOLLOWED, 0)
        texts = self.texts(version.blob for version in versions[before:])
        known = origins(self.current().workspace, versions[before:], texts)
        spans, removals = followed(texts, *known)
        life = self.life(path)
        return Blame(
            life.article,
            texts[-1],
            tuple(each._replace(**_UNCOMPARED) for each in life.revisions),
            tuple(each._replace(revision=each.revision + before) for each in spans),
            tuple(
                each._replace(brought=each.brought + before, revision=each.revision + before)
                for each in removals
            ),
        )

    def looks(self, revisions: Sequence[Revision]) -> dict[str, Looks]:
        """Of a followed site's versions, by commit: between which looks each came out."""
        room = self.current()
        if room.settings.kind != "followed":
            return {}
        commits = [each.commit for each in revisions]
        said = zip(commits, messages(room.repository, commits), strict=True)
        found = ((commit, _looks(message)) for commit, message in said)
        return {commit: looks for commit, looks in found if looks is not None}

    def texts(self, blobs: Iterable[str]) -> list[str]:
        with self._reader() as reader:
            return [decode(reader.read(blob))[0] for blob in blobs]

    @contextmanager
    def one_reader(self) -> Iterator[None]:
        """Within, this thread reads all texts through one git process."""
        with self._reader() as reader:
            before = getattr(self._own, "reader", None)
            self._own.reader = reader
            try:
                yield
            finally:
                self._own.reader = before

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        held: Reader | None = getattr(self._own, "reader", None)
        if held is not None:
            yield held
            return
        reader = Reader(self.current().repository)
        if self.keeps_readers:
            self._own.reader = reader
            yield reader
            return
        with reader:
            yield reader


def _looks(message: str) -> Looks | None:
    """The looks that the trailers of a commit name; None for the first version, or no such."""
    last = message.rstrip().rpartition("\n\n")[2]
    said = dict(line.split(": ", 1) for line in last.splitlines() if ": " in line)
    try:
        found = Looks(*(datetime.fromisoformat(said[name]) for name in ("Seen-After", "Seen")))
    except (KeyError, ValueError):
        return None
    return found if all(each.tzinfo for each in found) else None


def _weight(made: object) -> int:
    """About how many bytes it takes in memory, the longest name that a request can give included.

    Of what there is only one of a kind, few.
    """
    size = 16_000
    if isinstance(made, History):
        size += 1_500 * (len(made.revisions) + len(made.events) + len(made.notes))
    elif isinstance(made, Track):
        size += 700 * (len(made.versions) + len(made.events))
    elif isinstance(made, Blame):
        size += 4 * len(made.text) + 150 * len(made.spans) + 1_500 * len(made.revisions)
        size += sum(300 + 4 * len(each.text) for each in made.removals)
    return size


def unread(track: Track) -> History:
    """The history of an article whose texts are too large to be read for a page."""
    from tracker.newsroom.revisions import article_of

    article = article_of(track.path, None)
    revisions = tuple(
        Revision(
            number=number,
            commit=version.commit,
            path=version.path,
            at=version.at,
            person=version.person,
            subject=version.subject,
            headline=article.headline,
            published=True,
            notes=(),
            side=version.side,
            **_UNCOMPARED,
        )
        for number, version in enumerate(track.versions, start=1)
    )
    return History(article, revisions, track.events, deleted=track.deleted)


def _tip(room: Newsroom) -> str:
    try:
        return room.workspace.tip
    except TrackerError:
        if room.repository.head is None:
            return ""  # nothing is recorded yet, which is no fault
        raise


def _digest(room: Newsroom) -> str:
    return sha256(repr(room.settings).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def desk() -> OpenNewsrooms:
    """The desk of the application that answers this request."""
    found: OpenNewsrooms = current_app.extensions["tracker-desk"]
    return found


def current() -> Newsroom:
    return desk().current()
