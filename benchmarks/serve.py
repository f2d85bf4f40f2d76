"""How long readers wait for pages: requests at a steady rate on the loopback, as readers make them.

    python -m benchmarks.serve REPOSITORY [--rate 50] [--seconds 60]

REPOSITORY is a clone, or a bundle that is cloned first. ``tracker serve`` is started on it as an
own process, and asked for articles, histories, comparisons, versions, passages, lists, searches and
feeds. Requests leave when they are due, whether or not those before were answered, and a wait is
counted from then on: a slow server cannot hide behind a slow client. Articles are asked for as
readers do: few very often, most hardly ever, and each page may be the first of its kind.
"""

from __future__ import annotations

import argparse
import http.client
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from tracker.model import Revision
from tracker.newsroom.newsroom import Newsroom
from tracker.web import addresses
from tracker.web.addresses import Addresses

MIX = {
    "article": 34,
    "history": 14,
    "change": 14,
    "version": 8,
    "side by side": 4,
    "passages": 5,
    "latest": 6,
    "month": 2,
    "articles": 2,
    "corrections": 3,
    "changelog": 2,
    "search": 3,
    "feed": 3,
}
"""Of a hundred requests, how many ask for what."""

WORDS = ("government", "accessibility", "data", "agile contract", "open source", "design", "health")
POPULAR = 1.1  # the exponent of Zipf's law, by which one article is asked for more than another


class Answer(NamedTuple):
    """What became of one request."""

    kind: str
    status: int
    wait: float  # seconds, from when it was due


def main() -> None:
    """Run the load, and print what it met with."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("--rate", type=float, default=50, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=18)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        repository = _clone(given.repository, Path(scratch))
        asked = _requests(repository, round(given.rate * given.seconds), given.seed)
        with _serving(repository) as (base, warm):
            print(f"The server was ready after {warm:.1f} s.")
            answers = _load(base, asked, given.rate)
    _print(answers, given.rate)


def _clone(repository: Path, scratch: Path) -> Path:
    if repository.is_dir():
        return repository
    clone = scratch / "newsroom"
    subprocess.run(["git", "clone", "--quiet", str(repository), str(clone)], check=True)
    return clone


# --- what is asked for ---------------------------------------------------------------------------


def _requests(repository: Path, number: int, seed: int) -> list[tuple[str, str]]:
    """Kinds and addresses, the same for the same archive and seed."""
    room = Newsroom(repository)
    known = Addresses.of(room.workspace.paths(), room.workspace.under)
    revisions: dict[str, list[Revision]] = defaultdict(list)
    for article, revision in room.latest(1_000_000):
        revisions[article.path].append(revision)  # newest first
    articles = list(room.articles())
    dice = random.Random(seed)
    dice.shuffle(articles)
    weights = [1 / rank**POPULAR for rank in range(1, len(articles) + 1)]
    kinds = dice.choices(list(MIX), weights=list(MIX.values()), k=number)
    months = [name for name, _ in room.months()]
    found = []
    for kind in kinds:
        article = dice.choices(articles, weights)[0]
        address = known.address(article.path)
        found.append((kind, _address(kind, address, revisions[article.path], months, dice)))
    return found


def _address(
    kind: str,
    address: str,
    revisions: list[Revision],
    months: list[str],
    dice: random.Random,
) -> str:
    stamps = [addresses.stamp_of(revision) for revision in revisions]
    changed = stamps[:-1]
    if kind in ("change", "side by side") and changed:
        return addresses.change(dice.choice(changed), address, sides=kind == "side by side")
    if kind == "version":
        return addresses.version(dice.choice(stamps), address)
    plain = {
        "history": addresses.history(address),
        "passages": addresses.blame(address),
        "latest": addresses.newsroom(min(int(dice.expovariate(1)) + 1, 20)),
        "month": addresses.newsroom(1, dice.choice(months)),
        "articles": addresses.articles(),
        "corrections": "/corrections/",
        "changelog": "/changelog/",
        "search": f"{'/search/'}?q={quote(dice.choice(WORDS))}",
        "feed": addresses.feed("atom.xml"),
    }
    return plain.get(kind, addresses.article(address))


# --- asking --------------------------------------------------------------------------------------


@contextmanager
def _serving(repository: Path) -> Iterator[tuple[str, float]]:
    """``tracker serve`` on a free port, and how many seconds it took to be ready."""
    started = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "tracker", "-C", str(repository), "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        for line in server.stderr:
            where = re.search(r"http://[\w.:]+", line)
            if where:
                _wait_until_read(where.group())
                yield where.group(), time.perf_counter() - started
                return
        raise SystemExit("The server did not start.")
    finally:
        server.terminate()
        server.wait()


def _wait_until_read(base: str) -> None:
    """While all articles are read for the first time, lists and searches ask readers to wait."""
    for address in (addresses.newsroom(), f"{'/search/'}?q=first", "/corrections/"):
        while True:
            connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
            connection.request("GET", address)
            status = connection.getresponse().status
            connection.close()
            if status != 503:
                break
            time.sleep(0.5)


def _load(base: str, asked: list[tuple[str, str]], rate: float) -> list[Answer]:
    """Send each request when it is due."""
    host = urlsplit(base).netloc
    own = threading.local()

    def ask(kind: str, address: str, due: float) -> Answer:
        connection = getattr(own, "connection", None)
        if connection is None:
            connection = own.connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request("GET", address, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except OSError:
            connection.close()
            own.connection = None
            status = 0
        return Answer(kind, status, time.perf_counter() - due)

    with ThreadPoolExecutor(64) as pool:
        begun = time.perf_counter()
        waiting = []
        for number, (kind, address) in enumerate(asked):
            due = begun + number / rate
            time.sleep(max(due - time.perf_counter(), 0))
            waiting.append(pool.submit(ask, kind, address, due))
        return [each.result() for each in waiting]


# --- figures -------------------------------------------------------------------------------------


def _print(answers: list[Answer], rate: float) -> None:
    by_kind: dict[str, list[float]] = defaultdict(list)
    for answer in answers:
        by_kind[answer.kind].append(answer.wait)
    print(f"{len(answers)} requests at {rate:g} a second; milliseconds from when each was due.")
    print(f"{'':14}{'number':>7}{'median':>8}{'95 %':>8}{'99 %':>8}{'most':>8}")
    half = len(answers) // 2  # pages that were asked for once are kept: the second half has more
    by_kind["all"] = [each.wait for each in answers]
    by_kind["- first half"], by_kind["- second half"] = by_kind["all"][:half], by_kind["all"][half:]
    for kind in [*MIX, "all", "- first half", "- second half"]:
        waits = sorted(by_kind[kind])
        if waits:
            figures = [median(waits), _part(waits, 0.95), _part(waits, 0.99), waits[-1]]
            cells = "".join(f"{1000 * each:8.0f}" for each in figures)
            print(f"{kind:14}{len(waits):7}{cells}")
    statuses = Counter(answer.status for answer in answers)
    print("Answers: " + ", ".join(f"{number} × {status}" for status, number in statuses.items()))


def _part(waits: list[float], part: float) -> float:
    """The wait that this part of the requests stayed below."""
    return waits[min(int(len(waits) * part), len(waits) - 1)]


if __name__ == "__main__":
    main()
