"""This diff beside others, over consecutive versions of real articles.

    python benchmarks/diff_corpus.py BUNDLE-OR-REPOSITORY [--limit N] [--sample N]

Every tool compares the same pairs: versions that follow each other in the history of one Markdown
file, both of 300 to 3,000 words. CPU time is what is counted, so that other work on the machine
matters little; for ``git`` it is that of its processes. Slow tools run on a sample, spread evenly
over the pairs, and their ratio is to this diff on that same sample.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tracker.text.diff import apply, diff, revert

FEWEST, MOST = 300, 3_000  # words


class Pair(NamedTuple):
    path: str
    old: str
    new: str


def pairs(repository: Path) -> Iterator[Pair]:
    """Consecutive versions of every Markdown file, in the order of the history."""
    git = ["git", "-C", str(repository)]
    log = subprocess.run(
        [
            *git,
            "log",
            "--reverse",
            "--first-parent",
            "-m",
            "--raw",
            "--no-renames",
            "--no-abbrev",
            "--format=",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    changes = []
    for line in log.splitlines():
        fields, _, path = line.partition("\t")
        modes = fields.split()
        if len(modes) == 5 and modes[4] == "M" and path.endswith((".md", ".markdown")):
            changes.append((path, modes[2], modes[3]))
    names = sorted({name for _, *both in changes for name in both})
    answer = subprocess.run(
        [*git, "cat-file", "--batch"],
        input="".join(f"{name}\n" for name in names).encode(),
        capture_output=True,
        check=True,
    ).stdout
    texts: dict[str, str | None] = {}
    at = 0
    for name in names:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[2])
        try:
            texts[name] = answer[end + 1 : end + 1 + size].decode()
        except UnicodeDecodeError:
            texts[name] = None
        at = end + size + 2
    for path, before, after in changes:
        old, new = texts[before], texts[after]
        if (
            old is not None
            and new is not None
            and all(FEWEST <= len(text.split()) <= MOST for text in (old, new))
        ):
            yield Pair(path, old, new)


def timed(compare: Callable[[str, str], object], found: list[Pair]) -> list[float]:
    """CPU milliseconds of each comparison."""
    compare("one two", "one three")  # what is made once
    compare("one “two”", "one “three”")
    times = []
    for pair in found:
        start = time.process_time()
        compare(pair.old, pair.new)
        times.append((time.process_time() - start) * 1_000)
    return times


def with_difflib(old: str, new: str) -> object:
    split = re.compile(r"\s+|\w+|[^\w\s]").findall
    return difflib.SequenceMatcher(None, split(old), split(new), autojunk=False).get_opcodes()


def with_diff_match_patch() -> Callable[[str, str], object]:
    from diff_match_patch import diff_match_patch

    engine = diff_match_patch()
    engine.Diff_Timeout = 1e9

    def compare(old: str, new: str) -> object:
        found = engine.diff_main(old, new)
        engine.diff_cleanupSemantic(found)
        return found

    return compare


def with_redlines() -> Callable[[str, str], object]:
    from redlines import Redlines

    return lambda old, new: Redlines(old, new).output_markdown


def with_htmldiff() -> Callable[[str, str], object]:
    from html import escape

    from lxml.html.diff import htmldiff

    def page(text: str) -> str:
        return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))

    return lambda old, new: htmldiff(page(old), page(new))


def with_git(found: list[Pair]) -> list[float]:
    """CPU milliseconds of ``git diff --no-index --word-diff``, start of the process included."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder, "old.md"), Path(folder, "new.md")
        for pair in found:
            one.write_text(pair.old, newline="")
            other.write_text(pair.new, newline="")
            start = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                ["git", "diff", "--no-index", "--word-diff", str(one), str(other)],
                stdout=subprocess.DEVNULL,
                check=False,
            )
            end = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append((end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime) * 1_000)
    return times


WIKIDIFF2 = """
function cpu() { $r = getrusage();
  return $r["ru_utime.tv_sec"] * 1e3 + $r["ru_utime.tv_usec"] / 1e3
    + $r["ru_stime.tv_sec"] * 1e3 + $r["ru_stime.tv_usec"] / 1e3; }
$times = [];
foreach (json_decode(file_get_contents($argv[1])) as $pair) {
  $start = cpu(); wikidiff2_inline_diff($pair[0], $pair[1], 2); $times[] = cpu() - $start; }
echo json_encode($times);
"""


