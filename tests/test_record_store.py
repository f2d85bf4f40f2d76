"""Recording one revision: what the commit, the index and the work tree are afterwards."""

from __future__ import annotations

import stat
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

import pytest

from tests.recording import ADA, ARTICLE, MORNING, Room, write
from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store import commit as writer
from tracker.store.commit import EditedMeanwhile, blob_of
from tracker.store.git import discover
from tracker.store.reader import object_hash
from tracker.store.remote import initialise


@pytest.fixture
def room(tmp_path: Path) -> Room:
    articles = {ARTICLE: b"One.\n", "articles/other.md": b"Other.\n", "site/conf.toml": b"a = 1\n"}
    return Room.make(tmp_path / "room", articles=articles)


def test_a_revision_is_one_ordinary_commit_that_changes_one_path(room: Room) -> None:
    before = room.git("rev-parse", "main")
    commit = room.record(b"Two.\n", message="Add the ministry\n\nAsked on Tuesday.\n")
    assert commit == room.git("rev-parse", "main")
    assert room.git("rev-parse", "main^") == before
    assert room.git("show", "--format=", "--name-status", "main") == f"M\t{ARTICLE}"
    assert room.git("log", "-1", "--format=%an|%ae|%aI|%cn|%ce|%B") == (
        "Ada Editor|ada@example.org|2022-05-12T07:45:00-04:00|Ada Editor|ada@example.org|"
        "Add the ministry\n\nAsked on Tuesday.\n"
    ).rstrip("\n")
    assert room.git("log", "-1", "-g", "--format=%gs", "HEAD") == "tracker: Add the ministry"
    assert room.file() == room.text() == b"Two.\n"
    assert room.status == []
    room.sound()


def test_staged_edited_and_new_files_of_others_stay_as_they_were(room: Room) -> None:
    room.put("articles/other.md", b"Staged.\n")
    room.git("add", "articles/other.md")
    room.put("site/conf.toml", b"a = 2\n")
    room.put("new.txt", b"new\n")
    before = room.status
    assert before == [" M site/conf.toml", "?? new.txt", "M  articles/other.md"]
    room.put(ARTICLE, b"Two.\n")
    room.record(b"Two.\n")
    assert room.status == before
    assert room.text("articles/other.md") == b"Other.\n"
    room.sound()


@pytest.mark.parametrize(
    "path",
    [
        "x.md",
        "articles/2022/06/new.md",
        "articles/Über uns & mehr.md",
        "articles/a\nb\t\x01.md",
        '"quoted".md',
        "-option.md",
        ":(glob)**.md",
        "articles/trailing ",
        "articles/2022-05.md",
        "articles/back\\slash.md",
        "a,b;c.md",
        "articles/caf\udce9.md",
        "日本/記事.md",
    ],
)
def test_a_new_article_of_any_name_is_recorded(room: Room, path: str) -> None:
    assert room.record(b"First.\n", path) is not None
    assert room.file(path) == b"First.\n"
    assert room.text(path) == b"First.\n"
    assert room.record(b"Second.\n", path) is not None
    assert room.text(path) == b"Second.\n"
    assert room.status == []
    assert room.text() == b"One.\n"
    room.sound()


def test_a_tree_keeps_the_order_of_git_whatever_is_put_into_it(tmp_path: Path) -> None:
    room = Room.make(tmp_path, "--bare")
    names = ["a.md", "a-b.md", "a/b.md", "a0.md", "b.md", "a.b/c.md", "a-/d.md", "A.md"]
    for name in names:
        room.record(name.encode(), name)
        room.sound()
    assert sorted(room.git("ls-tree", "-r", "--name-only", "main").splitlines()) == sorted(names)


def test_an_unchanged_article_makes_no_commit(room: Room) -> None:
    before = room.git("rev-parse", "main")
    assert room.record(b"One.\n") is None
    assert room.git("rev-parse", "main") == before
    assert room.status == []


def test_an_edited_file_goes_back_to_the_text_of_the_branch_without_a_commit(room: Room) -> None:
    room.put(ARTICLE, b"Draft.\n")
    room.git("add", ARTICLE)
    assert room.record(b"One.\n") is None
    assert room.file() == b"One.\n"
    assert room.status == []


