"""How long the faces of a diff take, on real pairs: python benchmarks/faces.py [CLONE] [STEP].

CLONE is a clone of a repository of Markdown articles; every STEP-th modification of its history is
shown at the terminal, as JSON and as HTML. Prints medians and the worst, in milliseconds, and how
often the words of a page could not be matched with their source.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from tracker.locale import FIRST, phrase
from tracker.model import Change
from tracker.render import diff_html, plain, terminal_diff
from tracker.text.diff import diff


def pairs(clone: str, step: int) -> list[tuple[str, str]]:
    log = subprocess.run(
        ["git", "-C", clone, "log", "--raw", "--no-abbrev", "--format=", "--diff-filter=M"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    found = []
    for line in [line for line in log if line.endswith(".md")][::step]:
        old, new = (
            subprocess.run(
                ["git", "-C", clone, "cat-file", "blob", name], check=True, capture_output=True
            ).stdout.decode("utf-8", "replace")
            for name in line.split()[2:4]
        )
        found.append((old, new))
    return found


def main() -> None:
    clone = sys.argv[1] if len(sys.argv) > 1 else "."
    step = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    measured = pairs(clone, step)
    changes = []
    for old, new in measured:
        made = diff(old, new)
        changes.append(
            Change(
                made.edits, made.fields, made.words_added, made.words_removed, made.coarse,
                substantive=False, labels=frozenset(), reasons=(),
            )
        )  # fmt: skip
    unplaced = 0
    faces: dict[str, Callable[[Change, str, str], str]] = {
        "terminal": terminal_diff.text,
        "JSON": lambda change, *_: json.dumps(plain.change_object(change)),
        "HTML, source, inline": lambda change, old, new: diff_html.fragment(
            change, old, new, view="source"
        ),
        "HTML, rendered, inline": diff_html.fragment,
        "HTML, rendered, side by side": lambda change, old, new: diff_html.fragment(
            change, old, new, layout="side-by-side"
        ),
    }
    not_placed = phrase(FIRST, "comparison.not_placed")
    print(f"{len(measured)} pairs\n\n| face | median ms | worst ms |\n|---|---|---|")
    for name, face in faces.items():
        times = []
        for change, (old, new) in zip(changes, measured, strict=True):
            began = time.perf_counter()
            made_face = face(change, old, new)
            times.append((time.perf_counter() - began) * 1000)
            unplaced += name == "HTML, rendered, inline" and not_placed in made_face
        print(f"| {name} | {median(times):.1f} | {max(times):.0f} |")
    print(f"\nshown in source because words could not be placed: {unplaced} of {len(measured)}")


if __name__ == "__main__":
    main()
