"""What is told of followed sites, to commands, webhooks, archives; what archives are asked."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook
from warcio.archiveiterator import ArchiveIterator

from tests.desk import Desk
from tests.fetched_pages import page
from tests.followed_site import Answer, Watch, WebSite, serving, watching
from tracker.follow import services
from tracker.follow.read import read
from tracker.store.files import Folder

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def site() -> Iterator[WebSite]:
    with serving() as found:
        yield found


@pytest.fixture
def watch(desk: Desk, site: WebSite) -> Watch:
    site.feed("/2026/ferry")
    site.page("/2026/ferry", page())
    return watching(desk)


def follow(watch: Watch, site: WebSite, follow: str = "", more: str = "") -> None:
    watch.follow(f'{follow}\n[[site]]\nfeed = "{site.url}/feed"\npause = 0\n{more}\n')


def test_a_command_gets_each_change_once_and_again_where_it_failed(
    desk: Desk, watch: Watch, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = desk.write(
        "tell.py",
        "import sys, pathlib\n"
        "if pathlib.Path('broken').exists(): sys.exit('no disk')\n"
        "open('told.jsonl', 'a').write(sys.stdin.read() + '\\n')\n",
    )
    follow(watch, site, f"on-change = {json.dumps([sys.executable, str(script)])}")
    monkeypatch.setenv("TRACKER_NOW", "2026-05-03T12:00:00+00:00")
    desk.write("broken", "")
    said = desk.ok("follow", "run", "--once")
    assert "new  City buys a second ferry" in said.out
    assert "no disk" in said.err
    (desk.folder / "broken").unlink()
    site.page("/2026/ferry", page().replace("$14", "$41"))
    monkeypatch.setenv("TRACKER_NOW", "2026-05-03T13:00:00+00:00")
    said = desk.ok("follow", "run", "--once")
    assert said.out.startswith("substantive  City buys a second ferry")
    assert "number" in said.out
    first, second = (json.loads(line) for line in desk.read("told.jsonl").splitlines())
    assert first["article"]["headline"] == "City buys a second ferry"
    assert [each["number"] for each in first["revisions"]] == [1]
    (revision,) = second["revisions"]
    assert revision["number"] == 2
    assert revision["substantive"]
    desk.ok("follow", "run", "--once")
    assert len(desk.read("told.jsonl").splitlines()) == 2


def test_the_webhook_is_signed_and_sent_again_with_its_id(
    desk: Desk, watch: Watch, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(watch, site, f'webhook = "{site.url}/hook"\nwebhook-secret-from = "WATCH_SECRET"')
    site.answers["/hook"] = Answer(b"", 500, etag=False)
    assert "has no WATCH_SECRET" in desk.run("follow", "run", "--once").err
    monkeypatch.setenv("WATCH_SECRET", SECRET)
    monkeypatch.setenv("TRACKER_NOW", "2022-06-01T13:00:00-04:00")
    assert "answered 500" in desk.ok("follow", "run", "--once").err
    site.answers["/hook"] = Answer(b"", 204, etag=False)
    monkeypatch.setenv("TRACKER_NOW", "2022-06-01T15:00:00-04:00")
    desk.ok("follow", "run", "--once")
    failed, taken = (each for each in site.asked if each.path == "/hook")
    assert failed.headers["webhook-id"] == taken.headers["webhook-id"]
    at = datetime.fromtimestamp(int(taken.headers["webhook-timestamp"]), UTC)
    expected = Webhook(SECRET).sign(taken.headers["webhook-id"], at, taken.body.decode())
    assert taken.headers["webhook-signature"] == expected
    assert json.loads(taken.body)["revisions"][0]["number"] == 1


def test_responses_are_kept_as_warc_and_read_the_same_again(
    desk: Desk, watch: Watch, site: WebSite
) -> None:
    follow(watch, site, more='archive = "warc"')
    watch.round()
    site.page("/2026/ferry", page().replace("$14", "$41"))
    watch.round()
    (file,) = (desk.folder / "warc").rglob("*.warc.gz")
    (index,) = (desk.folder / "warc").rglob("*.cdxj")
    lines = [json.loads(line.split(" ", 2)[2]) for line in index.read_text().splitlines()]
    bodies = []
    with file.open("rb") as stream:
        for record in ArchiveIterator(stream):
            assert record.rec_headers["WARC-Target-URI"] == f"{site.url}/2026/ferry"
            bodies.append(record.content_stream().read())
    assert [b"$41" in body for body in bodies] == [False, True]
    (path,) = watch.room.workspace.paths()
    assert read(bodies[1], f"{site.url}/2026/ferry").body in watch.room.show(path)
    name, offset, _ = trailer(desk, "Capture").split(" ")
    assert (name, int(offset)) == (lines[1]["filename"], int(lines[1]["offset"]))
    data = file.read_bytes()[int(offset) :]
    assert data[:2] == b"\x1f\x8b"


def trailer(desk: Desk, name: str) -> str:
    return desk.git("log", "-1", f"--format=%(trailers:key={name},valueonly)").strip()


def test_a_version_says_between_which_looks_it_came(
    desk: Desk, watch: Watch, site: WebSite
) -> None:
    follow(watch, site)
    watch.round(hours=1)
    watch.round(hours=4)
    site.page("/2026/ferry", page().replace("$14", "$41"))
    watch.round(hours=4)
    assert trailer(desk, "Seen-After") == "2026-05-03T17:00:00+00:00"
    assert trailer(desk, "Seen") == "2026-05-03T21:00:00+00:00"
    assert trailer(desk, "Url") == f"{site.url}/2026/ferry"
    looks = [
        json.loads(line) for line in desk.ok("follow", "status", "--captures").out.splitlines()
    ]
    assert [(each["status"], each["state"]) for each in looks] == [
        (200, "recorded"), (304, "unchanged"), (200, "recorded"),
    ]  # fmt: skip
    assert looks[2]["commit"] == desk.git("rev-parse", "HEAD").strip()


def test_save_page_now_is_asked_only_where_it_is_switched_on(
    desk: Desk, watch: Watch, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.page("/save", json.dumps({"job_id": "spn2-1", "url": "x"}), etag=False)
    done = {"status": "success", "timestamp": "20260503120001"}
    site.page("/save/status/spn2-1", json.dumps(done), etag=False)
    archive = f'wayback = "{site.url}"\nwayback-keys-from = "ARCHIVE_KEYS"'
    follow(watch, site, archive)
    monkeypatch.setenv("ARCHIVE_KEYS", "key:secret")
    monkeypatch.setenv("TRACKER_NOW", "2026-05-03T12:00:00+00:00")
    desk.ok("follow", "run", "--once")
    assert "/save" not in site.paths()
    follow(watch, site, archive, "wayback = true")
    site.page("/2026/ferry", page().replace("$14", "$41"))
    monkeypatch.setenv("TRACKER_NOW", "2026-05-03T13:00:00+00:00")
    monkeypatch.setattr("tracker.follow.services.SAVES_A_MINUTE", 60_000)
    desk.ok("follow", "run", "--once")
    (asked,) = (each for each in site.asked if each.path == "/save")
    assert asked.headers["Authorization"] == "LOW key:secret"
    assert b"2026%2Fferry" in asked.body
    monkeypatch.setenv("TRACKER_NOW", "2026-05-03T14:00:00+00:00")
    desk.ok("follow", "run", "--once")
    (found,) = desk.run("follow", "status", "--json").json["pages"]
    assert found["wayback"] == f"{site.url}/web/20260503120001/{site.url}/2026/ferry"


# --- backfill -------------------------------------------------------------------------------------


class Archive:
    """A stand-in of the Wayback Machine: its index, and captures of one page."""

    def __init__(self, site: WebSite, url: str, versions: int) -> None:
        self.site = site
        stamps = [f"202401{day:02d}120000" for day in range(1, versions + 1)]
        rows = [["timestamp", "original", "digest"], *([stamp, url, stamp] for stamp in stamps)]
        site.answers[index_of(url)] = Answer(json.dumps(rows).encode(), kind="application/json")
        self.paths = [f"/web/{stamp}id_/{url}" for stamp in stamps]
        for number, path in enumerate(self.paths):
            site.page(path, page().replace("$14", f"${14 + number}"), etag=False)


def index_of(url: str) -> str:
    from tracker.follow.services import captures_url

    return captures_url("", url)


@pytest.fixture
def quick(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_NOW", "2026-05-03T12:00:00+00:00")
    monkeypatch.setattr("tracker.follow.services.CALLS_A_MINUTE", 60_000)


@pytest.mark.usefixtures("quick")
def test_a_backfill_stops_where_it_is_asked_to_wait_and_goes_on_from_there(
    desk: Desk, watch: Watch, site: WebSite
) -> None:
    url = f"{site.url}/2026/ferry"
    archive = Archive(site, url, 5)
    follow(watch, site, f'wayback = "{site.url}"')
    good = site.answers[archive.paths[3]]
    site.answers[archive.paths[3]] = Answer(b"", 429, headers={"Retry-After": "3600"})
    said = desk.run("follow", "backfill", url)
    assert said.status == 1
    assert "Recorded 3 versions" in said.out
    assert "answered 429" in said.err
    site.answers[archive.paths[3]] = good
    said = desk.ok("follow", "backfill", url)
    assert "Recorded 2 versions" in said.out
    asked = [each for each in site.paths() if each.startswith("/web/")]
    assert asked == [*archive.paths[:4], *archive.paths[3:]]
    (path,) = watch.room.workspace.paths()
    revisions = watch.room.history(path)
    assert [each.at.isoformat()[:10] for each in revisions] == [
        f"2024-01-0{day}" for day in range(1, 6)
    ]
    assert "number" in revisions[1].labels
    assert trailer(desk, "Capture") == f"{site.url}{archive.paths[4]}"
    site.page("/2026/ferry", page().replace("$14", "$99"))
    watch.round()
    assert len(watch.room.history(path)) == 6


def test_the_index_is_asked_no_more_than_24_times_a_minute(
    desk: Desk, watch: Watch, site: WebSite
) -> None:
    Archive(site, f"{site.url}/2026/ferry", 5)
    follow(watch, site, f'wayback = "{site.url}"')
    slept: list[tuple[float, float]] = []  # since when, and until when

    async def sleep(seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        slept.append((now, now + seconds))

    with watch.means() as means:
        means = means._replace(sleep=sleep)
        pages = services.pages_of(means, f"{site.url}/2026/ferry")
        services.backfill(means, pages, "", lambda *_: None)
    assert len(slept) == 5
    for (before, _), (_, until) in itertools.pairwise(slept):
        assert until >= before + 60 / 24


@pytest.mark.usefixtures("quick")
def test_what_is_recorded_already_takes_no_older_versions(
    desk: Desk, watch: Watch, site: WebSite
) -> None:
    Archive(site, f"{site.url}/2026/ferry", 2)
    follow(watch, site, f'wayback = "{site.url}"')
    watch.round()
    said = desk.run("follow", "backfill", f"{site.url}/2026/ferry")
    assert said.status == 2
    assert "none can be put in before them" in said.err


# --- add ------------------------------------------------------------------------------------------


def test_add_shows_an_article_before_it_writes(desk: Desk, watch: Watch, site: WebSite) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    site.page("/", page(kind="WebPage", head=link, article="<p>All the news.</p>"))
    watch.follow("")
    before = desk.read("follow.toml")
    said = desk.ok("follow", "add", site.url)
    assert f"{site.url}/2026/ferry" in said.out
    assert "The city council bought a second ferry" in said.out
    assert desk.read("follow.toml") == before
    assert "--yes" in said.err
    desk.ok("follow", "add", site.url, "--yes", "--name", "The Paper")
    assert f'feed = "{site.url}/feed"\nname = "The Paper"' in desk.read("follow.toml")
    assert "is followed already" in desk.run("follow", "add", site.url, "--yes").err
    desk.ok("follow", "add", f"{site.url}/2026/ferry", "--yes")
    assert f'page = "{site.url}/2026/ferry"' in desk.read("follow.toml")


def test_add_in_a_newsroom_of_ones_own_is_refused(newsroom: Desk) -> None:
    assert "tracker init DIR --followed" in newsroom.refused("follow", "add", "https://x.example")


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[[site]]\nfed = 'https://x.example'", "“site.fed” is not a key"),
        ("[[site]]\nname = 'x'", "must name one of feed, sitemap, page, site"),
        ("[[site]]\nfeed = 'x.example'", "is no address"),
        ("[[site]]\nfeed = 'https://x.example'\nevery = 'often'", "must be a time"),
        ("[[site]]\nfeed = 'https://x.example'\nignore = ['(']", "a pattern in “ignore”"),
        ("[[site]]\nfeed = 'https://x.example'\nbudget = 0", "must be positive"),
        ("[follow]\nallow-private = ['all']", "a list of networks"),
        ("[follow", "line 1"),
    ],
)
def test_a_wrong_follow_toml_is_refused_with_its_place(desk: Desk, toml: str, words: str) -> None:
    watch = watching(desk)
    (watch.folder / "follow.toml").write_text(toml)
    said = desk.run("follow", "run", "--once")
    assert said.status == 2
    assert "follow.toml" in said.err
    assert words in said.err


def test_two_rounds_are_never_at_work_together(desk: Desk, watch: Watch, site: WebSite) -> None:
    follow(watch, site)
    with Folder.open(desk.folder / ".git/tracker/follow", make=True) as folder, folder.locked():
        assert "Another tracker follow" in desk.run("follow", "run", "--once").err


def test_status_fails_where_a_person_is_needed(desk: Desk, watch: Watch, site: WebSite) -> None:
    site.answers["/feed"] = Answer(b"", 500, etag=False)
    follow(watch, site)
    for _ in range(3):
        watch.round(hours=12)
    said = desk.run("follow", "status")
    assert said.status == 1
    assert "cannot be read" in said.err
    assert f"feed  {site.url}/feed  error" in said.out
