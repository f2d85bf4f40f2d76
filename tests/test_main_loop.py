"""The main loop by the command line: record, history, note, changelog, footer, restore."""

from __future__ import annotations

import pytest

from tests.desk import Desk

LINE = (
    "Update 05/12/22, 7:45 a.m. ET: This article has been updated to add that Example News "
    "reached out to Russian authorities."
)
FIRST = "Dozens were killed in the port city this week, a local count says.\n"
ADDED = FIRST + "\nExample News reached out to the Russian authorities for comment.\n"
MATTER = "---\ntitle: Dozens killed\ndate: 2022-05-10T16:00:00-04:00\n---\n\n"
WORDS = "to add that Example News reached out to Russian authorities"


def publish(desk: Desk, text: str = FIRST, name: str = "war.md") -> None:
    desk.write(name, text)
    desk.ok("record", name, "--at", "05/10/22 4:30 p.m. ET")


def update(desk: Desk, text: str = ADDED, name: str = "war.md") -> None:
    desk.write(name, text)
    desk.ok("record", name, "--update", WORDS, "--at", "05/12/22 7:45 a.m. ET")


def test_five_commands_lead_from_nothing_to_the_footer(newsroom: Desk) -> None:
    publish(newsroom)
    update(newsroom)
    assert newsroom.read("war.md") == ADDED + "\n" + LINE + "\n"
    assert newsroom.ok("footer", "war").out == LINE + "\n"
    assert newsroom.git("log", "--format=%s|%aI") == (
        "Update: war.md|2022-05-12T07:45:00-04:00\n"
        "Publish war.md|2022-05-10T16:30:00-04:00\n"
        "Start the newsroom|2022-06-01T16:00:00+00:00\n"
    )
    newsroom.clean()


def test_notes_go_into_yaml_front_matter_and_the_line_between_markers(newsroom: Desk) -> None:
    publish(newsroom, MATTER + FIRST)
    update(newsroom, MATTER + ADDED)
    assert newsroom.read("war.md") == (
        "---\ntitle: Dozens killed\ndate: 2022-05-10T16:00:00-04:00\n"
        "updates:\n"
        "  - id: u1\n"
        "    kind: update\n"
        "    at: 2022-05-12T07:45:00-04:00\n"
        "    text: This article has been updated to add that Example News reached out to Russian"
        " authorities.\n"
        "---\n\n" + ADDED + f"\n<!-- updates -->\n\n{LINE}\n\n<!-- /updates -->\n"
    )
    newsroom.clean()


def test_a_site_whose_templates_show_the_notes_keeps_its_bodies(newsroom: Desk) -> None:
    newsroom.write("tracker.toml", 'style = "newsweek"\n[footer]\nembed = false\n')
    publish(newsroom, MATTER + FIRST)
    update(newsroom, MATTER + ADDED)
    assert newsroom.read("war.md").endswith("---\n\n" + ADDED)
    assert newsroom.ok("footer", "war").out.startswith("Update 05/12/22, 11:45 a.m. UTC: ")


@pytest.mark.parametrize(
    "matter", ["", MATTER, "+++\ntitle = 'Dozens'\n+++\n", "Title: Dozens\n\n"]
)
def test_history_counts_words_and_shows_notes(newsroom: Desk, matter: str) -> None:
    publish(newsroom, matter + FIRST)
    update(newsroom, matter + ADDED)
    said = newsroom.ok("history", "war", "--json").json
    assert [each["number"] for each in said["revisions"]] == [1, 2]
    second = said["revisions"][1]
    assert second["at"] == "2022-05-12T07:45:00-04:00"
    assert [note["kind"] for note in second["notes"]] == ["update"]
    assert second["notes"][0]["text"] == (
        "This article has been updated to add that Example News reached out to Russian authorities."
    )
    assert second["notes"][0]["at"] == "2022-05-12T07:45:00-04:00"
    assert second["substantive"] is True
    assert LINE in newsroom.ok("history", "war").out


def test_a_crlf_file_stays_one(newsroom: Desk) -> None:
    publish(newsroom, (MATTER + FIRST).replace("\n", "\r\n"))
    update(newsroom, (MATTER + ADDED).replace("\n", "\r\n"))
    text = newsroom.read("war.md")
    assert text.count("\r\n") == text.count("\n")
    assert LINE + "\r\n" in text
    newsroom.clean()


