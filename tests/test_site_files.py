"""The pages as files: whole, linked, written again only where something changed, and careful."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import html5lib
import pytest

from tests.desk import Desk
from tests.repositories import Builder
from tests.web_newsroom import EVIL_NAME, NOW, SETTINGS, WAR, WAR_2, build, client, parsed
from tracker.errors import TrackerError
from tracker.house.site import PAGES
from tracker.newsroom.newsroom import Newsroom
from tracker.store.files import Folder
from tracker.web.site import MARK, STATE, SiteFolder, SiteOptions, SiteTally, SiteWriter, write

ONE = SiteOptions(workers=1, pages=PAGES)


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "newsroom"
    build(folder)
    return folder


@pytest.fixture(scope="module")
def site(newsroom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    written(newsroom, folder)
    return folder


def written(newsroom: Path, folder: Path, options: SiteOptions = ONE) -> SiteTally:
    return write(Newsroom(newsroom, now=NOW), folder, options)


def files(folder: Path) -> dict[str, int]:
    """Every file with the time at which it was written, in nanoseconds."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and path.name != MARK
    }


def links(file: Path) -> list[str]:
    tree = html5lib.parse(file.read_bytes(), namespaceHTMLElements=False)
    found = [each.get("href") or each.get("src") for each in tree.iter()]
    return [each for each in found if each]


def test_every_link_leads_to_a_file_and_every_page_is_linked(site: Path) -> None:
    """No link breaks, none leads out of the folder, and each page can be come to."""
    root = site.resolve()
    reached: set[Path] = set()
    for name in files(site):
        if not name.endswith(".html"):
            continue
        page = site / name
        parsed(page.read_bytes())
        for link in links(page):
            parts = urlsplit(link)
            if parts.scheme or not parts.path:
                continue
            target = os.fsdecode(unquote_to_bytes(parts.path))
            there = Path(os.path.normpath(page.parent / target))
            assert there.is_relative_to(root), (name, link)
            assert there.is_file(), (name, link)
            reached.add(there.relative_to(root))
    pages = {Path(name) for name in files(site) if name.endswith((".html", ".txt"))}
    # What was moved is linked from elsewhere; a static host knows the page for what is missing.
    # A page is its own canonical one or nobody's.
    alone = {
        each.as_posix()
        for each in pages - reached
        if "old-ferry" not in each.as_posix() and each.name != "404.html"
    }
    assert alone == set()


def test_what_readers_could_not_see_is_not_among_the_files(site: Path) -> None:
    assert not [name for name in files(site) if "draft" in name or "salaries" in name]
    for name in files(site):
        assert b"Nobody reads this yet" not in (site / name).read_bytes()


def test_the_dashboard_is_for_those_who_ask_for_it(
    newsroom: Path, site: Path, tmp_path: Path
) -> None:
    assert not (site / "check").exists()
    assert "check/" not in (site / "index.html").read_text()
    written(newsroom, tmp_path / "with", SiteOptions(editors=True, workers=1))
    page = (tmp_path / "with/check/index.html").read_text()
    assert "Readers were not told" in page
    assert 'href="../check/index.html"' in page


def test_where_an_article_was_before_leads_to_where_it_is(site: Path) -> None:
    page = (site / "article/articles/old-ferry/index.html").read_text()
    assert 'content="0; url=../../../article/articles/ferry/index.html"' in page
    forwarded = list((site / "version").glob("*/articles/old-ferry/index.html"))
    assert len(forwarded) == 2


def test_a_source_is_a_text_and_never_a_page(site: Path) -> None:
    """A host takes the type of a file from its ending: recorded HTML must not be shown as HTML."""
    names = [name for name in files(site) if name.startswith("source/")]
    assert names
    assert all(name.endswith("/index.txt") for name in names)
    evil = EVIL_NAME.removesuffix(".md")
    assert any(evil in name for name in names)


def test_hosts_find_their_page_for_what_is_missing(site: Path) -> None:
    assert "There is no such page" in (site / "404.html").read_text()
    assert (site / ".nojekyll").read_bytes() == b""


