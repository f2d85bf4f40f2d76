"""Revisions and notes -> a feed of changes: one entry for each version that readers could see.

Atom and JSON Feed write the same value. An entry keeps its id and its ``published``; its
``updated`` moves only when a note that is no refile tells of the revision, as a note that comes
later and covers it does. A feed's own ``updated`` moves with what readers were told: a note, or
an article that came out; an edit that nobody told of is listed, and moves nothing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from feedgenerator import Atom1Feed, rfc3339_date

from tracker import locale
from tracker.house.changelog import BroughtNote, notes_told, replaced, sentence, tellings, went_out
from tracker.house.notes import wording
from tracker.house.settings import Settings
from tracker.model import Article, History, Person, Revision, Selection
from tracker.render.history import only_joins
from tracker.render.plain import json_text, plain, visible
from tracker.render.urls import Links, article_id, feed_id, first_seen, newsroom_id, revision_id

if TYPE_CHECKING:
    from tracker.newsroom.newsroom import Newsroom

NEWEST = 50
"""Entries in a feed: readers of feeds ask again, and keep what they have."""

_MOST_REASONS = 5
_MOST_LOOKED_AT = 2000  # revisions of which some are entries


class FeedItem(NamedTuple):
    """One entry: a version of an article that readers could see."""

    id: str  # a URN; the same in every clone, and after a move
    title: str  # the headline and what happened, one line
    url: str  # what it changed, or the first version itself; "" unknown
    article_url: str  # the article; "" unknown
    published: datetime  # aware; when the version went out
    updated: datetime  # aware; later than `published` only by a note that tells of it
    person: Person
    summary: str  # plain text: the notes in house style, else what was done
    text: str  # plain text: the summary, and why it matters, a reason a line
    html: str  # the same as safe HTML, with the reasons why it matters
    tags: tuple[str, ...]  # kinds of the notes that stand, "published" or "edited"
    revision: Revision
    article: Article
    told: datetime | None  # aware; when readers were last told of it, None where no note is shown
    is_told: bool = True  # that it came out is news itself, or some note tells of it


class Feed(NamedTuple):
    """A feed with its entries, newest first."""

    id: str
    title: str
    language: str
    publisher: str
    updated: datetime  # aware
    page: str  # the page that it is a feed of; "" unknown
    url: str  # its own; "" unknown
    items: tuple[FeedItem, ...]


def article_items(
    history: History, settings: Settings, links: Links, *, told_only: bool = False
) -> tuple[FeedItem, ...]:
    """The entries of one article, newest first, in the order of the published line.

    With ``told_only``, those alone that brought a note.
    """
    told = tellings(history, settings.check.grace)
    gone = replaced([each.note for each in notes_told(history)])
    first = first_seen(history.revisions)
    original = links.original(history.article.path, first)
    found: list[FeedItem] = []
    before: Revision | None = None
    for revision in history.revisions:
        if not revision.published:
            continue
        if not told_only or revision.notes:
            # A note is shown where it came and at what it names; the small edits of the hours
            # before it, of which it tells too, keep a line of their own.
            shown = [
                each
                for each in told.get(revision.number, ())
                if each.revision.number == revision.number or each.note.covers
            ]
            item = _item(history.article, before, revision, shown, gone, settings, links)
            is_told = before is None or revision.number in told
            found.append(item._replace(article_url=original, is_told=is_told))
        before = revision
    return tuple(reversed(found))


def newsroom_items(
    room: Newsroom, links: Links, *, told_only: bool = False, limit: int = NEWEST
) -> tuple[FeedItem, ...]:
    """The newest entries of a newsroom, newest first."""
    selection = Selection(told=True) if told_only else Selection()
    if room.workspace.empty:
        return ()  # nothing was ever committed
    by_commit: dict[str, dict[str, FeedItem]] = {}
    found: list[FeedItem] = []
    offset = 0
    while len(found) < limit and offset < _MOST_LOOKED_AT:
        # Revisions from before publication are no entries: more are asked for in their stead.
        batch = room.latest(limit, offset=offset, selection=selection)
        new = {article.path for article, _ in batch} - by_commit.keys()
        for life in room.lives(only=new) if new else ():
            items = article_items(life, room.settings, links, told_only=told_only)
            by_commit[life.article.path] = {each.revision.commit: each for each in items}
        items_of = (by_commit.get(article.path, {}).get(made.commit) for article, made in batch)
        found += [item for item in items_of if item is not None]
        offset += len(batch)
        if len(batch) < limit:
            break
    return newest(found, limit)


def newest(items: Iterable[FeedItem], limit: int = NEWEST) -> tuple[FeedItem, ...]:
    """The newest of the entries of several articles, newest first; equal instants by path."""
    return tuple(
        sorted(
            items,
            key=lambda each: (each.published, each.article.path, each.revision.number),
            reverse=True,
        )[:limit]
    )


def article_feed(
    history: History,
    settings: Settings,
    links: Links,
    name: str,
    *,
    told_only: bool = False,
    limit: int | None = None,
) -> Feed:
    """The feed of one article; ``name`` is that of its file, ``atom.xml`` or ``feed.json``."""
    path = history.article.path
    items = article_items(history, settings, links, told_only=told_only)[:limit]
    return Feed(
        id=feed_id(article_id(history), "notes" if told_only else ""),
        title=_line(history.article.headline),
        language=settings.language,
        publisher=publisher(settings),
        updated=_updated(items, history.revisions[-1].at),
        page=links.history(path),
        url="" if told_only else links.feed(name, path),
        items=items,
    )


def newsroom_feed(
    room: Newsroom,
    items: Sequence[FeedItem],
    links: Links,
    name: str,
    *,
    told_only: bool = False,
) -> Feed:
    """The feed of a newsroom, of entries that are newest first: see ``newsroom_items``."""
    settings = room.settings
    of = newsroom_id(room.first_commit(), room.workspace.under)
    return Feed(
        id=feed_id(of, "notes" if told_only else ""),
        title=publisher(settings),
        language=settings.language,
        publisher=publisher(settings),
        updated=_updated(items, items[-1].published if items else room.now),
        page=links.newsroom(),
        url="" if told_only else links.feed(name, None),
        items=tuple(items),
    )


def publisher(settings: Settings) -> str:
    """Who publishes: as ``[site]`` says, else the newsroom's name."""
    named = _line(settings.site.publisher or settings.name)
    return named or locale.phrase(settings.language, "newsroom")


