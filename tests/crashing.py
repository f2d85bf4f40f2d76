"""Whole commands that are killed at any moment, and what must hold afterwards.

What kills power cuts stand for here: ``SIGKILL`` to the command, and to its git processes or not.
Files that a command wrote and did not ask the disk for are not lost by that: for those, see
``tests/test_durability.py`` and ``benchmarks/durability.py``.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TRACKER = [sys.executable, "-m", "tracker"]
ROOT = PROGRAM = Path(__file__).parents[1]


def environment() -> dict[str, str]:
    """The tests' own, with this copy of the program found first."""
    return {**os.environ, "PYTHONPATH": str(PROGRAM)}


def git(folder: Path, *words: str) -> str:
    """What git prints; it must succeed."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def tracker(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """A command that is left to end."""
    return subprocess.run(
        [*TRACKER, *words], cwd=folder, capture_output=True, check=False, env=environment()
    )


def ok(folder: Path, *words: str) -> str:
    """What a command prints that must succeed with no step by hand before it."""
    done = tracker(folder, *words)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def killed(folder: Path, words: list[str], moment: float, *, group: bool) -> bool:
    """Start a command and kill it after ``moment`` seconds; True where it had ended before.

    ``group``: its git processes go with it; else they do what they were told to the end.
    """
    running = subprocess.Popen(
        [*TRACKER, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL, start_new_session=True, env=environment(),
    )  # fmt: skip
    try:
        return running.wait(moment) == 0
    except subprocess.TimeoutExpired:
        if group:
            os.killpg(running.pid, signal.SIGKILL)
        else:
            running.kill()
        running.wait(60)
        if not group:
            time.sleep(0.1)
        return False


def sound(folder: Path) -> None:
    """git finds nothing broken."""
    done = subprocess.run(
        ["git", "fsck", "--full", "--strict", "--no-dangling"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    said = [line for line in (done.stdout + done.stderr).splitlines() if b"notice" not in line]
    assert (done.returncode, said) == (0, [])


def left_over(folder: Path) -> list[str]:
    """Lock files, temporary files and half-done imports that are still there."""
    inside = folder / ".git"
    found = [*inside.glob("*.lock"), *inside.glob("refs/**/*.lock"), *folder.glob(".tracker-*")]
    imports = ["a half-done import" for _ in inside.glob("tracker/import-*")]
    return sorted(path.name for path in found) + imports


@dataclass
class Scene:
    """One kind of work that is killed, in a folder of its own."""

    folder: Path
    words: Callable[[int], list[str]]  # the command of a round
    prepare: Callable[[int], None]  # what an editor does before it
    check: Callable[[int, bool], None]  # what must hold after it: the round, and whether it ended
    usual: float = 0.0  # seconds that it takes when it is left alone
    ended: int = 0
    left: list[str] = field(default_factory=list)  # what kills left for the next command
    takes: dict[str, float] = field(default_factory=dict)  # seconds, by command, as it goes on

    def play(self, times: int, chance: random.Random, start: int = 0) -> None:
        """Kill so many commands at random moments, and look after each."""
        for number in range(start, start + times):
            self.prepare(number)
            words = self.words(number)
            usual = self.takes.get(words[0], self.usual)
            moment = chance.uniform(0.03, usual)
            started = time.monotonic()
            done = killed(self.folder, words, moment, group=number % 2 == 0)
            self.ended += done
            # The machine may be busier or idler than before: kills are to fall into the whole work.
            if done:
                usual = (usual + time.monotonic() - started) / 2
            elif moment > 0.9 * usual:
                usual *= 1.1
            self.takes[words[0]] = usual
            self.left += left_over(self.folder)
            self.check(number, done)


def newsroom(folder: Path, articles: int = 3) -> Path:
    """A newsroom with a few articles in it."""
    folder.mkdir(parents=True)
    ok(folder, "init", ".", "--timezone", "UTC")
    for number in range(articles):
        (folder / f"article-{number}.md").write_text(f"Article {number} begins.\n")
    ok(folder, "record", "--all")
    return folder


def recording(folder: Path) -> Scene:
    """``tracker record``, with a note."""
    newsroom(folder)
    reported = {git(folder, "rev-parse", "HEAD")}

    def prepare(number: int) -> None:
        path = folder / "article-1.md"
        path.write_text(path.read_text() + f"\nSentence {number} was added.\n")

    def check(number: int, done: bool) -> None:
        tip = git(folder, "rev-parse", "HEAD")
        if done:
            reported.add(tip)
        assert reported <= set(git(folder, "rev-list", "HEAD").split())
        staged = git(folder, "ls-files", "-s", "article-1.md").split()[1]
        earlier = git(folder, "log", "--format=%H", "--skip=1", "--", "article-1.md").split()
        before = {git(folder, "rev-parse", f"{commit}:article-1.md") for commit in earlier[:3]}
        assert staged not in before, "a reversal is staged"
        ok(folder, "record", "--all")
        assert git(folder, "status", "--porcelain") == ""
        assert (left := left_over(folder)) == [], left
        if number % 10 == 0:
            sound(folder)

    scene = Scene(folder, lambda number: ["record", "article-1.md", "--update", f"to add {number}"],
                  prepare, check)  # fmt: skip
    return _timed(scene)


def importing(folder: Path, revisions: int = 120) -> Scene:
    """``tracker import`` of JSON Lines into a newsroom with articles of its own."""
    template = newsroom(folder / "template")
    source = folder / "versions.jsonl"
    with source.open("w") as file:
        for number in range(revisions):
            version = {
                "slug": f"story-{number % 40}",
                "at": f"2022-05-{1 + number // 40:02}T{number % 24:02}:00:00Z",
                "text": f"Story {number % 40}.\n\n" + f"Edition {number}.\n" * 5,
            }
            file.write(json.dumps(version) + "\n")
    here = folder / "here"
    before = git(template, "rev-parse", "HEAD")

    def prepare(_: int) -> None:
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(template, here)

    def check(number: int, done: bool) -> None:
        count = int(git(here, "rev-list", "--count", f"{before}..HEAD"))
        assert count in ((revisions,) if done else (0, revisions)), count
        ok(here, "import", str(source), "--into", ".")
        assert int(git(here, "rev-list", "--count", f"{before}..HEAD")) == revisions
        assert git(here, "status", "--porcelain") == ""
        assert (left := left_over(here)) == [], left
        if number % 5 == 0:
            sound(here)

    here.mkdir()
    return _timed(Scene(here, lambda _: ["import", str(source), "--into", "."], prepare, check))


def cataloging(folder: Path, revisions: int = 120) -> Scene:
    """What builds the catalog: a rebuild, questions to the whole newsroom, a search."""
    here = importing(folder / "made", revisions).folder
    questions = (["history", "--json"], ["search", "Edition", "--json"])
    right = [ok(here, *words) for words in questions]

    def prepare(number: int) -> None:
        if number % 4 == 0:
            shutil.rmtree(here / ".git" / "tracker", ignore_errors=True)

    def words(number: int) -> list[str]:
        return (["catalog", "--rebuild"], *questions)[number % 3]

    def check(number: int, done: bool) -> None:
        for words, answer in zip(questions, right, strict=True):
            assert ok(here, *words) == answer, f"tracker {' '.join(words)} says something else"
        assert git(here, "status", "--porcelain") == ""
        if number % 10 == 0:
            assert "Catalog: it agrees with git." in ok(here, "verify", "--quick")

    return _timed(Scene(here, words, prepare, check))


def syncing(folder: Path) -> Scene:
    """``tracker sync`` where both sides have revisions."""
    here = newsroom(folder / "here")
    hub, there = folder / "hub", folder / "there"
    git(folder, "clone", "-q", "--bare", str(here), str(hub))
    git(here, "remote", "add", "origin", str(hub))
    git(folder, "clone", "-q", str(hub), str(there))

    def prepare(number: int) -> None:
        for room, path in ((here, "article-0.md"), (there, "article-1.md")):
            if room == there:
                git(there, "pull", "-q", "--ff-only")
            file = room / path
            file.write_text(file.read_text() + f"\nRound {number}.\n")
        recording = subprocess.Popen(
            [*TRACKER, "record", "article-0.md"], cwd=here, env=environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        git(there, "commit", "-q", "-a", "-m", f"Round {number}")
        git(there, "push", "-q")
        assert recording.wait(60) == 0

    def check(number: int, done: bool) -> None:
        mine = git(here, "rev-parse", "HEAD")
        ok(here, "sync")
        tip = git(here, "rev-parse", "HEAD")
        assert tip == git(hub, "rev-parse", "main")
        held = set(git(here, "rev-list", "HEAD").split())
        assert {mine, git(there, "rev-parse", "HEAD")} <= held
        assert git(here, "status", "--porcelain") == ""
        assert (left := left_over(here)) == [], left
        if number % 5 == 0:
            sound(here)
            sound(hub)

    return _timed(Scene(here, lambda _: ["sync"], prepare, check))


def _timed(scene: Scene) -> Scene:
    """The scene with the time that it takes undisturbed, by one round that is not killed."""
    scene.prepare(-1)
    start = time.monotonic()
    ok(scene.folder, *scene.words(-1))
    scene.usual = time.monotonic() - start
    scene.check(-1, True)
    return scene


def scenes(folder: Path) -> Iterator[tuple[str, Scene]]:
    """All of them, by name."""
    for name, make in SCENES.items():
        yield name, make(folder / name)


SCENES: dict[str, Callable[[Path], Scene]] = {
    "record": recording,
    "import": importing,
    "catalog": cataloging,
    "sync": syncing,
}
