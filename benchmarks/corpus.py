"""A corpus judged on two workers, against a plain loop; with workers killed; and as it grows.

``python benchmarks/corpus.py REPOSITORY FOLDER make 60000`` makes a corpus of so many pairs out of
a repository of articles: copies of them, in each of which the longer words change places, so that
no copy repeats another. ``loop`` judges it in one process, ``dask`` by ``tracker corpus judge``,
``kills`` so that a worker is killed every 20 s and everything once. Each prints a line of JSON with
the processor time of all its processes, looked at twice a second, and their memory. ``picture``
draws what was printed into docs/.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.drawing import Line, chart
from tracker.corpus.folder import CorpusFolder, read_manifest, read_pairs
from tracker.corpus.judge import judge
from tracker.corpus.pairs import CorpusVersion, of_newsroom, write_pairs
from tracker.corpus.run import count_all, terms
from tracker.newsroom.newsroom import Newsroom

MOST = 12_000  # characters of both texts of a pair, as news has them
WORD = re.compile(r"\b[a-z]{5,}\b")
KILLED_EVERY = 20.0  # seconds


def copies(repository: Path, wanted: int) -> Iterator[CorpusVersion]:
    """Versions whose neighbours make so many pairs."""
    articles: dict[str, list[CorpusVersion]] = {}
    for each in of_newsroom(Newsroom(repository).workspace):
        if 2 * len(each.text) < MOST:
            articles.setdefault(each.article, []).append(each)
    words = sorted(
        {word for several in articles.values() for word in WORD.findall(several[-1].text)}
    )
    pairs = 0
    for copy in range(10_000):
        shuffled = random.Random(copy).sample(words, len(words))
        other = partial(_exchanged, dict(zip(words, shuffled, strict=True)))
        for article, several in articles.items():
            last = ""
            for each in several:
                text = WORD.sub(other, each.text)
                pairs += bool(last) and text != last
                last = text
                yield each._replace(article=f"{copy:04d}/{article}", text=text, commit=None)
            if pairs >= wanted:
                return


def _exchanged(others: dict[str, str], found: re.Match[str]) -> str:
    return others.get(found[0], found[0])


class Meter:
    """Processor time and memory of a process and all that it starts, as they are seen."""

    def __init__(self, process: int) -> None:
        self._root = process
        self._times: dict[tuple[int, float], float] = {}
        self.memory = 0  # bytes, of all together, at most
        self._stop = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            memory = 0
            try:
                root = psutil.Process(self._root)
                for each in [root, *root.children(recursive=True)]:
                    try:
                        used = each.cpu_times()
                        self._times[each.pid, each.create_time()] = used.user + used.system
                        memory += each.memory_info().rss
                    except psutil.Error:
                        continue
            except psutil.Error:
                continue
            self.memory = max(self.memory, memory)

    def end(self) -> float:
        """The processor time in seconds."""
        self._stop.set()
        self._thread.join()
        return sum(self._times.values())


def looped(folder: Path) -> None:
    """Every chunk in this process, one after the other."""
    pairs, out = CorpusFolder(str(folder / "pairs")), CorpusFolder(str(folder / "looped"))
    count_all(pairs, out)
    known = terms(out.address)
    for chunk in read_manifest(pairs).chunks:
        batch = judge(read_pairs(pairs, chunk), **known)
        with out.writing(chunk.verdicts) as file:
            pq.write_table(pa.Table.from_batches([batch]), file, compression="zstd")


def measured(what: str, folder: Path, *, kills: bool = False) -> None:
    """Run one way of judging as processes of its own, and print what it took."""
    out = folder / what
    if what == "looped":
        words = [sys.executable, "-m", "benchmarks.corpus", "-", str(folder), "looped"]
    else:
        words = [sys.executable, "-m", "tracker", "corpus", "judge", str(folder / "pairs")]
        words += ["--to", str(out), "--workers", "2"]
    started, used, memory, killed, runs = time.monotonic(), 0.0, 0, 0, 0
    chunks = len(read_manifest(CorpusFolder(str(folder / "pairs"))).chunks)
    while True:
        runs += 1
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        meter = Meter(process.pid)
        last = time.monotonic()
        while process.poll() is None:
            time.sleep(0.5)
            if not kills:
                continue
            done = len(list(out.rglob("chunk-*.parquet")))
            family = psutil.Process(process.pid).children(recursive=True)
            if runs == 1 and done >= chunks // 3:
                for each in [*family, psutil.Process(process.pid)]:
                    each.kill()
            elif time.monotonic() - last > KILLED_EVERY:
                workers = [each for each in family if _is_worker(each)]
                if workers:
                    workers[killed % len(workers)].kill()
                    killed += 1
                last = time.monotonic()
        used += meter.end()
        memory = max(memory, meter.memory)
        if process.returncode == 0:
            break
        if not kills or runs > 2:
            raise SystemExit(f"{what} ended with {process.returncode}")
    manifest = read_manifest(CorpusFolder(str(folder / "pairs")))
    said = {
        "what": what,
        "pairs": manifest.pairs,
        "chunks": chunks,
        "megabytes_of_text": round(sum(each.bytes for each in manifest.chunks) / 1e6),
        "cpu_seconds": round(used, 1),
        "wall_seconds": round(time.monotonic() - started, 1),
        "memory_megabytes": round(memory / 1e6),
        "workers_killed": killed,
        "runs": runs,
    }
    print(json.dumps(said), flush=True)


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("spawn_main" in word for word in process.cmdline())
    except psutil.Error:
        return False


def same(one: Path, other: Path) -> None:
    """See that two folders of verdicts have the same rows, once each, but for their times."""
    rows = 0
    for file in sorted((one / "verdicts").rglob("*.parquet")):
        first = pq.ParquetFile(file).read().drop(["ms"])
        second = pq.ParquetFile(other / file.relative_to(one)).read().drop(["ms"])
        if first != second:
            raise SystemExit(f"{file} differs")
        rows += first.num_rows
    print(json.dumps({"same_rows": rows}), flush=True)


def picture(lines: Path) -> None:
    """What was printed by many runs, as docs/pictures/corpus-growth.svg."""
    said: list[dict[str, Any]] = [
        json.loads(line) for line in lines.read_text("utf-8").splitlines()
    ]
    found = []
    for what, key, name in (
        ("judged", "cpu_seconds", "two workers: CPU s"),
        ("killed", "cpu_seconds", "with kills: CPU s"),
        ("looped", "cpu_seconds", "plain loop: CPU s"),
        ("judged", "memory_megabytes", "all processes: MB"),
        ("killed", "memory_megabytes", "with kills: MB"),
    ):
        points = sorted((each["pairs"], each[key]) for each in said if each.get("what") == what)
        if points:
            found.append(Line(name, tuple(points)))
    file = Path(__file__).parents[1] / "docs" / "pictures" / "corpus-growth.svg"
    file.write_text(
        chart("A corpus as it grows", "pairs", "CPU seconds, megabytes", found), "utf-8"
    )


def main() -> None:
    repository, folder, what, *rest = sys.argv[1:]
    place = Path(folder)
    if what == "make":
        found = copies(Path(repository), int(rest[0]))
        written = write_pairs(found, CorpusFolder(str(place / "pairs")), None, {})
        print(json.dumps({"made": written.corpus.pairs, "chunks": len(written.corpus.chunks)}))
    elif what == "looped":
        looped(place)
    elif what in ("loop", "dask"):
        measured("looped" if what == "loop" else "judged", place)
    elif what == "kills":
        measured("killed", place, kills=True)
    elif what == "same":
        same(place / rest[0], place / rest[1])
    elif what == "picture":
        picture(place)


if __name__ == "__main__":
    main()
