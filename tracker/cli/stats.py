"""``tracker stats``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

import click

from tracker.cli.common import json_option, open_newsroom, print_json, progress_bar, warn
from tracker.house.settings import Settings
from tracker.model import KINDS
from tracker.newsroom import names
from tracker.newsroom.queries import Correction, Statistics, statistics
from tracker.render.plain import counted, encodable, printed, visible


@click.command("stats")
@click.option("--since", metavar="DATE", help="From this day, month or year on.")
@click.option("--until", metavar="DATE", help="Until the end of this day, month or year.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="For people, for a spreadsheet, or for programs.",
)
@json_option
def stats(since: str | None, until: str | None, form: str, as_json: bool) -> None:
    """Numbers for the year's report.

    Notes by kind and month; how long the errors had stood that were corrected; and the changes of
    substance that no note tells of, by month and by folder.
    """
    room = open_newsroom(past=True)
    start = names.period_start(room.workspace, since) if since else None
    end = names.period_end(room.workspace, until) if until else None
    with progress_bar("Reading articles") as progress:
        found = statistics(room.workspace, start, end, progress)
    if not found.revisions:
        warn("there is no revision in that time.")
    if as_json or form == "json":
        print_json(_object(found))
    elif form == "csv":
        click.echo(_csv(found), nl=False)
    else:
        for line in _lines(found, room.settings):
            click.echo(line)


def _object(found: Statistics) -> object:
    """What ``stats --json`` prints; the schema is in ``docs/stats.schema.json``."""
    parts = found._asdict()
    parts["corrections"] = [
        {**each._asdict(), "stood": each.stood and int(each.stood.total_seconds())}
        for each in found.corrections
    ]
    return printed(**parts)


def _csv(found: Statistics) -> str:
    """One table for a spreadsheet: what was counted, the month, of what, how many."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("what", "month", "of", "count", "untold"))
    for note in found.notes:
        writer.writerow(("notes", note.month, note.kind, note.number, ""))
    for change in found.changes:
        folder = encodable(change.folder)
        writer.writerow(("changes", change.month, folder, change.changes, change.untold))
    return out.getvalue()


def _lines(found: Statistics, settings: Settings) -> Iterator[str]:
    at = [settings.stamp(each) for each in (found.since, found.until) if each]
    span = f" since {at[0]}" if found.since else ""
    span += f" before {at[-1]}" if found.until else ""
    yield f"{found.revisions:,} revisions of {found.articles:,} articles{span}"
    yield ""
    kinds = [kind for kind in KINDS if any(each.kind == kind for each in found.notes)]
    counts = {(each.month, each.kind): each.number for each in found.notes}
    months = list(dict.fromkeys(each.month for each in found.notes))
    yield from _table(
        "Notes",
        [*kinds, "all"],
        [
            (month, [*(row := [counts.get((month, kind), 0) for kind in kinds]), sum(row)])
            for month in months
        ],
    )
    yield from _corrections(found.corrections)
    for title in ("month", "folder"):
        rows: dict[str, list[int]] = {}
        for change in found.changes:
            name: str = getattr(change, title)
            row = rows.setdefault(name or "(none)", [0, 0])
            row[0] += change.changes
            row[1] += change.untold
        if title == "folder" and len(rows) < 2:
            continue
        yield from _table(
            f"Changes of substance by {title}",
            ["all", "untold", "%"],
            [
                (visible(name), [*row, round(100 * row[1] / row[0])])
                for name, row in sorted(rows.items())
            ],
        )


def _corrections(corrections: Sequence[Correction]) -> Iterator[str]:
    known = sorted(each.stood for each in corrections if each.stood is not None)
    yield f"Corrections: {len(corrections):,}"
    if known:
        half, most = (_span(known[(part * len(known) - 1) // 10]) for part in (5, 9))
        yield f"  from error to correction: half within {half}, nine of ten within {most}"
        if len(known) < len(corrections):
            yield f"  (of {len(known):,} of which it is known when the error came out)"
    yield ""


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    for size, name in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= 2 * size or size == 1:
            number = round(minutes / size)
            return counted(number, name)
    raise AssertionError


def _table(
    title: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[int]]]
) -> Iterator[str]:
    listed = list(rows)
    if not listed:
        return
    width = max(len(title), *(len(name) for name, _ in listed)) + 2
    yield click.style(f"{title:<{width}}", bold=True) + "".join(f"{head:>15}" for head in heads)
    for name, row in listed:
        yield f"{name:<{width}}" + "".join(f"{number:>15,}" for number in row)
    yield ""
