"""The folders of a corpus: pairs with their manifest, and verdicts, here or at any address.

A corpus is plain Parquet, ``source=…/year=…/part-00000.parquet``, and ``corpus.json`` that names
its chunks: the row groups, which are what one task judges. Verdicts lie in a folder of their own,
a file for each chunk, with a copy of the manifest. A file is there whole or not at all, so what is
there is done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tracker.corpus.judge import PAIRS, SCHEMA
from tracker.errors import TrackerError
from tracker.house import settings as house_settings
from tracker.house.settings import Settings
from tracker.store.files import Folder, components, scratch_folder

MANIFEST = "corpus.json"
FORMAT = 1
VERDICTS, EDITS, COUNTS, REPEATED = "verdicts", "edits", "counts", "repeated"
"""The folders in a folder of verdicts."""


class ListedFile(NamedTuple):
    size: int  # bytes
    written: float  # seconds since 1970; 0 where the store does not say


class CorpusFolder:
    """A folder at an address: on this machine, or wherever fsspec reaches (``s3://…``)."""

    def __init__(self, address: str) -> None:
        remote = "://" in address and not address.startswith("file://")
        if remote:
            self.address = address.rstrip("/")
        else:  # links above an absolute address are the person's; a repository may bring others
            path = Path(address.removeprefix("file://"))
            self.address = str(path.resolve() if path.is_absolute() else path.absolute())
        self._remote = remote

    def __reduce__(self) -> tuple[type[CorpusFolder], tuple[str]]:
        return CorpusFolder, (self.address,)

    @cached_property
    def _found(self) -> tuple[Any, str]:
        try:
            import fsspec

            files, root = fsspec.core.url_to_fs(self.address)
        except (ImportError, ValueError) as error:
            raise TrackerError(
                f"{self.address} cannot be reached: {error}.", "Install what fsspec needs for it."
            ) from None
        return files, root.rstrip("/")

    @property
    def files(self) -> Any:
        """The file system of fsspec. Raises ``TrackerError`` where it has none for the address."""
        return self._found[0]

    def _at(self, name: str) -> str:
        return "/".join((self._found[1], *components(name)))

    def is_there(self, name: str) -> bool:
        return bool(self.files.exists(self._at(name)))

    def listed(self, under: str = "") -> dict[str, ListedFile]:
        """The Parquet files below a folder in this one, or all, by their names."""
        files = self.files
        try:
            found = files.find(self._at(under) if under else self._found[1], detail=True)
        except FileNotFoundError:
            return {}
        root = f"{self._found[1]}/"
        return {
            name.removeprefix(root): ListedFile(int(said.get("size") or 0), _written(said))
            for name, said in sorted(found.items())
            if name.endswith(".parquet") and not name.rpartition("/")[2].startswith(".")
        }

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        try:
            return bytes(self.files.cat_file(self._at(name)))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self._at(name), error) from None

    @contextmanager
    def parquet(self, name: str) -> Iterator[pq.ParquetFile]:
        """A Parquet file to read from. Raises ``TrackerError`` where it is none."""
        path = self._at(name)
        try:
            with (
                self.files.open(path, "rb") as stream,
                pq.ParquetFile(stream, pre_buffer=False) as file,
            ):
                yield file
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from None

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file to write into, which is there when the block ends well, and else never."""
        if not self._remote:
            with Folder.open(Path(self.address), make=True) as folder, folder.writing(name) as file:
                yield file
            return
        # An object store has no rename: the file is put there whole.
        with scratch_folder() as here, Folder.open(here, follow=True) as folder:
            with folder.writing("whole") as file:
                yield file
            path = self._at(name)
            self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self.files.put_file(str(here / "whole"), path)

    def clear_unfinished(self, names: Iterable[str]) -> None:
        """Take away what killed writers left in some folders; on this machine, nobody else can."""
        if not self._remote:
            for name in names:
                with Folder.open(Path(self.address, *components(name))) as folder:
                    folder.clear_unfinished()

    def write(self, name: str, data: bytes) -> None:
        """Put a file there, whole."""
        with self.writing(name) as file:
            file.write(data)


def _written(said: dict[str, Any]) -> float:
    found = said.get("mtime") or said.get("LastModified") or said.get("created") or 0
    return float(found.timestamp() if hasattr(found, "timestamp") else found)


def _unreadable(path: str, error: Exception) -> TrackerError:
    if isinstance(error, FileNotFoundError):
        return TrackerError(f"{path} is not there.", "Check the address.")
    why = " ".join(str(error).split())[:200].rstrip(".")
    return TrackerError(f"{path} cannot be read: {why}.", "Write it again.")


# --- the manifest ---------------------------------------------------------------------------------


class Chunk(NamedTuple):
    """One row group of pairs: what a task judges."""

    number: int  # its place in the manifest, from 0
    source: str
    file: str  # in the corpus
    group: int  # of its file, from 0
    rows: int
    bytes: int  # of the texts: what it costs, about
    articles: int  # that begin in it; one that began in the chunk before is not counted again
    ids: str  # SHA-256 of the pairs' ids, each with a line break

    @property
    def verdicts(self) -> str:
        """The name of the file of its verdicts, in a folder of verdicts."""
        return f"{VERDICTS}/{self.file.rpartition('/')[0]}/chunk-{self.number:06d}.parquet"

    @property
    def edits(self) -> str:
        return self.verdicts.replace(VERDICTS, EDITS, 1)


class Corpus(NamedTuple):
    tracker: str  # the version that wrote it
    settings: str | None  # TOML, as in tracker.toml; None: nothing is known of the house
    styles: dict[str, str]  # the style files that it names, with their texts
    chunks: tuple[Chunk, ...]
    edits: bool = False  # of verdicts: edits are wanted too

    @property
    def pairs(self) -> int:
        return sum(each.rows for each in self.chunks)

    @property
    def sources(self) -> list[str]:
        return sorted({each.source for each in self.chunks})

    def house(self) -> Settings | None:
        """The settings. Raises ``TrackerError`` where they are none."""
        if self.settings is None:
            return None
        return house_settings.read(self.settings, MANIFEST, lambda name: self.styles.get(name, ""))


def folder_of(source: str, year: int) -> str:
    """The folder of a source's pairs of a year, as Hive names partitions."""
    return f"source={quote(source, safe='')[:200]}/year={year:04d}"