def with_wikidiff2(found: list[Pair]) -> list[float] | None:
    """CPU milliseconds of php-wikidiff2, inside one PHP process; None where it is not installed."""
    php = shutil.which("php")
    if (
        not php
        or "wikidiff2"
        not in subprocess.run(
            [php, "-m"], capture_output=True, text=True, check=True
        ).stdout.split()
    ):
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pairs.json")
        path.write_text(json.dumps([[pair.old, pair.new] for pair in found]))
        answer = subprocess.run(
            [php, "-d", "memory_limit=2G", "-r", WIKIDIFF2, str(path)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    times: list[float] = json.loads(answer)
    return times


def cuts_a_word(text: str, place: int) -> bool:
    """Whether letters or digits stand on both sides of a place."""
    return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()


def quality(found: list[Pair]) -> None:
    """What the edits of this diff are like, over all pairs."""
    rebuilt = cutting = coarse = edits = moves = 0
    for pair in found:
        answer = diff(pair.old, pair.new)
        rebuilt += (
            apply(pair.old, answer.edits) == pair.new and revert(pair.new, answer.edits) == pair.old
        )
        coarse += answer.coarse
        edits += len(answer.edits)
        moves += sum(edit.operation == "move" for edit in answer.edits)
        cutting += any(
            cuts_a_word(pair.old, place)
            for edit in answer.edits
            for place in (edit.old_start, edit.old_end)
            if edit.old
        ) or any(
            cuts_a_word(pair.new, place)
            for edit in answer.edits
            for place in (edit.new_start, edit.new_end)
            if edit.new
        )
    print(f"\nrebuilt exactly, both ways   {rebuilt} of {len(found)}")
    print(f"pairs with a word cut in two {cutting} ({100 * cutting / len(found):.2f} %)")
    print(f"coarse {coarse}; edits {edits}; moves {moves}")


def report(name: str, times: list[float], ours: list[float]) -> None:
    print(
        f"{name:26}{len(times):6}{sum(times) / 1_000:10.2f} s"
        f"{statistics.median(times):10.2f} ms{max(times):10.1f} ms"
        f"{sum(times) / sum(ours):10.2f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("source", type=Path, help="a git bundle or a repository")
    parser.add_argument("--limit", type=int, help="at most so many pairs, spread evenly")
    parser.add_argument("--sample", type=int, default=60, help="pairs for the slow tools")
    parser.add_argument("--rounds", type=int, default=3, help="of this diff and of wikidiff2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        repository = options.source
        if options.source.is_file():
            repository = Path(folder, "clone")
            subprocess.run(
                ["git", "clone", "--quiet", str(options.source), str(repository)], check=True
            )
        found = list(pairs(repository))
    if options.limit:
        found = found[:: max(1, len(found) // options.limit)][: options.limit]
    step = max(1, len(found) // options.sample)
    sample = found[::step]
    print(f"{len(found)} pairs, {os.cpu_count()} CPUs; ratio: total time over that of this diff\n")
    print(f"{'':26}{'pairs':>6}{'total':>12}{'median':>13}{'worst':>13}{'ratio':>10}")
    # In turns, and of each pair the best round: a busy machine then favors neither.
    ours, wikidiff2 = timed(diff, found), with_wikidiff2(found)
    for _ in range(options.rounds - 1):
        ours = [min(both) for both in zip(ours, timed(diff, found), strict=True)]
        if (again := with_wikidiff2(found)) is not None and wikidiff2 is not None:
            wikidiff2 = [min(both) for both in zip(wikidiff2, again, strict=True)]
    report("this diff", ours, ours)
    if wikidiff2 is None:
        print(f"{'php-wikidiff2':26} not installed")
    else:
        report("php-wikidiff2", wikidiff2, ours)
    on_sample = ours[::step]
    for name, compare in (
        ("difflib, words", lambda: with_difflib),
        ("diff-match-patch, letters", with_diff_match_patch),
        ("redlines", with_redlines),
        ("lxml.html.diff", with_htmldiff),
    ):
        try:
            report(name, timed(compare(), sample), on_sample)
        except ImportError as error:
            print(f"{name:26} not installed ({error.name})")
    report("git diff --word-diff", with_git(sample), on_sample)
    quality(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
