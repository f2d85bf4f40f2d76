"""How articles, versions and notes are named in addresses, here and on other people's pages.

The pages of ``web`` and links from other sites to them go by this one rule.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote
from uuid import UUID, uuid5

from tracker.house.site import PublicSite, article_url
from tracker.model import ARTICLE_ENDINGS, History, Revision

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom

_COMMIT_IN_STAMP = 10
_NO_NAME = frozenset(
    (".", "..", "index.html", "index.txt", "index.link", "atom.xml", "feed.json")
)  # in an address they would lead to another folder, or be a file of another article's pages
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


def short(path: str, under: str = "") -> str:
    """A path's address where no other article claims it. ``under`` is the newsroom's folder."""
    whole = inside(path, under)
    stem, ending = _split(whole)
    bare = stem if ending.lower() in ARTICLE_ENDINGS else whole
    folder, _, name = bare.rpartition("/")
    if name in _NO_NAME:
        return whole
    return folder if folder and name == "index" else bare


def addresses(paths: Iterable[str], under: str = "") -> dict[str, str]:
    """The address of each article: its path without its ending and without a final ``/index``.

    Where several would share one, ``.md`` wins, and the others keep their ending; so does one that
    would else be called ``.``, ``..`` or as a page's file is.
    """
    wanted: dict[str, list[str]] = {}
    for path in paths:
        wanted.setdefault(short(path, under), []).append(path)
    found: dict[str, str] = {}
    whole: list[str] = []  # that keep their ending
    for address, claimants in wanted.items():
        claimants.sort(key=_claim)
        found[claimants[0]] = address
        whole += claimants[1:]
    while whole:
        # A whole path may be what another article is called without its ending.
        path = whole.pop()
        found[path] = inside(path, under)
        holder = wanted.get(found[path], [path])[0]
        if holder != path and found[holder] == found[path]:
            whole.append(holder)
    return found


def _split(path: str) -> tuple[str, str]:
    """A path without its ending, and the ending with its dot; "" where it has none."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    return (f"{folder}{slash}{stem}", f".{ending}") if dot and stem else (path, "")


def _claim(path: str) -> tuple[int, bool, str]:
    stem, ending = _split(path)
    lowered = ending.lower()
    rank = ARTICLE_ENDINGS.index(lowered) if lowered in ARTICLE_ENDINGS else len(ARTICLE_ENDINGS)
    return rank, stem.rpartition("/")[2] == "index", path


def inside(path: str, under: str) -> str:
    """A path from the newsroom's folder on."""
    return path.removeprefix(f"{under}/") if under else path


def stamp(at: datetime, commit: str) -> str:
    """The stamp of a version: ``20220512114500-9f1c2e7b3d``."""
    try:
        moment = at.astimezone(UTC)
    except OverflowError:  # the first and last day that a datetime can hold
        moment = at
    clock = f"{moment.year:04}{moment.month:02}{moment.day:02}"
    clock += f"{moment.hour:02}{moment.minute:02}{moment.second:02}"
    return f"{clock}-{commit[:_COMMIT_IN_STAMP]}"


