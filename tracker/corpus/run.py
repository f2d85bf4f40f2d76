"""Chunks judged: by a process that a row may end, one after the other or on a cluster of Dask.

A task is told the numbers of chunks, writes files, and gives back a few numbers: whatever becomes
of its worker, nothing that was done is done again. A row is judged in a process of its worker's
own. Where that process ends, the row at which it was is judged again in a new one, and told as an
error when that ends too; the rows before and after it are not lost.
"""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import sha256
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from tracker.corpus.folder import (
    COUNTS,
    MANIFEST,
    REPEATED,
    VERDICTS,
    Chunk,
    Corpus,
    CorpusFolder,
    JudgedCount,
    check_files,
    done_in,
    read_manifest,
    read_pairs,
    write_manifest,
)
from tracker.corpus.judge import (
    EDITS,
    SCHEMA,
    SECONDS,
    PairVerdict,
    Row,
    Terms,
    finished,
    verdicts,
    version,
)
from tracker.errors import TrackerError
from tracker.model import BoilerplateSettings, Progress
from tracker.processes import interrupts_wait, on_interrupt, servers_start
from tracker.text.judge.boilerplate import Counts

MEMORY = 2 << 30  # bytes that judging may take in a worker
_TOLD = 64  # verdicts that come at once, as a rule
_SECONDS_UNTOLD = 1.0
_GRACE = 15.0  # seconds after a pair's time limit until its process is ended from outside
_STARTS = 5  # of a process that ends while it starts, until that is told


# --- one process that judges ----------------------------------------------------------------------


class Process:
    """Another process that judges, so that a row cannot take this one with it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._terms: Terms | None = None  # those that it has

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._terms = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def judge(self, batch: pa.RecordBatch, terms: Terms, *, edits: bool) -> list[PairVerdict]:
        """The verdicts on all rows, in their order.

        They come some at a time; where the process ended, one at a time, so that it is known at
        which row. Where it ends at that row again, the row is told as an error.
        """
        found: list[PairVerdict] = []
        single, ended_at = False, -1
        while len(found) < batch.num_rows:
            why = "The process that judged it ended or was killed, twice."
            connection = self._started()
            try:
                known = terms is self._terms
                rest = batch.slice(len(found))
                connection.send((rest, None if known else terms, edits, 1 if single else _TOLD))
                self._terms = terms
                while len(found) < batch.num_rows:
                    if not connection.poll(terms.seconds + _GRACE):
                        why = f"It took longer than {terms.seconds:g} s."
                        break
                    found += connection.recv()
            except (EOFError, OSError):
                pass
            if len(found) < batch.num_rows:
                self.close()
                if single and ended_at == len(found):
                    found.append(_without_verdict(batch, len(found), why))
                    single = False
                else:
                    single, ended_at = True, len(found) if single else -1
        return found

    def _started(self) -> Connection:
        if self._connection is not None:
            return self._connection
        for _ in range(_STARTS):
            ours, theirs = Pipe()
            program = (
                f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve;"
                f" serve({theirs.fileno()})"
            )
            with theirs, interrupts_wait():
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", program],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
            self._connection = ours
            with suppress(EOFError, OSError):
                ours.recv()  # it is there
                return ours
            self.close()
        raise TrackerError(f"The process that judges ended {_STARTS} times as it started.", "")


def serve(descriptor: int) -> None:
    """What the other process does until nobody asks any more."""
    on_interrupt(signal.SIG_IGN)  # who asks ends it
    _bound_memory()
    with suppress(EOFError, OSError), Connection(descriptor) as connection:
        connection.send(True)
        terms = Terms()
        while True:
            batch, others, edits, most = connection.recv()
            terms = others or terms
            told, waiting = time.monotonic(), []
            for verdict in verdicts(batch, terms, edits=edits):
                waiting.append(verdict)
                if len(waiting) >= most or time.monotonic() > told + _SECONDS_UNTOLD:
                    connection.send(waiting)
                    told, waiting = time.monotonic(), []
            if waiting:
                connection.send(waiting)


def _bound_memory() -> None:
    """What needs more raises ``MemoryError``, which is told in its row. macOS has no such bound."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))


def _without_verdict(batch: pa.RecordBatch, place: int, why: str) -> PairVerdict:
    row: Row = {
        name: batch.column(name)[place].as_py()
        for name in batch.schema.names
        if name not in ("old", "new")
    }
    return PairVerdict(finished({**row, "error": why}), [])


