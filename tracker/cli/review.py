"""``tracker review``."""

from __future__ import annotations

import sys
import webbrowser
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from tracker.cli.check import scope_options, who
from tracker.cli.common import has_color, open_newsroom, progress_bar, warn
from tracker.cli.note import edit_draft
from tracker.errors import TrackerError
from tracker.model import KINDS, Change, Finding, Kind
from tracker.newsroom.checking import RESOLVED_FILE, CheckScope, resolve
from tracker.render import findings as face
from tracker.render import terminal_diff
from tracker.render.plain import visible
from tracker.store.files import scratch_folder, write_file

if TYPE_CHECKING:
    from tracker.newsroom.bases import End
    from tracker.newsroom.newsroom import Newsroom

_LINES = 40  # of a comparison that are shown at once

_KEYS = {
    "w": "write the note: the editor opens on a draft",
    "n": "not for readers: close it for good, with the reason",
    "l": "later: leave it as it is, and go on",
    "o": "open the page of the comparison in the browser",
    "a": "all of the comparison",
    "q": "quit",
}


@click.command("review")
@scope_options
def review(scope: CheckScope) -> None:
    """Walk through the findings of check, and settle them one by one.

    Each is shown with its comparison. Write the note for readers, say that it is not for readers,
    or leave it for later. What is decided is written at once: an interrupt loses nothing.
    """
    room = open_newsroom()
    with progress_bar("Checking articles") as progress:
        verdict = room.check(scope, progress)
    for sentence in verdict.skipped:
        warn(sentence)
    found = face.gathered(face.inbox(verdict.findings))
    if not found:
        click.echo("There is nothing to review.")
        return
    with ExitStack() as stack:
        review = _Review(room, stack)
        try:
            for number, finding in enumerate(found, start=1):
                click.echo(click.style(f"\n{number} of {len(found)}", bold=True))
                if not review.take_up(finding):
                    break
        except (click.Abort, KeyboardInterrupt, EOFError):
            click.echo("")
            raise
        finally:
            for line in review.told(len(found)):
                click.echo(line)


class _Compared(NamedTuple):
    """What a finding is about, as two versions."""

    old: End
    new: End
    change: Change


