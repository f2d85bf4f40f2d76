"""What an archive repeats, learnt by the catalog from real commits, and judged by everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracker
from tests.desk import Desk

FUNDER = "The Gazette is paid for by the Lake Fund and by readers like you."
PROMO = "Sign up for our free weekly newsletter and never miss a story."
DRIVE = "Become a member today and double the value of your gift."
CREDIT = "The harbor museum and its many friends keep the boats."
TOPICS = ("harbor", "school", "court", "bridge", "forest", "market")


def article(topic: str, *paragraphs: str) -> str:
    story = f"The old {topic} will be shut on Monday, the council said."
    return "\n\n".join((f"---\ntitle: The {topic}\n---", story, *paragraphs)) + "\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Six articles with the same funder line; half have a promo, the others another one."""
    desk = Desk(tmp_path, monkeypatch)
    desk.ok("init", ".")
    desk.write("tracker.toml", "")
    for place, topic in enumerate(TOPICS):
        desk.write(f"articles/{topic}.md", article(topic, FUNDER, (PROMO, DRIVE)[place % 2]))
    desk.git("add", "--all")
    desk.git("commit", "-q", "-m", "Publish")
    return desk


def edit(desk: Desk, topic: str, *paragraphs: str, day: int = 13) -> None:
    desk.write(f"articles/{topic}.md", article(topic, *paragraphs))
    desk.git("commit", "-qam", f"Edit {topic}", f"--date=2022-05-{day}T12:00:00Z")


def found(desk: Desk) -> list[str]:
    return [each["path"] for each in desk.run("check", "--json").json["findings"]]


def substantive(desk: Desk, topic: str) -> bool:
    """What each face says of the newest change; all say the same."""
    path = f"articles/{topic}.md"
    last = desk.ok("history", path, "--json").json["revisions"][-1]
    change = desk.ok("diff", path, "--json").json
    room = tracker.Newsroom(desk.folder)
    old, new = room.show(path, "latest~1"), room.show(path, "latest")
    said = {
        last["substantive"],
        change["substantive"],
        path in found(desk),
        room.compare(old, new).substantive,
        tracker.compare(old, new, boilerplate=room.boilerplate()).substantive,
    }
    assert len(said) == 1
    return True in said


def test_a_promo_may_give_way_to_another(desk: Desk) -> None:
    desk.write("tracker.toml", "[check.boilerplate]\narticles = 2\n")
    edit(desk, "harbor", FUNDER, DRIVE)
    edit(desk, "school", PROMO, day=14)
    assert not substantive(desk, "harbor")
    assert not substantive(desk, "school")


def test_a_fact_inside_a_repeated_sentence_counts(desk: Desk) -> None:
    line = "The district has 94 campuses and its board meets in the old town hall."
    for place, topic in enumerate(TOPICS):
        edit(desk, topic, line, FUNDER, (PROMO, DRIVE)[place % 2], day=13 + place)
    assert not substantive(desk, "harbor")
    edit(desk, "harbor", line.replace("94", "104"), FUNDER, PROMO, day=20)
    assert substantive(desk, "harbor")


def test_what_one_article_says_is_no_boilerplate_whatever_its_versions(desk: Desk) -> None:
    line = "Doctors at the county hospital treated nine people for smoke."
    for day in (13, 15, 17, 19, 21):
        edit(desk, "harbor", line, FUNDER, PROMO, day=day)
        edit(desk, "harbor", FUNDER, PROMO, day=day + 1)
    assert substantive(desk, "harbor")


def test_what_is_repeated_later_changes_what_was_judged_before(desk: Desk) -> None:
    line = "Reporting for this story was supported by a grant from the river trust."
    edit(desk, "harbor", line, FUNDER, PROMO)
    desk.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    assert found(desk) == ["articles/harbor.md"]
    for place, topic in enumerate(TOPICS[1:5], start=1):
        edit(desk, topic, line, FUNDER, (PROMO, DRIVE)[place % 2], day=13 + place)
    assert found(desk) == []
    desk.ok("catalog", "--rebuild")
    assert found(desk) == []
    (desk.folder / ".git/tracker/catalog.sqlite3").unlink()
    assert found(desk) == []


def test_what_no_article_has_any_more_is_known_by_its_versions(desk: Desk) -> None:
    for place, topic in enumerate(TOPICS):
        edit(desk, topic, (PROMO, DRIVE)[place % 2], day=13 + place)
    assert found(desk) == []
    assert desk.ok("catalog", "--boilerplate", "--json").json["sentences"] == [
        {"sentence": FUNDER, "articles": 6}
    ]


def test_by_hand(desk: Desk) -> None:
    edit(desk, "harbor", CREDIT, FUNDER, PROMO)
    assert substantive(desk, "harbor")
    desk.write("tracker.toml", f'[check.boilerplate]\nadd = "{CREDIT}"\nremove = ["{FUNDER}"]\n')
    assert not substantive(desk, "harbor")
    assert desk.ok("catalog", "--boilerplate").out == f"  added  {CREDIT}\n"
    desk.write("tracker.toml", "check = { boilerplate = false }\n")
    assert substantive(desk, "harbor")
    assert "No sentence" in desk.ok("catalog", "--boilerplate").err


def test_the_list(desk: Desk) -> None:
    assert desk.ok("catalog", "--boilerplate").out == f"      6  {FUNDER}\n"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("articles = 1", "“check.boilerplate.articles” must be 2 or more."),
        ("share = 2.0", "“check.boilerplate.share” must be a share between 0 and 1."),
        ('add = "Sign up"', "“check.boilerplate.add” must be a list of sentences."),
        ("remove = [1]", "“check.boilerplate.remove” must be a list of sentences."),
        ("shares = 0.1", "“check.boilerplate.shares” is not a key that is known."),
    ],
)
def test_settings_that_are_wrong(desk: Desk, said: str, problem: str) -> None:
    desk.write("tracker.toml", f"[check.boilerplate]\n{said}\n")
    refused = desk.run("check")
    assert refused.status == 2
    assert f"tracker.toml, line 2: {problem}" in refused.err


def test_a_partial_clone_fetches_nothing_to_learn(desk: Desk, tmp_path: Path) -> None:
    desk.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    desk.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{tmp_path}", str(clone))
    room = tracker.Newsroom(clone)
    assert not room.boilerplate()
    assert desk.git("-C", str(clone), "rev-list", "--objects", "--missing=print", "HEAD").count("?")
    room.check()
    assert tracker.Newsroom(clone).boilerplate().sentences == ((FUNDER, 6),)
