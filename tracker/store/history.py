"""The history of articles on the published line, from git alone.

A ``Track`` is the life of one article: its versions, and what else happened to its file. Which
commits count is ``line``'s question, which file goes on as which article is ``identity``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tracker.errors import TrackerError
from tracker.model import Event, Track, Version
from tracker.store import identity
from tracker.store.git import Repository
from tracker.store.line import (
    LOG,
    FileChange,
    Step,
    files,
    names_of,
    parse_entry,
    parse_log,
    published_line,
    resolve,
    tip,
)
from tracker.store.reader import Reader

__all__ = ["ARTICLES", "files", "ignored_commits", "resolve", "tip", "track", "tracks"]

ARTICLES = (".md", ".markdown", ".txt")
"""How the file of an article ends, where nobody says otherwise."""

_TEXTS = (
    *ARTICLES,
    ".mdown",
    ".mkd",
    ".mdx",
    ".rst",
    ".adoc",
    ".asciidoc",
    ".org",
    ".html",
    ".htm",
    ".qmd",
    ".rmd",
)  # what an article may have been before it became one


_MANY = 100  # texts from which on it pays to start a process of their own
_MOST_BYTES = 8 * 1024 * 1024  # a larger file is compared by its blob alone


@dataclass(slots=True, eq=False)
class _Life:
    """An article while its track is being followed."""

    key: int
    path: str
    blob: str  # the newest content, ignored commits included
    alive: bool = True
    ended: identity.Ended | None = None
    versions: list[Version] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def add_version(self, step: Step, path: str, blob: str, side: tuple[str, ...]) -> None:
        if not self.versions or self.versions[-1].blob != blob:
            self.versions.append(
                Version(step.commit, path, blob, step.at, step.person, step.subject, side)
            )

    def track(self) -> Track:
        return Track(self.path, tuple(self.versions), tuple(self.events), deleted=not self.alive)


class _Follower:
    """Plays the steps of the line in order and keeps every article's life."""

    def __init__(
        self, read: identity.ReadTexts, ignored: Collection[str], wanted: Callable[[str], bool]
    ) -> None:
        self._read = read
        self._ignored = ignored
        self._wanted = wanted
        self._pool = identity.Pool()
        self._number = 0
        self._sides_of: Step | None = None
        self._sides: dict[str, set[int]] = {}  # path or name -> places in the side
        self.alive: dict[str, _Life] = {}
        self.lives: list[_Life] = []
        self.last_at: dict[str, _Life] = {}

    def play(self, step: Step, changes: Iterable[FileChange]) -> None:
        """One commit of the line; ``changes`` against what stood on the line before it."""
        self._number += 1
        gone: list[_Life] = []
        appeared: list[identity.Appeared] = []
        for change in changes:
            if not self._wanted(change.path):
                continue
            if change.new is None:
                self._end(change.path, gone)
            elif change.path in self.alive:
                self._change(self.alive[change.path], step, change.path, change.new)
            elif change.old is not None and change.path in self.last_at:
                self._change_elsewhere(self.last_at[change.path], step, change)
            else:
                appeared.append(identity.Appeared(change.path, change.new))
        matched = self._match(appeared, gone)
        continued = {old.key for old in matched.values()}
        for life in gone:
            if life.key not in continued:
                life.events.append(_event("deleted", step, life.path))
        for new in appeared:
            old = matched.get(new.path)
            if old is None:
                self._begin(step, new)
            else:
                self._go_on(self.lives[old.key], step, new)

    def unsettled(
        self, ours: Iterable[FileChange], theirs: Iterable[FileChange]
    ) -> list[FileChange]:
        """What a merge that is seen through holds otherwise than the line before it.

        Both sides have been played. A file differs from neither side, or from one because the
        other changed it, and stands as it should; or the merge settled it anew.
        """
        held = {change.path: change for change in (*ours, *theirs)}
        return [
            change
            for path, change in held.items()
            if change.new != (self.alive[path].blob if path in self.alive else None)
        ]

    def _match(
        self, appeared: list[identity.Appeared], gone: list[_Life]
    ) -> dict[str, identity.Ended]:
        if not appeared:
            return {}
        ending = [life.ended for life in gone if life.ended is not None]
        return identity.match(appeared, self._pool, ending, self._read)

    def _end(self, path: str, gone: list[_Life]) -> None:
        life = self.alive.pop(path, None)
        if life is not None:
            life.alive = False
            life.ended = identity.Ended(life.key, path, life.blob, self._number)
            self._pool.add(life.ended)
            gone.append(life)

    def _begin(self, step: Step, new: identity.Appeared) -> None:
        life = _Life(len(self.lives), new.path, new.blob)
        self.lives.append(life)
        self.alive[new.path] = self.last_at[new.path] = life
        life.add_version(step, new.path, new.blob, self._side(step, {new.path}))

    def _go_on(self, life: _Life, step: Step, new: identity.Appeared) -> None:
        old_path, old_blob = life.path, life.blob
        life.path, life.alive, life.ended = new.path, True, None
        self.alive[new.path] = self.last_at[new.path] = life
        if new.path == old_path:
            life.events.append(_event("returned", step, new.path))
        else:
            life.events.append(_event("moved", step, new.path, old_path))
        if new.blob != old_blob:
            self._change(life, step, new.path, new.blob, old_path)

    def _change(
        self, life: _Life, step: Step, path: str, blob: str, old_path: str | None = None
    ) -> None:
        life.blob = blob
        if step.commit in self._ignored:
            life.events.append(_event("ignored", step, path))
        else:
            life.add_version(step, path, blob, self._side(step, {path, old_path or path}))

    def _change_elsewhere(self, life: _Life, step: Step, change: FileChange) -> None:
        """An edit on one chain of the line; another one has moved or deleted the file meanwhile."""
        if change.new is None:
            return
        self._change(life, step, change.path, change.new)
        if life.ended is not None:
            self._pool.remove(life.ended)
            life.ended = replace(life.ended, blob=change.new)
            self._pool.add(life.ended)

    def _side(self, step: Step, paths: set[str]) -> tuple[str, ...]:
        """Commits of the merged branch that touched the article, under its path or its name."""
        if not step.side:
            return ()
        if self._sides_of is not step:
            self._sides_of = step
            self._sides = {}
            for number, side in enumerate(step.side):
                for change in side.changes:
                    key = change.path
                    if key not in self.alive:
                        key = identity.name_of(key)
                    self._sides.setdefault(key, set()).add(number)
        found: set[int] = set()
        for path in paths:
            found |= self._sides.get(path, set())
            found |= self._sides.get(identity.name_of(path), set())
        return tuple(step.side[number].commit for number in sorted(found))


