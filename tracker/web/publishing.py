"""Where the pages are on the web, for what machines read: feeds, structured data, Memento."""

from __future__ import annotations

from tracker.newsroom.select import slug
from tracker.render.links import SiteLinks
from tracker.web.desk import current
from tracker.web.links import absolute, file_of, site
from tracker.web.page import known_addresses


def links() -> SiteLinks:
    """The absolute links of this application: below its base URL, or where the request came to.

    Pages that are written to files and link to one another know no address but the settings'.
    """
    room, how = current(), site()
    settings, known = room.settings, known_addresses()
    base = settings.site.url if how.relative else absolute("")
    where = SiteLinks(
        base.rstrip("/"), known.address, settings.site, settings.zone, slug, room.workspace.under
    )
    return where._replace(timemap_file=file_of("/timemap/").rpartition("/")[2] if how.files else "")
