"""Notes written by hand: found in every shape, and look-alikes left alone."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.growth import reads_straight
from tests.measured import labelled_lines
from tracker import find_notes
from tracker.errors import TrackerError
from tracker.house.notes.merge import differences, read_notes
from tracker.house.notes.wording import line
from tracker.house.style import load, names
from tracker.model import KINDS, FoundNote, Note
from tracker.text.document import note_id, parse

CASES = Path(__file__).with_name("cases") / "notes"
STOOD = date(2024, 3, 15)
NEW_YORK = ZoneInfo("America/New_York")


def cases(name: str) -> list[Any]:
    data = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))
    return [pytest.param(one, id=one["text"][:60]) for one in data["case"]]


def lookalikes() -> list[Any]:
    data = tomllib.loads((CASES / "lookalikes.toml").read_text(encoding="utf-8"))
    return [pytest.param(text, id=text[:60]) for one in data["case"] for text in one["texts"]]


def agrees(note: FoundNote, text: str, wanted: dict[str, Any]) -> None:
    assert note.kind == wanted["kind"]
    if "words" in wanted:
        assert note.text == wanted["words"]
    if "label" in wanted:
        assert note.label == wanted["label"]
    if "date" in wanted:
        assert (note.date.isoformat() if note.date else "") == wanted["date"]
    if "time" in wanted:
        assert note.time is not None
        assert note.time.isoformat("minutes") == wanted["time"]
    if "zone" in wanted:
        assert note.zone == wanted["zone"]
    if "position" in wanted:
        assert note.position == wanted["position"]
    if "span" in wanted:
        assert text[note.start : note.end] == wanted["span"]


@pytest.mark.parametrize("case", cases("english") + cases("languages") + cases("more_languages"))
def test_a_note_is_found_with_kind_words_and_date(case: dict[str, Any]) -> None:
    text = case["text"]
    found = find_notes(text, as_of=STOOD, language=case.get("language"))
    wanted = case.get("many") or [{"span": text.strip("\n"), **case}]
    assert len(found) == len(wanted), found
    for note, one in zip(found, wanted, strict=True):
        agrees(note, text, one)


@pytest.mark.parametrize("text", lookalikes())
def test_what_only_looks_like_a_note_is_left_alone(text: str) -> None:
    assert find_notes(text, as_of=STOOD) == ()


def note(
    kind: Any = "update",
    text: str = "This article has been updated to add a map.",
    at: datetime = datetime(2022, 5, 12, 7, 45, tzinfo=NEW_YORK),
    **more: Any,
) -> Note:
    return Note(more.pop("id", "u1"), kind, text, at, **more)


@pytest.mark.parametrize("style", names())
@pytest.mark.parametrize("kind", KINDS)
def test_a_line_that_a_house_writes_is_found_again(style: str, kind: Any) -> None:
    house = load(style)
    written = line(house, note(kind, "The harbor has two cranes, not three."), NEW_YORK)
    text = f"The harbor is open again after the storm.\n\nIt has two cranes.\n\n{written}\n"
    found = find_notes(text, as_of=date(2022, 5, 20), style=style)
    assert [text[one.start : one.end] for one in found] == [written]
    assert "two cranes" in found[0].text


@pytest.mark.parametrize("style", names())
def test_a_house_reads_its_own_order_of_day_and_month(style: str) -> None:
    house = load(style)
    written = line(house, note(), NEW_YORK)
    found = find_notes(written, as_of=date(2022, 5, 20), style=style)
    assert [one.date in (date(2022, 5, 12), None) for one in found] == [True]


def test_a_style_that_is_not_known_is_named() -> None:
    with pytest.raises(TrackerError):
        find_notes("Update: The road is open.", style="no-such-house")


def test_the_day_on_which_a_text_stood_gives_the_year() -> None:
    text = "**Update, Dec. 30:** The road is open."
    assert find_notes(text, as_of=date(2024, 1, 2))[0].date == date(2023, 12, 30)
    assert find_notes(text, as_of=date(2023, 12, 31))[0].date == date(2023, 12, 30)
    assert find_notes(text)[0].date is None


def test_a_doubtful_numeric_date_is_read_by_house_or_language() -> None:
    text = "Correction 03/04/24: The road is closed."
    assert find_notes(text, as_of=STOOD)[0].date == date(2024, 3, 4)
    assert find_notes(text, as_of=STOOD, language="en-US")[0].date == date(2024, 3, 4)
    assert find_notes(text, as_of=date(2024, 5, 1), language="en-GB")[0].date == date(2024, 4, 3)
    assert find_notes(text, as_of=date(2024, 5, 1), style="bbc")[0].date == date(2024, 4, 3)


HOSTILE = {
    "stars": "*" * 66_000,
    "brackets": "(" * 66_000,
    "square brackets": "[update" * 10_000,
    "brackets in pairs": "(update)" * 8_000,
    "links": "[Update](" * 10_000,
    "quotation marks": ">" * 66_000,
    "one line": "update " * 50_000,
    "labels": "Update: a\n" * 6_000,
    "labels in paragraphs": "Update: a\n\n" * 6_000,
    "labels alone": "Update:\n\n" * 6_000,
    "tags": "<p>Update: a" * 6_000,
    "open tags": "<p " * 23_000,
    "comments": "<!-- update " * 6_000,
    "dates": "Update 1 " + "May 1 " * 13_000,
    "list": "Revisions:\n\n" + "- update\n" * 6_000,
    "items": "- Update: a\n" * 6_000,
    "headings": "## Update\n\na\n\n" * 1_000,
    "backticks": "`" * 33_000 + "update",
    "spaces": "update" + " " * 100_000 + "x",
    "newlines": "\n" * 100_000 + "update: a",
    "shortcodes": "{% update " * 10_000,
    "dotless": "İ" * 16_000 + "\n\nUpdate: a",
    "sentences": "This article was amended " + "amended " * 13_000,
    "front matter": "---\n" + "a: b\n" * 16_000,
    "underscores": "_a" * 33_000 + " update",
    "escapes": "\\*update" * 10_000,
    "fence": "```\n" * 20_001 + "Update: a",
    "nested quotation": "> " * 16_000 + "Update: a",
    "entities": "&amp;update;" * 6_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_cost_bounded_time(name: str) -> None:
    reads_straight(lambda text: find_notes(text, as_of=STOOD), HOSTILE[name])


MARKUP = (
    "Update|Correction|:| |\n|\n\n|*|_|(|)|[|]|>|- |# |<p>|</p>|<br>|a|```|—|---\n|\r\n|İ|\u2028"
)
WORDS = "May 3|2024-03-01|This article was amended|<!-- updates -->|<!-- /updates -->|Editor’s note"
ALPHABET = st.sampled_from([*MARKUP.split("|"), *WORDS.split("|")])


@given(st.lists(ALPHABET, max_size=40).map("".join))
def test_offsets_of_notes_stand_in_order_inside_the_text(text: str) -> None:
    found = find_notes(text, as_of=STOOD)
    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(text)
        assert one.text.strip()
        at = one.end


@given(st.text(max_size=300))
def test_any_text_gives_an_answer(text: str) -> None:
    find_notes(text, as_of=STOOD)
    find_notes(f"Update: {text}")


FRONT = """---
title: The harbor
updates:
  - id: u1
    kind: update
    at: 2022-05-12T07:45:00-04:00
    text: This article has been updated to add a map.
