"""What it costs that a revision is on the disk before it is called recorded.

    python -m benchmarks.durability [--count 100] [--folder DIR]

The same recordings with and without ``core.fsync``, turn by turn in one run, in one repository of
each kind on the same disk; medians and ratios. Give ``--folder`` on the disk that counts: in
memory (tmpfs) waiting for the disk costs nothing.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tests.recording import ARTICLE, Room
from tracker.store import commit, git

_WAYS = {
    "no fsync": ("-c", "core.fsync=none"),
    "batch (never safe)": ("-c", "core.fsync=added", "-c", "core.fsyncMethod=batch"),
    "as tracker does": git.DURABLE,
}


def measured(room: Room, number: int, durable: tuple[str, ...]) -> float:
    """Seconds of one recording."""
    for module in (git, commit):
        vars(module)["DURABLE"] = durable
    text = f"Edition {number}.\n".encode() * 300
    start = time.perf_counter()
    room.record(text)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=100, help="recordings of each kind")
    parser.add_argument("--folder", type=Path, help="where the repositories are made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        said = subprocess.run(["df", "-T", folder], capture_output=True, text=True, check=False)
        disk = said.stdout.splitlines()[-1].split()[:2] if said.returncode == 0 else ["?"]
        rooms = {
            name: Room.make(Path(folder) / str(number), articles={ARTICLE: b"Start.\n"})
            for number, name in enumerate(_WAYS)
        }
        times: dict[str, list[float]] = {name: [] for name in _WAYS}
        for number in range(options.count):
            for name, durable in _WAYS.items():
                times[name].append(measured(rooms[name], number, durable))
    print(f"{options.count} recordings of each kind, on {' '.join(disk)}")
    least = statistics.median(times["no fsync"])
    for name, found in times.items():
        median = statistics.median(found)
        slow = statistics.quantiles(found, n=20)[-1]
        print(
            f"{name:>24}: {median * 1000:6.1f} ms, 95 of 100 within {slow * 1000:6.1f} ms, "
            f"{(median - least) * 1000:+.1f} ms, {median / least:.2f} times"
        )


if __name__ == "__main__":
    main()
