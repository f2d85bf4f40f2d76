"""The lines under the article: put in, made again, and taken out without a trace."""

from __future__ import annotations

import contextlib
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.growth import grows_straight, reads_straight
from tracker.errors import TrackerError
from tracker.house import style as house_style
from tracker.house.changelog import by_time, replaced, standing
from tracker.house.footer import add_line, block_differs, embed, lines
from tracker.house.notes import wording
from tracker.model import KINDS, Kind, Note, Precision
from tracker.text.document import parse

CASES = Path(__file__).parent / "cases" / "footers"
NEW_YORK = ZoneInfo("America/New_York")
NEWSWEEK = house_style.load("newsweek")


def note(
    name: str,
    text: str = "This article has been updated.",
    day: int = 12,
    kind: Kind = "update",
    amends: str | None = None,
) -> Note:
    at = datetime(2022, 5, 1, 11, 45, tzinfo=UTC) + timedelta(days=day - 1)
    return Note(name, kind, text, at, amends=amends)


def read_note(raw: dict[str, Any]) -> Note:
    at, precision = raw["at"], "minute"
    if not isinstance(at, datetime):
        at, precision = datetime(at.year, at.month, at.day, tzinfo=NEW_YORK), "day"
    level: Precision = "day" if precision == "day" else "minute"
    return Note(
        raw["id"], raw["kind"], raw["text"], at, level, raw.get("amends"), raw.get("withdrawn")
    )


def cases() -> list[Any]:
    found = tomllib.loads((CASES / "embed.toml").read_text(encoding="utf-8"))["case"]
    return [pytest.param(case, id=case["name"]) for case in found]


@pytest.mark.parametrize("case", cases())
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_blocks_are_made_as_the_cases_say(case: dict[str, Any], newline: str) -> None:
    style = house_style.load(case.get("style", "newsweek"))
    notes = [read_note(raw) for raw in case["notes"]]
    before = parse(case["before"].replace("\n", newline))
    after = embed(before, notes, style, NEW_YORK, case.get("maximum"))
    assert after == case["after"].replace("\n", newline)
    assert embed(parse(after), notes, style, NEW_YORK, case.get("maximum")) == after
    assert block_differs(parse(after), notes, style, NEW_YORK, case.get("maximum")) == ()


pieces = st.lists(
    st.sampled_from(
        [
            "# Headline",
            "Headline",
            "=========",
            "Text of it.",
            "More text, in a list:",
            "- one",
            "  ",
            "",
            "",
            "```",
            "    code",
            "<!-- updates -->x",
            "[1]: https://example.org/",
            "[^1]: A footnote",
            "    that goes on",
            "___",
            "> quoted",
        ]
    ),
    max_size=9,
).map(lambda body: [*body, "```"] if body.count("```") % 2 else body)
heads = st.sampled_from(
    ["", "\ufeff", "---\ntitle: x\n---\n", "\ufeff+++\n+++\n", "Title: x\nDate: y\n"]
)
some_notes = st.lists(
    st.builds(
        note,
        st.sampled_from(["u1", "u2", "u3", "u4"]),
        st.sampled_from(
            ["This article has been updated.", "It was 40, not 400.", "A name\nwas wrong."]
        ),
        st.integers(1, 28),
        st.sampled_from(KINDS),
        st.none() | st.sampled_from(["u1", "u2", "u3", "u9"]),
    ),
    max_size=5,
)


