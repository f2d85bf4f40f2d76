"""The words of the pages: every language has them all, and no page lacks one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from markupsafe import Markup

import tracker
from tracker.house.footer import PlacingError, blocks
from tracker.locale import FIRST, languages, phrases, sentence
from tracker.model import KINDS, Reason, Saying
from tracker.policy.rules import RULES
from tracker.render.diff_html import stylesheet
from tracker.text.judge.changes import STRENGTH
from tracker.web.page import PageWords

PACKAGE = Path(tracker.__file__).parent
WEB = PACKAGE / "web"
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
    rooms = [PACKAGE / name for name in ("web", "render", "policy", "house", "locale")]
    sources = [*(WEB / "templates").glob("*.html"), *(f for r in rooms for f in r.glob("*.py"))]
    literal: set[str] = set()
    composed: list[re.Pattern[str]] = []
    for source in sources:
        text = source.read_text(encoding="utf-8")
        literal |= set(
            re.findall(
                r"""(?:\bt|\bself|\bsaid|words\(\)|\b_words|\bsay|Saying|Saying\.of)"""
                r"""\(\s*["']([a-z0-9_.-]+)["']\s*[,)]""",
                text,
            )
        )
        literal |= set(re.findall(r"""["']((?:advice|comparison)\.[a-z_-]+)["']""", text))
        literal |= set(re.findall(r"""\bphrase\([\w.]+,\s*["']([a-z0-9_.-]+)["']\s*[,)]""", text))
        for before, after in re.findall(
            r"""\bt\(\s*(?:["']([a-z0-9_.-]+)["']\s*~\s*)?[\w.]+(?:\s*~\s*["']([a-z0-9_.-]+)["'])?""",
            text,
        ):
            if before or after:
                composed.append(re.compile(re.escape(before) + r"[a-z0-9_-]+" + re.escape(after)))
    return literal | SAID, composed


SAID = {
    *(f"called.{kind}" for kind in KINDS),
    *(f"comparison.{name}" for name in ("headline", "dek", "byline", "notes")),
    *(f"reason.note-kind.{kind}" for kind in KINDS),
    *("comparison.too_long", "comparison.not_placed", "form.quoted", "form.quoted_again"),
    *(
        f"reason.{label}.{form}"
        for label in STRENGTH
        for form in (
            ("words", "bare")
            if label.startswith(("information", "moved"))
            else ("changed", "added", "removed", "bare")
        )
    ),
}
"""Keys that are put together of a label, a kind, the role of a field."""


@pytest.mark.parametrize("code", languages("pages"))
def test_a_language_has_every_phrase_and_no_other(code: str) -> None:
    assert set(phrases(code)) == set(phrases(FIRST))


def test_the_languages_that_the_pages_speak() -> None:
    assert languages("pages") == ("en", "de", "es", "fr", "ru", "uk")


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


@pytest.mark.parametrize("code", languages("pages"))
def test_each_wording_has_the_places_of_the_english_one(code: str) -> None:
    """A form for one thing may leave its number out; nothing else may be missing or new."""
    for key in phrases(code):
        wanted = places(wordings(FIRST, key).get("other") or wordings(FIRST, key)[""])
        for form, wording in wordings(code, key).items():
            missing = wanted - places(wording)
            assert missing <= ({"number"} if form == "one" else set()), (key, form)
            assert places(wording) <= wanted, (key, form)


@pytest.mark.parametrize("code", languages("pages"))
def test_a_counted_phrase_has_every_plural_form_of_its_language(code: str) -> None:
    """CLDR's forms for whole numbers; French and Spanish have "many" for millions alone."""
    forms = {Locale.parse(code).plural_form(number) for number in range(1000)}
    for key in phrases(code):
        found = wordings(code, key)
        if "" not in found:
            assert forms <= set(found), key


@pytest.mark.parametrize("code", languages("pages"))
def test_no_wording_holds_markup_or_a_straight_apostrophe(code: str) -> None:
    for key in phrases(code):
        for wording in wordings(code, key).values():
            assert wording.strip(), key
            assert not set(wording) & set("<>&'\""), (key, wording)


