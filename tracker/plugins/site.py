"""A newsroom as a site's generator sees it: which article a page is, and what to show of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.house.notes import find_notes
from tracker.house.notes.merge import key
from tracker.house.notes.passages import plain_words
from tracker.house.settings import Settings
from tracker.model import History, Note
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.revisions import article_of
from tracker.newsroom.workspace import open_workspace
from tracker.render.told import Account, account
from tracker.render.urls import NO_LINKS, of_newsroom
from tracker.store.git import discover
from tracker.store.worktree import changed_files
from tracker.text.document import parse
from tracker.text.lines import marked_lines

Warn = Callable[[str], None]
_NOTHING = "The pages say nothing of their history."


class ArticlePage(NamedTuple):
    """What a page shows of its article, and the house in whose words."""

    told: Account
    settings: Settings


class PluginSite:
    """The articles of a newsroom, for the pages of a site.

    ``folder`` is in the newsroom's repository. ``base_url`` is where the pages of ``tracker serve``
    or ``tracker site`` are; without it, the one of the settings. ``warn`` takes a sentence that the
    person who builds should read; none comes twice. With ``every``, all articles are looked at in
    one pass when the first is asked for, which is what a whole site needs.
    """

    def __init__(
        self, folder: Path, *, base_url: str | None = None, warn: Warn, every: bool = True
    ) -> None:
        self._folder = folder
        self._base_url = base_url
        self._warn = warn
        self._every = every
        self._said: set[str] = set()
        self._room: Newsroom | None = None
        self._edition: object = None
        self._lives: dict[str, History] | None = None
        self._changed: frozenset[str] | None = None
        self._links = NO_LINKS

    def open(self, now: datetime | None = None) -> bool:
        """Look at the repository as it is now; to be called before each build.

        ``now`` is the generator's present time, aware; without it git's is taken. False where
        there is no repository, or nothing in it: of that is warned once, and pages get nothing.
        Raises ``TrackerError`` where ``tracker.toml`` is wrong.
        """
        self._room = None
        self._changed = None
        try:
            discover(self._folder.absolute())
        except TrackerError as error:
            self.warn(f"{error.sentence} {_NOTHING}")
            return False
        place = open_workspace(self._folder, now)  # settings that are wrong stop the build
        branch = place.settings.branch
        if place.repository.head is None and branch is None:
            self.warn(f"Nothing is committed yet. {_NOTHING}")
            return False
        try:
            tip = place.tip
        except TrackerError as error:  # the branch that readers see is not here
            self.warn(f"{error.sentence} {_NOTHING}")
            return False
        room = Newsroom(self._folder, now=now)
        if now is None:
            room = Newsroom(self._folder, now=_time_of(room))
        if room.repository.shallow:
            self.warn(
                "This clone is shallow: what came before it is not known, and dates may be too "
                "late. Fetch the whole history: git fetch --unshallow, or fetch-depth: 0 in CI."
            )
        edition = tip, room.settings
        if edition != self._edition:
            self._edition, self._lives = edition, None
            base = self._base_url
            self._links = of_newsroom(room, base.rstrip("/") if base is not None else None)
        self._room = room
        return True

    def warn(self, sentence: str) -> None:
        """Tell the person who builds, once."""
        if sentence not in self._said:
            self._said.add(sentence)
            self._warn(sentence)

    def page(self, file: Path, text: str | None = None) -> ArticlePage | None:
        """What a file's page shows. ``text`` is what it is made of, front matter included.

        None for a file that is no article: outside the repository. An article that no revision has
        yet has no history; its notes are those of its text, as are those of one that was edited and
        not committed.
        """
        room = self._room
        path = self._path(file)
        if room is None or path is None:
            return None
        life = self._life(path)
        notes = None
        if text is not None and (life is None or path in self._edited()):
            notes = _notes(room, path, text, life)
        if life is None:
            headline = parse(text).headline if text is not None else None
            life = History(article_of(path, headline), (), ())
        told = account(life, room.settings, self._links, notes)
        return ArticlePage(told, room.settings)

    def is_article(self, file: Path) -> bool:
        """True for a file that is one of the newsroom's articles, committed or not."""
        path = self._path(file)
        if self._room is None or path is None:
            return False
        return path in self._known() or path in self._edited()

    def watched(self) -> list[Path]:
        """The files that change when something is recorded, or the settings are."""
        if self._room is None:
            return []
        git = self._room.repository.git_dir
        place = self._room.workspace
        settings = place.root / "tracker.toml" if place.root is not None else None
        found = [git / "logs" / "HEAD", settings]
        return [file for file in found if file is not None and file.is_file()]

    def _path(self, file: Path) -> str | None:
        room = self._room
        if room is None or room.repository.top is None:
            return None
        full, top = file.resolve(), room.repository.top.resolve()
        return full.relative_to(top).as_posix() if full.is_relative_to(top) else None

    def _life(self, path: str) -> History | None:
        assert self._room is not None
        if self._every:
            if path in self._known():
                return self._known()[path]
            if path in self._edited():
                return None  # an article that is not committed yet
        try:
            return self._room.life(self._room.workspace.disk(path) or path)
        except TrackerError:
            return None

    def _known(self) -> dict[str, History]:
        """The histories of all articles that are there now, by path: worked out in one pass."""
        if self._lives is None:
            assert self._room is not None
            self._lives = {life.article.path: life for life in self._room.lives()}
        return self._lives

    def _edited(self) -> frozenset[str]:
        if self._changed is None:
            assert self._room is not None
            self._changed = frozenset(changed_files(self._room.repository))
        return self._changed


