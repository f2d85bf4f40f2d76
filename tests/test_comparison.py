"""Two whole texts compared: language, style, notes, labels on edits, hostile input."""

from __future__ import annotations

import random

import pytest

import tracker
from tests.growth import grows_straight, reads_straight
from tests.measured import edits
from tracker.comparison import Compared, Text, compare, words_of_first

STORY = "The bridge is closed.\n\nPolice Chief John Smyth said 12 people were hurt.\n"


def test_compare_is_the_librarys_face() -> None:
    """tracker.compare is this function."""
    assert tracker.compare is compare


def test_equal_texts_have_no_change() -> None:
    """The same text twice gives no edits, labels or reasons."""
    change = compare(STORY, STORY)
    assert change.edits == ()
    assert (change.substantive, change.labels, change.reasons) == (False, frozenset(), ())


def test_labels_stand_on_the_edits_that_earned_them() -> None:
    """Each edit carries its own labels; the change has all of them."""
    change = compare(STORY, STORY.replace("Smyth", "Smith").replace("12", "21"))
    assert [(edit.old, edit.new, edit.labels) for edit in change.edits] == [
        ("Smyth", "Smith", frozenset({"name"})),
        ("12", "21", frozenset({"number"})),
    ]
    assert change.labels == {"name", "number"}


def test_the_strongest_reason_comes_first() -> None:
    """A number stands before a name, a name before a link."""
    new = STORY.replace("Smyth", "Smith").replace("12", "21").replace("closed", "[closed](x)")
    reasons = compare(STORY, new).reasons
    assert reasons[:2] == (
        'number: 12 → 21 in "Chief John Smyth said 12 people were hurt."',
        'name: John Smyth → John Smith in "Police Chief John Smyth said 12 people were …"',
    )
    assert all(reason.startswith("link added") for reason in reasons[2:])


def test_edits_lead_from_the_old_text_to_the_new() -> None:
    """The edits of a change are those of the diff, with labels."""
    new = STORY.replace("closed", "open to cars").replace("12", "21")
    text, at = "", 0
    for edit in compare(STORY, new).edits:
        text += STORY[at : edit.old_start] + edit.new
        at = edit.old_end
    assert text + STORY[at:] == new


@pytest.mark.parametrize(
    ("front", "old", "new"),
    [
        ("lang: de", "Es kamen 1.500 Leute.", "Es kamen 1500 Leute."),
        ("language: fr", "Il y avait 1 500 personnes.", "Il y avait 1500 personnes."),
    ],
)
def test_the_front_matter_names_the_language(front: str, old: str, new: str) -> None:
    """With the language from the front matter, its separators are read."""
    texts = [f"---\ntitle: X\n{front}\n---\n{body}\n" for body in (old, new)]
    assert not compare(*texts).substantive


def test_without_a_language_it_is_guessed() -> None:
    """A German text needs no hint: 1.500 and 1500 are one number in it."""
    old = "Die Feuerwehr sagte, dass nach dem Brand 1.500 Menschen nicht in der Stadt waren.\n"
    assert not compare(old, old.replace("1.500", "1500")).substantive
    english = "The fire department said the storm moved it by 1.500 miles from the town.\n"
    assert compare(english, english.replace("1.500", "1500")).substantive


def test_a_given_language_rules() -> None:
    """What the caller says counts more than the front matter."""
    texts = [f"---\nlang: de\n---\nIt was {one} miles.\n" for one in ("1.500", "1500")]
    assert not compare(*texts).substantive
    assert compare(*texts, language="en").substantive


def test_notes_are_left_out() -> None:
    """A note alone is no change of substance; a changed fact with it still is."""
    note = "\n*Correction: An earlier version of this story gave a wrong number. It is 21.*\n"
    assert compare(STORY, STORY + note).labels == {"note"}
    assert not compare(STORY, STORY + note).substantive
    assert compare(STORY, STORY.replace("12", "21") + note).substantive


