"""Sources give every version once, with its place where one cannot be used."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.desk import Desk
from tests.repositories import Builder, run
from tracker.errors import TrackerError
from tracker.model import Person
from tracker.newsroom.incoming import Incoming, Skipped, Source, Telling
from tracker.newsroom.newsroom import Newsroom
from tracker.sources import open_source
from tracker.sources.folder import OtherRepository, VersionFolder, instant
from tracker.sources.versions import LARGEST, HowRead

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "articles"
AT = "2022-05-10T16:30:00-04:00"


def put(folder: Path, name: str, data: str | bytes = "Text.\n") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


def read(source: Source, folder: Path) -> tuple[list[Incoming], list[Skipped]]:
    """What a source gives: versions by their instants, and what it leaves out."""
    given = list(source.versions(folder))
    versions = [each for each in given if isinstance(each, Incoming)]
    versions.sort(key=lambda each: (each.at, each.path or each.slug))
    return versions, [each for each in given if isinstance(each, Skipped)]


def texts(source: Source, versions: list[Incoming]) -> list[bytes]:
    found = list(source.texts(each.key for each in versions))
    assert all(isinstance(each, bytes) for each in found)
    return [each for each in found if isinstance(each, bytes)]


def bad(folder: Path) -> Skipped:
    """The one bad version of a folder."""
    _, skipped = read(VersionFolder(folder), folder)
    (found,) = (each for each in skipped if each.bad)
    assert found.reason.endswith(".")
    return found


def test_a_folder_gives_its_versions_with_their_instants(tmp_path: Path) -> None:
    put(tmp_path, "b/2022-05-10T1630-0400.md", "b1")  # 20:30 UTC
    put(tmp_path, "a/2022-05-10T2100Z.md", "a2")
    put(tmp_path, "a/2022-05-10T1200-0400.md", "a1")
    put(tmp_path, "world/c/2022-05-10T21:00:00+00:00.md", "c1")
    source: Source = VersionFolder(tmp_path)
    versions, skipped = read(source, tmp_path)
    assert skipped == []
    assert [(each.path, each.slug) for each in versions] == [
        ("articles/a.md", "a"),
        ("articles/b.md", "b"),
        ("articles/a.md", "a"),
        ("articles/world/c.md", ""),
    ]
    assert texts(source, versions) == [b"a1", b"b1", b"a2", b"c1"]
    origin = str(tmp_path / "b" / "2022-05-10T1630-0400.md")
    at = datetime(2022, 5, 10, 16, 30, tzinfo=timezone(timedelta(hours=-4)))
    assert versions[1] == Incoming("articles/b.md", "b", at, None, None, (), origin, origin)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2022-05-10T1630Z", datetime(2022, 5, 10, 16, 30, tzinfo=UTC)),
        ("2022-05-10T163059+0000", datetime(2022, 5, 10, 16, 30, 59, tzinfo=UTC)),
        ("2022-05-10T16:30-04:00", datetime(2022, 5, 10, 20, 30, tzinfo=UTC)),
        ("2022-05-10T1630+0545", datetime(2022, 5, 10, 10, 45, tzinfo=UTC)),
        ("2022-05-10T1630", None),
        ("2022-05-10", None),
        ("2022-02-30T1630Z", None),
        ("2022-05-10T2460Z", None),
        ("2022-05-10T1630+9900", None),
        ("0000-05-10T1630Z", None),
        ("٢٠٢٢-05-10T1630Z", None),
        ("2022-05-10T1630Z\n", None),
        ("draft", None),
    ],
)
def test_the_file_name_is_an_instant_with_its_offset(name: str, expected: datetime | None) -> None:
    read = instant(name)
    assert read == expected
    assert read is None or read.utcoffset() is not None


def test_a_name_without_an_offset_is_bad(tmp_path: Path) -> None:
    file = put(tmp_path, "a/2022-05-10T1630.md")
    assert bad(tmp_path) == Skipped(
        str(file),
        "Its name is no instant with an offset.",
        bad=True,
        hint="Name each version by its instant with the offset from UTC, like"
        " 2022-05-10T1630-0400.md.",
    )


def test_equal_instants_of_one_article_are_bad_even_when_written_differently(
    tmp_path: Path,
) -> None:
    first = put(tmp_path, "a/2022-05-10T1630-0400.md")
    put(tmp_path, "a/2022-05-10T2030Z.md")
    assert bad(tmp_path).reason == f"It is of the same instant and article as {first}."


def test_two_endings_in_one_article_are_bad(tmp_path: Path) -> None:
    first = put(tmp_path, "a/2022-05-10T1630Z.md")
    put(tmp_path, "a/2022-05-11T1630Z.txt")
    assert bad(tmp_path).reason == f"It ends otherwise than {first}, in the same article."


def test_articles_stand_under_the_folder_of_choice(tmp_path: Path) -> None:
    put(tmp_path, "a/2022-05-10T1630Z.md")
    for under, path in (("content/posts/", "content/posts/a.md"), ("", "a.md")):
        versions, _ = read(VersionFolder(tmp_path, under=under), tmp_path)
        assert [each.path for each in versions] == [path]


def test_a_file_that_is_not_text_and_one_too_large_are_errors_in_the_place_of_a_text(
    tmp_path: Path,
) -> None:
    picture = put(tmp_path, "a/2022-05-10T1630Z.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    film = put(tmp_path, "a/2022-05-11T1630Z.md")
    os.truncate(film, LARGEST + 1)
    whole = put(
        tmp_path, "a/2022-05-12T1630Z.md", "\ufeffZeile eins\r\ncaf\xe9".encode("latin-1", "ignore")
    )
    source = VersionFolder(tmp_path)
    versions, _ = read(source, tmp_path)
    first, second, third = source.texts(each.key for each in versions)
    assert isinstance(first, TrackerError)
    assert first.sentence == f"{picture} is not text."
    assert isinstance(second, TrackerError)
    assert second.sentence == f"{film} is larger than 16 MB."
    assert third == whole.read_bytes()


def test_links_hidden_entries_inner_folders_and_other_files_are_left_out_and_told_of(
    tmp_path: Path,
) -> None:
    version = put(tmp_path, "a/2022-05-10T1630Z.md")
    put(tmp_path, "a/images/2022-05-10T1630Z.md")
    put(tmp_path, "a/photo.jpg", b"\xff\xd8")
    put(tmp_path, "a/README.md")
    put(tmp_path, ".obsidian/x.md")
    put(tmp_path, "README.md")
    put(tmp_path, "tracker.toml", 'name = "Ledger"\n')
    (tmp_path / "a" / "2022-05-11T1630Z.md").symlink_to(version)
    (tmp_path / "loop").symlink_to(tmp_path)
    folder = VersionFolder(tmp_path)
    versions, skipped = read(folder, tmp_path)
    assert len(versions) == 1
    assert folder.settings == tmp_path / "tracker.toml"
    told = sorted((os.path.relpath(skip.origin, tmp_path), skip.reason) for skip in skipped)
    assert not any(skip.bad for skip in skipped)
    assert told == [
        (".obsidian", "A hidden file or folder is left out."),
        ("a/2022-05-11T1630Z.md", "A symbolic link is left out and not followed."),
        ("a/images", "A folder inside an article's folder is left out."),
        ("a/photo.jpg", "Its name does not end in .md, .markdown, .txt, .mdx."),
        ("loop", "A symbolic link is left out and not followed."),
    ]


def test_a_version_outside_an_articles_folder_is_bad(tmp_path: Path) -> None:
    file = put(tmp_path, "2022-05-10T1630Z.md")
    assert bad(tmp_path)[:2] == (str(file), "It is in no article's folder.")


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackerError) as empty:
        read(VersionFolder(tmp_path), tmp_path)
    assert empty.value.sentence == f"No dated versions of articles are in {tmp_path}."
    with pytest.raises(TrackerError) as missing:
        VersionFolder(tmp_path / "no")
    assert missing.value.sentence == f"There is no folder {tmp_path / 'no'}."


def test_a_folder_name_that_a_terminal_would_obey_is_bad(tmp_path: Path) -> None:
    put(tmp_path, "a\x1b[2J/2022-05-10T1630Z.md")
    assert bad(tmp_path).reason == "The folder's name cannot be part of an article's path."
    assert bad(tmp_path).origin.isprintable()


def test_folders_deeper_than_anyone_files_articles_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a/2022-05-10T1630Z.md")
    put(tmp_path, "/".join(["d"] * 30) + "/2022-05-10T1630Z.md")
    versions, skipped = read(VersionFolder(tmp_path), tmp_path)
    assert len(versions) == 1
    assert [skip.reason for skip in skipped] == ["Folders more than 20 deep are left out."]


def test_the_sample_newsroom_is_such_a_folder(tmp_path: Path) -> None:
    folder = VersionFolder(SAMPLE)
    assert folder.settings == SAMPLE / "tracker.toml"
    versions, skipped = read(folder, tmp_path)
    assert skipped == []
    assert [(each.path, f"{each.at:%m-%d %H:%M %z}") for each in versions][::3] == [
        ("articles/dolyna-road-casualties.md", "05-10 16:30 -0400"),
        ("articles/night-buses-return.md", "05-23 14:00 -0400"),
        ("articles/night-buses-return.md", "05-27 18:05 -0400"),
        ("articles/pier-9-ferry-terminal.md", "06-02 15:20 -0400"),
    ]


# --- JSON Lines -----------------------------------------------------------------------------------


def line(**fields: Any) -> dict[str, Any]:
    return {"path": "articles/a.md", "at": AT, "text": "# A\n", **fields}


FULL = line(
    author={"name": "Ada", "email": "ada@example.org"},
    message="From the archive",
    notes=[{"kind": "correction", "text": "The cost was misstated.", "at": AT}],
    url="https://example.org/a?b=c",
    id=17,
)


JSON_LINES = HowRead(format="jsonl")  # a line may be broken from its first byte on


def packed(versions: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in versions)


def compressed(data: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(data[:40]) + gzip.compress(data[40:])  # two members, as pigz writes
    if how == "zstd":
        import zstandard

        whole = zstandard.ZstdCompressor().compress
        return whole(data[:40]) + whole(data[40:])
    return data


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd", "stream", "gzip stream"])
def test_json_lines_are_read_plain_and_compressed(tmp_path: Path, how: str) -> None:
    data = packed([line(text=f"# Ä {number}\n") for number in range(50)])
    given = compressed(data, how.split()[0])
    file = put(tmp_path, "archive", given)
    stream = io.BytesIO(given) if "stream" in how else None
    source = open_source(None if stream else file, stream, HowRead())
    versions, skipped = read(source, tmp_path)
    assert skipped == []
    assert texts(source, versions[::-1])[0] == "# Ä 49\n".encode()
    assert len(texts(source, versions)) == 50
    assert source.share == (0.0 if "stream" in how else 1.0)


def test_a_line_says_all_that_the_schema_knows(tmp_path: Path) -> None:
    schema = json.loads((ROOT / "docs" / "import.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    slug = {"slug": "ferry", "at": "2022-05-10T20:30:00Z", "text": "", "author": "Bo <bo@x.org>"}
    for each in (FULL, slug):
        jsonschema.Draft202012Validator(schema).validate(each)
    given = b"\xef\xbb\xbf" + packed([FULL]) + b"\n" + packed([slug])
    source = open_source(put(tmp_path, "in.jsonl", given), None, HowRead())
    (first, second), _ = read(source, tmp_path)
    at = datetime(2022, 5, 10, 16, 30, tzinfo=timezone(timedelta(hours=-4)))
    origin = f"{tmp_path / 'in.jsonl'}, line "
    assert first == Incoming(
        "articles/a.md", "", at, Person("Ada", "ada@example.org"), "From the archive",
        (Telling("correction", "The cost was misstated.", at),), 1, f"{origin}1",
        "Url: https://example.org/a?b=c\nId: 17",
    )  # fmt: skip
    assert (second.path, second.slug, second.origin) == ("", "ferry", f"{origin}3")
    assert (second.at, second.person) == (at, Person("Bo", "bo@x.org"))


def refused() -> Iterator[tuple[str | bytes, int | str, str]]:
    """A line, its column or what stands there, and what is said of it."""
    good = json.dumps(line())
    yield "{", 2, "The line is not JSON: expecting property name enclosed in double quotes."
    yield (
        '{"a": 1,}',
        9,
        ("The line is not JSON: expecting property name enclosed in double quotes."),
    )
    yield "[]", 1, "The line is not a JSON object."
    yield b'{"path": "\xff"}', 11, "The line is not UTF-8."
    yield "[" * 100_000, 1, "The line is nested too deeply."
    yield "9" * 5000, 1, "The line holds a number that is too long."
    yield (
        good.replace('"text"', '"txet"'),
        '"txet"',
        (
            "There is no key “txet”; there are path, slug, text, at, author, message, notes, url,"
            " id."
        ),
    )
    yield json.dumps({"path": "a.md", "at": AT}), 1, "The value of “text” is missing."
    yield json.dumps({"at": AT, "text": ""}), 1, "The line has neither “path” nor “slug”."
    yield json.dumps(line(slug="a")), 1, "The line has both “path” and “slug”."
    yield json.dumps(line(text=3)), '"text"', "The value of “text” is not text."
    yield json.dumps(line(text="a\0b")), '"text"', "The value of “text” holds zero bytes."
    yield (
        json.dumps(line(text="\ud83d")),
        '"text"',
        ("The value of “text” holds half of a character, U+D83D."),
    )
    yield json.dumps(line(path=" ")), 2, "The value of “path” is empty."
    for at, why in (
        ("2022-05-10T16:30:00", "has no offset from UTC, as in 2022-05-12T07:45:00-04:00"),
        ("10 May 2022", "is no instant like 2022-05-12T07:45:00-04:00"),
        ("2022-02-30T16:30:00Z", "is no instant like 2022-05-12T07:45:00-04:00"),
    ):
        given = json.dumps({"text": "", "path": "a.md", "at": at})
        yield given, '"at"', f"The value of “at” {why}."
    yield (
        json.dumps(line(author=[])),
        '"author"',
        "The value of “author” is no name with an address.",
    )
    yield (
        json.dumps(line(author={"name": "A" * 999, "email": "b@"})),
        '"author"',
        "The value of “author” is longer than 1,000 letters.",
    )
    yield json.dumps(line(author=" <x@y>")), '"author"', "The value of “author” has no name."
    yield (
        json.dumps(line(notes={})),
        '"notes"',
        "The value of “notes” is not a list of objects.",
    )
    yield (
        json.dumps(line(notes=[{"kind": "joke", "text": "x"}])),
        '"kind"',
        (
            "A note's “kind” must be one of update, correction, clarification, editors-note,"
            " retraction, refile."
        ),
    )
    yield (
        json.dumps(line(notes=[{"kind": "update", "test": "x"}])),
        '"test"',
        ("A note has no key “test”."),
    )
    yield json.dumps(line(url="a\nb")), '"url"', "The value of “url” is not one line of text."
    yield json.dumps(line(id=True)), '"id"', "The value of “id” is not one line of text."


@pytest.mark.parametrize(("given", "column", "reason"), list(refused()))
def test_a_bad_line_has_one_sentence_with_its_place(
    tmp_path: Path, given: str | bytes, column: int | str, reason: str
) -> None:
    raw = given if isinstance(given, bytes) else given.encode()
    if isinstance(column, str):
        column = raw.index(column.encode()) + 1
    file = put(tmp_path, "in.jsonl", packed([line()]) + raw + b"\n" + packed([line()]))
    versions, skipped = read(open_source(file, None, JSON_LINES), tmp_path)
    assert [each.origin for each in versions] == [f"{file}, line 1", f"{file}, line 3"]
    assert skipped == [Skipped(f"{file}, line 2, column {column}", reason, bad=True)]


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_compressed_lines_that_break_off_are_refused(tmp_path: Path, how: str) -> None:
    whole = compressed(packed([line(text=os.urandom(9000).hex()) for _ in range(20)]), how)
    file = put(tmp_path, "in.jsonl.gz", whole[: len(whole) // 2])
    source = open_source(file, None, HowRead())
    if how == "zstd":  # its reader takes a cut for the end; the last line is then none
        assert read(source, tmp_path)[1][-1].reason.startswith("The line is not JSON")
        return
    with pytest.raises(TrackerError) as caught:
        read(source, tmp_path)
    assert caught.value.sentence == (
        f"{file} cannot be read to its end: the compressed data ends too early."
    )
    file.write_bytes(whole[:100] + b"damage" + whole[106:])
    with pytest.raises(TrackerError) as damaged:
        read(open_source(file, None, HowRead()), tmp_path)
    assert damaged.value.sentence.startswith(f"{file} cannot be read to its end: ")


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackerError) as caught:
        open_source(tmp_path / "no.jsonl", None, HowRead())
    assert caught.value.sentence == (
        f"{tmp_path / 'no.jsonl'} cannot be read: no such file or directory."
    )


# --- another repository ---------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A site with a move, a draft beside the articles, a deletion, and a merged branch."""
    site = Builder(tmp_path / "site")
    site.commit(
        "Start",
        write={"posts/a.md": "# A\n\nOne.\n", "README.md": "Read.", "posts/gone.md": "# G\n"},
    )
    site.commit("Side", on="side", start="main", write={"posts/a.md": "# A\n\nSide.\n"})
    site.commit(
        "Merge branch 'side'",
        merge=["side"],
        write={"posts/a.md": "# A\n\nTwo.\n"},
        author=b"Bo <bo@example.org>",
        raw_message=b"Merge branch 'side'\n\nWhy.\n",
    )
    site.commit("Move", move={"posts/a.md": "posts/b.md"}, delete=["posts/gone.md"])
    site.commit("Edit", write={"posts/b.md": "# A\n\nThree.\n"})
    site.build()
    return tmp_path / "site"


