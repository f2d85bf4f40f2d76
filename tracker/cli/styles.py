"""``tracker styles``."""

from __future__ import annotations

import click


@click.command("styles")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the house styles, or print the file of one, to start an own style from."""
    from tracker.house import style

    if name is not None:
        click.echo(style.source(name), nl=False)
        return
    for each in style.names():
        click.echo(each)
