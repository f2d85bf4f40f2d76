"""WordPress: exports (WXR), revisions as WP-CLI prints them, and revisions by the REST API."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from tracker.errors import TrackerError
from tracker.house.dates.names import aware
from tracker.model import Person
from tracker.newsroom.incoming import Incoming, Skipped, temporary
from tracker.sources.versions import (
    LARGEST,
    HowRead,
    Made,
    MeteredInput,
    Spooled,
    html_body,
    local_instant,
    missing,
    trailers,
)
from tracker.text.document import with_front_matter

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    import httpx

_TYPES = ("post", "page")
_OUT = {
    "draft": ("drafts", "It is a draft."),
    "auto-draft": ("drafts", "It is a draft."),
    "pending": ("drafts", "It waits for review."),
    "future": ("scheduled posts", "It was scheduled, and not out when the export was made."),
    "private": ("private posts", "It is private: readers never saw it."),
    "trash": ("deleted posts", "It is in the trash."),
    "inherit": ("attachments and revisions", "It belongs to another entry."),
}
_NO_DATE = ("", "0000-00-00 00:00:00", "0000-00-00T00:00:00")
_BEGUN_WITH = 90  # seconds: the revision of a publication is kept in the same breath


class Item(NamedTuple):
    """One state of one entry of a WordPress site."""

    id: str
    type: str
    status: str
    slug: str
    url: str
    title: str
    content: str  # HTML
    excerpt: str
    published: datetime | None  # aware
    modified: datetime | None  # aware
    person: Person | None
    terms: tuple[tuple[str, str], ...] = ()  # taxonomy and name
    protected: bool = False  # by a password
    origin: str = ""


def gmt(written: str) -> datetime | None:
    """A time of WordPress in UTC, aware; None for the zeros that stand for none."""
    if written.strip() in _NO_DATE or written.startswith("-"):
        return None
    try:
        at = datetime.fromisoformat(written.strip())
    except ValueError:
        return None
    return aware(at, UTC)


class _Site(Spooled):
    """What all three ways into a WordPress site share."""

    def __init__(self, reading: HowRead) -> None:
        super().__init__()
        self._reading = reading
        self.types = reading.types or _TYPES
        self._slugs: dict[str, str] = {}  # the entry that has each slug

    def instant(self, in_gmt: str, local: str) -> datetime | None:
        """The instant that a pair of times means; None where there is no usable one."""
        found = gmt(in_gmt)
        if found is None and self._reading.zone is not None:
            naive = gmt(local)
            if naive is not None:
                found = local_instant(naive.replace(tzinfo=None), self._reading.zone, self.traps)
        return found

    def item(self, row: Mapping[str, Any], entry: Mapping[str, Any]) -> Item:
        """A row as a state of its entry: what a revision does not keep is that of the entry."""

        def said(key: str, of: Mapping[str, Any] = row) -> str:
            return str(of.get(key) or "")

        return Item(
            id=said("ID", entry),
            type=said("post_type", entry),
            status=said("post_status", entry),
            slug=said("post_name", entry),
            url=said("url", entry) or said("guid", entry),
            title=said("post_title"),
            content=said("post_content"),
            excerpt=said("post_excerpt"),
            published=self.instant(said("post_date_gmt", entry), said("post_date", entry)),
            modified=self.instant(
                said("post_modified_gmt") or said("post_date_gmt"),
                said("post_modified") or said("post_date"),
            ),
            person=self.person(row),
            protected=bool(entry.get("post_password")),
            origin=said("origin"),
        )

    def person(self, row: Mapping[str, Any]) -> Person | None:
        for key in ("author_name", "display_name", "post_author_name", "user_login"):
            if str(row.get(key) or "").strip():
                return Person(str(row[key]).strip(), str(row.get("author_email") or ""))
        number = str(row.get("post_author") or "").strip("0 ")
        if not number:
            return None
        if not number.isdigit():
            return Person(number, "")
        self.traps["authors known by their number alone"] += 1
        return Person(f"WordPress user {number}", "")

    def refusal(self, item: Item) -> Skipped | None:
        """Why an entry is no article that readers saw."""
        if item.type not in self.types:
            kind = f"of type {item.type[:40] or 'unknown'}"
            return self.trap(kind, item.origin, f"It is {kind}, and no article.")
        if item.status != "publish":
            what, reason = _OUT.get(
                item.status, ("of other status", f"Its status is {item.status[:40]}.")
            )
            return self.trap(what, item.origin, reason)
        if item.protected:
            return self.trap("behind a password", item.origin, "A password protects it.")
        if item.published is None and item.modified is None:
            hint = "Name the site's zone with --zone, for entries that have local times alone."
            return self.bad(item.origin, "It has no date that can be read.", hint)
        return None

    def slug_of(self, item: Item) -> str:
        """The slug of an entry: its own, told apart by its id where another entry has the same."""
        slug = unquote(item.slug).strip("/ ").rpartition("/")[2]
        if not slug.isprintable() or len(slug.encode()) > 200 or slug.startswith("."):
            slug = ""
        slug = slug or f"{item.type}-{item.id}"
        if self._slugs.setdefault(slug, item.id) != item.id:
            self.traps["slugs used twice"] += 1
            slug = f"{slug}-{item.id}"
        return slug

    def version(self, item: Item, at: datetime, slug: str) -> Made | Skipped:
        """One state of an entry as an article's version."""
        try:
            markup = self._reading.markup
            content = item.content if markup == "keep" else _expanded(item.content)
            body = html_body(content, markup, paragraphs=True)
            excerpt = html_body(item.excerpt, "strip")
        except ValueError as error:
            return self.bad(item.origin, f"Its body cannot be read: {error}.")
        names = {
            kind: [name for each, name in item.terms if each == kind] for kind, _ in item.terms
        }
        fields = {
            "title": item.title,
            "date": item.published.isoformat() if item.published else None,
            "author": item.person.name if item.person else None,
            "description": " ".join(excerpt.split()),
            "categories": names.get("category"),
            "tags": names.get("post_tag"),
            "id": f"wordpress:{item.id}",
        }
        said = trailers(Url=item.url or None, Id=item.id)
        text = with_front_matter(fields, body).encode("utf-8", "replace")
        out = item.published or at
        path = self.placed(f"{out:%Y/%m}/{slug}.md")  # unless the newsroom has a layout
        name = f"wordpress:{item.id}" if item.id else ""
        version = Incoming(
            path, slug, at, item.person, None, (), 0, item.origin, said, identity=name
        )
        return version, text


