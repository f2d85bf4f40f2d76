"""The words of the pages: every language has them all, and no page lacks one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from markupsafe import Markup

from tracker.model import KINDS
from tracker.policy import RULES
from tracker.web.wording import FIRST, FOLDER, Words, languages, phrases

WEB = FOLDER.parent
NEW_YORK = ZoneInfo("America/New_York")
KYIV = ZoneInfo("Europe/Kyiv")
AT = datetime(2022, 5, 12, 11, 45, tzinfo=UTC)


def places(wording: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", wording))


def wordings(code: str, key: str) -> dict[str, str]:
    """The wordings of a phrase by plural form; "" for one that has only one."""
    found = phrases(code)[key]
    return {"": found} if isinstance(found, str) else dict(found)


def asked() -> tuple[set[str], list[re.Pattern[str]]]:
    """The keys that templates and code ask for: literal ones, and patterns of composed ones."""
    sources = [*(WEB / "templates").glob("*.html"), *WEB.glob("*.py")]
    literal: set[str] = set()
    composed: list[re.Pattern[str]] = []
    for source in sources:
        text = source.read_text(encoding="utf-8")
        literal |= set(
            re.findall(r"""\b(?:t|self|said|words\(\))\(\s*["']([a-z0-9_.-]+)["']\s*[,)]""", text)
        )
        for before, after in re.findall(
            r"""\bt\(\s*(?:["']([a-z0-9_.-]+)["']\s*~\s*)?[\w.]+(?:\s*~\s*["']([a-z0-9_.-]+)["'])?""",
            text,
        ):
            if before or after:
                composed.append(re.compile(re.escape(before) + r"[a-z0-9_-]+" + re.escape(after)))
    return literal, composed


@pytest.mark.parametrize("code", languages())
def test_a_language_has_every_phrase_and_no_other(code: str) -> None:
    assert set(phrases(code)) == set(phrases(FIRST))


def test_the_languages_that_the_pages_speak() -> None:
    assert languages() == ("de", "en", "es", "fr", "uk")


def test_every_phrase_that_is_asked_for_is_there_and_none_is_idle() -> None:
    literal, composed = asked()
    known = set(phrases(FIRST))
    assert literal - known == set()
    idle = {
        key for key in known - literal if not any(pattern.fullmatch(key) for pattern in composed)
    }
    assert idle == set()
    assert {f"kind.{kind}" for kind in KINDS} <= known
    assert {f"rule.{rule}" for rule in RULES} <= known


@pytest.mark.parametrize("code", languages())
def test_each_wording_has_the_places_of_the_english_one(code: str) -> None:
    """A form for one thing may leave its number out; nothing else may be missing or new."""
    for key in phrases(code):
        wanted = places(wordings(FIRST, key).get("other") or wordings(FIRST, key)[""])
        for form, wording in wordings(code, key).items():
            missing = wanted - places(wording)
            assert missing <= ({"number"} if form == "one" else set()), (key, form)
            assert places(wording) <= wanted, (key, form)


@pytest.mark.parametrize("code", languages())
def test_a_counted_phrase_has_every_plural_form_of_its_language(code: str) -> None:
    """CLDR's forms for whole numbers; French and Spanish have "many" for millions alone."""
    forms = {Locale.parse(code).plural_form(number) for number in range(1000)}
    for key in phrases(code):
        found = wordings(code, key)
        if "" not in found:
            assert forms <= set(found), key


@pytest.mark.parametrize("code", languages())
def test_no_wording_holds_markup_or_a_straight_apostrophe(code: str) -> None:
    for key in phrases(code):
        for wording in wordings(code, key).values():
            assert wording.strip(), key
            assert not set(wording) & set("<>&'\""), (key, wording)


@pytest.mark.parametrize("code", languages())
def test_what_is_read_aloud_of_a_change_is_in_the_language_too(code: str) -> None:
    """diff.css says it in English, pages.css in the other languages."""
    css = (WEB / "static" / "pages.css").read_text(encoding="utf-8")
    found = re.findall(rf":root:lang\({code}\) \.tracker-diff (?:ins|del)::(?:before|after)", css)
    assert len(found) == (0 if code == FIRST else 4)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1 версія"),
        (3, "3 версії"),
        (5, "5 версій"),
        (21, "21 версія"),
        (12, "12 версій"),
        (1234, "1\xa0234 версії"),
    ],
)
def test_ukrainian_counts_in_four_forms(number: int, words: str) -> None:
    assert Words("uk", KYIV)("count.revisions", number=number) == words


@pytest.mark.parametrize(
    ("tag", "zone", "said"),
    [
        ("en", NEW_YORK, "May 12, 2022, 7:45\u202fAM EDT"),
        ("en-GB", NEW_YORK, "12 May 2022, 07:45 EDT"),
        ("de", KYIV, "12. Mai 2022, 14:45 Uhr EEST"),
        ("fr", KYIV, "12 mai 2022 à 14:45 EEST"),
        ("es", NEW_YORK, "12 de mayo de 2022, 7:45 EDT"),
        ("uk", KYIV, "12 травня 2022\u202fр., 14:45 EEST"),
        ("tlh", NEW_YORK, "May 12, 2022, 7:45\u202fAM EDT"),
    ],
)
def test_an_instant_is_written_as_the_language_and_region_do(
    tag: str, zone: ZoneInfo, said: str
) -> None:
    assert Words(tag, zone).instant(AT) == said


def test_a_month_and_a_day_are_named() -> None:
    assert Words("de", KYIV).month("2022-05") == "Mai 2022"
    assert Words("fr", KYIV).day(AT) == "12 mai 2022"
    assert Words("en", NEW_YORK).time(AT) == "7:45\u202fAM"


def test_values_are_escaped_where_one_of_them_is_html() -> None:
    words = Words("en", NEW_YORK)
    said = words("history.moved", old=Markup("<bdi>a</bdi>"), new="<script>")
    assert said == "Moved from <bdi>a</bdi> to &lt;script&gt;"
    assert isinstance(said, Markup)
    plain = words("history.moved", old="<b>", new="{new}")
    assert plain == "Moved from <b> to {new}"
    assert not isinstance(plain, Markup)


def test_a_language_without_words_has_english_pages_and_says_so() -> None:
    words = Words("tlh", NEW_YORK)
    assert words.tag == "en"
    assert words("nav.history") == "History"
    assert Words("de-AT", KYIV).tag == "de-AT"


def test_an_unknown_phrase_is_a_fault() -> None:
    with pytest.raises(KeyError):
        Words("en", NEW_YORK)("no.such.phrase")
