"""A bare repository, for servers and archives: everything but what needs files on disk works."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.desk import Desk
from tracker import Newsroom
from tracker.cli import COMMANDS

TEXT = "---\ntitle: The mill\n---\n\nThe mill employs 400 people.\n"
NO_FILES = "tracker: This repository is bare: it has no files on disk.\n"
NOT_STAGED = (
    "tracker: This repository is bare: nothing can be staged in it.\n  Check in a clone of it.\n"
)

# What is typed, what is given on stdin, and what the answer begins with; None: it is refused.
WORKS: list[tuple[str, str, str]] = [
    ("history", "", "   2  2022-05-12 09:00 EDT"),
    ("history mill", "", "The mill  mill.md\n   2  2022-05-12 09:00 EDT"),
    ("show mill", "", "---\ntitle: The mill\n"),
    ("show mill 1 --json", "", '{\n  "schema": 1'),
    ("restore mill 1", "", "Restored mill.md: revision 3, "),
    ("diff mill", "", "Notes: {+correction"),
    ("diff mill 1 2 --stat", "", "+1 -1 words;"),
    ("blame mill", "", "1  2022-05-12  Editor "),
    ("blame mill --all", "", "1  2022-05-12  Editor       │ ---"),
    ("changelog", "", "2022-05-12\n  The mill: Correction"),
    ("changelog mill --format markdown", "", ""),
    ("footer mill", "", "Correction 05/12/22, 9:00 a.m. ET: "),
    ("check", "", "0 findings since 2022-06-01 12:00 EDT in 0 articles"),
    ("check --since HEAD~1 --as-one", "", "0 findings in 1 article"),
    ("note mill", "", "u1  Correction"),
    ("note mill --draft", "", ""),
    ("note mill --update words", "", "Recorded mill.md: revision 3, "),
    ("note mill --withdraw u1", "", "Recorded mill.md: revision 3, "),
    ("note mill --amend u1 words", "", "Recorded mill.md: revision 3, "),
    ("record mill --file -", TEXT.replace("400", "500"), "Recorded mill.md: revision 3, "),
    ("record new.md --file -", TEXT, "Recorded new.md: revision 1, "),
    ("record mill --file - --dry-run", TEXT.replace("400", "500"), "Would record mill.md"),
    (
        "record mill --file - --base 1 --merge",
        TEXT.replace("title: The mill", "title: The paper mill"),
        "Recorded mill.md: revision 3, ",
    ),
    ("sync --dry-run", "", "In step with origin (main)"),
    ("verify", "", "Whole: 3 commits on the published line"),
    ("verify --write -", "", '{\n "format": "tracker-witness"'),
    ("styles", "", "ap  "),
]

REFUSED: list[tuple[str, str]] = [
    ("record mill", NO_FILES + "  Work in a clone, or give the text with --file.\n"),
    ("record --all", NO_FILES + "  Work in a clone of it.\n"),
    ("diff mill --working", NO_FILES + "  Work in a clone, or give the text with --file.\n"),
    ("footer mill --write", NO_FILES + "  Work in a clone, or give the text with --file.\n"),
    (
        "check --staged",
        NOT_STAGED,
    ),
    ("check --settle --why x", NO_FILES + "  Settle findings in a clone.\n"),
    (
        "init .",
        "tracker: tracker.toml is in the newest commit already.\n  Change it in a clone.\n",
    ),
]

ELSEWHERE = {
    *("import", "serve", "site", "export", "search", "catalog"),
    *("follow", "intake", "review", "stats", "token", "corpus"),
}
"""Commands that are tried on a bare repository by themselves below, or in their own tests."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bare repository is made once, for all tests to copy."""
    return tmp_path_factory.mktemp("bare") / "news.git"


