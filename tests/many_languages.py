"""A newsroom in any language of the pages, whose articles are in none: every kind of page."""

from __future__ import annotations

import re
from pathlib import Path

from tests.repositories import Builder
from tracker.locale import phrases

STYLES = {"de": "german", "fr": "french", "es": "spanish", "uk": "ukrainian"}
ZONES = {"de": "Europe/Berlin", "fr": "Europe/Paris", "es": "Europe/Madrid", "uk": "Europe/Kyiv"}

FIRST = "Lorem ipsum dolor sit amet, consectetur adipiscing elit sed do 59 eiusmod tempor."
SECOND = "Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip."
THIRD = "Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore fugiat."
TITLE = "Quousque tandem"


def article(
    *paragraphs: str,
    title: str = TITLE,
    subtitle: str = "Patientia nostra",
    notes: str = "",
    extra: str = "",
) -> str:
    """A text with front matter; its lines of ``extra`` and ``notes`` as they are."""
    head = f"title: {title}\nsubtitle: {subtitle}\nauthor: Cicero\n{extra}{notes}"
    return f"---\n{head}---\n" + "\n\n".join(paragraphs) + "\n"


def note(number: int, kind: str, text: str, at: str) -> str:
    """One note of the front matter."""
    return f"  - id: u{number}\n    kind: {kind}\n    at: {at}\n    text: {text}\n"


def build(folder: Path, code: str, articles: str | None = None) -> None:
    """The newsroom in a language, its articles said to be in ``articles``."""
    settings = (
        f'name = "Acta Diurna"\nstyle = "{STYLES[code]}"\ntimezone = "{ZONES[code]}"\n'
        f'language = "{code}"\narticles = ["acta/**"]\n\n[check]\ngrace = "1h"\n'
    )
    spoken = f"lang: {articles}\n" if articles else ""
    one = Builder(folder)
    war, gone, late = "acta/bellum.md", "acta/abiit.md", "acta/serum.md"

    def war_text(*paragraphs: str, **named: str) -> str:
        return article(*paragraphs, extra=spoken, **named)

    link = "Excepteur sint [occaecat](https://example.org/one) cupidatat non proident sunt."
    rest = [SECOND, THIRD, link]
    one.commit(
        "a",
        write={
            "tracker.toml": settings,
            war: war_text(FIRST, *rest),
            gone: article(FIRST),
            late: article(FIRST, notes="date: 2022-01-01\n"),
            "acta/vetus.md": article(SECOND, title="Pons"),
            "acta/latens.md": article(FIRST, title="Latens"),
            "acta/futura.md": article(FIRST, title="Futura", extra="draft: true\n"),
        },
        at="2022-01-01T10:00:00+00:00",
    )
    # A number and a name, with no note; a link's target, which no reader sees, with a title.
    replaced = FIRST.replace("59", "95")
    one.commit("b", write={war: war_text(replaced, *rest)}, at="2022-01-02T10:00:00+00:00")
    other_link = link.replace("one)", "two 'titulus')")
    linked = [SECOND, THIRD, other_link]
    one.commit("b2", write={war: war_text(replaced, *linked)}, at="2022-01-02T18:00:00+00:00")
    one.commit(
        "c",
        write={war: war_text(THIRD, replaced, SECOND, other_link, subtitle="Etiam furor iste")},
        at="2022-01-03T10:00:00+00:00",
    )
    # Notes: one that changes nothing, one reworded and called another, one dropped.
    first = "updates:\n" + note(1, "update", "Numerus mutatus est.", "2022-01-04T10:00:00+00:00")
    now = [THIRD, replaced, SECOND, other_link]
    one.commit("d", write={war: war_text(*now, notes=first)}, at="2022-01-04T10:00:00+00:00")
    second = first + note(2, "correction", "Erratum erat.", "2022-01-02T10:00:00+00:00")
    one.commit("e", write={war: war_text(*now, notes=second)}, at="2022-01-05T10:00:00+00:00")
    third = second.replace("Erratum erat", "Nihil omnino mutatum est umquam")
    one.commit("f", write={war: war_text(*now, notes=third)}, at="2022-01-06T10:00:00+00:00")
    fourth = third.replace("kind: correction", "kind: clarification")
    one.commit("g", write={war: war_text(*now, notes=fourth)}, at="2022-01-07T10:00:00+00:00")
    one.commit("h", write={war: war_text(*now, notes=first)}, at="2022-01-08T10:00:00+00:00")
    # Reflowed, so that no word differs, with a note of nothing, which stays. And a passage taken
    # out, a headline changed, a note reworded.
    flowed = [THIRD.replace("dolor in", "dolor\nin"), *now[1:]]
    more = first + note(3, "correction", "Nomen falsum erat.", "2022-01-09T10:00:00+00:00")
    one.commit("i", write={war: war_text(*flowed, notes=more)}, at="2022-01-09T10:00:00+00:00")
    last = more.replace("Numerus mutatus", "Nihil fere umquam mutatum")
    one.commit(
        "j",
        write={war: war_text(*flowed[:2], flowed[3], title="Abutere", notes=last)},
        at="2022-01-10T10:00:00+00:00",
    )
    one.commit("k", move={"acta/vetus.md": "acta/novus.md"}, at="2022-01-11T10:00:00+00:00")
    one.commit(
        "l",
        delete=[gone],
        write={
            late: article(FIRST, notes="date: 2022-02-01\n"),
            "acta/latens.md": article(FIRST, title="Latens", extra="draft: true\n"),
        },
        at="2022-01-12T10:00:00+00:00",
    )
    one.build(checkout=True)


PAGES = (
    "/", "/?substantive=1", "/?person=nemo", "/?kind=correction", "/articles/", "/corrections/",
    "/corrections/2022-01/", "/corrections/2020-01/", "/corrections/2022/",
    "/corrections/1999/correction/", "/changelog/", "/changelog/2022-01/",
    "/check/", "/check/2022-01/", "/check/?rule=date-moved",
    "/check/statistics/", "/search/?q=lorem", "/search/?q=xyzzy", "/search/?q=quinquaginta&older=1",
    "/month/2022-01/",
    "/article/acta/bellum/", "/history/acta/bellum/", "/blame/acta/bellum/",
    "/article/acta/novus/", "/history/acta/novus/", "/article/acta/futura/",
    "/history/acta/abiit/", "/article/acta/abiit/", "/history/acta/latens/",
    "/article/nusquam/", "/?kind=nihil", "/nusquam",
)  # fmt: skip
"""Addresses of every kind of page but those that lead to versions, which the histories link to."""


def english_only(code: str) -> set[str]:
    """Runs of words of the English phrases that a page in another language has no use for."""
    own = " ".join(_runs(code)).casefold()
    return {
        run
        for run in _runs("en")
        if len(run) > 3 and run.casefold() not in own and run.casefold() not in _EVERYWHERE
    }


_EVERYWHERE = frozenset({"desk"})


def _runs(code: str) -> set[str]:
    """The words of a language's phrases between the places for values."""
    found: set[str] = set()
    for wording in phrases(code).values():
        for each in [wording] if isinstance(wording, str) else wording.values():
            found |= {run.strip(" .:,;“”()") for run in re.split(r"\{\w+\}", each)}
    return {run for run in found if any(letter.isalpha() for letter in run)}
