"""Web archives: WARC, ARC and WACZ files, folders of them, and CDX indexes that point into them."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

from tracker.errors import TrackerError
from tracker.follow.read import article_text, read, refusal
from tracker.house.dates.names import aware
from tracker.newsroom.incoming import Incoming, Skipped
from tracker.sources.versions import (
    ARCHIVE_ENDINGS,
    LARGEST,
    Made,
    Spooled,
    is_index_line,
    path_of_url,
    shown,
    trailers,
)

_HTML = ("text/html", "application/xhtml+xml")
_SHORT = "The record was cut short, and its page is not whole."
_MEMBER = 64 * 1024 * 1024 * 1024  # bytes of one file in a WACZ; they are read as they stream
_LINE = 1 << 20  # bytes of one line of a header or of an index


class RecordStream(NamedTuple):
    stream: Any
    name: str


class WebArchive(Spooled):
    """The captures of pages, each a version of the article at its address, at the capture's time.

    A page is read as ``tracker follow`` reads one. What a later record calls unchanged ("revisit")
    brings no version.
    """

    def __init__(self, path: Path | None, stream: IO[bytes] | None = None) -> None:
        """A file, a folder, or a stream of WARC or ARC records."""
        super().__init__()
        self._path = path
        self._stream = stream
        self._words: dict[str, int] = {}  # of the last text of each article

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
        """Every capture of a page, in the order of the files."""
        with ExitStack() as files:
            if self._path is None:
                assert self._stream is not None
                yield from self._records(RecordStream(self._stream, "standard input"))
                return
            for place in self._places(self._path, files):
                if isinstance(place, Skipped):
                    yield place
                else:
                    yield from self._records(place)
                    place.stream.close()

    def _places(self, path: Path, files: ExitStack) -> Iterator[RecordStream | Skipped]:
        """The streams of a file or of a folder's files, sorted by name."""
        name = shown(path)
        if path.is_dir():
            for each in sorted(path.rglob("*")):
                if each.is_symlink() and each.name.lower().endswith(ARCHIVE_ENDINGS):
                    yield Skipped(shown(each), "A symbolic link is left out and not followed.")
                elif each.is_file() and each.name.lower().endswith(ARCHIVE_ENDINGS):
                    yield from self._places(each, files)
        elif zipfile.is_zipfile(path):
            yield from self._members(path, files)
        elif is_index(path):
            yield from self._indexed(path)
        else:
            yield RecordStream(path.open("rb"), name)

    def _members(self, path: Path, files: ExitStack) -> Iterator[RecordStream | Skipped]:
        """The WARC files in a WACZ, read as they stand in it: nothing is unpacked to disk."""
        try:
            wacz = files.enter_context(zipfile.ZipFile(path))
        except (zipfile.BadZipFile, OSError) as error:
            raise TrackerError(
                f"{shown(path)} is a broken WACZ: {error}.", "Get it again."
            ) from None
        for each in sorted(wacz.infolist(), key=lambda one: one.filename):
            name = each.filename
            if not name.startswith("archive/") or not name.lower().endswith(ARCHIVE_ENDINGS[:4]):
                continue
            where = f"{shown(path)}, {ascii(name)[1:-1]}"
            if each.file_size > _MEMBER or each.flag_bits & 1:
                yield self.bad(where, "It is too large, or locked by a password.")
                continue
            try:
                yield RecordStream(wacz.open(each), where)
            except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
                yield self.bad(where, f"It cannot be unpacked: {error}.")

    def _indexed(self, path: Path) -> Iterator[RecordStream | Skipped]:
        """The records that an index names, in files beside it."""
        fields: list[str] = []
        with path.open("rb") as lines:
            for number, raw in enumerate(iter(lambda: lines.readline(_LINE), b""), 1):
                line = raw[: 1 << 16].decode("utf-8", "replace").strip()
                origin = f"{shown(path)}, line {number}"
                if line.startswith("CDX "):
                    fields = line.split()[1:]
                    continue
                if not line or line.startswith("!"):
                    continue
                found = _entry(line, fields)
                if found is None:
                    yield self.bad(origin, "It is no line of a CDX or CDXJ index.")
                    continue
                mime, status, name, offset = found
                if mime == "warc/revisit":
                    yield self.trap("revisits", origin, "The page was seen again, unchanged.")
                elif mime.partition(";")[0] not in (*_HTML, "-", "") or status not in (
                    "200",
                    "-",
                    "",
                ):
                    yield self.trap("other than pages (status, kind)", origin, "It is no page.")
                else:
                    yield self._at(path.parent, name, offset, origin)

    def _at(self, folder: Path, name: str, offset: int, origin: str) -> RecordStream | Skipped:
        """One record of a file beside an index, alone."""
        parts = Path(name).parts
        if not parts or Path(name).is_absolute() or ".." in parts or "\0" in name:
            return self.bad(origin, "It names a file outside of its folder.")
        file = next((each for each in (folder / name, folder / parts[-1]) if each.is_file()), None)
        if file is None or file.is_symlink():
            return self.bad(origin, f"The file {shown(Path(name))} is not beside the index.")
        stream = file.open("rb")
        stream.seek(offset)
        return RecordStream(_First(stream), f"{shown(file)}, offset {offset}")

    # --- records ----------------------------------------------------------------------------------

    def _records(self, place: RecordStream) -> Iterator[Made | Skipped]:
        """The captures in a stream; what comes before damage is kept, and the damage told."""
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed

        single = isinstance(place.stream, _First)
        offset = 0
        with redirect_stderr(io.StringIO()):  # the library prints what it thinks of a record
            iterator = ArchiveIterator(place.stream, arc2warc=True)
        _bound_lines(iterator.reader)
        while True:
            try:
                with redirect_stderr(io.StringIO()):
                    record = next(iterator, None)
                    if record is None:
                        if not single and place.stream.tell() > iterator.offset + 4:
                            where = f"{place.name}, after offset {iterator.offset}"
                            yield self.bad(where, "It breaks off in the middle of a record.")
                        return
                    offset = iterator.offset
                    origin = place.name if single else f"{place.name}, offset {offset}"
                    found = list(self._record(record, origin))
                yield from found
                if single:
                    return
            except TrackerError:
                raise
            except Exception as error:  # the library fails in many ways at records that are none
                why = "it holds a record that is none"
                if isinstance(
                    error, (ArchiveLoadFailed, EOFError, OSError, zipfile.BadZipFile, zlib.error)
                ):
                    why = " ".join(str(error).split()).partition(" This file is")[0][:200]
                reason = "It is damaged, and what comes after cannot be read"
                yield self.bad(
                    f"{place.name}, after offset {offset}",
                    f"{reason}: {why.removeprefix('ERROR: ').rstrip('. ')}.",
                    "What came before was read; “warcio recompress” mends some such files.",
                )
                return

    def _record(self, record: Any, origin: str) -> Iterator[Made | Skipped]:
        kind = record.rec_type
        if kind == "revisit":
            yield self.trap("revisits", origin, "The page was seen again, unchanged.")
            return
        if kind not in ("response", "resource"):
            return  # requests, metadata, and the archive's own
        head, http = record.rec_headers, record.http_headers
        url = (head.get_header("WARC-Target-URI") or "").strip("<> ")
        mime = (http if http is not None else head).get_header("Content-Type", "") or ""
        if mime.partition(";")[0].strip().lower() not in _HTML:
            while record.raw_stream.read(1 << 16):
                pass  # as the iterator would
            if getattr(record.raw_stream, "limit", 0):
                yield self.bad(origin, _SHORT)
                return
            self.traps["other than pages (status, kind)"] += 1
            return
        status = http.get_statuscode() if http is not None else "200"
        if status != "200":
            reason = f"The answer was {status[:20]}, and no page."
            yield self.trap("other than pages (status, kind)", origin, reason)
            return
        try:
            path = path_of_url(url)
        except ValueError:
            yield self.bad(origin, f"Its address is none: “{url[:200]}”.")
            return
        at = _date(head.get_header("WARC-Date") or "")
        if at is None:
            yield self.bad(origin, "Its date cannot be read.")
            return
        yield self._page(record, url, path, at, origin)

    def _page(self, record: Any, url: str, path: str, at: datetime, origin: str) -> Made | Skipped:
        try:
            data = _content(record)
        except Exception as error:  # whatever an encoding's own library raises
            why = " ".join(str(error).split())[:120] or type(error).__name__
            return self.bad(origin, f"Its body cannot be unpacked: {why}.")
        if len(data) > LARGEST:
            return self.bad(origin, f"The page is larger than {LARGEST >> 20} MB.")
        left = getattr(record.raw_stream, "limit", 0)
        truncated = record.rec_headers.get_header("WARC-Truncated")
        if left or truncated:
            return self.bad(origin, _SHORT)
        http = record.http_headers
        kind = (http.get_header("Content-Type") or "") if http is not None else ""
        page = read(data, url, content_type=kind, as_of=at.date())
        refused = refusal(page, url, self._words.get(path))
        if refused is not None:
            return self.trap(f"pages refused: {refused}", origin, f"It is no article: {refused}.")
        self._words[path] = page.words
        text = article_text(page, url).encode("utf-8", "replace")
        said = trailers(
            Url=url,
            Capture=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            Id=(record.rec_headers.get_header("WARC-Record-ID") or "").strip("<>") or None,
        )
        return Incoming(self.placed(path), "", at, None, None, (), 0, origin, said), text


