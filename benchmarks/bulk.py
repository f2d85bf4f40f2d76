"""Rate and size of a bulk import against ``git fast-import``: python benchmarks/bulk.py.

Sizes as arguments, default 10,000 and 100,000 revisions; ``--picture docs/bulk.svg`` draws what
was measured. Articles of 5.6 KB with five versions each, one to four edited sentences a version,
one in twenty with a note; folders by date. The peer is ``git fast-import`` fed from a file with
the same revisions in the best order there is: texts by article, then commits by time. It is run
before and after each import, and the mean of both is taken. Our input is JSON Lines in time order,
its worst; our time is that of the whole process, from its start to its end, with the packing.
With ``--from-git``, what was imported is then imported from there into one more repository.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.drawing import Line, chart

VERSIONS = 5  # of each article
START = 1_262_304_000  # 1 January 2010
ADA = "Ada Editor"
NOTE = "\nCorrection: An earlier version of this article misstated a number.\n"


class Revision(NamedTuple):
    """One revision of the made archive."""

    seconds: int
    path: str
    text: str


class Measured(NamedTuple):
    """One size."""

    revisions: int
    peer_seconds: float
    seconds: float
    peer_bytes: int
    bytes_before: int  # of the new repository
    bytes: int
    bytes_after_gc: int
    memory: int  # KB, the largest of our process
    git_memory: int  # KB, the largest git process of it
    from_git: Ours | None  # the same revisions out of our repository


class Ours(NamedTuple):
    """One import by us."""

    seconds: float  # of the whole process
    memory: int  # KB, the largest of our process
    git_memory: int  # KB, the largest git process of it


class Prose:
    """Sentences of made-up words, as unlike each other as real ones."""

    def __init__(self, seed: int, paragraphs: int) -> None:
        self.paragraphs = paragraphs
        self.chance = random.Random(seed)
        starts = [*"bcdfghjklmnprstvw", "st", "tr", "ch", "pl"]
        vowels = [*"aeiou", "ai", "ou"]
        pick = self.chance.choice
        words = [
            "".join(pick(starts) + pick(vowels) for _ in range(pick((1, 1, 2, 2, 3))))
            for _ in range(6000)
        ]
        weights = [1 / (place + 5) for place in range(6000)]
        length = self.chance.randint
        self.sentences = [
            " ".join(self.chance.choices(words, weights, k=length(8, 24))).capitalize() + "."
            for _ in range(100_000)
        ]

    def article(self, number: int) -> Iterator[Revision]:
        """The versions of one article, oldest first."""
        chance, pick = self.chance, self.chance.choice
        paragraphs = [[pick(self.sentences) for _ in range(3)] for _ in range(self.paragraphs)]
        seconds = START + chance.randrange(12 * 365 * 86_400)
        day = datetime.fromtimestamp(seconds, UTC)
        path = f"articles/{day:%Y/%m/%d}/story-{number}.md"
        head = f"---\ntitle: Story {number}\ndate: {day:%Y-%m-%d}\nauthor: {ADA}\n---\n\n"
        note = ""
        for version in range(VERSIONS):
            if version:
                seconds += chance.randint(600, 3 * 86_400)
                for _ in range(chance.randint(1, 4)):
                    pick(paragraphs)[chance.randrange(3)] = pick(self.sentences)
            if version == 2 and number % 20 == 0:
                note = NOTE
            body = "\n\n".join(" ".join(each) for each in paragraphs)
            yield Revision(seconds, path, f"{head}{body}\n{note}")


def write(count: int, folder: Path, paragraphs: int) -> tuple[Path, Path]:
    """The peer's stream and our JSON Lines, for so many revisions; memory stays bounded."""
    import sqlite3

    prose = Prose(7, paragraphs)
    stream, lines = folder / "stream", folder / "archive.jsonl"
    plan = sqlite3.connect(folder / "plan.sqlite3")
    plan.execute("CREATE TABLE plan (seconds, path, mark INTEGER, place INTEGER, size INTEGER)")
    place = 0
    # Articles come by path, as the best order wants them: by the day of their first version.
    with (folder / "texts").open("wb") as texts:
        for number in range(count // VERSIONS):
            for each in prose.article(number):
                data = each.text.encode()
                texts.write(data)
                row = (each.seconds, each.path, place, len(data))
                plan.execute("INSERT INTO plan VALUES (?, ?, NULL, ?, ?)", row)
                place += len(data)
    by_article = "SELECT rowid, place, size FROM plan ORDER BY path, seconds"
    with stream.open("wb") as out, (folder / "texts").open("rb") as texts:
        for mark, (row_id, place, size) in enumerate(plan.execute(by_article).fetchall(), 1):
            texts.seek(place)
            out.write(b"blob\nmark :%d\ndata %d\n%s\n" % (mark, size, texts.read(size)))
            plan.execute("UPDATE plan SET mark = ? WHERE rowid = ?", (mark, row_id))
        for seconds, path, mark in plan.execute(
            "SELECT seconds, path, mark FROM plan ORDER BY seconds, path"
        ):
            message = f"Edit {path}\n".encode()
            who = f"{ADA} <ada@example.org> {seconds} +0000".encode()
            out.write(
                b"commit refs/heads/main\nauthor %s\ncommitter %s\ndata %d\n%sM 100644 :%d %s\n\n"
                % (who, who, len(message), message, mark, path.encode())
            )
    author = {"name": ADA, "email": "ada@example.org"}
    with lines.open("w", encoding="utf-8") as written, (folder / "texts").open("rb") as texts:
        for seconds, path, place, size in plan.execute(
            "SELECT seconds, path, place, size FROM plan ORDER BY seconds, path"
        ):
            texts.seek(place)
            at = datetime.fromtimestamp(seconds, UTC).isoformat()
            version = {
                "path": path,
                "at": at,
                "author": author,
                "text": texts.read(size).decode(),
            }
            written.write(json.dumps(version, ensure_ascii=False) + "\n")
    plan.close()
    for name in ("plan.sqlite3", "texts"):
        (folder / name).unlink()
    return stream, lines


def repository(folder: Path) -> Path:
    """A new bare repository in the place of one that may be there."""
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "config", "user.name", ADA], check=True)
    subprocess.run(
        ["git", "-C", str(folder), "config", "user.email", "ada@example.org"], check=True
    )
    return folder


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def peer(folder: Path, stream: Path) -> float:
    """Seconds of ``git fast-import`` from the file."""
    target = repository(folder)
    began = time.perf_counter()
    with stream.open("rb") as given:
        subprocess.run(["git", "fast-import", "--quiet"], cwd=target, stdin=given, check=True)
    return time.perf_counter() - began


