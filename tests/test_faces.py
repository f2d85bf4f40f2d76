"""The commands that show: diff in its faces, changelog in its forms, drafts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desk import Desk

MATTER = "---\ntitle: Storm hits coast\n---\n\n"
ONE = MATTER + "The storm killed four people and cut power to 1,500 homes.\n"
TWO = ONE.replace("1,500", "15,000")
THREE = TWO + "\nOfficials said on Tuesday that two more bodies had been found.\n"


@pytest.fixture
def storm(newsroom: Desk) -> Desk:
    for text, at in (
        (ONE, "05/10/22 9 a.m."),
        (TWO, "05/11/22 9 a.m."),
        (THREE, "05/12/22 9 a.m."),
    ):
        newsroom.write("storm.md", text)
        newsroom.ok("record", "storm.md", "--at", at)
    return newsroom


def test_diff_without_revisions_shows_the_last_two(storm: Desk) -> None:
    assert "{+Officials said on Tuesday" in storm.ok("diff", "storm").out


def test_diff_between_any_two_and_with_the_file_on_disk(storm: Desk) -> None:
    assert "[-1,500-]{+15,000+}" in storm.ok("diff", "storm", "1", "2").out
    assert "[-1,500-]{+15,000+}" in storm.ok("diff", "storm", "1").out
    assert "[-15,000-]{+1,500+}" in storm.ok("diff", "storm", "latest~1", "2022-05-10").out
    storm.write("storm.md", THREE.replace("two more", "three more"))
    assert "[-two-]{+three+} more" in storm.ok("diff", "storm", "--working").out


def test_diff_of_two_plain_files_outside_any_repository(desk: Desk) -> None:
    desk.write("old.txt", ONE)
    desk.write("new.txt", TWO)
    assert "[-1,500-]{+15,000+}" in desk.ok("diff", "--files", "old.txt", "new.txt").out


def test_diff_in_numbers_as_json_and_as_a_page(storm: Desk) -> None:
    assert "number" in storm.ok("diff", "storm", "1", "2", "--stat").out
    found = storm.ok("diff", "storm", "1", "2", "--json").json
    assert found["substantive"] is True
    assert (found["old"]["revision"], found["new"]["revision"]) == (1, 2)
    assert [edit["new"] for edit in found["edits"]] == ["15,000"]
    for option in ("--source", "--side-by-side"):
        storm.ok("diff", "storm", "1", "2", "--html", "page.html", option)
        page = storm.read("page.html")
        assert "<del" in page
        assert "15,000</ins>" in page.replace("</span>", "")


def test_color_is_on_where_it_is_asked_for(storm: Desk) -> None:
    assert "\x1b[" in storm.ok("diff", "storm", "--color").out
    assert "\x1b[" not in storm.ok("diff", "storm").out


def test_show_changes_of_the_first_and_of_a_later_revision(storm: Desk) -> None:
    assert "[-1,500-]{+15,000+}" in storm.ok("show", "storm", "2", "--changes").out
    assert "{+The storm killed four people" in storm.ok("show", "storm", "1", "--changes").out


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_the_changelog_in_every_form(storm: Desk, form: str) -> None:
    storm.ok("note", "storm", "--correction", "An earlier version <b>misstated</b> it.")
    one = storm.ok("changelog", "storm", "--format", form).out
    whole = storm.ok("changelog", "--format", form).out
    for said in (one, whole):
        assert "misstated" in said
    assert "Storm hits coast" in whole
    if form == "html":
        assert "<b>" not in one


def test_history_of_the_newsroom_names_the_article(storm: Desk) -> None:
    said = storm.ok("history", "--limit", "2").out
    assert said.count("storm") >= 2
    assert "substantive" in said
    found = storm.ok("history", "--json").json["revisions"]
    assert [each["number"] for each in found] == [3, 2, 1]


def test_a_draft_is_printed_and_nothing_is_written(storm: Desk) -> None:
    before = storm.state()
    said = storm.ok("note", "storm", "--draft").out
    assert said.startswith("to add that officials said on Tuesday that two more bodies had been")
    assert storm.state() == before
    said = storm.ok("note", "storm", "--draft", "--correction").out
    assert "# " in said


def test_a_kind_without_words_opens_the_editor_on_the_draft(
    storm: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\ncp "$1" opened.txt\nsleep 0.05; printf "%s\\n" "$WORDS" > "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("GIT_EDITOR", str(editor))
    monkeypatch.setenv("WORDS", "to say more")
    storm.write("storm.md", THREE.replace("four people", "six people"))
    storm.ok("record", "storm.md", "--correction", "--at", "05/13/22 9 a.m. ET")
    opened = storm.read("opened.txt")
    assert "It was six, not four." in opened or "six" in opened
    assert "An earlier version" in opened
    assert "to say more" in storm.read("storm.md")
    monkeypatch.setenv("WORDS", "# nothing")
    storm.write("storm.md", THREE.replace("four people", "seven people"))
    said = storm.refused("record", "storm.md", "--update")
    assert "no words" in said
