"""House styles: the lines they write, reading them back, changing them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.growth import reads_straight
from tracker.errors import TrackerError
from tracker.house import style as house
from tracker.house.dates.names import instant, wall_times, zone
from tracker.house.notes.passages import plain_words
from tracker.house.notes.wording import line, recognise, sentence, when
from tracker.house.style import Style, form, known_places, load, names, parse
from tracker.model import KINDS, Kind, Note, Precision

CASES = Path(__file__).parent / "cases" / "lines" / "shipped.toml"
LINES: list[dict[str, Any]] = tomllib.loads(CASES.read_text(encoding="utf-8"))["line"]
AT = datetime(2022, 5, 12, 11, 45, tzinfo=UTC)
NEW_YORK = zone("America/New_York")


def note(kind: Kind, text: str, precision: Precision = "minute", at: datetime = AT) -> Note:
    return Note("u1", kind, text, at, precision)


@pytest.mark.parametrize("case", LINES, ids=lambda case: f"{case['style']}-{case['kind']}")
def test_a_house_writes_its_line(case: dict[str, Any]) -> None:
    style, place = load(case["style"]), zone(case["zone"])
    text = sentence(style, case["kind"], case["typed"])
    written = {
        precision: line(style, note(case["kind"], text, precision), place, case.get("story_date"))
        for precision in ("minute", "day", "none")
    }
    day = case.get("day", case["line"])
    assert written["minute"] == case["line"]
    assert written["day"] == day
    assert written["none"] == case.get("none", day)


def test_the_shipped_styles_are_these() -> None:
    assert names() == (
        "ap",
        "bbc",
        "cnn",
        "default",
        "french",
        "german",
        "guardian",
        "newsweek",
        "nyt",
        "reuters",
        "spanish",
        "spotlight-pa",
        "ukrainian",
        "washington-post",
        "wired",
    )


@pytest.mark.parametrize("name", names())
def test_every_style_words_every_kind(name: str) -> None:
    style = load(name)
    assert style.name == name
    assert set(style.templates) == set(KINDS)
    assert len({template.label for template in style.templates.values()}) == len(KINDS)
    for template in style.templates.values():
        assert template.label
        assert template.lead
        assert template.layouts
    assert "update" not in style.templates["correction"].label.lower()
    assert "update" not in style.templates["correction"].lead.lower()
    assert not any("{noun}" in each or "{earlier" in each for each in style.draft.values())
    assert (style.day_first is None) == (name == "default")


def test_every_language_has_the_same_phrases_for_drafts() -> None:
    keys = set(load("newsweek").draft)
    for name in names():
        assert set(load(name).draft) == keys
    assert load("ap").draft["misspelled"] == (
        "An earlier version of this story misspelled the name of {new}."
    )


# Reading back


def shown_places(
    style: Style, template_kind: Kind, precision: Precision, text: str
) -> frozenset[str]:
    """The places that the line of this note really shows."""
    template = style.templates[template_kind]
    woven = bool(template.lead_layouts) and text.startswith(f"{template.lead} ")
    known = known_places(precision, False, woven)
    return frozenset(form(template.lead_layouts if woven else template.layouts, known)[1])


LEADS = {
    "german": "um zu zeigen, dass ",
    "french": "pour ",
    "spanish": "para ",
    "ukrainian": "щоб ",
}
WORDS = st.text(min_size=1, max_size=60).filter(lambda words: any(map(str.isalnum, words)))
MINUTES = st.datetimes(datetime(1995, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(second=0, microsecond=0, tzinfo=UTC)
)
PLACES = ["America/New_York", "Europe/London", "Europe/Paris", "Europe/Kyiv", "Asia/Kathmandu"]


@given(
    st.sampled_from(names()),
    st.sampled_from(KINDS),
    st.sampled_from(["minute", "day", "none"]),
    MINUTES,
    st.sampled_from(PLACES),
    WORDS,
    st.booleans(),
)
def test_what_a_style_writes_is_read_back(
    name: str,
    kind: Kind,
    precision: Precision,
    at: datetime,
    place: str,
    words: str,
    with_lead: bool,
) -> None:
    """Kind and text always; date, time and zone as far as the template shows them."""
    style, home = load(name), zone(place)
    typed = f"{LEADS.get(name, 'to ')}{words}" if with_lead else words
    text = sentence(style, kind, typed)
    # Markup in the text is left out of what is found; these say what that is.
    assume(plain_words(text) == text)
    assume("&lt;" not in text)
    assume("&gt;" not in text)
    written = line(style, note(kind, text, precision, at), home)
    assert "\n" not in written
    local = at.astimezone(home) if precision == "minute" else at
    found = recognise(style, written, local.date() + timedelta(days=1))
    assert found is not None
    assert (found.kind, found.text) == (kind, text)
    assert (found.start, found.end) == (0, len(written))
    shown = shown_places(style, kind, precision, text)
    assert found.date == (local.date() if "date" in shown else None)
    assert found.time == (local.time() if "time" in shown else None)
    assert (found.zone is not None) == ("zone" in shown)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_every_style_is_read_back(name: str, kind: Kind) -> None:
    style = load(name)
    for typed in (LEADS.get(name, "to ") + "add that X did Y", "The year was 2021, not 2012."):
        text = sentence(style, kind, typed)
        for precision in ("minute", "day", "none"):
            found = recognise(style, line(style, note(kind, text, precision), NEW_YORK), AT.date())
            assert found is not None
            assert (found.kind, found.text) == (kind, text)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("newsweek", "*Update 05/12/22, 7:45 a.m. ET: This article has been updated.*"),
        ("newsweek", "  Update 05/12/22, 7:45 a.m. ET: This article\nhas been updated.  "),
        ("nyt", "A correction was made on Dec. 6, 2021: We misspelled a name."),
        ("nyt", "An editors’ note was appended on Dec. 6, 2021: We fell short."),
        ("guardian", "This article was amended on 29 December 2016 to remove a sentence."),
        ("reuters", "(This Oct. 30 story has been corrected to change the year to 2024)"),
        ("spotlight-pa", "*This story was updated on June 29 to clarify who voted.*"),
    ],
)
def test_lines_in_the_houses_words_are_recognized(name: str, written: str) -> None:
    found = recognise(load(name), written, date(2024, 11, 1))
    assert found is not None
    assert written[found.start : found.end] == written.strip()


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(
    "text",
    [
        "Update root certificates: new ones are here.",
        "Updates: see below.",
        "Updated packages are in the archive.",
        "Update 02/30/22, 7:45 a.m. ET: no such day.",
        "Update 05/12/22, 13:45 p.m. ET: no such time.",
        "Correction officers said on May 12: we are tired.",
        "This article was amended by the council.",
        "This story has been told before: in 2012.",
        "The correction was made on May 12, 2022: he said so.",
        "Update from the 2026-01-14 meeting: all is well.",
        "## Update",
        "Update:",
        "",
        "(",
    ],
)
def test_what_only_looks_like_a_note_is_left_alone(name: str, text: str) -> None:
    assert recognise(load(name), text, date(2022, 6, 1)) is None


def test_links_and_emphasis_are_left_out_of_the_words_found() -> None:
    style = load("newsweek")
    text = "This article was updated with [the ruling](https://example.org/a_(b)) and *more*."
    found = recognise(style, line(style, note("update", text), NEW_YORK))
    assert found is not None
    assert found.text == "This article was updated with the ruling and more."


@pytest.mark.parametrize("piece", ["*", "(", "[", "a ", "Update: ", "`", "_a", "<a", "&lt;"])
def test_hostile_text_takes_bounded_time(piece: str) -> None:
    text = "Update: " + (piece * 1_000_000)[:1_000_000]
    styles = [load(name) for name in names()]
    for longest in (1_000_000, 19_000):
        reads_straight(lambda part: [recognise(style, part) for style in styles], text[:longest])


ANYWHERE = [*PLACES, "Europe/Dublin", "America/St_Johns", "Australia/Lord_Howe", "US/Pacific"]


@given(
    st.sampled_from(["newsweek", "default", "wired", "german", "french", "spanish", "ukrainian"]),
    MINUTES,
    st.sampled_from(ANYWHERE),
)
def test_the_instant_is_read_back_in_the_newsrooms_zone(
    name: str, at: datetime, place: str
) -> None:
    style, home = load(name), zone(place)
    wall = at.astimezone(home).replace(tzinfo=None)
    assume(len(list(wall_times(wall, home))) == 1)  # an hour that comes twice is the earlier
    found = recognise(style, line(style, note("update", "X did Y.", "minute", at), home), at.date())
    assert found is not None
    assert found.date is not None
    assert found.time is not None
    assert instant(found.date, found.time, found.zone, home, style.zones).astimezone(UTC) == at


def test_what_a_command_needs_does_not_import_what_is_slow() -> None:
    program = r"""
