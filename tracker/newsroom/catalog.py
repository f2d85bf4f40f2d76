"""The newsroom's catalog: opened up to date, asked, what it teaches, its state, made anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tracker.catalog import queries
from tracker.catalog.build import Held, add_commits, behind, bring_up_to_date, held, rebuild
from tracker.catalog.schema import FORMAT, Catalog, catalog_file
from tracker.errors import TrackerError
from tracker.model import Change, Progress, Track, Version
from tracker.newsroom.selection import is_text
from tracker.newsroom.workspace import Workspace
from tracker.store.history import PublishedHistory, published_history
from tracker.store.log import Commit, FileChange, parse_commit

if TYPE_CHECKING:
    from tracker.catalog.boilerplate import Learnt
    from tracker.comparison import Compared
    from tracker.text.judge.boilerplate import Boilerplate

_Answer = TypeVar("_Answer")


def history_of(workspace: Workspace) -> PublishedHistory:
    """The published history of the newsroom's branch, asked for once at each tip.

    Raises ``TrackerError`` where it has no commit.
    """
    known = workspace.__dict__
    if "published_history" not in known:
        settings = workspace.settings
        known["published_history"] = published_history(
            workspace.repository, settings.branch, settings.published_clock, settings.check.grace
        )
    found: PublishedHistory = known["published_history"]
    return found


@contextmanager
def open_catalog(workspace: Workspace, progress: Progress | None = None) -> Iterator[Catalog]:
    """The catalog, up to the newsroom's newest revision."""
    history = history_of(workspace)
    with Catalog(workspace.repository) as catalog:
        unsaved: Unsaved | None = workspace.__dict__.get("unsaved")
        if unsaved is not None and unsaved.tip == history.newest:
            del workspace.__dict__["unsaved"]
            if unsaved.commits:
                add_commits(catalog, workspace.repository, history, unsaved.commits)
        bring_up_to_date(catalog, workspace.repository, history, workspace.watch or progress)
        yield catalog


_ROUNDS = 4  # times that others may put another history into the catalog before it is asked


class _OtherHistoryError(Exception):
    """Another process, at another commit, has the catalog."""


def ask(
    workspace: Workspace,
    question: Callable[[Catalog], _Answer],
    progress: Progress | None = None,
    *,
    writes: bool = False,
) -> _Answer:
    """What the catalog answers as of the newsroom's newest revision.

    In memory where its file fails while it is asked, or others have it at other commits.
    """
    history = history_of(workspace)
    with open_catalog(workspace, progress) as catalog:
        for _ in range(_ROUNDS):
            try:
                return question(catalog) if writes else _as_of(catalog, history.newest, question)
            except _OtherHistoryError:
                pass
            except sqlite3.Error as error:
                catalog.fall_back(error)
            bring_up_to_date(catalog, workspace.repository, history, workspace.watch or progress)
        if not catalog.in_memory:
            catalog.fall_back(sqlite3.OperationalError("database is locked"))
        bring_up_to_date(catalog, workspace.repository, history, workspace.watch or progress)
        return question(catalog)


def _as_of(catalog: Catalog, newest: str, question: Callable[[Catalog], _Answer]) -> _Answer:
    """What the catalog answers where it still has the history up to a commit."""
    connection = catalog.connection
    connection.execute("BEGIN")
    try:
        now = held(connection)
        if now is None or now.newest != newest:
            raise _OtherHistoryError
        return question(catalog)
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")


# --- what the archive teaches ---------------------------------------------------------------------


def learnt(
    workspace: Workspace,
    catalog: Catalog | None = None,
    progress: Progress | None = None,
    *,
    most: int | None = None,
    read: int = 0,
) -> Learnt:
    """What the newsroom's articles repeat, asked for once at each tip.

    ``catalog`` is one that is open and up to date already. With ``most``, the catalog is taken as
    it is, and not more than so many versions that were not counted yet are counted now. ``read``
    says of how many articles all texts are read anyway.
    """
    from tracker.catalog import boilerplate

    known, wanted = workspace.__dict__, workspace.settings.check.boilerplate
    if "learnt" in known or workspace.empty:
        found: Learnt = known.get("learnt", boilerplate.NOTHING)
        return found

    def question(it: Catalog) -> Learnt:
        members = repr((workspace.settings.articles, workspace.under)), workspace.holds
        return boilerplate.learnt(
            it, workspace.repository, wanted, members, most=most,
            read=read, progress=progress or workspace.watch,
        )  # fmt: skip

    found = boilerplate.NOTHING
    with suppress(TrackerError):  # it cannot be read
        if most is not None:  # somebody is about to record: no history is read for this first
            with suppress(sqlite3.Error), Catalog(workspace.repository) as it:
                found = question(it) if held(it.connection) is not None else found
        else:
            found = (
                ask(workspace, question, writes=True)
                if catalog is None
                else _asked(catalog, question)
            )
    if found is not boilerplate.NOTHING:
        known["learnt"] = found
    return found


def _asked(catalog: Catalog, question: Callable[[Catalog], _Answer]) -> _Answer:
    """What an open catalog answers, in memory where its file fails."""
    try:
        return question(catalog)
    except sqlite3.Error as error:
        catalog.fall_back(error)
    return question(catalog)


