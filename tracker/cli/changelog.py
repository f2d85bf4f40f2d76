"""``tracker changelog``."""

from __future__ import annotations

import click

from tracker.cli.common import ARTICLE, json_option, open_newsroom, progress_bar, warn


@click.command("changelog")
@click.argument("article", required=False, type=ARTICLE, metavar="[ARTICLE]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json"]),
    default="text",
    show_default=True,
    help="How it is written; HTML is a fragment for a page.",
)
@click.option("--notes", "notes_only", is_flag=True, help="Only what readers were told.")
@json_option
def command(article: str | None, form: str, notes_only: bool, as_json: bool) -> None:
    """Print the dated changelog of ARTICLE, or the notes of the whole newsroom, newest first."""
    from tracker.render import changelog as face

    room = open_newsroom()
    with progress_bar("Reading articles") as progress:
        entries = room.changelog(article, progress)
    if notes_only:
        entries = tuple(entry for entry in entries if entry.what == "note")
    if not entries:
        warn("there is nothing in the changelog yet.")
    of = None
    if article is not None:
        of = entries[0].article if entries else room.life(article, compared=False).article
    click.echo(face.write(entries, "json" if as_json else form, room.settings, of), nl=False)
