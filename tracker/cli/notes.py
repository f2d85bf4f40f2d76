"""The options that say what readers are told, shared by ``record``, ``note`` and ``restore``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tracker.errors import TrackerError
from tracker.model import KINDS, Change, Kind

if TYPE_CHECKING:
    from tracker.house.draft import Drafter
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


def note_options(function: Function) -> Function:
    """``--update``, ``--correction`` and the other kinds, each with the words for readers."""
    for kind in reversed(KINDS):
        function = click.option(
            f"--{kind}",
            metavar="TEXT",
            is_flag=False,
            flag_value=ASK,
            help=_HELP[kind],
        )(function)
    return function


def told_from(
    options: Mapping[str, str | None], ask: Callable[[Kind], str]
) -> list[tuple[Kind, str]]:
    """The kinds and words that were given; ``ask`` brings the words of a kind without any."""
    told = []
    for kind in KINDS:
        words = options[kind.replace("-", "_")]
        if words is None:
            continue
        told.append((kind, ask(kind) if words == ASK else words))
    return told


def edit_draft(workspace: Workspace, change: Change | None, kind: Kind) -> str:
    """What the person made of a draft in the editor. Raises ``TrackerError`` for no words."""
    from tracker.house.draft import draft, editor_text, from_editor

    style = workspace.settings.style
    written = draft(change, kind, style, installed_drafter()) if change is not None else None
    opened = editor_text(written, kind, style)
    editor = workspace.repository.git.text("var", "GIT_EDITOR")
    saved = click.edit(opened, editor=editor, extension=".txt", require_save=True)
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