def boilerplate(workspace: Workspace, progress: Progress | None = None) -> Boilerplate:
    """What the newsroom's articles repeat, with the sentences among it."""
    from tracker.catalog.boilerplate import repeated_sentences

    found, settings = learnt(workspace, progress=progress), workspace.settings.check.boilerplate
    if settings is None or not found.boilerplate:
        return found.boilerplate
    counted = ask(workspace, lambda it: repeated_sentences(it.connection))
    known = {words for words, _ in counted}
    listed = [one for one in counted if one[0] not in settings.remove]
    listed += [(words, 0) for words in settings.add if words not in known]
    return found.boilerplate._replace(sentences=tuple(listed))


def compared(workspace: Workspace, old: str, new: str, *, most: int | None = None) -> Compared:
    """Two texts that are compared as far as is asked for.

    That is with the newsroom's style, its language where it names one, and what its archive
    repeats.
    """
    from tracker.comparison import Compared, Text  # late: a footer needs none of it

    settings, known = workspace.settings, learnt(workspace, most=most).boilerplate
    return Compared(Text(old), Text(new), settings.style, settings.articles_language, known)


def compare(workspace: Workspace, old: str, new: str) -> Change:
    """What changed from one text to another: see ``compared``."""
    return compared(workspace, old, new).change


# --- tracks ---------------------------------------------------------------------------------------


@dataclass
class Unsaved:
    """What a newsroom recorded since its catalog was last up to date, to be added at once.

    A loop of recordings need not wait for the disk for each, beyond git's own waiting.
    """

    tip: str  # the newest commit: that of the catalog, or the last of these
    commits: list[Commit] = field(default_factory=list)  # each of one article, on the one before
    tracks: dict[str, Track] = field(default_factory=dict)  # of the articles, by path

    def add(self, commit: Commit) -> None:
        self.commits.append(commit)
        self.tip = commit.hash


_MOST_UNSAVED = 100


def track_of_recorded(workspace: Workspace, commit: str, path: str) -> Track:
    """The versions of an article after a commit that was just made for it.

    Where it is what a recording usually is, one edited file, the catalog learns it without asking
    git: at once from the first recording, later from those that follow.
    """
    from tracker.store.commit import only_change

    history = history_of(workspace)
    objects = workspace.objects
    change = None if history.mapped else only_change(objects, commit, path)
    content = objects.content(commit, "commit") if change is not None else None
    if change is None or content is None:
        return track_at(workspace, path)
    made = parse_commit(commit, content, [change], history.clock)
    unsaved: Unsaved | None = workspace.__dict__.get("unsaved")
    if unsaved is None:
        unsaved = workspace.__dict__["unsaved"] = Unsaved(made.parents[0])
    elif made.parents == (unsaved.tip,) and len(unsaved.commits) < _MOST_UNSAVED:
        found = _followed(workspace, unsaved, made, change)
        if found is not None:
            return found
    if made.parents == (unsaved.tip,):
        unsaved.add(made)
    found = track_at(workspace, path)
    workspace.__dict__["unsaved"] = Unsaved(commit)
    return found


def _followed(
    workspace: Workspace, unsaved: Unsaved, made: Commit, change: FileChange
) -> Track | None:
    """The versions of an article with one more, of which the catalog learns later.

    None where it must learn of it now, because more than one edit of a known text is to be told.
    """
    path = change.path
    before = unsaved.tracks.get(path)
    if before is None:
        since = (*unsaved.commits, made)[0].parents[0]
        with suppress(sqlite3.Error, TrackerError), Catalog(workspace.repository) as catalog:
            now = held(catalog.connection)
            if now is not None and (now.key, now.newest) == (history_of(workspace).key, since):
                before = _track(catalog, path)
    if before is None or before.deleted or before.path != path or change.new is None:
        return None
    if not before.versions or before.versions[-1].blob != change.old:
        return None
    version = Version(made.hash, path, change.new, made.at, made.person, made.subject)
    track = before._replace(versions=(*before.versions, version))
    unsaved.tracks[path] = track
    unsaved.add(made)
    return track


def track_at(workspace: Workspace, path: str) -> Track:
    """The versions of the article at a path, or of the last that was there.

    Raises ``TrackerError`` where there never was one.
    """

    return ask(workspace, lambda it: _track(it, path))


def _track(catalog: Catalog, path: str) -> Track:
    number = queries.number_at(catalog.connection, path)
    if number is None:
        raise TrackerError(
            f"There is no article {path!r} in the history.",
            "Record it with tracker record, or commit it with git.",
        )
    return queries.track_of(catalog.connection, number)


def tracks_at(workspace: Workspace, paths: Iterable[str]) -> dict[str, Track]:
    """The versions of the articles at some paths, by path; of those that ever were."""
    wanted = list(paths)

    def question(catalog: Catalog) -> dict[str, Track]:
        numbers = {path: queries.number_at(catalog.connection, path) for path in wanted}
        return {
            path: queries.track_of(catalog.connection, number)
            for path, number in numbers.items()
            if number is not None
        }

    return ask(workspace, question) if wanted else {}