def test_another_repository_gives_its_published_revisions(other: Path, tmp_path: Path) -> None:
    source = OtherRepository(other)
    versions, skipped = read(source, tmp_path)
    assert [(each.path, each.message, each.person and each.person.name) for each in versions] == [
        ("posts/b.md", "Start", "Ada Editor"),
        ("posts/b.md", "Merge branch 'side'\n\nWhy.", "Bo"),
        ("posts/b.md", "Edit", "Ada Editor"),
    ]
    assert texts(source, versions)[1] == b"# A\n\nTwo.\n"
    assert skipped == [Skipped(f"{other}: posts/gone.md", "The article is deleted there.")]
    moved, _ = read(OtherRepository(other, folder="posts", under="articles/old"), tmp_path)
    assert {each.path for each in moved} == {"articles/old/b.md"}
    with pytest.raises(TrackerError) as caught:
        read(OtherRepository(other, folder="pages"), tmp_path)
    assert caught.value.sentence == f"There are no articles in {other}, folder pages."


def test_another_repository_is_imported_by_the_command(newsroom: Desk, other: Path) -> None:
    said = newsroom.ok("import", "--from-git", str(other), "--under", "articles")
    assert said.out == "Recorded 3 revisions of 1 article.\n"
    assert newsroom.git("status", "--porcelain", "articles") == ""
    told = newsroom.ok("history", "b", "--json").json["revisions"]
    assert [(each["number"], each["person"]["name"]) for each in told] == [
        (1, "Ada Editor"),
        (2, "Bo"),
        (3, "Ada Editor"),
    ]
    again = newsroom.ok("import", "--from-git", str(other), "--under", "articles")
    assert again.out == "Recorded 0 revisions, 3 were there already.\n"


