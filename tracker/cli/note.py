"""``tracker note``, and what readers are told in every command: the kinds, their words, drafts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tracker.cli.common import (
    article_argument,
    at_option,
    by_option,
    done,
    json_option,
    open_newsroom,
    print_json,
    together,
)
from tracker.errors import TrackerError
from tracker.model import KINDS, Change, Kind, Note, Revision
from tracker.newsroom.note_editor import no_such_note
from tracker.render.plain import printed, visible

if TYPE_CHECKING:
    from tracker.house.draft import Drafter, NoteDraft
    from tracker.newsroom.newsroom import Newsroom
    from tracker.newsroom.workspace import Workspace

Function = TypeVar("Function", bound=Callable[..., Any])

ASK = "\0ask"
"""Stands for a kind that was given without words: the editor opens."""

_HELP: dict[Kind, str] = {
    "update": "New information.",
    "correction": "Something was wrong.",
    "clarification": "Something was right and could be misread.",
    "editors-note": "Something about how the article was made.",
    "retraction": "The article no longer stands.",
    "refile": "A small fix that is still told.",
}


_TYPED = "\0"
"""Put before words that begin with a hyphen: no argument of a command can hold it."""


class NoteCommand(click.Command):
    """A command whose words for readers may begin with a hyphen: --correction "-5 degrees"."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, after what cannot be an option was marked as words."""
        known = {name for each in self.params for name in (*each.opts, *each.secondary_opts)}
        return super().parse_args(ctx, list(_marked(args, known | {"-h", "--help"})))


def _marked(args: Sequence[str], known: set[str]) -> Iterator[str]:
    kinds = [f"--{kind}" for kind in KINDS]
    rest = list(args)
    while rest:
        word = rest.pop(0)
        name, equals, words = word.partition("=")
        if word == "--":
            yield from (word, *rest)
            return
        if name in kinds and not equals and rest and not _is_option(rest[0], known):
            name, equals, words = word, "=", rest.pop(0)
        if name in kinds and equals:
            yield f"{name}={_TYPED}{words}"
        elif name == "--amend" and "--amend-words" in known:
            if not equals and (not rest or _is_option(rest[0], known)):
                raise click.UsageError("--amend needs the ID of a note: tracker note lists them.")
            one = words if equals else rest.pop(0) if rest else ""
            yield f"--amend={one}"
            told = any(each.partition("=")[0] in kinds for each in args)
            if not told and rest and not _is_option(rest[0], known):
                yield f"--amend-words={_TYPED}{rest.pop(0)}"
        else:
            yield word


def _is_option(word: str, known: set[str]) -> bool:
    """Whether a word is one of the options, alone, with a value behind "=", or glued to one."""
    if not word.startswith("-") or word == "-":
        return False
    short = not word.startswith("--") and word[:2] in known and not word[1].isdigit()
    return word.partition("=")[0] in known or short


note_options = together(
    *(
        click.option(f"--{kind}", metavar="TEXT", is_flag=False, flag_value=ASK, help=_HELP[kind])
        for kind in KINDS
    )
)
"""``--update``, ``--correction`` and the other kinds, each with the words for readers."""


def told_from(
    options: Mapping[str, str | None], ask: Callable[[Kind], str]
) -> list[tuple[Kind, str]]:
    """The kinds and words that were given; ``ask`` brings the words of a kind without any."""
    told = []
    for kind in KINDS:
        words = options[kind.replace("-", "_")]
        if words is None:
            continue
        told.append((kind, ask(kind) if words == ASK else words.removeprefix(_TYPED)))
    return told


def edit_draft(workspace: Workspace, change: Change | None, kind: Kind) -> str:
    """What the person made of a draft in the editor. Raises ``TrackerError`` for no words."""
    from tracker.house.draft import draft, editor_text

    style = workspace.settings.style
    written = draft(change, kind, style, installed_drafter()) if change is not None else None
    return edited(workspace, editor_text(written, kind, style), kind)


def edited(workspace: Workspace, opened: str, kind: Kind) -> str:
    """The words that the person saved in the editor, which opens on ``opened``.

    Raises ``TrackerError`` where no editor can open, and for no words.
    """
    from tracker.house.draft import from_editor

    hint = f"Give the words: --{kind} TEXT"
    git = workspace.repository.git
    named = any(os.environ.get(each) for each in ("GIT_EDITOR", "VISUAL", "EDITOR"))
    if not named and not (sys.stdin and sys.stdin.isatty()):
        named = bool(git.run("config", "core.editor", accept=(0, 1)))
        if not named:
            raise TrackerError("There is no terminal for an editor to open in.", hint)
    editor = git.text("var", "GIT_EDITOR")
    try:
        saved = click.edit(opened, editor=editor, extension=".txt", require_save=True)
    except click.ClickException:
        raise TrackerError(
            f"The editor “{editor}” could not open the draft, so nothing was recorded.",
            f"{hint}; or name another editor: export EDITOR=nano",
        ) from None
    words = from_editor(saved) if saved is not None else ""
    if not words:
        raise TrackerError(
            "The note has no words, so nothing was recorded.",
            f"Save the draft in the editor, or give the words: --{kind} TEXT",
        )
    return words


