"""An article as other systems take it: schema.org's NewsArticle as JSON-LD, and IPTC's ninjs.

Both carry what readers were told.

``correction`` and ``CorrectionComment``, ``correctionsPolicy`` and ``archivedAt`` are terms that
schema.org calls pending; the others are of its core. schema.org has no type for an update, so an
update is a ``Comment`` with a name, and never a correction. ``dateModified`` is the newest note
that stands and is no refile: an edit that nobody was told of does not move it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo

from tracker.house.changelog import clocks, first_out, notes_told, standing
from tracker.house.dates.names import aware
from tracker.house.footer import without_any_blocks
from tracker.house.notes import wording
from tracker.house.notes.passages import plain_words
from tracker.house.notes.wording import language_of
from tracker.house.settings import Settings
from tracker.house.site import origin
from tracker.model import History, Kind, Revision
from tracker.render.plain import json_text, record
from tracker.render.urls import Links, article_id, first_seen, note_id, revision_id
from tracker.text.document import Document

MEDIA_TYPE = "application/ld+json"

CORRECTING: frozenset[Kind] = frozenset({"correction", "clarification", "retraction"})
"""The kinds of notes that say that something was wrong, or could be understood wrongly."""

_NAMES: dict[Kind, str] = {
    "update": "Update",
    "correction": "Correction",
    "clarification": "Clarification",
    "editors-note": "Editor’s note",
    "retraction": "Retraction",
    "refile": "Refile",
}
_BREAKS_OUT = re.compile("[<>&\u2028\u2029\u061c\u202a-\u202e\u2066-\u2069]")


def news_article(
    history: History, document: Document, settings: Settings, links: Links
) -> dict[str, object]:
    """The article as one JSON-LD object. ``document`` is its newest published text.

    What is not known is left out: there are no nulls in schema.org.
    """
    article, site = history.article, settings.site
    first = first_seen(history.revisions)
    original = links.original(article.path, first)
    out = first_out(history)
    updated = clocks(history).updated
    newest = [each for each in history.revisions if each.published] or list(history.revisions)
    corrections, comments = _told(history, settings)
    found: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": f"{original}#article" if original else article_id(history),
        "mainEntityOfPage": original,
        "headline": article.headline,
        "description": document.dek or "",
        "inLanguage": language_of(document, article.path) or settings.language,
        "version": str(newest[-1].number),
        "datePublished": _instant(out, settings.clock),
        "dateModified": _instant(updated, settings.clock),
        "author": [{"@type": "Person", "name": name} for name in document.bylines],
        "publisher": _publisher(settings),
        "correction": corrections,
        "comment": comments,
        "archivedAt": links.timemap(article.path),
        "identifier": {
            "@type": "PropertyValue",
            "propertyID": "git-commit",
            "value": newest[-1].commit,
        },
    }
    if not site.publisher and not settings.name:
        del found["publisher"]
    return record(_known(found))


def dumped(value: object, indent: int | None = None) -> str:
    r"""The object as JSON that nothing in it can break out of, wherever it is put.

    ``<``, ``>``, ``&``, the two separators that older JavaScript takes for line ends, and what
    turns a line's direction are written as ``\u003c`` and so on: no ``</script>`` and no ``<!--``
    can stand in it, and it reads as it is.
    """
    text = json_text(value, indent)
    return _BREAKS_OUT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def script(history: History, document: Document, settings: Settings, links: Links) -> str:
    """The ``<script>`` element that a page holds: safe HTML, to be put in as it is."""
    return script_of(news_article(history, document, settings, links))


def script_of(value: object) -> str:
    """A JSON-LD object as the ``<script>`` element that a page holds."""
    return f'<script type="{MEDIA_TYPE}">{dumped(value)}</script>'


def _told(history: History, settings: Settings) -> tuple[list[object], list[object]]:
    """The notes that stand, oldest first: those that correct, and the others."""
    corrections: list[object] = []
    comments: list[object] = []
    brought = {each.note.id: each for each in notes_told(history)}
    for note in standing(history.notes):
        correcting = note.kind in CORRECTING
        item = {
            "@type": "CorrectionComment" if correcting else "Comment",
            "@id": note_id(told.revision, note.id) if (told := brought.get(note.id)) else "",
            "name": settings.style.templates[note.kind].label or _NAMES[note.kind],
            "text": note.text,
            "datePublished": note.at.date().isoformat()
            if note.precision == "day"
            else _instant(note.at, None),
        }
        (corrections if correcting else comments).append(_known(item))
    return corrections, comments


def _publisher(settings: Settings) -> dict[str, object]:
    site = settings.site
    found = {
        "@type": "NewsMediaOrganization",
        "name": site.publisher or settings.name,
        "url": origin(site.article or site.url),
        "logo": {"@type": "ImageObject", "url": site.logo} if site.logo else "",
        "correctionsPolicy": site.corrections_policy,
    }
    return _known(found)


def _known(found: Mapping[str, object]) -> dict[str, object]:
    return {key: each for key, each in found.items() if each}


def _instant(at: date | None, zone: tzinfo | None) -> str:
    """ISO 8601: an instant in the newsroom's zone, or a day; "" where there is none."""
    if at is None:
        return ""
    if isinstance(at, datetime):
        return _in(zone, at).replace(microsecond=0).isoformat()
    return at.isoformat()


