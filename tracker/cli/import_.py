"""``tracker import``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click

from tracker.cli.common import json_option, present, print_json, progress_bar, standard_input, warn
from tracker.errors import TrackerError
from tracker.house.dates.names import zone as zone_named
from tracker.newsroom.importing import Imported, Options
from tracker.newsroom.incoming import Source, folder_named
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.workspace import SETTINGS_FILE
from tracker.render.plain import counted, visible
from tracker.sources.rows import columns_of
from tracker.sources.versions import HowRead, Markup, shown
from tracker.store.files import scratch_folder, write_file
from tracker.store.remote import has_commits, initialise, unmake

FORMATS = (
    "auto", "folder", "jsonl", "warc", "diffengine", "newsdiffs", "wxr", "wp-json", "mediawiki",
    "csv", "parquet",
)  # fmt: skip
_NAMED = 20  # bad versions that are named on a terminal


@click.command("import")
@click.argument("source", metavar="[SOURCE]", required=False)
@click.option("--from-git", "repository", metavar="REPO", help="Read another git repository.")
@click.option("--folder", metavar="FOLDER", help="With --from-git: only this folder of it.")
@click.option("--into", metavar="DIR", help="The newsroom; made if not there.  [default: .]")
@click.option(
    "--under",
    metavar="FOLDER",
    help="The newsroom's folder for the articles.  [default: articles; with --from-git, as there]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="auto",
    show_default=True,
    help="Insist on a format; else the first bytes tell.",
)
@click.option("--zone", metavar="NAME", help="Of times without one: America/New_York.")
@click.option(
    "--html",
    "markup",
    type=click.Choice(("markdown", "keep", "strip")),
    default="markdown",
    show_default=True,
    help="What becomes of bodies in HTML and wikitext: Markdown, as they are, words alone.",
)
@click.option(
    "--columns", metavar="KEY=COLUMN,…", help="Of CSV and Parquet: url=address,at=seen,text=body."
)
@click.option(
    "--types",
    metavar="TYPE,…",
    help="WordPress types that are articles.  [default: post,page]",
)
@click.option("--from-wordpress", "site", metavar="URL", help="Read a site's revisions (REST API).")
@click.option(
    "--user", metavar="NAME", help="With --from-wordpress: whose Application Password is asked for."
)
@click.option(
    "--keep-notes",
    is_flag=True,
    help="A version that brings no notes keeps those of the one before it, as a desk's does. Else"
    " each is recorded as it stood, byte for byte.",
)
@click.option("--skip-bad", is_flag=True, help="Leave out versions that cannot be used.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, and write nothing.")
@click.option(
    "--no-sign", is_flag=True, help="Import unsigned into a repository that signs its commits."
)
@json_option
def import_(
    source: str | None,
    repository: str | None,
    folder: str | None,
    into: str | None,
    under: str | None,
    form: str,
    zone: str | None,
    markup: Markup,
    columns: str | None,
    types: str | None,
    site: str | None,
    user: str | None,
    keep_notes: bool,
    skip_bad: bool,
    dry_run: bool,
    no_sign: bool,
    as_json: bool,
) -> None:
    """Bring dated versions of articles into a newsroom, each as one revision.

    SOURCE is a folder that holds one folder for each article, and in it one file for each version,
    named by its instant, as 2022-05-10T1630-0400.md; or a file of JSON Lines, one version a line;
    or a web archive (WARC, ARC, WACZ, CDX), a database of diffengine, NewsEdits or NewsDiffs, an
    export of WordPress, a dump of MediaWiki, or a table; or - for standard input. Its first bytes
    tell which; it may be packed by gzip, bzip2, xz or zstd.

    Versions may come in any order. Run again, it adds only what is missing; interrupted, it leaves
    the newsroom as it was. With --dry-run it counts what the source holds beside such versions.
    """
    started = time.monotonic()
    if under is not None:
        under = folder_named(under)
    place = Path(into or click.get_current_context().find_root().obj or ".")
    made = _is_to_be_made(place)
    reading = HowRead(
        form,
        "articles" if under is None else under,
        zone_named(zone) if zone else None,
        markup,
        columns_of(columns) if columns else None,
        tuple(each.strip() for each in types.split(",") if each.strip()) if types else (),
    )
    if site is not None:
        if source is not None or repository is not None:
            raise TrackerError("--from-wordpress and another source are two.", "Leave one out.")
        given = _wordpress(site, user, reading)
    else:
        given = _source(source, repository, folder, under, reading)
    skip_bad = skip_bad or getattr(given, "forgiving", False)
    options = Options(reading.under, skip_bad, dry_run, not no_sign, keep_notes)
    with (
        closing(given),
        _newsroom(place, given, made=made, dry_run=dry_run) as room,
        _progress() as progress,
    ):
        if repository is not None and not made:
            from tracker.sources.folder import refuse_itself

            refuse_itself(Path(repository), room)
        done = room.bring(given, options, progress)
    if made:
        did = "Would make" if dry_run else "Made"
        click.echo(f"{did} a newsroom in {shown(place)}.", err=as_json)
    traps = getattr(given, "traps", {})
    _report(done, traps, time.monotonic() - started, dry_run=dry_run, as_json=as_json)


def _wordpress(site: str, user: str | None, reading: HowRead) -> Source:
    from tracker.sources.wordpress import WordPressSite, rest_client

    if urlsplit(site).scheme not in ("http", "https") or not urlsplit(site).hostname:
        raise TrackerError(f"“{visible(site)}” is no address of a site.", "Write https://….")
    if not user:
        raise TrackerError(
            "Revisions are given to people who may edit, and nobody is named.",
            "Name one with --user, who has an Application Password.",
        )
    password = os.environ.get("TRACKER_WORDPRESS_PASSWORD")
    if not password:
        password = click.prompt(f"Application Password of {user}", hide_input=True, err=True)
    source = WordPressSite(rest_client(user, password), site, reading)
    source.under = reading.under
    return source


def _source(
    source: str | None,
    repository: str | None,
    folder: str | None,
    under: str | None,
    reading: HowRead,
) -> Source:
    if (source is None) == (repository is None):
        raise TrackerError(
            "Import from where?" if source is None else "SOURCE and --from-git are two sources.",
            "Give a folder, a file of JSON Lines, - or --from-git REPO.",
        )
    if repository is not None:
        from tracker.sources.folder import OtherRepository

        return OtherRepository(Path(repository), folder=folder or "", under=under)
    if folder is not None:
        raise TrackerError("--folder is a folder of --from-git.", "Leave it out.")
    assert source is not None
    from tracker.sources import open_source

    path = None if source == "-" else Path(source)
    if path is not None and not path.exists():
        raise TrackerError(f"There is no file or folder {shown(path)}.", "Check the path.")
    return open_source(path, None if path else standard_input(), reading)


def _is_to_be_made(folder: Path) -> bool:
    """Whether there is no newsroom in a folder yet: it is missing or empty.

    Raises ``TrackerError`` where there is a file in its place.
    """
    there = next((one for one in (folder, *folder.absolute().parents) if one.exists()), folder)
    if there.exists() and not there.is_dir():
        raise TrackerError(
            f"{visible(str(there))} is a file, so there can be no newsroom in it.",
            "Name another folder with --into.",
        )
    try:
        return not folder.exists() or not any(folder.iterdir())
    except OSError:
        return False  # that it may not be read is said when it is opened


@contextmanager
def _newsroom(folder: Path, source: Source, *, made: bool, dry_run: bool) -> Iterator[Newsroom]:
    """The newsroom in a folder; a new one where it is to be made.

    A new one is removed again where the import fails before anything is recorded; for a dry run it
    is made elsewhere.
    """
    if not made:
        yield Newsroom(folder, now=present())
        return
    with ExitStack() as stack:
        if dry_run:
            folder = stack.enter_context(scratch_folder())
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        try:
            initialise(folder)
            settings = getattr(source, "settings", None)
            if settings is not None:
                write_file(folder / SETTINGS_FILE, settings.read_bytes(), new=True)
            yield Newsroom(folder, now=present())
        except BaseException:
            if not has_commits(folder):
                unmake(folder, SETTINGS_FILE, missing)
            raise


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """One bar after the other, for each thing that is done."""
    with ExitStack() as stack:
        now: list[tuple[str, Callable[[int, int], None]]] = []

        def show(what: str, done: int, whole: int) -> None:
            if not now or now[-1][0] != what:
                stack.close()
                now.append((what, stack.enter_context(progress_bar(what))))
            now[-1][1](done, max(whole, done))

        yield show


def _report(
    done: Imported, traps: Mapping[str, int], seconds: float, *, dry_run: bool, as_json: bool
) -> None:
    for sentence in done.advice:
        warn(visible(sentence))
    beside = sorted(traps.items(), key=lambda each: (-each[1], each[0]))
    if as_json:
        summary = done._asdict()
        summary["skipped"] = [each._asdict() for each in done.skipped]
        if hasattr(traps, "most_common"):
            summary["traps"] = dict(beside)
        print_json({"dry_run": dry_run, **summary, "seconds": round(seconds, 3)})
        return
    bad = [each for each in done.skipped if each.bad]
    left = [each for each in done.skipped if not each.bad]
    for each in (left[:_NAMED] if not traps else []) + bad[:_NAMED]:
        warn(visible(f"{each.origin}: {each.reason}"))
    if beside:
        warn("beside versions that readers saw, the source holds:")
        for what, number in beside:
            click.echo(visible(f"{number:>9,}  {what}"), err=True)
    if done.bad > _NAMED:
        warn(f"and {done.bad - _NAMED:,} more versions that cannot be used.")
    parts = [f"{'Would record' if dry_run else 'Recorded'} {counted(done.added, 'revision')}"]
    if done.added:
        parts[0] += f" of {counted(done.articles, 'article')}"
    if done.known:
        parts.append(f"{done.known:,} {'was' if done.known == 1 else 'were'} there already")
    if done.unchanged:
        parts.append(f"{done.unchanged:,} changed nothing")
    if done.bad:
        parts.append(f"{done.bad:,} left out as bad")
    click.echo(f"{', '.join(parts)}.")