def installed_drafter() -> Drafter | None:
    """Other software that words drafts: what is installed as ``tracker.drafter``, if anything.

    A package offers it as an entry point of that group: a function from a Change to the words of
    the note. Only what is installed beside this program is asked, never what a repository says.
    """
    from importlib.metadata import entry_points

    for entry in entry_points(group="tracker.drafter"):
        drafter: Drafter = entry.load()
        return drafter
    return None


@click.command("note", cls=NoteCommand)
@article_argument()
@note_options
@at_option
@by_option
@click.option("--covers", metavar="REV", help="The revision that the note tells of.")
@click.option(
    "--amend",
    metavar="ID [TEXT]",
    help="Replace a note by new words; with a kind and its words, by a note of that kind.",
)
@click.option("--amend-words", hidden=True, help="The TEXT of --amend.")
@click.option("--withdraw", metavar="ID", help="Take a note back; the record keeps it.")
@click.option("--draft", "draft_only", is_flag=True, help="Print a draft, and write nothing.")
@json_option
def note(
    article: str,
    at: str | None,
    by: str | None,
    covers: str | None,
    amend: str | None,
    amend_words: str | None,
    withdraw: str | None,
    draft_only: bool,
    as_json: bool,
    **notes: str | None,
) -> None:
    """Tell readers of what is already out, in a revision that touches the notes alone.

    Without options, the notes of ARTICLE are listed with their ids.
    """
    room = open_newsroom()
    kinds = [kind for kind in KINDS if notes[kind.replace("-", "_")] is not None]
    if withdraw is not None and (amend is not None or (kinds and not draft_only)):
        raise TrackerError(
            "A note is withdrawn, or another one told.", "Run tracker note once for each."
        )
    if amend is not None and len(kinds) + (amend_words is not None) > 1:
        raise TrackerError(
            "A note is replaced by one other.", "Give TEXT, or one kind with its words."
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
        made = [room.withdraw(article, withdraw, at=at, by=by)]
    elif amend is not None:
        other, words = _amendment(room, article, amend, amend_words, kinds, notes)
        made = [room.note(article, words, other, at=at, by=by, covers=covers, amends=amend)]
    else:
        told = told_from(
            notes, lambda kind: edit_draft(room.workspace, room.change_to_tell(article), kind)
        )
        made = [
            room.note(article, words, kind, at=at, by=by, covers=covers) for kind, words in told
        ]
    with done() if made else nullcontext():
        _report(room, article, made, as_json=as_json)


def _amendment(
    room: Newsroom,
    article: str,
    wanted: str,
    words: str | None,
    kinds: Sequence[Kind],
    notes: Mapping[str, str | None],
) -> tuple[Kind | None, str]:
    """The kind, None for that of the note that stands, and the words of what replaces it."""
    if words is not None:
        return None, words.removeprefix(_TYPED)
    kind = kinds[0] if kinds else None
    given = ASK if kind is None else notes[kind.replace("-", "_")] or ASK
    if given != ASK:
        return kind, given.removeprefix(_TYPED)
    standing = room.notes(article)
    note = next((each for each in standing if each.id == wanted), None)
    if note is None:
        raise no_such_note(wanted, standing)
    from tracker.house.draft import NoteDraft, editor_text

    shown = kind or note.kind
    opened = editor_text(NoteDraft(note.text, ()), shown, room.settings.style)
    return kind, edited(room.workspace, opened, shown)


def notes_object(
    room: Newsroom, article: str, made: Sequence[Revision]
) -> tuple[object, list[Note]]:
    """What ``note --json`` prints after some revisions, and the notes that stand, oldest first."""
    life = room.life(article, compared=False)
    standing = sorted(life.notes, key=lambda note: note.at)
    return printed(article=life.article, revisions=made, notes=standing), standing


def _report(room: Newsroom, article: str, made: Sequence[Revision], *, as_json: bool) -> None:
    found, standing = notes_object(room, article, made)
    if as_json:
        print_json(found)
        return
    from tracker.render.history import heading, note_lines

    for revision in made:
        click.echo(f"Recorded {visible(revision.path)}: {heading(revision, room.settings)}")
    for line in note_lines(standing, room.settings):
        click.echo(line)
    if not standing:
        click.echo("The article has no notes.")


def _draft(room: Newsroom, article: str, notes: dict[str, str | None]) -> tuple[Kind, NoteDraft]:
    given: list[Kind] = [kind for kind in KINDS if notes[kind.replace("-", "_")] is not None]
    kind = given[0] if given else "update"
    written = room.draft(article, kind, installed_drafter())
    if written is None:
        raise TrackerError(
            "There is no change to write a note about.", "Record a second revision first."
        )
    return kind, written
