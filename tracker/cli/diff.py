"""``tracker diff``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tracker.cli.common import (
    has_color,
    here,
    json_option,
    open_newsroom,
    print_json,
    read_file,
    warn,
    write_page,
)
from tracker.errors import TrackerError
from tracker.model import Article, Change
from tracker.newsroom.bases import End

if TYPE_CHECKING:
    from tracker.house.settings import Settings
    from tracker.render.plain import ComparedSide


class Faces(NamedTuple):
    """How a comparison is shown: the options of the command."""

    context: int = 1  # unchanged sentences around a change
    all_edits: bool = False  # white space, reflow and quotation marks too
    color: bool | None = None  # None: as the terminal can
    stat: bool = False
    html: str | None = None  # the file to write a page to
    side_by_side: bool = False
    source: bool = False
    as_json: bool = False


PLAIN = Faces()


@click.command("diff")
@click.argument("article", metavar="ARTICLE")
@click.argument("revs", nargs=-1, metavar="[REV [REV]]")
@click.option("--working", is_flag=True, help="Compare the latest revision with the file on disk.")
@click.option("--files", is_flag=True, help="Compare two plain files: --files OLD NEW.")
@click.option("--stat", is_flag=True, help="Print the numbers only.")
@click.option(
    "-U",
    "--context",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Unchanged sentences to show around a change.",
)
@click.option("--all-edits", is_flag=True, help="Show white space, reflow and quotation marks too.")
@click.option("--html", metavar="FILE", help="Write a page that shows the comparison.")
@click.option("--side-by-side", is_flag=True, help="With --html: old and new in two columns.")
@click.option("--source", is_flag=True, help="With --html: the Markdown as it is, not rendered.")
@click.option("--color/--no-color", default=None, help="Color or none. Default: as the terminal.")
@json_option
def diff(
    article: str,
    revs: tuple[str, ...],
    working: bool,
    files: bool,
    **shown: Any,
) -> None:
    """Show what changed in ARTICLE, word by word.

    Without REV, what the latest revision changed; with one, from REV to the latest; with two,
    between them.
    """
    faces = Faces(**shown)
    if files:
        _show_files(article, revs, faces)
        return
    room = open_newsroom(past=True)
    name = here(article)
    if working:
        if revs:
            raise TrackerError(
                "--working compares the latest revision with the file on disk.",
                "Leave out REV, or --working.",
            )
        old, new = room.pair(name, "latest")[0], End(room.working(name))
    elif len(revs) > 2:
        raise TrackerError("A comparison has two ends.", "Give one or two of REV.")
    else:
        old, new = room.pair(name, *revs)
        if not revs and old.number == new.number:
            warn("the article has one revision: there is nothing to compare it with.")
        say_both(name, old, new)
    show_change(
        room.compare(old.text, new.text),
        old,
        new,
        faces,
        room.article(name, new.text),
        room.settings,
    )


def say_both(article: str, old: End, new: End) -> None:
    """Say what a merge is compared with: it brings together what two sides wrote."""
    if old.both:
        one, other = old.both[0], old.both[-1]
        warn(
            f"revision {new.number} brings revisions {one} and {other} together; shown is what it "
            f"changed beside that. Against one of them: tracker diff {article} {other} {new.number}"
        )


def _show_files(first: str, others: tuple[str, ...], faces: Faces) -> None:
    if len(others) != 1:
        raise TrackerError("--files compares two files.", "Give both: --files OLD NEW")
    from tracker.comparison import compare
    from tracker.text.document import decode

    hint = "Check the path of the file."
    old, new = (End(decode(read_file(name, hint))[0]) for name in (first, *others))
    show_change(compare(old.text, new.text), old, new, faces)


def show_change(
    change: Change,
    old: End,
    new: End,
    faces: Faces = PLAIN,
    article: Article | None = None,
    settings: Settings | None = None,
) -> None:
    """A comparison in the face that was asked for; instants as the newsroom writes them."""
    if faces.as_json:
        from tracker.render.plain import change_object

        print_json(change_object(change, article=article, old=_side(old), new=_side(new)))
        return
    if faces.html:
        _write_page(faces.html, change, old, new, faces, settings)
        return
    from tracker.render import terminal_diff

    if faces.stat:
        click.echo(terminal_diff.stat(change))
        return
    color = has_color(sys.stdout) if faces.color is None else faces.color
    written = terminal_diff.text(
        change,
        old.text,
        new.text,
        color=color,
        context=faces.context,
        formatting=faces.all_edits,
        when=settings.dated if settings else None,
    )
    click.echo(written, nl=False, color=color)


def _side(end: End) -> ComparedSide:
    from tracker.render.plain import ComparedSide

    version = end.version
    if version is None:
        return ComparedSide()
    return ComparedSide(end.number, version.commit, version.at, version.path)


def _write_page(
    file: str, change: Change, old: End, new: End, faces: Faces, settings: Settings | None
) -> None:
    from tracker.render import diff_html
    from tracker.text.document import parse

    fragment = diff_html.fragment(
        change,
        old.text,
        new.text,
        view="source" if faces.source else "rendered",
        layout="side-by-side" if faces.side_by_side else "inline",
        formatting=faces.all_edits,
        old_name=_name(old, "Before", settings),
        new_name=_name(new, "After", settings),
        when=settings.dated if settings else None,
    )
    write_page(file, parse(new.text).headline or "Comparison", fragment)


def _name(end: End, other: str, settings: Settings | None) -> str:
    if end.version is None:
        return other
    at = end.version.at
    return f"Revision {end.number}, {settings.stamp(at) if settings else at.isoformat(' ')}"
