"""Addresses: of articles on the publisher's site, and of new ones in the repository.

``[site]`` in ``tracker.toml`` names the former, for machines to link; ``layout``, such as
``articles/{year}/{month}/{day}/{slug}.md``, the latter: the cost of a commit grows with the entries
of the folders that it rewrites, so that an archive of many articles wants folders by date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from tracker.house.toml_file import Keys
from tracker.model import ARTICLE_ENDINGS

SITE_KEYS: Keys = {
    "url": str,
    "article": str,
    "publisher": str,
    "logo": str,
    "corrections_policy": str,
    "pages": list,
}

PAGES = ("versions", "sides", "sources", "unchanged")
"""What ``tracker site`` writes beside the rest where it is asked for: a page of each version as it
stood, comparisons side by side too, the text of each version as it was recorded, and what did not
change in the comparisons."""

PLACES = ("year", "month", "day", "slug", "section", "path")
"""What may stand in braces in ``article``."""

LAYOUT_PLACES = ("year", "month", "day", "slug")
"""What may stand in braces in ``layout``."""

DEFAULT_LAYOUT = "{slug}.md"
"""The layout below the folder of articles, where the settings have none."""

_HINT = "Write it with its scheme, in ASCII: https://example.com/x."
_PLACE = re.compile(r"\{([^{}]*)\}")
# Folders in which generators look for content: they are no part of an article's URL.
_CONTENT = ("articles", "content", "_posts", "posts", "src/content", "docs")


class PublicSite(NamedTuple):
    """Where the pages and the articles are on the web, and who publishes them."""

    url: str = ""  # absolute, of the pages that tracker makes, without the last slash; "" unknown
    article: str = ""  # the URL of an article on the publisher's own site, with places; "" unknown
    publisher: str = ""  # its name; "": the newsroom's name stands for it
    logo: str = ""  # absolute URL of an image; "" for none
    corrections_policy: str = ""  # absolute URL of a page; "" for none
    pages: tuple[str, ...] = ()  # of ``PAGES``: what a site of files has beside the rest


Wrong = Callable[[str, str, str, str], Exception]
"""Makes the error for a key under a table: what it must be, and a hint."""


def read(table: Mapping[str, Any], wrong: Wrong) -> PublicSite:
    """What ``[site]`` says; its keys and their types were checked before.

    Raises what ``wrong`` makes for a URL that is none and for a place that there is not.
    """
    for key in ("url", "logo", "corrections_policy"):
        if key in table and not is_url(table[key]):
            raise wrong("site", key, "an absolute URL", _HINT)
    url = table.get("url", "")
    if "?" in url or "#" in url:
        raise wrong("site", "url", "a URL without “?” and “#”", "Pages are put below it.")
    for key in ("publisher", "article"):
        if key in table and not table[key].strip():
            raise wrong("site", key, "text that is not empty", "Leave the key out instead.")
    for page in table.get("pages", ()):
        if page not in PAGES:
            raise wrong("site", "pages", "a list of known pages", f"Known are {', '.join(PAGES)}.")
    if "article" in table:
        _check_article(table["article"], wrong)
    return PublicSite(
        url=url.rstrip("/"),
        article=table.get("article", ""),
        publisher=table.get("publisher", "").strip(),
        logo=table.get("logo", ""),
        corrections_policy=table.get("corrections_policy", ""),
        pages=tuple(table.get("pages", ())),
    )


def _check_article(template: str, wrong: Wrong) -> None:
    places = _PLACE.findall(template)
    for place in places:
        if place not in PLACES:
            known = ", ".join(f"{{{each}}}" for each in PLACES)
            raise wrong(
                "site", "article", f"a URL without the place “{{{place}}}”", f"Known are {known}."
            )
    if not {"slug", "path"} & set(places):
        hint = "Write https://example.com/{year}/{month}/{slug}/, for instance."
        raise wrong("site", "article", "a URL with {slug} or {path}", hint)
    bare = _PLACE.sub("x", template)
    before = template.partition("{")[0]
    if "{" in bare or "}" in bare or not is_url(bare) or before.count("/") < 3:
        hint = "Only what comes after https://example.com/ may stand in braces."
        raise wrong("site", "article", "an absolute URL", hint)


def is_url(text: str) -> bool:
    """True for an absolute http or https URL with a host, in ASCII as RFC 3986 has it."""
    from urllib.parse import urlsplit

    if not text.isascii() or any(not "!" <= each <= "~" or each in '<>"\\^`{|}' for each in text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and bool(host) and (port is None or port > 0)


def article_url(site: PublicSite, path: str, slug: str, day: date | None, under: str = "") -> str:
    """The URL of an article on the publisher's own site; "" where it cannot be made.

    ``path`` is the article's in the repository, ``under`` the newsroom's folder there; ``day`` is
    that of its publication in the newsroom's zone, None where it is not published.
    """
    from urllib.parse import quote

    if not site.article:
        return ""
    named = set(_PLACE.findall(site.article))
    if day is None and named & {"year", "month", "day"}:
        return ""
    inside = address(path, under)
    folder = inside.rpartition("/")[0]
    content = next((each for each in _CONTENT if f"{folder}/".startswith(f"{each}/")), "")
    values = {
        "slug": slug,
        "path": inside,
        "section": folder.removeprefix(content).strip("/"),
        "year": f"{day.year:04}" if day else "",
        "month": f"{day.month:02}" if day else "",
        "day": f"{day.day:02}" if day else "",
    }
    if "section" in named and not values["section"]:
        # A place that is empty takes its slash along: /{section}/{slug}/ is then /slug/.
        values["section"] = "\0"
    made = _PLACE.sub(lambda found: quote(_bytes(values[found[1]]), safe="/\0"), site.article)
    return made.replace("\0/", "").replace("/\0", "").replace("\0", "")


def _bytes(text: str) -> bytes:
    """The bytes that a path has on disk, those that are no UTF-8 too."""
    return text.encode("utf-8", "surrogateescape")


def address(path: str, under: str = "") -> str:
    """An article's path in the newsroom, without its ending and without a last ``index``."""
    inside = path.removeprefix(f"{under}/") if under else path
    stem = inside.rpartition(".")[0] or inside
    return stem.removesuffix("/index")


