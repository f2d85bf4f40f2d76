"""Archives of other systems: what they hold, as versions, with the traps of each format."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.desk import Desk
from tests.growth import grows_straight
from tracker.errors import TrackerError
from tracker.newsroom.incoming import Incoming, Skipped, Source
from tracker.sources import open_source
from tracker.sources.mediawiki import Wikitext
from tracker.sources.versions import HowRead, html_body, path_of_url
from tracker.sources.wordpress import WordPressSite, WpJson

Row = tuple[str, str, str]  # path or slug, instant in UTC, text


def put(folder: Path, name: str, data: str | bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return file


def read(source: Source, folder: Path) -> tuple[list[Row], list[Skipped], dict[str, int]]:
    """What a source gives: versions in the order of time, what it leaves out, and its traps."""
    given = list(source.versions(folder))
    versions = [each for each in given if isinstance(each, Incoming)]
    versions.sort(key=lambda each: each.at)
    texts = list(source.texts(each.key for each in versions))
    rows = []
    for each, text in zip(versions, texts, strict=True):
        assert isinstance(text, bytes), text
        at = each.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        rows.append((each.slug or each.path, at, text.decode()))
    skipped = [each for each in given if isinstance(each, Skipped)]
    return rows, skipped, dict(getattr(source, "traps", {}))


def opened(path: Path, **reading: Any) -> Source:
    return open_source(path, io.BytesIO(), HowRead(**reading))


# --- WordPress ------------------------------------------------------------------------------------

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>The Ledger</title><wp:wxr_version>1.2</wp:wxr_version>
<wp:author><wp:author_login>ada</wp:author_login><wp:author_email>ada@example.org</wp:author_email>
<wp:author_display_name>Ada Editor</wp:author_display_name></wp:author>
"""


def item(number: int, body: str, **fields: str) -> str:
    values = {
        "title": f"Story {number}",
        "link": f"https://ledger.example/{number}/",
        "dc:creator": "ada",
        "wp:post_id": str(number),
        "wp:post_name": f"story-{number}",
        "wp:status": "publish",
        "wp:post_type": "post",
        "wp:post_date": "2022-05-10 12:30:00",
        "wp:post_date_gmt": "2022-05-10 16:30:00",
        **{key.replace("__", ":"): value for key, value in fields.items()},
    }
    inner = "".join(f"<{key}><![CDATA[{value}]]></{key}>\n" for key, value in values.items())
    return f"<item>{inner}<content:encoded><![CDATA[{body}]]></content:encoded></item>\n"


def wxr(*items: str) -> str:
    return HEAD + "".join(items) + "</channel></rss>\n"


def test_an_export_gives_what_readers_saw_and_counts_what_they_did_not(tmp_path: Path) -> None:
    none = "0000-00-00 00:00:00"
    file = put(
        tmp_path,
        "export.xml",
        wxr(
            item(1, "<!-- wp:paragraph --><p>It cost $12.</p><!-- /wp:paragraph -->"),
            item(
                2,
                "One line\nand the next.\n\nA [poll id=3][gallery ids=4] & a <b>bold</b> word."
                '<!--more-->\n\n[caption id="x" width="300"]<a href="/p"><img src="p.png" '
                'alt="A pier" /></a> The pier in <i>May</i>.[/caption]\n\n'
                "[embed]https://video.example/1[/embed]",
            ),
            item(3, "Edited", wp__post_modified_gmt="2022-05-12 08:00:00"),
            item(4, "Draft", wp__status="draft", wp__post_date_gmt=none),
            item(5, "Secret", wp__status="private"),
            item(6, "Later", wp__status="future"),
            item(7, "Locked", wp__post_password="x"),
            item(8, "Menu", wp__post_type="nav_menu_item"),
            item(9, "Local alone", wp__post_date_gmt=none, wp__post_name=""),
            item(10, "No date", wp__post_date_gmt=none, wp__post_date="soon"),
            item(11, "Same slug", wp__post_name="story-1", wp__post_type="page"),
            item(12, "Split ]]]]><![CDATA[> in two", dc__creator="bo"),
        ),
    )
    rows, skipped, traps = read(opened(file, zone=ZoneInfo("America/New_York")), tmp_path)
    found = {path: (at, text) for path, at, text in rows}
    assert found["story-1"] == (
        "2022-05-10 16:30:00",
        (
            "---\ntitle: Story 1\ndate: '2022-05-10T16:30:00+00:00'\nauthor: Ada Editor\n"
            "id: wordpress:1\n---\n"
            "\nIt cost $12.\n"
        ),
    )
    assert found["story-2"][1].endswith(
        "One line  \nand the next.\n\nA \\[poll id=3\\] & a **bold** word.\n\n"
        "[![A pier](p.png)](/p)\n\nThe pier in *May*.\n\n"
        "<https://video.example/1>\n"
    )
    assert found["story-3"][0] == "2022-05-12 08:00:00"
    assert found["post-9"][0] == "2022-05-10 16:30:00"
    assert found["story-12"][1].endswith("Split ]]> in two\n".replace("]", "\\]").replace(">", ">"))
    assert "author: bo\n" in found["story-12"][1]
    assert sorted(found) == [
        "post-9", "story-1", "story-1-11", "story-12", "story-2", "story-3",
    ]  # fmt: skip
    assert traps == {
        "edited after publication, with the last text alone": 1,
        "drafts": 1,
        "private posts": 1,
        "scheduled posts": 1,
        "behind a password": 1,
        "of type nav_menu_item": 1,
        "broken records": 1,
        "slugs used twice": 1,
        "authors known by their login alone": 1,
    }
    (bad,) = (each for each in skipped if each.bad)
    assert bad.origin == f"{file}, item 10"


