"""The archive itself: ``init``, ``sync`` with others, ``verify``, its ``catalog``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker.cli.common import (
    collision_lines,
    done,
    json_option,
    open_newsroom,
    present,
    print_json,
    progress_bar,
    warn,
)
from tracker.errors import TrackerError
from tracker.house import settings as house_settings
from tracker.house import style as house_style
from tracker.house.dates import names
from tracker.house.settings import Settings
from tracker.newsroom.signatures import Seen, Trust, VerifyRequest
from tracker.newsroom.signatures import write as write_witness
from tracker.newsroom.workspace import SETTINGS_FILE, Proposal, open_workspace, proposal
from tracker.render.history import state_lines
from tracker.render.plain import counted, printed, visible
from tracker.store.commit import FileWrite, write
from tracker.store.files import Folder, write_file
from tracker.store.git import identity
from tracker.store.log import files
from tracker.store.remote import initialise
from tracker.store.verify import written

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom
    from tracker.newsroom.sync import Clash, Passed, Synced


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
    toml = house_settings.template(
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
    house_settings.read(toml, SETTINGS_FILE, lambda _: "")
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


# --- the archive, with others and by itself ------------------------------------------------------

_SHOWN = 20  # revisions of each side


@click.command("sync")
@click.argument("remote", required=False)
@click.option(
    "--merge", is_flag=True, help="Merge changes of different sentences in one paragraph too."
)
@click.option("--no-push", is_flag=True, help="Receive and merge; send nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@json_option
def sync(remote: str | None, merge: bool, no_push: bool, dry_run: bool, as_json: bool) -> None:
    """Receive what REMOTE has, send what it has not, and merge where both sides wrote.

    REMOTE is one that git knows; by default the branch's own, or origin. Where both sides changed
    the same passage, nothing is changed on either side, and the exit status is 1.
    """
    room = open_newsroom()
    found = room.sync(remote, merge=merge, push=not no_push, dry_run=dry_run)
    with done():
        if as_json:
            print_json(printed(**found._asdict()))
        else:
            for line in _sync_lines(found, room.settings, push=not no_push):
                click.echo(line)
    if found.clashes:
        if not as_json:
            warn(_way_out(found))
        raise click.exceptions.Exit(1)


def _sync_lines(done: Synced, settings: Settings, *, push: bool) -> Iterator[str]:
    name = f"{visible(done.remote)} ({visible(done.branch)})"
    if done.clashes:
        for clash in done.clashes:
            yield from _clash_lines(clash, settings, done.remote)
        return
    if not done.received and not done.sent:
        yield f"In step with {name}: nothing to receive, nothing to send."
        return
    words = _WOULD if done.dry_run else _DID
    if done.received:
        yield f"{words['receive']} {counted(len(done.received), 'commit')} from {name}:"
        yield from _passed_lines(done.received, settings)
    if done.sent and push:
        yield f"{words['send']} {counted(len(done.sent), 'commit')} to {name}:"
        yield from _passed_lines(done.sent, settings)
    elif done.sent:
        yield f"Not sent to {name}: {counted(len(done.sent), 'commit')}."
    for path in done.merged:
        yield f"{words['merge']} {visible(path)}, which both sides changed."


_DID = {"receive": "Received", "send": "Sent", "merge": "Merged"}
_WOULD = {"receive": "Would receive", "send": "Would send", "merge": "Would merge"}


def _passed_lines(passed: tuple[Passed, ...], settings: Settings) -> Iterator[str]:
    for each in passed[:_SHOWN]:
        yield f"  {_named(each, settings)}  {visible(', '.join(each.articles) or each.subject)}"
    if len(passed) > _SHOWN:
        yield f"  … {len(passed) - _SHOWN} more"


def _named(each: Passed, settings: Settings) -> str:
    at = settings.stamp(each.at)
    return f"{each.commit[:10]}  {at}  {visible(each.person.name)}"


_KINDS = {
    "passages": "changed on both sides in the same sentence",
    "paragraphs": "changed on both sides in the same paragraph",
    "deleted-here": "deleted here, and changed there",
    "deleted-there": "changed here, and deleted there",
    "file": "changed on both sides",
}


def _clash_lines(clash: Clash, settings: Settings, remote: str) -> Iterator[str]:
    yield f"{visible(clash.path)}: {_KINDS[clash.kind]}"
    for name, passed in (("here", clash.here), (visible(remote), clash.there)):
        for each in passed[:3]:
            yield f"  {name + ':':<8}{_named(each, settings)}  {visible(each.subject)}"
    for passage in clash.collisions:
        yield ""
        yield from collision_lines(passage, "here", "there")


def _way_out(done: Synced) -> str:
    count = len(done.clashes)
    what = "1 file collides" if count == 1 else f"{count} files collide"
    if all(each.kind == "paragraphs" for each in done.clashes):
        hint = "Different sentences were changed; bring them together with: tracker sync --merge"
    else:
        merge = f"git merge {visible(done.remote)}/{visible(done.branch)}"
        hint = f"Settle it with the others; by hand, with git and an editor: {merge}"
        if all(each.kind in ("passages", "paragraphs") for each in done.clashes):
            hint = (
                "Agree on the words. Write these passages here as they stand there, record, and "
                f"sync again; or settle them by hand, with git and an editor: {merge}"
            )
    return f"{what}; nothing was changed on either side.\n  {hint}"


@click.command("verify")
@click.option(
    "--witness", "witnesses", metavar="FILE", multiple=True,
    help="Hold the published line against this witness too; may be given more than once.",
)  # fmt: skip
@click.option("--write", "target", metavar="FILE|-", help="Write a witness of the line as it is.")
@click.option("--signed", is_flag=True, help="Ask for signatures, whatever tracker.toml says.")
@click.option("--quick", is_flag=True, help="Look that files are there, and do not read them.")
@click.option("--accept", is_flag=True, help="Take the line as it is from now on.")
@json_option
def verify(
    witnesses: tuple[str, ...],
    target: str | None,
    signed: bool,
    quick: bool,
    accept: bool,
    as_json: bool,
) -> None:
    """Verify that the archive is whole, and that its history was not rewritten.

    Every object is held against its hash, the published line against the last verification and
    against the witnesses given, and where tracker.toml asks for it ([verify] signed), every commit
    against its signature. The exit status is 1 where something fails.
    """
    room = open_newsroom()
    asked = VerifyRequest(tuple(map(Path, witnesses)), signed, not quick, accept)
    with progress_bar("Verifying") as progress:
        progress(0, 0)
        trust, witness = room.verify(asked, progress)
    if target == "-" and trust.sound:
        click.echo(written(witness), nl=False)
    elif as_json:
        print_json(printed(sound=trust.sound, **trust._asdict()))
    else:
        for line in _trust_lines(trust, room.settings, read_all=not quick):
            click.echo(line)
    if not trust.sound:
        if target is not None and target != "-":
            warn(f"{target} was not written: it would vouch for what was found.")
        raise click.exceptions.Exit(1)
    if target is not None and target != "-":
        write_witness(Path(target), witness)


def _trust_lines(trust: Trust, settings: Settings, *, read_all: bool) -> Iterator[str]:
    rules = {each.rule for each in trust.concerns}
    count = "1 commit" if trust.commits == 1 else f"{trust.commits:,} commits"
    if not rules & {"damaged", "replaced"}:
        looked = "every object has the content of its hash" if read_all else "no object is missing"
        yield f"Whole: {count} on the published line, and {looked}."
    for seen in trust.seen:
        if seen.state in ("same", "grown"):
            yield _seen_line(seen, settings)
    if trust.signed is not None:
        who = ", ".join(f"{visible(name)} {number:,}" for name, number in trust.signers[:10])
        yield f"Signed: {trust.signed:,} of {trust.asked:,} commits{f' ({who})' if who else ''}."
    if trust.catalog == "agrees":
        yield "Catalog: it agrees with git."
    for concern in trust.concerns:
        yield f"{concern.rule}: {visible(concern.words)}"
        yield f"    → {concern.advice}"
    if not trust.sound:
        failing = sum(each.severity == "fail" for each in trust.concerns)
        yield f"{counted(failing, 'finding')}."
    yield "What this does not prove:"
    for limit in trust.limits:
        yield f"  {limit}"


def _seen_line(seen: Seen, settings: Settings) -> str:
    at = settings.stamp(seen.at)
    what = f"the witness {visible(seen.witness)}" if seen.witness else "the last verification"
    since = {0: "nothing was added", 1: "1 commit was added"}.get(
        seen.since, f"{seen.since:,} commits were added"
    )
    return f"Not rewritten since {what} of {at}: {since}."


@click.command("catalog")
@click.option("--rebuild", is_flag=True, help="Make it anew from git, now.")
@click.option(
    "--boilerplate", is_flag=True, help="List the sentences that many articles have instead."
)
@json_option
def catalog(rebuild: bool, boilerplate: bool, as_json: bool) -> None:
    """Show the state of the catalog: where it is, what it holds, how far it is behind.

    The catalog is a SQLite file inside the git directory, made from git and brought up to date by
    the commands that use it. It may be deleted at any time. Other tools may read it: see
    docs/catalog.md.

    A sentence that many articles have is boilerplate: a change to it alone is none of substance.
    tracker.toml adds sentences and takes some out: see docs/catalog.md.
    """
    room = open_newsroom()
    if rebuild:
        with progress_bar("Reading commits") as progress:
            state = room.rebuild_catalog(progress)
    else:
        state = room.catalog()
    if boilerplate:
        _list_boilerplate(room, as_json=as_json)
    elif as_json:
        print_json(printed(**state._asdict()))
    else:
        click.echo("\n".join(state_lines(state)))


def _list_boilerplate(room: Newsroom, *, as_json: bool) -> None:
    with progress_bar("Counting what articles repeat") as progress:
        found = room.boilerplate(progress)
    if as_json:
        listed = [{"sentence": words, "articles": number} for words, number in found.sentences]
        print_json(printed(sequences=len(found.sequences), sentences=listed))
        return
    for words, number in found.sentences:
        counted = f"{number:,}" if number else "added"
        click.echo(f"{counted:>7}  {visible(words)}")
    if not found.sentences:
        click.echo("No sentence stands in many articles.", err=True)
