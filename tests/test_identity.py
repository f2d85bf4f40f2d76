"""The rules of identity and of the published line, as cases that an editor can read.

Each file of ``cases/identity`` holds cases: ``[name]`` with what it is about, named texts, commits
in order, and the history expected of each article.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk
from tests.histories import tracks
from tests.repositories import Builder
from tracker.model import Event, Track

FOLDER = Path(__file__).parent / "cases" / "identity"


def cases() -> list[Any]:
    found = []
    for file in sorted(FOLDER.glob("*.toml")):
        for name, case in tomllib.loads(file.read_text("utf-8")).items():
            found.append(pytest.param(case, id=f"{file.stem}: {name}"))
    return found


def build(folder: Path, case: dict[str, Any]) -> Builder:
    texts = case.get("texts", {})
    builder = Builder(folder)
    for entry in case["commit"]:
        options = dict(entry)
        if "write" in options:
            options["write"] = {
                path: texts[words[1:]] if words.startswith("@") else words
                for path, words in options["write"].items()
            }
        builder.commit(**options)
    return builder


def told(event: Event) -> str:
    place = f"{event.old_path} -> {event.path}" if event.old_path else event.path
    return f"{event.kind} in {event.subject}: {place}"


def as_expected(found: Track) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "path": found.path,
        "versions": [version.subject for version in found.versions],
        "events": [told(event) for event in found.events],
        "deleted": found.deleted,
    }
    return answer


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    """The histories of all articles are those that the case gives, and none besides."""
    builder = build(tmp_path / "repository", case)
    repository = builder.build()
    ignored = frozenset(builder.by_message[message].hash for message in case.get("ignored", []))
    branch = case.get("branch")
    found = tracks(repository, branch=branch, ignored=ignored)
    expected = [{"events": [], "deleted": False, **entry} for entry in case["expect"]]
    sides = [entry.pop("side", None) for entry in expected]
    assert [as_expected(one) for one in found] == expected
    subjects = {commit.hash: message for message, commit in builder.by_message.items()}
    for one, side in zip(found, sides, strict=True):
        if side is not None:
            assert {
                version.subject: [subjects[commit] for commit in version.side]
                for version in one.versions
                if version.side
            } == side


def test_how_long_a_copy_may_wait_for_the_deletion_is_the_grace_time(newsroom: Desk) -> None:
    newsroom.write("tracker.toml", "")
    newsroom.write("articles/flood.md", "The river rose by two meters on Monday night.\n")
    commit(newsroom, "2022-05-12T09:00:00Z", "Publish")
    newsroom.write("articles/2022/flood.md", "The river rose by two meters on Monday night.\n")
    commit(newsroom, "2022-05-13T09:00:00Z", "Copy")
    newsroom.git("rm", "-q", "articles/flood.md")
    commit(newsroom, "2022-05-14T15:00:00Z", "Delete the first, thirty hours later")
    assert len(newsroom.ok("history", "2022/flood", "--json").json["revisions"]) == 1
    newsroom.write("tracker.toml", '[check]\ngrace = "2d"\n')
    found = newsroom.ok("history", "2022/flood", "--json").json
    assert [each["subject"] for each in found["revisions"]] == ["Publish"]
    assert [each["kind"] for each in found["events"]] == ["moved"]


def test_a_file_on_disk_that_gets_other_capital_letters_goes_on(newsroom: Desk) -> None:
    newsroom.write("articles/Flood.md", "The river rose by two meters on Monday night.\n")
    newsroom.ok("record", "articles/Flood.md")
    (newsroom.folder / "articles/Flood.md").rename(newsroom.folder / "articles/flood.md")
    newsroom.write("articles/flood.md", "The river rose by three meters on Monday night.\n")
    newsroom.ok("record", "--all")
    found = newsroom.ok("history", "articles/flood.md", "--json").json
    assert [each["path"] for each in found["revisions"]] == [
        "articles/Flood.md",
        "articles/flood.md",
    ]
    assert newsroom.git("ls-files", "articles").split() == ["articles/flood.md"]


def commit(desk: Desk, at: str, message: str) -> None:
    desk.git("add", "--all")
    desk.git("commit", "-q", f"--date={at}", "-m", message)