# WordPress's own shortcodes. Those of plugins stay, as readers see them where the plugin is gone.
_CAPTION = re.compile(
    r"\[(?:wp_)?caption\b([^][]*)\]((?:(?!\[(?:wp_)?caption\b).)*?)\[/(?:wp_)?caption\]", re.DOTALL
)
_CAPTION_WORDS = re.compile(r"\bcaption=(\"[^\"]*\"|'[^']*')")
_PICTURE = re.compile(r"\s*(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", re.IGNORECASE)
_EMBED = re.compile(r"\[embed\b[^][]*\]\s*([^][<\"\s]+)\s*\[/embed\]")
_MEDIA = re.compile(r"\[(gallery|audio|video|playlist)\b[^][]*\](?:[^][]*\[/\1\])?")


def _expanded(content: str) -> str:
    """A body with what readers see of its shortcodes: captions, and the addresses of embeds."""

    def figure(found: re.Match[str]) -> str:
        picture = _PICTURE.match(found[2])
        image = picture[0].strip() if picture else ""
        words = found[2][picture.end() :] if picture else found[2]
        if not words.strip() and (named := _CAPTION_WORDS.search(found[1])):
            words = named[1][1:-1]
        return f"<figure>{image}<figcaption>{words.strip()}</figcaption></figure>"

    if "[" not in content:
        return content
    content = _CAPTION.sub(figure, content)
    return _MEDIA.sub("", _EMBED.sub(r'<a href="\1">\1</a>', content))


# --- exports --------------------------------------------------------------------------------------