def _event(kind: str, step: Step, path: str, old_path: str | None = None) -> Event:
    return Event(kind, step.commit, step.at, step.person, step.subject, path, old_path)  # type: ignore[arg-type]


def tracks(
    repository: Repository,
    *,
    under: str = "",
    branch: str | None = None,
    ignored: frozenset[str] = frozenset(),
    accept: Callable[[str], bool] | None = None,
) -> tuple[Track, ...]:
    """Every article that is or was on the published line, in one pass, by path.

    ``under`` is a folder; ``accept`` says which paths are articles (by their endings, see
    ``ARTICLES``, when it is None). Both look at the newest path: what an article was before it came
    there is part of its history. Articles that are deleted come after those that are not.
    """
    folder = under.strip("/")
    prefix = f"{folder}/" if folder else ""
    chosen = accept or (lambda path: path.lower().endswith(ARTICLES))
    follower = _follow(
        repository,
        tip(repository, branch),
        branch,
        ignored,
        lambda path: path.lower().endswith(_TEXTS) or chosen(path),
    )
    lives = [
        life
        for life in follower.lives
        if life.path.startswith(prefix) and chosen(life.path) and life.versions
    ]
    lives.sort(key=lambda life: (not life.alive, life.path, life.key))
    return tuple(life.track() for life in lives)


