"""The files for CI services and pre-commit in docs/ are valid, and do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.desk import Desk
from tests.repositories import Builder

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
TEXT = "---\ntitle: The ferry\n---\n\nA ticket costs $12.\n\nThe ferry leaves from Pier 4.\n"
SILENT = TEXT.replace("$12", "$21")
TOLD = SILENT + "\nCorrection, May 12, 2022: An earlier version misstated the price.\n"
BIN = Path(sys.executable).parent


# --- the files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ("vendor.github-workflows", ["github-checks.yml", "github-code-scanning.yml"]),
        ("custom.github-workflows-require-timeout", ["github-checks.yml"]),
        ("vendor.gitlab-ci", ["gitlab-checks.yml"]),
    ],
)
def test_the_services_own_schemas_take_them(schema: str, names: list[str]) -> None:
    files = [str(EXAMPLES / name) for name in names]
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schemas_would_refuse_a_fault(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((EXAMPLES / "github-checks.yml").read_text().replace("runs-on", "run-on"))
    words = [sys.executable, "-m", "check_jsonschema"]
    words += ["--builtin-schema", "vendor.github-workflows", str(wrong)]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 1


def test_pre_commit_takes_the_hook_and_the_configuration() -> None:
    program = pre_commit()
    for words in (
        ["validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")],
        ["validate-config", str(EXAMPLES / "pre-commit-config.yaml")],
    ):
        subprocess.run([program, *words], check=True, capture_output=True)


# --- a pull request ------------------------------------------------------------------------------


def forge(folder: Path, text: str) -> Path:
    """A repository with a branch that changes an article, and the merge that GitHub makes of it."""
    builder = Builder(folder)
    builder.commit("Publish", at="2022-05-10T12:00:00+00:00", write={"posts/ferry.md": TEXT})
    builder.commit(
        "Edit", on="fix", start="main", at="2022-05-12T12:00:00+00:00",
        write={"posts/ferry.md": text},
    )  # fmt: skip
    builder.commit("Other", at="2022-05-12T13:00:00+00:00", write={"posts/other.md": TEXT})
    builder.commit(
        "Merge fix into main", on="pull", start="main", merge=["fix"],
        at="2022-05-12T14:00:00+00:00",
    )  # fmt: skip
    builder.build()
    return folder


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def checked_out(source: Path, folder: Path, reference: str, depth: object) -> Path:
    """What the services make: a folder with one commit checked out, on no branch."""
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", f"file://{source}")
    limit = [] if str(depth) == "0" else [f"--depth={depth}"]
    wanted = ["+refs/heads/*:refs/remotes/origin/*"] if not limit else []
    git(folder, "fetch", "-q", *limit, "origin", *wanted, f"+{reference}:refs/remotes/pull/merge")
    git(folder, "checkout", "-q", "--detach", "refs/remotes/pull/merge")
    return folder


def github(name: str, event: str, source: Path, folder: Path, reference: str) -> tuple[int, str]:
    """Run the steps of a workflow as GitHub does for an event; the status and what they print."""
    workflow = yaml.safe_load((EXAMPLES / name).read_text())
    ((_, job),) = workflow["jobs"].items()
    printed = ""
    for step in job["steps"]:
        if "if" in step and not condition(step["if"], event):
            continue
        if step.get("uses", "").startswith("actions/checkout@"):
            checked_out(source, folder, reference, step["with"]["fetch-depth"])
        if "run" not in step or step["run"].startswith("pip install "):
            continue
        done = bash(step["run"], folder, {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event})
        printed += done.stdout
        if done.returncode:
            assert "Traceback" not in done.stderr
            return done.returncode, printed
    return 0, printed


def condition(words: str, event: str) -> bool:
    """The two conditions on the event that the examples use."""
    found = re.fullmatch(r"github\.event_name (==|!=) '(\w+)'", words)
    assert found is not None, words
    return (found[2] == event) == (found[1] == "==")


def bash(script: str, folder: Path, more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A step, in the shell that the services use."""
    where = {"PATH": f"{BIN}:{os.environ['PATH']}", "CI": "true", **more}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-c", script],
        cwd=folder,
        env={**os.environ, **where},
        capture_output=True,
        text=True,
        check=False,
    )


def test_github_annotates_a_pull_request_that_tells_nothing(tmp_path: Path) -> None:
    source = forge(tmp_path / "forge", SILENT)
    status, printed = github(
        "github-checks.yml", "pull_request", source, tmp_path / "work", "refs/heads/pull"
    )
    assert status == 1
    first, last = printed.splitlines()
    assert first.startswith(
        "::error file=posts/ferry.md,line=5,title=tracker silent-change::number: $12 → $21"
    )
    assert last == "1 finding in 1 article, 1 revision."


def test_github_lets_a_pull_request_pass_that_tells(tmp_path: Path) -> None:
    source = forge(tmp_path / "forge", TOLD)
    status, printed = github(
        "github-checks.yml", "pull_request", source, tmp_path / "work", "refs/heads/pull"
    )
    assert (status, printed) == (0, "0 findings in 1 article, 1 revision.\n")


def test_github_looks_at_all_that_is_out(tmp_path: Path) -> None:
    source = forge(tmp_path / "forge", SILENT)
    status, printed = github(
        "github-checks.yml", "schedule", source, tmp_path / "work", "refs/heads/pull"
    )
    assert status == 1
    assert printed.startswith("::error file=posts/ferry.md,line=5,title=tracker silent-change::")
    assert printed.splitlines()[-1] == "1 finding in 2 articles, 3 revisions."


