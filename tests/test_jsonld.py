"""Structured data: a NewsArticle as schema.org has it, that nothing in an article breaks out of."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld as processor

from tests.desk import Desk
from tracker.newsroom.newsroom import Newsroom
from tracker.render import metadata
from tracker.render.urls import NO_LINKS
from tracker.text.document import parse
from tracker.web import create_app

SITE = """
[site]
url = "https://example.com/changes"
article = "https://example.com/{year}/{month}/{slug}/"
publisher = "Example News"
logo = "https://example.com/logo.png"
corrections_policy = "https://example.com/policy"
"""

SCHEMA = "https://schema.org/"
CONTEXT = {
    "@context": {
        "@vocab": SCHEMA,
        **{
            name: {"@id": f"{SCHEMA}{name}", "@type": "@id"}
            for name in ("url", "mainEntityOfPage", "archivedAt", "correctionsPolicy")
        },
    }
}
# Terms of schema.org 30.0 that may stand on each type (those of its supertypes included).
TERMS = {
    "NewsArticle": {
        "archivedAt", "author", "comment", "correction", "dateModified", "datePublished",
        "description", "headline", "identifier", "inLanguage", "mainEntityOfPage", "publisher",
        "version",
    },
    "CorrectionComment": {"datePublished", "name", "text"},
    "Comment": {"datePublished", "name", "text"},
    "NewsMediaOrganization": {"correctionsPolicy", "logo", "name", "url"},
    "ImageObject": {"url"},
    "Person": {"name"},
    "PropertyValue": {"propertyID", "value"},
}  # fmt: skip
EVIL = "</script><!--<script>alert(1)</script>\u2028\u2029&lt;\"'\\ ]]>"


def expanded(value: Any) -> Any:
    """The one node of a JSON-LD object, after a processor read it; its terms are schema.org's."""

    def load(url: str, options: Any) -> Any:
        assert url == "https://schema.org"
        media = "application/ld+json"
        return {"contentType": media, "contextUrl": None, "documentUrl": url, "document": CONTEXT}

    (node,) = processor.expand(value, {"documentLoader": load})
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting += here
        elif isinstance(here, dict) and "@type" in here:
            (kind,) = here["@type"] if isinstance(here["@type"], list) else [here["@type"]]
            terms = {name.removeprefix(SCHEMA) for name in here if not name.startswith("@")}
            assert terms <= TERMS[kind.removeprefix(SCHEMA)]
            waiting += here.values()
    return node