---
The harbor is open.

"""
BROUGHT = datetime(2022, 5, 13, 12, 0, tzinfo=UTC)


def test_a_line_with_the_words_of_a_structured_note_is_that_note() -> None:
    text = FRONT + "Update 05/12/22, 7:45 a.m. ET: This article has been updated to add a map.\n"
    notes = read_notes(parse(text), style=load("newsweek"), zone=NEW_YORK, brought=BROUGHT)
    assert [one.id for one in notes] == ["u1"]


def test_between_the_markers_the_front_matter_rules() -> None:
    text = f"{FRONT}<!-- updates -->\nUpdate 05/12/22: Something else.\n<!-- /updates -->\n"
    notes = read_notes(parse(text), style=load("newsweek"), zone=NEW_YORK, brought=BROUGHT)
    assert [one.id for one in notes] == ["u1"]


def test_a_line_by_hand_stands_beside_the_structured_notes() -> None:
    text = FRONT + "Correction 05/13/22, 9:00 a.m. ET: The harbor has two cranes.\n"
    notes = read_notes(parse(text), style=load("newsweek"), zone=NEW_YORK, brought=BROUGHT)
    assert [(one.kind, one.origin) for one in notes] == [
        ("update", "front-matter"),
        ("correction", "body"),
    ]
    assert notes[1].id == note_id("correction", "The harbor has two cranes.")
    assert notes[1].at == datetime(2022, 5, 13, 9, 0, tzinfo=NEW_YORK)
    assert notes[1].precision == "minute"


@pytest.mark.parametrize(
    ("written", "at", "precision"),
    [
        ("Update 05/12/22, 7:45 a.m. UTC", datetime(2022, 5, 12, 7, 45, tzinfo=UTC), "minute"),
        ("Update 05/12/22", datetime(2022, 5, 12, tzinfo=NEW_YORK), "day"),
        ("Update", BROUGHT, "none"),
        ("Update, 5:30 p.m. ET", datetime(2022, 5, 13, 17, 30, tzinfo=NEW_YORK), "minute"),
    ],
)
def test_the_instant_of_a_line_is_read_in_its_zone(
    written: str, at: datetime, precision: str
) -> None:
    text = f"The harbor is open.\n\n{written}: The road is open too.\n"
    notes = read_notes(parse(text), style=load("newsweek"), zone=NEW_YORK, brought=BROUGHT)
    assert [(one.at, one.precision) for one in notes] == [(at, precision)]


def test_the_same_words_under_two_dates_are_two_notes_with_ids_of_their_own() -> None:
    text = "Update 05/11/22: The road is open.\n\nUpdate 05/12/22: The road is open.\n"
    notes = read_notes(parse(text), style=load("newsweek"), zone=NEW_YORK, brought=BROUGHT)
    assert len({one.id for one in notes}) == 2


def test_differences_tell_brought_reworded_and_dropped_notes() -> None:
    kept = note(id="u1")
    was = note("correction", "The harbor has two cranes, not three.", id="u2")
    now = note("correction", "The old harbor has two cranes, not three.", id="u2")
    gone = note("clarification", "The fund is private.", id="u3")
    fresh = note("update", "The road across the dam is open again since noon.", id="u4")
    told = differences([kept, was, gone], [fresh, kept, now])
    assert told.brought == (fresh,)
    assert told.reworded == ((was, now),)
    assert told.dropped == (gone,)


def test_a_note_that_moved_into_the_front_matter_is_the_same() -> None:
    by_hand = note(id="n-12345678", origin="body")
    told = differences([by_hand], [note(id="u1")])
    assert (told.brought, told.reworded, told.dropped) == ((), (), ())


def test_a_note_with_a_slip_mended_is_reworded_not_brought() -> None:
    was = note(id="n-1", text="The harber has two cranes.", origin="body")
    now = note(id="n-2", text="The harbor has two cranes.", origin="body")
    assert differences([was], [now]).reworded == ((was, now),)


def test_equal_notes_are_paired_one_by_one() -> None:
    first, second = note(id="a"), note(id="b", at=note().at + timedelta(days=1))
    told = differences([first], [first, second])
    assert told.brought == (second,)
    assert told.dropped == ()


def test_notes_are_found_as_often_as_promised() -> None:
    """On labelled lines: recall and precision 0.97, kind 0.95, date 0.98."""
    rows = labelled_lines()
    right = [(row, find_notes(row.text)) for row in rows if row.kind]
    false = [row for row in rows if not row.kind and find_notes(row.text)]
    found = [(row, notes[0]) for row, notes in right if notes]
    assert len(found) / len(right) >= 0.97
    assert len(found) / (len(found) + len(false)) >= 0.97
    assert sum(row.kind == one.kind for row, one in found) / len(found) >= 0.95
    dated = [(row.date, one.date) for row, one in found if row.date]
    assert sum(str(day) == wanted for wanted, day in dated) / len(dated) >= 0.98
