"""A diff as HTML is valid, safe and complete, whatever the edits cross."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.changes_of import change_of
from tests.growth import reads_straight
from tests.measured import edits
from tracker.comparison import compare
from tracker.locale import phrase
from tracker.render import article_html, diff_html
from tracker.render.diff_html import Layout, View

SAMPLE = Path(__file__).parents[1] / "articles"
VIEWS: tuple[View, ...] = ("rendered", "source")
LAYOUTS: tuple[Layout, ...] = ("inline", "side-by-side")
FACES = [(view, layout) for view in VIEWS for layout in LAYOUTS]


def whole(fragment: str) -> str:
    return f"<!DOCTYPE html><html><head><title>x</title></head><body>{fragment}</body></html>"


def parsed(fragment: str) -> Any:
    """The tree of a fragment; fails where HTML has an error, however small."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(whole(fragment))


def check(fragment: str) -> Any:
    """Valid; no element in a mark, nothing that runs; the ends of moves lead somewhere."""
    tree = parsed(fragment)
    identities = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(identities) == len(set(identities))
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        assert element.tag not in ("script", "style", "iframe", "object", "form", "svg", "base")
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name != "style"
            assert not value.strip().lower().startswith(("javascript:", "data:", "vbscript:"))
        if element.tag in ("ins", "del"):
            assert [inner.tag for inner in element.iter()] in ([element.tag], [element.tag, "bdi"])
            assert element.text
        if element.tag == "a" and element.get("class") == "tracker-move":
            assert element.get("href").removeprefix("#") in identities
            assert not list(element)
    return tree


def faces(old: str, new: str) -> dict[tuple[View, Layout], str]:
    change = change_of(old, new)
    return {
        (view, layout): diff_html.fragment(change, old, new, view=view, layout=layout)
        for view, layout in FACES
    }


def check_all(old: str, new: str) -> None:
    for fragment in faces(old, new).values():
        check(fragment)


def inline(old: str, new: str) -> str:
    fragment = faces(old, new)["rendered", "inline"]
    check(fragment)
    return re.sub(r"\s*\n\s*", "", fragment.partition('dir="auto">\n')[2].rpartition("</div>")[0])


def test_words_are_marked_where_they_stand() -> None:
    assert inline("It cost **$14** million.\n", "It cost **$41** million.\n") == (
        "<p>It cost <strong><del>$14</del><ins>$41</ins></strong> million.</p></div>"
    )


def test_a_deleted_paragraph_is_a_paragraph_of_its_own() -> None:
    old = "The first stays.\n\nThe second goes away today.\n\nThe third stays.\n"
    assert inline(old, "The first stays.\n\nThe third stays.\n") == (
        "<p>The first stays.</p><p><del>The second goes away today.</del></p>"
        "<p>The third stays.</p></div>"
    )


def test_a_deleted_list_item_stays_in_its_list() -> None:
    old = "- apples from here\n- plums of the valley\n- nuts\n"
    assert inline(old, "- apples from here\n- nuts\n") == (
        "<ul><li>apples from here</li><li><del>plums of the valley</del></li>"
        "<li>nuts</li></ul></div>"
    )


def test_a_deleted_first_list_item_stands_before_the_second() -> None:
    old = "Buy these.\n\n- apples from here\n- plums\n"
    assert inline(old, "Buy these.\n\n- plums\n") == (
        "<p>Buy these.</p><ul><li><del>apples from here</del></li><li>plums</li></ul></div>"
    )


def test_a_deleted_table_row_stays_in_its_table() -> None:
    head = "| Stall | Price |\n|---|---|\n"
    old = f"{head}| Apples | $2 |\n| Plums | $3 |\n| Nuts | $9 |\n"
    assert inline(old, f"{head}| Apples | $2 |\n| Nuts | $8 |\n").endswith(
        "<tr><td>Apples</td><td>$2</td></tr>"
        "<tr><td><del>Plums</del></td><td><del>$3</del></td></tr>"
        "<tr><td>Nuts</td><td><del>$9</del><ins>$8</ins></td></tr></tbody></table></div>"
    )


def test_a_whole_list_that_goes_away_is_a_list_still() -> None:
    old = "Before the list.\n\n- one of them\n- two of them\n\nAfter the list.\n"
    assert inline(old, "Before the list.\n\nAfter the list.\n") == (
        "<p>Before the list.</p><ul><li><del>one of them</del></li><li><del>two of them</del></li>"
        "</ul><p>After the list.</p></div>"
    )


def test_an_edit_across_the_border_of_a_link_and_emphasis_is_cut_at_it() -> None:
    old = "He said [the old plan](https://a.example/) *was dead* on Monday.\n"
    new = "He said [the plan](https://a.example/) is *very much alive* on Monday.\n"
    tree = check(faces(old, new)["rendered", "inline"])
    assert "".join(tree.itertext()).count("alive") == 1


def test_the_two_ends_of_a_move_lead_to_each_other() -> None:
    mover = "The mayor, who likes a long sentence, will speak at noon by the gate.\n\n"
    rest = "The fair opens on Monday.\n\nThere are forty stalls in the park.\n\n"
    for fragment in faces(mover + rest, rest + mover).values():
        check(fragment)
        assert 'id="move-1-to" href="#move-1-from"' in fragment
        assert 'id="move-1-from" href="#move-1-to"' in fragment


