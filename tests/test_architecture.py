"""The map for newcomers agrees with the tree: what it names is there, no folder is missing."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def folders_with_code() -> set[str]:
    folders = {file.parent for file in (ROOT / "tracker").rglob("*.py")}
    return {f"{folder.relative_to(ROOT)}/" for folder in folders}


def folders_of_the_table() -> list[str]:
    return re.findall(r"^\| `(tracker/[\w/]*)` \|", MAP, re.MULTILINE)


def test_every_folder_with_code_has_its_line() -> None:
    assert folders_with_code() <= set(folders_of_the_table())


def test_every_folder_of_the_map_is_there_once() -> None:
    named = folders_of_the_table()
    assert len(named) == len(set(named))
    assert [folder for folder in named if not (ROOT / folder).is_dir()] == []


def test_every_file_that_the_map_names_is_there() -> None:
    named = re.findall(r"`(?:tracker/)?((?:\w+/)+\w+\.py|\w+\.py)`", MAP)
    assert named
    there = [
        any((ROOT / "tracker").rglob(name) if "/" not in name else [ROOT / "tracker" / name])
        and (not name.count("/") or (ROOT / "tracker" / name).is_file() or (ROOT / name).is_file())
        for name in named
    ]
    assert [name for name, found in zip(named, there, strict=True) if not found] == []