def was_known(workspace: Workspace, path: str) -> bool:
    """Whether a file of that path was ever published."""
    return ask(workspace, lambda it: queries.number_at(it.connection, path)) is not None


def all_tracks(workspace: Workspace, progress: Progress | None = None) -> tuple[Track, ...]:
    """The tracks of all files in the newsroom that are, or were, texts."""
    under = workspace.under
    return ask(workspace, lambda it: queries.all_tracks(it.connection, under), progress)


class PublishedTracks(NamedTuple):
    """The tracks of many articles, of which one is in memory at a time."""

    revisions: int  # of all of them
    tracks: Iterator[Track]  # by path, those of deleted articles last; to be read once


@contextmanager
def published_tracks(
    workspace: Workspace, inside: str = "", *, in_memory: bool = True
) -> Iterator[PublishedTracks]:
    """The tracks of the articles that the newsroom has, and of those that were deleted there.

    With ``inside``, of all texts in this folder of the repository, whatever the settings say.
    Into a repository that is another's nothing is written: its catalog is held in memory.
    """
    with Catalog(workspace.repository, in_memory=in_memory) as catalog:
        bring_up_to_date(catalog, workspace.repository, history_of(workspace), workspace.watch)
        connection = catalog.connection
        listed = queries.texts(connection, f"{workspace.under}/" if workspace.under else "")
        if inside:
            found = [each for each in listed if each.path.startswith(f"{inside}/")]
            found = sorted(each for each in found if is_text(each.path))
        else:
            found = sorted(each for each in listed if workspace.selection.holds(each.path))
        yield PublishedTracks(
            sum(each.revisions for each in found),
            (queries.track_of(connection, each.number) for each in found),
        )


class CatalogState(NamedTuple):
    path: str  # of the file, absolute
    there: bool  # False: there is no file, or it cannot be used
    bytes: int  # size of the file; 0 where there is none
    format: int  # the number of the format that this program reads and writes
    newest: str | None  # full hash of the newest commit that it has seen; None: none yet
    commits: int  # of the published history
    revisions: int  # of all texts, those that are gone included
    articles: int  # texts that are there now
    gone: int  # texts that were deleted
    behind: int | None  # commits that it has not seen yet; None: it must be made anew
    read: int  # articles of the newsroom whose texts it has read
    compared: int  # of them, those whose changes it has compared
    indexed: int  # of them, those whose words can be searched
    answers: int  # texts and pairs of texts about which something is remembered


def state(workspace: Workspace) -> CatalogState:
    """What the catalog holds. It is not brought up to date."""
    path = catalog_file(workspace.repository)
    size = path.stat().st_size if path.is_file() else 0
    nothing = CatalogState(str(path), False, size, FORMAT, None, 0, 0, 0, 0, None, 0, 0, 0, 0)
    if not path.is_file():
        return nothing
    with Catalog(workspace.repository) as catalog:
        if catalog.in_memory:
            return nothing
        try:
            return _state(workspace, catalog.connection, nothing)
        except sqlite3.Error as error:
            catalog.fall_back(error)
            return nothing


def _state(
    workspace: Workspace, connection: sqlite3.Connection, nothing: CatalogState
) -> CatalogState:
    def number(question: str) -> int:
        return int(connection.execute(question).fetchone()[0] or 0)

    there = held(connection)
    itself = "FROM article WHERE text AND joined IS NULL"
    return nothing._replace(
        there=True,
        newest=there.newest if there is not None else None,
        commits=there.commits if there is not None else 0,
        revisions=number(f"SELECT sum(revisions) {itself}"),
        articles=number(f"SELECT count(*) {itself} AND alive"),
        gone=number(f"SELECT count(*) {itself} AND NOT alive"),
        behind=_behind(workspace, there),
        read=number("SELECT count(*) FROM piece WHERE level > 0"),
        compared=number("SELECT count(*) FROM piece WHERE level > 1"),
        indexed=number("SELECT count(*) FROM piece WHERE indexed"),
        answers=number("SELECT count(*) FROM answer"),
    )


def _behind(workspace: Workspace, there: Held | None) -> int | None:
    if there is None or workspace.repository.head is None:
        return None
    history = history_of(workspace)
    return behind(workspace.repository, history, there) if history.key == there.key else None


def make_anew(workspace: Workspace, progress: Progress | None = None) -> CatalogState:
    """Read the whole history again, and forget what the texts say; answers about them stay.

    ``progress`` is called with the number of commits done and of all. Raises ``TrackerError`` where
    the file cannot be written.
    """
    history = history_of(workspace)
    with Catalog(workspace.repository) as catalog:
        try:
            if catalog.in_memory:
                raise sqlite3.OperationalError("unable to open database file")
            rebuild(catalog, workspace.repository, history, progress)
        except (sqlite3.Error, OSError) as error:
            raise TrackerError(
                f"The catalog {catalog.path} cannot be written: {error}.",
                "Check the folder's rights and the room on the disk; everything works without it, "
                "and is slower.",
            ) from None
    return state(workspace)
