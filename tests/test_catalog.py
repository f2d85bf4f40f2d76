"""The catalog remembers, and is never an error."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repositories import run
from tracker.catalog.schema import FORMAT, Catalog, catalog_file
from tracker.store.git import Repository, discover

RULES = "a digest"
PAIR = ("old", "new")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    run(tmp_path, "init", "-q", "-b", "main")
    return discover(tmp_path)


def kept(repository: Repository, rules: str = RULES) -> dict[tuple[str, str], str]:
    with Catalog(repository) as catalog:
        return catalog.answers(rules, [PAIR, ("other", "pair")])


def keep(repository: Repository, rules: str = RULES, answer: str = "[1]") -> None:
    with Catalog(repository) as catalog:
        catalog.remember(rules, {PAIR: answer})


def test_what_is_remembered_is_known_later(repository: Repository) -> None:
    assert kept(repository) == {}
    keep(repository)
    assert kept(repository) == {PAIR: "[1]"}
    keep(repository, answer="[2]")
    assert kept(repository) == {PAIR: "[2]"}


def test_other_rules_know_nothing_of_it(repository: Repository) -> None:
    keep(repository)
    assert kept(repository, "another digest") == {}


def test_answers_under_old_rules_make_room(repository: Repository) -> None:
    for number in range(5):
        keep(repository, f"rules {number}")
    assert [bool(kept(repository, f"rules {number}")) for number in range(5)] == [
        False, False, True, True, True,
    ]  # fmt: skip


def test_a_broken_file_is_made_anew(repository: Repository) -> None:
    keep(repository)
    path = Catalog(repository).path
    path.write_bytes(b"this is no database, but it is long enough to be one" * 100)
    assert kept(repository) == {}
    keep(repository)
    assert kept(repository) == {PAIR: "[1]"}


def test_a_file_that_is_broken_inside_is_made_anew(repository: Repository) -> None:
    with Catalog(repository) as catalog:
        catalog.remember(RULES, {(str(number), "x" * 50): "y" * 200 for number in range(500)})
    data = bytearray(catalog.path.read_bytes())
    data[5000:] = b"\xff" * (len(data) - 5000)
    catalog.path.write_bytes(data)
    with Catalog(repository) as broken:
        broken.answers(RULES, [(str(number), "x" * 50) for number in range(500)])
        broken.remember(RULES, {PAIR: "[1]"})
    keep(repository)
    assert kept(repository) == {PAIR: "[1]"}


@pytest.mark.parametrize("number", [1, FORMAT + 1])
def test_a_file_of_another_format_is_made_anew(repository: Repository, number: int) -> None:
    path = Catalog(repository).path
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE answer (something TEXT)")
    other.execute(f"PRAGMA user_version = {number}")
    other.commit()
    other.close()
    keep(repository)
    assert kept(repository) == {PAIR: "[1]"}


def test_a_locked_file_is_read_and_not_waited_for_long(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(repository)
    monkeypatch.setattr("tracker.catalog.schema.PATIENCE", 0.05)
    other = sqlite3.connect(catalog_file(repository), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert kept(repository) == {PAIR: "[1]"}
    keep(repository, answer="[2]")
    assert kept(repository) == {PAIR: "[1]"}
    other.execute("ROLLBACK")
    other.execute("BEGIN EXCLUSIVE")
    with Catalog(repository) as catalog:
        assert catalog.in_memory
        catalog.remember(RULES, {PAIR: "[3]"})
    assert kept(repository) == {PAIR: "[3]"}
    other.execute("ROLLBACK")
    other.close()
    assert kept(repository) == {PAIR: "[1]"}


def test_a_writer_that_was_kept_out_once_goes_on(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.catalog.schema.PATIENCE", 0.05)
    with Catalog(repository) as catalog:
        other = sqlite3.connect(catalog.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        catalog.remember(RULES, {PAIR: "[1]"})
        other.execute("ROLLBACK")
        other.close()
        assert catalog.answers(RULES, [PAIR]) == {}
        catalog.remember(RULES, {PAIR: "[1]"})
    assert kept(repository) == {PAIR: "[1]"}


def test_where_no_folder_can_be_made_it_is_in_memory(repository: Repository) -> None:
    (repository.git_dir / "tracker").write_text("a file where the folder would be")
    assert kept(repository) == {}
    keep(repository)
    assert kept(repository) == {PAIR: "[1]"}
    assert (repository.git_dir / "tracker").is_file()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_in_a_folder_that_may_not_be_written_it_is_in_memory(repository: Repository) -> None:
    repository.git_dir.chmod(0o500)
    try:
        keep(repository)
        assert kept(repository) == {PAIR: "[1]"}
    finally:
        repository.git_dir.chmod(0o700)


def test_a_full_disk(repository: Repository) -> None:
    """A file that may not grow stands for a disk that is full: it goes on in memory."""
    with Catalog(repository) as catalog:
        pages = catalog.connection.execute("PRAGMA page_count").fetchone()[0]
        catalog.connection.execute(f"PRAGMA max_page_count = {pages}")
        catalog.remember(RULES, {(str(n), "x"): "y" * 5000 for n in range(10)})
        assert catalog.in_memory
        catalog.remember(RULES, {PAIR: "[1]"})
        assert catalog.answers(RULES, [PAIR]) == {PAIR: "[1]"}
    assert kept(repository) == {}


def test_a_lone_surrogate_is_left_out(repository: Repository) -> None:
    with Catalog(repository) as catalog:
        catalog.remember(RULES, {PAIR: "\udc80", ("other", "pair"): "[1]"})
    assert kept(repository) == {("other", "pair"): "[1]"}


def test_several_processes_at_once(repository: Repository) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom tracker.catalog.schema import Catalog\n"
        "from tracker.store.git import discover\n"
        "with Catalog(discover(Path(sys.argv[1]))) as catalog:\n"
        "    for n in range(30):\n"
        "        catalog.remember('r', {(sys.argv[2], str(n)): '[]'})\n"
    )
    assert repository.top is not None
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(repository.top), str(number)])
        for number in range(3)
    ]
    assert [each.wait(120) for each in running] == [0, 0, 0]
    with Catalog(repository) as catalog:
        asked = [(str(who), str(number)) for who in range(3) for number in range(30)]
        assert len(catalog.answers("r", asked)) == 90
