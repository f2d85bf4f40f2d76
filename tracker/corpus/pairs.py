"""Versions of articles -> a corpus of pairs. Texts are read and written; nothing is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from tracker.corpus.folder import (
    MANIFEST,
    Chunk,
    Corpus,
    CorpusFolder,
    digest,
    folder_of,
    read_manifest,
    write_manifest,
)
from tracker.corpus.judge import PAIRS, Row, version
from tracker.errors import TrackerError
from tracker.model import Progress
from tracker.newsroom.history import versions
from tracker.newsroom.incoming import Skipped, temporary
from tracker.newsroom.workspace import SETTINGS_FILE, Workspace
from tracker.sources import open_source
from tracker.sources.versions import HowRead
from tracker.store.files import make_folder, scratch_folder
from tracker.text.document import decode

GROUP = 4 << 20  # bytes of text in a row group: what one task judges in some seconds
LARGEST_FILE = 128 << 20  # bytes
_MOST_WAITING = 48 << 20  # bytes of text in memory, whatever the number of years


class CorpusVersion(NamedTuple):
    source: str
    article: str
    at: datetime  # aware
    commit: str | None
    text: str


class PairsWritten(NamedTuple):
    corpus: Corpus
    versions: int
    articles: int
    unchanged: int  # versions whose text is that of the one before: no pair


# --- versions, by source, article and time --------------------------------------------------------


def of_newsroom(
    workspace: Workspace, source: str | None = None, progress: Progress | None = None
) -> Iterator[CorpusVersion]:
    """The versions of a newsroom's articles. ``source``: what to call it, where no host is known.

    The articles of a followed site are below a folder with the name of its host.
    """
    top = workspace.root or workspace.repository.git_dir
    name = source or workspace.settings.name or Path(top).resolve().name
    for path, recorded, _, text in versions(workspace, (), progress):
        path = path.removeprefix(f"{workspace.under}/") if workspace.under else path
        host, article = _parted(path.removeprefix("articles/"), name)
        yield CorpusVersion(host, article, recorded.at, recorded.commit, text)


def of_files(
    files: Sequence[Path],
    reading: HowRead,
    source: str | None = None,
    skipped: list[Skipped] | None = None,
) -> Iterator[CorpusVersion]:
    """The versions in files that ``tracker import`` reads: Parquet, NewsEdits, JSON Lines, ….

    ``source``: what to call their outlet, where an article's address does not say; without it, by
    the file's name. What is left out is added to ``skipped``.
    """
    for file in files:
        found = open_source(file, None, reading._replace(under=""))
        with closing(found), scratch_folder() as folder:
            make_folder(folder / "texts")
            with closing(temporary(folder / "order.sqlite3")) as order:
                order.execute("CREATE TABLE v (source, article, at REAL, n INTEGER, key, written)")
                order.execute("BEGIN")
                for n, each in enumerate(found.versions(folder / "texts")):
                    if isinstance(each, Skipped):
                        if skipped is not None:
                            skipped.append(each)
                        continue
                    host, article = _parted(each.path or each.slug, source or file.stem)
                    at = each.at
                    order.execute(
                        "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?)",
                        (host, article, at.timestamp(), n, each.key, at.isoformat()),
                    )
                order.execute("COMMIT")
                yield from _in_order(order, found, skipped)


def _in_order(order: Any, found: Any, skipped: list[Skipped] | None) -> Iterator[CorpusVersion]:
    sorted_ = "FROM v ORDER BY source, article, at, n"
    with closing(order.cursor()) as keys, closing(order.cursor()) as heads:
        texts = found.texts(key for (key,) in keys.execute(f"SELECT key {sorted_}"))
        rows = heads.execute(f"SELECT source, article, written {sorted_}")
        for (host, article, written), text in zip(rows, texts, strict=True):
            if isinstance(text, TrackerError):
                if skipped is not None:
                    skipped.append(Skipped(f"{article}, {written}", text.sentence, bad=True))
                continue
            at = datetime.fromisoformat(written)
            yield CorpusVersion(host, article, at, None, decode(text)[0])


def _parted(path: str, source: str) -> tuple[str, str]:
    """The source of an article and its path there: the first folder, where it is a host's name."""
    path = path.encode("utf-8", "backslashreplace").decode()  # git's may be any bytes
    host, _, rest = path.partition("/")
    if rest and "." in host.strip(".") and not host.startswith("."):
        return host, rest
    return source, path


