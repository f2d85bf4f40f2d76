"""Any number of revisions through one stream: what each became, and what git has afterwards."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker import Newsroom
from tracker.errors import TrackerError
from tracker.model import Recording, Refusal, Revision

START = datetime(2024, 1, 1, tzinfo=UTC)


def at(hour: int, article: str, text: str | bytes | None, **more: object) -> Recording:
    return Recording(article, text, START + timedelta(hours=hour), **more)  # type: ignore[arg-type]


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture(params=["work tree", "bare"])
def room(tmp_path: Path, request: pytest.FixtureRequest) -> Newsroom:
    bare = ["--bare"] if request.param == "bare" else []
    git(tmp_path, "init", "-q", "-b", "main", *bare, "room")
    return Newsroom(tmp_path / "room")


def folder(room: Newsroom) -> Path:
    return room.repository.git.directory


def number(result: Revision | Refusal) -> int:
    assert isinstance(result, Revision), result
    return result.number


def reason(result: Revision | Refusal) -> str:
    assert isinstance(result, Refusal), result
    return result.reason


def test_each_becomes_a_commit_in_the_order_of_their_instants(room: Newsroom) -> None:
    given = [
        at(3, "articles/a.md", "Two.\n", by="Bo Desk <bo@x.org>", message="Out"),
        at(2, "articles/b.md", b"One\r\n\xff"),
        at(1, "articles/a.md", "One.\n", trailers=(("Source-Url", "https://x.org/ a\nb"),)),
    ]
    done = room.record_many(given)
    assert [(number(each), each.at) for each in done] == [
        (2, given[0].at), (1, given[1].at), (1, given[2].at),
    ]  # fmt: skip
    assert [each.commit for each in done if isinstance(each, Revision)] == [
        git(folder(room), "rev-parse", f"main~{back}").strip() for back in (0, 1, 2)
    ]
    log = git(folder(room), "log", "--reverse", "--format=%an %ae|%B|").split("|")
    assert log[1] == "Publish articles/a.md\n\nSource-Url: https://x.org/ a b\n"
    assert log[4:6] == ["\nBo Desk bo@x.org", "Out\n"]
    shown = ["git", "show", "main:articles/b.md"]
    assert subprocess.check_output(shown, cwd=folder(room)) == b"One\r\n\xff"
    assert git(folder(room), "status", "--porcelain") == "" if not room.repository.bare else True
    assert git(folder(room), "fsck", "--strict") == ""


def test_what_changes_nothing_gives_what_stands(room: Newsroom) -> None:
    (first,) = room.record_many([at(1, "articles/a.md", "One.\n")])
    tip = git(folder(room), "rev-parse", "main")
    assert room.record_many([at(2, "articles/a.md", "One.\n")]) == (first,)
    assert git(folder(room), "rev-parse", "main") == tip
    second, again = room.record_many(
        [at(3, "articles/a.md", "Two.\n"), at(4, "articles/a.md", "Two.\n")]
    )
    assert number(second) == 2
    assert second == again
    # The same revision given once more is known, whatever came after it.
    assert room.record_many([at(1, "articles/a.md", "One.\n")]) == (first,)
    assert room.record_many([]) == ()


def test_a_revision_from_before_what_is_there_is_refused(room: Newsroom) -> None:
    room.record_many([at(2, "articles/a.md", "Two.\n")])
    late, other = room.record_many(
        [at(1, "articles/a.md", "One.\n"), at(1, "articles/b.md", "B.\n")]
    )
    assert reason(late) == (
        "articles/a.md has a newer revision already, of 2024-01-01 02:00+00:00."
    )
    assert number(other) == 1


def test_moves_and_deletions(room: Newsroom) -> None:
    done = room.record_many(
        [
            at(1, "articles/a.md", "One.\n\nThe ferry is late.\n"),
            at(2, "articles/b.md", "Another.\n"),
            at(3, "articles/c.md", "Two.\n\nThe ferry is late.\n", moved_from="articles/a.md"),
            at(4, "articles/b.md", None),
            at(5, "articles/b.md", None),
            at(6, "articles/d.md", "Two.\n\nThe ferry is late.\n", moved_from="articles/c.md"),
        ]
    )
    assert [number(each) for each in (*done[:4], done[5])] == [1, 1, 2, 1, 2]
    assert reason(done[4]) == "There is no article articles/b.md that could have been deleted."
    assert git(folder(room), "ls-tree", "-r", "--name-only", "main") == "articles/d.md\n"
    assert [each.path for each in room.history("articles/d.md")] == [
        "articles/a.md",
        "articles/c.md",
    ]
    if not room.repository.bare:
        assert [path.name for path in (folder(room) / "articles").iterdir()] == ["d.md"]
        assert git(folder(room), "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("tracker.toml", "tracker.toml is no article by the newsroom's settings."),
        ("articles/x.html", "articles/x.html is no article by the newsroom's settings."),
        ("../x.md", "../x.md leads out of the repository."),
        ("/x.md", "/x.md leads out of the repository."),
        ("articles/.git/x.md", ("articles/.git/x.md has the part .git, a name that git keeps"
         " for itself.")),
        (f"articles/{'x' * 300}.md", f"{'x' * 60}… is too long for the name of a file."),
        ("articles/a.md/x.md", ("articles/a.md is a file in the newsroom, so articles/a.md/x.md"
         " cannot be in it.")),
        ("", "The path of the article is empty."),
    ],
)  # fmt: skip
def test_paths_that_no_article_can_have(room: Newsroom, path: str, sentence: str) -> None:
    room.record_many([at(1, "articles/a.md", "One.\n")])
    bad, good = room.record_many([at(2, path, "x\n"), at(3, "articles/a.md", "Two.\n")])
    assert reason(bad) == sentence
    assert number(good) == 2


def test_a_path_anywhere_is_taken_when_that_is_asked_for(room: Newsroom) -> None:
    (done,) = room.record_many([at(1, "notes.html", "One.\n")], anywhere=True)
    assert number(done) == 1


def test_notes_stay_only_where_that_is_asked_for(room: Newsroom) -> None:
    told = "One.\n\nCorrection: An earlier version of this article misstated the cost.\n"
    _first, taken_out = room.record_many(
        [at(1, "articles/a.md", told), at(2, "articles/a.md", "Two.\n")]
    )
    assert number(taken_out) == 2
    assert room.show("articles/a.md") == "Two.\n"
    room.record_many([at(3, "articles/a.md", told)])
    room.record_many([at(4, "articles/a.md", "Three.\n")], keep_notes=True)
    assert "misstated the cost" in room.show("articles/a.md")
    assert room.show("articles/a.md").startswith("Three.\n")


def test_a_note_comes_with_its_revision(room: Newsroom) -> None:
    room.record_many([at(1, "articles/a.md", "One.\n")])
    (done,) = room.record_many(
        [at(2, "articles/a.md", "Two.\n", note="The cost was wrong.", kind="correction")]
    )
    assert isinstance(done, Revision)
    assert [note.kind for note in done.notes] == ["correction"]


def test_somebodys_edits_are_never_written_over(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "room")
    room = Newsroom(tmp_path / "room")
    room.record_many([at(1, "articles/a.md", "One.\n"), at(1, "articles/b.md", "B.\n")])
    file = folder(room) / "articles" / "a.md"
    file.write_text("Edited.\n")
    before = git(folder(room), "rev-parse", "main")
    with pytest.raises(TrackerError, match=r"articles/a\.md would be overwritten"):
        room.record_many([at(2, "articles/a.md", "Two.\n")])
    assert git(folder(room), "rev-parse", "main") == before
    assert file.read_text() == "Edited.\n"
    (done,) = room.record_many([at(2, "articles/b.md", "B two.\n")])
    assert number(done) == 2
    assert file.read_text() == "Edited.\n"


def test_signing_is_not_passed_over(room: Newsroom) -> None:
    git(folder(room), "config", "commit.gpgSign", "true")
    with pytest.raises(TrackerError, match="are to be signed"):
        room.record_many([at(1, "articles/a.md", "One.\n")])
    (done,) = room.record_many([at(1, "articles/a.md", "One.\n")], sign=False)
    assert number(done) == 1


def test_an_article_that_comes_back_as_it_was_has_the_revision_that_stood(room: Newsroom) -> None:
    room.record_many([at(1, "articles/a.md", "One.\n"), at(2, "articles/a.md", None)])
    (back,) = room.record_many([at(3, "articles/a.md", "One.\n")])
    assert number(back) == 1
    life = room.life("articles/a.md")
    assert [event.kind for event in life.events] == ["deleted", "returned"]


def test_what_comes_back_is_what_the_history_has(room: Newsroom) -> None:
    note = "Correction: An earlier version of this article misstated the cost."
    dated = "---\ntitle: Port\ndate: {}\ndraft: {}\n---\nThe port is {}.\n"
    many = [at(1, f"articles/many/{name}.md", f"# {name}\n\nText.\n") for name in range(30)]
    last = at(9, "articles/moved.md", "# 3\n\nText.\n", moved_from="articles/many/3.md")
    first = [
        at(1, "articles/noted.md", f"One.\n\n{note}\n"),
        at(1, "articles/port.md", dated.format("2024-01-01", "true", "shut")),
        at(2, "articles/noted.md", "Two.\n"),
    ]
    then = [
        at(3, "articles/noted.md", f"Three.\n\n{note}\n"),
        at(3, "articles/port.md", dated.format("2024-01-01", "false", "open")),
        at(4, "articles/noted.md", f"Four.\n\n{note}\n\nUpdate: The bridge is shut.\n"),
        at(5, "articles/port.md", dated.format("2023-12-01", "false", "open again")),
        at(6, "articles/port.md", dated.format("2023-12-01", "false", "open for good")),
        *many,
        last,
    ]
    done = [*room.record_many(first), *room.record_many(then)]
    for article in dict.fromkeys(each.article for each in (*first, *then)):
        revisions = room.life(article, compared=False).revisions
        ours = [
            one for one, each in zip(done, (*first, *then), strict=True) if each.article == article
        ]
        assert ours == list(revisions)[: len(ours)], article
    assert [number(each) for each in done[-2:]] == [1, 1]
