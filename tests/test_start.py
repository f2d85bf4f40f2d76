"""What a command loads at its start, counted and never timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tracker import prepared
from tracker.cli import keeping

LARGE = frozenset(
    {
        "babel", "base64", "dataclasses", "decimal", "email", "flask", "git", "html",
        "importlib.metadata", "jinja2", "logging", "markdown", "multiprocessing", "random", "rich",
        "shutil", "sqlite3", "tempfile", "tomllib", "yaml",
    }
)  # fmt: skip
"""Modules that no usual recording needs, and that take a millisecond or many."""

MOST_MODULES = {"record": 240, "history": 260, "footer": 185}
"""Bounds, some way above what was counted, for all modules of a process, Python's own too."""

TEXT = """---
title: Boats in the harbor
date: 2022-05-12
---

“The harbor office said on Tuesday that 12 boats had left.”

Nobody was hurt, the ministry’s spokesman said.
"""

REPORT = """
import json, re, sys
compiled = []
original = re._compiler.compile
def counted(pattern, flags=0):
    compiled.append(str(pattern)[:60])
    return original(pattern, flags)
import click
re._compiler.compile = counted
before = set(sys.modules)
from tracker.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    status = ended.code
print(json.dumps({"status": status, "modules": sorted(sys.modules), "before": sorted(before),
                  "compiled": compiled}), file=sys.stderr)
"""


class Started:
    """What one command loaded."""

    def __init__(self, folder: Path, *words: str) -> None:
        variables = {
            **os.environ,
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
            "XDG_CACHE_HOME": str(folder.parent / "cache"), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", REPORT, *words],
            cwd=folder, env=variables, capture_output=True, check=False,
        )  # fmt: skip
        said = json.loads(done.stderr.decode().splitlines()[-1])
        assert said["status"] == 0, done.stderr
        self.modules = set(said["modules"])
        self.own = self.modules - set(said["before"])
        self.compiled = said["compiled"]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Started]:
    """Each command once in a newsroom where every command ran before."""
    folder = tmp_path_factory.mktemp("start") / "room"
    folder.mkdir()
    Started(folder, "init", ".", "--style", "nyt")
    file = folder / "articles" / "boats.md"
    file.parent.mkdir(exist_ok=True)
    file.write_text(TEXT, encoding="utf-8")
    Started(folder, "record", str(file))
    for number in ("14", "15"):  # the second time, all is prepared
        file.write_text(file.read_text("utf-8").replace("12 boats", f"{number} boats"), "utf-8")
        file.write_text(file.read_text("utf-8").replace("14 boats", f"{number} boats"), "utf-8")
        record = Started(folder, "record", str(file), "--update", f"to add {number} boats")
        history = Started(folder, "history", str(file))
        footer = Started(folder, "footer", str(file))
    return {"record": record, "history": history, "footer": footer}


@pytest.mark.parametrize("command", ["record", "history", "footer"])
def test_a_usual_command_loads_no_large_module(started: dict[str, Started], command: str) -> None:
    assert not started[command].own & LARGE


@pytest.mark.parametrize("command", ["record", "history", "footer"])
def test_a_command_loads_no_more_modules_than_it_did(
    started: dict[str, Started], command: str
) -> None:
    assert len(started[command].modules) <= MOST_MODULES[command]


@pytest.mark.parametrize("command", ["record", "history", "footer"])
def test_the_second_start_compiles_no_expression_of_this_project(
    started: dict[str, Started], command: str
) -> None:
    assert len(started[command].compiled) <= 12, started[command].compiled


def test_footer_does_not_load_what_compares(started: dict[str, Started]) -> None:
    assert not started["footer"].modules & {"tracker.comparison", "diff_match_patch"}


@pytest.mark.parametrize("command", ["record", "footer"])
def test_what_judges_changes_and_reads_notes_by_hand_waits_until_it_is_asked(
    started: dict[str, Started], command: str
) -> None:
    assert not started[command].modules & {"tracker.text.changes", "tracker.house.note_finding"}


# --- what is kept from one start to the next ------------------------------------------------------


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_known", "_expressions", "_tables"):
        monkeypatch.setattr(prepared, name, {})
    monkeypatch.setattr(prepared, "_used", set())


@pytest.mark.usefixtures("fresh")
def test_an_expression_that_was_kept_is_the_one_that_python_makes() -> None:
    made = prepared.expression(r"(?P<day>\d\d?)[.-](?P<month>[A-Za-zäöü]+)|\bx++\b", 2)
    kept = prepared.give()
    assert kept is not None
    prepared.take(kept)
    again = prepared.expression(r"(?P<day>\d\d?)[.-](?P<month>[A-Za-zäöü]+)|\bx++\b", 2)
    assert prepared.give() is None  # nothing was compiled again
    assert again == made
    assert again.groupindex == made.groupindex
    assert again.flags == made.flags
    found = again.search("on 12-MÄRZ")
    assert found is not None
    assert found.groupdict() == {"day": "12", "month": "MÄRZ"}
    assert found.lastgroup == "month"


