"""An article as schema.org has it: a NewsArticle with what readers were told, as JSON-LD.

``correction`` and ``CorrectionComment``, ``correctionsPolicy`` and ``archivedAt`` are terms that
schema.org calls pending; the others are of its core. schema.org has no type for an update, so an
update is a ``Comment`` with a name, and never a correction. ``dateModified`` is the newest note
that stands and is no refile: an edit that nobody was told of does not move it.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tracker.house.changelog import BroughtNote, clocks, first_out, notes_told, standing
from tracker.house.notes.wording import language_of
from tracker.house.settings import Settings
from tracker.house.site import origin
from tracker.model import History, Kind, Note
from tracker.render.plain import plain
from tracker.render.urls import Links, article_id, first_seen, note_id
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
        "datePublished": _instant(out, settings.zone),
        "dateModified": _instant(updated, settings.zone),
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
    value = plain({key: each for key, each in found.items() if each})
    assert isinstance(value, dict)
    return value


def dumped(value: object, indent: int | None = None) -> str:
    r"""The object as JSON that nothing in it can break out of, wherever it is put.

    ``<``, ``>``, ``&``, the two separators that older JavaScript takes for line ends, and what
    turns a line's direction are written as ``\u003c`` and so on: no ``</script>`` and no ``<!--``
    can stand in it, and it reads as it is.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
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
            "@id": _id(brought.get(note.id)),
            "name": settings.style.templates[note.kind].label or _NAMES[note.kind],
            "text": note.text,
            "datePublished": _when(note),
        }
        (corrections if correcting else comments).append(
            {key: each for key, each in item.items() if each}
        )
    return corrections, comments


def _id(told: BroughtNote | None) -> str:
    return note_id(told.revision, told.note.id) if told else ""


def _when(note: Note) -> str:
    return note.at.date().isoformat() if note.precision == "day" else _instant(note.at, None)


def _publisher(settings: Settings) -> dict[str, object]:
    site = settings.site
    found = {
        "@type": "NewsMediaOrganization",
        "name": site.publisher or settings.name,
        "url": origin(site.article or site.url),
        "logo": {"@type": "ImageObject", "url": site.logo} if site.logo else "",
        "correctionsPolicy": site.corrections_policy,
    }
    return {key: each for key, each in found.items() if each}


def _instant(at: date | None, zone: ZoneInfo | None) -> str:
    """ISO 8601: an instant in the newsroom's zone, or a day; "" where there is none."""
    if at is None:
        return ""
    if isinstance(at, datetime):
        return _zoned(at, zone).replace(microsecond=0).isoformat()
    return at.isoformat()


def _zoned(at: datetime, zone: ZoneInfo | None) -> datetime:
    try:
        return at.astimezone(zone) if zone else at
    except OverflowError:  # the first and last day that a datetime can hold
        return at
