"""Where things are on the web, as feeds and structured data link to them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from tracker.house.site import Site, article_url
from tracker.model import Revision
from tracker.render.naming import stamp

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom


class Links(Protocol):
    """Absolute URLs of a newsroom's pages; each may be "" where it is not known.

    ``path`` is an article's newest path in the repository.
    """

    def newsroom(self) -> str:
        """The page of the newsroom's newest revisions."""

    def original(self, path: str, first: Revision | None) -> str:
        """The article as readers know it: on the publisher's own site, else its page here.

        ``first`` is the first revision that readers could see, None where there is none.
        """

    def history(self, path: str) -> str:
        """The page of an article's revisions."""

    def version(self, path: str, revision: Revision) -> str:
        """One version of an article."""

    def change(self, path: str, revision: Revision) -> str:
        """What one version of an article changed."""

    def timemap(self, path: str) -> str:
        """The list of an article's versions (RFC 7089)."""

    def feed(self, name: str, path: str | None) -> str:
        """A feed, ``atom.xml`` or ``feed.json``, of the newsroom or of one article."""


class SiteLinks(NamedTuple):
    """The links of a newsroom's pages, which ``serve`` and ``site`` make."""

    base: str  # of the pages, without a slash at the end; "": there are no pages
    address: Callable[[str], str]  # an article's path in the repository -> its address
    site: Site
    zone: ZoneInfo  # in which an article's day of publication is told
    slug: Callable[[str], str]  # an article's path -> what people call it
    under: str = ""  # the newsroom's folder in its repository
    timemap_file: str = ""  # the name of a TimeMap's file, where a static host needs it

    def newsroom(self) -> str:
        """The page of the newsroom's newest revisions."""
        return f"{self.base}/" if self.base else ""

    def original(self, path: str, first: Revision | None) -> str:
        """The article on the publisher's own site, else its page here."""
        day = first.at.astimezone(self.zone).date() if first else None
        own = article_url(self.site, path, self.slug(path), day, self.under)
        return own or self.article(path)

    def article(self, path: str) -> str:
        """An article's page here, as it stands."""
        return self._page("article", path)

    def history(self, path: str) -> str:
        """The page of an article's revisions."""
        return self._page("history", path)

    def version(self, path: str, revision: Revision) -> str:
        """One version of an article."""
        return self._page(f"version/{stamp(revision.at, revision.commit)}", path)

    def change(self, path: str, revision: Revision) -> str:
        """What one version of an article changed."""
        return self._page(f"change/{stamp(revision.at, revision.commit)}", path)

    def timemap(self, path: str) -> str:
        """The list of an article's versions (RFC 7089)."""
        page = self._page("timemap", path)
        return page + self.timemap_file if page else ""

    def feed(self, name: str, path: str | None) -> str:
        """A feed of the newsroom or of one article."""
        if not self.base:
            return ""
        if path is None:
            return f"{self.base}/feeds/{name}"
        return f"{self.base}/feeds/{self._encoded(path)}/{name}"

    def _page(self, page: str, path: str) -> str:
        return f"{self.base}/{page}/{self._encoded(path)}/" if self.base else ""

    def _encoded(self, path: str) -> str:
        return quote(os.fsencode(self.address(path)), safe="/")


NO_LINKS = SiteLinks("", str, Site(), ZoneInfo("UTC"), str)
"""Nothing is known of where things are."""


def of_newsroom(room: Newsroom, base: str | None = None) -> SiteLinks:
    """The links of a newsroom's pages, as its settings say, or below another address.

    Without an address of the pages they are unknown, and so is all but the articles' own.
    """
    from tracker.newsroom.select import slug
    from tracker.render.naming import addresses, inside

    settings, under = room.settings, room.workspace.under
    site = settings.site
    known: dict[str, str] | None = None

    def address(path: str) -> str:
        nonlocal known
        if known is None:
            known = addresses(room.workspace.paths(), under)
        if path not in known:  # it was deleted
            short = addresses([path], under)[path]
            return inside(path, under) if short in known.values() else short
        return known[path]

    return SiteLinks(site.url if base is None else base, address, site, settings.zone, slug, under)


def first_seen(revisions: tuple[Revision, ...]) -> Revision | None:
    """The first revision that readers could see; None where there is none."""
    return next((each for each in revisions if each.published), None)
