"""What a newsroom can be asked: histories, versions, comparisons, origins, the changelog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.errors import TrackerError
from tracker.model import Blame, Change, Entry, History, Track
from tracker.newsroom import chronicle, select
from tracker.newsroom.catalog import track_at, tracks_of
from tracker.newsroom.desk import Desk
from tracker.newsroom.grounds import End, made, origins
from tracker.newsroom.locate import locate
from tracker.newsroom.workspace import Workspace
from tracker.store.reader import Reader
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.model import Progress
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


def all_tracks(workspace: Workspace, progress: Progress | None = None) -> tuple[Track, ...]:
    """The tracks of all files in the newsroom that are, or were, texts."""
    return tracks_of(workspace, progress)


def current_tracks(workspace: Workspace) -> list[Track]:
    """The tracks of the articles that are there now."""
    known = set(workspace.paths())
    return [each for each in all_tracks(workspace) if each.path in known and not each.deleted]


def steps(
    workspace: Workspace,
    found: Track,
    means: chronicle.Means | None,
    *,
    newest: int | None = None,
    texts: Mapping[str, bytes] | None = None,
) -> list[Step]:
    """The revisions of a track with their texts, notes and what each change means.

    ``texts`` are the versions' texts by their blobs, where they were read already.
    """
    if texts is None:
        texts = texts_of(workspace, [found])
    return chronicle.steps(
        found, texts, workspace.settings, means=means, unite=_unite(workspace, found),
        now=workspace.now, newest=newest,
    )  # fmt: skip


def _unite(workspace: Workspace, found: Track) -> chronicle.Unite | None:
    """How the sides of a merge are brought together; None where no merge settled two."""
    if not any(len(version.written_on) > 1 for version in found.versions):
        return None
    from tracker.newsroom.analysis import uniting

    return uniting(workspace.settings, workspace.repository.git)


def texts_of(workspace: Workspace, tracks: Iterable[Track]) -> dict[str, bytes]:
    """The texts of all versions of some tracks, by their blobs."""
    blobs = dict.fromkeys(version.blob for track in tracks for version in track.versions)
    with Reader(workspace.repository) as reader:
        return dict(reader.read_many(blobs))


def life(
    workspace: Workspace,
    found: Track,
    *,
    compared: bool = True,
    newest: int | None = None,
    few: int | None = None,
    texts: Mapping[str, bytes] | None = None,
) -> History:
    """A track as a history, compared or not: see ``Newsroom.life``.

    Up to ``few`` versions are compared sooner than the catalog is asked: for one command that is
    quicker; who asks for many articles gives 0.
    """
    if not compared:
        read = steps(workspace, found, None, texts=texts)
    elif len(found.versions) <= (_FEW if few is None else few):
        from tracker.newsroom.analysis import Analyst

        analyst = Analyst(workspace.compare, workspace.words_of_first)
        read = steps(workspace, found, analyst.meaning, newest=newest)
    else:
        read = _remembered_steps(workspace, found, newest)
    return chronicle.history(found, read, shallow=workspace.repository.shallow)


def note_editor(workspace: Workspace, path: str) -> Desk:
    """What reads and writes the notes of one article, as its history knows them."""

    @cache
    def history() -> History | None:
        with suppress(TrackerError):  # nothing is committed yet
            found = track_at(workspace, path)
            if found.versions:
                return life(workspace, found, compared=False)
        return None

    return workspace.notes.of(path, history)


_FEW = 8  # versions that are compared sooner than the catalog is asked


def _remembered_steps(workspace: Workspace, found: Track, newest: int | None) -> list[Step]:
    """The steps of a track from the catalog's answers, as far as it has them."""
    from tracker.catalog.schema import Catalog
    from tracker.newsroom.analysis import RememberingAnalyst, questions, rules_key

    settings, key = workspace.settings, rules_key(workspace.settings)
    with Catalog(workspace.repository) as catalog, Reader(workspace.repository) as reader:
        known = catalog.answers(key, questions(found, first=True))
        analyst = RememberingAnalyst(
            settings, reader.read, known, git=workspace.repository.git, count_first=True
        )
        states = analyst.states(found)
        read = chronicle.joined(
            found, states, settings, means=analyst.meaning, unite=analyst.unite,
            now=workspace.now, newest=newest,
        )  # fmt: skip
        catalog.remember(key, analyst.learned)
    return [step._replace(read=_unread) for step in read]


def _unread() -> str:
    raise AssertionError("the text of a step was asked for after its reader was closed")


def number_of(workspace: Workspace, found: Track, wanted: str | int) -> int:
    """The number of the revision that a person means."""

    def came_out() -> tuple[int, datetime] | None:
        return _came_out(workspace, found)

    settings = workspace.settings
    return select.revision(str(wanted), found.versions, settings, workspace.clock, came_out)


def _came_out(workspace: Workspace, found: Track) -> tuple[int, datetime] | None:
    """The number of the first version that readers could see, and since when; None without one."""
    read = steps(workspace, found, None)
    first = next((each.revision for each in read if each.revision.published), None)
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
    read = steps(workspace, found, None)
    whole = chronicle.history(found, read, shallow=workspace.repository.shallow)
    last = number_of(workspace, found, revision)
    texts = [step.text for step in read[:last]]
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
    return workspace.compare(old.text, new.text)


def changelog(workspace: Workspace, article: str | Path) -> tuple[Entry, ...]:
    """The dated changelog of an article, newest first."""
    from tracker.house.changelog import entries

    settings = workspace.settings
    found = life(workspace, track_of(workspace, article))
    return entries(found, settings.style, settings.zone, settings.check.grace)
