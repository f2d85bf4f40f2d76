"""The data files for site generators: their schema, their names, and a folder kept in step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from tests.desk import Desk
from tests.sites import HOSTILE, fragment, harmless, hostile_words, words
from tracker.errors import TrackerError
from tracker.newsroom.newsroom import Newsroom
from tracker.render import urls
from tracker.render.export import data_key, write_data
from tracker.render.told import harmless as harmless_words
from tracker.render.told import inline_html
from tracker.web import addresses as pages

SCHEMA = json.loads((Path(__file__).parents[1] / "docs/site-data.schema.json").read_text("utf-8"))
_made: list[Path] = []
"""The newsroom that a test made already; the next one takes a copy."""

TEXT = "---\ntitle: The ferry\n---\n\nA ticket costs $12.\n"


def part(name: str) -> Draft202012Validator:
    """What a kind of file must be."""
    return Draft202012Validator(
        {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}, format_checker=FormatChecker()
    )


@pytest.fixture
def ferries(desk: Desk) -> Desk:
    """Two articles: one with notes of many sorts, one that is new; and a draft."""
    if _made and _made[0].is_dir():
        shutil.copytree(_made[0], desk.folder, dirs_exist_ok=True)
        return desk
    desk.git("init", "-q", "-b", "main")
    desk.write("tracker.toml", 'style = "newsweek"\ntimezone = "America/New_York"\n')
    desk.write("posts/ferry.md", TEXT)
    desk.ok("record", "posts/ferry.md", "--at", "05/10/22 4:30 p.m. ET")
    desk.write("posts/ferry.md", TEXT.replace("$12", "$21"))
    desk.ok("record", "posts/ferry.md", "--correction", HOSTILE, "--at", "05/11/22 9 a.m. ET")
    desk.ok("note", "ferry", "--update", "to add a pier", "--at", "05/12/22")
    desk.ok("note", "ferry", "--amend", "u2", "The pier is new.", "--at", "05/13/22 9 a.m.")
    desk.write("posts/new.md", TEXT + "\n*This story was updated to add a pier.*\n")
    desk.ok("record", "posts/new.md", "--at", "05/14/22 9 a.m. ET")
    desk.write("posts/draft.md", TEXT.replace("---\n\n", "draft: true\n---\n\n"))
    desk.ok("record", "posts/draft.md", "--at", "05/15/22 9 a.m. ET")
    _made[:] = [desk.folder.with_name(f"{desk.folder.name}-copy")]
    shutil.copytree(desk.folder, _made[0])
    return desk


def exported(desk: Desk, *words: str) -> dict[str, Any]:
    """The files of an export by their names."""
    desk.ok("export", "--format", "data", "--to", "data", *words)
    return {
        file.relative_to(desk.folder / "data").as_posix(): yaml.safe_load(file.read_text("utf-8"))
        for file in sorted((desk.folder / "data").rglob("*"))
        if file.is_file()
    }


def test_the_files_are_what_the_schema_says(ferries: Desk) -> None:
    files = exported(ferries)
    assert list(files) == [
        "articles/posts--ferry.json",
        "articles/posts--new.json",
        "index.json",
        "notes.json",
    ]
    part("article").validate(files["articles/posts--ferry.json"])
    part("article").validate(files["articles/posts--new.json"])
    part("index").validate(files["index.json"])
    part("notes").validate(files["notes.json"])
    for value in files.values():
        Draft202012Validator(SCHEMA).validate(value)
    wrong = {**files["index.json"], "paths": {"posts/ferry.md": "../ferry"}}
    assert not part("index").is_valid(wrong)


def test_what_they_say(ferries: Desk) -> None:
    files = exported(ferries)
    ferry = files["articles/posts--ferry.json"]
    assert (ferry["path"], ferry["slug"], ferry["headline"]) == (
        "posts/ferry.md",
        "ferry",
        "The ferry",
    )
    assert (ferry["published"], ferry["updated"], ferry["touched"]) == (
        "2022-05-10T16:30:00-04:00",
        "2022-05-13T09:00:00-04:00",
        "2022-05-13T09:00:00-04:00",
    )
    assert [each["kind"] for each in ferry["updates"]] == ["correction", "update"]
    assert [(each["what"], each["amended"]) for each in ferry["changelog"]] == [
        ("note", False),
        ("note", True),
        ("note", False),
        ("published", False),
    ]
    assert [each["number"] for each in ferry["versions"]] == [4, 3, 2, 1]
    assert ferry["history_url"] is None
    assert files["index.json"]["paths"] == {
        "posts/ferry.md": "posts--ferry",
        "posts/new.md": "posts--new",
    }
    told = files["notes.json"]["notes"]
    assert [(each["article"]["key"], each["day"]) for each in told] == [
        ("posts--new", "2022-05-14"),
        ("posts--ferry", "2022-05-13"),
        ("posts--ferry", "2022-05-11"),
    ]
    assert told[0]["precision"] == "none"
    assert told[0]["when"] == ""


def test_hostile_words_are_harmless_in_html_and_whole_in_text(ferries: Desk) -> None:
    note = exported(ferries)["articles/posts--ferry.json"]["updates"][0]
    assert note["text"] == HOSTILE
    root = fragment(note["html"])
    assert words(root) == f"Correction 05/11/22, 9:00 a.m. ET: {hostile_words()}"
    harmless(root)


def test_yaml_says_the_same(ferries: Desk) -> None:
    as_json = exported(ferries)
    as_yaml = exported(ferries, "--yaml")
    for name, value in as_json.items():
        assert as_yaml[name.replace(".json", ".yaml")] == value


def test_links_are_those_of_the_pages(ferries: Desk) -> None:
    ferries.write("tracker.toml", '[site]\nurl = "https://example.org/h/"\n')
    ferry = exported(ferries)["articles/posts--ferry.json"]
    room = Newsroom(ferries.folder)
    known = pages.Addresses.of(room.workspace.paths(), room.workspace.under)
    address = known.address("posts/ferry.md")
    revisions = room.history("posts/ferry.md")
    stamps = [pages.stamp_of(each) for each in revisions]
    base = "https://example.org/h"
    assert ferry["history_url"] == base + pages.history(address)
    assert [each["url"] for each in reversed(ferry["versions"])] == [
        base + pages.version(stamp, address) for stamp in stamps
    ]
    assert ferry["versions"][0]["changes_url"] == base + pages.change(stamps[-1], address)
    assert ferry["updates"][0]["url"] == base + pages.note(pages.note_key("u1"), address)
    part("article").validate(ferry)


STEMS = r"(?:index|index\.html|a|a\.txt|b\.c|Й|\.|\.\.)"
PATHS = st.lists(
    st.from_regex(rf"(?:[aB й]{{1,3}}/){{0,2}}{STEMS}\.(?:md|markdown|txt|MD)", fullmatch=True),
    unique=True,
    max_size=8,
)


@settings(max_examples=40)
@given(PATHS, st.sampled_from(["", "a", "site"]))
def test_addresses_are_those_of_the_pages(paths: list[str], under: str) -> None:
    mine = urls.addresses(paths, under)
    assert len(set(mine.values())) == len(mine)
    assert mine == dict(pages.Addresses.of(paths, under).by_path)
    links = urls.Links("https://example.org", mine.__getitem__)
    for path in paths:
        assert links.history(path) == "https://example.org" + pages.history(mine[path])


@given(st.lists(st.text(max_size=80), unique=True, max_size=20))
def test_keys_are_safe_and_tell_articles_apart(found: list[str]) -> None:
    keys = [data_key(address) for address in found]
    assert len(set(keys)) == len(keys)
    for each in keys:
        assert part("key").is_valid(each)


def test_keys_that_could_be_mistaken_for_each_other() -> None:
    names = ["a/b", "a--b", "a-b", "A/b", "a/b ", "a", "A", "ä", "index", "a---b", "-a", "a/-b"]
    assert len({data_key(name).lower() for name in names}) == len(names)
    assert data_key("posts/night-ferry") == "posts--night-ferry"
    assert len(data_key("x" * 5000)) < 100


def test_the_newsroom_may_be_a_folder_of_the_repository(desk: Desk) -> None:
    """Paths are those that the generator knows: from the newsroom's folder."""
    desk.git("init", "-q")
    desk.write("site/tracker.toml", "")
    desk.write("site/content/ferry.md", TEXT)
    desk.ok("-C", "site", "record", "content/ferry.md", "--at", "2022-05-10")
    desk.ok("-C", "site", "export", "--format", "data", "--to", "site/data/tracker")
    index = json.loads(desk.read("site/data/tracker/index.json"))
    assert index["paths"] == {"content/ferry.md": "content--ferry"}
    article = json.loads(desk.read("site/data/tracker/articles/content--ferry.json"))
    assert article["path"] == "content/ferry.md"


