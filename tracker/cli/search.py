"""``tracker search``."""

from __future__ import annotations

import click

from tracker.cli.common import json_option, open_newsroom, paged, print_json, progress_bar, warn
from tracker.model import KINDS


@click.command("search")
@click.argument("words", nargs=-1, required=True, metavar="WORDS…")
@click.option("--kind", type=click.Choice(KINDS), help="Only in notes of this kind.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="So many."
)
@json_option
def command(words: tuple[str, ...], kind: str | None, limit: int, as_json: bool) -> None:
    """Find WORDS in headlines, notes and the current texts of all articles, best first.

    All of them must stand in one place. Case and accents do not count. '"two words"' in quotes
    must follow each other; 'correct*' stands for every ending.
    """
    from tracker.render.history import hit_lines
    from tracker.render.plain import printed

    room = open_newsroom()
    typed = " ".join(words)
    if not any(each.isalnum() for each in typed):
        raise click.UsageError("There is no word to look for.")
    with progress_bar("Reading articles") as progress:
        hits = room.search(typed, limit, kind=kind, progress=progress)  # type: ignore[arg-type]
    if as_json:
        print_json(printed(words=typed, hits=hits))
        return
    if not hits:
        warn("nothing was found.")
    paged(hit_lines(hits, room.settings))
