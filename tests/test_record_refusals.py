"""Recording refused: one sentence, what to do next, and nothing written."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.recording import ADA, ARTICLE, MORNING, Room, write
from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store import locks
from tracker.store.remote import initialise

State = tuple[str, str, list[str], bytes | None]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room.make(
        tmp_path / "room", articles={ARTICLE: b"One.\n", "articles/other.md": b"Other.\n"}
    )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks that nobody frees are waited for a moment only."""
    monkeypatch.setattr(locks, "WAIT_FOR_GIT", 0.1)


def state(room: Room) -> State:
    return (
        room.git("for-each-ref"),
        room.git("ls-files", "-s"),
        room.status,
        room.file(),
    )


def refused(room: Room, text: bytes = b"Two.\n", path: str = ARTICLE) -> TrackerError:
    """The error of a recording, after which all is as it was."""
    before = state(room)
    with pytest.raises(TrackerError) as caught:
        room.record(text, path)
    assert state(room) == before
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("", "The path of the article is empty."),
        ("/etc/passwd", "/etc/passwd leads out of the repository."),
        ("../x.md", "../x.md leads out of the repository."),
        ("articles/../../x.md", "articles/../../x.md leads out of the repository."),
        ("articles//x.md", "articles//x.md is not the path of a file."),
        ("./x.md", "./x.md is not the path of a file."),
        ("articles/", "articles/ is not the path of a file."),
        ("x\0.md", r"The path x\x00.md holds a NUL character, which no file name can have."),
        (".git/x.md", ".git/x.md has the part .git, a name that git keeps for itself."),
        ("a/.GIT/x", "a/.GIT/x has the part .GIT, a name that git keeps for itself."),
        (".git./x", ".git./x has the part .git., a name that git keeps for itself."),
        (".git /x", ".git /x has the part .git , a name that git keeps for itself."),
        ("git~1/x", "git~1/x has the part git~1, a name that git keeps for itself."),
        ("a\\.git\\x", "a\\.git\\x has the part a\\.git\\x, a name that git keeps for itself."),
        (
            ".git::$INDEX/x",
            ".git::$INDEX/x has the part .git::$INDEX, a name that git keeps for itself.",
        ),
        (
            ".g\u200cit/hooks/x",
            r".g\u200cit/hooks/x has the part .g\u200cit, a name that git keeps for itself.",
        ),
        (".gitmodules", ".gitmodules has the part .gitmodules, a name that git keeps for itself."),
        ("a/" * 3000 + "x.md", "A path of 6004 characters is too long."),
        ("a\ud800.md", r"The path 'a\ud800.md' holds characters that no file name can have."),
    ],
)
def test_a_path_that_is_not_one_of_an_article(room: Room, path: str, sentence: str) -> None:
    with pytest.raises(TrackerError) as caught:
        write(
            room.repository, path, b"x", expected=None, message="x", person=ADA, at=MORNING
        )  # fmt: skip
    assert caught.value.sentence == sentence
    assert room.status == []


def test_a_folder_is_refused(room: Room) -> None:
    assert refused(room, path="articles/2022").sentence == "articles/2022 is a folder."


def test_a_path_through_a_file_is_refused(room: Room) -> None:
    path = "articles/other.md/x.md"
    assert refused(room, path=path).sentence == (
        f"articles/other.md is a file, so {path} cannot be in it."
    )


@pytest.mark.parametrize("link", ["articles/link.md", "linked"])
def test_a_symbolic_link_on_the_path_is_refused(room: Room, tmp_path: Path, link: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.md").write_bytes(b"Elsewhere.\n")
    target = tmp_path / "elsewhere" / ("x.md" if link.endswith(".md") else "")
    (room.folder / link).symlink_to(target)
    path = link if link.endswith(".md") else f"{link}/x.md"
    with pytest.raises(TrackerError) as caught:
        write(
            room.repository, path, b"x", expected=None, message="x", person=ADA, at=MORNING,
            disk=b"Elsewhere.\n",
        )  # fmt: skip
    assert caught.value.sentence == f"{link} is a symbolic link, which tracker does not follow."
    assert (tmp_path / "elsewhere" / "x.md").read_bytes() == b"Elsewhere.\n"


def test_what_is_no_plain_file_is_refused_without_being_opened(room: Room) -> None:
    os.mkfifo(room.folder / "articles" / "pipe.md")
    with pytest.raises(TrackerError, match=r"^articles/pipe\.md is not a plain file\.$"):
        write(
            room.repository, "articles/pipe.md", b"x", expected=None, message="x", person=ADA,
            at=MORNING,
        )  # fmt: skip


def test_a_submodule_on_the_way_is_refused(room: Room, tmp_path: Path) -> None:
    inner = Room.make(tmp_path / "inner", articles={"x.md": b"x\n"})
    room.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.folder), "sub")
    room.git("commit", "-qm", "Add")
    error = refused(room, path="sub/new.md")
    assert error.sentence == (
        "sub is a repository of its own, so sub/new.md is not recorded in this one."
    )
    shutil.rmtree(room.folder / "sub")
    room.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    with pytest.raises(TrackerError) as caught:
        Room(tmp_path / "bare").record(b"x", "sub/new.md")
    assert caught.value.sentence == (
        "sub is a file or a submodule in the repository, so sub/new.md cannot be in it."
    )
    with pytest.raises(TrackerError, match=r"^sub is a submodule in the repository\.$"):
        Room(tmp_path / "bare").record(b"x", "sub")