def test_an_existing_article_with_a_note_by_hand_needs_no_front_matter(newsroom: Desk) -> None:
    newsroom.write("old.md", f"Some text.\n\n{LINE}\n")
    newsroom.git("add", "old.md")
    newsroom.git("commit", "-qm", "old", "--date=2022-05-12T07:45:00-04:00")
    entries = newsroom.ok("changelog", "old.md", "--json").json["entries"]
    (note,) = [each for each in entries if each["what"] == "note"]
    assert note["at"] == "2022-05-12T07:45:00-04:00"
    assert note["note"]["kind"] == "update"
    assert note["note"]["text"] == (
        "This article has been updated to add that Example News reached out to Russian authorities."
    )
    assert newsroom.ok("footer", "old.md", "--write").out == LINE + "\n"
    assert newsroom.read("old.md") == f"Some text.\n\n{LINE}\n"


def test_recording_an_unchanged_article_says_so_and_commits_nothing(newsroom: Desk) -> None:
    publish(newsroom)
    before = newsroom.git("rev-parse", "HEAD")
    said = newsroom.ok("record", "war.md")
    assert said.out == "war.md is unchanged since revision 1: nothing recorded.\n"
    assert newsroom.git("rev-parse", "HEAD") == before


def test_a_dry_run_shows_everything_and_writes_nothing(newsroom: Desk) -> None:
    publish(newsroom)
    newsroom.write("war.md", ADDED)
    before = newsroom.state()
    said = newsroom.ok(
        "record", "war", "--update", WORDS, "--at", "05/12/22 7:45 a.m.", "--dry-run"
    )
    assert LINE in said.out
    assert "{+Example News reached out to the Russian authorities for comment.+}" in said.out
    assert newsroom.state() == before
    assert newsroom.read("war.md") == ADDED


def test_a_new_text_that_brings_no_notes_keeps_those_it_had(newsroom: Desk) -> None:
    publish(newsroom, MATTER + FIRST)
    update(newsroom, MATTER + ADDED)
    newsroom.ok("record", "war", "--file", "-", stdin=(MATTER + ADDED + "\nMore.\n").encode())
    assert "More." in newsroom.read("war.md")
    assert LINE in newsroom.read("war.md")
    newsroom.ok("restore", "war", "1")
    assert "More." not in newsroom.read("war.md")
    assert LINE in newsroom.read("war.md")
    newsroom.clean()


@pytest.mark.parametrize("name", ["a b/c d.md", "Київ/новини.md", "x/-y.md", "it's “q”.md"])
def test_names_with_spaces_and_other_scripts(newsroom: Desk, name: str) -> None:
    publish(newsroom, name=name)
    update(newsroom, name=name)
    assert newsroom.ok("history", name, "--json").json["article"]["path"] == name
    assert newsroom.ok("show", name, "1").out == FIRST
    newsroom.clean()


def test_all_records_every_changed_article_as_a_commit_of_its_own(newsroom: Desk) -> None:
    for name in ("one.md", "two.md", "three.md"):
        newsroom.write(f"articles/{name}", FIRST)
    newsroom.write("articles/photo.jpg", b"\xff\xd8")
    newsroom.ok("record", "--all")
    assert newsroom.git("log", "--format=%s", "-3") == (
        "Publish articles/two.md\nPublish articles/three.md\nPublish articles/one.md\n"
    )
    assert newsroom.ok("record", "--all").out == "Nothing to record: no article has changed.\n"


def test_notes_are_amended_and_withdrawn_and_nothing_is_forgotten(newsroom: Desk) -> None:
    publish(newsroom, MATTER + FIRST)
    update(newsroom, MATTER + ADDED)
    newsroom.ok("note", "war", "--amend", "u1", "to add a comment", "--at", "05/13/22 9 a.m. ET")
    amended = "Update 05/13/22, 9:00 a.m. ET: This article has been updated to add a comment."
    assert newsroom.ok("footer", "war").out == amended + "\n"
    assert [each["amended"] for each in newsroom.ok("changelog", "war", "--json").json["entries"]][
        :2
    ] == [False, True]
    newsroom.ok("note", "war", "--withdraw", "u2", "--at", "05/14/22 noon ET")
    entries = newsroom.ok("changelog", "war", "--json").json["entries"]
    assert [(each["amended"], each["withdrawn"]) for each in entries if each["what"] == "note"] == [
        (False, True),
        (False, False),  # the amendment is withdrawn, so the first words stand again
    ]
    newsroom.clean()


