"""The rules of ``tracker check``: histories that an editor can read, and the findings expected."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest
import yaml

from tests.repositories import Builder
from tracker.cli.check import check
from tracker.errors import TrackerError
from tracker.newsroom.checking import CheckScope
from tracker.newsroom.newsroom import Newsroom
from tracker.policy.notes import words
from tracker.policy.rules import RULES, refuse_unknown
from tracker.policy.step import is_small
from tracker.render.findings import text

FOLDER = Path(__file__).parent / "cases" / "findings"
HOUSE = 'style = "newsweek"\ntimezone = "America/New_York"\n'
NOW = "2022-09-01T12:00:00-04:00"


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{file.stem}: {case['name']}")
        for file in sorted(FOLDER.glob("*.toml"))
        for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]
    ]


def settings(extra: str) -> str:
    """The newsroom's settings, with single keys of the house replaced."""
    own = {line.split(" = ")[0] for line in extra.split("[")[0].splitlines()}
    kept = [line for line in HOUSE.splitlines() if line.split(" = ")[0] not in own]
    return "\n".join([*kept, extra])


def play(folder: Path, case: dict[str, Any]) -> None:
    """Make the repository that a case tells of. ``{2}`` in a text is the hash of its commit 2."""
    builder = Builder(folder)
    for number, step in enumerate(case["commits"], start=1):
        file = step.get("file", "a.md")
        write = dict(step.get("files", {}))
        if "write" in step:
            write[file] = step["write"]
        edit = step.get("edit")
        if edit and re.search(r"\{\d+\}", edit[1]):
            builder.build()
            for made in builder.commits:
                edit = [edit[0], edit[1].replace(f"{{{made.mark}}}", made.hash)]
        builder.commit(
            f"commit {number}",
            at=step["at"],
            write=write,
            edit={file: edit} if edit else None,
            delete=step.get("delete"),
            move=step.get("move"),
        )
    builder.build(checkout=True)
    (folder / "tracker.toml").write_text(settings(case.get("settings", "")), encoding="utf-8")


@pytest.mark.parametrize("case", cases())
def test_findings(case: dict[str, Any], tmp_path: Path) -> None:
    """Each history gives the findings that stand with it, and no other."""
    play(tmp_path, case)
    now = datetime.fromisoformat(case.get("now", NOW))
    found = [
        finding
        for finding in Newsroom(tmp_path, now=now).check(CheckScope()).findings
        if finding.rule in case.get("rules", RULES)
    ]
    assert [(each.rule, each.revision) for each in found] == [
        (each["rule"], each["revision"]) for each in case["findings"]
    ], found
    for finding, wanted in zip(found, case["findings"], strict=True):
        assert wanted.get("words", "") in finding.words
        assert finding.severity == wanted.get("severity", finding.severity)
        assert finding.line == wanted.get("line", finding.line)
        assert finding.path == wanted.get("path", finding.path)
        assert finding.advice


def test_every_rule_has_a_case_that_it_finds() -> None:
    found = {wanted["rule"] for case in cases() for wanted in case.values[0]["findings"]}
    assert found == set(RULES)


def test_an_unknown_rule_is_refused_with_the_nearest() -> None:
    with pytest.raises(TrackerError) as refused:
        refuse_unknown(["silent-changes"], "tracker.toml, [check.rules]")
    assert refused.value.sentence == (
        "tracker.toml, [check.rules]: there is no rule “silent-changes”."
    )
    assert refused.value.hint == "Did you mean “silent-change”?"


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "uk", "ru"])
def test_the_words_of_a_language_are_read(language: str) -> None:
    known = words(f"{language}-XX")
    assert known is not None
    assert not known.says_wrong("")
    assert not known.says_changed("")


def test_a_language_without_words_has_none() -> None:
    assert words("ja") is None


@pytest.mark.parametrize(
    ("was", "now", "small"),
    [
        ("The year was wrong.", "The year was wrong.", True),
        ("The yaer was wrong.", "The year was wrong.", True),
        ("It was [1901](a).", "It was [1901](b).", True),
        ("It was 1901.", "It was 1911.", False),
        ("It was Mr. Mayer.", "It was Mr. Meier.", False),
        ("It did open.", "It did not open.", False),
    ],
)
def test_small_changes_of_a_note(was: str, now: str, small: bool) -> None:
    assert is_small(was, now) is small


def test_hostile_notes_cost_bounded_time() -> None:
    known = words("en")
    assert known is not None
    for words_of_it in ("a" * 1_000_000, "." * 1_000_000, "wrong " * 200_000, "\n" * 1_000_000):
        known.says_wrong(words_of_it)
        known.says_changed(words_of_it)
        known.explains_error(words_of_it)


DOCS = Path(__file__).parents[1] / "docs"
_EXAMPLE = re.compile(
    r"^### ([\w-]+)$.*?^<!-- case: (.+?) -->\n```text\n(.*?)```", re.MULTILINE | re.DOTALL
)


def examples() -> list[Any]:
    written = (DOCS / "checks.md").read_text(encoding="utf-8")
    return [pytest.param(*found.groups(), id=found[1]) for found in _EXAMPLE.finditer(written)]


def test_every_rule_has_an_example_in_the_documentation() -> None:
    assert [example.id for example in examples()] == list(RULES)


@pytest.mark.parametrize(("rule", "name", "shown"), examples())
def test_the_examples_of_the_documentation(
    rule: str, name: str, shown: str, tmp_path: Path
) -> None:
    """What docs/checks.md shows is what the command prints, but for the commit."""
    (case,) = (each.values[0] for each in cases() if each.id == name)
    play(tmp_path, case)
    verdict = Newsroom(tmp_path, now=datetime.fromisoformat(NOW)).check(CheckScope())
    lines = [click.unstyle(line) for line in text(verdict, ZoneInfo("America/New_York"))][3:]
    assert re.sub(r", [0-9a-f]{10}$", "", "\n".join(lines), flags=re.MULTILINE) == shown.rstrip(
        "\n"
    )
    assert lines[0].removeprefix("  warning:").split()[0] == rule


def test_the_documented_settings_are_settings(tmp_path: Path) -> None:
    written = (DOCS / "checks.md").read_text(encoding="utf-8")
    toml = written.partition("In `tracker.toml`:\n\n```toml\n")[2].partition("```")[0]
    play(tmp_path, {"commits": [{"at": "2022-05-10T09:00:00-04:00", "write": "Words.\n"}]})
    (tmp_path / "tracker.toml").write_text(toml, encoding="utf-8")
    assert Newsroom(tmp_path).check(CheckScope()).findings == ()


@pytest.mark.parametrize("file", sorted((DOCS / "examples").glob("*-checks.yml")), ids=str)
def test_the_steps_for_ci_services_are_yaml_and_name_options_that_there_are(file: Path) -> None:
    written = file.read_text(encoding="utf-8")
    assert isinstance(yaml.safe_load(written), dict)
    commands = re.findall(r"tracker check.*", written)
    assert commands
    known = {option for each in check.params for option in each.opts}
    assert {word for line in commands for word in re.findall(r"--[a-z-]+", line)} <= known
