"""``tracker stats``: numbers that a person can count again in a small newsroom."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.desk import Desk
from tracker.newsroom.newsroom import Newsroom

SCHEMA = Path(__file__).parents[1] / "docs" / "stats.schema.json"


@pytest.fixture
def archive(newsroom: Desk) -> Desk:
    """An error of 1 March that is corrected on 3 March, another change that nobody was told of."""
    newsroom.write("tracker.toml", 'timezone = "America/New_York"\n')
    correction = "An earlier version of this article misstated the number. It is 40."
    for path, text, at, note in (
        ("news/mill.md", "The mill employs 400 people.", "2022-03-01T09:00-05:00", ()),
        ("news/mill.md", "The mill employs 400 people. It hums.", "2022-03-02T09:00-05:00", ()),
        ("news/mill.md", "The mill employs 40 people. It hums.", "2022-03-03T09:00-05:00",
         ("--correction", correction)),
        ("pages/jobs.md", "We seek 3 people.", "2022-03-01T09:00-05:00", ()),
        ("pages/jobs.md", "We seek 5 people.", "2022-04-02T09:00-04:00", ()),
    ):  # fmt: skip
        newsroom.write(path, f"---\ntitle: The text\n---\n\n{text}\n")
        newsroom.ok("record", path, "--at", at, *note)
    return newsroom


def test_the_numbers(archive: Desk) -> None:
    found = Newsroom(archive.folder).statistics()
    assert (found.articles, found.revisions) == (2, 5)
    assert [tuple(each) for each in found.notes] == [("2022-03", "correction", 1)]
    (corrected,) = found.corrections
    assert (corrected.path, corrected.stood) == ("news/mill.md", timedelta(days=2))
    assert ("2022-04", "pages", 1, 1) in [tuple(each) for each in found.changes]
    assert ("2022-03", "news", 0) in [(each[0], each[1], each[3]) for each in found.changes]


def test_an_article_that_was_deleted_counts_as_it_did(archive: Desk) -> None:
    before = archive.ok("stats", "--json").json
    archive.git("rm", "-q", "news/mill.md")
    assert archive.ok("stats", "--json").json == before  # not committed
    archive.git("commit", "-q", "-m", "Gone", "--date", "2022-05-01T09:00:00-04:00")
    assert archive.ok("stats", "--json").json == before


def test_of_a_time(archive: Desk) -> None:
    said = archive.ok("stats", "--since", "2022-04", "--json").json
    assert (said["revisions"], said["notes"], said["corrections"]) == (1, [], [])
    assert said["changes"] == [
        {"month": "2022-04", "folder": "pages", "changes": 1, "untold": 1}
    ]  # fmt: skip
    assert archive.ok("stats", "--until", "2022-03", "--json").json["revisions"] == 4
    assert "no revision in that time" in archive.ok("stats", "--since", "2023").err


def test_for_people_and_for_a_spreadsheet(archive: Desk) -> None:
    out = archive.ok("stats").out
    assert out.startswith("5 revisions of 2 articles\n")
    assert "Corrections: 1\n" in out
    assert "from error to correction: half within 2 days, nine of ten within 2 days" in out
    assert "Changes of substance by folder" in out
    rows = list(csv.DictReader(io.StringIO(archive.ok("stats", "--format", "csv").out)))
    assert {
        "what": "notes",
        "month": "2022-03",
        "of": "correction",
        "count": "1",
        "untold": "",
    } in (rows)


def test_the_schema(archive: Desk) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(archive.ok("stats", "--json").json, schema)
