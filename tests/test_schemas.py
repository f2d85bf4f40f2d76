"""What the commands print as JSON is what the schemas in docs/ promise."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.desk import Desk
from tracker.model import KINDS
from tracker.policy.rules import RULES

DOCS = Path(__file__).parents[1] / "docs"
NAMES = (
    "history",
    "changelog",
    "blame",
    "footer",
    "record",
    "note",
    "findings",
    "diff",
    "sync",
    "verify",
    "witness",
    "search",
    "catalog",
    "boilerplate",
    "corpus-status",
    "corpus-check",
)
TEXT = (
    "---\ntitle: The ferry\n---\n\nA ticket costs $12.\n\nIt leaves Pier 4 at 11 p.m. on Friday.\n"
)


@cache
def schema(name: str) -> dict[str, Any]:
    found = json.loads((DOCS / f"{name}.schema.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def printed(desk: Desk, name: str, *words: str) -> Any:
    """What a command prints, after it was held against its schema."""
    said = desk.run(*words)
    assert said.status in (0, 1), said
    said.out.encode("utf-8")
    value = json.loads(said.out)
    Draft202012Validator(schema(name), format_checker=FormatChecker()).validate(value)
    return value


def commit(desk: Desk, at: str, message: str = "Edit") -> str:
    desk.git("add", "--all")
    desk.git("commit", "-q", f"--date={at}", "-m", message)
    return desk.git("rev-parse", "HEAD").strip()


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_and_describes_every_object_fully(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    waiting: list[Any] = [schema(name)]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            if here.get("type") == "object":
                assert here["additionalProperties"] is False
                assert set(here["required"]) == set(here["properties"])
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here


def test_shared_records_are_described_alike_everywhere() -> None:
    described: dict[str, Any] = {}
    for name in NAMES:
        for part, what in schema(name).get("$defs", {}).items():
            assert described.setdefault(part, what) == what, (name, part)
    assert described["kind"]["enum"] == list(KINDS)
    assert described["finding"]["properties"]["rule"]["enum"] == list(RULES)


def test_a_record_that_is_not_as_described_is_refused(newsroom: Desk) -> None:
    newsroom.write("ferry.md", TEXT)
    value = newsroom.ok("record", "ferry.md", "--json").json
    validator = Draft202012Validator(schema("record"))
    assert validator.is_valid(value)
    value["recorded"][0]["revision"]["number"] = 0
    assert not validator.is_valid(value)


def test_notes_of_every_kind_and_precision_amended_and_withdrawn(newsroom: Desk) -> None:
    desk = newsroom
    desk.write("ferry.md", TEXT)
    (new,) = printed(desk, "record", "record", "ferry.md", "--at", "05/10/22", "--json")["recorded"]
    assert new["change"] is None
    desk.write("ferry.md", TEXT.replace("$12", "$21"))
    (dry,) = printed(
        desk, "record", "record", "ferry.md", "--update", "to add", "--dry-run", "--json"
    )["would_record"]
    assert dry["revision"] is None
    assert dry["change"]["substantive"] is True
    told = ["--correction", "The price was wrong.", "--at", "05/11/22"]
    printed(desk, "record", "record", "ferry.md", *told, "--json")
    (again,) = printed(desk, "record", "record", "ferry.md", "--json")["recorded"]
    assert again["unchanged"] is True
    assert again["revision"]["number"] == 2
    drafted = printed(desk, "note", "note", "ferry", "--draft", "--json")
    assert drafted["draft"]["kind"] == "update"
    for number, kind in enumerate(KINDS):
        words = [f"--{kind}", "to tell of it", "--at", f"05/12/22 7:{10 + number} a.m. ET"]
        printed(desk, "note", "note", "ferry", *words, "--json")
    printed(desk, "note", "note", "ferry", "--covers", "1", "--update", "to add this", "--json")
    printed(desk, "note", "note", "ferry", "--amend", "u2", "It says this now.", "--json")
    printed(desk, "note", "note", "ferry", "--withdraw", "u3", "--json")
    notes = printed(desk, "note", "note", "ferry", "--json")["notes"]
    assert {each["kind"] for each in notes} == set(KINDS)
    assert {each["precision"] for each in notes} == {"minute", "day"}
    assert [each["id"] for each in notes if each["withdrawn"]] == ["u3"]
    assert [each["amends"] for each in notes if each["amends"]] == ["u2"]
    assert [each["id"] for each in notes if each["covers"]]
    entries = printed(desk, "changelog", "changelog", "ferry", "--json")["entries"]
    assert [each["note"]["id"] for each in entries if each["withdrawn"]] == ["u3"]
    assert [each["note"]["id"] for each in entries if each["amended"]] == ["u2"]
    assert {each["what"] for each in entries} >= {"published", "note"}
    assert printed(desk, "changelog", "changelog", "--json")["article"] is None
    assert printed(desk, "footer", "footer", "ferry", "--json")["article"]["slug"] == "ferry"
    edited = desk.read("ferry.md").replace("told", "lied")
    desk.write("ferry.md", edited.replace("Correction", "Fixed"))
    assert printed(desk, "footer", "footer", "ferry", "--write", "--json")["written"] is True
    desk.git("checkout", "-q", "--", ".")
    back = printed(desk, "note", "restore", "ferry", "1", "--json")
    assert [each["number"] for each in back["revisions"]] == [12]
    printed(desk, "diff", "diff", "ferry", "1", "latest", "--json")


def test_a_note_by_hand_without_a_date_an_edit_and_a_draft(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.write("articles/ferry.md", TEXT)
    desk.write("articles/later.md", "---\ndraft: true\n---\n\nWords.\n")
    commit(desk, "2022-05-10T10:00:00Z")
    desk.write("articles/ferry.md", TEXT + "\n*Update: This story was updated to add a pier.*\n")
    commit(desk, "2022-05-11T10:00:00Z")
    desk.write("articles/ferry.md", desk.read("articles/ferry.md").replace("$12", "$21"))
    commit(desk, "2022-06-11T10:00:00Z")
    history = printed(desk, "history", "history", "ferry", "--json")
    (note,) = history["notes"]
    assert (note["precision"], note["origin"]) == ("none", "body")
    entries = printed(desk, "changelog", "changelog", "ferry", "--json")["entries"]
    assert [each["what"] for each in entries] == ["edited", "note", "published"]
    draft = printed(desk, "changelog", "changelog", "later", "--json")
    assert draft["article"]["slug"] == "later"
    assert draft["entries"] == []
    assert printed(desk, "footer", "footer", "later", "--json")["footer"] == []
    found = printed(desk, "findings", "check", "--json")
    assert "silent-change" in {each["rule"] for each in found["findings"]}
    assert found["failed"] is True
    desk.write("articles/ferry.md", desk.read("articles/ferry.md").replace("$21", "$99"))
    desk.git("add", "-A")
    staged = printed(desk, "findings", "check", "--staged", "--json")
    assert {each["commit"] for each in staged["findings"]} == {None}


def test_events_of_every_kind_and_a_deleted_article(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.write("articles/ferry.md", TEXT)
    commit(desk, "2022-05-10T10:00:00Z")
    desk.write("articles/ferry.md", TEXT.replace("$12", "$21"))
    ignored = commit(desk, "2022-05-11T10:00:00Z", "Reformat")
    desk.write(".git-blame-ignore-revs", ignored + "\n")
    desk.git("mv", "articles/ferry.md", "articles/boat.md")
    commit(desk, "2022-05-12T10:00:00Z", "Move")
    desk.git("rm", "-q", "articles/boat.md")
    commit(desk, "2022-05-13T10:00:00Z", "Delete")
    gone = printed(desk, "history", "history", "articles/boat.md", "--json")
    assert gone["deleted"] is True
    printed(desk, "changelog", "changelog", "articles/boat.md", "--json")
    printed(desk, "findings", "check", "articles/boat.md", "--json")
    desk.write("articles/boat.md", TEXT)
    commit(desk, "2022-05-14T10:00:00Z", "Return")
    events = printed(desk, "history", "history", "boat", "--json")["events"]
    assert [each["kind"] for each in events] == ["ignored", "moved", "deleted", "returned"]


def test_a_merged_branch_and_what_was_taken_out(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.write("articles/ferry.md", TEXT)
    commit(desk, "2022-05-10T10:00:00Z")
    desk.git("checkout", "-q", "-b", "side")
    desk.write("articles/ferry.md", TEXT.replace("It leaves Pier 4 at 11 p.m. on Friday.\n", ""))
    commit(desk, "2022-05-11T10:00:00Z")
    desk.git("checkout", "-q", "main")
    desk.git("merge", "-q", "--no-ff", "-m", "Merge pull request #1", "side")
    (latest, _) = printed(desk, "history", "history", "--json")["revisions"]
    assert len(latest["side"]) == 1
    assert latest["article"]["slug"] == "ferry"
    blame = printed(desk, "blame", "blame", "ferry", "--json")
    assert "".join(each["text"] for each in blame["spans"]) == desk.read("articles/ferry.md")
    (removal,) = blame["removals"]
    assert removal["text"] == "It leaves Pier 4 at 11 p.m. on Friday."
    assert removal["revision"] == 2


def test_bytes_that_are_not_utf_8_are_written_out(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    (desk.folder / "articles").mkdir()
    file = desk.folder / "articles" / os.fsdecode(b"caf\xe9.md")
    file.write_text('---\ntitle: "A \\ud800 headline"\n---\n\nIt costs $12.\n')
    commit(desk, "2022-05-10T10:00:00Z")
    file.write_text(file.read_text().replace("$12", "$21"))
    commit(desk, "2022-05-11T10:00:00Z")
    typed = f"articles/{file.name}"
    history = printed(desk, "history", "history", typed, "--json")
    assert history["article"]["path"] == "articles/caf\\xE9.md"
    assert history["article"]["slug"] == "caf\\xE9"
    for name, words in {
        "changelog": ["changelog", "--json"],
        "blame": ["blame", typed, "--json"],
        "footer": ["footer", typed, "--json"],
        "note": ["note", typed, "--json"],
        "findings": ["check", "--json"],
        "diff": ["diff", typed, "--json"],
        "record": ["record", typed, "--json"],
    }.items():
        printed(desk, name, *words)


def test_what_came_between_a_sync_and_a_verification(newsroom: Desk) -> None:
    desk = newsroom
    hub, there = (f"{desk.folder}-{name}" for name in ("hub", "there"))
    desk.write("ferry.md", TEXT)
    desk.ok("record", "ferry.md")
    desk.write("ferry.md", TEXT.replace("$12", "$21"))
    desk.ok("record", "ferry.md")
    words = ("record", "ferry.md", "--file", "-", "--base", "1", "--merge", "--json")
    validator = Draft202012Validator(schema("record"), format_checker=FormatChecker())
    clash = desk.run(*words, stdin=TEXT.replace("$12", "$22").encode())
    assert clash.status == 2
    validator.validate(clash.json)
    assert clash.json["meanwhile"]["collisions"]
    merged = desk.ok(*words, stdin=TEXT.replace("Pier 4", "Pier 5").encode()).json
    validator.validate(merged)
    assert [each["number"] for each in merged["recorded"][0]["merged"]] == [2]
    desk.git("clone", "-q", "--bare", ".", hub)
    desk.git("remote", "add", "origin", hub)
    assert printed(desk, "sync", "sync", "--json")["sent"] == []
    desk.git("clone", "-q", hub, there)
    latest = desk.read("ferry.md")
    for room, price in ((".", "$1"), (there, "$2")):
        text = latest.replace("$21", price).encode()
        desk.ok("-C", room, "record", "ferry.md", "--file", "-", stdin=text)
    desk.ok("-C", there, "sync")
    (left,) = printed(desk, "sync", "sync", "--json")["clashes"]
    assert left["collisions"][0]["base"] == "A ticket costs $21."
    assert printed(desk, "verify", "verify", "--json")["sound"] is True
    assert printed(desk, "witness", "verify", "--write", "-")["commits"] == 5
    desk.git("commit", "-q", "--amend", "-m", "Rewritten")
    assert printed(desk, "verify", "verify", "--signed", "--json")["sound"] is False


def test_what_was_deleted(newsroom: Desk) -> None:
    newsroom.write("articles/ferry.md", TEXT)
    newsroom.ok("record", "articles/ferry.md")
    newsroom.git("rm", "-q", "articles/ferry.md")
    commit(newsroom, "2022-05-12T12:00:00Z")
    (one,) = printed(newsroom, "deleted", "history", "--deleted", "--json")["deleted"]
    assert one["article"]["path"] == "articles/ferry.md"


def test_a_search_and_the_state_of_the_catalog(newsroom: Desk) -> None:
    newsroom.write("articles/ferry.md", TEXT)
    newsroom.ok("record", "articles/ferry.md")
    newsroom.ok("note", "ferry", "--correction", "A ticket for the ferry costs $12.")
    assert printed(newsroom, "catalog", "catalog", "--json")["there"] is True
    hits = printed(newsroom, "search", "search", "ferry", "--json")["hits"]
    assert sorted(hit["where"] for hit in hits) == ["headline", "note"]
    assert printed(newsroom, "search", "search", "nowhere", "--json")["hits"] == []
    assert printed(newsroom, "catalog", "catalog", "--json")["indexed"] == 1
    known = printed(newsroom, "boilerplate", "catalog", "--boilerplate", "--json")
    assert known["sentences"] == []
