"""What is followed: ``follow.toml``, the addresses of articles, and what a feed, a sitemap or a
front page leads to. Nothing here fetches."""

from __future__ import annotations

import gzip
import hashlib
import io
import ipaddress
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from tracker.errors import TrackerError
from tracker.follow.fetch import Manners
from tracker.follow.page import absolute, parse_page, title_of
from tracker.house.dates.names import aware
from tracker.house.toml_file import Keys, check, place, quoted, read_table

FILE = "follow.toml"
AGENT = "article-tracker/0.1 (+{page}; records public versions of articles; obeys robots.txt)"
PAGE = "https://github.com/article-tracker/article-tracker/blob/main/docs/following.md"
MOST_ENTRIES = 10_000  # of one feed or sitemap
BUDGET = 600  # requests an hour to a host
PAUSE = 1.0  # seconds between two requests to a host

Source = Literal["feed", "sitemap", "page", "site"]
SOURCES: tuple[Source, ...] = ("feed", "sitemap", "page", "site")

_FOLLOW_KEYS: Keys = {
    "contact": str,
    "on-change": (str, list),
    "webhook": str,
    "webhook-secret-from": str,
    "wayback": str,
    "wayback-keys-from": str,
    "allow-private": list,
}
_SITE_KEYS: Keys = {
    **dict.fromkeys(SOURCES, str),
    "name": str,
    "zone": str,
    "strip": list,
    "keep": list,
    "ignore": list,
    "headers-from": str,
    "every": str,
    "budget": int,
    "pause": (int, float),
    "robots": bool,
    "archive": ("warc", "none"),
    "wayback": bool,
}
_EVERY = re.compile(r"\s*(\d{1,5})\s*(s|m|min|h|d)\s*", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


class FollowedSite(NamedTuple):
    source: Source
    url: str
    name: str = ""
    strip: tuple[str, ...] = ()  # CSS selectors
    keep: tuple[str, ...] = ()
    ignore: tuple[re.Pattern[str], ...] = ()
    headers_from: str = ""  # the environment's variable with headers in JSON
    every: timedelta = timedelta(minutes=5)  # between two looks at the feed
    budget: int = BUDGET  # requests an hour to a host
    pause: float = PAUSE  # seconds between two requests
    robots: bool = True
    archive: bool = False  # responses are kept as WARC
    wayback: bool = False  # new versions are sent to Save Page Now


class Followed(NamedTuple):
    """All that ``follow.toml`` says."""

    sites: tuple[FollowedSite, ...] = ()
    contact: str = ""  # a page or address about who follows, in the User-Agent
    on_change: tuple[str, ...] = ()  # a command and its arguments
    webhook: str = ""
    webhook_secret_from: str = ""  # the environment's variable with the secret
    wayback: str = "https://web.archive.org"
    wayback_keys_from: str = ""  # the environment's variable with "key:secret" of archive.org
    allow_private: tuple[str, ...] = ()

    @property
    def agent(self) -> str:
        """The User-Agent: the product, and a page about it or about who runs it."""
        return AGENT.format(page=self.contact or PAGE)

    def manners(self, site: FollowedSite | None, environment: Mapping[str, str]) -> Manners:
        """How the hosts of a site are treated; ``environment`` has the headers it names."""
        if site is None:
            return Manners(self.agent, allow_private=self.allow_private)
        headers: Mapping[str, str] = {}
        if site.headers_from:
            headers = _headers(site.headers_from, environment)
        return Manners(self.agent, site.robots, site.pause, headers, self.allow_private)


def _headers(variable: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    try:
        found = json.loads(environment[variable])
        if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
            return found
    except (KeyError, ValueError):
        pass
    raise TrackerError(
        f"The environment has no headers in {variable}, which {FILE} names.",
        'Set it to JSON such as {"Cookie": "session=…"}.',
    )


def read(toml: str) -> Followed:
    """What this text of a ``follow.toml`` says. Raises ``TrackerError`` with line and column."""
    table = read_table(toml, FILE)
    check(table, {"follow": dict, "site": list}, where=FILE, toml=toml)
    follow: Mapping[str, Any] = table.get("follow", {})
    check(follow, _FOLLOW_KEYS, where=FILE, toml=toml, under="follow")
    command = follow.get("on-change", ())
    networks = tuple(str(each) for each in follow.get("allow-private", ()))
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise _wrong(toml, "follow", "allow-private", "a list of networks") from None
    return Followed(
        sites=tuple(_site(each, toml) for each in table.get("site", ())),
        contact=_line(follow.get("contact", "")),
        on_change=(command,) if isinstance(command, str) else tuple(map(str, command)),
        webhook=_address(follow.get("webhook", ""), toml, "webhook"),
        webhook_secret_from=follow.get("webhook-secret-from", ""),
        wayback=follow.get("wayback", Followed().wayback).rstrip("/"),
        wayback_keys_from=follow.get("wayback-keys-from", ""),
        allow_private=networks,
    )


def _line(text: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "", text)


def _wrong(toml: str, under: str, key: str, wanted: str) -> TrackerError:
    return TrackerError(f"{place(FILE, toml, under, key)}: “{key}” must be {wanted}.")


def _address(url: str, toml: str, key: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise _wrong(toml, "follow", key, "an address with http or https")
    return url


def _site(given: object, toml: str) -> FollowedSite:
    if not isinstance(given, dict):
        raise TrackerError(f"{FILE}: “site” must be a list of tables.", "Begin one with [[site]].")
    check(given, _SITE_KEYS, where=FILE, toml=toml, under="site")
    named: list[Source] = [source for source in SOURCES if source in given]
    if len(named) != 1:
        raise TrackerError(
            f"{FILE}: a [[site]] must name one of {', '.join(SOURCES)}, and names "
            f"{' and '.join(named) or 'none'}.",
            "Write one [[site]] for each address.",
        )
    url = given[named[0]]
    if not url.startswith(("http://", "https://")):
        raise TrackerError(f"{FILE}: “{url}” is no address.", "Write it with https:// before it.")
    every = duration(given.get("every", "5m"))
    if every is None:
        raise _wrong(toml, "site", "every", "a time such as “5m” or “1h”")
    if given.get("budget", 1) < 1 or given.get("pause", 0) < 0:
        raise TrackerError(f"{FILE}: “budget” and “pause” of {url} must be positive.")
    try:
        ignore = tuple(re.compile(str(each)) for each in given.get("ignore", ()))
    except re.error as error:
        raise TrackerError(f"{FILE}: a pattern in “ignore” of {url} is wrong: {error}.") from None
    plain = ("name", "headers-from", "budget", "robots", "wayback")
    return FollowedSite(
        named[0],
        url,
        strip=tuple(map(str, given.get("strip", ()))),
        keep=tuple(map(str, given.get("keep", ()))),
        ignore=ignore,
        every=every,
        pause=float(given.get("pause", PAUSE)),
        archive=given.get("archive") == "warc",
        **{key.replace("-", "_"): given[key] for key in plain if key in given},
    )


def duration(typed: str) -> timedelta | None:
    """The time that "5m", "1h" or "2d" says; None where it says none."""
    found = _EVERY.fullmatch(typed)
    return None if found is None else timedelta(**{_UNITS[found[2]]: int(found[1])})


def entry(source: Source, url: str, name: str = "") -> str:
    """The lines that ``follow add`` puts at the end of ``follow.toml``."""
    lines = ["", "[[site]]", f"{source} = {quoted(url)}"]
    return "\n".join([*lines, *([f"name = {quoted(name)}"] if name else []), ""])


# --- addresses ------------------------------------------------------------------------------------

_TRACKING = re.compile(
    r"(?:utm_|mc_|pk_|piwik_|hsa_|vero_|at_)\w*|fbclid|gclid|dclid|msclkid|twclid|yclid|igshid|"
    r"cmpid|cmp|cid|ref|refsrc|referrer|source|src|smid|partner|rss|feed|output|taid|wt_mc|_ga|ito|"
    r"amp|traffic_source|share|spm",
    re.IGNORECASE,
)
"""Parameters that say where a reader came from, and not what is read."""


def clean(url: str) -> str:
    """An address without fragment and without what only follows readers around."""
    parts = urlsplit(url.strip())
    asked = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name)
    ]
    query = parts.query if len(asked) == parts.query.count("=") else urlencode(asked)
    host = parts.netloc.rpartition("@")[2].lower()
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", query, ""))


def url_key(url: str) -> str:
    """What two addresses of one article have in common: scheme, www. and last slash apart."""
    parts = urlsplit(clean(url))
    host = parts.netloc.removesuffix(":443" if parts.scheme == "https" else ":80")
    path = unquote(parts.path).rstrip("/")
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return f"{host.removeprefix('www.')}{path}{'?' if query else ''}{query}"


def site_of(url: str) -> str:
    """The host's name for people, and for folders: "paper.example"."""
    return urlsplit(url).netloc.rpartition("@")[2].lower().removeprefix("www.")


_UNSAFE = re.compile(r"[^\w.-]+|^[.-]+|[.-]+$")
_RESERVED = re.compile(r"(?i)git|con|prn|aux|nul|com\d|lpt\d|index|_index")


def article_path(url: str) -> str:
    """Where an article of this address is kept: ``articles/paper.example/2026/ferry.md``.

    Two addresses have two paths: what a file name cannot say is in a hash at its end.
    """
    parts = urlsplit(clean(url))
    folders = [part for part in unquote(parts.path).split("/") if part]
    if folders:
        folders[-1] = re.sub(r"\.(?:html?|php|aspx?|jsp)$", "", folders[-1])
    named = [_name(part) for part in folders[-6:]] or ["home"]
    lossy = parts.query or len(folders) > 6 or named != folders or named[-1].lower() != named[-1]
    if lossy or _RESERVED.fullmatch(named[-1]):
        named[-1] += f"-{hashlib.sha256(url_key(url).encode()).hexdigest()[:8]}"
    return "/".join(["articles", _name(site_of(url)), *named]) + ".md"


def _name(part: str) -> str:
    safe = _UNSAFE.sub("-", part).strip("-.")
    while len(safe.encode()) > 100:
        safe = safe[: len(safe) - 1 - len(safe) // 8].rstrip("-.")
    return "x-" + safe if _RESERVED.fullmatch(safe) else safe or "x"


# --- what leads to articles -----------------------------------------------------------------------


class Lead(NamedTuple):
    """An article that a feed or a sitemap names."""

    url: str
    guid: str = ""  # the feed's own name of the article
    title: str = ""
    changed: str = ""  # as the source says it


class SourceContent(NamedTuple):
    """What a fetched address is, and where it leads."""

    kind: Literal["feed", "sitemap", "sitemap-index", "page"]
    title: str
    leads: tuple[Lead, ...] = ()
    feeds: tuple[str, ...] = ()  # a page's feeds; an index's sitemaps


def look(data: bytes, url: str, content_type: str = "") -> SourceContent:
    """What a fetched address is: a feed, a sitemap, an index of sitemaps, or a page."""
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(data)
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<urlset" in start or b"<sitemapindex" in start:
        return _sitemap(data, url)
    json_feed = start.startswith(b"{") and b"jsonfeed.org" in data[:2000]
    if json_feed or b"<rss" in start or b"<feed" in start or b"<rdf:rdf" in start:
        return _feed(data, url)
    if start.startswith(b"<?xml") and b"<html" not in start:
        found = _feed(data, url)
        if found.leads:
            return found
    return _front(data, url, content_type)


def _unpacked(data: bytes) -> bytes:
    """A sitemap that is sent as a gzip file, bounded."""
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return file.read(64 * 1024 * 1024)
    except (OSError, EOFError, zlib.error):
        return b""


_CROWDED = re.compile(rb"""<[^\s<>/!?][^\s<>]*(?:\s+[^\s=<>]+\s*=\s*(?:"[^"<]*"|'[^'<]*')){100}""")
"""A tag with so many attributes that feedparser, which looks each up among all, never ends."""


def _feed(data: bytes, url: str) -> SourceContent:
    import feedparser

    if _CROWDED.search(data.replace(b"\0", b"")):  # zeros: UTF-16
        raise TrackerError(
            f"The feed {url} has an element with 100 attributes.", "It is not read: no feed has."
        )
    parsed = feedparser.parse(io.BytesIO(data))
    leads = []
    for item in parsed.entries[:MOST_ENTRIES]:
        # FeedBurner and the like say which address was meant.
        link = str(item.get("feedburner_origlink") or item.get("link") or "")
        target = absolute(link, url)
        if target:
            leads.append(
                Lead(
                    clean(target), _said(item.get("id")), _said(item.get("title")),
                    _said(item.get("updated") or item.get("published")),
                )
            )  # fmt: skip
    return SourceContent("feed", _said(parsed.feed.get("title")), tuple(leads))


def _said(value: object) -> str:
    """A value as text that can be kept: JSON may hold half characters."""
    return str(value or "").encode("utf-8", "replace").decode()


def _sitemap(data: bytes, url: str) -> SourceContent:
    from lxml import etree

    leads: list[Lead] = []
    maps: list[str] = []
    parsed = etree.iterparse(
        io.BytesIO(data), events=("end",), resolve_entities=False, no_network=True, recover=True,
        load_dtd=False, huge_tree=False,
    )  # fmt: skip
    try:
        for _, element in parsed:
            name = etree.QName(element).localname
            if name not in ("url", "sitemap") or not isinstance(element.tag, str):
                continue
            said = {
                etree.QName(child).localname: (child.text or "")
                for child in element.iterchildren("{*}*")  # comments have no names
            }
            target = absolute(said.get("loc", ""), url)
            if target and name == "sitemap":
                maps.append(target)
            elif target:
                leads.append(Lead(clean(target), changed=said.get("lastmod", "").strip()))
            element.clear()
            if len(leads) >= MOST_ENTRIES:
                break
    except etree.XMLSyntaxError:
        pass
    kind: Literal["sitemap", "sitemap-index"] = "sitemap-index" if maps else "sitemap"
    return SourceContent(kind, "", tuple(leads), tuple(maps[:1000]))


def _front(data: bytes, url: str, content_type: str) -> SourceContent:
    tree = parse_page(data, content_type)
    if tree is None:
        return SourceContent("page", "")
    feeds = dict.fromkeys(
        absolute(link.get("href") or "", url)
        for link in tree.iter("link")
        if "alternate" in (link.get("rel") or "").lower()
        and re.search(r"rss|atom|feed\+json", (link.get("type") or "").lower())
    )
    own = site_of(url)
    leads = []
    for link in tree.iter("a"):
        target = absolute(link.get("href") or "", url)
        if target and site_of(target) == own and is_article(target):
            text = " ".join(link.text_content().split())
            leads.append(Lead(clean(target), title=text))
    unique = {url_key(lead.url): lead for lead in leads if url_key(lead.url) != url_key(url)}
    leads = list(unique.values())[:MOST_ENTRIES]
    return SourceContent("page", title_of(tree), tuple(leads), tuple(filter(None, feeds)))


def is_article(url: str) -> bool:
    """A guess by the address alone: a long last part with words, or a number of an article."""
    last = [part for part in urlsplit(url).path.split("/") if part][-1:]
    if not last or re.search(r"\.(?:jpe?g|png|gif|pdf|mp[34]|xml|css|js)$", last[0], re.IGNORECASE):
        return False
    return last[0].count("-") >= 3 or bool(re.search(r"\d{5,}", last[0]))


def of_the_site(leads: Iterable[Lead], url: str) -> Iterator[Lead]:
    """Those of a sitemap's or page's leads that are on its own host or a part of it."""
    own = site_of(url)
    for lead in leads:
        if site_of(lead.url) == own or site_of(lead.url).endswith(f".{own}"):
            yield lead


def newest(leads: Iterable[Lead], since: datetime) -> Iterator[Lead]:
    """A sitemap's leads that changed since then; all that do not say when."""
    for lead in leads:
        try:
            when = aware(datetime.fromisoformat(lead.changed), since.tzinfo)
        except ValueError:
            when = since
        if when >= since:
            yield lead
