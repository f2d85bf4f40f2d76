"""A round over many hosts: ``python -m benchmarks.follow [HOSTS [ARTICLES]]``.

HOSTS servers on loopback (50) have ARTICLES pages together (1,000), each of the size of a page of a
newspaper. Four rounds, each a process of its own: all are new; all are changed; none is changed,
and the servers say 304; none is changed, and everything else on the page is. Wall time, processor
time with git's, and the most memory that the process held. The peer is git's own stream: the same
texts through one ``record_many``, with nothing fetched and read.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fetched_pages import ARTICLE, FURNITURE, page

_WORDS = ("harbour", "council", "ferry", "islands", "vote", "boat", "port")
_SIZE = 250_000  # bytes of a page, nearly all of it scripts, styles and lists


def html(path: str, version: int, furniture: int) -> bytes:
    """A page; its text is that of its path and version."""
    chance = random.Random(path)
    paragraphs = [f"<p>{text}</p>" for text in ARTICLE]
    for number in range(12):
        words = " ".join(chance.choices(_WORDS, k=40))
        paragraphs.append(f"<p>{words.capitalize()}, said {number + version} of them.</p>")
    parts = dict(FURNITURE[furniture])
    parts.pop("within", None)
    links = "".join(
        f'<li><a href="/n/{n}">Headline number {n * (furniture + 1)} of the day</a></li>'
        for n in range(400)
    )
    parts["teasers"] = f"<ul>{links}</ul>"
    script = f"<script>var data = '{'x' * (_SIZE - len(links))}';</script>"
    return page(
        title=f"Story {path}", article="".join(paragraphs), layout=str(len(path) % 4),
        head=script, **parts,
    ).encode()  # fmt: skip


async def serve(hosts: int, articles: int, switch: Path) -> None:
    """Servers on ports that are printed; ``switch`` holds version and furniture."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[1]
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                path = request.split(b" ")[1].decode()
                version, furniture = map(int, switch.read_text().split())
                if path == "/robots.txt":
                    status, body = "404 Not Found", b""
                elif path == "/feed":
                    items = "".join(
                        f"<item><link>http://127.0.0.1:{host}/{n}/story-{n}</link></item>"
                        for n in range(articles // hosts)
                    )
                    status, body = (
                        "200 OK",
                        f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(),
                    )
                else:
                    status, body = "200 OK", html(f"{host}{path}", version, furniture)
                tag = f'"{hashlib.sha256(body).hexdigest()}"'
                if f"if-none-match: {tag}".encode() in request.replace(
                    b"If-None-Match", b"if-none-match"
                ):
                    status, body = "304 Not Modified", b""
                writer.write(
                    f"HTTP/1.1 {status}\r\nETag: {tag}\r\nContent-Type: text/html\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(hosts)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


def run_round(folder: Path, now: str) -> str:
    """A round in a process of its own, and what it took."""
    measured = (
        "import resource, sys\n"
        "from tracker.cli import main\n"
        "try: main(['follow', 'run', '--once'])\n"
        "except SystemExit: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", measured], cwd=folder, env=os.environ | {"TRACKER_NOW": now},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = done.stdout.splitlines()[-1]
    said = done.stderr.strip().splitlines()[-1]
    return f"{wall:6.1f} s, {spent:6.1f} s of processor, {memory} MB  ({said})"


def main(hosts: int = 50, articles: int = 1000) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "watch"
        switch = Path(place) / "switch"
        switch.write_text("0 0")
        asked = ["serve", str(hosts), str(articles), str(switch)]
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.follow", *asked],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            ports = server.stdout.readline().split()
            subprocess.run(
                [sys.executable, "-m", "tracker", "init", str(folder), "--followed"], check=True,
                capture_output=True,
            )  # fmt: skip
            sites = "".join(
                f'[[site]]\nfeed = "http://127.0.0.1:{port}/feed"\npause = 0\n' for port in ports
            )
            text = f'[follow]\nallow-private = ["127.0.0.0/8"]\n{sites}'
            (folder / "follow.toml").write_text(text)
            for number, (state, what) in enumerate(
                (("0 0", "all new"), ("1 0", "all changed"), ("1 0", "none changed, 304"),
                 ("1 1", "none changed, all else is"))
            ):  # fmt: skip
                switch.write_text(state)
                said = run_round(folder, f"2026-05-0{number + 1}T12:00:00+00:00")
                print(f"{what:28} {said}", flush=True)
            peer(folder, Path(place) / "peer")
        finally:
            server.kill()


def peer(folder: Path, other: Path) -> None:
    """The texts of the newsroom recorded once more, in one stream, into another."""
    from tracker.model import Recording
    from tracker.newsroom.newsroom import Newsroom

    subprocess.run(
        [sys.executable, "-m", "tracker", "init", str(other), "--followed"], check=True,
        capture_output=True,
    )  # fmt: skip
    room = Newsroom(folder)
    recordings = [
        Recording(revision.path, room.show(revision.path, revision.number), revision.at)
        for path in room.workspace.paths()
        for revision in room.history(path)
    ]
    before = sum(os.times()[:4])
    Newsroom(other).record_many(recordings)
    spent = sum(os.times()[:4]) - before
    print(f"record_many alone: {1000 * spent / len(recordings):.1f} ms of processor a revision")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
    else:
        main(*(int(each) for each in sys.argv[1:3]))
