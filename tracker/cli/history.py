"""``tracker history``."""

from __future__ import annotations

import click

from tracker.cli.common import (
    ARTICLE,
    json_option,
    open_newsroom,
    paged,
    print_json,
    progress_bar,
    warn,
)


@click.command("history")
@click.argument("article", required=False, type=ARTICLE, metavar="[ARTICLE]")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), help="Show this many of the newest revisions."
)
@click.option("--substantive", is_flag=True, help="Show only what changes a reader's belief.")
@click.option("--reverse", is_flag=True, help="Oldest first.")
@json_option
def command(
    article: str | None, limit: int | None, substantive: bool, reverse: bool, as_json: bool
) -> None:
    """Show the revisions of ARTICLE with their notes, or the newsroom's latest revisions.

    Newest first: number, when, who, words added and removed, and whether a reader of the version
    before would now believe something else, with the reason.
    """
    from tracker.render import history as face

    room = open_newsroom()
    if room.repository.shallow:
        warn(
            "this clone is shallow: older revisions are missing. Fetch them: git fetch --unshallow"
        )
    if article is None:
        with progress_bar("Reading articles") as progress:
            latest = room.latest(limit or 20, progress)
        if as_json:
            print_json(face.latest_object(latest, shallow=room.repository.shallow))
        else:
            paged(face.latest_lines(latest, room.settings))
        return
    life = room.life(article, newest=limit)
    if as_json:
        print_json(face.history_object(life, limit=limit, substantive=substantive))
        return
    paged(
        face.history_lines(
            life, room.settings, limit=limit, substantive=substantive, reverse=reverse
        )
    )