@pytest.mark.parametrize("start", [HEAD, "<mediawiki><siteinfo></siteinfo>"])
def test_xml_that_never_ends_an_element_is_given_up(tmp_path: Path, start: str) -> None:
    def look(size: int, turn: int) -> None:
        text = f"{start}<!--{'x' * (size << 20)}{' ' * turn}"
        folder = tmp_path / f"{size}-{turn}"
        folder.mkdir()
        with pytest.raises(TrackerError, match="unclosed token"):
            read(open_source(None, io.BytesIO(text.encode()), HowRead()), folder)

    grows_straight(look, size=4)
    endless = io.BytesIO(f"{start}<!--{'x' * (65 << 20)}".encode())
    with pytest.raises(TrackerError, match="has an entry of more than 64 MB"):
        read(open_source(None, endless, HowRead()), tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (wxr(item(1, "x")).replace("</item>", ""), "line 18, column 3: mismatched tag."),
        (wxr(item(1, "x"))[:-40], "is broken XML: line 17, column 31: unclosed token"),
        (HEAD + "<item>&nbsp;</item></channel></rss>", "undefined entity"),
        (wxr(item(1, "x")).replace("UTF-8", "x-nope"), "encoding that cannot be read: unknown"),
        (wxr(item(1, "x")).replace("UTF-8", "utf-7"), "encoding that cannot be read: multi-byte"),
        (
            '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "x">]><rss>&a;</rss>',
            "declares entities of its own, which no export has.",
        ),
    ],
)
def test_broken_xml_is_refused_with_its_line_and_column(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(TrackerError) as caught:
        read(opened(put(tmp_path, "export.xml", text)), tmp_path)
    assert sentence in caught.value.sentence


def row(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "ID": number,
        "post_type": "post",
        "post_status": "publish",
        "post_name": f"story-{number}",
        "post_title": "The ferry",
        "post_content": "Final.",
        "post_author": "3",
        "post_date_gmt": "2022-05-10 16:30:00",
        "post_modified_gmt": "2022-05-12 08:00:00",
        **fields,
    }


def revision(number: int, of: int, at: str, text: str, **fields: Any) -> dict[str, Any]:
    given = {
        "post_parent": of,
        "post_type": "revision",
        "post_status": "inherit",
        "post_name": f"{of}-revision-v1",
        "post_modified_gmt": at,
        "post_date_gmt": at,
        "post_content": text,
    }
    return row(number, **{**given, **fields})


REVISIONS = [
    revision(14, 1, "2022-05-11 07:00:00", "It costs $21.\n\nCorrection: It was not $12."),
    row(1),
    revision(11, 1, "2022-05-09 10:00:00", "A draft."),
    revision(12, 1, "2022-05-10 16:30:01", "It costs $12."),
    revision(13, 1, "2022-05-10 18:00:00", "Saved.", post_name="1-autosave-v1"),
    revision(16, 1, "2022-05-12 08:00:00", "Final."),
    row(2, post_status="draft"),
    revision(21, 2, "2022-05-10 16:30:00", "Never out."),
    revision(31, 9, "2022-05-10 16:30:00", "No entry."),
    row(4, post_modified_gmt="2022-06-01 08:00:00"),
    revision(41, 4, "2022-05-20 08:00:00", "The first ones were trimmed."),
]


def test_revisions_are_those_from_publication_on(tmp_path: Path) -> None:
    file = put(tmp_path, "posts.json", json.dumps(REVISIONS))
    rows, _, traps = read(opened(file), tmp_path)
    assert [(path, at, text.rpartition("---\n")[2].strip()) for path, at, text in rows] == [
        ("story-1", "2022-05-10 16:30:01", "It costs $12."),
        ("story-1", "2022-05-11 07:00:00", "It costs $21.\n\nCorrection: It was not $12."),
        ("story-1", "2022-05-12 08:00:00", "Final."),
        ("story-4", "2022-05-20 08:00:00", "The first ones were trimmed."),
        ("story-4", "2022-06-01 08:00:00", "Final."),
    ]
    assert traps["autosaves"] == 1
    assert traps["revisions before publication"] == 1
    assert traps["drafts"] == 1
    assert traps["revisions without their entry"] == 1
    assert traps["entries whose first revisions are gone"] == 1


def site(folder: Path, answers: dict[str, Any], status: int = 200) -> WordPressSite:
    """A recorded site: its answers by route, in pages of a hundred."""

    def answer(request: httpx.Request) -> httpx.Response:
        route = request.url.path.partition("/wp-json/wp/v2/")[2]
        if status != 200:
            return httpx.Response(status, json={"code": "rest_forbidden"})
        if route not in answers:
            return httpx.Response(404, json={"code": "rest_no_route"})
        assert request.url.params["context"] == "edit"
        page, found = int(request.url.params["page"]), answers[route]
        pages = max(1, -(-len(found) // 100))
        part = found[(page - 1) * 100 : page * 100]
        return httpx.Response(200, json=part, headers={"X-WP-TotalPages": str(pages)})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    return WordPressSite(client, "https://ledger.example", HowRead())


def rest(number: int, text: str, at: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "slug": f"story-{number}",
        "status": "publish",
        "title": {"raw": "The ferry", "rendered": "The ferry!"},
        "content": {"raw": text, "rendered": f"<p>{text}</p>"},
        "excerpt": {"raw": ""},
        "author": 3,
        "date_gmt": "2022-05-10T16:30:00",
        "modified_gmt": at,
        "link": f"https://ledger.example/{number}/",
        **fields,
    }


def test_a_recorded_site_gives_its_revisions(tmp_path: Path) -> None:
    posts = [rest(number, "Now.", "2022-05-12T08:00:00") for number in range(1, 131)]
    answers: dict[str, Any] = {"users": [{"id": 3, "name": "Bo Writer"}], "posts": posts}
    answers["pages"] = []
    for each in posts[1:]:
        answers[f"posts/{each['id']}/revisions"] = []
    del answers["posts/130/revisions"]  # switched off for this one
    answers["posts/1/revisions"] = [
        rest(900, "First.", "2022-05-10T16:30:00", slug="1-revision-v1"),
        rest(901, "Saved.", "2022-05-10T17:30:00", slug="1-autosave-v1"),
        rest(902, "Now.", "2022-05-12T08:00:00", slug="1-revision-v1"),
    ]
    rows, _, traps = read(site(tmp_path, answers), tmp_path)
    first = [
        (at, text.rpartition("---\n")[2].strip()) for path, at, text in rows if path == "story-1"
    ]
    assert first == [("2022-05-10 16:30:00", "First."), ("2022-05-12 08:00:00", "Now.")]
    assert len(rows) == 131
    assert "author: Bo Writer\n" in rows[0][2]
    assert traps == {"autosaves": 1, "entries whose revisions are switched off": 1}


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_site_that_refuses_is_told_in_a_sentence(tmp_path: Path, status: int) -> None:
    with pytest.raises(TrackerError) as caught:
        read(site(tmp_path, {}, status), tmp_path)
    assert str(status) in caught.value.sentence
    assert "ledger.example" in caught.value.sentence


# --- MediaWiki ------------------------------------------------------------------------------------


def wiki_revision(number: int, at: str, text: str, who: str = "", extra: str = "") -> str:
    who = who or "<contributor><username>Ada</username><id>7</id></contributor>"
    return (
        f"<revision><id>{number}</id><timestamp>{at}</timestamp>{who}<comment>c{number}</comment>"
        f"{extra}<model>wikitext</model><format>text/x-wiki</format>{text}</revision>\n"
    )


def wiki(*pages: str, base: str = "https://en.wikinews.example/wiki/Main_Page") -> str:
    return (
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">'
        f"<siteinfo><sitename>W</sitename><dbname>enwikinews</dbname><base>{base}</base>"
        '<namespaces><namespace key="0" case="first-letter" /></namespaces></siteinfo>\n'
        + "".join(pages)
        + "</mediawiki>\n"
    )


def page(number: int, title: str, *revisions: str, space: int = 0, redirect: str = "") -> str:
    return (
        f"<page><title>{title}</title><ns>{space}</ns><id>{number}</id>{redirect}"
        + "".join(revisions)
        + "</page>\n"
    )


def text(words: str) -> str:
    return f'<text bytes="1" sha1="x" xml:space="preserve">{words}</text>'


OUT = "{{date|May 10, 2022}} The [[ferry]] cost '''$12'''."
DUMP = wiki(
    page(
        1,
        "Ferry sails",
        wiki_revision(13, "2022-05-11T09:00:00Z", text(OUT + "\n{{publish}}\n"
            "{{correction|date=May 11, 2022|An earlier version misstated the price.}}"),
            "<contributor><ip>192.0.2.7</ip></contributor>"),
        wiki_revision(11, "2022-05-09T09:00:00Z", text(OUT)),
        wiki_revision(12, "2022-05-10T09:00:00Z", text(OUT + "\n{{publish}}"), extra="<minor />"),
        wiki_revision(14, "2022-05-12T09:00:00Z", '<text bytes="9" deleted="deleted" />',
            '<contributor deleted="deleted" />'),
        wiki_revision(15, "2022-05-13T09:00:00Z", text(OUT), '<contributor deleted="deleted" />'),
    ),
    page(2, "Talk:Ferry sails", wiki_revision(21, "2022-05-10T09:00:00Z", text("Talk")), space=1),
    page(3, "Old", wiki_revision(31, "2022-05-10T09:00:00Z", text("#redirect [[Ferry sails]]")),
        redirect='<redirect title="Ferry sails" />'),
)  # fmt: skip


def test_a_dump_gives_published_revisions_in_the_order_of_time(tmp_path: Path) -> None:
    rows, _, traps = read(opened(put(tmp_path, "dump.xml", DUMP)), tmp_path)
    head = "---\ntitle: Ferry sails\ndate: May 10, 2022\n---\n\nThe ferry cost **$12**."
    note = "Correction, May 11, 2022: An earlier version misstated the price."
    assert rows == [
        ("articles/Ferry-sails.md", "2022-05-10 09:00:00", f"{head}\n"),
        ("articles/Ferry-sails.md", "2022-05-11 09:00:00", f"{head}\n\n{note}\n"),
        ("articles/Ferry-sails.md", "2022-05-13 09:00:00", f"{head}\n"),
    ]
    assert traps == {
        "revisions before publication": 1,
        "suppressed texts": 1,
        "pages of other namespaces": 1,
        "redirects": 1,
        "minor edits (imported)": 1,
        "revisions of people without a user name (imported)": 1,
    }


def test_a_packed_dump_keeps_wikitext_as_it_stands_where_that_is_asked(tmp_path: Path) -> None:
    import bz2

    file = put(tmp_path, "dump.xml.bz2", bz2.compress(DUMP.encode()))
    rows, _, _ = read(opened(file, markup="keep"), tmp_path)
    assert rows[0][2].endswith(f"---\n\n{OUT}\n{{{{publish}}}}\n")


def test_a_dump_that_breaks_off_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(TrackerError) as caught:
        read(opened(put(tmp_path, "dump.xml", DUMP[:900])), tmp_path)
    assert "line 5, column 184: no element found." in caught.value.sentence


def test_wikitext_becomes_markdown_with_its_lists_links_and_quotations() -> None:
    said = Wikitext(
        "== Sources ==\n* [https://x.example A] & ''b''\n** two_3\n# n\n"
        "{{w|Paris|city}}<ref>r</ref>"
    )
    assert said.body("markdown") == (
        "## Sources\n- [A](https://x.example) & *b*\n    - two\\_3\n1. n\ncity"
    )
    assert said.body("strip") == "Sources\nA & b\ntwo_3\nn\ncity"


# --- web archives ---------------------------------------------------------------------------------


def captured(words: str, note: str = "") -> bytes:
    return (
        "<!doctype html><html><head><title>The ferry | Ledger</title>"
        '<meta property="og:type" content="article"></head><body><nav>Home</nav>'
        f"<article><h1>The ferry sails</h1><p>{words} It leaves from Pier 4 at noon, said the"
        " harbor master, and arrives an hour later on the other side of the bay.</p>"
        f"<p>Tickets are sold at the pier and on board, by the crew and by machines.</p>{note}"
        "</article></body></html>"
    ).encode()


def record(
    url: str, at: str, body: bytes, status: str = "200 OK", kind: str = "response", **head: str
) -> bytes:
    headers = {"Content_Type": "text/html; charset=utf-8", "Content_Length": str(len(body)), **head}
    http = f"HTTP/1.1 {status}\r\n" + "".join(
        f"{key.replace('_', '-')}: {value}\r\n" for key, value in headers.items() if value
    )
    block = http.encode() + b"\r\n" + body
    return (
        (
            f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {at}\r\n"
            f"WARC-Record-ID: <urn:uuid:{abs(hash((url, at))):032x}>\r\n"
            f"Content-Type: application/http\r\nContent-Length: {len(block)}\r\n\r\n"
        ).encode()
        + block
        + b"\r\n\r\n"
    )


URL = "https://www.ledger.example/news/ferry.html?utm_source=x"
PATH = "articles/ledger.example/news/ferry.md"


def chunked(body: bytes) -> bytes:
    return b"".join(
        f"{len(part):x}\r\n".encode() + part + b"\r\n"
        for part in (body[:50], body[50:])
    ) + b"0\r\n\r\n"  # fmt: skip


def test_captures_are_versions_whatever_the_file_and_the_order(tmp_path: Path) -> None:
    import brotli

    second = record(
        URL.replace("https://www.", "http://"), "2022-05-11T08:00:00Z",
        brotli.compress(captured("It costs $21.")), Content_Encoding="br", Content_Length="",
    )  # fmt: skip
    first = record(
        URL, "2022-05-10T08:00:00Z", chunked(captured("It costs $12.")),
        Transfer_Encoding="chunked", Content_Length="",
    )  # fmt: skip
    again = record(URL, "2022-05-12T08:00:00Z", b"", kind="revisit")
    moved = record(URL, "2022-05-13T08:00:00Z", b"", status="301 Moved")
    picture = record(URL + "1", "2022-05-13T08:00:00Z", b"GIF89a", Content_Type="image/gif")
    put(tmp_path, "in/a.warc.gz", b"".join(map(gzip.compress, (second, again, moved))))
    put(tmp_path, "in/b.warc", first + picture)
    rows, skipped, traps = read(opened(tmp_path / "in"), tmp_path)
    assert [(path, at) for path, at, _ in rows] == [
        (PATH, "2022-05-10 08:00:00"),
        (PATH, "2022-05-11 08:00:00"),
    ]
    assert "$12" in rows[0][2]
    assert "$21" in rows[1][2]
    assert not any(each.bad for each in skipped)
    assert traps == {"revisits": 1, "other than pages (status, kind)": 2}


def test_damage_costs_itself_and_what_came_before_is_kept(tmp_path: Path) -> None:
    whole = record(URL, "2022-05-10T08:00:00Z", captured("It costs $12."))
    short = record(URL, "2022-05-11T08:00:00Z", captured("It costs $21."))[:-100]
    file = put(tmp_path, "a.warc", whole + short)
    rows, skipped, _ = read(opened(file), tmp_path)
    assert len(rows) == 1
    (bad,) = skipped
    assert bad.bad
    assert bad.origin == f"{file}, offset {len(whole)}"
    assert bad.reason == "The record was cut short, and its page is not whole."
    packed = gzip.compress(whole) + gzip.compress(short)[:-200]
    rows, skipped, _ = read(opened(put(tmp_path, "b.warc.gz", packed)), tmp_path)
    assert len(rows) == 1
    assert [each.bad for each in skipped] == [True]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (gzip.compress(bytes(4 << 20)), "a line of a header is longer than 1 MB."),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\n", "it holds a record that is none."),
    ],
)
def test_records_that_are_none_are_told_and_not_held(tmp_path: Path, data: bytes, why: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.wacz", "w", zipfile.ZIP_DEFLATED) as wacz:
        wacz.writestr("archive/1.warc", record(URL, "2022-05-10T08:00:00Z", captured("It is $12.")))
        wacz.writestr("archive/2.warc", data)
    rows, skipped, _ = read(opened(tmp_path / "a.wacz"), tmp_path)
    assert len(rows) == 1
    (bad,) = (each for each in skipped if each.bad)
    assert bad.reason.endswith(why)


def test_arc_and_wacz_and_an_index_are_read(tmp_path: Path) -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + captured("It costs $12.")
    version = b"1 0 Archive\nURL IP-address Archive-date Content-type Archive-length\n"
    arc = (
        b"filedesc://a.arc 0.0.0.0 20220510080000 text/plain %d\n" % len(version)
        + version
        + b"\n%s 192.0.2.1 20220510080000 text/html %d\n" % (URL.encode(), len(body))
        + body
        + b"\n"
    )
    rows, _, _ = read(opened(put(tmp_path, "a.arc", arc)), tmp_path)
    assert [(path, at) for path, at, _ in rows] == [(PATH, "2022-05-10 08:00:00")]
    first = record(URL, "2022-05-10T08:00:00Z", captured("It costs $12."))
    second = record(URL, "2022-05-11T08:00:00Z", captured("It costs $21."))
    with zipfile.ZipFile(tmp_path / "a.wacz", "w") as wacz:
        wacz.writestr("datapackage.json", "{}")
        wacz.writestr("archive/2.warc.gz", gzip.compress(second))
        wacz.writestr("archive/1.warc.gz", gzip.compress(first))
        wacz.writestr("../evil.warc", first)
    rows, _, _ = read(opened(tmp_path / "a.wacz"), tmp_path)
    assert len(rows) == 2
    put(tmp_path, "both.warc.gz", gzip.compress(first) + gzip.compress(second))
    offset = len(gzip.compress(first))
    index = put(
        tmp_path,
        "index.cdxj",
        f'example,ledger)/news/ferry 20220511080000 {{"url": "{URL}", "mime": "text/html",'
        f' "status": "200", "filename": "both.warc.gz", "offset": "{offset}"}}\n'
        'example,ledger)/a 20220511080000 {"mime": "warc/revisit", "filename": "x", "offset": 0}\n'
        'example,ledger)/a 20220511080000 {"filename": "../both.warc.gz", "offset": "0"}\n',
    )
    rows, skipped, traps = read(opened(index), tmp_path)
    assert [at for _, at, _ in rows] == ["2022-05-11 08:00:00"]
    assert traps == {"revisits": 1, "broken records": 1}
    assert skipped[-1].reason == "It names a file outside of its folder."
    cdx = put(
        tmp_path,
        "index.cdx",
        " CDX N b a m s k r M S V g\n"
        f"example,ledger)/x 20220510080000 {URL} text/html 200 AAAA - - 9 0 both.warc.gz\n",
    )
    rows, _, _ = read(opened(cdx), tmp_path)
    assert [at for _, at, _ in rows] == ["2022-05-10 08:00:00"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://www.a.example/x/", "https://a.example/x", True),
        ("https://a.example/x.html?utm_source=b#c", "https://a.example/x", True),
        ("https://a.example/x?id=1", "https://a.example/x?id=2", False),
        ("https://a.example/X", "https://a.example/x", False),
        ("https://a.example/a b", "https://a.example/a-b", False),
        ("https://a.example/../../.git/config", "https://a.example/git/config", False),
    ],
)
def test_one_address_in_its_spellings_is_one_path(one: str, other: str, same: bool) -> None:
    paths = path_of_url(one), path_of_url(other)
    assert (paths[0] == paths[1]) is same
    assert not any(part.startswith(".") or part == "" for path in paths for part in path.split("/"))


# --- databases of trackers ------------------------------------------------------------------------


def database(file: Path, *statements: str | tuple[str, tuple[object, ...]]) -> Path:
    with closing(sqlite3.connect(file)) as opened_, opened_:
        for each in statements:
            opened_.execute(*((each,) if isinstance(each, str) else each))
    return file


ENTRIES = (
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, url TEXT, created DATETIME, checked DATETIME)"
)
VERSIONS = (
    "CREATE TABLE entryversion (id INTEGER PRIMARY KEY, title TEXT, url TEXT, summary TEXT,"
    " created DATETIME, archive_url TEXT, entry_id INTEGER)"
)


