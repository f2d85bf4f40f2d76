"""A newsroom as every use case takes it: its repository, settings, note editor and present time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.house import settings as house_settings
from tracker.house.dates import names
from tracker.house.settings import Settings
from tracker.model import Person, Progress
from tracker.newsroom.note_editor import NoteEditor
from tracker.newsroom.selection import (
    ArticleSelection,
    is_text,
    selection_of,
    taken_and_left,
)
from tracker.policy.step import page_of
from tracker.store.files import Folder, read_plain
from tracker.store.git import Repository, discover, identity, present
from tracker.store.identity import Texts
from tracker.store.log import files, submodules, tip
from tracker.store.reader import MAX_BYTES, Objects, not_too_large

SETTINGS_FILE = "tracker.toml"


def open_workspace(
    path: str | Path, now: datetime | None = None, watch: Progress | None = None
) -> Workspace:
    """The newsroom that holds a folder or file, with its settings as they are on disk.

    ``now`` is the present time, aware; without it, git's clock is asked where a time is needed.
    Raises ``TrackerError`` where there is no repository or ``tracker.toml`` is wrong.
    """
    start = Path(path).absolute()
    repository = discover(start)
    root = _root(repository.top, start)

    def style(name: str) -> str:
        found = _file(repository, root, name)
        if found is None:
            raise TrackerError(
                f"{SETTINGS_FILE} names the style file {name}, which is not there.",
                f"Write it beside {SETTINGS_FILE}, or name a style that tracker has.",
            )
        return found

    toml = _file(repository, root, SETTINGS_FILE) or ""
    settings = house_settings.read(toml, SETTINGS_FILE, style)
    return Workspace(repository, root, settings, NoteEditor(settings), now, watch)


def _root(top: Path | None, path: Path) -> Path | None:
    """The nearest folder above that has settings, else the repository's top."""
    if top is None:
        return None
    start = path.resolve()
    for folder in (start, *start.parents):
        if (folder / SETTINGS_FILE).is_file() and folder.is_relative_to(top):
            return folder
        if folder == top:
            break
    return top


def _file(repository: Repository, root: Path | None, name: str) -> str | None:
    """A text file of the newsroom's own, from disk or else from the newest commit."""
    return _in_commit(repository, name) if root is None else _on_disk(repository, root, name)


_LARGEST_SETTINGS = 1024 * 1024


def _on_disk(repository: Repository, root: Path, name: str) -> str | None:
    file = Path(os.path.normpath(root / name))
    try:
        inside = file.resolve().is_relative_to(repository.top or root)
    except (OSError, RuntimeError):  # a link that leads to itself
        inside = False
    if not inside:
        raise TrackerError(
            f"{name} leads out of the repository.", "Keep the file in the repository."
        )
    try:
        data = read_plain(file, name, _LARGEST_SETTINGS) if file.exists() else None
        return None if data is None else data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TrackerError(
            f"{name} could not be read: {error}.", "Write it in UTF-8, readable for you."
        ) from None


def _in_commit(repository: Repository, name: str) -> str | None:
    head = repository.head
    blob = dict(files(repository, head, name)).get(name) if head else None
    return None if blob is None else _content(repository, blob).decode("utf-8-sig", "replace")


def _content(repository: Repository, blob: str) -> bytes:
    return repository.git.run("cat-file", "blob", blob)