# --- the units of work ----------------------------------------------------------------------------

_mine = threading.local()


def _process() -> Process:
    """The process of this thread: a worker of Dask keeps it from one task to the next."""
    if not hasattr(_mine, "process"):
        _mine.process = Process()
    found: Process = _mine.process
    return found


def close() -> None:
    """End the process of this thread."""
    if hasattr(_mine, "process"):
        _mine.process.close()


class JudgingRun(NamedTuple):
    """What all tasks of a run have in common."""

    pairs: str  # the address of the corpus
    to: str  # that of the verdicts
    corpus: str  # a digest of the manifest
    settings: str | None  # as in ``Corpus``
    styles: tuple[tuple[str, str], ...]
    edits: bool
    seconds: float  # what a pair may take


@lru_cache(maxsize=4)
def _terms(job: JudgingRun, source: str) -> Terms:
    corpus = Corpus("", job.settings, dict(job.styles), ())
    return Terms(**_by_house(CorpusFolder(job.to), corpus, [source]), seconds=job.seconds)


def _by_house(place: CorpusFolder, corpus: Corpus, sources: Iterable[str]) -> dict[str, Any]:
    """The style, the language, and what some sources repeat."""
    house = corpus.house()
    wanted = house.check.boilerplate if house else BoilerplateSettings()
    return {
        "style": house.style if house else None,
        "language": house.articles_language if house else None,
        "boilerplate": {source: _counted(place, source).frozen(wanted) for source in sources}
        if wanted is not None
        else {},
    }


def judge_chunk(chunk: Chunk, job: JudgingRun) -> JudgedCount:
    """Judge a chunk, and write its verdicts; where they are there already, nothing is done."""
    place = CorpusFolder(job.to)
    if place.is_there(chunk.verdicts):
        return done_in(place, chunk.verdicts)
    batch = read_pairs(CorpusFolder(job.pairs), chunk)
    found = _process().judge(batch, _terms(job, chunk.source), edits=job.edits)
    if job.edits:
        rows = [row for verdict in found for row in verdict.edits]
        _write(place, chunk.edits, pa.Table.from_pylist(rows, schema=EDITS))
    table = pa.Table.from_pylist([verdict.row for verdict in found], schema=SCHEMA)
    _write(place, chunk.verdicts, table)
    return JudgedCount(
        1,
        len(found),
        sum(bool(verdict.row.get("substantive")) for verdict in found),
        sum(bool(verdict.row.get("error")) for verdict in found),
    )


def _write(place: CorpusFolder, name: str, table: pa.Table) -> None:
    with place.writing(name) as file:
        pq.write_table(table, file, compression="zstd")


# --- what a source repeats ------------------------------------------------------------------------

_AT_ONCE = 16  # chunks that are counted in one task, and kept in one file


class CountUnit(NamedTuple):
    """Chunks of a source that are counted together."""

    source: str
    part: int  # among those of its source, from 0
    chunks: tuple[Chunk, ...]

    @property
    def file(self) -> str:
        """The name of the file of its counts, in a folder of verdicts."""
        return f"{COUNTS}/{_named(self.source)}/{self.part:06d}"


def count_units(corpus: Corpus) -> list[CountUnit]:
    found = []
    by_source: dict[str, list[Chunk]] = {}
    for chunk in corpus.chunks:
        by_source.setdefault(chunk.source, []).append(chunk)
    for source, chunks in by_source.items():
        for part, start in enumerate(range(0, len(chunks), _AT_ONCE)):
            found.append(CountUnit(source, part, tuple(chunks[start : start + _AT_ONCE])))
    return found


def count(unit: CountUnit, job: JudgingRun) -> None:
    """Count what the articles of some chunks repeat, each by its first and its last version."""
    place = CorpusFolder(job.to)
    if _is_counted(place, unit):
        return
    counts = Counts()
    for chunk in unit.chunks:
        for first, last in _articles(read_pairs(CorpusFolder(job.pairs), chunk), chunk):
            counts.add(first, last)
    place.write(unit.file, counts.to_bytes())


def _is_counted(place: CorpusFolder, unit: CountUnit) -> bool:
    """Whether a unit was counted, or all of its source: what is added later is judged by that."""
    return place.is_there(f"{REPEATED}/{_named(unit.source)}") or place.is_there(unit.file)