def note_key(note: str) -> str:
    """A note's id as it stands in an address; a digest of one that could not stand there."""
    if _KEY.fullmatch(note):
        return note
    return "x" + sha256(note.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# --- ids that last --------------------------------------------------------------------------------

_NAMESPACE = UUID("6d0f5b1c-4f6e-5c0a-9a54-0d5a3c1f7e21")  # never to be changed


def newsroom_id(first_commit: str, under: str = "") -> str:
    """The id of a newsroom: of the first commit of its published line, and its folder there."""
    return _urn("newsroom", first_commit, under)


def article_id(history: History) -> str:
    """The id of an article: of its first revision. In a shallow clone, of the oldest one there."""
    first = history.revisions[0]
    return _urn("article", first.commit, first.path)


def revision_id(revision: Revision) -> str:
    return _urn("revision", revision.commit, revision.path)


def note_id(brought: Revision, note: str) -> str:
    """The id of a note, by the revision that first brought it and its id in the article."""
    return _urn("note", brought.commit, brought.path, note)


def feed_id(of: str, what: str = "") -> str:
    """The id of a feed of what has an id; ``what`` tells several feeds of it apart."""
    return _urn("feed", of, what)


def _urn(*facts: str) -> str:
    # A byte of a file name that is not UTF-8 is written out: a name must be text.
    name = "\0".join(facts).encode("utf-8", "backslashreplace").decode("utf-8")
    return uuid5(_NAMESPACE, name).urn


# --- where things are on the web ------------------------------------------------------------------


class Links(NamedTuple):
    """Absolute URLs of a newsroom's pages, which ``serve`` and ``site`` make.

    Each is "" where it is not known. ``path`` is an article's newest path in the repository.
    """

    base: str = ""  # of the pages, without a slash at the end; "": there are no pages
    address: Callable[[str], str] = str  # an article's path in the repository -> its address
    site: PublicSite = PublicSite()
    zone: tzinfo = UTC  # in which an article's day of publication is told
    slug: Callable[[str], str] = str  # an article's path -> what people call it
    under: str = ""  # the newsroom's folder in its repository
    timemap_file: str = ""  # the name of a TimeMap's file, where a static host needs it
    versions: bool = True  # False: a version has no page of its own, nor an article a TimeMap

    def newsroom(self) -> str:
        return f"{self.base}/" if self.base else ""

    def original(self, path: str, first: Revision | None) -> str:
        """The article as readers know it: on the publisher's own site, else its page here.

        ``first`` is the first revision that readers could see, None where there is none.
        """
        day = first.at.astimezone(self.zone).date() if first else None
        own = article_url(self.site, path, self.slug(path), day, self.under)
        return own or self.article(path)

    def article(self, path: str) -> str:
        """An article's page here, as it stands."""
        return self._page("article", path)

    def history(self, path: str) -> str:
        return self._page("history", path)

    def version(self, path: str, revision: Revision) -> str:
        """A version of an article; where it has no page, what is there leads into the history."""
        return self._page(f"version/{stamp(revision.at, revision.commit)}", path)

    def change(self, path: str, revision: Revision) -> str:
        """What one version of an article changed."""
        return self._page(f"change/{stamp(revision.at, revision.commit)}", path)

    def note(self, path: str, note: str) -> str:
        """The lasting link to a note."""
        return self._page(f"note/{note_key(note)}", path)

    def timemap(self, path: str) -> str:
        """The list of an article's versions (RFC 7089)."""
        page = self._page("timemap", path) if self.versions else ""
        return page + self.timemap_file if page else ""

    def feed(self, name: str, path: str | None) -> str:
        """A feed, ``atom.xml`` or ``feed.json``, of the newsroom or of one article."""
        if path is None:
            return f"{self.base}/feeds/{name}" if self.base else ""
        page = self._page("feeds", path)
        return page + name if page else ""

    def _page(self, page: str, path: str) -> str:
        return f"{self.base}/{page}/{encoded(self.address(path))}/" if self.base else ""


NO_LINKS = Links()
"""Nothing is known of where things are."""


def encoded(address: str) -> str:
    """An address percent-encoded, its slashes kept; any bytes of a file name can be written."""
    return quote(os.fsencode(address), safe="/")


def of_newsroom(room: Newsroom, base: str | None = None) -> Links:
    """The links of a newsroom's pages, as its settings say, or below another address.

    Without an address of the pages they are unknown, and so is all but the articles' own.
    """
    from tracker.newsroom.selection import slug

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

    return Links(site.url if base is None else base, address, site, settings.zone, slug, under)


def first_seen(revisions: tuple[Revision, ...]) -> Revision | None:
    """The first revision that readers could see; None where there is none."""
    return next((each for each in revisions if each.published), None)
