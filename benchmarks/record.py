"""Recording by the library against ``git add`` + ``git commit``: python benchmarks/record.py.

    python benchmarks/record.py [--articles 100] [--rounds 200] [--many 1000]

In one repository, in turns, so that the load of the machine is the same for all: ``git add`` and
``git commit`` of an edited article, as git does it and with objects, index and branch flushed to
the disk as this program has it; ``Newsroom.record`` of such a text; and, at the end, as many
texts by one ``Newsroom.record_many``. Printed are medians a revision of wall and processor time
(all children counted), and how many times git's rate that is: plain git's, and git's flushed.
``--folder`` in memory (as /dev/shm) shows what is left where a flush costs nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tracker import Newsroom
from tracker.model import Recording
from tracker.store.git import DURABLE

TURN = 10  # recordings of one kind before the other kind has its turn
WORDS = "The ministry said on Tuesday that the number of wounded had risen to {}.\n\n"


def git(folder: Path, *arguments: str, data: bytes = b"") -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=data, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def text(number: int, version: int) -> str:
    body = "".join(WORDS.format(number * 7 + line) for line in range(75))
    return f"# Article {number}\n\nOn day {version} it rained.\n\n{body}"


def make(folder: Path, count: int) -> list[str]:
    """A newsroom of so many articles in folders by date; their paths."""
    git(folder.parent, "init", "-q", "-b", "main", folder.name)
    git(folder, "config", "user.name", "Ada Editor")
    git(folder, "config", "user.email", "ada@example.org")
    stream = [b"commit refs/heads/main\ncommitter A <a@x.org> 1600000000 +0000\ndata 1\nx\n"]
    paths = []
    for number in range(count):
        day = f"{2020 + number % 3}/{number % 12 + 1:02}/{number % 28 + 1:02}"
        paths.append(f"articles/{day}/story-{number}.md")
        data = text(number, 0).encode()
        stream.append(f"M 100644 inline {paths[-1]}\ndata {len(data)}\n".encode() + data + b"\n")
    git(folder, "fast-import", "--quiet", data=b"".join(stream))
    git(folder, "reset", "-q", "--hard")
    return paths


class Taken:
    """Wall and processor milliseconds a revision of one way, in all turns."""

    def __init__(self) -> None:
        self.walls: list[float] = []
        self.processors: list[float] = []

    def time(self, action: Callable[[], object], count: int = 1) -> None:
        before, started = _processor(), time.perf_counter()
        action()
        self.walls.append(1000 * (time.perf_counter() - started) / count)
        self.processors.append(1000 * (_processor() - before) / count)

    @property
    def wall(self) -> float:
        return statistics.median(self.walls)

    @property
    def processor(self) -> float:
        return statistics.median(self.processors)

    def line(self, name: str, plain: Taken, flushed: Taken) -> str:
        return (
            f"{name:24} wall {self.wall:7.2f} ms, {plain.wall / self.wall:6.2f} times git, "
            f"{flushed.wall / self.wall:6.2f} flushed; processor {self.processor:6.2f} ms, "
            f"{plain.processor / self.processor:6.2f} times git"
        )


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--articles", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--many", type=int, default=1000, help="revisions of record_many")
    parser.add_argument("--folder", type=Path, help="where the repository is made")
    options = parser.parse_args()
    count, rounds = options.articles, options.rounds
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name) / "room"
        paths = make(folder, count)
        ways = {"git add + git commit": Taken(), "the same, flushed": Taken()}
        ways["Newsroom.record"] = record = Taken()
        plain, flushed, _ = ways.values()

        def commit(path: str, *durable: str) -> None:
            git(folder, *durable, "add", "--", path)
            git(folder, *durable, "commit", "-q", "-m", f"Edit {path}")

        for start in range(0, rounds, TURN):
            turn = [(paths[number * 7 % count], number) for number in range(start, start + TURN)]
            for path, number in turn:
                (folder / path).write_text(text(number, 3 * number + 2))
                plain.time(partial(commit, path))
            for path, number in turn:
                (folder / path).write_text(text(number, -3 * number - 2))
                flushed.time(partial(commit, path, *DURABLE))
            # As a program that has the newsroom open, and has asked for its history before.
            room = Newsroom(folder)
            room.record(paths[0], text(0, 3 * start + 1))
            for path, number in turn:
                record.time(partial(room.record, path, text(number, 3 * number + 3)))
        at = datetime.now(UTC) - timedelta(seconds=1)
        many = Taken()
        given = [
            Recording(paths[number % count], text(number, 10_000 + number), at)
            for number in range(options.many)
        ]
        many.time(lambda: room.record_many(given), len(given))
        assert git(folder, "status", "--porcelain") == ""
        print(f"{count} articles, {rounds} turns; record_many: {len(given)} at once")
        for name, taken in {**ways, "Newsroom.record_many": many}.items():
            print(taken.line(name, plain, flushed))


if __name__ == "__main__":
    main()
