"""Bring a source's versions into the newsroom, all at once: see ``docs/import.md``.

The source is read once for what each version is. Then the texts are asked for article by article,
notes are carried, and what the newsroom lacks is given to git; the commits follow in time order;
the branch moves at the very end. Run again, it adds only what is missing: a version is known by
its article's path, its instant, and its text as it was recorded.
"""

from __future__ import annotations

import errno
import json
import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.model import Note, Person
from tracker.newsroom.incoming import (
    UNSAFE,
    ImportPlan,
    Incoming,
    Key,
    Row,
    Skipped,
    Source,
    Telling,
    folder_named,
    instant,
    is_slug,
    settle_paths,
    slug_of,
)
from tracker.newsroom.note_editor import Told
from tracker.newsroom.selection import is_text
from tracker.newsroom.workspace import Workspace
from tracker.newsroom.writing import AHEAD, message_of
from tracker.store import import_branch, locks, log, worktree
from tracker.store.git import FRUGAL, GitError, Repository, checked, identity, shown_path
from tracker.store.merge import take_back
from tracker.store.reader import Reader, not_too_large
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
from tracker.text.document import decode

Progress = Callable[[str, int, int], None]
"""Called with what is done now, the number done, and the number of all (0: not known)."""

_NAMED = 1000  # bad and left-out things that are named; the rest is counted
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
    take_back(repository)
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
        self.latest = ((workspace.now or clock) + AHEAD).timestamp()
        self.base = import_branch.tip_of(workspace.repository.git, branch)
        self.count = 0  # versions that the source gave
        self.added = self.known = self.unchanged = self.bad = self.left_out = 0  # of them
        self.articles = self.new_articles = 0  # that get revisions
        self.skipped: list[Skipped] = []
        self.new_files = Counter[str]()  # by folder

    def run(self) -> Imported:
        """Read, write, and move the branch."""
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
            commit = self._land(stream) if self.added else None
        if commit is not None and self.added >= _WORTH_PACKING:
            self.progress("Indexing", 0, 0)
            write_commit_graph(repository)
        return self._told(commit)

    def skip(self, each: Skipped) -> None:
        """Count what is left out; raise for what is bad, unless that is to be skipped."""
        if each.bad and not self.options.skip_bad:
            hint = (each.hint or "Correct it.").rstrip(".")
            raise TrackerError(
                f"{each.origin}: {each.reason}",
                f"{hint}; or leave such versions out with --skip-bad.",
            )
        if each.bad:
            self.bad += 1
        else:
            self.left_out += 1
        if len(self.skipped) < _NAMED:
            self.skipped.append(each)

    # --- reading the source -----------------------------------------------------------------------

    def _rows(self) -> Iterator[tuple[object, ...]]:
        under = self.workspace.under
        prefix = f"{under}/" if under else ""
        has_layout = self.workspace.settings.layout is not None
        for each in self.source.versions(self.folder):
            if isinstance(each, Skipped):
                self.skip(each)
                continue
            row = self._row(each, prefix, has_layout=has_layout)
            if isinstance(row, Skipped):
                self.skip(row)
                continue
            self.count += 1
            if self.count % 1000 == 0:
                share = self.source.share
                self.progress("Reading", self.count, int(self.count / share) if share else 0)
            yield row

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
            for path, versions in groupby(read(), key=lambda each: each[0].path):
                article = _ArticleImport(self, path, convert, reader, hashed, store)
                for row, data in versions:
                    done += 1
                    if done % 500 == 0:
                        self.progress("Texts", done, self.count)
                    article.take(row, data)
                article.end()

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
                        stream.deliver,
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
        for done, commit in enumerate(self.plan.ready_in_order(), start=1):
            stream.commit(commit)
            if done % 1000 == 0:
                self.progress("Revisions", done, self.added)
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
        advice = []
        if self.settings.hooks and self.added:
            advice.append("The repository's commit hooks are not run by an import.")
        for folder, count in self.new_files.items():
            if count > _FLAT:
                advice.append(
                    f"{count:,} new files are in the one folder {folder or '.'}, which makes every"
                    " commit slow: set a layout by date in tracker.toml before the next import."
                )
        return Imported(
            self.added, self.known, self.unchanged, self.articles, self.new_articles, self.bad,
            self.left_out, tuple(self.skipped), commit, tuple(advice),
        )  # fmt: skip


