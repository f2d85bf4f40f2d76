"""The tracks of another's repository, one after another, are those that are read all at once."""

from __future__ import annotations

import gc
import os
import tomllib
from pathlib import Path
from random import Random

import pytest

from tests.histories import tracks
from tests.repositories import Builder
from tests.test_identity import FOLDER, build
from tracker.errors import TrackerError
from tracker.model import Track, Version
from tracker.newsroom.catalog import history_of, published_tracks
from tracker.newsroom.incoming import Incoming, Skipped
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.selection import is_text
from tracker.sources.folder import OtherRepository

PULL = "Merge branch 'main' of example.org:news"
PATHS = [
    "posts/a.md", "posts/b.md", "posts/old/a.md", "content/a.md", "docs/b.txt",
    "content/_index.md", "site/docs/a.md", "site/b.md", "README.md", "notes.html", "drafts/.b.md",
]  # fmt: skip
TEXTS = [
    "The river rose by {} meters on Monday night and the old town was closed to all traffic.",
    "A new opera opens the season with {} singers and a small orchestra from the valley.",
]


def all_at_once(room: Newsroom, inside: str = "") -> list[Track]:
    """What the articles are, said in the plainest way."""
    under = room.workspace.under
    found = tracks(
        room.repository,
        under=under,
        branch=room.settings.branch,
        ignored=history_of(room.workspace).ignored,
    )
    if inside:
        return [each for each in found if each.path.startswith(f"{inside}/") and is_text(each.path)]
    return [each for each in found if room.workspace.selection.holds(each.path)]


def one_by_one(room: Newsroom, inside: str = "") -> list[Track]:
    with published_tracks(room.workspace, inside) as found:
        told = list(found.tracks)
    assert found.revisions == sum(len(each.versions) for each in told)
    return told


def history(folder: Path, seed: int) -> Builder:
    """A random history with branches, pulls, merges, moves and deletions."""
    random = Random(seed)
    builder = Builder(folder)
    paths = random.sample(PATHS, 7)
    first = {path: random.choice(TEXTS).format(place) for place, path in enumerate(paths[:3])}
    builder.commit("Start", write=dict(first))
    for place in range(8):
        on = random.choice(["main", "main", "main", "bea", "cem"])
        tree = builder.heads[on].tree if on in builder.heads else builder.commits[0].tree
        path, other = random.sample(paths, 2)
        more: dict[str, object] = {}
        message = f"Step {place}"
        match random.choice(["write", "write", "write", "delete", "move", "pull", "merge"]):
            case "write":
                more["write"] = {path: random.choice(TEXTS).format(random.randrange(5))}
            case "delete" if path in tree:
                more["delete"] = [path]
            case "move" if path in tree and other not in tree:
                more["move"] = {path: other}
            case "pull" | "merge" as what:
                source = random.choice(["main", "bea", "cem"])
                if source == on or source not in builder.heads or on not in builder.heads:
                    continue
                more["merge"] = [source]
                if what == "pull" and seed % 2:
                    message = PULL
        builder.commit(message, on=on, start="Start", **more)  # type: ignore[arg-type]
    return builder


def given(source: OtherRepository, folder: Path) -> list[Incoming | Skipped | str]:
    """All that a source gives, and the sentence that it ends with where it is refused."""
    found: list[Incoming | Skipped | str] = []
    try:
        found.extend(source.versions(folder))
    except TrackerError as error:
        found.append(error.sentence)
    return found


def expected(folder: Path, inside: str) -> list[tuple[object, str]]:
    """The content and the place of each revision, in their order."""
    return [
        (version.blob, f"{folder}: {version.path} in {version.commit[:10]}")
        for track in all_at_once(Newsroom(folder), inside)
        if not track.deleted
        for version in track.versions
    ]


