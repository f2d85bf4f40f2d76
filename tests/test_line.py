"""The published line: its tip, its order, what a merge's subject tells, and what the log holds."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.histories import track, tracks
from tests.repositories import Builder, run
from tests.test_catalog_line import clones
from tracker.errors import TrackerError
from tracker.store.git import discover
from tracker.store.history import (
    cut_vertices,
    parents_within,
    published_order,
    same_branch,
)
from tracker.store.log import LOG, files, parse_log, resolve, tip

MAIN = frozenset({"main"})


@pytest.mark.parametrize(
    ("subject", "sides", "expected"),
    [
        ("Merge branch 'main' of github.com:desk/news", 1, (1,)),
        ("Merge branch 'main' of github.com:desk/news into main", 1, (1,)),
        ("Merge branch 'main' of https://example.org/it's/news.git", 1, (1,)),
        ("Merge branch 'master' of github.com:desk/news", 1, (1,)),
        ("Merge branch 'live' of github.com:desk/news into live", 1, (1,)),
        ("Merge branch 'main' into blog-post", 1, (1,)),
        ("Merge branch 'refs/heads/main' of github.com:desk/news", 1, (1,)),
        ("Merge remote-tracking branch 'origin/main'", 1, (1,)),
        ("Merge remote-tracking branch 'refs/remotes/origin/main' into main", 1, (1,)),
        ("Merge remote branch 'origin/master'", 1, (1,)),
        ("Merge branches 'main' and 'fix' of github.com:desk/news", 2, (1,)),
        ("Merge branches 'fix', 'other' and 'main'", 3, (3,)),
        ("Merge branch 'fix'", 1, ()),
        ("Merge branch 'fix' into main", 1, ()),
        ("Merge branch 'bea/main'", 1, ()),
        ("Merge branch 'main-page'", 1, ()),
        ("Merge remote-tracking branch 'origin/bea/main'", 1, ()),
        ("Merge remote-tracking branch 'origin/fix' into main", 1, ()),
        ("Merge branch 'live' of github.com:desk/news into main", 1, ()),
        ("Merge pull request #12 from desk/main", 1, ()),
        ("Merge tag 'main'", 1, ()),
        ("Merge branches 'main' and 'fix'", 1, ()),
        ("Merge branch 'main", 1, ()),
        ("Merged main", 1, ()),
        ("", 1, ()),
    ],
)
def test_subjects_of_merges(subject: str, sides: int, expected: tuple[int, ...]) -> None:
    """A merge's subject tells whether it brought the published branch itself."""
    assert same_branch(subject, sides, MAIN) == expected


def test_a_hostile_subject_costs_little() -> None:
    """A subject of a megabyte of quotes is read in bounded time."""
    assert same_branch("Merge branches " + "'a' and " * 130_000, 1, MAIN) == ()
    assert same_branch("Merge branch '" + "a" * 1_000_000 + "'", 1, MAIN) == ()
    assert same_branch("Merge branch 'main' of " + " into" * 200_000, 1, MAIN) == (1,)


def test_tip_of_a_branch(tmp_path: Path) -> None:
    """The tip is HEAD's commit, or that of the branch named, in short or in full."""
    builder = Builder(tmp_path / "r")
    first = builder.commit("One", write={"a.md": "A"})
    side = builder.commit("Two", on="desk/side", start="main", write={"a.md": "B"})
    repository = builder.build()
    assert tip(repository, None) == first.hash
    assert tip(repository, "main") == first.hash
    assert tip(repository, "refs/heads/main") == first.hash
    assert tip(repository, "desk/side") == side.hash


@pytest.mark.parametrize(
    "name", ["gone", "--all", "-n1", "main~1", "main..desk", "", "a\nb", "@{u}"]
)
def test_no_such_branch(tmp_path: Path, name: str) -> None:
    """A branch that is not there is told of, and never read as an option or a range."""
    builder = Builder(tmp_path / "r")
    builder.commit("One", write={"a.md": "A"})
    builder.commit("Two", write={"a.md": "B"})
    with pytest.raises(TrackerError) as caught:
        tip(builder.build(), name)
    assert caught.value.sentence == f"There is no branch {name!r}."
    assert caught.value.hint == "See the branches that there are with: git branch --all"


