"""``tracker check``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker import __version__
from tracker.cli.common import ARTICLE, json_option, open_newsroom, progress_bar, warn
from tracker.errors import TrackerError

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom
    from tracker.policy.settled import Verdict


@click.command("check")
@click.argument("articles", nargs=-1, type=ARTICLE, metavar="[ARTICLE...]")
@click.option("--since", metavar="REV", help="Only what came after this git revision.")
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
@click.option("--rules", is_flag=True, help="List the rules, and stop.")
@json_option
def command(
    articles: tuple[str, ...],
    since: str | None,
    as_one: bool,
    staged: bool,
    form: str,
    settle: bool,
    why: str,
    rules: bool,
    as_json: bool,
) -> None:
    """Find changes of substance that readers were never told of, and notes that do not fit.

    Without ARTICLE, the whole newsroom is checked. The exit status is 1 where a finding fails.
    The settings, under [check] in tracker.toml, say since when, with which grace time, and which
    rules fail, warn or are off.
    """
    from tracker.newsroom.scope import Scope
    from tracker.policy.rules import RULES
    from tracker.render import findings as face

    if rules:
        for name, what in RULES.items():
            click.echo(f"{name:<20} {what}")
        return
    if staged and (since or as_one):
        raise TrackerError("--staged looks at what is not committed.", "Leave out --since.")
    if as_one and not since:
        raise TrackerError("--as-one needs a range.", "Add --since REV.")
    if settle and (staged or as_one):
        raise TrackerError(
            "Only what is recorded can be settled.", "Leave out --staged and --as-one."
        )
    if why and not settle:
        raise TrackerError("--why gives the reason for settling.", "Add --settle.")
    room = open_newsroom()
    if room.repository.shallow and not staged and not as_one:
        warn("this clone is shallow: changes before it are not looked at, nor their notes.")
    scope = Scope(articles, since, as_one=as_one, staged=staged, index=_index() if staged else None)
    with progress_bar("Checking articles") as progress:
        verdict = room.check(scope, progress)
    for sentence in verdict.skipped:
        warn(sentence)
    if settle:
        _settle(room, verdict, why)
        return
    click.echo(face.write(verdict, "json" if as_json else form, __version__), nl=False)
    if verdict.failed:
        sys.exit(1)


def _index() -> Path | None:
    """The index of the commit under way, which git tells its hooks."""
    named = os.environ.get("GIT_INDEX_FILE")
    return Path(named).absolute() if named else None


def _settle(room: Newsroom, verdict: Verdict, why: str) -> None:
    from tracker.newsroom.settled import SETTLED_FILE, settle
    from tracker.store.git import identity

    who = identity(room.repository)[0]
    number = settle(room.workspace, verdict.findings, f"{who.name} <{who.email}>", why)
    if not number:
        click.echo("There is nothing to settle.")
        return
    what = "1 finding" if number == 1 else f"{number:,} findings"
    click.echo(f"Settled {what} in {SETTLED_FILE}: commit that file.")
