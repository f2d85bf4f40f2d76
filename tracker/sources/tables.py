"""Tables: CSV and Parquet, one version a row, with a mapping of their columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO, Any

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.newsroom.incoming import Skipped
from tracker.sources.bodies import Markup, html_body
from tracker.sources.versions import (
    LARGEST,
    YEARS,
    Made,
    Spooled,
    article_text,
    local_instant,
    missing,
    path_of_url,
    shown,
    trailers,
)

KEYS = ("path", "slug", "url", "at", "text", "html", "title", "author", "message", "id")
"""What a column can be mapped to."""

USUAL: dict[str, tuple[str, ...]] = {
    "path": ("path",),
    "slug": ("slug",),
    "url": ("url", "link", "address"),
    "at": ("at", "date", "datetime", "timestamp", "created", "captured_at", "published_at"),
    "text": ("text", "body", "content", "article_text"),
    "html": ("html",),
    "title": ("title", "headline"),
    "author": ("author", "byline"),
    "message": ("message",),
    "id": ("id",),
}
"""The names by which columns are known without a mapping."""

_HINT = "Say which columns are meant: --columns url=address,at=seen,text=body"


def columns_of(written: str) -> dict[str, str]:
    """A mapping ``key=column,…`` as typed. Raises ``TrackerError`` for a key that is none."""
    found = {}
    for part in written.split(","):
        key, mark, column = part.partition("=")
        key = key.strip()
        if not mark or key not in KEYS or not column.strip():
            raise TrackerError(
                f"“{part.strip()[:80]}” maps no column.",
                f"Write key=column with a comma between; keys are {', '.join(KEYS)}.",
            )
        found[key] = column.strip()
    return found


class Table(Spooled):
    """The rows of a table, each a version."""

    def __init__(
        self,
        columns: Mapping[str, str] | None = None,
        *,
        zone: tzinfo | None = None,
        markup: Markup = "markdown",
        file: Path | None = None,
        stream: IO[bytes] | None = None,
        name: str = "",
    ) -> None:
        """A Parquet file by ``file``, or CSV by ``stream``."""
        super().__init__()
        self._asked = columns
        self._zone = zone
        self._markup: Markup = markup
        self._file = file
        self._stream = stream
        self._name = name or (shown(file) if file else "standard input")

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
        """Every row in its order."""
        rows = self._parquet() if self._file is not None else self._csv()
        columns: dict[str, str] | None = None
        for number, row in enumerate(rows, 1):
            origin = f"{self._name}, row {number}"
            if isinstance(row, Skipped):
                yield row
                continue
            if columns is None:
                columns = self._columns(row)
            try:
                yield self._version({key: row.get(name) for key, name in columns.items()}, origin)
            except ValueError as error:
                yield self.bad(origin, f"The value of {error}.")

    def _columns(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The column of each key. Raises ``TrackerError`` where what a version needs is missing."""
        there = {name.lower(): name for name in row if isinstance(name, str)}
        if self._asked is not None:
            found = dict(self._asked)
            for name in found.values():
                if name not in row:
                    named = ", ".join(map(str, row))[:300]
                    raise TrackerError(
                        f"{self._name} has no column {name}.", f"Its columns are {named}."
                    )
        else:
            found = {}
            for key, names in USUAL.items():
                usual = [there[each] for each in names if each in there]
                if usual:
                    found[key] = usual[0]
        if found.keys() >= {"text", "html"}:
            del found["html"]
        if "at" not in found or not found.keys() & {"path", "slug", "url"}:
            raise TrackerError(
                f"{self._name} does not say which version is of what and when.", _HINT
            )
        if not found.keys() & {"text", "html"}:
            raise TrackerError(f"{self._name} has no column with texts.", _HINT)
        return found

    def _version(self, row: Mapping[str, Any], origin: str) -> Made:
        path = _word(row.get("path"))
        slug = "" if path else _word(row.get("slug"))
        url = _word(row.get("url"))
        if not path and not slug:
            try:
                path = path_of_url(url)
            except ValueError:
                raise ValueError("its url is no address") from None
            path = self.placed(path)
        at = self._instant(row.get("at"))
        text, title = row.get("text"), _word(row.get("title"))
        if text is None and row.get("html") is None:
            raise ValueError("its text is missing")
        if text is None or title:
            body = str(text) if text is not None else html_body(str(row["html"]), self._markup)
            data = article_text({"title": title}, body) if title else f"{body}\n".encode()
        else:
            data = text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")
        name, _, email = _word(row.get("author")).partition("<")
        person = Person(name.strip(), email.strip(" >")) if name.strip() else None
        said = trailers(Url=url or None, Id=row.get("id"))
        return Made(path, slug, at, person, _word(row.get("message")) or None, data, origin, said)

    def _instant(self, value: Any) -> datetime:
        """The instant of a row: ISO 8601, a column of times, or seconds since 1970."""
        if isinstance(value, datetime):
            at = value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            at = _of_seconds(float(value))
        else:
            written = _word(value)
            try:
                at = datetime.fromisoformat(written)
            except ValueError:
                try:
                    at = _of_seconds(float(written))
                except ValueError:
                    raise ValueError(f"its time is no instant: “{written[:60]}”") from None
        if at.tzinfo is None:
            if self._zone is None:
                raise ValueError("its time has no offset from UTC: name the zone with --zone")
            at = local_instant(at, self._zone, self.traps)
        if at.year not in YEARS:
            raise ValueError(f"its time is of the year {at.year}")
        return at

    # --- rows -------------------------------------------------------------------------------------

    def _csv(self) -> Iterator[Mapping[str, Any] | Skipped]:
        assert self._stream is not None
        text = io.TextIOWrapper(self._stream, "utf-8-sig", errors="replace", newline="")
        csv.field_size_limit(2 * LARGEST)
        sample = text.readline(1 << 16)
        counts = {mark: sample.count(mark) for mark in ",;\t|"}
        mark = max(counts, key=lambda each: counts[each])
        head = next(csv.reader([sample], delimiter=mark), [])
        try:
            reader = csv.reader(text, delimiter=mark, strict=True)
            for row in reader:
                if not row:
                    continue
                if len(row) != len(head):
                    where = f"{self._name}, line {reader.line_num}"
                    yield self.bad(where, f"It has {len(row)} fields, and there are {len(head)}.")
                    continue
                yield dict(zip(head, row, strict=True))
        except csv.Error as error:
            raise TrackerError(
                f"{self._name}, line {reader.line_num}, is broken CSV: {error}.",
                "Correct that line; a quotation mark in a field is written twice.",
            ) from None

    def _parquet(self) -> Iterator[Mapping[str, Any] | Skipped]:
        try:
            from pyarrow import ArrowException
            from pyarrow.parquet import ParquetFile
        except ImportError:
            raise missing("pyarrow", "A Parquet file", "parquet") from None
        assert self._file is not None
        try:
            with ParquetFile(self._file) as file:
                names = [name.lower() for name in file.schema_arrow.names]
                wanted = set((self._asked or {}).values())
                chosen = [
                    name
                    for name, low in zip(file.schema_arrow.names, names, strict=True)
                    if name in wanted
                    or (not wanted and any(low in usual for usual in USUAL.values()))
                ]
                row = 0
                for batch in file.iter_batches(batch_size=64, columns=chosen):
                    for place in range(batch.num_rows):
                        row += 1
                        try:
                            yield {name: batch[name][place].as_py() for name in chosen}
                        except UnicodeDecodeError:
                            origin = f"{self._name}, row {row}"
                            yield self.bad(origin, "It holds bytes that are no UTF-8.")
        except (ArrowException, OSError) as error:
            why = " ".join(str(error).split())[:200].rstrip(".")
            raise TrackerError(f"{self._name} cannot be read: {why}.", "Write it again.") from None


def _word(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _of_seconds(value: float) -> datetime:
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"its time is no instant: {value}") from None
