"""Kills, full disks and missing permissions: one sentence, nothing half-done, nothing by hand."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.crashing import (
    ROOT,
    SCENES,
    TRACKER,
    environment,
    git,
    left_over,
    newsroom,
    ok,
    sound,
    tracker,
)
from tests.recording import ARTICLE, Room
from tracker.errors import TrackerError
from tracker.store import locks


@pytest.mark.parametrize("name", ["record", "import", "catalog", "sync"])
def test_a_killed_command_leaves_nothing_to_do_by_hand(tmp_path: Path, name: str) -> None:
    """Some moments for each; ``tests/long/crashes.py`` tries hundreds."""
    scene = SCENES[name](tmp_path / "scene")
    scene.play(2, random.Random(name))


# The locks of a branch are held for moments that a kill at random seldom meets; git's own hook
# meets them. It ends git alone, or all that the command started with it.
_ENDING = """#!/bin/sh
[ "$1" = prepared ] && mv '{mark}' '{mark}.done' 2>/dev/null || exit 0
kill -9 {who}
"""
_STORIES = "".join(
    json.dumps({"slug": "story", "at": f"2022-05-0{day}T10:00:00Z", "text": f"Day {day}.\n"}) + "\n"
    for day in range(1, 7)
)


@pytest.mark.parametrize("who", ["-$(ps -o pgid= $PPID | tr -d ' ')", "$PPID"])
@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize(
    "words",
    [
        ("record", "article-0.md", "--file", "../new.md"),
        ("import", "../stories.jsonl", "--into", "."),
    ],
)
def test_killed_while_git_holds_the_branch(
    tmp_path: Path, words: tuple[str, ...], bare: bool, who: str
) -> None:
    room = newsroom(tmp_path / "room", 1)
    if bare:
        git(room, "clone", "-q", "--bare", ".", str(tmp_path / "bare"))
        room = tmp_path / "bare"
    inside, mark = room if bare else room / ".git", tmp_path / "kill"
    hook = inside / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_ENDING.format(mark=mark, who=who))
    hook.chmod(0o755)
    mark.touch()
    (tmp_path / "new.md").write_text("Another text.\n")
    (tmp_path / "stories.jsonl").write_text(_STORIES)
    for killed_before in (False, True):
        done = subprocess.run(
            [*TRACKER, *words], cwd=room, capture_output=True, check=False, env=environment(),
            start_new_session=True,
        )  # fmt: skip
        assert (tmp_path / "kill.done").exists()
        assert (done.returncode == 0) is killed_before, done.stderr.decode()
        if who == "$PPID" and words[0] == "record" and not bare:  # it was put back
            assert git(room, "status", "--porcelain") == ""
    assert git(room, "rev-list", "--count", "main") == ("3" if words[0] == "record" else "8")
    assert not [*inside.glob("*.lock"), *inside.glob("refs/**/*.lock")]
    sound(room)


@pytest.mark.parametrize("who", ["-$(ps -o pgid= $PPID | tr -d ' ')", "$PPID"])
@pytest.mark.parametrize(
    ("place", "branch"),
    [("room", "refs/remotes/"), ("room", "refs/heads/"), ("hub", "refs/heads/")],
)
def test_killed_while_a_sync_moves_a_branch(
    tmp_path: Path, place: str, branch: str, who: str
) -> None:
    room, hub = tmp_path / "room", tmp_path / "hub"
    _two_sides(tmp_path)
    hook = (room / ".git" if place == "room" else hub) / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    ending = _ENDING.format(mark=tmp_path / "kill", who=who).replace("[", f"grep -q {branch} && [")
    hook.write_text(ending)
    hook.chmod(0o755)
    (tmp_path / "kill").touch()
    subprocess.run(
        [*TRACKER, "sync"], cwd=room, capture_output=True, check=False, env=environment(),
        start_new_session=True,
    )  # fmt: skip
    assert (tmp_path / "kill.done").exists()
    ok(room, "sync")
    assert git(room, "rev-parse", "main") == git(hub, "rev-parse", "main")
    assert git(room, "status", "--porcelain") == ""
    for inside in (room / ".git", hub):
        assert not [*inside.glob("*.lock"), *inside.glob("refs/**/*.lock")]
        sound(inside)


def _two_sides(folder: Path) -> None:
    """A newsroom, "room", and its remote, "hub", each with a revision that the other lacks."""
    room, hub, there = folder / "room", folder / "hub", folder / "there"
    newsroom(room, 2)
    git(room, "clone", "-q", "--bare", ".", str(hub))
    git(room, "remote", "add", "origin", str(hub))
    git(folder, "clone", "-q", str(hub), str(there))
    (there / "article-0.md").write_text("There.\n")
    git(there, "commit", "-q", "-a", "-m", "There")
    git(there, "push", "-q")
    (room / "article-1.md").write_text("Here.\n")
    ok(room, "record", "--all")


@pytest.mark.parametrize("next_one", ["sync", "record"])
def test_a_sync_killed_while_git_writes_a_file_leaves_no_edit(
    tmp_path: Path, next_one: str
) -> None:
    """git takes the old file away, and then makes the new one."""
    _two_sides(tmp_path)
    room, mark = tmp_path / "room", tmp_path / "kill"
    (room / ".git" / "info" / "attributes").write_text("article-0.md filter=ending\n")
    kill = 'kill -9 -$(ps -o pgid= $$ | tr -d " ")'
    ending = f"sh -c 'mv {mark} {mark}.done 2>/dev/null && {kill}; cat'"
    git(room, "config", "filter.ending.smudge", ending)
    mark.touch()
    before = git(room, "rev-parse", "HEAD")
    subprocess.run(
        [*TRACKER, "sync"], cwd=room, capture_output=True, check=False, env=environment(),
        start_new_session=True,
    )  # fmt: skip
    assert (tmp_path / "kill.done").exists()
    assert not (room / "article-0.md").exists()
    if next_one == "record":
        ok(room, "record", "--all")
        assert (room / "article-0.md").read_text() == "Article 0 begins.\n"
        assert git(room, "rev-parse", "HEAD") == before
    ok(room, "sync")
    assert (room / "article-0.md").read_text() == "There.\n"
    assert git(room, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("name", "age", "goes"),
    [
        ("HEAD.lock", 660, True),
        ("refs/heads/main.lock", 660, True),
        ("HEAD.lock", 60, False),
        ("index.lock", 1e9, True),
        ("index.lock", 1, False),
    ],
)
def test_a_lock_that_a_power_cut_left_goes_when_nobody_can_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, age: float, goes: bool
) -> None:
    monkeypatch.setattr(locks, "WAIT_FOR_GIT", 0.1)
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    lock = tmp_path / ".git" / name
    lock.touch()
    made = lock.stat().st_mtime - age
    os.utime(lock, (made, made))
    if goes:
        assert room.record(b"Two.\n") is not None
    else:
        with pytest.raises(TrackerError) as caught:
            room.record(b"Two.\n")
        assert f"rm '{lock}'" in caught.value.hint
    assert lock.exists() is not goes


def test_a_killed_init_stops_no_other(tmp_path: Path) -> None:
    """git makes its directory step by step, and locks parts of it meanwhile."""
    folder, programs = tmp_path / "room", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    (programs / "git").write_text(
        f"""#!/bin/sh