def test_revisions_with_older_author_dates_keep_their_place_on_the_line(tmp_path: Path) -> None:
    site = Builder(tmp_path / "site")
    for day, text in ((3, "One."), (1, "Two."), (2, "Three."), (3, "One."), (5, "Four.")):
        at = f"2022-05-{day:02}T08:00:00+00:00"
        site.commit(f"Day {day}", at=at, write={"posts/a.md": f"{text}\n"})
    site.build()
    target = Builder(tmp_path / "target").build().git_dir.parent
    done = Newsroom(target).bring(OtherRepository(tmp_path / "site"))
    assert done.added == 5
    for folder in (tmp_path / "site", target):
        said = run(folder, "log", "--format=%at %T", "--reverse").decode().split("\n")
        assert len(said) == 6
        assert said == run(tmp_path / "site", "log", "--format=%at %T", "--reverse").decode().split(
            "\n"
        )
    assert Newsroom(target).bring(OtherRepository(tmp_path / "site")).added == 0


# --- where articles go ----------------------------------------------------------------------------


def test_a_slug_goes_where_the_layout_says_and_stays_there(newsroom: Desk) -> None:
    settings = newsroom.read("tracker.toml")
    newsroom.write("tracker.toml", 'layout = "news/{year}/{month}/{day}/{slug}.md"\n' + settings)
    dated = "---\ndate: 2022-05-09\n---\n\nOne.\n"
    given = [
        # 1 a.m. UTC is the evening before in New York.
        {"slug": "ferry", "at": "2022-05-11T01:00:00Z", "text": "# Ferry\n"},
        {"slug": "buses", "at": "2022-05-11T01:00:00Z", "text": dated},
        {"slug": "ferry", "at": "2022-05-12T01:00:00Z", "text": "# Ferry\n\nTwo.\n"},
    ]
    newsroom.write("in.jsonl", packed(given[::-1]))
    newsroom.ok("import", "in.jsonl")
    listed = newsroom.git("ls-files", "news").split()
    assert listed == ["news/2022/05/09/buses.md", "news/2022/05/10/ferry.md"]
    newsroom.write("in.jsonl", packed([{**given[2], "text": "3", "at": "2022-05-13T01:00:00Z"}]))
    newsroom.ok("import", "in.jsonl")
    assert newsroom.git("ls-files", "news").split() == listed
    assert newsroom.read("news/2022/05/10/ferry.md") == "3"


