"""``tracker restore``."""

from __future__ import annotations

import click

from tracker.cli.common import (
    article_argument,
    at_option,
    by_option,
    done,
    json_option,
    open_newsroom,
    print_json,
)
from tracker.cli.note import NoteCommand, edit_draft, note_options, told_from
from tracker.model import Kind, Revision
from tracker.newsroom.newsroom import Newsroom
from tracker.render.plain import printed, visible


@click.command("restore", cls=NoteCommand)
@article_argument()
@click.argument("rev")
@note_options
@at_option
@by_option
@json_option
def command(
    article: str, rev: str, at: str | None, by: str | None, as_json: bool, **notes: str | None
) -> None:
    """Make version REV of ARTICLE current again, as a new revision.

    The notes that readers got since then stay under the article.
    """
    room = open_newsroom()

    def ask(kind: Kind) -> str:
        change = room.compare(room.show(article), room.show(article, rev))
        return edit_draft(room.workspace, change, kind)

    revision = room.restore(article, rev, told_from(notes, ask), at=at, by=by)
    with done():
        _report(room, article, revision, as_json=as_json)


def _report(room: Newsroom, article: str, revision: Revision, *, as_json: bool) -> None:
    from tracker.render.history import heading

    if as_json:
        life = room.life(article, compared=False)
        standing = sorted(life.notes, key=lambda note: note.at)
        print_json(printed(article=life.article, revisions=[revision], notes=standing))
        return
    click.echo(f"Restored {visible(revision.path)}: {heading(revision, room.settings)}")
