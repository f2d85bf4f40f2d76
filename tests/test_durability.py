"""Objects, index and branch are on the disk before a revision is called recorded."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.recording import ARTICLE, Room
from tracker.store import commit, git


def flushed(trace: Path) -> dict[str, Counter[str]]:
    """How often each git command waited for the disk, as git's own trace counts it."""
    names: dict[str, str] = {}
    found: dict[str, Counter[str]] = {}
    for file in trace.iterdir():
        for line in file.read_text().splitlines():
            event = json.loads(line)
            if event["event"] == "cmd_name":
                names[event["sid"]] = event["name"]
            if event["event"] == "data" and event.get("category") == "fsync":
                name = names[event["sid"]]
                found.setdefault(name, Counter())[event["key"]] += int(event["value"])
    return found


@pytest.mark.parametrize("options", [(), ("--bare",)])
def test_a_recording_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """The text, the trees and the commit are flushed, each by itself; then the branch.

    Whatever the person has set: with "batch" git may lose what finds no room on a full disk.
    """
    room = Room.make(tmp_path / "room", *options)
    room.record(b"One.\n")
    room.git("config", "core.fsyncMethod", "batch")
    trace = tmp_path / "trace"
    trace.mkdir()
    with monkeypatch.context() as patch:
        patch.setenv("GIT_TRACE2_EVENT", str(trace))
        room.record(b"Two.\n")
    found = flushed(trace)
    if not found:
        pytest.skip("this git does not count what it flushes")
    written = ["unpack-objects", "update-ref"] if options else ["add", "commit"]
    assert all(found[name]["fsync/hardware-flush"] >= 1 for name in written)
    assert sum(found[name]["fsync/hardware-flush"] for name in written) >= 5
    assert not any(counts["fsync/writeout-only"] for counts in found.values())


def test_the_test_sees_when_nothing_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room.make(tmp_path / "room", articles={ARTICLE: b"One.\n"})
    trace = tmp_path / "trace"
    trace.mkdir()
    for module in (git, commit):
        monkeypatch.setattr(module, "DURABLE", ("-c", "core.fsync=none"))
    with monkeypatch.context() as patch:
        patch.setenv("GIT_TRACE2_EVENT", str(trace))
        room.record(b"Two.\n")
    assert not any(counts["fsync/hardware-flush"] for counts in flushed(trace).values())
