"""``tracker catalog``."""

from __future__ import annotations

import click

from tracker.cli.common import json_option, open_newsroom, print_json, progress_bar


@click.command("catalog")
@click.option("--rebuild", is_flag=True, help="Make it anew from git, now.")
@json_option
def command(rebuild: bool, as_json: bool) -> None:
    """Show the state of the catalog: where it is, what it holds, how far it is behind.

    The catalog is a SQLite file inside the git directory, made from git and brought up to date by
    the commands that use it. It may be deleted at any time. Other tools may read it: see
    docs/catalog.md.
    """
    from tracker.render.history import state_lines
    from tracker.render.plain import printed

    room = open_newsroom()
    if rebuild:
        with progress_bar("Reading commits") as progress:
            state = room.rebuild_catalog(progress)
    else:
        state = room.catalog()
    if as_json:
        print_json(printed(**state._asdict()))
    else:
        click.echo("\n".join(state_lines(state)))