class Wxr(_Site):
    """The entries of an export: each in the one state that an export has of it.

    An entry that was edited after its publication is of the instant of that edit: what it said
    before is not in an export.
    """

    def __init__(self, stream: IO[bytes], name: str, reading: HowRead) -> None:
        super().__init__(reading)
        self._stream = self._input = stream
        self._name = name
        self._authors: dict[str, Person] = {}

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
        """Every entry in the order of the file. Raises ``TrackerError`` for broken XML."""
        number = 0
        for name, element in self._elements():
            if name == "author":
                self._take_author(element)
                continue
            number += 1
            origin = f"{self._name}, item {number}"
            row = self._row(element, origin)
            item = self.item(row, row)._replace(terms=_terms(element))
            if item.published is None and row.get("pubDate"):
                item = item._replace(published=_out_by(row["pubDate"]))
            refusal = self.refusal(item)
            if refusal is not None:
                yield refusal
                continue
            at = item.modified or item.published
            assert at is not None
            if item.published is not None and at > item.published:
                self.traps["edited after publication, with the last text alone"] += 1
            else:
                at = item.published or at
            yield self.version(item, at, self.slug_of(item))
        if not number and not self._authors:
            raise TrackerError(
                f"{self._name} is no export of WordPress: it has no entries.",
                "Export again: Tools, Export, All content.",
            )

    def _elements(self) -> Iterator[tuple[str, Element]]:
        """The authors and entries of the channel; what was read of each is let go."""
        try:
            from defusedxml import DefusedXmlException
            from defusedxml.ElementTree import ParseError, iterparse
        except ImportError:
            raise missing("defusedxml", "An export of WordPress") from None
        source = MeteredInput(self._input, self._name)
        above: list[Element] = []
        try:
            for event, element in iterparse(source, events=("start", "end")):
                if event == "start":
                    above.append(element)
                    continue
                above.pop()
                name = element.tag.rpartition("}")[2]
                if len(above) == 2 and name in ("item", "author"):
                    yield name, element
                if len(above) <= 2:
                    element.clear()
                    if above:
                        above[-1].clear()
                    source.since = 0
        except ParseError as error:
            line, column = error.position
            why = str(error).partition(":")[0]
            raise TrackerError(
                f"{self._name} is broken XML: line {line}, column {column + 1}: {why}.",
                "Export it again, or correct that place.",
            ) from None
        except DefusedXmlException:
            raise TrackerError(
                f"{self._name} declares entities of its own, which no export has.",
                "Take the declarations (<!DOCTYPE …>) out, if you trust the file.",
            ) from None
        except (LookupError, ValueError) as error:
            raise TrackerError(
                f"{self._name} is in an encoding that cannot be read: {error}.",
                "Export it again, as UTF-8.",
            ) from None

    def _take_author(self, element: Element) -> None:
        found = _fields(element)
        login = found.get("author_login", "")
        name = found.get("author_display_name") or " ".join(
            filter(None, (found.get("author_first_name"), found.get("author_last_name")))
        )
        if login:
            self._authors[login] = Person(name.strip() or login, found.get("author_email", ""))

    def _row(self, element: Element, origin: str) -> dict[str, str]:
        """An entry under the names of columns that WP-CLI gives them."""
        found = _fields(element)
        row = {_COLUMNS.get(name, name): value for name, value in found.items()}
        login = found.get("creator", "")
        author = self._authors.get(login)
        if author is not None:
            row["author_name"], row["author_email"] = author
        elif login.strip():
            self.traps["authors known by their login alone"] += 1
            row["user_login"] = login
        defaults = {"post_type": "post", "post_status": "publish"}
        return (
            row
            | {key: row.get(key) or value for key, value in defaults.items()}
            | {"origin": origin}
        )


_COLUMNS = {
    "post_id": "ID",
    "status": "post_status",
    "link": "url",
    "title": "post_title",
    "content:encoded": "post_content",
    "excerpt:encoded": "post_excerpt",
}
"""What WP-CLI calls that which an export has under another name."""


def _fields(element: Element) -> dict[str, str]:
    """The values of an entry's own elements; the two that are called encoded by their spaces."""
    found: dict[str, str] = {}
    for each in element:
        space, _, name = each.tag.rpartition("}")
        if name == "encoded":
            name = "excerpt:encoded" if "excerpt" in space else "content:encoded"
        found.setdefault(
            name, (each.text or "") if "encoded" in name else (each.text or "").strip()
        )
    return found


def _terms(element: Element) -> tuple[tuple[str, str], ...]:
    return tuple(
        (each.get("domain", ""), (each.text or "").strip())
        for each in element
        if each.tag == "category"
    )


def _out_by(written: str) -> datetime | None:
    """The instant of an element ``pubDate``, aware; None for none."""
    try:
        found = parsedate_to_datetime(written)
    except ValueError:
        return None
    return aware(found, UTC)


