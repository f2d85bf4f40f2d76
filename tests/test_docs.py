"""The documentation is not stale: outputs, commands, links, styles, settings and the library."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click
import pytest

from tests.desk import Desk
from tests.house_examples import examples
from tracker.cli import COMMANDS, cli
from tracker.house import settings as house_settings
from tracker.house import style as house_style
from tracker.policy.rules import RULES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
KEY_TABLE = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)


@cache
def generator() -> dict[str, Callable[..., str]]:
    return runpy.run_path(str(ROOT / "docs" / "generate.py"))


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def test_the_outputs_in_the_readme_are_what_the_commands_print() -> None:
    """The commands of README.md are run here and nowhere else: they take their time."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert generator()["readme"](text) == text, "run: python docs/generate.py"


def test_the_command_reference_is_that_of_the_commands() -> None:
    assert page("commands.md") == generator()["commands"](), "run: python docs/generate.py"


def options() -> Iterator[tuple[str, click.Parameter]]:
    context = click.Context(cli, info_name="tracker")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        for each in (command, *getattr(command, "commands", {}).values()):
            for parameter in each.params:
                yield name, parameter


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name: str) -> None:
    context = click.Context(cli, info_name="tracker")
    command = cli.get_command(context, name)
    assert command is not None
    assert command.help
    assert command.get_short_help_str()
    assert COMMANDS[name].endswith(".")


def test_every_option_has_help() -> None:
    without = [
        f"{name} {parameter.opts[0]}"
        for name, parameter in options()
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert without == []


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"`{name}`" not in text] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    links = [link for link in LINK.findall(path.read_text("utf-8")) if "://" not in link]
    files = [link.partition("#")[0] for link in links]
    missing = [link for link in files if link and not (path.parent / unquote(link)).exists()]
    assert missing == []


def test_the_example_of_the_library_runs(newsroom: Desk) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    newsroom.write("war.md", "More than 1,500 people left.\n")
    newsroom.ok("record", "war.md", "--at", "05/10/22 4:30 p.m. ET")
    newsroom.write("war.md", "More than 15,000 people left.\n")
    names: dict[str, Any] = {
        "old": "More than 1,500 people left.\n",
        "new": "More than 15,000 people left.\n",
        "text": "Words.\n\nCorrection: A number was wrong.\n",
        "texts": ["One.\n", "One. Two.\n"],
    }
    exec(example.replace("path/to/repository", str(newsroom.folder)), names)
    assert names["change"].substantive
    assert re.search("number: .*1,500 → .*15,000", names["change"].reasons[0])
    assert [each.number for each in names["room"].history("war.md")] == [1, 2]


@pytest.mark.parametrize("name", house_style.names())
def test_the_lines_of_each_house_style_are_in_its_page(name: str) -> None:
    block = "\n".join(examples(name))
    section = page("styles.md").partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    assert f"```text\n{block}\n```" in section


def test_the_page_of_styles_names_every_key() -> None:
    from tracker.house.style import STYLE_KEYS
    from tracker.model import KINDS

    rows = " ".join(KEY_TABLE.findall(page("styles.md").partition("## How dates are read")[0]))
    named = set(re.findall(r"`(\w+)`", rows))
    assert named | {"name", "like", *KINDS} == set(STYLE_KEYS)


def test_the_page_of_settings_names_every_key_in_a_file_that_is_right() -> None:
    text = page("settings.md")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    house_settings.read(example, "tracker.toml", lambda name: "")
    table = tomllib.loads(example)
    assert set(table) == set(house_settings._KEYS)
    assert set(table["footer"]) == set(house_settings._FOOTER_KEYS)
    assert set(table["check"]) == set(house_settings._CHECK_KEYS)
    for key in ("name", "style", "timezone", "language", "branch", "articles"):
        assert f"\n## {key}\n" in text
    for name, what in RULES.items():
        assert f"| `{name}` | {what} |" in text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_toml_block_parses(path: Path) -> None:
    for block in re.findall(r"```toml\n(.*?)```", path.read_text("utf-8"), re.DOTALL):
        tomllib.loads(block)


def test_the_table_of_typed_dates_is_how_they_are_read(newsroom: Desk) -> None:
    from datetime import datetime

    from tracker.newsroom.newsroom import Newsroom

    room = Newsroom(newsroom.folder, now=datetime.fromisoformat("2022-06-01T12:00:00-04:00"))
    table = page("styles.md").partition("| You type | It is |")[2]
    rows = re.findall(r"^\| `([^`]+)` \| (\S+?)(, the day)? \|$", table, re.MULTILINE)
    assert len(rows) == 9
    for typed, read, day in rows:
        moment = room.read_moment(typed)
        at = moment.at.date().isoformat() if day else moment.at.isoformat()
        assert (at, moment.precision) == (read, "day" if day else "minute"), typed
