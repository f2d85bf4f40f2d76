"""Texts longer than any article are compared in one piece, so that nobody waits for them."""

from __future__ import annotations

from tracker import compare
from tracker.comparison import LARGEST
from tracker.text.diff import apply, revert


def test_a_pair_of_many_megabytes_is_one_coarse_edit() -> None:
    passage = "The ferry leaves from Pier 4 at noon, and the harbor has nine berths for buses.\n\n"
    old = "# The harbor\n\n" + passage * (2 * LARGEST // len(passage))
    new = old.replace("Pier 4", "Pier 9", 1)[: -len(passage)] + "That ends on Monday.\n"
    change = compare(old, new)
    assert change.coarse
    assert change.substantive
    assert len(change.edits) == 1
    assert apply(old, change.edits) == new
    assert revert(new, change.edits) == old


def test_the_front_matter_of_a_long_text_is_still_read_key_by_key() -> None:
    body = "Nine buses waited at the bridge.\n\n" * (LARGEST // 30)
    old, new = (f"---\ntitle: {title}\n---\n{body}" for title in ("One", "Two"))
    change = compare(old, new)
    assert [each.key for each in change.fields] == ["title"]
    assert len(change.edits) == 1
    assert change.edits[0].field == "title"
