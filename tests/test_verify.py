"""An archive that was tampered with is told from one that grew; and what is not proved is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Desk
from tracker.store.git import discover
from tracker.store.verify import line_of, read

TEXT = "The mill employs 400 people.\n"


def edit(desk: Desk, number: int, *words: str) -> str:
    desk.write("mill.md", f"{TEXT}\nEdition {number}.\n")
    desk.ok("record", "mill.md", "--at", f"2022-05-1{number} 09:00", *words)
    return desk.git("rev-parse", "HEAD").strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the archive is made once, for all tests to copy."""
    return tmp_path_factory.mktemp("verify") / "made"


@pytest.fixture
def archive(desk: Desk, made: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    if not made.exists():
        desk.ok("init", str(made), "--style", "newsweek", "--timezone", "America/New_York")
        for number in range(4):
            edit(Desk(made, monkeypatch), number)
    room = desk.folder / "room"
    shutil.copytree(made, room)
    return Desk(room, monkeypatch)


@pytest.fixture
def witness(archive: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What somebody else keeps: the line as it stood, and nothing remembered here."""
    path = tmp_path_factory.mktemp("elsewhere") / "witness.json"
    archive.ok("verify", "--write", str(path))
    forget(archive)
    return path


def forget(desk: Desk) -> None:
    shutil.rmtree(desk.folder / ".git" / "tracker", ignore_errors=True)


def concerns(desk: Desk, *words: str) -> list[tuple[str, str]]:
    said = desk.run("verify", "--json", *words)
    found = said.json["concerns"]
    assert said.status == (1 if any(each["severity"] == "fail" for each in found) else 0), said
    assert said.json["sound"] == (said.status == 0)
    return [(each["rule"], each["words"]) for each in found]


# --- the chain ------------------------------------------------------------------------------------


def test_a_sound_archive_says_so_and_what_is_not_proved(archive: Desk) -> None:
    said = archive.ok("verify").out
    assert said.splitlines()[:3] == [
        "Whole: 5 commits on the published line, and every object has the content of its hash.",
        "Catalog: it agrees with git.",
        "What this does not prove:",
    ]
    for words in ("When something was written is not proved", "RFC 3161", "before today is not"):
        assert words in said
    assert "stolen key" not in said


def test_an_object_that_was_tampered_with_is_found_and_named_by_its_revision(
    archive: Desk,
) -> None:
    blob = archive.git("rev-parse", "HEAD~1:mill.md").strip()
    file = archive.folder / ".git" / "objects" / blob[:2] / blob[2:]
    text = zlib.decompress(file.read_bytes()).replace(b"400", b"900")
    file.chmod(0o644)
    file.write_bytes(zlib.compress(text))
    found = concerns(archive)
    assert {rule for rule, _ in found} == {"damaged"}
    assert any(words.startswith("mill.md, revision 3: ") for _, words in found)
    assert concerns(archive, "--quick") == []


def test_an_object_that_is_missing_is_found_even_at_a_quick_look(archive: Desk) -> None:
    blob = archive.git("rev-parse", "HEAD~1:mill.md").strip()
    (archive.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for words in ((), ("--quick",)):
        assert ("damaged", f"mill.md, revision 3: missing blob {blob}") in concerns(archive, *words)


def test_an_object_shown_in_place_of_another_is_found(archive: Desk) -> None:
    one, other = (archive.git("rev-parse", f"HEAD~{n}:mill.md").strip() for n in (1, 2))
    archive.git("replace", one, other)
    assert concerns(archive) == [
        ("replaced", f"mill.md, revision 3: git shows another object in place of {one[:10]}")
    ]


# --- the published line ---------------------------------------------------------------------------


def test_a_line_that_grew_is_told_from_one_that_was_rewritten(archive: Desk, witness: Path) -> None:
    edit(archive, 5)
    said = archive.ok("verify", "--witness", str(witness)).out
    assert f"Not rewritten since the witness {witness} of 2022-06-01 12:00 EDT: 1 commit" in said
    forget(archive)
    archive.git("reset", "-q", "--hard", "HEAD~3")
    edit(archive, 6)
    kept = archive.git("rev-parse", "HEAD~1").strip()[:10]
    rule, words = concerns(archive, "--witness", str(witness))[0]
    assert rule == "rewritten"
    assert words == (
        f"the history was rewritten since the witness {witness} of 2022-06-01 12:00 EDT: "
        f"the first 3 of its 5 commits are still there, up to {kept}"
    )


def test_the_last_verification_is_remembered_and_an_alarm_is_repeated(archive: Desk) -> None:
    archive.ok("verify")
    said = archive.ok("verify").out
    assert "Not rewritten since the last verification of 2022-06-01 12:00 EDT: nothing" in said
    archive.git("commit", "-q", "--amend", "-m", "Rewritten")
    for _ in range(2):
        assert [rule for rule, _ in concerns(archive)] == ["rewritten"]
    archive.ok("verify", "--accept")
    assert concerns(archive) == []


def test_several_witnesses_are_each_held_against_the_line(archive: Desk, witness: Path) -> None:
    edit(archive, 5)
    later = witness.with_name("later.json")
    archive.ok("verify", "--write", str(later))
    forget(archive)
    archive.git("reset", "-q", "--hard", "HEAD~1")
    edit(archive, 6)
    said = archive.run("verify", "--witness", str(witness), "--witness", str(later), "--json")
    assert [each["state"] for each in said.json["seen"]] == ["grown", "rewritten"]
    refused = archive.run("verify", "--witness", str(later), "--write", str(witness) + "2")
    assert refused.status == 1
    assert "was not written" in refused.err
    assert not Path(str(witness) + "2").exists()


def test_revisions_cut_off_at_the_end_are_found(archive: Desk, witness: Path) -> None:
    archive.git("reset", "-q", "--hard", "HEAD~1")
    assert [rule for rule, _ in concerns(archive, "--witness", str(witness))] == ["behind"]
    archive.git("reflog", "expire", "--expire=all", "--all")
    archive.git("gc", "-q", "--prune=now")
    found = concerns(archive, "--witness", str(witness))
    assert found[0][0] == "rewritten"
    assert "the first 4 of its 5 commits are still there" in found[0][1]


def test_a_published_line_that_became_a_side_branch_is_found(archive: Desk, witness: Path) -> None:
    archive.git("switch", "-q", "-c", "other", "HEAD~2")
    archive.git("merge", "-q", "--no-ff", "-m", "Merge branch 'draft'", "main")
    archive.git("switch", "-q", "-C", "main")
    assert [rule for rule, _ in concerns(archive, "--witness", str(witness))] == ["aside"]


def test_a_colleagues_older_revisions_that_come_in_later_are_told_of(
    archive: Desk, witness: Path
) -> None:
    """An ordinary pull puts them among what was there before: a warning, and no finding."""
    tip = archive.git("rev-parse", "HEAD").strip()
    archive.git("switch", "-q", "-c", "colleague", "HEAD~2")
    archive.write("other.md", "Another article.\n")
    archive.git("add", "other.md")
    subprocess.run(
        ["git", "commit", "-qm", "Publish other.md"], cwd=archive.folder, check=True,
        env={**os.environ, "GIT_COMMITTER_DATE": "2022-05-12T12:00:00Z"},
    )  # fmt: skip
    late = archive.git("rev-parse", "HEAD").strip()
    archive.git("merge", "-q", "-m", "Merge branch 'main' of example.org:news", tip)
    archive.git("branch", "-f", "main", "HEAD")
    archive.git("switch", "-q", "main")
    said = archive.run("verify", "--witness", str(witness), "--json")
    assert said.status == 0
    assert [(each["rule"], each["commit"]) for each in said.json["concerns"]] == [("late", late)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no witness of tracker."),
        (b"[]", "is no witness of tracker."),
        (b"[" * 100_000, "is no witness of tracker."),
        (b"\xff", "is no witness of tracker."),
        (b'{"format": "tracker-witness", "version": 2}', "is a witness of version 2"),
    ],
)
def test_what_is_no_witness_is_refused(archive: Desk, content: bytes, sentence: str) -> None:
    path = archive.folder.parent / "no-witness.json"
    path.write_bytes(content)
    assert sentence in archive.refused("verify", "--witness", str(path))
    assert "There is no witness" in archive.refused("verify", "--witness", "nowhere.json")


def test_a_witness_is_what_plain_git_and_sha256sum_say(archive: Desk, witness: Path) -> None:
    value = json.loads(witness.read_text())
    line = subprocess.run(
        ["sh", "-c", "git log --first-parent --reverse --format=%H | sha256sum"],
        cwd=archive.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert value["digest"] == "sha256:" + line.stdout.split()[0]
    assert value["tip"] == archive.git("rev-parse", "HEAD").strip()
    assert value["commits"] == 5
    assert (
        read(witness.read_text(), "x").digest
        == line_of(discover(archive.folder), value["tip"], None).digest()
    )


def test_a_witness_of_another_newsroom_shares_nothing(archive: Desk, witness: Path) -> None:
    value = json.loads(witness.read_text())
    text = json.dumps({**value, "tip": "a" * 40, "marks": [[1, "b" * 40]]})
    witness.write_text(text)
    found = concerns(archive, "--witness", str(witness))
    assert found[0][1].endswith("nothing of it is known here")


def test_a_digest_that_is_not_of_the_line_is_found(archive: Desk, witness: Path) -> None:
    value = json.loads(witness.read_text())
    witness.write_text(json.dumps({**value, "digest": "sha256:" + "0" * 64}))
    assert [rule for rule, _ in concerns(archive, "--witness", str(witness))] == ["read-otherwise"]


def test_a_bare_repository_is_verified_too(archive: Desk, tmp_path: Path) -> None:
    archive.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    assert archive.ok("-C", str(tmp_path / "bare.git"), "verify").out.startswith("Whole: 5 commits")


def test_the_catalog_is_held_against_git(archive: Desk) -> None:
    import sqlite3

    from tracker.catalog.build import agrees, bring_up_to_date
    from tracker.catalog.schema import Catalog, catalog_file
    from tracker.store.history import published_history

    repository = discover(archive.folder)
    history = published_history(repository)
    with Catalog(repository) as catalog:
        bring_up_to_date(catalog, repository, history)
    assert agrees(repository, history)
    assert "Catalog: it agrees with git." in archive.ok("verify").out
    with sqlite3.connect(catalog_file(repository)) as connection:
        connection.execute("DELETE FROM version WHERE place = (SELECT max(place) FROM version)")
    connection.close()
    assert ("catalog", "the catalog says something else than git") in concerns(archive)


# --- signatures -----------------------------------------------------------------------------------


def ssh_key(folder: Path, name: str) -> Path:
    key = folder / name
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True
    )
    return key


@pytest.fixture
def signing(newsroom: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A newsroom that signs with an SSH key, from its second commit on."""
    keys = tmp_path_factory.mktemp("keys")
    key = ssh_key(keys, "ada")
    ssh_key(keys, "mallory")
    (keys / "allowed").write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
    for name, value in {
        "gpg.format": "ssh",
        "user.signingKey": str(key),
        "gpg.ssh.allowedSignersFile": str(keys / "allowed"),
        "commit.gpgSign": "true",
    }.items():
        newsroom.git("config", name, value)
    subprocess.run(
        ["git", "commit", "-q", "--amend", "--no-edit", "--no-gpg-sign"], cwd=newsroom.folder,
        env={**os.environ, "GIT_COMMITTER_DATE": "2021-12-31T12:00:00Z"}, check=True,
    )  # fmt: skip
    edit(newsroom, 1)
    toml = newsroom.read("tracker.toml")
    newsroom.write("tracker.toml", f"{toml}\n[verify]\nsigned = true\nsince = 2022-01-01\n")
    edit(newsroom, 2)
    return newsroom


def test_every_commit_since_the_settings_ask_for_it_is_signed(signing: Desk) -> None:
    said = signing.ok("verify").out
    assert "Signed: " in said
    assert " (ada@example.org " in said
    assert "a stolen key signs as well" in said


def test_an_unsigned_commit_among_signed_ones_is_found(signing: Desk) -> None:
    signing.git("config", "commit.gpgSign", "false")
    commit = edit(signing, 3)
    signing.git("config", "commit.gpgSign", "true")
    edit(signing, 4)
    assert concerns(signing) == [("unsigned", f"{commit[:10]} is not signed")]


def test_a_signature_that_does_not_fit_and_a_key_that_may_not_sign_are_found(
    signing: Desk,
) -> None:
    raw = signing.git("cat-file", "commit", "HEAD").replace("Edit mill.md", "Edit hill.md")
    forged = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=signing.folder, input=raw, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    signing.git("update-ref", "refs/heads/main", forged)
    key = signing.git("config", "user.signingKey").strip().replace("ada", "mallory")
    signing.git("config", "user.signingKey", key)
    other = edit(signing, 5)
    found = concerns(signing)
    assert [rule for rule, _ in found] == ["bad-signature", "not-allowed"]
    assert found[0][1] == f"{forged[:10]} has a signature that does not fit it"
    assert found[1][1].startswith(f"{other[:10]} is signed with a key that is not allowed to sign")


def test_without_a_list_of_allowed_signers_nothing_is_guessed(signing: Desk) -> None:
    path = signing.git("config", "gpg.ssh.allowedSignersFile").strip()
    Path(path).unlink()
    assert f"the list of allowed signers, {path}, is not there." in signing.refused("verify")
    signing.git("config", "--unset", "gpg.ssh.allowedSignersFile")
    assert signing.refused("verify") == (
        "tracker: SSH signatures cannot be checked: git has no list of the keys that may sign.\n"
        "  Write one, and name it: git config gpg.ssh.allowedSignersFile FILE\n"
    )


@pytest.fixture
def gpg_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    home = Path(tmp_path_factory.mktemp("g"))
    home.chmod(0o700)
    yield home
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


def test_openpgp_signatures_are_checked_by_gits_own_settings(
    archive: Desk, gpg_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNUPGHOME", str(gpg_home))
    subprocess.run(
        ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key",
         "Ada Editor <ada@example.org>", "ed25519", "sign"],
        check=True, capture_output=True,
    )  # fmt: skip
    archive.git("config", "commit.gpgSign", "true")
    archive.git("config", "user.signingKey", "ada@example.org")
    signed = edit(archive, 6)
    found = concerns(archive, "--signed")
    assert [rule for rule, _ in found] == ["unsigned"] * 5
    said = archive.run("verify", "--signed").out
    assert "Signed: 1 of 6 commits (Ada Editor <ada@example.org> 1)." in said
    shutil.rmtree(gpg_home / "private-keys-v1.d")
    (gpg_home / "pubring.kbx").unlink()
    subprocess.run(["gpgconf", "--homedir", str(gpg_home), "--kill", "all"], check=False)
    words = dict(concerns(archive, "--signed"))["unknown-key"]
    assert words.startswith(f"{signed[:10]} is signed with a key that git does not have")


@pytest.mark.parametrize("line", ['signed = "yes"', "since = true", "signd = true"])
def test_wrong_settings_are_refused_with_their_line(archive: Desk, line: str) -> None:
    toml = archive.read("tracker.toml")
    archive.write("tracker.toml", f"{toml}\n[verify]\n{line}\n")
    said = archive.run("verify")
    assert said.status == 2
    assert f"line {len(toml.splitlines()) + 3}" in said.err


def test_a_git_directory_that_cannot_be_written_is_verified_all_the_same(
    archive: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (archive.folder / ".git" / "tracker").mkdir(exist_ok=True)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        archive.ok("verify")
        assert (
            "cannot be written: no space left on device."
            in archive.run("verify", "--write", "w.json").err
        )
