"""Articles with their histories and texts, one after the other, for exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tracker.model import History, Revision
from tracker.newsroom import reading
from tracker.newsroom.scope import Progress
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
                blobs = {version.commit: version.blob for version in track.versions}
                yield Exported(reading.life(room, track), _texts(reader, blobs))
                if progress is not None:
                    progress(number, len(named))
            return
        if room.repository.head is None and room.settings.branch is None:
            return  # nothing was ever committed
        tracks = {each.path: each for each in reading.current_tracks(room)}
        for life in room.lives(progress):
            track = tracks[life.article.path]
            blobs = {version.commit: version.blob for version in track.versions}
            yield Exported(life, _texts(reader, blobs))


def _texts(reader: Reader, blobs: dict[str, str]) -> Callable[[Revision], str]:
    return lambda revision: decode(reader.read(blobs[revision.commit]))[0]