def test_unborn_branch(tmp_path: Path) -> None:
    """A repository without a commit is told of."""
    run(tmp_path, "init", "-q", "-b", "main")
    for branch in (None, "main"):
        with pytest.raises(TrackerError) as caught:
            tip(discover(tmp_path), branch)
        assert caught.value.sentence == "The repository has no commit yet."
        assert caught.value.hint == "Record a first article with: tracker record"


def test_a_remote_branch_and_a_detached_head_read_well(tmp_path: Path) -> None:
    """In a clone, a branch that only the remote has is found; so is a detached HEAD."""
    builder = Builder(tmp_path / "r")
    builder.commit("One", write={"a.md": "A"})
    live = builder.commit("Two", on="live", start="main", write={"a.md": "B"})
    builder.build()
    run(tmp_path, "clone", "-q", "r", "clone")
    clone = discover(tmp_path / "clone")
    assert tip(clone, "live") == tip(clone, "origin/live") == live.hash
    run(tmp_path / "clone", "checkout", "-q", "--detach", live.hash)
    assert [
        version.subject for version in track(discover(tmp_path / "clone"), "a.md").versions
    ] == [
        "One",
        "Two",
    ]


def test_resolve(tmp_path: Path) -> None:
    """A commit is named by hash, branch, tag or relation; nothing else is found."""
    builder = Builder(tmp_path / "r")
    first = builder.commit("One", write={"a.md": "A"})
    second = builder.commit("Two", write={"a.md": "B"})
    repository = builder.build()
    run(builder.folder, "tag", "-a", "-m", "Out", "v1", first.hash)
    for text, expected in (
        (second.hash, second),
        (second.hash[:8], second),
        ("HEAD", second),
        ("main~1", first),
        ("v1", first),
    ):
        assert resolve(repository, text) == expected.hash
    for text in ("gone", "--all", "-1", "HEAD:a.md", "", "a\0b", "0" * 40, "main..main"):
        with pytest.raises(TrackerError) as caught:
            resolve(repository, text)
        assert caught.value.sentence == f"There is no commit {text!r}."


def test_a_short_hash_that_fits_several(tmp_path: Path) -> None:
    """An ambiguous hash is told of."""
    builder = Builder(tmp_path / "r")
    for number in range(1200):
        builder.commit(f"Number {number}", write={"a.md": str(number)})
    repository = builder.build()
    seen: set[str] = set()
    short = next(
        commit.hash[:4]
        for commit in builder.commits
        if commit.hash[:4] in seen or seen.add(commit.hash[:4])  # type: ignore[func-returns-value]
    )
    with pytest.raises(TrackerError) as caught:
        resolve(repository, short)
    assert caught.value.sentence == f"More than one commit starts with {short!r}."
    assert caught.value.hint == "Give more digits of its hash."


ODD_NAMES = [
    "a b.md", "a\tb.md", "a\nb.md", "-a.md", ":(glob)*.md", ":!a.md", "*.md", '"quoted".md',
    "ü.md", "статья.md", "\udcff\udcfe.md", "a\\b.md", "--all.md", "ein/zwei drei/-.md", "#.md",
]  # fmt: skip


def test_odd_names(tmp_path: Path) -> None:
    """Names with white space, pattern characters or bytes that are not UTF-8 are only names."""
    builder = Builder(tmp_path / "r")
    builder.commit(
        "One", write={name: f"One of {number}." for number, name in enumerate(ODD_NAMES)}
    )
    builder.commit(
        "Two", write={name: f"Two of {number}." for number, name in enumerate(ODD_NAMES)}
    )
    repository = builder.build()
    assert sorted(one.path for one in tracks(repository)) == sorted(ODD_NAMES)
    for name in ODD_NAMES:
        assert [version.path for version in track(repository, name).versions] == [name, name]
        assert [path for path, _ in files(repository, "HEAD", name)] == [name]
    assert {path for path, _ in files(repository, "HEAD")} == set(ODD_NAMES)


def test_files_under_a_folder(tmp_path: Path) -> None:
    """Files are listed below a folder, without links and submodules."""
    builder = Builder(tmp_path / "r")
    builder.commit(
        "One",
        write={"posts/a.md": "A", "posts/b.md": "B", "posts-old/c.md": "C", "d.md": "D"},
        link={"posts/e.md": "a.md"},
        executable=["posts/b.md"],
    )
    repository = builder.build(checkout=True)
    assert [path for path, _ in files(repository, "HEAD", "posts")] == ["posts/a.md", "posts/b.md"]
    assert [path for path, _ in files(repository, "HEAD", "posts/")] == ["posts/a.md", "posts/b.md"]
    assert len(files(repository, "HEAD")) == 4
    assert files(repository, "HEAD", "gone") == ()


