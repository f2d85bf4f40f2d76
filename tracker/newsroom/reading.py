"""What a newsroom can be asked: histories, versions, comparisons, origins, the changelog."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tracker.errors import TrackerError
from tracker.model import Blame, Change, Entry, History, Revision, Track, Version
from tracker.newsroom import chronicle, select
from tracker.newsroom.lines import track_at, track_soon, tracks_of
from tracker.store.reader import Reader
from tracker.text.document import decode, parse

if TYPE_CHECKING:
    from tracker.newsroom.room import Newsroom
    from tracker.newsroom.scope import Progress
    from tracker.newsroom.writing import Recording
    from tracker.policy.step import Step


def track_of(room: Newsroom, article: str | Path) -> Track:
    """The life of an article's file on the published line, its texts unread.

    Raises ``TrackerError`` where no revision of it was ever recorded.
    """
    path = room.place.locate(article)
    _ = room.place.tip  # says what is wrong where nothing is committed yet
    found = track_at(room.place, path)
    if not found.versions:
        raise TrackerError(
            f"{path} has no recorded revision yet.", f"Record the first: tracker record {path}"
        )
    return found


def all_tracks(room: Newsroom, progress: Progress | None = None) -> tuple[Track, ...]:
    """The tracks of all files in the newsroom that are, or were, texts."""
    return tracks_of(room.place, progress)


def current_tracks(room: Newsroom) -> list[Track]:
    """The tracks of the articles that are there now."""
    known = set(room.place.paths())
    return [each for each in all_tracks(room) if each.path in known and not each.deleted]


def steps(
    room: Newsroom,
    found: Track,
    means: chronicle.Means | None,
    *,
    newest: int | None = None,
) -> list[Step]:
    """The revisions of a track with their texts, notes and what each change means."""
    blobs = dict.fromkeys(version.blob for version in found.versions)
    with Reader(room.repository) as reader:
        texts = dict(reader.read_many(blobs))
    return chronicle.steps(
        found, texts, room.settings, means=means, unite=_unite(room, found), now=room.present,
        newest=newest,
    )  # fmt: skip


def _unite(room: Newsroom, found: Track) -> chronicle.Unite | None:
    """How the sides of a merge are brought together; None where no merge settled two."""
    if not any(len(version.written_on) > 1 for version in found.versions):
        return None
    from tracker.newsroom.analysis import uniting

    return uniting(room.settings, room.repository.git)


def life(
    room: Newsroom,
    found: Track,
    *,
    compared: bool = True,
    newest: int | None = None,
    few: int | None = None,
) -> History:
    """A track as a history, compared or not: see ``Newsroom.life``.

    Up to ``few`` versions are compared sooner than the catalog is asked: for one command that is
    quicker; who asks for many articles gives 0.
    """
    if not compared:
        read = steps(room, found, None)
    elif len(found.versions) <= (_FEW if few is None else few):
        from tracker.newsroom.analysis import Analyst

        analyst = Analyst(room.compare, room.words_of_first)
        read = steps(room, found, analyst.meaning, newest=newest)
    else:
        read = _remembered_steps(room, found, newest)
    return chronicle.history(found, read, shallow=room.repository.shallow)


_FEW = 8  # versions that are compared sooner than the catalog is asked


def _remembered_steps(room: Newsroom, found: Track, newest: int | None) -> list[Step]:
    """The steps of a track from the catalog's answers, as far as it has them."""
    from tracker.newsroom.analysis import RememberingAnalyst, questions, rules_key
    from tracker.store.catalog import Catalog

    settings, key = room.settings, rules_key(room.settings)
    with Catalog(room.repository) as catalog, Reader(room.repository) as reader:
        known = catalog.answers(key, questions(found, first=True))
        analyst = RememberingAnalyst(
            settings, reader.read, known, git=room.repository.git, count_first=True
        )
        states = analyst.states(found)
        read = chronicle.joined(
            found, states, settings, means=analyst.meaning, unite=analyst.unite,
            now=room.present, newest=newest,
        )  # fmt: skip
        catalog.remember(key, analyst.learned)
    return [step._replace(read=_unread) for step in read]


def _unread() -> str:
    raise AssertionError("the text of a step was asked for after its reader was closed")