def version(*values: object) -> tuple[str, tuple[object, ...]]:
    return f"INSERT INTO entryversion VALUES ({','.join('?' * len(values))})", values


def test_a_database_of_diffengine_gives_its_versions(tmp_path: Path) -> None:
    file = database(
        tmp_path / "diffengine.db",
        ENTRIES,
        VERSIONS,
        "INSERT INTO entry VALUES (1, 'https://ledger.example/ferry', '', '')",
        version(2, "Ferry", "https://ledger.example/ferry-2", "<p>$21</p><p>Now.</p>",
                "2022-05-11 08:00:00.123456", "https://web.archive.org/web/2022/x", 1),
        version(1, "Ferry", "https://ledger.example/ferry", "<p>$12</p>", "2022-05-10 08:00:00",
                None, 1),
        version(3, "Ferry", "https://ledger.example/ferry", "<p>x</p>", "yesterday", None, 1),
    )  # fmt: skip
    rows, skipped, _ = read(opened(file), tmp_path)
    head = "---\ntitle: Ferry\nurl: https://ledger.example/ferry"
    path = "articles/ledger.example/ferry.md"
    assert rows == [
        (path, "2022-05-10 08:00:00", f"{head}\n---\n\n$12\n"),
        (path, "2022-05-11 08:00:00", f"{head}-2\n---\n\n$21\n\nNow.\n"),
    ]
    assert [(each.origin, each.bad) for each in skipped] == [(f"{file}, entryversion 3", True)]


