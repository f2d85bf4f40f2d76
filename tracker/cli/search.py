"""``tracker search``."""

from __future__ import annotations

import click

from tracker.cli.common import json_option, open_newsroom, paged, print_json, progress_bar, warn
from tracker.model import KINDS, Kind


@click.command("search")
@click.argument("words", nargs=-1, required=True, metavar="WORDS…")
@click.option("--kind", type=click.Choice(KINDS), help="Only in notes of this kind.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="So many."
)
@click.option("--older", is_flag=True, help="Look into older versions too.")
@click.option("--since", metavar="DATE", help="Only what is of that day, month or year, or later.")
@click.option("--until", metavar="DATE", help="Only what came before the end of it.")
@json_option
def command(
    words: tuple[str, ...],
    kind: Kind | None,
    limit: int,
    older: bool,
    since: str | None,
    until: str | None,
    as_json: bool,
) -> None:
    """Find WORDS in headlines, notes and the current texts of all articles.

    Articles that have them in the headline come first, then the best.

    All of them must stand in one place. Case and accents do not count. '"two words"' in quotes
    must follow each other; 'correct*' stands for every ending. With --older, what an article had
    and has no more is found too, with the revision that took it out: when did this sentence go?
    """
    from tracker.newsroom.names import period_end, period_start
    from tracker.render.history import hit_lines
    from tracker.render.plain import printed

    room = open_newsroom()
    typed = " ".join(words)
    if not any(each.isalnum() for each in typed):
        raise click.UsageError("There is no word to look for.")
    with progress_bar("Reading articles") as progress:
        found = room.search_articles(
            typed,
            limit,
            kind=kind,
            since=period_start(room.workspace, since) if since else None,
            until=period_end(room.workspace, until) if until else None,
            older=older,
            progress=progress,
        )
    hits = [hit for each in found for hit in each.hits]
    if as_json:
        print_json(printed(words=typed, hits=hits))
        return
    if not hits:
        warn("nothing was found.")
    paged(hit_lines(found, room.settings))
