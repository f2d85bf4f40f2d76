"""Read and write front matter of every version in a real repository: is it right, and how fast?

    python benchmarks/front_matter.py REPOSITORY

For each version of each Markdown file: its bytes come back from its text; a note is added, a second
one added, one changed, one taken out, all taken out; and after each step the notes read back are
those written, and taking all out gives back the text as it was.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from tracker.errors import TrackerError
from tracker.model import Note
from tracker.text.document import decode, encode, notes_of, parse, with_updates

FIRST = Note(
    "u1",
    "update",
    'This article has been updated to add that "nothing" was said: # 😀',
    datetime(2022, 5, 12, 7, 45, tzinfo=timezone(timedelta(hours=-4))),
)
SECOND = Note("u2", "correction", "It was 40, not 400.", datetime(2022, 5, 13, tzinfo=UTC), "day")


def versions(repository: Path) -> Iterator[bytes]:
    """Yield the content of every version of every Markdown file, each content once."""
    log = subprocess.run(
        ["git", "-C", repository, "log", "--raw", "--no-abbrev", "-m", "--format="],
        check=True,
        capture_output=True,
    ).stdout
    lines = [line.split() for line in log.splitlines() if line.endswith((b".md", b".markdown"))]
    blobs = sorted({line[3] for line in lines} - {b"0" * 40})
    found = subprocess.run(
        ["git", "-C", repository, "cat-file", "--batch"],
        check=True,
        capture_output=True,
        input=b"\n".join(blobs) + b"\n",
    ).stdout
    at = 0
    for _ in blobs:
        end = found.index(b"\n", at)
        size = int(found[at:end].split()[2])
        yield found[end + 1 : end + 1 + size]
        at = end + size + 2


def spliced_right(text: str) -> bool:
    one = with_updates(parse(text), [FIRST])
    two = with_updates(parse(one), [FIRST, SECOND])
    taken_back = FIRST._replace(withdrawn=SECOND.at)
    changed = with_updates(parse(two), [taken_back, SECOND])
    return (
        notes_of(parse(two)) == (FIRST, SECOND)
        and notes_of(parse(changed)) == (taken_back, SECOND)
        and with_updates(parse(changed), [FIRST, SECOND]) == two
        and notes_of(parse(with_updates(parse(two), [SECOND]))) == (SECOND,)
        and with_updates(parse(two), [FIRST]) == one
        and with_updates(parse(one), []) == text
    )


def main() -> None:
    found = list(versions(Path(sys.argv[1])))
    counts: Counter[str] = Counter(versions=len(found))
    reading = 0.0
    for data in found:
        try:
            text, encoding = decode(data)
        except TrackerError:
            counts["not text"] += 1
            continue
        counts["bytes come back"] += encode(text, encoding) == data
        start = time.perf_counter()
        document = parse(text)
        reading += time.perf_counter() - start
        matter = document.front_matter
        if matter is None or matter.format == "pelican":
            counts["without YAML or TOML"] += 1
        elif matter.error is not None:
            counts["does not parse"] += 1
        else:
            counts["parses"] += 1
            try:
                counts["spliced right"] += spliced_right(text)
            except TrackerError as error:
                counts[f"refused: {error.sentence}"] += 1
    for name, count in counts.items():
        print(f"{count:7,}  {name}")
    print(f"{reading / max(len(found), 1) * 1e6:7.0f}  microseconds to read one")


if __name__ == "__main__":
    main()