def test_a_note_that_stays_is_read() -> None:
    """What readers were told may change: a fact in a standing note is a change."""
    note = "\n*Correction: An earlier version of this story gave a wrong number. It is {}.*\n"
    change = compare(STORY + note.format(21), STORY + note.format(31))
    assert change.substantive
    assert change.labels == {"note", "number"}


@pytest.mark.parametrize(
    "text",
    [
        "", "\ufeff", "\n" * 500, "***", "<", "<!--", "[", "](", "{{", "{%", "\\", "`", "~~",
        "---\n", "---\ntitle: [\n---\n", "\u0300", "\u00ad", "‘", '"', "1" * 400, "A.B.C.",
        "٣٫٥", "²", "Ⅳ", "🇺", "\u200d", "a\x00b", "\u2028", "12:99", "31/31/31", "$", "No.",
    ],
)  # fmt: skip
def test_odd_texts_give_an_answer(text: str) -> None:
    """Fragments, lone marks and broken front matter are texts like any other."""
    for old, new in ((text, STORY), (STORY, text), (STORY + text, STORY.upper() + text)):
        assert compare(old, new).reasons


HOSTILE = {
    "one long line": "word " * 200_000,
    "one long word": "a" * 1_000_000,
    "asterisks": "*" * 100_000,
    "parentheses": "(" * 200_000,
    "link openings": "](a" * 100_000,
    "templates": "{%" * 150_000,
    "comments": "<!--" * 100_000,
    "images": "![a" * 100_000,
    "tags": "<img " * 60_000,
    "quotation marks": '"a' * 100_000,
    "apostrophes": "'a " * 100_000,
    "digits": "1," * 200_000,
    "capitals": "Ab " * 100_000,
    "numbers": "12 and 7. " * 40_000,
    "paragraphs": "He said no.\n\n" * 20_000,
    "negations": "not " * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_cost_bounded_time(name: str) -> None:
    """A megabyte of trouble, edited at both ends and in the middle."""

    def edited(text: str) -> None:
        half = len(text) // 2
        new = f"Five {text[:half]} six {text[half:]} seven"
        assert compare(f"Four {text}", new, language="en").substantive

    reads_straight(edited, HOSTILE[name])


def test_a_text_changed_in_every_line_costs_bounded_time() -> None:
    """Long paragraphs full of facts, with thousands of edits in each."""
    words = 'Smith said because of Tuesday 7 the department a lawyer (EPA) [x](y) . , "'
    draw = random.Random(1)
    paragraph = " ".join(draw.choices(words.split(), k=2_000))
    edited = " ".join(word if draw.random() < 0.9 else "Bell" for word in paragraph.split())

    def judged(times: int, turn: int) -> None:
        old, new = ("\n\n".join([each] * times) + " " * turn for each in (paragraph, edited))
        assert compare(old, new, language="en").substantive

    grows_straight(judged, 2)


def test_labelled_edits_are_found() -> None:
    """On the labelled edits, hardly a change of substance is missed, and few are called in vain."""
    rows = edits()
    said = [compare(row.old, row.new).substantive for row in rows]
    hits = sum(row.substantive and one for row, one in zip(rows, said, strict=True))
    assert hits >= 0.96 * sum(row.substantive for row in rows)
    assert hits >= 0.8 * sum(said)


NOTED = (
    "---\ntitle: Pool closes\nupdates:\n- id: c1\n  kind: correction\n"
    "  at: 2026-01-02T10:00:00Z\n"
    "  text: An earlier version of this article misstated the vote.\n---\nThe vote was 5-2.\n\n"
    "<!-- updates -->\n*Correction, Jan. 2, 2026: An earlier version of this article misstated "
    "the vote.*\n<!-- /updates -->\n"
)
BARE = "---\ntitle: Pool closes\n---\nThe vote was 5-2.\n"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (BARE, NOTED, 'note added: "An earlier version of this article misstated the vote."'),
        (NOTED, BARE, 'note removed: "An earlier version of this article misstated the vote."'),
        (
            NOTED,
            NOTED.replace("the vote.", "the tally."),
            (
                'note changed: "An earlier version of this article misstated the vote." → '
                '"An earlier version of this article misstated the tally."'
            ),
        ),
    ],
)
def test_a_note_in_front_matter_is_told_by_its_words(old: str, new: str, reason: str) -> None:
    """No id, no key: the note's own words, and once, though the body shows it too."""
    change = compare(old, new)
    assert change.reasons == (reason,)
    assert not change.substantive