def test_newsedits_with_versions_and_with_sentences_alone(tmp_path: Path) -> None:
    sentences = (
        "CREATE TABLE split_sentences (entry_id INT, version INT, sent_idx INT, sentence TEXT)",
        (
            "INSERT INTO split_sentences VALUES (1, 1, 1, 'It sails.'),"
            " (1, 1, 0, '<p>It costs $21.'),"
            " (1, 1, 2, '</p><p>Bye.'), (1, 0, 0, 'It costs $12.')"
        ),
    )
    file = database(
        tmp_path / "edits.db",
        VERSIONS.replace("entry_id INTEGER", "entry_id INTEGER, version INTEGER"),
        *sentences,
        version(1, "Ferry", "https://l.example/f", None, "2022-05-10 08:00:00", None, 1, 0),
        version(2, "Ferry", "https://l.example/f", None, "2022-05-11 08:00:00", None, 1, 1),
    )
    rows, _, _ = read(opened(file), tmp_path)
    assert [text.rpartition("---\n")[2] for _, _, text in rows] == [
        "\nIt costs $12.\n",
        "\nIt costs $21. It sails.\n\nBye.\n",
    ]
    alone = database(tmp_path / "sentences.db", *sentences)
    rows, _, traps = read(opened(alone), tmp_path)
    assert [(path, text) for path, _, text in rows] == [
        ("articles/entry-1.md", "It costs $12.\n"),
        ("articles/entry-1.md", "It costs $21. It sails.\n\nBye.\n"),
    ]
    assert traps == {"versions whose order alone is known (dated 1970)": 2}