def _articles(batch: pa.RecordBatch, chunk: Chunk) -> Iterator[tuple[str, str]]:
    """The first and the last text of each article that begins in a chunk."""
    names = batch.column("article").to_pylist()
    olds, news = (batch.column(name).cast(pa.large_binary()) for name in ("old", "new"))
    starts = [at for at, name in enumerate(names) if not at or name != names[at - 1]]
    ends = [*starts[1:], len(names)]
    skip = len(starts) - chunk.articles  # one that began in the chunk before
    for start, end in list(zip(starts, ends, strict=True))[skip:]:
        texts = olds[start].as_py() or b"", news[end - 1].as_py() or b""
        first, last = (text.decode("utf-8", "replace") for text in texts)
        yield first, last


def merge_counts(place: CorpusFolder, corpus: Corpus) -> None:
    """Bring the counts of each source together, once all its parts are counted."""
    parts: dict[str, list[CountUnit]] = {}
    for unit in count_units(corpus):
        parts.setdefault(unit.source, []).append(unit)
    for source, units in parts.items():
        if place.is_there(f"{REPEATED}/{_named(source)}"):
            continue
        whole = Counts()
        for unit in units:
            data = place.read(unit.file)
            if data is None:
                raise TrackerError(f"{unit.file} is gone.", "Run the command again.")
            whole.merge(Counts.from_bytes(data))
        place.write(f"{REPEATED}/{_named(source)}", whole.to_bytes())


def terms(address: str) -> dict[str, Any]:
    """By what ``judge`` is to judge on another engine, as its arguments.

    ``address`` is a folder in which was counted: ``tracker corpus work DIR OUT --count``. Raises
    ``TrackerError`` where that was not done.
    """
    place = CorpusFolder(address)
    corpus = read_manifest(place, "tracker corpus work --count")
    return _by_house(place, corpus, corpus.sources)


def _counted(place: CorpusFolder, source: str) -> Counts:
    data = place.read(f"{REPEATED}/{_named(source)}")
    if data is None:
        raise TrackerError(
            f"What {source} repeats from article to article was not counted yet.",
            "Count it once, before the chunks: tracker corpus work DIR OUT --count",
        )
    try:
        return Counts.from_bytes(data)
    except ValueError as error:
        raise TrackerError(
            f"{place.address}/{REPEATED}/{_named(source)} is broken.",
            "Remove it and the folder counts, and count again.",
        ) from error


def _named(source: str) -> str:
    from urllib.parse import quote

    return quote(source, safe="")[:200] + ".counts"


# --- all of it ------------------------------------------------------------------------------------


class Cluster(NamedTuple):
    workers: int = 1  # processes on this machine
    scheduler: str | None = None  # the address of one that runs
    slurm: int | None = None  # jobs to ask SLURM for


class RunOutcome(NamedTuple):
    done: JudgedCount  # all that is there now
    before: int  # chunks that were there already
    failed: tuple[str, ...]  # chunks without verdicts: a sentence for each


def prepare(
    pairs: CorpusFolder, to: CorpusFolder, *, edits: bool, seconds: float
) -> tuple[Corpus, JudgingRun]:
    """Begin a folder of verdicts, or go on in one.

    Raises ``TrackerError`` where the pairs are not whole, and where the folder has verdicts on
    other pairs, by another version, or on other terms.
    """
    corpus = read_manifest(pairs)._replace(tracker=version(), edits=edits)
    check_files(pairs, corpus)
    corpus.house()
    if to.address == pairs.address:
        raise TrackerError("Verdicts need a folder of their own.", "Name another one with --to.")
    if not to.is_there(MANIFEST):
        write_manifest(to, corpus)
    there = read_manifest(to)
    if there._replace(chunks=()) == corpus._replace(chunks=()) and (
        there.chunks == corpus.chunks[: len(there.chunks)]
    ):
        if there != corpus:  # pairs were added
            write_manifest(to, corpus)
    else:
        if there.tracker != corpus.tracker:
            why = f"by tracker {there.tracker}, and this is {corpus.tracker}"
        elif there.edits != edits:
            why = "with edits" if there.edits else "without edits"
        elif there.chunks != corpus.chunks:
            why = "on other pairs"
        else:
            why = "by other settings"
        raise TrackerError(
            f"The verdicts in {to.address} were begun {why}.", "Judge into a new folder."
        )
    styles = tuple(sorted(corpus.styles.items()))
    known = sha256(repr(corpus).encode("utf-8", "replace")).hexdigest()
    return corpus, JudgingRun(
        pairs.address, to.address, known, corpus.settings, styles, edits, seconds
    )


