"""The pages show the record: latest revisions, articles, histories, comparisons, passages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.growth import reads_straight
from tests.repositories import Builder
from tests.web_newsroom import EVIL_NAME, build, client, parsed
from tracker.house.settings import read
from tracker.model import Note
from tracker.newsroom.newsroom import Newsroom
from tracker.render.history import history_lines
from tracker.render.told import note_html
from tracker.web import addresses
from tracker.web.article_pages import seen_words


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return build(tmp_path_factory.mktemp("web") / "newsroom")


@pytest.fixture(scope="module")
def browser(repository: Builder) -> FlaskClient:
    return client(repository.folder)


def text(browser: FlaskClient, path: str, status: int = 200) -> str:
    """A page as it was sent, which must be HTML without an error."""
    answer = browser.get(path)
    assert answer.status_code == status, answer.data.decode()
    assert answer.mimetype == "text/html"
    parsed(answer.data)
    page: str = answer.data.decode()
    return page


def links(page: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="(/[^"]*)"', page)]


def stamps(browser: FlaskClient, address: str) -> list[str]:
    """The stamps of an article's versions, newest first."""
    page = text(browser, f"/history/{address}/")
    return list(dict.fromkeys(re.findall(r'href="/version/([^/"]+)/', page)))


def visible(page: str) -> str:
    """The words of a page, one space between them; parts of a line are not set apart."""
    page = re.sub(r"</?time\b[^>]*>", "", page)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def walk(browser: FlaskClient) -> Iterator[tuple[str, bytes]]:
    """Every page that a link leads to, from the first one on."""
    waiting, seen = ["/"], {"/"}
    while waiting:
        path = waiting.pop()
        answer = browser.get(path)
        assert answer.status_code == 200, (path, answer.status)
        yield path, answer.data
        if answer.mimetype != "text/html":
            continue
        for link in links(answer.data.decode()):
            where = link.partition("#")[0]
            if where and where not in seen and not where.startswith("/feeds/"):
                seen.add(where)
                waiting.append(where)


@pytest.fixture(scope="module")
def site(browser: FlaskClient) -> dict[str, bytes]:
    """Every page by its address."""
    return dict(walk(browser))


def test_every_page_that_a_link_leads_to_is_html_without_an_error(site: dict[str, bytes]) -> None:
    kinds = set()
    for path, data in site.items():
        kinds.add(path.split("/")[1])
        if data.startswith(b"<!DOCTYPE"):
            parsed(data)
    assert kinds >= {
        "", "article", "articles", "blame", "change", "change-sides", "compare", "compare-sides",
        "history", "note", "source", "static", "version",
    }  # fmt: skip


def test_fragments_in_links_lead_to_elements_of_their_pages(site: dict[str, bytes]) -> None:
    pages = {path: data.decode() for path, data in site.items()}
    for path, page in pages.items():
        if not page.startswith("<!DOCTYPE"):
            continue
        identifiers = re.findall(r'\bid="([^"]*)"', page)
        assert len(identifiers) == len(set(identifiers)), path
        for link in re.findall(r'href="([^"]*#[^"]+)"', page):
            where, _, anchor = unescape(link).partition("#")
            if where.startswith("http"):
                continue
            assert f'id="{anchor}"' in pages[where or path], (path, link)


def test_the_list_of_articles_tells_date_versions_and_notes(browser: FlaskClient) -> None:
    page = re.sub(r"\s+", " ", visible(text(browser, "/articles/")))
    war = page[page.index("Evacuees leave the steelworks") :]
    assert "3 versions · 1 note articles/war" in war[:140]
    twin = page[page.index("Twin") :]
    assert "1 version articles/twin" in twin[:100]
    assert "Gone" not in page


