"""What ``tracker record`` says and does where another editor was at the article."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from tracker.cli.common import print_json
from tracker.errors import TrackerError
from tracker.model import Revision
from tracker.newsroom.recorded import recorded_together
from tracker.newsroom.together import Against, ChangedMeanwhile
from tracker.render.plain import printed
from tracker.render.visible import visible
from tracker.store.files import write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracker.newsroom.newsroom import Newsroom
    from tracker.newsroom.workspace import Workspace
    from tracker.newsroom.writing import Prepared

_SHOWN = 30  # lines of the comparison


def against(
    base: str | None, names: Sequence[str], *, merge: bool, anyway: bool, conflicts: str | None
) -> Against:
    """What the options of the command mean."""
    if merge and anyway:
        raise TrackerError(
            "--merge takes over what others wrote, --anyway does not.", "Choose one of them."
        )
    if conflicts is not None and not merge:
        raise TrackerError(
            "--conflicts is for passages that --merge cannot bring together.", "Add --merge."
        )
    if base is not None and len(names) != 1:
        raise TrackerError("--base is a revision of one article.", "Name that one ARTICLE.")
    return Against(base, "merge" if merge else "anyway" if anyway else "refuse")


def commit_all(
    room: Newsroom,
    names: Sequence[str],
    prepare: Callable[[Workspace, str, Against | None], Prepared],
    against: Against,
) -> list[tuple[Prepared, Revision]]:
    """Record each article, again where another editor comes between and that may be."""

    def of(name: str) -> Callable[[Workspace, Against | None], Prepared]:
        return lambda here, chosen: prepare(here, name, chosen)

    done = []
    for name in names:
        recording, revision, room.workspace = recorded_together(room.workspace, of(name), against)
        done.append((recording, revision))
    return done


def told(recording: Prepared) -> None:
    """Name the revisions that were merged or gave way."""
    for revisions, said in ((recording.merged, "Merged with"), (recording.over, "In place of")):
        for each in revisions:
            who = visible(each.person.name)
            click.echo(f"  {said} revision {each.number} by {who}, commit {each.commit[:10]}.")


def end(error: TrackerError, conflicts: str | None, *, as_json: bool) -> NoReturn:
    """Say what came between, and what it changed; the exit status is 2."""
    if not isinstance(error, ChangedMeanwhile):
        raise error
    between = error.between
    if as_json:
        print_json(
            printed(
                meanwhile={
                    "article": between.article,
                    "base": between.base,
                    "revisions": between.revisions,
                    "change": between.change,
                    "collisions": error.collisions,
                }
            )
        )
    click.echo(f"tracker: {visible(error.sentence)}", err=True)
    hint = error.hint
    if error.collisions:
        for line in _collision_lines(error):
            click.echo(line, err=True)
        if conflicts is not None and error.merged is not None:
            write_file(Path(conflicts), error.merged, new=True)
            name = visible(conflicts)
            article = visible(between.article.path)
            again = f"tracker record {article} --file {name} --base latest"
            hint = f"Settle them in {name}, then: {again}"
    else:
        _show_change(error)
    click.echo(f"  {visible(hint)}", err=True)
    raise click.exceptions.Exit(2)


def _collision_lines(error: ChangedMeanwhile) -> list[str]:
    lines = []
    for each in error.collisions:
        parts = (("before", each.base), ("yours", each.ours), ("theirs", each.theirs))
        lines += [
            f"  {name + ':':<8}{visible(' '.join(text.split())) or '(nothing)'}"
            for name, text in parts
        ]
        lines.append("")
    return lines


def _show_change(error: ChangedMeanwhile) -> None:
    from tracker.render import terminal_diff

    between = error.between
    for each in between.revisions[:-1]:
        click.echo(
            f"  before that, {visible(each.person.name)}: revision {each.number}, "
            f"+{each.words_added} −{each.words_removed} words, commit {each.commit[:10]}",
            err=True,
        )
    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    written = terminal_diff.text(
        between.change, between.old, between.new, color=color, context=0
    ).splitlines()
    for line in written[:_SHOWN]:
        click.echo(f"  {line}".rstrip(), err=True, color=color)
    if len(written) > _SHOWN:
        click.echo(
            f"  … all of it: tracker diff {visible(between.article.path)} {between.base}", err=True
        )
