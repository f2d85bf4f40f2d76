"""An article as IPTC ninjs 3.1, the news in JSON that agencies exchange.

What readers were told goes into ``descriptions``: ninjs has no notes for the public, and its
``edNote`` is for the desk that receives the item, not to be published.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from tracker.errors import TrackerError
from tracker.house.changelog import first_out, standing
from tracker.house.footer import blocks, without_blocks
from tracker.house.notes import wording
from tracker.house.notes.passages import plain_words
from tracker.house.notes.wording import language_of
from tracker.house.settings import Settings
from tracker.model import History, Revision
from tracker.render.plain import plain
from tracker.render.urls import Links, article_id, first_seen, revision_id
from tracker.text.document import Document

MEDIA_TYPE = "application/json"

STANDARD = {
    "name": "ninjs",
    "version": "3.1",
    "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#",
}


def news_item(
    history: History, document: Document, settings: Settings, links: Links
) -> dict[str, object]:
    """The article as one ninjs object. ``document`` is its newest published text.

    ``pubStatus`` is ``withheld`` for an article that is not out yet, and ``canceled`` for one that
    was deleted or retracted.
    """
    article = history.article
    first = first_seen(history.revisions)
    shown = [each for each in history.revisions if each.published] or list(history.revisions)
    newest = shown[-1]
    notes = standing(history.notes)
    created = first_out(history) or shown[0].at
    if not isinstance(created, datetime):
        created = datetime.combine(created, time(), settings.zone)
    canceled = history.deleted or any(note.kind == "retraction" for note in notes)
    dek = document.dek
    found: dict[str, object] = {
        "standard": STANDARD,
        "uri": links.original(article.path, first) or article_id(history),
        "type": "text",
        "version": str(newest.number),
        "firstCreated": _utc(created),
        "versionCreated": _utc(newest.at),
        "pubStatus": "canceled" if canceled else "usable" if first else "withheld",
        "language": language_of(document, article.path) or settings.language,
        "slugline": article.slug,
        "by": ", ".join(document.bylines),
        "headlines": [{"role": "main", "value": article.headline}],
        "descriptions": [
            *([_text("summary", dek)] if dek else []),
            *(
                _text(note.kind, plain_words(wording.line(settings.style, note, settings.clock)))
                for note in notes
            ),
        ],
        "bodies": [{"role": "main", "contentType": "text/markdown", "value": _body(document)}],
        "altIds": [
            {"role": "git-commit", "value": newest.commit},
            {"role": "urn", "value": article_id(history)},
        ],
        "infoSources": _sources(settings),
        "trustIndicators": _trust(settings),
        "associations": [_previous(shown[-2], article.path, links)] if len(shown) > 1 else [],
    }
    value = plain({key: each for key, each in found.items() if each})
    assert isinstance(value, dict)
    return value


def _body(document: Document) -> str:
    """The body without the lines that are made from the notes of the front matter."""
    text, start = document.text, document.body_start
    try:
        text = without_blocks(text, blocks(text, start), start)
    except TrackerError:  # a marker has lost its other half
        return document.body.strip("\r\n")
    return text[start:].strip("\r\n")


def _text(role: str, words: str) -> dict[str, str]:
    return {"role": role, "contentType": "text/plain", "value": words}


def _sources(settings: Settings) -> list[dict[str, str]]:
    name = settings.site.publisher or settings.name
    return [{"name": name, "role": "publisher"}] if name else []


def _trust(settings: Settings) -> list[dict[str, str]]:
    policy = settings.site.corrections_policy
    return [{"title": "Corrections policy", "href": policy}] if policy else []


def _previous(before: Revision, path: str, links: Links) -> dict[str, object]:
    return {
        "name": "previous version",
        "rel": "previousVersion",
        "uri": links.version(path, before) or revision_id(before),
        "type": "text",
        "version": str(before.number),
        "versionCreated": _utc(before.at),
    }


def _utc(at: datetime) -> str:
    """An instant in UTC, as ninjs's examples write it."""
    try:
        at = at.astimezone(UTC)
    except OverflowError:  # the first and last day that a datetime can hold
        return at.replace(microsecond=0).isoformat()
    return at.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
