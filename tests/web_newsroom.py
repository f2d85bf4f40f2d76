"""A newsroom for the tests of the pages: moved, deleted, hostile and long articles."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import html5lib
from flask.testing import FlaskClient

from tests.repositories import Builder
from tracker.web import create_app

NOW = datetime(2022, 6, 1, 16, tzinfo=UTC)

SETTINGS = """\
name = "The Harbor Ledger"
style = "newsweek"
timezone = "America/New_York"
language = "en"
articles = ["articles/**"]
"""

WAR = """\
---
title: Evacuees leave the steelworks
subtitle: Buses reached the town at dusk
author: Ada Editor
---
Dozens of people left the works on Tuesday, according to a local count.

The mayor's office gave the number of the evacuated as 59.

A convoy of nine buses waited at the bridge until the shelling stopped for an hour.
"""
NOTE = """\
updates:
  - id: u1
    kind: correction
    at: 2022-01-01T09:00:00-05:00
    text: An earlier version of this article misstated the number of the evacuated. It was 95.
---
"""
WAR_2 = WAR.replace("as 59", "as 95").replace("---\nDozens", NOTE + "Dozens")
WAR_3 = WAR_2 + "\nThe mayor's office said that a second convoy would leave on Thursday.\n"

EVIL_NAME = "articles/<script>alert(1)<&'\".md"
TURNING = "\u202e"
EVIL = f"""\
---
title: "<img src=x onerror=alert(2)> {TURNING}gnp.exe"
subtitle: "</title><script>alert(3)</script>"
author: "{TURNING}<b>Mallory</b>"
---
# A heading <script>alert(4)</script>

<script>alert(5)</script><svg onload=alert(6)></svg><a href="javascript:alert(7)">one</a>
[two](javascript:alert(8)) ![x"><script>alert(9)</script>](https://example.org/p.png "t")
<div style="position:fixed" onclick="alert(10)">covered</div> {TURNING}turned
<iframe src="https://example.org"></iframe><form action="https://example.org"><input></form>
"""


def build(folder: Path) -> Builder:
    """The newsroom's repository, with its files on disk."""
    one = Builder(folder)
    one.commit(
        "Start",
        write={
            "tracker.toml": SETTINGS,
            "articles/war.md": WAR,
            "articles/old-ferry.md": "# The ferry\n\nThe ferry leaves from Pier 4 at noon.\n",
            "articles/gone.md": "# Gone\n\nThis article will be taken down.\n",
            "articles/deep/index.md": "# Deep\n\nAn article with a folder of its own.\n",
            "articles/twin.md": "# Twin\n\nThe elder.\n",
            "articles/twin.txt": "Twin\n\nThe younger.\n",
            "articles/draft.md": "---\ntitle: Draft\ndraft: true\n---\nNobody reads this yet.\n",
            "private/salaries.md": "# Salaries\n\nNobody shall read this.\n",
        },
    )
    one.commit("Correct the count", write={"articles/war.md": WAR_2})
    one.commit("Second convoy", write={"articles/war.md": WAR_3})
    one.commit("Move", move={"articles/old-ferry.md": "articles/ferry.md"})
    one.commit("Pier", edit={"articles/ferry.md": ["Pier 4", "Pier 9"]})
    one.commit("Take down", delete=["articles/gone.md", "private/salaries.md"])
    one.commit(
        "Evil",
        write={EVIL_NAME: EVIL},
        author=f"<b>Mallory</b>{TURNING} <m@example.org>".replace("<b>", "[b]")
        .replace("</b>", "[/b]")
        .encode(),
    )
    one.commit("Evil again", edit={EVIL_NAME: ["covered", "uncovered 12 times"]})
    one.build(checkout=True)
    return one


def client(folder: Path, **options: object) -> FlaskClient:
    """A browser for the pages of the newsroom in a folder."""
    options = {"now": lambda: NOW, **options}
    return create_app(folder, **options).test_client()  # type: ignore[arg-type]


def parsed(page: bytes) -> None:
    """Fail where the page is not HTML without an error (WHATWG, section 13.2.2)."""
    html5lib.HTMLParser(strict=True).parse(page.decode())
