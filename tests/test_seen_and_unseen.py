"""What cannot be looked at is told of with status 2; what was left out, in a line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.desk import Desk
from tracker.errors import TrackerError
from tracker.newsroom.newsroom import Newsroom

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{:064d}\nsize 12345\n"


@pytest.fixture
def ferry(desk: Desk) -> Desk:
    """An article of two revisions by one person under two names, and nothing else."""
    desk.git("init", "-q", "-b", "main")
    publish(desk, "content/ferry.md", "The pier has 5 seats.\n", "2022-01-01T10:00:00Z")
    publish(desk, "content/ferry.md", "The pier has 6 seats.\n", "2022-01-02T10:00:00Z")
    return desk


def publish(desk: Desk, path: str, text: str, at: str, author: str = "jon <jon@x.org>") -> None:
    desk.write(path, text)
    desk.git("add", "--all")
    desk.git("commit", "-q", f"--date={at}", f"--author={author}", "-m", f"Edit {path}")


def test_a_partial_clone_that_cannot_fetch(
    ferry: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ferry.git("config", "uploadpack.allowFilter", "true")
    folder = tmp_path_factory.mktemp("clone") / "c"
    words = ["git", "clone", "-q", "--filter=blob:none", "--no-checkout"]
    subprocess.run([*words, f"file://{ferry.folder}", str(folder)], check=True)
    subprocess.run(["git", "remote", "set-url", "origin", "/nowhere"], cwd=folder, check=True)
    for words in (["check"], ["history"], ["history", "ferry"], ["changelog"]):
        said = ferry.run("-C", str(folder), *words)
        assert said.status == 2, (words, said)
        assert said.out == ""
        assert "This clone is partial" in said.err


def test_a_pointer_of_git_lfs_is_named(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    for number in (1, 2):
        publish(desk, "content/a.md", POINTER.format(number), f"2022-01-0{number}T10:00:00Z")
    for words in (["check"], ["history"], ["history", "a"], ["show", "a", "1"]):
        said = desk.run(*words)
        assert said.status == 2, (words, said)
        assert "sha256" not in said.out + said.err
    assert "is a Git LFS pointer" in desk.run("check").err
    publish(desk, "content/b.md", "Another text.\n", "2022-01-03T10:00:00Z")
    said = desk.run("check")
    assert said.status == 2
    assert "content/a.md was left out: " in said.err
    assert "b" in desk.ok("history").out


def test_a_pattern_that_matches_nothing(ferry: Desk) -> None:
    ferry.write("tracker.toml", 'articles = ["posts/**"]\n')
    assert "There is no article" in ferry.run("check").err
    assert ferry.run("check").status == 2
    ferry.write("tracker.toml", 'articles = ["content/**/*.rst"]\n')
    for command in ("check", "history"):
        assert "asks for .rst files" in ferry.refused(command)


def test_a_line_says_what_was_taken_and_what_was_left(ferry: Desk) -> None:
    publish(ferry, "notes/b.md", "Another text.\n", "2022-01-03T10:00:00Z")
    line = "tracker: 1 article under content; 1 other Markdown file left out\n"
    assert ferry.ok("history").err == line
    assert ferry.run("check").err == line
    ferry.write("tracker.toml", 'articles = ["content/**"]\n')
    assert ferry.ok("history").err == ""


def test_people_are_called_as_mailmap_says(ferry: Desk) -> None:
    publish(ferry, "content/ferry.md", "It has 7.\n", "2022-01-03T10:00:00Z", "J S <js@y.org>")
    assert [each.person.name for each in Newsroom(ferry.folder).history("ferry")] == [
        "jon", "jon", "J S",
    ]  # fmt: skip
    ferry.write(".mailmap", "Joan Smith <j@x.org> <jon@x.org>\nJoan Smith <j@x.org> <js@y.org>\n")
    room = Newsroom(ferry.folder)
    assert {each.person.name for each in room.history("ferry")} == {"Joan Smith"}
    assert room.people() == (("Joan Smith", 3),)


def test_a_site_that_rebases_goes_by_the_date_of_the_commit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.git("init", "-q", "-b", "main")
    for at, out, text in (
        ("2022-01-01T10:00:00Z", "2022-01-01T10:00:00Z", "It is open.\n"),
        ("2022-01-15T10:00:00Z", "2022-02-10T10:00:00Z", "It is closed.\n"),
    ):
        monkeypatch.setenv("GIT_COMMITTER_DATE", out)
        publish(desk, "content/ferry.md", text, at)
    assert desk.ok("show", "ferry", "2022-02-05").out == "It is closed.\n"
    desk.write("tracker.toml", '[published]\nclock = "commit"\n')
    assert desk.ok("show", "ferry", "2022-02-05").out == "It is open.\n"
    assert "2022-02-10" in desk.ok("history", "ferry").out
    desk.write("tracker.toml", '[published]\nclock = "sun"\n')
    assert "“published.clock” must be “author” or “commit”." in desk.refused("history", "ferry")


def test_deleted_articles_are_listed(ferry: Desk) -> None:
    publish(ferry, "content/b.md", "# The mill\n\nAnother text.\n", "2022-01-03T10:00:00Z")
    assert ferry.ok("history", "--deleted").out == ""
    ferry.git("rm", "-q", "content/b.md")
    ferry.git("commit", "-q", "--date=2022-01-04T10:00:00Z", "-m", "Down")
    said = ferry.ok("history", "--deleted").out.splitlines()
    assert said[0] == "The mill  content/b.md"
    (one,) = ferry.ok("history", "--deleted", "--json").json["deleted"]
    assert one["article"]["path"] == "content/b.md"
    assert "content/b.md" not in ferry.ok("history").out
    ferry.refused("history", "--deleted", "ferry")


def test_a_link_to_an_article_is_followed(ferry: Desk) -> None:
    (ferry.folder / "site").mkdir()
    Path(ferry.folder / "site" / "ferry.md").symlink_to("../content/ferry.md")
    ferry.git("add", "--all")
    ferry.git("commit", "-q", "-m", "Link")
    assert ferry.ok("history", "site/ferry.md").out == ferry.ok("history", "content/ferry.md").out


def test_dates_that_git_keeps_and_nobody_can_read(ferry: Desk) -> None:
    tree = ferry.git("rev-parse", "HEAD^{tree}").strip()
    raw = f"tree {tree}\nparent {ferry.git('rev-parse', 'HEAD').strip()}\n"
    raw += "author A <a@b> 99999999999999999 +0000\ncommitter A <a@b> bad +0000\n\nOdd\n"
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=ferry.folder, input=raw.encode(), capture_output=True, check=True,
    )  # fmt: skip
    ferry.git("reset", "-q", "--soft", made.stdout.decode().strip())
    ferry.ok("history", "ferry")
    ferry.ok("history")
    assert ferry.run("verify").status in (0, 1)
    for day in ("0001-01-01", "9999-12-31"):
        for command in ("show", "diff"):
            assert ferry.run(command, "ferry", day).status in (0, 2)


def test_the_first_and_the_last_day_of_the_calendar(ferry: Desk) -> None:
    room = Newsroom(ferry.folder)
    assert room.show("ferry", "9999-12-31") == "The pier has 6 seats.\n"
    with pytest.raises(TrackerError):
        room.show("ferry", "0001-01-01")


def test_a_submodule_among_the_articles_is_named(ferry: Desk) -> None:
    """Also where there are articles besides; it is not looked at, and that is told."""
    commit = ferry.git("rev-parse", "HEAD").strip()
    ferry.git("update-index", "--add", "--cacheinfo", f"160000,{commit},content/notes")
    ferry.git("commit", "-q", "-m", "A repository of notes")
    for words in (["check"], ["history"]):
        assert "content/notes is a repository of its own" in ferry.run(*words).err


def test_history_says_that_no_pattern_fits(ferry: Desk) -> None:
    ferry.write("tracker.toml", 'articles = ["contnet/**"]\n')
    said = ferry.run("history")
    assert said.status == 2
    assert "no article to look at" in said.err


@pytest.mark.parametrize("words", [["changelog"], ["stats"], ["export"], ["blame", "ferry"]])
def test_every_command_that_tells_of_the_past_says_that_a_clone_is_shallow(
    ferry: Desk, words: list[str]
) -> None:
    ferry.git("clone", "-q", "--depth=1", f"file://{ferry.folder}", "shallow")
    assert "shallow" in ferry.ok("-C", "shallow", *words).err


def test_verify_does_not_speak_of_texts_that_a_clone_lacks(ferry: Desk) -> None:
    ferry.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{ferry.folder}"
    ferry.git("clone", "-q", "--filter=blob:none", "--no-checkout", url, "partial")
    assert "This clone is partial" in ferry.ok("-C", "partial", "verify").out