def _time_of(room: Newsroom) -> datetime | None:
    try:
        return room.now
    except TrackerError:  # git knows no name to put beside it, as on a machine that only builds
        return None


def _notes(room: Newsroom, path: str, text: str, life: History | None) -> tuple[Note, ...]:
    """The notes of a text that is not committed, with the dates that the history gives them."""
    last = life.revisions[-1].at if life is not None and life.revisions else None
    brought = room.workspace.now or last or datetime(1970, 1, 1, tzinfo=UTC)
    return room.workspace.notes.of(path, lambda: life).notes(text, brought)


# --- where a page says that its notes or its changelog stand, and which lines give way to them ----

NAMES = ("updates", "changelog", "history")
"""What may stand in double square brackets."""

_PLACE = re.compile(r" {0,3}\[\[(updates|changelog|history)\]\][ \t]*")
_RAW = re.compile(r"<!--|<(pre|script|style|textarea)\b", re.IGNORECASE)
_CLOSING = {
    name: re.compile(f"</{name}" if name else "-->", re.IGNORECASE)
    for name in ("", "pre", "script", "style", "textarea")
}


class Placement(NamedTuple):
    """A line that holds nothing but ``[[updates]]``, ``[[changelog]]`` or ``[[history]]``."""

    name: str
    start: int  # offsets in the text, line break left out
    end: int


def places(text: str) -> list[Placement]:
    """The lines that say what stands there, in order; those in code and in comments are none."""
    if "[[" not in text:
        return []
    raw = list(_raw(text))
    found = []
    for line in marked_lines(text):
        match = None if line.code else _PLACE.fullmatch(text, line.start, line.end)
        if match is not None and not any(start < line.start < end for start, end in raw):
            found.append(Placement(match[1], line.start, line.end))
    return found


def _raw(text: str) -> Iterator[tuple[int, int]]:
    """Where comments stand, and elements whose content is no Markdown."""
    unclosed: set[str] = set()
    at = 0
    while found := _RAW.search(text, at):
        name = (found[1] or "").lower()
        end = None if name in unclosed else _CLOSING[name].search(text, found.end())
        if end is None:
            unclosed.add(name)
            at = found.end()
        else:
            yield found.start(), end.start()
            at = end.end()


class StandingNote(NamedTuple):
    """A note that stands in the body of a page."""

    start: int
    end: int
    words: str  # as they are compared: see ``compared``
    movable: bool  # it stands above or below the article, and not between its paragraphs


def standing(text: str, settings: Settings, day: date | None) -> list[StandingNote]:
    """The notes that stand in a page's text, put there by hand or by tracker, in order.

    ``day`` is that on which the text stood, for notes that leave out the year.
    """
    blank: list[str] = []  # the places are no prose of the article
    at = 0
    for place in places(text):
        blank += [text[at : place.start], " " * (place.end - place.start)]
        at = place.end
    found = find_notes("".join([*blank, text[at:]]), as_of=day, style=settings.style)
    return [
        StandingNote(note.start, note.end, compared(note.text), note.position != "inline")
        for note in found
    ]


def compared(text: str) -> str:
    """The words of a note as readers see them, without case and punctuation, to compare."""
    return key(plain_words(text))


def cut(text: str, pieces: Iterable[StandingNote]) -> tuple[str, list[str]]:
    """The text with these passages taken out, and the passages."""
    taken: list[str] = []
    kept: list[str] = []
    at = 0
    for piece in pieces:
        if piece.start < at:
            continue
        kept.append(text[at : piece.start])
        taken.append(text[piece.start : piece.end])
        at = piece.end
    return "".join([*kept, text[at:]]), taken


def filled(text: str, found: Sequence[Placement], made: Sequence[str]) -> str:
    """The text with each place as a paragraph of its own that holds what was made for it."""
    out: list[str] = []
    at = 0
    for place, words in zip(found, made, strict=True):
        out += [text[at : place.start], f"\n{words}\n" if words else ""]
        at = place.end
    return "".join([*out, text[at:]])