def _updated(items: Iterable[FeedItem], otherwise: datetime) -> datetime:
    return max((each.told for each in items if each.told is not None), default=otherwise)


def _item(
    article: Article,
    before: Revision | None,
    revision: Revision,
    notes: Sequence[BroughtNote],
    gone: frozenset[str],
    settings: Settings,
    links: Links,
) -> FeedItem:
    style = settings.style
    standing = [each for each in notes if each.note.withdrawn is None and each.note.id not in gone]
    if before is not None and only_joins(revision):
        said = locale.phrase(settings.language, "history.together") + "."
    else:
        said = sentence(revision, settings.language, first=before is None)
    kinds = tuple(dict.fromkeys(each.note.kind for each in standing))
    labels = [style.templates[kind].label for kind in kinds]
    what = ", ".join(label for label in labels if label) or said.rstrip(".")
    lines = [wording.line(style, each.note, settings.clock) for each in standing]
    told = _told(before, revision, notes)
    headline = revision.headline or article.headline
    labeled = locale.phrase(settings.language, "form.labeled")
    summary = "\n".join(_shown(line) for line in lines) or said
    reasons = [] if before is None else _reasons(revision, settings.language)
    return FeedItem(
        id=revision_id(revision),
        title=_line(labeled.format(label=headline, words=what)),
        url=(
            links.change(article.path, revision)
            if before
            else links.version(article.path, revision)
        ),
        article_url="",
        published=revision.out_at,
        updated=max(revision.out_at, told) if told else revision.out_at,
        person=revision.person,
        summary=summary,
        text="\n".join([summary, *(f"- {_shown(reason)}" for reason in reasons)]),
        html=_html(notes, gone, said, reasons, settings),
        tags=kinds or ("edited" if before else "published",),
        revision=revision,
        article=article,
        told=told,
    )


def _told(
    before: Revision | None, revision: Revision, notes: Iterable[BroughtNote]
) -> datetime | None:
    """When readers were last told of a revision; that an article came out is told by itself."""
    instants = [went_out(each) for each in notes if each.note.kind != "refile"]
    if before is None:
        instants.append(revision.out_at)
    return max(revision.out_at, *instants) if instants else None


def _html(
    notes: Sequence[BroughtNote],
    gone: frozenset[str],
    said: str,
    reasons: Sequence[str],
    settings: Settings,
) -> str:
    """The notes, those that no longer stand struck out, and why the change matters; all escaped."""
    out = []
    for each in notes:
        line = _escaped(wording.line(settings.style, each.note, settings.clock))
        stands = each.note.withdrawn is None and each.note.id not in gone
        out.append(f"<p>{line}</p>" if stands else f"<p><del>{line}</del></p>")
    if not notes:
        out.append(f"<p>{_escaped(said)}</p>")
    if reasons:
        items = "".join(f"<li>{_escaped(reason)}</li>" for reason in reasons)
        out.append(f"<ul>{items}</ul>")
    return "".join(out)


def _reasons(revision: Revision, language: str) -> list[str]:
    """Why a change matters, the first reasons and how many more there are."""
    if not revision.substantive:
        return []
    # That a note was added is said by the note.
    reasons = [each for each in revision.why if each.label != "note"]
    told = [locale.sentence(each, language) for each in reasons[:_MOST_REASONS]]
    more = len(reasons) - len(told)
    if more:
        told.append(locale.phrase(language, "feed.more", more).format(number=more))
    return told


def _escaped(text: str) -> str:
    return escape(_shown(text), quote=False)


def _shown(text: str) -> str:
    """The text without controls, and without the two code points that XML cannot hold."""
    return visible(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def _line(text: str) -> str:
    """One line of text, with nothing in it that a terminal or a reader would act on."""
    return " ".join(_shown(text).split())


# --- a feed as Atom (RFC 4287) --------------------------------------------------------------------

ATOM = "application/atom+xml"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(feed: Feed) -> str:
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


# --- JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) ---------------------------------------

JSON_FEED = "application/feed+json"


def json_feed(feed: Feed) -> str:
    return json_text(feed_object(feed), 2) + "\n"


def feed_object(feed: Feed) -> object:
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
                "updated": _json_date(feed.updated),
            },
            "items": [_json_item(each) for each in feed.items],
        }
    )


def _json_item(item: FeedItem) -> dict[str, object]:
    revision = item.revision
    return {
        "id": item.id,
        **({"url": item.url} if item.url else {}),
        **({"external_url": item.article_url} if item.article_url else {}),
        "title": item.title,
        "summary": item.summary,
        "content_html": item.html,
        "content_text": item.text,
        "date_published": _json_date(item.published),
        "date_modified": _json_date(item.updated),
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


def _json_date(at: datetime) -> str:
    """RFC 3339: whole seconds, with offset."""
    return at.replace(microsecond=0).isoformat()