@given(
    heads,
    pieces,
    st.sampled_from(["", "\n", "\n\n"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    some_notes,
    some_notes,
    st.sampled_from(["newsweek", "ap", "french"]),
    st.none() | st.integers(0, 3),
)
@settings(max_examples=150)
def test_a_block_goes_without_a_trace(
    head: str,
    body: list[str],
    end: str,
    newline: str,
    first: list[Note],
    second: list[Note],
    name: str,
    maximum: int | None,
) -> None:
    """Put in twice it is the same; made for other notes and then for none, nothing is left."""
    style = house_style.load(name)
    text = (head + "\n".join(body) + end).replace("\n", newline)
    document = parse(text)
    one = embed(document, first, style, NEW_YORK, maximum)
    two = embed(parse(one), second, style, NEW_YORK, maximum)
    assert embed(parse(one), first, style, NEW_YORK, maximum) == one
    assert block_differs(parse(one), first, style, NEW_YORK, maximum) == ()
    assert embed(document, second, style, NEW_YORK, maximum) == two
    assert embed(parse(one), [], style, NEW_YORK) == text
    assert embed(parse(two), [], style, NEW_YORK) == text


@given(heads, pieces, st.sampled_from(["", "\n"]), st.sampled_from(["\n", "\r\n"]), some_notes)
@settings(max_examples=100)
def test_a_line_in_the_body_is_added_once_and_nothing_else_is_touched(
    head: str, body: list[str], end: str, newline: str, notes: list[Note]
) -> None:
    text = (head + "\n".join(body) + end).replace("\n", newline)
    for each in notes if newline in text else ():
        added = add_line(parse(text), each, NEWSWEEK, NEW_YORK)
        assert add_line(parse(added), each, NEWSWEEK, NEW_YORK) == added
        if added != text:
            line = wording.line(NEWSWEEK, each, NEW_YORK)
            place = added.index(line)
            rest = added[:place] + added[place + len(line) :]
            assert "".join(rest.split()) == "".join(text.split())
            assert newline == "\n" or rest.count("\n") == rest.count("\r\n")
        text = added


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Text.", "Text.\n\nLINE"),
        ("Text.\n", "Text.\n\nLINE\n"),
        ("Text.\n\n\n", "Text.\n\nLINE\n\n\n"),
        ("", "LINE\n"),
        ("# Head\n", "# Head\n\nLINE\n"),
        ("Title: x\nDate: y\n\nText.\n", "Title: x\nDate: y\n\nText.\n\nLINE\n"),
        ("Text[^1].\n\n[^1]: Foot\n    note\n", "Text[^1].\n\nLINE\n\n[^1]: Foot\n    note\n"),
        (
            "Text [x].\n\n[x]: https://a.b\n[y]: /c\n",
            "Text [x].\n\nLINE\n\n[x]: https://a.b\n[y]: /c\n",
        ),
        ("[x]: https://a.b\n\nText.\n", "[x]: https://a.b\n\nText.\n\nLINE\n"),
    ],
)
def test_the_line_stands_after_the_last_paragraph(before: str, after: str) -> None:
    each = note("u1")
    line = wording.line(NEWSWEEK, each, NEW_YORK)
    assert line == "Update 05/12/22, 7:45 a.m. ET: This article has been updated."
    assert add_line(parse(before), each, NEWSWEEK, NEW_YORK) == after.replace("LINE", line)


def test_the_first_line_of_a_retracted_article_stands_below_its_headline() -> None:
    each = note("u1", "This article has been retracted.", kind="retraction")
    line = wording.line(NEWSWEEK, each, NEW_YORK)
    for before, after in (
        ("# Head\n\nText.\n", f"# Head\n\n{line}\n\nText.\n"),
        ("# Head\nText.\n", f"# Head\n\n{line}\n\nText.\n"),
        ("Text.\n", f"{line}\n\nText.\n"),
        ("Title: x\nDate: y\n\nText.\n", f"Title: x\nDate: y\n\n{line}\n\nText.\n"),
    ):
        assert add_line(parse(before), each, NEWSWEEK, NEW_YORK) == after


def test_lines_keep_the_order_of_the_house() -> None:
    for name, days in (("newsweek", [1, 2, 3]), ("cnn", [3, 2, 1])):
        style = house_style.load(name)
        text = "Text.\n"
        for day in (1, 2, 3):
            text = add_line(parse(text), note("u", f"Thing {day} was added.", day), style, NEW_YORK)
        assert [text.index(f"Thing {day}") for day in days] == sorted(
            text.index(f"Thing {day}") for day in days
        )


def test_hand_edits_inside_the_markers_are_told_by_line() -> None:
    notes = [note("u1", "One thing changed.", 1), note("u2", "Another changed.", 2)]
    text = embed(parse("Text.\n"), notes, NEWSWEEK, NEW_YORK)
    assert text.splitlines()[4].endswith("One thing changed.")

    def differs(changed: str) -> tuple[int, ...]:
        return block_differs(parse(changed), notes, NEWSWEEK, NEW_YORK)

    assert differs("Text.\n") == ()
    assert differs(text.replace("One thing", "Some thing")) == (5,)
    assert differs(text.replace("changed.", "was changed.")) == (5, 7)
    assert differs(text.replace("<!-- /updates", "More.\n\n<!-- /updates")) == (9,)
    gone = "".join(line for line in text.splitlines(True) if "One thing" not in line)
    assert differs(gone) == (6,)
    assert differs("Text.\n\n<!-- updates -->\n<!-- /updates -->\n") == (4,)
    assert differs(text.replace("\n", "\r\n")) == ()
    assert block_differs(parse(text), [], NEWSWEEK, NEW_YORK) == (5, 7)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Text.\n\n<!-- updates -->\n\nLine.\n", 3),
        ("Text.\n\n<!-- /updates -->\n", 3),
        ("<!-- updates -->\n\nText.\n\n<!-- updates -->\n<!-- /updates -->\n", 1),
    ],
)
def test_a_marker_without_its_other_half_is_refused(text: str, line: int) -> None:
    """Nothing between two markers that do not belong together is ever taken out."""
    with pytest.raises(TrackerError) as caught:
        embed(parse(text), [note("u1")], NEWSWEEK, NEW_YORK)
    assert caught.value.sentence == (
        f"Line {line} of the file has a marker of the notes without its other half."
    )


