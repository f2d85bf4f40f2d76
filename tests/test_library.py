"""The library's face: what is refused, what a notebook shows, what can be imported."""

from __future__ import annotations

import pytest

import tracker
from tests.desk import Desk

OLD, NEW = "The mill employs 400 <b>people</b>.\n", "The mill employs 40 <b>people</b>.\n"


def test_one_text_is_no_list_of_texts() -> None:
    with pytest.raises(TypeError, match="not one text"):
        tracker.blame("abc")


@pytest.mark.parametrize("pair", [(None, "x"), ("x", None), (b"x", "x")])
def test_a_comparison_takes_texts(pair: tuple[str, str]) -> None:
    with pytest.raises(TypeError, match="compare takes two texts"):
        tracker.compare(*pair)


def test_every_record_can_be_imported_for_annotations() -> None:
    for name in tracker.__all__:
        assert getattr(tracker, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = tracker.nothing


def test_a_notebook_shows_a_change() -> None:
    shown = tracker.compare(OLD, NEW)._repr_html_()
    assert "<del>400</del> <ins>40</ins>" in shown
    assert "<b>people" not in shown  # the words of an article are no markup of the page
    assert "substantive" in shown


def test_a_notebook_shows_where_passages_come_from(newsroom: Desk) -> None:
    newsroom.write("mill.md", OLD)
    newsroom.ok("record", "mill.md", "--at", "05/10/22 noon")
    newsroom.write("mill.md", NEW)
    newsroom.ok("record", "mill.md", "--at", "05/12/22 noon")
    shown = tracker.Newsroom(newsroom.folder).blame("mill")._repr_html_()
    assert 'title="Revision 2, 2022-05-12 ' in shown
    assert "<b>" not in shown
