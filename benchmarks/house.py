"""How long the house's rooms take: settings, lines, reading lines back, dates in text.

    python benchmarks/house.py

Prints a Markdown table. Each figure is the median of several runs; "first" is the first call in a
new process, with what it compiles and reads, without the start of Python.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

from tracker.house.dates.find import find_stamps
from tracker.house.dates.names import zone
from tracker.house.dates.parse import read_moment
from tracker.house.notes.wording import line, recognise, sentence
from tracker.house.style import load
from tracker.model import Note

FIRST = {
    "import settings and styles": "import tracker.house.settings, tracker.house.style",
    "read tracker.toml (newsweek)": (
        "import tracker.house.settings as s\n#\n"
        "s.read('style = \"newsweek\"\\ntimezone = \"America/New_York\"', 't', str)"
    ),
    "write one line": ("from benchmarks.house import *\nstyle = load('newsweek')\n#\nwrite(style)"),
    "read one line back": (
        "from benchmarks.house import *\nstyle = load('newsweek')\ntext = write(style)\n#\n"
        "recognise(style, text)"
    ),
    "read what an editor typed": "from benchmarks.house import *\n#\ntyped()",
    "find dates in a sentence": "from benchmarks.house import *\n#\nfind_stamps('On May 12, 2022')",
}
AT = datetime(2022, 5, 12, 11, 45, tzinfo=UTC)
PROSE = (
    "Officials said on May 12, 2022, at 7:45 a.m. ET that the bridge, built in 1903, would close "
    "for 12 weeks. The mayor of the town of 3,400 people spoke for an hour and left. "
)


def write(style: object) -> str:
    """One line in the style of Newsweek."""
    newsweek = load("newsweek")
    assert style is newsweek
    text = sentence(newsweek, "update", "to add that the mayor answered")
    return line(newsweek, Note("u1", "update", text, AT), zone("America/New_York"))


def typed() -> None:
    """Read one numeric date with a time and a zone."""
    read_moment("05/12/22 7:45 a.m. ET", day_first=False, zone=zone("America/New_York"), now=AT)


def median(call: Callable[[], object], times: int = 15) -> float:
    """Milliseconds of a call, the middle one of several."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def first(code: str, times: int = 9) -> float:
    """Milliseconds of what stands after "#" in new processes, the middle one of several."""
    before, _, measured = code.partition("\n#\n") if "\n#\n" in code else ("", "", code)
    program = (
        f"import sys, time; sys.path.insert(0, '.')\n{before}\nstart = time.perf_counter()\n"
        f"{measured}\nprint((time.perf_counter() - start) * 1000)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(times)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def main() -> None:
    """Print the table."""
    print("| what | first, ms | again, ms |\n|---|---:|---:|")
    newsweek = load("newsweek")
    written = write(newsweek)
    again: dict[str, Callable[[], object]] = {
        "write one line": lambda: write(newsweek),
        "read one line back": lambda: recognise(newsweek, written),
        "read what an editor typed": typed,
        "find dates in a sentence": lambda: find_stamps("On May 12, 2022"),
    }
    for what, code in FIRST.items():
        later = f"{median(again[what]):.3f}" if what in again else ""
        print(f"| {what} | {first(code):.1f} | {later} |")
    article = PROSE * 25
    print(f"| find dates in an article of {len(article):,} characters | | ", end="")
    print(f"{median(lambda: find_stamps(article, as_of=date(2022, 5, 13))):.2f} |")
    paragraphs = [PROSE] * 1000
    print("| 1,000 paragraphs that are no notes, read by a style | | ", end="")
    print(f"{median(lambda: [recognise(newsweek, each) for each in paragraphs], 5):.1f} |")
    for name, hostile in {"1": "1 ", "(": "(", "May": "May ", "12:12": "12:12 "}.items():
        text = (hostile * 1_000_000)[:1_000_000]
        print(f"| dates in 1 MB of “{name}” | | ", end="")
        print(f"{median(partial(find_stamps, text, language='uk'), 3):.0f} |")


if __name__ == "__main__":
    main()
