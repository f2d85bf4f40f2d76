"""What is recorded, shown: ``history show blame changelog footer search stats``; ``styles``."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from tracker.cli.common import (
    ARTICLE,
    Narrowing,
    article_argument,
    json_option,
    narrowing_options,
    open_newsroom,
    paged,
    print_json,
    progress_bar,
    warn,
    write_page,
)
from tracker.errors import TrackerError
from tracker.model import KINDS, Article, Kind, Note
from tracker.render.plain import counted, encodable, printed, visible

if TYPE_CHECKING:
    from tracker.house.settings import Settings
    from tracker.house.style import Style
    from tracker.newsroom.newsroom import Newsroom
    from tracker.newsroom.statistics import Correction, Statistics


@click.command("history")
@click.argument("article", required=False, type=ARTICLE, metavar="[ARTICLE]")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), help="Show this many of the newest revisions."
)
@click.option("--substantive", is_flag=True, help="Show only what changes a reader's belief.")
@click.option("--reverse", is_flag=True, help="Oldest first.")
@narrowing_options
@click.option("--deleted", is_flag=True, help="List the articles that were deleted.")
@json_option
def history(
    article: str | None,
    limit: int | None,
    substantive: bool,
    reverse: bool,
    deleted: bool,
    as_json: bool,
    **narrowed: Any,
) -> None:
    """Show the revisions of ARTICLE with their notes, or the newsroom's latest revisions.

    Newest first: number, when, who, words added and removed, and whether a reader of the version
    before would now believe something else, with the reason.
    """
    from tracker.render import history as face

    room = open_newsroom(past=True)
    narrowing = Narrowing(room, **narrowed)
    if deleted:
        if article is not None:
            raise TrackerError("--deleted lists articles.", "Leave out ARTICLE, or --deleted.")
        gone = [
            each
            for each in room.deleted()
            if narrowing.within(each[1].at) and narrowing.by(each[1].person.name)
        ]
        if as_json:
            print_json(face.deleted_object(gone))
        else:
            paged(face.deleted_lines(gone[:limit], room.settings))
            if not gone:
                warn("no article was deleted.")
        return
    if article is None:
        for line in room.taken_and_left():
            warn(line)
        selection = narrowing.selection(substantive=True if substantive else None)
        with progress_bar("Reading articles") as progress:
            latest = room.latest(limit or 20, progress, selection=selection)
        if not latest and (wrong := room.workspace.nothing_to_look_at()):
            raise wrong
        latest = latest[::-1] if reverse else latest
        if as_json:
            print_json(face.latest_object(latest, shallow=room.repository.shallow))
        else:
            paged(face.latest_lines(latest, room.settings))
            if not latest:
                if narrowing or substantive:
                    warn("no revision fits.")
                elif room.deleted():
                    warn("no article is there now; those taken down: tracker history --deleted")
                else:
                    warn("nothing is recorded.")
        return
    life = room.life(article, newest=None if narrowing else limit)
    if narrowing:
        revisions = tuple(each for each in life.revisions if narrowing.of(each))
        quiet = narrowing.kind is None and narrowing.person is None
        events = tuple(each for each in life.events if quiet and narrowing.within(each.at))
        life = life._replace(revisions=revisions, events=events)
        if not revisions:
            warn("no revision fits.")
    if as_json:
        print_json(face.history_object(life, limit=limit, substantive=substantive))
        return
    paged(
        face.history_lines(
            life, room.settings, limit=limit, substantive=substantive, reverse=reverse
        )
    )


@click.command("show")
@article_argument()
@click.argument("rev", default="latest")
@click.option("--raw", is_flag=True, help="Print every character as it is, on a terminal too.")
@click.option("--changes", is_flag=True, help="Show what that revision changed.")
@json_option
def show(article: str, rev: str, raw: bool, changes: bool, as_json: bool) -> None:
    """Print a version of ARTICLE, exactly as it was recorded.

    On a terminal, control characters are written out; into a file or a pipe, every byte goes.
    """
    room = open_newsroom()
    if as_json:
        found = room.life(article, compared=False)
        revision = room.revision(article, rev)
        text = room.show(article, revision.number)
        print_json(printed(article=found.article, revision=revision, text=text))
        return
    if not changes:
        if sys.stdout.isatty() and not raw:
            paged([visible(room.show(article, rev)).removesuffix("\n")])
        else:
            click.echo(room.content(article, rev), nl=False)
        return
    from tracker.cli.diff import say_both, show_change

    old, new = room.made(article, rev)
    say_both(article, old, new)
    show_change(room.compare(old.text, new.text), old, new)


@click.command("blame")
@article_argument()
@click.argument("rev", default="latest")
@click.option("--removed", is_flag=True, help="Show what was taken out, and by which revision.")
@click.option("--html", "html", metavar="FILE", help="Write a page that shows the passages.")
@click.option("--all", "whole", is_flag=True, help="Show the front matter too.")
@json_option
def blame(
    article: str, rev: str, removed: bool, html: str | None, whole: bool, as_json: bool
) -> None:
    """Show which revision first brought each passage of ARTICLE, with that revision's note.

    Passages keep their revision through edits around them, through moves, and through deletion
    and return.
    """
    from tracker.render import history as face

    room = open_newsroom(past=True)
    found = room.blame(article, rev)
    if as_json:
        print_json(face.blame_object(found))
    elif html is not None:
        write_page(html, found.article.headline, face.blame_html(found, room.settings))
    elif removed:
        paged(face.removal_lines(found, room.settings))
    else:
        paged(face.blame_lines(found, room.settings, whole=whole))


@click.command("changelog")
@click.argument("article", required=False, type=ARTICLE, metavar="[ARTICLE]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json", "atom", "jsonfeed"]),
    default="text",
    show_default=True,
    help="How it is written; HTML is a fragment for a page. A feed, Atom or JSON Feed, has an "
    "entry for each version that readers could see.",
)
@click.option("--notes", "notes_only", is_flag=True, help="Only what readers were told.")
@narrowing_options
@json_option
def changelog(
    article: str | None,
    form: str,
    notes_only: bool,
    as_json: bool,
    **narrowed: Any,
) -> None:
    """Print the dated changelog of ARTICLE, or the notes of the whole newsroom, newest first."""
    from tracker.render.told import write_changelog

    room = open_newsroom(past=True)
    narrowing = Narrowing(room, **narrowed)
    if form in ("atom", "jsonfeed") and not as_json:
        if narrowing:
            raise TrackerError("A feed has all that came.", "Leave out --since and the like.")
        click.echo(_feed(room, article, form, notes_only=notes_only), nl=False)
        return
    with progress_bar("Reading articles") as progress:
        entries = room.changelog(article, progress)
    if notes_only:
        entries = tuple(entry for entry in entries if entry.what == "note")
    whole = entries
    entries = tuple(
        entry
        for entry in entries
        if narrowing.within(entry.at)
        and narrowing.by(entry.person)
        and narrowing.kind in (None, entry.note and entry.note.kind)
    )
    if whole and not entries:
        warn("nothing of the changelog fits.")
    elif not entries:
        warn("there is nothing in the changelog yet.")
    of = None
    if article is not None:
        of = whole[0].article if whole else room.life(article, compared=False).article
    click.echo(write_changelog(entries, "json" if as_json else form, room.settings, of), nl=False)


def _feed(room: Newsroom, article: str | None, form: str, *, notes_only: bool) -> str:
    from tracker.render import feed, urls
    from tracker.render.feed import Feed

    where = urls.of_newsroom(room)
    name = "atom.xml" if form == "atom" else "feed.json"
    found: Feed
    if article is None:
        items = feed.newsroom_items(room, where, told_only=notes_only)
        found = feed.newsroom_feed(room, items, where, name, told_only=notes_only)
    else:
        life = room.life(article)
        found = feed.article_feed(life, room.settings, where, name, told_only=notes_only)
    if not found.items:
        warn("there is nothing in the feed yet.")
    return feed.atom(found) if form == "atom" else feed.json_feed(found)


@click.command("footer")
@article_argument()
@click.option("--write", is_flag=True, help="Put the lines into the article's file on disk.")
@json_option
def footer(article: str, write: bool, as_json: bool) -> None:
    """Print the update lines of ARTICLE in house style."""
    room = open_newsroom()
    changed, gone = room.write_footer(article) if write else (False, ())
    lines = room.footer(article)
    if as_json:
        of = _on_disk(room, article)
        print_json(printed(article=of, footer=lines, written=changed, replaced=gone))
        return
    for line in lines:
        # What goes into a file or a clipboard keeps the marks that right-to-left scripts need.
        click.echo(visible(line) if sys.stdout.isatty() else encodable(line))
    if not lines:
        warn("the article has no notes.")
    for line in gone:
        warn(f"made anew, because the notes do not say so: {visible(line)}")
    if write:
        warn("written; record it with tracker record." if changed else "the lines stood already.")


def _on_disk(room: Newsroom, name: str) -> Article:
    """The article as its file on disk is, which may not be recorded yet."""
    from tracker.newsroom.names import locate
    from tracker.newsroom.revisions import article_of
    from tracker.text.document import decode, parse

    path = locate(room.workspace, name, new=True)
    data = room.workspace.read_if_there(path)
    text = decode(room.content(path) if data is None else data)[0]
    return article_of(path, parse(text).headline)


@click.command("search")
@click.argument("words", nargs=-1, required=True, metavar="WORDS…")
@click.option("--kind", type=click.Choice(KINDS), help="Only in notes of this kind.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="So many."
)
@click.option("--older", is_flag=True, help="Look into older versions too.")
@click.option("--since", metavar="DATE", help="Only what is of that day, month or year, or later.")
@click.option("--until", metavar="DATE", help="Only what came before the end of it.")
@json_option
def search(
    words: tuple[str, ...],
    kind: Kind | None,
    limit: int,
    older: bool,
    since: str | None,
    until: str | None,
    as_json: bool,
) -> None:
    """Find WORDS in headlines, notes and the current texts of all articles.

    Articles that have them in the headline come first, then the best.

    All of them must stand in one place. Case and accents do not count. '"two words"' in quotes
    must follow each other; 'correct*' stands for every ending. With --older, what an article had
    and has no more is found too, with the revision that took it out: when did this sentence go?
    """
    from tracker.newsroom.names import period_end, period_start
    from tracker.render.history import hit_lines

    room = open_newsroom()
    typed = " ".join(words)
    if not any(each.isalnum() for each in typed):
        raise click.UsageError("There is no word to look for.")
    with progress_bar("Reading articles") as progress:
        found = room.search_articles(
            typed,
            limit,
            kind=kind,
            since=period_start(room.workspace, since) if since else None,
            until=period_end(room.workspace, until) if until else None,
            older=older,
            progress=progress,
        )
    hits = [hit for each in found for hit in each.hits]
    if as_json:
        print_json(printed(words=typed, hits=hits))
        return
    if not hits:
        warn("nothing was found.")
    paged(hit_lines(found, room.settings))


# --- numbers --------------------------------------------------------------------------------------


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
    substance that no note tells of, by month and by folder. Articles that were deleted since count
    as those that stand.
    """
    from tracker.newsroom.names import period_end, period_start
    from tracker.newsroom.statistics import statistics

    room = open_newsroom(past=True)
    start = period_start(room.workspace, since) if since else None
    end = period_end(room.workspace, until) if until else None
    with progress_bar("Reading articles") as progress:
        found = statistics(room.workspace, start, end, progress)
    if not found.revisions:
        warn("there is no revision in that time.")
    if as_json or form == "json":
        print_json(_numbers(found))
    elif form == "csv":
        click.echo(_csv(found), nl=False)
    else:
        for line in _report(found, room.settings):
            click.echo(line)


