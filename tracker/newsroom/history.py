"""What one article can be asked: its history, versions, comparisons, origins and changelog; and the
same of article after article, for exports.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache, lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tracker.catalog.schema import Catalog, Pair
from tracker.errors import TrackerError
from tracker.model import Blame, Change, Entry, History, Progress, Revision, Track, Version
from tracker.newsroom import names, revisions
from tracker.newsroom.bases import End, bases, made, origins, text_before
from tracker.newsroom.catalog import all_tracks, compare, learnt, published_tracks, track_at
from tracker.newsroom.names import locate
from tracker.newsroom.note_editor import NoteEditor
from tracker.newsroom.revisions import Analyst, questions, rules_key
from tracker.newsroom.workspace import Workspace
from tracker.store.log import messages
from tracker.store.reader import Reader
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.policy.step import Step


def track_of(workspace: Workspace, article: str | Path) -> Track:
    """The life of an article's file on the published line, its texts unread.

    Raises ``TrackerError`` where no revision of it was ever recorded.
    """
    path = locate(workspace, article)
    _ = workspace.tip  # says what is wrong where nothing is committed yet
    found = track_at(workspace, path)
    if not found.versions:
        raise TrackerError(
            f"{path} has no recorded revision yet.", f"Record the first: tracker record {path}"
        )
    return found


def life(
    workspace: Workspace, found: Track, *, compared: bool = True, newest: int | None = None
) -> History:
    """A track as a history, compared or not: see ``Newsroom.life``."""
    read = _remembered_steps(workspace, found, newest, compared=compared)
    return revisions.history(found, read, shallow=workspace.repository.shallow)


def gone(workspace: Workspace, *, compared: bool = True) -> Iterator[History]:
    """The histories of the articles that were there once, and are not among them now."""
    if workspace.empty:
        return
    belongs, shallow = workspace.selection.holds, workspace.repository.shallow
    here = set(workspace.paths())
    for track in all_tracks(workspace):
        paths = {track.path, *(version.path for version in track.versions)}
        if track.path not in here and any(map(belongs, paths)):
            with suppress(TrackerError):  # its texts cannot be read any more
                read = _remembered_steps(workspace, track, None, compared=compared)
                yield revisions.history(track, read, shallow=shallow)


def note_editor(workspace: Workspace, path: str) -> NoteEditor:
    """What reads and writes the notes of one article, as its history knows them."""
    return workspace.notes.of(path, cache(lambda: notes_history(workspace, path)))


def notes_history(workspace: Workspace, path: str) -> History | None:
    """The history of the article at a path, not compared; None where none is recorded."""
    with suppress(TrackerError):  # nothing is committed yet
        found = track_at(workspace, path)
        if found.versions:
            read = _remembered_steps(workspace, found, None, compared=False)
            return revisions.history(found, read)
    return None


def _remembered_steps(
    workspace: Workspace, found: Track, newest: int | None, *, compared: bool = True
) -> list[Step]:
    """The steps of a track from the catalog's answers, as far as it has them."""
    settings, key = workspace.settings, rules_key(workspace.settings)
    repeated = learnt(workspace) if compared else None
    with Catalog(workspace.repository) as catalog, Reader(workspace.repository) as reader:
        known = catalog.answers(key, questions(found, first=True))
        watched = None if repeated is None else repeated.watched()
        analyst = Analyst(found, settings, workspace.repository.git, reader.read, known, watched)
        read = revisions.joined(analyst, compared=compared, now=workspace.now, newest=newest)
        judged_by = "" if repeated is None else repeated.digest
        catalog.remember(key, analyst.learned, analyst.asked, judged_by)
    return [step._replace(read=_unread) for step in read]


def revisions_of(
    workspace: Workspace,
    wanted: Collection[tuple[Track, Collection[str]]],
    texts: Mapping[str, bytes],
) -> Iterator[dict[str, Revision]]:
    """Of each track the revisions that some commits made, by commit, not compared.

    Those after the oldest of them are with them, oldest first; of commits that made none, the
    newest of the track. ``texts`` are the texts that are at hand, by their blobs.
    """
    settings, key = workspace.settings, rules_key(workspace.settings)
    git, now = workspace.repository.git, workspace.now
    learned: dict[Pair, str] = {}
    with Catalog(workspace.repository) as catalog, Reader(workspace.repository) as reader:
        firsts = {track.versions[0].blob for track, _ in wanted} - texts.keys()
        texts = {**texts, **dict(reader.read_many(firsts))}

        def read(blob: str) -> bytes:
            return texts[blob] if blob in texts else reader.read(blob)

        for track, commits in wanted:
            last = len(track.versions) - 1
            places = (place for place, each in enumerate(track.versions) if each.commit in commits)
            first = next(places, last)
            analyst = Analyst(track, settings, git, read)
            found = revisions.without_notes(analyst, first, now=now)
            if found is None:
                known = catalog.answers(key, questions(track)) | analyst.learned
                analyst = Analyst(track, settings, git, read, known)
                joined = revisions.joined(analyst, compared=False, now=now)
                found = [step.revision for step in joined[first:]]
            learned |= analyst.learned
            yield {revision.commit: revision for revision in found}
        catalog.remember(key, learned)