def run(
    pairs: CorpusFolder,
    to: CorpusFolder,
    where: Cluster,
    *,
    edits: bool = False,
    seconds: float = SECONDS,
    progress: Progress | None = None,
) -> RunOutcome:
    """Judge all that is missing. ``progress`` is called with the pairs done and of all."""
    corpus, job = prepare(pairs, to, edits=edits, seconds=seconds)
    listed = to.listed(VERDICTS)
    missing, done = [], JudgedCount()
    for chunk in corpus.chunks:
        if chunk.verdicts in listed:
            done = done.plus(done_in(to, chunk.verdicts))
        else:
            missing.append(chunk)
    before, failed = done.chunks, list[str]()
    if not missing:
        return RunOutcome(done, before, ())
    with _workers(where) as workers:
        units = [each for each in count_units(corpus) if not _is_counted(to, each)]
        for _, counted in _tasks(workers, count, units, job):
            if isinstance(counted, Failure):
                raise TrackerError(
                    f"The texts could not be counted: {counted.why}", "Run it again."
                )
        merge_counts(to, corpus)
        missing.sort(key=lambda chunk: -chunk.bytes)
        for chunk, result in _tasks(workers, judge_chunk, missing, job):
            if isinstance(result, Failure):
                where_ = f"chunk {chunk.number} ({chunk.file}, group {chunk.group})"
                failed.append(f"{where_}: {result.why}")
            else:
                done = done.plus(result)
            if progress is not None:
                progress(done.rows, corpus.pairs)
    if not failed:
        written = [name for chunk in corpus.chunks for name in (chunk.verdicts, chunk.edits)]
        folders = {name.rpartition("/")[0] for name in (written if edits else written[::2])}
        to.clear_unfinished(folders)
    return RunOutcome(done, before, tuple(failed))


def work(
    pairs: CorpusFolder,
    to: CorpusFolder,
    wanted: Callable[[Corpus], Iterable[int]],
    *,
    edits: bool = False,
    seconds: float = SECONDS,
) -> JudgedCount:
    """Judge some chunks in this process, one after the other, named by their numbers."""
    corpus, job = prepare(pairs, to, edits=edits, seconds=seconds)
    done = JudgedCount()
    try:
        for number in wanted(corpus):
            if not 0 <= number < len(corpus.chunks):
                raise TrackerError(
                    f"There is no chunk {number}: they are 0 to {len(corpus.chunks) - 1}.", ""
                )
            done = done.plus(judge_chunk(corpus.chunks[number], job))
    finally:
        close()
    return done


def count_all(pairs: CorpusFolder, to: CorpusFolder, *, edits: bool = False) -> None:
    """Count what each source repeats, in this process."""
    corpus, job = prepare(pairs, to, edits=edits, seconds=SECONDS)
    for unit in count_units(corpus):
        count(unit, job)
    merge_counts(to, corpus)


# --- Dask -----------------------------------------------------------------------------------------

_QUIET = {
    "distributed.scheduler.allowed-failures": 9,  # workers that may end under a task
    # Dask looks at itself many times a second, for tasks of milliseconds; ours take seconds. Left
    # as it is, that takes a tenth of a core.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "2s",
    "distributed.admin.tick.limit": "60s",
    "distributed.admin.system-monitor.interval": "10s",
}


_PAGES = "127.0.0.1:0"  # where Dask's own pages are, on any free port


class Failure(NamedTuple):
    """Why a task has no result."""

    why: str  # a sentence


_Unit = TypeVar("_Unit")
_Result = TypeVar("_Result")
_LOOK = 5.0  # seconds after which is looked who is there to work
_NOBODY = 24  # looks one after the other at which nobody was, until that is told


class _Workers:
    """The workers of a run, by a client of Dask's; others are started for those that ended."""

    def __init__(self, client: Any, cluster: Any, where: Cluster) -> None:
        self.client = client
        self._cluster = cluster  # None: somebody else's
        self._where = where
        self._looked = time.monotonic()
        self._nobody = 0
        if where.slurm is None and cluster is not None:
            cluster.scale(where.workers)

    def look(self) -> None:
        """See now and then whether anybody works, and start others for those that ended.

        Raises ``TrackerError`` where nobody does, and nobody is to come.
        """
        if time.monotonic() < self._looked + _LOOK:
            return
        self._looked = time.monotonic()
        there = len(self.client.nthreads())
        self._nobody = 0 if there else self._nobody + 1
        if self._where.slurm is not None:
            if self._nobody > 1 and not _in_queue(self._cluster):
                raise TrackerError(
                    "SLURM has ended all jobs, and there is no worker any more.",
                    "See the files slurm-*.out for why; run again, it does what is missing.",
                )
            return
        if self._nobody > _NOBODY:
            raise TrackerError(
                f"There was no worker for {_NOBODY * _LOOK:.0f} s.",
                "Run it again, where workers may live: it does what is missing.",
            )
        if self._cluster is not None and there < self._where.workers:
            if self._nobody > 1:
                self._cluster.scale(0)  # Dask does not start one again that ended as it started
            self._cluster.scale(self._where.workers)