@pytest.mark.parametrize(
    ("question", "there", "not_there"),
    [
        ("noted=1", ["Evacuees leave"], ["The ferry", "Twin", "Gone"]),
        ("since=2022-01-02", [], ["Twin", "Gone"]),
        ("since=2020-01-02&noted=", ["Evacuees leave", "Twin"], ["Gone"]),
        ("deleted=1", ["Gone", "This article was taken down on"], ["Twin", "salaries"]),
        ("since=2100-01-01", ["No article is like that."], ["Evacuees leave"]),
    ],
)
def test_articles_are_filtered_by_a_plain_form(
    browser: FlaskClient, question: str, there: list[str], not_there: list[str]
) -> None:
    page = text(browser, f"/articles/?{question}")
    parsed(page.encode())
    for words in there:
        assert words in visible(page)
    for words in not_there:
        assert words not in visible(page)


@pytest.mark.parametrize("question", ["since=x", "since=2022-13-01", "noted=yes", "deleted=2"])
def test_what_no_form_sends_is_a_bad_request(browser: FlaskClient, question: str) -> None:
    text(browser, f"/articles/?{question}", 400)


def test_the_newsroom_shows_the_latest_revisions_with_their_notes(browser: FlaskClient) -> None:
    page = visible(text(browser, "/"))
    assert "The Harbor Ledger" in page
    assert (
        "Correction 01/01/22, 9:00 a.m. ET: An earlier version of this article misstated the "
        "number of the evacuated. It was 95." in page
    )
    assert page.index("Pier 4") > page.index("uncovered")


@pytest.mark.parametrize(
    ("question", "there", "not_there"),
    [
        ("kind=correction", "Evacuees leave", "The ferry"),
        ("substantive=1", "The ferry", "Twin"),
        ("untold=1", "The ferry", "Twin"),
        ("month=2021-12", "Twin", "Pier 4"),
        ("person=Ada+Editor", "The ferry", "Mallory"),
    ],
)
def test_the_newsroom_is_filtered_by_a_plain_form(
    browser: FlaskClient, question: str, there: str, not_there: str
) -> None:
    page = text(browser, f"/?{question}")
    items = visible(page[page.index('<ol class="timeline"') : page.index("</ol>")])
    assert there in items
    assert not_there not in items


def test_a_filter_that_nothing_fits_says_so(browser: FlaskClient) -> None:
    assert "No revision is like that." in text(browser, "/?month=1999-01")


@pytest.mark.parametrize("question", ["kind=gossip", "month=2022-13", "month=May"])
def test_a_question_that_no_form_sends_is_refused(browser: FlaskClient, question: str) -> None:
    assert "This request cannot be answered" in text(browser, f"/?{question}", 400)


@pytest.mark.parametrize(
    "path", ["/?page=0", "/?page=x", "/?page=²", "/latest/99/", "/articles/9/"]
)
def test_pages_that_there_are_not_are_not_found(browser: FlaskClient, path: str) -> None:
    assert "There is no such page" in text(browser, path, 404)


def test_an_article_stands_with_its_notes_in_house_style(browser: FlaskClient) -> None:
    page = text(browser, "/article/articles/war/")
    assert '<h1 dir="auto">Evacuees leave the steelworks</h1>' in page
    words = visible(page)
    assert "Buses reached the town at dusk" in words
    assert "First published December 31, 2021, 8:00 PM EST" in words.replace("\u202f", " ")
    assert words.count("Correction 01/01/22, 9:00 a.m. ET:") == 1
    assert '<time datetime="2022-01-01T09:00:00-05:00">' in page


def test_a_history_has_words_reasons_notes_and_moves(browser: FlaskClient) -> None:
    words = visible(text(browser, "/history/articles/war/"))
    assert "number: 59 → 95" in words
    assert "+12 −0" in words
    moved = visible(text(browser, "/history/articles/ferry/"))
    assert "Moved from articles/old-ferry.md to articles/ferry.md" in moved


