"""Rows as Parquet files: an extra, since pyarrow is large and few need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO, Self

from tracker.errors import TrackerError
from tracker.render.records import Kind, Row

_AT_ONCE = 10_000  # rows in a row group: what is held in memory

_INSTANT = "instant"  # kept with its offset, as text: Parquet's instants have none
_COLUMNS: dict[Kind, dict[str, str]] = {
    "revisions": {
        "at": _INSTANT,
        "person_name": "string",
        "person_email": "string",
        "message": "string",
        "headline": "string",
        "published": "bool",
        "words_added": "int",
        "words_removed": "int",
        "substantive": "bool",
        "labels": "list",
        "reasons": "list",
        "notes": "list",
        "told": "bool",
        "text": "string",
    },
    "notes": {
        "note_id": "string",
        "note": "string",
        "kind": "string",
        "text": "string",
        "at": _INSTANT,
        "precision": "string",
        "told_at": _INSTANT,
        "amends": "string",
        "withdrawn": _INSTANT,
        "covers": "string",
        "origin": "string",
        "written": "string",
        "language": "string",
        "stands": "bool",
    },
    "edits": {
        "edit": "int",
        "within": "int",
        "operation": "string",
        "old": "string",
        "new": "string",
        "old_start": "int",
        "old_end": "int",
        "new_start": "int",
        "new_end": "int",
        "old_sentence": "string",
        "new_sentence": "string",
        "verbal": "bool",
        "field": "string",
        "labels": "list",
    },
}
_HEAD = {
    "article_id": "string",
    "revision_id": "string",
    "article": "string",
    "path": "string",
    "commit": "string",
    "revision": "int",
}


def columns(kind: Kind) -> dict[str, str]:
    """The columns of a file, each with its type."""
    return {**_HEAD, **_COLUMNS[kind]}


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


class Writer:
    """Writes rows to a Parquet file, some thousand at a time. Use it as a context manager."""

    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        self._arrow = library()
        types = {
            "string": self._arrow.string(),
            _INSTANT: self._arrow.string(),
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
