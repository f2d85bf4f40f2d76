"""Several recordings at once, and recordings that are killed: nothing reported is ever lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.killing import ROOT, check, killed, left_over, next_recording
from tests.recording import ADA, ARTICLE, MORNING, Room, write
from tracker.errors import TrackerError
from tracker.newsroom.newsroom import Newsroom
from tracker.store import locks
from tracker.store.commit import EditedMeanwhile
from tracker.store.worktree import Index

_EDITOR = """
import sys
from pathlib import Path
from tests.recording import ADA, MORNING, Room, write
from tracker.errors import TrackerError
from tracker.store.commit import EditedMeanwhile
from tracker.store.worktree import Index
room, path, name = Room(Path(sys.argv[1])), sys.argv[2], sys.argv[3]
repository = room.repository
done = 0
while done < 10:
    expected = room.blob(path)
    old = room.text(path) if expected else b""
    disk = None if repository.bare else room.file(path)
    if not repository.bare and disk != (old if expected else None):
        continue  # another editor is between its file and its commit
    try:
        print(write(repository, path, old + f"{name} {done}\\n".encode(), expected=expected,
                    message=name, person=ADA, at=MORNING, disk=disk), flush=True)
        done += 1
    except EditedMeanwhile:
        pass
    except TrackerError as error:
        assert "Another program changed" in error.sentence
"""


def editors(room: Room, paths: list[str]) -> list[str]:
    """Run one editor for each path at once; the commits that they reported."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _EDITOR, str(room.folder), path, f"editor-{number}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number, path in enumerate(paths)
    ]
    reported: list[str] = []
    for one in running:
        printed, complaint = one.communicate(timeout=100)
        assert complaint == b""
        reported += printed.decode().split()
    return reported


@pytest.mark.parametrize(("options", "same"), [([], True), ([], False), (["--bare"], True)])
def test_four_editors_at_once_lose_no_revision(
    tmp_path: Path, options: list[str], same: bool
) -> None:
    room = Room.make(tmp_path, *options)
    paths = [ARTICLE if same else f"articles/{number}.md" for number in range(4)]
    reported = editors(room, paths)
    assert len(set(reported)) == 40
    assert set(room.git("rev-list", "main").split()) == set(reported)
    lines = [line for path in set(paths) for line in room.text(path).decode().splitlines()]
    assert sorted(lines) == sorted(f"editor-{a} {b}" for a in range(4) for b in range(10))
    if not options:
        assert room.status == []
    room.sound()


ONCE = "test -e .git/once && exit 0; touch .git/once; "


