"""ninjs 3.1: an article as news agencies exchange it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from tests.desk import Desk

# What http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json (IPTC, CC BY 4.0) says of the keys that
# an article may have here, in our words; every other key is refused, as it refuses unknown ones.
TEXT = {"type": "string"}
URI = {"type": "string", "format": "uri", "pattern": "^[a-z]+:[!-~]+$"}
INSTANT = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$",
}


def some(required: tuple[str, ...] = (), **properties: Any) -> Any:
    """A list of objects that have no other keys."""
    return {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": list(required),
            "properties": properties,
        },
    }


KEYS: dict[str, Any] = {
    "uri": URI,
    "type": {"enum": ["text", "audio", "video", "picture", "graphic", "composite", "component",
                      "event", "planning"]},
    "representationType": {"enum": ["full", "partial"]},
    "profile": TEXT,
    "version": TEXT,
    "firstCreated": INSTANT,
    "versionCreated": INSTANT,
    "contentCreated": INSTANT,
    "embargoedUntil": INSTANT,
    "pubStatus": {"enum": ["usable", "withheld", "canceled"]},
    "urgency": {"type": "integer", "minimum": 1, "maximum": 9},
    "copyrightHolder": TEXT,
    "copyrightNotice": TEXT,
    "usageTerms": TEXT,
    "edNote": TEXT,
    "language": TEXT,
    "title": TEXT,
    "by": TEXT,
    "slugline": TEXT,
    "located": TEXT,
    "expires": INSTANT,
    "headlines": some(("value",), role=TEXT, contentType=TEXT, value=TEXT),
    "descriptions": some(("value",), role=TEXT, contentType=TEXT, value=TEXT),
    "bodies": some(
        ("value",),
        role=TEXT,
        contentType=TEXT,
        charCount={"type": "integer"},
        wordCount={"type": "integer"},
        value=TEXT,
    ),
    "altIds": some(role=TEXT, value=TEXT),
    "infoSources": some(name=TEXT, role=TEXT, uri=URI, literal=TEXT),
    "trustIndicators": some(role=URI, title=TEXT, href=URI),
    "standard": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"name": TEXT, "version": TEXT, "schema": URI},
    },
}  # fmt: skip
ASSOCIATION = {
    "type": "object",
    "required": ["name", "uri"],
    "additionalProperties": False,
    "properties": {**KEYS, "name": TEXT, "rel": TEXT},
}
NINJS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["uri"],
    "additionalProperties": False,
    "properties": {**KEYS, "associations": {"type": "array", "items": ASSOCIATION}},
}
VALIDATOR = Draft202012Validator(NINJS, format_checker=FormatChecker())

SITE = """
[site]
url = "https://example.com/changes"
article = "https://example.com/{year}/{slug}/"
publisher = "Example News"
corrections_policy = "https://example.com/policy"
"""


def exported(desk: Desk, *words: str) -> Any:
    value = desk.ok("export", *words, "--format", "ninjs").json
    VALIDATOR.validate(value)
    return value


@pytest.fixture
def ferry(newsroom: Desk) -> Desk:
    desk = newsroom
    front = "title: The ferry\nsubtitle: It is late\nauthors: [Jane Doe, Bo Roe]\n"
    desk.write("ferry.md", f"---\n{front}---\n\nA ticket costs $12.\n")
    desk.ok("record", "ferry.md", "--at", "05/10/22 4:30 p.m. ET")
    desk.write("ferry.md", desk.read("ferry.md").replace("$12", "$21"))
    told = ["--correction", "The price was wrong. It is $21.", "--at", "05/12/22 7:45 a.m. ET"]
    desk.ok("record", "ferry.md", *told)
    return desk


def test_an_article_is_a_valid_item_with_its_notes_and_its_version_before(ferry: Desk) -> None:
    ferry.write("tracker.toml", ferry.read("tracker.toml") + SITE)
    value = exported(ferry, "ferry")
    newest, first = ferry.git("log", "--format=%H", "-2").split()
    (identity,) = [each["value"] for each in value["altIds"] if each["role"] == "urn"]
    assert identity.startswith("urn:uuid:")
    assert value == {
        "standard": {
            "name": "ninjs",
            "version": "3.1",
            "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#",
        },
        "uri": "https://example.com/2022/ferry/",
        "type": "text",
        "version": "2",
        "firstCreated": "2022-05-10T20:30:00Z",
        "versionCreated": "2022-05-12T11:45:00Z",
        "pubStatus": "usable",
        "language": "en",
        "slugline": "ferry",
        "by": "Jane Doe, Bo Roe",
        "headlines": [{"role": "main", "value": "The ferry"}],
        "descriptions": [
            {"role": "summary", "contentType": "text/plain", "value": "It is late"},
            {
                "role": "correction",
                "contentType": "text/plain",
                "value": "Correction 05/12/22, 7:45 a.m. ET: The price was wrong. It is $21.",
            },
        ],
        "bodies": [
            {"role": "main", "contentType": "text/markdown", "value": "A ticket costs $21."}
        ],
        "altIds": [
            {"role": "git-commit", "value": newest},
            {"role": "urn", "value": identity},
        ],
        "infoSources": [{"name": "Example News", "role": "publisher"}],
        "trustIndicators": [{"title": "Corrections policy", "href": "https://example.com/policy"}],
        "associations": [
            {
                "name": "previous version",
                "rel": "previousVersion",
                "uri": f"https://example.com/changes/version/20220510203000-{first[:10]}/ferry/",
                "type": "text",
                "version": "1",
                "versionCreated": "2022-05-10T20:30:00Z",
            }
        ],
    }


def test_without_a_site_an_article_is_named_by_its_lasting_id(ferry: Desk) -> None:
    value = exported(ferry, "ferry")
    assert value["uri"].startswith("urn:uuid:")
    assert value["associations"][0]["uri"].startswith("urn:uuid:")
    assert value["uri"] != value["associations"][0]["uri"]


def test_what_readers_cannot_see_is_withheld_and_what_is_gone_canceled(ferry: Desk) -> None:
    ferry.write("draft.md", "---\ntitle: Draft\ndraft: true\n---\n\nOne.\n")
    ferry.ok("record", "draft.md", "--at", "05/20/22 8:00 ET")
    assert exported(ferry, "draft")["pubStatus"] == "withheld"
    ferry.ok("note", "ferry", "--retraction", "It was wrong.", "--at", "05/21/22 8:00 ET")
    assert exported(ferry, "ferry")["pubStatus"] == "canceled"
    ferry.write("gone.md", "# Gone\n\nOne.\n")
    ferry.ok("record", "gone.md", "--at", "05/20/22 8:00 ET")
    assert exported(ferry, "gone")["pubStatus"] == "usable"
    ferry.git("rm", "-q", "gone.md")
    ferry.git("commit", "-q", "-m", "Delete")
    assert exported(ferry, "gone.md")["pubStatus"] == "canceled"


def test_a_date_without_a_time_is_its_first_moment(newsroom: Desk) -> None:
    newsroom.write("old.md", "---\ntitle: Old\ndate: 2015-09-15\n---\n\nOne.\n")
    newsroom.ok("record", "old.md", "--at", "05/10/22 8:00 ET")
    assert exported(newsroom, "old")["firstCreated"] == "2015-09-15T04:00:00Z"


def test_several_articles_are_lines_or_files(ferry: Desk) -> None:
    ferry.write("posts/tram.md", "# Tram\n\nOne.\n")
    ferry.ok("record", "posts/tram.md", "--at", "05/20/22 8:00 ET")
    ferry.write("tracker.toml", 'articles = ["*.md", "posts/*.md"]\n')
    found = [json.loads(line) for line in ferry.ok("export", "--format", "ninjs").out.splitlines()]
    for value in found:
        VALIDATOR.validate(value)
    assert sorted(value["slugline"] for value in found) == ["ferry", "tram"]
    ferry.ok("export", "--format", "ninjs", "--to", "out")
    assert json.loads(ferry.read("out/posts/tram.json")) in found


def test_the_schema_in_this_test_refuses_what_ninjs_refuses(ferry: Desk) -> None:
    value = exported(ferry, "ferry")
    for wrong in (
        {"versioncreated": value["versionCreated"]},  # lower case is of ninjs 2
        {"version": 2},
        {"pubStatus": "published"},
        {"firstCreated": "2022-05-10"},
    ):
        with pytest.raises(ValidationError):
            VALIDATOR.validate({**value, **wrong})
    del value["uri"]
    with pytest.raises(ValidationError):
        VALIDATOR.validate(value)
