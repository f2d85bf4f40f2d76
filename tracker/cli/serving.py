"""What listens: ``serve`` for pages (``site`` writes them), ``intake`` for revisions; ``token``."""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import re
import socket
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from tracker.cli.common import (
    Function,
    alone,
    json_option,
    open_inbox,
    open_newsroom,
    present,
    print_json,
    progress_bar,
    together,
    warn,
)
from tracker.errors import TrackerError
from tracker.house.site import PAGES
from tracker.newsroom.names import period_start
from tracker.render.plain import visible
from tracker.store.files import Folder

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


# --- revisions from a CMS ------------------------------------------------------------------------

_THREADS = 16
_BODY = 32 * 1024 * 1024  # bytes; the application refuses less than that by itself


@click.group("intake", invoke_without_command=True)
@listening_options(8001, "Others than the loopback one need --behind-proxy.")
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="A proxy before it speaks HTTPS with the world; other interfaces than the loopback one"
    " may then be listened on.",
)
@click.option("--insecure", is_flag=True, help="Listen on any interface without HTTPS.")
@click.pass_context
def intake(ctx: click.Context, host: str, port: int, behind_proxy: bool, insecure: bool) -> None:
    """Record what a CMS sends over HTTP: with a token, or by a signed webhook.

    Tokens are made by tracker token; webhooks stand in intake.toml beside tracker.toml. Nothing
    can be read here but what became of one's own recordings. Ctrl-C ends it.
    """
    if ctx.invoked_subcommand is None:
        _serve(host, port, behind_proxy=behind_proxy, insecure=insecure)


def _serve(host: str, port: int, *, behind_proxy: bool, insecure: bool) -> None:
    from tracker.intake.api import create_app
    from tracker.web import server

    if not is_loopback(host) and not behind_proxy and not insecure:
        raise TrackerError(
            f"{visible(host)} is not this machine alone, and tokens would travel in the open.",
            "Put a proxy that speaks HTTPS before it, and say --behind-proxy.",
        )
    room = open_newsroom()
    hooks = _hooks(room)
    sockets = listening_sockets(host, port)
    place = room.workspace.root or room.repository.git_dir
    home = room.repository.common_dir / "tracker" / "intake"
    with alone(home, "An intake runs for this newsroom already.", "End that one first."):
        app = create_app(place, hooks, now=present, https_only=behind_proxy)
        intake = app.extensions["tracker-intake"]
        running = server.create(app, sockets, threads=_THREADS, max_request_body_size=_BODY)
        intake.writer.start()
        named = f", hooks {', '.join(sorted(hooks))}" if hooks else ""
        where = f"{address_of(host, running)}/{named}"
        click.echo(f"Taking revisions at {where} — Ctrl-C ends it.", err=True)
        try:
            running.run()
        finally:
            running.close()
            intake.writer.stop()
            intake.inbox.close()


def _hooks(room: Newsroom) -> dict[str, Any]:
    from tracker.intake.hooks import FILE, read_hooks

    root = room.workspace.root
    if root is None:
        return {}
    with Folder.open(root, follow=True) as folder:
        data = folder.read(FILE)
    return {} if data is None else read_hooks(data.decode("utf-8", "replace"), os.environ)


@intake.command("inbox")
@click.option("--all", "every", is_flag=True, help="Also what was recorded, and what waits.")
@json_option
def inbox(every: bool, as_json: bool) -> None:
    """Show what could not be recorded, and why."""
    with open_inbox() as box:
        ends = box.listed("refused", "failed")
        jobs = box.listed("waiting", "done", "refused", "failed") if every else ends
    if as_json:
        shown = [
            {name: value for name, value in job._asdict().items() if name not in ("text", "key")}
            for job in jobs
        ]
        print_json({"schema": 1, "jobs": shown})
        return
    for job in jobs:
        why = (job.answer or {}).get("detail", "")
        click.echo(visible(f"{job.id}  {job.state}  {job.source}  {job.path}  {why}".rstrip()))
    if not jobs:
        click.echo("Nothing is left in the inbox.")


@intake.command("retry")
@click.argument("number", type=int)
def retry(number: int) -> None:
    """Record a job of the inbox once more, when the intake next looks."""
    with open_inbox() as box:
        box.again(number, present())
    click.echo(f"{number} waits to be recorded.")