def newsdiffs(folder: Path) -> Path:
    """A NewsDiffs of two months, as its scraper leaves it: files named by addresses."""
    when = iter(("2022-03-13 02:30:00", "2022-04-01 12:00:00", "2022-04-02 12:00:00"))
    rows = []
    for month, url, words in (
        ("2022-03", "http://www.ledger.example/ferry", "It costs $12."),
        ("2022-04", "https://ledger.example/tram", "It runs."),
        ("2022-04", "https://ledger.example/tram", "It runs twice."),
    ):
        repository = folder / "articles" / month
        name = url.removeprefix("http://").replace("https://", "https:/")
        put(repository, name, f"May 10\nThe headline\nBy Ada\n{words}\n")
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Change"]):
            subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True)
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True
        )
        rows.append((month, url, found.stdout.strip(), next(when)))
    articles = {
        url: number for number, url in enumerate(dict.fromkeys(each[1] for each in rows), 1)
    }
    months = {url: month for month, url, _, _ in rows}
    return database(
        folder / "newsdiffs.db",
        "CREATE TABLE Articles (id INTEGER PRIMARY KEY, url TEXT, initial_date TEXT,"
        " last_update TEXT, last_check TEXT, git_dir TEXT)",
        "CREATE TABLE version (id INTEGER PRIMARY KEY, article_id INT, v TEXT, title TEXT,"
        " byline TEXT, date TEXT, boring BOOL, diff_json TEXT)",
        *(
            ("INSERT INTO Articles VALUES (?,?,'','','',?)", (number, url, months[url]))
            for url, number in articles.items()
        ),
        *(
            (
                "INSERT INTO version VALUES (NULL,?,?,'The headline','By Ada',?,?,NULL)",
                (articles[url], commit, at, number == 2),
            )
            for number, (_, url, commit, at) in enumerate(rows)
        ),
        (
            "INSERT INTO version VALUES (NULL,1,?,'Gone','',?,0,NULL)",
            ("0" * 40, "2022-05-01 00:00:00"),
        ),
    )


