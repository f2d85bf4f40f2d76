"""How many dated notes of a newsroom have not the year of the revision that brought them.

Run ``python benchmarks/note_years.py REPOSITORY [FOLDER]``. For each note that stands in an
article today and gives a day, the first version that has its words is looked for, text by text and
without the library's histories; the note is off where its date lies more than 60 days from that
version's commit and gives no year itself. ``--list`` prints those.
"""

from __future__ import annotations

import argparse
import subprocess
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from tracker import Newsroom, find_notes
from tracker.house.notes.merge import key

FAR = 60  # days


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), *words], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def with_dated_notes(repository: Path, folder: str) -> list[str]:
    """The paths of the articles whose newest text has a note with a day."""
    names = git(repository, "ls-tree", "-r", "--name-only", "HEAD", "--", folder).splitlines()
    names = [name for name in names if name.endswith((".md", ".markdown"))]
    asked = "".join(f"HEAD:{name}\n" for name in names).encode()
    words = ["git", "-C", str(repository), "cat-file", "--batch"]
    answer = subprocess.run(words, input=asked, capture_output=True, check=True).stdout
    found, at = [], 0
    for name in names:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].rsplit(b" ", 1)[1])
        text = answer[end + 1 : end + 1 + size].decode("utf-8", "replace")
        at = end + size + 2
        if any(note.date for note in find_notes(text, as_of=date(2100, 1, 1))):
            found.append(name)
    return found


def brought(room: Newsroom, path: str, words: str) -> datetime | None:
    """When the first version of an article that has these words was committed."""
    for version in room.track(path).versions:
        text = git(Path(room.repo.git_dir), "cat-file", "blob", version.blob)
        if any(key(note.text) == key(words) for note in find_notes(text, as_of=version.at.date())):
            return version.at
    return None


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("repository", type=Path)
    asked.add_argument("folder", nargs="?", default=".")
    asked.add_argument("--list", action="store_true")
    asked.add_argument("--most", type=int, default=None, help="articles to look at")
    chosen = asked.parse_args()
    room = Newsroom(chosen.repository)
    dated = off = 0
    for path in islice(with_dated_notes(chosen.repository, chosen.folder), chosen.most):
        for note in room.life(path, compared=False).notes:
            if note.precision == "none":
                continue
            dated += 1
            came = brought(room, path, note.text)
            far = came is not None and abs((note.at.date() - came.date()).days) > FAR
            if far and str(note.at.year) not in note.written:
                off += 1
                if chosen.list:
                    print(path, note.at.date(), came and came.date(), note.written[:80])
    print(
        f"{dated} dated notes, {off} with the year of another revision ({off / max(dated, 1):.1%})"
    )


if __name__ == "__main__":
    main()
