"""``tracker export``: rows as their schemas have them, the same in JSON Lines and in Parquet."""

from __future__ import annotations

import builtins
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.desk import Desk
from tracker.render import export
from tracker.render.export import KINDS

DOCS = Path(__file__).parents[1] / "docs"
FIRST = "---\ntitle: The ferry\n---\n\nA ticket costs $12. It leaves at noon.\n\nCome early.\n"


@cache
def schema(kind: str) -> dict[str, Any]:
    found = json.loads((DOCS / f"export-{kind}.schema.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def rows(text: str, kind: str) -> list[Any]:
    """The rows of JSON Lines, after they were held against their schema."""
    validator = Draft202012Validator(schema(kind), format_checker=FormatChecker())
    found = [json.loads(line) for line in text.splitlines()]
    for row in found:
        validator.validate(row)
    return found


@pytest.fixture
def ferry(newsroom: Desk) -> Desk:
    desk = newsroom
    desk.write("ferry.md", FIRST)
    desk.ok("record", "ferry.md", "--at", "05/10/22 4:30 p.m. ET", "--by", "Bo <bo@example.org>")
    desk.write("ferry.md", FIRST.replace("$12", "$21"))
    told = ["--correction", "The price was wrong.", "--at", "05/12/22 7:45 a.m. ET"]
    desk.ok("record", "ferry.md", *told)
    desk.write("tram.md", "# The tram\n\nIt is green.\n")
    desk.ok("record", "tram.md", "--at", "05/14/22 8:00 ET")
    return desk


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one_and_names_the_columns_of_parquet(kind: Any) -> None:
    Draft202012Validator.check_schema(schema(kind))
    assert schema(kind)["additionalProperties"] is False
    assert schema(kind)["required"] == list(schema(kind)["properties"])
    assert list(export.columns(kind)) == list(schema(kind)["properties"])


def test_revisions_are_rows_on_standard_output(ferry: Desk) -> None:
    first, second, tram = rows(ferry.ok("export").out, "revisions")
    assert (first["article"], first["revision"], first["person_name"]) == ("ferry.md", 1, "Bo")
    assert first["at"] == "2022-05-10T16:30:00-04:00"
    assert (second["words_added"], second["substantive"], second["told"]) == (1, True, True)
    assert "number" in second["labels"]
    assert second["notes"] == ["u1"]
    assert first["text"] is None
    assert tram["article"] == "tram.md"
    assert first["article_id"] == second["article_id"] != tram["article_id"]


def test_one_article_is_exported_with_its_texts(ferry: Desk) -> None:
    first, second = rows(ferry.ok("export", "ferry", "--with-texts").out, "revisions")
    assert first["text"] == FIRST
    assert second["text"] == ferry.read("ferry.md")


def test_notes_tell_what_became_of_them(ferry: Desk) -> None:
    ferry.ok("note", "ferry", "--update", "It was updated.", "--at", "05/13/22")
    ferry.ok("note", "ferry", "--amend", "u1", "The price was $21.", "--at", "05/15/22 8:00 ET")
    ferry.ok("note", "ferry", "--withdraw", "u2", "--at", "05/16/22 8:00 ET")
    found = rows(ferry.ok("export", "--what", "notes").out, "notes")
    assert [(row["note"], row["kind"], row["stands"]) for row in found] == [
        ("u1", "correction", False),
        ("u2", "update", False),
        ("u3", "correction", True),
    ]
    assert [row["precision"] for row in found] == ["minute", "day", "minute"]
    assert found[1]["withdrawn"] == "2022-05-16T08:00:00-04:00"
    assert found[2]["amends"] == "u1"
    assert len({row["note_id"] for row in found}) == 3


def test_edits_rebuild_what_a_revision_did(ferry: Desk) -> None:
    found = rows(ferry.ok("export", "ferry", "--what", "edits").out, "edits")
    (price,) = [row for row in found if "number" in row["labels"]]
    assert (price["old"], price["new"], price["operation"]) == ("$12", "$21", "replace")
    assert FIRST[price["old_start"] : price["old_end"]] == "$12"
    assert ferry.read("ferry.md")[price["new_start"] : price["new_end"]] == "$21"
    assert [row["edit"] for row in found] == list(range(1, len(found) + 1))


def test_edits_inside_a_move_name_it(newsroom: Desk) -> None:
    one = "The first paragraph tells of the harbor and of its seven long piers."
    two = "The second paragraph tells of the ferries that leave there each morning."
    newsroom.write("a.md", f"{one}\n\n{two}\n\nThe end of it.\n")
    newsroom.ok("record", "a.md", "--at", "05/10/22 8:00 ET")
    moved = one.replace("seven", "nine")
    newsroom.write("a.md", f"{two}\n\n{moved}\n\nThe end of it.\n")
    newsroom.ok("record", "a.md", "--at", "05/11/22 8:00 ET")
    found = rows(newsroom.ok("export", "--what", "edits").out, "edits")
    (move,) = [row for row in found if row["operation"] == "move"]
    (inside,) = [row for row in found if row["within"]]
    assert inside["within"] == move["edit"]
    assert (inside["old"], inside["new"]) == ("seven", "nine")


def test_a_folder_takes_all_rows_and_parquet_the_same(ferry: Desk) -> None:
    import pyarrow.parquet as arrow

    said = ferry.ok("export", "--to", "out", "--with-texts").err
    assert said == "tracker: wrote 3 revisions, 1 note, 6 edits into out.\n"
    ferry.ok("export", "--to", "out", "--format", "parquet", "--with-texts")
    names = sorted(file.name for file in (ferry.folder / "out").iterdir())
    assert names == sorted(f"{kind}.{ending}" for kind in KINDS for ending in ("jsonl", "parquet"))
    for kind in KINDS:
        lines = rows(ferry.read(f"out/{kind}.jsonl"), kind)
        table = arrow.read_table(ferry.folder / "out" / f"{kind}.parquet")
        assert table.to_pylist() == lines
        assert len(lines) > 0


def test_versions_are_what_import_reads(ferry: Desk) -> None:
    ferry.ok("note", "ferry", "--update", "It was updated.", "--at", "05/13/22 8:00 ET")
    ferry.git("mv", "ferry.md", "boat.md")
    ferry.git("commit", "-q", "-m", "Move", "--date=2022-05-17T08:00:00-0400")
    ferry.ok("export", "--what", "versions", "--to", "out")
    read = [json.loads(line) for line in ferry.read("out/versions.jsonl").splitlines()]
    assert [(each["path"], each["at"]) for each in read][:2] == [
        ("boat.md", "2022-05-10T16:30:00-04:00"),
        ("boat.md", "2022-05-12T07:45:00-04:00"),
    ]
    schema_of_import = json.loads((DOCS / "import.schema.json").read_text("utf-8"))
    validator = Draft202012Validator(schema_of_import, format_checker=FormatChecker())
    for each in read:
        validator.validate(each)
    ferry.ok("import", "out/versions.jsonl", "--into", "again")
    for name in ("boat", "tram"):
        again = ferry.ok("-C", "again", "history", name, "--json").json["revisions"]
        there = ferry.ok("history", name, "--json").json["revisions"]
        for one, other in zip(again, there, strict=True):
            for key in ("at", "person", "subject", "notes", "words_added", "substantive"):
                assert one[key] == other[key]
        for number in range(1, len(there) + 1):
            old = ferry.ok("show", name, str(number)).out
            assert ferry.ok("-C", "again", "show", name, str(number)).out == old


def test_an_empty_newsroom_exports_nothing(newsroom: Desk) -> None:
    assert newsroom.ok("export").out == ""
    assert newsroom.ok("export", "--format", "ninjs").out == ""
    newsroom.ok("export", "--format", "parquet", "--to", "out")


def test_names_that_are_no_text_can_be_exported(newsroom: Desk) -> None:
    newsroom.write("caf\udce9.md", "# Caf\u00e9\n\nWords.\n")
    newsroom.git("add", "-A")
    newsroom.git("commit", "-q", "-m", "x")
    (row,) = rows(newsroom.ok("export").out, "revisions")
    assert row["article"] == "caf\\xE9.md"
    newsroom.ok("export", "--format", "ninjs", "--to", "out")
    assert [file.name for file in (newsroom.folder / "out").iterdir()] == ["caf\udce9.json"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nothing",), "No article matches “nothing”."),
        (("--format", "rss"), "Invalid value for '--format'"),
        (("--format", "parquet"), "Parquet is written into files."),
        (("--format", "data"), "Data files go into a folder."),
        (("--format", "data", "ferry", "--to", "x"), "Data files are of the whole newsroom"),
        (("--format", "ninjs", "--what", "notes"), "--what is for rows, and --format ninjs writes"),
        (("--format", "jsonld", "--with-texts"), "--with-texts is for rows, and --format jsonld"),
        (("--yaml",), "--yaml is for --format data."),
        (("--what", "notes", "--what", "edits"), "Standard output takes rows of one kind."),
        (("--to", "ferry.md"), "ferry.md is a file, not a folder."),
        (("--to", "ferry.md/x"), "ferry.md is a file, not a folder."),
        (
            ("--format", "parquet", "--what", "versions", "--to", "x"),
            "Versions are written as JSON Lines.",
        ),
    ],
)
def test_what_cannot_be_is_refused(ferry: Desk, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in ferry.refused("export", *words)


def test_parquet_says_what_it_needs(ferry: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    said = ferry.refused("export", "--format", "parquet", "--to", "out")
    assert said == (
        "tracker: Parquet needs pyarrow, which is not installed.\n"
        "  Install it: pip install 'article-tracker[parquet]'. Or take --format jsonl.\n"
    )
    assert not (ferry.folder / "out").exists()


def test_files_take_their_place_only_when_they_are_whole(
    ferry: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ferry.ok("export", "--to", "out")
    before = {file.name: file.read_bytes() for file in (ferry.folder / "out").iterdir()}

    def broken(*_: object) -> Any:
        raise OSError(28, "No space left on device", "out/edits.jsonl")

    monkeypatch.setattr(export, "edit_rows", broken)
    said = ferry.refused("export", "--to", "out")
    assert said.startswith("tracker: out cannot be written: no space left on device.")
    assert {file.name: file.read_bytes() for file in (ferry.folder / "out").iterdir()} == before