def test_what_a_version_changed_is_marked(browser: FlaskClient) -> None:
    newest, corrected, first = stamps(browser, "articles/war")
    page = text(browser, f"/change/{corrected}/articles/war/")
    assert '<del id="change-1">59</del><ins' in page
    assert page.count("It was 95.") == 1  # what readers were told stands there once
    assert '<span class="count">1 change</span>' in page
    assert re.search(r'<a href="#change-1">number: <bdi>59</bdi> → <bdi>95</bdi>', page)
    assert f'href="/change/{newest}/articles/war/"' in page
    assert f'href="/change-sides/{corrected}/articles/war/"' in page
    text(browser, f"/change/{first}/articles/war/", 404)
    sides = text(browser, f"/change-sides/{corrected}/articles/war/")
    assert '<table class="tracker-sides' in sides


def test_any_two_versions_are_compared(browser: FlaskClient) -> None:
    newest, _, first = stamps(browser, "articles/war")
    page = text(browser, f"/compare/{first}/{newest}/articles/war/")
    assert '<del id="change-1">59</del>' in page
    assert "second convoy" in page
    same = text(browser, f"/compare/{first}/{first}/articles/war/")
    assert "The two versions are the same." in visible(same) or "tracker-remark" in same


def test_a_form_with_two_versions_leads_to_their_comparison(browser: FlaskClient) -> None:
    newest, _, first = stamps(browser, "articles/war")
    for old, new in ((first, newest), (newest, first)):
        answer = browser.get(f"/compare/?article=articles/war&old={old}&new={new}")
        assert answer.status_code == 303
        assert answer.location == f"/compare/{first}/{newest}/articles/war/"


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("", 404),
        ("?article=articles/war", 400),
        ("?article=articles/war&old=1&new=2", 400),
        ("?article=articles/war&old=20220101000000-0000&new=20220101000000-0000", 404),
        ("?article=../../etc/passwd&old=1&new=2", 404),
    ],
)
def test_a_form_that_names_no_versions_is_refused(
    browser: FlaskClient, question: str, status: int
) -> None:
    text(browser, f"/compare/{question}", status)


def test_passages_have_a_scale_of_age(tmp_path: Path) -> None:
    one = Builder(tmp_path / "room")
    text = "---\ntitle: A\n{}---\nThe first words.\n"
    one.commit(
        "0", at="2022-01-01T09:00:00+00:00", write={"articles/a.md": text.format("tag: x\n")}
    )
    for day in range(2, 10):
        text += f"\nThe words of day {day}.\n"
        at = f"2022-01-{day:02}T09:00:00+00:00"
        one.commit(str(day), at=at, write={"articles/a.md": text.format("")})
    one.build(checkout=True)
    page = client(one.folder).get("/blame/articles/a/").data.decode()
    parsed(page.encode())
    tints = [int(each) for each in re.findall(r'class="passage tint-(\d)"', page)]
    assert tints == sorted(tints)
    assert {*tints} == {1, 2, 3, 4, 5}
    legend = page.partition('<dl class="ages">')[2].partition("</dl>")[0]
    assert [int(each) for each in re.findall(r'<dd class="tint-(\d)"', legend)] == [1, 2, 3, 4, 5]
    assert visible(legend).startswith("Age, from old to new: January 2, 2022")
    assert visible(legend).endswith("January 9, 2022")
    assert "January 2, 2022 – January 2" not in visible(legend)
    passages = page.partition('<div class="passages')[2].partition("</div>")[0]
    assert "tag: x" not in passages  # readers never saw it


def test_passages_lead_to_the_revisions_that_brought_them(browser: FlaskClient) -> None:
    page = text(browser, "/blame/articles/war/")
    assert re.search(r'<a class="passage tint-\d" data-revision="3" href="#revision-3">The ', page)
    assert re.search(
        r'<del><a class="taken" data-revision="2" href="#revision-2">59</a></del>', page
    )
    assert '<li class="revision" id="revision-3" data-revision="3">' in page


def test_a_version_is_shown_as_readers_saw_it(browser: FlaskClient) -> None:
    newest, _, first = stamps(browser, "articles/war")
    page = visible(text(browser, f"/version/{first}/articles/war/"))
    assert "the number of the evacuated as 59" in page
    assert "This is an older version of this article" in page
    assert "older version of" not in visible(text(browser, f"/version/{newest}/articles/war/"))