def _bound_lines(reader: Any) -> None:
    """Let a reader of the library end at a line that is none, instead of holding all of it."""
    from warcio.exceptions import ArchiveLoadFailed

    whole = reader.readline

    def readline(length: int | None = 0) -> bytes:
        line: bytes = whole(min(length or _LINE, _LINE))
        if len(line) == _LINE:
            raise ArchiveLoadFailed("a line of a header is longer than 1 MB")
        return line

    reader.readline = readline


class _First:
    """A stream of which one record alone is wanted."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.read = stream.read
        self.tell = stream.tell
        self.close = stream.close


def is_index(path: Path) -> bool:
    """Whether a file is a CDX or CDXJ index, by its first line."""
    with path.open("rb") as file:
        return is_index_line(file.readline(1 << 16))


def _entry(line: str, fields: list[str]) -> tuple[str, str, str, int] | None:
    """Kind, status, file name and offset of a line of an index."""
    try:
        if "{" in line:
            found = json.loads(line[line.index("{") :])
            return (
                str(found.get("mime", "")).lower(),
                str(found.get("status", "")),
                str(found["filename"]),
                int(found["offset"]),
            )
        parts = line.split()
        if fields and len(fields) == len(parts):
            named = dict(zip(fields, parts, strict=True))
            return named.get("m", "").lower(), named.get("s", ""), named["g"], int(named["V"])
        if len(parts) in (9, 11):
            return parts[3].lower(), parts[4], parts[-1], int(parts[-2])
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return None


def _content(record: Any) -> bytes:
    """The body of a record, unpacked, and no more of it than a page may have."""
    http = record.http_headers
    if http is None or (http.get_header("Content-Encoding") or "").lower() != "br":
        return bytes(record.content_stream().read(LARGEST + 1))
    import brotli  # which the archive's library does not know in its present form

    http.remove_header("Content-Encoding")
    data = record.content_stream().read(LARGEST + 1)
    return bytes(brotli.Decompressor().process(data, output_buffer_limit=LARGEST + 1))


def _date(written: str) -> datetime | None:
    try:
        at = aware(datetime.fromisoformat(written), UTC)
    except ValueError:
        return None
    return at if 1990 <= at.year < 2200 else None