def test_what_was_staged_of_the_article_is_replaced_by_what_is_recorded(room: Room) -> None:
    room.put(ARTICLE, b"Staged.\n")
    room.git("add", ARTICLE)
    room.put(ARTICLE, b"On disk.\n")
    room.record(b"On disk.\n")
    assert room.text() == b"On disk.\n"
    assert room.status == []


def test_an_intended_addition_is_recorded(room: Room) -> None:
    room.put("articles/soon.md", b"Soon.\n")
    room.git("add", "--intent-to-add", "articles/soon.md")
    room.record(b"Soon.\n", "articles/soon.md")
    assert room.status == []
    assert room.text("articles/soon.md") == b"Soon.\n"


def test_an_entry_that_git_was_told_not_to_look_at_is_recorded(room: Room) -> None:
    room.git("update-index", "--assume-unchanged", ARTICLE)
    room.record(b"Two.\n")
    assert room.text() == b"Two.\n"
    assert room.status == []


def test_the_executable_bit_and_the_mode_of_the_file_are_kept(room: Room) -> None:
    file = room.folder / ARTICLE
    file.chmod(0o755)
    room.git("commit", "-qam", "Executable")
    file.chmod(0o750)
    room.record(b"Two.\n")
    assert room.git("ls-tree", "main", ARTICLE).startswith("100755 ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    assert room.status == []


def test_the_first_commit_of_a_new_repository_can_be_a_revision(tmp_path: Path) -> None:
    room = Room.make(tmp_path)
    room.put("keep.txt", b"staged\n")
    room.git("add", "keep.txt")
    commit = room.record(b"One.\n")
    assert room.git("rev-list", "main") == commit
    assert room.git("ls-tree", "-r", "--name-only", "main") == ARTICLE
    assert room.status == ["A  keep.txt"]
    room.sound()


def test_a_bare_repository_takes_revisions_of_its_branch(tmp_path: Path) -> None:
    room = Room.make(tmp_path, "--bare")
    first = room.record(b"One.\r\n")
    assert room.record(b"One.\r\n") is None
    second = room.record(b"Two.\r\n")
    assert room.git("rev-list", "main").split() == [second, first]
    assert room.text() == b"Two.\r\n"
    room.record(b"Three.\n", branch="main")
    assert not (tmp_path / "index").exists()
    room.sound()


def test_a_sha256_repository_takes_revisions_in_both_forms(tmp_path: Path) -> None:
    for options in (["--object-format=sha256"], ["--object-format=sha256", "--bare"]):
        room = Room.make(tmp_path / str(len(options)), *options)
        for text in (b"One.\n", b"Two.\n"):
            commit = room.record(text)
            assert commit == room.git("rev-parse", "main")
            assert len(commit) == 64
        room.sound()


def test_a_message_is_kept_to_the_letter_and_never_an_option(room: Room) -> None:
    message = "--amend -m\n\n# not a comment\n  indented\n\n\ntwo blank lines\x0b\n-- \nab"
    room.record(b"Two.\n", message="\n\n" + message + "\0\n\n")
    said = subprocess.run(
        ["git", "cat-file", "commit", "main"], cwd=room.folder, capture_output=True, check=True
    ).stdout
    assert said.partition(b"\n\n")[2] == message.encode() + b"\n"
    room.sound()


def test_an_author_cannot_break_the_line_that_names_him(room: Room) -> None:
    person = Person("Eve <evil@x> 0 +0000\nparent 12", "e<v>e@x.org\n")
    room.record(b"Two.\n", person=person)
    assert room.git("log", "-1", "--format=%an|%ae|%at") == (
        "Eve evil@x 0 +0000parent 12|eve@x.org|1652355900"
    )
    room.record(b"Three.\n", person=Person("Zoë", ""))
    assert room.git("log", "-1", "--format=%an|%ae") == "Zoë|"
    room.sound()


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "0 +0000"),
        (datetime(9999, 12, 31, 12, tzinfo=UTC), "253402257600 +0000"),
        (MORNING.replace(microsecond=999_999), "1652355900 -0400"),
        (datetime(2022, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
         "1641007800 -0330"),
        (datetime(2022, 1, 1, tzinfo=timezone(timedelta(hours=23))), "1640912400 +0000"),
        (datetime(1990, 1, 1, tzinfo=timezone(timedelta(seconds=3208))), "631148792 +0053"),
    ],
)  # fmt: skip
def test_the_date_of_the_author_is_the_instant_and_offset_given(
    room: Room, at: datetime, written: str
) -> None:
    room.record(b"Two.\n", at=at)
    assert room.git("log", "-1", "--format=%ad", "--date=raw") == written
    room.sound()