def test_a_second_export_touches_only_what_changed(ferries: Desk) -> None:
    exported(ferries)
    before = {file: file.stat().st_mtime_ns for file in (ferries.folder / "data").rglob("*.json")}
    ferries.write("data/articles/mine.json", "{}")
    ferries.git("rm", "-q", "posts/new.md")
    ferries.git("commit", "-q", "-m", "Delete")
    said = ferries.ok("export", "--format", "data", "--to", "data").err
    assert said == "tracker: 1 article in data, 2 files new or changed.\n"
    after = {file: file.stat().st_mtime_ns for file in (ferries.folder / "data").rglob("*.json")}
    ferry = ferries.folder / "data/articles/posts--ferry.json"
    assert after[ferry] == before[ferry]
    assert ferries.folder / "data/articles/posts--new.json" not in after
    assert ferries.read("data/articles/mine.json") == "{}"


@pytest.mark.parametrize(
    "index",
    [
        "",
        "[]",
        '{"paths": []}',
        '{"paths": {"a": "../../x", "b": 3, "c": "/x"}}',
        "\x00",
        "{" * 9999,
    ],
)
def test_an_index_that_is_broken_removes_nothing(ferries: Desk, index: str) -> None:
    ferries.write("data/index.json", index)
    ferries.write("x.json", "{}")
    exported(ferries)
    assert ferries.read("x.json") == "{}"


