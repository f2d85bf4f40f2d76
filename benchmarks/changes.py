"""Measure the judging of changes on labelled edits, next to three baselines, and its time.

    python benchmarks/changes.py                  figures on edits.jsonl and tricky.jsonl
    python benchmarks/changes.py --errors         and the rows judged otherwise than labelled
    python benchmarks/changes.py --pairs          and all consecutive versions in 18f-posts.bundle
    python benchmarks/changes.py --pairs --show 40 --seed 7 [--verdict yes|no]

The data is looked for in TRACKER_DATA or ../shared/data.
"""

from __future__ import annotations

import argparse
import difflib
import html
import itertools
import json
import os
import random
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tracker.comparison import compare
from tracker.model import Change
from tracker.text.document import parse
from tracker.text.judge.changes import STRENGTH

Judge = Callable[[str, str], bool]


def data_folder() -> Path:
    """Return the folder of the measuring data."""
    named = os.environ.get("TRACKER_DATA")
    return Path(named) if named else Path(__file__).parents[2] / "shared" / "data"


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


# --- the three baselines -------------------------------------------------------------------------


def any_change(old: str, new: str) -> bool:
    """Call every edit substantive."""
    return old != new


def visible(text: str) -> str:
    """Return a body as a browser would show it, roughly: markup and targets stripped."""
    body = parse(text).body
    body = re.sub(r"!\[[^\]]*\]\([^)\s]*(?:\s\"[^\"]*\")?\)", " ", body)
    body = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", body)
    body = re.sub(r"(?m)^\[[^\]]+\]:.*$", " ", body)
    body = re.sub(r"<[^>]+>|\{%.*?%\}|\{\{.*?\}\}", " ", body)
    body = re.sub(r"[*_`#>|~]|^\s*[-+]\s", " ", body, flags=re.MULTILINE)
    return " ".join(html.unescape(body).split())


def visible_change(old: str, new: str) -> bool:
    """Call an edit substantive when the visible text or the headline differs."""
    before, after = parse(old), parse(new)
    return visible(old) != visible(new) or before.headline != after.headline


def fingerprint(text: str) -> str:
    """Return the letters and digits of the visible text, folded: blind to punctuation."""
    return "".join(letter for letter in visible(text).casefold() if letter.isalnum())


def fingerprint_change(old: str, new: str) -> bool:
    """Call an edit substantive when the punctuation-blind fingerprint differs."""
    return fingerprint(old) != fingerprint(new)


# --- figures -------------------------------------------------------------------------------------


def rates(truth: Sequence[bool], said: Sequence[bool]) -> tuple[float, float, float]:
    """Return precision, recall and F1."""
    hit = sum(1 for one, other in zip(truth, said, strict=True) if one and other)
    precision = hit / sum(said) if any(said) else 0.0
    recall = hit / sum(truth) if any(truth) else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
    return precision, recall, f1


def judged(rows: Sequence[dict[str, Any]]) -> tuple[list[Change], list[float]]:
    """Return the changes of labelled rows, and the milliseconds that each took."""
    changes, times = [], []
    compare("warm", "up")
    for row in rows:
        start = time.process_time()
        changes.append(compare(row["old"], row["new"]))
        times.append((time.process_time() - start) * 1000)
    return changes, times


def with_difflib(rows: Sequence[dict[str, Any]]) -> list[float]:
    """Return the milliseconds of difflib for the words of each pair, which judges nothing."""
    times = []
    for row in rows:
        start = time.process_time()
        words = (row["old"].split(), row["new"].split())
        difflib.SequenceMatcher(None, *words, autojunk=False).get_opcodes()
        times.append((time.process_time() - start) * 1000)
    return times


def tell(name: str, truth: Sequence[bool], said: Sequence[bool]) -> None:
    """Print one line of rates."""
    precision, recall, f1 = rates(truth, said)
    print(f"{name:34} precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}")


def tell_edits(rows: Sequence[dict[str, Any]], errors: bool) -> None:
    """Print the figures of edits.jsonl."""
    changes, times = judged(rows)
    truth = [bool(row["substantive"]) for row in rows]
    print(f"\nedits.jsonl: {len(rows)} rows, {sum(truth)} substantive")
    tell("tracker.compare", truth, [change.substantive for change in changes])
    clear = [place for place, row in enumerate(rows) if not row["borderline"]]
    tell(
        f"  without borderline ({len(clear)})",
        [truth[place] for place in clear],
        [changes[place].substantive for place in clear],
    )
    baselines: tuple[tuple[str, Judge], ...] = (
        ("any change", any_change),
        ("visible text changed", visible_change),
        ("punctuation-blind fingerprint", fingerprint_change),
    )
    for name, judge in baselines:
        tell(name, truth, [judge(row["old"], row["new"]) for row in rows])
    print("\nlabel                 rows  precision  recall")
    for label in STRENGTH:
        there = [label in row["kinds"] for row in rows]
        said = [label in change.labels for change in changes]
        precision, recall, _ = rates(there, said)
        print(f"{label:20} {sum(there):5}  {precision:9.2f}  {recall:6.2f}  (said {sum(said)})")
    times.sort()
    print(
        f"\nmilliseconds of processor time a pair: median {statistics.median(times):.2f}, "
        f"mean {statistics.mean(times):.2f}, "
        f"p95 {times[int(len(times) * 0.95)]:.2f}, most {times[-1]:.2f}"
    )
    peer = with_difflib(rows)
    print(
        f"difflib, the words alone: median {statistics.median(peer):.2f}, "
        f"mean {statistics.mean(peer):.2f}; compare takes {sum(times) / sum(peer):.1f} times that"
    )
    if errors:
        for number, (row, change) in enumerate(zip(rows, changes, strict=True)):
            if change.substantive != row["substantive"]:
                word = "MISSED" if row["substantive"] else "FALSE ALARM"
                border = " borderline" if row["borderline"] else ""
                print(f"\n{word}{border} row {number}: {row['kinds']} {row['why']}")
                for reason in change.reasons[:8]:
                    print("   ", reason)