def test_in_a_bare_repository_a_file_never_becomes_a_folder_nor_the_reverse(tmp_path: Path) -> None:
    room = Room.make(tmp_path, "--bare")
    room.record(b"x", "articles/x.md")
    with pytest.raises(TrackerError, match=r"^articles is a folder in the repository\.$"):
        room.record(b"x", "articles")
    with pytest.raises(TrackerError, match=r"^articles/x\.md is a file or a submodule"):
        room.record(b"x", "articles/x.md/y/z.md")
    assert room.git("ls-tree", "-r", "--name-only", "main") == "articles/x.md"


def test_an_ignored_article_is_refused_until_it_is_added_by_hand(room: Room) -> None:
    room.put(".gitignore", b"drafts/\n")
    room.git("add", ".gitignore")
    room.git("commit", "-qm", "Ignore")
    error = refused(room, path="drafts/x.md")
    assert error.sentence == "drafts/x.md is ignored by a .gitignore file."
    assert error.hint.endswith("git add --force -- drafts/x.md")
    room.put("drafts/x.md", b"Two.\n")
    room.git("add", "--force", "--", "drafts/x.md")
    assert room.record(b"Two.\n", "drafts/x.md") is not None
    assert room.status == []


def _merge(room: Room) -> None:
    room.git("merge", "--no-commit", "--no-ff", "side")


def _conflict(*command: str) -> Callable[[Room], None]:
    def run(room: Room) -> None:
        room.git(*command, fails=True)

    return run


def _am(room: Room) -> None:
    patch = room.git("format-patch", "-1", "--stdout", "side")
    room.git("am", data=patch.replace("-Other", "-Another").encode(), fails=True)


UNDER_WAY = {
    "A merge": _merge,
    "A rebase": _conflict("rebase", "clash"),
    "A cherry-pick": _conflict("cherry-pick", "clash"),
    "A revert": _conflict("revert", "--no-edit", "HEAD~1"),
    "git am": _am,
    "A bisect": _conflict("bisect", "start", "HEAD", "HEAD~1"),
}


@pytest.mark.parametrize("what", list(UNDER_WAY))
def test_nothing_is_recorded_while_something_is_under_way(room: Room, what: str) -> None:
    for branch, path in (("side", "articles/side.md"), ("clash", "articles/other.md")):
        room.git("switch", "-qc", branch, "main")
        room.put(path, b"Branch.\n")
        if branch == "side":
            room.put("articles/other.md", b"Side.\n")
        room.git("add", ".")
        room.git("commit", "-qm", branch)
        room.git("switch", "-q", "main")
    for text in (b"Main.\n", b"Main again.\n"):
        room.put("articles/other.md" if what != "A merge" else "new.txt", text)
        room.git("add", ".")
        room.git("commit", "-qm", "On main")
    if what == "A merge":
        room.git("branch", "-f", "side", "main~2")
        room.git("switch", "-q", "side")
        room.put("articles/side.md", b"x")
        room.git("add", ".")
        room.git("commit", "-qm", "Side")
        room.git("switch", "-q", "main")
    UNDER_WAY[what](room)
    error = refused(room)
    assert error.sentence == f"{what} is in progress in this repository."
    assert error.hint.startswith("Finish it first: git ")


def test_a_detached_head_is_refused(room: Room) -> None:
    room.git("checkout", "-q", "--detach")
    assert refused(room).sentence == (
        "HEAD is detached: no branch is checked out that could take the revision."
    )


def test_a_published_branch_that_is_not_checked_out_is_refused(room: Room) -> None:
    room.git("switch", "-qc", "draft")
    with pytest.raises(TrackerError) as caught:
        room.record(b"Two.\n", branch="main")
    assert caught.value.sentence == "The published branch is main, but draft is checked out here."
    assert caught.value.hint == "Go to it with: git switch main"


def test_a_branch_that_another_work_tree_has_is_refused(room: Room, tmp_path: Path) -> None:
    room.git("worktree", "add", "-q", "--force", str(tmp_path / "second"), "main")
    assert refused(room).sentence == (
        f"The branch main is checked out in another work tree, {tmp_path / 'second'}."
    )
    shutil.rmtree(tmp_path / "second")
    assert room.record(b"Two.\n") is not None
    bare = Room.make(tmp_path / "bare", "--bare")
    bare.record(b"One.\n")
    bare.git("worktree", "add", "-q", str(tmp_path / "third"), "main")
    with pytest.raises(TrackerError, match=r"^The branch main is checked out in another work"):
        bare.record(b"Two.\n")


