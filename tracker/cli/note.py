"""``tracker note``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tracker.cli.common import (
    article_argument,
    at_option,
    by_option,
    json_option,
    open_newsroom,
    print_json,
)
from tracker.cli.notes import edit_draft, installed_drafter, note_options, told_from
from tracker.errors import TrackerError
from tracker.model import KINDS, Kind
from tracker.render.plain import printed
from tracker.render.visible import visible

if TYPE_CHECKING:
    from tracker.house.draft import Draft
    from tracker.newsroom.newsroom import Newsroom


@click.command("note")
@article_argument()
@note_options
@at_option
@by_option
@click.option("--covers", metavar="REV", help="The revision that the note tells of.")
@click.option("--amend", nargs=2, metavar="ID TEXT", help="Replace a note by new words.")
@click.option("--withdraw", metavar="ID", help="Take a note back; the record keeps it.")
@click.option("--draft", "draft_only", is_flag=True, help="Print a draft, and write nothing.")
@json_option
def command(
    article: str,
    at: str | None,
    by: str | None,
    covers: str | None,
    amend: tuple[str, str] | None,
    withdraw: str | None,
    draft_only: bool,
    as_json: bool,
    **notes: str | None,
) -> None:
    """Tell readers of what is already out, in a revision that touches the notes alone.

    Without options, the notes of ARTICLE are listed with their ids.
    """
    room = open_newsroom()
    kinds = [name.replace("_", "-") for name, words in notes.items() if words is not None]
    if sum((amend is not None, withdraw is not None, bool(kinds) and not draft_only)) > 1:
        raise TrackerError(
            "One of --amend, --withdraw and a kind at a time.", "Run tracker note once for each."
        )
    if draft_only:
        from tracker.house.draft import editor_text

        kind, written = _draft(room, article, notes)
        if as_json:
            of = room.life(article, compared=False).article
            draft = {"kind": kind, "text": written.text, "rest": written.rest}
            print_json(printed(article=of, draft=draft))
        else:
            click.echo(visible(editor_text(written, kind, room.settings.style)), nl=False)
        return
    if withdraw is not None:
        done = [room.withdraw(article, withdraw, at=at, by=by)]
    elif amend is not None:
        done = [room.note(article, amend[1], at=at, by=by, covers=covers, amends=amend[0])]
    else:
        told = told_from(
            notes, lambda kind: edit_draft(room.workspace, room.change_to_tell(article), kind)
        )
        done = [
            room.note(article, words, kind, at=at, by=by, covers=covers) for kind, words in told
        ]
    life = room.life(article, compared=False)
    standing = sorted(life.notes, key=lambda note: note.at)
    if as_json:
        print_json(printed(article=life.article, revisions=done, notes=standing))
        return
    from tracker.render.history import heading, note_lines

    for revision in done:
        click.echo(f"Recorded {visible(revision.path)}: {heading(revision, room.settings.zone)}")
    for line in note_lines(standing, room.settings.style, room.settings.zone):
        click.echo(line)
    if not standing:
        click.echo("The article has no notes.")


def _draft(room: Newsroom, article: str, notes: dict[str, str | None]) -> tuple[Kind, Draft]:
    given: list[Kind] = [kind for kind in KINDS if notes[kind.replace("-", "_")] is not None]
    kind = given[0] if given else "update"
    written = room.draft(article, kind, installed_drafter())
    if written is None:
        raise TrackerError(
            "There is no change to write a note about.", "Record a second revision first."
        )
    return kind, written