def track(
    repository: Repository,
    path: str,
    *,
    branch: str | None = None,
    ignored: frozenset[str] = frozenset(),
) -> Track:
    """The life of the article that is at ``path``, or was there last.

    Raises ``TrackerError`` when no file of that path was ever on the published line.
    """
    ending = "." + path.rpartition(".")[2].lower()
    follower = _follow(
        repository,
        tip(repository, branch),
        branch,
        ignored,
        lambda name: name.lower().endswith(_TEXTS) or name.lower().endswith(ending),
    )
    life = follower.alive.get(path) or follower.last_at.get(path)
    if life is None:
        raise TrackerError(
            f"There is no article {path} in the history.",
            "Record it with tracker record, or commit it with git.",
        )
    return life.track()


def _follow(
    repository: Repository,
    newest: str,
    branch: str | None,
    ignored: Collection[str],
    wanted: Callable[[str], bool],
) -> _Follower:
    printed = repository.git.run(*LOG, "--diff-merges=first-parent", newest, "--")
    commits = {step.commit: step for step in parse_log(printed)}
    line = published_line(commits, newest, names_of(repository, branch))
    with Reader(repository, max_bytes=_MOST_BYTES) as reader:

        def read(blobs: Iterable[str]) -> dict[str, bytes]:
            names = list(blobs)
            if len(names) > _MANY:
                with suppress(TrackerError):
                    return dict(reader.read_many(names))
            return {name: data for name in names if (data := _readable(reader, name))}

        follower = _Follower(read, ignored, wanted)
        against_others = _changes_of_pulls(repository, line)
        for step in line:
            changes: Iterable[FileChange] = step.changes
            if step.seen_through:
                changes = follower.unsettled(step.changes, against_others.get(step.commit, []))
            follower.play(step, changes)
    return follower


def _readable(reader: Reader, blob: str) -> bytes:
    try:
        return reader.read(blob)
    except TrackerError:
        return b""


def _changes_of_pulls(repository: Repository, line: list[Step]) -> dict[str, list[FileChange]]:
    """For merges that are seen through: how they differ from the parents that were pulled."""
    pulls = [step for step in line if step.seen_through]
    if not pulls:
        return {}
    asked = "".join(f"{step.commit} {parent}\n" for step in pulls for parent in step.seen_through)
    printed = repository.git.run(
        "diff-tree",
        "--stdin",
        "-r",
        "--raw",
        "-z",
        "--no-abbrev",
        "--no-renames",
        "--no-relative",
        data=asked.encode(),
    )
    found: dict[str, list[FileChange]] = {}
    tokens = iter(printed.split(b"\0"))
    here: list[FileChange] = []
    for token in tokens:
        if token.startswith(b":"):
            change = parse_entry(token, next(tokens))
            if change is not None:
                here.append(change)
        elif token:
            here = found.setdefault(token.split()[0].decode(), [])
    return found


def ignored_commits(repository: Repository) -> frozenset[str]:
    """Commits that count as no change: ``blame.ignoreRevsFile`` and ``.git-blame-ignore-revs``.

    Lines that are no full hash are left out, as is a file that is not there.
    """
    named = repository.git.run(
        "config", "-z", "--type=path", "--get-all", "blame.ignoreRevsFile", accept=(0, 1, 128)
    )
    base = repository.top or repository.git_dir
    places = [base / name.decode("utf-8", "surrogateescape") for name in named.split(b"\0") if name]
    if repository.top is not None:
        places.append(repository.top / ".git-blame-ignore-revs")
    found = set()
    for place in places:
        for line in _lines(place):
            name = line.partition("#")[0].strip().lower()
            if len(name) in {40, 64} and all(digit in "0123456789abcdef" for digit in name):
                found.add(name)
    return frozenset(found)


def _lines(place: Path) -> list[str]:
    try:
        return place.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
