"""A usual command does not load the large libraries that only other commands need."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
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

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


def loaded(folder: Path, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *words],
        cwd=folder, env={**os.environ, **IDENTITY}, capture_output=True, check=True,
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


WITHOUT = """
import shlex, sys
sys.modules.update(dict.fromkeys(sys.argv[1].split()))  # None: its import fails
from tracker.cli import main
for line in sys.stdin:
    status = 0
    try:
        main(shlex.split(line))
    except SystemExit as ended:
        status = ended.code or 0
    print(f"{status} {line.strip()}", file=sys.stderr)
"""
NEED_NONE = """
import {articles} --into room
-C room history ferry-terminal
-C room show ferry-terminal
-C room diff ferry-terminal
-C room diff ferry-terminal --html diff.html
-C room blame ferry-terminal
-C room changelog
-C room footer ferry-terminal
-C room note ferry-terminal --draft
-C room search terminal
-C room stats
-C room catalog
-C room verify
-C room styles
-C room export --to data
-C room site pages
import versions.jsonl --into lines
import versions.csv --into table
import --from-git room --into other
"""
NEED_SOME = ("-C room follow run", "import page.warc --into web", "corpus status out")


def of_extras() -> set[str]:
    """The modules of what only extras ask for."""
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[1] / "setup.cfg", encoding="utf-8")
    extras = " ".join(
        wanted
        for extra, wanted in setup["options.extras_require"].items()
        if extra not in ("test", "benchmark")
    )
    names = {re.split(r"[<>=!~]", each)[0].lower() for each in extras.split()}
    provided = packages_distributions().items()
    return {module for module, by in provided if names & {each.lower() for each in by}}


def test_a_plain_installation_does_what_needs_no_extra(tmp_path: Path) -> None:
    """The README's demo among it; what needs an extra names it."""
    (tmp_path / "versions.jsonl").write_text(
        '{"path": "a.md", "at": "2022-05-12T07:45:00Z", "text": "Ten men came."}\n'
    )
    (tmp_path / "versions.csv").write_text(
        'url,at,text\nhttps://a.example/a,2022-05-12T07:45:00Z,"Ten came."\n'
    )
    (tmp_path / "page.warc").write_text("WARC/1.0\r\n")
    works = NEED_NONE.format(articles=Path(__file__).parents[1] / "articles").split("\n")[1:-1]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, " ".join(of_extras())],
        cwd=tmp_path, env={**os.environ, **IDENTITY}, text=True, capture_output=True,
        input="\n".join([*works, *NEED_SOME]), check=False,
    )  # fmt: skip
    said = done.stderr.splitlines()
    assert [each for each in said if re.match(r"[0-9]+ (-C|import|corpus)", each)] == [
        *(f"0 {each}" for each in works),
        *(f"2 {each}" for each in NEED_SOME),
    ], done.stderr
    assert done.stderr.count("article-tracker[") == len(NEED_SOME)