def test_line_ends_are_turned_as_git_turns_them(tmp_path: Path) -> None:
    for setting in ("true", "input"):
        room = Room.make(tmp_path / setting, articles={"a.txt": b"x\n"})
        room.git("config", "core.autocrlf", setting)
        room.put(ARTICLE, b"One.\r\nTwo.\r\n")
        room.record(b"One.\r\nTwo.\r\n")
        assert room.text() == b"One.\nTwo.\n"
        assert room.file() == b"One.\r\nTwo.\r\n"
        assert room.status == []
        assert room.record(b"One.\r\nTwo.\r\n") is None
        assert room.record(b"One.\nTwo.\n") is None


def test_a_text_that_has_crlf_in_the_repository_keeps_it_where_git_add_keeps_it(
    tmp_path: Path,
) -> None:
    room = Room.make(tmp_path, articles={ARTICLE: b"One.\r\nTwo.\r\n"})
    room.git("config", "core.autocrlf", "true")
    room.record(b"One.\r\nThree.\r\n")
    assert room.text() == b"One.\r\nThree.\r\n"
    assert room.status == []
    room.put("articles/.gitattributes", b"*.md text\n")
    room.git("add", ".")
    room.record(b"One.\r\nFour.\r\n")
    assert room.text() == b"One.\nFour.\n"


def test_attributes_and_filters_of_the_repository_apply(tmp_path: Path) -> None:
    room = Room.make(tmp_path, articles={".gitattributes": b"*.md eol=crlf filter=up\n"})
    room.git("config", "filter.up.clean", "tr a-z A-Z")
    room.git("config", "filter.up.smudge", "tr A-Z a-z")
    room.record(b"one\r\n")
    assert room.text() == b"ONE\n"
    assert room.file() == b"one\r\n"
    assert room.status == []
    assert blob_of(room.repository, ARTICLE, b"one\r\n") == room.blob()


@pytest.mark.parametrize(
    "place",
    ["articles/.gitattributes", ".git/info/attributes", "../settings/attributes", "staged"],
)
def test_attributes_apply_wherever_they_stand(
    room: Room, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(room.folder.parent / "config"))
    room.put("x.md" if place == "staged" else place, b"*.md text\n")
    if place.startswith(".."):
        room.git("config", "core.attributesFile", str(room.folder / place))
    if place == "staged":
        room.put("articles/2022/.gitattributes", b"*.md text\n")
        room.git("add", ".")
        room.git("commit", "-qm", "Attributes")
        (room.folder / "articles/2022/.gitattributes").unlink()
    room.record(b"Two.\r\n")
    assert room.text() == b"Two.\n"