# --- one article ----------------------------------------------------------------------------------


class _ArticleImport:
    """The versions of one article, one after another, oldest first."""

    def __init__(
        self,
        whole: _Import,
        path: str,
        convert: Conversion,
        reader: Reader,
        hashed: Callable[[bytes], str],
        store: Callable[[bytes], None],
    ) -> None:
        """``hashed`` gives a text's blob, ``store`` gives a text to git."""
        self._whole = whole
        self._path = path
        self._convert = convert
        self._reader = reader
        self._hashed = hashed
        self._store = store
        self._notes = whole.workspace.notes
        self._found = whole.plan.standing(path)
        self._known = whole.plan.known(path)
        self._newest = max(self._known, default=-1)
        self._tip = self._found[2] if self._found is not None else None  # the blob there is now
        self._why_not = self._refusal()
        self._before: str | None = None  # the blob of the version before, as it was recorded
        self._text = b""  # the same
        self._wrote: str | None = None  # the last blob that is to be written
        if self._why_not is None:
            convert.of(path, lambda: self._tip is not None and b"\r\n" in self._current())

    def _current(self) -> bytes:
        """The text that the branch has now."""
        assert self._tip is not None
        return self._reader.read(self._tip)

    def _refusal(self) -> str | None:
        """Why nothing can be recorded at this path; None where it can."""
        path, plan = self._path, self._whole.plan
        try:
            checked(path)
        except TrackerError as error:
            return error.sentence
        if not is_text(path):
            return f"{path} does not end in .md, .markdown, .txt or .mdx, or is a listing."
        parts = path.split("/")
        for end in range(1, len(parts)):
            above = "/".join(parts[:end])
            there = plan.standing(above)
            if there is not None and there[0] != "tree":
                return f"{above} is a file in the newsroom, so {path} cannot be in it."
            if there is None and is_text(above) and plan.comes(above):
                return f"{above} comes as a file too, so {path} cannot be in it."
        if self._found is not None and not self._found[1].startswith("100"):
            names = {"tree": "a folder", "blob": "a symbolic link"}
            return f"{path} is {names.get(self._found[0], 'a submodule')} in the newsroom."
        return None

    def take(self, row: Row, data: bytes | TrackerError) -> None:
        """One more version: known, unchanged, new, or bad."""
        if self._why_not is not None:
            self._bad(row, self._why_not)
        elif isinstance(data, TrackerError):
            self._bad(row, data.sentence, data.hint)
        else:
            try:
                not_too_large(self._path, len(data))
                self._take(row, data)
            except GitError:
                raise  # it is not the version that is bad
            except TrackerError as error:
                self._bad(row, error.sentence, error.hint)

    def _bad(self, row: Row, reason: str, hint: str = "") -> None:
        self._whole.skip(Skipped(row.origin, reason, bad=True, hint=hint))

    def _take(self, row: Row, data: bytes) -> None:
        known = self._known.get(row.seconds, ())
        at = instant(row.seconds, row.minutes)
        new = self._with_notes(row, data, at)
        blob = self._hashed(new)
        if blob in known:
            self._whole.known += 1
            self._before, self._text = blob, new
            return
        if blob != self._before and self._tip is not None and self._before != self._tip:
            if row.place < self._newest:
                newest = instant(self._newest, row.minutes).isoformat(" ", "minutes")
                raise TrackerError(
                    f"{self._path} has a newer revision already, of {newest}.",
                    "A revision is never put in before another: import into a new newsroom.",
                )
            # It comes after what somebody recorded, and may keep the notes of that.
            self._text, self._before = self._current(), self._tip
            new = self._with_notes(row, data, at)
            blob = self._hashed(new)
        if blob == self._before:
            self._whole.unchanged += 1
            return
        self._whole.added += 1
        commit = self._commit(row, blob, () if row.message else self._brought(new, at))
        self._whole.plan.ready(row.sequence, commit)
        self._store(new)
        self._before = self._wrote = self._tip = blob
        self._text = new

    def _with_notes(self, row: Row, data: bytes, at: datetime) -> bytes:
        """What git is to store: the text, with the notes that it keeps and those told of it."""
        told, keeps = _tellings(row.told), self._whole.options.keep_notes
        if told or (keeps and self._before is not None):
            text, encoding = decode(data)
            before = None if self._before is None else decode(self._text)[0]
            if keeps and before is not None:
                text = self._notes.carry(before, text, at)
            if told:
                notes = [Told(each.kind, each.text, each.at or at) for each in told]
                text = self._notes.add(text, notes, before=before)
            data = self._notes.encoded(text, encoding)
        return self._convert(data)

    def _brought(self, data: bytes, at: datetime) -> tuple[Note, ...]:
        """The notes that a version has and the one before has not, for the commit's message.

        To read all notes of a text takes as long as to give it to git: they are looked for where
        the new lines have any.
        """
        if self._before is None:
            return ()
        old = set(self._text.split(b"\n"))
        new = b"\n".join(line for line in data.split(b"\n") if line not in old)
        if b"text:" not in new and not self._notes.notes(decode(new)[0], at):
            return ()
        return self._notes.brought(decode(self._text)[0], decode(data)[0], at)

    def _commit(self, row: Row, blob: str, notes: Sequence[Note]) -> StreamedCommit:
        message = row.message and row.message.replace("\0", "").strip("\n")
        if not message or message.isspace():
            first = self._found is None and self._wrote is None
            message = message_of(self._path, notes, first=first)
        if row.trailers:
            message += f"\n\n{row.trailers}"
        person = self._whole.writer if row.name is None else Person(row.name, row.email or "")
        sign, minutes = ("-", -row.minutes) if row.minutes < 0 else ("+", row.minutes)
        mode = "100755" if self._found is not None and self._found[1] == "100755" else "100644"
        return StreamedCommit(
            author=author_line(person),
            date=f"{row.seconds} {sign}{minutes // 60:02}{minutes % 60:02}".encode(),
            seconds=row.place,
            message=f"{message}\n".encode("utf-8", "replace"),
            changes=(PathChange(self._path.encode(), blob, mode),),
        )

    def end(self) -> None:
        """There are no more versions of this article."""
        if self._wrote is not None:
            is_new = self._found is None
            self._whole.articles += 1
            self._whole.plan.finish(self._path, self._wrote, is_new=is_new)
            if is_new:
                self._whole.new_articles += 1
                self._whole.new_files[self._path.rpartition("/")[0]] += 1


def _tellings(told: str | None) -> tuple[Telling, ...]:
    return tuple(
        Telling(kind, text, None if at is None else datetime.fromisoformat(at))
        for kind, text, at in json.loads(told or "[]")
    )


def write_commit_graph(repository: Repository) -> None:
    """Write the commit graph with the paths that each commit changed: git log asks it.

    It only makes later questions quicker: where it cannot be written, nothing is said.
    """
    words = (
        *FRUGAL, "commit-graph", "write", "--reachable", "--split", "--changed-paths",
        "--no-progress",
    )  # fmt: skip
    info = repository.common_dir / "objects" / "info"
    with suppress(TrackerError), locks.turn(repository.common_dir, file=locks.BESIDE) as turn:
        turn.may_leave(info / "commit-graphs" / "commit-graph-chain.lock")
        repository.git.run(*words, accept=(0, 1, 128), started=turn.runs)
