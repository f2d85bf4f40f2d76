"""The history of articles: what is asked for, what is told, and a real newsroom's move."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.histories import track, tracks
from tests.measured import LARGE, blog
from tests.repositories import Builder, run
from tracker.errors import TrackerError
from tracker.model import Person, Track
from tracker.newsroom.catalog import track_at
from tracker.newsroom.workspace import open_workspace
from tracker.store.git import Repository, discover
from tracker.store.history import ignored_commits
from tracker.store.log import files
from tracker.store.reader import Reader

FLOOD = "The river rose by two meters on Monday night, and the old town was closed to all traffic."


def test_what_a_version_and_an_event_tell(tmp_path: Path) -> None:
    """A version has commit, path, blob, the author's date and offset, author and subject."""
    builder = Builder(tmp_path / "r")
    first = builder.commit("Publish", at="2022-05-10T09:00:00-04:00", write={"a.md": FLOOD})
    second = builder.commit(
        "Update\nof two lines\n\nand a body",
        at="2022-05-12T07:45:00-04:00",
        committed="2022-05-13T00:00:00Z",
        edit={"a.md": ["two", "three"]},
        author=b"Zoe Reporter <zoe@example.org>",
    )
    third = builder.commit("Move", at="2022-05-14T07:45:00+02:00", move={"a.md": "b.md"})
    repository = builder.build()
    found = track(repository, "b.md")
    one, two = found.versions
    assert one.commit == first.hash
    assert one.at == datetime.fromisoformat("2022-05-10T09:00:00-04:00")
    assert one.person == Person("Ada Editor", "ada@example.org")
    assert (two.commit, two.path, two.side) == (second.hash, "a.md", ())
    assert two.at.isoformat() == "2022-05-12T07:45:00-04:00"
    assert two.person == Person("Zoe Reporter", "zoe@example.org")
    assert two.subject == "Update of two lines"
    assert two.blob == dict(files(repository, second.hash))["a.md"]
    (event,) = found.events
    assert (event.kind, event.commit, event.path, event.old_path) == (
        "moved",
        third.hash,
        "b.md",
        "a.md",
    )
    assert event.at.isoformat() == "2022-05-14T07:45:00+02:00"


def test_no_such_article(tmp_path: Path) -> None:
    """A path that never was on the line is told of, also when a folder or another branch has it."""
    builder = Builder(tmp_path / "r")
    builder.commit("Publish", write={"posts/a.md": FLOOD})
    builder.commit("Draft", on="draft", start="main", write={"posts/b.md": FLOOD})
    repository = builder.build()
    for path in ("b.md", "posts", "posts/", "posts/b.md", "", "*.md", "--all", ":/"):
        with pytest.raises(TrackerError) as caught:
            track_at(open_workspace(builder.folder), path)
        assert caught.value.sentence == f"There is no article {path!r} in the history."
        assert caught.value.hint == "Record it with tracker record, or commit it with git."
    assert track(repository, "posts/b.md", branch="draft").path == "posts/b.md"


def test_a_path_of_the_past(tmp_path: Path) -> None:
    """An old path leads to the article that was there last; a path taken over, to the new one."""
    builder = Builder(tmp_path / "r")
    builder.commit("Publish", write={"a.md": FLOOD})
    builder.commit("Move", move={"a.md": "b.md"})
    builder.commit("Move again", move={"b.md": "c.md"})
    builder.commit("Other", write={"b.md": "A new opera opens the season in September."})
    builder.commit("Clear", delete=["c.md"])
    repository = builder.build()
    assert track(repository, "a.md").path == track(repository, "c.md").path == "c.md"
    assert track(repository, "a.md").deleted
    assert [version.subject for version in track(repository, "b.md").versions] == ["Other"]