def test_the_text_of_a_version_is_there_as_it_was_recorded(browser: FlaskClient) -> None:
    *_, first = stamps(browser, "articles/war")
    answer = browser.get(f"/source/{first}/articles/war/")
    assert answer.mimetype == "text/plain"
    assert answer.data.startswith(b"---\ntitle: Evacuees")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_note_has_a_lasting_address(browser: FlaskClient) -> None:
    page = text(browser, "/note/u1/articles/war/")
    assert "It was 95." in visible(page)
    assert "/history/articles/war/#note-u1" in page
    assert 'id="note-u1"' in text(browser, "/history/articles/war/")
    text(browser, "/note/u9/articles/war/", 404)


def test_the_page_of_a_note_tells_it_once(browser: FlaskClient) -> None:
    page = visible(text(browser, "/note/u1/articles/war/"))
    assert page.partition("Show it in the history")[0].count("It was 95.") == 1
    assert "number: 59 → 95" in page


def test_words_from_the_right_do_not_turn_the_date_of_a_note(tmp_path: Path) -> None:
    one = Builder(tmp_path / "room")
    told = "updates:\n- {id: u1, kind: correction, at: 2022-01-02T09:00:00Z, text: 'العدد *95*.'}\n"
    one.commit("First", write={"articles/a.md": "---\ntitle: A\n---\nA.\n"})
    one.commit("Then", write={"articles/a.md": f"---\ntitle: A\n{told}---\nB.\n"})
    one.build(checkout=True)
    asked = client(one.folder)
    for path in ("/", "/article/articles/a/", "/history/articles/a/", "/note/u1/articles/a/"):
        assert ": <bdi>العدد <em>95</em>.</bdi></span>" in text(asked, path), path
    assert '<bdi class="words">العدد *95*.</bdi>' in text(asked, "/corrections/")


@pytest.mark.parametrize(
    "words", ["*a", "a</bdi>", "\ue001a\ue000", "# א", "<p>א</p>", "א*", "*א* _b"]
)
def test_a_note_of_any_words_is_a_line_without_an_error(words: str) -> None:
    note = Note("u1", "correction", f"{words} א", datetime(2022, 1, 2, tzinfo=UTC), "day")
    made = note_html(note, read("", "tracker.toml", lambda _: ""))
    assert "\ue000" not in made
    assert "\ue001" not in made
    assert made.count("<bdi>") == made.count("</bdi>") <= 1


def test_the_tab_of_what_changed_is_marked_on_older_changes_too(browser: FlaskClient) -> None:
    newest, older = stamps(browser, "articles/war")[:2]
    tab = r'href="/change/[^"]*" aria-current="(\w+)">What changed</a>'
    assert re.findall(tab, text(browser, f"/change/{newest}/articles/war/")) == ["page"]
    assert re.findall(tab, text(browser, f"/change/{older}/articles/war/")) == ["true"]


def test_where_there_is_one_change_there_is_nothing_to_step_through(browser: FlaskClient) -> None:
    only = stamps(browser, "articles/ferry")[0]
    assert "data-steps" not in text(browser, f"/change/{only}/articles/ferry/")
    war = stamps(browser, "articles/war")[0]
    assert "data-steps" in text(browser, f"/change/{war}/articles/war/")


def test_a_comparison_says_that_its_address_lasts(browser: FlaskClient) -> None:
    war = stamps(browser, "articles/war")
    page = text(browser, f"/compare/{war[-1]}/{war[0]}/articles/war/")
    assert "The address of this comparison lasts." in page
    assert "The address of this version lasts." not in page


def test_a_comparison_tells_its_notes_in_the_house_s_words(browser: FlaskClient) -> None:
    page = text(browser, f"/change/{stamps(browser, 'articles/war')[1]}/articles/war/")
    assert "CORRECTION" in visible(page).upper()
    assert "2022-01-01T" not in visible(page)
    assert "tracker-fields" not in page


