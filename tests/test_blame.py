"""Blame: which revision brought each passage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.blame import Simulation, right
from tests.desk import Desk
from tracker.text.blame import blame, removed

ONE = "The council met on Monday. It voted to close the old bridge.\n"
TWO = "The council met on Monday. It voted to close the old bridge over the river.\n"


def passages(*texts: str) -> list[tuple[int, str]]:
    return [(span.revision, texts[-1][span.start : span.end]) for span in blame(texts)]


def test_nothing_has_no_spans() -> None:
    assert blame([]) == ()
    assert blame(["text", ""]) == ()


def test_words_put_into_a_sentence_are_from_their_own_revision() -> None:
    assert passages(ONE, TWO) == [
        (1, "The council met on Monday. It voted to close the old bridge "),
        (2, "over the river"),
        (1, ".\n"),
    ]


def test_a_moved_paragraph_keeps_its_origin_and_the_edit_inside_it_its_own() -> None:
    first = "Alpha is the first letter of them all.\n\n"
    second = "Beta comes after it in every list we know.\n\n"
    third = "Gamma is the third, and nobody minds that.\n"
    moved = second.replace("every list", "each list") + third.rstrip() + "\n\n" + first.rstrip()
    found = passages(first + second + third, moved)
    assert [(number, text.strip()) for number, text in found if number == 2] == [(2, "each")]


def test_a_sentence_that_was_deleted_and_returns_has_its_first_origin() -> None:
    gone = "The council met on Monday.\n"
    found = passages(ONE, gone, gone + "\nSomething new was said by the mayor.\n", ONE)
    assert found == [(1, ONE)]
    back = "The council met on Monday. It voted to close the old bridge. A third thing came.\n"
    assert passages(ONE, gone, back)[-1][0] == 3
    assert passages(ONE, gone, back)[0] == (
        1,
        "The council met on Monday. It voted to close the old bridge. ",
    )


def test_a_word_that_is_changed_back_has_its_first_origin() -> None:
    other = ONE.replace("close", "keep")
    assert passages(ONE, other, ONE.replace("Monday", "Tuesday")) == [
        (1, "The council met on "),
        (3, "Tuesday"),
        (1, ". It voted to close the old bridge.\n"),
    ]


def test_reflow_and_smart_quotes_bring_no_words() -> None:
    straight = 'He said "we will see" and left the room by the back door.\n'
    curly = "He said “we will see” and\nleft the room by the back door.\n"
    assert {number for number, _ in passages(straight, curly)} == {1}


def test_what_was_taken_out_names_who_brought_and_who_removed_it() -> None:
    (gone,) = removed(
        [ONE, TWO, TWO.replace("It voted to close the old bridge over the river.", "")]
    )
    assert gone.revision == 3
    assert gone.brought == 1
    assert gone.text == "It voted to close the old bridge over the river."
    assert removed([ONE, "The council met on Monday.\n", ONE]) == ()


@given(st.lists(st.text(alphabet="ab .\n*_é漢\U0001f600", max_size=60), min_size=1, max_size=5))
def test_spans_cover_the_last_text_whatever_the_texts_are(texts: list[str]) -> None:
    spans = blame(texts)
    assert "".join(texts[-1][span.start : span.end] for span in spans) == texts[-1]
    assert all(1 <= span.revision <= len(texts) for span in spans)
    assert [span.end for span in spans[:-1]] == [span.start for span in spans[1:]]
    for gone in removed(texts):
        assert 0 <= gone.place <= len(texts[-1])
        assert gone.brought < gone.revision <= len(texts)


def test_the_simulation_is_right_in_98_of_100_words() -> None:
    simulation = Simulation(7, words=400)
    texts = [simulation.text()[0]]
    for _ in range(59):
        simulation.step()
        texts.append(simulation.text()[0])
    text, origins = simulation.text()
    good, whole = right(text, origins, texts)
    assert good / whole >= 0.98


def test_the_command_shows_the_note_of_the_revision_that_brought_a_passage(newsroom: Desk) -> None:
    newsroom.write("a.md", ONE)
    newsroom.ok("record", "a.md", "--at", "05/10/22 noon")
    newsroom.write("a.md", TWO)
    newsroom.ok("record", "a.md", "--update", "to name the river", "--at", "05/11/22 7:45 a.m.")
    said = newsroom.ok("blame", "a.md").out
    (line,) = [each for each in said.splitlines() if each.endswith("│ over the river")]
    assert line.startswith("2  2022-05-11  ")
    assert "Update 05/11/22, 7:45 a.m. ET: This article has been updated to name the river." in said
    spans = newsroom.ok("blame", "a.md", "--json").json["spans"]
    assert "".join(span["text"] for span in spans) == newsroom.read("a.md")
    newsroom.write("a.md", ONE)
    newsroom.ok("record", "a.md", "--at", "05/12/22 noon")
    assert "[-over the river-]" in newsroom.ok("blame", "a.md", "--removed").out


def test_the_page_links_passages_to_revisions_and_runs_nothing(newsroom: Desk) -> None:
    newsroom.write("a.md", ONE)
    newsroom.ok("record", "a.md", "--at", "05/10/22 noon")
    newsroom.write("a.md", TWO.replace("Monday", "<script>alert(1)</script>"))
    newsroom.ok("record", "a.md", "--at", "05/11/22 noon")
    newsroom.ok("blame", "a.md", "--html", "page.html")
    page = newsroom.read("page.html")
    assert "<script" not in page
    assert '>over the river<sup><a href="#revision-2">2</a></sup></span>' in page
    assert '<del title="Taken out by revision 2">Monday<sup>' in page
    assert '<li id="revision-2" value="2">' in page
