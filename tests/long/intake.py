"""Kill the intake ten times under eight clients, then measure how many recordings a second it does.

``python -m tests.long.intake [SEED]``: without a seed, a new one is taken and printed. The figures
in ``docs/intake.md`` are its last line.
"""

from __future__ import annotations

import os
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import IDENTITY
from tests.test_intake_kills import Load


def main() -> None:
    os.environ.update(IDENTITY)
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbelow(1 << 32)
    sys.stdout.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory() as place:
        load = Load(Path(place), clients=8, requests=200, duplicates=0.3, kills=10, seed=seed)
        seconds = load.run()
        faults = load.faults()
        told = faults or "no fault"
        sys.stdout.write(f"1,600 keys, 10 kills, {seconds:.0f} s, {dict(load.statuses)}: {told}\n")
        assert not faults
    with tempfile.TemporaryDirectory() as place:
        load = Load(Path(place), clients=8, requests=200, duplicates=0, kills=0, seed=seed)
        before = time.process_time(), os.times()
        seconds = load.run()
        after = os.times()
        assert load.faults() == []
        waits = statistics.quantiles(load.waits, n=100)
        used = after.children_user + after.children_system
        used -= before[1].children_user + before[1].children_system
        sys.stdout.write(
            f"1,600 recordings in {seconds:.1f} s: {1600 / seconds:.0f} a second; server and git "
            f"{used / 1.6:.0f} ms of a processor each; answered in {waits[49] * 1000:.0f} ms"
            f" (half), {waits[98] * 1000:.0f} ms (99 %)\n"
        )


if __name__ == "__main__":
    main()