# --- revisions ------------------------------------------------------------------------------------


class _Revisions(_Site):
    """Entries with their revisions, in whatever order they come."""

    def rows(self) -> Iterator[Mapping[str, Any] | Skipped]:
        """Entries and revisions as WP-CLI names their columns."""
        raise NotImplementedError

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
        """Every version that was public, entry by entry."""
        with closing(temporary(folder / "entries.sqlite3")) as kept:
            kept.execute("CREATE TABLE entries (entry TEXT, revision INT, at TEXT, row TEXT)")
            kept.execute("BEGIN")
            number = 0
            for row in self.rows():
                number += 1
                if isinstance(row, Skipped):
                    yield row
                    continue
                origin = str(row.get("origin") or f"{self.name}, entry {number}")
                if len(json.dumps(row)) > 4 * LARGEST:
                    yield self.bad(origin, "The entry is too large.")
                    continue
                kind = str(row.get("post_type", ""))
                entry = row.get("post_parent") if kind == "revision" else row.get("ID")
                if kind == "revision" and "autosave" in str(row.get("post_name", "")):
                    yield self.trap("autosaves", origin, "It was saved by itself, and not out.")
                    continue
                if not str(entry or "").strip("0"):
                    yield self.bad(origin, "It names no entry.")
                    continue
                at = row.get("post_modified_gmt") or row.get("post_date_gmt") or ""
                kept.execute(
                    "INSERT INTO entries VALUES (?,?,?,?)",
                    (
                        str(entry),
                        kind == "revision",
                        str(at),
                        json.dumps({**row, "origin": origin}),
                    ),
                )
            kept.execute("CREATE INDEX by_entry ON entries (entry, revision, at)")
            yield from self._entries(kept)

    name = "The site"

    def _entries(self, kept: sqlite3.Connection) -> Iterator[Made | Skipped]:
        entries = kept.execute("SELECT DISTINCT entry FROM entries ORDER BY entry")
        for (entry,) in entries.fetchall():
            found = kept.execute(
                "SELECT row FROM entries WHERE entry = ? AND NOT revision", (entry,)
            ).fetchone()
            revisions = kept.execute(
                "SELECT row FROM entries WHERE entry = ? AND revision ORDER BY at", (entry,)
            )
            if found is None:
                (count,) = kept.execute(
                    "SELECT count(*) FROM entries WHERE entry = ?", (entry,)
                ).fetchone()
                self.traps["revisions without their entry"] += count
                yield Skipped(f"{self.name}, entry {entry}", "Its revisions came without it.")
                continue
            yield from self._entry(json.loads(found[0]), (json.loads(row) for (row,) in revisions))

    def _entry(
        self, row: Mapping[str, Any], revisions: Iterator[Mapping[str, Any]]
    ) -> Iterator[Made | Skipped]:
        item = self.item(row, row)
        refusal = self.refusal(item)
        if refusal is not None:
            yield refusal
            return
        slug, first, last = self.slug_of(item), item.published, None
        for each in revisions:
            state = self.item(each, row)
            at = state.modified
            if at is None:
                yield self.bad(state.origin, "The revision has no date that can be read.")
                continue
            if first is not None and at < first:
                reason = "It is from before the publication."
                yield self.trap("revisions before publication", state.origin, reason)
                continue
            if last is None and first is not None and (at - first).total_seconds() > _BEGUN_WITH:
                self.traps["entries whose first revisions are gone"] += 1
            yield self.version(state, at, slug)
            last = state
        same = last is not None and last[5:8] == item[5:8]  # title, content, excerpt
        if not same:
            at = item.modified or item.published
            assert at is not None
            yield self.version(item, max(at, first or at), slug)


class WpJson(_Revisions):
    """What ``wp post list --post_type=post,page,revision --format=json`` prints."""

    def __init__(self, stream: IO[bytes], name: str, reading: HowRead) -> None:
        super().__init__(reading)
        self._stream = stream
        self.name = name

    def rows(self) -> Iterator[Mapping[str, Any] | Skipped]:
        """The objects of the list, one in memory at a time."""
        try:
            import ijson
        except ImportError:
            raise missing("ijson", "A list of WordPress in JSON") from None
        try:
            for number, row in enumerate(ijson.items(self._stream, "item", use_float=True), 1):
                if isinstance(row, dict):
                    yield row
                else:
                    yield self.bad(f"{self.name}, entry {number}", "It is not an object.")
        except ijson.JSONError as error:
            why = " ".join(str(error).split())[:200]
            raise TrackerError(
                f"{self.name} is broken JSON: {why.rstrip('.')}.",
                "Print it again with: wp post list --post_type=post,page,revision --format=json",
            ) from None


