"""Drafts of notes: the strongest edit in the house's words, the rest as comments."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import compare
from tracker.house.draft import NoteDraft, draft, editor_text, from_editor
from tracker.house.notes.wording import sentence
from tracker.house.style import load
from tracker.model import KINDS

CASES = Path(__file__).with_name("cases") / "drafts"


def cases() -> list[Any]:
    files = ("english", "languages")
    texts = [(CASES / f"{name}.toml").read_text(encoding="utf-8") for name in files]
    found = [one for text in texts for one in tomllib.loads(text)["case"]]
    return [pytest.param(one, id=one["name"]) for one in found]


@pytest.mark.parametrize("case", cases())
def test_a_change_becomes_the_note_that_is_expected(case: dict[str, Any]) -> None:
    overrides = {"repeat_error": case["repeat_error"]} if "repeat_error" in case else {}
    style = load(case.get("style", "default"), overrides)
    change = compare(case["old"], case["new"], language=style.language)
    written = draft(change, case["kind"], style)
    if "text" in case:
        assert written.text == case["text"]
    for part in case.get("has", ()):
        assert part in written.text
    for wanted in case.get("rest", ()):
        assert any(wanted in line for line in written.rest), written.rest


def test_the_house_completes_a_draft_that_begins_with_to() -> None:
    style = load("newsweek")
    old, new = "Shells fell.\n", "Shells fell. The mayor has left the town for good.\n"
    written = draft(compare(old, new), "update", style)
    assert sentence(style, "update", written.text) == (
        "This article has been updated to add that the mayor has left the town for good."
    )


def test_other_software_may_write_the_sentence() -> None:
    change = compare("The plant employs 1,500 people.", "The plant employs 15,000 people.")
    told = draft(change, "correction", load("ap"), lambda one: f"  {len(one.edits)}\nedit. ")
    assert told.text == "1 edit."
    assert any("1,500 → 15,000" in line for line in told.rest)


def test_the_editor_opens_on_the_draft_with_the_rest_as_comments() -> None:
    text = editor_text(NoteDraft("to add a map", ("number: 1 → 2",)), "update", load("newsweek"))
    assert text.startswith("to add a map\n\n# ")
    assert "#   number: 1 → 2\n" in text
    assert "“This article has been updated”" in text
    assert from_editor(text) == "to add a map"


def test_the_editor_opens_without_a_change() -> None:
    assert from_editor(editor_text(None, "update", load("newsweek"))) == ""


def test_comment_lines_are_left_out_and_lines_are_joined() -> None:
    saved = "\ufeffto add\r\nthat it rains\r\n# a comment\r\n\r\n#another\r\n"
    assert from_editor(saved) == "to add that it rains"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_a_draft_of_an_unchanged_text(kind: Any) -> None:
    written = draft(compare("The hall is open.", "The hall is open."), kind, load("ap"))
    assert written.rest == ()


WORDS = "The mayor|said|not|1,500|15 %|“fine”|Rosa Lind|on Monday|March 12|.\n\n|. |# |*|[a](b)|{x}"
TEXTS = st.lists(st.sampled_from(WORDS.split("|")), max_size=25).map(" ".join)


@given(TEXTS, TEXTS, st.sampled_from(KINDS))
def test_any_change_gives_one_line(old: str, new: str, kind: Any) -> None:
    written = draft(compare(old, new), kind, load("default"))
    assert "\n" not in written.text
    assert all("\n" not in line for line in written.rest)