@pytest.mark.parametrize(
    ("path", "entry", "current"),
    [("/", "Latest", "page"), ("/month/2022-01/", "Latest", "true"),
     ("/corrections/", "Corrections", "page"), ("/corrections/2022-01/", "Corrections", "true"),
     ("/check/2021-12/", "For editors", "true"), ("/article/articles/war/", None, None)],
)  # fmt: skip
def test_the_menu_says_where_one_is(
    browser: FlaskClient, path: str, entry: str | None, current: str | None
) -> None:
    menu = text(browser, path).partition("</nav>")[0]
    marked = re.findall(r'aria-current="(\w+)">([^<]*)</a>', menu)
    assert marked == ([(current, entry)] if entry else [])


def test_a_search_finds_words(browser: FlaskClient) -> None:
    page = text(browser, "/search/?q=convoy")
    assert "<mark>convoy</mark>" in page
    assert "<title>Search: convoy – The Harbor Ledger</title>" in page
    nothing = text(browser, "/search/?q=%3Cb%3Exyzzy")
    assert "Nothing has these words: “ <b>xyzzy ”." in visible(nothing)
    text(browser, "/search/")


def test_a_search_has_a_row_an_article_and_headlines_first(tmp_path: Path) -> None:
    one = Builder(tmp_path / "room")
    note = "updates:\n- {id: u1, kind: correction, text: The bridge is open., at: 2022-01-03}\n"
    one.commit(
        "Start",
        at="2022-01-01T09:00:00+00:00",
        write={
            "articles/a.md": "# A day\n\nThe bridge was shut.\n\nNobody came.\n",
            "articles/b.md": "# The bridge\n\nIt stands.\n",
            "articles/c.md": f"---\ntitle: A note\n{note}---\nIt is open.\n",
        },
    )
    one.commit("Then", at="2022-02-01T09:00:00+00:00", edit={"articles/a.md": ["Nobody", "All"]})
    one.build(checkout=True)
    asked = client(one.folder)

    def rows(question: str) -> list[str]:
        page = asked.get(f"/search/?{question}").data
        parsed(page)
        return re.findall(r'<h2 class="headline"[^>]*><a [^>]*>([^<]*)</a>', page.decode())

    found = rows("q=bridge")
    assert found[0] == "The bridge"
    assert sorted(found) == ["A day", "A note", "The bridge"]
    assert rows("q=bridge&kind=correction") == ["A note"]
    assert rows("q=bridge&since=2022-01-15") == ["A day"]
    assert "A day" not in rows("q=bridge&until=2022-01-15")
    assert rows("q=nobody") == []
    assert rows("q=nobody&older=1") == ["A day"]
    page = asked.get("/search/?q=nobody&older=1").data.decode()
    assert "Gone since January 31, 2022" in visible(page) or "Gone since February" in visible(page)
    (where,) = re.findall(r'href="(/change/[^"]+)"', page)
    assert "Nobody" in visible(text(asked, where))
    for wrong in ("kind=nonsense", "since=May", "page=0"):
        assert asked.get(f"/search/?q=x&{wrong}").status_code in (400, 404), wrong


# --- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/article/articles/war.md/", "/article/articles/war/"),
        ("/history/articles/deep/index.md/", "/history/articles/deep/"),
        ("/history/articles/deep/index/", "/history/articles/deep/"),
        ("/blame/articles/old-ferry/", "/blame/articles/ferry/"),
        ("/blame/articles/old-ferry.md/", "/blame/articles/ferry/"),
        ("/article/articles/twin.md/", "/article/articles/twin/"),
        ("/article/articles/war", "/article/articles/war/"),
    ],
)
def test_other_names_of_an_article_lead_to_its_address(
    browser: FlaskClient, path: str, there: str
) -> None:
    answer = browser.get(path)
    assert answer.status_code in (301, 308)
    assert answer.location.removeprefix("http://localhost") == there


