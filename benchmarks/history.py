"""What reading history costs, beside git itself, and what it finds that git does not.

    python benchmarks/history.py REPOSITORY [ARTICLE…]

REPOSITORY is a folder or a bundle (which is cloned first); without it, only the mass moves made for
the purpose are measured. Times are the best of three runs, wall clock; compare ratios, not seconds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from tests.histories import track, tracks
from tracker.model import Track
from tracker.store.git import Repository, discover


def seconds(work: Callable[[], object], times: int = 3) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def git(repository: Repository, *words: str) -> str:
    return repository.git.text(*words)


def measure_times(repository: Repository, articles: list[Track]) -> None:
    raw = seconds(lambda: git(repository, "log", "--raw", "-z", "--no-abbrev", "HEAD", "--"))
    every = seconds(lambda: tracks(repository))
    print(f"git log --raw, whole repository   {raw * 1000:8.0f} ms   1.0")
    print(f"tracks(), every article           {every * 1000:8.0f} ms   {every / raw:.1f}")
    for one in articles:
        follow = seconds(
            lambda path=one.path: git(repository, "log", "--follow", "--raw", "--", path)  # type: ignore[misc]
        )
        ours = seconds(lambda path=one.path: track(repository, path))  # type: ignore[misc]
        print(f"git log --follow -- {one.path[-40:]}  {follow * 1000:.0f} ms")
        print(
            f"  track(), {len(one.versions)} versions  {ours * 1000:.0f} ms, "
            f"{ours / follow:.1f} of --follow, {ours / raw:.2f} of --raw"
        )


def measure_findings(repository: Repository, articles: list[Track]) -> None:
    """Versions per article, beside git's own ways to ask."""
    standing = [one for one in articles if not one.deleted]
    ways = {
        "git log -- PATH": ["log", "--format=%H"],
        "git log --first-parent -- PATH": ["log", "--format=%H", "--first-parent"],
        "git log --follow -- PATH": ["log", "--format=%H", "--follow"],
        "git log --follow --first-parent -- PATH": [
            "log",
            "--format=%H",
            "--follow",
            "--first-parent",
        ],
    }
    ours = [len(one.versions) for one in standing]
    print(f"articles that stand {len(standing)}, deleted {len(articles) - len(standing)}")
    print(f"  {'tracker':42} {sum(ours):6} versions")
    for name, words in ways.items():
        counts = [len(git(repository, *words, "--", one.path).split()) for one in standing]
        fewer = sum(mine < theirs for mine, theirs in zip(ours, counts, strict=True))
        more = sum(mine > theirs for mine, theirs in zip(ours, counts, strict=True))
        print(f"  {name:42} {sum(counts):6}   we have more for {more}, fewer for {fewer}")
    kinds = [event.kind for one in articles for event in one.events]
    print("  events:", ", ".join(f"{kind} {kinds.count(kind)}" for kind in sorted(set(kinds))))


def mass_move(folder: Path, count: int, *, rename: bool) -> Repository:
    """One commit that deletes and edits, and adds elsewhere, so many articles at once."""
    random = Random(7)
    words = [f"word{number}" for number in range(5000)]
    texts = [" ".join(random.choices(words, k=800)) for _ in range(count)]
    folder.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    stream = []
    for step in range(2):
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.org> {1000 + step} +0000\n")
        stream.append("data 4\nStep\ndeleteall\n")
        for number, text in enumerate(texts):
            path = f"_posts/2020-01-01-article-{number}.md"
            if step:
                path = f"content/{'renamed' if rename else 'article'}-{number}.md"
                text = " ".join(
                    word if place % 9 else "edited" for place, word in enumerate(text.split())
                )
            stream.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=folder, input="".join(stream).encode(), check=True
    )
    return discover(folder)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        if sys.argv[1:]:
            place = Path(sys.argv[1])
            if place.is_file():
                subprocess.run(["git", "clone", "-q", str(place), str(temporary / "r")], check=True)
                place = temporary / "r"
            repository = discover(place)
            articles = list(tracks(repository))
            standing = [one for one in articles if not one.deleted]
            chosen = [one for one in standing if one.path in sys.argv[2:]]
            longest = sorted(standing, key=lambda one: len(one.versions))
            measure_times(repository, chosen or longest[-1:] + longest[:1])
            measure_findings(repository, articles)
        for rename in (False, True):
            repository = mass_move(temporary / f"mass{rename}", 1500, rename=rename)
            took = seconds(partial(tracks, repository), 1)
            found = tracks(repository)
            moved = sum(not one.deleted and len(one.versions) == 2 for one in found)
            base = seconds(
                partial(git, repository, "diff", "--raw", "-M", "-l0", "HEAD^", "HEAD"), 1
            )
            print(
                f"1,500 articles edited and moved{' under new names' if rename else ''}: {moved} "
                f"followed in {took:.2f} s; git diff -M -l0 takes {base:.2f} s ({took / base:.2f})"
            )


if __name__ == "__main__":
    main()