def recorded(room: Newsroom, recording: Recording, *, judged: bool = True) -> Revision:
    """The revision that a recording became; no older text is read that need not be."""
    found = track_soon(room.place, recording.path) or track_at(room.place, recording.path)
    versions = found.versions
    version = versions[-1]
    with Reader(room.repository) as reader:

        def says(index: int) -> chronicle.Reading:
            data = reader.read(versions[index].blob)
            return chronicle.state_of(versions[index], data, room.settings).reading

        *_, published = chronicle.publications(
            versions, says, room.settings, found.events, now=room.present
        )
    return revision_of(room, recording, version, len(versions), published=published, judged=judged)


def revision_of(
    room: Newsroom,
    recording: Recording,
    version: Version,
    number: int,
    *,
    published: bool,
    judged: bool = True,
) -> Revision:
    """A recording as the revision of that number, which git has as this version."""
    compared = recording.compared
    added, removed = compared.words if compared else (room.words_of_first(recording.text), 0)
    change = compared.change if compared and judged else None
    return Revision(
        number=number,
        commit=version.commit,
        path=version.path,
        at=version.at,
        person=version.person,
        subject=version.subject,
        headline=parse(recording.text).headline or "",
        published=published,
        notes=recording.notes,
        words_added=added,
        words_removed=removed,
        substantive=change.substantive if change else False,
        reasons=change.reasons if change else (),
        labels=change.labels if change else frozenset(),
        side=version.side,
        why=change.why if change else (),
    )


def number_of(room: Newsroom, found: Track, wanted: str | int) -> int:
    """The number of the revision that a person means."""
    return select.revision(str(wanted), found.versions, room.settings, lambda: room.now)


class End(NamedTuple):
    """One end of a comparison."""

    text: str
    number: int | None = None  # of the revision; None for the file on disk
    version: Version | None = None
    both: tuple[int, ...] = ()  # numbers of the revisions whose words it has together


def contents(room: Newsroom, article: str | Path, revisions: Iterable[str | int]) -> list[bytes]:
    """The bytes of some versions of an article, exactly as they were committed."""
    found = track_of(room, article)
    numbers = [number_of(room, found, wanted) for wanted in revisions]
    with Reader(room.repository) as reader:
        return [reader.read(found.versions[number - 1].blob) for number in numbers]


def pair(
    room: Newsroom, article: str | Path, old: str | int | None, new: str | int | None
) -> tuple[End, End]:
    """The two ends of a comparison; without ``old``, what the latest revision changed.

    An article with one revision is compared with itself.
    """
    found = track_of(room, article)
    if old is None:
        from tracker.newsroom.grounds import made

        if len(found.versions) > 1:
            return made(room, found, len(found.versions))
        old = new = 1
    numbers = [number_of(room, found, wanted) for wanted in (old, "latest" if new is None else new)]
    versions = [found.versions[number - 1] for number in numbers]
    with Reader(room.repository) as reader:
        texts = [decode(reader.read(version.blob))[0] for version in versions]
    first, second = (End(*each) for each in zip(texts, numbers, versions, strict=True))
    return first, second


def blame(room: Newsroom, article: str | Path, revision: str | int) -> Blame:
    """A version's text with the revision that first brought each passage of it."""
    from tracker.newsroom.grounds import origins
    from tracker.text.blame import followed

    found = track_of(room, article)
    read = steps(room, found, None)
    whole = chronicle.history(found, read, shallow=room.repository.shallow)
    last = number_of(room, found, revision)
    texts = [step.text for step in read[:last]]
    spans, removals = followed(texts, *origins(room, found.versions[:last], texts))
    return Blame(whole.article, texts[-1], whole.revisions[:last], spans, removals)


def change_to_tell(room: Newsroom, article: str | Path) -> Change | None:
    """The change that a note is most likely about: see ``Newsroom.change_to_tell``."""
    found = track_of(room, article)
    if len(found.versions) < 2:
        return None
    revisions = life(room, found).revisions
    silent = [each for each in revisions[1:] if each.substantive and not each.notes]
    chosen = silent[-1] if silent else revisions[-1]
    from tracker.newsroom.grounds import made

    old, new = made(room, found, chosen.number)
    return room.compare(old.text, new.text)


def changelog(room: Newsroom, article: str | Path) -> tuple[Entry, ...]:
    """The dated changelog of an article, newest first."""
    from tracker.house.changelog import entries

    settings = room.settings
    found = life(room, track_of(room, article))
    return entries(found, settings.style, settings.zone, settings.check.grace)
