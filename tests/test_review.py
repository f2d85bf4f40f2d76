"""``tracker review``: one finding after the other, at the keyboard."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desk import Desk, Said
from tests.killing import limited
from tests.test_check import commit, publish

FIRST = "---\ntitle: The {0}\n---\nThe {0} employs 400 people, and stands by the river.\n"


@pytest.fixture
def archive(newsroom: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Three articles, each with one change that readers were not told of."""
    monkeypatch.setenv("GIT_EDITOR", "true")  # saves the draft as it is
    newsroom.write("tracker.toml", 'style = "newsweek"\ntimezone = "America/New_York"\n')
    commit(newsroom)
    for day, name in enumerate(("mill", "ferry", "bank"), start=10):
        publish(newsroom, FIRST.format(name), f"2022-05-{day}T09:00-04:00", f"{name}.md")
        text = FIRST.format(name).replace("400", "40")
        publish(newsroom, text, f"2022-05-{day}T19:00-04:00", f"{name}.md")
    return newsroom


def editor(tmp_path: Path, words: str) -> str:
    """An editor that writes these words over the draft."""
    script = tmp_path / "editor.sh"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "{words}" > "$1"\n')
    script.chmod(0o755)
    return str(script)


def review(desk: Desk, keys: str, *words: str) -> Said:
    return desk.run("review", *words, stdin=keys.encode())


def test_each_finding_is_shown_with_its_comparison_and_counted(archive: Desk) -> None:
    said = review(archive, "l\nl\nl\n")
    assert said.status == 0
    assert [line for line in said.out.splitlines() if line.endswith(" of 3")] == [
        "1 of 3", "2 of 3", "3 of 3"
    ]  # fmt: skip
    assert "  silent-change  “The bank”  bank.md" in said.out
    assert "number: 400 → 40" in said.out
    assert said.out.rstrip().endswith("3 for later.")
    assert archive.run("check").status == 1


def test_a_note_is_written_in_the_editor_and_covers_the_revision(
    archive: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_EDITOR", editor(tmp_path, "The bank employs 40 people, not 400."))
    said = review(archive, "w\n\nq\n")
    assert "Which kind? [correction]" in said.out
    assert "Recorded as revision 3: The bank employs 40 people, not 400." in said.out
    assert said.out.rstrip().endswith("1 told to readers; 2 not looked at.")
    assert "bank.md" not in archive.run("check").out
    assert archive.run("check").out.startswith("2 findings in ")
    assert archive.git("status", "--porcelain", "--untracked-files=no") == ""


def test_what_is_not_for_readers_is_closed_with_its_reason(archive: Desk) -> None:
    said = review(archive, "n\n\nn\nA slip of the importer\nq\n", "--path", "mill.md")
    assert "it takes a reason" in said.out
    assert "1 not for readers." in said.out
    assert 'why = "A slip of the importer"' in archive.read(".tracker-reviewed.toml")
    assert "2 findings, 1 settled" in archive.run("check").out


def test_words_are_not_lost_where_the_note_cannot_be_recorded(
    archive: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_EDITOR", editor(tmp_path, "These took an hour."))
    archive.write("bank.md", "Another draft lies on disk.\n")
    said = review(archive, "w\nc\nw\nx\nw\ncorr\nl\nq\n")
    assert "has changes on disk that are not recorded." in said.out
    assert "Your words were: These took an hour." in said.out
    assert "The kinds are update, correction, " in said.out
    assert "1 for later; 2 not looked at." in said.out


def test_the_end_of_the_input_is_the_end(archive: Desk) -> None:
    said = review(archive, "l\n")
    assert (said.status, said.out.rstrip().splitlines()[-1]) == (
        0, "1 for later; 2 not looked at."
    )  # fmt: skip


def test_nothing_to_review(archive: Desk) -> None:
    assert review(archive, "", "--rule", "date-moved").out == "There is nothing to review.\n"


def test_the_page_of_a_comparison_is_opened(archive: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def browser(address: str) -> bool:
        opened.append(Path(address.removeprefix("file://")).read_text(encoding="utf-8"))
        return True

    monkeypatch.setattr("webbrowser.open", browser)
    review(archive, "o\nq\n")
    assert len(opened) == 1
    assert "The bank" in opened[0]


def test_an_interrupt_loses_nothing_and_says_what_was_done(archive: Desk) -> None:
    with limited(subprocess.Popen(
        [sys.executable, "-m", "tracker", "review"], cwd=archive.folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("n\nNot ours\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith("2 of 3"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "1 not for readers; 2 not looked at." in out
    assert "Traceback" not in err
    assert archive.read(".tracker-reviewed.toml").count("Not ours") == 1
