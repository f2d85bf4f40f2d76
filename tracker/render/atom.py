"""A feed as Atom (RFC 4287).

feedgenerator writes the XML. It is told here what to write: by itself it dates a feed by its
newest entry, wants a link for everything, and asks the clock where an entry has no date.
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import Any

from feedgenerator import Atom1Feed, rfc3339_date

from tracker.render.feed import Feed, FeedItem

MEDIA_TYPE = "application/atom+xml"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(feed: Feed) -> str:
    """The feed as an Atom document."""
    out = io.StringIO()
    _Atom(feed).write(out, "utf-8")
    return out.getvalue() + "\n"


class _Atom(Atom1Feed):  # type: ignore[misc]
    """What an Atom feed holds, in the order in which RFC 4287 lists it."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(feed.title, feed.page, None, language=feed.language)
        self._feed = feed

    def add_root_elements(self, handler: Any) -> None:
        feed = self._feed
        _text(handler, "id", feed.id)
        _text(handler, "title", feed.title)
        _text(handler, "updated", _date(feed.updated))
        if feed.url:
            _link(handler, "self", feed.url, "application/atom+xml")
        if feed.page:
            _link(handler, "alternate", feed.page, "text/html")
        _person(handler, feed.publisher)

    def write_items(self, handler: Any) -> None:
        for item in self._feed.items:
            handler.ignorableWhitespace("\n")
            handler.startElement("entry", {})
            _entry(handler, item)
            handler.endElement("entry")
        handler.ignorableWhitespace("\n")


def _entry(handler: Any, item: FeedItem) -> None:
    _text(handler, "id", item.id)
    _text(handler, "title", item.title)
    _text(handler, "published", _date(item.published))
    _text(handler, "updated", _date(item.updated))
    if item.url:
        _link(handler, "alternate", item.url, "text/html")
    if item.article_url:
        _link(handler, "related", item.article_url, "text/html")
    _person(handler, item.person.name)
    for tag in item.tags:
        handler.addQuickElement("category", "", {"term": tag})
    _text(handler, "summary", item.summary)
    _text(handler, "content", item.html, {"type": "html"})


def _text(handler: Any, name: str, words: str, attributes: dict[str, str] | None = None) -> None:
    handler.addQuickElement(name, _legal(words), attributes)


def _link(handler: Any, relation: str, url: str, media_type: str) -> None:
    handler.addQuickElement("link", "", {"rel": relation, "href": _legal(url), "type": media_type})


def _person(handler: Any, name: str) -> None:
    handler.startElement("author", {})
    _text(handler, "name", " ".join(name.split()) or "Unknown")
    handler.endElement("author")


def _date(at: datetime) -> str:
    return str(rfc3339_date(at.replace(microsecond=0)))


def _legal(words: str) -> str:
    """The words without characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("\ufffd", words)
