"""Standard streams that are closed or full, a folder that is gone, an interrupt, a terminal."""

from __future__ import annotations

import os
import pty
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.killing import limited

TRACKER = [sys.executable, "-m", "tracker"]


@pytest.fixture
def published(newsroom: Desk) -> Desk:
    newsroom.write("a.md", "# A\n\nTen men came.\n")
    newsroom.ok("record", "a.md", "--at", "05/10/22 noon")
    return newsroom


def shell(desk: Desk, command: str) -> subprocess.CompletedProcess[str]:
    """A command line with its redirections; ``tracker`` is this one."""
    return subprocess.run(
        ["/bin/sh", "-c", command.replace("tracker", " ".join(TRACKER))],
        cwd=desk.folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


READING = ["history --json", "show a", "export", "diff a"]


@pytest.mark.parametrize("words", READING)
@pytest.mark.parametrize("where", [">&-", ">/dev/full"])
def test_an_answer_that_nobody_can_get_is_an_error_of_one_sentence(
    published: Desk, words: str, where: str
) -> None:
    published.write("a.md", "# A\n\nTwelve men came.\n")
    published.ok("record", "a.md", "--update", "to say twelve", "--at", "05/11/22 noon")
    said = shell(published, f"tracker {words} {where}")
    assert said.returncode == 2
    assert said.stderr.count("\n") == 2
    assert said.stderr.startswith("tracker: The output could not be written: ")


def test_a_database_that_finds_no_room_is_told_in_a_sentence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("PRAGMA max_page_count = 1")
            database.execute("CREATE TABLE pages (url TEXT)")

    desk.ok("init", "--followed")
    desk.write("follow.toml", '[[site]]\nfeed = "http://127.0.0.1:1/feed"\n')
    monkeypatch.setattr("tracker.follow.run.run_round", full)
    said = desk.refused("follow", "run", "--once")
    assert "could not be written: database or disk is full." in said


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_closed_or_full_stderr_stops_nothing(published: Desk, where: str) -> None:
    assert shell(published, f"tracker history {where}").stdout.startswith("   1  2022-05-10 ")
    published.write("a.md", "# A\n\nTwelve men came.\n")
    said = shell(published, f"tracker record a.md {where}")
    assert said.returncode == 0
    assert published.git("rev-list", "--count", "HEAD").strip() == "3"
    assert shell(published, f"tracker history nowhere {where}").returncode == 2


@pytest.mark.parametrize("where", [">&-", ">/dev/full"])
def test_what_was_recorded_is_recorded_whoever_hears_of_it(published: Desk, where: str) -> None:
    published.write("a.md", "# A\n\nTwelve men came.\n")
    said = shell(published, f"tracker record a.md --correction 'twelve, not ten' {where}")
    assert said.returncode == 0
    assert "it is done" in said.stderr
    assert published.git("rev-list", "--count", "HEAD").strip() == "3"
    published.clean()


def test_a_closed_standard_input_is_no_text(published: Desk) -> None:
    said = shell(published, "tracker record a.md --file - <&-")
    assert (said.returncode, said.stderr.splitlines()[0]) == (
        2, "tracker: Standard input is closed."
    )  # fmt: skip
    assert published.git("rev-list", "--count", "HEAD").strip() == "2"


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f"cd {gone} && rmdir {gone} && {' '.join(TRACKER)} "
    for words in ("history", "record a.md", "init", "check", "styles", "serve", "site x"):
        said = subprocess.run(["/bin/sh", "-c", line + words], capture_output=True, text=True)
        assert said.returncode == 2
        assert said.stderr.startswith("tracker: The folder that you are in is not there any more.")
        gone.mkdir()


STOPPED = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["tracker", "history"]
import runpy
runpy.run_module("tracker", run_name="__main__")
"""


@pytest.mark.parametrize(
    "name", ["click", "tracker.cli", "tracker.cli.reading", "tracker.newsroom.newsroom"]
)
def test_an_interrupt_while_starting_ends_the_command_without_a_word_of_python(
    published: Desk, name: str
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", STOPPED.format(name=name)],
        cwd=published.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode in (-signal.SIGINT, 130)  # a shell says 130 of both
    assert said.stderr.strip() in ("", "Interrupted.")
    assert said.stdout == ""


def on_a_terminal(desk: Desk, *words: str) -> bytes:
    """What a command writes to a terminal."""
    controller, terminal = pty.openpty()
    with limited(subprocess.Popen(
        [*TRACKER, *words], cwd=desk.folder, stdin=terminal, stdout=terminal, stderr=terminal,
        env={**os.environ, "PAGER": "cat", "TERM": "xterm"},
    )):  # fmt: skip
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(controller, 65_536)
            except OSError:  # the other end is closed
                part = b""
            if not part:
                break
            shown += part
    os.close(controller)
    return shown


HOSTILE = "# A\n\nTen men \x1b]52;c;cm0gLXJmIH4=\x07 came \x1b[2J and \u202eleft.\n"


def test_show_writes_control_characters_out_on_a_terminal(newsroom: Desk) -> None:
    newsroom.write("a.md", HOSTILE)
    newsroom.ok("record", "a.md", "--at", "05/10/22 noon")
    shown = on_a_terminal(newsroom, "show", "a")
    assert b"\x1b" not in shown
    assert b"<U+001B>]52" in shown
    assert "<U+202E>left" in shown.decode()
    assert b"\x1b]52" in on_a_terminal(newsroom, "show", "a", "--raw")
    assert newsroom.ok("show", "a").out == HOSTILE  # a pipe gets every byte


@pytest.mark.parametrize(
    "words",
    [
        ["diff", "a", "--json"],
        ["history", "--json"],
        ["export"],
        ["export", "--format", "ninjs"],
        ["changelog", "--format", "jsonfeed"],
    ],
)
def test_json_has_control_characters_as_escapes(newsroom: Desk, words: list[str]) -> None:
    newsroom.write("a.md", "# The \u202epier\u009b\n\nIt has 5 seats.\n")
    newsroom.ok("record", "a.md", "--at", "05/10/22 noon")
    newsroom.write("a.md", "# The \u202epier\u009b\n\nIt has 6 \u202eseats.\n")
    newsroom.ok("record", "a.md", "--at", "05/11/22 noon")
    said = newsroom.run(*words).out
    assert "\u202e" not in said
    assert "\u009b" not in said
    assert "\\u202e" in said or "<U+202E>" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--correction=-5 degrees is right, not 5."], "-5 degrees is right, not 5."),
        (["--correction", "-5 degrees is right, not 5."], "-5 degrees is right, not 5."),
        (["--correction=--dry-run"], "--dry-run."),
        (["--correction", "-5"], "-5."),
        (["--correction=-m"], "-m."),
        (["--correction", "— a dash", "--at", "05/11/22 noon"], "— a dash."),
    ],
)
def test_the_words_of_a_note_may_begin_with_a_hyphen(
    published: Desk, words: list[str], told: str
) -> None:
    published.write("a.md", "# A\n\nTen men came, it was -5 degrees.\n")
    done = published.ok("record", "a.md", *words, "--json").json["recorded"][0]
    assert [note["text"] for note in done["notes"]] == [told]
    amended = done["notes"][0]["id"]
    published.ok("note", "a.md", "--amend", amended, "-6, not -5")
    assert "-6, not -5" in published.read("a.md")


def test_an_option_after_a_kind_is_an_option(
    published: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_EDITOR", "true")
    published.write("a.md", "# A\n\nTwelve men came.\n")
    said = published.run("record", "a.md", "--correction", "--at", "05/11/22 noon")
    assert said.status == 2
    assert "The note has no words, so nothing was recorded." in said.err


def test_an_amendment_without_an_id_is_refused(published: Desk) -> None:
    for words in (["--amend", "--correction", "x"], ["--amend"]):
        said = published.run("note", "a.md", *words)
        assert said.status == 2
        assert "--amend needs the ID of a note" in said.err
