"""One newsroom: a git repository, or a folder of one, and what people do in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tracker.errors import TrackerError
from tracker.house import changelog
from tracker.house.moments import Moment
from tracker.house.settings import Settings
from tracker.model import (
    Article,
    Blame,
    Change,
    Entry,
    History,
    Kind,
    Note,
    Person,
    Revision,
    Track,
)
from tracker.newsroom import chronicle, select, writing
from tracker.newsroom.analysis import Analyst
from tracker.newsroom.desk import Desk
from tracker.newsroom.place import Place
from tracker.newsroom.scope import EVERYTHING, Progress, Scope
from tracker.newsroom.writing import Recording
from tracker.policy import Step, Verdict
from tracker.store.git import Repository, identity
from tracker.store.history import ignored_commits, track, tracks
from tracker.store.reader import Reader
from tracker.store.status import changed_files
from tracker.text.document import decode


class Newsroom:
    """A newsroom, found from any folder or file in it.

    ``now`` is the present time, aware; commands give it. Without it, git's clock is asked where a
    time is needed. Raises ``TrackerError`` where there is no repository or ``tracker.toml`` is
    wrong.
    """

    def __init__(self, path: str | Path = ".", *, now: datetime | None = None) -> None:
        self.place = Place(Path(path).absolute())
        self.desk = Desk(self.place.settings)
        self._now = now

    def read_moment(self, typed: str, now: datetime | None = None) -> Moment:
        """The instant that an editor typed, by the house style, in the newsroom's zone."""
        return select.moment(typed, self.settings, now or self.now)

    @property
    def present(self) -> datetime | None:
        """The present time as a command gave it; None where none did."""
        return self._now

    @property
    def now(self) -> datetime:
        """The present time, aware: the one given, else git's."""
        return self._now or identity(self.repository)[1]

    @property
    def repository(self) -> Repository:
        """The git repository, as it was found."""
        return self.place.repository

    @property
    def settings(self) -> Settings:
        """What ``tracker.toml`` says."""
        return self.place.settings

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
        found = self.track(article)
        return self._read(found, compared=compared, newest=newest)

    def track(self, article: str | Path) -> Track:
        """The life of an article's file on the published line, its texts unread."""
        path = self.place.locate(article)
        _ = self.place.tip  # says what is wrong where nothing is committed yet
        found = track(
            self.repository,
            path,
            branch=self.settings.branch,
            ignored=ignored_commits(self.repository),
        )
        if not found.versions:
            raise TrackerError(
                f"{path} has no recorded revision yet.", f"Record the first: tracker record {path}"
            )
        return found

    def _read(self, found: Track, *, compared: bool, newest: int | None = None) -> History:
        analyst = Analyst(self.compare)
        steps = self.steps(found, analyst.meaning if compared else None, newest=newest)
        return chronicle.history(found, steps, shallow=self.repository.shallow)

    def steps(
        self, found: Track, means: chronicle.Means | None, *, newest: int | None = None
    ) -> list[Step]:
        """The revisions of a track with their texts, notes and what each change means."""
        blobs = dict.fromkeys(version.blob for version in found.versions)
        with Reader(self.repository) as reader:
            texts = dict(reader.read_many(blobs))
        return chronicle.steps(
            found, texts, self.settings, means=means, now=self._now, newest=newest
        )

    def compare(self, old: str, new: str) -> Change:
        """Two texts compared with the newsroom's style and language."""
        from tracker.comparison import compare

        return compare(old, new, style=self.settings.style, language=self.settings.language)

    def revision(self, article: str | Path, wanted: str | int = "latest") -> Revision:
        """The revision that a number, ``latest~1``, a date, an instant or a commit means."""
        return self._revision(self.life(article, compared=False), wanted)

    def _revision(self, life: History, wanted: str | int) -> Revision:
        return select.revision(str(wanted), life.revisions, self.settings, self.now)

    def show(self, article: str | Path, revision: str | int = "latest") -> str:
        """The text of one version, front matter included."""
        return decode(self.content(article, revision))[0]

    def content(self, article: str | Path, revision: str | int = "latest") -> bytes:
        """The bytes of one version, exactly as they were committed."""
        found = self.track(article)
        if str(revision) == "latest":
            blob = found.versions[-1].blob
        else:
            life = self._read(found, compared=False)
            blob = found.versions[self._revision(life, revision).number - 1].blob
        with Reader(self.repository) as reader:
            return reader.read(blob)

    def diff(
        self, article: str | Path, old: str | int | None = None, new: str | int | None = None
    ) -> Change:
        """What changed between two versions.

        Without ``old``, between the last two; without ``new``, from ``old`` to the latest.
        """
        if old is None:
            old, new = "latest~1", "latest"
        return self.compare(self.show(article, old), self.show(article, new or "latest"))

    def blame(self, article: str | Path, revision: str | int = "latest") -> Blame:
        """A version's text with the revision that first brought each passage of it."""
        from tracker.text.blame import Follower

        found = self.track(article)
        steps = self.steps(found, None)
        life = chronicle.history(found, steps, shallow=self.repository.shallow)
        last = self._revision(life, revision).number
        follower = Follower(places=True)
        for step in steps[:last]:
            follower.add(step.text)
        return Blame(
            life.article,
            steps[last - 1].text,
            life.revisions[:last],
            follower.spans(),
            follower.removals(),
        )

    def working(self, article: str | Path) -> str:
        """The text of the file on disk."""
        path = self.place.locate(article, new=True)
        return decode(self.place.read(path))[0]

    def notes(self, article: str | Path) -> tuple[Note, ...]:
        """The notes that stand in the latest version of an article."""
        latest = self.revision(article)
        return self.desk.notes(self.show(latest.path), latest.at)

    def change_to_tell(self, article: str | Path) -> Change | None:
        """The change that a note is most likely about; None where there is only one revision.

        It is the newest change of substance that brought no note, else the newest change.
        """
        revisions = self.history(article)
        if len(revisions) < 2:
            return None
        silent = [each for each in revisions[1:] if each.substantive and not each.notes]
        chosen = silent[-1] if silent else revisions[-1]
        return self.diff(revisions[-1].path, chosen.number - 1, chosen.number)

    def latest(self, limit: int = 20) -> tuple[tuple[Article, Revision], ...]:
        """The newsroom's newest revisions, newest first, each with its article."""
        known = set(self.place.paths())
        found = self._tracks()
        newest = sorted(
            (
                (version.at, each.path, number)
                for each in found
                if each.path in known
                for number, version in enumerate(each.versions, start=1)
            ),
            reverse=True,
        )[:limit]
        paths = {path: each for each in found for path in (each.path,)}
        lives = {
            path: self._read(paths[path], compared=True, newest=self._depth(paths[path], newest))
            for path in dict.fromkeys(path for _, path, _ in newest)
        }
        return tuple(
            (lives[path].article, lives[path].revisions[number - 1]) for _, path, number in newest
        )

    def _tracks(self) -> tuple[Track, ...]:
        return tracks(
            self.repository,
            under=self.place.under,
            branch=self.settings.branch,
            ignored=ignored_commits(self.repository),
        )

    @staticmethod
    def _depth(found: Track, newest: Sequence[tuple[datetime, str, int]]) -> int:
        """How many revisions at the end of a track are among the newest."""
        first = min(number for _, path, number in newest if path == found.path)
        return len(found.versions) - first + 1

    def instants(self) -> dict[str, tuple[datetime, ...]]:
        """When each article of the newsroom was revised, by path, oldest first."""
        if self.repository.head is None:
            return {}
        found = tracks(self.repository, under=self.place.under, branch=self.settings.branch)
        return {each.path: tuple(version.at for version in each.versions) for each in found}

    def changed(self) -> list[str]:
        """The articles whose file on disk is new or differs from the latest revision, sorted."""
        return select.articles(
            changed_files(self.repository, self.place.under),
            self.settings.articles,
            self.place.under,
        )

    def changelog(self, article: str | Path | None = None) -> tuple[Entry, ...]:
        """The dated changelog, newest first: of an article, or the notes of the whole newsroom."""
        style, zone = self.settings.style, self.settings.zone
        grace = self.settings.check.grace
        if article is not None:
            return changelog.entries(self.life(article), style, zone, grace)
        known = set(self.place.paths())
        lives = [self._read(each, compared=False) for each in self._tracks() if each.path in known]
        entries = changelog.newsroom_entries(lives, style, zone, grace)
        return tuple(entry for entry in entries if entry.what == "note")

    def footer(self, article: str | Path) -> tuple[str, ...]:
        """The update lines of an article in house style, as its file on disk has its notes."""
        path = self.place.locate(article, new=True)
        disk = self.place.disk(path)
        data = disk.read_bytes() if disk is not None and disk.is_file() else self.content(path)
        return self.desk.lines(decode(data)[0], self.now)

    def check(self, scope: Scope = EVERYTHING, progress: Progress | None = None) -> Verdict:
        """What an editor should look at: see ``tracker.policy.RULES``.

        ``progress`` is called with the number of articles done and the number of all.
        """
        from tracker.newsroom.checking import check

        return check(self, scope, progress)

    # --- writing --------------------------------------------------------------------------------

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
    ) -> Revision:
        """Record one revision, with what readers are told, and return it.

        ``text`` is the new text; without it, the file on disk is recorded as it is. ``note`` are
        the words for readers, of the ``kind`` given. ``at`` is the instant of publication, aware,
        or what an editor types; without it, now. ``by`` is the author, as ``Name <address>``.
        ``covers`` names an earlier revision that the note tells of. ``footer`` says whether the
        lines are put into the body, where the settings are not to decide. Where nothing changed,
        nothing is written, and the revision that stands is returned.
        """
        told = [] if note is None else [(kind, note)]
        stamp = writing.Stamp(at=at, by=by, message=message, covers=covers)
        return self.commit(self.prepare(article, text, told, stamp, footer=footer))

    def prepare(
        self,
        article: str | Path,
        text: str | bytes | None = None,
        told: Sequence[tuple[Kind, str]] = (),
        stamp: writing.Stamp = writing.NOW,
        *,
        footer: bool | None = None,
    ) -> Recording:
        """What ``record`` would write, with nothing written; several notes may be told."""
        return writing.prepare(self, article, text, told, stamp, footer=footer)

    def write(self, recording: Recording) -> bool:
        """Write what was prepared, as one commit; False where there was nothing to write."""
        if recording.unchanged:
            return False
        writing.commit(self, recording)
        self.place = self.place.again()
        return True

    def commit(self, recording: Recording) -> Revision:
        """Write what was prepared, as one commit, and return the revision."""
        self.write(recording)
        life = self.life(recording.path, compared=recording.change is None, newest=1)
        return chronicle.with_change(life.revisions[-1], recording.change)

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
        stamp = writing.Stamp(at=at, by=by, covers=covers)
        return self.commit(writing.prepare_note(self, article, words, kind, stamp, amends=amends))

    def withdraw(
        self,
        article: str | Path,
        note: str,
        *,
        at: datetime | str | None = None,
        by: Person | str | None = None,
    ) -> Revision:
        """Take a note back: readers no longer see it, the record keeps it."""
        stamp = writing.Stamp(at=at, by=by)
        return self.commit(writing.prepare_withdrawal(self, article, note, stamp))

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
        stamp = writing.Stamp(at=at, by=by)
        return self.commit(writing.prepare_restoration(self, article, revision, told, stamp))

    def write_footer(self, article: str | Path) -> tuple[bool, tuple[str, ...]]:
        """Put the update lines into the article's file on disk.

        Returns whether the file changed, and the lines between the markers that had to give way
        because the notes do not say so. Nothing is committed: record the file next.
        """
        path = self.place.locate(article, new=True)
        data = self.place.read(path)
        text, encoding = decode(data)
        new = self.desk.footer(text)
        if new == text:
            return False, ()
        lines = text.splitlines()
        gone = tuple(lines[number - 1] for number in self.desk.edited_by_hand(text))
        self.place.replace(path, data, self.desk.encoded(new, encoding))
        return True, gone