def _numbers(found: Statistics) -> object:
    """What ``stats --json`` prints; the schema is in ``docs/stats.schema.json``."""
    parts = found._asdict()
    parts["corrections"] = [
        {**each._asdict(), "stood": each.stood and int(each.stood.total_seconds())}
        for each in found.corrections
    ]
    return printed(**parts)


def _csv(found: Statistics) -> str:
    """One table for a spreadsheet: what was counted, the month, of what, how many."""
    import csv

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("what", "month", "of", "count", "untold"))
    for note in found.notes:
        writer.writerow(("notes", note.month, note.kind, note.number, ""))
    for change in found.changes:
        folder = encodable(change.folder)
        writer.writerow(("changes", change.month, folder, change.changes, change.untold))
    return out.getvalue()


def _report(found: Statistics, settings: Settings) -> Iterator[str]:
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


# --- house styles to choose from ------------------------------------------------------------------

_HOMES = {"en": "America/New_York", "en-GB": "Europe/London"}


@click.command("styles")
@click.argument("name", required=False)
def styles(name: str | None) -> None:
    """List the house styles with a line of each, or print the file of one, to start from."""
    from tracker.house import style as house_style

    if name is not None:
        click.echo(house_style.source(name), nl=False)
        return
    names = house_style.names()
    width = max(map(len, names))
    for each in names:
        click.echo(f"{each:<{width}}  {visible(_sample(house_style.load(each)))}")


def _sample(style: Style) -> str:
    """A correction as the house would put it under an article, of one morning in May."""
    from tracker.house.notes.wording import line, sentence

    places = [*style.zone_names, _HOMES.get(style.locale, _HOMES["en"])]
    zone = ZoneInfo(places[0])
    at = datetime(2022, 5, 12, 7, 45, tzinfo=zone)
    words = style.draft.get("misstated_number") or style.draft.get("corrected", "")
    return line(style, Note("u1", "correction", sentence(style, "correction", words), at), zone)