def test_a_slug_without_a_layout_goes_into_the_folder_of_articles(newsroom: Desk) -> None:
    newsroom.write("in.jsonl", packed([{"slug": "ferry", "at": AT, "text": "# Ferry\n"}]))
    newsroom.ok("import", "in.jsonl", "--under", "posts")
    assert newsroom.read("posts/ferry.md") == "# Ferry\n"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("layout", ["", 'layout = "news/{year}/{slug}.md"\n'])
def test_the_lines_of_the_documentation_are_of_one_article(
    newsroom: Desk, monkeypatch: pytest.MonkeyPatch, layout: str, *, turned: bool
) -> None:
    monkeypatch.setenv("TRACKER_NOW", "2022-06-30T12:00:00-04:00")
    newsroom.write("tracker.toml", layout + newsroom.read("tracker.toml"))
    page = (ROOT / "docs" / "import.md").read_text("utf-8")
    example = page.partition("```json\n")[2].partition("```")[0].splitlines(keepends=True)
    assert len(example) == 2
    newsroom.write("in.jsonl", "".join(example[::-1] if turned else example))
    said = newsroom.ok("import", "in.jsonl")
    assert said.out == "Recorded 2 revisions of 1 article.\n"
    assert newsroom.git("ls-files", "*.md").split() == ["articles/2022/06/02/ferry.md"]
    again = newsroom.ok("import", "in.jsonl")
    assert again.out == "Recorded 0 revisions, 2 were there already.\n"


