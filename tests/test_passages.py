"""The passages of an article: what may be taken whole looks as if it had been looked into."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.render.article_html import joined, parts
from tracker.text.blame import followed
from tracker.text.document import parse
from tracker.web.article_pages import _marked, _Marker

PARAGRAPHS = [
    "The ferry left at noon.",
    "Forty *people* were on board, the [owner](https://o.example/) said.",
    "* one\n* two",
    "## A heading",
    "The council will vote on it.\nNobody knows when.",
    "<b>Raw</b> words",
]
PARAGRAPH = st.sampled_from(PARAGRAPHS)


@st.composite
def versions(draw: st.DrawFn) -> list[str]:
    """An article, and what became of it: paragraphs put in, taken out, and changed."""
    now = draw(st.lists(PARAGRAPH, min_size=1, max_size=5))
    found = ["\n\n".join(now) + "\n"]
    for number in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(now) - 1, 0)))
        how = draw(st.sampled_from(["put in", "take out", "change"]))
        if how == "put in":
            now.insert(place, draw(PARAGRAPH))
        elif how == "take out" and now:
            del now[place]
        elif now:
            now[place] = f"{now[place]} So it was said {number + 2} times."
        found.append("\n\n".join(now) + "\n")
    return found


def shown(texts: list[str], *, closing: bool) -> tuple[str, set[int]]:
    on = [(), *((place,) for place in range(len(texts) - 1))]
    spans, removals = followed(texts, on, {})
    start = parse(texts[-1]).body_start
    marker = _Marker(spans, removals, 1, {})
    if closing:
        html, used, known = _marked(marker, texts[-1], start, rendered=True)
        assert known
        return html, used
    return marker.rendered(joined(parts(texts[-1], start)).nodes), marker.used


@settings(max_examples=150)
@given(versions())
def test_pieces_of_the_first_version_are_shown_as_they_are(texts: list[str]) -> None:
    assert shown(texts, closing=True) == shown(texts, closing=False)


def test_what_later_versions_brought_and_took_out_is_marked() -> None:
    texts = [
        "One stays.\n\nTwo goes away.\n\nThree stays.\n",
        "One stays.\n\nThree stays, and more.\n",
    ]
    html, used = shown(texts, closing=True)
    assert html.startswith("<p>One stays.</p>\n<p>")
    assert re.findall(r'<(?:del><)?a class="(\w+)[^>]*>([^<]*)<', html) == [
        ("taken", "Two goes away."),
        ("passage", ", and more"),
    ]
    assert used == {1, 2}
