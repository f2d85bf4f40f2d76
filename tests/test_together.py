"""Two editors at one article: the second is told, and nothing is overwritten without a word."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import Desk
from tests.killing import limited
from tracker import Newsroom
from tracker.errors import TrackerError
from tracker.model import Note
from tracker.newsroom.concurrent_edits import ChangedMeanwhile
from tracker.newsroom.merging import is_marked, merge_notes, pieces
from tracker.store.git import Git
from tracker.store.merge import Collision, three_way

MATTER = "---\ntitle: The mill\n---\n\n"
BODY = (
    "The mill employs 400 people. It makes paper.\n\n"
    "The owner spoke on Monday. He gave no reason.\n\n"
    "It opened in 1901.\n"
)
BO = "Bo Desk <bo@example.org>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the newsrooms are made once, for all tests to copy."""
    return tmp_path_factory.mktemp("together")


@pytest.fixture(params=["front matter", "plain"])
def room(
    desk: Desk, made: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """An article that Bo changed after Ada had begun her text: ``draft`` is what she began with."""
    there = made / request.param
    if not there.exists():
        text = BODY if request.param == "plain" else MATTER + BODY
        desk.ok("init", str(there), "--style", "newsweek", "--timezone", "America/New_York")
        first = Desk(there, monkeypatch)
        first.write("mill.md", text)
        first.ok("record", "mill.md", "--at", "2022-05-12 07:45")
        first.write("mill.md", text.replace("400", "440"))
        first.ok(
            "record", "mill.md", "--by", BO, "--at", "2022-05-12 09:00",
            "--correction", "An earlier version misstated the number of employees.",
        )  # fmt: skip
    shutil.copytree(there, desk.folder / "room")
    return Desk(desk.folder / "room", monkeypatch)


def draft(room: Desk, old: str, new: str) -> bytes:
    text = room.git("show", "HEAD~1:mill.md")
    assert old in text
    return text.replace(old, new).encode()


def test_the_second_editor_is_told_which_revision_came_between_and_what_it_changed(
    room: Desk,
) -> None:
    text = draft(room, "in 1901", "in 1902")
    said = room.refused("record", "mill.md", "--file", "-", "--base", "1", stdin=text)
    commit = room.git("rev-parse", "HEAD")[:10]
    lines = said.splitlines()
    assert lines[0] == (
        "tracker: Bo Desk changed mill.md meanwhile: revision 2, 2022-05-12 09:00 EDT, "
        f"+1 −1 words, commit {commit}."
    )
    assert any("[-400-]{+440+}" in line for line in lines)
    assert lines[-1] == (
        "  Bring both texts together with --merge, or put yours in its place with --anyway."
    )
    room.clean()


@pytest.mark.parametrize("base", ["1", "latest~1", "HEAD~1", "2022-05-12T08:00-04:00"])
def test_the_base_is_a_revision_an_instant_or_a_commit(room: Desk, base: str) -> None:
    text = draft(room, "in 1901", "in 1902")
    assert "Bo Desk changed mill.md meanwhile" in room.refused(
        "record", "mill.md", "--file", "-", "--base", base, stdin=text
    )


def test_a_text_written_against_the_latest_revision_is_recorded(room: Desk) -> None:
    text = room.read("mill.md").replace("in 1901", "in 1902").encode()
    room.ok("record", "mill.md", "--file", "-", "--base", "latest", stdin=text)
    assert "in 1902" in room.read("mill.md")
    room.clean()


def test_a_text_that_is_out_already_collides_with_nothing(room: Desk) -> None:
    said = room.ok("record", "mill.md", "--base", "1")
    assert said.out == "mill.md is unchanged since revision 2: nothing recorded.\n"


def test_changes_of_different_sentences_are_merged_with_both_notes(room: Desk) -> None:
    text = draft(room, "It makes paper", "It makes fine paper")
    said = room.ok(
        "record", "mill.md", "--file", "-", "--base", "1", "--merge",
        "--update", "to say what it makes", stdin=text,
    )  # fmt: skip
    assert "  Merged with revision 2 by Bo Desk, commit " in said.out
    merged = room.read("mill.md")
    assert "The mill employs 440 people. It makes fine paper." in merged
    notes = Newsroom(room.folder).notes("mill.md")
    assert [note.kind for note in notes] == ["correction", "update"]
    assert len(Newsroom(room.folder).history("mill.md")) == 3
    room.clean()


def test_a_note_that_the_text_brings_itself_does_not_collide_with_one_given_meanwhile(
    room: Desk, tmp_path: Path
) -> None:
    """Both editors gave the id u1, or wrote a line in the same place; both notes stand."""
    room.git("clone", "-q", ".", "other")
    other = room.folder / "other"
    subprocess.run(["git", "reset", "-q", "--hard", "HEAD~1"], cwd=other, check=True)
    room.ok("-C", "other", "record", "mill.md", "--update", "to name the owner")
    text = (other / "mill.md").read_bytes()
    room.ok("record", "mill.md", "--file", "-", "--base", "1", "--merge", stdin=text)
    notes = Newsroom(room.folder).notes("mill.md")
    assert [note.kind for note in notes] == ["correction", "update"]
    assert len({note.id for note in notes}) == 2


def test_what_both_changed_is_shown_and_left_to_the_editor(room: Desk, tmp_path: Path) -> None:
    text = draft(room, "400", "404")
    words = ("record", "mill.md", "--file", "-", "--base", "1", "--merge")
    said = room.refused(*words, stdin=text)
    assert said.splitlines()[:4] == [
        "tracker: In mill.md, one passage was changed by both of you: nothing was recorded.",
        "  before: The mill employs 400 people.",
        "  yours:  The mill employs 404 people.",
        "  theirs: The mill employs 440 people.",
    ]
    target = tmp_path.parent / f"{tmp_path.name}-both.md"
    said = room.run(*words, "--conflicts", str(target), stdin=text).err
    assert said.splitlines()[-1] == (
        f"  Settle them in {target}, then: tracker record mill.md --file {target} --base latest"
    )
    assert is_marked(target.read_text())
    assert room.refused("record", "mill.md", "--file", str(target), "--base", "latest").startswith(
        "tracker: The text for mill.md still has the marks of passages"
    )
    assert "is there already" in room.refused(*words, "--conflicts", str(target), stdin=text)
    room.clean()


def test_a_text_recorded_anyway_says_so_and_keeps_what_readers_were_told(room: Desk) -> None:
    text = draft(room, "400", "404")
    commit = room.git("rev-parse", "HEAD")[:10]
    said = room.ok(
        "record", "mill.md", "--file", "-", "--base", "1", "--anyway", "-m", "Mine", stdin=text
    )
    assert f"  In place of revision 2 by Bo Desk, commit {commit}." in said.out
    assert room.git("log", "-1", "--format=%B").strip() == (
        f"Mine\n\nRecorded in place of revision 2 by Bo Desk ({commit}), "
        "whose text was not taken over."
    )
    assert "404" in room.read("mill.md")
    assert "An earlier version misstated the number of employees." in room.read("mill.md")
    room.clean()


def test_a_program_gets_what_came_between_as_json(room: Desk) -> None:
    text = draft(room, "400", "404")
    said = room.run(
        "record", "mill.md", "--file", "-", "--base", "1", "--merge", "--json", stdin=text
    )
    assert said.status == 2
    between = json.loads(said.out)["meanwhile"]
    assert between["base"] == 1
    assert [each["person"]["name"] for each in between["revisions"]] == ["Bo Desk"]
    assert between["collisions"] == [
        {
            "base": "The mill employs 400 people.",
            "ours": "The mill employs 404 people.",
            "theirs": "The mill employs 440 people.",
        }
    ]


def test_the_library_says_the_same(room: Desk) -> None:
    text = draft(room, "400", "404")
    with pytest.raises(ChangedMeanwhile) as caught:
        Newsroom(room.folder).record("mill.md", text, base=1)
    assert caught.value.between.base == 1
    assert caught.value.person is not None
    assert caught.value.person.name == "Bo Desk"
    assert caught.value.between.change.substantive
    text = draft(room, "in 1901", "in 1902")
    now = datetime(2022, 6, 1, tzinfo=UTC)
    revision = Newsroom(room.folder, now=now).record("mill.md", text, base=1, meanwhile="merge")
    assert revision.number == 3


def test_a_branch_that_was_moved_under_a_work_tree_is_not_taken_back(
    room: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A push into a repository that people work in leaves the older file and index there."""
    there = tmp_path_factory.mktemp("there")
    room.git("clone", "-q", ".", str(there))
    (there / "mill.md").write_text(room.read("mill.md").replace("in 1901", "in 1902"))
    room.ok("-C", str(there), "record", "mill.md", "--by", "Cy <cy@x.org>")
    room.git("fetch", "-q", str(there))
    room.git("update-ref", "refs/heads/main", "FETCH_HEAD")
    room.write("mill.md", room.read("mill.md").replace("no reason", "two reasons"))
    said = room.refused("record", "mill.md")
    assert said.startswith("tracker: Cy changed mill.md meanwhile: revision 3, ")
    room.ok("record", "mill.md", "--merge")
    merged = room.read("mill.md")
    assert "in 1902" in merged
    assert "two reasons" in merged
    room.clean()


@pytest.mark.parametrize("way", ["--merge", "--anyway", "by hand"])
def test_a_lost_race_is_remembered_until_the_text_is_settled(
    room: Desk, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The same command again does not quietly put the older text in the newer one's place."""
    text = room.read("mill.md").replace("in 1901", "in 1902")
    stream = (
        "commit refs/heads/main\ncommitter Cy <cy@x.org> 1700000000 +0000\ndata 2\nCy\n"
        f"from refs/heads/main^0\nM 100644 inline mill.md\ndata {len(text.encode())}\n{text}\n"
    )
    (room.folder / ".git" / "by-cy").write_text(stream)
    hook = room.folder / ".git" / "hooks" / "pre-commit"
    hook.write_text(
        "#!/bin/sh\ntest -e .git/once && exit 0; touch .git/once\n"
        "git fast-import --quiet < .git/by-cy\n"
    )
    hook.chmod(0o755)
    mine = room.read("mill.md").replace("no reason", "two reasons")
    room.write("mill.md", mine)
    for _ in range(2):
        said = room.run("record", "mill.md")
        assert said.status == 2
        assert said.err.startswith("tracker: Cy changed mill.md meanwhile: revision 3, ")
        assert room.read("mill.md") == mine
    if way == "by hand":
        room.write("mill.md", mine.replace("in 1901", "in 1902"))
        room.ok("record", "mill.md")
    else:
        room.ok("record", "mill.md", way)
    assert ("in 1902" in room.read("mill.md")) == (way != "--anyway")
    assert "two reasons" in room.read("mill.md")
    room.clean()
    room.write("mill.md", room.read("mill.md") + "More.\n")
    room.ok("record", "mill.md")


def test_a_text_does_not_take_the_place_of_a_file_that_nobody_recorded(room: Desk) -> None:
    text = room.read("mill.md").replace("in 1901", "in 1902").encode()
    room.write("mill.md", room.read("mill.md").replace("paper", "fine paper"))
    before = room.read("mill.md")
    assert room.refused("record", "mill.md", "--file", "-", stdin=text) == (
        "tracker: mill.md has changes on disk that are not recorded.\n"
        "  Record them first, or give them up with: git restore -- mill.md\n"
    )
    assert room.read("mill.md") == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--base", "9"), "There is no revision 9: the article has 2."),
        (("--base", "--output=x"), "“--output=x” is no revision of this article."),
        (("--base", "1", "--merge", "--anyway"), "--merge takes over what others wrote"),
        (("--base", "1", "--conflicts", "x.md"), "--conflicts is for passages"),
    ],
)
def test_wrong_options_are_refused(room: Desk, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in room.refused("record", "mill.md", "--file", "-", *words, stdin=b"New.\n")


def test_an_article_deleted_meanwhile_is_told_of(room: Desk) -> None:
    room.git("rm", "-q", "mill.md")
    room.git("commit", "-q", "-m", "Delete")
    said = room.refused("record", "mill.md", "--file", "-", "--base", "2", stdin=b"New.\n")
    assert said.startswith("tracker: mill.md was deleted after revision 2,")


# --- at once --------------------------------------------------------------------------------------

_EDITOR = """
import sys
from datetime import datetime, UTC
from tracker import Newsroom
from tracker.errors import TrackerError
import tracker.newsroom.concurrent_edits, tracker.newsroom.writing
folder, name, same = sys.argv[1], sys.argv[2], sys.argv[3] == "same"
path = "shared.md" if same else f"{name}.md"
print("ready", flush=True)
sys.stdin.readline()
for _ in range(500):
    try:
        room = Newsroom(folder, now=datetime(2022, 6, 1, tzinfo=UTC))
        old = room.show(path) if same else ""
        text = old + f"Editor {name} wrote this.\\n\\n"
        print(room.record(path, text, base="latest" if old else None).commit, flush=True)
        break
    except TrackerError as error:
        known = ("meanwhile", "on disk that are not recorded")
        assert any(words in error.sentence for words in known), error.sentence
"""


def _history(folder: Path) -> set[str]:
    done = subprocess.run(
        ["git", "log", "--format=%H", "--", "*.md"], cwd=folder, capture_output=True, check=True
    )
    return set(done.stdout.decode().split())


@pytest.mark.parametrize("which", ["same", "different"])
def test_eight_processes_record_at_once_and_none_is_lost(newsroom: Desk, which: str) -> None:
    newsroom.write("shared.md", "Start.\n\n")
    newsroom.ok("record", "shared.md")
    running = [
        limited(
            subprocess.Popen(
                [sys.executable, "-c", _EDITOR, str(newsroom.folder), f"e{number}", which],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        for number in range(8)
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == b"ready\n"
    for each in running:
        assert each.stdin is not None
        each.stdin.write(b"go\n")
        each.stdin.flush()
    reported: list[str] = []
    for each in running:
        printed, complaint = each.communicate(timeout=120)
        assert complaint == b""
        reported += printed.decode().split()
    assert len(set(reported)) == 8
    assert set(reported) < _history(newsroom.folder)
    paths = ["shared.md"] if which == "same" else [f"e{number}.md" for number in range(8)]
    lines = [line for path in paths for line in newsroom.read(path).splitlines()]
    written = sorted(line for line in lines if line.startswith("Editor"))
    assert written == sorted(f"Editor e{number} wrote this." for number in range(8))
    newsroom.clean()


def test_eight_threads_merge_into_one_article_and_none_is_lost(newsroom: Desk) -> None:
    """Each changes a paragraph of its own, all against the first revision."""
    text = "".join(f"Paragraph {number} stands.\n\n" for number in range(8))
    newsroom.write("shared.md", text)
    newsroom.ok("record", "shared.md")
    now = datetime(2022, 6, 2, tzinfo=UTC)
    failed: list[BaseException] = []
    commits: list[str] = []

    def edit(number: int) -> None:
        mine = text.replace(f"Paragraph {number} stands", f"Editor {number} was here")
        for _ in range(200):
            try:
                room = Newsroom(newsroom.folder, now=now)
                made = room.record("shared.md", mine, base=1, meanwhile="merge")
                commits.append(made.commit)
            except TrackerError as error:
                if "not recorded" not in error.sentence and "meanwhile" not in error.sentence:
                    failed.append(error)
                    return
            else:
                return

    threads = [threading.Thread(target=edit, args=(number,), daemon=True) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failed == []
    expected = "".join(f"Editor {number} was here.\n\n" for number in range(8))
    assert newsroom.read("shared.md") == expected
    assert len(set(commits)) == 8
    assert len(Newsroom(newsroom.folder).history("shared.md")) == 9
    newsroom.clean()


# --- the merge itself -----------------------------------------------------------------------------


@given(st.text(alphabet="ab.\n -#`>|", max_size=60), st.sampled_from(["paragraph", "sentence"]))
def test_pieces_are_the_text(text: str, grain: str) -> None:
    assert "".join(pieces(text, grain)) == text  # type: ignore[arg-type]


PARAGRAPHS = st.lists(st.sampled_from("ABCDEFGH"), min_size=1, max_size=6)


@settings(max_examples=25)
@given(PARAGRAPHS, PARAGRAPHS, st.data())
def test_what_two_editors_do_apart_is_all_there_and_in_place(
    first: list[str], second: list[str], data: st.DataObject
) -> None:
    """One rewrites the part before a paragraph that stays, the other the part after it."""
    mine = data.draw(PARAGRAPHS)
    theirs = data.draw(PARAGRAPHS)

    def text(before: list[str], after: list[str]) -> str:
        lines = [f"{each} before." for each in before] + ["It stays."]
        return "\n\n".join([*lines, *(f"{each} after." for each in after)]) + "\n"

    sides = (text(first, second), text(mine, second), text(first, theirs))
    parts = three_way(Git(Path("/")), *(pieces(each, "sentence") for each in sides))
    assert parts == (text(mine, theirs),)


def test_marks_of_conflicts_in_an_article_are_only_words(tmp_path: Path) -> None:
    base = ["<<<<<<< x", "\n", "=======", "\n", "12"]
    git = Git(tmp_path)
    assert three_way(git, base, [*base, ">>>>>>>"], ["0\n1", *base]) == (
        "0\n1<<<<<<< x\n=======\n12>>>>>>>",
    )
    assert three_way(git, ["a"], ["b"], ["c"]) == (Collision("a", "b", "c"),)


def _note(name: str, text: str, **parts: object) -> Note:
    return Note(name, "update", text, datetime(2022, 5, 12, tzinfo=UTC))._replace(**parts)  # type: ignore[arg-type]


def test_notes_are_merged_by_their_ids() -> None:
    base = (_note("u1", "One."),)
    day = datetime(2022, 5, 13, tzinfo=UTC)
    ours = (base[0]._replace(withdrawn=day), _note("u2", "Ours."), _note("u3", "O", amends="u2"))
    theirs = (*base, _note("u2", "Theirs."))
    notes, collisions = merge_notes(base, ours, theirs)
    assert collisions == ()
    assert [(note.id, note.text, note.amends) for note in notes] == [
        ("u1", "One.", None), ("u2", "Theirs.", None), ("u4", "Ours.", None), ("u3", "O", "u4"),
    ]  # fmt: skip
    assert notes[0].withdrawn == day
    assert merge_notes(base, (), theirs)[0] == theirs
    assert merge_notes(base, (_note("u1", "A"),), (_note("u1", "B"),))[1] == (
        Collision("One.", "A", "B"),
    )