def test_a_slug_that_two_articles_of_the_same_import_have_is_refused(newsroom: Desk) -> None:
    given = [
        {"slug": "ferry", "at": AT, "text": "# Ferry\n"},
        line(path="articles/y/ferry.md"),
        line(path="articles/x/ferry/index.md"),
        line(path="pictures/ferry.html"),
    ]
    newsroom.write("in.jsonl", packed(given))
    assert newsroom.refused("import", "in.jsonl") == (
        "tracker: in.jsonl, line 1: there is more than one article “ferry”:"
        " articles/x/ferry/index.md, articles/y/ferry.md.\n"
        "  Give the path in the place of the slug.\n"
    )


def test_a_section_and_no_section_are_two_articles_of_one_slug(newsroom: Desk) -> None:
    settings = newsroom.read("tracker.toml")
    newsroom.write("tracker.toml", 'layout = "news/{year}/{slug}.md"\n' + settings)
    for name in ("ferry", "world/ferry"):
        newsroom.write(f"versions/{name}/2022-05-10T1630Z.md", f"# {name}\n")
    newsroom.ok("import", "versions")
    listed = newsroom.git("ls-files", "*.md").split()
    assert listed == ["articles/world/ferry.md", "news/2022/ferry.md"]
    again = newsroom.ok("import", "versions")
    assert again.out == "Recorded 0 revisions, 2 were there already.\n"