def test_notes_of_a_plain_article_are_amended_and_withdrawn_in_its_body(newsroom: Desk) -> None:
    publish(newsroom)
    update(newsroom)
    (listed,) = newsroom.ok("note", "war").out.splitlines()
    identifier = listed.split()[0]
    newsroom.ok("note", "war", "--amend", identifier, "to add it", "--at", "05/13/22 9 a.m. ET")
    amended = "Update 05/13/22, 9:00 a.m. ET: This article has been updated to add it."
    assert newsroom.read("war.md") == ADDED + "\n" + amended + "\n"
    assert newsroom.ok("note", "war").out.split()[0] == identifier
    newsroom.ok("note", "war", "--withdraw", identifier)
    assert newsroom.read("war.md") == ADDED
    newsroom.clean()


@pytest.mark.parametrize("words", ["This was wrong.", "The mill stands at Elm Street, not Oak."])
def test_amending_a_line_of_the_body_is_no_change_of_substance(newsroom: Desk, words: str) -> None:
    newsroom.write("tracker.toml", 'style = "ap"\n')
    publish(newsroom, "The mill stands at Oak Street.\n")
    newsroom.write("war.md", "The mill stands at Elm Street.\n")
    first = "An earlier version of this article said that the mill stands at Oak Street."
    newsroom.ok("record", "war", "--correction", first, "--at", "2022-05-12T07:45-04:00")
    identifier = newsroom.ok("note", "war").out.split()[0]
    newsroom.ok("note", "war", "--amend", identifier, words, "--at", "2022-05-13T09:00-04:00")
    assert newsroom.ok("check", "--all").out.startswith("0 findings")
    newest = newsroom.ok("history", "war", "--json").json["revisions"][-1]
    assert not newest["substantive"]
    assert [(each["id"], each["text"]) for each in newest["notes"]] == [(identifier, words)]
    told = newsroom.ok("changelog", "war", "--json").json["entries"]
    assert [each["note"]["text"] for each in told if each["what"] == "note"] == [words]


def test_a_note_for_what_is_already_out(newsroom: Desk) -> None:
    publish(newsroom, FIRST)
    newsroom.write("war.md", ADDED)
    said = newsroom.ok("record", "war", "--at", "05/12/22 7:45 a.m. ET")
    assert "tells them nothing" in said.err
    newsroom.ok("note", "war", "--update", WORDS, "--at", "05/12/22 8 a.m. ET")
    assert "Update 05/12/22, 8:00 a.m. ET: " in newsroom.read("war.md")


def test_show_prints_a_version_by_number_date_and_commit(newsroom: Desk) -> None:
    publish(newsroom)
    update(newsroom)
    commit = newsroom.git("rev-parse", "HEAD~1").strip()
    for rev in ("1", "latest~1", "2022-05-10", "05/12/22 7:44 a.m.", commit, commit[:8]):
        assert newsroom.ok("show", "war", rev).out == FIRST
    for rev in ("2", "latest", "2022-05-12", "05/12/22 7:45 a.m. ET", "2022-05-20"):
        assert newsroom.ok("show", "war", rev).out == ADDED + "\n" + LINE + "\n"


def test_a_folder_of_dated_versions_is_imported_once(newsroom: Desk) -> None:
    newsroom.write("in/war/2022-05-10T1630-0400.md", MATTER + FIRST)
    newsroom.write("in/war/2022-05-12T0745-0400.md", MATTER + ADDED)
    said = newsroom.ok("import", "in", "--into", "room")
    assert said.out == "Made a newsroom in room.\nRecorded 2 revisions of 1 article.\n"
    said = newsroom.ok("import", "in", "--into", "room")
    assert said.out == "Recorded 0 revisions, 2 were there already.\n"
    said = newsroom.ok("-C", "room", "history", "war", "--json")
    assert [each["at"] for each in said.json["revisions"]] == [
        "2022-05-10T16:30:00-04:00",
        "2022-05-12T07:45:00-04:00",
    ]


