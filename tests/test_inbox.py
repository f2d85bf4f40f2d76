"""``tracker check`` as an inbox: order, filters, sittings, what is settled, what is not seen."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.repositories import Builder
from tests.test_check import NEW, OLD, commit, publish
from tracker.errors import TrackerError
from tracker.model import Finding
from tracker.newsroom.newsroom import Newsroom

SETTINGS = 'style = "newsweek"\ntimezone = "America/New_York"\n'


@pytest.fixture
def archive(newsroom: Desk) -> Desk:
    """Three articles, each changed without a note, by two people in three months."""
    newsroom.write("tracker.toml", SETTINGS)
    commit(newsroom)
    for name, folder in (("mill", "news"), ("ferry", "news"), ("about", "pages")):
        publish(
            newsroom, OLD.replace("mill", name), "2022-03-01T09:00-05:00", f"{folder}/{name}.md"
        )
    edits = (
        ("news/mill.md", "400", "40", "2022-03-10T09:00-05:00", "Ada Editor <ada@example.org>"),
        ("news/ferry.md", "400", "450", "2022-04-10T09:00-04:00", "Bo Desk <bo@example.org>"),
        ("pages/about.md", "400", "410", "2022-05-10T09:00-04:00", "Bo Desk <bo@example.org>"),
    )
    for path, old, new, at, by in edits:
        newsroom.write(path, newsroom.read(path).replace(old, new))
        newsroom.ok("record", path, "--at", at, "--by", by)
    return newsroom


def paths(desk: Desk, *words: str) -> list[str]:
    return re.findall(r"  (\S+\.md)$", desk.run("check", *words).out, re.MULTILINE)


def test_the_newest_month_comes_first_and_the_summary_before_all(archive: Desk) -> None:
    lines = archive.run("check").out.splitlines()
    assert lines[0] == "3 findings in 3 articles, 6 revisions."
    assert paths(archive) == ["pages/about.md", "news/ferry.md", "news/mill.md"]
    said = archive.run("check", "--limit", "1")
    assert said.status == 1
    assert "                 2022-05  2022-04  2022-03      all\n" in said.out
    assert "  silent-change        1        1        1        3\n" in said.out
    assert "Shown are 1 of 3." in said.out
    assert said.out.count("Tell readers:") == 1
    assert len(paths(archive, "--limit", "0")) == 3


def test_of_one_month_the_weightiest_comes_first(archive: Desk) -> None:
    text = archive.read("news/mill.md")
    weighty = text.replace("It stands by the river.", "Fire destroyed it on May 2, killing 12.")
    publish(archive, weighty, "2022-05-03T09:00-04:00", "news/mill.md")
    for _ in ("worked out", "remembered"):
        assert paths(archive, "--since", "2022-05") == ["news/mill.md", "pages/about.md"]
        scores = [each["score"] for each in archive.run("check", "--json").json["findings"]]
        assert all(0 < score < 1 for score in scores)


def scores(desk: Desk) -> dict[str, float]:
    listed = desk.run("check", "--json").json["findings"]
    return {each["path"]: each["score"] for each in listed}


def test_an_edit_right_after_publication_and_a_page_weigh_less(newsroom: Desk) -> None:
    newsroom.write("tracker.toml", SETTINGS)
    commit(newsroom)
    times = {"news/late.md": "16:00", "news/soon.md": "9:40", "about/jobs.md": "16:00"}
    for path, at in times.items():
        publish(newsroom, OLD, "2022-03-01T09:00-05:00", path)
        publish(newsroom, OLD.replace("400", "450"), f"2022-03-01T{at:0>5}-05:00", path)
    found = scores(newsroom)
    assert found["news/soon.md"] < found["news/late.md"] / 2
    assert found["about/jobs.md"] < found["news/late.md"] / 2
    assert paths(newsroom)[0] == "news/late.md"


def test_a_rule_that_is_given_as_an_article_is_told_its_option(archive: Desk) -> None:
    said = archive.run("check", "--settle", "unpublished", "--why", "Old")
    assert (said.status, "Add: --rule unpublished" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("gap", "filled"),
    [
        ("FIXME:bo", "Fire destroyed it on May 2, killing 12."),
        ("Transcript coming soon.", "Ann Brown said that 12 people died in the fire of May 2."),
    ],
)
def test_what_fills_a_gap_weighs_less(newsroom: Desk, gap: str, filled: str) -> None:
    newsroom.write("tracker.toml", SETTINGS)
    commit(newsroom)
    for path, old in (("gap.md", gap), ("told.md", "Nobody was hurt, the mayor said.")):
        publish(newsroom, f"{OLD}\n{old}\n", "2022-03-01T09:00-05:00", path)
        publish(newsroom, f"{OLD}\n{filled}\n", "2022-03-02T09:00-05:00", path)
    found = scores(newsroom)
    assert 0 < found["gap.md"] < found["told.md"] / 2


def test_a_page_that_is_kept_up_weighs_less(newsroom: Desk) -> None:
    newsroom.write("tracker.toml", SETTINGS)
    commit(newsroom)
    for name in ("mill.md", "ferry.md"):
        publish(newsroom, OLD, "2021-11-01T09:00-04:00", name)
    for month in range(1, 6):
        publish(newsroom, OLD.replace("400", f"{month}00"), f"2022-{month:02}-09T09:00-05:00")
    publish(newsroom, OLD.replace("400", "500"), "2022-05-09T09:00-05:00", "ferry.md")
    found = newsroom.run("check", "--json").json["findings"]
    (ferry,) = (each["score"] for each in found if each["path"] == "ferry.md")
    assert all(each["score"] < ferry / 2 for each in found if each["path"] == "mill.md")


def test_one_piece_of_work_in_many_articles_is_one_entry(newsroom: Desk) -> None:
    newsroom.write("tracker.toml", SETTINGS)
    names = [f"news/{name}.md" for name in ("mill", "ferry", "bridge", "school", "market")]
    for name in names:
        newsroom.write(name, OLD)
    commit(newsroom)
    for number, name in enumerate(names):
        newsroom.write(name, OLD.replace("400", str(410 + number)))
    newsroom.git("add", "-A")
    newsroom.git("commit", "-q", "-m", "New figures", "--date", "2022-05-31T09:00:00-04:00")
    said = newsroom.run("check").out
    assert said.startswith("5 findings in 5 articles, 10 revisions.")
    assert len(paths(newsroom)) == 1
    assert "      the same work in 4 other articles: news/" in said
    assert len(newsroom.run("check", "--json").json["findings"]) == 5
    # Closed at the keyboard, all of it is closed.
    newsroom.ok("review", stdin=b"n\nThe census of the year\n")
    assert newsroom.run("check").out.startswith("0 findings, 5 settled")


def test_an_article_that_comes_again_under_a_like_name_is_not_gone(newsroom: Desk) -> None:
    newsroom.write("tracker.toml", SETTINGS)
    commit(newsroom)
    publish(newsroom, OLD, "2022-03-01T09:00-05:00", "old-mill-closes.md")
    publish(newsroom, OLD, "2022-03-01T09:00-05:00", "ferry.md")
    other = "---\ntitle: The old mill closes its doors\n---\nThe gates were shut on Sunday.\n"
    publish(newsroom, other, "2022-03-02T09:00-05:00", "the-old-mill-closes.md")
    for name in ("old-mill-closes.md", "ferry.md"):
        newsroom.git("rm", "-q", name)
    newsroom.git("commit", "-q", "-m", "Gone", "--date", "2022-03-02T10:00:00-05:00")
    assert list(scores(newsroom)) == ["ferry.md"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--since", "2022-04"], ["pages/about.md", "news/ferry.md"]),
        (["--since", "04/10/22 9:30 a.m. ET"], ["pages/about.md"]),
        (["--since", "2022-04-10"], ["pages/about.md", "news/ferry.md"]),
        (["--since", "30 days ago"], ["pages/about.md"]),
        (["--since", "2023"], []),
        (["--since", "HEAD~1"], ["pages/about.md"]),
        (["--until", "2022-04"], ["news/ferry.md", "news/mill.md"]),
        (["--until", "2022-04-09"], ["news/mill.md"]),
        (["--path", "news"], ["news/ferry.md", "news/mill.md"]),
        (["--path", "**/f*.md", "--path", "pages/**"], ["pages/about.md", "news/ferry.md"]),
        (["--person", "bo"], ["pages/about.md", "news/ferry.md"]),
        (["--rule", "silent-change", "--person", "ada"], ["news/mill.md"]),
        (["--rule", "date-moved"], []),
    ],
)
def test_filters(archive: Desk, words: list[str], found: list[str]) -> None:
    assert paths(archive, *words) == found
    listed = archive.run("check", "--json", *words).json["findings"]
    assert sorted(each["path"] for each in listed) == sorted(found)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--rule", "silent"], "--rule: there is no rule “silent”."),
        (["--path", "nowhere"], "No article matches nowhere."),
        (["--since", "nothing-like-it"], "“nothing-like-it” is no date, and no revision of git."),
        (["--until", "2022-13"], "“2022-13” is no month or year."),
        (["--until", "whenever"], "“whenever” is not a date or time."),
    ],
)
def test_filters_that_make_no_sense(archive: Desk, words: list[str], sentence: str) -> None:
    assert sentence in archive.refused("check", *words)


def test_pages_that_are_left_out(archive: Desk) -> None:
    archive.write("tracker.toml", SETTINGS + '[check]\nexclude = ["pages"]\n')
    assert paths(archive) == ["news/ferry.md", "news/mill.md"]
    assert paths(archive, "about") == ["pages/about.md"]  # named, it is looked at


def test_changes_of_one_sitting_are_one_finding(archive: Desk) -> None:
    text = archive.read("news/mill.md")
    for old, new, at in (("40", "41", "10:00"), ("river", "canal", "10:20"), ("41", "42", "11:10")):
        text = text.replace(old, new)
        publish(archive, text, f"2022-05-20T{at}-04:00", "news/mill.md")
    said = archive.run("check", "mill", "--since", "2022-05").out
    assert said.startswith("1 finding since 2022-05-01 00:00 EDT in ")
    assert "revision 5, with 2 before it, 2022-05-20 11:10 EDT" in said
    assert "40 → 41" in said
    assert "      and 1 more\n" in said
    (found,) = archive.run("check", "mill", "--since", "2022-05", "--json").json["findings"]
    assert len(found["also"]) == 2
    # The advice covers all of the sitting, and settling closes all of it.
    archive.ok("note", "news/mill.md", "--covers", "5", "--correction", "The mill employs 42.")
    assert paths(archive, "mill", "--since", "2022-05") == []
    archive.write("tracker.toml", SETTINGS + '[check]\nsitting = "5m"\n')
    assert len(paths(archive, "mill", "--since", "2022-05")) == 2


def test_a_settled_sitting_is_settled_in_each_of_its_revisions(archive: Desk) -> None:
    text = archive.read("news/mill.md")
    for old, new, at in (("40", "41", "10:00"), ("41", "42", "10:30")):
        text = text.replace(old, new)
        publish(archive, text, f"2022-05-20T{at}-04:00", "news/mill.md")
    archive.ok("check", "mill", "--since", "2022-05", "--settle", "--why", "A test")
    written = archive.read(".tracker-reviewed.toml")
    assert written.count("[[reviewed]]") == 2
    archive.write("tracker.toml", SETTINGS + '[check]\nsitting = "5m"\n')
    assert "2 settled" in archive.run("check", "mill", "--since", "2022-05").out


def test_settled_by_rule_and_by_date(archive: Desk) -> None:
    said = archive.ok("check", "--settle", "--until", "2022-03", "--why", "The old site").out
    assert said == (
        "Settled all findings of every rule before 2022-04-01 00:00 EDT in"
        " .tracker-reviewed.toml: commit that file.\n"
    )
    assert paths(archive) == ["pages/about.md", "news/ferry.md"]
    archive.ok("check", "--settle", "--rule", "silent-change")
    said = archive.ok("check").out
    assert said == "0 findings, 3 settled in 3 articles, 6 revisions.\n"
    publish(archive, NEW.replace("40", "9"), "2022-06-01T12:00:30-04:00", "news/mill.md")
    assert paths(archive) == ["news/mill.md"]  # what comes later is not settled


def test_two_who_settle_at_once_both_keep_theirs(archive: Desk) -> None:
    archive.ok("check", "news/mill.md", "--settle", "--why", "One")
    before = archive.read(".tracker-reviewed.toml")
    archive.ok("check", "news/ferry.md", "--settle", "--why", "Two")
    assert archive.read(".tracker-reviewed.toml").startswith(before.rstrip())


def test_a_settled_file_that_is_a_link_is_not_followed(archive: Desk, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.toml"
    other.write_text("")
    (archive.folder / ".tracker-reviewed.toml").symlink_to(other)
    assert archive.run("check", "--settle").status == 2
    assert other.read_text() == ""


# --- never passed unseen -------------------------------------------------------------------------


def test_where_no_article_is_found_that_is_an_error(archive: Desk) -> None:
    archive.write("tracker.toml", 'articles = ["nowhere/**"]\n')
    said = archive.refused("check")
    assert "There is no article to look at in " in said
    assert "articles = " in said


def test_where_no_article_can_be_read_that_is_an_error(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    builder.commit("one", at="2022-05-10T09:00:00-04:00", write={"a.md": "GIF89a\0\0"})
    builder.build(checkout=True)
    with pytest.raises(TrackerError, match="Nothing could be looked at: a"):
        Newsroom(tmp_path).check()


def test_the_newest_findings_are_known_before_the_older_ones(newsroom: Desk) -> None:
    """What is told early is what the whole verdict says of that time, and comes newest first."""
    newsroom.write("tracker.toml", "")
    commit(newsroom)
    for day in range(10, 16):
        for price in (12, 15):
            newsroom.write(f"articles/ferry-{day}.md", f"The ferry of day {day} costs ${price}.\n")
            newsroom.git("add", "--all")
            newsroom.git("commit", "-q", "-m", "Edit", f"--date=2022-05-{day}T{price}:00:00Z")
    room = Newsroom(newsroom.folder)
    told: list[tuple[datetime, tuple[Finding, ...]]] = []
    verdict = room.check(early=lambda after, known: told.append((after, known())))
    assert len(verdict.findings) == 6
    assert [len(found) for _, found in told] == [1, 2, 3, 4, 5]
    for after, found in told:
        newer = [each for each in verdict.findings if each.at is not None and each.at > after]
        assert sorted(found, key=repr) == sorted(newer, key=repr)