@pytest.mark.parametrize("slug", ["a/b", "..", ".git", "a\n", "\u202ea", " a"])
def test_a_slug_is_one_plain_name(newsroom: Desk, slug: str) -> None:
    newsroom.write("in.jsonl", packed([{"slug": slug, "at": AT, "text": "# Ferry\n"}]))
    said = newsroom.refused("import", "in.jsonl")
    assert "is no slug: it must be one plain name." in said
    assert all(each.isprintable() for each in said.splitlines())


def test_a_slug_that_two_articles_have_is_refused(newsroom: Desk) -> None:
    both = [line(path="articles/x/ferry.md"), line(path="articles/y/ferry.md")]
    newsroom.write("in.jsonl", packed(both))
    newsroom.ok("import", "in.jsonl")
    newsroom.write("in.jsonl", packed([{"slug": "ferry", "at": AT, "text": "# Ferry\n"}]))
    assert newsroom.refused("import", "in.jsonl").splitlines()[0] == (
        "tracker: in.jsonl, line 1: there is more than one article “ferry”:"
        " articles/x/ferry.md, articles/y/ferry.md."
    )


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("1969-12-31T23:59:59Z", "git cannot keep a date before 1970, and 1969-12-31 is one."),
        ("0002-06-01T00:00:00+14:00", "git cannot keep a date before 1970, and 0002-06-01 is one."),
        ("2022-06-01T13:00:00-04:00", "2022-06-01 13:00-04:00 is in the future."),
    ],
)
def test_dates_that_cannot_be_are_refused(newsroom: Desk, at: str, reason: str) -> None:
    newsroom.write("in.jsonl", packed([line(at=at)]))
    assert newsroom.refused("import", "in.jsonl").splitlines()[0] == (
        f"tracker: in.jsonl, line 1: {reason}"
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Import from where?"),
        (("x", "--from-git", "y"), "SOURCE and --from-git are two sources."),
        (("x", "--folder", "y"), "--folder is a folder of --from-git."),
        (("no.jsonl",), "There is no file or folder no.jsonl."),
        (("no",), "There is no file or folder no."),
        (("--from-git", "no"), "There is no folder no."),
        (("--from-git", "tracker.toml"), "tracker.toml is a file, and no git repository."),
    ],
)
def test_a_source_that_is_none_is_refused(
    newsroom: Desk, words: tuple[str, ...], sentence: str
) -> None:
    assert newsroom.refused("import", *words).splitlines()[0] == f"tracker: {sentence}"


