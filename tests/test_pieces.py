"""Markdown that is rendered piece by piece says what it says when it is rendered at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.growth import reads_straight
from tests.measured import blog
from tracker.render.article_html import joined, page, parts
from tracker.render.markdown_html import is_prose, pieces, rendered, whole_html

BLOCKS = [
    "A plain paragraph, with “quotes” and 2,000 people.", "Two lines\nof one paragraph.",
    "A [link](https://example.org/a_b \"title\") and *stress*, `code <b>`.",
    "Ends with two  \nspaces", "# Heading", "## Another #", "Heading\n=======", "Foo\n---", "***",
    "- - -", "* one\n* two", "1. first\n2. second", "- a\n\n    more of a", "    indented code",
    "\tcode by a tab", "> quoted", "Words\n> and a quotation", "Words\n# and a heading",
    "Words\n* no list", "a | b\n--|--\n1 | 2", "term\n:   definition", ": alone",
    "[1]: https://example.org/", "A [reference][1] and [1].", "A footnote[^n].",
    "[^n]: Its text.\n\n    goes on", "```\ncode\n\nmore code\n```", "~~~", "```py",
    "<div>\nraw *html*\n</div>", "<div>\n\nspread *html*\n\n</div>", "<div>", "</div>",
    "<b>bold</b> text", "<b>bold", "text</b>", "<p>one<p>two", "<!-- a comment -->",
    "<!-- spread\n\nA comment -->", "<!--", "<script src=\"x\"></script>",
    "<script>\n\nAlert\n\n</script>", "<style>",
    "<style>\n  p { margin: 0 }\n\nA { b: c }\n</style>", "Words <style>*a*\n\nB</style> on",
    "<script async src=\"x\">\n\nfoo(1 > 0)\n</script>", "<iframe src=\"x\">\n\nNo\n\n</iframe>",
    "<style>a</style", "<table><tr><td>x</td></tr></table>",
    "<img src=\"{{ \"/a.gif\" | url }}\" alt=\"Words\">", "<img src=\"a\nb\" alt='>'>", "<br>",
    "<hr>", "</br>", "Line<br>\nline", "<https://example.org/x>", "<someone@example.org>",
    "a < b and 3 <4", "AT&T &amp; Q&A", "&#; broken", "&#x41; &copy;", "{% include x.html %}",
    "{: .class}", "![picture](a.png)", "**Bold** start", "__Bold__ start", "_x_", "*x",
    "2014 was a year", "2. a list", "2014. A list too", "\\* no list", "$5", "— a dash", "…",
    "\xa0", "\u2028Line", "A\x85B", "x\x0bY", "Tab\tinside", "  Two spaces before", "",
    "<span>\n\nA span over a blank line\n\n</span>", "<DIV>Capitals</DIV>",
    "<a href=\"#x\">\n<div>x</div>\n</a>", "<ul><li>x</ul>", "<svg><title>x</title></svg>",
    "<textarea>", "`<div>`", "<div>tail</div> <div>", "<del>x</del>",
    "<table><tr><td>", "</td></tr></table>", "<ul>", "</ul>", "&amp; x", "<hr> &amp; y", "> q <b>",
    "</b>", "# H <b>", "* a <span>", "</span>", "a|b\n-|-\n<b>|</b>", "<p>", "</p>", "<u>", "</u>",
    "<div>x</div> &amp;", "<!-- c --> &amp; z", "<br/> &amp;", "# H <style>\na{}</style>",
    "  <div>", "<figure>\n  <img src=\"a\">\n  <figcaption>c</figcaption>\n</figure>",
]  # fmt: skip


def even(made: str) -> str:
    """HTML without what nobody sees: blank lines between and at the ends of elements."""
    return re.sub(r"\n+", "\n", made).strip("\n")


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(BLOCKS), max_size=7),
    st.lists(st.sampled_from(["\n\n", "\n \n", "\n\n\n", "\n", " "])),
)
@example(["- a", "A plain paragraph."], ["\n\n"])
@example(["term", ": alone", "After it."], ["\n\n"])
@example(["<div>", "A plain paragraph.", "</div>"], ["\n\n"])
@example(["{% include x.html %}", "<p></p>"], ["\n\n"])
def test_pieces_together_are_the_whole(blocks: list[str], gaps: list[str]) -> None:
    gaps += ["\n\n"] * len(blocks)
    body = "".join(block + gap for block, gap in zip(blocks, gaps, strict=False))
    assert "".join(pieces(body)) == body
    assert even(whole_html(body)) == even(rendered(body))


@settings(max_examples=200)
@given(st.text(alphabet="ab1 \n\t<>/&#;:[]()^*_`~!-=|\"'{}\\é—", max_size=60))
def test_pieces_of_any_text_are_the_whole(body: str) -> None:
    assert "".join(pieces(body)) == body
    assert even(whole_html(body)) == even(rendered(body))


@settings(max_examples=200)
@given(st.text(alphabet="aé1 .,'\"(—-$/:;!?%\n", min_size=1, max_size=40))
@example("Plain words, 2,000 of them — (all of it) isn’t “much”.\nAnother line: yes/no?")
def test_prose_is_what_markdown_makes_of_it(piece: str) -> None:
    if is_prose(piece):
        assert rendered(piece) == f"<p>{piece}</p>"


@pytest.mark.parametrize(
    "body",
    [
        '> quoted <script async src="x">\n\nfoo(1)\n</script>\nWords.\n\nMore words.\n',
        "# Heading <style>\na {}</style>\n\nWords.\n",
        "> quoted <table><tr><td>\n\nx</td></tr></table>\n\nWords.\n",
        "<div>x</div> &amp; words\n\nWords.\n\n<div>y</div>\n",
        "<!-- comment --> &amp; words\n\nWords.\n\n<div>y</div>\n",
        "\u00a0 <!-- comment --> &amp; words\n\nWords.\n",
        "<hr> &amp; words\n\nWords.\n\n<div>y</div>\n",
        "<u>Words\n\na|b\n-|-\n<b>|</b></u>\n\nWords.\n",
        '<a href="#x">\n<div>x</div>\n</a>a|b\n-|-\n<b>|</b>\n\nWords.\n',
        "# Heading <b>two\n\n\tcode </b>\n\nWords.\n",
        "Words <b> ![</b>](x) on.\n\nWords.\n",
        "Words <b> `</b>` on.\n\nWords.\n",
        "\n \n    code\n\nWords.\n",
        "\n \nHeading\n=======\n\nWords.\n",
        "<u><hr>\n\n1. one\n\n<script>x</script> &amp;\n\n\nWords.\n\n",
    ],
)
def test_html_that_markdown_parts_is_in_one_piece_with_what_it_reaches(body: str) -> None:
    assert even(whole_html(body)) == even(rendered(body))


def test_the_elements_that_begin_blocks_are_those_of_markdown() -> None:
    from markdown import Markdown

    from tracker.render.markdown_html import _OF_BLOCKS, _OF_WORDS

    parser = Markdown()
    assert all(parser.is_block_level(name) for name in [*_OF_BLOCKS, "script", "style", "iframe"])
    assert not any(parser.is_block_level(name) for name in [*_OF_WORDS, "br", "img"])


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('One {% include "a_b_c.html" x=1 %} two.', "<p>One  two.</p>"),
        ("{% include a.html %}\n\nWords.", "<p>Words.</p>"),
        ('{{< youtube id="x" >}} and {{% note %}}more{{% /note %}}.', "<p> and more.</p>"),
        ("`{% raw %}` is a tag.", "<p><code>{% raw %}</code> is a tag.</p>"),
        ("It costs {{ price }}, 5 % {more}.", "<p>It costs {{ price }}, 5 % {more}.</p>"),
        ("```\n{% include %}\n```", "<pre><code>{% include %}\n</code></pre>"),
        ("{% a", "<p>{% a</p>"),
    ],
)
def test_tags_of_a_site_generator_are_no_words(body: str, shown: str) -> None:
    assert rendered(body).strip() == shown
    assert page(body).known


def test_most_paragraphs_are_pieces_of_their_own() -> None:
    body = (
        "First.\n\nA [link](x).\n\n## Heading\n\n* a list\n\n<div>\n\nwithin\n\n</div>\n\nLast.\n"
    )
    assert [piece.strip() for piece in pieces(body)] == [
        "First.",
        "A [link](x).",
        "## Heading\n\n* a list\n\n<div>\n\nwithin\n\n</div>",
        "Last.",
    ]


@pytest.mark.parametrize("far", ["[1]: https://example.org/", "A note[^1].", ":   a definition"])
def test_a_text_with_what_reaches_everywhere_is_one_piece(far: str) -> None:
    assert len(pieces(f"First.\n\nSecond.\n\n{far}\n\nThird.\n")) == 1


@pytest.mark.parametrize(
    "open_one", ["```\n", "<style>\n", "<svg>\n", "<div>\n", "<!-- \n", "</b>\n"]
)
def test_from_what_reaches_forward_on_all_is_one_piece(open_one: str) -> None:
    body = f"First.\n\nSecond.\n\n{open_one}\nThird.\n\nFourth.\n"
    assert pieces(body)[0] == "First.\n\n"
    assert len(pieces(body)) == 2


@pytest.mark.parametrize(
    "hostile",
    ["\n" * 100_000 + "x", " \n" * 100_000, "<a " * 50_000, "<!--" * 50_000, "<b>" * 50_000,
     "<img " * 50_000, "<img a=\"" * 50_000, "&" * 100_000, "<a@" * 50_000, "a " * 150_000],
    ids=lambda text: repr(text[:6]),
)  # fmt: skip
def test_hostile_texts_are_cut_in_bounded_time(hostile: str) -> None:
    def cut(text: str) -> None:
        assert "".join(pieces(text)) == text
        is_prose(text)

    reads_straight(cut, hostile)


def test_a_closed_part_is_one_node_and_the_page_is_the_same() -> None:
    text = "First *words*.\n\nSecond ones.\n\nThird.\n"
    found = parts(text)
    whole, closed = joined(found), joined(found, {0, 2})
    assert closed.closed == {0: 0, 2: len(closed.nodes) - 1}
    assert "".join(node.tag or node.text for node in closed.nodes) == "".join(
        node.tag or node.text for node in whole.nodes
    )
    assert [node.text for node in closed.nodes if node.text.strip()] == ["Second ones."]


def test_a_part_knows_where_it_stands() -> None:
    text = "---\ntitle: x\n---\n\n\nFirst.\n\n\nSecond\there.\n"
    assert [(part.text, text[part.start : part.end]) for part in parts(text, 17)] == [
        ("First.", "First."),
        ("Second here.", "Second\there."),
    ]


def test_posts_of_a_blog_in_pieces_are_the_whole(tmp_path: Path) -> None:
    cut = 0
    files = sorted(blog(tmp_path).rglob("*.md"))[::6]
    for file in files:
        body = file.read_text(encoding="utf-8").rpartition("\n---\n")[2]
        assert even(whole_html(body)) == even(rendered(body))
        assert page(body).known
        cut += len(pieces(body)) > 1
    assert cut > len(files) / 2