def test_an_article_in_conflict_is_refused(room: Room) -> None:
    one, two = (room.git("hash-object", "-w", "--stdin", data=text) for text in (b"a\n", b"b\n"))
    entries = f"100644 {one} 2\t{ARTICLE}\n100644 {two} 3\t{ARTICLE}\n"
    room.git("update-index", "--force-remove", ARTICLE)
    room.git("update-index", "--index-info", data=entries.encode())
    assert refused(room).sentence == f"{ARTICLE} is in conflict in the index."


@pytest.mark.usefixtures("quick")
def test_a_held_index_stops_the_recording_before_anything_moves(room: Room) -> None:
    lock = room.folder / ".git" / "index.lock"
    lock.touch()
    before = room.git("for-each-ref"), room.file()
    with pytest.raises(TrackerError) as caught:
        room.record(b"Two.\n")
    assert caught.value.sentence == "Another git command is running in this repository."
    assert f"rm '{lock}'" in caught.value.hint
    assert (room.git("for-each-ref"), room.file()) == before
    assert lock.exists()
    lock.unlink()
    assert room.record(b"Two.\n") is not None


@pytest.mark.usefixtures("quick")
def test_a_held_branch_puts_file_and_index_back(room: Room) -> None:
    room.put(ARTICLE, b"On disk.\n")
    lock = room.folder / ".git" / "refs" / "heads" / "main.lock"
    lock.touch()
    error = refused(room, b"On disk, with a note.\n")
    assert error.sentence == "Another git command is running in this repository."
    assert f"rm '{lock}'" in error.hint
    assert room.file() == b"On disk.\n"
    refused(room, b"New.\n", "articles/new/one.md")
    assert not (room.folder / "articles" / "new").exists()


def test_an_index_that_is_held_for_a_moment_is_waited_for(room: Room) -> None:
    lock = room.folder / ".git" / "index.lock"
    lock.touch()
    remover = subprocess.Popen(
        [sys.executable, "-c", f"import time, os; time.sleep(0.3); os.unlink({str(lock)!r})"]
    )
    assert room.record(b"Two.\n") is not None
    assert remover.wait(60) == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(room: Room) -> None:
    folder = (room.folder / ARTICLE).parent
    folder.chmod(0o500)
    try:
        error = refused(room)
    finally:
        folder.chmod(0o700)
    assert error.sentence == f"{folder / 'war.md'} cannot be written: permission denied."


def test_a_full_disk_is_told_and_leaves_everything_as_it_was(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    error = refused(room)
    assert error.sentence == (
        f"{room.folder / ARTICLE} cannot be written: no space left on device."
    )
    assert [file.name for file in (room.folder / ARTICLE).parent.iterdir()] == ["war.md"]


def test_an_article_too_large_for_the_limit_is_told_of_and_nothing_is_written(room: Room) -> None:
    script = f"""
import resource, sys
from tests.recording import Room, write
from pathlib import Path
from tracker.errors import TrackerError
room = Room(Path({str(room.folder)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    room.record(bytes(range(10, 250)) * 1000)
except TrackerError as error:
    print(error.sentence)
"""
    before = state(room)
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.count("\n") == 1
    assert state(room) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"message": " \n\t\n"}, "The commit message is empty."),
        ({"person": Person("<>\n", "a@b")}, "The author has no name."),
        (
            {"at": datetime(1969, 12, 31, tzinfo=UTC)},
            "git cannot keep a date before 1970, and 1969-12-31 is one.",
        ),
    ],
)
def test_what_git_cannot_keep_is_refused(
    room: Room, arguments: dict[str, object], sentence: str
) -> None:
    with pytest.raises(TrackerError) as caught:
        room.record(b"Two.\n", **arguments)  # type: ignore[arg-type]
    assert caught.value.sentence == sentence
    assert room.file() == b"One.\n"
    with pytest.raises(ValueError, match="must be aware"):
        room.record(b"Two.\n", at=datetime(2022, 1, 1))  # noqa: DTZ001


def test_a_committer_that_git_does_not_know_is_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_NAME", "")
    assert refused(room).sentence == "git does not know who you are."
    monkeypatch.delenv("GIT_COMMITTER_NAME")
    monkeypatch.delenv("GIT_COMMITTER_EMAIL")
    room.git("config", "user.useConfigOnly", "true")
    assert refused(room).sentence == "git does not know who you are."


def test_a_branch_name_that_collides_is_refused_in_git_s_words(tmp_path: Path) -> None:
    repository = initialise(tmp_path)
    room = Room(tmp_path)
    room.record(b"One.\n")
    room.git("symbolic-ref", "HEAD", "refs/heads/main/sub")
    with pytest.raises(TrackerError, match=r"^git did not make the commit: cannot lock ref .*main"):
        write(
            repository, "articles/y.md", b"x", expected=None, message="x", person=ADA, at=MORNING,
            branch="main/sub",
        )  # fmt: skip
    assert room.file("articles/y.md") is None
    assert shlex.split(room.git("for-each-ref", "--format=%(refname)")) == ["refs/heads/main"]
