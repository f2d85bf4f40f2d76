"""An article's history without a catalog and without reading the whole line; what it may cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.repositories import Builder
from tracker.newsroom.newsroom import Newsroom
from tracker.store.catalog import catalog_file
from tracker.store.history import track, track_alone

FLOOD = "The river rose by two meters on Monday night, and the old town was closed to all traffic."
OPERA = "A new opera opens the season with seven singers and a small orchestra from the valley."
SHOP = "The last shop of the village closes in May after ninety years, its owner told this paper."

BEFORE: dict[str, list[dict[str, Any]]] = {
    "other files": [{"write": {"b.md": OPERA}}, {"edit": {"b.md": ["seven", "eight"]}}],
    "another text is taken away": [{"write": {"b.md": OPERA}}, {"delete": ["b.md"]}],
    "another text moves": [{"write": {"b.md": OPERA}}, {"move": {"b.md": "c.md"}}],
    "a text becomes a link": [{"write": {"b.md": OPERA}}, {"link": {"b.md": "c.md"}}],
}
AFTER: dict[str, list[dict[str, Any]]] = {
    "edits": [{"edit": {"x/a.md": ["two", "three"]}}, {"edit": {"x/a.md": ["Monday", "Sunday"]}}],
    "a bit of its mode": [{"executable": ["x/a.md"]}],
    "a merge of another branch": [
        {"on": "side", "start": "main", "edit": {"x/a.md": ["two", "three"]}},
        {"write": {"z.md": SHOP}},
        {"merge": ["side"]},
    ],
}


def built(folder: Path, *parts: list[dict[str, Any]]) -> Builder:
    """A line of these commits, numbered."""
    builder = Builder(folder)
    for number, each in enumerate(each for part in parts for each in part):
        builder.commit(f"Step {number}", **each)
    return builder


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("after", AFTER)
def test_an_article_that_stayed_where_it_is_is_soon_told(
    before: str, after: str, tmp_path: Path
) -> None:
    """Whatever happened to others before it came, its history is the one that all commits tell."""
    builder = built(tmp_path / "r", BEFORE[before], [{"write": {"x/a.md": FLOOD}}], AFTER[after])
    repository = builder.build()
    found = track_alone(repository, "x/a.md")
    assert found is not None
    assert found == track(repository, "x/a.md")
    assert found.versions[0].path == "x/a.md"


HARD: dict[str, list[dict[str, Any]]] = {
    "it moved": [{"write": {"b.md": FLOOD}}, {"move": {"b.md": "x/a.md"}}],
    "it moved in two commits": [
        {"write": {"b.md": FLOOD}}, {"delete": ["b.md"]}, {"write": {"x/a.md": FLOOD}},
    ],
    "it moved and was edited": [
        {"write": {"b.md": FLOOD}},
        {"delete": ["b.md"], "write": {"x/a.md": FLOOD.replace("two", "three")}},
    ],
    "one of its name ended": [
        {"write": {"y/a.txt": OPERA}}, {"delete": ["y/a.txt"]}, {"write": {"x/a.md": FLOOD}},
    ],
    "it was away for a while": [
        {"write": {"x/a.md": FLOOD}}, {"delete": ["x/a.md"]}, {"write": {"x/a.md": FLOOD}},
    ],
    "it was a link for a while": [
        {"write": {"x/a.md": FLOOD}}, {"link": {"x/a.md": "b.md"}}, {"write": {"x/a.md": FLOOD}},
    ],
    "one of its name was written on a side": [
        {"write": {"x/a.md": FLOOD, "y/a.md": OPERA}},
        {"on": "side", "start": "main", "edit": {"y/a.md": ["seven", "eight"]}},
        {"write": {"z.md": SHOP}},
        {"merge": ["side"], "edit": {"x/a.md": ["two", "three"]}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", HARD)
def test_an_article_that_may_have_come_from_elsewhere_is_not(what: str, tmp_path: Path) -> None:
    """Where another file has to do with it, that is said, and all commits are asked."""
    repository = built(tmp_path / "r", HARD[what]).build()
    assert track_alone(repository, "x/a.md") is None
    assert track(repository, "x/a.md").versions


def test_a_line_that_was_pulled_into_itself_is_not_soon_told(tmp_path: Path) -> None:
    """What one chain of it took away may be on the other."""
    builder = built(tmp_path / "r", [{"write": {"x/a.md": FLOOD}}])
    builder.commit("Theirs", on="theirs", start="main", write={"b.md": OPERA})
    builder.commit("Ours", write={"c.md": SHOP})
    builder.commit("Merge branch 'main' of example.org:news", merge=["theirs"])
    assert track_alone(builder.build(), "x/a.md") is None


def test_a_long_line_is_not_soon_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond some thousands of commits nobody should wait for what files went."""
    steps = [{"write": {"x/a.md": f"{FLOOD} {number}"}} for number in range(4)]
    repository = built(tmp_path / "r", steps).build()
    monkeypatch.setattr("tracker.store.single._SHORT", 4)
    assert track_alone(repository, "x/a.md") == track(repository, "x/a.md")
    monkeypatch.setattr("tracker.store.single._SHORT", 3)
    assert track_alone(repository, "x/a.md") is None


def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """One that counts as large, with an article of two revisions."""
    steps = [{"write": {"articles/a.md": f"# Flood\n\n{FLOOD} {number}\n"}} for number in range(2)]
    built(tmp_path / "r", steps).build(checkout=True)
    monkeypatch.setattr("tracker.newsroom.lines.FEW_OBJECTS", -1)
    return Newsroom(tmp_path / "r")


def test_a_recording_in_a_large_newsroom_makes_no_catalog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it tells of the revision is told by git."""
    room = newsroom(tmp_path, monkeypatch)
    revision = room.record(
        "articles/a.md", f"# Flood\n\n{FLOOD} And on Sunday.\n", by="Ada <ada@x.org>"
    )
    assert revision.number == 3
    assert revision.published
    assert not catalog_file(room.repository).exists()


@pytest.mark.parametrize("path", ["articles/a.md", "articles/new.md"])
def test_a_recording_on_a_long_line_makes_the_catalog_once(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole line has to be read: so it is kept, and the next recording finds it."""
    monkeypatch.setattr("tracker.store.single._SHORT", 1)
    room = newsroom(tmp_path, monkeypatch)
    revision = room.record(path, f"# Flood\n\n{FLOOD} And on Sunday.\n", by="Ada <ada@x.org>")
    assert revision.number == (3 if path == "articles/a.md" else 1)
    made = catalog_file(room.repository).stat()
    monkeypatch.setattr("tracker.store.catalog.line.rebuild", None)
    again = Newsroom(tmp_path / "r").record(path, f"# Flood\n\n{FLOOD}\n", by="Ada <ada@x.org>")
    assert again.number == revision.number + 1
    assert catalog_file(room.repository).stat().st_ino == made.st_ino
