"""How well notes written by hand are found: precision, recall, kind and date, next to a baseline.

Run ``python benchmarks/notes.py``; the labelled rows are ``notes.jsonl`` in the folder that
TRACKER_DATA names, or ``../shared/data``. ``--misses`` prints each row that was judged wrongly.
``--bundle`` counts and prints the notes in the newest version of every article of the bundle.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from tracker import find_notes

BASELINE = re.compile(
    r"^\W*(update|updated|correction|clarification|edit|editor.?s note)\b", re.IGNORECASE
)


def data_folder() -> Path:
    named = os.environ.get("TRACKER_DATA")
    return Path(named) if named else Path(__file__).parents[2] / "shared" / "data"


def rows(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "notes.jsonl").read_text(encoding="utf-8")
    return [row for line in text.splitlines() if tells(row := json.loads(line))]


def tells(row: dict[str, Any]) -> bool:
    """False for a remark of the editors that tells of no change: labelled, and no note here."""
    words = ("updated", "outdated", "last week")
    return row["kind"] != "editors-note" or any(word in row["line"] for word in words)


def as_of(row: dict[str, Any]) -> date | None:
    found = re.search(r"(20\d\d)-(\d\d)-(\d\d)", row["path"])
    return date(int(found[1]), int(found[2]), int(found[3])) if found else None


def same(one: str, other: str) -> bool:
    def words(text: str) -> list[str]:
        return re.findall(r"\w+", text.lower())

    return words(one) == words(other)


def judge(found: Callable[[dict[str, Any]], bool], data: list[dict[str, Any]]) -> str:
    right = sum(found(row) for row in data if row["is_note"])
    wrong = sum(found(row) for row in data if not row["is_note"])
    notes = sum(row["is_note"] for row in data)
    precision, recall = right / max(1, right + wrong), right / notes
    return f"precision {precision:.3f} ({wrong} false), recall {recall:.3f} ({right} of {notes})"


def measure(folder: Path, *, misses: bool) -> None:
    data = rows(folder)
    answers = {id(row): find_notes(row["line"], as_of=as_of(row)) for row in data}
    print("baseline, a plain expression:", judge(lambda r: bool(BASELINE.match(r["line"])), data))
    print("find_notes:                  ", judge(lambda r: bool(answers[id(r)]), data))
    kinds = dates = dated = words = found_count = false_dates = 0
    for row in data:
        notes = answers[id(row)]
        if bool(notes) != row["is_note"] and misses:
            print("MISSED" if row["is_note"] else "FALSE", repr(row["line"][:150]), notes[:1])
        if not notes or not row["is_note"]:
            continue
        note = notes[0]
        found_count += 1
        kinds += note.kind == row["kind"]
        words += same(note.text, row["text"])
        if row["date"]:
            dated += 1
            right = note.date is not None and note.date.isoformat() == row["date"]
            right = right and (not row["time"] or str(note.time)[:5] == row["time"][:5])
            dates += right
        else:
            right = note.date is None
            false_dates += not right
        if misses:
            if note.kind != row["kind"]:
                print("KIND", row["kind"], "->", note.kind, repr(row["line"][:150]))
            if not right:
                print(
                    "DATE",
                    row["date"],
                    row["time"],
                    "->",
                    note.date,
                    note.time,
                    repr(row["line"][:150]),
                )
            if not same(note.text, row["text"]):
                print("TEXT", repr(row["text"][:200]), "->", repr(note.text[:200]))
    print(
        f"kind right {kinds / found_count:.3f}, date right {dates}/{dated}, dates given where",
        end=" ",
    )
    print(f"there is none {false_dates}, words right {words / found_count:.3f}")


def in_articles(folder: Path) -> None:
    """The notes that real edits added, looked for in the whole article after the edit."""
    text = (folder / "edits.jsonl").read_text(encoding="utf-8")
    added = found = kinds = 0
    for row in map(json.loads, text.splitlines()):
        if not row["notes_added"]:
            continue
        notes = find_notes(row["new"])
        for wanted in row["notes_added"]:
            words = " ".join(re.findall(r"\w+", wanted["text"].lower()))
            spoken = [(note, " ".join(re.findall(r"\w+", note.text.lower()))) for note in notes]
            same_words = [
                note for note, said in spoken if said and (said in words or words in said)
            ]
            added += 1
            found += bool(same_words)
            kinds += bool(same_words) and same_words[0].kind == wanted["kind"]
    print(f"in whole articles: {found} of {added} notes that edits added, kind right in {kinds}")


def bundle(folder: Path, *, show: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["git", "clone", "-q", folder / "18f-posts.bundle", place], check=True)
        files = sorted(Path(place).rglob("*.md"))
        texts = [(path, path.read_text(encoding="utf-8", errors="replace")) for path in files]
    times, kinds, total = [], Counter[str](), 0
    for path, text in texts:
        began = time.perf_counter()
        day = as_of({"path": str(path)})
        notes = find_notes(text, as_of=day)
        times.append(time.perf_counter() - began)
        total += len(notes)
        for note in notes:
            kinds[note.kind] += 1
            if show:
                said = f"{note.kind} {note.date} {note.position}"
                print(f"{path.name} [{said}] {note.label!r}: {note.text[:140]}")
    ordered = sorted(times)
    print(f"bundle: {len(texts)} articles, {total} notes: {dict(kinds)}")
    print(
        f"median {statistics.median(times) * 1e3:.3f} ms an article, 95th percentile"
        f" {ordered[int(len(ordered) * 0.95)] * 1e3:.3f} ms, most {ordered[-1] * 1e3:.3f} ms,"
        f" {sum(len(text) for _, text in texts) / len(texts):.0f} characters at the mean"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--misses", action="store_true")
    options.add_argument("--bundle", action="store_true")
    chosen = options.parse_args()
    folder = data_folder()
    measure(folder, misses=chosen.misses)
    in_articles(folder)
    bundle(folder, show=chosen.bundle)


if __name__ == "__main__":
    main()
