"""Two clones and what they share: everything arrives, readers' order stays, nothing is forced."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.desk import Desk
from tracker import Newsroom
from tracker.errors import TrackerError
from tracker.store import locks, remote
from tracker.store import merge as joining
from tracker.store.git import discover

TEXT = (
    "---\ntitle: The mill\n---\n\nThe mill employs 400 people. It makes paper.\n\n"
    "The owner spoke on Monday.\n\nIt opened in 1901.\n"
)
AT = "2022-05-12 07:4{}"


@dataclass
class Pair:
    """Two newsrooms that go with one bare repository."""

    hub: Path
    here: Path
    there: Path
    desk: Desk
    monkeypatch: pytest.MonkeyPatch
    minutes: int = 0  # of the clock that dates commits

    def run(self, room: Path, *words: str) -> str:
        return self.desk.ok("-C", str(room), *words).out

    def edit(self, room: Path, old: str, new: str, *words: str, path: str = "mill.md") -> str:
        """Record a change in one of the newsrooms; the commit."""
        text = (room / path).read_text()
        assert old in text
        (room / path).write_text(text.replace(old, new))
        self.minutes += 1
        self.monkeypatch.setenv("GIT_COMMITTER_DATE", f"2030-05-12T12:{self.minutes:02}:00Z")
        who = "Ada Here <a@x.org>" if room == self.here else "Bo There <b@x.org>"
        self.run(room, "record", path, "--by", who, *words)
        return git(room, "rev-parse", "HEAD")

    def refused(self, room: Path, *words: str) -> str:
        """The one sentence and hint of a command that leaves both sides as they were."""
        before = self.state(room)
        said = self.desk.run("-C", str(room), *words)
        assert said.status == 2, said
        assert "Traceback" not in said.err
        assert self.state(room) == before
        return said.err

    def state(self, room: Path) -> list[str]:
        here = [git(room, "rev-parse", "HEAD"), git(room, "ls-files", "-s"), status(room)]
        files = sorted(room.glob("*.md"))
        return [*here, git(self.hub, "for-each-ref"), *(file.read_text() for file in files)]


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


def status(room: Path) -> str:
    if discover(room).bare:
        return ""
    return git(room, "status", "--porcelain")


def numbers(room: Path) -> list[tuple[int, str]]:
    return [(each.number, each.person.name) for each in Newsroom(room).history("mill.md")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the three repositories are made once, for all tests to copy."""
    return tmp_path_factory.mktemp("sync") / "made"


