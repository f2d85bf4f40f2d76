"""Sentences and words: where they begin and end, and that nothing is lost between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.articles import TOKENS, pairs
from tracker.text import tokens


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in tokens.words(text)]


@pytest.mark.parametrize("token", TOKENS)
def test_what_readers_take_for_one_is_one_token(token: str) -> None:
    assert cut(token) == [token]
    assert cut(f"see {token}, then ({token}) é") == [
        *("see", token, ",", "then", "(", token, ")", "é")
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("US$1.2bn, -5 or +3.5%", ["US$1.2bn", ",", "-5", "or", "+3.5%"]),
        ("10–12 years", ["10", "–", "12", "years"]),
        ("15 300 homes", ["15 300", "homes"]),
        ("at 2016-10-12T20:18:40.182Z now", ["at", "2016-10-12T20:18:40.182Z", "now"]),
        ("image: /assets/blog/a.png", ["image", ":", "/assets/blog/a.png"]),
        ("at 18f.gsa.gov now", ["at", "18f.gsa.gov", "now"]),
        ("9/11 at 24/7", ["9/11", "at", "24/7"]),
        ("see https://example.org/x. Then", ["see", "https://example.org/x", ".", "Then"]),
        ("[a b](/x/y_(z)) c", ["[", "a", "b", "](", "/x/y_(z)", ")", "c"]),
        ('[a](/x "T t").', ["[", "a", "](", '/x "T t"', ")", "."]),
        ("**bold** _it_", ["**", "bold", "**", "_", "it", "_"]),
        ("{{< youtube abc >}} {% raw %}", ["{{< youtube abc >}}", "{% raw %}"]),
        ("<b>x</b> < y", ["<b>", "x", "</b>", "<", "y"]),
        ('<a class="x y">', ['<a class="x y">']),
        ("[a][b c] d&mdash;e", ["[", "a", "][b c]", "d", "&mdash;", "e"]),
        ("end.[^1] Next", ["end", ".", "[^1]", "Next"]),
        ("wait... what", ["wait", "...", "what"]),
        ("他说15日", ["他", "说", "15", "日"]),
        ("15वीं सदी", ["15वीं", "सदी"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("🇺🇸🇫🇷", ["🇺🇸", "🇫🇷"]),
        ("J. K. Rowling", ["J", ".", "K", ".", "Rowling"]),
        ("> a\n> b", [">", "a", "b"]),
        ("a > b", ["a", ">", "b"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert cut(text) == words


@pytest.mark.parametrize(
    "sentences",
    [
        ["It rained. ", "Nobody was hurt."],
        ["Gov. Maria Alvarez spoke on Sept. 5 in St. Louis. ", "She left."],
        ["He came at 6:30 p.m. on Monday. ", "He left at 7 a.m. ", "The vote was over."],
        ["Crews from U.S. Electric Corp. were there. ", "J. K. Rowling was not."],
        ["“We are not done.” ", "That was it. ", "(So he said.) ", "Why?! ", "Well… ", "Yes."],
        ["He asked why? he got no answer. ", "Then he left."],
        ["In 2015. ", "Am 5. Mai 2020 kam er. ", "Dann ging er."],
        ["台风袭击了沿海。", "四人死亡！", "为什么？", "没有人知道。"],
        ["मंत्री ने कहा। ", "वे गए।"],
        ["هل رحل؟ ", "نعم."],
        ["A note.[^1] ", "Another **one.** ", "The end."],
    ],
)
def test_sentences(sentences: list[str]) -> None:
    text = "".join(sentences)
    assert [text[start:end] for start, end in tokens.sentences(text)] == sentences


@given(st.one_of(st.text(max_size=60), pairs().map(lambda texts: texts[0])))
def test_nothing_is_lost(text: str) -> None:
    assert "".join(tokens.split(text)) == text
    assert all(tokens.split(text)[1::2])
    ends = 0
    for start, end in tokens.sentences(text):
        assert start == ends < end
        ends = end
    assert ends == len(text)


@given(pairs())
def test_a_part_of_a_text_is_cut_with_offsets_in_the_whole(texts: tuple[str, str]) -> None:
    text, other = texts
    whole = text + other
    start = len(text)
    assert [whole[a:b] for a, b in tokens.words(whole, start)] == cut(other)


@pytest.mark.parametrize(
    "unit",
    [
        *("*", "`", "[", "(", "{", "<", "_", '"', ".", "!", "|", ">", "@", "\\", "'", "$", "-"),
        *("](", "![", "[^", "<!--", "{{", "{%", "http://", "a.", "a@", "1,", "1 ", ". ", "x_"),
        *("<a ", '<a b="', "a-", "a'", "\u0301", "“", "1\u00a0", ".\n", '{{ "', "+1", "[^a", ".'"),
    ],
)
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    """A text of 100,000 marks: one that needed the square of that would not come back at all."""
    text = unit * (100_000 // len(unit))
    assert "".join(tokens.split(text)) == text
    assert tokens.sentences(text)[-1][1] == len(text)
