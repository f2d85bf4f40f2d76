"""Two clones wrote one article at the same time: each revision is told by what its author did."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repositories import Builder, run
from tracker import Newsroom
from tracker.model import Track
from tracker.newsroom.lineage import bases
from tracker.store.history import track

PRICE, CREW, DATE = "A ticket costs $12.", "The crew has 30 people.", "It opened in 1901."
PULL = "Merge branch 'main' of example.org:news"


def text(*paragraphs: str) -> str:
    return "# The ferry\n\n" + "\n\n".join(paragraphs) + "\n"


BEGUN = text(PRICE, CREW, DATE)
NEW_PRICE = "A ticket costs $21."
NEW_DATE = "It opened in 1910."


def both(folder: Path, merged: str, more: tuple[str, str] = (NEW_PRICE, NEW_DATE)) -> Builder:
    """A line on which two clones edit the same article, and one of them pulls."""
    builder = Builder(folder)
    builder.commit("Publish", write={"ferry.md": BEGUN})
    builder.commit("Theirs", on="theirs", start="main", write={"ferry.md": text(more[0], CREW, DATE)})
    builder.commit("Ours", write={"ferry.md": text(PRICE, CREW, more[1])})
    builder.commit(PULL, merge=["theirs"], write={"ferry.md": merged})
    return builder


def on(found: Track) -> list[tuple[int, ...]]:
    return list(bases(found.versions))


def told(room: Path) -> list[tuple[str, int, int, tuple[str, ...]]]:
    return [
        (each.subject, each.words_added, each.words_removed, each.reasons)
        for each in Newsroom(room).history("ferry.md")
    ]


PRICED = 'number: $12 → $21 in "A ticket costs $12."'
DATED = 'date: 1901 → 1910 in "It opened in 1901."'


def test_each_revision_is_compared_with_what_its_author_saw(tmp_path: Path) -> None:
    """Nothing is reversed, and the merge, which only brought both together, did nothing."""
    builder = both(tmp_path / "r", text(NEW_PRICE, CREW, NEW_DATE))
    found = track(builder.build(checkout=True), "ferry.md")
    assert [version.subject for version in found.versions] == ["Publish", "Theirs", "Ours", PULL]
    assert on(found) == [(), (0,), (0,), (1, 2)]
    assert told(tmp_path / "r")[1:] == [
        ("Theirs", 1, 1, (PRICED,)),
        ("Ours", 1, 1, (DATED,)),
        (PULL, 0, 0, ()),
    ]
