"""Import a large export of WordPress, and say how much memory and time it took.

``python -m tests.long.imports [MEGABYTES]``: 500 without a number. The figures in
``docs/import.md`` are its last line. ``measured`` is used by the short suite too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import IDENTITY
from tests.repositories import run

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><wp:wxr_version>1.2</wp:wxr_version>
"""
PARAGRAPH = (
    "<!-- wp:paragraph -->\n<p>The ferry of article {number} sails at {hour} and costs"
    ' <b>${cost}</b>, <a href="https://ledger.example/{number}">the harbor said</a>. It leaves from'
    " the fourth pier, and arrives an hour later on the other side of the bay, where nobody waits"
    " for it.</p>\n<!-- /wp:paragraph -->\n\n"
)


def export(file: Path, size: int) -> int:
    """Write an export of about ``size`` bytes; how many articles it has."""
    number = 0
    with file.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        while out.tell() < size:
            number += 1
            body = "".join(
                PARAGRAPH.format(number=number, hour=f"{hour} a.m.", cost=number % 97 + hour)
                for hour in range(1, 13)
            )
            out.write(
                f"<item><title>Ferry {number}</title><dc:creator>ada</dc:creator>"
                f"<content:encoded><![CDATA[{body}]]></content:encoded>"
                f"<wp:post_id>{number}</wp:post_id><wp:post_name>ferry-{number}</wp:post_name>"
                f"<wp:post_date_gmt>{2003 + number % 20}-{number % 12 + 1:02}-05"
                f" {number % 24:02}:{number % 60:02}:00"
                "</wp:post_date_gmt><wp:status>publish</wp:status>"
                "<wp:post_type>post</wp:post_type></item>\n"
            )
        out.write("</channel></rss>\n")
    return number


PROGRAM = """
import resource, sys
from tracker.cli import main
try:
    main(["import", *sys.argv[1:]])
except SystemExit as end:
    assert not end.code, end.code
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:  # what getrusage tells begins with the size of the process that started this one
    with open("/proc/self/status") as status:
        own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
except OSError:
    pass
print(own)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measured(file: Path, room: Path, *words: str) -> tuple[int, int, float, str]:
    """An import: the largest size of its process and of a git that it started, in bytes, the
    seconds it took, and what it said.
    """
    run(room, "init", "-q", "--bare", "-b", "main")
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file), *words], cwd=room, check=True,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    *said, own, git = done.stdout.splitlines(keepends=True)
    return int(own) * 1024, int(git) * 1024, time.monotonic() - started, "".join(said)


def main() -> None:
    os.environ.update(IDENTITY)
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as place:
        file, room = Path(place) / "export.xml", Path(place) / "room"
        room.mkdir()
        number = export(file, megabytes << 20)
        own, git, seconds, said = measured(file, room)
        sys.stdout.write(
            f"{said}{megabytes} MB, {number:,} articles: {own >> 20} MB of memory, the largest git"
            f" {git >> 20} MB; {seconds:.0f} s, {number / seconds:.0f} articles a second\n"
        )
        assert own < 200 << 20


if __name__ == "__main__":
    main()
