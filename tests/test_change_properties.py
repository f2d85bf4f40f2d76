"""A change to a digit, a date, a name, a negation or a quotation is never called small."""

from __future__ import annotations

import calendar
from dataclasses import dataclass

from hypothesis import assume, given
from hypothesis import strategies as st

from tracker.comparison import compare

OPENINGS = (
    "The storm came in from the sea.",
    "Schools in three districts will stay closed.",
    "Utility crews were working to restore service.",
    "The council meets in the old hall on the river.",
)
FRAMES = (
    "{}", "- {}", "> {}", "*{}*", "**Note** {}", "## Part\n\n{}", "| {} | open |", "<p>{}</p>",
    "[{}](https://example.org/a)", "1. {}", "{} See [more](https://example.org/b).",
)  # fmt: skip
FIRST = ("Maria", "John", "Olena", "Karim", "Tom", "Beatriz")
COMMON = ("river", "bridge", "garden", "winter", "market", "doctor", "window", "harbor", "letter")
DIGITS = "0123456789"


@dataclass(frozen=True)
class Pair:
    """A sentence in two versions, and the words that make the difference."""

    old: str
    new: str


@st.composite
def articles(draw: st.DrawFn, pairs: st.SearchStrategy[Pair]) -> tuple[str, str]:
    """Two versions of an article that differ in one sentence, somewhere, in some markup."""
    pair = draw(pairs)
    frame = draw(st.sampled_from(FRAMES))
    before = draw(st.lists(st.sampled_from(OPENINGS), max_size=2))
    after = draw(st.lists(st.sampled_from(OPENINGS), max_size=2))
    gap = draw(st.sampled_from(["\n\n", " "])) if frame in ("{}", "*{}*") else "\n\n"
    texts = [gap.join([*before, frame.format(one), *after]) + "\n" for one in (pair.old, pair.new)]
    return texts[0], texts[1]


def named(draw: st.DrawFn) -> str:
    """A family name that no dictionary has to know."""
    letters = st.sampled_from("abcdefghiklmnoprstuvyz")
    return "".join(draw(st.lists(letters, min_size=4, max_size=9))).capitalize()


@st.composite
def digits_changed(draw: st.DrawFn) -> Pair:
    """One digit is another, in any of the shapes that numbers have in print."""
    shape = draw(
        st.sampled_from(
            [
                "{}",
                "{},000",
                "${}",
                "{}%",
                "{} percent",
                "{} miles",
                "{}-year-old",
                "No. {}",
                "Route {}",
                "COVID-{}",
                "B{}",
                "{}A",
                "#{}",
                "{}.5",
                "-{}",
                "({})",
                "{}:30",
                "{}/7",
                "€{} million",
                "{}th",
                "2{}4",
                "more than {}",
                "v{}.2.1",
                "+{}",
                "§{}",
                "{}°",
                "~{}",
                "{}–99",
                "{} p.m.",
                "May {}",
                "{}",
                "“{}”",
                "CVE-2016-{}",
                "{}x",
                "x{}",
                "{}km",
            ]
        )
    )
    number = draw(st.text(DIGITS, min_size=1, max_size=6))
    place = draw(st.integers(0, len(number) - 1))
    digit = draw(st.sampled_from(DIGITS))
    assume(digit != number[place])
    changed = number[:place] + digit + number[place + 1 :]
    sentence = draw(
        st.sampled_from(["There were {} of them.", "Crews saw {} there", "At {} it rose."])
    )
    return Pair(sentence.format(shape.format(number)), sentence.format(shape.format(changed)))


@st.composite
def numbers_changed(draw: st.DrawFn) -> Pair:
    """A number is another, in words or digits, whatever the form."""
    words = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve")
    one, other = draw(st.lists(st.sampled_from(words), min_size=2, max_size=2, unique=True))
    sentence = draw(st.sampled_from(["The storm killed {} people.", "{} boats were lost."]))
    return Pair(sentence.format(one), sentence.format(other))


@st.composite
def dates_changed(draw: st.DrawFn) -> Pair:
    """A weekday, a month or a day of the month is another."""
    sentence = draw(st.sampled_from(["The vote is on {}.", "On {} the trial opened.", "{}: rain"]))
    names = list(calendar.day_name if draw(st.booleans()) else calendar.month_name[1:])
    one, other = draw(st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True))
    if one in calendar.month_name:
        one, other = f"{one} 5", f"{other} 5"
    return Pair(sentence.format(one), sentence.format(other))


@st.composite
def names_changed(draw: st.DrawFn) -> Pair:
    """One letter of a name is another, gone, or doubled."""
    name = named(draw)
    place = draw(st.integers(1, len(name) - 1))
    letter = draw(st.sampled_from("aeioulnrst"))
    changed = draw(
        st.sampled_from(
            [
                name[:place] + letter + name[place + 1 :],
                name[:place] + letter + name[place:],
                name[:place] + name[place + 1 :],
            ]
        )
    )
    assume(changed != name and len(changed) > 2)
    first = draw(st.sampled_from(FIRST))
    sentence = draw(
        st.sampled_from(
            [
                "Mayor {first} {last} spoke at noon.",
                "The mayor, {first} {last}, left the town.",
                "He told {last} about it.",
                "They flew to {last} in the morning.",
                "The prize went to {last}’s film.",
                "“We lost,” said {first} {last}.",
            ]
        )
    )
    return Pair(sentence.format(first=first, last=name), sentence.format(first=first, last=changed))


