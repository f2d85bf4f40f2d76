"""``tracker intake``: recordings over HTTP; ``tracker token``: who may send them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from tracker.cli.common import json_option, open_inbox, open_newsroom, present, print_json, warn
from tracker.cli.pages import address_of, is_loopback, listening_options, listening_sockets
from tracker.errors import TrackerError
from tracker.render.plain import visible
from tracker.store.files import Folder

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom

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
    home = room.repository.common_dir / "tracker"
    with Folder.open(home, make=True) as folder, _alone(folder):
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


@contextmanager
def _alone(folder: Any) -> Iterator[None]:
    """Only one intake records in a repository."""
    import fcntl

    folder.append("intake.lock", b"")
    with open(folder.path / "intake.lock", "rb") as lock:  # noqa: PTH123
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrackerError(
                "An intake runs for this newsroom already.", "End that one first."
            ) from None
        yield


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