@pytest.mark.parametrize("seed", range(8))
def test_random_histories(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happened there, all the settings' articles and each folder's give the same."""
    monkeypatch.setattr("tracker.store.log._AT_ONCE", 3)
    builder = history(tmp_path / "r", seed)
    builder.build()
    folder, temporary = builder.folder, tmp_path / "temporary"
    temporary.mkdir()
    chosen = [each.hash for each in builder.commits if Random(each.mark).random() < 0.1]
    (folder / ".git-blame-ignore-revs").write_text("\n".join(chosen))
    site = folder / "site"
    site.mkdir()
    (site / "tracker.toml").write_text("")
    patterns = ["", 'articles = ["posts/**", "*.md"]\n', 'articles = ["**/b.*"]\n']
    (folder / "tracker.toml").write_text(patterns[seed % 3])
    for place, inside in ((folder, ""), (site, ""), (site, "site/docs"), (site, "posts")):
        room = Newsroom(place)
        assert one_by_one(room, inside) == all_at_once(room, inside)
    inside = "posts" if seed % 2 else ""
    found = given(OtherRepository(folder, folder=inside), temporary)
    versions = [each for each in found if isinstance(each, Incoming)]
    assert [(each.key, each.origin) for each in versions] == expected(folder, inside)
    assert not any(temporary.iterdir())


def cases() -> list[object]:
    return [
        pytest.param(case, id=f"{file.stem}: {name}")
        for file in sorted(FOLDER.glob("*.toml"))
        for name, case in tomllib.loads(file.read_text("utf-8")).items()
    ]


@pytest.mark.parametrize("case", cases())
def test_the_cases_of_identity(case: dict[str, object], tmp_path: Path) -> None:
    """Every case of moves, endings, pulls and ignored commits."""
    builder = build(tmp_path / "r", case)
    builder.build()
    names = case.get("ignored", [])
    hashes = [builder.by_message[name].hash for name in names]  # type: ignore[attr-defined]
    (builder.folder / ".git-blame-ignore-revs").write_text("\n".join(hashes))
    if "branch" in case:
        (builder.folder / "tracker.toml").write_text(f'branch = "{case["branch"]}"\n')
    room = Newsroom(builder.folder)
    assert one_by_one(room) == all_at_once(room)


def test_the_order_is_that_of_letters_also_where_a_name_is_no_utf_8(tmp_path: Path) -> None:
    names = [b"b", "\u00e9".encode(), b"\x80", b"\xff", "\uffff".encode(), "\U0001f600".encode()]
    paths = [os.fsdecode(b"posts/%s.md" % name) for name in names]
    builder = Builder(tmp_path / "r")
    builder.commit("Start", write={path: f"Text {path!r}." for path in [*paths, "posts/a.md"]})
    builder.commit("Delete", delete=paths[::2])
    builder.commit("Write anew", write={paths[0]: "Nothing that was there before."})
    builder.build()
    room = Newsroom(builder.folder)
    found = one_by_one(room)
    assert found == all_at_once(room)
    there = sum(not each.deleted for each in found)
    assert (there, len(found)) == (5, 8)
    for several in (found[:there], found[there:]):
        assert several == sorted(several, key=lambda each: each.path)


def test_what_is_there_tells_where_the_articles_are(tmp_path: Path) -> None:
    """Not what is gone; a listing is no article, in no folder."""
    builder = Builder(tmp_path / "r")
    kept = ["docs/a.md", "posts/b.md", "content/_index.md", "README.md"]
    gone = ["docs/c.md", "content/old/_index.md", "content/d.md", "e.md"]
    builder.commit("Start", write={path: f"Text of {path}." for path in [*kept, *gone]})
    builder.commit("Delete", delete=gone)
    builder.build()
    found = one_by_one(Newsroom(builder.folder))
    assert [(each.path, each.deleted) for each in found] == [("posts/b.md", False)]


# --- what is held, and what is written ------------------------------------------------------------


def large(folder: Path, articles: int = 60) -> Path:
    """A site of many articles with three versions each, and as many that were deleted."""
    builder = Builder(folder)
    for version in range(3):
        builder.commit(
            f"Version {version}",
            write={
                f"posts/{name}-{number}.md": f"Text {version} of {name} {number}."
                for number in range(articles)
                for name in ("story", "gone")
            },
        )
    builder.commit("Delete", delete=[f"posts/gone-{number}.md" for number in range(articles)])
    builder.build()
    return folder


def test_few_revisions_are_held_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as git is asked for the messages of, and an article's; not all of them."""
    monkeypatch.setattr("tracker.store.log._AT_ONCE", 10)
    source = OtherRepository(large(tmp_path / "r"))
    gc.collect()
    before = versions_held()
    most = given = 0
    for each in source.versions(tmp_path):
        given += isinstance(each, Incoming)
        if given % 20 == 10:  # each look goes over all objects of the process
            most = max(most, versions_held() - before)
    assert given == 180
    assert 0 < most <= 10 + 2 * 3


def versions_held() -> int:
    return sum(isinstance(each, Version) for each in gc.get_objects())


def files(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        os.fspath(each): (each.stat().st_mtime_ns, each.stat().st_size)
        for each in folder.rglob("*")
    }


def test_nothing_is_written_into_the_other_repository(tmp_path: Path) -> None:
    other = large(tmp_path / "r", 3)
    before = files(other)
    target = Builder(tmp_path / "target").build().git_dir.parent
    assert Newsroom(target).bring(OtherRepository(other)).added == 9
    assert files(other) == before
    assert [each.name for each in (target / ".git" / "tracker").iterdir()] == ["import.lock"]


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    room = Newsroom(Builder(tmp_path / "r").build().git_dir)
    with pytest.raises(TrackerError) as caught:
        one_by_one(room)
    assert caught.value.sentence == "The repository has no commit yet."
