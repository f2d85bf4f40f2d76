"""Articles with their histories and texts, one after the other, for exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from tracker.model import History, Revision, Track
from tracker.newsroom import queries, reading
from tracker.newsroom.catalog import track_at
from tracker.newsroom.lineage import bases
from tracker.newsroom.locate import locate
from tracker.newsroom.scope import Progress
from tracker.newsroom.workspace import Workspace
from tracker.store.reader import Reader
from tracker.text.document import decode


class Exported(NamedTuple):
    """One article as it is exported."""

    life: History  # compared
    text: Callable[[Revision], str]  # the whole text of a revision, front matter included
    before: Callable[[Revision], str | None]  # the text that it was written on; None: the first


def exported(
    workspace: Workspace, articles: Iterable[str] = (), progress: Progress | None = None
) -> Iterator[Exported]:
    """The articles named, or all that are there now, each with its history and its texts.

    One article is held at a time. Raises ``TrackerError`` for a name that means none; of all
    articles, those that cannot be read are left out.
    """
    named = {locate(workspace, each): None for each in articles}
    with Reader(workspace.repository) as reader:
        if named:
            for number, path in enumerate(named, start=1):
                track = reading.track_of(workspace, path)
                yield _exported(
                    workspace, reading.life(workspace, track), reader, partial(_same, track)
                )
                if progress is not None:
                    progress(number, len(named))
            return
        if workspace.repository.head is None and workspace.settings.branch is None:
            return  # nothing was ever committed
        for life in queries.lives(workspace, progress):
            yield _exported(
                workspace, life, reader, partial(track_at, workspace, life.article.path)
            )


def _exported(
    workspace: Workspace, life: History, reader: Reader, track: Callable[[], Track]
) -> Exported:
    text = _texts(reader, track)
    on = bases(life.revisions)

    def before(revision: Revision) -> str | None:
        from tracker.newsroom.grounds import text_before

        revisions, place = life.revisions, revision.number - 1
        return text_before(workspace, revisions, on, place, lambda each: text(revisions[each]))

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