# --- an article as IPTC ninjs 3.1, the news in JSON that agencies exchange ------------------------


STANDARD = {
    "name": "ninjs",
    "version": "3.1",
    "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#",
}


# What readers were told goes into ``descriptions``: ninjs has no notes for the public, and its
# ``edNote`` is for the desk that receives the item, not to be published.


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
    created = aware(first_out(history) or shown[0].at, settings.zone)
    canceled = history.deleted or any(note.kind == "retraction" for note in notes)
    name, policy = settings.site.publisher or settings.name, settings.site.corrections_policy
    start = document.body_start
    body = without_any_blocks(document.text, start)[start:].strip("\r\n")
    found: dict[str, object] = {
        "standard": STANDARD,
        "uri": links.original(article.path, first) or article_id(history),
        "type": "text",
        "version": str(newest.number),
        "firstCreated": _utc(created),
        "versionCreated": _utc(newest.out_at),
        "pubStatus": "canceled" if canceled else "usable" if first else "withheld",
        "language": language_of(document, article.path) or settings.language,
        "slugline": article.slug,
        "by": ", ".join(document.bylines),
        "headlines": [{"role": "main", "value": article.headline}],
        "descriptions": [
            *([_text("summary", document.dek)] if document.dek else []),
            *(
                _text(note.kind, plain_words(wording.line(settings.style, note, settings.clock)))
                for note in notes
            ),
        ],
        "bodies": [{"role": "main", "contentType": "text/markdown", "value": body}],
        "altIds": [
            {"role": "git-commit", "value": newest.commit},
            {"role": "urn", "value": article_id(history)},
        ],
        "infoSources": [{"name": name, "role": "publisher"}] if name else [],
        "trustIndicators": [{"title": "Corrections policy", "href": policy}] if policy else [],
        "associations": [_previous(shown[-2], article.path, links)] if len(shown) > 1 else [],
    }
    return record(_known(found))


def _text(role: str, words: str) -> dict[str, str]:
    return {"role": role, "contentType": "text/plain", "value": words}


def _previous(before: Revision, path: str, links: Links) -> dict[str, object]:
    return {
        "name": "previous version",
        "rel": "previousVersion",
        "uri": links.version(path, before) or revision_id(before),
        "type": "text",
        "version": str(before.number),
        "versionCreated": _utc(before.out_at),
    }


def _utc(at: datetime) -> str:
    """An instant in UTC, as ninjs's examples write it."""
    return _in(UTC, at).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _in(zone: tzinfo | None, at: datetime) -> datetime:
    try:
        return at.astimezone(zone) if zone else at
    except OverflowError:  # the first and last day that a datetime can hold
        return at
