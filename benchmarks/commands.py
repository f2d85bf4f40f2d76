"""Whole commands, process start included, beside `git add` + `git commit` in the same repository.

``python benchmarks/commands.py [ARTICLES …]`` makes a newsroom of that many articles in dated
folders (default 10, 10,000 and 100,000), then takes the commands in turns, so that the load of the
machine is the same for all. Printed are medians and the smallest of the wall time, the median of
the processor's time with all children, ratios to `git add` + `git commit` and `python -c "import
click"` together, and the peak memory of the largest process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TURNS = 15
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_AUTHOR_NAME": "Ada Editor",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Editor",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "NO_COLOR": "1",
}
# Byte code is written as after an installation: else every start would compile all modules.
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)
SENTENCE = "The harbor office said on day {0} that {1} boats had left the port before noon."


class Taken(NamedTuple):
    """What one command took."""

    wall: float  # milliseconds
    processor: float  # milliseconds, user and system, with all children
    memory: float  # MB, the largest process


def run(folder: Path, *words: str) -> Taken:
    """What a command takes; it must succeed."""
    started = time.perf_counter()
    process = subprocess.Popen(
        words, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = (time.perf_counter() - started) * 1000
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise SystemExit(f"{' '.join(words)}: {complaint.decode()}")
    return Taken(wall, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024)


def article(number: int, edits: int) -> str:
    lines = [SENTENCE.format(number + step, step * 7) for step in range(60)]
    lines[10] = SENTENCE.format(number, 1000 + edits)
    return f"---\ntitle: Boats {number}\n---\n\n" + "\n\n".join(lines) + "\n"


def path_of(number: int) -> str:
    """Ten articles a day, as a large newsroom has them."""
    day = number // 10
    return f"articles/{2000 + day // 336}/{day // 28 % 12 + 1:02}/{day % 28 + 1:02}/a{number}.md"


def stream(articles: int) -> Iterator[bytes]:
    """One commit with all articles, for ``git fast-import``."""
    yield b"commit refs/heads/main\ncommitter A <a@x.org> 1600000000 +0000\ndata 5\nStart"
    yield b"\nfrom refs/heads/main^0\n"
    for number in range(articles):
        data = article(number, 0).encode()
        yield f"M 100644 inline {path_of(number)}\ndata {len(data)}\n".encode() + data + b"\n"


def newsroom(folder: Path, articles: int) -> None:
    """A newsroom with that many articles, checked out."""
    run(folder, "git", "init", "-q", "-b", "main")
    run(folder, tracker(), "init", ".", "--style", "newsweek")
    with subprocess.Popen(
        ["git", "fast-import", "--quiet", "--force"], cwd=folder, env=ENVIRONMENT,
        stdin=subprocess.PIPE,
    ) as importing:  # fmt: skip
        assert importing.stdin is not None
        importing.stdin.writelines(stream(articles))
    assert importing.returncode == 0
    run(folder, "git", "reset", "-q", "--hard")


def tracker() -> str:
    return str(Path(sys.executable).with_name("tracker"))


def measure(articles: int, turns: int) -> None:
    times: dict[str, list[Taken]] = {}

    def note(name: str, *words: str) -> Taken:
        taken = run(folder, *words)
        times.setdefault(name, []).append(taken)
        return taken

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        newsroom(folder, articles)
        for turn in range(turns + 1):
            if turn == 1:
                times.clear()  # the first turn warms what later ones find
            # A fresh article each turn: one does not gather fifteen notes in a day.
            number = turn * 2 % articles
            first, second = folder / path_of(number), folder / path_of(number + 1)
            second.write_text(article(number + 1, turn + 1))
            added = run(folder, "git", "add", str(second))
            done = run(folder, "git", "commit", "-qm", "Edit")
            times.setdefault("git add + git commit", []).append(
                Taken(
                    added.wall + done.wall,
                    added.processor + done.processor,
                    max(added.memory, done.memory),
                )
            )
            note("python -c 'import click'", sys.executable, "-c", "import click")
            first.write_text(article(number, turn + 1))
            note(
                "tracker record --update", tracker(), "record", str(first), "--update",
                f"to add that {turn} boats had left",
            )  # fmt: skip
            note("tracker history", tracker(), "history", str(first))
            note("tracker footer", tracker(), "footer", str(first))
        report(articles, turns, times)


def report(articles: int, turns: int, times: dict[str, list[Taken]]) -> None:
    base = [times["git add + git commit"], times["python -c 'import click'"]]
    median = sum(statistics.median(each.wall for each in found) for found in base)
    least = sum(min(each.wall for each in found) for found in base)
    busy = sum(statistics.median(each.processor for each in found) for found in base)
    print(f"\n{articles:,} articles, {turns} turns; ratios to git and click together")
    print("                              wall median      wall least       processor    memory")
    for name, found in times.items():
        wall = statistics.median(each.wall for each in found)
        best = min(each.wall for each in found)
        processor = statistics.median(each.processor for each in found)
        memory = max(each.memory for each in found)
        print(
            f"  {name:<24} {wall:8.1f} ms {wall / median:5.2f} {best:8.1f} ms {best / least:5.2f}"
            f" {processor:8.1f} ms {processor / busy:5.2f} {memory:6.0f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", nargs="*", type=int, default=[10, 10_000, 100_000])
    parser.add_argument("--turns", type=int, default=TURNS)
    given = parser.parse_args()
    for articles in given.articles:
        measure(articles, given.turns)


if __name__ == "__main__":
    main()