_OURS = """
import resource, sys
from tracker.__main__ import main
try:
    main(["import", *sys.argv[1:]])
finally:
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        print("peak", resource.getrusage(who).ru_maxrss, file=sys.stderr)
"""


def ours(target: Path, *source: str) -> Ours:
    """An import from a source into a repository."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _OURS, *source, "--into", str(target)],
        capture_output=True,
        text=True,
    )
    taken = time.perf_counter() - began
    assert done.returncode == 0, done.stderr
    peaks = [int(line.split()[1]) for line in done.stderr.splitlines() if line.startswith("peak")]
    return Ours(taken, peaks[0], peaks[1])


def measure(count: int, folder: Path, paragraphs: int, *, alone: bool, from_git: bool) -> Measured:
    """One size: the peer, we, the peer again; or we alone. Then from our repository, if asked."""
    stream, lines = write(count, folder, paragraphs)
    before = 0.0 if alone else peer(folder / "peer.git", stream)
    bytes_before = size(repository(folder / "ours.git"))
    once = ours(folder / "ours.git", str(lines))
    after = 0.0 if alone else peer(folder / "peer.git", stream)
    peer_bytes = 0 if alone else size(folder / "peer.git")
    our_bytes = size(folder / "ours.git")
    subprocess.run(["rm", "-rf", str(folder / "peer.git")], check=True)
    stream.unlink()
    lines.unlink()
    again = None
    if from_git:
        again = ours(repository(folder / "again.git"), "--from-git", str(folder / "ours.git"))
        assert commits(folder / "again.git") == commits(folder / "ours.git")
        subprocess.run(["rm", "-rf", str(folder / "again.git")], check=True)
    subprocess.run(["git", "-C", str(folder / "ours.git"), "gc", "-q"], check=True)
    after_gc = size(folder / "ours.git")
    # In short texts, an edit may put in the sentence that stood there.
    assert 0 <= count - commits(folder / "ours.git") <= count // 10_000
    return Measured(
        count, (before + after) / 2, once.seconds, peer_bytes, bytes_before, our_bytes, after_gc,
        once.memory, once.git_memory, again,
    )  # fmt: skip


def commits(folder: Path) -> int:
    """How many commits a repository's branch has."""
    counted = subprocess.run(
        ["git", "-C", str(folder), "rev-list", "--count", "main"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(counted.stdout)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--alone", action="store_true", help="without git fast-import beside it")
    parser.add_argument("--from-git", action="store_true", help="from our repository once more")
    parser.add_argument("--paragraphs", type=int, default=18, help="of 0.3 KB, in an article")
    parser.add_argument("--folder", type=Path, help="where the repositories are made")
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    measured = []
    print(
        "revisions | fast-import | tracker import | rate | repository before | after"
        ", of fast-import's | after git gc | memory: ours | largest git"
    )
    for count in given.sizes:
        with tempfile.TemporaryDirectory(dir=given.folder) as name:
            one = measure(
                count, Path(name), given.paragraphs, alone=given.alone, from_git=given.from_git
            )
        measured.append(one)
        beside, rate, times = "–", "–", "–"
        if one.peer_seconds:
            beside = f"{one.peer_seconds:6.1f} s, {count / one.peer_seconds:,.0f}/s"
            rate = f"{one.peer_seconds / one.seconds:.2f}"
            times = f"{one.bytes / one.peer_bytes:.2f} times"
        print(
            f"{one.revisions:9,} | {beside}"
            f" | {one.seconds:6.1f} s, {count / one.seconds:,.0f}/s | {rate}"
            f" | {one.bytes_before / 1e6:.2f} MB"
            f" | {one.bytes / 1e6:.1f} MB, {times}"
            f" | {one.bytes_after_gc / 1e6:.1f} MB"
            f" | {one.memory / 1024:.0f} MB | {one.git_memory / 1024:.0f} MB",
            flush=True,
        )
        if one.from_git is not None:
            taken, memory, git_memory = one.from_git
            print(
                f"{one.revisions:9,} | --from-git | {taken:6.1f} s, {count / taken:,.0f}/s"
                f" | memory: {memory / 1024:.0f} MB | {git_memory / 1024:.0f} MB",
                flush=True,
            )
    if given.picture is not None:
        given.picture.write_text(_picture(measured), "utf-8")


def _picture(measured: list[Measured]) -> str:
    lines = {
        "tracker import, seconds": [one.seconds for one in measured],
        "git fast-import, seconds": [one.peer_seconds for one in measured],
        "repository, MB": [one.bytes / 1e6 for one in measured],
        "memory of tracker, MB": [one.memory / 1024 for one in measured],
        "memory of its git, MB": [one.git_memory / 1024 for one in measured],
    }
    sizes = [one.revisions for one in measured]
    return chart(
        "Importing an archive in bulk",
        "revisions",
        "seconds, MB",
        [
            Line(name, tuple(zip(sizes, values, strict=True)))
            for name, values in lines.items()
            if all(values)
        ],
    )


if __name__ == "__main__":
    main()
