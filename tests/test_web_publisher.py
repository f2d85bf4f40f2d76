"""The corrections page, the changelog, and the editors' dashboard."""

from __future__ import annotations

import re
import threading
from html import unescape
from pathlib import Path

import pytest
from flask import Flask

from tests.desk import Desk
from tests.repositories import Builder
from tests.web_newsroom import NOW, build, parsed
from tracker.model import Progress
from tracker.newsroom.newsroom import Newsroom
from tracker.web import background, create_app, publisher_pages
from tracker.web.background import Background, Outcome, Report, Waiting, waiting
from tracker.web.desk import Edition

SETTINGS = """\
name = "The Harbor Ledger"
style = "newsweek"
timezone = "America/New_York"
[site]
corrections_policy = "https://example.org/standards"
"""
FIRST, SECOND = Edition("a", ""), Edition("b", "")


def words(app: Flask, path: str, status: int = 200) -> str:
    """The words of a page, which must be HTML without an error."""
    answer = app.test_client().get(path)
    assert answer.status_code == status, answer.data.decode()
    parsed(answer.data)
    main = answer.data.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", "<" + main)).split())


@pytest.fixture
def told(newsroom: Desk) -> Flask:
    """Two articles with five notes in two months."""
    newsroom.write("tracker.toml", SETTINGS)
    newsroom.write("articles/sport/boats.md", "---\ntitle: Boats\n---\nSeven boats left.\n")
    newsroom.write("articles/city/bridge.md", "---\ntitle: Bridge\n---\nIt cost 14 million.\n")
    at = "2022-04-30T09:00:00-04:00"
    newsroom.ok("record", "articles/sport/boats.md", "articles/city/bridge.md", "--at", at)

    def fix(name: str, old: str, new: str, *how: str) -> None:
        newsroom.write(name, newsroom.read(name).replace(old, new))
        newsroom.ok("record", name, *how)

    boats, bridge = "articles/sport/boats.md", "articles/city/bridge.md"
    fix(boats, "Seven", "Eight", "--correction", "An earlier version of this article misstated the "
        "number of boats.", "--at", "2022-04-30T22:30:00-04:00")  # fmt: skip
    fix(
        boats, "left.", "left at noon.", "--update", "to add when", "--at", "2022-05-02T09:00-04:00"
    )
    fix(bridge, "14", "41", "--clarification", "to give the cost", "--at", "2022-05-03T09:00-04:00")
    fix(bridge, "41", "42", "--at", "2022-05-20T09:00:00-04:00")  # and nobody was told
    newsroom.ok(
        "note", bridge, "--editors-note", "The editor’s note.", "--at", "2022-05-28T08:00-04:00"
    )
    newsroom.ok("note", bridge, "--withdraw", "u2", "--at", "2022-05-29T08:00:00-04:00")
    return create_app(newsroom.folder, now=lambda: NOW)


def test_the_corrections_page_has_what_corrects_newest_first(told: Flask) -> None:
    page = words(told, "/corrections/")
    order = ["Our policy on corrections", "May 28, 2022", "Bridge", "Editor’s note", "Withdrawn"]
    order += [
        "May 3, 2022",
        "Clarification",
        "9:00 AM EDT",
        "April 30, 2022",
    ]
    order += ["Boats", "Correction", "misstated the number of boats", "By month", "May 2022 2"]
    place = 0
    for each in order:
        assert each in page[place:], (each, page)
        place = page.index(each, place)
    assert "to add when" not in page
    link = told.test_client().get("/corrections/").data.decode()
    assert '<a href="https://example.org/standards">' in link


def test_each_correction_leads_to_what_changed_and_to_a_link_that_lasts(told: Flask) -> None:
    page = told.test_client().get("/corrections/").data.decode()
    changed = re.findall(r'href="(/change/[^"]+)"', page)
    notes = re.findall(r'href="(/note/[^"]+)"', page)
    assert len(changed) == len(notes) == 3
    assert "Eight" in words(told, changed[-1])
    assert "misstated the number of boats" in words(told, notes[-1])


