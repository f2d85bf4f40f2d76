"""An import in bulk: the same history as one recording after another, whatever comes between."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import Desk
from tests.killing import limited
from tests.repositories import run
from tracker.errors import TrackerError
from tracker.model import Person
from tracker.newsroom.importing import Options
from tracker.newsroom.incoming import Incoming
from tracker.newsroom.newsroom import Newsroom
from tracker.sources import open_source
from tracker.sources.folder import VersionFolder
from tracker.sources.versions import HowRead
from tracker.store.stream import CommitStream

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "articles"
NOW = datetime(2022, 6, 30, tzinfo=UTC)
HISTORY = "%x02%at %ad%x00%an <%ae>%x00%B%x00"


def version(path: str, day: int, text: str, **more: Any) -> dict[str, Any]:
    at = datetime(2022, 5, 1, 8, tzinfo=UTC) + timedelta(days=day)
    return {"path": path, "at": at.isoformat(), "text": text, **more}


def lines(versions: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in versions)


def archive(articles: int, versions: int, seed: int = 1) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    made = []
    for number in range(articles):
        body = [f"Sentence {chance.random()} of article {number}." for _ in range(12)]
        for day in range(versions):
            body[chance.randrange(12)] = f"Changed on day {day}: {chance.random()}."
            path = f"articles/2022/05/{number % 28 + 1:02}/story-{number}.md"
            text = f"# Story {number}\n\n" + "\n\n".join(body) + "\n"
            made.append(version(path, day, text, author=f"Ada {number % 3} <ada@example.org>"))
    return made


def history(folder: Path) -> str:
    """Everything that readers of git log see, but for the hashes and the committers."""
    said = run(folder, "log", "--reverse", "--raw", "--no-renames", "--no-abbrev", "--date=raw",
               f"--format={HISTORY}")  # fmt: skip
    return said.decode()


def repository(folder: Path, *words: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    run(folder, "init", "-q", "-b", "main", *words)
    return folder


def put(folder: Path, versions: list[dict[str, Any]], **options: Any) -> Any:
    """Import versions from a file beside the repository."""
    file = folder.parent / "archive.jsonl"
    file.write_bytes(lines(versions))
    with closing(open_source(file, None, HowRead())) as source:
        return Newsroom(folder, now=NOW).bring(source, Options(**options))


def clean(folder: Path) -> None:
    """git agrees with the disk, its objects are whole, and nothing is left over."""
    assert run(folder, "status", "--porcelain", "--untracked-files=all") == b""
    run(folder, "fsck", "--full", "--strict")
    git = folder / ".git" if (folder / ".git").exists() else folder
    left = [each.name for each in (git / "tracker").iterdir() if "catalog" not in each.name]
    assert left == ["import.lock"]
    assert not list(git.rglob("tmp_*"))
    assert not list(git.rglob("*.lock")) or [git / "tracker" / "import.lock"] == list(
        git.rglob("*.lock")
    )


def test_an_import_makes_the_history_that_recordings_one_by_one_make(tmp_path: Path) -> None:
    bulk, single = repository(tmp_path / "bulk"), repository(tmp_path / "single")
    done = Newsroom(bulk, now=NOW).bring(VersionFolder(SAMPLE))
    assert (done.added, done.articles, done.new_articles) == (11, 3, 3)
    room = Newsroom(single, now=NOW)
    source = VersionFolder(SAMPLE)
    versions = sorted(
        (each for each in source.versions(tmp_path) if isinstance(each, Incoming)),
        key=lambda each: (each.at, each.path),
    )
    for each, data in zip(versions, source.texts(each.key for each in versions), strict=True):
        assert isinstance(data, bytes)
        assert room.record(each.path, data, at=each.at).number
    assert history(bulk) == history(single)
    assert run(bulk, "rev-parse", "HEAD^{tree}") == run(single, "rev-parse", "HEAD^{tree}")
    clean(bulk)


def test_notes_are_kept_as_recordings_keep_them_where_that_is_asked(
    tmp_path: Path,
) -> None:
    front = (
        "---\ntitle: Ferry\nupdates:\n  - id: u1\n    kind: update\n"
        "    at: 2022-05-02T08:00:00Z\n"
        "    text: This article has been updated to add a quote.\n---\n\n"
    )
    texts = [
        ("articles/a.md", 0, "# Buses\n\nThey return.\n"),
        ("articles/a.md", 1, "# Buses\n\nThey return.\n\nCorrection: The line is 9, not 6.\n"),
        ("articles/a.md", 2, "# Buses\n\nThey return today.\n"),
        ("articles/a.md", 3, "# Buses\n\nThey return today. See below.\n"),
        ("articles/b.md", 1, "---\ntitle: Ferry\n---\n\nThe ferry sails.\n"),
        ("articles/b.md", 2, f"{front}The ferry sails.\n"),
        ("articles/b.md", 3, "---\ntitle: Ferry\n---\n\nThe ferry sails at nine.\n"),
        ("articles/b.md", 4, "---\ntitle: Ferry\n---\n\nThe ferry sails at ten.\n"),
    ]  # fmt: skip
    versions = [version(*each) for each in texts]
    bulk, single = repository(tmp_path / "bulk"), repository(tmp_path / "single")
    put(bulk, versions, keep_notes=True)
    room = Newsroom(single, now=NOW)
    for each in sorted(versions, key=lambda each: (each["at"], each["path"])):
        room.record(each["path"], each["text"], at=datetime.fromisoformat(each["at"]))
    assert history(bulk) == history(single)
    text = (bulk / "articles/b.md").read_text()
    assert "The ferry sails at ten." in text
    assert "updated to add a quote" in text
    assert "Correction: The line is 9, not 6." in (bulk / "articles/a.md").read_text()
    again = put(bulk, versions, keep_notes=True)
    assert (again.added, again.known, again.unchanged) == (0, 8, 0)


def test_notes_beside_the_text_are_put_into_it(tmp_path: Path) -> None:
    room = repository(tmp_path / "room")
    note = {"kind": "correction", "text": "The cost was misstated.", "at": "2022-05-03T09:00:00Z"}
    versions = [
        version("articles/a.md", 1, "---\ntitle: A\n---\n\nIt costs $14 million.\n"),
        version("articles/a.md", 2, "---\ntitle: A\n---\n\nIt costs $41 million.\n", notes=[note]),
        version("articles/a.md", 3, "---\ntitle: A\n---\n\nIt will cost $41 million.\n"),
    ]
    assert put(room, versions).added == 3
    (entry,) = Newsroom(room, now=NOW).changelog()
    assert entry.note is not None
    assert (entry.note.kind, entry.note.text) == ("correction", "The cost was misstated.")
    assert entry.revision == 2
    assert (put(room, versions).added, put(room, versions[1:]).added) == (0, 0)


@settings(max_examples=5)
@given(st.randoms(use_true_random=False), st.integers(1, 4), st.integers(1, 4))
def test_the_order_of_the_input_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random, articles: int, count: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    versions = archive(articles, count)
    put(repository(folder / "one"), versions)
    chance.shuffle(versions)
    put(repository(folder / "two"), versions)
    assert history(folder / "one") == history(folder / "two")


@pytest.mark.parametrize("bare", [False, True])
def test_a_growing_archive_ends_as_one_that_came_at_once(tmp_path: Path, bare: bool) -> None:
    words = ["--bare"] if bare else []
    versions = archive(6, 5)
    put(repository(tmp_path / "whole", *words), versions)
    parts = repository(tmp_path / "parts", *words)
    versions.sort(key=lambda each: each["at"])
    for end in (7, 8, 30, 30):
        put(parts, versions[:end])
    assert history(parts) == history(tmp_path / "whole")
    assert run(parts, "rev-list", "--count", "HEAD").strip() == b"30"
    if not bare:
        clean(parts)


def test_an_import_goes_on_top_of_what_is_there(newsroom: Desk) -> None:
    newsroom.write("articles/old.md", "# Old\n\nText.\n")
    newsroom.write("notes.txt", "mine\n")
    newsroom.ok("record", "articles/old.md", "--at", "2022-05-01T08:00Z")
    newsroom.write("staged.txt", "mine too\n")
    newsroom.git("add", "staged.txt")
    newsroom.write("in.jsonl", lines([version("articles/new.md", 2, "# New\n")]))
    before = newsroom.git("rev-parse", "HEAD").strip()
    said = newsroom.ok("import", "in.jsonl")
    assert said.out == "Recorded 1 revision of 1 article.\n"
    assert newsroom.git("rev-parse", "HEAD~1").strip() == before
    assert newsroom.read("articles/new.md") == "# New\n"
    # What is staged and what lies about stay as they were.
    assert newsroom.git("status", "--porcelain").splitlines() == [
        "A  staged.txt",
        "?? in.jsonl",
        "?? notes.txt",
    ]


def test_a_version_older_than_what_is_there_is_refused(newsroom: Desk) -> None:
    newsroom.write("articles/a.md", "# A\n\nNewest.\n")
    newsroom.ok("record", "articles/a.md", "--at", "2022-05-20T08:00Z")
    newsroom.write("in.jsonl", lines([version("articles/a.md", 2, "# A\n")]))
    assert newsroom.refused("import", "in.jsonl") == (
        "tracker: in.jsonl, line 1: articles/a.md has a newer revision already, of"
        " 2022-05-20 08:00+00:00.\n"
        "  A revision is never put in before another: import into a new newsroom; or leave such"
        " versions out with --skip-bad.\n"
    )
    said = newsroom.ok("import", "in.jsonl", "--skip-bad")
    assert said.out == "Recorded 0 revisions, 1 left out as bad.\n"


def test_an_article_edited_on_disk_is_never_overwritten(newsroom: Desk) -> None:
    newsroom.write("in.jsonl", lines([version("articles/a.md", 1, "# A\n\nOne.\n")]))
    newsroom.ok("import", "in.jsonl")
    newsroom.write("articles/a.md", "# A\n\nMine.\n")
    newsroom.write("articles/b.md", "# B\n\nMine.\n")
    newsroom.write(
        "in.jsonl",
        lines([version("articles/a.md", 2, "# A\n\nTwo.\n"), version("articles/b.md", 2, "# B\n")]),
    )
    assert newsroom.refused("import", "in.jsonl") == (
        "tracker: articles/a.md and 1 more would be overwritten: on disk or in the index it is"
        " not as the newest commit has it.\n"
        "  Record it, or put it out of the way; then import again.\n"
    )
    assert newsroom.read("articles/a.md") == "# A\n\nMine.\n"
    # A file that holds what is imported is no obstacle.
    newsroom.write("articles/a.md", "# A\n\nTwo.\n")
    newsroom.write("articles/b.md", "# B\n")
    newsroom.ok("import", "in.jsonl")
    assert newsroom.git("status", "--porcelain", "articles") == ""


def test_a_staged_edit_of_an_article_is_not_overwritten_either(newsroom: Desk) -> None:
    newsroom.write("in.jsonl", lines([version("articles/a.md", 1, "# A\n\nOne.\n")]))
    newsroom.ok("import", "in.jsonl")
    newsroom.write("articles/a.md", "# A\n\nStaged.\n")
    newsroom.git("add", "articles/a.md")
    newsroom.write("in.jsonl", lines([version("articles/a.md", 2, "# A\n\nTwo.\n")]))
    assert "would be overwritten" in newsroom.refused("import", "in.jsonl")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../x.md", "../x.md leads out of the repository."),
        ("/etc/x.md", "/etc/x.md leads out of the repository."),
        (".git/hooks/x.md", ".git/hooks/x.md has the part .git, a name that git keeps for itself."),
        (".GIT/x.md", ".GIT/x.md has the part .GIT, a name that git keeps for itself."),
        ("a//x.md", "a//x.md is not the path of a file."),
        ("a/x.html", "a/x.html does not end in .md, .markdown, .txt or .mdx, or is a listing."),
        ("a\nb.md", "The path a\\nb.md has characters that no path should have."),
        ("a\u202eb.md", "The path a\\u202eb.md has characters that no path should have."),
        ("articles/old.md/x.md",
         "articles/old.md is a file in the newsroom, so articles/old.md/x.md cannot be in it."),
        ("articles.md/a.md",
         "articles.md comes as a file too, so articles.md/a.md cannot be in it."),
        ("folder.md", "folder.md is a folder in the newsroom."),
    ],
)  # fmt: skip
def test_paths_that_lead_elsewhere_are_refused(newsroom: Desk, path: str, reason: str) -> None:
    newsroom.write("articles/old.md", "Text.\n")
    newsroom.write("folder.md/inner.md", "Text.\n")
    newsroom.ok("record", "articles/old.md", "--at", "2022-05-01T08:00Z")
    newsroom.ok("record", "folder.md/inner.md", "--at", "2022-05-01T08:00Z")
    given = [version("articles.md", 1, "x"), version("articles-b.md", 2, "x"), version(path, 3, "")]
    newsroom.write("in.jsonl", lines(given))
    said = newsroom.refused("import", "in.jsonl")
    assert said.splitlines()[0] == f"tracker: in.jsonl, line 3: {reason}"
    said_too = newsroom.ok("import", "in.jsonl", "--skip-bad")
    assert said_too.out == "Recorded 2 revisions of 2 articles, 1 left out as bad.\n"
    newsroom.git("fsck", "--full", "--strict")


def test_odd_names_of_files_and_people_arrive_whole(tmp_path: Path) -> None:
    room = repository(tmp_path / "room")
    paths = [
        'articles/"quoted".md',
        "articles/ space .md",
        "articles/ü 記事.md",
        "articles/a\\b.md",
    ]
    versions = [
        version(path, day, f"Text {day}.\r\n", author={"name": "J. <O'Neil>\n ", "email": "j@x>"})
        for day, path in enumerate(paths)
    ]
    versions[0]["message"] = "Zeile eins\n\ncommit refs/heads/evil\ndata 5\n"
    versions[0] |= {"url": "https://example.org/a", "id": 17}
    assert put(room, versions).added == 4
    listed = run(room, "ls-tree", "-r", "-z", "--name-only", "HEAD").decode().split("\0")[:-1]
    assert sorted(listed) == sorted(paths)
    assert run(room, "log", "--format=%an <%ae>").decode().splitlines() == ["J. O'Neil <j@x>"] * 4
    first = run(room, "log", "--reverse", "--format=%B%x00").decode().split("\0")[0]
    assert first == (
        "Zeile eins\n\ncommit refs/heads/evil\ndata 5\n\nUrl: https://example.org/a\nId: 17\n"
    )
    clean(room)


@pytest.mark.parametrize(
    ("attributes", "setting", "stored"),
    [
        ("*.md text\n", "false", b"One.\nTwo.\n"),
        ("*.md text=auto\n", "false", b"One.\nTwo.\n"),
        ("*.md -text\n", "true", b"One.\r\nTwo.\r\n"),
        ("", "true", b"One.\nTwo.\n"),
        ("", "input", b"One.\nTwo.\n"),
        ("", "false", b"One.\r\nTwo.\r\n"),
        ("*.md filter=loud\n", "false", b"ONE.\r\nTWO.\r\n"),
    ],
)
def test_git_finds_nothing_changed_where_attributes_and_filters_are_at_work(
    tmp_path: Path, attributes: str, setting: str, stored: bytes
) -> None:
    room = repository(tmp_path / "room")
    run(room, "config", "core.autocrlf", setting)
    run(room, "config", "filter.loud.clean", "tr a-z A-Z")
    run(room, "config", "filter.loud.smudge", "tr A-Z a-z")
    if attributes:
        (room / ".gitattributes").write_text(attributes)
        run(room, "add", ".gitattributes")
        run(room, "commit", "-qm", "Attributes")
    text = "One.\r\nTwo.\r\n"
    versions = [version("articles/a.md", 1, text), version("articles/b.md", 1, "x\r\n" + text)]
    assert put(room, versions).added == len(versions)
    assert run(room, "cat-file", "blob", "HEAD:articles/a.md") == stored
    (room / "articles" / "a.md").touch()
    clean(room)
    assert put(room, versions).added == 0


def test_a_sparse_checkout_gets_the_import_without_its_files(tmp_path: Path) -> None:
    room = repository(tmp_path / "room")
    put(room, [version("articles/2021/a.md", 1, "A\n"), version("articles/2022/b.md", 1, "B\n")])
    run(room, "sparse-checkout", "set", "--cone", "articles/2022")
    versions = [version("articles/2021/c.md", 2, "C\n"), version("articles/2022/d.md", 2, "D\n")]
    assert put(room, versions).added == 2
    assert (room / "articles/2022/d.md").read_text() == "D\n"
    assert not (room / "articles/2021").exists()
    clean(room)


def test_other_branches_and_detached_heads_are_refused(newsroom: Desk) -> None:
    newsroom.write("in.jsonl", lines([version("articles/a.md", 1, "# A\n")]))
    newsroom.ok("import", "in.jsonl")
    newsroom.git("checkout", "-q", "--detach")
    newsroom.write("in.jsonl", lines([version("articles/a.md", 2, "# A2\n")]))
    assert "HEAD is detached" in newsroom.refused("import", "in.jsonl")


def test_signing_is_asked_about_and_hooks_are_told_of(newsroom: Desk) -> None:
    hook = newsroom.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    newsroom.git("config", "commit.gpgSign", "true")
    newsroom.write("in.jsonl", lines([version("articles/a.md", 1, "# A\n")]))
    assert newsroom.refused("import", "in.jsonl") == (
        "tracker: Commits in this repository are to be signed, which an import cannot do.\n"
        "  Import them unsigned with --no-sign; what is recorded later is signed as ever.\n"
    )
    said = newsroom.ok("import", "in.jsonl", "--no-sign")
    assert said.err == "tracker: The repository's commit hooks are not run by an import.\n"


def test_a_dry_run_says_what_would_come_and_writes_nothing(newsroom: Desk) -> None:
    newsroom.write("in.jsonl", lines(archive(3, 2)))
    before = newsroom.state()
    said = newsroom.ok("import", "in.jsonl", "--dry-run")
    assert said.out == "Would record 6 revisions of 3 articles.\n"
    assert newsroom.state() == before
    done = newsroom.ok("import", "in.jsonl", "--json").json
    assert {key: done[key] for key in ("dry_run", "added", "articles", "known", "bad")} == {
        "dry_run": False,
        "added": 6,
        "articles": 3,
        "known": 0,
        "bad": 0,
    }


def test_another_revision_that_comes_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = repository(tmp_path / "room")
    versions = archive(2, 4)
    put(room, versions[:1] + versions[4:5])
    finish = CommitStream.finish
    times: list[int] = []

    def slow(stream: CommitStream) -> str:
        if not times:
            times.append(1)
            (room / "other.md").write_text("Other.\n")
            run(room, "add", "other.md")
            run(room, "commit", "-qm", "Other", "--", "other.md")
        return finish(stream)

    monkeypatch.setattr(CommitStream, "finish", slow)
    assert put(room, versions).added == 6
    subjects = run(room, "log", "--reverse", "--format=%s").decode().splitlines()
    assert subjects[2] == "Other"
    assert len(subjects) == 9
    clean(room)


def test_a_revision_of_the_same_article_that_comes_meanwhile_stops_the_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = repository(tmp_path / "room")
    put(room, archive(1, 1))
    finish = CommitStream.finish
    path = "articles/2022/05/01/story-0.md"

    def slow(stream: CommitStream) -> str:
        Newsroom(room, now=NOW).record(path, "# Mine\n", by=Person("Bo", "bo@example.org"))
        return finish(stream)

    monkeypatch.setattr(CommitStream, "finish", slow)
    with pytest.raises(TrackerError) as caught:
        put(room, archive(1, 4))
    assert caught.value.sentence == f"{path} was recorded while the import was at work."
    assert (room / path).read_text() == "# Mine\n"
    clean(room)


def test_only_one_import_at_a_time(tmp_path: Path) -> None:
    from tracker.store.git import discover
    from tracker.store.stream import ImportFolder

    room = repository(tmp_path / "room")
    with ImportFolder(discover(room)), pytest.raises(TrackerError) as caught:
        put(room, archive(1, 1))
    assert caught.value.sentence == "Another import into this repository is at work."


def graphed(info: Path) -> int:
    """The commits in the commit graph that have the paths they changed."""
    count = 0
    for file in (info / "commit-graphs").glob("*.graph"):
        data = file.read_bytes()
        chunks = {data[at : at + 4] for at in range(8, 8 + 12 * data[6], 12)}
        assert {b"BIDX", b"BDAT"} <= chunks
        at = next(at for at in range(8, 8 + 12 * data[6], 12) if data[at : at + 4] == b"OIDF")
        fan = int.from_bytes(data[at + 4 : at + 12], "big")
        count += int.from_bytes(data[fan + 1020 : fan + 1024], "big")
    return count


def test_the_commit_graph_of_what_is_added_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracker.newsroom import importing

    monkeypatch.setattr(importing, "_WORTH_PACKING", 5)
    room = repository(tmp_path / "room")
    put(room, archive(1, 4))
    assert not (room / ".git/objects/info/commit-graphs").exists()
    put(room, archive(1, 14))
    assert run(room, "commit-graph", "verify") == b""
    assert graphed(room / ".git/objects/info") == 14
    clean(room)


def start(room: Path, file: Path) -> subprocess.Popen[bytes]:
    return limited(
        subprocess.Popen(
            [sys.executable, "-m", "tracker", "import", str(file), "--into", str(room)],
            cwd=ROOT,
            env={**os.environ, "TRACKER_NOW": NOW.isoformat(), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    )


def test_a_killed_import_leaves_the_branch_and_the_next_one_completes_it(tmp_path: Path) -> None:
    room = repository(tmp_path / "room")
    versions = archive(40, 4)
    put(room, versions[:40])
    before = run(room, "rev-parse", "HEAD")
    file = tmp_path / "archive.jsonl"
    file.write_bytes(lines(versions))
    chance = random.Random(5)
    for moment in range(4):
        process = start(room, file)
        time.sleep(0.12 + 0.5 * chance.random())
        if moment % 2:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=120)
        if run(room, "rev-parse", "HEAD") != before:
            break  # it was quicker
        run(room, "fsck", "--full", "--strict")
    done = start(room, file)
    said, complaint = done.communicate(timeout=120)
    assert done.returncode == 0, (said, complaint)
    put(repository(tmp_path / "whole"), versions)
    assert sorted(history(room).split("\x02")) == sorted(history(tmp_path / "whole").split("\x02"))
    assert run(room, "rev-parse", "HEAD^{tree}") == run(
        tmp_path / "whole", "rev-parse", "HEAD^{tree}"
    )
    clean(room)


def test_the_beginnings_of_files_that_a_killed_landing_left_are_no_obstacle(
    tmp_path: Path,
) -> None:
    room = repository(tmp_path / "room")
    versions = [version(f"articles/{name}.md", 1, f"# {name}\n\nOne.\n") for name in "abc"]
    put(room, versions)
    versions += [version(f"articles/{name}.md", 2, f"# {name}\n\nTwo.\n") for name in "abcdef"]
    before = run(room, "rev-parse", "HEAD").decode().strip()
    put(room, versions)
    landing = run(room, "rev-parse", "HEAD")
    run(room, "reset", "-q", "--hard", before)
    articles = room / "articles"
    articles.mkdir(exist_ok=True)
    (articles / "a.md").write_text("# a\n\nTw")  # written in part
    (articles / "b.md").unlink()  # taken away, and not written yet
    (articles / "d.md").write_text("")
    (articles / "e.md").write_text("# e\n\nTwo.\n")  # written
    with pytest.raises(TrackerError) as caught:
        put(room, versions)
    assert caught.value.sentence.startswith("articles/b.md and 2 more would be overwritten: ")
    (room / ".git/tracker/landing").write_bytes(landing)
    (articles / "f.md").write_text("Mine.\n")
    with pytest.raises(TrackerError) as mine:
        put(room, versions)
    assert mine.value.sentence.startswith("articles/f.md would be overwritten: ")
    (articles / "f.md").unlink()
    assert put(room, versions).added == 6
    clean(room)


def test_a_landing_killed_after_its_branch_moved_leaves_no_leave_to_overwrite(
    tmp_path: Path,
) -> None:
    room = repository(tmp_path / "room")
    versions = [version(f"articles/{name}.md", 1, f"# {name}\n\nOne.\n") for name in "ab"]
    put(room, versions)
    mark = room / ".git/tracker/landing"
    mark.write_bytes(run(room, "rev-parse", "HEAD"))
    (room / "articles/a.md").write_text("# a")  # an editor's own, and how the next one begins
    more = [*versions, version("articles/a.md", 2, "# a\n\nTwo.\n")]
    with pytest.raises(TrackerError) as caught:
        put(room, more)
    assert caught.value.sentence.startswith("articles/a.md would be overwritten: ")
    run(room, "checkout", "--", "articles/a.md")
    mark.write_bytes(run(room, "rev-parse", "HEAD"))
    assert put(room, versions).added == 0
    clean(room)


def test_an_interrupted_import_leaves_everything_as_it_was(tmp_path: Path) -> None:
    room = repository(tmp_path / "room")
    put(room, archive(1, 1))
    before = run(room, "for-each-ref"), run(room, "status", "--porcelain")
    fifo = tmp_path / "endless.jsonl"
    os.mkfifo(fifo)
    process = start(room, fifo)
    with fifo.open("wb") as pipe:
        pipe.write(lines(archive(3, 3)))
        pipe.flush()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=120)
    assert (process.returncode, said, complaint.strip()) == (130, b"", b"Interrupted.")
    assert (run(room, "for-each-ref"), run(room, "status", "--porcelain")) == before
    clean(room)


def test_an_interrupt_after_an_import_into_a_new_newsroom_takes_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    script = '#!/bin/sh\ncase "$*" in *commit-graph*) kill -INT $PPID; sleep 5;; esac\n'
    (tmp_path / "git").write_text(f'{script}exec {real} "$@"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    file = tmp_path / "versions.jsonl"
    file.write_bytes(lines(archive(25, 21)))
    room = tmp_path / "room"
    process = start(room, file)
    assert process.communicate(timeout=120)[1].strip() == b"Interrupted."
    assert run(room, "rev-list", "--count", "HEAD").strip() == b"525"
    clean(room)
