"""Articles with their histories and texts, one after the other, for exports."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from tracker.model import History, Progress, Revision, Track, Version
from tracker.newsroom import queries, reading
from tracker.newsroom.catalog import published_tracks, track_at
from tracker.newsroom.lineage import bases
from tracker.newsroom.locate import locate
from tracker.newsroom.workspace import Workspace
from tracker.store.messages import messages
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


class ExportedVersion(NamedTuple):
    """One version of an article, for who reads texts alone."""

    path: str  # the article's newest, in the repository
    version: Version
    message: str  # the whole commit message
    text: str


def versions(
    workspace: Workspace, articles: Iterable[str] = (), progress: Progress | None = None
) -> Iterator[ExportedVersion]:
    """Every version of the articles named, or of all that are there now, oldest first.

    Texts are read as git has them, and nothing is compared; few are in memory at a time.
    ``progress`` is called with the versions done and the number of all.
    """
    named = {locate(workspace, each) for each in articles}
    if workspace.repository.head is None and workspace.settings.branch is None:
        return
    with (
        published_tracks(workspace, in_memory=False) as found,
        Reader(workspace.repository) as all_,
    ):
        waiting = deque[tuple[str, Version]]()
        asked = deque[str]()

        def commits() -> Iterator[str]:
            for track in found.tracks:
                if not track.deleted and (not named or track.path in named):
                    for version in track.versions:
                        waiting.append((track.path, version))
                        asked.append(version.blob)
                        yield version.commit

        done = 0
        told = messages(workspace.repository, commits())
        while several := list(islice(told, _TEXTS)):
            blobs = [asked.popleft() for _ in several]
            texts = dict(all_.read_many(dict.fromkeys(blobs)))
            for message, blob in zip(several, blobs, strict=True):
                path, version = waiting.popleft()
                yield ExportedVersion(path, version, message, decode(texts[blob])[0])
            done += len(several)
            if progress is not None:
                progress(done, max(found.revisions, done))


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
_TEXTS = 200  # read at once


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