def test_what_is_read_aloud_of_a_change_is_in_the_language_too() -> None:
    css = stylesheet()
    assert 'content: var(--deleted, " [deleted:] ")' in css
    assert ':root:lang(de) { --inserted: " [eingefügt:] "; ' in css
    assert re.findall(r"^:root:lang\((\w+)\)", css, re.MULTILINE) == ["de", "es", "fr", "ru", "uk"]


REASONS = [
    Reason(label, *words)
    for label in STRENGTH
    for words in [("1,500", "1,600", "the 1,500 here"), ("one",), ("", "two", "of two"), ()]
    if label != "note" or len(words) != 3
]
REASONS += [Reason("note", "A note.", "Another note.")]
REASONS += [
    Reason("note", f"{kind}, 2022-05-12 07:45", f"{kind}, withdrawn", "A note.") for kind in KINDS
]


@pytest.mark.parametrize("reason", REASONS, ids=str)
def test_a_reason_is_the_same_sentence_on_an_english_page(reason: Reason) -> None:
    """A page has curved quotation marks."""
    assert re.sub("[“”]", '"', sentence(reason)) == reason.sentence


@pytest.mark.parametrize("code", languages("pages"))
def test_a_reason_names_its_words_in_every_language(code: str) -> None:
    for reason in REASONS:
        said = sentence(reason, code)
        if reason.label == "note" and reason.context:
            assert said.count(reason.context) == 2
            continue
        for word in {reason.words, reason.new if reason.form == "changed" else ""}:
            assert word in said
        assert (reason.context in said) or not reason.has_context or reason.form == "touched"


def test_a_finding_of_the_markers_is_the_sentence_of_their_error() -> None:
    text = "Words.\n\n<!-- updates -->\nA line.\n"
    with pytest.raises(PlacingError) as caught:
        blocks(text, 0)
    error = caught.value
    assert (error.line, error.sentence) == (3, f"{sentence(error.said)}.")
    hint = error.hint.removesuffix(".")
    assert sentence(error.advised("tracker x")) == f"{hint}; then: tracker x"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "Tell readers: <code>tracker note</code>, or <code>--update</code>"),
        ("de", "Die Leserschaft informieren: <code>tracker note</code> oder <code>--update</code>"),
        ("fr", "Informer les lecteurs\u202f: <code>tracker note</code> ou <code>--update</code>"),
        ("es", "Informar a los lectores: <code>tracker note</code> o <code>--update</code>"),
        ("uk", "Повідомити читачам: <code>tracker note</code> або <code>--update</code>"),
        ("ru", "Сообщить читателям: <code>tracker note</code> или <code>--update</code>"),
    ],
)
def test_advice_shows_the_command_as_it_is_typed(code: str, said: str) -> None:
    advice = Saying.of("advice.tell", command="tracker note", command_2="--update")
    assert PageWords(code, KYIV).say(advice) == said


def test_the_words_of_an_article_keep_their_language() -> None:
    words = PageWords("de", KYIV)
    reason = Reason("name", "<Dunn>", "Dunne", "Mayor Dunne said")
    assert words.say(reason, "en-US") == (
        'Name: <bdi lang="en-US">&lt;Dunn&gt;</bdi> → <bdi lang="en-US">Dunne</bdi>'
        ' in „<bdi lang="en-US">Mayor Dunne said</bdi>“'
    )
    assert words.say(reason._replace(context=""), "de-AT") == (
        "Name: <bdi>&lt;Dunn&gt;</bdi> → <bdi>Dunne</bdi>"
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "moved: ‘<bdi>“So” „so“ «so»</bdi>’"),
        ("de", "Umgestellt: »<bdi>“So” „so“ «so»</bdi>«"),
        ("fr", "Déplacé\u202f: “<bdi>“So” „so“ «so»</bdi>”"),
        ("es", "Cambiado de lugar: “<bdi>“So” „so“ «so»</bdi>”"),
        ("uk", "Переставлено: „<bdi>“So” „so“ «so»</bdi>“"),
    ],
)
def test_words_with_quotation_marks_stand_in_others(code: str, said: str) -> None:
    reason = Reason("moved", "“So” „so“ «so»")
    assert PageWords(code, KYIV).say(reason) == said
    if code != FIRST:
        assert sentence(reason, code) == re.sub("</?bdi>", "", said)