def test_messages_and_names_in_other_encodings(tmp_path: Path) -> None:
    """A commit's own encoding is read; bytes that fit none are still read as text."""
    builder = Builder(tmp_path / "r")
    builder.commit(
        "one",
        raw_message="Überschrift geändert".encode("latin-1"),
        encoding="ISO-8859-1",
        author="Jörg Müller <joerg@example.org>".encode("latin-1"),
        write={"a.md": "A"},
    )
    builder.commit(
        "two",
        raw_message="Nochmal geändert\n\nbody".encode("cp1252"),
        author="Zoë <zoe@example.org>".encode("cp1252"),
        write={"a.md": "B"},
    )
    first, second = track(builder.build(), "a.md").versions
    assert (first.subject, first.person.name) == ("Überschrift geändert", "Jörg Müller")
    assert (second.subject, second.person.name) == ("Nochmal geändert", "Zoë")
    assert second.person.email == "zoe@example.org"


def test_absurd_author_dates(tmp_path: Path) -> None:
    """Dates that no calendar has do not stop the history."""
    builder = Builder(tmp_path / "r")
    for number, at in enumerate(
        [
            "0 +0000",
            "99999999999999 +0000",
            "1652355900 +9999",
            "-1652355900 -0330",
            "1652355900 -0400",
        ]
    ):
        builder.commit(f"Number {number}", at=at, write={"a.md": str(number)})
    versions = track(builder.build(), "a.md").versions
    assert [version.subject for version in versions] == [f"Number {number}" for number in range(5)]
    assert all(version.at.tzinfo is not None for version in versions)
    assert versions[-1].at.isoformat() == "2022-05-12T07:45:00-04:00"


def test_nobodys_settings_change_what_is_read(tmp_path: Path) -> None:
    """Settings that change what git log prints change no history."""
    builder = Builder(tmp_path / "r")
    builder.commit("One", write={"a.md": "The river rose.", "b.md": "B"})
    builder.commit("Two", move={"a.md": "x/a.md"})
    builder.commit("Draft", on="fix", start="main", write={"b.md": "C"})
    builder.commit("Merge branch 'fix'", merge=["fix"])
    repository = builder.build()
    expected = tracks(repository)
    for key, value in {
        "log.showRoot": "false", "log.follow": "true", "log.diffMerges": "combined",
        "log.decorate": "full", "log.date": "relative", "log.showSignature": "true",
        "diff.renames": "copies", "diff.relative": "true", "diff.noprefix": "true",
        "color.ui": "always", "core.quotePath": "true", "format.pretty": "raw",
        "i18n.logOutputEncoding": "UTF-16", "core.abbrev": "4", "diff.orderFile": "order",
        "core.commitGraph": "false", "diff.external": "false", "diff.ignoreSubmodules": "all",
    }.items():  # fmt: skip
        run(builder.folder, "config", key, value)
    (builder.folder / "order").write_text("b.md\n")
    assert tracks(discover(builder.folder)) == expected
    assert len(expected[0].versions) == 2


def test_sha256_repository(tmp_path: Path) -> None:
    """A repository with longer hashes is read the same way."""
    builder = Builder(tmp_path / "r", hash_format="sha256")
    builder.commit("One", write={"a.md": "A"})
    builder.commit("Theirs", on="theirs", start="main", write={"b.md": "B"})
    builder.commit("Two", write={"a.md": "B"})
    builder.commit("Merge branch 'main' of example.org:news", merge=["theirs"])
    found = tracks(builder.build())
    assert [[version.subject for version in one.versions] for one in found] == [
        ["One", "Two"],
        ["Theirs"],
    ]
    assert len(found[0].versions[0].commit) == 64


def test_replaced_commits_are_honored(tmp_path: Path) -> None:
    """git replace joins two histories, and we see what git sees."""
    builder = Builder(tmp_path / "r")
    builder.commit("Old", on="old", write={"a.md": "A"})
    builder.commit("New root", write={"a.md": "B"})
    builder.commit("Newer", write={"a.md": "C"})
    builder.build()
    old, root, _ = builder.commits
    run(builder.folder, "replace", "--graft", root.hash, old.hash)
    found = track(discover(builder.folder), "a.md")
    assert [version.subject for version in found.versions] == ["Old", "New root", "Newer"]


