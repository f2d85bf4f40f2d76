"""One version a row: JSON Lines, as ``docs/import.schema.json`` says, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, NamedTuple

from tracker.errors import TrackerError
from tracker.model import KINDS, Person
from tracker.newsroom.incoming import Incoming, Skipped, Telling
from tracker.sources.versions import (
    LARGEST,
    YEARS,
    HowRead,
    Made,
    Spooled,
    broken,
    html_body,
    identity_of,
    instant_of,
    local_instant,
    missing,
    path_of_url,
    shown,
    trailers,
)
from tracker.text.document import with_front_matter

_LINE_KEYS = ("path", "slug", "text", "at", "author", "message", "notes", "url", "id")
_LONGEST_LINE = 6 * LARGEST + 1024 * 1024  # bytes: JSON may write a character as six
_LONGEST_AUTHOR = 1000  # letters
_DECODER = json.JSONDecoder()


class _WrongError(Exception):
    """A line that is no version: the column where, counted from 1, and why."""

    def __init__(self, reason: str, column: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column


class JsonLines(Spooled):
    """The versions in the lines of a stream; a line that is none is skipped as bad."""

    forgiving = False

    def __init__(self, stream: IO[bytes], name: str) -> None:
        super().__init__()
        self._stream = self._lines = stream
        self._name = name

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
        """Each line's version, in the order of the lines."""
        number = 0
        while line := self._line():
            number += 1
            origin = f"{self._name}, line {number}"
            if len(line) > _LONGEST_LINE:
                while line and not line.endswith(b"\n"):
                    line = self._line()
                reason = f"The line is longer than {_LONGEST_LINE // 1024 // 1024} MB."
                yield Skipped(origin, reason, bad=True)
            elif not line.isspace():
                try:
                    yield _version(line, number, origin)
                except _WrongError as wrong:
                    yield Skipped(f"{origin}, column {wrong.column}", wrong.reason, bad=True)

    def _line(self) -> bytes:
        try:
            return self._lines.readline(_LONGEST_LINE + 1)
        except OSError as error:
            raise broken(self._name, error.strerror or str(error)) from None


def _version(line: bytes, number: int, origin: str) -> Made:
    try:
        written = line.rstrip(b"\r\n").decode("utf-8-sig" if number == 1 else "utf-8")
        read = _decode(written)
    except UnicodeDecodeError as error:
        raise _WrongError("The line is not UTF-8.", error.start + 1) from None
    except json.JSONDecodeError as error:
        raise _WrongError(f"The line is not JSON: {_lower(error.msg)}.", error.pos + 1) from None
    except ValueError:  # a number of thousands of digits
        raise _WrongError("The line holds a number that is too long.") from None
    except RecursionError:
        raise _WrongError("The line is nested too deeply.") from None
    if not isinstance(read, dict):
        raise _WrongError("The line is not a JSON object.")
    fields = _Fields(read, line)
    if not read.keys() <= set(_LINE_KEYS):
        key = next(key for key in read if key not in _LINE_KEYS)
        raise fields.wrong(key, f"There is no key “{key[:60]}”; there are {', '.join(_LINE_KEYS)}.")
    text = fields.text("text")
    if "\0" in text or len(text) > LARGEST:
        why = "holds zero bytes" if "\0" in text else f"is longer than {LARGEST >> 20} MB"
        raise fields.wrong("text", f"The value of “text” {why}.")
    by_slug = "slug" in read
    if by_slug == ("path" in read):
        what = "both “path” and “slug”" if by_slug else "neither “path” nor “slug”"
        raise _WrongError(f"The line has {what}.")
    version = Incoming(
        "" if by_slug else fields.word("path"),
        fields.word("slug") if by_slug else "",
        fields.instant("at"),
        fields.person(),
        fields.text("message") if read.get("message") is not None else None,
        fields.told() if read.get("notes") is not None else (),
        0,
        origin,
        fields.trailers() if "url" in read or "id" in read else "",
        identity=identity_of(read.get("id")),
    )
    return version, text.encode()


def _decode(written: str) -> Any:
    """The value of a line. Raises as ``json`` does."""
    try:
        read, end = _DECODER.raw_decode(written)
    except json.JSONDecodeError:  # spaces before it, or no JSON
        end = -1
    return read if end == len(written) else _DECODER.decode(written)


@lru_cache(4096)
def _person(name: str, email: str) -> Person | None:
    """Somebody as one is written in a line; None without a name."""
    has_name = any(character.isalnum() for character in name)
    return Person(name.strip(), email.strip()) if has_name else None


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:].rstrip(".")