def test_attributes_of_a_person_apply(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, place in (("XDG_CONFIG_HOME", "../git"), ("HOME", "../.config/git")):
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        monkeypatch.setenv(variable, str(room.folder.parent))
        room.put(f"{place}/attributes", b"*.md text\n")
        room.record(f"By {variable}.\r\n".encode())
        assert room.text() == f"By {variable}.\n".encode()


def test_a_filter_that_is_not_installed_stops_the_recording(room: Room) -> None:
    room.put(".gitattributes", b"*.md filter=lfs\n")
    room.git("config", "filter.lfs.clean", "no-such-program-lfs clean")
    room.git("config", "filter.lfs.required", "true")
    before = room.git("rev-parse", "main"), room.git("ls-files", "-s")
    with pytest.raises(TrackerError, match=r"^git add failed: .*no-such-program-lfs"):
        room.record(b"Two.\n")
    assert room.file() == b"One.\n"
    assert (room.git("rev-parse", "main"), room.git("ls-files", "-s")) == before


def test_a_linked_work_tree_records_in_its_own_branch(room: Room, tmp_path: Path) -> None:
    room.git("worktree", "add", "-q", "-b", "desk", str(tmp_path / "desk"))
    desk = Room(tmp_path / "desk")
    commit = write(
        desk.repository, ARTICLE, b"Desk.\n", expected=desk.blob(revision="desk"),
        message="From the desk", person=ADA, at=MORNING, disk=b"One.\n",
    )  # fmt: skip
    assert room.git("rev-parse", "desk") == commit
    assert room.file() == b"One.\n"
    assert desk.file() == b"Desk.\n"
    assert room.status == desk.status == []
    room.record(b"Main.\n")
    assert room.status == desk.status == []
    room.sound()


def test_the_work_tree_of_a_submodule_records_in_the_submodule(room: Room, tmp_path: Path) -> None:
    outer = Room.make(tmp_path / "outer", articles={"readme": b"x\n"})
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(room.folder), "sub")
    outer.git("commit", "-qm", "Add")
    inner = Room(outer.folder / "sub")
    assert (inner.folder / ".git").is_file()
    commit = inner.record(b"Two.\n")
    assert inner.git("rev-parse", "HEAD") == commit
    assert inner.status == []
    assert outer.status == [" M sub"]