def test_shallow_clone(tmp_path: Path) -> None:
    """A shallow clone says so, and its oldest commit stands for what came before."""
    builder = Builder(tmp_path / "r")
    for number in range(5):
        builder.commit(f"Number {number}", write={"a.md": str(number)})
    builder.build()
    run(tmp_path, "clone", "-q", "--depth=2", f"file://{builder.folder}", "clone")
    clone = discover(tmp_path / "clone")
    assert clone.shallow
    assert [version.subject for version in track(clone, "a.md").versions] == [
        "Number 3",
        "Number 4",
    ]


WORDS = [
    "The river rose by {} meters on Monday night and the old town was closed to all traffic.",
    "A new opera opens the season with {} singers and a small orchestra from the valley.",
]
STEP = st.tuples(
    st.sampled_from(["write", "delete", "move", "pull", "merge"]),
    st.sampled_from(["main", "bea", "cem"]),
    st.sampled_from(["a.md", "b.md", "x/a.md", "x/c.md"]),
    st.sampled_from(["a.md", "b.md", "x/a.md", "x/c.md"]),
    st.integers(0, 5),
    st.integers(0, 40),
)


@pytest.mark.parametrize("pull", ["Merge branch 'main' of example.org:news", "Merge branch 'x'"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=3, max_size=16))
def test_the_last_version_is_what_stands(
    pull: str,
    steps: list[tuple[str, str, str, str, int, int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Whatever was pulled and merged, each file that stands is one article's last version."""
    builder = Builder(tmp_path_factory.mktemp("random") / "r")
    builder.commit("Start", write={"a.md": WORDS[0].format(0)})
    for place, (what, on, path, other, number, hour) in enumerate(steps):
        tree = builder.heads[on].tree if on in builder.heads else builder.commits[0].tree
        options: dict[str, object] = {"on": on, "start": "Start"}
        options["committed"] = f"{1_650_000_000 + 3600 * hour} +0000"
        message = f"Step {place}"
        if what == "write":
            options["write"] = {path: WORDS[number % 2].format(number)}
        elif what == "delete" and path in tree:
            options["delete"] = [path]
        elif what == "move" and path in tree and other not in tree:
            options["move"] = {path: other}
        elif what in {"pull", "merge"} and other[0] in "abx":
            source = {"a": "main", "b": "bea", "x": "cem"}[other[0]]
            if source == on or source not in builder.heads or on not in builder.heads:
                continue
            options["merge"] = [source]
            if what == "pull":
                message = pull
            if number == 1:
                options["write"] = {path: WORDS[0].format(9)}
        builder.commit(message, **options)  # type: ignore[arg-type]
    repository = builder.build()
    found = tracks(repository)
    standing = {one.path: one.versions[-1].blob for one in found if not one.deleted}
    assert standing == dict(files(repository, "HEAD"))
    assert len(standing) == sum(not one.deleted for one in found)
    for one in found:
        assert all(left.blob != right.blob for left, right in pairwise(one.versions))
        assert one.versions[0].commit


@pytest.mark.parametrize("seed", range(8))
def test_where_a_line_is_narrow(seed: int, tmp_path: Path) -> None:
    """What comes after a waist stands on it, and on nothing before it."""
    builder = clones(tmp_path / "r", seed)
    repository = builder.build()
    assert repository.head is not None
    said = repository.git.run(*LOG, "--diff-merges=first-parent", repository.head, "--")
    commits = {step.hash: step for step in parse_log(said)}
    line = published_order(commits, repository.head, MAIN)
    behind: dict[str, set[str]] = {}
    for step in line:
        behind[step.hash] = {step.hash}.union(*(behind[each] for each in parents_within(step)))
    places = {step.hash: place for place, step in enumerate(line)}
    parents = [[places[each] for each in parents_within(step)] for step in line]
    expected = [
        all(here and min(here) >= place for here in parents[place + 1 :])
        for place in range(len(line))
    ]
    for narrow, step in zip(expected, line, strict=True):
        assert not narrow or all(
            step.hash in behind[other.hash] or other.hash in behind[step.hash] for other in line
        )
    assert cut_vertices(line) == expected
    assert not all(expected)
    after = expected.index(True, 1)
    assert cut_vertices(line[after + 1 :], line[after].hash) == expected[after + 1 :]