import sys
from datetime import UTC, datetime
from tracker.house import settings
from tracker.house.dates.parse import read_moment
from tracker.house.notes.wording import recognise
from tracker.house.notes.wording import line
from tracker.model import Note

house = settings.read('style = "newsweek"\ntimezone = "America/New_York"', "tracker.toml", str)
at = read_moment("05/12/22 7:45 a.m. ET", day_first=False, zone=house.zone,
                       now=datetime.now(UTC), language="en", zones=house.style.zones).at
text = line(house.style, Note("u1", "update", "X.", at), house.zone)
assert recognise(house.style, text) is not None
print(sorted({"babel", "difflib", "rich", "git", "zoneinfo._tzpath"} & set(sys.modules)))
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "['zoneinfo._tzpath']"


# The sentence


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("to add that X", "This article has been updated to add that X."),
        ("with a map", "This article has been updated with a map."),
        ("Together they left.", "Together they left."),
        ("To err is human", "To err is human."),
        ("  X\n\n  did\tY ", "X did Y."),
        ("Update: X did Y.", "X did Y."),
        ("update : X did Y", "X did Y."),
        ("He said “yes.”", "He said “yes.”"),
        ("He said “yes”", "He said “yes”."),
        ("Why?", "Why?"),
        ("X,", "X."),
        ("X;", "X."),
        ("see [here](https://example.org)", "see [here](https://example.org)."),
        ("7\u00a0h\u00a045", "7\u00a0h\u00a045."),
        ("a\x00b\u2028c", "a b c."),
    ],
)
def test_the_whole_sentence(typed: str, whole: str) -> None:
    assert sentence(load("newsweek"), "update", typed) == whole


