"""A feed as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from datetime import datetime

from tracker.render.feed import Feed, FeedItem
from tracker.render.plain import plain

MEDIA_TYPE = "application/feed+json"


def write(feed: Feed) -> str:
    """The feed as one JSON object."""
    return json.dumps(as_object(feed), ensure_ascii=False, indent=2) + "\n"


def as_object(feed: Feed) -> object:
    """The feed as JSON knows it. ``_tracker`` is an extension: what a program may want to know."""
    return plain(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            **({"home_page_url": feed.page} if feed.page else {}),
            **({"feed_url": feed.url} if feed.url else {}),
            "language": feed.language,
            "authors": [{"name": feed.publisher}],
            "_tracker": {
                "about": "https://www.jsonfeed.org/version/1.1/#extensions",
                "id": feed.id,
                "updated": _date(feed.updated),
            },
            "items": [_item(each) for each in feed.items],
        }
    )


def _item(item: FeedItem) -> dict[str, object]:
    revision = item.revision
    return {
        "id": item.id,
        **({"url": item.url} if item.url else {}),
        **({"external_url": item.article_url} if item.article_url else {}),
        "title": item.title,
        "summary": item.summary,
        "content_html": item.html,
        "content_text": item.text,
        "date_published": _date(item.published),
        "date_modified": _date(item.updated),
        "authors": [{"name": item.person.name or "Unknown"}],
        "tags": list(item.tags),
        "_tracker": {
            "article": item.article.path,
            "commit": revision.commit,
            "words_added": revision.words_added,
            "words_removed": revision.words_removed,
            "substantive": revision.substantive,
            "labels": sorted(revision.labels),
            "told": item.is_told,
        },
    }


def _date(at: datetime) -> str:
    """RFC 3339: whole seconds, with offset."""
    return at.replace(microsecond=0).isoformat()