class Scripts(HTMLParser):
    """What a reader of HTML takes for the contents of scripts, and for elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inside = False
        self.found: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script" and dict(attrs).get("type") == "application/ld+json":
            self.inside = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found[-1] += data


@pytest.fixture
def ferry(newsroom: Desk) -> Desk:
    desk = newsroom
    desk.write("tracker.toml", desk.read("tracker.toml") + SITE)
    front = "title: The ferry\nsubtitle: It is late\nauthors: [Jane Doe, Bo Roe]\nlang: en-US\n"
    desk.write("ferry.md", f"---\n{front}---\n\nA ticket costs $12.\n")
    desk.ok("record", "ferry.md", "--at", "05/10/22 4:30 p.m. ET")
    desk.write("ferry.md", desk.read("ferry.md").replace("$12", "$21"))
    told = ["--correction", "The price was wrong. It is $21.", "--at", "05/12/22 7:45 a.m. ET"]
    desk.ok("record", "ferry.md", *told)
    return desk


def exported(desk: Desk, *words: str) -> Any:
    value = desk.ok("export", *words, "--format", "jsonld").json
    expanded(value)
    return value


def test_an_article_is_a_news_article_with_what_readers_were_told(ferry: Desk) -> None:
    ferry.ok("note", "ferry", "--update", "It was updated to add a pier.", "--at", "05/13/22")
    value = exported(ferry, "ferry")
    commit = ferry.git("rev-parse", "HEAD").strip()
    ids = [value["correction"][0].pop("@id"), value["comment"][0].pop("@id")]
    assert len(set(ids)) == 2
    assert all(each.startswith("urn:uuid:") for each in ids)
    assert value == {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": "https://example.com/2022/05/ferry/#article",
        "mainEntityOfPage": "https://example.com/2022/05/ferry/",
        "headline": "The ferry",
        "description": "It is late",
        "inLanguage": "en-US",
        "version": "3",
        "datePublished": "2022-05-10T16:30:00-04:00",
        "dateModified": "2022-05-13T00:00:00-04:00",
        "author": [
            {"@type": "Person", "name": "Jane Doe"},
            {"@type": "Person", "name": "Bo Roe"},
        ],
        "publisher": {
            "@type": "NewsMediaOrganization",
            "name": "Example News",
            "url": "https://example.com",
            "logo": {"@type": "ImageObject", "url": "https://example.com/logo.png"},
            "correctionsPolicy": "https://example.com/policy",
        },
        "correction": [
            {
                "@type": "CorrectionComment",
                "name": "Correction",
                "text": "The price was wrong. It is $21.",
                "datePublished": "2022-05-12T07:45:00-04:00",
            }
        ],
        "comment": [
            {
                "@type": "Comment",
                "name": "Update",
                "text": "It was updated to add a pier.",
                "datePublished": "2022-05-13",
            }
        ],
        "archivedAt": "https://example.com/changes/timemap/ferry/",
        "identifier": {"@type": "PropertyValue", "propertyID": "git-commit", "value": commit},
    }


def test_the_date_of_change_moves_with_notes_alone(ferry: Desk) -> None:
    def modified() -> Any:
        return exported(ferry, "ferry").get("dateModified")

    assert modified() == "2022-05-12T07:45:00-04:00"
    ferry.write("ferry.md", ferry.read("ferry.md").replace("costs", "is"))
    ferry.ok("record", "ferry.md", "--at", "05/14/22 8:00 ET")
    assert modified() == "2022-05-12T07:45:00-04:00"
    ferry.ok("note", "ferry", "--refile", "A word was changed.", "--at", "05/15/22 8:00 ET")
    assert modified() == "2022-05-12T07:45:00-04:00"
    ferry.ok("note", "ferry", "--clarification", "It is dear.", "--at", "05/16/22 8:00 ET")
    assert modified() == "2022-05-16T08:00:00-04:00"
    ferry.ok("note", "ferry", "--withdraw", "u3", "--at", "05/17/22 8:00 ET")
    value = exported(ferry, "ferry")
    assert value["dateModified"] == "2022-05-12T07:45:00-04:00"
    assert [each["name"] for each in value["correction"]] == ["Correction"]
    assert [each["name"] for each in value["comment"]] == ["Minor edit"]


def test_an_article_that_was_never_told_of_has_no_date_of_change(newsroom: Desk) -> None:
    newsroom.write("a.md", "# A\n\nOne.\n")
    newsroom.ok("record", "a.md", "--at", "05/10/22 8:00 ET")
    value = exported(newsroom, "a")
    assert "dateModified" not in value
    assert value["@id"].startswith("urn:uuid:")
    for unknown in ("archivedAt", "mainEntityOfPage", "author", "correction"):
        assert unknown not in value


def test_an_archive_is_older_than_its_commits(newsroom: Desk) -> None:
    for name, date in (("day", "2015-09-15"), ("minute", "2015-09-15T08:00:00Z")):
        newsroom.write(f"{name}.md", f"---\ntitle: Old\ndate: {date}\n---\n\nOne.\n")
        newsroom.ok("record", f"{name}.md", "--at", "05/10/22 8:00 ET")
    assert exported(newsroom, "day")["datePublished"] == "2015-09-15"
    assert exported(newsroom, "minute")["datePublished"] == "2015-09-15T04:00:00-04:00"


def test_drafts_are_left_out_and_several_are_lines(ferry: Desk) -> None:
    ferry.write("draft.md", "---\ndraft: true\n---\n\nOne.\n")
    ferry.ok("record", "draft.md", "--at", "05/20/22 8:00 ET")
    ferry.write("tram.md", "# Tram\n\nOne.\n")
    ferry.ok("record", "tram.md", "--at", "05/20/22 8:00 ET")
    said = ferry.ok("export", "--format", "jsonld")
    found = [json.loads(line) for line in said.out.splitlines()]
    assert sorted(each["headline"] for each in found) == ["The ferry", "Tram"]
    assert said.err == "tracker: left out 1 article that readers cannot see yet.\n"
    ferry.ok("export", "--format", "jsonld", "--to", "out")
    names = sorted(file.name for file in (ferry.folder / "out").iterdir())
    assert names == ["ferry.jsonld", "tram.jsonld"]
    assert json.loads(ferry.read("out/tram.jsonld")) in found


def test_nothing_in_an_article_breaks_out_of_its_script(newsroom: Desk) -> None:
    title = json.dumps(EVIL)
    newsroom.write("a.md", f"---\ntitle: {title}\nauthor: {title}\n---\n\nOne.\n")
    newsroom.ok("record", "a.md", "--at", "05/10/22 8:00 ET")
    newsroom.ok("note", "a", "--correction", f"It was {EVIL}.", "--at", "05/11/22 8:00 ET")
    html = create_app(newsroom.folder).test_client().get("/article/a/").text
    read = Scripts(html)
    (script,) = read.found
    for mark in ("<", ">", "&", "\u2028", "\u2029"):
        assert mark not in script
    value = json.loads(script)
    assert value["headline"] == " ".join(EVIL.split())
    assert value["correction"][0]["text"].startswith("It was </script><!--")
    assert [attributes for tag, attributes in read.elements if tag == "script"] == [
        {"src": "/static/pages.js", "defer": None},
        {"type": "application/ld+json"},
    ]


@given(st.text())
def test_any_text_can_stand_in_a_script(text: str) -> None:
    html = metadata.script_of({"text": text.encode("utf-8", "replace").decode()})
    (script,) = Scripts(f"<p>{html}<p>").found
    assert json.loads(script)["text"] == text.encode("utf-8", "replace").decode()
    assert Scripts(f"<p>{html}<p>").elements[1:] == [
        ("script", {"type": "application/ld+json"}),
        ("p", {}),
    ]


def test_the_page_of_an_article_holds_what_is_exported(ferry: Desk) -> None:
    app = create_app(ferry.folder, base_url="https://example.com/changes")
    at = app.test_client()
    html = at.get("/article/ferry/", headers={"Host": "example.com"}).text
    (script,) = Scripts(html).found
    assert json.loads(script) == exported(ferry, "ferry")
    feeds = [
        attributes["href"]
        for tag, attributes in Scripts(html).elements
        if tag == "link" and attributes["rel"] == "alternate"
    ]
    assert feeds == [
        "/changes/feeds/ferry/atom.xml",
        "/changes/feeds/ferry/feed.json",
        "/changes/feeds/atom.xml",
        "/changes/feeds/feed.json",
    ]


def test_notes_of_every_kind_are_corrections_or_comments(newsroom: Desk) -> None:
    from tracker.model import KINDS

    newsroom.write("a.md", "---\ntitle: A\n---\n\nOne.\n")
    newsroom.ok("record", "a.md", "--at", "05/10/22 8:00 ET")
    for number, kind in enumerate(KINDS):
        words = [f"--{kind}", f"Words {number}.", "--at", f"05/11/22 8:0{number} ET"]
        newsroom.ok("note", "a", *words)
    value = exported(newsroom, "a")
    assert {each["name"] for each in value["correction"]} == {
        "Correction",
        "Clarification",
        "Retraction",
    }
    assert len(value["correction"]) + len(value["comment"]) == len(KINDS)


def test_ids_are_the_same_in_a_clone(ferry: Desk) -> None:
    shutil.copytree(ferry.folder, ferry.folder / "clone", ignore=shutil.ignore_patterns("clone"))
    here, there = Newsroom(ferry.folder), Newsroom(ferry.folder / "clone")
    values = []
    for room in (here, there):
        life = room.life("ferry.md")
        document = parse(room.show("ferry.md"))
        values.append(metadata.news_article(life, document, room.settings, NO_LINKS))
    assert values[0] == values[1]