@pytest.mark.usefixtures("fresh")
def test_a_thread_may_go_on_loading_while_what_was_made_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A recording that is refused ends while a thread still reads what nobody wants any more."""
    parts = prepared._parts

    def one_more(pattern: str, flags: int) -> tuple[object, ...] | None:
        if pattern == "first":
            prepared.expression("second")
        return parts(pattern, flags)

    monkeypatch.setattr(prepared, "_parts", one_more)
    prepared.expression("first")
    assert prepared.give() is not None


@pytest.mark.usefixtures("fresh")
def test_a_table_that_was_kept_says_what_its_toml_says() -> None:
    toml = 'a = [1, 2.5, true]\nat = 2022-05-12T07:45:00-04:00\n[b]\nday = 2022-05-12\nof = "x"\n'
    made = prepared.toml_table(toml)
    made["a"].append("changed by who asked")
    kept = prepared.give()
    assert kept is not None
    prepared.take(kept)
    assert repr(prepared.toml_table(toml)) == repr({**made, "a": [1, 2.5, True]})
    assert prepared.give() is None


@pytest.mark.usefixtures("fresh")
def test_settings_of_many_newsrooms_do_not_make_every_start_slower() -> None:
    def next_start() -> int:
        kept = prepared.give()
        assert kept is not None
        prepared._known.clear()
        prepared._used.clear()
        prepared.take(kept)
        return len(kept)

    sizes = []
    for number in range(100):
        prepared.toml_table('name = "the same"')  # what every start asks for
        prepared.toml_table(f"name = {'x' * 20_000!r}\nnumber = {number}")
        sizes.append(next_start())
    assert max(sizes) <= prepared._MOST + 50_000
    assert 'table name = "the same"' in prepared._known


@pytest.mark.usefixtures("fresh")
def test_what_was_made_of_a_table_is_made_anew_when_the_code_changed(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text("one")
    calls: list[object] = []

    def words(table: dict[str, object]) -> tuple[str, ...]:
        calls.append(table)
        return tuple(sorted(table))

    assert prepared.made_from("a = 1\nb = 2\n", words, str(code)) == ("a", "b")
    kept = prepared.give()
    assert kept is not None
    prepared.take(kept)
    assert prepared.made_from("a = 1\nb = 2\n", words, str(code)) == ("a", "b")
    assert len(calls) == 1
    os.utime(code, (1, 1))
    assert prepared.made_from("a = 1\nb = 2\n", words, str(code)) == ("a", "b")
    assert len(calls) == 2


@pytest.mark.usefixtures("fresh")
def test_a_file_of_another_python_or_of_rubbish_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept"
    monkeypatch.setattr(keeping, "_files", lambda: iter([file]))
    keeping.take()
    prepared.expression("passed over")
    keeping.keep()
    assert file.read_bytes().startswith(keeping._stamp())
    assert oct(file.stat().st_mode & 0o777) == "0o644"
    for rubbish in (b"", b"rubbish", b"3.7\0rubbish", keeping._stamp(), keeping._stamp() + b"x"):
        file.write_bytes(rubbish)
        keeping.take()
        assert not prepared._known


@pytest.mark.usefixtures("fresh")
def test_a_file_that_others_may_write_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept"
    monkeypatch.setattr(keeping, "_files", lambda: iter([file]))
    prepared.expression("not read where others may write")
    keeping.keep()
    file.chmod(0o666)
    keeping.take()
    assert not prepared._known
    file.chmod(0o644)
    keeping.take()
    assert prepared._known


@pytest.mark.usefixtures("fresh")
def test_where_nothing_can_be_kept_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(keeping, "_files", lambda: iter([tmp_path / "file" / "kept"]))
    prepared.expression("cannot be kept")
    keeping.keep()
    keeping.take()
    assert not prepared._known


@pytest.mark.usefixtures("fresh")
def test_settings_that_spell_the_name_of_an_expression_are_no_expression() -> None:
    """A newsroom's tracker.toml comes from strangers."""
    prepared.expression("x+")
    kept = prepared.give()
    assert kept is not None
    prepared.take(kept)
    (name,) = prepared._known
    for toml in (name, name.removeprefix("expression "), f"table {name}"):
        with pytest.raises(ValueError, match="line 1"):
            prepared.toml_table(toml)


@pytest.mark.usefixtures("fresh")
def test_a_table_that_is_huge_or_very_deep_is_read_and_not_kept() -> None:
    assert len(prepared.toml_table(f'a = "{"x" * 60_000}"')["a"]) == 60_000
    depth = 200
    assert prepared.toml_table(f"a = {'[' * depth}{']' * depth}")["a"]
    assert not any(len(name) > prepared._LONGEST + 10 for name in prepared._tables)