@dataclass(frozen=True, eq=False)
class Workspace:
    """One newsroom at one tip of its branch; a recording makes another, see ``after``."""

    repository: Repository
    root: Path | None  # the newsroom's folder, absolute; None in a bare repository
    settings: Settings
    notes: NoteEditor
    now: datetime | None  # aware; as a command gave it, None where none did
    # Called with commits done and all commits, while a question has to read the whole history.
    watch: Progress | None = None

    def clock(self) -> datetime:
        """The present time, aware: the one given, else git's."""
        return self.now or present(self.repository)

    def words_of_first(self, text: str) -> int:
        from tracker.comparison import words_of_first

        settings = self.settings
        return words_of_first(text, style=settings.style, language=settings.articles_language)

    @cached_property
    def under(self) -> str:
        """The newsroom's folder in its repository, with forward slashes; "" for all of it."""
        if self.repository.top is None or self.root is None:
            return ""
        inside = self.root.relative_to(self.repository.top).as_posix()
        return "" if inside == "." else inside

    @property
    def empty(self) -> bool:
        """True where nothing was ever committed."""
        return self.repository.head is None and self.settings.branch is None

    @cached_property
    def tip(self) -> str:
        """The newest commit of the published line, full hash.

        Raises ``TrackerError`` where nothing is committed yet or the branch is not there.
        """
        return tip(self.repository, self.settings.branch)

    def file(self, name: str) -> str | None:
        """A text file of the newsroom's own, from disk or else from the newest commit."""
        return _file(self.repository, self.root, name)

    def paths(self) -> list[str]:
        """The articles on the published line now, as paths in the repository, sorted."""
        return self.selection.choose(self._listed)

    @cached_property
    def _listed(self) -> dict[str, str]:
        """The files of the newest commit in the newsroom's folder, with their blobs."""
        return dict(files(self.repository, self.tip, self.under))

    @cached_property
    def selection(self) -> ArticleSelection:
        """Says which of the repository's paths are articles, by what is committed now.

        Raises ``TrackerError`` for a pattern that asks for files that are no articles.
        """
        listed = {} if self.empty or self.settings.articles else self._listed
        with Texts(self.repository) as texts:
            return selection_of(listed, self.settings.articles, self.under, texts.read)

    def holds(self, path: str) -> bool:
        """Whether a path in the repository is an article's."""
        return self.selection.holds(path)

    def taken_and_left(self) -> list[str]:
        """Lines that say which files count as articles, where some are left out, and why."""
        from shlex import quote

        lines = [
            f"{path} is a repository of its own (a submodule), and was not looked at. "
            f"Ask there: tracker -C {quote(path)} check"
            for path in submodules(self.repository, self.tip)
            if self.selection.holds(f"{path}/article.md")
        ]
        left = "" if self.settings.articles else taken_and_left(self.selection, self._listed)
        return [*([left] if left else []), *lines]

    def nothing_to_look_at(self) -> TrackerError | None:
        """What is wrong where there are texts, or repositories of their own, and no article."""
        if self.paths() or not (
            any(map(is_text, self._listed)) or submodules(self.repository, self.tip)
        ):
            return None
        return TrackerError(
            f"There is no article to look at in {self.root or self.repository.git_dir}.",
            f'Say in {SETTINGS_FILE} where they are: articles = ["content/**/*.md"]',
        )

    def choose(self, paths: Iterable[str]) -> list[str]:
        """Those of some paths, recorded or not, that are articles, sorted."""
        if self.selection.patterns or self.selection.folders:
            return self.selection.choose(paths)
        blobs = dict.fromkeys(paths, "")
        return selection_of(blobs, (), self.under, lambda _: {}).choose(blobs)

    def blob(self, path: str) -> str | None:
        """The blob that a path has in the newest commit; None where it has none."""
        if self.empty:
            return None
        return dict(files(self.repository, self.tip, path)).get(path)

    def after(self, commit: str) -> Workspace:
        """The same with a newer tip; git is asked only where the branch is not HEAD's."""
        here = self.repository
        moved = here._replace(head=commit)
        if self.settings.branch is not None:
            moved = discover(here.top or here.git_dir)
        later = replace(self, repository=moved)
        known = self.__dict__
        for name in ("objects", "writer", "learnt", "unsaved"):
            if name in known:
                later.__dict__[name] = known[name]
        if "published_history" in known:
            later.__dict__["published_history"] = known["published_history"]._replace(newest=commit)
        return later

    def anew(self) -> Workspace:
        """The same newsroom with what is out now, its settings read again."""
        return open_workspace(self.root or self.repository.git_dir, self.now, self.watch)

    @cached_property
    def objects(self) -> Objects:
        """Says what objects there are; the newsroom at later tips shares it."""
        return Objects(self.repository)

    @cached_property
    def writer(self) -> Person:
        """Who git says is writing. Raises ``TrackerError`` where it does not know."""
        return identity(self.repository)[0]

    def latest(self, path: str) -> tuple[str | None, bytes | None]:
        """Blob and content of a path in the newest commit; None where it is no file there."""
        if self.empty:
            return None, None
        trees = self.objects.trees(self.tip, path)
        blob = trees[-1][0] if len(trees) > path.count("/") + 1 else ""
        data = self.objects.content(blob, "blob") if blob else None
        return (None, None) if data is None else (blob, data)

    def content(self, blob: str) -> bytes:
        return _content(self.repository, blob)

    def read(self, path: str) -> bytes:
        """The bytes of an article's file on disk."""
        disk = self.disk(path)
        if disk is None:
            raise TrackerError(
                "This repository is bare: it has no files on disk.",
                "Work in a clone, or give the text with --file.",
            )
        try:
            not_too_large(path, disk.stat().st_size)
            return read_plain(disk, path, MAX_BYTES)
        except OSError as error:
            raise TrackerError(
                f"{path} could not be read: {error.strerror}.", "Check the file on disk."
            ) from None

    def read_if_there(self, path: str) -> bytes | None:
        """The bytes of an article's file on disk; None where there is none."""
        disk = self.disk(path)
        return self.read(path) if disk is not None and disk.is_file() else None

    def replace(self, path: str, old: bytes, new: bytes) -> None:
        """Give an article's file on disk new content, if it still holds the old one."""
        from tracker.store.worktree import Replacement

        assert self.repository.top is not None
        replacement = Replacement(self.repository.top, path, old, new, self.repository.git_dir)
        replacement.make(lambda _: None)
        replacement.forget()

    def disk(self, path: str) -> Path | None:
        """Where the file of an article is on disk; None in a bare repository."""
        return None if self.repository.top is None else self.repository.top / path


