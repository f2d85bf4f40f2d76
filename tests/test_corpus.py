"""Corpora of pairs: what is judged on a cluster is what a plain loop says, whatever goes wrong."""

from __future__ import annotations

import csv
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tracker
from tests.desk import Desk
from tests.killing import interrupted_when
from tests.test_schemas import printed
from tracker.corpus import PAIRS, SCHEMA, judge, terms
from tracker.text.judge.boilerplate import Counts

ROOT = Path(__file__).parents[1]
START = datetime(2021, 12, 30, 12, tzinfo=UTC)
PROMO = "Sign up here for the free morning letter of our newsroom."
ARTICLES, VERSIONS = 40, 4

Version = tuple[str, str, datetime, str]
"""Source, article, instant, text."""


def versions() -> Iterator[Version]:
    """Small articles of two outlets, of which one changes a promo in all of them."""
    for number in range(ARTICLES):
        host = ("a.example", "b.example")[number % 2]
        article = f"news/{number:03d}.md"
        words = f"The council of town {number} met on Monday. " * 3
        for version in range(VERSIONS):
            at = START + timedelta(days=number, hours=7 * version)
            cost = 100 + number + (version > 1)
            promo = PROMO if version < 3 else PROMO.replace("free", "new")
            text = f"# Town {number}\n\n{words}It costs ${cost} million.\n\n{promo}\n"
            if version == 2 and number % 4 == 0:
                text += "\nCorrection: An earlier version misstated the cost of the bridge.\n"
            if version == 1:
                text = text.replace("met on", "met at noon on")
            yield host, article, at, text


