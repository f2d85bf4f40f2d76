"""A usual command does not load the large libraries that only other commands need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LARGE = {"babel", "flask", "git", "jinja2", "markdown", "pyarrow", "rich"}
"""Each takes as long to load as all the rest of a recording."""

REPORT = """
import json, sys
from tracker.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def loaded(folder: Path, *words: str) -> set[str]:
    variables = {
        **os.environ,
        "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *words],
        cwd=folder, env=variables, capture_output=True, check=True,
    )  # fmt: skip
    return set(json.loads(done.stderr.decode().splitlines()[-1]))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    loaded(folder, "init", ".", "--style", "nyt")
    file = folder / "articles" / "boats.md"
    file.parent.mkdir(exist_ok=True)
    file.write_text("---\ntitle: Boats in the harbor\n---\n\n12 boats had left.\n", "utf-8")
    loaded(folder, "record", "articles/boats.md")
    file.write_text(file.read_text("utf-8").replace("12", "14"), "utf-8")
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("record", "boats", "--update", "to add two boats"),
        ("history", "boats"),
        ("footer", "boats"),
    ],
)
def test_a_usual_command_loads_no_large_library(room: Path, words: tuple[str, ...]) -> None:
    assert not loaded(room, *words) & LARGE
