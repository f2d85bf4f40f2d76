"""``tracker check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tracker import __version__
from tracker.cli.common import ARTICLE, json_option, open_newsroom, paged, progress_bar, warn
from tracker.errors import TrackerError
from tracker.render.plain import counted

if TYPE_CHECKING:
    from tracker.model import Finding
    from tracker.newsroom.checking import CheckScope, Early
    from tracker.newsroom.newsroom import Newsroom
    from tracker.policy.rules import CheckResult

Function = TypeVar("Function", bound=Callable[..., Any])

SHOWN = 20
"""Findings that people are shown at once, unless they ask for more."""


def scope_options(function: Function) -> Function:
    """ARTICLE... and the options that say which findings are meant, given as ``scope``."""

    @wraps(function)
    def scoped(**given: Any) -> Any:
        from tracker.newsroom.checking import CheckScope

        names = ("articles", "since", "until", "rules", "paths", "person", "everything")
        return function(scope=CheckScope(**{name: given.pop(name) for name in names}), **given)

    chosen: Any = scoped
    for option in reversed(_SCOPE_OPTIONS):
        chosen = option(chosen)
    found: Function = chosen
    return found


_SCOPE_OPTIONS = (
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
    from tracker.policy.rules import RULES
    from tracker.render import findings as face

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
    from tracker.render import findings as face

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
    from tracker.policy.rules import RULES

    try:
        return room.check(scope, progress, early)
    except TrackerError as error:
        for word in RULES.keys() & set(scope.articles):
            raise TrackerError(f"{error.sentence} It is a rule.", f"Add: --rule {word}") from None
        raise


def _settle(room: Newsroom, verdict: CheckResult, why: str) -> None:
    from tracker.newsroom.checking import RESOLVED_FILE, resolve

    number = resolve(room.workspace, verdict.findings, who(room), why)
    if not number:
        click.echo("There is nothing to settle.")
        return
    click.echo(f"Settled {counted(number, 'finding')} in {RESOLVED_FILE}: commit that file.")


def _settle_before(room: Newsroom, scope: CheckScope, why: str) -> None:
    """Close all that came before an instant, of some rules or of all, in a line for each rule."""
    from tracker.newsroom.checking import RESOLVED_FILE, resolve_before
    from tracker.newsroom.names import period_end
    from tracker.policy.rules import refuse_unknown

    refuse_unknown(scope.rules, "--rule")
    before = room.now if scope.until is None else period_end(room.workspace, scope.until)
    resolve_before(room.workspace, before, scope.rules, who(room), why)
    what = f"of {', '.join(scope.rules)}" if scope.rules else "of every rule"
    at = room.settings.stamp(before)
    click.echo(f"Settled all findings {what} before {at} in {RESOLVED_FILE}: commit that file.")


def who(room: Newsroom) -> str:
    """Who git says is writing, as the file of settled findings names people."""
    from tracker.store.git import identity

    person = identity(room.repository)[0]
    return f"{person.name} <{person.email}>"
