"""Which files are articles: patterns, the generators of sites, folders; and never unseen."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.growth import grows_straight
from tracker.errors import TrackerError
from tracker.newsroom.selection import (
    ArticleSelection,
    matches,
    selection_of,
    taken_and_left,
)

DATED = b"---\ntitle: T\ndate: 2022-05-12\n---\n\nText.\n"
PLAIN = b"# A guide\n\nText.\n"


def chosen(files: dict[str, bytes], under: str = "", patterns: tuple[str, ...] = ()) -> list[str]:
    return selection(files, under, patterns).choose(files)


def selection(
    files: dict[str, bytes], under: str = "", patterns: tuple[str, ...] = ()
) -> ArticleSelection:
    def read(names: Iterable[str]) -> dict[str, bytes]:
        return {name: files[name] for name in names}

    return selection_of({path: path for path in files}, patterns, under, read)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("content/**", "content/a/b.md", True),
        ("content/**/*.md", "content/b.md", True),
        ("content/**/*.md", "content/x/y/b.md", True),
        ("content/*.md", "content/x/b.md", False),
        ("content", "content/x/b.md", True),
        ("**/index.md", "index.md", True),
        ("**/b.*", "x/y/b.md", True),
        ("*.md", "x/a.md", False),
        ("posts/**.md", "posts/x/y.md", True),
        ("posts/20??/*", "posts/2022/a.md", True),
        ("posts/20??/*", "posts/20222/a.md", False),
        ("**/x*/y", "x1/z/x2/y", True),
        ("a*b*c", "abxbxc", True),
        ("a*b*c", "axc", False),
        ("caf[é].md", "caf[é].md", True),
        ("a.md", "axmd", False),
    ],
)
def test_patterns(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


@pytest.mark.parametrize("pattern", ["*a" * 20 + "b", "**/" * 30 + "b", "**a" * 5 + "b"])
def test_no_pattern_takes_long(pattern: str) -> None:
    grows_straight(lambda size, turn: matches(pattern, "/".join(["a" * (200 + turn)] * size)), 300)


def test_a_pattern_of_too_many_stars_is_refused() -> None:
    with pytest.raises(TrackerError, match="too many stars"):
        matches("/".join(["a**b"] * 40), "a")


def test_a_pattern_for_another_kind_of_file_is_refused() -> None:
    with pytest.raises(TrackerError, match=r"asks for \.rst files"):
        chosen({"a.rst": b""}, patterns=("**/*.rst",))


def test_mdx_is_an_article_and_html_is_one_where_a_pattern_asks() -> None:
    files = {"content/a.mdx": DATED, "content/b.html": b"<p>B</p>"}
    assert chosen(files) == ["content/a.mdx"]
    assert chosen(files, patterns=("content/**",)) == ["content/a.mdx", "content/b.html"]
    assert chosen(files, patterns=("content/*.html",)) == ["content/b.html"]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"hugo.toml": b'contentDir = "texts"\n'}, ["texts/x.md"]),
        ({"config/_default/hugo.toml": b"title = 'x'\n"}, ["content/posts/x.md"]),
        ({"_config.yml": b"title: x\n"}, ["_posts/2022-05-12-x.md", "blog/_posts/x.md"]),
        ({"pelicanconf.py": b"PATH = 'texts'\n"}, ["texts/x.md"]),
        ({"mkdocs.yml": b"docs_dir: guide\n"}, ["guide/x.md"]),
        ({"mkdocs.yml": b"site_name: x\n"}, ["docs/x.md"]),
        (
            {"eleventy.config.js": b"module.exports = { dir: { input: 'texts' } }\n"},
            ["texts/x.md"],
        ),
        ({"astro.config.mjs": b"export default {}\n"}, ["src/content/blog/x.md"]),
        ({"docusaurus.config.js": b"{}\n"}, ["blog/_posts/x.md", "docs/x.md"]),
    ],
)
def test_where_the_generator_says(configuration: dict[str, bytes], expected: list[str]) -> None:
    places = [
        "texts/x.md", "content/posts/x.md", "_posts/2022-05-12-x.md", "blog/_posts/x.md",
        "guide/x.md", "docs/x.md", "src/content/blog/x.md", "README.md",
    ]  # fmt: skip
    assert chosen(dict.fromkeys(places, DATED) | configuration) == expected


def test_a_site_in_a_folder_of_a_monorepo_wins_over_guides_at_the_top() -> None:
    files = {f"docs/guide-{number}.md": PLAIN for number in range(16)}
    files |= {f"apps/site/pages/en/blog/{number}.md": DATED for number in range(40)}
    files |= {f"apps/site/pages/fr/blog/{number}.md": DATED for number in range(9)}
    files["apps/site/next.config.mjs"] = b"export default {}\n"
    found = selection(files)
    assert found.folders == ("apps/site/pages/en",)
    assert taken_and_left(found, files) == (
        "40 articles under apps/site/pages/en; 25 other Markdown files left out"
    )


def test_of_two_sites_the_one_with_more_dated_texts() -> None:
    files = {f"handbook/docs/{number}.md": PLAIN for number in range(30)}
    files |= {f"blog/content/{number}.md": DATED for number in range(12)}
    files |= {"handbook/mkdocs.yml": b"", "blog/hugo.toml": b""}
    assert selection(files).folders == ("blog/content",)


def test_without_a_generator_the_folder_with_the_most_dated_texts() -> None:
    files = {f"docs/{number}.md": PLAIN for number in range(30)}
    files |= {f"web/posts/{number}.md": DATED for number in range(12)}
    assert selection(files).folders == ("web/posts",)
    assert selection({"docs/a.md": PLAIN, "posts/b.md": PLAIN}).folders == ("posts",)
    assert chosen({"a.md": PLAIN, "README.md": PLAIN, ".github/x.md": PLAIN}) == ["a.md"]


def test_in_the_folder_of_a_newsroom_nothing_beside_it_counts() -> None:
    files = {"site/content/a.md": DATED, "content/b.md": DATED, "hugo.toml": b""}
    assert chosen(files, under="site") == ["site/content/a.md"]
