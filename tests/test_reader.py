"""Reading texts in bulk, and finding the repository that holds them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repositories import Builder, run
from tracker.errors import TrackerError
from tracker.store.git import Repository, discover
from tracker.store.log import files
from tracker.store.reader import Reader


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    builder = Builder(tmp_path / "r")
    texts: dict[str, str | bytes] = {
        f"{number:04}.md": f"Text {number}.\n" for number in range(3000)
    }
    texts["empty.md"] = b""
    texts["binary.md"] = bytes(range(256)) * 50
    texts["large.md"] = b"x" * 3_000_000
    builder.commit("One", write=texts)
    return builder.build()


def blobs(repository: Repository) -> dict[str, str]:
    return dict(files(repository, "HEAD"))


def test_one_text_at_a_time(repository: Repository) -> None:
    """Each text is read exactly, in any order, as often as wanted, by one process."""
    known = blobs(repository)
    with Reader(repository) as reader:
        assert reader.read(known["0007.md"]) == b"Text 7.\n"
        assert reader.read(known["empty.md"]) == b""
        assert reader.read(known["binary.md"]) == bytes(range(256)) * 50
        assert reader.read(known["0007.md"]) == b"Text 7.\n"
        assert len(reader.read(known["large.md"])) == 3_000_000


def test_many_texts_in_the_order_asked(repository: Repository) -> None:
    """Bulk reading keeps the order, repeats included."""
    known = blobs(repository)
    asked = [*known.values(), *reversed(known.values())]
    with Reader(repository) as reader:
        found = list(reader.read_many(asked))
        assert [blob for blob, _ in found] == asked
        assert dict(found)[known["2999.md"]] == b"Text 2999.\n"
        assert list(reader.read_many([])) == []


def test_reading_runs_only_a_little_ahead(repository: Repository) -> None:
    """A long list of requests is not taken all at once."""
    blob = blobs(repository)["empty.md"]
    taken = 0

    def requests() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield blob

    with Reader(repository) as reader:
        answers = reader.read_many(requests())
        for _ in range(5000):
            next(answers)
        answers.close()  # type: ignore[attr-defined]
    assert taken <= 5000 + 2000
    assert not [one for one in threading.enumerate() if one.name == "tracker-reader"]


def test_two_bulk_readings_at_once(repository: Repository) -> None:
    """A reading may be left half-way while another one runs."""
    known = list(blobs(repository).values())
    with Reader(repository) as reader:
        first = reader.read_many(known)
        next(first)
        assert len(list(reader.read_many(known[:50]))) == 50
        assert reader.read(known[3]) == b"Text 3.\n"
        assert sum(1 for _ in first) == len(known) - 1


def test_what_is_no_text_is_told(repository: Repository) -> None:
    """A missing object, a commit, a tree and a name that is no hash each get their sentence."""
    commit = repository.head or ""
    tree = run(repository.git.directory, "rev-parse", "HEAD^{tree}").decode().strip()
    expected = {
        "0" * 40: f"The repository lacks the text {'0' * 40}.",
        commit: f"{commit} is a commit, not a text.",
        tree: f"{tree} is a tree, not a text.",
        "HEAD:0001.md": "'HEAD:0001.md' is not the full name of a git object.",
        "0\n1": "'0\\n1' is not the full name of a git object.",
        "": "'' is not the full name of a git object.",
    }
    good = blobs(repository)["0001.md"]
    with Reader(repository) as reader:
        for blob, sentence in expected.items():
            with pytest.raises(TrackerError) as caught:
                reader.read(blob)
            assert caught.value.sentence == sentence
            assert reader.read(good) == b"Text 1.\n"
            with pytest.raises(TrackerError) as caught:
                list(reader.read_many([good, blob, good]))
            assert caught.value.sentence == sentence


def test_a_text_that_is_too_large(repository: Repository) -> None:
    """A text above the limit is refused, and the next one is read all the same."""
    known = blobs(repository)
    with Reader(repository, max_bytes=1_000_000) as reader:
        with pytest.raises(TrackerError) as caught:
            reader.read(known["large.md"])
        assert caught.value.sentence == (
            f"The text {known['large.md']} has 3000000 bytes, more than the 1000000 that are read."
        )
        assert reader.read(known["0001.md"]) == b"Text 1.\n"


def test_an_error_of_the_caller_comes_through(repository: Repository) -> None:
    """What the iterable raises is raised where the texts are taken."""
    blob = blobs(repository)["0001.md"]

    def requests() -> Iterator[str]:
        yield blob
        raise LookupError("no more")

    with Reader(repository) as reader, pytest.raises(LookupError, match="no more"):
        list(reader.read_many(requests()))


def test_a_repository_that_vanishes(repository: Repository) -> None:
    """git that cannot go on is told of, and leaves no process."""
    blob = blobs(repository)["0001.md"]
    (repository.git_dir / "HEAD").rename(repository.git_dir / "gone")
    with Reader(repository) as reader:
        for _ in range(2):
            with pytest.raises(TrackerError) as caught:
                reader.read(blob)
            assert caught.value.sentence == "git stopped while it was reading texts."
        with pytest.raises(TrackerError, match="git stopped"):
            list(reader.read_many([blob]))


def test_discover_a_work_tree(tmp_path: Path) -> None:
    """From any folder, and through a symbolic link, the same repository is found."""
    builder = Builder(tmp_path / "r")
    commit = builder.commit("One", write={"posts/a b/x.md": "A"})
    builder.build(checkout=True)
    (tmp_path / "link").symlink_to(tmp_path / "r" / "posts")
    for place in ("r", "r/posts", "r/posts/a b", "r/posts/a b/x.md", "link/a b"):
        found = discover(tmp_path / place)
        assert found.top == (tmp_path / "r").resolve()
        assert found.git_dir == found.common_dir == (tmp_path / "r" / ".git").resolve()
        assert (found.branch, found.head) == ("refs/heads/main", commit.hash)
        assert not found.shallow
        assert not found.bare


def test_discover_other_states(tmp_path: Path) -> None:
    """Bare, unborn, detached, and a second work tree are each seen as what they are."""
    builder = Builder(tmp_path / "r")
    commit = builder.commit("One", write={"a.md": "A"})
    builder.build(checkout=True)
    run(tmp_path, "clone", "-q", "--bare", "r", "bare.git")
    bare = discover(tmp_path / "bare.git")
    assert (bare.bare, bare.top, bare.head) == (True, None, commit.hash)
    assert bare.branch == "refs/heads/main"
    run(tmp_path, "init", "-q", "-b", "first", "unborn")
    unborn = discover(tmp_path / "unborn")
    assert (unborn.branch, unborn.head, unborn.top) == (
        "refs/heads/first",
        None,
        tmp_path / "unborn",
    )
    run(tmp_path, "init", "-q", "-b", "first", "--bare", "both.git")
    both = discover(tmp_path / "both.git")
    assert (both.branch, both.head, both.bare) == ("refs/heads/first", None, True)
    run(tmp_path / "r", "worktree", "add", "-q", "--detach", "../second")
    second = discover(tmp_path / "second")
    assert (second.branch, second.head, second.top) == (None, commit.hash, tmp_path / "second")
    assert second.common_dir == tmp_path / "r" / ".git"
    assert second.git_dir == tmp_path / "r" / ".git" / "worktrees" / "second"


def test_discover_nothing(tmp_path: Path) -> None:
    """What is no usable repository is told of in one sentence."""
    with pytest.raises(TrackerError) as caught:
        discover(tmp_path)
    assert caught.value.sentence == f"{tmp_path} is not in a git repository."
    assert caught.value.hint == "Make a newsroom there with: tracker init"
    with pytest.raises(TrackerError) as caught:
        discover(tmp_path / "gone" / "x")
    assert caught.value.sentence == f"There is no folder {tmp_path / 'gone'}."


def test_discover_damage(tmp_path: Path) -> None:
    """A repository whose newest commit is lost, or of an unknown format, is told of."""
    builder = Builder(tmp_path / "r")
    builder.commit("One", write={"a.md": "A"})
    builder.build()
    (tmp_path / "r/.git/refs/heads/main").write_text("1" * 40 + "\n")
    with pytest.raises(TrackerError) as caught:
        discover(tmp_path / "r")
    assert caught.value.sentence == (
        f"The newest commit of the repository at {tmp_path / 'r'} cannot be read."
    )
    run(tmp_path, "init", "-q", "other")
    (tmp_path / "other/.git/config").write_text("[core]\n\trepositoryformatversion = 99\n")
    with pytest.raises(TrackerError) as caught:
        discover(tmp_path / "other")
    assert caught.value.sentence == (
        f"git cannot read the repository at {tmp_path / 'other'}: "
        "Expected git repo version <= 1, found 99."
    )


def test_git_is_not_there(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the program git, the sentence says so."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TrackerError) as caught:
        discover(repository.git.directory)
    assert caught.value.sentence == "The program git was not found."


def test_the_sizes_of_many(repository: Repository) -> None:
    """Asked for at once and again, those that are missing left out."""
    known = blobs(repository)
    with Reader(repository) as reader:
        found = reader.sizes([*known.values(), "1" * 40])
        assert len(found) == len(set(known.values()))
        assert found[known["large.md"]] == 3_000_000
        assert found[known["empty.md"]] == 0
        assert reader.sizes([known["0007.md"]]) == {known["0007.md"]: 8}
        assert reader.sizes([]) == {}
        with pytest.raises(TrackerError):
            reader.sizes(["HEAD"])
