"""Feeds of changes: valid Atom and JSON Feed, ids that last, dates that move only with notes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.desk import Desk
from tests.repositories import Builder
from tests.web_newsroom import NOW
from tracker.newsroom.newsroom import Newsroom
from tracker.render import feed, urls
from tracker.web import create_app

NAMESPACE = "{http://www.w3.org/2005/Atom}"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
MANY = {"link", "category", "contributor", "author"}  # RFC 4287 4.1.1, 4.1.2: may be repeated
FEED = {"id", "title", "updated", "link", "author", "category", "subtitle", "rights", "generator"}
ENTRY = {"id", "title", "updated", "published", "link", "author", "category", "summary", "content"}

# JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/: its rules, as it has no schema of its own.
URL = {"type": "string", "format": "uri", "pattern": "^https?://"}
DATE = {"type": "string", "format": "date-time", "pattern": INSTANT.pattern}
AUTHORS = {
    "type": "array",
    "items": {
        "type": "object",
        "minProperties": 1,
        "properties": {"name": {"type": "string"}, "url": URL, "avatar": URL},
        "additionalProperties": False,
    },
}
EXTENSION = {"^_[A-Za-z]": {"type": "object"}}
JSON_FEED = {
    "type": "object",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string"},
        "home_page_url": URL,
        "feed_url": URL,
        "language": {"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"},
        "authors": AUTHORS,
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}],
                "properties": {
                    "id": {"type": "string", "minLength": 1},
                    "url": URL,
                    "external_url": URL,
                    "title": {"type": "string"},
                    "summary": {"type": "string"},
                    "content_html": {"type": "string"},
                    "content_text": {"type": "string"},
                    "date_published": DATE,
                    "date_modified": DATE,
                    "authors": AUTHORS,
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
                "patternProperties": EXTENSION,
                "additionalProperties": False,
            },
        },
    },
    "patternProperties": EXTENSION,
    "additionalProperties": False,
}

SITE = """
[site]
url = "https://example.com/changes"
article = "https://example.com/{year}/{month}/{slug}/"
publisher = "Example News"
"""


def check_atom(text: str) -> ElementTree.Element:
    """The document, after it was held against what RFC 4287 demands, and a parser of feeds."""
    parsed = feedparser.parse(text.encode())
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == "atom10"
    root = ElementTree.fromstring(text.encode())
    assert root.tag == f"{NAMESPACE}feed"
    _check_element(root, FEED | {"entry"}, {"id", "title", "updated"})
    entries = root.findall(f"{NAMESPACE}entry")
    ids = [entry.findtext(f"{NAMESPACE}id") for entry in entries]
    assert len(set(ids)) == len(ids)
    for entry in entries:
        _check_element(entry, ENTRY, {"id", "title", "updated", "author"})
        content = entry.find(f"{NAMESPACE}content")
        assert content is not None
        assert content.get("type") == "html"
        assert len(content) == 0
        assert entry.findtext(f"{NAMESPACE}published", "") <= "9"
    assert len(parsed.entries) == len(entries)
    return root


def _check_element(element: ElementTree.Element, known: set[str], required: set[str]) -> None:
    names = [child.tag.removeprefix(NAMESPACE) for child in element if child.tag.startswith("{")]
    assert set(names) <= known
    assert required <= set(names)
    for name in set(names) - MANY - {"entry"}:
        assert names.count(name) == 1, name
    relations = [
        (link.get("rel"), link.get("type")) for link in element.findall(f"{NAMESPACE}link")
    ]
    assert len(set(relations)) == len(relations)
    for link in element.findall(f"{NAMESPACE}link"):
        assert re.fullmatch(r"https?://[!-~]+", link.get("href") or "")
    for name in ("updated", "published"):
        for date in element.findall(f"{NAMESPACE}{name}"):
            assert INSTANT.fullmatch(date.text or ""), date.text
    for author in element.findall(f"{NAMESPACE}author"):
        assert [child.tag for child in author] == [f"{NAMESPACE}name"]
        assert (author[0].text or "").strip()
    identity = element.findtext(f"{NAMESPACE}id") or ""
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identity)


def check_json(text: str) -> Any:
    value = json.loads(text)
    Draft202012Validator(JSON_FEED, format_checker=FormatChecker()).validate(value)
    ids = [item["id"] for item in value["items"]]
    assert len(set(ids)) == len(ids)
    return value


def feeds(desk: Desk, *words: str) -> tuple[ElementTree.Element, Any]:
    """Both feeds of a newsroom or an article; they say the same."""
    one = check_atom(desk.ok("changelog", *words, "--format", "atom").out)
    other = check_json(desk.ok("changelog", *words, "--format", "jsonfeed").out)
    for entry, item in zip(one.findall(f"{NAMESPACE}entry"), other["items"], strict=True):
        assert entry.findtext(f"{NAMESPACE}id") == item["id"]
        assert entry.findtext(f"{NAMESPACE}title") == item["title"]
        assert entry.findtext(f"{NAMESPACE}published") == item["date_published"]
        assert entry.findtext(f"{NAMESPACE}updated") == item["date_modified"]
        assert entry.findtext(f"{NAMESPACE}content") == item["content_html"]
    assert one.findtext(f"{NAMESPACE}updated") == other["_tracker"]["updated"]
    return one, other


@pytest.fixture
def ferry(newsroom: Desk) -> Desk:
    """An article that came out, was edited in silence, and corrected."""
    desk = newsroom
    desk.write("ferry.md", "---\ntitle: The ferry\n---\n\nA ticket costs $12. It leaves at noon.\n")
    desk.ok("record", "ferry.md", "--at", "05/10/22 4:30 p.m. ET")
    desk.write(
        "ferry.md", "---\ntitle: The ferry\n---\n\nA ticket costs $12. It leaves at noon daily.\n"
    )
    desk.ok("record", "ferry.md", "--at", "05/12/22 9:00 a.m. ET")
    desk.write("ferry.md", desk.read("ferry.md").replace("$12", "$21"))
    told = ["--correction", "The price of a ticket was wrong. It is $21."]
    desk.ok("record", "ferry.md", *told, "--at", "05/20/22 7:45 a.m. ET")
    return desk


def test_a_feed_has_one_entry_for_each_version_that_readers_could_see(ferry: Desk) -> None:
    for words in ((), ("ferry",)):
        _, value = feeds(ferry, *words)
        assert [(item["title"], item["date_published"]) for item in value["items"]] == [
            ("The ferry: Correction", "2022-05-20T07:45:00-04:00"),
            ("The ferry: Information added: “daily”", "2022-05-12T09:00:00-04:00"),
            ("The ferry: Published", "2022-05-10T16:30:00-04:00"),
        ]
        assert [item["tags"] for item in value["items"]] == [
            ["correction"],
            ["edited"],
            ["published"],
        ]
        assert [item["_tracker"]["told"] for item in value["items"]] == [True, False, True]
        first = value["items"][0]
        line = "Correction 05/20/22, 7:45 a.m. ET: The price of a ticket was wrong. It is $21."
        assert first["summary"] == line
        assert first["content_html"].startswith(f"<p>{line}</p>")
        assert "number: $12 → $21" in first["content_html"]


def test_a_merge_that_did_nothing_says_that_it_brings_versions_together(tmp_path: Path) -> None:
    """It is a version: readers saw a text that neither of the two was. No word is its own."""
    text = "The mayor counted 10 buses.\n\nThe school counted 20 chairs.\n\nThe end came.\n"
    eleven = text.replace("10 buses", "11 buses")
    one = Builder(tmp_path / "room")
    one.commit("Start", write={"articles/a.md": text})
    side = text.replace("20 chairs", "21 chairs")
    one.commit("Chairs", on="side", start="Start", write={"articles/a.md": side})
    one.commit("Buses", write={"articles/a.md": eleven})
    both = eleven.replace("20 chairs", "21 chairs")
    pull = "Merge branch 'main' of example.org:room"
    one.commit(pull, merge=["side"], write={"articles/a.md": both})
    # A pull after which the text is what it was is no version.
    one.commit("Same", on="other", start=pull, write={"articles/b.md": "# B\n\nB.\n"})
    one.commit("After", write={"articles/a.md": both + "\nMore 7.\n"})
    one.commit(f"{pull}:b", merge=["other"])
    one.build(checkout=True)
    asked = create_app(one.folder, now=lambda: NOW).test_client()
    items = json.loads(asked.get("/feeds/articles/a/feed.json").data)["items"]
    assert [item["title"] for item in items] == [
        "a: Number added: 7 in “More 7.”",
        "a: Brings together versions that were written at the same time",
        "a: Number: 10 → 11 in “The mayor counted 10 buses.”",
        "a: Number: 20 → 21 in “The school counted 20 chairs.”",
        "a: Published",
    ]
    page = asked.get("/history/articles/a/").text
    assert page.count("Brings together versions that were written at the same time") == 1
    assert "No words changed" not in page


def test_a_feed_of_notes_alone_has_what_readers_were_told(ferry: Desk) -> None:
    for words in ((), ("ferry",)):
        whole, _ = feeds(ferry, *words)
        notes, value = feeds(ferry, *words, "--notes")
        assert [item["title"] for item in value["items"]] == ["The ferry: Correction"]
        assert notes.findtext(f"{NAMESPACE}id") != whole.findtext(f"{NAMESPACE}id")


def test_updated_moves_with_a_note_and_not_with_a_silent_edit_or_a_refile(ferry: Desk) -> None:
    def dates() -> tuple[str, dict[str, str]]:
        _, value = feeds(ferry)
        modified = {item["id"]: item["date_modified"] for item in value["items"]}
        return value["_tracker"]["updated"], modified

    updated, before = dates()
    assert updated == "2022-05-20T07:45:00-04:00"
    ferry.write("ferry.md", ferry.read("ferry.md").replace("daily", "each day"))
    ferry.ok("record", "ferry.md", "--at", "05/22/22 7:45 a.m. ET")
    ferry.write("ferry.md", ferry.read("ferry.md").replace("leaves", "goes"))
    ferry.ok("record", "ferry.md", "--refile", "A word was changed.", "--at", "05/24/22 8:00 ET")
    again, after = dates()
    assert again == updated
    assert len(after) == len(before) + 2
    assert {name: after[name] for name in before} == before
    told = ["--clarification", "It leaves on each day.", "--covers", "2"]
    ferry.ok("note", "ferry", *told, "--at", "05/26/22 8:00 ET")
    later, covered = dates()
    assert later == "2022-05-26T08:00:00-04:00"
    moved = [name for name in after if covered[name] != after[name]]
    silent = list(before)[1]
    assert moved == [silent]
    assert covered[silent] == later


def test_ids_stay_when_the_article_moves_and_the_site_gets_an_address(ferry: Desk) -> None:
    def ids(*words: str) -> tuple[str, list[str]]:
        root, value = feeds(ferry, *words)
        identity = root.findtext(f"{NAMESPACE}id")
        assert identity
        return identity, [item["id"] for item in value["items"]]

    before = ids(), ids("ferry")
    assert before[0][1] == before[1][1]
    assert before[0][0] != before[1][0]
    (ferry.folder / "archive").mkdir()
    ferry.git("mv", "ferry.md", "archive/boat.md")
    ferry.git("commit", "-q", "-m", "Move")
    ferry.write("tracker.toml", ferry.read("tracker.toml") + SITE)
    assert (ids(), ids("boat")) == before


def test_links_lead_to_change_version_and_article_where_the_site_is_known(ferry: Desk) -> None:
    root, value = feeds(ferry, "ferry")
    assert not root.findall(f".//{NAMESPACE}link")
    assert "url" not in value["items"][0]
    ferry.write("tracker.toml", ferry.read("tracker.toml") + SITE)
    newest, silent, first = ferry.git("log", "--format=%H", "-3").split()
    root, value = feeds(ferry, "ferry")
    base = "https://example.com/changes"
    one, two, three = (
        f"20220510203000-{first[:10]}",
        f"20220512130000-{silent[:10]}",
        f"20220520114500-{newest[:10]}",
    )
    assert [item["url"] for item in value["items"]] == [
        f"{base}/change/{three}/ferry/",
        f"{base}/change/{two}/ferry/",
        f"{base}/version/{one}/ferry/",
    ]
    assert {item["external_url"] for item in value["items"]} == {
        "https://example.com/2022/05/ferry/"
    }
    assert value["home_page_url"] == f"{base}/history/ferry/"
    assert value["feed_url"] == f"{base}/feeds/ferry/feed.json"
    assert value["authors"] == [{"name": "Example News"}]
    relations = {link.get("rel"): link.get("href") for link in root.findall(f"{NAMESPACE}link")}
    assert relations == {
        "self": f"{base}/feeds/ferry/atom.xml",
        "alternate": f"{base}/history/ferry/",
    }
    _, whole = feeds(ferry)
    assert whole["feed_url"] == f"{base}/feeds/feed.json"
    assert whole["title"] == "Example News"


def test_what_was_withdrawn_is_struck_out(ferry: Desk) -> None:
    ferry.ok("note", "ferry", "--withdraw", "u1", "--at", "05/21/22 8:00 ET")
    _, value = feeds(ferry, "ferry")
    item = next(each for each in value["items"] if each["date_published"] < "2022-05-21")
    assert item["tags"] == ["edited"]
    assert item["content_html"].startswith("<p><del>Correction 05/20/22, 7:45 a.m. ET: The price")


def test_a_replaced_note_in_front_matter_is_struck_out(newsroom: Desk) -> None:
    newsroom.write("war.md", "---\ntitle: War\n---\n\nWords.\n")
    newsroom.ok("record", "war.md", "--at", "05/10/22 8:00 ET")
    newsroom.ok("note", "war", "--update", "It was updated.", "--at", "05/11/22 8:00 ET")
    amended = ["--amend", "u1", "It was updated twice."]
    newsroom.ok("note", "war", *amended, "--at", "05/12/22 8:00 ET")
    _, value = feeds(newsroom, "war")
    newest, old, _ = value["items"]
    assert "<del>" not in newest["content_html"]
    assert old["content_html"].startswith("<p><del>Update 05/11/22")
    assert old["tags"] == ["edited"]


def test_drafts_are_in_no_feed(newsroom: Desk) -> None:
    newsroom.write("war.md", "---\ndraft: true\n---\n\nWords.\n")
    newsroom.ok("record", "war.md", "--at", "05/10/22 8:00 ET")
    for words in ((), ("war",)):
        said = newsroom.ok("changelog", *words, "--format", "atom")
        root = check_atom(said.out)
        assert root.findall(f"{NAMESPACE}entry") == []
        assert said.err == "tracker: there is nothing in the feed yet.\n"
    newsroom.write("war.md", "---\ntitle: War\n---\n\nWords.\n")
    newsroom.ok("record", "war.md", "--at", "05/12/22 8:00 ET")
    _, value = feeds(newsroom)
    assert [item["title"] for item in value["items"]] == ["War: Published"]


def test_markup_controls_and_bytes_that_are_no_text_break_no_feed(newsroom: Desk) -> None:
    evil = "</summary><script>alert(1)</script>]]>&\x1b[31m\u202e\ufffe"
    newsroom.write("caf\udce9.md", f"# {evil}\n\nOne.\n")
    newsroom.git("add", "-A")
    newsroom.git("commit", "-q", "-m", evil.replace("\ufffe", ""))
    _, value = feeds(newsroom)
    (item,) = value["items"]
    assert "<script" not in item["content_html"]
    assert "\x1b" not in item["title"]
    newsroom.write("tracker.toml", newsroom.read("tracker.toml") + SITE)
    feeds(newsroom)


def test_an_empty_newsroom_has_an_empty_feed(newsroom: Desk) -> None:
    root = check_atom(newsroom.ok("changelog", "--format", "atom").out)
    assert root.findtext(f"{NAMESPACE}updated") == "2022-06-01T16:00:00+00:00"
    assert check_json(newsroom.ok("changelog", "--format", "jsonfeed").out)["items"] == []


def test_no_article_of_that_name_has_a_feed(newsroom: Desk) -> None:
    assert "There is no article boat" in newsroom.refused("changelog", "boat", "--format", "atom")


def test_a_feed_ends_after_the_newest_entries(newsroom: Desk) -> None:
    for number in range(6):
        newsroom.write(f"a{number}.md", f"# Article {number}\n\nWords.\n")
        newsroom.ok("record", f"a{number}.md", "--at", f"05/1{number}/22 8:00 ET")
    room = Newsroom(newsroom.folder)
    items = feed.newsroom_items(room, urls.NO_LINKS, limit=4)
    assert [item.article.slug for item in items] == ["a5", "a4", "a3", "a2"]
    found = feed.newsroom_feed(room, items, urls.NO_LINKS, "atom.xml")
    check_atom(feed.atom(found))
    check_json(feed.json_feed(found))


@pytest.mark.parametrize("versions", [True, False])
def test_a_site_of_files_has_feeds_and_timemaps_whose_links_lead_to_its_pages(
    ferry: Desk, versions: bool
) -> None:
    base = "https://example.com/changes"
    ferry.ok("site", "out", "--base-url", base, *(("--with", "versions") if versions else ()))
    for name in ("feeds", "feeds/ferry"):
        check_atom(ferry.read(f"out/{name}/atom.xml"))
        value = check_json(ferry.read(f"out/{name}/feed.json"))
        assert value["feed_url"] == f"{base}/{name}/feed.json"
        for item in value["items"]:
            page, _, line = item["url"].removeprefix(f"{base}/").partition("#")
            there = ferry.read(f"out/{page}/index.html")
            assert not line or f' id="{line}"' in there
    article = ferry.read("out/article/ferry/index.html")
    assert 'href="/changes/feeds/ferry/atom.xml"' in article
    assert ("/timemap/" in article) == versions
    if not versions:
        assert not (ferry.folder / "out/timemap").exists()
        return
    timemap = ferry.read("out/timemap/ferry/index.link")
    assert f'<{base}/timemap/ferry/index.link>; rel="self"' in timemap
    assert "timegate" not in timemap
    for page in re.findall(rf'<{base}/([^>]+)>; rel="[a-z ]*memento"', timemap):
        assert (ferry.folder / "out" / page / "index.html").is_file()


def test_files_that_link_to_one_another_name_no_feeds(ferry: Desk) -> None:
    ferry.ok("site", "out")
    assert "atom.xml" not in ferry.read("out/article/ferry/index.html")
    assert "localhost" not in ferry.read("out/article/ferry/index.html")
    assert not (ferry.folder / "out" / "feeds").exists()


def test_the_pages_have_the_same_feeds(ferry: Desk) -> None:
    at = create_app(ferry.folder, base_url="https://example.com/changes").test_client()
    ferry.write("tracker.toml", ferry.read("tracker.toml") + SITE)
    host = {"Host": "example.com"}
    for path, words in (("", ()), ("/ferry", ("ferry",))):
        answer = at.get(f"/feeds{path}/atom.xml", headers=host)
        assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        check_atom(answer.text)
        assert answer.text == ferry.ok("changelog", *words, "--format", "atom").out
        again = at.get(
            f"/feeds{path}/atom.xml", headers={**host, "If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
        answer = at.get(f"/feeds{path}/feed.json", headers=host)
        assert answer.headers["Content-Type"] == "application/feed+json; charset=utf-8"
        check_json(answer.text)
        assert answer.text == ferry.ok("changelog", *words, "--format", "jsonfeed").out


def test_feeds_without_a_base_url_link_to_where_they_were_asked(ferry: Desk) -> None:
    at = create_app(ferry.folder).test_client()
    value = check_json(at.get("/feeds/feed.json", headers={"Host": "localhost:8000"}).text)
    assert value["feed_url"] == "http://localhost:8000/feeds/feed.json"
    other = check_json(at.get("/feeds/feed.json", headers={"Host": "127.0.0.1:9000"}).text)
    assert other["items"][0]["url"].startswith("http://127.0.0.1:9000/change/")
    assert [item["id"] for item in value["items"]] == [item["id"] for item in other["items"]]


def test_the_feed_of_an_article_is_found_by_its_other_paths(ferry: Desk) -> None:
    at = create_app(ferry.folder).test_client()
    moved = at.get("/feeds/ferry.md/atom.xml")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/feeds/ferry/atom.xml")
    assert at.get("/feeds/tram/atom.xml").status_code == 404
    assert at.get("/feeds/ferry/rss.xml").status_code == 404
    ferry.git("rm", "-q", "ferry.md")
    ferry.git("commit", "-q", "-m", "Delete")
    gone = create_app(ferry.folder).test_client().get("/feeds/ferry/atom.xml")
    assert len(check_atom(gone.text).findall(f"{NAMESPACE}entry")) == 3


def test_an_empty_newsroom_has_feeds_among_its_pages(newsroom: Desk) -> None:
    newsroom.git("update-ref", "-d", "HEAD")
    at = create_app(newsroom.folder).test_client()
    check_atom(at.get("/feeds/atom.xml").text)
    assert check_json(at.get("/feeds/feed.json").text)["items"] == []