def test_a_refused_import_makes_no_newsroom(desk: Desk) -> None:
    desk.write("in.jsonl", b"no\n")
    assert desk.run("import", "in.jsonl", "--into", "new").status == 2
    assert not (desk.folder / "new").exists()
    said = desk.ok("import", "-", "--into", "new", stdin=packed([line()]))
    assert said.out == "Made a newsroom in new.\nRecorded 1 revision of 1 article.\n"


@pytest.mark.parametrize("into", ["new", "new/and/deeper", "empty"])
def test_whatever_is_refused_leaves_no_newsroom_behind(desk: Desk, into: str) -> None:
    posts = Builder(desk.folder / "posts")
    posts.commit("Start", write={"a.md": "# A\n"})
    posts.build()
    desk.write("in.jsonl", packed([line()]))
    desk.write("bad.jsonl", packed([line(path="../a.md")]))
    (desk.folder / "empty").mkdir()
    before = sorted(desk.folder.iterdir())
    for words in (
        ("--from-git", "posts", "--folder", "nope"),
        ("in.jsonl", "--under", "../x"),
        ("bad.jsonl",),
        ("bad.jsonl", "--dry-run"),
    ):
        assert desk.run("import", *words, "--into", into).status == 2
        assert sorted(desk.folder.iterdir()) == before
        assert not list((desk.folder / "empty").iterdir())


@pytest.mark.parametrize("into", ["new", "new/and/deeper", "empty"])
def test_a_dry_run_makes_no_newsroom(desk: Desk, into: str) -> None:
    desk.write("in.jsonl", packed([line()]))
    (desk.folder / "empty").mkdir()
    before = sorted(desk.folder.iterdir())
    said = desk.ok("import", "in.jsonl", "--into", into, "--dry-run")
    assert said.out == (
        f"Would make a newsroom in {into}.\nWould record 1 revision of 1 article.\n"
    )
    assert sorted(desk.folder.iterdir()) == before
    assert not list((desk.folder / "empty").iterdir())


@pytest.mark.parametrize("into", ["in.jsonl", "in.jsonl/deeper"])
def test_a_file_is_no_place_for_a_newsroom(desk: Desk, into: str) -> None:
    desk.write("in.jsonl", packed([line()]))
    said = desk.run("import", "in.jsonl", "--into", into)
    name = "in.jsonl" if into == "in.jsonl" else desk.folder / "in.jsonl"
    assert said.status == 2
    assert said.err == (
        f"tracker: {name} is a file, so there can be no newsroom in it.\n"
        "  Name another folder with --into.\n"
    )


def test_a_folder_in_no_repository_is_not_to_become_a_newsroom(desk: Desk) -> None:
    (desk.folder / "plain").mkdir()
    said = desk.run("import", "--from-git", "plain", "--into", "new")
    assert said.status == 2
    assert said.err == (
        "tracker: plain is not in a git repository.\n"
        "  Give the folder of the repository whose articles are to be imported.\n"
    )


