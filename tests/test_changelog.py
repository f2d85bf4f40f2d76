"""Changelog entries from a history, and the three clocks of an article."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import markdown
import pytest

from tracker.house import settings
from tracker.house import style as house_style
from tracker.house.changelog import (
    clocks,
    entries,
)
from tracker.model import Article, Entry, History, Note, Person, Revision
from tracker.render.told import changelog_markdown

NEW_YORK = ZoneInfo("America/New_York")
STYLE = house_style.load("newsweek")
START = datetime(2022, 5, 10, 12, 0, tzinfo=UTC)
ARTICLE = Article("posts/war.md", "war", "War report")


def revision(
    number: int,
    hours: float,
    *notes: Note,
    published: bool = True,
    words: tuple[int, int] = (0, 0),
    labels: tuple[str, ...] = (),
) -> Revision:
    return Revision(
        number=number,
        commit=f"{number:040x}",
        path=ARTICLE.path,
        at=START + timedelta(hours=hours),
        person=Person("Ada", ""),
        subject="",
        headline="War report",
        published=published,
        notes=notes,
        words_added=words[0],
        words_removed=words[1],
        substantive=False,
        reasons=(),
        labels=frozenset(labels),
    )


def note(name: str, hours: float, text: str = "This article has been updated.") -> Note:
    return Note(name, "update", text, START + timedelta(hours=hours))


def history(*revisions: Revision, notes: tuple[Note, ...] = ()) -> History:
    return History(ARTICLE, revisions, (), notes=notes)


def told(found: tuple[Entry, ...]) -> list[tuple[str, int | None, str]]:
    return [(entry.what, entry.revision, entry.line) for entry in found]


def test_a_changelog_tells_what_happened_newest_first() -> None:
    found = entries(
        history(
            revision(1, 0, published=False, words=(9, 0)),
            revision(2, 1),
            revision(3, 30, words=(12, 3)),
            revision(4, 71, words=(1, 1)),
            revision(5, 72, note("u1", 71.75, "This article has been updated to add a name.")),
            revision(6, 200, labels=("headline", "link")),
        ),
        STYLE,
        NEW_YORK,
    )
    assert told(found) == [
        ("edited", 6, "The headline was changed."),
        (
            "note",
            5,
            "Update 05/13/22, 7:45 a.m. ET: This article has been updated to add a name.",
        ),
        ("edited", 3, "Words added: 12, removed: 3."),
        ("published", 2, "Published."),
    ]
    assert found[1].note is not None
    assert found[1].at == START + timedelta(hours=71.75)
    assert found[1].commit == f"{5:040x}"


def test_an_edit_is_told_by_a_note_of_the_next_day_or_by_one_that_names_it() -> None:
    edit, late = revision(2, 10), revision(4, 60, note("u1", 60))
    first, between = revision(1, 0), revision(3, 36.5)

    def edited(*revisions: Revision, grace: int = 24) -> list[int | None]:
        found = entries(history(*revisions), STYLE, NEW_YORK, timedelta(hours=grace))
        return [entry.revision for entry in found if entry.what == "edited"]

    assert edited(first, edit, between, late) == [2]
    assert edited(first, edit, between, late, grace=12) == [3, 2]
    assert edited(first, edit, between, late, grace=50) == []
    naming = late._replace(notes=(note("u1", 60)._replace(covers=edit.commit),))
    assert edited(first, edit, between, naming) == [3]
    other = edit._replace(commit="abcdef0" + "1" * 33)
    short = late._replace(notes=(note("u1", 60)._replace(covers="abcdef0"),))
    assert edited(first, other, between, short) == [3]
    too_short = late._replace(notes=(note("u1", 60)._replace(covers="ab"),))
    assert edited(first, other, between, too_short) == [3, 2]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("german", "Wörter ergänzt: 2."),
        ("french", "Mots ajoutés : 2."),
        ("spanish", "Palabras añadidas: 2."),
        ("ukrainian", "Додано слів: 2."),
        ("ap", "Words added: 2."),
    ],
)
def test_edits_are_told_in_the_language_of_the_house(language: str, line: str) -> None:
    style = house_style.load(language)
    found = entries(history(revision(1, 0), revision(2, 30, words=(2, 0))), style, NEW_YORK)
    assert found[0].line == line


@pytest.mark.parametrize(
    ("labels", "words", "line"),
    [
        ((), (0, 0), "Edited without a change of words."),
        (("link", "image"), (0, 0), "An image was changed. A link was changed."),
        (("moved",), (0, 0), "A passage was moved."),
        (
            ("dek", "byline"),
            (0, 4),
            "The line under the headline was changed. The byline was changed. Words removed: 4.",
        ),
    ],
)
def test_edits_without_words_are_told_by_what_they_touched(
    labels: tuple[str, ...], words: tuple[int, int], line: str
) -> None:
    found = entries(
        history(revision(1, 0), revision(2, 30, words=words, labels=labels)), STYLE, NEW_YORK
    )
    assert found[0].line == line


def test_withdrawn_and_replaced_notes_stay_in_the_record_and_are_marked() -> None:
    first, second = note("u1", 1), note("u2", 2)._replace(amends="u1")
    gone = note("u3", 3)._replace(withdrawn=START + timedelta(hours=9))
    found = entries(
        history(
            revision(1, 0),
            revision(2, 1, first),
            revision(3, 2, second),
            revision(4, 3, gone._replace(withdrawn=None)),
            notes=(first, second, gone),
        ),
        STYLE,
        NEW_YORK,
    )
    assert [(e.note.id, e.withdrawn, e.amended) for e in found if e.note] == [
        ("u3", True, False),
        ("u2", False, False),
        ("u1", False, True),
    ]


def test_no_note_is_counted_twice() -> None:
    """A note that comes back in a later revision keeps the first, and its newest words."""
    found = entries(
        history(
            revision(1, 0),
            revision(2, 30, note("u1", 30)),
            revision(3, 90, note("u1", 30, "New words.")),
        ),
        STYLE,
        NEW_YORK,
    )
    assert [(e.what, e.revision) for e in found] == [("note", 2), ("published", 1)]
    assert found[0].line.endswith("New words.")


def test_a_note_that_gives_only_its_day_stands_above_the_publication_of_that_day() -> None:
    midnight = datetime(2022, 5, 10, tzinfo=NEW_YORK)
    day = note("u1", 0)._replace(at=midnight, precision="day")
    found = entries(history(revision(1, 1, day)), STYLE, NEW_YORK)
    assert [entry.what for entry in found] == ["note", "published"]
    assert found[0].at == midnight
    assert clocks(history(revision(1, 1, day))).updated_precision == "day"


def test_three_clocks_are_kept_apart() -> None:
    refile = note("u2", 50)._replace(kind="refile")
    whole = history(
        revision(1, 0, published=False),
        revision(2, 1),
        revision(3, 30, note("u1", 30)),
        revision(4, 50, refile),
        revision(5, 80),
    )
    assert clocks(whole).published == START + timedelta(hours=1)
    assert clocks(whole).updated == START + timedelta(hours=30)
    assert clocks(whole).touched == START + timedelta(hours=80)
    taken = note("u1", 30)._replace(withdrawn=START)
    assert clocks(whole._replace(notes=(taken,))).updated is None
    empty = history()
    assert (clocks(empty).published, clocks(empty).updated, clocks(empty).touched) == (
        None,
        None,
        None,
    )
    assert entries(empty, STYLE, NEW_YORK) == ()


def test_a_long_history_is_told_quickly() -> None:
    revisions = [
        revision(n, n * 3, *([note(f"u{n}", n * 3)] if n % 3 == 0 else [])) for n in range(1, 3001)
    ]
    found = entries(history(*revisions), STYLE, NEW_YORK)
    assert sum(entry.what == "note" for entry in found) == 1000
    assert [entry.at for entry in found] == sorted((entry.at for entry in found), reverse=True)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("<script>alert(1)</script>", "alert(1)"),
        ("<b onclick=x>bold</b> &amp; 1 < 2", "1 < 2"),
        ("[one](javascript:alert(1)) [two](https://example.org/)", "two"),
        ("![x](data:text/html,x)", "x"),
        ("# no heading", "# no heading"),
        ("1. no list", "1. no list"),
        ("<!-- hidden --> words", "words"),
        ("<javascript:alert(1)>", "javascript:alert(1)"),
    ],
)
def test_as_markdown_a_note_brings_no_html_and_no_block_of_its_own(words: str, shown: str) -> None:
    """Rendered by whatever renders it: Python-Markdown here."""
    entry = Entry(ARTICLE, START, "day", "note", note("u1", 0, words), words, 1, None)
    page = changelog_markdown([entry], settings.read("", "", lambda _: ""), ARTICLE)
    rendered = markdown.markdown(page)
    assert shown.replace("<", "&lt;") in rendered
    tags = set(re.findall(r"<(/?\w+)", rendered)) - {"h1", "/h1", "h2", "/h2", "ul", "/ul", "li"}
    assert tags <= {"/li", "a", "/a"}
    assert not re.search(r'(?:href|src)="(?!https?:)', rendered)
