"""``tracker serve`` and ``tracker site``: the pages, live or as files; sockets to listen on."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from tracker.cli.common import Function, open_newsroom, present, progress_bar, together, warn
from tracker.errors import TrackerError
from tracker.house.site import PAGES
from tracker.newsroom.names import period_start
from tracker.render.plain import visible

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom

_BACKLOG = 256  # connections that wait in the system's queue


def listening_options(port: int, others: str) -> Callable[[Function], Function]:
    """``--host`` and ``--port``; ``others`` says what comes of other interfaces."""
    return together(
        click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            metavar="NAME",
            help=f"Listen on this interface. {others}",
        ),
        click.option(
            "--port",
            default=port,
            show_default=True,
            type=click.IntRange(0, 65535),
            help="Listen on this port; 0 for any that is free.",
        ),
    )


def listening_sockets(host: str, port: int) -> list[Any]:
    """A listening socket for each address of the host, all on one port."""
    found: list[socket.socket] = []
    try:
        places = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, _, _, _, place in dict.fromkeys(places):
            if family in (socket.AF_INET, socket.AF_INET6):
                chosen = found[0].getsockname()[1] if found and not port else place[1]
                found.append(
                    socket.create_server(
                        (str(place[0]), int(chosen)), family=family, backlog=_BACKLOG
                    )
                )
    except (OSError, UnicodeError) as error:
        if found and isinstance(error, OSError) and error.errno != errno.EADDRINUSE:
            return found  # a machine without IPv6 has a localhost of that kind all the same
        for each in found:
            each.close()
        raise TrackerError(*_refusal(host, port, error)) from None
    return found


def _refusal(host: str, port: int, error: OSError | UnicodeError) -> tuple[str, str]:
    if isinstance(error, UnicodeError | socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return (
            f"This machine has no interface called {host}.",
            "Use 127.0.0.1 for this machine alone, or 0.0.0.0 for every interface.",
        )
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use already.",
            f"Try another one: {_command()} --port {port + 1 if port < 65535 else 8000}",
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {port} may not be used without special rights.",
            f"Try one above 1023: {_command()} --port 8000",
        )
    return (
        f"This machine cannot listen on {host}: {error.strerror or error}.",
        "Use 127.0.0.1 for this machine alone, or 0.0.0.0 for every interface.",
    )


def address_of(host: str, server: Any) -> str:
    """The address that a person types to reach a server, without a slash at its end."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    if ":" in shown and not shown.startswith("["):
        shown = f"[{shown}]"
    several = getattr(server, "effective_listen", None)
    return f"http://{shown}:{several[0][1] if several else server.effective_port}"


def _command() -> str:
    return click.get_current_context().command_path


def is_loopback(host: str) -> bool:
    import ipaddress

    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def base_of(url: str) -> str:
    """The base URL, checked and without a slash at its end."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        raise TrackerError(
            f"“{url}” is no address that pages can be found under.",
            "Write it like https://news.example.org/history, without anything after a ?.",
        )
    return url.rstrip("/")


@click.command("serve")
@listening_options(8000, "Others than the loopback one let other machines in.")
@click.option(
    "--base-url",
    metavar="URL",
    help="Where readers find the pages, when a proxy stands before them: links are made for it.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the pages in a browser.")
def serve(host: str, port: int, base_url: str | None, open_browser: bool) -> None:
    """Show the newsroom's pages in a browser: what changed, when, and what readers were told.

    The pages only read. A revision that is recorded meanwhile shows within a second or two. They
    are for this machine alone unless --host says otherwise; Ctrl-C ends it.
    """
    from tracker.processes import servers_start

    room = open_newsroom(past=True)
    base = base_of(base_url) if base_url else None
    with ExitStack() as ends:
        with servers_start():  # what is started here has to be ended, too
            server, app = _listen(room, host, port, base)
            ends.callback(server.close)
            ends.callback(app.extensions["tracker-workers"].close)
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


@click.command("site")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--base-url",
    metavar="URL",
    help="Where the site will be: links and feeds are made for it. Default: [site] url in "
    "tracker.toml; without that, links from file to file, which work anywhere, and no feeds.",
)
@click.option(
    "--with",
    "pages",
    multiple=True,
    type=click.Choice(PAGES),
    help="Write these too, which make a site much larger: a page of each version as it stood; "
    "comparisons side by side; the text of each version as it was recorded; what did not change "
    "in a comparison. May be given again. "
    "Default: pages of [site] in tracker.toml.",
)
@click.option(
    "--since",
    metavar="DATE",
    help="Only the articles that changed on this day or after it; a month or year, too.",
)
@click.option("--editors", is_flag=True, help="With the dashboard of what check finds.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that make pages. Default: as many as there are cores.",
)
def site(
    folder: Path,
    base_url: str | None,
    pages: tuple[str, ...],
    since: str | None,
    editors: bool,
    workers: int | None,
) -> None:
    """Write the newsroom's pages into DIR, for any static host.

    The pages are those of tracker serve, without search and filters. Comparisons are those of
    neighboring versions, and of the first with the newest. Run it again after a recording: only
    what changed is written. Files in DIR that tracker did not write are never touched.
    """
    from tracker.web import site

    if since and editors:
        raise TrackerError(
            "The editors' pages tell of all articles, and --since leaves some out.",
            "Leave out --editors or --since.",
        )
    room = open_newsroom(past=True)
    where = base_url or room.settings.site.url
    pages = pages or room.settings.site.pages
    start = period_start(room.workspace, since) if since else None
    options = site.SiteOptions(base_of(where) if where else None, editors, workers, pages, start)
    with progress_bar("Writing pages") as progress:
        tally = site.write(room, folder, options, progress)
    for sentence in tally.left:
        warn(sentence)
    gone = f", {tally.deleted:,} deleted" if tally.deleted else ""
    click.echo(
        f"{visible(str(folder))} holds {tally.pages:,} files: {tally.written:,} written, "
        f"{tally.pages - tally.written:,} unchanged{gone}.",
        err=True,
    )