class _Review:
    """One walk through the findings, and what came of it."""

    def __init__(self, room: Newsroom, stack: ExitStack) -> None:
        self._room = room
        self._stack = stack
        self._folder: Path | None = None  # of the pages that were opened
        self._done: Counter[str] = Counter()

    def take_up(self, finding: Finding) -> bool:
        """Show a finding and do what the person says; False where they want to stop."""
        for line in face.block(finding, self._room.settings.zone):
            click.echo(line)
        compared = self._compared(finding)
        self._show(compared, _LINES)
        click.echo(click.style(f"  → {visible(finding.advice)}", dim=True))
        while True:
            key = _ask(f"[{','.join(_KEYS)},?]").strip().lower()[:1]
            if key == "q":
                return False
            if key == "l":
                self._done["later"] += 1
                return True
            if key == "n" and self._close(finding):
                return True
            if key == "w" and self._write(finding, compared):
                return True
            if key == "o":
                self._open(compared)
            elif key == "a":
                self._show(compared, None)
            elif key not in _KEYS:
                for name, what in _KEYS.items():
                    click.echo(f"  {name}  {what}")

    def _compared(self, finding: Finding) -> _Compared | None:
        """The version before the finding's sitting, and its last; None where that is none."""
        room, commit = self._room, finding.commit
        if commit is None:
            return None
        try:
            if finding.also:
                first = room.revision(finding.path, finding.also[0]).number
                old, new = room.pair(finding.path, first - 1, commit)
            else:
                old, new = room.made(finding.path, commit)
        except TrackerError:
            return None  # the finding is about a commit that is no revision: a deletion
        return _Compared(old, new, room.compare(old.text, new.text))

    def _show(self, compared: _Compared | None, most: int | None) -> None:
        if compared is None:
            return
        color = has_color(sys.stdout)
        written = terminal_diff.text(
            compared.change,
            compared.old.text,
            compared.new.text,
            color=color,
            when=self._room.settings.dated,
        ).splitlines()
        for line in written[:most]:
            click.echo(f"  {line}".rstrip(), color=color)
        if most is not None and len(written) > most:
            click.echo(f"  … {len(written) - most} more lines: a")

    def _close(self, finding: Finding) -> bool:
        whole = [finding, *finding.beside]
        why = _ask(f"Why {'are they' if finding.beside else 'is it'} not for readers?").strip()
        if not why:
            click.echo("  Nothing was closed: it takes a reason.")
            return False
        resolve(self._room.workspace, whole, who(self._room), why)
        self._done["closed"] += 1
        return True

    def _write(self, finding: Finding, compared: _Compared | None) -> bool:
        change = compared.change if compared is not None else None
        kind = _kind(_likely(finding, change))
        if kind is None:
            return False
        words = ""
        try:
            words = edit_draft(self._room.workspace, change, kind)
            covers = finding.revision if finding.rule == "silent-change" else None
            revision = self._room.note(finding.path, words, kind, covers=covers)
        except TrackerError as error:
            click.echo(f"  {visible(error.sentence)}")
            click.echo(f"  {visible(error.hint)}")
            if words:
                click.echo(f"  Your words were: {visible(words)}")
            return False
        except KeyboardInterrupt:
            if words:
                click.echo(f"  Your words were: {visible(words)}")
            raise
        for note in revision.notes:
            click.echo(f"  Recorded as revision {revision.number}: {visible(note.text)}")
        self._done["written"] += 1
        return True

    def _open(self, compared: _Compared | None) -> None:
        from tracker.render import diff_html
        from tracker.text.document import parse

        if compared is None:
            click.echo("  There is no comparison to open.")
            return
        if self._folder is None:
            self._folder = self._stack.enter_context(scratch_folder())
        fragment = diff_html.fragment(
            compared.change, compared.old.text, compared.new.text, when=self._room.settings.dated
        )
        title = parse(compared.new.text).headline or "Comparison"
        file = self._folder / f"{len(list(self._folder.iterdir())) + 1}.html"
        write_file(file, diff_html.page(title, fragment).encode())
        with suppress(webbrowser.Error):
            if webbrowser.open(file.as_uri()):
                return
        click.echo(f"  No browser could be opened. The page is {file}")

    def told(self, whole: int) -> Iterator[str]:
        """What was done, in a line or two."""
        done = self._done
        parts = [
            f"{done[name]} {words}"
            for name, words in (
                ("written", "told to readers"),
                ("closed", "not for readers"),
                ("later", "for later"),
            )
            if done[name]
        ]
        left = whole - sum(done.values())
        parts += [f"{left} not looked at"] if left else []
        yield f"{'; '.join(parts)}."
        if done["closed"]:
            yield f"Commit {RESOLVED_FILE}: it says who closed what, and why."


def _ask(question: str) -> str:
    try:
        answer: str = click.prompt(question, default="", show_default=False, prompt_suffix=" ")
    except click.Abort:
        if sys.stdin is None or not sys.stdin.isatty():
            click.echo("")
            return "q"  # there is no more to read
        raise
    return answer


def _likely(finding: Finding, change: Change | None) -> Kind:
    """The kind of note that a finding asks for, most likely."""
    if finding.rule == "euphemism":
        return "correction"
    if finding.rule == "unpublished":
        return "editors-note"
    replaced = change is not None and any(
        reason.old
        and reason.new
        and reason.label in ("number", "date", "name", "quote", "negation")
        for reason in change.why
    )
    return "correction" if replaced else "update"


def _kind(likely: Kind) -> Kind | None:
    typed = _ask(f"Which kind? [{likely}]").strip().lower()
    if not typed:
        return likely
    chosen = [kind for kind in KINDS if kind.startswith(typed)]
    if len(chosen) == 1:
        return chosen[0]
    click.echo(f"  The kinds are {', '.join(KINDS)}.")
    return None
