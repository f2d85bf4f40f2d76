"""``tracker styles``."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from tracker.house import style as house_style
from tracker.house.notes.wording import line, sentence
from tracker.house.style import Style
from tracker.model import Note
from tracker.render.plain import visible

_HOMES = {"en": "America/New_York", "en-GB": "Europe/London"}


@click.command("styles")
@click.argument("name", required=False)
def command(name: str | None) -> None:
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
