"""The catalog's tables tell the same histories as git, whatever happened to the line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path
from random import Random

import pytest

from tests.histories import plainly, published, track, tracks
from tests.measured import blog
from tests.repositories import Builder, run
from tests.test_identity import FOLDER, build
from tracker.catalog.build import bring_up_to_date, held, rebuild
from tracker.catalog.queries import all_tracks
from tracker.catalog.schema import Catalog, catalog_file
from tracker.store.git import Repository, discover
from tracker.store.history import PublishedHistory, ignored_commits

TEXTS = [
    "The river rose by {} meters on Monday night and the old town was closed to all traffic.",
    "A new opera opens the season with {} singers and a small orchestra from the valley.",
]
PULL = "Merge branch 'main' of example.org:news"


def agree(
    repository: Repository, *, branch: str | None = None, ignored: frozenset[str] = frozenset()
) -> None:
    """The catalog, brought up to date, tells of all articles what is told when all is read anew."""
    expected = tracks(repository, branch=branch, ignored=ignored)
    with Catalog(repository) as catalog:
        bring_up_to_date(catalog, repository, published(repository, branch, ignored))
        assert not catalog.in_memory
        assert all_tracks(catalog.connection) == expected


def cases() -> list[object]:
    return [
        pytest.param(case, id=f"{file.stem}: {name}")
        for file in sorted(FOLDER.glob("*.toml"))
        for name, case in tomllib.loads(file.read_text("utf-8")).items()
    ]


@pytest.mark.parametrize("case", cases())
def test_the_cases_of_identity(case: dict[str, object], tmp_path: Path) -> None:
    """Every case of moves, endings and merges is told alike, read at once and commit by commit."""
    builder = build(tmp_path / "r", case)
    repository = builder.build()
    names = case.get("ignored", [])
    ignored = frozenset(builder.by_message[name].hash for name in names)  # type: ignore[attr-defined]
    branch = case.get("branch")
    assert branch is None or isinstance(branch, str)
    agree(repository, branch=branch, ignored=ignored)
    if branch is None:
        catalog_file(repository).unlink()
        newest: str | None = repository.head
        line = []
        while newest:
            line.append(newest)
            parents = run(builder.folder, "log", "-1", "--format=%P", newest).decode().split()
            newest = parents[0] if parents else None
        for commit in reversed(line):
            agree(repository._replace(head=commit), ignored=ignored)


def history(folder: Path, seed: int) -> tuple[Builder, list[str]]:
    """A random history with branches, pulls, merges, moves; and the commits that were main's."""
    random = Random(seed)
    builder = Builder(folder)
    builder.commit("Start", write={"a.md": TEXTS[0].format(0), "z.txt": TEXTS[1].format(0)})
    paths = ["a.md", "b.md", "x/a.md", "x/c.md", "c.html"]
    mains = [builder.commits[0]]
    for place in range(random.randrange(6, 24)):
        on = random.choice(["main", "main", "main", "bea", "cem"])
        tree = builder.heads[on].tree if on in builder.heads else builder.commits[0].tree
        path, other = random.sample(paths, 2)
        options: dict[str, object] = {"on": on, "start": "Start"}
        options["committed"] = f"{1_650_000_000 + 3600 * random.randrange(40)} +0000"
        message = f"Step {place}"
        match random.choice(["write", "write", "write", "delete", "move", "pull", "merge"]):
            case "write":
                options["write"] = {path: random.choice(TEXTS).format(random.randrange(5))}
            case "delete" if path in tree:
                options["delete"] = [path]
            case "move" if path in tree and other not in tree:
                options["move"] = {path: other}
            case "pull" | "merge" as what:
                source = random.choice(["main", "bea", "cem"])
                if source == on or source not in builder.heads or on not in builder.heads:
                    continue
                options["merge"] = [source]
                if what == "pull" and seed % 2:
                    message = PULL
        made = builder.commit(message, **options)  # type: ignore[arg-type]
        if on == "main":
            mains.append(made)
    return builder, [str(each.mark) for each in mains]