def test_an_article_that_ends_in_open_code_takes_no_note() -> None:
    sentence = "its last block of code is not closed"
    with pytest.raises(TrackerError, match=sentence):
        embed(parse("Text.\n\n```\ncode\n"), [note("u1")], NEWSWEEK, NEW_YORK)
    with pytest.raises(TrackerError, match=sentence):
        add_line(parse("Text.\n\n```\ncode\n"), note("u1"), NEWSWEEK, NEW_YORK)


def test_chains_of_amendments_are_followed_and_circles_survived() -> None:
    def ids(*notes: Note) -> list[str]:
        return [each.id for each in standing(notes)]

    a, b, c = note("a"), note("b", day=13, amends="a"), note("c", day=14, amends="b")
    taken_back = datetime(2022, 6, 1, tzinfo=UTC)
    assert ids(a, b, c) == ["c"]
    assert ids(c, b, a) == ["c"]
    assert ids(a, b._replace(withdrawn=taken_back)) == ["a"]
    assert ids(a, b._replace(withdrawn=taken_back), c) == ["c"]
    assert ids(a, b, c._replace(withdrawn=taken_back)) == ["b"]
    assert ids(a._replace(amends="a")) == ["a"]
    assert ids(a._replace(amends="gone")) == ["a"]
    assert ids(a._replace(amends="b"), b) == ["b"]
    assert ids(a._replace(amends="c"), b, c) == ["c"]
    assert ids(a._replace(amends="c"), b, c._replace(withdrawn=taken_back)) == ["b"]
    assert replaced([a._replace(amends="b"), b, note("d", day=15, amends="b")]) == {"a", "b"}


def test_notes_of_one_day_keep_their_order_when_one_gives_no_time() -> None:
    first, second = note("u1"), note("u2")._replace(precision="day")
    second = second._replace(at=second.at.replace(hour=0, minute=0))
    assert [each.id for each in by_time([first, second])] == ["u1", "u2"]
    assert [each.id for each in by_time([second, first])] == ["u2", "u1"]


def test_an_article_with_150_notes_shows_the_newest() -> None:
    notes = [note(f"u{day}", f"Thing {day} was added.", day) for day in range(1, 151)]
    shown = lines(notes, NEWSWEEK, NEW_YORK, "bottom", 3)
    assert shown[0] == '<details markdown="1">\n<summary>Earlier updates</summary>'
    assert shown[148] == "</details>"
    assert [line.rpartition(": ")[2] for line in shown[149:]] == [
        "Thing 148 was added.",
        "Thing 149 was added.",
        "Thing 150 was added.",
    ]
    assert lines(notes, NEWSWEEK, NEW_YORK, "top") == ()
    text = embed(parse("Text.\n"), notes, NEWSWEEK, NEW_YORK, 3)
    assert embed(parse(text), notes, NEWSWEEK, NEW_YORK, 3) == text


def test_words_of_a_note_cannot_end_the_block() -> None:
    each = note("u1", "One.\n<!-- /updates -->\n```\nTwo.")
    text = embed(parse("Text.\n"), [each], NEWSWEEK, NEW_YORK)
    assert embed(parse(text), [], NEWSWEEK, NEW_YORK) == "Text.\n"


@pytest.mark.parametrize(
    "text",
    [
        "<!-- updates -->\n<!-- /updates -->\n" * 30_000,
        "<!-- updates -->\n" * 30_000,
        "<!--" + " " * 1_000_000 + "updates -->",
        "*" * 1_000_000,
        "[" * 1_000_000,
        "[x]: y\n" * 100_000,
        "This article has been updated.\n\n" * 30_000,
        "Update 05/12/22: x\n\n" * 3_000,
        "x " * 500_000,
        "\n" * 100_000,
        "=\n" * 100_000,
    ],
    ids=range(11),
)
def test_hostile_bodies_cost_bounded_time(text: str) -> None:
    def worked(part: str) -> None:
        for work in (embed, block_differs):
            with contextlib.suppress(TrackerError):
                work(parse(part), [note("u1")], NEWSWEEK, NEW_YORK)
        with contextlib.suppress(TrackerError):
            add_line(parse(part), note("u1"), NEWSWEEK, NEW_YORK)

    reads_straight(worked, text)


def test_very_long_chains_cost_bounded_time() -> None:
    chain = [note(f"u{n}", amends=f"u{n - 1}") for n in range(50_000)]
    circle = [*chain, note("u0", amends="u49999")]
    for notes in (chain, circle):
        grows_straight(lambda parts, _: standing(notes[: parts * len(notes) // 4]))  # noqa: B023
    assert len(standing(circle)) == 1
