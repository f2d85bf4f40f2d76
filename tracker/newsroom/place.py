"""Where a newsroom is: its repository, its folder in it, its settings, and its articles' paths."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from weakref import finalize

from tracker.errors import TrackerError
from tracker.house import settings as house_settings
from tracker.house.settings import Settings
from tracker.newsroom import select
from tracker.store.git import Search, discover
from tracker.store.line import FILES, files, tip

if TYPE_CHECKING:
    from tracker.newsroom.scope import Progress
    from tracker.store.session import Session

SETTINGS_FILE = "tracker.toml"
_MOST_ON_DISK = 50_000  # texts among which one that was never recorded is looked for by its slug


class Place:
    """A newsroom's place on disk and in git, found from any folder or file in it."""

    def __init__(self, path: Path, search: Search | None = None) -> None:
        self.repository = (search or Search(path)).found()
        self.root = self._root(path)
        self.session: Session | None = None  # with git, begun for the next recording
        # Called with commits done and all commits, while a question has to read the whole history.
        self.watch: Progress | None = None

    def _root(self, path: Path) -> Path | None:
        """The nearest folder above that has settings, else the repository's top."""
        top = self.repository.top
        if top is None:
            return None
        start = path.resolve()
        for folder in (start, *start.parents):
            if (folder / SETTINGS_FILE).is_file() and folder.is_relative_to(top):
                return folder
            if folder == top:
                break
        return top

    @cached_property
    def under(self) -> str:
        """The newsroom's folder in its repository, with forward slashes; "" for all of it."""
        if self.repository.top is None or self.root is None:
            return ""
        inside = self.root.relative_to(self.repository.top).as_posix()
        return "" if inside == "." else inside

    @cached_property
    def tip(self) -> str:
        """The newest commit of the published line, full hash.

        Raises ``TrackerError`` where nothing is committed yet or the branch is not there.
        """
        return tip(self.repository, self.settings.branch)

    @cached_property
    def settings(self) -> Settings:
        """What ``tracker.toml`` says, read from disk; from the newest commit where there is none.

        Raises ``TrackerError`` for a file that is wrong, with line.
        """
        return house_settings.read(self.file(SETTINGS_FILE) or "", SETTINGS_FILE, self._style)

    def _style(self, name: str) -> str:
        found = self.file(name)
        if found is None:
            raise TrackerError(
                f"{SETTINGS_FILE} names the style file {name}, which is not there.",
                f"Write it beside {SETTINGS_FILE}, or name a style that tracker has.",
            )
        return found

    def file(self, name: str) -> str | None:
        """A text file of the newsroom's own, from disk or else from the newest commit."""
        return self._on_disk(name) if self.root is not None else self._in_commit(name)

    def _on_disk(self, name: str) -> str | None:
        assert self.root is not None
        file = Path(os.path.normpath(self.root / name))
        if not file.resolve().is_relative_to(self.repository.top or self.root):
            raise TrackerError(
                f"{name} leads out of the repository.", "Keep the file in the repository."
            )
        try:
            return file.read_text(encoding="utf-8-sig") if file.is_file() else None
        except (OSError, UnicodeDecodeError) as error:
            raise TrackerError(
                f"{name} could not be read: {error}.", "Write it in UTF-8, readable for you."
            ) from None

    def _in_commit(self, name: str) -> str | None:
        head = self.repository.head
        blob = dict(files(self.repository, head, name)).get(name) if head else None
        return None if blob is None else self.content(blob).decode("utf-8-sig", "replace")

    def paths(self) -> list[str]:
        """The articles on the published line now, as paths in the repository, sorted."""
        listed = (path for path, _ in files(self.repository, self.tip, self.under))
        return select.articles(listed, self.settings.articles, self.under)

    def blob(self, path: str) -> str | None:
        """The blob that a path has in the newest commit; None where it has none."""
        if self.settings.branch is None and self.repository.head is None:
            return None
        return dict(files(self.repository, self.tip, path)).get(path)

    def after(self, commit: str) -> Place:
        """The same place with a newer tip; git is asked only where the branch is not HEAD's."""
        place = Place.__new__(Place)
        place.root = self.root
        place.session = None
        place.watch = self.watch
        place.repository = (
            self.repository._replace(head=commit)
            if self.settings.branch is None
            else discover(self.repository.top or self.repository.git_dir)
        )
        place.__dict__["settings"] = self.settings
        return place

    def begin(self) -> Session:
        """Begin a session with git for a recording, if none is fresh, and do not wait for it."""
        from tracker.store.session import Session

        if self.session is not None and self.session.fresh:
            return self.session
        if self.session is not None:
            self.session.close()
        self.session = Session(self.repository.git)
        finalize(self, self.session.close)
        return self.session

    def latest(self, path: str) -> tuple[str | None, bytes | None]:
        """Blob and content of a path in the newest commit; None where it is no file there."""
        if self.settings.branch is None and self.repository.head is None:
            return None, None
        objects = self.begin().objects
        names = path.encode("utf-8", "surrogateescape").split(b"/")
        entry = objects.place(self.tip, names).entry
        if entry is None or entry.mode.decode() not in FILES:
            return None, None
        read = objects.read(entry.hash)
        return entry.hash, self.content(entry.hash) if read is None else read[1]

    def content(self, blob: str) -> bytes:
        """The bytes of one blob."""
        return self.repository.git.run("cat-file", "blob", blob)

    def read(self, path: str) -> bytes:
        """The bytes of an article's file on disk."""
        disk = self.disk(path)
        if disk is None:
            raise TrackerError(
                "This repository is bare: it has no files on disk.",
                "Work in a clone, or give the text with --file.",
            )
        try:
            return disk.read_bytes()
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
        from tracker.store.record import replace_file

        disk = self.disk(path)
        assert disk is not None
        replace_file(disk, old, new)

    def disk(self, path: str) -> Path | None:
        """Where the file of an article is on disk; None in a bare repository."""
        return None if self.repository.top is None else self.repository.top / path

    def locate(self, article: str | Path, *, new: bool = False) -> str:
        """The path in the repository that a path, a slug or a unique part of one means.

        A relative path is taken from the newsroom's folder. With ``new``, a path that no revision
        has yet is taken too. Raises ``TrackerError`` where nothing, or more than one article,
        fits, and for a path that leads out of the repository.
        """
        name = str(article)
        if "\0" in name or not name.strip():
            raise TrackerError("An article needs a name.", "Give a path or a slug.")
        path = self._inside(name)
        if path and ((new and self._is_file(path)) or self._is_known(path)):
            return path
        if self.repository.head is not None:
            try:
                return select.find(name, self.paths(), self.under)
            except TrackerError:
                if path and self._was_known(path):
                    return path
                if lone := self._unrecorded(name, new=new):
                    return lone
                if not (new and path and select.is_text(path)):
                    raise
        elif lone := self._unrecorded(name, new=new):
            return lone
        if new and path and select.is_text(path):
            return path
        raise TrackerError(f"There is no article {name} yet.", "Record it first: tracker record")

    def _unrecorded(self, slug: str, *, new: bool) -> str | None:
        """The one file on disk of that slug, which no revision has yet; None where there is none.

        Raises ``TrackerError`` for several, and, unless it is for a ``new`` one, for one.
        """
        if self.root is None or "/" in slug:
            return None
        here = f"{self.under}/" if self.under else ""
        files = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            inside = Path(folder).relative_to(self.root).as_posix()
            before = here if inside == "." else f"{here}{inside}/"
            files += [before + name for name in names if select.is_text(name)]
            if len(files) > _MOST_ON_DISK:
                return None
        chosen = select.articles(files, self.settings.articles, self.under)
        recorded = set(self.paths()) if self.repository.head is not None else set()
        found = [
            path
            for path in chosen
            if path not in recorded and slug in (select.slug(path), PurePosixPath(path).stem)
        ]
        if len(found) == 1 and new:
            return found[0]
        if not found:
            return None
        raise TrackerError(
            f"No revision of {' or '.join(found[:3])} is recorded yet.",
            f"Record {'it' if len(found) == 1 else 'one'} first: tracker record {found[0]}",
        )

    def _is_file(self, path: str) -> bool:
        disk = self.disk(path)
        return disk is not None and disk.is_file()

    def _is_known(self, path: str) -> bool:
        return self.repository.head is not None and self.blob(path) is not None

    def _was_known(self, path: str) -> bool:
        from tracker.newsroom.lines import was_known

        return was_known(self, path)

    def _inside(self, name: str) -> str:
        """What was given as a path in the repository, free of links; "" where it cannot be one."""
        top = self.repository.top
        if top is None or self.root is None:
            plain = PurePosixPath(name)
            return "" if plain.is_absolute() or ".." in plain.parts else plain.as_posix()
        full = Path(os.path.normpath(self.root / name))
        if not full.is_relative_to(top):
            full = full.parent.resolve() / full.name  # the same folder by another name
        if not full.is_relative_to(top):
            raise TrackerError(
                f"{name} leads out of the repository at {top}.",
                "Give the path of a file in the repository.",
            )
        inside = full.relative_to(top)
        folder = top
        for part in inside.parts:
            folder = folder / part
            if folder.is_symlink():
                raise TrackerError(
                    f"{folder.relative_to(top)} is a symbolic link.",
                    "Give the path of the file itself.",
                )
        return inside.as_posix() if inside.parts else ""