def test_a_hand_edit_between_the_markers_is_never_lost_silently(newsroom: Desk) -> None:
    publish(newsroom, MATTER + FIRST)
    update(newsroom, MATTER + ADDED)
    edited = newsroom.read("war.md").replace("to add that", "to say that", 2)
    edited = edited.replace("updated to say that", "updated to add that", 1)  # the front matter
    newsroom.write("war.md", edited)
    said = newsroom.refused("record", "war.md", "--update", "to add more")
    assert "between the markers of the update lines" in said
    said_of_write = newsroom.ok("footer", "war.md", "--write")
    assert "made anew, because the notes do not say so: Update 05/12/22" in said_of_write.err
    assert LINE in newsroom.read("war.md")
    assert newsroom.ok("footer", "war.md", "--write").err == "tracker: the lines stood already.\n"


@pytest.mark.parametrize("matter", ["", MATTER])
def test_a_note_that_an_interrupted_recording_left_in_the_file_is_not_added_twice(
    newsroom: Desk, matter: str
) -> None:
    publish(newsroom, matter + FIRST)
    update(newsroom, matter + ADDED)
    done = newsroom.read("war.md")
    newsroom.git("reset", "-q", "HEAD~1")
    assert newsroom.read("war.md") == done
    newsroom.ok("record", "war.md", "--update", WORDS, "--at", "05/12/22 7:45 a.m. ET")
    assert newsroom.read("war.md") == done
    newsroom.clean()


@pytest.mark.parametrize(
    "typed",
    ["12. Mai 2022, 7.45 Uhr", "12 mai 2022 à 7h45", "12 травня 2022, 7:45", "May 12, 7:45am"],
)
def test_an_editor_types_the_instant_in_any_language(newsroom: Desk, typed: str) -> None:
    newsroom.write("war.md", FIRST)
    said = newsroom.ok("record", "war.md", "--at", typed, "--json").json
    assert said["recorded"][0]["at"] == "2022-05-12T07:45:00-04:00"


def test_the_language_of_an_article_counts_where_the_newsroom_names_none(desk: Desk) -> None:
    desk.git("init", "-q")
    for text in ("Der Rat hat nicht zugestimmt.\n", "Der Rat hat zugestimmt.\n"):
        desk.write("rat.md", "---\ntitle: Rat\nlang: de\n---\n\n" + text)
        desk.ok("record", "rat.md")
    assert "negation" in desk.ok("history", "rat", "--json").json["revisions"][1]["labels"]


def test_instants_are_kept_to_the_second(newsroom: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACKER_NOW")
    newsroom.write("war.md", MATTER + FIRST)
    newsroom.ok("record", "war.md", "--update", "to add it")
    (line,) = [each for each in newsroom.read("war.md").splitlines() if each.startswith("    at: ")]
    assert "." not in line


def test_a_draft_in_general_words_lists_the_whole_change(newsroom: Desk) -> None:
    publish(newsroom, "A man, 34, was charged.\n")
    update(newsroom, "A man, 43, was charged.\n")
    said = newsroom.ok("note", "war", "--draft").out
    assert "34" in said
    assert "43" in said


def test_a_note_that_leaves_out_a_fact_is_said_to_before_it_goes_out(newsroom: Desk) -> None:
    text = "The crack was 12 inches long.\n\nThe repair will cost $3 million.\n"
    publish(newsroom, text, "bridge.md")
    newsroom.write("bridge.md", text.replace("12", "21").replace("$3", "$5"))
    words = "The crack was 21 inches long, not 12."
    said = newsroom.ok("record", "bridge.md", "--correction", words, "--at", "05/11/22 noon ET")
    assert "the note does not tell of all that changed: number: $3 million → $5 million" in said.err
    assert "--amend n-" in said.err
    newsroom.write("bridge.md", newsroom.read("bridge.md").replace("21 inches", "22 inches"))
    whole = newsroom.ok("record", "bridge.md", "--correction", "The crack was 22 inches long.")
    assert "does not tell" not in whole.err


def test_a_change_that_is_not_told_is_named_with_its_reasons(newsroom: Desk) -> None:
    text = "The crack was 12 inches long.\n\nThe repair will cost $3 million.\n"
    publish(newsroom, text, "bridge.md")
    newsroom.write("bridge.md", text.replace("12", "21").replace("$3", "$5"))
    said = newsroom.ok("record", "bridge.md")
    assert "12 inches → 21 inches" in said.err
    assert "$3 million → $5 million" in said.err