@pytest.mark.parametrize("typed", ["", "  \n ", "...", "Update:", "—"])
def test_a_note_without_words_is_refused(typed: str) -> None:
    with pytest.raises(TrackerError) as refusal:
        sentence(load("newsweek"), "update", typed)
    assert refusal.value.sentence == "The note has no words."
    assert refusal.value.hint == "Say what changed, such as: “to add information”."


@given(st.sampled_from(names()), st.sampled_from(KINDS), WORDS)
def test_a_whole_sentence_stays_as_it_is(name: str, kind: Kind, words: str) -> None:
    style = load(name)
    whole = sentence(style, kind, words)
    assume(any(map(str.isalnum, whole)))
    assert sentence(style, kind, whole) == whole


@given(WORDS)
def test_no_words_open_or_close_a_comment_or_a_line(words: str) -> None:
    style = load("newsweek")
    for text in (words, f"{words}-->{words}", f"<!-- /updates -->{words}", f"<!-->{words}--!>"):
        written = line(style, note("update", sentence(style, "update", text)), NEW_YORK)
        assert "<!--" not in written
        assert "-->" not in written
        assert "--!>" not in written
        assert len(written.splitlines()) == 1


def test_the_day_of_a_note_to_the_day_is_that_of_its_own_zone() -> None:
    at = datetime(2022, 5, 12, tzinfo=zone("Asia/Tokyo"))
    written = line(load("newsweek"), note("update", "X.", "day", at), NEW_YORK)
    assert written == "Update 05/12/22: X."


def test_when_is_the_houses_date_and_time() -> None:
    assert when(load("newsweek"), AT, NEW_YORK) == "05/12/22, 7:45 a.m. ET"
    assert when(load("newsweek"), AT, NEW_YORK, "day") == "05/12/22"
    assert when(load("newsweek"), AT, NEW_YORK, "none") == ""
    assert when(load("ap"), AT, NEW_YORK) == "May 12, 2022, 7:45 a.m. EDT"
    assert when(load("guardian"), AT, zone("Europe/London")) == "12 May 2022, 12:45 BST"


# Changing a style


def test_single_keys_are_changed() -> None:
    style = load("newsweek", {"date": "d MMMM y", "update": {"label": "Updated"}})
    written = line(style, note("update", "X."), NEW_YORK)
    assert written == "Updated 12 May 2022, 7:45 a.m. ET: X."
    assert line(style, note("correction", "X."), NEW_YORK).startswith("Correction 12 May 2022,")
    assert load("newsweek").templates["update"].label == "Update"


def test_a_general_key_changes_every_kind() -> None:
    style = load("newsweek", {"position": "top", "zones": {"Europe/Oslo": "Oslo time"}})
    assert {template.position for template in style.templates.values()} == {"top"}
    assert style.zones["Oslo time"] == "Europe/Oslo"
    assert style.zones["ET"] == "America/New_York"


