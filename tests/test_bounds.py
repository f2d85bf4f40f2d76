"""Four times a hostile text costs less than eight times as much: comparing, notes, blame, pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.growth import grows_straight
from tracker import compare, find_notes
from tracker.house.style import load
from tracker.render import article_html
from tracker.text.blame import blame

SHAPES = {
    "dates": "May 3, 2022 ",
    "dates in a list": "- May 3, 2022\n",
    "dates of their own": "May {}, 19{} ",
    "names": "Mr. John Smith said ",
    "acronyms and their names": "The World Health Body ({}) met WHB. ",
    "amounts": "5 percent of $12 million in 3 days ",
    "quotations": "“he said” “no” ",
    "notes": "Correction (May 3, 2022): It is {}.\n\n",
    "marks of notes": "UPDATE: ",
    "cells": "| 12 | b |\n|---|---|\n",
    "links": "[12](https://a.example/{}) https://a.example/{} ",
    "brackets": "[",
    "stars": "*a **b ",
    "underlined": "12\n===\n",
    "quoted lines": "> > 12\n",
    "tags": "<a href=12>",
    "comments": "<!-- 12 ",
    "struck out": "~~12~~ ",
    "letters of Han": "二〇二二年五月三日",
}
"""One after the other until the text is long; a number of its own wherever there are braces."""


def text_of(shape: str, length: int) -> str:
    parts = []
    size = number = 0
    while size < length:
        number += 1
        parts.append(shape.replace("{}", str(10 + number % 20)))
        size += len(parts[-1])
    return "# A\n\n" + "".join(parts)


def changed(text: str) -> str:
    """The same with all of its figures and some of its words changed."""
    other = (
        text.replace("2", "4").replace("Smith", "Smyth").replace("五", "六").replace("he", "she")
    )
    return other if other != text else f"{text[:9]}b c{text[9:]}"


def compared(old: str, new: str) -> object:
    return compare(old, new)


def blamed(old: str, new: str) -> object:
    return blame([old, new, old])


def noted(_: str, new: str) -> object:
    return find_notes(new, style=load("ap"))


def shown(_: str, new: str) -> object:
    return article_html.article(new)


LENGTHS: dict[Callable[[str, str], object], int] = {
    compared: 4_000,
    blamed: 4_000,
    noted: 30_000,
    shown: 8_000,
}
"""Characters of the shorter text; passages of up to 30,000 are read word by word."""


@pytest.mark.parametrize("work", LENGTHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_text_takes_less_than_eight_times_as_long(
    work: Callable[[str, str], object], shape: str
) -> None:

    def whole(length: int, turn: int) -> object:
        old = text_of(SHAPES[shape], length)
        return work(old + " " * turn, changed(old) + " " * turn)

    grows_straight(whole, LENGTHS[work])