def test_words_of_notes_are_not_counted() -> None:
    """What a note says is no word of the story."""
    counted = compare(BARE, NOTED.replace("5-2.", "5-2, and 40 people came.", 1))
    assert (counted.words_added, counted.words_removed) == (4, 0)
    line = "\n*Correction, Jan. 2, 2026: An earlier version of this article misstated the vote.*\n"
    alone = compare(STORY, STORY + line)
    assert (alone.words_added, alone.words_removed) == (0, 0)


def test_a_reason_is_one_line_around_the_difference() -> None:
    """Of two long values the words that differ are shown, not the beginnings they share."""
    old = f"---\ntitle: Pool\nsummary: {'word ' * 60}four cats {'word ' * 60}\n---\n"
    assert compare(old, old.replace("four", "five")).reasons == (
        'dek: "… word word word four cats word word …" → "… word word word five cats word word …"',
    )


def test_the_words_of_a_first_version_are_those_that_a_comparison_with_nothing_adds() -> None:
    text = (
        "---\ntitle: Boats\n---\n\nTwelve boats left, the office said.\n\n"
        "*Update, May 12: This article has been updated to add a number.*\n"
    )
    for style in (None, "nyt"):
        added = tracker.compare("", text, style=style).words_added
        assert words_of_first(text, style=style) == added > 0


BLOCK = (
    "\n<!-- updates -->\n\n*Update, May 12, 2022: This article has been updated to add that "
    "{} boats left.*\n\n<!-- /updates -->\n"
)
HAND_WRITTEN = (
    "\n*Correction, Jan. 2, 2026: An earlier version of this article misstated the vote.*\n"
)


@pytest.mark.parametrize("style", [None, "nyt"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (STORY, STORY.replace("12", "21") + BLOCK.format(3)),
        (STORY + BLOCK.format(3), STORY + "Rain fell.\n" + BLOCK.format(4)),
        (STORY + BLOCK.format(3) + HAND_WRITTEN, STORY.replace("closed", "open") + HAND_WRITTEN),
        (STORY + HAND_WRITTEN, STORY + "<!-- updates -->\n" + HAND_WRITTEN),
    ],
)
def test_words_are_counted_without_judging_as_they_are_with_it(
    old: str, new: str, style: str | None
) -> None:
    change = compare(old, new, style=style)
    counted = Compared(Text(old), Text(new), style, None)
    assert counted.words == (change.words_added, change.words_removed)
    assert change == counted.change


def test_words_of_labelled_edits_are_counted_without_judging() -> None:
    for edit in edits():
        change = compare(edit.old, edit.new)
        counted = Compared(Text(edit.old), Text(edit.new), None, None)
        assert counted.words == (change.words_added, change.words_removed)


def test_a_key_that_comes_or_goes_is_named_with_its_value() -> None:
    draft = "---\ntitle: Boats\ndraft: false\n---\n\nTwelve boats left.\n"
    out = draft.replace("draft: false\n", "")
    assert compare(draft, out).reasons == ("metadata removed: draft: false",)
    assert compare(out, draft).reasons == ("metadata added: draft: false",)
    assert compare(draft, draft.replace("false", "true")).reasons == ("metadata: false → true",)