def test_a_finding_gives_days_numbers_and_names_as_the_language_does() -> None:
    said = Saying.of("finding.note-ahead", note="N", at=AT.date(), published=AT)
    assert PageWords("uk", KYIV, {"Europe/Kyiv": ("за Києвом",)}).say(said) == (
        "«<bdi>N</bdi>» датовано 12 травня 2022\u202fр., а опубліковано"
        " 12 травня 2022\u202fр., 14:45 за Києвом"
    )
    lines = Saying.of("finding.lines-differ", number=3)
    assert sentence(lines) == "3 of the update lines are not what the notes say"
    assert sentence(lines._replace(values=(("number", 1),))) == (
        "one of the update lines is not what the notes say"
    )
    called = Saying("called.update")
    assert sentence(Saying.of("finding.soft-kind", note="N", called=called), "es") == (
        "«N» informa de un error y figura como actualización"
    )


# Marks of another language, or torn from their word by a space that breaks.
_TORN = {
    "fr": re.compile("[^\\u202f→][:;?!»](?![/\\w-])|«[^\\u202f]|[  ][:;?!»]"),
    "de": re.compile("[«»]|“(?=\\w)"),
    "es": re.compile("[“”„]|« | »"),
    "uk": re.compile("[“”„]|« | »"),
}


@pytest.mark.parametrize("code", sorted(_TORN))
def test_a_language_has_its_own_marks(code: str) -> None:
    """French with narrow spaces that do not break, German „low and high“, the others «so»."""
    for key in set(phrases(code)) - {"form.quoted_again"}:
        for wording in wordings(code, key).values():
            assert not _TORN[code].search(wording), (key, wording)


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
    assert PageWords("uk", KYIV)("count.revisions", number=number) == words


@pytest.mark.parametrize(
    ("tag", "zone", "said"),
    [
        ("en", NEW_YORK, "May 12, 2022, 7:45\u202fAM EDT"),
        ("en-GB", NEW_YORK, "12 May 2022, 07:45 EDT"),
        ("de", KYIV, "12. Mai 2022, 14:45 Uhr EEST"),
        ("fr", KYIV, "12 mai 2022 à 14:45 (EEST)"),
        ("es", NEW_YORK, "12 de mayo de 2022, 7:45 (EDT)"),
        ("uk", KYIV, "12 травня 2022\u202fр., 14:45 EEST"),
        ("tlh", NEW_YORK, "May 12, 2022, 7:45\u202fAM EDT"),
    ],
)
def test_an_instant_is_written_as_the_language_and_region_do(
    tag: str, zone: ZoneInfo, said: str
) -> None:
    assert PageWords(tag, zone).instant(AT) == said


def test_a_month_and_a_day_are_named() -> None:
    assert PageWords("de", KYIV).month("2022-05") == "Mai 2022"
    assert PageWords("uk", KYIV).month("2022-05") == "Травень 2022\u202fр."
    assert PageWords("es", KYIV).month("2022-05", inside=True) == "mayo de 2022"
    assert PageWords("fr", KYIV).day(AT) == "12 mai 2022"
    assert PageWords("en", NEW_YORK).time(AT) == "7:45\u202fAM EDT"
    assert PageWords("de", NEW_YORK).time(AT) == "07:45 Uhr EDT"


def test_values_are_escaped_where_one_of_them_is_html() -> None:
    words = PageWords("en", NEW_YORK)
    said = words("history.moved", old=Markup("<bdi>a</bdi>"), new="<script>")
    assert said == "Moved from <bdi>a</bdi> to &lt;script&gt;"
    assert isinstance(said, Markup)
    plain = words("history.moved", old="<b>", new="{new}")
    assert plain == "Moved from <b> to {new}"
    assert not isinstance(plain, Markup)


def test_a_language_without_words_has_english_pages_and_says_so() -> None:
    words = PageWords("tlh", NEW_YORK)
    assert words.tag == "en"
    assert words("nav.history") == "History"
    assert PageWords("de-AT", KYIV).tag == "de-AT"


def test_an_unknown_phrase_is_a_fault() -> None:
    with pytest.raises(KeyError):
        PageWords("en", NEW_YORK)("no.such.phrase")