case "$*" in *" init "*) ;; *) exec {shutil.which("git")} "$@" ;; esac
{shutil.which("git")} "$@"
for last; do :; done
touch "$last/.git/config.lock" .git/config.lock 2>/dev/null
kill -9 "-$(ps -o pgid= $$ | tr -d ' ')"
"""
    )
    (programs / "git").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*TRACKER, "init", "."], cwd=folder, env={**environment(), "PATH": path}, check=False,
        start_new_session=True, capture_output=True,
    )  # fmt: skip
    assert done.returncode == -9
    ok(folder, "init", ".")
    assert sorted(each.name for each in folder.iterdir()) == [".git", "tracker.toml"]
    assert left_over(folder) == []


def test_init_removes_nothing_that_a_repository_brought(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "room")
    kept = tmp_path / "room" / ".tracker-init-mine" / "text.md"
    kept.parent.mkdir()
    kept.write_text("Mine.\n")
    ok(tmp_path, "init", "room")
    assert kept.read_text() == "Mine.\n"


# --- a disk that is full --------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of twelve megabytes, where a folder takes room as on any disk."""
    folder, image = tmp_path / "disk", tmp_path / "image"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(12 << 20)
    for words in (
        ["mkfs.ext4", "-q", "-b", "1024", "-m", "0", str(image)],
        ["mount", "-o", "loop", str(image), str(folder)],
    ):
        try:
            done = subprocess.run(words, capture_output=True, check=False)
        except OSError:
            pytest.skip(f"there is no program {words[0]}")
        if done.returncode:
            pytest.skip("only root may mount a small file system, where the machine has loops")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, spare: int) -> Path:
    """Leave so many bytes free; the file that takes the rest."""
    ballast = folder / "ballast"
    status = os.statvfs(folder)
    left = max(status.f_bavail * status.f_frsize - spare, 0)
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while left > 0:  # the file itself takes a block now and then
            left -= file.write(b"\0" * min(left, 1 << 16))
    return ballast


