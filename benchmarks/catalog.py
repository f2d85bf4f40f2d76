"""What the catalog and the reading of texts cost, beside git itself: python -m benchmarks.catalog.

Sizes as arguments, default 10,000 and 100,000 revisions; ``--picture FILE.svg`` draws
what was measured. Each repository is made for the purpose: articles with five versions each, some
hours apart, in folders by date, one commit a revision, texts of ``--bytes`` bytes. Peers run in the
same run, before and after where that matters; compare ratios, not seconds. Memory is the largest
resident size of a process of its own, files that it maps included. ``--pulls 20`` has two clones
write side by side: of every 20 commits a half is the other one's, and a merge brings it. What
is under way is told on stderr: a million revisions take about twenty minutes, and 3 GB of disk with
``--bytes 900``.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

from benchmarks.drawing import Line, chart
from tracker.catalog.build import bring_up_to_date, rebuild
from tracker.catalog.queries import number_at, track_of
from tracker.catalog.schema import Catalog, catalog_file
from tracker.store.git import Repository, discover
from tracker.store.history import published_history, survey
from tracker.store.reader import Reader

VERSIONS = 5
START = 1_262_304_000  # 1 January 2010
APART = 1800  # seconds between the first versions of two articles
ADA = "Ada Editor <ada{}@example.org>"
GRAPH = 50  # parts of the history whose changed paths are written at once
STARTED = time.monotonic()


def tell(what: str) -> None:
    """What is under way, for the person who waits."""
    print(f"  [{time.monotonic() - STARTED:5.0f} s] {what}", file=sys.stderr, flush=True)


class Measured(NamedTuple):
    """One size."""

    revisions: int
    log: float  # seconds of git log --raw
    build: float  # seconds of the first build
    build_memory: int  # KB, our process
    git_memory: int  # KB, the largest git process of it
    bytes: int  # of the catalog
    repository: int  # bytes
    new: float  # ms: one new revision, seen and asked for
    one: float  # ms: the history of one article, catalog open
    plain: float  # ms: git log -- FILE
    bloom: float  # ms: git log -- FILE with changed-path Bloom filters
    raw: float  # texts a second, git cat-file --batch --buffer
    read: float  # texts a second, Reader.read_many
    read_memory: int  # KB
    pull: float = 0.0  # ms: a merge that brings a colleague's revision, seen and asked for


def make(folder: Path, revisions: int, size: int, pulls: int) -> None:
    """A repository: texts by article, then commits by time."""
    chance = random.Random(7)
    words = [f"{chance.choice('bcdfglmnprst')}{chance.choice('aeiou')}{n:x}" for n in range(5000)]
    lines = [" ".join(chance.choices(words, k=16)) for _ in range(20_000)]
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    importer = subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE
    )
    assert importer.stdin is not None
    write = importer.stdin.write
    articles = revisions // VERSIONS
    for article in range(articles):
        text = chance.choices(lines, k=max(3, size // 110))
        for version in range(VERSIONS):
            text[chance.randrange(len(text))] = chance.choice(lines)
            data = "\n\n".join([f"# Story {article}", *text, ""]).encode()
            write(b"blob\nmark :%d\ndata %d\n" % (article * VERSIONS + version + 1, len(data)))
            write(data + b"\n")
    for number, commit in enumerate(_commits(articles, pulls)):
        if number % 100_000 == 0:
            tell(f"{number:,} of {revisions:,} commits made")
        write(commit.encode())
    importer.stdin.close()
    if importer.wait():
        raise SystemExit("git fast-import failed")


def _commits(articles: int, pulls: int) -> Iterator[str]:
    """The commits, in the words of fast-import; of two clones where there are pulls."""
    marks = count(articles * VERSIONS + 1)
    fork = tip = 0  # marks: the last merge, and the newest commit of main
    ours: dict[int, int] = {}  # versions that this clone wrote since, by article
    theirs: dict[int, int] = {}
    for place, (seconds, article, version) in enumerate(_timeline(articles)):
        here = place % pulls if pulls else 0
        if here == 0:
            if theirs:
                brought = {a: v for a, v in theirs.items() if v > ours.get(a, -1)}
                said = "Merge branch 'main' of example.org:news"
                tip = next(marks)
                yield _commit("main", tip, seconds, said, brought, merged="refs/heads/theirs")
            fork = tip
            ours.clear()
            theirs.clear()
        mark = next(marks)
        said = f"Edit story {article}, version {version}"
        if 2 * here > pulls:
            start = 0 if theirs else fork
            theirs[article] = version
            yield _commit("theirs", mark, seconds, said, {article: version}, start=start)
        else:
            ours[article] = version
            tip = mark
            yield _commit("main", mark, seconds, said, {article: version})


def _commit(
    branch: str,
    mark: int,
    seconds: int,
    message: str,
    written: dict[int, int],
    *,
    start: int = 0,
    merged: str = "",
) -> str:
    lines = [
        f"commit refs/heads/{branch}",
        f"mark :{mark}",
        f"committer {ADA.format(sum(written) % 50)} {seconds} +0000",
        f"data {len(message)}",
        message,
    ]
    lines += [f"from :{start}"] if start else [f"merge {merged}"] if merged else []
    lines += [f"M 100644 :{a * VERSIONS + v + 1} {path_of(a)}" for a, v in written.items()]
    return "\n".join([*lines, "", ""])


def path_of(article: int) -> str:
    day = datetime.fromtimestamp(START + article * APART, UTC)
    return f"articles/{day:%Y/%m/%d}/story-{article}.md"


def _timeline(articles: int) -> Iterator[tuple[int, int, int]]:
    """When which version of which article comes, in the order of time."""
    chance = random.Random(8)
    waiting: list[tuple[int, int, int]] = []
    for article in range(articles):
        at = START + article * APART
        for version in range(VERSIONS):
            heapq.heappush(waiting, (at, article, version))
            at += chance.randrange(600, 86_400)
        until = START + (article + 1) * APART
        while waiting and waiting[0][0] < until:
            yield heapq.heappop(waiting)
    while waiting:
        yield heapq.heappop(waiting)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def quiet(folder: Path, *words: str, feed: bytes | None = None) -> float:
    """Seconds of a git command whose output goes nowhere."""
    return timed(
        lambda: subprocess.run(
            ["git", *words], cwd=folder, input=feed, stdout=subprocess.DEVNULL, check=True
        )
    )


def child(what: str, folder: Path) -> dict[str, float]:
    """A measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.catalog", "--child", what, str(folder)],
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def as_child(what: str, folder: Path) -> None:
    repository = discover(folder)
    if what == "build":
        with Catalog(repository) as catalog:
            history = published_history(repository)
            seconds = timed(lambda: rebuild(catalog, repository, history))
        value = seconds
    else:
        blobs = (folder / ".git" / "blobs").read_text().split()
        found = 0

        def read() -> None:
            nonlocal found
            with Reader(repository) as reader:
                for _, data in reader.read_many(blobs):
                    found += len(data) > 0

        value = len(blobs) / timed(read)
        assert found == len(blobs)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"value": value, "own": own, "git": others}))