def test_an_own_file_takes_the_rest_from_the_style_it_is_like() -> None:
    style = parse('like = "ap"\nname = "gazette"\n[draft]\nnoun = "post"\n', "house.toml")
    assert (style.name, style.separator, style.months) == ("gazette", "___", "ap")
    assert style.draft["earlier_version"] == "An earlier version of this post"
    assert parse("", "house.toml").templates == load("default").templates


def test_an_own_file_can_be_the_source_of_a_shipped_one() -> None:
    for name in names():
        style = parse(house.source(name), "house.toml")
        assert style.templates == load(name).templates


@pytest.mark.parametrize(
    ("layout", "minute", "none"),
    [
        (
            "{label} ({date}, {time} {zone}): {text}",
            "Update (5/12/22, 7:45 am ET): X.",
            "Update: X.",
        ),
        ("{label} [{date}] {text}", "Update [5/12/22] X.", "Update X."),
        ("{label} {date} at {time}: {text}", "Update 5/12/22 at 7:45 am: X.", "Update: X."),
        ("{date}, {label}: {text}", "5/12/22, Update: X.", "Update: X."),
    ],
)
def test_what_is_not_known_drops_out_with_its_punctuation(
    layout: str, minute: str, none: str
) -> None:
    style = load(
        "newsweek",
        {"layout": layout, "date": "M/d/yy", "day_periods": ["am", "pm"]},
    )
    assert line(style, note("update", "X."), NEW_YORK) == minute
    assert line(style, note("update", "X.", "none"), NEW_YORK) == none


@pytest.mark.parametrize(
    ("toml", "sentence_", "hint"),
    [
        (
            "[update]\nlable = 'x'",
            "house.toml, line 2: “update.lable” is not a key that is known.",
            "Did you mean “label”?",
        ),
        (
            "datte = 'x'",
            "house.toml, line 1: “datte” is not a key that is known.",
            "Did you mean “date”?",
        ),
        (
            "\n\nposition = 'left'",
            "house.toml, line 3: “position” must be “top” or “bottom”.",
            "It is “left”.",
        ),
        (
            "[correction]\n# no\nlayout = '{label} {txt}'",
            "house.toml: “correction.layout” has a place that is not known: {label} {txt}",
            "The places are {label}, {date}, {time}, {zone}, {story_date}, {text}, {rest}.",
        ),
        (
            "layout = '{label}'",
            "house.toml: “update.layout” must have {text} once, and no place twice: {label}",
            "",
        ),
        ("layout = []", "house.toml: “update.layout” must name at least one layout.", ""),
        ("like = 'app'", "house.toml: There is no house style “app”.", None),
        ("zones = { 'Mars/Base' = 'MT' }", "There is no time zone “Mars/Base”.", None),
        (
            "[zones]\n'Europe/Oslo' = 3",
            "house.toml: “zones.Europe/Oslo” must be a name, or two: standard and summer time.",
            None,
        ),
        ("[draft]\nnoun = 3", "house.toml: “draft.noun” must be text.", None),
        (
            "day_periods = ['a']",
            "house.toml: “day_periods” must be two words, such as a.m. and p.m.",
            None,
        ),
        ("date = 'QQQ'", "The date pattern “QQQ” has “QQQ”, which is not understood.", None),
        ("x = = 1", "house.toml, line 1, column 5: Invalid value.", None),
        ("[update]\nlabel = 1", "house.toml, line 2: “update.label” must be text.", "It is 1."),
        ("update = 3", "house.toml, line 1: “update” must be a table.", "It is 3."),
        ("[update]\nlabel = ''", "house.toml: “update.label” must have words.", None),
        ("locale = '../x'", "“../x” is not a language.", None),
    ],
)
def test_a_wrong_style_file_is_refused(toml: str, sentence_: str, hint: str | None) -> None:
    with pytest.raises(TrackerError) as refusal:
        parse(toml, "house.toml")
    assert refusal.value.sentence == sentence_
    if hint is not None:
        assert refusal.value.hint == hint


@pytest.mark.parametrize("name", ["newsweeek", "../styles/ap", "AP", "", "a/b", "ap.toml"])
def test_an_unknown_style_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(TrackerError) as refusal:
        load(name)
    assert refusal.value.sentence == f"There is no house style “{name}”."
    assert refusal.value.hint.endswith(f"The styles are: {', '.join(names())}.")
