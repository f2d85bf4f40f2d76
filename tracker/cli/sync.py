"""``tracker sync``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from tracker.cli.common import done, json_option, open_newsroom, print_json, warn
from tracker.house.settings import Settings
from tracker.newsroom.sync import Clash, Passed, Synced
from tracker.render.plain import counted, printed, visible

_SHOWN = 20  # revisions of each side


@click.command("sync")
@click.argument("remote", required=False)
@click.option(
    "--merge", is_flag=True, help="Merge changes of different sentences in one paragraph too."
)
@click.option("--no-push", is_flag=True, help="Receive and merge; send nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@json_option
def command(remote: str | None, merge: bool, no_push: bool, dry_run: bool, as_json: bool) -> None:
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
            for line in _lines(found, room.settings, push=not no_push):
                click.echo(line)
    if found.clashes:
        if not as_json:
            warn(_way_out(found))
        raise click.exceptions.Exit(1)


def _lines(done: Synced, settings: Settings, *, push: bool) -> Iterator[str]:
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
        parts = (("before", passage.base), ("here", passage.ours), ("there", passage.theirs))
        yield from _passages(parts)


def _passages(parts: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield ""
    for name, text in parts:
        yield f"  {name + ':':<8}{visible(' '.join(text.split())) or '(nothing)'}"


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
