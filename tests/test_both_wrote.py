"""Two clones wrote one article at the same time: each revision is told by what its author did."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.histories import track, tracks
from tests.repositories import Builder
from tracker import Newsroom
from tracker.catalog.queries import number_at, track_of
from tracker.catalog.schema import make
from tracker.catalog.update import Replay
from tracker.model import Track
from tracker.newsroom.bases import bases, fork
from tracker.store.history import CommitRange, cut_vertices, published_order
from tracker.store.log import Commit, FileChange

PRICE, CREW, OPENED = "A ticket costs $12.", "The crew has 30 people.", "It opened in 1901."
NEW_PRICE, NEW_OPENED = "A ticket costs $21.", "It opened in 1910."
PRICED = 'number: $12 → $21 in "A ticket costs $12."'
DATED = 'date: 1901 → 1910 in "It opened in 1901."'
PULL = "Merge branch 'main' of example.org:news"


def text(*paragraphs: str) -> str:
    return "# The ferry\n\n" + "\n\n".join(paragraphs) + "\n"


BEGUN = text(PRICE, CREW, OPENED)
THEIRS = text(NEW_PRICE, CREW, OPENED)
OURS = text(PRICE, CREW, NEW_OPENED)
BOTH = text(NEW_PRICE, CREW, NEW_OPENED)


def wrote(
    folder: Path, merged: str = BOTH, begun: str = BEGUN, theirs: str = THEIRS, ours: str = OURS
) -> Path:
    """A newsroom with a line on which two clones edited one article, and one of them pulled."""
    builder = Builder(folder)
    builder.commit("Publish", write={"ferry.md": begun})
    builder.commit("Theirs", on="theirs", start="main", write={"ferry.md": theirs})
    builder.commit("Ours", write={"ferry.md": ours})
    builder.commit(PULL, merge=["theirs"], write={"ferry.md": merged})
    builder.build(checkout=True)
    return folder


def on(found: Track) -> list[tuple[int, ...]]:
    return list(bases(found.versions))


def told(room: Path) -> list[tuple[str, int, int, tuple[str, ...]]]:
    return [
        (each.subject, each.words_added, each.words_removed, each.reasons)
        for each in Newsroom(room).history("ferry.md")[1:]
    ]


SIDES = [("Theirs", 1, 1, (PRICED,)), ("Ours", 1, 1, (DATED,))]


def test_each_revision_is_compared_with_what_its_author_saw(tmp_path: Path) -> None:
    """Nothing is reversed, and the merge, which only brought both together, did nothing."""
    room = wrote(tmp_path / "r")
    (found,) = tracks(Newsroom(room).repository)
    assert [version.subject for version in found.versions] == ["Publish", "Theirs", "Ours", PULL]
    assert on(found) == [(), (0,), (0,), (1, 2)]
    assert told(room) == [*SIDES, (PULL, 0, 0, ())]
    published, theirs, ours, merge = Newsroom(room).history("ferry.md")
    assert (published.written_on, theirs.written_on) == ((), ())  # as a rule
    assert ours.written_on == (published.commit,)
    assert merge.written_on == (theirs.commit, ours.commit)


@pytest.mark.parametrize(
    ("merged", "expected"),
    [
        pytest.param(
            text(NEW_PRICE, "The crew has 40 people.", NEW_OPENED),
            (1, 1, ('number: 30 → 40 in "The crew has 30 people."',)),
            id="what it changed itself is shown, and nothing else",
        ),
        pytest.param(
            OURS,
            (1, 1, ('number: $21 → $12 in "A ticket costs $21."',)),
            id="what it took out of the other side is shown, though the text is as it was last",
        ),
        pytest.param(
            THEIRS,
            (1, 1, ('date: 1910 → 1901 in "It opened in 1910."',)),
            id="what it took out of its own side is shown",
        ),
    ],
)
def test_a_merge_shows_what_it_did_itself(
    tmp_path: Path, merged: str, expected: tuple[int, int, tuple[str, ...]]
) -> None:
    assert told(wrote(tmp_path / "r", merged)) == [*SIDES, (PULL, *expected)]


@pytest.mark.parametrize(
    ("merged", "expected"),
    [
        pytest.param(text("A ticket costs $22.", CREW), (0, 0), id="the newer one was taken"),
        pytest.param(text("A ticket costs $21.", CREW), (1, 1), id="readers had the other one"),
        pytest.param(text("A ticket costs $25.", CREW), (1, 1), id="neither was taken"),
    ],
)
def test_one_sentence_that_both_changed(
    tmp_path: Path, merged: str, expected: tuple[int, int]
) -> None:
    """The merge is held against what readers saw last: of two prices one was taken back."""
    begun = text(PRICE, CREW)
    theirs, ours = begun.replace("$12", "$21"), begun.replace("$12", "$22")
    assert [each[1:3] for each in told(wrote(tmp_path / "r", merged, begun, theirs, ours))] == [
        (1, 1),
        (1, 1),
        expected,
    ]


@pytest.mark.parametrize("order", [("It is new.", "It is late."), ("It is late.", "It is new.")])
def test_both_wrote_at_the_end_and_the_merge_kept_both(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    """git calls that a conflict; a person who settles it by keeping both wrote nothing."""
    room = wrote(
        tmp_path / "r",
        text(PRICE, *order),
        text(PRICE),
        text(PRICE, "It is new."),
        text(PRICE, "It is late."),
    )
    assert [each[1:3] for each in told(room)] == [(3, 0), (3, 0), (0, 0)]


def test_what_only_one_side_edited_is_as_it_always_was(tmp_path: Path) -> None:
    """The merge is no revision of it, and nothing is marked."""
    builder = Builder(tmp_path / "r")
    builder.commit("Publish", write={"ferry.md": BEGUN, "other.md": "Other."})
    builder.commit("One", on="theirs", start="main", write={"ferry.md": THEIRS})
    builder.commit("Two", on="theirs", write={"ferry.md": BOTH})
    builder.commit("Other", write={"other.md": "Another."})
    builder.commit(PULL, merge=["theirs"])
    builder.commit("Three", write={"ferry.md": OURS})
    found = track(builder.build(), "ferry.md")
    assert [version.subject for version in found.versions] == ["Publish", "One", "Two", "Three"]
    assert not any(version.written_on for version in found.versions)


def test_the_sides_go_on_and_meet_again(tmp_path: Path) -> None:
    """Each side goes on from its own text; a revision after the merge from the merge."""
    builder = Builder(tmp_path / "r")
    builder.commit("0", write={"a.md": "0"})
    builder.commit("1 theirs", on="theirs", start="main", write={"a.md": "1"})
    builder.commit("2", write={"a.md": "2"})
    builder.commit("3 theirs", on="theirs", write={"a.md": "3"})
    builder.commit("4", write={"a.md": "4"})
    builder.commit(PULL, merge=["theirs"], write={"a.md": "5"})
    builder.commit("6 theirs", on="theirs", write={"a.md": "6"})
    builder.commit("7", write={"a.md": "7"})
    builder.commit(f"{PULL} again", merge=["theirs"], write={"a.md": "8"})
    builder.commit("9", write={"a.md": "9"})
    found = track(builder.build(), "a.md")
    assert on(found) == [(), (0,), (0,), (1,), (2,), (3, 4), (3,), (5,), (6, 7), (8,)]


def test_a_move_and_an_ignored_commit_on_a_side(tmp_path: Path) -> None:
    """What moved on one side, and what was reformatted there, is found again under both names."""
    long = "The ferry to the island leaves at ten. It comes back at noon. It costs twelve dollars."
    builder = Builder(tmp_path / "r")
    builder.commit("Publish", write={"a.md": long})
    reflow = builder.commit(
        "Reflow", on="t", start="main", write={"a.md": long.replace(". ", ".\n")}
    )
    builder.commit("Theirs", on="t", edit={"a.md": ["ten", "nine"]})
    builder.commit("Move", move={"a.md": "b.md"})
    builder.commit("Ours", edit={"b.md": ["twelve", "thirteen"]})
    builder.commit(PULL, merge=["t"], write={"b.md": "All is new."})
    repository = builder.build()
    (found,) = tracks(repository, ignored=frozenset({reflow.hash}))
    assert [version.subject for version in found.versions] == ["Publish", "Theirs", "Ours", PULL]
    assert on(found)[1:3] == [(0,), (0,)]


# --- any line ----------------------------------------------------------------------------------


@dataclass
class Made:
    """A commit with the text of the one article in it."""

    name: str
    parents: list[Made]
    text: str
    heads: set[int] = field(default_factory=set)  # versions that no other one before was written on

    def step(self, clock: int) -> Commit:
        subject = PULL if len(self.parents) > 1 else "Edit"
        old = self.parents[0].text if self.parents else None
        changes = [FileChange("a.md", old, self.text)] if old != self.text else []
        names = tuple(each.name for each in self.parents)
        return Commit(self.name, names, clock, ("0 +0000", "Ada", "a@x.org", subject), changes)


def _ahead(one: Made, other: Made) -> str:
    """The one of two commits whose text the other one's came to be; "" where both wrote."""
    written = [_written(one), _written(other)]
    return other.name if written[0] <= written[1] else one.name if written[1] <= written[0] else ""