def origin(url: str) -> str:
    """Scheme and host of a URL, as the address of a publisher: ``https://example.com``."""
    return "/".join(url.split("/", 3)[:3])


# --- where a new file goes ------------------------------------------------------------------------


def wrong_layout(layout: str) -> tuple[str, str] | None:
    """What a layout must be and is not, with a hint; None for one that is right."""
    example = "Write it like articles/{year}/{month}/{day}/{slug}.md."
    fields = _PLACE.findall(layout)
    for field in fields:
        if field not in LAYOUT_PLACES:
            known = ", ".join(f"{{{each}}}" for each in LAYOUT_PLACES)
            return f"a path without “{{{field}}}”", f"Known are {known}."
    plain = _PLACE.sub("x", layout)
    if "{" in plain or "}" in plain:
        return "a path whose braces are closed", example
    if "slug" not in fields:
        return "a path with {slug}", example
    parts = plain.split("/")
    if not plain.isprintable() or "\\" in plain or {"", ".", ".."} & set(parts):
        return "a path in the newsroom, without “..” and empty parts", example
    if any(part.lower().startswith(".git") for part in parts):
        return "a path without names that git keeps for itself", example
    if not plain.endswith(ARTICLE_ENDINGS):
        return (
            f"a path that ends in {', '.join(ARTICLE_ENDINGS[:-1])} or {ARTICLE_ENDINGS[-1]}",
            example,
        )
    return None


def new_path(layout: str, slug: str, day: date) -> str:
    """The path of an article of this slug whose first version is of this day."""
    values = {
        "year": f"{day.year:04}",
        "month": f"{day.month:02}",
        "day": f"{day.day:02}",
        "slug": slug,
    }
    return _PLACE.sub(lambda found: values[found[1]], layout)
