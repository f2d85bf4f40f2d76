"""``tracker footer``."""

from __future__ import annotations

import click

from tracker.cli.common import article_argument, json_option, open_newsroom, print_json, warn
from tracker.render.visible import visible


@click.command("footer")
@article_argument()
@click.option("--write", is_flag=True, help="Put the lines into the article's file on disk.")
@json_option
def command(article: str, write: bool, as_json: bool) -> None:
    """Print the update lines of ARTICLE in house style."""
    room = open_newsroom()
    changed, gone = room.write_footer(article) if write else (False, ())
    lines = room.footer(article)
    if as_json:
        print_json({"footer": lines, "written": changed, "replaced": gone})
        return
    for line in lines:
        click.echo(line)
    if not lines:
        warn("the article has no notes.")
    for line in gone:
        warn(f"made anew, because the notes do not say so: {visible(line)}")
    if write:
        warn("written; record it with tracker record." if changed else "the lines stood already.")
