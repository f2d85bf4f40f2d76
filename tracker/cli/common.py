"""What the commands share: opening the newsroom, articles on the command line, printing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypeVar

import click

from tracker.errors import TrackerError
from tracker.model import KINDS, Kind, Revision, Selection
from tracker.render.plain import json_text, plain, visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tracker.intake.inbox import Inbox
    from tracker.newsroom.newsroom import Newsroom
    from tracker.store.merge import Collision

Function = TypeVar("Function", bound=Callable[..., Any])


def open_newsroom(ctx: click.Context | None = None, *, past: bool = False) -> Newsroom:
    context = ctx or click.get_current_context()
    folder = Path(context.find_root().obj or ".")
    try:
        folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise TrackerError(f"There is no folder {folder}.", "Check the path after -C.") from None
    except (OSError, ValueError) as error:
        raise TrackerError(
            f"{folder} cannot be looked at: {getattr(error, 'strerror', error)}.",
            "Name a folder that you may read.",
        ) from None
    from tracker.newsroom.newsroom import Newsroom

    watch = context.with_resource(progress_bar("Reading commits")) if sys.stderr.isatty() else None
    room = Newsroom(folder, now=present(), watch=watch)
    if past and room.repository.shallow:
        warn(
            "this clone is shallow: older revisions are missing. Fetch them: git fetch --unshallow"
        )
    return room


def open_inbox() -> closing[Inbox]:
    """What came in over HTTP and who may send."""
    from tracker.intake.inbox import Inbox

    return closing(Inbox(open_newsroom().repository.common_dir))


def present() -> datetime:
    """The present time, in the local zone. ``TRACKER_NOW`` (ISO 8601) stands in for it."""
    fixed = os.environ.get("TRACKER_NOW")
    if not fixed:
        return datetime.now().astimezone().replace(microsecond=0)
    try:
        return datetime.fromisoformat(fixed).astimezone()
    except (ValueError, OverflowError):
        raise TrackerError(
            f"TRACKER_NOW is no instant: “{fixed}”.", "Write it as 2022-05-12T07:45:00-04:00."
        ) from None


def here(article: str) -> str:
    """An article as typed, made absolute where it names a file from the current folder."""
    path = Path(article)
    if "\0" in article or not article.strip():
        return article
    under_cwd = Path(os.path.normpath(Path.cwd() / path))
    return str(under_cwd) if os.path.lexists(under_cwd) and not under_cwd.is_dir() else article


class ArticleType(click.ParamType[str]):
    name = "article"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The path from the current folder where there is such a file, else what was typed."""
        root = ctx.find_root().obj if ctx else "."
        return here(value) if root in (None, ".") else value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Paths and slugs that begin so."""
        from click.shell_completion import CompletionItem

        from tracker.newsroom.selection import slug

        try:
            paths = open_newsroom(ctx).workspace.paths()
        except TrackerError:
            return []
        names = [*paths, *(slug(path) for path in paths)]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


ARTICLE = ArticleType()


def article_argument(**settings: Any) -> Callable[[Function], Function]:
    return click.argument(
        "article", type=ARTICLE, metavar=settings.pop("metavar", "ARTICLE"), **settings
    )


def together(*options: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """Several options of a command as one decorator."""

    def given(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return given


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
at_option = click.option(
    "--at",
    metavar="WHEN",
    help='When it went out: 2022-05-12T07:45-04:00, "05/12/22 7:45 a.m. ET", noon, '
    '"yesterday 9pm". Numeric dates are read by the house style. Default: now.',
)
by_option = click.option(
    "--by", metavar='"NAME <ADDRESS>"', help="Who made it. Default: who git says you are."
)
narrowing_options = together(
    click.option(
        "--since",
        metavar="DATE",
        help="Only from this day, month, year or instant on; “3 weeks ago” too.",
    ),
    click.option("--until", metavar="DATE", help="Only until the end of this day, month or year."),
    click.option("--kind", type=click.Choice(KINDS), help="Only what brought a note of this kind."),
    click.option("--person", metavar="NAME", help="Only by people whose name has this in it."),
)


class Narrowing:
    """Which revisions are meant, of one article or of the newsroom."""

    def __init__(
        self,
        room: Newsroom,
        since: str | None,
        until: str | None,
        kind: Kind | None,
        person: str | None,
    ) -> None:
        from tracker.newsroom import names

        self.since = names.period_start(room.workspace, since) if since else None
        self.until = names.period_end(room.workspace, until) if until else None
        self.kind, self.person = kind, person
        self._room = room

    def __bool__(self) -> bool:
        return any((self.since, self.until, self.kind, self.person))

    def within(self, at: datetime) -> bool:
        """Whether an instant lies in the time that is meant."""
        after = self.since is None or at >= self.since
        return after and (self.until is None or at < self.until)

    def by(self, name: str) -> bool:
        return self.person is None or self.person.casefold() in name.casefold()

    def of(self, revision: Revision) -> bool:
        told = self.kind is None or any(note.kind == self.kind for note in revision.notes)
        return told and self.within(revision.at) and self.by(revision.person.name)

    def selection(self, *, substantive: bool | None = None) -> Selection:
        """The same as a question to the whole newsroom. Raises ``TrackerError`` for nobody."""
        people: tuple[str, ...] = ()
        if self.person is not None:
            people = tuple(name for name, _ in self._room.people() if self.by(name))
            if not people:
                raise TrackerError(
                    f"Nobody called “{self.person}” made a revision.", "Give a part of the name."
                )
        return Selection(
            self.kind,
            substantive=substantive,
            people=people,
            since=self.since,
            until=self.until,
        )


def print_json(value: object) -> None:
    click.echo(json_text(plain(value), 2))


def warn(sentence: str) -> None:
    """Talk for the person, on stderr."""
    with suppress(OSError):  # a full disk behind stderr stops no command
        click.echo(f"tracker: {visible(sentence)}", err=True)


def collision_lines(passage: Collision, ours: str, theirs: str) -> Iterator[str]:
    """A passage that two sides changed: before, and as either has it."""
    parts = (("before", passage.base), (ours, passage.ours), (theirs, passage.theirs))
    for name, text in parts:
        yield f"  {name + ':':<8}{visible(' '.join(text.split())) or '(nothing)'}"


@contextmanager
def alone(folder: Path, sentence: str, hint: str) -> Iterator[None]:
    """Within, no other process works there; raises ``TrackerError`` with these words where one is.

    The folder is made where it is not there.
    """
    from tracker.store.files import Folder

    with Folder.open(folder, make=True, follow=True) as held, ExitStack() as stack:
        try:
            stack.enter_context(held.locked(0.1))
        except TrackerError:
            raise TrackerError(sentence, hint) from None
        yield


@contextmanager
def done() -> Iterator[None]:
    """Within, what was done is told: that it cannot be told does not make it undone."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is not None:
            raise
        throw_output_away()
        warn(f"it is done; what was to be said of it could not be written: {error.strerror}.")


