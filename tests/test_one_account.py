"""One article as every face tells of it: one instant, one text, one id, one order."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.desk import Desk
from tracker.house.notes.passages import plain_words
from tracker.web import create_app

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
BY_HAND = [
    # (day of the commit, text, the notes that stand in it by then: day, line, words)
    ("2022-06-03T10:00:00-04:00", "The court sits [here](http://example.org).\n\n{0}\n"),
    ("2022-12-30T09:00:00-05:00", "The court sits [here](http://example.org).\n\n{1}\n\n{0}\n"),
    ("2024-06-04T10:00:00-04:00", "The court sits [here](https://example.org).\n\n{1}\n\n{0}\n"),
    ("2025-01-02T10:00:00-05:00", "The court sits [here](https://example.org).\n\n{2}\n\n{1}\n"),
]
LINES = (
    "**Update, June 3:** The court ruled.",
    "**Update, Dec. 30:** The court ruled.",
    "_This story was updated on January 2 to clarify who ruled._",
)
TOLD = [
    ("2022-06-03", "The court ruled."),
    ("2022-12-30", "The court ruled."),
    ("2025-01-02", "This story was updated on January 2 to clarify who ruled."),
]


@pytest.fixture
def court(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An article whose notes leave the year out, in a newsroom without a zone."""
    monkeypatch.setenv("TRACKER_NOW", NOW.isoformat())
    desk.git("init", "-q", "-b", "main", ".")
    desk.write("tracker.toml", '[site]\nurl = "https://example.org/history"\n')
    for at, text in BY_HAND:
        desk.write("content/court.md", "# The court\n\n" + text.format(*LINES))
        monkeypatch.setenv("GIT_AUTHOR_DATE", at)
        monkeypatch.setenv("GIT_COMMITTER_DATE", at)
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", "edit")
    return desk


def notes(value: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["at"][:10], each["text"]) for each in value]


def page(desk: Desk, address: str) -> str:
    found = create_app(desk.folder, now=lambda: NOW).test_client().get(address)
    assert found.status_code == 200, address
    return html.unescape(re.sub(r"<[^>]+>", "", found.text))


def test_notes_are_told_alike_by_the_commands_and_their_json(court: Desk) -> None:
    revisions = court.ok("history", "court", "--json").json["revisions"]
    brought = [note for each in revisions for note in each["notes"]]
    assert notes(brought) == TOLD
    entries = court.ok("changelog", "court", "--json").json["entries"]
    logged = [each for each in entries if each["what"] == "note"]
    assert notes([each["note"] for each in logged]) == TOLD[::-1]
    assert [each["line"] for each in logged] == list(LINES[::-1])
    assert [each["note"]["id"] for each in logged] == [each["id"] for each in brought][::-1]
    newsroom = court.ok("changelog", "--json").json["entries"]
    assert [each["note"] for each in newsroom] == [each["note"] for each in logged]
    shown = court.ok("footer", "court").out
    assert shown.split("\n")[:2] == [LINES[1], LINES[2]]
    listed = court.ok("note", "court").out
    for line, note in zip(LINES[1:], brought[1:], strict=True):
        assert f"{note['id']}  {plain_words(line)}" in listed
    lasting = {each["id"] for each in brought}
    assert len(lasting) == 3


def test_notes_are_told_alike_in_exports_and_feeds(court: Desk) -> None:
    rows = court.ok("export", "--what", "notes").out.splitlines()
    assert sorted(notes([json.loads(row) for row in rows])) == TOLD
    ld = json.loads(court.ok("export", "--format", "jsonld", "court").out)
    article = ld[0] if isinstance(ld, list) else ld
    comments = [*article.get("comment", []), *article.get("correction", [])]
    assert sorted((each["datePublished"][:10], each["text"]) for each in comments) == TOLD[1:]
    assert article["dateModified"].startswith("2025-01-02")
    ninjs = json.loads(court.ok("export", "--format", "ninjs", "court").out)
    item = ninjs[0] if isinstance(ninjs, list) else ninjs
    said = [each["value"] for each in item["descriptions"]]
    assert set(said) == {plain_words(line) for line in LINES[1:]}
    feed = json.loads(court.ok("changelog", "court", "--format", "jsonfeed").out)
    told = [each for each in feed["items"] if "ruled" in each.get("content_text", "")]
    assert [each["date_published"][:10] for each in told] == [
        "2025-01-02", "2022-12-30", "2022-06-03",
    ]  # fmt: skip