def test_a_note_of_the_night_is_in_the_month_of_the_newsroom(told: Flask) -> None:
    """22:30 in New York on April 30 is May 1 in UTC."""
    assert "misstated" in words(told, "/corrections/2022-04/")
    assert "misstated" not in words(told, "/corrections/2022-05/")
    assert "There is nothing in this month." in words(told, "/corrections/2021-01/")


def test_corrections_are_found_by_year_and_kind(told: Flask) -> None:
    page = words(told, "/corrections/")
    assert "By year and kind Year Correction Clarification Editor’s note All 2022 1 1 1 3" in page
    html = told.test_client().get("/corrections/").data.decode()
    leads = re.findall(r'href="(/corrections/(?:\d{4}/)?(?:[a-z-]+/)?)"', html)
    assert "/corrections/2022/" in leads
    for path in leads:
        words(told, path)
    year = words(told, "/corrections/2022/")
    assert "to give the cost" in year
    assert "misstated" in year
    kind = words(told, "/corrections/2022/clarification/")
    assert "to give the cost" in kind
    assert "misstated" not in kind
    assert words(told, "/corrections/clarification/").count("to give the cost") == 1
    assert "There is nothing of this kind." in words(told, "/corrections/1999/correction/")
    assert "to add when" in words(told, "/changelog/2022/")
    for path in ("/corrections/20222/", "/corrections/2022/nonsense/", "/corrections/2022/2/"):
        words(told, path, 404)


def test_the_changelog_has_every_note(told: Flask) -> None:
    page = words(told, "/changelog/")
    assert "to add when" in page
    assert "to give the cost" in page
    assert "Update" in page
    assert "to add when" in words(told, "/changelog/2022-05/")


def test_only_articles_with_a_note_are_read_for_the_lists(tmp_path: Path) -> None:
    """One question finds whose notes there are: of a large newsroom most articles have none."""
    one = Builder(tmp_path / "room")
    for number in range(30):
        one.commit(f"n{number}", write={f"articles/{number}.md": f"# A\n\n{number} men.\n"})
    note = "updates:\n- {id: u1, kind: correction, text: Wrong.}\n"
    one.commit("note", write={"articles/7.md": f"---\ntitle: A\n{note}---\n8 men.\n"})
    one.build(checkout=True)
    room = Newsroom(one.folder, now=NOW)
    asked = []

    def lives(progress: object, only: set[str] | None = None) -> object:
        asked.append(only)
        return Newsroom.lives(room, None, only)

    room.lives = lives  # type: ignore[assignment, method-assign]
    listed = publisher_pages.record(room)
    assert [line.note.text for line in listed.corrections.lines] == ["Wrong."]
    assert asked == [{"articles/7.md"}]


def test_a_long_table_of_months_is_folded(tmp_path: Path) -> None:
    one = Builder(tmp_path / "room")
    one.commit("First", write={"articles/city/a.md": "# A\n\nIt cost 1 million.\n"})
    for number in range(1, 15):
        at = f"{2020 + number // 12}-{number % 12 + 1:02}-10T12:00:00+00:00"
        edit = [f"{number} million", f"{number + 1} million"]
        one.commit(f"n{number}", at=at, edit={"articles/city/a.md": edit})
    one.build(checkout=True)
    page = create_app(one.folder, now=lambda: NOW).test_client().get("/check/").data.decode()
    parsed(page.encode())
    assert not re.search(r"·\s*<span class=\"path\">", page)
    table = page[page.index("<caption>Findings by month and desk") :]
    newest, _, earlier = table.partition('<details class="earlier">')
    assert newest.count('<th scope="row">') == 12
    assert earlier.partition("</details>")[0].count('<th scope="row">') == 2
    assert "March 2020" not in newest


@pytest.mark.parametrize(
    "path",
    ["/corrections/2022-13/", "/corrections/May/", "/corrections/2022-05/2/",
     "/changelog/2022-05/0/", "/check/2022-5/", "/check/2022-05/99/", "/check/undated/2/"],
)  # fmt: skip
def test_a_month_or_page_that_there_is_not_is_not_found(told: Flask, path: str) -> None:
    assert "There is no such page" in words(told, path, 404)


