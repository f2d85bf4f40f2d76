"""Where the pages are on the web, for what machines read: feeds, structured data, Memento."""

from __future__ import annotations

from tracker.newsroom.select import slug
from tracker.render.links import SiteLinks
from tracker.web.desk import current
from tracker.web.links import absolute
from tracker.web.page import known_addresses


def links() -> SiteLinks:
    """The absolute links of this application: below its base URL, or where the request came to."""
    room = current()
    settings, known = room.settings, known_addresses()
    base = absolute("").rstrip("/")
    return SiteLinks(base, known.address, settings.site, settings.zone, slug, room.place.under)
