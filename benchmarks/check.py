"""Measure ``tracker check`` over a whole newsroom: the first run, the second, and the findings.

    python benchmarks/check.py                    on 18f-posts.bundle
    python benchmarks/check.py --times 5          on a made newsroom: five copies of that one
    python benchmarks/check.py FOLDER             on a repository of your own (left as it is)

The data is looked for in TRACKER_DATA or ../shared/data. The second run has the answers of the
first in the catalog. Each run is a process of its own, as an editor starts it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any


def bundle() -> Path:
    """Return the repository to measure on."""
    named = os.environ.get("TRACKER_DATA")
    data = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    found = data / "18f-posts.bundle"
    if not found.is_file():
        raise SystemExit("the measuring data is not here: set TRACKER_DATA to its folder")
    return found


def copied(source: Path, times: int, folder: Path) -> None:
    """Make a repository in which every post of another one stands several times, as in history."""
    script = subprocess.run(
        ["git", "fast-export", "--signed-tags=strip", "--no-data", "HEAD"],
        cwd=source,
        capture_output=True,
        check=True,
    ).stdout
    out = []
    for line in script.split(b"\n"):
        kind, _, rest = line.partition(b" ")
        if kind == b"M" and rest.count(b" ") >= 2:
            mode, blob, path = rest.split(b" ", 2)
            out += [b"M %s %s %s" % (mode, blob, _renamed(path, n)) for n in range(times)]
        elif kind == b"D":
            out += [b"D " + _renamed(rest, n) for n in range(times)]
        else:
            out.append(line)
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    alternates = folder / ".git" / "objects" / "info" / "alternates"
    alternates.write_text(f"{source / '.git' / 'objects'}\n")
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"], cwd=folder, input=b"\n".join(out), check=True
    )
    branch = subprocess.run(
        ["git", "for-each-ref", "--format=%(refname)"], cwd=folder, capture_output=True, check=True
    ).stdout.split()[0]
    subprocess.run(["git", "symbolic-ref", "HEAD", branch.decode()], cwd=folder, check=True)


def _renamed(path: bytes, number: int) -> bytes:
    head, slash, name = path.rpartition(b"/")
    mark = b"%02d-" % number if number else b""
    if name.startswith(b'"') and not slash:
        return b'"' + mark + name[1:]
    return head + slash + mark + name


def run(folder: Path) -> tuple[float, float, dict[str, Any]]:
    """Return wall seconds, CPU seconds and the verdict of one check."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "-C", str(folder), "check", "--json"],
        capture_output=True,
        check=False,
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    verdict: dict[str, Any] = json.loads(done.stdout)
    return wall, cpu, verdict


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--times", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "clone"
        subprocess.run(
            ["git", "clone", "-q", str(options.folder or bundle()), str(folder)], check=True
        )
        if options.times > 1:
            several = Path(place) / "copies"
            copied(folder, options.times, several)
            folder = several
        first = run(folder)
        second = run(folder)
        size = (folder / ".git" / "tracker" / "catalog.sqlite3").stat().st_size
    verdict = first[2]
    number = verdict["revisions"]
    if second[2] != verdict:
        raise SystemExit("the two runs differ: were the rules edited meanwhile?")
    print(f"{verdict['articles']:,} articles, {number:,} revisions, {os.cpu_count()} cores")
    for name, (wall, cpu, _) in (("first run", first), ("second run", second)):
        each = 1000 * cpu / number
        print(f"{name:<12}{wall:7.1f} s wall{cpu:8.1f} s CPU{each:8.2f} ms CPU a revision")
    print(f"catalog     {size / 1e6:7.1f} MB")
    for rule, count in Counter(each["rule"] for each in verdict["findings"]).most_common():
        print(f"{rule:<20}{count:6,}{100 * count / number:7.1f} % of revisions")


if __name__ == "__main__":
    main()