@pytest.fixture
def pair(desk: Desk, made: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    if not made.exists():
        made.mkdir()
        git(made, "init", "-q", "--bare", "-b", "main", "hub")
        desk.ok("init", str(made / "here"), "--style", "newsweek", "--timezone", "America/New_York")
        (made / "here" / "mill.md").write_text(TEXT)
        (made / "here" / "other.md").write_text("Another article.\n")
        desk.ok("-C", str(made / "here"), "record", "--all", "--at", "2022-05-12 07:00")
        git(made / "here", "remote", "add", "origin", "../hub")
        said = desk.ok("-C", str(made / "here"), "sync").out
        assert "Sent 3 commits to origin (main):" in said
        git(made, "clone", "-q", "hub", "there")
        git(made / "there", "remote", "set-url", "origin", "../hub")
    shutil.copytree(made, desk.folder / "made", symlinks=True)
    folder = desk.folder / "made"
    here = Desk(folder / "here", monkeypatch)
    return Pair(folder / "hub", here.folder, folder / "there", here, monkeypatch)


def test_what_one_side_recorded_is_sent_and_received(pair: Pair) -> None:
    made = pair.edit(pair.there, "400", "440", "--at", AT.format(1))
    said = pair.run(pair.there, "sync")
    assert said == (
        f"Sent 1 commit to origin (main):\n  {made[:10]}  2022-05-12 07:41 EDT  Bo There  mill.md\n"
    )
    said = pair.run(pair.here, "sync")
    assert said.startswith("Received 1 commit from origin (main):\n")
    assert git(pair.here, "rev-parse", "HEAD") == made
    assert "440" in (pair.here / "mill.md").read_text()
    assert status(pair.here) == ""
    assert pair.run(pair.here, "sync") == (
        "In step with origin (main): nothing to receive, nothing to send.\n"
    )


def test_both_sides_revisions_keep_their_places_and_readers_tip_goes_first(pair: Pair) -> None:
    theirs = pair.edit(pair.there, "400", "440", "--at", AT.format(1), "--correction", "It is 440.")
    pair.run(pair.there, "sync")
    ours = pair.edit(pair.here, "1901", "1902", "--at", AT.format(2), "--update", "to date it")
    said = pair.run(pair.here, "sync")
    assert said.endswith("Merged mill.md, which both sides changed.\n")
    assert git(pair.here, "log", "-1", "--format=%P").split() == [theirs, ours]
    assert git(pair.here, "log", "-1", "--format=%s") == "Merge branch 'main' of ../hub"
    pair.run(pair.there, "sync")
    for room in (pair.here, pair.there):
        assert git(room, "rev-parse", "HEAD") == git(pair.hub, "rev-parse", "main")
        assert [who for _, who in numbers(room)][:3] == ["Ada Editor", "Bo There", "Ada Here"]
        text = (room / "mill.md").read_text()
        assert "440" in text
        assert "1902" in text
        notes = Newsroom(room).notes("mill.md")
        assert [(note.id, note.kind) for note in notes] == [("u1", "correction"), ("u2", "update")]
        assert status(room) == ""
        git(room, "fsck", "--full", "--strict")


def test_recordings_that_interleave_all_arrive_on_both_sides(pair: Pair) -> None:
    commits = set()
    for round_ in range(3):
        commits.add(pair.edit(pair.here, "paper", f"paper{round_}", path="mill.md"))
        commits.add(pair.edit(pair.there, "article", f"article{round_}", path="other.md"))
        pair.run(pair.here, "sync")
        commits.add(pair.edit(pair.here, "1901", "1901 ", path="mill.md"))
        pair.run(pair.there, "sync")
        pair.run(pair.here, "sync")
    pair.run(pair.there, "sync")
    assert git(pair.here, "rev-parse", "HEAD") == git(pair.there, "rev-parse", "HEAD")
    for room in (pair.here, pair.there):
        found = [*Newsroom(room).history("mill.md"), *Newsroom(room).history("other.md")]
        assert commits <= {each.commit for each in found}


def test_what_both_changed_is_told_in_articles_terms_and_left_as_it_was(pair: Pair) -> None:
    theirs = pair.edit(pair.there, "400", "440", "--at", AT.format(1))
    pair.run(pair.there, "sync")
    ours = pair.edit(pair.here, "400", "404", "--at", AT.format(2))
    before = pair.state(pair.here)
    said = pair.desk.run("sync", "--merge")
    assert said.status == 1
    assert said.out == (
        "mill.md: changed on both sides in the same sentence\n"
        f"  here:   {ours[:10]}  2022-05-12 07:42 EDT  Ada Here  Edit mill.md\n"
        f"  origin: {theirs[:10]}  2022-05-12 07:41 EDT  Bo There  Edit mill.md\n\n"
        "  before: The mill employs 400 people.\n"
        "  here:   The mill employs 404 people.\n"
        "  there:  The mill employs 440 people.\n"
    )
    assert said.err.startswith("tracker: 1 file collides; nothing was changed on either side.\n")
    assert pair.state(pair.here) == before
    clash = pair.desk.run("sync", "--json").json["clashes"][0]
    assert (clash["path"], clash["kind"]) == ("mill.md", "passages")
    assert clash["there"][0]["commit"] == theirs


def test_sentences_of_one_paragraph_are_merged_when_that_is_asked_for(pair: Pair) -> None:
    pair.edit(pair.there, "400", "440")
    pair.run(pair.there, "sync")
    pair.edit(pair.here, "makes paper", "makes fine paper")
    said = pair.desk.run("sync")
    assert said.status == 1
    assert "bring them together with: tracker sync --merge" in said.err
    pair.run(pair.here, "sync", "--merge")
    assert (
        "The mill employs 440 people. It makes fine paper." in (pair.here / "mill.md").read_text()
    )
    assert status(pair.here) == ""


def test_an_article_deleted_on_one_side_and_changed_on_the_other_is_left(pair: Pair) -> None:
    git(pair.there, "rm", "-q", "mill.md")
    git(pair.there, "commit", "-qm", "Delete")
    pair.run(pair.there, "sync")
    pair.edit(pair.here, "400", "404")
    said = pair.desk.run("sync")
    assert said.status == 1
    assert said.out.startswith("mill.md: changed here, and deleted there\n")


def test_an_article_renamed_there_and_edited_here_is_merged(pair: Pair) -> None:
    git(pair.there, "mv", "mill.md", "paper-mill.md")
    git(pair.there, "commit", "-qm", "Rename")
    pair.run(pair.there, "sync")
    pair.edit(pair.here, "400", "404")
    pair.run(pair.here, "sync")
    assert "404" in (pair.here / "paper-mill.md").read_text()
    assert not (pair.here / "mill.md").exists()
    assert status(pair.here) == ""


def test_a_dry_run_changes_nothing_and_no_push_sends_nothing(pair: Pair) -> None:
    pair.edit(pair.there, "400", "440")
    pair.run(pair.there, "sync")
    pair.edit(pair.here, "1901", "1902")
    before = pair.state(pair.here)
    said = pair.run(pair.here, "sync", "--dry-run")
    assert "Would receive 1 commit" in said
    assert "Would send 1 commit" in said
    assert "Would merge mill.md" in said
    assert pair.state(pair.here) == before
    tip = git(pair.hub, "rev-parse", "main")
    assert "Not sent to origin (main): 1 commit." in pair.run(pair.here, "sync", "--no-push")
    assert git(pair.hub, "rev-parse", "main") == tip
    assert "440" in (pair.here / "mill.md").read_text()
    assert "Sent" in pair.run(pair.here, "sync")
    assert git(pair.hub, "rev-parse", "main") == git(pair.here, "rev-parse", "HEAD")


def test_unrecorded_work_is_kept_and_named_where_it_is_in_the_way(pair: Pair) -> None:
    pair.edit(pair.there, "400", "440")
    (pair.there / "new.md").write_text("New there.\n")
    pair.run(pair.there, "record", "new.md")
    pair.run(pair.there, "sync")
    (pair.here / "mill.md").write_text("Being written.\n")
    said = pair.refused(pair.here, "sync")
    assert said == (
        "tracker: mill.md has changes here that are not recorded, and others changed the same "
        "there.\n  Record first, then sync again: tracker record mill.md\n"
    )
    git(pair.here, "checkout", "-q", "mill.md")
    (pair.here / "new.md").write_text("New here.\n")
    assert "new.md has changes here that are not recorded" in pair.refused(pair.here, "sync")
    (pair.here / "new.md").unlink()
    (pair.here / "other.md").write_text("Being written.\n")
    (pair.here / "draft.md").write_text("Draft.\n")
    pair.run(pair.here, "sync")
    assert status(pair.here) == " M other.md\n?? draft.md"
    assert (pair.here / "other.md").read_text() == "Being written.\n"


def test_a_sync_that_was_killed_after_the_files_goes_on(pair: Pair) -> None:
    """The files and the index are as they will be, and the branch is not: sync again."""
    made = pair.edit(pair.there, "400", "440")
    (pair.there / "new.md").write_text("New.\n")
    pair.run(pair.there, "record", "new.md")
    git(pair.there, "rm", "-q", "other.md")
    git(pair.there, "commit", "-qm", "Delete")
    pair.run(pair.there, "sync")
    git(pair.here, "fetch", "-q")
    for index_too in (True, False):
        if index_too:
            git(pair.here, "update-index", "-q", "--refresh")
            git(pair.here, "read-tree", "-m", "-u", "HEAD", "origin/main")
        else:
            git(pair.here, "update-ref", "refs/heads/main", f"{made}~1")
            git(pair.here, "read-tree", "HEAD")
        assert status(pair.here) != ""
        pair.run(pair.here, "sync")
        assert status(pair.here) == ""
        assert git(pair.here, "rev-parse", "HEAD") == git(pair.hub, "rev-parse", "main")


def test_a_push_that_loses_a_race_is_tried_again_on_what_came_in(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = remote.push
    times = iter(range(2))
    made = []

    def others_first(*arguments: object) -> None:
        number = next(times, None)
        if number is not None:
            made.append(pair.edit(pair.there, "article", f"article {number}", path="other.md"))
            git(pair.there, "pull", "-q", "--rebase")
            git(pair.there, "push", "-q")
        push(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(remote, "push", others_first)
    ours = pair.edit(pair.here, "1901", "1902")
    said = pair.run(pair.here, "sync")
    assert "Received 2 commits" in said
    assert git(pair.here, "log", "-1", "--format=%P").split() == [made[-1], ours]
    assert git(pair.hub, "rev-parse", "main") == git(pair.here, "rev-parse", "HEAD")


def test_a_recording_made_while_the_sync_sends_goes_out_too(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = remote.push
    times = iter(range(1))

    def recorded_first(*arguments: object) -> None:
        push(*arguments)  # type: ignore[arg-type]
        if next(times, None) is not None:
            pair.edit(pair.here, "article", "article now", path="other.md")

    pair.edit(pair.there, "400", "440")
    pair.run(pair.there, "sync")
    pair.edit(pair.here, "1901", "1902")
    monkeypatch.setattr(remote, "push", recorded_first)
    said = pair.run(pair.here, "sync")
    assert "Sent 2 commits" in said
    assert git(pair.hub, "rev-parse", "main") == git(pair.here, "rev-parse", "HEAD")
    assert status(pair.here) == ""


def test_a_remote_that_always_moves_is_given_up_after_a_while(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rejected(*_: object) -> None:
        raise remote.Rejected

    monkeypatch.setattr(remote, "push", rejected)
    monkeypatch.setattr("tracker.newsroom.sync.time.sleep", lambda _: None)
    pair.edit(pair.here, "1901", "1902")
    assert pair.refused(pair.here, "sync").startswith(
        "tracker: origin is moved by others all the time.\n"
    )


def test_two_that_sync_at_once_both_get_through(pair: Pair) -> None:
    ours = pair.edit(pair.here, "1901", "1902")
    theirs = pair.edit(pair.there, "article", "article there", path="other.md")
    words = [sys.executable, "-m", "tracker", "-C"]
    running = [
        subprocess.Popen([*words, str(room), "sync"], stderr=subprocess.PIPE)
        for room in (pair.here, pair.there)
    ]
    for each in running:
        assert each.communicate(timeout=60)[1] == b""
        assert each.returncode == 0
    held = set(git(pair.hub, "rev-list", "main").split())
    assert {ours, theirs} <= held


def test_a_bare_clone_syncs_too(pair: Pair, tmp_path: Path) -> None:
    bare = pair.hub.parent / "bare"
    git(pair.hub, "clone", "-q", "--bare", str(pair.hub), str(bare))
    pair.edit(pair.there, "400", "440")
    pair.run(pair.there, "sync")
    text = pair.desk.git("show", "HEAD:other.md") + "More.\n"
    pair.desk.ok("-C", str(bare), "record", "other.md", "--file", "-", stdin=text.encode())
    pair.run(bare, "sync")
    assert git(bare, "rev-parse", "main") == git(pair.hub, "rev-parse", "main")
    pair.run(pair.there, "sync")
    assert (pair.there / "other.md").read_text() == text


# --- what stands in the way -----------------------------------------------------------------------


def no_remote(pair: Pair) -> None:
    git(pair.here, "remote", "remove", "origin")


def no_repository(pair: Pair) -> None:
    git(pair.here, "remote", "set-url", "origin", "/nowhere/hub")


def no_network(pair: Pair) -> None:
    git(pair.here, "remote", "set-url", "origin", "http://ada:secret@127.0.0.1:9/hub")


def detached(pair: Pair) -> None:
    git(pair.here, "checkout", "-q", "--detach")


def refused_by_hook(pair: Pair) -> None:
    hook = pair.hub / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'The desk is closed.' >&2\nexit 1\n")
    hook.chmod(0o755)


def refused_by_own_hook(pair: Pair) -> None:
    hook = pair.here / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\necho 'Not today.' >&2\nexit 1\n")
    hook.chmod(0o755)


def rewritten(pair: Pair) -> None:
    git(pair.here, "fetch", "-q")
    git(pair.there, "commit", "-q", "--amend", "-m", "Rewritten")
    git(pair.there, "push", "-q", "--force")


def unrelated(pair: Pair) -> None:
    other = pair.hub.parent / "unrelated"
    git(pair.hub, "init", "-q", "--bare", "-b", "main", str(other))
    tree = git(other, "hash-object", "-w", "-t", "tree", "--stdin")
    git(other, "update-ref", "refs/heads/main", git(other, "commit-tree", "-m", "x", tree))
    git(pair.here, "remote", "set-url", "origin", str(other))
    git(pair.here, "update-ref", "-d", "refs/remotes/origin/main")


def merging(pair: Pair) -> None:
    (pair.here / ".git" / "MERGE_HEAD").write_text(git(pair.here, "rev-parse", "HEAD") + "\n")


def several(pair: Pair) -> None:
    git(pair.here, "remote", "rename", "origin", "one")
    git(pair.here, "remote", "add", "two", str(pair.hub))


CASES: list[tuple[Callable[[Pair], None], str]] = [
    (no_remote, "This repository has no remote to sync with."),
    (several, "There is more than one remote: one, two."),
    (no_repository, "origin (/nowhere/hub) cannot be reached: there is no repository."),
    (no_network, "origin (http://127.0.0.1:9/hub) cannot be reached: it takes no connections."),
    (detached, "HEAD is detached: no branch is checked out that could take the revision."),
    (
        refused_by_hook,
        "origin refused the revisions: pre-receive hook declined (The desk is closed.).",
    ),
    (refused_by_own_hook, "git did not send the revisions to origin: Not today."),
    (
        rewritten,
        "The branch main at origin was rewritten: revisions that it had before are gone from it.",
    ),
    (
        unrelated,
        "The two histories have no commit in common: they are not of one newsroom.",
    ),
    (merging, "A merge is in progress in this repository."),
]


@pytest.mark.parametrize(
    ("prepare", "sentence"), CASES, ids=lambda each: getattr(each, "__name__", "")
)
def test_what_stands_in_the_way_is_said_in_a_sentence(
    pair: Pair, prepare: Callable[[Pair], None], sentence: str
) -> None:
    pair.edit(pair.here, "1901", "1902")
    prepare(pair)
    said = pair.refused(pair.here, "sync").splitlines()
    assert said[0] == f"tracker: {sentence}"
    assert len(said) == 2
    assert "secret" not in said[0]


@pytest.mark.parametrize("name", ["nowhere", "--upload-pack=touch x", "-v", "/tmp", "ext::sh -c x"])
def test_only_remotes_that_git_knows_are_used(pair: Pair, name: str) -> None:
    said = pair.refused(pair.here, "sync", "--", name)
    assert said == f"tracker: git knows no remote “{name}” here.\n  There are: origin.\n"


def test_a_shallow_clone_that_cannot_see_where_the_two_part_says_so(pair: Pair) -> None:
    shallow = pair.hub.parent / "shallow"
    pair.edit(pair.there, "400", "440")
    pair.edit(pair.there, "440", "444")
    pair.run(pair.there, "sync")
    git(pair.hub, "clone", "-q", "--depth", "1", f"file://{pair.hub}", str(shallow))
    text = (shallow / "mill.md").read_text()
    (shallow / "mill.md").write_text(text.replace("1901", "1902"))
    pair.run(shallow, "record", "mill.md")
    assert "Sent 1 commit" in pair.run(shallow, "sync")
    git(shallow, "reset", "-q", "--hard", "HEAD")
    tip = git(shallow, "rev-parse", "HEAD^{tree}")
    lonely = git(shallow, "commit-tree", "-m", "Lonely", tip)
    git(shallow, "reset", "-q", "--hard", lonely)
    assert pair.refused(shallow, "sync").startswith(
        "tracker: This clone is shallow: where the two histories part is not in it.\n"
    )


def test_an_unborn_branch_receives_what_is_there(pair: Pair) -> None:
    fresh = pair.hub.parent / "fresh"
    git(pair.hub, "init", "-q", "-b", "main", str(fresh))
    git(fresh, "remote", "add", "origin", str(pair.hub))
    pair.run(fresh, "sync")
    assert (fresh / "mill.md").read_text() == TEXT
    assert status(fresh) == ""


def test_the_merge_is_undone_on_disk_where_the_branch_cannot_move(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.edit(pair.there, "400", "440")
    pair.run(pair.there, "sync")
    repository = discover(pair.here)
    git(pair.here, "fetch", "-q")
    new = git(pair.here, "rev-parse", "origin/main")
    old = git(pair.here, "rev-parse", "main")
    lock = pair.here / ".git" / "refs" / "heads" / "main.lock"
    lock.touch()
    with locks.turn(repository.common_dir) as turn, pytest.raises(TrackerError) as refused:
        joining.move_to(repository, "refs/heads/main", old, new, "test", turn)
    assert str(lock) in refused.value.hint
    lock.unlink()
    assert git(pair.here, "rev-parse", "main") == old
    assert status(pair.here) == ""


def test_the_merge_is_signed_where_commits_are(pair: Pair, tmp_path: Path) -> None:
    key = tmp_path / "key"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(words, check=True)
    pair.edit(pair.there, "400", "440")
    pair.run(pair.there, "sync")
    pair.edit(pair.here, "1901", "1902")
    for name, value in {
        "gpg.format": "ssh",
        "commit.gpgSign": "true",
        "user.signingKey": str(tmp_path / "none"),
    }.items():
        git(pair.here, "config", name, value)
    said = pair.refused(pair.here, "sync")
    assert said.startswith("tracker: git did not make the merge's commit: ")
    git(pair.here, "config", "user.signingKey", str(key))
    pair.run(pair.here, "sync")
    assert "BEGIN SSH SIGNATURE" in git(pair.here, "cat-file", "commit", "HEAD")
