"""What readers see of a text, by the one scanner: the table of edge cases, and its bounds."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.articles import pairs
from tests.growth import reads_straight
from tracker.text.markup import scan
from tracker.text.spans import NOWHERE, SEEN, Kind, Leaf

CASES = Path(__file__).parent / "cases" / "markup.toml"


def _cases() -> list[Any]:
    cases = tomllib.loads(CASES.read_text(encoding="utf-8"))["case"]
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.mark.parametrize("case", _cases())
def test_readers_see_these_words_and_no_others(case: dict[str, Any]) -> None:
    """``seen``: what is seen, stretch by stretch, with its role; the rest is hidden."""
    markup = scan(case["text"], 0, case.get("kind"))
    seen: list[list[str]] = []
    last: tuple[Leaf, str] = (NOWHERE, "")
    for span in markup.spans:
        raw = markup.text[span.start : span.end]
        if span.role not in SEEN:
            if seen and "\n" in raw:
                seen[-1][1] += " "
        elif seen and last == (span.leaf, span.role):
            seen[-1][1] += span.shown or raw
        else:
            seen.append([span.role, span.shown or raw])
            last = (span.leaf, span.role)
    assert [[role, " ".join(words.split())] for role, words in seen if words.strip()] == case[
        "seen"
    ]


def test_blocks() -> None:
    text = (
        "# Title\npara one\nline two\n\n- a\n  more\n- b\n\n  c\n1. d\n\n| a |\n|---|\n\n"
        "```\ncode\n\nmore\n```\nafter\n\n<!-- not\n\nseen -->\n\n"
        "x\n\n---\n[^1]: note\n\n{{< x >}}\ny\n"
    )
    assert [(block.kind, text[block.start : block.end]) for block in scan(text).blocks] == [
        ("heading", "# Title\n"),
        ("paragraph", "para one\nline two\n\n"),
        ("item", "- a\n  more\n"),
        ("item", "- b\n\n"),
        ("paragraph", "  c\n"),
        ("item", "1. d\n\n"),
        ("row", "| a |\n"),
        ("rule", "|---|\n\n"),
        ("code", "```\n"),
        ("code", "code\n"),
        ("code", "\n"),
        ("code", "more\n"),
        ("code", "```\n"),
        ("paragraph", "after\n\n"),
        ("comment", "<!-- not\n\nseen -->\n\n"),
        ("paragraph", "x\n\n"),
        ("rule", "---\n"),
        ("paragraph", "[^1]: note\n\n"),
        ("shortcode", "{{< x >}}\n"),
        ("paragraph", "y\n"),
    ]


def test_cells_know_their_row_and_column() -> None:
    text = "| Place | Votes |\n|---|---|\n| North | 5 |\n\n<table><tr><td>A<td>6</table>\n"
    markup = scan(text)
    cells = {
        text[span.start : span.end].strip(): span.leaf
        for span in markup.spans
        if span.role == "cell"
    }
    assert {words: (leaf.row, leaf.column) for words, leaf in cells.items()} == {
        "Place": (0, 0), "Votes": (0, 1), "North": (1, 0), "5": (1, 1), "A": (0, 0), "6": (0, 1),
    }  # fmt: skip


def test_a_shortcode_in_html_whose_value_has_tags_is_read_once() -> None:
    text = '<p>\n{{< figure caption="Two <b>boats</b> at noon" >}} lie there\n</p>\n'
    assert " ".join(scan(text).words().split()) == "Two boats at noon lie there"


def test_a_blank_line_ends_no_script() -> None:
    text = "<form>\n</form>\n\n<script>\nlet a = 1\n\n</script>\n\nWords.\n"
    assert scan(text).words().split() == ["Words."]


SIGNS = st.lists(
    st.sampled_from(
        [*"ab \n\t#*_`~[](){}<>!|:-+=\"'&;%/\\.1é漢", "{{<", ">}}", "{%", "%}", "<!--"]
    ),
    max_size=80,
).map("".join)


@given(st.one_of(st.text(max_size=60), SIGNS, pairs().map(lambda texts: texts[0])))
def test_spans_and_blocks_leave_nothing_out(text: str) -> None:
    kinds: tuple[Kind | None, ...] = (None, "mdx", "html", "line")
    for kind in kinds:
        markup = scan(text, 0, kind)
        for parts in (markup.spans, markup.blocks):
            ends = 0
            for part in parts:
                assert part.start == ends < part.end
                ends = part.end
            assert ends == len(text)


HOSTILE = [
    *("*a ", "`a", "[", "(", "{", "<", "_a ", "![", "[a](", "[a][b] ", "](", "|a", "> ", ">\n"),
    *("<!--", "{{", "{%", "{{< ", "{: .a }\n", "<a ", '<a b="', "<div>\n", "&amp;", "\n", "\n- "),
    *("=\n", "-\n", "\n#", "[a]: b\n", "[^1]: a\n", "|a|b\n|-|-|\n", "~~a ", "```\n", "- - "),
    *("!!! note\n    a\n", "{% highlight x %}\n", "{% comment %}", "{/* ", 'import a from "b"\n{'),
    *('<img alt="a">', '{{< f caption="a ', "<script>", "<tr><td>a", "é ", "漢", "a\n: b\n"),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_is_scanned_in_bounded_time(unit: str) -> None:
    reads_straight(scan, unit * (80_000 // len(unit)))


PARTS = (
    "One more paragraph.", "Some words, then others.", "And a last sentence of it.",
    "First words of it.", "## A heading", "- one\n- two", "- one\n\n- two", "1. one\n2. two",
    "> quoted\nwords", "| a | b |\n|---|---|\n| 1 | 2 |", "```\ncode\n\nmore\n```", "```\nopen",
    "<div class=\"box\">\n<p>In a box</p>\n</div>", "<blockquote>\n\nInside\n\n</blockquote>",
    "<!-- hidden\n\nstill -->", "<!-- open", "<script>\nlet a = 1\n\nlet b\n</script>",
    "A [link][here] and ![a picture](a.png \"Its title\").", "[here]: https://example.org",
    "A note[^1].", "[^1]: What it says.", "{{< figure caption=\"A caption\" >}}",
    "{% comment %}\n\nnothing\n\n{% endcomment %}", "    indented code", "Term\n: its definition",
    "A <b>bold</b> word, a <s>struck one.", "!!! note \"A box\"\n    Its words.",
    "Last words of it.",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=9),
    st.sampled_from(("", "---\na: 1\n---\n")),
)
def test_sections_are_read_apart_as_they_are_read_together(parts: list[str], head: str) -> None:
    """A carriage return, which tells of what stands elsewhere, keeps a body in one piece."""
    apart, whole = (
        scan(head + begin + "\n\n".join(parts), len(head)) for begin in ("\n\n", "\r\n")
    )
    assert len(whole.sections) == 1
    seen = [
        [(span.start, span.end, span.role, span.shown, span.struck, span.linked, span.pictured,
          span.leaf._replace(table=span.leaf.table > -1))
         for span in markup.spans if span.role in SEEN]
        for markup in (apart, whole)
    ]  # fmt: skip
    assert seen[0] == seen[1]
    assert apart.blocks == whole.blocks


def test_what_is_asked_first_changes_no_answer() -> None:
    text = "\n\n".join(PARTS[:5] * 3 + ("A <s>struck", "word, <b>and", "one more</b></s>.") * 2)
    known = scan(text).spans
    for start in range(0, len(text), 37):
        markup = scan(text, kind="markdown")
        end = min(start + 50, len(text))
        near = [span for span in known if span.end > start and span.start < end]
        found = list(markup.within(start, end))
        assert [(one.role, one.leaf, one.struck) for one in found] == [
            (one.role, one.leaf, one.struck) for one in near
        ]
        assert (found[0].start, found[-1].end) == (start, end)