def throw_output_away() -> None:
    """Nobody can read what is written from here on, and Python is not to complain at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115


def standard_input() -> BinaryIO:
    """What is piped in. Raises ``TrackerError`` where standard input is closed."""
    if sys.stdin is None:
        raise TrackerError(
            "Standard input is closed.", "Pipe the text in, or name a file instead of -."
        )
    return sys.stdin.buffer


def read_file(name: str, hint: str) -> bytes:
    """What a file, a device or a pipe holds; raises ``TrackerError`` with ``hint``."""
    try:
        with open(name, "rb") as source:  # noqa: PTH123
            return source.read()
    except OSError as error:
        raise TrackerError(f"{name} could not be read: {error.strerror}.", hint) from None


def write_page(file: str, title: str, fragment: str) -> None:
    """A whole page around a fragment, written to a file."""
    from tracker.render.diff_html import page
    from tracker.store.files import write_file

    write_file(Path(file), page(title, fragment).encode())
    click.echo(f"Wrote {file}.", err=True)


def paged(lines: Iterable[str]) -> None:
    """Lines on stdout, in a pager where a person watches and they fill more than a screen."""
    import shutil

    text = "\n".join(lines)
    if text:
        if sys.stdout.isatty() and text.count("\n") > shutil.get_terminal_size().lines - 2:
            click.echo_via_pager(text + "\n")
        else:
            click.echo(text)


def has_color(stream: TextIO) -> bool:
    """Whether colors are seen by whoever reads a stream."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to call with the number done and the number of all, 0 where that is not known.

    Where a person watches, a bar is shown on stderr as soon as the work has lasted a second.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _whole: None
        return
    shown = _Bar(what)
    try:
        yield shown.update
    finally:
        shown.stop()


_UNSEEN = 0.7
"""Seconds of work that show no bar."""


class _Bar:
    """A bar that shows itself a second after it was first told of work under way."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._now = (0, 0)
        self._lock = Lock()
        self._timer: Timer | None = None
        self._shown: tuple[Any, Any] | None = None

    def update(self, done: int, whole: int) -> None:
        """So many are done, of so many."""
        if whole and done >= whole:
            self.stop()
            return
        with self._lock:
            self._now = done, whole
            if self._shown is not None:
                bar, task = self._shown
                bar.update(task, completed=done, total=whole or None)
            elif self._timer is None:
                self._timer = Timer(_UNSEEN, self._show)
                self._timer.daemon = True
                self._timer.start()

    def _show(self) -> None:
        with self._lock:
            if self._timer is not None and self._shown is None:
                self._shown = _start_bar(self._what, *self._now)

    def stop(self) -> None:
        """The work is done; there may be more."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._shown is not None:
                self._shown[0].stop()
                self._shown = None


def _start_bar(what: str, done: int, whole: int) -> tuple[Any, Any]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bar.start()
    return bar, bar.add_task(what, completed=done, total=whole or None)