def test_newsdiffs_gives_its_texts_byte_for_byte(newsroom: Desk, tmp_path: Path) -> None:
    file = newsdiffs(tmp_path / "nd")
    said = newsroom.ok("import", str(file.parent), "--zone", "America/New_York", "--json")
    done = said.json
    assert (done["added"], done["bad"]) == (3, 1)
    assert done["traps"] == {
        "broken records": 1,
        "times that the clock skipped": 1,
        "versions that NewsDiffs called boring (imported)": 1,
    }
    git = newsroom.git
    assert git("show", "HEAD:articles/ledger.example/tram.txt") == (
        "May 10\nThe headline\nBy Ada\nIt runs twice.\n"
    )
    assert git("log", "-1", "--format=%aI %s", "--", "articles/ledger.example/ferry.txt") == (
        "2022-03-13T02:30:00-05:00 The headline\n"
    )
    assert (
        newsroom.ok("import", str(file), "--zone", "America/New_York", "--json").json["added"] == 0
    )
    assert "wall-clock time" in newsroom.refused("import", str(file))


def test_a_database_of_something_else_and_a_broken_one_are_refused(tmp_path: Path) -> None:
    other = database(tmp_path / "other.db", "CREATE TABLE x (y)")
    with pytest.raises(TrackerError, match="is a database, but not of diffengine"):
        opened(other)
    view = database(tmp_path / "view.db", "CREATE VIEW entryversion AS SELECT 1 AS id")
    with pytest.raises(TrackerError, match="is a database, but not of diffengine"):
        opened(view)
    with pytest.raises(TrackerError, match="cannot be read as a database"):
        opened(put(tmp_path, "broken.db", b"SQLite format 3\0" + b"x" * 500))


# --- tables ---------------------------------------------------------------------------------------


def test_a_table_is_read_by_its_usual_names_and_by_a_mapping(tmp_path: Path) -> None:
    table = (
        "url,date,text,author\r\n"
        'https://ledger.example/a,2022-05-10T08:00:00Z,"# A\n\nOne, ""two"".",Ada <a@x.example>\r\n'
        "https://ledger.example/a,2022-05-11 08:00:00,Later,\r\n"
        "https://ledger.example/a,soon,Never,\r\nshort\r\n"
    )
    file = put(tmp_path, "in.csv", "\ufeff" + table)
    rows, skipped, _ = read(opened(file, zone=ZoneInfo("Europe/Berlin")), tmp_path)
    assert rows == [
        ("articles/ledger.example/a.md", "2022-05-10 08:00:00", '# A\n\nOne, "two".'),
        ("articles/ledger.example/a.md", "2022-05-11 06:00:00", "Later"),
    ]
    assert [each.origin for each in skipped] == [f"{file}, row 3", f"{file}, line 6"]
    other = put(tmp_path, "in.tsv", table.replace(",", "\t").replace("date", "seen"))
    mapped = opened(other, format="csv", columns={"url": "url", "at": "seen", "text": "text"})
    rows, skipped, _ = read(mapped, tmp_path)
    assert len(rows) == 1
    assert "--zone" in skipped[0].reason


