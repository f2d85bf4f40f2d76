"""What a corpus promises at full size: a large newsroom's pairs, one huge pair, forty processes.

``python -m tests.long.corpus [VERSIONS]``: a newsroom of 100,000 versions without a number. Prints
what it took; the figures in ``docs/corpora.md`` are from there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from tests.conftest import IDENTITY
from tests.test_corpus import rows

START = datetime(2015, 1, 1, tzinfo=UTC)
_EACH = 10  # versions of an article
SENTENCE = "The council of town {number} met on day {day} and spent ${cost} on the bridge. "


def tracker(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tracker", *words],
        cwd=folder,
        env={**os.environ, **IDENTITY, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ok(folder: Path, *words: str) -> None:
    if tracker(folder, *words).wait() != 0:
        raise SystemExit(f"tracker {' '.join(words)} failed")


def write(file: Path, articles: int, sizes: dict[int, int] | None = None) -> None:
    """Versions of articles of about 2 KB; ``sizes``: characters of some, by their numbers."""
    with file.open("w", encoding="utf-8") as out:
        for number in range(articles):
            size = (sizes or {}).get(number, 2000)
            for version in range(_EACH if sizes is None else 2):
                body = "".join(
                    SENTENCE.format(number=number, day=day, cost=1000 * day + version * (day == 3))
                    for day in range(size // len(SENTENCE))
                )
                at = START + timedelta(minutes=10 * number, hours=version)
                line = {"path": f"{number:06d}.md", "at": at.isoformat(), "text": f"{body}\n"}
                out.write(f"{json.dumps(line)}\n")


def large_newsroom(folder: Path, versions: int) -> None:
    """The first row of pairs within 10 s, and all of them below 300 MB."""
    write(folder / "v.jsonl", versions // _EACH)
    ok(folder, "import", "v.jsonl", "--into", "room")
    for what in ("first", "second"):  # the second finds the catalog there
        process = tracker(folder, "corpus", "pairs", "room", "--to", what)
        watched, started, first, memory = psutil.Process(process.pid), time.monotonic(), 0.0, 0
        while process.poll() is None:
            time.sleep(0.05)
            try:
                memory = max(memory, watched.memory_info().rss)
            except psutil.Error:
                break
            files = (folder / what).rglob("*.new")
            if not first and any(file.stat().st_size for file in files):
                first = time.monotonic() - started
        say(
            f"{versions:,} versions, {what} time: first rows after {first:.1f} s, all after"
            f" {time.monotonic() - started:.1f} s, {memory / 1e6:.0f} MB"
        )


def one_huge_pair(folder: Path) -> None:
    """A pair of 3.6 MB among 10,000 of 10 KB costs no more than its own time at the end."""
    for name, sizes in (("even", {0: 5000}), ("skewed", {0: 1_800_000})):
        write(folder / f"{name}.jsonl", 10_000, {**dict.fromkeys(range(1, 10_000), 5000), **sizes})
        ok(folder, "corpus", "pairs", "--from", f"{name}.jsonl", "--to", name)
        started = time.monotonic()
        ok(folder, "corpus", "judge", name, "--to", f"{name}-out", "--workers", "2")
        say(f"{name}: {time.monotonic() - started:.1f} s")


def forty_processes(folder: Path) -> None:
    """An array of forty gives the same table as ``judge``."""
    ok(folder, "corpus", "work", "skewed", "array", "--count")
    for part in range(1, 41):
        ok(folder, "corpus", "work", "skewed", "array", "--part", f"{part}/40")
    if rows(folder / "array") != rows(folder / "skewed-out"):
        raise SystemExit("the tables differ")
    say("forty processes: the same table")


def main() -> None:
    versions = int(sys.argv[1]) if sys.argv[1:] else 100_000
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        large_newsroom(folder, versions)
        one_huge_pair(folder)
        forty_processes(folder)


if __name__ == "__main__":
    main()
