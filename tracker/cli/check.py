"""``tracker check``, and ``tracker review``, which walks through what it finds."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tracker import __version__
from tracker.cli.common import (
    ARTICLE,
    Function,
    has_color,
    json_option,
    open_newsroom,
    paged,
    progress_bar,
    together,
    warn,
)
from tracker.errors import TrackerError
from tracker.model import KINDS, Change, Finding, Kind
from tracker.newsroom.checking import RESOLVED_FILE, CheckScope, Early, resolve, resolve_before
from tracker.newsroom.names import period_end
from tracker.policy.rules import RULES, CheckResult, refuse_unknown
from tracker.render import findings as face
from tracker.render.plain import counted, visible
from tracker.store.files import scratch_folder, write_file
from tracker.store.git import identity
from tracker.text.document import parse

if TYPE_CHECKING:
    from tracker.newsroom.bases import End
    from tracker.newsroom.newsroom import Newsroom

SHOWN = 20
"""Findings that people are shown at once, unless they ask for more."""


_scope_options = together(
    click.argument("articles", nargs=-1, type=ARTICLE, metavar="[ARTICLE...]"),
    click.option(
        "--since",
        metavar="DATE|REV",
        help="Only what came after this day, month, year or git revision; “3 weeks ago” too.",
    ),
    click.option(
        "--until", metavar="DATE", help="Only what came until the end of this day or month."
    ),
    click.option(
        "--rule", "rules", metavar="NAME", multiple=True, help="Only findings of this rule."
    ),
    click.option("--path", "paths", metavar="PATTERN", multiple=True, help="Only articles there."),
    click.option("--person", metavar="NAME", help="Only revisions by whose name has this in it."),
    click.option(
        "--all",
        "everything",
        is_flag=True,
        help="From the first revision on, whatever [check] since says.",
    ),
)


def scope_options(function: Function) -> Function:
    """ARTICLE... and the options that say which findings are meant, given as ``scope``."""

    @wraps(function)
    def scoped(**given: Any) -> Any:
        names = ("articles", "since", "until", "rules", "paths", "person", "everything")
        return function(scope=CheckScope(**{name: given.pop(name) for name in names}), **given)

    chosen: Any = scoped
    found: Function = _scope_options(chosen)
    return found


@click.command("check")
@scope_options
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    help=f"Show so many findings, 0 for all. Default for people: {SHOWN}, with --all: all.",
)
@click.option(
    "--as-one",
    is_flag=True,
    help="With --since: take all of it as one change, as the merge of a pull request publishes it.",
)
@click.option("--staged", is_flag=True, help="Check what is staged, before a commit.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "gitlab", "sarif"]),
    default="text",
    show_default=True,
    help="For people, for programs, or for what shows findings beside the code.",
)
@click.option("--settle", is_flag=True, help="Close the findings for good, in a file to commit.")
@click.option("--why", metavar="TEXT", default="", help="With --settle: the reason.")
@click.option("--rules", "list_rules", is_flag=True, help="List the rules, and stop.")
@json_option
def check(
    scope: CheckScope,
    limit: int | None,
    as_one: bool,
    staged: bool,
    form: str,
    settle: bool,
    why: str,
    list_rules: bool,
    as_json: bool,
) -> None:
    """Find changes of substance that readers were never told of, and notes that do not fit.

    Without ARTICLE, the whole newsroom is checked. The newest and weightiest findings come first.
    The exit status is 1 where a finding fails. The settings, under [check] in tracker.toml, say
    since when, with which grace time, and which rules fail, warn or are off.
    """

    if list_rules:
        for name, what in RULES.items():
            click.echo(f"{name:<20} {what}")
        return
    if staged and (scope.since or as_one):
        raise TrackerError("--staged looks at what is not committed.", "Leave out --since.")
    if as_one and not scope.since:
        raise TrackerError("--as-one needs a range.", "Add --since REV.")
    if settle and (staged or as_one):
        raise TrackerError(
            "Only what is recorded can be settled.", "Leave out --staged and --as-one."
        )
    if why and not settle:
        raise TrackerError("--why gives the reason for settling.", "Add --settle.")
    room = open_newsroom()
    _tell_what_is_left_out(room, whole=not scope.articles, shallow=not staged and not as_one)
    scope = replace(scope, as_one=as_one, staged=staged, index=_index() if staged else None)
    narrow = scope.articles or scope.paths or scope.person or scope.since
    if settle and (scope.rules or scope.until) and not narrow:
        _settle_before(room, scope, why)
        return
    watched = form == "text" and not as_json and not settle and sys.stdout.isatty()
    with progress_bar("Checking articles") as progress:
        early = _first_page(room, progress) if watched and sys.stderr.isatty() else None
        verdict = _checked(room, scope, progress, early)
    for sentence in verdict.skipped:
        warn(sentence)
    if settle:
        _settle(room, verdict, why)
        return
    form = "json" if as_json else form
    zone = room.settings.zone
    if form == "text":
        shown = limit or None if limit is not None or scope.everything else SHOWN
        paged(face.text(verdict, zone, shown))
        if verdict.since is not None and scope.since is None:
            again = " ".join(["tracker check", *scope.articles, "--all"])
            warn(f"what is older was not looked at ([check] since). All of it: {again}")
    else:
        if limit:
            chosen = verdict._replace(findings=tuple(face.inbox(verdict.findings)[:limit]))
        else:
            chosen = verdict
        click.echo(face.write(chosen, form, __version__), nl=False)
    if verdict.failed or verdict.skipped:
        sys.exit(1 if verdict.failed else 2)  # what could not be looked at does not pass


def _first_page(room: Newsroom, progress: Callable[[int, int], None]) -> Early:
    """Show the newest findings once, where the rest takes long."""

    begun, shown = monotonic(), False

    def early(after: datetime, known: Callable[[], tuple[Finding, ...]]) -> None:
        nonlocal shown
        waited = monotonic() - begun
        if shown or waited < _PATIENCE:
            return
        found = known()
        if len(found) < (SHOWN if waited < 3 * _PATIENCE else 1):
            return
        shown, zone = True, room.settings.zone
        progress(1, 1)  # the bar goes until there is more to tell
        day = after.astimezone(zone).strftime("%Y-%m-%d")
        click.echo(f"The newest, after {day}; what is older is still being looked at.", err=True)
        for finding in face.gathered(face.inbox(found))[:SHOWN]:
            click.echo("\n".join(face.block(finding, zone)), err=True)

    return early


_PATIENCE = 5.0  # seconds until people are shown what is known so far


def _tell_what_is_left_out(room: Newsroom, *, whole: bool, shallow: bool) -> None:
    if shallow and room.repository.shallow:
        warn("this clone is shallow: changes before it are not looked at, nor their notes.")
    for line in room.taken_and_left() if whole else ():
        warn(line)


def _index() -> Path | None:
    """The index of the commit under way, which git tells its hooks."""
    named = os.environ.get("GIT_INDEX_FILE")
    return Path(named).absolute() if named else None


def _checked(
    room: Newsroom, scope: CheckScope, progress: Callable[[int, int], None], early: Early | None
) -> CheckResult:

    try:
        return room.check(scope, progress, early)
    except TrackerError as error:
        for word in RULES.keys() & set(scope.articles):
            raise TrackerError(f"{error.sentence} It is a rule.", f"Add: --rule {word}") from None
        raise


def _settle(room: Newsroom, verdict: CheckResult, why: str) -> None:

    number = resolve(room.workspace, verdict.findings, who(room), why)
    if not number:
        click.echo("There is nothing to settle.")
        return
    click.echo(f"Settled {counted(number, 'finding')} in {RESOLVED_FILE}: commit that file.")


def _settle_before(room: Newsroom, scope: CheckScope, why: str) -> None:
    """Close all that came before an instant, of some rules or of all, in a line for each rule."""

    refuse_unknown(scope.rules, "--rule")
    before = room.now if scope.until is None else period_end(room.workspace, scope.until)
    resolve_before(room.workspace, before, scope.rules, who(room), why)
    what = f"of {', '.join(scope.rules)}" if scope.rules else "of every rule"
    at = room.settings.stamp(before)
    click.echo(f"Settled all findings {what} before {at} in {RESOLVED_FILE}: commit that file.")


def who(room: Newsroom) -> str:
    """Who git says is writing, as the file of settled findings names people."""

    person = identity(room.repository)[0]
    return f"{person.name} <{person.email}>"


# --- the findings one by one, at the keyboard ----------------------------------------------------

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
        from tracker.render import terminal_diff

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
        from tracker.cli.note import edit_draft

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
