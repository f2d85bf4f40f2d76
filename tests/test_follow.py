"""Other people's sites are followed: what is recorded, what is not, and what is told of it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import html

from tests.desk import Desk
from tests.fetched_pages import FURNITURE, NOTES, page
from tests.followed_site import Answer, Watch, WebSite, serving, watching
from tracker.follow.sites import look
from tracker.web import create_app
from tracker.web.addresses import stamp_of

CORRECTION = NOTES["aside"].format("An earlier version of this article misstated the cost.")
QUICK = "pause = 0\n"


@pytest.fixture
def site() -> Iterator[WebSite]:
    with serving() as found:
        yield found


@pytest.fixture
def watch(desk: Desk) -> Watch:
    return watching(desk)


def follow_feed(watch: Watch, site: WebSite, more: str = "") -> None:
    watch.follow(f'[[site]]\nfeed = "{site.url}/feed"\n{QUICK}{more}')


def test_the_pages_say_between_which_looks_a_version_came_out(
    desk: Desk, watch: Watch, site: WebSite
) -> None:
    site.feed("/2026/ferry")
    follow_feed(watch, site)
    site.page("/2026/ferry", page())
    watch.round()
    before = watch.now
    site.page("/2026/ferry", page().replace("$14", "$41"))
    watch.round(minutes=15)
    browser = create_app(desk.folder, now=lambda: watch.now).test_client()
    (path,) = watch.room.workspace.paths()
    first, second = watch.room.history(path)
    address = path.removesuffix(".md")
    said = [f"{each:%-I:%M}" for each in (before, watch.now)]
    for name in (f"/history/{address}/", f"/change/{stamp_of(second)}/{address}/", "/",
                 f"/version/{stamp_of(second)}/{address}/"):  # fmt: skip
        shown = browser.get(name).get_data(as_text=True)
        (told,) = re.findall(r'<p class="hint looks">(.*?)</p>', shown)
        words = re.sub("<[^>]*>", "", told).replace("\u202f", " ")
        assert re.fullmatch(rf"Published between .*{said[0]} .* and .*{said[1]} .*", words), words
    old = browser.get(f"/version/{stamp_of(first)}/{address}/").get_data(as_text=True)
    assert "Published between" not in old


def test_versions_of_a_page_become_revisions_with_their_labels(
    desk: Desk, watch: Watch, site: WebSite
) -> None:
    site.feed("/2026/ferry")
    follow_feed(watch, site)
    dearer = page().replace("$14", "$41")
    versions = (
        page(),
        dearer,
        page(aside=CORRECTION).replace("$14", "$41"),
        page(aside=CORRECTION, title="City buys ferry after long debate").replace("$14", "$41"),
        page(title="City buys ferry after long debate").replace("$14", "$41"),
    )
    for sent in versions:
        site.page("/2026/ferry", sent)
        done = watch.round()
        assert [each.event for each in done.recorded] == ["revision"], done
    (path,) = watch.room.workspace.paths()
    revisions = watch.room.history(path)
    assert [each.number for each in revisions] == [1, 2, 3, 4, 5]
    assert "number" in revisions[1].labels
    assert [note.kind for note in revisions[2].notes] == ["correction"]
    assert "headline" in revisions[3].labels
    assert revisions[1].person.name == "Kari Lund"
    said = desk.run("check", "--json").json
    assert "note-dropped" in {finding["rule"] for finding in said["findings"]}
    desk.clean()


def paths(watch: Watch) -> list[str]:
    return watch.room.workspace.paths()


def revisions(watch: Watch) -> int:
    """Of the one article."""
    (path,) = paths(watch)
    return len(watch.room.history(path))


@pytest.fixture
def followed(watch: Watch, site: WebSite) -> Watch:
    """One article is followed, and has one revision."""
    site.feed("/2026/ferry")
    site.page("/2026/ferry", page())
    follow_feed(watch, site)
    watch.round()
    return watch


@pytest.mark.parametrize("layout", range(4))
def test_other_furniture_is_no_revision_and_status_says_why(
    desk: Desk, watch: Watch, site: WebSite, layout: int
) -> None:
    site.feed("/2026/ferry")
    follow_feed(watch, site)
    for furniture in FURNITURE:
        site.page("/2026/ferry", page(layout=str(layout), **furniture))
        watch.round()
        said = desk.run("follow", "status", "--left-out", "--json").json
        left = {out["text"]: out["why"] for out in said["pages"][0]["left_out"]}
        for part in furniture.values():
            for words in html.fromstring(f"<div>{part}</div>").itertext():
                assert any(words.strip() in text for text in left), (words, left)
        assert all(left.values())
    assert revisions(watch) == 1
    looks = '<p class="promo">The fare is {} euros a trip for readers of this paper.</p>'
    for fare in (14, 41):
        site.page("/2026/ferry", page(layout=str(layout), within=looks.format(fare)))
        watch.round()
    assert revisions(watch) == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({}, {"title": "City buys a second ferry, at last"}),
        ({}, {"og_title": "A ferry for 14 million"}),
        ({}, {"author": "Nils Holm"}),
        ({"within": "<p>It cost $1.5 million.</p>"}, {"within": "<p>It cost $15 million.</p>"}),
        ({"within": "<p>It killed 12 people.</p>"}, {"within": "<p>It killed 21 people.</p>"}),
        ({"within": "<p>“He lied,” she said.</p>"}, {"within": "<p>He lied, she said.</p>"}),
    ],
    ids=["headline", "og:title", "byline", "point", "dead", "quotation"],
)  # fmt: skip
def test_a_small_change_with_meaning_is_a_revision(
    watch: Watch, site: WebSite, old: dict[str, str], new: dict[str, str]
) -> None:
    site.feed("/2026/ferry")
    follow_feed(watch, site)
    for parts in (old, new):
        site.page("/2026/ferry", page(**parts))
        watch.round()
    assert revisions(watch) == 2


def test_a_page_that_is_as_it_was_is_neither_read_nor_written(
    followed: Watch, site: WebSite
) -> None:
    tip = followed.room.repository.head
    done = followed.round()
    assert [(each.path, each.status) for each in site.asked[-2:]] == [
        ("/feed", 304), ("/2026/ferry", 304),
    ]  # fmt: skip
    assert (done.unchanged, done.recorded, done.troubles) == (1, (), ())
    site.page("/2026/ferry", page() + "<!-- another tag for the same words -->")
    done = followed.round()
    assert site.asked[-1].status == 200
    assert (done.unchanged, done.recorded) == (1, ())
    assert followed.room.repository.head == tip


def test_a_moved_page_keeps_its_history_under_its_new_path(
    desk: Desk, followed: Watch, site: WebSite
) -> None:
    site.page("/2026/new-ferry", page())
    site.answers["/2026/ferry"] = Answer(status=301, headers={"Location": "/2026/new-ferry"})
    assert [each.event for each in followed.round().recorded] == ["moved"]
    site.page("/2026/new-ferry", page(title="City has a second ferry"))
    assert [each.event for each in followed.round().recorded] == ["revision"]
    (path,) = paths(followed)
    assert path.endswith("/2026/new-ferry.md")
    life = followed.room.life(path)
    assert [each.number for each in life.revisions] == [1, 2]
    assert [event.kind for event in life.events] == ["moved"]
    assert site.paths()[-1] == "/2026/new-ferry"
    desk.clean()


@pytest.mark.parametrize("status", [410, 404])
def test_a_deletion_is_recorded_when_it_is_sure_and_a_return_too(
    desk: Desk, followed: Watch, site: WebSite, status: int
) -> None:
    (path,) = paths(followed)
    site.answers["/2026/ferry"] = Answer(b"gone", status)
    for hours, sure in ((4, status == 410), (2, status == 410), (30, True), (24 * 40, True)):
        followed.round(hours=hours)
        assert (paths(followed) == []) == sure, hours
    events = followed.room.life(path).events
    assert [event.kind for event in events] == ["deleted"]
    site.page("/2026/ferry", page())
    followed.round(days=40)
    assert [event.kind for event in followed.room.life(path).events] == ["deleted", "returned"]
    assert paths(followed) == [path]
    desk.clean()


def test_one_article_under_many_addresses_is_one(watch: Watch, site: WebSite) -> None:
    site.feed("/2026/ferry")
    site.answers["/other"] = Answer(
        f"""<rss version="2.0"><channel><item><link>{site.url}/2026/ferry/?utm_source=x&amp;fbclid=1
        </link><guid>other</guid></item></channel></rss>""".encode(), kind="text/xml"
    )  # fmt: skip
    for path in ("/2026/ferry", "/2026/ferry/"):
        site.page(path, page(canonical=f"{site.url}/2026/ferry"))
    site.page("/amp/2026/ferry", page(canonical=f"{site.url}/2026/ferry"))
    follow_feed(watch, site, f'[[site]]\nfeed = "{site.url}/other"\n{QUICK}')
    watch.round()
    site.feed("/2026/ferry", guid="new {}", query="?utm_medium=rss#top")
    watch.round()
    site.feed("/amp/2026/ferry", guid="newer {}")
    watch.round()
    assert revisions(watch) == 1
    with watch.means() as means:
        assert len(means.state.pages()) == 1


def test_walls_and_error_pages_are_states_and_no_versions(
    desk: Desk, followed: Watch, site: WebSite
) -> None:
    stub = page(article="<p>The city council bought a second ferry.</p>", free="false")
    wall = page(title="Before you continue to The Paper", article="<p>We use cookies.</p>")
    lost = page(title="Page not found", article="<p>Sorry. Try the search.</p>")
    for sent, state in ((stub, "paywall"), (page(), "ok"), (stub, "paywall"), (page(), "ok"),
                        (wall, "consent"), (lost, "soft-404")):  # fmt: skip
        site.page("/2026/ferry", sent)
        followed.round()
        (said,) = desk.run("follow", "status", "--json").json["pages"]
        assert said["state"] == state
        assert bool(said["reason"]) == (state != "ok")
    site.page("/", page())
    site.answers["/2026/ferry"] = Answer(status=301, headers={"Location": "/"})
    followed.round()
    assert desk.run("follow", "status", "--json").json["pages"][0]["state"] == "soft-404"
    assert revisions(followed) == 1


def test_versions_shown_in_turn_are_told_once(desk: Desk, watch: Watch, site: WebSite) -> None:
    site.feed("/2026/ferry")
    follow_feed(watch, site)
    chance = random.Random(4)
    for _ in range(50):
        title = chance.choice(("City buys a second ferry", "You will not believe this ferry"))
        site.page("/2026/ferry", page(title=title))
        watch.round(minutes=16)
    assert revisions(watch) <= 4
    (said,) = desk.run("follow", "status", "--json").json["pages"]
    assert said["state"] == "turns"
    assert "in turn" in said["reason"]
    site.page("/2026/ferry", page(title="You will not believe this ferry"))
    for _ in range(14):
        watch.round(hours=8)
    (path,) = paths(watch)
    assert "You will not believe" in watch.room.show(path)


def test_a_block_that_comes_and_goes_is_left_out(desk: Desk, watch: Watch, site: WebSite) -> None:
    site.feed("/2026/ferry")
    follow_feed(watch, site)
    promo = "<p>Listen to our new podcast about the sea and those who live from it.</p>"
    for number in range(12):
        site.page("/2026/ferry", page(within=promo if number % 2 else ""))
        watch.round()
    assert revisions(watch) <= 4
    site.page("/2026/ferry", page(within=promo).replace("$14", "$41"))
    assert len(watch.round().recorded) == 1


def test_a_live_blog_grows_and_is_looked_at_hourly(watch: Watch, site: WebSite) -> None:
    site.feed("/2026/storm")
    follow_feed(watch, site)
    entries: list[str] = []
    for number in range(10):
        entries[:0] = [
            f"<p>The wind reached {60 + 6 * number + each} knots at the pier, the port said.</p>"
            for each in range(6)
        ]
        site.page("/2026/storm", page(article="".join(entries), kind="LiveBlogPosting"))
        watch.round(minutes=70)
    (path,) = paths(watch)
    history = watch.room.history(path)
    assert len(history) == 10
    assert all(each.words_added and not each.words_removed for each in history[1:])
    with watch.means() as means:
        (found,) = means.state.pages()
        assert found.live
        assert 3000 < found.due - (found.looked or 0) < 4000


def test_bytes_of_any_encoding_are_one_version(followed: Watch, site: WebSite) -> None:
    for body, kind in (
        (page(charset="").encode("iso-8859-1"), "text/html"),
        (page(charset="").encode(), "text/html"),
        (page().encode(), "text/html; charset=iso-8859-1"),
        (b"\xef\xbb\xbf" + page(charset="").encode(), "text/html"),
    ):
        site.answers["/2026/ferry"] = Answer(body, kind=kind)
        followed.round()
    assert revisions(followed) == 1


def test_nothing_is_written_into_other_peoples_articles(
    desk: Desk, followed: Watch, site: WebSite
) -> None:
    site.page("/2026/ferry", page().replace("$14", "$41"))
    followed.round()
    (path,) = paths(followed)
    for words in (
        ("note", path, "--correction", "The price was wrong."),
        ("footer", path, "--write"),
        ("record", path, "--update", "to say more."),
        ("restore", path, "1"),
    ):
        assert "nothing is written into them" in desk.refused(*words)
    said = desk.run("check", "--json")
    (finding,) = said.json["findings"]
    assert finding["rule"] == "silent-change"
    assert finding["advice"].startswith("Report it")
    assert f"tracker diff {path} 1 2" in finding["advice"]
    assert "Tell readers" not in desk.run("check").out


def test_an_item_of_the_feed_with_a_new_address_is_the_same_article(
    watch: Watch, site: WebSite
) -> None:
    site.feed("/2026/ferry", guid="one")
    site.page("/2026/ferry", page())
    follow_feed(watch, site)
    watch.round()
    site.feed("/2026/second-ferry", guid="one")
    site.page("/2026/second-ferry", page())
    assert [each.event for each in watch.round().recorded] == ["moved"]
    (path,) = paths(watch)
    assert path.endswith("/second-ferry.md")
    assert len(watch.room.history(path)) == 1


def test_an_article_cut_to_a_few_words_is_recorded_when_it_stays_so(
    watch: Watch, site: WebSite
) -> None:
    site.feed("/2026/ferry", "/2026/pier")
    for path in ("/2026/ferry", "/2026/pier"):
        site.page(path, page(article="<p>The ferry sails to the islands every day.</p>" * 15))
    follow_feed(watch, site)
    watch.round()
    site.page("/2026/ferry", page(article="<p>This page has no text now.</p>"))
    told = "<p>Editor’s note: This article has been retracted because it was wrong.</p>"
    site.page("/2026/pier", page(article=told))
    lengths = []
    for hours in (4, 4, 30):
        watch.round(hours=hours)
        lengths.append([len(watch.room.history(path)) for path in paths(watch)])
    assert lengths == [[1, 2], [1, 2], [2, 2]]


def test_what_is_taken_out_of_follow_toml_is_not_looked_at(followed: Watch, site: WebSite) -> None:
    followed.follow("")
    asked = len(site.asked)
    assert followed.round(days=3).looked == 0
    assert len(site.asked) == asked


def test_a_page_that_cannot_be_read_stops_no_other(
    watch: Watch, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trafilatura

    site.feed("/2026/broken", "/2026/ferry")
    site.page("/2026/ferry", page())
    site.page("/2026/broken", page(title="Broken"))
    follow_feed(watch, site)
    extract = trafilatura.extract

    def broken(tree: Any, **more: Any) -> str | None:
        if "Broken" in html.tostring(tree).decode():
            raise ValueError("no text")
        found: str | None = extract(tree, **more)
        return found

    monkeypatch.setattr(trafilatura, "extract", broken)
    done = watch.round()
    assert len(done.recorded) == 1
    assert [(told.state, "cannot be read" in told.reason) for told in done.troubles] == [
        ("error", True)
    ]


CROWD = " ".join(f'a{number}="b"' for number in range(30_000))
HALF = '{"version": "https://jsonfeed.org/version/1", "items": [{"url": "/2026/\\ud800"}]}'


@pytest.mark.parametrize(
    ("feed", "told"),
    [
        (f"<rss><channel><item {CROWD}/></channel></rss>", "100 attributes"),
        ("<rss><channel><title>&#xD800;</title></channel></rss>", "cannot be read"),
        (HALF, ""),
    ],
)
def test_a_feed_that_cannot_be_read_stops_no_other(
    watch: Watch, site: WebSite, feed: str, told: str
) -> None:
    site.feed("/2026/ferry")
    site.page("/2026/ferry", page())
    site.page("/odd", feed, kind="text/xml")
    watch.follow("".join(f'[[site]]\nfeed = "{site.url}/{n}"\n{QUICK}' for n in ("odd", "feed")))
    done = watch.round()
    assert len(done.recorded) == 1
    assert [told in each.reason for each in done.troubles] == [True] * bool(told)


def test_a_sitemap_with_comments_and_instructions_is_read() -> None:
    inner = "<url><!-- c --><?x y?><loc>https://paper.example/2026/ferry</loc></url>"
    found = look(f"<urlset>{inner}</urlset>".encode(), "https://paper.example/sitemap.xml")
    assert [lead.url for lead in found.leads] == ["https://paper.example/2026/ferry"]


def test_a_date_of_publication_that_is_still_to_come_hides_nothing(
    watch: Watch, site: WebSite
) -> None:
    site.feed("/2026/ferry")
    site.page("/2026/ferry", page().replace("2026-05-03T12:39", "2026-05-09T12:39"))
    follow_feed(watch, site)
    watch.round()
    (path,) = paths(watch)
    assert watch.room.history(path)[0].published
