"""``history`` and ``changelog`` of a time, of a kind of note, by somebody; and what was deleted."""

from __future__ import annotations

import pytest

from tests.desk import Desk


@pytest.fixture
def archive(newsroom: Desk) -> Desk:
    """Two articles, one of them corrected by Bo and deleted later."""
    newsroom.write("tracker.toml", 'timezone = "America/New_York"\n')
    ada, bo = "Ada Editor <ada@example.org>", "Bo Desk <bo@example.org>"
    for name, text, at, by, note in (
        ("mill", "The mill employs 400.", "2022-03-01T09:00-05:00", ada, ()),
        ("ferry", "The ferry costs $12.", "2022-03-20T09:00-04:00", bo, ()),
        (
            "mill",
            "The mill employs 40.",
            "2022-04-01T09:00-04:00",
            bo,
            ("--correction", "An earlier version misstated the number."),
        ),
        (
            "ferry",
            "The ferry costs $21.",
            "2022-05-01T09:00-04:00",
            ada,
            ("--update", "to give the new price"),
        ),
        ("mill", "The mill employs 44.", "2022-05-20T09:00-04:00", ada, ()),
    ):
        newsroom.write(f"{name}.md", f"# The {name}\n\n{text}\n")
        newsroom.ok("record", f"{name}.md", "--at", at, "--by", by, *note)
    return newsroom


CASES: tuple[tuple[list[str], list[str]], ...] = (
    ([], ["mill", "ferry", "mill", "ferry", "mill"]),
    (["--since", "2022-05"], ["mill", "ferry"]),
    (["--until", "2022-03"], ["ferry", "mill"]),
    (["--since", "2022-03-20", "--until", "2022-04-01"], ["mill", "ferry"]),
    (["--kind", "correction"], ["mill"]),
    (["--person", "bo"], ["mill", "ferry"]),
    (["--person", "bo", "--since", "2022-04"], ["mill"]),
)


@pytest.mark.parametrize(("words", "found"), CASES)
def test_the_history_of_the_newsroom(archive: Desk, words: list[str], found: list[str]) -> None:
    listed = archive.ok("history", "--json", *words).json["revisions"]
    assert [each["article"]["slug"] for each in listed] == found


@pytest.mark.parametrize(("words", "found"), CASES)
def test_the_history_of_one_article(archive: Desk, words: list[str], found: list[str]) -> None:
    listed = archive.ok("history", "mill", "--json", *words).json["revisions"]
    assert len(listed) == found.count("mill")


@pytest.mark.parametrize(
    ("words", "days"),
    [
        (["mill"], ["2022-05-20", "2022-04-01", "2022-03-01"]),
        (["mill", "--since", "2022-04"], ["2022-05-20", "2022-04-01"]),
        (["mill", "--person", "bo"], ["2022-04-01"]),
        (["mill", "--kind", "correction"], ["2022-04-01"]),
        ([], ["2022-05-01", "2022-04-01"]),
        (["--until", "2022-04"], ["2022-04-01"]),
        (["--person", "ada"], ["2022-05-01"]),
        (["--kind", "correction"], ["2022-04-01"]),
    ],
)
def test_the_changelog(archive: Desk, words: list[str], days: list[str]) -> None:
    out = archive.ok("changelog", *words).out
    assert [line for line in out.splitlines() if line[:2] == "20"] == days


def test_what_is_listed_can_be_pasted(archive: Desk) -> None:
    lines = archive.ok("history", "--limit", "1").out.splitlines()
    assert lines[1] == "      The mill  mill.md"
    archive.ok("history", lines[1].split()[-1])


def test_what_fits_nothing_is_said(archive: Desk) -> None:
    assert "no revision fits." in archive.ok("history", "mill", "--since", "2022-06").err
    assert "nothing of the changelog fits." in archive.ok("changelog", "--since", "2022-06").err
    assert "Nobody called “zoe”" in archive.refused("history", "--person", "zoe")
    assert "is not a date" in archive.refused("changelog", "--since", "soon")
    assert "A feed has all" in archive.refused("changelog", "--format", "atom", "--kind", "update")


def test_deleted_articles_are_listed(archive: Desk) -> None:
    assert "no article was deleted" in archive.ok("history", "--deleted").err
    archive.git("rm", "-q", "ferry.md")
    archive.git("commit", "-q", "-m", "Away", "--date", "2022-05-25T09:00-04:00")
    said = archive.ok("history", "--deleted")
    assert said.out.splitlines()[0] == "The ferry  ferry.md"
    assert "      deleted 2022-05-25 09:00 EDT  Ada Editor  " in said.out
    (gone,) = archive.ok("history", "--deleted", "--json").json["deleted"]
    assert (gone["article"]["path"], gone["event"]["kind"]) == ("ferry.md", "deleted")
    assert archive.ok("history", "--deleted", "--until", "2022-05-24").out == ""
    archive.ok("history", "ferry.md")