def test_of_two_articles_with_one_name_the_other_keeps_its_ending(browser: FlaskClient) -> None:
    assert "The elder." in text(browser, "/article/articles/twin/")
    assert "The younger." in text(browser, "/article/articles/twin.txt/")


def test_a_stamp_is_known_by_its_commit(browser: FlaskClient) -> None:
    newest = stamps(browser, "articles/war")[0]
    clock, _, commit = newest.partition("-")
    for other in (f"20000101000000-{commit}", f"{clock}-{commit[:7]}"):
        answer = browser.get(f"/version/{other}/articles/war/")
        assert answer.status_code == 301
        assert answer.location == f"/version/{newest}/articles/war/"
    for wrong in (f"{clock}-ffffffffff", f"{clock}-zz", "latest", "1"):
        text(browser, f"/version/{wrong}/articles/war/", 404)


def test_a_deleted_article_is_gone_and_its_history_is_not(browser: FlaskClient) -> None:
    page = text(browser, "/article/articles/gone/", 410)
    assert '<a href="/history/articles/gone/">History: <bdi>articles/gone</bdi></a>' in page
    history = visible(text(browser, "/history/articles/gone/"))
    assert "This article was taken down on" in history
    stamp = stamps(browser, "articles/gone")[0]
    assert "will be taken down" in text(browser, f"/version/{stamp}/articles/gone/")


def test_an_address_that_there_is_not_suggests_the_nearest(browser: FlaskClient) -> None:
    page = text(browser, "/article/articles/fery/", 404)
    assert "There is no such page" in page
    near = text(browser, "/history/stories/war/", 404)
    assert 'href="/article/articles/war/"' in near


@pytest.mark.parametrize(
    "path",
    [
        "/article/private/salaries/",
        "/history/private/salaries.md/",
        "/article/tracker.toml/",
        "/article/../../../etc/passwd/",
        "/article/..%2f..%2f..%2fetc%2fpasswd/",
        "/article/%00/",
        "/article/.git/config/",
        "/static/../desk.py",
        "/static/..%2fdesk.py",
        "/static//etc/passwd",
        "/static/nothing.css",
        "/article/" + "a/" * 1000,
    ],
)
def test_nothing_but_articles_is_shown(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path, follow_redirects=True)
    assert answer.status_code == 404
    assert b"Nobody shall read" not in answer.data
    assert b"root:" not in answer.data


def test_an_address_can_hold_any_bytes_of_a_file_name(tmp_path: Path) -> None:
    names = ["caf\udce9.md", "white space.md", "per%cent.md", "q?u#e.md", "new\nline.md", "Ж.md"]
    made = Builder(tmp_path / "names")
    made.commit(
        "One", write={name: f"# Title\n\nIn file {index}.\n" for index, name in enumerate(names)}
    )
    made.build()
    browser = client(made.folder)
    page = text(browser, "/articles/")
    for index, name in enumerate(names):
        address = addresses.article(name.removesuffix(".md"))
        assert f'href="{address}"' in page
        assert f"In file {index}." in text(browser, address)
        text(browser, addresses.history(name.removesuffix(".md")))


# --- hostile texts -------------------------------------------------------------------------------


def test_nothing_in_an_article_or_a_name_runs(browser: FlaskClient) -> None:
    address = addresses.encoded(EVIL_NAME.removesuffix(".md"))
    newest, first = stamps(browser, address)
    for path in (
        "/",
        "/articles/",
        f"/article/{address}/",
        f"/history/{address}/",
        f"/blame/{address}/",
        f"/change/{newest}/{address}/",
        f"/change-sides/{newest}/{address}/",
        f"/compare/{first}/{newest}/{address}/",
        f"/version/{first}/{address}/",
        "/search/?q=uncovered",
    ):
        page = text(browser, path)
        for script in re.findall(r"<script[^>]*>", page.lower()):
            assert " src=" in script or 'type="application/ld+json"' in script, (path, script)
        for attack in ("<svg", "<iframe", "onclick=", "onload=", "<img", "style=", "javascript:al"):
            tags = "".join(re.findall(r"<[^>]*>", page)).lower()
            assert attack not in tags, (path, attack)
        assert "\u202e" not in page, path


