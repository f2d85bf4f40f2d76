"""Bring a source's versions into the newsroom, all at once: see ``docs/import.md``.

The source is read once for what each version is. Then the texts are asked for article by article,
notes are carried, and what the newsroom lacks is given to git; the commits follow in time order;
the branch moves at the very end. Run again, it adds only what is missing: a version is known by
its article's path, its instant, and its text as it was recorded.
"""

from __future__ import annotations

import errno
import json
import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.house.site import DEFAULT_LAYOUT, new_path
from tracker.model import Person
from tracker.newsroom.import_article import ArticleImport, ImportWork, Tally
from tracker.newsroom.incoming import (
    ImportPlan,
    Incoming,
    Key,
    Ready,
    Row,
    Skipped,
    Source,
    Standing,
)
from tracker.newsroom.selection import is_text, slug
from tracker.newsroom.workspace import Workspace
from tracker.store import import_branch, locks, log, worktree
from tracker.store.git import FRUGAL, Repository, checked, identity, shown_path
from tracker.store.reader import Reader
from tracker.store.stream import (
    CommitStream,
    Conversion,
    GitSettings,
    ImportFolder,
    PathChange,
    StreamedCommit,
    author_line,
    git_settings,
)
from tracker.text.document import decode, parse

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")
"""What a terminal or an editor would obey, or show otherwise than it is."""

Progress = Callable[[str, int, int], None]
"""Called with what is done now, the number done, and the number of all (0: not known)."""

_AHEAD = timedelta(minutes=2)  # the clocks of two machines are never quite the same
_FLAT = 10_000  # new files in one folder from which on a layout is advisable
_ATTEMPTS = 3  # at a branch that others move; the last has the turn to itself
_WORTH_PACKING = 500  # revisions


class Options(NamedTuple):
    """How an import is done."""

    under: str = "articles"  # the newsroom's folder for slugs without a layout; "": its own
    skip_bad: bool = False  # go on without versions that cannot be used
    dry_run: bool = False  # write nothing
    sign: bool = True  # False: import unsigned where commits are to be signed
    keep_notes: bool = False  # True: a version without notes keeps those of the one before


class Imported(NamedTuple):
    """What an import did, or would do."""

    added: int  # revisions
    known: int  # versions that the newsroom had already
    unchanged: int  # versions with the text of the one before them
    articles: int  # that got revisions
    new_articles: int  # of them, those that were not there
    bad: int  # versions that could not be used
    left_out: int  # what the source leaves out on purpose
    skipped: tuple[Skipped, ...]  # the first of the bad ones and of those left out
    commit: str | None  # the newest commit, full hash; None where nothing was written
    advice: tuple[str, ...]  # sentences that somebody should read


def bring(
    workspace: Workspace, source: Source, options: Options, progress: Progress | None = None
) -> Imported:
    """Bring the versions of a source into the newsroom, each as one commit.

    Raises ``TrackerError`` for what stands in the way, and, unless bad versions are skipped, for
    the first of them; then the newsroom is as it was.
    """
    repository = workspace.repository
    branch = worktree.branch_to_write(repository, workspace.settings.branch)
    settings = git_settings(repository)
    if settings.signs and options.sign:
        raise TrackerError(
            "Commits in this repository are to be signed, which an import cannot do.",
            "Import them unsigned with --no-sign; what is recorded later is signed as ever.",
        )
    with locks.turn(repository.common_dir):
        pass  # what a killed writer left is out of the way now
    with ImportFolder(repository) as folder:
        plan = ImportPlan(folder)
        try:
            work = _Import(workspace, source, options, progress, plan, folder, settings, branch)
            return work.run()
        except sqlite3.Error as error:
            full = getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
            why = "no space left on device" if full else error
            raise TrackerError(
                f"{folder.parent} cannot be written: {why}.",
                "Nothing was imported; see to the disk, and run the import again.",
            ) from None
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
                raise
            raise locks.not_writable(folder.parent, error) from None
        finally:
            plan.close()


