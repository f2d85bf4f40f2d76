"""``tracker history``."""

from __future__ import annotations

import click

from tracker.cli.common import (
    ARTICLE,
    Narrowing,
    json_option,
    narrowing_options,
    open_newsroom,
    paged,
    print_json,
    progress_bar,
    warn,
)
from tracker.errors import TrackerError
from tracker.model import Kind


@click.command("history")
@click.argument("article", required=False, type=ARTICLE, metavar="[ARTICLE]")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), help="Show this many of the newest revisions."
)
@click.option("--substantive", is_flag=True, help="Show only what changes a reader's belief.")
@click.option("--reverse", is_flag=True, help="Oldest first.")
@narrowing_options
@click.option("--deleted", is_flag=True, help="List the articles that were deleted.")
@json_option
def command(
    article: str | None,
    limit: int | None,
    substantive: bool,
    reverse: bool,
    since: str | None,
    until: str | None,
    kind: Kind | None,
    person: str | None,
    deleted: bool,
    as_json: bool,
) -> None:
    """Show the revisions of ARTICLE with their notes, or the newsroom's latest revisions.

    Newest first: number, when, who, words added and removed, and whether a reader of the version
    before would now believe something else, with the reason.
    """
    from tracker.render import history as face

    room = open_newsroom(past=True)
    narrowing = Narrowing(room, since, until, kind, person)
    if deleted:
        if article is not None:
            raise TrackerError("--deleted lists articles.", "Leave out ARTICLE, or --deleted.")
        gone = [
            each
            for each in room.deleted()
            if narrowing.within(each[1].at) and narrowing.by(each[1].person.name)
        ]
        if as_json:
            print_json(face.deleted_object(gone))
        else:
            paged(face.deleted_lines(gone[:limit], room.settings))
            if not gone:
                warn("no article was deleted.")
        return
    if article is None:
        for line in room.taken_and_left():
            warn(line)
        selection = narrowing.selection(substantive=True if substantive else None)
        with progress_bar("Reading articles") as progress:
            latest = room.latest(limit or 20, progress, selection=selection)
        if not latest and (wrong := room.workspace.nothing_to_look_at()):
            raise wrong
        latest = latest[::-1] if reverse else latest
        if as_json:
            print_json(face.latest_object(latest, shallow=room.repository.shallow))
        else:
            paged(face.latest_lines(latest, room.settings))
            if not latest:
                warn("no revision fits." if narrowing or substantive else "nothing is recorded.")
        return
    life = room.life(article, newest=None if narrowing else limit)
    if narrowing:
        revisions = tuple(each for each in life.revisions if narrowing.of(each))
        quiet = kind is None and person is None
        events = tuple(each for each in life.events if quiet and narrowing.within(each.at))
        life = life._replace(revisions=revisions, events=events)
        if not revisions:
            warn("no revision fits.")
    if as_json:
        print_json(face.history_object(life, limit=limit, substantive=substantive))
        return
    paged(
        face.history_lines(
            life, room.settings, limit=limit, substantive=substantive, reverse=reverse
        )
    )