def test_a_picture_tells_no_other_site_who_reads(browser: FlaskClient) -> None:
    address = addresses.encoded(EVIL_NAME.removesuffix(".md"))
    page = text(browser, f"/article/{address}/")
    assert '<span class="picture"><a href="https://example.org/p.png"' in page


# --- publication ---------------------------------------------------------------------------------


def test_a_draft_is_marked_or_left_out(browser: FlaskClient, repository: Builder) -> None:
    assert "This version was not published." in text(browser, "/article/articles/draft/")
    public = client(repository.folder, unpublished=False)
    text(public, "/article/articles/draft/", 404)
    assert "Nobody reads this yet" not in text(public, "/")


def test_a_newsroom_with_nothing_recorded_has_pages(tmp_path: Path) -> None:
    made = Builder(tmp_path / "empty")
    made.build()
    browser = client(made.folder)
    assert "Nothing has been published yet." in text(browser, "/")
    assert "There is no article yet." in text(browser, "/articles/")
    text(browser, "/search/?q=word")
    text(browser, "/article/anything/", 404)


def test_pages_for_files_have_no_forms_and_relative_links(repository: Builder) -> None:
    browser = client(repository.folder, files=True, relative=True)
    page = text(browser, "/history/articles/war/")
    assert "<form" not in page
    assert 'href="../../../article/articles/war/index.html"' in page
    assert 'href="../../../static/pages.css"' in page
    text(browser, "/search/?q=word", 404)


def test_pages_under_a_base_url_link_under_it(repository: Builder) -> None:
    browser = client(repository.folder, base_url="https://news.example/record/")
    page = text(browser, "/history/articles/war/")
    assert 'href="/record/article/articles/war/"' in page


@pytest.mark.parametrize(
    ("taken", "seen"),
    [
        ("59", "59"),
        (", ", ""),
        ("[Set up](#how-to-set-up) a repo", "Set up a repo"),
        ("our blog](https://example.org/), to the [", "our blog , to the"),
        ('<p class="authors"> by {% author ada %} and Lena</p>', "by and Lena"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_of_what_was_taken_out_the_words_are_shown_that_readers_saw(taken: str, seen: str) -> None:
    assert seen_words(taken) == seen


def test_what_was_taken_out_is_read_in_bounded_time() -> None:
    for hostile in ("[" * 50_000, "](" * 50_000, "<a" * 50_000, "{%" * 50_000, "[a](" * 20_000):
        reads_straight(seen_words, hostile)


def test_of_a_long_history_the_newest_versions_are_followed(
    repository: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.web.desk.MOST_FOLLOWED", 2)
    monkeypatch.setattr("tracker.web.article_pages.MOST_FOLLOWED", 2)
    page = text(client(repository.folder), "/blame/articles/war/")
    assert 'data-revision="3" href="#revision-3">The ' in page
    assert "59</a></del>" not in page
    words = visible(page).replace("\u202f", " ")
    assert "stand since the version of December 31, 2021, 9:00 PM EST" in words


def test_what_happened_to_a_file_stands_newest_first_like_its_revisions(tmp_path: Path) -> None:
    """A move that was one commit that deletes and a later one that adds."""
    one = Builder(tmp_path / "moved")
    article = "# Boats\n\nTwelve boats left the harbor on Tuesday morning.\n"
    one.commit("Start", write={"articles/boats.md": article})
    one.commit("Delete", delete=["articles/boats.md"])
    one.commit("Add", write={"articles/2022/boats.md": article})
    one.build(checkout=True)
    page = visible(text(client(one.folder), "/history/articles/2022/boats/"))
    assert page.index("Moved from") < page.index("Taken down")
    lines = list(history_lines(Newsroom(one.folder).life("boats"), Newsroom(one.folder).settings))
    kinds = [word for line in lines for word in ("moved", "deleted") if word in line]
    assert kinds == ["moved", "deleted"]