def test_which_articles(tmp_path: Path) -> None:
    """Articles are chosen by folder and by ending, or by the caller, as they are called today."""
    builder = Builder(tmp_path / "r")
    builder.commit(
        "Publish",
        write={
            "drafts/a.md": FLOOD,
            "content/b.MD": "B",
            "content/c.txt": "C",
            "content/d.html": "D",
            "content-old/e.markdown": "E",
            "f.png": "F",
        },
    )
    builder.commit("Move", move={"drafts/a.md": "content/a.md"})
    repository = builder.build()

    def paths(found: tuple[Track, ...]) -> list[str]:
        return [one.path for one in found]

    assert paths(tracks(repository)) == [
        "content-old/e.markdown",
        "content/a.md",
        "content/b.MD",
        "content/c.txt",
        "content/d.html",
    ]
    assert paths(tracks(repository, under="content/")) == [
        "content/a.md",
        "content/b.MD",
        "content/c.txt",
        "content/d.html",
    ]
    assert tracks(repository, under="content")[0].events[0].old_path == "drafts/a.md"
    assert track(repository, "f.png").path == "f.png"
    assert track(repository, "content/d.html").versions[0].subject == "Publish"


def test_commits_that_touch_a_thousand_articles(tmp_path: Path) -> None:
    """A thousand articles written, moved with an edit, and edited, in one commit each."""
    builder = Builder(tmp_path / "r")
    text = "Number {} of many: the river rose by two meters, and the old town of {} was closed."
    builder.commit(
        "Publish", write={f"_posts/2022-05-12-n{n}.md": text.format(n, n) for n in range(1000)}
    )
    builder.commit("Unrelated", write={"about.md": "About us."})
    builder.commit(
        "Move",
        delete=[f"_posts/2022-05-12-n{n}.md" for n in range(1000)],
        write={f"content/n{n}/index.md": text.format(n, n) + "\n" for n in range(1000)},
    )
    builder.commit("Edit", write={f"content/n{n}/index.md": f"Gone, {n}.\n" for n in range(1000)})
    repository = builder.build()
    found = tracks(repository, under="content")
    assert len(found) == 1000
    for one in found:
        assert [version.subject for version in one.versions] == ["Publish", "Edit"] or [
            version.subject for version in one.versions
        ] == ["Publish", "Move", "Edit"]
        number = one.path.split("/")[1]
        assert one.versions[0].path == f"_posts/2022-05-12-{number}.md"
    assert track(repository, "content/n7/index.md") in found


def test_hostile_texts_are_compared_in_bounded_time(tmp_path: Path) -> None:
    """Large, binary and repetitive files that move cost bounded time."""
    builder = Builder(tmp_path / "r")
    texts: dict[str, str | bytes] = {
        "a.md": "word " * 400_000,
        "b.md": "*" * 1_000_000,
        "c.md": bytes(range(256)) * 8000,
        "d.md": "\n" * 1_000_000,
        "e.md": "".join(f"w{number} " for number in range(200_000)),
    }
    builder.commit("Publish", write=dict(texts))
    builder.commit(
        "Move",
        delete=list(texts),
        write={
            f"x/{name}": (text + b"!" if isinstance(text, bytes) else text + "!")
            for name, text in texts.items()
        },
    )
    repository = builder.build()
    found = {one.path: one for one in tracks(repository)}
    assert [version.subject for version in found["x/e.md"].versions] == ["Publish", "Move"]


def test_commits_to_ignore(tmp_path: Path) -> None:
    """Both places that name them are read, and lines that are no full hash are passed over."""
    builder = Builder(tmp_path / "r")
    one, two, three = "1" * 40, "2" * 40, "a" * 64
    builder.commit(
        "One",
        write={
            ".git-blame-ignore-revs": f"# Reformatted\n{one}\n\n  {three.upper()}  # a note\n"
            f"{one[:12]}\nnot a hash\n{'g' * 40}\n\x00\n--all\n",
            "other-revs": f"{two}\r\n",
        },
    )
    repository = builder.build(checkout=True)
    assert ignored_commits(repository) == {one, three}
    run(builder.folder, "config", "blame.ignoreRevsFile", "other-revs")
    run(builder.folder, "config", "--add", "blame.ignoreRevsFile", "gone")
    assert ignored_commits(repository) == {one, two, three}
    run(tmp_path, "clone", "-q", "--bare", "r", "bare.git")
    assert ignored_commits(discover(tmp_path / "bare.git")) == {one, three}
    run(tmp_path, "init", "-q", "empty")
    assert ignored_commits(discover(tmp_path / "empty")) == frozenset()


