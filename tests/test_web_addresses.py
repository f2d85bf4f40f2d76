"""Addresses name an article and a version for good, whatever a file is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from tracker.web import addresses
from tracker.web.addresses import Addresses
from tracker.web.reading import PAGE, cut


class Dated(NamedTuple):
    commit: str
    at: datetime


def test_an_address_leaves_out_the_ending_and_index() -> None:
    known = Addresses.of(["site/a.md", "site/b/index.md", "site/c.d.md", "site/.md"], "site")
    assert dict(known.by_path) == {
        "site/a.md": "a",
        "site/b/index.md": "b",
        "site/c.d.md": "c.d",
        "site/.md": ".md",
    }


def test_of_articles_that_share_an_address_markdown_wins() -> None:
    known = Addresses.of(["x.txt", "x.markdown", "x.md", "x/index.md"])
    assert dict(known.by_path) == {
        "x.md": "x",
        "x.markdown": "x.markdown",
        "x.txt": "x.txt",
        "x/index.md": "x/index.md",
    }


def test_an_article_is_found_by_its_whole_path_too() -> None:
    known = Addresses.of(["site/x.md", "site/x.txt"], "site")
    for name in ("x", "x.md", "site/x.md"):
        assert known.path(name) == "site/x.md"
    assert known.path("x.txt") == "site/x.txt"
    assert known.path("site") is None


def test_a_name_that_leads_elsewhere_keeps_its_ending() -> None:
    paths = ["a/...md", "a/..md", "..md", "a/index.html.md", "a/index/index.md", "a/atom.xml.txt"]
    assert dict(Addresses.of(paths).by_path) == {
        "a/...md": "a/...md",
        "a/..md": "a/..md",
        "..md": "..md",
        "a/index.html.md": "a/index.html.md",
        "a/index/index.md": "a/index",
        "a/atom.xml.txt": "a/atom.xml.txt",
    }


def test_a_whole_path_that_is_another_ones_address_takes_it() -> None:
    known = Addresses.of(["x.md", "x.txt", "x.txt.md", "x.txt.md.md"])
    assert dict(known.by_path) == {
        "x.md": "x",
        "x.txt": "x.txt",
        "x.txt.md": "x.txt.md",
        "x.txt.md.md": "x.txt.md.md",
    }


names = st.lists(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)
    | st.sampled_from(["a", "a.md", "a.txt", "index", "index.html"])
    | st.sampled_from([".", "..", "..."]),
    min_size=1,
    max_size=3,
).map("/".join)
paths = st.tuples(names, st.sampled_from([".md", ".txt", ".markdown", "/index.md", ".MD"]))


@given(st.sets(paths.map("".join), max_size=8))
def test_every_article_has_one_address_that_leads_back_to_it(found: set[str]) -> None:
    known = Addresses.of(found)
    assert set(known.by_path) == found
    assert len(set(known.by_path.values())) == len(found)
    for path, address in known.by_path.items():
        assert known.path(address) == path
        written = addresses.article(address)
        assert written.isascii()
        assert not set(written) & set(' ?#"<>\\\n%') - {"%"}
        inside = written.removeprefix("/article/").removesuffix("/")
        assert unquote_to_bytes(inside).decode() == address
        # git has no folder of such a name.
        assert address.rpartition("/")[2] not in (".", "..") or "/index." in path


def test_a_stamp_is_the_instant_in_utc_and_the_commit() -> None:
    zone = timezone(timedelta(hours=-4))
    at = datetime(2022, 5, 12, 7, 45, tzinfo=zone)
    assert addresses.stamp(at, "9f1c2e7b3d" + "0" * 30) == "20220512114500-9f1c2e7b3d"


def test_a_stamp_of_the_first_day_there_is_can_be_written() -> None:
    zone = timezone(timedelta(hours=14))
    assert addresses.stamp(datetime(1, 1, 1, tzinfo=zone), "ab" * 20) == "00010101000000-ababababab"


def test_of_two_commits_that_begin_alike_the_instant_decides() -> None:
    one = Dated("abcdef0000" + "0" * 30, datetime(2022, 1, 1, tzinfo=UTC))
    two = Dated("abcdef0000" + "1" * 30, datetime(2022, 1, 2, tzinfo=UTC))
    for each in (one, two):
        assert addresses.stamped(addresses.stamp_of(each), [one, two]) == each
    assert addresses.stamped("20220103000000-abcdef0000", [one, two]) is None
    assert addresses.stamped("20220101000000-ffff", [one, two]) is None


@given(st.text(max_size=80))
def test_any_id_of_a_note_can_stand_in_an_address(note: str) -> None:
    key = addresses.note_key(note)
    assert key.isascii()
    assert key.strip(".")
    assert not set(key) & set("/?#% \\")


def test_nearest_addresses_share_words_and_letters() -> None:
    known = Addresses.of(["news/ferry-returns.md", "news/bridge-closed.md", "old/ferry.md"])
    assert known.nearest("news/ferry-return")[0] == "news/ferry-returns"
    assert known.nearest("zzz") == ()
    assert known.nearest("x" * 100_000) == ()


def test_pages_of_a_history_do_not_change_once_they_are_full() -> None:
    for count in range(1, 4 * PAGE):
        newest = count - cut(count)
        assert cut(count) % PAGE == 0
        assert 1 <= newest < 2 * PAGE
        assert newest >= PAGE or cut(count) == 0
