"""Bad input: one sentence, what to do next, exit status 2, nothing written, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desk import Desk
from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store.git import discover
from tracker.store.stream import CommitStream

TEXT = "The council met on Monday.\n"
MATTER = "---\ntitle: Council\n---\n\n"
BROKEN = "---\ntitle: [Council\n---\n\n"


@pytest.fixture
def published(newsroom: Desk) -> Desk:
    newsroom.write("a.md", MATTER + TEXT)
    newsroom.ok("record", "a.md", "--at", "05/10/22 noon")
    return newsroom


def test_no_repository(desk: Desk) -> None:
    for words in (["history"], ["record", "a.md"], ["footer", "a.md"], ["check"], ["changelog"]):
        said = desk.refused(*words)
        assert "is not in a git repository." in said
        assert "tracker init" in said


def test_no_such_folder(desk: Desk) -> None:
    assert "There is no folder nowhere." in desk.refused("-C", "nowhere", "history")


def test_nothing_committed_yet(desk: Desk) -> None:
    desk.git("init", "-q", "--initial-branch=main")
    for words in (["history"], ["history", "a.md"], ["show", "a.md"], ["changelog", "a.md"]):
        said = desk.refused(*words)
        assert len(said.splitlines()) == 2
    said_of_all = desk.run("changelog")  # a new site asks for it before there is anything
    assert (said_of_all.status, said_of_all.out) == (0, "")
    assert said_of_all.err == "tracker: there is nothing in the changelog yet.\n"


def test_a_folder_that_may_not_be_looked_into_is_told_of(desk: Desk) -> None:
    assert "There is no folder" in desk.refused("-C", "nowhere", "history")
    assert "cannot be looked at" in desk.refused("-C", "x" * 300, "history")


def test_the_first_recording_starts_an_unborn_branch(desk: Desk) -> None:
    desk.git("init", "-q", "--initial-branch=main")
    desk.write("a.md", TEXT)
    desk.ok("record", "a.md")
    desk.clean()


def test_no_such_article_names_the_nearest(published: Desk) -> None:
    published.write("articles/night-ferry.md", TEXT)
    published.ok("record", "articles/night-ferry.md")
    said = published.refused("history", "nigt-ferry")
    assert said == (
        "tracker: No article matches “nigt-ferry”.\n  Did you mean articles/night-ferry.md?\n"
    )


def test_two_articles_match_a_name(published: Desk) -> None:
    for name in ("articles/a/ferry.md", "articles/b/ferry.md"):
        published.write(name, TEXT)
        published.ok("record", name)
    assert published.refused("history", "ferry") == (
        "tracker: Two articles match “ferry”: articles/a/ferry.md, articles/b/ferry.md.\n"
        "  Give more of the path.\n"
    )


def test_a_path_that_leads_out_of_the_repository(published: Desk, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside.md"
    outside.write_text(TEXT)
    for name in ("../outside.md", str(outside), "x/../../outside.md"):
        assert "leads out of the repository" in published.refused("record", name)


def test_a_symbolic_link_is_followed_inside_the_repository_alone(published: Desk) -> None:
    (published.folder / "link.md").symlink_to("a.md")
    assert published.ok("history", "link.md").out == published.ok("history", "a.md").out
    out = "leads out of the repository."
    (published.folder / "folder").symlink_to("/etc")
    assert f"folder/hostname is a symbolic link that {out}" in published.refused(
        "record", "folder/hostname"
    )
    (published.folder / "loop.md").symlink_to("loop.md")
    assert f"loop.md is a symbolic link that {out}" in published.refused("record", "loop.md")
    (published.folder / "git.md").symlink_to(".git/config")
    published.refused("history", "git.md")


def test_inside_the_git_directory_nothing_is_an_article(published: Desk) -> None:
    for name in (".git/config", ".git/hooks/x.md", ".GIT/x.md"):
        said = published.refused("record", name, "--file", "-", stdin=b"x\n")
        assert len(said.splitlines()) == 2


def test_a_folder_is_no_article(published: Desk) -> None:
    (published.folder / "folder.md").mkdir()
    published.refused("record", "folder.md")
    published.refused("record", "")
    published.refused("history", " ")


def test_front_matter_that_does_not_parse_is_read_around_and_not_written_into(
    newsroom: Desk,
) -> None:
    newsroom.write("a.md", BROKEN + TEXT)
    newsroom.ok("record", "a.md")
    newsroom.ok("history", "a.md")
    newsroom.ok("footer", "a.md")
    said = newsroom.refused("note", "a.md", "--update", "to add a comment")
    assert "a.md" in said
    assert "line 3" in said
    assert "column" in said


def test_a_note_needs_words(published: Desk) -> None:
    for words in ("", "  ", "\n"):
        assert "note" in published.refused("note", "a.md", f"--update={words}")


@pytest.mark.parametrize(
    "at",
    [
        "31/31/22",
        "02/30/2022",
        "yesteryear",
        "2022-13-01",
        "25:00",
        "05/12/22 7:45 XYZ",
        "",
        "now+1",
    ],
)
def test_an_instant_that_is_none(published: Desk, at: str) -> None:
    published.refused("note", "a.md", "--update", "to add", "--at", at)


def test_a_date_in_the_future(published: Desk) -> None:
    said = published.refused("note", "a.md", "--update", "to add", "--at", "07/12/22 noon")
    assert "is in the future." in said


def test_an_ambiguous_date_names_both_readings(desk: Desk) -> None:
    desk.ok("init", ".", "--style", "default")
    desk.write("a.md", TEXT)
    said = desk.refused("record", "a.md", "--at", "05/06/22 noon")
    assert "May" in said
    assert "June" in said


def test_unknown_styles_zones_and_keys(published: Desk) -> None:
    for toml, wanted in (
        ('style = "newsweak"', "newsweek"),
        ('timezone = "America/NewYork"', "America/New_York"),
        ('timezone = "../../etc/passwd"', "zone"),
        ('stile = "ap"', "style"),
        ("[footer]\nmaxx = 3", "max"),
        ("style = ", "line 1"),
        ('style = "own.toml"', "own.toml"),
        ('[style]\nfile = "../own.toml"', "own.toml"),
        ("[check.rules]\nsilent-chnage = 'off'", "silent-change"),
    ):
        published.write("tracker.toml", toml)
        words = ["check"] if "rules" in toml else ["footer", "a.md"]
        said = published.refused(*words)
        assert wanted in said, (toml, said)
        assert "tracker.toml" in said
    said = published.refused("init", "new", "--style", "newsweak")
    assert "newsweek" in said
    assert not (published.folder / "new").exists()


def test_revisions_that_are_not_there(published: Desk) -> None:
    for rev in ("2", "0", "latest~1", "1999-01-01", "deadbeef", "--all", "HEAD:a.md", "$(id)"):
        said = published.run("show", "a.md", rev)
        assert said.status == 2
        assert "Traceback" not in said.err


def test_a_detached_head_reads_well_and_does_not_record(published: Desk) -> None:
    published.git("checkout", "-q", "--detach")
    published.ok("history", "a.md")
    published.write("a.md", MATTER + TEXT + "\nMore.\n")
    said = published.refused("record", "a.md")
    assert "detached" in said


def test_a_branch_that_another_worktree_has(published: Desk) -> None:
    published.git("worktree", "add", "-q", "../other", "-b", "other")
    published.git("symbolic-ref", "HEAD", "refs/heads/other")
    published.write("a.md", MATTER + TEXT + "\nMore.\n")
    published.refused("record", "a.md")


def test_a_held_index_lock(published: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.store.locks.PATIENCE", 0.1, raising=False)
    lock = published.write(".git/index.lock", "")
    published.write("a.md", MATTER + TEXT + "\nMore.\n")
    said = published.run("record", "a.md")
    assert said.status == 2
    assert "index.lock" in said.err
    lock.unlink()
    published.ok("record", "a.md")


def test_a_merge_in_progress(published: Desk) -> None:
    published.git("checkout", "-qb", "side")
    published.write("a.md", MATTER + "One side.\n")
    published.git("commit", "-qam", "side")
    published.git("checkout", "-q", "main")
    published.write("a.md", MATTER + "Other side.\n")
    published.git("commit", "-qam", "main")
    subprocess.run(["git", "merge", "-q", "side"], cwd=published.folder, check=False)
    assert "merge" in published.refused("record", "a.md")


def test_nobody_known_to_git(published: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("GIT_COMMITTER_EMAIL")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.useConfigOnly")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    published.write("a.md", MATTER + TEXT + "\nMore.\n")
    said = published.refused("record", "a.md")
    assert "does not know who you are" in said


def test_a_bare_repository_has_no_files(published: Desk) -> None:
    published.git("clone", "-q", "--bare", ".", "bare.git")
    published.ok("-C", "bare.git", "history", "a.md")
    published.ok("-C", "bare.git", "footer", "a.md")
    published.ok("-C", "bare.git", "show", "a.md", "1")
    for words in (["record", "a.md"], ["record", "--all"], ["footer", "a.md", "--write"]):
        said = published.run("-C", "bare.git", *words)
        assert said.status == 2, said
        assert "bare" in said.err


def test_a_shallow_clone_is_told_of(published: Desk) -> None:
    published.write("a.md", MATTER + TEXT + "\nMore.\n")
    published.ok("record", "a.md")
    url = f"file://{published.folder}"
    published.git("clone", "-q", "--depth=1", url, "shallow")
    said = published.ok("-C", "shallow", "history", "a.md")
    assert "shallow" in said.err


@pytest.mark.parametrize(
    "words",
    ["-5 degrees", "$(touch pwned)", "<script>alert(1)</script>", "%s %d --all", "\x1b[31mred"],
)
def test_words_of_a_note_are_only_words(published: Desk, words: str) -> None:
    said = published.run("note", "a.md", f"--update={words}")
    assert said.status in (0, 2)
    assert "Traceback" not in said.err
    assert not (published.folder / "pwned").exists()
    assert "\x1b" not in published.ok("changelog", "a.md").out
    published.clean()


def test_options_that_contradict_each_other(published: Desk) -> None:
    published.refused("record", "a.md", "--all")
    published.refused("record")
    published.refused("record", "--file", "x")
    published.refused("record", "a.md", "--file", "nowhere.md")
    published.refused("diff", "a.md", "1", "--working")
    published.refused("diff", "a.md", "1", "1", "1")
    published.refused("diff", "--files", "a.md")
    published.refused("diff", "--files", "a.md", "nowhere.md")
    published.refused("check", "--staged", "--since", "HEAD")
    published.refused("check", "--as-one")
    published.refused("note", "a.md", "--amend", "u9", "x")
    published.refused("note", "a.md", "--withdraw", "u9")
    published.refused("import", "nowhere")
    published.refused("unknown")
    published.refused("record", "--unknown")
    published.refused("init", ".")


def test_bytes_that_are_no_text(published: Desk) -> None:
    published.write("b.md", b"\x00\x01\x02\xff" * 20)
    said = published.refused("record", "b.md")
    assert "text" in said


def test_a_fault_of_the_program_has_its_own_status(
    published: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.newsroom.newsroom.Newsroom.life", lambda *_, **__: 1 / 0)
    said = published.run("history", "a.md")
    assert said.status == 3
    assert said.err.startswith("tracker: tracker failed, which is a fault of the program")


def test_a_reader_that_stops_reading_is_no_error(published: Desk) -> None:
    command = f"'{sys.executable}' -m tracker show a.md 1 | head -c 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=published.folder,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == b""


@pytest.mark.parametrize(
    "words", [["record", "articles/pipe.md"], ["history"], ["intake", "--port", "0"]], ids=str
)
def test_a_pipe_in_place_of_a_file_is_not_waited_for(published: Desk, words: list[str]) -> None:
    name = {"record": "articles/pipe.md", "history": "tracker.toml", "intake": "intake.toml"}
    pipe = published.folder / name[words[0]]
    pipe.parent.mkdir(exist_ok=True)
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    assert "plain file" in published.refused(*words)


def test_settings_of_many_megabytes_are_not_read(published: Desk) -> None:
    with (published.folder / "tracker.toml").open("wb") as file:
        file.truncate(700_000_000)
    assert "tracker.toml is larger than 1 MB." in published.refused("history")


@pytest.mark.parametrize("name", ["tracker.toml", "house.toml", ".tracker-reviewed.toml"])
def test_a_link_that_leads_to_itself_is_refused(published: Desk, name: str) -> None:
    published.write("tracker.toml", 'style = "house.toml"\n' if name == "house.toml" else "")
    (published.folder / name).unlink(missing_ok=True)
    (published.folder / name).symlink_to(name)
    assert f"{name} leads out of the repository" in published.refused("check")


def test_a_key_of_very_many_parts_is_refused(published: Desk) -> None:
    published.write("tracker.toml", f"\n{'.'.join('a' * 40_000)} = 1\n")
    assert "tracker.toml, line 2: a key has too many parts." in published.refused("history")


def test_lists_of_commits_and_people_are_plain_files(published: Desk) -> None:
    pipe = published.folder / ".git-blame-ignore-revs"
    os.mkfifo(pipe)
    assert "not a plain file" in published.refused("history")
    pipe.unlink()
    pipe.symlink_to("/dev/zero")
    (published.folder / ".mailmap").symlink_to("/dev/zero")
    published.ok("history")


def test_a_date_that_is_none_is_refused_where_nothing_is_found(published: Desk) -> None:
    assert "February 2022 has no day 30" in published.refused("check", "--until", "2022-02-30")


def test_a_stream_that_finds_no_room_for_its_folder_is_refused(published: Desk) -> None:
    """A full disk shows here first; the intake lives on, and records when there is room again."""
    taken = published.folder / "taken"
    taken.write_text("")
    stream = CommitStream(
        discover(published.folder), taken, None, Person("Ada Editor", "ada@example.com")
    )
    with pytest.raises(TrackerError, match="taken"), stream:
        pass
