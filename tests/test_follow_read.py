"""A fetched page is read: its text, its notes wherever they stand, and what is left out and why."""

from __future__ import annotations

import pytest

from tests.fetched_pages import ARTICLE, FURNITURE, NOTES, page
from tracker.follow.read import PageReading, article_text, read, refusal
from tracker.house.notes import find_notes

ADDRESS = "https://paper.example/2026/ferry"


def read_page(**parts: str) -> PageReading:
    return read(page(**parts).encode(), ADDRESS)


@pytest.mark.parametrize("layout", range(4))
@pytest.mark.parametrize("place", NOTES)
def test_a_correction_is_a_note_wherever_the_publisher_puts_it(place: str, layout: int) -> None:
    words = "An earlier version of this article misstated the cost of the terminal."
    reading = read_page(layout=str(layout), **{place: NOTES[place].format(words)})
    (note,) = find_notes(article_text(reading, ADDRESS))
    assert note.kind == "correction"
    assert words in note.text
    assert note.position == ("top" if place == "above" else "bottom")


@pytest.mark.parametrize("layout", range(4))
@pytest.mark.parametrize("change", range(5))
def test_other_furniture_around_the_same_article_is_the_same_text(change: int, layout: int) -> None:
    first = read_page(layout=str(layout), **FURNITURE[0])
    again = read_page(layout=str(layout), **FURNITURE[change])
    assert again.body == first.body
    assert "\n\n".join(ARTICLE) in first.body


def test_what_is_left_out_is_told_with_its_reason() -> None:
    reasons = {out.text: out.reason for out in read_page(**FURNITURE[0]).left_out}
    assert reasons["Published 3 hours ago"] == "time"
    assert reasons["5 min read"] == "counter"
    assert reasons["ALSO READ: The harbour that nobody wanted"] == "related"


def test_a_number_that_changes_in_a_paragraph_that_looks_like_furniture_is_in_the_text() -> None:
    looks = '<p class="promo related">The fare is ${} a trip for readers and for everybody.</p>'
    old, new = (read_page(within=looks.format(fare)) for fare in (14, 41))
    assert "$14 a trip" in old.body
    assert "$41 a trip" in new.body


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (page(charset="").encode("iso-8859-1"), "text/html"),
        (page(charset="").encode(), "text/html"),
        (page(charset="utf-8").encode(), "text/html; charset=iso-8859-1"),
        (b"\xef\xbb\xbf" + page(charset="").encode(), "text/html; charset=iso-8859-1"),
        (page(charset="").encode("utf-16"), "text/html"),
        (page(charset="iso-8859-1").encode("iso-8859-1"), "text/html; charset=utf-8"),
    ],
    ids=["latin-1", "utf-8", "wrong header", "mark", "utf-16", "meta"],
)
def test_the_encoding_is_that_of_the_bytes(data: bytes, content_type: str) -> None:
    assert "Müller of Færøhavn" in read(data, ADDRESS, content_type=content_type).body


def test_refused_pages_have_a_state() -> None:
    free = read_page()
    stub = read_page(article="<p>The city bought a second ferry.</p>", free="false")
    assert refusal(free, ADDRESS) is None
    assert refusal(stub, ADDRESS, last_words=free.words) == "paywall"
    assert refusal(stub, ADDRESS) == "paywall"  # at the first look, too
    wall = read_page(title="Before you continue to The Paper", article="<p>We use cookies.</p>")
    assert refusal(wall, ADDRESS) == "consent"
    lost = read_page(title="Page not found", article="<p>Sorry. Try the search.</p>")
    assert refusal(lost, ADDRESS) == "soft-404"
    home = read_page(canonical="https://paper.example/")
    assert refusal(home, ADDRESS) == "soft-404"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0", b"<", b"<html>", b"<p>" * 100_000, b"\xff\xfe", b"<!--" + b"x" * 100_000,
        b"<script type='application/ld+json'>" + b"[" * 100_000 + b"</script><p>x</p>",
        b"<div class='related'>" * 3000 + b"text", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
    ],
)  # fmt: skip
def test_no_bytes_break_the_reader(data: bytes) -> None:
    read(data, ADDRESS)


@pytest.mark.parametrize("element", ["<a href=/x>a b c</a> ", "<li>a b", "<p>A sentence.</p>"])
def test_a_page_of_more_elements_than_any_article_has_is_not_read(element: str) -> None:
    found = read(("<body><article>" + element * 30_000).encode(), ADDRESS)
    assert refusal(found, ADDRESS) == "too-large"
    assert found.blocks == ()


def test_a_selector_strips_keeps_and_a_bad_one_is_told() -> None:
    from tracker.errors import TrackerError

    with_box = page(within='<div class="infobox"><p>Length of the pier: 300 metres.</p></div>')
    assert "300 metres" not in read(with_box.encode(), ADDRESS, strip=[".infobox"]).body
    with pytest.raises(TrackerError, match="is no CSS selector"):
        read(with_box.encode(), ADDRESS, strip=["p["])
