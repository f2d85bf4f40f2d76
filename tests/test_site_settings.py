"""``[site]`` of the settings: where the pages and the articles are on the web."""

from __future__ import annotations

from datetime import date

import pytest

from tracker.errors import TrackerError
from tracker.house import settings
from tracker.house.site import PublicSite, article_url, origin

DAY = date(2022, 5, 2)


def read(lines: str) -> PublicSite:
    text = f"[site]\n{lines}"
    return settings.read(text, "tracker.toml", lambda name: "").site


def test_every_key_is_read() -> None:
    assert read(
        'url = "https://example.com/changes/"\n'
        'article = "https://example.com/{year}/{month}/{slug}/"\n'
        'publisher = " Example News "\n'
        'logo = "https://example.com/logo.png"\n'
        'corrections_policy = "https://example.com/policy?v=2#how"\n'
    ) == PublicSite(
        url="https://example.com/changes",
        article="https://example.com/{year}/{month}/{slug}/",
        publisher="Example News",
        logo="https://example.com/logo.png",
        corrections_policy="https://example.com/policy?v=2#how",
    )


def test_without_it_nothing_is_known() -> None:
    assert settings.read("", "tracker.toml", lambda name: "").site == PublicSite()
    assert read("") == PublicSite()


@pytest.mark.parametrize(
    ("line", "sentence", "hint"),
    [
        (
            'url = "example.com"',
            "tracker.toml, line 2: “site.url” must be an absolute URL.",
            "Write it with its scheme, in ASCII: https://example.com/x.",
        ),
        (
            'logo = "javascript:alert(1)"',
            "tracker.toml, line 2: “site.logo” must be an absolute URL.",
            "Write it with its scheme, in ASCII: https://example.com/x.",
        ),
        (
            'corrections_policy = "https://exa mple.com/"',
            "tracker.toml, line 2: “site.corrections_policy” must be an absolute URL.",
            "Write it with its scheme, in ASCII: https://example.com/x.",
        ),
        (
            'url = "https://example.com/?x=1"',
            "tracker.toml, line 2: “site.url” must be a URL without “?” and “#”.",
            "Pages are put below it.",
        ),
        (
            'url = "https://example.com:99999/"',
            "tracker.toml, line 2: “site.url” must be an absolute URL.",
            "Write it with its scheme, in ASCII: https://example.com/x.",
        ),
        (
            'article = "https://example.com/{name}/"',
            "tracker.toml, line 2: “site.article” must be a URL without the place “{name}”.",
            "Known are {year}, {month}, {day}, {slug}, {section}, {path}.",
        ),
        (
            'article = "https://example.com/{year}/"',
            "tracker.toml, line 2: “site.article” must be a URL with {slug} or {path}.",
            "Write https://example.com/{year}/{month}/{slug}/, for instance.",
        ),
        (
            'article = "https://{slug}.example.com/"',
            "tracker.toml, line 2: “site.article” must be an absolute URL.",
            "Only what comes after https://example.com/ may stand in braces.",
        ),
        (
            'article = "https://example.com/{slug}/}"',
            "tracker.toml, line 2: “site.article” must be an absolute URL.",
            "Only what comes after https://example.com/ may stand in braces.",
        ),
        (
            'publisher = " "',
            "tracker.toml, line 2: “site.publisher” must be text that is not empty.",
            "Leave the key out instead.",
        ),
        (
            "publisher = 3",
            "tracker.toml, line 2: “site.publisher” must be text.",
            "It is 3.",
        ),
        (
            'uri = "https://example.com"',
            "tracker.toml, line 2: “site.uri” is not a key that is known.",
            "Did you mean “url”?",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(line: str, sentence: str, hint: str) -> None:
    with pytest.raises(TrackerError) as error:
        read(line)
    assert (error.value.sentence, error.value.hint) == (sentence, hint)


@pytest.mark.parametrize(
    ("template", "path", "url"),
    [
        ("https://x.org/{year}/{month}/{slug}/", "posts/war.md", "https://x.org/2022/05/war/"),
        ("https://x.org/{day}-{slug}.html", "posts/war.md", "https://x.org/02-war.html"),
        ("https://x.org/{section}/{slug}/", "content/a/b/war.md", "https://x.org/a/b/war/"),
        ("https://x.org/{section}/{slug}/", "content/war.md", "https://x.org/war/"),
        ("https://x.org/{path}", "content/war/index.md", "https://x.org/content/war"),
        (
            "https://x.org/{slug}",
            "a/Überfahrt & #1.md",
            "https://x.org/%C3%9Cberfahrt%20%26%20%231",
        ),
        ("https://x.org/{slug}", "a/caf\udce9.md", "https://x.org/caf%E9"),
    ],
)
def test_the_address_of_an_article_is_made_from_its_path_and_day(
    template: str, path: str, url: str
) -> None:
    from tracker.newsroom.selection import slug

    assert article_url(PublicSite(article=template), path, slug(path), DAY) == url


def test_an_article_that_is_not_published_has_no_address_with_a_day() -> None:
    assert (
        article_url(PublicSite(article="https://x.org/{year}/{slug}"), "war.md", "war", None) == ""
    )
    assert article_url(PublicSite(article="https://x.org/{slug}"), "war.md", "war", None) != ""
    assert article_url(PublicSite(), "war.md", "war", DAY) == ""


def test_the_newsrooms_folder_is_no_part_of_the_path() -> None:
    site = PublicSite(article="https://x.org/{path}/")
    assert article_url(site, "web/posts/war.md", "war", DAY, "web") == "https://x.org/posts/war/"


def test_the_publisher_is_at_the_host() -> None:
    assert origin("https://example.com:8000/{year}/{slug}/") == "https://example.com:8000"
