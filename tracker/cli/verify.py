"""``tracker verify``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from tracker.cli.common import json_option, open_newsroom, print_json, progress_bar, warn
from tracker.house.settings import Settings
from tracker.newsroom.signatures import Seen, Trust, VerifyRequest, write
from tracker.render.plain import counted, printed, visible
from tracker.store.verify import written


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
def command(
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
        for line in _lines(trust, room.settings, read_all=not quick):
            click.echo(line)
    if not trust.sound:
        if target is not None and target != "-":
            warn(f"{target} was not written: it would vouch for what was found.")
        raise click.exceptions.Exit(1)
    if target is not None and target != "-":
        write(Path(target), witness)


def _lines(trust: Trust, settings: Settings, *, read_all: bool) -> Iterator[str]:
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