def test_github_is_given_a_scan(tmp_path: Path) -> None:
    """A finding does not end the step."""
    source = forge(tmp_path / "forge", SILENT)
    folder = tmp_path / "work"
    name = "github-code-scanning.yml"
    assert github(name, "push", source, folder, "refs/heads/pull") == (0, "")
    log = json.loads((folder / "corrections.sarif").read_text())
    ((result,),) = (run["results"] for run in log["runs"])
    assert result["ruleId"] == "silent-change"


CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""What GitLab's documentation asks of a Code Quality report; it publishes no schema of it."""


def gitlab(
    source: Path, folder: Path, reference: str, more: dict[str, str]
) -> tuple[int, str, Any]:
    """Run the job as GitLab does; the status, what it prints, and the report."""
    job = yaml.safe_load((EXAMPLES / "gitlab-checks.yml").read_text())["corrections"]
    checked_out(source, folder, reference, job["variables"]["GIT_DEPTH"])
    assert all(line.startswith("pip install ") for line in job["before_script"])
    done = bash("\n".join(job["script"]), folder, {"GITLAB_CI": "true", **more})
    assert "Traceback" not in done.stderr
    report = folder / job["artifacts"]["reports"]["codequality"]
    found = json.loads(report.read_text()) if report.read_text() else None
    return done.returncode, done.stdout, found


def test_gitlab_shows_a_merge_request(tmp_path: Path) -> None:
    source = forge(tmp_path / "forge", SILENT)
    more = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": git(source, "merge-base", "main", "fix")}
    ended, printed, report = gitlab(source, tmp_path / "work", "refs/heads/fix", more)
    assert ended == 1
    Draft7Validator(CODE_QUALITY).validate(report)
    (finding,) = report
    assert finding["check_name"] == "silent-change"
    assert finding["severity"] == "major"
    assert finding["description"].startswith('number: $12 → $21 in "A ticket costs $12.". ')
    assert finding["location"] == {"path": "posts/ferry.md", "lines": {"begin": 5}}
    assert "number: $12 → $21" in printed
    assert "1 finding in 1 article, 1 revision.\n" in printed


def test_gitlab_lets_what_is_told_pass(tmp_path: Path) -> None:
    source = forge(tmp_path / "forge", TOLD)
    ended, printed, report = gitlab(source, tmp_path / "work", "refs/heads/pull", {})
    assert (ended, printed, report) == (0, "0 findings in 2 articles, 3 revisions.\n", [])


def test_gitlab_ends_where_the_base_is_not_there(tmp_path: Path) -> None:
    source = forge(tmp_path / "forge", SILENT)
    more = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "1" * 40}
    ended, printed, report = gitlab(source, tmp_path / "work", "refs/heads/fix", more)
    assert (ended, printed, report) == (1, "", None)


# --- before a commit -----------------------------------------------------------------------------


def pre_commit() -> str:
    """The real program; the test is skipped where it is not installed."""
    beside = BIN / "pre-commit"
    found = str(beside) if beside.is_file() else shutil.which("pre-commit")
    if found is None:
        pytest.skip("pre-commit is not installed")
    return found


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the hook and the program as they are on disk, tagged v0.1.0."""
    folder = tmp_path_factory.mktemp("article-tracker")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder)
    skipped = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "tracker", folder / "tracker", ignore=skipped)
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, *who, "commit", "-q", "-m", "Release")
    git(folder, *who, "tag", "-a", "-m", "0.1.0", "v0.1.0")
    return folder


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where pre-commit keeps what it installs; no network is needed.

    pre-commit makes its virtual environment and installs the hook's repository in it, as always;
    the libraries are found beside this Python.
    """
    paths = [path for path in sys.path if path.endswith("site-packages")]
    return {
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")),
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this one as it is meant for "--no-…"
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": os.pathsep.join(paths),
    }


@pytest.fixture
def guarded(
    desk: Desk, hook: Path, environments: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A newsroom whose commits go through the example's configuration."""
    for name, value in environments.items():
        monkeypatch.setenv(name, value)
    desk.git("init", "-q", "-b", "main")
    desk.write("posts/ferry.md", TEXT)
    config = (EXAMPLES / "pre-commit-config.yaml").read_text()
    named = re.sub(r"repo: \S+", f"repo: {hook}", config)
    assert named != config
    desk.write(".pre-commit-config.yaml", named)
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "Publish", "--date=2022-05-10T12:00:00Z")
    subprocess.run([pre_commit(), "install"], cwd=desk.folder, check=True, capture_output=True)
    return desk


def commit(desk: Desk, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        ["git", "commit", "-m", "Edit", *words],
        cwd=desk.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_hook_by_pre_commit_itself(guarded: Desk) -> None:
    """It stops what readers are not told of, sees the index alone, and lets the rest pass."""
    desk = guarded
    desk.write("posts/ferry.md", SILENT)
    desk.git("add", "posts/ferry.md")
    desk.write("posts/ferry.md", TOLD)  # the note is on disk, and not in what is committed
    status, said = commit(desk)
    assert status == 1, said
    assert "changes that readers were not told of" in said
    assert "number: $12 → $21" in said
    assert desk.read("posts/ferry.md") == TOLD
    assert desk.git("show", ":posts/ferry.md") == SILENT
    assert commit(desk, "-a")[0] == 0
    desk.write("posts/ferry.md", TOLD.replace("Pier 4", "Pier 9"))
    desk.write("posts/new.md", TEXT)
    desk.git("add", "posts/new.md")
    status, said = commit(desk, "posts/ferry.md")  # git makes an index of its own for this
    assert status == 1, said
    assert "Pier 4 → Pier 9" in said or "4 → 9" in said
    assert commit(desk)[0] == 0  # the new article alone
    desk.git("rm", "-q", "-f", "posts/ferry.md")
    status, said = commit(desk)
    assert status == 1, said
    assert "the published article “The ferry” was deleted" in said
    assert commit(desk, "--no-verify")[0] == 0
