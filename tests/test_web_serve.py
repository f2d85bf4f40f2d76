"""``tracker serve``: what it says, what it refuses, and that a new revision shows."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.killing import interrupted_when, limited
from tests.repositories import Builder
from tests.web_newsroom import WAR_3, build, client, parsed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build(tmp_path / "newsroom").folder


@pytest.fixture
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its address."""
    words = [sys.executable, "-m", "tracker", "-C", str(folder), "serve", "--port", "0"]
    process = limited(
        subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
    )
    assert process.stderr is not None
    try:
        found, said = None, " "
        while said and not found:  # a busy machine may tell first that it is reading
            said = process.stderr.readline()
            found = re.fullmatch(r"The newsroom is at (http://127\.0\.0\.1:\d+)/ — .*\n", said)
        assert found
        yield process, found[1]
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_ctrl_c_while_its_processes_start_is_no_traceback(folder: Path) -> None:
    words = [sys.executable, "-m", "tracker", "-C", str(folder), "serve", "--port", "0"]
    with limited(subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )) as process:  # fmt: skip
        interrupted_when(process, "forkserver")
        _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -signal.SIGINT)
    assert "Traceback" not in err


def fetched(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        page: str = answer.read().decode()
    return page


def test_a_revision_recorded_while_serving_shows_within_seconds(
    folder: Path, served: tuple[subprocess.Popen[str], str]
) -> None:
    process, address = served
    assert "second convoy would leave" in fetched(f"{address}/article/articles/war/")
    (folder / "articles/war.md").write_text(WAR_3 + "\nThe second convoy has left.\n")
    subprocess.run(["git", "commit", "-qam", "Left"], cwd=folder, check=True)
    until = time.monotonic() + 60
    while "The second convoy has left." not in fetched(f"{address}/article/articles/war/"):
        assert time.monotonic() < until
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode in (0, 130)
    assert out == ""
    assert "Traceback" not in err


def test_a_port_in_use_is_told_of_in_one_sentence(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = Desk(folder, monkeypatch).run("serve", "--port", str(port))
    assert said.status == 2
    assert said.err == (
        f"tracker: Port {port} is in use already.\n"
        f"  Try another one: tracker serve --port {port + 1}\n"
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--host", "no.such.host.invalid"],
         "tracker: This machine has no interface called no.such.host.invalid.\n"),
        (["--base-url", "ftp://news.example"],
         "tracker: “ftp://news.example” is no address that pages can be found under.\n"),
        (["--base-url", "https://news.example/?q=1"],
         "tracker: “https://news.example/?q=1” is no address that pages can be found under.\n"),
        (["--base-url", "https://[::1"],
         "tracker: “https://[::1” is no address that pages can be found under.\n"),
        (["--port", "70000"],
         "tracker: Invalid value for '--port': 70000 is not in the range 0<=x<=65535.\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    said = Desk(folder, monkeypatch).run("serve", *words)
    assert said.status == 2
    assert said.err.startswith(sentence)


def test_an_article_of_many_megabytes_is_shown_in_part_in_bounded_time(tmp_path: Path) -> None:
    made = Builder(tmp_path / "large")
    line = "A report of the harbor council. " * 40 + "\n\n"
    made.commit("One", write={"articles/large.md": "# Large\n\n" + line * 4000})
    made.commit("Two", write={"articles/large.md": "# Large\n\n" + line * 4000 + "<script>\n"})
    made.commit("Three", write={"articles/large.md": "x" * 6_000_000})
    made.build()
    browser = client(made.folder)
    history = browser.get("/history/articles/large/")
    versions = re.findall(rb'href="/version/([^/"]+)/', history.data)
    assert b"No words changed" not in history.data
    new, old, first = dict.fromkeys(version.decode() for version in versions)
    for path in (
        "/article/articles/large/",
        f"/version/{old}/articles/large/",
        f"/compare/{first}/{new}/articles/large/",
        f"/change-sides/{old}/articles/large/",
        "/blame/articles/large/",
    ):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        parsed(answer.data)
        assert b"too long" in answer.data
        assert len(answer.data) < 500_000
    assert len(browser.get(f"/source/{new}/articles/large/").data) == 6_000_000
