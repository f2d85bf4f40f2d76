"""Kill recordings at 300 random moments and print what was found: python -m tests.long.kill_record.

Half of the kills take the worker's git processes with them, half leave them to end by themselves.
After each: no reported revision missing, nothing broken, no reversal staged, and the next
recording works with no manual step. Ends with an assertion where one of these fails.
"""

from __future__ import annotations

import functools
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.killing import check, killed, left_over, next_recording
from tests.recording import ARTICLE, Room


def main(times: int) -> None:
    """Run, and print the figures."""
    found: Counter[str] = Counter()
    locks: Counter[str] = Counter()
    taken: list[float] = []
    reported: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        room = Room.make(Path(folder), articles={ARTICLE: b"Start.\n", "x.md": b"Other.\n"})
        for name, value in (("user.name", "Ada Editor"), ("user.email", "ada@example.org")):
            room.git("config", name, value)
        room.git("config", "gc.autoDetach", "false")  # else its lock is there when we look for ours
        chance = random.Random(2022)
        usual = next_recording(room, ARTICLE, "first")
        for number in range(times):
            group = number % 2 == 0
            reported += killed(
                room,
                ARTICLE,
                f"worker {number}",
                chance.uniform(0, usual),
                group=group,
                reports=number % 3,
            )
            locks.update(left_over(room))
            if not group:
                time.sleep(0.2)
            found[check(room, ARTICLE, reported)] += 1
            if number % 10 == 0:
                room.sound()
            taken.append(next_recording(room, ARTICLE, f"{number}"))
        room.sound()
        revisions = room.git("rev-list", "--count", "main")
    taken.sort()
    say = functools.partial(print, flush=True)
    say(f"kills {times}, revisions reported {len(reported)}, in the branch {revisions}")
    say(f"article after the kill: {dict(found)}")
    say(f"left for the next recording to remove: {dict(locks)}")
    say(f"next recording: median {taken[len(taken) // 2]:.2f} s, slowest {taken[-1]:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