def test_a_move_that_begins_with_a_link_has_its_sign_before_the_link() -> None:
    mover = "[The mayor](https://m.example/) will speak at noon by the northern gate.\n\n"
    rest = "The fair opens on Monday.\n\nThere are forty stalls in the park.\n\n"
    check_all(mover + rest, rest + mover)


def test_what_cannot_be_seen_is_listed() -> None:
    old = "Words stay. <!-- one hidden remark -->\n"
    new = "Words stay. <!-- another hidden secret -->\n"
    change = change_of(old, new)
    fragment = diff_html.fragment(change, old, new, formatting=True)
    check(fragment)
    assert "Changed, and not to be seen in the article" in fragment
    assert "<ins>&lt;!-- another hidden secret --&gt;</ins></code>" in fragment


def test_front_matter_is_shown_by_name() -> None:
    old = '---\ntitle: "Five stalls"\n---\nText stays.\n'
    fragment = faces(old, old.replace("Five", "Six"))["rendered", "inline"]
    assert '<dt>Headline</dt>\n<dd dir="auto"><del>Five</del><ins>Six</ins> stalls</dd>' in fragment


def test_a_script_in_an_article_never_runs() -> None:
    old = (
        "Text <script>alert(1)</script> <img src=x onerror=alert(2)> [a](javascript:alert(3))"
        ' <a href="data:text/html,x" onclick="alert(4)">b</a> <ins>fake</ins> <style>p{}</style>\n'
    )
    check_all(old, old.replace("Text", "Words") + "\n\n<iframe src=//x></iframe> more\n")
    assert "<ins>fake" not in faces(old, old + "More.\n")["rendered", "inline"]


def test_private_characters_and_controls_of_an_article_are_no_marks() -> None:
    old = "A \U000f0000 word\U000f0001 and \x02klzzwxh:0001\x03 \ud800 more\U0010fffd.\n"
    new = old.replace("word", "text\U000f0005")
    for fragment in faces(old, new).values():
        check(fragment.encode("utf-8", "replace").decode())
    assert "\U000f0005" not in faces(old, new)["rendered", "inline"]


def test_turned_text_is_made_visible_in_the_source() -> None:
    fragment = faces("a b\n", "a \u202eb\n")["source", "inline"]
    assert "&lt;U+202E&gt;" in fragment


def test_a_tab_within_a_line_moves_no_mark() -> None:
    page = article_html.page("easy for\tanyone \t to read\n")
    assert page.known
    assert [node.text for node in page.nodes if node.text.strip()] == ["easy for anyone   to read"]


def test_an_article_too_long_for_a_page_is_shown_in_its_source() -> None:
    old = "Some words of it. " * 6_000
    change = change_of(old, old + "More.")
    fragment = diff_html.fragment(change, old, old + "More.")
    assert "The article is too long to be marked as a page" in fragment
    assert "More.</ins></pre>" in fragment


def test_a_page_is_complete_and_its_title_is_escaped() -> None:
    made = diff_html.page("A <b>title</b>", "<p>x</p>")
    html5lib.HTMLParser(strict=True).parse(made)
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in made
    assert "[end of insertion]" in made
    assert "prefers-color-scheme: dark" in made
    assert "@media print" in made


def test_a_coarse_diff_says_so() -> None:
    old = " ".join(f"w{number}a" for number in range(9000))
    new = " ".join(f"v{number}b w{number}a" for number in range(0, 18000, 2))
    change = change_of(old, new)
    if not change.coarse:
        change = change._replace(coarse=True)
    assert "shown larger than they are" in diff_html.fragment(change, old, new, view="source")


def test_equal_texts_say_that_nothing_changed() -> None:
    assert "Nothing changed." in faces("Same.\n", "Same.\n")["rendered", "inline"]
    assert "No word changed" in faces('A "b" c.\n', "A “b” c.\n")["rendered", "inline"]


def test_the_words_of_a_note_do_not_turn_its_label_and_date() -> None:
    """Arabic that ends in a number would else carry it to the date before it."""
    at = "2022-01-02T09:00:00-05:00"
    note = f"updates:\n- {{id: u1, kind: correction, at: {at}, text: العدد 95.}}\n"
    old, new = "---\ntitle: T\n---\nA.\n", f"---\ntitle: T\n{note}---\nB.\n"
    change = change_of(old, new)
    made = diff_html.fragment(change, old, new, written_in="ar")
    check(made)
    label = "Correction, 2022-01-02 09:00 -0500"
    assert f'<dd dir="auto"><ins>{label}: <bdi lang="ar">العدد 95.</bdi></ins></dd>' in made
    dated = diff_html.fragment(change, old, new, when=lambda at, _: f"{at:%d/%m}")
    assert "<ins>Correction, 02/01: <bdi>" in dated


