"""Whole commands, process start included, beside `git add` + `git commit` in the same repository.

``python benchmarks/commands.py [ARTICLES …]`` makes a newsroom of that many articles in dated
folders (default 10 and 1,000), then takes the commands in turns and prints medians and ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_AUTHOR_NAME": "Ada Editor",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Editor",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "NO_COLOR": "1",
}
SENTENCE = "The harbor office said on day {0} that {1} boats had left the port before noon."


def run(folder: Path, *words: str) -> float:
    """Milliseconds that a command takes; it must succeed."""
    started = time.perf_counter()
    subprocess.run(words, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
    return (time.perf_counter() - started) * 1000


def article(number: int, edits: int) -> str:
    lines = [SENTENCE.format(number + step, step * 7) for step in range(60)]
    lines[10] = SENTENCE.format(number, 1000 + edits)
    return f"---\ntitle: Boats {number}\n---\n\n" + "\n\n".join(lines) + "\n"


def newsroom(folder: Path, articles: int) -> list[Path]:
    tracker = str(Path(sys.executable).with_name("tracker"))
    run(folder, tracker, "init", ".", "--style", "newsweek")
    paths = []
    for number in range(articles):
        path = (
            folder / f"articles/2022/{number % 12 + 1:02}/{number // 12 % 28 + 1:02}/a{number}.md"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(article(number, 0))
        paths.append(path)
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", "Start")
    return paths


def measure(articles: int) -> None:
    tracker = str(Path(sys.executable).with_name("tracker"))
    times: dict[str, list[float]] = {}

    def note(name: str, *words: str) -> None:
        times.setdefault(name, []).append(run(folder, *words))

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        first, second, *_ = newsroom(folder, articles)
        for turn in range(1, ROUNDS + 1):
            second.write_text(article(1, turn))
            started = time.perf_counter()
            run(folder, "git", "add", str(second))
            run(folder, "git", "commit", "-qm", "Edit")
            times.setdefault("git add + git commit", []).append(
                (time.perf_counter() - started) * 1000
            )
            note("python -c 'import click'", sys.executable, "-c", "import click")
            first.write_text(article(0, turn))
            note("tracker record --update", tracker, "record", str(first), "--update", f"to {turn}")
            run(folder, "git", "checkout", "-q", "HEAD~1", "--", str(first))
            run(folder, "git", "commit", "-qm", "Back", "--allow-empty")
            note("tracker history", tracker, "history", str(first), "--limit", "5")
            note("tracker footer", tracker, "footer", str(first))
    base = statistics.median(times["git add + git commit"])
    both = base + statistics.median(times["python -c 'import click'"])
    print(f"\n{articles:,} articles: medians of {ROUNDS}")
    for name, found in times.items():
        median = statistics.median(found)
        print(
            f"  {name:<26} {median:8.1f} ms   {median / base:6.2f} of git,"
            f" {median / both:5.2f} of git and click"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", nargs="*", type=int, default=[10, 1000])
    for articles in parser.parse_args().articles:
        measure(articles)


if __name__ == "__main__":
    main()