def tell_tricky(rows: Sequence[dict[str, Any]], errors: bool) -> None:
    """Print the figures of tricky.jsonl, whose labels have some names of their own."""
    same = {"move": {"moved"}, "content": {"information-added", "information-removed"},
            "format": {"style", "markup", "typo"}, "correction": {"note"},
            "restructure": {"style"}}  # fmt: skip
    small = {"move", "format", "typo", "restructure", "correction"}
    changes, _ = judged(rows)
    hits = total = right = 0
    for row, change in zip(rows, changes, strict=True):
        wanted = row["expected"]
        substantive = any(label not in small for label in wanted)
        right += substantive == change.substantive
        missing = [label for label in wanted if not same.get(label, {label}) & change.labels]
        if not change.edits or (wanted == ["format"] and not change.substantive):
            missing = []
        hits += len(wanted) - len(missing)
        total += len(wanted)
        if errors and (missing or substantive != change.substantive):
            print(f"\ntricky {row['id']}: expected {wanted}, said {sorted(change.labels)}")
            for reason in change.reasons[:8]:
                print("   ", reason)
    print(
        f"\ntricky.jsonl: substantive right in {right} of {len(rows)}; "
        f"labels found {hits} of {total}"
    )


# --- every pair of a real repository -------------------------------------------------------------


def git(folder: Path, *words: str, data: bytes | None = None) -> bytes:
    """Run git and return what it prints."""
    return subprocess.run(
        ["git", "-C", str(folder), *words], input=data, capture_output=True, check=True
    ).stdout


def pairs(bundle: Path, folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield (path, commit, old text, new text) of every modification in a bundle's history."""
    subprocess.run(["git", "clone", "-q", "--bare", str(bundle), str(folder)], check=True)
    log = git(
        folder, "log", "--first-parent", "-m", "--reverse", "--raw", "--no-abbrev", "--no-renames",
        "--format=%x01%H", "--diff-filter=M", "-z", "HEAD",
    ).decode("utf-8", "replace")  # fmt: skip
    found = []
    for chunk in log.split("\x01")[1:]:
        fields = [field.strip("\n") for field in chunk.split("\0")]
        commit = fields[0]
        for meta, path in itertools.pairwise(fields[1:]):
            if meta.startswith(":") and path.endswith((".md", ".markdown")):
                _, _, old, new, _ = meta.split(" ")
                found.append((path, commit, old, new))
    blobs = sorted({blob for _, _, old, new in found for blob in (old, new)})
    texts = read_blobs(folder, blobs)
    for path, commit, old, new in found:
        yield path, commit, texts[old], texts[new]


def read_blobs(folder: Path, blobs: Sequence[str]) -> dict[str, str]:
    """Return the texts of blobs."""
    out = git(folder, "cat-file", "--batch", data="\n".join(blobs).encode() + b"\n")
    texts, place = {}, 0
    for blob in blobs:
        end = out.index(b"\n", place)
        size = int(out[place:end].split()[2])
        texts[blob] = out[end + 1 : end + 1 + size].decode("utf-8", "replace")
        place = end + size + 2
    return texts


def tell_pairs(bundle: Path, show: int, seed: int, wanted: str | None) -> None:
    """Print what is said of every consecutive pair, and a random sample to read."""
    with tempfile.TemporaryDirectory() as name:
        found = list(pairs(bundle, Path(name) / "posts.git"))
    times, said = [], []
    for _, _, old, new in found:
        start = time.perf_counter()
        said.append(compare(old, new))
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    substantive = sum(change.substantive for change in said)
    print(
        f"\n18f-posts.bundle: {len(found)} pairs, {substantive} substantive "
        f"({substantive / len(found):.1%}); milliseconds a pair: median "
        f"{statistics.median(times):.2f}, p95 {times[int(len(times) * 0.95)]:.2f}, "
        f"most {times[-1]:.1f}"
    )
    numbers = [
        number for number, change in enumerate(said)
        if wanted is None or change.substantive == (wanted == "yes")
    ]  # fmt: skip
    for number in random.Random(seed).sample(numbers, min(show, len(numbers))):
        path, commit, old, new = found[number]
        change = said[number]
        print(f"\n=== {number} {path} {commit[:10]}")
        print("SUBSTANTIVE" if change.substantive else "small", sorted(change.labels))
        for reason in change.reasons[:6]:
            print("   reason:", reason)
        edits = [edit for edit in change.edits if edit.verbal]
        for edit in edits[:8]:
            where = f"[{edit.field}] " if edit.field else ""
            print(f"   {where}- {edit.old[:220]!r}\n   {' ' * len(where)}+ {edit.new[:220]!r}")
            if edit.old_sentence and edit.operation != "move":
                print(f"        in {edit.old_sentence[:160]!r}")
        if len(edits) > 8:
            print(f"   … and {len(edits) - 8} more")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verdict", choices=["yes", "no"])
    chosen = parser.parse_args()
    folder = data_folder()
    if not (folder / "edits.jsonl").is_file():
        raise SystemExit(f"No measuring data in {folder}: set TRACKER_DATA to its folder.")
    if not chosen.show:
        tell_edits(read_lines(folder / "edits.jsonl"), chosen.errors)
        tell_tricky(read_lines(folder / "tricky.jsonl"), chosen.errors)
    if chosen.pairs:
        tell_pairs(folder / "18f-posts.bundle", chosen.show, chosen.seed, chosen.verdict)


if __name__ == "__main__":
    main()