def write_versions(file: Path, found: Iterator[Version]) -> None:
    lines = [
        {"path": f"{host}/{article}", "at": at.isoformat(), "text": text}
        for host, article, at, text in found
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def corpus_of(desk: Desk, found: Iterator[Version] | None = None, chunk: str = "0.01") -> Path:
    write_versions(desk.folder / "versions.jsonl", found or versions())
    desk.ok("corpus", "pairs", "--from", "versions.jsonl", "--to", "pairs", "--chunk", chunk)
    return desk.folder / "pairs"


def rows(folder: Path, what: str = "verdicts") -> list[dict[str, Any]]:
    """All rows by pair, of every file; what is not the same in every run left out."""
    found = [
        row
        for file in sorted((folder / what).rglob("*.parquet"))
        for row in pq.ParquetFile(file).read().to_pylist()
    ]
    for row in found:
        row.pop("ms", None)
    return sorted(found, key=lambda row: (row["source"], row["article"], row["pair"]))


def plain_loop(found: Iterator[Version]) -> dict[tuple[str, str, datetime], tuple[Any, ...]]:
    """What ``compare`` says of each pair, with what each source repeats."""
    articles: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
    for host, article, at, text in found:
        articles.setdefault((host, article), []).append((at, text))
    counts: dict[str, Counts] = {}
    for (host, _), texts in articles.items():
        known = counts.setdefault(host, Counts())
        known.add(texts[0][1], texts[-1][1])
    said = {}
    for (host, article), texts in articles.items():
        frozen = counts[host].frozen()
        for (_, old), (at, new) in itertools.pairwise(texts):
            change = tracker.compare(old, new, boilerplate=frozen)
            said[host, article, at] = (
                change.substantive, change.score, sorted(change.labels), list(change.reasons),
                change.words_added, change.words_removed,
            )  # fmt: skip
    return said


def of_verdict(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("substantive", "score", "labels", "reasons", "words_added", "words_removed")
    return tuple(row[name] for name in names)


def command(
    folder: Path, *words: str, start_new_session: bool = False, **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tracker", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=start_new_session,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    with process:
        try:
            out, err = process.communicate(timeout=240)
        finally:
            process.kill()
    return process.returncode, out, err


def wait_for_files(folder: Path, number: int) -> None:
    for _ in range(3000):
        if len(list(folder.rglob("chunk-*.parquet"))) >= number:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {number} files in {folder}")


# --- what pairs are -------------------------------------------------------------------------------


def test_pairs_are_neighbours_sorted_and_in_folders_that_hive_knows(desk: Desk) -> None:
    folder = corpus_of(desk)
    files = [str(file.relative_to(folder)) for file in sorted(folder.rglob("*.parquet"))]
    assert files == [
        f"source={host}/year={year}/part-00000.parquet"
        for host in ("a.example", "b.example")
        for year in (2021, 2022)
    ]
    manifest = json.loads((folder / "corpus.json").read_text("utf-8"))
    assert manifest["pairs"] == ARTICLES * (VERSIONS - 1)
    assert sum(chunk["articles"] for chunk in manifest["chunks"]) == ARTICLES
    table = pq.ParquetFile(folder / files[1]).read()
    assert table.schema == PAIRS
    found = table.to_pylist()
    assert found == sorted(found, key=lambda row: (row["article"], row["new_at"]))
    assert [row["new_at"] - row["old_at"] for row in found[:3]] == [timedelta(hours=7)] * 3
    assert found[0]["new"] == found[1]["old"] != found[1]["new"]


def test_a_link_that_a_repository_brings_is_not_written_through(newsroom: Desk) -> None:
    outside = newsroom.folder / ".git/outside"
    outside.mkdir()
    (newsroom.folder / "pairs").symlink_to(outside)
    for men in ("Ten", "Nine"):
        newsroom.write("a.md", f"# Fire\n\n{men} men came.\n")
        newsroom.ok("record", "a.md")
    assert "is a symbolic link" in newsroom.refused("corpus", "pairs", "--to", "pairs")
    assert not list(outside.iterdir())


def test_a_newsroom_s_pairs_have_commits_and_its_settings(newsroom: Desk) -> None:
    for number, at in ((400, "05/10/22 4:30 p.m. ET"), (300, "05/11/22 9 a.m. ET")):
        newsroom.write("articles/mill.md", f"# The mill\n\nIt employs {number} people.\n")
        newsroom.ok("record", "articles/mill.md", "--at", at)
    said = newsroom.ok("corpus", "pairs", "--to", "out", "--source", "The Desk")
    assert said.out == "Wrote 1 pairs of 2 versions of 1 articles, in 1 chunks.\n"
    (file,) = (newsroom.folder / "out").rglob("*.parquet")
    assert file.parent.parent.name == "source=The%20Desk"
    (row,) = pq.ParquetFile(file).read().to_pylist()
    log = newsroom.git("log", "--format=%H", "--reverse").split()
    assert [row["old_commit"], row["new_commit"]] == log[-2:]
    assert (row["source"], row["article"]) == ("The Desk", "mill.md")
    assert (
        'style = "newsweek"'
        in json.loads((newsroom.folder / "out" / "corpus.json").read_text("utf-8"))["settings"]
    )


@pytest.mark.parametrize(
    "words",
    [("corpus", "pairs", "--to", "out"), ("export", "--what", "versions")],
    ids=["pairs", "export"],
)
def test_texts_are_written_without_a_comparison(newsroom: Desk, words: tuple[str, ...]) -> None:
    """What compares is not even loaded."""
    for number in (1, 2):
        newsroom.write("articles/mill.md", f"# The mill\n\nIt employs {number} people.\n")
        newsroom.ok("record", "articles/mill.md", "--at", f"05/1{number}/22 9 a.m. ET")
    program = (
        "import sys, contextlib\nfrom tracker.cli import main\n"
        f"with contextlib.suppress(SystemExit): main({list(words)!r})\n"
        "print(sorted(name for name in sys.modules if name.startswith('tracker.text.diff')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=newsroom.folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


# --- judged, whatever goes wrong ------------------------------------------------------------------

POISON = """
import os, time
from tracker import comparison

class Poisoned(comparison.Compared):
    @property
    def change(self):
        text = self.new.text
        if "EXITS" in text:
            os._exit(9)
        if "RAISES" in text:
            raise ValueError("it is a poison")
        if "SLEEPS" in text:
            time.sleep(600)
        if "EATS" in text:
            bytearray(10 << 30)
        return super().change

comparison.Compared = Poisoned
"""


def test_rows_that_exit_raise_sleep_and_eat_are_told_and_all_others_are_judged(desk: Desk) -> None:
    given = list(versions())
    for place, word in ((5, "EXITS"), (50, "RAISES"), (81, "SLEEPS"), (110, "EATS")):
        host, article, at, text = given[place]
        given[place] = (host, article, at, f"{text}\n{word}\n")
    corpus_of(desk, iter(given))
    (desk.folder / "poison").mkdir()
    (desk.folder / "poison" / "sitecustomize.py").write_text(POISON)
    path = f"{desk.folder / 'poison'}{os.pathsep}{ROOT}"
    status, _out, err = ended(
        command(
            desk.folder, "corpus", "judge", "pairs", "--to", "out", "--workers", "2",
            "--seconds", "3", PYTHONPATH=path,
        )
    )  # fmt: skip
    assert status == 1, err
    assert "4 pairs have an error" in err
    found = rows(desk.folder / "out")
    errors = {row["article"]: row["error"] for row in found if row["error"]}
    assert errors == {
        "news/001.md": "The process that judged it ended or was killed, twice.",
        "news/012.md": "ValueError: it is a poison",
        "news/020.md": "It took longer than 3 s.",
        "news/027.md": "It needed more memory than it may have.",
    }
    expected = plain_loop(iter(given))
    assert len(found) == len(expected)
    for row in found:
        if row["error"] is None:
            assert of_verdict(row) == expected[row["source"], row["article"], row["new_at"]]
        else:
            assert row["substantive"] is None
    said = printed(desk, "corpus-status", "corpus", "status", "out", "--json")
    assert said["errors"] == len(said["pairs_with_errors"]) == 4
    assert (said["pairs_done"], said["chunks_done"]) == (len(found), said["chunks"])
    assert desk.ok("corpus", "check", "out").out == f"{len(found)} pairs, 0 faults\n"


def test_killed_workers_and_a_killed_run_lose_nothing_and_do_nothing_twice(desk: Desk) -> None:
    corpus_of(desk, chunk="0.003")
    words = ("corpus", "judge", "pairs", "--to", "out", "--workers", "2", "--edits")
    out = desk.folder / "out"
    first = command(desk.folder, *words)
    family = psutil.Process(first.pid)
    wait_for_files(out / "verdicts", 2)
    everybody = [*family.children(recursive=True), family]
    for each in everybody:
        each.kill()
    ended(first)
    psutil.wait_procs(everybody[:-1], timeout=30)
    there = {file: file.stat().st_mtime_ns for file in (out / "verdicts").rglob("*.parquet")}
    second = command(desk.folder, *words)
    wait_for_files(out / "verdicts", len(there) + 1)
    for each in psutil.Process(second.pid).children(recursive=True):
        if any("serve(" in word for word in each.cmdline()):  # a process that judges, ...
            each.kill()
            break
    for each in psutil.Process(second.pid).children(recursive=True):
        if any("spawn_main" in word for word in each.cmdline()):  # ... and a worker of Dask's
            each.kill()
            break
    status, said, err = ended(second)
    assert status == 0, err
    assert f"; {len(there)} of " in said
    assert there == {file: file.stat().st_mtime_ns for file in there}
    found = rows(out)
    expected = plain_loop(versions())
    told = {(row["source"], row["article"], row["new_at"]): of_verdict(row) for row in found}
    assert told == expected
    assert len(found) == len(expected)
    assert not list(out.rglob(".*"))
    assert desk.ok("corpus", "check", "out").out == f"{len(found)} pairs, 0 faults\n"
    edits = rows(out, "edits")
    assert {row["pair"] for row in edits} == {row["pair"] for row in found}
    # The processes of a SLURM array do the same between them.
    work = ("corpus", "work", "pairs", "other", "--edits")
    assert "Count it once" in desk.run(*work, "--chunk", "0").err
    desk.ok(*work, "--count")
    parts = [command(desk.folder, *work, "--part", f"{number}/2") for number in (1, 2)]
    assert [ended(part)[0] for part in parts] == [0, 0]
    assert rows(desk.folder / "other") == found
    assert rows(desk.folder / "other", "edits") == edits


@pytest.mark.parametrize("child", ["spawn_main", "serve("])
def test_ctrl_c_while_processes_start_is_no_traceback(desk: Desk, child: str) -> None:
    corpus_of(desk)
    words = ("corpus", "judge", "pairs", "--to", "out", "--workers", "2")
    process = command(desk.folder, *words, start_new_session=True)
    interrupted_when(process, child)
    status, _, err = ended(process)
    assert (status, err) == (130, "\nInterrupted.\n")


# --- the pure function ----------------------------------------------------------------------------


def batch_of(*pairs: tuple[object, object]) -> pa.RecordBatch:
    rows = [
        {"pair": str(number), "source": "s", "article": "a.md", "old": old, "new": new}
        for number, (old, new) in enumerate(pairs)
    ]
    return pa.RecordBatch.from_pylist(
        rows, schema=pa.schema([*[*PAIRS][:-2], ("old", pa.binary()), ("new", pa.binary())])
    )


def test_the_library_has_it_without_another_import() -> None:
    program = "import tracker; print(tracker.corpus.judge.__name__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"judge\n"


def test_a_row_without_texts_says_so() -> None:
    found = judge(batch_of((b"One.\n", b"Two.\n"), (None, b"x"), (b"x", b"caf\xe9"))).to_pylist()
    assert [row["error"] for row in found] == [
        None, "The old text is missing.", "The new text is no UTF-8 at byte 3.",
    ]  # fmt: skip
    assert [row["pair"] for row in found] == ["0", "1", "2"]
    (by,) = {row["tracker"] for row in found}
    assert re.fullmatch(rf"{re.escape(tracker.__version__)}\+[0-9a-f]{{8}}", by)


@pytest.mark.parametrize(
    "batch",
    [
        pa.RecordBatch.from_pylist([{"pair": "1", "old": 1, "new": 2}]),
        pa.RecordBatch.from_pylist([{"unknown": "x"}]),
        pa.RecordBatch.from_pylist([], schema=PAIRS),
    ],
)  # fmt: skip
def test_any_batch_gives_rows_of_the_schema(batch: pa.RecordBatch) -> None:
    found = judge(batch)
    assert found.schema == SCHEMA
    assert found.num_rows == batch.num_rows
    assert found.column("error").null_count == 0


def test_notes_that_come_and_go_are_told() -> None:
    old = b"# A\n\nIt was $1.\n\nCorrection: The price was wrong.\n"
    new = b"# A\n\nIt was $2.\n\nUpdate: The price is new.\n"
    (row,) = judge(batch_of((old, new))).to_pylist()
    assert row["notes_added"] == [{"kind": "update", "text": "The price is new."}]
    assert row["notes_removed"] == [{"kind": "correction", "text": "The price was wrong."}]
    assert row["substantive"]


def test_a_source_s_boilerplate_is_no_change_of_substance(desk: Desk) -> None:
    corpus_of(desk)
    desk.ok("corpus", "work", "pairs", "out", "--count")
    known = terms("out")
    assert sorted(known["boilerplate"]) == ["a.example", "b.example"]
    old = f"# A\n\nThe mayor left.\n\n{PROMO}\n".encode()
    new = f"# A\n\nThe mayor left.\n\n{PROMO.replace('free', 'new')}\n".encode()
    batch = batch_of((old, new)).set_column(1, PAIRS.field("source"), pa.array(["a.example"]))
    assert "boilerplate" in judge(batch, **known).to_pylist()[0]["labels"]


# --- what is refused ------------------------------------------------------------------------------


def test_files_that_are_broken_or_others_are_refused_by_name(desk: Desk) -> None:
    folder = corpus_of(desk)
    victim = next(folder.rglob("*.parquet"))
    name = str(victim.relative_to(folder))
    whole = victim.read_bytes()
    for data in (whole[: len(whole) // 2], b"", b"PAR1" + b"\0" * 40):
        victim.write_bytes(data)
        assert f"{name} cannot be read" in desk.refused("corpus", "judge", "pairs", "--to", "out")
    pq.write_table(pa.table({"pair": ["x"], "old": [1]}), victim)
    assert f"{name} has no column source." in desk.refused(
        "corpus", "judge", "pairs", "--to", "out"
    )
    pq.write_table(pa.Table.from_pylist([], schema=PAIRS), victim)
    assert "row groups" in desk.refused("corpus", "work", "pairs", "out", "--count")
    victim.unlink()
    assert f"{name} is not there." in desk.refused("corpus", "work", "pairs", "out", "--count")
    assert not (desk.folder / "out").exists()


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("", "is no manifest of a corpus."),
        ("[1]", "is no manifest of a corpus."),
        ('{"format": 99}', "is no manifest of a corpus."),
        (None, "has no corpus.json"),
    ],
)
def test_a_folder_that_is_no_corpus_is_refused(desk: Desk, manifest: str | None, said: str) -> None:
    (desk.folder / "pairs").mkdir()
    if manifest is not None:
        (desk.folder / "pairs" / "corpus.json").write_text(manifest)
    assert said in desk.refused("corpus", "judge", "pairs", "--to", "out")
    assert said in desk.refused("corpus", "status", "pairs")


def test_names_in_a_manifest_lead_nowhere(desk: Desk) -> None:
    folder = corpus_of(desk)
    manifest = json.loads((folder / "corpus.json").read_text("utf-8"))
    manifest["chunks"][0]["file"] = "../../etc/passwd"
    (folder / "corpus.json").write_text(json.dumps(manifest))
    assert "leads out of its folder" in desk.refused("corpus", "judge", "pairs", "--to", "out")


def test_versions_that_cannot_be_used_are_named_and_the_rest_is_taken(desk: Desk) -> None:
    at = START.isoformat()
    table = pa.table(
        {
            "url": ["https://a.example/x"] * 4,
            "at": [at, None, at, at],
            "text": pa.array([b"One.", b"Two.", None, b"caf\xe9"]).view(pa.string()),
        }
    )
    pq.write_table(table, desk.folder / "v.parquet")
    said = desk.ok("corpus", "pairs", "--from", "v.parquet", "--to", "pairs")
    assert said.out == "Wrote 0 pairs of 1 versions of 1 articles, in 0 chunks.\n"
    assert [line.partition(": ")[2] for line in said.err.splitlines()] == [
        "v.parquet, row 2: The value of its time is no instant: “”.",
        "v.parquet, row 3: The value of its text is missing.",
        "v.parquet, row 4: It holds bytes that are no UTF-8.",
    ]


def test_without_a_version_there_is_no_corpus(desk: Desk) -> None:
    desk.write("versions.jsonl", "no JSON\n")
    said = desk.run("corpus", "pairs", "--from", "versions.jsonl", "--to", "pairs")
    assert said.status == 2
    assert "line 1, column 1: The line is not JSON" in said.err
    assert "There is no version to make pairs of." in said.err
    assert not (desk.folder / "pairs" / "corpus.json").exists()


def test_what_a_killed_run_left_is_not_taken_for_a_corpus(desk: Desk) -> None:
    (corpus_of(desk) / "corpus.json").unlink()
    said = desk.refused("corpus", "pairs", "--from", "versions.jsonl", "--to", "pairs")
    assert "has files of no corpus, such as source=a.example/year=2021/part-00000" in said


def test_verdicts_by_other_terms_are_not_mixed(desk: Desk) -> None:
    corpus_of(desk)
    desk.ok("corpus", "work", "pairs", "out", "--count")
    assert "begun without edits" in desk.refused(
        "corpus", "judge", "pairs", "--to", "out", "--edits"
    )
    assert "a folder of their own" in desk.refused("corpus", "judge", "pairs", "--to", "pairs")
    assert "There is a corpus in" in desk.refused(
        "corpus", "pairs", "--from", "versions.jsonl", "--to", "pairs"
    )


def test_new_pairs_are_added_and_judged_alone(desk: Desk) -> None:
    given = list(versions())
    some = [each for place, each in enumerate(given) if place % VERSIONS < 3 and place < 100]
    before = corpus_of(desk, iter(some)) / "corpus.json"
    first = json.loads(before.read_text("utf-8"))["chunks"]
    desk.ok("corpus", "work", "pairs", "out", "--count")
    desk.ok("corpus", "work", "pairs", "out", "--part", "1/1")
    there = {file: file.stat().st_mtime_ns for file in (desk.folder / "out").rglob("*.parquet")}
    write_versions(desk.folder / "versions.jsonl", iter(given))
    again = ("corpus", "pairs", "--from", "versions.jsonl", "--to", "pairs", "--add")
    desk.ok(*again, "--chunk", "0.01")
    chunks = json.loads(before.read_text("utf-8"))["chunks"]
    assert chunks[: len(first)] == first
    desk.ok("corpus", "work", "pairs", "out", "--count")
    desk.ok("corpus", "work", "pairs", "out", "--part", "1/1")
    assert there == {file: file.stat().st_mtime_ns for file in there}
    assert desk.ok("corpus", "check", "out").out == "120 pairs, 0 faults\n"
    assert len({row["pair"] for row in rows(desk.folder / "out")}) == 120
    desk.ok(*again)
    assert json.loads(before.read_text("utf-8"))["chunks"] == chunks
    assert "other settings" in desk.refused(*again, "--language", "de")


def test_verdicts_by_another_version_are_not_gone_on_with(desk: Desk) -> None:
    corpus_of(desk)
    desk.ok("corpus", "work", "pairs", "out", "--count")
    manifest = desk.folder / "out" / "corpus.json"
    said = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**said, "tracker": f"{tracker.__version__}+00000000"}))
    refused = desk.refused("corpus", "judge", "pairs", "--to", "out")
    assert f"begun by tracker {tracker.__version__}+00000000, and this is" in refused


def test_check_finds_what_is_missing_twice_or_by_another_version(desk: Desk) -> None:
    corpus_of(desk)
    desk.ok("corpus", "work", "pairs", "out", "--count")
    desk.ok("corpus", "work", "pairs", "out", "--chunk", "0", "--chunk", "1")
    first, second = sorted((desk.folder / "out" / "verdicts").rglob("*.parquet"))
    said = printed(desk, "corpus-check", "corpus", "check", "out", "--json")
    assert "pairs have no verdict yet." in said["faults"][0]["what"]
    assert desk.run("corpus", "check", "out").status == 1
    printed(desk, "corpus-status", "corpus", "status", "out", "--json")
    second.write_bytes(first.read_bytes())
    assert f"{second.name}: It holds other pairs" in desk.run("corpus", "check", "out").out
    table = pq.ParquetFile(first).read()
    old = pa.array(["0.0.1"] * table.num_rows)
    pq.write_table(table.set_column(table.num_columns - 1, "tracker", old), first)
    assert (
        f"{first.name}: It was written by tracker 0.0.1." in desk.run("corpus", "check", "out").out
    )
    first.write_bytes(b"nothing")
    assert f"{first.name} cannot be read" in desk.run("corpus", "check", "out").out


def test_folders_may_be_at_any_address_that_fsspec_knows(desk: Desk) -> None:
    import fsspec

    write_versions(desk.folder / "versions.jsonl", versions())
    pairs, out = "memory://corpora/pairs", "memory://corpora/out"
    desk.ok("corpus", "pairs", "--from", "versions.jsonl", "--to", pairs, "--chunk", "0.03")
    desk.ok("corpus", "work", pairs, out, "--count")
    said = desk.ok("corpus", "work", pairs, out, "--part", "1/1")
    assert said.out.startswith(f"{ARTICLES * (VERSIONS - 1)} pairs in ")
    assert desk.ok("corpus", "check", out).out.endswith(" 0 faults\n")
    fsspec.filesystem("memory").rm("corpora", recursive=True)
    assert "cannot be reached" in desk.refused("corpus", "status", "nothing://x/y")


# --- the report -----------------------------------------------------------------------------------


def test_the_report_counts_what_the_verdicts_say(desk: Desk) -> None:
    """Four versions an article, seven hours apart: the cost changes in the third."""
    corpus_of(desk)
    desk.ok("corpus", "work", "pairs", "out", "--count")
    assert "no verdicts yet" in desk.refused("corpus", "report", "out", "--to", "report")
    desk.ok("corpus", "work", "pairs", "out", "--part", "1/1")
    desk.ok("corpus", "report", "out", "--to", "report")
    folder = desk.folder / "report"

    def table(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader((folder / f"{name}.csv").read_text("utf-8").splitlines()))

    found = rows(desk.folder / "out")
    told = {row["article"] for row in found if row["notes_added"]}
    assert len(told) == ARTICLES // 4
    for row in table("outlets"):
        mine = [each for each in found if each["source"] == row["outlet"]]
        substantive = [each for each in mine if each["substantive"]]
        assert int(row["pairs"]) == len(mine)
        assert int(row["substantive"]) == len(substantive) > 0
        # A note comes with the third version, and within a day of the second.
        untold = [each for each in substantive if each["article"] not in told]
        assert int(row["undisclosed"]) == len(untold)
        share, low, high = (float(row[f"{name}_substantive"]) for name in ("share", "low", "high"))
        assert low < share == round(len(substantive) / len(mine), 4) < high
    assert [row["after_publication"] for row in table("hours")] == ["6 to 12 h", "12 to 24 h"]
    assert [(row["section"], row["pairs"]) for row in table("sections")] == [
        ("news", str(len(found)))
    ]
    (corrections,) = table("corrections")
    assert (corrections["outlet"], corrections["hours_50"]) == ("a.example", "14.0")
    page = (folder / "index.html").read_text("utf-8")
    for name in ("outlets", "hours", "sections", "corrections"):
        svg = (folder / f"{name}.svg").read_text("utf-8")
        assert svg.strip() in page
        assert ElementTree.fromstring(svg).tag.endswith("}svg")


def blocks(language: str) -> list[str]:
    page = (ROOT / "docs" / "corpora.md").read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def judged(desk: Desk) -> list[dict[str, Any]]:
    """The corpus of the documentation, in its folders."""
    corpus_of(desk)
    desk.ok("corpus", "work", "pairs", "verdicts", "--count")
    desk.ok("corpus", "work", "pairs", "verdicts", "--part", "1/1")
    return rows(desk.folder / "verdicts")


def test_the_queries_of_the_documentation_run(desk: Desk) -> None:
    found = judged(desk)
    by_label, numbers, texts = (duckdb.execute(block).fetchall() for block in blocks("sql"))
    counted = {(source, label): pairs for source, label, pairs in by_label}
    substantive = [row for row in found if row["substantive"]]
    assert counted["a.example", "number"] == sum(
        "number" in row["labels"] for row in substantive if row["source"] == "a.example"
    )
    assert len(numbers) == sum(
        "number" in row["labels"] and not row["notes_added"] for row in substantive
    )
    assert len(texts) == min(len(substantive), 20)
    assert all(old != new for *_, old, new in texts)
    function, lazily = blocks("python")
    names: dict[str, Any] = {"batch": batch_of((b"One.\n", b"Two.\n"))}
    exec(function, names)
    assert names["judge"](names["batch"]).num_rows == 1
    if find_spec("polars") is None:
        pytest.skip("polars is not installed (350 MB): what is shown for it is run where it is")
    exec(lazily, {})


@pytest.mark.parametrize(
    ("engine", "starter"),
    [
        pytest.param("pyspark", ("spark-submit", "--master", "local[2,4]"), id="spark"),
        pytest.param("ray", (sys.executable,), id="ray"),
    ],
)
def test_other_engines_give_the_same_table(
    desk: Desk, engine: str, starter: tuple[str, ...]
) -> None:
    if find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed (600 MB or more): its example is run where it is")
    if engine == "pyspark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not here")
    found = judged(desk)
    script = ROOT / "docs" / "examples" / "corpora" / f"{engine.removeprefix('py')}_judge.py"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [*starter, str(script), "pairs", "verdicts", "other/verdicts"],
        cwd=desk.folder, check=True, capture_output=True,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable},
    )  # fmt: skip
    assert rows(desk.folder / "other") == found