# --- pairs ----------------------------------------------------------------------------------------


def write_pairs(
    found: Iterable[CorpusVersion],
    to: CorpusFolder,
    settings: str | None,
    styles: dict[str, str],
    group: int = GROUP,
    *,
    add: bool = False,
) -> PairsWritten:
    """Write the pairs of neighbouring versions, which come by source, article and time.

    ``settings`` and ``styles`` are kept for the judging: see ``Corpus``. ``group`` is the text in a
    row group, in bytes. With ``add``, the pairs that a corpus there has not yet go into chunks
    behind its own. Without a version there is no corpus. Raises ``TrackerError`` where there is a
    corpus already, or none to add to.
    """
    there: tuple[Chunk, ...] = ()
    if add:
        before = read_manifest(to)
        if (before.settings, before.styles) != (settings, styles):
            raise TrackerError(
                f"The corpus in {to.address} was made by other settings.", "Make a new one."
            )
        there = before.chunks
    elif to.is_there(MANIFEST):
        raise TrackerError(
            f"There is a corpus in {to.address} already.", "Name another folder, or take --add."
        )
    elif left := to.listed():
        raise TrackerError(
            f"{to.address} has files of no corpus, such as {next(iter(left))}.",
            "They may be what a killed run left: remove them, or name another folder.",
        )
    known = _known(to, there)
    seen = articles = unchanged = 0
    with _PairWriter(to, group, there) as out:
        for (source, _), several in groupby(found, key=lambda each: each[:2]):
            articles += 1
            year = number = 0
            last: CorpusVersion | None = None
            for each in several:
                seen += 1
                at = each.at.astimezone(UTC)
                if last is None:
                    year = at.year
                elif each.text == last.text:
                    unchanged += 1
                else:
                    number += 1
                    at = max(at, last.at)  # dates of commits may be out of order
                    row = _row(number, last, each, at)
                    if int(row["pair"], 16) not in known:
                        out.add(source, year, row, first=number == 1)
                last = each._replace(at=at)
            out.end_of_article(source, year)
        chunks = out.finish()
    corpus = Corpus(version(), settings, styles, chunks)
    if seen:
        write_manifest(to, corpus)
    return PairsWritten(corpus, seen, articles, unchanged)


def _known(to: CorpusFolder, chunks: Iterable[Chunk]) -> set[int]:
    """The pairs that are there: their ids as numbers, which take less room."""
    found: set[int] = set()
    for name in dict.fromkeys(chunk.file for chunk in chunks):
        with to.parquet(name) as file:
            ids = file.read(["pair"], use_threads=False).column("pair").to_pylist()
        try:
            found.update(int(each, 16) for each in ids)
        except (TypeError, ValueError):
            raise TrackerError(
                f"{name} has pairs without an id.", "Make the corpus anew."
            ) from None
    return found


def _row(number: int, old: CorpusVersion, new: CorpusVersion, at: datetime) -> Row:
    said = (new.source, new.article, number, old.at.isoformat(), at.isoformat(), new.commit)
    return {
        "pair": sha256(repr(said).encode("utf-8", "replace")).hexdigest()[:24],
        "source": new.source,
        "article": new.article,
        "old_commit": old.commit,
        "new_commit": new.commit,
        "old_at": old.at,
        "new_at": at,
        "old": old.text.encode("utf-8", "replace"),
        "new": new.text.encode("utf-8", "replace"),
    }


