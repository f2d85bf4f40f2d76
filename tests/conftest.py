"""What all tests share: a fixed environment for git."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.desk import Desk
from tracker.web import background

settings.register_profile("tracker", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("tracker")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a shell's background job
    signal.signal(signal.SIGINT, signal.default_int_handler)

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Editor",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Editor",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "NO_COLOR": "1",
    "TZ": "UTC",
}


@pytest.fixture(autouse=True)
def fixed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Identity and zone are the same on every machine; nobody's own git settings are read."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "TRACKER_"))]:
        if name != "TRACKER_DATA":
            monkeypatch.delenv(name)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session", autouse=True)
def patient_pages() -> None:
    """A page waits for what it needs, however busy the machine is."""
    background.PATIENCE = background.GLANCE = 60.0


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty folder in which commands are run."""
    return Desk(tmp_path, monkeypatch)


@pytest.fixture
def newsroom(desk: Desk) -> Desk:
    """A newsroom in Newsweek's style, with nothing recorded yet."""
    desk.ok("init", ".", "--style", "newsweek", "--timezone", "America/New_York")
    return desk