def _tasks(
    workers: _Workers,
    task: Callable[[_Unit, JudgingRun], _Result],
    units: Sequence[_Unit],
    job: JudgingRun,
) -> Iterator[tuple[_Unit, _Result | Failure]]:
    """What came of each unit, as it comes."""
    from distributed import TimeoutError as NotYet

    futures = workers.client.map(task, units, job=job, pure=False) if units else []
    by_key = {future.key: unit for future, unit in zip(futures, units, strict=True)}
    ended = SimpleQueue[Any]()
    for future in futures:
        future.add_done_callback(ended.put)
    del futures
    while by_key:
        workers.look()
        came: _Result | Failure
        try:
            future = ended.get(timeout=_LOOK)
        except Empty:
            continue
        try:
            # What was done when its worker ended, before it was asked here, is done once more.
            came = future.result(timeout=_LOOK)
        except NotYet as error:
            if future.status != "error":
                ended.put(future)
                continue
            came = Failure(_said(error))
        except Exception as error:
            came = Failure(_said(error))
        yield by_key.pop(future.key), came
        future.release()


def _said(error: BaseException) -> str:
    if isinstance(error, TrackerError):
        return error.sentence
    if type(error).__name__ == "KilledWorker":
        return "The workers that had it were killed, one after the other."
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}."


@contextmanager
def _workers(where: Cluster) -> Iterator[_Workers]:
    """Workers of this machine, of SLURM's, or of a cluster that runs."""
    import dask
    from distributed import Client, LocalCluster

    dask.config.set(_QUIET)
    for name in ("tornado.application", "asyncio"):  # of workers that end as they start
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if where.scheduler is not None:
        try:
            with Client(where.scheduler, timeout=20) as client:
                yield _Workers(client, None, where)
        except (OSError, TimeoutError, ValueError) as error:
            raise TrackerError(
                f"No scheduler answers at {where.scheduler}: {error}.",
                "Start one with dask scheduler, and workers with dask worker.",
            ) from None
        return
    with servers_start():
        started = (
            _slurm(where.slurm)
            if where.slurm is not None
            else LocalCluster(
                n_workers=0,  # see ``_Workers.look``
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address=_PAGES,
                security=True,
                silence_logs=logging.CRITICAL,  # what matters of it is told by ours
            )
        )
    with started as cluster, Client(cluster) as client:
        yield _Workers(client, cluster, where)


def _slurm(jobs: int) -> Any:
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError:
        raise TrackerError(
            "--slurm needs the library dask-jobqueue, which is not here.",
            "Install it with: pip install 'article-tracker[slurm]'",
        ) from None
    from distributed.security import Security

    if shutil.which("sbatch") is None:
        raise TrackerError(
            "There is no sbatch here, by which SLURM is asked for jobs.",
            "Run it where you submit jobs, or take --workers or --scheduler.",
        )
    try:
        cluster = SLURMCluster(
            cores=1,
            processes=1,
            memory="3GB",
            protocol="tls://",
            security=Security.temporary(),
            shared_temp_directory=str(Path.cwd()),  # the jobs find their key here
            scheduler_options={"dashboard_address": _PAGES},
        )
        cluster.scale(jobs=jobs)
    except (RuntimeError, ValueError) as error:
        raise TrackerError(
            f"SLURM cannot be asked for jobs: {error}.", "See the settings in jobqueue.yaml."
        ) from None
    return cluster


def _in_queue(cluster: Any) -> bool:
    """Whether SLURM still has a job of a cluster, or does not say."""
    jobs = [job.job_id for job in cluster.workers.values() if job.job_id]
    words = ["squeue", "--noheader", "--format=%i", f"--jobs={','.join(jobs)}"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return True
    if done.returncode:
        return "Invalid job id" not in done.stderr
    return bool(done.stdout.strip())
