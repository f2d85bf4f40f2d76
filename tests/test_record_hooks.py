"""Commit hooks and signatures are honoured as git honours them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recording import ARTICLE, Room
from tracker.errors import TrackerError


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room.make(
        tmp_path / "room", articles={ARTICLE: b"One.\n", "articles/other.md": b"Other.\n"}
    )


def test_hooks_see_the_article_alone_and_other_files_stay_as_they_were(room: Room) -> None:
    room.hook("pre-commit", "git diff --cached --name-only -- '*.md' > .git/seen; env > .git/env")
    room.hook("post-commit", "git log -1 --format=%an > .git/after")
    room.put("articles/other.md", b"Staged.\n")
    room.git("add", "articles/other.md")
    room.put("new.md", b"new")
    before = room.status
    commit = room.record(b"Two.\n", message="Two\n\n# kept\n\n\n-- \n")
    assert (room.folder / ".git" / "seen").read_text() == f"{ARTICLE}\n"
    assert "GIT_LITERAL_PATHSPECS" not in (room.folder / ".git" / "env").read_text()
    assert (room.folder / ".git" / "after").read_text() == "Ada Editor\n"
    assert commit == room.git("rev-parse", "main")
    assert room.git("log", "-1", "--format=%an|%aI|%B") == (
        "Ada Editor|2022-05-12T07:45:00-04:00|Two\n\n# kept\n\n\n-- "
    )
    assert room.status == before
    assert room.text() == b"Two.\n"
    room.sound()


@pytest.mark.parametrize("name", ["pre-commit", "prepare-commit-msg", "commit-msg"])
def test_a_hook_that_refuses_is_quoted_and_everything_stays(room: Room, name: str) -> None:
    room.hook(name, "echo 'The desk is closed.' >&2; echo more; exit 3")
    room.put(ARTICLE, b"As saved.\n")
    for path in (ARTICLE, "articles/new.md"):
        before = (room.git("rev-parse", "main"), room.git("ls-files", "-s"), room.status)
        with pytest.raises(TrackerError) as caught:
            room.record(b"With a note.\n", path)
        assert caught.value.sentence == "git did not make the commit: The desk is closed."
        assert "commit hook" in caught.value.hint
        assert (room.git("rev-parse", "main"), room.git("ls-files", "-s"), room.status) == before
    assert room.file() == b"As saved.\n"


def test_a_hook_that_rewrites_the_article_leaves_no_staged_reversal(room: Room) -> None:
    room.hook("pre-commit", f"echo Signed. >> {ARTICLE}; git add {ARTICLE}")
    room.record(b"Two.\n")
    assert room.text() == room.file() == b"Two.\nSigned.\n"
    assert room.status == []


def test_a_hook_that_rewrites_the_message_is_honoured(room: Room) -> None:
    room.hook("commit-msg", 'echo "Desk: $(cat "$1")" > "$1"')
    room.record(b"Two.\n", message="Two")
    assert room.git("log", "-1", "--format=%s") == "Desk: Two"


def test_a_hook_that_amends_afterwards_is_honoured(room: Room) -> None:
    guard = 'test -n "$AMENDED" && exit 0; export AMENDED=1'
    room.hook("post-commit", f"{guard}; git commit -q --amend --no-edit --trailer 'Desk: x'")
    commit = room.record(b"Two.\n")
    assert commit == room.git("rev-parse", "main")
    assert room.git("log", "-1", "--format=%(trailers:key=Desk,valueonly)") == "x"
    assert room.status == []


@pytest.mark.parametrize("folder", ["../hooks", "tools/hooks"])
def test_hooks_stand_where_the_settings_say(room: Room, folder: str) -> None:
    room.git("config", "core.hooksPath", folder)
    room.hook("pre-commit", "exit 1", folder)
    with pytest.raises(TrackerError) as caught:
        room.record(b"Two.\n")
    assert caught.value.sentence == "git did not make the commit: it gave no reason."


def test_hooks_in_the_home_folder_are_found(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    room.git("config", "core.hooksPath", "~/hooks")
    Room(tmp_path).hook("pre-commit", "exit 1", "hooks")
    with pytest.raises(TrackerError):
        room.record(b"Two.\n")


def test_new_articles_and_first_commits_pass_through_hooks(room: Room, tmp_path: Path) -> None:
    empty = Room.make(tmp_path / "empty")
    for one in (room, empty):
        one.hook("pre-commit", "git diff --cached --name-only > .git/seen")
        commit = one.record(b"First.\n", "articles/a b.md")
        assert commit == one.git("rev-parse", "main")
        assert (one.folder / ".git" / "seen").read_text() == "articles/a b.md\n"
        assert one.status == []
    assert empty.git("ls-tree", "-r", "--name-only", "main") == "articles/a b.md"


@pytest.mark.parametrize("path", [":(glob)**.md", "articles/*.md", "-x.md", '"q".md'])
def test_names_are_no_patterns_and_no_options_for_git_commit(room: Room, path: str) -> None:
    room.hook("pre-commit", "exit 0")
    room.put("articles/other.md", b"Edited.\n")
    room.record(b"New.\n", path)
    assert room.text(path) == b"New.\n"
    assert room.status == [" M articles/other.md"]


def signer(room: Room, status: int = 0) -> None:
    script = f"""
test {status} = 0 || {{ echo 'No secret key' >&2; exit {status}; }}
cat > /dev/null
echo '[GNUPG:] SIG_CREATED D' >&2
echo '-----BEGIN PGP SIGNATURE-----'; echo; echo x; echo '-----END PGP SIGNATURE-----'"""
    room.hook("sign", script, "../tools")
    room.git("config", "gpg.program", str(room.folder.parent / "tools" / "sign"))
    room.git("config", "commit.gpgSign", "true")


def test_commits_are_signed_where_the_settings_say(room: Room, tmp_path: Path) -> None:
    signer(room)
    room.record(b"Two.\n")
    assert "\ngpgsig -----BEGIN PGP" in room.git("cat-file", "commit", "main")
    assert room.status == []
    bare = Room.make(tmp_path / "bare", "--bare")
    bare.git("config", "gpg.program", str(tmp_path / "tools" / "sign"))
    bare.git("config", "commit.gpgSign", "yes")
    for text in (b"One.\n", b"Two.\n"):
        commit = bare.record(text)
        assert "\ngpgsig -----BEGIN PGP" in bare.git("cat-file", "commit", "main")
        assert commit == bare.git("rev-parse", "main")
    assert bare.git("log", "-1", "--format=%aI|%B") == (
        "2022-05-12T07:45:00-04:00|Record a revision\n"
    ).rstrip("\n")


def test_a_signature_that_fails_stops_the_recording(room: Room) -> None:
    signer(room, 2)
    head = room.git("rev-parse", "main")
    with pytest.raises(TrackerError, match=r"^git did not make the commit: .*gpg failed to sign"):
        room.record(b"Two.\n")
    assert room.git("rev-parse", "main") == head
    assert (room.status, room.file()) == ([], b"One.\n")