def test_notes_are_told_alike_on_the_pages_and_in_the_api(court: Desk) -> None:
    history = page(court, "/history/content/court/")
    for line in LINES:
        assert plain_words(line) in history
    assert "June 3, 2024" not in history
    assert "12:00 AM" not in page(court, "/article/content/court/")
    asked = create_app(court.folder, now=lambda: NOW).test_client()
    changelog = asked.get("/api/changelog/content/court").get_json()
    by_command = court.ok("changelog", "court", "--json").json
    assert changelog["entries"] == by_command["entries"]
    life = asked.get("/api/history/content/court").get_json()
    of_command = court.ok("history", "court", "--json").json["revisions"]
    told = {each["commit"]: each["notes"] for each in life["revisions"]}
    assert told == {each["commit"]: each["notes"] for each in of_command}


def test_words_that_come_again_under_another_date_are_another_note(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.git("init", "-q", "-b", "main", ".")
    for day in (27, 28, 29):
        line = f"**Update {day}-July-2021:** The releases were postponed."
        desk.write("content/a.md", f"# Releases\n\nSoon.\n\n{line}\n")
        monkeypatch.setenv("GIT_AUTHOR_DATE", f"2021-07-{day}T10:00:00+02:00")
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", "edit")
    entries = desk.ok("changelog", "a", "--json").json["entries"]
    told = [each["note"] for each in entries if each["what"] == "note"]
    assert [each["at"][:10] for each in told] == ["2021-07-29", "2021-07-28", "2021-07-27"]
    assert len({each["id"] for each in told}) == 3


@pytest.mark.parametrize(
    ("lang", "note", "day"),
    [
        ("en", "Correction: June 2, 2022\n\nAn earlier version misstated the cost.", "2022-06-02"),
        ("en-GB", "Correction 2/6/22: A previous version misstated the cost.", "2022-06-02"),
        ("en", "Correction 2/6/22: A previous version misstated the cost.", "2022-02-06"),
        ("en", "Update 02.06.2022: The pier is shut.", "2022-06-02"),
        ("en", "This story has been updated with additional information.", "2022-06-03"),
    ],
)
def test_a_note_has_its_day_in_every_face_where_the_house_has_no_style(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, lang: str, note: str, day: str
) -> None:
    monkeypatch.setenv("TRACKER_NOW", NOW.isoformat())
    desk.git("init", "-q", "-b", "main", ".")
    front = f"---\ntitle: The pier\nlang: {lang}\n---\n\nIt costs $3 million.\n"
    for at, text in (("2022-01-01T10:00", front), ("2022-06-03T23:30", f"{front}\n{note}\n")):
        desk.write("content/pier.md", text)
        monkeypatch.setenv("GIT_AUTHOR_DATE", f"{at}:00-04:00")
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", "edit")
    (entry,) = [
        each["note"]
        for each in desk.ok("changelog", "pier", "--json").json["entries"]
        if each["what"] == "note"
    ]
    assert entry["at"].startswith(day)
    assert not entry["text"].startswith("June")
    item = json.loads(desk.ok("export", "--format", "jsonld", "pier").out)
    told = [*item.get("comment", []), *item.get("correction", [])]
    assert [item["dateModified"][:10], told[0]["datePublished"][:10]] == [day, day]


SCHEDULED = [
    ("2022-04-10T09:00:00Z", "2022-04-10T09:00:00+00:00"),
    ("2022-04-10 09:00 AM", "2022-04-10T09:00:00+00:00"),
    ('"Apr 10 2022"', "2022-04-10"),
    ("April 10, 2022", "2022-04-10"),
]


@pytest.mark.parametrize(("written", "out"), SCHEDULED)
def test_a_scheduled_article_is_not_out_before_its_date_in_any_face(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, written: str, out: str
) -> None:
    desk.git("init", "-q", "-b", "main", ".")
    desk.write("tracker.toml", '[site]\nurl = "https://example.org/h"\n')
    desk.write("content/a.md", f"---\ntitle: The pier\ndate: {written}\n---\n\nIt has 5 seats.\n")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2022-04-01T10:00:00Z")
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "schedule")
    monkeypatch.setenv("TRACKER_NOW", "2022-04-11T12:00:00Z")
    assert [each["at"][:10] for each in desk.ok("changelog", "a", "--json").json["entries"]] == [
        "2022-04-10"
    ]
    assert "2022-04-01" not in desk.ok("changelog", "a").out
    for form in ("atom", "jsonfeed"):
        said = desk.ok("changelog", "a", "--format", form).out
        assert re.findall(r"publishe?d?[^\d]{0,12}(2022-04-\d\d)", said) != []
        assert "published>2022-04-01" not in said
        assert '"date_published": "2022-04-01' not in said
    assert f'"datePublished": "{out}' in desk.ok("export", "--format", "jsonld").out
    assert '"firstCreated": "2022-04-10' in desk.ok("export", "--format", "ninjs").out
    assert desk.run("show", "a", "2022-04-05").status == 2
    assert desk.run("show", "a", "2022-04-10 10:00 UTC").status == 0


