"""The example lines of docs/styles.md: each house style with a note of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from tracker.house import style as house_style
from tracker.house.notes import wording
from tracker.model import KINDS, Kind, Note

ZONES = {
    "bbc": "Europe/London",
    "french": "Europe/Paris",
    "german": "Europe/Berlin",
    "guardian": "Europe/London",
    "spanish": "Europe/Madrid",
    "ukrainian": "Europe/Kyiv",
}
"""Where the house is; the others are in New York."""

ABOUT = {
    "default": "For a newsroom that has not chosen one. The name of the zone is CLDR's.",
    "ap": "No dates. A line `___` stands before the notes. Withdrawals stand at the top.",
    "bbc": "British order of day and month, no time, the newest note first.",
    "cnn": "No dates; editor's notes and retractions stand at the top.",
    "french": "At the top, except small edits.",
    "german": "At the bottom.",
    "guardian": "The date is part of the sentence; no label for most kinds.",
    "newsweek": "At the bottom, the oldest note first; the zone is `ET` in summer and winter.",
    "nyt": "The date is part of the label.",
    "reuters": "In brackets. Corrections stand at the top, updates and refiles at the bottom.",
    "spanish": "At the bottom.",
    "spotlight-pa": "Bold and italic; the year is left out; at the top, except small edits.",
    "ukrainian": "At the bottom.",
    "washington-post": "No dates; editor's notes and retractions stand at the top.",
    "wired": "In italics, with no comma before the time.",
}

_ENGLISH: dict[Kind, str] = {
    "update": "to add a statement from the mayor",
    "correction": "An earlier version misstated the number of evacuees. It was 40, not 400.",
    "clarification": "to say that the count is the mayor's",
    "editors-note": "The reporter is a former employee of the port.",
    "retraction": "The document that it relied on was forged.",
    "refile": "to fix the spelling of “harbor”",
}
_WORDS: dict[str, dict[Kind, str]] = {
    "german": {
        "update": "um eine Stellungnahme der Bürgermeisterin zu ergänzen",
        "correction": "In einer früheren Version war von 400 Menschen die Rede. Es waren 40.",
        "clarification": "Die Zählung stammt von der Stadt.",
        "editors-note": "Der Autor hat früher im Hafen gearbeitet.",
        "retraction": "Das zentrale Dokument war gefälscht.",
        "refile": "Ein Tippfehler wurde behoben.",
    },
    "french": {
        "update": "pour ajouter une déclaration de la maire",
        "correction": "Une version précédente parlait de 400 personnes évacuées. Elles étaient 40.",
        "clarification": "Le décompte est celui de la mairie.",
        "editors-note": "L'auteur a travaillé au port.",
        "retraction": "Le document central était un faux.",
        "refile": "Une coquille a été corrigée.",
    },
    "spanish": {
        "update": "para añadir una declaración de la alcaldesa",
        "correction": "Una versión anterior decía que hubo 400 evacuados. Fueron 40.",
        "clarification": "El recuento es del ayuntamiento.",
        "editors-note": "El autor trabajó en el puerto.",
        "retraction": "El documento principal era falso.",
        "refile": "Se ha corregido una errata.",
    },
    "ukrainian": {
        "update": "щоб додати заяву мера",
        "correction": "У попередній версії йшлося про 400 евакуйованих. Їх було 40.",
        "clarification": "Підрахунок зробила мерія.",
        "editors-note": "Автор раніше працював у порту.",
        "retraction": "Головний документ виявився підробкою.",
        "refile": "Виправлено одрук.",
    },
}


def examples(name: str) -> Iterator[str]:
    """A line of each kind, as a house of this style writes it on 12 May 2022 at 7:45."""
    style = house_style.load(name)
    zone = ZoneInfo(ZONES.get(name, "America/New_York"))
    at = datetime(2022, 5, 12, 7, 45, tzinfo=zone)
    words = _WORDS.get(name, _ENGLISH)
    for kind in KINDS:
        text = wording.sentence(style, kind, words[kind])
        yield wording.line(style, Note("u1", kind, text, at), zone)