@pytest.fixture
def bare(desk: Desk, made: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    if not made.exists():
        desk.ok("init", "room", "--style", "newsweek", "--timezone", "America/New_York")
        room = ("-C", "room", "record", "mill.md", "--at")
        desk.write("room/mill.md", TEXT.replace("400", "40"))
        desk.ok(*room, "2022-05-12 07:45")
        desk.write("room/mill.md", TEXT)
        desk.ok(*room, "2022-05-12 09:00", "--correction", "It employs 400.")
        desk.git("clone", "-q", "--bare", "room", str(made))
        desk.git("clone", "-q", "--bare", str(made), str(made) + ".hub")
        subprocess.run(["git", "remote", "set-url", "origin", f"{made}.hub"], cwd=made, check=True)
    folder = desk.folder / "news.git"
    shutil.copytree(made, folder)
    return Desk(folder, monkeypatch)


def line(desk: Desk) -> str:
    return desk.git("log", "--format=%H %s", "main")


@pytest.mark.parametrize(("typed", "stdin", "start"), WORKS, ids=[each[0] for each in WORKS])
def test_what_needs_no_files_works(bare: Desk, typed: str, stdin: str, start: str) -> None:
    before = sorted(path.name for path in bare.folder.iterdir())
    said = bare.ok(*typed.split(), stdin=stdin.encode())
    assert said.out.startswith(start)
    new = {path.name for path in bare.folder.iterdir()} - set(before)
    assert new <= {"tracker-writer", "tracker-beside", "tracker"}
    bare.git("fsck", "--full", "--strict")


@pytest.mark.parametrize(("typed", "sentence"), REFUSED, ids=[each[0] for each in REFUSED])
def test_what_needs_files_says_so(bare: Desk, typed: str, sentence: str) -> None:
    before = line(bare), sorted(bare.folder.rglob("*.md")), sorted(bare.folder.rglob("*.toml"))
    said = bare.run(*typed.split())
    assert (said.status, said.out, said.err) == (2, "", sentence)
    assert before == (
        line(bare), sorted(bare.folder.rglob("*.md")), sorted(bare.folder.rglob("*.toml"))
    )  # fmt: skip


def test_every_command_is_tried() -> None:
    tried = {typed.split()[0] for typed, *_ in WORKS} | {typed.split()[0] for typed, _ in REFUSED}
    assert tried | ELSEWHERE >= set(COMMANDS)


@pytest.mark.parametrize(
    "words", [("search", "mill"), ("catalog",), ("catalog", "--rebuild"), ("export",)]
)
def test_what_asks_the_archive_works(bare: Desk, words: tuple[str, ...]) -> None:
    if words[0] not in COMMANDS:
        pytest.skip(f"there is no command {words[0]}")
    said = bare.ok(*words)
    assert "mill" in said.out or words[0] == "catalog"


def test_pages_are_written_from_a_bare_repository(bare: Desk, tmp_path: Path) -> None:
    bare.ok("site", str(tmp_path / "pages"))
    assert any("mill" in path.name for path in (tmp_path / "pages").rglob("*"))


def test_dated_versions_are_imported(bare: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "versions" / "ferry"
    folder.mkdir(parents=True)
    (folder / "2022-05-10T1630-0400.md").write_text("# The ferry\n\nIt runs.\n")
    bare.ok("import", str(tmp_path / "versions"), "--into", ".")
    assert "ferry.md" in bare.git("ls-tree", "-r", "--name-only", "main")


def test_a_new_bare_repository_becomes_a_newsroom_by_a_commit(desk: Desk) -> None:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", "."], cwd=desk.folder, check=True)
    desk.ok("init", ".", "--style", "bbc", "--timezone", "Europe/London")
    assert not (desk.folder / "tracker.toml").exists()
    assert Newsroom(desk.folder).settings.style.name == "bbc"
    desk.ok("record", "a.md", "--file", "-", stdin=b"Text.\n")
    assert desk.ok("show", "a").out == "Text.\n"


def test_a_recording_in_a_bare_repository_reaches_a_clone(bare: Desk, tmp_path: Path) -> None:
    bare.ok("record", "mill", "--file", "-", stdin=TEXT.replace("400", "500").encode())
    subprocess.run(["git", "clone", "-q", str(bare.folder), str(tmp_path / "c")], check=True)
    text = (tmp_path / "c" / "mill.md").read_text()
    assert "500" in text
    assert "It employs 400." in text


def test_what_is_outside_the_work_tree_is_read_and_not_written(desk: Desk) -> None:
    desk.ok("init", ".")
    desk.write("mill.md", TEXT)
    desk.ok("record", "mill.md")
    (desk.folder / "elsewhere").mkdir()
    head = desk.git("rev-parse", "HEAD")
    for folder, where in ((".git", None), (".", desk.folder / "elsewhere")):
        if where is not None:
            desk.git("config", "core.worktree", str(where))
        assert "The mill" in desk.ok("-C", folder, "history", "mill").out
        for words in (
            ("note", "mill", "--update", "to add it."),
            ("record", "mill", "--file", "-"),
        ):
            said = desk.refused("-C", folder, *words, stdin=TEXT.replace("400", "500").encode())
            assert "outside the work tree" in said
    assert desk.git("rev-parse", "HEAD") == head
