"""The newsroom's settings, and what is wrong with them."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import TrackerError
from tracker.house import settings, toml_file
from tracker.house.settings import CheckSettings, Settings
from tracker.house.style import load, names

WHERE = "tracker.toml"


def no_file(name: str) -> str:
    raise AssertionError(f"no style file was asked for, but {name}")


def read(toml: str) -> Settings:
    return settings.read(toml, WHERE, no_file)


@pytest.mark.parametrize("toml", ["", "\n", "# nothing\n"])
def test_every_key_may_be_left_out(toml: str) -> None:
    assert read(toml) == Settings(
        name="",
        style=load("default"),
        zone=ZoneInfo("UTC"),
        language="en",
        branch=None,
        articles=(),
        footer_embed=True,
        footer_max=None,
        check=CheckSettings(since=None, grace=timedelta(hours=24), rules={}),
    )


def test_every_key_is_read() -> None:
    found = read(
        """
        name = "Example News"
        style = "guardian"
        timezone = "Europe/London"
        language = "en-GB"
        branch = "live"
        articles = ["content/**/*.md", "blog/*.md"]

        [footer]
        embed = false
        max = 5

        [check]
        since = 2022-05-12T07:45:00-04:00
        grace = "90m"

        [check.rules]
        silent-change = "fail"
        note-dropped = "off"
        """
    )
    assert found == Settings(
        name="Example News",
        style=load("guardian"),
        zone=ZoneInfo("Europe/London"),
        language="en-GB",
        branch="live",
        articles=("content/**/*.md", "blog/*.md"),
        articles_language="en-GB",
        footer_embed=False,
        footer_max=5,
        check=CheckSettings(
            since=datetime(2022, 5, 12, 11, 45, tzinfo=UTC),
            grace=timedelta(minutes=90),
            rules={"silent-change": "fail", "note-dropped": "off"},
        ),
        zone_given=True,
    )


def test_the_language_is_the_styles_unless_it_is_named() -> None:
    assert read('style = "german"').language == "de"
    assert read('style = "german"\nlanguage = "pl"').language == "pl"


@pytest.mark.parametrize(
    ("since", "instant"),
    [
        ("2022-05-12", "2022-05-12T00:00:00+02:00"),
        ("2022-05-12T07:45:00", "2022-05-12T07:45:00+02:00"),
        ("2022-05-12T07:45:00Z", "2022-05-12T07:45:00+00:00"),
        ('"2022-05-12"', "2022-05-12T00:00:00+02:00"),
        ('"2022-05-12T07:45:00-04:00"', "2022-05-12T07:45:00-04:00"),
    ],
)
def test_since_is_a_day_or_an_instant_in_the_newsrooms_zone(since: str, instant: str) -> None:
    found = read(f'timezone = "Europe/Paris"\n[check]\nsince = {since}').check.since
    assert found is not None
    assert found.isoformat() == instant


@pytest.mark.parametrize(
    ("grace", "hours"), [('"24h"', 24), ('"2d"', 48), ('"30m"', 0.5), ('"0h"', 0), ("0", 0)]
)
def test_grace_is_a_time(grace: str, hours: float) -> None:
    assert read(f"[check]\ngrace = {grace}").check.grace == timedelta(hours=hours)


def test_single_keys_of_a_style_are_changed() -> None:
    style = read('[style]\nname = "newsweek"\n[style.update]\nlabel = "Updated"').style
    assert style.templates["update"].label == "Updated"
    assert style.templates["update"].date == "MM/dd/yy"
    assert style.templates["correction"].label == "Correction"


def test_a_style_file_is_read_beside_the_settings() -> None:
    asked = []

    def read_style(name: str) -> str:
        asked.append(name)
        return 'like = "bbc"\n[update]\nlabel = "New"'

    toml = '[style]\nfile = "house/style.toml"\nposition = "top"'
    style = settings.read(toml, WHERE, read_style).style
    assert asked == ["house/style.toml"]
    assert (style.templates["update"].label, style.templates["update"].position) == ("New", "top")
    assert settings.read('style = "own.toml"', WHERE, read_style).style.day_first is True
    assert asked == ["house/style.toml", "own.toml"]


KEYS_THERE_ARE = (
    "name, kind, style, timezone, language, branch, articles, layout, footer, check, verify, "
    "published, site"
)
PATTERNS = 'a list of patterns, such as ["articles/**/*.md"]'
STYLES = ", ".join(names())


@pytest.mark.parametrize(
    ("toml", "sentence", "hint"),
    [
        (
            'name = "x"\nstyl = "ap"',
            "tracker.toml, line 2: “styl” is not a key that is known.",
            "Did you mean “style”?",
        ),
        (
            "[chek]",
            "tracker.toml, line 1: “chek” is not a key that is known.",
            "Did you mean “check”?",
        ),
        (
            "zzz = 1",
            "tracker.toml, line 1: “zzz” is not a key that is known.",
            f"The keys are {KEYS_THERE_ARE}.",
        ),
        (
            '\nstyle = "newsweak"',
            "tracker.toml, line 2: There is no house style “newsweak”.",
            f"Did you mean newsweek? The styles are: {STYLES}.",
        ),
        (
            '[style]\n\nname = "zzz"',
            "tracker.toml, line 3: There is no house style “zzz”.",
            f"The styles are: {STYLES}.",
        ),
        (
            'timezone = "New York"',
            "tracker.toml, line 1: There is no time zone “New York”.",
            "Did you mean America/New_York?",
        ),
        (
            'timezone = "../../etc/passwd"',
            "tracker.toml, line 1: There is no time zone “../../etc/passwd”.",
            "Write a name such as America/New_York.",
        ),
        ("name = 3", "tracker.toml, line 1: “name” must be text.", "It is 3."),
        ("style = 3", "tracker.toml, line 1: “style” must be text or a table.", "It is 3."),
        ("footer = true", "tracker.toml, line 1: “footer” must be a table.", "It is true."),
        (
            "[footer]\n# lines\nembed = 'yes'",
            "tracker.toml, line 3: “footer.embed” must be true or false.",
            "It is “yes”.",
        ),
        (
            "[footer]\nmax = true",
            "tracker.toml, line 2: “footer.max” must be a number.",
            "It is true.",
        ),
        ("[footer]\nmax = 0", "tracker.toml, line 2: “footer.max” must be 1 or more.", ""),
        (
            "footer.maximum = 3",
            "tracker.toml, line 1: “footer.maximum” is not a key that is known.",
            "Did you mean “max”?",
        ),
        (
            "[check]\nrules = { silent-change = 'fial' }",
            "tracker.toml, line 2: “check.rules.silent-change” must be “off”, “warn” or “fail”.",
            "It is “fial”.",
        ),
        (
            "[check.rules]\nsilent-change = 3",
            "tracker.toml, line 2: “check.rules.silent-change” must be “off”, “warn” or “fail”.",
            "It is 3.",
        ),
        (
            '[check]\ngrace = "2 weeks"',
            "tracker.toml, line 2: “check.grace” must be a time such as “24h”, “90m” or “2d”.",
            "",
        ),
        (
            "[check]\ngrace = 24",
            "tracker.toml, line 2: “check.grace” must be a time such as “24h”, “90m” or “2d”.",
            "",
        ),
        (
            '[check]\nsince = "last week"',
            "tracker.toml, line 2: “check.since” must be a date or an instant.",
            "Write 2022-05-12T07:45:00-04:00.",
        ),
        (
            "articles = [3]",
            f"tracker.toml, line 1: “articles” must be {PATTERNS}.",
            "",
        ),
        (
            "branch = ''",
            "tracker.toml, line 1: “branch” must be text that is not empty.",
            "Leave the key out instead.",
        ),
        (
            "language = 'english'",
            "tracker.toml, line 1: “language” must be a tag such as en, en-GB or uk.",
            "",
        ),
        (
            "language = 'xx'",
            "tracker.toml, line 1: “xx” is not a language.",
            "Write a tag such as en, en-GB, de, fr, es or uk.",
        ),
        (
            "[style]\nname = 'ap'\n[style.update]\nlabell = 'x'",
            "tracker.toml, line 4: “style.update.labell” is not a key that is known.",
            "Did you mean “label”?",
        ),
        (
            "[style]\nposition = 'left'",
            "tracker.toml, line 2: “style.position” must be “top” or “bottom”.",
            "It is “left”.",
        ),
        ("[style]\nname = 3", "tracker.toml, line 2: “style.name” must be text.", ""),
        (
            "[style]\nname = 'ap'\nfile = 'x.toml'",
            "tracker.toml, line 3: a style has a name or a file, not both.",
            "Leave “name” or “file” out.",
        ),
        (
            "[style]\ndate = 'd/Q/y'",
            "tracker.toml: The date pattern “d/Q/y” has “Q”, which is not understood.",
            None,
        ),
        (
            "style = '../own.toml'",
            "tracker.toml: the style file “../own.toml” must be in the newsroom.",
            "Write its path relative to tracker.toml, without “..”.",
        ),
        (
            "style.file = '/etc/passwd'",
            "tracker.toml: the style file “/etc/passwd” must be in the newsroom.",
            None,
        ),
        (
            "style.file = 'C:\\x.toml'",
            "tracker.toml: the style file “C:\\x.toml” must be in the newsroom.",
            None,
        ),
        (
            "name = 'a'\nx = = 3",
            "tracker.toml, line 2, column 5: Invalid value.",
            "The file must be TOML: see https://toml.io.",
        ),
        ("name = 'a", 'tracker.toml, line 1: Expected "\'".', None),
        (
            "name = 'a'\nname = 'b'\n",
            "tracker.toml, line 2, column 11: Cannot overwrite a value.",
            None,
        ),
        ("a = " + "[" * 5000, "tracker.toml is nested too deeply.", None),
        (
            "layout = 'articles/{jahr}/{slug}.md'",
            "tracker.toml, line 1: “layout” must be a path without “{jahr}”.",
            "Known are {year}, {month}, {day}, {slug}.",
        ),
        (
            "layout = 'articles/{year}.md'",
            "tracker.toml, line 1: “layout” must be a path with {slug}.",
            "Write it like articles/{year}/{month}/{day}/{slug}.md.",
        ),
        (
            "name = 'a'\nlayout = '/articles/{slug}.md'",
            (
                "tracker.toml, line 2: “layout” must be a path in the newsroom, without “..” and"
                " empty parts."
            ),
            None,
        ),
        (
            "layout = '{slug}/../../{slug}.md'",
            (
                "tracker.toml, line 1: “layout” must be a path in the newsroom, without “..” and"
                " empty parts."
            ),
            None,
        ),
        (
            "layout = '.GIT/{slug}.md'",
            (
                "tracker.toml, line 1: “layout” must be a path without names that git keeps for"
                " itself."
            ),
            None,
        ),
        (
            "layout = '{slug}.html'",
            (
                "tracker.toml, line 1: “layout” must be a path that ends in "
                ".md, .markdown, .txt or .mdx."
            ),
            None,
        ),
        (
            "layout = '{slug}/{year.md'",
            "tracker.toml, line 1: “layout” must be a path whose braces are closed.",
            None,
        ),
        ("layout = 3", "tracker.toml, line 1: “layout” must be text.", None),
    ],
)
def test_wrong_settings_are_refused_with_their_place(
    toml: str, sentence: str, hint: str | None
) -> None:
    with pytest.raises(TrackerError) as refusal:
        read(toml)
    assert refusal.value.sentence == sentence
    if hint is not None:
        assert refusal.value.hint == hint


def test_an_error_in_a_style_file_names_that_file() -> None:
    with pytest.raises(TrackerError) as refusal:
        settings.read("style = 'own.toml'", WHERE, lambda _: "[update]\nlable = 'x'")
    assert refusal.value.sentence == "own.toml, line 2: “update.lable” is not a key that is known."


@given(st.text(max_size=80))
def test_any_text_is_settings_or_a_sentence(toml: str) -> None:
    try:
        assert isinstance(read(toml), Settings)
    except TrackerError as refusal:
        said = refusal.sentence
    else:
        return
    assert said.startswith("tracker.toml")


KEYS = st.sampled_from(
    [
        "name",
        "style",
        "timezone",
        "language",
        "footer",
        "check",
        "rules",
        "since",
        "grace",
        "embed",
        "max",
        "update",
        "label",
        "layout",
        "zones",
        "draft",
        "file",
        "day_periods",
        "articles",
    ]
)
SINGLE = st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.just("newsweek")
VALUES: st.SearchStrategy[object] = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=6,
)


def written(value: object) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        inner = ", ".join(f"{key} = {written(each)}" for key, each in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(written(each) for each in value)}]"
    return toml_file.quoted(value) if isinstance(value, str) else str(value)


@given(st.dictionaries(KEYS, VALUES, max_size=3))
def test_any_value_under_any_key_is_read_or_refused(table: dict[str, object]) -> None:
    toml = "\n".join(f"{key} = {written(value)}" for key, value in table.items())
    tomllib.loads(toml)
    said = "."
    try:
        settings.read(toml, WHERE, lambda _: "")
    except TrackerError as refusal:
        said = refusal.sentence
    assert said.endswith((".", "}"))


def test_the_file_that_init_writes_is_short_and_is_read_as_it_was_meant() -> None:
    since = datetime(2022, 5, 12, 7, 45, 30, tzinfo=ZoneInfo("America/New_York"))
    toml = settings.template(
        name='The "Daily" \\ Пошта\x7f\n',
        style="newsweek",
        timezone="America/New_York",
        since=since,
    )
    found = read(toml)
    assert found.name == 'The "Daily" \\ Пошта\x7f\n'
    assert found.style is load("newsweek")
    assert found.zone.key == "America/New_York"
    assert found.check == CheckSettings(since=since)
    assert len(toml.splitlines()) < 30
    uncommented = toml.replace("# max", "max").replace("# branch", "branch")
    assert read(uncommented).footer_max == 5


def test_the_file_that_init_writes_needs_nothing() -> None:
    assert read(settings.template()) == read("")._replace(zone_given=True)