class WordPressSite(_Revisions):
    """The posts and pages of a site by its REST API, which gives revisions to those who may edit.

    ``client`` is made by ``rest_client``, and asks one thing at a time.
    """

    def __init__(self, client: httpx.Client, url: str, reading: HowRead) -> None:
        super().__init__(reading)
        self._client = client
        self._base = url.rstrip("/") + "/wp-json/wp/v2/"
        self.name = urlsplit(url).hostname or url
        self._people: dict[str, tuple[str, str]] = {}

    def close(self) -> None:
        self._client.close()

    def rows(self) -> Iterator[Mapping[str, Any] | Skipped]:
        """Every published entry, and its revisions after it."""
        for each in self._pages("users", context="edit"):
            name = str(each.get("name") or each.get("slug") or "")
            self._people[str(each.get("id"))] = (name, str(each.get("email") or ""))
        for kind in self.types:
            route = {"post": "posts", "page": "pages"}.get(kind, kind)
            for each in self._pages(route, context="edit", status="publish"):
                number = each.get("id")
                yield self._row(each, kind, None)
                for revision in self._pages(f"{route}/{number}/revisions", context="edit"):
                    yield self._row(revision, "revision", number)

    def _row(self, each: Mapping[str, Any], kind: str, parent: object) -> dict[str, Any]:
        def raw(key: str) -> str:
            value = each.get(key)
            if isinstance(value, dict):
                value = value.get("raw", value.get("rendered"))
            return str(value or "")

        name, email = self._people.get(str(each.get("author")), ("", ""))
        return {
            "ID": each.get("id"),
            "post_parent": parent,
            "post_type": kind,
            "post_status": each.get("status", "inherit"),
            "post_name": raw("slug"),
            "post_title": raw("title"),
            "post_content": raw("content"),
            "post_excerpt": raw("excerpt"),
            "post_author": each.get("author"),
            "author_name": name,
            "author_email": email,
            "post_date": raw("date"),
            "post_date_gmt": raw("date_gmt"),
            "post_modified": raw("modified"),
            "post_modified_gmt": raw("modified_gmt"),
            "post_password": raw("password"),
            "url": raw("link"),
            "origin": f"{self.name}, {kind} {each.get('id')}",
        }

    def _pages(self, route: str, **asked: str) -> Iterator[Mapping[str, Any]]:
        """All parts of a list, a hundred at a time."""
        page = pages = 1
        while page <= pages:
            answer = self._get(route, {**asked, "per_page": "100", "page": str(page)})
            if answer is None:
                return
            found, pages = answer
            yield from (each for each in found if isinstance(each, dict))
            page += 1

    def _get(self, route: str, asked: Mapping[str, str]) -> tuple[list[Any], int] | None:
        import httpx

        try:
            answer = self._client.get(self._base + route, params=asked)
            status = answer.status_code
            value = answer.json() if status == 200 else None
        except httpx.HTTPError as error:
            raise TrackerError(
                f"{self.name} does not answer: {error or type(error).__name__}.",
                "Nothing was imported; try again later.",
            ) from None
        except ValueError:
            status, value = 0, None
        if status == 404 and route.endswith("/revisions"):
            self.traps["entries whose revisions are switched off"] += 1
            return None
        if status in (401, 403):
            raise TrackerError(
                f"{self.name} does not let this user read {route} for editing ({status}).",
                "Revisions need an Application Password of somebody who may edit these entries.",
            )
        if not isinstance(value, list):
            raise TrackerError(
                f"{self.name} gave no list for {route} (status {status or 200}).",
                "Check the address, and that the REST API of WordPress is switched on.",
            )
        return value, int(answer.headers.get("X-WP-TotalPages") or 1)


def rest_client(user: str, password: str) -> httpx.Client:
    """A client for ``WordPressSite``, with an Application Password."""
    try:
        import httpx
    except ImportError:
        raise missing("httpx", "The REST API of WordPress") from None
    return httpx.Client(auth=(user, password), timeout=60, follow_redirects=False)
