"""One newsroom: a git repository, or a folder of one, and what people do in it.

Each use case is a method here, and its work is done in a room beside this one, which is loaded
when it is needed: a command pays for every import at its start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from tracker.model import (
    Article,
    Blame,
    Change,
    Entry,
    Event,
    History,
    Hit,
    Kind,
    Listed,
    Note,
    Person,
    Recording,
    Refusal,
    Revision,
    SearchResult,
    Selection,
    Track,
)
from tracker.newsroom.names import locate
from tracker.newsroom.workspace import Workspace, open_workspace
from tracker.store.git import Repository
from tracker.text.document import decode, parse

if TYPE_CHECKING:
    from tracker.comparison import Compared
    from tracker.house.dates.parse import Moment
    from tracker.house.draft import Drafter, NoteDraft
    from tracker.house.settings import Settings
    from tracker.model import Progress
    from tracker.newsroom.bases import End
    from tracker.newsroom.catalog import CatalogState
    from tracker.newsroom.checking import CheckScope, Early
    from tracker.newsroom.concurrent_edits import Against, Choice
    from tracker.newsroom.importing import Imported, Options
    from tracker.newsroom.incoming import Source
    from tracker.newsroom.signatures import Trust, VerifyRequest
    from tracker.newsroom.statistics import Statistics
    from tracker.newsroom.sync import Synced
    from tracker.newsroom.writing import Prepared, Stamp
    from tracker.policy.rules import CheckResult
    from tracker.store.remote import Repo
    from tracker.store.verify import Witness
    from tracker.text.judge.boilerplate import Boilerplate


ALL = Selection()


class Newsroom:
    """A newsroom, found from any folder or file in it.

    ``now`` is the present time, aware; commands give it. Without it, git's clock is asked where a
    time is needed. Threads may share one. ``watch`` is called with commits done and all commits,
    while a question has to read the whole history. Raises ``TrackerError`` where there is no
    repository or ``tracker.toml`` is wrong.
    """

    def __init__(
        self,
        path: str | Path = ".",
        *,
        now: datetime | None = None,
        watch: Progress | None = None,
    ) -> None:
        self.workspace = open_workspace(path, now, watch)
        self._writing = RLock()  # threads that share a newsroom write one after another

    @property
    def repository(self) -> Repository:
        """The git repository, as it was found."""
        return self.workspace.repository

    @property
    def repo(self) -> Repo:
        """The repository as GitPython's ``git.Repo``, for all that is not done here."""
        from tracker.store.remote import opened

        return opened(self.repository)

    @property
    def settings(self) -> Settings:
        """What ``tracker.toml`` says."""
        return self.workspace.settings

    @property
    def now(self) -> datetime:
        """The present time, aware: the one given, else git's."""
        return self.workspace.clock()

    def read_moment(self, typed: str, now: datetime | None = None) -> Moment:
        """The instant that an editor typed, by the house style, in the newsroom's zone."""
        from tracker.newsroom.names import moment

        return moment(typed, self.settings, now or self.now)

    def compare(self, old: str, new: str) -> Change:
        """Two texts compared, with the newsroom's style, and its language where it names one.

        What the newsroom's articles repeat counts as such: see ``boilerplate``.
        """
        return self.compared(old, new).change

    def boilerplate(self, progress: Progress | None = None) -> Boilerplate:
        """What the newsroom's articles repeat, with the sentences among it, for ``compare``.

        ``progress`` is called with the number of articles counted and the number of all.
        """
        from tracker.newsroom.catalog import boilerplate

        return boilerplate(self.workspace, progress)

    def compared(self, old: str, new: str) -> Compared:
        """Two texts that are compared as far as is asked for: see ``compare``."""
        from tracker.newsroom.catalog import compared

        return compared(self.workspace, old, new)

    # --- reading --------------------------------------------------------------------------------

    def history(self, article: str | Path) -> tuple[Revision, ...]:
        """The revisions of an article, oldest first."""
        return self.life(article).revisions

    def life(
        self, article: str | Path, *, compared: bool = True, newest: int | None = None
    ) -> History:
        """An article's revisions and the events between them.

        Without ``compared``, no text is compared with the one before: words, labels and reasons
        stay empty. With ``newest``, only that many revisions at the end are compared.
        """
        from tracker.newsroom import history

        return history.life(self.workspace, self.track(article), compared=compared, newest=newest)

    def track(self, article: str | Path) -> Track:
        """The life of an article's file on the published line, its texts unread."""
        from tracker.newsroom import history

        return history.track_of(self.workspace, article)

    def revision(self, article: str | Path, wanted: str | int = "latest") -> Revision:
        """The revision that a number, ``latest~1``, a date, an instant or a commit means."""
        from tracker.newsroom import history

        found = self.track(article)
        number = history.number_of(self.workspace, found, wanted)
        return history.life(self.workspace, found, compared=False).revisions[number - 1]

    def show(self, article: str | Path, revision: str | int = "latest") -> str:
        """The text of one version, front matter included."""
        return decode(self.content(article, revision))[0]

    def content(self, article: str | Path, revision: str | int = "latest") -> bytes:
        """The bytes of one version, exactly as they were committed."""
        from tracker.newsroom import history

        return history.contents(self.workspace, article, [revision])[0]

    def pair(
        self, article: str | Path, old: str | int | None = None, new: str | int | None = None
    ) -> tuple[End, End]:
        """Two versions: the latest and what it was written on, ``old`` and the latest, or both."""
        from tracker.newsroom import history

        return history.pair(self.workspace, article, old, new)

    def made(self, article: str | Path, revision: str | int = "latest") -> tuple[End, End]:
        """What a revision was written on, and the revision: together, what it changed.

        That is the revision before, as a rule. Where two clones wrote at the same time, it is the
        one before on its own side; before a merge of both it is what they have together. Before
        the first revision stands an empty text.
        """
        from tracker.newsroom import history
        from tracker.newsroom.bases import made

        found = self.track(article)
        return made(self.workspace, found, history.number_of(self.workspace, found, revision))

    def diff(
        self, article: str | Path, old: str | int | None = None, new: str | int | None = None
    ) -> Change:
        """What changed between two versions.

        Without ``old``, by the latest; without ``new``, from ``old`` to the latest.
        """
        first, second = self.pair(article, old, new)
        return self.compare(first.text, second.text)

    def blame(self, article: str | Path, revision: str | int = "latest") -> Blame:
        """A version's text with the revision that first brought each passage of it."""
        from tracker.newsroom import history

        return history.blame(self.workspace, article, revision)

    def article(self, article: str | Path, text: str) -> Article:
        """The article that a name means, with the headline that a text of it has."""
        from tracker.newsroom.revisions import article_of

        return article_of(locate(self.workspace, article, new=True), parse(text).headline)

    def working(self, article: str | Path) -> str:
        """The text of the file on disk."""
        path = locate(self.workspace, article, new=True)
        return decode(self.workspace.read(path))[0]

    def notes(self, article: str | Path) -> tuple[Note, ...]:
        """The notes of the latest version of an article, the withdrawn ones too."""
        return self.life(article, compared=False).notes

    def change_to_tell(self, article: str | Path) -> Change | None:
        """The change that a note is most likely about; None where there is only one revision.

        It is the newest change of substance that brought no note, else the newest change.
        """
        from tracker.newsroom import history

        return history.change_to_tell(self.workspace, article)

    def draft(
        self, article: str | Path, kind: Kind = "update", drafter: Drafter | None = None
    ) -> NoteDraft | None:
        """A note of this kind for ``change_to_tell``, to be looked at by a person.

        ``drafter`` is other software's way to word it: a function from the Change to the words.
        None where there is no change to tell of.
        """
        from tracker.house.draft import draft

        change = self.change_to_tell(article)
        return None if change is None else draft(change, kind, self.settings.style, drafter)

    def latest(
        self,
        limit: int = 20,
        progress: Progress | None = None,
        *,
        offset: int = 0,
        selection: Selection = ALL,
    ) -> tuple[tuple[Article, Revision], ...]:
        """The newsroom's newest revisions, newest first, each with its article.

        ``offset`` of them are passed over; ``selection`` says which revisions are meant at all.
        ``progress`` is called with the number of articles done and the number of all.
        """
        from tracker.newsroom import queries

        return queries.ask(self.workspace, progress, queries.latest, limit, offset, selection)

    def deleted(self) -> tuple[tuple[Article, Event], ...]:
        """The articles that are gone, each with its deletion, the last deleted first.

        Each has the headline of its last version.
        """
        from tracker.newsroom import checking

        return checking.deleted(self.workspace)

    def count(self, selection: Selection = ALL) -> int:
        """How many revisions of the newsroom's articles there are."""
        from tracker.newsroom import queries

        return queries.ask(self.workspace, None, queries.count, selection)

    def months(self, selection: Selection = ALL) -> tuple[tuple[str, int], ...]:
        """How many revisions each month brought ("2022-05", in the newsroom's zone), newest first.

        Months without a revision are left out.
        """
        from tracker.newsroom import queries

        return queries.ask(self.workspace, None, queries.months, selection)

    def people(self) -> tuple[tuple[str, int], ...]:
        """The names of those who made revisions, and how many, the most first."""
        from tracker.newsroom import queries

        return queries.ask(self.workspace, None, queries.people)

    def articles(self, limit: int | None = None, offset: int = 0) -> tuple[Article, ...]:
        """The articles that are there now, the last revised first."""
        from tracker.newsroom import queries

        return queries.ask(self.workspace, None, queries.articles, limit, offset)

    def listed(
        self,
        limit: int | None = None,
        offset: int = 0,
        *,
        since: datetime | None = None,
        noted: bool = False,
        published: bool = False,
    ) -> tuple[Listed, ...]:
        """The articles with date, versions and notes, the last revised first.

        ``since``: those with a version from this instant on; ``noted``: those with a note that
        stands; ``published``: what is told of each is of versions that readers could see.
        """
        from tracker.newsroom import queries

        return queries.ask(
            self.workspace, None, queries.listed, limit, offset, since=since, noted=noted,
            published=published,
        )  # fmt: skip

    def count_articles(self, since: datetime | None = None, *, noted: bool = False) -> int:
        """How many articles there are, or of them those changed since, or with a note."""
        from tracker.newsroom import queries

        return queries.ask(self.workspace, None, queries.count_articles, since, noted=noted)

    def taken_and_left(self) -> list[str]:
        """Lines that say which files count as articles, where others were left out."""
        if self.workspace.empty:
            return []
        return self.workspace.taken_and_left()

    def search(
        self,
        words: str,
        limit: int = 20,
        offset: int = 0,
        *,
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> tuple[Hit, ...]:
        """Where these words stand together in headlines, notes and current texts, best first.

        ``"in quotes"`` they must follow each other, and a star stands for any ending; case and
        accents do not count. With ``kind``, in notes of that kind alone. ``progress`` is called
        with the number of articles done and the number of all.
        """
        from tracker.newsroom import queries

        if self.workspace.empty:
            return ()
        return queries.ask(
            self.workspace, progress, queries.search, words, limit, offset, kind=kind
        )

    def search_articles(
        self,
        words: str,
        limit: int = 20,
        offset: int = 0,
        *,
        kind: Kind | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        older: bool = False,
        progress: Progress | None = None,
    ) -> tuple[SearchResult, ...]:
        """The articles in which these words stand together, each with at most three places.

        Those that have the words in a headline come first. With ``older``, headlines and
        paragraphs count too that an article had and has no more: such a hit says which revisions
        had them, and when the next one took them out. ``since`` and ``until`` (aware) bound the
        instants of the hits. For ``words``, ``kind`` and ``progress`` see ``search``.
        """
        from tracker.newsroom import queries

        if self.workspace.empty:
            return ()
        narrowed = queries.Narrowed(kind, since, until, older)
        return queries.ask(
            self.workspace, progress, queries.search_articles, words, limit, offset, narrowed
        )

    def catalog(self) -> CatalogState:
        """What the catalog holds; it is not brought up to date."""
        from tracker.newsroom import catalog

        return catalog.state(self.workspace)

    def rebuild_catalog(self, progress: Progress | None = None) -> CatalogState:
        """Make the catalog anew; ``progress`` is called with commits done and all commits.

        Raises ``TrackerError`` where its file cannot be written.
        """
        from tracker.newsroom import catalog

        return catalog.make_anew(self.workspace, progress)

    def lives(
        self, progress: Progress | None = None, only: Collection[str] | None = None
    ) -> Iterator[History]:
        """The histories of all articles that are there now, compared; those unreadable left out.

        ``progress`` is called with the number of articles done and the number of all. ``only``
        names the articles that are wanted, by their paths.
        """
        from tracker.newsroom import queries

        return queries.lives(self.workspace, progress, only)

    def gone(self) -> Iterator[History]:
        """The histories, not compared, of the articles that were taken down or are so no more."""
        from tracker.newsroom import history

        return history.gone(self.workspace, compared=False)

    def first_commit(self) -> str:
        """The first commit of the published line, full hash; "" where nothing is committed yet.

        It is the same in every clone that is not shallow, and so names the newsroom.
        """
        from tracker.store.log import first_commit

        if self.workspace.empty:
            return ""
        return first_commit(self.repository, self.workspace.tip)

    def instants(self) -> dict[str, tuple[datetime, ...]]:
        """When each article of the newsroom was revised, by path, oldest first."""
        from tracker.newsroom.catalog import all_tracks

        if self.repository.head is None:
            return {}
        found = all_tracks(self.workspace)
        return {each.path: tuple(version.at for version in each.versions) for each in found}

    def changed(self) -> list[str]:
        """The articles whose file on disk is new, differs from the latest revision or is gone."""
        from tracker.newsroom.writing import changed_articles

        return changed_articles(self.workspace)

    def changelog(
        self, article: str | Path | None = None, progress: Progress | None = None
    ) -> tuple[Entry, ...]:
        """The dated changelog, newest first: of an article, or the notes of the whole newsroom.

        The notes of articles that were taken down are among these: readers were told.
        ``progress`` is called with the number of articles done and the number of all.
        """
        from tracker.house.changelog import newest_first, note_entries
        from tracker.newsroom import history, queries

        if article is not None:
            return history.changelog(self.workspace, article)
        if self.workspace.empty:
            return ()
        found = queries.ask(self.workspace, progress, queries.changelog)
        style, clock = self.settings.style, self.settings.clock
        for life in history.gone(self.workspace, compared=False):
            found += note_entries(life, style, clock)
        return newest_first(found)

    def footer(self, article: str | Path) -> tuple[str, ...]:
        """The update lines of an article in house style, as its file on disk has its notes."""
        path = locate(self.workspace, article, new=True)
        data = self.workspace.read_if_there(path)
        text = decode(self.content(path) if data is None else data)[0]

        def history() -> History | None:
            from tracker.newsroom.history import notes_history

            return notes_history(self.workspace, path)

        return self.workspace.notes.of(path, history).lines(text, self.now)

    def check(
        self,
        scope: CheckScope | None = None,
        progress: Progress | None = None,
        early: Early | None = None,
    ) -> CheckResult:
        """What an editor should look at: see ``tracker.policy.RULES``.

        Without ``scope``, the whole newsroom. ``progress`` is called with the number of articles
        done and the number of all, ``early`` with an instant after which all findings are known
        by now, and a function that gives them: the articles with the newest revisions come first.
        """
        from tracker.newsroom.checking import CheckScope, check

        return check(self.workspace, scope or CheckScope(), progress, early)

    def statistics(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Progress | None = None,
    ) -> Statistics:
        """Numbers for the year's report, from ``since`` on, before ``until``; both aware.

        Notes by kind and month, how long the errors had stood that were corrected, and the changes
        of substance that no note tells of.
        """
        from tracker.newsroom.statistics import statistics

        return statistics(self.workspace, since, until, progress)

    def verify(
        self, asked: VerifyRequest | None = None, progress: Progress | None = None
    ) -> tuple[Trust, Witness]:
        """Whether the archive is whole, not rewritten, and signed; and a witness of how it stands.

        ``progress`` is called with the number of signatures looked at and the number of all.
        """
        from tracker.newsroom import signatures

        quiet = progress or (lambda _done, _whole: None)
        return signatures.verify(self.workspace, asked or signatures.VerifyRequest(), quiet)

    # --- writing --------------------------------------------------------------------------------

    def bring(
        self,
        source: Source,
        options: Options | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Imported:
        """Bring in the versions of a source (``tracker.sources``), each as one revision.

        In any order, and only those that are not there yet. The branch moves at the very end.
        ``progress`` is called with what is done now, the number done and the number of all.
        """
        from tracker.newsroom import importing

        chosen = options or importing.Options()
        with self._writing:
            done = importing.bring(self.workspace, source, chosen, progress)
            if done.commit is not None:
                self.workspace = self.workspace.after(done.commit)
        return done

    def record(
        self,
        article: str | Path,
        text: str | bytes | None = None,
        note: str | None = None,
        at: datetime | str | None = None,
        by: Person | str | None = None,
        *,
        kind: Kind = "update",
        message: str | None = None,
        covers: str | int | None = None,
        footer: bool | None = None,
        base: str | int | None = None,
        meanwhile: Choice = "refuse",
        anywhere: bool = False,
    ) -> Revision:
        """Record one revision, with what readers are told, and return it.

        ``text`` is the new text; without it, the file on disk is recorded as it is. ``note`` are
        the words for readers, of the ``kind`` given. ``at`` is the instant of publication, aware,
        or what an editor types; without it, now. ``by`` is the author, as ``Name <address>``.
        ``covers`` names an earlier revision that the note tells of. ``footer`` says whether the
        lines are put into the body, where the settings are not to decide. Where nothing changed,
        nothing is written, and the revision that stands is returned. A file that the settings do
        not count as an article is refused, unless ``anywhere``; and so is an instant before that of
        the latest revision.

        ``base`` is the revision, or a commit, that the text was written against. Where another
        editor was there since, ``meanwhile`` says what is done: "refuse" raises
        ``EditedMeanwhile`` (``ChangedMeanwhile`` with what changed, where that is known), "merge"
        brings both texts together, "anyway" puts this one in the other's place.
        """
        from tracker.newsroom.writing import Stamp

        told = [] if note is None else [(kind, note)]
        stamp = Stamp(at=at, by=by, message=message, covers=covers)
        from tracker.newsroom import writing
        from tracker.newsroom.concurrent_edits import Against
        from tracker.newsroom.record import recorded_together

        def prepare(workspace: Workspace, against: Against | None) -> Prepared:
            return writing.prepare(
                workspace, article, text, told, stamp,
                footer=footer, against=against, anywhere=anywhere,
            )  # fmt: skip

        given = None if base is None and meanwhile == "refuse" else Against(base, meanwhile)
        with self._writing:
            _, revision, self.workspace = recorded_together(self.workspace, prepare, given)
        return revision

    def record_many(
        self,
        recordings: Iterable[Recording],
        *,
        keep_notes: bool = False,
        anywhere: bool = False,
        sign: bool = True,
    ) -> tuple[Revision | Refusal, ...]:
        """Record any number of revisions: for each, in the order given, its Revision, or why not.

        Each becomes a commit of its own, in the order of their instants; git takes them through one
        stream, and the branch moves once. Texts are recorded byte for byte; with ``keep_notes``, a
        text keeps the notes that its article had. A text that changes nothing gives the revision
        that stands already; a deletion and a plain move give the one that stood then. The
        revisions' words, labels and reasons stay empty: ``history`` compares texts.

        Paths that the settings do not count as articles are refused, unless ``anywhere``; and so
        is a revision from before what is recorded of its article. In a work tree the files are
        brought up to date. Commit hooks do not run; where commits are to be signed, nothing is
        recorded unless ``sign`` is False.

        Raises ``TrackerError`` for what stands in the way of all; then nothing is recorded.
        """
        from tracker.newsroom.record_many import record_many

        given = tuple(recordings)
        with self._writing:
            done, self.workspace = record_many(
                self.workspace, given, keep_notes=keep_notes, anywhere=anywhere, sign=sign
            )
        return done

    def prepare(
        self,
        article: str | Path,
        text: str | bytes | None = None,
        told: Sequence[tuple[Kind, str]] = (),
        stamp: Stamp | None = None,
        *,
        footer: bool | None = None,
        against: Against | None = None,
    ) -> Prepared:
        """What ``record`` would write, with nothing written; several notes may be told."""
        from tracker.newsroom import writing

        stamp = stamp or writing.NOW
        return writing.prepare(
            self.workspace, article, text, told, stamp, footer=footer, against=against
        )

    def commit(self, recording: Prepared, *, judged: bool = True) -> Revision:
        """Write what was prepared, as one commit, and return the revision.

        Without ``judged``, nobody asks what its change means: labels and reasons stay empty.
        """
        from tracker.newsroom.record import committed

        with self._writing:
            revision, self.workspace = committed(self.workspace, recording, judged=judged)
        return revision

    def note(
        self,
        article: str | Path,
        words: str,
        kind: Kind | None = None,
        *,
        at: datetime | str | None = None,
        by: Person | str | None = None,
        covers: str | int | None = None,
        amends: str | None = None,
    ) -> Revision:
        """Tell readers of what is already out: a revision that touches the notes alone.

        ``covers`` is the revision it tells of; ``amends`` the id of a note that it replaces, whose
        kind it keeps unless one is given.
        """
        from tracker.newsroom import writing

        stamp = writing.Stamp(at=at, by=by, covers=covers)
        with self._writing:
            return self.commit(
                writing.prepare_note(self.workspace, article, words, kind, stamp, amends=amends)
            )

    def withdraw(
        self,
        article: str | Path,
        note: str,
        *,
        at: datetime | str | None = None,
        by: Person | str | None = None,
    ) -> Revision:
        """Take a note back: readers no longer see it, the record keeps it."""
        from tracker.newsroom import writing

        stamp = writing.Stamp(at=at, by=by)
        with self._writing:
            return self.commit(writing.prepare_withdrawal(self.workspace, article, note, stamp))

    def restore(
        self,
        article: str | Path,
        revision: str | int,
        told: Sequence[tuple[Kind, str]] = (),
        *,
        at: datetime | str | None = None,
        by: Person | str | None = None,
    ) -> Revision:
        """Make a version current again, as a new revision; the notes that readers got stay."""
        from tracker.newsroom import writing

        stamp = writing.Stamp(at=at, by=by)
        with self._writing:
            return self.commit(
                writing.prepare_restoration(self.workspace, article, revision, told, stamp)
            )

    def sync(
        self,
        remote: str | None = None,
        *,
        merge: bool = False,
        push: bool = True,
        dry_run: bool = False,
    ) -> Synced:
        """Receive what a remote has, send what it has not, and merge where both sides wrote.

        ``remote`` is a name that git knows; without it, the branch's own. With ``merge``, changes
        of different sentences in one paragraph are brought together too. Without ``push``, nothing
        is sent; with ``dry_run``, nothing is changed.
        """
        from tracker.newsroom.sync import sync

        with self._writing:
            done = sync(self.workspace, remote, merge_sentences=merge, push=push, dry_run=dry_run)
            if not dry_run:
                self.workspace = self.workspace.anew()
        return done

    def write_footer(self, article: str | Path) -> tuple[bool, tuple[str, ...]]:
        """Put the update lines into the article's file on disk.

        Returns whether the file changed, and the lines between the markers that had to give way
        because the notes do not say so. Nothing is committed: record the file next.
        """
        from tracker.newsroom.writing import refuse_if_followed

        refuse_if_followed(self.workspace)
        path = locate(self.workspace, article, new=True)
        data = self.workspace.read(path)
        text, encoding = decode(data)
        desk = self.workspace.notes.of(path)
        new = desk.footer(text)
        if new == text:
            return False, ()
        lines = text.splitlines()
        gone = tuple(lines[number - 1] for number in desk.edited_by_hand(text))
        self.workspace.replace(path, data, self.workspace.notes.encoded(new, encoding))
        return True, gone
