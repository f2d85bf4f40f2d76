"""``tracker corpus``: millions of pairs of versions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker.cli.common import json_option, open_newsroom, print_json, progress_bar, warn
from tracker.errors import TrackerError
from tracker.house import settings
from tracker.house.style import load
from tracker.render.plain import printed, visible

if TYPE_CHECKING:
    from tracker.corpus.folder import Corpus
    from tracker.newsroom.incoming import Skipped

_NAMED = 20  # errors, and versions left out, that are named on a terminal


@click.group("corpus")
def corpus() -> None:
    """Judge millions of pairs of versions, on all cores or on a cluster.

    pairs writes the texts, judge compares them, report makes tables and plots of the answers. A
    folder may be at any address that fsspec knows: s3://…, gs://…. See docs/corpora.md.
    """
    for library in ("pyarrow", "distributed", "duckdb"):
        if find_spec(library) is None:
            raise TrackerError(
                f"tracker corpus needs the library {library}, which is not here.",
                "Install it with: pip install 'article-tracker[corpus]'",
            )


_edits = click.option("--edits", is_flag=True, help="Write every edit too, in a table of its own.")
_seconds = click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=60.0,
    show_default=True,
    help="What one pair may take; then it is told as an error, and the rest goes on.",
)


@corpus.command("pairs")
@click.argument("room", metavar="[NEWSROOM]", required=False)
@click.option("--to", metavar="DIR", required=True, help="The folder of the corpus, a new one.")
@click.option("--add", is_flag=True, help="Add the pairs that the corpus in DIR has not yet.")
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Versions in a file instead: Parquet, a database of NewsEdits, all that tracker import"
    " reads; may be given again.",
)
@click.option("--source", metavar="NAME", help="The outlet, where an address does not say it.")
@click.option("--style", metavar="NAME", help="With --from: the outlet's house style.")
@click.option("--language", metavar="TAG", help="With --from: of articles that do not say theirs.")
@click.option("--zone", metavar="NAME", help="With --from: of times without one.")
@click.option("--columns", metavar="KEY=COLUMN,…", help="With --from: of Parquet and CSV.")
@click.option(
    "--chunk",
    type=click.FloatRange(min=0.001),
    default=4.0,
    show_default=True,
    metavar="MB",
    help="Text in a chunk, which is what one task judges.",
)
def pairs(
    room: str | None,
    to: str,
    add: bool,
    files: tuple[Path, ...],
    source: str | None,
    style: str | None,
    language: str | None,
    zone: str | None,
    columns: str | None,
    chunk: float,
) -> None:
    """Write neighbouring versions of each article as pairs. Nothing is compared.

    Of a NEWSROOM, by default the one you are in, or of files of versions.
    """
    from tracker.corpus.folder import CorpusFolder
    from tracker.corpus.pairs import of_files, of_newsroom, settings_of, write_pairs

    if files and room is not None:
        raise TrackerError("NEWSROOM and --from are two sources.", "Leave one out.")
    if not files and any((style, language, zone, columns)):
        raise TrackerError(
            "A newsroom has its settings in tracker.toml.",
            "Leave --style, --language, --zone and --columns out.",
        )
    place, group = CorpusFolder(to), int(chunk * (1 << 20))
    skipped: list[Skipped] = []
    with progress_bar("Reading versions") as progress:
        if files:
            from tracker.house.dates.names import zone as zone_named
            from tracker.sources.rows import columns_of
            from tracker.sources.versions import HowRead

            reading = HowRead(
                zone=zone_named(zone) if zone else None,
                columns=columns_of(columns) if columns else None,
            )
            for file in files:
                if not file.exists():
                    raise TrackerError(f"There is no file {visible(str(file))}.", "Check the path.")
            found = of_files(files, reading, source, skipped)
            written = write_pairs(found, place, _settings(style, language), {}, group, add=add)
        else:
            if room is not None:
                click.get_current_context().find_root().obj = room
            workspace = open_newsroom().workspace
            found = of_newsroom(workspace, source, progress)
            written = write_pairs(found, place, *settings_of(workspace), group, add=add)
    for each in skipped[:_NAMED]:
        warn(visible(f"{each.origin}: {each.reason}"))
    if len(skipped) > _NAMED:
        warn(f"and {len(skipped) - _NAMED:,} more versions were left out.")
    if not written.versions:
        raise TrackerError(
            "There is no version to make pairs of.", "Name a newsroom, or files that import reads."
        )
    corpus = written.corpus
    click.echo(
        f"Wrote {corpus.pairs:,} pairs of {written.versions:,} versions of"
        f" {written.articles:,} articles, in {len(corpus.chunks):,} chunks."
    )
    if written.unchanged:
        click.echo(f"{written.unchanged:,} versions had the text of the one before.", err=True)


def _settings(style: str | None, language: str | None) -> str | None:
    """The settings of an outlet that has no newsroom."""
    if style is not None:
        load(style)  # says which there are
    said = {"style": style, "language": language}
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in said.items() if value is not None]
    if lines:
        settings.read("".join(lines), "--style and --language", lambda _: "")
    return "".join(lines) or None


@corpus.command("judge")
@click.argument("folder", metavar="DIR")
@click.option("--to", metavar="OUT", required=True, help="The folder of the verdicts.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes on this machine.  [default: as many as it has cores]",
)
@click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster that runs: tcp://host:8786.")
@click.option("--slurm", type=click.IntRange(min=1), metavar="N", help="Ask SLURM for N jobs.")
@_edits
@_seconds
def judge(
    folder: str,
    to: str,
    workers: int | None,
    scheduler: str | None,
    slurm: int | None,
    edits: bool,
    seconds: float,
) -> None:
    """Compare the pairs in DIR, and write the verdicts into OUT.

    Run again, it does what is missing. Ends with status 1 where a pair has an error.
    """
    from tracker.corpus import run
    from tracker.corpus.folder import CorpusFolder
    from tracker.processes import cores

    if sum(each is not None for each in (workers, scheduler, slurm)) > 1:
        raise TrackerError("--workers, --scheduler and --slurm are three ways.", "Name one.")
    started = time.monotonic()
    where = run.Cluster(workers or cores(), scheduler, slurm)
    with progress_bar("Judging pairs") as progress:
        found = run.run(
            CorpusFolder(folder),
            CorpusFolder(to),
            where,
            edits=edits,
            seconds=seconds,
            progress=progress,
        )
    for failed in found.failed[:_NAMED]:
        warn(visible(failed))
    done, passed = found.done, time.monotonic() - started
    said = f"{done.rows:,} pairs judged, {done.substantive:,} of them changed in substance"
    if found.before:
        said += f"; {found.before:,} of {done.chunks:,} chunks were there already"
    click.echo(f"{said}.")
    if done.chunks > found.before:
        click.echo(f"It took {passed:,.1f} s.", err=True)
    _end(done.errors, len(found.failed), to)


def _end(errors: int, failed: int, to: str) -> None:
    if errors:
        warn(f"{errors:,} pairs have an error in place of a verdict: tracker corpus status {to}")
    if failed:
        warn(f"{failed:,} chunks have no verdicts: run it again.")
    if errors or failed:
        click.get_current_context().exit(1)


@corpus.command("work")
@click.argument("folder", metavar="DIR")
@click.argument("to", metavar="OUT")
@click.option(
    "--chunk", "chunks", type=int, multiple=True, metavar="N", help="This one; from 0; more too."
)
@click.option("--part", metavar="I/N", help="Every N-th chunk, from the I-th on: 1/40 to 40/40.")
@click.option("--count", is_flag=True, help="Count what each source repeats: once, before all.")
@_edits
@_seconds
def work(
    folder: str,
    to: str,
    chunks: tuple[int, ...],
    part: str | None,
    count: bool,
    edits: bool,
    seconds: float,
) -> None:
    """Judge some chunks in this process: for a SLURM array, GNU parallel, Airflow.

    The chunks of all processes together are what judge does.
    """
    from tracker.corpus import run
    from tracker.corpus.folder import CorpusFolder

    if bool(chunks) + (part is not None) + count != 1:
        raise TrackerError("Which chunks?", "Name --chunk N, --part I/N, or --count.")
    pairs, out = CorpusFolder(folder), CorpusFolder(to)
    if count:
        run.count_all(pairs, out, edits=edits)
        click.echo("Counted what each source repeats.")
        return
    first, step = _part(part) if part is not None else (0, 0)

    def wanted(corpus: Corpus) -> Iterable[int]:
        if not step:
            return chunks
        costly = sorted(corpus.chunks, key=lambda chunk: -chunk.bytes)
        return [chunk.number for chunk in costly[first::step]]

    done = run.work(pairs, out, wanted, edits=edits, seconds=seconds)
    click.echo(f"{done.rows:,} pairs in {done.chunks:,} chunks judged.")
    _end(done.errors, 0, to)


def _part(written: str) -> tuple[int, int]:
    number, _, of = written.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise TrackerError(f"“{visible(written)}” is no part.", "Write 1/40, 2/40, … 40/40.")
    return int(number) - 1, int(of)


@corpus.command("status")
@click.argument("to", metavar="OUT")
@json_option
def status(to: str, as_json: bool) -> None:
    """Show how far the verdicts in OUT are: chunks, errors, rate, time left."""
    from tracker.corpus import folder

    found = folder.status(folder.CorpusFolder(to))
    if as_json:
        done = found.done
        print_json(
            printed(
                tracker=found.tracker,
                chunks=found.chunks,
                chunks_done=done.chunks,
                pairs=found.pairs,
                pairs_done=done.rows,
                substantive=done.substantive,
                errors=done.errors,
                pairs_a_second=found.pairs_a_second and round(found.pairs_a_second, 1),
                seconds_left=None if found.seconds_left is None else round(found.seconds_left),
                pairs_with_errors=[{"pair": pair, "error": why} for pair, why in found.errors],
            )
        )
        return
    done = found.done
    click.echo(
        f"{done.chunks:,} of {found.chunks:,} chunks, {done.rows:,} of {found.pairs:,} pairs"
    )
    if done.rows:
        click.echo(
            f"{done.substantive:,} changed in substance ({done.substantive / done.rows:.1%})"
        )
    if found.pairs_a_second is not None and done.chunks < found.chunks:
        click.echo(
            f"{found.pairs_a_second:,.0f} pairs a second,"
            f" {_span(found.seconds_left or 0)} left at that rate"
        )
    click.echo(f"{done.errors:,} errors")
    for pair, error in found.errors[:_NAMED]:
        click.echo(visible(f"  {pair}  {error}"))


def _span(seconds: float) -> str:
    for size, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {name}"
    return f"{seconds:,.0f} seconds"


@corpus.command("check")
@click.argument("to", metavar="OUT")
@json_option
def check(to: str, as_json: bool) -> None:
    """See that every pair has one verdict in OUT, all by one version of tracker."""
    from tracker.corpus import folder

    done, faults = folder.check(folder.CorpusFolder(to))
    if as_json:
        print_json(printed(pairs=done.rows, faults=[each._asdict() for each in faults]))
    else:
        for each in faults:
            click.echo(visible(f"{each.file}: {each.what}"))
        click.echo(f"{done.rows:,} pairs, {len(faults):,} faults")
    if faults:
        click.get_current_context().exit(1)


@corpus.command("report")
@click.argument("verdicts", metavar="OUT")
@click.option(
    "--to",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder of the report, made where it is not there.",
)
def report(verdicts: str, to: Path) -> None:
    """Write the tables and plots of a paper: CSV, SVG, and one page.

    Shares of changes of substance, and of undisclosed ones, by outlet, hours after publication and
    section; and the time from publication to correction.
    """
    from tracker.corpus.folder import CorpusFolder
    from tracker.corpus.report import write_report

    names = write_report(CorpusFolder(verdicts), to)
    click.echo(f"Wrote {len(names)} files; begin with {to / 'index.html'}.")
