"""``tracker blame``."""

from __future__ import annotations

import click

from tracker.cli.common import (
    article_argument,
    json_option,
    open_newsroom,
    paged,
    print_json,
    write_page,
)


@click.command("blame")
@article_argument()
@click.argument("rev", default="latest")
@click.option("--removed", is_flag=True, help="Show what was taken out, and by which revision.")
@click.option("--html", "html", metavar="FILE", help="Write a page that shows the passages.")
@click.option("--all", "whole", is_flag=True, help="Show the front matter too.")
@json_option
def command(
    article: str, rev: str, removed: bool, html: str | None, whole: bool, as_json: bool
) -> None:
    """Show which revision first brought each passage of ARTICLE, with that revision's note.

    Passages keep their revision through edits around them, through moves, and through deletion
    and return.
    """
    from tracker.render import blame as face

    room = open_newsroom(past=True)
    found = room.blame(article, rev)
    if as_json:
        print_json(face.as_object(found))
    elif html is not None:
        write_page(html, found.article.headline, face.html(found, room.settings))
    elif removed:
        paged(face.removals(found, room.settings))
    else:
        paged(face.text(found, room.settings, whole=whole))
