"""``tracker token``."""

from __future__ import annotations

import re
from datetime import timedelta

import click

from tracker.cli.common import json_option, open_inbox, present, print_json
from tracker.errors import TrackerError
from tracker.render.plain import visible

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_AGE = re.compile(r"(\d{1,4})([dwhy])")
_UNITS = {"h": 1 / 24, "d": 1, "w": 7, "y": 365}


@click.group("token")
def command() -> None:
    """Say who may record over HTTP: tokens for tracker intake.

    A token is shown once, when it is made; the newsroom keeps its hash.
    """


@command.command("add")
@click.argument("name")
@click.option(
    "--scope",
    default="record",
    show_default=True,
    metavar="WORD,…",
    help="What it may: record, note (tell readers), author (name who wrote).",
)
@click.option(
    "--articles", multiple=True, metavar="PATTERN", help="Only these paths; may be given again."
)
@click.option("--by", metavar='"NAME <ADDRESS>"', help="Whose name its recordings bear.")
@click.option("--expires", metavar="AGE", help="Works that long: 12h, 90d, 26w, 1y.")
def add(
    name: str, scope: str, articles: tuple[str, ...], by: str | None, expires: str | None
) -> None:
    """Make a token and print it; it is never shown again."""
    from tracker.intake.hooks import check_pattern
    from tracker.intake.inbox import SCOPES

    if not _NAME.fullmatch(name):
        raise TrackerError(f"“{visible(name)}” is no name for a token.", "Use letters and digits.")
    scopes = [each.strip() for each in scope.split(",") if each.strip()]
    for each in scopes:
        if each not in SCOPES:
            raise TrackerError(
                f"There is no scope “{visible(each)}”.", f"There are {', '.join(SCOPES)}."
            )
    check_pattern(articles)
    now, until = present(), None
    if expires is not None:
        found = _AGE.fullmatch(expires)
        if found is None:
            raise TrackerError(f"“{visible(expires)}” is no age.", "Write 12h, 90d, 26w or 1y.")
        until = now + timedelta(days=int(found[1]) * _UNITS[found[2]])
    with open_inbox() as inbox:
        click.echo(inbox.add_token(name, scopes, articles, now, by, until))
    click.echo("Keep it now: it is not shown again.", err=True)


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Show the tokens: what each may, and when it was used."""
    with open_inbox() as inbox:
        tokens = inbox.tokens()
    now = present()
    if as_json:
        print_json({"schema": 1, "tokens": [each._asdict() for each in tokens]})
        return
    for each in tokens:
        state = "works" if each.works(now) else "revoked" if each.revoked else "expired"
        used = f"used {each.used:%Y-%m-%d}" if each.used else "never used"
        where = ", ".join(each.articles) or "every article"
        until = f", until {each.expires:%Y-%m-%d}" if each.expires else ""
        click.echo(
            f"{each.name}: {state}, {' '.join(each.scopes)}, {visible(where)}, {used}{until}"
        )


@command.command("revoke")
@click.argument("name")
def revoke(name: str) -> None:
    """Let a token work no more."""
    with open_inbox() as inbox:
        inbox.revoke(name, present())
    click.echo(f"{visible(name)} works no more.")
