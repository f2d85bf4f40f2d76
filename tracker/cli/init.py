"""``tracker init``; and ``tracker styles``, to choose a house style from."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from tracker.cli.common import present
from tracker.errors import TrackerError
from tracker.house import settings
from tracker.house import style as house_style
from tracker.house.dates import names
from tracker.house.notes.wording import line, sentence
from tracker.model import Note
from tracker.newsroom.workspace import SETTINGS_FILE, Proposal, open_workspace, proposal
from tracker.render.plain import counted, visible
from tracker.store.commit import FileWrite, write
from tracker.store.files import Folder, write_file
from tracker.store.git import identity
from tracker.store.log import files
from tracker.store.remote import initialise

if TYPE_CHECKING:
    from tracker.house.style import Style


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option(
    "--style", default="default", metavar="NAME", help="The house style: see tracker styles."
)
@click.option("--timezone", metavar="ZONE", help="The newsroom's IANA zone, as America/New_York.")
@click.option("--name", metavar="NAME", help="The newsroom's name, as readers know it.")
@click.option("--followed", is_flag=True, help="For other people's articles: see tracker follow.")
def init(folder: str, style: str, timezone: str | None, name: str | None, followed: bool) -> None:
    """Make a newsroom in DIR: a git repository with a tracker.toml.

    A repository that is there already keeps everything; only tracker.toml is added. Checks look
    at what is recorded from now on, so that an old archive does not start with a thousand findings.
    """
    root = Path(folder)
    file = root / SETTINGS_FILE
    if os.path.lexists(root):
        Folder.open(root).close()  # through a link of somebody's nothing is made
    if os.path.lexists(file):
        raise TrackerError(f"{file} is there already.", "Change the settings in that file.")
    known = None if followed else _proposal(root)
    toml = settings.template(
        name=name or (known and known.name) or root.absolute().name,
        style=style,
        timezone=timezone or (known and known.timezone) or _local_zone(),
        since=None if followed else present(),
        kind="followed" if followed else "own",
        articles=known.articles if known else (),
        exclude=known.exclude if known else (),
    )
    _check("--style", style, lambda: house_style.load(style))
    if timezone:
        _check("--timezone", timezone, lambda: names.zone(timezone))
    settings.read(toml, SETTINGS_FILE, lambda _: "")
    repository = initialise(root)
    if repository.bare:
        if repository.head and files(repository, repository.head, SETTINGS_FILE):
            raise TrackerError(
                f"{SETTINGS_FILE} is in the newest commit already.", "Change it in a clone."
            )
    else:
        write_file(file, toml.encode(), new=True)
    if repository.head is None or repository.bare:
        person, _ = identity(repository)
        disk = None if repository.bare else toml.encode()
        write(
            repository,
            [FileWrite(SETTINGS_FILE, toml.encode(), None, disk)],
            message="Start the newsroom",
            person=person,
            at=present(),
        )
        click.echo(f"Made a newsroom in {visible(str(root))}: {SETTINGS_FILE} has its settings.")
    else:
        click.echo(f"Added {SETTINGS_FILE} to {repository.top}: look through it, and commit it.")
    if known is not None and known.number:
        click.echo(f"{known.taken or counted(known.number, 'article')}.")
        if known.exclude:
            click.echo(f"Not looked at by check, as they are no news: {', '.join(known.exclude)}")
        click.echo(
            f"Next: tracker history; tracker check --since {present().year}; tracker serve",
            err=True,
        )
        return
    first = "tracker follow add URL" if followed else "tracker record ARTICLE"
    click.echo(f"{'Then' if followed else 'Write an article there, then'}: {first}", err=True)


def _proposal(root: Path) -> Proposal | None:
    """What a repository that is there already says; None where there is none."""
    if not root.is_dir():
        return None
    try:
        workspace = open_workspace(root)
    except TrackerError:  # there is no repository yet
        return None
    # The newsroom is to be this folder, also where settings above it hold for it until now.
    return proposal(replace(workspace, root=root.resolve()))


def _check(option: str, given: str, make: Callable[[], object]) -> None:
    """Refuse what an option names and there is not, by the name of the option."""
    try:
        make()
    except TrackerError as error:
        raise TrackerError(f"{option} {given}: {error.sentence}", error.hint) from None


def _local_zone() -> str:
    """This machine's IANA zone, where the system tells it; UTC otherwise."""

    named = os.environ.get("TZ", "").lstrip(":")
    link = Path("/etc/localtime")
    target = str(link.resolve()) if link.is_symlink() else ""
    zone = named or target.partition("zoneinfo/")[2]

    try:
        names.zone(zone)
    except TrackerError:
        return "UTC"
    return zone


# --- house styles to choose from ------------------------------------------------------------------

_HOMES = {"en": "America/New_York", "en-GB": "Europe/London"}


@click.command("styles")
@click.argument("name", required=False)
def styles(name: str | None) -> None:
    """List the house styles with a line of each, or print the file of one, to start from."""
    if name is not None:
        click.echo(house_style.source(name), nl=False)
        return
    names = house_style.names()
    width = max(map(len, names))
    for each in names:
        click.echo(f"{each:<{width}}  {visible(_sample(house_style.load(each)))}")


def _sample(style: Style) -> str:
    """A correction as the house would put it under an article, of one morning in May."""
    places = [*style.zone_names, _HOMES.get(style.locale, _HOMES["en"])]
    zone = ZoneInfo(places[0])
    at = datetime(2022, 5, 12, 7, 45, tzinfo=zone)
    words = style.draft.get("misstated_number") or style.draft.get("corrected", "")
    return line(style, Note("u1", "correction", sentence(style, "correction", words), at), zone)