def test_side_by_side_what_stayed_is_told_from_what_changed() -> None:
    made = faces("Same here.\n\nOld words.\n", "Same here.\n\nNew words.\n")
    for view in VIEWS:
        rows = re.findall(r"(?s)<tr[^>]*>\s*<td.*?</tr>", made[view, "side-by-side"])
        same = [row for row in rows if row.startswith('<tr class="tracker-same">')]
        assert len(same) == 1, view
        assert same[0].count("Same here.") == 2
        assert len(rows) == 2


ONLY = {
    "only_formatting": ('He "is" in.\n', "He “is” in.\n"),
    "only_link": ("[A](https://a.example/1) b.\n", "[A](https://a.example/2) b.\n"),
    "only_image": ("A b.\n\n![c](d.png)\n", "A b.\n\n![c](e.png)\n"),
    "only_markup": ("A **b** c.\n", "A b c.\n"),
    "only_unread": ("[A](https://a.example/1) b c.\n", "[A](https://a.example/2) b  c.\n"),
}


@pytest.mark.parametrize("key", ONLY)
@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "uk"])
def test_a_change_of_no_word_says_what_did_change(key: str, language: str) -> None:
    old, new = ONLY[key]
    change = compare(old, new)
    said = phrase(language, f"comparison.{key}")
    for view, layout in FACES:
        made = diff_html.fragment(change, old, new, view=view, layout=layout, language=language)
        assert re.findall('<p class="tracker-remark">(.*?)</p>', made) == [said]
    assert len({phrase(language, f"comparison.{each}") for each in ONLY}) == len(ONLY)


def test_every_version_of_the_sample_makes_valid_pages() -> None:
    for folder in sorted(SAMPLE.iterdir()):
        texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("2*.md"))]
        for old, new in pairwise(texts):
            check_all(old, new)


WORDS = st.sampled_from(
    [
        "the", "mayor said", "40", "people", "$14", "million on Monday", "**bold**", "end. Then,",
        "[the park](https://p.example/a_b)", "*soft words*", "`code x`", "<b>raw</b>", "a_b_c",
        "Zürich", "東京都", "😀", "&amp;", "5<6", "\\*", "“quoted”", "<https://auto.example>",
        "![alt](x.png)", "[^1]", "~~old~~", "1.", "{{< x >}}", "http://u.example/x", "<i>torn",
    ]
)  # fmt: skip
LINE = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
BLOCK = st.one_of(
    LINE,
    LINE.map("## {}".format),
    st.lists(LINE, min_size=1, max_size=4).map(lambda lines: "- " + "\n- ".join(lines)),
    st.lists(LINE, min_size=1, max_size=3).map(lambda lines: "1. " + "\n2. ".join(lines)),
    LINE.map("> {}".format),
    st.tuples(LINE, LINE).map(lambda pair: f"- {pair[0]}\n\n    {pair[1]}"),
    st.lists(st.tuples(LINE, LINE), min_size=1, max_size=3).map(
        lambda rows: "| a | b |\n|---|---|\n" + "\n".join(f"| {x} | {y} |" for x, y in rows)
    ),
    LINE.map("```\n{}\n```".format),
    LINE.map("[^1]: {}".format),
    LINE.map("<div>{}</div>".format),
    LINE.map("Term\n:   {}".format),
)
ARTICLE = st.lists(BLOCK, max_size=6)


@settings(max_examples=40)
@given(ARTICLE, ARTICLE, st.data())
def test_generated_articles_make_valid_pages(
    old_blocks: list[str], fresh: list[str], data: st.DataObject
) -> None:
    """Blocks kept, dropped, moved and new ones put in between."""
    kept = [block for block in old_blocks if data.draw(st.booleans())]
    new_blocks = data.draw(st.permutations(kept + fresh[:3]))
    check_all("\n\n".join(old_blocks) + "\n", "\n\n".join(new_blocks) + "\n")


@settings(max_examples=120)
@given(ARTICLE)
def test_each_character_of_a_page_knows_its_source(blocks: list[str]) -> None:
    text = "---\ntitle: x\n---\n" + "\n\n".join(blocks) + "\n"
    page = article_html.page(text, 17)
    for node in page.nodes:
        for character, source in zip(node.text, node.sources, strict=True):
            if source >= 0:
                same = text[source] == character or (text[source] + character).isspace()
                assert source >= 17
                assert same
    written = "".join(node.tag or node.text for node in page.nodes)
    assert not re.search("[\U000f0000-\U0010ffff]", written)


@pytest.mark.parametrize(
    "hostile",
    ["*" * 50_000, "[" * 50_000, "[a](" * 20_000, "<b>" * 20_000, "<a " * 20_000, "_a" * 25_000,
     "```\n" * 15_000, "x" * 500_000, "> " * 2_000 + "x", "\\" * 50_000, "[^1" * 20_000,
     "a@" * 30_000, "<!--" * 20_000, "\n\n".join(["x"] * 9_000)],
    ids=lambda text: repr(text[:6]),
)  # fmt: skip
def test_hostile_markdown_takes_bounded_time(hostile: str) -> None:
    reads_straight(article_html.page, hostile)


def test_labelled_edits_make_valid_pages() -> None:
    for edit in edits()[::8]:
        check_all(edit.old, edit.new)
