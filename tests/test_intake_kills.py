"""The intake killed while clients send: every key is recorded once, and the repository is whole."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.killing import limited
from tests.repositories import run

TRACKER = [sys.executable, "-m", "tracker"]


@dataclass
class Load:
    """Clients that send until each of their keys was answered, and a server that is killed."""

    folder: Path
    clients: int
    requests: int  # of each client
    duplicates: float  # share of requests that are sent once more at the same time
    kills: int
    seed: int
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)  # seconds for an answer
    port: int = 0
    token: str = ""
    server: subprocess.Popen[str] | None = None

    def run(self) -> float:
        """Send all; the seconds it took."""
        run(self.folder, "init", "-q", "--bare", "-b", "main")
        added = subprocess.run(
            [*TRACKER, "token", "add", "cms"], cwd=self.folder, check=True, capture_output=True
        )
        self.token = added.stdout.decode().strip()
        self._start()
        chance = random.Random(self.seed)
        threads = [
            threading.Thread(target=self._client, args=(number, chance.random()), daemon=True)
            for number in range(self.clients)
        ]
        started = time.monotonic()
        for each in threads:
            each.start()
        for _ in range(self.kills):
            before = len(self.answers)
            wanted = before + self.clients * self.requests // (self.kills + 2)
            limit = time.monotonic() + 60
            while len(self.answers) < wanted and time.monotonic() < limit:
                time.sleep(0.01)
            time.sleep(chance.random() / 10)
            self._kill()
            self._start()
        for each in threads:
            each.join(300)
        seconds = time.monotonic() - started
        self._kill()
        return seconds

    def _start(self) -> None:
        environment = {**os.environ}
        environment.pop("TRACKER_NOW", None)
        self.server = limited(subprocess.Popen(
            [*TRACKER, "intake", "--port", str(self.port)], cwd=self.folder, env=environment,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        ))  # fmt: skip
        assert self.server.stderr is not None
        line = self.server.stderr.readline()
        assert " at http://" in line, line + self.server.stderr.read()
        self.port = int(line.split("127.0.0.1:")[1].split("/")[0])

    def _kill(self) -> None:
        assert self.server is not None
        os.killpg(self.server.pid, signal.SIGKILL)  # with what it started
        self.server.wait(60)
        assert self.server.stderr is not None
        self.server.stderr.close()

    def _client(self, number: int, seed: float) -> None:
        chance = random.Random(seed)
        for count in range(self.requests):
            key = f"{number}-{count}"
            body = json.dumps(
                {
                    "path": f"articles/{number}/a{count % 10}.md",
                    "text": f"# Article\n\nText {count} of {number}.\n" + "More words. " * 100,
                }
            )
            if chance.random() < self.duplicates:
                twin = threading.Thread(target=self._until_answered, args=(key, body), daemon=True)
                twin.start()
                self._until_answered(key, body)
                twin.join(300)
            else:
                self._until_answered(key, body)

    def _until_answered(self, key: str, body: str) -> None:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        until = time.monotonic() + 180
        while True:
            assert time.monotonic() < until, f"{key} was never answered"
            started = time.monotonic()
            connection = HTTPConnection("127.0.0.1", self.port, timeout=40)
            try:
                with closing(connection):
                    connection.request("POST", "/api/record", body, headers)
                    with connection.getresponse() as answer:
                        said = json.loads(answer.read())
            except (OSError, HTTPException, ValueError):
                time.sleep(0.05)
                continue
            self.statuses[answer.status] += 1
            if answer.status in (200, 201):
                self.waits.append(time.monotonic() - started)
                before = self.answers.setdefault(key, said)
                assert before == said, (before, said)
                return
            assert answer.status in (409, 503), said
            time.sleep(0.05)

    def faults(self) -> list[str]:
        """What is wrong in the repository after all."""
        found = []
        log = run(
            self.folder,
            "log",
            "main",
            "--format=%H %(trailers:key=Intake,valueonly,separator=%x20)",
        ).decode()
        commits: dict[str, list[str]] = {}
        for line in log.splitlines():
            commit, _, keys = line.partition(" ")
            for key in keys.split():
                commits.setdefault(key, []).append(commit)
        wanted = [f"{one}-{two}" for one in range(self.clients) for two in range(self.requests)]
        for key in wanted:
            mark = sha256(f"token cms\0{key}".encode()).hexdigest()
            made = commits.pop(mark, [])
            if len(made) != 1:
                found.append(f"{key} was recorded {len(made)} times")
            elif self.answers[key]["revision"]["commit"] != made[0]:
                found.append(f"{key} was answered with another commit")
        found += [f"a commit of no key: {each}" for each in commits.values()]
        run(self.folder, "fsck", "--strict", "--no-dangling")
        return found


def test_killed_three_times_every_key_is_recorded_once(tmp_path: Path) -> None:
    load = Load(tmp_path, clients=4, requests=12, duplicates=0.3, kills=3, seed=7)
    load.run()
    assert load.faults() == []
    assert load.statuses[201] >= 48
