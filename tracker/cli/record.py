"""``tracker record``, and ``tracker restore``, which records what stood before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from tracker.cli.common import (
    ARTICLE,
    article_argument,
    at_option,
    by_option,
    collision_lines,
    done,
    has_color,
    json_option,
    open_newsroom,
    print_json,
    read_file,
    standard_input,
    warn,
)
from tracker.cli.note import NoteCommand, edit_draft, note_options, notes_object, told_from
from tracker.errors import TrackerError
from tracker.model import Kind, Revision
from tracker.newsroom.concurrent_edits import Against, ChangedMeanwhile
from tracker.newsroom.record import recorded_together
from tracker.render.plain import printed, visible
from tracker.store.files import write_file

if TYPE_CHECKING:
    from tracker.house.settings import Settings
    from tracker.newsroom.newsroom import Newsroom
    from tracker.newsroom.workspace import Workspace
    from tracker.newsroom.writing import Prepared, Stamp


@click.command("record", cls=NoteCommand)
@click.argument("articles", nargs=-1, type=ARTICLE, metavar="ARTICLE...")
@note_options
@at_option
@by_option
@click.option("-m", "--message", metavar="TEXT", help="The internal commit message.")
@click.option(
    "--file", "file", metavar="PATH|-", help="Take the new text from a file, or from stdin."
)
@click.option("--all", "every", is_flag=True, help="Record every changed article.")
@click.option("--covers", metavar="REV", help="The earlier revision that the note tells of.")
@click.option(
    "--footer/--no-footer",
    default=None,
    help="Put the update lines into the body, or leave it as it is. Default: as the settings say.",
)
@click.option(
    "--base", metavar="REV", help="The revision or commit that the text was written against."
)
@click.option("--merge", is_flag=True, help="Take over what others recorded since then.")
@click.option("--anyway", is_flag=True, help="Record it in place of what others recorded since.")
@click.option(
    "--conflicts", metavar="FILE", help="With --merge: a new file for what cannot be merged."
)
@click.option("--dry-run", is_flag=True, help="Show note, footer and diff, and write nothing.")
@json_option
def record(
    articles: tuple[str, ...],
    at: str | None,
    by: str | None,
    message: str | None,
    file: str | None,
    every: bool,
    covers: str | None,
    footer: bool | None,
    base: str | None,
    merge: bool,
    anyway: bool,
    conflicts: str | None,
    dry_run: bool,
    as_json: bool,
    **notes: str | None,
) -> None:
    """Record one revision of each ARTICLE, with the note for readers.

    A note is a whole sentence, or “to add …”, which gets the house's lead. With a kind and no
    text, the editor opens on a draft made from the change.
    """
    room = open_newsroom()
    from tracker.newsroom import writing

    names = _names(room, articles, every=every, file=file)
    stamp = writing.Stamp(at, by, message, covers)
    text = _text(file)
    against = None
    if base is not None or merge or anyway or conflicts is not None:
        against = _against(base, names, merge=merge, anyway=anyway, conflicts=conflicts)

    def prepare(here: Workspace, name: str, against: Against | None) -> Prepared:
        told = told_from(notes, partial(_draft, here, name, text, stamp, against))
        return writing.prepare(here, name, text, told, stamp, footer=footer, against=against)

    try:
        if against is not None and not dry_run:
            made = _commit_all(room, names, prepare, against)
        else:
            prepared = [prepare(room.workspace, name, against) for name in names]
            if dry_run:
                _show(prepared, room.settings, as_json=as_json)
            for each in prepared:
                _say_untold(room, each)
            if dry_run:
                return
            # Whoever tells readers what changed is not told what it means.
            made = [
                (each, room.commit(each, judged=as_json or not each.notes)) for each in prepared
            ]
    except TrackerError as error:
        if not hasattr(error, "between"):
            raise
        _end(error, conflicts, as_json=as_json)
    with done():
        if as_json:
            print_json(printed(recorded=[_told(each, revision) for each, revision in made]))
            return
        for each, revision in made:
            _report(room, each, revision)


def _names(
    room: Newsroom, articles: tuple[str, ...], *, every: bool, file: str | None
) -> list[str]:
    if every and articles:
        raise TrackerError("--all records every changed article.", "Leave out ARTICLE, or --all.")
    if file is not None and len(articles) != 1:
        raise TrackerError("--file is the text of one article.", "Name that one ARTICLE.")
    if every:
        changed = room.changed()
        if not changed:
            click.echo("Nothing to record: no article has changed.")
        return changed
    if not articles:
        raise TrackerError("Which article?", "Name one or more, or use --all.")
    return list(dict.fromkeys(articles))


def _text(file: str | None) -> bytes | None:
    if file is None:
        return None
    return (
        standard_input().read() if file == "-" else read_file(file, "Check the path after --file.")
    )


def _draft(
    workspace: Workspace,
    name: str,
    text: bytes | None,
    stamp: Stamp,
    against: Against | None,
    kind: Kind,
) -> str:
    from tracker.newsroom.writing import prepare

    recording = prepare(workspace, name, text, (), stamp, against=against)
    return edit_draft(workspace, recording.change, kind)


def _show(prepared: list[Prepared], settings: Settings, *, as_json: bool) -> None:
    if as_json:
        print_json(printed(would_record=[_told(each, None) for each in prepared]))
        return
    from tracker.cli.diff import show_change
    from tracker.newsroom.bases import End

    for each in prepared:
        if each.unchanged:
            click.echo(f"{visible(each.path)} is unchanged: nothing would be recorded.")
            continue
        moved = f", moved from {visible(each.moved_from)}" if each.moved_from else ""
        did = "take down" if each.deleted else "record"
        click.echo(f"Would {did} {visible(each.path)}{moved}:")
        for note in each.notes:
            click.echo(f"  {note.kind}: {visible(note.text)}")
        if each.lines:
            click.echo("Footer:")
        for line in each.lines:
            click.echo(f"  {visible(line)}")
        if each.change is not None and each.before is not None:
            show_change(each.change, End(each.before), End(each.text), settings=settings)


def _told(recording: Prepared, revision: Revision | None) -> dict[str, object]:
    from tracker.newsroom.revisions import article_of
    from tracker.text.document import parse

    return {
        "article": article_of(recording.path, parse(recording.text).headline),
        "unchanged": recording.unchanged,
        "revision": revision,
        "at": recording.at,
        "person": recording.person,
        "notes": recording.notes,
        "footer": recording.lines,
        "change": recording.change,
        "merged": recording.merged,
        "over": recording.over,
        "moved_from": recording.moved_from,
        "deleted": recording.deleted,
    }


def _report(room: Newsroom, recording: Prepared, revision: Revision) -> None:
    if recording.unchanged:
        name = visible(recording.path)
        click.echo(f"{name} is unchanged since revision {revision.number}: nothing recorded.")
        return
    from tracker.render.history import heading

    name = visible(recording.path)
    if recording.moved_from is not None:
        name = f"{name}, moved from {visible(recording.moved_from)}"
    if recording.deleted:
        click.echo(f"Took down {name}, whose last is {heading(revision, room.settings)}")
    elif recording.moved_from is not None and revision.path != recording.path:
        click.echo(f"Recorded {name}: revision {revision.number} goes on unchanged")
        return
    else:
        click.echo(f"Recorded {name}: {heading(revision, room.settings)}")
    for line in recording.lines if recording.notes else ():
        click.echo(f"  {visible(line)}")
    for note in revision.notes:
        click.echo(f"  (note {visible(note.id)})")
    if recording.merged or recording.over:
        _say_who(recording)
    _tell_backdated(room, revision)
    if revision.substantive and revision.published and not recording.notes:
        why = f" ({_several(revision.reasons)})" if revision.reasons else ""
        warn(
            f"this changes what readers believe, and tells them nothing{why}.\n"
            f"  Say it: tracker note {recording.path} --update TEXT, or --correction TEXT"
        )


def _several(sentences: Sequence[str]) -> str:
    """The first two of some sentences, and how many more there are."""
    more = f"; and {len(sentences) - 2} more" if len(sentences) > 2 else ""
    return visible("; ".join(sentences[:2])) + more


def _say_untold(room: Newsroom, recording: Prepared) -> None:
    """Say, before it goes out, which facts changed that the note does not name."""
    from tracker.policy.notes import tells_of_facts, undated, untold

    notes = [note for note in recording.notes if tells_of_facts(note)]
    if not notes or recording.change is None:
        return
    missing = untold(recording.change.why, " ".join(map(undated, notes)), room.settings.language)
    if missing:
        warn(
            f"the note does not tell of all that changed:"
            f" {_several([each.sentence for each in missing])}.\n"
            f"  Tell it too: tracker note {visible(recording.path)} --amend {notes[-1].id} TEXT"
        )


def _tell_backdated(room: Newsroom, revision: Revision) -> None:
    """Say where a revision comes before the one before it: by a slip, or a clock that went back."""
    if revision.number < 2:
        return
    versions = room.track(revision.path).versions[: revision.number - 1]
    later = max(versions, key=lambda version: version.at)
    if revision.at < later.at:
        at = room.settings.stamp(later.at)
        warn(
            f"this revision is dated before revision {versions.index(later) + 1}, which is of "
            f"{at}: readers of that time are told to have seen the older text.\n"
            "  Where that is not so, record it again with a right --at."
        )


# --- where another editor was at the article ----------------------------------------------------


_SHOWN = 30  # lines of the comparison


def _against(
    base: str | None, names: Sequence[str], *, merge: bool, anyway: bool, conflicts: str | None
) -> Against:
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


def _commit_all(
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


def _say_who(recording: Prepared) -> None:
    """Name the revisions that were merged or gave way."""
    for revisions, said in ((recording.merged, "Merged with"), (recording.over, "In place of")):
        for each in revisions:
            who = visible(each.person.name)
            click.echo(f"  {said} revision {each.number} by {who}, commit {each.commit[:10]}.")


def _end(error: TrackerError, conflicts: str | None, *, as_json: bool) -> NoReturn:
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
        for each in error.collisions:
            click.echo("\n".join([*collision_lines(each, "yours", "theirs"), ""]), err=True)
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


def _show_change(error: ChangedMeanwhile) -> None:
    from tracker.render import terminal_diff

    between = error.between
    for each in between.revisions[:-1]:
        click.echo(
            f"  before that, {visible(each.person.name)}: revision {each.number}, "
            f"+{each.words_added} −{each.words_removed} words, commit {each.commit[:10]}",
            err=True,
        )
    color = has_color(sys.stderr)
    written = terminal_diff.text(
        between.change, between.old, between.new, color=color, context=0
    ).splitlines()
    for line in written[:_SHOWN]:
        click.echo(f"  {line}".rstrip(), err=True, color=color)
    if len(written) > _SHOWN:
        click.echo(
            f"  … all of it: tracker diff {visible(between.article.path)} {between.base}", err=True
        )


# --- an older version, current again --------------------------------------------------------------


@click.command("restore", cls=NoteCommand)
@article_argument()
@click.argument("rev")
@note_options
@at_option
@by_option
@json_option
def restore(
    article: str, rev: str, at: str | None, by: str | None, as_json: bool, **notes: str | None
) -> None:
    """Make version REV of ARTICLE current again, as a new revision.

    The notes that readers got since then stay under the article.
    """
    from tracker.render.history import heading

    room = open_newsroom()

    def ask(kind: Kind) -> str:
        change = room.compare(room.show(article), room.show(article, rev))
        return edit_draft(room.workspace, change, kind)

    revision = room.restore(article, rev, told_from(notes, ask), at=at, by=by)
    with done():
        if as_json:
            print_json(notes_object(room, article, [revision])[0])
        else:
            said = heading(revision, room.settings)
            click.echo(f"Restored {visible(revision.path)}: {said}")
