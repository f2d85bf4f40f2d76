"""``tracker footer``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tracker.cli.common import article_argument, json_option, open_newsroom, print_json, warn
from tracker.render.plain import encodable, printed, visible

if TYPE_CHECKING:
    from tracker.model import Article
    from tracker.newsroom.newsroom import Newsroom


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
        of = _article(room, article)
        print_json(printed(article=of, footer=lines, written=changed, replaced=gone))
        return
    for line in lines:
        # What goes into a file or a clipboard keeps the marks that right-to-left scripts need.
        click.echo(visible(line) if sys.stdout.isatty() else encodable(line))
    if not lines:
        warn("the article has no notes.")
    for line in gone:
        warn(f"made anew, because the notes do not say so: {visible(line)}")
    if write:
        warn("written; record it with tracker record." if changed else "the lines stood already.")


def _article(room: Newsroom, name: str) -> Article:
    """The article as its file on disk is, which may not be recorded yet."""
    from tracker.newsroom.names import locate
    from tracker.newsroom.revisions import article_of
    from tracker.text.document import decode, parse

    path = locate(room.workspace, name, new=True)
    data = room.workspace.read_if_there(path)
    text = decode(room.content(path) if data is None else data)[0]
    return article_of(path, parse(text).headline)
