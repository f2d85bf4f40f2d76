"""Importers: each reads one format and yields revisions to record.

``open_source`` knows a format by its first bytes. A format's module is loaded where it is met.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from contextlib import closing
from pathlib import Path
from typing import IO

from tracker.errors import TrackerError
from tracker.newsroom.incoming import Source
from tracker.sources.versions import (
    ARCHIVE_ENDINGS,
    Counted,
    HowRead,
    Spooled,
    is_index_line,
    shown,
    unpacked,
)

_PEEKED = 65_536  # bytes by which a format is known
_FILES_ALONE = ("diffengine", "newsdiffs", "parquet", "folder")


def open_source(path: Path | None, stream: IO[bytes] | None, reading: HowRead) -> Source:
    """The source in a file or folder, or, without a path, in a stream.

    Raises ``TrackerError`` where there is nothing to read, and for a format that nobody knows.
    """
    source = _source(path, stream, reading)
    if hasattr(source, "under"):
        source.under = reading.under
    return source


def _source(path: Path | None, stream: IO[bytes] | None, reading: HowRead) -> Source:
    form = reading.format
    if path is not None and path.is_dir():
        form = _known_folder(path) if form == "auto" else form
        if form not in ("folder", "newsdiffs", "warc"):
            raise TrackerError(
                f"{shown(path)} is a folder, and no file of {form}.", "Name the file."
            )
        return _whole(path, form, reading)
    if path is None:
        assert stream is not None
        counted, name = Counted(stream, closes=False), "standard input"
    else:
        counted, name = Counted(_opened(path)), shown(path)
    data, packed = unpacked(counted, name)
    if form == "auto":
        form = _known(data.peek(_PEEKED)[:_PEEKED], path, name, packed=packed)
    if form in _FILES_ALONE and (path is None or packed):
        raise TrackerError(
            f"A source of the format {form} cannot be read from a pipe, or packed.",
            "Give its unpacked file.",
        )
    if path is not None and form in (*_FILES_ALONE, "warc"):
        data.close()
        return _whole(path, form, reading)
    source = _streamed(data, name, form, reading)
    source.counted, source.size = counted, path.stat().st_size if path is not None else 0
    return source


def _known(start: bytes, path: Path | None, name: str, *, packed: bool) -> str:
    """The format that the first bytes tell of."""
    head = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"WARC/", b"filedesc://")):
        return "warc"
    if start.startswith(b"SQLite format 3\0"):
        return _database(path, packed=packed)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04"):
        return "warc"
    if head.startswith(b"<"):
        return _xml(head, name)
    if head.startswith(b"[") or not head:
        return "wp-json" if head else "jsonl"
    if head.startswith(b"{"):
        return "jsonl"
    line = head.split(b"\n", 1)[0]
    if is_index_line(line):
        return "warc"
    if _is_table(line):
        return "csv"
    return "jsonl"  # which says in which column it is none


def _xml(head: bytes, name: str) -> str:
    if b"<mediawiki" in head:
        return "mediawiki"
    if b"wordpress.org/export" in head or b"<wp:" in head or b"<rss" in head:
        return "wxr"
    raise TrackerError(
        f"{name} is XML, but neither an export of WordPress nor a dump of MediaWiki.",
        "Name the format with --format, or write JSON Lines (docs/import.md).",
    )


def _database(path: Path | None, *, packed: bool) -> str:
    if path is None or packed:
        return "diffengine"
    from tracker.sources.trackers import is_diffengine, is_newsdiffs, opened

    with closing(opened(path)) as database:
        if is_newsdiffs(database):
            return "newsdiffs"
        if is_diffengine(database):
            return "diffengine"
    raise TrackerError(
        f"{shown(path)} is a database, but not of diffengine, NewsEdits or NewsDiffs.",
        "Write its versions as JSON Lines or CSV (docs/import.md).",
    )


def _is_table(line: bytes) -> bool:
    from tracker.sources.rows import USUAL

    words = line.decode("utf-8", "replace").lower()
    for mark in ",;\t|":
        names = {each.strip(' "\r') for each in words.split(mark)}
        if len(names) > 1 and names & {*USUAL["at"]} and names & {"url", "path", "slug", "link"}:
            return True
    return False


def _known_folder(path: Path) -> str:
    from tracker.sources.trackers import databases_in

    names = [each.name.lower() for each in path.iterdir()]
    if any(name.endswith(ARCHIVE_ENDINGS) for name in names):
        return "warc"
    databases = any(name.endswith((".db", ".sqlite", ".sqlite3")) for name in names)
    return "newsdiffs" if (databases or "website" in names) and databases_in(path) else "folder"


def _whole(path: Path, form: str, reading: HowRead) -> Source:
    """The source of a format that reads its file or folder by itself."""
    if form == "warc":
        return _web_archive(path)
    if form == "diffengine":
        from tracker.sources.trackers import Diffengine

        return Diffengine(path, reading)
    if form == "newsdiffs":
        from tracker.sources.trackers import NewsDiffs

        return NewsDiffs(path, reading)
    if form == "parquet":
        from tracker.sources.rows import VersionTable

        return VersionTable(reading, file=path)
    if not path.is_dir():
        raise TrackerError(f"{shown(path)} is a file, and no folder.", "Name the folder.")
    from tracker.sources.folder import VersionFolder

    return VersionFolder(path, under=reading.under)


def _streamed(data: io.BufferedReader, name: str, form: str, reading: HowRead) -> Spooled:
    """The source of a format that is read from a stream."""
    if form in ("wxr", "wp-json"):
        from tracker.sources.wordpress import WpJson, Wxr

        return (Wxr if form == "wxr" else WpJson)(data, name, reading)
    if form == "mediawiki":
        from tracker.sources.mediawiki import MediaWiki

        return MediaWiki(data, name, reading)
    if form == "warc":
        return _web_archive(None, data)
    from tracker.sources.rows import JsonLines, VersionTable

    if form == "jsonl":
        return JsonLines(data, name)
    return VersionTable(reading, stream=data, name=name)


def _web_archive(path: Path | None, stream: IO[bytes] | None = None) -> Spooled:
    from tracker.follow import require

    require()  # its pages are read by what reads those of sites
    from tracker.sources.warc import WebArchive

    return WebArchive(path, stream)


def _opened(path: Path) -> IO[bytes]:
    try:
        status = path.stat()
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)):
            raise TrackerError(
                f"{shown(path)} is neither a file nor a folder.", "Check the path of the file."
            )
        return path.open("rb")
    except OSError as error:
        raise TrackerError(
            f"{shown(path)} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check the path of the file.",
        ) from None
