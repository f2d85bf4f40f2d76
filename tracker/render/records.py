"""Revisions, notes and edits as rows, for research: the lines of JSON Lines, or Parquet.

Rows are flat, and name their article and their commit, so that files can be joined. The schemas
are in ``docs/``: ``export-revisions.schema.json``, ``export-notes.schema.json`` and
``export-edits.schema.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self

from tracker.errors import TrackerError
from tracker.house.changelog import notes_told, standing, told_of, went_out
from tracker.house.settings import Settings
from tracker.model import Change, Edit, History, Revision
from tracker.render.plain import json_text, record
from tracker.render.urls import article_id, note_id, revision_id

if TYPE_CHECKING:
    from tracker.newsroom.history import Exported, ExportedVersion

Kind = Literal["revisions", "notes", "edits", "versions"]
KINDS: tuple[Kind, ...] = ("revisions", "notes", "edits")
"""The kinds that belong together; ``versions`` are the lines that ``tracker import`` reads."""

Row = dict[str, object]

Compare = Callable[[str, str], Change]
"""From the text before and a text to what changed."""


def rows(
    exported: Exported,
    kind: Kind,
    settings: Settings,
    compare: Compare,
    *,
    texts: bool = False,
) -> Iterator[Row]:
    """The rows of one article. With ``texts``, revisions have their whole text."""
    if kind == "notes":
        yield from note_rows(exported.life)
    elif kind == "edits":
        yield from edit_rows(exported, compare)
    else:
        yield from revision_rows(exported, settings, texts=texts)


def revision_rows(exported: Exported, settings: Settings, *, texts: bool) -> Iterator[Row]:
    """A row for each revision, oldest first."""
    life = exported.life
    told = told_of(life, settings.check.grace)
    for revision in life.revisions:
        row = {
            **_of(life, revision),
            "at": revision.at,
            "person_name": revision.person.name,
            "person_email": revision.person.email,
            "message": revision.subject,
            "headline": revision.headline,
            "published": revision.published,
            "words_added": revision.words_added,
            "words_removed": revision.words_removed,
            "substantive": revision.substantive,
            "labels": sorted(revision.labels),
            "reasons": list(revision.reasons),
            "notes": [note.id for note in revision.notes],
            "told": revision.number in told,
            "text": exported.text(revision) if texts else None,
        }
        yield record(row)


def note_rows(life: History) -> Iterator[Row]:
    """A row for each note that readers were ever given, in the order in which they got them."""
    seen = {note.id for note in standing(life.notes)}
    for each in notes_told(life):
        note = each.note
        row = {
            **_of(life, each.revision),
            "note_id": note_id(each.revision, note.id),
            "note": note.id,
            "kind": note.kind,
            "text": note.text,
            "at": note.at,
            "precision": note.precision,
            "told_at": went_out(each),
            "amends": note.amends,
            "withdrawn": note.withdrawn,
            "covers": note.covers,
            "origin": note.origin,
            "written": note.written,
            "language": note.language,
            "stands": note.id in seen,
        }
        yield record(row)


def edit_rows(exported: Exported, compare: Compare) -> Iterator[Row]:
    """A row for each edit of each revision after the first; those inside a move name its place."""
    life = exported.life
    for revision in life.revisions:
        text, before = exported.text(revision), exported.before(revision)
        if before is not None:
            head = _of(life, revision)
            place = 0
            for edit in compare(before, text).edits:
                place += 1
                yield _edit(head, edit, place, None)
                move = place
                for inner in edit.within:
                    place += 1
                    yield _edit(head, inner, place, move)


def version_row(exported: ExportedVersion, under: str) -> Row:
    """A version with its text, as ``docs/import.schema.json`` has it.

    ``under`` is the newsroom's folder, below which its path is. All versions are under the
    article's newest path: an importer takes another path for another article.
    """
    path, version, message, text = exported
    return record(
        {
            "path": path.removeprefix(f"{under}/") if under else path,
            "at": version.at,
            "author": {"name": version.person.name, "email": version.person.email},
            "message": message,
            "text": text,
        }
    )


def _edit(head: Row, edit: Edit, place: int, within: int | None) -> Row:
    said = edit._asdict() | {"within": within}
    return record({**head, "edit": place, "within": within, **said})


def _of(life: History, revision: Revision) -> Row:
    """What every row begins with: which article, and which revision of it."""
    return {
        "article_id": article_id(life),
        "revision_id": revision_id(revision),
        "article": life.article.path,
        "path": revision.path,
        "commit": revision.commit,
        "revision": revision.number,
    }


def lines(found: Iterable[Row]) -> Iterator[str]:
    for row in found:
        yield json_text(row) + "\n"


# --- rows as Parquet files ------------------------------------------------------------------------

_AT_ONCE = 10_000  # rows in a row group: what is held in memory

_COLUMNS: dict[Kind, str] = {
    "revisions": "at person_name person_email message headline published:bool words_added:int"
    " words_removed:int substantive:bool labels:list reasons:list notes:list told:bool text",
    "notes": "note_id note kind text at precision told_at amends withdrawn covers origin written"
    " language stands:bool",
    "edits": "edit:int within:int operation old new old_start:int old_end:int new_start:int"
    " new_end:int old_sentence new_sentence verbal:bool field labels:list",
}
"""The columns of a file, each with its type where that is not text.

An instant is kept as text, with its offset: Parquet's instants have none.
"""
_HEAD = "article_id revision_id article path commit revision:int"


def columns(kind: Kind) -> dict[str, str]:
    """The columns of a file, each with its type: "string", "bool", "int" or "list"."""
    parts = (each.partition(":") for each in f"{_HEAD} {_COLUMNS[kind]}".split())
    return {name: type_ or "string" for name, _, type_ in parts}


def library() -> Any:
    """pyarrow; a ``TrackerError`` where it is not installed."""
    try:
        import pyarrow.parquet  # a second to import, and needed here alone
    except ImportError:
        raise TrackerError(
            "Parquet needs pyarrow, which is not installed.",
            "Install it: pip install 'article-tracker[parquet]'. Or take --format jsonl.",
        ) from None
    return pyarrow


class ParquetWriter:
    """Writes rows to a Parquet file, some thousand at a time. Use it as a context manager."""

    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        self._arrow = library()
        types = {
            "string": self._arrow.string(),
            "bool": self._arrow.bool_(),
            "int": self._arrow.int64(),
            "list": self._arrow.list_(self._arrow.string()),
        }
        self._schema = self._arrow.schema(
            [(name, types[type_]) for name, type_ in columns(kind).items()]
        )
        self._waiting: list[Row] = []
        self._writer = self._arrow.parquet.ParquetWriter(file, self._schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def write(self, rows: Iterable[Row]) -> int:
        """Write rows; how many they were."""
        found: Iterator[Row] = iter(rows)
        number = 0
        while batch := list(islice(found, _AT_ONCE)):
            number += len(batch)
            self._waiting += batch
            if len(self._waiting) >= _AT_ONCE:
                self._flush()
        return number

    def _flush(self) -> None:
        if self._waiting:
            table = self._arrow.Table.from_pylist(self._waiting, schema=self._schema)
            self._writer.write_table(table)
            self._waiting = []