def test_variables_of_a_surrounding_hook_do_not_redirect_a_recording(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Room.make(tmp_path / "other", articles={ARTICLE: b"One.\n"})
    before = other.git("rev-parse", "main")
    with monkeypatch.context() as patch:
        patch.setenv("GIT_DIR", str(other.folder / ".git"))
        patch.setenv("GIT_INDEX_FILE", str(other.folder / ".git" / "index"))
        patch.setenv("GIT_WORK_TREE", str(other.folder))
        patch.setenv("GIT_OBJECT_DIRECTORY", str(other.folder / ".git" / "objects"))
        patch.setenv("GIT_PREFIX", "articles/")
        blob = blob_of(discover(room.folder), ARTICLE, b"One.\n")
        write(
            discover(room.folder), ARTICLE, b"Two.\n", expected=blob, message="Inside a hook",
            person=ADA, at=MORNING, disk=b"One.\n",
        )  # fmt: skip
    assert other.git("rev-parse", "main") == before
    assert (other.status, room.status) == ([], [])
    assert room.text() == b"Two.\n"


def test_a_sparse_checkout_records_what_is_in_it_and_refuses_what_is_not(room: Room) -> None:
    room.git("sparse-checkout", "set", "--cone", "--sparse-index", "articles/2022")
    room.record(b"Two.\n")
    room.record(b"New.\n", "articles/2022/new.md")
    assert room.status == []
    head = room.git("rev-parse", "main")
    for path in ("site/conf.toml", "site/new.md"):
        with pytest.raises(TrackerError) as caught:
            room.record(b"x\n", path)
        assert caught.value.sentence == f"{path} is outside of this sparse checkout."
        assert caught.value.hint == "Bring its folder in with: git sparse-checkout add site"
    assert room.git("rev-parse", "main") == head
    assert not (room.folder / "site").exists()
    assert room.status == []


def test_a_file_that_is_not_what_was_read_is_never_overwritten(room: Room) -> None:
    head = room.git("rev-parse", "main")
    room.put(ARTICLE, b"Saved by another program.\n")
    with pytest.raises(TrackerError) as caught:
        write(
            room.repository, ARTICLE, b"Two.\n", expected=room.blob(), message="x",
            person=ADA, at=MORNING, disk=b"One.\n",
        )  # fmt: skip
    assert caught.value.sentence == f"Another program changed {ARTICLE} meanwhile."
    assert room.file() == b"Saved by another program.\n"
    assert room.git("rev-parse", "main") == head


def test_a_new_article_never_overwrites_a_file_that_was_not_read(room: Room) -> None:
    room.put("articles/x.md", b"Mine.\n")
    with pytest.raises(TrackerError, match=r"^Another program changed articles/x\.md meanwhile\.$"):
        write(
            room.repository, "articles/x.md", b"New.\n", expected=None, message="x",
            person=ADA, at=MORNING,
        )  # fmt: skip
    assert room.file("articles/x.md") == b"Mine.\n"


def test_an_article_that_another_editor_recorded_meanwhile_is_not_overwritten(room: Room) -> None:
    expected = room.blob()
    commit = room.record(b"By Bo.\n", person=Person("Bo", "bo@x.org"))
    assert commit is not None
    with pytest.raises(EditedMeanwhile) as caught:
        write(
            room.repository, ARTICLE, b"By Ada.\n", expected=expected, message="x", person=ADA,
            at=MORNING, disk=b"By Bo.\n",
        )  # fmt: skip
    assert caught.value.sentence == (
        f"Bo changed {ARTICLE} meanwhile: commit {commit[:10]} of 2022-05-12 07:45-04:00."
    )
    assert (caught.value.commit, caught.value.person, caught.value.at) == (
        commit, Person("Bo", "bo@x.org"), MORNING,
    )  # fmt: skip
    assert room.file() == b"By Bo.\n"
    assert room.status == []


def test_git_packs_its_objects_when_there_are_many(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = (b"%d" % number for number in range(10_000))
    counted = (text for text in texts if object_hash("blob", text, 40).startswith("17"))
    for text in islice(counted, 2):
        room.git("hash-object", "-w", "--stdin", data=text)
    room.git("config", "gc.auto", "1")
    room.git("config", "gc.autoDetach", "false")
    room.record(b"Two.\n")
    packs = room.folder / ".git" / "objects" / "pack"
    assert not list(packs.glob("*.pack"))
    monkeypatch.setattr(writer, "_MANY", 0)
    room.record(b"Three.\n")
    assert list(packs.glob("*.pack"))
    room.sound()


def test_long_messages_and_odd_names_are_no_hindrance(room: Room) -> None:
    room.record(b"Two.\n", message="x" * 1_000_000, person=Person("A\ud800da", "a@x.org"))
    assert room.git("log", "-1", "--format=%an") == "A?da"
    room.record(b"Three.\n", person=Person("Ren\udce9", "r@x.org"))
    assert "author René <r@x.org> " in room.git("cat-file", "commit", "main")
    room.record(b"Four.\n")
    assert len(room.git("log", "-1", "--format=%s", "main~2")) == 1_000_000


def test_no_temporary_file_is_left_beside_the_article(room: Room) -> None:
    room.record(b"Two.\n")
    assert [file.name for file in (room.folder / ARTICLE).parent.iterdir()] == ["war.md"]
    assert (room.folder / ".git" / "tracker-writer").read_bytes() == b""


def test_a_new_folder_becomes_a_newsroom_with_the_branch_main(tmp_path: Path) -> None:
    repository = initialise(tmp_path / "new" / "room")
    assert (repository.branch, repository.head) == ("refs/heads/main", None)
    assert initialise(tmp_path / "new" / "room") == repository
    (tmp_path / "new" / "room" / "desk").mkdir()
    (tmp_path / "new" / "room" / "desk" / "x.md").write_text("x")
    assert initialise(tmp_path / "new" / "room" / "desk").top == repository.top
    inner = initialise(tmp_path / "new" / "room" / "inner")
    assert inner.top == tmp_path / "new" / "room" / "inner"


def test_the_default_branch_that_a_person_chose_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[init]\n\tdefaultBranch = trunk\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert initialise(tmp_path / "room").branch == "refs/heads/trunk"


def test_a_newsroom_is_not_made_where_a_file_is_or_nobody_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "room"):
        with pytest.raises(TrackerError) as caught:
            initialise(folder)
        assert caught.value.sentence == (
            f"{tmp_path / 'file'} is a file, so there can be no newsroom in it."
        )
    monkeypatch.setenv("GIT_AUTHOR_NAME", "")
    with pytest.raises(TrackerError, match=r"^git does not know who you are\.$"):
        initialise(tmp_path / "room")
    assert not (tmp_path / "room").exists()
