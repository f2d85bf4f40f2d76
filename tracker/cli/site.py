"""``tracker site``."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.cli.common import base_of, open_newsroom, progress_bar, warn
from tracker.errors import TrackerError
from tracker.house.site import PAGES
from tracker.newsroom import names
from tracker.render.plain import visible


@click.command("site")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--base-url",
    metavar="URL",
    help="Where the site will be: links and feeds are made for it. Default: [site] url in "
    "tracker.toml; without that, links from file to file, which work anywhere, and no feeds.",
)
@click.option(
    "--with",
    "pages",
    multiple=True,
    type=click.Choice(PAGES),
    help="Write these too, which make a site much larger: a page of each version as it stood; "
    "comparisons side by side; the text of each version as it was recorded; what did not change "
    "in a comparison. May be given again. "
    "Default: pages of [site] in tracker.toml.",
)
@click.option(
    "--since",
    metavar="DATE",
    help="Only the articles that changed on this day or after it; a month or year, too.",
)
@click.option("--editors", is_flag=True, help="With the dashboard of what check finds.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that make pages. Default: as many as there are cores.",
)
def command(
    folder: Path,
    base_url: str | None,
    pages: tuple[str, ...],
    since: str | None,
    editors: bool,
    workers: int | None,
) -> None:
    """Write the newsroom's pages into DIR, for any static host.

    The pages are those of tracker serve, without search and filters. Comparisons are those of
    neighboring versions, and of the first with the newest. Run it again after a recording: only
    what changed is written. Files in DIR that tracker did not write are never touched.
    """
    from tracker.web import site

    if since and editors:
        raise TrackerError(
            "The editors' pages tell of all articles, and --since leaves some out.",
            "Leave out --editors or --since.",
        )
    room = open_newsroom(past=True)
    where = base_url or room.settings.site.url
    pages = pages or room.settings.site.pages
    start = names.period_start(room.workspace, since) if since else None
    options = site.SiteOptions(base_of(where) if where else None, editors, workers, pages, start)
    with progress_bar("Writing pages") as progress:
        tally = site.write(room, folder, options, progress)
    for sentence in tally.left:
        warn(sentence)
    click.echo(_said(folder, tally.pages, tally.written, tally.deleted), err=True)


def _said(folder: Path, pages: int, written: int, deleted: int) -> str:
    what = f"{visible(str(folder))} holds {pages:,} files: {written:,} written"
    gone = f", {deleted:,} deleted" if deleted else ""
    return f"{what}, {pages - written:,} unchanged{gone}."
