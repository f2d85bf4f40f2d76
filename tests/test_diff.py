"""What holds of every diff, whatever the texts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import tracker.text.diff as diff_module
from tests.articles import TOKENS, pairs
from tests.diff_marks import marked
from tests.hard_texts import HARD
from tracker.model import Diff, Edit
from tracker.text import tokens
from tracker.text.diff import LONGEST_SENTENCE, apply, diff, revert, sequences

ANY_TEXT = st.text(
    alphabet=st.one_of(st.sampled_from("ab .,\n\r-#*>|`[]()\"'“1"), st.characters()), max_size=80
)


def check(old: str, new: str) -> Diff:
    """Everything that must hold of a diff of any two texts."""
    found = diff(old, new)
    edits = found.edits
    assert apply(old, edits) == new
    assert revert(new, edits) == old
    assert list(edits) == sorted(edits, key=lambda edit: (edit.new_start, edit.new_end))
    for place in (
        [(edit.old_start, edit.old_end) for edit in edits],
        [(edit.new_start, edit.new_end) for edit in edits],
    ):
        ends = 0
        for start, end in sorted(place):
            assert ends <= start <= end
            ends = end
    for edit in edits:
        check_edit(edit, old, new)
    if old == new:
        assert found == Diff((), (), 0, 0)
    return found


def check_edit(edit: Edit, old: str, new: str) -> None:
    assert old[edit.old_start : edit.old_end] == edit.old
    assert new[edit.new_start : edit.new_end] == edit.new
    assert len(edit.old_sentence) <= LONGEST_SENTENCE
    assert len(edit.new_sentence) <= LONGEST_SENTENCE
    if edit.operation == "move":
        assert edit.old
        assert edit.new
        assert inside(edit, edit.within) == edit.new
        for inner in edit.within:
            assert edit.old_start <= inner.old_start <= inner.old_end <= edit.old_end
            assert edit.new_start <= inner.new_start <= inner.new_end <= edit.new_end
            check_edit(inner, old, new)
        return
    assert not edit.within
    assert edit.old != edit.new
    assert edit.operation == (
        "replace" if edit.old and edit.new else "delete" if edit.old else "insert"
    )


def inside(move: Edit, within: Sequence[Edit]) -> str:
    """The moved text with the edits inside it made."""
    parts = []
    at = move.old_start
    for edit in within:
        parts += [move.old[at - move.old_start : edit.old_start - move.old_start], edit.new]
        at = edit.old_end
    return "".join([*parts, move.old[at - move.old_start :]])


@given(pairs())
def test_a_diff_of_two_versions_rebuilds_both(texts: tuple[str, str]) -> None:
    check(*texts)


@given(ANY_TEXT, ANY_TEXT)
@example("", "x")
@example("x", "")
@example("\ufeff", "\ufeff---\na: 1\n---\n")
@example("---\na: 1\n---", "---\na: 1\n---\n")
@example("---\n---\n", "---\n---\nx")
@example("a\r\n\r\nb", "a\n\nb")
@example("\ud800 a", "\ud800 b")
@example("- a. \ufeff. B\n- c", "- a. B. \ufeff\n- c")
@example('<a\n title="b c"\n></a>', '<a\n<b>x title="b c"\n></a>')
def test_a_diff_of_any_two_texts_rebuilds_both(old: str, new: str) -> None:
    check(old, new)


@given(pairs())
def test_equal_texts_have_no_edits(texts: tuple[str, str]) -> None:
    assert diff(texts[0], texts[0]) == Diff((), (), 0, 0)


@given(
    st.lists(st.sampled_from(TOKENS), min_size=1, max_size=30),
    st.lists(st.sampled_from(TOKENS), max_size=6),
    st.lists(st.sampled_from(TOKENS), max_size=6),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_no_edit_begins_or_ends_inside_a_token(
    tokens: list[str], some: list[str], others: list[str], at: int, to: int
) -> None:
    changed = [*tokens[:at], *some, *tokens[at + 2 : to], *others, *tokens[to:]]
    for edit in diff(" ".join(tokens), " ".join(changed)).edits:
        for one in (edit, *edit.within):
            for place in (one.old_start, one.old_end):
                assert not cuts(place, tokens)
            for place in (one.new_start, one.new_end):
                assert not cuts(place, changed)


def cuts(place: int, tokens: list[str]) -> bool:
    at = 0
    for token in tokens:
        if at < place < at + len(token):
            return True
        at += len(token) + 1
    return False


def test_the_same_texts_give_the_same_edits_in_another_process() -> None:
    program = (
        "from random import Random; from tests.articles import PIECES, changed;"
        "from tracker.text.diff import diff; r = Random(7);"
        "old = [r.choice(PIECES) for _ in range(400)];"
        "print(ascii(diff(' '.join(old), ' '.join(changed(r, old))).edits))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
    assert "Edit(" in answers.pop()


def edits_of(old: str, new: str) -> list[tuple[str, str, bool]]:
    return [(edit.old, edit.new, edit.verbal) for edit in diff(old, new).edits]


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ('"Hi," he said', "“Hi,” he said", [('"', "“", False), ('"', "”", False)]),
        ("one two\nthree", "one\ntwo three", [(" ", "\n", False), ("\n", " ", False)]),
        ("cafe\u0301 au lait", "caf\u00e9 au lait", [("cafe\u0301", "caf\u00e9", False)]),
        ("[a](/x) b", "[a](/y) b", [("/x", "/y", False)]),
        ("[a][1]\n\n[1]: /x\n", "[a][1]\n\n[1]: /y\n", [("/x", "/y", False)]),
        ("the *first* one", "the _first_ one", [("*", "_", False), ("*", "_", False)]),
        ("* a b\n* c d\n", "- a b\n- c d\n", [("*", "-", False), ("*", "-", False)]),
        ("a b", "a b ", [("", " ", False)]),
        ("Come, now", "Come now", [(",", "", True)]),
        ("soft\u00adhyphen", "softhyphen", [("soft\u00adhyphen", "softhyphen", False)]),
    ],
)
def test_what_touches_no_word_is_an_edit_that_is_not_verbal(
    old: str, new: str, edits: list[tuple[str, str, bool]]
) -> None:
    assert edits_of(old, new) == edits


def test_an_edit_carries_the_sentences_around_it() -> None:
    old = "It rained. Four people died on Monday, police said. Nobody else was hurt.\n"
    new = "It rained. Five people died on Monday, police said. Nobody else was hurt.\n"
    (edit,) = diff(old, new).edits
    assert (edit.old_start, edit.old_end) == (11, 15)
    assert edit.old_sentence == "Four people died on Monday, police said."
    assert edit.new_sentence == "Five people died on Monday, police said."


def test_a_sentence_taken_in_has_no_sentence_before() -> None:
    old = "It rained.\n\nNobody was hurt.\n"
    new = "It rained.\n\nTwo cars were lost in the flood.\n\nNobody was hurt.\n"
    (edit,) = diff(old, new).edits
    assert (edit.operation, edit.new) == ("insert", "Two cars were lost in the flood.\n\n")
    assert (edit.old_sentence, edit.new_sentence) == ("", "Two cars were lost in the flood.")


def test_words_are_counted_where_they_are_verbal_and_not_where_they_only_moved() -> None:
    old = "One two three four five.\n\nSix seven eight nine ten.\n\nEnd of [it](/a).\n"
    new = "Six seven eight nine eleven twelve.\n\nOne two three four five.\n\nEnd of [it](/b).\n"
    found = check(old, new)
    assert [edit.operation for edit in found.edits] == ["move", "replace"]
    assert (found.words_added, found.words_removed) == (2, 1)


def test_front_matter_is_told_key_by_key_and_by_value() -> None:
    old = "---\ntitle: Four dead\nauthor: Ada\ntags: [a]\n---\nBody text.\n"
    new = "---\ntitle: 'Five dead'\nauthor: \"Ada\"\ndek: New\n---\nBody text.\n"
    found = check(old, new)
    assert [(one.key, one.role, one.old, one.new) for one in found.fields] == [
        ("title", "headline", "Four dead", "Five dead"),
        ("dek", "dek", None, "New"),
        ("tags", "metadata", "a", None),
    ]
    assert {edit.field: edit.verbal for edit in found.edits} == {
        "title": True,
        "author": False,
        "tags": True,
        "dek": True,
    }
    assert (found.words_added, found.words_removed) == (1, 1)


def test_front_matter_written_in_another_order_changes_no_field() -> None:
    old = "---\ntitle: A\nauthor: Ada\n---\nBody.\n"
    new = "---\nauthor: Ada\ntitle: A\n---\nBody.\n"
    found = check(old, new)
    assert found.fields == ()
    assert found.edits
    assert not any(edit.verbal for edit in found.edits)


def test_keys_of_pelican_are_told_too() -> None:
    old = "Title: Four dead\nDate: 2024-01-01\n\nBody.\n"
    new = "Title: Five dead\nDate: 2024-01-01\n\nBody.\n"
    found = check(old, new)
    assert [(one.role, one.old, one.new) for one in found.fields] == [
        ("headline", "Four dead", "Five dead")
    ]
    assert [(edit.field, edit.verbal) for edit in found.edits] == [("Title", True)]


def test_a_nested_key_is_named_by_its_path() -> None:
    old = "---\nimage:\n  src: a.png\n  caption: The mayor\n---\n"
    new = "---\nimage:\n  src: a.png\n  caption: The governor\n---\n"
    (change,) = check(old, new).fields
    assert (change.key, change.role) == ("image.caption", "caption")
    assert (change.old, change.new) == ("The mayor", "The governor")


def test_an_anchor_in_front_matter_is_followed() -> None:
    old = "---\ntitle: &name Storm\nseo: *name\n---\n"
    new = "---\ntitle: &name Flood\nseo: *name\n---\n"
    assert [one.key for one in check(old, new).fields] == ["title", "seo"]


def test_the_first_heading_is_the_headline_where_there_is_no_front_matter() -> None:
    found = check("# Four dead\n\nBody.\n", "# Five dead\n\nBody.\n")
    (change,) = found.fields
    assert (change.key, change.role) == ("heading", "headline")
    assert (change.old, change.new) == ("Four dead", "Five dead")
    assert [edit.field for edit in found.edits] == [None]


def test_front_matter_that_does_not_parse_is_compared_as_text() -> None:
    old = "---\ntitle: [a\n---\nBody.\n"
    new = "---\ntitle: [b\n---\nBody.\n"
    found = check(old, new)
    assert found.fields == ()
    assert marked(found.edits, new).startswith("---\ntitle: [")


@pytest.mark.parametrize("name", HARD)
def test_hard_texts_take_bounded_work(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: tokens cut, the sizes of the comparisons made, the edits."""
    old, new = HARD[name]
    cut = cells = 0
    split, engine = tokens.split, diff_module._engine

    def counting_split(text: str) -> list[str]:
        nonlocal cut
        parts = split(text)
        cut += len(parts)
        return parts

    def counting_engine(one: str, other: str) -> list[tuple[int, str]]:
        nonlocal cells
        cells += len(one) * len(other)
        return engine(one, other)

    monkeypatch.setattr(tokens, "split", counting_split)
    monkeypatch.setattr(diff_module, "_engine", counting_engine)
    found = diff(old, new)
    assert cut <= 1_000_000
    assert cells <= 2_400_000
    assert len(found.edits) <= 10_000
    assert apply(old, found.edits) == new
    assert revert(new, found.edits) == old


LETTERS = st.lists(st.sampled_from("aabbbcdefg"), max_size=14)


@pytest.mark.parametrize("most_cells", [0, 4, 1_000])
@given(old=LETTERS, new=LETTERS)
@example(old=list("cdaa"), new=list("daaa"))
def test_what_two_sequences_have_in_common_is_in_order_however_it_is_cut(
    most_cells: int, old: list[str], new: list[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequences, "MOST_CELLS", most_cells)
        runs = sequences.Matching(diff_module._engine, sequences.Budget()).runs(old, new)
    old_end = new_end = 0
    for a, c, size in runs:
        assert a >= old_end
        assert c >= new_end
        assert size > 0
        assert old[a : a + size] == new[c : c + size]
        old_end, new_end = a + size, c + size


def test_a_coarse_answer_is_said_to_be_coarse() -> None:
    assert diff(*HARD["100,000 equal short items"]).coarse
    assert not diff("a b c", "a x c").coarse
