"""Any number of revisions recorded at once, in one stream.

They are for programs that have the texts at hand: a site that is followed, a CMS, an archive. One
move of the branch brings them all. Their texts are recorded byte for byte; git's commit hooks do
not run, and nothing is signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tracker.errors import TrackerError
from tracker.model import Note, Person, Recording, Refusal, Revision, Version
from tracker.newsroom import history
from tracker.newsroom.catalog import tracks_at
from tracker.newsroom.names import locate
from tracker.newsroom.note_editor import Told
from tracker.newsroom.workspace import Workspace
from tracker.newsroom.writing import (
    AHEAD,
    message_of,
    must_be_article,
    person_named,
    refuse_if_followed,
)
from tracker.store import import_branch, locks, worktree
from tracker.store.commit import git_date
from tracker.store.git import checked, identity, shown_path
from tracker.store.log import FILES, tree_entries
from tracker.store.merge import take_back
from tracker.store.reader import not_too_large
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

_ATTEMPTS = 3  # at a branch that others move
_TRAILER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")

Result = Revision | Refusal


def record_many(
    workspace: Workspace,
    recordings: Sequence[Recording],
    *,
    keep_notes: bool = False,
    anywhere: bool = False,
    sign: bool = True,
) -> tuple[tuple[Result, ...], Workspace]:
    """Record revisions: what became of each, in their order, and the newsroom with them.

    See ``Newsroom.record_many``.
    """
    repository = workspace.repository
    if not recordings:
        return (), workspace
    settings = git_settings(repository)
    if settings.signs and sign:
        raise TrackerError(
            "Commits in this repository are to be signed, which cannot be done to many at once.",
            "Record them one by one, or unsigned, with sign=False.",
        )
    take_back(repository)
    for _ in range(_ATTEMPTS):
        shop = ImportFolder(repository, wait=locks.WAIT_FOR_TURN)
        with shop as folder, locks.turn(repository.common_dir) as turn:
            branch = worktree.branch_to_write(repository, workspace.settings.branch)
            base = import_branch.tip_of(repository.git, branch)
            if base is not None and base != repository.head:
                workspace = workspace.after(base)
            writer, clock = identity(repository)
            stream = CommitStream(repository, folder, base, writer)
            if base is not None:
                stream.not_before(base)
            batch = _Batch(
                workspace, stream, writer, (workspace.now or clock) + AHEAD, settings,
                keep_notes=keep_notes, anywhere=anywhere,
            )  # fmt: skip
            batch.take(recordings)
            try:
                commits = batch.write(branch, turn)
            except import_branch.MovedError:
                continue
        after = workspace.after(commits[-1]) if commits else workspace
        return batch.results(after, commits), after
    raise TrackerError(
        "The branch is moved by others all the time.", "Record when there is less going on."
    )


@dataclass
class _Article:
    """One path, as it is after the recordings that were taken so far."""

    path: str
    blob: str | None  # None: nothing is there
    mode: str
    versions: tuple[Version, ...]  # that the newsroom has
    newest: datetime | None  # of what is recorded, or taken
    text: bytes | None = None  # of the blob, where it is here
    place: _Place | None = None  # of the newest version


@dataclass(frozen=True)
class _Place:
    """Where the revision of a recording is found: a commit that is there, or is to be written."""

    path: str
    commit: str | int  # full hash; or the number of the new commit, from 0


@dataclass
class _New:
    """A commit that is to be written."""

    commit: StreamedCommit
    path: str
    text: tuple[str, bytes] | None  # blob and content; None where none is written


@dataclass
class _Batch:
    """What is to be written, and what becomes of each recording."""

    workspace: Workspace
    stream: CommitStream
    writer: Person
    latest: datetime  # aware: what is later lies in the future
    settings: GitSettings
    keep_notes: bool
    anywhere: bool
    places: list[_Place | Refusal] = field(default_factory=list)  # in the order of the recordings
    new: list[_New] = field(default_factory=list)
    touched: dict[str, str] = field(default_factory=dict)  # the last blob of a path; "": it goes
    _known: dict[str, str] = field(default_factory=dict)  # the paths that names mean
    _articles: dict[str, _Article] = field(default_factory=dict)
    _blocked: dict[str, str] = field(default_factory=dict)  # why nothing can be at a path
    _folders: set[str] = field(default_factory=set)  # of the paths that were touched
    _there: set[str] = field(default_factory=set)  # files and folders of the newest commit

    # --- what is there ----------------------------------------------------------------------------

    def take(self, recordings: Sequence[Recording]) -> None:
        """Look at each, by their instants, and plan its commit."""
        places: dict[int, _Place | Refusal] = {}
        paths: dict[int, tuple[str, str | None]] = {}
        for number, each in enumerate(recordings):
            try:
                paths[number] = self._paths(each)
            except TrackerError as error:
                places[number] = _refused(each, error)
        self._look_at({path for pair in paths.values() for path in pair if path is not None})
        with Conversion(self.workspace.repository, self.settings) as convert:
            for number in sorted(paths, key=lambda one: (recordings[one].at, one)):
                each, (path, former) = recordings[number], paths[number]
                try:
                    places[number] = self._one(each, path, former, convert)
                except TrackerError as error:
                    places[number] = _refused(each, error)
        self.places = [places[number] for number in range(len(recordings))]

    def _paths(self, each: Recording) -> tuple[str, str | None]:
        """The path of an article in the repository, and the one that it had."""
        if each.at.tzinfo is None:
            raise TrackerError(
                f"The instant {each.at.isoformat()} has no zone.", "Give an aware datetime."
            )
        git_date(each.at)
        if each.at > self.latest:
            raise TrackerError(
                f"{each.at.isoformat(' ', 'minutes')} is in the future.",
                "Record a revision when it is out; check the date and the zone.",
            )
        former = None if each.moved_from is None else self._path(each.moved_from)
        return self._path(each.article), former

    def _path(self, article: str) -> str:
        path = self._known.get(article)
        if path is None:
            path = self._known[article] = self._found(article)
        return path

    def _found(self, article: str) -> str:
        workspace = self.workspace
        if "/" not in article and "." not in article and article:
            return locate(workspace, article)
        path = f"{workspace.under}/{article}" if workspace.under else article
        checked(path)
        if not self.anywhere:
            must_be_article(workspace, path)
        return path

    def _look_at(self, paths: set[str]) -> None:
        """Find out what the branch has at these paths, and in their way."""
        base = self.stream.base
        names = sorted(paths.union(*map(_above, paths)))
        there = dict(tree_entries(self.workspace.repository, base, names))
        self._there = set(there)
        files = [path for path in paths if there.get(path, ("", "", ""))[0] in FILES]
        tracks = tracks_at(self.workspace, files)
        for path in sorted(paths):
            mode, kind, blob = there.get(path, ("100644", "", ""))
            if kind and mode not in FILES:
                what = {"tree": "a folder", "blob": "a symbolic link"}.get(kind, "a submodule")
                self._blocked[path] = f"{shown_path(path)} is {what} in the newsroom."
                continue
            for above in _above(path):
                if above in there and there[above][1] != "tree":
                    self._blocked[path] = (
                        f"{shown_path(above)} is a file in the newsroom, so {shown_path(path)} "
                        "cannot be in it."
                    )
            track = tracks.get(path)
            versions = track.versions if track else ()
            self._articles[path] = _Article(
                path,
                blob or None,
                mode,
                versions,
                max((version.at for version in versions), default=None),
                place=_Place(path, versions[-1].commit) if versions else None,
            )

    # --- one recording ----------------------------------------------------------------------------

    def _one(
        self, each: Recording, path: str, former: str | None, convert: Conversion
    ) -> _Place | Refusal:
        """Plan the commit of one recording. Raises ``TrackerError`` where it cannot be."""
        for one in filter(None, (path, former)):
            if one in self._blocked:
                raise TrackerError(self._blocked[one], "Choose another path.")
        article = self._articles[path]
        if each.expected is not None and (refusal := self._unexpected(each, article)):
            return refusal
        if former is not None and former != path:
            article = self._moved(article, self._articles[former])
        if each.text is None:
            if article.blob is None:
                raise TrackerError(
                    f"There is no article {shown_path(path)} that could have been deleted.",
                    "Record what was published of it first.",
                )
            self._not_before(article, each)
            return self._plan(each, article, None, None, ())
        self._in_nothing(path)
        data = each.text.encode() if isinstance(each.text, str) else each.text
        not_too_large(path, len(data))
        data = self._with_notes(article, data, each)
        convert.of(path, lambda: article.blob is not None and b"\r\n" in self._text(article))
        data = convert(data)
        blob = self.stream.hashed(data)
        moves = former is not None and former != path
        if blob == article.blob and not moves and article.place is not None:
            return article.place
        for version in article.versions:
            if version.blob == blob and version.at == each.at.replace(microsecond=0):
                return _Place(path, version.commit)
        self._not_before(article, each)
        # To look for notes in a text takes ten times as long as to give it to git.
        told = each.note is not None and each.message is None
        notes = self._brought(article, data, each.at) if told else ()
        return self._plan(each, article, former if moves else None, (blob, data), notes)

    def _unexpected(self, each: Recording, article: _Article) -> Refusal | None:
        """Why a text that was written on another revision is not recorded."""
        assert each.expected is not None
        current = article.place.commit if article.place and article.blob is not None else ""
        if isinstance(current, int):
            current = "another of the same batch"
        if bool(current) == bool(each.expected) and current.startswith(each.expected):
            return None
        shown = shown_path(article.path)
        if not each.expected:
            reason, hint = f"{shown} is there already.", "Record it on the revision that stands."
        elif not current:
            reason, hint = f"{shown} is not there.", "It was deleted, or never recorded."
        else:
            reason = f"{shown} was edited meanwhile: its newest revision is {current[:10]}."
            hint = "Look at what the other editor changed, and record on that."
        return Refusal(each.article, each.at, reason, hint, current)

    def _moved(self, article: _Article, former: _Article) -> _Article:
        if former.blob is None:
            raise TrackerError(
                f"There is no article {shown_path(former.path)} that could have been moved.",
                "Name the path that it had before.",
            )
        if article.blob is not None:
            raise TrackerError(
                f"{shown_path(article.path)} is there already, so nothing can be moved to it.",
                "Record it without moved_from.",
            )
        return _Article(
            article.path, former.blob, former.mode, former.versions, former.newest, former.text,
            former.place,
        )  # fmt: skip

    def _in_nothing(self, path: str) -> None:
        """Refuse what would be a folder and a file at once, of what comes together."""
        for above in _above(path):
            if self.touched.get(above):
                raise TrackerError(
                    f"{shown_path(above)} is a file, so {shown_path(path)} cannot be in it.",
                    "Choose another path.",
                )
        if path in self._folders:
            raise TrackerError(f"{shown_path(path)} is a folder.", "Choose another path.")

    def _not_before(self, article: _Article, each: Recording) -> None:
        if article.newest is not None and each.at < article.newest:
            newest = article.newest.astimezone(each.at.tzinfo).isoformat(" ", "minutes")
            raise TrackerError(
                f"{shown_path(article.path)} has a newer revision already, of {newest}.",
                "A revision is never put in before another: record the older ones first.",
            )

    def _text(self, article: _Article) -> bytes:
        if article.text is None:
            assert article.blob is not None
            text = self.workspace.objects.content(article.blob, "blob")
            article.text = self.workspace.content(article.blob) if text is None else text
        return article.text

    def _with_notes(self, article: _Article, data: bytes, each: Recording) -> bytes:
        """A text with the note that comes with it, and, where that is asked for, the older ones."""
        notes, text = self.workspace.notes, None
        if self.keep_notes and article.blob is not None:
            text, encoding = decode(data)
            text = notes.carry(decode(self._text(article))[0], text, each.at)
        if each.note is not None:
            refuse_if_followed(self.workspace)
            text, encoding = decode(data) if text is None else (text, encoding)
            before = None if article.blob is None else decode(self._text(article))[0]
            text = notes.add(text, [Told(each.kind, each.note, each.at)], before=before)
        return data if text is None else notes.encoded(text, encoding)

    def _brought(self, article: _Article, data: bytes, at: datetime) -> tuple[Note, ...]:
        """The notes that a text has and the one before it has not; of a first one, none."""
        if article.blob is None:
            return ()
        before = decode(self._text(article))[0]
        return self.workspace.notes.brought(before, decode(data)[0], at)

    def _plan(
        self,
        each: Recording,
        article: _Article,
        former: str | None,
        new: tuple[str, bytes] | None,
        notes: Sequence[Note],
    ) -> _Place:
        path = article.path
        changes = []
        if former is not None:
            changes.append(PathChange(former.encode("utf-8", "surrogateescape"), None))
            self._articles[former].blob = None
            self.touched[former] = ""
        blob = None if new is None else new[0]
        changes.append(PathChange(path.encode("utf-8", "surrogateescape"), blob, article.mode))
        self.touched[path] = blob or ""
        self._folders.update(_above(path))
        person = person_named(each.by) or self.writer
        author = author_line(person)
        if not author:
            raise TrackerError("The author has no name.", "Give one, as: Name <name@example.org>")
        commit = StreamedCommit(
            author,
            git_date(each.at).encode(),
            int(each.at.timestamp() // 1),
            self._message(each, article, former, notes),
            tuple(changes),
        )
        place = article.place
        if new is not None and new[0] != article.blob:
            place = _Place(path, len(self.new))
        self.new.append(_New(commit, path, new))
        self._articles[path] = _Article(
            path, blob, article.mode, article.versions, each.at,
            None if new is None else new[1], place,
        )  # fmt: skip
        assert place is not None
        return place

    def _message(
        self, each: Recording, article: _Article, former: str | None, notes: Sequence[Note]
    ) -> bytes:
        message = (each.message or "").replace("\0", "").strip("\n")
        if not message.strip() and each.text is None:
            message = f"Delete {article.path}"
        elif not message.strip() and former is not None:
            message = f"Move {former} to {article.path}"
        elif not message.strip():
            message = message_of(article.path, notes, first=article.blob is None)
        lines = []
        for name, value in each.trailers:
            if not _TRAILER.fullmatch(name):
                raise TrackerError(
                    f"“{shown_path(name)}” is no name of a trailer.", "Write it like: Source-Url"
                )
            lines.append(f"{name}: {' '.join(value.split())}")
        if lines:
            message += "\n\n" + "\n".join(lines)
        return f"{message}\n".encode("utf-8", "surrogateescape")

    # --- writing ----------------------------------------------------------------------------------

    def write(self, branch: str, turn: locks.Turn) -> list[str]:
        """Write what was planned, and move the branch; the commits, full hashes."""
        if not self.new:
            return []
        repository = self.workspace.repository
        # In the order of their paths, and of each path in their own: git stores differences.
        texts = [one.text[1] for one in sorted(self.new, key=lambda it: it.path) if one.text]
        import_branch.look(repository, self)
        with self.stream as stream:
            for data in texts:
                stream.text(data)
            for one in self.new:
                stream.commit(one.commit)
            tip = stream.finish()
            import_branch.land(repository, turn, branch, stream.base, tip, self, stream.deliver)
            return list(stream.commits())

    def final(self, path: str) -> str | None:
        """The blob that a path will have, "" where it goes; None for one that is not touched."""
        return self.touched.get(path)

    def new_paths(self) -> Iterator[str]:
        """The paths that the newest commit does not have, sorted."""
        return (path for path in sorted(self.touched) if path not in self._there)

    def results(self, after: Workspace, commits: Sequence[str]) -> tuple[Result, ...]:
        """The revision of each recording, or why there is none."""
        commits_of = {
            place: place.commit if isinstance(place.commit, str) else commits[place.commit]
            for place in self.places
            if isinstance(place, _Place)
        }
        wanted: dict[str, set[str]] = {}
        for place, commit in commits_of.items():
            wanted.setdefault(place.path, set()).add(commit)
        texts = dict(one.text for one in self.new if one.text)
        tracks = tracks_at(after, wanted)
        asked = [(tracks[path], each) for path, each in wanted.items()]
        found = dict(zip(wanted, history.revisions_of(after, asked, texts), strict=True))

        def revision(place: _Place) -> Revision:
            # An article that comes back as it was makes no revision: the one that stood stands.
            revisions = found[place.path]
            return revisions.get(commits_of[place]) or next(reversed(revisions.values()))

        return tuple(
            place if isinstance(place, Refusal) else revision(place) for place in self.places
        )


def _refused(each: Recording, error: TrackerError) -> Refusal:
    return Refusal(each.article, each.at, error.sentence, error.hint)


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
