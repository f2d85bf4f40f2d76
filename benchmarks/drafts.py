"""Do drafted notes say what the desk said, and do its notes tell all that changed?

Usage: TRACKER_DATA=FOLDER python benchmarks/drafts.py [PYTHON_OF_ANOTHER_VERSION] [--list]

Reads ``govuk-notes.jsonl.gz``: texts before and after with the desk's note. Of the notes that name
a number, a date or a name that changed (that stands in one text more often than in the other), it
prints the share of drafts that name them all. A draft is the sentence alone, without the list of
what else changed; its kind is the one that the note's words speak of. With the interpreter of
another version, the same is printed for that one: for before and after in one run.

It also prints how many notes that name a fact name one that changed, and on how many the rule
``note-incomplete`` speaks; with ``--list`` what it says, to be judged by reading.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from calendar import month_name
from pathlib import Path
from typing import NamedTuple

from tracker import compare
from tracker.house.style import load
from tracker.locale import sentence
from tracker.policy.notes import untold

WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
SPELLED = "one two three four five six seven eight nine ten"
NUMBERS = {word: str(value) for value, word in enumerate(SPELLED.split(), 1)}
MONTHS = {name.casefold(): str(number) for number, name in enumerate(month_name) if name}
OPENS = re.compile(r"(?:^|[.!?:]\s+|[–—-]\s)[“‘\"']?$")
DRAFTING = """
import json, sys
from tracker import compare
from tracker.house.draft import draft
from tracker.house.style import load
style = load("guardian")
for line in sys.stdin:
    old, new, kind = json.loads(line)
    print(json.dumps(draft(compare(old, new, style=style), kind, style).text), flush=True)
"""


class Row(NamedTuple):
    """A change with its note."""

    note: str
    before: str
    after: str
    kind: str  # of the note, by its words
    facts: frozenset[str]  # numbers, months and names in the note that changed


def rows() -> list[Row]:
    """The changes with their notes."""
    folder = os.environ.get("TRACKER_DATA", "")
    if not folder:
        sys.exit("TRACKER_DATA names no folder of data.")
    found = []
    with gzip.open(Path(folder) / "govuk-notes.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            kind = "correction" if "correct" in row["note"].casefold() else "update"
            named = changed(row["note"], row["before"], row["after"])
            found.append(Row(row["note"], row["before"], row["after"], kind, named))
    return found


def changed(note: str, before: str, after: str) -> frozenset[str]:
    """The facts of a note that stand in one text more often than in the other."""
    old, new = list(words(before)), list(words(after))
    return frozenset(fact for fact in facts(note) if old.count(fact) != new.count(fact))


def facts(note: str) -> set[str]:
    """Numbers, months, and words with a capital letter that do not open a sentence."""
    found = set()
    for word in WORD.finditer(note):
        said = same(word[0])
        opens = OPENS.search(note[: word.start()]) is not None
        named = word[0][0].isupper() and (not opens or word[0][1:].upper() == word[0][1:] != "")
        if said[0].isdigit() or said.startswith("month ") or named:
            found.add(said)
    return found


def words(text: str) -> list[str]:
    """The words of a text as they are compared."""
    return [same(word) for word in WORD.findall(text)]


def same(word: str) -> str:
    """A word in the form in which facts are the same: numbers by value, no case."""
    folded = word.casefold().replace("’", "'").removesuffix("'s")
    if folded in NUMBERS:
        return NUMBERS[folded]
    if folded in MONTHS and word[0].isupper():
        return f"month {MONTHS[folded]}"
    if folded[0].isdigit():
        return re.sub(r",(?=\d\d\d)", "", folded).rstrip(".,:").lstrip("0") or "0"
    return folded


def drafts(python: str, changes: list[Row]) -> list[str]:
    """The drafts of a version, each one line."""
    asked = "\n".join(json.dumps([row.before, row.after, row.kind]) for row in changes)
    done = subprocess.run(
        [python, "-c", DRAFTING],
        input=asked,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(python).parent,  # not here: this version would be imported
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def incomplete(changes: list[Row]) -> None:
    """Prints on how many notes the rule speaks, and what it says."""
    style = load("guardian")
    spoken = 0
    for row in changes:
        missing = untold(compare(row.before, row.after, style=style).why, row.note, "en")
        spoken += bool(missing)
        if missing and "--list" in sys.argv:
            print(f"\n- {row.note[:300]}\n  not told: {sentence(missing[0])}")
    print(f"note-incomplete speaks on {spoken} of {len(changes)} notes")


def main() -> None:
    others = [each for each in sys.argv[1:] if not each.startswith("--")]
    every = rows()
    incomplete(every)
    print(f"{sum(bool(facts(row.note)) for row in every)} notes name a number, a date or a name")
    changes = [row for row in every if row.facts]
    print(f"{len(changes)} notes name a number, a date or a name that changed")
    for python in [*others, sys.executable]:
        made = drafts(python, changes)
        missing = [row.facts - set(words(text)) for row, text in zip(changes, made, strict=True)]
        named = sum(len(row.facts) for row in changes)
        whole = sum(not each for each in missing)
        share = 1 - sum(map(len, missing)) / named
        print(f"{python}: {whole} of {len(changes)} name all ({whole / len(changes):.2f});")
        print(f"  {share:.2f} of the {named} facts; {sum(not each for each in made)} empty")
        if "--list" in sys.argv:
            for row, text, without in zip(changes, made, missing, strict=True):
                print(f"\n- {row.note[:300]}\n  {text or '(nothing)'}")
                if without:
                    print(f"  not named: {', '.join(sorted(without))}")


if __name__ == "__main__":
    main()
