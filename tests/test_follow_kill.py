"""A round that is killed loses no version that it saw, and the next one records none twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.desk import Desk
from tests.fetched_pages import page
from tests.followed_site import Answer, WebSite, serving, watching

PAGES = 6


@pytest.fixture
def site() -> Iterator[WebSite]:
    with serving() as found:
        yield found


def test_rounds_that_are_killed(desk: Desk, site: WebSite) -> None:
    kill_rounds(desk, site, 4)


def kill_rounds(desk: Desk, site: WebSite, moments: int) -> None:
    """Rounds over pages that change each time, all but the first and last killed somewhere."""
    watch = watching(desk)
    paths = [f"/2026/ferry-{number}" for number in range(PAGES)]
    site.feed(*paths)
    watch.follow(f'[[site]]\nfeed = "{site.url}/feed"\npause = 0\n')
    chance = random.Random(8)
    lasted = 4.0
    served: dict[str, list[int]] = {path: [] for path in paths}

    def version(path: str, number: int) -> Answer:
        served[path].append(number)
        return Answer(page().replace("$14", f"${20 + number}").encode(), etag=False)

    def run(hours: int, *, kill_after: float | None) -> None:
        environment = os.environ | {
            "TRACKER_NOW": f"2026-05-{3 + hours // 24:02d}T{hours % 24:02d}:00Z"
        }
        command = [sys.executable, "-m", "tracker", "follow", "run", "--once", "--json"]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, start_new_session=True
        )
        try:
            out, _ = process.communicate(timeout=kill_after or 120)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=60)
            return
        assert process.returncode == 0
        json.loads(out)

    for moment in range(moments):
        for path in paths:
            site.answers[path] = partial(version, path, moment)
        started = time.monotonic()
        run(5 * moment, kill_after=None if moment == 0 else chance.uniform(0.3, 1.0) * lasted)
        if moment == 0:
            lasted = time.monotonic() - started
    run(5 * moments, kill_after=None)
    for path in paths:
        (file,) = (each for each in watch.room.workspace.paths() if each.endswith(f"{path}.md"))
        texts = [watch.room.show(file, each.number) for each in watch.room.history(file)]
        recorded = [int(text.partition("for $")[2].split()[0]) - 20 for text in texts]
        assert recorded == sorted(set(recorded)), path
        # What was asked for last in a round may have been killed before its answer was read.
        assert set(recorded) <= set(served[path])
        assert recorded[0] == 0
        assert recorded[-1] == moments - 1
    with watch.means() as means:
        assert means.state.pending() == []
        seen = [look for look in means.state.looks() if look["state"] == "recorded"]
        assert len(seen) == sum(
            len(watch.room.history(each)) for each in watch.room.workspace.paths()
        )
        assert all(look["commit"] for look in seen)
    desk.clean()
