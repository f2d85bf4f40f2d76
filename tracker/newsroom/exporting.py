"""Articles with their histories and texts, one after the other, for exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from tracker.model import History, Revision, Track
from tracker.newsroom import reading
from tracker.newsroom.lines import track_at
from tracker.newsroom.scope import Progress
from tracker.records import NamedTuple
from tracker.store.reader import Reader
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.newsroom.room import Newsroom


class Exported(NamedTuple):
    """One article as it is exported."""

    life: History  # compared
    text: Callable[[Revision], str]  # the whole text of a revision, front matter included


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
                yield Exported(reading.life(room, track), _texts(reader, partial(_same, track)))
                if progress is not None:
                    progress(number, len(named))
            return
        if room.repository.head is None and room.settings.branch is None:
            return  # nothing was ever committed
        for life in room.lives(progress):
            yield Exported(life, _texts(reader, partial(track_at, room, life.article.path)))


def _same(track: Track) -> Track:
    return track


def _texts(reader: Reader, track: Callable[[], Track]) -> Callable[[Revision], str]:
    """Reads texts; the article's life is asked for when the first of them is."""
    blobs: dict[str, str] = {}

    def text(revision: Revision) -> str:
        if not blobs:
            blobs.update((version.commit, version.blob) for version in track().versions)
        return decode(reader.read(blobs[revision.commit]))[0]

    return text