def test_a_version_before_the_date_is_in_no_page_and_the_first_has_that_date(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stood before an article came out is told nowhere, and it is dated when it came out."""
    monkeypatch.setenv("TRACKER_NOW", NOW.isoformat())
    desk.git("init", "-q", "-b", "main", ".")
    desk.write("tracker.toml", '[site]\nurl = "https://example.org/history"\n')
    for day, seats in ((1, 5), (3, 6)):
        front = "---\ntitle: The pier\ndate: 2022-04-10T09:00:00Z\n---\n\n"
        desk.write("content/pier.md", f"{front}The pier has {seats} seats.\n")
        monkeypatch.setenv("GIT_AUTHOR_DATE", f"2022-04-{day:02d}T10:00:00Z")
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2022-04-{day:02d}T10:00:00Z")
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", "edit")
    desk.ok("site", "public")
    pages = {path: path.read_text("utf-8") for path in (desk.folder / "public").rglob("*.html")}
    told = [path for path, text in pages.items() if "The pier" in text]
    assert len(told) >= 6
    for path in told:
        assert "April 10, 2022" in pages[path] or "/version/" in path.as_posix(), path
        assert not re.search(r"April [13], 2022", pages[path]), path
        assert "has 5" not in pages[path], path
        assert ">5<" not in pages[path], path
        assert "/change/" not in pages[path], path
    desk.ok("export", "--format", "data", "--to", "data")
    data = json.loads((desk.folder / "data/articles/content--pier.json").read_text("utf-8"))
    assert data["published"] == data["touched"] == data["versions"][0]["at"]
    assert data["published"].startswith("2022-04-10T09:00")
    item = json.loads(desk.ok("export", "--format", "ninjs", "pier").out)
    assert item["firstCreated"] == item["versionCreated"] == "2022-04-10T09:00:00Z"
    monkeypatch.setenv("TRACKER_NOW", "2022-04-05T00:00:00Z")
    assert "it is not published" in desk.run("show", "pier", "2022-04-05").err


def test_what_a_draft_said_is_in_no_feed_and_no_figure(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.git("init", "-q", "-b", "main", ".")
    desk.write("tracker.toml", '[site]\nurl = "https://example.org/history"\n')
    for day, draft, seats in ((1, "true", 4), (2, "false", 5), (9, "false", 6)):
        front = f"---\ntitle: The pier\ndraft: {draft}\n---\n\n"
        desk.write("content/pier.md", f"{front}The pier has {seats} seats.\n")
        monkeypatch.setenv("GIT_AUTHOR_DATE", f"2022-01-{day:02d}T10:00:00Z")
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", "edit")
    for form in ("atom", "jsonfeed", "html", "text"):
        said = desk.ok("changelog", "pier", "--format", form).out
        assert "5 → 6" in said
        assert "4 → 5" not in said
    assert [each["changes"] for each in desk.ok("stats", "--json").json["changes"]] == [1]
