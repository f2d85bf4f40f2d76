"""Time of feeds, the API, Memento and exports on a large newsroom: python -m benchmarks.machines.

``[ARTICLES]``, default 1,000, of three versions each, one in four with a note. Every figure is of
warm catalogs, which the first line fills; answers are those of the application, without a network.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from tracker.newsroom.newsroom import Newsroom
from tracker.web import create_app

START = 1_577_836_800  # 1 January 2020
WORDS = [f"{one}{two}{three}" for one in "bdfgk" for two in "aeiou" for three in ("n", "r", "st")]


def text(chance: random.Random, number: int, version: int) -> bytes:
    """Some 2 KB; each version has other numbers in two sentences, and one in four a note."""
    said = random.Random(number)  # the same words in each version
    paragraphs = []
    for _ in range(8):
        words = [said.choice(WORDS) for _ in range(45)]
        paragraphs.append(" ".join(words).capitalize() + ".")
    for place in range(min(version, 2)):
        paragraphs[place * 3] += f" There were {chance.randrange(10, 999)} of them."
    front = f"---\ntitle: Article {number}\n"
    if version == 3 and number % 4 == 0:
        front += (
            "updates:\n  - id: u1\n    kind: correction\n    at: 2021-01-01T08:00:00Z\n"
            "    text: An earlier version of this article misstated a number.\n"
        )
    return (front + "---\n\n" + "\n\n".join(paragraphs) + "\n").encode()


def build(folder: Path, articles: int) -> None:
    """The newsroom, with one ``git fast-import``."""
    chance = random.Random(7)
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    importer = subprocess.Popen(
        ["git", "fast-import", "--quiet", "--force"], cwd=folder, stdin=subprocess.PIPE
    )
    assert importer.stdin is not None
    out = importer.stdin
    seconds = START
    for version in (1, 2, 3):
        for number in range(articles):
            seconds += 600
            data = text(chance, number, version)
            who = b"Ada Editor <ada@example.org> %d +0000" % seconds
            out.write(b"commit refs/heads/main\ncommitter %s\ndata 4\nEdit\n" % who)
            path = f"articles/{number % 100:02}/article-{number}.md".encode()
            out.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(data), data))
    out.close()
    importer.wait()
    subprocess.run(["git", "reset", "-q", "--hard"], cwd=folder, check=True)


def timed(what: str, work: Callable[[], object]) -> None:
    started = time.perf_counter()
    work()
    print(f"{what}: {1000 * (time.perf_counter() - started):,.0f} ms", flush=True)


def ask(app: Flask, path: str, when: str | None = None) -> None:
    headers = {"Accept-Datetime": when} if when else {}
    answer = app.test_client().get(path, headers=headers)
    assert answer.status_code in (200, 302, 503), (path, answer.text)
    if answer.status_code == 503:
        time.sleep(1)
        ask(app, path, when)


def main() -> None:
    """Print the figures."""
    articles = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "newsroom"
        build(folder, articles)
        timed("the catalog, from nothing", lambda: list(Newsroom(folder).lives()))
        app = create_app(folder)
        timed("a first page", lambda: ask(app, "/"))
        one = f"articles/42/article-{min(articles - 58, 942)}"
        for path in (
            "/feeds/atom.xml",
            "/feeds/feed.json",
            f"/feeds/{one}/atom.xml",
            f"/timemap/{one}/",
            f"/article/{one}/",
            "/api/articles",
            "/api/revisions",
            "/api/revisions?kind=correction",
            "/api/search?q=Article+42",
            f"/api/history/{one}",
            f"/api/version/latest/{one}",
            "/api/changelog",
            "/api/findings",
        ):
            timed(path, lambda path=path: ask(app, path))  # type: ignore[misc]
        another = f"/article/articles/41/article-{min(articles - 59, 941)}/"
        timed("a TimeGate", lambda: ask(app, another, "Thu, 02 Jan 2020 08:00:00 GMT"))
        command = [sys.executable, "-m", "tracker", "-C", str(folder)]

        def run(*words: str) -> None:
            subprocess.run([*command, *words], check=True, capture_output=True)

        out = str(Path(place) / "out")
        timed("changelog --format atom", lambda: run("changelog", "--format", "atom"))
        timed("export, revisions", lambda: run("export"))
        timed("export, notes", lambda: run("export", "--what", "notes"))
        timed("export, edits", lambda: run("export", "--what", "edits"))
        timed("export, JSON-LD", lambda: run("export", "--format", "jsonld"))
        timed("export, Parquet", lambda: run("export", "--format", "parquet", "--to", out))
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"the largest process had {most} MB")


if __name__ == "__main__":
    main()