SBATCH = """#!/bin/bash
cp "${@: -1}" job.sh
setsid bash job.sh > job.log 2>&1 &
echo "Submitted batch job $!"
"""


def test_slurm_is_asked_for_jobs(desk: Desk) -> None:
    """A stand-in for SLURM starts each job at once, on this machine."""
    corpus_of(desk)
    said = desk.refused("corpus", "judge", "pairs", "--to", "out", "--slurm", "1")
    assert "There is no sbatch here" in said
    folder = desk.folder / "bin"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", '#!/bin/bash\nkill -TERM -- "-$1"\n')):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    words = ("corpus", "judge", "pairs", "--to", "out", "--slurm", "1")
    status, said, err = ended(command(desk.folder, *words, PATH=path))
    assert status == 0, err
    assert said.startswith(f"{ARTICLES * (VERSIONS - 1)} pairs judged")
    script = ROOT / "docs" / "examples" / "corpora" / "slurm_array.sh"
    desk.ok("corpus", "work", "pairs", "other", "--count")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for task in ("1", "2"):
        subprocess.run(
            ["bash", str(script), "pairs", "other"], cwd=desk.folder, check=True,
            capture_output=True,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT),
                 "SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_COUNT": "2"},
        )  # fmt: skip
    assert rows(desk.folder / "other") == rows(desk.folder / "out")


