"""``tracker catalog``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tracker.cli.common import json_option, open_newsroom, print_json, progress_bar

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom


@click.command("catalog")
@click.option("--rebuild", is_flag=True, help="Make it anew from git, now.")
@click.option(
    "--boilerplate", is_flag=True, help="List the sentences that many articles have instead."
)
@json_option
def command(rebuild: bool, boilerplate: bool, as_json: bool) -> None:
    """Show the state of the catalog: where it is, what it holds, how far it is behind.

    The catalog is a SQLite file inside the git directory, made from git and brought up to date by
    the commands that use it. It may be deleted at any time. Other tools may read it: see
    docs/catalog.md.

    A sentence that many articles have is boilerplate: a change to it alone is none of substance.
    tracker.toml adds sentences and takes some out: see docs/catalog.md.
    """
    from tracker.render.history import state_lines
    from tracker.render.plain import printed

    room = open_newsroom()
    if rebuild:
        with progress_bar("Reading commits") as progress:
            state = room.rebuild_catalog(progress)
    else:
        state = room.catalog()
    if boilerplate:
        _list_boilerplate(room, as_json=as_json)
    elif as_json:
        print_json(printed(**state._asdict()))
    else:
        click.echo("\n".join(state_lines(state)))


def _list_boilerplate(room: Newsroom, *, as_json: bool) -> None:
    from tracker.render.plain import printed, visible

    with progress_bar("Counting what articles repeat") as progress:
        found = room.boilerplate(progress)
    if as_json:
        listed = [{"sentence": words, "articles": number} for words, number in found.sentences]
        print_json(printed(sequences=len(found.sequences), sentences=listed))
        return
    for words, number in found.sentences:
        counted = f"{number:,}" if number else "added"
        click.echo(f"{counted:>7}  {visible(words)}")
    if not found.sentences:
        click.echo("No sentence stands in many articles.", err=True)
