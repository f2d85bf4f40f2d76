"""``tracker follow``: other people's sites."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracker.cli.common import (
    alone,
    json_option,
    open_newsroom,
    present,
    print_json,
    progress_bar,
    warn,
)
from tracker.errors import TrackerError
from tracker.follow.fetch import DAY
from tracker.follow.volatile import REASONS
from tracker.newsroom.newsroom import Newsroom
from tracker.render.history import history_object
from tracker.render.plain import json_text, plain, printed, visible
from tracker.store.files import Folder
from tracker.store.git import NO_REPOSITORY

if TYPE_CHECKING:
    from tracker.follow.run import Means, Round
    from tracker.follow.state import FollowedPage

_COMMAND_SECONDS = 60  # for the command of on-change
_SHOWN = 40  # lines of a text that is shown before anything is written


@click.group("follow")
def follow() -> None:
    """Follow other people's sites: feeds and pages, every version recorded.

    What is followed stands in follow.toml. See docs/following.md: before you follow a site, read
    what it says there about law and manners.
    """
    from tracker.follow import require

    require()


@follow.command("add")
@click.argument("urls", metavar="URL…", nargs=-1, required=True)
@click.option("--name", metavar="NAME", default="", help="What you call the site.")
@click.option("--yes", "-y", is_flag=True, help="Write it without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would be followed, and write nothing.")
def add(urls: tuple[str, ...], name: str, yes: bool, dry_run: bool) -> None:
    """Follow a feed, a sitemap, a page, or a site.

    Shows where it leads, and the text of one article as it would be recorded, before it is written
    into follow.toml.
    """
    from tracker.follow import services, sites

    with _means() as means:
        for url in urls:
            address = url if "://" in url else f"https://{url}"
            shown = services.show(means, address)
            if any(site.url == shown.url for site in means.followed.sites):
                raise TrackerError(
                    f"{shown.url} is followed already.", f"Change it in {sites.FILE}."
                )
            _say_shown(shown)
            if dry_run or not (yes or _agreed(shown.url)):
                warn(f"Nothing was written into {sites.FILE}.")
                continue
            entry = sites.entry(shown.source, shown.url, name or shown.title[:100])
            with Folder.open(means.folder, follow=True) as folder:
                folder.update(sites.FILE, partial(_added, entry.encode()))
            click.echo(f"Following {shown.url}: it stands in {sites.FILE}.")
            click.echo("Begin with: tracker follow run --once", err=True)


def _added(entry: bytes, before: bytes | None) -> bytes:
    start = b"# What tracker follows: see docs/following.md.\n" if before is None else before
    return start + (b"" if start.endswith(b"\n") else b"\n") + entry


def _agreed(url: str) -> bool:
    if not sys.stdin.isatty():
        warn("Say --yes to write it.")
        return False
    return click.confirm(f"Follow {url}?", err=True)


def _say_shown(shown: Any) -> None:
    click.echo(f"{shown.source}  {visible(shown.url)}  {visible(shown.title)}")
    for lead in shown.leads[:5]:
        click.echo(f"  {visible(lead.url)}  {visible(lead.title)}")
    if len(shown.leads) > 5:
        click.echo(f"  … and {len(shown.leads) - 5} more")
    click.echo(f"\nOne article as it would be recorded, from {visible(shown.sample)}:\n")
    lines = shown.text.splitlines()
    for line in lines[:_SHOWN]:
        click.echo(f"    {visible(line)}".rstrip())
    if len(lines) > _SHOWN:
        click.echo(f"    … and {len(lines) - _SHOWN} more lines")
    click.echo(f"\n{shown.left_out} blocks of that page were left out of the text.\n")


@follow.command()
@click.option("--once", is_flag=True, help="One round, and no more.")
@click.option("--every", metavar="TIME", default="5m", help="How long between two rounds: 5m, 1h.")
@click.option("--dry-run", is_flag=True, help="Tell what is due, and fetch nothing.")
@json_option
def run(once: bool, every: str, dry_run: bool, as_json: bool) -> None:
    """Look at all that is due, record what changed, and tell it; again and again, or --once."""
    pause = _time(every)
    with _means() as means:
        if not means.followed.sites:
            raise TrackerError("Nothing is followed yet.", "Begin with: tracker follow add URL")
        if dry_run:
            _say_due(means, as_json=as_json)
            return
        from tracker.follow.services import check_environment

        check_environment(means)
        with _alone(means):
            while True:
                try:
                    _one_round(means, as_json=as_json)
                except TrackerError as error:
                    if once:
                        raise
                    warn(f"{error.sentence} {error.hint}".strip())
                if once:
                    return
                time.sleep(pause.total_seconds())


def _one_round(means: Means, *, as_json: bool) -> None:
    from tracker.follow import run as rounds
    from tracker.follow import services

    done = rounds.run_round(means)
    undelivered = services.deliver(means, partial(_content, means), partial(_run, means.folder))
    done = done._replace(troubles=(*done.troubles, *undelivered))
    if as_json:
        print_json(printed(**done._asdict()))
    else:
        _say_round(means, done)


def _say_round(means: Means, done: Round) -> None:
    newest = _room(means).latest(len(done.recorded)) if done.recorded else ()
    revisions = {revision.commit: revision for _, revision in newest}
    lines: list[tuple[bool, str]] = []
    for each in done.recorded:
        where = f"{visible(each.title)}  {visible(each.url)}"
        revision = revisions.get(each.commit)
        if each.event != "revision" or revision is None:
            lines.append((True, f"{each.event}  {where}"))
        elif revision.number == 1:
            lines.append((False, f"new  {where}"))
        else:
            what = "substantive" if revision.substantive else "changed"
            reasons = "; ".join(visible(reason) for reason in revision.reasons[:3])
            lines.append((revision.substantive, f"{what}  {where}\n    {reasons}".rstrip()))
    for _, line in sorted(lines, key=lambda pair: not pair[0]):  # substance first
        click.echo(line)
    same: dict[tuple[str, str], list[str]] = {}  # a host that asks to wait says it for all pages
    for told in done.troubles:
        same.setdefault((told.state, told.reason), []).append(told.url)
    for (state, reason), pages in same.items():
        more = f" and {len(pages) - 1} more" if len(pages) > 1 else ""
        warn(f"{state}: {visible(pages[0])}{more}: {visible(reason)}")
    waiting = f", {done.waiting} wait for the budget of their host" if done.waiting else ""
    click.echo(
        f"{done.looked} pages looked at, {done.unchanged} unchanged, {len(done.recorded)} "
        f"recorded, {done.found} found{waiting}; {done.requests} requests.",
        err=True,
    )


def _say_due(means: Means, *, as_json: bool) -> None:
    from tracker.follow.run import due

    sources, pages = due(means)
    if as_json:
        print_json(printed(sources=[s.url for s in sources], pages=[p.url for p in pages]))
        return
    for source in sources:
        click.echo(f"source  {source.url}")
    for page in pages:
        click.echo(f"page  {page.url}")


def _content(means: Means, path: str, commit: str) -> str:
    """The JSON of ``history --json`` with the revision that a message is about."""

    life = _room(means).life(path)
    revisions = tuple(each for each in life.revisions if each.commit == commit)
    events = tuple(each for each in life.events if each.commit == commit)
    found = history_object(life._replace(revisions=revisions, events=events))
    return json_text(plain(found))


def _run(folder: Path, arguments: Sequence[str], content: str) -> str:
    """Run the command of on-change in the newsroom's folder; what went wrong, or ""."""
    try:
        done = subprocess.run(
            list(arguments), input=content.encode(), timeout=_COMMAND_SECONDS, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        return f"{arguments[0]} cannot be run: {error}."
    except subprocess.TimeoutExpired:
        return f"{arguments[0]} took longer than {_COMMAND_SECONDS} seconds."
    if done.returncode == 0:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    return f"{arguments[0]} ended with {done.returncode}: {' '.join(said)}"


@follow.command()
@click.argument("url", metavar="[URL]", default="")
@click.option("--left-out", is_flag=True, help="What was left out of the texts, and why.")
@click.option("--captures", is_flag=True, help="Every look as JSON Lines, for your own analysis.")
@json_option
def status(url: str, left_out: bool, captures: bool, as_json: bool) -> None:
    """Show sources, hosts and pages: last look, next look, state and why.

    Exit status 1 where something needs a person: a source that fails, a host that keeps us out, a
    page that waits ten times longer than it should, no round for a day.
    """

    with _means(write=False) as means:
        if captures:
            for look in means.state.looks():
                look = {**look, "at": _when(look["at"])}
                click.echo(json_text(look))
            return
        pages = [
            page for page in means.state.pages() if url in ("", page.url, page.site, page.path)
        ]
        if url and not pages:
            raise TrackerError(f"{url} is not followed.", "See: tracker follow status")
        troubles = list(_troubles(means))
        if as_json:
            print_json(
                printed(
                    sources=[_instants(s._asdict()) for s in means.state.sources()],
                    hosts=[_host(host) for host in means.state.hosts()],
                    pages=[_page(means, page, left_out=left_out) for page in pages],
                    troubles=troubles,
                )
            )
        else:
            _say_status(means, pages, left_out=left_out)
            for trouble in troubles:
                warn(trouble)
    if troubles:
        raise SystemExit(1)


_TIMES = ("looked", "due", "found", "changed", "until", "robots_at", "missing_since", "held_since")


def _instants(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _when(value) if key in _TIMES and value is not None else value
        for key, value in row.items()
    }


def _when(seconds: float | None) -> str | None:
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _host(row: Any) -> dict[str, Any]:
    kept = ("name", "robots_status", "robots_at", "until", "why", "failures", "waiting")
    return _instants({key: row[key] for key in kept})


def _page(means: Means, page: FollowedPage, *, left_out: bool) -> dict[str, Any]:
    kept = (
        "url", "path", "site", "title", "state", "reason", "found", "looked", "due", "changed",
        "words", "live", "failures", "missing", "missing_since", "wayback",
    )  # fmt: skip
    found = _instants({key: getattr(page, key) for key in kept})
    found["live"] = bool(page.live)
    if left_out:
        found["left_out"] = [
            {"reason": out.reason, "why": REASONS[out.reason], "text": out.text}
            for out in means.state.left_out(page.id)
        ]
    return found


def _say_status(means: Means, pages: Sequence[FollowedPage], *, left_out: bool) -> None:
    zone = _room(means).settings.zone

    def when(seconds: float | None) -> str:
        if not seconds:
            return "never"
        return datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%d %H:%M")

    for source in means.state.sources():
        why = f"  {visible(source.reason)}" if source.reason else ""
        click.echo(
            f"{source.kind}  {visible(source.url)}  {source.state}, looked at "
            f"{when(source.looked)}, next {when(source.due)}{why}"
        )
    for host in means.state.hosts():
        waiting = f", {host['waiting']} pages wait for its budget" if host["waiting"] else ""
        why = f"  {visible(host['why'])}" if host["why"] else ""
        click.echo(
            f"host  {visible(host['name'])}  robots.txt {host['robots_status']}{waiting}{why}"
        )
    for page in pages:
        why = f"  {visible(page.reason)}" if page.reason else ""
        click.echo(
            f"page  {visible(page.url)}  {page.state or 'new'}, looked at {when(page.looked)}, "
            f"next {when(page.due)}{why}"
        )
        for out in means.state.left_out(page.id) if left_out else ():
            click.echo(f"    left out, because {REASONS[out.reason]}: {visible(out.text[:200])}")


def _troubles(means: Means) -> Iterator[str]:
    """What needs a person, a sentence each."""
    from tracker.follow.outcome import interval

    now = means.clock().timestamp()
    for source in means.state.sources():
        if source.failures >= 3 or source.state in ("barred", "refused", "blocked"):
            yield f"{source.url} cannot be read: {source.reason}"
    for host in means.state.hosts():
        if host["failures"] >= 3:
            yield f"{host['name']} does not answer: {host['why']}"
    late = [
        page for page in means.state.pages()
        if page.due < now - 10 * interval(now, page.changed, live=bool(page.live))
    ]  # fmt: skip
    if late:
        yield f"{len(late)} pages wait ten times longer than they should: see their budgets."
    last = means.state.said("last-round")
    if means.state.sources() and (not last or now - datetime.fromisoformat(last).timestamp() > DAY):
        yield f"The last round was {last or 'never'}."
    old = [message for message in means.state.messages() if message.tries >= 3]
    if old:
        yield f"{len(old)} messages cannot be delivered: {old[0].why}"


@follow.command()
@click.argument("urls", metavar="URL…", nargs=-1, required=True)
@click.option("--from", "since", metavar="DATE", default="", help="No capture before it.")
def backfill(urls: tuple[str, ...], since: str) -> None:
    """Record the versions that the Wayback Machine has, before an article is followed.

    URL is an article, or a source of follow.toml: then all its articles that are not recorded yet.
    Where the Wayback Machine asks to wait, it stops; the next time it goes on from there.
    """
    from tracker.follow import services

    stamp = "".join(filter(str.isdigit, since))
    if since and not 4 <= len(stamp) <= 14:
        raise TrackerError(f"“{since}” is no date.", "Write it as 2024-05-12.")
    with _means() as means, _alone(means), progress_bar("Reading captures") as progress:
        pages = [page for url in urls for page in services.pages_of(means, url)]
        recorded, told = services.backfill(
            means, pages, stamp, lambda _, done, whole: progress(done, whole)
        )
    click.echo(
        f"Recorded {len(recorded)} versions of {len({each.path for each in recorded})} pages."
    )
    for each in told:
        warn(f"{each.state}: {each.url}: {each.reason}")
    if told:
        warn("Run it again to go on from there.")
        raise SystemExit(1)


# --- what the commands share


def _time(typed: str) -> timedelta:
    from tracker.follow.sites import duration

    found = duration(typed)
    if found is None or found < timedelta(seconds=1):
        raise TrackerError(f"“{typed}” is no time to wait.", "Write it as 5m, 1h or 1d.")
    return found


def _room(means: Means) -> Newsroom:
    return Newsroom(means.folder, now=means.clock())


@contextmanager
def _means(*, write: bool = True) -> Iterator[Means]:
    """The newsroom's folder, what it follows, and its state."""
    from tracker.follow import sites
    from tracker.follow.run import Means
    from tracker.follow.state import FollowState

    make = "Make a newsroom for them: tracker init DIR --followed"
    try:
        room = open_newsroom()
    except TrackerError as error:
        if error.hint == NO_REPOSITORY:
            error.hint = make
        raise
    root = room.workspace.root
    if root is None:
        raise TrackerError("A bare repository follows nothing.", "Work in a clone of it.")
    if room.settings.kind != "followed":
        raise TrackerError(
            "This newsroom's articles are its own: versions of other people's do not belong there.",
            make,
        )
    with Folder.open(root, follow=True) as folder:
        toml = (folder.read(sites.FILE) or b"").decode("utf-8", "replace")
    followed = sites.read(toml)
    file = Path(room.repository.common_dir) / "tracker" / "follow.sqlite3"
    with FollowState(file, write=write) as state:
        yield Means(root, followed, state, present, os.environ)


def _alone(means: Means) -> AbstractContextManager[None]:
    """No other round of this newsroom runs at the same time."""
    folder = means.state.file.parent / "follow"
    return alone(
        folder, "Another tracker follow is at work in this newsroom.", "Wait for it, or end it."
    )
