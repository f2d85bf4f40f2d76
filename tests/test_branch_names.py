"""A branch that is called otherwise at the remote: nobody's revision leaves its place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.repositories import run
from tracker import Newsroom
from tracker.store import locks, remote
from tracker.store.git import discover
from tracker.store.history import names_of

TEXT = "A ticket costs $12.\n\nThe crew has 30 people.\n\nIt opened in 1901.\n"


@pytest.fixture
def hub(desk: Desk) -> Path:
    """A hub whose branch is called "live", with two clones: in that of Ada it is "main"."""
    run(desk.folder, "init", "-q", "--bare", "-b", "live", "hub")
    desk.ok("init", "ada", "--timezone", "UTC")
    ada = desk.folder / "ada"
    run(ada, "branch", "-m", "main")
    run(ada, "remote", "add", "origin", "../hub")
    desk.write("ada/ferry.md", TEXT)
    desk.ok("-C", "ada", "record", "--all")
    run(ada, "push", "-q", "origin", "main:live")
    run(ada, "branch", "--set-upstream-to=origin/live", "main")
    run(desk.folder, "clone", "-q", "hub", "bea")
    return desk.folder / "hub"


def edit(desk: Desk, name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    minute = len(run(desk.folder / name, "rev-list", "--all").split()) + (name == "ada")
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"2030-05-12T12:{minute:02}:00Z")
    desk.write(f"{name}/ferry.md", desk.read(f"{name}/ferry.md").replace(old, new))
    desk.ok("-C", name, "record", "ferry.md", "--by", f"{name.title()} <{name}@example.org>")


def authors(room: Path) -> list[str]:
    return [each.person.name for each in Newsroom(room).history("ferry.md")]


@pytest.mark.parametrize("way", ["sync", "pull"])
def test_revisions_of_both_keep_their_places_for_everybody(
    desk: Desk, hub: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(desk, "bea", "$12", "$21", monkeypatch)
    desk.ok("-C", "bea", "sync")
    edit(desk, "ada", "1901", "1910", monkeypatch)
    ada = desk.folder / "ada"
    if way == "sync":
        desk.ok("-C", "ada", "sync")
        subject = "Merge branch 'live' of ../hub into live"
    else:
        run(ada, "pull", "-q", "--no-rebase", "--no-edit")
        run(ada, "push", "-q", "origin", "main:live")
        subject = "Merge branch 'live' of ../hub"
    assert run(ada, "log", "-1", "--format=%s").decode().startswith(subject)
    desk.ok("-C", "bea", "sync")
    expected = ["Ada Editor", "Bea", "Ada", "Ada Editor"]
    for room in (ada, desk.folder / "bea", hub):
        assert authors(room) == expected


def test_the_name_at_the_remote_is_read_as_git_writes_it(desk: Desk, hub: Path) -> None:
    ada = desk.folder / "ada"
    assert names_of(discover(ada), None) == {"main", "live"}
    assert names_of(discover(ada), "other") == {"other"}
    assert names_of(discover(hub), None) == {"live"}
    run(ada, "config", "branch.main.merge", "refs/heads/desk/front")
    run(ada, "config", "branch.main-page.merge", "refs/heads/other")
    assert names_of(discover(ada), None) == {"main", "desk/front"}
    run(ada, "config", "--unset", "branch.main.merge")
    assert names_of(discover(ada), None) == {"main"}
    run(ada, "checkout", "-q", "--detach")
    assert names_of(discover(ada), None) == {"main", "master"}


# --- what a killed sync left in a hub on this machine ------------------------------------------


def killed(hub: Path, lock: str) -> None:
    """What is there when a sync and the git that received its revisions were killed together."""
    with locks.turn(hub) as turn:
        turn.may_leave(hub / "HEAD.lock", hub / "refs" / "heads" / "live.lock")
        said = (hub / locks.FILE).read_bytes()
    time.sleep(0.01)
    (hub / lock).touch()
    (hub / locks.FILE).write_bytes(said)


@pytest.mark.parametrize("lock", ["HEAD.lock", "refs/heads/live.lock"])
def test_the_next_sync_removes_the_lock_of_a_killed_one(
    desk: Desk, hub: Path, lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no step by hand; also where the next one has nothing to send."""
    monkeypatch.setattr(locks, "_STALE", 0.05)
    killed(hub, lock)
    desk.ok("-C", "bea", "sync")
    assert not (hub / lock).exists()
    killed(hub, lock)
    edit(desk, "ada", "1901", "1910", monkeypatch)
    desk.ok("-C", "ada", "sync")
    assert not (hub / lock).exists()
    assert authors(hub) == ["Ada Editor", "Ada"]


def test_a_lock_of_another_git_stays_and_is_named(
    desk: Desk, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.newsroom.sync._TRIES", 2)
    lock = hub / "refs" / "heads" / "live.lock"
    lock.touch()
    edit(desk, "bea", "$12", "$21", monkeypatch)
    said = desk.run("-C", "bea", "sync")
    assert said.status == 2
    assert said.err == (
        f"tracker: Another git command is running in origin, and holds {lock} there.\n"
        "  Wait for it; if there is none, one was killed: remove that file there, and sync again. "
        "Nothing was lost.\n"
    )
    assert lock.exists()
    lock.unlink()
    desk.ok("-C", "bea", "sync")


def test_only_folders_of_this_machine_are_cleaned(desk: Desk, hub: Path) -> None:
    repository = discover(desk.folder / "ada")
    there = remote.remote_of(repository, "refs/heads/main")
    assert remote._folder(repository, there) == (desk.folder / "ada" / ".." / "hub")
    for url, folder in (
        (f"file://{hub}", hub),
        (str(desk.folder / "bea"), desk.folder / "bea" / ".git"),
        ("https://example.org/news.git", None),
        ("example.org:news.git", None),
        ("../nothing", None),
    ):
        assert remote._folder(repository, there._replace(url=url)) == folder
