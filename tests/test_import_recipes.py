"""The recipes of the documentation, run: from a database or an API to JSON Lines, and in."""

from __future__ import annotations

import http.server
import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.desk import Desk

RECIPES = Path(__file__).parents[1] / "docs" / "examples" / "import"


def lines(name: str, *words: str, **environment: str) -> list[dict[str, Any]]:
    """What a recipe prints, as objects."""
    done = subprocess.run(
        [sys.executable, str(RECIPES / name), *words], check=True, capture_output=True, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def database(file: Path, script: str) -> str:
    with closing(sqlite3.connect(file)) as made:
        made.executescript(script)
    return str(file)


def taken(desk: Desk, versions: list[dict[str, Any]]) -> int:
    """How many revisions the lines become."""
    data = "".join(json.dumps(each) + "\n" for each in versions).encode()
    return int(desk.ok("import", "-", "--into", "n", "--json", stdin=data).json["added"])


def test_ghosts_revisions_are_those_that_were_published(desk: Desk, tmp_path: Path) -> None:
    words = {"type": "extended-text", "text": "It costs ", "format": 0}
    price = {"type": "extended-text", "text": "$21", "format": 1}
    link = {"type": "link", "url": "https://x.example", "children": [{**words, "text": "here"}]}
    lexical = {
        "root": {"type": "root", "children": [
            {"type": "extended-heading", "tag": "h3", "children": [{**words, "text": "Now"}]},
            {"type": "paragraph", "children": [words, price, link]},
            {"type": "list", "children": [{"type": "listitem", "children": [words]}]},
            {"type": "image", "src": "a.jpg", "caption": "The pier"},
        ]},
    }  # fmt: skip
    said = json.dumps(lexical)
    file = database(tmp_path / "ghost.db", f"""
        CREATE TABLE posts (id TEXT, slug TEXT); INSERT INTO posts VALUES ('p', 'ferry');
        CREATE TABLE users (id TEXT, name TEXT, email TEXT);
        INSERT INTO users VALUES ('u', 'Ada Writer', 'ada@example.org');
        CREATE TABLE post_revisions (id TEXT, post_id TEXT, lexical TEXT, created_at_ts INT,
            title TEXT, post_status TEXT, author_id TEXT);
        INSERT INTO post_revisions VALUES
            ('r1', 'p', '{said}', 1652341500000, 'Ferry: sails', 'draft', 'u'),
            ('r2', 'p', '{said}', 1652345100123, 'Ferry: sails', 'published', 'u');
    """)  # fmt: skip
    found = lines("ghost.py", file)
    assert found == [{
        "slug": "ferry", "at": "2022-05-12T08:45:00+00:00", "id": "r2",
        "text": '---\ntitle: "Ferry: sails"\n---\n\n### Now\n\n'
                "It costs **$21**[here](https://x.example)\n\n- It costs \n\nThe pier\n",
        "author": {"name": "Ada Writer", "email": "ada@example.org"},
    }]  # fmt: skip
    assert taken(desk, found) == 1


def test_drupals_revisions_are_read_from_its_tables(desk: Desk, tmp_path: Path) -> None:
    file = database(tmp_path / "site.db", """
        CREATE TABLE node_field_revision (nid INT, vid INT, langcode TEXT, status INT,
            default_langcode INT, title TEXT);
        CREATE TABLE node_revision (vid INT, revision_timestamp INT, revision_log TEXT,
            revision_uid INT);
        CREATE TABLE node_revision__body (revision_id INT, langcode TEXT, body_value TEXT);
        CREATE TABLE users_field_data (uid INT, name TEXT, mail TEXT);
        CREATE TABLE path_alias (path TEXT, alias TEXT);
        INSERT INTO node_field_revision VALUES (1, 1, 'en', 0, 1, 'Ferry'),
            (1, 2, 'en', 1, 1, 'Ferry'), (1, 3, 'en', 1, 1, 'Ferry'), (2, 4, 'en', 1, 1, 'Tram');
        INSERT INTO node_revision VALUES (1, 1652341500, '', 1), (2, 1652345100, 'Out', 1),
            (3, 1652348700, NULL, 9), (4, 1652348700, NULL, 9);
        INSERT INTO node_revision__body VALUES (1, 'en', 'Draft'),
            (2, 'en', '<p>It costs $12.</p>'),
            (3, 'en', 'It costs $21.'), (4, 'en', 'It runs.');
        INSERT INTO users_field_data VALUES (1, 'ada', 'ada@example.org');
        INSERT INTO path_alias VALUES ('/node/1', '/news/ferry');
    """)  # fmt: skip
    found = lines("drupal.py", file)
    told = [(each["path"], each["text"].split("\n\n")[-1], each.get("message")) for each in found]
    assert told == [
        ("articles/news/ferry.md", "It costs $12.\n", "Out"),
        ("articles/news/ferry.md", "It costs $21.\n", None),
        ("articles/node-2.md", "It runs.\n", None),
    ]  # fmt: skip
    assert taken(desk, found) == 3


def test_wagtails_log_says_what_was_published_and_when(desk: Desk, tmp_path: Path) -> None:
    stream = json.dumps([
        {"type": "heading", "value": "Now"}, {"type": "paragraph", "value": "<p>It costs $21.</p>"},
        {"type": "image", "value": 7},
    ])  # fmt: skip
    first, second = (
        json.dumps({"title": "Ferry", "body": body}).replace("'", "''")
        for body in ("<p>It costs $12.</p>", stream)
    )
    file = database(tmp_path / "db.sqlite3", f"""
        CREATE TABLE wagtailcore_page (id INT, url_path TEXT);
        INSERT INTO wagtailcore_page VALUES (1, '/news/ferry/');
        CREATE TABLE wagtailcore_revision (id INT, content TEXT);
        INSERT INTO wagtailcore_revision VALUES (1, '{first}'), (2, '{{}}'), (3, '{second}');
        CREATE TABLE wagtailcore_pagelogentry (page_id INT, revision_id INT, action TEXT,
            timestamp TEXT, user_id INT);
        INSERT INTO wagtailcore_pagelogentry VALUES
            (1, 1, 'wagtail.publish', '2022-05-12 08:45:00', 1),
            (1, 2, 'wagtail.edit', '2022-05-12 09:00:00', 1),
            (1, 3, 'wagtail.publish', '2022-05-12 09:45:00.123456', 9);
        CREATE TABLE auth_user (id INT, first_name TEXT, last_name TEXT, email TEXT);
        INSERT INTO auth_user VALUES (1, 'Ada', 'Writer', 'ada@example.org');
    """)  # fmt: skip
    found = lines("wagtail.py", file)
    assert [each["text"].split("---\n")[-1] for each in found] == [
        "\nIt costs $12.\n", "\n## Now\n\nIt costs $21.\n",
    ]  # fmt: skip
    assert taken(desk, found) == 2


def test_arcs_revisions_are_asked_for_page_by_page(desk: Desk, tmp_path: Path) -> None:
    def revision(number: int, kind: str, words: str) -> dict[str, Any]:
        return {
            "id": f"r{number}", "type": kind, "created_at": f"2022-05-12T0{number}:45:00Z",
            "ans": {
                "headlines": {"basic": "Ferry"}, "canonical_url": "/news/ferry/",
                "credits": {"by": [{"name": "Ada Writer"}]},
                "content_elements": [{"type": "image"}, {"type": "header", "content": "Now"},
                                     {"type": "text", "content": words}],
            },
        }  # fmt: skip

    pages = {
        "/draft/v1/story/S1/revision": {"last": "r2", "revisions": [
            revision(1, "PUBLISHED", "It costs $12."), revision(2, "DRAFT", "No.")]},
        "/draft/v1/story/S1/revision?after=r2": {"revisions": [
            revision(3, "PUBLISHED", "It costs $21.")]},
    }  # fmt: skip

    class Api(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["Authorization"] == "Bearer token"
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(json.dumps(pages[self.path]).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "ids").write_text("S1\n")
        base = f"http://127.0.0.1:{server.server_address[1]}"
        found = lines("arc_xp.py", base, str(tmp_path / "ids"), ARC_TOKEN="token")
        server.shutdown()
    assert [(each["at"], each["text"].split("\n\n")[-1]) for each in found] == [
        ("2022-05-12T01:45:00+00:00", "It costs $12.\n"),
        ("2022-05-12T03:45:00+00:00", "It costs $21.\n"),
    ]
    assert taken(desk, found) == 2
