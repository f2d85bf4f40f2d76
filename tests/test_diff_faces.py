"""A diff at the terminal and as JSON: what a person and a program read of one Change."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.changes_of import change_of
from tracker.comparison import compare
from tracker.model import Article
from tracker.render import plain, terminal_diff
from tracker.render.plain import visible
from tracker.render.weave import Piece, weave
from tracker.text.diff import diff

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "docs" / "diff.schema.json").read_text(encoding="utf-8"))

PARAGRAPHS = [
    "The fair opens on Monday. It has forty stalls. Entry is free for children under ten.",
    "The mayor, who likes a long sentence, will speak at noon by the gate.",
    "Rain is not expected. Bring a hat all the same, said the organizer on the phone.",
    "Parking is behind the school. Buses run every ten minutes from the station until midnight.",
    "Last year 1,200 people came. This year the town hopes for twice as many, or more.",
]


def joined(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs) + "\n"


def shown(
    old: str,
    new: str,
    *,
    color: bool = False,
    context: int | None = 1,
    formatting: bool = False,
) -> str:
    change = change_of(old, new)
    return terminal_diff.text(change, old, new, color=color, context=context, formatting=formatting)


# --- the terminal --------------------------------------------------------------------------------


def test_changed_words_are_marked_and_the_rest_is_folded() -> None:
    new = joined(*PARAGRAPHS[:4], PARAGRAPHS[4].replace("1,200", "1,500"))
    assert shown(joined(*PARAGRAPHS), new) == (
        "… Buses run every ten minutes from the station until midnight.\n"
        "\n"
        "Last year [-1,200-]{+1,500+} people came. "
        "This year the town hopes for twice as many, or more.\n"
    )


def test_context_is_a_number_of_sentences_or_everything() -> None:
    new = joined(PARAGRAPHS[0], PARAGRAPHS[1].replace("noon", "two"), *PARAGRAPHS[2:])
    assert shown(joined(*PARAGRAPHS), new, context=0) == (
        "…\n"
        "\n"
        "The mayor, who likes a long sentence, will speak at [-noon-]{+two+} by the gate.\n"
        "\n"
        "…\n"
    )
    everything = shown(joined(*PARAGRAPHS), new, context=None)
    assert everything.replace("[-noon-]{+two+}", "two") == new


def test_a_move_says_where_from_and_where_to_and_shows_its_edits() -> None:
    order = [PARAGRAPHS[0], PARAGRAPHS[2], PARAGRAPHS[3]]
    moved = PARAGRAPHS[1].replace("noon", "two")
    text = shown(joined(PARAGRAPHS[0], PARAGRAPHS[1], *order[1:]), joined(*order, moved))
    assert "[<1> moved to paragraph 4: “The mayor, who likes a long sentence, will…”]" in text
    assert (
        "{<1> moved from paragraph 2: The mayor, who likes a long sentence, will speak at"
        " [-noon-]{+two+} by the gate.}" in text
    )


def test_a_deleted_paragraph_stands_where_it_stood() -> None:
    text = shown(joined(*PARAGRAPHS[:3]), joined(PARAGRAPHS[0], PARAGRAPHS[2]))
    assert f"\n\n[-{PARAGRAPHS[1]}-]\n\nRain is not expected." in text


def test_no_mark_reaches_from_one_line_into_the_next() -> None:
    text = shown("Start here.\n", "Start here.\n\n- one thing\n- another thing\n")
    assert "{+- one thing+}\n{+- another thing+}" in text


def test_front_matter_comes_first_and_by_name() -> None:
    old = "---\nauthor: A. Bee\nsubtitle: Old dek\ntags: [a]\ntitle: Five stalls open\n---\nText.\n"
    new = "---\nauthor: A. Cee\nsubtitle: New dek\ntags: [b]\ntitle: Six stalls open\n---\nText.\n"
    assert shown(old, new).splitlines() == [
        "Headline: [-Five-]{+Six+} stalls open",
        "Dek: [-Old-]{+New+} dek",
        "Byline: A. [-Bee-]{+Cee+}",
        "tags: [-a-]{+b+}",
    ]


def test_a_new_note_is_shown_as_a_line_and_not_as_a_list_of_keys() -> None:
    files = sorted((ROOT / "articles" / "dolyna-road-casualties").glob("2*.md"))
    old, new = (file.read_text(encoding="utf-8") for file in files[:2])
    assert shown(old, new).splitlines()[0] == (
        "Notes: {+update, 2022-05-12 07:45 -0400: This article has been updated to add that The"
        " Harbor Ledger contacted the Russian authorities for comment.+}"
    )


def test_edits_that_touch_no_word_are_left_out_unless_asked_for() -> None:
    old, new = 'He said "yes" to\nall of it.\n', "He said “yes” to all of it.\n"
    assert shown(old, new) == (
        "No word changed: only white space, line breaks or quotation marks did.\n"
    )
    assert shown(old, new, formatting=True) == (
        'He said [-"-]{+“+}yes[-"-]{+”+} to[-⏎-]{+·+}all of it.\n'
    )


def test_a_link_that_leads_elsewhere_is_not_called_white_space() -> None:
    old, new = "[A](https://a.example/1) b.\n", "[A](https://a.example/2) b.\n"
    assert terminal_diff.text(compare(old, new), old, new) == "No word changed: only links did.\n"


def test_equal_texts_have_nothing_to_show() -> None:
    assert shown("Same.\n", "Same.\n") == "Nothing changed.\n"


def test_color_adds_to_the_marks_and_takes_nothing_away() -> None:
    old, new = joined(*PARAGRAPHS), joined(*PARAGRAPHS[:4], "A new end.")
    colored = shown(old, new, color=True)
    assert "\x1b[32m{+" in colored
    bare = colored
    for code in ("", "1", "2", "31", "32", "36"):
        bare = bare.replace(f"\x1b[{code}m", "")
    assert bare == shown(old, new)


def test_nothing_in_an_article_commands_the_terminal() -> None:
    old = "Text \x1b[2J\x1b]0;title\x07 \x9b31m stays \u202eturned\u202c here.\r\n"
    text = shown(old, old.replace("stays", "goes"), context=None)
    assert "\x1b" not in text
    assert "<U+001B>[2J" in text
    assert "<U+009B>31m" in text
    assert "<U+202E>turned<U+202C>" in text
    assert "\r" not in text


def test_a_front_matter_key_commands_no_terminal() -> None:
    text = shown('---\n"a\\e[2Jb": 1\n---\nx\n', '---\n"a\\e[2Jb": 2\n---\nx\n')
    assert "\x1b" not in text


def test_a_coarse_diff_is_said_to_be_coarse() -> None:
    old, new = "One word.\n", "Two words.\n"
    change = change_of(old, new)._replace(coarse=True)
    assert terminal_diff.COARSE in terminal_diff.text(change, old, new)
    assert terminal_diff.stat(change).endswith("; coarse")


def test_stat_is_one_line() -> None:
    old = "---\ntitle: A\n---\n" + joined(*PARAGRAPHS)
    new = old.replace("1,200", "1,500").replace("title: A", "title: B").replace("a hat", "hats")
    change = change_of(old, new, frozenset({"number", "headline"}))
    assert terminal_diff.stat(change) == (
        "+3 -4 words; 2 replacements; front matter: title; touches headline, number; substantive"
    )
    assert terminal_diff.stat(change_of(old, old)) == "Nothing changed."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tab\tand\nline", "tab\tand\nline"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a<U+000D>b"),
        ("\x00\x7f\x85", "<U+0000><U+007F><U+0085>"),
        ("\u2066x\u2069\u2028", "<U+2066>x<U+2069><U+2028>"),
        ("\ud800", "<U+D800>"),
        ("אבג \u200f 東京", "אבג \u200f 東京"),
    ],
)
def test_controls_are_written_out(text: str, expected: str) -> None:
    assert visible(text) == expected


# --- the stream under all faces ------------------------------------------------------------------

SENTENCES = st.sampled_from(
    [sentence + "." for paragraph in PARAGRAPHS for sentence in paragraph.rstrip(".").split(". ")]
    + ["- item one", "| a | b |", "“Smart” words", '"Smart" words', "東京は雨。", "x  y\tz"]
)
TEXTS = st.lists(st.lists(SENTENCES, min_size=1, max_size=4).map(" ".join), max_size=6).map(
    "\n\n".join
)


def new_side(pieces: list[Piece]) -> str:
    return "".join(
        new_side(list(piece.within)) if piece.kind == "moved-to" else piece.new for piece in pieces
    )


def old_side(pieces: list[Piece]) -> str:
    return "".join(piece.old for piece in pieces)


@given(TEXTS, TEXTS, st.booleans())
def test_the_stream_holds_both_texts(old: str, new: str, formatting: bool) -> None:
    pieces = weave(diff(old, new).edits, old, new, formatting=formatting)
    assert new_side(pieces) == new
    assert old_side(pieces) == old
    for piece in pieces:
        assert old[piece.old_start :].startswith(piece.old)
        assert new[piece.new_start :].startswith(piece.new)


@given(TEXTS, TEXTS)
def test_the_whole_text_is_shown_with_its_marks(old: str, new: str) -> None:
    """Without what is deleted and without marks, the new text is read, white space apart."""
    pieces = weave(diff(old, new).edits, old, new)
    text = shown(old, new, context=None)
    for piece in pieces:
        if piece.kind == "insert" and piece.new.strip():
            assert piece.new.split()[0] in text


# --- JSON ----------------------------------------------------------------------------------------


def test_json_follows_its_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    old = "---\ntitle: A\n---\n" + joined(*PARAGRAPHS)
    new = "---\ntitle: B\nupdates: []\n---\n" + joined(*PARAGRAPHS[1:], PARAGRAPHS[0])
    value = plain.change_object(
        change_of(old, new, frozenset({"number", "headline"})),
        article=Article("articles/fair.md", "fair", "The fair"),
        old=plain.ComparedSide(1, "a" * 40, datetime(2022, 5, 12, 7, 45, tzinfo=UTC), "x.md"),
    )
    read = json.loads(json.dumps(value))
    jsonschema.validate(read, SCHEMA)
    assert read["labels"] == ["headline", "number"]
    assert read["old"] == {
        "revision": 1,
        "commit": "a" * 40,
        "at": "2022-05-12T07:45:00+00:00",
        "path": "x.md",
    }
    assert read["new"] == {"revision": None, "commit": None, "at": None, "path": None}
    assert [edit["operation"] for edit in read["edits"]].count("move") == 1


def test_the_schema_refuses_what_is_not_documented() -> None:
    value = {**plain.change_object(change_of("a\n", "b\n")), "more": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, SCHEMA)


@given(TEXTS, TEXTS)
def test_any_json_follows_the_schema_and_holds_the_edits(old: str, new: str) -> None:
    change = change_of(old, new)
    value = json.loads(json.dumps(plain.change_object(change)))
    jsonschema.validate(value, SCHEMA)
    assert [(edit["old"], edit["new"]) for edit in value["edits"]] == [
        (edit.old, edit.new) for edit in change.edits
    ]