def clones(folder: Path, seed: int) -> Builder:
    """A random history of three clones that pull from each other, and settle what they wrote."""
    random = Random(seed)
    builder = Builder(folder)
    builder.commit("Start", write={"a.md": TEXTS[0].format(0), "z.txt": TEXTS[1].format(0)})
    paths = ["a.md", "b.md", "x/a.md", "x/c.md", "c.html"]
    for place in range(random.randrange(10, 40)):
        on = random.choice(["main", "main", "bea", "cem"])
        tree = builder.heads[on].tree if on in builder.heads else builder.commits[0].tree
        path, other = random.sample(paths, 2)
        hours = place if seed % 3 else random.randrange(40)  # clocks that are right, or are not
        options: dict[str, object] = {"on": on, "start": "Start"}
        options["committed"] = f"{1_650_000_000 + 3600 * hours} +0000"
        text = {path: random.choice(TEXTS).format(random.randrange(5))}
        what = random.choice([*["write"] * 4, "delete", *["move"] * 2, *["pull"] * 4, "settle"])
        if what in {"pull", "settle"}:
            source = random.choice(["main", "bea", "cem"])
            if source == on or source not in builder.heads or on not in builder.heads:
                continue
            options["merge"] = [source]
            if what == "settle":
                options["write"] = text
            builder.commit(PULL, **options)  # type: ignore[arg-type]
            continue
        if what == "write":
            options["write"] = text
        elif what == "delete" and path in tree:
            options["delete"] = [path]
        elif what == "move" and path in tree and other not in tree:
            options["move"] = {path: other}
        builder.commit(f"Step {place}", **options)  # type: ignore[arg-type]
    return builder


