"""Dates and times: typed by editors, found in running text, written by patterns."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.growth import reads_straight
from tracker.errors import TrackerError
from tracker.house.dates.find import find_stamps
from tracker.house.dates.format import DateForm
from tracker.house.dates.names import instant, zone
from tracker.house.dates.parse import Moment, read_moment

CASES = Path(__file__).parent / "cases" / "moments"
NEW_YORK = zone("America/New_York")
NOW = datetime(2022, 5, 13, 9, 30, tzinfo=NEW_YORK)
HOUSES: dict[str, tuple[bool | None, str, str]] = {
    "us": (False, "America/New_York", "en"),
    "uk": (True, "Europe/London", "en"),
    "none": (None, "America/New_York", "en"),
    "de": (True, "Europe/Berlin", "de"),
    "fr": (True, "Europe/Paris", "fr"),
    "es": (True, "Europe/Madrid", "es"),
    "uk-UA": (True, "Europe/Kyiv", "uk"),
    "ru": (True, "Europe/Moscow", "ru"),
}


def cases(name: str) -> list[tuple[str, str, Any]]:
    table = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))
    return [
        (group, text, told) for group, told_of in table.items() for text, told in told_of.items()
    ]


def moment(text: str, house: str = "us", now: datetime = NOW) -> Moment:
    day_first, place, language = HOUSES[house]
    return read_moment(text, day_first=day_first, zone=zone(place), now=now, language=language)


@pytest.mark.parametrize(("house", "text", "told"), cases("typed"))
def test_what_editors_type_is_read_or_refused(house: str, text: str, told: dict[str, str]) -> None:
    if "refused" in told:
        with pytest.raises(TrackerError) as refusal:
            moment(text, house)
        assert refusal.value.sentence == told["refused"]
        if "hint" in told:
            assert refusal.value.hint == told["hint"]
        return
    found = moment(text, house)
    if found.precision == "day":
        assert found.at.date().isoformat() == told["reads"]
        assert found.at.time() == time(0)
    else:
        assert found.at.isoformat() == told["reads"]


def test_the_house_may_name_its_own_zones() -> None:
    found = read_moment(
        "7:45 heure de Lyon",
        day_first=True,
        zone=NEW_YORK,
        now=NOW,
        language="fr",
        zones={"heure de Lyon": "Europe/Paris"},
    )
    assert found.at == datetime(2022, 5, 13, 5, 45, tzinfo=UTC)


def test_an_abbreviation_of_the_newsrooms_own_clock_is_the_newsrooms() -> None:
    found = read_moment(
        "7:45 IST", day_first=True, zone=zone("Asia/Kolkata"), now=NOW, language="en"
    )
    assert found.at.isoformat() == "2022-05-13T07:45:00+05:30"


def test_today_is_the_day_where_the_time_is_told() -> None:
    late = datetime(2022, 5, 13, 23, 30, tzinfo=NEW_YORK)
    assert moment("7:45 JST", now=late).at.isoformat() == "2022-05-13T18:45:00-04:00"


def test_a_day_whose_midnight_is_skipped_begins_at_its_first_instant() -> None:
    beirut = zone("Asia/Beirut")
    found = read_moment("2022-03-27", day_first=True, zone=beirut, now=NOW)
    assert found.at.isoformat() == "2022-03-27T01:00:00+03:00"


def test_two_digits_of_a_year_are_the_nearest_year() -> None:
    assert moment("5/12/99").at.year == 1999
    assert moment("5/12/41").at.year == 2041
    assert moment("5/12/43").at.year == 1943


def test_a_naive_present_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        read_moment("noon", day_first=None, zone=NEW_YORK, now=datetime(2022, 5, 13, 9, 30))  # noqa: DTZ001


def test_a_long_text_is_refused_and_cut() -> None:
    with pytest.raises(TrackerError) as refusal:
        moment("x" * 1_000_000)
    assert refusal.value.sentence == f"“{'x' * 120}…” is too long for a date."


def outcome(text: str, house: str) -> Moment | str:
    """What a typed text comes to: a moment, or the sentence that refuses it."""
    try:
        return moment(text, house)
    except TrackerError as refusal:
        return refusal.sentence


@given(st.text(max_size=60))
def test_any_typed_text_comes_to_a_moment_or_a_sentence(text: str) -> None:
    for house in HOUSES:
        found = outcome(text, house)
        assert found.endswith(".") if isinstance(found, str) else found.at.tzinfo is not None


TYPED_PARTS = [
    "12",
    "5/12/22",
    "31.7.",
    "May",
    "mai",
    "2022",
    "7:45",
    "a.m.",
    "p.m.",
    "ET",
    "EST",
    "noon",
    "yesterday",
    "at",
    "on",
    "um",
    "Uhr",
    "(",
    "UTC+2",
    "Friday",
    "T",
    "Z",
    "-04:00",
    ",",
    "h",
    "99",
    "1er",
    "de",
    "Jan.",
    "0",
    ":",
]


@given(st.lists(st.sampled_from(TYPED_PARTS), max_size=7), st.sampled_from(sorted(HOUSES)))
def test_any_mixture_of_date_words_comes_to_a_moment_or_a_sentence(
    parts: list[str], house: str
) -> None:
    for joined in (" ".join(parts), "".join(parts)):
        found = outcome(joined, house)
        assert found.endswith(".") if isinstance(found, str) else found.at.tzinfo is not None


INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2040, 12, 31)).map(  # noqa: DTZ001
    lambda naive: naive.replace(second=0, microsecond=0, tzinfo=UTC)
)


@given(INSTANTS, st.sampled_from(["America/New_York", "Europe/London", "Asia/Kolkata"]))
def test_an_iso_instant_is_read_as_itself(at: datetime, place: str) -> None:
    found = read_moment(
        at.astimezone(zone(place)).isoformat(), day_first=None, zone=NEW_YORK, now=NOW
    )
    assert found == Moment(at.astimezone(NEW_YORK), "minute")


@given(INSTANTS)
def test_what_the_pattern_writes_an_editor_can_type(at: datetime) -> None:
    local = at.astimezone(NEW_YORK)
    typed = f"{DateForm('MMMM d, y').write(local)}, {DateForm('ap').write(local)} {local.tzname()}"
    assert (
        moment(typed).at.astimezone(UTC) == at
    )  # in UTC: equal hours of a zone never compare equal


# Running text


@pytest.mark.parametrize(("language", "text", "told"), cases("found"))
def test_dates_in_running_text_are_found(language: str, text: str, told: list[str]) -> None:
    day_first = True if "31/7" in text else None
    found = find_stamps(text, language=language, day_first=day_first, as_of=date(2026, 8, 1))
    shown = []
    for stamp in found:
        parts = [f"{'' if stamp.has_year else '*'}{stamp.date}"]
        if stamp.time is not None:
            seconds = "seconds" if stamp.time.second else "minutes"
            parts.append(stamp.time.isoformat(seconds))
        shown.append(" ".join([*parts, *([stamp.zone] if stamp.zone else [])]))
    assert shown == told
    assert all(0 <= stamp.start < stamp.end <= len(text) for stamp in found)


def test_a_stamp_covers_weekday_time_and_zone() -> None:
    text = "said at 7:45 a.m. ET on May 12, and Friday, May 13, 2022, at noon (ET)."
    spans = [text[stamp.start : stamp.end] for stamp in find_stamps(text, as_of=date(2022, 5, 14))]
    assert spans == ["7:45 a.m. ET on May 12", "Friday, May 13, 2022, at noon (ET)"]


def test_without_the_day_of_the_text_a_date_without_year_has_none() -> None:
    (found,) = find_stamps("Update, July 22: …")
    assert (found.date, found.month, found.day, found.has_year) == (None, 7, 22, False)


def test_a_numeric_date_in_text_is_read_by_house_then_by_its_day_then_by_language() -> None:
    def read(language: str, day_first: bool | None, as_of: date | None) -> str:
        (found,) = find_stamps("5/12/22", language=language, day_first=day_first, as_of=as_of)
        return str(found.date)

    assert read("en", True, None) == "2022-12-05"
    assert read("en", False, None) == "2022-05-12"
    assert read("fr", None, date(2022, 6, 1)) == "2022-05-12"
    assert read("fr", None, None) == "2022-12-05"
    assert read("en", None, None) == "2022-05-12"
    assert read("en-US", None, None) == "2022-05-12"
    assert read("en-GB", None, None) == "2022-12-05"


def test_a_dotted_date_has_the_day_first_unless_the_house_says_otherwise() -> None:
    def read(day_first: bool | None, as_of: date | None) -> str:
        (found,) = find_stamps("Update 03.06.2022", day_first=day_first, as_of=as_of)
        return str(found.date)

    assert read(None, date(2022, 6, 3)) == read(None, None) == "2022-06-03"
    assert read(None, date(2022, 3, 6)) == "2022-03-06"  # June was still to come
    assert read(False, date(2022, 6, 3)) == "2022-03-06"


@given(st.text(max_size=200), st.sampled_from(["en", "de", "uk", "pl"]))
def test_spans_in_any_text_are_in_order_and_do_not_overlap(text: str, language: str) -> None:
    ends = [0]
    for stamp in find_stamps(text, language=language, as_of=date(2022, 5, 12)):
        assert ends[-1] <= stamp.start < stamp.end <= len(text)
        ends.append(stamp.end)


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "May ", "12:12 ", "1/", "(", "\n", "&nbsp;", "a", "May 1 ", "- ", "*"]
)
def test_hostile_text_takes_bounded_time(piece: str) -> None:
    text = (piece * 200_000)[:200_000] + "1"
    reads_straight(lambda part: find_stamps(part, language="uk", as_of=date(2022, 5, 12)), text)


# Writing


AT = datetime(2022, 5, 2, 7, 5, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("pattern", "language", "written"),
    [
        ("MM/dd/yy", "en", "05/02/22"),
        ("M/d/y", "en", "5/2/2022"),
        ("d MMMM y", "en-GB", "2 May 2022"),
        ("MMM d, y", "en", "May 2, 2022"),
        ("EEEE, d. MMMM y", "de", "Montag, 2. Mai 2022"),
        ("d 'de' MMMM 'de' y", "es", "2 de mayo de 2022"),
        ("d MMMM y", "uk", "2 травня 2022"),
        ("LLLL y", "uk", "травень 2022"),
        ("d MMMM y", "pl", "2 maja 2022"),
        ("d MMMM y", "pt-BR", "2 maio 2022"),
        ("h 'o''clock'", "en", "7 o'clock"),
        ("HH:mm", "en", "07:05"),
        ("H.mm 'Uhr'", "de", "7.05 Uhr"),
        ("h:mm a", "en", "7:05 AM"),
        ("H'h'mm", "fr", "7h05"),
    ],
)
def test_patterns_write_dates(pattern: str, language: str, written: str) -> None:
    assert DateForm(pattern, language=language).write(AT) == written


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "uk", "ru"])
def test_the_word_lists_agree_with_cldr(language: str) -> None:
    from babel.dates import format_date

    for month in range(1, 13):
        day = date(2022, month, 9)
        for pattern in ("d MMMM y", "EEEE d MMM", "LLLL"):
            assert DateForm(pattern, language=language).write(day).replace("ʼ", "’") == format_date(
                day, pattern, locale=language
            ).replace("ʼ", "’")


@pytest.mark.parametrize(
    ("hour", "minute", "written"),
    [
        (9, 0, "9 a.m."),
        (9, 30, "9:30 a.m."),
        (12, 0, "noon"),
        (0, 0, "midnight"),
        (12, 1, "12:01 p.m."),
        (0, 30, "12:30 a.m."),
        (23, 0, "11 p.m."),
    ],
)
def test_the_ap_clock(hour: int, minute: int, written: str) -> None:
    at = datetime(2022, 5, 12, hour, minute, tzinfo=UTC)
    assert DateForm("ap").write(at) == written
    assert DateForm("ap").read_time(written) == time(hour, minute)


def test_ap_months_are_short_but_for_march_to_july() -> None:
    days = [date(2022, month, 3) for month in range(1, 13)]
    written = " ".join(DateForm("MMM d", months="ap").write(day) for day in days)
    assert written == (
        "Jan. 3 Feb. 3 March 3 April 3 May 3 June 3 July 3 Aug. 3 Sept. 3 Oct. 3 Nov. 3 Dec. 3"
    )


def test_ap_months_without_a_day_are_in_full() -> None:
    assert DateForm("MMM y", months="ap").write(date(2022, 9, 3)) == "September 2022"


def test_the_first_of_a_french_month_has_its_ordinal() -> None:
    written = DateForm("d MMMM y", language="fr").write(date(2022, 5, 1))
    assert written == "1er mai 2022"
    assert DateForm("d MMMM y", language="fr").read_date(written) == date(2022, 5, 1)
    assert DateForm("d/MM/y", language="fr").write(date(2022, 5, 1)) == "1/05/2022"


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        DateForm("y").write(datetime(2022, 5, 12))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("d/Q/y", "The date pattern “d/Q/y” has “Q”, which is not understood."),
        ("d 'de y", "The date pattern “d 'de y” has a quotation mark that is not closed."),
    ],
)
def test_a_wrong_pattern_is_refused(pattern: str, sentence: str) -> None:
    with pytest.raises(TrackerError) as refusal:
        DateForm(pattern).write(AT)
    assert refusal.value.sentence == sentence


PATTERNS = ["MM/dd/yy", "d/M/yy", "MMMM d, y", "MMM d, y", "d. MMMM y", "EEEE d MMM y", "MMMM d"]


@given(
    st.dates(date(1990, 1, 1), date(2035, 12, 31)),
    st.sampled_from(PATTERNS),
    st.sampled_from(["en", "de", "fr", "es", "uk", "ru", "pl"]),
)
def test_a_written_date_is_read_back(day: date, pattern: str, language: str) -> None:
    written = DateForm(pattern, language=language, months="ap").write(day)
    read = DateForm(pattern, language=language, months="ap").read_date(written, day)
    assert read == day


# Zones


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("../../etc/passwd", "Write a name such as America/New_York."),
        ("/etc/localtime", "Write a name such as America/New_York."),
        ("localtime", "Write a name such as America/New_York."),
        ("posix/Europe/Paris", "Did you mean Europe/Paris?"),
        ("", "Write a name such as America/New_York."),
        ("a\0b", "Write a name such as America/New_York."),
        ("New York", "Did you mean America/New_York?"),
        ("europe/kiev", "Did you mean Europe/Kiev?"),
        ("Europe/Pariss", "Did you mean Europe/Paris?"),
        ("ET", "Did you mean America/New_York?"),
        ("BST", "Did you mean Europe/London?"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(TrackerError) as refusal:
        zone(name)
    assert refusal.value.sentence == f"There is no time zone “{name}”."
    assert refusal.value.hint == hint


def test_a_zone_is_found_by_its_name() -> None:
    assert zone("Europe/Kyiv").key == "Europe/Kyiv"
    assert zone(" UTC ").key == "UTC"


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (None, "2022-07-03T12:45:00+00:00"),
        ("ET", "2022-07-03T12:45:00+00:00"),
        ("CDT", "2022-07-03T12:45:00+00:00"),
        ("CST", "2022-07-03T13:45:00+00:00"),
        ("EST", "2022-07-03T12:45:00+00:00"),
        ("UTC", "2022-07-03T07:45:00+00:00"),
        ("heure de Paris", "2022-07-03T05:45:00+00:00"),
        ("nonsense", "2022-07-03T12:45:00+00:00"),
    ],
)
def test_a_zone_in_a_text_is_read_as_it_stands(written: str | None, at: str) -> None:
    home = zone("America/Chicago")
    expected = datetime.fromisoformat(at)
    if written == "ET":
        expected = expected - timedelta(hours=1)
    found = instant(date(2022, 7, 3), time(7, 45), written, home)
    assert found == expected
    assert found.tzinfo is home


def test_an_instant_at_the_end_of_time_is_no_traceback() -> None:
    assert instant(date(9999, 12, 31), time(23, 59), "ET", NEW_YORK).year == 9999


def test_a_text_in_a_language_that_nobody_knows_is_read_with_english_words() -> None:
    (found,) = find_stamps("Upd8 May 12, 2022", language="xx")
    assert found.date == date(2022, 5, 12)
    read = read_moment("May 12, 2022", day_first=None, zone=NEW_YORK, now=NOW, language="xx-YY")
    assert read.at.date() == date(2022, 5, 12)


def test_other_languages_are_known_through_babel() -> None:
    (found,) = find_stamps("Aktualizacja z 12 maja 2022, 7:45", language="pl")
    assert (found.date, found.time) == (date(2022, 5, 12), time(7, 45))
