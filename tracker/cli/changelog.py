"""``tracker changelog``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tracker.cli.common import (
    ARTICLE,
    Narrowing,
    json_option,
    narrowing_options,
    open_newsroom,
    progress_bar,
    warn,
)
from tracker.errors import TrackerError
from tracker.model import Kind

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom


@click.command("changelog")
@click.argument("article", required=False, type=ARTICLE, metavar="[ARTICLE]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json", "atom", "jsonfeed"]),
    default="text",
    show_default=True,
    help="How it is written; HTML is a fragment for a page. A feed, Atom or JSON Feed, has an "
    "entry for each version that readers could see.",
)
@click.option("--notes", "notes_only", is_flag=True, help="Only what readers were told.")
@narrowing_options
@json_option
def command(
    article: str | None,
    form: str,
    notes_only: bool,
    since: str | None,
    until: str | None,
    kind: Kind | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Print the dated changelog of ARTICLE, or the notes of the whole newsroom, newest first."""
    from tracker.render import changelog as face

    room = open_newsroom(past=True)
    narrowing = Narrowing(room, since, until, kind, person)
    if form in ("atom", "jsonfeed") and not as_json:
        if narrowing:
            raise TrackerError("A feed has all that came.", "Leave out --since and the like.")
        click.echo(_feed(room, article, form, notes_only=notes_only), nl=False)
        return
    with progress_bar("Reading articles") as progress:
        entries = room.changelog(article, progress)
    if notes_only:
        entries = tuple(entry for entry in entries if entry.what == "note")
    whole = entries
    entries = tuple(
        entry
        for entry in entries
        if narrowing.within(entry.at)
        and narrowing.by(entry.person)
        and (kind is None or (entry.note is not None and entry.note.kind == kind))
    )
    if whole and not entries:
        warn("nothing of the changelog fits.")
    elif not entries:
        warn("there is nothing in the changelog yet.")
    of = None
    if article is not None:
        of = whole[0].article if whole else room.life(article, compared=False).article
    click.echo(face.write(entries, "json" if as_json else form, room.settings, of), nl=False)


def _feed(room: Newsroom, article: str | None, form: str, *, notes_only: bool) -> str:
    from tracker.render import feed, urls
    from tracker.render.feed import Feed

    where = urls.of_newsroom(room)
    name = "atom.xml" if form == "atom" else "feed.json"
    found: Feed
    if article is None:
        items = feed.newsroom_items(room, where, told_only=notes_only)
        found = feed.newsroom_feed(room, items, where, name, told_only=notes_only)
    else:
        life = room.life(article)
        found = feed.article_feed(life, room.settings, where, name, told_only=notes_only)
    if not found.items:
        warn("there is nothing in the feed yet.")
    return feed.atom(found) if form == "atom" else feed.json_feed(found)
