"""Time of one recording against ``git add`` and ``git commit``: python benchmarks/record.py.

Both take turns in the same repository, article by article, so that the load of the machine is
the same for both; printed are medians and the ratio. The articles stand in folders by date.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tracker.model import Person
from tracker.store import git as git_program
from tracker.store.commit import FileWrite, write
from tracker.store.git import Repository, discover

ADA = Person("Ada Editor", "ada@example.org")
ROUNDS = 40
WORDS = "The ministry said on Tuesday that the number of wounded had risen to {}.\n\n"


def git(folder: Path, *arguments: str, data: bytes = b"") -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=data, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def text(number: int, version: int) -> bytes:
    body = "".join(WORDS.format(number * 7 + line) for line in range(75))
    return f"# Article {number}\n\nVersion {version}.\n\n{body}".encode()


def make(folder: Path, count: int) -> list[str]:
    git(folder.parent, "init", "-q", "-b", "main", folder.name)
    git(folder, "config", "user.name", "Ada Editor")
    git(folder, "config", "user.email", "ada@example.org")
    stream = [b"commit refs/heads/main\ncommitter A <a@x.org> 1600000000 +0000\ndata 1\nx\n"]
    paths = []
    for number in range(count):
        day = f"{2020 + number % 3}/{number % 12 + 1:02}/{number % 28 + 1:02}"
        paths.append(f"articles/{day}/story-{number}.md")
        data = text(number, 0)
        stream.append(f"M 100644 inline {paths[-1]}\ndata {len(data)}\n".encode() + data + b"\n")
    git(folder, "fast-import", "--quiet", data=b"".join(stream))
    git(folder, "reset", "-q", "--hard")
    return paths


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def record(repository: Repository, path: str, data: bytes) -> None:
    assert repository.top is not None
    expected = git(repository.top, "rev-parse", f"main:{path}")
    (repository.top / path).write_bytes(data)

    def action() -> None:
        file = FileWrite(path, data, expected, data)
        write(repository, [file], message="Record", person=ADA, at=datetime.now(UTC))

    times.setdefault("tracker", []).append(timed(action))


def commit(folder: Path, path: str, data: bytes) -> None:
    (folder / path).write_bytes(data)

    def action() -> None:
        git(folder, "add", "--", path)
        git(folder, "commit", "-q", "-m", "Record")

    times.setdefault("git", []).append(timed(action))


times: dict[str, list[float]] = {}


def main() -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    counts = [int(word) for word in sys.argv[1:]] or [10, 10_000]
    durable = git_program.DURABLE
    print("articles  git add + commit  store.record.write  ratio  without fsync")
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "room"
            paths = make(folder, count)
            repository = discover(folder)
            times.clear()
            for round_ in range(ROUNDS):
                path = paths[round_ * 7 % count]
                commit(folder, path, text(0, 3 * round_ + 1))
                record(repository, path, text(0, 3 * round_ + 2))
                times.setdefault("safe", []).append(times["tracker"].pop())
                git_program.DURABLE = ("-c", "core.fsync=none")
                record(repository, path, text(0, 3 * round_ + 3))
                git_program.DURABLE = durable
            assert git(folder, "status", "--porcelain") == ""
        plain, safe, unsafe = (statistics.median(times[key]) for key in ("git", "safe", "tracker"))
        print(
            f"{count:8}  {plain:13.1f} ms  {safe:15.1f} ms  {safe / plain:5.2f}  {unsafe:10.1f} ms"
        )


if __name__ == "__main__":
    main()
