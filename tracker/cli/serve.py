"""``tracker serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tracker.cli.common import (
    address_of,
    base_of,
    is_loopback,
    listening_options,
    listening_sockets,
    open_newsroom,
    present,
    warn,
)
from tracker.errors import TrackerError

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom


@click.command("serve")
@listening_options(8000, "Others than the loopback one let other machines in.")
@click.option(
    "--base-url",
    metavar="URL",
    help="Where readers find the pages, when a proxy stands before them: links are made for it.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the pages in a browser.")
def command(host: str, port: int, base_url: str | None, open_browser: bool) -> None:
    """Show the newsroom's pages in a browser: what changed, when, and what readers were told.

    The pages only read. A revision that is recorded meanwhile shows within a second or two. They
    are for this machine alone unless --host says otherwise; Ctrl-C ends it.
    """
    room = open_newsroom(past=True)
    base = base_of(base_url) if base_url else None
    server, app = _listen(room, host, port, base)
    workers = app.extensions["tracker-workers"]
    try:
        if not is_loopback(host):
            warn(
                f"other machines can read these pages: they are served on {host}, to whoever asks."
            )
        where = base or address_of(host, server)
        _begin_reading(app)
        click.echo(f"The newsroom is at {where}/ — Ctrl-C ends it.", err=True)
        if open_browser:
            click.launch(f"{where}/")
        server.run()
    finally:
        workers.close()
        server.close()


def _listen(room: Newsroom, host: str, port: int, base: str | None) -> tuple[Any, Any]:
    """The server, listening, and the application; a ``TrackerError`` where it cannot."""
    from tracker.web import create_app, server
    from tracker.web.server import ServedPlace, Workers

    sockets = listening_sockets(host, port)
    place = room.workspace.root or room.repository.git_dir
    app = create_app(place, base_url=base, now=present, host=host)
    app.extensions["tracker-desk"].keeps_readers = True
    options = {"base_url": base, "host": host}
    app.extensions["tracker-workers"] = Workers(ServedPlace(place, present, options, create_app))
    return server.create(app, sockets), app


def _begin_reading(app: Any) -> None:
    """Begin to bring what is remembered of the archive up to date: the first reader need not wait.

    Where that takes long, it goes on while readers are answered.
    """
    from tracker.web.background import begin

    with app.app_context():
        try:
            waits = begin()
        except TrackerError:
            return  # each page says it
    if waits is not None:
        warn("the articles are being read; until that is done, some pages ask readers to wait.")