@intake.command("check")
@click.argument("name")
@click.option("--url", default="http://127.0.0.1:8001", show_default=True, help="Of the intake.")
def check(name: str, url: str) -> None:
    """Send a hook an event that it ignores, signed as its CMS signs: is it heard?"""
    from tracker.intake.signatures import signed_test

    hook = _hooks(open_newsroom()).get(name)
    if hook is None:
        raise TrackerError(f"There is no hook {visible(name)}.", "See intake.toml.")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TrackerError(f"“{visible(url)}” is no address.", "Write http://127.0.0.1:8001.")
    path = f"{parts.path.rstrip('/')}/hooks/{name}"
    headers, body = signed_test(hook.source, hook.scheme, hook.secrets[0], path, present())
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = kind(parts.hostname, parts.port, timeout=10)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        said = answer.read(10_000)
    except (OSError, HTTPException) as error:
        raise TrackerError(f"{visible(url)} does not answer: {error}.", "Is it running?") from None
    if answer.status != 200 or b"ignored" not in said:
        try:
            why = json.loads(said).get("detail", "")
        except ValueError:
            why = ""
        raise TrackerError(
            f"The hook {name} answered {answer.status}. {visible(str(why))}".strip(),
            "Compare its secret with the one in the CMS.",
        )
    click.echo(f"The hook {name} is heard, and its signature is right.")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        warn("this went over plain HTTP.")


# --- who may send ---------------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_AGE = re.compile(r"(\d{1,4})([dwhy])")
_UNITS = {"h": 1 / 24, "d": 1, "w": 7, "y": 365}


@click.group("token")
def token() -> None:
    """Say who may record over HTTP: tokens for tracker intake.

    A token is shown once, when it is made; the newsroom keeps its hash.
    """


@token.command("add")
@click.argument("name")
@click.option(
    "--scope",
    default="record",
    show_default=True,
    metavar="WORD,…",
    help="What it may: record, note (tell readers), author (name who wrote).",
)
@click.option(
    "--articles", multiple=True, metavar="PATTERN", help="Only these paths; may be given again."
)
@click.option("--by", metavar='"NAME <ADDRESS>"', help="Whose name its recordings bear.")
@click.option("--expires", metavar="AGE", help="Works that long: 12h, 90d, 26w, 1y.")
def add(
    name: str, scope: str, articles: tuple[str, ...], by: str | None, expires: str | None
) -> None:
    """Make a token and print it; it is never shown again."""
    from tracker.intake.hooks import check_pattern
    from tracker.intake.inbox import SCOPES

    if not _NAME.fullmatch(name):
        raise TrackerError(f"“{visible(name)}” is no name for a token.", "Use letters and digits.")
    scopes = [each.strip() for each in scope.split(",") if each.strip()]
    for each in scopes:
        if each not in SCOPES:
            raise TrackerError(
                f"There is no scope “{visible(each)}”.", f"There are {', '.join(SCOPES)}."
            )
    check_pattern(articles)
    now, until = present(), None
    if expires is not None:
        found = _AGE.fullmatch(expires)
        if found is None:
            raise TrackerError(f"“{visible(expires)}” is no age.", "Write 12h, 90d, 26w or 1y.")
        until = now + timedelta(days=int(found[1]) * _UNITS[found[2]])
    with open_inbox() as inbox:
        click.echo(inbox.add_token(name, scopes, articles, now, by, until))
    click.echo("Keep it now: it is not shown again.", err=True)


@token.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Show the tokens: what each may, and when it was used."""
    with open_inbox() as inbox:
        tokens = inbox.tokens()
    now = present()
    if as_json:
        print_json({"schema": 1, "tokens": [each._asdict() for each in tokens]})
        return
    for each in tokens:
        state = "works" if each.works(now) else "revoked" if each.revoked else "expired"
        used = f"used {each.used:%Y-%m-%d}" if each.used else "never used"
        where = ", ".join(each.articles) or "every article"
        until = f", until {each.expires:%Y-%m-%d}" if each.expires else ""
        click.echo(
            f"{each.name}: {state}, {' '.join(each.scopes)}, {visible(where)}, {used}{until}"
        )


@token.command("revoke")
@click.argument("name")
def revoke(name: str) -> None:
    """Let a token work no more."""
    with open_inbox() as inbox:
        inbox.revoke(name, present())
    click.echo(f"{visible(name)} works no more.")
