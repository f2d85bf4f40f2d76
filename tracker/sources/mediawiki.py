"""MediaWiki: the pages of an XML dump, with all their revisions."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.newsroom.incoming import Incoming, Skipped, temporary
from tracker.sources.versions import (
    LARGEST,
    MANY_LINES,
    SPECIAL,
    HowRead,
    Made,
    Markup,
    MeteredInput,
    Spooled,
    missing,
    trailers,
)
from tracker.text.document import with_front_matter

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from mwparserfromhell.nodes import Node, Template
    from mwparserfromhell.wikicode import Wikicode

SUPPRESSED = Person("A user whose name was removed", "")


class MediaWiki(Spooled):
    """The articles of a dump, page by page, each revision in the order of time.

    Of Wikinews, the revisions from the first with ``{{publish}}`` on were seen by readers; what
    its templates of corrections say stands as a note in the text.
    """

    def __init__(self, stream: IO[bytes], name: str, reading: HowRead) -> None:
        super().__init__()
        self._stream = self._input = stream
        self._name = name
        self._markup = reading.markup

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
            whole = with_front_matter({"title": title, "date": wiki.date}, body)
            file = whole.encode("utf-8", "replace")
            at = datetime.fromtimestamp(seconds, UTC)
            said = trailers(Url=url or None, Id=number)
            person = Person(person, "")
            message = message.strip() or None
            yield Incoming(path, "", at, person, message, (), 0, origin, said), file


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


# --- wikitext -------------------------------------------------------------------------------------

PUBLISHED = frozenset({"publish", "published", "archived", "archive"})
"""Templates of Wikinews by which an article is out."""

_NOTES = {
    "correction": "Correction",
    "corrections": "Correction",
    "clarification": "Clarification",
    "retraction": "Retraction",
    "retracted": "Retraction",
    "update": "Update",
    "updated": "Update",
    "editor note": "Editor's note",
    "editors note": "Editor's note",
    "editor's note": "Editor's note",
}
_SHOWS_SECOND = frozenset({"w", "wp", "wikipedia", "lang", "abbr", "tooltip"})
_LEFT_OUT = frozenset({"ref", "references", "gallery", "imagemap", "timeline", "score", "math"})
_LIST_MARKS = re.compile(r"(?:\0[*#:;])+[ \t]*")


class Wikitext:
    """One text of a wiki: its body, and what its templates say."""

    def __init__(self, text: str) -> None:
        try:
            import mwparserfromhell
        except ImportError:
            raise missing("mwparserfromhell", "Wikitext") from None
        self._code: Wikicode = mwparserfromhell.parse(text)
        self.date: str | None = None  # the words of {{date|…}}, or of a byline
        self.published = False
        self.left_out = Counter[str]()  # templates that have no words here
        for each in self._code.filter_templates(recursive=False):
            name = _template(each)
            self.published |= name in PUBLISHED
            if name in ("date", "byline") and self.date is None:
                self.date = _value(each, "date") or _value(each, 1) or None

    def body(self, markup: Markup) -> str:
        """The body as Markdown, or in words alone."""
        words = markup == "strip"
        found = "".join(self._node(node, words=words) for node in self._code.nodes)
        found = _LIST_MARKS.sub(lambda marks: "" if words else _item(marks[0]), found)
        return MANY_LINES.sub("\n\n", found).strip()

    def _inner(self, code: object, *, words: bool) -> str:
        nodes = getattr(code, "nodes", ())
        return "".join(self._node(node, words=words) for node in nodes)

    def _node(self, node: Node, *, words: bool) -> str:
        from mwparserfromhell import nodes

        if isinstance(node, nodes.Text):
            return _lines(str(node), words=words)
        if isinstance(node, nodes.Heading):
            title = self._inner(node.title, words=words).strip()
            return title if words else f"{'#' * max(node.level, 2)} {title}"
        if isinstance(node, nodes.Wikilink):
            return self._wikilink(node, words=words)
        if isinstance(node, nodes.ExternalLink):
            title = self._inner(node.title, words=words).strip() if node.title else ""
            target = str(node.url)
            return title or target if words else f"[{title}]({target})" if title else f"<{target}>"
        if isinstance(node, nodes.Tag):
            return self._tag(node, words=words)
        if isinstance(node, nodes.HTMLEntity):
            return str(node.normalize())
        if isinstance(node, nodes.Template):
            return self._template(node, words=words)
        return ""  # comments and arguments

    def _wikilink(self, node: Any, *, words: bool) -> str:
        target = str(node.title).strip()
        space = target.lstrip(":").partition(":")[0].lower()
        if not target.startswith(":") and space in ("file", "image", "category"):
            return ""
        return self._inner(node.text, words=words) if node.text else target.lstrip(":")

    def _tag(self, node: Any, *, words: bool) -> str:
        name = str(node.tag).strip().lower()
        if name in _LEFT_OUT or name in ("table", "tr", "td", "th"):
            if name != "ref":
                self.left_out[f"<{name}>"] += 1
            return ""
        if node.wiki_markup and name in ("li", "dt", "dd"):
            return "\0" + str(node.wiki_markup)[-1]  # made a list when the lines are known
        if name == "br":
            return "\n" if words else "  \n"
        if name == "hr":
            return "" if words else "---"
        inner = self._inner(node.contents, words=words) if node.contents else ""
        mark = "" if words else {"b": "**", "strong": "**", "i": "*", "em": "*"}.get(name, "")
        if name == "blockquote" and not words:
            return "\n\n" + "\n".join(f"> {line}" for line in inner.strip().split("\n")) + "\n\n"
        return f"{mark}{inner}{mark}" if inner.strip() else inner

    def _template(self, node: Template, *, words: bool) -> str:
        name = _template(node)
        label = _NOTES.get(name)
        if label is not None:
            day, said = _value(node, "date"), self._text_of(node, words=words)
            return f"\n\n{label}{f', {day}' if day else ''}: {said}\n\n" if said else ""
        if name in _SHOWS_SECOND:
            position = 2 if node.has(2) and _value(node, 2) else 1
            return _value(node, position)
        if name in ("date", "byline") or name in PUBLISHED:
            return ""
        if name in ("quote", "cquote", "pullquote", "blockquote") and node.has(1):
            return self._inner(node.get(1).value, words=words)
        self.left_out[name[:40]] += 1
        return ""

    def _text_of(self, node: Template, *, words: bool) -> str:
        """What a note's template tells readers: its text, or its first unnamed value."""
        for key in ("text", "1", "reason"):
            if node.has(key) and str(node.get(key).value).strip():
                said = self._inner(node.get(key).value, words=words)
                return " ".join(said.replace("\0", "").split())
        return ""


def _item(marks: str) -> str:
    """The beginning of a list item; a definition or an indented line is a plain one."""
    kinds = [mark for mark in marks if mark in "*#:;"]
    if kinds[-1] in ":;":
        return ""
    return "    " * (len(kinds) - 1) + ("- " if kinds[-1] == "*" else "1. ")


def _lines(text: str, *, words: bool) -> str:
    if words:
        return text
    return SPECIAL.sub(r"\\\1", text).replace("<", "&lt;")


def _template(node: Template) -> str:
    return " ".join(str(node.name).replace("_", " ").split()).lower()


def _value(node: Template, name: str | int) -> str:
    if not node.has(name):
        return ""
    return " ".join(str(node.get(name).value.strip_code()).split())