def test_a_branch_that_moves_at_the_last_moment_is_tried_again(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n", "articles/other.md": b"Other.\n"})
    room.hook(
        "pre-commit",
        "echo >> .git/times; test $(wc -l < .git/times) -gt 3 && exit 0\n"
        "git update-ref refs/heads/main $(git commit-tree -p main -m Other main^{tree})",
    )
    commit = room.record(b"Two.\n")
    assert commit == room.git("rev-parse", "main")
    subjects = room.git("log", "--format=%s").splitlines()
    assert subjects == ["Record a revision", "Other", "Other", "Other", "Start"]
    assert room.status == []


def test_a_branch_that_was_rewound_meanwhile_does_not_get_the_lost_commits_back(
    tmp_path: Path,
) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n", "x.md": b"x\n"})
    first = room.git("rev-parse", "main")
    room.record(b"Wrong.\n", "x.md")
    room.hook("pre-commit", f"{ONCE}git update-ref refs/heads/main {first}")
    room.record(b"Two.\n")
    assert room.git("rev-parse", "main^") == first
    assert room.text("x.md") == b"x\n"


def test_an_editor_at_the_last_moment_is_named_and_no_reversal_is_staged(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    stream = (
        "commit refs/heads/main\ncommitter Bo <bo@x.org> 1700000000 +0000\ndata 2\nBo\n"
        f"from refs/heads/main^0\nM 100644 inline {ARTICLE}\ndata 7\nBy Bo.\n\n"
    )
    (tmp_path / ".git" / "by-bo").write_text(stream)
    room.hook("pre-commit", f"{ONCE}git fast-import --quiet < .git/by-bo")
    room.put(ARTICLE, b"Draft.\n")
    with pytest.raises(EditedMeanwhile) as caught:
        room.record(b"Draft, with a note.\n")
    assert caught.value.sentence.startswith(f"Bo changed {ARTICLE} meanwhile: commit ")
    assert room.text() == b"By Bo.\n"
    assert room.file() == b"Draft.\n"
    assert room.git("ls-files", "-s").split()[1] == room.blob()
    assert room.status == [f" M {ARTICLE}"]


def test_an_editor_between_our_look_and_git_s_is_not_covered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git takes the newest commit for the parent, whatever was looked at before."""
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    add = Index.add

    def other_first(index: Index, paths: list[str]) -> None:
        add(index, paths)
        stream = (
            "commit refs/heads/main\ncommitter Bo <bo@x.org> 1700000000 +0000\ndata 2\nBo\n"
            f"from refs/heads/main^0\nM 100644 inline {ARTICLE}\ndata 7\nBy Bo.\n\n"
        )
        room.git("fast-import", "--quiet", data=stream.encode())

    monkeypatch.setattr(Index, "add", other_first)
    with pytest.raises(EditedMeanwhile, match=f"^Bo changed {ARTICLE} meanwhile: commit "):
        room.record(b"Two.\n")
    assert room.git("log", "--format=%s").splitlines() == ["Bo", "Start"]
    assert room.text() == b"By Bo.\n"
    assert room.file() == b"One.\n"
    assert room.git("ls-files", "-s").split()[1] == room.blob()


def test_a_branch_that_is_switched_meanwhile_keeps_its_own_article(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    room.git("switch", "-qc", "draft")
    room.record(b"Draft.\n")
    room.git("switch", "-q", "main")
    main, draft = room.git("rev-parse", "main"), room.git("rev-parse", "draft")
    room.hook("pre-commit", "git symbolic-ref HEAD refs/heads/draft")
    with pytest.raises(TrackerError) as caught:
        room.record(b"Two.\n")
    assert caught.value.sentence == "Another branch was checked out meanwhile."
    assert (room.git("rev-parse", "main"), room.git("rev-parse", "draft")) == (main, draft)
    assert room.git("diff", "--cached", "--name-only") == ""


def test_a_file_saved_while_git_works_is_not_put_back(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    room.hook("pre-commit", f"echo 'Saved by the editor.' > {ARTICLE}; echo 'It fails' >&2; exit 1")
    with pytest.raises(TrackerError, match=r"^git did not make the commit: It fails\.$"):
        room.record(b"Two.\n")
    assert room.file() == b"Saved by the editor.\n"
    assert room.status == [f" M {ARTICLE}"]


_ALONE = """
import sys
from pathlib import Path
from tests.recording import Room
Room(Path(sys.argv[1])).record(b"Two.\\n")
"""


def in_a_hook(room: Room, name: str, signals: list[tuple[int, bool]]) -> int:
    """Record in another process, and send it signals while git runs a hook; its exit status.

    Each signal goes to the process alone, or with its git processes.
    """
    room.hook(name, "touch .git/reached; sleep 0.6; exit 0")
    worker = subprocess.Popen(
        [sys.executable, "-c", _ALONE, str(room.folder)], cwd=ROOT, start_new_session=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for((room.folder / ".git" / "reached").exists)
    for number, group in signals:
        (os.killpg if group else os.kill)(worker.pid, number)
    status = worker.wait(60)
    (room.folder / ".git" / "reached").unlink()
    (room.folder / ".git" / "hooks" / name).unlink()
    return status


@pytest.mark.parametrize(("name", "text"), [("pre-commit", b"One.\n"), ("post-commit", b"Two.\n")])
def test_a_key_pressed_to_interrupt_leaves_all_as_it_was_or_recorded(
    tmp_path: Path, name: str, text: bytes
) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    assert in_a_hook(room, name, [(signal.SIGINT, True)]) != 0
    assert room.file() == room.text() == text
    assert room.status == left_over(room) == []


@pytest.mark.parametrize("group", [True, False])
def test_recordings_killed_at_any_moment_leave_nothing_to_do_by_hand(
    tmp_path: Path, group: bool
) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"Start.\n", "articles/other.md": b"Other.\n"})
    chance = random.Random(7 + group)
    usual = next_recording(room, ARTICLE, "first")
    reported: list[str] = []
    for number in range(8):
        reported += killed(
            room,
            ARTICLE,
            f"worker {number}",
            chance.uniform(0, usual),
            group=group,
            reports=number % 2,
        )
        if not group:
            time.sleep(0.1)
        check(room, ARTICLE, reported)
        next_recording(room, ARTICLE, f"{number}")
    assert reported
    room.sound()


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds; another process sees to that."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("name", ["pre-commit", "post-commit"])
@pytest.mark.parametrize("group", [True, False])
def test_a_recording_killed_while_git_makes_the_commit(
    tmp_path: Path, group: bool, name: str
) -> None:
    """git goes on when it is left alone; killed too, its locks are removed by who comes next."""
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    assert in_a_hook(room, name, [(signal.SIGKILL, group)]) == -signal.SIGKILL
    made = name == "post-commit" or not group
    wait_for(lambda: (room.text() == b"Two.\n") == made)
    if not group:
        wait_for(lambda: left_over(room) == [])
    assert room.file() == b"Two.\n"
    assert room.status == ([] if made else [f"M  {ARTICLE}"])
    next_recording(room, ARTICLE, "after it")


def test_a_new_article_takes_no_entry_out_of_the_index_that_is_in_its_way(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    blob = room.blob()
    for staged, path in (("news", "news/war.md"), ("notes.md/war.md", "notes.md")):
        room.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{staged}")
        with pytest.raises(TrackerError):
            room.record(b"Two.\n", path)
        assert staged in room.git("ls-files").splitlines()
        assert room.file(path) is None


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    git = room.folder / ".git"
    foreign = git / "HEAD.lock"
    foreign.touch()
    os.utime(foreign, (1, 1))
    with locks.turn(git) as turn:
        turn.may_leave(git / "index.lock", foreign, room.folder / ".tracker-1.tmp")
        said = (git / locks.FILE).read_bytes()
    (git / locks.FILE).write_bytes(said)
    (git / "index.lock").touch()
    (room.folder / ".tracker-1.tmp").touch()
    with locks.turn(git):
        assert left_over(room) == ["HEAD.lock"]
    (git / "index.lock").touch()
    with locks.turn(git):
        assert sorted(left_over(room)) == ["HEAD.lock", "index.lock"]


def test_what_a_killed_writer_left_is_removed_where_nothing_is_to_be_recorded(
    tmp_path: Path,
) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    git = room.folder / ".git"
    with locks.turn(git) as turn:
        turn.may_leave(git / "HEAD.lock")
        said = (git / locks.FILE).read_bytes()
        (git / "HEAD.lock").touch()
        Newsroom(room.folder).prepare(ARTICLE)
        assert left_over(room) == ["HEAD.lock"]  # somebody is writing
    (git / locks.FILE).write_bytes(said)
    Newsroom(room.folder).prepare(ARTICLE)
    assert left_over(room) == []


def test_a_lock_of_a_person_s_own_git_survives_a_killed_writer(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    git = room.folder / ".git"
    with locks.turn(git) as turn:
        turn.may_leave(git / "index.lock")
        said = (git / locks.FILE).read_bytes()
    (git / locks.FILE).write_bytes(said)
    (git / "index.lock").touch()
    later = time.time() + 30
    os.utime(git / "index.lock", (later, later))
    with locks.turn(git):
        assert (git / "index.lock").exists()


def test_a_lock_that_was_written_when_the_writer_said_so_is_one_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The objects may take a while: git locks the index before them, and writes it afterwards."""
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    git = room.folder / ".git"
    lock = git / "index.lock"
    first = time.time_ns()
    for seconds, removed in ((0, True), (30, True), (33, False)):
        moments = iter([first, first + 30 * 10**9])
        with monkeypatch.context() as patch, locks.turn(git) as turn:
            patch.setattr(locks.Turn, "_now", lambda _, moments=moments: str(next(moments)))
            turn.may_leave(lock)
            turn.may_leave(room.folder / ".tracker-1.tmp")
            turn.goes_on()
            said = (git / locks.FILE).read_bytes()
        (git / locks.FILE).write_bytes(said)
        (room.folder / ".tracker-1.tmp").touch()
        lock.touch()
        os.utime(lock, ns=(first, first + seconds * 10**9))
        with locks.turn(git):
            assert left_over(room) == ([] if removed else ["index.lock"])


def test_a_second_writer_waits_for_its_turn_and_says_so_in_the_end(tmp_path: Path) -> None:
    with (
        locks.turn(tmp_path),
        pytest.raises(TrackerError) as caught,
        locks.turn(tmp_path, wait=0.05),
    ):
        pass
    assert caught.value.sentence == (
        "Another tracker is recording in this repository, and does not finish."
    )


def test_a_group_that_shares_the_git_directory_shares_the_turn(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    with locks.turn(tmp_path):
        assert (tmp_path / locks.FILE).stat().st_mode & 0o060 == 0o060


def test_without_file_locks_recording_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n"})
    monkeypatch.setattr(locks, "fcntl", None)
    assert room.record(b"Two.\n") is not None
    assert room.status == []


def test_an_article_and_the_rest_of_the_index_recorded_by_others_meanwhile_agree(
    tmp_path: Path,
) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\n", "x.md": b"x\n"})
    expected = room.blob()
    room.put("x.md", b"y\n")
    room.git("commit", "-qam", "By hand")
    commit = write(
        room.repository, ARTICLE, b"Two.\n", expected=expected, message="x", person=ADA,
        at=MORNING, disk=b"One.\n",
    )  # fmt: skip
    assert room.git("rev-parse", "main") == commit
    assert room.text("x.md") == b"y\n"
    assert room.status == []
