"""MediaWiki: the pages of an XML dump, with all their revisions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.newsroom.incoming import Skipped
from tracker.sources.bodies import Markup, Wikitext
from tracker.sources.versions import (
    LARGEST,
    Made,
    MeteredInput,
    Spooled,
    article_text,
    missing,
    temporary,
    trailers,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SUPPRESSED = Person("A user whose name was removed", "")


class MediaWiki(Spooled):
    """The articles of a dump, page by page, each revision in the order of time.

    Of Wikinews, the revisions from the first with ``{{publish}}`` on were seen by readers; what
    its templates of corrections say stands as a note in the text.
    """

    def __init__(self, stream: IO[bytes], name: str, markup: Markup = "markdown") -> None:
        super().__init__()
        self._stream = self._input = stream
        self._name = name
        self._markup: Markup = markup

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
        """Every revision that has a text and that readers saw."""
        with closing(temporary(folder / "page.sqlite3")) as kept:
            kept.execute(
                "CREATE TABLE revisions (id INT, at REAL, person TEXT, message TEXT, text TEXT)"
            )
            kept.execute("BEGIN")
            dump, errors = _dump(self._input, self._name)
            base = str(getattr(dump.site_info, "base", None) or "")
            names = f"{base} {getattr(dump.site_info, 'dbname', '')}".lower()
            try:
                for page in dump.pages:
                    yield from self._page(page, kept, base, news="wikinews" in names)
            except errors as error:
                raise _broken(self._name, error) from None

    def _page(
        self, page: Any, kept: sqlite3.Connection, base: str, *, news: bool
    ) -> Iterator[Made | Skipped]:
        origin = f"{self._name}, page {page.id}"
        if page.namespace != 0:
            reason = f"It is in namespace {page.namespace}, and no article."
            yield self.trap("pages of other namespaces", origin, reason)
            for _ in page:
                pass
            return
        kept.execute("DELETE FROM revisions")
        for revision in page:
            each = self._revision(revision, f"{self._name}, revision {revision.id}", kept)
            if each is not None:
                yield each
        yield from self._versions(page, kept, base, news=news)

    def _revision(self, revision: Any, origin: str, kept: sqlite3.Connection) -> Skipped | None:
        """Keep a revision of the page until all of them are known."""
        content = revision.slots.contents.get("main") if revision.slots else None
        text = content.text if content is not None else None
        if revision.deleted.text or (content is not None and content.deleted):
            return self.trap("suppressed texts", origin, "Its text was removed from the wiki.")
        if revision.timestamp is None:
            return self.bad(origin, "It has no timestamp.")
        if text and len(text) > LARGEST:
            return self.bad(origin, f"Its text is longer than {LARGEST >> 20} MB.")
        user = revision.user
        person = SUPPRESSED.name if user is None else str(user.text or SUPPRESSED.name)
        if user is not None and not user.id:
            self.traps["revisions of people without a user name (imported)"] += 1
        if revision.minor:
            self.traps["minor edits (imported)"] += 1
        comment = "" if revision.deleted.comment else str(revision.comment or "")
        at = datetime.strptime(str(revision.timestamp), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        kept.execute(
            "INSERT INTO revisions VALUES (?,?,?,?,?)",
            (revision.id, at.timestamp(), person, comment, text or ""),
        )
        return None

    def _versions(
        self, page: Any, kept: sqlite3.Connection, base: str, *, news: bool
    ) -> Iterator[Made | Skipped]:
        """The revisions of a page in the order of time, as versions of its article."""
        title = str(page.title)
        path = self.placed(f"{_path(title, page.id)}.md")
        url = _address(base, title)
        out = not news
        for number, seconds, person, message, text in kept.execute(
            "SELECT * FROM revisions ORDER BY at, id"
        ):
            origin = f"{self._name}, revision {number}"
            if text.lstrip().lower().startswith(("#redirect", "#weiterleitung", "#redirection")):
                yield self.trap("redirects", origin, "It leads to another page.")
                continue
            try:
                wiki = Wikitext(text)
                if not out and not wiki.published:
                    reason = "It is from before the publication."
                    yield self.trap("revisions before publication", origin, reason)
                    continue
                out = True
                body = text if self._markup == "keep" else wiki.body(self._markup)
            except (ValueError, RecursionError):
                yield self.bad(origin, "Its wikitext cannot be read.")
                continue
            for name in wiki.left_out:
                self.traps[f"template {name} left out of texts"] += 1
            file = article_text({"title": title, "date": wiki.date}, body)
            at = datetime.fromtimestamp(seconds, UTC)
            said = trailers(Url=url or None, Id=number)
            person = Person(person, "")
            yield Made(path, "", at, person, message.strip() or None, file, origin, said)


def _dump(stream: IO[bytes], name: str) -> tuple[Any, tuple[type[Exception], ...]]:
    """The dump that a stream holds, and the errors that reading on may raise."""
    try:
        import mwxml
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import ParseError, iterparse
        from mwxml.element_iterator import ElementIterator, EventPointer
        from mwxml.errors import MalformedXML
    except ImportError:
        raise missing("mwxml", "A dump of MediaWiki") from None
    errors = (ParseError, MalformedXML, DefusedXmlException, LookupError, TypeError, ValueError)
    try:
        pointer = EventPointer(_events(iterparse, MeteredInput(stream, name)))
        element: Element
        _, element = next(pointer)
        return mwxml.Dump.from_element(ElementIterator(element, pointer)), errors
    except errors as error:
        raise _broken(name, error) from None


def _events(iterparse: Any, source: MeteredInput) -> Iterator[Any]:
    for each in iterparse(source, events=("start", "end")):
        source.since = 0
        yield each


def _broken(name: str, error: Exception) -> TrackerError:
    position = getattr(error, "position", None)
    where = "" if position is None else f"line {position[0]}, column {position[1] + 1}: "
    kind = type(error).__name__
    why = "it declares entities of its own" if kind == "EntitiesForbidden" else str(error)
    why = " ".join(why.partition(": line")[0].split())[:200]
    return TrackerError(
        f"{name} is no dump of MediaWiki that can be read: {where}{why.rstrip('.')}.",
        "Get the file again; a dump ends with </mediawiki>.",
    )


def _path(title: str, number: object) -> str:
    """A page's file name by its title; its number where no plain name is left of it."""
    name = "".join(
        letter if letter.isalnum() or letter in "-._" else "-" for letter in title.replace(" ", "-")
    ).strip("-._")
    while "--" in name:
        name = name.replace("--", "-")
    if not name or name.lower() != title.replace(" ", "-").lower() or len(name.encode()) > 120:
        while len(name.encode()) > 100:
            name = name[:-1]
        name = f"{name}-{number}".strip("-")
    return name


def _address(base: str, title: str) -> str:
    """The address of a page, by that of the wiki's main page; "" where it gives none."""
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or "/" not in parts.path:
        return ""
    return f"{base.rpartition('/')[0]}/{quote(title.replace(' ', '_'))}"