def everything(room: Path) -> tuple[str, ...]:
    files = sorted(room.glob("*.md"))
    refs = git(room, "for-each-ref"), git(room, "ls-files", "-s")
    return *refs, *(f"{file.name}: {file.read_text()}" for file in files)


def sentence(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one sentence of a command that was refused."""
    said = done.stderr.decode().splitlines()
    assert done.returncode == 2, said
    assert len(said) <= 2
    assert said[0].startswith("tracker: ")
    assert said[0].endswith(".")
    return said[0]


def test_a_disk_that_fills_up_at_any_step_of_a_recording(small_disk: Path) -> None:
    room = newsroom(small_disk / "room", 1)
    file = room / "article-0.md"
    file.write_text(file.read_text() + "More.\n" * 400)
    before = everything(room)
    refused = 0
    for spare in range(64):
        ballast = fill(small_disk, spare * 1024)
        done = tracker(room, "record", "article-0.md", "--update", "to add more")
        ballast.unlink()
        if done.returncode == 0:
            break
        refused += 1
        assert any(words in sentence(done) for words in ("full", "space left on device")), sentence(
            done
        )
        assert everything(room) == before
        assert left_over(room) == []
        sound(room)
    assert refused > 2
    ok(room, "record", "--all")
    assert git(room, "status", "--porcelain") == ""


def test_no_recording_that_was_reported_is_broken_on_a_full_disk(small_disk: Path) -> None:
    """A disk on which some of the objects of a revision find room, and others do not."""
    room = Room.make(small_disk / "room", articles={ARTICLE: b"Start.\n"})
    text, done, refused = b"Start.\n", 0, 0
    for number in range(80):
        ballast = fill(small_disk, number % 40 * 1024)
        before = room.text()
        text += f"Line {number}.\n".encode() * 9
        try:
            room.record(text)
            done += 1
            error = None
        except TrackerError as caught:
            refused, error = refused + 1, caught
        ballast.unlink()
        if error is not None:
            assert any(words in error.sentence for words in ("full", "space left")), error.sentence
            assert room.text() == before
        room.git("fsck", "--connectivity-only", "--no-dangling")
    assert done > 10
    assert refused > 10


def test_a_disk_that_fills_up_at_any_step_of_a_sync(small_disk: Path, tmp_path: Path) -> None:
    """Both sides have revisions; the merge is made, sent, and put into the work tree."""
    room, hub, there = small_disk / "room", tmp_path / "hub", tmp_path / "there"
    newsroom(room, 2)
    git(room, "clone", "-q", "--bare", ".", str(hub))
    git(room, "remote", "add", "origin", str(hub))
    git(room, "clone", "-q", str(hub), str(there))
    (there / "article-0.md").write_text("There.\n" + "A long text of its own.\n" * 800)
    ok(there, "record", "--all")
    ok(there, "sync")
    (room / "article-1.md").write_text("Here.\n" * 100)
    ok(room, "record", "--all")
    before = git(room, "rev-parse", "main"), git(room, "ls-files", "-s")
    texts = [(room / f"article-{number}.md").read_text() for number in range(2)]
    refused = 0
    for spare in range(0, 96, 8):
        ballast = fill(small_disk, spare * 1024)
        done = tracker(room, "sync")
        ballast.unlink()
        if done.returncode == 0:
            break
        refused += 1
        sentence(done)
        assert (git(room, "rev-parse", "main"), git(room, "ls-files", "-s")) == before
        assert [(room / f"article-{number}.md").read_text() for number in range(2)] == texts
        sound(room)
        sound(hub)
    assert refused > 1
    ok(room, "sync")
    assert git(room, "rev-parse", "main") == git(hub, "rev-parse", "main")
    assert git(room, "status", "--porcelain") == ""


def test_a_disk_that_fills_up_at_any_step_of_an_import(small_disk: Path, tmp_path: Path) -> None:
    room = newsroom(small_disk / "room", 1)
    source = tmp_path / "versions.jsonl"
    with source.open("w") as file:
        for number in range(40):
            text = f"Story {number % 10}.\n\n" + f"Edition {number}.\n" * 60
            at = f"2022-05-{1 + number // 10:02}T10:00:00Z"
            file.write(json.dumps({"slug": f"s-{number % 10}", "at": at, "text": text}) + "\n")
    before = everything(room)
    refused = 0
    for spare in range(0, 400, 32):
        ballast = fill(small_disk, spare * 1024)
        done = tracker(room, "import", str(source), "--into", ".")
        ballast.unlink()
        if done.returncode == 0:
            break
        refused += 1
        sentence(done)
        assert everything(room) == before
        assert git(room, "status", "--porcelain") == ""
        assert left_over(room) == []
    assert refused > 1
    ok(room, "import", str(source), "--into", ".")
    assert git(room, "rev-list", "--count", "HEAD") == "42"
    sound(room)


@pytest.mark.parametrize("packed", [True, False])
def test_a_full_disk_under_what_an_import_unpacks(
    small_disk: Path, tmp_path: Path, packed: bool
) -> None:
    """A compressed archive and a pipe are copied into the git directory first."""
    room = newsroom(small_disk / "room", 1)
    lines = [
        json.dumps({"slug": f"s-{number}", "at": "2022-05-12T07:45:00Z", "text": "word " * 5000})
        for number in range(600)
    ]
    data = "\n".join(lines).encode()
    source = tmp_path / "versions.jsonl.gz"
    source.write_bytes(gzip.compress(data))
    done = subprocess.run(
        [*TRACKER, "import", str(source) if packed else "-", "--into", "."], cwd=room,
        input=data, capture_output=True, check=False, env=environment(),
    )  # fmt: skip
    assert "no space left on device" in sentence(done)
    assert left_over(room) == []


def test_reading_goes_on_on_a_full_disk(small_disk: Path) -> None:
    room = newsroom(small_disk / "room", 1)
    right = ok(room, "history", "article-0")
    fill(small_disk, 0)
    assert ok(room, "history", "article-0") == right
    assert ok(room, "verify").startswith("Whole: 2 commits")
    assert ok(room, "check").startswith("0 findings")


def test_a_disk_that_may_only_be_read(small_disk: Path) -> None:
    room = newsroom(small_disk / "room", 1)
    (room / "article-0.md").write_text("Changed.\n")
    before = everything(room)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        assert sentence(tracker(room, "record", "article-0.md")).endswith(
            "cannot be written: read-only file system."
        )
        assert everything(room) == before
        assert "article-0.md" in ok(room, "history", "article-0")
        assert ok(room, "verify").startswith("Whole: 2 commits")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


# --- somebody else's files ------------------------------------------------------------------------


def as_nobody(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """A command of a user who owns nothing, by a Python that everybody may run."""
    python = f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    extra = {
        "HOME": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]),
    }
    try:
        return subprocess.run(
            [python, "-m", "tracker", "-C", str(folder), *words], cwd="/", capture_output=True,
            check=False, user=65534, group=65534, extra_groups=[], env={**environment(), **extra},
        )  # fmt: skip
    except OSError:
        pytest.skip(f"there is no {python}, which everybody may run")


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsroom that everybody may read and only its owner may write."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "*")
    room = newsroom(tmp_path / "room", 1)
    if as_nobody(room, "styles").returncode:
        pytest.skip("nobody may not read this Python or this program")
    return room


def test_without_permission_nothing_is_written_and_reading_works(others: Path) -> None:
    (others / "article-0.md").write_text("Changed.\n")
    before = everything(others)
    said = sentence(as_nobody(others, "record", "article-0.md"))
    assert said == f"tracker: git cannot write in {others}/.git: there is no permission."
    assert b"article-0.md" in as_nobody(others, "history", "article-0").stdout
    assert as_nobody(others, "verify").stdout.startswith(b"Whole: 2 commits")
    assert everything(others) == before
    assert git(others, "status", "--porcelain") == "M article-0.md"


@pytest.mark.parametrize("part", ["objects", "refs/heads", ""])
def test_without_permission_for_a_part_of_git_nothing_is_half_done(others: Path, part: str) -> None:
    """The index, the objects or the branch cannot be written; the rest can."""
    (others / "article-0.md").write_text("Changed.\n")
    inside = others / ".git"
    for folder in (inside, *inside.rglob("*")):
        if not folder.is_symlink():
            os.chown(folder, 65534, 65534)
    for folder in (inside / part, *(inside / part).glob("??" if part == "objects" else "\0")):
        folder.chmod(0o555)
    if not part:
        (inside / "tracker-writer").touch()
        os.chown(inside / "tracker-writer", 65534, 65534)
    before = everything(others)
    said = sentence(as_nobody(others, "record", "article-0.md"))
    assert "permission" in said
    assert everything(others) == before
    assert left_over(others) == []
