"""What an edit means: cases that an editor can read, and properties that hold for any text."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tracker.comparison import compare
from tracker.text.judge.changes import LONGEST_REASON, STRENGTH

CASES = Path(__file__).parent / "cases" / "changes"


def _cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in sorted(CASES.glob("*.toml"))
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


@pytest.mark.parametrize("case", _cases())
def test_a_change_means_what_an_editor_says(case: dict[str, Any]) -> None:
    """Each case gives its labels, whether it is substantive, and the words of its first reason."""
    change = compare(case["old"], case["new"], language=case.get("language", "en"))
    assert (change.substantive, sorted(change.labels)) == (case["substantive"], case["labels"]), (
        change.reasons
    )
    assert all(len(reason) <= LONGEST_REASON for reason in change.reasons)
    if "first" in case:
        assert change.reasons[0] == case["first"]


def test_every_label_has_a_case() -> None:
    """The cases leave no label out."""
    told = {label for case in _cases() for label in case.values[0]["labels"]}
    assert told == set(STRENGTH)