def test_the_dashboard_counts_by_month_and_desk_and_leads_to_the_comparison(told: Flask) -> None:
    page = words(told, "/check/")
    number = page.count("What to do")
    assert number == 2  # a change that nobody was told of, and one that was called by another name
    assert "2 findings" in page
    assert "Month city May 2022 2" in page
    assert "May 2022 All Readers were not told 1 1" in page
    assert "A correction under another name" in page
    assert "Readers were not told" in page
    assert "41 million → 42 million" in page
    html = told.test_client().get("/check/").data.decode()
    cell = re.search(r'href="(/check/2022-05/#desk-city)"', html)
    assert cell is not None
    assert 'id="desk-city"' in told.test_client().get("/check/2022-05/").data.decode()
    changes = re.findall(r'href="(/change/[^"]+)"', html)
    assert len(changes) == 2
    assert any("42" in words(told, change) for change in changes)


def test_a_desk_in_the_front_matter_goes_before_the_folder(tmp_path: Path) -> None:
    one = Builder(tmp_path / "room")
    text = "---\ntitle: A\ndesk: Investigations\n---\nIt cost 14 million.\n"
    one.commit("First", write={"articles/city/a.md": text, "articles/b.md": "# B\n\n12 men.\n"})
    one.commit("Then", edit={"articles/city/a.md": ["14", "41"], "articles/b.md": ["12", "21"]})
    one.build(checkout=True)
    page = words(create_app(one.folder, now=lambda: NOW), "/check/")
    assert "Month Other Investigations All" in page or "Month Investigations Other All" in page


def test_a_draft_tells_readers_nothing(tmp_path: Path) -> None:
    one = Builder(tmp_path / "room")
    note = "updates:\n- {id: u1, kind: correction, text: Wrong.}\n"
    text = f"---\ntitle: A\ndraft: true\n{note}---\nA.\n"
    one.commit("First", write={"articles/a.md": text})
    one.build(checkout=True)
    page = words(create_app(one.folder, now=lambda: NOW), "/corrections/")
    assert "Nothing has been corrected yet." in page


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/corrections/", "Nothing has been corrected yet."),
        ("/changelog/", "Readers have been told of no change yet."),
        ("/check/", "There is nothing to look at."),
    ],
)
def test_a_newsroom_with_nothing_in_it_has_these_pages(
    tmp_path: Path, desk: Desk, path: str, said: str
) -> None:
    desk.git("init", "-q")
    assert said in words(create_app(tmp_path, now=lambda: NOW), path)


def test_the_dashboard_is_not_there_where_it_is_not_wanted(tmp_path: Path) -> None:
    build(tmp_path / "room")
    app = create_app(tmp_path / "room", now=lambda: NOW, editors=False)
    assert "There is no such page" in words(app, "/check/", 404)


# --- long work -----------------------------------------------------------------------------------