# --- what init proposes for a site that is there already ------------------------------------------

_FILES = (
    *(f"{name}.{end}" for name in ("hugo", "config") for end in ("toml", "yaml", "yml", "json")),
    *(f"config/_default/{name}.toml" for name in ("hugo", "config")),
    *("_config.yml", "_config.yaml", "mkdocs.yml", "pelicanconf.py"),
)
"""Where Hugo, Jekyll, MkDocs and Pelican are told of the site."""

_NAME = ("title", "site_name", "SITENAME", "name")
_ZONE = ("timeZone", "timezone", "TIMEZONE")

_MOST = 40  # pages that are proposed to be left out
_LONGEST = 1_000_000  # characters of a configuration that is looked at


class Proposal(NamedTuple):
    """Settings for a site that is there already; "" and () where nothing is known."""

    name: str
    timezone: str  # IANA
    articles: tuple[str, ...]  # patterns
    exclude: tuple[str, ...]  # paths of articles that are no news: about, jobs, donate
    number: int  # of articles
    taken: str  # one line: which files are taken for articles, and which are not


def proposal(workspace: Workspace) -> Proposal:
    """What the files of a newsroom without settings say."""
    name, zone = _of_generator(workspace)
    paths = workspace.paths() if workspace.repository.head else []
    prefix = f"{workspace.under}/" if workspace.under else ""
    inside = [path[len(prefix) :] for path in paths]
    folders = workspace.selection.folders if workspace.repository.head else ()
    endings = sorted({PurePosixPath(path).suffix.lower() for path in inside})
    patterns = tuple(f"{folder}/**/*{ending}" for folder in folders for ending in endings)
    exclude = list(dict.fromkeys(page for page in map(page_of, inside) if page))
    line = (workspace.taken_and_left() or [""])[0] if paths else ""
    return Proposal(name, zone, patterns, tuple(exclude[:_MOST]), len(paths), line)


def _of_generator(workspace: Workspace) -> tuple[str, str]:
    """The site's name and zone, as the first configuration that names them has it."""
    name = zone = ""
    if workspace.root is None:
        return name, zone
    with Folder.open(workspace.root) as folder:
        for file in _FILES:
            try:
                data = folder.read(file)
            except TrackerError:  # a link, or no file
                continue
            said = (data or b"").decode("utf-8", "replace")[:_LONGEST]
            name = name or next(filter(None, (_setting(said, key) for key in _NAME)), "")
            zone = zone or next(filter(None, (_setting(said, key) for key in _ZONE)), "")
    return name[:200], zone if _is_zone(zone) else ""


def _setting(said: str, key: str) -> str:
    """A value at the top of a configuration, whatever its language; "" for none."""
    found = re.search(
        rf"(?m)^[ \t]{{0,2}}[\"']?{key}[\"']?[ \t]*[:=][ \t]*"
        r"(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\"'\n#\[\]{}]+))",
        said,
    )
    return next(filter(None, found.groups()), "").strip(" \t,;") if found else ""


def _is_zone(name: str) -> bool:
    try:
        names.zone(name)
    except TrackerError:
        return False
    return bool(name)
