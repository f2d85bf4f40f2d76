"""Articles that are moved, taken down and put back by tracker's own commands."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.recording import Room
from tracker import Newsroom
from tracker.errors import TrackerError
from tracker.web import create_app

TEXT = "# Bridge closed\n\nThe bridge on Elm Street is closed until the morning of May 3.\n"


@pytest.fixture
def room(desk: Desk) -> Desk:
    desk.ok("init", ".", "--timezone", "UTC")
    desk.write("articles/bridge.md", TEXT)
    desk.write("articles/mill.md", "# Mill\n\nThe mill on the river burned down last night.\n")
    desk.ok("record", "--all", "--at", "2022-05-02 10:00")
    return desk


def move(room: Desk, old: str, new: str) -> None:
    (room.folder / new).parent.mkdir(parents=True, exist_ok=True)
    (room.folder / old).rename(room.folder / new)


@pytest.mark.parametrize("command", [["--all"], ["articles/new/elm.md"]])
@pytest.mark.parametrize("edited", [False, True])
def test_a_move_on_disk_is_recorded_as_one(room: Desk, command: list[str], edited: bool) -> None:
    move(room, "articles/bridge.md", "articles/new/elm.md")
    if edited:
        room.write("articles/new/elm.md", TEXT.replace("May 3", "May 4"))
    said = room.ok("record", *command)
    assert said.out.startswith("Recorded articles/new/elm.md, moved from articles/bridge.md: ")
    life = room.ok("history", "elm", "--json").json
    assert len(life["revisions"]) == 1 + edited
    assert [event["kind"] for event in life["events"]] == ["moved"]
    assert room.git("status", "--porcelain") == ""
    assert room.git("log", "-1", "--format=%s").strip() == (
        "Move articles/bridge.md to articles/new/elm.md"
    )
    assert room.ok("record", "--all").out == "Nothing to record: no article has changed.\n"


def test_what_git_itself_moved_or_took_out_is_recorded(room: Desk) -> None:
    room.git("mv", "articles/bridge.md", "articles/elm.md")
    room.write("articles/elm.md", TEXT.replace("May 3", "May 4"))
    room.ok("record", "elm", "--correction", "It is closed until May 4, not May 3.")
    assert len(room.ok("history", "elm", "--json").json["revisions"]) == 2
    room.git("rm", "--quiet", "articles/elm.md")
    room.ok("record", "articles/elm.md")
    assert room.ok("history", "elm", "--json").json["deleted"] is True
    assert room.git("status", "--porcelain") == ""


def test_several_moves_at_once_keep_their_articles_apart(room: Desk) -> None:
    move(room, "articles/bridge.md", "articles/a.md")
    move(room, "articles/mill.md", "articles/b.md")
    room.write("articles/c.md", "# Other\n\nNothing of the kind was ever written before.\n")
    room.ok("record", "--all")
    for name, path in (("a", "articles/bridge.md"), ("b", "articles/mill.md")):
        (revision,) = room.ok("history", name, "--json").json["revisions"]
        assert revision["path"] == path
    assert room.ok("history", "c", "--json").json["events"] == []
    assert room.git("status", "--porcelain") == ""


@pytest.mark.parametrize("command", [["--all"], ["articles/bridge.md"], ["bridge"]])
def test_a_deletion_is_recorded(room: Desk, command: list[str]) -> None:
    (room.folder / "articles/bridge.md").unlink()
    said = room.ok("record", *command)
    assert said.out.startswith("Took down articles/bridge.md, whose last is revision 1, ")
    assert room.git("status", "--porcelain") == ""
    assert room.ok("history", "bridge", "--json").json["deleted"] is True


def test_a_deletion_with_a_note_tells_readers_before_the_article_goes(room: Desk) -> None:
    (room.folder / "articles/bridge.md").unlink()
    room.ok("record", "articles/bridge.md", "--retraction", "This was published in error.")
    assert not (room.folder / "articles/bridge.md").exists()
    life = room.ok("history", "bridge", "--json").json
    assert life["deleted"] is True
    assert [note["kind"] for note in life["revisions"][-1]["notes"]] == ["retraction"]
    assert room.git("status", "--porcelain") == ""
    assert room.git("log", "-2", "--format=%s").splitlines() == [
        "Delete articles/bridge.md",
        "Retraction: articles/bridge.md",
    ]


def test_the_advice_about_a_deletion_works_as_typed(room: Desk) -> None:
    for name in ("bridge", "mill"):  # and where no article is left, too
        (room.folder / f"articles/{name}.md").unlink()
    room.ok("record", "--all")
    assert "those taken down: tracker history --deleted" in room.ok("history").err
    assert room.ok("history", "mill", "--json").json["deleted"] is True
    said = room.run("check", "--all").out
    assert "tracker restore articles/mill.md latest --editors-note TEXT" in said
    room.ok(
        "restore", "articles/mill.md", "latest", "--editors-note", "It was taken down by a slip."
    )
    assert "articles/mill.md" not in room.run("check", "--all").out


def test_what_readers_were_told_outlives_the_article(room: Desk) -> None:
    (room.folder / "articles/bridge.md").unlink()
    room.ok("record", "bridge", "--retraction", "This was published in error.")
    room.ok("note", "mill", "--update", "to add that nobody was hurt")
    told = {
        (each["article"]["path"], each["note"]["kind"])
        for each in room.ok("changelog", "--json").json["entries"]
    }
    assert told == {("articles/bridge.md", "retraction"), ("articles/mill.md", "update")}
    client = create_app(room.folder).test_client()
    page = client.get("/corrections/").get_data(as_text=True)
    assert "This was published in error." in page
    assert client.get("/history/articles/bridge/").status_code == 200
    room.ok("export", "--format", "data", "--to", "data")
    notes = json.loads(room.read("data/notes.json"))["notes"]
    assert {each["article"]["path"]: each["article"]["key"] for each in notes} == {
        "articles/bridge.md": None,
        "articles/mill.md": "articles--mill",
    }
    room.ok("site", "public")
    page = room.read("public/corrections/index.html")
    assert "This was published in error." in page
    assert "bridge/" not in page  # a site of files has no pages of it


@pytest.mark.parametrize("recorded", [True, False])
def test_a_deleted_article_is_put_back_with_its_file(room: Desk, recorded: bool) -> None:
    (room.folder / "articles/bridge.md").unlink()
    if recorded:
        room.ok("record", "--all")
        assert room.refused("note", "bridge", "--update", "to add") == (
            "tracker: articles/bridge.md was deleted.\n"
            "  Put it back first: tracker restore articles/bridge.md latest\n"
        )
    said = room.ok("restore", "bridge", "latest")
    assert said.out.startswith("Restored articles/bridge.md: revision 1")
    assert room.read("articles/bridge.md") == TEXT
    assert room.git("status", "--porcelain") == ""
    assert room.ok("history", "bridge", "--json").json["deleted"] is False


def test_an_edit_that_is_in_the_way_of_a_restoration_says_how_to_give_it_up(room: Desk) -> None:
    room.write("articles/mill.md", "Half an edit.\n")
    assert "git restore -- articles/mill.md" in room.refused("restore", "mill", "latest")


def test_a_revision_from_before_the_last_one_is_told_of(room: Desk) -> None:
    room.write("articles/mill.md", "# Mill\n\nThe mill burned down.\n")
    said = room.ok("record", "mill", "--at", "2022-05-01 09:00")
    assert "this revision is dated before revision 1, which is of 2022-05-02 10:00 UTC" in said.err
    with pytest.raises(TrackerError, match=r"has a newer revision already, of 2022-05-02 10:00"):
        Newsroom(room.folder).record(
            "articles/mill.md", "# Mill\n", at=datetime(2022, 5, 1, tzinfo=UTC)
        )


def test_a_program_records_articles_alone(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={"articles/a.md": b"One.\n"})
    news = Newsroom(room.folder)
    for path in (
        "tracker.toml",
        "articles/a.html",
        f"articles/{'x' * 300}.md",
        "articles/.git/a.md",
    ):
        with pytest.raises(TrackerError):
            news.record(path, "x\n")
    assert room.status == []
    assert news.record("README.md", "x\n", anywhere=True).number == 1


def test_threads_that_share_a_newsroom_take_turns(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={"articles/a.md": b"One.\n"})
    news = Newsroom(room.folder)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for version in range(3):
                news.record(f"articles/s{number}.md", f"# S\n\nText {number}, {version}.\n")
                news.history("articles/a.md")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert failed == []
    assert room.git("rev-list", "--count", "main") == "13"
    assert room.status == []
    room.sound()


def test_advice_about_notes_names_the_article_where_it_is_now_and_the_note(room: Desk) -> None:
    room.ok("record", "mill", "--at", "2022-05-02 10:00")
    wrong = "The mill burned down.\n\nUpdate: This article has been updated to fix an error.\n"
    room.write("articles/mill.md", f"# Mill\n\n{wrong}")
    room.ok("record", "mill", "--at", "2022-05-03 10:00")
    move(room, "articles/mill.md", "articles/new/mill.md")
    room.ok("record", "--all", "--at", "2022-05-04 10:00")
    (said,) = (
        each["advice"]
        for each in room.run("check", "--all", "--json").json["findings"]
        if each["rule"] == "euphemism"
    )
    command = said.partition(": ")[2].removesuffix(" TEXT")
    assert command.startswith("tracker note articles/new/mill.md --amend n-")
    room.ok(*command.split()[1:], "It burned in May, not in June.", "--at", "2022-05-05 10:00")
    assert "euphemism" not in room.run("check", "--all").out