def digest(ids: Any) -> str:
    """The digest by which a chunk's pairs are known again, of the column ``pair``."""
    return sha256(b"\n".join(each or b"" for each in ids.cast(pa.binary()).to_pylist())).hexdigest()


def write_manifest(place: CorpusFolder, corpus: Corpus) -> None:
    said = corpus._asdict() | {"chunks": [each._asdict() for each in corpus.chunks]}
    text = json.dumps({"format": FORMAT, "pairs": corpus.pairs, **said}, ensure_ascii=False)
    place.write(MANIFEST, text.encode())


def read_manifest(place: CorpusFolder, made_by: str = "tracker corpus pairs") -> Corpus:
    """What a folder holds. Raises ``TrackerError`` where it is no corpus."""
    data = place.read(MANIFEST)
    if data is None:
        raise TrackerError(
            f"{place.address} has no {MANIFEST}: it is no corpus, or not whole yet.",
            f"Make it with {made_by}.",
        )
    return _parsed(data, place.address)


_LIKE = Chunk(0, "", "", 0, 0, 0, 0, "")


@lru_cache(maxsize=8)
def _parsed(data: bytes, address: str) -> Corpus:
    wrong = TrackerError(
        f"{address}/{MANIFEST} is no manifest of a corpus.", "Make the corpus anew."
    )
    try:
        said = json.loads(data)
        if said["format"] != FORMAT:
            raise wrong
        chunks = tuple(Chunk(*(each[name] for name in Chunk._fields)) for each in said["chunks"])
        found = Corpus(
            said["tracker"], said["settings"], dict(said["styles"]), chunks, bool(said["edits"])
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise wrong from None
    for place, chunk in enumerate(chunks):
        kinds = zip(chunk, _LIKE, strict=True)
        if chunk.number != place or any(type(one) is not type(like) for one, like in kinds):
            raise wrong
    return found


def read_pairs(place: CorpusFolder, chunk: Chunk) -> pa.RecordBatch:
    """The pairs of a chunk. Raises ``TrackerError`` where they are not those of the manifest."""
    with place.parquet(chunk.file) as file:
        _must_be(PAIRS, file, chunk.file)
        if chunk.group >= file.num_row_groups:
            raise TrackerError(
                f"{chunk.file} has no row group {chunk.group}, which the manifest names.",
                "Make the corpus anew.",
            )
        table = file.read_row_group(chunk.group, use_threads=False).combine_chunks()
    batches = table.to_batches()
    batch = batches[0] if batches else pa.RecordBatch.from_pylist([], schema=PAIRS)
    if digest(batch.column("pair")) != chunk.ids:
        raise TrackerError(
            f"{chunk.file}, row group {chunk.group}, holds other pairs than the manifest says.",
            "Make the corpus anew.",
        )
    return batch


def check_files(place: CorpusFolder, corpus: Corpus) -> None:
    """See that the files of pairs are there and whole, before work begins.

    Raises ``TrackerError`` for the first that is not.
    """
    groups: dict[str, int] = {}
    for chunk in corpus.chunks:
        groups[chunk.file] = max(groups.get(chunk.file, 0), chunk.group + 1)
    for name, wanted in groups.items():
        with place.parquet(name) as file:
            _must_be(PAIRS, file, name)
            if file.num_row_groups < wanted:
                raise TrackerError(
                    f"{name} has {file.num_row_groups} row groups, and the manifest names"
                    f" {wanted}.",
                    "Make the corpus anew.",
                )


def _must_be(schema: pa.Schema, file: pq.ParquetFile, name: str) -> None:
    there = file.schema_arrow
    for field in schema:
        place = there.get_field_index(field.name)
        if place < 0:
            raise TrackerError(
                f"{name} has no column {field.name}.",
                f"Its columns are {', '.join(there.names)[:300]}.",
            )
        if there.field(place).type != field.type:
            raise TrackerError(
                f"The column {field.name} of {name} is of the type {there.field(place).type}, not"
                f" {field.type}.",
                "Make the corpus with tracker corpus pairs.",
            )


# --- what was done --------------------------------------------------------------------------------


class JudgedCount(NamedTuple):
    """What became of a chunk, or of many: all that a task gives back."""

    chunks: int = 0
    rows: int = 0
    substantive: int = 0
    errors: int = 0  # rows that have one

    def plus(self, other: JudgedCount) -> JudgedCount:
        return JudgedCount(*(one + more for one, more in zip(self, other, strict=True)))


def done_in(place: CorpusFolder, name: str) -> JudgedCount:
    """What a file of verdicts holds, by its footer and one small column."""
    with place.parquet(name) as file:
        _must_be(SCHEMA, file, name)
        said = file.read(["substantive", "error"], use_threads=False)
    errors = said.num_rows - said.column("error").null_count
    return JudgedCount(1, said.num_rows, pc.sum(said.column("substantive")).as_py() or 0, errors)


class Status(NamedTuple):
    """How far the work is."""

    tracker: str
    chunks: int  # of the corpus
    pairs: int
    done: JudgedCount
    pairs_a_second: float | None  # None: not enough is done to tell
    seconds_left: float | None
    errors: tuple[tuple[str, str], ...]  # pairs that have no verdict, and why; the first of them


_NAMED = 1_000  # pairs with errors that are named


def status(place: CorpusFolder) -> Status:
    """How far the verdicts in a folder are. The rate is that of the files written last."""
    corpus = read_manifest(place, "tracker corpus judge")
    listed = place.listed(VERDICTS)
    done, errors = JudgedCount(), list[tuple[str, str]]()
    written: list[tuple[float, int]] = []
    for chunk in corpus.chunks:
        if chunk.verdicts not in listed:
            continue
        here = done_in(place, chunk.verdicts)
        done = done.plus(here)
        written.append((listed[chunk.verdicts].written, chunk.bytes))
        if here.errors and len(errors) < _NAMED:
            errors += errors_in(place, chunk)
    rate, left = _rate(corpus, written)
    return Status(
        corpus.tracker, len(corpus.chunks), corpus.pairs, done, rate, left, tuple(errors[:_NAMED])
    )


def errors_in(place: CorpusFolder, chunk: Chunk) -> list[tuple[str, str]]:
    """The pairs of a chunk that have no verdict, and why."""
    with place.parquet(chunk.verdicts) as file:
        rows = file.read(["pair", "error"], use_threads=False).to_pylist()
    return [(row["pair"], row["error"]) for row in rows if row["error"]]


_LATEST = 200  # files by which the rate is told


def _rate(corpus: Corpus, written: list[tuple[float, int]]) -> tuple[float | None, float | None]:
    """Pairs a second, and seconds left; the costliest chunks are done first, so by bytes."""
    missing = sum(each.bytes for each in corpus.chunks) - sum(size for _, size in written)
    latest = sorted(written)[-_LATEST:]
    span = latest[-1][0] - latest[0][0] if latest else 0.0
    if span <= 0:
        return None, None if missing else 0.0
    speed = sum(size for _, size in latest[1:]) / span  # bytes a second
    mean = sum(each.bytes for each in corpus.chunks) / corpus.pairs
    return speed / mean, missing / speed


class Fault(NamedTuple):
    """Something that is wrong with a folder of verdicts."""

    file: str
    what: str  # a sentence with its full stop


def check(place: CorpusFolder) -> tuple[JudgedCount, list[Fault]]:
    """See that every pair of the manifest has one verdict, by one version of this program."""
    corpus = read_manifest(place, "tracker corpus judge")
    listed = place.listed(VERDICTS)
    faults = []
    done = JudgedCount()
    for chunk in corpus.chunks:
        name = chunk.verdicts
        if listed.pop(name, None) is None:
            faults.append(Fault(name, f"{chunk.rows:,} pairs have no verdict yet."))
            continue
        try:
            with place.parquet(name) as file:
                _must_be(SCHEMA, file, name)
                rows = file.read(["pair", "tracker"], use_threads=False)
            done = done.plus(done_in(place, name))
        except TrackerError as error:
            faults.append(Fault(name, error.sentence))
            continue
        if digest(rows.column("pair")) != chunk.ids:
            faults.append(Fault(name, "It holds other pairs than the manifest says."))
        if others := set(rows.column("tracker").to_pylist()) - {corpus.tracker}:
            faults.append(Fault(name, f"It was written by tracker {min(map(str, others))}."))
    faults += [Fault(name, "The manifest knows no such chunk.") for name in listed]
    ids = {chunk.ids for chunk in corpus.chunks}
    if len(ids) < len(corpus.chunks):
        faults.append(Fault(MANIFEST, "It names the same pairs twice."))
    return done, faults