@pytest.mark.parametrize(
    "content",
    ["My notes", "{}", '{"schema": 1, "path": "posts/other.md"}', '{"schema": 1}'],
)
def test_an_index_is_not_believed_about_what_to_remove(ferries: Desk, content: str) -> None:
    """A repository may carry one that names files of somebody else."""
    ferries.write("data/index.json", '{"paths": {"posts/gone.md": "mine"}}')
    mine = ferries.write("data/articles/mine.json", content)
    exported(ferries)
    assert mine.read_text() == content


def test_a_folder_that_a_link_leads_out_of_is_not_written(ferries: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    ferries.write("data/readme.txt", "x")
    (ferries.folder / "data/articles").symlink_to(outside)
    said = ferries.refused("export", "--format", "data", "--to", "data")
    assert "data/articles is a symbolic link, which is not followed." in said
    assert list(outside.iterdir()) == []


def test_a_folder_that_cannot_be_written(ferries: Desk) -> None:
    ferries.write("data/articles", "a file")
    with pytest.raises(TrackerError) as refused:
        write_data(ferries.folder / "data", [("articles/a.json", "{}")])
    assert refused.value.sentence == f"{ferries.folder / 'data/articles'} is a file, not a folder."


@given(st.text(max_size=60), st.sampled_from(["plain", "italic", "bold"]))
def test_any_line_becomes_inline_html(line: str, markup: str) -> None:
    """Only running text and links, well formed, whatever was typed."""
    made = inline_html(harmless_words(" ".join(line.split())), markup, "2022-05-12")
    root = fragment(made)
    allowed = {"DOCUMENT_FRAGMENT", "a", "abbr", "code", "del", "em", "s", "strong", "sub", "sup"}
    assert {each.tag for each in root.iter()} <= allowed
    harmless(root)


@given(st.lists(st.sampled_from([*"*_[]()`<>&\\#!-1. ax", "](", "**", "<b>", "<!--", "&lt;"])))
def test_any_markup_becomes_inline_html(pieces: list[str]) -> None:
    made = inline_html(" ".join("".join(pieces).split()), "italic", "2022-05-12")
    root = fragment(made)
    assert "<" not in "".join(pieces) or "p" not in {each.tag for each in root.iter()}
    harmless(root)
