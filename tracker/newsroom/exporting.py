"""Articles with their histories and texts, one after the other, for exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tracker.model import History, Revision, Track
from tracker.newsroom import reading
from tracker.newsroom.lineage import bases
from tracker.newsroom.lines import track_at
from tracker.newsroom.scope import Progress
from tracker.store.reader import Reader
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.newsroom.room import Newsroom


class Exported(NamedTuple):
    """One article as it is exported."""

    life: History  # compared
    text: Callable[[Revision], str]  # the whole text of a revision, front matter included
    before: Callable[[Revision], str | None]  # the text that it was written on; None: the first


def exported(
    room: Newsroom, articles: Iterable[str] = (), progress: Progress | None = None
) -> Iterator[Exported]:
    """The articles named, or all that are there now, each with its history and its texts.

    One article is held at a time. Raises ``TrackerError`` for a name that means none; of all
    articles, those that cannot be read are left out.
    """
    named = {room.place.locate(each): None for each in articles}
    with Reader(room.repository) as reader:
        if named:
            for number, path in enumerate(named, start=1):
                track = room.track(path)
                yield _exported(room, reading.life(room, track), reader, partial(_same, track))
                if progress is not None:
                    progress(number, len(named))
            return
        if room.repository.head is None and room.settings.branch is None:
            return  # nothing was ever committed
        for life in room.lives(progress):
            yield _exported(room, life, reader, partial(track_at, room.place, life.article.path))


def _exported(
    room: Newsroom, life: History, reader: Reader, track: Callable[[], Track]
) -> Exported:
    text = _texts(reader, track)
    on = bases(life.revisions)

    def before(revision: Revision) -> str | None:
        from tracker.newsroom.grounds import text_before

        revisions, place = life.revisions, revision.number - 1
        return text_before(room, revisions, on, place, lambda each: text(revisions[each]))

    return Exported(life, text, before)


_MOST_KEPT = 2  # texts


def _same(track: Track) -> Track:
    return track


def _texts(reader: Reader, track: Callable[[], Track]) -> Callable[[Revision], str]:
    """Reads texts; the article's life is asked for when the first of them is."""
    blobs: dict[str, str] = {}
    kept: dict[str, str] = {}  # a text is wanted once more, as what the next one was written on

    def text(revision: Revision) -> str:
        if not blobs:
            blobs.update((version.commit, version.blob) for version in track().versions)
        blob = blobs[revision.commit]
        found = kept.pop(blob, None)
        if found is None:
            found = decode(reader.read(blob))[0]
            while len(kept) >= _MOST_KEPT:
                del kept[next(iter(kept))]
        kept[blob] = found
        return found

    return text
