"""Hugo, Jekyll and Eleventy build the examples of docs/ from ``tracker export --format data``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.desk import Desk
from tests.sites import articles, harmless, hostile_words, of_class, page, run, site, words

UPDATES = [
    "Correction 05/11/22, 9:00 a.m. ET: An earlier version of this article misstated the price.",
    "Update 05/12/22, 7:45 a.m. ET: This article has been updated to add the new pier.",
]


GIVEN = {name: os.environ.get(f"TRACKER_{name.upper()}") for name in ("hugo", "jekyll", "eleventy")}
"""Where the person who tests says that a generator is; read before tests clear the environment."""


def program(name: str, package: str) -> str:
    """Where a generator is; the test is skipped where it is not installed."""
    found = GIVEN[name] or shutil.which(name)
    if found is None:
        pytest.skip(
            f"{name} is not installed ({package}); TRACKER_{name.upper()} may say where it is"
        )
    return found


def export(desk: Desk, folder: str, number: int = 2) -> None:
    said = desk.ok("export", "--format", "data", "--to", folder).err
    assert said.startswith(f"tracker: {number} articles in {folder}, ")


def holds_the_ferry(root: ElementTree.Element) -> None:
    """The corrected article: its notes, its changelog, its dates, its links."""
    (updates,) = of_class(root, "tracker-updates")
    assert [words(item) for item in updates.iter("li")] == UPDATES
    assert [item.get("class") for item in updates.iter("li")] == [
        "tracker-note tracker-correction",
        "tracker-note tracker-update",
    ]
    assert [each.get("datetime") for each in updates.iter("time")] == [
        "2022-05-11T09:00:00-04:00",
        "2022-05-12T07:45:00-04:00",
    ]
    assert [each.get("href") for each in updates.iter("a")] == ["https://example.org/fares"]
    (changelog,) = of_class(root, "tracker-changelog")
    lines = [words(item) for item in changelog.iter("li")]
    assert lines == [
        f"{UPDATES[1]} What changed",
        f"{UPDATES[0]} What changed",
        "05/10/22, 4:30 p.m. ET Published. The first version",
    ]
    (history,) = of_class(root, "tracker-history")
    (link,) = history.iter("a")
    assert str(link.get("href")).startswith("https://example.com/history/history/")
    text = words(root)
    assert "A ticket costs $21." in text
    assert "Published May 10, 2022, updated May 12, 2022" in text
    harmless(root)


def holds_the_other(root: ElementTree.Element) -> None:
    """What the hostile note says is read as it was typed, and does nothing."""
    (updates,) = of_class(root, "tracker-updates")
    (item,) = updates.iter("li")
    assert words(item) == f"Correction 05/14/22, 4:30 p.m. ET: {hostile_words()}"
    assert [each.tag for each in item.iter()] == ["li", "time", "a"]
    harmless(root)


def holds_the_corrections(root: ElementTree.Element) -> None:
    """The corrections page: of all articles, newest first, and no updates."""
    (listed,) = of_class(root, "tracker-corrections")
    assert [words(item) for item in listed.iter("li")] == [
        f"The <b>other</b> ferry returns: Correction 05/14/22, 4:30 p.m. ET: {hostile_words()}",
        f"The night ferry returns: {UPDATES[0]}",
    ]
    harmless(root)


def holds_all(out: Path, ferry: str, other: str, corrections: str) -> None:
    holds_the_ferry(page(out / ferry))
    holds_the_other(page(out / other))
    holds_the_corrections(page(out / corrections))


def test_hugo_builds_its_example(desk: Desk) -> None:
    """Names with capitals, dots, spaces and letters of other scripts find their data too."""
    hugo = program("hugo", "the package hugo of Debian and others")
    site(desk, "hugo")
    articles(desk, "content/posts", "night-ferry.md", "Київ 1.2 – Ferry.md")
    desk.write("content/posts/draft.md", "---\ntitle: Not yet\ndraft: true\n---\n\nWords.\n")
    desk.ok("record", "content/posts/draft.md")
    export(desk, "data/tracker", 3)  # the corrections page has a file of its own in content/
    run(desk.folder, hugo, "--buildDrafts", "--quiet")
    out = desk.folder / "public"
    holds_all(out, "posts/night-ferry/index.html", _other(out / "posts"), "corrections/index.html")
    assert "tracker-" not in (out / "posts/draft/index.html").read_text()


def test_hugo_builds_before_anything_was_exported(desk: Desk) -> None:
    hugo = program("hugo", "the package hugo of Debian and others")
    site(desk, "hugo")
    desk.write("content/posts/new.md", "---\ntitle: New\n---\n\nWords.\n")
    run(desk.folder, hugo, "--quiet")
    assert "Words." in (desk.folder / "public/posts/new/index.html").read_text()


def test_jekyll_builds_its_example(desk: Desk) -> None:
    jekyll = program("jekyll", "the package jekyll of Debian and others")
    site(desk, "jekyll")
    articles(desk, "_posts", "2022-05-10-night-ferry.md", "2022-05-13-Київ 1.2 – Ferry.md")
    export(desk, "_data/tracker")
    run(desk.folder, jekyll, "build", "--quiet", LC_ALL="C.UTF-8")
    out = desk.folder / "_site"
    other = next(out.glob("2022/05/13/*.html")).relative_to(out)
    holds_all(out, "2022/05/10/night-ferry.html", str(other), "corrections.html")


def test_eleventy_builds_its_example(desk: Desk) -> None:
    eleventy = program("eleventy", "npm install @11ty/eleventy")
    site(desk, "eleventy")
    articles(desk, "posts", "night-ferry.md", "Київ 1.2 – Ferry.md")
    export(desk, "_data/tracker")
    run(desk.folder, eleventy, "--quiet")
    out = desk.folder / "_site"
    holds_all(out, "posts/night-ferry/index.html", _other(out / "posts"), "corrections/index.html")


def _other(posts: Path) -> str:
    """The page of the article with the strange name, as the generator named it."""
    names = [each.name for each in posts.iterdir() if each.is_dir()]
    (found,) = (name for name in names if name not in ("night-ferry", "draft"))
    return f"posts/{found}/index.html"