class _Import:
    """One import: everything between the source and the branch."""

    def __init__(
        self,
        workspace: Workspace,
        source: Source,
        options: Options,
        progress: Progress | None,
        plan: ImportPlan,
        folder: Path,
        settings: GitSettings,
        branch: str,
    ) -> None:
        self.workspace = workspace
        self.source = source
        self.options = options
        self.under = folder_named(options.under) if options.under else ""
        self.progress = progress or (lambda _what, _done, _whole: None)
        self.plan = plan
        self.folder = folder
        self.settings = settings
        self.branch = branch
        self.writer, clock = identity(workspace.repository)
        self.latest = ((workspace.now or clock) + _AHEAD).timestamp()
        self.base = import_branch.tip_of(workspace.repository.git, branch)
        self.tally = Tally(plan, self.writer, skip_bad=options.skip_bad)
        self.count = 0  # versions that the source gave

    def run(self) -> Imported:
        """Read, write, and move the branch."""
        import_branch.forget_finished(self.workspace.repository)
        self.plan.take(self._rows())
        self._take_standing()
        settle_paths(self.plan, self.source, self.workspace, self.under)
        repository = self.workspace.repository
        stream = CommitStream(repository, self.folder, self.base, self.writer)
        if self.options.dry_run:
            self._texts(stream.hashed, lambda _data: None)
            import_branch.look(repository, self.plan)
            return self._told(None)
        with stream:
            self._texts(stream.hashed, stream.text)
            import_branch.look(repository, self.plan)
            commit = self._land(stream) if self.tally.added else None
        if commit is not None and self.tally.added >= _WORTH_PACKING:
            self.progress("Indexing", 0, 0)
            write_commit_graph(repository)
        return self._told(commit)

    # --- reading the source -----------------------------------------------------------------------

    def _rows(self) -> Iterator[tuple[object, ...]]:
        under = self.workspace.under
        prefix = f"{under}/" if under else ""
        has_layout = self.workspace.settings.layout is not None
        for each in self.source.versions(self.folder):
            if isinstance(each, Skipped):
                self.tally.skip(each)
                continue
            row = self._row(each, prefix, has_layout=has_layout)
            if isinstance(row, Skipped):
                self.tally.skip(row)
                continue
            self.count += 1
            if self.count % 1000 == 0:
                self._show_share()
            yield row

    def _show_share(self) -> None:
        share = self.source.share
        self.progress("Reading", self.count, int(self.count / share) if share else 0)

    def _row(
        self, each: Incoming, prefix: str, *, has_layout: bool
    ) -> tuple[object, ...] | Skipped:
        seconds = int(each.at.timestamp() // 1)
        if seconds < 0:
            reason = f"git cannot keep a date before 1970, and {each.at.date()} is one."
            return Skipped(each.origin, reason, bad=True)
        if seconds > self.latest:
            reason = f"{each.at.isoformat(' ', 'minutes')} is in the future."
            return Skipped(each.origin, reason, bad=True, hint="Check the date and the zone.")
        by_slug = bool(each.slug) and (has_layout or not each.path)
        if by_slug and not is_slug(each.slug):
            reason = f"“{shown_path(each.slug[:100])}” is no slug: it must be one plain name."
            return Skipped(each.origin, reason, bad=True)
        if each.person is not None and not author_line(each.person):
            return Skipped(each.origin, "The author has no name.", bad=True)
        path = prefix + each.path.removeprefix("./") if each.path else ""
        if UNSAFE.search(path):
            reason = f"The path {shown_path(path[:200])} has characters that no path should have."
            return Skipped(each.origin, reason, bad=True)
        offset = each.at.utcoffset()
        assert offset is not None
        minutes = int(offset.total_seconds() // 60)
        if not -14 * 60 <= minutes <= 14 * 60:  # no place on earth, and git takes it for an error
            minutes = 0
        person = each.person
        told = None
        if each.told:
            told = json.dumps(
                [(one.kind, one.text, one.at and one.at.isoformat()) for one in each.told]
            )
        return (
            path or None, each.slug if by_slug else "",
            seconds if each.place is None else int(each.place.timestamp() // 1), seconds, minutes,
            None if person is None else person.name, None if person is None else person.email,
            each.message, told, each.key, each.origin.encode("utf-8", "replace").decode(),
            each.trailers or None, each.identity,
        )  # fmt: skip

    def _take_standing(self) -> None:
        """Note what the branch has: its files now, and what its commits brought."""
        if self.base is None:
            return
        repository, under = self.workspace.repository, self.workspace.under
        prefix = f"{under}/" if under else ""

        def named(entry: log.TreeEntry) -> tuple[log.TreeEntry, str]:
            return entry, slug_of(entry.path, prefix) if entry.kind == "blob" else ""

        self.plan.take_standing(
            named(entry)
            for entry in log.entries(repository, self.base)
            if not UNSAFE.search(entry.path)
        )
        self.plan.take_known(
            each
            for each in log.known(repository, self.base)
            if each.path.startswith(prefix) and not UNSAFE.search(each.path)
        )

    # --- texts, article by article ----------------------------------------------------------------

    def _texts(
        self,
        hashed: Callable[[bytes], str],
        store: Callable[[bytes], None],
    ) -> None:
        """Give every text that the newsroom lacks to ``store``, and plan its commit."""
        rows = deque[Row]()

        def asked() -> Iterator[Key]:
            for row in self.plan.by_article():
                rows.append(row)
                yield row.key

        def read() -> Iterator[tuple[Row, bytes | TrackerError]]:
            for data in self.source.texts(asked()):
                yield rows.popleft(), data

        repository, done = self.workspace.repository, 0
        with Conversion(repository, self.settings) as convert, Reader(repository) as reader:
            notes, keeps = self.workspace.notes, self.options.keep_notes
            work = ImportWork(self.tally, notes, keeps, convert, reader, hashed, store)
            for path, versions in groupby(read(), key=lambda each: each[0].path):
                article = ArticleImport(work, path)
                for row, data in versions:
                    done += 1
                    if done % 500 == 0:
                        self.progress("Texts", done, self.count)
                    article.take(row, data)
                article.end()
        self.tally.flush()

    # --- commits, and the branch ------------------------------------------------------------------

    def _land(self, stream: CommitStream) -> str:
        """Write the commits and move the branch, again where somebody else moved it meanwhile."""
        repository = self.workspace.repository
        commit = self._commits(stream)
        for attempt in range(_ATTEMPTS):
            with locks.turn(repository.common_dir) as turn:
                try:
                    import_branch.land(
                        repository, turn, self.branch, self.base, commit, self.plan,
                        stream.content, stream.deliver,
                    )  # fmt: skip
                except import_branch.MovedError:
                    self._follow()
                    if attempt == _ATTEMPTS - 2:  # the last has the turn to itself
                        commit = self._again()
                        continue
                else:
                    return commit
            commit = self._again()
        raise TrackerError(
            "The branch is moved by others all the time.", "Import when there is less going on."
        )

    def _again(self) -> str:
        """The commits once more, on what is there now: their texts are in the folder already."""
        folder = self.folder
        with CommitStream(self.workspace.repository, folder, self.base, self.writer) as stream:
            return self._commits(stream)

    def _commits(self, stream: CommitStream) -> str:
        """Give all commits that are due, in their order; the newest."""
        if self.base is not None:
            stream.not_before(self.base)
        for done, row in enumerate(self.plan.ready_in_order(), start=1):
            stream.commit(_commit(row))
            if done % 1000 == 0:
                self.progress("Revisions", done, self.tally.added)
        return stream.finish()

    def _follow(self) -> None:
        """Look at what somebody else recorded meanwhile: the commits go on top of it."""
        repository = self.workspace.repository
        tip = import_branch.tip_of(repository.git, self.branch)
        if tip is not None:
            for path in log.touched(repository, self.base, tip):
                if self.plan.meets(path):
                    raise TrackerError(
                        f"{shown_path(path)} was recorded while the import was at work.",
                        "Nothing was imported; run the import again.",
                    )
        self.base = tip

    def _told(self, commit: str | None) -> Imported:
        tally = self.tally
        advice = []
        if self.settings.hooks and tally.added:
            advice.append("The repository's commit hooks are not run by an import.")
        for folder, count in tally.new_files.items():
            if count > _FLAT:
                advice.append(
                    f"{count:,} new files are in the one folder {folder or '.'}, which makes every"
                    " commit slow: set a layout by date in tracker.toml before the next import."
                )
        return Imported(
            added=tally.added,
            known=tally.known,
            unchanged=tally.unchanged,
            articles=tally.articles,
            new_articles=tally.new_articles,
            bad=tally.bad,
            left_out=tally.left_out,
            skipped=tuple(tally.skipped),
            commit=commit,
            advice=tuple(advice),
        )


def _commit(row: Ready) -> StreamedCommit:
    sign, minutes = ("-", -row.minutes) if row.minutes < 0 else ("+", row.minutes)
    return StreamedCommit(
        author=author_line(Person(row.name, row.email)),
        date=f"{row.seconds} {sign}{minutes // 60:02}{minutes % 60:02}".encode(),
        seconds=row.place,
        message=row.message.encode("utf-8", "replace"),
        changes=(PathChange(row.path.encode(), row.blob, row.mode),),
    )


def write_commit_graph(repository: Repository) -> None:
    """Write the commit graph with the paths that each commit changed: git log asks it.

    It only makes later questions quicker: where it cannot be written, nothing is said.
    """
    words = (
        *FRUGAL, "commit-graph", "write", "--reachable", "--split", "--changed-paths",
        "--no-progress",
    )  # fmt: skip
    repository.git.run(*words, accept=(0, 1, 128))


# --- where the articles go ------------------------------------------------------------------------

_HINT = "Give a folder in the newsroom, as articles/archive, or . for the newsroom's own."


def folder_named(given: str) -> str:
    """The newsroom's folder that somebody named for articles, without slashes around it.

    "" for the newsroom's own. Raises ``TrackerError`` for what is no folder in the newsroom.
    """
    shown = shown_path(given[:200])
    if not given.strip():
        raise TrackerError("The folder for the articles has no name.", _HINT)
    path = given.removeprefix("./").rstrip("/") if given.strip("/") else given
    if path in (".", ""):
        return ""
    if UNSAFE.search(path):
        raise TrackerError(f"The folder {shown} has characters that no path should have.", _HINT)
    if path.startswith("/"):
        raise TrackerError(f"The folder {shown} is not in the newsroom.", _HINT)
    try:
        checked(path)
    except TrackerError as error:
        raise TrackerError(error.sentence, _HINT) from None
    return path


def is_slug(name: str) -> bool:
    """Whether a name can be an article's slug: one plain part of a path."""
    if "/" in name or UNSAFE.search(name) or name.strip() != name:
        return False
    return _is_possible(name)


def slug_of(path: str, prefix: str) -> str:
    """The slug of an article's path; "" for what can be no article below the folder ``prefix``."""
    if not path.startswith(prefix) or not is_text(path) or not _is_possible(path):
        return ""
    return slug(path)


def settle_paths(plan: ImportPlan, source: Source, workspace: Workspace, under: str) -> None:
    """Find the path of each article of which the source knows the slug alone.

    It is that of the article of this slug that the newsroom has, or that comes with its path in the
    same import, on whatever line; else the layout says. Raises ``TrackerError`` where there is more
    than one such article.
    """
    rule = workspace.settings.layout or joined(under, DEFAULT_LAYOUT)
    own, zone = workspace.under, workspace.settings.zone
    prefix = f"{own}/" if own else ""
    slugs = deque[tuple[str, int, int]]()
    settled: list[tuple[str, str]] = []

    def asked() -> Iterator[Key]:
        for slug, key, seconds, minutes, origin, there in plan.first_of_slugs(
            lambda path: slug_of(path, prefix)
        ):
            if len(there) > 1:
                named = ", ".join(there[:3])
                raise TrackerError(
                    f"{origin}: there is more than one article “{slug}”: {named}.",
                    "Give the path in the place of the slug.",
                )
            if there:
                settled.append((slug, there[0]))
                continue
            slugs.append((slug, seconds, minutes))
            yield key

    dated = "{year}" in rule or "{month}" in rule or "{day}" in rule
    for data in source.texts(asked()):
        slug, seconds, minutes = slugs.popleft()
        day = instant(seconds, minutes).astimezone(zone).date()
        if dated and not isinstance(data, TrackerError):
            given = parse(decode(data)[0]).published_date
            if isinstance(given, datetime):
                aware = given if given.tzinfo else given.replace(tzinfo=zone)
                day = aware.astimezone(zone).date()
            elif given is not None:
                day = given
        settled.append((slug, joined(own, new_path(rule, slug, day))))

    def words(version: Key | Standing) -> set[bytes]:
        if isinstance(version, Standing):
            return set(reader.read(version.blob).split())
        (data,) = source.texts([version])
        return set() if isinstance(data, TrackerError) else set(data.split())

    def is_moved(earlier: Key | Standing, later: Key) -> bool:
        old, new = words(earlier), words(later)
        return 2 * len(old & new) >= max(len(old), len(new), 1)

    with Reader(workspace.repository) as reader:
        plan.settle(settled, is_moved)


def instant(seconds: int, minutes: int) -> datetime:
    """Seconds since 1970 and an offset from UTC in minutes, as an aware instant."""
    return datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))


def joined(above: str, name: str) -> str:
    """A name in a folder, "" for the topmost."""
    return f"{above}/{name}" if above else name


def _is_possible(path: str) -> bool:
    try:
        checked(path)
    except TrackerError:
        return False
    return True