@st.composite
def negations_changed(draw: st.DrawFn) -> Pair:
    """A statement is turned round."""
    pairs = (
        ("He will release their names.", "He will not release their names."),
        ("The road is open.", "The road isn't open."),
        ("They have lost money.", "They have never lost money."),
        ("The suspect left with the car.", "The suspect left without the car."),
        ("Somebody was in the house.", "Nobody was in the house."),
        ("The court called it legal.", "The court called it illegal."),
        ("There is reason to worry.", "There is no reason to worry."),
        ("They can see it.", "They can't see it."),
        ("Both of them agreed.", "Neither of them agreed."),
    )
    one, other = draw(st.sampled_from(pairs))
    return Pair(other, one) if draw(st.booleans()) else Pair(one, other)


@st.composite
def quotations_changed(draw: st.DrawFn) -> Pair:
    """One word of a quotation is another, or gone, or new."""
    words = draw(st.lists(st.sampled_from(COMMON), min_size=2, max_size=6))
    place = draw(st.integers(0, len(words) - 1))
    other = draw(st.sampled_from(COMMON))
    assume(other != words[place] and (place == 0 or other != words[place - 1]))
    assume(place + 1 == len(words) or other != words[place + 1])
    changed = [*words[:place], other, *words[place + 1 :]]
    opening, closing = draw(st.sampled_from([('"', '"'), ("“", "”"), ("«", "»"), ("„", "“")]))
    return Pair(*(f"She said: {opening}{' '.join(one)}{closing}." for one in (words, changed)))


@st.composite
def same_facts(draw: st.DrawFn) -> Pair:
    """The same fact in another form."""
    number = draw(st.integers(1_000, 9_999_999))
    pairs = [
        (f"There were {number:,} of them.", f"There were {number} of them."),
        ("The crew of six came home.", "The crew of 6 came home."),
        ("Polls close at 6 p.m. sharp.", "Polls close at 18:00 sharp."),
        ("Polls close at 6:30 p.m. sharp.", "Polls close at 6:30pm sharp."),
        ("It opened on Sept. 5 in town.", "It opened on September 5 in town."),
        ("It opened on 5 September 2024.", "It opened on September 5, 2024."),
        ("Turnout was 41% there.", "Turnout was 41 percent there."),
        ("It costs $5 million to build.", "It costs $5M to build."),
        ("He didn't release it.", "He did not release it."),
        ("She came in 3rd in town.", "She came in third in town."),
        ("Over 300 people marched.", "More than 300 people marched."),
        ('She said: "We are done."', "She said: “We are done.”"),
        ('She said: "We accomodate them."', 'She said: "We accommodate them."'),
        ("The trail is 12 kilometers long.", "The trail is 12 km long."),
        ("He joined the US Army late.", "He joined the U.S. Army late."),
    ]
    one, other = draw(st.sampled_from(pairs))
    return Pair(other, one) if draw(st.booleans()) else Pair(one, other)


def _told(texts: tuple[str, str]) -> None:
    change = compare(*texts, language="en")
    assert change.substantive, (texts, change.labels, change.reasons)
    assert change.reasons


@given(articles(digits_changed()))
def test_a_digit_is_never_small(texts: tuple[str, str]) -> None:
    """Another digit in visible prose is a change of substance."""
    _told(texts)


@given(articles(numbers_changed()))
def test_a_number_in_words_is_never_small(texts: tuple[str, str]) -> None:
    """Another number in words is a change of substance."""
    _told(texts)


@given(articles(dates_changed()))
def test_a_date_is_never_small(texts: tuple[str, str]) -> None:
    """Another weekday, month or day is a change of substance."""
    _told(texts)


@given(articles(names_changed()))
def test_a_name_is_never_small(texts: tuple[str, str]) -> None:
    """A respelled name is a change of substance."""
    _told(texts)


@given(articles(negations_changed()))
def test_a_negation_is_never_small(texts: tuple[str, str]) -> None:
    """A negation that comes or goes is a change of substance."""
    _told(texts)


@given(articles(quotations_changed()))
def test_the_words_of_a_quotation_are_never_small(texts: tuple[str, str]) -> None:
    """Another word inside quotation marks is a change of substance."""
    _told(texts)


@given(articles(same_facts()))
def test_the_same_fact_in_another_form_is_small(texts: tuple[str, str]) -> None:
    """1,500 and 1500, six and 6, 6 p.m. and 18:00 are one fact each."""
    change = compare(*texts, language="en")
    assert not change.substantive, (texts, change.labels, change.reasons)


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(["en", "uk", "zh", "xx"]))
def test_any_text_gives_an_answer(old: str, new: str, language: str) -> None:
    """No text breaks the judging; equal texts have no change; labels are of edits and fields."""
    change = compare(old, new, language=language)
    if old == new:
        assert (change.substantive, change.labels, change.reasons) == (False, frozenset(), ())
    for edit in change.edits:
        if edit.field is None:
            assert edit.labels <= change.labels