def test_a_first_reading_that_takes_long_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits without end: the page comes after a moment, and says when to ask again."""
    build(tmp_path / "room")
    going_on = threading.Event()

    def slow(room: object, progress: Progress) -> object:
        progress(3, 7)
        going_on.wait(10)
        raise OSError

    monkeypatch.setattr(background, "PATIENCE", 0.05)
    monkeypatch.setattr("tracker.web.publisher_pages.record", slow)
    app = create_app(tmp_path / "room", now=lambda: NOW)
    try:
        assert "The articles are being read for the first time: 3 of 7." in words(
            app, "/corrections/", 503
        )
        answer = app.test_client().get("/changelog/")
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Cache-Control"] == "no-store"
    finally:
        going_on.set()


def test_work_is_done_once_and_an_older_answer_stands_in_meanwhile() -> None:
    shop = Background()
    calls: list[str] = []

    def work(name: str) -> str:
        calls.append(name)
        return name

    assert shop.ask("kind", FIRST, lambda _: work("one")) == Outcome("one", True)
    assert shop.ask("kind", FIRST, lambda _: work("again")) == Outcome("one", True)
    gate = threading.Event()
    shop._patience = 0.01
    said = shop.ask("kind", SECOND, lambda _: (gate.wait(10), work("two"))[1])
    assert said == Outcome("one", False)

    def unfinished(progress: Progress) -> str:
        progress(1, 2)
        gate.wait(10)
        return "late"

    def counting(report: Report) -> str:
        report(3, 7, commits=True)
        gate.wait(10)
        return "late"

    assert shop.ask("other", FIRST, unfinished) == Waiting(1, 2)
    assert shop.ask("third", FIRST, counting) == Waiting(3, 7, commits=True)
    gate.set()
    shop._patience = 10
    assert shop.ask("kind", SECOND, lambda _: work("three")) == Outcome("two", True)
    assert calls == ["one", "two"]


def test_who_waits_is_told_what_is_counted(told: Flask) -> None:
    with told.test_request_context("/"):
        of_commits = waiting("latest", Waiting(3, 7, commits=True)).get_data(as_text=True)
        of_articles = waiting("latest", Waiting(3, 7)).get_data(as_text=True)
    assert "3 of 7 commits" in of_commits
    assert "3 of 7" in of_articles
    assert "commits" not in of_articles


def test_work_that_failed_is_tried_again() -> None:
    shop = Background()

    def fail(_: Progress) -> str:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        shop.ask("kind", FIRST, fail)
    assert shop.ask("kind", FIRST, lambda _: "well") == Outcome("well", True)


def asked(app: Flask, path: str, status: int = 200) -> list[str]:
    """The headlines of the findings on a page."""
    answer = app.test_client().get(path)
    assert answer.status_code == status
    parsed(answer.data)
    page = answer.data.decode()
    return re.findall(r'<li class="finding[^>]*>\s*<h3[^>]*><a [^>]*>([^<]*)</a>', page)


@pytest.fixture
def inbox(tmp_path: Path) -> Flask:
    """Three changes that nobody was told of, the second in one sitting with a smaller one."""
    one = Builder(tmp_path / "room")
    one.commit(
        "Start",
        at="2022-03-01T09:00:00+00:00",
        write={
            "articles/city/mill.md": "# The mill\n\nIt employs 400 people. It hums at night.\n",
            "articles/sea/port.md": "# The port\n\nIt has 7 piers, and nobody counts the boats.\n",
            "articles/pier.md": "# The pier\n\nIt was built in 1911 by Ada Stone.\n",
        },
    )
    one.commit(
        "Mill", at="2022-04-02T09:00:00+00:00", edit={"articles/city/mill.md": ["400", "40"]}
    )
    one.commit(
        "Port",
        at="2022-04-10T09:00:00+00:00",
        edit={"articles/sea/port.md": ["7 piers", "9 piers"]},
    )
    one.commit(
        "Port again",
        at="2022-04-10T09:10:00+00:00",
        edit={"articles/sea/port.md": ["nobody counts", "somebody counts"]},
    )
    one.commit(
        "Pier",
        at="2022-05-02T09:00:00+00:00",
        edit={"articles/pier.md": ["1911", "1912"]},
        author=b"Ben Pier <ben@example.org>",
    )
    one.build(checkout=True)
    return create_app(one.folder, now=lambda: NOW)


def test_the_inbox_has_the_newest_month_first_and_a_sitting_as_one(inbox: Flask) -> None:
    found = asked(inbox, "/check/")
    assert found[0] == "The pier"
    assert sorted(found[1:]) == ["The mill", "The port"]
    page = words(inbox, "/check/")
    assert "Findings by rule and month May 2022 Apr 2022 All Readers were not told 1 2 3" in page
    assert page.count("With 1 earlier version of the same sitting") == 1
    html = inbox.test_client().get("/check/").data.decode()
    (both,) = re.findall(r'href="(/compare/[^"]+)"', html)
    compared = words(inbox, both)
    assert "9 piers" in compared
    assert "somebody counts" in compared


def test_each_finding_says_what_to_type(inbox: Flask) -> None:
    page = words(inbox, "/check/")
    for path, number in (("pier", 2), ("city/mill", 2), ("sea/port", 3)):
        assert f"tracker note articles/{path}.md --covers {number} --correction TEXT" in page


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("rule=silent-change", 3), ("rule=note-dropped", 0), ("since=2022-04-05", 2),
        ("person=Ben+Pier", 1), ("person=Nobody", 0), ("path=articles/sea", 1),
        ("path=articles/*/*.md", 2), ("path=nowhere", 0), ("month=2022-04", 2),
        ("since=2022-04-05&path=articles/sea/**&rule=silent-change", 1), ("page=1&rule=", 3),
    ],
)  # fmt: skip
def test_findings_are_asked_for_by_rule_day_person_and_path(
    inbox: Flask, question: str, found: int
) -> None:
    assert len(asked(inbox, f"/check/?{question}")) == found
    said = words(inbox, f"/check/?{question}")
    if found == 0:
        assert "No finding is like that." in said
    elif found < 3:
        assert f"{found} of 3 findings" in said


@pytest.mark.parametrize(
    ("question", "status"),
    [("rule=nonsense", 400), ("since=2022-13-01", 400), ("page=0", 404), ("page=2", 404)],
)
def test_what_no_form_sends_is_no_question_about_findings(
    inbox: Flask, question: str, status: int
) -> None:
    words(inbox, f"/check/?{question}", status)


def test_more_findings_than_a_page_holds_go_on_with_the_question(tmp_path: Path) -> None:
    one = Builder(tmp_path / "room")
    names = [f"articles/{number}.md" for number in range(35)]
    one.commit("Start", write={name: f"# {name}\n\nThey were 7 men.\n" for name in names})
    for number, name in enumerate(names):
        one.commit("Then", edit={name: ["7 men", f"{number + 11} men"]})
    one.build(checkout=True)
    app = create_app(one.folder, now=lambda: NOW)
    while app.test_client().get("/check/").status_code == 503:
        pass  # each request waits a moment for the findings
    first = asked(app, "/check/?rule=silent-change")
    html = app.test_client().get("/check/?rule=silent-change").data.decode()
    (older,) = re.findall(r'rel="next" href="([^"]+)"', html)
    rest = asked(app, unescape(older))
    assert (len(first), len(rest)) == (30, 5)
    assert len({*first, *rest}) == 35


def test_the_numbers_are_those_of_the_statistics(told: Flask, newsroom: Desk) -> None:
    counted = Newsroom(newsroom.folder, now=NOW).statistics()
    page = words(told, "/check/statistics/")
    assert f"{counted.revisions} versions of {counted.articles} articles." in page
    changes = sum(each.changes for each in counted.changes)
    untold = sum(each.untold for each in counted.changes)
    kinds = "Update Correction Clarification Editor’s note"
    row = f"2022 1 1 1 1 {changes} {untold} {round(100 * untold / changes)}"
    assert f"Year {kinds} Changes of substance Without a note % {row}" in page
    html = told.test_client().get("/check/statistics/").data.decode()
    parsed(html.encode())
    pictures = re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"', html)
    assert pictures[0] == "Notes to readers, June 2021 to May 2022: 4 in all, most in May 2022: 3."
    assert pictures[1].startswith("Changes of substance, June 2021 to May 2022:")
    (corrected,) = counted.corrections
    assert corrected.stood is not None
    assert "For 1 of 1 corrections it is known when the error came out" in page
    assert "/check/statistics/" in told.test_client().get("/check/").data.decode()


def test_folders_are_compared(inbox: Flask) -> None:
    page = words(inbox, "/check/statistics/")
    assert re.search(r"Folders compared Folder Changes of substance Without a note % ", page)
    assert "sea 2 2 100" in page
    assert "city 1 1 100" in page


def test_a_newsroom_without_articles_has_no_numbers(tmp_path: Path, desk: Desk) -> None:
    desk.git("init", "-q")
    assert "There is nothing to count yet." in words(
        create_app(tmp_path, now=lambda: NOW), "/check/statistics/"
    )
    hidden = create_app(tmp_path, now=lambda: NOW, editors=False)
    assert "There is no such page" in words(hidden, "/check/statistics/", 404)
