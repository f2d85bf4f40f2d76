"""Recordings that are killed: one worker that records and reports, and what must hold after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import AnyStr

import psutil

from tests.recording import ARTICLE, Room

ROOT = Path(__file__).parents[1]

_WORKER = """
import sys
from pathlib import Path
from tests.recording import ARTICLE, Room
room = Room(Path(sys.argv[1]))
path = sys.argv[2]
print("ready", flush=True)
for number in range(1000):
    text = f"{sys.argv[3]} {number}\\n".encode()
    room.put(path, text)
    print(room.record(text + b"With a note.\\n", path), flush=True)
"""


def limited(process: subprocess.Popen[AnyStr]) -> subprocess.Popen[AnyStr]:
    """A process that is killed after two minutes: who reads from it, or waits, is let go."""
    ending = threading.Timer(120, process.kill)
    ending.daemon = True
    ending.start()
    return process


def killed(
    room: Room, path: str, name: str, moment: float, *, group: bool, reports: int
) -> list[str]:
    """Start a worker and kill it ``moment`` seconds after so many reports; what it reported.

    ``group``: its git processes are killed with it; else they go on for the moment they need.
    """
    worker = limited(
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(room.folder), path, name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"
    reported = [worker.stdout.readline().decode().strip() for _ in range(reports)]
    time.sleep(moment)
    if group:
        os.killpg(worker.pid, signal.SIGKILL)
    else:
        worker.kill()
    reported += worker.stdout.read().decode().split()
    worker.stdout.close()
    worker.wait(60)
    return [commit for commit in reported if len(commit) == 40]


def interrupted_when(process: subprocess.Popen[str], word: str) -> None:
    """Press Ctrl-C in a process's session once a child has a word in its command."""
    family = psutil.Process(process.pid)
    while process.poll() is None:
        for child in family.children(recursive=True):
            with suppress(psutil.Error):
                if any(word in each for each in child.cmdline()):
                    os.killpg(process.pid, signal.SIGINT)
                    return
        time.sleep(0.01)


def check(room: Room, path: str, reported: list[str]) -> str:
    """What must hold after a kill; how the article was found: "clean", "staged", "edited".

    No revision that was reported is missing, git finds nothing broken, and the index holds what
    is in the branch or what comes after it, never what was before.
    """
    line = room.git("rev-list", "--first-parent", "main").split()
    missing = [commit for commit in reported if commit not in line]
    assert not missing, f"reported and not there: {missing}"
    staged = room.git("ls-files", "-s", "--", path).split()[1]
    before = {room.blob(path, commit) for commit in line[1:]}
    assert staged == room.blob(path) or staged not in before, "a reversal is staged"
    status = [entry for entry in room.status if not entry.startswith("??")]
    assert all(entry[3:] == path for entry in status), status
    return {"": "clean", "M": "staged"}.get(status[0][0] if status else "", "edited")


def left_over(room: Room) -> list[str]:
    """Lock files and temporary files that the kill left."""
    places = (room.folder / ".git", room.folder / ".git" / "refs" / "heads")
    locks = [file.name for place in places for file in place.glob("*.lock")]
    folders = (room.folder, (room.folder / ARTICLE).parent)
    return locks + [file.name for one in folders for file in one.glob(".tracker-*.tmp")]


def next_recording(room: Room, path: str, name: str) -> float:
    """Record again with no manual step; the seconds that it took."""
    start = time.monotonic()
    room.put(path, name.encode())
    assert room.record(f"{name} after the kill.\n".encode(), path) is not None
    taken = time.monotonic() - start
    assert room.status == []
    left = left_over(room)
    assert left == [], f"left after the next recording: {left}"
    return taken