class _Fields(NamedTuple):
    """The object of a line, with errors that know the column."""

    read: Mapping[str, Any]
    line: bytes

    def wrong(self, key: str, reason: str) -> _WrongError:
        written = json.dumps(key, ensure_ascii=False).encode("utf-8", "replace")
        at = self.line.find(written)
        before = self.line[: max(at, 0)].decode("utf-8", "replace")
        return _WrongError(reason, len(before) + 1)

    def text(self, key: str) -> str:
        found = self.read.get(key)
        if not isinstance(found, str):
            is_there = "is not text" if key in self.read else "is missing"
            raise self.wrong(key, f"The value of “{key}” {is_there}.")
        if not found.isascii():
            try:
                found.encode()
            except UnicodeEncodeError as error:
                half = f"U+{ord(found[error.start]):04X}"
                raise self.wrong(
                    key, f"The value of “{key}” holds half of a character, {half}."
                ) from None
        return found

    def word(self, key: str) -> str:
        found = self.text(key)
        if not found.strip():
            raise self.wrong(key, f"The value of “{key}” is empty.")
        return found

    def instant(self, key: str) -> datetime:
        try:
            return instant_of(self.text(key))
        except ValueError as error:
            raise self.wrong(key, f"The value of “{key}” {error}.") from None

    def person(self) -> Person | None:
        found = self.read.get("author")
        if found is None:
            return None
        if isinstance(found, str):
            name, _, rest = self.text("author").partition("<")
            email = rest.strip().removesuffix(">")
        elif isinstance(found, dict) and found.keys() <= {"name", "email"}:
            inner = _Fields(found, self.line)
            name = inner.text("name")
            email = inner.text("email") if found.get("email") is not None else ""
        else:
            raise self.wrong("author", "The value of “author” is no name with an address.")
        if len(name) + len(email) > _LONGEST_AUTHOR:
            raise self.wrong("author", "The value of “author” is longer than 1,000 letters.")
        person = _person(name, email)
        if person is None:
            raise self.wrong("author", "The value of “author” has no name.")
        return person

    def told(self) -> tuple[Telling, ...]:
        notes = self.read["notes"]
        if not isinstance(notes, list) or not all(isinstance(note, dict) for note in notes):
            raise self.wrong("notes", "The value of “notes” is not a list of objects.")
        told = []
        for note in notes:
            inner = _Fields(note, self.line)
            for key in note:
                if key not in ("kind", "text", "at"):
                    raise inner.wrong(key, f"A note has no key “{key[:60]}”.")
            if note.get("kind") not in KINDS:
                raise inner.wrong("kind", f"A note's “kind” must be one of {', '.join(KINDS)}.")
            at = inner.instant("at") if note.get("at") is not None else None
            if at is not None and at.year not in YEARS:
                raise inner.wrong("at", f"A note cannot be of the year {at.year}.")
            told.append(Telling(note["kind"], inner.word("text"), at))
        return tuple(told)

    def trailers(self) -> str:
        lines = []
        for key, name in (("url", "Url"), ("id", "Id")):
            found = self.read.get(key)
            if isinstance(found, int) and not isinstance(found, bool):
                found = str(found)
            if found is None:
                continue
            if not isinstance(found, str) or not found.strip() or not found.isprintable():
                raise self.wrong(key, f"The value of “{key}” is not one line of text.")
            lines.append(f"{name}: {found.strip()}")
        return "\n".join(lines)


# --- tables ---------------------------------------------------------------------------------------

_COLUMN_KEYS = ("path", "slug", "url", "at", "text", "html", "title", "author", "message", "id")
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
        if not mark or key not in _COLUMN_KEYS or not column.strip():
            raise TrackerError(
                f"“{part.strip()[:80]}” maps no column.",
                f"Write key=column with a comma between; keys are {', '.join(_COLUMN_KEYS)}.",
            )
        found[key] = column.strip()
    return found


class VersionTable(Spooled):
    def __init__(
        self,
        reading: HowRead,
        *,
        file: Path | None = None,
        stream: IO[bytes] | None = None,
        name: str = "",
    ) -> None:
        """A Parquet file by ``file``, or CSV by ``stream``."""
        super().__init__()
        self._reading = reading
        self._file = file
        self._stream = stream
        self._name = name or (shown(file) if file else "standard input")

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
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
        if self._reading.columns is not None:
            found = dict(self._reading.columns)
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
            body = (
                str(text) if text is not None else html_body(str(row["html"]), self._reading.markup)
            )
            text = with_front_matter({"title": title}, body) if title else f"{body}\n"
        data = text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")
        name, _, email = _word(row.get("author")).partition("<")
        person = Person(name.strip(), email.strip(" >")) if name.strip() else None
        said = trailers(Url=url or None, Id=row.get("id"))
        message = _word(row.get("message")) or None
        return Incoming(path, slug, at, person, message, (), 0, origin, said), data

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
            if self._reading.zone is None:
                raise ValueError("its time has no offset from UTC: name the zone with --zone")
            at = local_instant(at, self._reading.zone, self.traps)
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
                wanted = set((self._reading.columns or {}).values())
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
                        except (OverflowError, ValueError):
                            yield self.bad(f"{self._name}, row {row}", "Its time is no instant.")
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