def measure(folder: Path, revisions: int, size: int, pulls: int) -> Measured:
    make(folder, revisions, size, pulls)
    repository = discover(folder)
    log = ("log", "--raw", "HEAD", "--")
    if revisions < 500_000:
        quiet(folder, *log)  # into the system's cache; what was just written is there as a rule
    tell("git log --raw")
    before = quiet(folder, *log)
    tell("the catalog")
    built = child("build", folder)
    tell("git log --raw again")
    after = quiet(folder, *log)
    tell("histories, new revisions")
    one = histories(repository, revisions)
    new = new_revisions(folder)
    pull = pulled(folder)
    tell("texts")
    raw, read, memory = reading(folder)
    path = path_of(revisions // VERSIONS // 2)
    tell("git log -- FILE")
    plain = quiet(folder, "log", "--raw", "HEAD", "--", path)
    changed_paths(discover(folder))
    tell("git log -- FILE, with the filters")
    bloom = min(quiet(folder, "log", "--raw", "HEAD", "--", path) for _ in range(3))
    packs = sum(file.stat().st_size for file in (folder / ".git" / "objects").rglob("*.pack"))
    return Measured(
        revisions,
        (before + after) / 2,
        built["value"],
        int(built["own"]),
        int(built["git"]),
        catalog_file(repository).stat().st_size,
        packs,
        new * 1000,
        one * 1000,
        plain * 1000,
        bloom * 1000,
        raw,
        read,
        memory,
        pull * 1000,
    )


def changed_paths(repository: Repository) -> None:
    """Write the commit graph with its filters, a part at a time: all at once needs much memory."""
    line = survey(repository, published_history(repository))
    for place in range(GRAPH - 1, len(line.ends) + GRAPH - 1, GRAPH):
        end = line.ends[min(place, len(line.ends) - 1)]
        words = (
            "commit-graph",
            "write",
            "--stdin-commits",
            "--split=no-merge",
            "--changed-paths",
            "--no-progress",
        )
        quiet(repository.git.directory, *words, feed=f"{end}\n".encode())
        tell(f"changed paths of {min(place + 1, len(line.ends))} parts of {len(line.ends)}")


def histories(repository: Repository, revisions: int) -> float:
    """Seconds of one article's history, median of many, with the catalog open."""
    chance = random.Random(9)
    with Catalog(repository) as catalog:
        connection = catalog.connection

        def ask() -> None:
            number = number_at(connection, path_of(chance.randrange(revisions // VERSIONS)))
            assert number is not None
            assert track_of(connection, number).versions

        return statistics.median(timed(ask) for _ in range(500))


def new_revisions(folder: Path) -> float:
    """Seconds from a repository with one new revision to the history that has it."""
    found = []
    for number in range(15):
        made = _edit(folder, number * 3, 2_000_000_000 + number, [_tip(folder)])
        found.append(timed(partial(_ask, folder, number * 3, made)))
    return statistics.median(found)


def pulled(folder: Path) -> float:
    """Seconds from a merge of a colleague's revision, beside one's own, to the history of it."""
    found = []
    for number in range(15):
        seconds = 2_100_000_000 + 10 * number
        _edit(folder, 300 + number * 3, seconds, [_tip(folder)])
        with Catalog(discover(folder)) as catalog:
            repository = discover(folder)
            bring_up_to_date(catalog, repository, published_history(repository))
        mine = _tip(folder)
        article = 301 + number * 3
        theirs = _edit(folder, article, seconds + 1, [f"{mine}~1"], branch="theirs")
        _edit(folder, article, seconds + 1, [mine, theirs])
        found.append(timed(partial(_ask, folder, article, theirs)))
    return statistics.median(found)


def _tip(folder: Path) -> str:
    words = ("git", "rev-parse", "HEAD")
    said = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, check=True).stdout
    return said.decode().strip()


def _edit(
    folder: Path, article: int, seconds: int, parents: list[str], branch: str = "main"
) -> str:
    """One more commit, a merge where it has two parents; its hash."""
    text = f"# Changed\n\nNow it says number {seconds}.\n"
    said = "Edit" if len(parents) == 1 else "Merge branch 'main' of example.org:news"
    lines = [
        *([f"reset refs/heads/{branch}"] if branch != "main" else []),
        f"commit refs/heads/{branch}",
        f"committer Ada <ada@example.org> {seconds} +0000",
        f"data {len(said)}",
        said,
        f"from {parents[0]}",
        *(f"merge {parent}" for parent in parents[1:]),
        f"M 100644 inline {path_of(article)}",
        f"data {len(text)}",
        text,
    ]
    quiet(folder, "fast-import", "--quiet", "--force", feed="\n".join(lines).encode())
    words = ("git", "rev-parse", f"refs/heads/{branch}")
    made = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, check=True).stdout
    return made.decode().strip()


def _ask(folder: Path, article: int, newest: str) -> None:
    """The history of an article that ends with a commit, from a folder on."""
    repository = discover(folder)
    with Catalog(repository) as catalog:
        bring_up_to_date(catalog, repository, published_history(repository))
        number = number_at(catalog.connection, path_of(article))
        assert number is not None
        assert track_of(catalog.connection, number).versions[-1].commit == newest


def reading(folder: Path) -> tuple[float, float, int]:
    """Texts a second by git alone and by our reader, in turns; our memory in KB."""
    with Catalog(discover(folder)) as catalog:
        rows = catalog.connection.execute(
            "SELECT hex(blob) FROM version ORDER BY article, place LIMIT 200000"
        )
        blobs = [row[0].lower() for row in rows]
    listed = "".join(f"{blob}\n" for blob in blobs)
    (folder / ".git" / "blobs").write_text(listed)
    raws, ours, memory = [], [], 0
    for _ in range(3):
        words = ("cat-file", "--batch", "--buffer")
        raws.append(len(blobs) / quiet(folder, *words, feed=listed.encode()))
        done = child("read", folder)
        ours.append(done["value"])
        memory = max(memory, int(done["own"]))
    return statistics.median(raws), statistics.median(ours), memory


def show(found: Measured) -> None:
    print(f"{found.revisions:,} revisions, packs of {found.repository / 1e6:.0f} MB")
    print(f"  git log --raw                  {found.log:9.2f} s")
    print(f"  first build                    {found.build:9.2f} s   {found.build / found.log:.2f}")
    print(
        f"  its memory {found.build_memory / 1024:.0f} MB, of git {found.git_memory / 1024:.0f} MB;"
        f" the catalog {found.bytes / 1e6:.1f} MB"
    )
    print(f"  one new revision               {found.new:9.2f} ms")
    print(f"  one pull of a new revision     {found.pull:9.2f} ms")
    print(f"  history of one article         {found.one:9.3f} ms")
    print(f"  git log -- FILE                {found.plain:9.1f} ms")
    print(f"  git log -- FILE, Bloom filters {found.bloom:9.1f} ms")
    print(f"  git cat-file --batch --buffer  {found.raw:9,.0f} texts/s")
    print(
        f"  read_many                      {found.read:9,.0f} texts/s {found.read / found.raw:.2f}"
    )
    print(f"  its memory {found.read_memory / 1024:.0f} MB", flush=True)


def draw(found: list[Measured]) -> str:
    def line(name: str, value: Callable[[Measured], float]) -> Line:
        return Line(name, tuple((float(each.revisions), value(each)) for each in found))

    lines = [
        line("first build", lambda each: each.build * 1000),
        line("git log --raw", lambda each: each.log * 1000),
        line("git log -- FILE (Bloom)", lambda each: each.bloom),
        line("one new revision", lambda each: each.new),
        line("history of one article", lambda each: each.one),
    ]
    return chart("The catalog as an archive grows", "revisions", "milliseconds", lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    arguments.add_argument("--bytes", type=int, default=5600, help="of a text")
    arguments.add_argument(
        "--pulls", type=int, default=0, metavar="N", help="merge every N commits"
    )
    arguments.add_argument("--picture", type=Path)
    arguments.add_argument("--results", type=Path, help="JSON: read what was measured, and add")
    if sys.argv[1:2] == ["--child"]:
        as_child(sys.argv[2], Path(sys.argv[3]))
        return
    asked = arguments.parse_args()
    found = []
    if asked.results and asked.results.exists():
        found = [Measured(*each) for each in json.loads(asked.results.read_text())]
    for size in asked.sizes:
        with tempfile.TemporaryDirectory() as name:
            found.append(measure(Path(name) / "r", size, asked.bytes, asked.pulls))
        show(found[-1])
        found.sort()
        if asked.results:
            asked.results.write_text(json.dumps(found))
    if asked.picture:
        asked.picture.write_text(draw(found), encoding="utf-8")


if __name__ == "__main__":
    main()