def test_slurm_s_jobs_that_end_at_once_are_told(desk: Desk) -> None:
    corpus_of(desk)
    folder = desk.folder / "bin"
    folder.mkdir()
    for name, text in (("sbatch", "echo Submitted batch job 7"), ("squeue", ""), ("scancel", "")):
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    words = ("corpus", "judge", "pairs", "--to", "out", "--slurm", "1")
    status, _, err = ended(command(desk.folder, *words, PATH=path))
    assert status == 2
    assert "SLURM has ended all jobs" in err


def test_names_of_outlets_are_words_in_the_report(desk: Desk) -> None:
    name = "<script>alert(1)</script>\x1b&"
    write_versions(
        desk.folder / "v.jsonl",
        iter([("x", "a.md", START + timedelta(days=day), f"It is {day}.\n") for day in (1, 2)]),
    )
    desk.ok("corpus", "pairs", "--from", "v.jsonl", "--source", name, "--to", "pairs")
    desk.ok("corpus", "work", "pairs", "out", "--count")
    desk.ok("corpus", "work", "pairs", "out", "--chunk", "0")
    desk.ok("corpus", "report", "out", "--to", "report")
    page = (desk.folder / "report" / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page
    ElementTree.fromstring((desk.folder / "report" / "outlets.svg").read_text("utf-8"))