# 6 has two articles that turn out to be one, 306 one that a pull brings under another name.
@pytest.mark.parametrize("seed", [*range(14), 306])
def test_clones_that_write_side_by_side(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What pulls bring between what is held is told as by git, whatever tip is seen when."""
    jump(clones(tmp_path / "r", seed), seed, monkeypatch)


@pytest.mark.parametrize("seed", range(24))
def test_random_histories_and_a_tip_that_jumps(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever order the tips are seen in, forth, back and across branches, git tells the same."""
    jump(history(tmp_path / "r", seed)[0], seed, monkeypatch)


def jump(builder: Builder, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """See the tips of a history in an order of chance."""
    if seed % 4 < 2:  # in as small steps as a very long line
        monkeypatch.setattr("tracker.store.history._PART", 2)
        monkeypatch.setattr("tracker.catalog.update.MOST_FILES", 1)
    repository = builder.build()
    random = Random(seed)
    ignored = frozenset(each.hash for each in builder.commits if random.random() < 0.1)
    agree(repository, ignored=ignored)
    tips = [each.hash for each in builder.commits]
    walk = sorted(random.sample(tips, min(6, len(tips))), key=tips.index)
    walk += random.choices(tips, k=6)
    for newest in walk:
        agree(repository._replace(head=newest), ignored=ignored)


def small(folder: Path, count: int = 6) -> tuple[Builder, Repository]:
    builder = Builder(folder)
    for number in range(count):
        builder.commit(f"Number {number}", write={"a.md": f"Text {number}."})
    return builder, builder.build(checkout=True)


def rebuilt(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tips for which the whole line was read."""
    seen: list[str] = []

    def counted(
        catalog: Catalog, repository: Repository, history: PublishedHistory, *rest: object
    ) -> None:
        seen.append(history.newest)
        rebuild(catalog, repository, history, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("tracker.catalog.build.rebuild", counted)
    return seen


def test_what_is_new_is_added_and_nothing_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New commits and a merge of another branch are added; another order is read anew."""
    _, repository = small(tmp_path / "r")
    seen = rebuilt(monkeypatch)
    agree(repository)
    first = len(seen)
    folder = tmp_path / "r"
    (folder / "b.md").write_text(TEXTS[0])
    run(folder, "add", "b.md")
    run(folder, "commit", "-q", "-m", "New")
    agree(discover(folder))
    run(folder, "checkout", "-q", "-b", "side")
    run(folder, "mv", "a.md", "c.md")
    run(folder, "commit", "-q", "-m", "Moved")
    run(folder, "checkout", "-q", "main")
    run(folder, "merge", "-q", "--no-ff", "-m", "Merge branch 'side'", "side")
    agree(discover(folder))
    assert len(seen) == first
    run(folder, "commit", "-q", "--amend", "-m", "Merged, said better")
    agree(discover(folder))
    assert len(seen) == first + 1


def test_a_history_without_merges_is_told_as_by_git_log(tmp_path: Path) -> None:
    """Held against a second way to read it that shares nothing with the first."""
    random = Random(5)
    builder = Builder(tmp_path / "r")
    builder.commit("Start", write={"a.md": TEXTS[0].format(0), "b.md": TEXTS[1].format(1)})
    for place in range(80):
        tree = builder.heads["main"].tree
        path = random.choice(sorted(tree))
        match random.choice(["write", "write", "new", "move", "delete"]):
            case "write":
                builder.commit(f"{place}", write={path: TEXTS[place % 2].format(place)})
            case "new":
                text = f"Text {place}, of which nothing was said by anybody until {place}."
                builder.commit(f"{place}", write={f"n{place}.md": text})
            case "move":
                builder.commit(f"{place}", move={path: f"m{place}.md"})
            case "delete" if len(tree) > 2:
                builder.commit(f"{place}", delete=[path])
    repository = builder.build()
    agree(repository)
    found = {each.path: each for each in tracks(repository) if not each.deleted}
    assert plainly(builder.folder) == {
        path: [(version.commit, version.blob) for version in each.versions]
        for path, each in found.items()
    }


def test_a_history_in_many_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history longer than a part, with side branches, is told as one."""
    monkeypatch.setattr("tracker.store.history._PART", 3)
    monkeypatch.setattr("tracker.catalog.update.MOST_FILES", 2)
    builder = Builder(tmp_path / "r")
    for number in range(12):
        builder.commit(f"One {number}", write={f"{number % 4}.md": TEXTS[0].format(number)})
    early = builder.heads["main"]
    builder.commit("Side", on="side", start="main", write={"9.md": TEXTS[1]})
    for number in range(7):
        builder.commit(f"Two {number}", write={f"{number % 3}.md": TEXTS[1].format(number)})
    builder.commit("Side again", on="side", edit={"9.md": ["small", "large"]})
    builder.commit("Merge branch 'side'", merge=["side"])
    builder.commit("Gone", delete=["1.md"])
    for number in range(5):
        builder.commit(f"Three {number}", write={f"{number % 3}.md": TEXTS[1].format(-number)})
    repository = builder.build()
    agree(repository._replace(head=early.hash))
    agree(repository)
    catalog_file(repository).unlink()
    agree(repository)


def test_a_shallow_clone_that_is_made_whole(tmp_path: Path) -> None:
    """What is missing in a shallow clone is there when it was fetched."""
    builder, _ = small(tmp_path / "r")
    run(tmp_path, "clone", "-q", "--depth=2", f"file://{builder.folder}", "clone")
    folder = tmp_path / "clone"
    agree(discover(folder))
    run(folder, "fetch", "-q", "--unshallow")
    agree(discover(folder))
    assert len(track(discover(folder), "a.md").versions) == 6


def test_replaced_commits(tmp_path: Path) -> None:
    """git replace changes the line, also where git packed the ref away."""
    builder, repository = small(tmp_path / "r")
    agree(repository)
    first, *_, newest = builder.commits
    run(builder.folder, "replace", "--graft", newest.hash, first.hash)
    agree(discover(builder.folder))
    assert len(tracks(discover(builder.folder))[0].versions) == 2
    run(builder.folder, "pack-refs", "--all")
    agree(discover(builder.folder))
    run(builder.folder, "replace", "-d", newest.hash)
    agree(discover(builder.folder))


def test_ignored_commits_are_part_of_what_is_asked(tmp_path: Path) -> None:
    """Another list of ignored commits is another history."""
    builder, repository = small(tmp_path / "r")
    agree(repository)
    (builder.folder / ".git-blame-ignore-revs").write_text(builder.commits[2].hash + "\n")
    ignored = ignored_commits(repository)
    assert ignored
    agree(repository, ignored=ignored)


def test_names_that_are_no_utf_8_and_odd_instants(tmp_path: Path) -> None:
    """Bytes of names and absurd dates come back as git has them."""
    builder = Builder(tmp_path / "r", hash_format="sha256")
    builder.commit("One", write={"\udcff\udcfe.md": TEXTS[0], "ü b\n.md": "B", "plain": TEXTS[1]})
    builder.commit("Two", at="-1652355900 -0330", move={"\udcff\udcfe.md": "x/\udcff.md"})
    builder.commit("Three", at="99999999999999 +0000", move={"plain": "plain.md"})
    builder.commit("Four", at="1652355900 +9999", write={"ü b\n.md": "C"}, author=b" <>")
    agree(builder.build())


def test_a_catalog_that_is_broken_locked_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made anew, passed over, or not made."""
    _, repository = small(tmp_path / "r")
    agree(repository)
    path = catalog_file(repository)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    agree(repository)
    monkeypatch.setattr("tracker.catalog.schema.PATIENCE", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with Catalog(repository) as catalog:
        bring_up_to_date(catalog, repository, published(repository))
        assert catalog.in_memory
        assert len(all_tracks(catalog.connection)) == 1
    other.execute("ROLLBACK")
    other.close()
    agree(repository)


def test_a_disk_that_is_full_while_it_is_made(tmp_path: Path) -> None:
    """A file that may not grow stands for the disk; what was there stays."""
    _, repository = small(tmp_path / "r")
    with Catalog(repository) as catalog:
        pages = catalog.connection.execute("PRAGMA page_count").fetchone()[0]
        catalog.remember("r", {(str(number), "x"): "y" * 500 for number in range(400)})
        catalog.connection.execute(f"PRAGMA max_page_count = {pages}")
        bring_up_to_date(catalog, repository, published(repository))
        assert len(all_tracks(catalog.connection)) == 1
    agree(repository)


def test_processes_that_build_at_once(tmp_path: Path) -> None:
    """Several make it together, and one is killed: it is whole."""
    _, repository = small(tmp_path / "r", 30)
    script = (
        "import sys\nfrom pathlib import Path\nfrom tracker.catalog.schema import Catalog\n"
        "from tracker.catalog.build import rebuild, bring_up_to_date\n"
        "from tracker.store.git import discover\n"
        "from tracker.store.history import published_history\n"
        "repository = discover(Path(sys.argv[1]))\n"
        "history = published_history(repository)\n"
        "for n in range(5):\n"
        "    with Catalog(repository) as catalog:\n"
        "        bring_up_to_date(catalog, repository, history)\n"
        "        rebuild(catalog, repository, history)\n"
    )
    words = [sys.executable, "-c", script, str(repository.top)]
    running = [subprocess.Popen(words, env=os.environ) for _ in range(3)]
    running[0].kill()
    assert [each.wait(120) for each in running][1:] == [0, 0]
    agree(repository)


def test_a_catalog_killed_while_it_catches_up_is_whole(tmp_path: Path) -> None:
    """What was not committed is as if it had never been begun."""
    builder, repository = small(tmp_path / "r")
    agree(repository._replace(head=builder.commits[2].hash))
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom tracker.catalog.schema import Catalog\n"
        "import tracker.catalog.build as build\nfrom tracker.store.git import discover\n"
        "from tracker.store.history import published_history\n"
        "repository = discover(Path(sys.argv[1]))\n"
        "build._hold = lambda *_: os.kill(os.getpid(), 9)\n"
        "with Catalog(repository) as catalog:\n"
        "    build.bring_up_to_date(catalog, repository, published_history(repository))\n"
    )
    words = [sys.executable, "-c", script, str(repository.top)]
    assert subprocess.run(words, check=False).returncode == -9
    with Catalog(repository) as catalog:
        now = held(catalog.connection)
    assert now is not None
    assert now.newest == builder.commits[2].hash
    agree(repository)


def test_a_blog(tmp_path: Path) -> None:
    """All articles, with pulls, merges and the day on which all were moved."""
    repository = discover(blog(tmp_path))
    agree(repository, ignored=ignored_commits(repository))
