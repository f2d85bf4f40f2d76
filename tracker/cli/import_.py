"""``tracker import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker.cli.common import json_option, present, print_json, warn
from tracker.errors import TrackerError

if TYPE_CHECKING:
    from tracker.newsroom import Newsroom
    from tracker.sources.folder import Folder


@click.command("import")
@click.argument("source", metavar="FOLDER")
@click.option("--into", "into", metavar="DIR", default=".", help="The newsroom; made if not there.")
@click.option(
    "--under",
    metavar="FOLDER",
    default="articles",
    show_default=True,
    help="The newsroom's folder for the articles.",
)
@json_option
def command(source: str, into: str, under: str, as_json: bool) -> None:
    """Bring dated versions of articles into a newsroom, each as one revision.

    FOLDER holds one folder for each article, and in it one file for each version, named by its
    instant, as 2022-05-10T1630-0400.md. Run again, it adds only what is missing.
    """
    from tracker.sources.folder import Folder

    folder = Folder(Path(source), under=under)
    room = _newsroom(Path(into), folder)
    added, there = _bring(room, folder)
    for each in folder.skipped:
        warn(f"{each.origin}: {each.reason}")
    if as_json:
        print_json({"added": added, "already_there": there, "skipped": len(folder.skipped)})
        return
    before = f", {there} were there already" if there else ""
    click.echo(f"Recorded {_count(added, 'revision')}{before}.")


def _bring(room: Newsroom, folder: Folder) -> tuple[int, int]:
    """Record what the newsroom does not have yet; how many were added, how many were there."""
    from tracker.newsroom.writing import Stamp

    known = room.instants()
    added = there = 0
    for version in folder:
        instants = known.get(version.article, ())
        if version.at in instants:
            there += 1
            continue
        if instants and version.at < max(instants):
            raise TrackerError(
                f"{version.origin} is older than what {version.article} has already.",
                "Import into a new newsroom: a revision is never put in before another.",
            )
        stamp = Stamp(version.at, version.person, version.message)
        added += room.write(room.prepare(version.article, version.data, (), stamp))
    return added, there


def _newsroom(folder: Path, source: Folder) -> Newsroom:
    """The newsroom in a folder; a new one where the folder is not there or is empty."""
    from tracker.newsroom import Newsroom
    from tracker.newsroom.place import SETTINGS_FILE
    from tracker.store.record import initialise

    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        initialise(folder)
        if source.settings is not None:
            (folder / SETTINGS_FILE).write_bytes(source.settings.read_bytes())
        click.echo(f"Made a newsroom in {folder}.")
    return Newsroom(folder, now=present())


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
