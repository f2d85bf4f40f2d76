"""A folder of dated versions is read whole, in order, or refused in one sentence."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tracker.errors import TrackerError
from tracker.sources.folder import LARGEST, Folder, instant
from tracker.sources.incoming import Incoming, Source

SAMPLE = Path(__file__).parents[1] / "articles"


def put(folder: Path, name: str, data: str | bytes = "Text.\n") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


def refusal(folder: Path) -> TrackerError:
    with pytest.raises(TrackerError) as caught:
        Folder(folder)
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint.endswith(".")
    return caught.value


def test_versions_come_in_the_order_of_their_instants_across_articles(tmp_path: Path) -> None:
    put(tmp_path, "b/2022-05-10T1630-0400.md", "b1")  # 20:30 UTC
    put(tmp_path, "a/2022-05-10T2100Z.md", "a2")
    put(tmp_path, "a/2022-05-10T1200-0400.md", "a1")
    put(tmp_path, "world/c/2022-05-10T21:00:00+00:00.md", "c1")
    source: Source = Folder(tmp_path)
    taken = list(source)
    assert [(version.article, version.data) for version in taken] == [
        ("articles/a.md", b"a1"),
        ("articles/b.md", b"b1"),
        ("articles/a.md", b"a2"),
        ("articles/world/c.md", b"c1"),
    ]
    assert len(source) == 4
    assert list(source) == taken
    assert taken[1] == Incoming(
        "articles/b.md",
        datetime(2022, 5, 10, 16, 30, tzinfo=timezone(timedelta(hours=-4))),
        b"b1",
        None,
        None,
        str(tmp_path / "b" / "2022-05-10T1630-0400.md"),
    )


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


def test_a_name_without_an_offset_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a/2022-05-10T1630.md")
    error = refusal(tmp_path)
    file = tmp_path / "a" / "2022-05-10T1630.md"
    assert error.sentence == f"The name of {file} is no instant with an offset."
    assert error.hint == (
        "Name each version by its instant with the offset from UTC, like 2022-05-10T1630-0400.md."
    )


def test_equal_instants_of_one_article_are_refused_even_when_written_differently(
    tmp_path: Path,
) -> None:
    first = put(tmp_path, "a/2022-05-10T1630-0400.md")
    second = put(tmp_path, "a/2022-05-10T2030Z.md")
    assert refusal(tmp_path).sentence == (
        f"{first} and {second} are versions of one article at one instant."
    )


def test_equal_instants_of_two_articles_come_by_article(tmp_path: Path) -> None:
    put(tmp_path, "b/2022-05-10T2030Z.md")
    put(tmp_path, "a/2022-05-10T1630-0400.md")
    assert [version.article for version in Folder(tmp_path)] == ["articles/a.md", "articles/b.md"]


def test_two_endings_in_one_article_are_refused(tmp_path: Path) -> None:
    first = put(tmp_path, "a/2022-05-10T1630Z.md")
    second = put(tmp_path, "a/2022-05-11T1630Z.txt")
    assert refusal(tmp_path).sentence == (
        f"{second} ends otherwise than {first}, in the same article."
    )


def test_articles_stand_under_the_folder_of_choice(tmp_path: Path) -> None:
    put(tmp_path, "a/2022-05-10T1630Z.md")
    assert [version.article for version in Folder(tmp_path, under="content/posts/")] == [
        "content/posts/a.md"
    ]
    assert [version.article for version in Folder(tmp_path, under="")] == ["a.md"]


def test_a_file_that_is_not_text_is_refused_before_anything_is_yielded(tmp_path: Path) -> None:
    put(tmp_path, "a/2022-05-10T1630Z.md")
    picture = put(tmp_path, "a/2022-05-11T1630Z.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert refusal(tmp_path).sentence == f"{picture} is not text."


def test_a_file_too_large_for_an_article_is_refused(tmp_path: Path) -> None:
    film = tmp_path / "a" / "2022-05-10T1630Z.md"
    put(tmp_path, "a/2022-05-10T1630Z.md")
    os.truncate(film, LARGEST + 1)
    assert refusal(tmp_path).sentence == f"{film} is larger than 16 MB."


def test_bytes_are_kept_as_they_are(tmp_path: Path) -> None:
    text = "\ufeffZeile eins\r\nZeile zwei".encode()
    put(tmp_path, "a/2022-05-10T1630Z.md", text)
    put(tmp_path, "a/2022-05-11T1630Z.md", "caf\xe9".encode("latin-1"))
    assert [version.data for version in Folder(tmp_path)] == [text, b"caf\xe9"]


def test_links_hidden_entries_inner_folders_and_other_files_are_skipped_and_told_of(
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
    folder = Folder(tmp_path)
    assert len(folder) == 1
    assert folder.settings == tmp_path / "tracker.toml"
    told = [(os.path.relpath(skip.origin, tmp_path), skip.reason) for skip in folder.skipped]
    assert told == [
        (".obsidian", "A hidden file or folder is left out."),
        ("a/2022-05-11T1630Z.md", "A symbolic link is left out and not followed."),
        ("a/images", "A folder inside an article's folder is left out."),
        ("a/photo.jpg", "Its name does not end in .md, .markdown, .txt."),
        ("loop", "A symbolic link is left out and not followed."),
    ]


def test_a_version_outside_an_articles_folder_is_refused(tmp_path: Path) -> None:
    file = put(tmp_path, "2022-05-10T1630Z.md")
    assert refusal(tmp_path).sentence == f"{file} is in no article's folder."


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).sentence == f"No dated versions of articles are in {tmp_path}."
    assert refusal(tmp_path / "no").sentence == f"There is no folder {tmp_path / 'no'}."


def test_a_folder_name_that_a_terminal_would_obey_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a\x1b[2J/2022-05-10T1630Z.md")
    assert refusal(tmp_path).sentence == (
        "The folder name 'a\\x1b[2J' cannot be part of an article's path."
    )


def test_folders_deeper_than_anyone_files_articles_are_skipped(tmp_path: Path) -> None:
    put(tmp_path, "a/2022-05-10T1630Z.md")
    put(tmp_path, "/".join(["d"] * 30) + "/2022-05-10T1630Z.md")
    folder = Folder(tmp_path)
    assert len(folder) == 1
    assert [skip.reason for skip in folder.skipped] == ["Folders more than 20 deep are left out."]


def test_a_folder_of_many_versions_is_read_in_order(tmp_path: Path) -> None:
    for number in range(2000):
        put(
            tmp_path,
            f"s{number % 40}/2022-05-10T{number % 24:02}{number % 60:02}{number % 59:02}Z.md",
        )
    times = [version.at for version in Folder(tmp_path)]
    assert times == sorted(times)


def test_the_sample_newsroom_is_such_a_folder() -> None:
    folder = Folder(SAMPLE)
    assert folder.skipped == ()
    assert folder.settings == SAMPLE / "tracker.toml"
    assert [(version.article, f"{version.at:%m-%d %H:%M %z}") for version in folder] == [
        ("articles/dolyna-road-casualties.md", "05-10 16:30 -0400"),
        ("articles/dolyna-road-casualties.md", "05-12 07:45 -0400"),
        ("articles/dolyna-road-casualties.md", "05-13 14:10 -0400"),
        ("articles/night-buses-return.md", "05-23 14:00 -0400"),
        ("articles/night-buses-return.md", "05-23 16:35 -0400"),
        ("articles/night-buses-return.md", "05-24 11:20 -0400"),
        ("articles/night-buses-return.md", "05-27 18:05 -0400"),
        ("articles/pier-9-ferry-terminal.md", "06-02 09:05 -0400"),
        ("articles/pier-9-ferry-terminal.md", "06-02 11:30 -0400"),
        ("articles/pier-9-ferry-terminal.md", "06-02 15:20 -0400"),
        ("articles/pier-9-ferry-terminal.md", "06-03 10:00 -0400"),
    ]