def test_a_partial_clone(tmp_path: Path) -> None:
    """A clone without texts has the same history; the texts it needs come in one fetch."""
    builder = Builder(tmp_path / "r")
    builder.commit("Publish", write={f"{n}.md": f"{FLOOD} Number {n}." for n in range(30)})
    builder.commit(
        "Move",
        delete=[f"{n}.md" for n in range(30)],
        write={f"x/{n}.md": f"{FLOOD} Now {n}." for n in range(30)},
    )
    expected = tracks(builder.build())
    run(builder.folder, "config", "uploadpack.allowFilter", "true")
    run(builder.folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    url = f"file://{builder.folder}"
    run(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", url, "partial")
    clone = discover(tmp_path / "partial")
    packs = tmp_path / "partial" / "objects" / "pack"
    assert len(list(packs.glob("*.pack"))) == 1
    assert tracks(clone) == expected
    assert len(list(packs.glob("*.pack"))) == 2
    run(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", url, "partial2")
    clone = discover(tmp_path / "partial2")
    wanted = [version.blob for one in expected for version in one.versions]
    with Reader(clone) as reader:
        assert len(list(reader.read_many(wanted))) == 60
    assert len(list((tmp_path / "partial2" / "objects" / "pack").glob("*.pack"))) == 2
    run(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", url, "partial3")
    builder.folder.rename(tmp_path / "away")
    with Reader(discover(tmp_path / "partial3")) as reader:
        with pytest.raises(TrackerError) as caught:
            list(reader.read_many(wanted))
        assert caught.value.sentence == (
            "This clone is partial, and the texts that it lacks could not be fetched."
        )


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return discover(blog(tmp_path_factory.mktemp("blog")))


@pytest.fixture(scope="session")
def all_tracks(real: Repository) -> tuple[Track, ...]:
    return tracks(real)


def test_every_moved_article_shows_its_versions_from_before(
    real: Repository, all_tracks: tuple[Track, ...]
) -> None:
    """All posts were deleted in one commit and added elsewhere in a later one."""
    log = run(real.git_dir, "log", "--diff-filter=D", "--format=%x01%H", "--name-only").decode()
    cleared = max(log.split("\x01"), key=len)[:40]
    before = dict(files(real, f"{cleared}^", "_posts"))
    standing = {one.path: one for one in all_tracks if not one.deleted}
    assert standing.keys() == {
        path for path, _ in files(real, "HEAD") if path.endswith((".md", ".txt"))
    }
    moved = 0
    for path in before:
        one = standing.get("content/posts/" + path.rpartition("/")[2])
        if one is not None and path.endswith(".md"):
            moved += 1
            assert path in {version.path for version in one.versions} | {
                event.old_path for event in one.events
            }
            assert any(event.kind == "deleted" and event.commit == cleared for event in one.events)
    assert moved == (498 if LARGE else 37)
    blobs = {one.path: one.versions[-1].blob for one in standing.values()}
    assert blobs.items() <= dict(files(real, "HEAD")).items()


def test_one_article_is_found_as_among_all(real: Repository, all_tracks: tuple[Track, ...]) -> None:
    """Asked for alone, an article has the history that it has among all."""
    standing = [one for one in all_tracks if not one.deleted]
    for one in standing[:: len(standing) // 9]:
        assert track(real, one.path) == one
