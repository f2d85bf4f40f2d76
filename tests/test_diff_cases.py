"""The cases under tests/cases/diff: before, after, and what must be shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.diff_marks import marked
from tracker.text.diff import apply, diff, revert

FOLDER = Path(__file__).parent / "cases" / "diff"
CASE = re.compile(
    r"^# (?P<name>[^\n]+)\n\n"
    r"~~~ before\n(?P<before>.*?)~~~\n"
    r"~~~ after\n(?P<after>.*?)~~~\n"
    r"~~~ shown\n(?P<shown>.*?)~~~$",
    re.DOTALL | re.MULTILINE,
)


def cases() -> list[object]:
    found: list[object] = []
    for path in sorted(FOLDER.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        read = list(CASE.finditer(text))
        assert len(read) == text.count("~~~ before\n"), f"{path.name}: a case is not well formed"
        found += [
            pytest.param(*case.group("before", "after", "shown"), id=f"{path.stem}: {case['name']}")
            for case in read
        ]
    return found


@pytest.mark.parametrize(("before", "after", "shown"), cases())
def test_a_change_is_shown_as_an_editor_reads_it(before: str, after: str, shown: str) -> None:
    found = diff(before, after)
    assert marked(found.edits, after) == shown
    assert apply(before, found.edits) == after
    assert revert(after, found.edits) == before
    assert not found.coarse
