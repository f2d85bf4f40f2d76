"""Kill record, import, catalog building and sync at random moments: python -m tests.long.crashes.

    python -m tests.long.crashes [TIMES] [SCENE...]

300 times each by default, at moments that a new seed chooses each time; it is printed. After each
kill: nothing that was reported is missing, git finds nothing broken, and the next command works
with no step by hand. Ends with an assertion where one fails. The program is copied first, so that
it may be worked on meanwhile.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests import crashing
from tests.conftest import IDENTITY

_AT_ONCE = 25  # kills between two words to who waits


def main(times: int, names: list[str]) -> None:
    """Run, and print the figures."""
    os.environ.update(IDENTITY)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "program"
            shutil.copytree(crashing.ROOT / "tracker", program / "tracker")
            crashing.PROGRAM = program
            scene = crashing.SCENES[name](Path(folder) / "scene")
            started = time.monotonic()
            seed = secrets.randbelow(1 << 32)
            sys.stderr.write(f"{name}: seed {seed}\n")
            chance = random.Random(seed)
            for start in range(0, times, _AT_ONCE):
                scene.play(min(_AT_ONCE, times - start), chance, start)
                sys.stderr.write(f"{name}: {min(start + _AT_ONCE, times)} of {times}\n")
            taken = time.monotonic() - started
        left = dict(Counter(scene.left))
        sys.stdout.write(
            f"{name}: {times} times, {times - scene.ended} killed, {scene.ended} ended before; "
            f"left for the next command: {left}; {taken:.0f} s\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300, sys.argv[2:] or list(crashing.SCENES))