@pytest.mark.parametrize(
    ("under", "sentence"),
    [
        ("/abs", "The folder /abs is not in the newsroom."),
        ("", "The folder for the articles has no name."),
        (" ", "The folder for the articles has no name."),
        ("/", "The folder / is not in the newsroom."),
        (".git", ".git has the part .git, a name that git keeps for itself."),
        ("../x", "../x leads out of the repository."),
        ("a//b", "a//b is not the path of a file."),
        ("a\nb", "The folder a\\nb has characters that no path should have."),
    ],
)
@pytest.mark.parametrize("source", [("in.jsonl",), ("versions",), ("--from-git", ".")])
def test_articles_go_into_a_folder_of_the_newsroom(
    newsroom: Desk, source: tuple[str, ...], under: str, sentence: str
) -> None:
    newsroom.write("in.jsonl", packed([{"slug": "ferry", "at": AT, "text": "# Ferry\n"}]))
    newsroom.write("versions/ferry/2022-05-10T1630Z.md", "# Ferry\n")
    assert newsroom.refused("import", *source, "--under", under) == (
        f"tracker: {sentence}\n"
        "  Give a folder in the newsroom, as articles/archive, or . for the newsroom's own.\n"
    )


def test_a_dot_is_the_newsrooms_own_folder(newsroom: Desk) -> None:
    newsroom.write("in.jsonl", packed([{"slug": "ferry", "at": AT, "text": "# Ferry\n"}]))
    newsroom.ok("import", "in.jsonl", "--under", ".")
    newsroom.write("versions/buses/2022-05-10T1630Z.md", "# Buses\n")
    newsroom.ok("import", "versions", "--under", "./")
    assert newsroom.git("ls-files", "*.md").split() == ["buses.md", "ferry.md"]


def test_a_line_break_in_a_name_does_not_run_its_words_together(newsroom: Desk) -> None:
    given = [line(author={"name": "Ada\r\nB. <C>\tEditor", "email": "ada\n@example.org"})]
    newsroom.write("in.jsonl", packed(given))
    newsroom.ok("import", "in.jsonl")
    assert newsroom.git("log", "-1", "--format=%an <%ae>") == (
        "Ada B. C Editor <ada @example.org>\n"
    )


def test_bad_lines_are_named_and_counted_where_they_are_skipped(newsroom: Desk) -> None:
    newsroom.write("in.jsonl", b"no\n" + packed([line()]) + b"{}\n" * 30)
    said = newsroom.ok("import", "in.jsonl", "--skip-bad")
    assert said.out == "Recorded 1 revision of 1 article, 31 left out as bad.\n"
    told = said.err.splitlines()
    assert told[0] == (
        "tracker: in.jsonl, line 1, column 1: The line is not JSON: expecting value."
    )
    assert told[-1] == "tracker: and 11 more versions that cannot be used."
    newsroom.write("in.jsonl", packed([line()]) + b"{}\n")
    done = newsroom.ok("import", "in.jsonl", "--skip-bad", "--json").json
    assert (done["known"], done["bad"], done["skipped"][0]["bad"]) == (1, 1, True)


@pytest.mark.parametrize(
    ("source", "into"), [(".", "."), ("articles", "."), ("articles/..", "articles"), (".git", ".")]
)
def test_a_repository_is_not_imported_into_itself(newsroom: Desk, source: str, into: str) -> None:
    newsroom.write("articles/a.md", "# A\n")
    newsroom.ok("record", "articles/a.md")
    where = newsroom.folder if source in (".", "articles/..") else source
    assert newsroom.refused("import", "--from-git", source, "--into", into, "--under", "x") == (
        f"tracker: {where} is the repository of this newsroom: its revisions are here already.\n"
        "  Name another repository, or with --into the newsroom that is to get them.\n"
    )


def test_the_folder_where_one_stands_is_named_in_full(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = '{"path": "a.md", "at": "2022-05-10T16:30:00Z", "text": "# A\\n"}\n'
    empty = desk.folder / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    said = desk.ok("import", "-", "--into", ".", stdin=version.encode())
    assert said.out == f"Made a newsroom in {empty}.\nRecorded 1 revision of 1 article.\n"