def _written(commit: Made) -> set[str]:
    """The texts that led to a commit's, and its own."""
    return {commit.text}.union(*map(_written, commit.parents))


def _hash(name: str) -> str:
    """Stands for a hash of git's."""
    return sha1(name.encode()).hexdigest()


@given(st.data())
@settings(max_examples=300)
def test_what_a_version_was_written_on_is_what_its_parents_say(data: st.DataObject) -> None:
    """However three clones edit and pull, the versions are tied as git's own parents are."""
    begun = Made(_hash("start"), [], _hash("text 0"))
    commits, clones = [begun], [begun, begun, begun]
    for number in range(1, data.draw(st.integers(3, 14))):
        clone, other = data.draw(st.permutations(range(3)))[:2]
        mine, theirs = clones[clone], clones[other]
        if data.draw(st.booleans()):
            made = Made(_hash(f"edit {number}"), [mine], _hash(f"text {number}"))
        elif theirs is mine:
            continue
        else:
            ahead = {theirs.name: theirs.text, mine.name: mine.text}.get(_ahead(mine, theirs), "")
            own = _hash(f"text {number}")
            new = data.draw(st.sampled_from([ahead or own, own]))
            made = Made(_hash(f"pull {number}"), [mine, theirs], new)
        commits.append(made)
        clones[clone] = made
    newest = clones[0]
    log = {each.name: each.step(clock) for clock, each in enumerate(commits)}
    line = published_order(dict(reversed(log.items())), newest.name, {"main"})
    pulled = {}
    by_name = {each.name: each for each in commits}
    for step in line:
        made = by_name[step.hash]
        others = [FileChange("a.md", each.text, made.text) for each in made.parents[1:]]
        pulled[step.hash] = [[each] for each in others if each.old != each.new]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        make(connection)
        replay = Replay(connection, lambda _: {}, (), grace=0, last=0)
        replay.play(CommitRange(line, cut_vertices(line), pulled))
        replay.flush()
        key = number_at(connection, "a.md")
        assert key is not None
        found = track_of(connection, key)
    assert found.versions[-1].blob == newest.text
    ties, behind = list(bases(found.versions)), dict[int, set[int]]()
    blobs = [version.blob for version in found.versions]
    places = {version.commit: place for place, version in enumerate(found.versions)}
    for step in line:
        made = by_name[step.hash]
        heads = set[int]().union(*(each.heads for each in made.parents))
        heads = {each for each in heads if not any(each in behind[other] for other in heads)}
        place = places.get(step.hash)
        if place is not None:
            # By their texts: a merge that took one whole has the same text as that.
            assert {blobs[each] for each in ties[place]} == {blobs[each] for each in heads}
            behind[place] = heads.union(*(behind[each] for each in heads))
            heads = {place}
        made.heads = heads


@pytest.mark.parametrize(
    ("one", "other", "newest"),
    [(1, 2, 0), (3, 2, 2), (3, 4, 2), (5, 4, 4), (6, 5, 4), (1, 7, None), (2, 2, 2)],
)
def test_what_two_sides_began_with(one: int, other: int, newest: int | None) -> None:
    """The newest version behind both; none where two clones began the article apart."""
    ties = [(), (0,), (0,), (1, 2), (2,), (3, 4), (4,), ()]
    assert fork(ties, one, other) == fork(ties, other, one) == newest


def test_a_front_matter_that_cannot_be_read_is_merged_by_its_lines(tmp_path: Path) -> None:
    broken = "---\ntitle: [\nupdates: {\n---\n\n"
    room = wrote(tmp_path / "r", broken + BOTH, broken + BEGUN, broken + THEIRS, broken + OURS)
    assert told(room) == [*SIDES, (PULL, 0, 0, ())]
