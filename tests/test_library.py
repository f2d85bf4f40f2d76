"""The library's face: what is refused, what a notebook shows, what can be imported."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracker
from tests.desk import Desk
from tests.recording import Room

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


def test_recordings_one_after_another_give_what_the_history_says(tmp_path: Path) -> None:
    """The catalog learns of them when it is asked, whoever asks; others may record between."""
    folder = tmp_path / "room"
    articles = {f"articles/{number}.md": f"Story {number}.\n".encode() for number in range(3)}
    plain = Room.make(folder, articles=articles)
    room, given = tracker.Newsroom(folder), list[tracker.Revision]()
    for number in range(12):
        path = f"articles/{number % 3}.md"
        given.append(room.record(path, f"Story {number}, with more of it.\n"))
        if number == 5:
            assert given[-1].number == len(room.history(path))
        if number == 8:
            plain.put("articles/0.md", b"By somebody else.\n")
            plain.git("commit", "-qam", "By hand")
            room = tracker.Newsroom(folder)
        if number == 10:
            plain.put("articles/1.md", b"By somebody else, too.\n")
            plain.git("commit", "-qam", "By hand")
    for asked in (room, tracker.Newsroom(folder)):
        told = {each.commit: each for path in articles for each in asked.history(path)}
        assert [told[each.commit] for each in given] == given