def _unread() -> str:
    raise AssertionError("the text of a step was asked for after its reader was closed")


def number_of(workspace: Workspace, found: Track, wanted: str | int) -> int:
    def came_out() -> tuple[int, datetime] | None:
        return _came_out(workspace, found)

    settings = workspace.settings
    return names.revision(str(wanted), found.versions, settings, workspace.clock, came_out)


def _came_out(workspace: Workspace, found: Track) -> tuple[int, datetime] | None:
    """The number of the first version that readers could see, and since when; None without one."""
    revisions = life(workspace, found, compared=False).revisions
    first = next((each for each in revisions if each.published), None)
    return (first.number, first.out_at) if first else None


def contents(
    workspace: Workspace, article: str | Path, revisions: Iterable[str | int]
) -> list[bytes]:
    """The bytes of some versions of an article, exactly as they were committed."""
    found = track_of(workspace, article)
    numbers = [number_of(workspace, found, wanted) for wanted in revisions]
    with Reader(workspace.repository) as reader:
        return [reader.read(found.versions[number - 1].blob) for number in numbers]


def pair(
    workspace: Workspace, article: str | Path, old: str | int | None, new: str | int | None
) -> tuple[End, End]:
    """The two ends of a comparison; without ``old``, what the latest revision changed.

    An article with one revision is compared with itself.
    """
    found = track_of(workspace, article)
    if old is None:
        if len(found.versions) > 1:
            return made(workspace, found, len(found.versions))
        old = new = 1
    numbers = [
        number_of(workspace, found, wanted) for wanted in (old, "latest" if new is None else new)
    ]
    versions = [found.versions[number - 1] for number in numbers]
    with Reader(workspace.repository) as reader:
        texts = [decode(reader.read(version.blob))[0] for version in versions]
    first, second = (End(*each) for each in zip(texts, numbers, versions, strict=True))
    return first, second


def blame(workspace: Workspace, article: str | Path, revision: str | int) -> Blame:
    """A version's text with the revision that first brought each passage of it."""
    from tracker.text.blame import followed

    found = track_of(workspace, article)
    whole = life(workspace, found, compared=False)
    last = number_of(workspace, found, revision)
    with Reader(workspace.repository) as reader:
        known = dict(reader.read_many({version.blob for version in found.versions[:last]}))
    texts = [decode(known[version.blob])[0] for version in found.versions[:last]]
    spans, removals = followed(texts, *origins(workspace, found.versions[:last], texts))
    return Blame(whole.article, texts[-1], whole.revisions[:last], spans, removals)


def change_to_tell(workspace: Workspace, article: str | Path) -> Change | None:
    """The change that a note is most likely about: see ``Newsroom.change_to_tell``."""
    found = track_of(workspace, article)
    if len(found.versions) < 2:
        return None
    revisions = life(workspace, found).revisions
    silent = [each for each in revisions[1:] if each.substantive and not each.notes]
    chosen = silent[-1] if silent else revisions[-1]
    old, new = made(workspace, found, chosen.number)
    return compare(workspace, old.text, new.text)


def changelog(workspace: Workspace, article: str | Path) -> tuple[Entry, ...]:
    from tracker.house.changelog import entries

    settings = workspace.settings
    found = life(workspace, track_of(workspace, article))
    return entries(found, settings.style, settings.zone, settings.check.grace)


class Exported(NamedTuple):
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
                yield _exported(workspace, life(workspace, track_of(workspace, path)), reader)
                if progress is not None:
                    progress(number, len(named))
            return
        if workspace.empty:
            return  # nothing was ever committed
        from tracker.newsroom import queries  # late: few commands ask of all articles

        for each in queries.lives(workspace, progress):
            yield _exported(workspace, each, reader)


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
    if workspace.empty:
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


def _exported(workspace: Workspace, life: History, reader: Reader) -> Exported:
    text = _texts(reader, partial(track_at, workspace, life.article.path))
    on = bases(life.revisions)

    def before(revision: Revision) -> str | None:
        revisions, place = life.revisions, revision.number - 1
        return text_before(workspace, revisions, on, place, lambda each: text(revisions[each]))

    return Exported(life, text, before)


_TEXTS = 200  # read at once


def _texts(reader: Reader, track: Callable[[], Track]) -> Callable[[Revision], str]:
    """Reads texts; the article's life is asked for when the first of them is."""

    @cache
    def blobs() -> dict[str, str]:
        return {version.commit: version.blob for version in track().versions}

    @lru_cache(maxsize=2)  # a text is wanted once more, as what the next one was written on
    def text(blob: str) -> str:
        return decode(reader.read(blob))[0]

    return lambda revision: text(blobs()[revision.commit])
