"""``tracker show``."""

from __future__ import annotations

import sys

import click

from tracker.cli.common import article_argument, json_option, open_newsroom, paged, print_json
from tracker.render.plain import printed, visible


@click.command("show")
@article_argument()
@click.argument("rev", default="latest")
@click.option("--raw", is_flag=True, help="Print every character as it is, on a terminal too.")
@click.option("--changes", is_flag=True, help="Show what that revision changed.")
@json_option
def command(article: str, rev: str, raw: bool, changes: bool, as_json: bool) -> None:
    """Print a version of ARTICLE, exactly as it was recorded.

    On a terminal, control characters are written out; into a file or a pipe, every byte goes.
    """
    room = open_newsroom()
    if as_json:
        found = room.life(article, compared=False)
        revision = room.revision(article, rev)
        text = room.show(article, revision.number)
        print_json(printed(article=found.article, revision=revision, text=text))
        return
    if not changes:
        if sys.stdout.isatty() and not raw:
            paged([visible(room.show(article, rev)).removesuffix("\n")])
        else:
            click.echo(room.content(article, rev), nl=False)
        return
    from tracker.cli.diff import say_both, show

    old, new = room.made(article, rev)
    say_both(article, old, new)
    show(room.compare(old.text, new.text), old, new, {})
