"""``tracker diff``."""

from __future__ import annotations

import click

from tracker.cli.common import here, json_option, open_newsroom, warn
from tracker.errors import TrackerError
from tracker.model import Change


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
    help="Unchanged paragraphs to show around a change.",
)
@click.option("--all-edits", is_flag=True, help="Show white space, reflow and quotation marks too.")
@click.option("--html", "html", metavar="FILE", help="Write a page that shows the comparison.")
@click.option("--side-by-side", is_flag=True, help="With --html: old and new in two columns.")
@click.option("--source", is_flag=True, help="With --html: the Markdown as it is, not rendered.")
@click.option(
    "--color/--no-color", default=None, help="Color, or brackets alone. Default: as the terminal."
)
@json_option
def command(
    article: str, revs: tuple[str, ...], working: bool, files: bool, **options: bool
) -> None:
    """Show what changed in ARTICLE, word by word.

    Without REV, between the last two revisions; with one, from REV to the latest; with two,
    between them.
    """
    if files:
        old, new = _plain_files(article, revs)
        _print(_compare(old, new), old, new, options)
        return
    room = open_newsroom()
    name = here(article)
    if working:
        if revs:
            raise TrackerError(
                "--working compares the latest revision with the file on disk.",
                "Leave REV out, or leave out --working.",
            )
        old, new = room.show(name), room.working(name)
    elif len(revs) > 2:
        raise TrackerError("A comparison has two ends.", "Give one or two of REV.")
    else:
        first, second = (revs[0] if revs else "latest~1"), (revs[1] if len(revs) > 1 else "latest")
        if not revs and len(room.life(name, compared=False).revisions) == 1:
            first = second = "latest"
            warn("the article has one revision: there is nothing to compare it with.")
        old, new = room.show(name, first), room.show(name, second)
    _print(room.compare(old, new), old, new, options)


def print_terminal(change: Change, old: str, new: str) -> None:
    """A comparison on the terminal, with its defaults."""
    _print(change, old, new, {"context": 1})
