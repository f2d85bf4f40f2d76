"""``tracker export``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import click

from tracker.cli.common import ARTICLE, open_newsroom, progress_bar, warn
from tracker.errors import TrackerError
from tracker.newsroom.history import Exported, exported, versions
from tracker.newsroom.names import locate
from tracker.render import export as face
from tracker.render import metadata, urls
from tracker.render.plain import counted, json_text, visible
from tracker.store.files import Folder, RefusedPathError
from tracker.text.document import parse

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom
    from tracker.render.export import Kind, Row

FORMATS = ("jsonl", "jsonld", "ninjs", "parquet", "data")
WHAT = ("revisions", "notes", "edits", "versions")


class Wanted(NamedTuple):
    articles: tuple[str, ...]  # none: all
    what: tuple[Kind, ...]  # none: the default of the format
    folder: Path | None  # where files go; None: standard output
    texts: bool
    yaml: bool


@click.command("export")
@click.argument("articles", nargs=-1, type=ARTICLE, metavar="[ARTICLE]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="jsonl",
    show_default=True,
    help="JSON Lines or Parquet of rows; schema.org JSON-LD; IPTC ninjs 3.1; data files for the "
    "templates of a site generator.",
)
@click.option(
    "--what",
    type=click.Choice(WHAT),
    multiple=True,
    help="Which rows, for jsonl and parquet; may be given again. Versions are what tracker import "
    "reads. Default: revisions on standard output; revisions, notes and edits in a folder.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=True),
    metavar="DIR",
    help="Write files into this folder, which is made where it is not there.",
)
@click.option("--with-texts", "texts", is_flag=True, help="Rows of revisions have the whole text.")
@click.option("--yaml", "yaml", is_flag=True, help="Data files are YAML, not JSON.")
def export(
    articles: tuple[str, ...],
    form: str,
    what: tuple[Kind, ...],
    folder: Path | None,
    texts: bool,
    yaml: bool,
) -> None:
    """Write each ARTICLE, or all of the newsroom's, for other programs.

    On standard output, or with --to into files of a folder. docs/formats.md says what is in them.
    """
    wanted = Wanted(articles, tuple(dict.fromkeys(what)), folder, texts, yaml)
    if what and form not in ("jsonl", "parquet"):
        raise TrackerError(f"--what is for rows, and --format {form} writes none.", _ROWS)
    if texts and form not in ("jsonl", "parquet"):
        raise TrackerError(f"--with-texts is for rows, and --format {form} writes none.", _ROWS)
    if yaml and form != "data":
        raise TrackerError("--yaml is for --format data.", "Leave it out, or name that format.")
    if folder is not None and folder.exists() and not folder.is_dir():
        raise TrackerError(f"{folder} is a file, not a folder.", "Name a folder after --to.")
    room = open_newsroom(past=True)
    for article in articles:
        locate(room.workspace, article)  # says which there is not before anything is written
    _WRITERS[form](room, wanted)


_ROWS = "Rows are written by --format jsonl and --format parquet."


def _exported(room: Newsroom, wanted: Wanted) -> Iterator[Exported]:
    with progress_bar("Exporting articles") as progress:
        yield from exported(room.workspace, wanted.articles, progress)


def _versions(room: Newsroom, wanted: Wanted) -> Iterator[Row]:
    with progress_bar("Exporting versions") as progress:
        for each in versions(room.workspace, wanted.articles, progress):
            yield face.version_row(each, room.workspace.under)


# --- rows ---------------------------------------------------------------------------------------


def _jsonl(room: Newsroom, wanted: Wanted) -> None:
    if wanted.folder is None:
        what = wanted.what or ("revisions",)
        if len(what) > 1:
            raise TrackerError(
                "Standard output takes rows of one kind.", "Name one, or a folder with --to DIR."
            )
        _fill(room, wanted, {what[0]: partial(face.write_lines, partial(click.echo, nl=False))})
        return
    with _new_files(wanted.folder, wanted.what or face.KINDS, "jsonl") as new:
        out = {kind: partial(face.write_lines, file.write) for kind, file in new.items()}
        counts = _fill(room, wanted, out)
    _say(counts, wanted.folder)


def _parquet(room: Newsroom, wanted: Wanted) -> None:
    face.library()
    if wanted.folder is None:
        raise TrackerError("Parquet is written into files.", "Name a folder for them: --to DIR.")
    if "versions" in wanted.what:
        raise TrackerError("Versions are written as JSON Lines.", "Take --format jsonl for them.")
    kinds = wanted.what or face.KINDS
    with _new_files(wanted.folder, kinds, "parquet") as new, ExitStack() as files:
        out = {
            kind: files.enter_context(face.ParquetWriter(file, kind)).write
            for kind, file in new.items()
        }
        counts = _fill(room, wanted, out)
    _say(counts, wanted.folder)


def _fill(
    room: Newsroom, wanted: Wanted, out: Mapping[Kind, Callable[[Iterator[Row]], int]]
) -> dict[Kind, int]:
    """Write the rows of each kind to where they go; how many there were."""
    counts = dict.fromkeys(out, 0)
    if "versions" in out:
        counts["versions"] = out["versions"](_versions(room, wanted))
    compared = [kind for kind in out if kind != "versions"]
    for each in _exported(room, wanted) if compared else ():
        for kind in compared:
            rows = face.rows(each, kind, room.settings, room.compare, texts=wanted.texts)
            counts[kind] += out[kind](rows)
    return counts


@contextmanager
def _new_files(folder: Path, kinds: Sequence[Kind], ending: str) -> Iterator[dict[Kind, BinaryIO]]:
    """Files to write into; they take their places when all are whole, and else none does."""
    names = [f"{kind}.{ending}" for kind in kinds]
    with Folder.open(folder, make=True) as place, place.writing_all(names) as files:
        yield dict(zip(kinds, files, strict=True))


def _say(counts: dict[Kind, int], folder: Path) -> None:
    said = ", ".join(counted(number, kind.removesuffix("s")) for kind, number in counts.items())
    warn(f"wrote {said} into {folder}.")


# --- one object an article ----------------------------------------------------------------------


def _jsonld(room: Newsroom, wanted: Wanted) -> None:
    _objects(room, wanted, "jsonld", metadata.news_article, metadata.dumped, published=True)


def _ninjs(room: Newsroom, wanted: Wanted) -> None:
    _objects(room, wanted, "json", metadata.news_item, json_text, published=False)


def _objects(
    room: Newsroom,
    wanted: Wanted,
    ending: str,
    make: Callable[..., object],
    dumped: Callable[..., str],
    *,
    published: bool,
) -> None:
    """One object an article: a file each, an object alone, or one a line.

    Of an article that readers can see, the newest text that they saw is taken. With ``published``,
    the others are left out.
    """
    where = urls.of_newsroom(room)
    single = len(wanted.articles) == 1 and wanted.folder is None
    written = left = 0
    folder = None if wanted.folder is None else Folder.open(wanted.folder, make=True)
    for each in _exported(room, wanted):
        shown = [revision for revision in each.life.revisions if revision.published]
        if published and not shown:
            left += 1
            continue
        newest = (shown or each.life.revisions)[-1]
        value = make(each.life, parse(each.text(newest)), room.settings, where)
        if folder is None:
            click.echo(dumped(value, 2 if single else None))
        else:
            name = _name(where.address(each.life.article.path), ending)
            try:
                folder.write(name, f"{dumped(value, 2)}\n".encode())
            except RefusedPathError as error:
                warn(f"left out {visible(each.life.article.path)}: {visible(error.sentence)}")
                continue
        written += 1
    if left:
        warn(f"left out {counted(left, 'article')} that readers cannot see yet.")
    if wanted.folder is not None:
        warn(f"wrote {counted(written, 'article')} into {wanted.folder}.")


_LONGEST_NAME = 255  # bytes of a file's name that every system takes
_STEM = 60  # characters of a shortened one that say what the article is


def _name(address: str, ending: str) -> str:
    """The file of an article's object: its address; a name that is too long ends in a digest."""
    folder, slash, name = address.rpartition("/")
    if len(os.fsencode(f"{name}.{ending}")) > _LONGEST_NAME:
        name = f"{name[:_STEM]}---{sha256(os.fsencode(address)).hexdigest()[:10]}"
    return f"{folder}{slash}{name}.{ending}"


def _data(room: Newsroom, wanted: Wanted) -> None:
    if wanted.folder is None:
        raise TrackerError("Data files go into a folder.", "Name it: --to data/tracker.")
    if wanted.articles:
        raise TrackerError(
            "Data files are of the whole newsroom: their index names every article.",
            "Leave the articles out.",
        )
    with progress_bar("Exporting articles") as progress:
        contents = face.data_files(
            room.lives(progress),
            room.settings,
            gone=room.gone(),
            under=room.workspace.under,
            form="yaml" if wanted.yaml else "json",
        )
        done = face.write_data(wanted.folder, contents)
    number = counted(done.articles, "article")
    warn(f"{number} in {wanted.folder}, {done.written} files new or changed.")


_WRITERS: dict[str, Callable[[Newsroom, Wanted], None]] = {
    "jsonl": _jsonl,
    "jsonld": _jsonld,
    "ninjs": _ninjs,
    "parquet": _parquet,
    "data": _data,
}