def test_nothing_is_written_again_where_nothing_changed(newsroom: Path, site: Path) -> None:
    before = files(site)
    tally = written(newsroom, site)
    assert tally.written == tally.deleted == 0
    assert tally.pages == len(before)
    assert files(site) == before


def test_a_site_of_nothing_new_reads_no_article(
    newsroom: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run takes no time to speak of; other choices, or a missing file, make it anew."""
    before = files(site)
    with monkeypatch.context() as patch:
        patch.setattr(Newsroom, "lives", lambda *_: pytest.fail("articles were read"))
        assert written(newsroom, site).pages == len(before)
    gone = site / "article/articles/war/index.html"
    gone.unlink()
    assert written(newsroom, site).written == 1
    assert gone.is_file()


def test_the_large_pages_are_there_where_they_are_asked_for(
    newsroom: Path, site: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    written(newsroom, plain, SiteOptions(workers=1))
    assert not (plain / "change-sides").exists()
    assert not (plain / "source").exists()
    for page in plain.rglob("*.html"):
        for link in links(page):
            assert "/change-sides/" not in link
            assert "/source/" not in link
            target = unquote_to_bytes(urlsplit(link).path)
            if target and not urlsplit(link).scheme:
                assert (page.parent / os.fsdecode(target)).is_file(), (page, link)
    size = sum(file.stat().st_size for file in plain.rglob("*") if file.is_file())
    whole = sum(file.stat().st_size for file in site.rglob("*") if file.is_file())
    assert size < 0.75 * whole


def test_where_old_versions_are_left_out_their_addresses_lead_to_the_history(
    newsroom: Path, site: Path, tmp_path: Path
) -> None:
    """What was printed or cited stays right, and each line of the history has the anchor."""
    plain = tmp_path / "plain"
    written(newsroom, plain, SiteOptions(workers=1))
    versions = {each.relative_to(site) for each in (site / "version").rglob("*.html")}
    assert versions == {each.relative_to(plain) for each in (plain / "version").rglob("*.html")}
    for name in versions:
        found = re.search(r'content="0; url=([^"#]+)#([^"]+)"', (plain / name).read_text())
        assert found is not None, name
        history = (plain / name).parent / os.fsdecode(unquote_to_bytes(found[1]))
        assert f' id="{found[2]}"' in history.read_text(), name


def test_articles_that_did_not_change_for_long_are_left_out_where_one_asks(
    tmp_path: Path, desk: Desk
) -> None:
    note = "updates:\n- {id: u1, kind: correction, text: It was 9., at: 2022-01-02T09:00:00Z}\n"
    one = Builder(tmp_path / "room")
    one.commit(
        "Start",
        at="2022-01-01T09:00:00+00:00",
        write={"a.md": "# Ferry\n\n7 men.\n", "b.md": f"---\ntitle: Mill\n{note}---\n9 men.\n"},
    )
    one.commit("Then", at="2022-03-01T09:00:00+00:00", edit={"a.md": ["7 men", "9 men"]})
    one.build(checkout=True)
    folder = tmp_path / "site"
    desk.ok("-C", str(one.folder), "site", str(folder), "--since", "2022-02-01")
    assert (folder / "history/a/index.html").is_file()
    assert not list(folder.glob("*/b/index.html"))
    assert not list((folder / "month").glob("2022-01*"))
    for page in folder.rglob("*.html"):
        assert "Mill" not in page.read_text()
        for link in links(page):
            target = unquote_to_bytes(urlsplit(link).path)
            if target and not urlsplit(link).scheme:
                assert (page.parent / os.fsdecode(target)).is_file(), (page, link)
    desk.ok("-C", str(one.folder), "site", str(folder))
    assert (folder / "history/b/index.html").is_file()
    refused = desk.refused(
        "-C", str(one.folder), "site", str(folder), "--since", "2022", "--editors"
    )
    assert "--since leaves some out" in refused


def test_an_old_version_s_address_leads_to_the_page_of_the_history_with_its_line(
    tmp_path: Path,
) -> None:
    one = Builder(tmp_path / "room")
    for number in range(1, 121):
        one.commit(f"{number}", write={"a.md": f"# A\n\nIt was counted {number} times.\n"})
    one.build(checkout=True)
    written(one.folder, tmp_path / "site", SiteOptions(workers=1))
    led = set()
    versions = sorted((tmp_path / "site/version").rglob("*.html"))
    assert len(versions) == 120
    for page in versions:
        found = re.search(r'content="0; url=([^"#]+)#([^"]+)"', page.read_text())
        assert found is not None
        history = (page.parent / found[1]).resolve()
        assert f' id="{found[2]}"' in history.read_text()
        led.add(history)
    assert len(led) == 2  # the newest page, and an older one


def test_a_new_revision_changes_the_pages_of_its_article_and_of_the_newsroom(
    tmp_path: Path, desk: Desk
) -> None:
    newsroom = tmp_path
    desk.git("init", "-q", "-b", "main")
    desk.write("tracker.toml", SETTINGS)
    desk.write("articles/war.md", WAR)
    desk.write("articles/peace.md", "# Peace\n\nNothing changes here.\n")
    desk.git("add", ".")
    desk.git("commit", "-qm", "First")
    folder = tmp_path / "site"
    desk.ok("site", str(folder))
    before = files(folder)
    desk.write("articles/war.md", WAR_2)
    desk.git("commit", "-qam", "Correct")
    said = desk.ok("site", str(folder))
    after = files(folder)
    touched = {name for name in after if after[name] != before.get(name)}
    assert not [name for name in touched if "peace" in name]
    assert "article/articles/war/index.html" in touched
    assert "corrections/index.html" in touched
    assert "static/pages.css" not in touched
    assert said.err == (
        f"{folder} holds {len(after):,} files: {len(touched)} written, "
        f"{len(after) - len(touched)} unchanged.\n"
    )
    # An article that goes takes its pages with it, and nobody else's.
    mine = desk.write("site/article/articles/peace/mine.txt", "Mine")
    desk.git("rm", "-q", "articles/peace.md")
    desk.git("commit", "-qm", "Take down")
    assert "deleted" in desk.ok("site", str(folder)).err
    assert mine.read_text() == "Mine"
    assert not (folder / "article/articles/peace/index.html").exists()
    assert not (folder / "history/articles/peace").exists()
    assert newsroom.is_dir()


def test_links_and_feeds_are_made_for_a_base_url(newsroom: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    written(newsroom, folder, SiteOptions("https://news.example.org/record", workers=1))
    page = (folder / "index.html").read_text()
    assert 'href="/record/static/pages.css"' in page
    assert 'href="/record/articles/"' in page
    feed = (folder / "feeds/atom.xml").read_text()
    assert "https://news.example.org/record/" in feed
    for name in files(folder):
        assert b"Nobody reads this yet" not in (folder / name).read_bytes(), name
        assert "draft" not in name
    assert not [name for name in files(folder) if b"localhost" in (folder / name).read_bytes()]


def test_without_an_address_there_are_no_feeds(site: Path) -> None:
    assert not (site / "feeds").exists()
    assert not [name for name in files(site) if b"localhost" in (site / name).read_bytes()]


def test_several_processes_write_the_same(newsroom: Path, site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    from tracker.web import site as rooms

    room = Newsroom(newsroom, now=NOW)
    folder.mkdir()
    writer = SiteWriter(folder, newsroom / ".git", "0" * 32, frozenset())
    maker = rooms.Maker(newsroom, writer, SiteOptions(workers=2, pages=PAGES), NOW)
    jobs = list(rooms._article_jobs(room, rooms.application(maker), "", maker.options))
    done = list(rooms._made(maker, rooms.application(maker), jobs * 4, 2))
    assert len(done) == 4 * len(jobs)
    for name in files(folder):
        assert (folder / name).read_bytes() == (site / name).read_bytes(), name


# --- careful with the folder ---------------------------------------------------------------------


def test_a_folder_that_holds_other_things_is_refused(
    newsroom: Path, tmp_path: Path, desk: Desk
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("Years of work")
    said = desk.run("-C", str(newsroom), "site", str(other))
    assert said.status == 2
    assert said.err == (
        f"tracker: {other} holds other things, such as thesis.txt.\n"
        "  Name an empty folder, or one that tracker site made from this repository.\n"
    )
    assert [each.name for each in other.iterdir()] == ["thesis.txt"]
    said = desk.run("-C", str(newsroom), "site", str(other / "thesis.txt"))
    assert said.err == (
        f"tracker: {other / 'thesis.txt'} is a file, not a folder.\n  Name a folder.\n"
    )


def test_a_wrong_base_url_is_refused(newsroom: Path, tmp_path: Path, desk: Desk) -> None:
    said = desk.run("-C", str(newsroom), "site", str(tmp_path / "s"), "--base-url", "news.example")
    assert said.status == 2
    assert said.err.startswith("tracker: “news.example” is no address")
    assert not (tmp_path / "s").exists()


def listed(newsroom: Path, folder: Path) -> Path:
    """The list of a site's files, in git's directory; the journal has its name too."""
    name = json.loads((folder / MARK).read_text())["site"]
    return newsroom / ".git" / STATE / f"{name}.json"


def test_files_of_others_stay_and_are_told_of(newsroom: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    written(newsroom, folder)
    (folder / "CNAME").write_text("news.example.org")
    table = json.loads(listed(newsroom, folder).read_text())
    del table["groups"]["newsroom"][1]["index.html"]
    table["made_of"] = ""
    listed(newsroom, folder).write_text(json.dumps(table))
    (folder / "index.html").write_text("My own front page")
    tally = written(newsroom, folder)
    assert tally.left == ("index.html was left out: a file that tracker did not write is there.",)
    assert (folder / "index.html").read_text() == "My own front page"
    assert (folder / "CNAME").read_text() == "news.example.org"


def test_after_a_kill_the_next_run_knows_its_own(newsroom: Path, tmp_path: Path) -> None:
    """What was written before the list was is in the journal, and is made whole."""
    folder = tmp_path / "site"
    written(newsroom, folder)
    whole = {name: (folder / name).read_bytes() for name in files(folder)}
    state = listed(newsroom, folder)
    state.write_text('{"format": 2, "groups": {}}')
    state.with_suffix(".journal").write_text("\0".join(whole) + "\0stale/index.html\0")
    (folder / "stale").mkdir()
    (folder / "stale/index.html").write_text("Of an older run")
    (folder / "index.html").write_text("Half a pa")
    tally = written(newsroom, folder)
    assert tally.left == ()
    assert {name: (folder / name).read_bytes() for name in files(folder)} == whole
    assert not (folder / "stale").exists()


def test_what_is_announced_is_never_somebody_elses(newsroom: Path, tmp_path: Path) -> None:
    """A kill right after the journal was written must not make a stranger's file ours."""
    folder = tmp_path / "site"
    site = SiteFolder(folder, newsroom / ".git")
    with site.opened():
        (folder / "index.html").write_text("Mine")
        site.writer().announce(["index.html", "new.html", "../x", "a/.git/config"])
    journal = listed(newsroom, folder).with_suffix(".journal")
    assert journal.read_text() == "new.html\0"


@pytest.mark.parametrize("name", [".tracker-site.json", ".tracker-site.journal"])
@pytest.mark.parametrize("words", ["{}", '{"site": "../../config"}', '{"site": "%s"}' % ("0" * 32)])
def test_a_site_that_a_repository_brings_along_is_not_believed(
    newsroom: Path, tmp_path: Path, name: str, words: str
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / name).write_text(words)
    (folder / "thesis.txt").write_text("Years of work")
    with pytest.raises(TrackerError) as caught:
        written(newsroom, folder)
    assert caught.value.sentence.startswith(f"{folder} holds ")
    assert sorted(each.name for each in folder.iterdir()) == [name, "thesis.txt"]


def test_links_in_the_folder_lead_nowhere(newsroom: Path, tmp_path: Path) -> None:
    """Put there after the first run, as a checkout of another commit may."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "pages.css").write_text("precious")
    folder = tmp_path / "site"
    written(newsroom, folder)
    for file in (folder / "static").iterdir():
        file.unlink()
    (folder / "static").rmdir()
    (folder / "static").symlink_to(outside)
    (folder / "index.html").unlink()
    (folder / "index.html").symlink_to(outside / "pages.css")
    tally = written(newsroom, folder)
    assert any("index.html was left out" in each for each in tally.left)
    assert any("is a symbolic link, which is not followed." in each for each in tally.left)
    assert (outside / "pages.css").read_text() == "precious"
    assert len(list(outside.iterdir())) == 1


def test_a_folder_behind_a_link_is_refused(newsroom: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "public").symlink_to(outside)
    for folder in (tmp_path / "public", tmp_path / "public/site"):
        with pytest.raises(TrackerError, match="is a symbolic link, which is not followed"):
            written(newsroom, folder)
    assert list(outside.iterdir()) == []


def test_git_s_directory_need_not_be_writable(newsroom: Path, tmp_path: Path) -> None:
    """The site is whole; only the next run cannot know it for its own."""
    folder = tmp_path / "site"
    state = newsroom / ".git/tracker/sites"
    kept = state.rename(newsroom / ".git/tracker/kept")
    state.write_text("in the way")
    try:
        assert written(newsroom, folder).left == ()
        assert (folder / "index.html").is_file()
        with pytest.raises(TrackerError):
            written(newsroom, folder)
    finally:
        state.unlink()
        kept.rename(state)


def test_an_empty_newsroom_has_a_site_too(tmp_path: Path, desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.ok("site", "site")
    assert "Nothing has been published yet." in desk.read("site/index.html")


def test_names_of_dots_and_of_pages_have_folders_of_their_own(tmp_path: Path) -> None:
    newsroom = tmp_path / "newsroom"
    names = (
        "...md",
        "..md",
        "index.md",
        "index.html.md",
        "index.md.md",
        "a.md",
        "a.txt",
        "a.txt.md",
    )
    one = Builder(newsroom)
    articles = {f"articles/{name}": f"# {name}\n\nThe text of {name}.\n" for name in names}
    one.commit("Start", write={"tracker.toml": SETTINGS, **articles})
    one.build(checkout=True)
    folder = tmp_path / "site"
    tally = written(newsroom, folder, SiteOptions("https://news.example.org", workers=1))
    assert tally.left == ()
    assert not (folder / "article/index.html").exists()
    for address, name in {
        "articles/...md": "...md",
        "articles/..md": "..md",
        "articles": "index.md",
        "articles/index.html.md": "index.html.md",
        "articles/index.md": "index.md.md",
        "articles/a": "a.md",
        "articles/a.txt": "a.txt",
        "articles/a.txt.md": "a.txt.md",
    }.items():
        page = (folder / f"article/{address}/index.html").read_text()
        assert f"The text of {name}." in page, address
    browser = client(newsroom)
    for address in ("articles/...md", "articles/..md"):
        assert browser.get(f"/history/{address}/").status_code == 200


def test_an_old_path_of_two_articles_leads_to_one(tmp_path: Path) -> None:
    newsroom = tmp_path / "newsroom"
    one = Builder(newsroom)
    long = "The council met on Monday and agreed on the harbor, the ferry and the bridge.\n"
    one.commit("Start", write={"tracker.toml": SETTINGS, "articles/x.md": f"# One\n\n{long}"})
    one.commit("Move", move={"articles/x.md": "articles/a.md"})
    other = "Nine buses waited at dusk until the shelling had stopped for about an hour.\n"
    one.commit("Again", write={"articles/x.md": f"# Two\n\n{other}"})
    one.commit("Move it", move={"articles/x.md": "articles/b.md"})
    one.build(checkout=True)
    tally = written(newsroom, tmp_path / "site")
    assert tally.left == ()
    assert "articles/a/" in (tmp_path / "site/article/articles/x/index.html").read_text()


@pytest.mark.parametrize("written", [0, 1])
def test_a_site_that_was_killed_as_it_began_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """It writes a mark into its folder and a list into git's: neither alone shuts the next out."""
    (tmp_path / ".git").mkdir()
    site, real = SiteFolder(tmp_path / "site", tmp_path / ".git"), Folder.write
    done: list[str] = []

    def killed(folder: Folder, name: str, data: bytes) -> None:
        if len(done) == written:
            raise KeyboardInterrupt
        done.append(name)
        real(folder, name, data)

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "write", killed)
        with pytest.raises(KeyboardInterrupt), site.opened():
            pass
    again = SiteFolder(tmp_path / "site", tmp_path / ".git")
    with again.opened():
        assert again.name