def test_a_row_of_parquet_with_an_impossible_time_is_left_out(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    never = pa.array([2**62], pa.timestamp("us"))
    columns = {"url": ["https://paper.example/a"], "at": never, "text": ["x"]}
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    _, skipped, _ = read(opened(tmp_path / "in.parquet"), tmp_path)
    assert [each.reason for each in skipped] == ["Its time is no instant."]


def test_a_parquet_file_is_read_by_a_mapping(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    at = datetime(2022, 5, 10, 8, tzinfo=UTC)
    pq.write_table(
        pa.table({"page": ["a", "a"], "seen": [at, at.replace(day=11)], "body": ["One\n", None]}),
        tmp_path / "in.parquet",
    )
    columns = {"slug": "page", "at": "seen", "text": "body"}
    rows, skipped, _ = read(opened(tmp_path / "in.parquet", columns=columns), tmp_path)
    assert rows == [("a", "2022-05-10 08:00:00", "One\n")]
    assert skipped[0].reason == "The value of its text is missing."


# --- what holds for all ---------------------------------------------------------------------------


def dropped(tmp_path: Path) -> list[tuple[str, Path, tuple[str, ...]]]:
    """In each format: an article, a correction in its second version, and none in its third."""
    plain, note = "It costs $41 million.", "Correction: An earlier version misstated the cost."
    bodies = [plain, f"{plain}\n\n{note}", plain]
    days = ["2022-05-10", "2022-05-11", "2022-05-12"]
    both = list(zip(days, bodies, strict=True))
    made = [
        put(tmp_path, "a.jsonl", "".join(
            json.dumps({"slug": "a", "at": f"{day}T08:00:00Z", "text": f"{body}\n"}) + "\n"
            for day, body in both)),
        put(tmp_path, "a.csv", "slug,at,text\n" + "".join(
            f'a,{day}T08:00:00Z,"{body}"\n' for day, body in both)),
        put(tmp_path, "a.json", json.dumps([
            row(1, post_content=plain, post_date_gmt="2022-05-10 08:00:00",
                post_modified_gmt="2022-05-12 08:00:00"),
            *(revision(number, 1, f"{day} 08:00:00", body) for number, (day, body)
              in enumerate(both, 11))])),
        put(tmp_path, "a.xml", wiki(page(1, "A", *(
            wiki_revision(number, f"{day}T08:00:00Z", text(body)) for number, (day, body)
            in enumerate(both))), base="https://w.example/wiki/Main").replace("enwikinews", "w")),
        put(tmp_path, "a.warc", b"".join(
            record(URL, f"{day}T08:00:00Z", captured(plain, f"<p>{note}</p>" * (note in body)))
            for day, body in both)),
        database(tmp_path / "a.db", VERSIONS, *(
            version(number, "A", "https://l.example/a", f"<p>{body}</p>".replace("\n\n", "</p><p>"),
                    f"{day} 08:00:00", None, 1) for number, (day, body) in enumerate(both))),
    ]  # fmt: skip
    return [(file.name, file, ()) for file in made]


FORMATS = ["a.jsonl", "a.csv", "a.json", "a.xml", "a.warc", "a.db"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_correction_that_a_version_drops_stays_dropped(
    desk: Desk, tmp_path: Path, name: str
) -> None:
    (file,) = (file for each, file, _ in dropped(tmp_path) if each == name)
    done = desk.ok("import", str(file), "--into", "n", "--json").json
    assert (done["added"], done["unchanged"]) == (3, 0)
    shown = desk.ok("-C", "n", "history", "--json").json["revisions"]
    path = shown[0]["path"]
    assert "Correction" not in desk.ok("-C", "n", "show", path).out
    assert "Correction" in desk.ok("-C", "n", "show", path, "2").out
    again = desk.ok("import", str(file), "--into", "n", "--json").json
    assert again["added"] == 0


def test_a_dry_run_counts_the_traps_and_writes_nothing(newsroom: Desk, tmp_path: Path) -> None:
    file = put(tmp_path, "posts.json", json.dumps(REVISIONS))
    before = newsroom.state()
    said = newsroom.ok("import", str(file), "--dry-run")
    assert newsroom.state() == before
    assert said.out == "Would record 5 revisions of 2 articles.\n"
    assert "        1  autosaves\n" in said.err


def test_what_export_writes_as_versions_is_taken_back(desk: Desk, tmp_path: Path) -> None:
    lines = [
        {"path": "articles/a.md", "at": "2022-05-10T08:00:00-04:00", "text": "# A\n\nÄ one.\n",
         "author": {"name": "Bo", "email": "bo@x.example"}, "message": "First\n\nWith a body.",
         "url": "https://l.example/a"},
        {"path": "articles/a.md", "at": "2022-05-11T08:00:00+02:00", "text": "# A\r\n\r\nTwo.\r\n"},
        {"path": "articles/b.md", "at": "2022-05-11T09:00:00Z", "text": "no end of line"},
    ]  # fmt: skip
    file = put(tmp_path, "in.jsonl", "".join(json.dumps(each) + "\n" for each in lines))
    desk.ok("import", str(file), "--into", "one")
    out = desk.ok("-C", "one", "export", "--what", "versions").out
    again = put(tmp_path, "out.jsonl", out)
    desk.ok("import", str(again), "--into", "two")

    def log(name: str) -> str:
        return subprocess.run(
            ["git", "log", "--format=%an %ae %aI %s%n%b", "--raw", "--no-abbrev"],
            cwd=desk.folder / name, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    assert log("one") == log("two")


def test_a_packed_file_has_a_bound_on_what_it_unpacks_to(
    newsroom: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.sources.versions._FREELY", 1 << 20)
    line = json.dumps({"slug": "a", "at": "2022-05-10T08:00:00Z", "text": "x" * 5_000_000}) + "\n"
    file = put(tmp_path, "bomb.jsonl.gz", gzip.compress(line.encode() * 3))
    said = newsroom.refused("import", str(file))
    assert "unpacks to more than 200 times its size" in said


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.xml", "<feed></feed>", "is XML, but neither an export of WordPress nor a dump"),
        ("a.json", '[{"ID": 1}, nonsense', "is broken JSON"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c1234", "is packed by 7-Zip"),
        ("a.wacz", b"PK\x03\x04nothing", "damaged"),
        ("a.parquet", b"PAR1nothing", "cannot be read"),
        ("a.csv", "url,date\nhttps://a.example/b,2022-05-10\n", "no column with texts"),
        ("a.csv", 'url,date,text\nhttps://a.example/b,2022-05-10,"x"y\n', "is broken CSV"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    newsroom: Desk, tmp_path: Path, name: str, data: str | bytes, said: str
) -> None:
    done = newsroom.run("import", str(put(tmp_path, name, data)), "--skip-bad")
    assert "Traceback" not in done.err
    assert said in done.err


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>1986. A great year.</p>", "1986\\. A great year."),
        ("<p>2 &lt; 3 &amp;amp; *a* a_b ~ =</p>", "2 &lt; 3 &amp;amp; \\*a\\* a\\_b ~ ="),
        ("<p>a</p><script>alert(1)</script><style>p{}</style>", "a"),
        ('<ol start="4"><li>x</li></ol>', "4. x"),
        ("<p>a</p><aside>Correction: B.</aside><p>c</p>", "a\n\nCorrection: B.\n\nc"),
        ("<!-- wp:heading --><h2>H</h2><!-- /wp:heading --><p>a</p>", "## H\n\na"),
        ("<p># no heading</p><p>- no list</p>", "\\# no heading\n\n\\- no list"),
    ],
)
def test_html_becomes_markdown_that_means_the_same(html: str, expected: str) -> None:
    assert html_body(html) == expected


@pytest.mark.parametrize("piece", ['<a b="', "<img src=x alt='", "<iframe src=", "<b ", "</a "])
def test_tags_that_do_not_end_are_refused(piece: str) -> None:
    """The parser looks for the end of each of them, in all that is left."""
    with pytest.raises(ValueError, match="tags do not end"):
        html_body(piece * 5_000)


def test_words_survive_markdown_and_back() -> None:
    import markdown
    from bs4 import BeautifulSoup

    html = (
        "<p>On 5 May * 1. a_b [x] `code` &lt;b&gt; &amp;copy; \\n</p><ul><li>+ 1</li></ul>"
        "<blockquote><p>12) said</p></blockquote><p>a &gt; b<br>== c</p>"
    )
    back = markdown.markdown(html_body(html))
    words = BeautifulSoup(html, "html.parser").get_text(" ").split()
    assert BeautifulSoup(back, "html.parser").get_text(" ").split() == words


def test_json_of_wordpress_is_read_from_a_pipe(tmp_path: Path) -> None:
    stream = io.BytesIO(json.dumps(REVISIONS).encode())
    source = open_source(None, stream, HowRead())
    assert isinstance(source, WpJson)
    assert len(read(source, tmp_path)[0]) == 5


def test_an_export_is_read_as_it_streams(tmp_path: Path) -> None:
    from tests.long.imports import export, measured

    small, large = tmp_path / "small.xml", tmp_path / "large.xml"
    few, many = export(small, 1 << 20), export(large, 24 << 20)
    sizes = []
    for file, number in ((small, few), (large, many)):
        room = tmp_path / file.stem
        room.mkdir()
        size, git, _, said = measured(file, room, "--html", "keep")
        assert said == f"Recorded {number:,} revisions of {number:,} articles.\n"
        sizes.append(size)
        assert max(size, git) < 200 << 20
    assert sizes[1] - sizes[0] < 40 << 20


SHOP = "# Build a shop\n\nThe shop has {} shelves and one till, and opens in May.\n"


def shops(*rows: tuple[str, str, str, str]) -> bytes:
    """Lines of an import: slug, id, day, and how many shelves."""
    versions = [
        {"slug": slug, "id": name, "at": f"2022-01-{day}T10:00:00Z", "text": SHOP.format(how)}
        for slug, name, day, how in rows
    ]
    return "".join(json.dumps(each) + "\n" for each in versions).encode()


@pytest.mark.parametrize(
    ("rows", "paths"),
    [
        # One id, and its slug changed: one article under its newest path.
        ((("a", "post-417", "01", "five"), ("b", "post-417", "02", "six")), ["b"]),
        ((("a", "post-417", "01", "five"), ("b", "post-417", "02", "six"),
          ("c", "post-417", "03", "ten")), ["c"]),
        # An id that tells nothing, and ids of versions.
        ((("a", "1", "01", "five"), ("b", "1", "02", "six")), ["a", "b"]),
        ((("a", "v-101", "01", "five"), ("a", "v-102", "02", "ten"), ("b", "v-101", "03", "six")),
         ["a", "b"]),
        # Both were out at one time.
        ((("a", "post-417", "01", "five"), ("b", "post-417", "02", "six"),
          ("a", "post-417", "03", "two")), ["a", "b"]),
    ],
)  # fmt: skip
def test_one_id_under_a_new_slug_is_one_article(
    desk: Desk, rows: tuple[tuple[str, str, str, str], ...], paths: list[str]
) -> None:
    desk.ok("import", "-", "--into", "n", stdin=shops(*rows))
    found = sorted(each.stem for each in (desk.folder / "n" / "articles").iterdir())
    assert found == paths
    again = desk.ok("import", "-", "--into", "n", "--json", stdin=shops(*rows)).json
    assert (again["added"], again["known"]) == (0, len(rows))


def test_an_article_that_is_there_keeps_its_path_when_its_slug_changes(desk: Desk) -> None:
    first, second = ("a", "post-417", "01", "five"), ("b", "post-417", "02", "six")
    desk.ok("import", "-", "--into", "n", stdin=shops(first))
    desk.ok("import", "-", "--into", "n", stdin=shops(first, second))
    assert len(desk.ok("-C", "n", "history", "a", "--json").json["revisions"]) == 2


@pytest.mark.parametrize(
    ("first", "then", "revisions"),
    [
        ((("a", "post-417", "01", "five"),), (("b", "post-417", "02", "six"),), {"a": 2}),
        # What is there already comes again, under the new slug, with more.
        ((("a", "post-417", "01", "five"), ("a", "post-417", "03", "six")),
         (("b", "post-417", "03", "six"), ("b", "post-417", "04", "ten")), {"a": 3}),
        ((("a", "post-417", "01", "five"),),
         (("b", "post-417", "02", "six"), ("c", "post-417", "03", "ten")), {"a": 3}),
        # Another article was out meanwhile, or has another id.
        ((("a", "post-417", "01", "five"), ("a", "post-417", "03", "six")),
         (("b", "post-417", "02", "ten"),), {"a": 2, "b": 1}),
        ((("a", "post-417", "01", "five"),), (("b", "post-418", "02", "six"),), {"a": 1, "b": 1}),
    ],
)  # fmt: skip
def test_an_id_is_known_again_in_a_later_import(
    desk: Desk,
    first: tuple[tuple[str, str, str, str], ...],
    then: tuple[tuple[str, str, str, str], ...],
    revisions: dict[str, int],
) -> None:
    desk.ok("import", "-", "--into", "n", stdin=shops(*first))
    for _ in range(2):
        desk.ok("import", "-", "--into", "n", stdin=shops(*then))
        assert {
            each.stem: len(desk.ok("-C", "n", "history", each.stem, "--json").json["revisions"])
            for each in (desk.folder / "n" / "articles").iterdir()
        } == revisions


def test_texts_that_share_an_id_and_no_words_are_two_articles(desk: Desk) -> None:
    other = (
        shops(("b", "post-417", "02", "six"))
        .replace(b"The shop has six", b"No")
        .replace(b"shelves and one till, and opens in May", b"words are the same here as there")
    )
    desk.ok("import", "-", "--into", "n", stdin=shops(("a", "post-417", "01", "five")) + other)
    assert len(list((desk.folder / "n" / "articles").iterdir())) == 2
