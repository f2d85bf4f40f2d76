"""Time and memory of the diff on texts made to be hard.

    python -m benchmarks.diff_bounds

Each pair is compared in a process of its own: CPU seconds, and how far the memory rose above what
the process had before, at its peak.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from tests.hard_texts import HARD
from tracker.text.diff import apply, diff, revert


def measure(name: str) -> str:
    """One line of figures, for this process."""
    old, new = HARD[name]
    diff("one two", "one \u201cthree\u201d")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = diff(old, new)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rebuilt = apply(old, found.edits) == new and revert(new, found.edits) == old
    return (
        f"{name:40}{seconds:8.2f} s{(peak - before) / 1_024:8.0f} MB"
        f"{len(found.edits):8} edits  {'coarse' if found.coarse else 'exact':8}"
        f"{'' if rebuilt else 'NOT REBUILT'}"
    )


def main() -> int:
    if len(sys.argv) > 1:
        print(measure(sys.argv[1]))
        return 0
    for name in HARD:
        subprocess.run([sys.executable, "-m", "benchmarks.diff_bounds", name], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