class _Waiting:
    """Pairs of one folder that are not written yet, and its open file."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.size = 0  # bytes of text
        self.articles = 0
        self.file: _OpenParquet | None = None


class _OpenParquet(NamedTuple):
    name: str
    stack: ExitStack
    sink: Any
    parquet: pq.ParquetWriter
    chunks: list[Chunk]


class _PairWriter:
    """Writes pairs into files by source and year; an article's stay together as far as they fit."""

    def __init__(self, to: CorpusFolder, group: int, there: tuple[Chunk, ...]) -> None:
        self._to = to
        self._group = group
        self._there = there
        # Files begun in each folder; some systems take names in other letters for the same.
        self._parts = Counter(
            name.rpartition("/")[0].casefold() for name in {chunk.file for chunk in there}
        )
        self._waiting: dict[tuple[str, int], _Waiting] = {}
        self._size = 0  # bytes of text that wait
        self._chunks: list[Chunk] = []
        self._source = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._waiting.values():
            if each.file is not None:
                each.file.stack.__exit__(kind, error, trace)

    def add(self, source: str, year: int, row: Row, *, first: bool) -> None:
        if source != self._source:  # none comes back, as a rule: their files are whole
            self._end_all()
            self._source = source
        it = self._waiting.setdefault((source, year), _Waiting())
        size = len(row["old"]) + len(row["new"])
        if it.size and it.size + size > 2 * self._group:
            self._write(source, year, it)
        it.rows.append(row)
        it.articles += first
        it.size += size
        self._size += size
        if self._size > _MOST_WAITING:
            (source, year), it = max(self._waiting.items(), key=lambda each: each[1].size)
            self._write(source, year, it)

    def end_of_article(self, source: str, year: int) -> None:
        """A good place to end a row group."""
        it = self._waiting.get((source, year))
        if it is not None and it.size >= self._group:
            self._write(source, year, it)

    def _write(self, source: str, year: int, it: _Waiting) -> None:
        if it.file is None:
            it.file = self._begun(folder_of(source, year))
        table = pa.Table.from_pylist(it.rows, schema=_BYTES).cast(PAIRS)
        it.file.parquet.write_table(table, row_group_size=len(it.rows))
        it.file.chunks.append(
            Chunk(
                0, source, it.file.name, len(it.file.chunks), len(it.rows), it.size, it.articles,
                digest(table.column("pair")),
            )
        )  # fmt: skip
        self._size -= it.size
        it.rows, it.size, it.articles = [], 0, 0
        if it.file.sink.tell() > LARGEST_FILE - 2 * self._group:
            self._end(it)

    def _begun(self, folder: str) -> _OpenParquet:
        name = f"{folder}/part-{self._parts[folder.casefold()]:05d}.parquet"
        self._parts[folder.casefold()] += 1
        stack = ExitStack()
        sink = stack.enter_context(self._to.writing(name))
        parquet = stack.enter_context(pq.ParquetWriter(sink, PAIRS, compression="zstd"))
        return _OpenParquet(name, stack, sink, parquet, [])

    def _end(self, it: _Waiting) -> None:
        if it.file is not None:
            it.file.stack.close()
            self._chunks += it.file.chunks
            it.file = None

    def _end_all(self) -> None:
        for (source, year), it in self._waiting.items():
            if it.rows:
                self._write(source, year, it)
            self._end(it)
        self._waiting.clear()

    def finish(self) -> tuple[Chunk, ...]:
        """All is written; the chunks in the order of their files."""
        self._end_all()
        ordered = sorted(self._chunks, key=lambda each: (each.file, each.group))
        numbered = enumerate(ordered, start=len(self._there))
        return (*self._there, *(each._replace(number=number) for number, each in numbered))


_BYTES = pa.schema(
    [field.with_type(pa.binary()) if field.name in ("old", "new") else field for field in PAIRS]
)


def settings_of(workspace: Workspace) -> tuple[str | None, dict[str, str]]:
    """A newsroom's settings as text, and the style files that they name."""
    from tracker.house import settings

    toml = workspace.file(SETTINGS_FILE)
    styles: dict[str, str] = {}
    if toml is not None:
        settings.read(
            toml, SETTINGS_FILE, lambda name: styles.setdefault(name, workspace.file(name) or "")
        )
    return toml, styles
